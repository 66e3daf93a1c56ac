"""Figures of a row in words: value, interval, the period before. Their names and meanings stand in the texts of their part, as
``care.figure_missed`` and ``care.means_missed``."""

from dataclasses import dataclass
from html import escape
from typing import Literal

from dashboard import i18n
from dashboard.data.rows import SMALL, Number, Row
from dashboard.i18n import t

Kind = Literal["count", "share", "wait", "mark", "hours", "mean", "net"]
"""wait: seconds, told in the largest fitting unit. mark: 1 to 5. net: a difference of shares, told in hundredths without a sign of percent."""
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class Figure:
    """``base``: of what a rate or mean is; below 30 of it only their number is shown."""

    name: str
    kind: Kind
    base: str = ""


def is_small(row: Row, figure: Figure, suffix: str = "") -> bool:
    return bool(figure.base) and 0 < (row.get(f"{figure.base}{suffix}") or 0) < SMALL


def value(row: Row, figure: Figure, suffix: str = "") -> str:
    """As on a tile. ``suffix``: ``_before`` for the period before."""
    if is_small(row, figure, suffix):
        return t("number.only", count=i18n.number(row[f"{figure.base}{suffix}"]))
    return written(row.get(f"{figure.name}{suffix}"), figure.kind)


def written(found: Number, kind: Kind) -> str:
    if kind == "share":
        return i18n.share(found)
    if kind == "wait":
        return lasting(found)
    if kind == "net":
        return i18n.number(None if found is None else found * 100, 1)
    if kind == "hours":
        return i18n.UNDEFINED if found is None else t("told.hours", count=i18n.number(found, 0))
    return i18n.number(found, {"mark": 2, "mean": 1}.get(kind, 0))


def lasting(seconds: Number) -> str:
    """``5.2 minutes``, ``3.4 hours``, ``2.1 days``."""
    if seconds is None:
        return i18n.UNDEFINED
    unit, size = next(
        (one for one in (("days", DAY_S), ("hours", HOUR_S)) if seconds >= 2 * one[1]), ("minutes", MINUTE_S)
    )
    return t(f"told.{unit}", count=i18n.number(seconds / size, 1))


def interval(row: Row, figure: Figure) -> str:
    """``95 % interval 88.1 % – 93.5 %``; nothing where there is none or the sample is small."""
    found = bounds(row, figure)
    return t("told.interval", bounds=found) if found else ""


def bounds(row: Row, figure: Figure) -> str:
    """``88.1 % – 93.5 %``."""
    low, high = row.get(f"{figure.name}_low"), row.get(f"{figure.name}_high")
    if low is None or high is None or is_small(row, figure):
        return ""
    return f"{written(low, figure.kind)} – {written(high, figure.kind)}"


def before(row: Row, figure: Figure, text: str = "told.before") -> str:
    """The period before, and which way it went since. Nothing where it has no such figure or either sample is small. ``text``: how it is
    told."""
    then, now = row.get(f"{figure.name}_before"), row.get(figure.name)
    if then is None or is_small(row, figure) or is_small(row, figure, "_before"):
        return ""
    way = "" if now is None or now == then else " ▲" if now > then else " ▼"
    return t(text, value=value(row, figure, "_before")) + way


def lines(*texts: str) -> str:
    """What stands below a figure, each on a line of its own; empty ones are left out."""
    return "".join(f"<p>{escape(text)}</p>" for text in texts if text)


def cell(row: Row, figure: Figure) -> Number:
    """For a table: undefined where the sample is small; shares in percent, waiting in minutes."""
    found: Number = row.get(figure.name)
    if found is None or is_small(row, figure):
        return None
    if figure.kind in ("share", "net"):
        return found * 100
    return found / MINUTE_S if figure.kind == "wait" else found


STYLES = {"share": "%.1f%%", "wait": "%.1f", "mark": "%.2f", "mean": "%.1f", "net": "%.1f"}
"""How tables write such numbers; all others as the reader's language does."""
