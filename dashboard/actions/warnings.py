"""What people do with warnings: judge, silence, assign, join, close, reopen, and make incidents of them."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from core.work import incidents, warnings
from core.work.incident_turns import LONGEST_TITLE
from core.work.warnings import LONGEST, LONGEST_OWNER
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import wiring

JUDGE, INCIDENT = "risk.judge", "incident.write"
VERDICTS = ("true", "false", "unclear")
__all__ = [
    "INCIDENT", "JUDGE", "LONGEST", "LONGEST_OWNER", "LONGEST_TITLE", "VERDICTS", "assign", "attach", "close", "judge", "merge", "open_incident", "reopen", "snooze", "unsnooze",
]  # fmt: skip


def judge(warning_id: int, verdict: str, note: str) -> None:
    """Raises ``Forbidden``, ``Unknown``, ``InvalidWarning``."""
    acting = guard.require(JUDGE)
    warnings.judge(worlds.home(), wiring.accounts_store(), acting, warning_id, verdict, wiring.now(), note=note)


def snooze(warning_id: int, until_on: date, reason: str, revision: int) -> None:
    """It says nothing before the day has begun on the clock of the business zone. Raises as ``judge``, and ``WarningChanged``."""
    acting = guard.require(JUDGE)
    until = datetime.combine(until_on, time(), ZoneInfo(wiring.house().settings.zone))
    warnings.snooze(
        worlds.home(), wiring.accounts_store(), acting, warning_id, until, revision=revision, now=wiring.now(), reason=reason
    )  # fmt: skip


def unsnooze(warning_id: int, revision: int) -> None:
    """Raises as ``snooze``."""
    acting = guard.require(JUDGE)
    warnings.unsnooze(worlds.home(), wiring.accounts_store(), acting, warning_id, revision=revision, now=wiring.now())


def assign(warning_id: int, owner: str, revision: int) -> None:
    """Raises as ``snooze``."""
    acting = guard.require(JUDGE)
    warnings.assign(worlds.home(), wiring.accounts_store(), acting, warning_id, owner, revision=revision, now=wiring.now())  # fmt: skip


def merge(warning_id: int, into_id: int, revision: int) -> None:
    """Raises as ``snooze``."""
    acting = guard.require(JUDGE)
    warnings.merge(worlds.home(), wiring.accounts_store(), acting, warning_id, into_id, revision=revision, now=wiring.now())  # fmt: skip


def close(warning_id: int, reason: str, revision: int) -> None:
    """Raises as ``snooze``."""
    acting = guard.require(JUDGE)
    warnings.close(worlds.home(), wiring.accounts_store(), acting, warning_id, reason, revision=revision, now=wiring.now())  # fmt: skip


def reopen(warning_id: int, revision: int) -> None:
    """Raises as ``snooze``."""
    acting = guard.require(JUDGE)
    warnings.reopen(worlds.home(), wiring.accounts_store(), acting, warning_id, revision=revision, now=wiring.now())


def open_incident(warning_id: int, title: str, note: str) -> int:
    """Number of the incident. Raises ``Forbidden``, ``Unknown``, ``InvalidIncident``, ``WarningTaken``."""
    acting = guard.require(INCIDENT)
    return incidents.open_from(
        worlds.home(), wiring.accounts_store(), acting, [warning_id], title, note=note, now=wiring.now()
    ).incident_id


def attach(warning_id: int, incident_id: int, revision: int) -> None:
    """``revision``: of the incident. Raises as ``open_incident``, and ``IncidentChanged``."""
    acting = guard.require(INCIDENT)
    incidents.attach(
        worlds.home(), wiring.accounts_store(), acting, incident_id, [warning_id], revision=revision, now=wiring.now()
    )
