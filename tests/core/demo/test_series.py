"""Series of the demo brand: parts add up on every day, and the planted faults of recording are set aside and nothing else of note."""

from datetime import date

import numpy as np
import pytest

from core.models.forecast import festivals
from core.models.forecast.cleaning import clean
from core.models.forecast.history import History
from core.work.questions import series
from core.work.questions.reading import reading
from tests.core.demo.conftest import Filled


@pytest.mark.parametrize("measure", series.MEASURES)
def test_parts_and_hours_add_up_to_the_total_on_every_day(filled: Filled, measure: str) -> None:
    with reading(filled.home) as lake:
        total = series.total(lake, measure)
        hours = series.hours(lake, measure)
        parts = [series.parts(lake, measure, by) for by in series.breakdowns(measure)]
    assert total.days > 300
    assert np.nansum(total.values) > 0
    np.testing.assert_array_equal(hours.values.sum(axis=1), total.values)
    for one in parts:
        assert 1 < len(one) <= series.MOST_PARTS + 2
        np.testing.assert_array_equal(np.sum([part.values for part in one], axis=0), total.values)


def test_days_that_were_hardly_recorded_and_the_crawlers_day_are_set_aside(crowded: Filled) -> None:
    planted = {date.fromisoformat(one["on"]) for one in crowded.truths["outages"]["days"]}
    events = [one for name in festivals.BUILT_IN for one in festivals.occurrences(name)]
    with reading(crowded.home) as lake:
        traffic = series.total(lake, "traffic")
    found = {note.on for note in clean(History(traffic.start_on, traffic.values), events).notes}
    assert planted <= found
    assert len(found - planted) <= 2
