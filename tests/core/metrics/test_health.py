"""The score of a group: parts on straight lines, weights shared out anew where one is missing, changes that add up."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics.health import PARTS, Part, health

NAMES = [part.name for part in PARTS]
BEST = {part.name: np.array([part.best]) for part in PARTS}
WORST = {part.name: np.array([part.worst]) for part in PARTS}
NOTHING = {part.name: np.array([np.nan]) for part in PARTS}


def test_all_weights_make_one_whole():
    assert sum(part.weight for part in PARTS) == pytest.approx(1)


def test_the_best_of_all_is_a_hundred_and_the_worst_nothing():
    assert health(BEST, WORST).score.tolist() == [100]
    assert health(BEST, WORST).before.tolist() == [0]
    assert health(BEST, WORST).change.tolist() == [100]


def test_beyond_the_best_and_the_worst_a_part_stays_there():
    part = Part("speaking", 1.0, 0.1, 0.3)
    found = health({"speaking": np.array([0.05, 0.1, 0.2, 0.3, 0.9])}, {"speaking": np.full(5, np.nan)}, [part])
    assert found.points["speaking"].tolist() == pytest.approx([0, 0, 50, 100, 100])


def test_a_part_may_be_better_low():
    part = Part("staying", 1.0, 0.2, 0.0)
    found = health({"staying": np.array([0.0, 0.05, 0.2])}, {"staying": np.full(3, np.nan)}, [part])
    assert found.score.tolist() == pytest.approx([100, 75, 0])
    assert not part.is_better_high


def test_without_half_of_the_weight_there_is_no_score_and_with_half_there_is():
    half = NOTHING | {"staying": BEST["staying"], "speaking": WORST["speaking"]}
    assert health(half, NOTHING).score.tolist() == pytest.approx([50])
    less = NOTHING | {"staying": BEST["staying"], "regular": BEST["regular"]}
    assert math.isnan(health(less, NOTHING).score[0])


def test_a_change_is_told_over_the_parts_of_both_months():
    """Only now is it known who answers, so that moves nothing."""
    now = BEST | {"speaking": WORST["speaking"]}
    found = health(now, BEST | {"answering": NOTHING["answering"]})
    assert found.change[0] == pytest.approx(-100 * 0.25 / 0.9)
    assert math.isnan(found.moved["answering"][0])


def test_without_a_month_before_there_is_no_change():
    found = health(BEST, NOTHING)
    assert math.isnan(found.change[0]) and all(math.isnan(found.moved[name][0]) for name in NAMES)


figures = st.lists(st.one_of(st.none(), st.floats(-1, 2)), min_size=6, max_size=6)


@given(now=figures, before=figures)
def test_what_the_parts_moved_adds_up_to_the_change_and_the_score_is_the_plain_mean(now, before):
    def arrays(values):
        return {name: np.array([np.nan if one is None else one]) for name, one in zip(NAMES, values, strict=True)}

    found = health(arrays(now), arrays(before))

    def points(part, value):
        return min(max((value - part.worst) / (part.best - part.worst), 0), 1) * 100

    def mean(pairs):
        weight = sum(part.weight for part, _ in pairs)
        return (
            sum(part.weight * points(part, value) for part, value in pairs) / weight if weight >= 0.5 - 1e-9 else None
        )

    def plain(value):
        return None if math.isnan(value) else value

    def told(values):
        return [(part, one) for part, one in zip(PARTS, values, strict=True) if one is not None]

    for score, values in ((found.score, now), (found.before, before)):
        assert plain(score[0]) == (None if mean(told(values)) is None else pytest.approx(mean(told(values))))
    both = [place for place in range(6) if now[place] is not None and before[place] is not None]
    was, is_ = (mean([(PARTS[place], values[place]) for place in both]) for values in (before, now))
    if was is None or is_ is None:
        assert math.isnan(found.change[0])
        return
    assert found.change[0] == pytest.approx(is_ - was, abs=1e-9)
    moved = sum(found.moved[NAMES[place]][0] for place in both)
    assert moved == pytest.approx(found.change[0], abs=1e-9)
