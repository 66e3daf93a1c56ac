"""Tiers of membership and points for the RFM & LTV page, and who stands behind them."""

from core.metrics.membership import TIERS, WINDOW_DAYS
from core.schema import POINT_KINDS
from core.work.questions import membership
from core.work.questions.membership import (
    AHEAD,
    ALL,
    BYS,
    LARGEST,
    MOST_VALIDITY,
    NOT_YET,
    UNTOLD,
    USUAL,
    Asked,
    By,
    Membership,
    Terms,
)
from core.work.questions.points import EXPIRING, Points
from dashboard.data import answers
from dashboard.data.answers import Answer
from dashboard.data.people import People
from dashboard.data.rows import SMALL, Row
from dashboard.filters import Filters

__all__ = [
    "AHEAD", "ALL", "BYS", "EXPIRING", "LARGEST", "MOST_VALIDITY", "NOT_YET", "POINT_KINDS", "SMALL", "TIERS", "UNTOLD", "USUAL", "WINDOW_DAYS",
    "Answer", "Asked", "By", "Filters", "Membership", "Points", "Row", "Terms", "found", "people_of",
]  # fmt: skip

SEE = "customers.see"


def found(filters: Filters, asked: Asked) -> Answer[Membership] | None:
    """None where nobody is there. Raises ``Forbidden``."""
    return answers.read(SEE, "membership", filters, asked, lambda lake: membership.membership(lake, asked))


def people_of(filters: Filters, asked: Asked, which: str, figure: int) -> People:
    """Raises ``Forbidden`` and ``Unknown``."""
    unit = "points" if which.startswith("points.") else "money"
    return answers.people(
        "membership", filters, {"which": which, "by": asked.by}, unit=unit, figure=figure,
        ask=lambda lake: membership.behind(lake, asked, which),
    )  # fmt: skip
