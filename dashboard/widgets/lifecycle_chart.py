"""The picture of the lifecycle, states period by period; and how its figures and states are written everywhere."""

from bisect import bisect_right
from collections.abc import Callable, Sequence

import plotly.graph_objects as go

from dashboard import charts, i18n
from dashboard.data.lifecycle import STATES, Answer, Behind, Note, State
from dashboard.data.rows import SMALL
from dashboard.i18n import t

PRESENT = (State.ACTIVE, State.RETURNING, State.NEW, State.RESURRECTED)
AWAY = (State.DORMANT, State.LOST)
COLORS: dict[str, dict[State, str]] = {
    "light": {
        State.ACTIVE: "#0e7c66", State.RETURNING: "#4fa9dc", State.NEW: "#2f6fde", State.RESURRECTED: "#c2569b",
        State.DORMANT: "#a9b4bb", State.LOST: "#e08a00",
    },
    "dark": {
        State.ACTIVE: "#43c2a3", State.RETURNING: "#8fd0f5", State.NEW: "#77a5f7", State.RESURRECTED: "#e18fc6",
        State.DORMANT: "#5f6d76", State.LOST: "#f2ab45",
    },
}  # fmt: skip
"""Out of the theme's categorical colours, neighbours apart in lightness too; grey for those who are merely silent."""
BEFORE = (State.NOT_YET, *STATES)
"""What members were in the period before."""
MOST_TICKS = 5


def states(answer: Answer, notes: Sequence[Note], label: Callable[[int], str]) -> go.Figure:
    """Those present stacked upwards, those silent stacked downwards in a panel and on a scale of their own. A period that
    still runs is hatched."""
    figure = go.Figure()
    periods = range(len(answer.periods))
    labels = [label(period) for period in periods]
    hatch = ["" if answer.is_complete(period) else "/" for period in periods]
    for state in (*PRESENT, *AWAY):
        counts = [answer.count(Behind(period, (state,))) for period in periods]
        is_away = state in AWAY
        figure.add_bar(
            x=[day.isoformat() for day in answer.periods],
            y=[-count for count in counts] if is_away else counts,
            yaxis="y2" if is_away else "y",
            name=name(state),
            marker={
                "color": COLORS[charts.theme()][state],
                "pattern": {"shape": hatch, "fgopacity": 0.7, "size": 6, "fillmode": "overlay"},
            },
            hovertemplate="%{customdata}<extra></extra>",
            customdata=[
                told(answer, period, words, name(state), count)
                for period, words, count in zip(periods, labels, counts, strict=True)
            ],
        )
    top, bottom = (
        max((sum(answer.count(Behind(p, (s,))) for s in group) for p in periods), default=1)
        for group in (PRESENT, AWAY)
    )
    _add_notes(figure, answer, notes, top * 1.05)
    step = -(-len(labels) // MOST_TICKS)
    shown = list(periods)[::-1][::step]
    figure.update_layout(**_layout(430), barmode="relative", bargap=0.22)
    figure.update_layout(
        yaxis=charts.ticks(0, top * 1.1, _axis) | _panel(0.40, 1, t("lifecycle.present")),
        yaxis2=charts.ticks(-bottom * 1.04, 0, _axis) | _panel(0, 0.36, t("lifecycle.away")),
        xaxis={
            "type": "category", "anchor": "y2", "showgrid": False, "ticks": "", "tickangle": 0,
            "tickvals": [answer.periods[period].isoformat() for period in shown],
            "ticktext": [short(answer, period) for period in shown],
        },
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": None, "traceorder": "normal"},
        margin={"l": 8, "r": 8, "t": 34, "b": 8},
    )  # fmt: skip
    return figure


def _add_notes(figure: go.Figure, answer: Answer, notes: Sequence[Note], height: float) -> None:
    """A mark above the period that they begin in, or the first one, its words on pointing at it."""
    words: dict[int, list[str]] = {}
    for note in notes:
        words.setdefault(max(bisect_right(answer.periods, note.start_on) - 1, 0), []).append(charts.note_words(note))
    if words:
        figure.add_scatter(
            x=[answer.periods[period].isoformat() for period in words],
            y=[height] * len(words),
            name=t("lifecycle.notes"),
            mode="markers",
            marker={"symbol": "circle", "size": 6, "color": charts.GREY},
            customdata=[i18n.listed(dict.fromkeys(said)) for said in words.values()],
            hovertemplate="%{customdata}<extra></extra>",
            cliponaxis=False,
        )


def told(answer: Answer, period: int, label: str, called: str, count: int) -> str:
    born = answer.members[period]
    share = i18n.share(count / born) if born else i18n.UNDEFINED
    return f"{label}<br><b>{called} {i18n.number(count)}</b> · {t('lifecycle.of_members', share=share)}"


def figure_of(count: int) -> str:
    """All digits, as long as there is room for them."""
    return i18n.number(count) if count < 100_000 else i18n.compact(count)


def share(count: int, total: int) -> str:
    """What share of all members some are; of too few, how many there are."""
    return i18n.share(count / total) if total >= SMALL else t("number.only", count=i18n.number(total))


def name(state: State) -> str:
    return t(f"lifecycle.state_{state.name.lower()}")


def arrow(before: State, now: State) -> str:
    return f"{name(before)} → {name(now)}"


def short(answer: Answer, period: int) -> str:
    """A period at an axis: its first day, or its month."""
    day = answer.periods[period]
    if answer.asked.unit == "month":
        return f"{i18n.month(day, with_year=False)}<br>{day.year}"
    return i18n.day(day, with_year=False)


def _panel(low: float, high: float, title: str) -> dict[str, object]:
    soft = {"size": 11, "color": charts.SOFT[charts.theme()]}
    return {"domain": [low, high], "title": {"text": title, "font": soft, "standoff": 12}, "automargin": True}


def _axis(value: float | int | None) -> str:
    return i18n.compact(abs(value)) if value is not None and float(value).is_integer() else ""


def _layout(height: int) -> dict[str, object]:
    soft = {"tickfont": {"color": charts.SOFT[charts.theme()]}}
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "xaxis": soft,
        "yaxis": soft,
        "yaxis2": soft,
        "font": {"family": charts.FONT, "size": 12},
        "hoverlabel": {"font": {"family": charts.FONT, "size": 12}},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "dragmode": False,
    }
