"""A receiver on a real socket of this machine, over one world whose store is each database in turn."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from core.campaigns import callbacks, links
from core.campaigns.links import Link
from core.privacy.pseudonyms import Keys
from core.receiver import answering, web
from core.receiver.desk import Desk
from core.senders import leaving
from core.senders.leaving import Leaving
from core.store import campaigns, outbox
from core.store.campaign_tables import Campaign, Connector, Outgoing
from core.store.session import Store
from core.work.campaigns.ways_out import connector_secrets

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 MicroMessenger/8.0.54"
URL = "https://shop.example.com/new?x=1#top"
MAC = b"m" * 32


@dataclass
class Said:
    status: int
    headers: Mapping[str, str]
    body: str


@dataclass
class World:
    desk: Desk
    port: int = 0
    now: datetime = NOW
    threads: list[BaseException] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return self.desk.store

    def ask(self, path: str, method: str = "GET", body: bytes | str = b"", **headers: str) -> Said:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            named = {"User-Agent": PHONE} | {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body.encode() if isinstance(body, str) else body, named)
            answer: HTTPResponse = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Said(answer.status, found, answer.read().decode())
        finally:
            connection.close()

    def click(self, message: int, number: int = 0, method: str = "GET", **headers: str) -> Said:
        return self.ask("/c/" + links.token(self.desk.link_keys[0], Link(message, number)), method, **headers)

    def way_out(self, message: int, member: int, channel: str = "email") -> str:
        said = Leaving(links.who(message, member), channel, "marketing")
        return "/u/" + leaving.token(self.desk.leaving_keys[0], said)

    def inward(self, connector: int, name: str) -> str:
        return f"/in/{connector}/{name}/{callbacks.secret(self.desk.callback_key, connector, name)}"

    def campaign(self, code: str = "c1", purpose: str = "marketing", state: str = "sending") -> int:
        with self.store.transaction() as session:
            row = Campaign(
                code=code, name=code, state=state, state_at=NOW, body={"purpose": purpose}, salt="s", author="lin", created_at=NOW, changed_by="lin",
                changed_at=NOW,
            )  # fmt: skip
            session.add(row)
            session.flush()
            campaigns.link(session, row.id, 0, URL)
            return row.id

    def message(self, campaign: int, member: int, channel: str = "email", **values: object) -> int:
        with self.store.transaction() as session:
            row = {"member_id": member, "channel": channel, "state": "planned", "identity_key": member} | values
            outbox.plan(session, campaign, [row], NOW)
            found = session.query(Outgoing).filter_by(campaign_id=campaign, member_id=member, channel=channel).one()
            return found.id

    def connector(self, kind: str, settings: dict[str, str] | None = None, **secrets: str) -> int:
        with self.store.transaction() as session:
            row = Connector(
                name=kind, kind=kind, channel=kind, settings=settings or {}, sealed=b"", is_on=True, revision=1, by="lin", at=NOW, failures=0
            )  # fmt: skip
            session.add(row)
            session.flush()
            row.sealed = connector_secrets.seal(self.desk.keys, row.id, secrets)
            return row.id

    def rows(self, table: type) -> list:
        with self.store.reading() as session:
            return list(session.query(table).order_by(*table.__table__.primary_key).all())


@contextmanager
def serving(world: World) -> Iterator[World]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        world.port = listener.getsockname()[1]
        server = web.server(web.app(lambda: [world.desk], lambda: world.now, is_https=True), "127.0.0.1", world.port)
        started = threading.Event()

        async def startup(*args: object, **more: object) -> None:
            await type(server).startup(server, *args, **more)
            started.set()

        server.startup = startup

        def run() -> None:
            try:
                server.run(sockets=[listener])
            except BaseException as error:
                world.threads.append(error)
            finally:
                started.set()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert started.wait(20)
        try:
            yield world
        finally:
            server.should_exit = True
            thread.join(20)
            assert not world.threads


@pytest.fixture(autouse=True)
def counted_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever follows a link waits until the click is counted, however busy the machine is."""
    monkeypatch.setattr(answering, "COUNT_S", 60.0)


@pytest.fixture
def world(store: Store) -> Iterator[World]:
    with serving(World(Desk("live", store, Keys(b"k" * 32)))) as found:
        yield found


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[World]:
    """One over SQLite alone, for what is about requests and not about rows."""
    store = Store(f"sqlite:///{tmp_path / 'plain.db'}", audit_key=b"k" * 32)
    store.migrate()
    with serving(World(Desk("live", store, Keys(b"k" * 32)))) as found:
        yield found
    store.close()


SOON, LATER = NOW + timedelta(seconds=1), NOW + timedelta(minutes=3)
