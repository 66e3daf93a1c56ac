"""Paths as flows: a column per step, each as high as all members, so that figures of a column add up to everybody.

The words of the nodes are links that lie over the flows, one to each node's menu. Phones see the same figures and menus as a list
per column (``dashboard/web/assets/look.css`` says from which width on).
"""

import re
from collections.abc import Sequence
from html import escape
from itertools import pairwise

import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, i18n
from dashboard.data.paths import ARRIVED, Column, Place, View
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import path_links, path_words

FLOW, PAD, HEAD, FOOT, ROOM = 280, 27, 44, 16, 8
"""Pixels: height of all members, what lies between nodes (two lines of words), around the picture."""
THICK = 10
REACH = 28
"""What can be clicked of a node is at least as high as its two lines of words."""
BOLD = r"\*\*(.+?)\*\*"
"""As the catalogues write it."""
MENU = 300
"""Pixels that a menu may be high."""
QUIET = {"light": "rgba(122,135,142,.55)", "dark": "rgba(163,178,184,.50)"}
WIDEST = 6
"""With more columns than this the picture is wider than its place, and scrolls."""


def show(view: View, opened: str, menu: str, address: str) -> None:
    """``opened``: the node whose menu is open, or nothing; ``menu``: what is in it, as HTML; ``address``: what links to menus begin
    with."""
    wide = "wide" if len(view.columns) > WIDEST else "fits"
    with st.container(key=f"path_flow_{wide}"):
        key = f"{view.key}|{i18n.language()}|{address}|{opened}|{menu}"
        st.html(_written(key=key, _view=view, _opened=opened, _menu=menu, _address=address))
        charts.show("paths", view.key, lambda: draw(view), alt=t("path.alt"))


def draw(view: View) -> go.Figure:
    """Nodes stand where they are put: most visited first, the quiet ones at the bottom. ``sort`` keeps links in the same
    order, or Plotly lays them out for the places that it would have chosen itself, and they cross."""
    nodes = [(column, node) for column in view.columns for node in column.nodes]
    places = {(column.number, node.code): place for place, (column, node) in enumerate(nodes)}
    colors = _colors(view)
    height = _height(view)
    figure = go.Figure(
        go.Sankey(
            arrangement="fixed",
            node={
                "sort": "input",
                "x": [_across(column, view) for column, _ in nodes],
                "y": [center / height for center in _all_centers(view)],
                "pad": PAD,
                "thickness": THICK,
                "label": [""] * len(nodes),
                "color": [colors[node.code] for _, node in nodes],
                "line": {"width": 0},
                "hoverinfo": "skip",
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
    figure.update_layout(
        height=height + HEAD + FOOT,
        margin={"l": ROOM, "r": ROOM, "t": HEAD, "b": FOOT},
        font={"family": charts.FONT, "size": 12},
        hoverlabel={"font": {"family": charts.FONT, "size": 12}},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure


def _height(view: View) -> int:
    """Pixels of the nodes and what lies between them."""
    return FLOW + PAD * (max(len(column.nodes) for column in view.columns) - 1)


def _across(column: Column, view: View) -> float:
    """Where a column stands, as a share of the width."""
    return (column.number + 0.02) / len(view.columns)


def _all_centers(view: View) -> list[float]:
    return [center for column in view.columns for center in _centers(column, view.members, _height(view))]


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


def _cut(view: View, code: int, letters: int) -> str:
    """A node's words, short enough for its place and without a meaning for Plotly."""
    return charts.cut(path_words.node(view, code), letters)


@kept.by_key(64)
def _written(key: str, _view: View, _opened: str, _menu: str, _address: str) -> str:  # noqa: ARG001 - what it is cached by
    return _lead(_view) + nodes(_view, _opened, _menu, _address) + lists(_view, _opened, _menu, _address)


def _lead(view: View) -> str:
    """How many the picture is of, which is in bold type."""
    words = escape(t("path.lead", count=i18n.number(view.members), gap=path_words.gap(view.asked)))
    small = ""
    if view.members < path_words.SMALL:
        small = f'<p class="lead">{escape(t("number.small_meaning", count=i18n.number(view.members)))}</p>'
    strong = re.sub(BOLD, r"<b>\1</b>", words)
    return f'<div class="path-lead"><p>{strong}</p>{small}</div>'


def nodes(view: View, opened: str, menu: str, address: str) -> str:
    """What lies over the flows: heads of columns, words of nodes, and a menu where it is open."""
    heads = "".join(
        f'<span class="head" style="--x:{_across(column, view):.5f}">{escape(path_words.column(column.number, view.asked))}</span>'
        for column in view.columns
    )
    centers = dict(zip(view.places, _all_centers(view), strict=True))
    links = "".join(
        _node(view, *place, centers[place[0]], address, place[0] == opened) for place in view.places.items()
    )
    height = _height(view) + HEAD + FOOT
    if opened:
        links += (
            f'<a class="away" tabindex="-1" href="{path_links.to(address)}" aria-label="{escape(t("path.close"))}"></a>'
        )
        links += _menu_at(view, view.places[opened], centers[opened], height, menu)
    return f'<div class="path-nodes" style="--columns:{len(view.columns)};height:{height}px">{heads}{links}</div>'


def _node(view: View, text: str, place: Place, center: float, address: str, is_open: bool) -> str:
    """The bar and its words. Beside the list of nodes it is no further stop of the keyboard."""
    bar = FLOW * place.members / view.members
    reach = max(bar, REACH)
    words, count = escape(path_words.node(view, place.code)), path_words.count(place.members, view.members)
    said = f"{escape(path_words.column(place.column, view.asked))} · {words}\n{count}"
    kind = " ".join([*(["quiet"] if place.code < 0 else []), *(["open"] if is_open else [])])
    return (
        f'<a class="{kind}" tabindex="-1" href="{path_links.to(address, **{path_links.NODE: text})}" title="{said}" '
        f'style="--x:{_across(view.columns[place.column], view):.5f};top:{HEAD + center - reach / 2:.1f}px;height:{reach:.1f}px">'
        f"<span><b>{words}</b><small>{count}</small></span></a>"
    )


def _menu_at(view: View, place: Place, center: float, height: int, menu: str) -> str:
    """Below its node, as far as there is room, and on the side where there is some."""
    x = _across(view.columns[place.column], view)
    top = max(0, min(HEAD + center + REACH / 2 + 4, height - MENU))
    side = "right" if x > 0.5 else "left"
    return f'<div class="menu {side}" style="--x:{x:.5f};top:{top:.1f}px">{menu}</div>'


def lists(view: View, opened: str, menu: str, address: str) -> str:
    """Every column as a list, the most visited first; a menu below its node."""
    parts = []
    for column in view.columns:
        head = escape(path_words.column(column.number, view.asked))
        rows = "".join(
            _row(view, text, place, address) + (f'<li class="menu">{menu}</li>' if text == opened else "")
            for text, place in view.places.items()
            if place.column == column.number
        )
        parts.append(f"<section><h3>{head}</h3><ol>{rows}</ol></section>")
    return f'<div class="path-lists">{"".join(parts)}</div>'


def _row(view: View, text: str, place: Place, address: str) -> str:
    share = 100 * place.members / view.members
    kind = ' class="quiet"' if place.code < 0 else ""
    return (
        f'<li{kind} style="--share:{share:.2f}%"><a href="{path_links.to(address, **{path_links.NODE: text})}">'
        f"<span>{escape(path_words.node(view, place.code))}</span><b>{path_words.count(place.members, view.members)}</b></a></li>"
    )


def rows(view: View) -> dict[str, Sequence[object]]:
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
