"""How long a campaign of a million recipients takes to stand in the outbox: gates and rows, on SQLite and on PostgreSQL, beside the bare INSERT of the same rows by SQLite's driver:
``python -m tests.benchmarks.outbox [MEMBERS]``.

Every member has a telephone number and an e-mail address, nine of ten have agreed to each; the campaign goes to each on the first of both that reaches them, in two variants, with a tenth held out, a
budget, and a text that names points which one of three lacks.
"""

import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa

from core import schema
from core.app import House
from core.campaigns import body as bodies
from core.campaigns.body import Body, Content, Offer, Variant
from core.settings import Settings
from core.store import campaigns, identity_values, outbox, segments
from core.store.campaign_tables import Outgoing
from core.store.session import Store
from core.work.campaigns.recipients import planning
from core.work.home import Home
from core.work.questions import references
from tests.core import postgresql

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
SEEN = datetime(2026, 11, 1)
MEMBERS = 1_000_000
GOAL_S = 60
AT_ONCE = 50_000
TEXT = "您有 {{points|0}} 分"
CHANNELS = ("sms", "email")
BODY = Body(
    goal="repeat", segments=(1,), channels=CHANNELS, missing="skip", offer=Offer("o1", "券", 100, budget_minor=10**11), holdout=0.1,
    variants=(Variant("A", 1, {one: Content(TEXT) for one in CHANNELS}), Variant("B", 1, {one: Content("您好") for one in CHANNELS})),
)  # fmt: skip


def main(members: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = _lake(Path(folder), members)
        with _stores(Path(folder)) as stores:
            for name, store in stores:
                _measured(name, replace(home, store=store), members)
        print(
            f"bare executemany of the same rows by SQLite's driver: {_bare(Path(folder) / 'store.db', Path(folder) / 'bare.db'):.1f} s"
        )


def _measured(name: str, home: Home, members: int) -> None:
    references.forget()
    _identities(home.store, members)
    with home.store.transaction() as session:
        segments.save(
            session, "all", "", range(1, members + 1), definition={"kind": "list"}, lake_version=1, by="a", now=NOW
        )
        row = campaigns.add(session, "c1", "c1", bodies.to_json(BODY), salt="s", units=None, by="a", now=NOW)
        row.state = "materialising"
        session.flush()
        number = row.id
    began = time.perf_counter()
    at: list[float] = []
    planning.materialise(home, number, NOW, lambda _done, _of: at.append(time.perf_counter()))
    whole = time.perf_counter() - began
    print(
        f"{name}: {members:,} members planned in {whole:.1f} s (goal below {GOAL_S} s): gates {at[0] - began:.1f} s, rows {whole - at[0] + began:.1f} s"
    )
    began = time.perf_counter()
    with home.store.reading() as session:
        counts = outbox.counts(session, number)
    counted = time.perf_counter() - began
    with home.store.transaction() as session:
        began = time.perf_counter()
        claimed = outbox.claim(session, "sms", worker="w", now=NOW, most=200)
    print(
        f"{name}: counted {counts} in {counted * 1000:.0f} ms; {len(claimed)} claimed in {(time.perf_counter() - began) * 1000:.0f} ms"
    )


@contextmanager
def _stores(folder: Path) -> Iterator[list[tuple[str, Store]]]:
    light = Store(f"sqlite:///{folder / 'store.db'}", audit_key=b"k" * 32)
    light.migrate()
    named, programs = os.environ.get("SIYU_TEST_POSTGRESQL", ""), postgresql.programs()
    if programs is None or named:
        yield [("sqlite", light)]
        return
    with postgresql.serving(programs) as url:
        heavy = Store(url, audit_key=b"k" * 32)
        heavy.migrate()
        yield [("sqlite", light), ("postgresql", heavy)]
        heavy.close()
    light.close()


# -- the world ---------------------------------------------------------------------------------------------------------


def _lake(folder: Path, members: int) -> Home:
    """Member ``n`` has the number ``n`` and the address ``members + n``."""
    home = House(Settings(home=folder)).live
    ids = np.arange(1, members + 1)
    rng = np.random.default_rng(7)
    every = np.concatenate((ids, ids + members))
    is_phone = every <= members
    agreed = [(ids[rng.random(members) < 0.9], channel) for channel in CHANNELS]
    who = np.concatenate([some for some, _ in agreed])
    channel = np.repeat([name for _, name in agreed], [len(some) for some, _ in agreed])
    with_points = ids[rng.random(members) < 2 / 3]
    tables = {
        "identities": {
            "identity_key": every, "identity_type": np.where(is_phone, "phone", "email"), "namespace": np.full(len(every), ""), "first_seen_at": np.full(len(every), SEEN, "datetime64[us]"),
        },
        "consents": {
            "identity_key": who, "occurred_at": np.full(len(who), SEEN, "datetime64[us]"), "purpose": np.full(len(who), "marketing"), "channel": channel, "state": np.full(len(who), "given"),
        },
        "points": {
            "identity_key": with_points, "occurred_at": np.full(len(with_points), SEEN, "datetime64[us]"), "entry_id": with_points.astype(str), "points": np.full(len(with_points), 5),
            "kind": np.full(len(with_points), "earned"),
        },
        "member_profiles": {"identity_key": ids, "birth_year": rng.integers(1950, 2020, members), "is_test": rng.random(members) < 0.001},
    }  # fmt: skip
    with home.writer.change("import", 1) as change:
        for name, columns in tables.items():
            change.merge(name, _rows(name, columns))
    known = {"identity_key": every, "member_id": np.concatenate((ids, ids)), "is_known": np.full(len(every), True)}
    with home.writer.change("identity") as change:
        change.replace("identity_map", pa.table(known, schema.IDENTITY_MAP))
    return home


def _rows(name: str, columns: dict[str, np.ndarray]) -> ibis.Table:
    contract, size = schema.table(name), len(next(iter(columns.values())))
    told = {}
    for column in (*contract.columns, *contract.derived):
        kind = pa.timestamp("us") if column.kind == "time" else schema.ARROW[column.kind]
        told[column.name] = pa.array(columns[column.name], kind) if column.name in columns else pa.nulls(size, kind)
    return ibis.memtable(pa.table(told | {"source": np.full(size, "shop"), "row_number": np.arange(1, size + 1)}))


def _identities(store: Store, members: int) -> None:
    for first in range(1, 2 * members + 1, AT_ONCE):
        keys = range(first, min(first + AT_ONCE, 2 * members + 1))
        rows = [(key, "phone" if key <= members else "email", "", key.to_bytes(32, "big"), b"sealed") for key in keys]
        with store.transaction() as session:
            identity_values.add(session, rows)


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
        write.executemany(f"INSERT INTO outbox ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", rows)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else MEMBERS)
