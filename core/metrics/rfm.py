"""What buyers are worth by three measures: days since the last order, orders, and net amount. Eight classes and four tiers.

``days_since_last_order`` and not recency, which means two opposite things in the literature. "High" is good on every measure: few
days, many orders, a large amount.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

import ibis.expr.types as ir
import numpy as np

from core.metrics import cuts
from core.metrics.facts import known, orders
from core.sequences.arrays import Array, Int32s, Int64s

CLASSES = (
    "high_value", "high_develop", "high_keep", "high_retain", "low_value", "low_develop", "low_keep", "low_retain",
)  # fmt: skip
"""重要价值 重要发展 重要保持 重要挽留 一般价值 一般发展 一般保持 一般挽留. ``high`` and ``low`` say the amount; then who bought lately and
often is of value, lately but seldom to be developed, often but long ago to be kept, seldom and long ago to be won back. The three measures
are Hughes's (Strategic Database Marketing, 1994); the eight names by two sides of each are those of Chinese retail practice, as in the
manual of 智慧商贸进销存, "RFM 模型" (bz.zhsmjxc.com/pages/viewpage.action?pageId=2821466)."""
TIERS = ("high_value", "potential", "active", "lost")

Class = Literal[
    "high_value", "high_develop", "high_keep", "high_retain", "low_value", "low_develop", "low_keep", "low_retain"
]
Tier = Literal["high_value", "potential", "active", "lost"]


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where "high" begins, the value itself included: ``days_since_last_order`` at most, the two others at least. So equal values are
    always on the same side."""

    days_since_last_order: float
    orders: float
    net_minor: float


@dataclass(frozen=True, slots=True)
class Tiering:
    """Limits of the four tiers, of ``high_value``, ``potential`` and ``active``. ``within_days``: the last day of each band; what is later
    is lost. ``orders``, ``net_minor``: floors; ``active`` has none, as everybody here has an order and people netted to zero stay in."""

    within_days: tuple[int, int, int] = (7, 30, 90)
    orders: tuple[int, int] = (5, 2)
    net_minor: tuple[int, int] = (500_000, 100_000)


def purchases(lines: ir.Table) -> ir.Table:
    """Orders of members as RFM counts them (``facts.orders``): one row per order, ``member_id``, ``local_date``, ``gross_minor``.

    ``lines``: order lines linked to members.
    """
    return known(orders(lines)).select("member_id", "local_date", "gross_minor")


def returns(lines: ir.Table) -> ir.Table:
    """Refunds of members: ``member_id``, ``local_date``, ``amount_minor`` (below 0)."""
    found = known(lines)
    return found.filter(found.line_kind == "refund").select("member_id", "local_date", "amount_minor")


def buyers(bought: ir.Table, returned: ir.Table, on: date) -> ir.Table:
    """Members with an order, as they stood at the end of a business day. ``bought``: ``purchases``; ``returned``: ``returns``.

    Grain: one row per member. Columns: ``member_id``, ``first_on``, ``last_on``, ``orders``, ``gross_minor``, ``net_minor`` (gross less
    all refunds of the member up to that day; 0 or less stays in). Refunds of people without an order are nobody's here.
    """
    bought = bought.filter(bought.local_date <= on)
    people = bought.group_by("member_id").aggregate(
        first_on=bought.local_date.min(),
        last_on=bought.local_date.max(),
        orders=bought.count(),
        gross_minor=bought.gross_minor.sum(),
    )
    returned = returned.filter(returned.local_date <= on)
    refunds = returned.group_by("member_id").aggregate(refund_minor=returned.amount_minor.sum())
    joined = people.left_join(refunds, "member_id")
    net = joined.gross_minor + joined.refund_minor.fill_null(0)
    return joined.select("member_id", "first_on", "last_on", "orders", "gross_minor", net_minor=net)


def quantile_cuts(days: Int32s, order_count: Int32s, net_minor: Int64s) -> Cuts:
    """Each measure parted as evenly as equal values allow (``cuts.even``)."""
    return _cuts(cuts.even, days, order_count, net_minor)


def average_cuts(days: Int32s, order_count: Int32s, net_minor: Int64s) -> Cuts:
    """Each measure parted at its mean."""
    return _cuts(cuts.mean, days, order_count, net_minor)


def natural_cuts(days: Int32s, order_count: Int32s, net_minor: Int64s) -> Cuts:
    """Each measure parted at its natural break (``cuts.natural``)."""
    return _cuts(cuts.natural, days, order_count, net_minor)


def _cuts(find: Callable[[Array], float], days: Int32s, order_count: Int32s, net_minor: Int64s) -> Cuts:
    """Fewer days are better, so they are asked about below 0."""
    return Cuts(-find(-days), find(order_count), find(net_minor))


def classes(days: Int32s, order_count: Int32s, net_minor: Int64s, at: Cuts) -> Array:
    """Place in ``CLASSES`` of each buyer: exactly one."""
    is_late = days > at.days_since_last_order
    is_seldom = order_count < at.orders
    is_small = net_minor < at.net_minor
    found: Array = (4 * is_small + 2 * is_late + is_seldom).astype(np.int8)
    return found


def tiers(days: Int32s, order_count: Int32s, net_minor: Int64s, limits: Tiering) -> Array:
    """Place in ``TIERS`` of each buyer: the band by days first, then down until the floors of orders and amount hold."""
    found: Array = np.searchsorted(np.array(limits.within_days), days, side="left").astype(np.int8)
    for place in (0, 1):
        holds = (order_count >= limits.orders[place]) & (net_minor >= limits.net_minor[place])
        found[(found == place) & ~holds] = place + 1
    return found
