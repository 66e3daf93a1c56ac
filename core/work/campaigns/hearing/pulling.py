"""Receipts and replies that an SMS provider tells once, to whoever asks: they are kept like all other news in the moment they come, and handled like them."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from core.errors import Refusal
from core.senders.outcomes import Halted
from core.senders.sender import NotSent, Temporary, Uncertain
from core.senders.sms.replies import Reply
from core.senders.sms.tencent import PAGE, Tencent
from core.senders.sms.texting import Receipt, Told
from core.store import connectors as rows
from core.work.campaigns.hearing import inbox
from core.work.campaigns.hearing.inbox import News
from core.work.campaigns.ways_out import connectors
from core.work.campaigns.ways_out.ways import Ways
from core.work.home import Home

RECEIPTS, REPLIES = "pulled_receipts", "pulled_replies"
MOST_PAGES = 20


def take(home: Home, ways: Ways, now: datetime) -> int:
    """All that there is, as far as one look goes. Returns how many receipts and replies came. Trouble counts against the connector, as in sending."""
    with home.store.reading() as session:
        connector = rows.in_use(session, "sms")
        if connector is None or connector.halted is not None or (connector.paused_until or now) > now:
            return 0
        try:
            client = ways.calls(session, connector.id)
        except Refusal:  # told where it is set up, and by sending
            return 0
    if not isinstance(client, Tencent):
        return 0
    try:
        taken = _taken(home, connector.id, RECEIPTS, client.next_receipts, _receipts, now)
        return taken + _taken(home, connector.id, REPLIES, client.next_replies, _replies, now)
    except NotSent as trouble:
        if isinstance(trouble, Halted | Temporary | Uncertain):
            with home.store.transaction() as session:
                connectors.blame(session, connector.id, trouble, now)
        return 0


def _taken(
    home: Home,
    connector_id: int,
    kind: str,
    ask: Callable[[datetime], Told[Any]],
    write: Callable[[Sequence[Any]], bytes],
    now: datetime,
) -> int:
    sealer, count = inbox.vault(home.keys), 0
    for _ in range(MOST_PAGES):
        told = ask(now)
        if told.found:
            news = News(write(told.found))
            with home.store.transaction() as session:
                inbox.keep(session, sealer, connector_id, kind, inbox.key_of(kind, news), news, now)
        count += len(told.found)
        if len(told.found) + told.unreadable < PAGE:
            break
    return count


def _receipts(found: Sequence[Receipt]) -> bytes:
    return json.dumps([[one.number, one.serial, one.reference, one.fate, one.code, _written(one.at)] for one in found]).encode()  # fmt: skip


def _replies(found: Sequence[Reply]) -> bytes:
    return json.dumps([[one.number, one.text, _written(one.at)] for one in found]).encode()


def receipts(body: bytes) -> Told[Receipt]:
    """As they were kept."""
    found = [(*rest, _read(at)) for *rest, at in json.loads(body)]
    return Told(tuple(Receipt(*one) for one in found))


def replies(body: bytes) -> Told[Reply]:
    """As they were kept."""
    return Told(tuple(Reply(number, text, datetime.fromisoformat(at)) for number, text, at in json.loads(body)))


def _written(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _read(at: str | None) -> datetime | None:
    return None if at is None else datetime.fromisoformat(at)
