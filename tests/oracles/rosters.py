"""Who is in groups by walking through callbacks and lists of members one after the other."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from core.periods import Period

Row = Mapping[str, Any]


class Change(NamedTuple):
    group: str
    member: int
    on: date
    is_join: bool
    is_listed: bool


class Walked(NamedTuple):
    """``changes`` in the order they are taken to have happened; ``always``: (group, member) who were in when all began."""

    changes: list[Change]
    always: set[tuple[str, int]]


def walked(moves: Iterable[Row], lists: Iterable[Row]) -> Walked:
    """``moves``: ``at member group change``, of one time in their order. ``lists``: ``at group members is_complete``, of which
    ``members`` says when each had joined, or None."""
    steps: list[tuple[datetime, int, int, str, Any]] = []
    for number, move in enumerate(moves):
        steps.append((move["at"], 0, number, move["group"], (move["member"], move["change"])))
    for one in lists:
        steps.append((one["at"], 2, 0, one["group"], one))
        for member, joined in one["members"].items():
            if joined is not None and joined <= one["at"]:
                steps.append((joined, 1, 0, one["group"], member))
    inside: set[tuple[str, int]] = set()
    heard: set[tuple[str, int]] = set()
    looked: set[str] = set()
    found = Walked([], set())

    def enter(at: datetime, place: tuple[str, int], is_listed: bool) -> None:
        if place not in inside:
            found.changes.append(Change(*place, at.date(), True, is_listed))
        inside.add(place)
        heard.add(place)

    def go(at: datetime, place: tuple[str, int], is_listed: bool) -> None:
        if place in inside:
            found.changes.append(Change(*place, at.date(), False, is_listed))
        inside.discard(place)

    for at, kind, _, group, what in sorted(steps, key=lambda step: step[:3]):
        if kind == 0:
            place = (group, what[0])
            if what[1] == "join":
                enter(at, place, False)
            else:
                if place not in heard and group not in looked:
                    inside.add(place)
                    found.always.add(place)
                heard.add(place)
                go(at, place, False)
        elif kind == 1:
            enter(at, (group, what), True)
        else:
            for member in what["members"]:
                enter(at, (group, member), True)
            if what["is_complete"]:
                looked.add(group)
                for place in [p for p in inside if p[0] == group and p[1] not in what["members"]]:
                    go(at, place, True)
    return found


def members(walked: Walked, group: str, end_on: date) -> set[int]:
    """Who is in a group at the start of a day."""
    inside = {who for at, who in walked.always if at == group}
    for change in walked.changes:
        if change.group == group and change.on < end_on:
            (inside.add if change.is_join else inside.discard)(change.member)
    return inside


def figures(walked: Walked, group: str, now: Period) -> dict[str, int]:
    during = [c for c in walked.changes if c.group == group and now.start_on <= c.on < now.end_on]
    return {
        "members": len(members(walked, group, now.end_on)),
        "members_before": len(members(walked, group, now.start_on)),
        "joined": sum(c.is_join for c in during),
        "left": sum(not c.is_join for c in during),
        "joined_listed": sum(c.is_join and c.is_listed for c in during),
        "left_listed": sum(not c.is_join and c.is_listed for c in during),
    }
