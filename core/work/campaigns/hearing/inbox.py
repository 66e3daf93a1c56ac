"""What platforms told is kept sealed, for it says things about people: written by the receiver, opened by the worker."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

from core.privacy.pseudonyms import Keys
from core.privacy.vault import Vault
from core.store import inbound
from core.store.campaign_tables import Inbound
from core.store.session import Session

PURPOSE = "inbound"
One = TypeVar("One")


@dataclass(frozen=True, slots=True)
class News:
    """``body``: as it came, proved and decrypted. ``to``: of a letter the recipient of its envelope."""

    body: bytes = field(repr=False)
    to: str = field(default="", repr=False)


def vault(keys: Keys) -> Vault:
    return Vault(keys, PURPOSE)


def key_of(kind: str, news: News) -> str:
    """By which news are known when they come again and carry no name of their own."""
    return sha256(b"\0".join((kind.encode(), news.to.encode(), news.body))).hexdigest()


def keep(session: Session, sealer: Vault, connector_id: int, kind: str, key: str, news: News, now: datetime) -> bool:
    """False: it is known."""
    text = json.dumps([news.body.decode("latin-1"), news.to])
    return inbound.keep(session, connector_id, kind, key, sealer.seal([text], [_label(connector_id, key)])[0], now)


def opened(sealer: Vault, row: Inbound) -> News:
    """Raises ``WrongKey``."""
    body, to = json.loads(sealer.open(row.sealed, _label(row.connector_id, row.key)))
    return News(body.encode("latin-1"), to)


def _label(connector_id: int, key: str) -> bytes:
    return b"inbound" + connector_id.to_bytes(8, "big") + key.encode()
