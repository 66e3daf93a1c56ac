"""The life of an incident: which moves there are, what each step asks for, how severe it is, when it is late."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.risk import incidents
from core.risk.incidents import (
    HOURS,
    MOVES,
    SEVERITIES,
    STATES,
    Facts,
    IllegalMove,
    IncidentIncomplete,
    InvalidIncident,
    Spot,
)

NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)
DONE = Facts(*[True] * 11)
HOUR = timedelta(hours=1)
NORTH, SOUTH = Spot("unit", "north", "north"), Spot("unit", "south", "south")
CHAT, OTHER_CHAT, LOST_CHAT = Spot("group", "g1", "north"), Spot("group", "g2", "north"), Spot("group", "g3")


def test_the_steps_come_one_after_another():
    assert [
        incidents.move(state, to, DONE) for state, to in pairwise(STATES)
    ] == ["forward"] * 6  # fmt: skip


@pytest.mark.parametrize(("state", "to"), [(a, b) for a, b in product(STATES, STATES) if b not in MOVES[a]])
def test_no_step_is_skipped_whatever_is_known_and_whatever_the_reason(state, to):
    with pytest.raises(IllegalMove):
        incidents.move(state, to, DONE, "because")


def test_what_is_no_state_is_no_aim():
    with pytest.raises(IllegalMove):
        incidents.move("detect", "done", DONE, "because")


@pytest.mark.parametrize(
    ("state", "to"), [(a, b) for a, row in MOVES.items() for b, way in row.items() if way != "forward"]
)
def test_back_and_open_again_need_a_reason_and_nothing_else(state, to):
    with pytest.raises(InvalidIncident) as refused:
        incidents.move(state, to, Facts(), "  ")
    assert refused.value.details["reason"] == "reason"
    assert incidents.move(state, to, Facts(), "it grew") == ("reopen" if state == "closed" else "back")


ASKED = {
    "detect": {"is_seen": "seen"},
    "assess": {"is_severity_set": "severity", "has_owner": "owner", "has_target": "target"},
    "respond": {"has_action": "action"},
    "communicate": {"has_message": "message"},
    "monitor": {"has_criteria": "criteria", "is_met": "met"},
    "review": {"has_cause": "cause", "has_lessons": "lessons", "has_tasks": "tasks"},
}


@pytest.mark.parametrize(("state", "fact"), [(state, fact) for state, row in ASKED.items() for fact in row])
def test_each_step_asks_for_its_own(state, fact):
    lacking = replace(DONE, **{fact: False})
    for other in ASKED:
        assert incidents.asks(other, lacking) == ((ASKED[state][fact],) if other == state else ())
    with pytest.raises(IncidentIncomplete) as refused:
        incidents.move(state, STATES[STATES.index(state) + 1], lacking)
    assert refused.value.details["asks"] == ASKED[state][fact]


def test_nothing_is_closed_while_it_still_pauses_sending():
    assert incidents.asks("review", replace(DONE, holds=1)) == ("holds",)


def test_a_reason_stands_for_an_action_a_message_or_tasks_and_for_nothing_else():
    everything = Facts(waived=frozenset(incidents.WAIVED.values()))
    assert [incidents.asks(state, everything) for state in STATES] == [
        ("seen",), ("severity", "owner", "target"), (), (), ("criteria", "met"), ("cause", "lessons"), (),
    ]  # fmt: skip


facts = st.builds(
    Facts,
    *[st.booleans()] * 11,
    holds=st.integers(0, 2),
    waived=st.frozensets(st.sampled_from(["action", "message", "tasks", "cause"])),
)


@given(st.lists(st.tuples(st.sampled_from(STATES), facts, st.sampled_from(["", "why"])), max_size=30))
def test_on_every_walk_a_step_is_entered_from_a_neighbour_only_and_left_only_when_complete(walk):
    state = "detect"
    for to, known, reason in walk:
        at, aim = STATES.index(state), STATES.index(to)
        try:
            way = incidents.move(state, to, known, reason)
        except IllegalMove:
            assert aim != at + 1
            assert aim != at - 1 or state == "closed"
            assert (state, to) != ("closed", "assess")
            continue
        except IncidentIncomplete:
            assert aim == at + 1
            assert incidents.asks(state, known)
            continue
        except InvalidIncident:
            assert not reason
            assert aim < at
            continue
        if way == "forward":
            assert aim == at + 1
            assert not incidents.asks(state, known)
        elif way == "back":
            assert (aim, bool(reason)) == (at - 1, True)
        else:
            assert (state, to, bool(reason)) == ("closed", "assess", True)
        state = to


@pytest.mark.parametrize(
    ("spots", "told"),
    [
        ([], "house"),
        ([Spot("")], "house"),
        ([NORTH, Spot("")], "house"),
        ([Spot("source", "crm")], "house"),
        ([Spot("channel", "sms")], "units"),
        ([NORTH, SOUTH], "units"),
        ([NORTH], "unit"),
        ([NORTH, NORTH], "unit"),
        ([CHAT], "group"),
        ([CHAT, OTHER_CHAT], "unit"),
        ([CHAT, NORTH], "unit"),
        ([CHAT, SOUTH], "units"),
        ([CHAT, LOST_CHAT], "units"),
    ],
)
def test_how_much_of_the_house_is_concerned(spots, told):
    assert incidents.breadth(spots) == told


@pytest.mark.parametrize(
    ("spots", "units"),
    [([NORTH, CHAT], ("north",)), ([SOUTH, NORTH], ("north", "south")), ([NORTH, Spot("channel", "sms")], None), ([LOST_CHAT], None), ([], None)],
)  # fmt: skip
def test_what_reaches_beyond_units_is_of_no_unit(spots, units):
    assert incidents.units_of(spots) == units


@pytest.mark.parametrize(
    ("days", "told"), [(1, "low"), (2, "medium"), (3, "medium"), (4, "medium"), (7, "medium"), (8, "high")]
)
def test_severity_of_one_unit_grows_with_its_days(days, told):
    assert incidents.severity("unit", days) == told


def test_severity_never_falls_with_scope_or_duration():
    ranks = [
        [SEVERITIES.index(incidents.severity(extent, days)) for days in range(1, 12)]
        for extent in ("group", "unit", "units", "house")
    ]
    assert all(row == sorted(row) for row in ranks)
    assert all(list(column) == sorted(column) for column in zip(*ranks, strict=True))


def test_days_are_counted_with_both_ends():
    day = date(2026, 11, 20)
    assert [incidents.lasting(day, day + timedelta(n)) for n in (-1, 0, 1, 6)] == [1, 1, 2, 7]


def test_a_step_is_due_after_its_hours_and_not_after_the_end_that_was_set_but_a_review_may_be():
    end = NOW + 2 * HOUR
    assert incidents.due("respond", "high", NOW) == NOW + 24 * HOUR
    assert incidents.due("respond", "high", NOW, end) == end
    assert incidents.due("review", "high", NOW, end) == NOW + 240 * HOUR
    assert incidents.due("closed", "high", NOW, end) is None


@pytest.mark.parametrize(
    ("late", "level"),
    [(-HOUR, 0), (timedelta(), 0), (timedelta(microseconds=1), 1), (4 * HOUR, 1), (4 * HOUR + timedelta(seconds=1), 2), (8 * HOUR, 2), (9 * HOUR, 3), (900 * HOUR, 3)],
)  # fmt: skip
def test_a_late_step_rises_at_once_and_after_each_further_span(late, level):
    assert incidents.escalations(NOW, 4 * HOUR, NOW + late) == level


def test_what_has_no_deadline_is_never_late():
    assert incidents.escalations(None, None, NOW) == 0


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    st.integers(1, 500),
    st.integers(0, 3000),
    st.integers(0, 3000),
)
def test_levels_never_fall_as_time_goes_by(due, span, one, other):
    early, late = sorted((one, other))
    levels = [incidents.escalations(due, span * HOUR, due + hours * HOUR) for hours in (early, late)]
    assert levels == sorted(levels)


def test_hours_of_a_house_are_those_that_come_with_the_product_but_for_what_it_changed():
    assert incidents.read_hours({}) == HOURS
    changed = incidents.read_hours({"respond": {"high": 12}})
    assert changed["respond"] == HOURS["respond"] | {"high": 12}
    assert {state: row for state, row in changed.items() if state != "respond"} == {
        state: row for state, row in HOURS.items() if state != "respond"
    }


@pytest.mark.parametrize(
    "told",
    [[], {"respond": 3}, {"closed": {"high": 3}}, {"respond": {"grave": 3}}, {"respond": {"high": 0}}, {"respond": {"high": True}}, {"respond": {"high": 2.5}}, {"respond": {"high": 8761}}],
)  # fmt: skip
def test_hours_that_make_no_sense_are_refused(told):
    with pytest.raises(InvalidIncident) as refused:
        incidents.read_hours(told)
    assert refused.value.details["reason"] == "hours"
