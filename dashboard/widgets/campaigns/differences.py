"""What a campaign says otherwise than the time before that it was handed in: field by field, before and now."""

from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

import streamlit as st

from dashboard import i18n
from dashboard.data import campaign_runs, campaigns
from dashboard.data.campaigns import Body, Found
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading
from dashboard.widgets.campaigns import told, words

MONEY = ("budget_minor", "face_minor")
MOMENTS = ("at", "expires_at", "card_until")
SAID = {
    "goal": "campaigns.goal", "metric": "campaigns.metric", "purpose": "campaigns.purpose", "mode": "campaigns.mode", "missing": "campaigns.missing", "when": "campaigns.when", "quiet": "campaigns.quiet",
    "codes": "campaigns.codes",
}  # fmt: skip
"""Fields whose values have names of their own."""


def show(found: Found) -> None:
    """Nothing where it is handed in for the first time."""
    standing = campaign_runs.review_of(found.campaign_id)
    if standing.before is None:
        return
    rows = changes(standing.before, found.body)
    with st.container(border=True, key="card_campaign_differences"):
        became = t(f"campaign.before_{standing.before_was}") if standing.before_was else t("campaign.before_handed_in")
        st.html(heading.section(t("campaign.differences"), became, "differences"))
        if not rows:
            st.html(heading.line(t("campaign.differences_none")))
            return
        columns = [t(f"campaign.column_{one}") for one in ("part", "before", "now")]
        cells = [[escape(name), f"<del>{escape(was)}</del>", f"<ins>{escape(now)}</ins>"] for name, was, now in rows]
        st.html(told.table("differences-rows", t("campaign.differences"), columns, cells))


def changes(before: Body, now: Body) -> list[tuple[str, str, str]]:
    """Name, before and now of what differs, in words."""
    was, is_now = (dict(_flat(campaigns.document(one))) for one in (before, now))
    names = list(dict.fromkeys([*was, *is_now]))
    return [(_name(one), _value(one, was.get(one)), _value(one, is_now.get(one))) for one in names if was.get(one) != is_now.get(one)]  # fmt: skip


def _flat(document: Mapping[str, Any], at: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    found: list[tuple[tuple[str, ...], Any]] = []
    for name, value in document.items():
        here = (*at, name)
        if name == "variants":
            for one in value:
                found += _flat({key: part for key, part in one.items() if key != "name"}, (*at, "variants", one["name"]))  # fmt: skip
        elif isinstance(value, Mapping):
            found += _flat(value, here)
        else:
            found.append((here, value))
    return [(name, value) for name, value in found if name != ("v",)]


def _name(path: tuple[str, ...]) -> str:
    if path[0] == "reasons":
        return t("number.then").join([t("campaign.column_why"), path[-1]])
    if path[0] != "variants":
        key = f"campaigns.of_{'offer_' if path[0] == 'offer' and path[-1] == 'budget_minor' else ''}{path[-1]}"
        return t(key) if i18n.has(key) else path[-1]
    variant = t("campaigns.variant_name", name=path[1])
    if path[2] == "weight":
        return t("number.then").join([variant, t("campaigns.of_weight")])
    return t("number.then").join([variant, words.channel(path[3]), words.text_name(".".join(path[4:]))])


def _value(path: tuple[str, ...], value: Any) -> str:
    name = path[-1]
    if value in (None, "", [], ()):
        return UNDEFINED
    if name in ("segments", "without"):
        return i18n.listed(told.group("segment", str(one)) for one in value)
    if name == "channels":
        return i18n.listed(map(words.channel, value))
    if name == "places":
        return t("campaigns.places_count", count=i18n.number(len(value)))
    if name in SAID and isinstance(value, str) and path[0] != "variants":
        return t(f"{SAID[name]}_{value}")
    if name in MONEY:
        return words.money(value)
    if name in MOMENTS:
        return words.moment(datetime.fromisoformat(value))
    if name == "holdout":
        return i18n.share(value)
    return i18n.number(value) if isinstance(value, int) else str(value)
