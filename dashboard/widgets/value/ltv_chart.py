"""Pictures of lifetime value: tenths by value, curves of cohorts, and predictions beside what came."""

from collections.abc import Sequence
from datetime import date

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from dashboard import charts, i18n
from dashboard.data.rows import Row
from dashboard.i18n import t

MOST_COHORTS = 12
"""The newest ones; all stand in the table."""
SCALE = {"light": ["#b7dcd3", "#0b4f41"], "dark": ["#1d5b4d", "#a6f0dc"]}


def tenths(rows: Sequence[Row], currency: str) -> go.Figure:
    """What each tenth of customers is expected to bring."""
    color = charts.BRAND[charts.theme()]
    names = [str(row["place"] + 1) for row in rows]
    figure = go.Figure(
        go.Bar(
            x=names, y=[row["value_share"] for row in rows], width=0.62, marker={"cornerradius": 4, "color": color},
            text=[i18n.share(row["value_share"], 0) for row in rows], textposition="outside", textfont={"color": charts.SOFT[charts.theme()]},
            cliponaxis=False, hovertemplate="%{customdata}<extra></extra>",
            customdata=[
                t("ltv.tenth_told", place=row["place"] + 1, count=i18n.number(row["members"]), value=i18n.compact_money(row["value_minor"], currency),
                  lowest=i18n.money(row["lowest_minor"], currency))
                for row in rows
            ],
        )
    )  # fmt: skip
    figure.update_layout(**charts.layout(240, margin_top=24), showlegend=False)
    top = max((row["value_share"] or 0 for row in rows), default=0)
    figure.update_yaxes(**charts.ticks(0, top * 1.15, lambda value: i18n.share(value, 0)))
    figure.update_xaxes(showgrid=False, type="category")
    return figure


def cohorts(
    curves: Sequence[tuple[date, Sequence[Row]]], mean: Sequence[tuple[int, float]], currency: str
) -> go.Figure:
    """Revenue per customer by age, the lighter the older the cohort; what is not mature is dotted. ``mean``: of mature ages, by age. Only
    the oldest and the newest are named beside it, the others on pointing at them: a phone has no room for twelve names."""
    figure = go.Figure()
    shown = curves[-MOST_COHORTS:]
    named = {str(on) for on, _ in (shown[0], shown[-1])} if shown else set()
    colors = sample_colorscale(SCALE[charts.theme()], [n / max(len(shown) - 1, 1) for n in range(len(shown))])
    for (cohort_on, rows), color in zip(shown, colors, strict=True):
        whole = [row for row in rows if row["is_mature"]]
        for part, dash in ((whole, "solid"), (rows[max(len(whole) - 1, 0) :], "dot")):
            if not part or (dash == "dot" and len(whole) == len(rows)):
                continue
            figure.add_scatter(
                x=[row["age"] for row in part], y=[row["value_minor"] for row in part], name=i18n.month(cohort_on), legendgroup=str(cohort_on),
                showlegend=str(cohort_on) in named and (dash == "solid" or not whole), mode="lines" if len(part) > 1 else "markers", line={"color": color, "width": 1.8, "dash": dash},
                marker={"color": color, "size": 6}, hovertemplate="%{customdata}<extra></extra>",
                customdata=[_point(cohort_on, row, currency) for row in part],
            )  # fmt: skip
    if mean:
        ink = charts.INK[charts.theme()]
        told = [t("ltv.mean_told", age=age, value=i18n.money(value, currency)) for age, value in mean]
        figure.add_scatter(
            x=[age for age, _ in mean], y=[value for _, value in mean], name=t("ltv.mean"), mode="lines", line={"color": ink, "width": 3},
            hovertemplate="%{customdata}<extra></extra>", customdata=told,
        )  # fmt: skip
    top = max((row["value_minor"] for _, rows in shown for row in rows), default=1)
    figure.update_layout(**charts.layout(380, margin_right=20))
    figure.update_yaxes(**charts.ticks(0, top * 1.06, lambda value: i18n.money(value, currency, digits=0)))
    ages = max([*(row["age"] for _, rows in shown for row in rows), *(age for age, _ in mean)], default=1)
    figure.update_xaxes(showgrid=False, range=[0.7, ages + 0.3], dtick=1 if ages <= 14 else 3)
    return figure


def _point(cohort_on: date, row: Row, currency: str) -> str:
    state = "" if row["is_mature"] else f" · {t('ltv.immature')}"
    value = t("ltv.mean_told", age=row["age"], value=i18n.money(row["value_minor"], currency))
    return (
        f"<b>{i18n.month(cohort_on)}</b> {value}{state}<br>{t('ltv.cohort_size', count=i18n.number(row['customers']))}"
    )


def classes(rows: Sequence[Row]) -> go.Figure:
    """Orders per customer in the held-out period, predicted and actual, by repeats before it."""
    names = [_class(row["repeats"]) for row in rows]
    counts = [i18n.number(row["customers"]) for row in rows]
    figure = go.Figure()
    looks = (("actual", charts.GREY), ("predicted", charts.BRAND[charts.theme()]))
    for name, color in looks:
        figure.add_bar(
            x=names, y=[row[name] for row in rows], name=t(f"ltv.{name}"), marker={"color": color, "cornerradius": 3},
            hovertemplate="%{customdata}<extra></extra>",
            customdata=[
                t("ltv.class_told", name=t(f"ltv.{name}"), value=i18n.number(row[name], 2), repeats=_class(row["repeats"]), count=count)
                for row, count in zip(rows, counts, strict=True)
            ],
        )  # fmt: skip
    top = max((max(row["actual"], row["predicted"]) for row in rows), default=1)
    figure.update_layout(**charts.layout(300), barmode="group", bargap=0.3, bargroupgap=0.06)
    figure.update_yaxes(**charts.ticks(0, top * 1.1, lambda value: i18n.number(value, 1)))
    figure.update_xaxes(showgrid=False, type="category")
    return figure


def _class(repeats: int) -> str:
    return t("ltv.class_last", count=repeats) if repeats >= 7 else t("ltv.class", count=repeats)


def weeks(rows: Sequence[Row]) -> go.Figure:
    """Repeat orders added up, week by week; a line parts what the laws were fitted to from what was held out."""
    days = [row["week_end_on"] for row in rows]
    figure = go.Figure()
    looks = (
        ("actual", {"color": charts.GREY, "width": 2.4}),
        ("predicted", {"color": charts.BRAND[charts.theme()], "width": 2.4, "dash": "dash"}),
    )
    for name, line in looks:
        figure.add_scatter(
            x=days, y=[row[name] for row in rows], name=t(f"ltv.{name}"), mode="lines", line=line, hovertemplate="%{customdata}<extra></extra>",
            customdata=[f"{i18n.day(row['week_end_on'])} {t(f'ltv.{name}')} {i18n.number(row[name])}" for row in rows],
        )  # fmt: skip
    held = [row["week_end_on"] for row in rows if row["is_held"]]
    if held:
        figure.add_vrect(x0=held[0], x1=held[-1], fillcolor=charts.LINE, line_width=0, layer="below")
        figure.add_annotation(
            x=held[0], y=1, yref="paper", text=t("ltv.held_out"), showarrow=False, xanchor="left", yanchor="top",
            font={"size": 11, "color": charts.SOFT[charts.theme()]},
        )  # fmt: skip
    top = max((max(row["actual"], row["predicted"]) for row in rows), default=1)
    figure.update_layout(**charts.layout(300), hovermode="closest")
    figure.update_yaxes(**charts.ticks(0, top * 1.06, lambda value: i18n.compact(value, 0)))
    figure.update_xaxes(showgrid=False, tickformat="%Y年%m月" if i18n.language() == "zh" else "%b %Y", nticks=6)
    return figure
