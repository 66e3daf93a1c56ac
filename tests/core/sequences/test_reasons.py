"""Why somebody did not get further: each reason, then against what the history says."""

import numpy as np
import pytest
from hypothesis import given, settings

from core.sequences import reasons
from core.sequences.arrays import BARRED
from core.sequences.funnel import Funnel, Order, reach
from core.sequences.reasons import Explanation
from core.sequences.stream import Batch, ordered
from tests.core.sequences.test_funnel import (
    MINUTE,
    ORDERS,
    asked,
    distinct,
    events,
    histories,
    history,
    in_three_steps,
    narrow,
    narrowed,
    others,
    stream_of,
)
from tests.oracles.funnel import Event, Rules, best, in_order
from tests.seeds import examples


def told(text: str, question: Funnel) -> Explanation:
    return reasons.why(stream_of([history(text, question)]), question)


@pytest.mark.parametrize(
    ("text", "question", "step", "reason", "minute"),
    [
        ("a0 b1 c2", asked(), None, None, None),
        ("b0 c1", asked(), 1, "not_entered", None),
        ("A0 A1 b2", asked(), 1, "barred", 0),
        ("a0 c1", asked(), 2, "never", None),
        ("b0 a1", asked(), 2, "before", 0),
        ("b0 b1 a2", asked(), 2, "before", 1),
        ("a0 b6", asked(minutes=5), 2, "too_late", 6),
        ("b0 a1 b9 b10", asked(minutes=5), 2, "too_late", 9),
        ("a0 b6", narrowed(step_minutes=5), 2, "step_too_late", 6),
        ("a0 b4 c9", narrowed(step_minutes=4, minutes=7), 3, "too_late", 9),
        ("a0 b4 c9", narrowed(step_minutes=3, minutes=8), 2, "step_too_late", 4),
        ("a0 b9", narrowed(step_minutes=5, minutes=5), 2, "too_late", 9),
        ("a0 x1 b2", narrowed(("x", 1, 2)), 2, "excluded", 1),
        ("a0 x1 b9", narrowed(("x", 1, 2), minutes=5), 2, "excluded", 1),
        ("a0 x5 b9", narrowed(("x", 1, 2), minutes=5), 2, "excluded", 5),
        ("a0 x6 b9", narrowed(("x", 1, 2), minutes=5), 2, "too_late", 9),
        ("a0 x1 c2", narrowed(("x", 1, 2)), 2, "never", None),
        ("a0 c1 b2", asked("strict"), 2, "between", 1),
        ("a0 p1 c2 b3", asked("strict"), 2, "between", 1),
        ("a0 x1 c2 b3", narrowed(("x", 1, 2), order="strict"), 2, "excluded", 1),
        ("a0 c1 x2 b3", narrowed(("x", 1, 2), order="strict"), 2, "between", 1),
        ("a0 b1", asked("any"), 3, "never", None),
        ("b0 a6", asked("any", 5), 2, "before", 0),
        ("b0 a6 b12", asked("any", 5), 2, "too_late", 12),
        ("a0 a1", asked("any", steps="aac"), 3, "never", None),
        ("a0", asked("any", steps="aac"), 2, "taken", 0),
        ("a0", asked(steps="aac"), 2, "before", 0),
        ("a0 b9 a10 b11", narrowed(minutes=5, entries="first"), 2, "too_late", 9),
    ],
)
def test_reason(text: str, question: Funnel, step: int | None, reason: str | None, minute: int | None) -> None:
    got = told(text, question)
    assert (got.step, got.reason, None if got.at is None else got.at // MINUTE) == (step, reason, minute)


def test_an_explanation_tells_the_attempt_and_what_ended_it() -> None:
    question = narrowed(("y", 1, 2), ("x", 2, 3))
    assert told("a0 b1 y2 x3 c4", question) == Explanation(
        (0, MINUTE), (0, 1), 3, "excluded", event=3, at=3 * MINUTE, exclusion=2
    )
    assert told("a1 b9", asked(minutes=5)) == Explanation(
        (MINUTE,), (0,), 2, "too_late", event=1, at=9 * MINUTE, until=6 * MINUTE
    )
    assert told("a1 b2 c3", question) == Explanation((MINUTE, 2 * MINUTE, 3 * MINUTE), (0, 1, 2))


def test_who_did_nothing_did_not_enter() -> None:
    assert reasons.why(ordered([]), asked()) == Explanation((), (), 1, "not_entered")


def test_a_refused_entry_without_its_step_is_still_told() -> None:
    barred = np.array([2 | int(BARRED)], np.uint16)
    got = reasons.why(ordered([Batch(np.zeros(1, np.int32), np.zeros(1, np.int64), barred)]), asked())
    assert (got.reason, got.event) == ("barred", 0)


def test_several_subjects_are_refused() -> None:
    with pytest.raises(ValueError, match="one subject"):
        reasons.why(stream_of([history("a0", asked())] * 2), asked())


@pytest.mark.parametrize("order", ORDERS)
def test_a_reason_holds_in_the_history(order: Order) -> None:
    @settings(max_examples=examples(250))
    @given(histories(events | distinct | others), narrow(order))
    def check(cases: list[list[Event]], asked_for: tuple[Funnel, Rules]) -> None:
        question, rules = asked_for
        case = in_three_steps(cases[0])
        stream = stream_of([case])
        got = reasons.why(stream, question)
        history = in_order(case)
        assert got.events == best(case, rules)
        assert [*got.step_at] == reach(stream, question).step_at[:, : got.depth].ravel().tolist()
        assert holds(got, history, rules)
        assert got.at == (None if got.event is None else history[got.event].at)

    check()


def holds(got: Explanation, history: list[Event], rules: Rules) -> bool:
    """Whether the history shows the reason, and shows that nothing ended the attempt before it."""
    if got.step is None:
        return got.depth == rules.steps and got.reason is None
    such = [place for place, event in enumerate(history) if got.step - 1 in event.fits]
    if got.reason in ("not_entered", "barred"):
        return got.depth == 0 and got.event == next((p for p, e in enumerate(history) if e.is_barred), None)
    if got.reason == "never":
        return not such
    if got.event is None:
        return False
    if rules.order == "any":
        return holds_in_any_order(got, such, history, rules)
    last = got.events[-1]
    wanted = next((place for place in such if place > last), None)
    if got.reason == "before":
        return wanted is None and got.event == such[-1] <= last
    if wanted is None:
        return False
    ends = [
        place
        for place in range(last + 1, wanted + 1)
        if ends_there(history, got, place, rules) or (place < wanted and stands_there(history, got, place, rules))
    ]
    if got.reason in ("too_late", "step_too_late"):
        start, window = (
            (got.step_at[0], rules.window) if got.reason == "too_late" else (got.step_at[-1], rules.step_window)
        )
        shut = next(
            place for place in range(last + 1, wanted + 1) if got.until is not None and history[place].at > got.until
        )
        return window is not None and got.until == start + window and got.event == wanted and shut == ends[0]
    return got.event == ends[0] and not ends_there(history, got, ends[0], rules)


def ends_there(history: list[Event], got: Explanation, place: int, rules: Rules) -> bool:
    """Whether a window is over at the event."""
    limits = ((got.step_at[0], rules.window), (got.step_at[-1], rules.step_window))
    return any(window is not None and history[place].at - start > window for start, window in limits)


def stands_there(history: list[Event], got: Explanation, place: int, rules: Rules) -> bool:
    event, gap = history[place], got.depth - 1
    excluded = [
        n for n, (first, last) in enumerate(rules.exclusions, 1) if n - 1 in event.excludes and first <= gap < last
    ]
    is_between = rules.order == "strict" and bool(event.fits or event.is_present)
    if got.event == place:
        assert got.exclusion == (excluded[0] if excluded else None)
        assert got.reason == ("excluded" if excluded else "between")
    return bool(excluded) or is_between


def holds_in_any_order(got: Explanation, such: list[int], history: list[Event], rules: Rules) -> bool:
    free = [place for place in such if place not in got.events]
    late = [p for p in free if rules.window is not None and history[p].at > min(got.step_at) + rules.window]
    if got.reason == "too_late":
        return got.event == late[0]
    if got.reason == "before":
        return not late and got.event == free[-1] and history[free[-1]].at <= min(got.step_at)
    return got.reason == "taken" and not free and got.event == such[0]
