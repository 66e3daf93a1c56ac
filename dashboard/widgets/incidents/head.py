"""What an incident is, how far it is, who answers for it and by when."""

from html import escape

import streamlit as st

from dashboard.actions import guard
from dashboard.actions import incidents as actions
from dashboard.data import incidents
from dashboard.data.incidents import Case, Whole
from dashboard.i18n import t
from dashboard.widgets import heading, opening
from dashboard.widgets.incidents import forms, words

CHANGES = {"owner": forms.owner, "severity": forms.severity, "due": forms.deadline, "target": forms.target}
RAIL = incidents.STATES[:-1]
"""Steps that are gone through, in order."""


def show(whole: Whole, *, may: bool) -> None:
    """``may``: whether the reader changes it."""
    case = whole.case
    st.html(opening.back("incident", words.OF, words="incidents.back"))
    with st.container(border=True, key="card_incident"):
        st.html(_title(case) + rail(case) + _facts(case))
        if case.merged_into_id is not None:
            st.html(_part_of(case.merged_into_id))
        if may:
            with st.container(horizontal=True, gap="small", key="incident_changes"):
                _changing(whole)
                st.button(
                    t("incidents.remind"), icon=":material/notifications_active:", key="inc_remind", help=t("incidents.remind_help"), on_click=_remind,
                    args=(case.id, case.revision),
                )  # fmt: skip


def _title(case: Case) -> str:
    marks = [words.mark(case.severity, words.severity(case.severity)), words.mark("plain", words.state(case.state))]
    if case.is_late:
        marks.append(words.mark("critical", t("incidents.late")))
    if case.round > 1:
        marks.append(words.mark("plain", t("incidents.round", count=case.round)))
    number = t("incidents.number", number=case.id)
    return f'<div class="incident"><h2 id="incident-title">{escape(case.title)} <small>{escape(number)}</small></h2><p>{" ".join(marks)}</p></div>'


def rail(case: Case) -> str:
    """All steps in order: those that are done, the present one, and those to come."""
    at = len(RAIL) if case.state == "closed" else RAIL.index(case.state)
    items = []
    for place, one in enumerate(RAIL):
        how = "done" if place < at else "now" if place == at else "next"
        current = ' aria-current="step"' if how == "now" else ""
        said = f'<span class="away">{escape(t(f"incidents.rail_{how}"))}</span>'
        items.append(
            f'<li class="{how}"{current}><b aria-hidden="true">{place + 1}</b><span>{escape(words.state(one))}</span>{said}</li>'
        )
    return f'<ol class="rail" aria-label="{escape(t("incidents.rail"))}">{"".join(items)}</ol>'


def _facts(case: Case) -> str:
    how = "confirmed" if case.is_severity_set else "suggested"
    told = [
        ("owner", words.by(case.owner) if case.owner else t("incidents.nobody"), ""),
        ("due", words.due(case), words.moment(case.due_at)),
        (
            "severity",
            words.severity(case.severity),
            t(f"incidents.severity_{how}", severity=words.severity(case.suggested)),
        ),
        ("places", words.places(case, None), words.span(case)),
        ("target", words.moment(case.target_at), ""),
        ("opened", words.moment(case.opened_at), words.by(case.opened_by)),
    ]
    if case.state == "closed":
        told[1] = ("closed", words.moment(case.closed_at), "")
    items = "".join(_fact(name, value, beside, is_late=name == "due" and case.is_late) for name, value, beside in told)
    return f'<dl class="incident-facts">{items}</dl>'


def _fact(name: str, value: str, beside: str, *, is_late: bool) -> str:
    kind = ' class="late"' if is_late else ""
    small = f"<small>{escape(beside)}</small>" if beside else ""
    return f'<div id="fact-{name}"><dt>{escape(t(f"incidents.fact_{name}"))}</dt><dd><span{kind}>{escape(value)}</span>{small}</dd></div>'


def _part_of(number: int) -> str:
    link = f'<a href="?{words.OF}={number}">{escape(t("incidents.number", number=number))}</a>'
    return f'{heading.line(t("incidents.part_of"))}<div class="ways">{link}</div>'


def _changing(whole: Whole) -> None:
    opened = forms.box(whole, "change", t("incidents.change"), ":material/edit:")
    if opened is None:
        return
    with opened:
        labels = {one: t(f"incidents.change_{one}") for one in CHANGES}
        which = st.selectbox(
            t("incidents.change_which"),
            list(labels),
            format_func=labels.__getitem__,
            key=forms.key(whole, "change_which"),
        )
        CHANGES[which or "owner"](whole, "change")


@guard.guarded(actions.WRITE)
def _remind(incident_id: int, revision: int) -> None:
    actions.remind(incident_id, revision=revision)
    guard.note(t("incidents.reminded"))
