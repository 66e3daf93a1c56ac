"""Sessions and paths read event by event in plain Python. Slow, and plain."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple


class Event(NamedTuple):
    """One event of one subject. ``node``: code, below 0 hidden."""

    at: int
    node: int
    is_anchor: bool = False
    is_barred: bool = False
    is_end: bool = False


class Walked(NamedTuple):
    nodes: list[int]
    at: list[int]
    is_arrived: bool


LEFT, OTHER, ARRIVED = -1, -2, -3


def sessions(history: list[Event], gap: int | None) -> list[list[Event]]:
    """The history in pieces: a new one whenever the pause since the event before is longer than the gap."""
    pieces: list[list[Event]] = []
    for event in history:
        if pieces and (gap is None or event.at - pieces[-1][-1].at <= gap):
            pieces[-1].append(event)
        else:
            pieces.append([event])
    return pieces


def path(history: list[Event], depth: int, direction: str, gap: int | None, collapse: bool, to: bool) -> Walked | None:
    """The path from the first anchor, or None without one."""
    for piece in sessions(history, gap):
        places = [i for i, e in enumerate(piece) if e.is_anchor and not e.is_barred and e.node >= 0]
        if places:
            anchor = piece[places[0]]
            after = piece[places[0] + 1 :] if direction == "after" else piece[: places[0]][::-1]
            return _walked(anchor, [e for e in after if e.node >= 0], depth, collapse, to)
    return None


def _walked(anchor: Event, following: list[Event], depth: int, collapse: bool, to: bool) -> Walked:
    taken, is_arrived = [anchor], False
    for event in following:
        if len(taken) > depth or is_arrived:
            break
        if not collapse or event.node != taken[-1].node:
            taken.append(event)
        is_arrived = to and event.is_end
    missing = depth + 1 - len(taken)
    rest = ARRIVED if is_arrived else LEFT
    return Walked([e.node for e in taken] + [rest] * missing, [e.at for e in taken] + [-1] * missing, is_arrived)


def shown(paths: Sequence[list[int]], top: int) -> list[list[int]]:
    """The paths with the nodes that are not among the most visited of their column replaced by OTHER."""
    renamed: list[list[int]] = [[] for _ in paths]
    for column in zip(*paths, strict=True):
        visits = Counter(code for code in column if code >= 0)
        named = sorted(visits, key=lambda code: (-visits[code], code))[:top]
        for row, code in zip(renamed, column, strict=True):
            row.append(code if code < 0 or code in named else OTHER)
    return renamed
