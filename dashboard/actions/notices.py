"""Targets of notices, and what is decided of their messages. All guarded."""

from core.work import delivery_decisions, notice_targets
from core.work.notice_targets import Added, TargetKind, Wanted
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import wiring

__all__ = ["WRITE", "add", "again", "arrived", "change", "remove", "resume", "rotate", "try_out"]

WRITE = "notice.write"


def add(kind: TargetKind, address: str, wanted: Wanted, secret: str) -> Added:
    """Raises ``Forbidden``, ``InvalidTarget``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    return notice_targets.add(home, log, operator, kind, address, wanted, secret=secret or None, now=wiring.now())


def change(target_id: int, wanted: Wanted, address: str, revision: int) -> None:
    """``address`` empty: as it was. Raises ``Forbidden``, ``InvalidTarget``, ``TargetChanged``, ``Unknown``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    told = address.strip() or None
    notice_targets.change(home, log, operator, target_id, wanted, address=told, revision=revision, now=wiring.now())


def remove(target_id: int, revision: int) -> None:
    """Raises ``Forbidden``, ``TargetChanged``, ``Unknown``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    notice_targets.remove(home, log, operator, target_id, revision=revision, now=wiring.now())


def rotate(target_id: int, revision: int) -> str:
    """The new secret of a webhook, to be shown once. Raises as ``change``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    return notice_targets.rotate(home, log, operator, target_id, revision=revision, now=wiring.now())


def try_out(target_id: int) -> int:
    """The number of the message that tries it. Raises ``Forbidden``, ``InvalidTarget``, ``TargetChanged``, ``Unknown``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    return notice_targets.test(home, log, operator, target_id, now=wiring.now())


def resume(target_id: int) -> None:
    """Raises ``Forbidden``, ``Unknown``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    notice_targets.resume(home, log, operator, target_id, now=wiring.now())


def again(delivery_id: int) -> None:
    """Raises ``Forbidden``, ``InvalidDelivery``, ``Unknown``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    delivery_decisions.again(home, log, operator, delivery_id, now=wiring.now())


def arrived(delivery_id: int) -> None:
    """Raises as ``again``."""
    operator, home, log = guard.require(WRITE), worlds.home(), wiring.accounts_store()
    delivery_decisions.arrived(home, log, operator, delivery_id, now=wiring.now())
