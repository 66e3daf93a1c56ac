"""Lifecycle: its rules one by one, then invariants and a brute-force reading. Stages of a member's life."""

from collections import Counter
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core.dispatcher import Dispatcher

from core.errors import InvalidLifecycle
from core.sequences import lifecycle
from core.sequences import states as kernels
from core.sequences.arrays import BARRED
from core.sequences.lifecycle import (
    BASES,
    UNBORN,
    Flow,
    Lifecycle,
    Question,
    Stage,
    State,
    counted,
    flows,
    inactive,
    joined,
    people,
    stages,
    states,
)
from core.sequences.stream import Stream
from tests.oracles.lifecycle import state
from tests.seeds import examples

History = tuple[list[int], int | None]
"""When a member acted, ascending, and when it joined."""
BASE_NAMES: tuple[lifecycle.Base, ...] = ("active", "kept")
DAY = 86_400_000_000


def stream_of(histories: list[list[int]], first: int = 0) -> Stream:
    """One subject per history, numbered from ``first``; whoever never acted is there without events."""
    at = [moment for history in histories for moment in history]
    offset = np.cumsum([0, *(len(history) for history in histories)])
    subject = np.arange(first, first + len(histories), dtype=np.int32)
    return Stream(subject, offset, np.array(at, np.int64), np.ones(len(at), np.uint16), np.empty(0, np.int32))


def births(histories: list[History]) -> Any:
    return np.array([UNBORN if born_at is None else born_at for _, born_at in histories], np.int64)


def told(actions: str, born_at: int | None = None, lost_after: int = 2, periods: int = 6) -> str:
    """First letters of the states of one member in periods of ten from 0 on (resurrected is R, not yet a dash)."""
    edges = np.arange(-lost_after - 1, periods + 1) * 10
    stream = stream_of([[int(at) for at in actions.split()]])
    found = states(stream, Question(edges, lost_after), born_at=births([([], born_at)]))
    letters = dict(zip(State, "-nraRdl", strict=True))
    return "".join(letters[State(value)] for value in found[0, 1:])


# Rules


@pytest.mark.parametrize(
    ("rule", "expected", "got"),
    [
        ("born, back in the next period, then active", "nraaaa", told("1 11 21 31 41 51")),
        ("dormant for as many periods as it takes, then lost", "nddlll", told("5")),
        ("back from dormant", "nddRad", told("5 35 45")),
        ("back from lost", "nddlRd", told("5 45")),
        ("an action on the edge belongs to the later period", "-nrddl", told("10 20")),
        ("the last moment of a period belongs to it", "nrddll", told("9 19")),
        ("several actions in a period are as one", "nrddll", told("1 2 3 14 15")),
        ("not born before the first action", "---ndd", told("35")),
        ("joining is a birth", "-nddll", told("", 15)),
        ("who joined and acts in the next period returns", "-nrddl", told("25", 15)),
        ("who joined and acts later is back", "-ndRdd", told("35", 15)),
        ("an action before joining is the birth", "nrddll", told("5 11", 15)),
        ("joining later is no presence", "nddlll", told("5", 15)),
        ("who never acted nor joined is nobody yet", "------", told("")),
        ("long before the history: lost, and back", "llRddl", told("-900 25")),
        ("the history decides the first period: active", "adddll", told("-15 -5 5", lost_after=3)),
        ("the history decides the first period: dormant", "dlllll", told("-25 -15")),
        ("the history decides the first period: returning", "rddlll", told("-5 5")),
        ("the history decides the first period: resurrected", "Rddlll", told("-15 5")),
        ("lost after no period at all: nobody is dormant", "nlRall", told("5 25 35", lost_after=0)),
        ("after the last period nothing matters", "nddlll", told("5 60")),
    ],
)
def test_rule(rule: str, expected: str, got: str) -> None:
    assert got == expected, rule


def test_every_event_is_an_action_even_a_barred_one_that_fits_no_step() -> None:
    stream = Stream(
        np.array([0], np.int32), np.array([0, 1]), np.array([5]), np.array([BARRED], np.uint16), np.empty(0, np.int32)
    )
    assert counted(stream, Question(np.array([-10, 0, 10]), 0)).counts[0, State.NEW] == 1


def test_the_identity_of_the_active_base_and_of_those_kept() -> None:
    edges = np.arange(-2, 3) * 10
    question = Question(edges, 1)
    #          active dormant,lost  lost,back  dormant,back  new, returning
    stream = stream_of([[-5, 5, 15], [-5], [-900, 15], [-5, 15], [5, 15]])
    got = counted(stream, question)
    assert flows(got) == (Flow(3, 1, 0, 2, 0, 2), Flow(2, 0, 2, 0, 0, 4))
    assert flows(got, "kept") == (Flow(3, 1, 0, 0, 0, 4), Flow(4, 0, 1, 0, 1, 4))
    assert got.members.tolist() == [5, 5]
    assert people(stream, question, 0, {State.DORMANT}, before=BASES["active"]).tolist() == [1, 3]


def test_lost_at_once_leaves_the_active_base() -> None:
    got = counted(stream_of([[-5], [-5, 5]]), Question(np.array([-10, 0, 10]), 0))
    assert flows(got) == (Flow(2, 0, 0, 0, 1, 1),)


def test_members_without_events_are_counted_apart_and_joined() -> None:
    question = Question(np.arange(-2, 3) * 10, 1)
    never_acted = inactive(np.array([7, 8, 9], np.int32))
    joined_at = np.array([-900, 5, UNBORN])
    silent = counted(never_acted, question, born_at=joined_at)
    assert people(never_acted, question, 1, {State.DORMANT}, born_at=joined_at).tolist() == [8]
    got = joined([counted(stream_of([[5]]), question), silent])
    assert got.members.tolist() == [3, 3]
    assert got.counts.tolist() == [[1, 2, 0, 0, 0, 0, 1], [1, 0, 0, 0, 0, 2, 1]]


def test_without_subjects_all_is_zero() -> None:
    got = counted(stream_of([]), Question(np.arange(6)))
    assert not got.counts.any() and flows(got) == (Flow(0, 0, 0, 0, 0, 0),)


@pytest.mark.parametrize(
    ("problem", "edges", "lost_after"),
    [
        ("edges", [0, 1, 2, 3, 4], 3),
        ("edges", [0, 1, 1, 3, 4, 5], 3),
        ("edges", [], 0),
        ("lost_after", [0, 1, 2], -1),
        ("lost_after", list(range(99)), 61),
    ],
)
def test_a_question_that_breaks_a_limit_is_refused(problem: str, edges: list[int], lost_after: int) -> None:
    with pytest.raises(InvalidLifecycle) as refused:
        Question(np.array(edges, np.int64), lost_after)
    assert refused.value.details["problem"] == problem


def test_what_does_not_fit_is_refused() -> None:
    question = Question(np.arange(6))
    with pytest.raises(ValueError, match="one time of birth"):
        states(stream_of([[1]]), question, born_at=np.array([1, 2]))
    with pytest.raises(ValueError, match="one time of birth"):
        states(stream_of([[1]]), question, born_at=np.empty(0, np.int64))
    for period in (-1, 1):
        with pytest.raises(InvalidLifecycle):
            people(stream_of([[1]]), question, period, {State.NEW})


# Against a brute-force reading, and invariants

HISTORIES = st.lists(
    st.tuples(st.lists(st.integers(-20, 40), max_size=8).map(sorted), st.none() | st.integers(-20, 40)), max_size=6
)
EDGES = st.lists(st.integers(-12, 36), min_size=6, max_size=12, unique=True).map(lambda edges: tuple(sorted(edges)))
LOST_AFTER = st.integers(0, 3)


def asked(edges: tuple[int, ...], lost_after: int) -> Question:
    return Question(np.array(edges, np.int64), lost_after)


def count(histories: list[History], question: Question, first: int = 0) -> Lifecycle:
    return counted(stream_of([actions for actions, _ in histories], first), question, born_at=births(histories))


@settings(max_examples=examples(500))
@given(HISTORIES, EDGES, LOST_AFTER, st.booleans())
def test_states_equal_a_brute_force_reading(
    histories: list[History], edges: tuple[int, ...], lost_after: int, has_births: bool
) -> None:
    if not has_births:
        histories = [(actions, None) for actions, _ in histories]
    question = asked(edges, lost_after)
    stream = stream_of([actions for actions, _ in histories])
    expected = [
        [state(*history, period, edges, lost_after) for period in range(lost_after, len(edges) - 1)]
        for history in histories
    ]
    found = states(stream, question, born_at=births(histories) if has_births else None)
    assert [[State(value).name.lower() for value in row] for row in found] == expected
    got = counted(stream, question, born_at=births(histories) if has_births else None)
    for period in range(question.periods):
        here = Counter(row[period + 1] for row in expected)
        assert {s.name.lower(): int(got.counts[period, s]) for s in State} == {
            s.name.lower(): here[s.name.lower()] for s in State
        }
        moves = Counter((row[period], row[period + 1]) for row in expected)
        for before in State:
            for now in State:
                assert got.moves[period, before, now] == moves[before.name.lower(), now.name.lower()]


@settings(max_examples=examples(200))
@given(HISTORIES, EDGES, LOST_AFTER)
def test_opening_and_what_came_and_went_is_closing_and_states_sum_to_members(
    histories: list[History], edges: tuple[int, ...], lost_after: int
) -> None:
    got = count(histories, asked(edges, lost_after))
    firsts = [
        min([*actions, *([] if born_at is None else [born_at])], default=UNBORN) for actions, born_at in histories
    ]
    ends = edges[lost_after + 2 :]
    assert got.members.tolist() == [sum(first < end for first in firsts) for end in ends]
    assert got.counts.sum(axis=1).tolist() == [len(histories)] * len(ends)
    assert (got.moves.sum(axis=1) == got.counts).all()
    assert (got.moves[1:].sum(axis=2) == got.counts[:-1]).all()
    for base in BASE_NAMES:
        each = flows(got, base)
        for flow in each:
            assert flow.opening + flow.new + flow.resurrected - flow.dormant - flow.lost == flow.closing
        assert [flow.opening for flow in each[1:]] == [flow.closing for flow in each[:-1]]
        assert [flow.new for flow in each] == got.counts[:, State.NEW].tolist()
    if lost_after:
        assert {flow.lost for flow in flows(got)} == {0}
    assert [flow.resurrected for flow in flows(got)] == got.counts[:, State.RESURRECTED].tolist()
    assert {flow.dormant for flow in flows(got, "kept")} == {0}


@settings(max_examples=examples(100))
@given(HISTORIES, EDGES, LOST_AFTER)
def test_people_are_as_many_as_the_figure(histories: list[History], edges: tuple[int, ...], lost_after: int) -> None:
    question = asked(edges, lost_after)
    stream, born_at = stream_of([actions for actions, _ in histories], 3), births(histories)
    got = counted(stream, question, born_at=born_at)
    for period in range(question.periods):
        everybody: list[int] = []
        for now in State:
            here = people(stream, question, period, {now}, born_at=born_at).tolist()
            assert len(here) == got.counts[period, now]
            everybody += here
            moved = [people(stream, question, period, {now}, before={b}, born_at=born_at).tolist() for b in State]
            assert [len(codes) for codes in moved] == got.moves[period, :, now].tolist()
            assert sorted(code for codes in moved for code in codes) == here
        assert sorted(everybody) == stream.subject.tolist()


@settings(max_examples=100)
@given(HISTORIES, HISTORIES, EDGES, LOST_AFTER)
def test_chunks_of_subjects_add_up(
    one: list[History], other: list[History], edges: tuple[int, ...], lost_after: int
) -> None:
    question = asked(edges, lost_after)
    whole, parts = count([*one, *other], question), joined([count(one, question), count(other, question, len(one))])
    assert (parts.counts == whole.counts).all() and (parts.moves == whole.moves).all()


# Stages


def stage(born: int | None, acted: int | None = None, bought: int | None = None, as_of: int = 1_000) -> Stage:
    """Times in days."""
    times = [np.array([UNBORN if day is None else day * DAY]) for day in (born, acted, bought)]
    return Stage(int(stages(*times, as_of * DAY)[0]))


@pytest.mark.parametrize(
    ("rule", "expected", "got"),
    [
        ("no member yet", Stage.POTENTIAL, stage(None)),
        ("a birth to come has not happened", Stage.POTENTIAL, stage(1_001)),
        ("born today", Stage.NEW, stage(1_000)),
        ("new until the last day", Stage.NEW, stage(971, 999)),
        ("no longer new", Stage.ACTIVE, stage(970, 999)),
        ("who acted and was silent not too long is active", Stage.ACTIVE, stage(0, 911)),
        ("silent for as long as it takes is lost", Stage.LOST, stage(0, 910)),
        ("a buyer is buying, new or not", Stage.BUYING, stage(999, 1_000, 1_000)),
        ("a buyer who still acts is buying, however old the order", Stage.BUYING, stage(0, 999, 10)),
        ("a buyer can be lost", Stage.LOST, stage(0, 910, 910)),
        ("joined a while ago and never acted", Stage.POTENTIAL, stage(970)),
        ("joined long ago and never acted", Stage.LOST, stage(910)),
        ("an order makes a member and is a sign of life", Stage.BUYING, stage(None, None, 950)),
        ("an action makes a member", Stage.NEW, stage(None, 980)),
        ("joining after the first action is no sign of life", Stage.LOST, stage(990, 900)),
        ("an order to come has not happened", Stage.ACTIVE, stage(0, 999, 1_001)),
    ],
)
def test_stage(rule: str, expected: Stage, got: Stage) -> None:
    assert got == expected, rule


TIMES = st.none() | st.integers(-5, 30)


@settings(max_examples=200)
@given(st.lists(st.tuples(TIMES, TIMES, TIMES), max_size=8), st.integers(1, 6), st.integers(6, 12))
def test_every_member_is_in_one_stage(rows: list[tuple[int | None, ...]], new: int, lost: int) -> None:
    times = [np.array([UNBORN if row[k] is None else row[k] for row in rows], np.int64) for k in range(3)]
    moment = timedelta(microseconds=1)
    got = stages(*times, 20, new_for=new * moment, lost_after=lost * moment)
    for row, value in zip(rows, got.tolist(), strict=True):
        happened = [at for at in row if at is not None and at <= 20]
        has_acted, has_bought = (row[k] is not None and row[k] <= 20 for k in (1, 2))  # type: ignore[operator]
        signs = [min(happened, default=0), *(at for at in row[1:] if at is not None and at <= 20)]
        is_lost = bool(happened) and 20 - max(signs) >= lost
        is_new = bool(happened) and 20 - min(happened) < new
        fits = {
            Stage.LOST: is_lost,
            Stage.BUYING: has_bought and not is_lost,
            Stage.NEW: is_new and not has_bought and not is_lost,
            Stage.ACTIVE: has_acted and not is_new and not has_bought and not is_lost,
            Stage.POTENTIAL: not is_lost and not has_bought and not is_new and not has_acted,
        }
        assert [Stage(value)] == [kind for kind, is_it in fits.items() if is_it]


def test_stages_need_a_time_for_the_new_that_is_not_longer_than_that_of_the_lost() -> None:
    nobody = np.empty(0, np.int64)
    assert stages(nobody, nobody, nobody, 0).tolist() == []
    for new_for in (timedelta(0), timedelta(days=91)):
        with pytest.raises(InvalidLifecycle):
            stages(nobody, nobody, nobody, 0, new_for=new_for)


# Compiled ahead


def test_nothing_is_compiled_after_warming() -> None:
    lifecycle.warm()
    compiled = [it for it in vars(kernels).values() if isinstance(it, Dispatcher)]
    before = [len(it.signatures) for it in compiled]
    for stream in (stream_of([[1, 2], []]), inactive(np.array([4, 5], np.int32))):
        counted(stream, Question(np.arange(9)))
        counted(stream, Question(np.arange(9, dtype=np.int32)), born_at=np.zeros(2, np.int32))
    assert [len(it.signatures) for it in compiled] == before and before
