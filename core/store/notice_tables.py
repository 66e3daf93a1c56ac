"""Tables of notices: what was said, to whom it goes, and what became of each message."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.store.columns import JSON_VALUE, NEVER_REUSED, Base, Code, Id, Name, Object, Time, UtcTime, one_of
from core.store.tables import LANGUAGES

URGENCIES = ("low", "normal", "high")
TARGET_KINDS = ("email", "webhook", "robot", "app")
DELIVERY_STATES = ("queued", "held", "joined", "sending", "sent", "failed", "unknown", "cancelled")
HELD_FOR = ("digest", "cap")


class SaidNotice(Base):
    """Something that people are to know, said once per ``kind`` and ``key``. ``params``: codes, counts and names of things of the house that the words need,
    never anything of a person. ``is_addressed``: its deliveries are there. Where it has no rows in ``notice_units`` it is of the whole house."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("kind", "key"),
        one_of("urgency", URGENCIES),
        Index("ix_notices_is_addressed", "is_addressed"),
        NEVER_REUSED,
    )

    id: Mapped[Id]
    kind: Mapped[Code]
    key: Mapped[Name]
    urgency: Mapped[Code]
    params: Mapped[Object]
    said_at: Mapped[Time]
    is_addressed: Mapped[bool] = mapped_column(default=False)


class NoticeUnit(Base):
    """A unit that a notice is of."""

    __tablename__ = "notice_units"

    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id", ondelete="CASCADE"), primary_key=True)
    unit_id: Mapped[str] = mapped_column(String(200), primary_key=True)


class NoticeTarget(Base):
    """Where notices go besides the bell. ``address``: as it may be shown. ``sealed``: the whole address and its secrets, encrypted; ``rotated_at``: since when
    the newest of these holds. ``kinds`` and ``units`` null = all. ``digest_minutes`` 0: each notice by itself; else those that are not urgent wait so long for
    each other.

    ``revision`` grows with what people change. ``failures``: tries in a row that failed; ``paused_until``: no try before; ``halted``: why there is none until a
    person says so.
    """

    __tablename__ = "notice_targets"
    __table_args__ = (
        one_of("kind", TARGET_KINDS),
        one_of("language", LANGUAGES),
        one_of("least_urgency", URGENCIES),
        NEVER_REUSED,
    )

    id: Mapped[Id]
    kind: Mapped[Code]
    name: Mapped[Name] = mapped_column(unique=True)
    address: Mapped[Name]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    rotated_at: Mapped[datetime | None] = mapped_column(UtcTime)
    language: Mapped[Code]
    least_urgency: Mapped[Code]
    kinds: Mapped[list[str] | None] = mapped_column(JSON_VALUE)
    units: Mapped[list[str] | None] = mapped_column(JSON_VALUE)
    most_per_hour: Mapped[int]
    digest_minutes: Mapped[int]
    is_on: Mapped[bool]
    revision: Mapped[int] = mapped_column(default=1)
    by: Mapped[Name]
    at: Mapped[Time]
    failures: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[datetime | None] = mapped_column(UtcTime)
    halted: Mapped[str | None] = mapped_column(String(64))


class NoticeDelivery(Base):
    """One message to one target: of a notice, or without one a digest of the deliveries that name it in ``digest_id`` (these are ``joined``: what becomes of the
    digest becomes of them). ``held_for`` the next digest, or by the ``cap`` of the target. ``message_id`` is the same at every try.

    ``sending`` is written before the message goes out, with ``fence`` and ``lease_until``; ``unknown``: it may have arrived, and a person decides. ``error``: the code
    of the last try that failed. ``target_id`` null: the target was removed.
    """

    __tablename__ = "notice_deliveries"
    __table_args__ = (
        UniqueConstraint("notice_id", "target_id"),
        one_of("state", DELIVERY_STATES),
        one_of("urgency", URGENCIES),
        one_of("held_for", HELD_FOR),
        Index("ix_notice_deliveries_target_id_state", "target_id", "state"),
        Index("ix_notice_deliveries_digest_id", "digest_id"),
        NEVER_REUSED,
    )

    id: Mapped[Id]
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id", ondelete="CASCADE"))
    target_id: Mapped[int | None] = mapped_column(ForeignKey("notice_targets.id", ondelete="SET NULL"))
    target_name: Mapped[Name]
    message_id: Mapped[Code] = mapped_column(unique=True)
    urgency: Mapped[Code]
    is_test: Mapped[bool] = mapped_column(default=False)
    state: Mapped[Code]
    held_for: Mapped[str | None] = mapped_column(String(64))
    digest_id: Mapped[int | None] = mapped_column(ForeignKey("notice_deliveries.id"))
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Time]
    next_at: Mapped[Time]
    begun_at: Mapped[datetime | None] = mapped_column(UtcTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    error: Mapped[str | None] = mapped_column(String(64))


class NoticeSeen(Base):
    """Up to which notice somebody has looked at the bell."""

    __tablename__ = "notice_seen"

    account: Mapped[Code] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[Time]
