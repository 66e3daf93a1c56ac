"""What members did before a day, one row per member: what scores are learnt from (product.md 5.11).

Every expression takes facts of members (``member_id`` never null) whose ``local_date`` lies before ``on``; the caller leaves out all others. Windows are of
whole business days that end with the day before ``on``: ``…_30d`` is of the last 30. Times since something are in days up to ``on``, so 1 is
yesterday. Sums are of integers, so that the order in which an engine adds up changes nothing. A member of whom a table says nothing has no row;
what is undefined is null.
"""

from datetime import date, datetime, timedelta

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from core.metrics import sends
from core.metrics.facts import CARTS, INTERACTIONS, VIEWS
from core.metrics.surveys import DETRACTORS, LOW, TROUBLES
from core.periods import Period

WEEK, MONTH, QUARTER, YEAR = 7, 30, 90, 365
NEAR_DAYS = 2 * MONTH
SETTLING = timedelta(days=3)
"""A score of a conversation that was never solved has no time of its own: it counts this long after the conversation began."""


def within(rows: ir.Table, on: date, days: int, until: int = 0) -> ir.BooleanValue:
    """Whether a row is of the ``days`` days that end ``until`` days before the day before ``on``."""
    first, after = on - timedelta(days=days + until), on - timedelta(days=until)
    return (rows.local_date >= first) & (rows.local_date < after)


def _since(day: ir.Value, on: date) -> ir.IntegerValue:
    return ibis.literal(on).delta(day, unit="day").cast("int64")


def _count(condition: ir.Value) -> ir.IntegerValue:
    return condition.cast("int64").sum().fill_null(0)


# -- orders ------------------------------------------------------------------------------------------------------------


def orders(found: ir.Table, on: date) -> ir.Table:
    """Of who ordered: ``days_since_last_order``, ``days_since_first_order``, ``orders_30d``, ``orders_90d``, ``orders_365d``, ``orders_all``, ``aov_minor``
    (gross over orders). ``found``: orders (``core.metrics.facts.orders``)."""
    placed = found.group_by("member_id").aggregate(
        days_since_last_order=_since(found.local_date.max(), on),
        days_since_first_order=_since(found.local_date.min(), on),
        orders_30d=_count(within(found, on, MONTH)),
        orders_90d=_count(within(found, on, QUARTER)),
        orders_365d=_count(within(found, on, YEAR)),
        orders_all=found.count().cast("int64"),
        _gross=found.gross_minor.sum().cast("int64"),
    )
    return placed.mutate(aov_minor=placed._gross / placed.orders_all).drop("_gross")


def products(lines: ir.Table) -> ir.Table:
    """``products_all``: different products ever bought."""
    sold = lines.filter((lines.line_kind == "sale") & lines.product_id.notnull())
    found = sold.select("member_id", "product_id").distinct()
    return found.group_by("member_id").aggregate(products_all=found.count().cast("int64"))


def money(lines: ir.Table, on: date) -> ir.Table:
    """Of who bought or returned: ``net_all_minor``, ``net_365d_minor``, ``net_90d_minor`` (sales less refunds, each on its own day), ``refunds_all`` (lines)
    and ``refund_share`` (returned over sold; null where nothing was sold)."""
    own = lines.filter(lines.line_kind != "adjustment")
    is_sale, is_back = own.line_kind == "sale", own.line_kind == "refund"
    found = own.group_by("member_id").aggregate(
        net_all_minor=own.amount_minor.sum().cast("int64"),
        net_365d_minor=own.amount_minor.sum(where=within(own, on, YEAR)).fill_null(0).cast("int64"),
        net_90d_minor=own.amount_minor.sum(where=within(own, on, QUARTER)).fill_null(0).cast("int64"),
        _sold=own.amount_minor.sum(where=is_sale).fill_null(0).cast("int64"),
        _back=own.amount_minor.sum(where=is_back).fill_null(0).cast("int64"),
        refunds_all=_count(is_back),
    )
    share = ibis.ifelse(found._sold > 0, ibis.greatest(-found._back, 0) / found._sold, ibis.null("float64"))
    return found.mutate(refund_share=share).drop("_sold", "_back")


def gaps(placed: ir.Table, on: date) -> ir.Table:
    """Between days with an order: ``gap_mean_days``, ``overdue_ratio`` (days since the last over it), ``gap_spread_days`` (standard deviation; null of who
    ordered on fewer than three). Of who ordered on one day alone the gap so far stands for the mean: so the ratio is 1. ``placed``: orders."""
    days = placed.select("member_id", "local_date").distinct()
    before = days.local_date.lag().over(group_by="member_id", order_by="local_date")
    gap = days.mutate(gap=days.local_date.delta(before, unit="day").cast("int64"))
    found = gap.group_by("member_id").aggregate(
        _n=gap.gap.count().cast("int64"),
        _sum=gap.gap.sum().fill_null(0).cast("int64"),
        _squares=(gap.gap * gap.gap).sum().fill_null(0).cast("int64"),
        _last=_since(gap.local_date.max(), on),
    )
    mean = ibis.ifelse(found._n > 0, found._sum / found._n, found._last.cast("float64"))
    # n·Σx² - (Σx)² is of integers, so it is never below 0 and exactly 0 where all gaps are alike.
    spread = (found._n * found._squares - found._sum * found._sum).cast("float64").sqrt() / found._n
    return found.select(
        "member_id", gap_mean_days=mean, overdue_ratio=found._last / mean, gap_spread_days=ibis.ifelse(found._n > 1, spread, ibis.null("float64"))
    )  # fmt: skip


def coupons(placed: ir.Table, redeemed: ir.Table) -> ir.Table:
    """``coupon_share``: of all orders (``placed``) those on which a coupon was redeemed. ``redeemed``: ``offer_events`` of any person, before the day."""
    used = redeemed.filter((redeemed.state == "redeemed") & redeemed.order_no.notnull()).select("order_no").distinct()
    found = placed.left_join(used, "order_no")
    return found.group_by("member_id").aggregate(
        coupon_share=found.order_no_right.notnull().cast("int64").sum() / found.count()
    )


# -- what they do ------------------------------------------------------------------------------------------------------


def last_actions(events: ir.Table, lines: ir.Table, messages: ir.Table, on: date) -> ir.Table:
    """``days_since_last_action``: an event, an order or a return, or a message in a group. Rows carry ``identity_key`` alone; ``member_id`` is the caller's."""
    lines = lines.filter(lines.line_kind != "adjustment")
    messages = messages.filter(messages.sender_kind == "member")
    last = ibis.union(*[_last_day(rows) for rows in (events, lines, messages)])
    found = last.group_by("identity_key").aggregate(last_on=last.last_on.max())
    return found.select("identity_key", days_since_last_action=_since(found.last_on, on))


def _last_day(rows: ir.Table) -> ir.Table:
    rows = rows.filter(rows.identity_key.notnull())
    return rows.group_by("identity_key").aggregate(last_on=rows.local_date.max())


@ibis.udf.scalar.builtin
def bit_count(bits: dt.int64) -> dt.int64:  # type: ignore[empty-body,valid-type]
    """How many bits are set."""


def marked_days(done: ir.Table, on: date) -> ir.Table:
    """Days with an action as bits, one row per identity: ``near``, the lowest bit the day before ``on``, of ``NEAR_DAYS`` days; ``far``, of those before. Adding up
    days by sorting them out would cost three times as much. ``done``: ``identity_key``, ``local_date`` of the last 90 days."""
    age = _since(done.local_date, on) - 1
    one, none = ibis.literal(1, "int64"), ibis.literal(0, "int64")
    near = ibis.ifelse(age < NEAR_DAYS, one << age, none)
    far = ibis.ifelse(age < NEAR_DAYS, none, one << (age - NEAR_DAYS))
    rows = done.select("identity_key", near=near, far=far)
    return rows.group_by("identity_key").aggregate(near=rows.near.bit_or(), far=rows.far.bit_or())


def active_days(marks: ir.Table) -> ir.Table:
    """Days with an action of one's own: ``active_days_7d``, ``active_days_30d``, ``active_days_90d``, and ``active_trend``: the natural logarithm of one more than those of the last 30 over one
    more than those of the 30 before. ``marks``: of ``marked_days``, one row or more per member."""
    own = marks.group_by("member_id").aggregate(near=marks.near.bit_or(), far=marks.far.bit_or())
    now, before = bit_count(own.near & _bits(MONTH)), bit_count(own.near >> MONTH)
    return own.select(
        "member_id",
        active_days_7d=bit_count(own.near & _bits(WEEK)),
        active_days_30d=now,
        active_days_90d=bit_count(own.near) + bit_count(own.far),
        active_trend=(now + 1).cast("float64").ln() - (before + 1).cast("float64").ln(),
    )


def _bits(days: int) -> ir.IntegerScalar:
    return ibis.literal((1 << days) - 1, "int64")


def events(rows: ir.Table, on: date) -> ir.Table:
    """``views_30d``, ``views_90d``, ``carts_90d``, ``interactions_90d``. ``rows``: events of the last 90 days."""
    viewed, late = rows.name.isin(VIEWS), within(rows, on, MONTH)
    return rows.group_by("member_id").aggregate(
        views_30d=_count(viewed & late),
        views_90d=_count(viewed),
        carts_90d=_count(rows.name.isin(CARTS)),
        interactions_90d=_count(rows.name.isin(INTERACTIONS)),
    )


def sessions(rows: ir.Table) -> ir.Table:
    """``sessions_30d``: sessions as sources tell them; events without one count one a day. ``rows``: events of the last 30 days."""
    named = rows.filter(rows.session_id.notnull()).select("member_id", "source", "session_id").distinct()
    plain = rows.filter(rows.session_id.isnull()).select("member_id", "local_date").distinct()
    both = ibis.union(named.select("member_id"), plain.select("member_id"))
    return both.group_by("member_id").aggregate(sessions_30d=both.count().cast("int64"))


def said(talked: ir.Table, on: date) -> ir.Table:
    """``messages_30d``, ``messages_90d``, ``days_since_last_message``: what members say in groups. ``talked``: of ``core.metrics.community``."""

    def said(days: int) -> ir.IntegerValue:
        return talked.said.sum(where=within(talked, on, days)).fill_null(0).cast("int64")

    return talked.group_by("member_id").aggregate(
        messages_30d=said(MONTH),
        messages_90d=said(QUARTER),
        days_since_last_message=_since(talked.local_date.max(), on),
    )


def groups(states: ir.Table) -> ir.Table:
    """``groups``: how many somebody is in. ``states``: of ``core.metrics.rosters``, made of what was known before the day."""
    now = states.filter(states.next_on.isnull() & states.is_in)
    return now.group_by("member_id").aggregate(groups=now.group_id.nunique().cast("int64"))


# -- what reaches them -------------------------------------------------------------------------------------------------


def touches(rows: ir.Table, on: date) -> ir.Table:
    """``touches_30d``, ``touches_90d``, ``opened_share_90d`` (of those delivered; null where none was), ``clicks_90d``. ``rows``: touches."""
    sent = sends.sends(rows, Period(on - timedelta(days=QUARTER), on))
    late = sent.sent_on >= on - timedelta(days=MONTH)
    found = sent.group_by("member_id").aggregate(
        touches_30d=_count(late), touches_90d=sent.count().cast("int64"), clicks_90d=_count(sent.is_clicked),
        _opened=_count(sent.is_opened & sent.is_delivered), _delivered=_count(sent.is_delivered),
    )  # fmt: skip
    share = ibis.ifelse(found._delivered > 0, found._opened / found._delivered, ibis.null("float64"))
    return found.mutate(opened_share_90d=share).drop("_opened", "_delivered")


def withdrawals(touches: ir.Table, consents: ir.Table, on: date) -> ir.Table:
    """``withdrawals_365d``: consents withdrawn, and messages unsubscribed from."""
    left = touches.filter(within(touches, on, YEAR) & (touches.state == "unsubscribed")).select("member_id")
    taken = consents.filter(within(consents, on, YEAR) & (consents.state == "withdrawn")).select("member_id")
    both = ibis.union(left, taken)
    return both.group_by("member_id").aggregate(withdrawals_365d=both.count().cast("int64"))


# -- how they are served -----------------------------------------------------------------------------------------------


def feedback(rows: ir.Table, on: date) -> ir.Table:
    """``complaints_90d``, ``complaints_365d`` (complaints and disputes), ``low_scores_365d`` (2 or less of 5, 6 or less of NPS's 10), ``last_score`` (of the newest answer on 1 to 5)."""
    loud = rows.feedback_kind.isin(TROUBLES)
    score, is_nps = rows.score.cast("float64"), rows.feedback_kind == "nps"
    is_five = ~rows.feedback_kind.isin(TROUBLES) & ~is_nps & rows.score.notnull()
    low = (is_five & (score <= LOW)) | (is_nps & (score <= DETRACTORS))
    found = rows.group_by("member_id").aggregate(
        complaints_90d=_count(loud & within(rows, on, QUARTER)),
        complaints_365d=_count(loud & within(rows, on, YEAR)),
        low_scores_365d=_count(low.fill_null(False) & within(rows, on, YEAR)),
    )
    answered = rows.filter(is_five)
    newest = answered.mutate(
        _place=ibis.row_number().over(
            group_by="member_id",
            order_by=[answered.occurred_at.desc(), answered.batch_id.desc(), answered.row_number.desc()],
        )
    )
    last = newest.filter(newest._place == 0).select("member_id", last_score=newest.score.cast("float64"))
    return found.left_join(last, "member_id").drop("member_id_right")


def conversations(rows: ir.Table) -> ir.Table:
    """``conversations_365d``, ``slow_replies_365d`` (first answer after more than an hour on duty, or none within a day), ``unsolved_365d`` (not within a day), ``low_talks_365d``
    (scored 2 or less of 5). ``rows``: conversations of the last 365 days as ``core.metrics.care.judged`` tells of them by what was known (``known``)."""
    return rows.group_by("member_id").aggregate(
        conversations_365d=rows.count().cast("int64"),
        slow_replies_365d=_count(rows.is_slow | rows.is_missed),
        unsolved_365d=_count(rows.is_unsolved),
        low_talks_365d=_count(rows.is_low),
    )


def known(rows: ir.Table, at: datetime) -> ir.Table:
    """Conversations as they stood at ``at`` (naive UTC): an answer or a solution after it is not known, nor is a score before the conversation was solved or, of one
    never solved, ``SETTLING`` old."""
    none, moment = ibis.null(rows.occurred_at.type()), ibis.literal(at)
    is_over = ibis.ifelse(
        rows.resolved_at.notnull(), rows.resolved_at < moment, rows.occurred_at < ibis.literal(at - SETTLING)
    )
    return rows.mutate(
        first_reply_at=ibis.ifelse(rows.first_reply_at < moment, rows.first_reply_at, none),
        resolved_at=ibis.ifelse(rows.resolved_at < moment, rows.resolved_at, none),
        score=ibis.ifelse(is_over, rows.score, ibis.null(rows.score.type())),
    )


def points(rows: ir.Table) -> ir.Table:
    """``points``: the balance."""
    return rows.group_by("member_id").aggregate(points=rows.points.sum().cast("int64"))
