"""Segments read by brute force: every leaf is asked of one member after the other, over plain rows."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any

from core.segments.language import AllOf, AnyOf, Dates, Event, LastDays, Node, Not, OneOf, Profile

Row = dict[str, Any]
COLUMNS = {"channel": "channel", "product": "product_id", "product_id": "product_id", "unit": "unit_id"}
PROFILE = {"unit": "unit_id", "staff": "staff_id"}


@dataclass(frozen=True)
class World:
    """``facts``: rows of each table in the order they came, times naive UTC. ``belongs``: member by identity key, members only.
    ``above``: unit above each unit. Business days are eight hours ahead of UTC."""

    facts: dict[str, list[Row]]
    belongs: dict[int, int]
    above: Mapping[str, str | None]
    held: tuple[str, ...] = ()

    @cached_property
    def members(self) -> list[int]:
        return sorted(set(self.belongs.values()))

    @cached_property
    def newest(self) -> date:
        dated = [row["occurred_at"] for table in self.facts.values() for row in table if "occurred_at" in row]
        return day(max(dated))

    @cached_property
    def moments(self) -> dict[int, list[Row]]:
        """Of each member: ``name at amount channel product_id unit_id``."""
        found: dict[int, list[Row]] = defaultdict(list)
        for row in [*self._rows(), *self._orders()]:
            if row["who"] in self.belongs:
                found[self.belongs[row["who"]]].append(row)
        return found

    def _rows(self) -> list[Row]:
        named = [(row, row["name"]) for row in self.facts["events"] if row["name"] not in self.held]
        named += [(row, "touch_" + row["state"]) for row in self.facts["touches"]]
        named += [(row, "group_" + row["change"]) for row in self.facts["group_membership"]]
        return [
            {"who": row["identity_key"], "name": name, "at": row["occurred_at"], "amount": None,
             **{c: row.get(c) for c in ("channel", "product_id", "unit_id")}}
            for row, name in named
        ]  # fmt: skip

    def _orders(self) -> list[Row]:
        lines: dict[str, list[Row]] = defaultdict(list)
        for line in self.facts["order_lines"]:
            if line["line_kind"] == "sale":
                lines[line["order_no"]].append(line)
        found = []
        for own in lines.values():
            total = sum(line["amount_minor"] for line in own)
            known = [line["identity_key"] for line in own if line["identity_key"] is not None]
            if total > 0:
                found.append(
                    {"who": max(known, default=None), "name": "order_placed", "at": min(line["occurred_at"] for line in own),
                     "amount": total, "channel": _first(own, "channel"), "product_id": _first(own, "product_id"), "unit_id": None}
                )  # fmt: skip
        return found

    @cached_property
    def profiles(self) -> dict[int, list[Row]]:
        """Of each member: the newest profile of each identity, oldest first."""
        newest: dict[int, tuple[int, Row]] = {}
        for place, row in enumerate(self.facts["member_profiles"]):
            newest[row["identity_key"]] = (place, row)
        found: dict[int, list[Row]] = defaultdict(list)
        for _, row in sorted(newest.values(), key=lambda pair: pair[0]):
            if row["identity_key"] in self.belongs:
                found[self.belongs[row["identity_key"]]].append(row)
        return found


def _first(lines: list[Row], column: str) -> Any:
    """What the first line tells, if only that it tells nothing."""
    return lines[0].get(column)


def day(at: datetime) -> date:
    return (at + timedelta(hours=8)).date()


def fits(world: World, node: Node, member: int) -> bool:
    match node:
        case AllOf(nodes):
            return all(fits(world, child, member) for child in nodes)
        case AnyOf(nodes):
            return any(fits(world, child, member) for child in nodes)
        case Not(child):
            return not fits(world, child, member)
        case Event():
            return compared(node.op, measure(world, node, member), node.values)
        case Profile():
            return _profile(world, node, member)
        case OneOf("group", groups):
            return any(_is_in(world, str(group), member) for group in groups)
    raise AssertionError(node)


def members(world: World, node: Node) -> list[int]:
    return [member for member in world.members if fits(world, node, member)]


def compared(op: str, value: Any, values: tuple[Any, ...]) -> bool:
    numbers = [value if isinstance(value, date) else Fraction(str(value)) for value in values]
    if op == "at_least":
        return bool(value >= numbers[0])
    if op == "at_most":
        return bool(value <= numbers[0])
    return bool(value == numbers[0]) if op == "exactly" else bool(numbers[0] <= value <= numbers[1])


def measure(world: World, leaf: Event, member: int) -> Fraction | int:
    met = [row for row in world.moments[member] if _fits_row(world, leaf, row)]
    if leaf.measure == "count":
        return len(met)
    if leaf.measure == "days":
        return len({day(row["at"]) for row in met})
    return Fraction(sum(row["amount"] for row in met), 100)


def _fits_row(world: World, leaf: Event, row: Row) -> bool:
    on = day(row["at"])
    match leaf.window:
        case LastDays(days):
            is_inside = (world.newest - on).days < days
        case Dates(start, end):
            is_inside = start <= on <= end
        case _:
            is_inside = True
    return is_inside and row["name"] in leaf.names and all(_meets(row, test) for test in leaf.conditions)


def _meets(row: Row, test: Any) -> bool:
    is_amount = test.name == "amount"
    value = row["amount"] if is_amount else row[COLUMNS[test.name]]
    if test.op in ("is_set", "is_not_set"):
        return (value is not None) == (test.op == "is_set")
    if value is None:
        return test.op == "is_not"
    if test.op in ("more_than", "less_than"):
        try:
            number = Fraction(value, 100) if is_amount else Fraction(value)
        except ValueError:
            return False
        return number > Fraction(test.values[0]) if test.op == "more_than" else number < Fraction(test.values[0])
    if is_amount:
        return (Fraction(value, 100) in [Fraction(v) for v in test.values]) == (test.op == "is")
    if test.op == "contains":
        return any(part in value for part in test.values)
    return (value in test.values) == (test.op == "is")


def _profile(world: World, leaf: Profile, member: int) -> bool:
    known = _told(world, leaf.field, member)
    if leaf.op in ("is_set", "is_not_set"):
        return bool(known) == (leaf.op == "is_set")
    if not known:
        return False
    if leaf.op in ("is", "is_not"):
        meant = _below(world, leaf.values) if leaf.field == "unit" else set(leaf.values)
        return any(value in meant for value in known) == (leaf.op == "is")
    (value,) = known
    return compared(leaf.op, value, leaf.values)


def _told(world: World, field: str, member: int) -> list[Any]:
    """What counts of a field: several values of units and staff, at most one of the others."""
    if field == "is_in_group":
        return [any(_is_in(world, row["group_id"], member) for row in world.facts["group_membership"])]
    rows = world.profiles[member]
    column = {"age": "birth_year", "joined_on": "joined_at", "days_since_joined": "joined_at"}.get(
        field, PROFILE.get(field, field)
    )
    told = [row[column] for row in rows if row.get(column) is not None]
    if field == "acquisition_channel":
        joined = [row for row in rows if row.get("joined_at") is not None]
        first = min((row["joined_at"] for row in joined), default=None)
        asked = [row for row in joined if row["joined_at"] == first] if joined else rows
        return sorted(row[column] for row in asked if row.get(column) is not None)[:1]
    if not told or field in ("unit", "staff"):
        return told
    if field == "joined_on":
        return [day(min(told))]
    if field == "days_since_joined":
        return [(world.newest - day(min(told))).days]
    if field in ("is_friend", "is_test"):
        return [any(told)]
    return [world.newest.year - told[-1]] if field == "age" else [told[-1]]


def _below(world: World, units: tuple[Any, ...]) -> set[str]:
    def is_below(unit: str | None) -> bool:
        return unit is not None and (unit in units or is_below(world.above.get(unit)))

    return {unit for unit in world.above if is_below(unit)} | set(units)


def _is_in(world: World, group: str, member: int) -> bool:
    """By the last that callbacks told."""
    told = [
        (row["occurred_at"], place, row["change"])
        for place, row in enumerate(world.facts["group_membership"])
        if row["group_id"] == group and world.belongs.get(row["identity_key"]) == member
    ]
    return bool(told) and max(told)[2] == "join"
