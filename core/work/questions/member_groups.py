"""Times of one member in groups: what callbacks and lists of members tell together, by the rules of ``core.metrics.rosters``."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np

from core.work.questions.member_rows import Row
from core.work.questions.reading import Reading


@dataclass(frozen=True, slots=True)
class Stay:
    """Time in a group. ``joined_at`` None: in since before anybody looked; ``left_at`` None: still in. ``is_listed``: the end, or where
    there is none the beginning, is told by a list of members and not by a callback."""

    group_id: str
    joined_at: datetime | None
    left_at: datetime | None
    scene: str | None
    is_listed: bool


class _Sign(NamedTuple):
    """Evidence of one time, in the order in which it counts."""

    tick: int
    is_listed: bool
    batch_id: int
    row_number: int
    is_in: bool
    at: datetime
    scene: str | None


def stays(reading: Reading, rows: Mapping[str, Sequence[Row]]) -> tuple[Stay, ...]:
    """Times in groups, newest first: what callbacks and lists of members tell together (``core.metrics.rosters``)."""
    signs: dict[str, list[_Sign]] = defaultdict(list)
    for row in rows.get("group_membership", []):
        if row["group_id"] is not None:
            at, is_in = row["occurred_at"], row["change"] == "join"
            signs[row["group_id"]].append(
                _Sign(_tick(at), False, row["batch_id"], row["row_number"], is_in, at, row["scene"])
            )
    listed = [row for row in rows.get("group_rosters", []) if (row["person_kind"] or "member") == "member"]
    for row in listed:
        at, joined_at = row["occurred_at"], row["joined_at"]
        if joined_at is not None and joined_at <= at:
            signs[row["group_id"]].append(_Sign(_tick(joined_at), True, 0, 0, True, joined_at, row["scene"]))
        signs[row["group_id"]].append(_Sign(_tick(at) + 1, True, 0, 0, True, at, row["scene"]))
    complete = _complete_lists(reading, list(signs)) if signs else {}
    found = [stay for group, own in signs.items() for stay in _stays_in(group, own, complete.get(group, []))]
    newest = sorted(found, key=_age, reverse=True)
    return tuple(newest)


def _age(stay: Stay) -> tuple[int, int, str]:
    """Order of times in groups: those that last come last, then by when they ended and began."""
    ended, begun = (0 if at is None else _tick(at) for at in (stay.left_at, stay.joined_at))
    return 2**63 if stay.left_at is None else ended, begun, stay.group_id


def _tick(at: datetime) -> int:
    """Twice the microseconds, so that a list of that very time comes after (``rosters``)."""
    return 2 * int(np.datetime64(at, "us").astype(np.int64))


def _complete_lists(reading: Reading, groups: Sequence[str]) -> dict[str, list[datetime]]:
    """When all who were in were listed, by group."""
    if not reading.snapshot.files("group_rosters"):
        return {}
    rows = reading.snapshot.table("group_rosters")
    rows = rows.filter(rows.group_id.isin(list(groups)))
    looks = rows.group_by("group_id", "occurred_at").aggregate(is_complete=rows.is_complete.fill_null(True).all())
    found: dict[str, list[datetime]] = defaultdict(list)
    for look in reading.snapshot.arrow(looks.filter(looks.is_complete).order_by("occurred_at")).to_pylist():
        found[look["group_id"]].append(look["occurred_at"])
    return found


def _stays_in(group: str, told: Sequence[_Sign], complete: Sequence[datetime]) -> list[Stay]:
    """Signs of one person in one group as times in it."""
    seen = {sign.tick for sign in told if sign.is_in}
    missed = {next((look for look in complete if _tick(look) + 1 > tick), None) for tick in seen} - {None}
    gone = [_Sign(_tick(at) + 1, True, 0, 0, False, at, None) for at in missed if at and _tick(at) + 1 not in seen]
    first_look = _tick(complete[0]) + 1 if complete else None
    signs = sorted([*told, *gone], key=lambda sign: sign[:4])
    begun: _Sign | None = None
    found: list[Stay] = []
    if signs and not signs[0].is_in and (first_look is None or signs[0].tick < first_look):
        found.append(Stay(group, None, signs[0].at, None, signs[0].is_listed))
    for sign in signs:
        if sign.is_in and begun is None:
            begun = sign
        elif not sign.is_in and begun is not None:
            found.append(Stay(group, begun.at, sign.at, begun.scene, sign.is_listed))
            begun = None
    return [*found, Stay(group, begun.at, None, begun.scene, begun.is_listed)] if begun else found
