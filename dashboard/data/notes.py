"""What a time axis marks: feasts, campaigns of the data, imports."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from core import calendar
from core.periods import Period, business_date
from core.work.questions import calendar as question
from core.work.questions.reading import Reading
from dashboard.data.ground import Ground


@dataclass(frozen=True)
class Note:
    """``name``: of the feast or campaign; an import has none."""

    start_on: date
    last_on: date
    kind: Literal["holiday", "festival", "campaign", "import"]
    name: str


def of(lake: Reading, ground: Ground, period: Period) -> tuple[Note, ...]:
    """Everything that touches the period."""
    return (*_feasts(period), *happened(lake, ground, period))


def happened(lake: Reading, ground: Ground, period: Period) -> tuple[Note, ...]:
    """The brand's own doing: campaigns and imports, each by day."""
    campaigns = (
        Note(one.first_on, one.last_on, "campaign", one.name)
        for one in question.campaigns(lake)
        if one.last_on >= period.start_on and one.first_on < period.end_on
    )
    imports = {
        business_date(manifest.at, lake.zone)
        for manifest in ground.home.lake.manifests.log()
        if manifest.kind == "import"
    }
    inside = sorted(on for on in imports if period.start_on <= on < period.end_on)
    return (
        *sorted(campaigns, key=lambda one: (one.start_on, one.name)),
        *(Note(on, on, "import", "") for on in inside),
    )


def _feasts(period: Period) -> list[Note]:
    """Days of one feast that follow each other are one note."""
    runs: list[Note] = []
    for day in calendar.days(period.start_on, period.end_on):
        if day.kind == "workday":
            continue
        last = next((run for run in runs if run.name == day.name and (day.on - run.last_on).days == 1), None)
        if last:
            runs[runs.index(last)] = Note(last.start_on, day.on, day.kind, day.name)
        else:
            runs.append(Note(day.on, day.on, day.kind, day.name))
    return runs
