"""What rules, indicators, places and figures of warnings are called, and a rule in one sentence."""

from collections.abc import Mapping
from types import MappingProxyType

from dashboard import i18n
from dashboard.data.watched import (
    OF_DAYS,
    OF_THE_SYSTEM,
    OF_USUAL,
    UNITS,
    WEEK,
    Rule,
)
from dashboard.i18n import t
from dashboard.widgets.evidence import source as source_name

Names = Mapping[str, str]
NOBODY_NAMED: Names = MappingProxyType({})
DAILY = ("daily", "quiet")
"""Kinds that look at a day in several ways at once; with the limit 1 as the product set them."""
DIGITS = {"ratio": 2, "score": 1}
"""After the point of figures of a unit; counts have one where they are means."""


def indicator(name: str, own: Names = NOBODY_NAMED) -> str:
    """``own``: what the house calls readings of its own, by key."""
    key = f"indicator.{name}"
    return t(key) if i18n.has(key) else own.get(name, name)


def rule(key: str, name: str) -> str:
    """``name``: of one of the house's own; the product's are called by their key."""
    text = f"rule_name.{key}"
    return name or (t(text) if i18n.has(text) else key)


def place(by: str, key: str, name: str) -> str:
    """The whole house, a channel, unit, group, table or source."""
    if not by:
        return t("watched.house")
    if by == "channel":
        return t(f"channel.{key}") if i18n.has(f"channel.{key}") else key
    if by == "source":
        return source_name(key)
    if by == "table":
        found = next((text for text in (f"table.{key}", f"event_of.{key}") if i18n.has(text)), None)
        return key if found is None else t(found)
    return name or key


def figure(value: float | None, unit: str, currency: str) -> str:
    """A value of an indicator, money in full."""
    if unit == "share":
        return i18n.share(value)
    if unit == "money":
        return i18n.money(value, currency, digits=0)
    if unit == "days" and value is not None:
        return t("warning.days", days=i18n.number(value, 0 if float(value).is_integer() else 1))
    if value is None or (float(value).is_integer() and unit != "ratio"):
        return i18n.number(value)
    return i18n.number(value, DIGITS.get(unit, 0 if abs(value) >= 100 else 1))


def unit_of(one: Rule) -> str:
    """Of its indicator; empty where people type it."""
    return UNITS.get(one.indicator, "")


def sign(one: Rule) -> str:
    """``>`` or ``≥``, as the rule states it; mirrored where a figure must not fall below."""
    if one.detector == "threshold" and one.direction == "below":
        return "≤" if one.is_inclusive else "<"
    return "≥" if one.is_inclusive else ">"


def limit(one: Rule, currency: str) -> str:
    """In the rule's own unit."""
    if one.detector == "threshold":
        return figure(one.limit, unit_of(one), currency)
    if one.detector in ("relative", "baseline", "forecast"):
        return i18n.share(one.limit, 0 if (one.limit * 100).is_integer() else 1)
    return i18n.number(one.limit, 0 if float(one.limit).is_integer() else 2)


def sentence(one: Rule, currency: str, own: Names = NOBODY_NAMED) -> str:
    """When the rule warns."""
    return t("watched.ends", told=condition(one, currency, own))


def condition(one: Rule, currency: str, own: Names = NOBODY_NAMED) -> str:
    """The same for a table of rules."""
    return t("watched.then").join([_when(one, currency, own), *_besides(one, currency)])


def _when(one: Rule, currency: str, own: Names) -> str:
    told = {
        "name": indicator(one.indicator, own), "sign": sign(one), "limit": limit(one, currency), "days": i18n.number(one.window_days),
        "weeks": i18n.number(one.window_days // WEEK), "side": t(f"watched.side_{one.direction}"),
    }  # fmt: skip
    if one.detector in OF_DAYS:
        told["name"] = i18n.listed(indicator(name, own) for name in (one.indicator, *one.others))
    if one.detector in OF_USUAL:
        told["way"] = t(f"watched.way_{one.direction}")
    if one.detector in DAILY and one.limit != 1.0:
        return t(f"watched.when_{one.detector}_own", **told)
    return t(f"watched.when_{one.detector}", **told)


def _besides(one: Rule, currency: str) -> list[str]:
    """What else must hold."""
    found = []
    if one.change is not None:
        is_share = unit_of(one) == "share"
        change = (
            t("watched.points", points=i18n.number(one.change * 100, 1))
            if is_share
            else figure(one.change, unit_of(one), currency)
        )
        text = "watched.change" if one.change else "watched.moving"
        found.append(t(f"{text}_{one.direction}", change=change, days=i18n.number(one.window_days)))
    if one.least_share:
        found.append(t("watched.least_share", share=i18n.share(one.least_share, 0)))
    if one.least_days > 1:
        found.append(t("watched.least_days", days=i18n.number(one.least_days)))
    if one.by and one.detector not in OF_THE_SYSTEM:
        found.append(t(f"watched.each_{one.by}"))
    return found
