"""Rollups: the same answers with them and without, made once, in step with the lake, and swept."""

import os
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from core.lake.rollups import FOLDER
from core.periods import Period
from core.scope import Filters, Scope
from core.work import rollups, tending
from core.work.home import Home
from core.work.questions import community
from core.work.questions.reading import reading
from tests import lakes

MARCH = Period(date(2025, 3, 1), date(2025, 4, 1))
NOON = datetime(2025, 3, 10, 4)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Members 1 to 9 join g1, the even ones g2; a third leave, and come back; everybody speaks now and then, and asks."""
    found = lakes.home(tmp_path)
    moves, said = [], []
    for who in range(1, 10):
        moves.append(_move(who, "g1", NOON - timedelta(days=who), "join"))
        if who % 2 == 0:
            moves.append(_move(who, "g2", NOON - timedelta(days=who), "join"))
        if who % 3 == 0:
            moves += [_move(who, "g1", NOON, "leave"), _move(who, "g1", NOON + timedelta(days=who), "join")]
        said += [_said(f"{who}-{n}", who, "g1", NOON + timedelta(days=n - who)) for n in range(who)]
    said.append(_said("answer", None, "g1", NOON + timedelta(minutes=7), sender_kind="staff"))
    lists = [{"identity_key": who, "group_id": "g2", "occurred_at": NOON + timedelta(days=1)} for who in (2, 3)]
    lakes.add(found, 1, group_membership=moves, group_messages=said, group_rosters=lists)
    return found


def _move(who, group, when, change):
    return {"identity_key": who, "occurred_at": when, "group_id": group, "change": change}


def _said(number, who, group, when, **more):
    text = "能开发票吗" if number.endswith("-2") else "好喝"
    base = {"identity_key": who, "occurred_at": when, "group_id": group, "sender_kind": "member", "text": text}
    return base | {"message_id": number} | more


def answers(home: Home, scope: Scope = Scope(None)) -> list[pd.DataFrame]:
    found = []
    for by in ("group", "total"):
        with reading(home, Filters(MARCH), scope) as opened:
            answer = community.groups(opened, by)
            assert answer is not None
            found += [answer.rows, community.behind(opened, by, "g1" if by == "group" else "all", "left")]
    return found


def same(left: list[pd.DataFrame], right: list[pd.DataFrame]) -> None:
    for one, other in zip(left, right, strict=True):
        pd.testing.assert_frame_equal(one, other)


def files(home: Home) -> set[str]:
    folder = home.lake.root / FOLDER
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_figures_are_the_same_with_rollups_and_without(home: Home):
    without = answers(home)
    assert rollups.refresh(home) == len(rollups.KINDS) == len(files(home))
    same(answers(home), without)
    assert int(without[0].set_index("key").loc["g1", "left"]) == 3


def test_what_is_made_already_is_not_made_again(home: Home):
    rollups.refresh(home)
    assert rollups.refresh(home) == 0


def test_what_comes_later_is_in_the_answer_before_and_after_it_is_rolled_up(home: Home):
    rollups.refresh(home)
    old = files(home)
    lakes.add(home, 2, group_messages=[_said("new", 77, "g1", NOON)])
    before = answers(home)
    assert int(before[0].set_index("key").loc["g1", "speakers"]) == 10
    assert rollups.refresh(home) == len(rollups.KINDS), "a new member belongs to the map, on which nearly all depends"
    assert files(home) > old
    same(answers(home), before)


def test_a_damaged_rollup_counts_as_missing_and_is_made_anew(home: Home):
    expected = answers(home)
    rollups.refresh(home)
    for name in files(home):
        path = home.lake.root / FOLDER / name
        path.write_bytes(path.read_bytes()[:40])
    same(answers(home), expected)
    assert rollups.refresh(home) == len(rollups.KINDS)
    same(answers(home), expected)


def test_old_rollups_and_what_killed_builders_left_are_swept_after_an_hour(home: Home):
    rollups.refresh(home)
    lakes.add(home, 2, group_messages=[_said("new", 77, "g1", NOON)])
    rollups.refresh(home)
    (home.lake.root / FOLDER / ".talked-killed").write_bytes(b"half")
    assert rollups.sweep(home) == 0, "somebody may be reading them"
    for name in files(home):
        long_ago = time.time() - 3700
        os.utime(home.lake.root / FOLDER / name, (long_ago, long_ago))
    assert rollups.sweep(home) == len(rollups.KINDS) + 1
    assert len(files(home)) == len(rollups.KINDS)


def test_a_lake_without_groups_has_no_rollups(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(1, "2025-03-01 10:00")])
    assert rollups.refresh(home) == 0 and not files(home)


def test_more_than_can_be_waited_for_is_left_to_the_worker(home: Home):
    assert rollups.refresh(home, most=3) == 0
    tending.follow(home)
    assert len(files(home)) == len(rollups.KINDS)
