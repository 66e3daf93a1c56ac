"""What needs somebody now, as far as store and lake know."""

from dataclasses import dataclass
from datetime import date, datetime

import streamlit as st
from sqlalchemy import func, select

from core.scope import Operator
from core.settings import World
from core.store import workers
from core.store.session import Store
from core.store.tables import Batch
from core.work.home import Home
from core.work.questions import campaign_tasks, incidents, register, warnings
from core.work.questions import today as question
from core.work.questions.reading import reading
from core.work.questions.today import Item, ItemKind, Rhythm, Undecided
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import kept, wiring

__all__ = ["Item", "Rhythm", "State", "state"]

__all__ = ["NEEDS", "Item", "ItemKind", "State", "state"]

NEEDS = {
    "sources": "sources.see", "identity": "identity.see", "forecast": "forecast.see", "scores": "scores.see", "risk": "risk.see", "incidents": "risk.see", "campaigns": "campaign.see",
    "connectors": "connector.write",
}  # fmt: skip
"""Permission that the page has, on which a thing is done; without it the thing is somebody else's."""


@dataclass(frozen=True, slots=True)
class State:
    """``imports``: of the last seven days. ``sources``: None for roles that do not look after them, as is ``has_worker``."""

    world: World
    as_of: datetime | None
    as_of_on: date | None
    zone: str
    has_batches: bool
    items: tuple[Item, ...]
    sources: tuple[Rhythm, ...] | None
    imports: int
    has_worker: bool | None


def state() -> State:
    """What the store says is asked again when somebody has written to it, and every few seconds."""
    operator = guard.require("today.see")
    home, now = worlds.home(), wiring.now()
    today = question.today_of(home, now)
    manifest = home.lake.manifests.latest()
    sees_sources = operator.can("sources.see")
    version = {"world": home.world, "lake_id": manifest.lake_id, "version": manifest.version}
    as_of, as_of_on, undecided = _read(**version)
    rhythms = _rhythms(**version, today=today) if home.world == "live" else []
    moment = kept.moment(now)
    log = wiring.accounts_store()
    stopped, has_worker = kept.while_unwritten(log, ("worker", moment), lambda: _worker(log, now))
    items, has_batches, imports = kept.while_unwritten(
        home.store, ("today", *version.values(), today, moment), lambda: _stored(home, rhythms, undecided, now)
    )
    drifts = kept.while_unwritten(
        home.store,
        ("drifts", *version.values(), operator.scope.key(), operator.role),
        lambda: question.drifts(home, operator),
    )
    waiting = kept.while_unwritten(
        home.store,
        ("waiting", home.world, today, moment, operator.scope.key(), operator.role, operator.name),
        lambda: _waiting(home, operator, now),
    )
    mine = [
        item for item in [*([stopped] if stopped else []), *items, *drifts, *waiting] if operator.can(NEEDS[item.page])
    ]
    if not sees_sources:
        mine += [item for item in items if item.kind == "late"]
    return State(
        home.world, as_of, as_of_on, home.settings.zone, has_batches, tuple(question.ranked(mine)),
        tuple(rhythms) if sees_sources else None, imports, has_worker if sees_sources else None,
    )  # fmt: skip


def _worker(store: Store, now: datetime) -> tuple[Item | None, bool]:
    """Whether work that nobody does is waiting, and whether there is somebody to do it."""
    with store.reading() as session:
        return question.worker_item(session, now=now), bool(workers.alive(session, now=now))


def _waiting(home: Home, operator: Operator, now: datetime) -> list[Item]:
    """Incidents that the operator sees, tasks of them that are the operator's, what the register asks for, and what campaigns wait for."""
    of_campaigns = campaign_tasks.waiting(home, operator, now)
    if not operator.can("risk.see"):
        return of_campaigns
    found, counts = [], incidents.counts(home, operator, now=now)
    if counts.late:
        found.append(Item("incident_late", "error", "incidents", counts.late))
    if counts.open > counts.late:
        found.append(Item("incident_open", "warning", "incidents", counts.open - counts.late))
    if counts.my_tasks:
        found.append(Item("incident_tasks", "warning", "incidents", counts.my_tasks))
    found += _warned(home, operator, now)
    return found + register.waiting(home, operator, now=now) + of_campaigns


def _warned(home: Home, operator: Operator, now: datetime) -> list[Item]:
    """Open warnings of the two gravest levels that speak, tests aside."""
    open_ones = [one for one in warnings.open_ones(home, operator, now) if not one.is_silent and not one.is_test]
    counted = {level: sum(one.level == level for one in open_ones) for level in ("critical", "high")}
    urgency: dict[str, question.Urgency] = {"critical": "error", "high": "warning"}
    return [Item(f"warning_{level}", urgency[level], "risk", count) for level, count in counted.items() if count]


def _stored(home: Home, rhythms: list[Rhythm], undecided: Undecided, now: datetime) -> tuple[list[Item], bool, int]:
    """What needs somebody, whether anything ever came in, and the imports of the last days."""
    items = question.items(home, rhythms, undecided, now=now)
    with home.store.reading() as session:
        batches = select(func.count()).select_from(Batch)
        recent = batches.where(Batch.state == "committed", Batch.finished_at >= now - question.RECENT)
        return items, bool(session.scalar(batches)), session.scalar(recent) or 0


@st.cache_resource(max_entries=8, show_spinner=False)
def _read(world: World, lake_id: str, version: int) -> tuple[datetime | None, date | None, Undecided]:  # noqa: ARG001
    """Time and business day of the newest fact of a lake version, and what it leaves to decide. Not cut to a scope: it
    says nothing of people.
    """
    with reading(wiring.house().world(world), version=version) as lake:
        return lake.as_of, lake.as_of_on, question.undecided(lake)


@st.cache_resource(max_entries=8, show_spinner=False)
def _rhythms(world: World, lake_id: str, version: int, today: date) -> list[Rhythm]:  # noqa: ARG001 - cache key
    with reading(wiring.house().world(world), version=version) as lake:
        return question.rhythms(lake, today)
