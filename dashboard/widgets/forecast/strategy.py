"""The strategy matrix: which way comes first in which market situation."""

from dataclasses import replace
from itertools import permutations

import streamlit as st

from dashboard import i18n
from dashboard.actions import forecast as actions
from dashboard.actions import guard
from dashboard.data import forecast
from dashboard.data.forecast import LONGEST, START, WAYS, Row
from dashboard.i18n import t
from dashboard.widgets import heading

ORDERS = ["".join(one) for one in permutations(WAYS)]


def show() -> None:
    rows = forecast.matrix()
    with st.container(border=True, key="card_strategy"):
        lead = t("forecast.strategy_lead", ways=i18n.listed(f"{way} {t(f'forecast.way_{way}')}" for way in WAYS))
        st.html(heading.section(t("forecast.strategy"), lead, "forecast-strategy"))
        shown = {
            t("forecast.situation"): [_situation(one) for one in rows],
            t("forecast.order"): [_order("".join(one.order)) for one in rows],
            t("forecast.measures"): [_measures(one) for one in rows],
        }
        st.dataframe(shown, hide_index=True, alt=t("forecast.strategy"))
        if actions.may_keep_matrix():
            _editing(rows)


def _situation(one: Row) -> str:
    key = f"forecast.situation_{one.situation}"
    return t(key) if i18n.has(key) else one.situation


def _measures(one: Row) -> str:
    key = f"forecast.measures_{one.situation}"
    return one.measures if one.measures is not None else t(key) if i18n.has(key) else ""


def _order(order: str) -> str:
    return " > ".join(f"{way} {t(f'forecast.way_{way}')}" for way in order)


def _editing(rows: tuple[Row, ...]) -> None:
    with st.expander(
        t("forecast.strategy_edit"), icon=":material/edit:", key="strategy_edit", on_change="rerun"
    ) as box:
        if not box.open:
            return
        names: dict[str | None, str] = {one.situation: _situation(one) for one in rows}
        names[None] = t("forecast.strategy_new")
        chosen = st.selectbox(t("forecast.situation"), list(names), format_func=names.get, key="strategy_of", width=280)  # fmt: skip
        row = next((one for one in rows if one.situation == chosen), Row("", WAYS, ""))
        prefix = f"strategy_{abs(hash((rows, chosen)))}_"
        with st.form(f"{prefix}form", border=False):
            if chosen is None:
                st.text_input(t("forecast.situation"), key=f"{prefix}situation", max_chars=LONGEST)
            st.selectbox(
                t("forecast.order"),
                ORDERS,
                ORDERS.index("".join(row.order)),
                format_func={one: _order(one) for one in ORDERS}.get,
                key=f"{prefix}order",
            )
            st.text_input(t("forecast.measures"), _measures(row), key=f"{prefix}measures", max_chars=LONGEST)
            with st.container(horizontal=True, gap="small"):
                st.form_submit_button(
                    t("forecast.strategy_save"), type="primary", on_click=_save, args=(rows, row, prefix)
                )
                if chosen is not None and len(rows) > 1:
                    st.form_submit_button(t("forecast.strategy_remove"), on_click=_remove, args=(rows, row))
                if rows != START:
                    st.form_submit_button(t("forecast.strategy_start"), type="tertiary", on_click=_start, args=(rows,))


@guard.guarded(actions.WRITE)
def _save(rows: tuple[Row, ...], row: Row, prefix: str) -> None:
    state = st.session_state
    said = " ".join(str(state[f"{prefix}measures"]).split())
    fresh = replace(
        row, order=tuple(state[f"{prefix}order"]), measures=row.measures if said == _measures(row) else said
    )
    if not row.situation:
        fresh = replace(fresh, situation=" ".join(str(state[f"{prefix}situation"]).split()), measures=said)
        actions.keep_matrix((*rows, fresh), rows)
    else:
        actions.keep_matrix(tuple(fresh if one.situation == row.situation else one for one in rows), rows)
    guard.note(t("forecast.strategy_saved"))


@guard.guarded(actions.WRITE)
def _remove(rows: tuple[Row, ...], row: Row) -> None:
    actions.keep_matrix(tuple(one for one in rows if one.situation != row.situation), rows)
    guard.note(t("forecast.strategy_saved"))


@guard.guarded(actions.WRITE)
def _start(rows: tuple[Row, ...]) -> None:
    actions.keep_matrix((), rows)
    guard.note(t("forecast.strategy_saved"))
