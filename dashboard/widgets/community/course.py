"""A group day by day: what was said, by how many, who came and who left."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, i18n
from dashboard.data import community
from dashboard.data.community import View
from dashboard.filters import Filters
from dashboard.i18n import t

HEIGHT = 230
MOST_DAYS = 92
"""Beyond so many days a week is one point."""


def show(view: View, asked: Filters, of: str | None) -> None:
    """Nothing where a single day is asked for."""
    if view.spans.now.days < 2:
        return
    title = t("community.course_weeks" if view.spans.now.days > MOST_DAYS else "community.course_days")
    key = f"{view.key}|{asked}|{of}"
    charts.show(
        f"course_{'one' if of is not None else 'all'}",
        key,
        lambda: _drawn(community.course(asked, view, of)),
        alt=title,
    )
    st.caption(title)


def _drawn(days: pd.DataFrame) -> go.Figure:
    rows = _by_week(days) if len(days) > MOST_DAYS else days.assign(last=days["on"])
    look = charts.theme()
    figure = go.Figure()
    told = [_told(row) for row in rows.to_dict("records")]
    if "said" in rows:
        figure.add_bar(
            x=rows["on"], y=rows["said"], name=t("community.figure_said"), marker={"color": charts.BRAND[look], "opacity": 0.35}, customdata=told,
            hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    if "joined" in rows:
        moves = {"joined": (1, charts.BRAND[look]), "left": (-1, charts.BAD[look])}
        for name, (way, color) in moves.items():
            figure.add_scatter(
                x=rows["on"], y=way * rows[name], yaxis="y2", mode="lines", name=t(f"community.figure_{name}"),
                line={"color": color, "width": 1.8, "dash": "solid" if way > 0 else "dot"}, customdata=told,
                hovertemplate="%{customdata}<extra></extra>",
            )  # fmt: skip
    figure.update_layout(**charts.layout(HEIGHT, margin_right=40), bargap=0.25)
    top = max(int(rows["said"].max()), 1) if "said" in rows else 1
    figure.update_yaxes(**charts.ticks(0, top * 1.1, i18n.number, whole=True))
    if "joined" in rows:
        most = max(int(rows[["joined", "left"]].to_numpy().max()), 1)
        figure.update_layout(
            showlegend=True, legend={"orientation": "h", "y": 1.16, "x": 0},
            yaxis2={"overlaying": "y", "side": "right", "range": [-1.15 * most, 1.15 * most], "showgrid": False, "zeroline": True,
                    "zerolinecolor": charts.LINE, "fixedrange": True, "tickvals": [-most, 0, most], "ticktext": [i18n.number(most), "0", i18n.number(most)]},
        )  # fmt: skip
    figure.update_xaxes(
        showgrid=False, fixedrange=True, tickformat="%m月%d日" if i18n.language() == "zh" else "%b %d", nticks=8
    )
    return figure


def _by_week(days: pd.DataFrame) -> pd.DataFrame:
    """Weeks from Monday on; the first and the last may be shorter, and say so. Speakers of days add up to days spoken on."""
    monday = days["on"].map(lambda on: on.fromordinal(on.toordinal() - on.weekday()))
    sums = {name: (name, "sum") for name in days if name != "on"}
    return (
        days.groupby(monday.rename("week")).agg(on=("on", "first"), last=("on", "last"), **sums).reset_index(drop=True)
    )


def _told(row: dict[str, object]) -> str:
    first, last = row["on"], row["last"]
    when = i18n.day(first) if first == last else f"{i18n.day(first)} – {i18n.day(last)}"  # type: ignore[arg-type]
    names = [name for name in ("said", "speakers", "joined", "left") if name in row]
    label = {"speakers": "community.course_speakers" if first == last else "community.course_speaker_days"}
    lines = [f"{t(label.get(name, f'community.figure_{name}'))} {i18n.number(row[name])}" for name in names]  # type: ignore[arg-type]
    return "<br>".join([when, *lines])
