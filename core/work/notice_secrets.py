"""What of a target nobody may read: its whole address and its secrets, encrypted with a key of the world, bound to the target."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.privacy.vault import Vault
from core.senders.sender import Destination
from core.store.notice_tables import NoticeTarget
from core.work.home import Home

OLD_SECRET_FOR = timedelta(hours=24)
"""How long messages are signed with the secret before as well, once there is a new one."""
PURPOSE = "notices"


@dataclass(frozen=True, slots=True, repr=False)
class Kept:
    """``secrets``: newest first."""

    address: str
    secrets: tuple[str, ...] = ()


def seal(home: Home, target_id: int, kept: Kept) -> bytes:
    text = json.dumps({"address": kept.address, "secrets": kept.secrets})
    return Vault(home.keys, PURPOSE).seal([text], [_label(target_id)])[0]


def unseal(home: Home, target: NoticeTarget) -> Kept:
    """Raises ``WrongKey``."""
    told = json.loads(Vault(home.keys, PURPOSE).open(target.sealed, _label(target.id)))
    return Kept(told["address"], tuple(told["secrets"]))


def destination(home: Home, target: NoticeTarget, now: datetime) -> Destination:
    """Where a message goes now, and what signs it. Raises ``WrongKey``."""
    kept = unseal(home, target)
    is_changing = target.rotated_at is not None and now < target.rotated_at + OLD_SECRET_FOR
    return Destination(kept.address, kept.secrets if is_changing else kept.secrets[:1])


def _label(target_id: int) -> bytes:
    return b"notice target" + target_id.to_bytes(8, "big")
