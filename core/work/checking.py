"""Is a home whole? Every file of the visible version, every batch's arithmetic, the chain of the audit log."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from core import schema
from core.lake.reader import Snapshot
from core.store import audit
from core.store.tables import Batch
from core.work.home import Home


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it should be. ``object`` names it: ``table:events``, ``batch:7``, ``audit:12``."""

    check: str
    object: str
    fault: str


def faults(home: Home) -> list[Fault]:
    """What is wrong with a world; empty when it is whole. Reads every column of the lake once."""
    with home.lake.open() as snapshot:
        found = [fault for name in snapshot.manifest.tables for fault in _table(snapshot, name)]
        found += _unmapped(snapshot)
    return found + _batches(home)


def audit_faults(home: Home) -> list[Fault]:
    """Changed, missing or cut entries of the audit log."""
    with home.store.reading() as session:
        return [Fault("audit", f"audit:{fault.sequence}", fault.kind) for fault in audit.verify(session)]


def _table(snapshot: Snapshot, name: str) -> list[Fault]:
    gone = [Path(file).name for file in snapshot.files(name) if not Path(file).exists()]
    if gone:
        return [Fault("files", f"table:{name}", f"{len(gone)} files are missing")]
    if name not in schema.TABLES:
        return []
    rows, contract = snapshot.table(name), schema.table(name)
    needed = [c.name for c in contract.stored if c.is_needed]
    holes = snapshot.arrow(rows.aggregate(**{c: rows[c].isnull().sum().fill_null(0) for c in needed})).to_pylist()[0]
    found = [Fault("contract", f"table:{name}", f"{c} is empty in {n} rows") for c, n in holes.items() if n]
    for column in contract.columns:
        if column.choices:
            odd = rows.filter(rows[column.name].notnull() & rows[column.name].notin(column.choices))
            count = snapshot.value(odd.count())
            if count:
                found.append(
                    Fault("contract", f"table:{name}", f"{column.name} is none of its choices in {count} rows")
                )
    return found


def _unmapped(snapshot: Snapshot) -> list[Fault]:
    """Facts whose identity no member is known for although the identity is."""
    known = snapshot.table("identities").select("identity_key")
    lost = snapshot.value(known.anti_join(snapshot.member_map(), "identity_key").count())
    return [Fault("identity", "table:identity_map", f"{lost} identities belong to nobody")] if lost else []


def _batches(home: Home) -> list[Fault]:
    with home.store.reading() as session:
        batches = list(session.scalars(select(Batch).where(Batch.state == "committed")))
    return [
        Fault("counts", f"batch:{b.id}", "read is not accepted + duplicate + rejected")
        for b in batches
        if b.read_count != b.accepted_count + b.duplicate_count + b.rejected_count
    ]
