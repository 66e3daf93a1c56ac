"""Trying texts before a campaign is handed in, and while it is reviewed: which were tried as they are, one form that sends one message, and what became of each trial.

While a trial is on its way the list draws itself anew every few seconds, and nothing else of the page.
"""

from html import escape

import streamlit as st

from core.errors import Refusal
from dashboard import i18n
from dashboard.actions import guard
from dashboard.actions import trials as actions
from dashboard.data import campaigns, trials
from dashboard.data.campaigns import Found
from dashboard.data.trials import Text, Told, View
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.campaigns import told, words

EVERY = "3s"
OPEN_IN = ("draft", "in_review")
DIGEST, NEWEST = 12, 5
"""Letters of a fingerprint, and trials, that are shown at once."""
ASKED = "_trials_asked"
"""Where the session keeps how many trials it asked for."""
EMPTY = ""
"""Stands for somebody of whom nothing is known."""


def show(found: Found) -> None:
    """Nothing where nothing is tried any more."""
    if found.state not in OPEN_IN:
        return
    view = trials.read(found)
    with st.container(border=True, key="card_campaign_trying"):
        st.html(heading.section(t("trial.title"), t("trial.lead", most=trials.MOST_A_DAY), "trying"))
        if not view.texts:
            st.html(heading.line(t("trial.no_texts")))
            return
        if view.least:
            st.html(heading.line(t("trial.rule", least=i18n.number(view.least))))
        if view.is_any_open:
            _live(found, "texts")
        else:
            _texts(view)
        if actions.may():
            _form(found, view)
        if view.is_any_open:
            _live(found, "trials")
        elif view.trials:
            _trials(view)


@st.fragment(run_every=EVERY)
@guard.guarded(trials.SEE)
def _live(found: Found, part: str) -> None:
    """Redrawn by itself; the whole page once nothing is on its way."""
    view = trials.read(found)
    if not view.is_any_open:
        st.rerun()
    _texts(view) if part == "texts" else _trials(view)


# -- how they stand ----------------------------------------------------------------------------------------------------


def _texts(view: View) -> None:
    rows = [[escape(_name(one.variant, one.channel)), _standing(one)] for one in view.texts]
    columns = [t("trial.column_text"), t("trial.column_state")]
    st.html(told.table("trial-texts", t("trial.title"), columns, rows))


def _trials(view: View) -> None:
    now = {(one.channel, one.digest) for one in view.texts}
    lines = [_line(one, is_present=(one.channel, one.digest) in now) for one in view.trials]
    st.html(f"<h3>{escape(t('trial.every'))}</h3>{_list(lines[:NEWEST])}")
    if rest := lines[NEWEST:]:
        summary = escape(t("campaign.log_older", count=i18n.number(len(rest))))
        st.html(f'<details class="older"><summary>{summary}</summary>{_list(rest)}</details>')


def _list(lines: list[str]) -> str:
    return f'<ol class="timeline">{"".join(lines)}</ol>'


def _standing(one: Text) -> str:
    """HTML: whether a text was tried as it is."""
    if one.tried is not None:
        return words.mark("low", t("trial.was_sent")) + _small(t("trial.by_at", by=one.tried.by, at=words.moment(one.tried.asked_at)))  # fmt: skip
    if one.newest is not None:
        return words.mark(_look(one.newest.state), t(f"trial.state_{one.newest.state}")) + _small(_why(one.newest))
    if not one.can_be_tried:
        return words.mark("plain", t("trial.cannot")) + _small(t("trial.cannot_means"))
    return words.mark("medium", t("trial.changed" if one.was_tried else "trial.never"))


def _small(text: str) -> str:
    return f" <small>{escape(text)}</small>" if text else ""


def _line(one: Told, *, is_present: bool) -> str:
    """What became of a trial, who asked for it and when, and of which text it was."""
    what = _name(one.variant, one.channel)
    said = t(f"trial.said_{one.state}", what=what)
    text = t("trial.of_text" if is_present else "trial.of_older_text", digest=one.digest[:DIGEST])
    below = t("number.then").join(filter(None, [_why(one), text]))
    return (
        f'<li class="{escape(one.state)}"><time>{escape(words.moment(one.asked_at))}</time>'
        f"<p><b>{escape(one.by)}</b> {escape(said)}<br><small>{escape(below)}</small></p></li>"
    )


def _why(one: Told) -> str:
    if one.state == "unknown":
        return t("trial.unknown_means")
    if one.error is None:
        return ""
    key = f"trial.error_{one.error.replace('.', '_')}"
    return t(key) if i18n.has(key) else told.error(one.error)


def _look(state: str) -> str:
    return {"refused": "high", "unknown": "high"}.get(state, "plain")


def _name(variant: str, channel: str) -> str:
    return t("number.then").join([words.channel(channel), t("campaigns.variant_name", name=variant)])


# -- the form ----------------------------------------------------------------------------------------------------------


def _form(found: Found, view: View) -> None:
    """Fields are named after their channel, so that no address is ever offered to another one; after each trial there is an empty one."""
    texts = {f"{one.variant}.{one.channel}": one for one in view.texts if one.can_be_tried}
    if not texts:
        return
    left, right = st.columns(2, gap="medium")
    names = {key: _name(one.variant, one.channel) for key, one in texts.items()}
    chosen = texts[left.selectbox(t("trial.text"), list(texts), format_func=names.__getitem__, key="ct_text")]
    who = _filled_with(found)
    with right:
        filled = st.selectbox(t("trial.filled"), list(who), format_func=who.__getitem__, key="ct_filled", help=t("trial.filled_help")) if len(who) > 1 else EMPTY  # fmt: skip
    fresh = 0 if chosen.channel in trials.PLACED else st.session_state.get(ASKED, 0)
    key = f"ct_{found.campaign_id}_{fresh}_{chosen.channel}"
    with st.form(f"{key}_form", border=False):
        _fields(found, chosen.channel, key)
        st.form_submit_button(
            t("trial.do"), icon=":material/send_to_mobile:", key="ct_do", disabled=not view.left, on_click=_ask, args=(found, chosen, key, filled), help=t("trial.do_help")
        )  # fmt: skip
    st.caption(t("trial.left", count=i18n.number(view.left)) if view.left else t("trial.none_left"))


def _fields(found: Found, channel: str, key: str) -> None:
    if channel in trials.OWN:
        st.html(heading.line(t(f"trial.to_{channel}")))
        return
    if channel == "robot":
        names = campaigns.robots()
        mine = [one for one in found.body.places if one in names]
        st.selectbox(t("trial.to_robot"), mine, format_func=names.__getitem__, key=f"{key}_to", help=t("trial.to_robot_help"))  # fmt: skip
        return
    left, right = st.columns(2, gap="medium")
    if channel in trials.CHAT:
        names = campaigns.places()
        mine = [one for one in found.body.places if one in names]
        left.selectbox(
            t("trial.to_group_chat"), mine, index=None, format_func=lambda one: names.get(one, one), accept_new_options=True, key=f"{key}_to", placeholder=t("trial.to_group_chat_hint"),
            help=t("trial.to_group_chat_help"),
        )  # fmt: skip
    else:
        left.text_input(t(f"trial.to_{channel}"), max_chars=trials.LONGEST_ADDRESS, key=f"{key}_to", autocomplete="off", help=t(f"trial.to_{channel}_help"))  # fmt: skip
    if channel in trials.SENT_BY_EMPLOYEES:
        right.text_input(t("trial.sender"), max_chars=64, key=f"{key}_sender", autocomplete="off", help=t(f"trial.sender_{channel}_help"))  # fmt: skip


def _filled_with(found: Found) -> dict[str, str]:
    """Members of the previews by number, for those who see members; and somebody of whom nothing is known."""
    nobody = {EMPTY: t("trial.filled_empty")}
    if found.body.is_placed or not found.body.segments or not campaigns.may_see_members():
        return nobody
    try:
        members = campaigns.members(found)
    except Refusal:  # the check says why nobody can be found
        return nobody
    return {str(one): campaigns.short_name(one) for one in members} | nobody


@guard.guarded(actions.SEE)
def _ask(found: Found, one: Text, key: str, filled: str) -> None:
    typed = {name: str(st.session_state.get(f"{key}_{name}") or "") for name in ("to", "sender")}
    member = int(filled) if filled else None
    actions.ask(found.campaign_id, one.variant, one.channel, typed["to"], typed["sender"], member_id=member, revision=found.revision)  # fmt: skip
    st.session_state[ASKED] = st.session_state.get(ASKED, 0) + 1
    guard.note(t("trial.asked", what=_name(one.variant, one.channel)))
