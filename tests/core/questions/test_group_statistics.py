"""Daily statistics of groups: which row counts, what was lost, by what, and since when each source tells."""

import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.periods import Period
from core.scope import EVERYTHING, Filters, Scope
from core.work.home import Home
from core.work.questions import answers, group_statistics
from core.work.questions.places import By
from core.work.questions.reading import reading
from tests import lakes
from tests.oracles.activities import inside
from tests.seeds import seeds

AHEAD = timedelta(hours=8)
MARCH = Period(date(2025, 3, 1), date(2025, 4, 1))
GROUPS = {"g1": ("north", "ann"), "g2": ("north", "bob"), "g3": ("south", "ann")}


def _utc(when: str | datetime) -> datetime:
    return (datetime.fromisoformat(when) if isinstance(when, str) else when) - AHEAD


def told(
    on: str,
    group: str | None = "g1",
    messages: int | None = None,
    members: int | None = None,
    new: int | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A row of a day; ``taken`` is a time of the business zone."""
    taken = more.pop("taken", None)
    return {
        "occurred_at": _utc(f"{on} 00:00"), "group_id": group, "message_count": messages, "member_count": members, "new_member_count": new,
        "taken_at": None if taken is None else _utc(taken), **more,
    }  # fmt: skip


def message(
    number: int, group: str, when: str | datetime, sender: str = "member", who: int | None = 1
) -> dict[str, Any]:
    return {
        "identity_key": who, "occurred_at": _utc(when), "group_id": group, "sender_kind": sender, "text": "好喝", "message_id": f"m{number}",
    }  # fmt: skip


def move(who: int, group: str, when: str | datetime, change: str = "join") -> dict[str, Any]:
    return {"identity_key": who, "occurred_at": _utc(when), "group_id": group, "change": change}


def described(home: Home) -> None:
    with home.writer.change("import", 99) as change:
        groups = [{"group_id": g, "name": f"群 {g}", "unit_id": u, "staff_id": s} for g, (u, s) in GROUPS.items()]
        change.merge("groups", lakes.rows("groups", groups))
        change.merge(
            "staff", lakes.rows("staff", [{"staff_id": s, "name": s, "unit_id": "north"} for s in ("ann", "bob")])
        )
        change.merge("units", lakes.rows("units", [{"unit_id": u, "name": u} for u in ("north", "south")]))


def asked(home: Home, by: By = "group", period: Period = MARCH, scope: Scope = EVERYTHING) -> pd.DataFrame:
    with reading(home, Filters(period), scope) as opened:
        found = group_statistics.reconciled(opened, by)
    assert found is not None
    return found.rows.set_index("key")


def test_what_was_lost_is_what_the_platform_counted_and_nothing_else_told(tmp_path: Path):
    """Of two days with statistics; the third day has messages and none. The staff's message counts as well."""
    home = lakes.home(tmp_path)
    said = [
        message(1, "g1", "2025-03-05 00:00"),
        message(2, "g1", "2025-03-06 23:59", "staff"),
        message(3, "g1", "2025-03-07 00:00"),
    ]
    moves = [
        move(1, "g1", "2025-03-05 10:00"),
        move(2, "g1", "2025-03-04 10:00"),
        move(2, "g1", "2025-03-06 10:00", "leave"),
    ]
    rows = [told("2025-03-05", messages=3, members=2, new=2), told("2025-03-06", messages=1, members=3, new=0)]
    lakes.add(home, 1, group_messages=said, group_membership=moves, group_statistics=rows)
    described(home)
    row = asked(home).loc["g1"]
    assert (row["name"], row["days"], row["first_on"], row["last_on"]) == (
        "群 g1",
        2,
        date(2025, 3, 5),
        date(2025, 3, 6),
    )
    assert (row["messages_told"], row["messages_counted"], row["messages_lost"]) == (4, 2, 2)
    assert (row["joined_told"], row["joined_counted"], row["joined_lost"]) == (2, 1, 1)
    assert (row["members_told"], row["members_counted"], row["members_lost"]) == (3, 1, 2)


def test_a_later_snapshot_of_a_day_takes_the_place_of_the_earlier_one(tmp_path: Path):
    """Whichever was brought first; where no time is told, the newest import counts, and the last row of a file."""
    home = lakes.home(tmp_path)
    lakes.add(
        home,
        1,
        group_statistics=[
            told("2025-03-05", messages=9, taken="2025-03-06 02:00"),
            told("2025-03-06", messages=1),
            told("2025-03-06", messages=2),
        ],
    )
    lakes.add(
        home,
        2,
        group_statistics=[told("2025-03-05", messages=4, taken="2025-03-05 12:00"), told("2025-03-06", messages=7)],
    )
    described(home)
    assert asked(home).loc["g1", "messages_told"] == 9 + 7


def test_the_same_file_again_changes_nothing(tmp_path: Path):
    home = lakes.home(tmp_path)
    rows = [told("2025-03-05", messages=9), told("2025-03-06", messages=1)]
    first = lakes.add(home, 1, group_statistics=rows)["group_statistics"]
    again = lakes.add(home, 2, group_statistics=rows)["group_statistics"]
    assert (first.accepted, again.accepted, again.duplicate) == (2, 0, 2)


def test_a_row_of_an_owner_counts_only_on_days_without_rows_of_the_groups(tmp_path: Path):
    home = lakes.home(tmp_path)
    rows = [
        told("2025-03-05", messages=5),
        told("2025-03-05", None, messages=90, staff_id="ann"),
        told("2025-03-06", None, messages=8, staff_id="ann"),
    ]
    rows += [told("2025-03-06", None, messages=70), told("2025-03-07", None, messages=6)]
    said = [
        message(1, "g1", "2025-03-06 10:00"),
        message(2, "g3", "2025-03-06 10:00"),
        message(3, "g2", "2025-03-06 10:00"),
        message(4, "g2", "2025-03-07 10:00"),
    ]
    lakes.add(home, 1, group_messages=said, group_statistics=rows)
    described(home)
    assert asked(home)["messages_told"].to_dict() == {"g1": 5}
    row = asked(home, "owner").loc["ann"]
    assert (row["messages_told"], row["messages_counted"], row["days"]) == (13, 2, 2)
    row = asked(home, "total").loc["all"]
    assert (row["messages_told"], row["messages_counted"], row["days"]) == (19, 3, 3)


def test_each_source_tells_since_when_it_has_a_history(tmp_path: Path):
    home = lakes.home(tmp_path)
    rosters = [{"identity_key": 1, "group_id": "g1", "occurred_at": _utc("2025-03-09 10:00")}]
    lakes.add(
        home, 1, group_messages=[message(1, "g1", "2024-12-31 23:59")], group_rosters=rosters,
        group_statistics=[told("2025-03-05", messages=1), told("2025-03-08", messages=1), told("2025-03-08", "g3", messages=1)],
    )  # fmt: skip
    described(home)
    with reading(home, Filters(MARCH)) as opened:
        found = group_statistics.sources(opened).set_index("source")
    assert found["since_on"].to_dict() == {
        "statistics": date(2025, 3, 5), "rosters": date(2025, 3, 9), "messages": date(2024, 12, 31),
    }  # fmt: skip
    assert found.loc["statistics", ["days", "missing_days", "count"]].tolist() == [2, 2, 3]
    with reading(home, Filters(MARCH), Scope(frozenset({"south"}))) as opened:
        assert group_statistics.sources(opened)["since_on"].tolist() == [date(2025, 3, 8)]


def test_a_scope_of_units_leaves_its_groups(tmp_path: Path):
    home = lakes.home(tmp_path)
    rows = [told("2025-03-05", one, messages=5) for one in GROUPS] + [
        told("2025-03-06", None, messages=8, staff_id=s) for s in ("ann", "bob")
    ]
    lakes.add(home, 1, group_statistics=rows)
    described(home)
    north = Scope(frozenset({"north"}))
    assert sorted(asked(home, scope=north).index) == ["g1", "g2"]
    assert asked(home, "owner", scope=north)["messages_told"].to_dict() == {"ann": 5, "bob": 13}, (
        "ann has a group elsewhere"
    )
    assert asked(home, "total", scope=north).loc["all", "messages_told"] == 18
    assert asked(home, scope=Scope(frozenset())).empty


@pytest.mark.parametrize("seed", seeds(8))
def test_random_histories_are_compared_as_plain_loops_do(tmp_path: Path, seed: int):
    rng, home = random.Random(seed), lakes.home(tmp_path)
    start = datetime(2025, 3, 1)
    times = sorted(start + timedelta(minutes=rng.randrange(60 * 24 * 12)) for _ in range(60))
    moves = [
        (rng.randint(1, 6), rng.choice(list(GROUPS)), at, rng.choice(["join", "join", "leave"]))
        for at in dict.fromkeys(times)
    ]
    said = [(rng.choice(list(GROUPS)), start + timedelta(minutes=rng.randrange(60 * 24 * 12))) for _ in range(80)]
    rows: dict[tuple[str, date], tuple[int, int, int]] = {}
    for batch in (1, 2):
        some = {(rng.choice(list(GROUPS)), (start + timedelta(days=rng.randrange(12))).date()) for _ in range(15)}
        brought = {place: (rng.randrange(20), rng.randrange(9), rng.randrange(4)) for place in sorted(some)}
        rows |= brought
        lakes.add(
            home, batch, group_statistics=[told(str(on), g, m, n, new) for (g, on), (m, n, new) in brought.items()]
        )
    lakes.add(
        home, 3, group_membership=[move(*one) for one in moves], group_messages=[message(n, *one) for n, one in enumerate(said)],
        events=[lakes.event(1, "2025-03-20 04:00")],
    )  # fmt: skip
    described(home)
    expected: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    last: dict[str, date] = {}
    for (group, on), (messages, members, new) in rows.items():
        found = expected[group]
        found["messages_told"] += messages
        found["messages_counted"] += sum(g == group and at.date() == on for g, at in said)
        found["joined_told"] += new
        found["joined_counted"] += sum(
            g == group and at.date() == on and change == "join" for _, g, at, change in moves
        )
        if on >= last.get(group, on):
            last[group], found["members_told"] = on, members
            history = [{"who": who, "group": g, "on": at.date(), "change": change} for who, g, at, change in moves]
            found["members_counted"] = len(inside(history, group, on + timedelta(days=1)))
    table = asked(home)
    assert {key: {name: int(row[name]) for name in expected[key]} for key, row in table.iterrows()} == expected
    whole = asked(home, "total").loc["all"]
    names = ["messages_told", "messages_counted", "joined_told", "joined_counted", "members_told", "members_counted"]
    for rows_by in (table, asked(home, "owner"), asked(home, "unit")):
        assert rows_by[names].sum().to_dict() == whole[names].to_dict()


def test_what_the_lake_does_not_know_is_not_compared(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, group_statistics=[told("2025-03-05", messages=5)])
    described(home)
    row = asked(home).loc["g1"]
    assert row["messages_told"] == 5
    assert all(
        pd.isna(row[name])
        for name in ("messages_counted", "messages_lost", "joined_told", "joined_counted", "members_counted")
    )


def test_without_statistics_there_are_sources_and_no_rows(tmp_path: Path):
    home = lakes.home(tmp_path)
    with reading(home) as opened:
        assert group_statistics.reconciled(opened) is None
    lakes.add(home, 1, group_messages=[message(1, "g1", "2025-03-05 10:00")])
    assert asked(home).empty
    (row,) = answers.ask(home, "group_statistics", Filters(MARCH), {"by": "source"})
    assert (row["source"], row["since_on"], row["days"]) == ("messages", "2025-03-05", 1)


def test_ask_says_the_same_rows(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(
        home,
        1,
        group_statistics=[told("2025-03-05", messages=5)],
        group_messages=[message(1, "g1", "2025-03-05 10:00")],
    )
    described(home)
    (row,) = answers.ask(home, "group_statistics", Filters(MARCH), {})
    assert (row["key"], row["first_on"], row["messages_lost"], row["joined_lost"]) == ("g1", "2025-03-05", 4, None)
