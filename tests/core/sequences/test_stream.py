"""The order in which sequence questions are asked."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sequences.arrays import BARRED, EXCLUSIONS, KEPT, PRESENT, STEPS
from core.sequences.sorting import LONG
from core.sequences.stream import MISSING, Batch, Stream, ordered
from core.sequences.subjects import NOBODY, Subjects

Row = tuple[int, int, int, int, int]
"""subject, at, steps, entry code, row"""


def batch(rows: list[Row], *, with_row: bool = True, with_code: bool = True) -> Batch:
    columns = [np.array([row[i] for row in rows], np.int64) for i in range(5)]
    return Batch(
        columns[0].astype(np.int32),
        columns[1],
        columns[2].astype(np.uint16),
        columns[3].astype(np.int32) if with_code else None,
        columns[4] if with_row else None,
    )


def told(stream: Stream) -> list[tuple[int, int, int, int]]:
    """subject, at, steps, entry code of every event, as they stand."""
    subject = np.repeat(stream.subject, np.diff(stream.offset))
    return list(zip(*(a.tolist() for a in (subject, stream.at, stream.steps, stream.entry_code)), strict=True))


def first_step(steps: int) -> int:
    return steps & -steps


rows = st.lists(
    st.tuples(st.integers(-1, 5), st.integers(-3, 3), st.integers(0, 7), st.integers(-1, 3), st.integers(0, 2**40)),
    max_size=60,
)


@given(rows, st.lists(st.integers(0, 60), max_size=3), st.integers(1, 4))
def test_events_stand_by_subject_time_first_step_and_row(rows: list[Row], cuts: list[int], threads: int) -> None:
    edges = [0, *sorted(cuts), len(rows)]
    batches = [batch(rows[low:high]) for low, high in pairwise(edges)]
    kept = [row for row in rows if row[0] >= 0 and row[2]]
    expected = sorted(kept, key=lambda row: (row[0], row[1], first_step(row[2]), row[4]))

    stream = ordered(batches, threads=threads)

    assert told(stream) == [row[:4] for row in expected]
    assert stream.subject.tolist() == sorted({row[0] for row in kept})


@given(rows, st.integers(1, 4))
def test_without_row_numbers_ties_stay_as_they_came(rows: list[Row], threads: int) -> None:
    kept = [row for row in rows if row[0] >= 0 and row[2]]
    expected = sorted(kept, key=lambda row: (row[0], row[1], first_step(row[2])))
    assert told(ordered([batch(rows, with_row=False)], threads=threads)) == [row[:4] for row in expected]


@pytest.mark.parametrize("length", [LONG - 1, LONG, LONG + 1, 1000])
@pytest.mark.parametrize("with_row", [True, False])
def test_a_long_history_is_ordered_like_a_short_one(length: int, with_row: bool) -> None:
    random = np.random.default_rng(length)
    draws = random.integers([0, 0, 1, 0, 0], [2, length // 4, 8, 5, length], (length, 5))
    rows: list[Row] = [(s, at, steps, code, row) for s, at, steps, code, row in draws.tolist()]
    expected = sorted(rows, key=lambda row: (row[0], row[1], first_step(row[2]), row[4] if with_row else 0))
    assert told(ordered([batch(rows, with_row=with_row)])) == [row[:4] for row in expected]


def test_nobody_and_events_that_fit_no_step_are_left_out() -> None:
    rows: list[Row] = [(NOBODY, 1, 1, 0, 0), (3, 2, 0, 0, 1), (3, 3, int(BARRED), 0, 2), (3, 4, 2, 9, 3)]
    assert told(ordered([batch(rows)])) == [(3, 4, 2, 9)]


def test_a_barred_event_keeps_the_place_of_its_first_step() -> None:
    rows: list[Row] = [(0, 5, 2, 7, 0), (0, 5, 1 | int(BARRED), 8, 1)]
    assert [code for *_, code in told(ordered([batch(rows)]))] == [8, 7]


def test_every_bit_has_one_meaning() -> None:
    parts = [int(bits) for bits in (STEPS, EXCLUSIONS, PRESENT, BARRED)]
    assert sum(parts) == 2**16 - 1 and int(KEPT) == sum(parts[:3])


def test_exclusions_and_the_merely_present_stay_and_stand_after_the_steps_of_their_time() -> None:
    bits = [int(BARRED | PRESENT), int(PRESENT), 1 << 13, 1 << 10, 1 << 9, 1 << 9 | 1 << 10, int(BARRED), 1]
    stood = [steps for _, _, steps, _ in told(ordered([batch([(0, 5, b, 0, row) for row, b in enumerate(bits)])]))]
    assert stood == [1, 1 << 9, 1 << 9 | 1 << 10, 1 << 10, 1 << 13, int(BARRED | PRESENT), int(PRESENT)]


@pytest.mark.parametrize("batches", [[], [batch([])], [batch([(NOBODY, 1, 1, 0, 0)])]])
def test_no_events_make_an_empty_stream(batches: list[Batch]) -> None:
    stream = ordered(batches)
    assert (len(stream), stream.subject.tolist(), stream.offset.tolist()) == (0, [], [0])


def test_batches_that_differ_in_columns_are_refused() -> None:
    row: Row = (0, 1, 1, 0, 0)
    with pytest.raises(ValueError, match="others do not"):
        ordered([batch([row]), batch([row], with_row=False)])
    with pytest.raises(ValueError, match="differ in length"):
        ordered([Batch(np.zeros(2, np.int32), np.zeros(3, np.int64), np.ones(3, np.uint16))])


def test_arrow_columns_are_taken_as_they_are() -> None:
    record = pa.record_batch(
        {
            "identity_key": pa.array([70, 80, None, 99, 71], pa.int64()),
            "at": pa.array([5, 4, 3, 2, 1], pa.timestamp("us", tz="UTC")),
            "steps": pa.array([1, 2, 1, 1, 4], pa.uint8()),
            "entry_code": pa.array([3, None, 1, 1, 2], pa.int16()),
            "row": pa.array([1, 2, 3, 4, 5], pa.int64()),
        }
    )
    subjects = Subjects.of(np.array([80, 70, 71]), np.array([2000, 1000, 1000]))
    stream = ordered([Batch.of_arrow(record, subjects)])
    assert told(stream) == [(0, 1, 4, 2), (0, 5, 1, 3), (1, 4, 2, MISSING)]
    assert subjects.ids[stream.subject].tolist() == [1000, 2000]


def test_subject_codes_of_the_engine_are_taken_too() -> None:
    record = pa.record_batch(
        {"subject": pa.array([4, None], pa.int32()), "at": pa.array([5, 6]), "steps": pa.array([1, 1], pa.uint16())}
    )
    stream = ordered([Batch.of_arrow(record)])
    assert (stream.subject.tolist(), stream.at.tolist()) == ([4], [5])


def test_times_in_another_unit_are_refused() -> None:
    record = pa.record_batch(
        {"subject": pa.array([4], pa.int32()), "at": pa.array([5], pa.timestamp("ms")), "steps": pa.array([1])}
    )
    with pytest.raises(ValueError, match="microseconds"):
        Batch.of_arrow(record)


@given(st.dictionaries(st.integers(-(2**63), 2**63 - 1), st.integers(-5, 5), max_size=50), st.lists(st.integers()))
def test_a_key_finds_the_subject_it_belongs_to(owners: dict[int, int], others: list[int]) -> None:
    subjects = Subjects.of(np.array([*owners], np.int64), np.array([*owners.values()], np.int64))
    asked = [*owners, *(key for key in others if -(2**63) <= key < 2**63)]
    codes = subjects.codes(np.array(asked, np.int64)).tolist()
    assert [None if code == NOBODY else int(subjects.ids[code]) for code in codes] == [owners.get(key) for key in asked]


def test_a_key_of_two_subjects_is_refused() -> None:
    with pytest.raises(ValueError, match="two subjects"):
        Subjects.of(np.array([7, 7]), np.array([1, 2]))
