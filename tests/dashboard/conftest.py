from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from streamlit.components.v2 import manifest_scanner

from core.scope import SYSTEM
from core.store.session import Store
from core.store.tables import Account
from core.work import accounts, logins, passwords
from core.work.logins import Visitor
from dashboard.web import wiring

PASSWORD = "a password for tests"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session", autouse=True)
def components_scanned_once() -> Iterator[None]:
    """Streamlit's AppTest looks through every installed package for components, each time; there are no others the next time."""
    scan = cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(manifest_scanner, "scan_component_manifests", lambda: scan())
        yield


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes passwords hard to guess makes them slow, and nobody guesses here."""
    monkeypatch.setattr(passwords, "_HASHER", QUICK)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The accounts' store of a home of its own, which everything in the dashboard finds through its wiring."""
    monkeypatch.setenv("SIYU_HOME", str(tmp_path))
    monkeypatch.delenv("SIYU_STORE_URL", raising=False)
    wiring.house.cache_clear()
    yield wiring.accounts_store()
    wiring.accounts_store().close()
    wiring.house.cache_clear()


@pytest.fixture
def enter(store):
    """``enter(role)``: an account that has chosen its password and is logged in; returns its token and who it is."""

    def call(role="manager", *, language="zh", units=None, must_change=False) -> tuple[str, Visitor]:
        now = datetime.now(UTC)
        made = accounts.create(store, SYSTEM, name=f"{role}1", display_name=role, role=role, units=units, now=now)
        with store.transaction() as session:
            account = session.get_one(Account, made.account_id)
            account.must_change_password, account.language = must_change, language
        ticket = logins.log_in(
            store, name=made.name, password=made.password, address="::1", user_agent="Browser/1", now=now
        )
        who = logins.visitor(store, ticket.token, now=now)
        assert who is not None
        return ticket.token, who

    return call
