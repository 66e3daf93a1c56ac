"""Random histories of a few group chats, with their owners and units, for oracles."""

import random
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from core.periods import Period
from core.work.home import Home
from core.work.questions.places import TOTAL, By
from tests import lakes

AHEAD = timedelta(hours=8)
"""Of the business zone."""
GROUPS: dict[str, tuple[str, str | None]] = {
    "g1": ("north", "ann"),
    "g2": ("north", "bob"),
    "g3": ("south", "ann"),
    "g4": ("south", None),
}
PLACES: dict[str, Callable[[str], str]] = {
    "group": lambda group: group,
    "owner": lambda group: GROUPS[group][1] or "",
    "unit": lambda group: GROUPS[group][0],
    "total": lambda _: TOTAL,
}
UNITS = {"north": "北区", "south": "南区"}
FIRST, DAYS = datetime(2025, 1, 1), 110
HEARD = "收到"


def described(home: Home) -> None:
    """The groups, their owners and units."""
    with home.writer.change("import", 99) as change:
        groups = [{"group_id": g, "name": f"群 {g}", "unit_id": u, "staff_id": s} for g, (u, s) in GROUPS.items()]
        change.merge("groups", lakes.rows("groups", groups))
        change.merge("units", lakes.rows("units", [{"unit_id": u, "name": name} for u, name in UNITS.items()]))
        staff = [{"staff_id": "ann", "name": "安"}, {"staff_id": "bob", "name": "波"}]
        change.merge("staff", lakes.rows("staff", staff))


def post(number: int, group: str, when: datetime, **more: Any) -> dict[str, Any]:
    """Something the staff writes at a local time."""
    return message(number, group, when, sender="staff", **more)


def message(
    number: int, group: str, when: datetime, who: int | None = None, sender: str = "member", **more: Any
) -> dict[str, Any]:
    return {
        "identity_key": who, "occurred_at": when - AHEAD, "group_id": group, "sender_kind": sender, "message_id": f"m{number}", "text": "好喝",
    } | more  # fmt: skip


def move(who: int, group: str, when: datetime, change: str) -> dict[str, Any]:
    return {"identity_key": who, "occurred_at": when - AHEAD, "group_id": group, "change": change}


class Histories:
    """A few months of the groups. Moves and sends are at half hours, each move at a time of its own; talk is at whole minutes, much
    of it around the three slots of a day."""

    def __init__(self, seed: int, *, messages: int = 300, moves: int = 120, sends: int = 60) -> None:
        self.rng = random.Random(seed)
        self.lively = FIRST + timedelta(days=self.rng.randrange(DAYS - 10))
        self.messages = [self._talk(number) for number in range(messages)]
        self.messages += [self._sent(messages + number) for number in range(sends)]
        self.moves = [self._move(when) for when in sorted({self._half_hour() for _ in range(moves)})]

    def _talk(self, number: int) -> dict[str, Any]:
        sender = self.rng.choice(["member", "member", "member", "staff", "bot"])
        text = self.rng.choice(["好喝", "求链接", HEARD, "投票：要哪个", "欢迎新朋友", None])
        hour = self.rng.choice([6, 7, 12, 13, 20, 21, self.rng.randrange(24)])
        on = self.lively if self.rng.random() < 0.4 else FIRST
        when = on.replace(hour=hour) + timedelta(
            days=self.rng.randrange(10 if on is self.lively else DAYS), minutes=self.rng.randrange(60)
        )
        who = self.rng.choice([None, 1, 2, 3, 4]) if sender == "member" else None
        reply = f"m{self.rng.randrange(60)}" if sender == "staff" and self.rng.random() < 0.3 else None
        return message(number, self.rng.choice(list(GROUPS)), when, who, sender, text=text, reply_to=reply)

    def _sent(self, number: int) -> dict[str, Any]:
        more: dict[str, Any] = self.rng.choice(
            [{"content_id": "c"}, {"message_kind": "image"}, {"message_kind": "notice"}, {"text": "看 https://a.b"}, {"content_id": "c", "reply_to": "m1"}]
        )  # fmt: skip
        return post(number, self.rng.choice(list(GROUPS)), self._half_hour(), **more)

    def _move(self, when: datetime) -> dict[str, Any]:
        change = self.rng.choice(["join", "join", "leave"])
        return move(self.rng.randint(1, 12), self.rng.choice(list(GROUPS)), when, change)

    def _half_hour(self) -> datetime:
        if self.rng.random() < 0.4:
            return self.lively + timedelta(minutes=30 * self.rng.randrange(48 * 8))
        return FIRST + timedelta(minutes=30 * self.rng.randrange(48 * DAYS))

    def period(self) -> Period:
        start = date(2025, 1, 1) + timedelta(days=self.rng.randrange(90))
        return self.rng.choice(
            [
                Period(date(2025, 3, 1), date(2025, 4, 1)),
                Period(start, start + timedelta(days=self.rng.choice([1, 7, 28, 60]))),
            ]
        )

    @property
    def as_of(self) -> datetime:
        """The newest data, in local time."""
        newest: datetime = max(row["occurred_at"] for row in (*self.messages, *self.moves))
        return newest + AHEAD

    def groups_of(self, by: By) -> dict[str, list[str]]:
        """Groups with any fact at all, by the key they belong to."""
        known = {row["group_id"] for row in (*self.messages, *self.moves)}
        found: dict[str, list[str]] = {}
        for group in sorted(known):
            found.setdefault(PLACES[by](group), []).append(group)
        return found

    def told_of(self, group: str) -> list[dict[str, Any]]:
        """Messages of a group as oracles read them."""
        return [
            {
                "at": row["occurred_at"] + AHEAD, "member": row["identity_key"], "sender": row["sender_kind"], "kind": row.get("message_kind") or "text",
                "text": row["text"], "content": row.get("content_id"), "reply_to": row.get("reply_to"), "has_link": "https" in (row["text"] or ""),
            }
            for row in self.messages
            if row["group_id"] == group
        ]  # fmt: skip

    def moved(self, group: str) -> list[dict[str, Any]]:
        """Moves of a group as oracles read them."""
        return [
            {"member": row["identity_key"], "at": row["occurred_at"] + AHEAD, "change": row["change"]}
            for row in self.moves
            if row["group_id"] == group
        ]


def is_said(row: dict[str, Any]) -> bool:
    """Whether a message as told is something a known member said."""
    return row["sender"] == "member" and row["member"] is not None and row["text"] != HEARD


def days_of(rows: Iterable[dict[str, Any]]) -> list[date]:
    return [row["at"].date() for row in rows]
