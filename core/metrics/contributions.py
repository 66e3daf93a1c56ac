"""What moved a figure: its parts by the values of one column, or by who came and who went. Both add up exactly."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from core.metrics import facts as f
from core.metrics.catalog import Metric
from core.metrics.facts import Facts
from core.metrics.parts import Part
from core.periods import Period

ADDITIVE = ("rows", "sum")
"""Parts whose value is the sum of the values of any split of their rows. Distinct members are not: one person may stand
in several shares of a split."""


def is_additive(metric: Metric) -> bool:
    """Whether the metric is the sum of its values over any split of its rows: a sum or a count, never a rate."""
    return metric.bottom is None and not metric.per_day and all(p.how in ADDITIVE for p in metric.parts)


def columns(facts: Facts, metric: Metric, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the wanted columns that all rows behind the metric have."""
    return tuple(c for c in wanted if all(c in p.rows(facts).columns for p in metric.parts))


def by_column(facts: Facts, part: Part, column: str, periods: Mapping[str, Period]) -> ir.Table:
    """An additive part by the values of a column.

    Grain: one row per value that occurs in any of the periods. Columns: ``value`` (null = the row names none) and one
    per period. Boundaries: half-open periods.
    """
    rows = part.rows(facts)
    rows = rows.filter(part.condition(rows)).mutate(split_by=rows[column])
    rows = rows.filter(ibis.or_(*[_within(rows, period) for period in periods.values()]))
    sums = {name: _total(part, rows, _within(rows, period)) for name, period in periods.items()}
    return rows.group_by(value=rows.split_by).aggregate(**sums)


def by_newness(facts: Facts, part: Part, period: Period) -> ir.Table:
    """An additive part by whether the member was new in the period.

    Grain: one row per value that occurs. Columns: ``value`` (``new``: first action ever or joining lies in the period, else
    ``known``; null where nobody is known), ``total``.
    """
    rows = part.rows(facts)
    rows = rows.filter(part.condition(rows) & _within(rows, period))
    births = facts.births.select("member_id", born_on=facts.births.local_date)
    rows = rows.left_join(births, "member_id", rname="{name}_of_birth")
    is_new = ((rows.born_on >= period.start_on) & (rows.born_on < period.end_on)).fill_null(False)
    kind = ibis.cases((rows.member_id.isnull(), ibis.null("string")), (is_new, "new"), else_="known")
    rows = rows.mutate(kind=kind)
    total = rows.value.sum().fill_null(0) if part.how == "sum" else rows.count()
    return rows.group_by(value=rows.kind).aggregate(total=total)


def movement(facts: Facts, now: Period, before: Period) -> ir.Table:
    """Active members of two periods, by how they moved.

    Grain: one row. Columns: ``new`` (active now, not before, first action ever or joining now), ``returned`` (active
    now, neither new nor active before), ``stayed`` (active in both), ``left`` (active before, not now). So active now =
    new + returned + stayed, and active before = stayed + left.
    """
    acts = facts.actions
    each = f.known(acts).group_by("member_id").aggregate(
        is_now=_within(acts, now).any(), is_before=_within(acts, before).any()
    )  # fmt: skip
    births = facts.births.select("member_id", born_on=facts.births.local_date)
    each = each.left_join(births, "member_id")
    is_new = ((each.born_on >= now.start_on) & (each.born_on < now.end_on)).fill_null(False)
    is_now, is_before = each.is_now.fill_null(False), each.is_before.fill_null(False)
    return each.aggregate(
        new=each.count(where=is_now & ~is_before & is_new),
        returned=each.count(where=is_now & ~is_before & ~is_new),
        stayed=each.count(where=is_now & is_before),
        left=each.count(where=~is_now & is_before),
    )


def _total(part: Part, rows: ir.Table, where: ir.BooleanValue) -> ir.Value:
    return rows.value.sum(where=where).fill_null(0) if part.how == "sum" else rows.count(where=where)


def _within(rows: ir.Table, period: Period) -> ir.BooleanValue:
    return (rows.local_date >= period.start_on) & (rows.local_date < period.end_on)
