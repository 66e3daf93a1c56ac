"""How long one-id takes: 10 million links over pseudonyms to members, and loading encrypted values, each apart.

    python -m tests.benchmarks.identities [--links 10000000] [--rounds 2] [--values 300000]

"Whole" reads Parquet, resolves and writes the map; "arrays" is the kernel alone. The rivals find plain connected components,
without limits, decisions or rules for browsers, named by the oldest identity as ours are; on the first world, in which no rule
bites, all answers must be equal. ``ratio`` is of the time of the rival of the same kind. Loading encrypted values is apart.
"""

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from core.app import House
from core.privacy import one_id, pseudonyms
from core.privacy.vault import Vault, identity_label
from core.schema import IDENTITY_MAP
from core.settings import Settings
from core.work import identities
from core.work.home import Home

KINDS = np.array(["phone", "customer_no", "openid", "external_userid"])
WITH_BROWSERS = np.array(["phone", "customer_no", "openid", "anonymous_id"])
BORROWED_SHARE = 0.01
STORE_PHONES, CUSTOMERS_OF_A_STORE = 100, 1_000


@dataclass(frozen=True)
class Sample:
    """Persons of four identities each; links within a person, and 1 % with the next person, as of a borrowed phone."""

    kinds: np.ndarray
    key: np.ndarray
    left: np.ndarray
    right: np.ndarray
    seen: np.ndarray

    @classmethod
    def of(cls, links: int, kinds: np.ndarray, *, store_phones: int = 0) -> "Sample":
        random = np.random.default_rng(20_260_101)
        persons = max(links // 5, 2)
        key = random.permutation(np.unique(random.integers(0, 2**62, persons * 4 + 1000))[: persons * 4])
        person = random.integers(0, persons - 1, links)
        other = person + (random.random(links) < BORROWED_SHARE)
        left, right = person * 4 + random.integers(0, 4, links), other * 4 + random.integers(0, 4, links)
        crowd = store_phones * CUSTOMERS_OF_A_STORE
        left[:crowd] = np.arange(crowd) // CUSTOMERS_OF_A_STORE * 4
        right[:crowd] = random.permutation(persons)[:crowd] * 4 + 1
        return cls(kinds, key, key[left], key[right], random.integers(0, 10**6, links))

    @property
    def kind(self) -> np.ndarray:
        return (np.arange(len(self.key)) % 4).astype(np.int16)

    def resolve(self) -> np.ndarray:
        limits = np.array([identities.DEFAULT_LIMITS[kind] for kind in self.kinds])
        people = one_id.Identities(self.key, self.kind, limits, self.kinds == "anonymous_id")
        return one_id.resolve(people, one_id.Links(self.left, self.right, self.seen), one_id.Decisions()).member_id

    def write(self, home: Home) -> None:
        seen = pa.table(
            {
                "identity_key": self.key,
                "identity_type": pa.DictionaryArray.from_arrays(self.kind, self.kinds).cast(pa.string()),
                "namespace": pa.array(np.where(self.kind == 0, "", "shop")),
                "source": pa.repeat("shop", len(self.key)),
                "row_number": np.arange(1, len(self.key) + 1),
            }
        )
        links = pa.table(
            {
                "left_key": self.left,
                "right_key": self.right,
                "rule": pa.repeat("same_row", len(self.left)),
                "seen_at": pa.array(self.seen * 1_000_000, pa.timestamp("us")),
                "source": pa.repeat("shop", len(self.left)),
                "row_number": np.arange(1, len(self.left) + 1),
            }
        )
        with home.writer.change("import", 1) as change:
            change.merge("identities", ibis.memtable(seen))
            change.merge("identity_links", ibis.memtable(links))


def bench(links: int = 10_000_000, rounds: int = 2, values: int = 300_000) -> list[dict[str, Any]]:
    """One row per way: ``way``, ``seconds`` (the best round), ``ratio`` (null without a rival)."""
    Sample.of(100, WITH_BROWSERS).resolve()  # compiles the kernels
    plain, ruled = (
        Sample.of(links, KINDS),
        Sample.of(links, WITH_BROWSERS, store_phones=min(STORE_PHONES, links // 50_000)),
    )
    with tempfile.TemporaryDirectory() as folder:
        home, other = (House(Settings(Path(folder) / name)).live for name in ("plain", "ruled"))
        plain.write(home)
        ruled.write(other)
        ways: dict[str, tuple[str | None, Callable[[], Any]]] = {
            "arrays: pandas factorize + scipy csgraph": (None, lambda: _by_scipy(plain.key, plain.left, plain.right)),
            "arrays: ours": ("arrays: pandas factorize + scipy csgraph", plain.resolve),
            "arrays: ours, browsers and store phones": ("arrays: pandas factorize + scipy csgraph", ruled.resolve),
            "whole: pandas factorize + scipy csgraph": (None, lambda: _whole_by_scipy(home, Path(folder))),
            "whole: labels spread in DuckDB": (
                "whole: pandas factorize + scipy csgraph",
                lambda: _whole_by_engine(home, Path(folder)),
            ),
            "whole: ours": ("whole: pandas factorize + scipy csgraph", lambda: _whole(home)),
            "whole: ours, browsers and store phones": (
                "whole: pandas factorize + scipy csgraph",
                lambda: _whole(other),
            ),
        }
        best, answers = {}, {}
        for _ in range(rounds):
            for name, (_rival, way) in ways.items():
                took, answers[name] = _timed(way)
                best[name] = min(best.get(name, np.inf), took)
                print(f"  {name}: {took:.2f} s", flush=True)
        _require_equal({name: answer for name, answer in answers.items() if "browsers" not in name})
        rows = [_row(name, best[name], best.get(rival)) for name, (rival, _) in ways.items()]
        return rows + _loading(House(Settings(Path(folder) / "values")).live, values)


def _timed(way: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = way()
    return time.perf_counter() - start, answer


def _row(name: str, seconds: float, rival: float | None) -> dict[str, Any]:
    return {"way": name, "seconds": seconds, "ratio": None if rival is None else seconds / rival}


def _require_equal(answers: dict[str, Any]) -> None:
    """Answers are members in the order of the identities, or a map as a table."""
    found = {name: answer() if callable(answer) else answer for name, answer in answers.items()}
    first = next(iter(found.values()))
    if wrong := [name for name, answer in found.items() if not np.array_equal(first, answer)]:
        raise AssertionError(f"These differ from the first: {wrong}")


# -- ours -----------------------------------------------------------------------------------------------------------


def _whole(home: Home) -> Callable[[], np.ndarray]:
    """One change that rebuilds the map of the evidence in the lake, which had none that is like it."""
    with home.writer.change("identity") as change:
        identities.rebuild(change, home.store)
    with home.lake.open() as snapshot:
        columns = snapshot.stream(snapshot.member_map())
    with home.writer.change("identity") as change:
        change.replace("identity_map", IDENTITY_MAP.empty_table())
    return lambda: columns["member_id"]


# -- rivals ---------------------------------------------------------------------------------------------------------


def _by_scipy(key: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    codes, _ = pd.factorize(np.concatenate([key, left, right]))
    size = len(key)
    ends = codes[size : size + len(left)], codes[size + len(left) :]
    graph = coo_matrix((np.ones(len(left), np.int8), ends), shape=(size, size)).tocsr()
    number, component = connected_components(graph, directed=False)
    oldest = np.full(number, size)
    np.minimum.at(oldest, component, np.arange(size))
    return key[oldest[component]]


def _whole_by_scipy(home: Home, folder: Path) -> np.ndarray:
    with home.lake.open() as snapshot:
        seen = pq.read_table(snapshot.files("identities"), columns=["identity_key", "batch_id", "row_number"])
        links = pq.read_table(snapshot.files("identity_links"), columns=["left_key", "right_key"])
    seen = seen.sort_by([("batch_id", "ascending"), ("row_number", "ascending")])
    key = seen["identity_key"].to_numpy()
    member = _by_scipy(key, links["left_key"].to_numpy(), links["right_key"].to_numpy())
    _write(folder / "scipy.parquet", pa.table({"identity_key": key, "member_id": member}))
    return member


def _whole_by_engine(home: Home, folder: Path) -> np.ndarray:
    """Every identity takes the smallest label around it, and then its label's own, until nothing changes."""
    with home.lake.open() as snapshot:
        backend = snapshot.cursor.backend
        seen, links = snapshot.table("identities"), snapshot.table("identity_links")
        age = ibis.row_number().over(order_by=["batch_id", "row_number"])
        label = snapshot.keep(seen.select("identity_key", age=age))
        coded = links.inner_join(label.rename(left_key="identity_key", a="age"), "left_key")
        coded = coded.inner_join(label.rename(right_key="identity_key", b="age"), "right_key").select("a", "b")
        both = snapshot.keep(ibis.union(coded, coded.select(a="b", b="a")).distinct())
        now = backend.create_table("labels_0", label.select("age", label="age"), temp=True)
        for turn in itertools.count(1):
            near = (
                both.inner_join(now.select(b="age", label="label"), "b")
                .group_by("a")
                .aggregate(near=ibis._.label.min())
            )
            step = now.left_join(near, now.age == near.a)
            step = step.select("age", label=ibis.least(step.label, ibis.coalesce(step.near, step.label)))
            step = backend.create_table(f"steps_{turn}", step, temp=True)
            jump = step.inner_join(step.view().select(label="age", root="label"), "label").select("age", label="root")
            jump = backend.create_table(f"labels_{turn}", jump, temp=True)
            changed = (
                jump.inner_join(now.select("age", before="label"), "age").filter(lambda t: t.label != t.before).count()
            )
            is_settled = not snapshot.value(changed)
            backend.drop_table(f"steps_{turn}")
            backend.drop_table(f"labels_{turn - 1}")
            now = jump
            if is_settled:
                break
        named = now.inner_join(label.select("identity_key", "age"), "age")
        named = named.inner_join(label.select(label="age", member_id="identity_key"), "label")
        found = backend.to_pyarrow(named.order_by("age").select("identity_key", "member_id"))
        backend.drop_table(f"labels_{turn}")
    _write(folder / "engine.parquet", found)
    return found["member_id"].to_numpy()


def _write(path: Path, table: pa.Table) -> None:
    pq.write_table(table, path, compression="zstd", compression_level=3)


# -- loading values -------------------------------------------------------------------------------------------------


def _loading(home: Home, values: int) -> list[dict[str, Any]]:
    """Seconds per 100,000 values: encryption alone, into the store as well, and all of ``record`` but resolving."""
    with home.writer.change("import", 1) as change:
        snapshot = change.snapshot
        numbers = ibis.range(0, values).unnest().name("number").as_table()
        text = numbers.mutate(value=(numbers.number + 13_000_000_000).cast("string"))
        text = text.mutate(mac=pseudonyms.mac(home.keys, "phone", "", text.value))
        seen = snapshot.keep(
            text.select(
                "value",
                "mac",
                identity_type=ibis.literal("phone"),
                namespace=ibis.literal(""),
                identity_key=pseudonyms.key(text.mac),
                seen_at=ibis.null("timestamp"),
                row_number=text.number + 1,
            )
        )
        plain = snapshot.arrow(seen.select("identity_key", "value")).to_pydict()
        labels = [identity_label(key) for key in plain["identity_key"]]
        sealing, _ = _timed(lambda: Vault(home.keys).seal(plain["value"], labels))
        recording, _ = _timed(
            lambda: identities.record(change, home.store, home.keys, source="shop", seen=seen, is_last=False)
        )
    per = 100_000 / values
    return [
        _row("100,000 values: sealed", sealing * per, None),
        _row("100,000 values: sealed, stored and recorded in the lake", recording * per, None),
    ]


def table_of(rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    lines = ["| way | seconds | ratio |", "|---|---|---|"]
    for row in rows:
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
        lines.append(f"| {row['way']} | {row['seconds']:.2f} | {ratio} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--links", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--values", type=int, default=300_000)
    print(table_of(bench(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
