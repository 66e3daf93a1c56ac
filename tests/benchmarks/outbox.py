"""How long a campaign of a million recipients takes to stand in the outbox, beside the bare INSERT of the same rows: ``python -m tests.benchmarks.outbox [ROWS]``."""

import sqlite3
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from core.store import outbox
from core.store.campaign_tables import Campaign, Outgoing
from core.store.session import Store

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
ROWS = 1_000_000
PER_TRANSACTION = 50_000


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder) / 'store.db'}", audit_key=b"k" * 32)
        store.migrate()
        began = time.perf_counter()
        campaign = _planned(store, rows)
        ours = time.perf_counter() - began
        began = time.perf_counter()
        with store.reading() as session:
            counts = outbox.counts(session, campaign)
        counted = time.perf_counter() - began
        began = time.perf_counter()
        with store.transaction() as session:
            claimed = outbox.claim(session, "sms", worker="w", now=NOW, most=200)
        claim = time.perf_counter() - began
        store.close()
        bare = _bare(Path(folder) / "store.db", Path(folder) / "bare.db")
    print(
        f"{rows:,} rows planned: {ours:.1f} s, bare executemany of the same rows {bare:.1f} s: {ours / bare:.1f} times"
    )
    print(f"counted by state {counts}: {counted * 1000:.0f} ms; {len(claimed)} claimed: {claim * 1000:.0f} ms")


def _planned(store: Store, rows: int) -> int:
    with store.transaction() as session:
        one = Campaign(
            code="c", name="c", state="sending", state_at=NOW, body={}, salt="s", author="a", created_at=NOW, changed_by="a", changed_at=NOW
        )  # fmt: skip
        session.add(one)
        session.flush()
        number = one.id
    for first in range(0, rows, PER_TRANSACTION):
        people = range(first, min(first + PER_TRANSACTION, rows))
        told = ({"member_id": who, "identity_key": who, "channel": "sms", "state": "planned", "address_mac": who.to_bytes(16)} for who in people)  # fmt: skip
        with store.transaction() as session:
            outbox.plan(session, number, told, NOW)
    return number


def _bare(source: Path, target: Path) -> float:
    """The same rows into a table of the same columns and indexes, by the driver alone."""
    read = sqlite3.connect(source)
    columns = [column.name for column in Outgoing.__table__.columns]
    made = read.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'outbox' AND sql IS NOT NULL").fetchall()
    rows = read.execute(f"SELECT {', '.join(columns)} FROM outbox").fetchall()
    write = sqlite3.connect(target)
    write.execute("PRAGMA journal_mode = WAL")
    for (text,) in made:
        write.execute(text)
    began = time.perf_counter()
    with write:
        write.executemany(f"INSERT INTO outbox VALUES ({', '.join('?' * len(columns))})", rows)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
