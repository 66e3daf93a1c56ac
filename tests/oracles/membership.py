"""Tiers and points in plain loops over days and entries."""

from collections.abc import Iterable, Sequence

Bought = tuple[int, int]
"""Day, net amount."""
Entry = tuple[int, int]
"""Day of expiry, points."""


def window(bought: Iterable[Bought], on: int) -> int:
    return sum(net for day, net in bought if on - 365 < day <= on)


def place(bought: Sequence[Bought], floors: Sequence[int], validity: int, on: int) -> int:
    """The highest tier that a purchase of one of the days that count qualified for, less what went back since."""
    days: dict[int, int] = {}
    for day, net in bought:
        days[day] = days.get(day, 0) + net
    best = 0
    for day in range(on - validity + 1, on + 1):
        if days.get(day, 0) > 0:
            back = sum(net for later, net in days.items() if day < later <= on and net < 0)
            best = max(best, sum(window(bought, day) + back >= floor for floor in floors))
    return best


def left(entries: Sequence[Entry]) -> list[int]:
    """Credits are used up one by one, those that expire first first, of equals the first one."""
    taken = sum(-points for _, points in entries if points < 0)
    rest = [max(points, 0) for _, points in entries]
    for at in sorted(range(len(entries)), key=lambda at: (entries[at][0], at)):
        used = min(rest[at], taken)
        rest[at] -= used
        taken -= used
    return rest
