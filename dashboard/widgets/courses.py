"""How a funnel's conversion went, day by day or week by week of entry."""

from datetime import datetime, time, timedelta
from html import escape

import plotly.graph_objects as go
import streamlit as st

from dashboard import addresses, charts, i18n
from dashboard.actions import guard
from dashboard.data import funnels
from dashboard.data.funnels import Course, View
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import choice, columns, dropped, tables
from dashboard.widgets.choice import Choice
from dashboard.widgets.dropped import entered_words
from dashboard.widgets.steps import SMALL

GRAINS = ("day", "week")
DAYS_BY_DAY = 62
"""Longer periods are shown by week unless somebody wants the days."""


def read(view: View, asked: Filters) -> Course:
    """By day or by week, as the address says."""
    return funnels.course(view, asked, choice.read("grain", _grains(asked)))  # type: ignore[arg-type]


def _grains(asked: Filters) -> tuple[str, ...]:
    """The usual one first."""
    return GRAINS if asked.period.days <= DAYS_BY_DAY else GRAINS[::-1]


def choose(course: Course) -> str:
    """The way to the other grain, as HTML."""
    labels = {one: t(f"funnel.grain_{one}") for one in GRAINS}
    return choice.row(Choice("grain", t("funnel.grain"), labels, course.grain), addresses.beside(dropped.PARAMETER))


def show(course: Course, view: View, called: list[str]) -> None:
    charts.show("course", course.key, lambda: _chart(course), alt=t("funnel.look_trend"))
    notes = []
    if course.found.open_from < len(course.starts):
        since = i18n.day(course.starts[course.found.open_from], with_year=False)
        notes.append(t("funnel.trend_open", day=since))
    if view.asked.count == "attempts":
        notes.append(t("funnel.of_best_attempt"))
    if notes:
        st.html("".join(f'<p class="lead">{escape(note)}</p>' for note in notes))
    _table(course)
    _people(course, view, called)


def _share(course: Course, place: int) -> float | None:
    """Of those who entered, the share that converted; of few it says nothing."""
    entered, converted = int(course.found.entered[place]), int(course.found.converted[place])
    return converted / entered if entered >= SMALL else None


def _table(course: Course) -> None:
    """Written only while somebody looks at it."""
    table = st.expander(t("funnel.table"), icon=":material/table:", key="trend_table", on_change="rerun")
    if not table.open:
        return
    with table:
        figures = columns.right(t("funnel.entered"), t("funnel.completed"), t("funnel.conversion"))
        rows = tables.written("course", course.key, lambda: _rows(course))
        st.dataframe(rows, hide_index=True, column_config=figures, alt=t("funnel.look_trend"))


def _rows(course: Course) -> tables.Columns:
    places = range(len(course.starts))
    return {
        t(f"funnel.grain_{course.grain}"): [entered_words(course, p) for p in places],
        t("funnel.entered"): [i18n.number(int(course.found.entered[p])) for p in places],
        t("funnel.completed"): [i18n.number(int(course.found.converted[p])) for p in places],
        t("funnel.conversion"): [i18n.share(_share(course, p)) for p in places],
        t("funnel.window_state"): [
            t("funnel.window_open" if p >= course.found.open_from else "funnel.window_closed") for p in places
        ],
    }


def _people(course: Course, view: View, called: list[str]) -> None:
    """Who entered in one of the days or weeks; at first in the one that the address opens the people of."""
    if not guard.may("people.see"):
        return
    labels = _labels(key=f"{course.key}|{i18n.language()}", _course=course)
    key = f"trend_of_{course.grain}"
    place = course.place(dropped.since())
    if place in labels and key not in st.session_state:
        st.session_state[key] = place
    chosen: int | None = st.selectbox(
        t("funnel.trend_people"), list(labels), index=None, format_func=labels.get, key=key,
        placeholder=t("funnel.trend_choose"), width=260,
    )  # fmt: skip
    if chosen is not None:
        st.html(dropped.links(view, called, course.entered(chosen), course.starts[chosen].isoformat()))


@kept.by_key(32)
def _labels(key: str, _course: Course) -> dict[int, str]:  # noqa: ARG001 - what it is kept by
    """Those with somebody, the last first."""
    places = reversed(range(len(_course.starts)))
    return {place: entered_words(_course, place) for place in places if _course.found.entered[place]}


def _chart(course: Course) -> go.Figure:
    """Who entered as faint bars, the share that converted as a line; where windows are still open it is dotted, and hatched."""
    theme, places = charts.theme(), range(len(course.starts))
    closed = course.found.open_from
    at = [_middle(course, place) for place in places]
    shares = [_share(course, place) for place in places]
    entered = [int(course.found.entered[place]) for place in places]
    told = [
        f"<b>{entered_words(course, p)}</b><br>{t('funnel.entered')} {i18n.number(entered[p])} · {t('funnel.completed')} "
        f"{i18n.number(int(course.found.converted[p]))} · {i18n.share(shares[p])}"
        for p in places
    ]
    figure = go.Figure()
    figure.add_bar(
        x=at, y=entered, yaxis="y2", name=t("funnel.entered"), marker={"color": charts.FAINT}, hoverinfo="skip"
    )
    color = charts.BRAND[theme]
    for first, last, dash in ((0, closed, "solid"), (max(closed - 1, 0), len(at), "dot")):
        if last - first < 1 or (dash == "dot" and closed >= len(at)):
            continue
        figure.add_scatter(
            x=at[first:last], y=shares[first:last], customdata=told[first:last], name=t("funnel.conversion"),
            showlegend=dash == "solid" or closed == 0, mode="lines+markers",
            line={"color": color, "width": 2.4 if dash == "solid" else 1.8, "dash": dash},
            marker={"size": 5 if dash == "solid" else 4, "color": color}, connectgaps=False,
            hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    top = max([share for share in shares if share] + [0.01]) * 1.15
    if closed < len(at):
        _hatch(figure, course, top)
    figure.update_layout(**charts.layout(300, margin_top=12), hovermode="closest", bargap=0.25)
    figure.update_layout(
        yaxis2={"overlaying": None, "side": "right", "visible": False, "range": [0, max(entered) * 2.4 or 1]}
    )
    figure.update_layout(yaxis={"overlaying": "y2"})
    figure.update_xaxes(showgrid=False, tickformat="%m月%d日" if i18n.language() == "zh" else "%b %d", nticks=8)
    digits = 0 if top > 0.12 else 1
    figure.update_yaxes(selector={"visible": None}, **charts.ticks(0, top, lambda value: i18n.share(value, digits)))
    return figure


def _hatch(figure: go.Figure, course: Course, top: float) -> None:
    """The days whose entries still have time."""
    starts = course.starts[course.found.open_from :]
    length = timedelta(days=1 if course.grain == "day" else 7)
    left, right = _at(starts[0]), _at(starts[-1]) + length
    figure.add_bar(
        x=[left + (right - left) / 2], y=[top], width=[(right - left).total_seconds() * 1000],
        name=t("funnel.window_open"), hoverinfo="skip",
        marker={
            "color": "rgba(0,0,0,0)", "pattern": {"shape": "/", "fgcolor": charts.FAINT, "size": 7}, "line": {"width": 0},
        },
    )  # fmt: skip


def _middle(course: Course, place: int) -> datetime:
    return _at(course.starts[place]) + timedelta(days=0.5 if course.grain == "day" else 3.5)


def _at(day: object) -> datetime:
    return datetime.combine(day, time())  # type: ignore[arg-type]
