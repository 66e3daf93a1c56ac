"""Step 4: the coupon that comes with the message, and what it may cost."""

from functools import partial
from typing import Any

import streamlit as st

from dashboard import i18n
from dashboard.data import campaigns
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.campaigns import edits, fields, lacking, words
from dashboard.widgets.campaigns.edits import Form

CODES = ("none", "shared", "single")
LONGEST_ID = 64
BLANK = {
    "offer_id": "",
    "name": "",
    "face_minor": 0,
    "codes": "none",
    "code": "",
    "budget_minor": None,
    "ends_on": None,
}


def show(form: Form) -> None:
    offer = form.found.body.offer
    with st.container(border=True, key="card_campaign_offer"):
        st.html(heading.section(t("campaigns.step_offer"), t("campaigns.lead_offer")))
        lacking.show(form, "offer")
        _turning(form, is_there=offer is not None)
        if offer is None:
            return
        left, right = st.columns(2)
        with left:
            fields.line(form, ("offer", "name"), t("campaigns.of_name"), placeholder=t("campaigns.offer_hint"))
            fields.money(form, ("offer", "face_minor"), t("campaigns.of_face_minor"))
            fields.money(form, ("offer", "budget_minor"), t("campaigns.of_offer_budget"), help=t("campaigns.offer_budget_help"), placeholder=t("campaigns.no_limit"))  # fmt: skip
        with right:
            fields.line(
                form, ("offer", "offer_id"), t("campaigns.of_offer_id"), most=LONGEST_ID, help=t("campaigns.offer_id_help"), placeholder=_known()
            )  # fmt: skip
            fields.day(form, ("offer", "ends_on"), t("campaigns.of_ends_on"))
            codes = fields.options(CODES, lambda one: t(f"campaigns.codes_{one}"))
            fields.choice(form, ("offer", "codes"), t("campaigns.of_codes"), codes, help=t("campaigns.codes_help"))
            if offer.codes == "shared":
                fields.line(form, ("offer", "code"), t("campaigns.of_code"), most=LONGEST_ID)
        if offer.budget_minor is not None and offer.face_minor:
            most = i18n.number(offer.budget_minor // offer.face_minor)
            st.caption(t("campaigns.offer_reaches", budget=words.money(offer.budget_minor), count=most))


def _known() -> str:
    found = campaigns.offers()
    return found[0] if found else "SPRING-20"


def _turning(form: Form, *, is_there: bool) -> None:
    label, icon = ("offer_remove", "remove") if is_there else ("offer_add", "add")
    st.button(
        t(f"campaigns.{label}"), icon=f":material/{icon}:", key="cp_offer", disabled=not form.is_open, on_click=edits.change, args=(form.campaign_id, partial(_put, None if is_there else BLANK))
    )  # fmt: skip
    if not is_there:
        st.html(heading.line(t("campaigns.offer_none")))


def _put(offer: dict[str, Any] | None, document: dict[str, Any]) -> None:
    document["offer"] = None if offer is None else dict(offer)
