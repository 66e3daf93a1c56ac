"""Who carries the conversation of groups, owners and units, who could take over, and what hangs on them."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from core.errors import Unknown
from core.lake.writer import local_date
from core.metrics import community, facts, rosters, talk, voices
from core.metrics.concentration import concentration
from core.metrics.voices import CONTACTS, LEAST_DAYS, LEAST_SAID, PARTS
from core.periods import Period, comparable
from core.work.questions.places import By, dimension, keyed
from core.work.questions.reading import Reading

Which = Literal["speakers", "kocs", "successors", "drawing", "answering", "making", "suggesting", "adopted"]
"""Figures that members stand behind: all who spoke, KOCs, who could succeed them, and who has some of a part."""
OF_PART: dict[str, str] = {
    "speakers": "said", "drawing": "drawn", "answering": "answers", "making": "made", "suggesting": "suggested", "adopted": "adopted",
}  # fmt: skip
"""The part that people of a figure have some of."""
MOST = 20
"""KOCs of one key that an answer names, and successors; the figures count all."""
BOARDS = ("score", "made", "adopted")


@dataclass(frozen=True, slots=True)
class Voices:
    """``rows``: one per key, ordered by it: ``key``, ``name``; ``said`` and ``speakers``; ``kocs``, ``koc_said``, ``koc_share`` (of
    ``said``; null where nobody spoke) and ``absence`` (fewest people who wrote half); ``days`` on which anybody spoke, ``days_rest``
    on which anybody but KOCs did; ``answers made suggested adopted`` (totals) and the numbers of people behind them, as ``Which`` names them;
    ``successors`` (null where nobody knows who is in the group).

    ``kocs`` and ``successors``: the first 20 of each key, best placed first: ``key member_id place score``, the parts,
    ``said_before``, and the share of others who have less of each part as ``rank_…``. ``before``: what the period is held against.
    """

    by: By
    now: Period
    before: Period
    as_of_on: date
    rows: pd.DataFrame
    kocs: pd.DataFrame
    successors: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Board:
    """A calendar month. ``lists``: by score (of those who said at least 5 things on 2 days), content made and suggestions adopted, all who
    have any: ``member_id``, ``value``, the greatest first, equal ones by number. ``is_running``: data ends before the month does."""

    month: Period
    is_running: bool
    lists: dict[str, pd.DataFrame]


def voices_of(reading: Reading, by: By = "group") -> Voices | None:
    """None in a lake without messages."""
    found = _asked(reading)
    if found is None:
        return None
    now, before = found
    turns, members = _standing(reading, by, now, before)
    rows = dimension(reading, by)[["key", "name"]].merge(_figures(members), on="key", how="outer")
    rows = rows.merge(_days(reading, turns, members), on="key", how="outer").sort_values("key", ignore_index=True)
    assert reading.as_of_on is not None
    rows = _finished(rows, has_moves=_has_moves(reading))
    kocs, successors = (_first(members, members[name]) for name in ("is_koc", "is_successor"))
    return Voices(by, now, before, reading.as_of_on, rows, kocs, successors)


def behind(reading: Reading, by: By, key: str, which: Which) -> pd.DataFrame:
    """Who stands behind a figure of one row: ``member_id``, ``value``, the greatest first, ties by number. ``value``: the score of KOCs
    and successors, else how much each has of the part. Nobody where the lake does not know it. Raises ``Unknown``."""
    if which not in get_args(Which):
        raise Unknown("figure", which, get_args(Which))
    found = _asked(reading)
    if found is None:
        return pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})
    _, members = _standing(reading, by, *found, key=key)
    if which == "kocs" or which == "successors":
        kept, name = members["is_koc" if which == "kocs" else "is_successor"], "score"
    else:
        name = OF_PART[which]
        kept = members[name] > 0
    return _ordered(members[kept], name)


def months(reading: Reading, most: int = 6) -> list[Period]:
    """Calendar months with data up to the end of the period, the newest first."""
    whole, period = reading.whole, reading.period
    if whole is None or period is None or not reading.snapshot.files("group_messages"):
        return []
    month = _month(min(period.last_on, whole.last_on))
    found: list[Period] = []
    while len(found) < most and month.end_on > whole.start_on:
        found.append(month)
        month = _month(month.start_on - timedelta(days=1))
    return found


def board(reading: Reading, by: By, key: str, month: Period) -> Board:
    """Who stood out in a calendar month, as far as data goes. ``key``: whose members, of ``by``."""
    assert reading.as_of_on is not None
    _, members = _standing(reading, by, month, month.before(), key=key)
    has_spoken = (members["said"] >= LEAST_SAID) & (members["days"] >= LEAST_DAYS)
    kept = {"score": has_spoken, "made": members["made"] > 0, "adopted": members["adopted"] > 0}
    lists = {name: _ordered(members[kept[name]], name) for name in BOARDS}
    return Board(month, month.end_on > reading.as_of_on + timedelta(days=1), lists)


def _month(on: date) -> Period:
    start = on.replace(day=1)
    return Period(start, (start + timedelta(days=32)).replace(day=1))


def _asked(reading: Reading) -> tuple[Period, Period] | None:
    if reading.period is None or reading.as_of_on is None or not reading.snapshot.files("group_messages"):
        return None
    return comparable(reading.period, reading.as_of_on)


def _standing(
    reading: Reading, by: By, now: Period, before: Period, key: str | None = None
) -> tuple[ir.Table, pd.DataFrame]:
    """What was said, keyed, and one row per key and member who spoke: the parts, ``rank_…``, ``score``, ``place``, ``said_before``,
    ``is_koc``, ``is_successor``. ``key``: of this one alone."""
    rows = facts.linked(reading.in_channels("group_messages"), reading.members)
    later = voices.marked(rows.filter(rows.local_date >= now.start_on))
    turns = reading.snapshot.keep(voices.turns(later.filter(community.within(later, now))))
    parts = [turns, voices.exchanges(turns), voices.adopted(turns, later)]
    parts = [reading.snapshot.keep(_of(keyed(reading, part, by), key)) for part in parts]
    found = voices.contributions(*parts)
    if reading.allowed is not None:
        found = found.semi_join(reading.allowed, "member_id")
    earlier = _of(keyed(reading, rows.filter(community.within(rows, before)), by), key)
    spoken = earlier.filter(talk.is_activity(earlier) & earlier.member_id.notnull())
    said = spoken.group_by("key", "member_id").aggregate(said_before=spoken.count())
    found = found.left_join(said, ["key", "member_id"]).drop("key_right", "member_id_right")
    inside = _inside(reading, by, now, key)
    found = found.mutate(said_before=found.said_before.fill_null(0))
    if inside is not None:
        found = found.left_join(inside, ["key", "member_id"]).drop("key_right", "member_id_right")
    else:
        found = found.mutate(is_in=ibis.literal(False))
    frame = reading.snapshot.arrow(found).to_pandas()
    return parts[0], _placed(frame)


def _of(rows: ir.Table, key: str | None) -> ir.Table:
    return rows if key is None else rows.filter(rows.key == key)


def _placed(frame: pd.DataFrame) -> pd.DataFrame:
    code = pd.factorize(frame["key"])[0].astype(np.int64)
    parts = {name: frame[name].to_numpy(np.int64) for name in PARTS}
    member, before = frame["member_id"].to_numpy(np.int64), frame["said_before"].to_numpy(np.int64)
    stands = voices.standing(code, member, parts)
    is_koc = voices.carriers(code, parts["said"], parts["days"], stands.place)
    is_able = (parts["said"] >= LEAST_SAID) & (parts["days"] >= LEAST_DAYS) & (stands.rank["drawn"] >= CONTACTS)
    is_in = frame["is_in"].fillna(False).to_numpy(bool)
    return frame.assign(
        **{f"rank_{name}": stands.rank[name] for name in PARTS},
        score=stands.score,
        place=stands.place,
        is_koc=is_koc,
        is_successor=is_able & is_in & ~is_koc & voices.is_rising(parts["said"], before),
    )


def _figures(members: pd.DataFrame) -> pd.DataFrame:
    """Per key what is counted of its members."""
    code, keys = pd.factorize(members["key"], sort=True)
    found = concentration(code.astype(np.int64), members["said"].to_numpy(np.int64))
    counted = pd.DataFrame({which: members[part] > 0 for which, part in OF_PART.items()})
    counted["kocs"], counted["successors"] = members["is_koc"], members["is_successor"]
    counted["koc_said"] = members["said"].where(members["is_koc"], 0)
    summed = counted.rename(columns={"adopted": "adopted_people"}).join(
        members[["said", "answers", "made", "suggested", "adopted"]]
    )
    figures = summed.groupby(members["key"]).sum().reset_index()
    return figures.merge(pd.DataFrame({"key": keys, "absence": found.absence}), on="key", how="left")


def _days(reading: Reading, turns: ir.Table, members: pd.DataFrame) -> pd.DataFrame:
    """Per key the days on which members spoke, and those on which others than KOCs did."""
    own = turns.filter(turns.member_id.notnull())
    if reading.allowed is not None:
        own = own.semi_join(reading.allowed, "member_id")
    kocs = members.loc[members["is_koc"], ["key", "member_id"]]
    named = pa.table({"key": pa.array(kocs["key"], pa.string()), "member_id": pa.array(kocs["member_id"], pa.int64())})
    rest = own.anti_join(ibis.memtable(named), ["key", "member_id"])
    every = own.group_by("key").aggregate(days=own.local_date.nunique())
    others = rest.group_by("key").aggregate(days_rest=rest.local_date.nunique())
    return reading.snapshot.frame(every.left_join(others, "key").drop("key_right"))


def _finished(rows: pd.DataFrame, *, has_moves: bool) -> pd.DataFrame:
    for name in rows.columns.difference(["key", "name"]):
        rows[name] = rows[name].fillna(0).astype("int64")
    rows["koc_share"] = (rows["koc_said"] / rows["said"].replace(0, pd.NA)).astype("Float64")
    if not has_moves:
        rows["successors"] = pd.Series(pd.NA, rows.index, "Int64")
    return rows


def _first(members: pd.DataFrame, kept: pd.Series) -> pd.DataFrame:
    found = members[kept].drop(columns=["is_koc", "is_successor", "is_in"]).sort_values(["key", "place"])
    return found.groupby("key").head(MOST).reset_index(drop=True)


def _ordered(members: pd.DataFrame, name: str) -> pd.DataFrame:
    found = members[["member_id", name]].rename(columns={name: "value"})
    return found.sort_values(["value", "member_id"], ascending=[False, True], ignore_index=True)


def _has_moves(reading: Reading) -> bool:
    return any(reading.snapshot.files(name) for name in ("group_membership", "group_rosters"))


def _inside(reading: Reading, by: By, now: Period, key: str | None) -> ir.Table | None:
    """``key``, ``member_id``, ``is_in`` of whoever is in at the end of the period, of callbacks and lists of members; None without
    either."""
    if not _has_moves(reading):
        return None
    evidence = rosters.told(reading.table("group_membership"))
    if reading.snapshot.files("group_rosters"):
        rows = reading.table("group_rosters")
        listed = rosters.listed(rows.mutate(joined_on=local_date(rows.joined_at, reading.zone)))
        evidence = rosters.evidence(evidence, listed, rosters.looks(reading.visible("group_rosters")))
    states = rosters.states(evidence)
    there = _of(keyed(reading, states.filter(community.inside(states, now.end_on)), by), key)
    return there.select("key", "member_id", is_in=ibis.literal(True)).distinct()
