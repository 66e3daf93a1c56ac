"""What tests of pages in a browser share: a server process of its own, accounts that are already logged in, waiting."""

import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from multiprocessing.process import BaseProcess
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect
from sqlalchemy import select

from core.privacy.pseudonyms import Keys
from core.settings import PROJECT, Settings
from core.store import keys as key_files
from core.store import segments
from core.store.session import Store
from core.store.tables import Account, Job, LoginSession
from tests.e2e import loaded

START_SECONDS = 120
WORK_SECONDS = 1200
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
TOO_WIDE = """() => { const main = document.querySelector('[data-testid=stMain]'); return main.scrollWidth - main.clientWidth }"""
"""Pixels by which the page is wider than its window."""
KEEPING = {
    "zh": ("位会员", "人群名称", "存为人群", "已保存人群"),
    "en": ("members", "Name of the segment", "Save as segment", "saved with"),
}
"""Words of a list of people from which a segment is saved."""
CHROMIUM = os.environ.get("SIYU_CHROMIUM", "/usr/bin/chromium")
NO_FEATURES = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch",
    "PreloadTopChromeWebUI", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "InitialWebUI", "WebUIReloadButton",
)  # fmt: skip
"""What Playwright switches off, which goes by the last word of this switch, and the browser's own bars, which nobody sees: a process more for
each page, and a third of the work of opening one."""
CHROMIUM_SWITCHES = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", f"--disable-features={','.join(NO_FEATURES)}",
)  # fmt: skip


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
def serving(home: Path, *, port: int | None = None, is_loaded: bool = False) -> Iterator[Server]:
    """The app as its own process on ``home``, up and answering. ``is_loaded``: one that need not load the libraries first."""
    port = port or free_port()
    settings = Settings(home=home)
    store = Store(
        settings.store_url("live"), audit_key=Keys(key_files.master(settings.key_file("live"))).derived("audit")
    )
    store.migrate()
    log = home / f"server-{port}.log"
    arguments = ["run", "streamlit_app.py", "--server.port", str(port), "--server.address", "127.0.0.1"]
    environment = os.environ | {"SIYU_HOME": str(home)}
    process: subprocess.Popen[bytes] | BaseProcess
    if is_loaded:
        process = loaded.begin(arguments, environment, log)
    else:
        with log.open("ab") as output:
            whole = [sys.executable, "-m", "streamlit", *arguments]
            process = subprocess.Popen(whole, cwd=PROJECT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        server = Server(f"http://127.0.0.1:{port}", home, store)
        _wait_until_healthy(server.url, process, log)
        yield server
    finally:
        process.terminate()
        if isinstance(process, BaseProcess):
            process.join(30)
        else:
            process.wait(timeout=30)
        store.close()


@contextmanager
def working(server: Server) -> Iterator[None]:
    """A worker as its own process beside the app; the block begins when it has done all that the house asks of it by itself."""
    log = server.home / "worker.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "core", "worker"],
            cwd=PROJECT, env=os.environ | {"SIYU_HOME": str(server.home)}, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + WORK_SECONDS
        while not _is_idle(server.store):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the worker did not come to an end: see {log}")
            time.sleep(1)
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def _is_idle(store: Store) -> bool:
    """Whether a worker has asked for work, and all of it is done."""
    with store.reading() as session:
        states = session.scalars(select(Job.state).distinct()).all()
    return bool(states) and not {"queued", "running"} & {*states}


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def new_context(browser: Browser, *, theme: str, width: int, height: int, locale: str = "zh-CN") -> BrowserContext:
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, locale=locale, timezone_id="Asia/Shanghai"
    )
    context.set_default_timeout(40_000)
    return context


def idle(page: Page) -> None:
    """Wait until the app has drawn everything. For use after going somewhere; after a click, expect its outcome instead."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=60_000)
    expect(app).to_have_attribute("data-test-connection-state", "CONNECTED", timeout=60_000)
    expect(page.locator('[data-stale="true"], [data-testid="stSkeleton"]')).to_have_count(0, timeout=60_000)


def follow(page: Page, address: str) -> None:
    """Another address of the same page, as a link in it is followed. Expect its outcome."""
    page.evaluate(
        "address => { history.pushState(null, '', address); dispatchEvent(new PopStateEvent('popstate')) }", address
    )


def open_row(page: Page, card: str, number: int = 0) -> None:
    """Choose a row of the last table of a card by the box before it. Expect its outcome."""
    rows = page.locator(f".st-key-{card} [data-testid=stDataFrame]").last
    expect(rows.locator("canvas").first).to_be_visible()
    rows.click(position={"x": 16, "y": 35 + 35 * number + 17})


def listed(page: Page, language: str, count: int, *told: str) -> Locator:
    """The list of people that is open, which names so many."""
    dialog = page.get_by_role("dialog")
    for words in (f"{count} {KEEPING[language][0]}", *told):
        expect(dialog).to_contain_text(words)
    return dialog


def keep(server: Server, page: Page, language: str, people: Iterable[int], *told: str) -> Mapping[str, object]:
    """The list that is open names so many people; it is saved as a segment, which holds just them. Returns how the segment is defined."""
    wanted, name = sorted(people), f"人群 {secrets.token_hex(3)}"
    _, label, save, saved = KEEPING[language]
    dialog = listed(page, language, len(wanted), *told)
    dialog.get_by_label(label).fill(name)
    dialog.get_by_role("button", name=save).click()
    expect(dialog).to_contain_text(saved)
    with server.store.reading() as session:
        kept = next(one for one in segments.listed(session) if one.name == name)
        assert sorted(segments.members(session, kept.id)) == wanted
    return kept.definition


def leave(page: Page, parameter: str) -> None:
    """Close the list of people that is open; its parameter leaves the address."""
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).not_to_have_url(re.compile(rf"[?&]{parameter}="))


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes] | BaseProcess, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if (process.exitcode if isinstance(process, BaseProcess) else process.poll()) is not None:
            raise RuntimeError(f"The server stopped by itself:\n{log.read_text(errors='replace')}")
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError(f"The server did not come up:\n{log.read_text(errors='replace')}")
