"""What a campaign brought, by loops over people and facts, as product.md 5.13 words it. Times are naive UTC; days are those of Shanghai."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

Row = Mapping[str, Any]
DAY = timedelta(days=1)
PRICED = {"accepted", "delivered", "unknown"}


@dataclass
class Person:
    """``rows``: those of their messages that count."""

    rows: list[Row] = field(default_factory=list)

    @property
    def is_held(self) -> bool:
        return all(row["state"] == "holdout" for row in self.rows)

    @property
    def is_both(self) -> bool:
        return not self.is_held and any(row["state"] == "holdout" for row in self.rows)

    @property
    def sent(self) -> datetime | None:
        return min((at for row in self.rows if (at := sent_at(row)) is not None), default=None)

    @property
    def start(self) -> datetime:
        return self.sent if self.sent is not None else min(row["due_at"] for row in self.rows)

    def marked(self, name: str) -> datetime | None:
        return min((row["marks"][name] for row in self.rows if name in row["marks"]), default=None)


def sent_at(row: Row) -> datetime | None:
    if "sent" in row["marks"]:
        return row["marks"]["sent"]
    return row["due_at"] if row["state"] == "delivered" else None


def people(rows: Iterable[Row], now_called: Mapping[int, int | None]) -> dict[int, Person]:
    """Everybody on a side, by member id. ``now_called``: who a member of the rows is now, None who was erased."""
    found: dict[int, Person] = defaultdict(Person)
    for row in rows:
        was_stopped = row["state"] == "skipped" and row.get("ended_at") is None and row["reason"] != "gate.budget"
        who = now_called[row["member_id"]]
        if not was_stopped and who is not None:
            found[who].rows.append(row)
    return {who: one for who, one in found.items() if not one.is_both}


def day(at: datetime) -> date:
    return (at + timedelta(hours=8)).date()


def inside(at: datetime, person: Person, days: int) -> bool:
    return person.start <= at < person.start + days * DAY


def orders(lines: Iterable[Row], who: int, person: Person, days: int) -> tuple[int, int, datetime | None]:
    """How many, their gross, and when the first was."""
    each: dict[str, list[Row]] = defaultdict(list)
    for line in lines:
        if line["identity_key"] == who and line["line_kind"] == "sale":
            each[line["order_no"]].append(line)
    count, gross, first = 0, 0, None
    for own in each.values():
        amount, at = sum(one["amount_minor"] for one in own), min(one["occurred_at"] for one in own)
        if amount > 0 and inside(at, person, days):
            count, gross = count + 1, gross + amount
            first = at if first is None else min(first, at)
    return count, gross, first


def refunds(lines: Iterable[Row], who: int, person: Person, days: int) -> int:
    return -sum(
        one["amount_minor"] for one in lines
        if one["identity_key"] == who and one["line_kind"] == "refund" and inside(one["occurred_at"], person, days)
    )  # fmt: skip


def happened(rows: Iterable[Row], who: int, person: Person, days: int, **such: Any) -> list[Row]:
    """Facts of a person in their window that are such."""
    return [
        row for row in rows
        if row["identity_key"] == who and inside(row["occurred_at"], person, days) and all(row.get(name) == value for name, value in such.items())
    ]  # fmt: skip


def returned(facts: Iterable[Row], who: int, person: Person, first: int, last: int) -> bool:
    return any(
        row["identity_key"] == who and first <= (day(row["occurred_at"]) - day(person.start)).days <= last
        for row in facts
    )


def quartile(values: list[float], share: float) -> float:
    """Between the two nearest, in a straight line."""
    values = sorted(values)
    at = share * (len(values) - 1)
    low = int(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (at - low)


def holm(chances: list[float | None]) -> list[float | None]:
    """The definition: a chance is the greatest of the products up to its own place."""
    known = sorted(one for one in chances if one is not None)
    found: list[float | None] = []
    for one in chances:
        if one is None:
            found.append(None)
        else:
            upto = known.index(one) + known.count(one)
            products = [min(1.0, (len(known) - place) * known[place]) for place in range(upto)]
            found.append(max(products))
    return found
