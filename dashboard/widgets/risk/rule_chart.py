"""The course of an indicator at one place, with the spans of days that a rule would have warned of."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import plotly.graph_objects as go

from dashboard import charts, i18n
from dashboard.charts import Format
from dashboard.data.rules import Course, Finding, Rule
from dashboard.i18n import t

HEADROOM = 1.14


def picture(course: Course, found: Sequence[Finding], rule: Rule, name: str, words: Format) -> go.Figure:
    """``found``: of this place. A fixed limit is a line across."""
    figure = go.Figure()
    bad = charts.BAD[charts.theme()]
    for one in found:
        figure.add_vrect(
            x0=_at(max(one.started_on, course.start_on), -0.5), x1=_at(one.last_on, 0.5), fillcolor=bad, opacity=0.16, line_width=0, layer="below"
        )  # fmt: skip
    days = [course.start_on + timedelta(days=n) for n in range(len(course.values))]
    figure.add_scatter(
        x=[_at(on) for on in days], y=list(course.values), mode="lines", name=name, connectgaps=False, line={"color": charts.BRAND[charts.theme()], "width": 1.8},
        customdata=[f"<b>{i18n.day(on)} {words(value)}</b>" for on, value in zip(days, course.values, strict=True)], hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
    )  # fmt: skip
    peaks = [one for one in found if one.value is not None and one.peak_on >= course.start_on]
    if peaks:
        figure.add_scatter(
            x=[_at(one.peak_on) for one in peaks], y=[one.value for one in peaks], mode="markers", name=t("rules.would_warn"),
            marker={"color": bad, "size": 8}, customdata=[_told(one, words) for one in peaks], hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    known = [value for value in course.values if value is not None] or [0.0]
    limits = [rule.limit] if rule.detector == "threshold" else []
    for limit in limits:
        figure.add_hline(y=limit, line={"color": bad, "width": 1.2, "dash": "dash"})
    low, high = min([0.0, *known, *limits]), max([*known, *limits])
    figure.update_layout(**charts.layout(260, margin_top=12), hovermode="closest")
    figure.update_xaxes(
        showgrid=False, tickformat="%m月%d日" if i18n.language() == "zh" else "%b %d", tickangle=0, nticks=8,
        range=[_at(course.start_on, -1), _at(course.start_on, len(days))],
    )  # fmt: skip
    figure.update_yaxes(**charts.ticks(low * HEADROOM, high * HEADROOM if high > 0 else 1.0, words))
    return figure


def _told(one: Finding, words: Format) -> str:
    told = f"<b>{i18n.day(one.peak_on)} {words(one.value)}</b>"
    return told if one.expected is None else f"{told}<br>{t('rules.found_expected')} {words(one.expected)}"


def _at(on: date, days: float = 0.0) -> datetime:
    return datetime.combine(on, time(12)) + timedelta(days=days)
