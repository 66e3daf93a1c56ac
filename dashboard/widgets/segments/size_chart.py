"""How many a segment had over time."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard import i18n
from dashboard.charts import BRAND, layout, theme, ticks
from dashboard.data.saved_segments import Size
from dashboard.i18n import t

HEIGHT = 240


def of(sizes: Sequence[Size], zone: str) -> go.Figure:
    """A point per size; where the definition was changed the line begins anew, because another question was asked before."""
    figure, color = go.Figure(), BRAND[theme()]
    for revision in dict.fromkeys(size.revision for size in sizes):
        part = [size for size in sizes if size.revision == revision]
        figure.add_scatter(
            x=[size.at for size in part], y=[size.members for size in part], mode="lines+markers", showlegend=False,
            line={"color": color, "width": 2.2}, marker={"size": 6, "color": color},
            customdata=[told(size, zone) for size in part], hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    top = max((size.members for size in sizes), default=1)
    figure.update_layout(**layout(HEIGHT))
    figure.update_xaxes(showgrid=False, tickformat="%m月%d日" if i18n.language() == "zh" else "%b %d", nticks=8)
    figure.update_yaxes(**ticks(0, max(top, 1) * 1.14, lambda value: i18n.compact(value), whole=True))
    return figure


def told(size: Size, zone: str) -> str:
    """A size in words, with who came and left since the one before."""
    words = f"<b>{i18n.number(size.members)}</b> · {i18n.moment(size.at, zone)}"
    if size.added is None or size.left is None:
        return words
    return f"{words}<br>{t('segments.moved', added=i18n.number(size.added), left=i18n.number(size.left))}"
