"""风险矩阵: open warnings by likelihood and impact; every cell opens its warnings, and each of these its people."""

from collections import Counter

import streamlit as st

from dashboard import addresses, i18n
from dashboard.actions import guard
from dashboard.data import warnings, watched
from dashboard.i18n import t
from dashboard.widgets import heading, opening
from dashboard.widgets.risk import levels, listing

CELL = "wa_cell"
"""Where the address says which cell is open."""


def show() -> None:
    found = [one for state in ("open", "snoozed") for one in warnings.listed(state) if not one.is_test]
    counts = Counter((one.likelihood, one.impact) for one in found)
    text = st.query_params.get(CELL)
    cell = levels.read_cell(text)
    if text is not None and (cell is None or not counts[cell]):
        addresses.leave_out(CELL, text)
        st.query_params.pop(CELL, None)
        cell = None
    with st.container(border=True, key="card_matrix"):
        lead = t("warning.matrix_lead", count=i18n.number(len(found))) if found else t("warning.none")
        st.html(heading.section(t("warning.matrix"), lead, "matrix"))
        st.html(levels.matrix(counts, t("warning.matrix"), CELL, cell, addresses.beside(CELL)))
        st.caption(levels.meaning())
    if cell is None:
        return
    inside = [one for one in found if (one.likelihood, one.impact) == cell]
    inside.sort(key=lambda one: (-one.started_on.toordinal(), -one.id))
    with st.container(border=True, key="card_matrix_cell"):
        title = levels.cell_words(cell)
        st.html(heading.section(title, t("warning.cell_lead", count=i18n.number(len(inside))), "matrix-cell"))
        may = guard.may("people.see")
        st.html(
            listing.table("cell-rows", title, inside, watched.own_names(), warnings.currency(), with_people=may)
            + opening.back("cell", CELL)
        )
