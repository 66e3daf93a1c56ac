"""Files that messages name: WeCom keeps one for three days, for all apps of the corp."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.senders.sender import Temporary
from core.senders.wecom.calls import Calls
from core.senders.wecom.limits import InvalidMessage

UPLOAD = "/cgi-bin/media/upload"
LEAST_BYTES, MOST_BYTES = 6, 2 * 1024 * 1024
"""Of a picture. Newer pages of the platform say 10 MB, older ones 2: what both take is taken."""
KEPT = timedelta(days=3)
KINDS = {"png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff"}
"""How a picture begins that WeCom takes, by the ending of its name."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """``until``: the moment from which WeCom does not have it any more, by its own clock."""

    media_id: str
    until: datetime


def check(content: bytes) -> str:
    """The ending that a picture's name has. Raises ``InvalidMessage``: ``kind`` for what is no JPG or PNG, ``empty``, ``long``."""
    if len(content) < LEAST_BYTES:
        raise InvalidMessage("media", "empty")
    if len(content) > MOST_BYTES:
        raise InvalidMessage("media", "long", MOST_BYTES)
    found = next((name for name, start in KINDS.items() if content.startswith(start)), None)
    if found is None:
        raise InvalidMessage("media", "kind")
    return found


def upload(calls: Calls, content: bytes, now: datetime) -> Uploaded:
    """A picture. Its name says nothing. Raises ``InvalidMessage`` before anything is asked; else as ``Calls.upload``."""
    ending = check(content)
    boundary = secrets.token_hex(16)
    name, kind = f"cover.{ending}", f"image/{'jpeg' if ending == 'jpg' else ending}"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="media"; filename="{name}"; filelength={len(content)}\r\nContent-Type: {kind}\r\n\r\n'
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    said = calls.upload(UPLOAD, {"type": "image"}, body, f"multipart/form-data; boundary={boundary}", now)
    media_id, made = said.get("media_id"), str(said.get("created_at", ""))
    if not isinstance(media_id, str) or not media_id or not made.isascii() or not made.isdigit():
        raise Temporary("wecom.unreadable")
    return Uploaded(media_id, min(datetime.fromtimestamp(int(made), UTC), now) + KEPT)
