"""Whether people leave after a group is sent to: leaves in the 24 hours after sends against the group's own baseline."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from core.metrics import aftermath, posts
from core.metrics.aftermath import AFTER, DAY_S, Blocks, Moves, Pieces, Span
from core.periods import Period, comparable, midnight
from core.work import rollups
from core.work.questions import coded
from core.work.questions.places import TOTAL, By, dimension, keyed, placed
from core.work.questions.reading import Reading

NO_SENDS, EVEN, ALWAYS, NOBODY_LEFT, NO_MEMBERS = "no_sends", "even", "always", "nobody_left", "no_members"
REASONS = (NO_SENDS, EVEN, ALWAYS, NOBODY_LEFT, NO_MEMBERS)
"""Why there is nothing to tell: no send in the period; the load never above the usual one; never not above it; nobody left in either
time; nobody known to be a member."""
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Aftermath:
    """``rows``: one per key with a group, ordered by it; ``total``: one row, of all together.

    ``key``, ``name``; ``sends`` of the period; ``usual_load`` (median of the sends in 24 hours; only by group); ``member_days`` after
    sends and ``usual_member_days``; ``left`` (leaves after sends), ``usual_left``, ``expected`` after sends at the usual rate,
    ``excess`` with the bounds ``low`` and ``high`` at 95 %, ``times`` the usual rate with ``times_low`` and ``times_high`` (null: without
    a bound), ``chance``, ``is_flagged`` (``core.metrics.aftermath``); ``reason`` (one
    of ``REASONS``) where there is no ``excess``, which is null then. ``baseline``: the blocks of four weeks, up to the end of the period,
    that ``usual_left`` and ``usual_member_days`` are of, however short the period is.
    """

    by: By
    period: Period
    baseline: Period
    rows: pd.DataFrame
    total: pd.DataFrame


def sends(reading: Reading, by: By = "group") -> Aftermath | None:
    """None in a lake that does not know both messages and who joins and leaves."""
    found = _found(reading, by)
    if found is None:
        return None
    keys, code = np.unique(found.keys.astype(str), return_inverse=True)
    rows = _told(found, keys, code)
    if by == "group":
        rows.insert(2, "usual_load", found.usual)
    names = dimension(reading, by).set_index("key")["name"]
    rows.insert(1, "name", names.reindex(rows["key"]).array)
    total = _told(found, np.array([TOTAL]), np.zeros(len(code), np.int64))
    total.insert(1, "name", None)
    _, blocks = aftermath.days_before(found.period)
    baseline = Period(found.period.end_on - timedelta(days=blocks[0]), found.period.end_on)
    return Aftermath(by, found.period, baseline, rows, total)


def _told(found: "_Found", keys: np.ndarray, code: np.ndarray) -> pd.DataFrame:
    """Figures of each key. ``code``: the key of each group, by its place in ``keys``."""
    told = aftermath.compared(found.blocks, code, len(keys))
    count = np.bincount(code[found.sent_group[found.is_in_period]], minlength=len(keys))
    more = told.excess
    rows = pd.DataFrame(
        {
            "key": keys, "sends": count, "member_days": told.time / DAY_S, "usual_member_days": told.usual_time / DAY_S,
            "left": told.left, "usual_left": told.usual_left, "expected": more.expected, "excess": more.excess, "low": more.low,
            "high": more.high, "times": _finite(told.times), "times_low": told.times_low, "times_high": _finite(told.times_high),
            "chance": told.chance, "is_flagged": told.is_flagged,
        }
    )  # fmt: skip
    rows["reason"] = _reasons(found, code, len(keys), rows)
    return rows


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, np.nan)


def _reasons(found: "_Found", code: np.ndarray, keys: int, rows: pd.DataFrame) -> np.ndarray:
    blocks = found.blocks
    after, base, members = (
        np.bincount(code, weights=values.reshape(blocks.shape).sum(axis=1), minlength=keys)
        for values in (blocks.time, blocks.usual_time, blocks.time + blocks.usual_time)
    )
    cases: list[tuple[object, str | None]] = [
        (rows["excess"].notna(), None), (members == 0, NO_MEMBERS), (rows["sends"] == 0, NO_SENDS), (after == 0, EVEN), (base == 0, ALWAYS),
    ]  # fmt: skip
    reason = np.full(keys, NOBODY_LEFT, object)
    for holds, why in reversed(cases):
        reason[np.asarray(holds)] = why
    return reason


def left_after(reading: Reading, by: By, key: str) -> pd.DataFrame:
    """Who left after sends: ``member_id``, ``value`` (leaves), the most first, ties by number. The values add up to ``left``."""
    found = _found(reading, by, key)
    if found is None:
        return pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})
    who, value = np.unique(found.left_member[found.is_left_after], return_counts=True)
    rows = pd.DataFrame({"member_id": who.astype("int64"), "value": value.astype("int64")})
    return rows.sort_values(["value", "member_id"], ascending=[False, True], ignore_index=True)


def each(reading: Reading, group: str) -> pd.DataFrame | None:
    """Every send of one group in the period, the newest first: ``sent_at`` (UTC), ``message_kind``, ``content_id``, ``title``,
    ``left`` in the 24 hours after it, ``expected`` in them at the usual rate of its four weeks (null without one), ``is_over`` (the 24
    hours are over). Sends close to each other share their leaves. None as ``sends``."""
    found = _found(reading, "group", group)
    if found is None:
        return None
    chosen = np.flatnonzero(found.is_in_period)
    chosen = chosen[np.argsort(-found.sent_s[chosen], kind="stable")]
    at, of = found.sent_s[chosen], found.sent_group[chosen]
    until = np.minimum(at + DAY_S, found.span.end_s)
    gone = np.sort(found.left_s)
    block = np.searchsorted(found.span.block_s, at, side="right") - 1
    cell = of * len(found.span.block_s) + block
    blocks = found.blocks
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(blocks.usual_time > 0, blocks.usual_left / blocks.usual_time, np.nan)
    last = np.minimum(until, found.span.end_s - 1)
    member_s = found.pieces.member_s(of, last) - found.pieces.member_s(of, at) if len(at) else at
    rows = pd.DataFrame(
        {
            "sent_at": pd.to_datetime(at, unit="s", utc=True),
            "left": np.searchsorted(gone, at + DAY_S, side="left") - np.searchsorted(gone, at, side="left"),
            "expected": rate[cell] * member_s,
            "is_over": at + DAY_S <= found.span.end_s,
        }
    )  # fmt: skip
    return pd.concat([rows, _described(reading, found.sent.take(chosen))], axis=1)


def _described(reading: Reading, sent: pa.Table) -> pd.DataFrame:
    """What was sent, in the order given."""
    rows = sent.select(["message_kind", "content_id"]).to_pandas()
    if not reading.snapshot.files("contents"):
        return rows.assign(title=None)
    titles = reading.snapshot.frame(reading.snapshot.current("contents").select("content_id", "title"))
    return rows.assign(title=titles.set_index("content_id")["title"].reindex(rows["content_id"]).array)


# -- what all of them read ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Found:
    """``groups`` by number, with their ``keys``; sends of the look-back; leaves that callbacks told, from the first block on."""

    period: Period
    span: Span
    keys: np.ndarray
    sent: pa.Table
    sent_group: np.ndarray
    sent_s: np.ndarray
    since_s: np.ndarray
    moves: Moves
    left_group: np.ndarray
    left_s: np.ndarray
    left_member: np.ndarray

    @cached_property
    def is_in_period(self) -> np.ndarray:
        """Of each send."""
        found: np.ndarray = (self.sent_s >= self.span.start_s) & (self.sent_s < self.span.end_s)
        return found

    @cached_property
    def pieces(self) -> Pieces:
        return aftermath.pieces(len(self.keys), self.sent_group, self.sent_s, self.moves, self.span)

    @cached_property
    def usual(self) -> np.ndarray:
        return aftermath.usual_load(self.pieces, self.since_s)

    @cached_property
    def _kinds(self) -> np.ndarray:
        return aftermath.kinds(self.pieces, self.usual)

    @cached_property
    def _left_in(self) -> np.ndarray:
        return self.pieces.at(self.left_group, self.left_s)

    @cached_property
    def blocks(self) -> Blocks:
        return aftermath.blocks(len(self.keys), self.pieces, self._kinds, self._left_in)

    @cached_property
    def is_left_after(self) -> np.ndarray:
        """Of each leave: whether it counts as one after sends."""
        place, wide = self._left_in, len(self.span.block_s)
        block = np.searchsorted(self.span.block_s, self.left_s, side="right") - 1
        known = self.blocks.is_compared[self.left_group * wide + np.maximum(block, 0)]
        found: np.ndarray = (self._kinds[place] == AFTER) & known
        return found


def _found(reading: Reading, by: By, of: str | None = None) -> _Found | None:
    if reading.period is None or reading.as_of_on is None or not reading.snapshot.files("group_messages"):
        return None
    states = rollups.rows(reading.snapshot, reading.zone, "states")
    if states is None:
        return None
    now, _ = comparable(reading.period, reading.as_of_on)
    span, look_on = _span(reading, now)
    known = keyed(reading, states if reading.allowed is None else states.semi_join(reading.allowed, "member_id"), by)
    written = rollups.rows(reading.snapshot, reading.zone, "written")
    assert written is not None
    messages = _chosen(keyed(reading, reading.in_channels("group_messages"), by), of)
    arrow = reading.snapshot.arrow
    moves = arrow(_moved(_chosen(known, of), span, look_on))
    firsts = arrow(_first_days(_chosen(keyed(reading, written, by), of), look_on, now))
    sent = arrow(_sent(messages, span, look_on, now, with_words=of is not None))
    described = arrow(_chosen(placed(reading, by), of))
    tables = (described, moves, firsts, sent)
    groups = coded.index(*(table["group_id"] for table in tables))
    keys = np.full(len(groups), "", object)
    for table in tables:
        keys[coded.codes(groups, table["group_id"])] = table["key"].to_numpy(zero_copy_only=False)
    return _numbered(now, span, groups, keys, sent, firsts, moves)


def _numbered(
    now: Period, span: Span, groups: pd.Index, keys: np.ndarray, sent: pa.Table, firsts: pa.Table, moves: pa.Table
) -> _Found:
    """What was read, with groups by number."""
    group, at, step = coded.codes(groups, moves["group_id"]), moves["second"].to_numpy(), moves["step"].to_numpy()
    since = np.full(len(groups), span.end_s, np.int64)
    np.minimum.at(since, coded.codes(groups, firsts["group_id"]), span.look_s + firsts["day"].to_numpy() * DAY_S)
    np.minimum.at(since, group, at)
    who = moves["member_id"].combine_chunks()
    left = np.asarray(who.is_valid()) & (at >= span.block_s[0])
    return _Found(
        now, span, keys, sent, coded.codes(groups, sent["group_id"]), sent["second"].to_numpy(), since, Moves(group, at, step),
        group[left], at[left], who.fill_null(0).to_numpy()[left],
    )  # fmt: skip


def _span(reading: Reading, now: Period) -> tuple[Span, date]:
    """The period up to the newest data; one that lies wholly after it is empty of all. The day on which the look-back begins."""
    assert reading.as_of is not None
    look, blocks = aftermath.days_before(now)

    def second(on: date) -> int:
        return int(midnight(on, reading.zone).timestamp())

    start, asked_end = second(now.start_on), second(now.end_on)
    newest = int(reading.as_of.timestamp()) + 1
    look_on = now.end_on - timedelta(days=look)
    starts = np.array([second(now.end_on - timedelta(days=days)) for days in blocks], np.int64)
    return Span(second(look_on), start, min(newest, asked_end) if newest > start else asked_end, starts), look_on


def _moved(states: ir.Table, span: Span, look_on: date) -> ir.Table:
    """``key``, ``group_id``, ``second``, ``step``: how many came or went in the look-back; those who were in at its start came then, all
    at once. ``member_id`` of a leave that a callback told, so that its time is known; else null."""
    is_before = states.local_date < look_on
    is_last = is_before & (states.next_on.isnull() | (states.next_on >= look_on)) & states.is_in
    was_there = states.filter(is_last | (~is_before & states.is_first & states.was_in))
    there = was_there.group_by("key", "group_id").aggregate(step=was_there.count())
    inside = states.filter(~is_before & (states.is_in != states.was_in))
    inside = inside.mutate(second=(inside.tick // (2 * MICROSECONDS)).cast("int64"))
    inside = inside.filter(inside.second < span.end_s)
    is_told = ~inside.is_in & ~inside.is_listed
    return ibis.union(
        there.select(
            "key", "group_id", "step", second=ibis.literal(span.look_s, "int64"), member_id=ibis.null(inside.member_id.type())
        ),
        inside.select(
            "key", "group_id", step=ibis.ifelse(inside.is_in, 1, -1).cast("int64"), second="second",
            member_id=ibis.ifelse(is_told, inside.member_id, ibis.null(inside.member_id.type())),
        ),
    )  # fmt: skip


def _first_days(written: ir.Table, look_on: date, now: Period) -> ir.Table:
    """``key``, ``group_id``, ``day`` of the look-back, from 0, of the first message in it, by whomever."""
    rows = written.filter((written.local_date >= look_on) & (written.local_date < now.end_on))
    first = rows.group_by("key", "group_id").aggregate(first=rows.local_date.min())
    return first.select("key", "group_id", day=first["first"].delta(look_on, unit="day").cast("int64"))


def _sent(messages: ir.Table, span: Span, look_on: date, now: Period, *, with_words: bool) -> ir.Table:
    """Sends that weigh in the look-back: ``key``, ``group_id``, ``second``; with what they are, where that is asked for."""
    near = (messages.local_date >= look_on - timedelta(days=1)) & (messages.local_date < now.end_on)
    rows = messages.filter(near & posts.is_send(messages))
    rows = rows.mutate(second=rows.occurred_at.epoch_seconds().cast("int64"))
    rows = rows.filter((rows.second >= span.look_s - DAY_S) & (rows.second < span.end_s))
    return rows.select("key", "group_id", "second", *(("message_kind", "content_id") if with_words else ()))


def _chosen(rows: ir.Table, of: str | None) -> ir.Table:
    return rows if of is None else rows.filter(rows.key == of)
