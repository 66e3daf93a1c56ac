"""Figures of content for the Content page, and who stands behind them."""

from core.metrics.contents import WINDOW_DAYS as CREDIT_DAYS
from core.work.questions import contents, lives, responses
from core.work.questions.contents import TOTAL, By, Contents, Which
from core.work.questions.lives import AFTER_HOURS, RETURN_DAYS, Lives
from core.work.questions.lives import Which as Viewed
from core.work.questions.responses import ANSWER_DAYS, WINDOW_DAYS, Exposed, Fatigue
from dashboard.data import answers
from dashboard.data.answers import Answer
from dashboard.data.people import People
from dashboard.data.rows import Row
from dashboard.filters import Filters

__all__ = [
    "AFTER_HOURS", "ANSWER_DAYS", "BYS", "CREDIT_DAYS", "RETURN_DAYS", "TOTAL", "WINDOWS", "WINDOW_DAYS", "Answer", "By", "Contents",
    "Exposed", "Fatigue", "Lives", "Row", "Viewed", "Which", "exposed_to", "fatigue", "people_of", "pieces", "sessions", "viewers_of",
]  # fmt: skip

SEE = "content.see"
BYS: tuple[By, ...] = ("piece", "topic", "format", "hour", "channel")
WINDOWS = (WINDOW_DAYS, 7, 14, 60, 90)
"""Days in which the same topic again counts as again; the first is the usual one."""


def pieces(asked: Filters, by: By) -> Answer[Contents] | None:
    """None where there is no data at all. Raises ``Forbidden``."""
    return answers.read(SEE, "contents", asked, by, lambda lake: contents.contents_by(lake, by))


def people_of(asked: Filters, by: By, key: str, which: Which, figure: int) -> People:
    """Raises ``Forbidden``."""
    return answers.people(
        "contents", asked, {"by": by, "key": key, "which": which}, unit=contents.VALUES[which], figure=figure,
        ask=lambda lake: contents.behind(lake, by, key, which),
    )  # fmt: skip


def fatigue(asked: Filters, window_days: int) -> Answer[Fatigue] | None:
    """None where nothing was ever sent. Raises ``Forbidden``."""
    return answers.read(SEE, "fatigue", asked, window_days, lambda lake: responses.fatigue(lake, window_days))


def exposed_to(asked: Filters, topic: str, which: Exposed, window_days: int, figure: int) -> People:
    """Raises ``Forbidden``."""
    return answers.people(
        "fatigue", asked, {"topic": topic, "which": which, "window_days": window_days}, unit="messages", figure=figure,
        ask=lambda lake: responses.exposed(lake, topic, which, window_days),
    )  # fmt: skip


def sessions(asked: Filters) -> Answer[Lives] | None:
    """None where the lake has no events. Raises ``Forbidden``."""
    return answers.read(SEE, "lives", asked, "", lives.sessions)


def viewers_of(asked: Filters, key: str, which: Viewed, figure: int) -> People:
    """Raises ``Forbidden``."""
    unit = {"viewers": "entries", "followers": "follows", "clickers": "looks", "buyers": "orders"}.get(which, "rows")
    return answers.people(
        "lives", asked, {"key": key, "which": which}, unit=unit, figure=figure, ask=lambda lake: lives.behind(lake, key, which)
    )  # fmt: skip
