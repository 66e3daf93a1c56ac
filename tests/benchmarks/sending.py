"""How fast a campaign goes out as signed webhooks on this machine, by two workers with all gates, texts, intents and ends, beside bare loops of ``http.client`` that post the same bodies.

python -m tests.benchmarks.sending [--messages 100000] [--postgresql]
"""

import argparse
import asyncio
import http.client
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from core.store import campaigns, outbox
from core.store.session import Store
from core.work.campaigns.outgoing import posts
from core.work.campaigns.outgoing.claims import BATCH
from tests import lakes
from tests.core import postgresql
from tests.core.work import connector_parts
from tests.core.work.campaigns.sending_parts import body, campaign, consent
from tests.core.work.notice_parts import house

HERE, WORKERS, MESSAGES = "127.0.0.1", 2, 100_000
KEY = b"k" * 32
SECRET = "whsec_" + "b2xk" * 10
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
BODY = (
    b'{"data":{"campaign":"c1","id":"c1-1","member":"1","purpose":"marketing","text":"hi"},"type":"campaign.message"}'
)
CHILD = """
import sys
from tests.benchmarks.sending import sent
sent(*sys.argv[1:])
"""


class Receiver(asyncio.Protocol):
    """Reads each request to its end and answers; connections stay as long as the caller wants."""

    def connection_made(self, transport):
        self.transport, self.read = transport, b""

    def data_received(self, data):
        self.read += data
        while b"\r\n\r\n" in self.read:
            head, _, rest = self.read.partition(b"\r\n\r\n")
            length = next((int(one.split(b":")[1]) for one in head.split(b"\r\n") if one.lower().startswith(b"content-length:")), 0)  # fmt: skip
            if len(rest) < length:
                return
            self.read = rest[length:]
            self.transport.write(ANSWER)


def receive(port):
    async def run():
        server = await asyncio.get_running_loop().create_server(Receiver, HERE, 0, backlog=512)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def receiving():
    mine, its = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=receive, args=(its,), daemon=True)
    process.start()
    yield mine.recv()
    process.kill()
    process.join()


def posted(port, count, is_kept, gate, took):
    """The bare loop, timed once everybody has read their code."""
    gate.wait()
    began = time.perf_counter()
    connection = http.client.HTTPConnection(HERE, port)
    for _ in range(count):
        connection.request("POST", "/in", BODY, {"Content-Type": "application/json"})
        connection.getresponse().read()
        if not is_kept:
            connection.close()
    took.put(time.perf_counter() - began)


def bare(port, count, is_kept):
    context = multiprocessing.get_context("spawn")
    gate, took = context.Barrier(WORKERS), context.Queue()
    told = (port, count // WORKERS, is_kept, gate, took)
    running = [context.Process(target=posted, args=told) for _ in range(WORKERS)]
    for one in running:
        one.start()
    longest = max(took.get() for _ in running)
    for one in running:
        one.join()
    return count / longest


def counts(home, number):
    with home.store.reading() as session:
        return outbox.counts(session, number)


def sent(folder, url, number):
    """One worker, until nothing waits."""
    home = replace(house(Path(folder)), store=Store(url, audit_key=KEY))
    sending = posts.sending(home, lambda: datetime.now(UTC))
    sending.work(0.001)
    print("ready", flush=True)
    sys.stdin.readline()
    while any(state in ("planned", "held", "reserved") for state in counts(home, int(number))):
        done = sending.work(600.0)
        print(posts.said(done), flush=True)


def ours(port, count, url, folder):
    now = datetime.now(UTC)
    home = house(folder, Store(url or f"sqlite:///{folder / 'sending.db'}", audit_key=KEY))
    home.store.migrate()
    members = range(1, count + 1)
    lakes.add(home, 1, consents=[consent(one) for one in members])
    connector_parts.add(
        home, "webhook", is_on=True, secrets={"address": f"http://{HERE}:{port}/in", "secret": SECRET}, quiet_start="00:00", quiet_end="00:00", rate_count=10_000,
        burst=2_000,
    )  # fmt: skip
    number = campaign(home, body("webhook"), members, state="paused", now=now, identity_key=None)
    told = [str(folder), home.store.engine.url.render_as_string(hide_password=False), str(number)]
    running = [
        subprocess.Popen([sys.executable, "-c", CHILD, *told], stdin=subprocess.PIPE, text=True, stdout=subprocess.PIPE) for _ in range(WORKERS)
    ]  # fmt: skip
    for one in running:
        assert one.stdout.readline() == "ready\n"
    with home.store.transaction() as session:
        campaigns.move(session, number, before="paused", state="sending", now=now)
    began = time.perf_counter()
    for one in running:
        one.stdin.write("\n")
        one.stdin.flush()
    codes = [one.wait() for one in running]
    took = time.perf_counter() - began
    found = counts(home, number)
    assert codes == [0] * WORKERS and found == {"delivered": count}, (codes, found)
    home.store.close()
    return count / took


def main(count, *, is_postgresql):
    programs = postgresql.programs() if is_postgresql else None
    serving = postgresql.serving(programs) if programs else nullcontext(None)
    with receiving() as port, serving as url, tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        kept, fresh = bare(port, min(count, 20_000), True), bare(port, min(count, 20_000), False)
        done = ours(port, count, url, Path(folder))
    where = "PostgreSQL" if programs else "SQLite"
    print("| what | messages/s | ratio |\n|---|---|---|")
    print(f"| {count:,} messages, {WORKERS} workers, {where}, batches of {BATCH} | {done:,.0f} | 1 |")
    print(f"| bare loop, connection kept | {kept:,.0f} | {kept / done:.1f} |")
    print(f"| bare loop, a connection each | {fresh:,.0f} | {fresh / done:.1f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--postgresql", action="store_true")
    given = parser.parse_args()
    main(given.messages, is_postgresql=given.postgresql)
