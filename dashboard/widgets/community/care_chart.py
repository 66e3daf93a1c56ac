"""Conversations of the staff by week: answered on duty and out of it, missed, and still open."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard import charts, i18n
from dashboard.data.care import Week
from dashboard.i18n import t

LATE = {"light": "#c98a1b", "dark": "#e0b04f"}


def of_weeks(weeks: Sequence[Week]) -> go.Figure:
    """Weeks that the period or the data cuts are drawn fainter."""
    look = charts.theme()
    parts = {
        "on_duty": ([week.answered - week.overtime for week in weeks], charts.BRAND[look]),
        "overtime": ([week.overtime for week in weeks], LATE[look]),
        "missed": ([week.missed for week in weeks], charts.BAD[look]),
        "open": ([week.open for week in weeks], charts.GREY),
    }
    names = [i18n.day(week.on, with_year=False) for week in weeks]
    figure = go.Figure()
    for name, (counts, color) in parts.items():
        if not any(counts):
            continue
        figure.add_bar(
            x=names,
            y=counts,
            name=t(f"care.week_{name}"),
            marker={"color": color, "opacity": [1 if week.is_whole else 0.45 for week in weeks]},
            customdata=[_told(week, name, count) for week, count in zip(weeks, counts, strict=True)],
            hovertemplate="%{customdata}<extra></extra>",
        )
    top = max((week.conversations for week in weeks), default=1)
    figure.update_layout(**charts.layout(240), barmode="stack", bargap=0.35)
    figure.update_yaxes(**charts.ticks(0, max(top, 1) * 1.08, i18n.number, whole=True))
    figure.update_xaxes(showgrid=False, type="category", nticks=12)
    return figure


def _told(week: Week, name: str, count: int) -> str:
    head = t("care.week_of", day=i18n.day(week.on)) + ("" if week.is_whole else f" {t('told.cut')}")
    return (
        f"<b>{head}</b><br>{t(f'care.week_{name}')} {i18n.number(count)} / {i18n.number(week.conversations)}"
        f"<br>{t('care.figure_overtime_hours')} {t('told.hours', count=i18n.number(week.overtime_hours))}"
    )
