"""What the things that a definition names are called in this world, for ``core.segments.sentence``."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from core.segments import language
from core.segments.language import Event, Node, OneOf, Profile
from core.work.questions import called, funnels, profiles
from core.work.questions.reading import Reading

Key = str | int | bool
Names = Mapping[tuple[str, Key], str]
"""What something is called, by kind and id; what the world calls nothing else is absent."""


def of(reading: Reading, node: Node) -> Names:
    """Names of the units, staff, groups, products, pieces of content, campaigns, tags and segments that a definition names. Of two of
    one kind with the same name each has its id beside it. What does not exist any more has no name."""
    found: dict[tuple[str, Key], str] = {}
    for kind in sorted(_kinds(node)):
        every = _READ[kind](reading)
        times = Counter(every.values())
        found |= {(kind, key): name if times[name] == 1 else f"{name} ({key})" for key, name in every.items()}
    return found


def _kinds(node: Node) -> set[str]:
    found: set[str] = set()
    for leaf in language.leaves(node):
        match leaf:
            case Profile():
                found.add(leaf.field)
            case OneOf():
                found.add(leaf.kind)
            case Event():
                found |= {funnels.ALIASES.get(test.name, test.name) for test in leaf.conditions}
    return found & _READ.keys()


def _column(name: str) -> Callable[[Reading], Mapping[str, str]]:
    return lambda reading: called.names_of(reading, name)


def _referred(kind: str) -> Callable[[Reading], Mapping[int, str]]:
    return lambda reading: {} if reading.references is None else reading.references.names(kind)


_READ: dict[str, Callable[[Reading], Mapping[Any, str]]] = {
    "unit": _column("unit_id"), "group": _column("group_id"), "staff": profiles.staff, "tag": _referred("tag"),
    "segment": _referred("segment"), **{column: _column(column) for column in called.NAMED},
}  # fmt: skip
