"""When somebody may be written to: quiet hours on the member's own clock, and when what is held is let go.

Quiet hours are half-open, ``[start, end)``, and may cross midnight: from 21:00 to 08:00 somebody may be written to at 20:59:59 and at 08:00:00, and not at 21:00:00. They are
read off the clock on the wall, whatever summer time does to it: an hour that happens twice is quiet or not both times, and where the clock jumps over
the end of the quiet hours they end with the jump. Times are aware; those given back are UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import Refusal

Policy = Literal["defer", "skip"]
Kind = Literal["send", "held", "skipped", "expired"]
DAYS_LOOKED = range(-1, 4)
"""Around today, in which the next edge lies: tomorrow's, or that of a day later where a clock that is set forward leaves tomorrow's out; yesterday's where it is set back over
midnight. A day that a zone left out (Samoa, 2011-12-30) is read as the one after."""
SECOND = timedelta(seconds=1)


class InvalidHours(Refusal):
    """``field``: ``zone`` (no zone is called so), ``time`` (without a zone) or ``width`` (below 0)."""

    code = "campaign.hours"

    def __init__(self, field: str) -> None:
        super().__init__(f"The {field} of quiet hours cannot be like this.", field=field)


@dataclass(frozen=True, slots=True)
class Quiet:
    """From ``start`` to before ``end``, by the clock on the wall. Equal: never quiet."""

    start: time
    end: time

    def has(self, wall: time) -> bool:
        if self.start <= self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end


PERSONAL = Quiet(time(21), time(8))
"""Of channels from one to one (proposal of facts: stricter than providers, who allow 08-22 or 08-21)."""
GROUPS = Quiet(time(21), time(6, 30))
"""Of group chats, whose daily slots begin at 6:30 and end at 21:00."""
NEVER = Quiet(time(0), time(0))


@dataclass(frozen=True, slots=True)
class Verdict:
    """``until``: of what is held, when to look again; null of all else."""

    kind: Kind
    until: datetime | None = None


def is_quiet(at: datetime, zone: str, quiet: Quiet = PERSONAL) -> bool:
    """Raises ``InvalidHours``."""
    return quiet.has(_wall(at, _zone(zone)))


def next_allowed(at: datetime, zone: str, quiet: Quiet = PERSONAL) -> datetime:
    """The first time from ``at`` on that is not quiet: ``at`` itself where it is not. Raises ``InvalidHours``."""
    return _first(at, _zone(zone), quiet, False)


def next_quiet(at: datetime, zone: str, quiet: Quiet = PERSONAL) -> datetime | None:
    """The first time from ``at`` on that is quiet; null where none ever is. Raises ``InvalidHours``."""
    return None if quiet.start == quiet.end else _first(at, _zone(zone), quiet, True)


def spread(opens_at: datetime, width: timedelta, salt: str, customer: int | str) -> datetime:
    """A time in ``[opens_at, opens_at + width)``, even over members and always the same of one: what a night held back does not all leave with
    the first second of the morning. Raises ``InvalidHours`` for a width below 0."""
    if width < timedelta(0):
        raise InvalidHours("width")
    part = int.from_bytes(sha256(f"{salt}:{customer}".encode()).digest()[:8], "big")
    return opens_at + timedelta(microseconds=(width // timedelta(microseconds=1)) * part >> 64)


def verdict(
    at: datetime,
    zone: str,
    quiet: Quiet = PERSONAL,
    *,
    policy: Policy = "defer",
    expires_at: datetime | None = None,
    width: timedelta = timedelta(0),
    salt: str = "",
    customer: int | str = "",
) -> Verdict:
    """What becomes now of a message to a member. ``expires_at``: from then on it is of no use (null: always is). What would only be let go then is not held but expired.
    ``width``: over how long what is held is spread; less where the quiet hours or the end of the offer come sooner. Raises ``InvalidHours``."""
    if expires_at is not None and at >= expires_at:
        return Verdict("expired")
    opens_at = next_allowed(at, zone, quiet)
    if opens_at == at:
        return Verdict("send")
    if policy == "skip":
        return Verdict("skipped")
    if expires_at is not None and opens_at >= expires_at:
        return Verdict("expired")
    ends = [one for one in (next_quiet(opens_at, zone, quiet), expires_at) if one is not None]
    return Verdict("held", spread(opens_at, min([width, *(end - opens_at for end in ends)]), salt, customer))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidHours("zone") from None


def _wall(at: datetime, zone: ZoneInfo) -> time:
    if at.tzinfo is None:
        raise InvalidHours("time")
    return at.astimezone(zone).time()


def _first(at: datetime, zone: ZoneInfo, quiet: Quiet, wanted: bool) -> datetime:
    """The first time from ``at`` on that is quiet, or is not, as ``wanted``."""
    if quiet.has(_wall(at, zone)) == wanted:
        return at.astimezone(UTC)
    for one in _turns(at.astimezone(UTC), zone, quiet):
        if quiet.has(_wall(one, zone)) == wanted:
            return one
    raise AssertionError("A clock shows every hour within days.")


def _turns(at: datetime, zone: ZoneInfo, quiet: Quiet) -> Iterator[datetime]:
    """Times after ``at`` at which quiet hours may begin or end, in order: where the clock shows either edge, and where it is set."""
    found = set()
    today = at.astimezone(zone).date()
    for day in (today + timedelta(days=number) for number in DAYS_LOOKED):
        for edge in (quiet.start, quiet.end):
            found |= {datetime.combine(day, edge, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
    moments = sorted({at, *(one for one in found if one > at)})
    for before, after in pairwise(moments):
        yield from _settings(before, after, zone)
        yield after


def _settings(before: datetime, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The first second within ``(before, after)`` at which the clock stands at another distance from UTC than it does at ``before``; no
    zone sets its clock twice within a day."""
    offset = before.astimezone(zone).utcoffset()
    if after.astimezone(zone).utcoffset() == offset:
        return
    low, high = before.replace(microsecond=0), after
    while high - low > SECOND:
        middle = low + (high - low) // SECOND // 2 * SECOND
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
    yield high
