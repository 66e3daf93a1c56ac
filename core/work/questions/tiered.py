"""What ``ask membership`` prints: rows of plain values, money in major units."""

from dataclasses import asdict
from typing import Any

import pandas as pd
from babel.numbers import get_currency_precision

from core.errors import NothingToTell, Unknown
from core.scope import Filters
from core.work.home import Home
from core.work.questions import membership, untold
from core.work.questions.membership import BYS, Asked, Membership
from core.work.questions.points import Points
from core.work.questions.reading import reading

Row = dict[str, Any]
TABLES = ("tier", "matrix", "falls", "points")


def standing(home: Home, filters: Filters, options: Row) -> list[Row]:
    """One row per tier, move between tiers, tier of which somebody is about to fall, or for all points: see
    ``core.work.questions.membership.Membership``. ``of``: by rule or as imported; default: as the house does. Raises ``NothingToTell``."""
    by, of = str(options.get("by") or TABLES[0]), options.get("of")
    for kind, name, known in (("breakdown", by, TABLES), ("rule", of, BYS)):
        if name is not None and name not in known:
            raise Unknown(kind, name, known)
    with reading(home, filters) as lake:
        found = membership.membership(lake, Asked(of))  # type: ignore[arg-type]
        digits = get_currency_precision(lake.currency)
    if found is None:
        raise NothingToTell("There are no members yet, so nobody is in a tier.")
    if by == "points":
        if found.points is None:
            raise NothingToTell("No entries of points were imported.")
        return [_of_points(found, found.points, digits)]
    if by in ("matrix", "falls") and found.by == "imported":
        raise NothingToTell("Imported tiers tell nothing of the past and of what comes; ask --of rule.")
    if by == "matrix" and found.before_on is None:
        raise NothingToTell(
            "Orders do not reach back before the period, so nothing is known of moves; say a later --from."
        )
    return [_major(row, digits) for row in _plain(_table(found, by))]


def _table(found: Membership, by: str) -> pd.DataFrame:
    if by == "matrix":
        return found.moves[found.moves["members"] > 0]
    if by == "falls":
        return found.falls
    rows = untold.without_few(found.rows, untold.MEMBERSHIP).drop(columns="of_members")
    before = None if found.before_on is None else found.before_on.isoformat()
    return rows.assign(by=found.by, on=found.on.isoformat(), before_on=before)


def _of_points(found: Membership, points: Points, digits: int) -> Row:
    told = asdict(points)
    expiring = told.pop("expiring")
    told.pop("movers")
    for days, (amount, members) in expiring.items():
        told |= {f"expiring_{days}d": amount, f"expiring_{days}d_members": members}
    return _major(told | {"point_value": float(found.terms.point_value), "on": found.on.isoformat()}, digits)


def _plain(frame: pd.DataFrame) -> list[Row]:
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()} for row in frame.to_dict("records")
    ]  # fmt: skip


def _major(row: Row, digits: int) -> Row:
    return {
        name.removesuffix("_minor"): round(value / 10**digits, digits)
        if name.endswith("_minor") and value is not None
        else value
        for name, value in row.items()
    }
