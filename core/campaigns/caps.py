"""How often somebody may be written to: our own caps across all campaigns and journeys, and what platforms let one person get.

Days are business days of the zone. What counts is what may have arrived (``core.campaigns.states.MAY_HAVE_ARRIVED``, reserved slots too), on the day of its slot: the same rule by which reach
foretells who is capped (``core.segments.reach``). A slot is reserved in the transaction that asks here, so two campaigns never both get the last one.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from core.periods import business_date, midnight
from core.segments.reach import USUAL_CAP, Cap

Policy = Literal["month_days", "month4", "week7", "day1", "grants", "none"]
WEEK = 7
QUOTA_OF: Mapping[str, Policy] = {
    "wecom": "month_days", "group_chat": "month_days", "official_account": "month4", "mini_program": "grants",
}  # fmt: skip
"""What a platform lets one person (of group chats: one group) get, where nobody said otherwise; a WeCom administrator may switch to ``week7`` or
``day1``, and ``month4`` is the rule that WeCom had before. Others set no such limit (``none``)."""


@dataclass(frozen=True, slots=True)
class Hours:
    """At most ``messages`` in any ``hours`` hours on end, to the moment: a burst guard beside a cap of days."""

    messages: int
    hours: int

    def __post_init__(self) -> None:
        if self.messages < 1 or self.hours < 1:
            raise ValueError("A cap lets at least one message through in at least an hour.")


@dataclass(frozen=True, slots=True)
class Room:
    """``counted`` of ``most`` are used. ``free_at``: when the next one may be sent, UTC: now where there is room."""

    counted: int
    most: int
    free_at: datetime

    @property
    def left(self) -> int:
        return max(self.most - self.counted, 0)


def room(cap: Cap | Hours, sent_at: Iterable[datetime], now: datetime, zone: str) -> Room:
    """``sent_at``: when whatever may have arrived was sent or has its slot, on all channels, in any order."""
    if isinstance(cap, Hours):
        length = timedelta(hours=cap.hours)
        counted = sorted(at for at in sent_at if at > now - length)
        is_full = len(counted) >= cap.messages
        return Room(len(counted), cap.messages, counted[-cap.messages] + length if is_full else now)
    today = business_date(now, zone)
    days = sorted(on for on in (business_date(at, zone) for at in sent_at) if on > today - timedelta(days=cap.days))
    if len(days) < cap.messages:
        return Room(len(days), cap.messages, now)
    return Room(len(days), cap.messages, midnight(days[-cap.messages] + timedelta(days=cap.days), zone))


def tightest(caps: Sequence[Cap | Hours], sent_at: Iterable[datetime], now: datetime, zone: str) -> Room | None:
    """The cap that keeps somebody waiting longest, of several that do not the one with the least room left; null of no caps."""
    times = tuple(sent_at)
    rooms = [room(cap, times, now, zone) for cap in caps]
    return max(rooms, key=lambda one: (one.free_at, -one.left), default=None)


@dataclass(frozen=True, slots=True)
class Quota:
    """Of the days ``[start_on, end_on)`` at most ``most`` messages."""

    start_on: date
    end_on: date
    most: int


def quota(policy: Policy, on: date) -> Quota | None:
    """The days that count on a day, and how many messages a person may get in them; null where the policy counts no days (``grants``, ``none``).

    A month is that of the calendar. ``week7``: facts do not say when the platform's week begins; seven days that end with ``on`` keep to the limit whenever it does.
    """
    tomorrow, first = on + timedelta(days=1), on.replace(day=1)
    length = monthrange(on.year, on.month)[1]
    match policy:
        case "month_days":
            return Quota(first, first + timedelta(days=length), length)
        case "month4":
            return Quota(first, first + timedelta(days=length), 4)
        case "week7":
            return Quota(tomorrow - timedelta(days=WEEK), tomorrow, 7)
        case "day1":
            return Quota(on, tomorrow, 1)
        case "grants" | "none":
            return None


def left(policy: Policy, sent_on: Iterable[date], on: date, grants: int = 0) -> int | None:
    """How many messages the platform still lets one person get on a day; null = as many as one likes. ``sent_on``: days of all that it counts, an employee's own mass
    messages too. ``grants``: of ``grants``, how often the person agreed to one message and has not been sent it."""
    if policy == "grants":
        return max(grants, 0)
    span = quota(policy, on)
    if span is None:
        return None
    return max(span.most - sum(span.start_on <= one < span.end_on for one in sent_on), 0)


USUAL_CAPS: tuple[Cap | Hours, ...] = (USUAL_CAP,)
