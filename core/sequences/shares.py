"""Work over an ordered stream, split between threads by ranges of subjects.

Kernels release the interpreter's lock and are run by plain threads, each call with its own. numba's own thread pool
is not used: where no OpenMP library is installed it ends the process when two requests enter it at once.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from core.sequences.arrays import Int64s

MOST = 8
"""Beyond this, memory is the limit and not the cores."""
WORTH_A_THREAD = 20_000
"""Events below which starting a thread costs more than it saves."""


def threads_for(events: int, threads: int | None = None) -> int:
    """How many threads to use on that many events: ``threads`` where given, else this process's cores, up to
    ``MOST``."""
    if threads is not None:
        return max(1, threads)
    return max(1, min(_cores(), MOST, events // WORTH_A_THREAD))


def _cores() -> int:
    """Cores that this process may use, where the system can tell."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def even(offset: Int64s, parts: int) -> list[tuple[int, int]]:
    """Ranges of segments, ``[from, to)``, that hold about equally many events. Empty ranges are left out."""
    cuts = np.searchsorted(offset, np.linspace(0, offset[-1], parts + 1)[1:-1]).tolist()
    edges = [0, *cuts, offset.size - 1]
    return [(low, high) for low, high in pairwise(edges) if high > low]


def run(work: Callable[[int, int], None], ranges: list[tuple[int, int]]) -> None:
    """Call ``work(from, to)`` for every range, each in a thread of its own. What a thread raises is raised here."""
    if len(ranges) <= 1:
        for low, high in ranges:
            work(low, high)
        return
    with ThreadPoolExecutor(len(ranges), thread_name_prefix="sequence") as pool:
        for done in [pool.submit(work, low, high) for low, high in ranges]:
            done.result()
