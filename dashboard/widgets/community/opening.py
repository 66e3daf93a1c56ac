"""What parts of the Community page open: a row of a table, the people behind a figure, and the number contract."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import streamlit as st

from dashboard import addresses, i18n, markdown
from dashboard.actions import guard
from dashboard.data.people import People
from dashboard.data.rows import Row
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import people as panel
from dashboard.widgets import tables
from dashboard.widgets.community import told
from dashboard.widgets.community.told import Figure


@dataclass(frozen=True, slots=True)
class Places:
    """Where the address says which row is open and whose people are."""

    of: str
    people: str


@dataclass(frozen=True, slots=True)
class Whose:
    """The people behind a figure: what they are called, what that means, and how to read them."""

    title: str
    meaning: str
    read: Callable[[], People]


def row(places: Places, known: Mapping[str, Row]) -> str | None:
    """The row that the address opens; what is none is told as unread."""
    text = st.query_params.get(places.of)
    if text is None or text in known:
        return text
    addresses.leave_out(places.of, text)
    st.query_params.pop(places.of, None)
    return None


def people(places: Places, find: Callable[[str], Whose | None], filters: Callable[[], str]) -> None:
    """Open the people whom the address names over the page. ``find``: who they are; None where it is no figure, or nobody is behind
    it, which is told as unread. ``filters``: what all is cut to, in words."""
    text = st.query_params.get(places.people, "")
    if not text:
        return
    found = find(text)
    if found is None or not guard.may("people.see"):
        addresses.leave_out(places.people, text)
        st.query_params.pop(places.people, None)
        return

    def close() -> None:
        st.query_params.pop(places.people, None)

    st.dialog(t("people.title"), width="large", icon=":material/group:", on_dismiss=close)(_body)(found, filters)


def _body(found: Whose, filters: Callable[[], str]) -> None:
    st.text(found.title)
    st.caption(found.meaning)
    panel.show(found.read(), found.title, filters())


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


@dataclass(frozen=True, slots=True)
class Newest:
    """What a contract says of the data."""

    key: str
    as_of: str
    version: int


def contract(part: str, newest: Newest, lines: Sequence[str], filters: Callable[[], str]) -> None:
    """The number contract behind its button: ``lines`` of rules and formulas, filters, and how new the data is."""
    box = st.popover(
        t("contract.open"), icon=":material/function:", type="tertiary", key=f"{part}_contract", on_change="rerun"
    )
    if box.open:
        with box:
            st.markdown(
                _contract(
                    key=f"{part}|{newest}|{i18n.language()}|{filters()}", _newest=newest, _lines=lines, _filters=filters
                )
            )


@kept.by_key(32)
def _contract(key: str, _newest: Newest, _lines: Sequence[str], _filters: Callable[[], str]) -> str:  # noqa: ARG001 - kept by it
    every = [
        *_lines,
        f"**{t('contract.filters')}** {markdown.escaped(_filters())}",
        f"**{t('contract.as_of')}** {_newest.as_of}",
        f"**{t('contract.version')}** {_newest.version}",
    ]
    return "\n".join(f"- {line}" for line in every)


def figures(part: str, names: Sequence[str]) -> list[str]:
    """Names and meanings of figures, for a contract."""
    return [f"**{t(f'{part}.figure_{name}')}**: {t(f'{part}.means_{name}')}" for name in names]
