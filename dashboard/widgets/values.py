"""A metric's value in words: short on a card, exact in its contract, its change with a direction."""

from dataclasses import dataclass
from typing import Literal

from dashboard import i18n
from dashboard.data.overview import Figure, Metric
from dashboard.i18n import t

Value = float | int | None
Tone = Literal["green", "red", "gray"]


@dataclass(frozen=True, slots=True)
class Change:
    """``▲ +3.2%`` and what it means for the operator."""

    text: str
    tone: Tone


def short(metric: Metric, value: Value, currency: str) -> str:
    """As on a card: ``¥830.0万``, ``65.6%``, ``1.85万``."""
    if metric.unit == "money":
        return i18n.compact_money(value, currency)
    if metric.unit in ("members", "orders", "rows"):
        return i18n.compact(value)
    return exact(metric, value, currency, digits=1)


def drawn(metric: Metric, value: Value, currency: str) -> str:
    """In a chart: like ``short``, but beside ``¥17.1万`` it is ``¥5,052`` and not ``¥5,052.45``."""
    if metric.unit == "money" and value is not None and 10_000 <= abs(value) < 1_000_000:
        return i18n.money(value, currency, digits=0)
    return short(metric, value, currency)


def tick(metric: Metric, value: Value, currency: str) -> str:
    """At an axis: round values without decimals of money."""
    if metric.unit == "money" and value is not None and abs(value) < 1_000_000:
        return i18n.money(value, currency, digits=0)
    if metric.unit == "share":
        return i18n.share(value, 0 if value is None or round(value * 100, 6) == round(value * 100) else 1)
    return short(metric, value, currency)


def exact(metric: Metric, value: Value, currency: str, *, digits: int | None = None) -> str:
    """All digits: ``¥8,300,065.81``, ``65.58%``, ``18,532``."""
    if value is None:
        return i18n.UNDEFINED
    if metric.unit == "money":
        return i18n.money(value, currency)
    if metric.unit == "share":
        return i18n.share(value, 2 if digits is None else digits)
    if metric.unit == "days":
        return t("number.days", count=i18n.number(value, 1))
    if metric.unit in ("score", "ratio"):
        return i18n.number(value, 3 if metric.unit == "ratio" else 2 if metric.scale == 1 else 1)
    return i18n.number(value, 1 if metric.per_day else 0)


def card(figure: Figure, currency: str) -> str:
    """The card's value. A rate of fewer than 30 shows what it rests on instead."""
    if figure.is_small:
        return t("number.only", count=i18n.number(figure.count))
    return short(figure.metric, figure.value, currency)


def change(figure: Figure) -> Change | None:
    """Relative for amounts and counts, in points for shares and scores; None where nothing can be compared."""
    if not figure.is_comparable or figure.difference is None:
        return None
    unit = figure.metric.unit
    moved: Value
    if unit == "share":
        moved, digits = figure.difference * 100, 1
        words = t("number.points", points=i18n.number(abs(moved), digits))
    elif unit in ("score", "ratio", "days"):
        moved, digits = figure.difference, 3 if unit == "ratio" else 1
        words = i18n.number(abs(moved), digits)
    else:
        share = figure.change_share
        if share is None:
            return None
        moved, digits = share * 100, 1
        words = i18n.share(abs(share))
    if round(abs(moved), digits) == 0:
        return Change(t("number.flat"), "gray")
    return Change(f"{'▲ +' if moved > 0 else '▼ −'}{words}", _tone(figure.metric, moved > 0))


def against(figure: Figure) -> str:
    """What the change is held against, in two words."""
    starts_months = figure.period.start_on.day == figure.compared.start_on.day == 1
    if starts_months and figure.compared.days <= 31:
        return t("number.than_last_month")
    return t("number.than_before", days=figure.compared.days)


def _tone(metric: Metric, has_risen: bool) -> Tone:
    if metric.better == "none":
        return "gray"
    return "green" if has_risen == (metric.better == "up") else "red"
