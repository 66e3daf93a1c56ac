"""When each message of a campaign is due: at once, or in the hour in which the member is used to be there."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from core.campaigns import hours
from core.campaigns.body import Body
from core.lake.reader import Snapshot
from core.lake.writer import local_time
from core.periods import midnight
from core.sequences.arrays import Array, Int64s
from core.work.questions import population
from core.work.questions.kept import per_version
from core.work.questions.reading import Reading

HOURS = 24
DAYS = 90
"""In which somebody's own events tell their hour."""
HOUR, HALF = timedelta(hours=1), timedelta(minutes=30)
LOOKED_AT = 2 * (2 * HOURS + 2)
"""Half hours ahead within which each hour of the clock comes, also where the clock is set forward, by half an hour in places."""


def expires_at(body: Body, zone: str) -> datetime | None:
    """From when on a message is of no use: what the author said, and the end of the last day of the offer. Null = never."""
    ends = [body.schedule.expires_at] if body.schedule.expires_at is not None else []
    if body.offer is not None and body.offer.ends_on is not None:
        ends.append(midnight(body.offer.ends_on + timedelta(days=1), zone))
    return min(ends, default=None)


def due(
    lake: Reading, body: Body, salt: str, codes: Int64s, starts_at: datetime, ends_at: datetime | None
) -> list[datetime]:
    """Of members by code, UTC. In the hour that suits each best, spread over it; of the hours that are not quiet and begin within a day of the start, and end before ``ends_at``. At the start
    where there is none, and for places (no codes of the lake)."""
    opens = openings(starts_at, lake.zone, ends_at) if body.schedule.when == "best_hour" and not body.is_placed else {}
    if not opens:
        return [starts_at] * len(codes)
    ids = population.of(lake.snapshot).ids[codes].tolist()
    best = _best(lake, sorted(opens))[codes].tolist()
    return [hours.spread(opens[hour], HOUR, salt, member) for hour, member in zip(best, ids, strict=True)]


def openings(starts_at: datetime, zone: str, ends_at: datetime | None) -> dict[int, datetime]:
    """When each hour of the clock first begins at the start or after it, UTC; without quiet ones, and without those that are not over by ``ends_at``."""
    wall = starts_at.astimezone(ZoneInfo(zone))
    rest = timedelta(minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)
    first = starts_at.astimezone(UTC) - rest + (HOUR if rest else timedelta())
    found: dict[int, datetime] = {}
    for at in (first + number * HALF for number in range(LOOKED_AT)):
        wall = at.astimezone(ZoneInfo(zone))
        if wall.minute == 0 and not hours.is_quiet(at, zone) and (ends_at is None or at + HOUR <= ends_at):
            found.setdefault(wall.hour, at)
    return found


def _best(lake: Reading, allowed: Sequence[int]) -> Array:
    """Of these hours the one with most of each member's own events, ties by everybody's events, then the earliest; by member code."""
    on = lake.as_of_on
    if on is None:
        return np.full(len(population.of(lake.snapshot).ids), allowed[0])
    told = _hours(lake.snapshot, lake.zone, on)[:, allowed]
    everybody = told.sum(axis=0, dtype=np.int64)
    order = sorted(range(len(allowed)), key=lambda place: (-int(everybody[place]), allowed[place]))
    best: Array = np.array(allowed)[order][np.argmax(told[:, order], axis=1)]
    return best


@per_version("events", "identity_map", most=2)
def _hours(snapshot: Snapshot, zone: str, on: date) -> Array:
    """Events of each member in each hour of the clock in the last ``DAYS`` days up to a day, by member code."""
    people = population.of(snapshot)
    found = np.zeros(len(people.ids) * HOURS, np.int32)
    if snapshot.files("events"):
        rows = snapshot.table("events")
        rows = rows.filter(
            rows.identity_key.notnull(), rows.local_date > on - timedelta(days=DAYS), rows.local_date <= on
        )
        hour = local_time(rows.occurred_at, zone).hour().cast("int64")
        counted = rows.mutate(hour=hour).group_by("identity_key", "hour").aggregate(count=lambda t: t.count())
        arrays = snapshot.stream(counted)
        who = people.subjects.codes(arrays["identity_key"])
        known = who >= 0
        np.add.at(found, who[known].astype(np.int64) * HOURS + arrays["hour"][known], arrays["count"][known])
    return found.reshape(-1, HOURS)
