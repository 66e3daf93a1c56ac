"""Retention: its rules one by one, then against a brute-force reading and ClickHouse."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import chdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core.dispatcher import Dispatcher

from core.errors import InvalidRetention
from core.periods import midnight
from core.sequences import retention, returns
from core.sequences.arrays import BARRED
from core.sequences.retention import Counting, Entry, Question, Retention, counted, joined, people, summary
from core.sequences.stream import Stream
from tests.oracles.retention import Asked, Entered, Event, entered
from tests.seeds import examples

ORACLES = Path(__file__).parents[2] / "oracles"
ENTRIES: tuple[Entry, ...] = ("first_ever", "first_in_period", "recurring")
COUNTINGS: tuple[Counting, ...] = ("on", "on_or_after")
HOUR, DAY, WEEK = 3_600_000_000, 86_400_000_000, 7 * 86_400_000_000


def stream_of(histories: list[list[Event]], first: int = 0) -> Stream:
    """One subject per history, numbered from ``first``, events as they stand. Nobody without events."""
    there = [(subject, history) for subject, history in enumerate(histories, first) if history]
    events = [event for _, history in there for event in history]
    bits = [e.is_start | e.is_back << 1 | (int(BARRED) if e.is_barred else 0) for e in events]
    return Stream(
        np.array([subject for subject, _ in there], np.int32),
        np.cumsum([0, *(len(history) for _, history in there)]),
        np.array([e.at for e in events], np.int64),
        np.array(bits, np.uint16),
        np.array([e.code for e in events], np.int32),
    )


def history(text: str, unit: int = 1) -> list[Event]:
    """``"s0 b1 x1 S2"``: a start, a return, both at once; a capital is barred. Values are 1, 2, 3 … in order."""
    return [
        Event(int(word[1:]) * unit, word[0] in "sxSX", word[0] in "bxBX", word[0].isupper(), 0, place)
        for place, word in enumerate(text.split(), 1)
    ]


def values_of(histories: list[list[Event]]) -> Any:
    return np.array([event.value for events in histories for event in events], np.int64)


def question(cohorts: str = "0 10 20", unit: str | timedelta = "0 10 20 30", **more: Any) -> Question:
    """Edges as numbers; by default two cohorts of ten, three intervals of ten."""
    edges = unit if isinstance(unit, timedelta) else np.array(unit.split(), np.int64)
    return Question(
        np.array(cohorts.split(), np.int64), more.pop("brackets", (0, 1, 2, 3)), edges, **{"entry": "recurring", **more}
    )


def rows(text: str, asked: Question, unit: int = 1) -> list[list[int]]:
    """Size and returned of each cohort, for one subject."""
    got = counted(stream_of([history(text, unit)]), asked)
    return [[int(size), *row] for size, row in zip(got.size[0], got.returned[0].tolist(), strict=True)]


# Rules

NONE = [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("rule", "text", "asked", "expected"),
    [
        ("a return counts in the period it falls in", "s1 b11", question(), [[1, 0, 1, 0], NONE]),
        ("a start on the edge belongs to the later cohort", "s10", question(), [NONE, [1, 0, 0, 0]]),
        ("a return on the edge belongs to the later period", "s1 b9 b10", question(), [[1, 1, 1, 0], NONE]),
        ("a return before the entry does not count", "b1 s2", question(), [[1, 0, 0, 0], NONE]),
        ("a return at the time of the entry, after it in order, counts", "s2 b2", question(), [[1, 1, 0, 0], NONE]),
        ("the entry is not its own return", "x2", question(), [[1, 0, 0, 0], NONE]),
        ("the same event again in the period is a return", "x2 x3", question(), [[1, 1, 0, 0], NONE]),
        ("many returns in a period count once", "s2 b3 b4 b12 b13", question(), [[1, 1, 1, 0], NONE]),
        ("recurring: one member in several cohorts", "s1 s11 b12", question(), [[1, 0, 1, 0], [1, 1, 0, 0]]),
        ("recurring: the first start of each cohort enters", "s1 b2 s3", question(), [[1, 1, 0, 0], NONE]),
        ("a start in a later cohort is a return of the earlier", "x1 x11", question(), [[1, 0, 1, 0], [1, 0, 0, 0]]),
        ("first ever: one cohort", "s1 s11 b12", question(entry="first_ever"), [[1, 0, 1, 0], NONE]),
        ("recurring: starts before the cohorts do not matter", "s1 s11 b12", question("10 20"), [[1, 1, 0, 0]]),
        ("first ever: who began before the cohorts is in none", "s1 s11 b12", question("10 20", entry="first_ever"), [NONE]),
        ("first in period: earlier starts do not matter", "s1 s11", question("10 20", entry="first_in_period"), [[1, 0, 0, 0]]),
        ("first in period: one cohort", "s1 s11 b12", question(entry="first_in_period"), [[1, 0, 1, 0], NONE]),
        ("after the last cohort nobody enters", "s20 b21", question(), [NONE, NONE]),
        ("a barred start does not enter", "S1 b2 s11", question(entry="first_ever"), [NONE, [1, 0, 0, 0]]),
        ("a barred event still is a return", "s1 B2 X11", question(), [[1, 1, 1, 0], NONE]),
        ("nothing counts from the end of the calendar on", "s19 b30", question(), [NONE, [1, 0, 0, 0]]),
        ("on or after: earlier intervals too", "s1 b21", question(counting="on_or_after"), [[1, 1, 1, 1], NONE]),
        ("on or after: never later ones", "s1 b11 b12", question(counting="on_or_after"), [[1, 1, 1, 0], NONE]),
        ("on: not later than the last interval", "s1 b21", question(brackets=(0, 1)), [[1, 0], [0, 0]]),
        (
            "on or after: later than the last interval",
            "s1 b21",
            question(brackets=(0, 1), counting="on_or_after"),
            [[1, 1], [0, 0]],
        ),
        ("brackets gather ages", "s1 b11 b21", question(brackets=(0, 1, 3)), [[1, 0, 1], NONE[:3]]),
        ("calendar units may be finer than cohorts", "s4 b5 b7", question("0 10", "0 2 4 6 8 10 12"), [[1, 1, 1, 0]]),
    ],
)  # fmt: skip
def test_rule(rule: str, text: str, asked: Question, expected: list[list[int]]) -> None:
    assert rows(text, asked) == expected, rule


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s22 b23", [1, 1, 0, 0]),
        ("s22 b24", [1, 1, 0, 0]),
        ("s22 b46", [1, 0, 1, 0]),
        ("s22 b69", [1, 0, 1, 0]),
        ("s22 b70", [1, 0, 0, 1]),
        ("s22 b94", [1, 0, 0, 0]),
    ],
)
def test_rolling_days_run_from_the_entry_and_not_from_midnight(text: str, expected: list[int]) -> None:
    rolling = question(f"0 {DAY}", timedelta(days=1))
    assert rows(text, rolling, HOUR) == [expected]


def test_calendar_days_are_those_of_the_business_zone() -> None:
    days = [midnight(date(2024, 3, day), "Asia/Shanghai") for day in (1, 2, 3, 4)]
    edges = np.array([int(at.timestamp() * 1e6) for at in days])
    asked = Question(edges[:2], (0, 1, 2, 3), edges, "recurring")
    just_before_midnight = int(edges[1]) - 1
    events = [Event(just_before_midnight, True, False), Event(just_before_midnight + 1, False, True)]
    assert counted(stream_of([events]), asked).returned.tolist() == [[[0, 1, 0]]]


def test_custom_brackets_are_half_open() -> None:
    asked = question(f"0 {DAY}", timedelta(days=1), brackets=(0, 1, 3, 7, 14, 30))
    got = [rows(f"s0 b{day}", asked, DAY)[0][1:] for day in (0, 1, 2, 3, 6, 7, 13, 14, 29, 30)]
    assert [row.index(1) if 1 in row else None for row in got] == [0, 1, 1, 2, 2, 3, 3, 4, 4, None]


def test_value_is_that_of_every_return_in_its_interval_and_of_the_entry_apart() -> None:
    for counting in COUNTINGS:
        histories = [history("x1 b2 b3 x11 b29 b30")]
        got = counted(stream_of(histories), question(counting=counting), value=values_of(histories))
        assert got.value is not None and got.entry_value is not None
        assert got.value.tolist() == [[[2 + 3, 4, 5], [0, 5, 0]]]
        assert got.entry_value.tolist() == [[1, 4]]


def test_a_breakdown_is_taken_at_the_entry_and_what_is_missing_stands_last() -> None:
    codes = [[1, 0], [0, 1], [-1, 1], [-1, -1]]
    histories = [[e._replace(code=c) for e, c in zip(history("s1 b11"), pair, strict=True)] for pair in codes]
    got = counted(stream_of(histories), question(groups=2))
    assert got.size.tolist() == [[1, 0], [1, 0], [2, 0]]
    assert got.returned[:, 0].tolist() == [[0, 1, 0], [0, 1, 0], [0, 2, 0]]
    assert retention.missing_share(got) == 0.5
    assert retention.missing_share(counted(stream_of([]), question(groups=2))) is None


def test_a_code_that_is_no_group_is_refused() -> None:
    events = [event._replace(code=2) for event in history("s1 b11")]
    with pytest.raises(ValueError, match="entry code"):
        counted(stream_of([events]), question(groups=2))


def test_a_breakdown_needs_codes_and_values_need_events() -> None:
    stream = stream_of([history("s1")])
    bare = replace(stream, entry_code=np.empty(0, np.int32))
    with pytest.raises(ValueError, match="no entry codes"):
        counted(bare, question(groups=1))
    with pytest.raises(ValueError, match="one value per event"):
        counted(stream, question(), value=np.ones(2, np.int64))
    with pytest.raises(ValueError, match="no breakdown"):
        retention.missing_share(counted(stream, question()))


def test_without_events_all_is_zero() -> None:
    got = counted(stream_of([]), question(), value=np.empty(0, np.int64))
    assert got.size.tolist() == [[0, 0]] and not got.returned.any()
    assert people(stream_of([]), question(), 0).tolist() == []
    shares = summary(got, 100)
    assert np.isnan(shares.members.share).all() and np.isnan(shares.members.weighted).all()


@pytest.mark.parametrize(
    ("problem", "broken"),
    [
        ("cohorts", {"cohorts": "0"}),
        ("cohorts", {"cohorts": "0 10 10"}),
        ("unit", {"unit": "0 10"}),
        ("unit", {"unit": "5 10 20 30"}),
        ("unit", {"unit": "0 20 10 30"}),
        ("unit", {"unit": timedelta(seconds=59)}),
        ("unit", {"unit": timedelta(days=367)}),
        ("brackets", {"brackets": (0,)}),
        ("brackets", {"brackets": (1, 2)}),
        ("brackets", {"brackets": (0, 3, 3)}),
        ("brackets", {"brackets": (0, 3_661)}),
        ("entry", {"entry": "ever"}),
        ("counting", {"counting": "after"}),
    ],
)
def test_a_question_that_breaks_a_limit_is_refused(problem: str, broken: dict[str, Any]) -> None:
    with pytest.raises(InvalidRetention) as refused:
        question(**broken)
    assert refused.value.details["problem"] == problem


def test_cells_that_do_not_exist_have_no_people() -> None:
    for cell in ((2,), (-1,), (0, 3), (0, -1)):
        with pytest.raises(InvalidRetention):
            people(stream_of([]), question(), *cell)


# Shares and means


def made(size: list[int], returned: list[list[int]], asked: Question) -> Retention:
    return Retention(asked, np.array([size]), np.array([returned]), None, None)


def test_calendar_cells_are_complete_when_their_period_is_over() -> None:
    got = made([4, 2], [[2, 1, 0], [2, 0, 0]], question())
    at_the_end = summary(got, 20)
    assert at_the_end.is_complete.tolist() == [[True, True, False], [True, False, False]]
    assert at_the_end.is_begun.tolist() == [[True, True, False], [True, False, False]]
    just_before, after = summary(got, 19), summary(got, 21)
    assert just_before.is_complete.tolist() == [[True, False, False], [False, False, False]]
    assert after.is_begun.tolist() == [[True, True, True], [True, True, False]]


def test_rolling_cells_are_complete_when_the_last_entry_had_its_time() -> None:
    asked = question(f"0 {WEEK}", timedelta(days=1), brackets=(0, 1, 3))
    got = made([1], [[1, 0]], asked)
    assert summary(got, 8 * DAY - 1).is_complete.tolist() == [[False, False]]
    assert summary(got, 8 * DAY).is_complete.tolist() == [[True, False]]
    assert summary(got, 10 * DAY).is_complete.tolist() == [[True, True]]
    assert summary(got, DAY).is_begun.tolist() == [[True, False]]
    assert summary(got, DAY + 1).is_begun.tolist() == [[True, True]]


def test_finer_calendar_cells_wait_for_who_entered_in_the_last_unit() -> None:
    asked = question("0 10", "0 2 4 6 8 10 12 14")
    got = made([1], [[1, 0, 0]], asked)
    assert [summary(got, at).is_complete[0].tolist() for at in (9, 10, 12, 14)] == [
        [False, False, False],
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_beyond_the_calendar_nothing_is_complete() -> None:
    got = made([1, 1], [[0, 0, 0], [0, 0, 0]], question(unit="0 10 20"))
    assert summary(got, 10**9).is_complete.tolist() == [[True, True, False], [True, False, False]]


def test_means_are_over_complete_cells_of_cohorts_that_somebody_entered() -> None:
    asked = question("0 10 20 30 40", "0 10 20 30 40 50", brackets=(0, 1, 2))
    got = made([10, 0, 30, 5], [[10, 1], [0, 0], [15, 9], [5, 4]], asked)
    shares = summary(got, 40).members
    assert shares.share[0, 0].tolist() == [1.0, 0.1] and np.isnan(shares.share[0, 1]).all()
    assert np.isnan(shares.share[0, 3, 1]), "the interval has not begun"
    assert shares.weighted[0].tolist() == [30 / 45, 10 / 40]
    assert shares.simple[0].tolist() == pytest.approx([(1 + 0.5 + 1) / 3, (0.1 + 0.3) / 2])
    assert shares.cohorts_count[0].tolist() == [3, 2] and shares.base[0].tolist() == [45, 40]


def test_an_incomplete_cell_has_a_share_and_is_in_no_mean() -> None:
    shares = summary(made([4, 4], [[4, 2, 0], [1, 0, 0]], question()), 19).members
    assert shares.share[0, 1, 0] == 0.25
    assert shares.weighted[0, 0] == 1.0 and np.isnan(shares.weighted[0, 1])


def test_value_shares_are_of_the_first_interval_with_its_entries() -> None:
    asked = question()
    size, returned = np.array([[2, 1]]), np.zeros((1, 2, 3), np.int64)
    got = Retention(asked, size, returned, np.array([[[50, 75, 30], [5, 1, 0]]]), np.array([[100, -5]]))
    shares = summary(got, 30).value
    assert shares is not None
    assert shares.share[0, 0].tolist() == [1.0, 0.5, 0.2]
    assert np.isnan(shares.share[0, 1]).all(), "a base that is not above 0 has no shares"
    assert shares.weighted[0].tolist() == [1.0, 0.5, 0.2]


# Against a brute-force reading

EVENTS = st.builds(
    Event,
    st.integers(-3, 40),
    st.booleans(),
    st.booleans(),
    st.sampled_from([False, False, True]),
    st.integers(-1, 1),
    st.integers(-5, 9),
)
HISTORIES = st.lists(st.lists(EVENTS, max_size=12).map(lambda events: sorted(events, key=lambda e: e.at)), max_size=5)
EDGES = st.lists(st.integers(0, 34), min_size=2, max_size=5, unique=True).map(lambda edges: tuple(sorted(edges)))
BRACKETS = st.lists(st.integers(1, 9), min_size=1, max_size=4, unique=True).map(lambda b: (0, *sorted(b)))
MINUTE = 60_000_000


@st.composite
def questions(draw: st.DrawFn) -> Asked:
    """Times are minutes. The calendar spans the cohorts, with edges of its own, or is absent."""
    cohorts = draw(EDGES)
    calendar = None
    if draw(st.booleans()):
        ends = {min(cohorts[0], draw(st.integers(-3, 0))), max(cohorts[-1], draw(st.integers(20, 36)))}
        calendar = tuple(sorted(ends | set(draw(st.lists(st.integers(0, 20), max_size=6)))))
    entry, counting = draw(st.sampled_from(ENTRIES)), draw(st.sampled_from(COUNTINGS))
    return Asked(cohorts, draw(BRACKETS), calendar, draw(st.integers(1, 12)), entry, counting)


def minutes(asked: Asked, groups: int = 0) -> Question:
    unit: Any = timedelta(minutes=asked.length)
    if asked.calendar is not None:
        unit = np.array(asked.calendar) * MINUTE
    cohorts = np.array(asked.cohorts) * MINUTE
    return Question(cohorts, asked.brackets, unit, asked.entry, asked.counting, groups)  # type: ignore[arg-type]


def in_minutes(histories: list[list[Event]], first: int = 0) -> Stream:
    return stream_of([[e._replace(at=e.at * MINUTE) for e in events] for events in histories], first)


def read(histories: list[list[Event]], asked: Asked, groups: int = 0) -> dict[str, list[Any]]:
    shape = (groups + 1 if groups else 1, len(asked.cohorts) - 1, len(asked.brackets) - 1)
    size, entry_value = np.zeros(shape[:2], int), np.zeros(shape[:2], int)
    returned, value = np.zeros(shape, int), np.zeros(shape, int)
    for one in (one for events in histories for one in entered(events, asked)):
        cell = (one.code % shape[0], one.cohort)  # -1 is the last group
        size[cell] += 1
        entry_value[cell] += one.entry_value
        for interval in one.returned:
            returned[cell][interval] += 1
        for interval, amount in one.values.items():
            value[cell][interval] += amount
    found = {"size": size, "returned": returned, "value": value, "entry_value": entry_value}
    return {name: array.tolist() for name, array in found.items()}


def written(got: Retention) -> dict[str, list[Any]]:
    arrays = {name: getattr(got, name) for name in ("size", "returned", "value", "entry_value")}
    return {name: array.tolist() for name, array in arrays.items() if array is not None}


@settings(max_examples=examples(600))
@given(HISTORIES, questions(), st.sampled_from([0, 2]))
def test_every_mode_equals_a_brute_force_reading(histories: list[list[Event]], asked: Asked, groups: int) -> None:
    got = counted(in_minutes(histories), minutes(asked, groups), value=values_of(histories))
    assert written(got) == read(histories, asked, groups)
    bare = counted(in_minutes(histories), minutes(asked, groups))
    assert bare.value is None and bare.returned.tolist() == got.returned.tolist()
    assert bare.size.tolist() == got.size.tolist()


@settings(max_examples=examples(150))
@given(HISTORIES, HISTORIES, questions())
def test_chunks_of_subjects_add_up(one: list[list[Event]], other: list[list[Event]], asked: Asked) -> None:
    parts = [
        counted(in_minutes(part, first), minutes(asked), value=values_of(part))
        for part, first in ((one, 0), (other, 9))
    ]
    whole = [*one, *[[]] * (9 - len(one)), *other]
    assert written(joined(parts)) == read(whole, asked)
    bare = joined([replace(part, value=None, entry_value=None) for part in parts])
    assert written(bare) == {name: read(whole, asked)[name] for name in ("size", "returned")}


@settings(max_examples=examples(200))
@given(HISTORIES, questions(), st.sampled_from([0, 2]))
def test_people_are_those_of_the_brute_force_and_as_many_as_the_figure(
    histories: list[list[Event]], asked: Asked, groups: int
) -> None:
    stream, question = in_minutes(histories), minutes(asked, groups)
    got = counted(stream, question)
    every = [(subject, one) for subject, events in enumerate(histories) for one in entered(events, asked)]
    for cohort in range(len(asked.cohorts) - 1):
        for group in (None, *range(groups + 1 if groups else 0)):
            inside = [(s, one) for s, one in every if one.cohort == cohort and _is_of(one, group, groups)]
            assert people(stream, question, cohort, group=group).tolist() == [s for s, _ in inside]
            for interval in range(question.intervals):
                back = people(stream, question, cohort, interval, group=group)
                away = people(stream, question, cohort, interval, has_returned=False, group=group)
                assert back.tolist() == [s for s, one in inside if interval in one.returned]
                assert away.tolist() == [s for s, one in inside if interval not in one.returned]
                rows = slice(None) if group is None else group
                assert len(back) == got.returned[rows, cohort, interval].sum()


def _is_of(one: Entered, group: int | None, groups: int) -> bool:
    return group is None or one.code % (groups + 1) == group


# Against ClickHouse


def test_weekly_retention_equals_clickhouse(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    count, first = 30_000, 4 * WEEK
    subject = np.sort(random.integers(0, 2_000, count)).astype(np.int32)
    at = first + random.integers(-2 * 7 * 86_400, 13 * 7 * 86_400, count) * 1_000_000
    at[random.random(count) < 0.05] = first + WEEK * 3
    is_start = random.random(count) < 0.2
    table = {
        "subject": subject,
        "occurred_at": pa.array(at, pa.timestamp("us", tz="UTC")),
        "name": np.where(is_start, "start", "back"),
    }
    pq.write_table(pa.table(table), tmp_path / "events.parquet")
    sql = (ORACLES / "retention.sql").read_text()
    rival = chdb.query(
        sql.format(files=tmp_path / "events.parquet", first_second=first // 1_000_000), "ArrowTable"
    )["members"].to_pylist()  # fmt: skip

    order = np.lexsort((at, subject))
    names, offset = np.unique(subject, return_index=True)
    steps = np.where(is_start, 1, 2).astype(np.uint16)[order]
    stream = Stream(names, np.append(offset, count), at[order], steps, np.empty(0, np.int32))
    weeks = first + np.arange(13) * WEEK
    got = counted(stream, Question(weeks, tuple(range(13)), weeks, "recurring"))

    assert got.size[0].tolist() == [row[0] for row in rival]
    for cohort, row in enumerate(rival):
        known = 11 - cohort
        assert got.returned[0, cohort, 1 : known + 1].tolist() == row[1 : known + 1]
        assert not got.returned[0, cohort, known + 1 :].any()


# Compiled ahead


def test_nothing_is_compiled_after_warming() -> None:
    retention.warm()
    kernels = [it for it in vars(returns).values() if isinstance(it, Dispatcher)]
    before = [len(it.signatures) for it in kernels]
    for asked in (question(), question(f"0 {DAY}", timedelta(days=1), groups=2, entry="first_ever")):
        for stream in (stream_of([history("s1 b2")]), stream_of([])):
            counted(stream, asked)
            counted(stream, asked, value=np.ones(len(stream), np.int32))
            people(stream, asked, 0, 1)
    assert [len(it.signatures) for it in kernels] == before and before
