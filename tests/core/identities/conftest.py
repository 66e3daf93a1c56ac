from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from core.lake.writer import Change
from core.privacy.pseudonyms import key_of, mac_text, namespace
from core.scope import Operator
from core.work import identities
from core.work.home import Home
from core.work.identities import Recorded
from tests import lakes

SEEN = pa.schema(
    [
        ("identity_type", pa.string()), ("namespace", pa.string()), ("value", pa.string()), ("mac", pa.string()),
        ("identity_key", pa.int64()), ("seen_at", pa.timestamp("us")), ("row_number", pa.int64()),
    ]
)  # fmt: skip
LINKS = pa.schema(
    [
        ("left_key", pa.int64()), ("right_key", pa.int64()), ("rule", pa.string()), ("seen_at", pa.timestamp("us")),
        ("row_number", pa.int64()),
    ]
)  # fmt: skip


@dataclass
class World:
    """A home, and identities written as ``phone:138…`` (those of a source: ``customer_no:17``)."""

    home: Home
    source: str = "shop"
    batches: int = field(default=0)

    def mac(self, name: str) -> str:
        kind, value = name.split(":", 1)
        return mac_text(self.home.keys, kind, namespace(kind, self.source), value)

    def key(self, name: str) -> int:
        return key_of(self.mac(name))

    def bring(self, *people: str, at: str | None = "2026-01-01") -> Recorded:
        """One batch; every argument is a row of a file, which names the identities of one person: ``phone:1 customer_no:2``."""
        self.batches += 1
        with self.home.writer.change("import", self.batches) as change:
            return self.record(change, *people, at=at)

    def record(self, change: Change, *people: str, at: str | None = "2026-01-01", is_last: bool = True) -> Recorded:
        rows = [row.split() for row in people]
        when = None if at is None else datetime.fromisoformat(at)
        seen = [self.seen(name, when, n) for n, name in enumerate(dict.fromkeys(n for row in rows for n in row), 1)]
        pairs = [(row[0], other) for row in rows for other in row[1:]]
        links = [
            {"left_key": self.key(a), "right_key": self.key(b), "rule": "same_row", "seen_at": when, "row_number": n}
            for n, (a, b) in enumerate(pairs, 1)
        ]
        return identities.record(
            change, self.home.store, self.home.keys, source=self.source, seen=table(seen, SEEN),
            links=table(links, LINKS) if links else None, is_last=is_last,
        )  # fmt: skip

    def seen(self, name: str, when: datetime | None, row: int) -> dict[str, object]:
        kind, value = name.split(":", 1)
        return {
            "identity_type": kind, "namespace": namespace(kind, self.source), "value": value, "mac": self.mac(name),
            "identity_key": self.key(name), "seen_at": when, "row_number": row,
        }  # fmt: skip

    def map(self) -> dict[int, tuple[int, bool]]:
        with self.home.lake.open() as snapshot:
            rows = snapshot.arrow(snapshot.member_map()).to_pylist()
        return {row["identity_key"]: (row["member_id"], row["is_known"]) for row in rows}

    def people(self, *names: str) -> list[str]:
        """Who is one: members of the names, each written as the first of the names that belongs to it."""
        found = self.map()
        first: dict[int, str] = {}
        return [first.setdefault(found[self.key(name)][0], name) for name in names]

    def member(self, name: str) -> int:
        return self.map()[self.key(name)][0]


def table(rows: Sequence[dict[str, object]], columns: pa.Schema) -> ibis.Table:
    return ibis.memtable(pa.Table.from_pylist(list(rows), columns))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    home = lakes.home(tmp_path)
    yield World(home)
    home.store.close()


@pytest.fixture
def admin() -> Operator:
    return Operator(1, "lin", "admin")


@pytest.fixture
def now() -> datetime:
    return lakes.NOW
