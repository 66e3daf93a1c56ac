"""All groups, owners or units as a table, the most urgent first; a row opens its detail."""

from collections.abc import Callable
from html import escape
from urllib.parse import quote

import pyarrow as pa
import streamlit as st

from dashboard import addresses, i18n
from dashboard.data import community
from dashboard.data.community import Row, View
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import tables
from dashboard.widgets.community import words
from dashboard.widgets.community.wall import OF, PEOPLE

MOST_URGENT = 5
"""How many lead to their detail above the table."""
COUNTS = ("members", "net", "said", "speakers", "new_speakers", "lost_speakers", "absence")
COLUMNS = (
    "members", "net", "speaking_rate", "lurking", "speakers", "new_speakers", "lost_speakers", "said", "dau", "stickiness", "top_share",
    "absence", "reply_coverage", "first_reply_seconds",
)  # fmt: skip
BASES = {figure.name: figure for figure in words.FIGURES} | {"lurking": words.Figure("lurking", "share", "members")}


def show(view: View, of: str | None) -> None:
    others = addresses.beside(OF, PEOPLE)
    key = f"{view.key}|{of}|{others}|{i18n.language()}"
    st.html(_head(key=key, _view=view, _of=of, _others=others))
    table = tables.written("community", view.key, lambda: _columns(view))
    keys = [row["key"] for row in view.rows]
    name = f"groups_{abs(hash((view.key, of)))}"
    st.dataframe(
        table, hide_index=True, key=name, column_config=_config(key=f"{view.by}|{i18n.language()}|{','.join(_known(view))}", _view=view),
        placeholder=i18n.UNDEFINED, on_select=_chosen(name, keys), selection_mode="single-row",
        selection_default={"selection": {"rows": [keys.index(of)] if of is not None else []}}, alt=t(f"community.all_{view.by}"),
    )  # fmt: skip


def _chosen(name: str, keys: list[str]) -> Callable[[], None]:
    """Opens the row that was chosen; the one that was let go is closed."""

    def choose() -> None:
        rows = st.session_state[name]["selection"]["rows"]
        st.query_params.pop(PEOPLE, None)
        if rows:
            st.query_params[OF] = keys[rows[0]]
        else:
            st.query_params.pop(OF, None)

    return choose


@kept.by_key(64)
def _head(key: str, _view: View, _of: str | None, _others: str) -> str:  # noqa: ARG001 - what it is kept by
    rule = t("community.order" if _view.has_moves and _view.has_messages else "community.order_without")
    lead = f"{rule} {words.rules()} {t(f'community.open_{_view.by}')}"
    links = "".join(_link(row, _view, _of, _others) for row in _view.rows[:MOST_URGENT])
    first = f'<nav class="pills" aria-label="{escape(t("community.urgent"))}"><p>{escape(t("community.urgent"))}</p>{links}</nav>'
    return f'<h2>{escape(t(f"community.all_{_view.by}"))}</h2><p class="lead">{escape(lead)}</p>{first}'


def _link(row: Row, view: View, of: str | None, others: str) -> str:
    current = ' aria-current="true"' if row["key"] == of else ""
    figure = BASES["speaking_rate"]
    rate = f" {words.value(row, figure)}" if figure.name in row else ""
    told = escape(words.hints(row, view))
    return (
        f'<a href="?{escape(others)}{OF}={quote(row["key"], safe="")}" title="{told}"{current}>'
        f"{escape(i18n.cut(words.called(row, view.by), 30))}{escape(rate)}</a>"
    )


def _known(view: View) -> list[str]:
    """Figures that this lake has."""
    return [name for name in COLUMNS if name in view.total or (name == "lurking" and "ever_spoke" in view.total)]


def _columns(view: View) -> dict[str, pa.Array]:
    columns = {
        t(f"community.{view.by}"): pa.array([words.called(row, view.by) for row in view.rows], pa.string()),
        t("community.hints"): pa.array([words.hints(row, view) or None for row in view.rows], pa.string()),
    }
    for name in _known(view):
        kind = pa.int64() if name in COUNTS else pa.float64()
        columns[_title(name)] = pa.array([_cell(row, name) for row in view.rows], kind)
    return columns


def _cell(row: Row, name: str) -> float | int | None:
    """A rate of fewer than 30 is none. Shares in percent, waiting in minutes."""
    found = community.number(row, name)
    figure = BASES.get(name)
    if found is None or (figure is not None and words.is_small(row, figure)):
        return None
    if name == "first_reply_seconds":
        return found / 60
    return found * 100 if _is_share(name) else found


def _is_share(name: str) -> bool:
    return name in BASES and BASES[name].kind == "share"


def _title(name: str) -> str:
    return t("community.column_wait") if name == "first_reply_seconds" else words.title(name)


@kept.by_key(16)
def _config(key: str, _view: View) -> dict[str, object]:  # noqa: ARG001 - what it is kept by
    config: dict[str, object] = {t(f"community.{_view.by}"): st.column_config.TextColumn(pinned=True, width="medium")}
    config[t("community.hints")] = st.column_config.TextColumn(width="medium")
    for name in _known(_view):
        style = "%.1f%%" if _is_share(name) else "%.1f" if name in ("dau", "first_reply_seconds") else "localized"
        config[_title(name)] = st.column_config.NumberColumn(format=style, help=words.means(name))
    return config
