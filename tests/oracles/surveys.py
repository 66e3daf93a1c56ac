"""Survey figures by loops over answers, as product.md 5.1 and 5.3 word them."""

from collections.abc import Iterable, Mapping
from datetime import date
from statistics import fmean
from typing import Any

from core.periods import Period

Row = Mapping[str, Any]
"""``who kind score on category``."""


def inside(on: date, period: Period) -> bool:
    return period.start_on <= on < period.end_on


def standing(kind: str, score: float) -> str:
    top, bottom = (9, 6) if kind == "nps" else (4, 2)
    return "up" if score >= top else "down" if score <= bottom else "middle"


def figures(rows: Iterable[Row], kind: str, period: Period) -> dict[str, Any]:
    given = [r["score"] for r in rows if r["kind"] == kind and r["score"] is not None and inside(r["on"], period)]
    found: dict[str, Any] = {
        name: sum(standing(kind, one) == name for one in given) for name in ("up", "middle", "down")
    }
    found["answers"] = len(given)
    if not given:
        return found | {"value": None}
    if kind == "nps":
        return found | {"value": (found["up"] - found["down"]) / len(given)}
    return found | {"value": fmean(given)}


def people(rows: Iterable[Row], kind: str, which: str, period: Period) -> dict[int, int]:
    found: dict[int, int] = {}
    for row in rows:
        if row["kind"] != kind or row["score"] is None or row["who"] is None or not inside(row["on"], period):
            continue
        if which in ("answers", standing(kind, row["score"])):
            found[row["who"]] = found.get(row["who"], 0) + 1
    return found
