"""Pictures of clusters: how many there may be, how they differ, and where their members lie."""

import plotly.graph_objects as go

from dashboard import charts, i18n
from dashboard.data.clusters import Answer, Clusters, Row
from dashboard.i18n import t
from dashboard.widgets.value import clusters_words as words

DIVERGING = {
    "light": [[0, "#b3470f"], [0.25, "#eda676"], [0.5, "#f4f5f3"], [0.75, "#7fc0b0"], [1, "#0b6150"]],
    "dark": [[0, "#f4915c"], [0.25, "#8a4a2a"], [0.5, "#222b2e"], [0.75, "#2f7767"], [1, "#6fe0c4"]],
}
"""Orange below, green above, and neither in the middle: told apart by the colour-blind, and by the sign beside."""
HUES = {
    "light": ["#0e7c66", "#c98a1b", "#4c78a8", "#b0413e", "#7a5195", "#4f8f2f", "#8c6d46", "#c0568f", "#3aa0b5", "#6b6b6b"],
    "dark": ["#43c2a3", "#e0b04f", "#7ea6d8", "#ef7f74", "#b48bd6", "#97cf72", "#c9a877", "#ec8fc0", "#6fcfe3", "#b4b4b4"],
}  # fmt: skip
SYMBOLS = ["circle", "square", "diamond", "cross", "x", "triangle-up", "triangle-down", "pentagon", "star", "hexagon"]
"""Told apart without colour as well."""
FAR = 2.0
"""Standard deviations at which the scale of colours ends."""
WITH_NAMES = 6
"""Columns that are narrow enough for a name each."""


def silhouettes(found: Clusters) -> go.Figure:
    """Mean silhouette by number of clusters; the one that is shown is filled, the usual one has a star."""
    look = charts.theme()
    widths = found.model.silhouettes
    ks = sorted(widths)
    figure = go.Figure(
        go.Bar(
            x=ks, y=[widths[k] for k in ks], width=0.62,
            marker={
                "color": [charts.BRAND[look] if k == found.model.k else charts.FAINT for k in ks],
                "cornerradius": 4,
            },
            text=[f"{'★<br>' if k == found.model.best else ''}{i18n.number(widths[k], 2)}" for k in ks],
            textposition="outside", textfont={"color": charts.SOFT[look]}, cliponaxis=False,
            customdata=[t("clusters.silhouette_told", k=k, width=i18n.number(widths[k], 3)) for k in ks],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    low, high = min(0.0, *widths.values()), max(*widths.values(), 0.1)
    figure.update_layout(**charts.layout(240, margin_top=30), showlegend=False)
    figure.update_yaxes(**charts.ticks(low, high * 1.14, lambda value: i18n.number(value, 1)))
    figure.update_xaxes(
        showgrid=False,
        tickvals=ks,
        ticktext=[str(k) for k in ks],
        title={"text": t("clusters.k"), "font": {"size": 12}},
    )
    return figure


def profiles(answer: Answer[Clusters]) -> go.Figure:
    """Mean of each feature (row) in each cluster (column), in standard deviations from everybody. Upright, so that it fits a phone."""
    look, found = charts.theme(), answer.found
    columns = [row for row in answer.rows() if row["members"]]
    figure = go.Figure(
        go.Heatmap(
            x=list(range(len(columns))),
            y=[t(f"clusters.short_{one}") for one in found.features],
            z=[[row[f"away_{one}"] for row in columns] for one in found.features],
            text=[["" if row[f"away_{one}"] is None else i18n.signed(row[f"away_{one}"], 1) for row in columns] for one in found.features],
            texttemplate="%{text}",
            textfont={"size": 12},
            customdata=[[_cell(answer, row, one) for row in columns] for one in found.features],
            hovertemplate="%{customdata}<extra></extra>",
            hoverongaps=False,
            colorscale=DIVERGING[look],
            zmin=-FAR,
            zmax=FAR,
            xgap=2,
            ygap=2,
            showscale=False,
        )
    )  # fmt: skip
    figure.update_layout(**charts.layout(70 + 34 * len(found.features), margin_top=70))
    figure.update_yaxes(autorange="reversed", ticks="", showgrid=False, automargin=True, fixedrange=True)
    figure.update_xaxes(
        side="top", showgrid=False, zeroline=False, fixedrange=True, tickangle=0, tickvals=list(range(len(columns))),
        ticktext=[_above(found, row["key"], len(columns)) for row in columns],
    )  # fmt: skip
    return figure


def _above(found: Clusters, label: str, columns: int) -> str:
    """Number, and the first thing to be said of it, word below word, where a column has room for it on a phone."""
    if columns > WITH_NAMES:
        return f"<b>{label}</b>"
    return f"<b>{label}</b><br>{charts.cut(words.first(found, label), 14).replace(' ', '<br>')}"


def _cell(answer: Answer[Clusters], row: Row, feature: str) -> str:
    return t(
        "clusters.cell",
        feature=t(f"clusters.feature_{feature}"),
        name=charts.cut(words.numbered(answer.found, row["key"]), 40),
        mean=words.written(feature, row[f"mean_{feature}"], answer.currency),
        away=words.away(row[f"away_{feature}"]),
    )


def plane(found: Clusters) -> go.Figure:
    """A sample of members by the two directions in which members differ most."""
    look = charts.theme()
    figure = go.Figure()
    for place, label in enumerate(found.model.labels):
        mine = found.points[found.points["key"] == label]
        if mine.empty:
            continue
        figure.add_scatter(
            x=mine["x"], y=mine["y"], mode="markers", name=charts.cut(words.numbered(found, label), 34),
            marker={"size": 5, "opacity": 0.72, "color": HUES[look][place], "symbol": SYMBOLS[place]},
            hovertemplate=charts.cut(words.numbered(found, label), 40) + "<extra></extra>",
        )  # fmt: skip
    figure.update_layout(**charts.layout(380))
    figure.update_layout(legend={"itemsizing": "constant"})
    for place, (axis, share) in enumerate(
        zip((figure.update_xaxes, figure.update_yaxes), found.explained, strict=True), 1
    ):
        axis(
            showticklabels=False, gridcolor=charts.LINE, zeroline=False,
            title={"text": t("clusters.axis", place=place, share=i18n.share(share, 0)), "font": {"size": 12}},
        )  # fmt: skip
    return figure
