"""What the platform counted of groups (``group_statistics``), beside what messages and callbacks told. Expressions.

A series is what a row is of: a group, all groups of an owner, or all. Only days with statistics are compared, so that neither side has more
days than the other. What the platform counted and nothing else told is lost: callbacks that never came, messages the archive lacks.
The platform counts staff and bots among the members, and everybody once in each group.
"""

import ibis
import ibis.expr.types as ir

SERIES = ("group_id", "staff_id")
COUNTS = ("message_count", "member_count", "new_member_count", "talking_member_count")


def newest(statistics: ir.Table) -> ir.Table:
    """One row per series and day: ``group_id``, ``staff_id`` (one of them or both null), ``local_date`` and the counts. Of several rows of
    one day the one taken last counts; where that is not told, that of the newest import; the last one in its file."""
    rows = statistics.mutate(
        staff_id=ibis.ifelse(statistics.group_id.isnull(), statistics.staff_id, ibis.null("string"))
    )
    order = [rows.taken_at.desc(nulls_first=False), rows.batch_id.desc(), rows.row_number.desc()]
    place = ibis.row_number().over(group_by=[*SERIES, "local_date"], order_by=order)
    return rows.mutate(_place=place).filter(lambda t: t._place == 0).select(*SERIES, "local_date", *COUNTS)


def of_owners(newest: ir.Table, owners: ir.Table) -> ir.Table:
    """Rows that are of an owner, but for days on which a group of that owner has a row of its own: they would count twice. ``owners``:
    ``group_id``, ``owner``."""
    groups = newest.filter(newest.group_id.notnull()).inner_join(owners, "group_id")
    told = groups.select(_owner="owner", _on="local_date").distinct()
    rows = newest.filter(newest.group_id.isnull() & newest.staff_id.notnull())
    return rows.anti_join(told, [rows.staff_id == told._owner, rows.local_date == told._on])


def compared(told: ir.Table, messages: ir.Table, joins: ir.Table, inside: ir.Table) -> ir.Table:
    """Per ``key``: ``days`` (with statistics), ``first_on``, ``last_on``; ``messages_told``, ``messages_counted``, ``joined_told``,
    ``joined_counted`` on these days; ``members_told`` and ``members_counted`` on each series' last day.

    ``told``: ``key``, ``series``, ``local_date`` and the counts. ``messages``, ``joins``: ``series``, ``local_date``, ``counted``. ``inside``:
    ``series``, ``counted`` at the end of its last day.
    """
    rows = told.left_join(messages.rename(messages="counted"), ["series", "local_date"]).drop(
        "series_right", "local_date_right"
    )
    rows = rows.left_join(joins.rename(joins="counted"), ["series", "local_date"]).drop(
        "series_right", "local_date_right"
    )
    days = rows.group_by("key").aggregate(
        days=rows.local_date.nunique(), first_on=rows.local_date.min(), last_on=rows.local_date.max(),
        messages_told=rows.message_count.sum(), messages_counted=_known(rows.messages, rows.message_count),
        joined_told=rows.new_member_count.sum(), joined_counted=_known(rows.joins, rows.new_member_count),
    )  # fmt: skip
    last = lasts(told).left_join(inside, "series").drop("series_right")
    ends = last.group_by("key").aggregate(
        members_told=last.member_count.sum(), members_counted=_known(last.counted, last.member_count)
    )
    return days.left_join(ends, "key").drop("key_right")


def lasts(told: ir.Table) -> ir.Table:
    """Each series' last row that tells its members: ``key``, ``series``, ``local_date``, ``member_count``."""
    rows = told.filter(told.member_count.notnull())
    is_last = rows.local_date == rows.local_date.max().over(group_by=["key", "series"])
    return rows.filter(is_last).select("key", "series", "local_date", "member_count")


def _known(counted: ir.Value, told: ir.Value) -> ir.Value:
    """The sum of what was counted where the platform told as well; null where it never did."""
    return ibis.ifelse(told.notnull(), counted.fill_null(0), None).sum()
