"""Streams out of sorted runs are what sorting all their moments gives, however these lie in runs and segments."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sequences import gather
from core.sequences.arrays import BARRED
from core.sequences.gather import EVER, EVERY, Bounds, Source
from core.sequences.sorting import LONG
from core.sequences.stream import MISSING

BITS = (0, 1, 2, 3, 4)
"""By name: what it fits; the first fits nothing."""
LABELS = (MISSING, 7, 5)
"""By code plus one: what it is called."""


@dataclass(frozen=True)
class Moment:
    run: int
    subject: int
    identity: int
    at: int
    name: int
    code: int
    value: int


moments = st.lists(
    st.builds(
        Moment, st.integers(0, 2), st.integers(0, 4), st.integers(0, 2), st.integers(-3, 3), st.integers(0, 4),
        st.integers(-1, 1), st.integers(0, 9),
    ), max_size=60,
)  # fmt: skip
times = st.integers(-3, 3)
bounds = st.one_of(st.just(EVER), st.builds(Bounds, times, times, times, times))
Row = tuple[int, Moment]


def source(rows: Sequence[Row], *, with_rows: bool) -> Source:
    """One run: segments of one identity each, subjects ascending, moments by time and row."""
    keys = sorted({(m.subject, m.identity) for _, m in rows})
    parts = [sorted((m.at, row, m) for row, m in rows if (m.subject, m.identity) == key) for key in keys]
    ordered = [(row, m) for part in parts for _, row, m in part]
    offset = np.concatenate(([0], np.cumsum([len(part) for part in parts]))).astype(np.int64)
    return Source.of(
        segment=np.arange(len(keys)), subject=[subject for subject, _ in keys], before=offset, offset=offset,
        at=[m.at for _, m in ordered], name=[m.name for _, m in ordered], bits=BITS,
        row=[row for row, _ in ordered] if with_rows else (), code=[m.code for _, m in ordered], label=LABELS,
        value=[m.value for _, m in ordered],
    )  # fmt: skip


def expected(rows: Sequence[Row], low: int, high: int, limits: Bounds) -> list[tuple[int, ...]]:
    found = []
    for row, m in rows:
        bits = BITS[m.name]
        if not bits or not limits.since <= m.at < limits.until or not low <= m.subject < high:
            continue
        if bits & 1 and not limits.enter_since <= m.at < limits.enter_until:
            bits |= int(BARRED)
        found.append((m.subject, m.at, bits & -bits, row, bits, LABELS[m.code + 1], m.value))
    return [(subject, at, *rest) for subject, at, _, _, *rest in sorted(found)]


def told(sources: Sequence[Source], low: int, high: int, limits: Bounds, *, with_values: bool) -> list[tuple[int, ...]]:
    stream, value = gather.stream(sources, low, high, limits, with_values=with_values)
    columns = [np.repeat(stream.subject, np.diff(stream.offset)), stream.at, stream.steps, stream.entry_code]
    return list(zip(*(c.tolist() for c in (*columns, *([value] if with_values else []))), strict=True))


@given(moments, bounds, st.tuples(st.integers(0, 5), st.integers(0, 5)), st.booleans())
def test_moments_of_any_runs_and_segments_stand_as_if_all_were_sorted(
    found: list[Moment], limits: Bounds, edges: tuple[int, int], with_values: bool
) -> None:
    rows = list(enumerate(found))
    low, high = sorted(edges)
    sources = [source([(row, m) for row, m in rows if m.run == run], with_rows=True) for run in range(3)]
    wanted = expected(rows, low, high, limits)
    assert told(sources, low, high, limits, with_values=with_values) == [
        row if with_values else row[:-1] for row in wanted
    ]


@given(moments, bounds)
def test_one_run_and_several_give_the_same_whatever_lies_where(found: list[Moment], limits: Bounds) -> None:
    rows = list(enumerate(found))
    whole = [source(rows, with_rows=True)]
    parts = [source([(row, m) for row, m in rows if m.run == run], with_rows=True) for run in range(3)]
    chunks = [(0, 2), (2, 3), (3, 5)]
    one = [event for chunk in chunks for event in told(whole, *chunk, limits, with_values=True)]
    assert one == told(whole, 0, 5, limits, with_values=True)
    assert one == told(parts, 0, 5, limits, with_values=True)


@given(moments)
def test_without_rows_no_event_is_lost_and_none_out_of_time(found: list[Moment]) -> None:
    rows = list(enumerate(found))
    sources = [source([(row, m) for row, m in rows if m.run == run], with_rows=False) for run in range(3)]
    events = told(sources, 0, 5, EVER, with_values=True)
    wanted = expected(rows, 0, 5, EVER)
    assert sorted(events) == sorted(wanted)
    assert [event[:2] for event in events] == [event[:2] for event in wanted]


@pytest.mark.parametrize("is_mixed", [False, True])
def test_a_long_segment_is_sorted_where_it_must_be(is_mixed: bool) -> None:
    rows = [(i, Moment(0, 0, i % 2 if is_mixed else 0, i // 3, 1 + i % 4, 0, i)) for i in range(3 * LONG)]
    assert told([source(rows, with_rows=True)], 0, 1, EVER, with_values=True) == expected(rows, 0, 1, EVER)


def test_an_open_bound_is_beyond_all_times() -> None:
    assert Bounds() == EVER == Bounds(-EVERY, EVERY, -EVERY, EVERY)


@given(moments, st.integers(1, 20))
def test_chunks_hold_every_subject_once(found: list[Moment], size: int) -> None:
    sources = [source(list(enumerate(found)), with_rows=False)]
    chunks = gather.chunks(sources, 5, size)
    assert [subject for low, high in chunks for subject in range(low, high)] == list(range(5))
