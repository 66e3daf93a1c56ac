"""Path questions: what members did after an event, or before it."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import pandas as pd

from core.errors import InvalidPath, Unknown
from core.sequences import paths as kernel
from core.sequences import sessions
from core.sequences.arrays import PRESENT
from core.sequences.gather import Bounds
from core.sequences.paths import ARRIVED, LEFT, OTHER, Column, Direction, Link, Path, Paths
from core.work.questions import funnels, moments
from core.work.questions.funnels import Along
from core.work.questions.moments import Condition, Fit, Wanted, instant
from core.work.questions.reading import Reading

SPECIAL = {LEFT: "left", OTHER: "other", ARRIVED: "arrived"}
"""Nodes that are no event, as rows and addresses name them, between angle brackets."""
MOST_TOP = 20


@dataclass(frozen=True, slots=True)
class Group:
    """Names that stand as one node on the path."""

    node: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One path question. ``anchor``: names, the first of which starts the path. ``to``: names that end it; empty = none.
    ``names``: what a path shows; empty = all moments that are visible here. ``hidden``: names it leaves out, that still
    keep a session alive. ``gap``: pause that ends a session; None = a path goes on for ever. ``top``: nodes by name per
    column."""

    anchor: tuple[str, ...]
    direction: Direction = "after"
    depth: int = 5
    gap: timedelta | None = sessions.GAP
    collapse: bool = True
    to: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    top: int = 8
    conditions: tuple[Condition, ...] = ()

    @property
    def nodes(self) -> tuple[tuple[str, str], ...]:
        """What names are called on the path; hidden ones are not called at all. Anchor and end are never hidden."""
        grouped = {name: group.node for group in self.groups for name in group.names}
        kept = {*self.anchor, *self.to}
        return tuple(sorted((grouped | {name: "" for name in self.hidden if name not in kept}).items()))


@dataclass(frozen=True, eq=False)
class Answer:
    """``paths`` of each member; ``ids``: its member id; ``labels``: names of the nodes' codes; ``names``: everything that
    stood in the stream."""

    asked: Asked
    paths: Paths
    ids: Any
    labels: tuple[str, ...]
    names: tuple[str, ...]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        return kernel.columns(self.paths, self.asked.top)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        return kernel.links(self.paths, self.columns)

    def top_paths(self, n: int = 20) -> tuple[Path, ...]:
        return kernel.top_paths(self.paths, n)

    def name(self, code: int) -> str:
        """A node's name; ``<left>``, ``<other>`` or ``<arrived>`` where it is no event."""
        return f"<{SPECIAL[code]}>" if code in SPECIAL else self.labels[code]

    def code(self, name: str) -> int:
        """The node of a name. Raises ``Unknown``."""
        for code, special in SPECIAL.items():
            if name == f"<{special}>":
                return code
        if name not in self.labels:
            raise Unknown("node", name, self.labels)
        return self.labels.index(name)

    def people(self, nodes: dict[int, int] | tuple[int, ...]) -> pd.DataFrame:
        """``member_id`` of those behind a node (column: code), a link (two of them) or the start of a path."""
        return pd.DataFrame({"member_id": self.ids[kernel.members(self.paths, nodes, self.columns)]})

    def funnel(self, nodes: tuple[int, ...]) -> funnels.Asked:
        """The funnel of the start of a path: it shows the same members at its last step."""
        if self.asked.direction != "after" or any(code < 0 for code in nodes):
            raise InvalidPath("Only events that follow the start make a funnel.", problem="funnel")
        called = dict(self.asked.nodes)
        steps = [tuple(sorted(n for n in self.names if called.get(n, n) == self.labels[code])) for code in nodes]
        steps[0] = self.asked.anchor
        return funnels.Asked(
            tuple(steps), order="strict", within=None, entries="first", conditions=(self.asked.conditions,),
            along=Along(self.names, self.asked.nodes, self.asked.gap, self.asked.collapse),
        )  # fmt: skip


def paths(reading: Reading, asked: Asked) -> Answer:
    """Answer within scope and filters. Period and channels are asked of the anchor; what follows (or precedes) it may lie
    outside the period. Raises ``InvalidPath``, ``InvalidSession``, and ``Unknown`` for a name that no moment has."""
    known = moments.names(reading)
    named = {*asked.anchor, *asked.to, *asked.hidden, *(name for group in asked.groups for name in group.names)}
    for name in sorted(named - set(known)):
        raise Unknown("event", name, known)
    if not asked.anchor:
        raise InvalidPath("Say where the path starts.", problem="anchor")
    if not 1 <= asked.top <= MOST_TOP:
        raise InvalidPath(f"1 to {MOST_TOP} nodes are shown per column, not {asked.top}.", problem="top", top=asked.top)
    ready = moments.prepared(reading, _wanted(reading, asked, tuple(known)))
    way: dict[str, Any] = {"direction": asked.direction, "gap": asked.gap, "collapse_repeats": asked.collapse}
    found = kernel.joined(ready.walk(lambda s, _, n: kernel.walk(s, asked.depth, **way, to=bool(asked.to), threads=n)))
    return Answer(asked, found, ready.ids[: len(ready.ids)], ready.labels, tuple(known))


def rows(answer: Answer) -> list[dict[str, Any]]:
    """One row per node: ``column node members share``; the shares of a column add up to 1."""
    return [
        {
            "column": column.number,
            "node": answer.name(node.code),
            "members": node.members,
            "share": round(node.share, 6),
        }
        for column in answer.columns
        for node in column.nodes
    ]


def _wanted(reading: Reading, asked: Asked, known: tuple[str, ...]) -> Wanted:
    fits = [Fit(1, frozenset(asked.anchor), asked.conditions), Fit(int(PRESENT), frozenset(known))]
    if asked.to:
        fits.append(Fit(2, frozenset(asked.to)))
    return Wanted(tuple(fits), _bounds(reading, asked), "name", with_rows=True, nodes=asked.nodes)


def _bounds(reading: Reading, asked: Asked) -> Bounds:
    period = reading.filters.period
    if period is None:
        return Bounds()
    since, until = instant(period.start_on, reading.zone), instant(period.end_on, reading.zone)
    if asked.direction == "after":
        return Bounds(since=since, enter_since=since, enter_until=until)
    return Bounds(until=until, enter_since=since, enter_until=until)
