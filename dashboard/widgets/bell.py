"""The bell above every page: how many notices are unseen, and the newest ones, each with its way."""

from html import escape

import streamlit as st

from dashboard import i18n
from dashboard.actions import bell as actions
from dashboard.actions import guard
from dashboard.data import bell as notices
from dashboard.data.bell import Bell, Told
from dashboard.i18n import t

MOST_TOLD = 99


def show() -> None:
    """Nothing for those who see no warnings."""
    if not guard.may(actions.SEE):
        return
    found = notices.bell()
    with st.container(key="bell", width="content"):
        count = i18n.number(found.unseen) if found.unseen <= MOST_TOLD else f"{MOST_TOLD}+"
        label = t("bell.button", count=count) if found.unseen else t("bell.button_none")
        icon = ":material/notifications_unread:" if found.unseen else ":material/notifications:"
        box = st.popover(label, icon=icon, type="tertiary", key="bell_box", on_change="rerun")
        if box.open:
            with box:
                _listed(found)


def _listed(found: Bell) -> None:
    if not found.newest:
        st.write(t("bell.none"))
        return
    st.html(f'<ul class="bell" aria-label="{escape(t("bell.title"))}">{"".join(map(_line, found.newest))}</ul>')
    if found.unseen:
        st.button(t("bell.all_seen"), icon=":material/done_all:", key="bell_seen", type="tertiary", on_click=_seen, args=(found.newest[0].notice_id,))  # fmt: skip


def _line(one: Told) -> str:
    words, address = escape(notices.title(one)), notices.address(one)
    told = f'<a href="{escape(address)}">{words}</a>' if address else f"<span>{words}</span>"
    new = "" if one.is_seen else f' <b class="level critical">{escape(t("bell.new"))}</b>'
    return f"<li>{told}{new}<small>{escape(i18n.moment(one.said_at, notices.zone()))}</small></li>"


@guard.guarded(actions.SEE)
def _seen(notice_id: int) -> None:
    actions.seen(notice_id)
