"""The list of campaigns: how each stands, whom it is for, when it goes out, and who must act; and beginning a new one."""

from html import escape

import streamlit as st

from core.errors import Refusal
from dashboard import addresses, i18n, markdown
from dashboard.actions import campaigns as actions
from dashboard.actions import guard
from dashboard.data import campaigns
from dashboard.data.campaigns import Listed
from dashboard.i18n import t
from dashboard.widgets import choice, heading
from dashboard.widgets.campaigns import stopped, words

SHOW, FIND = "cp_show", "q"
"""Where the address says which are listed: in which state, and with which words in their names."""
STATES = {
    "all": campaigns.STATES, "draft": ("draft",), "in_review": ("in_review",), "running": ("approved", "scheduled", "materialising", "sending", "paused"),
    "done": ("completed", "cancelled", "failed"),
}  # fmt: skip
MOST = 200
COLUMNS = ("state", "name", "audience", "starts", "waits", "changed")
NAME = "cp_new_name"


def show() -> None:
    which, asked = choice.read(SHOW, tuple(STATES)), _asked()
    every = campaigns.listed()
    shown = [one for one in every if one.state in STATES[which] and _fits(one, asked)]
    with st.container(border=True, key="card_campaigns"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="campaigns_head"):
            st.html(heading.section(t("campaigns.list"), t("campaigns.list_lead"), "campaigns"))
            stopped.button()
            if actions.may():
                st.button(t("campaigns.new"), icon=":material/add:", type="primary", key="cp_new", on_click=_ask)
        if every:
            _filters(every, which)
        if shown:
            st.html(_table(shown))
        elif every:
            st.html(heading.line(t("campaigns.none_like_that")))
        else:
            _empty()
    if actions.may() and st.query_params.get(words.NEW):
        _beginning()


def _asked() -> str:
    """Words that are looked for, from the address on the first run."""
    state = st.session_state
    if FIND not in state or addresses.went():
        state[FIND] = st.query_params.get(FIND, "")[: campaigns.LONGEST_NAME]
    return str(state[FIND]).strip().casefold()


def _fits(one: Listed, asked: str) -> bool:
    return not asked or any(asked in text.casefold() for text in (one.name, one.code, one.author, words.audience(one.body)))  # fmt: skip


def _filters(every: tuple[Listed, ...], which: str) -> None:
    counts = {name: sum(one.state in states for one in every) for name, states in STATES.items()}
    labels = {
        one: t("campaigns.show_count", name=t(f"campaigns.show_{one}"), count=i18n.number(counts[one]))
        for one in STATES
    }
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="campaigns_filters"):
        st.html(
            choice.row(choice.Choice(SHOW, t("campaigns.show"), labels, which), addresses.only("world", FIND)),
            width="content",
        )
        st.text_input(
            t("campaigns.find"), key=FIND, placeholder=t("campaigns.find_hint"), label_visibility="collapsed", icon=":material/search:", width=280,
            max_chars=campaigns.LONGEST_NAME,
        )  # fmt: skip
    addresses.write(FIND, "")


def _empty() -> None:
    """What a campaign is, and how to come to the first."""
    steps = "".join(f"<li>{escape(t(f'campaigns.teach_{one}'))}</li>" for one in ("people", "write", "check", "result"))
    ways = f'<a href="/segments?{escape(addresses.only("world"))}part=list">{escape(t("campaigns.teach_segments"))}</a>'
    st.html(f'<div class="teach"><p>{escape(t("campaigns.teach"))}</p><ol>{steps}</ol><p>{ways}</p></div>')


def _table(shown: list[Listed]) -> str:
    titles = [t(f"campaigns.column_{one}") for one in COLUMNS]
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in titles)
    rows = "".join(_row(one, titles) for one in shown[:MOST])
    more = heading.line(t("campaigns.shown", shown=MOST, count=len(shown))) if len(shown) > MOST else ""
    return f'<table class="told cases campaigns"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}'


def _row(one: Listed, titles: list[str]) -> str:
    step = "goal" if one.state == "draft" else "check"
    name = f'<a href="{words.link(one.campaign_id, step)}">{escape(one.name)}</a>'
    channels = escape(t("number.then").join([one.code, words.channels(one.body)]))
    cells = [
        words.state(one.state),
        f"{name}<small>{channels}</small>",
        escape(words.audience(one.body)),
        escape(words.starts(one)),
        escape(words.waits(one)),
        f"{escape(one.changed_by)}<small>{escape(words.moment(one.changed_at))}</small>",
    ]
    if one.author != one.changed_by:
        cells[-1] += f"<small>{escape(t('campaigns.begun_by', author=one.author))}</small>"
    return (
        "<tr>" + "".join(f'<td data-name="{escape(n)}">{c}</td>' for n, c in zip(titles, cells, strict=True)) + "</tr>"
    )


# -- a new one ---------------------------------------------------------------------------------------------------------


def _ask() -> None:
    st.query_params[words.NEW] = "1"


def _close() -> None:
    for one in (words.NEW, words.SEGMENT):
        st.query_params.pop(one, None)


def _beginning() -> None:
    st.dialog(t("campaigns.new"), icon=":material/campaign:", on_dismiss=_close)(_form)()


def _form() -> None:
    known = {one.segment_id: one for one in campaigns.segments_known().values() if not one.is_archived}
    given = st.query_params.get(words.SEGMENT, "")
    chosen = int(given) if given.isdecimal() and len(given) < 10 and int(given) in known else None
    st.caption(t("campaigns.new_lead"))
    with st.form("cp_new_form", border=False):
        st.text_input(
            t("campaigns.name"), key=NAME, max_chars=campaigns.LONGEST_NAME, placeholder=t("campaigns.name_hint")
        )
        st.selectbox(
            t("campaigns.new_segment"), list(known), None if chosen is None else list(known).index(chosen), format_func=lambda one: _segment(known[one]),
            key=f"cp_new_segment_{chosen or 0}", placeholder=t("campaigns.later"),
        )  # fmt: skip
        is_sent = st.form_submit_button(t("campaigns.new_do"), type="primary", key="cp_new_do")
    if is_sent:
        _create(str(st.session_state[NAME]), st.session_state[f"cp_new_segment_{chosen or 0}"])


def _segment(one: campaigns.Named) -> str:
    if one.members is None:
        return one.name
    return i18n.aside(one.name, t("campaigns.people", count=i18n.number(one.members)))


def _create(name: str, segment: int | None) -> None:
    """A dialog is drawn by itself: what it opens needs the whole page anew, and what is refused is told in it."""
    try:
        number = actions.create(name, [] if segment is None else [segment])
    except Refusal as error:
        st.error(markdown.escaped(i18n.refusal(error)))
        return
    _close()
    for key in (SHOW, FIND):
        st.query_params.pop(key, None)
    st.query_params[words.OF], st.query_params[words.STEP] = str(number), "goal"
    guard.note(t("campaigns.begun"))
    st.rerun()
