"""What each measure of a series counts, within scope and filters: facts with their hour, channel and unit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, cast

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.lake.writer import local_time
from core.metrics import daily
from core.metrics import facts as f
from core.metrics.channels import GROUP_CHAT
from core.metrics.daily import NOWHERE
from core.sequences.arrays import Array, Int64s
from core.work.questions import channels, occurrences, places
from core.work.questions.occurrences import ACTED, BORN, HOURS, since_1970
from core.work.questions.reading import Reading

By = Literal["channel", "unit"]
BY: tuple[By, ...] = ("channel", "unit")
TABLES: dict[str, tuple[str, ...]] = {
    "traffic": ("events",), "new_members": BORN, "active_members": ACTED, "messages": ("group_messages",), "orders": ("order_lines",),
    "gmv": ("order_lines",),
}  # fmt: skip
"""Facts that a measure is counted of; it begins with the first day of any of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What is counted. Grain: one fact, or several of one hour and place. ``hour``: hours of the business zone's clock since 1970; ``place``: codes and names per
    breakdown; ``amount``: how many, or how much money; null for 1 each."""

    hour: Int64s
    place: Mapping[By, tuple[Array, list[str]]]
    amount: Int64s | None = None


def _of_visits(reading: Reading) -> Rows:
    return _cut(reading, occurrences.visits(reading.snapshot, reading.zone), BY)


def _of_acts(reading: Reading) -> Rows:
    """The first act of each member and day: rows stand in order of member, day and time, so it is the first of those that are left."""
    rows = _left(reading, occurrences.acts(reading.snapshot, reading.zone))
    member, day = rows["member_id"].to_numpy(), rows["hour"].to_numpy() // HOURS
    is_first = np.ones(len(rows), np.bool_)
    is_first[1:] = (member[1:] != member[:-1]) | (day[1:] != day[:-1])
    rows = rows.filter(pa.array(is_first))
    return Rows(
        rows["hour"].to_numpy().astype(np.int64),
        {"channel": _coded(rows["channel"]), "unit": _units(reading, rows["member_id"].to_numpy())},
    )


def _of_births(reading: Reading) -> Rows:
    born = f.known(reading.births.filter(reading.births.local_date.notnull()))
    told = channels.brought(reading)
    brought = born.mutate(channel=ibis.null("string")) if told is None else born.left_join(told, "member_id")
    rows = reading.snapshot.arrow(brought.select("member_id", "local_date", "channel").order_by("member_id"))
    asked = reading.filters.channels
    if asked:
        rows = rows.filter(pc.is_in(rows["channel"], pa.array(asked, pa.string())))
    member, day = rows["member_id"].to_numpy(), since_1970(rows)
    hour = occurrences.came(reading.snapshot, reading.zone)
    return Rows(
        _looked_up(hour, member, day * HOURS), {"channel": _coded(rows["channel"]), "unit": _units(reading, member)}
    )


def _looked_up(told: pa.Table, member: Int64s, otherwise: Int64s) -> Int64s:
    """``hour`` of each of some members in a table in order of members."""
    known, hour = told["member_id"].to_numpy(), told["hour"].to_numpy().astype(np.int64)
    if not len(known):
        return otherwise
    at = np.minimum(np.searchsorted(known, member), len(known) - 1)
    return np.where(known[at] == member, hour[at], otherwise)


def _of_messages(reading: Reading) -> Rows:
    asked = reading.filters.channels
    rows = occurrences.said(reading.snapshot, reading.zone)
    if asked and GROUP_CHAT not in asked:
        rows = rows.slice(0, 0)
    if reading.allowed is not None:
        rows = rows.filter(pa.array(_among(rows["member_id"].to_numpy(), _allowed(reading))))
    units = reading.snapshot.arrow(places.placed(reading, "unit"))
    unit_of = dict(zip(units["group_id"].to_pylist(), units["key"].to_pylist(), strict=True))
    groups, names = _coded(rows["group_id"])
    found, codes = _numbered([unit_of.get(name, NOWHERE) for name in names])
    hour, amount, code = rows["hour"].to_numpy().astype(np.int64), rows["said"].to_numpy(), codes[groups]
    if reading.units is not None:  # messages in groups of other units are theirs
        kept = np.array([name in unit_of for name in names], np.bool_)[groups]
        hour, amount, code = hour[kept], amount[kept], code[kept]
    return Rows(hour, {"unit": (code, found)}, amount)


def _of_orders(reading: Reading) -> Rows:
    return replace(_of_money(reading), amount=None)


def _of_money(reading: Reading) -> Rows:
    orders = f.known(
        f.orders(reading.table("order_lines"))
    )  # as ``Facts.orders``, without what it looks up of orders before
    hour = local_time(orders.occurred_at, reading.zone).hour().cast("int64")
    rows = reading.snapshot.arrow(orders.select("local_date", "channel", "unit_id", "gross_minor", hour=hour))
    return Rows(
        since_1970(rows) * HOURS + rows["hour"].to_numpy(),
        {"channel": _coded(rows["channel"]), "unit": _coded(rows["unit_id"])},
        rows["gross_minor"].to_numpy().astype(np.int64),
    )


ROWS: dict[str, Callable[[Reading], Rows]] = {
    "traffic": _of_visits, "new_members": _of_births, "active_members": _of_acts, "messages": _of_messages, "orders": _of_orders, "gmv": _of_money,
}  # fmt: skip


def _cut(reading: Reading, rows: pa.Table, by: tuple[By, ...]) -> Rows:
    rows = _left(reading, rows)
    column = {"channel": "channel", "unit": "unit_id"}
    return Rows(rows["hour"].to_numpy().astype(np.int64), {one: _coded(rows[column[one]]) for one in by})


def _left(reading: Reading, rows: pa.Table) -> pa.Table:
    """Rows of members that scope and filters leave, in the channels asked for."""
    if reading.allowed is not None:
        rows = rows.filter(pa.array(_among(rows["member_id"].to_numpy(), _allowed(reading))))
    asked = reading.filters.channels
    if not asked:
        return rows
    codes, names = _coded(rows["channel"])
    return rows.filter(pa.array(np.isin(codes, [code for code, name in enumerate(names) if name in asked])))


def _allowed(reading: Reading) -> Int64s:
    assert reading.allowed is not None
    found: Int64s = np.sort(reading.snapshot.arrow(reading.allowed.select("member_id"))["member_id"].to_numpy())
    return found


def _among(ids: Int64s, chosen: Int64s) -> NDArray[np.bool_]:
    """Whether each is one of ``chosen``, ascending."""
    if not len(chosen):
        return np.zeros(len(ids), np.bool_)
    at = np.minimum(np.searchsorted(chosen, ids), len(chosen) - 1)
    return cast("NDArray[np.bool_]", chosen[at] == ids)


def _units(reading: Reading, member: Int64s) -> tuple[Array, list[str]]:
    """The unit of each of some members: of several the first by id, of those that scope and filters leave."""
    profiles = f.known(f.linked(reading.snapshot.current("member_profiles"), reading.members))
    if reading.units is not None:
        profiles = profiles.filter(
            profiles.unit_id.isin(sorted(reading.units)) if reading.units else ibis.literal(False)
        )
    rows = reading.snapshot.arrow(daily.member_units(profiles).order_by("member_id"))
    codes, names = _coded(rows["unit_id"])
    known = rows["member_id"].to_numpy()
    nowhere = names.index(NOWHERE)
    if not len(known):
        return np.full(len(member), nowhere, np.int64), names
    at = np.minimum(np.searchsorted(known, member), len(known) - 1)
    return np.where(known[at] == member, codes[at], nowhere), names


def _coded(column: pa.ChunkedArray) -> tuple[Array, list[str]]:
    """Codes of a text column and what they stand for; null is ``NOWHERE``."""
    coded = column if pa.types.is_dictionary(column.type) else column.cast(pa.string()).dictionary_encode()
    encoded = coded.unify_dictionaries().combine_chunks()
    names: list[str | None] = [*encoded.dictionary.to_pylist(), None]
    place = encoded.indices.fill_null(len(names) - 1).to_numpy(zero_copy_only=False).astype(np.int64)
    found, codes = _numbered([name or NOWHERE for name in names])
    return codes[place], found


def _numbered(names: list[str]) -> tuple[list[str], Int64s]:
    """Distinct names in order, and the place of each among them."""
    found = sorted(set(names))
    place = {name: number for number, name in enumerate(found)}
    return found, np.array([place[name] for name in names], np.int64)
