"""The pieces that leaves after sends are counted in, and who is flagged."""

from datetime import date

import numpy as np
import pytest

from core.metrics import aftermath
from core.metrics.aftermath import DAY_S, Blocks, Moves, Span
from core.periods import Period
from tests.oracles.aftermath import flagged

NONE = np.empty(0, np.int64)
HOUR = 3_600


def longs(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def span(days: int = 28, back: int = 90) -> Span:
    """Its last ``days`` are the period, one block."""
    return Span(0, (back - days) * DAY_S, back * DAY_S, longs((back - 28) * DAY_S))


def of_one(sent: np.ndarray, moves: Moves, at: Span, left: np.ndarray = NONE) -> tuple[int, Blocks]:
    found = aftermath.pieces(1, np.zeros(len(sent), np.int64), sent, moves, at)
    usual = aftermath.usual_load(found, longs(0))
    kind = aftermath.kinds(found, usual)
    return int(usual[0]), aftermath.blocks(1, found, kind, found.at(np.zeros(len(left), np.int64), left))


def members(count: int) -> Moves:
    return Moves(longs(0), longs(0), longs(count))


def test_a_group_with_rare_sends_has_the_24_hours_after_each():
    at = span()
    sent = longs(at.start_s + 5 * HOUR, at.start_s + 50 * HOUR)
    edges = longs(sent[0] - 1, sent[0], sent[0] + DAY_S - 1, sent[0] + DAY_S)
    usual, blocks = of_one(sent, members(10), at, edges)
    assert usual == 0
    assert blocks.time.tolist() == [2 * DAY_S * 10] and blocks.usual_time.tolist() == [26 * DAY_S * 10]
    assert (blocks.left.tolist(), blocks.usual_left.tolist()) == ([2], [2]), "from the send on, until a day later"


def test_sends_of_one_day_share_their_hours():
    at = span()
    _, blocks = of_one(at.start_s + longs(0, HOUR, 2 * HOUR), members(1), at)
    assert blocks.time.tolist() == [26 * HOUR]


def test_a_group_that_is_sent_to_evenly_has_nothing_after_sends():
    at = span()
    usual, blocks = of_one(np.arange(0, 90 * DAY_S, DAY_S // 2), members(5), at, longs(80 * DAY_S))
    assert usual == 2 and blocks.time.tolist() == [0] and not blocks.is_compared.any()


def test_time_of_a_group_that_empties_weighs_less():
    at = span()
    sent = longs(at.start_s + 2 * DAY_S)
    moves = Moves(longs(0, 0), longs(0, at.start_s + 10 * DAY_S), longs(10, -9))
    _, blocks = of_one(sent, moves, at)
    assert blocks.time.tolist() == [DAY_S * 10] and blocks.usual_time.tolist() == [9 * DAY_S * 10 + 18 * DAY_S]


def test_the_usual_load_is_the_one_of_half_the_time_since_there_is_a_group():
    sent = np.arange(40 * DAY_S, 90 * DAY_S, DAY_S // 4)
    found = aftermath.pieces(1, np.zeros(len(sent), np.int64), sent, members(1), span())
    assert aftermath.usual_load(found, longs(0)).tolist() == [4]
    assert aftermath.usual_load(found, longs(-7)).tolist() == [4]
    short = aftermath.pieces(1, NONE, NONE, members(1), span())
    assert aftermath.usual_load(short, longs(90 * DAY_S)).tolist() == [0], "no time at all"


@pytest.mark.parametrize(("days", "look", "blocks"), [(1, 90, 1), (28, 90, 1), (29, 90, 2), (84, 90, 3), (100, 112, 4)])
def test_whole_blocks_of_four_weeks_end_with_the_period(days, look, blocks):
    end = date(2025, 6, 1)
    found = aftermath.days_before(Period(date.fromordinal(end.toordinal() - days), end))
    assert found == (look, tuple(28 * number for number in range(blocks, 0, -1)))


def test_a_block_without_time_of_one_kind_is_left_out():
    found = Blocks((1, 3), longs(100, 0, 50), longs(100, 100, 0), longs(3, 0, 9), longs(1, 7, 0))
    told = aftermath.compared(found, longs(0), 1)
    assert (told.left.tolist(), told.usual_left.tolist()) == ([3], [1])
    assert told.excess.expected.tolist() == [1.0]


def test_a_group_that_dies_does_not_seem_to_die_of_its_sends():
    """Half of each block is after sends; all leaves are in the second block, as many after sends as otherwise."""
    halves = longs(1_000, 1_000)
    told = aftermath.compared(Blocks((1, 2), halves, halves, longs(0, 40), longs(0, 40)), longs(0), 1)
    assert told.excess.expected.tolist() == [40.0] and not told.is_flagged.any()


def test_groups_of_a_key_are_compared_each_with_itself():
    """One is sent to much and loses many anyway, the other neither: together they show no excess."""
    found = Blocks((2, 1), longs(900, 100), longs(100, 900), longs(90, 1), longs(10, 9))
    told = aftermath.compared(found, longs(0, 0), 1)
    assert told.excess.excess[0] == pytest.approx(0, abs=1.1)
    assert told.excess.low[0] < 0 < told.excess.high[0]


def test_where_nobody_left_in_the_baseline_one_leave_is_no_proof():
    told = aftermath.compared(Blocks((2, 1), longs(50, 1), longs(50, 99), longs(1, 6), longs(0, 0)), longs(0, 1), 2)
    assert told.excess.low[0] == 0 and told.excess.low[1] > 0
    assert told.is_flagged.tolist() == [False, True]


def test_of_many_groups_without_a_difference_hardly_any_is_flagged_and_a_true_one_is():
    """5,000 groups of which one loses five times as many after sends; 95 % each would flag a hundred and more."""
    rng = np.random.default_rng(5)
    time, usual_time = np.full(5_000, 10_000), np.full(5_000, 18_000)
    left, usual_left = rng.poisson(10, 5_000), rng.poisson(18, 5_000)
    left[77] = 60
    told = aftermath.compared(Blocks((5_000, 1), time, usual_time, left, usual_left), np.arange(5_000), 5_000)
    assert told.is_flagged[77] and told.is_flagged.sum() <= 3
    assert (told.excess.low > 0).sum() > 50


@pytest.mark.parametrize("seed", range(20))
def test_who_is_flagged_is_what_the_procedure_says(seed):
    rng = np.random.default_rng(seed)
    chance = np.where(rng.random(40) < 0.3, rng.random(40) ** 8, rng.random(40))
    chance[rng.random(40) < 0.1] = np.nan
    found = aftermath.flagged(chance)
    expected = flagged({str(n): None if np.isnan(p) else float(p) for n, p in enumerate(chance)})
    assert {str(n) for n in np.flatnonzero(found)} == expected
    assert not aftermath.flagged(np.full(3, np.nan)).any()
