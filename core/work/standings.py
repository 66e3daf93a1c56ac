"""What is told of everybody, kept beside the lake when it changes, so that neither a page nor a segment waits for it."""

from contextlib import suppress

from core.errors import Refusal
from core.work.home import Home
from core.work.questions import accounts, clusters, funnels, ltv, membership, occurrences, rfm, scores
from core.work.questions.kept import filing
from core.work.questions.reading import births, reading

TOLD = (
    births, rfm.standings, ltv.predictions, membership.standings, clusters.counted, accounts.told, funnels.properties, occurrences.told,
    scores.everybody,
)  # fmt: skip


def refresh(home: Home) -> int:
    """Keep what the newest version of the lake tells of everybody. Returns how many files were made. Safe in several processes at once,
    and when killed; a full disk is no fault of the lake, and the next change of it tries again."""
    with reading(home) as lake, filing(lake.snapshot) as files:
        for told in TOLD:
            with suppress(Refusal, OSError):  # data that a model does not fit tells nothing
                told(lake)
    return files.made


def look(home: Home) -> None:
    """Have in memory what pages about members ask of everybody first."""
    with reading(home) as lake:
        for told in (rfm.standings, ltv.predictions, membership.standings):
            with suppress(Refusal):
                told(lake)
