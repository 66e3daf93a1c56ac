"""Channels side by side (product.md 5.8): who is there, what is sent, answered, spent and earned. Expressions and plain formulas."""

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from core.metrics.proportions import Interval
from core.metrics.scores import differences
from core.periods import Period

PROMOTERS_FROM, DETRACTORS_TO = 9, 6
"""Scores of 0 to 10 that recommend, and that warn (F. F. Reichheld, The one number you need to grow, HBR 2003)."""
GROUP_CHAT = "group_chat"


def presence(
    events: ir.Table | None, lines: ir.Table | None, messages: ir.Table | None, periods: dict[str, Period]
) -> ir.Table | None:
    """One row per channel and identity that acted there: a flag per period, by its name. None without any of the tables.

    An action is an event, an order or refund, or a message in a group, which is of the channel ``group_chat``; messages received
    are none. Actions that name no channel are of none.
    """
    days = []
    columns = ("identity_key", "channel", "local_date")
    if events is not None:
        days.append(events.select(*columns))
    if lines is not None:
        days.append(lines.filter(lines.line_kind != "adjustment").select(*columns))
    if messages is not None:
        said = messages.filter(messages.sender_kind == "member")
        days.append(said.mutate(channel=ibis.literal(GROUP_CHAT)).select(*columns))
    if not days:
        return None
    rows = ibis.union(*days) if len(days) > 1 else days[0]
    rows = rows.filter(rows.identity_key.notnull() & rows.channel.notnull())
    first = min(period.start_on for period in periods.values())
    last = max(period.end_on for period in periods.values())
    rows = rows.filter((rows.local_date >= first) & (rows.local_date < last))
    flags = {
        name: ((rows.local_date >= period.start_on) & (rows.local_date < period.end_on)).any()
        for name, period in periods.items()
    }
    return rows.group_by("channel", "identity_key").aggregate(**flags)


def of_members(presence: ir.Table, members: ir.Table) -> ir.Table:
    """One row per channel and member, by ``identity_key``, ``member_id`` of all members."""
    found = presence.inner_join(members, "identity_key")
    flags = [name for name in presence.columns if name not in ("channel", "identity_key")]
    return found.group_by("channel", "member_id").aggregate(**{name: found[name].any() for name in flags})


def active(presence: ir.Table, now: str, before: str) -> ir.Table:
    """Per key: ``active`` in the period ``now``; ``was_active`` in ``before``, of whom ``came_back`` are active now."""
    is_now, was = presence[now], presence[before]
    people = presence.group_by("key", "member_id").aggregate(is_now=is_now.any(), was=was.any())
    return people.group_by("key").aggregate(
        active=_count(people.is_now), was_active=_count(people.was), came_back=_count(people.is_now & people.was)
    )


def sent(sends: ir.Table) -> ir.Table:
    """Per key, of messages (``core.metrics.sends``): ``sent``, ``delivered``, ``opened``, ``clicked``, ``failed``; ``addressed``,
    ``reached`` and ``clickers``: members sent anything, delivered anything, who clicked anything; ``touch_cost_minor``."""
    return sends.group_by("key").aggregate(
        sent=ibis._.count(),
        delivered=_count(sends.is_delivered),
        opened=_count(sends.is_opened),
        clicked=_count(sends.is_clicked),
        failed=_count(sends.is_failed),
        addressed=sends.member_id.nunique(),
        reached=sends.member_id.nunique(where=sends.is_delivered),
        clickers=sends.member_id.nunique(where=sends.is_clicked),
        touch_cost_minor=sends.cost_minor.sum(),
    )


def earned(credited: ir.Table) -> ir.Table:
    """Per key, of orders credited to a contact on it: ``orders``, ``buyers``, ``revenue_minor``; ``converted``: messages that were
    clicked last before one of them."""
    touch = credited.touch_source.fill_null("") + "|" + credited.touch_id
    return credited.group_by("key").aggregate(
        orders=ibis._.count(),
        buyers=credited.member_id.nunique(),
        revenue_minor=credited.gross_minor.sum(),
        converted=touch.nunique(),
    )


def answered(feedback: ir.Table) -> ir.Table:
    """Per key: ``nps_answers``, ``promoters``, ``detractors``; ``satisfaction_answers`` and ``satisfaction`` (their mean, 1 to 5)."""
    is_nps = (feedback.feedback_kind == "nps") & feedback.score.notnull()
    is_satisfaction = (feedback.feedback_kind == "satisfaction") & feedback.score.notnull()
    score = feedback.score.cast("float64")
    return feedback.group_by("key").aggregate(
        nps_answers=_count(is_nps),
        promoters=_count(is_nps & (score >= PROMOTERS_FROM)),
        detractors=_count(is_nps & (score <= DETRACTORS_TO)),
        satisfaction_answers=_count(is_satisfaction),
        satisfaction=score.mean(where=is_satisfaction),
    )


def nps(promoters: int, detractors: int, answers: int, *, confidence: float = 0.95) -> tuple[float, Interval] | None:
    """Net promoter score, -100 to 100, and its interval; None without answers.

    Share of promoters less share of detractors, with the interval that surveys have (``core.metrics.scores.differences``).
    """
    if not answers:
        return None
    found = differences([promoters], [detractors], [answers], confidence)
    value, low, high = (100 * float(one[0]) for one in (found.value, found.low, found.high))
    return value, Interval(low, high)


def overlap(
    channel: NDArray[np.int64], member: NDArray[np.int64], channels: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Members on each pair of channels (a member on one alone stands on the diagonal as well), and members on each channel and on no
    other. One row per channel and member, each once, both as codes from 0."""
    size = int(member.max()) + 1 if len(member) else 0
    bits = np.zeros(size, np.int64)
    np.bitwise_or.at(bits, member, np.int64(1) << channel)
    sets, counts = np.unique(bits, return_counts=True)
    on = (sets[:, None] >> np.arange(channels)) & 1
    alone = on.sum(axis=1) == 1
    return (on * counts[:, None]).T @ on, (on[alone] * counts[alone, None]).sum(axis=0)


def _count(is_so: ir.BooleanValue) -> ir.IntegerScalar:
    return is_so.cast("int64").sum()
