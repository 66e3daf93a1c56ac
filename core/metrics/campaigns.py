"""What people did after a message of their own, or after the moment at which it would have been sent. Expressions.

``people``: one row per person: ``person`` (their place), ``member_id``, ``starts_at`` (naive UTC), ``on`` (its business day). A window is ``[starts_at, starts_at + days)``, so that each
person's is as long as anybody else's. Every answer has one row per person with anything to tell: ``person`` and figures; who has none has done nothing.
"""

from datetime import timedelta

import ibis
import ibis.expr.types as ir

from core.metrics import facts as f
from core.periods import Period

RETURNS = (("days_1_7", 1, 7), ("days_8_30", 8, 30))
"""Business days after the one of the message, both ends included, in which who is active has come back."""
HARM_DAYS = 7
"""Days after a message in which a complaint, a farewell or a withdrawal is held against it. Rule of thumb."""

FIGURES = {
    "assigned": "Members who were to be written to or were held out on purpose, each on the side that the holdout put them on, whatever became of their messages. Who is stopped by a gate before the holdout is on neither side; nor is who was erased, or has turned out to be one person on both sides.",
    "sent": "Members to whom a message of the campaign was handed over; of messages that an employee must send, once they have.",
    "delivered": "Members of those with a message that has arrived, as the platform says.",
    "opened": "Members of those with a message that was opened, where a channel tells it.",
    "clicked": "Members of those who followed a link of their message; what looks like a program that checks links is counted apart.",
    "redeemed": "Members of those who redeemed a coupon of the campaign or of its offer in their window.",
    "converted": "Members of those who did in their window what the campaign is judged by: ordered, redeemed, clicked, or an event. A window is as many days as the campaign says, from when a person's own first message was handed over; without one, and for who is held out, from when it was due.",
    "campaign_net_revenue": "Gross of orders whose first line falls into the window less refunds in the window, each refund at its own time.",
    "time_to_touch": "Quartiles of the time from a person's own first message to their first click, redemption, conversion.",
    "lift": "Share that converted, and net revenue per head, of everybody assigned less the same of everybody held out, with a 95 % interval (Newcombe; Welch) and a two-sided p value. Judged by clicks, the sides are compared by orders, for who is held out has no link.",
    "sample_ratio": "Chi-squared of the sides against the holdout that was planned; below 0.001 nothing is said of a lift.",
    "detectable": "The smallest true difference that four of five campaigns of this size would show.",
    "extra": "Difference times members assigned: people or net revenue that the campaign brought. Its return on investment is extra net revenue less the cost of messages and redeemed coupons, over that cost.",
    "harm": "Members who complained, unsubscribed, or left a group within 7 days of their message, against those held out; priced by the predicted net value of 365 days of all who did so (who never ordered counts 0).",
    "returned": "Members active on business days 1 to 7, and 8 to 30, after the day of their message, of those whose span is over.",
}
"""What the result of one campaign tells, for the catalogue. Its expressions are below, its tests in ``core.campaigns``."""


def within(rows: ir.Table, people: ir.Table, days: int) -> ir.Table:
    """Rows of ``member_id`` and ``occurred_at`` that fall into their person's window, each with ``person``."""
    joined = rows.inner_join(people.select("member_id", "person", "starts_at"), "member_id")
    end = joined.starts_at + ibis.interval(days=days)
    return joined.filter((joined.occurred_at >= joined.starts_at) & (joined.occurred_at < end))


def hull(period: Period, days: int) -> Period:
    """Business days that windows which begin in a period can touch."""
    return Period(period.start_on, period.end_on + timedelta(days=days + 1))


def cut(rows: ir.Table, period: Period) -> ir.Table:
    return rows.filter((rows.local_date >= period.start_on) & (rows.local_date < period.end_on))


def orders(lines: ir.Table, people: ir.Table, starts: Period, days: int) -> ir.Table:
    """``count``, ``gross_minor``, ``first_at`` of orders (``core.metrics.facts.orders``: gross above 0, of the time of the first line). ``starts``: business days on which windows begin."""
    near = cut(lines, hull(starts, days)).semi_join(people, "member_id")
    wanted = near.filter(near.line_kind == "sale").select("source", "order_no").distinct()
    own = within(f.orders(lines.semi_join(wanted, ["source", "order_no"])), people, days)
    return own.group_by("person").aggregate(
        count=own.count(), gross_minor=own.gross_minor.sum(), first_at=own.occurred_at.min()
    )


def refunds(lines: ir.Table, people: ir.Table, starts: Period, days: int) -> ir.Table:
    """``refund_minor`` (above 0), each refund at its own time, whenever the order was."""
    near = cut(lines, hull(starts, days))
    own = within(near.filter(near.line_kind == "refund"), people, days)
    return own.group_by("person").aggregate(refund_minor=-own.amount_minor.sum())


def events(rows: ir.Table, people: ir.Table, starts: Period, days: int, name: str) -> ir.Table:
    """``count`` and ``first_at`` of events of a name."""
    near = cut(rows, hull(starts, days))
    own = within(near.filter(near.name == name), people, days)
    return own.group_by("person").aggregate(count=own.count(), first_at=own.occurred_at.min())


def redemptions(
    rows: ir.Table, people: ir.Table, starts: Period, days: int, campaign_id: str, offer_id: str | None, face_minor: int
) -> ir.Table:
    """``count``, ``cost_minor``, ``first_at`` of coupons of the campaign or of its offer that were redeemed; the face value is the cost where none is told."""
    near = cut(rows, hull(starts, days))
    is_own = (near.campaign_id == campaign_id).fill_null(False)
    is_own = is_own if offer_id is None else is_own | (near.offer_id == offer_id)
    own = within(near.filter((near.state == "redeemed") & is_own), people, days)
    return own.group_by("person").aggregate(
        count=own.count(), cost_minor=own.cost_minor.fill_null(face_minor).sum(), first_at=own.occurred_at.min()
    )


def answers(rows: ir.Table, people: ir.Table, starts: Period, days: int) -> ir.Table:
    """``count`` and ``score_sum`` of answers about satisfaction (1 to 5)."""
    near = cut(rows, hull(starts, days))
    own = within(near.filter((near.feedback_kind == "satisfaction") & near.score.notnull()), people, days)
    return own.group_by("person").aggregate(count=own.count(), score_sum=own.score.cast("float64").sum())


def complaints(rows: ir.Table, people: ir.Table, starts: Period) -> ir.Table:
    """``count`` of complaints."""
    near = cut(rows, hull(starts, HARM_DAYS))
    own = within(near.filter(near.feedback_kind == "complaint"), people, HARM_DAYS)
    return own.group_by("person").aggregate(count=own.count())


def farewells(rows: ir.Table, people: ir.Table, starts: Period) -> ir.Table:
    """``count`` of groups left."""
    near = cut(rows, hull(starts, HARM_DAYS))
    own = within(near.filter(near.change == "leave"), people, HARM_DAYS)
    return own.group_by("person").aggregate(count=own.count())


def withdrawals(rows: ir.Table, people: ir.Table, starts: Period, purpose: str) -> ir.Table:
    """``count`` of withdrawals of consent to a purpose, on whatever channel."""
    near = cut(rows, hull(starts, HARM_DAYS))
    own = within(near.filter((near.state == "withdrawn") & (near.purpose == purpose)), people, HARM_DAYS)
    return own.group_by("person").aggregate(count=own.count())


def returns(actions: ir.Table, people: ir.Table) -> ir.Table:
    """Whether the person acted in each span of ``RETURNS``, a flag by its name. ``actions``: ``member_id``, ``local_date``."""
    joined = actions.inner_join(people.select("member_id", "person", "on"), "member_id")
    after = joined.local_date.delta(joined.on, unit="day")
    flags = {name: ((after >= first) & (after <= last)).any() for name, first, last in RETURNS}
    own = joined.filter((after >= 1) & (after <= RETURNS[-1][2]))
    return own.group_by("person").aggregate(**flags)
