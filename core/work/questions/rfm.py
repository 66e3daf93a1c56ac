"""What buyers are worth: eight classes by three measures, four tiers, who moved since the period before, and who stands where.

Figures of value are stocks: every buyer as they stood at the end of a day, by everything up to it. The day is the last of the period to
date; it is held against the day before the period began. The measures are parted by all buyers of the house, whoever asks and whatever
members are looked at, so that a class means the same in every unit; the same values part both days, so that nobody moves because others
did. Only the channels chosen change what is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Literal, get_args

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
from babel.numbers import get_currency_precision

from core.errors import InvalidRfm, Unknown
from core.lake.reader import Snapshot
from core.metrics import facts, rfm
from core.metrics.rfm import CLASSES, TIERS, Cuts, Tiering
from core.periods import comparable
from core.sequences.arrays import Array, Int32s, Int64s
from core.work.questions.kept import filed, per_version
from core.work.questions.reading import Reading

Method = Literal["quantile", "average", "breaks", "fixed"]
METHODS: tuple[Method, ...] = get_args(Method)
View = Literal["class", "tier"]
WORDS: dict[View, tuple[str, ...]] = {"class": CLASSES, "tier": TIERS}
Way = Literal["up", "down", "mixed", "same", "new"]
WAYS: tuple[str, ...] = get_args(Way)
"""How somebody moved. Class: ``up`` where a measure rose to high and none fell, ``down`` the other way round, ``mixed`` where both happened.
Tier: the order of the tiers. ``new``: had no order then."""
MEASURES = ("days", "orders", "net")
NOT_YET = "none"
"""Where those come from who had no order yet."""
ALL = "all"
NOBODY = np.int8(-1)
EPOCH = date(1970, 1, 1)
LARGEST = 10**9
"""Of a limit that somebody sets."""
DAY_EDGES = (0, 8, 31, 91, 181, 366)
ORDER_EDGES = (1, 2, 3, 4, 5, 10, 20)
MOST_BINS = 9


@dataclass(frozen=True, slots=True)
class Fixed:
    """Limits that somebody sets, amounts in major units. Rules of thumb: those of the second tier."""

    days: int = 30
    orders: int = 2
    net: int = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """``fixed`` counts only with that method. ``tier_days``, ``tier_orders``, ``tier_net``: see ``rfm.Tiering``, amounts in major units."""

    method: Method = "quantile"
    fixed: Fixed = Fixed()
    tier_days: tuple[int, int, int] = (7, 30, 90)
    tier_orders: tuple[int, int] = (5, 2)
    tier_net: tuple[int, int] = (5000, 1000)


USUAL = Asked()
"""What segments mean by a class and by a tier."""


@dataclass(frozen=True, eq=False)
class Bought:
    """Buyers by ascending member id, as they stood on a day: arrays of equal length. ``first``, ``last``: days since 1970."""

    ids: Int64s
    first: Int32s
    last: Int32s
    orders: Int32s
    gross: Int64s
    net: Int64s

    def days(self, on: date) -> Int32s:
        return np.int32((on - EPOCH).days) - self.last


@dataclass(frozen=True, eq=False)
class Placed:
    """Buyers with their places: in ``CLASSES`` and in ``TIERS``; and those they had ``before`` (-1: no order yet), if there is such a day."""

    on: date
    bought: Bought
    cuts: Cuts
    tiering: Tiering
    places: dict[View, Array]
    before: dict[View, Array] | None

    @cached_property
    def days(self) -> Int32s:
        return self.bought.days(self.on)


@dataclass(frozen=True, slots=True)
class Rfm:
    """``on``: the day of the figures; ``before_on``: the one they are held against, None where the orders of the lake do not reach back so
    far. ``cuts``: where high begins, found among ``parted`` buyers. ``rows``, ``tiers``: one per class or tier, then ``all``: ``key``,
    ``members``, ``of_members`` (all together), ``share``, ``orders``, ``gross_minor``, ``net_minor``, ``net_share``, ``aov_minor`` (gross over orders),
    ``net_per_member_minor``, ``median_days``, and ``members_before`` where there is a day before. Undefined is null.

    ``moves``: ``view``, ``before`` (a class or tier, or ``none``), ``now``, ``members``; ``ways``: ``view``, ``way``, ``members``. Empty without a
    day before. ``spread``: ``measure`` (days, orders, net), ``place``, ``low``, ``high`` (half open; null: without end), ``members``,
    ``high_members`` (of these, those on the high side). ``usual``: in which views the words are what a live segment means by them.
    """

    asked: Asked
    on: date
    before_on: date | None
    cuts: Cuts
    tiering: Tiering
    parted: int
    usual: frozenset[View]
    rows: pd.DataFrame
    tiers: pd.DataFrame
    moves: pd.DataFrame
    ways: pd.DataFrame
    spread: pd.DataFrame


# -- what segments ask -------------------------------------------------------------------------------------------------


def standings(reading: Reading) -> pa.Table:
    """All buyers of the lake on its newest day, in every channel, by ascending ``member_id``: ``days_since_last_order``, ``orders``,
    ``net_minor``, ``rfm_class``, ``value_tier`` (texts), with ``USUAL`` limits. Kept per version. Scope and filters are the caller's."""
    if reading.as_of_on is None:
        return _standings(_nobody())
    return _kept_standings(reading.snapshot, reading.as_of_on, get_currency_precision(reading.currency))


@filed("rfm1", "order_lines", "identity_map")
def _kept_standings(snapshot: Snapshot, on: date, digits: int) -> pa.Table:
    return _standings(_placed(snapshot, (on,), (), USUAL, digits))


def _standings(placed: Placed) -> pa.Table:
    def worded(view: View) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array(placed.places[view], pa.int8()), pa.array(WORDS[view]))

    bought = placed.bought
    return pa.table(
        {
            "member_id": bought.ids,
            "days_since_last_order": placed.days.astype(np.int64),
            "orders": bought.orders.astype(np.int64),
            "net_minor": bought.net,
            "rfm_class": worded("class"),
            "value_tier": worded("tier"),
        }
    )


# -- what pages and the command line ask -------------------------------------------------------------------------------


def worth(reading: Reading, asked: Asked = USUAL) -> Rfm | None:
    """None in a lake without data or where nobody bought yet. Raises ``InvalidRfm``."""
    seen = _seen(reading, asked)
    if seen is None:
        return None
    placed, inside, before_on = seen
    moves, ways = _moved(placed, inside)
    tables = {view: _rows(placed, inside, view) for view in WORDS}
    return Rfm(
        asked, placed.on, before_on, placed.cuts, placed.tiering, placed.bought.ids.size, _usual(reading, asked, placed.on),
        tables["class"], tables["tier"], moves, ways, _spread(placed, inside),
    )  # fmt: skip


def behind(reading: Reading, asked: Asked, which: str) -> pd.DataFrame:
    """Members behind a figure, as many as it: ``member_id``, ``value`` (net amount), the greatest first.

    ``which``: ``all``, ``class.high_value``, ``tier.lost``, ``move.class.low_keep.high_value``, ``move.tier.none.potential``, ``way.class.up``, or a
    bin of the spread as ``spread.days.2``. Raises ``Unknown`` and ``InvalidRfm``.
    """
    kind, *names = _named(which)
    seen = _seen(reading, asked)
    if seen is None:
        return pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})
    placed, inside, _ = seen
    if kind in WORDS:
        view = _view(kind)
        kept = inside & (placed.places[view] == WORDS[view].index(names[0]))
    elif kind in ("move", "way"):
        then = placed.before
        kept = (
            np.zeros(inside.size, bool)
            if then is None
            else inside & _went(kind, _view(names[0]), names[1:], then, placed)
        )
    elif kind == "spread":
        values, edges = _measured(placed)[names[0]]
        kept = inside & (np.searchsorted(edges, values, side="right") - 1 == int(names[1]))
    else:
        kept = inside
    found = pd.DataFrame({"member_id": placed.bought.ids[kept], "value": placed.bought.net[kept]})
    return found.sort_values(["value", "member_id"], ascending=[False, True], ignore_index=True)


def _went(kind: str, view: View, names: list[str], before: dict[View, Array], placed: Placed) -> Array:
    """Who made a move, or went a way."""
    then, now = before[view], placed.places[view]
    if kind == "way":
        return np.equal(_way(view, then, now), WAYS.index(names[0]))
    came = -1 if names[0] == NOT_YET else WORDS[view].index(names[0])
    found: Array = (then == came) & (now == WORDS[view].index(names[1]))
    return found


def _view(name: str) -> View:
    return "class" if name == "class" else "tier"


def _named(which: str) -> list[str]:
    """The parts of what somebody names a figure. Raises ``Unknown``."""
    parts = which.split(".")
    kind, names = parts[0], parts[1:]
    views: tuple[str, ...] = tuple(WORDS)
    known: dict[str, list[tuple[tuple[str, ...], ...]]] = {
        "all": [()],
        "class": [(CLASSES,)],
        "tier": [(TIERS,)],
        "move": [((view,), (NOT_YET, *WORDS[view]), WORDS[view]) for view in WORDS],
        "way": [(views, WAYS)],
        "spread": [(MEASURES, tuple(map(str, range(MOST_BINS + 1))))],
    }
    fits = any(
        len(form) == len(names) and all(name in allowed for name, allowed in zip(names, form, strict=True))
        for form in known.get(kind, [])
    )
    if not fits:
        raise Unknown("figure", which, known)
    return parts


# -- who stands where --------------------------------------------------------------------------------------------------


def _seen(reading: Reading, asked: Asked) -> tuple[Placed, Array, date | None] | None:
    """All buyers in their places, which of them scope and filters leave, and the day to hold them against; None where nobody is left to
    tell of."""
    _refuse(asked)
    if reading.period is None or reading.as_of_on is None or not reading.snapshot.files("order_lines"):
        return None
    now, _ = comparable(reading.period, reading.as_of_on)
    before_on = now.start_on - timedelta(days=1)
    has_before = reading.reaches_back(before_on, "order_lines")
    placed = _placed(
        reading.snapshot, (now.last_on, before_on) if has_before else (now.last_on,), tuple(sorted(reading.filters.channels)), asked,
        get_currency_precision(reading.currency),
    )  # fmt: skip
    ids = placed.bought.ids
    if not ids.size:
        return None
    inside = np.ones(ids.size, bool)
    if reading.allowed is not None:
        allowed = reading.snapshot.stream(reading.allowed)["member_id"]
        inside = np.isin(ids, allowed)
    return placed, inside, before_on if has_before else None


@per_version("order_lines", "identity_map", most=3)
def _bought(snapshot: Snapshot, days: tuple[date, ...], channels: tuple[str, ...]) -> tuple[Bought, ...]:
    """Buyers as they stood on each of these days. Lines are put together as orders once for all days, which is the dearest part."""
    members = snapshot.member_map()
    members = members.filter(members.is_known).select("identity_key", "member_id")
    lines = snapshot.table("order_lines")
    if channels:
        lines = lines.filter(lines.channel.isin(channels))
    lines = facts.linked(lines, members)
    orders, refunds = snapshot.keep(rfm.purchases(lines)), snapshot.keep(rfm.returns(lines))
    return tuple(_stood(snapshot, rfm.buyers(orders, refunds, day)) for day in days)


def _stood(snapshot: Snapshot, found: ir.Table) -> Bought:
    days = {name: found[name].delta(EPOCH, unit="day").cast("int32") for name in ("first_on", "last_on")}
    arrays = snapshot.stream(found.mutate(**days, orders=found.orders.cast("int32")))
    order = np.argsort(arrays["member_id"])
    names = ("member_id", "first_on", "last_on", "orders", "gross_minor", "net_minor")
    return Bought(*(arrays[name][order] for name in names))


@per_version("order_lines", "identity_map", most=6)
def _placed(snapshot: Snapshot, days: tuple[date, ...], channels: tuple[str, ...], asked: Asked, digits: int) -> Placed:
    """``days``: the one of the figures, and the one they are held against."""
    on, (bought, *earlier) = days[0], _bought(snapshot, days, channels)
    measured = (bought.days(on), bought.orders, bought.net)
    unit = 10**digits
    if asked.method == "fixed" or not bought.ids.size:
        cuts = Cuts(asked.fixed.days, asked.fixed.orders, asked.fixed.net * unit)
    else:
        find = {"quantile": rfm.quantile_cuts, "average": rfm.average_cuts, "breaks": rfm.natural_cuts}[asked.method]
        cuts = find(*measured)
    high, potential = asked.tier_net
    tiering = Tiering(asked.tier_days, asked.tier_orders, (high * unit, potential * unit))
    places: dict[View, Array] = {"class": rfm.classes(*measured, cuts), "tier": rfm.tiers(*measured, tiering)}
    return Placed(on, bought, cuts, tiering, places, _before(days, bought, earlier, cuts, tiering))


def _nobody() -> Placed:
    whole, small = np.empty(0, np.int64), np.empty(0, np.int32)
    places: dict[View, Array] = {view: np.empty(0, np.int8) for view in WORDS}
    return Placed(EPOCH, Bought(whole, small, small, small, whole, whole), Cuts(0, 0, 0), Tiering(), places, None)


def _before(
    days: Sequence[date], bought: Bought, earlier: Sequence[Bought], cuts: Cuts, tiering: Tiering
) -> dict[View, Array] | None:
    """Places that the same buyers had on the day before, by the same limits; -1 for who had no order yet. None without such a day."""
    if not earlier:
        return None
    on, then = days[1], earlier[0]
    seat = np.searchsorted(bought.ids, then.ids)
    measured = (then.days(on), then.orders, then.net)
    held: dict[View, Array] = {view: np.full(bought.ids.size, NOBODY) for view in WORDS}
    held["class"][seat] = rfm.classes(*measured, cuts)
    held["tier"][seat] = rfm.tiers(*measured, tiering)
    return held


def _usual(reading: Reading, asked: Asked, on: date) -> frozenset[View]:
    """Where a word is what a live segment means by it: by its usual limits, on the newest day, over all channels."""
    if on != reading.as_of_on or reading.filters.channels:
        return frozenset()
    method, tiering = Asked(asked.method, asked.fixed), replace(asked, method=USUAL.method, fixed=USUAL.fixed)
    found: dict[View, bool] = {"class": method == USUAL, "tier": tiering == USUAL}
    return frozenset(view for view, is_usual in found.items() if is_usual)


# -- figures -----------------------------------------------------------------------------------------------------------


def _rows(placed: Placed, inside: Array, view: View) -> pd.DataFrame:
    bought, days = placed.bought, placed.days
    then = None if placed.before is None else placed.before[view]
    found = []
    for place, key in [*enumerate(WORDS[view]), (None, ALL)]:
        mine = inside if place is None else inside & (placed.places[view] == place)
        row: dict[str, object] = {
            "key": key, "members": int(mine.sum()), "orders": int(bought.orders[mine].sum(dtype=np.int64)),
            "gross_minor": int(bought.gross[mine].sum()), "net_minor": int(bought.net[mine].sum()),
            "median_days": float(np.median(days[mine])) if mine.any() else None,
        }  # fmt: skip
        if then is not None:
            row["members_before"] = int((inside & ((then == place) if place is not None else (then != NOBODY))).sum())
        found.append(row)
    rows = pd.DataFrame(found).astype({"median_days": "Float64"})
    total = rows.iloc[-1]
    rows["of_members"] = int(total["members"])
    rows["share"] = _over(rows["members"], int(total["members"]))
    rows["net_share"] = _over(rows["net_minor"], max(int(total["net_minor"]), 0))
    rows["aov_minor"] = (rows["gross_minor"] / rows["orders"].where(rows["orders"] > 0)).astype("Float64")
    rows["net_per_member_minor"] = (rows["net_minor"] / rows["members"].where(rows["members"] > 0)).astype("Float64")
    return rows


def _over(column: pd.Series, whole: int) -> pd.Series:
    if whole <= 0:
        return pd.Series(pd.NA, index=column.index, dtype="Float64")
    return (column / whole).astype("Float64")


def _moved(placed: Placed, inside: Array) -> tuple[pd.DataFrame, pd.DataFrame]:
    moves: list[tuple[str, str, str, int]] = []
    ways: list[tuple[str, str, int]] = []
    for view, words in WORDS.items():
        if placed.before is None:
            break
        then, now = placed.before[view][inside], placed.places[view][inside]
        froms = (NOT_YET, *words)
        counts = np.bincount((then.astype(np.int64) + 1) * len(words) + now, minlength=len(froms) * len(words))
        pairs = [(came, went) for came in froms for went in words]
        moves += [(view, *pair, int(count)) for pair, count in zip(pairs, counts, strict=True)]
        by_way = np.bincount(_way(view, then, now), minlength=len(WAYS))
        ways += [(view, way, int(count)) for way, count in zip(WAYS, by_way, strict=True)]
    return (
        pd.DataFrame(moves, columns=["view", "before", "now", "members"]),
        pd.DataFrame(ways, columns=["view", "way", "members"]),
    )


def _way(view: str, then: Array, now: Array) -> Array:
    """Place in ``WAYS`` of each. Bits of a class are what is low, and smaller tiers are better, so less is up in both."""
    if view == "class":
        rose, fell = (then & ~now) > 0, (now & ~then) > 0
    else:
        rose, fell = now < then, now > then
    found: Array = np.select([then == NOBODY, rose & fell, rose, fell], [4, 2, 0, 1], 3)
    return found


def _measured(placed: Placed) -> dict[str, tuple[Array, Int64s]]:
    """Values of each measure, and the edges of its bins."""
    net = placed.bought.net
    return {
        "days": (placed.days, np.array(DAY_EDGES)),
        "orders": (placed.bought.orders, np.array(ORDER_EDGES)),
        "net": (net, _amounts(net)),
    }


def _spread(placed: Placed, inside: Array) -> pd.DataFrame:
    place = placed.places["class"]
    is_high = {"days": (place & 2) == 0, "orders": (place & 1) == 0, "net": (place & 4) == 0}
    rows = []
    for measure, (values, edges) in _measured(placed).items():
        bins = np.searchsorted(edges, values, side="right") - 1
        every = np.bincount(bins[inside], minlength=edges.size)
        high = np.bincount(bins[inside & is_high[measure]], minlength=edges.size)
        ends = [*map(tuple, pairwise(edges.tolist())), (int(edges[-1]), None)]
        for number, (low, end) in enumerate(ends):
            rows.append((measure, number, low, end, int(every[number]), int(high[number])))
    columns = ["measure", "place", "low", "high", "members", "high_members"]
    found = pd.DataFrame(rows, columns=columns).astype({"high": "Int64", "low": "Int64"})
    lowest = found.index[(found["measure"] == "net") & (found["place"] == 0)]
    found.loc[lowest, "low"] = pd.NA
    return found


def _amounts(net: Int64s) -> Int64s:
    """Edges at 1, 2 and 5 times powers of ten over the middle nine tenths, with all of 0 and less below them."""
    low, high = (float(one) for one in np.quantile(np.maximum(net, 1), (0.05, 0.95), method="inverted_cdf"))
    ladder = [step * 10**power for power in range(0, 15) for step in (1, 2, 5)]
    chosen = [edge for edge in ladder if low < edge <= high] or [next(edge for edge in ladder if edge > low)]
    chosen = chosen[:: -(-len(chosen) // (MOST_BINS - 2))]
    return np.array([np.iinfo(np.int64).min, 1, *(edge for edge in chosen if edge > 1)], np.int64)


def _refuse(asked: Asked) -> None:
    """Raise ``InvalidRfm`` for limits that part nobody or contradict each other."""
    if asked.method not in METHODS:
        raise InvalidRfm(f"Methods are {', '.join(METHODS)}, not {asked.method!r}.", problem="method")
    fixed = asked.fixed
    every = (fixed.days, fixed.orders, fixed.net, *asked.tier_days, *asked.tier_orders, *asked.tier_net)
    if not all(0 <= one <= LARGEST for one in every):
        raise InvalidRfm(f"Limits are 0 to {LARGEST}.", problem="limit")
    if not asked.tier_days[0] < asked.tier_days[1] < asked.tier_days[2]:
        raise InvalidRfm("Each tier ends later than the one above it.", problem="order")
    if asked.tier_orders[0] < asked.tier_orders[1] or asked.tier_net[0] < asked.tier_net[1]:
        raise InvalidRfm("Floors of a tier are no lower than those of the tier below.", problem="order")
