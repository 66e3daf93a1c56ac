"""What shows that identities are one person: the identities masked, what joins them, and one revealed for a reason. The page of
identities and that of a member show the same.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import i18n, markdown, runs
from dashboard.actions import guard
from dashboard.actions import identity as actions
from dashboard.data.identity import Member
from dashboard.i18n import UNDEFINED, number, t
from dashboard.widgets import names

MOST_ROWS = 14
MOST_LINKS = 200
"""Links that are listed; a member with more is a case for the limits, and it is said how many there are."""


def keys(found: Member) -> list[int]:
    """Identities whose masked values are needed."""
    links = found.links
    return sorted({*found.identities["identity_key"], *links["left_key"], *links["right_key"]})


def name(identity_type: str, masked: str | None) -> str:
    """``手机号 138****8000``."""
    return f"{kind(identity_type)} {masked or UNDEFINED}"


def kind(identity_type: str) -> str:
    key = f"identity_type.{identity_type}"
    return t(key) if i18n.has(key) else identity_type


def source(code: str) -> str:
    """A source by its name; many are named after the channel they speak for."""
    if not code:
        return t("identity.everywhere")
    if code == "demo":
        return t("world.demo")
    return t(f"channel.{code}") if i18n.has(f"channel.{code}") else code


def reason_form(key: str, label: str, act: object, *, args: tuple[object, ...] = (), lead: str = "") -> None:
    """Nothing about a person is decided without saying why; the reason is kept in the audit log."""
    with st.form(f"form_{key}", border=False, clear_on_submit=True):
        if lead:
            st.write(lead)
        st.text_input(t("identity.reason"), key=f"reason_{key}", max_chars=300, placeholder=t("identity.reason_hint"))
        st.form_submit_button(label, type="primary", on_click=act, args=args)  # type: ignore[arg-type]


def identities(found: Member, masks: Mapping[int, str], zone: str) -> None:
    """The identities, masked."""
    rows = found.identities
    table = pd.DataFrame(
        {
            t("identity.type"): [kind(one) for one in rows["identity_type"]],
            t("identity.value"): [masks.get(int(key), UNDEFINED) for key in rows["identity_key"]],
            t("identity.namespace"): [source(one) for one in rows["namespace"]],
            t("identity.sources"): rows["sources"].tolist(),
            t("identity.first_seen"): [_at(at, zone) for at in rows["first_seen_at"]],
            t("identity.batches"): [int(n) for n in rows["batches"]],
            t("identity.state"): [_state(one) for one in rows["left_out"]],
        }
    )
    st.dataframe(table, hide_index=True, height=_height(rows), alt=t("identity.identities"))


def links(found: Member, masks: Mapping[int, str], zone: str) -> None:
    """Why these are one person."""
    rows = found.links
    if rows.empty:
        st.caption(t("identity.no_links"))
        return
    called = ends(found, masks)
    shown = rows.head(MOST_LINKS)
    st.dataframe(
        pd.DataFrame(
            {
                t("identity.one"): [called[int(key)] for key in shown["left_key"]],
                t("identity.other"): [called[int(key)] for key in shown["right_key"]],
                t("identity.rule"): [t(f"identity.rule_{one}") for one in shown["rule"]],
                t("identity.sources"): shown["sources"].tolist(),
                t("identity.first_seen"): [_at(at, zone) for at in shown["first_seen_at"]],
                t("identity.sightings"): [int(n) for n in shown["sightings"]],
                t("identity.state"): [_state(one) for one in shown["left_out"]],
            }
        ),
        hide_index=True,
        height=_height(shown),
        alt=t("identity.evidence"),
    )
    if len(rows) > MOST_LINKS:
        st.caption(t("identity.more_links", shown=number(MOST_LINKS), count=number(len(rows))))


def ends(found: Member, masks: Mapping[int, str]) -> dict[int, str]:
    """What each identity of a link is called."""
    types = dict(zip(found.identities["identity_key"], found.identities["identity_type"], strict=True))
    return {key: name(types[key], masks.get(key)) if key in types else masks.get(key, UNDEFINED) for key in keys(found)}


def labels(found: Member, masks: Mapping[int, str]) -> dict[int, str]:
    """What the identities of the member are called, to choose one of them."""
    rows = found.identities
    return {
        int(key): name(one, masks.get(int(key)))
        for key, one in zip(rows["identity_key"], rows["identity_type"], strict=True)
    }


def reveal(found: Member, masks: Mapping[int, str], nickname: tuple[int, str] | None = None) -> None:
    """Choose an identity, or the nickname (masked, behind the identity that it is filed under), and see its value, for a reason that the audit log
    keeps; nothing for those who may not."""
    if not guard.may("personal.reveal"):
        return
    known: dict[int | str, str] = dict(labels(found, masks))
    if nickname is not None:
        known[f"{actions.NICKNAME}{nickname[0]}"] = f"{t('identity.nickname')} {nickname[1]}"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="identity_actions"):
        st.selectbox(t("identity.choose"), list(known), format_func=known.get, key="identity_chosen", width=280)
        ask_to_reveal()
    revealed(known)


def ask_to_reveal() -> None:
    """The form beside the choice of an identity."""
    if guard.may("personal.reveal"):
        with st.popover(t("identity.reveal"), icon=":material/visibility:", key="pop_reveal"):
            reason_form("reveal", t("identity.reveal"), actions.reveal, lead=t("identity.reveal_lead"))


def revealed(known: Mapping[Any, str]) -> None:
    """The value that was just revealed, if it is of one of these, until it is closed or no longer drawn."""
    shown = st.session_state.get(actions.REVEALED)
    if shown and shown[0] in known:
        runs.keep(actions.DRAWN, answer=True)
        with st.container(horizontal=True, vertical_alignment="center", key="revealed"):
            st.write(markdown.escaped(known[shown[0]]))
            st.code(shown[1], language=None, width="content")
            st.button(t("identity.hide"), icon=":material/visibility_off:", key="hide", on_click=actions.hide)


def _height(rows: pd.DataFrame) -> int | str:
    return "content" if len(rows) <= MOST_ROWS else 420


def _state(left_out: object) -> str:
    return t("identity.joins") if pd.isna(left_out) else t(f"identity.out_{left_out}")


def _at(at: object, zone: str) -> str:
    return UNDEFINED if pd.isna(at) else names.moment(pd.Timestamp(at), zone)
