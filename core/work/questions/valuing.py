"""What ``ask ltv`` prints: rows of plain values, money in major units, undefined as null."""

from datetime import date
from typing import Any

import pandas as pd
from babel.numbers import get_currency_precision

from core.errors import NothingToTell, Unknown
from core.models.ltv.calibration import Holdout
from core.scope import Filters
from core.work.home import Home
from core.work.questions import acquisition, ltv
from core.work.questions.reading import reading

Row = dict[str, Any]
BYS = ("total", "channel", "cohort", "band", "tenth", "law", "class", "week", "holdout")


def lifetime(home: Home, filters: Filters, options: Row) -> list[Row]:
    """Sums for each horizon; ``--by`` channel (against CAC), cohort (by month and age), band (of the chance of an order), tenth (by value), law
    (parameters), class and week (the held-out period), or holdout (its errors). See ``core.work.questions.ltv`` and ``acquisition``. Raises
    ``UnfitForLtv`` where what is asked for cannot be told, and ``NothingToTell``."""
    by = str(options.get("by") or BYS[0])
    if by not in BYS:
        raise Unknown("breakdown", by, BYS)
    with reading(home, filters) as lake:
        digits = get_currency_precision(lake.currency)
        if by == "channel":
            acquired = acquisition.by_channel(lake)
            if acquired is None:
                raise NothingToTell("No member has ordered yet, or no profile says through which channel members came.")
            return _rows(acquired.rows, digits)
        if by == "cohort":
            cohorts = acquisition.by_month(lake)
            if cohorts is None:
                raise _nobody()
            return _rows(cohorts.rows, digits)
        found = ltv.lifetime(lake)
    if found is None:
        raise _nobody()
    tables = {
        "total": found.totals, "band": found.bands, "tenth": found.tenths, "law": found.laws, "class": found.classes, "week": found.weeks,
    }  # fmt: skip
    if found.problems and not (found.held is not None if by == "holdout" else len(tables[by])):
        raise ltv.unfit(found.problems[0])
    if by == "holdout":
        return [] if found.held is None else [_held(found.held)]
    rows = _rows(tables[by], digits)
    return [_in_major(row, digits) for row in rows] if by == "law" else rows


def _nobody() -> NothingToTell:
    return NothingToTell("No member has ordered yet, so nothing is known of lifetime value.")


def _held(held: Holdout) -> Row:
    counts: Row = {"cut_on": date.fromordinal(held.cut_day).isoformat(), "days": held.days, "customers": held.customers}
    names = ("predicted", "actual", "naive", "mae", "naive_mae", "rmse", "naive_rmse")
    return counts | {name: _short(getattr(held, name)) for name in names}


def _in_major(row: Row, digits: int) -> Row:
    """v is an amount."""
    scaled = {
        name: None if row[name] is None else round(row[name] / 10**digits, 6) for name in ("value", "low", "high")
    }
    return row | scaled if row["name"] == "v" else row


def _rows(frame: pd.DataFrame, digits: int) -> list[Row]:
    found = []
    for row in frame.to_dict("records"):
        plain: Row = {}
        for name, value in row.items():
            told = None if pd.isna(value) else value.isoformat() if isinstance(value, date) else value
            if "_minor" in str(name):
                plain[str(name).replace("_minor", "")] = None if told is None else round(told / 10**digits, digits)
            else:
                plain[str(name)] = _short(told)
        found.append(plain)
    return found


def _short(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value
