"""The house's rules of sending: under which names members know it, who may approve how much, and how often anybody may be written to."""

from dataclasses import replace
from html import escape

import streamlit as st

from dashboard import i18n
from dashboard.actions import campaigns as actions
from dashboard.actions import guard
from dashboard.data import campaigns
from dashboard.data.campaigns import Policy
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading
from dashboard.widgets.risk import rows

KEY = "cp_rules"
MOST_NAMES = 10


def show() -> None:
    policy = campaigns.policy()
    with st.container(border=True, key="card_campaign_rules"):
        st.html(heading.section(t("campaigns.part_rules"), t("campaigns.rules_lead"), "rules"))
        if actions.may_change_policy():
            _form(policy)
            return
        names = escape(i18n.listed(policy.names) or UNDEFINED)
        told = [(t("campaigns.rule_names"), names), (t("campaigns.rule_alone"), i18n.number(policy.alone))]
        told += [
            (t("campaigns.rule_grand"), i18n.number(policy.grand)),
            (t("campaigns.rule_growth"), i18n.share(policy.growth, 0)),
        ]
        told.append((t("campaigns.rule_trial"), i18n.number(policy.trial_from) if policy.trial_from else t("campaigns.rule_trial_never")))  # fmt: skip
        told.append((t("campaigns.rule_cap"), t("campaigns.rule_cap_told", messages=policy.messages, days=policy.days)))
        st.html(rows.facts(told))
        st.html(heading.line(t("campaigns.rules_forbidden")))


def _form(policy: Policy) -> None:
    """Fields are named after what they showed, so that somebody else's rules are not overwritten unseen."""
    prefix = f"{KEY}_{abs(hash(policy))}"
    with st.form(f"{prefix}_form", border=False, enter_to_submit=False):
        st.multiselect(
            t("campaigns.rule_names"), list(policy.names), list(policy.names), accept_new_options=True, max_selections=MOST_NAMES, key=f"{prefix}_names",
            help=t("campaigns.rule_names_help"), placeholder=t("campaigns.rule_names_hint"),
        )  # fmt: skip
        left, right = st.columns(2)
        left.number_input(t("campaigns.rule_alone"), 0, 10**9, policy.alone, key=f"{prefix}_alone", help=t("campaigns.rule_alone_help"))  # fmt: skip
        right.number_input(t("campaigns.rule_grand"), 0, 10**9, policy.grand, key=f"{prefix}_grand", help=t("campaigns.rule_grand_help"))  # fmt: skip
        left.number_input(t("campaigns.rule_messages"), 1, 100, policy.messages, key=f"{prefix}_messages", help=t("campaigns.rule_cap_help"))  # fmt: skip
        right.number_input(t("campaigns.rule_days"), 1, 31, policy.days, key=f"{prefix}_days")
        left.number_input(
            t("campaigns.rule_growth_percent"), 0, 100, round(100 * policy.growth), key=f"{prefix}_growth", help=t("campaigns.rule_growth_help")
        )  # fmt: skip
        right.number_input(t("campaigns.rule_trial"), 0, 10**9, policy.trial_from, key=f"{prefix}_trial_from", help=t("campaigns.rule_trial_help"))  # fmt: skip
        st.form_submit_button(
            t("campaigns.rules_do"), type="primary", key=f"{prefix}_do", on_click=_keep, args=(policy, prefix)
        )


@guard.guarded(actions.SEE)
def _keep(policy: Policy, prefix: str) -> None:
    said = {
        name: st.session_state[f"{prefix}_{name}"]
        for name in ("names", "alone", "grand", "messages", "days", "growth", "trial_from")
    }
    whole = {name: int(said[name]) for name in ("alone", "grand", "messages", "days", "trial_from")}
    names = tuple(str(one).strip() for one in said["names"])
    actions.change_policy(replace(policy, names=names, growth=said["growth"] / 100, **whole), was=policy)
    guard.note(t("campaigns.rules_kept"))
