"""A definition as it stands on screen: boxes in boxes whose rows are conditions, some perhaps not filled in yet.

A box is ``all`` of, ``any`` of or ``none`` of its parts; the language has ``not`` for the last. Nothing here changes a tree: every
move gives another one, so that what was before can be had back. Every part has a number of its own, which no other part of the
session has, for its widgets.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

Kind = Literal["all", "any", "none"]
BOXES: tuple[Kind, ...] = ("all", "any", "none")
LEAVES = (
    "profile", "event", "value", "rfm", "value_tier", "tier", "lifecycle", "score", "cluster", "group", "tag", "segment",
)  # fmt: skip
"""Kinds of conditions; the first key of one in the language."""
LISTS = frozenset({"rfm", "value_tier", "tier", "lifecycle", "cluster", "group", "tag", "segment"})
"""Conditions that are one list of names, any of which fits."""
WITHOUT_VALUES = frozenset({"is_set", "is_not_set"})
Body = dict[str, Any]
Numbers = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Row:
    """``body``: the condition as the language writes it, as far as it is filled in."""

    number: int
    body: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return next((one for one in LEAVES if one in self.body), LEAVES[0])

    @property
    def is_complete(self) -> bool:
        return _is_complete(self.kind, self.body)


@dataclass(frozen=True, slots=True)
class Box:
    number: int
    kind: Kind
    parts: "tuple[Row | Box, ...]" = ()


Part = Row | Box


# -- from and to the language ------------------------------------------------------------------------------------------


def of(node: object, numbers: Numbers) -> Box | None:
    """The outermost box of what ``where`` of a definition holds; None where it is no tree at all."""
    part = _of(node, numbers)
    if part is None or isinstance(part, Box):
        return part
    return Box(numbers(), "all", (part,))


def _of(node: object, numbers: Numbers) -> Part | None:
    if not isinstance(node, dict):
        return None
    if set(node) == {"not"}:
        inner = node["not"]
        if isinstance(inner, dict) and set(inner) == {"any"}:
            return _box("none", inner["any"], numbers)
        return _box("none", [inner], numbers)
    for kind in ("all", "any"):
        if set(node) == {kind}:
            return _box(kind, node[kind], numbers)  # type: ignore[arg-type]
    return Row(numbers(), dict(node)) if any(one in node for one in LEAVES) else None


def _box(kind: Kind, nodes: object, numbers: Numbers) -> Box | None:
    if not isinstance(nodes, list):
        return None
    number = numbers()
    parts = [_of(one, numbers) for one in nodes]
    return None if None in parts else Box(number, kind, tuple(one for one in parts if one is not None))


def json(part: Part) -> Body:
    """All of it, what is not filled in as well: what the address keeps."""
    if isinstance(part, Row):
        return dict(part.body)
    return _joined(part.kind, [json(one) for one in part.parts])


def _joined(kind: Kind, parts: list[Body]) -> Body:
    if kind == "none":
        return {"not": parts[0] if len(parts) == 1 and "any" not in parts[0] else {"any": parts}}
    return {kind: parts}


def complete(part: Part) -> Body | None:
    """What is filled in of it, as the language writes it; None where nothing is."""
    if isinstance(part, Row):
        return dict(part.body) if part.is_complete else None
    parts = [found for one in part.parts if (found := complete(one)) is not None]
    return _joined(part.kind, parts) if parts else None


def places(part: Part, path: str = "where") -> Iterator[tuple[str, int]]:
    """Where each complete part of it stands in the definition that ``complete`` gives, as refusals name it, and its number."""
    yield path, part.number
    if isinstance(part, Row):
        return
    inside = [one for one in part.parts if complete(one) is not None]
    if part.kind == "none":
        alone = len(inside) == 1 and "any" not in (complete(inside[0]) or {})
        path = f"{path}.not"
        if alone:
            yield from places(inside[0], path)
            return
        for at, one in enumerate(inside):
            yield from places(one, f"{path}.any[{at}]")
        return
    for at, one in enumerate(inside):
        yield from places(one, f"{path}.{part.kind}[{at}]")


def faulty(part: Part, path: str) -> int:
    """Number of the innermost part that a refusal's path lies in."""
    inside = [(len(place), number) for place, number in places(part) if _lies_in(path, place)]
    return max(inside)[1] if inside else part.number


def _lies_in(path: str, place: str) -> bool:
    return path == place or path.startswith((f"{place}.", f"{place}["))


def rows(part: Part) -> Iterator[Row]:
    """All conditions, in their order."""
    if isinstance(part, Row):
        yield part
    else:
        for one in part.parts:
            yield from rows(one)


def unfilled(box: Box) -> int:
    """Conditions that say nothing yet, and boxes inside that hold nothing."""
    empty = [one for one in box.parts if isinstance(one, Box) and not one.parts]
    open_rows = [one for one in box.parts if isinstance(one, Row) and not one.is_complete]
    return len(empty) + len(open_rows) + sum(unfilled(one) for one in box.parts if isinstance(one, Box))


def _is_complete(kind: str, body: Mapping[str, Any]) -> bool:
    if kind in LISTS:
        return bool(body.get(kind))
    if not body.get(kind) or not body.get("op"):
        return False
    if kind == "event" and not all(_is_filled(one) for one in body.get("where", ())):
        return False
    return _is_filled(body)


def _is_filled(body: Mapping[str, Any]) -> bool:
    if body.get("op") in WITHOUT_VALUES:
        return True
    values = body.get("values") or []
    return None not in values and len(values) >= (2 if body.get("op") == "between" else 1)


# -- moves -------------------------------------------------------------------------------------------------------------


def changed(tree: Box, number: int, change: Callable[[Part], Part | None]) -> Box:
    """The tree with one part as ``change`` makes it, without it where that is None. The outermost box stays."""
    if tree.number == number:
        made = change(tree)
        return made if isinstance(made, Box) else tree
    return _changed(tree, number, change)


def _changed(box: Box, number: int, change: Callable[[Part], Part | None]) -> Box:
    parts: list[Part] = []
    for one in box.parts:
        made: Part | None = one
        if one.number == number:
            made = change(one)
        elif isinstance(one, Box):
            made = _changed(one, number, change)
        if made is not None:
            parts.append(made)
    return replace(box, parts=tuple(parts))


def added(tree: Box, number: int, part: Part) -> Box:
    """With another part at the end of a box."""
    return changed(tree, number, lambda box: replace(box, parts=(*box.parts, part)) if isinstance(box, Box) else box)


def removed(tree: Box, number: int) -> Box:
    return changed(tree, number, lambda part: None if part is not tree else replace(tree, parts=()))


def wrapped(tree: Box, number: int, kind: Kind, numbers: Numbers) -> Box:
    """With a part in a box of its own; the outermost one keeps its place and its content moves into the new one."""
    if tree.number == number:
        return replace(tree, kind=kind, parts=(replace(tree, number=numbers()),))
    return changed(tree, number, lambda part: Box(numbers(), kind, (part,)))


def opened(tree: Box, number: int) -> Box:
    """With the parts of a box in its place."""
    above = holder(tree, number)
    if above is None:
        return tree
    parts: list[Part] = []
    for one in above.parts:
        parts += one.parts if one.number == number and isinstance(one, Box) else (one,)
    return changed(tree, above.number, lambda _: replace(above, parts=tuple(parts)))


def doubled(tree: Box, number: int, numbers: Numbers) -> Box:
    """With a part once more, after itself."""
    above, found = holder(tree, number), part_of(tree, number)
    if above is None or found is None:
        return tree
    at = [one.number for one in above.parts].index(number) + 1
    copy = renumbered(found, numbers)
    return changed(tree, above.number, lambda _: replace(above, parts=(*above.parts[:at], copy, *above.parts[at:])))


def moved(tree: Box, number: int, by: int) -> Box:
    """With a part one place up or down within its box."""
    above = holder(tree, number)
    if above is None:
        return tree
    parts = list(above.parts)
    at = [one.number for one in parts].index(number)
    parts.insert(max(at + by, 0), parts.pop(at))
    return changed(tree, above.number, lambda _: replace(above, parts=tuple(parts)))


def renumbered(part: Part, numbers: Numbers) -> Part:
    """The same under other numbers, for widgets that must not keep what they hold."""
    if isinstance(part, Row):
        return replace(part, number=numbers())
    return Box(numbers(), part.kind, tuple(renumbered(one, numbers) for one in part.parts))


def holder(tree: Box, number: int) -> Box | None:
    """The box that a part stands in; None for the outermost one and for none of the tree."""
    for one in tree.parts:
        if one.number == number:
            return tree
        if isinstance(one, Box) and (found := holder(one, number)) is not None:
            return found
    return None


def part_of(tree: Box, number: int) -> Part | None:
    if tree.number == number:
        return tree
    above = holder(tree, number)
    return None if above is None else next(one for one in above.parts if one.number == number)
