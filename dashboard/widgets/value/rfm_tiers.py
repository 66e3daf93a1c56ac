"""The four tiers side by side, each with its rule, what to do, and the ways to its people."""

from collections.abc import Mapping

import streamlit as st

from dashboard import i18n
from dashboard.data.rfm import SMALL, TIERS, Answer, Rfm, Row
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.widgets import behind, figures, heading, tiles
from dashboard.widgets.figures import Figure
from dashboard.widgets.tiles import Tile
from dashboard.widgets.value import rfm_board, rfm_choices
from dashboard.widgets.value import rfm_words as words

WIDTH = 230
MEMBERS, SHARE, NET_SHARE = (
    Figure("members", "count"),
    Figure("share", "share", "of_members"),
    Figure("net_share", "share", "of_members"),
)


def show(answer: Answer[Rfm], drawn: str) -> None:
    """``drawn``: their ``wall``."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="rfm_tiers_head"):
        st.html(heading.section(t("rfm.tiers"), t("rfm.tiers_lead"), "rfm-tiers"))
        rfm_choices.tiers()
    if "tier" not in answer.found.usual:
        st.caption(t("rfm.static_tiers"))
    st.html(drawn)


def wall(answer: Answer[Rfm], rows: Mapping[str, Row], filters: Filters, link: str | None) -> str:
    return tiles.wall([_tile(answer, name, rows[name], filters, link) for name in TIERS], WIDTH)


def _tile(answer: Answer[Rfm], name: str, row: Row, filters: Filters, link: str | None) -> Tile:
    count = i18n.number(row["members"])
    brought = t(
        "rfm.brought", amount=i18n.compact_money(row["net_minor"], answer.currency), share=figures.value(row, NET_SHARE)
    )
    change = figures.change(row, MEMBERS) if (row.get("members_before") or 0) >= SMALL else ""
    below = tiles.lines(
        words.tier_rule(answer.found, name, answer.currency),
        brought,
        t("rfm.since", change=change) if change else "",
        t(f"rfm.advice_{name}"),
    )
    ways = behind.way(link, f"tier.{name}", t("rfm.list_of", count=count), row["members"])
    kept = rfm_board.keep(answer, filters, "tier", name, row["members"])
    return Tile(
        f"tier-{name}", words.called("tier", name), count, figures.value(row, SHARE), t(f"rfm.means_tier_{name}"), below,
        (*ways, *((kept,) if kept else ())),
    )  # fmt: skip
