"""Pictures of rhythm: talk by weekday and hour, posts against plan, and how much more often people leave after sends."""

from math import log2

import plotly.graph_objects as go

from dashboard import charts, i18n
from dashboard.data.rhythm import DAY, PLAN, SLOTS, SORTS, WEEK, Plan, Row, Sends, View
from dashboard.i18n import t

HEAT = {
    "light": [[0, "rgba(14,124,102,.05)"], [0.5, "#5fae9c"], [1, "#064a3c"]],
    "dark": [[0, "rgba(67,194,163,.06)"], [0.5, "#2a7a68"], [1, "#9df0da"]],
}
"""One hue from faint to strong, so that it is read by lightness alone."""
HUES = {
    "light": {"content": "#0e7c66", "interaction": "#c98a1b", "people": "#4c78a8", "other": "rgba(122,135,142,.55)"},
    "dark": {"content": "#43c2a3", "interaction": "#e0b04f", "people": "#7ea6d8", "other": "rgba(122,135,142,.65)"},
}
PATTERNS = {"content": "", "interaction": "/", "people": ".", "other": ""}
"""Told apart without colour as well."""
LOWEST, HIGHEST = 0.25, 16.0
"""Ends of the axis of rates; what lies beyond is drawn as an arrow at its end."""
MOST = 14
"""Rows of the picture of rates; the table has them all."""


def of_hours(view: View) -> go.Figure:
    """Messages per such hour; hours that were not there yet are left empty. The three slots are framed."""
    look = charts.theme()
    hours, days = list(range(DAY)), [t(f"rhythm.day_{place}") for place in range(WEEK)]
    figure = go.Figure(
        go.Heatmap(
            x=hours,
            y=days,
            z=[[cell["mean"] for cell in day] for day in view.heat],
            customdata=[[_cell(place, cell) for cell in day] for place, day in enumerate(view.heat)],
            hovertemplate="%{customdata}<extra></extra>",
            hoverongaps=False,
            colorscale=HEAT[look],
            zmin=0,
            zmax=max((cell["mean"] or 0 for day in view.heat for cell in day), default=0) or 1,
            xgap=2,
            ygap=2,
            colorbar={
                "thickness": 10,
                "outlinewidth": 0,
                "tickfont": {"color": charts.SOFT[look]},
                "len": 0.9,
                "nticks": 5,
            },
        )
    )
    for begins in SLOTS.values():
        left = begins.hour + begins.minute / 60 - 0.5
        figure.add_shape(
            type="rect", x0=left, x1=left + 1, y0=-0.5, y1=WEEK - 0.5, line={"color": charts.BAD[look], "width": 1.6, "dash": "dot"}
        )  # fmt: skip
    figure.update_layout(**charts.layout(300))
    figure.update_yaxes(autorange="reversed", ticks="", showgrid=False, automargin=True, fixedrange=True)
    figure.update_xaxes(
        tickvals=list(range(0, DAY, 3)), ticktext=[f"{hour}:00" for hour in range(0, DAY, 3)], range=[-0.5, DAY - 0.5], showgrid=False,
        zeroline=False, fixedrange=True,
    )  # fmt: skip
    return figure


def _cell(place: int, cell: Row) -> str:
    when = f"<b>{t(f'rhythm.day_{place}')} {cell['hour']}:00–{cell['hour'] + 1}:00</b>"
    counts = t("rhythm.heat_cell", said=i18n.number(cell["said"]), days=i18n.number(cell["days"]))
    return f"{when}<br>{i18n.number(cell['mean'], 2)}<br>{counts}"


def of_mix(mix: Row, plan: Plan) -> go.Figure:
    """What was posted above what the plan asks for, as shares of a bar each."""
    look = charts.theme()
    rows = {t("rhythm.posted"): {sort: mix[sort] / mix["posts"] for sort in SORTS}, t("rhythm.planned"): dict(plan)}
    figure = go.Figure()
    for sort in SORTS:
        shares = [shares.get(sort, 0.0) for shares in rows.values()]
        if not any(shares):
            continue
        figure.add_bar(
            orientation="h",
            y=list(rows),
            x=shares,
            name=t(f"rhythm.sort_{sort}"),
            marker={
                "color": HUES[look][sort],
                "pattern": {
                    "shape": PATTERNS[sort],
                    "fillmode": "overlay",
                    "fgcolor": "rgba(255,255,255,.35)",
                    "size": 6,
                },
            },
            text=[i18n.share(share, 0) if share >= 0.06 else "" for share in shares],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": "#12211d" if look == "dark" else "#ffffff"},
            hovertemplate=[f"{t(f'rhythm.sort_{sort}')} {i18n.share(share)}<extra></extra>" for share in shares],
        )
    figure.update_layout(**charts.layout(150), barmode="stack", bargap=0.3)
    figure.update_layout(legend={"traceorder": "normal"})
    figure.update_yaxes(autorange="reversed", ticks="", showgrid=False, automargin=True)
    figure.update_xaxes(visible=False, range=[0, 1])
    return figure


def of_rates(found: Sends, called: dict[str, str], of: str | None) -> go.Figure:
    """Rates after sends for each of the usual, with their 95 % intervals on a scale of doublings, those that surely are highest first. An
    interval without an upper bound ends in an arrow at the end of the axis, and a rate that cannot be told (nobody left in the usual time)
    has no point."""
    look = charts.theme()
    rows = drawn(found)
    colors = [charts.BAD[look] if row["is_flagged"] else charts.GREY for row in rows]
    names = [_named(charts.cut(called[row["key"]], 22), place, row["key"] == of) for place, row in enumerate(rows)]
    figure = go.Figure()
    for row, name, color in zip(rows, names, colors, strict=True):
        low, high = _place(row["times_low"]), _place(row["times_high"])
        told = (
            {"hoverinfo": "skip"}
            if row["times"] is not None
            else {"hovertemplate": f"{_told(row, called)}<extra></extra>"}
        )
        figure.add_scatter(
            x=[low, high], y=[name, name], mode="lines+markers", line={"color": color, "width": 2}, showlegend=False, **told,
            marker={
                "size": 9, "color": color,
                "symbol": [
                    "line-ns" if row["times_low"] >= LOWEST else "triangle-left",
                    "line-ns" if row["times_high"] is not None and row["times_high"] <= HIGHEST else "triangle-right",
                ],
                "line": {"color": color, "width": 2},
            },
        )  # fmt: skip
    figure.add_scatter(
        x=[None if row["times"] is None else _place(row["times"]) for row in rows], y=names, mode="markers", showlegend=False,
        marker={"color": colors, "size": 11, "symbol": ["diamond" if row["is_flagged"] else "circle" for row in rows]},
        customdata=[_told(row, called) for row in rows], hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    figure.add_vline(x=0, line={"color": charts.SOFT[look], "width": 1.2, "dash": "dot"})
    figure.update_layout(**charts.layout(70 + 28 * max(len(rows), 1)))
    figure.update_yaxes(autorange="reversed", ticks="", automargin=True, gridcolor=charts.LINE, type="category")
    steps = (0.25, 0.5, 1, 2, 4, 8, 16)
    figure.update_xaxes(
        tickvals=[log2(step) for step in steps], ticktext=[f"×{step:g}" for step in steps], gridcolor=charts.LINE, zeroline=False,
        range=[log2(LOWEST) - 0.15, log2(HIGHEST) + 0.15],
    )  # fmt: skip
    return figure


def drawn(found: Sends) -> list[Row]:
    """The rows of the picture: those with an interval, be it without an upper bound."""
    return [row for row in found.rows if row["excess"] is not None and row["times_low"] is not None][:MOST]


def _named(name: str, place: int, is_open: bool) -> str:
    """A place of its own for each row: groups may share a name. What is invisible tells them apart."""
    return f"{f'<b>{name}</b>' if is_open else name}{chr(0x200B) * place}"


def _place(times: float | None) -> float:
    return log2(HIGHEST) if times is None else log2(min(max(times, LOWEST), HIGHEST))


def _told(row: Row, called: dict[str, str]) -> str:
    return f"<b>{charts.cut(called[row['key']], 40)}</b><br>{times(row)} {interval(row)}<br>{counts(row)}"


def times(row: Row) -> str:
    """``×3.2``."""
    return i18n.UNDEFINED if row["times"] is None else f"×{i18n.number(row['times'], 1)}"


def interval(row: Row) -> str:
    """``×1.6 – ×7.9``; a bound that is not there is told."""
    if row["excess"] is None:
        return ""
    high = t("rhythm.unbounded") if row["times_high"] is None else f"×{i18n.number(row['times_high'], 1)}"
    return f"×{i18n.number(row['times_low'], 1)} – {high}"


def counts(row: Row) -> str:
    return t("rhythm.left_against", left=i18n.number(row["left"]), expected=i18n.number(row["expected"], 1))


def plan_in_words(plan: Plan) -> str:
    """``内容 60%、互动 30%、人员 10%``."""
    return i18n.listed(f"{t(f'rhythm.sort_{sort}')} {i18n.share(plan[sort], 0)}" for sort in PLAN)
