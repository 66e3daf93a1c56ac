"""What the present step asks for, each with its form, and the moves from here."""

from collections.abc import Callable
from functools import partial
from html import escape

import streamlit as st

from dashboard import i18n
from dashboard.actions import guard
from dashboard.actions import incidents as actions
from dashboard.data import incidents
from dashboard.data.incidents import Whole
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.incidents import forms, messages, pauses, words

CLEAR, MISSING = ":material/check_circle:", ":material/radio_button_unchecked:"


def show(whole: Whole, *, may: bool) -> None:
    case = whole.case
    with st.container(border=True, key="card_step"):
        if case.state == "closed":
            st.html(heading.section(t("incidents.closed"), t("incidents.closed_lead"), "incident-step"))
        else:
            allowed = whole.hours.get(case.state)
            lead = t(f"incidents.lead_{case.state}")
            if allowed is not None:
                lead += t("incidents.allowed", hours=i18n.number(allowed), severity=words.severity(case.severity))
            st.html(heading.section(t("incidents.step", state=words.state(case.state)), lead, "incident-step"))
            for code in incidents.asked(case.state):
                _item(whole, code, may=may)
        if may:
            _moves(whole)


def _item(whole: Whole, code: str, *, may: bool) -> None:
    """One thing that the step asks for: its words say whether it is there, its form gives it."""
    is_missing = code in whole.asks
    label = t(f"incidents.{'ask' if is_missing else 'has'}_{code}")
    icon = MISSING if is_missing else CLEAR
    if not may or code not in FORMS:
        st.markdown(f"{icon} {label}")
        return
    is_first = is_missing and code == whole.asks[0]
    with st.container(key=f"ask_{code}"), st.expander(label, expanded=is_first, icon=icon):
        FORMS[code](whole)
        if whole.waivable == code:
            forms.waive(whole, "waive")


def _review(whole: Whole, part: str) -> None:
    said, standing = t(f"incidents.{part}_said"), whole.cause if part == "cause" else whole.lessons
    forms.wording(
        whole, part, t(f"incidents.{part}"), t("incidents.keep"), partial(_reviewed, part), said, value=standing
    )


def _reviewed(part: str, incident_id: int, text: str, *, revision: int) -> None:
    actions.review(incident_id, part, text, revision=revision)


def _criteria(whole: Whole) -> None:
    forms.wording(
        whole, "criteria", t("incidents.criteria"), t("incidents.keep"), actions.state_criteria, t("incidents.criteria_said"), value=whole.exit_criteria,
        meaning=t("incidents.criteria_help"),
    )  # fmt: skip


def _met(whole: Whole) -> None:
    if not whole.exit_criteria:
        st.caption(t("incidents.met_first"))
        return
    st.caption(t("incidents.met_lead"))
    st.text(whole.exit_criteria)
    forms.wording(whole, "met", t("incidents.met"), t("incidents.met_do"), actions.met, t("incidents.met_said"))


def _holds(whole: Whole) -> None:
    pauses.standing(whole, "ask")


FORMS: dict[str, Callable[[Whole], None]] = {
    "seen": partial(forms.note, name="seen"),
    "severity": partial(forms.severity, name="severity"),
    "owner": partial(forms.owner, name="owner"),
    "target": partial(forms.target, name="target"),
    "action": partial(forms.act, name="act"),
    "message": partial(messages.compose, name="message"),
    "criteria": _criteria,
    "met": _met,
    "cause": partial(_review, part="cause"),
    "lessons": partial(_review, part="lessons"),
    "tasks": partial(forms.task, name="review", kind="review"),
    "holds": _holds,
}


# -- moves -------------------------------------------------------------------------------------------------------------


def _moves(whole: Whole) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="incident_moves"):
        for to, way in whole.moves.items():
            if way == "forward":
                _forward(whole, to)
            else:
                _back(whole, to, way)
    if whole.asks:
        st.html(f'<p class="lead" id="incident-lacks">{t("incidents.lacks", what=words.asks(whole.asks))}</p>')


def _forward(whole: Whole, to: str) -> None:
    label = t("incidents.close") if to == "closed" else t("incidents.forward", state=words.state(to))
    st.button(
        label, type="primary", icon=":material/arrow_forward:", key="inc_forward", disabled=bool(whole.asks),
        help=t("incidents.lacks", what=words.asks(whole.asks)) if whole.asks else None, on_click=_move, args=(whole, to),
    )  # fmt: skip


@guard.guarded(actions.WRITE)
def _move(whole: Whole, to: str) -> None:
    actions.move(whole.case.id, to, revision=whole.case.revision)
    guard.note(t("incidents.moved", number=whole.case.id, state=words.state(to)))


def _back(whole: Whole, to: str, way: str) -> None:
    icon = ":material/restart_alt:" if way == "reopen" else ":material/arrow_back:"
    opened = forms.box(
        whole, "back", t("incidents.one_back" if way == "back" else "incidents.reopen", state=words.state(to)), icon
    )
    if opened is None:
        return

    def act(incident_id: int, why: str, *, revision: int) -> None:
        actions.move(incident_id, to, why, revision=revision)

    with opened:
        said = t("incidents.moved", number=whole.case.id, state=words.state(to))
        label = t(f"incidents.{way}_why")
        forms.wording(whole, "back", label, t(f"incidents.{way}_do"), act, said)


def learnt(whole: Whole) -> None:
    """What the review found."""
    with st.container(border=True, key="card_learnt"):
        st.html(heading.section(t("incidents.learnt"), "", "incident-learnt"))
        for name, text in (("cause", whole.cause), ("lessons", whole.lessons)):
            if text:
                st.html(f"<h3>{escape(t(f'incidents.{name}'))}</h3><blockquote>{escape(text)}</blockquote>")
