"""What ``ask`` prints of series: rows of plain values, money in major units, a day that nobody knows of as null."""

from datetime import timedelta
from typing import Any

import numpy as np
from babel.numbers import get_currency_precision

from core.errors import Refusal, Unknown
from core.scope import Filters
from core.work.home import Home
from core.work.questions import series
from core.work.questions.reading import reading
from core.work.questions.series import MONEY

Row = dict[str, Any]
BYS = ("total", "channel", "unit", "hour")


def by_day(home: Home, filters: Filters, options: Row) -> list[Row]:
    """One row per day of ``measure`` (see ``core.work.questions.series.Series``): ``measure on value``; by channel or unit with the key of the part, by ``hour``
    with the hour of the business zone's clock."""
    by = str(options.get("by") or BYS[0])
    if by not in BYS:
        raise Unknown("breakdown", by, BYS)
    if not options.get("measure"):
        raise Refusal(f"Say which: --measure {'|'.join(series.MEASURES)}.", option="--measure")
    measure = str(options["measure"])
    with reading(home, filters) as lake:
        digits = get_currency_precision(lake.currency) if measure in MONEY else 0
        if by == "hour":
            found = series.hours(lake, measure)
            return [
                _row(measure, found.start_on + timedelta(days=day), {"hour": hour}, float(value), digits)
                for day, values in enumerate(found.values)
                for hour, value in enumerate(values)
            ]
        told = [series.total(lake, measure)] if by == "total" else series.parts(lake, measure, by)  # type: ignore[arg-type]
    return [
        _row(measure, one.start_on + timedelta(days=day), {} if one.by is None else {one.by: one.part}, float(value), digits)
        for one in told
        for day, value in enumerate(one.values)
    ]  # fmt: skip


def _row(measure: str, on: object, part: Row, value: float, digits: int) -> Row:
    """Counts are whole numbers."""
    known = None if np.isnan(value) else round(value / 10**digits, digits) if digits else int(value)
    return {"measure": measure, "on": str(on), **part, "value": known}
