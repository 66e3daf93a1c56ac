"""Why one subject did not get further along a funnel."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.sequences import walks
from core.sequences.arrays import BARRED, EXCLUSIONS, FIRST_EXCLUSION, MOST_EXCLUSIONS, Int64s
from core.sequences.funnel import Funnel, Rules, rules_of
from core.sequences.stream import Batch, Stream, ordered

Reason = Literal[
    "not_entered", "barred", "never", "before", "taken", "too_late", "step_too_late", "excluded", "between"
]


@dataclass(frozen=True, slots=True)
class Explanation:
    """How far one subject's chosen attempt got, and what kept it from the next step. Times as in the stream.

    ``step_at``: when each reached step was done; ``events``: which event of the stream did it. ``step``: the first step
    not reached (from 1), null when all were; the rest is null then too. ``event`` and ``at`` tell where ``reason``
    shows:

    - **not_entered**: no event fits step 1 (no event is told).
    - **barred**: events fit step 1, and the filters refused each of them as an entry: the first.
    - **never**: no event at all fits the step (no event is told).
    - **before**: such events stand only before the attempt needed one: the last. In order, before the step that
      precedes; in any order, too long before the attempt's other steps.
    - **taken**: in any order, the only such events fill other steps: the first.
    - **too_late**: the next such event, after the total window, whose end is ``until``.
    - **step_too_late**: the same of the window between two steps.
    - **excluded**: the event that barred the way, and which ``exclusion`` (from 1).
    - **between**: in strict order, the event that stood between.

    Of several that hold, the one that came first ended the attempt. It is told of the chosen attempt as shown, also
    where later attempts failed in other ways.
    """

    step_at: tuple[int, ...]
    events: tuple[int, ...]
    step: int | None = None
    reason: Reason | None = None
    event: int | None = None
    at: int | None = None
    until: int | None = None
    exclusion: int | None = None

    @property
    def depth(self) -> int:
        return len(self.events)


def why(stream: Stream, funnel: Funnel) -> Explanation:
    """Explain one subject, from all its events in the stream. A stream without events is of somebody who did nothing.

    Raises ``ValueError`` when the stream holds several subjects.
    """
    if len(stream.subject) > 1:
        raise ValueError(f"one subject is explained at a time, not {len(stream.subject)}")
    rules = rules_of(funnel)
    filled = np.empty(len(funnel.steps), np.int64)
    depth = walks.walk_one(stream.at, stream.steps, *rules, filled)
    events = tuple(filled[:depth].tolist())
    return _History(stream, funnel, rules, events).explained()


@dataclass(frozen=True, slots=True)
class _History:
    stream: Stream
    funnel: Funnel
    rules: Rules
    events: tuple[int, ...]

    def explained(self) -> Explanation:
        missing = len(self.events)
        if missing == len(self.funnel.steps):
            return self._because(None, None)
        if missing == 0:
            barred = np.flatnonzero(self.stream.steps & BARRED)
            return self._because("barred", int(barred[0])) if barred.size else self._because("not_entered", None)
        such = np.flatnonzero(self.stream.steps >> missing & 1)
        if not such.size:
            return self._because("never", None)
        return self._in_any_order(such) if self.funnel.order == "any" else self._in_order(such, missing)

    def _in_order(self, such: Int64s, missing: int) -> Explanation:
        last = self.events[-1]
        after = such[such > last]
        if not after.size:
            return self._because("before", int(such[-1]))
        wanted = int(after[0])
        ends = [*self._deadlines(wanted), *self._barriers(range(last + 1, wanted), missing - 1)]
        return min(ends, key=lambda end: end[0])[1]

    def _deadlines(self, wanted: int) -> list[tuple[tuple[int, int], Explanation]]:
        """Windows that ended before the wanted event: the first event that each of them shuts out, and when."""
        _, window, step_window, _, _ = self.rules
        at = self.stream.at
        limits: list[tuple[Reason, int]] = [
            ("too_late", int(at[self.events[0]]) + window),
            ("step_too_late", int(at[self.events[-1]]) + step_window),
        ]
        return [
            ((int(np.searchsorted(at, until, side="right")), until), self._because(reason, wanted, until=until))
            for reason, until in limits
            if at[wanted] > until
        ]

    def _barriers(self, between: range, gap: int) -> list[tuple[tuple[int, int], Explanation]]:
        """The first event between that an exclusion bars, and in strict order the first that stands there. A window that
        ended before an event comes before it."""
        _, _, _, bars, _ = self.rules
        bits = self.stream.steps[between.start : between.stop].astype(np.int64)
        found: list[tuple[tuple[int, int], Explanation]] = []
        for i in np.flatnonzero(bars[(bits & int(EXCLUSIONS)) >> FIRST_EXCLUSION] >> gap & 1)[:1]:
            event, number = between.start + int(i), self._exclusion(int(bits[i]), gap)
            found.append(((event, walks.FAR), self._because("excluded", event, exclusion=number)))
        if self.funnel.order == "strict":
            for i in np.flatnonzero(bits & int(walks.STANDS))[:1]:
                event = between.start + int(i)
                found.append(((event, walks.FAR), self._because("between", event)))
        return found

    def _exclusion(self, bits: int, gap: int) -> int:
        return next(
            number + 1
            for number in range(MOST_EXCLUSIONS)
            if bits >> FIRST_EXCLUSION + number & 1 and self.funnel.exclusions[number].gaps >> gap & 1
        )

    def _in_any_order(self, such: Int64s) -> Explanation:
        """An event outside the attempt that lies within its window would have been a step of it, so it lies outside."""
        free = such[~np.isin(such, self.events)]
        until = int(self.stream.at[list(self.events)].min()) + self.rules[1]
        late = free[self.stream.at[free] > until]
        if late.size:
            return self._because("too_late", int(late[0]), until=until)
        return self._because("before", int(free[-1])) if free.size else self._because("taken", int(such[0]))

    def _because(
        self, reason: Reason | None, event: int | None, *, until: int | None = None, exclusion: int | None = None
    ) -> Explanation:
        at = self.stream.at
        return Explanation(
            step_at=tuple(at[list(self.events)].tolist()),
            events=self.events,
            step=None if reason is None else len(self.events) + 1,
            reason=reason,
            event=event,
            at=None if event is None else int(at[event]),
            until=until,
            exclusion=exclusion,
        )


def warm() -> None:
    """Compile or load the kernel of this module."""
    batch = Batch(np.zeros(2, np.int32), np.arange(2), np.array([1, 2], np.uint16))
    why(ordered([batch], threads=1), Funnel.of("first", "second"))
