"""A mapping applied: staged text becomes contract columns, and every row that cannot be taken gets its reasons.

Reasons are codes, with the column they are about after a colon: ``value.unreadable:quantity``.
"""

from collections.abc import Callable, Iterable, Mapping as Dict
from dataclasses import dataclass
from datetime import datetime
from functools import reduce

import ibis
import ibis.expr.types as ir

from core.privacy import pseudonyms
from core.privacy.pseudonyms import Keys, namespace
from core.schema import IDENTITY_TYPES, Column
from core.work.ingest import lines, money, parsing
from core.work.ingest.draft import Draft
from core.work.ingest.mapping import Mapping
from core.work.ingest.properties import properties
from core.work.ingest.staging import Staged
from core.work.ingest.world import World

EARLIEST = datetime(1970, 1, 1)
OTHERS = "*"


@dataclass(frozen=True, slots=True)
class Named:
    """Identities of one type and role in the file. ``table``: one row per text found: ``text``, ``identity_type``, ``namespace``,
    ``value``, ``mac``, ``identity_key``."""

    identity_type: str
    column: str
    table: ir.Table


Keep = Callable[[ir.Table], ir.Table]
"""Runs an expression once and returns its rows as a table."""


def identities(staged: Staged, mapping: Mapping, keys: Keys, keep: Keep) -> list[Named]:
    """Pseudonyms of all identities in the file: computed once per distinct text, whatever the number of rows."""
    roles = [(kind, f"identity:{kind}", columns) for kind, columns in mapping.identities.items()]
    roles += [(kind, f"referred:{kind}", columns) for kind, columns in mapping.referred.items()]
    found = []
    for kind, role, columns in sorted(roles, key=lambda r: IDENTITY_TYPES.index(r[0])):
        text = cell(staged, mapping, columns)
        texts = staged.rows.select(text=text).distinct()
        space = namespace(kind, mapping.source)
        value = pseudonyms.normalised(kind, texts.text)
        named = texts.mutate(identity_type=ibis.literal(kind), namespace=ibis.literal(space), value=value).filter(value.notnull())
        named = named.mutate(mac=pseudonyms.mac(keys, kind, space, named.value))
        found.append(Named(kind, role, keep(named.mutate(identity_key=pseudonyms.key(named.mac)))))
    return found


def translated(staged: Staged, mapping: Mapping, named: list[Named], world: World) -> ir.Table:
    """All rows as the contract wants them, with ``reasons``: why a row cannot be taken, null when it can.

    Columns: ``row_number``, ``reasons``, those of the contract, and one ``identity_key`` per identity column (called as in ``named``).
    """
    draft = Draft(_with_keys(staged, mapping, named))
    _texts(draft, staged, mapping)
    _persons(draft, mapping, named)
    _values(draft, mapping, world)
    if mapping.target.name == "order_lines":
        lines.fill(draft, mapping, world)
    else:
        money.fill(draft, mapping, world)
    if mapping.target.has("properties"):
        draft.add(properties=properties(draft.rows, staged, mapping))
    _needed(draft, mapping)
    draft.judge()
    made = [c.name for c in mapping.target.columns if c.name in draft]
    return draft.rows.select("row_number", "reasons", *made, *(n.column for n in named))


def cell(staged: Staged, mapping: Mapping, columns: Iterable[str], rows: ir.Table | None = None) -> ir.StringValue:
    """Text of the first filled source column, trimmed; null when none is. Columns a file may lack count as empty."""
    texts = [_meant(staged.text(name, rows), mapping) for name in columns if name in staged.cells]
    if not texts:
        return ibis.null("string")
    return texts[0] if len(texts) == 1 else ibis.coalesce(*texts)


def sighted(rows: ir.Table, named: list[Named]) -> tuple[ir.Table, ir.Table | None]:
    """Identities seen in the rows, and pairs of them seen in one row, each once with its first time and row.

    The person brought by another one is somebody else: no pair joins the two.
    """
    has_time = "occurred_at" in rows.columns
    dated = rows if has_time else rows.mutate(occurred_at=ibis.null(parsing.NAIVE))
    every = [_sightings(dated, n) for n in named]
    seen = _first(every[0] if len(every) == 1 else ibis.union(*every), ["identity_key"])
    pairs = [
        _pairs(dated, left, right)
        for i, left in enumerate(named) for right in named[i + 1 :]
        if left.column.split(":")[0] == right.column.split(":")[0]
    ]  # fmt: skip
    if not pairs:
        return seen, None
    links = _first(pairs[0] if len(pairs) == 1 else ibis.union(*pairs), ["left_key", "right_key"])
    return seen, links.mutate(rule=ibis.literal("same_row"))


# -- persons ---------------------------------------------------------------------------------------------------------


def _with_keys(staged: Staged, mapping: Mapping, named: list[Named]) -> ir.Table:
    rows = staged.rows
    for name in named:
        columns = (mapping.identities if name.column.startswith("identity:") else mapping.referred)[name.identity_type]
        keys = name.table.select(_text=name.table.text, **{name.column: name.table.identity_key})
        rows = rows.left_join(keys, cell(staged, mapping, columns, rows) == keys._text).drop("_text")
    return rows


def _persons(draft: Draft, mapping: Mapping, named: list[Named]) -> None:
    for column, role in (("identity_key", "identity:"), ("referred_key", "referred:")):
        if mapping.target.has(column):
            keys = [draft[n.column] for n in named if n.column.startswith(role)]
            draft.add(**{column: ibis.coalesce(*keys) if keys else ibis.null("int64")})
            if mapping.target.column(column).is_needed:
                draft.refuse(draft[column].isnull(), "identity.missing")


def _sightings(rows: ir.Table, named: Named) -> ir.Table:
    """Grouped by key before the join: there are far fewer identities than rows."""
    carried = rows.filter(rows[named.column].notnull())
    grouped = carried.group_by(identity_key=carried[named.column]).aggregate(
        seen_at=carried.occurred_at.min(), row_number=carried.row_number.min()
    )
    said = named.table.select("identity_type", "namespace", "value", "mac", "identity_key").distinct()
    return grouped.inner_join(said, "identity_key").select(
        "identity_type", "namespace", "value", "mac", "identity_key", "seen_at", "row_number"
    )


def _pairs(rows: ir.Table, left: Named, right: Named) -> ir.Table:
    a, b = rows[left.column], rows[right.column]
    both = rows.filter(a.notnull() & b.notnull() & (a != b))
    a, b = both[left.column], both[right.column]
    return both.select(left_key=ibis.least(a, b), right_key=ibis.greatest(a, b), seen_at=both.occurred_at, row_number=both.row_number)


def _first(rows: ir.Table, key: list[str]) -> ir.Table:
    """One row per key; numbered anew, because one row of the file may show several."""
    rest = [c for c in rows.columns if c not in (*key, "seen_at", "row_number")]
    grouped = rows.group_by(key).aggregate(
        **{c: rows[c].min() for c in rest}, seen_at=rows.seen_at.min(), _row=rows.row_number.min()
    )
    return grouped.mutate(row_number=ibis.row_number().over(order_by=["_row", *key]) + 1).drop("_row")


# -- columns ---------------------------------------------------------------------------------------------------------


def _texts(draft: Draft, staged: Staged, mapping: Mapping) -> None:
    """What the file, or else the mapping, says of every contract column, as ``text:…``. Date and clock of a time are joined."""
    texts = {f"text:{name}": ibis.literal(value) for name, value in mapping.constants.items()}
    for name, columns in mapping.columns.items():
        is_time = mapping.target.has(name) and mapping.target.column(name).kind == "time"
        if is_time and len(columns) > 1:
            text = reduce(lambda a, b: a + " " + b, [cell(staged, mapping, [c], draft.rows) for c in columns])
        else:
            text = cell(staged, mapping, columns, draft.rows)
        text = _renamed(text, mapping.values.get(name, {}))
        texts[f"text:{name}"] = text.fill_null(mapping.constants[name]) if name in mapping.constants else text
    if mapping.refund.column:
        texts["text:refund"] = cell(staged, mapping, [mapping.refund.column], draft.rows)
    draft.add(**texts)


def _values(draft: Draft, mapping: Mapping, world: World) -> None:
    """Every column that is read by itself; money is not, nor are quantity and price of order lines."""
    apart = ("quantity", "unit_price") if mapping.target.name == "order_lines" else ()
    columns = [c for c in mapping.target.columns if f"text:{c.name}" in draft and c.kind != "money" and c.name not in apart]
    draft.add(**{c.name: _read(draft[f"text:{c.name}"], c, mapping, world) for c in columns})
    for column in columns:
        value, text = draft[column.name], draft[f"text:{column.name}"]
        if column.name == "occurred_at":
            draft.refuse(text.isnull(), "time.missing")
            draft.refuse(text.notnull() & value.isnull(), "time.unreadable")
            draft.refuse(value > ibis.literal(world.now, parsing.NAIVE), "time.future")
            draft.refuse(value < ibis.literal(EARLIEST, parsing.NAIVE), "time.too_early")
        elif column.choices:
            draft.refuse(value.notnull() & value.notin(column.choices), f"value.unknown:{column.name}")
        elif column.kind not in ("text", "code", "json"):
            draft.refuse(text.notnull() & value.isnull(), f"value.unreadable:{column.name}")


def _read(text: ir.StringValue, column: Column, mapping: Mapping, world: World) -> ir.Value:
    match column.kind:
        case "time":
            return parsing.time(text, mapping.times.formats, mapping.times.zone or world.zone)
        case "day":
            return parsing.day(text, mapping.times.formats)
        case "count":
            return parsing.whole(text, mapping.decimal)
        case "decimal":
            return parsing.decimal(text, mapping.decimal)
        case "flag":
            return parsing.flag(text)
        case _:
            return text


def _needed(draft: Draft, mapping: Mapping) -> None:
    """Needed columns whose cell is empty. What was there and could not be read has its reason already."""
    for column in mapping.target.columns:
        short = f"text:{column.name.removesuffix('_minor')}"
        text = f"text:{column.name}" if f"text:{column.name}" in draft else short
        if column.is_needed and column.name != "occurred_at" and text in draft:
            draft.refuse(draft[text].isnull(), f"value.missing:{column.name.removesuffix('_minor')}")


def _renamed(text: ir.StringValue, values: Dict[str, str]) -> ir.StringValue:
    if not values:
        return text
    named = [(text == old, ibis.literal(new)) for old, new in values.items() if old != OTHERS]
    rest = ibis.ifelse(text.isnull(), ibis.null("string"), values[OTHERS]) if OTHERS in values else text
    return ibis.cases(*named, else_=rest) if named else rest


def _meant(text: ir.StringValue, mapping: Mapping) -> ir.StringValue:
    return ibis.ifelse(text.isin(mapping.nulls), ibis.null("string"), text) if mapping.nulls else text
