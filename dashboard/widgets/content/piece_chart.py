"""Topics, formats, hours or channels by what they draw and what they sell."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard import charts, i18n
from dashboard.data.rows import SMALL, Row
from dashboard.i18n import t

MOST = 24
SECOND = {"light": "#e08a00", "dark": "#f2ab45"}


def rates(told: Sequence[tuple[str, Row]]) -> go.Figure:
    """Interaction and conversion of each, one row each. Rates of fewer than 30 readers are not drawn."""
    shown = [(name, row) for name, row in told if (row.get("readers") or 0) >= SMALL][:MOST]
    names = [charts.cut(name, 22) for name, _ in shown]
    colors = {"interaction_rate": charts.BRAND[charts.theme()], "conversion_rate": SECOND[charts.theme()]}
    figure = go.Figure()
    for place, (rate, color) in enumerate(colors.items()):
        values = [row.get(rate) for _, row in shown]
        top = max([value for value in values if value] or [1])
        axis = "x" if place == 0 else "x2"
        figure.add_bar(
            orientation="h", y=names, x=values, xaxis=axis, name=t(f"content.figure_{rate}"), width=0.6,
            marker={"color": color, "cornerradius": 4}, text=[i18n.share(value) for value in values], textposition="outside",
            cliponaxis=False, textfont={"color": charts.SOFT[charts.theme()]}, hovertemplate="%{y}: %{text}<extra></extra>",
        )  # fmt: skip
        side = {"visible": False, "range": [0, top * 1.25], "domain": [0.0, 0.46] if place == 0 else [0.54, 1.0]}
        figure.update_layout({"xaxis" if place == 0 else "xaxis2": side})
        figure.add_annotation(
            x=side["domain"][0], y=1, xref="paper", yref="paper", yshift=18, text=t(f"content.figure_{rate}"), showarrow=False,
            xanchor="left", font={"size": 12, "color": charts.SOFT[charts.theme()]},
        )  # fmt: skip
    layout = charts.layout(48 + 30 * len(names), margin_top=30)
    figure.update_layout(
        **{key: value for key, value in layout.items() if key != "xaxis"}, showlegend=False, bargap=0.3
    )
    figure.update_yaxes(autorange="reversed", automargin=True, ticks="", showgrid=False)
    return figure
