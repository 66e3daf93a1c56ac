"""What can be done with a node or a whole path: start there, leave it out, open its funnel, list its people. All of it is a link."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape
from urllib.parse import parse_qs

import streamlit as st

from dashboard import i18n, markdown
from dashboard.actions import guard
from dashboard.data import paths
from dashboard.data.paths import Path, Place, View
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import names, path_links, path_words, tables

WAYS = 3
"""Ways to a node that are offered as a funnel, the most taken ones."""


def choose(view: View, opened: str) -> str:
    """One node of the picture from a list that the keyboard reaches: the one whose menu is open, until another is chosen."""
    key, options = _key("node", view), list(view.places)
    first = next((place for place, one in enumerate(view.places.values()) if one.column == 1), 0)
    if opened and st.session_state.get(key) != opened:
        st.session_state[key] = opened
    labels = _labels(key=f"{view.key}|{i18n.language()}", _view=view)
    chosen: str = st.selectbox(
        t("path.node_menu"),
        options,
        index=first,
        format_func=labels.get,
        key=key,
        width=380,
        on_change=path_links.close,
    )
    return chosen


@kept.by_key(16)
def _labels(key: str, _view: View) -> dict[str, str]:  # noqa: ARG001 - what it is cached by
    return {text: _said(_view, place) for text, place in _view.places.items()}


def _said(view: View, place: Place) -> str:
    """``Step 1 · Add to cart · 1,234 · 45.6%``"""
    head = path_words.column(place.column, view.asked)
    return f"{head} · {path_words.node(view, place.code)} · {path_words.count(place.members, view.members)}"


def of_node(view: View, text: str, address: str) -> str:
    """What can be done with a node, as HTML."""
    may = guard.may("people.see")
    key = f"{view.key}|{i18n.language()}|{text}|{address}|{may}"
    return _of_node(key=key, _view=view, _text=text, _address=address, _may=may)


def over_node(view: View, text: str, address: str) -> str:
    """The same as a menu of its own: says whose it is, and closes."""
    close, said = path_links.to(address), escape(t("path.close"))
    head = f'<b>{escape(_said(view, view.places[text]))}</b><a class="close" href="{close}" title="{said}" aria-label="{said}">×</a>'
    return f"<header>{head}</header>{of_node(view, text, address)}"


@kept.by_key(64)
def _of_node(key: str, _view: View, _text: str, _address: str, _may: bool) -> str:  # noqa: ARG001 - what it is cached by
    place = _view.places[_text]
    name, names = _view.name(place.code), set(_view.names(place.code))
    can_start = place.code >= 0 and place.column > 0
    can_go = place.code >= 0 and not names <= {*_view.asked.anchor, *_view.asked.to}
    links = [
        _act(
            "start",
            t("path.set_start"),
            t("path.set_start_help"),
            {path_links.START: name} if can_start else None,
            _address,
        ),
        _act("hide", t("path.exclude"), t("path.exclude_help"), {path_links.HIDE: name} if can_go else None, _address),
    ]
    if _may:
        label = t("path.people", count=i18n.number(place.members))
        links.append(_act("people", label, label, {path_links.WHO: _text} if place.members else None, _address))
    return f'<nav class="path-acts">{"".join(links)}</nav>{_ways(_view, place, _address)}'


def _act(kind: str, label: str, hint: str, said: Mapping[str, str] | None, address: str) -> str:
    """A link that looks like a button; without anything to say one that is out of use."""
    where = f'href="{path_links.to(address, **said)}"' if said else 'role="link" aria-disabled="true"'
    return f'<a class="{kind}" {where} title="{escape(hint)}">{escape(label)}</a>'


def _ways(view: View, place: Place, address: str) -> str:
    """Funnels that lead to the node, or from it to the anchor: one per way, because a funnel has one."""
    found = view.ways(place.column, place.code) if place.code >= 0 else ()
    ways = [way for way in found if view.can_be_funnel(way.nodes)]
    if not ways:
        return f'<p class="lead">{escape(t("path.no_funnel"))}</p>'
    after = view.asked.direction
    several = len(ways) > 1
    lead = t(f"path.ways_{after}", count=i18n.number(len(ways))) if several else t(f"path.way_only_{after}")
    links = "".join(
        f'<div class="path-way">{_funnel(view, way.nodes, way.members, address)}</div>' for way in ways[:WAYS]
    )
    return f'<p class="lead">{escape(lead)}</p>{links}'


def top(view: View, address: str) -> str:
    """The most taken whole paths, and what can be done with each, as HTML."""
    may = guard.may("people.see")
    return _top(key=f"{view.key}|{i18n.language()}|{address}|{may}", _view=view, _address=address, _may=may)


@kept.by_key(32)
def _top(key: str, _view: View, _address: str, _may: bool) -> str:  # noqa: ARG001 - what it is cached by
    columns = (t("path.path"), t("path.members"), t("path.share"), t("path.funnel"))
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in ("#", *columns))
    rows = "".join(_row(_view, place, path, _address, _may) for place, path in enumerate(_view.top, 1))
    shown = sum(path.members for path in _view.top)
    rest = ""
    if shown < _view.members:
        words = t("path.top_rest", count=i18n.number(len(_view.top)), rest=i18n.number(_view.members - shown))
        rest = f'<p class="lead">{escape(words)}</p>'
    title = escape(t("path.top_paths"))
    return (
        f'<section class="path-card" id="path-top"><h2>{title}</h2><table aria-label="{title}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table>{rest}</section>"
    )


def _row(view: View, number: int, path: Path, address: str, may: bool) -> str:
    members = i18n.number(path.members)
    if may and path.members:
        link = path_links.to(address, **{path_links.WHO: path_links.path_text(view, path.nodes)})
        said = escape(t("path.people", count=members))
        members = f'<a href="{link}" title="{said}" aria-label="{said}">{members}</a>'
    share = i18n.UNDEFINED if view.members < path_words.SMALL else i18n.share(path.share)
    events = tuple(code for code in path.nodes if code >= 0)  # without the node that says it is over
    funnel = ""
    if view.can_be_funnel(events):
        count = view.starting(events)
        short = t(f"path.to_funnel_{view.asked.direction}", count=i18n.number(count))
        funnel = _funnel(view, events, count, address, short)
    return (
        f"<tr><td>{number}</td><td>{escape(path_words.nodes(view, path.nodes))}</td><td>{members}</td><td>{share}</td>"
        f"<td>{funnel}</td></tr>"
    )


def rows(view: View) -> tables.Columns:
    """The most taken paths as a table."""
    is_small = view.members < path_words.SMALL
    return {
        "#": list(range(1, len(view.top) + 1)),
        t("path.path"): [path_words.nodes(view, path.nodes) for path in view.top],
        t("path.members"): [i18n.number(path.members) for path in view.top],
        t("path.share"): [i18n.UNDEFINED if is_small else i18n.share(path.share) for path in view.top],
    }


def _key(name: str, view: View) -> str:
    """Of a list whose words are this answer's: kept under one key, the browser would show those of the answer before."""
    return f"path_{name}_{abs(hash(view.key))}"


def _funnel(view: View, nodes: Sequence[int], members: int, address: str, short: str = "") -> str:
    """The link to a funnel that counts so many at its last step."""
    where = escape(paths.funnel_address(view, nodes, _query(address)))
    count = path_words.count(members, view.members)
    words = escape(t("path.open_funnel", path=path_words.nodes(view, nodes), count=count))
    return (
        f'<a href="{where}" title="{words}" aria-label="{words}">{escape(short)}</a>'
        if short
        else f'<a href="{where}">{words}</a>'
    )


@lru_cache(64)
def _query(address: str) -> dict[str, list[str]]:
    return parse_qs(address, keep_blank_values=True)


def refused(words: str) -> None:
    with st.container(border=True, key="card_refused"):
        st.markdown(f":material/info: {words}")


def nobody(view: View, asked: Filters) -> None:
    with st.container(border=True, key="card_refused"):
        st.subheader(t("path.nobody"), anchor=False)
        days = i18n.days(asked.period)
        start = t("number.or").join(map(names.event, view.asked.anchor))
        st.write(t("path.nobody_lead", event=markdown.escaped(start), days=days))
