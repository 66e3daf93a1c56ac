"""Parts of figures: what is counted, over which rows. A figure is a part, or one part over another.

Every part can be asked the same three things: its value in each of several periods, its value by day or week, and its
people. So every figure has a comparison, a sparkline and the people behind it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import ibis
import ibis.expr.types as ir

from core.metrics import facts as f
from core.metrics.facts import Facts
from core.periods import Period

How = Literal["members", "repeating", "rows", "sum", "median", "stock_end", "stock_start", "balance_start"]
"""members: distinct members. repeating: members with two or more rows. rows: rows. sum, median: of a column. stock_end, stock_start: members born before the period's end, its start.
balance_start: sum of a column over all rows before the period's start, and those without a day."""

Grain = Literal["day", "week"]
STOCKS = ("stock_end", "stock_start")
BALANCE: Final = "balance_start"


@dataclass(frozen=True, slots=True)
class Part:
    """``rows`` gives ``member_id``, ``local_date`` and, where ``how`` needs it, the column ``of``; ``where`` keeps some of them.

    Without ``is_of_members`` the rows name nobody (money spent on a channel): of some members or channels only, the part is undefined.
    Parts that name the same ``rows`` share one scan.
    """

    name: str
    rows: Callable[[Facts], ir.Table]
    how: How
    where: Callable[[ir.Table], ir.BooleanValue] | None = None
    of: str = "value"
    is_of_members: bool = True

    def condition(self, rows: ir.Table) -> ir.BooleanValue:
        return self.where(rows) if self.where else ibis.literal(True)


def in_periods(facts: Facts, parts: Sequence[Part], periods: Mapping[str, Period]) -> list[ir.Table]:
    """Expressions that together give every part in every period.

    Grain: each one row, with columns named ``period/part``. Counts and sums of nothing are 0, a median of nothing is null.
    """
    found = []
    for rows, group in _scans(facts, parts):
        plain = [p for p in group if p.how != "repeating"]
        if plain:
            has_stock = any(p.how in (*STOCKS, BALANCE) for p in plain)
            found.append(_aggregated(rows if has_stock else _inside(rows, hull(periods)), plain, periods))
        found += [_repeating(p, rows, periods) for p in group if p.how == "repeating"]
    return found


def adding_up(parts: Sequence[Part]) -> list[Part]:
    """The parts whose values of single days add up to that of a period, and which share no scan with others."""
    others = {p.rows for p in parts if p.how not in ("rows", "sum")}
    return [p for p in parts if p.rows not in others]


def by_bucket(facts: Facts, parts: Sequence[Part], period: Period, grain: Grain) -> list[ir.Table]:
    """Expressions that together give every part by day, or by ISO week named by its Monday.

    Columns of each: ``on`` (date) and one column per part, ordered by ``on``. Buckets without rows are absent. A stock's
    column holds the members born in the bucket; parts that need a whole period (repeating) or all before it (balance_start) have no series.
    """
    found = []
    for rows, group in _scans(facts, [p for p in parts if p.how not in ("repeating", BALANCE)]):
        inside = _inside(rows, period)
        bucket = inside.local_date.truncate("W").cast("date") if grain == "week" else inside.local_date
        labelled = inside.mutate(on=bucket)
        columns = {p.name: _aggregate(p, labelled, p.condition(labelled)) for p in group}
        found.append(labelled.group_by("on").aggregate(**columns).order_by("on"))
    return found


def people(facts: Facts, part: Part, period: Period) -> ir.Table:
    """Who stands behind a part in a period, and with how much.

    Columns: ``member_id``, ``value``. Where a part counts members, the number of rows is the figure; else the values add up
    to the figure (a median's do not: they are each person's own). Rows without a member are left out.
    """
    rows = part.rows(facts)
    rows = f.known(rows.filter(part.condition(rows)))
    if part.how in STOCKS:
        return rows.filter(_born_before(rows, _edge(part, period))).select("member_id", value=ibis.literal(1))
    if part.how == BALANCE:
        before = rows.filter(_born_before(rows, _edge(part, period)))
        standing = before.group_by("member_id").aggregate(value=before[part.of].sum())
        return standing.filter(standing.value != 0)
    inside = _inside(rows, period)
    if part.how == "median":
        value: ir.Value = inside[part.of].median()
    else:
        value = inside[part.of].sum() if part.how == "sum" else inside.count()
    grouped = inside.group_by("member_id").aggregate(value=value)
    return grouped.filter(grouped.value >= 2) if part.how == "repeating" else grouped


def _scans(facts: Facts, parts: Sequence[Part]) -> list[tuple[ir.Table, list[Part]]]:
    groups: dict[Callable[[Facts], ir.Table], list[Part]] = {}
    for part in parts:
        groups.setdefault(part.rows, []).append(part)
    return [(rows(facts), group) for rows, group in groups.items()]


def _aggregated(rows: ir.Table, parts: Sequence[Part], periods: Mapping[str, Period]) -> ir.Table:
    values = {f"{name}/{p.name}": _in_period(p, rows, period) for name, period in periods.items() for p in parts}
    return rows.aggregate(**values)


def _within(rows: ir.Table, period: Period) -> ir.BooleanValue:
    return (rows.local_date >= period.start_on) & (rows.local_date < period.end_on)


def _inside(rows: ir.Table, period: Period) -> ir.Table:
    return rows.filter(_within(rows, period))


def hull(periods: Mapping[str, Period]) -> Period:
    """From the start of the first to the end of the last."""
    return Period(min(p.start_on for p in periods.values()), max(p.end_on for p in periods.values()))


def _in_period(part: Part, rows: ir.Table, period: Period) -> ir.Value:
    if part.how in STOCKS:
        return rows.count(where=part.condition(rows) & _born_before(rows, _edge(part, period)))
    if part.how == BALANCE:
        return rows[part.of].sum(where=part.condition(rows) & _born_before(rows, _edge(part, period))).fill_null(0)
    return _aggregate(part, rows, part.condition(rows) & _within(rows, period))


def _aggregate(part: Part, rows: ir.Table, where: ir.BooleanValue) -> ir.Value:
    if part.how == "members":
        return rows.member_id.nunique(where=where)
    if part.how == "sum":
        return rows[part.of].sum(where=where).fill_null(0)
    if part.how == "median":
        return rows[part.of].median(where=where)
    return rows.count(where=where)


def _edge(part: Part, period: Period) -> ir.Value:
    return ibis.literal(period.end_on if part.how == "stock_end" else period.start_on)


def _born_before(rows: ir.Table, edge: ir.Value) -> ir.BooleanValue:
    """A member whose birth has no date was there before every period."""
    return (rows.local_date < edge) | rows.local_date.isnull()


def _repeating(part: Part, rows: ir.Table, periods: Mapping[str, Period]) -> ir.Table:
    rows = f.known(rows.filter(part.condition(rows)))
    counts = {name: rows.count(where=_within(rows, period)) for name, period in periods.items()}
    each = rows.group_by("member_id").aggregate(**counts)
    return each.aggregate(**{f"{name}/{part.name}": each.count(where=each[name] >= 2) for name in periods})
