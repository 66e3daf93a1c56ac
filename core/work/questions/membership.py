"""Membership: who is in which tier, by rule or as imported, who moved, who is about to fall, and accounts of points.

Tiers are told on a day: the last of the period to date, held against the day before the period began. They are told of every member of the
house by all their orders, in whatever channel; scope, units and segments only choose whom is looked at. What was bought is that of the
period. Imported tiers say how things stand in the newest profile, and nothing of the past: nobody can be said to have moved, or to be
about to fall.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
from babel.numbers import get_currency_precision

from core.errors import InvalidMembership, Unknown
from core.lake.reader import Snapshot
from core.metrics import facts as f
from core.metrics import membership as m
from core.metrics.membership import FLOORS, TIERS, VALIDITY_DAYS, Spend
from core.periods import Period, comparable
from core.scope import EVERYTHING, Filters
from core.sequences.arrays import Array, Int64s
from core.work.questions import points, population
from core.work.questions.kept import filed, per_version
from core.work.questions.points import EPOCH, NEVER, Points, day_of
from core.work.questions.reading import Reading, births

By = Literal["rule", "imported"]
BYS: tuple[By, ...] = get_args(By)
KEPT = "membership"
"""Choice of a world's store: ``Terms`` of the house."""
AHEAD = (30, 60)
"""Days ahead for which it is told who falls."""
ALL, NOT_YET, UNTOLD = "all", "none", "untold"
"""Everybody; where those come from who were no members; who has no imported tier."""
LARGEST = 10**9
MOST_VALIDITY = 1095


@dataclass(frozen=True, slots=True)
class Terms:
    """What the house means by its tiers. ``floors``: net spend of 365 days from which each tier but the first begins, in major units;
    ``validity_days``: how long a tier is kept at least; ``point_value``: worth of a point in major units. All of them rules of thumb until somebody
    sets them."""

    by: By = "rule"
    floors: tuple[int, int, int] = FLOORS  # type: ignore[assignment]
    validity_days: int = VALIDITY_DAYS
    point_value: Decimal = Decimal("0.01")

    def to_json(self) -> dict[str, Any]:
        return {
            "by": self.by, "floors": list(self.floors), "validity_days": self.validity_days, "point_value": str(self.point_value),
        }  # fmt: skip

    @classmethod
    def of_json(cls, told: Any) -> "Terms":
        low, middle, high = told["floors"]
        return cls(told["by"], (low, middle, high), told["validity_days"], Decimal(told["point_value"]))


USUAL = Terms()


def refuse(terms: Terms) -> None:
    """Raise ``InvalidMembership`` for terms that contradict themselves: ``reason`` is ``by``, ``floors``, ``limit``, ``validity`` or ``value``."""
    if terms.by not in BYS:
        raise InvalidMembership(f"Tiers are by {' or '.join(BYS)}, not {terms.by!r}.", reason="by")
    if not all(1 <= one <= LARGEST for one in terms.floors):
        raise InvalidMembership(f"Floors are 1 to {LARGEST}.", reason="limit")
    if not terms.floors[0] < terms.floors[1] < terms.floors[2]:
        raise InvalidMembership("Each tier begins above the one below it.", reason="floors")
    if not 0 <= terms.validity_days <= MOST_VALIDITY:
        raise InvalidMembership(f"A tier is kept for 0 to {MOST_VALIDITY} days.", reason="validity")
    if not (terms.point_value.is_finite() and 0 <= terms.point_value <= 1_000):
        raise InvalidMembership("A point is worth 0 to 1000.", reason="value")


def house(reading: Reading) -> Terms:
    """The terms of the house: as chosen, else the usual ones."""
    told = None if reading.references is None else reading.references.choice(KEPT)
    return USUAL if told is None else Terms.of_json(told)


@dataclass(frozen=True, slots=True)
class Asked:
    """``by``: None = as the house does."""

    by: By | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """``on``: the day of the tiers; ``before_on``: the one they are held against, None with imported tiers and where orders do not reach back
    so far. ``rows``: one per tier, the lowest first (imported ones: that of most members first), then ``all``: ``key``, ``members``, ``members_before``, ``of_members``, ``share``, ``buyers``, ``orders``, ``net_minor``,
    ``net_share``, ``aov_minor`` (gross over orders), ``net_per_member_minor``, ``repeaters`` (buyers with two or more orders in the period),
    ``repeat_share``. Undefined is null. ``moves``: ``before``, ``now``, ``members``; ``ways``: ``way`` (up, down, new), ``members``. ``falls``: one row per
    number of days ahead and tier with somebody: ``days``, ``key``, ``members``, ``missing_minor`` (in all), ``median_minor``; ``all`` beside them. Empty where nothing can be told.
    ``points``: None without entries. ``reaches_on``: first day of orders. ``has_imported``: profiles tell tiers. ``is_house``: tiers are those of the house; ``is_usual``: and
    of the newest day, so what segments mean by a tier.
    """

    terms: Terms
    by: By
    is_house: bool
    is_usual: bool
    on: date
    before_on: date | None
    period: Period
    rows: pd.DataFrame
    moves: pd.DataFrame
    ways: pd.DataFrame
    falls: pd.DataFrame
    points: Points | None
    reaches_on: date | None
    has_imported: bool


# -- what segments ask -------------------------------------------------------------------------------------------------


def standings(reading: Reading) -> pa.Table:
    """All members of the lake on its newest day, by ascending ``member_id``: ``tier`` (the house's, null where an imported one is not told) and
    ``points`` (balance; null without entries). Scope and filters are the caller's."""
    return _standings(reading.snapshot, reading.as_of_on, house(reading), reading.zone, reading.currency)


@filed("membership1", "order_lines", "member_profiles", "points", "identity_map")
def _standings(snapshot: Snapshot, on: date | None, terms: Terms, zone: str, currency: str) -> pa.Table:
    ids = population.of(snapshot).ids
    if on is None:
        return pa.table(
            {"member_id": ids, "tier": pa.nulls(ids.size, pa.string()), "points": pa.nulls(ids.size, pa.int64())}
        )
    names, place = _tiers(snapshot, currency, terms, on)
    accounts = points.accounts(snapshot, on, zone)
    tier = pa.array(names, pa.string()).take(pa.array(place, pa.int32(), mask=place < 0))
    balance = pa.array(accounts.balance, mask=~accounts.has_entry)
    return pa.table({"member_id": ids, "tier": tier, "points": balance})


def ruled(snapshot: Snapshot, currency: str, terms: Terms, on: date) -> Array:
    """Of all members of the lake, by ascending id, the place of the tier among ``TIERS`` at the end of a day, by rule, whatever profiles tell. What was
    bought later changes nothing."""
    return _placed(snapshot, on, _floors(terms, currency), terms.validity_days)


def tiers(reading: Reading, by: By | None = None) -> dict[str, int]:
    """How many members of the house have each tier now, scope and filters aside. ``by``: None = as the house does. By rule all tiers, the lowest
    first; imported ones that somebody has, that of most members first."""
    if reading.as_of_on is None:
        return {}
    terms = house(reading)
    terms = replace(terms, by=by or terms.by)
    names, place = _tiers(reading.snapshot, reading.currency, terms, reading.as_of_on)
    members = np.bincount(place[place >= 0], minlength=len(names))
    return {name: int(count) for name, count in zip(names, members, strict=True) if count or terms.by == "rule"}


# -- what pages and the command line ask -------------------------------------------------------------------------------


def membership(reading: Reading, asked: Asked = Asked()) -> Membership | None:
    """None in a lake without dated facts or members."""
    seen = _seen(reading, asked)
    if seen is None:
        return None
    moves, ways = _moved(seen)
    return Membership(
        seen.terms, seen.by, seen.by == seen.terms.by, seen.by == seen.terms.by and seen.on == reading.as_of_on, seen.on, seen.before_on, seen.period, _rows(reading, seen), moves, ways, _falling(seen),
        _points(reading, seen), reading.first_on("order_lines"), _has_imported(reading.snapshot),
    )  # fmt: skip


def behind(reading: Reading, asked: Asked, which: str) -> pd.DataFrame:
    """Members behind a figure, as many as it: ``member_id``, ``value``, the greatest first; of those who fall the least missing first.

    ``which``: ``all``, ``tier.gold``, ``buyers.gold``, ``repeaters.gold`` (value: net spend of the 365 days; of buyers that of the period), ``move.silver.gold``, ``way.up``, ``fall.30.gold``, ``fall.60.all``
    (value: what is missing), ``points.holders`` (balance), ``points.negative``, ``points.expiring.30`` (points that expire), ``points.earned`` and so on
    (net points of the period). Raises ``Unknown``.
    """
    seen = _seen(reading, asked)
    kind, _, rest = which.partition(".")
    if seen is None or kind not in ("all", "tier", "buyers", "repeaters", "move", "way", "fall", "points"):
        if seen is not None:
            raise Unknown("figure", which, ("all", "tier", "move", "way", "fall", "points"))
        return _listed(np.zeros(0, np.int64), np.zeros(0, np.int64))
    ids = seen.ids
    if kind == "points":
        who, value = points.behind(points.accounts(reading.snapshot, seen.on, reading.zone), seen.asked, rest)
        return _listed(ids[who], value)
    if kind == "fall":
        days, _, tier = rest.partition(".")
        if not days.isdigit() or int(days) not in AHEAD or tier not in (*seen.names, ALL):
            raise Unknown("figure", which, [f"fall.{one}.{name}" for one in AHEAD for name in (*seen.names, ALL)])
        found = seen.falls(int(days))
        kept = seen.inside[found.member]
        kept &= True if tier == ALL else found.now == seen.names.index(tier)
        return _listed(ids[found.member[kept]], found.missing[kept], is_least_first=True)
    if kind in ("buyers", "repeaters"):
        bought = _bought(reading, seen)
        who = np.searchsorted(ids, bought["member_id"].to_numpy(np.int64))
        kept = _of_tier(seen, rest)[who] & (bought["orders"].to_numpy() >= (2 if kind == "repeaters" else 1))
        return _listed(ids[who[kept]], bought["net_minor"].to_numpy(np.int64)[kept])
    kept = seen.inside & _chosen(seen, kind, rest, which)
    return _listed(ids[kept], seen.year[kept])


def _listed(ids: Int64s, value: Int64s, *, is_least_first: bool = False) -> pd.DataFrame:
    frame = pd.DataFrame({"member_id": ids, "value": value})
    return frame.sort_values(["value", "member_id"], ascending=[is_least_first, True], ignore_index=True)


def _chosen(seen: "_Seen", kind: str, rest: str, which: str) -> Array:
    if kind == "all":
        return np.ones(seen.ids.size, bool)
    if kind == "tier":
        return _of_tier(seen, rest)
    if seen.before is None:
        return np.zeros(seen.ids.size, bool)
    if kind == "way":
        if rest not in WAYS:
            raise Unknown("figure", which, [f"way.{one}" for one in WAYS])
        return np.equal(_way(seen), WAYS.index(rest))
    before, _, now = rest.partition(".")
    if before not in (*seen.names, NOT_YET) or now not in seen.names:
        raise Unknown("figure", which, [f"move.{NOT_YET}.{name}" for name in seen.names])
    came = -1 if before == NOT_YET else seen.names.index(before)
    return (seen.before == came) & (seen.place == seen.names.index(now))


def _of_tier(seen: "_Seen", tier: str) -> Array:
    if tier == ALL:
        return np.ones(seen.ids.size, bool)
    if tier not in (*seen.names, UNTOLD):
        raise Unknown("tier", tier, seen.names)
    return np.equal(seen.place, -1 if tier == UNTOLD else seen.names.index(tier))


# -- who stands where --------------------------------------------------------------------------------------------------

WAYS = ("up", "down", "new", "same")


@dataclass(frozen=True, eq=False)
class _Seen:
    """Members by ascending id with their places among ``names``; -1 = no tier, or before no member. ``inside``: whom scope and filters leave.
    ``year``: net spend of 365 days."""

    terms: Terms
    by: By
    on: date
    before_on: date | None
    period: Period
    ids: Int64s
    inside: Array
    names: tuple[str, ...]
    place: Array
    before: Array | None
    spend: Spend
    floors: tuple[int, ...]
    _falls: dict[int, m.Falls] = field(default_factory=dict)

    @property
    def asked(self) -> points.Asked:
        """Whose points are looked at, and which."""
        return points.Asked(self.inside, self.period.start_on, self.on)

    @cached_property
    def year(self) -> Int64s:
        return m.spent(self.spend, day_of(self.on))

    def falls(self, days: int) -> m.Falls:
        if self.by != "rule":
            none, nowhere = np.zeros(0, np.int64), np.zeros(0, np.int8)
            return m.Falls(none, nowhere, nowhere, none, none)
        if days not in self._falls:
            self._falls[days] = m.falls(self.spend, self.floors, self.terms.validity_days, day_of(self.on), days)
        return self._falls[days]


def _seen(reading: Reading, asked: Asked) -> _Seen | None:
    if reading.period is None or reading.as_of_on is None:
        return None
    ids = population.of(reading.snapshot).ids
    if not ids.size:
        return None
    terms = house(reading)
    by = asked.by or terms.by
    if by not in BYS:
        raise Unknown("rule", by, BYS)
    now, _ = comparable(reading.period, reading.as_of_on)
    on, before_on = now.last_on, now.start_on - timedelta(days=1)
    inside = np.ones(ids.size, bool)
    if reading.allowed is not None:
        inside = np.isin(ids, reading.snapshot.stream(reading.allowed)["member_id"])
    inside &= _known_on(reading, on)
    names, place = _tiers(
        reading.snapshot, reading.currency, Terms(by, terms.floors, terms.validity_days, terms.point_value), on
    )
    is_told = by == "rule" and reading.reaches_back(before_on, "order_lines")
    before = None
    if is_told:
        ruled = terms if terms.by == "rule" else _by_rule(terms)
        before = _tiers(reading.snapshot, reading.currency, ruled, before_on)[1].copy()
        before[~_known_on(reading, before_on)] = -1
    return _Seen(
        terms, by, on, before_on if is_told else None, now, ids, inside, names, place, before, _spend(reading.snapshot, on),
        _floors(terms, reading.currency),
    )  # fmt: skip


def _by_rule(terms: Terms) -> Terms:
    return Terms("rule", terms.floors, terms.validity_days, terms.point_value)


def _floors(terms: Terms, currency: str) -> tuple[int, ...]:
    return tuple(one * 10 ** get_currency_precision(currency) for one in terms.floors)


def _tiers(snapshot: Snapshot, currency: str, terms: Terms, on: date) -> tuple[tuple[str, ...], Array]:
    """Names of tiers and the place of each member on a day; -1 = none."""
    if terms.by == "imported":
        return _imported(snapshot)
    return TIERS, _placed(snapshot, on, _floors(terms, currency), terms.validity_days)


@per_version("order_lines", "identity_map", most=6)
def _placed(snapshot: Snapshot, on: date, floors: tuple[int, ...], validity_days: int) -> Array:
    return m.tiers(_spend(snapshot, on), floors, validity_days, day_of(on)).astype(np.int64)


def _spend(snapshot: Snapshot, on: date) -> Spend:
    return _all_spend(snapshot).until(day_of(on))


@per_version("order_lines", "identity_map", most=2)
def _all_spend(snapshot: Snapshot) -> Spend:
    ids = population.of(snapshot).ids
    rows = m.net_by_day(f.linked(snapshot.table("order_lines"), population.links(snapshot)))
    day = rows.local_date.delta(EPOCH, unit="day").cast("int64")
    arrays = snapshot.stream(rows.select("member_id", "net_minor", day=day).order_by("member_id", "day"))
    return Spend(np.searchsorted(ids, arrays["member_id"]), arrays["day"], arrays["net_minor"], ids.size)


@per_version("member_profiles", "identity_map", most=4)
def _imported(snapshot: Snapshot) -> tuple[tuple[str, ...], Array]:
    """Tiers, that of most members first, for nobody told their order; and the one of the newest profile of each member that tells one."""
    ids = population.of(snapshot).ids
    place = np.full(ids.size, -1, np.int64)
    if not _has_imported(snapshot):
        return (), place
    rows = f.known(f.linked(snapshot.current("member_profiles"), population.links(snapshot)))
    rows = rows.filter(rows.tier.notnull()).select("member_id", "tier", "batch_id", "row_number")
    told = snapshot.arrow(rows.order_by("batch_id", "row_number"))
    codes = told["tier"].combine_chunks().dictionary_encode()
    names = [str(one) for one in codes.dictionary.to_pylist()]
    place[np.searchsorted(ids, told["member_id"].to_numpy())] = codes.indices.to_numpy()
    size = np.bincount(place[place >= 0], minlength=len(names))
    order = sorted(range(len(names)), key=lambda at: (-size[at], names[at]))
    rank = np.full(len(names) + 1, -1, np.int64)
    rank[order] = np.arange(len(names))
    return tuple(names[at] for at in order), rank[place]


@per_version("member_profiles", most=4)
def _has_imported(snapshot: Snapshot) -> bool:
    if not snapshot.files("member_profiles"):
        return False
    return bool(snapshot.value(snapshot.current("member_profiles").tier.notnull().any()))


def _known_on(reading: Reading, on: date) -> Array:
    """Who was a member on a day: those whose first day is not known always were."""
    ids = population.of(reading.snapshot).ids
    born = _births(reading.snapshot, reading.zone, reading.currency)
    found: Array = born <= day_of(on)
    assert found.size == ids.size
    return found


@per_version(
    "events", "order_lines", "group_messages", "group_membership", "member_profiles", "identity_map", "event_names", most=4
)  # fmt: skip
def _births(snapshot: Snapshot, zone: str, currency: str) -> Int64s:
    """First day of each member; far in the past where it is not known."""
    found = births(Reading(snapshot, zone, currency, EVERYTHING, Filters()))
    known = found.filter(found["local_date"].is_valid())
    ids = population.of(snapshot).ids
    born = np.full(ids.size, -NEVER, np.int64)
    day = known["local_date"].cast(pa.date32()).cast(pa.int32()).to_numpy()
    born[np.searchsorted(ids, known["member_id"].to_numpy())] = day
    return born


# -- figures of tiers --------------------------------------------------------------------------------------------------


def _bought(reading: Reading, seen: _Seen) -> pd.DataFrame:
    """``member_id``, ``orders``, ``gross_minor``, ``net_minor`` of the members inside who bought, or sent something back, in the period."""
    lines = f.known(f.linked(reading.snapshot.table("order_lines"), reading.members))
    # Refunds are dated on their own days, so a net amount is that of the period and not of its orders.
    inside = lines.filter(lines.line_kind != "adjustment", lines.local_date.between(seen.period.start_on, seen.on))
    net = inside.group_by("member_id").aggregate(net_minor=inside.amount_minor.sum().cast("int64"))
    orders = f.orders(lines)
    orders = orders.filter(orders.local_date.between(seen.period.start_on, seen.on))
    made = orders.group_by("member_id").aggregate(
        orders=orders.count(), gross_minor=orders.gross_minor.sum().cast("int64")
    )
    both = net.left_join(made, "member_id").select(
        "member_id", net_minor=net.net_minor, orders=made.orders.fill_null(0), gross_minor=made.gross_minor.fill_null(0)
    )
    found = reading.snapshot.frame(both.order_by("member_id"))
    who = np.searchsorted(seen.ids, found["member_id"].to_numpy(np.int64))
    return found[seen.inside[who]].reset_index(drop=True)


def _rows(reading: Reading, seen: _Seen) -> pd.DataFrame:
    bought = _bought(reading, seen)
    who = np.searchsorted(seen.ids, bought["member_id"].to_numpy(np.int64))
    total = int(seen.inside.sum())
    orders, net = bought["orders"].to_numpy(), bought["net_minor"].to_numpy()
    gross, all_net = bought["gross_minor"].to_numpy(), int(bought["net_minor"].sum())
    rows = []
    told = (*seen.names, UNTOLD) if (seen.place[seen.inside] < 0).any() else seen.names
    for name in (*told, ALL):
        own = _of_tier(seen, name)
        mine = own[who]
        members, buyers = int((own & seen.inside).sum()), int((mine & (orders > 0)).sum())
        made, paid, repeaters = int(orders[mine].sum()), int(net[mine].sum()), int((mine & (orders > 1)).sum())
        then = None
        if seen.before is not None:
            was = seen.before >= 0 if name == ALL else seen.before == seen.names.index(name)
            then = int((was & seen.inside).sum())
        rows.append({
            "key": name, "members": members, "members_before": then, "of_members": total, "share": _over(members, total), "buyers": buyers,
            "orders": made, "net_minor": paid, "net_share": _over(paid, all_net) if all_net > 0 else None,
            "aov_minor": _over(int(gross[mine].sum()), made), "net_per_member_minor": _over(paid, members),
            "repeaters": repeaters, "repeat_share": _over(repeaters, buyers),
        })  # fmt: skip
    floats = ("share", "net_share", "aov_minor", "net_per_member_minor", "repeat_share")
    return pd.DataFrame(rows).astype(dict.fromkeys(floats, "Float64") | {"members_before": "Int64"})


def _over(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _way(seen: _Seen) -> Array:
    assert seen.before is not None
    then, now = seen.before, seen.place
    found: Array = np.select([then < 0, now > then, now < then], [2, 0, 1], 3)
    return found


def _moved(seen: _Seen) -> tuple[pd.DataFrame, pd.DataFrame]:
    moves, ways = [], []
    if seen.before is not None:
        for came, before in enumerate((NOT_YET, *seen.names), start=-1):
            for place, now in enumerate(seen.names):
                moves.append((before, now, int((seen.inside & (seen.before == came) & (seen.place == place)).sum())))
        way = _way(seen)[seen.inside]
        ways = [(name, int((way == number).sum())) for number, name in enumerate(WAYS)]
    return pd.DataFrame(moves, columns=["before", "now", "members"]), pd.DataFrame(ways, columns=["way", "members"])


def _falling(seen: _Seen) -> pd.DataFrame:
    rows = []
    for days in AHEAD if seen.by == "rule" else ():
        found = seen.falls(days)
        kept = seen.inside[found.member]
        for place, name in [*enumerate(seen.names), (-1, ALL)]:
            own = kept if name == ALL else kept & (found.now == place)
            missing = found.missing[own]
            if missing.size or name == ALL:
                rows.append(
                    (
                        days,
                        name,
                        int(missing.size),
                        int(missing.sum()),
                        float(np.median(missing)) if missing.size else None,
                    )
                )
    columns = ["days", "key", "members", "missing_minor", "median_minor"]
    return pd.DataFrame(rows, columns=columns).astype({"median_minor": "Float64"})


def _points(reading: Reading, seen: _Seen) -> Points | None:
    minor = seen.terms.point_value * 10 ** get_currency_precision(reading.currency)
    return points.told(points.accounts(reading.snapshot, seen.on, reading.zone), seen.asked, minor)
