"""What people do with a warning: judge, silence, assign, join, close and reopen it, and make an incident of it. What was typed stays where it is refused."""

from datetime import timedelta
from functools import partial

import streamlit as st

from dashboard import i18n, markdown
from dashboard.actions import guard
from dashboard.actions import warnings as actions
from dashboard.data import warnings
from dashboard.data.warnings import Case, Warned, Whole
from dashboard.i18n import t
from dashboard.widgets.risk import form, listing

USUAL_SILENCE = 7


def show(whole: Whole) -> None:
    one = whole.warned
    may_judge = guard.may(actions.JUDGE) and not one.is_test
    may_open = guard.may(actions.INCIDENT) and not one.is_test and one.incident_id is None and one.state != "merged"
    if not (may_judge or may_open):
        return
    with st.container(horizontal=True, gap="small", key="warning_forms"):
        if may_judge and one.state != "merged":
            _judging(whole)
            _assigning(one)
            if one.state == "open":
                _silencing(one)
                _closing(one)
            _merging(one)
        if may_judge and one.state in ("closed", "merged"):
            label = "warning.split" if one.state == "merged" else "warning.reopen"
            st.button(t(label), icon=":material/undo:", key="wa_reopen", on_click=_reopen, args=(one.id, one.revision))
        if may_open:
            _opening(one)


def _note(name: str, one: Warned) -> None:
    guard.note(t(f"warning.done_{name}", name=listing.title(one)))


# -- judging -----------------------------------------------------------------------------------------------------------


def _judging(whole: Whole) -> None:
    one, me = whole.warned, guard.operator().name
    mine = next((said for said in whole.verdicts if said.by == me), None)
    with form.box(t("warning.judge"), "wa_judge", ":material/gavel:", kind="primary") as is_open:
        if not is_open:
            return
        with st.form("wa_judge_form", border=False):
            at = actions.VERDICTS.index(mine.verdict) if mine is not None else None
            labels = {verdict: t(f"warning.verdict_{verdict}") for verdict in actions.VERDICTS}
            st.radio(t("warning.judge_which"), actions.VERDICTS, at, format_func=labels.get, key="wa_judge_verdict")
            st.text_area(t("warning.note"), "" if mine is None else mine.note, max_chars=actions.LONGEST, key="wa_judge_note")  # fmt: skip
            form.keep(t("warning.judge_do"), _judge, one, key="wa_judge_do")


@guard.guarded(actions.JUDGE)
def _judge(one: Warned) -> None:
    actions.judge(one.id, form.field("wa_judge", "verdict") or "", form.field("wa_judge", "note"))
    form.close("wa_judge")
    _note("judged", one)


# -- whose it is, and silence ------------------------------------------------------------------------------------------


def _assigning(one: Warned) -> None:
    with form.box(t("warning.assign"), "wa_assign", ":material/person:") as is_open:
        if not is_open:
            return
        known = list(dict.fromkeys(["", *([one.owner] if one.owner else []), *warnings.owners(one.id)]))
        with st.form("wa_assign_form", border=False):
            st.selectbox(
                t("warning.column_owner"), known, known.index(one.owner), format_func=partial(_owner, t("warning.nobody")), key="wa_assign_owner"
            )  # fmt: skip
            form.keep(t("warning.assign_do"), _assign, one, key="wa_assign_do")


def _owner(nobody: str, name: str) -> str:
    return name or nobody


@guard.guarded(actions.JUDGE)
def _assign(one: Warned) -> None:
    actions.assign(one.id, form.field("wa_assign", "owner"), one.revision)
    form.close("wa_assign")
    _note("assigned", one)


def _silencing(one: Warned) -> None:
    if one.is_silent:
        st.button(t("warning.unsnooze"), icon=":material/notifications_active:", key="wa_unsnooze", on_click=_unsnooze, args=(one,))  # fmt: skip
        return
    with form.box(t("warning.snooze"), "wa_snooze", ":material/snooze:") as is_open:
        if not is_open:
            return
        today = warnings.today()
        with st.form("wa_snooze_form", border=False):
            st.date_input(
                t("warning.snooze_until"), today + timedelta(days=USUAL_SILENCE), min_value=today + timedelta(days=1),
                max_value=today + timedelta(days=warnings.MOST_DAYS), key="wa_snooze_until", help=t("warning.snooze_help"),
            )  # fmt: skip
            st.text_input(t("warning.why_optional"), max_chars=actions.LONGEST, key="wa_snooze_why")
            form.keep(t("warning.snooze_do"), _snooze, one, key="wa_snooze_do")


@guard.guarded(actions.JUDGE)
def _snooze(one: Warned) -> None:
    actions.snooze(one.id, form.field("wa_snooze", "until"), form.field("wa_snooze", "why"), one.revision)
    form.close("wa_snooze")
    _note("snoozed", one)


@guard.guarded(actions.JUDGE)
def _unsnooze(one: Warned) -> None:
    actions.unsnooze(one.id, one.revision)
    _note("unsnoozed", one)


# -- closing and joining -----------------------------------------------------------------------------------------------


def _closing(one: Warned) -> None:
    with form.box(t("warning.close"), "wa_close", ":material/check_circle:") as is_open:
        if not is_open:
            return
        with st.form("wa_close_form", border=False):
            st.caption(t("warning.close_means"))
            st.text_area(t("warning.why"), max_chars=actions.LONGEST, key="wa_close_why")
            form.keep(t("warning.close_do"), _close, one, key="wa_close_do")


@guard.guarded(actions.JUDGE)
def _close(one: Warned) -> None:
    actions.close(one.id, form.field("wa_close", "why"), one.revision)
    form.close("wa_close")
    _note("closed", one)


@guard.guarded(actions.JUDGE)
def _reopen(warning_id: int, revision: int) -> None:
    actions.reopen(warning_id, revision)
    guard.note(t("warning.done_reopened"))


def _merging(one: Warned) -> None:
    with form.box(t("warning.merge"), "wa_merge", ":material/merge:") as is_open:
        if not is_open:
            return
        open_ones = [*warnings.listed("open"), *warnings.listed("snoozed")]
        others = {each.id: each for each in open_ones if each.id != one.id and not each.is_test}
        if not others:
            st.caption(t("warning.merge_none"))
            return
        labels = {number: _called(each) for number, each in others.items()}
        with st.form("wa_merge_form", border=False):
            st.caption(t("warning.merge_means"))
            st.selectbox(t("warning.merge_into"), list(others), format_func=labels.get, key="wa_merge_into")
            form.keep(t("warning.merge_do"), _merge, one, key="wa_merge_do")


def _called(one: Warned) -> str:
    name = listing.whole_title(one, {})
    return t("warning.numbered", number=one.id, name=name, day=i18n.day(one.started_on, with_year=False))


@guard.guarded(actions.JUDGE)
def _merge(one: Warned) -> None:
    actions.merge(one.id, form.field("wa_merge", "into"), one.revision)
    form.close("wa_merge")
    _note("merged", one)


# -- incidents ---------------------------------------------------------------------------------------------------------


def _opening(one: Warned) -> None:
    with form.box(t("warning.to_incident"), "wa_incident", ":material/emergency:") as is_open:
        if not is_open:
            return
        _new(one)
        cases = {case.id: case for case in warnings.incidents_open()}
        if cases:
            _adding(one, cases)


def _new(one: Warned) -> None:
    with st.form("wa_incident_form", border=False):
        st.text_input(
            t("warning.incident_title"), i18n.cut(listing.whole_title(one, {}), actions.LONGEST_TITLE),
            max_chars=actions.LONGEST_TITLE, key="wa_incident_title",
        )  # fmt: skip
        st.text_area(t("warning.incident_note"), max_chars=actions.LONGEST, key="wa_incident_note")
        form.keep(t("warning.incident_do"), _open, one, key="wa_incident_do")


@guard.guarded(actions.INCIDENT)
def _open(one: Warned) -> None:
    number = actions.open_incident(one.id, form.field("wa_incident", "title"), form.field("wa_incident", "note"))
    form.close("wa_incident")
    guard.note(t("warning.done_incident", number=number))


def _adding(one: Warned, cases: dict[int, Case]) -> None:
    labels = {number: t("warning.incident_one", number=number, name=case.title) for number, case in cases.items()}
    with st.form("wa_attach_form", border=False):
        st.markdown(markdown.escaped(t("warning.attach_lead")))
        st.selectbox(t("warning.attach_to"), list(cases), format_func=labels.get, key="wa_attach_to")
        form.keep(t("warning.attach_do"), _attach, one, cases, key="wa_attach_do")


@guard.guarded(actions.INCIDENT)
def _attach(one: Warned, cases: dict[int, Case]) -> None:
    number = form.field("wa_attach", "to")
    actions.attach(one.id, number, cases[number].revision)
    form.close("wa_incident")
    guard.note(t("warning.done_attached", number=number))
