"""Messages that hold a word, by day."""

from datetime import timedelta

import plotly.graph_objects as go

from core.periods import Period
from dashboard import charts, i18n


def of_days(counts: dict[object, int], now: Period) -> go.Figure:
    """Every day of the period, those without a message too."""
    days = [now.start_on + timedelta(days=number) for number in range(now.days)]
    values = [counts.get(day, 0) for day in days]
    words = [f"<b>{i18n.day(day)}</b><br>{i18n.number(value)}" for day, value in zip(days, values, strict=True)]
    figure = go.Figure()
    figure.add_bar(
        x=days, y=values, marker={"color": charts.BRAND[charts.theme()]}, customdata=words, hovertemplate="%{customdata}<extra></extra>"
    )  # fmt: skip
    figure.update_layout(**charts.layout(180), bargap=0.25)
    figure.update_yaxes(**charts.ticks(0, max(*values, 1) * 1.08, i18n.number, whole=True))
    marks = days[:: max(1, len(days) // 6)]
    figure.update_xaxes(showgrid=False, tickvals=marks, ticktext=[i18n.day(day, with_year=False) for day in marks])
    return figure
