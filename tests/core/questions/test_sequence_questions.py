"""Funnel, retention and path questions over a lake: figures by hand, the people behind them, and one world for all."""

import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from core.errors import InvalidFunnel, Unknown
from core.periods import Period
from core.scope import Filters
from core.work import timeline
from core.work.home import Home
from core.work.questions import funnels, paths, retention
from core.work.questions.funnels import Barrier
from core.work.questions.moments import Condition
from core.work.questions.reading import reading
from tests import lakes
from tests.seeds import seeds

NAMES = ("view", "cart", "pay", "leave")


@pytest.fixture(params=["scanned", "indexed"])
def is_indexed(request: pytest.FixtureRequest) -> bool:
    return request.param == "indexed"


def shop(folder: Path, is_indexed: bool) -> Home:
    """Member 1 views (app), carts, pays; 2 views (web), leaves, carts; 3 carts; 4 views twice, pays a week later."""
    home = lakes.home(folder)
    lakes.add(
        home, 1,
        events=[
            lakes.event(1, "2025-01-06 01:00", "view", channel="app"), lakes.event(1, "2025-01-06 01:10", "cart"),
            lakes.event(2, "2025-01-06 02:00", "view", channel="web"), lakes.event(2, "2025-01-06 02:05", "leave"),
            lakes.event(2, "2025-01-06 02:10", "cart"), lakes.event(3, "2025-01-07 02:10", "cart"),
            lakes.event(4, "2025-01-06 03:00", "view"), lakes.event(4, "2025-01-13 03:00", "view"),
            lakes.event(4, "2025-01-13 03:01", "cart"),
        ],
        order_lines=[lakes.sale(1, "2025-01-06 01:20", "o1", 30), lakes.sale(4, "2025-01-20 03:00", "o2", 8)],
    )  # fmt: skip
    if is_indexed:
        timeline.refresh(home)
    return home


STEPS = (("view",), ("cart",), ("order_placed",))


def counted(home: Home, asked: funnels.Asked, filters: Filters = Filters()) -> list[int]:
    with reading(home, filters) as lake:
        return [step.members for step in funnels.conversion(lake, asked).steps]


def test_a_funnel_counts_members_at_their_deepest_attempt(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    assert counted(home, funnels.Asked(STEPS)) == [3, 3, 2]
    assert counted(home, funnels.Asked(STEPS, within=timedelta(days=1))) == [3, 3, 1]
    assert counted(home, funnels.Asked(STEPS, step_within=timedelta(minutes=9))) == [3, 1, 0]


def test_attempts_count_every_start_on_its_own(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    assert counted(home, funnels.Asked(STEPS, count="attempts")) == [4, 3, 2]


def test_sessions_are_cut_at_thirty_minutes_where_the_source_tells_none(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    assert counted(home, funnels.Asked(STEPS, count="sessions")) == [4, 3, 1]


def test_an_exclusion_ends_the_attempt_between_its_steps(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    assert counted(home, funnels.Asked(STEPS, barriers=(Barrier(("leave",), 1, 2),))) == [3, 2, 2]
    assert counted(home, funnels.Asked(STEPS, barriers=(Barrier(("leave",), 2, 3),))) == [3, 3, 2]


def test_conditions_are_asked_of_their_step_alone(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    app = (Condition("channel", "is", ("app",)),)
    dear = (Condition("amount", "more_than", ("20",)),)
    assert counted(home, funnels.Asked(STEPS, conditions=(app,))) == [1, 1, 1]
    assert counted(home, funnels.Asked(STEPS, conditions=((), (), dear))) == [3, 3, 1]


def test_a_breakdown_never_changes_who_converts(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    with reading(home) as lake:
        answer = funnels.conversion(lake, funnels.Asked(STEPS, by="channel"))
    assert {value: [s.members for s in steps] for value, steps in answer.by_value.items()} == {
        "app": [1, 1, 1], "web": [1, 1, 0], None: [1, 1, 1],
    }  # fmt: skip


def test_the_period_is_asked_of_the_entry_and_not_of_what_follows(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    week = Filters(period=Period(date(2025, 1, 13), date(2025, 1, 14)))
    assert counted(home, funnels.Asked(STEPS), week) == [1, 1, 1]
    assert counted(home, funnels.Asked(STEPS), Filters(channels=("web",))) == [1, 1, 0]


def test_why_a_member_was_dropped_names_what_stood_in_the_way(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    with reading(home) as lake:
        told, moments = funnels.why(lake, funnels.Asked(STEPS, barriers=(Barrier(("leave",), 1, 2),)), 2)
        nothing, none = funnels.why(lake, funnels.Asked(STEPS), 3)
        stranger, _ = funnels.why(lake, funnels.Asked(STEPS), 99)
    assert (told.step, told.reason, moments[told.event or 0][0]) == (2, "excluded", "leave")
    assert (nothing.reason, [name for name, _ in none]) == ("not_entered", ["cart"])
    assert stranger.reason == "not_entered"


def test_people_of_a_step_are_as_many_as_it_counts(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    with reading(home) as lake:
        answer = funnels.conversion(lake, funnels.Asked(STEPS))
    assert [len(answer.reached(step.step)) for step in answer.steps] == [step.members for step in answer.steps]
    assert answer.dropped(2)["member_id"].tolist() == [2]


def test_unknown_steps_and_properties_are_refused_with_near_names(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    with reading(home) as lake, pytest.raises(Unknown) as refused:
        funnels.conversion(lake, funnels.Asked((("view",), ("cartt",))))
    assert "cart" in refused.value.near
    with reading(home) as lake, pytest.raises(Unknown):
        funnels.conversion(lake, funnels.Asked(STEPS, conditions=((Condition("colour", "is", ("red",)),),)))
    with pytest.raises(InvalidFunnel):
        counted(home, funnels.Asked(STEPS, conditions=((), (), (Condition("amount", "more_than", ("much",)),))))


def test_weekly_retention_counts_who_came_back(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    asked = retention.Asked(("view",), ("cart", "order_placed"), brackets=(0, 1, 2, 3))
    with reading(home) as lake:
        answer = retention.retention(lake, asked)
        members = retention.people(lake, asked, 0, 0)
        gone = retention.people(lake, asked, 0, 0, has_returned=False)
    assert answer.cohorts == (date(2025, 1, 6), date(2025, 1, 13), date(2025, 1, 20))
    assert answer.counts.size.tolist() == [[3, 0, 0]]
    assert answer.counts.returned[0, 0].tolist() == [2, 1, 1]
    assert answer.counts.value is not None and answer.counts.value[0, 0].tolist() == [3000, 0, 800]
    assert members["member_id"].tolist() == [1, 2] and gone["member_id"].tolist() == [4]


def test_a_path_shows_each_member_once_per_column(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    with reading(home) as lake:
        answer = paths.paths(lake, paths.Asked(("view",), depth=3))
    nodes = [{answer.name(node.code): node.members for node in column.nodes} for column in answer.columns]
    assert nodes == [
        {"view": 3}, {"cart": 1, "leave": 1, "<left>": 1}, {"cart": 1, "order_placed": 1, "<left>": 1}, {"<left>": 3},
    ]  # fmt: skip
    assert answer.people({1: answer.code("cart")})["member_id"].tolist() == [1]


@pytest.mark.parametrize("seed", seeds(8))
def test_a_path_and_the_funnel_of_its_steps_show_the_same_members(tmp_path: Path, seed: int):
    rng = random.Random(seed)
    home = lakes.home(tmp_path)
    events = [
        lakes.event(
            rng.randrange(1, 12), f"2025-01-06 {rng.randrange(3):02}:{rng.randrange(12) * 5:02}", rng.choice(NAMES)
        )
        for _ in range(90)
    ]
    lakes.add(home, 1, events=events)
    lakes.members(home, {1: 1, 2: 1, 3: 1})
    asked = paths.Asked(
        ("view",), collapse=rng.random() < 0.5, gap=rng.choice((None, timedelta(minutes=20))),
        hidden=rng.choice(((), ("leave",))), groups=rng.choice(((), (paths.Group("buying", ("cart", "pay")),))),
    )  # fmt: skip
    with reading(home) as lake:
        answer = paths.paths(lake, asked)
        for path in answer.top_paths(12):
            nodes = tuple(code for code in path.nodes if code >= 0)
            if len(nodes) < 2:
                continue
            for end in range(2, len(nodes) + 1):
                funnel = funnels.conversion(lake, answer.funnel(nodes[:end]))
                assert sorted(funnel.reached(end)["member_id"]) == sorted(answer.people(nodes[:end])["member_id"])
