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
from core.metrics import community, voices
from core.metrics.concentration import concentration
from core.metrics.voices import CONTACTS, LEAST_DAYS, LEAST_SAID, PARTS
from core.periods import Period, comparable
from core.work import rollups
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


@dataclass(frozen=True, slots=True)
class _Heard:
    """What was said in a period, of which all is told of groups, owners, units and in total: see ``core.metrics.voices``."""

    talked: ir.Table
    pieces: ir.Table
    exchanges: ir.Table
    adopted: ir.Table


def voices_of(reading: Reading, *bys: By) -> tuple[Voices, ...]:
    """One answer for each breakdown, of messages that are read once; none in a lake without messages."""
    spans = _asked(reading)
    if spans is None:
        return ()
    heard = _heard(reading, spans[0])
    return tuple(_told(reading, by, heard, spans) for by in bys)


def _told(reading: Reading, by: By, heard: _Heard, spans: tuple[Period, Period]) -> Voices:
    assert reading.as_of_on is not None
    talked, members = _standing(reading, by, heard, spans)
    rows = dimension(reading, by)[["key", "name"]].merge(_figures(members), on="key", how="outer")
    rows = rows.merge(_days(reading, talked, members), on="key", how="outer").sort_values("key", ignore_index=True)
    rows = _finished(rows, has_moves=_has_moves(reading))
    kocs, successors = (_first(members, members[name]) for name in ("is_koc", "is_successor"))
    return Voices(by, *spans, reading.as_of_on, rows, kocs, successors)


def behind(reading: Reading, by: By, key: str, which: Which) -> pd.DataFrame:
    """Who stands behind a figure of one row: ``member_id``, ``value``, the greatest first, ties by number. ``value``: the score of KOCs
    and successors, else how much each has of the part. Nobody where the lake does not know it. Raises ``Unknown``."""
    if which not in get_args(Which):
        raise Unknown("figure", which, get_args(Which))
    found = _asked(reading)
    if found is None:
        return pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})
    _, members = _standing(reading, by, _heard(reading, found[0]), found, key)
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
    _, members = _standing(reading, by, _heard(reading, month), None, key)
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


def _heard(reading: Reading, now: Period) -> _Heard:
    found = []
    for kind in ("talked", "pieces", "exchanges", "adopted"):
        rows = rollups.rows(reading.snapshot, reading.zone, kind)
        assert rows is not None, "there are messages"
        found.append(rows.filter(community.within(rows, now)))
    talked, pieces, exchanges, adopted = found
    return _Heard(talked, pieces, exchanges.filter(exchanges.since_on >= now.start_on), adopted)


def _standing(
    reading: Reading, by: By, heard: _Heard, past: tuple[Period, Period] | None, key: str | None = None
) -> tuple[ir.Table, pd.DataFrame]:
    """What members said, keyed, and one row per key and member who spoke: the parts, ``rank_…``, ``score``, ``place``, ``said_before``,
    ``is_koc``, ``is_successor``. ``past``: the period and the one before; without it the last two are not told, nor is what was said
    before. ``key``: of this one alone."""
    every = (heard.talked, heard.pieces, heard.exchanges, heard.adopted)
    talked, *others = (_of(keyed(reading, part, by), key) for part in every)
    talked = reading.snapshot.keep(talked)
    found = voices.contributions(talked, *others)
    if reading.allowed is not None:
        found = found.semi_join(reading.allowed, "member_id")
    said = inside = None
    if past is not None:
        said, inside = _said_before(reading, by, past[1], key), _inside(reading, by, past[0], key)
    unknown = {"said_before": ibis.literal(0), "is_in": ibis.literal(False)}
    for name, known in (("said_before", said), ("is_in", inside)):
        if known is None:
            found = found.mutate(**{name: unknown[name]})
        else:
            found = found.left_join(known, ["key", "member_id"]).drop("key_right", "member_id_right")
            found = found.mutate(**{name: found[name].fill_null(unknown[name])})
    return talked, _placed(reading.snapshot.arrow(found).to_pandas())


def _of(rows: ir.Table, key: str | None) -> ir.Table:
    return rows if key is None else rows.filter(rows.key == key)


def _placed(frame: pd.DataFrame) -> pd.DataFrame:
    code = pd.factorize(frame["key"])[0].astype(np.int64)
    parts = {name: frame[name].to_numpy(np.int64) for name in PARTS}
    member, before = frame["member_id"].to_numpy(np.int64), frame["said_before"].to_numpy(np.int64)
    stands = voices.standing(code, member, parts)
    is_koc = voices.carriers(code, parts["said"], parts["days"], stands.place)
    is_able = (parts["said"] >= LEAST_SAID) & (parts["days"] >= LEAST_DAYS) & (stands.rank["drawn"] >= CONTACTS)
    is_in = frame["is_in"].to_numpy(bool)
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


def _days(reading: Reading, talked: ir.Table, members: pd.DataFrame) -> pd.DataFrame:
    """Per key the days on which members spoke, and those on which others than KOCs did."""
    own = talked
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


def _said_before(reading: Reading, by: By, before: Period, key: str | None) -> ir.Table | None:
    """``key``, ``member_id``, ``said_before``: messages of the period before."""
    talked = rollups.rows(reading.snapshot, reading.zone, "talked")
    if talked is None:
        return None
    rows = _of(keyed(reading, talked.filter(community.within(talked, before)), by), key)
    return rows.group_by("key", "member_id").aggregate(said_before=rows.said.sum().cast("int64"))


def _inside(reading: Reading, by: By, now: Period, key: str | None) -> ir.Table | None:
    """``key``, ``member_id``, ``is_in`` of whoever is in at the end of the period, of callbacks and lists of members; None without
    either."""
    states = rollups.rows(reading.snapshot, reading.zone, "states")
    if states is None:
        return None
    there = _of(keyed(reading, states.filter(community.inside(states, now.end_on)), by), key)
    return there.select("key", "member_id", is_in=ibis.literal(True)).distinct()
