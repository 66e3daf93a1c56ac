"""A definition read back as one plain sentence.

Brackets become words: children of ``all`` are joined by "and", what is excluded stands last ("but not those who …"); ``any`` by
"or", in brackets inside of anything else. What means the same may read alike: brackets that bracket nothing and a NOT of a NOT
are not read. What means something else never does: every name stands in quotation marks, a mark in a name is doubled.

Texts come from ``say(key, **places)``, keys begin with ``sentence.``. Names come from ``name(kind, id)``: kinds are the fields of
profiles (``tier`` is ``imported_tier`` there: the house may tell tiers otherwise), the kinds of ``language.KINDS``, ``event``, ``property``, and for the values of conditions the column (``channel``,
``unit_id``, ``group_id``, ``content_id``, ``product_id``, ``campaign_id``). Two things of one kind must not be called the same:
whoever gives names adds the id where they would be. ``money`` writes an amount in major units.
"""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal

from core.segments import language
from core.segments.language import (
    AllOf,
    AnyOf,
    Condition,
    Dates,
    Event,
    LastDays,
    Leaf,
    Node,
    Not,
    Number,
    OneOf,
    Profile,
    Score,
    Value,
)

Say = Callable[..., str]
Name = Callable[[str, str | int | bool], str]
Money = Callable[[Number], str]
COLUMNS = ("channel", "unit_id", "group_id", "content_id", "product_id", "campaign_id")
IMPORTED_TIER = "imported_tier"
_OF_MONEY = ("net_amount", "aov", "value_365d")
_UNITS = {"days_since_last_order": "days", "orders": "times", "points": "points_of", "orders_365d": "times"}


def _plain(value: Number) -> str:
    return format(Decimal(str(value)), "f")


def told(node: Node, *, say: Say, name: Name, money: Money = _plain) -> str:
    """The sentence. Raises what ``say`` raises for a text that does not exist."""
    return say("sentence.whole", what=_Telling(say, name, money).node(simplified(node)))


def simplified(node: Node) -> Node:
    """The same people, without brackets that bracket nothing: ``all`` in ``all``, ``any`` in ``any``, one child alone, NOT of NOT."""
    match node:
        case Not(child):
            inner = simplified(child)
            return inner.node if isinstance(inner, Not) else Not(inner)
        case AllOf(nodes):
            return _joined(AllOf, nodes)
        case AnyOf(nodes):
            return _joined(AnyOf, nodes)
        case _:
            return node


def _joined(kind: type[AllOf] | type[AnyOf], nodes: Iterable[Node]) -> Node:
    children: list[Node] = []
    for child in map(simplified, nodes):
        children += child.nodes if isinstance(child, kind) else [child]
    distinct = tuple(dict.fromkeys(children))
    return distinct[0] if len(distinct) == 1 else kind(distinct)


class _Telling:
    def __init__(self, say: Say, name: Name, money: Money) -> None:
        self._say_key, self._name, self._money = say, name, money

    def node(self, node: Node) -> str:
        match node:
            case AllOf(nodes):
                return self._all(nodes)
            case AnyOf(nodes):
                return self._say("or").join(self._child(child) for child in nodes)
            case Not(child):
                return self._say("everybody") + self._say("but_not", what=self._child(child))
            case _:
                return self._leaf(node)

    def _all(self, nodes: tuple[Node, ...]) -> str:
        asked = [self._child(child) for child in nodes if not isinstance(child, Not)]
        excluded = [self._child(child.node) for child in nodes if isinstance(child, Not)]
        found = self._say("and").join(asked) if asked else self._say("everybody")
        for place, what in enumerate(excluded):
            found += self._say("nor" if place else "but_not", what=what)
        return found

    def _child(self, child: Node) -> str:
        if isinstance(child, Not):
            return self._say("no", what=self._child(child.node))
        return self._say("group", what=self.node(child)) if isinstance(child, AllOf | AnyOf) else self._leaf(child)

    def _leaf(self, leaf: Leaf) -> str:
        match leaf:
            case Profile():
                return self._profile(leaf)
            case Event():
                return self._event(leaf)
            case Score(name, op, values) if name in (*language.MODEL_CHANCES, *language.MODEL_TOPS):
                return self._modelled(name, self._range(op, values, _percent))
            case Value() | Score():
                return self._say(leaf.name, range=self._range(leaf.op, leaf.values, self._unit(leaf.name)))
            case OneOf(kind, values):
                return self._say(f"of_{kind}", values=self._either(kind, values))

    def _modelled(self, name: str, told: str) -> str:
        kind = "top" if name.endswith("_top") else "chance"
        target, _, days = name.removesuffix("_top").rpartition("_")
        return self._say(f"{kind}_{target}", range=told, days=days.removesuffix("d"))

    # -- leaves --------------------------------------------------------------------------------------------------------

    def _profile(self, leaf: Profile) -> str:
        field = self._say(f"field_{leaf.field}")
        if leaf.op in language.WITHOUT_VALUES:
            return self._say(leaf.op, field=field)
        if leaf.field in language.FLAG_FIELDS and len(set(leaf.values)) == 1:
            is_meant = bool(leaf.values[0]) == (leaf.op == "is")
            return self._say(f"{leaf.field}_{'yes' if is_meant else 'no'}")
        if leaf.op in ("is", "is_not"):
            values = [value for value in leaf.values if not isinstance(value, date)]
            kind = IMPORTED_TIER if leaf.field == "tier" else leaf.field
            return self._say(f"profile_{leaf.op}", field=field, values=self._either(kind, values))
        numbers = [value.isoformat() if isinstance(value, date) else str(value) for value in leaf.values]
        return self._say(f"{leaf.field}_{leaf.op}", low=numbers[0], high=numbers[-1])

    def _event(self, leaf: Event) -> str:
        window, names, where = self._window(leaf), self._either("event", leaf.names), self._where(leaf.conditions)
        places = {"window": window, "names": names, "where": where}
        if leaf.measure != "amount":
            if leaf.values[-1] == 0 and leaf.op != "at_least":
                return self._say("did_not", **places)
            if leaf.op == "at_least" and leaf.values[0] == 1:
                return self._say("did", **places)
        unit = (
            self._money if leaf.measure == "amount" else self._counted("times" if leaf.measure == "count" else "days")
        )
        return self._say(f"did_{leaf.measure}", range=self._range(leaf.op, leaf.values, unit), **places)

    def _window(self, leaf: Event) -> str:
        match leaf.window:
            case LastDays(days):
                return self._say("last_days", days=days)
            case Dates(start, end):
                return self._say("dates", start=start.isoformat(), end=end.isoformat())
            case _:
                return self._say("ever")

    def _where(self, tests: tuple[Condition, ...]) -> str:
        if not tests:
            return ""
        return self._say("where", tests=self._say("where_and").join(map(self._test, tests)))

    def _test(self, test: Condition) -> str:
        column = f"{test.name}_id" if f"{test.name}_id" in COLUMNS else test.name
        is_own = column in COLUMNS or column == language.AMOUNT
        name = self._say(f"column_{column}") if is_own else self._quoted("property", test.name)
        kind = column if column in COLUMNS and test.op != "contains" else ""
        return self._say(f"test_{test.op}", name=name, values=self._either(kind, test.values) if test.values else "")

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _range(self, op: str, values: tuple[Number, ...], unit: Money) -> str:
        if op == "between":
            low = _plain(values[0]) if unit not in (self._money, _percent) else unit(values[0])
            return self._say(op, low=low, high=unit(values[1]))
        return self._say(op, low=unit(values[0]))

    def _unit(self, name: str) -> Money:
        if name in language.CHANCES:
            return _percent
        return self._money if name in _OF_MONEY else self._counted(_UNITS[name])

    def _counted(self, unit: str) -> Money:
        """Writes a number of something; of two numbers the last says of what."""
        return lambda value: self._say(unit, count=_plain(value))

    def _either(self, kind: str, values: Iterable[str | int | bool]) -> str:
        """One, or one or another, or one, another or a third."""
        told = [self._quoted(kind, value) for value in dict.fromkeys(values)]
        if len(told) == 1:
            return told[0]
        return self._say("either", some=self._say("between_values").join(told[:-1]), last=told[-1])

    def _quoted(self, kind: str, value: str | int | bool) -> str:
        shown = self._name(kind, value) if kind else str(value)
        return self._say("quoted", text=shown.replace("”", "””"))

    def _say(self, key: str, **places: object) -> str:
        return self._say_key(f"sentence.{key}", **places)


def _percent(value: Number) -> str:
    return f"{format((Decimal(str(value)) * 100).normalize(), 'f')}%"
