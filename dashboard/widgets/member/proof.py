"""Identities of a member and why they are one person, as on the page of identities."""

import streamlit as st

from dashboard import i18n
from dashboard.data import member as data
from dashboard.data.member import View
from dashboard.i18n import t
from dashboard.widgets import evidence


def show(view: View) -> None:
    found, zone = data.evidence(view), data.zone()
    masks = data.masks(evidence.keys(found))
    st.caption(t("identity.card_lead", count=i18n.number(len(found.identities)), links=i18n.number(len(found.links))))
    evidence.identities(found, masks, zone)
    evidence.reveal(found, masks, data.nickname(view))
    st.markdown(f"**{t('identity.evidence')}**")
    evidence.links(found, masks, zone)
