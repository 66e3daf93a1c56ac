"""Forms of drills, for those who may plan them: planning, changing, carrying out, cancelling."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import i18n
from dashboard.actions import drills as actions
from dashboard.actions import guard
from dashboard.data.drills import (
    FIELDS,
    MOST_DAYS_AHEAD,
    MOST_MINUTES,
    MOST_MONTHS,
    STEPS,
    Action,
    Drills,
    Held,
    Planned,
    Record,
)
from dashboard.i18n import t
from dashboard.widgets.risk import form

NEW = "dr_new"
USUAL_DAYS, USUAL_MONTHS = 14, 3
FIRST_DAY = date(2000, 1, 1)


def planning(known: Drills) -> None:
    with form.box(t("drills.plan"), "dr_plan", ":material/add:") as is_open:
        if is_open:
            with st.form(f"{NEW}_form", border=False, enter_to_submit=False):
                _fields(NEW, None, known)
                form.keep(t("drills.plan_do"), _plan, key="dr_plan_do")


@guard.guarded(actions.WRITE)
def _plan() -> None:
    done = actions.plan(_planned(NEW))
    form.close("dr_plan")
    guard.note(t("drills.planned", scenario=done.planned.scenario, on=i18n.day(done.planned.planned_on)))


def of_one(one: Held, known: Drills) -> None:
    """What may be done with a drill as it stands."""
    if one.state == "cancelled":
        return
    with st.container(horizontal=True, gap="small", key="drill_forms"):
        label, icon = ("correct", "edit_note") if one.state == "done" else ("carry_out", "task_alt")
        with form.box(t(f"drills.{label}"), "dr_done", f":material/{icon}:") as is_open:
            if is_open:
                _carrying_out(one, known)
        if one.state == "planned":
            with form.box(t("drills.change"), "dr_change", ":material/edit:") as is_open:
                if is_open:
                    _changing(one, known)
            with form.box(t("drills.cancel"), "dr_cancel", ":material/event_busy:") as is_open:
                if is_open:
                    _cancelling(one)


# -- what is planned ---------------------------------------------------------------------------------------------------


def _changing(one: Held, known: Drills) -> None:
    prefix = f"dr_{one.drill_id}"
    with st.form(f"{prefix}_form", border=False, enter_to_submit=False):
        _fields(prefix, one.planned, known)
        form.keep(t("drills.change_do"), _change, prefix, one, key="dr_change_do")


@guard.guarded(actions.WRITE)
def _change(prefix: str, one: Held) -> None:
    done = actions.change(one.drill_id, _planned(prefix), revision=one.revision)
    form.close("dr_change")
    guard.note(t("drills.saved", scenario=done.planned.scenario))


def _cancelling(one: Held) -> None:
    prefix = f"dr_cancel_{one.drill_id}"
    with st.form(f"{prefix}_form", border=False, enter_to_submit=False):
        st.text_input(t("drills.why"), key=f"{prefix}_note", max_chars=actions.LONGEST)
        if one.planned.repeats_months is not None:
            st.checkbox(t("drills.is_last"), key=f"{prefix}_last", help=t("drills.is_last_help"))
        form.keep(t("drills.cancel"), _cancel, prefix, one, key="dr_cancel_do")


@guard.guarded(actions.WRITE)
def _cancel(prefix: str, one: Held) -> None:
    is_last = bool(st.session_state.get(f"{prefix}_last"))
    following = actions.cancel(one.drill_id, note=form.field(prefix, "note"), is_last=is_last, revision=one.revision)
    form.close("dr_cancel")
    guard.note(_followed("drills.cancelled", one, following))


def _followed(text: str, one: Held, following: Held | None) -> str:
    told = t(text, scenario=one.planned.scenario)
    return told if following is None else told + t("drills.then", on=i18n.day(following.planned.planned_on))


# -- what came of it ---------------------------------------------------------------------------------------------------


def _carrying_out(one: Held, known: Drills) -> None:
    prefix, was = f"dr_done_{one.drill_id}", one.record
    with st.form(f"{prefix}_form", border=False, enter_to_submit=False):
        st.date_input(
            t("drills.done_on"), was.done_on if was else known.today, FIRST_DAY, known.today, key=f"{prefix}_on", format="YYYY-MM-DD"
        )  # fmt: skip
        st.caption(t("drills.minutes_help"))
        minutes = (was.minutes or {}) if was else {}
        with st.grid("auto", min_column_width=110, gap="small"):
            for step in STEPS:
                st.number_input(
                    t(f"drills.step_{step}"), 0, MOST_MINUTES, minutes.get(step), key=f"{prefix}_{step}", placeholder=i18n.UNDEFINED
                )  # fmt: skip
        for name in ("went_well", "went_badly"):
            st.text_area(
                t(f"drills.{name}"), getattr(was, name) if was else "", key=f"{prefix}_{name}", max_chars=actions.LONGEST, height=90
            )  # fmt: skip
        edited = _actions_field(prefix, was, known.today)
        form.keep(t("drills.record_do"), _carry_out, prefix, one, edited, key="dr_done_do")


def _actions_field(prefix: str, was: Record | None, today: date) -> pd.DataFrame:
    """What is to be done better, a row each. Returns what the rows were before."""
    told = was.actions if was else ()
    rows = pd.DataFrame(
        {
            "told": pd.Series([one.told for one in told], dtype="object"),
            "owner": pd.Series([one.owner for one in told], dtype="object"),
            "due_on": pd.Series([one.due_on for one in told], dtype="object"),
            "done_on": pd.Series([one.done_on for one in told], dtype="object"),
        }
    )
    st.caption(t("drills.actions_help"))
    st.data_editor(
        rows, num_rows="dynamic", hide_index=True, key=f"{prefix}_actions",
        column_config={
            "told": st.column_config.TextColumn(t("drills.action"), max_chars=actions.LONGEST_SCENARIO, width="medium"),
            "owner": st.column_config.TextColumn(t("drills.action_owner"), max_chars=actions.LONGEST_NAME),
            "due_on": st.column_config.DateColumn(t("drills.action_due"), format="YYYY-MM-DD"),
            "done_on": st.column_config.DateColumn(t("drills.action_done"), format="YYYY-MM-DD", max_value=today),
        },
    )  # fmt: skip
    return rows


@guard.guarded(actions.WRITE)
def _carry_out(prefix: str, one: Held, before: pd.DataFrame) -> None:
    given = {step: form.field(prefix, step) for step in STEPS}
    minutes = {step: int(value) for step, value in given.items() if value is not None}
    done_on = form.field(prefix, "on")
    told = edited(before.to_dict("records"), st.session_state.get(f"{prefix}_actions") or {}, done_on)
    record = Record(done_on, form.field(prefix, "went_well"), form.field(prefix, "went_badly"), minutes, told)
    following = actions.carry_out(one.drill_id, record, revision=one.revision)
    form.close("dr_done")
    guard.note(_followed("drills.recorded", one, following))


def edited(before: Sequence[dict[Any, Any]], edits: dict[str, Any], usual_on: date) -> tuple[Action, ...]:
    """Rows as the table's editor left them; those without any words are left out, those without a day are due a month after ``usual_on``."""
    rows = form.edited_rows(before, edits)
    later = usual_on + timedelta(days=30)
    told = [
        Action(
            form.said(row.get("told")),
            form.said(row.get("owner")),
            _day(row.get("due_on")) or later,
            _day(row.get("done_on")),
        )
        for row in rows
    ]
    return tuple(one for one in told if one.told or one.owner)


def _day(value: object) -> date | None:
    if isinstance(value, date):
        return value
    return date.fromisoformat(value[:10]) if isinstance(value, str) and value else None


# -- fields ------------------------------------------------------------------------------------------------------------


def _fields(prefix: str, was: Planned | None, known: Drills) -> None:
    st.text_input(
        t("drills.scenario"), was.scenario if was else "", key=f"{prefix}_scenario", max_chars=actions.LONGEST_SCENARIO,
        placeholder=t("drills.scenario_example"),
    )  # fmt: skip
    usual = was.planned_on if was else known.today + timedelta(days=USUAL_DAYS)
    first, last = min(usual, known.today), max(usual, known.today + timedelta(days=MOST_DAYS_AHEAD))
    left, right = st.columns(2)
    left.date_input(t("drills.planned_on"), usual, first, last, key=f"{prefix}_on", format="YYYY-MM-DD")
    fields = {"": t("drills.field_none")} | {one: t(f"watched.field_{one}") for one in FIELDS}
    right.selectbox(
        t("drills.field"), list(fields), list(fields).index(was.field if was else ""), format_func=fields.get, key=f"{prefix}_field",
        help=t("drills.field_help"),
    )  # fmt: skip
    st.text_input(
        t("drills.people"), i18n.listed(was.people) if was else "", key=f"{prefix}_people", help=t("drills.people_help")
    )
    months = was.repeats_months if was else USUAL_MONTHS
    st.number_input(
        t("drills.repeats_months"), 0, MOST_MONTHS, months or 0, key=f"{prefix}_months", help=t("drills.repeats_help")
    )


def _planned(prefix: str) -> Planned:
    typed = form.field(prefix, "people")
    for mark in ("，", "、", ";", "；", "\n"):
        typed = typed.replace(mark, ",")
    people = tuple(name.strip() for name in typed.split(",") if name.strip())
    months = int(form.field(prefix, "months") or 0) or None
    return Planned(
        form.field(prefix, "on"), form.field(prefix, "scenario"), people, form.field(prefix, "field"), months
    )
