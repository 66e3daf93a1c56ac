"""One incident, opened."""

import streamlit as st

from dashboard.actions import incidents as actions
from dashboard.data.incidents import Whole
from dashboard.widgets.incidents import belongs, head, playbook, step, timeline


def show(whole: Whole) -> None:
    """What goes on as part of another is worked there, and only read here; what is closed takes notes, and is opened again."""
    is_own = whole.case.merged_into_id is None
    writes = actions.may() and is_own
    works = writes and whole.case.state != "closed"
    head.show(whole, may=works)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        step.show(whole, may=writes)
        if whole.case.state != "closed":
            if works:
                playbook.message(whole)
            playbook.show(whole, may=works)
        belongs.tasks(whole, may=works)
        if whole.cause or whole.lessons:
            step.learnt(whole)
    with right:
        belongs.warnings(whole, may=works)
        timeline.show(whole, may=writes)
