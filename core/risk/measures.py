"""Metrics that only warnings need. They are no figures of the Overview, so the catalogue does not hold them.

Besides the lake's tables they read, under names of their own, what ``core.work.questions.apart`` derives: ``visits`` (``member_id``, ``local_date``), ``posts``
(of the staff in groups: ``local_date``, ``is_selling``, ``is_content``), ``memberships`` (of groups: ``member_id``, ``local_date``, ``is_in``, ``was_in``, ``is_first``;
``core.metrics.rosters.states``), ``alarming`` (``member_id``, ``local_date`` of complaints with sensitive words) and ``days`` (``local_date`` of every day with facts).
"""

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from core.metrics import catalog, kpis, talk
from core.metrics.catalog import Declared, Direction, Metric, Unit
from core.metrics.contents import READS
from core.metrics.facts import INTERACTIONS, Facts, told
from core.metrics.parts import BALANCE, Part

LOGINS = ("login", "log_in", "sign_in")
"""Events that are a log-in, or a signing in of the day (签到)."""
MOST_EVENTS = 200
"""Events of one member on one day beyond which a script is thought of. A rule of thumb: a person who opens a page every two minutes has done so in seven hours."""
SELLING = (
    r"优惠|折扣|打折|特价|满减|立减|秒杀|抢购|拼团|团购|限时|限量|下单|领券|优惠券|代金券|红包|促销|买一送|包邮|清仓|到手价|预售|折后|[0-9一二三四五六七八九.]+ ?折|"
    r"(?i)\b(?:sale|discount|coupon|promo(?:tion)?|deal|buy now|order now|off today|\d+ ?% off|free shipping|flash|voucher|limited time)\b"
)
"""Words by which a post of the staff sells. A rule of thumb, ours."""


def measure(unit: Unit, needs: str, better: Direction = "down", *, scale: float = 1.0) -> Callable[[Declared], Metric]:
    def declare(function: Declared) -> Metric:
        return catalog.declared(function, "connection", unit, needs, better, scale=scale)

    return declare


APART = ("channel", "unit_id", "group_id", "name", "content_id", "product_id", "campaign_id", "source")
"""What events can be told apart by (``core.metrics.splits``)."""

# ---- rows: besides what parts need each gives what rows can be told apart by (core.metrics.splits) ----


def _events(facts: Facts) -> ir.Table:
    events = facts.table("events")
    has_content = events.content_id.notnull()
    return told(
        events,
        "member_id",
        "local_date",
        *APART,
        is_login=events.name.isin(LOGINS),
        is_read=has_content & events.name.isin(READS),
        is_reaction=has_content & events.name.isin(INTERACTIONS),
    )


def _busy(facts: Facts) -> ir.Table:
    """One row per member and day with more events than a person makes."""
    events = facts.table("events")
    rows = told(events.filter(events.member_id.notnull()), "member_id", "local_date")
    counted = rows.group_by(rows.columns).aggregate(events=rows.count())
    return counted.filter(counted.events > MOST_EVENTS)


def _visits(facts: Facts) -> ir.Table:
    return facts.table("visits")


def _said(facts: Facts) -> ir.Table:
    messages = facts.table("group_messages")
    return told(messages.filter(talk.is_activity(messages)), "member_id", "local_date", "group_id", "source")


def _posts(facts: Facts) -> ir.Table:
    return facts.table("posts")


def _content_days(facts: Facts) -> ir.Table:
    posts = facts.table("posts")
    return told(posts.filter(posts.is_content), "local_date").distinct()


def _days(facts: Facts) -> ir.Table:
    return facts.table("days")


def _memberships(facts: Facts) -> ir.Table:
    """Changes of who is in which group; the day of those who had been in for as long as anybody knows is null."""
    states = facts.table("memberships")
    change = told(
        states, "member_id", "local_date", "group_id", value=states.is_in.cast("int64") - states.was_in.cast("int64")
    )
    always = states.filter(states.is_first & states.was_in)
    always = told(always, "member_id", "group_id", local_date=ibis.null("date"), value=ibis.literal(1, "int64"))
    columns = change.columns
    return change.filter(change.value != 0).union(always.select(columns))


def _sends(facts: Facts) -> ir.Table:
    """One row per message to one person, on the day of its first state."""
    about = ("channel", "campaign_id", "content_id", "reason")
    states = told(facts.table("touches"), "source", "touch_id", "member_id", "local_date", "state", *about)
    keys = [name for name in states.columns if name not in ("local_date", "state", *about)]
    return states.group_by(keys).aggregate(
        local_date=states.local_date.min(),
        has_failed=(states.state == "failed").any(),
        **{name: states[name].max() for name in about},
    )


def _withdrawn(facts: Facts) -> ir.Table:
    consents = facts.table("consents")
    rows = consents.filter((consents.purpose == "marketing") & (consents.state == "withdrawn"))
    return told(rows, "member_id", "local_date", "channel", "source")


def _alarming(facts: Facts) -> ir.Table:
    return facts.table("alarming")


# ---- parts ----


def _is_known(rows: ir.Table) -> ir.BooleanValue:
    return rows.member_id.notnull()


def _is_complaint(rows: ir.Table) -> ir.BooleanValue:
    return rows.feedback_kind == "complaint"


def _is_dispute(rows: ir.Table) -> ir.BooleanValue:
    return rows.feedback_kind == "dispute"


EVENTS = Part("events", _events, "rows")
LOGIN_EVENTS = Part("login_events", _events, "rows", lambda rows: rows.is_login & rows.member_id.notnull())
LOGGING_IN = Part("logging_in", _events, "members", lambda rows: rows.is_login)
READ = Part("content_reads", _events, "rows", lambda rows: rows.is_read)
REACTED = Part("content_reactions", _events, "rows", lambda rows: rows.is_reaction)
BUSY = Part("busy", _busy, "members")
VISITS = Part("visits", _visits, "rows")
SAID = Part("said", _said, "rows", _is_known)
SPEAKING = Part("speaking", _said, "members")
POSTS = Part("posts", _posts, "rows")
SELLING_POSTS = Part("selling_posts", _posts, "rows", lambda rows: rows.is_selling)
CONTENT_DAYS = Part("content_days", _content_days, "rows")
DAYS = Part("days", _days, "rows")
LEFT = Part("left_groups", _memberships, "rows", lambda rows: (rows.value < 0) & rows.local_date.notnull())
MEMBERSHIPS_BEFORE = Part("memberships_before", _memberships, BALANCE)
SENDS = Part("sends", _sends, "rows")
FAILED = Part("failed_sends", _sends, "rows", lambda rows: rows.has_failed)
WITHDRAWING = Part("withdrawing", _withdrawn, "members")
ALARMING = Part("alarming", _alarming, "rows")
RETURNING = Part("returning", kpis.REFUNDS.rows, "members")
COMPLAINTS = Part("complaints", kpis.COMPLAINING.rows, "rows", _is_complaint)
DISPUTES = Part("disputes", kpis.COMPLAINING.rows, "rows", _is_dispute)
KNOWN_DISPUTES = Part(
    "known_disputes", kpis.COMPLAINING.rows, "rows", lambda rows: _is_dispute(rows) & rows.member_id.notnull()
)

# ---- activity ----


@measure("rows", "events", "up")
def events() -> tuple[Part | None, ...]:
    """Events of everybody, known or not."""
    return (EVENTS,)


@measure("rows", "events", "up")
def visits() -> tuple[Part | None, ...]:
    """Visits of everybody, known or not: sessions that the source tells, and runs of events without a pause longer than 30 minutes; each on the day of its first
    event, as the traffic that is forecast."""
    return (VISITS,)


@measure("members", "group_membership")
def members_left() -> tuple[Part | None, ...]:
    """Distinct members who left at least one group in the period."""
    return (kpis.LEAVING,)


@measure("rows", "group_messages", "up")
def messages() -> tuple[Part | None, ...]:
    """Messages in groups that members said: without notices of the chat and mere acknowledgements."""
    return (SAID,)


@measure("members", "group_messages", "up")
def speaking_members() -> tuple[Part | None, ...]:
    """Distinct members who said something in a group in the period."""
    return (SPEAKING,)


@measure("share", "group_membership")
def group_leave_share() -> tuple[Part | None, ...]:
    """Leaves of groups in the period over memberships of groups at its start: who is in two groups has two."""
    return (LEFT, MEMBERSHIPS_BEFORE)


# ---- content ----


@measure("ratio", "events", "up")
def content_interaction() -> tuple[Part | None, ...]:
    """Likes, comments, shares and replies on pieces of content in the period over views of pieces of content."""
    return (REACTED, READ)


@measure("share", "group_messages")
def promotion_share() -> tuple[Part | None, ...]:
    """Posts of the staff in groups that sell, by their words (discount, coupon, flash sale …) or as a mini-program, over all posts of the staff in the period. What replies
    to somebody is service, and no post."""
    return (SELLING_POSTS, POSTS)


@measure("days", "group_messages")
def days_without_content() -> tuple[Part | None, ...]:
    """Days of the period, of those with facts, on which the staff posted no content in any group (``core.metrics.posts``)."""
    return (DAYS, CONTENT_DAYS, None)


# ---- response ----


@measure("share", "touches")
def failed_share() -> tuple[Part | None, ...]:
    """Messages to single people that failed over all messages, each on the day of its first state."""
    return (FAILED, SENDS)


@measure("members", "consents")
def opt_outs() -> tuple[Part | None, ...]:
    """Distinct members who withdrew a consent to marketing in the period."""
    return (WITHDRAWING,)


# ---- compliance ----


@measure("rows", "feedback")
def complaints() -> tuple[Part | None, ...]:
    """Complaints of everybody, known or not."""
    return (COMPLAINTS,)


@measure("rows", "feedback")
def disputes() -> tuple[Part | None, ...]:
    """Disputes of everybody, known or not."""
    return (DISPUTES,)


@measure("share", "feedback order_lines")
def dispute_rate() -> tuple[Part | None, ...]:
    """Disputes of members in the period over members' orders of the period. A dispute may be about an order of an earlier one."""
    return (KNOWN_DISPUTES, kpis.ORDERS)


@measure("rows", "feedback")
def sensitive_complaints() -> tuple[Part | None, ...]:
    """Complaints and disputes whose text holds sensitive words (``data/words/sensitive.toml``, rules for what members write), and messages of members in groups that
    threaten to escalate (same list)."""
    return (ALARMING,)


@measure("members", "events")
def scripted_accounts() -> tuple[Part | None, ...]:
    """Distinct members with a day of more than 200 events in the period (rule of thumb): hardly done by hand."""
    return (BUSY,)


@measure("ratio", "events")
def logins_per_member() -> tuple[Part | None, ...]:
    """Log-ins and daily sign-ins of members in the period over members who logged or signed in."""
    return (LOGIN_EVENTS, LOGGING_IN)


# ---- trade ----


@measure("share", "order_lines")
def returning_share() -> tuple[Part | None, ...]:
    """Members with a refund in the period over buyers of the period (退货). A refund may belong to an order of an earlier one."""
    return (RETURNING, kpis.BUYERS)
