"""Service figures by loops over conversations, as product.md 5.7 words them. Times are naive, in the business zone."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from core.periods import Period

Row = Mapping[str, Any]
"""``staff who asked replied resolved score``."""


def figures(rows: Iterable[Row], period: Period, as_of: datetime) -> dict[str, Any]:
    """Of the conversations of one key; hours of overtime from all of them."""
    rows = list(rows)
    mine = [row for row in rows if period.start_on <= row["asked"].date() < period.end_on]
    found = {which: sum(is_of(row, which, as_of) for row in mine) for which in KINDS}
    waits = [on_duty(row["asked"], row["replied"]) for row in mine if row["replied"]]
    lasted = [max((row["resolved"] - row["asked"]).total_seconds(), 0) for row in mine if row["resolved"]]
    scored = [row["score"] for row in mine if row["score"] is not None]
    found["first_reply_seconds"] = float(np.percentile(waits, 50)) if waits else None
    found["first_reply_p90_seconds"] = float(np.percentile(waits, 90)) if waits else None
    found["resolution_seconds"] = float(np.percentile(lasted, 50)) if lasted else None
    found["mean_score"] = sum(scored) / len(scored) if scored else None
    for name, top, bottom in (
        ("answered_share", "answered", "judged"), ("resolution_rate", "resolved", "settled"), ("happy_share", "happy", "scored"),
        ("overtime_share", "overtime", "answered"), ("wrong_share", "wrong", "settled"),
    ):  # fmt: skip
        found[name] = found[top] / found[bottom] if found[bottom] else None
    found["overtime_hours"] = len(overtime(rows, period.start_on, period.end_on))
    return found


KINDS = (
    "conversations", "judged", "answered", "missed", "open", "slow", "settled", "resolved", "unsolved", "running", "scored", "happy", "low",
    "overtime", "wrong",
)  # fmt: skip


def is_of(row: Row, which: str, as_of: datetime) -> bool:
    young = row["asked"] > as_of - timedelta(days=1)
    replied, resolved, score = row["replied"], row["resolved"], row["score"]
    missed, unsolved = replied is None and not young, resolved is None and not young
    low = score is not None and score <= 2
    return {
        "conversations": True,
        "judged": replied is not None or not young,
        "answered": replied is not None,
        "missed": missed,
        "open": replied is None and young,
        "slow": replied is not None and on_duty(row["asked"], replied) > 3600,
        "settled": resolved is not None or not young,
        "resolved": resolved is not None,
        "unsolved": unsolved,
        "running": resolved is None and young,
        "scored": score is not None,
        "happy": score is not None and score >= 4,
        "low": low,
        "overtime": replied is not None and not 9 <= replied.hour < 21,
        "wrong": (resolved is not None or not young) and (missed or unsolved or low),
    }[which]


def on_duty(start: datetime, end: datetime) -> int:
    """Seconds from 9 to 21 between two times, day by day."""
    total, day = 0.0, start.date()
    while day <= end.date():
        opens = datetime.combine(day, datetime.min.time()) + timedelta(hours=9)
        closes = opens + timedelta(hours=12)
        total += max((min(end, closes) - max(start, opens)).total_seconds(), 0)
        day += timedelta(days=1)
    return int(total)


def overtime(rows: Iterable[Row], start_on: date, end_on: date) -> set[tuple[Any, date, int]]:
    """Employee, day and hour of whatever was answered first or solved out of duty."""
    return {
        (row["staff"], at.date(), at.hour)
        for row in rows
        for at in (row["replied"], row["resolved"])
        if at is not None and not 9 <= at.hour < 21 and start_on <= at.date() < end_on
    }
