"""What nodes, paths and their rules are called."""

from collections.abc import Callable, Sequence
from html import escape

from core.errors import Refusal, Unknown
from dashboard import i18n, markdown
from dashboard.data import paths
from dashboard.data.paths import ARRIVED, LEFT, OTHER, Asked, View
from dashboard.data.rows import SMALL
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import names

QUIET = {OTHER: "path.other", ARRIVED: "path.arrived"}


def node(view: View, code: int) -> str:
    """A node in the reader's words; a group as it was named."""
    if code == LEFT:
        return over(view.asked)
    if code in QUIET:
        return t(QUIET[code])
    name = view.name(code)
    return name if name in {group.node for group in view.asked.groups} else names.event(name)


def over(asked: Asked) -> str:
    """What stands where a path is over: the member left, or had done nothing before."""
    return t("path.left" if asked.direction == "after" else "path.began")


def nodes(view: View, codes: Sequence[int]) -> str:
    """A path as it is walked; one that leads to the anchor in the order of time."""
    called = [node(view, code) for code in codes]
    return " → ".join(called if view.asked.direction == "after" else reversed(called))


def column(number: int, asked: Asked) -> str:
    if not number:
        return t("path.column_start")
    return t(f"path.column_{asked.direction}", number=number)


def count(members: int, whole: int) -> str:
    """``1,234 · 45.6%``; of few members no share."""
    words = i18n.number(members)
    return words if whole < SMALL else f"{words} · {i18n.share(members / whole)}"


def gap(asked: Asked) -> str:
    text = paths.window_text(asked.gap)
    return t("path.gap_none") if text == "none" else t(f"funnel.length_{text[-1]}", count=i18n.number(int(text[:-1])))


def sentence(view: View, codes: Sequence[int]) -> str:
    """A path and how it is walked: ``浏览商品 → 加入购物车（路径，会话间隔 30 分钟）``."""
    return t("path.sentence", path=nodes(view, codes), gap=gap(view.asked))


def rules(view: View, filters: str) -> str:
    """The number contract of the page, as HTML that opens without asking anybody. ``filters``: what it was cut to, in words."""
    return _rules(key=f"{view.key}|{i18n.language()}|{filters}", _view=view, _filters=filters)


@kept.by_key(32)
def _rules(key: str, _view: View, _filters: str) -> str:  # noqa: ARG001 - what it is cached by
    asked = _view.asked
    rows = [
        t("path.means_members"),
        t(f"path.means_{asked.direction}"),
        t("path.means_no_gap") if asked.gap is None else t("path.means_gap", gap=gap(asked)),
        t("path.means_collapse" if asked.collapse else "path.means_repeats"),
        t("path.means_columns", top=asked.top, over=over(asked)),
        t("path.means_order"),
        t("path.means_tie"),
        *active(asked, str),
        t("path.means_filters", filters=_filters),
        t("path.means_funnel"),
        t("funnel.means_version", version=_view.version),
    ]
    listed = "".join(f"<li>{escape(row)}</li>" for row in rows)
    return f'<details class="path-rules"><summary>{escape(t("contract.open"))}</summary><ul>{listed}</ul></details>'


def active(asked: Asked, shown: Callable[[str], str] = markdown.escaped) -> list[str]:
    """What the asker changed about which events a path shows, as sentences. ``shown``: how words of the data stand in them."""
    return [
        *([t("path.means_hidden", names=shown(_listed(asked.hidden)))] if asked.hidden else []),
        *[t("path.means_group", name=shown(g.node), names=shown(_listed(g.names))) for g in asked.groups],
        *([t("path.means_end", names=shown(_listed(asked.to)))] if asked.to else []),
    ]


def refusal(error: Refusal) -> str:
    """What is wrong with the question and what to do, as Markdown."""
    values = {name: markdown.escaped(str(value)) for name, value in error.details.items()}
    if isinstance(error, Unknown):
        near = markdown.escaped(i18n.listed(error.near) or i18n.UNDEFINED)
        return t("path.unknown", name=values["name"], near=near)
    key = f"path.problem_{error.details.get('problem')}"
    return t(key, **values) if i18n.has(key) else markdown.escaped(i18n.refusal(error))


def _listed(events: Sequence[str]) -> str:
    return i18n.listed(names.event(name) for name in events)
