"""What moved a figure between two periods: by channel, by unit, by new and known members, or by who came and went.

The changes add up exactly.
"""

from dataclasses import dataclass
from typing import Literal

from core.errors import Refusal, Unknown
from core.metrics import catalog
from core.metrics import contributions as expressions
from core.metrics.catalog import Metric
from core.periods import Period, comparable
from core.work.questions.reading import Reading

By = Literal["channel", "unit", "newness", "movement"]
COLUMNS: dict[By, str] = {"channel": "channel", "unit": "unit_id"}
MOVEMENT = "active_members"
"""The metric that can be told apart by who came and who went."""


class NotAdditive(Refusal):
    """A rate, a mean or a count of distinct persons is not the sum of its values over a split."""

    code = "contribution.not_additive"


@dataclass(frozen=True, slots=True)
class Contribution:
    """One share of the change. ``value``: what the rows name, None where they name nothing; ``name``: what it is
    called. Money in the smallest unit.
    """

    value: str | None
    name: str | None
    now: int
    before: int

    @property
    def change(self) -> int:
        return self.now - self.before


@dataclass(frozen=True, slots=True)
class Contributions:
    """The change of a metric, the greatest shares first. ``has_before``: the lake has data for the compared period."""

    metric: Metric
    by: By
    period: Period
    compared: Period
    rows: tuple[Contribution, ...]
    has_before: bool

    @property
    def now(self) -> int:
        return sum(row.now for row in self.rows)

    @property
    def before(self) -> int:
        return sum(row.before for row in self.rows)

    @property
    def change(self) -> int:
        return self.now - self.before


def splits(reading: Reading, name: str) -> tuple[By, ...]:
    """What the metric's change can be told apart by in this lake; empty for rates and others that do not add up."""
    metric = catalog.find(name)
    if not all(reading.snapshot.files(table) for table in metric.needs):
        return ()
    if name == MOVEMENT:
        return ("movement",)
    if not expressions.is_additive(metric):
        return ()
    found = expressions.columns(reading.facts, metric, tuple(COLUMNS.values()))
    named: tuple[By, ...] = tuple(
        by for by, column in COLUMNS.items() if column in found and _is_filled(reading, metric, column)
    )
    return (*named, "newness") if found else named


def contributions(reading: Reading, name: str, by: By) -> Contributions | None:
    """What moved the metric between the period to date and the compared one; None in an empty lake.

    The rows' ``now`` and ``before`` add up to the metric's two values, so their changes add up to its change. Raises
    ``NotAdditive`` for a figure without that property, ``Unknown`` for a split that its rows do not have.
    """
    metric = catalog.find(name)
    if reading.period is None or reading.as_of_on is None or reading.whole is None:
        return None
    now, before = comparable(reading.period, reading.as_of_on)
    if by == "movement" and name != MOVEMENT:
        raise NotAdditive(f"{name} cannot be told apart by who came and went.", metric=name)
    if by != "movement" and not expressions.is_additive(metric):
        raise NotAdditive(f"{name} is not the sum of its values by {by}.", metric=name)
    if by == "movement":
        rows = _movement(reading, now, before)
    elif by == "newness":
        rows = _by_newness(reading, metric, now, before)
    else:
        rows = _by_column(reading, metric, by, now, before)
    has_before = reading.whole.start_on <= before.start_on
    return Contributions(metric, by, now, before, rows, has_before)


def _by_column(reading: Reading, metric: Metric, by: str, now: Period, before: Period) -> tuple[Contribution, ...]:
    if by not in COLUMNS or COLUMNS[by] not in expressions.columns(reading.facts, metric, tuple(COLUMNS.values())):
        raise Unknown("split", by, COLUMNS)
    totals: dict[str | None, list[int]] = {}
    for part in metric.parts:
        sign = -1 if part is metric.minus else 1
        table = expressions.by_column(reading.facts, part, COLUMNS[by], {"now": now, "before": before})
        for row in reading.snapshot.arrow(table).to_pylist():
            total = totals.setdefault(row["value"], [0, 0])
            total[0] += sign * int(row["now"])
            total[1] += sign * int(row["before"])
    names = _unit_names(reading) if by == "unit" else {}
    found = [
        Contribution(value, names.get(value or "", value), *total) for value, total in totals.items() if any(total)
    ]
    return tuple(sorted(found, key=lambda row: (-abs(row.change), row.value is None, row.value or "")))


def _by_newness(reading: Reading, metric: Metric, now: Period, before: Period) -> tuple[Contribution, ...]:
    """What is taken off (refunds) is a share of its own: it is of orders of any age."""
    totals: dict[str | None, list[int]] = {}
    for part in metric.parts:
        for side, period in enumerate((now, before)):
            for row in reading.snapshot.arrow(expressions.by_newness(reading.facts, part, period)).to_pylist():
                value, sign = (part.name, -1) if part is metric.minus else (row["value"], 1)
                totals.setdefault(value, [0, 0])[side] += sign * int(row["total"])
    found = [Contribution(value, value, *total) for value, total in totals.items() if any(total)]
    return tuple(sorted(found, key=lambda row: (-abs(row.change), row.value or "")))


def _movement(reading: Reading, now: Period, before: Period) -> tuple[Contribution, ...]:
    moved = reading.snapshot.arrow(expressions.movement(reading.facts, now, before)).to_pylist()[0]
    sides = {"new": (1, 0), "returned": (1, 0), "left": (0, 1), "stayed": (1, 1)}
    return tuple(
        Contribution(kind, kind, int(moved[kind]) * is_now, int(moved[kind]) * is_before)
        for kind, (is_now, is_before) in sides.items()
    )


def _is_filled(reading: Reading, metric: Metric, column: str) -> bool:
    rows = metric.top.rows(reading.facts)
    return bool(reading.snapshot.value(rows[column].count() > 0))


def _unit_names(reading: Reading) -> dict[str, str]:
    units = reading.snapshot.current("units")
    return {row["unit_id"]: row["name"] for row in reading.snapshot.arrow(units.select("unit_id", "name")).to_pylist()}
