"""Files that people hand in: kept in the inbox, queued as a batch with a job, imported by the worker, cancelled, cleared away."""

import re
import shutil
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from sqlalchemy import select

from core.errors import Cancelled, InvalidBatch, InvalidUpload, Refusal, Unknown
from core.scope import Operator
from core.store import audit, jobs
from core.store.session import Session
from core.store.tables import Account, Batch, Job
from core.work import logins
from core.work.home import Home
from core.work.ingest import batches, importing
from core.work.ingest import mapping as mappings
from core.work.ingest.importing import Imported
from core.work.ingest.mapping import Mapping
from core.work.worker import Work

KIND = "import"
CHUNK = 1 << 22
SPARE_DISK = 1 << 30
"""Bytes that an upload leaves free on the disk."""
KEPT = timedelta(days=1)
"""How long a file stays in the inbox when nobody starts its import."""
LONGEST_NAME, LONGEST_NAME_BYTES = 120, 200
"""Of a file's name before its suffix, in letters and in bytes: disks take 255 bytes, and a Chinese letter has three."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in the inbox. ``upload_id`` is its folder; the file keeps the name it came with."""

    upload_id: str
    path: Path

    @property
    def name(self) -> str:
        return self.path.name


@dataclass(frozen=True, slots=True)
class Queued:
    batch_id: int
    job_id: int


def save(home: Home, operator: Operator, name: str, content: IO[bytes]) -> Upload:
    """Keep a file in the inbox, whole or not at all. Raises ``Forbidden``, and ``InvalidUpload`` when the disk is too full."""
    operator.require("sources.write")
    upload_id = uuid.uuid4().hex
    folder = _folder(home) / upload_id
    folder.mkdir(parents=True, mode=0o700)
    target = folder / plain_name(name)
    try:
        with target.with_name(".part").open("wb") as out:
            while block := content.read(CHUNK):
                if shutil.disk_usage(folder).free < SPARE_DISK:
                    raise InvalidUpload("The disk is too full for this file.", reason="disk", file=target.name)
                out.write(block)
        target.with_name(".part").rename(target)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Upload(upload_id, target)


def found(home: Home, upload_id: str) -> Upload:
    """The file of an upload. Raises ``Unknown`` when it was cleared away."""
    folder = _folder(home) / upload_id
    files = [] if not re.fullmatch(r"[0-9a-f]{32}", upload_id) or not folder.is_dir() else sorted(folder.iterdir())
    files = [file for file in files if file.name != ".part"]
    if not files:
        raise Unknown("upload", upload_id)
    return Upload(upload_id, files[0])


def discard(home: Home, upload_id: str) -> None:
    """Take a file out of the inbox again."""
    if re.fullmatch(r"[0-9a-f]{32}", upload_id):
        shutil.rmtree(_folder(home) / upload_id, ignore_errors=True)


def queue(
    home: Home,
    operator: Operator,
    upload_id: str,
    mapping: Mapping,
    *,
    mapping_name: str | None,
    is_named: bool,
    now: datetime,
) -> Queued:
    """Hand an upload to the worker: a queued batch and its job, in one transaction.

    Raises ``Forbidden``; ``Unknown`` when the file is gone; ``InvalidMapping``; ``InvalidUpload`` when the same upload is queued.
    """
    operator.require("sources.write")
    mappings.validate(mapping)
    upload = found(home, upload_id)
    with home.store.transaction() as session:
        audit.lock(session)  # whoever queues the same upload at the same moment waits here, and then sees its job
        if any(job.arguments.get("upload") == upload_id for job in _open_jobs(session)):
            raise InvalidUpload("This file is being imported already.", reason="queued", file=upload.name)
        batch_id = batches.queue(
            session, table=mapping.table, source=mapping.source, file_name=upload.name, mapping_name=mapping_name,
            operator=operator, now=now,
        )  # fmt: skip
        arguments = {
            "upload": upload_id, "batch": batch_id, "mapping": mappings.to_json(mapping), "mapping_name": mapping_name,
            "is_named": is_named, "account": operator.account_id,
        }  # fmt: skip
        job_id = jobs.enqueue(session, KIND, arguments, by=operator.name, now=now)
        audit.append(session, operator, "import.queued", f"batch:{batch_id}", {"file": upload.name}, now=now)
    return Queued(batch_id, job_id)


def cancel(home: Home, operator: Operator, job_id: int, *, now: datetime) -> None:
    """Stop an import that waits or runs. Raises ``Forbidden``, ``Unknown``, and ``InvalidBatch`` when it has ended already."""
    operator.require("sources.write")
    with home.store.transaction() as session:
        job = session.get(Job, job_id)
        if job is None or job.kind != KIND:
            raise Unknown("import", str(job_id))
        was_waiting = job.state == "queued"
        if not jobs.cancel(session, job_id, now=now):
            raise InvalidBatch("This import has ended already.", state=job.state)
        batch = batches.get(session, job.arguments["batch"])
        if was_waiting and batch.state == "queued":
            batch.state, batch.finished_at = "cancelled", now
        audit.append(session, operator, "import.cancel_asked", f"batch:{batch.id}", {"job": job_id}, now=now)


def roll_back(home: Home, operator: Operator, batch_id: int, *, reason: str, now: datetime) -> int:
    """Take a batch back, saying why. Returns how many rows went. Raises ``Forbidden``, ``InvalidUpload``, ``InvalidBatch``."""
    operator.require("sources.write")
    if not reason.strip():
        raise InvalidUpload("Taking an import back needs a reason.", reason="text")
    with home.store.transaction() as session:
        batches.get(session, batch_id)
        details = {"reason": reason.strip()}
        audit.append(session, operator, "import.rollback_asked", f"batch:{batch_id}", details, now=now)
    return importing.rollback(home, batch_id, operator, now=now)


def run(home: Home, work: Work) -> None:
    """The worker's part: import the file of a job in the name of whoever queued it, as the account is now.

    A batch whose process died is settled first: what reached the lake is not imported again; what did not is begun anew.
    """
    arguments, now = work.claim.arguments, work.clock()
    batches.reconcile(home, now=now)
    batch_id = _batch_to_run(home, work, now)
    if batch_id is None:
        discard(home, arguments["upload"])
        return
    try:
        operator = _operator(home, arguments["account"])
        upload = found(home, arguments["upload"])
        mapping = mappings.from_json(arguments["mapping"])
        imported = importing.import_file(
            home, upload.path, mapping.table, mapping, operator=operator, now=now, is_named=arguments["is_named"],
            mapping_name=arguments["mapping_name"], progress=work.progress, is_cancelled=work.is_cancelled, batch_id=batch_id,
        )  # fmt: skip
    except Refusal as refusal:
        _end_if_waiting(home, batch_id, refusal, now)
        if isinstance(refusal, Cancelled):
            discard(home, arguments["upload"])
        raise
    work.progress("done", **_counts(imported))
    discard(home, arguments["upload"])


def tidy(home: Home, *, now: datetime) -> int:
    """Remove files of the inbox that no open job needs and that are older than a day, and end batches whose job is gone.

    Returns how many files and batches.
    """
    with home.store.reading() as session:
        open_jobs = _open_jobs(session)
        needed = {job.arguments["upload"] for job in open_jobs}
        running = {job.arguments["batch"] for job in open_jobs}
        waiting = list(session.scalars(select(Batch).where(Batch.state == "queued", Batch.created_at < now - KEPT)))
    left = [batch.id for batch in waiting if batch.id not in running]
    for batch_id in left:
        _end_if_waiting(home, batch_id, Cancelled("Its job was cancelled."), now)
    limit = time.time() - KEPT.total_seconds()
    old = [one for one in _folder(home).glob("*") if one.name not in needed and one.stat().st_mtime < limit]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left) + len(old)


def _batch_to_run(home: Home, work: Work, now: datetime) -> int | None:
    """The job's batch while it waits; a new one, which is the job's from then on, when an earlier attempt died; None when it
    came through or was given up."""
    with home.store.transaction() as session:
        job = session.get_one(Job, work.claim.job_id, with_for_update=True)
        batch = batches.get(session, job.arguments["batch"])
        if batch.state in ("committed", "cancelled", "rolled_back"):
            return None
        if batch.state == "failed" and batch.error_code == batches.INTERRUPTED:
            again = batches.queue(
                session, table=batch.table_name, source=batch.source, file_name=batch.file_name,
                mapping_name=batch.mapping_name, operator=Operator(None, batch.actor, "system"), now=now,
            )  # fmt: skip
            job.arguments = job.arguments | {"batch": again}
            return again
        return batch.id


def _operator(home: Home, account_id: int | None) -> Operator:
    """As the account is now: whoever was disabled, or lost the role, imports nothing more."""
    with home.store.reading() as session:
        account = session.get(Account, account_id) if account_id is not None else None
    if account is None or not account.is_active:
        raise Unknown("account", str(account_id))
    return logins.operator(account)


def _end_if_waiting(home: Home, batch_id: int, refusal: Refusal, now: datetime) -> None:
    """An import that was refused before it began leaves its batch waiting."""
    with home.store.reading() as session:
        is_waiting = batches.get(session, batch_id).state == "queued"
    if is_waiting:
        batches.fail(home, batch_id, refusal, operator=Operator(None, "system", "system"), now=now)


def _counts(imported: Imported) -> dict[str, int]:
    return {
        "batch": imported.batch, "read": imported.read, "accepted": imported.accepted, "duplicate": imported.duplicate,
        "rejected": imported.rejected,
    }  # fmt: skip


def _open_jobs(session: Session) -> list[Job]:
    return list(session.scalars(select(Job).where(Job.kind == KIND, Job.state.in_(["queued", "running"]))))


def _folder(home: Home) -> Path:
    return home.settings.inbox(home.world)


def plain_name(name: str) -> str:
    """The name a file came with, without what could lead out of its folder."""
    plain = re.sub(r"[\x00-\x1f\x7f/\\]", "_", Path(name.replace("\\", "/")).name).lstrip(".").strip()
    stem, dot, suffix = plain.rpartition(".")
    return (_short(stem) + dot + suffix[-10:] if stem else _short(plain)) or "file"


def _short(name: str) -> str:
    return name[:LONGEST_NAME].encode(errors="replace")[:LONGEST_NAME_BYTES].decode(errors="ignore")
