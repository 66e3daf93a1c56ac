"""What a definition of people can say: kinds of conditions, what each is compared with, and one made fit for its fields."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from core.errors import InvalidSegment
from core.segments import language
from core.segments.language import (
    CONDITION_OPS,
    FIELDS,
    FLAG_FIELDS,
    KINDS,
    LARGEST,
    LIFECYCLE_STATES,
    LONGEST_WINDOW_DAYS,
    MEASURE_OPS,
    MEASURES,
    MOST_CHILDREN,
    MOST_CONDITIONS,
    MOST_LEAVES,
    NUMBER_FIELDS,
    ORDER_PLACED,
    RANGE_OPS,
    RFM_CLASSES,
    SCORES,
    SHARES,
    TEXT_FIELDS,
    VALUE_TIERS,
    VALUES,
    VERSION,
    WHOLE_VALUES,
    WITHOUT_VALUES,
)

__all__ = [
    "FLAG_FIELDS", "LONGEST_WINDOW_DAYS", "MOST_CHILDREN", "MOST_LEAVES", "ORDER_PLACED", "WITHOUT_VALUES", "Form", "InvalidSegment", "blank", "canonical",
    "choices", "form", "names", "read", "tidy", "whole",
]  # fmt: skip

How = Literal["texts", "flag", "whole", "number", "percent", "day"]
Body = dict[str, Any]
IDS = ("tag", "segment")
FIXED = {"rfm": RFM_CLASSES, "value_tier": VALUE_TIERS, "lifecycle": LIFECYCLE_STATES}
"""Lists whose values are always the same."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a condition is compared with. ``low`` and ``high``: of a number."""

    how: How
    ops: tuple[str, ...]
    low: float = 0
    high: float = LARGEST


def names(kind: str) -> tuple[str, ...]:
    """What a condition of this kind can be about; nothing for those that are one list."""
    return {"profile": FIELDS, "value": VALUES, "score": SCORES, "event": MEASURES}.get(kind, ())


def form(kind: str, name: str) -> Form:
    """``name``: of the field, the value or the score; of events the measure."""
    if kind == "event":
        return Form("number" if name == "amount" else "whole", MEASURE_OPS)
    if kind == "value":
        low = 0 if name in ("days_since_last_order", "orders") else -LARGEST
        return Form("whole" if name in WHOLE_VALUES else "number", RANGE_OPS, low)
    if kind == "score":
        return Form("percent", RANGE_OPS, 0, 100) if name in SHARES else Form("number", RANGE_OPS)
    if name in NUMBER_FIELDS:
        known = language.KNOWN[name]
        return Form("whole", (*RANGE_OPS, *WITHOUT_VALUES), known.start, known.stop - 1)
    if name in TEXT_FIELDS or name in FLAG_FIELDS:
        ops = ("is", "is_not", *(() if name == "is_in_group" else WITHOUT_VALUES))
        return Form("flag" if name in FLAG_FIELDS else "texts", ops)
    return Form("day", (*RANGE_OPS, *WITHOUT_VALUES))


def blank(kind: str) -> Body:
    """A condition of this kind that nobody has filled in yet."""
    if kind in KINDS:
        return {kind: []}
    if kind == "event":
        return {"event": [], "measure": "count", "op": "at_least", "values": [1], "window": {"days": 30}, "where": []}
    name = {"value": "net_amount", "score": "chance_90d"}.get(kind, FIELDS[0])
    return {kind: name, "op": form(kind, name).ops[0], "values": []}


# -- definitions -------------------------------------------------------------------------------------------------------


def whole(node: Mapping[str, Any]) -> Body:
    """The definition of a tree."""
    return {"v": VERSION, "where": dict(node)}


def canonical(definition: object) -> Body:
    """The definition as everybody writes it. Raises ``InvalidSegment``."""
    return language.to_json(language.parse(definition))


def read(text: str) -> Body:
    """The same of JSON that somebody typed. Raises ``InvalidSegment``."""
    return language.to_json(language.read(text))


# -- conditions as far as they are filled in ---------------------------------------------------------------------------


def tidy(kind: str, body: Mapping[str, Any]) -> Body:
    """The condition with nothing in it that its fields cannot show: an address may say anything."""
    if kind in KINDS:
        return {kind: _listed(body.get(kind), _is_id if kind in IDS else _is_text, FIXED.get(kind))}
    if kind == "event":
        return _event(body)
    name = _one_of(body.get(kind), names(kind), blank(kind)[kind])
    return {kind: name, **_compared(form(kind, name), body)}


def _event(body: Mapping[str, Any]) -> Body:
    events = _listed(body.get("event"), _is_text)
    measures = MEASURES if set(events) == {ORDER_PLACED} else MEASURES[:-1]
    measure = _one_of(body.get("measure"), measures, MEASURES[0])
    return {
        "event": events, "measure": measure, **_compared(form("event", measure), body), "window": _window(body.get("window")),
        "where": _conditions(body.get("where")),
    }  # fmt: skip


def _compared(one: Form, body: Mapping[str, Any]) -> Body:
    op = _one_of(body.get("op"), one.ops, one.ops[0])
    if op in WITHOUT_VALUES:
        return {"op": op}
    given = body.get("values")
    given = given if isinstance(given, list) else []
    if one.how == "texts":
        return {"op": op, "values": _listed(given, _is_text)}
    if one.how == "flag":
        return {"op": op, "values": _listed(given, lambda value: isinstance(value, bool))}
    values = [value if _fits(one, value) else None for value in given[: 2 if op == "between" else 1]]
    return {"op": op, "values": [] if all(value is None for value in values) else values}


def _fits(one: Form, value: object) -> bool:
    if one.how == "day":
        return _is_day(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    shown = value * 100 if one.how == "percent" else value
    return one.low <= shown <= one.high and (one.how != "whole" or float(value).is_integer())


def _window(given: object) -> Body | None:
    if not isinstance(given, dict):
        return None
    days = given.get("days")
    if isinstance(days, int) and not isinstance(days, bool) and 1 <= days <= LONGEST_WINDOW_DAYS:
        return {"days": days}
    if _is_day(given.get("from")) and _is_day(given.get("to")):
        return {"from": given["from"], "to": given["to"]}
    return None


def _conditions(given: object) -> list[Body]:
    found = []
    for one in (given if isinstance(given, list) else [])[:MOST_CONDITIONS]:
        if isinstance(one, dict) and _is_text(one.get("name")) and one.get("op") in CONDITION_OPS:
            values = {} if one["op"] in WITHOUT_VALUES else {"values": _listed(one.get("values"), _is_text)}
            found.append({"name": one["name"], "op": one["op"], **values})
    return found


def _one_of(given: object, known: Sequence[str], usual: str) -> str:
    return given if isinstance(given, str) and given in known else usual


def _listed(given: object, fits: Callable[[object], bool], known: Sequence[str] | None = None) -> list[Any]:
    """Each value once."""
    some = [one for one in given if fits(one) and (known is None or one in known)] if isinstance(given, list) else []
    return list(dict.fromkeys(some))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def choices(kind: str) -> tuple[str, ...] | None:
    """What a list can name, where that is the same everywhere."""
    return FIXED.get(kind)
