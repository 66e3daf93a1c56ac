"""A mapping applied: staged text becomes contract columns, and every row that cannot be taken gets its reasons.

Reasons are codes, with the column they are about after a colon: ``value.unreadable:quantity``.
"""

from collections.abc import Callable, Iterable
from collections.abc import Mapping as Dict
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
from core.work.ingest.mapping import PERSONAL, Mapping
from core.work.ingest.properties import properties
from core.work.ingest.staging import Staged
from core.work.ingest.world import World

EARLIEST = datetime(1970, 1, 1)
OTHERS = "*"
PERSONS = {"identity_key": "identity:", "referred_key": "referred:"}
SELF = ("identity", "also")
"""Roles of identities that are the person of the row."""


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
    found = []
    for role, kind, columns in _roles(mapping):
        # Kept apart, or else the engine would spell out every row before it looks for distinct ones.
        texts = keep(staged.rows.select(text=cell(staged, mapping, columns)).distinct())
        space = namespace(kind, mapping.source)
        value = pseudonyms.normalised(kind, texts.text)
        named = texts.mutate(identity_type=ibis.literal(kind), namespace=ibis.literal(space), value=value).filter(
            value.notnull()
        )
        named = named.mutate(mac=pseudonyms.mac(keys, kind, space, named.value))
        found.append(Named(kind, role, keep(named.mutate(identity_key=pseudonyms.key(named.mac)))))
    return found


def drafted(staged: Staged, mapping: Mapping, world: World) -> ir.Table:
    """All rows as the contract wants them, persons aside, and which cannot be taken, and why.

    Columns: ``row_number``, ``is_refused``, ``reasons`` (null when it can be taken), those of the contract, personal ones as they stand in the file, and the text of each
    identity, called as in ``Named.column``.
    """
    draft = Draft(staged.rows)
    _texts(draft, staged, mapping)
    _persons(draft, mapping)
    _values(draft, mapping, world)
    if mapping.target.name == "order_lines":
        lines.fill(draft, mapping, world)
    else:
        money.fill(draft, mapping, world)
    more = properties(draft.rows, staged, mapping) if mapping.target.has("properties") else None
    if more is not None:
        draft.add(properties=more)
    _needed(draft, mapping)
    if mapping.target.name == "group_messages" and "text:group_id" in draft:
        # Where no column tells the group at all, whoever decides was told so.
        draft.refuse(draft["text:group_id"].isnull(), "value.missing:group_id")
    if mapping.target.name == "group_statistics":
        _counted(draft, mapping)
    if mapping.target.name == "points":
        _taken_away(draft)
    draft.judge()
    made = [c.name for c in mapping.target.columns if c.name in draft]
    told = {name: draft[f"text:{name}"] for name in personal(mapping)}
    return draft.rows.select(
        "row_number", "is_refused", "reasons", *made, *(role for role, _, _ in _roles(mapping)), **told
    )


def personal(mapping: Mapping) -> list[str]:
    """Personal columns that the mapping names."""
    return [name for name in PERSONAL.get(mapping.table, ()) if name in mapping.columns]


def taken(draft: ir.Table, mapping: Mapping, named: list[Named]) -> ir.Table:
    """The rows that can be taken, whole: texts of identities replaced by their keys."""
    rows = draft.filter(~draft.is_refused).drop("is_refused", "reasons").mutate(source=ibis.literal(mapping.source))
    for name in named:
        keys = name.table.select(_text=name.table.text, _key=name.table.identity_key)
        joined = rows.left_join(keys, rows[name.column] == keys._text)
        rows = joined.mutate(**{name.column: joined._key}).drop("_text", "_key")
    for column, role in PERSONS.items():
        keys = [rows[n.column] for n in named if n.column.startswith(role)]
        if mapping.target.has(column):
            rows = rows.mutate(**{column: ibis.coalesce(*keys) if keys else ibis.null("int64")})
    return rows


def cell(staged: Staged, mapping: Mapping, columns: Iterable[str], rows: ir.Table | None = None) -> ir.StringValue:
    """Text of the first filled source column, trimmed; null when none is. Columns a file may lack count as empty."""
    texts = [_meant(staged.text(name, rows), mapping) for name in columns if name in staged.cells]
    if not texts:
        return ibis.null("string")
    return texts[0] if len(texts) == 1 else ibis.coalesce(*texts)


def sighted(rows: ir.Table, named: list[Named]) -> tuple[ir.Table, ir.Table | None]:
    """Identities seen in the rows, and pairs of them seen in one row, each once with its first time and row.

    ``rows``: as ``taken`` makes them; with a single identity column rows of the lake will do, which have only ``identity_key``. The
    person brought by another one is somebody else: no pair joins the two.
    """
    dated = rows if "occurred_at" in rows.columns else rows.mutate(occurred_at=ibis.null(parsing.NAIVE))
    every = [_sightings(dated, n) for n in named]
    seen = _first(every[0] if len(every) == 1 else ibis.union(*every), ["identity_key"])
    pairs = [
        _pairs(dated, left, right)
        for i, left in enumerate(named) for right in named[i + 1 :]
        if _is_self(left) == _is_self(right)
    ]  # fmt: skip
    if not pairs:
        return seen, None
    links = _first(pairs[0] if len(pairs) == 1 else ibis.union(*pairs), ["left_key", "right_key"])
    return seen, links.mutate(rule=ibis.literal("same_row"))


# -- persons ---------------------------------------------------------------------------------------------------------


def _roles(mapping: Mapping) -> list[tuple[str, str, tuple[str, ...]]]:
    """``identity:phone``, ``phone`` and its source columns: in the order in which a fact chooses the one it is filed under."""
    roles = [(f"identity:{kind}", kind, columns) for kind, columns in mapping.identities.items()]
    roles += [(f"also:{kind}", kind, columns) for kind, columns in mapping.also.items()]
    roles += [(f"referred:{kind}", kind, columns) for kind, columns in mapping.referred.items()]
    return sorted(roles, key=lambda role: IDENTITY_TYPES.index(role[1]))


def _is_self(named: Named) -> bool:
    return named.column.split(":")[0] in SELF


def _persons(draft: Draft, mapping: Mapping) -> None:
    for column, role in PERSONS.items():
        if mapping.target.has(column) and mapping.target.column(column).is_needed:
            known = [
                pseudonyms.normalised(kind, draft[name]) for name, kind, _ in _roles(mapping) if name.startswith(role)
            ]  # type: ignore[arg-type]
            draft.refuse(ibis.coalesce(*known).isnull() if known else ibis.literal(True), "identity.missing")
    if mapping.target.name == "group_rosters":
        _nobody_listed(draft, mapping)


def _nobody_listed(draft: Draft, mapping: Mapping) -> None:
    """A row of a list without a person says that the list is of that group. One that tells how or when somebody came lacks whom."""
    told = [draft[f"text:{name}"].notnull() for name in ("joined_at", "scene") if f"text:{name}" in draft]
    known = [pseudonyms.normalised(kind, draft[name]) for name, kind, _ in _roles(mapping)]  # type: ignore[arg-type]
    if told:
        nobody = ibis.coalesce(*known).isnull() if known else ibis.literal(True)
        draft.refuse(nobody & ibis.or_(*told), "identity.missing")


def _sightings(rows: ir.Table, named: Named) -> ir.Table:
    """Grouped by key before the join: there are far fewer identities than rows."""
    column = named.column if named.column in rows.columns else "identity_key"
    carried = rows.filter(rows[column].notnull())
    grouped = carried.group_by(identity_key=carried[column]).aggregate(
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
    return both.select(
        left_key=ibis.least(a, b), right_key=ibis.greatest(a, b), seen_at=both.occurred_at, row_number=both.row_number
    )


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
    for role, _, columns in _roles(mapping):
        texts[role] = cell(staged, mapping, columns, draft.rows)
    if mapping.refund.column:
        texts["text:refund"] = cell(staged, mapping, [mapping.refund.column], draft.rows)
    draft.add(**texts)


def _values(draft: Draft, mapping: Mapping, world: World) -> None:
    """Every column that is read by itself; money is not, nor are quantity and price of order lines."""
    apart = ("quantity", "unit_price") if mapping.target.name == "order_lines" else ()
    columns = [
        c for c in mapping.target.columns if f"text:{c.name}" in draft and c.kind != "money" and c.name not in apart
    ]
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


def _counted(draft: Draft, mapping: Mapping) -> None:
    """Statistics that cannot be: counts below zero, more who wrote than there are, or none at all."""
    counts = [c.name for c in mapping.target.columns if c.kind == "count" and c.name in draft]
    for name in counts:
        draft.refuse(draft[name] < 0, f"count.negative:{name}")
    for part, whole in (("talking_member_count", "member_count"), ("talking_group_count", "group_count")):
        if part in draft and whole in draft:
            draft.refuse(draft[part] > draft[whole], f"count.above_all:{part}")
    none = ibis.and_(*(draft[f"text:{name}"].isnull() for name in counts)) if counts else ibis.literal(True)
    draft.refuse(none, "count.missing")


def _taken_away(draft: Draft) -> None:
    """Points spent or expired are below zero whatever sign the source wrote; giving some back is an adjustment."""
    if "points" in draft and "kind" in draft:
        points = draft["points"]
        draft.add(points=ibis.ifelse(draft["kind"].isin(("spent", "expired")), -points.abs(), points))  # type: ignore[attr-defined]


def _renamed(text: ir.StringValue, values: Dict[str, str]) -> ir.StringValue:
    if not values:
        return text
    named = [(text == old, ibis.literal(new)) for old, new in values.items() if old != OTHERS]
    rest = ibis.ifelse(text.isnull(), ibis.null("string"), values[OTHERS]) if OTHERS in values else text
    return ibis.cases(*named, else_=rest) if named else rest


def _meant(text: ir.StringValue, mapping: Mapping) -> ir.StringValue:
    return ibis.ifelse(text.isin(mapping.nulls), ibis.null("string"), text) if mapping.nulls else text
