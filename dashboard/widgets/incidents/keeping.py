"""The people behind an incident, kept as a segment or as those to be called back."""

import streamlit as st

from dashboard import i18n
from dashboard.actions import incidents as actions
from dashboard.actions import segments
from dashboard.data import incidents
from dashboard.data.incidents import Whole
from dashboard.i18n import t
from dashboard.widgets.incidents import forms


def show(whole: Whole, name: str, *, is_recall: bool) -> None:
    """``name``: of the form, which begins the names of its fields."""
    st.caption(t("incidents.keep_lead"))
    found = incidents.behind(whole)
    if not found.members:
        st.info(t("incidents.keep_nobody"), icon=":material/person_off:")
        return
    st.write(t("incidents.keep_count", count=i18n.number(len(found.members)), warnings=len(found.told)))
    usual = t("incidents.keep_recall" if is_recall else "incidents.keep_people", number=whole.case.id)

    def write() -> str:
        called = str(forms.field(whole, f"{name}_called"))
        number = actions.keep_people(
            whole.case.id,
            called,
            found.members,
            version=found.version,
            is_recall=is_recall,
            revision=whole.case.revision,
        )
        return t("incidents.kept", name=called.strip(), number=number, count=i18n.number(len(found.members)))

    with st.form(forms.key(whole, f"{name}_form"), border=False):
        st.text_input(
            t("incidents.keep_name"), usual, max_chars=segments.LONGEST_NAME, key=forms.key(whole, f"{name}_called")
        )
        forms.send(whole, name, t("incidents.keep_do"), write)
