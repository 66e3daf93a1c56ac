"""Content, live sessions and channels counted by loops over plain rows, as slowly and plainly as can be.

Times are naive local times; an event is ``(who, at, name, content, channel, product)``, a touch ``(number, who, at, state, content,
channel)``, an order ``(number, who, at, yuan)``.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

READS = ("content_view", "live_enter")
RESPONSES = ("opened", "clicked", "replied", "converted")
WEEK = timedelta(days=7)
Event = tuple[int | None, datetime, str, str | None, str | None]
Touch = tuple[int, int, datetime, str, str | None, str]
Order = tuple[int, int, datetime, int]


def within(at: datetime, period: tuple[date, date]) -> bool:
    return period[0] <= at.date() < period[1]


def messages(touches: Sequence[Touch], period: tuple[date, date]) -> list[dict[str, Any]]:
    """Messages whose first state lies in the period, by their states up to its end."""
    states: dict[int, list[Touch]] = defaultdict(list)
    for touch in touches:
        if touch[2].date() < period[1]:
            states[touch[0]].append(touch)
    found = []
    for number, own in states.items():
        first = min(touch[2] for touch in own)
        if first.date() < period[0]:
            continue
        times = {touch[3]: touch[2] for touch in own}
        answered = [at for state, at in times.items() if state in RESPONSES]
        found.append(
            {
                "number": number, "who": own[0][1], "content": own[0][4], "channel": own[0][5], "sent_at": first, "times": times,
                "delivered_at": min([*answered, *([times["delivered"]] if "delivered" in times else [])], default=None),
                "answered_at": min(answered, default=None),
            }
        )  # fmt: skip
    return found


def contacts(
    events: Sequence[Event], sent: Iterable[dict[str, Any]], period: tuple[date, date]
) -> list[dict[str, Any]]:
    found = [
        {"who": who, "at": at, "content": content, "channel": channel, "number": None}
        for who, at, name, content, channel in events
        if who is not None and content is not None and name in READS and within(at, period)
    ]
    found += [
        {"who": one["who"], "at": one["times"]["clicked"], "content": one["content"], "channel": one["channel"], "number": one["number"]}
        for one in sent
        if "clicked" in one["times"]
    ]  # fmt: skip
    return found


def credited(met: Sequence[dict[str, Any]], orders: Sequence[Order], period: tuple[date, date]) -> list[dict[str, Any]]:
    """Orders of the period by the contact that came last, at most a week before."""
    found = []
    for number, who, at, yuan in orders:
        if not within(at, period):
            continue
        before = [one for one in met if one["who"] == who and timedelta(0) <= at - one["at"] <= WEEK]
        if before:
            last = max(
                before,
                key=lambda one: (one["at"], one["content"] or "", one["channel"] or "", str(one["number"] or "")),
            )
            found.append(
                {"order": number, "who": who, "yuan": yuan} | {k: last[k] for k in ("content", "channel", "number")}
            )
    return found


def by_key(
    events: Sequence[Event],
    touches: Sequence[Touch],
    orders: Sequence[Order],
    period: tuple[date, date],
    key: Callable[[Any, Any], str],
) -> dict[str, dict[str, int]]:
    """``key``: of a piece and a channel."""
    sent = [one for one in messages(touches, period) if one["content"] is not None]
    met = contacts(events, sent, period)
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    people: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    names = {"content_view": "reads", "live_enter": "reads", "like": "likes", "comment": "comments", "share": "shares"}
    for who, at, name, content, channel in events:
        if content is None or not within(at, period):
            continue
        of = key(content, channel)
        sums[of]["reads"] += 0
        if name in names:
            sums[of][names[name]] += 1
            if who is not None:
                people[of][names[name]].add(who)
    for one in sent:
        of = key(one["content"], one["channel"])
        sums[of]["delivered"] += one["delivered_at"] is not None
        sums[of]["clicks"] += "clicked" in one["times"]
        if "clicked" in one["times"]:
            people[of]["clicks"].add(one["who"])
    for one in credited(met, orders, period):
        of = key(one["content"], one["channel"])
        sums[of]["orders"] += 1
        sums[of]["revenue_minor"] += 100 * one["yuan"]
        people[of]["buyers"].add(one["who"])
    found = {}
    for of, own in sums.items():
        readers = people[of]["reads"] | people[of]["clicks"]
        acting = people[of]["likes"] | people[of]["comments"] | people[of]["shares"]
        found[of] = dict(own) | {
            "readers": len(readers), "interacting": len(readers & acting), "clickers": len(people[of]["clicks"]),
            "buyers": len(people[of]["buyers"]),
        }  # fmt: skip
    return found


def lives(
    events: Sequence[Event], orders: Sequence[Order], period: tuple[date, date], as_of: datetime, back_days: int
) -> dict[str, dict[str, int]]:
    """Per session."""
    entered = [
        (who, at, content)
        for who, at, name, content, _ in events
        if who and content and name == "live_enter" and at.date() >= period[0]
    ]
    entries = [one for one in entered if one[1].date() < period[1]]
    found: dict[str, dict[str, int]] = {}
    credit: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    things = [
        (name, who, at)
        for who, at, name, _, _ in events
        if who and name in ("follow", "product_view") and within(at, period)
    ]
    things += [("order", who, at) for _, who, at, _ in orders if within(at, period)]
    for name, who, at in things:
        most = WEEK if name == "order" else timedelta(hours=24)
        before = [one for one in entries if one[0] == who and timedelta(0) <= at - one[1] <= most]
        if before:
            credit[max(before, key=lambda one: (one[1], one[2]))[2]][name].append(who)
    for session in {one[2] for one in entries}:
        own = [one for one in entries if one[2] == session]
        judged = returned = 0
        for who in {one[0] for one in own}:
            first = min(at for one, at, _ in own if one == who)
            if first <= as_of - timedelta(days=back_days):
                judged += 1
                later = [
                    at
                    for one, at, other in entered
                    if one == who and other != session and (at, other) > (first, session)
                ]
                returned += any(at - first <= timedelta(days=back_days) for at in later)
        told = credit[session]
        found[session] = {
            "entries": len(own), "viewers": len({one[0] for one in own}), "follows": len(told["follow"]), "followers": len(set(told["follow"])),
            "clicks": len(told["product_view"]), "clickers": len(set(told["product_view"])), "orders": len(told["order"]),
            "buyers": len(set(told["order"])), "returnable": judged, "returned": returned,
        }  # fmt: skip
    return found
