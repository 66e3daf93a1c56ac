"""Figures of metrics: now, before, by day, and the people behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

import pandas as pd

from core.errors import Unknown
from core.metrics import catalog
from core.metrics.catalog import METRICS, Metric
from core.metrics.parts import STOCKS, Grain, Part, adding_up, by_bucket, hull, in_periods, people
from core.periods import Period, comparable
from core.work.questions.reading import Reading
from core.work.questions.untold import SMALL

DAYS_BY_DAY = 92
"""Longer periods are drawn by week."""

Numbers = dict[str, float | int | None]
Side = Literal["top", "minus", "bottom"]
Points = tuple[tuple[date, float | int | None, bool], ...]
Days = dict[str, dict[date, Any]]
"""Values of parts by day, days without rows absent."""


@dataclass(frozen=True)
class Figure:
    """One metric's answer. Money is in the smallest unit; None is undefined.

    ``count`` is what a rate rests on (its denominator), ``previous_count`` the same before; ``is_small`` when that is
    below 30. ``previous`` is None where the lake has no data for the whole of the compared period. ``series``: one
    value per day or week of the period, in order; ``is_partial`` weeks are those that reach beyond the period.
    ``numbers``: the value of each part of the metric, by its side.
    """

    metric: Metric
    period: Period
    compared: Period
    value: float | int | None
    previous: float | int | None
    count: float | int | None
    series: Points
    as_of: datetime
    previous_count: float | int | None = None
    numbers: tuple[tuple[Side, float | int | None], ...] = ()

    @property
    def is_small(self) -> bool:
        return self.metric.is_rate and (self.count or 0) < SMALL

    @property
    def is_comparable(self) -> bool:
        """Both values are defined, and neither is a rate of fewer than 30."""
        is_previous_small = self.metric.is_rate and (self.previous_count or 0) < SMALL
        return self.value is not None and self.previous is not None and not self.is_small and not is_previous_small

    @property
    def difference(self) -> float | int | None:
        """Absolute change against the compared period."""
        return None if self.value is None or self.previous is None else self.value - self.previous

    @property
    def change_share(self) -> float | None:
        """Relative change against the compared period; None where it has no meaning."""
        if self.value is None or not self.previous:
            return None
        return float(self.value / self.previous - 1)


def available(reading: Reading) -> list[Metric]:
    """Metrics the lake has facts for."""
    return [m for m in METRICS.values() if all(reading.snapshot.files(table) for table in m.needs)]


def overview(reading: Reading, metrics: Sequence[Metric] | None = None, *, with_series: bool = True) -> list[Figure]:
    """The figures of the metrics (default: all that the data supports), over the period asked for, to date.

    Empty when the lake has no facts. The comparison is like for like: see ``periods.comparable``.
    """
    if reading.as_of is None or reading.period is None or reading.as_of_on is None:
        return []
    wanted = list(metrics) if metrics is not None else available(reading)
    now, before = comparable(reading.period, reading.as_of_on)
    parts = list({p.name: p for m in wanted for p in m.parts}.values())
    periods = {"now": now, "before": before}
    days = _days(reading, parts, periods)
    numbers = _in_periods(reading, parts, periods, days)
    grain: Grain = "day" if now.days <= DAYS_BY_DAY else "week"
    table = _by_bucket(reading, parts, now, grain, numbers["now"], days) if with_series else None
    assert reading.whole is not None
    since = reading.whole.start_on
    return [_figure(m, numbers, now, before, table, grain, since, reading.as_of) for m in wanted]


def series(reading: Reading, metric: Metric, period: Period) -> Points:
    """A metric by day, or by week when the period is longer than 92 days. Empty where it has no values by day."""
    parts = list(metric.parts)
    days = _days(reading, parts, {"now": period})
    numbers = _in_periods(reading, parts, {"now": period}, days)["now"]
    grain: Grain = "day" if period.days <= DAYS_BY_DAY else "week"
    table = _by_bucket(reading, parts, period, grain, numbers, days)
    return _series(metric, table, period, grain) if _has_series(metric, table, numbers) else ()


def behind(reading: Reading, name: str, side: Side = "top") -> pd.DataFrame:
    """The people behind a side of a metric (``top``, ``minus`` or ``bottom``), in the period to date.

    Columns: ``member_id``, ``value`` (see ``parts.people``), the greatest value first. Raises ``Unknown``.
    """
    metric = catalog.find(name)
    part = part_of(metric, side)
    if reading.period is None or reading.as_of_on is None:
        return pd.DataFrame({"member_id": [], "value": []})
    now, _ = comparable(reading.period, reading.as_of_on)
    found = people(reading.facts, part, now)
    return reading.snapshot.frame(found.order_by([found.value.desc(), found.member_id]))


def part_of(metric: Metric, side: Side) -> Part:
    """The part on a side of the metric. Raises ``Unknown`` where it has none there."""
    part = {"top": metric.top, "minus": metric.minus, "bottom": metric.bottom}.get(side)
    if part is None:
        raise Unknown("side", f"{metric.name}.{side}")
    return part


def sides(metric: Metric) -> tuple[Side, ...]:
    """The sides of a metric that are people's own: numerator, what is taken off it, denominator."""
    every: tuple[tuple[Side, Part | None], ...] = (
        ("top", metric.top), ("minus", metric.minus), ("bottom", metric.bottom)
    )  # fmt: skip
    return tuple(side for side, part in every if part is not None)


def _days(reading: Reading, parts: Sequence[Part], periods: dict[str, Period]) -> Days:
    """The parts whose days add up: one scan then serves every period and the series."""
    found: Days = {}
    for expression in by_bucket(reading.facts, adding_up(parts), hull(periods), "day"):
        rows = reading.snapshot.arrow(expression).to_pylist()
        found |= {name: {row["on"]: row[name] for row in rows} for name in expression.columns if name != "on"}
    return found


def _in_periods(reading: Reading, parts: Sequence[Part], periods: dict[str, Period], days: Days) -> dict[str, Numbers]:
    found = {
        name: {part: _plain(sum(_within(values, period).values())) for part, values in days.items()}
        for name, period in periods.items()
    }
    for expression in in_periods(reading.facts, [p for p in parts if p.name not in days], periods):
        for column, value in reading.snapshot.arrow(expression).to_pylist()[0].items():
            period, part = column.split("/", 1)
            found[period][part] = _plain(value)
    is_cut = reading.allowed is not None or bool(reading.filters.channels)
    undefined: Numbers = {p.name: None for p in parts if not p.is_of_members} if is_cut else {}
    return {name: numbers | undefined for name, numbers in found.items()}


def _within(values: dict[date, Any], period: Period) -> dict[date, Any]:
    return {on: value for on, value in values.items() if period.start_on <= on < period.end_on}


def _by_bucket(
    reading: Reading, parts: Sequence[Part], period: Period, grain: Grain, now: Numbers, days: Days
) -> pd.DataFrame:
    """One row per bucket of the period, one column per part, 0 where nothing happened; stocks as at the bucket's end."""
    found = pd.DataFrame(index=pd.Index(_buckets(period, grain), name="on"))
    for expression in by_bucket(reading.facts, [p for p in parts if p.name not in days], period, grain):
        found = found.join(reading.snapshot.arrow(expression).to_pandas().set_index("on").astype("float64"))
    for name, values in days.items():
        found[name] = _bucketed(_within(values, period), grain)
    for part in parts:
        if part.name not in found:
            continue
        if part.how != "median":
            found[part.name] = found[part.name].fillna(0)
        if part.how in STOCKS:
            grown = found[part.name].cumsum()
            at_end = (now[part.name] or 0) - (0 if part.how == "stock_start" else grown.iloc[-1])
            found[part.name] = at_end + grown - (found[part.name] if part.how == "stock_start" else 0)
    return found


def _bucketed(values: dict[date, Any], grain: Grain) -> pd.Series:
    sums: dict[date, Any] = {}
    for on, value in values.items():
        bucket = on if grain == "day" else _monday(on)
        sums[bucket] = sums.get(bucket, 0) + value
    return pd.Series(sums, dtype="float64")


def _monday(on: date) -> date:
    return on - timedelta(days=on.weekday())


def _buckets(period: Period, grain: Grain) -> list[date]:
    if grain == "day":
        return [period.start_on + timedelta(days=n) for n in range(period.days)]
    first = _monday(period.start_on)
    return [first + timedelta(days=n) for n in range(0, (period.end_on - first).days, 7)]


def _figure(
    metric: Metric,
    numbers: dict[str, Numbers],
    now: Period,
    before: Period,
    table: pd.DataFrame | None,
    grain: Grain,
    since: date,
    as_of: datetime,
) -> Figure:
    """``since``: the first day with data; what lies before it is not compared, nor a day that a mean is taken of."""
    has_before = since <= before.start_on
    has_series = table is not None and _has_series(metric, table, numbers["now"])
    return Figure(
        metric,
        now,
        before,
        _combined(metric, numbers["now"], now.days_from(since)),
        _combined(metric, numbers["before"], before.days) if has_before else None,
        numbers["now"][metric.bottom.name] if metric.bottom else None,
        _series(metric, table, now, grain) if table is not None and has_series else (),
        as_of,
        numbers["before"][metric.bottom.name] if metric.bottom and has_before else None,
        tuple((side, numbers["now"][part_of(metric, side).name]) for side in sides(metric)),
    )


def _has_series(metric: Metric, table: pd.DataFrame, numbers: Numbers) -> bool:
    """What is undefined as a whole has no course. A daily mean over persons of the whole period (stickiness) is 1 on every
    single day, so it has none either."""
    is_defined = numbers[metric.top.name] is not None and not (metric.per_day and metric.bottom)
    return is_defined and all(p.name in table for p in metric.parts)


def _series(metric: Metric, table: pd.DataFrame, period: Period, grain: Grain) -> Points:
    length = 1 if grain == "day" else 7
    points = []
    for on, row in table.iterrows():
        start = on if isinstance(on, date) else on.date()  # type: ignore[attr-defined]
        is_partial = start < period.start_on or start + timedelta(days=length) > period.end_on
        numbers: Numbers = {p.name: (None if pd.isna(row[p.name]) else float(row[p.name])) for p in metric.parts}
        points.append((start, _combined(metric, numbers, length), is_partial))
    return tuple(points)


def _combined(metric: Metric, numbers: Numbers, days: int) -> float | int | None:
    top = numbers[metric.top.name]
    if top is None:
        return None
    if metric.minus:
        top = top - (numbers[metric.minus.name] or 0)
    if metric.per_day:
        if not days:
            return None
        top = top / days
    if metric.bottom is None:
        return top
    bottom = numbers[metric.bottom.name]
    return top / bottom * metric.scale if bottom else None


def _plain(value: object) -> float | int | None:
    if value is None or isinstance(value, int):
        return value
    return float(value)  # type: ignore[arg-type]
