"""When groups live and what their slots draw, by loops over rows, as ``core.metrics.rhythm`` words it. Local times at whole minutes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from core.periods import Period

Row = Mapping[str, Any]
SLOTS = {"morning": time(6, 30), "noon": time(12), "evening": time(20)}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def heat(said: Iterable[Row], now: Period, first: date, as_of: datetime) -> dict[tuple[int, int], tuple[int, int]]:
    """Messages and days of each weekday and hour. ``said``: ``at``, of one key; ``first``: day on which anything is known of it."""
    counts = Counter(
        (one["at"].weekday(), one["at"].hour) for one in said if now.start_on <= one["at"].date() < now.end_on
    )
    days: Counter[tuple[int, int]] = Counter()
    on = max(now.start_on, first)
    while on < now.end_on:
        for hour in range(24):
            days[on.weekday(), hour] += datetime.combine(on, time(hour)) <= as_of
        on += DAY
    return {(weekday, hour): (counts[weekday, hour], days[weekday, hour]) for weekday in range(7) for hour in range(24)}


def slot(name: str, groups: Mapping[str, Mapping[str, Any]], now: Period, as_of: datetime) -> dict[str, Any]:
    """One slot of some groups. Each has ``first`` (day), ``posts`` (times) and ``said`` (rows of ``member at``)."""
    group_days = served = compared = 0
    sums = dict.fromkeys(("messages", "speakers", "usual_messages", "usual_speakers"), 0.0)
    for group in groups.values():
        days = [on for on in _days(now, group["first"]) if datetime.combine(on, SLOTS[name]) + 2 * HOUR <= as_of]
        begins = {on: _first(group["posts"], datetime.combine(on, SLOTS[name])) for on in days}
        free = [on for on in days if begins[on] is None]
        group_days += len(days)
        for on in days:
            post = begins[on]
            if post is None:
                continue
            served += 1
            if not free:
                continue
            compared += 1
            after = _within(group["said"], post)
            sums["messages"] += len(after)
            sums["speakers"] += len({one["member"] for one in after})
            others = [_within(group["said"], datetime.combine(other, post.time())) for other in free]
            sums["usual_messages"] += sum(map(len, others)) / len(free)
            sums["usual_speakers"] += sum(len({one["member"] for one in told}) for told in others) / len(free)
    means = {key: value / compared if compared else None for key, value in sums.items()}
    return {"group_days": group_days, "served": served, "compared": compared} | means


def _days(now: Period, first: date) -> list[date]:
    found, on = [], max(now.start_on, first + DAY)
    while on < now.end_on:
        found.append(on)
        on += DAY
    return found


def _first(posts: Iterable[datetime], begins: datetime) -> datetime | None:
    return min((at.replace(second=0) for at in posts if begins <= at < begins + HOUR), default=None)


def _within(said: Iterable[Row], start: datetime) -> list[Row]:
    return [one for one in said if start <= one["at"] < start + HOUR]
