"""Figures of a row: on tiles with their change, and as a table of rows one of which opens. Their names and meanings stand in the
texts of their page, as ``content.figure_reads`` and ``content.means_reads``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import pyarrow as pa
import streamlit as st
from babel.numbers import get_currency_precision

from core.periods import Period
from dashboard import i18n
from dashboard.data.rows import SMALL, Number, Row
from dashboard.i18n import t
from dashboard.widgets import tables
from dashboard.widgets.tiles import Tile

Kind = Literal["count", "money", "share", "roi", "mark", "score"]
"""roi: a share that may be negative. mark: 1 to 5. score: -100 to 100."""
BEFORE = "_before"
WHOLE_FROM = 1000
"""Amounts of which a table shows no cents."""
STYLES = {"share": "%.1f%%", "roi": "%+.1f%%", "mark": "%.2f", "score": "%.0f"}


@dataclass(frozen=True, slots=True)
class Measure:
    """``base``: what a rate or score is of; below 30 of it only their number is shown."""

    name: str
    kind: Kind
    base: str = ""


def is_small(row: Row, measure: Measure, suffix: str = "") -> bool:
    return bool(measure.base) and 0 < (row.get(f"{measure.base}{suffix}") or 0) < SMALL


def value(row: Row, measure: Measure, currency: str, suffix: str = "") -> str:
    if is_small(row, measure, suffix):
        return t("number.only", count=i18n.number(row[f"{measure.base}{suffix}"]))
    return written(row.get(f"{measure.name}{suffix}"), measure.kind, currency)


def written(found: Number, kind: Kind, currency: str) -> str:
    if kind == "money":
        return i18n.compact_money(found, currency)
    if kind == "share":
        return i18n.share(found)
    if kind == "roi":
        return i18n.change(found)
    return i18n.number(found, {"mark": 2, "score": 1}.get(kind, 0))


def change(row: Row, measure: Measure) -> str:
    """``▲ +12.3%`` against the period before, in points for shares; nothing where one of the two is undefined or rests on few."""
    now, then = row.get(measure.name), row.get(f"{measure.name}{BEFORE}")
    if now is None or then is None or is_small(row, measure) or is_small(row, measure, BEFORE):
        return ""
    if measure.kind in ("share", "roi"):
        moved, words = now - then, t("number.points", points=i18n.number(abs(now - then) * 100, 1))
    elif measure.kind in ("mark", "score"):
        moved, words = now - then, i18n.number(abs(now - then), 2 if measure.kind == "mark" else 1)
    elif not then:
        return ""
    else:
        moved, words = now / then - 1, i18n.share(abs(now / then - 1))
    if round(abs(moved), 3) == 0:
        return t("number.flat")
    return f"{'▲ +' if moved > 0 else '▼ −'}{words}"


def days(now: Period, before: Period, row: Row) -> str:
    """What all of a wall is about, and what it is held against where the data reaches back so far."""
    this, that = (f"{i18n.day(one.start_on)} – {i18n.day(one.last_on)}" for one in (now, before))
    has_before = any(name.endswith(BEFORE) for name in row)
    return t("content.total_lead" if has_before else "content.total_lead_alone", days=this, before=that)


def tile(
    page: str, scope: str, row: Row, measure: Measure, currency: str, below: str = "", ways: Sequence[str] = ()
) -> Tile:
    """``scope``: tells tiles of the same figure on a page apart. ``below``: words below the figure."""
    told = "".join(f"<p>{escape(text)}</p>" for text in below.split("\n") if text)
    name = measure.name
    return Tile(
        f"{scope}-{name}", t(f"{page}.figure_{name}"), value(row, measure, currency), change(row, measure), t(f"{page}.means_{name}"),
        told, tuple(ways),
    )  # fmt: skip


def cell(row: Row, measure: Measure, currency: str) -> Number:
    """For a table: undefined where the sample is small; shares in percent, money in major units."""
    found: Number = row.get(measure.name)
    if found is None or is_small(row, measure):
        return None
    if measure.kind in ("share", "roi"):
        return found * 100
    return _major(found, currency) if measure.kind == "money" else found


def _major(minor: float, currency: str) -> float:
    """Whole units where cents say nothing any more."""
    digits = get_currency_precision(currency)
    amount = minor / 10**digits
    return round(amount, 0 if abs(amount) >= WHOLE_FROM else digits)


@dataclass(frozen=True, slots=True)
class Listed:
    """A table. ``words``: columns of words before the figures, by title. ``of``: parameter of the address that opens a row;
    ``closing``: parameters that go when another row opens."""

    page: str
    name: str
    key: str
    rows: Sequence[Row]
    measures: Sequence[Measure]
    words: Mapping[str, Sequence[str | None]]
    currency: str
    of: str
    closing: Sequence[str] = ()
    alt: str = ""


def table(one: Listed, opened: str | None) -> None:
    """Rows with their figures, of which one opens."""
    known = [measure for measure in one.measures if any(measure.name in row for row in one.rows)]
    written_ = tables.written(f"{one.page}_{one.name}", one.key, lambda: _columns(one, known))
    keys = [row["key"] for row in one.rows]
    name = f"{one.name}_rows_{abs(hash((one.key, opened)))}"
    st.dataframe(
        written_, hide_index=True, key=name, column_config=_config(one, known), placeholder=i18n.UNDEFINED,
        on_select=_chosen(one, name, keys), selection_mode="single-row",
        selection_default={"selection": {"rows": [keys.index(opened)] if opened in keys else []}}, alt=one.alt,
    )  # fmt: skip


def _chosen(one: Listed, name: str, keys: list[str]) -> Callable[[], None]:
    def choose() -> None:
        rows = st.session_state[name]["selection"]["rows"]
        for parameter in (one.of, *one.closing):
            st.query_params.pop(parameter, None)
        if rows:
            st.query_params[one.of] = keys[rows[0]]

    return choose


def _columns(one: Listed, measures: Sequence[Measure]) -> dict[str, pa.Array]:
    columns = {title: pa.array(list(words), pa.string()) for title, words in one.words.items()}
    for measure in measures:
        kind = pa.int64() if measure.kind == "count" else pa.float64()
        values = [cell(row, measure, one.currency) for row in one.rows]
        columns[t(f"{one.page}.figure_{measure.name}")] = pa.array(values, kind)
    return columns


def _config(one: Listed, measures: Sequence[Measure]) -> dict[str, object]:
    config: dict[str, object] = {
        title: st.column_config.TextColumn(pinned=not number, width="medium" if not number else "small")
        for number, title in enumerate(one.words)
    }
    for measure in measures:
        config[t(f"{one.page}.figure_{measure.name}")] = st.column_config.NumberColumn(
            format=STYLES.get(measure.kind, "localized"), help=t(f"{one.page}.means_{measure.name}")
        )
    return config
