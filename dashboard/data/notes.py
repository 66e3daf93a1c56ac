"""What a time axis marks: feasts, campaigns of the data, imports."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from core.periods import Period, business_date
from core.work.questions import beside
from core.work.questions.reading import Reading
from dashboard.data.ground import Ground


@dataclass(frozen=True)
class Note:
    """``name``: of the feast or campaign; an import has none."""

    start_on: date
    last_on: date
    kind: Literal["holiday", "workday", "festival", "campaign", "import"]
    name: str


def of(lake: Reading, ground: Ground, period: Period) -> tuple[Note, ...]:
    """Everything that touches the period."""
    feasts = (Note(first, last, kind, name) for kind, name, first, last in beside.feasts(period))
    return (*feasts, *happened(lake, ground, period))


def happened(lake: Reading, ground: Ground, period: Period) -> tuple[Note, ...]:
    """The brand's own doing: campaigns and imports, each by day."""
    campaigns = (Note(one.first_on, one.last_on, "campaign", one.name) for one in beside.campaigns(lake, period))
    imports = {
        business_date(manifest.at, lake.zone)
        for manifest in ground.home.lake.manifests.log()
        if manifest.kind == "import"
    }
    inside = sorted(on for on in imports if period.start_on <= on < period.end_on)
    return (*campaigns, *(Note(on, on, "import", "") for on in inside))
