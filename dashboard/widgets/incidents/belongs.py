"""What belongs to an incident: its warnings and tasks, what became part of it, and what is joined or parted."""

from html import escape

import streamlit as st

from dashboard import i18n
from dashboard.actions import guard
from dashboard.actions import incidents as actions
from dashboard.data import incidents
from dashboard.data.incidents import Task, Warned, Whole
from dashboard.data.warnings import is_calm
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.incidents import forms, words
from dashboard.widgets.risk import levels


def warnings(whole: Whole, *, may: bool) -> None:
    found = incidents.warnings_of(whole)
    with st.container(border=True, key="card_incident_warnings"):
        st.html(
            heading.section(
                t("incidents.warnings"),
                t("incidents.warnings_lead") if found else t("incidents.warnings_none"),
                "incident-warnings",
            )
        )
        if found:
            st.html(f'<ul class="listed">{"".join(map(_warning, found))}</ul>')
        if whole.parts:
            st.html(
                f'<h3>{escape(t("incidents.parts"))}</h3><ul class="listed">{"".join(map(_part, whole.parts))}</ul>'
            )
        if may:
            with st.container(horizontal=True, gap="small", key="incident_joins"):
                _merging(whole)
                if len(found) > 1:
                    _splitting(whole, found)


def _warning(one: Warned) -> str:
    last = i18n.day(one.last_on) if one.ended_on is None else i18n.day(one.ended_on)
    days = i18n.day(one.started_on) if one.started_on == one.last_on else f"{i18n.day(one.started_on)} – {last}"
    state = t("incidents.warning_calm" if is_calm(one) else f"incidents.warning_{one.state}")
    link = f'<a href="/risk?part=warnings&amp;warning={one.id}">{escape(words.warned(one))}</a>'
    return f"<li>{levels.badge(one.level)} {link}<small>{escape(t('number.then').join((days, state)))}</small></li>"


def _part(one: incidents.Case) -> str:
    link = f'<a href="?{words.OF}={one.id}">{escape(one.title)}</a>'
    return f"<li>{link}<small>{escape(t('incidents.number', number=one.id))}</small></li>"


def _merging(whole: Whole) -> None:
    opened = forms.box(whole, "merge", t("incidents.merge"), ":material/merge:")
    if opened is None:
        return
    with opened:
        found = {one.id: one for one in incidents.others(whole)}
        if not found:
            st.caption(t("incidents.merge_none"))
            return
        st.caption(t("incidents.merge_lead", number=whole.case.id))
        labels = {key: t("incidents.one", number=key, title=i18n.cut(one.title, 60)) for key, one in found.items()}

        with st.form(forms.key(whole, "merge_form"), border=False):
            st.selectbox(
                t("incidents.merge_into"),
                list(labels),
                None,
                format_func=labels.__getitem__,
                key=forms.key(whole, "merge_into"),
            )
            st.form_submit_button(
                t("incidents.merge_do"),
                type="primary",
                key=forms.key(whole, "merge_do"),
                on_click=_merge,
                args=(whole, found),
            )


@guard.guarded(actions.WRITE)
def _merge(whole: Whole, found: dict[int, incidents.Case]) -> None:
    into = found.get(forms.field(whole, "merge_into") or 0)
    if into is None:
        guard.note(t("incidents.merge_which"), is_error=True)
        return
    actions.merge(whole.case.id, into.id, revision=whole.case.revision, into_revision=into.revision)
    st.query_params[words.OF] = str(into.id)
    guard.note(t("incidents.merged", number=whole.case.id, into=into.id))


def _splitting(whole: Whole, found: list[Warned]) -> None:
    opened = forms.box(whole, "split", t("incidents.split"), ":material/call_split:")
    if opened is None:
        return
    named = {one.id: words.warned(one) for one in found}

    def write() -> str:
        chosen, called = forms.field(whole, "split_which"), str(forms.field(whole, "split_title"))
        number = actions.split(whole.case.id, chosen, called, revision=whole.case.revision)
        return t("incidents.was_split", number=number, title=" ".join(called.split()))

    with opened, st.form(forms.key(whole, "split_form"), border=False):
        st.caption(t("incidents.split_lead"))
        st.multiselect(
            t("incidents.split_which"), list(named), format_func=named.__getitem__, key=forms.key(whole, "split_which")
        )
        st.text_input(
            t("incidents.title_label"), max_chars=incidents.LONGEST_TITLE, key=forms.key(whole, "split_title")
        )
        forms.send(whole, "split", t("incidents.split_do"), write)


# -- tasks -------------------------------------------------------------------------------------------------------------


def tasks(whole: Whole, *, may: bool) -> None:
    """``may``: whether tasks are added; whoever owns one says that it is done in any case."""
    with st.container(border=True, key="card_tasks"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="tasks_head"):
            lead = t("incidents.tasks_lead") if whole.tasks else t("incidents.tasks_none")
            st.html(heading.section(t("incidents.tasks"), lead, "incident-tasks"), width="stretch")
            if may:
                _adding(whole)
        for one in whole.tasks:
            with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"task_{one.id}"):
                st.html(_task(one), width="stretch")
                if one.done_at is None and (actions.may() or one.owner == incidents.me()):
                    opened = forms.box(whole, f"done_{one.id}", t("incidents.done"), ":material/check:")
                    if opened is not None:
                        with opened:
                            forms.done(whole, f"done_{one.id}", one.id, one.title)


def _adding(whole: Whole) -> None:
    opened = forms.box(whole, "task", t("incidents.add_task"), ":material/add_task:")
    if opened is None:
        return
    kind = "review" if whole.case.state == "review" else "response"
    with opened:
        forms.task(whole, "task", kind)


def _task(one: Task) -> str:
    if one.done_at is not None:
        told, kind = t("incidents.done_by", by=one.done_by, at=words.moment(one.done_at)), ""
    else:
        told, kind = (
            t("incidents.due_told", owner=one.owner, day=i18n.day(one.due_on)),
            ' class="late"' if one.is_late else "",
        )
    beside = t("number.then").join((told, t(f"incidents.task_of_{one.kind}")))
    mark = "✓ " if one.done_at is not None else ""
    return f'<p class="task">{mark}{escape(one.title)}<small{kind}>{escape(beside)}</small></p>'
