"""What happened to a campaign, in words: who did what when, and why."""

from datetime import datetime
from html import escape
from typing import Any

import streamlit as st

from core.scope import SYSTEM
from dashboard import i18n
from dashboard.data import campaign_runs
from dashboard.data.campaign_runs import Entry
from dashboard.data.campaigns import Found
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading
from dashboard.widgets.campaigns import told, words

NEWEST = 12
"""Lines that are shown at once; older ones unfold."""


def show(found: Found) -> None:
    every = _shown(campaign_runs.entries(found.campaign_id))
    with st.container(border=True, key="card_campaign_log"):
        st.html(heading.section(t("campaign.log"), t("campaign.log_lead"), "log"))
        st.html(_told(every[:NEWEST]))
        if rest := every[NEWEST:]:
            summary = escape(t("campaign.log_older", count=i18n.number(len(rest))))
            st.html(f'<details class="older"><summary>{summary}</summary>{_told(rest)}</details>')


def _shown(entries: tuple[Entry, ...]) -> list[Entry]:
    """Of many changes that one person made one after the other, the newest."""
    found: list[Entry] = []
    for one in entries:
        if one.action == "changed" and found and (found[-1].action, found[-1].by) == ("changed", one.by):
            continue
        found.append(one)
    return found


def _told(entries: list[Entry]) -> str:
    return f'<ol class="timeline">{"".join(map(_line, entries))}</ol>'


def _line(one: Entry) -> str:
    by = t("campaign.by_system") if one.by == SYSTEM.name else one.by
    key = f"campaign.log_{one.action}"
    key = f"{key}_system" if one.by == SYSTEM.name and i18n.has(f"{key}_system") else key
    said = t(key, **_filling(one)) if i18n.has(key) else one.action
    reason = one.details.get("reason")
    body = f"<blockquote>{escape(str(reason))}</blockquote>" if reason and one.action not in ("voided",) else ""
    kind = "moved" if one.action in ("approved", "started", "launched", "completed", "resumed") else one.action
    return f'<li class="{escape(kind)}"><time>{escape(words.moment(one.at))}</time><p><b>{escape(by)}</b> {escape(said)}</p>{body}</li>'


def _filling(one: Entry) -> dict[str, Any]:
    details = one.details
    code = details.get("code", details.get("error"))
    found: dict[str, Any] = {
        "count": i18n.number(details.get("count", details.get("will_send"))),
        "revision": i18n.number(details.get("revision")),
        "from": details.get("from", UNDEFINED),
        "digest": str(details.get("digest", UNDEFINED))[:12],
        "code": told.error(str(code)) if code else UNDEFINED,
        "why": _why(one),
    }
    if "starts_at" in details:
        found["at"] = words.moment(datetime.fromisoformat(str(details["starts_at"])))
    if one.action == "decided":
        found["fate"] = t(f"campaign.fate_{details['fate']}")
        found["state"] = told.state(str(details["before"]))
    return found


def _why(one: Entry) -> str:
    """Why an approval is void."""
    if one.action != "voided":
        return ""
    why = str(one.details.get("reason", one.details.get("why", "edited")))
    key = f"campaign.void_{why.replace('.', '_')}"
    grown = {"approved": i18n.number(one.details.get("approved")), "count": i18n.number(one.details.get("count"))}
    return t(key, **grown) if i18n.has(key) else t("campaign.void_edited")
