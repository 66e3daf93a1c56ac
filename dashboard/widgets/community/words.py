"""Figures of group chats in words: their names, values, what they rest on and what they mean."""

from dashboard import i18n
from dashboard.data import community
from dashboard.data.community import (
    FRESH_ABOVE,
    LEAVING_ABOVE,
    LURKERS_ABOVE,
    SMALL,
    SPEAKING_BELOW,
    WARNED,
    YOUNG,
    Row,
    View,
)
from dashboard.i18n import t
from dashboard.widgets import figures, names
from dashboard.widgets.community import health
from dashboard.widgets.figures import Figure

FIGURES = (
    Figure("health", "count"),
    Figure("members", "count"),
    Figure("speaking_rate", "share", "members"),
    Figure("said", "count"),
    Figure("dau", "mean"),
    Figure("stickiness", "share", "mau"),
    Figure("top_share", "share", "speakers"),
    Figure("gini", "mark", "speakers"),
    Figure("absence", "count"),
    Figure("reply_coverage", "share", "questions"),
    Figure("first_reply_seconds", "minutes"),
)
TURNOVER = ("speakers", "new_speakers", "kept_speakers", "reactivated_speakers", "lost_speakers")
LADDER = ("lurkers", "ever_spoke", "speaking", "buying")
BUYING = ("buying_speakers", "buying_lurkers")
"""Members who bought, of those who speak and of those who only read."""


def title(name: str) -> str:
    return t(f"community.figure_{name}")


def means(name: str) -> str:
    return t(f"community.means_{name}")


def called(row: Row, by: str) -> str:
    """What a group, owner or unit is called; its number where nobody named it."""
    return names.row(row, f"community.nobody_{by}")


def value(row: Row, figure: Figure) -> str:
    """As on a tile."""
    return figures.value({**row, figure.name: community.number(row, figure.name)}, figure)


def rests_on(row: Row, name: str) -> str:
    """The counts below a figure; nothing where it has none beside itself."""
    counts = {part: i18n.number(community.number(row, part)) for part in _PARTS.get(name, ())}
    if not counts:
        return ""
    if name == "members":
        net = row["net"]
        counts["net"] = f"{'+' if net and net > 0 else ''}{i18n.number(net)}"
    if name == "said":
        counts["change"] = i18n.change(row["said"] / row["said_before"] - 1) if row["said_before"] else i18n.UNDEFINED
    return t(f"community.rests_{name}", **counts)


_PARTS = {
    "members": ("joined", "left", "net"),
    "said": ("said_before",),
    "speaking_rate": ("speaking", "members"),
    "stickiness": ("wau", "mau"),
    "top_share": ("speakers",),
    "gini": ("speakers",),
    "absence": ("speakers",),
    "reply_coverage": ("answered", "questions", "open_questions"),
    "first_reply_seconds": ("answered",),
}


def hints(view: View) -> list[str]:
    """For each row the rules of thumb that it breaks, in words."""
    names = {one: t(f"community.hint_{one}") for one in WARNED}
    sets = zip(*(view.warned[one].tolist() for one in WARNED), strict=True)
    told: dict[tuple[bool, ...], str] = {}
    return [
        told.setdefault(broken, i18n.listed(names[one] for one, is_so in zip(WARNED, broken, strict=True) if is_so))
        for broken in sets
    ]


def rules() -> str:
    limits = {
        "lurkers": i18n.share(LURKERS_ABOVE, 0), "silent": i18n.share(SPEAKING_BELOW, 0), "leaving": i18n.share(LEAVING_ABOVE, 0),
        "fresh": i18n.share(FRESH_ABOVE, 0),
    }  # fmt: skip
    return t("community.rules", count=SMALL, days=YOUNG, **limits)


def contract() -> list[str]:
    """Rules and formulas of the number contract."""
    names = (*(figure.name for figure in FIGURES[1:]), *TURNOVER, *LADDER, *BUYING)
    return [
        t("community.means_activity"),
        *health.means(),
        *(i18n.explained(f"**{title(name)}**", means(name)) for name in names),
        rules(),
        t("community.means_segment"),
    ]
