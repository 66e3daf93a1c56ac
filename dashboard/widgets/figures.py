"""Figures of a row in words: value, interval, the period before. Their names and meanings stand in the texts of their page or part, as
``care.figure_missed`` and ``care.means_missed``."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st
from babel.numbers import get_currency_precision

from core.periods import Period
from dashboard import i18n
from dashboard.data.rows import SMALL, Number, Row
from dashboard.i18n import t
from dashboard.widgets import behind, tiles
from dashboard.widgets.tiles import Tile

Kind = Literal["count", "money", "share", "roi", "net", "mark", "mean", "score", "minutes", "wait", "hours"]
"""roi: a share that may be negative. net: a difference of shares, told in hundredths without a sign of percent. mark: of a small scale, as
1 to 5. score: -100 to 100. minutes, wait: seconds, told in minutes or in the largest fitting unit."""
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
BEFORE = "_before"
WHOLE_FROM = 1000
"""Amounts of which a table shows no cents."""
DIGITS = {"mark": 2, "mean": 1, "score": 1}
STYLES = {
    "share": "%.1f%%", "roi": "%+.1f%%", "net": "%.1f", "mark": "%.2f", "mean": "%.1f", "score": "%.0f", "minutes": "%.1f", "wait": "%.1f",
}  # fmt: skip
"""How tables write such numbers; all others as the reader's language does."""
SIGNS = {"CNY": "yen", "JPY": "yen", "USD": "dollar", "EUR": "euro"}
"""Currencies whose sign tables know; yuan and yen share theirs."""


@dataclass(frozen=True, slots=True)
class Figure:
    """``base``: of what a rate or mean is; below 30 of it only their number is shown."""

    name: str
    kind: Kind
    base: str = ""


def is_small(row: Row, figure: Figure, suffix: str = "") -> bool:
    return bool(figure.base) and 0 < (row.get(f"{figure.base}{suffix}") or 0) < SMALL


def value(row: Row, figure: Figure, suffix: str = "", *, currency: str = "") -> str:
    """As on a tile. ``suffix``: ``_before`` for the period before. ``currency``: of amounts."""
    if is_small(row, figure, suffix):
        return t("number.only", count=i18n.number(row[f"{figure.base}{suffix}"]))
    return written(row.get(f"{figure.name}{suffix}"), figure.kind, currency)


def written(found: Number, kind: Kind, currency: str = "") -> str:
    if kind == "money":
        return i18n.compact_money(found, currency)
    if kind == "share":
        return i18n.share(found)
    if kind == "roi":
        return i18n.change(found)
    if kind == "net":
        return i18n.number(None if found is None else found * 100, 1)
    if kind == "hours":
        return i18n.UNDEFINED if found is None else t("told.hours", count=i18n.number(found, 0))
    if kind in ("minutes", "wait"):
        return _lasting(found, ("days", "hours") if kind == "wait" else ())
    return i18n.number(found, DIGITS.get(kind, 0))


def _lasting(seconds: Number, units: Iterable[str]) -> str:
    """``5.2 minutes``, ``3.4 hours``, ``2.1 days``: the first of the units of which there are two, else minutes."""
    if seconds is None:
        return i18n.UNDEFINED
    sizes = {"days": DAY_S, "hours": HOUR_S, "minutes": MINUTE_S}
    unit = next((one for one in units if seconds >= 2 * sizes[one]), "minutes")
    return t(f"told.{unit}", count=i18n.number(seconds / sizes[unit], 1))


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
    then, now = row.get(f"{figure.name}{BEFORE}"), row.get(figure.name)
    if then is None or is_small(row, figure) or is_small(row, figure, BEFORE):
        return ""
    way = "" if now is None or now == then else " ▲" if now > then else " ▼"
    return t(text, value=value(row, figure, BEFORE)) + way


def change(row: Row, figure: Figure) -> str:
    """``▲ +12.3%`` against the period before, in points for shares; nothing where one of the two is undefined or rests on few."""
    now, then = row.get(figure.name), row.get(f"{figure.name}{BEFORE}")
    if now is None or then is None or is_small(row, figure) or is_small(row, figure, BEFORE):
        return ""
    if figure.kind in ("share", "roi"):
        moved, words = now - then, t("number.points", points=i18n.number(abs(now - then) * 100, 1))
    elif figure.kind in ("mark", "score"):
        moved, words = now - then, i18n.number(abs(now - then), DIGITS[figure.kind])
    elif not then:
        return ""
    else:
        moved, words = now / then - 1, i18n.change(abs(now / then - 1)).removeprefix("+")
    if round(abs(moved), 3) == 0:
        return t("number.flat")
    return f"{'▲ +' if moved > 0 else '▼ −'}{words}"


def cell(row: Row, figure: Figure, currency: str = "") -> Number:
    """For a table: undefined where the sample is small; shares in percent, waiting in minutes, money in major units."""
    found: Number = row.get(figure.name)
    if found is None or is_small(row, figure):
        return None
    if figure.kind in ("share", "roi", "net"):
        return found * 100
    if figure.kind == "money":
        return _major(found, currency)
    return found / MINUTE_S if figure.kind in ("minutes", "wait") else found


def number_column(figure: Figure, cells: Sequence[Number], currency: str, meaning: str) -> object:
    """How a table writes the ``cells`` of a figure; money with its sign, all of a column with the same decimals."""
    if figure.kind != "money":
        return st.column_config.NumberColumn(format=STYLES.get(figure.kind, "localized"), help=meaning)
    digits = 0 if all(one is None or float(one).is_integer() for one in cells) else get_currency_precision(currency)
    return st.column_config.NumberColumn(format=SIGNS.get(currency, "localized"), step=10**-digits, help=meaning)


def _major(minor: float, currency: str) -> float:
    """Whole units where cents say nothing any more."""
    digits = get_currency_precision(currency)
    amount = minor / 10**digits
    return round(amount, 0 if abs(amount) >= WHOLE_FROM else digits)


def days(now: Period, before: Period, row: Row) -> str:
    """What all of a wall is about, and what it is held against where the data reaches back so far."""
    has_before = any(name.endswith(BEFORE) for name in row)
    return t(
        "content.total_lead" if has_before else "content.total_lead_alone",
        days=i18n.days(now),
        before=i18n.days(before),
    )


def tile(
    texts: str, scope: str, row: Row, figure: Figure, *, beside: str, below: Iterable[str], ways: Iterable[str], currency: str = "",
    **filling: object,
) -> Tile:  # fmt: skip
    """``texts``: of its name and meaning, with ``filling`` in them. ``scope``: tells tiles of the same figure apart."""
    name = figure.name
    return Tile(
        f"{scope}-{name}", t(f"{texts}.figure_{name}"), value(row, figure, currency=currency), beside,
        t(f"{texts}.means_{name}", **filling), tiles.lines(*below), tuple(ways),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wall:
    """Figures side by side with their change. ``rests``: the counts below each. ``ways``: whose lists each leads to. ``rest``, ``way``: what
    the texts of these begin with. ``told``: what is told below a figure beside them. ``lacking``: text of a figure that the lake does not
    have, which is left out where there is none."""

    texts: str
    figures: Sequence[Figure]
    rests: Mapping[str, Sequence[str]]
    ways: Mapping[str, Sequence[str]]
    rest: str
    way: str
    width: int
    told: Callable[[Row, Figure], str] = lambda row, figure: ""  # noqa: ARG005 - mostly nothing
    lacking: str = ""

    def html(self, scope: str, row: Row, currency: str) -> str:
        begins = behind.link()
        shown = [
            self._tile(scope, row, one, currency, begins) if one.name in row else self._lacking(scope, one)
            for one in self.figures
            if one.name in row or self.lacking
        ]
        return tiles.wall(shown, self.width)

    def _lacking(self, scope: str, figure: Figure) -> Tile:
        below = [t(self.lacking)]
        return tile(self.texts, scope, {}, figure, beside="", below=below, ways=())

    def _tile(self, scope: str, row: Row, figure: Figure, currency: str, begins: str | None) -> Tile:
        counts = {part: i18n.number(row.get(part)) for part in self.rests.get(figure.name, ())}
        rest = t(f"{self.rest}_{figure.name}", **counts) if counts else ""
        ways = [
            html
            for which in self.ways.get(figure.name, ())
            for html in behind.way(begins, f"{scope}.{which}", t(f"{self.way}_{which}", count=i18n.number(row.get(which))), row.get(which))
        ]  # fmt: skip
        return tile(
            self.texts, scope, row, figure, beside=change(row, figure), below=(self.told(row, figure), *rest.split("\n")), ways=ways, currency=currency
        )  # fmt: skip
