"""Fits, scenarios and published forecasts as rows. What they mean is decided in ``core.work.forecasts``."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from core.errors import Refusal, Unknown
from core.store import topics
from core.store.session import Session, changed_rows, insert_new
from core.store.tables import Forecast, ForecastDay, ForecastFit, ForecastScenario

TOPIC = "forecasts"
SLOTS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""Letters of the scenarios of one series."""


class InvalidScenario(Refusal):
    """A scenario cannot be kept like this: ``reason`` is ``name``, ``taken`` or ``many``; ``most``: letters of a name, or scenarios."""

    code = "forecast.scenario"


class ScenarioChanged(Refusal):
    """Somebody else changed the scenario since the asker read it. ``revision``: the one it is at now."""

    code = "forecast.changed"


# -- fits --------------------------------------------------------------------------------------------------------------


def fit(session: Session, key: str) -> ForecastFit | None:
    return session.get(ForecastFit, key, populate_existing=True)


def told(session: Session, keys: Collection[str]) -> set[str]:
    """Those of the fits that have an outcome."""
    return set(
        session.scalars(select(ForecastFit.key).where(ForecastFit.key.in_(keys), ForecastFit.outcome.is_not(None)))
    )


def add(session: Session, values: Mapping[str, Any]) -> bool:
    """Keep what a fit is told. False: it was asked for before."""
    return insert_new(session, ForecastFit, values, unique=("key",)) is not None


def queued(session: Session, key: str, job_id: int, *, was: int | None = None) -> bool:
    """The fit is the work of this job from now on. ``was``: the job that it must still be of. False: it is told already, or another's."""
    mine = [ForecastFit.key == key, ForecastFit.outcome.is_(None)]
    if was is not None:
        mine.append(ForecastFit.job_id == was)
    values = {"job_id": job_id, "error_code": None, "error_details": None}
    return changed_rows(session, update(ForecastFit).where(*mine).values(**values)) == 1


def tell(session: Session, key: str, outcome: dict[str, Any], *, fit_seconds: float, now: datetime) -> bool:
    """Keep what the fit tells. False: somebody else told it before."""
    values = {"outcome": outcome, "fit_seconds": fit_seconds, "made_at": now, "error_code": None, "error_details": None}
    open_one = update(ForecastFit).where(ForecastFit.key == key, ForecastFit.outcome.is_(None)).values(**values)
    if not changed_rows(session, open_one):
        return False
    topics.bump(session, TOPIC)
    return True


def fail(session: Session, key: str, code: str, details: dict[str, Any], *, job_id: int, now: datetime) -> None:
    """Keep why there is no outcome, where it is still the work of this job."""
    mine = (ForecastFit.key == key, ForecastFit.outcome.is_(None), ForecastFit.job_id == job_id)
    values = {"error_code": code, "error_details": details, "made_at": now}
    changed_rows(session, update(ForecastFit).where(*mine).values(**values))


def newest(session: Session, series: str, scope: str, *, spans: Sequence[str], spec: str) -> ForecastFit | None:
    """The one of the newest day that has an outcome, of one spec, whatever it was told of the data."""
    query = select(ForecastFit).where(
        ForecastFit.series == series, ForecastFit.scope == scope, ForecastFit.span.in_(spans),
        ForecastFit.spec_sha256 == spec, ForecastFit.outcome.is_not(None),
    )  # fmt: skip
    return session.scalars(query.order_by(ForecastFit.last_on.desc(), ForecastFit.made_at.desc()).limit(1)).first()


def add_up(session: Session, paths: Mapping[str, dict[str, Any]]) -> None:
    """Paths by key of the fit, as they are where parts add up to their total."""
    for key, path in paths.items():
        changed_rows(session, update(ForecastFit).where(ForecastFit.key == key).values(adding_up=path))
    topics.bump(session, TOPIC)


def forget(session: Session, before: datetime) -> int:
    """Drop fits that were asked for before a moment. What was published stands by itself."""
    gone = session.execute(delete(ForecastFit).where(ForecastFit.asked_at < before))
    return int(gone.rowcount)  # type: ignore[attr-defined]


# -- scenarios ---------------------------------------------------------------------------------------------------------


def scenarios(session: Session, series: str, scope: str) -> list[ForecastScenario]:
    """Those in use, by letter."""
    query = select(ForecastScenario).where(
        ForecastScenario.series == series, ForecastScenario.scope == scope, ForecastScenario.is_archived.is_(False)
    )
    return list(session.scalars(query.order_by(ForecastScenario.slot)))


def scenario(session: Session, scenario_id: int, scope: str) -> ForecastScenario:
    """Raises ``Unknown``, for one of another scope too."""
    found = session.get(ForecastScenario, scenario_id, populate_existing=True)
    if found is None or found.scope != scope:
        raise Unknown("scenario", str(scenario_id))
    return found


def save(
    session: Session, series: str, scope: str, name: str, spec: dict[str, Any], *, by: str, now: datetime
) -> ForecastScenario:
    """Keep a new scenario under the first letter that is free. Raises ``InvalidScenario``."""
    known = scenarios(session, series, scope)
    _refuse_taken(known, name)
    free = [letter for letter in SLOTS if letter not in {one.slot for one in known}]
    if not free:
        raise InvalidScenario(f"A series has at most {len(SLOTS)} scenarios.", reason="many", most=len(SLOTS))
    row = ForecastScenario(
        series=series, scope=scope, slot=free[0], name=name, spec=spec, owner=by, created_at=now
    )  # fmt: skip
    session.add(row)
    session.flush()
    topics.bump(session, TOPIC)
    return row


def change(
    session: Session, scenario_id: int, scope: str, values: Mapping[str, Any], *, revision: int, by: str, now: datetime
) -> ForecastScenario:
    """Raises ``Unknown``, ``InvalidScenario``, ``ScenarioChanged``."""
    row = scenario(session, scenario_id, scope)
    if "name" in values:
        _refuse_taken([one for one in scenarios(session, row.series, scope) if one.id != row.id], str(values["name"]))
    here = (ForecastScenario.id == scenario_id, ForecastScenario.revision == revision)
    told = {**values, "revision": revision + 1, "changed_by": by, "changed_at": now}
    in_use = ForecastScenario.is_archived.is_(False)
    if not changed_rows(session, update(ForecastScenario).where(*here, in_use).values(**told)):
        raise ScenarioChanged(f"Somebody changed {row.name!r} meanwhile.", revision=row.revision, name=row.name)
    topics.bump(session, TOPIC)
    return scenario(session, scenario_id, scope)


def _refuse_taken(known: Sequence[ForecastScenario], name: str) -> None:
    if any(one.name == name for one in known):
        raise InvalidScenario(f"This series has a scenario named {name!r} already.", reason="taken", most=0, name=name)


# -- what was published ------------------------------------------------------------------------------------------------


def publish(session: Session, values: Mapping[str, Any], days: Sequence[Mapping[str, Any]]) -> Forecast:
    """Keep a forecast and its days. It supersedes the newest one of its series and scope."""
    before = published(session, str(values["series"]), str(values["scope"]), most=1)
    row = Forecast(**values, supersedes_id=before[0].id if before else None)
    session.add(row)
    session.flush()
    session.execute(insert(ForecastDay), [{**day, "forecast_id": row.id} for day in days])
    topics.bump(session, TOPIC)
    return row


def published(session: Session, series: str, scope: str, *, most: int | None = None) -> list[Forecast]:
    """Newest first."""
    query = select(Forecast).where(Forecast.series == series, Forecast.scope == scope)
    return list(session.scalars(query.order_by(Forecast.id.desc()).limit(most)))


def lines(session: Session) -> list[tuple[str, str]]:
    """Series and scopes that anything was published of."""
    query = select(Forecast.series, Forecast.scope).distinct().order_by(Forecast.series, Forecast.scope)
    return [(row.series, row.scope) for row in session.execute(query)]


def days(session: Session, forecast_ids: Sequence[int]) -> list[ForecastDay]:
    """Of some forecasts, by forecast and day."""
    query = select(ForecastDay).where(ForecastDay.forecast_id.in_(forecast_ids))
    return list(session.scalars(query.order_by(ForecastDay.forecast_id, ForecastDay.day_on)))


def come(session: Session, series: str, scope: str, values: Mapping[date, float], *, now: datetime) -> int:
    """Write what came beside what was forecast, where it is not written yet or has changed since. ``values``: of all days that are known; what came on another is
    not known again. Returns how many days."""
    query = (
        select(ForecastDay)
        .join(Forecast, Forecast.id == ForecastDay.forecast_id)
        .where(Forecast.series == series, Forecast.scope == scope)
        .where(or_(ForecastDay.day_on.in_(list(values)), ForecastDay.actual.is_not(None)))
    )
    changed = [row for row in session.scalars(query) if row.actual != values.get(row.day_on)]
    for row in changed:
        row.actual, row.scored_at = values.get(row.day_on), now if row.day_on in values else None
    if changed:
        topics.bump(session, TOPIC)
    return len(changed)
