"""How fast a way out may be used: the generic cell rate algorithm as one pure step.

The state is one number, the *theoretical arrival time* in nanoseconds since 1970, kept in one row per way out. Every unit taken moves it on by the interval of the rate; whoever would
move it further ahead of now than the burst allows waits. Within any length of time ``t`` at most ``burst + t / interval`` units are let through. The interval is rounded up to the next
nanosecond, so that the rate is never exceeded, only missed by less than a millionth.

ITU-T recommendation I.371 (traffic control in B-ISDN), annex A, virtual scheduling.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SECOND_NS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rate:
    """``count`` units in ``per_s`` seconds, ``burst`` of them at once. Raises ``ValueError`` unless each is a whole number above 0."""

    count: int
    per_s: int = 1
    burst: int = 1

    def __post_init__(self) -> None:
        if min(self.count, self.per_s, self.burst) < 1:
            raise ValueError("A rate is of whole numbers above 0.")

    @property
    def interval_ns(self) -> int:
        return -(-self.per_s * SECOND_NS // self.count)


@dataclass(frozen=True, slots=True)
class Step:
    """``state``: what to keep; where it is not allowed, what it was. ``wait_ns``: how long until it would be allowed, 0 where it is."""

    state: int
    wait_ns: int

    @property
    def is_allowed(self) -> bool:
        return self.wait_ns == 0


def step(rate: Rate, state: int | None, now: int, cost: int = 1) -> Step:
    """``state``: what the last step left, null before the first. ``now``: nanoseconds since 1970; a clock that goes back lets nothing more through.
    Raises ``ValueError`` for a cost below 1, or above the burst, which would wait for ever."""
    if not 1 <= cost <= rate.burst:
        raise ValueError(f"A cost of {cost} is not between 1 and the burst of {rate.burst}.")
    before = now if state is None else max(state, now)
    after = before + cost * rate.interval_ns
    early = after - rate.burst * rate.interval_ns - now
    if early > 0:
        return Step(before, early)
    return Step(after, 0)


def room(rate: Rate, state: int | None, now: int) -> int:
    """How many units may be taken now, from 0 to the burst. A claim takes no more rows than this, and pays for those it finds."""
    ahead = 0 if state is None else max(state - now, 0)
    return max((rate.burst * rate.interval_ns - ahead) // rate.interval_ns, 0)


def nanoseconds(at: datetime) -> int:
    """Of an aware time, exactly."""
    return (at - _EPOCH) // timedelta(microseconds=1) * 1000
