"""Sequence questions as the command line asks them: options as texts, answers as rows."""

from datetime import timedelta
from typing import Any

from core.errors import InvalidFunnel, InvalidLifecycle, InvalidPath, InvalidRetention, Refusal
from core.scope import Filters
from core.sequences.sessions import GAP
from core.work.home import Home
from core.work.questions import conditions, funnels, lifecycle, paths, retention, sessions
from core.work.questions.funnels import Barrier
from core.work.questions.reading import reading
from core.work.questions.retention import MOST_INTERVALS

Row = dict[str, Any]
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def funnel(home: Home, filters: Filters, options: Row) -> list[Row]:
    """One row per step: ``step name members share step_share``; with ``--by P`` also ``P``, one run of steps per value."""
    if not options.get("steps"):
        raise InvalidFunnel("Say which steps: --steps a,b,c (a|b for either).", problem="steps")
    steps = tuple(_names(step) for step in str(options["steps"]).split(","))
    tested = [conditions.parse_of_step(text) for text in options.get("where") or ()]
    asked = funnels.Asked(
        steps=steps,
        order=options.get("order") or "sequential",
        within=parse_window(options.get("within") or "7d"),
        by=options.get("by"),
        count=options.get("count") or "members",
        conditions=conditions.by_step(tested, len(steps)),
        step_within=parse_window(options.get("step_within") or "none"),
        barriers=tuple(parse_barrier(text) for text in options.get("exclude") or ()),
        entries=options.get("entries") or "every",
    )
    with reading(home, filters) as lake:
        return funnels.rows(funnels.conversion(lake, asked), asked)


def retained(home: Home, filters: Filters, options: Row) -> list[Row]:
    """One row per cohort and interval: see ``retention.rows``."""
    if not options.get("start") or not options.get("back"):
        raise InvalidRetention("Say what starts and what returns: --start a|b --back c|d.", problem="events")
    tested = [conditions.parse_of_step(text) for text in options.get("where") or ()]
    of_start, of_back = conditions.by_step(tested, 2) or ((), ())
    asked = retention.Asked(
        _names(options["start"]),
        _names(options["back"]),
        unit=options.get("every") or "week",
        age=options.get("age") or "calendar",
        brackets=_brackets(options.get("intervals") or "12"),
        entry=options.get("entry") or "first_in_period",
        counting=options.get("counting") or "on",
        by=options.get("by"),
        start_conditions=of_start,
        back_conditions=of_back,
        top=_top(options, retention.TOP, InvalidRetention),
    )
    with reading(home, filters) as lake:
        return retention.rows(retention.retention(lake, asked))


def stages_of_life(home: Home, filters: Filters, options: Row) -> list[Row]:
    """Members by state and period, and the flows between: see ``lifecycle.rows``."""
    lost_after = options.get("lost_after")
    if lost_after is not None and not conditions.is_count(str(lost_after)):
        raise InvalidLifecycle(f"{str(lost_after)[:40]!r} is no number of periods.", problem="lost_after")
    asked = lifecycle.Asked(options.get("every") or "week", None if lost_after is None else int(lost_after))
    with reading(home, filters) as lake:
        return lifecycle.rows(lifecycle.lifecycle(lake, asked), options.get("base") or "active")


def followed(home: Home, filters: Filters, options: Row) -> list[Row]:
    """One row per node: ``column node members share``."""
    if not options.get("start"):
        raise InvalidPath("Say where the path starts: --start a|b.", problem="anchor")
    depth = str(options.get("depth") or 5)
    if not conditions.is_count(depth):
        raise InvalidPath(f"{depth[:40]!r} is no number of steps.", problem="depth", depth=depth[:40])
    asked = paths.Asked(
        _names(options["start"]),
        direction=options.get("direction") or "after",
        depth=int(depth),
        gap=_gap(options),
        collapse=not options.get("repeats"),
        to=_names(options.get("end") or ""),
        hidden=_names(options.get("hide") or ""),
        top=_top(options, paths.TOP, InvalidPath),
    )
    with reading(home, filters) as lake:
        return paths.rows(paths.paths(lake, asked))


def visits(home: Home, filters: Filters, options: Row) -> list[Row]:
    """How many sessions there are and what they are like: see ``sessions.rows``."""
    gap = _gap(options)
    with reading(home, filters) as lake:
        return sessions.rows(
            sessions.sessions_of(lake, GAP if gap is None else gap, frozenset(_names(options.get("holding") or "")))
        )


def _top(options: Row, usual: int, refusal: type[Refusal]) -> int:
    """How many stand on their own."""
    text = str(options.get("top") or usual)
    if not conditions.is_count(text):
        raise refusal(f"{text[:40]!r} is no number of values to show.", problem="top")
    return int(text)


def parse_window(text: str) -> timedelta | None:
    """``7d``, ``12h``, ``30m`` or ``none``. Raises ``InvalidFunnel``."""
    if text == "none":
        return None
    number, unit = text[:-1], text[-1:]
    if unit not in UNITS or not conditions.is_count(number):
        raise InvalidFunnel(f"{text[:40]!r} is not a window: 30m, 12h, 7d or none.", problem="within", within=text[:40])
    return timedelta(**{UNITS[unit]: int(number)})


def _gap(options: Row) -> timedelta | None:
    return parse_window(options["gap"]) if options.get("gap") else GAP


def either(text: str) -> tuple[str, ...]:
    """``a|b`` as names; a backslash before the bar makes it part of a name."""
    return tuple(name for name in conditions.split(text, "|") if name)


def _names(text: str) -> tuple[str, ...]:
    """The same as somebody types it, with spaces around."""
    return tuple(name.strip() for name in either(text) if name.strip())


def _brackets(text: str) -> tuple[int, ...]:
    """``12`` as twelve intervals of one unit, ``0,1,3,7`` as the ages that bound them."""
    parts = [part.strip() for part in text.split(",")]
    if not all(conditions.is_count(part) for part in parts) or (len(parts) == 1 and int(parts[0]) > MOST_INTERVALS):
        message = f"{text[:40]!r} are no intervals: up to {MOST_INTERVALS}, such as 12, or 0,1,3,7."
        raise InvalidRetention(message, problem="brackets")
    return tuple(range(int(parts[0]) + 1)) if len(parts) == 1 else tuple(int(part) for part in parts)


def parse_barrier(text: str) -> Barrier:
    """``cancel|refund:1-3``: neither after step 1 and before step 3. Raises ``InvalidFunnel``."""
    names, _, gap = text.rpartition(":")
    first, _, last = gap.partition("-")
    if not (either(names) and conditions.is_count(first) and conditions.is_count(last)):
        raise InvalidFunnel(
            f"{text[:80]!r} is no exclusion: name:1-2 is one between steps 1 and 2.", problem="exclusions"
        )
    return Barrier(either(names), int(first), int(last))
