"""Forms of an incident, each with its write: what a refusal leaves in the fields stays there, what was written is cleared."""

import secrets
from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import markdown
from dashboard.actions import guard
from dashboard.actions import incidents as actions
from dashboard.data import incidents
from dashboard.data.incidents import Whole
from dashboard.i18n import t
from dashboard.widgets.incidents import words

WEEK = timedelta(days=7)
Write = Callable[[], str]
"""Writes, and says what was done."""


def key(whole: Whole, name: str) -> str:
    return f"inc_{whole.case.id}_{name}"


def field(whole: Whole, name: str) -> Any:
    return st.session_state[key(whole, name)]


def send(whole: Whole, name: str, label: str, write: Write, *, disabled: bool = False, is_first: bool = True) -> None:
    """The button of a form. ``name``: of the form, which begins the names of its fields."""
    st.form_submit_button(
        label, type="primary" if is_first else "secondary", key=key(whole, f"{name}_do"), disabled=disabled,
        on_click=partial(written, whole, name, write),
    )  # fmt: skip


@guard.guarded(actions.SEE)
def written(whole: Whole, name: str, write: Write) -> None:
    """Write, then clear the fields and close what they stood in. The action asks for the permission of its own."""
    said = write()
    begins = key(whole, name)
    for one in [one for one in st.session_state if str(one).startswith(f"{begins}_")]:
        del st.session_state[one]
    if begins in st.session_state:
        st.session_state[begins] = False
    guard.note(said)


def box(whole: Whole, name: str, label: str, icon: str, *, kind: str = "secondary") -> Any:
    """What opens over the page; None while it is closed. Its fields are named as it is."""
    made = st.popover(label, icon=icon, key=key(whole, name), type=kind, on_change="rerun")  # type: ignore[arg-type]
    return made if made.open else None


def wording(
    whole: Whole, name: str, label: str, button: str, act: Callable[..., object], said: str, *, value: str = "",
    meaning: str | None = None, is_first: bool = True, height: int = 100,
) -> None:  # fmt: skip
    """Words of a person, handed to ``act`` with the incident's number and revision."""

    def write() -> str:
        act(whole.case.id, str(field(whole, f"{name}_text")), revision=whole.case.revision)
        return said

    with st.form(key(whole, f"{name}_form"), border=False):
        st.text_area(
            label, value, max_chars=incidents.LONGEST, key=key(whole, f"{name}_text"), help=meaning, height=height
        )
        send(whole, name, button, write, is_first=is_first)


# -- who, how severe, by when ------------------------------------------------------------------------------------------


def owner(whole: Whole, name: str) -> None:
    found = {one.name: _person(one) for one in incidents.owners(whole) if one.can_own}
    usual = whole.case.owner or incidents.me()

    def write() -> str:
        chosen = field(whole, f"{name}_who")
        actions.assign(whole.case.id, chosen or "", revision=whole.case.revision)
        return t("incidents.assigned", owner=chosen)

    with st.form(key(whole, f"{name}_form"), border=False):
        at = list(found).index(usual) if usual in found else 0
        st.selectbox(
            t("incidents.owner"), list(found), at, format_func=found.__getitem__, key=key(whole, f"{name}_who")
        )
        send(whole, name, t("incidents.assign"), write)


def _person(one: incidents.Owner) -> str:
    called = one.name if one.display_name in ("", one.name) else f"{one.display_name} · {one.name}"
    return f"{called} · {t(f'role.{one.role}')}"


def severity(whole: Whole, name: str) -> None:
    case = whole.case
    labels = {one: words.severity(one) for one in incidents.SEVERITIES}

    def write() -> str:
        chosen = field(whole, f"{name}_of")
        actions.set_severity(case.id, chosen, str(field(whole, f"{name}_why")), revision=case.revision)
        return t("incidents.severity_said", severity=words.severity(chosen))

    with st.form(key(whole, f"{name}_form"), border=False):
        st.caption(
            t(
                "incidents.suggested",
                severity=words.severity(case.suggested),
                places=markdown.escaped(words.places(case)),
                days=words.span(case),
            )
        )
        st.selectbox(
            t("incidents.severity"), list(labels), incidents.SEVERITIES.index(case.severity), format_func=labels.__getitem__, key=key(whole, f"{name}_of"),
            help=t("incidents.severity_means"),
        )  # fmt: skip
        st.text_input(
            t("incidents.why"),
            max_chars=incidents.LONGEST,
            key=key(whole, f"{name}_why"),
            help=t("incidents.severity_why"),
        )
        send(whole, name, t("incidents.severity_do"), write)


def target(whole: Whole, name: str) -> None:
    """By when it is to be over."""
    _moment(
        whole, name, whole.case.target_at, actions.set_target, "target", needs_reason=whole.case.target_at is not None
    )


def deadline(whole: Whole, name: str) -> None:
    """Of the present step."""
    _moment(whole, name, whole.case.due_at, actions.set_due, "due", needs_reason=True)


def _moment(
    whole: Whole, name: str, standing: datetime | None, act: Callable[..., object], code: str, *, needs_reason: bool
) -> None:
    zone = ZoneInfo(incidents.zone())
    usual = (standing or incidents.now() + WEEK).astimezone(zone)

    def write() -> str:
        on, at = field(whole, f"{name}_on"), field(whole, f"{name}_at")
        if on is None or at is None:
            raise actions.InvalidIncident("A deadline lies ahead, within a year.", reason=code)
        moment = datetime.combine(on, at, tzinfo=zone)
        why = str(field(whole, f"{name}_why")) if needs_reason else ""
        act(whole.case.id, moment, why, revision=whole.case.revision)
        return t(f"incidents.{code}_said", at=words.moment(moment))

    with st.form(key(whole, f"{name}_form"), border=False):
        st.caption(t(f"incidents.{code}_lead"))
        left, right = st.columns(2)
        left.date_input(t("incidents.day"), usual.date(), key=key(whole, f"{name}_on"), format="YYYY-MM-DD")
        right.time_input(t("incidents.hour"), time(usual.hour, usual.minute), key=key(whole, f"{name}_at"))
        if needs_reason:
            st.text_input(t("incidents.why"), max_chars=incidents.LONGEST, key=key(whole, f"{name}_why"))
        send(whole, name, t(f"incidents.{code}_do"), write)


# -- what was seen and done --------------------------------------------------------------------------------------------


def note(whole: Whole, name: str) -> None:
    request = _request(whole, name)

    def write() -> str:
        actions.note(whole.case.id, str(field(whole, f"{name}_text")), request=request)
        return t("incidents.noted")

    with st.form(key(whole, f"{name}_form"), border=False):
        st.text_area(t("incidents.note"), max_chars=incidents.LONGEST, key=key(whole, f"{name}_text"), height=100)
        send(whole, name, t("incidents.note_do"), write)


def evidence(whole: Whole, name: str) -> None:
    request = _request(whole, name)

    def write() -> str:
        body, link = (str(field(whole, f"{name}_{one}")) for one in ("text", "link"))
        actions.evidence(whole.case.id, body, link, request=request)
        return t("incidents.evidence_kept")

    with st.form(key(whole, f"{name}_form"), border=False):
        st.text_area(t("incidents.evidence"), max_chars=incidents.LONGEST, key=key(whole, f"{name}_text"), height=100)
        st.text_input(
            t("incidents.link"),
            max_chars=actions.LONGEST_LINK,
            key=key(whole, f"{name}_link"),
            placeholder="https://",
            help=t("incidents.link_help"),
        )
        send(whole, name, t("incidents.evidence_do"), write)


def _request(whole: Whole, name: str) -> str:
    """Of what is being written: a button that is pressed twice writes once."""
    made: str = st.session_state.setdefault(key(whole, f"{name}_request"), secrets.token_hex(8))
    return made


def act(whole: Whole, name: str) -> None:
    wording(
        whole,
        name,
        t("incidents.act"),
        t("incidents.act_do"),
        actions.act,
        t("incidents.acted"),
        meaning=t("incidents.act_help"),
    )


def waive(whole: Whole, name: str) -> None:
    """A reason why the step needs nothing of what it asks for."""
    label = t(f"incidents.waive_{whole.waivable}")
    wording(
        whole, name, label, t("incidents.waive_do"), actions.waive, t("incidents.waived"), is_first=False, height=70
    )


def task(whole: Whole, name: str, kind: str) -> None:
    found = {one.name: _person(one) for one in incidents.owners(whole)}

    def write() -> str:
        what, who, on = (field(whole, f"{name}_{one}") for one in ("what", "who", "on"))
        if on is None:
            raise actions.InvalidIncident("A task is due today or later, within a year.", reason="due")
        actions.add_task(whole.case.id, kind, str(what), who or "", on, revision=whole.case.revision)
        return t("incidents.task_added", title=" ".join(str(what).split()), owner=who)

    with st.form(key(whole, f"{name}_form"), border=False):
        st.text_input(t(f"incidents.task_{kind}"), max_chars=incidents.LONGEST_TITLE, key=key(whole, f"{name}_what"))
        left, right = st.columns(2)
        usual = whole.case.owner or incidents.me()
        at = list(found).index(usual) if usual in found else 0
        left.selectbox(
            t("incidents.owner"), list(found), at, format_func=found.__getitem__, key=key(whole, f"{name}_who")
        )
        right.date_input(
            t("incidents.due_on"),
            incidents.today() + WEEK,
            min_value=incidents.today(),
            key=key(whole, f"{name}_on"),
            format="YYYY-MM-DD",
        )
        send(whole, name, t("incidents.task_do"), write)


def done(whole: Whole, name: str, task_id: int, title: str) -> None:
    def write() -> str:
        is_new = actions.complete_task(task_id, str(field(whole, f"{name}_result")))
        return t("incidents.task_done" if is_new else "incidents.task_was_done", title=title)

    with st.form(key(whole, f"{name}_form"), border=False):
        st.text_input(t("incidents.result"), max_chars=incidents.LONGEST, key=key(whole, f"{name}_result"))
        send(whole, name, t("incidents.done_do"), write)
