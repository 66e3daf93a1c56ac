"""What people do with warnings: say whether they were right, silence them for a time, join them, close and reopen them, and say whose they are."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from core.errors import InvalidWarning, Unknown
from core.scope import Operator
from core.store import audit, incidents, warnings
from core.store.risk_tables import VERDICTS, RiskWarning
from core.store.session import Session, Store
from core.work.home import Home
from core.work.segments import covers

LONGEST = 500
LONGEST_OWNER = 60
MOST_DAYS = 90
"""For so long a warning can be silenced at most."""
Values = Mapping[str, Any]
CLOSED = ("closed_how", "closed_by", "closed_at")


def judge(
    home: Home, log: Store, operator: Operator, warning_id: int, verdict: str, now: datetime, *, note: str = ""
) -> None:
    """Say of a warning that there was something (``true``), that there was not, or that it cannot be told (``unclear``); in place of what the operator said before.
    ``log``: the store that keeps the audit log. Raises ``Forbidden``, ``Unknown``, ``InvalidWarning``."""
    if verdict not in VERDICTS:
        raise InvalidWarning(f"A verdict is one of {VERDICTS}.", reason="verdict")
    said = _text(note, least=0)
    mine = _required(home, operator)
    with audit.told(home.store, log) as (session, logged):
        row = _seen(session, mine, warning_id)
        if row.is_test:
            raise InvalidWarning("A test is not judged.", reason="state")
        _refuse_merged(row)
        warnings.say(session, warning_id, verdict, said, by=operator.name, at=now)
        _audit(home, logged, operator, "risk.judged", warning_id, {"verdict": verdict, "note": said}, now)


def snooze(
    home: Home,
    log: Store,
    operator: Operator,
    warning_id: int,
    until: datetime,
    *,
    revision: int,
    now: datetime,
    reason: str = "",
) -> RiskWarning:
    """It says nothing before ``until``; then, when it is still on, it is told again. Raises as ``judge``, and ``WarningChanged``."""
    if not now < until <= now + timedelta(days=MOST_DAYS):
        raise InvalidWarning("A warning is silenced until a time to come.", reason="until", most=MOST_DAYS)
    said = _text(reason, least=0)

    def values(row: RiskWarning) -> Values:
        _refuse_unless(row, "open")
        return {"snoozed_until": until, "reason": said}

    details = {"until": until.isoformat(), "reason": said}
    return _moved(home, log, operator, "risk.snoozed", warning_id, values, details, revision=revision, now=now)


def unsnooze(
    home: Home, log: Store, operator: Operator, warning_id: int, *, revision: int, now: datetime
) -> RiskWarning:
    """It speaks again. Raises as ``snooze``."""

    def values(row: RiskWarning) -> Values:
        _refuse_unless(row, "open")
        return {"snoozed_until": None}

    return _moved(home, log, operator, "risk.unsnoozed", warning_id, values, {}, revision=revision, now=now)


def close(
    home: Home, log: Store, operator: Operator, warning_id: int, reason: str, *, revision: int, now: datetime
) -> RiskWarning:
    """It is over because somebody says so, and stays closed while what it is about goes on. Raises as ``snooze``."""
    said = _text(reason, least=1)

    def values(row: RiskWarning) -> Values:
        _refuse_unless(row, "open")
        closed = {"closed_how": "by_hand", "closed_by": operator.name, "closed_at": now, "reason": said}
        return {"state": "closed", "snoozed_until": None, **closed}

    return _moved(home, log, operator, "risk.closed", warning_id, values, {"reason": said}, revision=revision, now=now)


def reopen(home: Home, log: Store, operator: Operator, warning_id: int, *, revision: int, now: datetime) -> RiskWarning:
    """It is open again; what was part of another one stands by itself. The next look at the data closes it again when that says so. Raises as ``snooze``."""

    def values(row: RiskWarning) -> Values:
        _refuse_unless(row, "closed", "merged")
        return {"state": "open", "merged_into_id": None, "ended_on": None, **dict.fromkeys(CLOSED)}

    return _moved(home, log, operator, "risk.reopened", warning_id, values, {}, revision=revision, now=now)


def assign(
    home: Home, log: Store, operator: Operator, warning_id: int, owner: str, *, revision: int, now: datetime
) -> RiskWarning:
    """Whose it is; nobody's where ``owner`` is empty. Raises as ``snooze``."""
    named = " ".join(owner.split())
    if len(named) > LONGEST_OWNER or not named.isprintable():
        raise InvalidWarning(f"A name has at most {LONGEST_OWNER} letters.", reason="long", most=LONGEST_OWNER)

    def values(row: RiskWarning) -> Values:
        _refuse_unless(row, "open", "closed")
        return {"owner": named}

    return _moved(
        home, log, operator, "risk.assigned", warning_id, values, {"owner": named}, revision=revision, now=now
    )


def merge(
    home: Home, log: Store, operator: Operator, warning_id: int, into_id: int, *, revision: int, now: datetime
) -> RiskWarning:
    """A warning is part of another from now on, and what is part of it as well. What people said of it, and its incident where the other has none, are the other's.
    Returns the other. Raises as ``snooze``."""
    mine = _required(home, operator)
    with audit.told(home.store, log) as (session, logged):
        row, into = _seen(session, mine, warning_id), _seen(session, mine, into_id)
        if row.id == into.id or into.merged_into_id == row.id:
            raise InvalidWarning("A warning is no part of itself.", reason="self")
        _refuse_merged(into)
        _refuse_unless(row, "open", "closed")
        if row.is_test or into.is_test:
            raise InvalidWarning("A test is no part of anything.", reason="state")
        # The other one takes a turn as well, in the order of their numbers: of two who merge them into each other at once, one is refused.
        turns: dict[int, tuple[Values, int]] = {
            into.id: ({"state": into.state}, into.revision),
            row.id: ({"state": "merged", "merged_into_id": into.id, "snoozed_until": None}, revision),
        }
        for number in sorted(turns):
            warnings.change(session, number, turns[number][0], revision=turns[number][1])
        warnings.repoint(session, row.id, into.id)
        warnings.hand_over(session, row.id, into.id)
        incidents.follow(session, row.id, into.id)
        _audit(home, logged, operator, "risk.merged", warning_id, {"into": into.id}, now)
        return warnings.one(session, into.id)


def _moved(
    home: Home,
    log: Store,
    operator: Operator,
    action: str,
    warning_id: int,
    values: Callable[[RiskWarning], Values],
    details: dict[str, Any],
    *,
    revision: int,
    now: datetime,
) -> RiskWarning:
    """Change a warning that is at the revision which the asker has seen, and tell the audit log."""
    mine = _required(home, operator)
    with audit.told(home.store, log) as (session, logged):
        row = _seen(session, mine, warning_id)
        done = warnings.change(session, warning_id, values(row), revision=revision)
        _audit(home, logged, operator, action, warning_id, details, now)
    return done


Mine = Callable[[RiskWarning], bool]


def _required(home: Home, operator: Operator) -> Mine:
    """Says of a warning whether the operator may see it. Raises ``Forbidden``."""
    operator.require("risk.judge")
    inside = covers(home, operator)
    return lambda row: inside(None if row.unit_id is None else [row.unit_id])


def _seen(session: Session, mine: Mine, warning_id: int) -> RiskWarning:
    """Raises ``Unknown``, for one beyond the asker's units too."""
    row = warnings.one(session, warning_id)
    if not mine(row):
        raise Unknown("warning", str(warning_id))
    return row


def _refuse_unless(row: RiskWarning, *states: str) -> None:
    if "merged" not in states:
        _refuse_merged(row)
    if row.state not in states or row.is_test:
        raise InvalidWarning(f"The warning is {row.state}.", reason="state", state=row.state)


def _refuse_merged(row: RiskWarning) -> None:
    if row.merged_into_id is not None:
        raise InvalidWarning("The warning is part of another one.", reason="merged", into=row.merged_into_id)


def _text(text: str, *, least: int) -> str:
    written = text.strip()
    if len(written) > LONGEST or "\x00" in written:
        raise InvalidWarning(f"A text has at most {LONGEST} letters.", reason="long", most=LONGEST)
    if len(written) < least:
        raise InvalidWarning("It must be said why.", reason="text", most=LONGEST)
    return written


def _audit(
    home: Home,
    logged: Session,
    operator: Operator,
    action: str,
    warning_id: int,
    details: dict[str, Any],
    now: datetime,
) -> None:
    audit.append(logged, operator, action, f"warning:{warning_id}", details | {"world": home.world}, now=now)
