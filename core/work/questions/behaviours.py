"""What members did, for definitions of segments: moments counted, days counted, amounts added up, in one walk for many conditions."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import groupby

import numpy as np
from babel.numbers import get_currency_precision

from core.errors import HeldStep, Unknown
from core.metrics import moments as definitions
from core.metrics.moments import AMOUNT, COLUMNS
from core.segments.language import Dates, Event, LastDays
from core.sequences import tallies
from core.sequences.arrays import Array, Int64s
from core.sequences.gather import EVERY, Bounds
from core.sequences.stream import Stream
from core.work.questions import funnels, moments, population
from core.work.questions.moments import Condition, Fit, Wanted, instant
from core.work.questions.population import Flags
from core.work.questions.reading import Reading

_MEASURES = {"count": tallies.COUNT, "days": tallies.DAYS, "amount": tallies.AMOUNT}


def fitting(reading: Reading, leaves: Sequence[Event]) -> list[Flags]:
    """Who fits each leaf, by member code. Leaves are walked together where they read the same moments; amounts and properties, which are dearer to
    read, apart from the rest."""
    _refuse_unknown(reading, leaves)
    members = len(population.of(reading.snapshot).ids)
    found: dict[Event, Flags] = {}

    def kind(leaf: Event) -> tuple[bool, bool]:
        return leaf.measure == "amount", not {_column(test.name) for test in leaf.conditions} <= {*COLUMNS, AMOUNT}

    for _, same in groupby(sorted(leaves, key=kind), key=kind):
        waiting = list(same)
        for start in range(0, len(waiting), tallies.MOST_CONDITIONS):
            part = waiting[start : start + tallies.MOST_CONDITIONS]
            bits = _walked(reading, part, members)
            found |= {leaf: (bits >> np.uint16(place) & np.uint16(1)) > 0 for place, leaf in enumerate(part)}
    return [found[leaf] for leaf in leaves]


def _walked(reading: Reading, leaves: Sequence[Event], members: int) -> Array:
    """By member code, a bit per leaf that the member fits."""
    digits = get_currency_precision(reading.currency)
    windows = [_window(reading, leaf) for leaf in leaves]
    limits = [_limits(leaf, digits) for leaf in leaves]
    conditions = [
        tallies.Condition(_MEASURES[leaf.measure], *window) for leaf, window in zip(leaves, windows, strict=True)
    ]
    edges = _day_edges(reading) if any(leaf.measure == "days" for leaf in leaves) else np.empty(0, np.int64)
    wanted = Wanted(
        tuple(Fit(1 << place, frozenset(leaf.names), _tests(leaf)) for place, leaf in enumerate(leaves)),
        Bounds(min(since for since, _ in windows), max(until for _, until in windows)),
        with_amounts=leaves[0].measure == "amount",
    )

    def fitting(measured: Int64s) -> Array:
        bits = np.zeros(len(measured), np.uint16)
        for place, (low, high) in enumerate(limits):
            fits = (measured[:, place] >= low) & (measured[:, place] <= high)
            bits |= fits.astype(np.uint16) << np.uint16(place)
        return bits

    def work(stream: Stream, amounts: Int64s, _threads: int | None) -> tuple[Array, Array]:
        return stream.subject, fitting(tallies.measured(stream, conditions, edges=edges, amounts=amounts))

    found = np.full(members, fitting(np.zeros((1, len(leaves)), np.int64))[0], np.uint16)
    for subject, bits in moments.prepared(reading, wanted).walk(work):
        found[subject] = bits
    return found


def _refuse_unknown(reading: Reading, leaves: Iterable[Event]) -> None:
    """Names made here exist even where nothing is called so yet: nobody did it."""
    known = moments.names(reading)
    virtual = set(definitions.virtual_names(lambda _: True))
    for name in sorted({name for leaf in leaves for name in leaf.names} - set(known) - virtual):
        if name in reading.held:
            raise HeldStep(f"The event {name!r} waits for approval.", problem="held", name=name)
        raise Unknown("event", name, known)
    asked = {_column(test.name) for leaf in leaves for test in leaf.conditions} - {*COLUMNS, AMOUNT}
    if asked:
        choices = funnels.properties(reading)
        for name in sorted(asked - set(choices)):
            raise Unknown("property", name, [*choices, *funnels.ALIASES])


def _tests(leaf: Event) -> tuple[Condition, ...]:
    return tuple(Condition(_column(test.name), test.op, test.values) for test in leaf.conditions)  # type: ignore[arg-type]


def _column(name: str) -> str:
    return funnels.ALIASES.get(name, name)


def _window(reading: Reading, leaf: Event) -> tuple[int, int]:
    """Microseconds, ``[since, until)``."""
    match leaf.window:
        case Dates(start, end):
            return instant(start, reading.zone), instant(end + timedelta(days=1), reading.zone)
        case LastDays(days) if reading.as_of_on is not None:
            after = reading.as_of_on + timedelta(days=1)
            return instant(after - timedelta(days=days), reading.zone), instant(after, reading.zone)
        case _:
            return -EVERY, EVERY


def _limits(leaf: Event, digits: int) -> tuple[int, int]:
    """Lowest and highest measure that fits, both included."""
    scale = digits if leaf.measure == "amount" else 0
    numbers = [Decimal(str(value)).scaleb(scale) for value in leaf.values]
    low, high = int(numbers[0].to_integral_value(ROUND_CEILING)), int(numbers[-1].to_integral_value(ROUND_FLOOR))
    return {
        "at_least": (low, EVERY), "at_most": (-EVERY, high), "exactly": (low, high), "between": (low, high),
    }[leaf.op]  # fmt: skip


def _day_edges(reading: Reading) -> Int64s:
    """When each business day with data begins."""
    whole = reading.whole
    days = [] if whole is None else [whole.start_on + timedelta(days=place) for place in range(whole.days + 1)]
    return np.array([instant(day, reading.zone) for day in days], np.int64)
