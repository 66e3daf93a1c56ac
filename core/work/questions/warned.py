"""What ``ask`` prints of risks: warnings, the days of an indicator, and what moved it; money in major units, undefined as null."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from babel.numbers import get_currency_precision

from core.errors import Refusal, Unknown
from core.risk.indicators import INDICATORS, find
from core.scope import SYSTEM, Filters
from core.work.home import Home
from core.work.questions import indicators, root_causes, warnings
from core.work.questions.reading import Reading, reading
from core.work.questions.root_causes import Share

Row = dict[str, Any]
STATES = ("open", "closed", "merged", "all")
HOUSE = "total"
EVERY = 1_000_000
DIGITS = 6


def listed(home: Home, filters: Filters, options: Row) -> list[Row]:
    """One row per warning ``of`` a state (default open), the gravest first. Raises ``Unknown``, and ``Refusal`` for filters."""
    if filters != Filters():
        raise Refusal("Warnings are of all data: narrow them with --of.", option="--of")
    state = str(options.get("of") or STATES[0])
    if state not in STATES:
        raise Unknown("state", state, STATES)
    states = () if state == "all" else (state,)
    found = warnings.listed(home, SYSTEM, datetime.now(UTC), states=states, most=EVERY)
    with reading(home) as lake:
        return [
            {
                "warning": one.id, "rule": one.rule_key, "name": one.rule_name or None, "level": one.level, "likelihood": one.likelihood, "impact": one.impact,
                "indicator": one.indicator, "by": one.place_by or HOUSE, "place": one.place_key or None, "place_name": one.place_name or None,
                "state": one.state, "closed_how": one.closed_how, "started_on": str(one.started_on), "last_on": str(one.last_on), "peak_on": str(one.peak_on),
                **{name: _plain(lake, getattr(one, name), one.unit) for name in ("value", "expected", "limit")},
                "unit": _unit(lake, one.unit), "owner": one.owner or None, "verdict": one.verdict, "incident": one.incident_id,
            }
            for one in found
        ]  # fmt: skip


def daily(home: Home, filters: Filters, options: Row) -> list[Row]:
    """One row per day of an indicator (``of``), of the house or ``by`` channel, unit or group: ``indicator on value unit``, with the key and the name of the place. Of
    the period, or all days that are told. Raises ``Unknown``, ``Refusal``."""
    name, by = _indicator(options), str(options.get("by") or HOUSE)
    with reading(home, filters) as lake:
        found = indicators.lines(lake, name, "" if by == HOUSE else by)  # type: ignore[arg-type]
        unit = find(name).metric.unit
        days = [found.start_on + timedelta(days=n) for n in range(found.days)]
        inside = [n for n, on in enumerate(days) if filters.period is None or filters.period.start_on <= on < filters.period.end_on]  # fmt: skip
        return [
            {
                "indicator": name, "on": str(days[n]), **({} if by == HOUSE else {by: place.key, "name": called}),
                "value": _plain(lake, float(values[n]), unit), "unit": _unit(lake, unit),
            }
            for place, called, values in zip(found.places, found.names, found.values, strict=True)
            for n in inside
        ]  # fmt: skip


def moved(home: Home, filters: Filters, options: Row) -> list[Row]:
    """What moved an indicator (``of``) in the period against what is usual: one row per part, of every dimension, the one that explains it best first, or of one (``by``).
    Parts of a dimension add up to the change. Raises ``Unknown``, ``Refusal`` without a period."""
    name, period = _indicator(options), filters.period
    if period is None:
        raise Refusal("Say which days: --from DAY --to DAY.", option="--from")
    with reading(home, filters) as lake:
        found = root_causes.causes(lake, name, period.start_on, period.end_on - timedelta(days=1))
        known = [one.name for one in found.dimensions]
        asked = options.get("by")
        if asked and asked not in known:
            raise Unknown("breakdown", str(asked), known)
        unit = found.metric.unit
        return [
            {"indicator": name, "dimension": one.name, "part": row.key, "name": row.name, **_part(lake, row, unit)}
            for one in found.dimensions
            if asked in (None, one.name)
            for row in one.rows
        ]


def _indicator(options: Row) -> str:
    if not options.get("of"):
        raise Refusal("Say which indicator: --of NAME.", option="--of", known=list(INDICATORS))
    return find(str(options["of"])).name


def _part(lake: Reading, row: Share, unit: str) -> Row:
    told = {name: _plain(lake, getattr(row, name), unit) for name in ("value", "expected", "change", "rate", "mix")}
    share = None if row.change_share is None else round(row.change_share, DIGITS)
    return told | {"unit": _unit(lake, unit), "change_share": share, "is_chosen": row.is_chosen}


def _unit(lake: Reading, unit: str) -> str | None:
    return lake.currency if unit == "money" else unit or None


def _plain(lake: Reading, value: float | None, unit: str) -> float | int | None:
    """Money in major units to its smallest, whole numbers as such, others to six digits."""
    if value is None or not np.isfinite(value):
        return None
    if unit == "money":
        digits = get_currency_precision(lake.currency)
        return round(value / 10**digits, digits)
    return int(value) if float(value).is_integer() else round(value, DIGITS)
