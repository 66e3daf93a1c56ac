"""Stopping a member by hand, or all whom a file names: the lines that name somebody are kept, the others are listed."""

from collections.abc import Collection, Sequence
from html import escape

import streamlit as st

from core.errors import Refusal, Unknown
from dashboard import i18n
from dashboard.actions import guard, lists
from dashboard.actions import suppressions as actions
from dashboard.actions.lists import KINDS, Matched
from dashboard.actions.suppressions import Wanted
from dashboard.data import member
from dashboard.data import suppressions as data
from dashboard.i18n import t
from dashboard.widgets import missed
from dashboard.widgets.evidence import kind as identity
from dashboard.widgets.risk import form
from dashboard.widgets.segments.trying import tried
from dashboard.widgets.suppressions import words

HAND, FILED = "sp_add", "sp_import"
FILE, OF, COLUMN, BARE = "sp_file", "sp_of", "sp_column", "sp_bare"
_READ, _FOUND = "_sp_read", "_sp_found"
EVERY = "every"


def show() -> None:
    if not actions.may():
        return
    with st.container(horizontal=True, gap="small", key="suppression_deeds"):
        with form.box(t("suppressions.add"), HAND, ":material/person_off:") as is_open:
            if is_open:
                with st.form("sp_add_form", border=False, enter_to_submit=False):
                    st.text_input(t("suppressions.who"), key=f"{HAND}_who", placeholder=t("suppressions.who_hint"))
                    _said(HAND)
                    form.keep(t("suppressions.add_do"), _add, key="sp_add_do")
        with form.box(t("suppressions.import"), FILED, ":material/upload_file:") as is_open:
            if is_open:
                _filed()
            else:
                st.session_state.pop(_FOUND, None)


def _said(prefix: str) -> None:
    """What is said of all who are stopped together."""
    kinds = {one: t(f"suppressions.hand_{one}") for one in data.BY_HAND}
    channels = {EVERY: words.channel(None)} | {one: words.channel(one) for one in data.ON}
    purposes = {EVERY: words.purpose(None)} | {one: words.purpose(one) for one in data.PURPOSES}
    st.selectbox(t("suppressions.kind"), list(kinds), format_func=kinds.get, key=f"{prefix}_kind")
    st.selectbox(t("suppressions.channel"), list(channels), format_func=channels.get, key=f"{prefix}_channel")
    st.selectbox(t("suppressions.purpose"), list(purposes), format_func=purposes.get, key=f"{prefix}_purpose")
    st.text_input(
        t("suppressions.reason"),
        key=f"{prefix}_reason",
        max_chars=data.LONGEST,
        placeholder=t("suppressions.reason_hint"),
    )


def _wanted(prefix: str) -> Wanted:
    channel, purpose = form.field(prefix, "channel"), form.field(prefix, "purpose")
    return Wanted(
        form.field(prefix, "kind"), None if channel == EVERY else channel, None if purpose == EVERY else purpose, form.field(prefix, "reason")
    )  # fmt: skip


@guard.guarded(actions.WRITE)
def _add() -> None:
    text = str(form.field(HAND, "who")).strip()
    found = member.named(text)
    if len(found) != 1:
        raise Unknown("member", text)
    _stop(found, HAND)


def _stop(members: Collection[int], prefix: str) -> None:
    done = actions.add(members, _wanted(prefix))
    form.close(prefix)
    if not done.new:
        guard.note(t("suppressions.added_none", count=done.before))
        return
    told = t("suppressions.added", count=done.new)
    guard.note(told + (t("suppressions.added_before", count=done.before) if done.before else ""))


# -- a file ------------------------------------------------------------------------------------------------------------


def _filed() -> None:
    st.caption(t("suppressions.import_lead"))
    file = st.file_uploader(t("segments.import_file"), type=["csv", "txt", "tsv", "xlsx", "xls", "gz"], key=FILE, max_upload_size=lists.MOST_BYTES >> 20, on_change=_forget)  # fmt: skip
    state = st.session_state
    if file is None:
        state.pop(_READ, None)
        return
    if state.get(_READ, ("",))[0] != file.file_id:
        try:
            state[_READ] = file.file_id, actions.columns(file.name, file.getvalue())
        except Refusal as error:
            st.html(f'<p class="fault" role="alert">{escape(i18n.refusal(error))}</p>')
            return
        state[BARE], state[COLUMN] = state[_READ][1].is_bare, lists.best_column(state[_READ][1].texts)
        state[OF] = lists.kind_of(state[_READ][1].texts[state[COLUMN]] or [state[COLUMN]]) or KINDS[0]
    read = state[_READ][1]
    called = {one: t("segments.import_member") if one == "member" else identity(one) for one in KINDS}
    st.selectbox(t("segments.import_column"), list(read.texts), key=COLUMN, on_change=_forget)
    st.selectbox(t("segments.import_kind"), KINDS, format_func=called.get, key=OF, on_change=_forget)
    st.toggle(t("segments.import_bare"), key=BARE, help=t("segments.import_bare_help"), on_change=_forget)
    column, numbers = state[COLUMN], list(read.numbers)
    texts = [column, *read.texts[column]] if state[BARE] else read.texts[column]
    lines = (texts, numbers if state[BARE] else numbers[1:])
    st.button(t("segments.import_check"), icon=":material/fact_check:", key="sp_check", on_click=_check, args=lines)
    found: Matched | None = state.get(_FOUND)
    if found is not None:
        _found(found)


def _found(found: Matched) -> None:
    counts = {"members": found.matched, "repeated": found.repeated, "missed": len(found.missed)}
    st.write(t("suppressions.import_found", **{name: i18n.number(count) for name, count in counts.items()}))
    if found.missed:
        missed.show(found, "sp_missed", 220)
    if not found.matched:
        return
    with st.form("sp_import_form", border=False, enter_to_submit=False):
        _said(FILED)
        form.keep(t("suppressions.import_do", count=found.matched), _import, found, key="sp_import_do")


def _forget() -> None:
    """Another list: what was found says nothing of it."""
    st.session_state.pop(_FOUND, None)


def _check(texts: Sequence[str], numbers: Sequence[int]) -> None:
    found = tried(lambda: actions.match(st.session_state[OF], texts, numbers))
    st.session_state.pop(_FOUND, None)
    if found is not None:
        st.session_state[_FOUND] = found


@guard.guarded(actions.WRITE)
def _import(found: Matched) -> None:
    _stop(found.members, FILED)
    st.session_state.pop(_FOUND, None)
