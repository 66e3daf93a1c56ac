"""Reads of the page about access and audit. Kept no longer than until somebody writes: they must be true at once."""

import re
from typing import Any

from core.store.audit import Fault, Head
from core.store.columns import canonical
from core.store.tables import Account, AuditEntry, LoginSession
from core.work import accounts
from core.work.questions import reading
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import kept, wiring

_BROWSERS = (
    ("Edg/", "Edge"),
    ("MicroMessenger/", "WeChat"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def zone() -> str:
    return wiring.house().settings.zone


def listed() -> list[Account]:
    store, operator = wiring.accounts_store(), guard.require("accounts.see")
    return kept.while_unwritten(store, "accounts", lambda: accounts.listed(store, operator))


def sessions() -> list[tuple[LoginSession, Account]]:
    store, operator, now = wiring.accounts_store(), guard.require("accounts.see"), wiring.now()
    name = ("sessions", kept.moment(now))
    return kept.while_unwritten(store, name, lambda: accounts.sessions(store, operator, now=now))


def is_mine(login: LoginSession) -> bool:
    who = guard.visitor()
    return who is not None and who.session_id == login.id


def units() -> dict[str, str]:
    """Units of the world that is shown, id to name, to choose from."""
    with reading.reading(worlds.home(), scope=guard.require("accounts.see").scope) as open_lake:
        return dict(reading.options(open_lake)["units"])


def audit_names() -> tuple[list[str], list[str]]:
    store, operator = wiring.accounts_store(), guard.require("audit.see")
    return kept.while_unwritten(store, "audit names", lambda: accounts.audit_names(store, operator))


def audit(actor: str | None, action: str | None, *, limit: int, offset: int) -> tuple[list[AuditEntry], int]:
    """One page of the audit log, the newest entries first, and how many there are in all."""
    store, operator = wiring.accounts_store(), guard.require("audit.see")
    return kept.while_unwritten(
        store,
        ("audit", actor, action, limit, offset),
        lambda: accounts.audit_entries(
            store, operator, actor=actor or "", action=action or "", limit=limit, offset=offset
        ),
    )


def verified() -> tuple[list[Fault], Head]:
    return accounts.verify_audit(wiring.accounts_store(), guard.require("audit.see"))


def in_words(details: dict[str, Any]) -> str:
    """Details of an entry on one line."""
    return " · ".join(
        f"{name}: {value if isinstance(value, str) else canonical(value)}" for name, value in details.items()
    )


def device(user_agent: str) -> str:
    """Browser and system of a user agent, ``Chrome 130 · Windows``; empty when it is neither."""
    browser = next((f"{name}{_version(user_agent, mark)}" for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return " · ".join(part for part in (browser, system) if part)


def _version(user_agent: str, mark: str) -> str:
    found = re.search(re.escape(mark) + r"(\d+)", user_agent)
    return f" {found[1]}" if found else ""
