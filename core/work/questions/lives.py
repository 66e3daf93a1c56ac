"""Live sessions: who watches, follows, looks at products, buys, and comes back to a later one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from core.errors import Unknown
from core.lake.reader import Snapshot
from core.metrics import last_touch, lives
from core.metrics.contents import WINDOW_DAYS
from core.metrics.facts import VIEWS
from core.periods import Period, comparable, midnight
from core.work.questions import crediting, places
from core.work.questions.kept import per_version
from core.work.questions.reading import Reading

TOTAL = places.TOTAL
ENTERED, FOLLOWED = "live_enter", "follow"
AFTER_HOURS = 24
"""Hours after entering in which following and looking at a product are put down to the session."""
RETURN_DAYS = 14
"""Days after first entering a session in which a viewer who comes back enters another one. Rule of thumb, like the hours."""
HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
Which = Literal["viewers", "followers", "clickers", "buyers", "returned", "stayed_away"]
"""Figures that members stand behind. ``stayed_away``: whose days to come back are over, and who did not."""
RATES = {
    "follow_rate": ("followers", "viewers"), "click_rate": ("clickers", "viewers"), "conversion_rate": ("buyers", "viewers"),
    "return_rate": ("returned", "returnable"),
}  # fmt: skip
COUNTS = (
    "entries", "viewers", "follows", "followers", "clicks", "clickers", "orders", "buyers", "revenue_minor", "returnable", "returned",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lives:
    """``rows``: one per session entered in the period (one that began before it counts with what happened in the period), newest first,
    then ``all``: ``key``, ``name``, ``topic``, ``published_at`` (naive UTC), ``COUNTS`` (those of following only where any follow of the lake
    says what was followed for: a content id; else it cannot be told which follows sessions brought, not even none), the shares of ``RATES`` (null where undefined), and all of these of the period before as ``…_before``, where the data reaches
    back so far.

    ``follows``, ``clicks`` (looks at products) within 24 hours and ``orders`` within seven days of entering belong to the session
    entered last before them. ``returnable``: viewers whose 14 days since first entering are over; ``returned``: those of them who
    entered another session within these.
    """

    now: Period
    before: Period
    as_of_on: date
    rows: pd.DataFrame


def sessions(reading: Reading) -> Lives | None:
    """None in a lake without data or without events."""
    if reading.period is None or reading.as_of_on is None or not reading.snapshot.files("events"):
        return None
    now, before = comparable(reading.period, reading.as_of_on)
    rows = _figures(reading, now).merge(
        _figures(reading, before).add_suffix("_before"), left_on="key", right_on="key_before", how="outer"
    )
    rows["key"] = rows["key"].fillna(rows["key_before"])
    rows = _finished(rows.drop(columns="key_before"), _is_following_told(reading.snapshot))
    rows = rows[(rows["entries"] > 0) | (rows["key"] == TOTAL)]
    if not reading.reaches(before):
        rows = rows.drop(columns=list(rows.filter(like="_before")))
    known = reading.snapshot.current("contents").select("content_id", "topic", "published_at", name="title")
    rows = rows.merge(reading.snapshot.frame(known), left_on="key", right_on="content_id", how="left")
    rows = rows.drop(columns="content_id")
    rows["is_total"] = rows["key"] == TOTAL
    rows = rows.sort_values(["is_total", "published_at", "key"], ascending=[True, False, True], ignore_index=True)
    return Lives(now, before, reading.as_of_on, rows.drop(columns="is_total"))


def behind(reading: Reading, key: str, which: Which) -> pd.DataFrame:
    """Members behind a figure of one session, or of ``all``: ``member_id``, ``value`` (entries, follows, looks, orders), the greatest
    first; as many as the figure. Raises ``Unknown``."""
    if which not in get_args(Which):
        raise Unknown("figure", which, get_args(Which))
    empty = pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})
    if reading.period is None or reading.as_of_on is None or not reading.snapshot.files("events"):
        return empty
    now, _ = comparable(reading.period, reading.as_of_on)
    kind = {"viewers": "entries", "followers": "follows", "clickers": "clicks", "buyers": "orders"}.get(
        which, "returns"
    )
    rows = _acts(reading, now)[kind]
    if which in ("returned", "stayed_away"):
        closed = rows[rows["is_over"]]
        if key == TOTAL:
            closed = closed.groupby("member_id", as_index=False).agg(has_returned=("has_returned", "any"))
        else:
            closed = closed[closed["key"] == key]
        found = closed[closed["has_returned"] == (which == "returned")]
        value = found.assign(value=1)
    else:
        found = rows if key == TOTAL else rows[rows["key"] == key]
        value = found.groupby("member_id", as_index=False).agg(value=("member_id", "size"))
    if value.empty:
        return empty
    return value[["member_id", "value"]].sort_values(["value", "member_id"], ascending=[False, True], ignore_index=True)


def _figures(reading: Reading, period: Period) -> pd.DataFrame:
    acts = _acts(reading, period)
    parts: list[pd.DataFrame] = []
    for kind, people in (
        ("entries", "viewers"),
        ("follows", "followers"),
        ("clicks", "clickers"),
        ("orders", "buyers"),
    ):
        rows = acts[kind]
        for keys in (rows["key"], pd.Series(TOTAL, index=rows.index)):
            of_key = rows.groupby(keys.rename("key"))
            found = of_key.agg(**{kind: ("member_id", "size"), people: ("member_id", "nunique")})
            parts.append(found.assign(revenue_minor=of_key["gross_minor"].sum()) if kind == "orders" else found)
    returns = acts["returns"]
    returns = returns[returns["is_over"]]
    whole = returns.groupby("member_id").agg(has_returned=("has_returned", "any")).assign(key=TOTAL)
    parts += [
        rows.groupby("key").agg(returnable=("has_returned", "size"), returned=("has_returned", "sum"))
        for rows in (returns, whole)
    ]
    stacked = pd.concat(
        [part for part in parts if len(part)] or [pd.DataFrame({"entries": []}, index=pd.Index([], name="key"))]
    )
    return stacked.groupby(level=0).sum().reset_index(names="key")


def _acts(reading: Reading, period: Period) -> Mapping[str, pd.DataFrame]:
    """Entries, follows, looks and orders, one row each with ``key`` (the session) and ``member_id``; ``returns``: one row per session
    and viewer with ``is_over`` and ``has_returned``."""
    events = reading.table("events")
    entered = events.filter((events.name == ENTERED) & events.content_id.notnull() & events.member_id.notnull())
    entered = reading.snapshot.keep(
        entered.filter(entered.local_date >= period.start_on)
        .select("member_id", "content_id", "local_date", at=entered.occurred_at)
        .order_by("content_id")
    )
    all_entries = reading.snapshot.arrow(entered)
    is_now = all_entries["local_date"].to_numpy() < np.datetime64(period.end_on)
    entries = all_entries.filter(pa.array(is_now))
    viewers = entered.select("member_id").distinct()
    anywhere = reading.anywhere("events").semi_join(viewers, "member_id")
    anywhere = anywhere.filter((anywhere.local_date >= period.start_on) & (anywhere.local_date < period.end_on))
    found = {
        "entries": _frame(entries, np.arange(len(entries)), entries),
        "follows": _after(reading, entries, anywhere.filter(anywhere.name == FOLLOWED), AFTER_HOURS * HOUR_US),
        "clicks": _after(reading, entries, anywhere.filter(anywhere.name.isin(VIEWS)), AFTER_HOURS * HOUR_US),
        "returns": _returns(reading, all_entries, period),
    }
    orders = pd.DataFrame(
        {"key": pd.Series(dtype="str"), "member_id": pd.Series(dtype="int64"), "gross_minor": pd.Series(dtype="int64")}
    )
    if reading.snapshot.files("order_lines"):
        bought = crediting.orders(reading, period).semi_join(viewers, "member_id")
        orders = _credited(entries, reading.snapshot.arrow(bought), WINDOW_DAYS * DAY_US)
    return found | {"orders": orders}


def _after(reading: Reading, entries: pa.Table, rows: ir.Table, within: int) -> pd.DataFrame:
    return _credited(entries, reading.snapshot.arrow(rows.select("member_id", at=rows.occurred_at)), within)


def _credited(entries: pa.Table, things: pa.Table, within: int) -> pd.DataFrame:
    place = last_touch.latest(
        _numbers(entries), _times(entries), _numbers(things), _times(things), within
    )  # fmt: skip
    kept = place != last_touch.NOTHING
    return _frame(entries, place[kept], things.filter(pa.array(kept)))


def _frame(entries: pa.Table, place: np.ndarray, things: pa.Table) -> pd.DataFrame:
    keys = entries["content_id"].combine_chunks().dictionary_encode()
    names = np.array([*keys.dictionary.to_pylist(), None], dtype=object)
    found = pd.DataFrame({"key": names[keys.indices.to_numpy()[place]], "member_id": _numbers(things)})
    if "gross_minor" in things.column_names:
        found["gross_minor"] = things["gross_minor"].to_numpy()
    return found


def _returns(reading: Reading, entries: pa.Table, period: Period) -> pd.DataFrame:
    assert reading.as_of is not None
    keys = entries["content_id"].combine_chunks().dictionary_encode()
    names = np.array([*keys.dictionary.to_pylist(), None], dtype=object)
    who, session, first, later = lives.next_session(
        _numbers(entries), keys.indices.to_numpy().astype(np.int64), _times(entries)
    )  # fmt: skip
    newest = _microseconds(reading.as_of - timedelta(days=RETURN_DAYS))
    until = _microseconds(midnight(period.end_on, reading.zone))
    kept = first < until
    frame = pd.DataFrame(
        {
            "key": names[session[kept]],
            "member_id": who[kept],
            "is_over": first[kept] <= newest,
        }
    )
    return frame.assign(has_returned=(later[kept] != lives.NEVER) & (later[kept] - first[kept] <= RETURN_DAYS * DAY_US))


def _microseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _numbers(table: pa.Table) -> np.ndarray:
    return table["member_id"].to_numpy().astype(np.int64)


def _times(table: pa.Table) -> np.ndarray:
    return table["at"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()


@per_version("events")
def _is_following_told(snapshot: Snapshot) -> bool:
    """Whether any follow of the lake says what it came of: else nothing says which sessions brought followers, or that none did."""
    events = snapshot.table("events")
    return bool(snapshot.value(((events.name == FOLLOWED) & events.content_id.notnull()).any()))


def _finished(rows: pd.DataFrame, is_following_told: bool) -> pd.DataFrame:
    """Without figures of following where nothing tells of it."""
    for then in ("", "_before"):
        for name in COUNTS:
            column = name + then
            rows[column] = pd.to_numeric(rows[column]).fillna(0).astype("int64") if column in rows else 0
        for rate, (top, bottom) in RATES.items():
            over = rows[bottom + then]
            rows[rate + then] = (rows[top + then] / over.where(over > 0)).astype("Float64")
    if is_following_told:
        return rows
    return rows.drop(
        columns=[name + then for name in ("follows", "followers", "follow_rate") for then in ("", "_before")]
    )
