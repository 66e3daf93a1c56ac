"""Messages of which a platform has them and says nothing more: after three days a letter that did not come back counts as delivered, and of all others nobody knows."""

from datetime import datetime, timedelta

from core.store import message_marks, outbox
from core.store.session import Session
from core.work.home import Home

AFTER = timedelta(days=3)
MOST = 5_000
CHANNELS: dict[str, str] = {"email": "delivered", "sms": "unknown", "official_account": "unknown", "mini_program": "unknown"}  # fmt: skip
SILENT = "platform.silent"


def settle(home: Home, now: datetime) -> int:
    """Returns how many were settled."""
    done = 0
    for channel, state in CHANNELS.items():
        while True:
            with home.store.transaction() as session:
                new = _settled(session, channel, state, now)
            done += new
            if new < MOST:
                break
    return done


def _settled(session: Session, channel: str, state: str, now: datetime) -> int:
    silent = outbox.awaited(session, channel, now - AFTER, MOST)
    error = SILENT if state == "unknown" else None
    new = set(outbox.told_all(session, list(silent), before=("accepted",), state=state, now=now, error=error))
    if state == "delivered":
        rows = [(one, *told) for one, told in silent.items() if one in new]
        message_marks.mark_all(session, [{"message_id": one, "campaign_id": campaign, "mark": state, "at": at} for one, campaign, at in rows])  # fmt: skip
    return len(new)
