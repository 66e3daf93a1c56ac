"""Lifetime value for the RFM & LTV page, and the people behind its figures."""

from datetime import date

from core.models.ltv.cohorts import AGE_DAYS
from core.models.ltv.fitness import Problem
from core.models.ltv.worth import HORIZONS
from core.work.questions import acquisition, ltv
from core.work.questions.acquisition import TOTAL, UNTOLD, Acquired, Cohorts
from core.work.questions.ltv import YEAR, Ltv
from dashboard.data import answers
from dashboard.data.answers import Answer
from dashboard.data.people import People
from dashboard.data.rows import SMALL, Row
from dashboard.filters import Filters

__all__ = [
    "AGE_DAYS", "HORIZONS", "SEE", "SMALL", "TOTAL", "UNTOLD", "YEAR", "Acquired", "Answer", "Cohorts", "Ltv", "Problem", "Row", "acquired",
    "acquired_people", "cohort_people", "cohorts", "lifetime", "people_of",
]  # fmt: skip

SEE = "customers.see"


def lifetime(asked: Filters) -> Answer[Ltv] | None:
    """None where nobody ordered yet. Raises ``Forbidden``."""
    return answers.read(SEE, "ltv", asked, "", ltv.lifetime)


def cohorts(asked: Filters) -> Answer[Cohorts] | None:
    """None where nobody ordered yet. Raises ``Forbidden``."""
    return answers.read(SEE, "ltv_cohorts", asked, "", acquisition.by_month)


def acquired(asked: Filters, margin_percent: int) -> Answer[Acquired] | None:
    """``margin_percent``: 0 where nobody said. None where nothing is known of how members came. Raises ``Forbidden``."""
    margin = margin_percent / 100 or None
    return answers.read(
        SEE, "ltv_channels", asked, margin_percent, lambda lake: acquisition.by_channel(lake, margin)
    )  # fmt: skip


def people_of(asked: Filters, which: str, figure: int, *, has_value: bool) -> People:
    """Raises ``Forbidden``. ``has_value``: whether money is told."""
    unit = "money" if has_value else "rows"
    return answers.people(
        "ltv", asked, {"which": which}, unit=unit, figure=figure, ask=lambda lake: ltv.behind(lake, which)
    )


def acquired_people(asked: Filters, key: str, figure: int) -> People:
    """Raises ``Forbidden``."""
    return answers.people(
        "ltv_channels", asked, {"which": "acquired", "channel": key}, unit="money", figure=figure,
        ask=lambda lake: acquisition.behind(lake, key),
    )  # fmt: skip


def cohort_people(asked: Filters, month: date, figure: int) -> People:
    """Raises ``Forbidden``."""
    return answers.people(
        "ltv_cohorts", asked, {"which": "began", "month": month.isoformat()}, unit="money", figure=figure,
        ask=lambda lake: acquisition.began(lake, month),
    )  # fmt: skip
