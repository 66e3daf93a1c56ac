"""One drill: what is planned, what came of it, and what may be done."""

from datetime import date
from html import escape

import streamlit as st

from dashboard import i18n
from dashboard.actions import drills as actions
from dashboard.data.drills import STEPS, Action, Drills, Held, Record
from dashboard.data.drills import playbook as playbook_of
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading, opening
from dashboard.widgets.risk import drill_forms, rows
from dashboard.widgets.risk.rows import Column

OF = "drill"
"""Where the address says which one is open."""


def show(one: Held, known: Drills) -> None:
    with st.container(border=True, key="card_drill"):
        lead = t(f"drills.state_{'late' if one.is_late(known.today) else one.state}")
        st.html(heading.section(one.planned.scenario, lead, "drill-one"))
        if actions.may():
            drill_forms.of_one(one, known)
        st.html(rows.facts(_facts(one, known)))
        if one.note:
            st.html(_text("note", one.note))
        if one.record is not None:
            _record(one.record, known.today)
        elif one.planned.field:
            st.html(_steps(one.planned.field))
        st.html(opening.back("drill", OF, words="drills.close_one"))


def when(one: Held, today: date) -> str:
    """HTML: its day, marked where that has passed."""
    on = escape(i18n.day(one.planned.planned_on))
    days = (today - one.planned.planned_on).days
    late = escape(t("drills.late", days=days))
    return f'{on}<br><em class="late">{late}</em>' if one.is_late(today) else on


def due(one: Action, today: date) -> str:
    """HTML: until when, marked where that has passed."""
    on = escape(i18n.day(one.due_on))
    late = escape(t("drills.late", days=(today - one.due_on).days))
    return f'{on}<br><em class="late">{late}</em>' if one.is_late(today) else on


def _done(one: Action) -> str:
    return escape(i18n.day(one.done_on)) if one.done_on else UNDEFINED


def repeats(one: Held) -> str:
    months = one.planned.repeats_months
    return t("drills.once") if months is None else t("drills.every", months=months)


def playbook(field: str) -> str:
    return t(f"watched.field_{field}") if field else UNDEFINED


def whole_minutes(one: Held) -> str:
    """From the start until the last step that was reached."""
    told = (one.record.minutes or {}) if one.record else {}
    return t("drills.minutes_told", count=i18n.number(max(told.values()))) if told else UNDEFINED


def _facts(one: Held, known: Drills) -> list[tuple[str, str]]:
    told = one.planned
    facts = [
        (t("drills.planned_on"), when(one, known.today)),
        (t("drills.field"), escape(playbook(told.field))),
        (t("drills.people"), escape(i18n.listed(told.people) or UNDEFINED)),
        (t("drills.repeats"), escape(repeats(one))),
        (t("drills.changed"), escape(t("register.history_line", at=i18n.moment(one.at, known.zone), by=one.by))),
    ]
    if one.record is not None:
        facts.insert(1, (t("drills.done_on"), escape(i18n.day(one.record.done_on))))
    if one.follows_id is not None and known.one(str(one.follows_id)):
        facts.append(
            (t("drills.follows"), rows.opens(t("drills.follows_open"), OF, str(one.follows_id), "part=drills&"))
        )
    return facts


def _steps(field: str) -> str:
    """HTML: what the playbook that is followed says, so that it can be read while practising."""
    items = ""
    for step, codes in playbook_of(field):
        told = "".join(f"<li>{escape(t(f'playbook.{code}'))}</li>" for code in codes)
        items += f"<li><b>{escape(t(f'drills.step_{step}'))}</b><ul>{told}</ul></li>"
    return f'<p class="told"><b>{escape(t("drills.steps"))}</b></p><ol class="measures">{items}</ol>'


def _record(one: Record, today: date) -> None:
    minutes = one.minutes or {}
    if minutes:
        told, before = [], 0
        for step in (step for step in STEPS if step in minutes):
            took = minutes[step] - before
            told.append([escape(t(f"drills.step_{step}")), i18n.number(minutes[step]), i18n.number(took)])
            before = minutes[step]
        columns = [Column(t("drills.step")), Column(t("drills.minutes_until"), "number"), Column(t("drills.minutes_took"), "number")]  # fmt: skip
        st.html(rows.table("drill-minutes", t("drills.minutes"), columns, told))
    st.html(_text("went_well", one.went_well) + _text("went_badly", one.went_badly))
    if one.actions:
        columns = [
            Column(t("drills.action")),
            Column(t("drills.action_owner")),
            Column(t("drills.action_due"), "short"),
            Column(t("drills.action_done"), "short"),
        ]
        told = [[escape(each.told), escape(each.owner), due(each, today), _done(each)] for each in one.actions]
        st.html(rows.table("drill-actions", t("drills.actions"), columns, told))


def _text(name: str, words: str) -> str:
    shown = rows.text(words) if words else UNDEFINED
    return f'<p class="told"><b>{escape(t(f"drills.{name}"))}</b><br>{shown}</p>'
