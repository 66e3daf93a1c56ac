"""Rows of which one opens: a table of their figures, a short list in words, and the way back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from types import MappingProxyType
from urllib.parse import quote

import pandas as pd
import pyarrow as pa
import streamlit as st

from dashboard import addresses, i18n
from dashboard.data.rows import Row
from dashboard.i18n import t
from dashboard.widgets import figures, tables
from dashboard.widgets.figures import Figure
from dashboard.widgets.tiles import Way


@dataclass(frozen=True, slots=True)
class Places:
    """Where the address says which row is open and whose people are."""

    of: str
    people: str

    def beside(self) -> str:
        """The address as it is, with neither."""
        return addresses.beside(self.of, self.people)

    def link(self, key: str, words: str, of: str | None, others: str) -> str:
        """Opens a row. ``of``: the one that is open. ``others``: what else the address says."""
        current = ' aria-current="true"' if key == of else ""
        return f'<a href="?{escape(others)}{self.of}={quote(key, safe="")}"{current}>{escape(words)}</a>'


def pills(title: str, rows: Iterable[tuple[str, str, str]], places: Places, of: str | None, others: str) -> str:
    """A few rows as links, each with its key, name and figure; nothing where there are none."""
    links = "".join(places.link(key, f"{i18n.cut(name, 30)} {figure}", of, others) for key, name, figure in rows)
    return f'<nav class="pills" aria-label="{escape(title)}"><p>{escape(title)}</p>{links}</nav>' if links else ""


def back(name: str, *parameters: str, words: str = "community.close") -> str:
    """The way to the page without what some parameters of the address have opened."""
    way = Way(t(words), f"?{addresses.beside(*parameters)}", "box").html(f"close-{name}")
    return f'<div class="ways">{way}</div>'


def table(
    name: str, key: str, rows: Sequence[Row], every: Sequence[Figure], first: Mapping[str, Sequence[str | None]], *, places: Places,
    of: str | None, alt: str, texts: str = "", currency: str = "", width: str | None = None,
    widths: Mapping[str, int] = MappingProxyType({}), **filling: object,
) -> None:  # fmt: skip
    """Rows with those of their figures that any has. ``first``: columns of words before them, by title, ``width``: of all but one; ``widths``:
    pixels of those that need their own.
    ``key``: of the answer. ``texts``: of names and meanings of figures, where they are not called as the table. ``filling``: what meanings
    leave room for."""
    texts = texts or name
    known = {_title(texts, one): one for one in every if not rows or any(one.name in row for row in rows)}

    def columns() -> dict[str, pa.Array]:
        words = {title: pa.array(list(told), pa.string()) for title, told in first.items()}
        return words | {title: _column(rows, figure, currency) for title, figure in known.items()}

    config: dict[str, object] = {
        title: st.column_config.TextColumn(pinned=not number, width=widths.get(title, width if number else "medium"))
        for number, title in enumerate(first)
    }
    for title, figure in known.items():
        cells = [figures.cell(row, figure, currency) for row in rows]
        config[title] = figures.number_column(figure, cells, currency, t(f"{texts}.means_{figure.name}", **filling))
    show(
        tables.written(f"{texts}_{name}", key, columns), f"{name}_rows_{abs(hash((key, of)))}", [one["key"] for one in rows],
        places=places, of=of, alt=alt, config=config,
    )  # fmt: skip


def _title(texts: str, figure: Figure) -> str:
    name = t(f"{texts}.figure_{figure.name}")
    return t("told.in_minutes", name=name) if figure.kind == "wait" else name


def _column(rows: Sequence[Row], figure: Figure, currency: str) -> pa.Array:
    kind = pa.int64() if figure.kind in ("count", "hours") else pa.float64()
    return pa.array([figures.cell(row, figure, currency) for row in rows], kind)


def show(
    columns: pa.Table | pd.DataFrame, name: str, keys: Sequence[str], *, places: Places, of: str | None, alt: str,
    config: Mapping[str, object],
) -> None:  # fmt: skip
    """A table as it is; the row that is chosen opens, the one that is let go is closed. ``keys``: of its rows."""

    def choose() -> None:
        chosen = st.session_state[name]["selection"]["rows"]
        for parameter in (places.of, places.people):
            st.query_params.pop(parameter, None)
        if chosen:
            st.query_params[places.of] = keys[chosen[0]]

    st.dataframe(
        columns, hide_index=True, key=name, column_config=dict(config), placeholder=i18n.UNDEFINED, on_select=choose,
        selection_mode="single-row", selection_default={"selection": {"rows": [keys.index(of)] if of in keys else []}}, alt=alt,
    )  # fmt: skip
