"""How answers fall with every message on the same topic, with intervals."""

import plotly.graph_objects as go

from dashboard import charts, i18n
from dashboard.data.content import Row
from dashboard.data.rows import SMALL
from dashboard.i18n import t

EXPOSED = ("first", "second", "third", "fourth")


def falling(row: Row) -> go.Figure:
    """Share answered by exposure; those of fewer than 30 messages are not drawn."""
    shown = [
        (t(f"content.exposed_{name}"), row[f"share_{n}"], row[f"low_{n}"], row[f"high_{n}"], row[f"sent_{n}"])
        for n, name in enumerate(EXPOSED, start=1)
        if row[f"sent_{n}"] >= SMALL
    ]
    color = charts.BRAND[charts.theme()]
    figure = go.Figure(
        go.Scatter(
            x=[name for name, *_ in shown], y=[share for _, share, *_ in shown], mode="lines+markers+text", line={"color": color, "width": 2.4},
            marker={"size": 9, "color": color}, text=[i18n.share(share) for _, share, *_ in shown], textposition="top right",
            textfont={"color": charts.INK[charts.theme()]}, cliponaxis=False,
            error_y={
                "type": "data", "symmetric": False, "array": [high - share for _, share, _, high, _ in shown],
                "arrayminus": [share - low for _, share, low, _, _ in shown], "color": color, "thickness": 1.4, "width": 6,
            },
            customdata=[
                f"{name}<br>{i18n.aside(i18n.share(share), f'{i18n.share(low)} – {i18n.share(high)}')} · n = {i18n.number(sent)}"
                for name, share, low, high, sent in shown
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    top = max([high for *_, high, _ in shown] or [1.0])
    figure.update_layout(**charts.layout(280, margin_top=24, margin_right=60), showlegend=False)
    figure.update_yaxes(**charts.ticks(0, min(top * 1.15, 1.05), lambda value: i18n.share(value, 0)))
    figure.update_xaxes(
        showgrid=False, categoryorder="array", categoryarray=[t(f"content.exposed_{name}") for name in EXPOSED], range=[-0.4, 3.4]
    )  # fmt: skip
    return figure
