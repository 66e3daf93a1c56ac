"""身份合并: who is one person, why, and how well people are recognised."""

from functools import partial

import pandas as pd
import pyarrow as pa
import streamlit as st

from core.errors import Unknown
from dashboard import i18n
from dashboard.actions import guard
from dashboard.actions import identity as actions
from dashboard.data import freshness, people
from dashboard.data import identity as data
from dashboard.data.identity import Overview
from dashboard.data.rows import SMALL
from dashboard.i18n import UNDEFINED, has, moment, number, share, t
from dashboard.pages import Page
from dashboard.widgets import evidence, heading, identity_card, tables, tabs
from dashboard.widgets import people as panel
from dashboard.widgets.evidence import kind
from dashboard.widgets.mapping_editor import grain

PAGE = Page("data", 20, "identity.see", ":material/fingerprint:")
TABS = ("match", "largest", "left_out", "decisions", "limits")


def show() -> None:
    heading.show(t("identity.title"), freshness.read(PAGE.permission), t("identity.lead"))
    found = data.overview()
    if found.types.empty:
        heading.empty(t("identity.empty"), t("identity.empty_lead"))
        return
    _summary(found)
    _search()
    with st.container(border=True, key="card_identity"):
        draws = zip(TABS, (_match, _largest, _left_out, _decisions, _limits), strict=True)
        tabs.show("identity_tab", {t(f"identity.tab_{name}"): partial(draw, found) for name, draw in draws})


def _summary(found: Overview) -> None:
    identities = int(found.types["identities"].sum())
    matched = int(found.types["matched"].sum())
    figures = (
        ("members", number(found.members)),
        ("visitors", number(found.visitors)),
        ("matched", share(matched / identities) if identities >= SMALL else t("number.only", count=number(identities))),
        ("left_out", number(len(found.left_out))),
    )
    with st.grid(len(figures), min_column_width=150, gap="small", key="identity_summary"):
        for name, value in figures:
            st.metric(
                t(f"identity.count_{name}"), value, help=t(f"identity.count_{name}_help"), border=True, height="stretch"
            )


# -- one member ------------------------------------------------------------------------------------------------------


def _search() -> None:
    with st.container(border=True, key="card_search"):
        with st.form("identity_search_form", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input(
                t("identity.search"), key="identity_search", placeholder=t("identity.search_hint"),
                help=t("identity.search_help"), width="stretch",
            )  # fmt: skip
            st.form_submit_button(
                t("identity.search_go"), icon=":material/search:", type="primary", on_click=actions.search
            )
        _hits()
    _card()


def _hits() -> None:
    hits = st.session_state.get(actions.FOUND)
    if hits is None:
        return
    members = hits["member_id"].drop_duplicates().tolist()
    if not members:
        st.info(t("identity.not_found"), icon=":material/search_off:")
    elif len(members) > 1:
        st.write(t("identity.several", count=number(len(members))))
        with st.container(horizontal=True, gap="small", key="hits"):
            for member_id, label in zip(members, people.labels(hits["member_id"].drop_duplicates()), strict=True):
                kinds = i18n.listed(
                    dict.fromkeys(kind(one) for one in hits[hits["member_id"] == member_id]["identity_type"])
                )
                st.button(
                    f"{label} · {kinds}", key=f"hit_{member_id}", on_click=actions.open_member, args=(int(member_id),)
                )


def _card() -> None:
    chosen = st.session_state.get(actions.MEMBER)
    if chosen is None:
        return
    try:
        identity_card.show(chosen)
    except Unknown:
        st.info(t("identity.member_gone"), icon=":material/info:")


# -- how well people are recognised ----------------------------------------------------------------------------------


def _match(found: Overview) -> None:
    key = data.key()
    st.caption(t("identity.match_lead"))
    st.markdown(f"**{t('identity.by_type')}**")
    st.dataframe(
        tables.written("match_types", key, lambda: _types(found.types)),
        hide_index=True,
        height="content",
        column_config={t("identity.match_rate"): _bar()} | _numbers("identities", "matched"),
        alt=t("identity.by_type"),
    )
    if found.channels.empty:
        return
    st.markdown(f"**{t('identity.by_channel')}**")
    st.caption(t("identity.by_channel_lead"))
    st.dataframe(
        tables.written("match_channels", key, lambda: _channels(found.channels)),
        hide_index=True,
        height="content",
        column_config={t("identity.known_rate"): _bar()} | _numbers("facts", "known_facts"),
        alt=t("identity.by_channel"),
    )


def _types(rows: pd.DataFrame) -> tables.Columns:
    return {
        t("identity.type"): [kind(one) for one in rows["identity_type"]],
        t("identity.sources"): rows["source"].tolist(),
        t("identity.identities"): rows["identities"].astype(int).tolist(),
        t("identity.matched"): rows["matched"].astype(int).tolist(),
        t("identity.match_rate"): _percent(rows["match_share"], rows["identities"]),
    }


def _channels(rows: pd.DataFrame) -> tables.Columns:
    return {
        t("identity.data"): [grain(one, short=True) for one in rows["table"]],
        t("identity.channel"): [UNDEFINED if pd.isna(one) else _named("channel", one) for one in rows["channel"]],
        t("identity.sources"): [evidence.source(one) for one in rows["source"]],
        t("identity.facts"): rows["facts"].astype(int).tolist(),
        t("identity.known_facts"): rows["known_facts"].astype(int).tolist(),
        t("identity.known_rate"): _percent(rows["known_share"], rows["facts"]),
    }


def _percent(shares: pd.Series, counts: pd.Series) -> list[float | None]:
    return [float(one) * 100 if n >= SMALL else None for one, n in zip(shares, counts, strict=True)]


def _bar() -> object:
    return st.column_config.ProgressColumn(format="%.1f%%", min_value=0, max_value=100)


def _numbers(*names: str) -> dict[str, object]:
    return {t(f"identity.{name}"): st.column_config.NumberColumn(format="localized") for name in names}


def _named(table: str, code: str) -> str:
    return t(f"{table}.{code}") if has(f"{table}.{code}") else code


def _largest(found: Overview) -> None:
    st.caption(t("identity.largest_lead"))
    rows = found.largest
    if rows.empty:
        st.write(t("identity.none"))
        return
    labels = people.labels(rows["member_id"].astype("int64"))
    with tables.of_people("largest"):
        event = st.dataframe(
            pa.table(
                {
                    t("people.member"): people.links(rows["member_id"]),
                    t("identity.identities"): rows["identities"].astype(int).tolist(),
                    t("identity.types"): rows["types"].astype(int).tolist(),
                }
            ),
            hide_index=True, column_config=panel.column(), key="largest_table", on_select="rerun", selection_mode="single-row", alt=t("identity.tab_largest"),
        )  # fmt: skip
    names = {int(one): label for one, label in zip(rows["member_id"], labels, strict=True)}
    picked = [row for row in event.selection.rows if row < len(rows)]
    with st.container(horizontal=True, vertical_alignment="bottom", key="open_largest"):
        one = st.selectbox(
            t("people.member"), list(names), picked[0] if picked else 0, format_func=names.get, width=200
        )
        st.button(
            t("identity.open"), icon=":material/badge:", key="open_member", on_click=actions.open_member, args=(one,)
        )


def _left_out(found: Overview) -> None:
    st.caption(t("identity.left_out_lead"))
    rows = found.left_out
    if rows.empty:
        st.write(t("identity.left_out_none"))
        return
    keys = [int(one) for one in rows["identity_key"]]
    masks = data.masks(keys) if data.sees_everybody() else {}
    limits = data.limits()
    st.dataframe(
        pa.table(
            {
                t("identity.type"): [kind(one) for one in rows["identity_type"]],
                t("identity.value"): [masks.get(key, UNDEFINED) for key in keys],
                t("identity.namespace"): [evidence.source(one) for one in rows["namespace"]],
                t("identity.why"): [
                    _why(row.reason, int(row.crowd_count), limits[row.identity_type]) for row in rows.itertuples()
                ],
            }
        ),
        hide_index=True,
        alt=t("identity.tab_left_out"),
    )
    shared = rows[rows["reason"] == "shared"]
    if len(shared) and masks and guard.may("identity.write"):
        types = zip(shared["identity_key"], shared["identity_type"], strict=True)
        labels = {int(key): evidence.name(one, masks.get(int(key))) for key, one in types}
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="shared_actions"):
            st.selectbox(t("identity.choose"), list(labels), format_func=labels.get, key="shared_chosen", width=280)
            with st.popover(t("identity.confirm_shared"), icon=":material/block:", key="pop_block_shared"):
                evidence.reason_form(
                    "block_shared", t("identity.block"), actions.block_shared, lead=t("identity.confirm_shared_lead")
                )


def _why(reason: str, crowd: int, most: int) -> str:
    if reason == "blocked":
        return t("identity.why_blocked")
    return t("identity.why_shared", count=number(crowd), most=number(most))


def _decisions(_found: Overview) -> None:
    st.caption(t("identity.decisions_lead"))
    rows = data.decisions()
    if not rows:
        st.write(t("identity.decisions_none"))
        return
    zone = data.zone()
    st.dataframe(
        pa.table(
            {
                t("identity.number"): [row.decision_id for row in rows],
                t("identity.decision"): [t(f"identity.kind_{row.kind}") for row in rows],
                t("identity.about"): [
                    " — ".join(one for one in (row.left, row.right) if one) or UNDEFINED for row in rows
                ],
                t("identity.reason"): [row.reason for row in rows],
                t("identity.by"): [row.by for row in rows],
                t("identity.at"): [moment(row.at, zone) for row in rows],
                t("identity.state"): [t("identity.stands") if row.is_standing else "" for row in rows],
            }
        ),
        hide_index=True,
        alt=t("identity.tab_decisions"),
    )
    standing = {
        row.decision_id: f"{row.decision_id} · {t(f'identity.kind_{row.kind}')} · {row.left}"
        for row in rows
        if row.is_standing
    }
    if standing and guard.may("identity.write"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="undo_actions"):
            st.selectbox(
                t("identity.choose_decision"), list(standing), format_func=standing.get, key="undo_chosen", width=360
            )
            with st.popover(t("identity.undo"), icon=":material/undo:", key="pop_undo"):
                evidence.reason_form(
                    "undo_undo_chosen",
                    t("identity.undo"),
                    actions.undo,
                    args=("undo_chosen",),
                    lead=t("identity.undo_lead"),
                )


def _limits(_found: Overview) -> None:
    st.caption(t("identity.limits_lead"))
    limits = data.limits()
    if not guard.may("identity.write"):
        st.dataframe(
            pa.table({t("identity.type"): [kind(one) for one in limits], t("identity.most"): list(limits.values())}),
            hide_index=True,
        )
        return
    with st.form("form_limits", border=False):
        with st.grid("auto", min_column_width=170, gap="small", key="limits_grid"):
            for one, most in limits.items():
                st.number_input(kind(one), 1, 1_000_000, most, key=f"limit_{one}")
        st.text_input(t("identity.reason"), key="reason_limits", max_chars=300, placeholder=t("identity.reason_hint"))
        st.form_submit_button(t("identity.limits_save"), type="primary", on_click=actions.set_limits)
