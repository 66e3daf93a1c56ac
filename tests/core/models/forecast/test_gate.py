"""What can be forecast at all."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from core.errors import NothingVaries, TooShort
from core.models.forecast import gate
from core.models.forecast.history import History, Known
from core.models.forecast.models import NAIVE, VOICES
from core.models.forecast.spec import Spec

FIRST = date(2026, 1, 1)
NOTHING = Known(FIRST)


def test_the_house_forecasts_with_the_naive_and_the_voices():
    assert (NAIVE, *VOICES) == gate.HEADLINE


def made(days: int) -> History:
    return History(FIRST, np.arange(float(days)))


def shortage(refused) -> tuple[int, int]:
    return refused.value.details["days"], refused.value.details["fewest"]


def days(first: int, after: int) -> tuple[date, ...]:
    return tuple(FIRST + timedelta(days=place) for place in range(first, after))


def test_what_is_too_short_or_always_the_same_is_refused():
    values = np.arange(60.0)
    gate.refuse(History(FIRST, values), NOTHING, Spec(horizon=30))
    with pytest.raises(TooShort) as refused:
        gate.refuse(History(FIRST, np.where(values < 3, np.nan, values)), NOTHING, Spec(horizon=30))
    assert shortage(refused) == (57, 58)
    with pytest.raises(NothingVaries):
        gate.refuse(History(FIRST, np.where(values < 1, np.nan, 5.0)), NOTHING, Spec(horizon=30))


@pytest.mark.parametrize(
    ("known", "spec"),
    [
        (Known(FIRST, closed=days(0, 100)), Spec()),
        (Known(FIRST, closed=days(0, 43)), Spec()),
        (NOTHING, Spec(set_aside=days(0, 43))),
        (Known(FIRST, closed=days(0, 30)), Spec(set_aside=days(20, 43))),
    ],
)
def test_days_that_are_closed_or_set_aside_cannot_be_learnt_and_do_not_count(known, spec):
    with pytest.raises(TooShort) as refused:
        gate.refuse(made(100), known, spec)
    assert shortage(refused) == (100 - len({*known.closed, *spec.set_aside}), 58)


def test_a_closed_day_that_is_kept_counts():
    gate.refuse(made(100), Known(FIRST, closed=days(0, 43)), Spec(kept=days(0, 1)))


def test_a_training_span_holds_four_weeks_that_can_be_learnt():
    spec = Spec(training_days=56, set_aside=days(944, 973))
    with pytest.raises(TooShort) as refused:
        gate.refuse(made(1000), NOTHING, spec)
    assert shortage(refused) == (27, 28)
    assert refused.value.details["reason"] == "span"
    gate.refuse(made(1000), NOTHING, replace(spec, set_aside=days(944, 972)))


def test_folds_follow_each_other_up_to_the_end_and_know_eight_weeks():
    assert gate.folds(made(200), NOTHING, Spec(), 12) == [80, 110, 140, 170]
    assert gate.folds(made(87), NOTHING, Spec(), 12) == []
    assert len(gate.folds(made(1000), NOTHING, Spec(), 12)) == 12


def test_folds_are_the_same_whatever_a_spec_sets_aside_as_long_as_it_learns_anything():
    assert gate.folds(made(200), NOTHING, Spec(set_aside=days(0, 50)), 12) == [80, 110, 140, 170]
    assert gate.folds(made(200), NOTHING, Spec(set_aside=days(0, 60)), 12) == [110, 140, 170]
    assert gate.folds(made(200), Known(FIRST, closed=days(0, 30)), Spec(), 12) == [110, 140, 170]
