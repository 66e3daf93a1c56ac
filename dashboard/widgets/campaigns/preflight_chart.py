"""The picture of a channel's gates: who is left after each that loses anybody, and who was lost there."""

import plotly.graph_objects as go

from dashboard import charts, i18n
from dashboard.charts import BAD, BRAND, FAINT, SOFT
from dashboard.data.campaign_runs import Ahead, Waterfall
from dashboard.i18n import t
from dashboard.widgets.campaigns import told

ROW = 34


def drawn(flow: Waterfall) -> go.Figure:
    """Downwards, so that it fits a phone; gates at sending are fainter, for they are only expected."""
    look = charts.theme()
    steps = [("audience", flow.entered_count, 0, False)]
    steps += [
        (one.name, one.left_count, one.lost_count, isinstance(one, Ahead)) for one in flow.gates if one.lost_count
    ]
    names = [charts.cut(told.gate(name), 26) for name, *_ in steps]
    figure = go.Figure()
    for title, values, color in (
        (t("campaign.column_left"), [left for _, left, _, _ in steps], BRAND[look]),
        (t("campaign.column_lost"), [lost for _, _, lost, _ in steps], BAD[look]),
    ):
        figure.add_bar(
            orientation="h", y=names, x=values, name=title, width=0.62,
            marker={"color": color, "opacity": [0.55 if ahead else 1.0 for *_, ahead in steps]},
            customdata=[i18n.number(value) for value in values], hovertemplate=f"%{{y}} {title} %{{customdata}}<extra></extra>",
        )  # fmt: skip
    for name, (_, left, lost, _) in zip(names, steps, strict=True):
        text = i18n.number(left) if not lost else f"{i18n.number(left)}  −{i18n.number(lost)}"
        figure.add_annotation(
            x=left + lost, y=name, text=text, showarrow=False, xanchor="left", xshift=5, font={"size": 12, "color": SOFT[look]},
        )  # fmt: skip
    most = max(flow.entered_count, 1)
    figure.update_layout(**charts.layout(ROW * len(steps) + 60, margin_right=90), barmode="stack")
    figure.update_layout(legend={"y": -0.02, "yanchor": "top"})
    figure.update_yaxes(autorange="reversed", automargin=True, ticks="", showgrid=False)
    figure.update_xaxes(visible=False, range=[0, most], gridcolor=FAINT)
    return figure
