"""What can be done with a node or a whole path: start there, leave it out, open its funnel, list its people."""

from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd
import streamlit as st

from dashboard import i18n, markdown
from dashboard.actions import guard
from dashboard.data import paths
from dashboard.data.paths import Path, View
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.widgets import columns, names, path_builder, path_words
from dashboard.widgets import people as panel


def node(view: View, asked: Filters, filters: str) -> None:
    """One node of the picture, chosen from a list that the keyboard reaches, and what can be done with it."""
    places = {f"{column.number}:{view.name(n.code)}": (column.number, n.code, n.members)
              for column in view.columns for n in column.nodes}  # fmt: skip
    labels = {
        key: f"{path_words.column(number, view.asked)} · {path_words.node(view, code)} · "
        f"{path_words.count(members, view.members)}"
        for key, (number, code, members) in places.items()
    }
    options = list(places)
    first = next((place for place, key in enumerate(options) if places[key][0] == 1), 0)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="path_node_menu"):
        key = st.selectbox(
            t("path.node_menu"), options, index=first, format_func=labels.get, key=_key("node", view), width=380
        )
        number, code, members = places[key if key in places else options[first]]
        st.button(
            t("path.set_start"), icon=":material/flag:", key="path_set_start", on_click=path_builder.set_as_start,
            args=(view, code), disabled=code < 0 or number == 0, help=t("path.set_start_help"),
        )  # fmt: skip
        kept = {*view.asked.anchor, *view.asked.to}
        can_go = code >= 0 and not set(view.names(code)) <= kept
        st.button(
            t("path.exclude"), icon=":material/visibility_off:", key="path_exclude", on_click=path_builder.exclude,
            args=(view, code), disabled=not can_go, help=t("path.exclude_help"),
        )  # fmt: skip
        _people_button("path_people", view, asked, {number: code}, members, filters, labels[key])
    _ways(view, number, code)


def _ways(view: View, number: int, code: int) -> None:
    """Funnels that lead to the node, or from it to the anchor: one per way, because a funnel has one."""
    ways = [way for way in view.ways(number, code) if view.can_be_funnel(way.nodes)] if code >= 0 else []
    if not ways:
        st.caption(t("path.no_funnel"))
        return
    shown = ways[:3]
    way = view.asked.direction
    st.caption(t(f"path.ways_{way}", count=i18n.number(len(ways))) if len(ways) > 1 else t(f"path.way_only_{way}"))
    st.html("".join(_link(view, way.nodes, way.members) for way in shown))


def top(view: View, asked: Filters, filters: str) -> None:
    """The most taken whole paths, and what can be done with each."""
    st.subheader(t("path.top_paths"), anchor=False)
    words = [path_words.nodes(view, path.nodes) for path in view.top]
    is_small = view.members < path_words.SMALL
    shares = [i18n.UNDEFINED if is_small else i18n.share(path.share) for path in view.top]
    table = {
        "#": list(range(1, len(words) + 1)),
        t("path.path"): words,
        t("path.members"): [i18n.number(path.members) for path in view.top],
        t("path.share"): shares,
    }
    st.dataframe(
        pd.DataFrame(table), hide_index=True, column_config=columns.right(t("path.members"), t("path.share")) | {"#": st.column_config.NumberColumn(width=50)},
        alt=t("path.top_paths"),
    )  # fmt: skip
    shown = sum(path.members for path in view.top)
    if shown < view.members:
        st.caption(t("path.top_rest", count=i18n.number(len(view.top)), rest=i18n.number(view.members - shown)))
    labels = {place: f"{place + 1}. {_short(one)} · {i18n.number(path.members)}"
              for place, (one, path) in enumerate(zip(words, view.top, strict=True))}  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="path_top_menu"):
        place = st.selectbox(
            t("path.path_menu"), list(labels), format_func=labels.get, key=_key("top", view), width=480
        )
        path = view.top[place if place in labels else 0]
        _people_button("path_top_people", view, asked, path.nodes, path.members, filters, t("path.whole"))
    events = _events(path)
    if view.can_be_funnel(events):
        st.html(_link(view, events, view.starting(events)))


def _key(name: str, view: View) -> str:
    """Of a list whose words are this answer's: kept under one key, the browser would show those of the answer before."""
    return f"path_{name}_{abs(hash(view.key))}"


def _events(path: Path) -> tuple[int, ...]:
    """The path without the node that says it is over."""
    return tuple(code for code in path.nodes if code >= 0)


def _link(view: View, nodes: Sequence[int], members: int) -> str:
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    address = escape(paths.funnel_address(view, nodes, query))
    words = t("path.open_funnel", path=path_words.nodes(view, nodes), count=path_words.count(members, view.members))
    return f'<div class="path-way"><a href="{address}">{escape(words)}</a></div>'


def _people_button(
    key: str, view: View, asked: Filters, nodes: Mapping[int, int] | Sequence[int], members: int, filters: str, title: str
) -> None:  # fmt: skip
    if not guard.may("people.see"):
        return
    label = t("path.people", count=i18n.number(members))
    if st.button(label, icon=":material/group:", key=key, disabled=not members):
        codes = tuple(nodes.values()) if isinstance(nodes, Mapping) else tuple(nodes)
        said = title if isinstance(nodes, Mapping) else path_words.nodes(view, codes)
        _open(view, asked, nodes, members, said, filters)


def _open(
    view: View, asked: Filters, nodes: Mapping[int, int] | Sequence[int], members: int, said: str, filters: str
) -> None:
    def body() -> None:
        found = paths.people_of(asked, view.asked, nodes, members)
        start = path_words.sentence(view, (view.columns[0].nodes[0].code,))
        panel.show(found, f"{start}{t('number.then')}{said}", filters)

    st.dialog(t("people.title"), width="large", icon=":material/group:")(body)()


def _short(words: str) -> str:
    return words if len(words) <= 60 else f"{words[:59]}…"


def refused(words: str) -> None:
    with st.container(border=True, key="card_refused"):
        st.markdown(f":material/info: {words}")


def nobody(view: View, asked: Filters) -> None:
    with st.container(border=True, key="card_refused"):
        st.subheader(t("path.nobody"), anchor=False)
        days = f"{i18n.day(asked.period.start_on)} – {i18n.day(asked.period.last_on)}"
        start = t("number.or").join(map(names.event, view.asked.anchor))
        st.write(t("path.nobody_lead", event=markdown.escaped(start), days=days))
