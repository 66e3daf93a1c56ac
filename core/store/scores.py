"""Models of scores and what checks of them found, as rows. What they mean is decided in ``core.work.scores``."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from core.errors import Unknown
from core.store import topics
from core.store.session import Session, changed_rows
from core.store.tables import ScoreCheck, ScoreModel

TOPIC = "scores"
"""Changes whenever other scores are told of anybody: with the live models alone."""


def add(session: Session, values: Mapping[str, Any]) -> int:
    """Keep a model as a candidate. Returns its number."""
    row = ScoreModel(state="candidate", **values)
    session.add(row)
    session.flush()
    return row.id


def one(session: Session, model_id: int) -> ScoreModel:
    """Raises ``Unknown``."""
    found = session.get(ScoreModel, model_id, populate_existing=True)
    if found is None:
        raise Unknown("model", str(model_id))
    return found


def listed(session: Session, target: str, days: int, most: int = 30) -> list[ScoreModel]:
    """The newest first."""
    wanted = select(ScoreModel).where(ScoreModel.target == target, ScoreModel.days == days)
    return list(session.scalars(wanted.order_by(ScoreModel.id.desc()).limit(most)))


def count(session: Session, target: str, days: int) -> int:
    """How many models of the target there are."""
    mine = (ScoreModel.target == target, ScoreModel.days == days)
    return session.scalars(select(func.count()).select_from(ScoreModel).where(*mine)).one()


def in_state(session: Session, target: str, days: int, state: str) -> ScoreModel | None:
    """The newest of this state; of ``live`` the only one."""
    wanted = select(ScoreModel).where(ScoreModel.target == target, ScoreModel.days == days, ScoreModel.state == state)
    return session.scalars(wanted.order_by(ScoreModel.id.desc()).limit(1)).one_or_none()


def all_live(session: Session) -> list[ScoreModel]:
    return list(session.scalars(select(ScoreModel).where(ScoreModel.state == "live").order_by(ScoreModel.id)))


def move(session: Session, model_id: int, was: str, **values: Any) -> bool:
    """Change a model that is in the state ``was``. False: it is in another, and nothing was changed."""
    statement = update(ScoreModel).where(ScoreModel.id == model_id, ScoreModel.state == was).values(**values)
    return changed_rows(session, statement) == 1


def calibrate(session: Session, model_id: int, parameters: dict[str, Any], *, was: int) -> bool:
    """Give the live model other parameters. ``was``: the revision that they were made from. False: it is no longer at it."""
    mine = (ScoreModel.id == model_id, ScoreModel.state == "live", ScoreModel.revision == was)
    if not changed_rows(session, update(ScoreModel).where(*mine).values(parameters=parameters, revision=was + 1)):
        return False
    topics.bump(session, TOPIC)
    return True


def check(
    session: Session,
    model_id: int,
    kind: str,
    verdict: str,
    details: dict[str, Any],
    *,
    version: int,
    by: str,
    now: datetime,
) -> None:
    """Keep what a check found."""
    session.add(
        ScoreCheck(model_id=model_id, kind=kind, verdict=verdict, details=details, lake_version=version, by=by, at=now)
    )


def checks(
    session: Session, target: str, days: int, *, kind: str | None = None, most: int | None = None
) -> list[ScoreCheck]:
    """Of all models of the target, of one kind or of all, the newest first."""
    wanted = select(ScoreCheck).join(ScoreModel).where(ScoreModel.target == target, ScoreModel.days == days)
    wanted = wanted if kind is None else wanted.where(ScoreCheck.kind == kind)
    return list(session.scalars(wanted.order_by(ScoreCheck.id.desc()).limit(most)))


def check_count(session: Session, target: str, days: int) -> int:
    mine = (ScoreModel.target == target, ScoreModel.days == days)
    return session.scalars(select(func.count()).select_from(ScoreCheck).join(ScoreModel).where(*mine)).one()


def aged(session: Session) -> int:
    """Live models of which the newest look at features, or at drift, said that they are to be learnt anew."""
    newest = select(func.max(ScoreCheck.id)).where(ScoreCheck.kind.in_(["cleaning", "drift"]))
    wanted = (
        select(func.count(ScoreModel.id.distinct()))
        .join(ScoreCheck, ScoreCheck.model_id == ScoreModel.id)
        .where(ScoreModel.state == "live", ScoreCheck.verdict == "retrain")
        .where(ScoreCheck.id.in_(newest.group_by(ScoreCheck.model_id, ScoreCheck.kind)))
    )
    return session.scalars(wanted).one()


def last_check(session: Session, model_id: int, kind: str) -> ScoreCheck | None:
    wanted = select(ScoreCheck).where(ScoreCheck.model_id == model_id, ScoreCheck.kind == kind)
    return session.scalars(wanted.order_by(ScoreCheck.id.desc()).limit(1)).one_or_none()
