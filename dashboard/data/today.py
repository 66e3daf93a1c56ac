"""What needs somebody now, as far as store and lake know."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sqlalchemy import func, select

from core.periods import business_date
from core.store.session import Session
from core.store.tables import Batch, Job
from dashboard import worlds
from dashboard.actions import guard
from dashboard.data import freshness
from dashboard.web import wiring

LATE_AFTER_DAYS = 2
RECENT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do. ``count``: rows, imports, jobs or days, by its kind."""

    kind: Literal["late", "failed", "rejected", "running"]
    count: int
    file: str = ""
    on: date | None = None


@dataclass(frozen=True, slots=True)
class State:
    as_of_on: date | None
    has_batches: bool
    items: tuple[Item, ...]


def state() -> State:
    """Read anew at every run: it is about this very minute, and costs a few rows."""
    operator = guard.require("today.see")
    home, now = worlds.home(), wiring.now()
    as_of_on = freshness.read("today.see").as_of_on
    items: list[Item] = []
    if as_of_on is not None:
        late = (business_date(now, home.settings.zone) - as_of_on).days
        if late >= LATE_AFTER_DAYS and home.world == "live":
            items.append(Item("late", late, on=as_of_on))
    with home.store.reading() as session:
        has_batches = bool(session.scalar(select(func.count()).select_from(Batch)))
        if operator.can("sources.see"):
            recent = Batch.finished_at >= now - RECENT
            items += _failed(session, recent) + _rejected(session, recent) + _running(session)
    return State(as_of_on, has_batches, tuple(items))


def _failed(session: Session, recent: object) -> list[Item]:
    query = select(Batch.file_name).where(Batch.state == "failed", recent).order_by(Batch.id.desc())  # type: ignore[arg-type]
    files = list(session.scalars(query))
    return [Item("failed", len(files), file=files[0])] if files else []


def _rejected(session: Session, recent: object) -> list[Item]:
    query = select(func.sum(Batch.rejected_count)).where(Batch.state == "committed", recent)  # type: ignore[arg-type]
    count = session.scalar(query) or 0
    return [Item("rejected", int(count))] if count else []


def _running(session: Session) -> list[Item]:
    count = session.scalar(select(func.count()).select_from(Job).where(Job.state == "running")) or 0
    return [Item("running", count)] if count else []
