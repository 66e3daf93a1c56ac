"""Tiers and points in plain loops over days and entries."""

from collections.abc import Iterable, Sequence

Bought = tuple[int, int]
"""Day, net amount."""
Entry = tuple[int, int]
"""Day of expiry, points."""


def window(bought: Iterable[Bought], on: int) -> int:
    return sum(net for day, net in bought if on - 365 < day <= on)


def place(bought: Sequence[Bought], floors: Sequence[int], validity: int, on: int) -> int:
    """The tier qualified for today, or one that a purchase of a day that counts reached and nothing sent back has undone."""

    def of(spent: int) -> int:
        return sum(spent >= floor for floor in floors)

    days: dict[int, int] = {}
    for day, net in bought:
        days[day] = days.get(day, 0) + net
    best = of(window(bought, on))
    for day in range(on - validity + 1, on + 1):
        reached = window(bought, day)
        if days.get(day, 0) > 0 and of(reached) > of(window(bought, day - 1)):
            lost, later = 0, 0
            for after in sorted(one for one in days if day < one <= on):
                later += days[after]
                lost = min(lost, later)
            best = max(best, of(reached + lost))
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
