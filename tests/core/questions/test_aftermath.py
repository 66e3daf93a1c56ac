"""Leaves after sends: random histories against loops, the people behind them, each send, scopes, ask."""

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.periods import Period, comparable
from core.scope import Filters, Scope
from core.work.home import Home
from core.work.questions import aftermath, answers
from core.work.questions.places import By
from core.work.questions.reading import reading
from tests import lakes
from tests.histories import AHEAD, Histories, described, message, move, post
from tests.oracles import aftermath as oracle
from tests.seeds import seeds

MARCH = Period(date(2025, 3, 1), date(2025, 4, 1))
FIGURES = ("member_days", "usual_member_days", "left", "usual_left", "expected", "excess", "chance")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def filled(path: Path, history: Histories) -> Home:
    home = lakes.home(path)
    lakes.add(home, 1, group_messages=history.messages, group_membership=history.moves)
    described(home)
    return home


def groups_of(history: Histories, period: Period) -> dict[str, oracle.Group]:
    now, _ = comparable(period, history.as_of.date())
    known = [group for groups in history.groups_of("group").values() for group in groups]
    return {group: oracle.Group(history.told_of(group), history.moved(group), now, history.as_of) for group in known}


@pytest.mark.parametrize("seed", seeds(8))
def test_random_histories_have_the_leaves_after_sends_of_plain_loops(tmp_path: Path, seed: int):
    history = Histories(seed, messages=60, moves=300, sends=90)
    home = filled(tmp_path, history)
    period = history.period()
    groups = groups_of(history, period)
    for by in ("group", "owner", "unit", "total"):
        with reading(home, Filters(period)) as opened:
            found = aftermath.sends(opened, by)
        assert found is not None
        rows = found.rows.set_index("key")
        if by == "total" and len(rows):
            pd.testing.assert_frame_equal(found.total, found.rows)
        expected = {key: oracle.told(groups[one] for one in own) for key, own in history.groups_of(by).items()}
        assert set(expected) <= set(rows.index)
        rows = rows.loc[list(expected)]
        for key, row in rows.iterrows():
            own = history.groups_of(by)[str(key)]
            told = {name: None if pd.isna(row[name]) else row[name] for name in FIGURES}
            assert told == {
                name: v if (v := expected[str(key)][name]) is None else pytest.approx(v, abs=1e-9) for name in FIGURES
            }, (by, key)
            if by == "group":
                assert row["usual_load"] == groups[str(key)].usual, key
            start, end = groups[own[0]].start, groups[own[0]].end
            assert row["sends"] == sum(start <= sent < end for one in own for sent in groups[one].sends)
            assert pd.isna(row["reason"]) == (expected[str(key)]["excess"] is not None)
        chances = {str(key): expected[str(key)]["chance"] for key in rows.index}
        assert set(rows.index[rows["is_flagged"]]) == oracle.flagged(chances)


@pytest.mark.parametrize("seed", seeds(4))
def test_the_interval_is_that_of_the_two_counts(tmp_path: Path, seed: int):
    history = Histories(100 + seed, messages=20, moves=400, sends=60)
    with reading(filled(tmp_path, history), Filters(Period(date(2025, 2, 20), date(2025, 4, 10)))) as opened:
        found = aftermath.sends(opened)
    assert found is not None
    groups = groups_of(history, Period(date(2025, 2, 20), date(2025, 4, 10)))
    judged = 0
    for row in found.rows.to_dict("records"):
        expected = oracle.told([groups[row["key"]]])
        if expected["low"] is not None:
            assert (row["low"], row["high"]) == (
                pytest.approx(expected["low"], abs=1e-6),
                pytest.approx(expected["high"], rel=1e-6),
            )
            assert row["times"] == pytest.approx(expected["left"] / expected["expected"])
            bounds = [1 + expected[name] / expected["expected"] for name in ("low", "high")]
            assert [row["times_low"], row["times_high"]] == pytest.approx(bounds, rel=1e-6)
            judged += 1
    assert judged


@pytest.mark.parametrize("by", ["group", "owner", "unit", "total"])
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.some(4)
def test_the_people_behind_leaves_after_sends_add_up_to_them(tmp_path: Path, by: By, seed: int):
    history = Histories(200 + seed, messages=30, moves=400, sends=60)
    home = filled(tmp_path, history)
    period = Period(date(2025, 2, 20), date(2025, 4, 10))
    groups = groups_of(history, period)
    with reading(home, Filters(period)) as opened:
        found = aftermath.sends(opened, by)
        assert found is not None and found.rows["left"].sum() > 0
        for row in found.rows.to_dict("records"):
            own = history.groups_of(by)[row["key"]]
            expected = Counter(who for one in own for block in groups[one].compared() for who in block["who"])
            people = aftermath.left_after(opened, by, row["key"])
            assert dict(people.itertuples(index=False, name=None)) == dict(expected)
            assert people["value"].sum() == row["left"] and people["value"].is_monotonic_decreasing


def driven(path: Path) -> Home:
    """g1 has twenty members since January and sends on two days of March; one leaves an hour before the first, four within a day of it,
    one a day and a minute after it. Nobody sends to g2; g3 is sent to every day at noon."""
    moves = [move(who, group, at("2025-01-01 10:00"), "join") for who in range(1, 21) for group in ("g1", "g2", "g3")]
    left = [
        "2025-03-10 11:00",
        "2025-03-10 12:00",
        "2025-03-10 12:30",
        "2025-03-10 22:00",
        "2025-03-11 11:59",
        "2025-03-11 12:01",
    ]
    moves += [move(who, "g1", at(when), "leave") for who, when in enumerate(left, 1)]
    moves += [move(9, "g3", at("2025-03-05 10:00"), "leave")]
    sends = [
        post(1, "g1", at("2025-03-10 12:00"), content_id="c"),
        post(2, "g1", at("2025-03-20 12:00"), message_kind="image"),
    ]
    sends += [post(3, "g1", at("2025-03-15 12:00")), message(4, "g1", at("2025-04-20 12:00"), 20)]
    sends += [post(1000 + n, "g3", at("2024-12-01 12:00") + timedelta(days=n), content_id="c") for n in range(130)]
    home = lakes.home(path)
    lakes.add(home, 1, group_messages=sends, group_membership=moves)
    described(home)
    with home.writer.change("import", 98) as change:
        change.merge("contents", lakes.rows("contents", [{"content_id": "c", "title": "岩茶"}]))
    return home


@pytest.mark.parametrize(("days", "weeks"), [(1, 4), (28, 4), (29, 8)])
def test_the_baseline_is_of_whole_blocks_of_four_weeks_and_says_so(tmp_path: Path, days: int, weeks: int):
    home = lakes.home(tmp_path)
    lakes.add(
        home,
        1,
        group_messages=[message(1, "g1", datetime(2025, 3, 30, 10), 1)],
        group_membership=[move(1, "g1", datetime(2025, 1, 5, 10), "join")],
    )
    period = Period(date(2025, 3, 30) - timedelta(days=days), date(2025, 3, 30))
    with reading(home, Filters(period)) as opened:
        found = aftermath.sends(opened)
    assert found is not None and found.baseline == Period(date(2025, 3, 30) - timedelta(weeks=weeks), date(2025, 3, 30))


def test_leaves_count_from_the_send_on_until_a_day_later(tmp_path: Path):
    with reading(driven(tmp_path), Filters(MARCH)) as opened:
        found = aftermath.sends(opened)
    assert found is not None
    rows = found.rows.set_index("key")
    assert rows.loc["g1", ["name", "sends", "usual_load", "left", "usual_left"]].tolist() == ["群 g1", 2, 0, 4, 2]
    assert rows.loc["g1", "low"] > 0 and rows.loc["g1", "is_flagged"]
    assert rows["reason"].fillna("").to_dict() == {"g1": "", "g2": "no_sends", "g3": "even", "g4": "no_members"}
    assert pd.isna(rows.loc["g3", "excess"]) and rows.loc["g3", "left"] == 0


def test_each_send_has_its_leaves_and_those_expected(tmp_path: Path):
    """Two left in the baseline of the four weeks: 28 days of about twenty people less the two days after sends."""
    home = driven(tmp_path)
    with reading(home, Filters(MARCH)) as opened:
        rows = aftermath.each(opened, "g1")
        assert rows is not None and aftermath.each(opened, "g2").empty  # type: ignore[union-attr]
    assert [str(when) for when in rows["sent_at"]] == ["2025-03-20 04:00:00+00:00", "2025-03-10 04:00:00+00:00"]
    assert rows["left"].tolist() == [0, 4] and rows["is_over"].tolist() == [True, True]
    assert rows["title"].fillna("").tolist() == ["", "岩茶"] and rows["message_kind"].fillna("").tolist() == [
        "image",
        "",
    ]
    stays = oracle.stays(
        [{"member": r["identity_key"], "at": r["occurred_at"] + AHEAD, "change": r["change"]} for r in _moves_of(home)]
    )
    present = sum((min(gone, at("2025-03-11 12:00")) - max(come, at("2025-03-10 12:00"))).total_seconds()
                  for come, gone, _ in stays if come < at("2025-03-11 12:00") and gone > at("2025-03-10 12:00"))  # fmt: skip
    with reading(home, Filters(MARCH)) as opened:
        found = aftermath.sends(opened)
    assert found is not None
    usual = 1 / (_base_days(found.rows.set_index("key").loc["g1"]) * 86_400)
    assert rows["expected"].tolist()[1] == pytest.approx(2 * present * usual, rel=1e-3)


def _base_days(row: Any) -> float:
    """Member-days of the baseline of the four weeks with both sends; the earlier four weeks have none, and are left out."""
    return float(row["usual_member_days"])


def _moves_of(home: Home) -> list[dict[str, Any]]:
    with home.lake.open() as snapshot:
        rows = snapshot.arrow(snapshot.table("group_membership").order_by("occurred_at")).to_pylist()
    return [row for row in rows if row["group_id"] == "g1"]


def test_a_leave_that_only_a_list_tells_has_no_time_and_counts_for_nothing(tmp_path: Path):
    home = lakes.home(tmp_path)
    lists = [
        {"identity_key": who, "group_id": "g1", "occurred_at": at(when) - AHEAD}
        for when, there in (("2025-03-01 10:00", range(1, 21)), ("2025-03-10 20:00", range(1, 11)))
        for who in there
    ]
    moves = [move(1, "g1", at("2025-03-10 21:00"), "leave")]
    sends = [post(1, "g1", at("2025-03-10 19:00"), content_id="c"), message(2, "g1", at("2025-03-30 12:00"), 2)]
    lakes.add(home, 1, group_messages=sends, group_membership=moves, group_rosters=lists)
    described(home)
    with reading(home, Filters(MARCH)) as opened:
        row = aftermath.sends(opened).rows.set_index("key").loc["g1"]  # type: ignore[union-attr]
    assert (row["left"], row["usual_left"]) == (1, 0)
    assert row["low"] == 0 and not row["is_flagged"]
    assert row["times_low"] < 1 and pd.isna(row["times"]) and pd.isna(row["times_high"]), (
        "nobody left otherwise: no upper bound"
    )


def test_a_scope_of_units_leaves_their_groups_and_segments_their_members(tmp_path: Path):
    home = driven(tmp_path)
    with home.writer.change("import", 97) as change:
        profiles = [{"identity_key": who, "unit_id": "north" if who <= 3 else "south"} for who in range(1, 21)]
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))
    with reading(home, Filters(MARCH), Scope(frozenset({"north"}))) as opened:
        rows = aftermath.sends(opened).rows.set_index("key")  # type: ignore[union-attr]
    assert list(rows.index) == ["g1", "g2"] and (rows.loc["g1", "left"], rows.loc["g1", "usual_left"]) == (2, 1)
    with reading(home, Filters(MARCH), Scope(frozenset())) as opened:
        assert aftermath.sends(opened).rows.empty  # type: ignore[union-attr]


@pytest.mark.parametrize("tables", [("group_messages",), ("group_membership",), ()])
def test_it_takes_messages_and_moves(tmp_path: Path, tables: tuple[str, ...]):
    home = lakes.home(tmp_path)
    facts = {
        "group_messages": [post(1, "g1", at("2025-03-02 10:00"))],
        "group_membership": [move(1, "g1", at("2025-03-02 10:00"), "join")],
    }
    if tables:
        lakes.add(home, 1, **{name: facts[name] for name in tables})
    with reading(home, Filters(MARCH)) as opened:
        assert aftermath.sends(opened) is None and aftermath.each(opened, "g1") is None
        assert aftermath.left_after(opened, "group", "g1").empty


def test_a_period_after_the_data_has_no_sends(tmp_path: Path):
    with reading(driven(tmp_path), Filters(Period(date(2026, 3, 1), date(2026, 4, 1)))) as opened:
        found = aftermath.sends(opened)
    assert (
        found is not None and set(found.rows["reason"]) == {"no_sends", "no_members"} and found.rows["sends"].sum() == 0
    )


def test_ask_says_the_same_rows_with_nothing_for_undefined(tmp_path: Path):
    rows = answers.ask(driven(tmp_path), "sends", Filters(MARCH), {})
    assert [(row["key"], row["left"], row["reason"]) for row in rows] == [
        ("g1", 4, None),
        ("g2", 0, "no_sends"),
        ("g3", 0, "even"),
        ("g4", 0, "no_members"),
    ]
    assert rows[1]["low"] is None and rows[1]["chance"] is None
