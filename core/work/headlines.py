"""The house's own forecasts: of every measure, and of its parts, made anew when the data has a new day, and made to add up."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np

from core.errors import Refusal
from core.models.forecast.line import By, Line
from core.models.forecast.outcome import Outcome, Path
from core.models.forecast.reconcile import paths as adding_up
from core.scope import SYSTEM
from core.store import forecasts
from core.store.jobs import ABANDONED
from core.store.session import Store
from core.work.forecasts import HOUSE_KIND, Asked, Fit, again, ask, standing
from core.work.home import Home
from core.work.questions import calendar
from core.work.questions import forecasts as questions
from core.work.questions.reading import reading
from core.work.worker import FAILED

LATER = timedelta(minutes=15)
"""Data that changes without a new day is looked at no sooner: imports may come every few seconds."""


@dataclass
class Headlines:
    """What the house asked for in one world. ``seen``: lake, newest day and revision of the calendar when it was asked; ``open``: fits of parts that are
    not made to add up yet, and of their totals; ``repeated``: those that were lost and asked for once more."""

    seen: tuple[str, date | None, int] | None = None
    version: int = -1
    at: datetime | None = None
    open: dict[str, Line] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)
    whole: frozenset[tuple[str, By]] = frozenset()
    """Measures of which all parts of a kind were asked for."""

    def refresh(self, home: Home, queue: Store, now: datetime) -> int:
        """Ask for what is not fitted yet, when there is a new day or the data has changed for a while; make parts add up once all of a measure are there. Returns
        how many fits were asked for."""
        done = self._ask(home, queue, now) if self._is_due(home, now) else 0
        if self.open:
            self.open = add_up(home, self.open, self.whole)
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
        asked = [one for one in wanted if self._begun(home, queue, one, now)]
        self.open = {one.key: one.line for one in wanted}
        return len(asked)

    def _begun(self, home: Home, queue: Store, one: Asked, now: datetime) -> bool:
        """Whether it was not asked for before, or was lost. What is lost again waits for the next worker: it may be what ends the worker."""
        found = standing(home, queue, SYSTEM, one.key)
        if found is None:
            try:
                ask(home, queue, SYSTEM, one, now, kind=HOUSE_KIND)
            except Refusal:
                return False
            return True
        if one.key in self.repeated or not _is_lost(found):
            return False
        self.repeated.add(one.key)
        again(home, queue, SYSTEM, one.key, now, kind=HOUSE_KIND)
        return True


def add_up(home: Home, asked: Mapping[str, Line], whole: Collection[tuple[str, By]]) -> dict[str, Line]:
    """Make the parts of each measure add up to its total, each way of parting it (``whole``: those of which all parts were asked for) once the total and all of its parts
    are fitted. Returns what of it still waits for a fit."""
    with home.store.reading() as session:
        told = forecasts.told(session, asked)
    waiting: dict[str, Line] = {}
    paths: dict[str, Path] = {}
    for measure, by in whole:
        totals = [key for key, line in asked.items() if line == Line(measure)]
        parts = [key for key, line in asked.items() if (line.measure, line.by) == (measure, by)]
        if told.issuperset((*totals, *parts)):
            paths |= _moved(home, totals, parts)
        else:
            waiting |= {key: asked[key] for key in (*totals, *parts)}
    if paths:
        with home.store.transaction() as session:
            forecasts.add_up(session, {key: path.to_json() for key, path in paths.items()})
    return waiting


def _moved(home: Home, totals: Sequence[str], parts: Sequence[str]) -> dict[str, Path]:
    """Paths of the parts by key; none where there is nothing to be moved."""
    if not totals or not parts:
        return {}
    with home.store.reading() as session:
        rows = [forecasts.fit(session, key) for key in (*totals, *parts)]
    total, *outcomes = (Outcome.from_json(row.outcome) for row in rows if row is not None and row.outcome is not None)
    variances = np.array([_variance(one) for one in outcomes])
    # A total that stays as it is lets both ways of parting it agree.
    _, moved = adding_up(total.path, [one.path for one in outcomes], 0.0, variances)
    return dict(zip(parts, moved, strict=True))


def _variance(outcome: Outcome) -> float:
    """Of the errors of the backtest; NaN where there is none."""
    off = [
        (point - actual) ** 2
        for fold in outcome.folds
        for point, actual in zip(fold.path.point, fold.actual, strict=True)
        if actual is not None
    ]
    return float(np.mean(off)) if off else float("nan")


def _is_lost(found: Fit) -> bool:
    """Whether it ended without a word of its own: somebody cancelled it, or the worker died or erred."""
    if found.state == "cancelled":
        return True
    return found.state == "failed" and found.refusal is not None and found.refusal.code in (ABANDONED, FAILED)
