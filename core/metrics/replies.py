"""Questions in group chats and who answered them, and how long that took while somebody was on duty.

A question (``core.metrics.talk``) of a member is answered by the first of: a message of anybody else that replies to it, and a
message of the staff in the same group within two hours that replies to nothing else and carries no piece of content. Questions
asked less than a day before the newest data and not answered yet are open: they count neither as answered nor as missed.
Rules of thumb, ours.
"""

from datetime import datetime, time, timedelta

import ibis
import ibis.expr.types as ir

from core.metrics.community import Spans, within
from core.metrics.talk import NOT_SAID, is_question

REACH = timedelta(hours=2)
"""How long after a question a message of the staff that replies to nothing is taken for the answer."""
PATIENCE = timedelta(days=1)
DUTY = (time(9), time(21))
"""When somebody is on duty, in the business zone; only this time counts as waiting."""
DAY_S = 86_400


def questions(messages: ir.Table) -> ir.Table:
    """Messages of members that ask: the rows of ``group_messages``, linked to members, that count as questions."""
    asks = messages.is_question
    if "text" in messages.columns:
        asks = asks.fill_null(is_question(messages.text))
    is_said = messages.message_kind.fill_null("text").notin(NOT_SAID)
    return messages.filter((messages.sender_kind == "member") & is_said & asks.fill_null(False))


def answered(questions: ir.Table, messages: ir.Table) -> ir.Table:
    """One row per question: ``group_id``, ``member_id``, ``occurred_at``, ``local_date``, ``answered_at`` (null while nobody answered).

    ``messages``: all that was written in the groups, by whomever.
    """
    asked = questions.select(
        "group_id",
        "member_id",
        "identity_key",
        "message_id",
        "occurred_at",
        "local_date",
        "batch_id",
        "row_number",
    )
    replies = messages.filter(messages.reply_to.notnull()).select(
        _group="group_id", _to="reply_to", _at="occurred_at", _who="identity_key", _kind="sender_kind"
    )
    joined = asked.inner_join(replies, [asked.message_id == replies._to, asked.group_id == replies._group])
    is_other = (joined._kind == "staff") | ~joined._who.identical_to(joined.identity_key)
    joined = joined.filter(is_other & (joined._kind != "bot") & (joined._at >= joined.occurred_at))
    own = ["batch_id", "row_number"]
    direct = joined.group_by(own).aggregate(_direct=joined._at.min())
    found = asked.left_join(direct, own).drop("batch_id_right", "row_number_right")
    found = found.left_join(_next(asked, messages), own).drop("batch_id_right", "row_number_right")
    is_near = found._next <= found.occurred_at + ibis.interval(seconds=int(REACH.total_seconds()))
    near = ibis.ifelse(is_near, found._next, ibis.null(found._next.type()))
    first = ibis.least(found._direct.coalesce(near), near.coalesce(found._direct))
    return found.select("group_id", "member_id", "occurred_at", "local_date", answered_at=first)


def _next(asked: ir.Table, messages: ir.Table) -> ir.Table:
    """Per question the first message of the staff after it that replies to nothing and carries no content."""
    plain = (messages.sender_kind == "staff") & messages.reply_to.isnull() & messages.content_id.isnull()
    staff = messages.filter(plain)
    none, number = ibis.null("int64"), asked.row_number.type()
    both = ibis.union(
        asked.select(
            "group_id", "batch_id", "row_number", at="occurred_at", staff_at=ibis.null(asked.occurred_at.type())
        ),
        staff.select("group_id", batch_id=none, row_number=none.cast(number), at="occurred_at", staff_at="occurred_at"),
    )
    later = ibis.window(
        group_by="group_id", order_by=["at", both.staff_at.isnull().desc()], preceding=0, following=None
    )
    seen = both.mutate(_next=both.staff_at.min().over(later))
    return seen.filter(seen.row_number.notnull()).select("batch_id", "row_number", "_next")


def waited(asked: ir.Value, answered: ir.Value) -> ir.Value:
    """Seconds on duty between two naive times of the business zone."""
    return _duty_seconds(answered) - _duty_seconds(asked)


def _duty_seconds(local: ir.Value) -> ir.Value:
    """On duty since 1970 up to a time."""
    opens, closes = (moment.hour * 3600 + moment.minute * 60 for moment in DUTY)
    clock = local.epoch_seconds()
    day, second = clock // DAY_S, clock % DAY_S
    return day * (closes - opens) + ibis.greatest(ibis.least(second, closes) - opens, 0)


def coverage(answers: ir.Table, as_of: datetime, spans: Spans) -> ir.Table:
    """Per key, of keyed answers: ``questions`` of the period that can be judged, ``answered`` of them, ``open_questions``,
    ``first_reply_seconds`` (median on duty; null where nothing was answered); ``month_questions``, ``month_answered``, ``prior_questions``,
    ``prior_answered``: of these spans.

    ``answers``: as ``answered`` makes them, with ``waited_seconds`` (on duty). ``as_of``: the newest data, naive UTC.
    """
    is_answered = answers.answered_at.notnull()
    is_open = ~is_answered & (answers.occurred_at > ibis.literal(as_of - PATIENCE))
    now = within(answers, spans.now)
    found = {
        "questions": ~is_open & now,
        "answered": is_answered & now,
        "open_questions": is_open & now,
        "month_questions": ~is_open & within(answers, spans.month),
        "month_answered": is_answered & within(answers, spans.month),
        "prior_questions": ~is_open & within(answers, spans.prior),
        "prior_answered": is_answered & within(answers, spans.prior),
    }
    return answers.group_by("key").aggregate(
        **{name: is_so.cast("int64").sum() for name, is_so in found.items()},
        first_reply_seconds=answers.waited_seconds.quantile(0.5, where=is_answered & now),
    )
