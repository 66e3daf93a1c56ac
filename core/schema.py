"""The lake's contract: tables, columns, types, units and natural keys (product.md 5.1).

Facts happen at a time and are partitioned by ``month`` of their business date. Dimensions change: a change is a new
revision, and they are read "latest as of". A person is only ever named here by ``identity_key``, a keyed pseudonym; which
member it belongs to says ``identity_map``.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pyarrow as pa

from core.errors import Unknown

Kind = Literal["text", "code", "count", "money", "decimal", "time", "day", "flag", "key", "json"]
"""``code``: text with few distinct values. ``money``: int64 in the home currency's smallest unit. ``time``: UTC, microseconds.
``key``: int64 pseudonym. ``json``: a text that holds one JSON object."""

ARROW: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "code": pa.string(),
    "count": pa.int64(),
    "money": pa.int64(),
    "decimal": pa.decimal128(18, 6),
    "time": pa.timestamp("us", tz="UTC"),
    "day": pa.date32(),
    "flag": pa.bool_(),
    "key": pa.int64(),
    "json": pa.string(),
}

CHANNELS = [
    "wecom",
    "official_account",
    "mini_program",
    "group_chat",
    "sms",
    "email",
    "phone",
    "app",
    "web",
    "social",
    "live",
    "store",
    "offline_event",
]
GLOBAL_IDENTITY_TYPES = ("unionid", "phone", "email")
"""Identities that mean the same person whatever source they come from. All others are namespaced by their source."""
IDENTITY_TYPES = (
    "customer_no", "user_id", "external_userid", "openid", "pos_card", "unionid", "phone", "email", "anonymous_id",
)  # fmt: skip
"""In the order in which a fact that carries several chooses the one it is filed under: a source's own id first, because a
phone or an address may turn out to be shared and then stands for nobody."""

LINE_KINDS = ("sale", "refund", "adjustment")
TOUCH_STATES = ("sent", "delivered", "opened", "clicked", "replied", "converted", "failed", "unsubscribed")
OFFER_STATES = ("issued", "claimed", "redeemed", "expired")
FEEDBACK_KINDS = ("nps", "satisfaction", "service", "trust", "complaint", "dispute")
CONSENT_PURPOSES = ("marketing", "service", "profiling")
CONSENT_STATES = ("given", "withdrawn")
POINT_KINDS = ("earned", "spent", "expired", "adjusted")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the contract. ``choices`` are the only values allowed; ``is_needed`` columns may not be null."""

    name: str
    kind: Kind
    meaning: str
    is_needed: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One lake table. ``time`` names the column that dates a fact; a dimension has None.

    When are two rows one? A fact: same source, same time, and same ``key`` columns or, where ``key`` is empty or has a null,
    same content. With ``repeats`` equal rows of one file are real: the n-th equals only the n-th of an earlier batch. A
    dimension: of several rows of one ``key`` in a file the last one counts, and it is no new revision when it says what the
    newest one says. With ``is_once`` a batch keeps one row per key, whatever other batches brought: rolling one back takes away
    nobody else's evidence.

    ``derived`` columns are read from the row's own others when it is brought, so that questions need not; they tell no two rows
    apart, and rows brought before there was such a column have null in it.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    time: str | None = "occurred_at"
    repeats: bool = False
    is_once: bool = False
    derived: tuple[Column, ...] = ()

    @property
    def is_fact(self) -> bool:
        return self.time is not None

    @property
    def is_revised(self) -> bool:
        """Whether rows are revisions, of which the newest of each key counts."""
        return not self.is_fact and not self.is_once

    @cached_property
    def stored(self) -> tuple[Column, ...]:
        """The contract's columns, those derived from them, and those the writer adds."""
        added = SYSTEM_COLUMNS + (FACT_COLUMNS if self.is_fact else ())
        return self.columns + self.derived + added

    @cached_property
    def arrow(self) -> pa.Schema:
        return pa.schema([pa.field(c.name, ARROW[c.kind], nullable=True) for c in self.stored])

    def column(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise Unknown("column", name, [c.name for c in self.columns])

    def has(self, name: str) -> bool:
        return any(c.name == name for c in self.columns)


SYSTEM_COLUMNS = (
    Column("source", "code", "where the row came from; a namespace for its ids", True),
    Column("batch_id", "count", "the import that brought it", True),
    Column("row_number", "count", "order of the row in its file, from 1; breaks ties of time", True),
)
FACT_COLUMNS = (
    Column("local_date", "day", "business date in the home's zone", True),
    Column("month", "code", "partition: YYYY-MM of local_date", True),
)

_AT = Column("occurred_at", "time", "when it happened", True)
_WHO = Column("identity_key", "key", "the person, by the identity the source knew; null = nobody known")
_SOMEBODY = Column("identity_key", "key", "the person, by the identity the source knew", True)
_CHANNEL = Column("channel", "code", "where it happened", choices=tuple(CHANNELS))
_UNIT = Column("unit_id", "code", "region, store or brand line")
_CAMPAIGN = Column("campaign_id", "code", "campaign it belongs to")
_GROUP = Column("group_id", "code", "group chat")
_STAFF = Column("staff_id", "code", "employee")
_PROPERTIES = Column("properties", "json", "all else the source said")


def _fact(
    name: str,
    meaning: str,
    *columns: Column,
    key: tuple[str, ...] = (),
    repeats: bool = False,
    derived: tuple[Column, ...] = (),
) -> Table:
    return Table(name, meaning, (_AT, *columns), key, repeats=repeats, derived=derived)


def _dimension(name: str, meaning: str, key: str, *columns: Column) -> Table:
    return Table(name, meaning, (Column(key, "code", "its id", True), *columns), (key,), time=None)


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        _fact(
            "events", "what a person did, one row per action", _WHO,
            Column("event_id", "text", "the source's own id of the event, where it has one"),
            Column("name", "code", "what happened: product_view, add_to_cart …", True),
            _CHANNEL, _UNIT, _GROUP,
            Column("content_id", "code", "piece of content"), Column("product_id", "code", "product"), _CAMPAIGN,
            Column("session_id", "text", "the source's own session"),
            Column("sequence", "count", "order within the session, for sources without a clock"),
            _PROPERTIES,
            key=("event_id",),
        ),
        _fact(
            "order_lines", "one line of an order, a refund or a stock adjustment", _WHO,
            Column("order_no", "text", "the order's number at its source", True),
            Column("line_kind", "code", "sale, refund (amount below 0), or adjustment (outside orders)", True, LINE_KINDS),
            Column("product_id", "code", "product"), Column("product_name", "text", "its name on the line"),
            Column("quantity", "decimal", "pieces; below 0 for refunds and adjustments", True),
            Column("unit_price", "decimal", "price of one piece, major units", True),
            Column("amount_minor", "money", "quantity x unit price, rounded half-even once, home currency", True),
            _CHANNEL, _UNIT, _STAFF, _CAMPAIGN, _PROPERTIES,
            repeats=True,
        ),
        _fact(
            "group_messages", "one message in a group chat", _WHO, _GROUP,
            Column("message_id", "text", "the source's id of the message"),
            Column("sender_kind", "code", "who wrote", True, ("member", "staff", "bot")), _STAFF,
            Column("message_kind", "code", "text, image, link, mini_program, file, action, notice, system"),
            Column("text", "text", "what was written; personal"),
            Column("reply_to", "text", "message_id it answers"), Column("content_id", "code", "piece of content it carries"),
            key=("group_id", "message_id"),
            derived=(
                Column("is_heard", "flag", "says nothing but that something was heard"),
                Column("is_question", "flag", "asks"), Column("has_link", "flag", "leads elsewhere"),
            ),
        ),
        _fact(
            "group_membership", "a person joined or left a group", _WHO, _GROUP,
            Column("change", "code", "join or leave", True, ("join", "leave")),
            Column("scene", "code", "how: qr_code, invited, link, self, removed"), _STAFF,
        ),
        _fact(
            "group_rosters", "a person was in a group when its members were listed; a row without a person says that the list is of this group", _WHO,
            Column("group_id", "code", "group chat", True),
            Column("joined_at", "time", "when the person had joined, where the list tells"),
            Column("scene", "code", "how: qr_code, invited, link"),
            Column("person_kind", "code", "who is listed; null = member", choices=("member", "staff", "bot")),
            Column("is_complete", "flag", "no = the list may lack somebody, so nobody is seen to have left by it"),
            key=("group_id", "identity_key"),
        ),
        _fact(
            "group_statistics", "what the platform counted on a day in a group, of an owner's groups, or of all; of several rows of one day the newest taken counts",
            _GROUP, Column("staff_id", "code", "owner, where the row is of all groups of one"),
            Column("taken_at", "time", "when the platform was asked, where the file tells"),
            Column("message_count", "count", "messages of the day, by whomever"),
            Column("member_count", "count", "people in at the end of the day, staff included"),
            Column("new_member_count", "count", "people who joined on the day"),
            Column("talking_member_count", "count", "people who wrote on the day"),
            Column("group_count", "count", "groups there are"), Column("new_group_count", "count", "groups opened on the day"),
            Column("talking_group_count", "count", "groups in which somebody wrote on the day"),
        ),
        _fact(
            "touches", "one state reached by one message to one person on one channel", _WHO,
            Column("touch_id", "text", "the message", True),
            Column("state", "code", "state reached", True, TOUCH_STATES), _CHANNEL, _CAMPAIGN,
            Column("content_id", "code", "piece of content"), Column("reason", "code", "why it failed"),
            Column("cost_minor", "money", "cost of the send"),
            key=("touch_id", "state"),
        ),
        _fact(
            "offer_events", "one coupon or benefit changed state", _WHO,
            Column("offer_id", "code", "the offer", True), Column("coupon_no", "text", "the single coupon", True),
            Column("state", "code", "issued, claimed, redeemed, expired", True, OFFER_STATES),
            Column("cost_minor", "money", "what a redemption cost"), Column("order_no", "text", "order it was used on"),
            _CAMPAIGN,
            key=("coupon_no", "state"),
        ),
        _fact(
            "activity_participation", "a person took part in an activity", _WHO,
            Column("activity_id", "code", "the activity", True), Column("action", "code", "answered, voted, won, paid …"), _GROUP,
        ),
        _fact(
            "channel_spend", "money spent on a channel on a day", _CHANNEL, _CAMPAIGN, _UNIT,
            Column("amount_minor", "money", "money spent", True),
            repeats=True,
        ),
        _fact(
            "feedback", "a survey answer, a complaint or a dispute", _WHO,
            Column("feedback_id", "text", "the source's id"),
            Column("feedback_kind", "code", "what it is", True, FEEDBACK_KINDS),
            Column("score", "decimal", "NPS 0-10, others 1-5"), Column("category", "code", "what it is about"),
            Column("text", "text", "what was said; personal"), _CHANNEL, _UNIT, _STAFF,
            Column("order_no", "text", "order it is about"),
            key=("feedback_id",),
        ),
        _fact(
            "service_conversations", "one conversation between a person and an employee", _WHO,
            Column("conversation_id", "text", "the source's id", True), _STAFF, _CHANNEL,
            Column("first_reply_at", "time", "first answer of the employee"), Column("resolved_at", "time", "end, if solved"),
            Column("score", "decimal", "satisfaction 1-5"),
            key=("conversation_id",),
        ),
        _fact(
            "referrals", "a person brought another one", _WHO,
            Column("referred_key", "key", "the person brought", True), _CHANNEL, _CAMPAIGN,
        ),
        _fact(
            "consents", "what a source says a person agreed to or withdrew; of several rows of one purpose and channel the newest counts",
            _SOMEBODY,
            Column("purpose", "code", "what for", True, CONSENT_PURPOSES),
            Column("channel", "code", "channel it is about; null = all channels", choices=tuple(CHANNELS)),
            Column("state", "code", "given or withdrawn; never taken for granted", True, CONSENT_STATES),
            Column("policy_version", "code", "version of the policy that was shown"), Column("proof", "text", "what shows it"),
        ),
        _fact(
            "points", "one entry of a person's points account; all entries to a day are the balance of it", _SOMEBODY,
            Column("entry_id", "text", "the source's id of the entry", True),
            Column("points", "count", "points added; below 0 = taken away, which spent and expired ones always are", True),
            Column("kind", "code", "why the balance changed", True, POINT_KINDS),
            Column("expires_at", "time", "when points earned by it expire"), Column("order_no", "text", "order it comes from"),
            key=("entry_id",),
        ),
        _dimension("units", "regions, stores and brand lines", "unit_id",
            Column("name", "text", "its name", True), Column("parent_unit_id", "code", "the unit above"),
            Column("unit_kind", "code", "region, store, brand_line"), Column("city", "code", "city")),
        _dimension("staff", "employees who own contacts and groups", "staff_id",
            Column("name", "text", "name shown", True), _UNIT, Column("staff_role", "code", "owner, guide, service")),
        _dimension("groups", "group chats", "group_id",
            Column("name", "text", "its name", True), _UNIT, _STAFF, Column("created_at", "time", "when it was opened")),
        _dimension("products", "things sold", "product_id",
            Column("name", "text", "its name"), Column("category", "code", "category"), Column("price_minor", "money", "list price")),
        _dimension("contents", "articles, posts, videos, live sessions", "content_id",
            Column("title", "text", "its title", True), Column("topic", "code", "topic"), Column("format", "code", "article, video, live …"),
            _CHANNEL, Column("published_at", "time", "when it was published")),
        _dimension("campaigns", "campaigns and journeys", "campaign_id",
            Column("name", "text", "its name", True), Column("goal", "code", "what for"), _CHANNEL,
            Column("starts_at", "time", "start"), Column("ends_at", "time", "end")),
        _dimension("offers", "coupons and benefits", "offer_id",
            Column("name", "text", "its name", True), Column("face_minor", "money", "face value"), _CAMPAIGN),
        _dimension("activities", "Q&A, votes, lotteries, check-ins, group buys, flash sales, offline", "activity_id",
            Column("name", "text", "its name", True), Column("activity_kind", "code", "qa, vote, lottery, check_in, group_buy, flash_sale, offline"),
            _GROUP, _UNIT, Column("starts_at", "time", "start"), Column("ends_at", "time", "end")),
        Table("calendar", "holidays and shopping festivals",
            (Column("on_date", "day", "the day", True), Column("name", "text", "what is on that day", True),
             Column("day_kind", "code", "holiday, workday, festival")), ("on_date", "name"), time=None),
        Table("member_profiles", "what a source says of a person; the newest row counts",
            (Column("identity_key", "key", "the person, by the identity the source knew", True),
             Column("joined_at", "time", "when the person joined"), Column("gender", "code", "f, m or null"),
             Column("birth_year", "count", "year of birth"), Column("city", "code", "city"), _UNIT, _STAFF,
             Column("acquisition_channel", "code", "channel that brought the person"), Column("tier", "code", "membership tier"),
             Column("is_test", "flag", "an account for trials"), Column("is_friend", "flag", "is a WeCom contact"), _PROPERTIES),
            ("identity_key",), time=None),
        Table("identities", "every identity seen; its value lies encrypted in the store",
            (Column("identity_key", "key", "its pseudonym", True), Column("identity_type", "code", "phone, unionid …", True, IDENTITY_TYPES),
             Column("namespace", "code", "source it belongs to; empty for types that mean the same everywhere"),
             Column("first_seen_at", "time", "time of the first fact that carried it")),
            ("identity_key",), time=None, is_once=True),
        Table("identity_links", "two identities seen together: the evidence of one-id",
            (Column("left_key", "key", "identity", True), Column("right_key", "key", "identity", True),
             Column("rule", "code", "same_row, declared, manual", True), Column("seen_at", "time", "when they were seen together")),
            ("left_key", "right_key", "rule"), time=None, is_once=True),
        Table("event_names", "names of events; a held one is hidden until approved",
            (Column("name", "code", "the event's name", True), Column("is_held", "flag", "hidden until approved", True)), ("name",), time=None),
    )
}  # fmt: skip

IDENTITY_MAP = pa.schema([("identity_key", pa.int64()), ("member_id", pa.int64()), ("is_known", pa.bool_())])
"""Derived from identities and links at every change, written whole: which member an identity belongs to.

``is_known``: the member has at least one identity that is not anonymous; others are visitors, not members.
"""


def table(name: str) -> Table:
    """Contract of a lake table. Raises ``Unknown``."""
    if name not in TABLES:
        raise Unknown("table", name, TABLES)
    return TABLES[name]
