"""Share answered by the hour of sending, with intervals; recommended hours stand out."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard import charts, i18n
from dashboard.data.rows import SMALL, Row
from dashboard.i18n import t


def hour(number: int) -> str:
    return f"{number:02d}:00"


def _bounds(row: Row) -> str:
    return f"{i18n.share(row['low'])} – {i18n.share(row['high'])}"


def answered(own: Sequence[Row]) -> go.Figure:
    """One mark per hour; hours of fewer than 30 messages are hollow and without a rate's interval."""
    shown = [row for row in own if row["sent"] >= SMALL]
    brand = charts.BRAND[charts.theme()]
    figure = go.Figure(
        go.Bar(
            x=[row["hour"] for row in shown], y=[row["share"] for row in shown], width=0.6,
            marker={"color": [brand if row["is_best"] else charts.GREY for row in shown], "cornerradius": 4},
            error_y={
                "type": "data", "symmetric": False, "array": [row["high"] - row["share"] for row in shown],
                "arrayminus": [row["share"] - row["low"] for row in shown], "color": charts.INK[charts.theme()], "thickness": 1.2, "width": 4,
            },
            customdata=[
                f"{hour(row['hour'])}<br>{i18n.aside(i18n.share(row['share']), _bounds(row))}<br>"
                f"{t('content.answered', answered=i18n.number(row['answered']), sent=i18n.number(row['sent']))}"
                for row in shown
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    top = max([row["high"] for row in shown] or [1.0])
    figure.update_layout(**charts.layout(180), showlegend=False)
    figure.update_yaxes(**charts.ticks(0, min(top * 1.1, 1.0), lambda value: i18n.share(value, 0)))
    figure.update_xaxes(
        showgrid=False, range=[-0.6, 23.6], tickvals=list(range(0, 24, 3)), ticktext=[hour(one) for one in range(0, 24, 3)]
    )  # fmt: skip
    return figure
