"""Telling people: something happened that they are to know.

Whoever decides says it in the same transaction; the worker then hands it on (``core.work.deliveries``) to those who want to be told besides the bell
(``core.work.notice_targets``). The words are made at the very end, in the reader's language (``core.work.notice_words``).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal, get_args

from core.scope import Operator
from core.store import deliveries, notices, topics
from core.store.session import Session
from core.work.home import Home

TOPIC = "notices"
Urgency = Literal["low", "normal", "high"]
URGENCIES: tuple[str, ...] = get_args(Urgency)
Kind = Literal[
    "warning.raised", "warning.ended", "warning.test", "incident.opened", "incident.moved", "incident.reminder", "incident.late", "task.late", "evaluation.failed",
    "drill.late", "review.due", "target.paused", "target.halted", "campaign.paused", "connector.paused", "connector.halted", "campaign.waiting", "campaign.voided", "sending.restored", "test",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
TO_ONE_TARGET: tuple[Kind, ...] = ("test",)
"""Not for the bell."""
LONGEST_KEY = 200
KEPT = timedelta(days=400)
"""How long notices and their messages are kept."""
Param = str | int | float | bool | date | None


@dataclass(frozen=True, slots=True)
class Notice:
    """``key`` makes it this one and no other: said again, with whatever else, it tells nobody twice. ``params``: what the words need, see ``data/notices.*.toml``; names of
    things of the house, codes, counts and figures, never anything of a person. ``units``: those that it is of, None = the whole house. ``high``
    goes out at once, the others may be collected."""

    kind: Kind
    key: str
    urgency: Urgency = "normal"
    params: Mapping[str, Param] = field(default_factory=dict)
    units: Collection[str] | None = None


def say(session: Session, notice: Notice, now: datetime) -> bool:
    """Say it, in the caller's transaction: it is told when that commits, and only then. False: it was said before."""
    if notice.kind not in KINDS or notice.urgency not in URGENCIES or not 0 < len(notice.key) <= LONGEST_KEY:
        raise ValueError(f"No such notice: {notice.kind!r} {notice.key!r} {notice.urgency!r}.")
    if notice.units is not None and not notice.units:
        raise ValueError("A notice is of at least one unit, or of the whole house.")
    params = {name: _plain(one) for name, one in notice.params.items()}
    said = notices.add(session, notice.kind, notice.key, notice.urgency, params, notice.units, now=now)
    if said is not None:
        topics.bump(session, TOPIC)
    return said is not None


def tidy(home: Home, now: datetime) -> int:
    """What was said long ago, and whose messages came to an end, is forgotten. Returns how many notices."""
    before = now - KEPT
    with home.store.transaction() as session:
        deliveries.forget(session, before)
        return notices.forget(session, before)


def seen(home: Home, operator: Operator, notice_id: int, *, now: datetime) -> None:
    """The operator has looked at the bell, and this was the newest in it. Raises ``Forbidden``."""
    operator.require("risk.see")
    with home.store.transaction() as session:
        notices.see(session, operator.name, notice_id, now=now)


def _plain(value: Param) -> Any:
    return value.isoformat() if isinstance(value, date) else value
