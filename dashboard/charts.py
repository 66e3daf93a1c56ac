"""Pictures. Each is made once per data, language and theme, kept, and never changed afterwards: building one costs
more than
the rest of a page.

Colours come from the theme (``.streamlit/config.toml``); what must be neutral in light and dark is a half-transparent grey.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from html import escape
from itertools import accumulate, pairwise
from math import ceil, floor, log10
from unicodedata import east_asian_width

import plotly.graph_objects as go
import streamlit as st
from plotly.basedatatypes import BaseFigure

from dashboard import i18n
from dashboard.data.funnels import Count, Duration
from dashboard.data.notes import Note
from dashboard.data.overview import Contributions, Trend
from dashboard.i18n import t
from dashboard.web import kept

KEPT = 64
FONT = "Inter, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans SC', 'Noto Sans CJK SC', system-ui, sans-serif"
GREY, FAINT, LINE = "rgba(122,135,142,.85)", "rgba(122,135,142,.28)", "rgba(122,135,142,.16)"
CONFIG = {"displayModeBar": False, "scrollZoom": False, "showAxisDragHandles": False}
BRAND = {"light": "#0e7c66", "dark": "#43c2a3"}
INK = {"light": "#12211d", "dark": "#e8eef0"}
SOFT = {"light": "#55635f", "dark": "#a3b2b8"}
"""Words beside the figures; light enough to step back, dark enough to be read (4.5:1 and more)."""
BAD = {"light": "#d1490c", "dark": "#f4854b"}
MOST_NAMED = 8
"""Beyond this many, notes on a time axis are marks without a word; the word is shown on pointing at them."""
MARKS = {"campaign": "triangle-up", "import": "diamond"}
MOST_VALUES = 6

Format = Callable[[float | int | None], str]


def theme() -> str:
    return "dark" if st.context.theme.type == "dark" else "light"


def show(name: str, key: str, draw: Callable[[], go.Figure], *, alt: str) -> None:
    """Draw a picture, from the kept ones where it was made before. ``key``: what it was made from."""
    look = theme()
    figure = _kept(key=f"{name}|{key}|{i18n.language()}|{look}", _draw=draw)
    # Streamlit recolours an open chart only when it is mounted anew, so the theme is part of its key.
    st.plotly_chart(figure, key=f"chart_{name}_{look}", config=CONFIG, alt=alt)


@kept.by_key(KEPT)
def _kept(key: str, _draw: Callable[[], go.Figure]) -> "_Drawn":  # noqa: ARG001 - what it is cached by
    return _Drawn(_draw())


class _Drawn(BaseFigure):
    """A figure as it goes to the browser. Plotly copies every value of a figure each time it is shown; of one that nobody
    changes any more, once is enough.
    """

    def __init__(self, figure: go.Figure) -> None:
        self._spec = figure.to_dict()

    def to_dict(self) -> dict[str, object]:
        return self._spec


# -- a figure over time ----------------------------------------------------------------------------------------------


def trend(view: Trend, words: Format, axis: Format, *, name: str) -> go.Figure:
    """The period as a line, the compared one as a thin line below it, days that may still change dotted, days without
    data hatched."""
    points = [(on, value) for on, value, _ in view.figure.series]
    days = [on for on, _ in points]
    figure = go.Figure()
    if view.before:
        _add_before(figure, view, days, words)
    _add_line(figure, view, words, name)
    top = max([value for _, value in points if value] + [value or 0 for _, value, _ in view.before], default=0)
    low = min([value for _, value in points if value] + [value or 0 for _, value, _ in view.before], default=0)
    if view.open_from:
        _hatch(figure, view.open_from, view.asked.end_on, max(top, 1))
    _add_notes(figure, view.notes, days, max(top, 1))
    height = 340 if view.moved is None else min(max(340, _waterfall_height(view.moved) + 96), 480)
    figure.update_layout(**layout(height, margin_top=26), hovermode="x unified")
    figure.update_xaxes(
        showgrid=False,
        tickformat="%m月%d日" if i18n.language() == "zh" else "%b %d",
        range=[_at(days[0], -0.6), _at(view.asked.last_on, 0.6)] if days else None,
        nticks=8,
    )
    figure.update_yaxes(**ticks(min(low * 1.14, 0), top * 1.14, axis))
    return figure


def _add_before(figure: go.Figure, view: Trend, days: Sequence[date], words: Format) -> None:
    pairs = list(zip(days, view.before, strict=False))
    figure.add_scatter(
        x=[on for on, _ in pairs],
        y=[value for _, (_, value, _) in pairs],
        name=t("overview.compared"),
        mode="lines",
        line={"color": GREY, "width": 1.2},
        hovertemplate="%{customdata}<extra></extra>",
        customdata=[
            f"{t('overview.compared')} · {i18n.day(on, with_year=False)} {words(v)}" for _, (on, v, _) in pairs
        ],
    )


def _add_line(figure: go.Figure, view: Trend, words: Format, name: str) -> None:
    """The last bucket may still grow: it is joined by a dotted line and drawn hollow."""
    color = BRAND[theme()]
    points = view.figure.series
    running = 1 if len(points) > 1 and (view.figure.period.end_on - points[-1][0]).days <= 7 else 0
    whole = points[: len(points) - running]
    figure.add_scatter(
        x=[on for on, _, _ in whole],
        y=[value for _, value, _ in whole],
        name=name,
        mode="lines",
        line={"color": color, "width": 2.4},
        fill="tozeroy",
        fillcolor=_faded(color, 0.10),
        hovertemplate="%{customdata}<extra></extra>",
        customdata=[f"<b>{i18n.day(on, with_year=False)} {words(value)}</b>" for on, value, _ in whole],
    )
    if not running:
        return
    tail = points[-2:]
    figure.add_scatter(
        x=[on for on, _, _ in tail],
        y=[value for _, value, _ in tail],
        showlegend=False,
        mode="lines+markers",
        line={"color": color, "width": 2, "dash": "dot"},
        marker={"color": ["rgba(0,0,0,0)", "rgba(0,0,0,0)"], "size": [0, 8], "line": {"color": color, "width": 2}},
        hovertemplate=["<extra></extra>", "%{customdata}<extra></extra>"],
        customdata=["", f"<b>{i18n.day(tail[1][0], with_year=False)} {words(tail[1][1])}</b> {t('overview.running')}"],
    )


def _hatch(figure: go.Figure, start_on: date, end_on: date, top: float) -> None:
    days = max((end_on - start_on).days, 1)
    figure.add_bar(
        x=[_at(start_on, (days - 1) / 2)],
        y=[top * 1.14],
        width=[days * 86_400_000],
        name=t("overview.no_data_yet"),
        marker={"color": "rgba(0,0,0,0)", "pattern": {"shape": "/", "fgcolor": FAINT, "size": 7}, "line": {"width": 0}},
        hovertemplate=t("overview.no_data_yet") + "<extra></extra>",
    )


def _add_notes(figure: go.Figure, notes: Sequence[Note], days: Sequence[date], top: float) -> None:
    """Feasts: a band or a line, with a word above it while there are few. What else happened is a mark above the axis."""
    feasts = [note for note in notes if note.kind not in MARKS]
    for note in feasts:
        if note.last_on > note.start_on:
            figure.add_vrect(
                x0=_at(note.start_on, -0.5), x1=_at(note.last_on, 0.5), fillcolor=LINE, line_width=0, layer="below"
            )
        else:
            figure.add_vline(x=_noon(note), line={"color": FAINT, "width": 1, "dash": "dot"}, layer="below")
    if feasts:
        figure.add_scatter(
            x=[_noon(note) for note in feasts],
            y=[top * 1.09] * len(feasts),
            mode="markers+text" if len(feasts) <= MOST_NAMED else "markers",
            marker={"symbol": "circle", "size": 6, "color": GREY},
            text=[note_words(note) for note in feasts],
            textposition="top center",
            textfont={"size": 11, "color": SOFT[theme()]},
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
            cliponaxis=False,
        )
    if days:
        add_happened(figure, notes, days[0])


def add_happened(figure: go.Figure, notes: Sequence[Note], first: date, shift: timedelta = timedelta()) -> None:
    """Campaigns and imports: a mark on the axis at the day on which each began, those of one day in one mark. ``first``: day of the axis, where what began before
    is marked; ``shift``: from midnight to where a day is drawn."""
    words: dict[tuple[str, date], list[str]] = {}
    for note in notes:
        if note.kind in MARKS:
            words.setdefault((note.kind, max(note.start_on, first)), []).append(note_words(note))
    if words:
        figure.add_scatter(
            x=[_at(on, 0) + shift for _, on in words],
            y=[0] * len(words),
            mode="markers",
            marker={"symbol": [MARKS[kind] for kind, _ in words], "size": 7, "color": GREY, "line": {"width": 0}},
            customdata=["<br>".join(said) for said in words.values()],
            hovertemplate="%{customdata}<extra></extra>",
            showlegend=False,
            cliponaxis=False,
        )


def note_words(note: Note) -> str:
    if note.kind == "import":
        return t("note.import")
    if note.kind == "campaign":
        days = " – ".join(i18n.day(on, with_year=False) for on in dict.fromkeys((note.start_on, note.last_on)))
        return i18n.aside(t("note.campaign", name=cut(note.name, 40)), days)
    key = f"holiday.{note.name}"
    return t(key) if i18n.has(key) else note.name


def _noon(note: Note) -> datetime:
    return _at(note.start_on, (note.last_on - note.start_on).days / 2)


def _at(on: date, days: float) -> datetime:
    """A place on a time axis, so many days from the start of a day."""
    return datetime.combine(on, time()) + timedelta(days=days)


# -- what moved it ---------------------------------------------------------------------------------------------------


def waterfall(found: Contributions, words: Format, label: Callable[[str | None, str | None], str]) -> go.Figure:
    """From the compared value to the value of the period, share by share. Downwards, so that it fits a phone."""
    rows = [row for row in found.rows if row.change]
    shown = rows[: MOST_VALUES + 2]
    rest = sum(row.change for row in rows[len(shown) :])
    steps = [(cut(label(row.value, row.name), 20), row.change) for row in shown]
    if rest:
        steps.append((t("overview.others"), rest))
    names = [t("overview.compared"), *[name for name, _ in steps], t("overview.this_period")]
    values = [found.before, *[change for _, change in steps], 0]
    texts = [words(found.before), *[signed(change, words) for _, change in steps], words(found.now)]
    levels = [0, *accumulate(values)]
    ends = [*[max(pair) for pair in pairwise(levels[:-1])], max(found.now, 0)]
    good, bad = BRAND[theme()], BAD[theme()]
    figure = go.Figure(
        go.Waterfall(
            orientation="h",
            y=names,
            x=values,
            measure=["absolute", *["relative"] * len(steps), "total"],
            customdata=texts,
            increasing={"marker": {"color": good}},
            decreasing={"marker": {"color": bad}},
            totals={"marker": {"color": GREY}},
            connector={"line": {"color": FAINT, "width": 1}},
            hovertemplate="%{y} %{customdata}<extra></extra>",
        )
    )
    figure.update_layout(
        **layout(_waterfall_height(found), margin_right=_width(max(texts, key=_width)) + 14), showlegend=False
    )
    for name, end, text in zip(names, ends, texts, strict=True):
        _write(figure, end, name, text, 12, xshift=5)
    figure.update_yaxes(autorange="reversed", automargin=True, ticks="", showgrid=False)
    figure.update_xaxes(visible=False, range=[min(levels), max(levels) or 1])
    return figure


def _waterfall_height(found: Contributions) -> int:
    """One row per share that is shown, one for the rest, one for each of the two periods."""
    shares = sum(row.change != 0 for row in found.rows)
    return 64 + 34 * (min(shares, MOST_VALUES + 3) + 2)


def signed(change: float | int, words: Format) -> str:
    """``▲ 12`` or ``▼ 12``: direction without colour."""
    return t("overview.no_change") if not change else f"{'▲ +' if change > 0 else '▼ −'}{words(abs(change))}"


# -- funnels ---------------------------------------------------------------------------------------------------------


def _told(step: Count, name: str) -> str:
    return f"{cut(name, 40)}<br>{i18n.number(step.members)} · {t('funnel.of_first', share=i18n.share(step.share))}"


def breakdown(
    by_value: Mapping[str | None, Sequence[Count]], names: Sequence[str], label: Callable[[str | None], str]
) -> go.Figure:
    """Share of step 1 that got to each later step, one colour per value; values with the most entries first."""
    figure = go.Figure()
    for value, steps in list(by_value.items())[:MOST_VALUES]:
        figure.add_bar(
            x=[cut(f"{step.step} {name}", 18) for step, name in zip(steps[1:], names[1:], strict=True)],
            y=[step.share for step in steps[1:]],
            name=cut(label(value), 18),
            hovertemplate="%{customdata}<extra></extra>",
            customdata=[
                f"{cut(label(value), 40)} · {_told(step, name)}"
                for step, name in zip(steps[1:], names[1:], strict=True)
            ],
        )
    top = max((step.share or 0 for steps in by_value.values() for step in steps[1:]), default=0)
    figure.update_layout(**layout(300), barmode="group", bargap=0.28, bargroupgap=0.06)
    figure.update_yaxes(**ticks(0, max(top, 0.01) * 1.05, lambda value: i18n.share(value, 0)))
    figure.update_xaxes(showgrid=False)
    return figure


def histogram(found: Duration, lasting: Callable[[float | None], str]) -> go.Figure:
    """How many took how long. Bins without anybody before the first and after the last are left out."""
    filled = [number for number, count in enumerate(found.histogram) if count]
    low, high = (min(filled), max(filled) + 1) if filled else (0, 1)
    edges = found.edges_seconds
    names = [
        f"{lasting(edges[i])} – {lasting(edges[i + 1])}" if i + 1 < len(edges) else f"≥ {lasting(edges[i])}"
        for i in range(low, high)
    ]
    counts = list(found.histogram[low:high])
    figure = go.Figure(
        go.Bar(
            orientation="h",
            y=names,
            x=counts,
            width=0.62,
            marker={"cornerradius": 4, "color": BRAND[theme()]},
            text=[i18n.number(count) if count else "" for count in counts],
            textposition="outside",
            textfont={"color": SOFT[theme()]},
            cliponaxis=False,
            hovertemplate="%{y}: %{x}<extra></extra>",
        )
    )
    figure.update_layout(**layout(24 + 30 * len(names)), showlegend=False)
    figure.update_yaxes(autorange="reversed", automargin=True, ticks="", showgrid=False)
    figure.update_xaxes(visible=False, range=[0, max(counts, default=1) * 1.15])
    return figure


# -- axes ------------------------------------------------------------------------------------------------------------


def ticks(low: float, high: float, words: Format, *, whole: bool = False) -> dict[str, object]:
    """A few round values, in the reader's own numerals (Plotly has no 万). ``whole``: of counts, which have nothing between 2 and 3."""
    if high <= low:
        high = low + 1
    raw = max((high - low) / 4, 1.0 if whole else 0.0)
    unit = 10.0 ** floor(log10(raw))
    steps = [unit * m for m in (1, 2, 2.5, 5, 10) if not whole or (unit * m).is_integer()]
    step = next(step for step in steps if step >= raw)
    values = [step * i for i in range(ceil(low / step), floor(high / step) + 1)]
    return {
        "tickvals": values,
        "ticktext": [words(value) for value in values],
        "range": [low, high],
        "gridcolor": LINE,
        "zeroline": False,
    }


def _write(figure: go.Figure, x: float, row: str, text: str, size: int, *, xshift: int = 0, yshift: int = 0) -> None:
    """Words that begin at a place in a row: unlike those of a bar, they stay whole however long the bar is."""
    figure.add_annotation(
        x=x, y=row, xshift=xshift, yshift=yshift, text=text, showarrow=False, xanchor="left", align="left", borderpad=0,
        font={"size": size, "color": INK[theme()]},
    )  # fmt: skip


def layout(height: int, *, margin_top: int = 8, margin_right: int = 8) -> dict[str, object]:
    soft = {"tickfont": {"color": SOFT[theme()]}}
    return {
        "height": height,
        "margin": {"l": 8, "r": margin_right, "t": margin_top, "b": 8},
        "xaxis": soft,
        "yaxis": soft,
        "font": {"family": FONT, "size": 12},
        "hoverlabel": {"font": {"family": FONT, "size": 12}},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "legend": {"orientation": "h", "x": 0, "y": -0.14, "yanchor": "top", "title": None},
        "dragmode": False,
    }


def cut(text: str, length: int) -> str:
    """A name from the data, short enough for its place, and without a meaning for Plotly, which reads some HTML.
    ``length`` in Latin letters; Chinese ones are twice as wide.
    """
    wide = list(accumulate(_letters(one) for one in text))
    if wide and wide[-1] > length:
        text = text[: sum(one < length for one in wide)] + "…"
    return escape(text, quote=False)


def _letters(one: str) -> int:
    return 2 if east_asian_width(one) in "WF" else 1


def _width(text: str) -> int:
    """Pixels that a text of 12 takes, rather too many."""
    return ceil(7.4 * sum(map(_letters, text)))


def _faded(color: str, opacity: float) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
