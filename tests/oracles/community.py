"""Figures of group chats by loops over rows, as product.md 5.7 words them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from core.periods import Period

Row = Mapping[str, Any]
HEARD = {"收到", "谢谢", "ok", ""}
"""The only acknowledgements that histories for this oracle hold."""


def figures(messages: Iterable[Row], moves: Iterable[Row], now: Period, before: Period) -> dict[str, Any]:
    """One key's figures. ``messages``: ``member on sender text``, ``moves``: ``member group on change`` in the order they happened."""
    messages, moves = list(messages), list(moves)
    said = [m for m in messages if m["sender"] == "member" and m["member"] is not None and m["text"] not in HEARD]
    first: dict[int, date] = {}
    by_day: dict[date, set[int]] = defaultdict(set)
    counts: Counter[int] = Counter()
    earlier: set[int] = set()
    for one in said:
        if one["on"] >= now.end_on:
            continue
        first[one["member"]] = min(first.get(one["member"], one["on"]), one["on"])
        by_day[one["on"]].add(one["member"])
        if inside(one["on"], now):
            counts[one["member"]] += 1
        if inside(one["on"], before):
            earlier.add(one["member"])
    speakers = set(counts)
    new = {who for who in speakers if first[who] >= now.start_on}
    shares = sorted(counts.values(), reverse=True)
    whole, n = sum(shares), len(shares)
    found: dict[str, Any] = {
        "messages": sum(inside(m["on"], now) for m in messages),
        "said": whole,
        "speakers": n,
        "new_speakers": len(new),
        "kept_speakers": len(speakers & earlier),
        "reactivated_speakers": len(speakers - earlier - new),
        "lost_speakers": len(earlier - speakers),
        "speaker_days": sum(len(who) for on, who in by_day.items() if inside(on, now)),
        "wau": len(set().union(*last(by_day, now, 7))),
        "mau": len(set().union(*last(by_day, now, 30))),
        "top_share": sum(shares[:10]) / whole if whole else None,
        "gini": sum(abs(a - b) for a in shares for b in shares) / (2 * n * whole) if whole else None,
        "absence": next((k for k in range(1, n + 1) if 2 * sum(shares[:k]) >= whole), 0),
    }
    found["dau"] = found["speaker_days"] / now.days
    found["stickiness"] = sum(map(len, last(by_day, now, 30))) / 30 / found["mau"] if found["mau"] else None
    return found | membership(moves, now) | _ladder(moves, now, speakers, set(first))


def membership(moves: Iterable[Row], now: Period) -> dict[str, int]:
    moves = list(moves)
    return {
        "members": len(inside_at(moves, now.end_on)),
        "members_before": len(inside_at(moves, now.start_on)),
        "joined": sum(inside(m["on"], now) and m["change"] == "join" for m in moves),
        "left": sum(inside(m["on"], now) and m["change"] == "leave" for m in moves),
    }


def _ladder(moves: list[Row], now: Period, speakers: set[int], ever: set[int]) -> dict[str, int]:
    there = inside_at(moves, now.end_on)
    return {"speaking": len(there & speakers), "ever_spoke": len(there & ever)}


def inside_at(moves: Iterable[Row], end_on: date) -> set[int]:
    """Members of any group at the start of a day."""
    there: dict[tuple[str, int], bool] = {}
    for move in moves:
        if move["on"] < end_on:
            there[move["group"], move["member"]] = move["change"] == "join"
    return {who for (_, who), is_in in there.items() if is_in}


def inside(on: date, period: Period) -> bool:
    return period.start_on <= on < period.end_on


def last(by_day: Mapping[date, set[int]], now: Period, days: int) -> list[set[int]]:
    return [by_day.get(now.end_on - timedelta(days=back), set()) for back in range(1, days + 1)]
