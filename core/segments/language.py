"""The language of segments: a JSON tree that says who is in. Read strictly, never run.

A definition is ``{"v": 1, "where": NODE}``; a NODE is one object, of one of these kinds:

============================================  =====================================================================
``{"all": [NODE, …]}``                        members who fit every child
``{"any": [NODE, …]}``                        members who fit at least one child
``{"not": NODE}``                             all members who do not fit the child
``{"profile": FIELD, "op": …, "values": …}``  what the profile says. Texts: ``gender city unit staff
                                              acquisition_channel tier``; yes or no: ``is_friend is_test
                                              is_in_group`` (of any group now; known of everybody); whole numbers:
                                              ``birth_year``, ``age`` and ``days_since_joined`` (on the newest day);
                                              dates: ``joined_on``
``{"event": [NAME, …], "measure": …, "op": …, "values": …, "window": …, "where": […]}``
                                              what the member did: ``count`` of moments, distinct business ``days``,
                                              or ``amount`` (gross, major units, of ``order_placed`` alone)
``{"value": NAME, "op": …, "values": …}``     of the whole history, refunds netted: ``days_since_last_order orders
                                              net_amount aov points``; who never ordered has none of the first four
``{"score": NAME, "op": …, "values": …}``     of the model of lifetime value: ``chance_30d … chance_365d`` (0 to 1),
                                              ``orders_365d``, ``value_365d`` (major units); of the models of leaving and
                                              buying: ``churn_activity_30d … conversion_90d`` (chance, 0 to 1), and with
                                              ``_top`` the place by it (0.1 = the tenth with the highest chances)
``{"rfm": [CLASS, …]}`` …                     one of these: also ``value_tier tier lifecycle cluster group tag segment``
============================================  =====================================================================

A null never fits a leaf, whatever the leaf asks (but ``is_not_set``), so its NOT holds: ``is_not`` of a profile asks for
another value that is known. ``between`` includes both ends. The window of events: null = ever; ``{"days": N}`` = the last N
business days, the day of the newest data included; ``{"from": D, "to": D}`` includes both days. Who did nothing
measures 0: "did not" is a count of ``at_most`` 0. Conditions of events follow ``core.work.questions.moments.Condition``, where null "is_not" everything.

Nothing is coerced: true is no number, 1 no text, "1" no number. A whole number may be written 5 or 5.0 and is kept as 5;
an optional key may be absent (``window``, ``where``, ``values`` of ``is_set``) and is then told by ``to_json`` in one way.
"""

import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn, TypeVar

from core.errors import InvalidSegment

VERSION = 1
MOST_CHILDREN = 20
MOST_DEPTH = 6
MOST_LEAVES = 60
MOST_VALUES = 500
MOST_NAMES = 50
"""Events in one leaf."""
MOST_CONDITIONS = 10
LONGEST_TEXT = 200
MOST_BYTES = 64 * 1024
LARGEST = 10**12
"""Of any number, above and below 0; ids may be larger."""
LONGEST_WINDOW_DAYS = 3660
YEARS = range(1900, 2201)
AGES = range(151)
DAYS = range(36_601)
KNOWN = {"birth_year": YEARS, "age": AGES, "days_since_joined": DAYS}
"""What whole numbers of a profile can be."""

TEXT_FIELDS = ("gender", "city", "unit", "staff", "acquisition_channel", "tier")
FLAG_FIELDS = ("is_friend", "is_test", "is_in_group")
NUMBER_FIELDS = ("birth_year", "age", "days_since_joined")
DATE_FIELDS = ("joined_on",)
FIELDS = (*TEXT_FIELDS, *FLAG_FIELDS, *NUMBER_FIELDS, *DATE_FIELDS)
CHOICE_OPS = ("is", "is_not", "is_set", "is_not_set")
RANGE_OPS = ("at_least", "at_most", "between")
WITHOUT_VALUES = ("is_set", "is_not_set")
MEASURES = ("count", "days", "amount")
MEASURE_OPS = ("at_least", "at_most", "exactly", "between")
CONDITION_OPS = ("is", "is_not", "contains", "is_set", "is_not_set", "more_than", "less_than")
ORDER_PLACED = "order_placed"
AMOUNT = "amount"
VALUES = ("days_since_last_order", "orders", "net_amount", "aov", "points")
WHOLE_VALUES = ("days_since_last_order", "orders", "points")
CHANCES = ("chance_30d", "chance_90d", "chance_180d", "chance_365d")
MODEL_TARGETS = ("churn_activity", "churn_order", "conversion")
MODEL_DAYS = (30, 60, 90)
MODEL_CHANCES = tuple(f"{target}_{days}d" for target in MODEL_TARGETS for days in MODEL_DAYS)
MODEL_TOPS = tuple(f"{name}_top" for name in MODEL_CHANCES)
SHARES = (*CHANCES, *MODEL_CHANCES, *MODEL_TOPS)
"""Scores that are between 0 and 1."""
SCORES = (*CHANCES, "orders_365d", "value_365d", *MODEL_CHANCES, *MODEL_TOPS)
RFM_CLASSES = (
    "high_value", "high_develop", "high_keep", "high_retain", "low_value", "low_develop", "low_keep", "low_retain",
)  # fmt: skip
VALUE_TIERS = ("high_value", "potential", "active", "lost")
LIFECYCLE_STATES = ("new", "returning", "active", "resurrected", "dormant", "lost")

Number = int | float
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AllOf:
    """Members who fit every child."""

    nodes: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Members who fit at least one child."""

    nodes: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """All members who do not fit the child."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class Profile:
    """What the profile says. ``values``: texts, booleans, whole numbers or dates, as the field has them; none for ``is_set``
    and ``is_not_set``."""

    field: str
    op: str
    values: tuple[str | bool | int | date, ...] = ()


@dataclass(frozen=True, slots=True)
class LastDays:
    """The last ``days`` business days, the day of the newest data included."""

    days: int


@dataclass(frozen=True, slots=True)
class Dates:
    """Business days, both included."""

    start_on: date
    end_on: date


@dataclass(frozen=True, slots=True)
class Condition:
    """What a property of the moment must be; see ``core.work.questions.moments.Condition``. Values are texts, numbers too."""

    name: str
    op: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """What the member did: moments of any of the ``names`` in the window that meet all conditions, measured."""

    names: tuple[str, ...]
    measure: str
    op: str
    values: tuple[Number, ...]
    window: LastDays | Dates | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Value:
    """A number of the member's orders or points, over the whole history."""

    name: str
    op: str
    values: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """A prediction for the member."""

    name: str
    op: str
    values: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """The member's ``kind`` (a key of ``KINDS``) is one of the values: texts, or ids for ``tag`` and ``segment``."""

    kind: str
    values: tuple[str | int, ...]


Leaf = Profile | Event | Value | Score | OneOf
Node = AllOf | AnyOf | Not | Leaf


def parse(definition: object) -> Node:
    """The tree of a decoded definition. Raises ``InvalidSegment``."""
    reader = _Reader()
    whole = reader.mapping(definition, "", ("v", "where"))
    if type(whole["v"]) is not int or whole["v"] != VERSION:
        _refuse("version", "v", f"the version is {VERSION}")
    node = reader.node(whole["where"], "where", 1)
    if len(text(node).encode()) > MOST_BYTES:
        _refuse("too_large", "where", f"a definition has at most {MOST_BYTES // 1024} KB", most=MOST_BYTES // 1024)
    return node


def read(written: str | bytes) -> Node:
    """The tree of a definition as JSON text. Raises ``InvalidSegment``; nothing longer than ``MOST_BYTES`` is looked at, and a
    key that stands twice in one object is refused."""
    if len(written if isinstance(written, bytes) else written.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        _refuse("too_large", "", f"a definition has at most {MOST_BYTES // 1024} KB", most=MOST_BYTES // 1024)
    try:
        decoded = json.loads(written, parse_constant=_no_number, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise InvalidSegment("This is no JSON text.", reason="json", path="") from error
    return parse(decoded)


def to_json(node: Node) -> dict[str, Any]:
    """The definition of a tree, to be encoded. Equal trees give equal objects, keys in one order; ``parse`` gives the tree back."""
    return {"v": VERSION, "where": _plain(node)}


def text(node: Node) -> str:
    """The definition as compact JSON text, equal for equal trees."""
    return json.dumps(to_json(node), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def leaves(node: Node) -> Iterator[Leaf]:
    """All leaves, in the order in which they stand."""
    match node:
        case AllOf(nodes) | AnyOf(nodes):
            for child in nodes:
                yield from leaves(child)
        case Not(child):
            yield from leaves(child)
        case _:
            yield node


# Reading


class _Reader:
    """Reads one definition; counts its leaves."""

    def __init__(self) -> None:
        self._leaves = 0

    def node(self, given: object, path: str, depth: int) -> Node:
        if depth > MOST_DEPTH:
            _refuse("too_deep", path, f"conditions are nested at most {MOST_DEPTH} deep", most=MOST_DEPTH)
        if type(given) is not dict:
            _refuse("object", path, "a condition is an object")
        kinds = [key for key in (*_BRANCHES, *_LEAVES) if key in given]
        if len(kinds) != 1:
            _refuse_kind(given, kinds, path)
        kind = kinds[0]
        if kind in ("all", "any"):
            children = _list(self.mapping(given, path, (kind,))[kind], f"{path}.{kind}", MOST_CHILDREN)
            nodes = tuple(
                self.node(child, f"{path}.{kind}[{place}]", depth + 1) for place, child in enumerate(children)
            )
            return AllOf(nodes) if kind == "all" else AnyOf(nodes)
        if kind == "not":
            return Not(self.node(self.mapping(given, path, ("not",))["not"], f"{path}.not", depth + 1))
        self._leaves += 1
        if self._leaves > MOST_LEAVES:
            _refuse("too_many_leaves", path, f"a segment has at most {MOST_LEAVES} conditions", most=MOST_LEAVES)
        return _LEAVES[kind](self, given, path)

    def mapping(
        self, given: object, path: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> Mapping[str, object]:
        if type(given) is not dict:
            _refuse("object", path, "an object is needed")
        for key in given:
            if key not in needed and key not in optional:
                _refuse("unknown_key", _under(path, key), "this key means nothing here", key=_short(key))
        for key in needed:
            if key not in given:
                _refuse("missing_key", path, f"the key {key!r} is missing", key=key)
        return given

    def profile(self, given: object, path: str) -> Profile:
        said = self.mapping(given, path, ("profile", "op"), ("values",))
        field = _choice(said["profile"], f"{path}.profile", FIELDS)
        is_range = field in NUMBER_FIELDS or field in DATE_FIELDS
        op = _choice(said["op"], f"{path}.op", (*RANGE_OPS, *WITHOUT_VALUES) if is_range else CHOICE_OPS)
        if op in WITHOUT_VALUES:
            _no_values(said, path)
            return Profile(field, op)
        if "values" not in said:
            _refuse("missing_key", path, "the key 'values' is missing", key="values")
        read = _PROFILE[field]
        values = _ends(said, path, op, read) if is_range else _several(said["values"], f"{path}.values", read)
        return Profile(field, op, values)

    def event(self, given: object, path: str) -> Event:
        said = self.mapping(given, path, ("event", "measure", "op", "values"), ("window", "where"))
        names = _several(said["event"], f"{path}.event", _text, MOST_NAMES)
        measure = _choice(said["measure"], f"{path}.measure", MEASURES)
        if measure == "amount" and set(names) != {ORDER_PLACED}:
            _refuse("amount_of_orders", f"{path}.event", f"only {ORDER_PLACED} has an amount")
        op = _choice(said["op"], f"{path}.op", MEASURE_OPS)
        values = _ends(said, path, op, _amount if measure == "amount" else _count)
        window = _window(said.get("window"), f"{path}.window", self)
        where = said.get("where", [])
        tests = [] if where == [] else _list(where, f"{path}.where", MOST_CONDITIONS)
        conditions = tuple(self._condition(test, f"{path}.where[{i}]") for i, test in enumerate(tests))
        return Event(names, measure, op, values, window, conditions)

    def _condition(self, given: object, path: str) -> Condition:
        said = self.mapping(given, path, ("name", "op"), ("values",))
        name, op = _text(said["name"], f"{path}.name"), _choice(said["op"], f"{path}.op", CONDITION_OPS)
        if op in WITHOUT_VALUES:
            _no_values(said, path)
            return Condition(name, op)
        if "values" not in said:
            _refuse("missing_key", path, "the key 'values' is missing", key="values")
        is_number = op in ("more_than", "less_than") or (name == AMOUNT and op != "contains")
        if name == AMOUNT and op == "contains":
            _refuse("choice", f"{path}.op", "an amount is a number")
        values = _several(said["values"], f"{path}.values", _number_text if is_number else _text)
        if op in ("more_than", "less_than") and len(values) != 1:
            _refuse("one_value", f"{path}.values", "one number is needed")
        return Condition(name, op, values)

    def value(self, given: object, path: str) -> Value:
        said = self.mapping(given, path, ("value", "op", "values"))
        name = _choice(said["value"], f"{path}.value", VALUES)
        op = _choice(said["op"], f"{path}.op", RANGE_OPS)
        return Value(name, op, _ends(said, path, op, _whole if name in WHOLE_VALUES else _number))

    def score(self, given: object, path: str) -> Score:
        said = self.mapping(given, path, ("score", "op", "values"))
        name = _choice(said["score"], f"{path}.score", SCORES)
        op = _choice(said["op"], f"{path}.op", RANGE_OPS)
        return Score(name, op, _ends(said, path, op, _chance if name in SHARES else _amount))

    def one_of(self, given: object, path: str) -> OneOf:
        kind = next(key for key in KINDS if key in given)  # type: ignore[operator]
        said = self.mapping(given, path, (kind,))
        return OneOf(kind, _several(said[kind], f"{path}.{kind}", KINDS[kind]))


def _refuse(reason: str, path: str, why: str, **details: object) -> NoReturn:
    raise InvalidSegment(f"{path or 'The definition'}: {why}.", reason=reason, path=path, **details)


def _refuse_kind(given: Mapping[str, object], kinds: list[str], path: str) -> NoReturn:
    if kinds:
        _refuse("one_kind", path, f"a condition says one thing, not {' and '.join(kinds)}")
    named = next(iter(given), "")
    _refuse("unknown_kind", path, f"no condition is called {_short(named)!r}", key=_short(named))


def _under(path: str, key: object) -> str:
    return f"{path}.{_short(key)}" if path else _short(key)


def _short(key: object) -> str:
    """What somebody wrote, as far as it can be shown."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in str(key)[:40])
    return shown if len(str(key)) <= 40 else f"{shown}…"


def _list(given: object, path: str, most: int) -> list[object]:
    if type(given) is not list:
        _refuse("list", path, "a list is needed")
    if not given:
        _refuse("empty", path, "the list is empty")
    if len(given) > most:
        _refuse("too_many", path, f"the list has more than {most} entries", most=most)
    return given


def _several(given: object, path: str, read: Callable[[object, str], T], most: int = MOST_VALUES) -> tuple[T, ...]:
    return tuple(read(one, f"{path}[{place}]") for place, one in enumerate(_list(given, path, most)))


def _ends(said: Mapping[str, object], path: str, op: str, read: Callable[[object, str], T]) -> tuple[T, ...]:
    """The one number of a comparison, or both of a range, the low one first."""
    path = f"{path}.values"
    needed = 2 if op == "between" else 1
    given = _list(said["values"], path, MOST_VALUES)
    if len(given) != needed:
        reason = "two_values" if needed == 2 else "one_value"
        _refuse(reason, path, "the lowest and the highest value are needed" if needed == 2 else "one value is needed")
    values = _several(given, path, read)
    if needed == 2 and values[0] > values[1]:  # type: ignore[operator]
        _refuse("reversed", path, "the lowest value stands first")
    return values


def _no_values(said: Mapping[str, object], path: str) -> None:
    if said.get("values", []) != []:
        _refuse("no_values", f"{path}.values", "this comparison takes no values")


def _choice(given: object, path: str, known: tuple[str, ...]) -> str:
    if type(given) is not str:
        _refuse("text", path, "a text is needed")
    if given not in known:
        _refuse("choice", path, f"{_short(given)!r} is none of {', '.join(known)}", value=_short(given))
    return given


def _one_of(known: tuple[str, ...]) -> Callable[[object, str], str]:
    return lambda given, path: _choice(given, path, known)


def _text(given: object, path: str) -> str:
    """A text is data and is kept as it is; signs that are invisible commands of a terminal or turn the reading direction, and
    half characters, are none of any name."""
    if type(given) is not str:
        _refuse("text", path, "a text is needed")
    if not given.strip():
        _refuse("empty", path, "the text is empty")
    if len(given) > LONGEST_TEXT:
        _refuse("too_long", path, f"a text has at most {LONGEST_TEXT} letters", most=LONGEST_TEXT)
    if any(_is_command(sign) for sign in given):
        _refuse("letters", path, "the text has signs that no name has")
    return given


def _is_command(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(sign) in _TURNING


_TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _number_text(given: object, path: str) -> str:
    value = _text(given, path)
    if not _NUMBER.fullmatch(value):
        _refuse("number_text", path, "a number written as a text is needed")
    return value


def _number(given: object, path: str) -> Number:
    if type(given) is float and math.isfinite(given) and given.is_integer() and abs(given) <= LARGEST:
        given = int(given)
    if type(given) is not int and type(given) is not float:
        _refuse("number", path, "a number is needed")
    if not (math.isfinite(given) if type(given) is float else True) or abs(given) > LARGEST:
        _refuse("range", path, "the number is too large")
    return given


def _whole(given: object, path: str) -> int:
    value = _number(given, path)
    if type(value) is not int:
        _refuse("whole", path, "a whole number is needed")
    return value


def _count(given: object, path: str) -> int:
    value = _whole(given, path)
    if value < 0:
        _refuse("negative", path, "a count is 0 or more")
    return value


def _amount(given: object, path: str) -> Number:
    value = _number(given, path)
    if value < 0:
        _refuse("negative", path, "an amount is 0 or more")
    return value


def _chance(given: object, path: str) -> Number:
    value = _number(given, path)
    if not 0 <= value <= 1:
        _refuse("chance", path, "a chance is between 0 and 1")
    return value


def _id(given: object, path: str) -> int:
    if type(given) is not int:
        _refuse("number", path, "a number is needed")
    if not 0 < given < 2**63:
        _refuse("range", path, "this is no id")
    return given


def _flag(given: object, path: str) -> bool:
    if type(given) is not bool:
        _refuse("flag", path, "true or false is needed")
    return given


def _whole_in(known: range) -> Callable[[object, str], int]:
    def read(given: object, path: str) -> int:
        value = _whole(given, path)
        if value not in known:
            _refuse("range", path, f"the number is outside {known.start} to {known.stop - 1}")
        return value

    return read


def _date(given: object, path: str) -> date:
    if type(given) is not str or not _DATE.fullmatch(given):
        _refuse("date", path, "a date like 2026-01-31 is needed")
    try:
        found = date.fromisoformat(given)
    except ValueError:
        _refuse("date", path, "there is no such day")
    if found.year not in YEARS:
        _refuse("range", path, f"the year is outside {YEARS.start} to {YEARS.stop - 1}")
    return found


_PROFILE: dict[str, Callable[[object, str], Any]] = {
    **dict.fromkeys(TEXT_FIELDS, _text), **dict.fromkeys(FLAG_FIELDS, _flag), **dict.fromkeys(DATE_FIELDS, _date),
    **{field: _whole_in(known) for field, known in KNOWN.items()},
}  # fmt: skip


def _window(given: object, path: str, reader: _Reader) -> LastDays | Dates | None:
    if given is None:
        return None
    if type(given) is dict and "days" in given:
        days = _whole(reader.mapping(given, path, ("days",))["days"], f"{path}.days")
        if not 1 <= days <= LONGEST_WINDOW_DAYS:
            _refuse("range", f"{path}.days", f"the number is outside 1 to {LONGEST_WINDOW_DAYS}")
        return LastDays(days)
    said = reader.mapping(given, path, ("from", "to"))
    start, end = _date(said["from"], f"{path}.from"), _date(said["to"], f"{path}.to")
    if start > end:
        _refuse("reversed", path, "the first day stands first")
    return Dates(start, end)


KINDS: dict[str, Callable[[object, str], Any]] = {
    "rfm": _one_of(RFM_CLASSES), "value_tier": _one_of(VALUE_TIERS), "tier": _text, "lifecycle": _one_of(LIFECYCLE_STATES),
    "cluster": _text, "group": _text, "tag": _id, "segment": _id,
}  # fmt: skip
"""Leaves that are a list alone, and how a value of each is read."""
_BRANCHES = ("all", "any", "not")
_LEAVES: dict[str, Callable[[_Reader, object, str], Leaf]] = {
    "profile": _Reader.profile, "event": _Reader.event, "value": _Reader.value, "score": _Reader.score,
    **dict.fromkeys(KINDS, _Reader.one_of),
}  # fmt: skip


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


# Writing


def _plain(node: Node) -> dict[str, Any]:
    match node:
        case AllOf(nodes):
            return {"all": [_plain(child) for child in nodes]}
        case AnyOf(nodes):
            return {"any": [_plain(child) for child in nodes]}
        case Not(child):
            return {"not": _plain(child)}
        case Profile(field, op, values):
            return {"profile": field, "op": op, **_valued(values)}
        case Event(names, measure, op, values, window, conditions):
            return {
                "event": list(names), "measure": measure, "op": op, "values": list(values), "window": _plain_window(window),
                "where": [{"name": test.name, "op": test.op, **_valued(test.values)} for test in conditions],
            }  # fmt: skip
        case Value(name, op, values):
            return {"value": name, "op": op, "values": list(values)}
        case Score(name, op, values):
            return {"score": name, "op": op, "values": list(values)}
        case OneOf(kind, ids):
            return {kind: list(ids)}


def _valued(values: tuple[str | bool | int | date, ...]) -> dict[str, Any]:
    told = [value.isoformat() if isinstance(value, date) else value for value in values]
    return {"values": told} if told else {}


def _plain_window(window: LastDays | Dates | None) -> dict[str, Any] | None:
    match window:
        case None:
            return None
        case LastDays(days):
            return {"days": days}
        case Dates(start, end):
            return {"from": start.isoformat(), "to": end.isoformat()}
