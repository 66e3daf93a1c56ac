"""What tiers are called and begin with, and definitions of people that segments understand."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision

from dashboard import i18n
from dashboard.data.membership import ALL, NOT_YET, TIERS, UNTOLD, Filters, Membership, Terms
from dashboard.i18n import t
from dashboard.widgets import names
from dashboard.widgets.segments import links


def called(key: str) -> str:
    """``key``: a tier, or one of those beside them."""
    if key in (ALL, NOT_YET, UNTOLD):
        return t(f"membership.tier_{key}")
    return names.tier(key)


def begins(found: Membership, key: str, currency: str) -> str:
    """``≥ ¥500``; nothing for an imported tier."""
    if found.by != "rule" or key not in TIERS:
        return ""
    place = TIERS.index(key)
    return t("membership.floor", amount=major(found.terms.floors[place - 1], currency)) if place else t("membership.no_floor")  # fmt: skip


def major(amount: int | Decimal, currency: str, digits: int = 0) -> str:
    """Of an amount in major units."""
    minor = Decimal(amount) * 10 ** get_currency_precision(currency)
    return i18n.money(int(minor), currency, digits=digits)


def a_point(terms: Terms, currency: str) -> str:
    """``¥0.01``."""
    shown = f"{terms.point_value.normalize():f}"
    return f"{currency} {shown}"


def live(found: Membership, filters: Filters, key: str) -> str | None:
    """The way to a segment that is kept alive; None where segments do not mean the same, or for those who may keep none."""
    if key in (ALL, UNTOLD):
        return None
    leaf: Mapping[str, Any]
    if found.is_usual:
        leaf = {"tier": [key]}
    elif found.by == "imported":
        leaf = {"profile": "tier", "op": "is", "values": [key]}
    else:
        return None
    return links.offered(leaf, filters)
