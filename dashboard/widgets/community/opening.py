"""The table of a part of the Community page, of which a row opens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import streamlit as st

from dashboard import i18n
from dashboard.data.rows import Row
from dashboard.i18n import t
from dashboard.widgets import tables
from dashboard.widgets.community import told
from dashboard.widgets.community.told import Figure


@dataclass(frozen=True, slots=True)
class Places:
    """Where the address says which row is open and whose people are."""

    of: str
    people: str


def table(
    part: str, key: str, rows: Sequence[Row], figures: Sequence[Figure], first: Mapping[str, Sequence[str | None]], *,
    places: Places, of: str | None, alt: str, **filling: object,
) -> None:  # fmt: skip
    """Rows with their figures, of which one opens. ``first``: columns of words before them, by title. ``key``: of the answer.
    ``filling``: what the texts of meanings leave room for."""
    written = tables.written(part, key, lambda: _columns(part, rows, figures, first))
    keys = [one["key"] for one in rows]
    name = f"{part}_rows_{abs(hash((key, of)))}"

    def choose() -> None:
        chosen = st.session_state[name]["selection"]["rows"]
        st.query_params.pop(places.people, None)
        if chosen:
            st.query_params[places.of] = keys[chosen[0]]
        else:
            st.query_params.pop(places.of, None)

    st.dataframe(
        written, hide_index=True, key=name, column_config=_config(part, figures, first, filling), placeholder=i18n.UNDEFINED, on_select=choose,
        selection_mode="single-row", selection_default={"selection": {"rows": [keys.index(of)] if of is not None else []}}, alt=alt,
    )  # fmt: skip


def _columns(
    part: str, rows: Sequence[Row], figures: Sequence[Figure], first: Mapping[str, Sequence[str | None]]
) -> dict[str, pa.Array]:
    columns = {title: pa.array(list(words), pa.string()) for title, words in first.items()}
    for figure in figures:
        kind = pa.int64() if figure.kind in ("count", "hours") else pa.float64()
        columns[_title(part, figure)] = pa.array([told.cell(row, figure) for row in rows], kind)
    return columns


def _title(part: str, figure: Figure) -> str:
    name = t(f"{part}.figure_{figure.name}")
    return t("told.in_minutes", name=name) if figure.kind == "wait" else name


def _config(
    part: str, figures: Sequence[Figure], first: Mapping[str, Sequence[str | None]], filling: Mapping[str, object]
) -> dict[str, object]:
    config: dict[str, object] = {
        title: st.column_config.TextColumn(pinned=not number, width=None if number else "medium")
        for number, title in enumerate(first)
    }
    for figure in figures:
        config[_title(part, figure)] = st.column_config.NumberColumn(
            format=told.STYLES.get(figure.kind, "localized"), help=t(f"{part}.means_{figure.name}", **filling)
        )
    return config
