"""How many a segment had over time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from dashboard import i18n
from dashboard.charts import BRAND, layout, theme, ticks
from dashboard.data.saved_segments import Size
from dashboard.i18n import t

HEIGHT = 240
FEW_DAYS = timedelta(days=2)
"""In so little time it is the hour that tells two sizes apart."""
MOST_TICKS = 6
LEAST_PAD = timedelta(minutes=5)


def of(sizes: Sequence[Size], zone: str) -> go.Figure:
    """A point per size, on the clock of the business zone; where the definition was changed the line begins anew, because another question
    was asked before."""
    figure, color = go.Figure(), BRAND[theme()]
    for revision in dict.fromkeys(size.revision for size in sizes):
        part = [size for size in sizes if size.revision == revision]
        figure.add_scatter(
            x=[_local(size, zone) for size in part], y=[size.members for size in part], mode="lines+markers", showlegend=False,
            line={"color": color, "width": 2.2}, marker={"size": 6, "color": color},
            customdata=[told(size, zone) for size in part], hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    top = max((size.members for size in sizes), default=1)
    figure.update_layout(**layout(HEIGHT))
    figure.update_xaxes(showgrid=False, **_times([_local(size, zone) for size in sizes]))
    figure.update_yaxes(**ticks(0, max(top, 1) * 1.14, lambda value: i18n.compact(value), whole=True))
    return figure


def _local(size: Size, zone: str) -> datetime:
    """What the clock showed: charts know no zones."""
    return size.at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _times(moments: Sequence[datetime]) -> dict[str, object]:
    """The range of a chart of these moments, oldest first, and its ticks: days, or the moments themselves where few days lie between. No
    two of them say the same."""
    first, last = moments[0], moments[-1]
    span = last - first
    pad = max(span * 0.04, LEAST_PAD)
    if span < FEW_DAYS:
        marks = _apart(moments, (span + 2 * pad) / MOST_TICKS)
        labels = [f"{i18n.day(one.date(), with_year=False)} {one:%H:%M}" for one in marks]
    else:
        days = (last.date() - first.date()).days
        step = -(-days // MOST_TICKS)
        midnight = datetime(first.year, first.month, first.day)
        marks = [midnight + timedelta(days=day) for day in range(1, days + 1, step)]
        labels = [i18n.day(one.date(), with_year=first.year != last.year) for one in marks]
    return {"tickmode": "array", "tickvals": marks, "ticktext": labels, "range": [first - pad, last + pad]}


def _apart(moments: Sequence[datetime], least: timedelta) -> list[datetime]:
    """Those that leave room for a label each."""
    kept: list[datetime] = []
    for one in moments:
        if not kept or one - kept[-1] >= least:
            kept.append(one)
    return kept


def told(size: Size, zone: str) -> str:
    """A size in words, with who came and left since the one before."""
    words = f"<b>{i18n.number(size.members)}</b> · {i18n.moment(size.at, zone)}"
    if size.added is None or size.left is None:
        return words
    return f"{words}<br>{t('segments.moved', added=i18n.number(size.added), left=i18n.number(size.left))}"
