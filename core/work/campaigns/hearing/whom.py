"""Whom a platform speaks of: identities by the address that it names, and the messages that went to them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.lake.reader import Snapshot
from core.privacy import pseudonyms
from core.schema import GLOBAL_IDENTITY_TYPES
from core.segments.reach import IDENTITY_OF
from core.store.campaign_tables import Outgoing
from core.store.session import Session
from core.work.home import Home
from core.work.questions.kept import per_version

MOST_MESSAGES = 200
"""Of those that one person was sent on a channel the newest; what is told of older ones is nobody's."""


@dataclass(frozen=True, slots=True)
class Whom:
    """``macs`` by the key of the identity: one, or where sources name people by themselves one per source that may have meant the address."""

    macs: dict[int, bytes]


def named(home: Home, channel: str, address: str) -> Whom:
    """Identities behind an address of a channel; nobody for one that cannot be."""
    identity_type = IDENTITY_OF[channel]
    value = pseudonyms.normalised_text(identity_type, address)
    if value is None:
        return Whom({})
    texts = [pseudonyms.mac_text(home.keys, identity_type, one, value) for one in _spaces(home, identity_type)]
    return Whom({pseudonyms.key_of(text): bytes.fromhex(text) for text in texts})


def messages(session: Session, channel: str, whom: Whom, since: datetime | None = None) -> Sequence[Outgoing]:
    """What these were sent, or may have been, newest first; ``since``: taken in hand from then on."""
    if not whom.macs:
        return []
    here = select(Outgoing).where(Outgoing.identity_key.in_(whom.macs), Outgoing.slot_at.is_not(None))
    here = here.where(Outgoing.channel == channel)
    if since is not None:
        here = here.where(Outgoing.slot_at >= since)
    here = here.order_by(Outgoing.id.desc()).limit(MOST_MESSAGES)
    return session.scalars(here.execution_options(populate_existing=True)).all()


def members(found: Collection[Outgoing]) -> list[int]:
    return sorted({one.member_id for one in found if one.member_id >= 0})


def _spaces(home: Home, identity_type: str) -> tuple[str, ...]:
    if identity_type in GLOBAL_IDENTITY_TYPES:
        return ("",)
    with home.lake.open() as snapshot:
        return _sources(snapshot, identity_type)


@per_version("identities", most=8)
def _sources(snapshot: Snapshot, identity_type: str) -> tuple[str, ...]:
    if not snapshot.files("identities"):
        return ()
    rows = snapshot.table("identities")
    found = snapshot.arrow(rows.filter(rows.identity_type == identity_type).select("namespace").distinct())
    return tuple(sorted(str(one) for one in found["namespace"].to_pylist() if one))
