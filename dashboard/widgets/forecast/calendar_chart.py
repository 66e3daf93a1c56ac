"""The calendar as a strip: events on a line of time, with the days around each that it changes."""

from datetime import timedelta

import plotly.graph_objects as go

from dashboard import charts, i18n
from dashboard.data.calendar import Calendar, Kind, Occasion
from dashboard.i18n import t
from dashboard.widgets.forecast import calendar_words as words

ROWS: tuple[Kind, ...] = ("event", "own", "campaign", "closed")
DAY_MS = 86_400_000
THICK, THIN = 0.5, 0.22
MAIN_DAYS = 2.5
"""How wide a main day is drawn: one day of two years could not be seen."""


def strip(found: Calendar) -> go.Figure:
    """A row for each kind that there is."""
    look = charts.theme()
    colour = {"event": charts.BRAND[look], "own": "#c98a1b", "campaign": "#4c78a8", "closed": charts.BAD[look]}
    kinds = [kind for kind in ROWS if any(one.kind == kind for one in found.occasions)]
    figure = go.Figure()
    for kind in kinds:
        mine = [one for one in found.occasions if one.kind == kind]
        figure.add_bar(**_windows(mine, kind, colour[kind], THIN, 0.35), showlegend=False)
        figure.add_bar(**_mains(mine, kind, colour[kind]), showlegend=False)
    line = found.as_of_on.isoformat()
    figure.add_vline(x=line, line={"color": charts.GREY, "width": 1.4, "dash": "dot"})
    figure.add_annotation(
        x=line, y=1, yref="paper", yanchor="bottom", text=t("calendar.as_of"), showarrow=False,
        font={"size": 11, "color": charts.SOFT[look]},
    )  # fmt: skip
    figure.update_layout(**charts.layout(90 + 46 * len(kinds), margin_top=26), barmode="overlay", bargap=0)
    figure.update_xaxes(
        type="date",
        range=[found.start_on.isoformat(), found.end_on.isoformat()],
        tickformat="%y年%m月" if i18n.language() == "zh" else "%b %y",
        nticks=6,
        tickangle=0,
        gridcolor=charts.LINE,
    )
    figure.update_yaxes(
        categoryorder="array", categoryarray=[t(f"calendar.row_{kind}") for kind in reversed(kinds)], automargin=True, ticks="",
        showgrid=False, fixedrange=True,
    )  # fmt: skip
    return figure


def _windows(mine: list[Occasion], kind: Kind, colour: str, width: float, opacity: float) -> dict[str, object]:
    days = [(one.event.last_on - one.event.first_on).days + 1 for one in mine]
    return {
        "orientation": "h",
        "y": [t(f"calendar.row_{kind}")] * len(mine),
        "base": [one.event.first_on.isoformat() for one in mine],
        "x": [count * DAY_MS for count in days],
        "width": width,
        "marker": {"color": [_hollow(one, colour) for one in mine], "line": {"color": colour, "width": 1}},
        "opacity": opacity,
        "hoverinfo": "skip",
    }


def _mains(mine: list[Occasion], kind: Kind, colour: str) -> dict[str, object]:
    return {
        "orientation": "h",
        "y": [t(f"calendar.row_{kind}")] * len(mine),
        "base": [(one.event.on - timedelta(days=1)).isoformat() for one in mine],
        "x": [MAIN_DAYS * DAY_MS] * len(mine),
        "width": THICK,
        "marker": {"color": [_hollow(one, colour) for one in mine], "line": {"color": colour, "width": 1.4}},
        "customdata": [_told(one) for one in mine],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _hollow(one: Occasion, colour: str) -> str:
    return "rgba(0,0,0,0)" if one.is_off else colour


def _told(one: Occasion) -> str:
    name = charts.cut(words.called(one.event.name), 40)
    return f"<b>{name}</b> {i18n.day(one.event.on)}<br>{words.window(one)} · {words.state(one)}"
