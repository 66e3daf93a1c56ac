"""The market situation that the house declared, and what the figures look like, for the page of risks."""

from dataclasses import dataclass
from datetime import date

from core.periods import EARLIEST
from core.risk.playbooks import FIELDS
from core.work import strategy
from core.work.questions import situations
from core.work.questions.situations import DAYS, MOVED, Measure, Sign, Suggestion, Turn, written
from core.work.strategy import WAYS, Row
from dashboard.actions import guard
from dashboard.data import answers, worlds
from dashboard.data.answers import Answer
from dashboard.data.register import today_on
from dashboard.filters import Filters
from dashboard.web import kept

__all__ = ["DAYS", "EARLIEST", "FIELDS", "MOVED", "WAYS", "Answer", "Measure", "Row", "Sign", "Situations", "Suggestion", "Turn", "read", "suggestion", "written"]  # fmt: skip

SEE = "risk.see"


@dataclass(frozen=True, eq=False)
class Situations:
    """``rows``: of the strategy matrix. ``measures``: what each situation unlocks. ``turns``: what was declared, the newest first. ``zone``: of the clock of times."""

    rows: tuple[Row, ...]
    measures: dict[str, tuple[Measure, ...]]
    turns: tuple[Turn, ...]
    today: date
    zone: str

    @property
    def holds(self) -> Turn | None:
        return self.turns[0] if self.turns else None

    def of(self, situation: str) -> tuple[Measure, ...]:
        return self.measures.get(situation, ())


def read() -> Situations:
    """Raises ``Forbidden``."""
    operator, home, today = guard.require(SEE), worlds.home(), today_on()

    def ask() -> Situations:
        with home.store.reading() as session:
            rows, measures = strategy.read(session), situations.measures_of(session)
        return Situations(rows, measures, situations.history(home, operator), today, home.settings.zone)

    return kept.while_unwritten(home.store, ("situations", home.world, today), ask)


def suggestion() -> Answer[Suggestion] | None:
    """Of everybody that the reader sees; None where fewer than 56 days are over. Raises ``Forbidden``."""
    return answers.read(SEE, "situation", Filters(), "all", situations.suggestion)
