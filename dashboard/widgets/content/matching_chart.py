"""Members by their matching score."""

import plotly.graph_objects as go

from dashboard import charts, i18n
from dashboard.data.matching import BINS, Matched
from dashboard.i18n import t


def spread(found: Matched) -> go.Figure:
    """How many members have which score, in equal steps from 0 to 100."""
    width = 100 / BINS
    counts = list(found.histogram)
    figure = go.Figure(
        go.Bar(
            x=[width * (place + 0.5) for place in range(BINS)], y=counts, width=width * 0.9,
            marker={"color": charts.BRAND[charts.theme()], "cornerradius": 3},
            customdata=[
                t("content.bin", low=i18n.number(width * place), high=i18n.number(width * (place + 1)), count=i18n.number(count))
                for place, count in enumerate(counts)
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(**charts.layout(220), showlegend=False)
    figure.update_yaxes(**charts.ticks(0, max(counts) * 1.08, i18n.compact))
    figure.update_xaxes(
        showgrid=False,
        range=[0, 100],
        tickvals=[0, 20, 40, 60, 80, 100],
        title={"text": t("content.ms"), "font": {"size": 12}},
    )
    return figure
