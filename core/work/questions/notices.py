"""The bell, the targets, and the log of what was sent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.scope import Operator
from core.store import connectors, deliveries, notice_targets, notices
from core.store.notice_tables import NoticeDelivery, NoticeTarget, SaidNotice
from core.work.home import Home
from core.work.notices import TO_ONE_TARGET
from core.work.questions import units

NEWEST = 20
LOGGED = 200


@dataclass(frozen=True, slots=True)
class Told:
    """A notice in the bell; ``kind`` and ``params`` make its words (``core.work.notice_words``)."""

    notice_id: int
    kind: str
    urgency: str
    params: dict[str, Any]
    said_at: datetime
    is_seen: bool


@dataclass(frozen=True, slots=True)
class Bell:
    """``unseen``: how many notices the operator has not seen; ``newest``: the last twenty, seen or not, newest first."""

    unseen: int
    newest: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """Where notices go, without anything secret. ``paused_until`` and ``halted``: why nothing goes there now; ``has_sender``: whether the house can send there at all."""

    target_id: int
    kind: str
    name: str
    address: str
    language: str
    least_urgency: str
    kinds: tuple[str, ...] | None
    units: tuple[str, ...] | None
    most_per_hour: int
    digest_minutes: int
    is_on: bool
    revision: int
    by: str
    at: datetime
    rotated_at: datetime | None
    failures: int
    paused_until: datetime | None
    halted: str | None
    has_sender: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one target. ``notice``: kind of what it says, ``digest`` for one that says several. Those that are part of a digest have ``state`` ``joined``, and
    ``digest_id`` says in which."""

    delivery_id: int
    notice: str
    target: str
    urgency: str
    state: str
    held_for: str | None
    digest_id: int | None
    attempts: int
    error: str | None
    created_at: datetime
    next_at: datetime
    ended_at: datetime | None


def unseen(home: Home, operator: Operator) -> Bell:
    """Notices within the operator's units; those of the whole house only for who sees all. Raises ``Forbidden``."""
    operator.require("risk.see")
    theirs = None
    if operator.scope.units is not None:
        with home.lake.open() as snapshot:
            theirs = units.within(snapshot, operator.scope.units)
    with home.store.reading() as session:
        last = notices.seen_up_to(session, operator.name)
        count = notices.count_after(session, last, theirs, but=TO_ONE_TARGET)
        rows = notices.newest(session, theirs, but=TO_ONE_TARGET, most=NEWEST)
    return Bell(count, tuple(_told(row, last) for row in rows))


def targets(home: Home, operator: Operator) -> list[Target]:
    """All of them, by name. Raises ``Forbidden``."""
    operator.require("notice.write")
    with home.store.reading() as session:
        has = {"email": home.settings.mail is not None, "app": connectors.app_in_use(session) is not None}
        return [_target(row, has.get(row.kind, True)) for row in notice_targets.every(session)]


def log(home: Home, operator: Operator, *, target_id: int | None = None, most: int = LOGGED) -> list[Delivery]:
    """The newest messages, newest first; of one target when asked. Raises ``Forbidden``."""
    operator.require("notice.write")
    with home.store.reading() as session:
        rows = deliveries.newest(session, most=most, target_id=target_id)
        kinds = deliveries.kinds_of(session, {row.notice_id for row in rows if row.notice_id is not None})
        paused = {one.id: one.paused_until for one in notice_targets.every(session) if one.paused_until}
    return [_delivery(row, kinds, paused.get(row.target_id or 0)) for row in rows]


def _told(row: SaidNotice, last: int) -> Told:
    return Told(row.id, row.kind, row.urgency, row.params, row.said_at, row.id <= last)


def _target(row: NoticeTarget, has_sender: bool) -> Target:
    return Target(
        row.id, row.kind, row.name, row.address, row.language, row.least_urgency,
        None if row.kinds is None else tuple(row.kinds), None if row.units is None else tuple(row.units),
        row.most_per_hour, row.digest_minutes, row.is_on, row.revision, row.by, row.at, row.rotated_at, row.failures,
        row.paused_until, row.halted, has_sender,
    )  # fmt: skip


def _delivery(row: NoticeDelivery, kinds: dict[int, str], paused_until: datetime | None) -> Delivery:
    """What waits for a target that is paused is not tried before that is over."""
    notice = "digest" if row.notice_id is None else kinds.get(row.notice_id, "")
    return Delivery(
        row.id, notice, row.target_name, row.urgency, row.state, row.held_for, row.digest_id, row.attempts, row.error,
        row.created_at, max(row.next_at, paused_until or row.next_at), row.ended_at,
    )  # fmt: skip
