"""Batches in the store: what was imported, by whom, and what became of it.

The manifest of the lake is the truth. The store says "running" until a batch is seen to its end; after a crash
``reconcile`` reads from the manifest which batches came through.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from core.errors import InvalidBatch, LakeBusy, Refusal, Unknown
from core.lake.manifest import Manifest
from core.scope import SYSTEM, Operator
from core.store import audit, choices, profile_fields
from core.store.session import Session
from core.store.tables import Batch
from core.work import identities
from core.work.home import Home
from core.work.ingest import rejects, workplace
from core.work.ingest.workplace import Workplace

INTERRUPTED = "import.interrupted"
BRINGING = ("import", "names")
"""Kinds of versions of the lake that bring a batch; ``rollback`` takes one back."""
CURRENCY = "currency"
WORKPLACE, SINCE = "workplace", "since"
SETTLED = "batches.settled"
"""Choice of a world's store: the version of the lake up to which the store knows of every rollback."""


@dataclass(frozen=True, slots=True)
class Counts:
    """In rows of the file; ``read`` is the sum of the others."""

    read: int
    accepted: int
    duplicate: int
    rejected: int

    def __post_init__(self) -> None:
        if self.read != self.accepted + self.duplicate + self.rejected:
            raise AssertionError(f"Counts of an import do not add up: {self}.")

    def as_dict(self) -> dict[str, int]:
        return {"read": self.read, "accepted": self.accepted, "duplicate": self.duplicate, "rejected": self.rejected}


def queue(
    session: Session,
    *,
    table: str,
    source: str,
    file_name: str,
    mapping_name: str | None,
    operator: Operator,
    now: datetime,
) -> int:
    """A batch that waits for the worker; hand its id to ``import_file``."""
    batch = Batch(
        table_name=table,
        source=source,
        file_name=file_name,
        mapping_name=mapping_name,
        actor=operator.name,
        created_at=now,
    )
    session.add(batch)
    session.flush()
    return batch.id


def begin(
    home: Home, place: Workplace, *, table: str, source: str, file_name: str, mapping_name: str | None, operator: Operator,
    now: datetime, batch_id: int | None = None,
) -> int:  # fmt: skip
    """A running batch: a new one, or one that was queued or whose process died. Raises ``InvalidBatch``."""
    with home.store.transaction() as session:
        if batch_id is None:
            batch_id = queue(
                session, table=table, source=source, file_name=file_name, mapping_name=mapping_name,
                operator=operator, now=now,
            )  # fmt: skip
        batch = get(session, batch_id)
        known = (batch.progress or {}).get(WORKPLACE, "")
        if batch.state != "queued" and not (batch.state == "running" and not workplace.is_alive(home, known)):
            raise InvalidBatch(
                f"Batch {batch_id} is {batch.state} and cannot be run.", batch=batch_id, state=batch.state
            )
        batch.state, batch.started_at = "running", now
        batch.table_name, batch.source, batch.mapping_name = table, source, mapping_name
        batch.progress = _progress(place, "reading")
        profile_fields.forget(session, batch_id)  # of a process that died over it
        audit.append(session, operator, "import.started", f"batch:{batch_id}", {"file": file_name}, now=now)
    return batch_id


def say(home: Home, batch_id: int, place: Workplace, stage: str, counts: dict[str, int]) -> None:
    """How far a running batch is."""
    with home.store.transaction() as session:
        values = {"progress": _progress(place, stage) | counts}
        session.execute(update(Batch).where(Batch.id == batch_id, Batch.state == "running").values(**values))


def _progress(place: Workplace, stage: str) -> dict[str, Any]:
    return {WORKPLACE: place.name, SINCE: place.since, "stage": stage}


def commit(
    session: Session,
    batch_id: int,
    counts: Counts,
    *,
    lake_version: int,
    sha256: str | None,
    operator: Operator,
    now: datetime,
) -> None:
    """The lake has the batch; now the store knows as well."""
    batch = get(session, batch_id)
    batch.state, batch.finished_at, batch.progress = "committed", now, None
    batch.read_count, batch.accepted_count = counts.read, counts.accepted
    batch.duplicate_count, batch.rejected_count = counts.duplicate, counts.rejected
    batch.lake_version, batch.file_sha256 = lake_version, sha256 or batch.file_sha256
    batch.error_code = batch.error_details = None
    profile_fields.settle(session, batch_id)
    audit.append(session, operator, "import.committed", f"batch:{batch_id}", counts.as_dict(), now=now)


def give_up(home: Home, batch_id: int, error: BaseException, *, operator: Operator, now: datetime) -> None:
    """What began ends with an error: as failed, unless the lake has it, for then the error came too late."""
    with home.store.reading() as session:
        since = _since(get(session, batch_id))
    said = _newest(home, since).get(batch_id)
    if said is not None:
        _settle(home, batch_id, said, now)
        return
    rejects.remove(home, batch_id)
    fail(home, batch_id, error, operator=operator, now=now)


def fail(home: Home, batch_id: int, error: BaseException, *, operator: Operator, now: datetime) -> None:
    """The batch came to nothing: cancelled by a person, or refused with a code."""
    code = error.code if isinstance(error, Refusal) else "unexpected"
    details = (
        {k: str(v) for k, v in error.details.items()}
        if isinstance(error, Refusal)
        else {"message": type(error).__name__}
    )
    _end(home, batch_id, "cancelled" if code == "cancelled" else "failed", code, details, operator, now)


def take_back(home: Home, batch_id: int, rows: int, *, operator: Operator, now: datetime) -> None:
    """The lake has given the batch up; now the store knows as well, if nobody was quicker to tell it."""
    with home.store.transaction() as session:
        batch = _locked(session, batch_id)
        if batch.state == "committed":
            batch.state = "rolled_back"
            profile_fields.forget(session, batch_id)
            audit.append(session, operator, "import.rolled_back", f"batch:{batch_id}", {"rows": rows}, now=now)


def get(session: Session, batch_id: int) -> Batch:
    batch = session.get(Batch, batch_id)
    if batch is None:
        raise Unknown("batch", str(batch_id))
    return batch


def reconcile(home: Home, *, now: datetime) -> list[int]:
    """Settle every batch whose process died, and remove what it left behind. Returns their ids.

    What the manifest has is committed with the counts it carries, all else failed. Batches that are still running are left alone.
    Of the lake's versions those are read that came since the last settling, or since a dead batch began. A rollback that cannot be
    ended because somebody writes to the lake is left to the next settling.
    """
    latest = home.lake.manifests.latest()
    with home.store.reading() as session:
        running = list(session.scalars(select(Batch).where(Batch.state == "running")))
        seen = _settled_until(session, latest)
    dead = [b for b in running if _is_dead(home, b)]
    newest = _newest(home, min([seen, *map(_since, dead)]))
    settled = [b.id for b in dead if _settle(home, b.id, newest.get(b.id), now)]
    try:
        settled += _end_rollbacks(home, [b for b, said in newest.items() if said.kind == "rollback"], now)
        is_all = True
    except LakeBusy:
        is_all = False
    if is_all and latest.version != seen:
        with home.store.transaction() as session:
            value = {"lake": latest.lake_id, "version": latest.version}
            choices.write(session, SETTLED, value, by=SYSTEM.name, now=now)
    workplace.sweep(home)
    return settled


def _is_dead(home: Home, batch: Batch) -> bool:
    said = batch.progress or {}
    return WORKPLACE in said and not workplace.is_alive(home, said[WORKPLACE])


def _since(batch: Batch) -> int:
    """Version of the lake when a running batch began; 0 where nobody noted it."""
    return int((batch.progress or {}).get(SINCE, 0))


def _settled_until(session: Session, latest: Manifest) -> int:
    """Up to which version of this lake all rollbacks are known to the store."""
    kept = choices.read(session, SETTLED) or {}
    return int(kept["version"]) if kept.get("lake") == latest.lake_id and kept["version"] <= latest.version else 0


def _end_rollbacks(home: Home, batch_ids: list[int], now: datetime) -> list[int]:
    """Those that the lake has taken back and the store has not."""
    with home.store.reading() as session:
        left = list(session.scalars(select(Batch.id).where(Batch.id.in_(batch_ids), Batch.state == "committed")))
    if left:
        identities.erase_unseen(home)
    return [b for b in left if _end(home, b, "rolled_back", None, {}, SYSTEM, now, was=("committed",))]


def adopt_currency(session: Session, currency: str | None, *, now: datetime) -> None:
    """Keep the currency that the first import named, unless a person has chosen one."""
    if currency and choices.read(session, CURRENCY) is None:
        choices.write(session, CURRENCY, currency, by="import", now=now)


def _newest(home: Home, since: int) -> dict[int, Manifest]:
    """The last that the lake's update log says of each batch after a version."""
    return {
        m.batch_id: m
        for m in reversed(home.lake.manifests.log(since))
        if m.batch_id is not None and m.kind in (*BRINGING, "rollback")
    }


def _settle(home: Home, batch_id: int, said: Manifest | None, now: datetime) -> bool:
    """False when the batch has ended by itself meanwhile."""
    if said is None or said.kind not in BRINGING:
        is_ended = _end(home, batch_id, "failed", INTERRUPTED, {}, SYSTEM, now, was=("running",))
        if is_ended:
            rejects.remove(home, batch_id)
        return is_ended
    note: dict[str, Any] = said.note
    with home.store.transaction() as session:
        if _locked(session, batch_id).state != "running":
            return False
        counts = Counts(note["read"], note["accepted"], note["duplicate"], note["rejected"])
        commit(session, batch_id, counts, lake_version=said.version, sha256=note["sha256"], operator=SYSTEM, now=now)
        adopt_currency(session, note.get("currency"), now=now)
    return True


def _end(
    home: Home, batch_id: int, state: str, code: str | None, details: dict[str, Any], operator: Operator, now: datetime,
    *, was: tuple[str, ...] = ("queued", "running"),
) -> bool:  # fmt: skip
    """Move a batch to its end from one of the states it ``was`` in; False, and nothing written, when it is in another."""
    with home.store.transaction() as session:
        batch = _locked(session, batch_id)
        if batch.state not in was:
            return False
        batch.state, batch.finished_at, batch.progress = state, now, None
        batch.error_code, batch.error_details = code, details or None
        profile_fields.forget(session, batch_id)
        audit.append(session, operator, f"import.{state}", f"batch:{batch_id}", {"code": code} if code else {}, now=now)
    return True


def _locked(session: Session, batch_id: int) -> Batch:
    return session.get_one(Batch, batch_id, with_for_update=True)
