"""Whether tuning made a forecast better, in words."""

from datetime import date

import numpy as np
import pytest

from core.models.forecast.history import History
from core.models.forecast.spec import Spec
from dashboard import i18n
from dashboard.widgets.forecast import tuning
from tests.core.work.small_fit import outcome


@pytest.mark.parametrize(
    ("spec", "days", "verdict"),
    [
        (Spec(changepoint_prior=0.25), 70, "Worse: MASE 0.80 → 1.00 (+25.0%)"),
        (Spec(changepoint_prior=0.0504), 70, "Almost no change: MASE 0.80 → 0.80"),
        (Spec(growth="flat"), 70, "Almost no change: MASE 0.80 → 0.80"),
        (Spec(changepoint_prior=0.25), 71, "The two errors cannot be compared."),
        (Spec(changepoint_prior=0.25, horizon=7), 70, "They look 30 and 7 days ahead, so their backtests are of other days: the two errors cannot be compared."),
    ],
)  # fmt: skip
def test_errors_are_compared_only_over_the_same_days(monkeypatch, spec, days, verdict):
    monkeypatch.setattr(i18n.st, "session_state", {"_language": "en"})
    house, own = (History(date(2026, 1, 1), np.arange(length) % 7.0) for length in (70, days))
    assert tuning.verdict(outcome(house, None, Spec()), outcome(own, None, spec)) == verdict
