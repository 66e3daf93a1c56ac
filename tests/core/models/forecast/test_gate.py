"""What can be forecast at all."""

from datetime import date

import numpy as np
import pytest

from core.errors import NothingVaries, TooShort
from core.models.forecast import gate
from core.models.forecast.history import History
from core.models.forecast.models import NAIVE, VOICES
from core.models.forecast.spec import Spec


def test_the_house_forecasts_with_the_naive_and_the_voices():
    assert (NAIVE, *VOICES) == gate.HEADLINE


def test_what_is_too_short_or_always_the_same_is_refused():
    values = np.arange(60.0)
    gate.refuse(History(date(2026, 1, 1), values), Spec(horizon=30))
    with pytest.raises(TooShort) as refused:
        gate.refuse(History(date(2026, 1, 1), np.where(values < 3, np.nan, values)), Spec(horizon=30))
    assert (refused.value.details["days"], refused.value.details["fewest"]) == (57, 58)
    with pytest.raises(NothingVaries):
        gate.refuse(History(date(2026, 1, 1), np.where(values < 1, np.nan, 5.0)), Spec(horizon=30))
