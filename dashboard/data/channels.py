"""Figures of channels for the Channels page, and who stands behind them."""

from core.metrics.contents import WINDOW_DAYS as CREDIT_DAYS
from core.metrics.responses import LEVEL
from core.work.questions import channels, responses
from core.work.questions.channels import TOTAL, Channels, Overlap, Which
from core.work.questions.responses import ANSWER_DAYS, Hours
from dashboard.data import answers
from dashboard.data.answers import Answer
from dashboard.data.people import People
from dashboard.filters import Filters

__all__ = [
    "ANSWER_DAYS", "CREDIT_DAYS", "LEVEL", "TOTAL", "Answer", "Channels", "Hours", "Overlap", "Which", "both", "hours", "overlap",
    "people_of", "side",
]  # fmt: skip

SEE = "channels.see"


def side(asked: Filters) -> Answer[Channels] | None:
    """None where there is no data at all. Raises ``Forbidden``."""
    return answers.read(SEE, "channels", asked, "", channels.side_by_side)


def people_of(asked: Filters, channel: str, which: Which, figure: int) -> People:
    """Raises ``Forbidden``."""
    unit = {"addressed": "messages", "reached": "messages", "clickers": "clicks", "buyers": "orders"}.get(which, "rows")
    return answers.people(
        "channels", asked, {"channel": channel, "which": which}, unit=unit, figure=figure,
        ask=lambda lake: channels.behind(lake, channel, which),
    )  # fmt: skip


def hours(asked: Filters) -> Answer[Hours] | None:
    """None where nothing was ever sent. Raises ``Forbidden``."""
    return answers.read(SEE, "best_hour", asked, "", responses.best_hours)


def overlap(asked: Filters) -> Answer[Overlap] | None:
    """None where nobody ever did anything. Raises ``Forbidden``."""
    return answers.read(SEE, "overlap", asked, "", channels.overlap)


def both(asked: Filters, one: str, other: str | None, figure: int) -> People:
    """Raises ``Forbidden``."""
    return answers.people(
        "overlap", asked, {"which": "both" if other else "alone", "one": one, "other": other}, unit="channels", figure=figure,
        ask=lambda lake: channels.on_both(lake, one, other),
    )  # fmt: skip
