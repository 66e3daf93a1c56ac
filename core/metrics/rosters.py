"""Who was in a group when: what callbacks told, mended by lists of members (``group_rosters``), for callbacks may be lost.

A list says who was in the group at its time. Whoever is in it and was not in the group joined by then: at the time the list itself
tells, else at the list's. Whoever was in and is missing from a complete list left by then, and is taken to have left at its time,
the latest there can be: until it was seen that somebody is gone, the figures said that the person is in, and they stay as they
were. A list that may lack somebody says only who is in. What a callback tells at the very time of a list came before it.

A leave of somebody nobody saw before says that the person had been in for as long as anybody knows, unless a complete list stood
in between. A change that changes nothing (told twice, by two sources) is none. Nothing here is stored: lists and callbacks may come
and go in any order (docs/adr/0007-rosters.md).
"""

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

PLACE = ("group_id", "member_id")
_ORDER = ("tick", "is_listed", "batch_id", "row_number")


@ibis.udf.scalar.builtin(name="epoch_us")
def _microseconds(at: dt.timestamp) -> dt.int64:  # type: ignore[empty-body,valid-type]
    """Microseconds since 1970 of a naive time."""


def looks(rosters: ir.Table) -> ir.Table:
    """One row per group and time at which its members were listed, of all rows of ``group_rosters``: ``group_id``, ``tick``,
    ``occurred_at``, ``local_date``, ``is_complete`` (no row of it says that somebody may be missing)."""
    named = rosters.filter(rosters.group_id.notnull())
    found = named.group_by("group_id", "occurred_at").aggregate(
        local_date=named.local_date.min(), is_complete=named.is_complete.fill_null(True).all()
    )
    return found.mutate(tick=_after(found.occurred_at))


def told(changes: ir.Table) -> ir.Table:
    """Evidence of callbacks. ``changes``: rows of ``group_membership``, linked to members."""
    known = changes.filter(changes.member_id.notnull())
    return known.select(
        *PLACE, "local_date", tick=_at(known.occurred_at), is_in=known.change == "join", is_listed=ibis.literal(False),
        batch_id=known.batch_id, row_number=known.row_number,
    )  # fmt: skip


def listed(rosters: ir.Table) -> ir.Table:
    """Evidence that somebody was in: the lists themselves, and joins that they date. ``rosters``: rows of ``group_rosters``, linked
    to members, with ``joined_on`` (business day of ``joined_at``). Staff and bots are in no figure."""
    people = rosters.filter(rosters.member_id.notnull() & (rosters.person_kind.fill_null("member") == "member"))
    dated = people.filter(people.joined_at <= people.occurred_at)
    return ibis.union(
        _seen(people, people.local_date, _after(people.occurred_at)), _seen(dated, dated.joined_on, _at(dated.joined_at))
    )  # fmt: skip


def gone(present: ir.Table, looks: ir.Table) -> ir.Table:
    """Evidence that somebody was not in any more: the first complete list after each sign of the person, where it lacks the person.
    ``present``: evidence that somebody was in."""
    complete = looks.filter(looks.is_complete).select(
        "group_id", look=looks.tick, look_on=looks.local_date
    )  # fmt: skip
    signs = present.select(*PLACE, "tick")
    after = signs.asof_join(complete, on=signs.tick < complete.look, predicates="group_id")
    held = after.filter(after.look.notnull()).select(*PLACE, "look", "look_on").distinct()
    missed = held.anti_join(
        signs, [(held.group_id, signs.group_id), (held.member_id, signs.member_id), (held.look, signs.tick)]
    )
    return missed.select(
        *PLACE, local_date=missed.look_on, tick=missed.look, is_in=ibis.literal(False), is_listed=ibis.literal(True),
        batch_id=ibis.literal(0, "int64"), row_number=ibis.literal(0, "int64"),
    )  # fmt: skip


def evidence(told: ir.Table, listed: ir.Table, looks: ir.Table) -> ir.Table:
    """All that is known of who is in and who is not, with ``first_look``: the group's first complete list, null without one."""
    present = ibis.union(told.filter(told.is_in), listed)
    every = ibis.union(told, listed, gone(present, looks))
    complete = looks.filter(looks.is_complete)
    first = complete.group_by("group_id").aggregate(first_look=complete.tick.min())
    return every.left_join(first, "group_id").drop("group_id_right")


def states(evidence: ir.Table) -> ir.Table:
    """Evidence as what it says of a person in a group: ``local_date``, ``tick`` (twice the microseconds since 1970), ``is_in``, ``was_in`` (before it), ``is_first`` of the person in the
    group, ``next_on`` (the day of what is known next, null at the last), ``until_on`` (the day since when the person was out again; null where
    nothing says so), ``is_listed``."""
    own = ibis.window(group_by=list(PLACE), order_by=list(_ORDER))
    later = ibis.window(group_by=list(PLACE), order_by=list(_ORDER), preceding=0, following=None)
    out_on = ibis.ifelse(evidence.is_in, ibis.null("date"), evidence.local_date)
    rows = evidence.mutate(
        _before=evidence.is_in.lag().over(own),
        next_on=evidence.local_date.lead().over(own),
        until_on=out_on.min().over(later),
    )
    unseen = ~rows.is_in
    if "first_look" in rows.columns:
        unseen = unseen & (rows.first_look.isnull() | (rows.tick < rows.first_look))
    return rows.select(
        *PLACE, "local_date", "tick", "is_in", "is_listed", "next_on", "until_on",
        is_first=rows._before.isnull(), was_in=rows._before.fill_null(unseen),
    )  # fmt: skip


def _seen(people: ir.Table, on: ir.Value, tick: ir.Value) -> ir.Table:
    rows = people.select(*PLACE, local_date=on, tick=tick).distinct()
    return rows.mutate(
        is_in=ibis.literal(True), is_listed=ibis.literal(True),
        batch_id=ibis.literal(0, "int64"), row_number=ibis.literal(0, "int64"),
    )  # fmt: skip


def _at(time: ir.Value) -> ir.Value:
    """A time as a number that leaves room behind each microsecond for what was listed then."""
    return _microseconds(time) * 2


def _after(time: ir.Value) -> ir.Value:
    return _microseconds(time) * 2 + 1
