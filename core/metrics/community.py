"""Group chats (product.md 5.7): who is in them and who speaks. Expressions over facts, figures by any key of groups.

``messages`` are ``group_messages`` linked to members, with ``key``: the group, or what it
belongs to. Somebody in two groups of a key is one person of it. Only what members say counts (``core.metrics.talk``).
"""

from datetime import date

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
    kinds = {name: _count(is_so) for name, is_so in told_apart(speakers, now).items()}
    return speakers.group_by("key").aggregate(said=speakers.said.sum(), **kinds)


def told_apart(speakers: ir.Table, now: Period) -> dict[str, ir.BooleanValue]:
    """Whom each figure of ``turnover`` counts, by its name."""
    is_now, was_before = speakers.said > 0, speakers.said_before > 0
    is_new = speakers.first_on >= now.start_on
    return {
        "speakers": is_now,
        "new_speakers": is_now & is_new,
        "kept_speakers": is_now & was_before & ~is_new,
        "reactivated_speakers": is_now & ~was_before & ~is_new,
        "lost_speakers": was_before & ~is_now,
    }


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


def stays(states: ir.Table, now: Period) -> ir.Table:
    """One row per key and member of whom anything is known (``core.metrics.rosters.states``): ``is_in`` and ``was_in`` (at the end
    and at the start of the period; in any group of the key), ``joined`` and ``left`` (changes in the period), and of these
    ``joined_listed`` and ``left_listed``: known from lists of members alone, no callback told them."""
    inside = within(states, now)
    joined, left = states.is_in & ~states.was_in & inside, ~states.is_in & states.was_in & inside
    return states.group_by("key", "member_id").aggregate(
        is_in=_holds(states, now.end_on).any(),
        was_in=_holds(states, now.start_on).any(),
        joined=_count(joined),
        left=_count(left),
        joined_listed=_count(joined & states.is_listed),
        left_listed=_count(left & states.is_listed),
    )


def _holds(states: ir.Table, on: date) -> ir.BooleanValue:
    """Whether the person was in at the start of a day, by the row that says so."""
    is_last = (states.local_date < on) & (states.next_on.isnull() | (states.next_on >= on))
    return (is_last & states.is_in) | (states.is_first & (states.local_date >= on) & states.was_in)


def membership(stays: ir.Table) -> ir.Table:
    """Per key: ``members`` and ``members_before`` (at the end and at the start of the period), ``joined`` and ``left`` (changes in
    it; somebody who comes and goes counts in both), ``joined_listed`` and ``left_listed``. Of one group members_before + joined -
    left = members."""
    return stays.group_by("key").aggregate(
        members=_count(stays.is_in),
        members_before=_count(stays.was_in),
        joined=stays.joined.sum(),
        left=stays.left.sum(),
        joined_listed=stays.joined_listed.sum(),
        left_listed=stays.left_listed.sum(),
    )


def ladder(stays: ir.Table, speakers: ir.Table) -> ir.Table:
    """Per key, of the members at the end of the period: ``speaking`` (spoke in it), ``ever_spoke`` (spoke at any time); all others
    have only ever read."""
    found = standing(stays, speakers)
    return found.group_by("key").aggregate(**{name: _count(is_so) for name, is_so in rungs(found).items()})


def standing(stays: ir.Table, speakers: ir.Table) -> ir.Table:
    """One row per key and member at the end of the period: ``said`` in it; null for those who never spoke."""
    inside = stays.filter(stays.is_in).select("key", "member_id")
    found = inside.left_join(speakers, ["key", "member_id"])
    return found.select("key", "member_id", "said")


def rungs(standing: ir.Table) -> dict[str, ir.BooleanValue]:
    """Whom each figure of ``ladder`` counts, by its name."""
    return {"speaking": (standing.said > 0).fill_null(False), "ever_spoke": standing.said.notnull()}


def within(rows: ir.Table, period: Period) -> ir.BooleanValue:
    return (rows.local_date >= period.start_on) & (rows.local_date < period.end_on)


def _last(now: Period, days: int) -> Period:
    return Period(now.end_on.fromordinal(now.end_on.toordinal() - days), now.end_on)


def _count(is_so: ir.BooleanValue) -> ir.IntegerScalar:
    return is_so.cast("int64").sum()
