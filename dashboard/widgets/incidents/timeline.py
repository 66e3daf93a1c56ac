"""What happened, was said and was done, the newest first; notes and evidence are added here."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard.data.incidents import Line, Whole
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.incidents import forms, words

NEWEST = 15
"""Lines that are shown at once; older ones unfold."""


def show(whole: Whole, *, may: bool) -> None:
    """``may``: whether the reader adds to it; a closed incident takes notes too."""
    with st.container(border=True, key="card_timeline"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="timeline_head"):
            st.html(heading.section(t("incidents.timeline"), "", "incident-timeline"))
            if may:
                _adding(whole)
        lines = list(reversed(whole.lines))
        st.html(_told(lines[:NEWEST], whole.case.id))
        if rest := lines[NEWEST:]:
            st.html(
                f'<details class="older"><summary>{escape(t("incidents.older", count=len(rest)))}</summary>{_told(rest, whole.case.id)}</details>'
            )


def _adding(whole: Whole) -> None:
    opened = forms.box(whole, "note", t("incidents.add_note"), ":material/edit_note:")
    if opened is not None:
        with opened:
            forms.note(whole, "note")
    opened = forms.box(whole, "proof", t("incidents.add_evidence"), ":material/link:")
    if opened is not None:
        with opened:
            forms.evidence(whole, "proof")


def _told(lines: Sequence[Line], incident_id: int) -> str:
    return f'<ol class="timeline">{"".join(_line(one, incident_id) for one in lines)}</ol>'


def _line(one: Line, incident_id: int) -> str:
    of = (
        ""
        if one.incident_id == incident_id
        else f" <small>{escape(t('incidents.number', number=one.incident_id))}</small>"
    )
    head = f"<p><b>{escape(words.by(one.by))}</b> {escape(words.line(one))}{of}</p>"
    body = f"<blockquote>{escape(one.body)}</blockquote>" if one.body else ""
    link = str(one.details.get("link", ""))
    if link:
        body += f'<p><a href="{escape(link)}" target="_blank" rel="noopener noreferrer">{escape(link)}</a></p>'
    if figure := one.details.get("figure"):
        body += f"<p><small>{escape(words.figure(figure))}</small></p>"
    when = f"<time>{escape(words.moment(one.at))}</time> <em>{escape(words.state(one.state))}</em>"
    return f'<li class="{escape(one.kind)}">{when}{head}{body}</li>'
