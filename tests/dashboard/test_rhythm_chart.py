"""The picture of rates after sends: every interval is drawn, those without an upper bound to the end of the axis."""

from datetime import date
from math import log2

from core.periods import Period
from dashboard.data.rhythm import Sends
from dashboard.widgets.community import rhythm_chart


def row(key, **more):
    return {
        "key": key, "name": key, "excess": 3.0, "times": 2.0, "times_low": 1.5, "times_high": 4.0, "is_flagged": False, "left": 4, "expected": 1.0,
    } | more  # fmt: skip


def test_an_interval_without_an_upper_bound_is_drawn_to_the_end_of_the_axis():
    """Of b nobody left in its usual time: no rate and no bound, yet surely above the usual; of c nothing can be told."""
    rows = (
        row("a"),
        row("b", times=None, times_high=None),
        row("c", excess=None, times=None, times_low=None, times_high=None),
    )
    found = Sends("k", "group", rows, row("all"), Period(date(2025, 3, 4), date(2025, 4, 1)))
    figure = rhythm_chart.of_rates(found, {one["key"]: one["key"] for one in rows}, None)
    bounded, open_, points = figure.data
    assert open_.x == (log2(1.5), log2(rhythm_chart.HIGHEST)) and open_.y[0].startswith("b")
    assert open_.marker.symbol == ("line-ns", "triangle-right") and bounded.marker.symbol == ("line-ns", "line-ns")
    assert rhythm_chart.t("rhythm.unbounded") in open_.hovertemplate
    assert points.x == (1.0, None)
    assert [one["key"] for one in rhythm_chart.drawn(found)] == ["a", "b"]
