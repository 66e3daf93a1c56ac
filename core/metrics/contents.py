"""Content (product.md 5.8): who reads it, what they do with it, and what they buy after. Expressions over facts.

``acts`` are ``events`` with a ``content_id`` linked to members, ``deliveries`` messages sent with one (``core.metrics.sends``). First
everything is counted once per piece, channel and member; then any ``key`` of these (the piece, its topic, the channel …) adds it up.
"""

import ibis
import ibis.expr.types as ir

GRAIN = ("content_id", "channel", "member_id")
READS = ("content_view", "live_enter")
"""Events that are a read: a piece opened, a live session entered."""
LIKES, COMMENTS, SHARES = ("like",), ("comment",), ("share",)
COUNTED: dict[str, tuple[str, ...]] = {"reads": READS, "likes": LIKES, "comments": COMMENTS, "shares": SHARES}
WINDOW_DAYS = 7
"""Longest time from a read or click to the order that is credited to it."""


def acted(acts: ir.Table) -> ir.Table:
    """One row per piece, channel and member (null: nobody known): ``reads``, ``likes``, ``comments``, ``shares``."""
    counts = {name: _count(acts.name.isin(names)) for name, names in COUNTED.items()}
    return acts.group_by(*GRAIN).aggregate(**counts)


def clicked(deliveries: ir.Table) -> ir.Table:
    """Of the same grain: ``delivered`` and ``clicks`` (messages, each counted once)."""
    return deliveries.group_by(*GRAIN).aggregate(
        delivered=_count(deliveries.is_delivered), clicks=_count(deliveries.is_clicked)
    )


def bought(credited: ir.Table) -> ir.Table:
    """Of the same grain: ``orders`` and ``revenue_minor`` of orders credited (``core.metrics.last_touch``)."""
    return credited.group_by(*GRAIN).aggregate(orders=ibis._.count(), revenue_minor=credited.gross_minor.sum())


def together(parts: dict[str, tuple[ir.Table, tuple[str, ...]]]) -> ir.Table:
    """Parts of that grain as one table of it, 0 where a part says nothing. Each part names its columns."""
    names = [name for _, columns in parts.values() for name in columns]
    stacked = []
    for table, columns in parts.values():
        values = {name: table[name].cast("int64") if name in columns else ibis.literal(0, "int64") for name in names}
        stacked.append(table.select(*GRAIN, **values))
    rows = ibis.union(*stacked) if len(stacked) > 1 else stacked[0]
    return _summed(rows, GRAIN)


def persons(keyed: ir.Table) -> ir.Table:
    """Rows of ``together`` with ``key``, as one row per key and member."""
    return _summed(keyed.drop("content_id", "channel"), ("key", "member_id"))


def _summed(rows: ir.Table, grain: tuple[str, ...]) -> ir.Table:
    return rows.group_by(*grain).aggregate(**{name: rows[name].sum() for name in rows.columns if name not in grain})


def whom(persons: ir.Table) -> dict[str, ir.BooleanValue]:
    """Whom each figure of people counts, by its name: ``readers`` read or clicked, ``interacting`` of these liked, commented or
    shared, ``clickers`` clicked a message, ``buyers`` bought (only readers can)."""
    has = set(persons.columns)

    def some(*names: str) -> ir.BooleanValue:
        known = [persons[name] > 0 for name in names if name in has]
        found = known[0] if known else ibis.literal(False)
        for one in known[1:]:
            found = found | one
        return found & persons.member_id.notnull()

    readers = some("reads", "clicks")
    return {
        "readers": readers,
        "interacting": readers & some("likes", "comments", "shares"),
        "clickers": some("clicks"),
        "buyers": some("orders"),
    }


def figures(persons: ir.Table) -> ir.Table:
    """Per key: sums of what is counted, and the people of ``whom``."""
    sums = {name: persons[name].sum() for name in persons.columns if name not in ("key", "member_id")}
    people = {name: _count(is_so) for name, is_so in whom(persons).items()}
    return persons.group_by("key").aggregate(**sums, **people)


def _count(is_so: ir.BooleanValue) -> ir.IntegerScalar:
    return is_so.cast("int64").sum()
