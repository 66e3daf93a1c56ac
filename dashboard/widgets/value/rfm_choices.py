"""What is chosen of RFM. All of it is in the address, in words that no language changes."""

import streamlit as st

from dashboard import addresses
from dashboard.data.rfm import LARGEST, METHODS, USUAL, Asked, Fixed
from dashboard.i18n import t
from dashboard.widgets import behind, choice

METHOD, VIEW = "rfm_method", "rfm_moves"
FIXED = {"rfm_days": USUAL.fixed.days, "rfm_orders": USUAL.fixed.orders, "rfm_net": USUAL.fixed.net}
TIERS = {
    "rfm_t1_days": USUAL.tier_days[0], "rfm_t1_orders": USUAL.tier_orders[0], "rfm_t1_net": USUAL.tier_net[0],
    "rfm_t2_days": USUAL.tier_days[1], "rfm_t2_orders": USUAL.tier_orders[1], "rfm_t2_net": USUAL.tier_net[1],
    "rfm_t3_days": USUAL.tier_days[2],
}  # fmt: skip
"""Limits of the tiers as the address calls them, highest first."""
KEYS = (METHOD, VIEW, *FIXED, *TIERS)
LONGEST_DAYS = 3650
WIDTH = 150


def read() -> Asked:
    """What the address says; known before anything is drawn, so that links lead to the page as it is."""
    method = choice.read(METHOD, METHODS)
    if method == "fixed":
        days, orders, net = (_number(name, usual) for name, usual in FIXED.items())
    else:
        days, orders, net = FIXED.values()
        for name in FIXED:
            addresses.opened(name, ())  # this method knows no such limit
    tiers = [_number(name, usual) for name, usual in TIERS.items()]
    return Asked(
        method, Fixed(days, orders, net), (tiers[0], tiers[3], tiers[6]), (tiers[1], tiers[4]), (tiers[2], tiers[5])
    )  # fmt: skip


def show(asked: Asked) -> None:
    """Draw the choice of the method, and of the limits that it leaves to the reader."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="rfm_choices"):
        one = choice.among(METHOD, "rfm.method", METHODS, asked.method)
        one = choice.Choice(one.key, one.title, one.labels, one.chosen, t("rfm.method_help"))
        st.html(choice.fields([one], addresses.beside(METHOD, *FIXED, behind.PARAMETER)), width="content")
        if asked.method == "fixed":
            for name in FIXED:
                _field(name)


def tiers() -> None:
    """Draw the limits of the tiers."""
    box = st.popover(
        t("rfm.tier_limits"), icon=":material/tune:", type="tertiary", key="rfm_tier_limits", on_change="rerun"
    )
    if not box.open:
        return
    with box:
        st.caption(t("rfm.tier_limits_help"))
        for tier in ("rfm_t1", "rfm_t2", "rfm_t3"):
            with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
                for name in TIERS:
                    if name.startswith(tier):
                        _field(name)


def _most(name: str) -> int:
    return LONGEST_DAYS if name.endswith("days") else LARGEST


def _number(name: str, usual: int) -> int:
    """A whole number that the address calls ``name``; the usual one leaves it."""
    state = st.session_state
    if name not in state or addresses.went():
        given = st.query_params.get(name, "")
        is_number = (
            given.isascii() and given.isdigit() and len(given) <= len(str(LARGEST)) and int(given) <= _most(name)
        )
        if given and not is_number:
            addresses.leave_out(name, given)
        state[name] = int(given) if is_number else usual
    if state[name] == usual:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = str(state[name])
    chosen: int = state[name]
    return chosen


def _field(name: str) -> None:
    st.number_input(
        t(f"rfm.field_{name.removeprefix('rfm_')}"), 0, _most(name), key=name, persist_state="session", width=WIDTH
    )
