"""Figures of a group activity by loops, as product.md 5.7 words them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

Row = Mapping[str, Any]


def figures(
    activity: Row, took: Iterable[Row], moves: Iterable[Row], said: Iterable[Row], orders: Iterable[Row], as_of_on: date
) -> dict[str, Any]:
    """``activity``: ``key group start_on last_on``. ``took``: ``activity who at``; ``moves``: ``group who on change`` in their order; ``said``:
    ``group who on``; ``orders``: ``who at minor``."""
    first: dict[int, datetime] = {}
    for row in took:
        if row["activity"] == activity["key"]:
            first[row["who"]] = min(first.get(row["who"], row["at"]), row["at"])
    there = inside(moves, activity["group"], activity["start_on"])
    until = min(activity["last_on"], as_of_on) + timedelta(days=1)
    before = activity["start_on"] - (until - activity["start_on"])
    talk = [row for row in said if row["group"] == activity["group"]]
    during = [row for row in talk if activity["start_on"] <= row["on"] < until]
    earlier = [row for row in talk if before <= row["on"] < activity["start_on"]]
    born = {who: min(row["on"] for row in talk if row["who"] == who) for who in {row["who"] for row in talk}}
    bought = [
        (row["who"], row["minor"])
        for row in orders
        if row["who"] in first and first[row["who"]] <= row["at"] <= first[row["who"]] + timedelta(days=7)
    ]
    came = there & set(first)
    return {
        "participants": len(first),
        "members": len(there),
        "came": len(came),
        "outside": len(set(first) - there),
        "participation_rate": len(came) / len(there) if there else None,
        "said": len(during),
        "said_before": len(earlier),
        "speakers": len({row["who"] for row in during}),
        "speakers_before": len({row["who"] for row in earlier}),
        "new_speakers": sum(born[who] >= activity["start_on"] for who in {row["who"] for row in during}),
        "orders": len(bought),
        "buyers": len({who for who, _ in bought}),
        "revenue_minor": sum(minor for _, minor in bought),
        "days": (until - activity["start_on"]).days,
        "is_running": activity["last_on"] > as_of_on,
    }


def inside(moves: Iterable[Row], group: str, on: date) -> set[int]:
    """Who was in at the start of a day. Whoever is only ever seen to leave had been in before."""
    found: dict[int, bool] = {}
    for row in moves:
        if row["group"] != group:
            continue
        if row["on"] < on:
            found[row["who"]] = row["change"] == "join"
        elif row["who"] not in found:
            found[row["who"]] = row["change"] == "leave"
    return {who for who, is_in in found.items() if is_in}
