"""What members have brought since they came: by month of the first order, and by the channel that brought them against what it cost."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from core.errors import Unknown
from core.models.ltv import cohorts, worth
from core.schema import CHANNELS
from core.sequences.arrays import Array, Int64s
from core.work.questions import channels, ltv, places
from core.work.questions.ltv import YEAR, Fitted, Known
from core.work.questions.reading import Reading
from core.work.questions.untold import SMALL

TOTAL = places.TOTAL
UNTOLD = "unknown"
"""Members of whom no profile says which channel brought them."""


@dataclass(frozen=True, slots=True, eq=False)
class Cohorts:
    """``rows``: one per month of the first order and age in steps of 30 days: ``cohort_on``, ``customers``, ``age`` (from 1), ``net_minor_per_customer``
    (added up since the first order; null for fewer than 30 customers), ``is_mature`` (all of the cohort have lived through the age; before
    that the figure still grows and stands in no average). Net of refunds; margin is unknown, because products have no cost."""

    on: date
    rows: pd.DataFrame


def by_month(reading: Reading) -> Cohorts | None:
    """None where nobody ordered."""
    seen = _known(reading)
    if seen is None:
        return None
    inside = ltv.chosen(reading, seen.ids)
    first = seen.people.first_day[inside]
    months, cohort = np.unique(_months(first), return_inverse=True)
    ends = np.array([_month_start(int(month) + 1).toordinal() for month in months], np.int64)
    owner, day, amount = _net(seen, inside)
    found = cohorts.curves(cohort, first, ends, owner, day, amount, seen.newest_day)
    rows = []
    for place, month in enumerate(months):
        told = int(found.customers[place]) >= SMALL
        for age, amount_so_far in enumerate(found.per_customer[place]):
            if np.isfinite(amount_so_far):
                mature = bool(found.is_mature[place, age])
                rows.append(
                    (
                        _month_start(int(month)),
                        int(found.customers[place]),
                        age + 1,
                        amount_so_far if told else None,
                        mature,
                    )
                )
    columns = ["cohort_on", "customers", "age", "net_minor_per_customer", "is_mature"]
    frame = pd.DataFrame(rows, columns=columns).astype({"net_minor_per_customer": "Float64"})
    return Cohorts(date.fromordinal(seen.newest_day), frame)


def began(reading: Reading, month: date) -> pd.DataFrame:
    """Customers whose first order lies in a month (named by its first day), as many as its cohort: ``member_id``, ``value`` (net revenue so far,
    minor units), the greatest first."""
    seen = _known(reading)
    if seen is None:
        return pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})
    inside = ltv.chosen(reading, seen.ids)
    kept = inside & (_months(seen.people.first_day) == month.year * 12 + month.month - 1)
    owner, _, amount = _net(seen, kept)
    net = np.rint(np.bincount(owner, amount, int(kept.sum()))).astype(np.int64)
    frame = pd.DataFrame({"member_id": seen.ids[kept], "value": net})
    return frame.sort_values(["value", "member_id"], ascending=[False, True], ignore_index=True)


@dataclass(frozen=True, slots=True, eq=False)
class Acquired:
    """``since_on``: members who were new from this day on, and money spent from it on. ``margin_share``: of net revenue, as somebody said; null:
    money is revenue, not margin.

    ``rows``: one per channel that brought members, ``unknown`` and ``all``: ``key``, ``acquired``, ``buyers``, ``net_minor`` (so far), ``predicted_minor``
    with ``…_low`` and ``…_high`` (next 365 days, of those who ordered; null where the model is refused), ``ltv_minor`` (so far and predicted, per
    member acquired, with bounds), ``spend_minor``, ``cac_minor``, ``ltv_to_cac``, ``payback_age`` (steps of 30 days since they were new until what
    came in covers the CAC; null where it has not, as far as 30 members have come), ``known_ages`` (so far it can be told). Money times ``margin_share`` in ``ltv_minor``,
    ``ltv_to_cac`` and ``payback_age``. Spending is absent where the lake has none, or where only some members are asked for: it was spent
    on all. Per-member figures of fewer than 30 are null.
    """

    on: date
    since_on: date
    margin_share: float | None
    has_cost: bool
    is_fit: bool
    rows: pd.DataFrame


def by_channel(reading: Reading, margin_share: float | None = None) -> Acquired | None:
    """None where nobody ordered or no profile says how members came. ``margin_share``: 0 to 1, above 0."""
    found = _came(reading)
    if found is None:
        return None
    fit, members, since = found
    has_cost = reading.allowed is None and bool(reading.snapshot.files("channel_spend"))
    spent = _spent(reading, since) if has_cost else {}
    margin = 1.0 if margin_share is None else margin_share
    of_channel = dict(tuple(members.groupby("channel", sort=False)))
    rows = [
        _row(fit, of_channel.get(key, members[:0]), key, spent.get(key, 0) if has_cost else None, margin)
        for key in (*CHANNELS, UNTOLD)
        if key in of_channel or spent.get(key)
    ]
    rows.append(_row(fit, members, TOTAL, sum(spent.values()) if has_cost else None, margin))
    frame = pd.DataFrame(rows)
    for name in frame.columns.difference(["key", "acquired", "buyers", "net_minor", "known_ages"]):
        frame[name] = frame[name].astype("Int64" if name == "payback_age" else "Float64")
    return Acquired(date.fromordinal(fit.known.newest_day), since, margin_share, has_cost, fit.told is not None, frame)


def behind(reading: Reading, key: str) -> pd.DataFrame:
    """Members acquired through a channel, ``unknown`` or ``all``, as many as the figure: ``member_id``, ``value`` (net revenue so far, minor
    units), the greatest first. Raises ``Unknown``."""
    if key not in (*CHANNELS, UNTOLD, TOTAL):
        raise Unknown("channel", key, (*CHANNELS, UNTOLD, TOTAL))
    found = _came(reading)
    if found is None:
        return pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})
    _, members, _ = found
    kept = members if key == TOTAL else members[members["channel"] == key]
    frame = pd.DataFrame({"member_id": kept["member_id"], "value": kept["net_minor"].round().astype("int64")})
    return frame.sort_values(["value", "member_id"], ascending=[False, True], ignore_index=True)


def _known(reading: Reading) -> Known | None:
    if reading.as_of_on is None or not reading.snapshot.files("order_lines"):
        return None
    found = ltv.known(reading.snapshot, reading.as_of_on)
    return found if len(found.ids) else None


def _came(reading: Reading) -> tuple[Fitted, pd.DataFrame, date] | None:
    """Members who were new since spending is known, or since the data begins: ``member_id``, ``channel``, ``born`` (ordinal), ``place`` among
    buyers or -1, ``net_minor``; and since when."""
    told, seen = channels.brought(reading), _known(reading)
    if told is None or seen is None or reading.whole is None or reading.as_of_on is None:
        return None
    since = reading.since("channel_spend") if reading.snapshot.files("channel_spend") else reading.whole.start_on
    born = reading.births.filter(reading.births.local_date >= since)
    rows = reading.snapshot.arrow(
        born.left_join(told, "member_id").select("member_id", "channel", "local_date").order_by("member_id")
    )
    ids = rows["member_id"].to_numpy().astype(np.int64)
    place = np.searchsorted(seen.ids, ids)
    is_buyer = seen.ids[np.minimum(place, len(seen.ids) - 1)] == ids
    owner, _, amount = _net(seen, np.ones(len(seen.ids), np.bool_))
    net = np.bincount(owner, amount, len(seen.ids))
    days = (
        rows["local_date"].cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64) + date(1970, 1, 1).toordinal()
    )
    members = pd.DataFrame(
        {
            "member_id": ids,
            "channel": rows["channel"].to_pandas().fillna(UNTOLD),
            "born": days,
            "place": np.where(is_buyer, place, -1),
            "net_minor": np.where(is_buyer, net[np.minimum(place, len(seen.ids) - 1)], 0.0),
        }
    )
    return ltv.fitted(reading.snapshot, reading.as_of_on), members, since


def _spent(reading: Reading, since: date) -> dict[str, int]:
    spend = reading.snapshot.table("channel_spend")
    spend = spend.filter(spend.local_date >= since)
    rows = reading.snapshot.frame(spend.group_by("channel").aggregate(spent=spend.amount_minor.sum()))
    return {UNTOLD if pd.isna(key) else str(key): int(one) for key, one in rows.itertuples(index=False)}


def _row(fit: Fitted, mine: pd.DataFrame, key: str, spent: int | None, margin: float) -> dict[str, object]:
    seen, count = fit.known, len(mine)
    buyers = mine["place"].to_numpy()
    is_buyer = np.zeros(len(seen.ids), np.bool_)
    is_buyer[buyers[buyers >= 0]] = True
    net = float(mine["net_minor"].sum())
    row: dict[str, object] = {"key": key, "acquired": count, "buyers": int(is_buyer.sum()), "net_minor": net}
    predicted = _predicted(fit, is_buyer)
    row |= ltv.spread("predicted_minor", predicted)
    bounds = (None,) * 3 if predicted is None else (predicted.value, predicted.low, predicted.high)
    each = [None if one is None or count < SMALL else (net + one) * margin / count for one in bounds]
    row |= dict(zip(("ltv_minor", "ltv_minor_low", "ltv_minor_high"), each, strict=True))
    paces = _paces(seen, mine) * margin if count >= SMALL else np.zeros(0)
    row["known_ages"] = len(paces)
    if spent is None:
        return row
    cac = spent / count if spent > 0 and count else None
    row["spend_minor"], row["cac_minor"] = spent, cac
    row["ltv_to_cac"] = each[0] / cac if cac and each[0] is not None else None
    row["payback_age"] = cohorts.payback(paces, cac) if cac else None
    return row


def _predicted(fit: Fitted, chosen: Array) -> worth.Expected | None:
    if fit.told is None or fit.model is None or fit.told.amount is None:
        return None
    if not chosen.any():
        return worth.Expected(0.0, 0.0, 0.0)
    told = worth.Predicted({YEAR: fit.told.chance[YEAR]}, {YEAR: fit.told.orders[YEAR]}, fit.told.amount)
    return worth.totals(fit.model, fit.known.people, told, chosen)[0].value


def _paces(seen: Known, mine: pd.DataFrame) -> Array:
    """Net revenue per member acquired by steps of 30 days since they were new."""
    place = np.full(len(seen.ids), -1)
    buyers = mine["place"].to_numpy()
    place[buyers[buyers >= 0]] = np.flatnonzero(buyers >= 0)
    owner, day, amount = _net(seen, place >= 0, place)
    return cohorts.pace(mine["born"].to_numpy(), owner, day, amount, seen.newest_day, SMALL)


def _net(seen: Known, inside: Array, place: Array | None = None) -> tuple[Int64s, Int64s, Array]:
    """Owner, day and amount of sales and, below 0, refunds of some buyers. Owners are numbered among them, or by ``place``."""
    numbered = np.cumsum(inside) - 1 if place is None else place
    owner = np.concatenate([seen.purchases.member, seen.refunded])
    day = np.concatenate([seen.purchases.day, seen.refund_day])
    amount = np.concatenate([seen.purchases.amount, -seen.refunds])
    kept = inside[owner]
    return numbered[owner[kept]], day[kept], amount[kept]


def _months(days: Int64s) -> Int64s:
    """Months since year 0 of ordinal days."""
    since = (days - date(1970, 1, 1).toordinal()).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return since + 1970 * 12


def _month_start(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)
