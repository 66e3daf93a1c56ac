"""Drills: planned from today on, carried out with what came of it, repeated in a rhythm that does not drift, and late when their day has passed."""

import threading
from calendar import monthrange
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core.errors import Forbidden, Unknown
from core.scope import Operator, Scope
from core.store.register import RegisterChanged
from core.store.tables import AuditEntry
from core.work import drills
from core.work.drills import InvalidDrill
from core.work.questions import drills as questions
from core.work.questions.drills import Action, Planned, Record, next_on
from tests import lakes

NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)
TODAY = date(2026, 11, 20)
LIN = Operator(1, "lin", "analyst")
LEAK = Planned(date(2027, 1, 31), "Personal data leaks", ("wu", "he"), "compliance", 1)
RECORD = Record(TODAY, "Everybody came", "Nobody had the key", {"detect": 5, "assess": 5, "respond": 40}, (Action("Name a deputy", "wu", TODAY),))  # fmt: skip


@pytest.fixture
def home(tmp_path):
    made = lakes.home(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def do(home):
    """A use case by its name, by lin."""

    def call(use_case: str, /, *args, who: Operator = LIN, now: datetime = NOW, **named):
        return getattr(drills, use_case)(home, home.store, who, *args, now=now, **named)

    return call


def reason(refused) -> object:
    return refused.value.details["reason"]


def days(home) -> list[tuple[date, str]]:
    return [(one.planned.planned_on, one.state) for one in questions.drills(home, LIN)]


def audited(home) -> list[str]:
    with home.store.reading() as session:
        return [entry.action for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))]


def test_a_drill_that_repeats_plans_the_next_one_when_it_was_carried_out(home, do):
    held = do("plan", LEAK)
    done, following = do("carry_out", held.drill_id, RECORD, revision=1)
    assert (done.state, done.record, done.revision) == ("done", RECORD, 2)
    assert (following.planned, following.follows_id) == (replace(LEAK, planned_on=date(2027, 2, 28)), held.drill_id)
    _, third = do("carry_out", following.drill_id, replace(RECORD, done_on=TODAY), revision=1)
    assert third.planned.planned_on == date(2027, 3, 31)  # of the 31st, not of the 28th
    assert audited(home) == ["drill.planned", "drill.done", "drill.planned", "drill.done", "drill.planned"]


def test_days_that_were_passed_over_are_not_made_up_for(do):
    held = do("plan", replace(LEAK, planned_on=TODAY))
    at = NOW + timedelta(days=100)  # 2027-02-28
    _, following = do("carry_out", held.drill_id, replace(RECORD, done_on=date(2027, 2, 27)), revision=1, now=at)
    assert following.planned.planned_on == date(2027, 3, 20)


def test_what_was_written_down_is_corrected_without_a_second_follower(home, do):
    held = do("plan", replace(LEAK, planned_on=TODAY))
    do("carry_out", held.drill_id, RECORD, revision=1)
    done, following = do("carry_out", held.drill_id, replace(RECORD, went_well="Most came"), revision=2)
    assert (done.record.went_well, following) == ("Most came", None)
    assert days(home) == [(TODAY, "done"), (date(2026, 12, 20), "planned")]


def test_what_is_to_be_done_better_is_late_until_it_is_done(home, do):
    held = do("plan", replace(LEAK, repeats_months=None))
    do("carry_out", held.drill_id, RECORD, revision=1)
    [action] = questions.one(home, LIN, held.drill_id).record.actions
    assert [action.is_late(TODAY), action.is_late(TODAY + timedelta(days=1))] == [False, True]
    done = replace(RECORD, actions=(replace(action, done_on=TODAY),))
    do("carry_out", held.drill_id, done, revision=2)
    assert questions.one(home, LIN, held.drill_id).record == done
    assert not done.actions[0].is_late(TODAY + timedelta(days=1))
    with pytest.raises(InvalidDrill) as refused:
        later = replace(action, done_on=TODAY + timedelta(days=1))
        do("carry_out", held.drill_id, replace(RECORD, actions=(later,)), revision=3)
    assert reason(refused) == "done"


def test_one_that_is_cancelled_is_followed_unless_it_was_the_last(home, do):
    held = do("plan", replace(LEAK, planned_on=TODAY))
    cancelled, following = do("cancel", held.drill_id, note=" too  busy ", revision=1)
    assert (cancelled.state, cancelled.note, cancelled.record) == ("cancelled", "too busy", None)
    _, none = do("cancel", following.drill_id, note="over", is_last=True, revision=1)
    assert none is None
    assert days(home) == [(TODAY, "cancelled"), (date(2026, 12, 20), "cancelled")]


def test_one_that_does_not_repeat_is_followed_by_none(home, do):
    held = do("plan", replace(LEAK, repeats_months=None))
    assert do("carry_out", held.drill_id, RECORD, revision=1)[1] is None
    assert len(days(home)) == 1


def test_a_drill_that_is_moved_counts_its_rhythm_from_its_new_day(do):
    held = do("plan", LEAK)
    moved = do("change", held.drill_id, replace(LEAK, planned_on=date(2027, 2, 10)), revision=1)
    _, following = do("carry_out", moved.drill_id, RECORD, revision=2)
    assert following.planned.planned_on == date(2027, 3, 10)


def test_other_words_leave_the_rhythm_as_it_was(do):
    held = do("plan", replace(LEAK, planned_on=TODAY + timedelta(days=11)))  # December 1st
    changed = do(
        "change", held.drill_id, replace(held.planned, scenario="Fire"), revision=1, now=NOW + timedelta(days=40)
    )
    assert changed.planned.scenario == "Fire"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"planned_on": TODAY - timedelta(days=1)}, "day"), ({"planned_on": TODAY + timedelta(days=1101)}, "day"), ({"scenario": " "}, "scenario"),
        ({"scenario": "x" * 201}, "scenario"), ({"people": ("x" * 61,)}, "people"), ({"people": tuple(map(str, range(51)))}, "people"),
        ({"field": "weather"}, "field"), ({"repeats_months": 0}, "months"), ({"repeats_months": 37}, "months"),
    ],
)  # fmt: skip
def test_a_plan_beyond_its_limits_is_refused(wrong, why):
    with pytest.raises(InvalidDrill) as refused:
        drills._planned(replace(LEAK, **wrong), TODAY, is_new_day=True)
    assert reason(refused) == why


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"done_on": TODAY + timedelta(days=1)}, "done"), ({"went_badly": "x" * 4001}, "long"), ({"minutes": {"closed": 1}}, "minutes"),
        ({"minutes": {"detect": -1}}, "minutes"), ({"minutes": {"detect": 9, "assess": 8}}, "order"), ({"actions": (Action(" ", "wu", TODAY),)}, "actions"),
        ({"actions": (Action("Name a deputy", "", TODAY),)}, "actions"), ({"actions": RECORD.actions * 31}, "actions"),
    ],
)  # fmt: skip
def test_a_record_beyond_its_limits_is_refused(wrong, why):
    with pytest.raises(InvalidDrill) as refused:
        drills._recorded(replace(RECORD, **wrong), TODAY)
    assert reason(refused) == why


def test_the_same_is_not_planned_twice_for_a_day(home, do):
    held = do("plan", LEAK)
    with pytest.raises(InvalidDrill) as refused:
        do("plan", replace(LEAK, scenario=" personal  data LEAKS", people=()))
    assert reason(refused) == "taken"
    do("plan", replace(LEAK, scenario="Fire"))
    do("cancel", held.drill_id, note="moved", is_last=True, revision=1)
    do("plan", LEAK)
    assert [state for _, state in days(home)] == ["cancelled", "planned", "planned"]


def test_what_is_over_stays_and_an_older_revision_changes_nothing(do):
    held = do("plan", LEAK)
    do("change", held.drill_id, replace(LEAK, people=("wu",)), revision=1)
    for use_case, args, named in (
        ("change", (LEAK,), {}),
        ("carry_out", (RECORD,), {}),
        ("cancel", (), {"note": "no time"}),
    ):
        with pytest.raises(RegisterChanged):
            do(use_case, held.drill_id, *args, revision=1, **named)
        with pytest.raises(Unknown):
            do(use_case, 99, *args, revision=1, **named)
    do("cancel", held.drill_id, note="no time", revision=2)
    for use_case, args, named in (
        ("change", (LEAK,), {}),
        ("carry_out", (RECORD,), {}),
        ("cancel", (), {"note": "no time"}),
    ):
        with pytest.raises(InvalidDrill) as refused:
            do(use_case, held.drill_id, *args, revision=3, **named)
        assert reason(refused) == "state"
    with pytest.raises(InvalidDrill):
        do("cancel", held.drill_id, note=" ", revision=3)


@pytest.mark.parametrize(
    "who", [Operator(2, "wu", "manager"), Operator(3, "he", "analyst", Scope(frozenset({"east"})))]
)
def test_only_analysts_and_admins_of_the_whole_house_write(home, do, who):
    held = do("plan", LEAK)
    for use_case, args, named in (
        ("plan", (LEAK,), {}),
        ("change", (held.drill_id, LEAK), {"revision": 1}),
        ("carry_out", (held.drill_id, RECORD), {"revision": 1}),
        ("cancel", (held.drill_id,), {"note": "x", "revision": 1}),
    ):
        with pytest.raises(Forbidden):
            do(use_case, *args, who=who, **named)
    assert questions.one(home, who, held.drill_id) == held


def test_of_two_who_carry_it_out_at_once_one_is_told_and_one_follows(home, do):
    held = do("plan", replace(LEAK, planned_on=TODAY))
    told, start = [], threading.Barrier(2)

    def act(words: str) -> None:
        start.wait()
        try:
            told.append(do("carry_out", held.drill_id, replace(RECORD, went_well=words), revision=1)[0].revision)
        except RegisterChanged as refused:
            told.append(refused)

    threads = [threading.Thread(target=act, args=(words,)) for words in ("a", "b")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(isinstance(one, RegisterChanged) for one in told) == [False, True]
    assert len(days(home)) == 2


def test_a_drill_is_late_from_the_day_after_the_one_it_was_planned_for(home, do):
    do("plan", replace(LEAK, planned_on=TODAY + timedelta(days=1)))
    do("plan", replace(LEAK, planned_on=TODAY))
    known = questions.drills(home, LIN)
    assert questions.late(known, TODAY) == ()
    assert [one.planned.planned_on for one in questions.late(known, TODAY + timedelta(days=1))] == [TODAY]
    assert len(questions.late(known, TODAY + timedelta(days=2))) == 2


def rhythm(first_on: date, months: int):
    """Plain counting: month after month, every so many the same day or the last of the month."""
    year, month, passed = first_on.year, first_on.month, 0
    while True:
        if passed % months == 0 and passed:
            yield date(year, month, min(first_on.day, monthrange(year, month)[1]))
        passed, month = passed + 1, month + 1
        if month == 13:
            year, month = year + 1, 1


@given(st.dates(date(2020, 1, 1), date(2028, 12, 31)), st.integers(1, 36), st.integers(0, 2000))
def test_the_next_day_is_the_first_of_the_rhythm_that_lies_after(first_on, months, days_after):
    after = first_on + timedelta(days=days_after)
    assert next_on(first_on, months, after) == next(on for on in rhythm(first_on, months) if on > after)
