"""Who gets a campaign, by loops: one member after the other, over plain rows; and whom budgets reach. Business days are eight hours ahead."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

Row = dict[str, Any]
Answer = tuple[str, str | None, str, int | None]
"""State, reason, variant, key of the identity."""
TYPES = {"wecom": "external_userid", "sms": "phone", "email": "email"}


@dataclass
class World:
    """``belongs``: member by key. ``macs``: by key, of the values that the store has. ``suppressed``: (channel, purpose, member, mac), null = every one. ``segments``: members by
    number; ``profiled``: numbers of those that stand on profiles. ``year``: of the newest day."""

    facts: Mapping[str, Sequence[Row]]
    belongs: Mapping[int, int]
    macs: Mapping[int, bytes]
    suppressed: Sequence[tuple[str | None, str | None, int | None, bytes | None]]
    segments: Mapping[int, set[int]]
    profiled: set[int]
    units: Mapping[int, set[str]]
    year: int
    prices: Mapping[str, int] = field(default_factory=dict)

    def of(self, table: str, member: int) -> list[Row]:
        return [row for row in self.facts.get(table, ()) if self.belongs[row["identity_key"]] == member]


def place(salt: str, member: int) -> int:
    return int(sha256(f"{salt}:{member}".encode()).hexdigest()[:8], 16) % 10_000


def answers(world: World, body: Any, salt: str, units: set[str] | None = None) -> dict[tuple[int, str], Answer]:
    """What stands in the outbox of everybody whom the campaign is about."""
    told = _Told(world, body, salt)
    audience = [one for one in sorted(set(world.belongs.values())) if told.is_meant(one, units)]
    found: dict[tuple[int, str], Answer] = {}
    waiting = list(audience)
    written: dict[int, list[tuple[str, int | None]]] = defaultdict(list)
    first_reason: dict[int, str] = {}
    for channel in body.channels:
        stopped = {one: told.stopped_at(one, channel) for one in waiting}
        may = [one for one in waiting if stopped[one] is None]
        keepers: dict[bytes, int] = {}
        for one in sorted(may, key=lambda one: (place(salt + "/address", one), one)):
            mac = told.mac(one, channel)
            if mac is not None and keepers.setdefault(mac, one) != one:
                stopped[one] = "gate.address"
        for one in waiting:
            if stopped[one] is None:
                written[one].append((channel, told.key(one, channel)))
            elif body.mode == "each":
                found[one, channel] = ("skipped", stopped[one], told.variant(one), None)
            elif channel == body.channels[0]:
                first_reason[one] = stopped[one]
        if body.mode == "first":
            waiting = [one for one in waiting if stopped[one] is not None]
    if body.mode == "first":
        for one in audience:
            if not written[one]:
                found[one, body.channels[0]] = ("skipped", first_reason[one], told.variant(one), None)
    spent, given, is_over = 0, 0, False
    for one in sorted((one for one in audience if written[one]), key=lambda one: (place(salt + "/budget", one), one)):
        is_held = place(salt, one) < round(body.holdout * 10_000)
        if not is_held:
            spent += sum(world.prices.get(channel, 0) for channel, _ in written[one])
            given += body.offer.face_minor if body.offer else 0
            is_over |= body.budget_minor is not None and spent > body.budget_minor
            is_over |= bool(body.offer) and body.offer.budget_minor is not None and given > body.offer.budget_minor
        for channel, key in written[one]:
            if is_held:
                found[one, channel] = ("holdout", None, told.variant(one), key)
            elif is_over:
                found[one, channel] = ("skipped", "gate.budget", told.variant(one), None)
            else:
                found[one, channel] = ("planned", None, told.variant(one), key)
    return found


class _Told:
    def __init__(self, world: World, body: Any, salt: str) -> None:
        self.world, self.body, self.salt = world, body, salt
        self.is_profiled = any(one in world.profiled for one in (*body.segments, *body.without))

    def is_meant(self, member: int, units: set[str] | None) -> bool:
        inside = any(member in self.world.segments[one] for one in self.body.segments)
        outside = any(member in self.world.segments[one] for one in self.body.without)
        return inside and not outside and (units is None or bool(self.world.units[member] & units))

    def stopped_at(self, member: int, channel: str) -> str | None:
        own = {row["identity_key"]: row for row in self.world.of("member_profiles", member)}.values()
        years = [row["birth_year"] for row in own if row.get("birth_year") is not None]
        if any(row.get("is_test") for row in own):
            return "gate.trial"
        if years and self.world.year - years[-1] <= 14:
            return "gate.minor"
        if not self._said(member, self.body.purpose, channel, "given", all):
            return "gate.consent"
        mac = self.mac(member, channel)
        for of_channel, of_purpose, of_member, of_mac in self.world.suppressed:
            if of_channel in (None, channel) and of_purpose in (None, self.body.purpose):
                if of_member == member or (mac is not None and of_mac == mac):
                    return "gate.suppressed"
        if self.is_profiled and self._said(member, "profiling", channel, "withdrawn", any):
            return "gate.profiling"
        if channel in TYPES and self.key(member, channel) is None:
            return "gate.identity"
        if channel == "wecom" and not any(row.get("is_friend") for row in own):
            return "gate.friend"
        return "render.missing" if self.body.missing == "skip" and self._lacks(member, channel) else None

    def _said(self, member: int, purpose: str, channel: str, state: str, how: Any) -> bool:
        rows = [
            row
            for row in self.world.of("consents", member)
            if row["purpose"] == purpose and row["channel"] in (None, channel)
        ]
        newest = max((row["occurred_at"] for row in rows), default=None)
        return bool(rows) and how(row["state"] == state for row in rows if row["occurred_at"] == newest)

    def key(self, member: int, channel: str) -> int | None:
        fitting = [
            row for row in self.world.of("identities", member)
            if row["identity_type"] == TYPES.get(channel) and row["identity_key"] in self.world.macs
        ]  # fmt: skip
        newest = max(fitting, key=lambda row: (row["first_seen_at"], -row["identity_key"]), default=None)
        return None if newest is None else newest["identity_key"]

    def mac(self, member: int, channel: str) -> bytes | None:
        key = self.key(member, channel)
        return None if key is None else self.world.macs[key]

    def variant(self, member: int) -> str:
        weights = [one.weight for one in self.body.variants]
        at = place(self.salt + "/variant", member)
        for number, one in enumerate(self.body.variants):
            if at < round(sum(weights[: number + 1]) / sum(weights) * 10_000):
                return one.name
        raise AssertionError(at)

    def _lacks(self, member: int, channel: str) -> bool:
        variant = next(one for one in self.body.variants if one.name == self.variant(member))
        content = variant.contents.get(channel)
        names = re.findall(r"\{\{(\w+)", "" if content is None else content.text)
        return any(not self._has(member, name) for name in names)

    def _has(self, member: int, name: str) -> bool:
        if name == "city":
            rows = {row["identity_key"]: row for row in self.world.of("member_profiles", member)}.values()
            return any(row.get("city") for row in rows)
        if name == "points":
            return bool(self.world.of("points", member))
        assert name == "last_product"
        return any(
            row["line_kind"] == "sale" and row.get("product_name") for row in self.world.of("order_lines", member)
        )
