"""What a funnel's answer can be cut to, watched until, and compared with."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from core.errors import InvalidFunnel
from core.periods import Period
from core.scope import Filters, Scope
from core.work import timeline
from core.work.home import Home
from core.work.questions import called, funnels
from core.work.questions.funnels import Asked, Entered
from core.work.questions.moments import instant
from core.work.questions.reading import reading
from tests import lakes

STEPS = (("view",), ("pay",))


@pytest.fixture(params=["scanned", "indexed"])
def home(tmp_path: Path, request: pytest.FixtureRequest) -> Home:
    """Members 1 to 3 view on the 6th, 7th and 8th on app, web and nowhere; all pay two days later, 4 never. 1 views twice."""
    home = lakes.home(tmp_path)
    events = [
        lakes.event(1, "2025-01-06 01:00", "view", channel="app"), lakes.event(1, "2025-01-06 02:00", "view"),
        lakes.event(2, "2025-01-07 01:00", "view", channel="web", properties='{"size":"L"}'),
        lakes.event(3, "2025-01-08 01:00", "view", properties='{"size":"S"}'),
        lakes.event(4, "2025-01-08 01:00", "view", channel="web", properties='{"size":"L"}'),
        *[lakes.event(who, f"2025-01-{7 + who:02} 02:00", "pay", channel="app") for who in (1, 2, 3)],
    ]  # fmt: skip
    lakes.add(home, 1, events=events)
    if request.param == "indexed":
        timeline.refresh(home)
    return home


def asked_at(home: Home, asked: Asked, **more) -> list[int]:
    with reading(home) as lake:
        return [step.members for step in funnels.conversion(lake, asked, **more).steps]


def us(text: str) -> int:
    return instant(date.fromisoformat(text), lakes.ZONE)


@pytest.mark.parametrize("count", ["members", "attempts", "sessions"])
def test_what_happened_later_than_it_is_known_is_left_out(home: Home, count: str):
    entered = 4 if count == "members" else 5
    converted = {"members": 1, "attempts": 2, "sessions": 0}[count]
    assert asked_at(home, Asked(STEPS, count=count), known_until=us("2025-01-09")) == [entered, converted]
    assert asked_at(home, Asked(STEPS, count=count), known_until=us("2025-01-06"))[0] == 0


def test_people_of_a_value_at_entry_are_those_that_the_breakdown_counts(home: Home):
    with reading(home) as lake:
        answer = funnels.conversion(lake, Asked(STEPS, by="channel"))
    for value, steps in answer.by_value.items():
        of = Entered(values=(value,))
        assert answer.members(of) == tuple(step.members for step in steps)
        assert [len(answer.reached(step.step, of)) for step in steps] == [step.members for step in steps]
    assert answer.dropped(1, Entered(values=("web",)))["member_id"].tolist() == [4]
    assert answer.reached(1, Entered(values=(None,)))["member_id"].tolist() == [3]


def test_people_of_a_time_of_entry_are_cut_half_open(home: Home):
    with reading(home) as lake:
        answer = funnels.conversion(lake, Asked(STEPS))
    at = us("2025-01-07") + 9 * 3_600_000_000
    assert answer.reached(1, Entered(since=at, until=at + 1))["member_id"].tolist() == [2]
    assert answer.reached(1, Entered(since=at + 1, until=us("2025-01-08")))["member_id"].tolist() == []
    assert answer.dropped(1, Entered(until=at))["member_id"].tolist() == []


def test_an_answer_of_some_members_and_of_all_others_add_up(home: Home):
    with reading(home) as lake:
        answer = funnels.conversion(lake, Asked(STEPS, by="channel"))
    inside, outside = answer.among([2, 4, 99]), answer.among([2, 4, 99], inside=False)
    assert [step.members for step in inside.steps] == [2, 1]
    assert [step.members for step in outside.steps] == [2, 2]
    assert (inside.entrants.tolist(), outside.entrants.tolist()) == ([2, 4], [1, 3])
    assert {value: [s.members for s in steps] for value, steps in inside.by_value.items()} == {"web": [2, 1]}


def test_attempts_are_not_known_by_member(home: Home):
    with reading(home) as lake:
        answer = funnels.conversion(lake, Asked(STEPS, count="attempts"))
    assert answer.members() == (4, 3)
    with pytest.raises(InvalidFunnel) as refused:
        answer.among([1])
    assert refused.value.details["problem"] == "attempts_among"


def test_values_are_offered_the_most_frequent_first(home: Home):
    with reading(home) as lake:
        assert funnels.values(lake, "channel") == ["app", "web"]
        assert funnels.values(lake, "size") == ["L", "S"]
        assert funnels.values(lake, "channel", most=1) == ["app"]
        assert funnels.values(lake, "amount") == [] and funnels.values(lake, "colour") == []


def test_within_a_scope_only_values_of_its_members_are_offered(home: Home):
    lakes.add(home, 2, member_profiles=[{"identity_key": 1, "unit_id": "east"}, {"identity_key": 2, "unit_id": "west"}])
    with reading(home, scope=Scope(frozenset({"west"}))) as lake:
        assert funnels.values(lake, "channel") == ["app", "web"]
        assert funnels.values(lake, "size") == ["L"]
    with reading(home, scope=Scope(frozenset({"north"}))) as lake:
        assert funnels.values(lake, "channel") == [] and funnels.values(lake, "size") == []


def test_two_periods_are_watched_for_equally_long_after_their_ends():
    week, before = Period(date(2025, 1, 13), date(2025, 1, 20)), Period(date(2025, 1, 6), date(2025, 1, 13))
    as_of = datetime(2025, 1, 21, 4, tzinfo=UTC)  # noon of the 21st, a day and a half after the week
    half = 36 * 3_600_000_000 + 1
    assert funnels.watched_until(week, before, as_of, lakes.ZONE) == (us("2025-01-20") + half, us("2025-01-13") + half)
    running = Period(date(2025, 1, 20), date(2025, 1, 22))
    assert funnels.watched_until(running, before, as_of, lakes.ZONE) == (
        us("2025-01-22") - 12 * 3_600_000_000 + 1, us("2025-01-13") - 12 * 3_600_000_000 + 1,
    )  # fmt: skip


def test_a_period_that_had_longer_to_convert_is_watched_no_longer_than_the_other(home: Home):
    now, before = Period(date(2025, 1, 8), date(2025, 1, 9)), Period(date(2025, 1, 6), date(2025, 1, 7))
    as_of = datetime(2025, 1, 8, 12, tzinfo=UTC)
    until = funnels.watched_until(now, before, as_of, lakes.ZONE)
    found = []
    for period, known_until in zip((now, before), until, strict=True):
        with reading(home, Filters(period=period)) as lake:
            found.append([s.members for s in funnels.conversion(lake, Asked(STEPS), known_until=known_until).steps])
    assert found == [[2, 0], [1, 0]]


def test_ids_are_called_by_the_newest_name_of_their_dimension(home: Home):
    lakes.add(home, 2, groups=[{"group_id": "g1", "name": "East 1"}, {"group_id": "g2"}])
    lakes.add(home, 3, groups=[{"group_id": "g1", "name": "East one"}])
    with reading(home) as lake:
        assert called.names_of(lake, "group_id") == {"g1": "East one"}
        assert called.names_of(lake, "product_id") == {} and called.names_of(lake, "channel") == {}
