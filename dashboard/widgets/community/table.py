"""All groups, owners or units as a table, the most urgent first; a row opens its detail."""

from html import escape

import numpy as np
import pyarrow as pa
import streamlit as st

from dashboard import i18n
from dashboard.data.community import SMALL, View
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import heading, opening, tables
from dashboard.widgets.community import health, words
from dashboard.widgets.community.wall import PLACES

MOST_URGENT = 5
"""How many are told of in a sentence above the table."""
COUNTS = ("members", "net", "said", "speakers", "new_speakers", "lost_speakers", "absence", "quiet_days", "buying")
COLUMNS = (
    "health", "health_moved", "members", "net", "speaking_rate", "lurking", "speakers", "new_speakers", "lost_speakers", "said", "dau",
    "stickiness", "top_share", "gini", "absence", "quiet_days", "reply_coverage", "first_reply_seconds", "buying",
)  # fmt: skip
BASES = {figure.name: figure for figure in words.FIGURES} | {"lurking": words.Figure("lurking", "share", "members")}


def urgent(view: View, of: str | None) -> None:
    """Those that need somebody most, each with a sentence of why."""
    others = PLACES.beside()
    key = f"{view.key}|{of}|{others}|{i18n.language()}"
    st.html(_urgent(key=key, _view=view, _of=of, _others=others))


def show(view: View, of: str | None) -> None:
    st.html(_head(key=f"{view.key}|{i18n.language()}", _view=view))
    table = tables.written("community", view.key, lambda: _columns(view))
    name = f"groups_{abs(hash((view.key, of)))}"
    opening.show(
        table, name, view.frame["key"].tolist(), places=PLACES, of=of, alt=t(f"community.all_{view.by}"),
        config=_config(key=f"{view.by}|{i18n.language()}|{','.join(_known(view))}", _view=view),
    )  # fmt: skip


@kept.by_key(64)
def _urgent(key: str, _view: View, _of: str | None, _others: str) -> str:  # noqa: ARG001 - what it is kept by
    links = "".join(_link(one, _view, _of, _others) for one in _view.frame["key"].head(MOST_URGENT))
    title = escape(t("community.urgent"))
    return f'<nav class="urgent" aria-label="{title}"><h2>{title}</h2><ol>{links}</ol></nav>'


@kept.by_key(64)
def _head(key: str, _view: View) -> str:  # noqa: ARG001 - what it is kept by
    rule = t("community.order" if "health" in _known(_view) else "community.order_without")
    lead = f"{rule} {words.rules()} {t(f'community.open_{_view.by}')}"
    return heading.section(t(f"community.all_{_view.by}"), lead)


def _link(key: str, view: View, of: str | None, others: str) -> str:
    row = view.row(key)
    link = PLACES.link(key, i18n.cut(words.called(row, view.by), 40), of, others)
    return f"<li>{link} <span>{escape(health.sentence(row))}</span></li>"


def _known(view: View) -> list[str]:
    """Figures that this lake has; those of the score where anything has one."""
    scored = bool(np.isfinite(view.column("health")).any())
    return [name for name in COLUMNS if name in view.frame and (scored or not name.startswith("health"))]


def _columns(view: View) -> dict[str, pa.Array]:
    rows = view.frame
    names = rows["name"].where(rows["name"].notna(), rows["key"])
    called = names.where(rows["key"] != "", t(f"community.nobody_{view.by}"))
    columns = {t(f"community.{view.by}"): pa.array(called.astype(str), pa.string())}
    if "health" in _known(view):
        columns[t("community.cause")] = pa.array(health.short(view), pa.string())
    columns[t("community.hints")] = pa.array([hint or None for hint in words.hints(view)], pa.string())
    for name in _known(view):
        values = _cells(view, name)
        columns[_title(name)] = pa.array(values, pa.float64(), from_pandas=True).cast(
            pa.int64() if name in COUNTS else pa.float64()
        )
    return columns


def _cells(view: View, name: str) -> np.ndarray:
    """A rate of fewer than 30 is none. Shares in percent, waiting in minutes."""
    found = view.column(name)
    figure = BASES.get(name)
    if figure is not None and figure.base:
        found = np.where(view.column(figure.base) >= SMALL, found, np.nan)
    if name == "absence":
        found = np.where(view.column("speakers") > 0, found, np.nan)
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
    config[t("community.cause")] = st.column_config.TextColumn(help=t("health.cause_means"))
    for name in _known(_view):
        meaning = words.means(name)
        if name == "health":
            config[_title(name)] = st.column_config.ProgressColumn(
                format="%.0f", min_value=0, max_value=100, help=meaning
            )
            continue
        config[_title(name)] = st.column_config.NumberColumn(format=_style(name), help=meaning)
    return config


def _style(name: str) -> str:
    if _is_share(name):
        return "%.1f%%"
    return {"dau": "%.1f", "first_reply_seconds": "%.1f", "health_moved": "%+.0f", "gini": "%.2f"}.get(
        name, "localized"
    )
