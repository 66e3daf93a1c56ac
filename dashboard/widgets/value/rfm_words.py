"""What classes, tiers, limits and bins are called, and definitions of people that segments understand."""

from collections.abc import Mapping
from typing import Any

from babel.numbers import get_currency_precision

from dashboard import i18n
from dashboard.data.rfm import NOT_YET, Rfm, Row, View
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.widgets.segments import links


def called(view: View, key: str) -> str:
    return t("rfm.not_yet") if key == NOT_YET else t(f"rfm.{view}_{key}")


def marks(key: str) -> str:
    """``近 · 多 · 高``: the three sides of a class."""
    amount, what = key.split("_")
    sides = (
        "late" if what in ("keep", "retain") else "recent",
        "seldom" if what in ("develop", "retain") else "often",
        amount,
    )
    return t("number.then").join(t(f"rfm.side_{one}") for one in sides)


def limits(found: Rfm, currency: str) -> list[str]:
    """Where high begins, measure by measure."""
    at = found.cuts
    return [
        t("rfm.cut_days", limit=_plain(at.days_since_last_order)),
        t("rfm.cut_orders", limit=_plain(at.orders)),
        t("rfm.cut_net", limit=i18n.money(round(at.net_minor), currency)),
    ]


def _plain(limit: float) -> str:
    return i18n.number(limit, 0 if limit == round(limit) else 1)


def tier_rule(found: Rfm, key: str, currency: str) -> str:
    """``7 天内下过单，≥ 5 单，净额 ≥ ¥5,000``."""
    at = found.tiering
    one, two, three = at.within_days
    if key == "lost":
        return t("rfm.rule_lost", days=three)
    if key == "active":
        return t("rfm.rule_active", days=three)
    place = 0 if key == "high_value" else 1
    amount = i18n.money(at.net_minor[place], currency, digits=0)
    return t("rfm.rule_floor", days=(one, two)[place], orders=at.orders[place], net=amount)


def bin_called(row: Row, currency: str) -> str:
    """``8 – 30 天``, ``≥ 20 单``, ``¥100 – ¥200``."""
    measure, low, high = row["measure"], row["low"], row["high"]
    if measure == "net":
        if low is None:
            return t("rfm.bin_none")
        return _range(*(None if one is None else _money(one, currency) for one in (0 if low == 1 else low, high)))
    last = None if high is None else high - 1
    if low == last:
        return t(f"rfm.bin_{measure}", value=i18n.number(low))
    told = _range(i18n.number(low), None if last is None else i18n.number(last))
    return t(f"rfm.bin_{measure}", value=told)


def _range(low: str | None, high: str | None) -> str:
    return f"≥ {low}" if high is None else f"{low} – {high}"


def _money(minor: float, currency: str) -> str:
    """Without cents where there are none."""
    digits = get_currency_precision(currency)
    return i18n.money(minor, currency, digits=0 if minor % 10**digits == 0 else digits)


def live(found: Rfm, filters: Filters, view: View, key: str) -> str | None:
    """The way to a segment that is kept alive; None where what is shown is not what segments mean by the word, or for
    those who may keep none."""
    if view not in found.usual:
        return None
    leaf: Mapping[str, Any] = {"rfm": [key]} if view == "class" else {"value_tier": [key]}
    return links.offered(leaf, filters)
