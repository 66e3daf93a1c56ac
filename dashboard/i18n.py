"""Texts, numbers, money and dates in the reader's language. Undefined is "—" everywhere."""

import math
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import streamlit as st
from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
)

from core.errors import Refusal
from core.periods import Period
from dashboard import runs

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
NAMES: dict[Language, str] = {"zh": "中文", "en": "English"}
HTML_NAMES: dict[Language, str] = {"zh": "zh-CN", "en": "en"}
UNDEFINED = "—"
_FOLDER = Path(__file__).parent / "locale"
_KEY = "_language"
_LOST = 1e-12
_KEPT = 4096
"""Numbers and days that are kept as they were written: Babel takes longer to write one than a page to draw it."""
Number = int | float | Decimal


# -- texts -----------------------------------------------------------------------------------------------------------


def t(key: str, /, **values: object) -> str:
    """The text under ``page.part`` in the reader's language, with its {places} filled."""
    return text(language(), key, **values)


def text(language: Language, key: str, /, **values: object) -> str:
    """The text in a given language, for code outside a page. A key that does not exist is a ``KeyError``."""
    found = catalogue(language)[key]
    return found.format_map(_places(values)) if values else found


def listed(items: Iterable[str], *, long: bool = False) -> str:
    """Items one after the other, as the language divides them; ``long``: items that are sentences themselves."""
    between = ("；" if long else "、") if language() == "zh" else ("; " if long else ", ")
    return between.join(items)


def explained(name: str, meaning: str) -> str:
    """``name: meaning``, as the language divides them."""
    return f"{name}{'：' if language() == 'zh' else ': '}{meaning}"


def aside(told: str, remark: str) -> str:
    """``told (remark)``, as the language writes it."""
    return f"{told}（{remark}）" if language() == "zh" else f"{told} ({remark})"


def has(key: str) -> bool:
    return key in catalogue(language())


def cut(text: str, most: int = 80) -> str:
    """A text from data or an address, no longer than can be read at a glance."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def refusal(error: Refusal, *, language: Language | None = None) -> str:
    """What happened and what to do, in the reader's language.

    Looked up as ``error.<code>_<reason>`` where the refusal has a reason (``none`` where it could suggest no near name), else ``error.<code>``; a code without a text is shown
    with its English sentence rather than hidden.
    """
    chosen = language or _current()
    texts = catalogue(chosen)
    lacks = "none" if error.details.get("near") == "" else error.details.get("reason")
    for key in (f"error.{error.code}_{lacks}", f"error.{error.code}"):
        if key in texts:
            return texts[key].format_map(_Given(_places(error.details)))
    return texts["error.other"].format(code=error.code, message=error)


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """All texts of a language by their dotted keys."""
    with (_FOLDER / f"{language}.toml").open("rb") as file:
        return dict(_flat(tomllib.load(file)))


def language() -> Language:
    """The reader's language; Chinese until the frame has set one."""
    return runs.once("language", _current)


def set_language(language: Language) -> None:
    """Called by the frame at the start of a run. Kept in the session, because callbacks run before the frame."""
    st.session_state[_KEY] = language
    runs.keep("language", language)


def _current() -> Language:
    found = st.session_state.get(_KEY, "zh")
    return found if found in LANGUAGES else "zh"


def _flat(tree: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for name, value in tree.items():
        flat += _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, str(value))]
    return flat


def _places(values: Mapping[str, object]) -> dict[str, object]:
    return {name: _Place(value) for name, value in values.items()}


class _Place(str):
    """What stands in a place of a text. ``{count:row|rows}`` is the word that goes with the number, not the number."""

    __slots__ = ()

    def __format__(self, words: str) -> str:
        one, _, several = words.partition("|")
        return (one if self == "1" else several) if several else format(str(self), words)


class _Given(dict[str, object]):
    """A refusal may carry fewer details than its text has places for."""

    def __missing__(self, key: str) -> str:
        return UNDEFINED


# -- numbers ---------------------------------------------------------------------------------------------------------


@cache
def locale(language: Language) -> Locale:
    return Locale.parse({"zh": "zh_Hans_CN", "en": "en"}[language])


def number(value: Number | None, digits: int = 0) -> str:
    """``12345.6`` -> ``12,346``; ``digits`` after the point."""
    if _undefined(value):
        return UNDEFINED
    return _number(language(), value or 0, digits)


@lru_cache(_KEPT, typed=True)
def _number(language: Language, value: Number, digits: int) -> str:
    return _minus(format_decimal(value, format=_pattern(digits), locale=locale(language)))


def compact(value: Number | None, digits: int = 1) -> str:
    """``12345`` -> ``1.2万`` / ``12.3K``. Below ten thousand (one thousand in English) all digits are shown."""
    if _undefined(value):
        return UNDEFINED
    if abs(value) < _compact_from():
        return number(value, 0 if float(value).is_integer() else digits)
    return _compact(language(), value, digits)


@lru_cache(_KEPT, typed=True)
def _compact(language: Language, value: Number, digits: int) -> str:
    return _minus(format_compact_decimal(value, locale=locale(language), fraction_digits=digits))


def money(minor: Number | None, currency: str, *, digits: int | None = None) -> str:
    """An amount in minor units in full: ``123456`` CNY -> ``¥1,234.56``."""
    if _undefined(minor):
        return UNDEFINED
    precision = get_currency_precision(currency) if digits is None else digits
    return _money(language(), _major(minor or 0, currency), currency, precision)


@lru_cache(_KEPT)
def _money(language: Language, amount: Decimal, currency: str, digits: int) -> str:
    pattern = f"¤{_pattern(digits)}"
    return _own(
        format_currency(
            amount, currency, format=f"{pattern};-{pattern}", locale=locale(language), currency_digits=False
        )
    )


def compact_money(minor: Number | None, currency: str, digits: int = 1) -> str:
    """``315912345`` CNY -> ``¥315.9万``; small amounts in full."""
    if _undefined(minor):
        return UNDEFINED
    amount = _major(minor, currency)
    if abs(amount) < _compact_from():
        return money(minor, currency)
    return _compact_money(language(), amount, currency, digits)


@lru_cache(_KEPT)
def _compact_money(language: Language, amount: Decimal, currency: str, digits: int) -> str:
    return _own(format_compact_currency(amount, currency, locale=locale(language), fraction_digits=digits))


def _own(text: str) -> str:
    """Yuan as a brand that has no other currency writes them. Yen stay told apart from them in Chinese."""
    return _minus(text.replace("CN¥", "¥"))


def share(value: Number | None, digits: int = 1) -> str:
    """``0.1234`` -> ``12.3%``. All is ``100.0%`` and none ``0.0%``; what would round to them is ``>99.9%`` and ``<0.1%``."""
    if _undefined(value):
        return UNDEFINED
    return _share(language(), value or 0, digits)


@lru_cache(_KEPT, typed=True)
def _share(language: Language, value: Number, digits: int) -> str:
    """What sums of parts lose of all or none of it counts as nothing."""
    text, step = _percent(language, value, digits), 10.0 ** -(digits + 2)
    if _LOST < value < 1 - _LOST:
        if text == _percent(language, 0, digits):
            return f"<{_percent(language, step, digits)}"
        if text == _percent(language, 1, digits):
            return f">{_percent(language, 1 - step, digits)}"
    return text


def _percent(language: Language, value: Number, digits: int) -> str:
    return _minus(format_percent(value, format=f"{_pattern(digits)}%", locale=locale(language)))


def _minus(text: str) -> str:
    """With a minus as wide as a plus, where a hyphen stands for it."""
    return text.replace("-", "−", 1)


def _pattern(digits: int) -> str:
    return "#,##0" + ("." + "0" * digits if digits else "")


def change(value: Number | None, digits: int = 1) -> str:
    """A share with its sign: ``0.03`` -> ``+3.0%``."""
    if _undefined(value):
        return UNDEFINED
    return ("+" if value > 0 else "") + _percent(language(), value, digits)


def signed(value: Number | None, digits: int = 0) -> str:
    """A number with its sign: ``3`` -> ``+3``."""
    if _undefined(value):
        return UNDEFINED
    return ("+" if value > 0 else "") + number(value, digits)


def _undefined(value: Number | None) -> bool:
    return value is None or not math.isfinite(value)


def _major(minor: Number, currency: str) -> Decimal:
    return Decimal(str(minor)).scaleb(-get_currency_precision(currency))


def _compact_from() -> int:
    return 10_000 if language() == "zh" else 1_000


# -- days and times --------------------------------------------------------------------------------------------------


def day(value: date | None, *, with_year: bool = True) -> str:
    """``2026年11月20日`` / ``Nov 20, 2026``; without the year ``11月20日`` / ``Nov 20``."""
    if value is None:
        return UNDEFINED
    return _day(language(), value, with_year)


@lru_cache(_KEPT)
def _day(language: Language, value: date, with_year: bool) -> str:
    if with_year:
        return format_date(value, "long" if language == "zh" else "medium", locale=locale(language))
    return format_skeleton("MMMd", datetime(value.year, value.month, value.day), locale=locale(language))


def days(period: Period) -> str:
    """The first and the last day."""
    return f"{day(period.start_on)} – {day(period.last_on)}"


def month(value: date, *, with_year: bool = True) -> str:
    """``2026年11月`` / ``Nov 2026``; without the year ``11月`` / ``Nov``."""
    return _month(language(), value, with_year)


@lru_cache(_KEPT)
def _month(language: Language, value: date, with_year: bool) -> str:
    moment = datetime(value.year, value.month, value.day)
    return format_skeleton("yMMM" if with_year else "MMM", moment, locale=locale(language))


def moment(value: datetime | None, zone: str) -> str:
    """An aware time on the clock of the business zone: ``2026-11-20 09:02``."""
    if value is None:
        return UNDEFINED
    return _moment(language(), value, zone)


@lru_cache(_KEPT)
def _moment(language: Language, value: datetime, zone: str) -> str:
    return format_datetime(value, "yyyy-MM-dd HH:mm", tzinfo=ZoneInfo(zone), locale=locale(language))
