"""What the people of a campaign did after their own message, or after the moment at which it would have been sent: an array each, by their place."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from core.campaigns.body import Body
from core.lake.reader import Snapshot
from core.lake.writer import local_date
from core.metrics import campaigns as windows
from core.metrics import facts as f
from core.periods import Period
from core.scope import EVERYTHING, Filters
from core.sequences.arrays import Array, Int64s
from core.sequences.lifecycle import Stage
from core.settings import DEFAULT_CURRENCY
from core.work.questions import lifecycle
from core.work.questions.campaign_people import NEVER, People
from core.work.questions.kept import per_version
from core.work.questions.reading import Reading

ACTED = ("events", "order_lines", "group_messages")
"""Tables that tell who was active."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Of every person, by place: ``orders``, ``gross_minor``, ``refund_minor``, ``redeemed``, ``coupon_minor``, ``events``; ``first_order``, ``first_redemption``, ``first_event`` (null: none);
    ``answers`` and ``score_sum`` about satisfaction. ``returned``: flags by span; ``closed``: whose span is over. ``harm``: flags by kind, a kind that the lake does not tell of is absent. ``on``: business day of each
    one's start."""

    orders: Int64s
    gross_minor: Int64s
    refund_minor: Int64s
    first_order: Array
    redeemed: Int64s
    coupon_minor: Int64s
    first_redemption: Array
    events: Int64s
    first_event: Array
    answers: Int64s
    score_sum: Array
    returned: dict[str, Array]
    closed: dict[str, Array]
    harm: dict[str, Array]
    on: Array

    @property
    def net_minor(self) -> Int64s:
        return self.gross_minor - self.refund_minor


def of(reading: Reading, people: People, body: Body, code: str) -> Outcomes:
    """``code``: the campaign's, as facts name it."""
    size, days = len(people.ids), body.window_days
    on = _days(reading, people)
    starts = _hull(on)
    table = _asked(reading, people, on) if starts else None

    def counted(name: str, make: Callable[..., ir.Table], *more: Any) -> dict[str, Array]:
        if table is None or not reading.snapshot.files(name):
            return {}
        found = reading.snapshot.arrow(make(reading.anywhere(name), table, starts, *more))
        return _spread(found, size)

    lines = counted("order_lines", windows.orders, days)
    back = counted("order_lines", windows.refunds, days)
    offer = body.offer
    coupons = counted(
        "offer_events",
        windows.redemptions,
        days,
        code,
        offer and offer.offer_id,
        0 if offer is None else offer.face_minor,
    )
    own = counted("events", windows.events, days, body.event) if body.metric == "event" else {}
    said = counted("feedback", windows.answers, days)
    harm = {
        "complained": counted("feedback", windows.complaints),
        "left_groups": counted("group_membership", windows.farewells),
        "withdrawn": counted("consents", windows.withdrawals, body.purpose),
    }
    none, no_time = np.zeros(size, np.int64), np.full(size, NEVER)
    return Outcomes(
        lines.get("count", none), lines.get("gross_minor", none), back.get("refund_minor", none), lines.get("first_at", no_time),
        coupons.get("count", none), coupons.get("cost_minor", none), coupons.get("first_at", no_time),
        own.get("count", none), own.get("first_at", no_time), said.get("count", none), said.get("score_sum", np.zeros(size)),
        _returned(reading, table, starts, size), _closed(reading, on), {name: one["count"] > 0 for name, one in harm.items() if one}, on,
    )  # fmt: skip


def stages(reading: Reading, people: People, on: Array) -> dict[str, Array]:
    """In which stage of their lives people stood on the day before the first of them was written to (``core.work.questions.lifecycle``), flags by stage; what a message changes afterwards changes
    nothing in it. Nothing where the data begins later."""
    starts = _hull(on)
    if starts is None or reading.whole is None or reading.whole.start_on >= starts.start_on:
        return {}
    told = _stages(reading.snapshot, reading.zone, starts.start_on)
    if not len(told.ids):
        return {}
    at = np.minimum(np.searchsorted(told.ids, people.ids), len(told.ids) - 1)
    is_there = told.ids[at] == people.ids
    return {stage.name.lower(): is_there & (told.stage[at] == stage) for stage in Stage}


@per_version(*ACTED, "group_membership", "member_profiles", "identity_map", "event_names", most=4)
def _stages(snapshot: Snapshot, zone: str, before: date) -> lifecycle.Stages:
    """Of all members, on the day before a day."""
    everybody = Reading(snapshot, zone, DEFAULT_CURRENCY, EVERYTHING, Filters())
    assert everybody.whole is not None
    return lifecycle.stages(replace(everybody, filters=Filters(Period(everybody.whole.start_on, before))))


def newest(reading: Reading, table: str) -> datetime | None:
    """Time of the newest fact of a table (naive UTC): what it says is known up to then."""
    on = reading.last_on(table)
    if on is None:
        return None
    rows = reading.snapshot.table(table)
    found: Any = reading.snapshot.value(rows.filter(rows.local_date == on).occurred_at.max())
    return None if found is None else found.replace(tzinfo=None)


def _days(reading: Reading, people: People) -> Array:
    """Business day of each start."""
    if not len(people.ids):
        return np.zeros(0, "datetime64[D]")
    told = ibis.memtable(pa.table({"person": np.arange(len(people.ids)), "starts_at": people.starts}))
    rows = reading.snapshot.arrow(told.select("person", on=local_date(told.starts_at, reading.zone)).order_by("person"))
    return rows["on"].to_numpy().astype("datetime64[D]")


def _hull(on: Array) -> Period | None:
    if not len(on):
        return None
    first, last = on.min().astype(date), on.max().astype(date)
    return Period(first, last + timedelta(days=1))


def _asked(reading: Reading, people: People, on: Array) -> ir.Table:
    """See ``core.metrics.campaigns``."""
    rows = {"person": np.arange(len(people.ids)), "member_id": people.ids, "starts_at": people.starts, "on": on}
    return reading.snapshot.keep(ibis.memtable(pa.table(rows)))


def _spread(found: pa.Table, size: int) -> dict[str, Array]:
    """Columns by place: 0, no or no time where there is no row."""
    place = found["person"].to_numpy()
    columns = {}
    for name in found.column_names[1:]:
        values = found[name].to_numpy()
        kind = values.dtype if values.dtype.kind in "bM" else np.dtype("float64" if name == "score_sum" else "int64")
        empty = np.full(size, NEVER) if kind.kind == "M" else np.zeros(size, kind)
        empty[place] = values.astype(empty.dtype)
        columns[name] = empty
    return columns


def _returned(reading: Reading, table: ir.Table | None, starts: Period | None, size: int) -> dict[str, Array]:
    if table is None or starts is None or not any(reading.snapshot.files(name) for name in ACTED):
        return {name: np.zeros(size, bool) for name, _, _ in windows.RETURNS}
    near = partial(_near, reading, windows.hull(starts, windows.RETURNS[-1][2]))
    acted = f.actions(near)
    acted = acted.select("identity_key", "local_date").distinct().inner_join(reading.members, "identity_key")
    return _spread(reading.snapshot.arrow(windows.returns(acted, table)), size)


def _near(reading: Reading, period: Period, name: str) -> ir.Table:
    return windows.cut(reading.visible(name), period)


def _closed(reading: Reading, on: Array) -> dict[str, Array]:
    """Whose last day of a span the data reaches over."""
    last = np.datetime64(reading.as_of_on, "D") if reading.as_of_on else np.datetime64("1970-01-01", "D")
    return {name: np.asarray(on + np.timedelta64(until, "D") < last) for name, _, until in windows.RETURNS}
