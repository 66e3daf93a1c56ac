"""Sessions: where a pause cuts, and what is counted of them."""

from datetime import timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidSession
from core.sequences import sessions
from core.sequences.arrays import BARRED
from core.sequences.funnel import Funnel, by_step, reach
from core.sequences.sessions import Spread, Statistics, split, statistics, tally
from core.sequences.stream import Batch, Stream, ordered
from tests.oracles import paths as oracle

SHARED = Path(__file__).parents[4] / "shared/data"
ECOM = SHARED / "retentioneering_ecom/ecom.csv.gz"
ESHOP = SHARED / "uci_eshop_clickstream/clickstream+data+for+online+shopping.zip"
MINUTE = 60_000_000
HALF_HOUR = timedelta(minutes=30)


def stream_of(*histories: list[int]) -> Stream:
    """Subjects 10, 11 …, each with events at these microseconds."""
    batches = [
        Batch(np.full(len(times), 10 + i, np.int32), np.array(times, np.int64), np.ones(len(times), np.uint16))
        for i, times in enumerate(histories)
    ]
    return ordered(batches)


def at_minutes(*minutes: float) -> list[int]:
    return [int(minute * MINUTE) for minute in minutes]


def cut(stream: Stream, gap: timedelta | None = HALF_HOUR) -> list[tuple[int, list[int]]]:
    """Owner and times of every session."""
    parts = split(stream, gap)
    bounds = parts.stream.offset.tolist()
    times = [parts.stream.at[low:high].tolist() for low, high in pairwise(bounds)]
    return list(zip(parts.owner.tolist(), times, strict=True))


# Rules


def test_a_pause_of_exactly_the_gap_does_not_cut_and_a_longer_one_does() -> None:
    stays, breaks = [0, 30 * MINUTE], [0, 30 * MINUTE + 1]
    assert cut(stream_of(stays, breaks)) == [(10, stays), (11, [0]), (11, [30 * MINUTE + 1])]


def test_a_session_may_last_longer_than_the_gap() -> None:
    assert [owner for owner, _ in cut(stream_of(at_minutes(0, 20, 40, 60)))] == [10]


def test_a_session_never_spans_two_subjects() -> None:
    assert cut(stream_of([0], [0])) == [(10, [0]), (11, [0])]


def test_without_a_gap_a_subject_is_one_session() -> None:
    assert cut(stream_of(at_minutes(0, 9_000_000)), None) == [(10, at_minutes(0, 9_000_000))]


def test_barred_events_keep_a_session_going() -> None:
    bits = np.array([1, BARRED | 1, 1], np.uint16)
    assert len(split(Stream([0], [0, 3], at_minutes(0, 20, 40), bits, []), HALF_HOUR)) == 1


def test_sessions_share_the_events_of_the_stream() -> None:
    stream = stream_of(at_minutes(0, 50))
    parts = split(stream)
    assert np.shares_memory(parts.stream.at, stream.at) and np.shares_memory(parts.stream.steps, stream.steps)
    assert parts.stream.subject.tolist() == [0, 1]


def test_a_session_has_a_start_an_end_and_events() -> None:
    parts = split(stream_of(at_minutes(0, 10, 50), at_minutes(7)))
    told = (parts.start_at.tolist(), parts.end_at.tolist(), parts.events.tolist())
    assert told == (at_minutes(0, 50, 7), at_minutes(10, 50, 7), [2, 1, 1])


def test_a_funnel_can_be_counted_by_sessions_and_told_by_people() -> None:
    subject = np.array([4, 4, 4, 4, 7], np.int32)
    batch = Batch(subject, np.array(at_minutes(0, 10, 100, 110, 0)), np.array([1, 2, 1, 2, 1], np.uint16))
    parts = split(ordered([batch]))
    got = reach(parts.stream, Funnel.of("a", "b"))
    assert by_step(got).tolist() == [3, 2]
    assert sessions.owners(parts, got.subject[got.depth == 2]).tolist() == [4]


@pytest.mark.parametrize("gap", [timedelta(0), timedelta(microseconds=999_999), timedelta(days=366, microseconds=1)])
def test_a_gap_has_limits(gap: timedelta) -> None:
    with pytest.raises(InvalidSession, match="1 second to 366 days"):
        split(stream_of([0]), gap)


@pytest.mark.parametrize("gap", [timedelta(seconds=1), timedelta(days=366)])
def test_the_limits_of_the_gap_are_allowed(gap: timedelta) -> None:
    longest = gap // timedelta(microseconds=1)
    assert len(split(stream_of([0, longest]), gap)) == 1
    assert len(split(stream_of([0, longest + 1]), gap)) == 2


# Statistics


def test_sessions_are_told_in_figures() -> None:
    told = statistics(tally(split(stream_of(at_minutes(0, 1, 2, 100, 300), at_minutes(0, 4)))))
    assert told == Statistics(
        subjects=2,
        sessions=4,
        events=7,
        per_subject=Spread(2.0, 2.0, 2.8),
        length_seconds=Spread(90.0, 60.0, pytest.approx(204.0)),
        depth_events=Spread(1.75, 1.5, pytest.approx(2.7)),
        bounces=2,
        bounce_share=0.5,
    )


def test_nothing_has_no_sessions_and_no_shares() -> None:
    nothing = Spread(None, None, None)
    expected = Statistics(0, 0, 0, nothing, nothing, nothing, 0, None)
    assert statistics(tally(split(ordered([])))) == expected
    assert statistics(sessions.joined([])) == expected


# Against a plain reading

histories = st.lists(
    st.lists(st.sampled_from([0, 0, MINUTE, 2 * MINUTE - 1, 2 * MINUTE, 2 * MINUTE + 1]), min_size=1, max_size=12),
    max_size=6,
).map(lambda all_pauses: [np.cumsum(pauses).tolist() for pauses in all_pauses])


@given(histories, st.sampled_from([None, 1, 2, 3]))
def test_sessions_equal_a_plain_reading(cases: list[list[int]], minutes: int | None) -> None:
    expected = []
    for i, times in enumerate(cases):
        pieces = oracle.sessions([oracle.Event(at, 0) for at in times], minutes and minutes * MINUTE)
        expected += [(10 + i, [event.at for event in piece]) for piece in pieces]
    assert cut(stream_of(*cases), minutes and timedelta(minutes=minutes)) == expected


@given(histories, histories)
def test_statistics_of_partitions_join_to_those_of_the_whole(one: list[list[int]], two: list[list[int]]) -> None:
    parts = [tally(split(stream_of(*cases))) for cases in (one, two)]
    assert statistics(sessions.joined(parts)) == statistics(tally(split(stream_of(*one, *two))))


# Against published figures


@pytest.mark.skipif(not ECOM.exists(), reason="the published event set is not beside the project")
def test_half_an_hour_finds_the_sessions_that_the_shop_published() -> None:
    frame = pd.read_csv(ECOM).drop_duplicates()
    at = pd.to_datetime(frame["timestamp"]).to_numpy("datetime64[us]").view(np.int64)
    user = pd.factorize(frame["user_id"])[0].astype(np.int32)
    told = statistics(tally(split(ordered([Batch(user, at, np.ones(len(frame), np.uint16))]))))
    sizes = frame.groupby("session_id").size()
    assert (told.subjects, told.sessions, told.events) == (600, 3605, 31_076)
    assert (told.depth_events.median, told.bounces) == (sizes.median(), (sizes == 1).sum())


@pytest.mark.skipif(not ESHOP.exists(), reason="the published clicks are not beside the project")
def test_sessions_that_a_source_tells_are_taken_as_they_are() -> None:
    with ZipFile(ESHOP) as archive:
        frame = pd.read_csv(BytesIO(archive.read(archive.namelist()[0])), sep=";")
    batch = Batch(frame["session ID"].to_numpy(np.int32), frame["order"].to_numpy(), np.ones(len(frame), np.uint16))
    told = statistics(tally(split(ordered([batch]), None)))
    assert (told.sessions, told.events, told.bounces) == (24_026, 165_474, 5_042)
