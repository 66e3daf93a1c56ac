"""Content by piece, topic, format, publishing hour or channel: who reads it, what they do with it, what they buy after."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

import ibis
import ibis.expr.types as ir
import pandas as pd

from core.errors import Unknown
from core.lake.writer import local_time
from core.metrics import contents
from core.metrics.sends import sends
from core.periods import Period, comparable
from core.work.questions import crediting, places
from core.work.questions.reading import Reading

By = Literal["piece", "topic", "format", "hour", "channel", "total"]
Which = Literal["readers", "interacting", "clickers", "buyers"]
"""Figures that members stand behind."""
TOTAL = places.TOTAL
TOTAL_BY: By = "total"
ACTED = ("reads", "likes", "comments", "shares")
SENT = ("delivered", "clicks")
BOUGHT = ("orders", "revenue_minor")
RATES = {
    "interaction_rate": ("interacting", "readers"), "ctr": ("clicks", "delivered"), "conversion_rate": ("buyers", "readers"),
}  # fmt: skip
VALUES: dict[Which, str] = {"readers": "reads", "interacting": "acts", "clickers": "clicks", "buyers": "orders"}
"""What a member behind a figure counts for."""


@dataclass(frozen=True, slots=True)
class Contents:
    """``rows``: one per key with any fact in either period, ordered by it: ``key``, ``name`` (title of a piece), of a piece
    ``topic``, ``format``, ``channel``, ``published_at`` (naive UTC), the figures of ``core.metrics.contents.figures``, ``posts``
    (messages with it in groups), the shares of ``RATES`` (null where undefined), and all of these of the period before as
    ``…_before``, where the data reaches back so far. What the lake has no facts for is absent. ``total``: one row of all together, a member counted once."""

    by: By
    now: Period
    before: Period
    as_of_on: date
    rows: pd.DataFrame
    total: pd.DataFrame


def contents_by(reading: Reading, by: By = "piece") -> Contents | None:
    """None in a lake without data. An empty key stands for what no dimension describes."""
    if by not in get_args(By):
        raise Unknown("breakdown", by, get_args(By))
    if reading.period is None or reading.as_of_on is None:
        return None
    now, before = comparable(reading.period, reading.as_of_on)
    counted = [_counted(reading, period) for period in (now, before)]
    rows, total = (_both(reading, one, counted, (now, before)) for one in (by, TOTAL_BY))
    if not reading.reaches(before):
        rows, total = (frame.drop(columns=list(frame.filter(like="_before"))) for frame in (rows, total))
    return Contents(by, now, before, reading.as_of_on, _named(reading, by, rows), _named(reading, TOTAL_BY, total))


def behind(reading: Reading, by: By, key: str, which: Which) -> pd.DataFrame:
    """Who stands behind a figure of one row: ``member_id``, ``value``, the greatest first, ties by number; as many as the figure.
    ``value``: reads, acts (likes, comments and shares), clicks or orders. Raises ``Unknown``."""
    if which not in get_args(Which):
        raise Unknown("figure", which, get_args(Which))
    nobody = pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})
    if reading.period is None or reading.as_of_on is None:
        return nobody
    now, _ = comparable(reading.period, reading.as_of_on)
    counted = _counted(reading, now)
    if counted is None:
        return nobody
    persons = contents.persons(keyed(reading, counted, by))
    rows = persons.filter((persons.key == key) & contents.whom(persons)[which])
    names = {"readers": ("reads", "clicks"), "interacting": ACTED[1:], "clickers": ("clicks",), "buyers": ("orders",)}
    known = [rows[name] for name in names[which] if name in rows.columns]
    value = known[0]
    for one in known[1:]:
        value = value + one
    return reading.snapshot.frame(
        rows.select("member_id", value=value).order_by([ibis.desc("value"), "member_id"])
    )  # fmt: skip


def _both(reading: Reading, by: By, counted: list[ir.Table | None], periods: tuple[Period, Period]) -> pd.DataFrame:
    now, before = (
        _figures(reading, by, some, period) for some, period in zip(counted, periods, strict=True)
    )  # fmt: skip
    found = now.merge(before.add_suffix("_before"), left_on="key", right_on="key_before", how="outer")
    found["key"] = found["key"].fillna(found["key_before"])
    return _finished(found.drop(columns="key_before"))


def _figures(reading: Reading, by: By, counted: ir.Table | None, period: Period) -> pd.DataFrame:
    posts = _posts(reading, by, period)
    if counted is None:
        found = pd.DataFrame({"key": pd.Series(dtype="str")})
    else:
        found = reading.snapshot.frame(contents.figures(contents.persons(keyed(reading, counted, by))))
    return found if posts is None else found.merge(reading.snapshot.frame(posts), on="key", how="outer")


def _counted(reading: Reading, period: Period) -> ir.Table | None:
    """One row per piece, channel and member of the period; None where the lake knows no act and no message."""
    acts, sent = content_acts(reading, period), content_sends(reading, period)
    parts: dict[str, tuple[ir.Table, tuple[str, ...]]] = {}
    if acts is not None:
        parts["acted"] = contents.acted(acts), ACTED
    if sent is not None:
        parts["clicked"] = contents.clicked(sent), SENT
    met = crediting.contacts(acts, sent)
    if met is not None and reading.snapshot.files("order_lines"):
        orders = crediting.credited(reading, met, crediting.orders(reading, period))
        parts["bought"] = contents.bought(orders), BOUGHT
    return reading.snapshot.keep(contents.together(parts)) if parts else None


def content_acts(reading: Reading, period: Period) -> ir.Table | None:
    """What was done with content in the period; None where the lake has no events."""
    if not reading.snapshot.files("events"):
        return None
    rows = reading.table("events")
    kept = rows.filter(
        rows.content_id.notnull() & (rows.local_date >= period.start_on) & (rows.local_date < period.end_on)
    )
    return reading.snapshot.keep(kept.select("member_id", "name", "content_id", "channel", "occurred_at"))


def content_sends(reading: Reading, period: Period) -> ir.Table | None:
    """Messages with a piece sent in the period; None where the lake has no touches."""
    if not reading.snapshot.files("touches"):
        return None
    rows = reading.table("touches")
    return reading.snapshot.keep(sends(rows.filter(rows.content_id.notnull()), period))


def keyed(reading: Reading, rows: ir.Table, by: By) -> ir.Table:
    """Rows with ``key``."""
    if by == "total":
        return rows.mutate(key=ibis.literal(TOTAL))
    if by == "channel":
        return rows.mutate(key=rows.channel.fill_null(""))
    if by == "piece":
        return rows.mutate(key=rows.content_id)
    placed = _described(reading)
    placed = placed.select(_content="content_id", key=placed[by])
    joined = rows.left_join(placed, rows.content_id == placed._content).drop("_content")
    return joined.mutate(key=joined.key.fill_null(""))


def _described(reading: Reading) -> ir.Table:
    known = reading.snapshot.current("contents")
    hour = local_time(known.published_at, reading.zone).hour().cast("string").lpad(2, "0")
    return known.select("content_id", "title", "topic", "format", "channel", "published_at", hour=hour)


def _posts(reading: Reading, by: By, period: Period) -> ir.Table | None:
    """Per key, messages with a piece in groups of the scope; None where the lake has none, or other channels are asked for."""
    channels = reading.filters.channels
    if not reading.snapshot.files("group_messages") or (channels and "group_chat" not in channels):
        return None
    rows = reading.visible("group_messages")
    rows = rows.filter(
        rows.content_id.notnull() & (rows.local_date >= period.start_on) & (rows.local_date < period.end_on)
    ).mutate(channel=ibis.literal("group_chat"))
    if reading.units is not None:
        rows = rows.semi_join(places.placed(reading, "total"), "group_id")
    found = keyed(reading, rows, by)
    return found.group_by("key").aggregate(posts=ibis._.count())


def _finished(rows: pd.DataFrame) -> pd.DataFrame:
    for name in [name for name in rows.columns if name != "key"]:
        rows[name] = pd.to_numeric(rows[name]).fillna(0).astype("int64")
    for then in ("", "_before"):
        for rate, (top, bottom) in RATES.items():
            if f"{top}{then}" in rows and f"{bottom}{then}" in rows:
                rows[rate + then] = (
                    (rows[top + then] / rows[bottom + then].where(rows[bottom + then] > 0))
                    .astype("Float64")
                )  # fmt: skip
    return rows.sort_values("key", ignore_index=True)


def _named(reading: Reading, by: By, rows: pd.DataFrame) -> pd.DataFrame:
    if by != "piece":
        return rows.assign(name=None)
    told = reading.snapshot.frame(_described(reading).drop("hour")).rename(columns={"title": "name"})
    return rows.merge(told, left_on="key", right_on="content_id", how="left").drop(columns="content_id")
