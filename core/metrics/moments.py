"""Moments: rows of fact tables that can be a step of a funnel, a node of a path, a start or a return.

Events are moments by their own name. Other facts are moments under a name made here, virtually: nothing is copied. So a
journey may run from a message sent to a click, a visit to the group, and an order, whatever table each of them lies in.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from core import schema
from core.metrics.facts import ORDER_PLACED, visible

COLUMNS = ("channel", "unit_id", "group_id", "content_id", "product_id", "campaign_id")
"""Columns of codes that a moment may carry: to break down by, and to put conditions on."""
AMOUNT = "amount"
"""Name under which conditions ask for the money of an order, in major units."""
ROWS_OF_A_BATCH = 32
"""Bits that row numbers may take; the batch's number stands above them."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How rows of a table become moments. ``named_by``: column that names them, after ``prefix``; without one all are
    called ``prefix``. ``only``: column and the one value of it that counts."""

    table: str
    named_by: str | None = None
    prefix: str = ""
    only: tuple[str, str] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name in COLUMNS if schema.table(self.table).has(name))

    def can_name(self, name: str) -> bool:
        """Whether a moment of this kind may be called so. Any name may be an event's."""
        if self.table == "events":
            return True
        if self.named_by is None:
            return name == self.prefix
        choices = schema.table(self.table).column(self.named_by).choices
        return name.startswith(self.prefix) and name.removeprefix(self.prefix) in choices

    def names(self) -> list[str]:
        """All names there can be; none are known before for events."""
        if self.named_by is None:
            return [self.prefix]
        return [self.prefix + choice for choice in schema.table(self.table).column(self.named_by).choices]


EVENTS = Kind("events", "name")
ROWS = (
    EVENTS,
    Kind("touches", "state", "touch_"),
    Kind("group_membership", "change", "group_"),
    Kind("group_messages", None, "group_message", ("sender_kind", "member")),
)
"""Kinds of which each row is a moment. Orders are another: one moment stands for all lines of an order."""


def virtual_names(has_rows: Callable[[str], bool]) -> list[str]:
    """Names of moments that are no events, of tables that hold anything."""
    names = [name for kind in ROWS if kind is not EVENTS and has_rows(kind.table) for name in kind.names()]
    return names + ([ORDER_PLACED] if has_rows("order_lines") else [])


def table_of(name: str) -> str:
    """The table whose rows are called so; events where no other's are."""
    if name == ORDER_PLACED:
        return "order_lines"
    return next((kind.table for kind in ROWS if kind is not EVENTS and kind.can_name(name)), EVENTS.table)


def of_rows(kind: Kind, rows: ir.Table, held: Sequence[str] = ()) -> ir.Table:
    """Moments of a table of rows: ``identity_key occurred_at local_date name row``, ``COLUMNS``, ``properties`` (text, may
    be null), ``amount_minor`` (null), ``sequence`` (order within a session of a source without a clock, else null),
    ``session`` (the source's own, null where it tells none). Unordered."""
    if kind is EVENTS:
        rows = visible(rows, held)
    if kind.only:
        rows = rows.filter(rows[kind.only[0]] == kind.only[1])
    name: ir.Value = ibis.literal(kind.prefix) if kind.named_by is None else rows[kind.named_by]
    if kind.named_by and kind.prefix:
        name = kind.prefix + name
    return _selected(rows, name, rows.batch_id * 2**ROWS_OF_A_BATCH + rows.row_number)


def of_orders(lines: ir.Table) -> ir.Table:
    """One ``order_placed`` per order whose gross is above 0, at its first line, with that line's columns and properties."""
    lines = lines.filter(lines.line_kind == "sale")
    lines = lines.mutate(_row=lines.batch_id * 2**ROWS_OF_A_BATCH + lines.row_number)
    first = {c: lines[c].argmin(lines._row) for c in (*COLUMNS, "properties") if c in lines.columns}
    orders = lines.group_by(["source", "order_no"]).aggregate(
        identity_key=lines.identity_key.max(),
        amount_minor=lines.amount_minor.sum(),
        occurred_at=lines.occurred_at.min(),
        local_date=lines.local_date.min(),
        row=lines._row.min(),
        **first,
    )
    orders = orders.filter(orders.amount_minor > 0)
    return _selected(orders, ibis.literal(ORDER_PLACED), orders.row)


def union(parts: Iterable[ir.Table]) -> ir.Table:
    found = list(parts)
    return ibis.union(*found) if len(found) > 1 else found[0]


def _selected(rows: ir.Table, name: ir.Value, row: ir.Value) -> ir.Table:
    columns = {c: rows[c] if c in rows.columns else ibis.null("string") for c in (*COLUMNS, "properties")}
    session = rows.source + "\x1f" + rows.session_id if "session_id" in rows.columns else ibis.null("string")
    numbers = {
        c: rows[c].cast("int64") if c in rows.columns else ibis.null("int64") for c in ("amount_minor", "sequence")
    }
    return rows.select(
        identity_key=rows.identity_key, occurred_at=rows.occurred_at, local_date=rows.local_date, name=name,
        row=row, session=session,
        **numbers, **columns,
    )  # fmt: skip
