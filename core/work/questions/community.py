"""Group chats, their owners and units: who is in them, who speaks, on how few they hang."""

from dataclasses import dataclass
from datetime import UTC, date
from functools import reduce
from typing import Literal, get_args

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from core.errors import Unknown
from core.lake.reader import Snapshot
from core.lake.writer import local_date, local_time
from core.metrics import community, replies, rosters
from core.metrics.concentration import concentration
from core.periods import Period, comparable
from core.work.questions.places import By, dimension, keyed
from core.work.questions.reading import Reading

Which = Literal[
    "members", "joined", "left", "speakers", "new_speakers", "kept_speakers", "reactivated_speakers", "lost_speakers", "lurkers",
    "ever_spoke", "speaking",
]  # fmt: skip
"""Figures that members stand behind. ``lurkers``: members at the end of the period who never spoke."""
COUNTS = (
    "messages", "said", "speakers", "new_speakers", "kept_speakers", "reactivated_speakers", "lost_speakers", "speaker_days", "wau", "mau",
    "absence", "questions", "answered", "open_questions",
)  # fmt: skip
"""Figures that are 0 where nobody wrote, as long as the lake has messages at all."""
MOVES = ("members", "members_before", "joined", "left", "joined_listed", "left_listed", "speaking", "ever_spoke")
"""Figures that the lake has where it knows who joins and leaves."""


@dataclass(frozen=True, slots=True)
class Community:
    """``rows``: one per key, ordered by it: ``key``, ``name``, the figures of ``core.metrics.community`` and
    ``core.metrics.concentration``, those of ``core.metrics.replies``, ``net`` (joined less left), ``speaking_rate`` (``speaking`` of ``members``; null without members), ``reply_coverage`` (``answered`` of ``questions``;
    null without questions). Undefined is null. ``before``: what the period is held against."""

    by: By
    now: Period
    before: Period
    as_of_on: date
    rows: pd.DataFrame


def groups(reading: Reading, by: By = "group") -> Community | None:
    """All figures of 5.7 that messages and moves carry; None in a lake without data.

    A scope of units leaves the groups of these units, and of what is in them what their members did.
    """
    if reading.period is None or reading.as_of_on is None:
        return None
    now, before = comparable(reading.period, reading.as_of_on)
    parts = [dimension(reading, by)]
    speakers = stays = None
    if reading.snapshot.files("group_messages"):
        written = keyed(reading, reading.in_channels("group_messages"), by)
        messages = keyed(reading, reading.table("group_messages"), by)
        spoken = reading.snapshot.keep(community.spoken(messages))
        speakers = reading.snapshot.keep(community.speakers(spoken, now, before))
        parts += _talk(reading.snapshot, written, spoken, speakers, now)
        parts.append(_answered(reading, messages, written, now))
    states = _states(reading, by, now)
    if states is not None:
        stays = reading.snapshot.keep(community.stays(states, now))
        parts.append(reading.snapshot.frame(community.membership(stays)))
    if speakers is not None and stays is not None:
        parts.append(reading.snapshot.frame(community.ladder(stays, speakers)))
    found = reduce(lambda left, right: left.merge(right, on="key", how="outer"), parts)
    return Community(by, now, before, reading.as_of_on, _finished(found.sort_values("key", ignore_index=True)))


def behind(reading: Reading, by: By, key: str, which: Which) -> pd.DataFrame:
    """Who stands behind a figure of one row: ``member_id``, ``value``, the greatest value first, ties by number.

    The rows are as many as the figure; for ``joined`` and ``left``, which count changes, the values add up to it. ``value``: changes
    of these two, messages said in the period of whoever speaks in it (``lost_speakers``: in the one before), else 1. Nobody
    where the lake does not know the figure. Raises ``Unknown`` for a figure that is none of these.
    """
    if which not in get_args(Which):
        raise Unknown("figure", which, get_args(Which))
    table = _behind(reading, by, key, which)
    if table is None:
        return pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})
    named = table.select("member_id", value=table.value.cast("int64"))
    return reading.snapshot.frame(named.order_by([ibis.desc("value"), "member_id"]))


def _behind(reading: Reading, by: By, key: str, which: Which) -> ir.Table | None:
    """``member_id``, ``value``, of one key; None where the lake does not know it."""
    if reading.period is None or reading.as_of_on is None:
        return None
    now, before = comparable(reading.period, reading.as_of_on)

    def of(name: str) -> ir.Table | None:
        if not reading.snapshot.files(name):
            return None
        rows = keyed(reading, reading.table(name), by)
        return rows.filter(rows.key == key)

    moves = messages = None
    if which in ("members", "joined", "left", "lurkers", "ever_spoke", "speaking"):
        states = _states(reading, by, now)
        if states is None:
            return None
        moves = states.filter(states.key == key)
    if which not in ("members", "joined", "left"):
        messages = of("group_messages")
        if messages is None:
            return None
    if messages is None:
        assert moves is not None
        stays = community.stays(moves, now)
        value = ibis.literal(1) if which == "members" else stays[which]
        kept = stays.is_in if which == "members" else stays[which] > 0
        return stays.filter(kept).select("member_id", value=value)
    speakers = community.speakers(community.spoken(messages), now, before)
    if moves is None:
        speaker = community.told_apart(speakers, now)[which]
        return speakers.mutate(value=speakers.said_before if which == "lost_speakers" else speakers.said).filter(
            speaker
        )
    there = community.standing(community.stays(moves, now), speakers)
    rungs = community.rungs(there)
    kept = ~rungs["ever_spoke"] if which == "lurkers" else rungs[which]
    return there.mutate(value=there.said if which == "speaking" else ibis.literal(1)).filter(kept)


def _talk(
    snapshot: Snapshot, written: ir.Table, spoken: ir.Table, speakers: ir.Table, now: Period
) -> list[pd.DataFrame]:
    raw = written.filter(community.within(written, now)).group_by("key").aggregate(messages=ibis._.count())
    return [
        snapshot.frame(raw),
        snapshot.frame(community.turnover(speakers, now)),
        snapshot.frame(community.daily(spoken, now)),
        _concentrated(snapshot, speakers),
    ]


def _answered(reading: Reading, messages: ir.Table, written: ir.Table, now: Period) -> pd.DataFrame:
    """Questions asked in the period; answers may come later."""
    assert reading.as_of is not None
    asked = replies.questions(messages.filter(community.within(messages, now)))
    later = written.filter(written.local_date >= now.start_on)
    answers = replies.answered(asked, later)
    answers = answers.mutate(
        asked_local=local_time(answers.occurred_at, reading.zone), answered_local=local_time(answers.answered_at, reading.zone)
    )  # fmt: skip
    as_of = reading.as_of.astimezone(UTC).replace(tzinfo=None)
    return reading.snapshot.frame(replies.coverage(answers, as_of))


def _concentrated(snapshot: Snapshot, speakers: ir.Table) -> pd.DataFrame:
    said = snapshot.arrow(speakers.filter(speakers.said > 0).select("key", "said"))
    keys, code = np.unique(said["key"].to_numpy(zero_copy_only=False).astype(str), return_inverse=True)
    found = concentration(code.astype(np.int64), said["said"].to_numpy())
    return pd.DataFrame(
        {"key": keys, "top_share": found.top_share, "gini": found.gini, "absence": found.absence}
    )  # fmt: skip


def _states(reading: Reading, by: By, now: Period) -> ir.Table | None:
    """Who was in which group when, of what callbacks told and, where there are any, lists of members; None without either. It says
    all about the period, and not all about the time before."""
    if not any(reading.snapshot.files(name) for name in ("group_membership", "group_rosters")):
        return None
    told = rosters.told(keyed(reading, reading.table("group_membership"), by))
    if not reading.snapshot.files("group_rosters"):
        return rosters.states(told)
    rows = keyed(reading, reading.table("group_rosters"), by)
    listed = rosters.listed(rows.mutate(joined_on=local_date(rows.joined_at, reading.zone)))
    looks = reading.snapshot.keep(rosters.looks(reading.visible("group_rosters")))
    bases = reading.snapshot.keep(rosters.bases(looks, now.start_on))
    told, listed = (reading.snapshot.keep(rosters.since(found, bases)) for found in (told, listed))
    return rosters.states(rosters.evidence(told, listed, looks))


def _finished(rows: pd.DataFrame) -> pd.DataFrame:
    for name in [name for name in COUNTS if name in rows]:
        rows[name] = rows[name].fillna(0).astype("int64")
    for name in [name for name in MOVES if name in rows]:
        rows[name] = rows[name].astype("Int64")
    if "dau" in rows:
        rows["dau"] = rows["dau"].fillna(0.0)
    if "members" in rows:
        rows["net"] = rows["joined"] - rows["left"]
    if "questions" in rows:
        rows["reply_coverage"] = (rows["answered"] / rows["questions"].replace(0, pd.NA)).astype("Float64")
    if "speaking" in rows:
        rows["speaking_rate"] = (rows["speaking"] / rows["members"].replace(0, pd.NA)).astype("Float64")
    return rows
