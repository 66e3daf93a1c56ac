"""The KPIs in plain Python, over lists of rows: the slow, obvious reading of their definitions."""

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

Row = dict[str, Any]
INTERACTIONS = {"like", "comment", "share", "reply", "group_message"}


def local(row: Row) -> date:
    """Business day in Asia/Shanghai."""
    return (row["occurred_at"] + timedelta(hours=8)).date()


def kpis(events: list[Row], lines: list[Row], belongs: dict[int, int], start: date, end: date) -> Row:
    """All figures that events and order lines carry, for business days ``[start, end)``. Money in the smallest unit."""
    days = {start + timedelta(days=n) for n in range((end - start).days)}
    members = set(belongs.values())
    acts = [(belongs.get(e["identity_key"]), local(e), e["name"]) for e in events]
    acts += [
        (belongs.get(r["identity_key"]), local(r), "order_placed") for r in lines if r["line_kind"] != "adjustment"
    ]
    acts = [a for a in acts if a[0] is not None]
    first: dict[int, date] = {}
    for who, day, _ in acts:
        first[who] = min(day, first.get(who, day))
    orders = _orders(lines, belongs)
    now = [o for o in orders if o["day"] in days]
    known = [o for o in now if o["who"] is not None]
    gross = sum(o["gross"] for o in known)
    refunds = -sum(
        r["amount_minor"]
        for r in lines
        if r["line_kind"] == "refund" and local(r) in days and belongs.get(r["identity_key"]) is not None
    )
    per_buyer: dict[int, int] = defaultdict(int)
    for order in known:
        per_buyer[order["who"]] += 1
    active = {who for who, day, _ in acts if day in days}
    at_end = {m for m in members if m not in first or first[m] < end}
    at_start = {m for m in members if m not in first or first[m] < start}
    new = {m for m in first if first[m] in days}
    member_days = len({(who, day) for who, day, _ in acts if day in days})

    since = min(local(row) for row in (*events, *lines))
    known_days = {day for day in days if day >= since}

    def did(names: set[str]) -> int:
        return len({who for who, day, name in acts if day in days and name in names})

    return {
        "gross_revenue": gross,
        "net_revenue": gross - refunds,
        "orders": len(known),
        "buyers": len(per_buyer),
        "aov": _ratio(gross, len(known)),
        "conversion_rate": _ratio(len(per_buyer), len(active)),
        "add_to_cart_rate": _ratio(did({"add_to_cart"}), did({"product_view"})),
        "refund_share": _ratio(refunds, gross),
        "anonymous_revenue": sum(o["gross"] for o in now if o["who"] is None),
        "anonymous_orders": sum(o["who"] is None for o in now),
        "members": len(at_end),
        "new_members": len(new),
        "active_members": len(active),
        "daily_active_members": _ratio(member_days, len(known_days)),
        "stickiness": _ratio(member_days / len(known_days), len(active)) if known_days else None,
        "interaction_rate": _ratio(did(INTERACTIONS), len(at_end)),
        "arpu": _ratio(gross - refunds, len(active)),
        "repeat_purchase_share": _ratio(sum(n >= 2 for n in per_buyer.values()), len(per_buyer)),
        "purchase_cycle_days": _cycle(orders, days),
        "silence_rate": _ratio(len(at_end) - len(active), len(at_end)),
        "member_growth": _ratio(len(new), len(at_start)),
    }


def _orders(lines: list[Row], belongs: dict[int, int]) -> list[Row]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in lines:
        if row["line_kind"] == "sale":
            grouped[row["order_no"]].append(row)
    found = []
    for rows in grouped.values():
        first = min(rows, key=lambda r: r["occurred_at"])
        gross = sum(r["amount_minor"] for r in rows)
        if gross > 0:
            who = belongs.get(rows[0]["identity_key"])
            found.append({"who": who, "day": local(first), "at": first["occurred_at"], "gross": gross})
    return found


def _cycle(orders: list[Row], days: set[date]) -> float | None:
    per: dict[int, list[Row]] = defaultdict(list)
    for order in sorted(orders, key=lambda o: o["at"]):
        if order["who"] is not None:
            per[order["who"]].append(order)
    gaps = [(b["day"] - a["day"]).days for rows in per.values() for a, b in pairwise(rows) if b["day"] in days]
    return float(median(gaps)) if gaps else None


def _ratio(top: float, bottom: float) -> float | None:
    return top / bottom if bottom else None
