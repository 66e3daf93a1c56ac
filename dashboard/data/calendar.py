"""The house's calendar for the Forecast page: what is on, what was said of it, and what it could take from the data."""

from dataclasses import dataclass
from datetime import date, timedelta

from core.models.forecast.agenda import MOST_AFTER, MOST_BEFORE, OWN_KINDS, Entry, Kind, Occasion, Rule, RuleKind
from core.models.forecast.festivals import BUILT_IN
from core.work.questions import calendar
from core.work.questions.calendar import Offered, Said
from dashboard.data import answers
from dashboard.data.ground import stand
from dashboard.filters import Filters

__all__ = [
    "BUILT_IN", "MOST_AFTER", "MOST_BEFORE", "OWN_KINDS", "Calendar", "Entry", "Kind", "Occasion", "Offered", "Rule", "RuleKind", "Said",
    "read",
]  # fmt: skip

SEE = "forecast.see"
AROUND = timedelta(days=365)


@dataclass(frozen=True, eq=False)
class Calendar:
    """``key`` changes with whatever is shown. ``occasions``: of the year before the newest data and the year after it. ``said``: entries that stand;
    ``removed``: those that were. ``offered``: campaigns that are not in it yet."""

    key: str
    as_of_on: date
    zone: str
    occasions: tuple[Occasion, ...]
    said: tuple[Said, ...]
    removed: tuple[Said, ...]
    offered: tuple[Offered, ...]

    @property
    def start_on(self) -> date:
        return self.as_of_on - AROUND

    @property
    def end_on(self) -> date:
        return self.as_of_on + AROUND

    def of(self, key: str) -> Said | None:
        """What was said under a key, removed or not: whoever changes it hands its revision over."""
        return next((one for one in (*self.said, *self.removed) if one.entry.key == key), None)

    def revision(self, key: str) -> int:
        found = self.of(key)
        return 0 if found is None else found.revision


def read(as_of_on: date) -> Calendar:
    """Around the newest day with data. It is the same for everybody who may see it. Raises ``Forbidden``."""
    ground = stand(SEE)
    revision = calendar.revision(ground.home)
    every = calendar.entries(ground.home, with_removed=True)
    said = tuple(one for one in every if not one.is_removed)
    around = calendar.occasions(ground.home, as_of_on - AROUND, as_of_on + AROUND)
    names = {one.entry.name for one in said}
    answer = answers.read(SEE, "campaigns", Filters(), "all", lambda lake: _Campaigns(calendar.campaigns(lake)))
    offered = () if answer is None else tuple(one for one in answer.found.rows if one.name not in names)
    return Calendar(
        f"{ground.key}|{as_of_on}|{revision}", as_of_on, ground.home.settings.zone, around, said,
        tuple(one for one in every if one.is_removed), offered,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Campaigns:
    rows: tuple[Offered, ...]
