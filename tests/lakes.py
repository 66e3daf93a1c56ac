"""Small lakes for tests: facts as lines of text, written the way importers write them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa

from core import schema
from core.app import House
from core.lake.writer import Merged
from core.schema import ARROW
from core.settings import Settings, World
from core.work.home import Home
from tests import made_once

ZONE = "Asia/Shanghai"


def home(folder: Path, world: World = "live") -> Home:
    """An empty world below ``folder``."""
    return House(Settings(home=folder)).world(world)


def at(text: str) -> datetime:
    """A naive UTC time as the lake's expressions see it: ``2025-01-31 16:00``."""
    return datetime.fromisoformat(text)


def rows(table: str, facts: Sequence[Mapping[str, Any]], source: str = "shop", first: int = 1) -> ibis.Table:
    """Rows ready for ``Change.merge``: what is not named is null."""
    contract = schema.table(table)
    columns: dict[str, pa.Array] = {
        c.name: pa.array(
            [fact.get(c.name) for fact in facts], pa.timestamp("us") if c.kind == "time" else ARROW[c.kind]
        )
        for c in (*contract.columns, *contract.derived)
    }
    columns["source"] = pa.array([fact.get("source", source) for fact in facts], pa.string())
    columns["row_number"] = pa.array(range(first, first + len(facts)), pa.int64())
    return ibis.memtable(pa.table(columns))


def add(world: Home, batch_id: int, **tables: Sequence[Mapping[str, Any]]) -> dict[str, Merged]:
    """Merge facts as one batch. Every ``identity_key`` is a member of its own, of the same number."""
    count = sum(map(len, tables.values()))
    return made_once.lake(world, (batch_id, tables), count, lambda: _added(world, batch_id, tables))


def _added(world: Home, batch_id: int, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Merged]:
    with world.writer.change("import", batch_id) as change:
        merged = {name: change.merge(name, rows(name, facts)) for name, facts in tables.items()}
    members(world, {key: key for facts in tables.values() for key in _keys(facts)})
    return merged


def members(world: Home, belongs: Mapping[int, int], anonymous: Iterable[int] = ()) -> None:
    """Add to the identity map: key to member. Members in ``anonymous`` have no known identity."""
    with world.lake.open() as snapshot:
        known = {row["identity_key"]: row for row in snapshot.arrow(snapshot.member_map()).to_pylist()}
    unknown = set(anonymous)
    for key, member in belongs.items():
        known[key] = {"identity_key": key, "member_id": member, "is_known": member not in unknown}
    if not known:
        return
    with world.writer.change("identity") as change:
        change.replace("identity_map", pa.Table.from_pylist([known[k] for k in sorted(known)], schema.IDENTITY_MAP))


def event(who: int | None, when: str, name: str = "page_view", **more: Any) -> dict[str, Any]:
    return {"identity_key": who, "occurred_at": at(when), "name": name, **more}


def sale(who: int | None, when: str, order: str, yuan: float, kind: str = "sale", **more: Any) -> dict[str, Any]:
    return {
        "identity_key": who, "occurred_at": at(when), "order_no": order, "line_kind": kind,
        "quantity": Decimal(1), "unit_price": Decimal(str(yuan)), "amount_minor": round(yuan * 100), **more,
    }  # fmt: skip


def _keys(facts: Sequence[Mapping[str, Any]]) -> list[int]:
    return [fact["identity_key"] for fact in facts if fact.get("identity_key") is not None]


NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
