"""Group activities: participation, what they drew, and who stands behind it; one by one, by kind, and together."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from core.errors import Unknown
from core.lake.writer import local_date
from core.metrics import activities
from core.metrics.activities import ORDER_DAYS
from core.periods import Period, business_date
from core.work import rollups
from core.work.questions.reading import Reading

WHICH = ("participants", "absent", "new_speakers", "buyers")
"""Figures that people stand behind; every action is one as well, as ``did:won``."""
DID = "did:"
COUNTS = (
    "participants", "members", "came", "outside", "said", "said_before", "speakers", "speakers_before", "new_speakers", "orders", "buyers",
    "revenue_minor",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Activities:
    """``rows``: one per activity with a day in the period, the newest first, those that nobody took part in as well; then those of which no
    day is known (no time told and nobody took part: ``start_on``, ``last_on``, ``days`` and figures of days null): ``key``, ``name``, ``kind``, ``group_id``, ``group`` (its name),
    ``start_on``, ``last_on``, ``days`` (up to the newest data), ``is_running`` (its end lies after the newest data: all figures
    are to date), ``is_buying`` (orders may still come: the days after the last one are not over), the counts of
    ``core.metrics.activities`` (those of a table that the lake lacks are null), ``participation_rate`` (``came`` of ``members``).

    ``kinds``: the same summed up by kind, the most participants first, with ``activities`` and ``running``; sums count somebody once per
    activity. ``total``: one such row of all. ``actions``: ``key``, ``action``, ``people``.
    """

    period: Period
    as_of_on: date
    rows: pd.DataFrame
    kinds: pd.DataFrame
    total: pd.DataFrame
    actions: pd.DataFrame


def held(reading: Reading, kind: str | None = None) -> Activities | None:
    """All activities, or those of a kind; None in a lake without data or without activities.

    A scope of units leaves activities of its groups, and of who took part and spoke its members. An activity without a group of its own
    belongs to the only one that its participants were told to be in.
    """
    asked = _Asked.of(reading, kind)
    if asked is None:
        return None
    assert reading.period is not None and reading.as_of_on is not None
    rows, snapshot = asked.listed, reading.snapshot
    parts = [snapshot.frame(part) for part in asked.parts()]
    for part in parts:
        rows = rows.merge(part.astype({"key": object}), on="key", how="left")
    rows = _finished(rows, asked)
    counted = asked.did.group_by("key", "action").aggregate(people=asked.did.count())
    actions = snapshot.frame(counted.order_by(["key", ibis.desc("people"), "action"]))
    kinds = _summed(rows, "kind").sort_values(["participants", "kind"], ascending=[False, True], ignore_index=True)
    total = _summed(rows.assign(all="all"), "all").rename(columns={"all": "key"})
    return Activities(reading.period, reading.as_of_on, rows, kinds, total, actions)


def behind(reading: Reading, which: str, key: str | None = None, kind: str | None = None) -> pd.DataFrame:
    """Who stands behind a figure of one activity, or of all (of a kind): ``member_id``, ``value`` (in how many activities; of ``buyers`` how
    many orders), the greatest first, ties by number. The values add up to the figure, of buyers to ``orders``. Raises ``Unknown``."""
    asked = _Asked.of(reading, kind)
    nobody = pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})
    if which not in WHICH and not which.startswith(DID):
        raise Unknown("figure", which, WHICH)
    rows = None if asked is None else asked.people(which)
    if rows is None:
        return nobody
    rows = rows if key is None else rows.filter(rows.key == key)
    people = rows.group_by("member_id").aggregate(value=rows.count())
    return reading.snapshot.frame(people.order_by([ibis.desc("value"), "member_id"]))


@dataclass(frozen=True)
class _Asked:
    """What several figures share, read once."""

    reading: Reading
    listed: pd.DataFrame

    @classmethod
    def of(cls, reading: Reading, kind: str | None) -> "_Asked | None":
        if reading.period is None or reading.as_of_on is None or not reading.snapshot.files("activities"):
            return None
        listed = _listed(reading)
        return cls(reading, listed if kind is None else listed[listed["kind"] == kind].reset_index(drop=True))

    @cached_property
    def days(self) -> ir.Table:
        """``held`` of ``core.metrics.activities``."""
        rows = self.listed
        table = {
            "key": pa.array(rows["key"], pa.string()), "group_id": pa.array(rows["group_id"], pa.string(), from_pandas=True),
            **{name: pa.array(rows[name], pa.date32(), from_pandas=True) for name in ("start_on", "until_on", "before_on")},
        }  # fmt: skip
        return self.reading.snapshot.keep(ibis.memtable(pa.table(table)))

    @cached_property
    def participation(self) -> ir.Table:
        return self.reading.table("activity_participation")

    @cached_property
    def taking(self) -> ir.Table:
        return self.reading.snapshot.keep(activities.taking(self.participation, self.days))

    @cached_property
    def did(self) -> ir.Table:
        return self.reading.snapshot.keep(activities.actions(self.participation, self.days))

    @cached_property
    def there(self) -> ir.Table | None:
        states = self._rolled("states")
        return None if states is None else self.reading.snapshot.keep(activities.there(states, self.days))

    @cached_property
    def talk(self) -> ir.Table | None:
        talked, first = self._rolled("talked"), self._rolled("first_words")
        if talked is None or first is None:
            return None
        return self.reading.snapshot.keep(activities.talk(talked, first, self.days))

    @cached_property
    def bought(self) -> ir.Table | None:
        if not self.reading.snapshot.files("order_lines"):
            return None
        return self.reading.snapshot.keep(activities.bought(self.reading.table("order_lines"), self.taking))

    def parts(self) -> list[ir.Table]:
        """Counts per activity."""
        if self.there is None:
            alone = self.taking.group_by("key").aggregate(participants=self.taking.count())
            found = [alone]
        else:
            found = [activities.rates(self.taking, self.there)]
        if self.talk is not None:
            found.append(activities.drew(self.talk))
        if self.bought is not None:
            rows = self.bought
            found.append(
                rows.group_by("key").aggregate(
                    orders=rows.count(), buyers=rows.member_id.nunique(), revenue_minor=rows.gross_minor.sum()
                )
            )
        return found

    def people(self, which: str) -> ir.Table | None:
        """``key``, ``member_id`` behind a figure; None where the lake does not know it."""
        if which == "participants":
            return self.taking
        if which == "absent":
            return None if self.there is None else activities.absent(self.taking, self.there)
        if which == "new_speakers":
            return None if self.talk is None else self.talk.filter(self.talk.is_new)
        if which == "buyers":
            return self.bought
        return self.did.filter(self.did.action == which.removeprefix(DID))

    def knows(self, name: str) -> bool:
        if name in ("members", "came", "outside"):
            return self.there is not None
        if name in ("orders", "buyers", "revenue_minor"):
            return self.bought is not None
        return name == "participants" or self.talk is not None

    def _rolled(self, kind: str) -> ir.Table | None:
        """A rollup of the groups asked about, of members in scope and filters."""
        found = rollups.rows(self.reading.snapshot, self.reading.zone, kind)
        if found is None:
            return None
        found = found.semi_join(self.days, "group_id")
        allowed = self.reading.allowed
        return found if allowed is None else found.semi_join(allowed, "member_id")


def _listed(reading: Reading) -> pd.DataFrame:
    """Activities with a day in the period, newest first, in scope and filters."""
    assert reading.period is not None and reading.as_of_on is not None and reading.as_of is not None
    snapshot, zone = reading.snapshot, reading.zone
    known = snapshot.current("activities")
    taken = reading.visible("activity_participation")
    seen = taken.group_by(_activity="activity_id").aggregate(
        first_on=taken.local_date.min(), last_on=taken.local_date.max(), one=taken.group_id.min(), other=taken.group_id.max()
    )  # fmt: skip
    rows = known.left_join(seen, known.activity_id == seen._activity)
    only = ibis.ifelse(rows.one == rows.other, rows.one, ibis.null("string"))
    ends = rows.ends_at - ibis.interval(seconds=1)  # an end at midnight is of the day before
    rows = rows.select(
        key="activity_id", name="name", kind=rows.activity_kind.fill_null(""), unit_id="unit_id", group_id=rows.group_id.coalesce(only),
        start_on=local_date(rows.starts_at, zone).coalesce(rows.first_on, local_date(ends, zone)), told_on=local_date(ends, zone), seen_on="last_on",
    )  # fmt: skip
    rows = snapshot.keep(rows)
    groups = snapshot.current("groups").select(_id="group_id", group="name", _unit="unit_id")
    rows = rows.left_join(groups, rows.group_id == groups._id)
    if reading.units is not None:
        unit = rows._unit.coalesce(ibis.ifelse(rows.group_id.isnull(), rows.unit_id, ibis.null("string")))
        rows = rows.filter(unit.isin(sorted(reading.units)) if reading.units else ibis.literal(False))
    last = rows.told_on.coalesce(ibis.greatest(rows.seen_on, rows.start_on), rows.start_on)
    rows = rows.mutate(last_on=ibis.greatest(last, rows.start_on))
    inside = (rows.start_on < reading.period.end_on) & (rows.last_on >= reading.period.start_on)
    begun = rows.filter((inside & (rows.start_on <= reading.as_of_on)) | rows.start_on.isnull()).drop(
        "_id", "_unit", "unit_id", "told_on", "seen_on"
    )
    found = snapshot.frame(begun.order_by([ibis.desc("start_on", nulls_first=False), "key"]))
    texts = ("key", "name", "kind", "group_id", "group")
    found = found.astype(dict.fromkeys(texts, object))
    return _dated(found, reading.as_of, zone)


def _dated(rows: pd.DataFrame, as_of: datetime, zone: str) -> pd.DataFrame:
    """With ``until_on``, ``before_on``, ``days``, ``is_running``, ``is_buying``."""
    as_of_on = business_date(as_of, zone)
    # The newest data is hardly ever of the day's last second, so the day it is of is running.
    start, last = (pd.to_datetime(rows[name]) for name in ("start_on", "last_on"))
    newest = pd.Timestamp(as_of_on)
    until = last.mask(last > newest, newest) + pd.Timedelta(days=1)
    days = (until - start).dt.days
    rows["until_on"], rows["before_on"] = until.dt.date, (start - pd.to_timedelta(days, unit="D")).dt.date
    rows["start_on"], rows["last_on"], rows["days"] = start.dt.date, last.dt.date, days.astype("Int64")
    rows["is_running"] = last > pd.Timestamp(as_of_on)
    rows["is_buying"] = until + timedelta(days=ORDER_DAYS) > pd.Timestamp(as_of_on)
    return rows


def _finished(rows: pd.DataFrame, asked: _Asked) -> pd.DataFrame:
    """Counts of nothing are 0, those that the lake does not know and what needs a group where there is none are null."""
    of_group = ("members", "came", "outside", "said", "said_before", "speakers", "speakers_before", "new_speakers")
    for name in COUNTS:
        if not asked.knows(name):
            rows[name] = pd.array([None] * len(rows), "Int64")
            continue
        rows[name] = rows[name].astype("Int64").fillna(0)
        if name in of_group:
            rows[name] = rows[name].mask(rows["group_id"].isna() | rows["start_on"].isna())
    rows["participation_rate"] = (rows["came"] / rows["members"].replace(0, pd.NA)).astype("Float64")
    return rows.drop(columns=["until_on", "before_on"])


def _summed(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Sums of the activities of each; of columns that nothing is known of null."""
    groups = rows.groupby(by, sort=True)
    found = groups.agg(activities=("key", "size"), running=("is_running", "sum"), buying=("is_buying", "sum"))
    for name in COUNTS:
        found[name] = groups[name].sum(min_count=1).astype("Int64")
    found["participation_rate"] = (found["came"] / found["members"].replace(0, pd.NA)).astype("Float64")
    return found.reset_index()
