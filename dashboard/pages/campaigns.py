"""活动: messages to many, written in steps, approved by a second person, sent once, and judged."""

import streamlit as st

from dashboard import addresses
from dashboard.data import campaigns, freshness
from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import choice, heading
from dashboard.widgets.campaigns import listing, rules, single, stopped, words
from dashboard.widgets.choice import Choice
from dashboard.widgets.parts import PART

PAGE = Page("action", 10, "campaign.see", ":material/campaign:")
PARTS = {"list": listing.show, "rules": rules.show}


def show() -> None:
    heading.show(t("campaigns.title"), freshness.read(PAGE.permission), t("campaigns.lead"))
    stopped.show()
    text = st.query_params.get(words.OF)
    found = campaigns.find(int(text)) if text and text.isdecimal() and len(text) < 10 else None
    if found is not None:
        single.show(found)
        return
    if text is not None:
        addresses.leave_out(words.OF, text)
        st.query_params.pop(words.OF, None)
    part = choice.read(PART, tuple(PARTS))
    labels = {one: t(f"campaigns.part_{one}") for one in PARTS}
    with st.container(key="parts_head"):
        st.html(choice.row(Choice(PART, t("campaigns.parts"), labels, part), addresses.only("world")))
    PARTS[part]()
