"""What scores are learnt from: what was known of each member when a day began, and what came of it.

As of a cut-off day ``c`` a feature is made of facts whose business date lies before ``c``, and of nothing else: what is filed under an earlier day but
happened later (the first reply to a conversation, its solution) counts from when it happened. Three things are taken as they are known today, because the
lake keeps no time of them: which identities are one member, which event names are approved, and the day that a profile says a member
joined on. Profiles say of tiers, cities and tags what holds now, so no feature is made of them; the tier is counted by the house's rule.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.errors import LabelsOpen, Unknown
from core.lake.reader import Snapshot
from core.lake.writer import local_time
from core.metrics import care, habits
from core.metrics import facts as f
from core.metrics.sends import OLDEST_DAYS
from core.periods import Period, midnight
from core.scope import EVERYTHING, Filters
from core.sequences.arrays import Int64s
from core.work import rollups
from core.work.questions import membership, population
from core.work.questions.kept import per_version
from core.work.questions.membership import Terms
from core.work.questions.points import day_of
from core.work.questions.reading import DATED, Reading, births

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Target = Literal["churn_activity", "churn_order", "conversion"]
Unit = Literal["days", "count", "share", "money", "score", "ratio", "place"]
"""``place``: of a tier, from 0, the lowest. ``score``: 1 to 5."""

TARGETS: tuple[Target, ...] = ("churn_activity", "churn_order", "conversion")
"""``churn_activity``: of members with an action of their own in the ``ACTIVE_DAYS`` before the cut-off, who does nothing in the days after it.
``churn_order``: of members with an order in the ``BUYER_DAYS`` before it, who orders nothing. ``conversion``: of members with an action in
the ``ACTIVE_DAYS`` before it, who orders."""
TELLING: Mapping[str, tuple[str, ...]] = {
    "churn_activity": ("events", "order_lines", "group_messages"),
    "churn_order": ("order_lines",),
    "conversion": ("order_lines",),
}
"""Tables that tell what came of it. Of a day before the first or after the last of them nothing is known, whatever other tables tell: it is no day without an order."""
HORIZONS = (30, 60, 90)
ACTIVE_DAYS, BUYER_DAYS = 90, 365
READ = (*DATED, "consents", "member_profiles", "identity_map", "event_names")
"""Tables that features are read from."""


@dataclass(frozen=True, slots=True)
class Feature:
    """``name``: also of its texts, ``score.feature_<name>`` and ``score.feature_help_<name>``. ``none``: what stands in the matrix where it is not defined, in
    its unit. ``is_log``: the matrix holds sign(x) * ln(1 + |x|) of it. ``topic``: what it is about."""

    name: str
    unit: Unit
    topic: Literal["orders", "activity", "chat", "touches", "service", "standing"]
    none: float = 0.0
    is_log: bool = True


YEARS = 3 * 365.0
"""What stands for the time since something that never was."""
FEATURES = (
    Feature("days_since_last_order", "days", "orders", YEARS),
    Feature("days_since_first_order", "days", "orders"),
    Feature("orders_30d", "count", "orders"),
    Feature("orders_90d", "count", "orders"),
    Feature("orders_365d", "count", "orders"),
    Feature("orders_all", "count", "orders"),
    Feature("products_all", "count", "orders"),
    Feature("net_all_minor", "money", "orders"),
    Feature("net_365d_minor", "money", "orders"),
    Feature("net_90d_minor", "money", "orders"),
    Feature("aov_minor", "money", "orders"),
    Feature("gap_mean_days", "days", "orders", YEARS),
    Feature("gap_spread_days", "days", "orders"),
    Feature("overdue_ratio", "ratio", "orders", 1.0),
    Feature("coupon_share", "share", "orders", is_log=False),
    Feature("refunds_all", "count", "orders"),
    Feature("refund_share", "share", "orders", is_log=False),
    Feature("days_since_last_action", "days", "activity", YEARS),
    Feature("active_days_7d", "count", "activity"),
    Feature("active_days_30d", "count", "activity"),
    Feature("active_days_90d", "count", "activity"),
    Feature("active_trend", "ratio", "activity", is_log=False),
    Feature("sessions_30d", "count", "activity"),
    Feature("views_30d", "count", "activity"),
    Feature("views_90d", "count", "activity"),
    Feature("carts_90d", "count", "activity"),
    Feature("interactions_90d", "count", "activity"),
    Feature("messages_30d", "count", "chat"),
    Feature("messages_90d", "count", "chat"),
    Feature("days_since_last_message", "days", "chat", YEARS),
    Feature("groups", "count", "chat"),
    Feature("touches_30d", "count", "touches"),
    Feature("touches_90d", "count", "touches"),
    Feature("opened_share_90d", "share", "touches", is_log=False),
    Feature("clicks_90d", "count", "touches"),
    Feature("withdrawals_365d", "count", "touches"),
    Feature("complaints_90d", "count", "service"),
    Feature("complaints_365d", "count", "service"),
    Feature("low_scores_365d", "count", "service"),
    Feature("last_score", "score", "service", 4.0, is_log=False),
    Feature("conversations_365d", "count", "service"),
    Feature("slow_replies_365d", "count", "service"),
    Feature("unsolved_365d", "count", "service"),
    Feature("low_talks_365d", "count", "service"),
    Feature("tenure_days", "days", "standing"),
    Feature("tier", "place", "standing", is_log=False),
    Feature("points", "count", "standing"),
)
"""All of them, in the order of the columns: the same for every lake, cut-off and target. What a lake has no facts of is the same for everybody. Counts and amounts of members of whom
a table says nothing are 0; all else is not defined."""
NAMES = tuple(one.name for one in FEATURES)
_ZERO = np.array([one.unit in ("count", "money", "place") and one.name != "aov_minor" for one in FEATURES])


@dataclass(frozen=True, eq=False)
class Features:
    """What was known of members before ``cutoff_on``. ``ids``: member ids, ascending. ``raw``: a row per member and a column per name, in the unit of the
    feature, NaN where it is not defined."""

    cutoff_on: date
    ids: Int64s
    names: tuple[str, ...]
    raw: Floats

    @cached_property
    def matrix(self) -> Floats:
        """As models take it: finite, logarithms where the feature says so, what is not defined at the feature's ``none``."""
        found = np.empty_like(self.raw)
        for place, one in enumerate(FEATURES):
            column = self.raw[:, place]
            known = np.where(np.isnan(column), one.none, column)
            found[:, place] = np.sign(known) * np.log1p(np.abs(known)) if one.is_log else known
        return found

    def column(self, name: str) -> Floats:
        return self.raw[:, self.names.index(name)]

    def of(self, chosen: Flags) -> "Features":
        """Only those of the members for whom ``chosen`` is true."""
        return Features(self.cutoff_on, self.ids[chosen], self.names, self.raw[chosen])


@dataclass(frozen=True, eq=False)
class Sample:
    """Members who could be scored on a day, and what came of it: ``label`` is true where the target came true within ``days``."""

    target: Target
    days: int
    features: Features
    label: Flags


def features(reading: Reading, cutoff_on: date, target: Target | None = None) -> Features:
    """Of everybody whom ``target`` is asked about (None: everybody who was a member before the day), whatever scope and filters say. Raises ``Unknown``."""
    terms = membership.house(reading)
    found = _features(reading.snapshot, reading.zone, reading.currency, terms, cutoff_on)
    if target is None:
        return found
    if target not in TARGETS:
        raise Unknown("target", target, TARGETS)
    return found.of(_is_among(found.ids, _asked(_everybody(reading), cutoff_on, target)))


def labels(reading: Reading, cutoff_on: date, target: Target, days: int) -> Flags:
    """Of the members of ``features(reading, cutoff_on, target)``, in their order. Raises ``LabelsOpen`` where the tables that tell the target do not reach
    ``cutoff_on`` + ``days``, ``Unknown`` for a target or a number of days that there is none of."""
    refuse(target, days)
    if not is_told(reading, cutoff_on, target, days):
        until = cutoff_on + timedelta(days=days)
        raise LabelsOpen(
            f"What came of {cutoff_on} is not known before {until}.", on=cutoff_on.isoformat(), until=until.isoformat()
        )
    everybody = _everybody(reading)
    ids = _asked(everybody, cutoff_on, target)
    after = Period(cutoff_on, cutoff_on + timedelta(days=days))
    if target == "churn_activity":
        return ~_is_among(ids, _acting(everybody, after))
    bought = _is_among(ids, _ordering(everybody, after))
    return ~bought if target == "churn_order" else bought


def sample(reading: Reading, cutoff_on: date, target: Target, days: int) -> Sample:
    """Features with their labels. Raises as ``labels``."""
    return Sample(target, days, features(reading, cutoff_on, target), labels(reading, cutoff_on, target, days))


def today(reading: Reading, target: Target | None = None) -> date | None:
    """The cut-off of what is scored now: the day after the newest data, all of which is known; of a target, after the newest day that its tables tell. None in a lake
    without such facts."""
    newest = reading.as_of_on if target is None else reading.last_on(*TELLING[target])
    return None if newest is None else newest + timedelta(days=1)


def is_told(reading: Reading, cutoff_on: date, target: Target, days: int) -> bool:
    """Whether the tables that tell the target reach the end of the ``days`` from the cut-off, so that labels can be given."""
    after = today(reading, target)
    return after is not None and cutoff_on + timedelta(days=days) <= after


def refuse(target: str, days: int) -> None:
    """Raises ``Unknown``."""
    if target not in TARGETS:
        raise Unknown("target", target, TARGETS)
    if days not in HORIZONS:
        raise Unknown("horizon", str(days), map(str, HORIZONS))


# -- who ---------------------------------------------------------------------------------------------------------------


def _everybody(reading: Reading) -> Reading:
    return Reading(reading.snapshot, reading.zone, reading.currency, EVERYTHING, Filters())


def _asked(everybody: Reading, cutoff_on: date, target: Target) -> Int64s:
    """Members whom a target is asked about, ascending."""
    if target == "churn_order":
        found = _ordering(everybody, Period(cutoff_on - timedelta(days=BUYER_DAYS), cutoff_on))
    else:
        found = _acting(everybody, Period(cutoff_on - timedelta(days=ACTIVE_DAYS), cutoff_on))
    return found


def _acting(everybody: Reading, period: Period) -> Int64s:
    """Members with an action of their own in the period, ascending."""
    rows = f.actions(lambda name: _inside(everybody.visible(name), period))
    keys = rows.filter(rows.identity_key.notnull()).select("identity_key").distinct()
    return _ids(everybody, keys.inner_join(everybody.members, "identity_key"))


def _ordering(everybody: Reading, period: Period) -> Int64s:
    """Members with an order in the period, ascending: an order is of the day of its first line, and counts when what was known of it by the end of
    the period is above 0."""
    lines = everybody.visible("order_lines")
    lines = f.known(f.linked(lines.filter(lines.local_date < period.end_on), everybody.members))
    orders = f.orders(lines)
    return _ids(everybody, orders.filter(orders.local_date >= period.start_on))


def _inside(rows: ir.Table, period: Period) -> ir.Table:
    return rows.filter((rows.local_date >= period.start_on) & (rows.local_date < period.end_on))


def _ids(everybody: Reading, rows: ir.Table) -> Int64s:
    found = everybody.snapshot.stream(rows.select("member_id").distinct())["member_id"]
    return np.sort(found).astype(np.int64)


def _is_among(ids: Int64s, others: Int64s) -> Flags:
    """Which of these ids are among others, both ascending."""
    if not len(others):
        return np.zeros(len(ids), bool)
    at = np.minimum(np.searchsorted(others, ids), len(others) - 1)
    found: Flags = others[at] == ids
    return found


# -- what was known ----------------------------------------------------------------------------------------------------


@per_version(*READ, most=4)
def _features(snapshot: Snapshot, zone: str, currency: str, terms: Terms, cutoff_on: date) -> Features:
    everybody = Reading(snapshot, zone, currency, EVERYTHING, Filters())
    born = births(everybody)
    born = born.filter(pc.less(born["local_date"], pa.scalar(cutoff_on)))
    ids = born["member_id"].to_numpy()
    raw = np.full((len(ids), len(NAMES)), np.nan, order="F")  # columns are filled and read one by one
    raw[:, _ZERO] = 0.0
    day = born["local_date"].cast(pa.date32()).cast(pa.int32()).to_numpy()
    raw[:, NAMES.index("tenure_days")] = day_of(cutoff_on) - day
    places = snapshot.keep(ibis.memtable(pa.table({"member_id": pa.array(ids), "place": np.arange(len(ids))})))
    for part in _parts(everybody, cutoff_on):
        found = snapshot.arrow(part.inner_join(places, "member_id").drop("member_id"))
        at = found["place"].to_numpy()
        for name in found.column_names:
            if name != "place":
                raw[at, NAMES.index(name)] = found[name].cast(pa.float64()).to_numpy()
    if snapshot.files("order_lines"):
        tier = membership.ruled(snapshot, currency, terms, cutoff_on - timedelta(days=1))
        raw[:, NAMES.index("tier")] = tier[np.searchsorted(population.of(snapshot).ids, ids)]
    return Features(cutoff_on, ids, NAMES, raw)


def _parts(everybody: Reading, on: date) -> Iterator[ir.Table]:
    """One row per member of whom there is something to say, of the tables that the lake has."""
    snapshot = everybody.snapshot

    def before(name: str, days: int | None = None) -> ir.Table:
        """Facts that happened before the day, at most so many days."""
        rows = everybody.visible(name)
        rows = rows.filter(rows.local_date < on)
        return rows if days is None else rows.filter(rows.local_date >= on - timedelta(days=days))

    def own(name: str, days: int | None = None) -> ir.Table:
        return f.known(f.linked(before(name, days), everybody.members))

    has = {name: bool(snapshot.files(name)) for name in READ}
    yield from _ordered(snapshot, own, before, on) if has["order_lines"] else ()
    yield from _acted(everybody, own, before, on)
    if has["group_messages"]:
        said = rollups.rows(snapshot, everybody.zone, "talked")
        assert said is not None
        yield habits.said(said.filter(said.local_date < on), on)
    if has["group_membership"] or has["group_rosters"]:
        yield habits.groups(rollups.states(snapshot, everybody.zone, on))
    if has["touches"]:
        yield habits.touches(own("touches", habits.QUARTER + OLDEST_DAYS), on)
    if has["touches"] or has["consents"]:
        yield habits.withdrawals(own("touches", habits.YEAR), own("consents", habits.YEAR), on)
    if has["feedback"]:
        yield habits.feedback(snapshot.keep(own("feedback")), on)
    if has["service_conversations"]:
        yield habits.conversations(conversations(everybody, on, habits.YEAR))
    if has["points"]:
        yield habits.points(own("points"))


Rows = Callable[..., ir.Table]


def _ordered(snapshot: Snapshot, own: Rows, before: Rows, on: date) -> Iterator[ir.Table]:
    lines = own("order_lines")
    orders = snapshot.keep(f.orders(lines))
    yield habits.orders(orders, on)
    yield habits.gaps(orders, on)
    yield habits.coupons(orders, before("offer_events"))
    yield habits.products(lines)
    yield habits.money(lines, on)


def _acted(everybody: Reading, own: Rows, before: Rows, on: date) -> Iterator[ir.Table]:
    last = habits.last_actions(before("events"), before("order_lines"), before("group_messages"), on)
    last = last.inner_join(everybody.members, "identity_key")
    yield last.group_by("member_id").aggregate(days_since_last_action=last.days_since_last_action.min())
    done = f.actions(lambda name: before(name, habits.QUARTER))
    marks = habits.marked_days(done.filter(done.identity_key.notnull()), on)
    yield habits.active_days(marks.inner_join(everybody.members, "identity_key"))
    if everybody.snapshot.files("events"):
        yield habits.events(own("events", habits.QUARTER), on)
        yield habits.sessions(own("events", habits.MONTH))


def conversations(everybody: Reading, on: date, days: int) -> ir.Table:
    """Conversations of members, of at most so many days before one, as they stood when it began: see ``core.metrics.care.judged``."""
    zone = everybody.zone
    at = midnight(on, zone).replace(tzinfo=None)
    rows = everybody.visible("service_conversations")
    rows = rows.filter((rows.local_date < on) & (rows.local_date >= on - timedelta(days=days)))
    rows = habits.known(f.known(f.linked(rows, everybody.members)), at)
    rows = rows.mutate(
        asked_local=local_time(rows.occurred_at, zone),
        replied_local=local_time(rows.first_reply_at, zone),
        resolved_local=local_time(rows.resolved_at, zone),
    )
    return care.judged(rows, at)
