"""Parts of figures told by the values of a dimension, in several spans of days at once, so that the values of every dimension add up to the part.

Whatever a part counts stands in one row with one value of each dimension: a row of a table with its own, a member with those of the member's first row.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from core.metrics import facts as f
from core.metrics.facts import PLACE, Facts
from core.metrics.parts import BALANCE, STOCKS, Part
from core.periods import Period

COLUMNS = {
    "channel": "channel", "group": "group_id", "event": "name", "product": "product_id", "main_product": "main_product_id",
    "feedback_category": "category", "campaign": "campaign_id", "content": "content_id", "reason": "reason", "scene": "scene", "source": "source",
}  # fmt: skip
"""Dimensions that rows tell themselves: the column of each. ``main_product``: of an order as a whole, that of its dearest line
(``core.metrics.facts.orders``); a refund has its own, so that the two are no ratio."""
OF_PRODUCTS = "product_category"
OF_MEMBERS = ("unit", "newness", "city", "tier")
"""Dimensions of the member behind a row, null where nobody is known: told of everything that is of members. ``unit``: the first by id of the member's, where nobody is known
that of the row. ``newness``: ``new`` for whose first action ever or joining lies in the span (in the long one of usual days: in as many days up to the row's own as the
others have), else ``known``."""
DIMENSIONS = (*COLUMNS, OF_PRODUCTS, *OF_MEMBERS)
SPLIT = ("members", "repeating", "rows", "sum", *STOCKS, BALANCE)
"""Kinds of parts that can be told by dimension; a median adds up to nothing."""
USUAL = "usual"
"""The span of usual days."""


def dimensions(facts: Facts, parts: Sequence[Part]) -> tuple[str, ...]:
    """Those that all of some parts have, in the order of ``DIMENSIONS``."""
    found = set(DIMENSIONS)
    for part in parts:
        found &= set(_of(part, part.rows(facts)))
    return tuple(name for name in DIMENSIONS if name in found)


def _of(part: Part, rows: ir.Table) -> list[str]:
    if part.how in STOCKS:
        return list(OF_MEMBERS)
    own = [name for name, column in COLUMNS.items() if column in rows.columns]
    return [*own, *([OF_PRODUCTS] if "product" in own else []), *(OF_MEMBERS if _is_of_members(part, rows) else ())]


def _is_of_members(part: Part, rows: ir.Table) -> bool:
    return part.is_of_members and "member_id" in rows.columns


def told(
    facts: Facts, part: Part, spans: Mapping[str, Period], members: ir.Table, products: ir.Table, place: str | None
) -> ir.Table:
    """A part as rows that each count once.

    ``members``: ``member_id``, ``unit_id``, ``city``, ``tier``, ``born_on``, one row per member. ``products``: ``product_id``, ``category``, one row per product. ``place``: of facts told apart by place
    only those of this one; null = all. Grain: one row per span and thing counted: a row of the table, or a member. Columns: ``span``, ``member_id`` (null where
    nobody is known), ``amount``, and ``by_…`` of every dimension that the part has. The spans may overlap.
    """
    rows = part.rows(facts)
    kept = rows.filter(part.condition(rows))
    if place is not None and PLACE in kept.columns:
        kept = kept.filter(kept[PLACE] == place)
    own = [name for name in _of(part, rows) if name in COLUMNS]
    named = {f"by_{name}": kept[COLUMNS[name]].cast("string") for name in own}
    amount = kept[part.of] if part.how in ("sum", BALANCE) else ibis.literal(1)
    unit = kept.unit_id if "unit_id" in kept.columns and part.how not in STOCKS else ibis.null("string")
    who = kept.member_id if "member_id" in kept.columns else ibis.null("int64")
    kept = kept.select("local_date", member_id=who, amount=amount, own_unit=unit, **named)
    if part.how in (*STOCKS, BALANCE):
        spread = _stock(part, kept, spans)
    else:
        spread = _spread(kept, spans)
    if part.how in ("members", "repeating"):
        spread = _first_of_each(spread, list(named), 2 if part.how == "repeating" else 1)
    found = spread.drop("local_date")
    if "product" in own:
        categories = products.select(by_product="product_id", by_product_category="category")
        found = found.left_join(categories, "by_product").drop("by_product_right")
    is_of_members = _is_of_members(part, rows)
    return _with_members(found, members) if is_of_members else found.drop("own_unit", "new_from", "end_on")


def gathered(rows: ir.Table, names: Sequence[str]) -> ir.Table:
    """What ``told`` gave, added up by all of several dimensions together.

    Grain: one row per span and combination of values. Columns: ``span``, ``by_…``, ``total``, ``squares`` (the sum of the squares of what is added up).
    """
    whole = "int64" if rows.amount.type().is_integer() else "float64"
    amount = rows.amount.cast("float64")
    return rows.group_by("span", *(f"by_{name}" for name in names)).aggregate(
        total=rows.amount.sum().fill_null(0).cast(whole), squares=(amount * amount).sum().fill_null(0.0)
    )


def summed(rows: ir.Table, names: Sequence[str]) -> ir.Table:
    """What ``gathered`` gave, added up by each of several dimensions, and in all.

    Grain: one row per dimension, span and value. Columns: ``dimension`` (empty: in all), ``span``, ``value`` (null = none is named), ``total``, ``squares``.
    """
    each = []
    for name in ("", *names):
        value = rows[f"by_{name}"] if name else ibis.literal("")
        grouped = rows.group_by("span", value=value).aggregate(total=rows.total.sum(), squares=rows.squares.sum())
        total = grouped.total.cast(rows.total.type())
        each.append(
            grouped.select(dimension=ibis.literal(name), span="span", value="value", total=total, squares="squares")
        )
    return ibis.union(*each) if len(each) > 1 else each[0]


def only(rows: ir.Table, within: Mapping[str, str | None]) -> ir.Table:
    """Those rows of ``told`` that have these values, of the dimensions that they have."""
    for name, value in within.items():
        if f"by_{name}" in rows.columns:
            column = rows[f"by_{name}"]
            rows = rows.filter(column.isnull() if value is None else column == value)
    return rows


def _spread(rows: ir.Table, spans: Mapping[str, Period]) -> ir.Table:
    """Rows once in every span that they lie in, with the day from which a member is new in it."""
    length = _length(spans)
    days = [
        (day, name, day - timedelta(days=length - 1) if name == USUAL else span.start_on, span.end_on)
        for name, span in spans.items()
        for day in (span.start_on + timedelta(days=place) for place in range(span.days))
    ]
    first, end = min(span.start_on for span in spans.values()), max(span.end_on for span in spans.values())
    inside = rows.filter((rows.local_date >= first) & (rows.local_date < end))
    return inside.inner_join(_table(days, "local_date"), "local_date")


def _stock(part: Part, rows: ir.Table, spans: Mapping[str, Period]) -> ir.Table:
    """What there was before the edge of each span."""
    length = _length(spans)
    edges = []
    for name, span in spans.items():
        edge = span.end_on if part.how == "stock_end" else span.start_on
        edges.append((edge, name, span.end_on - timedelta(days=length), span.end_on))
    crossed = rows.cross_join(_table(edges, "edge_on"))
    return crossed.filter((crossed.local_date < crossed.edge_on) | crossed.local_date.isnull()).drop("edge_on")


def _length(spans: Mapping[str, Period]) -> int:
    return next(span.days for name, span in spans.items() if name != USUAL)


def _table(rows: Sequence[tuple[date, str, date, date]], name: str) -> ir.Table:
    day, span, new_from, end_on = zip(*rows, strict=True)
    return ibis.memtable(
        pa.table(
            {
                name: pa.array(day, pa.date32()), "span": pa.array(span, pa.string()),
                "new_from": pa.array(new_from, pa.date32()), "end_on": pa.array(end_on, pa.date32()),
            }
        )
    )  # fmt: skip


def _first_of_each(rows: ir.Table, named: Sequence[str], least: int) -> ir.Table:
    """Each known member once per span, with ``least`` rows or more, at the first row: of the earliest day, of one day the first by the names of its values."""
    rows = f.known(rows)
    if not named:
        found = rows.group_by("span", "member_id").aggregate(
            local_date=rows.local_date.min(), new_from=rows.new_from.min(), end_on=rows.end_on.min(), own_unit=rows.own_unit.min(),
            amount=rows.amount.min(), own_rows=rows.count(),
        )  # fmt: skip
        return found.filter(found.own_rows >= least).drop("own_rows")
    each = ibis.window(group_by=["span", "member_id"])
    order = [rows.local_date, *(rows[name].asc(nulls_first=False) for name in named), rows.own_unit]
    place = ibis.row_number().over(group_by=["span", "member_id"], order_by=order)
    ranked = rows.mutate(place=place, own_rows=rows.count().over(each))
    return ranked.filter((ranked.place == 0) & (ranked.own_rows >= least)).drop("place", "own_rows")


def _with_members(rows: ir.Table, members: ir.Table) -> ir.Table:
    joined = rows.left_join(members, "member_id").drop("member_id_right")
    is_new = ((joined.born_on >= joined.new_from) & (joined.born_on < joined.end_on)).fill_null(False)
    newness = ibis.cases((joined.member_id.isnull(), ibis.null("string")), (is_new, "new"), else_="known")
    unit = ibis.ifelse(joined.member_id.isnull(), joined.own_unit, joined.unit_id)
    found = joined.mutate(by_unit=unit, by_newness=newness, by_city=joined.city, by_tier=joined.tier)
    return found.drop("own_unit", "new_from", "end_on", "unit_id", "city", "tier", "born_on")
