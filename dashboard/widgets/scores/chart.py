"""Pictures of scores: how chances lie, whether they keep what they promise, what they win, what weighs, and how members drift."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from dashboard import charts, i18n
from dashboard.data.scores import RETRAIN, WATCH, Model, Row, ScoreCheck, Tenth
from dashboard.i18n import t
from dashboard.widgets.scores import words

MOST_WEIGHTS = 14
ON_BRAND = {"light": "#ffffff", "dark": "#0d1117"}
"""Of words on the brand's colour."""
ROOM = 1.9
"""Times the longest bar: the words beside it must not run into the names, on a phone neither."""


def spread(rows: Sequence[Row]) -> go.Figure:
    """Members by chance, twenty steps."""
    color = charts.BRAND[charts.theme()]
    names = [f"{i18n.share(row['low'], 0)}–{i18n.share(row['high'], 0)}" for row in rows]
    counts = [row["members"] for row in rows]
    figure = go.Figure(
        go.Bar(
            x=[row["low"] + 0.025 for row in rows], y=counts, width=0.045, marker={"cornerradius": 3, "color": color},
            customdata=[t("scores.bin_told", chance=name, count=i18n.number(count)) for name, count in zip(names, counts, strict=True)],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(**charts.layout(220, margin_top=12), showlegend=False)
    figure.update_yaxes(**charts.ticks(0, max(counts, default=1) * 1.08, lambda value: i18n.number(value), whole=True))
    figure.update_xaxes(
        showgrid=False,
        range=[0, 1],
        tickvals=[n / 10 for n in range(0, 11, 2)],
        ticktext=[i18n.share(n / 10, 0) for n in range(0, 11, 2)],
    )
    return figure


def calibration(tenths: Sequence[Tenth]) -> go.Figure:
    """Promised beside observed, a point for each tenth with its 95 % interval."""
    look, figure = charts.theme(), go.Figure()
    top = min(1.0, max(max(one.predicted, one.high) for one in tenths) * 1.06)
    figure.add_scatter(
        x=[0, top],
        y=[0, top],
        mode="lines",
        line={"color": charts.GREY, "width": 1.2, "dash": "dot"},
        name=t("scores.exact"),
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[one.predicted for one in tenths], y=[one.actual for one in tenths], mode="lines+markers", name=t("scores.came"),
        marker={"size": 9, "color": charts.BRAND[look]}, line={"color": charts.BRAND[look], "width": 1.6},
        error_y={
            "type": "data", "symmetric": False, "array": [one.high - one.actual for one in tenths],
            "arrayminus": [one.actual - one.low for one in tenths], "color": charts.GREY, "thickness": 1.2, "width": 4,
        },
        customdata=[
            t("scores.tenth_told", place=one.place, count=i18n.number(one.members), predicted=i18n.share(one.predicted), actual=i18n.share(one.actual),
              low=i18n.share(one.low), high=i18n.share(one.high))
            for one in tenths
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(**charts.layout(320, margin_top=12))
    axis = charts.ticks(0, top, lambda value: i18n.share(value, 0))
    figure.update_yaxes(**axis, title={"text": t("scores.actual"), "font": {"size": 12}})
    figure.update_xaxes(**axis, title={"text": t("scores.predicted"), "font": {"size": 12}}, side="bottom")
    figure.update_layout(legend={"y": -0.28})
    return figure


def lift(tenths: Sequence[Tenth]) -> go.Figure:
    """How many times the usual rate each tenth has."""
    look = charts.theme()
    values = [one.lift or 0 for one in tenths]
    figure = go.Figure(
        go.Bar(
            x=[str(one.place) for one in tenths], y=values, width=0.62,
            marker={"cornerradius": 4, "color": [charts.BRAND[look] if value >= 1 else charts.FAINT for value in values]},
            text=[i18n.number(value, 1) for value in values], textposition="inside", insidetextanchor="end", textangle=0,
            insidetextfont={"color": [ON_BRAND[look] if value >= 1 else charts.INK[look] for value in values]},
            customdata=[
                t("scores.lift_told", place=one.place, lift=i18n.number(one.lift, 2), actual=i18n.share(one.actual), captured=i18n.share(one.captured))
                for one in tenths
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    figure.add_hline(y=1, line={"color": charts.GREY, "width": 1.2, "dash": "dot"}, layer="below")
    figure.update_layout(**charts.layout(320, margin_top=22), showlegend=False)
    figure.update_yaxes(**charts.ticks(0, max([*values, 1.2]) * 1.15, lambda value: i18n.number(value, 1)))
    figure.update_xaxes(showgrid=False, type="category", title={"text": t("scores.tenth_axis"), "font": {"size": 12}})
    return figure


def weights(model: Model) -> go.Figure:
    """What a standard deviation more of each feature adds to the log-odds, the heaviest first."""
    look = charts.theme()
    raising, lowering = charts.BAD[look], charts.BRAND[look]
    if model.target == "conversion":
        raising, lowering = lowering, raising
    named = sorted(zip(model.logistic.names, model.logistic.weight.tolist(), strict=True), key=lambda one: -abs(one[1]))
    shown = [one for one in named[:MOST_WEIGHTS] if one[1]]
    most = max((abs(weight) for _, weight in shown), default=1.0)
    figure = go.Figure(
        go.Bar(
            orientation="h", y=[charts.cut(words.feature(name), 34) for name, _ in shown], x=[weight for _, weight in shown], width=0.62,
            marker={"cornerradius": 4, "color": [raising if weight > 0 else lowering for _, weight in shown]},
            text=[i18n.signed(weight, 2) for _, weight in shown], textposition="outside", textfont={"color": charts.SOFT[look]}, cliponaxis=False,
            customdata=[t("scores.weight_told", feature=words.feature(name), weight=i18n.signed(weight, 3)) for name, weight in shown],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(**charts.layout(40 + 28 * len(shown)), showlegend=False)
    figure.update_yaxes(autorange="reversed", automargin=True, ticks="", showgrid=False)
    figure.update_xaxes(visible=False, range=[-most * ROOM, most * ROOM])
    return figure


def drifts(checks: Sequence[ScoreCheck], zone: str) -> go.Figure:
    """PSI of the score at each check, oldest first, on the clock of the business zone, with the bounds."""
    look = charts.theme()
    colors = {"ok": charts.BRAND[look], "watch": "#c98a1b", "retrain": charts.BAD[look]}
    clock = ZoneInfo(zone)
    told = [
        (one.at.astimezone(clock).replace(tzinfo=None), one.details["score"]["psi"] or 0.0, one.verdict)
        for one in checks
    ]
    figure = go.Figure(
        go.Scatter(
            x=[at for at, _, _ in told], y=[psi for _, psi, _ in told], mode="lines+markers", line={"color": charts.GREY, "width": 1.4},
            marker={"size": 10, "color": [colors[verdict] for _, _, verdict in told]},
            customdata=[t("scores.psi_told", psi=i18n.number(psi, 3), verdict=t(f"scores.verdict_{verdict}")) for _, psi, verdict in told],
            hovertemplate="%{x|%Y-%m-%d}<br>%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    for bound, name in ((WATCH, "watch"), (RETRAIN, "retrain")):
        figure.add_hline(y=bound, line={"color": colors[name], "width": 1.2, "dash": "dot"})
    figure.update_layout(**charts.layout(200, margin_top=12), showlegend=False)
    figure.update_yaxes(
        **charts.ticks(0, max([psi for _, psi, _ in told] + [RETRAIN]) * 1.15, lambda value: i18n.number(value, 2))
    )
    figure.update_xaxes(showgrid=False, tickformat="%Y-%m-%d", nticks=6)
    return figure
