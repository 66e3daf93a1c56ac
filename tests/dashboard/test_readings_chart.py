"""The picture of readings: its line is broken where nothing came for more than a week, and what breaks a limit is marked."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core.work.questions.readings import BUILT_IN, Told
from dashboard.data.readings import Limit, Readings
from dashboard.widgets.risk import readings_chart

LAST = date(2026, 11, 20)


def found(*points: tuple[int, float], kind: str = "public_opinion", limits: tuple[Limit, ...] = ()) -> Readings:
    """Points: days before the last one, and the figure."""
    told = [
        Told(kind, str(ago), 1, LAST - timedelta(days=ago), value, "<b>词</b>", False, "hand", "林", datetime(2026, 11, 20, tzinfo=UTC))
        for ago, value in points
    ]  # fmt: skip
    return Readings(BUILT_IN[kind], tuple(told), limits, LAST, "Asia/Shanghai")


@pytest.mark.parametrize(
    ("direction", "is_inclusive", "values", "broken"),
    [
        ("above", True, (799, 800, 801), [False, True, True]),
        ("above", False, (799, 800, 801), [False, False, True]),
        ("below", True, (799, 800, 801), [True, True, False]),
        ("below", False, (799, 800, 801), [True, False, False]),
    ],
)
def test_a_limit_is_broken_from_it_on_or_beyond_it(direction, is_inclusive, values, broken):
    limit = Limit("opinion", 800, direction, is_inclusive)
    assert [limit.is_broken(value) for value in values] == broken


def test_a_week_without_readings_is_drawn_across_and_more_is_a_gap():
    figure = readings_chart.picture(found((20, 5.0), (11, 6.0), (3, 7.0), (2, 8.0)))
    line = next(one for one in figure.data if one.mode == "lines")
    assert list(line.y) == [5.0, None, 6.0, 7.0, 8.0]  # 20 to 11: eight days without; 11 to 3: seven


def test_what_breaks_the_limit_is_a_diamond_and_the_limit_stays_in_sight():
    figure = readings_chart.picture(found((2, 700.0), (1, 810.0), limits=(Limit("opinion", 800, "above", True),)))
    points = next(one for one in figure.data if one.mode == "markers")
    assert list(points.marker.symbol) == ["circle", "diamond"]
    low, high = figure.layout.yaxis.range
    assert low <= 0 and high > 810
    assert "&lt;b&gt;" in points.customdata[0]  # words of the house have no meaning for the picture


def test_few_readings_have_a_quarter_of_a_year_around_them():
    figure = readings_chart.picture(found((0, 4.0), kind="policy_change"))
    start, end = (date.fromisoformat(str(one)[:10]) for one in figure.layout.xaxis.range)
    assert (LAST - start).days >= 90 and end > LAST
