"""Where one member stands beside all others: class, tier, state and what the models expect, each with the reasons that lead to it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from core.errors import Refusal
from core.periods import Period
from core.sequences.lifecycle import State
from core.work.questions import clusters, lifecycle, ltv, membership, rfm, scores, spans
from core.work.questions.member import Member
from core.work.questions.reading import Reading
from core.work.questions.scores import Own

Row = dict[str, Any]
PROVIDERS: Mapping[str, Callable[[Reading], pa.Table]] = {
    "rfm": rfm.standings,
    "ltv": ltv.predictions,
    "membership": membership.standings,
    "clusters": clusters.labels,
}
"""What tells of everybody, one row per ``member_id`` ascending; of whom it says nothing there is no row."""
SCORES = "scores"
"""Asked for beside them."""


@dataclass(frozen=True, slots=True)
class Life:
    """State in the last whole week, as the Lifecycle page tells it, and why: ``born_on``, ``acted_on`` (last day with an action up to
    the end of that week), ``last_on`` (of all), None where unknown. ``name`` None: not yet born."""

    name: str | None
    week: Period
    born_on: date | None
    acted_on: date | None
    last_on: date | None


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a prediction rests on (``core.models.ltv``): ``repeats`` days with an order after the first one, the last of them
    ``last_days`` after it; ``age_days`` from it to the newest day; ``mean_minor``: of the repeat days, None without any. ``low_minor``,
    ``high_minor``: 95 % interval of the value of the next 365 days; None where it has none."""

    repeats: int
    last_days: int
    age_days: int
    mean_minor: int | None
    low_minor: int | None
    high_minor: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """``rows``: what each of ``PROVIDERS`` that was asked says of the member; absent where it says nothing. ``refused``: why one says
    nothing of anybody. ``inputs``: of ``ltv``, where it says anything. ``life``: None without data."""

    rows: Mapping[str, Row] = field(default_factory=dict)
    refused: Mapping[str, Refusal] = field(default_factory=dict)
    inputs: Inputs | None = None
    life: Life | None = None
    scores: tuple[Own, ...] = ()


def of(reading: Reading, member: Member, names: Collection[str] = (*PROVIDERS, SCORES)) -> Standing:
    """See ``Standing``. What is told of everybody is kept per version of the lake, so that only the first member waits for it."""
    rows: dict[str, Row] = {}
    refused: dict[str, Refusal] = {}
    for name, provide in PROVIDERS.items():
        if name not in names:
            continue
        try:
            found = _row(provide(reading), member.member_id)
        except Refusal as error:
            refused[name] = error
            continue
        if found is not None:
            rows[name] = found
    inputs = _inputs(ltv.predictions(reading), rows["ltv"]) if "ltv" in rows else None
    own = scores.of_member(reading, member.member_id) if SCORES in names else ()
    return Standing(rows, refused, inputs, life(reading, member), own)


def _inputs(predictions: pa.Table, row: Row) -> Inputs:
    totals = ltv.totals_of(predictions, _place(predictions, row["member_id"]))
    value = next(total.value for total in totals if total.days == ltv.YEAR)
    bounds = (None, None) if value is None else (value.low, value.high)
    low, high = (None if bound is None else round(bound) for bound in bounds)
    repeats, last_days, age_days = (int(row[name]) for name in ("repeats", "last_days", "age_days"))
    return Inputs(repeats, last_days, age_days, round(row["mean_minor"]) if repeats else None, low, high)


def life(reading: Reading, member: Member) -> Life | None:
    """State of one member out of its own days; the rules are those of ``core.sequences.lifecycle``."""
    on = reading.as_of_on
    if on is None or not member.is_known:
        return None
    asked = lifecycle.Asked()
    start = spans.starts(Period(on, on + timedelta(days=1)), asked.unit)[0]
    if spans.after(start, asked.unit) > on + timedelta(days=1):
        start = spans.after(start, asked.unit, -1)
    week = Period(start, spans.after(start, asked.unit))
    acted = _acted_on(member, reading.zone)
    born = min((*acted, *_joined_on(member, reading.zone)), default=None)
    now = _week(start)
    weeks = {_week(day) for day in acted}
    born_in = None if born is None else _week(born)
    acted_on = max((day for day in acted if day < week.end_on), default=None)
    state = _state(weeks, born_in, now, asked.silence)
    return Life(None if state is State.NOT_YET else state.name.lower(), week, born, acted_on, max(acted, default=None))


def _state(weeks: set[int], born: int | None, now: int, silence: int) -> State:
    present = weeks | ({born} if born is not None else set())
    if born is not None and born >= now:
        return State.NEW if born == now else State.NOT_YET
    if now in weeks:
        if now - 1 not in present:
            return State.RESURRECTED
        return State.RETURNING if born == now - 1 else State.ACTIVE
    return State.DORMANT if any(week in present for week in range(now - silence, now)) else State.LOST


def _week(on: date) -> int:
    """Number of a week that begins on Monday."""
    return (on.toordinal() - 1) // 7


def _acted_on(member: Member, zone: str) -> set[date]:
    """Days of actions of the member's own: events, messages, orders and refunds."""
    lines = [line for order in member.orders for line in (*order.lines, *order.refunds)]
    days = {line["local_date"] for line in (*lines, *member.loose_lines)}
    times = member.acts["at"].drop_duplicates().dt.tz_localize("UTC").dt.tz_convert(zone)
    return days | set(times.dt.date)


def _joined_on(member: Member, zone: str) -> list[date]:
    joins = [row["local_date"] for row in member.joins]
    joined = member.profile.joined_at
    return joins if joined is None else [*joins, _on(joined, zone)]


def _on(at: datetime, zone: str) -> date:
    return at.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone)).date()


def _row(table: pa.Table, member_id: int) -> Row | None:
    place = _place(table, member_id)
    if place == table.num_rows or table["member_id"][place].as_py() != member_id:
        return None
    row: Row = table.slice(place, 1).to_pylist()[0]
    return row


def _place(table: pa.Table, member_id: int) -> int:
    return int(np.searchsorted(table["member_id"].to_numpy(), member_id))
