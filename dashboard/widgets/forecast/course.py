"""A series and what comes next, as a picture: days that were, the forecast with its bounds, and how it would have been before."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

import numpy as np
import plotly.graph_objects as go

from dashboard import charts, i18n
from dashboard.charts import Format
from dashboard.data.forecast import Came, Event, Fold, History, Note, Path, SetAside
from dashboard.i18n import t

PAST_DAYS = 120
"""Days up to the newest that are drawn; more where the forecast is older."""
NOON = timedelta(hours=12)
CLOSE = 35
"""Days between two events whose words would run into each other."""
HEADROOM = 1.12
HEIGHTS = (1.07, 1.0, 0.93)
"""Of the lines that words of events stand on, over the greatest value drawn."""
SHADE = {80: 0.22, 95: 0.10}
LINES = ("#3b73c8", "#c2572b", "#8a5cc2")
"""Of scenarios beside the forecast; told apart by their dashes as well."""
DASHES = ("dash", "dot", "dashdot")


def picture(
    history: History,
    path: Path,
    folds: Sequence[Fold],
    aside: Sequence[SetAside],
    events: Sequence[Event],
    words: Format,
    event_name: Callable[[str], str],
    *,
    happened: Sequence[Note] = (),
    beside: Mapping[str, Path] | None = None,
    judged: Sequence[Came] = (),
    name: str = "",
) -> go.Figure:
    """``happened``: campaigns and imports. ``name``: of the forecast, where there are others. ``beside``: further forecasts of the same days, by name. ``judged``: days that came in, as they had been forecast."""
    colour = charts.BRAND[charts.theme()]
    past = history.last(max(PAST_DAYS, (history.end_on - path.start_on).days))
    first, end = min(past.start_on, path.start_on), max(past.end_on, path.start_on + timedelta(days=path.days))
    figure = go.Figure()
    top = _top(past, path, beside)
    _events(figure, [one for one in events if one.last_on >= first and one.first_on < end], top, event_name)
    for fold in folds:
        if fold.path.start_on >= first and fold.has_bounds:
            _band(figure, fold.path, 80, charts.GREY, 0.12)
    for level in (95, 80):
        _band(figure, path, level, colour, SHADE[level], name=t("forecast.band", level=level))
    for number, fold in enumerate(one for one in folds if one.path.start_on >= first):
        _line(figure, fold.path, t("forecast.before"), charts.GREY, words, dash="dot", width=1.2, is_named=number == 0)
    days = [past.on(place) for place in range(past.days)]
    figure.add_scatter(
        x=[_noon(on) for on in days], y=[_plain(one) for one in past.values], name=t("forecast.actual"), mode="lines",
        line={"color": charts.INK[charts.theme()], "width": 1.8}, connectgaps=False, hovertemplate="%{customdata}<extra></extra>",
        customdata=[_said(on, value, words, t("forecast.actual")) for on, value in zip(days, past.values, strict=True)],
    )  # fmt: skip
    _line(figure, path, charts.cut(name, 40) or t("forecast.forecast"), colour, words, width=2.6, with_bounds=True)
    _judged(figure, judged, words)
    for (name, other), line, dash in zip((beside or {}).items(), LINES, DASHES, strict=False):
        _line(figure, other, charts.cut(name, 40), line, words, dash=dash, width=2)
    _aside(figure, [one for one in aside if one.on >= first and one.value is not None], words)
    named = {one.name for one in events}  # a campaign that became an event is marked as one
    inside = [one for one in happened if one.last_on >= first and one.start_on < end and one.name not in named]
    charts.add_happened(figure, inside, first, NOON)
    figure.update_layout(**charts.layout(380, margin_top=28), hovermode="closest")
    figure.update_layout(legend={"orientation": "h", "y": -0.14, "yanchor": "top"})
    figure.update_xaxes(
        showgrid=False, tickformat="%m月%d日" if i18n.language() == "zh" else "%b %d", tickangle=0, range=[_at(first), _at(end)]
    )  # fmt: skip
    figure.update_yaxes(**charts.ticks(0, top * HEADROOM, words))
    return figure


def cuts_bounds(history: History, path: Path, beside: Mapping[str, Path] | None = None) -> bool:
    """Whether the 95 % bounds reach beyond what the picture shows: one wide bound would flatten everything else."""
    past = history.last(max(PAST_DAYS, (history.end_on - path.start_on).days))
    return max(path.upper95) > _top(past, path, beside) * HEADROOM


def _top(past: History, path: Path, beside: Mapping[str, Path] | None) -> float:
    known = [one for one in past.values if np.isfinite(one)]
    ahead = [*path.upper80, *(value for one in (beside or {}).values() for value in one.point)]
    return max([*known, *ahead, 1.0])


def _band(figure: go.Figure, path: Path, level: int, colour: str, share: float, *, name: str = "") -> None:
    days = [path.start_on + timedelta(days=n) for n in range(path.days)]
    lower, upper = (path.lower80, path.upper80) if level == 80 else (path.lower95, path.upper95)
    at = [_noon(on) for on in days]
    figure.add_scatter(
        x=[*at, *at[::-1]], y=[*upper, *lower[::-1]], fill="toself", fillcolor=_faded(colour, share), line={"width": 0},
        mode="lines", name=name, showlegend=bool(name), hoverinfo="skip",
    )  # fmt: skip


def _line(
    figure: go.Figure,
    path: Path,
    name: str,
    colour: str,
    words: Format,
    *,
    dash: str = "solid",
    width: float = 2.0,
    is_named: bool = True,
    with_bounds: bool = False,
) -> None:
    days = [path.start_on + timedelta(days=n) for n in range(path.days)]
    told = [_said(on, value, words, name) for on, value in zip(days, path.point, strict=True)]
    if with_bounds:
        told = [
            f"{said}<br>80% {words(low)} – {words(high)}<br>95% {words(least)} – {words(most)}"
            for said, low, high, least, most in zip(
                told, path.lower80, path.upper80, path.lower95, path.upper95, strict=True
            )
        ]
    figure.add_scatter(
        x=[_noon(on) for on in days], y=list(path.point), name=name, mode="lines", showlegend=is_named, customdata=told,
        line={"color": colour, "width": width, "dash": dash}, hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip


def _judged(figure: go.Figure, judged: Sequence[Came], words: Format) -> None:
    if not judged:
        return
    name = t("forecast.was_forecast")
    figure.add_scatter(
        x=[_noon(one.on) for one in judged], y=[one.point for one in judged], name=name, mode="markers",
        marker={"size": 7, "symbol": "circle-open", "color": charts.BRAND[charts.theme()], "line": {"width": 1.6}},
        customdata=[_said(one.on, one.point, words, name) for one in judged], hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip


def _aside(figure: go.Figure, aside: Sequence[SetAside], words: Format) -> None:
    if not aside:
        return
    figure.add_scatter(
        x=[_noon(one.on) for one in aside], y=[one.value for one in aside], mode="markers", name=t("forecast.aside"),
        marker={"symbol": "x-thin", "size": 9, "line": {"width": 2, "color": charts.BAD[charts.theme()]}},
        customdata=[f"{_said(one.on, one.value, words, t(f'forecast.why_{one.why}'))}" for one in aside],
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip


def _events(figure: go.Figure, events: Sequence[Event], top: float, name: Callable[[str], str]) -> None:
    """A band for each, its word above it while there are few; single days that come again (a member day, worked weekends) are marks without one."""
    for one in events:
        figure.add_vrect(
            x0=_at(one.first_on), x1=_at(one.last_on + timedelta(days=1)), fillcolor=charts.LINE, line_width=0, layer="below"
        )  # fmt: skip
    if not events:
        return
    times = Counter(one.name for one in events)
    named = [
        one for one in sorted(events, key=lambda one: one.on) if one.first_on < one.last_on or times[one.name] == 1
    ]
    for mine, words in ((named, len(named) <= charts.MOST_NAMED), ([one for one in events if one not in named], False)):
        figure.add_scatter(
            x=[_noon(one.on) for one in mine], y=_heights(mine, top) if words else [top * 1.07] * len(mine),
            text=[charts.cut(name(one.name), 24) for one in mine], mode="markers+text" if words else "markers", textposition="top center",
            customdata=[f"{charts.cut(name(one.name), 40)} {i18n.day(one.on)}" for one in mine], hovertemplate="%{customdata}<extra></extra>",
            marker={"symbol": "circle", "size": 5, "color": charts.GREY}, cliponaxis=False, showlegend=False,
            textfont={"size": 11, "color": charts.SOFT[charts.theme()]},
        )  # fmt: skip


def _heights(events: Sequence[Event], top: float) -> list[float]:
    """``events``: oldest first. Words of those that follow each other closely stand on up to three lines: each on the first that is free."""
    found, last = [], [date.min] * len(HEIGHTS)
    for one in events:
        free = [place for place, on in enumerate(last) if (one.on - on).days >= CLOSE]
        place = free[0] if free else min(range(len(last)), key=last.__getitem__)
        found.append(top * HEIGHTS[place])
        last[place] = one.on
    return found


def _said(on: date, value: float | None, words: Format, name: str) -> str:
    return f"<b>{i18n.day(on)} {words(value)}</b> {name}"


def _faded(colour: str, share: float) -> str:
    if not colour.startswith("#"):
        return charts.FAINT
    return f"rgba({int(colour[1:3], 16)},{int(colour[3:5], 16)},{int(colour[5:7], 16)},{share})"


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _noon(on: date) -> datetime:
    return _at(on) + NOON


def _at(on: date) -> datetime:
    return datetime.combine(on, time())
