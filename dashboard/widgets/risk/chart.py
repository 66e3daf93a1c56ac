"""The line of a warning as a picture: the figure, what was expected, the rule's bound, the days that are warned of, and what happened on them."""

from datetime import date, datetime, time, timedelta

import numpy as np
import plotly.graph_objects as go

from dashboard import charts, i18n
from dashboard.charts import Format
from dashboard.data.warnings import Line, Note, Warned
from dashboard.i18n import t
from dashboard.widgets.risk import listing, words
from dashboard.widgets.risk.words import Names

NOON = timedelta(hours=12)
SHADE = {"light": "rgba(209,73,12,.13)", "dark": "rgba(244,133,75,.20)"}
NAMED = 7
"""Into so many parts the picture has room for words; feasts and incidents that are closer are told on pointing at their marks."""


def picture(line: Line, one: Warned, own: Names, currency: str) -> go.Figure:
    def write(value: float | int | None) -> str:
        return words.figure(value, one.unit, currency)

    days = [line.start_on + timedelta(days=place) for place in range(len(line.values))]
    bound = line.bound if np.isfinite(line.bound).any() else _held(line, one, one.limit)
    expected = line.expected if np.isfinite(line.expected).any() else _held(line, one, one.expected)
    every = np.concatenate([line.values, expected])
    known = every[np.isfinite(every)]
    # A bound far out, as of days without any variation, would flatten everything else.
    bound = np.where(bound > 1.5 * max(known.max(initial=0.0), one.limit or 0.0), np.nan, bound)
    known = np.concatenate([known, bound[np.isfinite(bound)]])
    top, low = (float(known.max()), min(0.0, float(known.min()))) if len(known) else (1.0, 0.0)
    top = top or 1.0
    figure = go.Figure()
    figure.add_vrect(
        x0=_at(one.started_on), x1=_at(one.last_on + timedelta(days=1)), fillcolor=SHADE[charts.theme()], line_width=0, layer="below"
    )  # fmt: skip
    _happened(figure, line, days, top)
    _line(figure, days, expected, t("warning.line_expected"), charts.GREY, write, width=1.4)
    _line(figure, days, bound, t("warning.line_bound"), charts.BAD[charts.theme()], write, width=1.4, dash="dash")
    _line(figure, days, line.values, words.indicator(one.indicator, own), charts.BRAND[charts.theme()], write, width=2.2)  # fmt: skip
    inside = [place for place, on in enumerate(days) if one.started_on <= on <= one.last_on]
    _marks(figure, days, line.values, inside, listing.title(one), write)
    figure.update_layout(**charts.layout(330, margin_top=26), hovermode="closest")
    figure.update_layout(legend={"orientation": "h", "y": -0.16, "yanchor": "top"})
    figure.update_xaxes(
        showgrid=False, tickformat="%m月%d日" if i18n.language() == "zh" else "%b %d", tickangle=0, range=[_at(days[0]), _at(days[-1] + timedelta(days=1))]
    )  # fmt: skip
    figure.update_yaxes(**charts.ticks(low * 1.1, top * 1.16, write))
    return figure


def _held(line: Line, one: Warned, value: float | None) -> np.ndarray:
    """A figure of the farthest day, over the days that are warned of."""
    found = np.full(len(line.values), np.nan)
    if value is not None:
        first, last = ((on - line.start_on).days for on in (one.started_on, one.last_on))
        found[max(first, 0) : last + 1] = value
    return found


def _line(figure: go.Figure, days: list[date], values: np.ndarray, name: str, colour: str, write: Format, *, width: float, dash: str = "solid") -> None:  # fmt: skip
    if not np.isfinite(values).any():
        return
    figure.add_scatter(
        x=[_at(on) + NOON for on in days], y=[_plain(value) for value in values], name=charts.cut(name, 40), connectgaps=False,
        mode="lines" if np.isfinite(values).sum() > 1 else "markers", marker={"symbol": "line-ew", "size": 16, "line": {"width": 2, "color": colour}},
        line={"color": colour, "width": width, "dash": dash}, hovertemplate="%{customdata}<extra></extra>",
        customdata=[f"<b>{i18n.day(on)} {write(_plain(value))}</b> {charts.cut(name, 40)}" for on, value in zip(days, values, strict=True)],
    )  # fmt: skip


def _marks(
    figure: go.Figure, days: list[date], values: np.ndarray, inside: list[int], name: str, write: Format
) -> None:
    figure.add_scatter(
        x=[_at(days[place]) + NOON for place in inside], y=[_plain(values[place]) for place in inside], mode="markers", name=t("warning.line_warned"),
        marker={"size": 7, "color": charts.BAD[charts.theme()]}, hovertemplate="%{customdata}<extra></extra>",
        customdata=[f"<b>{i18n.day(days[place])} {write(_plain(values[place]))}</b> {charts.cut(name, 40)}" for place in inside],
    )  # fmt: skip


def _happened(figure: go.Figure, line: Line, days: list[date], top: float) -> None:
    feasts = [note for note in line.notes if note.kind not in charts.MARKS and note.kind != "workday"]
    told = [(note.start_on, note.last_on, charts.note_words(note)) for note in feasts]
    told += [(first, last, t("warning.line_incident", title=title)) for title, first, last in line.incidents]
    inside = [(max(first, days[0]), min(last, days[-1]), name) for first, last, name in told]
    for first, last, _ in inside:
        figure.add_vrect(x0=_at(first), x1=_at(last + timedelta(days=1)), fillcolor=charts.LINE, line_width=0, layer="below")  # fmt: skip
    if inside:
        middles = [_at(first) + (_at(last + timedelta(days=1)) - _at(first)) / 2 for first, last, _ in inside]
        apart = (_at(days[-1]) - _at(days[0])) / NAMED
        figure.add_scatter(
            x=middles, y=[top * 1.1] * len(inside), text=_named(middles, [name for *_, name in inside], apart), mode="markers+text", textposition="top center",
            customdata=[charts.cut(name, 60) for *_, name in inside], hovertemplate="%{customdata}<extra></extra>", showlegend=False, cliponaxis=False,
            marker={"symbol": "circle", "size": 5, "color": charts.GREY}, textfont={"size": 11, "color": charts.SOFT[charts.theme()]},
        )  # fmt: skip
    _campaigns(figure, line.notes, days[0])


def _named(at: list[datetime], names: list[str], apart: timedelta) -> list[str]:
    """Words of those that are far enough from the last one named; the others are marks alone."""
    found, last = [""] * len(at), min(at) - apart
    for place in sorted(range(len(at)), key=at.__getitem__):
        if at[place] - last >= apart:
            found[place], last = charts.cut(names[place], 16), at[place]
    return found


def _campaigns(figure: go.Figure, notes: tuple[Note, ...], first: date) -> None:
    charts.add_happened(figure, notes, first, NOON)


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _at(on: date) -> datetime:
    return datetime.combine(on, time())
