"""应急响应: incidents worked from step to step, each with who answers for it, by when, what was done, and what was learnt."""

import streamlit as st

from dashboard import addresses
from dashboard.data import freshness, incidents
from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import heading
from dashboard.widgets.incidents import listing, single, words

PAGE = Page("risk", 20, "risk.see", ":material/emergency:")


def show() -> None:
    heading.show(t("incidents.title"), freshness.read(PAGE.permission), t("incidents.lead"))
    text = st.query_params.get(words.OF)
    found = incidents.find(int(text)) if text and text.isdecimal() and len(text) < 10 else None
    if found is not None:
        single.show(found)
        return
    if text is not None:
        addresses.leave_out(words.OF, text)
        st.query_params.pop(words.OF, None)
    listing.show()
