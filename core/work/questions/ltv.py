"""What members are expected to bring: chance of an order, orders and value in the days to come, with how sure that is, and whether the
data allows to say so.

The laws are fitted to all buyers of the lake, whoever asks and whatever is looked at, so that a member is worth the same everywhere;
figures are then of those whom scope, units and segment leave. They use the whole history in every channel up to the newest day: what
somebody will do is a question about today, so the period and the channels of a page do not cut it.

A purchase is a business day with an order, worth the gross of that day's orders; the mean of the repeat days is the amount of the
Gamma-Gamma law, as in its paper, and is above 0 for every order that counts. What is said of value is net: expected orders times the
expected amount times the share of all members' gross that refunds have left so far.
"""

import json
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from core.errors import UnfitForLtv, Unknown
from core.lake.reader import Snapshot
from core.metrics import facts
from core.models.ltv import calibration, fitness, worth
from core.models.ltv.calibration import Holdout
from core.models.ltv.fitness import Problem
from core.models.ltv.purchases import People, Purchases
from core.models.ltv.worth import HORIZONS, Expected, Model, Predicted, Total
from core.sequences.arrays import Array, Int64s
from core.work.questions.kept import filed, per_version
from core.work.questions.reading import Reading

BANDS = (0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Edges of the chances that members are told apart by; the last band holds its upper edge."""
TENTHS = 10
YEAR = 365


@dataclass(frozen=True, eq=False)
class Known:
    """Buyers of the lake by ascending member id, at the end of its newest day. ``purchases``: of a buyer's place in ``ids``, amounts in
    minor units, as are ``refunds`` (above 0) of ``refunded`` places on ``refund_day``; ``orders``: how many each purchase is of. Days are
    ordinals."""

    ids: Int64s
    orders: Array
    purchases: Purchases
    people: People
    refunded: Int64s
    refund_day: Int64s
    refunds: Array
    newest_day: int

    @property
    def first_day(self) -> int:
        return int(self.purchases.day.min()) if len(self.purchases) else self.newest_day

    @property
    def kept_share(self) -> float:
        """Of what was ordered, what refunds left."""
        gross = float(self.purchases.amount.sum())
        return max(1 - float(self.refunds.sum()) / gross, 0.0) if gross else 1.0


@dataclass(frozen=True, eq=False)
class Fitted:
    """``told`` is None where a problem stops everything; ``told.amount`` is None where one stops money."""

    known: Known
    model: Model | None
    told: Predicted | None
    held: Holdout | None
    problems: tuple[Problem, ...]


# -- what segments ask -------------------------------------------------------------------------------------------------


def predictions(reading: Reading) -> pa.Table:
    """All buyers of the lake by ascending ``member_id``: ``chance_30d`` to ``chance_365d``, ``orders_365d``, ``value_365d_minor`` (whole minor
    units; null where amounts do not fit their law); and what they rest on: ``repeats``, ``last_days``, ``age_days``, ``mean_minor`` (of
    ``purchases.People``). Members who never ordered have none. Kept per version; scope and filters are the caller's. Raises
    ``UnfitForLtv``."""
    if reading.as_of_on is None:
        raise unfit(Problem("few_buyers", 0, fitness.FEWEST_BUYERS))
    return _predictions(reading.snapshot, reading.as_of_on)


def unfit(problem: Problem) -> UnfitForLtv:
    """The refusal that names a problem."""
    said = {
        "few_buyers": "only {found:.0f} members have ordered; {needed:.0f} are needed",
        "few_repeat_buyers": "only {found:.0f} members have ordered on two days or more; {needed:.0f} are needed",
        "short_history": "orders reach back only {found:.0f} days; {needed:.0f} are needed",
        "no_peak": "no parameters fit the data best",
        "no_dropout": "the fit finds nobody who stops buying (boundary a = 0), so expected orders would never end",
        "worse_than_naive": "on the held-out days the model errs by {found:.3f} orders per customer, going on at one's own pace by {needed:.3f}",
        "far_off": "on the held-out days the model expects {found:.2f} times the orders that came",
        "no_mean": "amounts vary so much that they have no mean (q = {found:.2f})",
        "correlated": "how much customers spend depends on how often they order (rank correlation {found:.2f})",
    }[problem.reason].format(found=problem.found, needed=problem.needed)
    return UnfitForLtv(
        f"Lifetime value cannot be predicted: {said}.", reason=problem.reason, found=problem.found, needed=problem.needed
    )  # fmt: skip


def totals_of(predictions: pa.Table, row: int) -> list[Total]:
    """What is expected of the member in a row of ``predictions``, with its intervals, for each horizon."""
    one = predictions.slice(row, 1)
    model = Model.of_json(json.loads(one.schema.metadata[b"model"]))
    known = [one[name].to_numpy() for name in ("repeats", "last_days", "age_days", "mean_minor")]
    people = People(one["member_id"].to_numpy(), np.zeros(1, np.int64), *known)
    return worth.totals(model, people, worth.predicted(model, people))


@filed("ltv1", "order_lines", "identity_map", most=2)
def _predictions(snapshot: Snapshot, on: date) -> pa.Table:
    found = fitted(snapshot, on)
    told = found.told
    if told is None or found.model is None:
        raise unfit(found.problems[0])
    value, people = told.value(YEAR), found.known.people
    columns: dict[str, object] = {"member_id": found.known.ids}
    columns |= {f"chance_{days}d": told.chance[days] for days in HORIZONS}
    columns["orders_365d"] = told.orders[YEAR]
    columns["value_365d_minor"] = (
        pa.nulls(len(found.known.ids), pa.int64()) if value is None else np.rint(value).astype(np.int64)
    )
    columns |= {
        "repeats": people.repeats,
        "last_days": people.last_days,
        "age_days": people.age_days,
        "mean_minor": people.means,
    }
    return pa.table(columns, metadata={"model": json.dumps(found.model.to_json())})


# -- what is known and what is fitted ----------------------------------------------------------------------------------


@per_version("order_lines", "identity_map", most=2)
def known(snapshot: Snapshot, on: date) -> Known:
    """``on``: the newest day of the lake."""
    members = snapshot.member_map()
    members = members.filter(members.is_known).select("identity_key", "member_id")
    lines = facts.known(facts.linked(snapshot.table("order_lines"), members))
    orders = facts.orders(lines)
    days = orders.group_by(["member_id", "local_date"]).aggregate(
        amount=orders.gross_minor.sum(), orders=orders.count()
    )
    back = lines.filter(lines.line_kind == "refund")
    back = back.group_by(["member_id", "local_date"]).aggregate(amount=-back.amount_minor.sum())
    bought = snapshot.arrow(days.order_by("member_id", "local_date"))
    ids, place = np.unique(bought["member_id"].to_numpy(), return_inverse=True)
    purchases = Purchases(place.astype(np.int64), _ordinals(bought), bought["amount"].to_numpy().astype(float))
    refunds = snapshot.arrow(back.semi_join(days, "member_id").order_by("member_id", "local_date"))
    newest = on.toordinal()
    return Known(
        ids.astype(np.int64), bought["orders"].to_numpy(), purchases, purchases.people(newest),
        np.searchsorted(ids, refunds["member_id"].to_numpy()), _ordinals(refunds), refunds["amount"].to_numpy().astype(float), newest,
    )  # fmt: skip


def _ordinals(rows: pa.Table) -> Int64s:
    days = rows["local_date"].cast(pa.date32()).cast(pa.int32()).to_numpy()
    return days.astype(np.int64) + date(1970, 1, 1).toordinal()


@per_version("order_lines", "identity_map", most=2)
def fitted(snapshot: Snapshot, on: date) -> Fitted:
    """The laws of all buyers, and what keeps them from being used."""
    seen = known(snapshot, on)
    problems = fitness.of_data(seen.people, seen.newest_day - seen.first_day)
    if problems:
        return Fitted(seen, None, None, None, tuple(problems))
    model = worth.fit(seen.people, seen.kept_share)
    length = calibration.length(seen.first_day, seen.newest_day)
    held = calibration.held_out(seen.purchases, seen.first_day, seen.newest_day, length)
    problems = fitness.of_purchases(model.purchases) or fitness.of_holdout(held)
    if problems:
        return Fitted(seen, model, None, held, tuple(problems))
    of_money = fitness.of_spend(model, seen.people)
    if of_money:
        model = Model(model.purchases, None, model.kept_share)
    return Fitted(seen, model, worth.predicted(model, seen.people), held, tuple(of_money))


# -- what pages and the command line ask -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Ltv:
    """``on``: the newest day; ``first_on``: of the first order. ``buyers``: all the laws are fitted to; ``customers``: those asked for.

    ``problems``: why nothing is predicted (``totals``, ``bands``, ``tenths`` are empty then), or no money (its columns are null).
    ``laws``: ``name`` (r, alpha in days, a, b, p, q, v in minor units), ``value``, ``low``, ``high``.
    ``totals``: one row per horizon: ``days``, ``customers``, ``buyers`` (expected to order at all), ``orders``, ``value_minor``, each with
    ``…_low`` and ``…_high``, 95 % intervals of what will be counted; ``value_per_customer_minor``.
    ``bands``: ``days``, ``place``, ``low``, ``high``, ``members`` by chance of an order; ``tenths``: customers by expected value of 365 days, the
    highest first: ``place``, ``members``, ``lowest_minor``, ``value_minor``, ``value_share``; ties stand in the higher tenth together.
    ``active``: customers expected not to have stopped. ``simple``: the seed formula, its parts in years and minor units, or null.
    ``classes``: ``repeats``, ``customers``, ``predicted``, ``actual``; ``weeks``: ``week_end_on``, ``predicted``, ``actual``, ``is_held``.
    """

    on: date
    first_on: date
    buyers: int
    customers: int
    repeat_buyers: int
    problems: tuple[Problem, ...]
    is_fit: bool
    kept_share: float
    laws: pd.DataFrame
    totals: pd.DataFrame
    bands: pd.DataFrame
    tenths: pd.DataFrame
    active: float | None
    simple: dict[str, float] | None
    held: Holdout | None
    classes: pd.DataFrame
    weeks: pd.DataFrame


def lifetime(reading: Reading) -> Ltv | None:
    """None in a lake without data, or where no member ever ordered."""
    found = _asked(reading)
    if found is None:
        return None
    fit, inside = found
    seen, told = fit.known, fit.told
    return Ltv(
        date.fromordinal(seen.newest_day), date.fromordinal(seen.first_day), len(seen.ids), int(inside.sum()),
        int((seen.people.repeats[inside] > 0).sum()), fit.problems, told is not None, seen.kept_share,
        _laws(fit.model), _totals(fit, inside), _bands(told, inside), _tenths(told, inside), _active(fit, inside), _simple(seen, inside),
        fit.held, _classes(fit.held), _weeks(fit.held),
    )  # fmt: skip


def behind(reading: Reading, which: str) -> pd.DataFrame:
    """Members behind a figure, as many as it: ``member_id``, ``value`` (expected in 365 days, minor units; 0 where money is not told), the
    greatest first. ``which``: ``all``, ``band.90.2`` (horizon and place of the band), ``tenth.0``. Raises ``Unknown``."""
    kind, *places = which.split(".")
    allowed = {"all": 0, "band": 2, "tenth": 1}
    if allowed.get(kind) != len(places) or not all(one.isdecimal() for one in places):
        raise Unknown("figure", which, allowed)
    found = _asked(reading)
    if found is None:
        return pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})
    fit, inside = found
    kept = inside.copy()
    if kind != "all" and fit.told is None:
        kept[:] = False
    elif kind == "band":
        assert fit.told is not None
        days, place = (int(one) for one in places)
        if days not in HORIZONS or place >= len(BANDS) - 1:
            raise Unknown("figure", which)
        kept &= _band(fit.told.chance[days]) == place
    elif kind == "tenth":
        kept &= _tenth(fit.told, inside) == int(places[0])
    value = None if fit.told is None else fit.told.value(YEAR)
    amounts = np.zeros(len(inside)) if value is None else np.rint(value)
    frame = pd.DataFrame({"member_id": fit.known.ids[kept], "value": amounts[kept].astype(np.int64)})
    return frame.sort_values(["value", "member_id"], ascending=[False, True], ignore_index=True)


def _asked(reading: Reading) -> tuple[Fitted, Array] | None:
    """The laws, and which buyers scope and filters leave."""
    if reading.as_of_on is None or not reading.snapshot.files("order_lines"):
        return None
    found = fitted(reading.snapshot, reading.as_of_on)
    return (found, chosen(reading, found.known.ids)) if len(found.known.ids) else None


def chosen(reading: Reading, ids: Int64s) -> Array:
    """Which of these members scope and filters leave."""
    if reading.allowed is None:
        return np.ones(len(ids), np.bool_)
    return np.isin(ids, reading.snapshot.stream(reading.allowed)["member_id"])


def _laws(model: Model | None) -> pd.DataFrame:
    rows = []
    for fit in () if model is None else (model.purchases, model.spend):
        if fit is None:
            continue
        for name, value in zip(fit.names, np.exp(fit.logs), strict=True):
            rows.append((name, float(value), *(fit.interval(name) or (None, None))))
    return pd.DataFrame(rows, columns=["name", "value", "low", "high"]).astype({"low": "Float64", "high": "Float64"})


def spread(name: str, found: Expected | None) -> dict[str, float | None]:
    """A sum with its bounds, as columns."""
    if found is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def _totals(fit: Fitted, inside: Array) -> pd.DataFrame:
    rows = []
    if fit.told is not None and fit.model is not None:
        for total in worth.totals(fit.model, fit.known.people, fit.told, inside):
            row: dict[str, object] = {"days": total.days, "customers": total.customers}
            row |= spread("buyers", total.buyers) | spread("orders", total.orders) | spread("value_minor", total.value)
            has_value = total.value is not None and total.customers
            row["value_per_customer_minor"] = total.value.value / total.customers if has_value and total.value else None
            rows.append(row)
    names = [f"{name}{end}" for name in ("buyers", "orders", "value_minor") for end in ("", "_low", "_high")]
    columns = ["days", "customers", *names, "value_per_customer_minor"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[2:], "Float64"))


def _band(chance: Array) -> Array:
    return np.minimum(np.searchsorted(BANDS, chance, side="right") - 1, len(BANDS) - 2)


def _bands(told: Predicted | None, inside: Array) -> pd.DataFrame:
    rows = []
    for days in HORIZONS if told is not None else ():
        assert told is not None
        counts = np.bincount(_band(told.chance[days][inside]), minlength=len(BANDS) - 1)
        rows += [(days, place, BANDS[place], BANDS[place + 1], int(count)) for place, count in enumerate(counts)]
    return pd.DataFrame(rows, columns=["days", "place", "low", "high", "members"])


def _tenth(told: Predicted | None, inside: Array) -> Array:
    """The tenth of each of those asked for, by expected value; -1 for others, and where no value is told."""
    found = np.full(len(inside), -1)
    value = None if told is None else told.value(YEAR)
    if value is None or not inside.any():
        return found
    mine = np.rint(value[inside])
    above = len(mine) - np.searchsorted(np.sort(mine), mine, side="right")  # so many are worth more
    found[inside] = above * TENTHS // len(mine)
    return found


def _tenths(told: Predicted | None, inside: Array) -> pd.DataFrame:
    tenth = _tenth(told, inside)
    value = None if told is None else told.value(YEAR)
    rows = []
    for place in range(TENTHS if value is not None else 0):
        assert value is not None
        mine = np.rint(value[tenth == place])
        whole = float(np.rint(value[inside]).sum())
        if len(mine):
            rows.append(
                (place, len(mine), int(mine.min()), float(mine.sum()), float(mine.sum()) / whole if whole else None)
            )
    return pd.DataFrame(rows, columns=["place", "members", "lowest_minor", "value_minor", "value_share"])


def _active(fit: Fitted, inside: Array) -> float | None:
    if fit.told is None or fit.model is None:
        return None
    people = fit.known.people.of(inside)
    return float(fit.model.purchases.law.alive(people.repeats, people.last_days, people.age_days).sum())


def _simple(seen: Known, inside: Array) -> dict[str, float] | None:
    """Net per order x frequency x lifetime: ``net_per_order_minor`` (gross less refunds over orders; ``aov`` is gross),
    ``orders_per_year`` (orders of the last 365 days, or of the history where it is shorter and then scaled to a year, per customer who
    ordered in them), ``lifetime_years`` (mean time from the first to the last order of those with repeats), ``value_minor``. None where
    nobody came back."""
    again = inside & (seen.people.repeats > 0)
    if not again.any():
        return None
    days = min(YEAR, seen.newest_day - seen.first_day + 1)
    mine = inside[seen.purchases.member]
    late = mine & (seen.purchases.day > seen.newest_day - days)
    buyers = len(np.unique(seen.purchases.member[late]))
    if not buyers:
        return None
    net = seen.purchases.amount[mine].sum() - seen.refunds[inside[seen.refunded]].sum()
    per_order = float(net / seen.orders[mine].sum())
    per_year = float(seen.orders[late].sum()) / buyers * YEAR / days
    years = float(seen.people.last_days[again].mean()) / YEAR
    return {
        "net_per_order_minor": per_order,
        "orders_per_year": per_year,
        "lifetime_years": years,
        "value_minor": per_order * per_year * years,
    }


def _classes(held: Holdout | None) -> pd.DataFrame:
    names = ["repeats", "customers", "predicted", "actual"]
    if held is None:
        return pd.DataFrame({name: [] for name in names})
    return pd.DataFrame({name: getattr(held.classes, name) for name in names})


def _weeks(held: Holdout | None) -> pd.DataFrame:
    if held is None:
        return pd.DataFrame({name: [] for name in ("week_end_on", "predicted", "actual", "is_held")})
    weeks = held.weeks
    return pd.DataFrame(
        {
            "week_end_on": [date.fromordinal(int(day)) for day in weeks.day],
            "predicted": weeks.predicted,
            "actual": weeks.actual,
            "is_held": weeks.is_held,
        }
    )
