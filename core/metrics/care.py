"""Service of the staff, one person at a time (product.md 5.7): whether somebody answered, how soon, whether it was solved, what the
person thought of it, and how much of it fell out of duty hours. Expressions over conversations.

Duty is 9 to 21 in the business zone on every day (``core.metrics.replies.DUTY``); only this time counts as waiting. A conversation
begun less than a day before the newest data that nobody answered yet is open: neither answered nor missed; one not solved by then is
running: neither solved nor unsolved. Overtime is what the conversations alone tell: a first answer sent out of duty hours, and each
hour of the clock out of duty in which an employee gave a first answer or solved something counts as one hour worked. So it is the
least there was: what else was written in such an hour nobody tells. Rules of thumb, ours.
"""

from datetime import datetime

import ibis
import ibis.expr.types as ir

from core.metrics.replies import DAY_S, DUTY, PATIENCE, waited

SLOW_S = 3600
"""Waiting on duty from which a first answer is slow."""
HAPPY, LOW = 4, 2
"""Scores of 1 to 5 from which somebody is satisfied, and up to which not."""
COUNTS = (
    "conversations", "judged", "answered", "missed", "open", "slow", "settled", "resolved", "unsolved", "running", "scored", "happy", "low",
    "overtime", "wrong",
)  # fmt: skip
HOUR_S = 3600


def judged(rows: ir.Table, as_of: datetime) -> ir.Table:
    """Conversations with what became of them. ``rows``: ``key``, ``staff_id``, ``member_id``, ``local_date``, ``occurred_at``,
    ``first_reply_at``, ``resolved_at``, ``score``, and ``asked_local``, ``replied_local``, ``resolved_local``: the three times in the
    business zone. ``as_of``: the newest data, naive UTC.

    Adds the flags that ``figures`` counts, ``waited_seconds`` (on duty; null while nobody answered; 0 where the employee spoke
    first) and ``lasted_seconds`` (by the clock, null while nothing is solved). ``is_wrong``: of what is settled, whatever was
    missed, left unsolved for more than a day, or scored low.
    """
    answered, resolved = rows.first_reply_at.notnull(), rows.resolved_at.notnull()
    is_young = rows.occurred_at > ibis.literal(as_of - PATIENCE)
    score = rows.score.cast("float64")
    low = (score <= LOW).fill_null(False)
    waiting = ibis.greatest(waited(rows.asked_local, rows.replied_local), 0)
    lasted = rows.resolved_at.epoch_seconds() - rows.occurred_at.epoch_seconds()
    missed, unsolved = ~answered & ~is_young, ~resolved & ~is_young
    settled = resolved | ~is_young
    return rows.mutate(
        score=score,
        waited_seconds=ibis.ifelse(answered, waiting, None),
        lasted_seconds=ibis.ifelse(resolved, ibis.greatest(lasted, 0), None),
        is_conversations=ibis.literal(True),
        is_judged=answered | ~is_young,
        is_answered=answered,
        is_missed=missed,
        is_open=~answered & is_young,
        is_slow=(waiting > SLOW_S).fill_null(False) & answered,
        is_settled=settled,
        is_resolved=resolved,
        is_unsolved=unsolved,
        is_running=~resolved & is_young,
        is_scored=score.notnull(),
        is_happy=(score >= HAPPY).fill_null(False),
        is_low=low,
        is_overtime=answered & is_off_duty(rows.replied_local).fill_null(False),
        is_wrong=settled & (missed | unsolved | low),
    )


def is_off_duty(local: ir.Value) -> ir.BooleanValue:
    """Whether a naive time of the business zone lies outside duty hours: 20:59:59 lies in them, 21:00 does not."""
    opens, closes = (moment.hour * HOUR_S + moment.minute * 60 for moment in DUTY)
    second = local.epoch_seconds() % DAY_S
    return (second < opens) | (second >= closes)


def figures(judged: ir.Table) -> ir.Table:
    """Per key: how many of each kind (``COUNTS``), ``first_reply_seconds`` and ``first_reply_p90_seconds`` (median and 90th
    percentile of waiting on duty), ``resolution_seconds`` (median), ``score_sum`` and ``score_squares``."""
    return judged.group_by("key").aggregate(
        **{name: judged[f"is_{name}"].cast("int64").sum() for name in COUNTS},
        first_reply_seconds=judged.waited_seconds.quantile(0.5),
        first_reply_p90_seconds=judged.waited_seconds.quantile(0.9),
        resolution_seconds=judged.lasted_seconds.quantile(0.5),
        score_sum=judged.score.sum(),
        score_squares=(judged.score * judged.score).sum(),
    )


def overtime_hours(rows: ir.Table) -> ir.Table:
    """Hours worked out of duty, one row each: ``key``, ``staff_id``, ``local_date`` (of the hour), ``hour``. Several answers in one hour
    of one employee are one hour; the hours of a unit are those of its employees together. ``rows``: as for ``judged``."""
    moments = ibis.union(
        *[rows.select("key", "staff_id", at=rows[name]) for name in ("replied_local", "resolved_local")]
    )  # fmt: skip
    late = moments.filter(moments.at.notnull() & is_off_duty(moments.at))
    return late.select("key", "staff_id", local_date=late.at.date(), hour=late.at.hour()).distinct()


def weekly(judged: ir.Table) -> ir.Table:
    """By ISO week of the beginning (``on``, its Monday): ``conversations``, ``answered``, ``overtime``, ``missed``, ``open``."""
    rows = judged.mutate(on=judged.local_date.truncate("W").cast("date"))
    names = ("conversations", "answered", "overtime", "missed", "open")
    return rows.group_by("on").aggregate(**{name: rows[f"is_{name}"].cast("int64").sum() for name in names})
