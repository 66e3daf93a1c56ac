"""When groups live, what the staff post into them, and what the three slots of the day draw: by group, owner, unit or in total."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from core.lake.writer import local_time
from core.metrics import posts
from core.metrics import rhythm as kernel
from core.metrics.posts import SORTS
from core.metrics.rhythm import Drawn, Heard, Posted
from core.periods import Period, comparable
from core.work import rollups
from core.work.questions import coded
from core.work.questions.places import By, dimension, keyed
from core.work.questions.reading import Reading

Part = Literal["heat", "mix", "slots"]
OUTSIDE = "outside"
"""Beside the three slots: posts of all other times."""
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """``period``: the part of it that data exists for; ``rows`` of each part that was asked for, by key, with ``key`` and ``name``. Only
    keys with a fact have any; shares and means of nothing are null.

    ``heat``, 168 rows per key: ``weekday`` (0 is Monday), ``hour``, ``said`` (messages of members), ``days`` (how often that hour was
    there, see ``core.metrics.rhythm.hours_seen``), ``mean`` (said on such a day).

    ``mix``, one row per key with posts: ``posts`` of the staff, and of these ``content``, ``interaction``, ``people``, ``other``
    (``core.metrics.posts``).

    ``slots``, four rows per key, the three slots and ``outside``: ``slot``; ``posts`` and their sorts; ``group_days``, ``served``, ``compared``
    (``core.metrics.rhythm.Drawn``); ``messages``, ``speakers``, ``usual_messages``, ``usual_speakers``: mean per compared day. Outside
    the slots all from ``group_days`` on are null.
    """

    by: By
    period: Period
    rows: Mapping[Part, pd.DataFrame]


def rhythm(reading: Reading, by: By = "total", of: str | None = None, parts: Sequence[Part] = PARTS) -> Rhythm | None:
    """Some parts, of all keys or of the one key ``of``. None in a lake without messages."""
    if reading.period is None or reading.as_of_on is None or not reading.snapshot.files("group_messages"):
        return None
    now, _ = comparable(reading.period, reading.as_of_on)
    facts = _Facts(reading, by, of, now)
    made = {"heat": _heat, "mix": _mix, "slots": _slots}
    names = dimension(reading, by).set_index("key")["name"]
    rows: dict[Part, pd.DataFrame] = {}
    for part in parts:
        rows[part] = made[part](facts)
        rows[part].insert(1, "name", names.reindex(rows[part]["key"]).array)
    return Rhythm(by, now, rows)


@dataclass(frozen=True)
class _Facts:
    """What the parts read, each read once."""

    reading: Reading
    by: By
    of: str | None
    now: Period

    def keyed(self, rows: ir.Table) -> ir.Table:
        found = keyed(self.reading, rows, self.by)
        return found if self.of is None else found.filter(found.key == self.of)

    def kept(self, rows: ir.Table) -> ir.Table:
        return self.reading.snapshot.keep(rows)

    @cached_property
    def said(self) -> ir.Table:
        """What members said in the period: ``key``, ``group_id``, ``member_id``, ``day``, ``second``."""
        rows = self.reading.table("group_messages")
        said = kernel.said(self.keyed(rows.filter(kernel.within(rows, self.now))))
        return self.kept(_clocked(said, self.reading.zone, "member_id"))

    @cached_property
    def posted(self) -> ir.Table:
        """Posts of the staff in the period: ``key``, ``group_id``, ``day``, ``second``, ``sort``. Only their texts are read."""
        rows = self.reading.in_channels("group_messages")
        rows = rows.filter(kernel.within(rows, self.now) & posts.is_post(rows))
        told = rows.mutate(sort=posts.sort(rows)).select("group_id", "occurred_at", "sort")
        return self.kept(_clocked(self.keyed(told), self.reading.zone, "sort"))

    @cached_property
    def firsts(self) -> pd.DataFrame:
        """``key``, ``group_id``, ``first_on``: of each group the first day on which anything is known of it, by order."""
        kinds = [rollups.rows(self.reading.snapshot, self.reading.zone, kind) for kind in ("written", "states")]
        days = [self.keyed(rows).select("key", "group_id", "local_date") for rows in kinds if rows is not None]
        rows = ibis.union(*days) if len(days) > 1 else days[0]
        found = rows.group_by("key", "group_id").aggregate(first_on=rows.local_date.min())
        return self.reading.snapshot.frame(found.order_by("key", "group_id"))

    @cached_property
    def until(self) -> datetime:
        """The newest data on the clock of the business zone."""
        assert self.reading.as_of is not None
        return self.reading.as_of.astimezone(ZoneInfo(self.reading.zone)).replace(tzinfo=None)


def _heat(facts: _Facts) -> pd.DataFrame:
    said = facts.said.mutate(hour=facts.said.second // HOUR_S)
    counts = facts.reading.snapshot.arrow(said.group_by("key", "day", "hour").aggregate(said=said.count()))
    firsts = facts.firsts.groupby("key")["first_on"].min()
    keys, size = pd.Index(firsts.index, dtype=object), kernel.WEEK * kernel.DAY
    weekday = (counts["day"].to_numpy() + kernel.EPOCH.weekday()) % kernel.WEEK
    cell = coded.codes(keys, counts["key"]) * size + weekday * kernel.DAY + counts["hour"].to_numpy()
    found = np.bincount(cell, weights=counts["said"].to_numpy(), minlength=len(keys) * size).astype(np.int64)
    seen = {first: kernel.hours_seen(facts.now, first, facts.until).reshape(-1) for first in set(firsts)}
    days = np.concatenate([np.empty(0, np.int64), *(seen[first] for first in firsts)])
    cells = np.arange(size)
    return pd.DataFrame(
        {
            "key": np.repeat(keys.to_numpy(), size), "weekday": np.tile(cells // kernel.DAY, len(keys)),
            "hour": np.tile(cells % kernel.DAY, len(keys)), "said": found, "days": days,
            "mean": np.where(days > 0, found / np.maximum(days, 1), np.nan),
        }
    )  # fmt: skip


def _mix(facts: _Facts) -> pd.DataFrame:
    rows = facts.posted
    counts = {sort: (rows["sort"] == sort).cast("int64").sum() for sort in SORTS}
    return facts.reading.snapshot.frame(rows.group_by("key").aggregate(posts=rows.count(), **counts).order_by("key"))


def _slots(facts: _Facts) -> pd.DataFrame:
    firsts, now = facts.firsts, facts.now
    groups = pd.Index(firsts["group_id"], dtype=object)
    read = facts.reading.snapshot.arrow(facts.posted.drop("key"))
    group = coded.codes(groups, read["group_id"])
    slot, into = _slot_of(_minutes(read), kernel.SLOT_MINUTES)
    inside = slot >= 0
    posted = Posted(group[inside], _days(read, now)[inside], slot[inside], into[inside])
    drawn = kernel.drawn(posted, _heard(facts, groups), _from_day(firsts, now), _until_day(facts.until, now))
    sort = coded.codes(pd.Index(SORTS, dtype=object), read["sort"])
    return _slot_rows(firsts["key"], group, slot, sort, drawn)


def _slot_rows(key: pd.Series, group: np.ndarray, slot: np.ndarray, sort: np.ndarray, drawn: Drawn) -> pd.DataFrame:
    """``key`` of each group; group, slot (-1 outside) and sort of each post."""
    keys, code = np.unique(key.to_numpy(dtype=object).astype(str), return_inverse=True)
    names = [*kernel.SLOTS, OUTSIDE]
    width, inside = len(names), len(kernel.SLOTS)
    cell = (code[group] * width + np.where(slot >= 0, slot, inside)) * len(SORTS) + sort
    counts = np.bincount(cell, minlength=len(keys) * width * len(SORTS)).reshape(-1, len(SORTS))
    frame = pd.DataFrame({"key": np.repeat(keys, width), "slot": np.tile(np.array(names, dtype=object), len(keys))})
    frame["posts"] = counts.sum(axis=1)
    for place, sorted_as in enumerate(SORTS):
        frame[sorted_as] = counts[:, place]

    def summed(values: np.ndarray) -> np.ndarray:
        found = np.full((len(keys), width), np.nan)
        found[:, :inside] = 0
        np.add.at(found, (code[:, None], np.arange(inside)), values)
        return found.reshape(-1)

    for name in ("group_days", "served", "compared"):
        frame[name] = pd.array(summed(getattr(drawn, name)), dtype="Int64")
    compared = summed(drawn.compared)
    for name in ("messages", "speakers", "usual_messages", "usual_speakers"):
        with np.errstate(divide="ignore", invalid="ignore"):
            frame[name] = np.where(compared > 0, summed(getattr(drawn, name)) / compared, np.nan)
    return frame


# -- times as numbers --------------------------------------------------------------------------------------------------


def _heard(facts: _Facts, groups: pd.Index) -> Heard:
    """What members said in the two hours from the start of each slot."""
    minute = facts.said.second // MINUTE_S
    begins = [kernel.minute_of(slot) for slot in kernel.SLOTS]
    near = ibis.or_(*[(minute >= begin) & (minute < begin + kernel.REACH) for begin in begins])
    read = facts.reading.snapshot.arrow(facts.said.filter(near).drop("key"))
    slot, into = _slot_of(_minutes(read), kernel.REACH)
    return Heard(
        coded.codes(groups, read["group_id"]), _days(read, facts.now), slot, into, read["member_id"].to_numpy()
    )


def _clocked(rows: ir.Table, zone: str, *more: str) -> ir.Table:
    """Rows with their time in the business zone as ``day`` (since 1970) and ``second`` of it."""
    seconds = local_time(rows.occurred_at, zone).epoch_seconds().cast("int64")
    return rows.select("key", "group_id", *more, day=seconds // DAY_S, second=seconds % DAY_S)


def _days(read: pa.Table, now: Period) -> np.ndarray:
    """Day of the period, from 0."""
    found: np.ndarray = read["day"].to_numpy() - (now.start_on - kernel.EPOCH).days
    return found


def _minutes(read: pa.Table) -> np.ndarray:
    found: np.ndarray = read["second"].to_numpy() // MINUTE_S
    return found


def _slot_of(minute: np.ndarray, lasts: int) -> tuple[np.ndarray, np.ndarray]:
    """Number of the slot that a minute of a day lies in, when each lasts so long (-1: in none), and the minute within it."""
    slot, into = np.full(len(minute), -1, np.int64), np.full(len(minute), -1, np.int64)
    for place, name in enumerate(kernel.SLOTS):
        since = minute - kernel.minute_of(name)
        inside = (since >= 0) & (since < lasts)
        slot[inside], into[inside] = place, since[inside]
    return slot, into


def _from_day(firsts: pd.DataFrame, now: Period) -> np.ndarray:
    """Of each group the first day of the period, from 0, that it was there from the start of."""
    days = pd.DatetimeIndex(firsts["first_on"]) - pd.Timestamp(now.start_on)
    return np.maximum(np.asarray(days.days, np.int64) + 1, 0)


def _until_day(until: datetime, now: Period) -> np.ndarray:
    """Of each slot the first day of the period that is not over with the hour after the slot."""
    found = []
    for begins in kernel.SLOTS.values():
        over = datetime.combine(now.start_on, begins) + timedelta(minutes=kernel.REACH)
        found.append(min(max((until - over) // timedelta(days=1) + 1, 0), now.days))
    return np.array(found, np.int64)
