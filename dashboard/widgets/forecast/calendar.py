"""The retail calendar that forecasts know: a strip of two years, a table, and its forms for those who may change it."""

import streamlit as st

from dashboard import addresses, charts, i18n
from dashboard.actions import calendar as actions
from dashboard.data import calendar
from dashboard.data.calendar import BUILT_IN, Calendar
from dashboard.i18n import t
from dashboard.widgets import choice, heading, tables
from dashboard.widgets.choice import Choice
from dashboard.widgets.forecast import calendar_chart, calendar_forms
from dashboard.widgets.forecast import calendar_words as words
from dashboard.widgets.parts import Asked

WHEN = "cal_when"
"""Where the address says which span the table tells."""
KEYS = (WHEN,)
AHEAD, PAST = "ahead", "past"


def show(asked: Asked) -> None:
    found = calendar.read(asked.known.as_of_on)
    when = choice.read(WHEN, (AHEAD, PAST))
    with st.container(border=True, key="card_calendar"):
        lead = t(
            "calendar.lead",
            count=len(found.occasions),
            first=i18n.day(found.start_on),
            last=i18n.day(found.end_on),
        )
        st.html(heading.section(t("calendar.title"), lead, "calendar"))
        if actions.may():
            calendar_forms.show(found)
        charts.show("calendar_strip", found.key, lambda: calendar_chart.strip(found), alt=t("calendar.strip_alt"))
        st.caption(t("calendar.strip_lead"))
    with st.container(border=True, key="card_calendar_table"):
        _table(found, when)
    with st.expander(t("calendar.contract"), icon=":material/info:", key="calendar_contract"):
        for line in (
            t("calendar.rule_events", count=len(BUILT_IN)),
            t("calendar.rule_workdays"),
            t("calendar.rule_closed"),
            t("calendar.rule_revisions"),
        ):
            st.write(line)


def _table(found: Calendar, when: str) -> None:
    st.html(heading.section(t("calendar.table"), "", "calendar-table"))
    labels = {one: t(f"calendar.when_{one}") for one in (AHEAD, PAST)}
    st.html(choice.row(Choice(WHEN, t("calendar.when"), labels, when), addresses.beside(WHEN)))
    rows = [one for one in found.occasions if (one.event.last_on > found.as_of_on) == (when == AHEAD)]
    if not rows:
        st.html(heading.line(t("calendar.none")))
        return
    if when == PAST:
        rows.reverse()

    def columns() -> dict[str, list[str]]:
        return {
            t("calendar.column_day"): [i18n.day(one.event.on) for one in rows],
            t("calendar.column_event"): [words.called(one.event.name) for one in rows],
            t("calendar.column_window"): [words.window(one) for one in rows],
            t("calendar.column_kind"): [t(f"calendar.kind_{one.kind}") for one in rows],
            t("calendar.column_state"): [words.state(one) for one in rows],
            t("calendar.column_by"): [words.said_by(found, one) for one in rows],
        }

    st.dataframe(
        tables.written("calendar", f"{found.key}|{when}", columns), hide_index=True, key="calendar_table", alt=t("calendar.table"),
        column_config={t("calendar.column_state"): st.column_config.TextColumn(width="medium")},
    )  # fmt: skip
