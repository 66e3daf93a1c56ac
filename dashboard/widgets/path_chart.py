"""Paths as flows: a column per step, each as high as all members, so that figures of a column add up to everybody.

Phones see the same figures as a list per column (``dashboard/web/assets/look.css`` says from which width on).
"""

from collections.abc import Sequence
from html import escape
from itertools import pairwise

import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, i18n
from dashboard.data.paths import ARRIVED, Column, View
from dashboard.i18n import t
from dashboard.widgets import path_words

FLOW, PAD, HEAD, FOOT, ROOM = 280, 27, 44, 16, 8
"""Pixels: height of all members, what lies between nodes (two lines of words), around the picture."""
THICK = 10
PAPER = {"light": "rgba(255,255,255,.66)", "dark": "rgba(21,28,34,.66)"}
"""Behind words, so that flows do not strike them through."""
QUIET = {"light": "rgba(122,135,142,.55)", "dark": "rgba(163,178,184,.50)"}
WIDEST = 6
"""With more columns than this the picture is wider than its place, and scrolls."""


def show(view: View) -> None:
    wide = "wide" if len(view.columns) > WIDEST else "fits"
    with st.container(key=f"path_flow_{wide}"):
        charts.show("paths", view.key, lambda: draw(view), alt=t("path.alt"))
    st.html(_lists(view))


def draw(view: View) -> go.Figure:
    """Nodes stand where they are put: most visited first, the quiet ones at the bottom. ``sort`` keeps links in the same
    order, or Plotly lays them out for the places that it would have chosen itself, and they cross."""
    nodes = [(column, node) for column in view.columns for node in column.nodes]
    places = {(column.number, node.code): place for place, (column, node) in enumerate(nodes)}
    colors = _colors(view)
    height = FLOW + PAD * (max(len(column.nodes) for column in view.columns) - 1)
    centers = [center for column in view.columns for center in _centers(column, view.members, height)]
    across = [(column.number + 0.02) / len(view.columns) for column, _ in nodes]
    figure = go.Figure(
        go.Sankey(
            arrangement="fixed",
            node={
                "sort": "input",
                "x": across,
                "y": [center / height for center in centers],
                "pad": PAD,
                "thickness": THICK,
                "label": [""] * len(nodes),
                "color": [colors[node.code] for _, node in nodes],
                "line": {"width": 0},
                "customdata": [_told(view, column, node.code, node.members) for column, node in nodes],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
            link={
                "sort": "input",
                "source": [places[link.column, link.source] for link in view.links],
                "target": [places[link.column + 1, link.target] for link in view.links],
                "value": [link.members for link in view.links],
                "color": [
                    _faded(colors[link.source], 0.1 if min(link.source, link.target) < 0 else 0.26)
                    for link in view.links
                ],
                "customdata": [
                    f"{_cut(view, link.source, 24)} → {_cut(view, link.target, 24)}<br>"
                    f"{path_words.count(link.members, view.members)}"
                    for link in view.links
                ],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
        )
    )
    look = charts.theme()
    letters = 34 if len(view.columns) < 4 else 20 if len(view.columns) <= WIDEST else 17
    for (_, node), x, center in zip(nodes, across, centers, strict=True):
        name = _cut(view, node.code, letters)
        words = path_words.count(node.members, view.members)
        ink = charts.INK[look] if node.code >= 0 else charts.SOFT[look]
        _write(figure, x, 1 - center / height, f"{name}<br><span style='color:{charts.SOFT[look]}'>{words}</span>", ink)
    for column in view.columns:
        head = path_words.column(column.number, view.asked)
        _write(figure, (column.number + 0.02) / len(view.columns), 1, head, charts.SOFT[look], yshift=30, xshift=-7)
    figure.update_layout(
        height=height + HEAD + FOOT,
        margin={"l": ROOM, "r": ROOM, "t": HEAD, "b": FOOT},
        font={"family": charts.FONT, "size": 12},
        hoverlabel={"font": {"family": charts.FONT, "size": 12}},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        xaxis={"visible": False},
        yaxis={"visible": False},
    )
    return figure


def _centers(column: Column, members: int, height: int) -> list[float]:
    """Pixels from the top to the middle of each node."""
    ends = [0.0]
    for node in column.nodes:
        ends.append(ends[-1] + FLOW * node.members / members + PAD)
    return [min(max((low + high - PAD) / 2, 0.5), height - 0.5) for low, high in pairwise(ends)]


def _colors(view: View) -> dict[int, str]:
    """One colour per event, in the order in which they appear; what is no event is quiet, the end is the product's own."""
    look = charts.theme()
    palette: list[str] = list(st.get_option(f"theme.{look}.chartCategoricalColors"))
    events = list(dict.fromkeys(node.code for column in view.columns for node in column.nodes if node.code >= 0))
    colors = {code: palette[place % len(palette)] for place, code in enumerate(events)}
    quiet = {node.code: QUIET[look] for column in view.columns for node in column.nodes if node.code < 0}
    return colors | quiet | {ARRIVED: charts.BRAND[look]}


def _faded(color: str, opacity: float) -> str:
    if color.startswith("rgba"):
        return color.rsplit(",", 1)[0] + f",{opacity})"
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _told(view: View, column: Column, code: int, members: int) -> str:
    head = path_words.column(column.number, view.asked)
    return f"{head} · {_cut(view, code, 40)}<br>{path_words.count(members, view.members)}"


def _cut(view: View, code: int, letters: int) -> str:
    """A node's words, short enough for its place and without a meaning for Plotly."""
    return charts.cut(path_words.node(view, code), letters)


def _write(figure: go.Figure, x: float, y: float, text: str, color: str, *, xshift: int = 8, yshift: int = 0) -> None:
    figure.add_annotation(
        x=x, y=y, xref="paper", yref="paper", xshift=xshift, yshift=yshift, text=text, showarrow=False, xanchor="left",
        yanchor="middle", align="left", borderpad=0, bgcolor=PAPER[charts.theme()], font={"size": 11.5, "color": color},
    )  # fmt: skip


def _lists(view: View) -> str:
    """Every column as a list, the most visited first."""
    parts = []
    for column in view.columns:
        head = escape(path_words.column(column.number, view.asked))
        rows = "".join(_row(view, node.code, node.members) for node in column.nodes)
        parts.append(f"<section><h3>{head}</h3><ol>{rows}</ol></section>")
    return f'<div class="path-lists">{"".join(parts)}</div>'


def _row(view: View, code: int, members: int) -> str:
    share = 100 * members / view.members
    kind = ' class="quiet"' if code < 0 else ""
    return (
        f'<li{kind} style="--share:{share:.2f}%"><span>{escape(path_words.node(view, code))}</span>'
        f"<b>{path_words.count(members, view.members)}</b></li>"
    )


def rows(view: View) -> dict[str, Sequence[str]]:
    """All figures of the picture as a table."""
    nodes = [(column, node) for column in view.columns for node in column.nodes]
    return {
        t("path.column"): [path_words.column(column.number, view.asked) for column, _ in nodes],
        t("path.node"): [path_words.node(view, node.code) for _, node in nodes],
        t("path.members"): [i18n.number(node.members) for _, node in nodes],
        t("path.share"): [
            i18n.share(node.share) if view.members >= path_words.SMALL else i18n.UNDEFINED for _, node in nodes
        ],
    }
