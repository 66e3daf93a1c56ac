"""Tables of campaigns: what is to be sent, to whom, and what became of each message."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    bindparam,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.store.columns import (
    JSON_VALUE,
    NEVER_REUSED,
    Base,
    Code,
    Id,
    Key,
    LongText,
    Name,
    Object,
    Sha,
    Time,
    UtcTime,
    one_of,
)

CAMPAIGN_STATES = (
    "draft", "in_review", "approved", "scheduled", "materialising", "sending", "paused", "completed", "cancelled", "failed",
)  # fmt: skip
MESSAGE_STATES = (
    "planned", "held", "reserved", "sending", "accepted", "delivered", "failed", "skipped", "cancelled", "holdout", "unknown", "dead",
)  # fmt: skip
CONNECTOR_KINDS = (
    "wecom", "robot", "official_account", "mini_program", "aliyun_sms", "tencent_sms", "email", "webhook", "console",
)  # fmt: skip
MARKS = ("sent", "delivered", "opened", "clicked", "replied", "failed", "unsubscribed", "complained", "left")
SUPPRESSION_KINDS = ("unsubscribed", "bounced", "complained", "blocked", "invalid", "manual")
EMPLOYEE_STATES = ("waiting", "sent", "untold")
TRIAL_STATES = ("waiting", "sending", "sent", "refused", "unknown")
LONG = BigInteger().with_variant(Integer(), "sqlite")
"""Of rows that come by the million."""
WAITING = text("state IN ('planned', 'held')")
IN_HAND = text("state IN ('reserved', 'sending')")
UNDECIDED = text("state IN ('unknown', 'dead')")
NAMED, TAKEN = text("provider_id IS NOT NULL"), text("slot_at IS NOT NULL")
"""Messages of which a platform may tell something: by its own name for them, or by whom it writes to."""
STANDING, IN_USE, UNTOLD, UNHANDLED, UNENDED = (
    text("lifted_at IS NULL"),
    text("is_on AND kind <> 'robot'"),
    text("NOT is_told"),
    text("handled_at IS NULL"),
    text("ended_at IS NULL"),
)


class Campaign(Base):
    """A campaign. ``code``: as facts and touches name it. ``body``: what its author said. ``revision`` grows with every change of that. ``content_hash``: of what
    was approved; null before. ``approved_count``: to how many it was approved. ``salt``: of who is held out; it stays when the campaign is edited. ``units``: the scope of who made it, None = all. ``launched``: what
    was true when it was launched (counts of the gates, prices, version of the lake); null before."""

    __tablename__ = "campaigns"
    __table_args__ = (one_of("state", CAMPAIGN_STATES), NEVER_REUSED)

    id: Mapped[Id]
    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    state: Mapped[Code]
    state_at: Mapped[Time]
    body: Mapped[Object]
    revision: Mapped[int] = mapped_column(default=1)
    salt: Mapped[Code]
    content_hash: Mapped[str | None] = mapped_column(String(64))
    author: Mapped[Name]
    created_at: Mapped[Time]
    changed_by: Mapped[Name]
    changed_at: Mapped[Time]
    approved_by: Mapped[str | None] = mapped_column(String(200))
    approved_at: Mapped[datetime | None] = mapped_column(UtcTime)
    approved_count: Mapped[int | None]
    starts_at: Mapped[datetime | None] = mapped_column(UtcTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)
    error: Mapped[str | None] = mapped_column(String(64))
    units: Mapped[list[str] | None] = mapped_column(JSON_VALUE)
    launched: Mapped[dict[str, Any] | None] = mapped_column(JSON_VALUE)


class CampaignEntry(Base):
    """What happened to a campaign: ``action`` (a code) with its ``details``, as its page tells it."""

    __tablename__ = "campaign_entries"
    __table_args__ = (Index("ix_campaign_entries_campaign_id_id", "campaign_id", "id"), NEVER_REUSED)

    id: Mapped[Id]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    at: Mapped[Time]
    by: Mapped[Name]
    action: Mapped[Code]
    details: Mapped[Object]


class CampaignLink(Base):
    """An address that texts of a campaign lead to; short links name it by its number."""

    __tablename__ = "campaign_links"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    url: Mapped[LongText]


class Outgoing(Base):
    """One message of a campaign's step to one member on one channel, from the moment it is planned. ``identity_key``: the identity that it goes to; null where none is needed.
    ``address_mac``: keyed hash of the address itself, by which one address of two members is written to once. ``place``: the group chat or the robot that it goes to, where it
    goes to no member (``member_id`` is then a key of the place, below 0). ``variant``: of the text.

    ``due_at``: not before; ``expires_at``: not after. ``fence`` grows with every claim: who holds an old one writes nothing. ``slot_at``: when its place under the caps
    was taken, ``begun_at``: when it was handed over, ``tried_at``: when it was first refused for now. ``reason``: code of why it was skipped, held or cancelled; ``error``: of the last try that failed."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("campaign_id", "step", "member_id", "channel"),
        UniqueConstraint("campaign_id", "step", "channel", "address_mac"),
        one_of("state", MESSAGE_STATES),
        Index(
            "ix_outbox_waiting",
            "campaign_id",
            "channel",
            "due_at",
            "id",
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
        Index("ix_outbox_undecided", "campaign_id", sqlite_where=UNDECIDED, postgresql_where=UNDECIDED),
        Index("ix_outbox_in_hand", "lease_until", sqlite_where=IN_HAND, postgresql_where=IN_HAND),
        Index("ix_outbox_member_id_slot_at", "member_id", "slot_at"),
        Index("ix_outbox_provider_id", "provider_id", sqlite_where=NAMED, postgresql_where=NAMED),
        Index("ix_outbox_identity_key", "identity_key", sqlite_where=TAKEN, postgresql_where=TAKEN),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(LONG, primary_key=True, autoincrement=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    step: Mapped[int] = mapped_column(default=0)
    member_id: Mapped[Key]
    channel: Mapped[Code]
    variant: Mapped[Code] = mapped_column(default="")
    identity_key: Mapped[int | None] = mapped_column(BigInteger)
    address_mac: Mapped[bytes | None] = mapped_column(LargeBinary)
    place: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[Code]
    reason: Mapped[str | None] = mapped_column(String(64))
    planned_at: Mapped[Time]
    due_at: Mapped[Time]
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)
    worker: Mapped[str | None] = mapped_column(String(200))
    lease_until: Mapped[datetime | None] = mapped_column(UtcTime)
    fence: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    slot_at: Mapped[datetime | None] = mapped_column(UtcTime)
    begun_at: Mapped[datetime | None] = mapped_column(UtcTime)
    tried_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    provider_id: Mapped[str | None] = mapped_column(String(200))
    error: Mapped[str | None] = mapped_column(String(64))


def _is_in(*states: str) -> ColumnElement[bool]:
    """Written out in the statement: of values that come beside it SQLite cannot tell that an index of these rows serves."""
    return Outgoing.state.in_(bindparam(None, states, expanding=True, literal_execute=True))


IS_WAITING, IS_IN_HAND, IS_UNDECIDED = (
    _is_in("planned", "held"),
    _is_in("reserved", "sending"),
    _is_in("unknown", "dead"),
)


class CampaignErrors(Base):
    """How sending a campaign goes since it was started or resumed at ``since``: messages that came to an end, how many of them failed, and how many in a row at last."""

    __tablename__ = "campaign_errors"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    since: Mapped[Time]
    ended: Mapped[int]
    failed: Mapped[int]
    in_row: Mapped[int]


class SendRate(Base):
    """How far a way out is used (``core.campaigns.rate``): ``arrival_ns``, in nanoseconds since 1970."""

    __tablename__ = "send_rates"

    key: Mapped[Name] = mapped_column(primary_key=True)
    arrival_ns: Mapped[int] = mapped_column(BigInteger)


class MessageMark(Base):
    """Something that a message came to, each once: ``mark`` with its first time. ``is_told``: it stands in the lake as a touch."""

    __tablename__ = "message_marks"
    __table_args__ = (
        UniqueConstraint("message_id", "mark"),
        one_of("mark", MARKS),
        Index("ix_message_marks_campaign_id_mark", "campaign_id", "mark"),
        Index("ix_message_marks_untold", "id", sqlite_where=UNTOLD, postgresql_where=UNTOLD),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(LONG, primary_key=True, autoincrement=True)
    message_id: Mapped[int] = mapped_column(LONG, ForeignKey("outbox.id"))
    campaign_id: Mapped[int]
    mark: Mapped[Code]
    at: Mapped[Time]
    reason: Mapped[str | None] = mapped_column(String(64))
    is_told: Mapped[bool] = mapped_column(default=False)


class Click(Base):
    """How often a link of a message was followed. ``machine_count``: of these by what looks like a program that checks links; people's are the rest."""

    __tablename__ = "clicks"
    __table_args__ = (Index("ix_clicks_campaign_id", "campaign_id"),)

    message_id: Mapped[int] = mapped_column(LONG, ForeignKey("outbox.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    campaign_id: Mapped[int]
    first_at: Mapped[Time]
    last_at: Mapped[Time]
    count: Mapped[int]
    machine_count: Mapped[int] = mapped_column(default=0)


class Suppression(Base):
    """Nothing of a purpose is sent to a member, or to an address, on a channel; None = of any purpose, on any channel. ``address_mac`` outlives the erasure of the member. ``key``:
    hash of what it is about, so that it stands once."""

    __tablename__ = "suppressions"
    __table_args__ = (
        one_of("kind", SUPPRESSION_KINDS),
        Index("uq_suppressions_standing", "key", unique=True, sqlite_where=STANDING, postgresql_where=STANDING),
        Index("ix_suppressions_member_id", "member_id"),
        Index("ix_suppressions_address_mac", "address_mac"),
        NEVER_REUSED,
    )

    id: Mapped[Id]
    key: Mapped[Sha]
    kind: Mapped[Code]
    channel: Mapped[str | None] = mapped_column(String(64))
    purpose: Mapped[str | None] = mapped_column(String(64))
    member_id: Mapped[int | None] = mapped_column(BigInteger)
    address_mac: Mapped[bytes | None] = mapped_column(LargeBinary)
    message_id: Mapped[int | None] = mapped_column(LONG)
    reason: Mapped[LongText] = mapped_column(default="")
    by: Mapped[Name]
    at: Mapped[Time]
    lifted_by: Mapped[str | None] = mapped_column(String(200))
    lifted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    lifted_reason: Mapped[LongText] = mapped_column(default="")


class Connector(Base):
    """A way out that was set up. ``settings``: what may be read; ``sealed``: what may not, encrypted. ``halted``: code of why nobody sends through it until somebody has
    changed something; ``paused_until``, ``failures``: it is in trouble and left alone for a while. Of each channel one is in use at most; robots any number."""

    __tablename__ = "connectors"
    __table_args__ = (
        one_of("kind", CONNECTOR_KINDS),
        Index("uq_connectors_in_use", "channel", unique=True, sqlite_where=IN_USE, postgresql_where=IN_USE),
        NEVER_REUSED,
    )

    id: Mapped[Id]
    name: Mapped[Name] = mapped_column(unique=True)
    kind: Mapped[Code]
    channel: Mapped[Code]
    settings: Mapped[Object]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    is_on: Mapped[bool]
    revision: Mapped[int]
    by: Mapped[Name]
    at: Mapped[Time]
    halted: Mapped[str | None] = mapped_column(String(64))
    failures: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[datetime | None] = mapped_column(UtcTime)
    tested_at: Mapped[datetime | None] = mapped_column(UtcTime)
    test_error: Mapped[str | None] = mapped_column(String(64))


class Inbound(Base):
    """What a platform told the receiver, as it came (sealed), each once by ``key``, until it is handled."""

    __tablename__ = "inbound"
    __table_args__ = (
        UniqueConstraint("connector_id", "key"),
        Index("ix_inbound_waiting", "id", sqlite_where=UNHANDLED, postgresql_where=UNHANDLED),
        NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(LONG, primary_key=True, autoincrement=True)
    connector_id: Mapped[int] = mapped_column(ForeignKey("connectors.id"))
    kind: Mapped[Code]
    key: Mapped[Sha]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[Time]
    attempts: Mapped[int] = mapped_column(default=0)
    handled_at: Mapped[datetime | None] = mapped_column(UtcTime)
    error: Mapped[str | None] = mapped_column(String(64))


class MassTask(Base):
    """A WeCom mass message that employees are asked to send: ``msgid`` of many messages of the outbox (their ``provider_id``). It is looked at until ``ended_at``. ``reminded``: when its
    employees were reminded; ``remind_by``: who wants them reminded next."""

    __tablename__ = "mass_tasks"
    __table_args__ = (UniqueConstraint("connector_id", "msgid"), NEVER_REUSED)

    id: Mapped[Id]
    connector_id: Mapped[int] = mapped_column(ForeignKey("connectors.id"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    msgid: Mapped[Name]
    asked_at: Mapped[Time]
    next_look_at: Mapped[Time]
    looks: Mapped[int] = mapped_column(default=0)
    reminded: Mapped[list[str]] = mapped_column(JSON_VALUE, default=list)
    remind_by: Mapped[str | None] = mapped_column(String(200))
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class MassEmployee(Base):
    """An employee who is asked to send a mass message, and to how many."""

    __tablename__ = "mass_employees"
    __table_args__ = (one_of("state", EMPLOYEE_STATES),)

    task_id: Mapped[int] = mapped_column(ForeignKey("mass_tasks.id"), primary_key=True)
    userid: Mapped[Name] = mapped_column(primary_key=True)
    state: Mapped[Code]
    sent_at: Mapped[datetime | None] = mapped_column(UtcTime)
    recipient_count: Mapped[int] = mapped_column(default=0)


class SubscriptionGrant(Base):
    """How many messages of a template somebody has allowed and has not been sent."""

    __tablename__ = "subscription_grants"

    connector_id: Mapped[int] = mapped_column(ForeignKey("connectors.id"), primary_key=True)
    identity_key: Mapped[Key] = mapped_column(primary_key=True, autoincrement=False)
    template_id: Mapped[Code] = mapped_column(primary_key=True)
    grants: Mapped[int]
    changed_at: Mapped[Time]


class CampaignTrial(Base):
    """One text of a campaign that somebody has sent to themselves, or to a colleague, before it is handed in. ``digest``: of what it said (``core.campaigns.body.text_digest``). ``sealed``: where it goes and what it says,
    encrypted; null from the moment at which it came to an end. ``state``: ``sent`` (the platform has taken it), ``refused`` (``error`` says why; nothing was handed over, or nothing was taken), ``unknown`` (whoever handed it over died).
    ``begun_at``: from when on it may have left the house."""

    __tablename__ = "campaign_trials"
    __table_args__ = (
        one_of("state", TRIAL_STATES),
        Index("ix_campaign_trials_campaign_id_id", "campaign_id", "id"),
        Index("ix_campaign_trials_by_asked_at", "by", "asked_at"),
        Index("ix_campaign_trials_unended", "id", sqlite_where=UNENDED, postgresql_where=UNENDED),
        Index("ix_campaign_trials_provider_id", "provider_id", sqlite_where=NAMED, postgresql_where=NAMED),
        NEVER_REUSED,
    )

    id: Mapped[Id]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    variant: Mapped[Code]
    channel: Mapped[Code]
    digest: Mapped[Sha]
    by: Mapped[Name]
    asked_at: Mapped[Time]
    state: Mapped[Code]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcTime)
    begun_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    provider_id: Mapped[str | None] = mapped_column(String(200))
    error: Mapped[str | None] = mapped_column(String(64))
