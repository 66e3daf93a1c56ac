"""Sequence questions: compiled kernels that walk each subject's events in order. Arrays in, arrays out.

A kernel knows nothing of lakes, engines or people: subjects are dense codes, steps are bits, times are microseconds. So
the same code runs over a scan of this machine's lake, over a memory-mapped index, and over one partition of a
distributed engine.
"""

from core.sequences import funnel, gather, lifecycle, paths, reasons, retention, sessions, stream, subjects, tallies


def warm() -> None:
    """Load or compile every kernel, for every type it will meet, so that nobody waits for it under a click.

    The first start after an install compiles (some ten seconds) and leaves the machine code beside the sources; later
    starts load it. Call it once in every process that answers questions.
    """
    subjects.warm()
    stream.warm()
    funnel.warm()
    reasons.warm()
    sessions.warm()
    paths.warm()
    retention.warm()
    lifecycle.warm()
    tallies.warm()
    gather.warm()
