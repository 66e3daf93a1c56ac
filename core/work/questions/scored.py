"""What ``ask scores`` prints: the model, its trial, tenths, weights, and every member's chance, as rows of plain values."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from babel.numbers import get_currency_precision

from core.errors import NothingToTell, Unknown
from core.models.scores.metrics import Quality
from core.scope import Filters
from core.work.home import Home
from core.work.questions import scores
from core.work.questions.reading import reading
from core.work.questions.scores import Asked, Model, Scores

Row = dict[str, Any]
BYS = ("total", "tenth", "board", "trial", "feature", "member")


def told(home: Home, filters: Filters, options: Row) -> list[Row]:
    """One row in total; or ``--by`` tenth (of members by chance), board (value and risk), trial (tenths of the members that the model was tried on), feature (weights) or
    member (chance of each). ``--target`` churn_order (default), churn_activity or conversion, ``--days`` 30, 60 or 90 (default). Raises ``UnfitForScores``,
    ``NothingToTell``, ``Unknown``."""
    by = str(options.get("by") or BYS[0])
    if by not in BYS:
        raise Unknown("breakdown", by, BYS)
    days = str(options.get("days") or scores.USUAL_DAYS)
    asked = Asked(str(options.get("target") or Asked().target), int(days) if days.isdecimal() else 0)
    with reading(home, filters) as lake:
        found = scores.scores(lake, asked)
        if found is None:
            raise NothingToTell("Nobody is there whom this could be asked about.")
        if by == "member":
            people = scores.behind(lake, asked, scores.ALL)
            table = scores.scored(lake, found.model)
            exact = dict(zip(table["member_id"].to_pylist(), table["chance"].to_pylist(), strict=True))
            return [{"member_id": str(one), "chance": round(exact[one], 6)} for one in people["member_id"].tolist()]
    if by == "total":
        return [_total(found)]
    if by == "feature":
        return _weights(found.model)
    if by == "trial":
        return [{name: _short(value) for name, value in row.items()} for row in found.model.quality.to_json()["tenths"]]
    frame = found.tenths if by == "tenth" else found.board
    return [_major(row, get_currency_precision(lake.currency)) for row in frame.to_dict("records")]


def _major(row: Mapping[Any, Any], digits: int) -> Row:
    """Money in major units."""
    return {
        name.removesuffix("_minor"): round(value / 10**digits, digits) if name.endswith("_minor") else _short(value)
        for name, value in row.items()
    }


def _total(found: Scores) -> Row:
    model = found.model
    return {
        "target": model.target, "days": model.days, "cutoff_on": found.cutoff_on.isoformat(), "members": found.members, "mean": _short(found.mean),
        "expected": _short(found.expected), "model": model.model_id, "tested_on": model.window.test.isoformat(),
        "training_members": model.training_members, **_quality(model.quality),
        **{f"rival_{name}": value for name, value in _quality(model.rival).items() if name not in ("tested", "rate")},
    }  # fmt: skip


def _quality(one: Quality) -> Row:
    return {
        "tested": one.members, "rate": _short(one.rate), "auc": _short(one.auc), "auc_low": _short(one.auc_low), "auc_high": _short(one.auc_high),
        "ks": _short(one.ks), "log_loss": _short(one.log_loss), "brier": _short(one.brier), "ece": _short(one.ece),
    }  # fmt: skip


def _weights(model: Model) -> list[Row]:
    """The heaviest first: what a standard deviation more adds to the log-odds."""
    named = zip(model.logistic.names, model.logistic.weight.tolist(), strict=True)
    return [
        {"feature": name, "weight": _short(weight)}
        for name, weight in sorted(named, key=lambda one: (-abs(one[1]), one[0]))
    ]


def _short(value: Any) -> Any:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    return round(float(value), 6) if isinstance(value, float | np.floating) else value
