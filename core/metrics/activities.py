"""Group activities (product.md 5.7): who of the group took part, and what they drew: talk, new speakers, orders. Expressions.

``held``: the activities asked about, one row each: ``key``, ``group_id`` (null where it belongs to none), ``start_on``, ``until_on`` (the
first day that is not of it, or that no data exists for yet), ``before_on`` (as many days before ``start_on`` as there are from it).
Rates are of those who were in the group at the start; whoever took part without having been there counts as coming from outside.
What is drawn is set against as many days before, and orders are those within ``ORDER_DAYS`` after somebody first took part: they came
after it, and need not have come of it. Somebody in two activities is put down to both.
"""

from datetime import timedelta

import ibis
import ibis.expr.types as ir

from core.metrics import community

ORDER_DAYS = 7
"""Days after first taking part in which orders count. Rule of thumb."""


def taking(participation: ir.Table, held: ir.Table) -> ir.Table:
    """One row per activity and member who took part: ``key``, ``member_id``, ``first_at`` (naive UTC)."""
    rows = _acts(participation, held)
    return rows.group_by("key", "member_id").aggregate(first_at=rows.occurred_at.min())


def actions(participation: ir.Table, held: ir.Table) -> ir.Table:
    """Per activity, member and action: ``key``, ``member_id``, ``action``."""
    return _acts(participation, held).select("key", "member_id", "action").distinct()


def _acts(participation: ir.Table, held: ir.Table) -> ir.Table:
    known = participation.filter(participation.member_id.notnull())
    days = held.select("key")
    joined = known.inner_join(days, known.activity_id == days.key)
    return joined.select("key", "member_id", "action", "occurred_at")


def there(states: ir.Table, held: ir.Table) -> ir.Table:
    """Who was in the group at the start of the activity's first day: ``key``, ``member_id``. ``states``: ``core.metrics.rosters.states``."""
    days = held.select("key", "start_on", _group="group_id")
    joined = states.inner_join(days, states.group_id == days._group)
    inside = joined.filter(community.inside(joined, joined.start_on))  # type: ignore[arg-type]
    return inside.select("key", "member_id").distinct()


def rates(taking: ir.Table, there: ir.Table) -> ir.Table:
    """Per activity: ``participants``, ``members`` (at the start), ``came`` (of these took part), ``outside`` (participants who were not
    there). Activities with neither are absent."""
    both = there.mutate(is_there=True).outer_join(taking.mutate(took=True), ["key", "member_id"])
    rows = both.select(
        key=both.key.coalesce(both.key_right), is_there=both.is_there.fill_null(False), took=both.took.fill_null(False)
    )
    return rows.group_by("key").aggregate(
        participants=_count(rows.took), members=_count(rows.is_there), came=_count(rows.took & rows.is_there),
        outside=_count(rows.took & ~rows.is_there),
    )  # fmt: skip


def absent(taking: ir.Table, there: ir.Table) -> ir.Table:
    """Who was there and did not take part: ``key``, ``member_id``."""
    return there.anti_join(taking, ["key", "member_id"])


def talk(talked: ir.Table, first_words: ir.Table, held: ir.Table) -> ir.Table:
    """Per activity and member who spoke in its group: ``key``, ``member_id``, ``said``, ``said_before``, ``is_new`` (their first message ever
    in the group fell into it). ``talked``, ``first_words``: as ``core.metrics.community`` makes them."""
    days = held.select("key", "start_on", "until_on", "before_on", _group="group_id")
    joined = talked.inner_join(
        days, [talked.group_id == days._group, talked.local_date >= days.before_on, talked.local_date < days.until_on]
    )
    is_during = joined.local_date >= joined.start_on
    said = joined.group_by("key", "group_id", "member_id", "start_on").aggregate(
        said=ibis.ifelse(is_during, joined.said, 0).sum(), said_before=ibis.ifelse(is_during, 0, joined.said).sum()
    )
    first = said.left_join(first_words, ["group_id", "member_id"])
    is_new = (first.said > 0) & (first.first_on >= first.start_on)
    return first.select("key", "member_id", "said", "said_before", is_new=is_new.fill_null(False))


def drew(talk: ir.Table) -> ir.Table:
    """Per activity: ``said``, ``said_before``, ``speakers``, ``speakers_before``, ``new_speakers``."""
    return talk.group_by("key").aggregate(
        said=talk.said.sum(), said_before=talk.said_before.sum(), speakers=_count(talk.said > 0),
        speakers_before=_count(talk.said_before > 0), new_speakers=_count(talk.is_new),
    )  # fmt: skip


def bought(lines: ir.Table, taking: ir.Table) -> ir.Table:
    """Orders of participants after they took part: ``key``, ``member_id``, ``gross_minor``, one row per order. ``lines``: ``order_lines``
    linked to members. An order counts when its gross is above 0; its time is its first line's."""
    sales = lines.filter((lines.line_kind == "sale") & lines.member_id.notnull())
    sales = sales.semi_join(taking, "member_id")
    grouped = sales.group_by("source", "order_no").aggregate(
        member_id=sales.member_id.max(), gross_minor=sales.amount_minor.sum(), at=sales.occurred_at.min()
    )
    orders = grouped.filter(grouped.gross_minor > 0)
    joined = taking.inner_join(orders, "member_id")
    late = joined.first_at + ibis.interval(seconds=int(timedelta(days=ORDER_DAYS).total_seconds()))
    inside = joined.filter((joined["at"] >= joined.first_at) & (joined["at"] <= late))
    return inside.select("key", "member_id", "gross_minor")


def _count(is_so: ir.BooleanValue) -> ir.IntegerScalar:
    return is_so.cast("int64").sum()
