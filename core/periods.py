"""Business days and periods. The zone is applied here, at the edge of a day, and nowhere else."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.errors import InvalidPeriod

EARLIEST, LATEST = date(1970, 1, 1), date(2199, 12, 31)
"""Days that a question may name. No fact is older: imports refuse it."""


@dataclass(frozen=True, slots=True)
class Period:
    """Business days ``[start_on, end_on)``."""

    start_on: date
    end_on: date

    def __post_init__(self) -> None:
        if self.end_on <= self.start_on:
            raise InvalidPeriod(
                f"The period {self.start_on} to {self.end_on} is empty.", start=self.start_on, end=self.end_on
            )

    @property
    def days(self) -> int:
        return (self.end_on - self.start_on).days

    @property
    def last_on(self) -> date:
        return self.end_on - timedelta(days=1)

    def days_from(self, on: date) -> int:
        """How many days of the period do not lie before a day."""
        return max((self.end_on - max(self.start_on, on)).days, 0)

    def before(self) -> "Period":
        """The same number of days that end where this period starts."""
        return Period(self.start_on - timedelta(days=self.days), self.start_on)

    def to_date(self, as_of_on: date) -> "Period":
        """The part of the period that data exists for: up to and with the business day ``as_of_on``.

        A period that lies wholly after the data stays as it is, and is empty of data.
        """
        end = min(self.end_on, as_of_on + timedelta(days=1))
        return Period(self.start_on, end) if end > self.start_on else self


def length(time: timedelta) -> str:
    """A length of time in English, in the largest unit that tells it whole: ``90 minutes``, ``1 day``, ``400 days``."""
    seconds = time // timedelta(seconds=1)
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        if seconds % size == 0 and (seconds or size == 1):
            count = seconds // size
            return f"{count:,} {unit}" if count == 1 else f"{count:,} {unit}s"
    raise AssertionError


def business_date(at: datetime, zone: str) -> date:
    """Business day of an aware time."""
    return at.astimezone(ZoneInfo(zone)).date()


def midnight(on: date, zone: str) -> datetime:
    """UTC time at which the business day starts."""
    return datetime.combine(on, time(), ZoneInfo(zone)).astimezone(UTC)


def parse_day(text: str) -> date:
    """``2011-12-09``, from ``EARLIEST`` to ``LATEST``. Raises ``InvalidPeriod``."""
    try:
        on = date.fromisoformat(text)
    except ValueError as error:
        raise InvalidPeriod(f"{text[:40]!r} is not a date of the form 2011-12-31.", text=text[:40]) from error
    if not EARLIEST <= on <= LATEST:
        raise InvalidPeriod(f"{text} is not a day from {EARLIEST} to {LATEST}.", text=text)
    return on


def comparable(period: Period, as_of_on: date) -> tuple[Period, Period]:
    """The period to date, and what to hold it against: the same number of days of the period before.

    A running month of 12 days is compared with the first 12 days of the month before, never with all of it. The period
    before a whole calendar month is the calendar month before (where that one is shorter, the same number of days that end
    where this month starts); else it is the same number of days.
    """
    now = period.to_date(as_of_on)
    previous = _calendar_month_before(period) or period.before()
    if previous.days < now.days:
        return now, now.before()
    return now, Period(previous.start_on, previous.start_on + timedelta(days=now.days))


def _calendar_month_before(period: Period) -> Period | None:
    following = (period.start_on.replace(day=1) + timedelta(days=32)).replace(day=1)
    if period.start_on.day != 1 or period.end_on != following:
        return None
    return Period((period.start_on - timedelta(days=1)).replace(day=1), period.start_on)
