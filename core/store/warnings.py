"""Warnings, verdicts and evaluations as rows. What they mean is decided in ``core.work.watching`` and ``core.work.warnings``."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, text, update

from core.errors import Unknown, WarningChanged
from core.store import choices, topics
from core.store.risk_rules import TOPIC
from core.store.risk_tables import EPISODE, RiskEvaluation, RiskVerdict, RiskWarning
from core.store.session import Session, changed_rows, put, upsert

LOCK = "risk.evaluation"
"""Choice of a world's store that is locked by whoever writes what an evaluation found."""


# -- warnings ----------------------------------------------------------------------------------------------------------


def one(session: Session, warning_id: int) -> RiskWarning:
    """Raises ``Unknown``."""
    found = session.get(RiskWarning, warning_id, populate_existing=True)
    if found is None:
        raise Unknown("warning", str(warning_id))
    return found


def listed(
    session: Session,
    *,
    states: Collection[str] = (),
    rules: Collection[str] | None = None,
    units: Collection[str] | None = None,
    since: date | None = None,
    most: int | None = None,
) -> list[RiskWarning]:
    """Those in some of the states (none: all), the newest first. ``units``: only those of one of these units. ``since``: that were still on then."""
    query = select(RiskWarning)
    if states:
        query = query.where(RiskWarning.state.in_(list(states)))
    if rules is not None:
        query = query.where(RiskWarning.rule_key.in_(list(rules)))
    if units is not None:
        query = query.where(RiskWarning.unit_id.in_(sorted(units)))
    if since is not None:
        query = query.where(or_(RiskWarning.last_on >= since, RiskWarning.state == "open"))
    return list(session.scalars(query.order_by(RiskWarning.started_on.desc(), RiskWarning.id.desc()).limit(most)))


def merged_into(session: Session, warning_id: int) -> list[RiskWarning]:
    """The parts of a warning, the oldest first."""
    query = select(RiskWarning).where(RiskWarning.merged_into_id == warning_id).order_by(RiskWarning.id)
    return list(session.scalars(query))


def raise_new(session: Session, values: Mapping[str, Any]) -> RiskWarning | None:
    """Keep a new warning; None where it is known already: then nobody is told of it."""
    statement = upsert(session, RiskWarning).values(**values)
    statement = statement.on_conflict_do_nothing(index_elements=list(EPISODE), index_where=text("NOT is_test"))
    row: RiskWarning | None = session.scalars(statement.returning(RiskWarning)).one_or_none()
    return row


def change(session: Session, warning_id: int, values: Mapping[str, Any], *, revision: int) -> RiskWarning:
    """Raises ``Unknown``, ``WarningChanged``."""
    here = (RiskWarning.id == warning_id, RiskWarning.revision == revision)
    if not changed_rows(session, update(RiskWarning).where(*here).values(**values, revision=revision + 1)):
        raise WarningChanged("Somebody else changed this warning.", revision=one(session, warning_id).revision)
    touched(session)
    return one(session, warning_id)


def repoint(session: Session, merged_id: int, into_id: int) -> None:
    """What was a part of one warning is a part of another from now on."""
    parts = update(RiskWarning).where(RiskWarning.merged_into_id == merged_id)
    changed_rows(session, parts.values(merged_into_id=into_id, revision=RiskWarning.revision + 1))


def touched(session: Session) -> None:
    """Whatever shows warnings must be read anew."""
    topics.bump(session, TOPIC)


# -- verdicts ----------------------------------------------------------------------------------------------------------


def say(session: Session, warning_id: int, verdict: str, note: str, *, by: str, at: datetime) -> None:
    """A person's word on a warning, in place of their word before."""
    put(session, RiskVerdict, {"warning_id": warning_id, "by": by, "verdict": verdict, "note": note, "at": at})
    touched(session)


def verdicts(session: Session, warning_ids: Iterable[int]) -> dict[int, list[RiskVerdict]]:
    """By warning, each one's newest first."""
    wanted = select(RiskVerdict).where(RiskVerdict.warning_id.in_(list(warning_ids)))
    found: defaultdict[int, list[RiskVerdict]] = defaultdict(list)
    for row in session.scalars(wanted.order_by(RiskVerdict.at.desc(), RiskVerdict.by)):
        found[row.warning_id].append(row)
    return dict(found)


def hand_over(session: Session, from_id: int, to_id: int) -> None:
    """What people said of one warning they said of another: of who said something of both their newest word stands."""
    said = verdicts(session, (from_id, to_id))
    known = {row.by: row.at for row in said.get(to_id, ())}
    for row in said.get(from_id, ()):
        if row.by not in known or row.at > known[row.by]:
            say(session, to_id, row.verdict, row.note, by=row.by, at=row.at)


# -- evaluations -------------------------------------------------------------------------------------------------------


def lock(session: Session, *, by: str, now: datetime) -> None:
    """Until this transaction ends nobody else writes what an evaluation found."""
    choices.held(session, LOCK, by=by, now=now)


def keep_evaluation(session: Session, values: Mapping[str, Any]) -> int:
    row = RiskEvaluation(**values)
    session.add(row)
    session.flush()
    return row.id


def last_evaluation(session: Session) -> RiskEvaluation | None:
    return session.scalars(select(RiskEvaluation).order_by(RiskEvaluation.id.desc()).limit(1)).one_or_none()


def evaluations(session: Session, most: int = 50) -> list[RiskEvaluation]:
    """The newest first."""
    return list(session.scalars(select(RiskEvaluation).order_by(RiskEvaluation.id.desc()).limit(most)))


def forget_evaluations(session: Session, before: datetime) -> int:
    """Drop those of before a moment, but for the newest. Returns how many."""
    newest = select(func.max(RiskEvaluation.id)).scalar_subquery()
    return changed_rows(session, delete(RiskEvaluation).where(RiskEvaluation.at < before, RiskEvaluation.id < newest))
