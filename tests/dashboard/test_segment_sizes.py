"""The size of a segment over time stands where the clock of the business zone stood."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.data.saved_segments import Size
from dashboard.widgets.segments import size_chart

FIRST = datetime(2026, 11, 22, 21, 21, tzinfo=UTC)


def drawn(*later):
    sizes = [Size(FIRST + timedelta(hours=hours), 5, None, None, 1) for hours in (0, *later)]
    figure = size_chart.of(sizes, "Asia/Shanghai")
    return figure.data[0].x, figure.layout.xaxis


def test_a_count_of_the_early_morning_stands_on_its_own_day():
    x, axis = drawn(1)
    assert [str(one)[:16] for one in x] == ["2026-11-23 05:21", "2026-11-23 06:21"]
    assert list(axis.ticktext) == ["11月23日 05:21", "11月23日 06:21"]


@pytest.mark.parametrize("later", [(0.01,), (1, 2, 47), (49,), (24, 72, 240), tuple(range(24, 24 * 400, 24))])
def test_no_two_ticks_say_the_same_and_all_are_within(later):
    x, axis = drawn(*later)
    low, high = axis.range
    assert 1 <= len(axis.ticktext) <= 7
    assert len(set(axis.ticktext)) == len(axis.ticktext) == len(axis.tickvals)
    assert all(low <= one <= high for one in (*x, *axis.tickvals))
