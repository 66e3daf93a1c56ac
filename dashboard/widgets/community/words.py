"""Figures of group chats in words: their names, values, what they rest on and what they mean."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from dashboard import i18n, markdown
from dashboard.data import community
from dashboard.data.community import LEAVING_ABOVE, LURKERS_ABOVE, MONTH, SMALL, SPEAKING_BELOW, Row, View
from dashboard.i18n import t
from dashboard.web import kept

Kind = Literal["count", "mean", "share", "wait"]


@dataclass(frozen=True, slots=True)
class Figure:
    """``base``: what a share is taken of; below 30 of it only their number is shown."""

    name: str
    kind: Kind
    base: str = ""


FIGURES = (
    Figure("members", "count"),
    Figure("speaking_rate", "share", "members"),
    Figure("said", "count"),
    Figure("dau", "mean"),
    Figure("stickiness", "share", "mau"),
    Figure("top_share", "share", "speakers"),
    Figure("absence", "count"),
    Figure("reply_coverage", "share", "questions"),
    Figure("first_reply_seconds", "wait"),
)
TURNOVER = ("speakers", "new_speakers", "kept_speakers", "reactivated_speakers", "lost_speakers")
LADDER = ("lurkers", "ever_spoke", "speaking")
HINTS = ("lurkers", "silent", "leaving")


def title(name: str) -> str:
    return t(f"community.figure_{name}")


def means(name: str) -> str:
    return t(f"community.means_{name}")


def called(row: Row, by: str) -> str:
    """What a group, owner or unit is called; its number where nobody named it."""
    if not row["key"]:
        return t(f"community.nobody_{by}")
    name: str = row["name"] or row["key"]
    return name


def is_small(row: Row, figure: Figure) -> bool:
    return bool(figure.base) and 0 < (row.get(figure.base) or 0) < SMALL


def value(row: Row, figure: Figure) -> str:
    """As on a tile."""
    found = community.number(row, figure.name)
    if is_small(row, figure):
        return t("number.only", count=i18n.number(row[figure.base]))
    if figure.kind == "share":
        return i18n.share(found)
    if figure.kind == "wait":
        return i18n.UNDEFINED if found is None else t("community.minutes", count=i18n.number(found / 60, 1))
    return i18n.number(found, 1 if figure.kind == "mean" else 0)


def rests_on(row: Row, name: str) -> str:
    """The counts below a figure; nothing where it has none beside itself."""
    counts = {part: i18n.number(community.number(row, part)) for part in _PARTS.get(name, ())}
    if not counts:
        return ""
    if name == "members":
        net = row["net"]
        counts["net"] = f"{'+' if net and net > 0 else ''}{i18n.number(net)}"
    return t(f"community.rests_{name}", **counts)


_PARTS = {
    "members": ("joined", "left", "net"),
    "speaking_rate": ("speaking", "members"),
    "stickiness": ("wau", "mau"),
    "top_share": ("speakers",),
    "absence": ("speakers",),
    "reply_coverage": ("answered", "questions", "open_questions"),
    "first_reply_seconds": ("answered",),
}


def hints(row: Row, view: View) -> str:
    """Rules of thumb that a row breaks, in words."""
    return i18n.listed(t(f"community.hint_{one}") for one in community.warnings(row, view.now))


def rules() -> str:
    limits = {
        "lurkers": i18n.share(LURKERS_ABOVE, 0), "silent": i18n.share(SPEAKING_BELOW, 0), "leaving": i18n.share(LEAVING_ABOVE, 0),
    }  # fmt: skip
    return t("community.rules", count=SMALL, days=MONTH, **limits)


def contract(view: View, filters: Callable[[], str]) -> None:
    """The number contract of the page, behind its button. ``filters``: what all figures are cut to, in words."""
    box = st.popover(
        t("contract.open"), icon=":material/function:", type="tertiary", key="community_contract", on_change="rerun"
    )
    if box.open:
        with box:
            st.markdown(_contract(key=f"{view.key}|{i18n.language()}|{filters()}", _view=view, _filters=filters))


@kept.by_key(32)
def _contract(key: str, _view: View, _filters: Callable[[], str]) -> str:  # noqa: ARG001 - what it is kept by
    names = (*(figure.name for figure in FIGURES), *TURNOVER, *LADDER)
    lines = [
        t("community.means_activity"),
        *(f"**{title(name)}**: {means(name)}" for name in names),
        rules(),
        f"**{t('contract.filters')}** {markdown.escaped(_filters())}",
        t("community.means_segment"),
        f"**{t('contract.as_of')}** {i18n.moment(_view.as_of, _view.zone)} ({_view.zone})",
        f"**{t('contract.version')}** {_view.version}",
    ]
    return "\n".join(f"- {line}" for line in lines)
