"""What ``ask`` prints of classes and tiers of value: rows of plain values, money in major units."""

from typing import Any

import pandas as pd
from babel.numbers import get_currency_precision

from core.errors import NothingToTell, Unknown
from core.scope import Filters
from core.work.home import Home
from core.work.questions import rfm, untold
from core.work.questions.reading import reading
from core.work.questions.rfm import METHODS, Asked, Rfm

Row = dict[str, Any]
BYS = ("class", "tier", "matrix", "spread", "cuts")


def worth(home: Home, filters: Filters, options: Row) -> list[Row]:
    """One row per class or tier, move between classes, bin of a measure, or limit: see ``core.work.questions.rfm.Rfm``. ``of``: the method
    by which the measures are parted. Raises ``NothingToTell``."""
    by, method = str(options.get("by") or BYS[0]), str(options.get("of") or METHODS[0])
    for kind, name, known in (("breakdown", by, BYS), ("method", method, METHODS)):
        if name not in known:
            raise Unknown(kind, name, known)
    with reading(home, filters) as lake:
        found = rfm.worth(lake, Asked(method=method))  # type: ignore[arg-type]
        if found is None:
            raise NothingToTell("No member has ordered yet, so there are no classes and tiers.")
        if by == "matrix" and found.before_on is None:
            raise NothingToTell(
                "Orders do not reach back before the period, so nothing is known of moves; say a later --from."
            )
        return _rows(_table(found, by), get_currency_precision(lake.currency))


def _table(found: Rfm, by: str) -> pd.DataFrame:
    if by == "cuts":
        at = found.cuts
        return pd.DataFrame(
            [("days_since_last_order", "at most", at.days_since_last_order), ("orders", "at least", at.orders), ("net_minor", "at least", at.net_minor)],
            columns=["measure", "high", "limit"],
        )  # fmt: skip
    if by == "matrix":
        return found.moves[(found.moves["view"] == "class") & (found.moves["members"] > 0)].drop(columns="view")
    if by == "spread":
        return found.spread
    rows = untold.without_few(found.tiers if by == "tier" else found.rows, untold.RFM).drop(columns="of_members")
    return rows.assign(
        on=found.on.isoformat(), before_on=None if found.before_on is None else found.before_on.isoformat()
    )


def _rows(frame: pd.DataFrame, digits: int) -> list[Row]:
    rows = [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]
    return [_major(row, digits) for row in rows]


def _major(row: Row, digits: int) -> Row:
    """Money in major units: columns of amounts, and limits and bins of the measure that is one."""
    money = {name for name in row if name.endswith("_minor")}
    if str(row.get("measure", "")).startswith("net"):
        row["measure"] = "net"
        money |= {"limit", "low", "high"} & {name for name, value in row.items() if not isinstance(value, str)}
    return {
        name.removesuffix("_minor"): round(value / 10**digits, digits) if name in money and value is not None else value
        for name, value in row.items()
    }
