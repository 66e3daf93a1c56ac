"""Channels side by side: reach, delivery, clicks, conversion, retention, satisfaction, cost and what they earn; who is on which."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property, reduce
from typing import Literal, get_args

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from core.errors import Unknown
from core.metrics import channels
from core.metrics.contents import READS
from core.metrics.facts import known, linked
from core.metrics.sends import sends
from core.periods import Period, comparable
from core.schema import CHANNELS
from core.work.questions import crediting, places
from core.work.questions.reading import Reading

TOTAL = places.TOTAL
Which = Literal["active", "was_active", "came_back", "gone", "addressed", "reached", "clickers", "buyers", "acquired"]
"""Figures that members stand behind. ``gone``: active in the period before, not in this one."""
NOW, BEFORE, EARLIER = "is_now", "was_before", "was_earlier"
RATES = {
    "reach_rate": ("reached", "addressed"),
    "delivery_rate": ("delivered", "sent"),
    "click_rate": ("clicked", "delivered"),
    "conversion_rate": ("converted", "delivered"),
    "retention": ("came_back", "was_active"),
}
"""Shares, by what they are taken of. ``reach_rate``: of members addressed, as long as no audience before the gates is known."""
COUNTS = (
    "active", "was_active", "came_back", "sent", "delivered", "opened", "clicked", "failed", "addressed", "reached", "clickers", "touch_cost_minor",
    "contacts", "orders", "buyers", "revenue_minor", "converted", "nps_answers", "promoters", "detractors", "satisfaction_answers", "spend_minor",
    "acquired", "acquired_revenue_minor",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Channels:
    """``rows``: one per channel that has any fact, in the order of ``core.schema.CHANNELS``, then ``all`` together: ``key``, the
    figures of ``core.metrics.channels`` and the shares of ``RATES``; ``nps`` with ``nps_low`` and ``nps_high``; ``satisfaction``;
    ``cost_minor`` = touch costs + spend; ``cac_minor`` = spend ÷ members acquired; ``contacts``: reads and clicks that orders can be credited to; ``roi`` = (revenue credited - cost) ÷ cost;
    ``roi_acquired`` = (revenue of members acquired - spend) ÷ spend. Undefined is null. ``…_before``: the period before, where the data reaches
    back so far. What the
    lake has no facts for is absent, and so is money spent where filters leave only some members."""

    now: Period
    before: Period
    as_of_on: date
    rows: pd.DataFrame


def side_by_side(reading: Reading) -> Channels | None:
    """None in a lake without data."""
    if reading.period is None or reading.as_of_on is None:
        return None
    now, before = comparable(reading.period, reading.as_of_on)
    base = _Base(reading, now, before)
    found = _figures(base, now, (NOW, BEFORE)).merge(
        _figures(base, before, (BEFORE, EARLIER)).add_suffix("_before"), left_on="key", right_on="key_before", how="outer"
    )  # fmt: skip
    found["key"] = found["key"].fillna(found["key_before"])
    rows = _reached(reading, _finished(found.drop(columns="key_before")), before)
    place = {one: number for number, one in enumerate((*CHANNELS, TOTAL))}
    rows = rows[rows["key"].isin(place)].sort_values("key", key=lambda keys: keys.map(place), ignore_index=True)
    return Channels(now, before, reading.as_of_on, rows)


def _reached(reading: Reading, rows: pd.DataFrame, before: Period) -> pd.DataFrame:
    """Without what would compare with a period that the data does not reach back to."""
    coming_back = ["was_active", "came_back", "retention"]
    unknown: list[str] = []
    if not reading.reaches(before):
        unknown = [*coming_back, *rows.filter(like="_before").columns]
    elif not reading.reaches(before.before()):
        unknown = [f"{name}_before" for name in coming_back]
    return rows.drop(columns=[name for name in unknown if name in rows])


@dataclass(frozen=True)
class _Base:
    """What figures of both periods start from, read once."""

    reading: Reading
    now: Period
    before: Period

    @cached_property
    def there(self) -> ir.Table | None:
        return presence(self.reading, _three(self.now, self.before))

    @cached_property
    def orders(self) -> ir.Table | None:
        if not self.reading.snapshot.files("order_lines"):
            return None
        return crediting.orders(self.reading, Period(self.before.start_on, self.now.end_on))

    @cached_property
    def joined(self) -> ir.Table | None:
        """``member_id``, ``channel``, ``local_date`` of members who were new in the periods or between them (``Reading.births``), by the
        channel that brought them: what the profile of the earliest joining says, of several on the same moment the channel first by
        name; null where no profile says. None where there are no profiles."""
        reading = self.reading
        told = brought(reading)
        if told is None:
            return None
        born = _within(reading.births, Period(self.before.start_on, self.now.end_on))
        found = born.left_join(told, "member_id").select("member_id", "channel", "local_date")
        asked = reading.filters.channels
        if asked:
            found = found.filter(found.channel.isin(asked))
        return reading.snapshot.keep(found)

    def acquired(self, period: Period) -> ir.Table | None:
        return None if self.joined is None else _within(self.joined, period)

    def acquired_orders(self, period: Period) -> ir.Table | None:
        """Orders of the period of members who were new in it."""
        acquired = self.acquired(period)
        if acquired is None or self.orders is None:
            return None
        return _within(self.orders, period).inner_join(acquired.drop("local_date"), "member_id")

    def sends(self, period: Period) -> ir.Table | None:
        if not self.reading.snapshot.files("touches"):
            return None
        return self.reading.snapshot.keep(sends(self.reading.table("touches"), period))

    def contacts(self, period: Period, sent: ir.Table | None) -> ir.Table | None:
        """Reads of content, in any channel asked for, and clicks on messages."""
        acts = self.dated("events", period)
        found = crediting.contacts(None if acts is None else acts.filter(acts.name.isin(READS)), sent)
        return None if found is None else self.reading.snapshot.keep(found)

    def credited(self, period: Period, met: ir.Table | None) -> ir.Table | None:
        """Orders of the period credited to a click or a read of content on a channel, in the period."""
        if met is None or self.orders is None:
            return None
        return crediting.credited(self.reading, met, _within(self.orders, period))

    def dated(self, name: str, period: Period) -> ir.Table | None:
        return _within(self.reading.table(name), period) if self.reading.snapshot.files(name) else None

    def spend(self, period: Period) -> ir.Table | None:
        """Money spent; None where only some members are asked for, because it was spent on all of them."""
        return None if self.reading.allowed is not None else self.dated("channel_spend", period)


def brought(reading: Reading) -> ir.Table | None:
    """``member_id``, ``channel`` that brought them, of members whose profile says when they joined: what the profile of the earliest joining
    says, of several on the same moment the channel first by name. None where there are no profiles. Scope and filters are the
    caller's."""
    if not reading.snapshot.files("member_profiles"):
        return None
    profiles = known(linked(reading.snapshot.current("member_profiles"), reading.members))
    told = profiles.filter(profiles.joined_at.notnull()).select("member_id", "joined_at", "acquisition_channel")
    first = told.group_by("member_id").aggregate(first_at=told.joined_at.min())
    own = told.inner_join(first, "member_id")
    own = own.filter(own.joined_at == own.first_at).group_by("member_id")
    return own.aggregate(channel=told.acquisition_channel.min())


def _within(rows: ir.Table, period: Period) -> ir.Table:
    return rows.filter((rows.local_date >= period.start_on) & (rows.local_date < period.end_on))


def _three(now: Period, before: Period) -> dict[str, Period]:
    return {NOW: now, BEFORE: before, EARLIER: before.before()}


def presence(reading: Reading, periods: dict[str, Period]) -> ir.Table | None:
    """Who acted on which channel in which period; see ``core.metrics.channels``. None where the lake knows no action."""

    def of(name: str) -> ir.Table | None:
        return reading.in_channels(name) if reading.snapshot.files(name) else None

    asked = reading.filters.channels
    messages = of("group_messages") if not asked or channels.GROUP_CHAT in asked else None
    found = channels.presence(of("events"), of("order_lines"), messages, periods)
    if found is None:
        return None
    there = channels.of_members(found, reading.members)
    return reading.snapshot.keep(there if reading.allowed is None else there.semi_join(reading.allowed, "member_id"))


@dataclass(frozen=True, slots=True)
class Overlap:
    """``members[i][j]``: active on both channels in the period (the diagonal: on that one at all); ``alone[i]``: on no other one.
    ``active``: on any. Only channels that somebody was active on, in the order of ``core.schema.CHANNELS``."""

    now: Period
    as_of_on: date
    channels: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]
    alone: tuple[int, ...]
    active: int


def overlap(reading: Reading) -> Overlap | None:
    """Who is on which channels. None in a lake without data or without actions."""
    there = _here(reading)
    if there is None:
        return None
    assert reading.period is not None and reading.as_of_on is not None
    now, _ = comparable(reading.period, reading.as_of_on)
    rows = reading.snapshot.arrow(there)
    seen = set(rows["channel"].unique().to_pylist())
    names = tuple(one for one in CHANNELS if one in seen)
    place = {one: number for number, one in enumerate(names)}
    told = rows["channel"].combine_chunks().dictionary_encode()
    codes = np.array([place.get(one, -1) for one in told.dictionary.to_pylist()], np.int64)[told.indices.to_numpy()]
    people, member = np.unique(rows["member_id"].to_numpy(), return_inverse=True)
    known = codes >= 0
    pairs, alone = channels.overlap(codes[known], member[known].astype(np.int64), len(names))
    return Overlap(now, reading.as_of_on, names, tuple(map(tuple, pairs.tolist())), tuple(alone.tolist()), len(people))


def on_both(reading: Reading, one: str, other: str | None) -> pd.DataFrame:
    """Members active on both channels in the period; with ``other`` None on the first and on no other one: ``member_id``, ``value``
    (channels that they are on), the greatest first; as many as the cell of ``Overlap``. Raises ``Unknown``."""
    for name in (one, other or one):
        if name not in CHANNELS:
            raise Unknown("channel", name, CHANNELS)
    there = _here(reading)
    if there is None:
        return pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})
    people = there.group_by("member_id").aggregate(
        value=ibis._.count(), is_one=(there.channel == one).any(), is_other=(there.channel == (other or one)).any()
    )
    kept = people.is_one & (people.is_other if other else people.value == 1)
    return reading.snapshot.frame(
        people.filter(kept).select("member_id", "value").order_by([ibis.desc("value"), "member_id"])
    )


def _here(reading: Reading) -> ir.Table | None:
    """``channel``, ``member_id`` of all who acted in the period."""
    if reading.period is None or reading.as_of_on is None:
        return None
    now, _ = comparable(reading.period, reading.as_of_on)
    there = presence(reading, {NOW: now})
    return None if there is None else reading.snapshot.keep(there.select("channel", "member_id"))


def behind(reading: Reading, channel: str, which: Which) -> pd.DataFrame:
    """Who stands behind a figure of a channel, or of ``all``: ``member_id``, ``value`` (messages, clicks or orders; else 1), the
    greatest first; as many as the figure. Raises ``Unknown``."""
    if which not in get_args(Which):
        raise Unknown("figure", which, get_args(Which))
    table = None if reading.period is None else _behind(reading, channel, which)
    if table is None:
        return pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})
    rows = known(table).group_by("member_id").aggregate(value=table.value.sum().cast("int64"))
    return reading.snapshot.frame(rows.order_by([ibis.desc("value"), "member_id"]))


def _behind(reading: Reading, channel: str, which: Which) -> ir.Table | None:
    """``member_id``, ``value``."""
    assert reading.period is not None and reading.as_of_on is not None
    now, before = comparable(reading.period, reading.as_of_on)
    one = ibis.literal(1)

    def on(rows: ir.Table) -> ir.Table:
        return rows if channel == TOTAL else rows.filter(rows.channel == channel)

    if which in ("active", "was_active", "came_back", "gone"):
        there = presence(reading, _three(now, before))
        if there is None:
            return None
        here = on(there)
        people = here.group_by("member_id").aggregate(is_now=here[NOW].any(), was=here[BEFORE].any())
        kept = {
            "active": people.is_now, "was_active": people.was, "came_back": people.is_now & people.was, "gone": people.was & ~people.is_now,
        }[which]  # fmt: skip
        return people.filter(kept).select("member_id", value=one)
    base = _Base(reading, now, before)
    if which == "acquired":
        joined = base.acquired(now)
        return None if joined is None else on(joined).select("member_id", value=one)
    sent = base.sends(now)
    if which == "buyers":
        credited = base.credited(now, base.contacts(now, sent))
        return None if credited is None else on(credited).select("member_id", value=one)
    if sent is None:
        return None
    flag = {"addressed": ibis.literal(True), "reached": sent.is_delivered, "clickers": sent.is_clicked}[which]
    return on(sent.filter(flag)).select("member_id", value=one)


def _figures(base: _Base, period: Period, flags: tuple[str, str]) -> pd.DataFrame:
    """One row per channel and one of all together."""
    sent = base.sends(period)
    met = base.contacts(period, sent)
    counted: tuple[tuple[ir.Table | None, Callable[[ir.Table], ir.Table]], ...] = (
        (base.there, lambda rows: channels.active(rows, *flags)),
        (sent, channels.sent),
        (met, lambda rows: rows.group_by("key").aggregate(contacts=ibis._.count())),
        (base.credited(period, met), channels.earned),
        (base.dated("feedback", period), channels.answered),
        (base.acquired(period), lambda rows: rows.group_by("key").aggregate(acquired=rows.member_id.nunique())),
        (base.acquired_orders(period), lambda rows: rows.group_by("key").aggregate(acquired_revenue_minor=rows.gross_minor.sum())),
        (base.spend(period), lambda rows: rows.group_by("key").aggregate(spend_minor=rows.amount_minor.sum())),
    )  # fmt: skip
    parts = [base.reading.snapshot.frame(count(_keyed(rows))) for rows, count in counted if rows is not None]
    if not parts:
        return pd.DataFrame({"key": pd.Series(dtype="str")})
    return reduce(lambda left, right: left.merge(right, on="key", how="outer"), parts)


def _keyed(rows: ir.Table) -> ir.Table:
    """Every row with its channel as ``key``, and once more as one of all."""
    each = rows.filter(rows.channel.notnull())
    return each.mutate(key=each.channel).union(rows.mutate(key=ibis.literal(TOTAL)))


def _finished(rows: pd.DataFrame) -> pd.DataFrame:
    for then in ("", "_before"):
        for name in COUNTS:
            if name + then in rows:
                rows[name + then] = pd.to_numeric(rows[name + then]).fillna(0).astype("int64")
        _shares(rows, then)
        _scores(rows, then)
        _money(rows, then)
    return rows


def _shares(rows: pd.DataFrame, then: str) -> None:
    for rate, (top, bottom) in RATES.items():
        if top + then in rows and bottom + then in rows:
            rows[rate + then] = _ratio(rows[top + then], rows[bottom + then])


def _scores(rows: pd.DataFrame, then: str) -> None:
    if f"nps_answers{then}" not in rows:
        return
    counts = rows[[f"{name}{then}" for name in ("promoters", "detractors", "nps_answers")]].itertuples(index=False)
    found = [channels.nps(*map(int, row)) for row in counts]
    values = [(np.nan,) * 3 if one is None else (one[0], one[1].low, one[1].high) for one in found]
    for place, name in enumerate(("nps", "nps_low", "nps_high")):
        rows[name + then] = pd.array([value[place] for value in values], dtype="Float64")
    rows[f"satisfaction{then}"] = rows[f"satisfaction{then}"].astype("Float64")


def _money(rows: pd.DataFrame, then: str) -> None:
    """Where spending is unknown, so are costs, CAC and ROI; so is the ROI of a channel that the lake saw no contact on, and that of
    acquiring where nobody came."""
    spend = f"spend_minor{then}"
    if spend not in rows:
        return
    touch = rows.get(f"touch_cost_minor{then}", 0)
    rows[f"cost_minor{then}"] = rows[spend] + touch
    if f"acquired{then}" in rows:
        rows[f"cac_minor{then}"] = _ratio(rows[spend], rows[f"acquired{then}"]).where(rows[spend] > 0)
    if f"acquired_revenue_minor{then}" in rows:
        found = _ratio(rows[f"acquired_revenue_minor{then}"] - rows[spend], rows[spend])
        rows[f"roi_acquired{then}"] = found.where(rows[f"acquired{then}"] > 0)
    if f"revenue_minor{then}" in rows:
        cost = rows[f"cost_minor{then}"]
        rows[f"roi{then}"] = _ratio(rows[f"revenue_minor{then}"] - cost, cost).where(rows[f"contacts{then}"] > 0)


def _ratio(top: pd.Series, bottom: pd.Series) -> pd.Series:
    return (top / bottom.where(bottom > 0)).astype("Float64")
