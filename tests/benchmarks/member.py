"""One member's file over a demo lake: everything about somebody out of tables that are sorted by nothing of theirs.

    python -m tests.benchmarks.member [--events 10000000] [--members 20] [--rounds 3]

Members are drawn evenly from those with messages, by how many they had, so that busy ones are among them. The question is asked with
nothing kept of any member; the page is asked for by a websocket client of a server that has shown another page before: nothing of
members is in its caches, the timeline and the tables of everybody are there (data-contract.md 25). The first member of a server waits
for what its process has not read yet.
"""

import argparse
import asyncio
import statistics
import time
from pathlib import Path
from typing import Any

from core.work import standings
from core.work.home import Home
from core.work.questions import member, member_gates, member_stream
from core.work.questions.reading import reading
from tests.benchmarks import homes
from tests.benchmarks.server import User
from tests.e2e.browsing import serving


def bench(events: int = 10_000_000, members: int = 20, rounds: int = 3) -> list[dict[str, Any]]:
    """One row per way: seconds of the median member and of the slowest, best of the rounds."""
    home = homes.demo(events)
    standings.refresh(home)  # as the worker does whenever the lake has changed
    drawn = _drawn(home, members)
    _asked(home, drawn[0])  # what belongs to the version and not to a member: days of data, names, views of the files
    asked = [[_asked(home, one) for one in drawn] for _ in range(rounds)]
    best = [(min(wall), min(cpu)) for wall, cpu in (zip(*own, strict=True) for own in zip(*asked, strict=True))]
    home.store.close()
    rows = [
        _row(f"the question, {members} members", [wall for wall, _ in best])
        | {"cpu": statistics.median(cpu for _, cpu in best)}
    ]
    first, others = asyncio.run(_opened(homes.folder(events), drawn))
    return [*rows, _row("the page, first member of a fresh server", [first]), _row("the page, other members", others)]


def _row(way: str, seconds: list[float]) -> dict[str, Any]:
    return {"way": way, "seconds": statistics.median(seconds), "slowest": max(seconds)}


def _drawn(home: Home, members: int) -> list[int]:
    """By messages, from few to many."""
    with home.lake.open() as snapshot:
        people = snapshot.member_map()
        owned = snapshot.table("touches").inner_join(people.filter(people.is_known), "identity_key")
        counted = owned.group_by("member_id").aggregate(messages=owned.count())
        ids = snapshot.arrow(counted.order_by("messages", "member_id"))["member_id"].to_pylist()
    return [ids[(place * (len(ids) - 1)) // max(members - 1, 1)] for place in range(members)]


def _asked(home: Home, one: int) -> tuple[float, float]:
    start, worked = time.perf_counter(), time.process_time()
    with reading(home) as lake:
        found = member.of(lake, one)
        assert len(member_stream.of(found))
        assert member_gates.of(found, lake.as_of_on)
    return time.perf_counter() - start, time.process_time() - worked


async def _opened(folder: Path, drawn: list[int]) -> tuple[float, list[float]]:
    """Seconds until the page's script has run: the first member, and each of the others."""
    with homes.copied(folder) as home, serving(home) as server:
        token = server.token(server.account("admin"))
        async with User(server.url, "catalog", token) as before:
            await before.rerun()
        took = []
        async with User(server.url, "member", token) as user:
            for one in drawn:
                took.append(await user.rerun(f"m={one}"))
                assert not user.is_empty
    return took[0], took[1:]


def table_of(rows: list[dict[str, Any]]) -> str:
    lines = ["| way | median s | slowest s | CPU s |", "|---|---|---|---|"]
    for row in rows:
        cpu = f"{row['cpu']:.2f}" if "cpu" in row else ""
        lines.append(f"| {row['way']} | {row['seconds']:.2f} | {row['slowest']:.2f} | {cpu} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--members", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    print(table_of(bench(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
