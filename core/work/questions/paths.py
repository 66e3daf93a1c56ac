"""Path questions: what members did after an event, or before it."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from core.errors import HeldStep, InvalidPath, Unknown
from core.sequences import paths as kernel
from core.sequences import sessions
from core.sequences.arrays import PRESENT
from core.sequences.paths import ARRIVED, LEFT, OTHER, Column, Direction, Link, Path, Paths
from core.work.questions import funnels, moments
from core.work.questions.funnels import Along
from core.work.questions.moments import Condition, Fit, Wanted
from core.work.questions.reading import Reading

SPECIAL = {LEFT: "left", OTHER: "other", ARRIVED: "arrived"}
"""Nodes that are no event, as rows and addresses name them, between angle brackets."""
TOP, MOST_TOP = 8, 20
"""Nodes by name per column, when nobody says how many, and at most."""
MOST_STEPS = 10
"""Steps of a funnel."""


@dataclass(frozen=True, slots=True)
class Group:
    """Names that stand as one node on the path."""

    node: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One path question. ``anchor``: names, the first of which starts the path. ``to``: names that end it; empty = none.
    ``names``: what a path shows; empty = all moments that are visible here. ``hidden``: names it leaves out, that still
    keep a session alive; anchor and end are never hidden. ``groups``: no name stands in two of
    them, and none is called like an event that it does not hold. ``gap``: pause that ends a session; None = a path goes on for ever. ``top``:
    nodes by name per column."""

    anchor: tuple[str, ...]
    direction: Direction = "after"
    depth: int = 5
    gap: timedelta | None = sessions.GAP
    collapse: bool = True
    to: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    top: int = TOP
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

    @property
    def members(self) -> int:
        """Everybody who has a path; what every column adds up to."""
        return len(self.paths)

    def top_paths(self, n: int = 20) -> tuple[Path, ...]:
        return kernel.top_paths(self.paths, n)

    def ways(self, column: int, code: int, n: int = 20) -> tuple[Path, ...]:
        """The ``n`` most taken ways from the start to an event's node of a column. Shares are of those who stand there."""
        here = self.paths.node[:, column] == code
        parts = (self.paths.node[here, : column + 1], self.paths.at[here, : column + 1], self.paths.is_arrived[here])
        return kernel.top_paths(Paths(self.paths.subject[here], *parts), n)

    def starting(self, nodes: tuple[int, ...]) -> int:
        """Members whose path starts so, whatever follows."""
        return int(kernel.along(self.paths, nodes)[-1])

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
        """Those behind a node (column: code), a link (two of them) or the start of a path: ``member_id``, ``entry_at``
        (time of the anchor, UTC), ``steps`` (events on the path, the anchor included), the latest anchor first."""
        found = np.isin(self.paths.subject, kernel.members(self.paths, nodes, self.columns))
        frame = pd.DataFrame(
            {
                "member_id": self.ids[self.paths.subject[found]],
                "entry_at": pd.to_datetime(self.paths.at[found, 0], unit="us", utc=True),
                "steps": (self.paths.node[found] >= 0).sum(axis=1),
            }
        )
        return frame.sort_values(["entry_at", "member_id"], ascending=[False, True], ignore_index=True)

    def funnel(self, nodes: tuple[int, ...]) -> funnels.Asked:
        """The funnel of the start of a path: it shows the same members at its last step. Of a path that leads to the anchor
        the steps stand in the order of time, and the last one is the anchor. Raises ``InvalidPath`` unless it is 2 to 10
        events."""
        if any(code < 0 for code in nodes):
            raise InvalidPath("Only events make a funnel.", problem="funnel")
        if not 2 <= len(nodes) <= MOST_STEPS:
            raise InvalidPath(f"2 to {MOST_STEPS} events make a funnel.", problem="funnel_steps")
        called = dict(self.asked.nodes)
        steps = [tuple(sorted(n for n in self.names if called.get(n, n) == self.labels[code])) for code in nodes]
        steps[0] = tuple(name for name in steps[0] if name in self.asked.anchor)
        asked = self.asked
        along = Along(self.names, asked.nodes, asked.gap, asked.collapse, asked.anchor, asked.to, asked.direction)
        conditions = [asked.conditions, *[()] * (len(steps) - 1)]
        if asked.direction == "before":
            steps, conditions = steps[::-1], conditions[::-1]
        return funnels.Asked(
            tuple(steps), order="strict", within=None, entries=along.entries, conditions=tuple(conditions), along=along
        )


def paths(reading: Reading, asked: Asked) -> Answer:
    """Answer within scope and filters. Period and channels are asked of the anchor; what follows (or precedes) it may lie
    outside the period. Raises ``InvalidPath``, ``InvalidSession``, ``Unknown`` for a name that no moment has, and
    ``HeldStep`` for one that waits."""
    if not asked.anchor:
        raise InvalidPath("Say where the path starts.", problem="anchor")
    if not 1 <= asked.top <= MOST_TOP:
        raise InvalidPath(f"1 to {MOST_TOP} nodes are shown per column, not {asked.top}.", problem="top", top=asked.top)
    known = moments.names(reading)
    _refuse_groups(asked, known)
    _refuse_unknown(reading, asked, known)
    ready = moments.prepared(reading, _wanted(reading, asked, tuple(known)))
    way: dict[str, Any] = {"direction": asked.direction, "gap": asked.gap, "collapse_repeats": asked.collapse}
    found = kernel.joined(ready.walk(lambda s, _, n: kernel.walk(s, asked.depth, **way, to=bool(asked.to), threads=n)))
    return Answer(asked, found, ready.ids, ready.labels, tuple(known))


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


def path_rows(answer: Answer, n: int = 20) -> list[dict[str, Any]]:
    """One row per path, the most taken first: ``path`` (nodes joined by `` > ``), ``members``, ``share`` of all."""
    return [
        {
            "path": " > ".join(answer.name(code) for code in path.nodes),
            "members": path.members,
            "share": round(path.share, 6),
        }
        for path in answer.top_paths(n)
    ]


def _refuse_groups(asked: Asked, known: list[str]) -> None:
    """Every event is one node, and every node has one name."""
    called: set[str] = set()
    held: set[str] = set()
    for group in asked.groups:
        if not group.node or group.node in {f"<{name}>" for name in SPECIAL.values()}:
            raise InvalidPath("Every group has a name of its own.", problem="group")
        if group.node in called:
            raise InvalidPath(f"Two groups are called {group.node!r}.", problem="group_twice", name=group.node)
        if group.node in known and group.node not in group.names:
            message = f"The group {group.node!r} is called like an event that it does not hold."
            raise InvalidPath(message, problem="group_event", name=group.node)
        for name in sorted(held & set(group.names)):
            raise InvalidPath(f"The event {name!r} stands in two groups.", problem="group_shared", name=name)
        called.add(group.node)
        held |= set(group.names)


def _refuse_unknown(reading: Reading, asked: Asked, known: list[str]) -> None:
    named = {*asked.anchor, *asked.to, *asked.hidden, *(name for group in asked.groups for name in group.names)}
    for name in sorted(named - set(known)):
        if name in reading.held:
            raise HeldStep(f"The event {name!r} waits for approval; its events count once it is approved.", name=name)
        raise Unknown("event", name, known)


def _wanted(reading: Reading, asked: Asked, known: tuple[str, ...]) -> Wanted:
    fits = [Fit(1, frozenset(asked.anchor), asked.conditions), Fit(int(PRESENT), frozenset(known))]
    if asked.to:
        fits.append(Fit(2, frozenset(asked.to)))
    before = asked.direction == "before"
    bounds = funnels.exit_bounds(reading) if before else funnels.entry_bounds(reading, None)
    return Wanted(tuple(fits), bounds, "name", with_rows=True, nodes=asked.nodes)
