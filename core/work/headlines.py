"""The house's own forecasts: of every measure, and of its parts, made anew when the data has a new day, and made to add up."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np

from core.errors import Refusal
from core.models.forecast.line import BYS, By, Line
from core.models.forecast.outcome import Outcome, Path
from core.models.forecast.reconcile import paths as adding_up
from core.scope import SYSTEM
from core.store import forecasts
from core.store.session import Store
from core.work.forecasts import HOUSE_KIND, Asked, ask
from core.work.home import Home
from core.work.questions import calendar
from core.work.questions import forecasts as questions
from core.work.questions.reading import reading

LATER = timedelta(minutes=15)
"""Data that changes without a new day is looked at no sooner: imports may come every few seconds."""


@dataclass
class Headlines:
    """What the house asked for in one world. ``seen``: lake, newest day and revision of the calendar when it was asked; ``open``: fits whose parts are not
    made to add up yet."""

    seen: tuple[str, date | None, int] | None = None
    version: int = -1
    at: datetime | None = None
    open: dict[str, Line] = field(default_factory=dict)
    whole: frozenset[tuple[str, By]] = frozenset()
    """Measures of which all parts of a kind were asked for."""

    def refresh(self, home: Home, queue: Store, now: datetime) -> int:
        """Ask for what is not fitted yet, when there is a new day or the data has changed for a while; make parts add up once all are there. Returns
        how many fits were asked for."""
        done = self._ask(home, queue, now) if self._is_due(home, now) else 0
        if self.open and add_up(home, self.open, self.whole):
            self.open = {}
        return done

    def _is_due(self, home: Home, now: datetime) -> bool:
        newest = home.lake.manifests.latest()
        if not newest.tables:
            return False
        revision = calendar.revision(home)
        if self.seen is not None and (self.seen[0], self.version, self.seen[2]) == (
            newest.lake_id, newest.version, revision,
        ):  # fmt: skip
            return False
        with reading(home) as lake:
            seen = (newest.lake_id, lake.as_of_on, revision)
        return seen != self.seen or self.at is None or now >= self.at + LATER

    def _ask(self, home: Home, queue: Store, now: datetime) -> int:
        with reading(home) as lake:
            wanted = questions.house(home, lake)
            self.whole = questions.whole(lake, [one.line for one in wanted])
            manifest = lake.snapshot.manifest
            self.seen = (manifest.lake_id, lake.as_of_on, calendar.revision(home))
            self.version, self.at = manifest.version, now
        asked = [one for one in wanted if _begun(home, queue, one, now)]
        self.open = {one.key: one.line for one in wanted}
        return len(asked)


def add_up(home: Home, asked: dict[str, Line], whole: Collection[tuple[str, By]]) -> bool:
    """Make the parts of each measure add up to its total where all of them are fitted (``whole``: of which all were asked for). False while any of them may still
    come."""
    with home.store.reading() as session:
        rows = {key: forecasts.fit(session, key) for key in asked}
    if any(row is not None and row.outcome is None and row.error_code is None for row in rows.values()):
        return False
    failed = {(asked[key].measure, asked[key].by) for key, row in rows.items() if row is None or row.outcome is None}
    told = {asked[key]: (key, Outcome.from_json(row.outcome)) for key, row in rows.items() if row and row.outcome}
    paths: dict[str, Path] = {}
    for line, (_, outcome) in told.items():
        if line.by is None:
            ways = [by for by in BYS if (line.measure, by) in whole and (line.measure, by) not in failed]
            paths |= _measure(
                outcome, {one: said for one, said in told.items() if one.total == line and one.by in ways}
            )
    with home.store.transaction() as session:
        forecasts.add_up(session, {key: path.to_json() for key, path in paths.items()})
    return True


def _measure(total: Outcome, parts: dict[Line, tuple[str, Outcome]]) -> dict[str, Path]:
    """Paths by key: the total stays as it is, parts by channel and parts by unit are each made to add up to it."""
    found: dict[str, Path] = {}
    for by in BYS:
        of = {key: told for line, (key, told) in parts.items() if line.by == by}
        if of:
            variances = np.array([_variance(one) for one in of.values()])
            # A total that stays as it is lets both ways of parting it agree.
            _, moved = adding_up(total.path, [one.path for one in of.values()], 0.0, variances)
            found |= dict(zip(of, moved, strict=True))
    return found


def _variance(outcome: Outcome) -> float:
    """Of the errors of the backtest; NaN where there is none."""
    off = [
        (point - actual) ** 2
        for fold in outcome.folds
        for point, actual in zip(fold.path.point, fold.actual, strict=True)
        if actual is not None
    ]
    return float(np.mean(off)) if off else float("nan")


def _begun(home: Home, queue: Store, one: Asked, now: datetime) -> bool:
    """Whether it was not asked for before."""
    with home.store.reading() as session:
        if forecasts.fit(session, one.key) is not None:
            return False
    try:
        ask(home, queue, SYSTEM, one, now, kind=HOUSE_KIND)
    except Refusal:
        return False
    return True
