"""What tests of pages in a browser share: a server process of its own, accounts that are already logged in, waiting."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from sqlalchemy import select

from core.privacy.pseudonyms import Keys
from core.settings import PROJECT, Settings
from core.store import keys as key_files
from core.store.session import Store
from core.store.tables import Account, LoginSession

START_SECONDS = 120
ALLOWED_ON_CONSOLE = (
    "Infinite extent for field",  # the sparkline of a metric, harmless
    "/_stcore/health",  # Streamlit looks for its own base path on deep links
    "/_stcore/host-config",
)
CUT_OFF = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap(plot => {
    const room = plot.getBoundingClientRect()
    return [...plot.querySelectorAll('text')].filter(word => {
        const box = word.getBoundingClientRect()
        return box.width && (box.right > room.right + 1 || box.left < room.left - 1)
    }).map(word => word.textContent)
})"""
"""Words in charts that do not fit in."""
CHROMIUM = os.environ.get("SIYU_CHROMIUM", "/usr/bin/chromium")
CHROMIUM_SWITCHES = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@dataclass(frozen=True)
class Server:
    """A running app, and the store of its home."""

    url: str
    home: Path
    store: Store

    def account(self, role: str, *, language: str = "zh", units: list[str] | None = None) -> Account:
        """An account of this role, made without the cost of a password."""
        now = datetime.now(UTC)
        name = f"{role}-{secrets.token_hex(3)}"
        account = Account(
            name=name, display_name=name, role=role, units=units, password_hash="", must_change_password=False,
            language=language, created_at=now,
        )  # fmt: skip
        with self.store.transaction() as session:
            session.add(account)
        return account

    def token(self, account: Account) -> str:
        """A session of the account, as the log-in page would begin it."""
        token, now = secrets.token_urlsafe(32), datetime.now(UTC)
        login = LoginSession(
            token_sha256=sha256(token.encode()).hexdigest(), account_id=account.id, created_at=now, seen_at=now,
            expires_at=now + timedelta(days=1), user_agent="test",
        )  # fmt: skip
        with self.store.transaction() as session:
            session.add(login)
        return token

    def change(self, account: Account, **values: object) -> None:
        """Set columns of an account behind the app's back."""
        with self.store.transaction() as session:
            found = session.execute(select(Account).where(Account.id == account.id)).scalar_one()
            for name, value in values.items():
                setattr(found, name, value)


@dataclass
class Console:
    """What a page complained of. Everything that is not on the list of known noise fails the test."""

    faults: list[str] = field(default_factory=list)

    def forgive(self, *known: str) -> None:
        """What a test itself provoked is no fault."""
        self.faults = [fault for fault in self.faults if not any(text in fault for text in known)]

    def listen(self, page: Page) -> None:
        page.on("console", self._message)
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def _message(self, message: ConsoleMessage) -> None:
        told = f"{message.text} ({message.location.get('url', '')})"
        if message.type == "error" and not any(known in told for known in ALLOWED_ON_CONSOLE):
            self.faults.append(told)


@contextmanager
def serving(home: Path, *, port: int | None = None) -> Iterator[Server]:
    """The app as its own process on ``home``, up and answering."""
    port = port or free_port()
    settings = Settings(home=home)
    store = Store(
        settings.store_url("live"), audit_key=Keys(key_files.master(settings.key_file("live"))).derived("audit")
    )
    store.migrate()
    log = home / f"server-{port}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port),
             "--server.address", "127.0.0.1"],
            cwd=PROJECT, env=os.environ | {"SIYU_HOME": str(home)}, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        server = Server(f"http://127.0.0.1:{port}", home, store)
        _wait_until_healthy(server.url, process, log)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)
        store.close()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def new_context(browser: Browser, *, theme: str, width: int, height: int, locale: str = "zh-CN") -> BrowserContext:
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, locale=locale, timezone_id="Asia/Shanghai"
    )
    context.set_default_timeout(20_000)
    return context


def idle(page: Page) -> None:
    """Wait until the app has drawn everything. For use after going somewhere; after a click, expect its outcome instead."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=30_000)
    expect(app).to_have_attribute("data-test-connection-state", "CONNECTED", timeout=30_000)
    expect(page.locator('[data-stale="true"], [data-testid="stSkeleton"]')).to_have_count(0, timeout=30_000)


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server stopped by itself:\n{log.read_text(errors='replace')}")
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError(f"The server did not come up:\n{log.read_text(errors='replace')}")
