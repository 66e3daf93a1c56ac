"""Group chats (product.md 5.7): who is in them and who speaks. Expressions over facts, figures by any key of groups.

``messages`` and ``changes`` are ``group_messages`` and ``group_membership`` linked to members, with ``key``: the group, or what it
belongs to. Somebody in two groups of a key is one person of it. Only what members say counts (``core.metrics.talk``).
"""

import ibis
import ibis.expr.types as ir

from core.metrics import talk
from core.periods import Period

WEEK, MONTH = 7, 30
"""Days of WAU and MAU, both ending with the period."""


def spoken(messages: ir.Table) -> ir.Table:
    """What members said, one row per message: ``key``, ``member_id``, ``local_date``."""
    kept = messages.filter(talk.is_activity(messages) & messages.member_id.notnull())
    return kept.select("key", "member_id", "local_date")


def speakers(spoken: ir.Table, now: Period, before: Period) -> ir.Table:
    """One row per key and member who ever spoke by the end of ``now``: ``said`` and ``said_before`` (messages in the two periods),
    ``first_on`` (day of the first one)."""
    rows = spoken.filter(spoken.local_date < now.end_on)
    return rows.group_by("key", "member_id").aggregate(
        said=within(rows, now).cast("int64").sum(),
        said_before=within(rows, before).cast("int64").sum(),
        first_on=rows.local_date.min(),
    )


def turnover(speakers: ir.Table, now: Period) -> ir.Table:
    """Per key: ``said``; ``speakers`` of the period, of whom ``new_speakers`` spoke for the first time, ``kept_speakers`` spoke in
    the period before as well, and ``reactivated_speakers`` spoke before that only; ``lost_speakers``: of the period before, silent
    in this one. new + kept + reactivated = speakers."""
    is_now, was_before = speakers.said > 0, speakers.said_before > 0
    is_new = speakers.first_on >= now.start_on
    return speakers.group_by("key").aggregate(
        said=speakers.said.sum(),
        speakers=_count(is_now),
        new_speakers=_count(is_now & is_new),
        kept_speakers=_count(is_now & was_before & ~is_new),
        reactivated_speakers=_count(is_now & ~was_before & ~is_new),
        lost_speakers=_count(was_before & ~is_now),
    )


def daily(spoken: ir.Table, now: Period) -> ir.Table:
    """Per key: ``speaker_days`` of the period, ``dau`` (their mean over its days), ``wau`` and ``mau`` (speakers of the last 7 and 30
    days up to its end), ``stickiness``: mean daily speakers of these 30 days over ``mau``; null where nobody spoke in them."""
    last = min(now.start_on.toordinal(), now.end_on.toordinal() - MONTH)
    rows = spoken.filter((spoken.local_date >= now.start_on.fromordinal(last)) & (spoken.local_date < now.end_on))
    days = rows.group_by("key", "member_id", "local_date").aggregate()
    week, month = (_last(now, count) for count in (WEEK, MONTH))
    found = days.group_by("key").aggregate(
        speaker_days=_count(within(days, now)),
        wau=days.member_id.nunique(where=within(days, week)),
        mau=days.member_id.nunique(where=within(days, month)),
        month_days=_count(within(days, month)),
    )
    sticky = found.month_days / (MONTH * found.mau.nullif(0))
    return found.mutate(dau=found.speaker_days / now.days, stickiness=sticky).drop("month_days")


def stays(changes: ir.Table, now: Period) -> ir.Table:
    """One row per key and member who ever joined or left by the end of ``now``: ``is_in`` and ``was_in`` (by the last change
    before its end and its start; in any group of the key), ``joined`` and ``left`` (changes in the period)."""
    rows = changes.filter(changes.local_date < now.end_on)
    latest = [rows.occurred_at.desc(), rows.batch_id.desc(), rows.row_number.desc()]
    own = ["key", "group_id", "member_id"]
    early = rows.local_date < now.start_on
    ranked = rows.mutate(
        _rank=ibis.row_number().over(group_by=own, order_by=latest),
        _rank_before=ibis.row_number().over(group_by=[*own, early], order_by=latest),
        _early=early,
    )
    is_join = ranked.change == "join"
    return ranked.group_by("key", "member_id").aggregate(
        is_in=(is_join & (ranked._rank == 0)).any(),
        was_in=(is_join & ranked._early & (ranked._rank_before == 0)).any(),
        joined=_count(is_join & ~ranked._early),
        left=_count(~is_join & ~ranked._early),
    )


def membership(stays: ir.Table) -> ir.Table:
    """Per key: ``members`` and ``members_before`` (at the end and at the start of the period), ``joined`` and ``left`` (changes in
    it; somebody who comes and goes counts in both)."""
    return stays.group_by("key").aggregate(
        members=_count(stays.is_in),
        members_before=_count(stays.was_in),
        joined=stays.joined.sum(),
        left=stays.left.sum(),
    )


def ladder(stays: ir.Table, speakers: ir.Table) -> ir.Table:
    """Per key, of the members at the end of the period: ``speaking`` (spoke in it), ``ever_spoke`` (spoke at any time); all others
    have only ever read."""
    inside = stays.filter(stays.is_in).select("key", "member_id")
    found = inside.left_join(speakers, ["key", "member_id"])
    return found.group_by("key").aggregate(
        speaking=_count((found.said > 0).fill_null(False)), ever_spoke=_count(found.said.notnull())
    )


def within(rows: ir.Table, period: Period) -> ir.BooleanValue:
    return (rows.local_date >= period.start_on) & (rows.local_date < period.end_on)


def _last(now: Period, days: int) -> Period:
    return Period(now.end_on.fromordinal(now.end_on.toordinal() - days), now.end_on)


def _count(is_so: ir.BooleanValue) -> ir.IntegerScalar:
    return is_so.cast("int64").sum()
