"""What is said of fits without loading a model is what fits say themselves."""

from datetime import date

import numpy as np
import pytest

from core.errors import NothingVaries, TooShort
from core.models.forecast import fits, gate
from core.models.forecast.history import History
from core.models.forecast.spec import HORIZONS, Spec


def test_the_gate_and_the_fits_say_the_same():
    assert gate.HEADLINE == fits.HEADLINE
    for horizon in range(*HORIZONS):
        assert gate.fewest_days(horizon) == fits.fewest_days(horizon)


@pytest.mark.parametrize("say", [gate.refuse, fits.refuse])
def test_what_is_too_short_or_always_the_same_is_refused(say):
    values = np.arange(60.0)
    say(History(date(2026, 1, 1), values), Spec(horizon=30))
    with pytest.raises(TooShort) as refused:
        say(History(date(2026, 1, 1), np.where(values < 3, np.nan, values)), Spec(horizon=30))
    assert (refused.value.details["days"], refused.value.details["fewest"]) == (57, 58)
    with pytest.raises(NothingVaries):
        say(History(date(2026, 1, 1), np.where(values < 1, np.nan, 5.0)), Spec(horizon=30))
