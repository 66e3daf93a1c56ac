"""The next days by hour: each day's forecast shared out as its hours usually are."""

from datetime import date, timedelta

import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, i18n
from dashboard.data import forecast
from dashboard.data.forecast import Hours, Line, Lines
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.forecast import lines
from dashboard.widgets.forecast.looks import Look

DAYS = 7
DAY = "fc_hours_of"


def show(shown: Look, line: Line, known: Lines) -> None:
    with st.container(border=True, key="card_hours"):
        st.html(heading.section(t("forecast.hours"), t("forecast.hours_lead"), "forecast-hours"))
        days = [shown.path.start_on + timedelta(days=n) for n in range(min(DAYS, shown.path.days))]
        on: date = st.selectbox(
            t("forecast.day"), days, format_func={one: _named(one) for one in days}.get, key=DAY, width=240
        )
        found = forecast.hours(shown.asked, shown.outcome, shown.path, shown.key)
        place = days.index(on)
        charts.show(
            "forecast_hours", f"{shown.key}|{line.text}|{on}", lambda: _picture(found, place, line, known), alt=t("forecast.hours_alt")
        )  # fmt: skip
        if found.mase is not None and found.naive_mase is not None:
            told = t(
                "forecast.hours_error",
                mase=i18n.number(found.mase, 2),
                naive=i18n.number(found.naive_mase, 2),
                folds=found.folds,
            )
            st.html(heading.line(told))


def _named(on: date) -> str:
    return i18n.aside(i18n.day(on, with_year=False), t(f"calendar.day_{on.weekday()}"))


def _picture(found: Hours, place: int, line: Line, known: Lines) -> go.Figure:
    colour = charts.BRAND[charts.theme()]
    point = found.point[place].tolist()
    low, high = found.lower80[place], found.upper80[place]
    told = [
        f"<b>{hour}:00 {lines.written(value, line, known)}</b>"
        + (
            f"<br>80% {lines.written(low[hour], line, known)} – {lines.written(high[hour], line, known)}"
            if len(low)
            else ""
        )
        for hour, value in enumerate(point)
    ]
    bounds = {
        "type": "data", "symmetric": False, "array": (high - found.point[place]).clip(0).tolist(),
        "arrayminus": (found.point[place] - low).clip(0).tolist(), "color": charts.GREY, "thickness": 1.2, "width": 2,
    } if len(low) else None  # fmt: skip
    figure = go.Figure()
    figure.add_bar(
        x=list(range(24)), y=point, marker={"color": colour, "cornerradius": 3}, error_y=bounds, customdata=told,
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    top = max([*point, *high.tolist(), 1.0]) if len(low) else max([*point, 1.0])
    figure.update_layout(**charts.layout(240), showlegend=False, bargap=0.25)
    figure.update_xaxes(
        showgrid=False, tickvals=list(range(0, 24, 3)), ticktext=[f"{hour}:00" for hour in range(0, 24, 3)]
    )
    figure.update_yaxes(**charts.ticks(0, top * 1.08, lambda value: lines.written(value, line, known)))
    return figure
