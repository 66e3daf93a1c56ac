"""How members answer what is sent to them: the same topic again and again, and the hour it is sent at."""

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Any, Literal, get_args

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from core.errors import Unknown
from core.lake.writer import local_date, local_time
from core.metrics import responses
from core.metrics.responses import LEVEL, MOST
from core.metrics.sends import sends
from core.periods import Period, comparable
from core.work.questions import places
from core.work.questions.reading import Reading
from core.work.questions.untold import SMALL

TOTAL = places.TOTAL
WINDOW_DAYS = 30
"""Days in which the same topic again counts as again. Rule of thumb, as is the next."""
ANSWER_DAYS = 3
"""Days after delivery in which somebody who answers has answered. What was delivered later than that before the newest data is left
out."""
HOURS = 24
Exposed = Literal["first", "second", "third", "fourth", "unanswered"]
"""Members behind figures of fatigue: exposed for the first time, …, the fourth or a later; ``unanswered``: of the last, those who
answered none of them."""
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Fatigue:
    """``rows``: ``all`` at the top, then one per topic, what falls fastest first: ``key``; for the n-th
    exposure (1 to 4, the last one with all later) ``sent_n``, ``answered_n``, ``people_n``, ``share_n``, ``low_n``, ``high_n``; ``unanswered``: members who answered none of their
    fourth and later ones; of the people who had the first and the fourth ``within_people``, ``within_first``, ``within_last``, ``change``, ``change_low``,
    ``change_high``. Undefined is null. ``still_open``: messages too new to have been answered."""

    window_days: int
    now: Period
    as_of_on: date
    rows: pd.DataFrame
    still_open: int


@dataclass(frozen=True, slots=True)
class Hours:
    """``rows``: one per channel and hour of sending (0 to 23, business time) with anything delivered, in this order: ``channel``,
    ``hour``, ``sent``, ``answered``, ``people``, ``share``, ``low``, ``high`` (95 %), ``is_best``: the interval lies wholly above that
    of the channel's other hours together, both widened for as many hours as were looked at; hours and rests of fewer than 30
    messages are not looked at. ``still_open``: as in ``Fatigue``."""

    now: Period
    as_of_on: date
    rows: pd.DataFrame
    still_open: int


@dataclass(frozen=True, slots=True)
class _Deliveries:
    """Messages delivered in the period whose time to be answered is over. ``ordinal`` counts all that was delivered before."""

    who: responses.Longs
    kind: responses.Longs
    kinds: list[str]
    channel: np.ndarray
    hour: responses.Longs
    is_answered: responses.Flags
    ordinal: responses.Longs
    still_open: int


def fatigue(reading: Reading, window_days: int = WINDOW_DAYS) -> Fatigue | None:
    """None in a lake without data or without messages."""
    found = _deliveries(reading, window_days)
    if found is None:
        return None
    assert reading.period is not None and reading.as_of_on is not None
    now, _ = comparable(reading.period, reading.as_of_on)
    place = np.minimum(found.ordinal, MOST) - 1
    each = responses.rates(found.kind * MOST + place, found.who, found.is_answered, len(found.kinds) * MOST)
    whole = responses.rates(place, found.who, found.is_answered, MOST)
    rows = [_row(TOTAL, whole, 0, found, np.ones(len(place), bool))]
    known = [(number, name) for number, name in enumerate(found.kinds) if name and (found.kind == number).any()]
    topics = [_row(name, each, number * MOST, found, found.kind == number) for number, name in known]
    topics.sort(key=lambda row: (row["change"] is None, row["change"] or 0.0, row["key"]))
    frame = pd.DataFrame(rows + topics)
    counts = [
        name
        for name in frame.columns
        if name.startswith(("sent_", "answered_", "people_")) or name in ("within_people", "unanswered")
    ]
    shares = [name for name in frame.columns if name not in (*counts, "key")]
    types: dict[str, Any] = dict.fromkeys(counts, "int64") | dict.fromkeys(shares, "Float64")
    return Fatigue(window_days, now, reading.as_of_on, frame.astype(types), found.still_open)


def exposed(reading: Reading, topic: str, which: Exposed, window_days: int = WINDOW_DAYS) -> pd.DataFrame:
    """Members behind a figure of fatigue: ``member_id``, ``value`` (messages), the greatest first; as many as
    ``people_n`` or ``unanswered``.
    ``topic``: a key of ``Fatigue.rows``. Raises ``Unknown``."""
    if which not in get_args(Exposed):
        raise Unknown("figure", which, get_args(Exposed))
    found = _deliveries(reading, window_days)
    if found is None:
        return pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})
    wanted = MOST if which == "unanswered" else get_args(Exposed).index(which) + 1
    chosen = np.minimum(found.ordinal, MOST) == wanted
    if topic != TOTAL:
        chosen &= found.kind == (found.kinds.index(topic) if topic in found.kinds else -1)
    people, messages = np.unique(found.who[chosen], return_counts=True)
    frame = pd.DataFrame({"member_id": people, "value": messages})
    if which == "unanswered":
        frame = frame[frame["member_id"].isin(_tired(found.who, found.is_answered, chosen))]
    return frame.sort_values(["value", "member_id"], ascending=[False, True], ignore_index=True)


def _tired(who: responses.Longs, is_answered: responses.Flags, of: responses.Flags) -> responses.Longs:
    """Members who answered none of these messages."""
    return np.setdiff1d(who[of], who[of & is_answered])


def best_hours(reading: Reading) -> Hours | None:
    """None in a lake without data or without messages."""
    found = _deliveries(reading, 0)
    if found is None:
        return None
    assert reading.period is not None and reading.as_of_on is not None
    now, _ = comparable(reading.period, reading.as_of_on)
    parts = []
    for channel in np.unique(found.channel):
        on = found.channel == channel
        parts.append(_hours(str(channel), found.hour[on], found.who[on], found.is_answered[on]))
    columns = ["channel", "hour", "sent", "answered", "people", "share", "low", "high", "is_best"]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return Hours(now, reading.as_of_on, rows, found.still_open)


def _hours(channel: str, hour: responses.Longs, who: responses.Longs, is_answered: responses.Flags) -> pd.DataFrame:
    seen, kind = np.unique(hour, return_inverse=True)
    found = responses.rates(kind, who, is_answered, len(seen))
    is_looked_at = (found.sent >= SMALL) & (found.sent.sum() - found.sent >= SMALL)
    level = responses.corrected(int(is_looked_at.sum()), LEVEL)
    strict = responses.rates(kind, who, is_answered, len(seen), level)
    others = responses.of_others(kind, who, is_answered, len(seen), level)
    return pd.DataFrame(
        {
            "channel": channel, "hour": seen, "sent": found.sent, "answered": found.answered, "people": found.people, "share": found.share,
            "low": found.low, "high": found.high, "is_best": responses.best(strict, others) & is_looked_at,
        }
    )  # fmt: skip


def _row(key: str, rates: responses.Rates, first: int, found: _Deliveries, of: responses.Flags) -> dict[str, Any]:
    row: dict[str, Any] = {"key": key}
    for place in range(MOST):
        for name, values in (("sent", rates.sent), ("answered", rates.answered), ("people", rates.people)):
            row[f"{name}_{place + 1}"] = int(values[first + place])
        for name, shares in (("share", rates.share), ("low", rates.low), ("high", rates.high)):
            value = float(shares[first + place])
            row[f"{name}_{place + 1}"] = None if np.isnan(value) else value
    row["unanswered"] = len(_tired(found.who, found.is_answered, of & (found.ordinal >= MOST)))
    change = responses.within_people(found.who[of], found.kind[of], found.ordinal[of], found.is_answered[of])
    return row | {
        "within_people": change.people, "within_first": change.first_share, "within_last": change.last_share,
        "change": change.change, "change_low": change.low, "change_high": change.high,
    }  # fmt: skip


def _deliveries(reading: Reading, window_days: int) -> _Deliveries | None:
    if reading.period is None or reading.as_of_on is None or not reading.snapshot.files("touches"):
        return None
    now, _ = comparable(reading.period, reading.as_of_on)
    assert reading.as_of is not None
    closed = (reading.as_of - timedelta(days=ANSWER_DAYS)).astimezone(UTC).replace(tzinfo=None)
    arrays = reading.snapshot.arrow(_answers(reading, window_days, now, reading.as_of_on))
    # What comes first at the same moment is told by the order of rows.
    who = arrays["member_id"].to_numpy().astype(np.int64)
    kinds = arrays["kind"].combine_chunks().dictionary_encode()
    kind = kinds.indices.to_numpy().astype(np.int64)
    at = arrays["delivered_at"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy() // 1_000_000
    names = [str(one) for one in kinds.dictionary.to_pylist()]
    is_told = np.array([name != "" for name in names], bool)[kind] if names else np.zeros(0, bool)
    ordinal = np.ones(len(who), np.int64)
    if window_days:
        ordinal[is_told] = responses.ordinals(who[is_told], kind[is_told], at[is_told], window_days * DAY_S)
    is_now = (arrays["delivered_on"].to_numpy() >= np.datetime64(now.start_on)) & arrays["is_asked"].to_numpy()
    if window_days:
        is_now &= is_told
    is_closed = at <= np.datetime64(closed, "s").astype(np.int64)
    kept = is_now & is_closed
    return _Deliveries(
        who[kept], kind[kept], names, arrays["channel"].to_numpy(zero_copy_only=False)[kept].astype(str),
        arrays["hour"].to_numpy().astype(np.int64)[kept], arrays["is_answered"].to_numpy()[kept], ordinal[kept],
        int((is_now & ~is_closed).sum()),
    )  # fmt: skip


def _answers(reading: Reading, window_days: int, now: Period, as_of_on: date) -> ir.Table:
    """Messages to members delivered up to the end of the period, from so many days before it; whether each was answered is known up to
    the newest data."""
    start = now.start_on - timedelta(days=window_days)
    until = max(date.fromordinal(as_of_on.toordinal() + 1), now.end_on)
    found = sends(reading.anywhere("touches"), Period(start, until))
    found = found.filter(found.is_delivered & found.member_id.notnull())
    found = found.mutate(delivered_on=local_date(found.delivered_at, reading.zone))
    found = found.filter(found.delivered_on < now.end_on)
    topics = reading.snapshot.current("contents").select(_content="content_id", kind="topic")
    joined = found.left_join(topics, found.content_id == topics._content)
    limit = found.delivered_at + ibis.interval(days=ANSWER_DAYS)
    asked = reading.filters.channels
    channel = joined.channel.fill_null("")
    return joined.select(
        "member_id", "delivered_at", "delivered_on",
        kind=joined.kind.fill_null(""), channel=channel, hour=local_time(found.sent_at, reading.zone).hour(),
        is_answered=(found.responded_at.notnull() & (found.responded_at <= limit)).fill_null(False),
        is_asked=channel.isin(asked) if asked else ibis.literal(True),
        touch_id=found.touch_id,
    ).order_by("delivered_at", "touch_id")  # fmt: skip
