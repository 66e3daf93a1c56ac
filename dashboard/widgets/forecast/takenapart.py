"""How Prophet takes a series apart: its trend, and what each day of the week adds."""

from datetime import datetime, time, timedelta

import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, i18n
from dashboard.data.forecast import Components, Line, Lines
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.forecast import lines
from dashboard.widgets.forecast.looks import Look

HEIGHT = 240


def show(shown: Look, line: Line, known: Lines) -> None:
    """Nothing where Prophet took no part."""
    found = shown.outcome.components
    if found is None:
        return
    with st.container(border=True, key="card_taken_apart"):
        st.html(heading.section(t("forecast.apart"), t("forecast.apart_lead"), "forecast-apart"))
        trend, weekly = st.columns([3, 2])
        key = f"{shown.fit.key}|{line.text}"
        with trend:
            st.caption(t("forecast.trend"))
            charts.show("forecast_trend", key, lambda: _trend(found, line, known), alt=t("forecast.trend"))
        if found.weekly:
            with weekly:
                st.caption(t("forecast.weekly"))
                charts.show("forecast_weekly", key, lambda: _weekly(found, line, known), alt=t("forecast.weekly"))


def _trend(found: Components, line: Line, known: Lines) -> go.Figure:
    days = [found.start_on + timedelta(days=n) for n in range(len(found.trend))]
    told = [
        f"<b>{i18n.day(on)} {lines.written(value, line, known)}</b>"
        for on, value in zip(days, found.trend, strict=True)
    ]
    figure = go.Figure()
    figure.add_scatter(
        x=[datetime.combine(on, time(12)) for on in days], y=list(found.trend), mode="lines", customdata=told,
        line={"color": charts.BRAND[charts.theme()], "width": 2.2}, hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(**charts.layout(HEIGHT), showlegend=False)
    figure.update_xaxes(showgrid=False, tickformat="%Y-%m", nticks=5, tickangle=0)
    low, high = min(0.0, *found.trend), max(found.trend)
    figure.update_yaxes(**charts.ticks(low, high * 1.1, lambda value: lines.written(value, line, known)))
    return figure


def _weekly(found: Components, line: Line, known: Lines) -> go.Figure:
    def words(value: float | None) -> str:
        if found.is_share:
            return i18n.change(value, 0)
        return ("+" if value and value > 0 else "") + lines.written(value, line, known)

    names = [t(f"calendar.day_{day}") for day in range(7)]
    good, bad = charts.BRAND[charts.theme()], charts.BAD[charts.theme()]
    figure = go.Figure()
    figure.add_bar(
        x=names, y=list(found.weekly), customdata=[f"<b>{name} {words(one)}</b>" for name, one in zip(names, found.weekly, strict=True)],
        marker={"color": [good if one >= 0 else bad for one in found.weekly], "cornerradius": 3},
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    far = max(map(abs, found.weekly)) or 1.0
    figure.update_layout(**charts.layout(HEIGHT), showlegend=False, bargap=0.3)
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(**charts.ticks(-far * 1.15, far * 1.15, words))
    return figure
