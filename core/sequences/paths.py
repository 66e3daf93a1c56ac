"""Paths: what members did next after an event, or last before it.

An *anchor* is an event that fits step 1 and is not barred. A subject's path starts at its **first** anchor, in both
directions, so that each subject has one path and every figure counts members, not transitions. Column 0 is the anchor
and column k the k-th visible event after it (or before it, going back), in the order of the stream.

- ``entry_code`` says which node an event is. An event with a code below 0 is *hidden*: it is skipped as if it were not
  there, is no anchor, and yet is a sign of life: it keeps a session from ending.
- With a gap, the path ends with the anchor's session, cut as ``sessions.split`` cuts it.
- Repeats may be collapsed: events of the same node in a row, hidden ones between them aside, are one. The event nearest
  to the anchor gives the time; a repeat of the anchor's node is part of the anchor.
- Where the path is over, ``LEFT`` stands in this and all later columns.
- With ``to``, an event that fits step 2 ends the path: it is the last node, and ``ARRIVED`` stands after it. The
  anchor itself is never the end.

``seen`` gives the events of paths as a stream: the strict funnel of a path's nodes over it counts the path's members.
"""
# mypy: disable-error-code="no-untyped-def"

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Literal

import numpy as np
from numba import njit

from core.errors import InvalidPath
from core.sequences import sessions, shares
from core.sequences.arrays import BARRED, Array, Int32s, Int64s
from core.sequences.stream import Batch, Stream, ordered

Direction = Literal["after", "before"]
DIRECTIONS: dict[Direction, int] = {"after": 1, "before": -1}
MOST_DEPTH = 20
LEFT, OTHER, ARRIVED = -1, -2, -3
"""Nodes that are no event: the path is over; one of those not shown by name; the path came to its end event."""
NOT_REACHED = -1
"""Stands in ``at`` where there is no event. ``node`` says so reliably; this only fills."""
NO_ANCHOR = -1


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Grain: one subject that has an anchor, codes ascending; one row each in every array.

    ``node``: subject by column (0 to depth), a code or ``LEFT`` or ``ARRIVED``. ``at``: the time of that event.
    ``is_arrived``: came to an event that ends paths, within the columns.
    """

    subject: Int32s
    node: Int32s
    at: Int64s
    is_arrived: Array

    def __len__(self) -> int:
        return len(self.subject)

    @property
    def depth(self) -> int:
        return self.node.shape[1] - 1


@dataclass(frozen=True, slots=True)
class Node:
    """``code`` of an event, or ``OTHER``, ``ARRIVED``, ``LEFT``; the ``members`` there, and their share of all."""

    code: int
    members: int
    share: float


@dataclass(frozen=True, slots=True)
class Column:
    """What members did at one place of their paths: named nodes by falling members (ties by code), then ``OTHER``,
    ``ARRIVED``, ``LEFT`` where anybody stands there. The members of a column are all members."""

    number: int
    nodes: tuple[Node, ...]

    @property
    def codes(self) -> Int32s:
        return np.array([node.code for node in self.nodes], np.int32)


@dataclass(frozen=True, slots=True)
class Link:
    """Members who went from node ``source`` of column ``column`` to node ``target`` of the next."""

    column: int
    source: int
    target: int
    members: int


@dataclass(frozen=True, slots=True)
class Path:
    """A whole path: its nodes, up to and with the first ``LEFT`` or ``ARRIVED``, and the members who took it."""

    nodes: tuple[int, ...]
    members: int
    share: float


def walk(
    stream: Stream,
    depth: int = 5,
    *,
    direction: Direction = "after",
    gap: timedelta | None = sessions.GAP,
    collapse_repeats: bool = False,
    to: bool = False,
    threads: int | None = None,
) -> Paths:
    """The path of every subject that has an anchor (see above). ``to``: whether step 2 ends paths.

    Raises ``InvalidPath`` unless the depth is 1 to 20, ``InvalidSession`` for a gap beyond its limits, ``ValueError``
    for a stream whose events have no codes. A stream that is ordered by something else than time needs no gap.
    """
    if not 1 <= depth <= MOST_DEPTH:
        raise InvalidPath(f"A path has 1 to {MOST_DEPTH} steps, not {depth}.", problem="depth", depth=depth)
    pause = _refuse(stream, direction, gap)
    ranges = shares.even(stream.offset, shares.threads_for(len(stream), threads))
    anchor = np.empty(len(stream.subject), np.int64)
    offset, at, steps, code = stream.offset, stream.at, stream.steps, stream.entry_code
    shares.run(lambda low, high: _find(offset, steps, code, low, high, anchor), ranges)
    row = np.cumsum(anchor >= 0)
    count = int(row[-1]) if row.size else 0
    node, node_at = np.empty((count, depth + 1), np.int32), np.empty((count, depth + 1), np.int64)
    is_arrived = np.zeros(count, np.bool_)

    def follow(low: int, high: int) -> None:
        first = int(row[low - 1]) if low else 0
        way = (DIRECTIONS[direction], pause, collapse_repeats, to)
        _follow(offset, at, steps, code, low, high, anchor, first, *way, node, node_at, is_arrived)

    shares.run(follow, ranges)
    return Paths(stream.subject[anchor >= 0], node, node_at, is_arrived)


def seen(
    stream: Stream,
    *,
    direction: Direction = "after",
    gap: timedelta | None = sessions.GAP,
    collapse_repeats: bool = False,
    to: bool = False,
) -> Stream:
    """The events of every path at its full length, in the order of time: a segment per subject that has an anchor.

    What a path shows, the strict funnel of its nodes counts over this stream (step bits are then those of the nodes).
    After an anchor: every step, of first entries. Before: the steps read in the order of time, those who reach the
    last. ``to``: whether step 2 ends paths; the event that does is the last one kept, unless it is a collapsed repeat.
    Raises as ``walk`` does.
    """
    pause = _refuse(stream, direction, gap)
    keep = np.zeros(len(stream), np.bool_)
    way = (DIRECTIONS[direction], pause, collapse_repeats, to)
    _mark(stream.offset, stream.at, stream.steps, stream.entry_code, *way, keep)
    sizes = np.diff(np.concatenate(([0], np.cumsum(keep)))[stream.offset])
    offset = np.concatenate(([0], np.cumsum(sizes[sizes > 0])))
    return Stream(stream.subject[sizes > 0], offset, stream.at[keep], stream.steps[keep], stream.entry_code[keep])


def joined(parts: Sequence[Paths]) -> Paths:
    """One answer from those of disjoint sets of subjects, walked to the same depth."""
    subject = np.concatenate([part.subject for part in parts])
    order = np.argsort(subject, kind="stable")
    if np.any(np.diff(subject[order]) == 0):
        raise ValueError("a subject stands in two partitions")
    node, at, is_arrived = (np.concatenate([getattr(p, name) for p in parts]) for name in ("node", "at", "is_arrived"))
    return Paths(subject[order], node[order], at[order], is_arrived[order])


def arriving(paths: Paths) -> Paths:
    """The paths that came to their end event, alone."""
    kept = paths.is_arrived
    return Paths(paths.subject[kept], paths.node[kept], paths.at[kept], kept[kept])


def columns(paths: Paths, top: int = 8) -> tuple[Column, ...]:
    """Every column with its ``top`` most visited nodes by name and the rest as ``OTHER``; empty without paths.

    Each column has its own top, and its members add up to ``len(paths)``. Raises ``InvalidPath`` for a top below 1.
    """
    if top < 1:
        raise InvalidPath(f"At least one node is shown per column, not {top}.", problem="top", top=top)
    return tuple(_column(number, paths.node[:, number], top) for number in range(paths.depth + 1) if len(paths))


def links(paths: Paths, columns: Sequence[Column]) -> tuple[Link, ...]:
    """Flows between the nodes of neighbouring columns, in the order of the nodes; none where nobody went.

    The links out of a node add up to its members, and so do those into it; who has left stays, as a link from
    ``LEFT`` to ``LEFT``. ``columns`` are those of these paths; other ones are a ``ValueError``.
    """
    places = [_place(paths.node[:, column.number], column) for column in columns]
    found = []
    for (left, left_place), (right, right_place) in pairwise(zip(columns, places, strict=True)):
        wide = len(right.nodes)
        flows = np.bincount(left_place * wide + right_place, minlength=len(left.nodes) * wide)
        found += [
            Link(left.number, left.nodes[i // wide].code, right.nodes[i % wide].code, int(flows[i]))
            for i in np.flatnonzero(flows).tolist()
        ]
    return tuple(found)


def top_paths(paths: Paths, n: int = 20) -> tuple[Path, ...]:
    """The ``n`` most frequent whole paths, ties by their nodes' codes. Shares are of all paths, shown or not."""
    key = _keys(paths.node)
    _, first, counts = np.unique(key, return_index=True, return_counts=True)
    ranked = np.argsort(-counts, kind="stable")[:n]
    return tuple(Path(_whole(paths.node[first[i]]), int(counts[i]), int(counts[i]) / len(paths)) for i in ranked)


def along(paths: Paths, prefix: Sequence[int]) -> Int64s:
    """Members whose path starts with the first node of the prefix, the first two, and so on; never rises.

    Raises ``InvalidPath`` beyond the depth.
    """
    _refuse_beyond(paths, len(prefix) - 1)
    same = paths.node[:, : len(prefix)] == np.array(prefix, np.int32)
    counts: Int64s = np.logical_and.accumulate(same, axis=1).sum(axis=0)
    return counts


def members(paths: Paths, nodes: Mapping[int, int] | Sequence[int], columns: Sequence[Column] = ()) -> Int32s:
    """Subjects behind a figure, as many as it counts, codes ascending.

    ``nodes``: which node stands in which column. ``{2: 5}`` is a node, ``{2: 5, 3: LEFT}`` a link, and a sequence a
    path or the start of one, from column 0. ``OTHER`` is whoever ``columns`` do not show by name, so it needs them.
    Raises ``InvalidPath`` beyond the depth.
    """
    wanted = nodes if isinstance(nodes, Mapping) else dict(enumerate(nodes))
    kept = np.ones(len(paths), np.bool_)
    _refuse_beyond(paths, max(wanted, default=0))
    for number, code in wanted.items():
        node = paths.node[:, number]
        kept &= (_shown(node, _numbered(columns, number)) if code == OTHER else node) == code
    return paths.subject[kept]


def _refuse(stream: Stream, direction: Direction, gap: timedelta | None) -> int:
    """The gap in microseconds."""
    if direction not in DIRECTIONS:
        raise InvalidPath(f"A path goes after or before, not {direction!r}.", problem="direction", direction=direction)
    if len(stream) and not stream.entry_code.size:
        raise ValueError("the stream carries no codes of nodes")
    return sessions.microseconds(gap)


def _refuse_beyond(paths: Paths, number: int) -> None:
    if number > paths.depth:
        raise InvalidPath(f"These paths have no step {number}.", problem="depth", depth=number)


def _column(number: int, node: Int32s, top: int) -> Column:
    codes, counts = np.unique(node, return_counts=True)
    named = np.flatnonzero(codes >= 0)
    ranked = named[np.argsort(-counts[named], kind="stable")]
    rows = [(int(codes[i]), int(counts[i])) for i in ranked[:top]]
    ends = {int(code): int(count) for code, count in zip(codes, counts, strict=True) if code < 0}
    ends[OTHER] = int(counts[ranked[top:]].sum())
    rows += [(code, ends[code]) for code in (OTHER, ARRIVED, LEFT) if ends.get(code)]
    return Column(number, tuple(Node(code, count, count / node.size) for code, count in rows))


def _shown(node: Int32s, column: Column) -> Int32s:
    """As the column names it: codes that it does not name are ``OTHER``."""
    shown: Int32s = np.where(np.isin(node, column.codes), node, np.int32(OTHER))
    return shown


def _place(node: Int32s, column: Column) -> Int64s:
    """Which of the column's nodes each subject stands in."""
    order = np.argsort(column.codes)
    codes, shown = column.codes[order], _shown(node, column)
    found = np.minimum(np.searchsorted(codes, shown), codes.size - 1)
    place: Int64s = order[found]
    visits = np.bincount(place, minlength=order.size).tolist()
    if not np.array_equal(codes[found], shown) or visits != [each.members for each in column.nodes]:
        raise ValueError("these are the columns of other paths")
    return place


def _numbered(columns: Sequence[Column], number: int) -> Column:
    for column in columns:
        if column.number == number:
            return column
    raise ValueError("who the others are depends on the columns")


def _keys(node: Int32s) -> Int64s:
    """One number per row, ordered as rows of codes are. Codes are made dense again whenever the number would not fit."""
    wide = int(node.max(initial=0)) - ARRIVED + 1
    key, size = np.zeros(len(node), np.int64), 1
    for number in range(node.shape[1]):
        if size > 2**62 // wide:
            distinct, key = np.unique(key, return_inverse=True)
            size = distinct.size
        key = key * wide + node[:, number] - ARRIVED
        size *= wide
    return key


def _whole(row: Int32s) -> tuple[int, ...]:
    codes: list[int] = row.tolist()
    end = next((i for i, code in enumerate(codes) if code < 0), len(codes))
    return tuple(codes[: end + 1])


# Compiled. numba's cache notices a change of this file and of no other: a changed constant of ``arrays`` needs a change
# here.


@njit(nogil=True, cache=True, inline="always")
def _is_anchor(bits, code):
    return bits & 1 != 0 and bits & BARRED == 0 and code >= 0


@njit(nogil=True, cache=True)
def _find(offset, steps, code, low, high, anchor):
    """The first anchor of every segment."""
    for segment in range(low, high):
        anchor[segment] = NO_ANCHOR
        for i in range(offset[segment], offset[segment + 1]):
            if _is_anchor(steps[i], code[i]):
                anchor[segment] = i
                break


@njit(nogil=True, cache=True)
def _follow(offset, at, steps, code, low, high, anchor, first, forward, pause, collapse, to, node, node_at, is_arrived):
    row = first
    width = node.shape[1]
    for segment in range(low, high):
        if anchor[segment] < 0:
            continue
        i = anchor[segment]
        node[row, 0] = code[i]
        node_at[row, 0] = at[i]
        filled = 1
        last = code[i]
        rest = LEFT
        i += forward
        while filled < width and offset[segment] <= i < offset[segment + 1]:
            if abs(at[i] - at[i - forward]) > pause:
                break
            if code[i] >= 0:
                if not (collapse and code[i] == last):
                    last = code[i]
                    node[row, filled] = last
                    node_at[row, filled] = at[i]
                    filled += 1
                if to and steps[i] & 2:
                    is_arrived[row] = True
                    rest = ARRIVED
                    break
            i += forward
        for k in range(filled, width):
            node[row, k] = rest
            node_at[row, k] = NOT_REACHED
        row += 1


@njit(nogil=True, cache=True)
def _mark(offset, at, steps, code, forward, pause, collapse, to, keep):
    for segment in range(offset.size - 1):
        i = offset[segment]
        while i < offset[segment + 1] and not _is_anchor(steps[i], code[i]):
            i += 1
        if i == offset[segment + 1]:
            continue
        keep[i] = True
        last = code[i]
        i += forward
        while offset[segment] <= i < offset[segment + 1] and abs(at[i] - at[i - forward]) <= pause:
            if code[i] >= 0:
                keep[i] = not collapse or code[i] != last
                last = code[i]
                if to and steps[i] & 2:
                    break
            i += forward


def warm() -> None:
    """Compile or load the kernels of this module."""
    columns = np.zeros(2, np.int32), np.arange(2), np.ones(2, np.uint16), np.zeros(2, np.int32)
    stream = ordered([Batch(*columns)], threads=1)
    walk(stream, 1, threads=1)
    seen(stream)
