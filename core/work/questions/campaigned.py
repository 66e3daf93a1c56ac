"""What ``ask campaign`` prints of one campaign: its result in one row, or one of its tables; without a code all campaigns. Money in major units, times in UTC."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
from babel.numbers import get_currency_precision

from core.campaigns.lift import Verdict
from core.errors import Unknown
from core.scope import Filters
from core.store import campaigns as rows_of
from core.work.home import Home
from core.work.questions import campaign_employees, campaign_results, campaigns
from core.work.questions.campaign_results import Results
from core.work.questions.reading import reading

Row = dict[str, Any]
TABLES = ("funnel", "timing", "variants", "pairs", "groups", "harm", "returned", "satisfied")
PROGRESS = ("progress", "waiting")
EMPLOYEES = ("employees", "tasks", "reasons")
PARTS = ("result", *PROGRESS, *TABLES, *EMPLOYEES, "people")


def told(home: Home, filters: Filters, options: Row) -> list[Row]:
    """``campaign``: its code; ``by``: one of ``PARTS``; ``of``: of ``people``, whose (see ``campaign_results.people``). Raises ``Unknown``."""
    code, by = options.get("campaign"), str(options.get("by") or PARTS[0])
    if by not in PARTS:
        raise Unknown("breakdown", by, PARTS)
    if not code:
        return _listed(home)
    with home.store.reading() as session:
        number = campaigns.campaign_of(session, str(code)).id
    now = datetime.now(UTC)
    with reading(home, filters) as opened:
        digits = get_currency_precision(opened.currency)
        if by in PROGRESS:
            moving = campaigns.progress(home, opened, number, now)
            return _rows(moving.counts if by == "progress" else moving.waiting, digits)
        if by in EMPLOYEES:
            return _rows(getattr(campaign_employees.confirmations(home, opened, number, now), by), digits)
        found = campaign_results.results(home, opened, number)
    if by == "people":
        return [{"member_id": int(one)} for one in campaign_results.people(found, str(options.get("of") or "treated"))]
    return [_result(found, digits)] if by == "result" else _rows(getattr(found, by), digits)


def _listed(home: Home) -> list[Row]:
    """Newest first."""
    with home.store.reading() as session:
        return [
            {"campaign": row.code, "name": row.name, "state": row.state, "state_at": _plain(row.state_at)}
            for row in rows_of.listed(session)
        ]


def _result(found: Results, digits: int) -> Row:
    money, judged = found.money, found.judged
    row: Row = {
        "campaign": found.code, "name": found.name, "state": found.state, "goal": found.goal, "metric": found.metric, "lift_metric": found.lift_metric,
        "window_days": found.window_days, "as_of": found.as_of, "is_provisional": found.is_provisional, "open_until": found.open_until,
        "treated": found.treated, "holdout": found.held, "on_both_sides": found.both, "stopped_before": found.before, "erased": found.gone,
    }  # fmt: skip
    row |= dict(zip(found.funnel["step"], found.funnel["count"].tolist(), strict=True))
    row |= {name: getattr(money, name) for name in money.__slots__}
    row["clicked_by_machines"] = found.machines
    if judged is not None:
        row |= _verdict("", "", judged.people) | {"detectable_share": judged.detectable_share}
        row |= _verdict("value_", "_minor", judged.value)
        row["detectable_minor"] = judged.detectable_minor
    return {name: _plain(value) for name, value in _major(row, digits).items()}


def _verdict(prefix: str, unit: str, found: Verdict) -> Row:
    lift, interval = found.lift, found.lift.interval
    amounts = {
        "treated_mean": lift.treated, "holdout_mean": lift.holdout, "difference": lift.difference, "low": interval and interval.low, "high": interval and interval.high,
    }  # fmt: skip
    others = {"verdict": found.code, "relative": lift.relative, "p_value": lift.p_value}
    return {f"{prefix}{name}": value for name, value in others.items()} | {
        f"{prefix}{name}{unit}": value for name, value in amounts.items()
    }


def _rows(frame: pd.DataFrame, digits: int) -> list[Row]:
    return [
        {
            name: _plain(value)
            for name, value in _major({str(name): value for name, value in row.items()}, digits).items()
        }
        for row in frame.to_dict("records")
    ]


def _major(row: Row, digits: int) -> Row:
    """Amounts whose name ends with ``_minor`` in major units, under the name without it."""
    found: Row = {}
    for name, value in row.items():
        is_money = name.endswith("_minor")
        known = is_money and value is not None and not pd.isna(value)
        found[name.removesuffix("_minor")] = round(float(value) / 10**digits, digits) if known else value
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return None if pd.isna(value) else value.isoformat(timespec="seconds").replace("+00:00", "Z")
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    return round(value, 6) if isinstance(value, float) else value.item() if hasattr(value, "item") else value
