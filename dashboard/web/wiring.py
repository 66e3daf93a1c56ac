"""The one house that this process serves, and its clock."""

from datetime import UTC, datetime
from functools import cache

from core.app import House
from core.settings import Settings
from core.store.session import Store


@cache
def house() -> House:
    return House(Settings.from_environment())


def accounts_store() -> Store:
    """The store that knows accounts, sessions and the audit log."""
    return house().live.store


def now() -> datetime:
    return datetime.now(UTC)
