"""Lifecycle read by brute force: what is known of one member, one period at a time. Slow, and plain."""


def state(actions: list[int], born_at: int | None, period: int, edges: tuple[int, ...], lost_after: int) -> str:
    """``period``: number of an interval of ``edges``. ``born_at``: when the member joined, if it did."""
    births = sorted([*actions, *([] if born_at is None else [born_at])])
    if not births or births[0] >= edges[period + 1]:
        return "not_yet"

    def is_within(at: int, number: int) -> bool:
        return number >= 0 and edges[number] <= at < edges[number + 1]

    def is_present(number: int) -> bool:
        return any(is_within(at, number) for at in [*actions, births[0]])

    if is_within(births[0], period):
        return "new"
    if any(is_within(at, period) for at in actions):
        if not is_present(period - 1):
            return "resurrected"
        return "returning" if is_within(births[0], period - 1) else "active"
    return "dormant" if any(is_present(period - back) for back in range(1, lost_after + 1)) else "lost"
