"""One member in full: the identities, what joins them, and what can be decided about them."""

import pandas as pd
import streamlit as st

from dashboard import markdown
from dashboard.actions import guard
from dashboard.actions import identity as actions
from dashboard.data import identity as data
from dashboard.data import people
from dashboard.data.identity import Member
from dashboard.i18n import number, t
from dashboard.widgets import evidence
from dashboard.widgets import people as panel


def show(member_id: int) -> None:
    """Draw the card. Raises ``Unknown`` when the member is gone, because a decision changed who is who."""
    found = data.member(member_id)
    masks = data.masks(evidence.keys(found))
    zone = data.zone()
    (label,) = people.labels(pd.Series([member_id], dtype="int64"))
    with st.container(border=True, key="card_member"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            kind = t("identity.member") if found.is_known else t("identity.visitor")
            st.subheader(f"{label} :gray-badge[{kind}]", anchor=False)
            st.button(
                t("identity.close"),
                icon=":material/close:",
                type="tertiary",
                key="close_member",
                on_click=actions.close,
            )
        if guard.may("people.see"):
            st.html(panel.link(member_id))
        st.caption(t("identity.card_lead", count=number(len(found.identities)), links=number(len(found.links))))
        evidence.identities(found, masks, zone)
        _identity_actions(found, masks)
        st.markdown(f"**{t('identity.evidence')}**")
        _links(found, masks, zone)
        _merge(member_id)
        _decisions(found)


def _identity_actions(found: Member, masks: dict[int, str]) -> None:
    if not (guard.may("personal.reveal") or guard.may("identity.write")):
        return
    labels = evidence.labels(found, masks)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="identity_actions"):
        st.selectbox(t("identity.choose"), list(labels), format_func=labels.get, key="identity_chosen", width=280)
        evidence.ask_to_reveal()
        if guard.may("identity.write"):
            with st.popover(t("identity.block"), icon=":material/block:", key="pop_block"):
                evidence.reason_form("block", t("identity.block"), actions.block, lead=t("identity.block_lead"))
    evidence.revealed(labels)


def _links(found: Member, masks: dict[int, str], zone: str) -> None:
    evidence.links(found, masks, zone)
    if len(found.links) and guard.may("identity.write"):
        _cut(found.links, evidence.ends(found, masks))


def _cut(rows: pd.DataFrame, ends: dict[int, str]) -> None:
    joined = rows[rows["left_out"].isna()]
    pairs = {
        (int(a), int(b)): f"{ends[int(a)]} — {ends[int(b)]}"
        for a, b in zip(joined["left_key"], joined["right_key"], strict=True)
    }
    if not pairs:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="link_actions"):
        st.selectbox(t("identity.choose_link"), list(pairs), format_func=pairs.get, key="link_chosen", width=420)
        with st.popover(t("identity.cut"), icon=":material/content_cut:", key="pop_cut"):
            evidence.reason_form("cut", t("identity.cut"), actions.cut, lead=t("identity.cut_lead"))


def _merge(member_id: int) -> None:
    if not guard.may("identity.write"):
        return
    with (
        st.popover(t("identity.merge"), icon=":material/merge:", key="pop_merge"),
        st.form("form_merge", border=False),
    ):
        st.write(t("identity.merge_lead"))
        st.text_input(t("identity.merge_with"), key="merge_with", max_chars=200)
        st.text_input(t("identity.reason"), key="reason_merge", max_chars=300, placeholder=t("identity.reason_hint"))
        st.form_submit_button(t("identity.merge"), type="primary", on_click=actions.merge, args=(member_id,))


def _decisions(found: Member) -> None:
    if found.decisions.empty:
        return
    rows = found.decisions
    st.markdown(f"**{t('identity.decided_here')}**")
    for row in rows.itertuples(index=False):
        words = t(
            "identity.decided",
            number=row.decision_id,
            kind=t(f"identity.kind_{row.kind}"),
            by=markdown.escaped(row.by),
            reason=markdown.escaped(row.reason),
        )
        st.markdown(f"- {words}")
