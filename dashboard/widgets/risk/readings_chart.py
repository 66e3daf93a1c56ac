"""Readings over time, with the limits that rules watch them by."""

from datetime import timedelta

import plotly.graph_objects as go

from dashboard import charts, i18n
from dashboard.data.readings import Limit, Readings
from dashboard.i18n import t
from dashboard.widgets.risk import reading_words as words

DAYS = 365
ROOM = timedelta(days=3)


def picture(found: Readings) -> go.Figure:
    """The last year up to the newest reading; days without one are gaps, and those that break a limit are marked. Changes of policy are bars: most days have none."""
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
        symbols = ["diamond" if found.broken(value) else "circle" for value in values]
        figure.add_scatter(
            x=days, y=values, mode="lines+markers", line={"color": charts.BRAND[look], "width": 2}, marker={"size": 7, "color": colours, "symbol": symbols}, **shown
        )  # fmt: skip
    else:
        figure.add_bar(x=days, y=values, width=2.2 * 86_400_000, marker={"color": colours}, **shown)
    high, low = _ends(found, values)
    for one in found.limits:
        _limit(figure, found, one, look)
    figure.update_layout(**charts.layout(300, margin_top=20))
    figure.update_xaxes(
        type="date", showgrid=False, nticks=8, tickangle=0, tickformat="%y年%m月%d日" if i18n.language() == "zh" else "%b %d, %y",
        range=[(days[0] - ROOM).isoformat(), (days[-1] + ROOM).isoformat()],
    )  # fmt: skip
    figure.update_yaxes(
        **charts.ticks(low, high, lambda value: words.value(found.kind, value), whole=found.kind.unit == "count")
    )
    return figure


def _ends(found: Readings, values: list[float]) -> tuple[float, float]:
    every = [*values, *(one.value for one in found.limits)]
    high = max(*every, 0.0)
    return high * 1.1, min(*every, 0.0) * 1.1


def _limit(figure: go.Figure, found: Readings, one: Limit, look: str) -> None:
    figure.add_hline(y=one.value, line={"color": charts.BAD[look], "width": 1.4, "dash": "dash"})
    figure.add_annotation(
        x=0, xref="paper", xanchor="left", y=one.value, yanchor="bottom", showarrow=False, font={"size": 11, "color": charts.BAD[look]},
        text=t("readings.limit", limit=words.limit(found.kind, one)),
    )  # fmt: skip
