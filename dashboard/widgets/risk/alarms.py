"""What members wrote, behind a warning of sensitive words: masked, with where it came from."""

import pandas as pd
import streamlit as st

from dashboard import i18n
from dashboard.actions import guard
from dashboard.data import warnings
from dashboard.data.warnings import Span, Warned
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading, tables
from dashboard.widgets import people as panel
from dashboard.widgets.evidence import source

ABOUT = "sensitive_complaints"


def show(one: Warned, span: Span) -> None:
    if one.indicator != ABOUT:
        return
    with st.container(border=True, key="card_warning_alarms"):
        if not guard.may("people.see"):
            st.html(heading.section(t("warning.alarms"), t("warning.alarms_forbidden"), "warning-alarms"))
            return
        found = warnings.alarms(one, span)
        lead = t("warning.alarms_lead") if found else t("warning.alarms_none")
        st.html(heading.section(t("warning.alarms"), lead, "warning-alarms"))
        if not found:
            return
        titles = warnings.rule_titles(i18n.language())
        table = {
            t("sensitive.at"): [each.at for each in found],
            t("warning.alarms_kind"): [t(f"warning.alarm_{each.kind}") for each in found],
            t("warning.alarms_source"): [i18n.aside(source(each.source), each.group) if each.group else source(each.source) for each in found],
            t("sensitive.text"): [each.text for each in found],
            t("sensitive.rules"): [i18n.listed(titles.get(rule, rule) for rule in each.rules) for each in found],
            t("sensitive.who"): [each.who for each in found],
        }  # fmt: skip
        config: dict[str, object] = {t("sensitive.text"): st.column_config.TextColumn(width="large")}
        with tables.of_people("warning_alarms"):
            st.dataframe(
                pd.DataFrame(table), hide_index=True, key="warning_alarms", column_config=config | panel.column(t("sensitive.who")),
                placeholder=UNDEFINED, alt=t("warning.alarms"),
            )  # fmt: skip
