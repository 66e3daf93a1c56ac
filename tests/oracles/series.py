"""Series by loops over facts: ``(hour, channel, unit, amount)`` of each thing that is counted. Times are local."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

Thing = tuple[datetime, str | None, str | None, int]
GAP = timedelta(minutes=30)


@dataclass
class World:
    """Facts as dictionaries with ``at`` (local time). ``member_of``: member of each key; ``visitors``: members whom nobody knows. ``units``: units of a
    member's profiles; ``joined``: joining time and channel by profile's key; ``unit_of_group``."""

    member_of: dict[int, int]
    visitors: set[int]
    units: dict[int, set[str]]
    joined: dict[int, tuple[datetime | None, str | None]]
    unit_of_group: dict[str, str | None]
    events: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    joins: list[dict[str, Any]] = field(default_factory=list)

    def member(self, key: int | None) -> int | None:
        found = None if key is None else self.member_of[key]
        return None if found in self.visitors else found

    def inside(self, scope: Collection[str] | None) -> set[int] | None:
        """Members within units; None where nobody is left out."""
        return None if scope is None else {one for one, theirs in self.units.items() if theirs & set(scope)}

    def unit(self, member: int, scope: Collection[str] | None) -> str | None:
        theirs = self.units.get(member, set())
        return min(theirs if scope is None else theirs & set(scope), default=None)


def things(
    world: World, measure: str, asked: Collection[str] = (), scope: Collection[str] | None = None
) -> Iterable[Thing]:
    allowed = world.inside(scope)

    def may(member: int | None) -> bool:
        return allowed is None or member in allowed

    told = {"traffic": _visits, "new_members": _births, "active_members": _days, "orders": _orders, "gmv": _orders}
    if measure == "messages":
        for row in world.messages:
            member = world.member(row["who"])
            counts = row["sender"] == "member" and member is not None and row["text"] != "收到" and may(member)
            unit = world.unit_of_group.get(row["group"])
            if counts and (scope is None or unit in scope) and (not asked or "group_chat" in asked):
                yield row["at"], None, unit, 1
        return
    if measure in ("orders", "gmv"):  # an order is what is seen of its lines
        world = replace(world, lines=[row for row in world.lines if may(world.member(row["who"]))])
    for at, channel, unit, amount, member in told[measure](world, asked):
        if may(member):
            if measure in ("new_members", "active_members"):
                unit = world.unit(member, scope)
            yield at, channel, unit, 1 if measure == "orders" else amount


def _visits(world: World, asked: Collection[str]) -> Iterable[Any]:
    runs: list[list[dict[str, Any]]] = []
    sessions: dict[str, list[dict[str, Any]]] = {}
    for row in world.events:
        if row["session"]:
            sessions.setdefault(row["session"], []).append(row)
    runs += list(sessions.values())
    for member in set(world.member_of.values()):
        alone = [r for r in world.events if not r["session"] and r["who"] and world.member_of[r["who"]] == member]
        open_run: list[dict[str, Any]] = []
        for row in sorted(alone, key=lambda r: (r["at"], r["row"])):
            if open_run and row["at"] - open_run[-1]["at"] > GAP:
                runs.append(open_run)
                open_run = []
            open_run.append(row)
        runs += [open_run] if open_run else []
    for run in runs:
        first = min(run, key=lambda r: (r["at"], r["row"]))
        known = [found for r in run if (found := world.member(r["who"])) is not None]
        if not asked or first["channel"] in asked:
            yield first["at"], first["channel"], first["unit"], 1, max(known, default=None)


def _acts(world: World) -> Iterable[tuple[int, datetime, str | None]]:
    for row in world.events:
        yield row["who"], row["at"], row["channel"]
    for row in world.lines:
        if row["kind"] != "adjustment":
            yield row["who"], row["at"], row["channel"]
    for row in world.messages:
        if row["sender"] == "member":
            yield row["who"], row["at"], "group_chat"


def _days(world: World, asked: Collection[str]) -> Iterable[Any]:
    first: dict[Any, Any] = {}
    for who, at, channel in _acts(world):
        member = world.member(who)
        if member is not None and (not asked or channel in asked):
            now = (at, channel or "")
            first[member, at.date()] = min(first.get((member, at.date()), now), now)
    for (member, _), (at, channel) in first.items():
        yield at, channel or None, None, 1, member


def _births(world: World, asked: Collection[str]) -> Iterable[Any]:
    times: dict[int, list[datetime]] = {}
    for who, at, _ in [*_acts(world), *((row["who"], row["at"], None) for row in world.joins)]:
        if world.member(who) is not None:
            times.setdefault(world.member_of[who], []).append(at)
    brought: dict[int, list[tuple[datetime, str]]] = {}
    for key, (at, channel) in world.joined.items():
        if at is not None and world.member(key) is not None:
            times.setdefault(world.member_of[key], []).append(at)
            brought.setdefault(world.member_of[key], []).append((at, channel or "~"))
    for member, all_of in times.items():
        channel = min(brought[member])[1] if member in brought else "~"
        told = None if channel == "~" else channel
        if not asked or told in asked:
            yield min(all_of), told, None, 1, member


def _orders(world: World, asked: Collection[str]) -> Iterable[Any]:
    orders: dict[str, list[dict[str, Any]]] = {}
    for row in world.lines:
        if row["kind"] == "sale" and (not asked or row["channel"] in asked):
            orders.setdefault(row["order"], []).append(row)
    for lines in orders.values():
        who = max((m for r in lines if (m := world.member(r["who"])) is not None), default=None)
        gross = sum(row["amount"] for row in lines)
        if gross > 0 and who is not None:
            channel = min((r["channel"] for r in lines if r["channel"]), default=None)
            unit = min((r["unit"] for r in lines if r["unit"]), default=None)
            yield min(r["at"] for r in lines), channel, unit, gross, who
