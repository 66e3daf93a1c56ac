"""Funnel questions: scan the lake for the steps' events, let the kernel walk them, name what comes out."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from core.errors import HeldStep, InvalidFunnel, Unknown
from core.metrics import facts as f
from core.periods import Period
from core.sequences import funnel as kernel
from core.sequences.arrays import BARRED
from core.sequences.funnel import Count, Duration, Funnel, Order, Reach
from core.sequences.stream import MISSING, Batch, ordered
from core.sequences.subjects import Subjects
from core.work.questions.reading import Reading

Counted = Literal["members", "sessions"]
COLUMNS_TO_BREAK_BY = ("channel", "unit_id", "group_id", "content_id", "product_id", "campaign_id")
ALIASES = {
    "unit": "unit_id",
    "group": "group_id",
    "content": "content_id",
    "product": "product_id",
    "campaign": "campaign_id",
}
FIRST_BIT = 1
ROWS_OF_A_BATCH = 32
"""Bits that row numbers may take; the batch's number stands above them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One funnel question. ``steps``: events of each step, any of which fills it. ``by``: a column of the event or a
    property's name. ``count``: members, or the source's own sessions."""

    steps: tuple[tuple[str, ...], ...]
    order: Order = "sequential"
    within: timedelta | None = timedelta(days=7)
    by: str | None = None
    count: Counted = "members"

    @property
    def funnel(self) -> Funnel:
        return Funnel.of(*self.steps, order=self.order, within=self.within)

    @property
    def names(self) -> set[str]:
        return {name for step in self.steps for name in step}


@dataclass(frozen=True, eq=False)
class Answer:
    """``reach`` of each subject; ``ids``: its member id (0 for sessions); ``values``: names of the breakdown's codes."""

    reach: Reach
    ids: np.ndarray
    values: tuple[str, ...]

    @property
    def steps(self) -> tuple[Count, ...]:
        return kernel.conversion(self.reach)

    @property
    def by_value(self) -> dict[str | None, tuple[Count, ...]]:
        """Steps by the breakdown's value at entry, the most entered first; None = the entry event had no value."""
        found = kernel.conversion_by(self.reach)
        named = {None if code == MISSING else self.values[code]: steps for code, steps in found.items()}
        return dict(sorted(named.items(), key=lambda item: (item[0] is None, -item[1][0].members, item[0] or "")))

    def duration(self, from_step: int, to_step: int) -> Duration:
        return kernel.time_to_convert(self.reach, from_step, to_step)

    def reached(self, step: int) -> pd.DataFrame:
        """Members who got to step ``step`` (from 1) at least: ``member_id, depth, entry_at``, the latest entry first."""
        return self._people(self.reach.depth >= step)

    def dropped(self, step: int) -> pd.DataFrame:
        """Members who got to step ``step`` (from 1) and no further."""
        return self._people(self.reach.depth == step)

    def _people(self, chosen: np.ndarray) -> pd.DataFrame:
        at = pd.to_datetime(self.reach.entry_at[chosen], unit="us", utc=True)
        frame = pd.DataFrame({"member_id": self.ids[chosen], "depth": self.reach.depth[chosen], "entry_at": at})
        return frame.sort_values(["entry_at", "member_id"], ascending=[False, True], ignore_index=True)


def event_names(reading: Reading) -> list[str]:
    """Names that can be a step, in alphabetical order: visible events, and ``order_placed`` where there are orders."""
    events = reading.visible("events")
    names = set(reading.snapshot.arrow(events.select("name").distinct())["name"].to_pylist())
    return sorted(names | ({f.ORDER_PLACED} if reading.snapshot.files("order_lines") else set()))


def conversion(reading: Reading, asked: Asked) -> Answer:
    """Answer a funnel question within the reading's scope and filters.

    Period and channels are asked of the entry event; later steps may lie after the period, within the window. Raises
    ``InvalidFunnel`` on its limits, ``Unknown`` for a step or property that does not exist.
    """
    funnel = asked.funnel
    known = event_names(reading)
    for name in sorted(asked.names):
        if name not in known:
            if name in reading.held:
                raise HeldStep(
                    f"The event {name!r} waits for approval; its events count once it is approved.", name=name
                )
            raise Unknown("step", name, known)
    rows = _scan(reading, asked, funnel)
    values: tuple[str, ...] = ()
    if asked.by:
        rows, values = _coded(rows)
        if not values and asked.by not in (choices := properties(reading)):
            raise Unknown("property", asked.by, [*choices, *ALIASES])
    if asked.count == "sessions":
        rows, ids = _by_session(rows)
        subjects = None
    else:
        subjects = _subjects(reading)
        ids = subjects.ids
    stream = ordered(Batch.of_arrow(record, subjects) for record in rows.to_batches())
    reach = kernel.reach(stream, funnel)
    return Answer(reach, ids[reach.subject], values)


def rows(answer: Answer, asked: Asked) -> list[dict[str, Any]]:
    """The answer as rows: ``step name members share step_share``, and the breakdown's value first where one was asked."""
    if not asked.by:
        return [_row(count) for count in answer.steps]
    return [{asked.by: value} | _row(count) for value, steps in answer.by_value.items() for count in steps]


def _row(count: Count) -> dict[str, Any]:
    return {
        "step": count.step,
        "name": count.name,
        "members": count.members,
        "share": _rounded(count.share),
        "step_share": _rounded(count.step_share),
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 6)


def _subjects(reading: Reading) -> Subjects:
    """Members within scope and filters, by identity."""
    found = reading.member_map
    found = found.filter(found.is_known)
    if reading.allowed is not None:
        found = found.semi_join(reading.allowed, "member_id")
    arrays = reading.snapshot.stream(found.select("identity_key", "member_id"))
    return Subjects.of(arrays["identity_key"], arrays["member_id"])


def _scan(reading: Reading, asked: Asked, funnel: Funnel) -> pa.Table:
    """Columns ``identity_key`` or ``session``, ``at``, ``steps``, and what ties and the breakdown need. Unordered."""
    events = reading.visible("events")
    tables = [_as_steps(reading, events, asked, funnel)]
    if f.ORDER_PLACED in asked.names and reading.snapshot.files("order_lines"):
        tables.append(_as_steps(reading, _orders_as_events(reading), asked, funnel))
    return reading.snapshot.arrow(ibis.union(*tables) if len(tables) > 1 else tables[0])


def _orders_as_events(reading: Reading) -> ir.Table:
    """One ``order_placed`` per order, at its first line; its properties are those of that line."""
    lines = reading.snapshot.table("order_lines")
    lines = lines.filter(lines.line_kind == "sale")
    orders = lines.group_by(["source", "order_no"]).aggregate(
        identity_key=lines.identity_key.max(),
        gross_minor=lines.amount_minor.sum(),
        occurred_at=lines.occurred_at.min(),
        local_date=lines.local_date.min(),
        batch_id=lines.batch_id.min(),
        row_number=lines.row_number.min(),
        properties=lines.properties.argmin(lines.row_number),
        **{c: lines[c].argmin(lines.row_number) for c in COLUMNS_TO_BREAK_BY if c in lines.columns},
    )
    orders = orders.filter(orders.gross_minor > 0)
    absent = {c: ibis.null("string") for c in (*COLUMNS_TO_BREAK_BY, "session_id") if c not in orders.columns}
    return orders.mutate(name=ibis.literal(f.ORDER_PLACED), sequence=ibis.null("int64"), **absent)


def _as_steps(reading: Reading, events: ir.Table, asked: Asked, funnel: Funnel) -> ir.Table:
    masks = funnel.masks
    may_enter = ibis.literal(True)
    period = reading.filters.period
    if period:
        events = events.filter((events.local_date >= period.start_on) & (events.local_date < _last_day(period, asked)))
        may_enter = may_enter & (events.local_date < period.end_on)
    if reading.filters.channels:
        may_enter = may_enter & events.channel.isin(reading.filters.channels).fill_null(False)
    bits = _case(events.name, masks)
    barred = _case(events.name, {name: _barred(mask) for name, mask in masks.items()})
    columns: dict[str, ir.Value] = {
        "at": events.occurred_at,
        "steps": ibis.ifelse(may_enter, bits, barred).cast("uint16"),
    }
    if asked.count == "sessions":
        columns["session"] = events.source + "\x1f" + events.session_id
    else:
        columns["identity_key"] = events.identity_key
    if asked.by:
        columns["entry_value"] = _property(events, asked.by)
    needs_rows = asked.by or funnel.shares_events or period or reading.filters.channels
    if needs_rows:
        columns["row"] = events.batch_id * 2**ROWS_OF_A_BATCH + events.row_number
    # Kept by the bits, not by the name: the engine evaluates the cases once per distinct name and never builds the text.
    return events.select(**columns).filter(lambda rows: rows.steps > 0)


def _case(name: ir.Value, values: dict[str, int]) -> ir.Value:
    return ibis.cases(*[(name == key, value) for key, value in values.items()], else_=0)


def _barred(mask: int) -> int:
    return (mask & ~FIRST_BIT) | int(BARRED) if mask & FIRST_BIT else mask


def _last_day(period: Period, asked: Asked) -> date:
    """First business day that no attempt entered in the period can reach; a day more than the window, for the zone."""
    reach = timedelta(days=3660) if asked.within is None else asked.within
    return date.fromordinal(min((period.end_on + reach).toordinal() + 1, date.max.toordinal()))


def _property(events: ir.Table, by: str) -> ir.Value:
    name = ALIASES.get(by, by)
    if name in COLUMNS_TO_BREAK_BY:
        return events[name]
    return events.properties.cast("json")[by].unwrap_as("string")


def _coded(table: pa.Table) -> tuple[pa.Table, tuple[str, ...]]:
    """``entry_value`` as ``entry_code``, and the values the codes stand for."""
    encoded = table["entry_value"].combine_chunks().dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    codes = encoded.indices.fill_null(MISSING)
    return table.drop_columns(["entry_value"]).append_column("entry_code", codes), tuple(encoded.dictionary.to_pylist())


def _by_session(table: pa.Table) -> tuple[pa.Table, np.ndarray]:
    """``session`` as dense subjects. Raises ``InvalidFunnel`` when the source tells no sessions."""
    if table.num_rows and table["session"].null_count == table.num_rows:
        raise InvalidFunnel("None of these events carries a session of its source.", problem="sessions")
    encoded = table["session"].combine_chunks().dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    subjects = encoded.indices.cast(pa.int32())
    return table.drop_columns(["session"]).append_column("subject", subjects), np.zeros(
        len(encoded.dictionary), np.int64
    )


def properties(reading: Reading) -> list[str]:
    """What a funnel can be broken down by: columns of events that hold anything, then names of properties in use."""
    events = reading.snapshot.table("events")
    if not reading.snapshot.files("events"):
        return []
    filled = reading.snapshot.arrow(
        events.aggregate(**{c: events[c].count() for c in COLUMNS_TO_BREAK_BY})
    ).to_pylist()[0]
    some = events.filter(events.properties.notnull()).limit(10_000)
    found = reading.snapshot.arrow(some.select("properties").distinct())["properties"].to_pylist()
    names = {key for text in found for key in _keys(text)}
    return [c for c in COLUMNS_TO_BREAK_BY if filled[c]] + sorted(names)


def _keys(text: str) -> list[str]:
    body = json.loads(text)
    return list(body) if isinstance(body, dict) else []
