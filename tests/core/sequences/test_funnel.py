"""Funnels: their rules one by one, then against a brute-force reading, ClickHouse and published figures."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import chdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core.dispatcher import Dispatcher

from core import sequences
from core.errors import InvalidFunnel
from core.sequences import funnel, reasons, sorting, subjects, walks
from core.sequences.arrays import BARRED, FIRST_EXCLUSION, PRESENT
from core.sequences.funnel import Attempts, Count, Entries, Exclusion, Funnel, Order, Reach, Step, reach
from core.sequences.stream import MISSING, Batch, Stream, ordered
from tests.oracles.funnel import Event, Rules, best, depths, in_order
from tests.seeds import examples

ORACLES = Path(__file__).parents[2] / "oracles"
ECOM = Path(__file__).parents[4] / "shared/data/retentioneering_ecom/ecom.csv.gz"
MINUTE = 60_000_000
ORDERS: tuple[Order, ...] = ("sequential", "strict", "any")


def asked(order: Order = "sequential", minutes: int | None = None, steps: str = "abc") -> Funnel:
    return Funnel.of(*steps, order=order, within=None if minutes is None else timedelta(minutes=minutes))


def narrowed(
    *exclusions: tuple[str, int, int],
    step_minutes: int | None = None,
    minutes: int | None = None,
    entries: Entries = "every",
    order: Order = "sequential",
    steps: str = "abc",
) -> Funnel:
    return replace(
        asked(order, minutes, steps),
        step_within=None if step_minutes is None else timedelta(minutes=step_minutes),
        exclusions=tuple(Exclusion.of(*exclusion) for exclusion in exclusions),
        entries=entries,
    )


def stream_of(histories: list[list[Event]]) -> Stream:
    """One subject per history, in the order given."""
    rows = [(subject, event) for subject, history in enumerate(histories) for event in history]
    steps = [bits(event) for _, event in rows]
    return ordered(
        [
            Batch(
                np.array([subject for subject, _ in rows], np.int32),
                np.array([e.at for _, e in rows], np.int64),
                np.array(steps, np.uint16),
                np.array([e.code for _, e in rows], np.int32),
                np.array([e.row for _, e in rows], np.int64),
            )
        ]
    )


def bits(event: Event) -> int:
    fits = sum(1 << step for step in event.fits) + sum(1 << FIRST_EXCLUSION + number for number in event.excludes)
    return fits | (int(BARRED) if event.is_barred else 0) | (int(PRESENT) if event.is_present else 0)


def history(text: str, question: Funnel) -> list[Event]:
    """``"a0 b1 A2"``: events and their minutes, in row order; a capital is barred from entering. Events without a name
    in the funnel are left out, but for ``p``, which is merely present."""
    masks = question.masks
    events = []
    for row, word in enumerate(text.split()):
        name, at = word[0], int(word[1:]) * MINUTE
        mask = masks.get(name.lower(), 0)
        fits = frozenset(bit for bit in range(10) if mask >> bit & 1)
        excludes = frozenset(bit for bit in range(4) if mask >> FIRST_EXCLUSION + bit & 1)
        if fits or excludes or name == "p":
            events.append(Event(at, fits, row, name.isupper(), row, excludes, name == "p"))
    return events


def step_minutes(text: str, question: Funnel) -> list[int]:
    """Minutes at which the steps of the chosen attempt were filled."""
    got = reach(stream_of([history(text, question)]), question)
    return [int(at) // MINUTE for at in got.step_at[0, : got.depth[0]]]


# Rules


@pytest.mark.parametrize(
    ("rule", "text", "question", "expected"),
    [
        ("a step taken out of order does not count", "a0 c1 b2", asked(), [0, 2]),
        ("nothing counts before the entry", "b0 c1", asked(), []),
        ("other steps between do not matter", "a0 c1 b2 a3 c4", asked(), [0, 2, 4]),
        ("each step is filled at the first chance", "a0 b1 b2 c3 c4", asked(), [0, 1, 3]),
        ("the window is inclusive", "a0 b1 c5", asked(minutes=5), [0, 1, 5]),
        ("the window ends", "a0 b1 c6", asked(minutes=5), [0, 1]),
        ("the window runs from the first step, not the last", "a0 b4 c8", asked(minutes=5), [0, 4]),
        ("a later entry may get deeper", "a0 b1 a9 b10 c11", asked(minutes=5), [9, 10, 11]),
        (
            "a later entry may use the event that the earlier came too soon for",
            "a0 a3 b4 c8",
            asked(minutes=5),
            [3, 4, 8],
        ),
        ("of equally deep attempts the earliest is shown", "a0 b1 a20 b21", asked(minutes=5), [0, 1]),
        ("of two entries to one conversion the earliest is shown", "a0 a1 b2 c3", asked(minutes=5), [0, 2, 3]),
        ("an earlier, shallower attempt is not shown", "a0 a9 b10", asked(minutes=5), [9, 10]),
        ("events of equal time follow the order of the steps", "c0 b0 a0", asked(), [0, 0, 0]),
        ("a barred event does not enter", "A0 b1 a2 c3", asked(), [2]),
        ("a barred entry leaves the next one", "A0 a1 b2 c3", asked(), [1, 2, 3]),
        ("strict: in a row", "a0 b1 c2", asked("strict"), [0, 1, 2]),
        ("strict: another funnel event between ends the attempt", "a0 c1 b2 c3", asked("strict"), [0]),
        ("strict: the same step twice ends the attempt", "a0 b1 b2 c3", asked("strict"), [0, 1]),
        ("strict: an entry in between starts anew", "a0 b1 a2 b3 c4", asked("strict"), [2, 3, 4]),
        ("strict: events outside the funnel do not matter", "a0 x1 b2 y3 c4", asked("strict"), [0, 2, 4]),
        ("strict: a barred event still stands between", "a0 A1 b2 c3", asked("strict"), [0]),
        ("strict: the window is inclusive", "a0 b1 c5", asked("strict", 5), [0, 1, 5]),
        ("strict: the window ends", "a0 b1 c6", asked("strict", 5), [0, 1]),
        ("any: whatever order", "c0 b1 a2", asked("any"), [2, 1, 0]),
        ("any: the depth counts steps without a gap", "a0 c1", asked("any"), [0]),
        ("any: without step 1 nobody entered", "b0 c1", asked("any"), []),
        ("any: the window runs from the first event done", "c0 b1 a5", asked("any", 5), [5, 1, 0]),
        ("any: the window ends", "c0 b1 a6", asked("any", 5), [6, 1]),
        ("any: a later window may hold more", "a0 b1 a20 c21 b22", asked("any", 5), [20, 22, 21]),
        ("any: a barred event does not enter", "c0 A1 b2 a3", asked("any"), [3, 2, 0]),
        ("the step window is inclusive", "a0 b5 c10", narrowed(step_minutes=5), [0, 5, 10]),
        ("the step window ends", "a0 b5 c11", narrowed(step_minutes=5), [0, 5]),
        ("the step window runs from the step before", "a0 b6", narrowed(step_minutes=5), [0]),
        ("a later filling may get further", "a0 b1 b5 c7", narrowed(step_minutes=5), [0, 5, 7]),
        ("a later filling is shown only where it is needed", "a0 b1 b2 c6", narrowed(step_minutes=5), [0, 1, 6]),
        ("both windows hold", "a0 b4 c8 a9 b10 c11", narrowed(step_minutes=5, minutes=7), [9, 10, 11]),
        (
            "of equally deep attempts the earliest, with a step window",
            "a0 a1 b5 c6",
            narrowed(step_minutes=5),
            [0, 5, 6],
        ),
        ("an exclusion bars the way", "a0 x1 b2 c3", narrowed(("x", 1, 2)), [0]),
        ("an exclusion bars only its own gaps", "a0 x1 b2 c3", narrowed(("x", 2, 3)), [0, 2, 3]),
        ("an exclusion over two gaps bars both", "a0 b1 x2 c3", narrowed(("x", 1, 3)), [0, 1]),
        ("after an exclusion another attempt may get through", "a0 x1 a2 b3 c4", narrowed(("x", 1, 2)), [2, 3, 4]),
        ("after an exclusion a later filling may get through", "a0 b1 x2 b3 c4", narrowed(("x", 2, 3)), [0, 3, 4]),
        ("an exclusion at the time of a step bars what follows", "a0 x0 b1 c2", narrowed(("x", 1, 2)), [0]),
        ("an exclusion at the time of a step does not bar it", "a0 x1 b1 c2", narrowed(("x", 1, 2)), [0, 1, 2]),
        ("an excluded event that fills the step is not before it", "a0 b1 c2", narrowed(("b", 1, 3)), [0, 1, 2]),
        ("an excluded event that fits another step bars", "a0 c1 b2 c3", narrowed(("c", 1, 2)), [0]),
        ("of two exclusions each bars its own", "a0 y1 b2 x3 c4", narrowed(("x", 1, 2), ("y", 2, 3)), [0, 2, 4]),
        ("only the first entry starts", "a0 b9 a10 b11", narrowed(minutes=5, entries="first"), [0]),
        ("a barred event is not the first entry", "A0 a1 b2 a3 b4 c5", narrowed(entries="first"), [1, 2, 5]),
        ("strict: the first entry alone", "a0 a1 b2", narrowed(entries="first", order="strict"), [0]),
        ("any: the first entry alone", "b0 a9 a11 c12", narrowed(entries="first", order="any", minutes=5), [9]),
        ("strict: an exclusion ends its gap", "a0 x1 b2 c3", narrowed(("x", 1, 2), order="strict"), [0]),
        (
            "strict: an exclusion of another gap does not matter",
            "a0 x1 b2 c3",
            narrowed(("x", 2, 3), order="strict"),
            [0, 2, 3],
        ),
        ("strict: the step window", "a0 b5 c11", narrowed(step_minutes=5, order="strict"), [0, 5]),
        ("strict: what is merely present stands between", "a0 p1 b2 a3 b4", asked("strict"), [3, 4]),
        ("strict: what is present at the time of a step stands after it", "a0 b1 p1 c1", asked("strict"), [0, 1, 1]),
        ("what is merely present does not matter in sequence", "a0 p1 b2 c3", asked(), [0, 2, 3]),
        ("what is merely present does not matter in any order", "p0 b3 a4 c5", asked("any", 2), [4, 3, 5]),
    ],
)
def test_rule(rule: str, text: str, question: Funnel, expected: list[int]) -> None:
    assert step_minutes(text, question) == expected, rule
    members = funnel.attempts(stream_of([history(text, question)]), question).members
    assert members.tolist() == [int(step < len(expected)) for step in range(3)], f"{rule}, among attempts"


@pytest.mark.parametrize("order", ORDERS)
def test_one_event_fills_one_step(order: Order) -> None:
    twice = asked(order, steps="aab")
    assert step_minutes("a0 b1", twice) == [0]
    assert step_minutes("a0 a1 b2", twice) == [0, 1, 2]


@pytest.mark.parametrize("order", ORDERS)
def test_any_event_of_a_step_fills_it(order: Order) -> None:
    either = Funnel.of("a", ("b", "x"), ("c", "y"), order=order, within=None)
    assert step_minutes("a0 x1 y2", either) == [0, 1, 2]


def test_in_any_order_an_event_is_left_to_the_step_that_needs_it() -> None:
    question = Funnel.of(("a", "b"), ("b", "c"), "b", order="any", within=None)
    assert step_minutes("b0 a1 c2", question) == [1, 2, 0]
    assert step_minutes("b0 b1 c2", question) == [0, 2, 1]


def test_in_any_order_no_window_starts_at_what_is_merely_present() -> None:
    question = Funnel.of(("a", "x"), ("b", "x"), order="any", within=timedelta(minutes=2))
    assert step_minutes("p0 x1 a2 b3", question) == [1, 3]


def test_the_entry_code_is_that_of_the_chosen_attempt() -> None:
    question = asked(minutes=5)
    stream = stream_of([history(text, question) for text in ("a0 a9 b10", "a0 b1 a20 b21", "b1", "A0")])
    got = reach(stream, question)
    assert (got.depth.tolist(), got.entry_code.tolist()) == ([2, 2, 0, 0], [1, 0, MISSING, MISSING])


def test_the_first_row_gives_the_entry_where_two_entries_share_a_time() -> None:
    entries = [Event(0, frozenset({0}), row=2, code=20), Event(0, frozenset({0}), row=1, code=10)]
    assert reach(stream_of([entries]), asked()).entry_code.tolist() == [10]


# Answers


def reached_by(*depths: int, codes: tuple[int, ...] = ()) -> Reach:
    """Subjects 10, 11 … that did a step a minute, steps a, b, c."""
    depth = np.array(depths, np.int8)
    minutes = np.arange(3) * MINUTE + np.zeros((len(depths), 1), np.int64)
    step_at = np.where(np.arange(3) < depth[:, None], minutes, funnel.NOT_REACHED)
    subject = np.arange(10, 10 + len(depths), dtype=np.int32)
    return Reach(asked(), subject, depth, step_at, np.array(codes, np.int32))


def test_conversion_counts_everybody_who_reached_a_step() -> None:
    assert funnel.conversion(reached_by(3, 1, 2, 0, 1)) == (
        Count(1, "a", 4, 1.0, 1.0),
        Count(2, "b", 2, 0.5, 0.5),
        Count(3, "c", 1, 0.25, 0.5),
    )


def test_a_share_of_nobody_is_undefined() -> None:
    assert funnel.conversion(reached_by(0)) == (
        Count(1, "a", 0, None, None),
        Count(2, "b", 0, None, None),
        Count(3, "c", 0, None, None),
    )


def test_a_breakdown_adds_up_and_shows_what_is_missing() -> None:
    got = reached_by(3, 1, 2, 0, 1, codes=(5, MISSING, 7, MISSING, 5))
    counts = {code: [row.members for row in rows] for code, rows in funnel.conversion_by(got).items()}
    assert counts == {MISSING: [1, 0, 0], 5: [2, 1, 1], 7: [1, 1, 0]}
    assert funnel.missing_share(got) == 0.25
    assert funnel.missing_share(reached_by(0, codes=(MISSING,))) is None


def test_a_breakdown_of_a_stream_without_codes_is_refused() -> None:
    with pytest.raises(ValueError, match="no entry codes"):
        funnel.conversion_by(reached_by(3))


def test_the_people_lists_have_the_counts_of_the_figures() -> None:
    got = reached_by(3, 1, 2, 0, 1)
    assert [funnel.reached(got, step).tolist() for step in (1, 2, 3)] == [[10, 11, 12, 14], [10, 12], [10]]
    assert [funnel.dropped(got, step).tolist() for step in (1, 2)] == [[11, 14], [12]]


@pytest.mark.parametrize("step", [0, 4])
def test_a_step_the_funnel_does_not_have_is_refused(step: int) -> None:
    with pytest.raises(InvalidFunnel, match="no step"):
        funnel.reached(reached_by(3), step)


def test_nobody_drops_after_the_last_step() -> None:
    with pytest.raises(InvalidFunnel, match="last step"):
        funnel.dropped(reached_by(3), 3)


def test_time_to_convert_is_told_between_any_two_steps() -> None:
    question = asked()
    texts = ["a0 b1 c3", "a0 b2 c5", "a0 b9", "a0 b3 c9"]
    got = reach(stream_of([history(text, question) for text in texts]), question)
    told = funnel.time_to_convert(got, 2, 3, edges_seconds=(0, 180, 360))
    assert told == funnel.Duration(3, 180.0, 324.0, (0, 180, 360), (1, 1, 1))
    assert funnel.time_to_convert(got, 1, 2, edges_seconds=(0,)).members == 4


def test_in_any_order_the_time_between_steps_has_no_sign() -> None:
    question = asked("any")
    got = reach(stream_of([history("c0 b1 a5", question)]), question)
    assert funnel.time_to_convert(got, 1, 3, edges_seconds=(0,)).median_seconds == 300.0


def test_time_between_steps_that_nobody_reached_is_undefined() -> None:
    told = funnel.time_to_convert(reached_by(1), 1, 3, edges_seconds=(0, 60))
    assert told == funnel.Duration(0, None, None, (0, 60), (0, 0))


def test_no_events_are_an_answer_of_zeros() -> None:
    got = reach(ordered([]), asked())
    assert [row.members for row in funnel.conversion(got)] == [0, 0, 0]
    assert funnel.conversion_by(got) == {}


def test_answers_of_partitions_join_to_the_answer_of_the_whole() -> None:
    question = asked(minutes=5)
    texts = ["a0 b1", "a0", "b3", "a1 b2 c3"]
    whole = reach(stream_of([history(text, question) for text in texts]), question)
    halves = [replace_subjects(whole, slice(2, 4)), replace_subjects(whole, slice(0, 2))]
    assert_same(funnel.joined(halves), whole)
    with pytest.raises(ValueError, match="two partitions"):
        funnel.joined([whole, whole])


def replace_subjects(got: Reach, rows: slice) -> Reach:
    columns = {name: getattr(got, name)[rows] for name in ("subject", "depth", "step_at", "entry_code")}
    return replace(got, **columns)


def assert_same(left: Reach, right: Reach) -> None:
    for name in ("subject", "depth", "step_at", "entry_code"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)


def assert_counted(left: Attempts, right: Attempts) -> None:
    for name in ("by_step", "members", "code", "by_code"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)


# Attempts


def test_every_entry_is_an_attempt_and_attempts_share_what_follows() -> None:
    question = asked(minutes=5)
    stream = stream_of([history(text, question) for text in ("a0 a1 b2 c6 a9", "a0 b1 A2", "b3")])
    got = funnel.attempts(stream, question)
    assert got.counts == (Count(1, "a", 4, 1.0, 1.0), Count(2, "b", 3, 0.75, 0.75), Count(3, "c", 1, 0.25, 1 / 3))
    assert got.members.tolist() == [2, 2, 1]


def test_attempts_are_broken_down_by_their_own_entries() -> None:
    question = asked()
    got = funnel.attempts(stream_of([history("a0 a1 b2 a3", question)]), question)
    assert {code: [row.members for row in rows] for code, rows in got.counts_by.items()} == {
        0: [1, 1, 0],
        1: [1, 1, 0],
        3: [1, 0, 0],
    }


def test_attempts_of_disjoint_subjects_add_up() -> None:
    question = asked(minutes=5)
    cases = [history(text, question) for text in ("a0 b1", "a0 a3 b4", "b3", "a1 b2 c3")]
    whole = funnel.attempts(stream_of(cases), question)
    parts = [funnel.attempts(stream_of(cases[low:high]), question) for low, high in ((0, 1), (1, 3), (3, 4), (4, 4))]
    assert_counted(funnel.summed(parts), whole)


def test_a_stream_without_codes_has_attempts_without_a_breakdown() -> None:
    bare = ordered([Batch(np.zeros(3, np.int32), np.arange(3), np.array([1, 1, 2], np.uint16))])
    got = funnel.attempts(bare, asked())
    assert (got.by_step.tolist(), got.counts_by) == ([2, 2, 0], {})
    nothing = funnel.attempts(ordered([]), asked())
    assert_counted(funnel.summed([got, nothing]), got)


@pytest.mark.parametrize("order", ORDERS)
def test_a_heavy_subject_costs_no_more_than_many_light_ones(order: Order) -> None:
    random = np.random.default_rng(3)
    count = 200_000
    at, steps = np.arange(count) * MINUTE, (1 << random.integers(0, 5, count)).astype(np.uint16)
    question = Funnel.of(*"abcde", order=order, within=timedelta(days=300))
    heavy = ordered([Batch(np.zeros(count, np.int32), at, steps)], threads=1)
    light = ordered([Batch((np.arange(count) // 50).astype(np.int32), at, steps)], threads=1)
    took = [cpu_seconds(lambda each=stream: funnel.attempts(each, question, threads=1)) for stream in (heavy, light)]
    assert took[0] < 20 * took[1] + 0.1


def cpu_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


# Trend


def test_a_trend_counts_by_the_time_of_entry_and_tells_what_is_still_open() -> None:
    question = asked(minutes=5)
    texts = ["a0 b1 c2", "a9 b12", "a10", "a19 b20 c24", "a20", "b3"]
    got = reach(stream_of([history(text, question) for text in texts]), question)
    told = funnel.trend(got, np.array([0, 10, 20]) * MINUTE, as_of=25 * MINUTE - 1)
    assert (told.by_step.tolist(), told.open_from) == ([[2, 2, 1], [2, 1, 1]], 1)
    assert (told.entered.tolist(), told.converted.tolist()) == ([2, 2], [1, 1])
    assert told.counts[0][1] == Count(2, "b", 2, 1.0, 1.0)


@pytest.mark.parametrize(
    ("question", "minute", "open_from"),
    [
        (asked(minutes=5), 14, 0),
        (asked(minutes=5), 15, 1),
        (asked(minutes=5), 25, 2),
        (asked(), 10**6, 0),
        (narrowed(step_minutes=2), 14, 1),
        (narrowed(step_minutes=9, minutes=5), 14, 0),
    ],
)
def test_a_period_is_closed_when_the_last_entry_has_had_its_window(
    question: Funnel, minute: int, open_from: int
) -> None:
    told = funnel.trend(reach(ordered([]), question), np.array([0, 10, 20]) * MINUTE, as_of=minute * MINUTE)
    assert (told.open_from, told.by_step.tolist()) == (open_from, [[0, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize("edges", [[], [5], [5, 5], [5, 4]])
def test_periods_that_do_not_ascend_are_refused(edges: list[int]) -> None:
    with pytest.raises(ValueError, match="ascend"):
        funnel.trend(reached_by(3), edges, as_of=0)


# Refusals


@pytest.mark.parametrize("within", [timedelta(seconds=59), timedelta(days=366, microseconds=1)])
def test_the_step_window_has_limits(within: timedelta) -> None:
    with pytest.raises(InvalidFunnel, match="between two steps"):
        Funnel.of("a", "b", step_within=within)


@pytest.mark.parametrize(("first", "last"), [(0, 2), (2, 2), (3, 2), (2, 4)])
def test_an_exclusion_lies_between_two_steps_of_the_funnel(first: int, last: int) -> None:
    with pytest.raises(InvalidFunnel, match="does not lie between") as refusal:
        Funnel.of(*"abc", exclusions=[Exclusion.of("x", first, last)])
    assert refusal.value.details["problem"] == "exclusions"


def test_a_funnel_has_at_most_four_exclusions_and_each_names_an_event() -> None:
    four = [Exclusion.of(name, 1, 2) for name in "wxyz"]
    assert Funnel.of("a", "b", exclusions=four).masks["z"] == 1 << 13
    with pytest.raises(InvalidFunnel, match="at most 4"):
        Funnel.of("a", "b", exclusions=[*four, four[0]])
    with pytest.raises(InvalidFunnel, match="names no event"):
        Funnel.of("a", "b", exclusions=[Exclusion.of((), 1, 2)])


def test_any_order_has_no_neighbouring_steps() -> None:
    with pytest.raises(InvalidFunnel, match="any order"):
        Funnel.of("a", "b", order="any", step_within=timedelta(hours=1))
    with pytest.raises(InvalidFunnel, match="any order"):
        Funnel.of("a", "b", order="any", exclusions=[Exclusion.of("x", 1, 2)])


def test_unknown_entries_are_refused() -> None:
    with pytest.raises(InvalidFunnel, match="Entries"):
        Funnel.of("a", "b", entries="last")  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [1, 11])
def test_a_funnel_has_two_to_ten_steps(count: int) -> None:
    with pytest.raises(InvalidFunnel, match="2 to 10 steps"):
        Funnel.of(*"abcdefghijk"[:count])


@pytest.mark.parametrize("count", [2, 10])
def test_the_fewest_and_the_most_steps_are_allowed(count: int) -> None:
    question = asked(steps="abcdefghij"[:count])
    text = " ".join(f"{name}{i}" for i, name in enumerate("abcdefghij"[:count]))
    assert step_minutes(text, question) == list(range(count))


@pytest.mark.parametrize("within", [timedelta(seconds=59), timedelta(days=366, microseconds=1), timedelta(-1)])
def test_the_window_has_limits(within: timedelta) -> None:
    with pytest.raises(InvalidFunnel, match="window"):
        Funnel.of("a", "b", within=within)


@pytest.mark.parametrize("within", [timedelta(minutes=1), timedelta(days=366), None])
def test_the_limits_of_the_window_are_allowed(within: timedelta | None) -> None:
    assert Funnel.of("a", "b", within=within).within == within


def test_a_step_without_events_and_an_unknown_order_are_refused() -> None:
    with pytest.raises(InvalidFunnel, match="Step 2"):
        Funnel((Step("a", frozenset("a")), Step("b", frozenset())))
    with pytest.raises(InvalidFunnel, match="Order"):
        Funnel.of("a", "b", order="random")  # type: ignore[arg-type]


def test_the_masks_say_which_steps_an_event_fits() -> None:
    question = Funnel.of("a", ("b", "c"), ("c", "a"))
    assert question.masks == {"a": 0b101, "b": 0b010, "c": 0b110}
    assert question.shares_events and not asked().shares_events


# Against a brute-force reading

events = st.builds(
    Event,
    at=st.builds(lambda minute, jitter: minute * MINUTE + jitter, st.integers(0, 4), st.sampled_from([-1, 0, 0, 0, 1])),
    fits=st.sampled_from([{0}, {0}, {1}, {1}, {2}, {2}, {3}, {0, 1}, {1, 2}, {0, 2}, {0, 3}, {0, 1, 2}]).map(frozenset),
    row=st.just(0),
    is_barred=st.sampled_from([False, False, False, True]),
    code=st.integers(0, 3),
    excludes=st.just(frozenset()),
    is_present=st.just(False),
)
distinct = events.map(lambda event: event._replace(fits=frozenset({min(event.fits)})))


def histories(of: st.SearchStrategy[Event]) -> st.SearchStrategy[list[list[Event]]]:
    one = st.lists(of, min_size=1, max_size=7)
    numbered = one.flatmap(
        lambda history: st.permutations(range(len(history))).map(
            lambda rows: [event._replace(row=row) for event, row in zip(history, rows, strict=True)]
        )
    )
    return st.lists(numbered, min_size=1, max_size=4)


windows = st.sampled_from([None, 1, 2, 3])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("of", [events, distinct], ids=["steps share events", "distinct steps"])
def test_the_answer_equals_a_brute_force_reading(order: Order, of: st.SearchStrategy[Event]) -> None:
    @settings(max_examples=examples(250))
    @given(histories(of), windows, st.integers(2, 4), st.integers(1, 3))
    def check(cases: list[list[Event]], minutes: int | None, steps: int, threads: int) -> None:
        cases = [[e._replace(fits=frozenset(s for s in e.fits if s < steps)) for e in case] for case in cases]
        cases = [[e for e in case if e.fits] for case in cases]
        question = asked(order, minutes, "abcd"[:steps])

        got = reach(stream_of(cases), question, threads=threads)

        answers = {int(s): row for s, row in zip(got.subject, read(got), strict=True)}
        for subject, case in enumerate(cases):
            told = in_order(case)
            attempt = best(case, Rules(steps, order, None if minutes is None else minutes * MINUTE))
            times = [told[place].at for place in attempt] + [funnel.NOT_REACHED] * (steps - len(attempt))
            expected = (len(attempt), times, told[attempt[0]].code if attempt else MISSING)
            assert answers.get(subject, (0, times, MISSING)) == expected

    check()


others = st.builds(
    Event,
    at=st.integers(0, 4).map(lambda minute: minute * MINUTE),
    fits=st.sampled_from([set(), set(), {0}, {1}, {2}, {0, 1}]).map(frozenset),
    row=st.just(0),
    is_barred=st.just(False),
    code=st.integers(0, 3),
    excludes=st.sampled_from([set(), {0}, {0}, {1}, {0, 1}]).map(frozenset),
    is_present=st.booleans(),
)
gaps = st.sampled_from([("x", 1, 2), ("x", 2, 3), ("x", 1, 3)])


@st.composite
def narrow(draw: st.DrawFn, order: Order) -> tuple[Funnel, Rules]:
    """A funnel of three steps with every condition its order allows, and the same as rules."""
    minutes = draw(windows)
    entries: Entries = draw(st.sampled_from(["every", "first"]))
    is_any = order == "any"
    step_minutes = None if is_any else draw(st.sampled_from([None, 1, 2]))
    exclusions = () if is_any else tuple(draw(st.lists(gaps, max_size=2)))
    question = narrowed(*exclusions, step_minutes=step_minutes, minutes=minutes, entries=entries, order=order)
    window, step_window = (None if each is None else each * MINUTE for each in (minutes, step_minutes))
    between = tuple((first - 1, last - 1) for _, first, last in exclusions)
    return question, Rules(3, order, window, step_window, between, entries == "first")


def in_three_steps(case: list[Event]) -> list[Event]:
    """Without a fourth step, and without what streams leave out."""
    case = [event._replace(fits=event.fits - {3}) for event in case]
    return [event for event in case if bits(event) & ~int(BARRED)]


@pytest.mark.parametrize("order", ORDERS)
def test_every_condition_equals_a_brute_force_reading(order: Order) -> None:
    @settings(max_examples=examples(300))
    @given(histories(events | distinct | others), narrow(order), st.integers(1, 3))
    def check(cases: list[list[Event]], asked_for: tuple[Funnel, Rules], threads: int) -> None:
        question, rules = asked_for
        cases = [in_three_steps(case) for case in cases]
        stream = stream_of(cases)

        got = reach(stream, question, threads=threads)
        counted = funnel.attempts(stream, question, threads=threads)

        answers = {int(s): row for s, row in zip(got.subject, read(got), strict=True)}
        by_code = {code: [0] * 3 for code in range(4)}
        for subject, case in enumerate(cases):
            told = in_order(case)
            attempt = best(case, rules)
            times = [told[place].at for place in attempt] + [funnel.NOT_REACHED] * (3 - len(attempt))
            expected = (len(attempt), times, told[attempt[0]].code if attempt else MISSING)
            assert answers.get(subject, (0, times, MISSING)) == expected
            for place, depth in depths(case, rules).items():
                for step in range(depth):
                    by_code[told[place].code][step] += 1
        assert dict(zip(counted.code.tolist(), counted.by_code.tolist(), strict=True)) == {
            code: row for code, row in by_code.items() if row[0]
        }
        assert counted.by_step.tolist() == [sum(row[step] for row in by_code.values()) for step in range(3)]
        assert counted.members.tolist() == funnel.by_step(got).tolist()

    check()


def read(got: Reach) -> list[tuple[int, list[int], int]]:
    return list(zip(got.depth.tolist(), got.step_at.tolist(), got.entry_code.tolist(), strict=True))


@settings(max_examples=100)
@given(histories(events), windows)
def test_a_looser_question_never_finds_less(cases: list[list[Event]], minutes: int | None) -> None:
    stream = stream_of(cases)
    depth = {order: reach(stream, asked(order, minutes, "abcd")).depth for order in ORDERS}
    assert (depth["strict"] <= depth["sequential"]).all() and (depth["sequential"] <= depth["any"]).all()
    for order in ORDERS:
        wider = reach(stream, asked(order, None if minutes is None else minutes + 1, "abcd"))
        assert (depth[order] <= wider.depth).all()
        assert (np.diff(funnel.by_step(wider)) <= 0).all()
        parts = funnel.conversion_by(wider).values()
        total = [sum(rows[step].members for rows in parts) for step in range(4)]
        assert total == [row.members for row in funnel.conversion(wider)]


# Against ClickHouse


@pytest.mark.parametrize("seconds", [60, 90, 200, 100_000])
def test_sequential_equals_clickhouse_on_random_histories(tmp_path: Path, seconds: int) -> None:
    random = np.random.default_rng(seconds)
    count = 18_000
    subject = random.integers(0, 2_000, count).astype(np.int32)
    at = random.integers(0, 300, count) // 10 * 10 + random.integers(0, 2, count)
    name = random.integers(0, 4, count)
    when = pa.array(at * 1_000_000, pa.timestamp("us", tz="UTC"))
    names = pa.array(np.array(list("abcd"))[name])
    pq.write_table(pa.table({"subject": subject, "occurred_at": when, "name": names}), tmp_path / "events.parquet")
    sql = (ORACLES / "funnel_by_subject.sql").read_text()
    table = chdb.query(sql.format(window_seconds=seconds, files=tmp_path / "events.parquet"), "ArrowTable")

    question = Funnel.of(*"abcd", within=timedelta(seconds=seconds))
    got = reach(ordered([Batch(subject, at * 1_000_000, (1 << name).astype(np.uint16))]), question)

    assert len(got.subject) > 1_900 and set(got.depth.tolist()) == {0, 1, 2, 3, 4}
    assert got.subject.tolist() == table["subject"].to_pylist()
    assert got.depth.tolist() == table["level"].to_pylist()


# Against published figures

ECOM_STEPS = ("product_view", "add_to_cart", "cart", "shipping_details", "payment_details", "purchase")


@pytest.mark.skipif(not ECOM.exists(), reason="the published event set is not beside the project")
@pytest.mark.parametrize(
    ("by", "order", "within", "members"),
    [
        ("user_id", "sequential", None, [598, 517, 429, 329, 222, 114]),
        ("user_id", "sequential", timedelta(days=7), [598, 487, 353, 210, 109, 40]),
        ("user_id", "sequential", timedelta(days=1), [598, 482, 324, 169, 69, 16]),
        ("user_id", "any", None, [598, 522, 489, 441, 390, 328]),
        ("session_id", "sequential", None, [2868, 944, 477, 194, 72, 15]),
    ],
)
def test_published_figures(by: str, order: Order, within: timedelta | None, members: list[int]) -> None:
    frame = pd.read_csv(ECOM).drop_duplicates()
    question = Funnel.of(*ECOM_STEPS, order=order, within=within)
    batch = Batch(
        pd.factorize(frame[by])[0].astype(np.int32),
        pd.to_datetime(frame["timestamp"]).to_numpy("datetime64[us]").view(np.int64),
        frame["event"].map(question.masks).fillna(0).to_numpy().astype(np.uint16),
    )
    assert len(batch) == 31_076
    assert funnel.by_step(reach(ordered([batch]), question)).tolist() == members


# Compiled ahead, and safe on threads


def test_nothing_is_compiled_after_warming() -> None:
    sequences.warm()
    before = forms()
    question = asked()
    stream = stream_of([history("a0 b1 c2", question)])
    bare = ordered([Batch(np.zeros(100, np.int64), np.arange(200)[::2], np.ones(100, np.uint8))], threads=2)
    for order in ORDERS:
        narrow = asked(order) if order == "any" else narrowed(("x", 1, 2), step_minutes=5, order=order)
        for given_stream in (stream, bare, ordered([])):
            for each in (asked(order, 5), narrow, replace(narrow, entries="first")):
                reach(given_stream, each, threads=2)
                funnel.attempts(given_stream, each, threads=2)
        reasons.why(stream, narrow)
    assert forms() == before


def forms() -> dict[str, int]:
    """How many compiled forms each kernel has."""
    kernels = {f"{m.__name__}.{name}": it for m in (sorting, subjects, walks) for name, it in vars(m).items()}
    return {name: len(it.signatures) for name, it in kernels.items() if isinstance(it, Dispatcher)}


@pytest.mark.parametrize("order", ORDERS)
def test_threads_do_not_change_the_answer(order: Order) -> None:
    random = np.random.default_rng(7)
    count = 50_000
    batch = Batch(
        random.integers(0, 3_000, count).astype(np.int32),
        random.integers(0, 1_000, count) * MINUTE,
        random.integers(1, 32, count).astype(np.uint16),
        random.integers(0, 9, count).astype(np.int32),
    )
    plain = asked(order, 60, "abcde")
    for question in (
        plain,
        replace(plain, step_within=None if order == "any" else timedelta(minutes=9), entries="first"),
    ):
        alone = reach(ordered([batch], threads=1), question, threads=1)
        counted = funnel.attempts(ordered([batch], threads=1), question, threads=1)
        for threads in (2, 5):
            stream = ordered([batch], threads=threads)
            assert_same(reach(stream, question, threads=threads), alone)
            assert_counted(funnel.attempts(stream, question, threads=threads), counted)
