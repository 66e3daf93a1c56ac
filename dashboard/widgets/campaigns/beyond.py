"""What is drawn of a campaign at its last step, by how far it has come: a draft with what would happen; one in review with all that whoever approves reads; one that was started with progress, results and log."""

import streamlit as st

from dashboard import addresses
from dashboard.data.campaigns import Found
from dashboard.i18n import t
from dashboard.widgets import choice
from dashboard.widgets.campaigns import approval, check, log, preflight, progress, results, told, trying
from dashboard.widgets.campaigns.edits import Form
from dashboard.widgets.choice import Choice

VIEW = "cp_view"
"""Where the address says which part of a started campaign is looked at."""
STARTED = ("scheduled", "materialising", "sending", "paused", "completed", "cancelled", "failed")


def show(form: Form) -> None:
    found = form.found
    if found.state in STARTED:
        _started(form)
    else:
        check.show(form)
        trying.show(found)
        if found.state == "in_review":
            approval.show(form)
        preflight.show(found)
        if found.state in ("in_review", "approved"):
            approval.decide(found)
        log.show(found)
    told.open_people(found)


def _started(form: Form) -> None:
    part = choice.read(VIEW, _parts(form.found))
    labels = {one: t(f"campaign.view_{one}") for one in _parts(form.found)}
    st.html(choice.row(Choice(VIEW, t("campaign.view"), labels, part), addresses.beside(VIEW, told.WHO)))
    if part == "progress":
        progress.show(form.found)
    elif part == "results":
        results.show(form.found)
    elif part == "said":
        check.said(form)
        approval.show(form)
    else:
        log.show(form.found)


def _parts(found: Found) -> tuple[str, ...]:
    return ("results", "progress", "said", "log") if found.state == "completed" else ("progress", "results", "said", "log")  # fmt: skip
