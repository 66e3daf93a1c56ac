"""Where platforms tell the house what came of messages: one address per connector and kind of news.

Platforms that sign what they tell need no more than the address. Of those that do not, the address holds a secret that nobody can guess.
"""

import hashlib
import hmac
import re

KEY = "callbacks"
"""Purpose of the key of a world that makes the secrets of addresses."""
EVENTS, RECEIPTS, REPLIES, BOUNCES = "events", "receipts", "replies", "bounces"
NAMES: dict[str, tuple[str, ...]] = {
    "wecom": (EVENTS,),
    "official_account": (EVENTS,),
    "mini_program": (EVENTS,),
    "aliyun_sms": (RECEIPTS, REPLIES),
    "tencent_sms": (RECEIPTS, REPLIES),
    "email": (BOUNCES,),
}
"""What connectors of a kind are told; of other kinds nothing."""
_PLACE = re.compile(r"(demo-)?([1-9]\d{0,9})", re.ASCII)


def addresses(base_url: str, key: bytes, world: str, connector_id: int, kind: str) -> dict[str, str]:
    """Addresses to be typed in at the platform, by name of what it tells there. ``base_url``: of the receiver."""
    here = f"{base_url}/in/{place(world, connector_id)}"
    return {
        name: f"{here}/{name}" if name == EVENTS else f"{here}/{name}/{secret(key, connector_id, name)}"
        for name in NAMES.get(kind, ())
    }


def place(world: str, connector_id: int) -> str:
    """How addresses name a connector."""
    return f"demo-{connector_id}" if world == "demo" else str(connector_id)


def read_place(text: str) -> tuple[str, int] | None:
    """World and connector; None for what names none."""
    found = _PLACE.fullmatch(text)
    return ("demo" if found[1] else "live", int(found[2])) if found else None


def secret(key: bytes, connector_id: int, name: str) -> str:
    """32 hexadecimal digits. ``key``: of 32 bytes at least, for this use alone. Raises ``ValueError``."""
    if len(key) < 32:
        raise ValueError("A key has 32 bytes or more.")
    return hmac.new(key, f"{connector_id}\0{name}".encode(), hashlib.sha256).hexdigest()[:32]


def is_secret(key: bytes, connector_id: int, name: str, text: str) -> bool:
    return hmac.compare_digest(secret(key, connector_id, name).encode(), text.encode(errors="replace"))
