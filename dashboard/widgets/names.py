"""What channels, units, events and their splits are called on screen."""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeVar

import pandas as pd

from dashboard import i18n
from dashboard.data import called
from dashboard.data.membership import TIERS
from dashboard.data.overview import By, Contributions
from dashboard.data.rows import Row
from dashboard.i18n import t

K = TypeVar("K")


def moment(at: pd.Timestamp, zone: str) -> str:
    """A time of an answer's rows, which are UTC without saying so, as people of the zone tell it."""
    return i18n.moment(at.tz_localize("UTC").to_pydatetime(), zone)


def of_split(by: By) -> Callable[[str | None, str | None], str]:
    """Names the shares of a split; what names nothing is "not stated"."""

    def label(value: str | None, name: str | None) -> str:
        if value is None:
            return t("overview.not_stated")
        key = f"{by}.{value}"
        return t(key) if by != "unit" and i18n.has(key) else str(name or value)

    return label


def event(name: str) -> str:
    """An event in the reader's words; a step of several joined by "or", those that are called alike once."""
    return _event(i18n.language(), name)


@lru_cache(4096)
def _event(language: i18n.Language, name: str) -> str:  # noqa: ARG001 - of its words
    parts = [t(f"event.{one}") if i18n.has(f"event.{one}") else one for one in name.split(" | ")]
    return t("number.or").join(dict.fromkeys(parts))


def in_order(some: Iterable[str]) -> tuple[str, ...]:
    """Events as journeys go, from looking to buying and what comes after; those that only this lake knows last, by name."""
    return tuple(sorted(some, key=lambda one: (_places().get(f"event.{one}", LAST), one)))


LAST = 1 << 20


@lru_cache(1)
def _places() -> dict[str, int]:
    """Where the text of each event stands in the catalogue."""
    return {key: place for place, key in enumerate(i18n.catalogue("zh")) if key.startswith("event.")}


def events(some: Iterable[str]) -> dict[str, str]:
    """Events by what they are called; those that are called alike say of which records they are."""
    every = {one: event(one) for one in some}
    times = Counter(every.values())
    return apart(
        {
            one: words
            if times[words] == 1
            else t("event_of.name", name=words, records=t(f"event_of.{called.table_of(one)}"))
            for one, words in every.items()
        }
    )


def tier(name: str) -> str:
    """A tier of membership, by rule or imported: in the reader's words where it is called as the product calls one, else as the data does."""
    return t(f"membership.tier_{name}") if name in TIERS else name


def row(one: Row, nobody: str) -> str:
    """What a row of groups, owners, units or employees is called; its number where nobody named it. ``nobody``: text of the row of those
    who belong to none."""
    name: str = one["name"] or one["key"] or t(nobody)
    return name


def value(by: str, one: str | None) -> str:
    """A value of a breakdown or a condition; ids by what they are called."""
    if one is None:
        return t("funnel.no_value")
    if by in called.NAMED:
        return called.names_of(by).get(one, one)
    return t(f"channel.{one}") if by == "channel" and i18n.has(f"channel.{one}") else one


def values(by: str, some: Iterable[str | None]) -> dict[str | None, str]:
    """Values of a breakdown by what they are called, told apart where two are called alike."""
    return apart({one: value(by, one) for one in some})


def apart(called: dict[K, str]) -> dict[K, str]:
    """What things are called; those that are called alike have their own names beside them."""
    times = Counter(called.values())
    return {one: words if times[words] == 1 else f"{words} · {one}" for one, words in called.items()}


def property_of(name: str) -> str:
    return t(f"property.{name}") if i18n.has(f"property.{name}") else name


def contributions(
    found: Contributions, words: Callable[[int], str], label: Callable[[str | None, str | None], str]
) -> pd.DataFrame:
    """Shares as a table whose last row is their sum, which is the figure."""
    rows = [(label(row.value, row.name), row.now, row.before, row.change) for row in found.rows]
    rows.append((t("overview.sum"), found.now, found.before, found.change))
    return pd.DataFrame(
        {
            t(f"overview.split_{found.by}"): [name for name, *_ in rows],
            t("overview.this_period"): [words(now) for _, now, _, _ in rows],
            t("overview.compared"): [words(before) for _, _, before, _ in rows],
            t("overview.change"): [
                f"{'+' if change > 0 else '−' if change < 0 else ''}{words(abs(change))}" for *_, change in rows
            ],
        }
    )
