"""Group activities over lakes: figures by hand, random histories against loops, scopes, people, and what is still running."""

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.errors import Unknown
from core.periods import Period
from core.scope import EVERYTHING, Filters, Scope
from core.work.home import Home
from core.work.questions import activities, answers
from core.work.questions.reading import reading
from tests import lakes
from tests.oracles import activities as oracle
from tests.seeds import seeds

AHEAD = timedelta(hours=8)
MARCH = Period(date(2025, 3, 1), date(2025, 4, 1))


def took(
    who: int, activity: str, when: str | datetime, action: str = "voted", group: str | None = "g1"
) -> dict[str, Any]:
    return {
        "identity_key": who,
        "occurred_at": _utc(when),
        "activity_id": activity,
        "action": action,
        "group_id": group,
    }


def move(who: int, group: str, when: str | datetime, change: str = "join") -> dict[str, Any]:
    return {"identity_key": who, "occurred_at": _utc(when), "group_id": group, "change": change}


def message(number: int, who: int, group: str, when: str | datetime) -> dict[str, Any]:
    return {
        "identity_key": who, "occurred_at": _utc(when), "group_id": group, "sender_kind": "member", "text": "好喝", "message_id": f"m{number}",
    }  # fmt: skip


def _utc(when: str | datetime) -> datetime:
    return (datetime.fromisoformat(when) if isinstance(when, str) else when) - AHEAD


def described(home: Home, *held: dict[str, Any]) -> None:
    """Activities, and the groups g1 of the north and g2 of the south."""
    with home.writer.change("import", 99) as change:
        change.merge("activities", lakes.rows("activities", [{"name": one["activity_id"], **one} for one in held]))
        groups = [{"group_id": g, "name": f"群 {g}", "unit_id": u} for g, u in (("g1", "north"), ("g2", "south"))]
        change.merge("groups", lakes.rows("groups", groups))
        change.merge("units", lakes.rows("units", [{"unit_id": u, "name": u} for u in ("north", "south")]))


def held(key: str, start: str, end: str | None, group: str | None = "g1", kind: str = "vote") -> dict[str, Any]:
    """``end``: the first moment that is not of it."""
    return {
        "activity_id": key, "activity_kind": kind, "group_id": group, "starts_at": _utc(start), "ends_at": None if end is None else _utc(end),
    }  # fmt: skip


def asked(home: Home, period: Period = MARCH, scope: Scope = EVERYTHING) -> activities.Activities:
    with reading(home, Filters(period), scope) as opened:
        found = activities.held(opened)
    assert found is not None
    return found


def filled(home: Home) -> None:
    """Vote v1 from the 10th to the 12th in g1, where 1 to 4 are; 1 and 2 vote, 9 does from outside, 2 wins. In the three days before 3 wrote
    once; in it 1 writes twice and 3 once. 1 orders within seven days, 2 a second too late."""
    moves = [move(who, "g1", "2025-02-01 10:00") for who in (1, 2, 3, 4)] + [move(5, "g1", "2025-03-10 08:00")]
    moves += [move(6, "g1", "2025-02-01 10:00"), move(6, "g1", "2025-03-01 10:00", "leave")]
    part = [took(1, "v1", "2025-03-10 10:00"), took(2, "v1", "2025-03-11 10:00"), took(9, "v1", "2025-03-11 12:00")]
    part += [took(2, "v1", "2025-03-11 10:05", "won"), took(1, "v1", "2025-03-12 10:00")]
    said = [
        message(1, 3, "g1", "2025-03-07 00:00"),
        message(2, 3, "g1", "2025-03-06 23:59"),
        message(3, 1, "g1", "2025-03-10 00:00"),
    ]
    said += [
        message(4, 1, "g1", "2025-03-12 23:59"),
        message(5, 3, "g1", "2025-03-11 10:00"),
        message(6, 2, "g1", "2025-03-13 00:00"),
    ]
    lines = [
        lakes.sale(1, "2025-03-17 02:00", "o1", 20),
        lakes.sale(2, "2025-03-18 02:00:01", "o2", 30),
        lakes.sale(1, "2025-03-09 02:00", "o3", 5),
    ]
    lakes.add(
        home, 1, group_membership=moves, activity_participation=part, group_messages=said, order_lines=lines,
        events=[lakes.event(1, "2025-03-30 04:00")],
    )  # fmt: skip
    described(home, held("v1", "2025-03-10 00:00", "2025-03-13 00:00"))


def test_figures_are_those_counted_by_hand(tmp_path: Path):
    home = lakes.home(tmp_path)
    filled(home)
    found = asked(home)
    (row,) = found.rows.to_dict("records")
    assert (row["group"], row["start_on"], row["last_on"], row["days"]) == (
        "群 g1",
        date(2025, 3, 10),
        date(2025, 3, 12),
        3,
    )
    assert (row["participants"], row["members"], row["came"], row["outside"]) == (3, 4, 2, 1)
    assert row["participation_rate"] == 0.5
    assert (row["said"], row["said_before"], row["speakers"], row["speakers_before"], row["new_speakers"]) == (
        3,
        1,
        2,
        1,
        1,
    )
    assert (row["orders"], row["buyers"], row["revenue_minor"]) == (1, 1, 2000)
    assert (row["is_running"], row["is_buying"]) == (False, False)
    assert found.actions.values.tolist() == [["v1", "voted", 3], ["v1", "won", 1]]
    assert found.total.iloc[0][["activities", "participants", "members", "participation_rate"]].tolist() == [
        1,
        3,
        4,
        0.5,
    ]


def test_who_stands_behind_a_figure(tmp_path: Path):
    home = lakes.home(tmp_path)
    filled(home)
    expected = {
        "participants": [1, 2, 9],
        "absent": [3, 4],
        "new_speakers": [1],
        "buyers": [1],
        "did:won": [2],
        "did:flew": [],
    }
    with reading(home, Filters(MARCH)) as opened:
        for which, who in expected.items():
            for key, kind in (("v1", None), (None, None), (None, "vote")):
                assert activities.behind(opened, which, key, kind)["member_id"].tolist() == who, which
            assert activities.behind(opened, which, "v2").empty and activities.behind(opened, which, None, "qa").empty
        with pytest.raises(Unknown, match="Did you mean buyers"):
            activities.behind(opened, "buyer")


def test_what_is_running_is_compared_with_as_many_days_and_says_so(tmp_path: Path):
    """Begun on the 28th for ten days; the newest data is of the 30th, so three days stand against the three before."""
    home = lakes.home(tmp_path)
    said = [
        message(1, 1, "g1", "2025-03-25 00:00"),
        message(2, 1, "g1", "2025-03-24 23:59"),
        message(3, 1, "g1", "2025-03-30 12:00"),
    ]
    lakes.add(home, 1, group_messages=said)
    described(
        home, held("v1", "2025-03-28 00:00", "2025-04-07 00:00"), held("v2", "2025-04-01 00:00", "2025-04-07 00:00")
    )
    found = asked(home, Period(date(2025, 3, 1), date(2025, 5, 1)))
    (row,) = found.rows.to_dict("records")
    assert (row["key"], row["days"], row["is_running"], row["is_buying"]) == ("v1", 3, True, True)
    assert (row["said"], row["said_before"], row["participants"]) == (1, 1, 0)
    assert pd.isna(row["members"]) and pd.isna(row["participation_rate"]) and pd.isna(row["orders"])


def test_what_nobody_took_part_in_stands_there_with_none(tmp_path: Path):
    """Four are in g1 at the start of v2, of which only the end is told; of v3 no day is known at all, and it comes last in every period."""
    home = lakes.home(tmp_path)
    filled(home)
    described(home, {"activity_id": "v2", "activity_kind": "vote", "group_id": "g1", "ends_at": _utc("2025-03-21 00:00")},
              {"activity_id": "v3", "activity_kind": "vote", "group_id": "g1"})  # fmt: skip
    found = asked(home)
    rows = found.rows.set_index("key")
    assert rows.index.tolist() == ["v2", "v1", "v3"]
    assert rows["participants"].tolist() == [0, 3, 0] and rows.loc["v2", "start_on"] == date(2025, 3, 20)
    assert rows.loc["v2", ["members", "came", "participation_rate"]].tolist() == [5, 0, 0]
    assert rows.loc["v3", ["start_on", "days", "members", "said", "participation_rate"]].isna().all()
    assert rows.loc["v3", "orders"] == 0 and not rows.loc["v3", "is_running"] and not rows.loc["v3", "is_buying"]
    assert found.total.iloc[0][["activities", "participants"]].tolist() == [3, 3]
    with reading(home, Filters(MARCH)) as opened:
        assert activities.behind(opened, "absent", "v2")["member_id"].tolist() == [1, 2, 3, 4, 5]
        assert activities.behind(opened, "absent", "v3").empty
    assert [
        row["key"] for row in answers.ask(home, "activities", Filters(Period(date(2025, 2, 1), date(2025, 3, 1))), {})
    ] == ["v3"]


@pytest.mark.parametrize(
    ("period", "is_shown"),
    [
        (Period(date(2025, 3, 1), date(2025, 3, 10)), False), (Period(date(2025, 3, 1), date(2025, 3, 11)), True),
        (Period(date(2025, 3, 12), date(2025, 4, 1)), True), (Period(date(2025, 3, 13), date(2025, 4, 1)), False),
    ],
)  # fmt: skip
def test_an_activity_is_of_every_period_that_has_a_day_of_it(tmp_path: Path, period: Period, is_shown: bool):
    home = lakes.home(tmp_path)
    filled(home)
    assert len(asked(home, period).rows) == is_shown


def test_without_times_or_group_it_is_dated_and_placed_by_who_took_part(tmp_path: Path):
    home = lakes.home(tmp_path)
    part = [
        took(1, "v1", "2025-03-10 10:00"),
        took(2, "v1", "2025-03-14 10:00"),
        took(1, "v2", "2025-03-10 10:00"),
        took(2, "v2", "2025-03-10 10:00", group="g2"),
    ]
    lakes.add(
        home,
        1,
        activity_participation=part,
        group_membership=[move(1, "g1", "2025-02-01 10:00")],
        events=[lakes.event(1, "2025-03-30 04:00")],
    )
    bare = {"starts_at": None, "ends_at": None}
    described(
        home, held("v1", "2025-03-01 10:00", None, None) | bare, held("v2", "2025-03-01 10:00", None, None) | bare
    )
    rows = asked(home).rows.set_index("key")
    assert rows.loc["v1", ["group_id", "start_on", "last_on", "days", "members"]].tolist() == [
        "g1",
        date(2025, 3, 10),
        date(2025, 3, 14),
        5,
        1,
    ]
    assert rows.loc["v2", ["participants", "days"]].tolist() == [2, 1] and pd.isna(rows.loc["v2", "group_id"])
    assert pd.isna(rows.loc["v2", "members"]), "two groups are no group"


def test_a_scope_of_units_leaves_its_groups_and_what_its_members_did(tmp_path: Path):
    home = lakes.home(tmp_path)
    filled(home)
    with home.writer.change("import", 98) as change:
        profiles = [{"identity_key": who, "unit_id": "north" if who < 3 else "south"} for who in (1, 2, 3, 4, 9)]
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))
    (row,) = asked(home, scope=Scope(frozenset({"north"}))).rows.to_dict("records")
    assert (row["participants"], row["members"], row["came"], row["said"], row["orders"]) == (2, 2, 2, 2, 1)
    assert asked(home, scope=Scope(frozenset({"south"}))).rows.empty
    assert asked(home, scope=Scope(frozenset())).rows.empty


class Random:
    def __init__(self, seed: int) -> None:
        rng = self.rng = random.Random(seed)
        groups, people = ["g1", "g2"], range(1, 8)
        self.held = []
        for number in range(rng.choice([1, 4])):
            start = datetime(2025, 2, 20) + timedelta(days=rng.randrange(45))
            self.held.append(
                (f"v{number}", rng.choice(groups), start.date(), start.date() + timedelta(days=rng.randrange(9)))
            )
        times = sorted({self.moment() for _ in range(60)})
        self.moves = [
            (rng.choice(people), rng.choice(groups), at, rng.choice(["join", "join", "leave"])) for at in times
        ]
        self.took = [
            (rng.choice(people), rng.choice(self.held)[0], self.moment(), rng.choice(["voted", "won"]))
            for _ in range(rng.choice([1, 30]))
        ]
        self.said = [(rng.choice(people), rng.choice(groups), self.moment()) for _ in range(80)]
        self.orders = [(rng.choice(people), self.moment(), rng.randrange(1, 90)) for _ in range(30)]

    def moment(self) -> datetime:
        return datetime(2025, 2, 15) + timedelta(minutes=self.rng.randrange(60 * 24 * 40))

    def bring(self, home: Home) -> None:
        lakes.add(
            home, 1,
            group_membership=[move(who, group, at, change) for who, group, at, change in self.moves],
            activity_participation=[took(who, key, at, action) for who, key, at, action in self.took],
            group_messages=[message(n, *one) for n, one in enumerate(self.said)],
            order_lines=[lakes.sale(who, (at - AHEAD).isoformat(), f"o{n}", yuan) for n, (who, at, yuan) in enumerate(self.orders)],
        )  # fmt: skip
        described(
            home,
            *(
                held(key, f"{start} 00:00", f"{last + timedelta(days=1)} 00:00", group)
                for key, group, start, last in self.held
            ),
        )

    @property
    def as_of_on(self) -> date:
        times = [m[2] for m in self.moves] + [s[2] for s in self.said] + [o[1] for o in self.orders]
        return max(times).date()


@pytest.mark.parametrize("seed", seeds(10))
def test_random_activities_have_the_figures_of_plain_loops(tmp_path: Path, seed: int):
    home, history = lakes.home(tmp_path), Random(seed)
    history.bring(home)
    period = Period(date(2025, 2, 1), date(2025, 5, 1))
    with reading(home, Filters(period)) as opened:
        assert opened.as_of_on == history.as_of_on
        found = activities.held(opened)
        assert found is not None
        rows = {row["key"]: row for row in found.rows.to_dict("records")}
        for key, group, start, last in history.held:
            if start > history.as_of_on:
                assert key not in rows
                continue
            expected = oracle.figures(
                {"key": key, "group": group, "start_on": start, "last_on": last},
                [{"who": who, "activity": one, "at": at} for who, one, at, _ in history.took],
                [
                    {"who": who, "group": one, "on": at.date(), "change": change}
                    for who, one, at, change in history.moves
                ],
                [{"who": who, "group": one, "on": at.date()} for who, one, at in history.said],
                [{"who": who, "at": at, "minor": yuan * 100} for who, at, yuan in history.orders],
                history.as_of_on,
            )
            told = {name: None if pd.isna(rows[key][name]) else rows[key][name] for name in expected}
            assert told == {n: v if v is None else pytest.approx(v) for n, v in expected.items()}, key
            for which in ("participants", "new_speakers", "buyers"):
                people = activities.behind(opened, which, key)
                assert people["value"].sum() == rows[key]["orders" if which == "buyers" else which]
            assert len(activities.behind(opened, "absent", key)) == rows[key]["members"] - rows[key]["came"]
        for which in ("participants", "new_speakers"):
            assert (
                activities.behind(opened, which)["value"].sum() == found.rows[which].sum() == found.total[which].sum()
            )
        assert found.kinds["activities"].sum() == len(found.rows)


def test_without_activities_there_is_no_answer(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(1, "2025-03-02 10:00")])
    with reading(home, Filters(MARCH)) as opened:
        assert activities.held(opened) is None and activities.behind(opened, "participants").empty


def test_ask_says_the_same_rows(tmp_path: Path):
    home = lakes.home(tmp_path)
    filled(home)
    (row,) = answers.ask(home, "activities", Filters(MARCH), {})
    assert (row["key"], row["start_on"], row["participation_rate"], row["revenue"]) == (
        "v1",
        "2025-03-10",
        None,
        20.0,
    ), "four are no rate"
    (row,) = answers.ask(home, "activities", Filters(MARCH), {"by": "kind"})
    assert (row["kind"], row["activities"], row["participants"]) == ("vote", 1, 3)
