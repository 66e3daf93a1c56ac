"""What needs somebody now: data that is late, imports that failed, quality problems, names and identities that wait for a decision."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import quantiles
from typing import Literal

import ibis
import ibis.expr.types as ir
from sqlalchemy import func, select

from core import schema
from core.periods import business_date
from core.scope import Operator
from core.settings import World
from core.store import scores, workers
from core.store.jobs import ABANDONED
from core.store.session import Session
from core.store.tables import Batch, Job, QualityFinding
from core.work import event_names, identities, uploads
from core.work.fitting import FitEnded
from core.work.home import Home
from core.work.questions import forecasts
from core.work.questions.reading import Reading
from core.work.scores import ENDED
from core.work.worker import FAILED

Urgency = Literal["error", "warning", "info"]
URGENCIES: tuple[Urgency, ...] = ("error", "warning", "info")
RECENT = timedelta(days=7)
FAULTS = (FAILED, ABANDONED, FitEnded.code, ENDED)
"""How jobs end that nobody could have asked for otherwise."""
LEAST_DAYS = 4
"""Days with data that a rhythm can be read from. Rule of thumb, as are the next three."""
RHYTHM_DAYS = 60
LATE_FACTOR = 2.0
SILENT_DAYS = 60
"""A source silent for longer has stopped delivering; that is known, and no alarm any more."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a source last brought facts, and how often it usually does.

    ``usual_days``: on nine of ten occasions within the last 60 days that it delivered, the next business day with data came
    within so many days; None with fewer than four days of data. ``age_days``: business days since the last one.
    """

    source: str
    last_on: date
    age_days: int
    usual_days: float | None

    @property
    def state(self) -> Literal["fresh", "late", "silent"]:
        """Late: older than twice the usual gap, and at least two days. Silent: no delivery for 60 days."""
        if self.age_days > SILENT_DAYS:
            return "silent"
        if self.usual_days is None:
            return "fresh"
        return "late" if self.age_days > max(LATE_FACTOR * self.usual_days, 1) else "fresh"


@dataclass(frozen=True, slots=True)
class Undecided:
    """Names of events that wait for approval, and keys of identities that too many share."""

    held: tuple[str, ...]
    shared: frozenset[bytes]


ItemKind = Literal[
    "late", "failed", "jobs", "quality", "held", "shared", "running", "worker", "forecast_drift", "score_drift", "warning_critical", "warning_high", "incident_late", "incident_open",
    "incident_tasks", "risk_review", "drill_late", "sending_stopped", "connector_halted", "campaign_paused", "campaign_unknown", "campaign_review", "campaign_returned",
    "campaign_approved", "campaign_sending",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do. ``kind`` names its text, ``page`` (and its ``part``) where it is done. ``count``: rows, imports, names … by its kind."""

    kind: ItemKind
    urgency: Urgency
    page: str
    count: int = 0
    part: str = ""
    source: str = ""
    file: str = ""
    on: date | None = None
    usual_days: float | None = None
    check: str = ""


def rhythms(question: Reading, today: date) -> list[Rhythm]:
    """One per source that brought facts, the longest silent first. Not cut to a scope: it says nothing of people."""
    days = _days(question)
    if days is None:
        return []
    rows = question.snapshot.arrow(days.order_by("source", "local_date")).to_pylist()
    by_source: dict[str, list[date]] = {}
    for row in rows:
        by_source.setdefault(row["source"], []).append(row["local_date"])
    found = [Rhythm(source, ons[-1], (today - ons[-1]).days, usual_gap(ons)) for source, ons in by_source.items()]
    return sorted(found, key=lambda one: (-one.age_days, one.source))


def usual_gap(days: Sequence[date]) -> float | None:
    """The ninth decile of the gaps between days with data, of the last 60 days that there is data for; None when there are too few."""
    recent = [on for on in days if (days[-1] - on).days <= RHYTHM_DAYS]
    if len(recent) < LEAST_DAYS:
        return None
    gaps = [(b - a).days for a, b in pairwise(recent)]
    return float(quantiles(gaps, n=10, method="inclusive")[-1])


def undecided(question: Reading) -> Undecided:
    """What a version of the lake leaves for somebody to decide."""
    if not question.snapshot.files("identities_left_out"):
        return Undecided(question.held, frozenset())
    out = question.snapshot.left_out()
    keys = question.snapshot.arrow(out.filter(out.reason == "shared").select("identity_key"))["identity_key"]
    return Undecided(question.held, frozenset(keys.to_pylist()))


def items(home: Home, found: Iterable[Rhythm], left: Undecided, *, now: datetime) -> list[Item]:
    """Everything that needs somebody in a world, the most urgent first. The caller leaves out what a role may not see."""
    with home.store.reading() as session:
        doing = [
            *_failed(session, now), *_broken_jobs(session, home.world, now), *_quality(session), *_running(session),
            *_shared(session, left),
        ]  # fmt: skip
    doing += [_late(one) for one in found if one.state == "late"]
    with home.store.reading() as session:
        held = set(left.held) - event_names.hidden(session)
    if held:
        doing.append(Item("held", "warning", "sources", len(held)))
    return ranked(doing)


def drifts(home: Home, operator: Operator) -> list[Item]:
    """What was foretold and no longer holds, as far as the operator sees it: published forecasts that err more than they were tested to, live models whose newest look
    says that they are to be learnt anew."""
    found = []
    if operator.can("forecast.see") and (count := len(forecasts.drifting(home, operator))):
        found.append(Item("forecast_drift", "warning", "forecast", count, part="diary"))
    if operator.can("scores.see"):
        with home.store.reading() as session:
            aged = scores.aged(session)
        found += [Item("score_drift", "warning", "scores", aged, part="models")] if aged else []
    return found


def worker_item(session: Session, *, now: datetime) -> Item | None:
    """Nobody does the work in the background. Without anything waiting for it, that is a warning; else an error."""
    if workers.alive(session, now=now):
        return None
    waiting = session.scalar(select(func.count()).select_from(Job).where(Job.state.in_(["queued", "running"]))) or 0
    return Item("worker", "error" if waiting else "warning", "sources", int(waiting))


def ranked(found: Iterable[Item]) -> list[Item]:
    """By urgency; within it what was listed first stays first."""
    return sorted(found, key=lambda item: URGENCIES.index(item.urgency))


def today_of(home: Home, now: datetime) -> date:
    return business_date(now, home.settings.zone)


def _days(question: Reading) -> ir.Table | None:
    facts = [name for name, table in schema.TABLES.items() if table.is_fact and question.snapshot.files(name)]
    if not facts:
        return None
    tables = [question.snapshot.table(name).select("source", "local_date").distinct() for name in facts]
    return (tables[0] if len(tables) == 1 else ibis.union(*tables)).distinct()


def _late(one: Rhythm) -> Item:
    return Item(
        "late", "warning", "sources", one.age_days, source=one.source, on=one.last_on, usual_days=one.usual_days
    )


def _failed(session: Session, now: datetime) -> list[Item]:
    """Files whose newest import of the last seven days failed: one that came through afterwards settles it."""
    rows = session.scalars(select(Batch).where(Batch.finished_at >= now - RECENT).order_by(Batch.id))
    newest = {(batch.source, batch.file_name): batch for batch in rows}
    failed = [batch for batch in newest.values() if batch.state == "failed"]
    return [Item("failed", "error", "sources", len(failed), file=failed[-1].file_name)] if failed else []


def _broken_jobs(session: Session, world: World, now: datetime) -> list[Item]:
    """Work of a world that ended by a fault and has no batch to tell of it. What was refused is told where it was asked for."""
    query = select(Job).where(
        Job.state == "failed", Job.kind != uploads.KIND, Job.error_code.in_(FAULTS), Job.finished_at >= now - RECENT
    )
    broken = [job for job in session.scalars(query) if job.arguments.get("world", world) == world]
    return [Item("jobs", "error", "sources", len(broken))] if broken else []


def _quality(session: Session) -> list[Item]:
    """Problems of the newest import of every source and table: an import without them settles the ones before."""
    newest = (
        select(func.max(Batch.id)).where(Batch.state == "committed", Batch.accepted_count + Batch.rejected_count > 0)
        .group_by(Batch.source, Batch.table_name)
    )  # fmt: skip
    query = (
        select(QualityFinding, Batch.source)
        .join(Batch, Batch.id == QualityFinding.batch_id)
        .where(
            QualityFinding.batch_id.in_(newest),
            QualityFinding.severity != "info",
            QualityFinding.check != "unknown_name",
        )
        .order_by(QualityFinding.count.desc(), QualityFinding.id)
    )
    return [
        Item("quality", finding.severity, "sources", finding.count, source=source, check=finding.check)  # type: ignore[arg-type]
        for finding, source in session.execute(query)
    ]


def _running(session: Session) -> list[Item]:
    """Imports: what else the worker does changes no figure that anybody brings in."""
    waiting = select(func.count()).select_from(Job)
    count = session.scalar(waiting.where(Job.kind == uploads.KIND, Job.state.in_(["queued", "running"]))) or 0
    return [Item("running", "info", "sources", int(count))] if count else []


def _shared(session: Session, left: Undecided) -> list[Item]:
    """Identities that connect nobody because too many share them, and about which nobody has decided yet."""
    blocked = {row.left_key for row in identities.standing(session) if row.kind == "block"}
    count = len(left.shared - blocked)
    return [Item("shared", "info", "identity", count)] if count else []
