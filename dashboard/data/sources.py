"""Sources: files on their way in, what became of them, and what they are worth. What the store says
is kept no longer than until somebody writes to it."""

import json
from dataclasses import dataclass
from datetime import date, datetime

import streamlit as st
from sqlalchemy import func, select

from core.errors import InvalidMapping
from core.privacy.disclosure import masked
from core.settings import World
from core.store.session import Store
from core.store.tables import Batch, Job, QualityFinding, QualityScore
from core.work import event_names, quality, uploads
from core.work.event_names import Held
from core.work.home import Home
from core.work.ingest import library, mapping, preview, rejects
from core.work.ingest.draft import BETWEEN
from core.work.ingest.guess import DAY_FIRST, MONTH_FIRST, NAMED_MONTHS, Guess, Sample, guess
from core.work.ingest.library import Named
from core.work.ingest.mapping import (
    AUTO_FORMATS,
    IMPORTABLE,
    ORDERS,
    PERSONAL,
    FileForm,
    Mapping,
    Money,
    Properties,
    Refund,
    Times,
    mappable,
)
from core.work.ingest.preview import Preview
from core.work.questions import today as question
from core.work.questions.reading import reading
from core.work.questions.today import Rhythm
from core.work.uploads import Upload
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import kept, wiring

__all__ = [
    "AUTO_FORMATS", "BETWEEN", "DAY_FIRST", "IMPORTABLE", "MONTH_FIRST", "NAMED_MONTHS", "ORDERS", "PERSONAL", "Batch", "Finding", "Guess", "Held",
    "Job", "Mapping", "Money", "Named", "Preview", "Properties", "QualityScore", "Refund", "Rhythm", "Sample", "Times", "mappable", "masked",
]  # fmt: skip

SEE, WRITE = "sources.see", "sources.write"
Finding = quality.Finding


@dataclass(frozen=True)
class Arrival:
    """An uploaded file as it was found: its first rows, its size, and saved mappings that fit it, the best first."""

    upload: Upload
    size: int
    sample: Sample
    fitting: tuple[Named, ...]

    @property
    def best(self) -> Named | None:
        """A mapping that tells as much about this file as a guess does: one that somebody saved, or of which the file has every
        column. None when there is none."""
        columns = set(self.sample.columns)
        guessed = len(columns & set(guess(self.sample, None).mapping.wanted()))
        for named in self.fitting:
            wanted = set(named.mapping.wanted())
            if len(columns & wanted) >= guessed and (named.revision or wanted <= columns):
                return named
        return None


# -- a file on its way in (always into live) -------------------------------------------------------------------------


def arrival(upload_id: str) -> Arrival:
    """Raises ``Unknown`` when the file was cleared away, ``Unreadable`` when it cannot be read."""
    guard.require(WRITE)
    return _arrival(upload_id)


def guessed(upload_id: str, table: str | None) -> Guess:
    guard.require(WRITE)
    return _guessed(upload_id, table)


def previewed(upload_id: str, body: str) -> Preview:
    """What the mapping (as JSON) makes of the first rows. Raises ``InvalidMapping`` and ``Unreadable``."""
    guard.require(WRITE)
    return _previewed(upload_id, body)


def as_text(wanted: Mapping) -> str:
    """The mapping as JSON, equal for equal mappings."""
    return json.dumps(mapping.to_json(wanted), ensure_ascii=False, sort_keys=True)


def chosen(name: str) -> Named:
    guard.require(WRITE)
    return library.find(_live(), name)


def imports() -> list[Job]:
    """Imports that wait or run, oldest first."""
    guard.require(SEE)
    store = _live().store
    return kept.while_unwritten(store, "imports", lambda: _imports(store))


def _imports(store: Store) -> list[Job]:
    with store.reading() as session:
        query = select(Job).where(Job.kind == uploads.KIND, Job.state.in_(["queued", "running"]))
        return list(session.scalars(query.order_by(Job.id)))


def job(job_id: int) -> Job | None:
    guard.require(SEE)
    with _live().store.reading() as session:
        return session.get(Job, job_id)


def has_worker() -> bool:
    guard.require(SEE)
    with _live().store.reading() as session:
        found = question.worker_item(session, now=wiring.now())
    return found is None


def live_batch(batch_id: int) -> Batch | None:
    guard.require(SEE)
    with _live().store.reading() as session:
        return session.get(Batch, batch_id)


@st.cache_data(max_entries=8, show_spinner=False, ttl=3600)
def _arrival(upload_id: str) -> Arrival:
    home = _live()
    upload = uploads.found(home, upload_id)
    sample = preview.sample(home, upload.path)
    columns = set(sample.columns)
    fitting = [named for named in library.listed(home) if _fits(named.mapping, list(sample.columns))]
    fitting.sort(key=lambda named: (-len(columns & set(named.mapping.wanted())), -named.revision, named.name))
    return Arrival(upload, upload.path.stat().st_size, sample, tuple(fitting))


@st.cache_data(max_entries=16, show_spinner=False, ttl=3600)
def _guessed(upload_id: str, table: str | None) -> Guess:
    return preview.guessed_of(_live(), _arrival(upload_id).sample, table)


@st.cache_data(max_entries=16, show_spinner=False, ttl=3600)
def _previewed(upload_id: str, body: str) -> Preview:
    home = _live()
    wanted = mapping.from_json(json.loads(body))
    return preview.preview(home, wanted, uploads.found(home, upload_id).path, now=wiring.now())


def _fits(wanted: Mapping, columns: list[str]) -> bool:
    if wanted.file != FileForm():
        return False
    try:
        mapping.fits(wanted, columns)
    except InvalidMapping:
        return False
    return True


# -- what came in (of the world that is shown) -----------------------------------------------------------------------


def zone() -> str:
    return wiring.house().settings.zone


def count() -> int:
    guard.require(SEE)
    store = worlds.home().store
    return kept.while_unwritten(store, "batches", lambda: _count(store))


def _count(store: Store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(Batch)) or 0


def history(*, limit: int, offset: int) -> list[Batch]:
    """Batches, newest first."""
    guard.require(SEE)
    store = worlds.home().store
    return kept.while_unwritten(store, ("history", limit, offset), lambda: _history(store, limit, offset))


def _history(store: Store, limit: int, offset: int) -> list[Batch]:
    with store.reading() as session:
        return list(session.scalars(select(Batch).order_by(Batch.id.desc()).limit(limit).offset(offset)))


def findings(batch_id: int) -> list[Finding]:
    guard.require(SEE)
    home = worlds.home()
    return kept.while_unwritten(home.store, ("findings", batch_id), lambda: quality.findings(home, batch_id))


def has_rejects(batch_id: int, *, in_live: bool = False) -> bool:
    guard.require(SEE)
    return rejects.path(_live() if in_live else worlds.home(), batch_id).exists()


def scores() -> dict[str, list[QualityScore]]:
    """Per source, oldest first; the source that was judged last comes first."""
    guard.require(SEE)
    home = worlds.home()
    return kept.while_unwritten(home.store, "scores", lambda: _scores(home))


def _scores(home: Home) -> dict[str, list[QualityScore]]:
    found: dict[str, list[QualityScore]] = {}
    for score in quality.history(home):
        found.setdefault(score.source, []).append(score)
    return dict(sorted(found.items(), key=lambda item: item[1][-1].at, reverse=True))


def open_findings(source: str) -> list[tuple[str, Finding]]:
    """Findings of the newest import of every table of a source: (table, finding), the gravest first."""
    guard.require(SEE)
    home = worlds.home()
    return kept.while_unwritten(home.store, ("open findings", source), lambda: _open_findings(home, source))


def _open_findings(home: Home, source: str) -> list[tuple[str, Finding]]:
    with home.store.reading() as session:
        newest = (
            select(func.max(Batch.id))
            .where(Batch.state == "committed", Batch.source == source, Batch.accepted_count + Batch.rejected_count > 0)
            .group_by(Batch.table_name)
        )
        rows = session.execute(
            select(QualityFinding, Batch.table_name)
            .join(Batch, Batch.id == QualityFinding.batch_id)
            .where(Batch.id.in_(newest))
        ).all()
    order = {"error": 0, "warning": 1, "info": 2}
    found = [(name, Finding(row.check, row.severity, row.count, row.details)) for row, name in rows]  # type: ignore[arg-type]
    return sorted(found, key=lambda pair: (order[pair[1].severity], -pair[1].count))


def rhythms() -> list[Rhythm]:
    guard.require(SEE)
    home = worlds.home()
    manifest = home.lake.manifests.latest()
    return _rhythms(home.world, manifest.lake_id, manifest.version, question.today_of(home, wiring.now()))


def held() -> list[Held]:
    guard.require(SEE)
    home = worlds.home()
    manifest = home.lake.manifests.latest()
    version = {"world": home.world, "lake_id": manifest.lake_id, "version": manifest.version}
    name = ("held", *version.values())
    return kept.while_unwritten(home.store, name, lambda: event_names.held(home, _counted(**version)))


def has_demo() -> bool:
    return wiring.house().settings.lake("demo").exists()


def now() -> datetime:
    return wiring.now()


@st.cache_resource(max_entries=8, show_spinner=False)
def _counted(world: World, lake_id: str, version: int) -> dict[str, int]:  # noqa: ARG001 - cache key
    return event_names.counted(wiring.house().world(world), version)


@st.cache_data(max_entries=8, show_spinner=False)
def _rhythms(world: str, lake_id: str, version: int, today: date) -> list[Rhythm]:  # noqa: ARG001 - cache key
    with reading(wiring.house().world(world), version=version) as lake:  # type: ignore[arg-type]
        return question.rhythms(lake, today)


def _live() -> Home:
    return wiring.house().live
