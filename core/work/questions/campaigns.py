"""How far a campaign is: its messages by state and reason, how fast they go out, when they will be through, and who they are.

Everything is counted from rows, never from what a worker believes. A reader who is limited to units sees the messages to members of these units only (of group chats, to groups of
these units), and ``is_limited`` says so; rows of members who were erased since are then in nobody's sight.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from core.campaigns import body as bodies
from core.campaigns.states import AWAITED, IN_FLIGHT, OPEN, Tally
from core.errors import Unknown
from core.sequences.arrays import Array, Int64s
from core.sequences.subjects import NOBODY
from core.store import campaign_rows, campaigns, connectors, incidents
from core.store.campaign_rows import TALLIED, Columns
from core.store.campaign_tables import MESSAGE_STATES, Campaign
from core.store.outbox import WAITING
from core.store.session import Session
from core.work.home import Home
from core.work.questions import population
from core.work.questions.reading import Reading

RECENT = timedelta(minutes=5)
"""The last minutes that the rate of sending is taken over. Rule of thumb."""
FASTEST = timedelta(seconds=1)
"""What went out within less than this tells no rate."""
FINISHED = ("completed", "cancelled", "failed")


@dataclass(frozen=True, slots=True)
class Shut:
    """A channel on which messages wait and nothing goes out now. ``why``: ``stopped`` (somebody stopped sending), ``none`` (nothing is switched on), ``halted`` (until somebody mends ``connector``: ``code``) or ``resting`` (until ``until``)."""

    channel: str
    why: str
    connector_id: int | None = None
    connector: str = ""
    code: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """``counts``: ``state reason channel variant rows``, one row per combination that there is. ``waiting``: what is not due yet, by ``state`` and ``reason``, with ``rows`` and ``next_due_at``
    (UTC); the reason of rows that wait for their planned time is null. ``per_minute``: messages dealt with per minute, of the last minutes (handed over, or stopped on the way); None where
    none was. ``ends_at``: when everything open will be dealt with if each channel goes on at its own rate (never faster than the campaign's throttle, never before the last is due); None where nothing moves on one of them, 0 open
    being None too. ``shut``: channels on which nothing goes out. ``launched``: what was true when it was launched (gates, prices), as it was written down; None before, and for a reader who is limited, since it counts everybody."""

    code: str
    state: str
    is_limited: bool
    counts: pd.DataFrame
    waiting: pd.DataFrame
    per_minute: float | None
    throttle: int | None
    ends_at: datetime | None
    shut: tuple[Shut, ...]
    launched: Mapping[str, Any] | None
    as_of: datetime

    @property
    def tally(self) -> Tally:
        """Rows by state."""
        found = self.counts.groupby("state")["rows"].sum()
        return Tally({str(state): int(count) for state, count in found.items()})

    @property
    def left(self) -> int:
        """Rows that are still to be handed over."""
        return self.tally.of(OPEN)

    @property
    def in_flight(self) -> int:
        """In a worker's hand: a pause or a cancel may come too late for these."""
        return self.tally.of(IN_FLIGHT)

    @property
    def awaited(self) -> int:
        """A platform has these and will tell what became of them."""
        return self.tally.of(AWAITED)

    def by(self, *names: str) -> pd.DataFrame:
        """Rows by any of ``state``, ``reason``, ``channel``, ``variant``; a reason that there is not is null."""
        found: pd.DataFrame = self.counts.groupby(list(names), dropna=False, as_index=False)[["rows"]].sum()
        return found


def progress(home: Home, reading: Reading, campaign_id: int, now: datetime) -> Progress:
    """Raises ``Unknown``."""
    is_limited = reading.allowed is not None
    with home.store.reading() as session:
        row = campaigns.one(session, campaign_id)
        after = max(now - RECENT, row.state_at)
        recent = campaign_rows.dealt_with(session, campaign_id, after)
        if is_limited:
            seen = visible(reading, campaign_rows.messages(session, campaign_id))
            counts, waiting = _tallied(seen), _waiting(seen, now)
            inside = np.isin(recent["message_id"], seen["id"])
            recent = {name: column[inside] for name, column in recent.items()}
        else:
            counts = pd.DataFrame(campaign_rows.tally(session, campaign_id))
            waiting = pd.DataFrame(campaign_rows.waiting(session, campaign_id, now))
        is_open = counts["state"].isin(OPEN)
        shut = _shut(session, row, counts[is_open]["channel"].unique().tolist(), now)
    throttle = bodies.parse(row.body).schedule.per_minute
    per_minute = _rate(len(recent["message_id"]), now - after)
    of = {str(one): _rate(int((recent["channel"] == one).sum()), now - after) for one in np.unique(recent["channel"])}
    return Progress(
        row.code, row.state, is_limited, counts[[*TALLIED, "rows"]], _dated(waiting), per_minute, throttle,
        None if shut else _end(row, counts[is_open], of, throttle, now), shut, None if is_limited else row.launched, now,
    )  # fmt: skip


def members(
    home: Home,
    reading: Reading,
    campaign_id: int,
    *,
    state: str | None = None,
    reason: str | None = None,
    channel: str | None = None,
    variant: str | None = None,
) -> Int64s:
    """The members behind a figure of progress, ascending, each once; with no state asked for everybody to whom there is a message, held out are those of the state ``holdout`` alone. Those who were erased since are none any
    more. Raises ``Unknown``."""
    if state is not None and state not in MESSAGE_STATES:
        raise Unknown("state", state, MESSAGE_STATES)
    with home.store.reading() as session:
        campaigns.one(session, campaign_id)
        rows = visible(reading, campaign_rows.messages(session, campaign_id))
    asked = {"state": state, "reason": reason, "channel": channel, "variant": variant}
    kept = np.ones(len(rows["id"]), bool) if state is not None else rows["state"] != "holdout"
    for name, value in asked.items():
        if value is not None:
            kept &= rows[name] == value
    ids = current(reading, rows["member_id"][kept])
    return np.unique(ids[ids != NOBODY])


def current(reading: Reading, member_ids: Int64s) -> Int64s:
    """Who these members are now, one by one; ``NOBODY`` for places, and for those who were erased."""
    people = population.of(reading.snapshot)
    found = np.full(len(member_ids), NOBODY, np.int64)
    is_member = member_ids > 0
    found[is_member] = people.current(member_ids[is_member])
    return found


def visible(reading: Reading, rows: Columns) -> Columns:
    """The messages that a reader may see."""
    if reading.allowed is None:
        return rows
    allowed = reading.snapshot.arrow(reading.allowed)["member_id"].to_numpy()
    kept: Array = np.isin(current(reading, rows["member_id"]), allowed)
    groups = reading.snapshot.arrow(reading.chats.select("group_id"))["group_id"].to_pylist()
    is_placed = rows["member_id"] <= 0
    kept |= is_placed & np.isin(rows["place"].astype(str), np.array(groups, str))
    return {name: column[kept] for name, column in rows.items()}


def campaign_of(session: Session, code: str) -> Campaign:
    """The campaign of a code. Raises ``Unknown`` with near codes."""
    known = {row.code: row for row in campaigns.listed(session)}
    if code not in known:
        raise Unknown("campaign", code, known)
    return known[code]


def _tallied(rows: Columns) -> pd.DataFrame:
    frame = pd.DataFrame({name: rows[name] for name in (*TALLIED, "due")})
    found = frame.groupby(list(TALLIED), dropna=False, as_index=False)["due"].agg(["size", "min", "max"])
    return found.rename(columns={"size": "rows", "min": "first_due", "max": "last_due"})


def _waiting(rows: Columns, now: datetime) -> pd.DataFrame:
    frame = pd.DataFrame({name: rows[name] for name in ("state", "reason", "due")})
    waits = frame[frame["state"].isin(WAITING) & (frame["due"] > naive(now))]
    found = waits.groupby(["state", "reason"], dropna=False, as_index=False)["due"].agg(["size", "min"])
    return found.rename(columns={"size": "rows", "min": "first_due"})


def _dated(waiting: pd.DataFrame) -> pd.DataFrame:
    told = waiting.rename(columns={"first_due": "next_due_at"})
    return told.assign(next_due_at=told["next_due_at"].dt.tz_localize(UTC))


def _rate(count: int, over: timedelta) -> float | None:
    return count / (max(over, FASTEST) / timedelta(minutes=1)) if count else None


def _end(
    row: Campaign, waiting: pd.DataFrame, per_minute: Mapping[str, float | None], throttle: int | None, now: datetime
) -> datetime | None:
    """``per_minute``: by channel."""
    if row.state != "sending" or waiting.empty:
        return None
    last: datetime = waiting["last_due"].max().to_pydatetime().replace(tzinfo=UTC)
    through = [last]
    for channel, rows in waiting.groupby("channel")["rows"].sum().items():
        speed = per_minute.get(str(channel))
        if speed is None:
            return None
        through.append(now + timedelta(minutes=float(rows) / speed))
    if throttle is not None:
        through.append(now + timedelta(minutes=float(waiting["rows"].sum()) / throttle))
    return max(through)


def _shut(session: Session, row: Campaign, channels: Sequence[str], now: datetime) -> tuple[Shut, ...]:
    """Of channels with open messages. Robots are looked for one by one where messages go to them, and are not told here unless sending is stopped."""
    if row.state not in ("materialising", "sending"):
        return ()
    found = []
    for channel in sorted(channels):
        if incidents.is_held(session, channel=channel, campaign=row.code):
            found.append(Shut(channel, "stopped"))
            continue
        if channel == "robot":
            continue
        way = connectors.in_use(session, channel)
        if way is None:
            found.append(Shut(channel, "none"))
        elif way.halted is not None:
            found.append(Shut(channel, "halted", way.id, way.name, way.halted))
        elif way.paused_until is not None and way.paused_until > now:
            found.append(Shut(channel, "resting", way.id, way.name, until=way.paused_until))
    return tuple(found)


def naive(at: datetime) -> np.datetime64:
    """A time as columns hold it."""
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "us")
