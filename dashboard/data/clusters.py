"""Clusters of members for the RFM & LTV page, and who is in each."""

from core.models.cluster_names import TELLING
from core.models.clusters import (
    FEATURE,
    FEATURES,
    FEWEST,
    KS,
    LOOKED_AT,
    MOST_DEVIATIONS,
    STARTS,
    TRIED,
    USUAL_FROM,
    WINDOW_DAYS,
    tie,
)
from core.work.questions import clusters
from core.work.questions.clusters import ALL, DRAWN, Asked, Clusters
from dashboard.data import answers
from dashboard.data.answers import Answer
from dashboard.data.people import People
from dashboard.data.rows import SMALL, Row
from dashboard.filters import Filters

__all__ = [
    "ALL", "DRAWN", "FEATURE", "FEATURES", "FEWEST", "KS", "LOOKED_AT", "MOST_DEVIATIONS", "SMALL", "STARTS", "TRIED", "USUAL_FROM",
    "TELLING", "WINDOW_DAYS", "Answer", "Asked", "Clusters", "Filters", "Row", "found", "people_of", "tie",
]  # fmt: skip

SEE = "customers.see"


def found(filters: Filters, asked: Asked) -> Answer[Clusters] | None:
    """None where nobody is there. Raises ``Forbidden`` and ``InvalidClusters``."""
    return answers.read(SEE, "clusters", filters, asked, lambda lake: clusters.clusters(lake, asked))


def people_of(filters: Filters, asked: Asked, which: str, figure: int) -> People:
    """Raises ``Forbidden``, ``InvalidClusters`` and ``Unknown``."""
    told = {"which": which, "k": asked.k, "is_own": asked.is_own}
    return answers.people(
        "clusters", filters, told, unit="money", figure=figure, ask=lambda lake: clusters.behind(lake, asked, which)
    )
