"""Differences between those written to and those held out, each a point with the interval around it, and the line of no difference."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from dashboard import charts
from dashboard.charts import BAD, BRAND, GREY, SOFT

ROW = 46


@dataclass(frozen=True, slots=True)
class Point:
    """``low``, ``high``: of its interval."""

    name: str
    difference: float | None
    low: float | None
    high: float | None


Words = Callable[[float | None], str]


def forest(points: Sequence[Point], words: Words, brief: Words) -> go.Figure:
    """Downwards, the whole first. ``words``: of a difference, ``brief``: the same in short, at the axis and beside points. What is above 0 altogether, below it altogether, and neither have a colour each."""
    look = charts.theme()
    figure = go.Figure()
    names = [charts.cut(one.name, 24) for one in points]
    for name, one in zip(names, points, strict=True):
        low, high, middle = one.low or 0.0, one.high or 0.0, one.difference or 0.0
        color = BRAND[look] if low > 0 else BAD[look] if high < 0 else GREY
        said = f"{words(middle)} ({words(low)} … {words(high)})"
        figure.add_scatter(
            x=[low, high], y=[name, name], mode="lines", line={"color": color, "width": 5}, opacity=0.45, hoverinfo="skip", showlegend=False,
        )  # fmt: skip
        figure.add_scatter(
            x=[middle], y=[name], mode="markers", marker={"color": color, "size": 12, "line": {"width": 0}}, customdata=[said], hovertemplate="%{y} %{customdata}<extra></extra>",
            showlegend=False,
        )  # fmt: skip
        figure.add_annotation(
            x=middle, y=name, text=f"{brief(middle)} ({brief(low)} … {brief(high)})", showarrow=False, yshift=16, font={"size": 11.5, "color": SOFT[look]}
        )  # fmt: skip
    every = [value for one in points for value in (one.low or 0.0, one.high or 0.0)] + [0.0]
    low, high = min(every), max(every)
    room = (high - low or 1.0) * 0.22
    figure.add_vline(x=0, line={"color": GREY, "width": 1.5, "dash": "dot"})
    figure.update_layout(**charts.layout(ROW * len(points) + 62, margin_top=14))
    figure.update_xaxes(**charts.ticks(low - room, high + room, brief), showgrid=True)
    figure.update_xaxes(nticks=4)
    figure.update_yaxes(autorange="reversed", automargin=True, ticks="", showgrid=False)
    return figure
