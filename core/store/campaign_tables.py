"""Tables of campaigns: what is to be sent, to whom, and what became of each message."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.store.columns import NEVER_REUSED, Base, Code, Id, Key, Name, Object, Time, UtcTime, one_of

CAMPAIGN_STATES = (
    "draft", "in_review", "approved", "scheduled", "materialising", "sending", "paused", "completed", "cancelled", "failed",
)  # fmt: skip
MESSAGE_STATES = (
    "planned", "held", "reserved", "sending", "accepted", "delivered", "failed", "skipped", "cancelled", "holdout", "unknown", "dead",
)  # fmt: skip
LONG = BigInteger().with_variant(Integer(), "sqlite")
"""Of rows that come by the million."""
WAITING = text("state IN ('planned', 'held')")
IN_HAND = text("state IN ('reserved', 'sending')")


class Campaign(Base):
    """A campaign. ``code``: as facts and touches name it. ``body``: what its author said. ``revision`` grows with every change of that. ``content_hash``: of what
    was approved; null before. ``salt``: of who is held out; it stays when the campaign is edited."""

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
    starts_at: Mapped[datetime | None] = mapped_column(UtcTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)
    error: Mapped[str | None] = mapped_column(String(64))


class Outgoing(Base):
    """One message of a campaign's step to one member on one channel, from the moment it is planned. ``identity_key``: the identity that it goes to; null where none is needed.
    ``address_mac``: keyed hash of the address itself, by which one address of two members is written to once. ``variant``: of the text.

    ``due_at``: not before; ``expires_at``: not after. ``fence`` grows with every claim: who holds an old one writes nothing. ``slot_at``: when its place under the caps
    was taken, ``begun_at``: when it was handed over. ``reason``: code of why it was skipped, held or cancelled; ``error``: of the last try that failed."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("campaign_id", "step", "member_id", "channel"),
        UniqueConstraint("campaign_id", "step", "channel", "address_mac"),
        one_of("state", MESSAGE_STATES),
        Index("ix_outbox_waiting", "channel", "due_at", "id", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("ix_outbox_in_hand", "lease_until", sqlite_where=IN_HAND, postgresql_where=IN_HAND),
        Index("ix_outbox_member_id_slot_at", "member_id", "slot_at"),
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
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    provider_id: Mapped[str | None] = mapped_column(String(200))
    error: Mapped[str | None] = mapped_column(String(64))


class SendRate(Base):
    """How far a way out is used (``core.campaigns.rate``): ``arrival_ns``, in nanoseconds since 1970."""

    __tablename__ = "send_rates"

    key: Mapped[Name] = mapped_column(primary_key=True)
    arrival_ns: Mapped[int] = mapped_column(BigInteger)
