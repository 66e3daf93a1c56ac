"""One member in full: the identities, what joins them, and what can be decided about them."""

import pandas as pd
import streamlit as st

from dashboard import i18n, markdown
from dashboard.actions import guard
from dashboard.actions import identity as actions
from dashboard.data import identity as data
from dashboard.data import people
from dashboard.data.identity import Member
from dashboard.i18n import UNDEFINED, number, t
from dashboard.widgets import names

MOST_ROWS = 14
MOST_LINKS = 200
"""Links that the card lists; a member with more is a case for the limits, and the card says how many there are."""


def show(member_id: int) -> None:
    """Draw the card. Raises ``Unknown`` when the member is gone, because a decision changed who is who."""
    found = data.member(member_id)
    keys = _keys(found)
    masks = data.masks(keys)
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
        st.caption(t("identity.card_lead", count=number(len(found.identities)), links=number(len(found.links))))
        st.dataframe(
            _identities(found, masks, zone),
            hide_index=True,
            height=_height(found.identities),
            alt=t("identity.identities"),
        )
        _identity_actions(found, masks)
        st.markdown(f"**{t('identity.evidence')}**")
        _links(found, masks, zone)
        _merge(member_id)
        _decisions(found)


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


def _keys(found: Member) -> list[int]:
    links = found.links
    return sorted({*found.identities["identity_key"], *links["left_key"], *links["right_key"]})


def _identities(found: Member, masks: dict[int, str], zone: str) -> pd.DataFrame:
    rows = found.identities
    return pd.DataFrame(
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


def _height(rows: pd.DataFrame) -> int | str:
    return "content" if len(rows) <= MOST_ROWS else 420


def _state(left_out: object) -> str:
    return t("identity.joins") if pd.isna(left_out) else t(f"identity.out_{left_out}")


def _at(at: object, zone: str) -> str:
    return UNDEFINED if pd.isna(at) else names.moment(pd.Timestamp(at), zone)


def _identity_actions(found: Member, masks: dict[int, str]) -> None:
    if not (guard.may("personal.reveal") or guard.may("identity.write")):
        return
    rows = found.identities
    labels = {
        int(key): name(one, masks.get(int(key)))
        for key, one in zip(rows["identity_key"], rows["identity_type"], strict=True)
    }
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="identity_actions"):
        st.selectbox(t("identity.choose"), list(labels), format_func=labels.get, key="identity_chosen", width=280)
        if guard.may("personal.reveal"):
            with st.popover(t("identity.reveal"), icon=":material/visibility:", key="pop_reveal"):
                reason_form("reveal", t("identity.reveal"), actions.reveal, lead=t("identity.reveal_lead"))
        if guard.may("identity.write"):
            with st.popover(t("identity.block"), icon=":material/block:", key="pop_block"):
                reason_form("block", t("identity.block"), actions.block, lead=t("identity.block_lead"))
    revealed = st.session_state.get(actions.REVEALED)
    if revealed and revealed[0] in labels:
        with st.container(horizontal=True, vertical_alignment="center", key="revealed"):
            st.code(revealed[1], language=None, width="content")
            st.button(t("identity.hide"), icon=":material/visibility_off:", key="hide", on_click=actions.hide)


def _links(found: Member, masks: dict[int, str], zone: str) -> None:
    rows = found.links
    if rows.empty:
        st.caption(t("identity.no_links"))
        return
    types = dict(zip(found.identities["identity_key"], found.identities["identity_type"], strict=True))
    ends = {
        key: name(types[key], masks.get(key)) if key in types else masks.get(key, UNDEFINED) for key in _keys(found)
    }
    shown = rows.head(MOST_LINKS)
    st.dataframe(
        pd.DataFrame(
            {
                t("identity.one"): [ends[int(key)] for key in shown["left_key"]],
                t("identity.other"): [ends[int(key)] for key in shown["right_key"]],
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
    if guard.may("identity.write"):
        _cut(rows, ends)


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
            reason_form("cut", t("identity.cut"), actions.cut, lead=t("identity.cut_lead"))


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
