"""Classes and tiers of value for the RFM & LTV page, and who stands in them."""

from core.metrics.rfm import CLASSES, TIERS
from core.work.questions import rfm
from core.work.questions.rfm import ALL, LARGEST, METHODS, NOT_YET, USUAL, WAYS, Asked, Fixed, Method, Rfm, View
from dashboard.data import answers
from dashboard.data.answers import Answer
from dashboard.data.people import People
from dashboard.data.rows import SMALL, Row
from dashboard.filters import Filters

__all__ = [
    "ALL", "CLASSES", "LARGEST", "METHODS", "NOT_YET", "SEE", "SMALL", "TIERS", "USUAL", "WAYS", "Answer", "Asked", "Fixed", "Method", "Rfm",
    "Row", "View", "people_of", "worth",
]  # fmt: skip

SEE = "customers.see"


def worth(filters: Filters, asked: Asked) -> Answer[Rfm] | None:
    """None where nobody bought yet. Raises ``Forbidden`` and ``InvalidRfm``."""
    return answers.read(SEE, "rfm", filters, asked, lambda lake: rfm.worth(lake, asked))


def people_of(filters: Filters, asked: Asked, which: str, figure: int) -> People:
    """Raises ``Forbidden``."""
    told = {
        "which": which, "method": asked.method, "tier_days": list(asked.tier_days), "tier_orders": list(asked.tier_orders),
        "tier_net": list(asked.tier_net),
    }  # fmt: skip
    if asked.method == "fixed":
        told["fixed"] = [asked.fixed.days, asked.fixed.orders, asked.fixed.net]
    return answers.people(
        "rfm", filters, told, unit="money", figure=figure, ask=lambda lake: rfm.behind(lake, asked, which)
    )  # fmt: skip
