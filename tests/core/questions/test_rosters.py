"""Lists of members: who joined and who left where callbacks were lost, against a walk through all that is known."""

from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.periods import Period
from core.scope import SYSTEM, Filters, Scope
from core.work.home import Home
from core.work.ingest import importing
from core.work.questions import community
from core.work.questions.places import By
from core.work.questions.reading import reading
from tests import lakes
from tests.bringing import NOW, bring, empty_home, mapping
from tests.oracles import rosters as oracle
from tests.seeds import IS_LONG

AHEAD = timedelta(hours=8)
"""Of the business zone."""
MARCH = Period(date(2025, 3, 1), date(2025, 4, 1))
FIGURES = ("members", "members_before", "joined", "left", "joined_listed", "left_listed")
START = datetime(2025, 3, 1)


def move(who: int, group: str, when: datetime, change: str) -> dict[str, Any]:
    return {"identity_key": who, "occurred_at": when - AHEAD, "group_id": group, "change": change}


def members_of(
    group: str, when: datetime, *who: int, is_complete: bool | None = None, **joined: datetime
) -> list[dict[str, Any]]:
    """A list of members: a row of the group's own, and one per person. ``joined``: ``m1`` for the one with number 1."""
    same = {"occurred_at": when - AHEAD, "group_id": group, "is_complete": is_complete}
    dated = {int(name[1:]): at - AHEAD for name, at in joined.items()}
    return [same, *({**same, "identity_key": one, "joined_at": dated.get(one)} for one in who)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def asked(home: Home, period: Period = MARCH, by: By = "group", scope: Scope | None = None) -> pd.DataFrame:
    with reading(home, Filters(period), scope or Scope(None)) as opened:
        found = community.groups(opened, by)
    assert found is not None
    return found.rows.set_index("key")


def figures(home: Home, group: str = "g1", period: Period = MARCH) -> tuple[int, ...]:
    row = asked(home, period).loc[group]
    return tuple(int(row[name]) for name in FIGURES)


def test_whoever_is_listed_and_was_not_in_joined_by_then_and_whoever_is_missing_left_by_then(tmp_path: Path):
    """1 joined by a callback and is missing on the 20th, 2 is listed on the 10th first, 3 is listed with a joining on the 5th."""
    home = lakes.home(tmp_path)
    lists = [
        *members_of("g1", at("2025-03-10 23:59"), 1, 2, 3, m3=at("2025-02-05 10:00")),
        *members_of("g1", at("2025-03-20 00:00"), 2, 3, m3=at("2025-02-05 10:00")),
    ]
    lakes.add(home, 1, group_membership=[move(1, "g1", at("2025-03-01 10:00"), "join")], group_rosters=lists)
    assert figures(home) == (2, 1, 2, 1, 1, 1)
    assert figures(home, period=Period(date(2025, 3, 10), date(2025, 3, 11)))[:4] == (3, 2, 1, 0)
    assert figures(home, period=Period(date(2025, 3, 20), date(2025, 3, 21)))[:4] == (2, 3, 0, 1)
    assert figures(home, period=Period(date(2025, 2, 5), date(2025, 2, 6)))[:4] == (1, 0, 1, 0)


def test_a_group_that_no_list_names_is_as_its_callbacks_say(tmp_path: Path):
    home = lakes.home(tmp_path)
    moves = [move(who, group, at("2025-03-01 10:00"), "join") for who in (1, 2) for group in ("g1", "g2")]
    lakes.add(home, 1, group_membership=moves, group_rosters=members_of("g1", at("2025-03-10 10:00"), 1))
    assert figures(home, "g1")[:4] == (1, 0, 2, 1)
    assert figures(home, "g2")[:4] == (2, 0, 2, 0)


def test_an_empty_list_says_that_all_have_gone(tmp_path: Path):
    home = lakes.home(tmp_path)
    moves = [move(who, "g1", at("2025-03-01 10:00"), "join") for who in (1, 2)]
    lakes.add(home, 1, group_membership=moves, group_rosters=members_of("g1", at("2025-03-10 10:00")))
    assert figures(home) == (0, 0, 2, 2, 0, 2)


def test_a_list_that_may_lack_somebody_says_only_who_is_in(tmp_path: Path):
    home = lakes.home(tmp_path)
    moves = [move(1, "g1", at("2025-03-01 10:00"), "join")]
    lakes.add(
        home, 1, group_membership=moves, group_rosters=members_of("g1", at("2025-03-10 10:00"), 2, is_complete=False)
    )
    assert figures(home) == (2, 0, 2, 0, 1, 0)


def test_a_callback_after_the_last_list_counts_and_one_of_the_same_moment_came_before_it(tmp_path: Path):
    home = lakes.home(tmp_path)
    moves = [move(1, "g1", at("2025-03-10 10:00"), "leave"), move(2, "g1", at("2025-03-10 10:01"), "leave")]
    lakes.add(home, 1, group_membership=moves, group_rosters=members_of("g1", at("2025-03-10 10:00"), 1, 2))
    assert figures(home)[0] == 1


def test_a_leave_of_somebody_unheard_of_says_the_person_had_been_in_unless_a_list_says_otherwise(tmp_path: Path):
    home = lakes.home(tmp_path)
    moves = [move(1, "g1", at("2025-03-10 10:00"), "leave"), move(1, "g2", at("2025-03-10 10:00"), "leave")]
    lakes.add(home, 1, group_membership=moves, group_rosters=members_of("g2", at("2025-03-05 10:00")))
    assert figures(home, "g1")[:4] == (0, 1, 0, 1)
    assert figures(home, "g2")[:4] == (0, 0, 0, 0)


def test_staff_and_bots_on_a_list_are_no_members(tmp_path: Path):
    home = lakes.home(tmp_path)
    rows = members_of("g1", at("2025-03-10 10:00"), 1, 2, 3)
    rows[2] |= {"person_kind": "staff"}
    rows[3] |= {"person_kind": "bot"}
    lakes.add(home, 1, group_rosters=rows)
    assert figures(home)[0] == 1


def test_a_person_listed_under_another_identity_stays(tmp_path: Path):
    home = lakes.home(tmp_path)
    moves = [move(1, "g1", at("2025-03-01 10:00"), "join")]
    lakes.add(home, 1, group_membership=moves, group_rosters=members_of("g1", at("2025-03-10 10:00"), 101))
    lakes.members(home, {101: 1})
    assert figures(home)[:4] == (1, 0, 1, 0)


def test_a_scope_of_units_sees_its_members_leave_by_lists_in_which_none_of_them_stands(tmp_path: Path):
    home = lakes.home(tmp_path)
    moves = [move(1, "g1", at("2025-03-01 10:00"), "join"), move(2, "g1", at("2025-03-01 10:00"), "join")]
    lakes.add(home, 1, group_membership=moves, group_rosters=members_of("g1", at("2025-03-10 10:00"), 2))
    with home.writer.change("import", 98) as change:
        profiles = [{"identity_key": 1, "unit_id": "north"}, {"identity_key": 2, "unit_id": "south"}]
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))
        change.merge("groups", lakes.rows("groups", [{"group_id": "g1", "name": "群", "unit_id": "north"}]))
    row = asked(home, scope=Scope(frozenset({"north"}))).loc["g1"]
    assert (row.members, row.joined, row.left) == (0, 1, 1)


moments = st.integers(-10, 45).map(lambda half_days: START + timedelta(hours=12 * half_days))
people, groups = st.integers(1, 4), st.sampled_from(["g1", "g2"])
told = st.fixed_dictionaries(
    {"at": moments, "member": people, "group": groups, "change": st.sampled_from(["join", "leave"])}
)
lists = st.fixed_dictionaries({
    "at": moments, "group": groups, "members": st.dictionaries(people, st.none() | moments, max_size=4),
    "is_complete": st.sampled_from([True, True, True, False]),
})  # fmt: skip


def one_of_a_moment(key: tuple[str, ...]) -> Any:
    return lambda row: tuple(row[name] for name in key)


histories = st.tuples(
    st.lists(told, max_size=8, unique_by=one_of_a_moment(("at", "member", "group"))),
    st.lists(lists, max_size=6, unique_by=one_of_a_moment(("at", "group"))),
    st.randoms(use_true_random=False),
)


def filled(folder: str, moves: list[dict[str, Any]], rosters: list[dict[str, Any]], order: list[int]) -> Home:
    """Each callback and each list is a batch of its own, brought in this order."""
    home = lakes.home(Path(folder))
    for number in order:
        if number < len(moves):
            one = moves[number]
            lakes.add(home, number + 1, group_membership=[move(one["member"], one["group"], one["at"], one["change"])])
            continue
        roster = rosters[number - len(moves)]
        rows = members_of(
            roster["group"], roster["at"], *roster["members"], is_complete=roster["is_complete"],
            **{f"m{who}": joined for who, joined in roster["members"].items() if joined},
        )  # fmt: skip
        lakes.add(home, number + 1, group_rosters=rows)
    return home


def checked(home: Home, moves: list[dict[str, Any]], rosters: list[dict[str, Any]], period: Period) -> None:
    expected = oracle.walked(moves, rosters)
    rows = asked(home, period)
    for group in {row["group"] for row in (*moves, *rosters)}:
        wanted = oracle.figures(expected, group, period)
        found = (
            {name: int(rows.loc[group, name]) for name in FIGURES} if group in rows.index else dict.fromkeys(FIGURES, 0)
        )
        assert found == wanted, group
        assert found["members_before"] + found["joined"] - found["left"] == found["members"]
        listed = [r for r in rosters if r["group"] == group and r["is_complete"] and r["at"].date() < period.end_on]
        if listed:
            last = max(listed, key=lambda roster: roster["at"])
            inside = set(last["members"])
            amended = oracle.walked(
                [m for m in moves if m["group"] == group and m["at"] > last["at"]],
                [last | {"members": dict.fromkeys(inside)}]
                + [r for r in rosters if r["group"] == group and r["at"] > last["at"]],
            )
            dated = any(r["group"] == group and r["at"] > last["at"] for r in rosters)
            assert dated or found["members"] == len(oracle.members(amended, group, period.end_on))


@settings(max_examples=60 if IS_LONG else 6, deadline=None)
@given(histories, st.integers(0, 20), st.integers(1, 20))
def test_any_history_in_any_order_has_the_figures_of_a_walk_through_it(history: Any, start: int, days: int):
    """Members at the end are those of the last complete list, amended by later callbacks; opening + joined - left = closing; a batch
    taken back leaves the figures of the others."""
    moves, rosters, rng = history
    order = list(range(len(moves) + len(rosters)))
    if not order:
        return
    rng.shuffle(order)
    first = START.date() + timedelta(days=start)
    newest = max(row["at"] for row in (*moves, *rosters)).date()
    end = min(first + timedelta(days=days), newest + timedelta(days=1))
    if end <= first:
        first = end - timedelta(days=1)
    with TemporaryDirectory() as folder:
        home = filled(folder, moves, rosters, order)
        checked(home, moves, rosters, Period(first, end))
        taken = rng.choice(order)
        with home.writer.change("rollback", taken + 1) as change:
            change.forget(taken + 1)
        kept_moves = [one for number, one in enumerate(moves) if number != taken]
        kept_lists = [one for number, one in enumerate(rosters, len(moves)) if number != taken]
        if kept_moves or kept_lists:
            newest = max(row["at"] for row in (*kept_moves, *kept_lists)).date()
            if newest >= first:
                checked(home, kept_moves, kept_lists, Period(first, min(end, newest + timedelta(days=1))))
        home.store.close()


LIST = "chat_id,taken_at,userid,join_time,join_scene\n"
BY = mapping(
    "group_rosters",
    columns={"group_id": "chat_id", "occurred_at": "taken_at", "joined_at": "join_time", "scene": "join_scene"},
    identities={"external_userid": "userid"},
)


def test_a_list_comes_in_once_reconciles_and_is_taken_back_whole(tmp_path: Path):
    with empty_home(tmp_path) as home:
        before = LIST + "g1,2025-03-05 10:00,a,,\ng1,2025-03-05 10:00,b,2025-03-02 10:00,qr_code\n"
        after = LIST + "g1,2025-03-10 10:00,b,2025-03-02 10:00,qr_code\ng2,2025-03-10 10:00,,,\n"
        first, second = bring(home, before, BY), bring(home, after, BY)
        assert (second.read, second.accepted, second.duplicate, second.rejected) == (2, 2, 0, 0)
        assert bring(home, after, BY).duplicate == 2
        assert figures(home)[:4] == (1, 0, 2, 1)
        importing.rollback(home, second.batch, SYSTEM, now=NOW)
        assert figures(home, period=Period(date(2025, 3, 1), date(2025, 3, 6)))[:4] == (2, 0, 2, 0)
        importing.rollback(home, first.batch, SYSTEM, now=NOW)
        with reading(home) as opened:
            assert community.groups(opened) is None


def test_a_list_of_which_a_row_was_refused_lets_nobody_leave_in_that_group(tmp_path: Path):
    with empty_home(tmp_path) as home:
        everybody = "".join(f"{group},2025-03-05 10:00,{who},,\n" for group in ("g1", "g2") for who in "ab")
        bring(home, LIST + everybody, BY)
        done = bring(home, LIST + "g1,2025-03-10 10:00,a,soon,\ng1,2025-03-10 10:00,b,,\ng2,2025-03-10 10:00,b,,\n", BY)
        assert (done.read, done.accepted, done.rejected) == (3, 2, 1)
        assert (figures(home, "g1")[0], figures(home, "g2")[0]) == (2, 1)


@pytest.mark.parametrize("row", [",2025-03-10 10:00,a,,", "g2,2025-03-10 10:00,a"])
def test_a_refused_row_of_no_known_group_lets_nobody_leave_in_any(tmp_path: Path, row: str):
    with empty_home(tmp_path) as home:
        bring(home, LIST + "g1,2025-03-05 10:00,a,,\n", BY)
        done = bring(home, LIST + f"g1,2025-03-10 10:00,b,,\n{row}\n", BY)
        assert (done.accepted, done.rejected) == (1, 1)
        assert figures(home)[:4] == (2, 0, 2, 0)


def test_a_row_that_says_how_somebody_came_but_not_who_is_refused(tmp_path: Path):
    with empty_home(tmp_path) as home:
        done = bring(home, LIST + "g1,2025-03-05 10:00,a,,\ng1,2025-03-05 10:00,,,qr_code\n", BY)
        assert (done.accepted, done.rejected) == (1, 1)
        assert done.rejects_file is not None


def test_rows_mended_after_an_earlier_refusal_are_no_whole_list(tmp_path: Path):
    with empty_home(tmp_path) as home:
        bring(home, LIST + "g1,2025-03-05 10:00,a,,\ng1,2025-03-05 10:00,b,,\n", BY)
        bring(home, "_row,_reason," + LIST + "2,value.unreadable:joined_at,g1,2025-03-10 10:00,a,,\n", BY)
        assert figures(home)[:4] == (2, 0, 2, 0)
