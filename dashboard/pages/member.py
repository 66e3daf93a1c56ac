"""会员档案: everything about one member; who, what they are worth, what happened lately and what to say, then all of it by parts."""

from collections.abc import Callable, Mapping
from html import escape

import streamlit as st

from core.errors import Unknown
from dashboard import addresses, i18n
from dashboard.actions import member as actions
from dashboard.data import freshness
from dashboard.data import member as data
from dashboard.data.member import View
from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import choice, heading
from dashboard.widgets.choice import Choice
from dashboard.widgets.evidence import kind
from dashboard.widgets.member import consent, groups, head, marks, orders, proof, standing, stream, touches, words

PAGE = Page("customers", 30, "people.see", ":material/badge:")
LOOK = "look"
LOOKS: dict[str, Callable[[View], None]] = {
    "stream": stream.show,
    "orders": orders.show,
    "groups": groups.show,
    "touches": touches.show,
    "marks": marks.show,
    "standing": standing.show,
    "reach": consent.show,
    "evidence": proof.show,
}


def show() -> None:
    heading.show(t("member.title"), freshness.read(PAGE.permission), t("member.lead"))
    if data.is_empty():
        heading.empty(t("member.empty"), t("member.empty_lead"))
        return
    _search()
    found = _asked()
    if found is not None:
        _told(found)


def _search() -> None:
    with st.container(border=True, key="card_search"):
        with st.form("member_search_form", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input(
                t("member.search"),
                key=actions.TEXT,
                placeholder=t("member.search_hint"),
                help=t("member.search_help"),
                width="stretch",
            )
            st.form_submit_button(
                t("member.search_go"), icon=":material/search:", type="primary", on_click=actions.search
            )
        _hits()


def _hits() -> None:
    hits = st.session_state.get(actions.FOUND)
    if actions.OF in st.query_params or hits is None:
        st.session_state.pop(actions.FOUND, None)
        if actions.OF not in st.query_params:
            st.caption(t("member.start"))
    elif not hits:
        st.info(t("member.not_found"), icon=":material/search_off:")
    else:
        _several({hit.member_id: i18n.listed(kind(one) for one in hit.types) for hit in hits})


def _several(found: Mapping[int, str]) -> None:
    """``found``: by what each of several members was found."""
    st.write(t("member.several", count=i18n.number(len(found))))
    for member_id, kinds in found.items():
        label = " · ".join(part for part in (words.label(member_id), kinds or str(member_id)) if part)
        st.html(f'<a class="box" href="?{actions.OF}={member_id}">{escape(label)}</a>')


def _asked() -> View | None:
    """The member whom the address names by number or short name; not found are all whom the reader cannot see, in the same words."""
    text = st.query_params.get(actions.OF)
    if text is None:
        return None
    try:
        found = data.named(text)
        if len(found) == 1:
            return data.member(found[0])
    except Unknown:
        st.info(t("member.not_found"), icon=":material/search_off:")
        return None
    _several(dict.fromkeys(found, ""))
    return None


def _told(view: View) -> None:
    whole = addresses.only(actions.OF)
    told = data.standing(view)
    head.who(view)
    head.worth(view, told)
    head.lately(view, told, f"?{whole}{LOOK}=stream")
    look = choice.read(LOOK, tuple(LOOKS))
    with st.container(border=True, key="card_member_looks"):
        labels = {one: t(f"member.look_{one}") for one in LOOKS}
        st.html(choice.row(Choice(LOOK, t("member.looks"), labels, look), whole))
        LOOKS[look](view)
