"""Readings over time, with the limits that rules watch them by."""

from datetime import date, timedelta

import plotly.graph_objects as go

from dashboard import charts, i18n
from dashboard.data.readings import Limit, Readings
from dashboard.i18n import t
from dashboard.widgets.risk import reading_words as words

DAYS = 365
ROOM = timedelta(days=3)
LEAST_DAYS = 90
"""That are drawn, however few have readings."""
MOST_GAP = 7
"""Days without a reading that a line is drawn across."""
PAPER = {"light": "rgba(255,255,255,.8)", "dark": "rgba(21,28,34,.8)"}
"""Below words in the picture."""


def picture(found: Readings) -> go.Figure:
    """The last year up to the newest reading; where none came for more than a week the line is broken, and those that break a limit are marked. Changes of policy are bars: most days have none."""
    newest = found.told[-1].day_on
    told = [one for one in found.told if (newest - one.day_on).days <= DAYS]
    look = charts.theme()
    values = [one.value for one in told]
    said = [f"<b>{i18n.day(one.day_on)}</b> {words.value(found.kind, one.value)}<br>{charts.cut(one.note, 60)}" for one in told]  # fmt: skip
    colours = [charts.BAD[look] if found.broken(value) else charts.BRAND[look] for value in values]
    shown = {"customdata": said, "hovertemplate": "%{customdata}<extra></extra>", "showlegend": False}
    figure = go.Figure()
    days = [one.day_on for one in told]
    if found.kind.is_of_days:
        figure.add_scatter(
            x=days, y=values, mode="markers", marker={"size": 7, "color": colours, "symbol": ["diamond" if found.broken(value) else "circle" for value in values]}, **shown
        )  # fmt: skip
        course = _broken(list(zip(days, values, strict=True)))
        figure.add_scatter(
            x=[on for on, _ in course], y=[value for _, value in course], mode="lines", line={"color": charts.BRAND[look], "width": 2},
            connectgaps=False, hoverinfo="skip", showlegend=False,
        )  # fmt: skip
    else:
        figure.add_bar(x=days, y=values, width=2.2 * 86_400_000, marker={"color": colours}, **shown)
    high, low = _ends(found, values)
    for one in found.limits:
        _limit(figure, found, one, look)
    figure.update_layout(**charts.layout(300, margin_top=20))
    figure.update_xaxes(
        type="date", showgrid=False, nticks=6, tickangle=0, tickformat="%m月%d日" if i18n.language() == "zh" else "%b %d",
        range=[(min(days[0], newest - timedelta(days=LEAST_DAYS)) - ROOM).isoformat(), (newest + ROOM).isoformat()],
    )  # fmt: skip
    figure.update_yaxes(
        **charts.ticks(low, high, lambda value: words.value(found.kind, value), whole=found.kind.unit == "count")
    )
    return figure


def _broken(points: list[tuple[date, float]]) -> list[tuple[date, float | None]]:
    """With a point that has no value where more than ``MOST_GAP`` days have none."""
    course: list[tuple[date, float | None]] = []
    for on, value in points:
        if course and (on - course[-1][0]).days > MOST_GAP + 1:
            course.append((course[-1][0] + timedelta(days=1), None))
        course.append((on, value))
    return course


def _ends(found: Readings, values: list[float]) -> tuple[float, float]:
    every = [*values, *(one.value for one in found.limits)]
    high = max(*every, 0.0)
    return high * 1.1, min(*every, 0.0) * 1.1


def _limit(figure: go.Figure, found: Readings, one: Limit, look: str) -> None:
    figure.add_hline(y=one.value, line={"color": charts.BAD[look], "width": 1.4, "dash": "dash"})
    figure.add_annotation(
        x=0, xref="paper", xanchor="left", y=one.value, yanchor="bottom", showarrow=False, font={"size": 11, "color": charts.BAD[look]},
        bgcolor=PAPER[look], text=t("readings.limit", limit=words.limit(found.kind, one)),
    )  # fmt: skip
