"""Group activities for the Community page: one by one, by kind, together, and who took part."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import pandas as pd
from babel.numbers import get_currency_precision

from core.metrics.activities import ORDER_DAYS
from core.periods import Period
from core.work.questions import activities as question
from core.work.questions.activities import DID, WHICH
from dashboard.data import people
from dashboard.data.ground import Ground, stand
from dashboard.data.people import People
from dashboard.data.rows import SMALL, Number, Row, plain
from dashboard.filters import Filters
from dashboard.web import kept

__all__ = ["DID", "ORDER_DAYS", "SMALL", "WHICH", "Row", "View", "figure", "people_of", "read"]


@dataclass(frozen=True, eq=False)
class View:
    """``rows``: newest first. ``total``: all of them (of the kind asked for); None where there are none. ``kinds``: of all, whatever kind is
    asked for. ``actions``: people by action, of each activity and, under None, of all."""

    key: str
    kind: str | None
    rows: tuple[Row, ...]
    total: Row | None
    kinds: tuple[Row, ...]
    actions: Mapping[str | None, Mapping[str, int]]
    period: Period
    as_of: datetime
    zone: str
    currency: str
    version: int

    @cached_property
    def found(self) -> dict[str, Row]:
        return {row["key"]: row for row in self.rows}


def read(asked: Filters, kind: str | None) -> View | None:
    """None where there are no activities at all. Raises ``Forbidden``."""
    ground = stand("community.see")
    return _read(key=f"{ground.key}|{asked}|{kind}", _ground=ground, _asked=asked, _kind=kind)


def people_of(asked: Filters, view: View, of: str | None, which: str) -> People:
    """Who stands behind a figure of one activity, or of all. Raises ``Forbidden``."""
    ground = stand("people.see")
    return _people(
        key=f"{ground.key}|{asked}|{view.kind}|{of}|{which}", _ground=ground, _asked=asked, _kind=view.kind, _of=of, _which=which,
        _figure=figure(view, of, "orders" if which == "buyers" else which),
    )  # fmt: skip


def figure(view: View, of: str | None, which: str) -> int:
    """What a list adds up to; 0 where nothing is known."""
    if which.startswith(DID):
        return view.actions.get(of, {}).get(which.removeprefix(DID), 0)
    row = view.total if of is None else view.found[of]
    if row is None:
        return 0
    if which == "absent":
        return int((row["members"] or 0) - (row["came"] or 0))
    return int(row[which] or 0)


@kept.by_key(16)
def _read(key: str, _ground: Ground, _asked: Filters, _kind: str | None) -> View | None:
    with _ground.open(_asked) as lake:
        found = question.held(lake, _kind)
        if found is None:
            return None
        every = found if _kind is None else question.held(lake)
        assert every is not None and lake.as_of is not None
        actions: dict[str | None, dict[str, int]] = {None: {}}
        for row in plain(found.actions):
            actions.setdefault(row["key"], {})[row["action"]] = row["people"]
            actions[None][row["action"]] = actions[None].get(row["action"], 0) + row["people"]
        digits = get_currency_precision(lake.currency)
        total = _priced(found.total, digits)
        return View(
            key, _kind, tuple(_priced(found.rows, digits)), total[0] if total else None, tuple(_priced(every.kinds, digits)), actions, found.period, lake.as_of,
            lake.zone, lake.currency, _ground.version,
        )  # fmt: skip


def _priced(frame: pd.DataFrame, digits: int) -> list[Row]:
    """Rows with ``revenue`` in major units beside, for tables that sort numbers."""
    return plain(frame.assign(revenue=frame["revenue_minor"].astype("Float64") / 10**digits))


@kept.by_key(16)
def _people(
    key: str, _ground: Ground, _asked: Filters, _kind: str | None, _of: str | None, _which: str, _figure: Number
) -> People:
    with _ground.open(_asked) as lake:
        frame = question.behind(lake, _which, _of, _kind)
        currency = lake.currency
    name = _which.replace(DID, "")
    told = {
        "kind": "activities",
        "metric": f"activity-{name}",
        "activity": _of,
        "activity_kind": _kind,
        "which": _which,
    }
    unit = "orders" if _which == "buyers" else "activities"
    return People(
        key, frame, people.definition(_asked) | told, "rows", unit, int(frame["value"].sum()), _figure, currency, _ground.version
    )  # fmt: skip
