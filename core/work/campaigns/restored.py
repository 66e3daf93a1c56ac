"""After a restore sending starts paused: an older store does not know what has gone out since, and would send it again.

While the worker runs it counts on, in the store and then in a file beside it that no backup holds. A store that counts less than the file is an older one. So is one that nobody has counted on
for a while and that this machine has never seen: it may have been restored here.
"""

import json
import os
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core.scope import SYSTEM
from core.settings import World
from core.store import campaigns, choices, outbox, topics, trials
from core.store.session import Session
from core.work.campaigns import stopping
from core.work.campaigns.review import APPROVAL
from core.work.home import Home
from core.work.notices import Notice, say

KEPT = "sending.beat"
EVERY = timedelta(minutes=1)
LOST_AFTER = timedelta(minutes=15)
"""A store that was counted on so lately is one that another machine's worker uses."""
REASON = "restored"
VOIDED = ("approved", "scheduled")


@dataclass(frozen=True, slots=True)
class Beat:
    """``store``: which store it is; ``count``: how often it was counted on; ``at``: when last."""

    store: str
    count: int
    at: datetime


class Counting:
    """Counts on once a minute, whoever asks first; whatever launches or sends asks before it begins. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: dict[World, tuple[Home, datetime]] = {}

    def __call__(self, home: Home, now: datetime) -> None:
        with self._lock:
            before, at = self._counted.get(home.world, (None, now))
            if before is not home or not at <= now < at + EVERY:
                look(home, now)
                self._counted[home.world] = home, now


def look(home: Home, now: datetime) -> bool:
    """Count on; before that, stop everything where the store is an older one. Returns whether it was."""
    with home.store.transaction() as session:
        known = _read(choices.held(session, KEPT, by=SYSTEM.name, now=now))
        is_older = known is not None and _is_older(known, _seen(_file(home)), now)
        if is_older:
            _stop(session, now)
        fresh = Beat(os.urandom(16).hex() if known is None else known.store, _next(known, home, is_older), now)
        choices.write(session, KEPT, _plain(fresh), by=SYSTEM.name, now=now)
    _keep(_file(home), fresh)
    return is_older


def _is_older(known: Beat, seen: Beat | None, now: datetime) -> bool:
    if seen is not None and seen.store == known.store:
        return seen.count > known.count
    return known.at < now - LOST_AFTER


def _next(known: Beat | None, home: Home, is_older: bool) -> int:
    """Beyond whatever anybody has counted, so that the same restore is found once."""
    if known is None:
        return 1
    seen = _seen(_file(home)) if is_older else None
    return max(known.count, 0 if seen is None else seen.count) + 1


def _stop(session: Session, now: datetime) -> None:
    stopping.hold(session, "all", "", REASON, now=now)
    unknown = outbox.doubt(session, now, REASON)
    trials.doubt(session, now, REASON)
    drafts = 0
    for row in campaigns.listed(session, VOIDED):
        values: dict[str, Any] = dict.fromkeys(APPROVAL)
        drafts += campaigns.move(session, row.id, before=row.state, state="draft", now=now, **values)
        campaigns.tell(session, row.id, "voided", {"before": row.state, "why": REASON}, by=SYSTEM.name, now=now)
    topics.bump(session, campaigns.TOPIC)
    told = {"unknown": unknown, "drafts": drafts}
    say(session, Notice("sending.restored", now.isoformat(), "high", told), now)


def _file(home: Home) -> Path:
    return home.settings.home / "run" / f"sending-{home.world}.json"


def _seen(file: Path) -> Beat | None:
    """Null where there is none; what cannot be read was cut off by a death, and counts as none."""
    try:
        return _read(json.loads(file.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return None


def _read(kept: Any) -> Beat | None:
    return None if kept is None else Beat(str(kept["store"]), int(kept["count"]), datetime.fromisoformat(kept["at"]))


def _plain(beat: Beat) -> dict[str, Any]:
    return {"store": beat.store, "count": beat.count, "at": beat.at.isoformat()}


def _keep(file: Path, beat: Beat) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    written = file.with_suffix(f".{os.getpid()}.tmp")
    written.write_text(json.dumps(_plain(beat)), encoding="utf-8")
    written.replace(file)
