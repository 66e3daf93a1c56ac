"""The KPIs of the Overview (product.md 5.3), as far as facts of the lake carry them.

"In the period" means business days ``[start, end)``. Members are resolved persons with an identity that is not anonymous.
"""

import ibis
import ibis.expr.types as ir

from core.metrics.catalog import metric
from core.metrics.facts import Facts, told
from core.metrics.parts import Part

# ---- rows: each gives member_id, local_date, where a part needs it value, and what rows can be told apart by (core.metrics.splits) ----


def _orders(facts: Facts) -> ir.Table:
    orders = facts.orders
    columns = ("member_id", "local_date", "channel", "unit_id", "campaign_id", "source", "gap_days")
    product = ("main_product_id",) if "main_product_id" in orders.columns else ()
    return told(orders, *columns, *product, value=orders.gross_minor)


def _refunds(facts: Facts) -> ir.Table:
    lines = facts.table("order_lines")
    lines = lines.filter(lines.line_kind == "refund")
    columns = ("member_id", "local_date", "channel", "unit_id", "product_id", "campaign_id", "source")
    return told(lines, *columns, value=-lines.amount_minor)


def _actions(facts: Facts) -> ir.Table:
    return facts.actions


def _births(facts: Facts) -> ir.Table:
    return facts.births


def _touches(facts: Facts) -> ir.Table:
    columns = ("member_id", "local_date", "state", "channel", "campaign_id", "content_id", "reason", "source")
    return told(facts.table("touches"), *columns)


def _offers(facts: Facts) -> ir.Table:
    return told(facts.table("offer_events"), "member_id", "local_date", "state", "campaign_id", "source")


def _feedback(facts: Facts) -> ir.Table:
    answers = facts.table("feedback")
    mark = ibis.cases((answers.score >= 9, 1), (answers.score <= 6, -1), (answers.score.notnull(), 0))
    columns = ("member_id", "local_date", "feedback_kind", "category", "channel", "unit_id", "source")
    return told(answers, *columns, value=answers.score, mark=mark)


def _membership(facts: Facts) -> ir.Table:
    columns = ("member_id", "local_date", "change", "group_id", "scene", "source")
    return told(facts.table("group_membership"), *columns)


def _referred(facts: Facts) -> ir.Table:
    """New members who came by a referral, on the day they were new. ``member_id`` is the person brought."""
    referrals = facts.table("referrals").select(member_id=facts.table("referrals").referred_id).distinct()
    return facts.births.semi_join(referrals, "member_id")


def _spend(facts: Facts) -> ir.Table:
    spend = facts.table("channel_spend")
    return spend.select("member_id", "local_date", value=spend.amount_minor)


# ---- parts ----


def _is_known(rows: ir.Table) -> ir.BooleanValue:
    return rows.member_id.notnull()


def _is_anonymous(rows: ir.Table) -> ir.BooleanValue:
    return rows.member_id.isnull()


def _is_nps(rows: ir.Table) -> ir.BooleanValue:
    return (rows.feedback_kind == "nps") & rows.mark.notnull()


GROSS = Part("gross", _orders, "sum", _is_known)
ORDERS = Part("orders", _orders, "rows", _is_known)
BUYERS = Part("buyers", _orders, "members")
REPEATING = Part("repeating", _orders, "repeating")
ANONYMOUS_GROSS = Part("anonymous_gross", _orders, "sum", _is_anonymous)
ANONYMOUS_ORDERS = Part("anonymous_orders", _orders, "rows", _is_anonymous)
REFUNDS = Part("refunds", _refunds, "sum", _is_known)
GAPS = Part("gaps", _orders, "median", lambda rows: rows.gap_days.notnull(), of="gap_days")
ACTIVE = Part("active", _actions, "members")
ACTIVE_DAYS = Part("active_days", _actions, "rows")
VIEWERS = Part("viewers", _actions, "members", lambda rows: rows.has_viewed)
CARTERS = Part("carters", _actions, "members", lambda rows: rows.has_carted)
INTERACTING = Part("interacting", _actions, "members", lambda rows: rows.has_interacted)
MEMBERS = Part("members", _births, "stock_end")
MEMBERS_BEFORE = Part("members_before", _births, "stock_start")
NEW = Part("new", _births, "rows")
DELIVERED = Part("delivered", _touches, "rows", lambda rows: rows.state == "delivered")
OPENED = Part("opened", _touches, "rows", lambda rows: rows.state == "opened")
REPLIED = Part("replied", _touches, "rows", lambda rows: rows.state == "replied")
CLAIMED = Part("claimed", _offers, "rows", lambda rows: rows.state == "claimed")
REDEEMED = Part("redeemed", _offers, "rows", lambda rows: rows.state == "redeemed")
NPS_MARKS = Part("nps_marks", _feedback, "sum", _is_nps, of="mark")
NPS_ANSWERS = Part("nps_answers", _feedback, "rows", _is_nps)
SATISFACTION = Part("satisfaction_sum", _feedback, "sum", lambda rows: rows.feedback_kind == "satisfaction")
SATISFACTION_ANSWERS = Part(
    "satisfaction_answers",
    _feedback,
    "rows",
    lambda rows: (rows.feedback_kind == "satisfaction") & rows.value.notnull(),
)
COMPLAINING = Part("complaining", _feedback, "members", lambda rows: rows.feedback_kind == "complaint")
LEAVING = Part("leaving", _membership, "members", lambda rows: rows.change == "leave")
REFERRED = Part("referred", _referred, "rows")
SPEND = Part("spend", _spend, "sum", is_of_members=False)

# ---- conversion ----


@metric("conversion", "money", "order_lines")
def gross_revenue() -> tuple[Part | None, ...]:
    """Amount of all sales lines of members' orders, before refunds.

    An order counts when its gross is above 0 and belongs to the day of its first line. Orders nobody is known for are in
    ``anonymous_revenue``.
    """
    return (GROSS,)


@metric("conversion", "money", "order_lines")
def net_revenue() -> tuple[Part | None, ...]:
    """Gross revenue less members' refunds, each refund on its own day."""
    return (GROSS, REFUNDS, None)


@metric("conversion", "orders", "order_lines")
def orders() -> tuple[Part | None, ...]:
    """Members' orders whose gross is above 0, by the day of their first line."""
    return (ORDERS,)


@metric("conversion", "members", "order_lines")
def buyers() -> tuple[Part | None, ...]:
    """Distinct members with at least one order in the period."""
    return (BUYERS,)


@metric("conversion", "money", "order_lines")
def aov() -> tuple[Part | None, ...]:
    """Average order value: gross revenue over orders. Refunds are not taken off; what is left of an order after them is called net per order."""
    return (GROSS, ORDERS)


@metric("conversion", "share", "order_lines events")
def conversion_rate() -> tuple[Part | None, ...]:
    """Buyers over active members of the period."""
    return (BUYERS, ACTIVE)


@metric("conversion", "share", "events")
def add_to_cart_rate() -> tuple[Part | None, ...]:
    """Members who put something into the cart over members who viewed a product, in the period, in any order."""
    return (CARTERS, VIEWERS)


@metric("conversion", "share", "offer_events")
def redemption_rate() -> tuple[Part | None, ...]:
    """Coupons redeemed in the period over coupons claimed in the period (核销率)."""
    return (REDEEMED, CLAIMED)


@metric("conversion", "share", "order_lines", "down")
def refund_share() -> tuple[Part | None, ...]:
    """Refunded amount of the period over gross revenue of the period. A refund may belong to an order of an earlier one."""
    return (REFUNDS, GROSS)


@metric("conversion", "money", "order_lines", "down")
def anonymous_revenue() -> tuple[Part | None, ...]:
    """Gross of orders that no member is known for. Never part of the other figures."""
    return (ANONYMOUS_GROSS,)


@metric("conversion", "orders", "order_lines", "down")
def anonymous_orders() -> tuple[Part | None, ...]:
    """Orders with a gross above 0 that no member is known for."""
    return (ANONYMOUS_ORDERS,)


# ---- connection ----


@metric("connection", "members", "identities")
def members() -> tuple[Part | None, ...]:
    """Members at the end of the period: resolved persons with an identity that is not anonymous, seen before that day."""
    return (MEMBERS,)


@metric("connection", "members", "identities")
def new_members() -> tuple[Part | None, ...]:
    """Members whose first action ever, or joining, lies in the period."""
    return (NEW,)


@metric("connection", "members", "identities")
def active_members() -> tuple[Part | None, ...]:
    """Distinct members with an action of their own in the period: event, order, refund or group message."""
    return (ACTIVE,)


@metric("connection", "members", "identities", per_day=True)
def daily_active_members() -> tuple[Part | None, ...]:
    """Mean of the daily distinct active members, over the days of the period since the data begins (DAU)."""
    return (ACTIVE_DAYS,)


@metric("connection", "share", "events", per_day=True)
def stickiness() -> tuple[Part | None, ...]:
    """Mean daily active members over the active members of the whole period (DAU/MAU when the period is a month)."""
    return (ACTIVE_DAYS, ACTIVE)


@metric("connection", "share", "events")
def interaction_rate() -> tuple[Part | None, ...]:
    """Members who liked, commented, shared, replied or spoke in a group in the period, over members at its end."""
    return (INTERACTING, MEMBERS)


@metric("connection", "share", "touches")
def open_rate() -> tuple[Part | None, ...]:
    """Touches opened in the period over touches delivered in the period."""
    return (OPENED, DELIVERED)


@metric("connection", "share", "touches")
def reply_rate() -> tuple[Part | None, ...]:
    """Touches answered in the period over touches delivered in the period."""
    return (REPLIED, DELIVERED)


@metric("connection", "score", "feedback", scale=100)
def nps() -> tuple[Part | None, ...]:
    """Net promoter score: share of answers 9-10 less share of answers 0-6, times 100 (Reichheld, 2003)."""
    return (NPS_MARKS, NPS_ANSWERS)


@metric("connection", "score", "feedback")
def satisfaction() -> tuple[Part | None, ...]:
    """Mean of the satisfaction answers of the period, 1 to 5."""
    return (SATISFACTION, SATISFACTION_ANSWERS)


@metric("connection", "share", "feedback", "down")
def complaint_rate() -> tuple[Part | None, ...]:
    """Members who complained in the period over active members of the period."""
    return (COMPLAINING, ACTIVE)


@metric("connection", "share", "group_membership", "down")
def exit_rate() -> tuple[Part | None, ...]:
    """Members who left at least one group in the period, over members at its start."""
    return (LEAVING, MEMBERS_BEFORE)


# ---- value ----


@metric("value", "money", "order_lines")
def arpu() -> tuple[Part | None, ...]:
    """Net revenue of the period over its active members."""
    return (GROSS, REFUNDS, ACTIVE)


@metric("value", "share", "order_lines")
def repeat_purchase_share() -> tuple[Part | None, ...]:
    """Buyers with two or more orders in the period over buyers of the period."""
    return (REPEATING, BUYERS)


@metric("value", "days", "order_lines", "down")
def purchase_cycle_days() -> tuple[Part | None, ...]:
    """Median days between an order of the period and the same member's order before it, whenever that was."""
    return (GAPS,)


@metric("value", "share", "identities", "down")
def silence_rate() -> tuple[Part | None, ...]:
    """Members at the end of the period without an action in it, over members at its end (沉默率)."""
    return (MEMBERS, ACTIVE, MEMBERS)


# ---- growth ----


@metric("growth", "share", "identities")
def member_growth() -> tuple[Part | None, ...]:
    """New members of the period over members at its start."""
    return (NEW, MEMBERS_BEFORE)


@metric("growth", "ratio", "referrals")
def k_factor() -> tuple[Part | None, ...]:
    """New members of the period who came by a referral, per member at its start (裂变系数)."""
    return (REFERRED, MEMBERS_BEFORE)


@metric("growth", "share", "referrals")
def referral_share() -> tuple[Part | None, ...]:
    """New members who came by a referral over all new members of the period."""
    return (REFERRED, NEW)


@metric("growth", "money", "channel_spend", "down")
def cac() -> tuple[Part | None, ...]:
    """Customer acquisition cost: money spent on channels in the period over its new members. Of some members only (units, a
    segment) it is undefined, because money spent on a channel names none; of some channels only as well, because a member is
    new once, whatever the channel."""
    return (SPEND, NEW)
