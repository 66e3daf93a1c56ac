"""Who is to know of a warning is told in the transaction that raises or ends it."""

from datetime import datetime

from core.risk import matrix
from core.risk.matrix import Level
from core.store.risk_tables import RiskWarning
from core.store.session import Session
from core.work import notices
from core.work.notices import Kind, Notice, Param, Urgency

URGENT: dict[Level, Urgency] = {"low": "low", "medium": "normal", "high": "high", "critical": "high"}


def raised(session: Session, row: RiskWarning, rule: str, now: datetime) -> bool:
    """``rule``: as the house calls it, or its key. Told anew when a time of silence ended, once for each."""
    again = "" if row.snoozed_until is None else f":{row.snoozed_until.isoformat()}"
    return _say(session, "warning.raised", f"warning:{row.id}:raised{again}", row, rule, now)


def ended(session: Session, row: RiskWarning, rule: str, now: datetime) -> bool:
    return _say(session, "warning.ended", f"warning:{row.id}:ended:{row.last_on.isoformat()}", row, rule, now)


def tested(session: Session, row: RiskWarning, rule: str, now: datetime) -> bool:
    return _say(session, "warning.test", f"warning:{row.id}:test", row, rule, now)


def failed(session: Session, code: str, now: datetime, on: str) -> bool:
    """Nothing could be looked at; said once a day."""
    params: dict[str, Param] = {"count": 1, "indicator": "", "code": code}
    return notices.say(session, Notice("evaluation.failed", f"evaluation:{on}:{code}"[: notices.LONGEST_KEY], "high", params), now)  # fmt: skip


def _say(session: Session, kind: Kind, key: str, row: RiskWarning, rule: str, now: datetime) -> bool:
    level = matrix.level(row.likelihood, row.impact)
    params: dict[str, Param] = {
        "warning": row.id, "rule": rule, "rule_key": row.rule_key, "warning_kind": row.kind, "indicator": row.indicator, "place": row.place_name or row.place_key,
        "level": level, "value": row.value, "expected": row.expected, "limit": row.limit, "unit": row.unit, "day": row.peak_on,
        "days": (row.last_on - row.started_on).days + 1,
    }  # fmt: skip
    units = None if row.unit_id is None else [row.unit_id]
    return notices.say(session, Notice(kind, key, URGENT[level], params, units), now)
