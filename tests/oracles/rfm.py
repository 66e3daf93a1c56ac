"""RFM read line by line: who bought what until a day, which class and tier that makes them, and the best cuts by trying all. Plain, slow."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

Line = tuple[int | None, date, str, int, str]
"""Member, business day, order number, amount in the smallest unit, kind of line."""
Standing = tuple[int, int, int]
"""Days since the last order, orders, net amount."""

WORDS = {
    ("近", "多", "高"): "high_value", ("近", "少", "高"): "high_develop", ("远", "多", "高"): "high_keep", ("远", "少", "高"): "high_retain",
    ("近", "多", "低"): "low_value", ("近", "少", "低"): "low_develop", ("远", "多", "低"): "low_keep", ("远", "少", "低"): "low_retain",
}  # fmt: skip


def standings(lines: Sequence[Line], on: date) -> dict[int, Standing]:
    orders: dict[str, tuple[int | None, date, int]] = {}
    for who, day, number, amount, kind in lines:
        if kind == "sale":
            known, first, gross = orders.get(number, (None, day, 0))
            orders[number] = (who if known is None else known, min(first, day), gross + amount)
    found: dict[int, Standing] = {}
    for who, day, gross in orders.values():
        if who is None or gross <= 0 or day > on:
            continue
        days, count, net = found.get(who, (10**6, 0, 0))
        found[who] = (min(days, (on - day).days), count + 1, net + gross)
    for who, day, _, amount, kind in lines:
        if kind == "refund" and who in found and day <= on:
            days, count, net = found[who]
            found[who] = (days, count, net + amount)
    return found


def class_of(standing: Standing, cuts: Sequence[float]) -> str:
    days, orders, net = standing
    return WORDS[
        "近" if days <= cuts[0] else "远", "多" if orders >= cuts[1] else "少", "高" if net >= cuts[2] else "低"
    ]


def tier_of(standing: Standing) -> str:
    days, orders, net = standing
    if days > 90:
        return "lost"
    if days <= 7 and orders >= 5 and net >= 500_000:
        return "high_value"
    if days <= 30 and orders >= 2 and net >= 100_000:
        return "potential"
    return "active"


def even_cut(values: Sequence[int]) -> int:
    """Of all values that leave somebody below, the one with the most even sides, the larger of two."""
    below = [one for one in set(values) if one > min(values)]
    return min(
        below, default=values[0], key=lambda cut: (abs(2 * sum(one >= cut for one in values) - len(values)), -cut)
    )  # fmt: skip


def deviation(values: Sequence[int], cut: float) -> Fraction:
    """Squared deviations from the mean of each side, added up."""
    total = Fraction(0)
    for side in ([one for one in values if one < cut], [one for one in values if one >= cut]):
        if side:
            mean = Fraction(sum(side), len(side))
            total += sum((one - mean) ** 2 for one in side)
    return total
