"""One-id as it is lived: imports record identities, persons decide about them, and every change resolves them anew.

The map from identities to members is derived from three things only: the evidence in the lake, the decisions in the store, and the
limits in the store's settings. So taking one of them back brings back the former map exactly.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from sqlalchemy import select

from core.errors import IdentityCollision
from core.lake.reader import Snapshot
from core.lake.writer import Change
from core.privacy import one_id
from core.privacy.disclosure import masked
from core.privacy.one_id import Decisions, Identities, Links, Resolved
from core.privacy.pseudonyms import Keys, unhex
from core.privacy.vault import Vault, identity_label
from core.schema import IDENTITY_MAP, IDENTITY_TYPES
from core.store import choices, identity_values
from core.store.session import Session, Store
from core.store.tables import IdentityDecision
from core.work.home import Home

CHUNK = 50_000
LIMITS = "identity.limits"
DEFAULT_LIMITS = {kind: 5 if kind in ("phone", "email") else 10 for kind in IDENTITY_TYPES}
"""With how many identities of one other kind an identity may be seen before it is taken for shared. A family shares a phone or an
e-mail, a person changes phones and cards; beyond that it is a store's phone, a walk-in customer number, a public device. Rule of
thumb; operators change it."""
UNDO_OF = {"block": "unblock", "link": "unlink", "cut": "uncut"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """``identities`` and ``links``: rows of evidence added. ``is_map_changed``: somebody belongs to another member than before,
    or somebody is new."""

    identities: int
    links: int
    is_map_changed: bool


def record(
    change: Change,
    store: Store,
    keys: Keys,
    *,
    source: str,
    seen: ir.Table,
    links: ir.Table | None = None,
    is_last: bool = True,
) -> Recorded:
    """Keep what one batch says about identities, and resolve members anew.

    ``seen``: one row per distinct identity of the batch, with ``identity_type``, ``namespace``, ``value`` (normalised), ``mac``
    (hex), ``identity_key``, ``seen_at`` (naive UTC, or null) and a unique ``row_number``. ``links``: pairs seen together, with
    ``left_key``, ``right_key``, ``rule`` (same_row, declared, manual), ``seen_at`` and a unique ``row_number``. Both are read
    several times: hand over tables, not long computations.

    Call it only when the batch adds something, so that the same file again changes nothing; with ``is_last=False`` when more
    calls follow within the change. Values are encrypted into the store before anything of the lake becomes visible.
    Raises ``IdentityCollision``, and the batch must then be given up.
    """
    with _values_kept(change.snapshot, store, Vault(keys), seen):
        is_news = "identities" in change.tables or _is_news(change, seen, links)
        added = change.merge("identities", seen.mutate(source=ibis.literal(source), first_seen_at=seen.seen_at))
        paired = None if links is None else change.merge("identity_links", links.mutate(source=ibis.literal(source)))
        is_map_changed = rebuild(change, store) if is_news and is_last else False
    return Recorded(added.accepted, paired.accepted if paired else 0, is_map_changed)


def rebuild(
    change: Change, store: Store, *, pending: IdentityDecision | None = None, most: Mapping[str, int] | None = None
) -> bool:
    """Resolve all identities as the change has made them so far; False when the map stays as it was.

    ``pending``: a decision that the store does not have yet; ``most``: limits that it does not have yet.
    """
    with store.reading() as session:
        rows = standing(session, pending)
        most = most or limits(session)
    return _write_map(change, _decisions(rows), most)


def limits(session: Session) -> dict[str, int]:
    """Per identity type, with how many identities of one other kind one may be seen before it counts as shared."""
    return DEFAULT_LIMITS | dict(choices.read(session, LIMITS, {}))


def standing(session: Session, pending: IdentityDecision | None = None) -> list[IdentityDecision]:
    """Blocks, merges and cuts that nobody undid, oldest first."""
    rows = list(session.scalars(select(IdentityDecision).order_by(IdentityDecision.id)))
    rows += [pending] if pending else []
    undone = {row.undoes_id for row in rows if row.undoes_id is not None}
    return [row for row in rows if row.kind in UNDO_OF and row.id not in undone]


def erase_unseen(home: Home) -> int:
    """Erase the values of identities that no batch speaks of any more; returns how many.

    Nobody writes to the lake meanwhile: an import keeps its values before its evidence can be seen. Raises ``LakeBusy``.
    """
    with home.writer.alone():
        with home.lake.open() as snapshot:
            seen = np.unique(
                snapshot.arrow(snapshot.table("identities").select("identity_key"))["identity_key"].to_numpy()
            )
        with home.store.reading() as session:
            parts = [np.setdiff1d(np.array(part, np.int64), seen) for part in identity_values.keys(session)]
        for part in parts:
            with home.store.transaction() as session:
                identity_values.erase(session, part.tolist())
    return sum(map(len, parts))


# -- evidence in, map out -------------------------------------------------------------------------------------------


def _decisions(rows: list[IdentityDecision]) -> Decisions:
    return Decisions(
        blocked=np.array([row.left_key for row in rows if row.kind == "block"], np.int64),
        merged=_pairs(row for row in rows if row.kind == "link"),
        cut=_pairs(row for row in rows if row.kind == "cut"),
    )


def _pairs(rows: Iterable[IdentityDecision]) -> one_id.Longs:
    return np.array([(row.left_key, row.right_key) for row in rows], np.int64).reshape(-1, 2)


def _write_map(change: Change, decided: Decisions, most: Mapping[str, int]) -> bool:
    snapshot = change.now()
    identities = _identities(snapshot, most)
    links = _links(snapshot)
    resolved = one_id.resolve(identities, links, decided)
    fresh = pa.table(
        {"identity_key": identities.key, "member_id": resolved.member_id, "is_known": resolved.is_known},
        schema=IDENTITY_MAP,
    )
    excluded = _excluded(identities, resolved)
    is_changed = not _same(snapshot.arrow(snapshot.member_map()), fresh)
    if is_changed:
        change.replace("identity_map", fresh)
    if not _same(snapshot.arrow(snapshot.left_out()), excluded):
        change.replace("identities_left_out", excluded)
    change.note["one_id"] = _counts(resolved)
    return is_changed


def _identities(snapshot: Snapshot, most: Mapping[str, int]) -> Identities:
    rows = snapshot.table("identities")
    rows = rows.mutate(namespace=rows.namespace.fill_null(""))
    kinds = snapshot.frame(rows.select("identity_type", "namespace").distinct().order_by("identity_type", "namespace"))
    numbered = ibis.memtable(
        pa.table(
            {
                "identity_type": pa.array(kinds["identity_type"], pa.string()),
                "namespace": pa.array(kinds["namespace"], pa.string()),
                "kind": pa.array(range(len(kinds)), pa.int16()),
            }
        )
    )
    coded = rows.inner_join(numbered, ["identity_type", "namespace"])
    columns = snapshot.stream(coded.select("identity_key", "batch_id", "row_number", "kind"))
    key = columns["identity_key"]
    order = one_id.oldest(key, columns["batch_id"], columns["row_number"])
    return Identities(
        key=key[order],
        kind=columns["kind"][order],
        limit=np.array([most[kind] for kind in kinds["identity_type"]], np.int64),
        is_anonymous=(kinds["identity_type"] == "anonymous_id").to_numpy(dtype=bool),
    )


def _links(snapshot: Snapshot) -> Links:
    columns = snapshot.arrow(snapshot.table("identity_links").select("left_key", "right_key", "seen_at"))
    seen = columns["seen_at"].to_numpy()
    clock = np.where(np.isnat(seen), one_id.NEVER, seen.astype("datetime64[us]").view(np.int64))
    return Links(columns["left_key"].to_numpy(), columns["right_key"].to_numpy(), clock)


def _excluded(identities: Identities, resolved: Resolved) -> pa.Table:
    at = np.flatnonzero(resolved.left_out)
    names = [one_id.REASONS[code] for code in resolved.left_out[at]]
    return pa.table(
        {"identity_key": identities.key[at], "reason": pa.array(names, pa.string()), "crowd_count": resolved.crowd[at]}
    )


def _counts(resolved: Resolved) -> dict[str, Any]:
    """For the update log: how many identities, and how many of them and of their links were left out and why."""
    nodes = np.bincount(resolved.left_out, minlength=len(one_id.REASONS))
    links = np.bincount(resolved.link_left_out, minlength=len(one_id.REASONS))
    return {
        "identities": len(resolved.member_id),
        "links": len(resolved.link_left_out),
        "identities_left_out": {one_id.REASONS[i]: int(n) for i, n in enumerate(nodes) if i and n},
        "links_left_out": {one_id.REASONS[i]: int(n) for i, n in enumerate(links) if i and n},
    }


def _same(old: pa.Table, new: pa.Table) -> bool:
    return old.num_rows == new.num_rows and old.equals(new)


def _is_news(change: Change, seen: ir.Table, links: ir.Table | None) -> bool:
    """Whether the batch could change the map. Older evidence than what is known could, even about known identities."""
    before = change.snapshot
    newest = before.value(before.table("identities").batch_id.max())
    if newest is None or change.batch_id is None or change.batch_id <= newest:  # type: ignore[operator]
        return True
    if before.value(seen.anti_join(before.member_map(), "identity_key").count()):
        return True
    if links is None:
        return False
    known = before.table("identity_links")
    known = known.group_by("left_key", "right_key").aggregate(known_at=known.seen_at.min(), sightings=known.count())
    paired = links.left_join(known, ["left_key", "right_key"])
    is_older = links.seen_at.notnull() & (known.known_at.isnull() | (links.seen_at < known.known_at))
    return bool(before.value(paired.filter(known.sightings.isnull() | is_older).count()))


@contextmanager
def _values_kept(snapshot: Snapshot, store: Store, vault: Vault, seen: ir.Table) -> Iterator[None]:
    """Encrypt the values that the store does not have, beside the block; all are stored when it ends.

    In the order of the keys, which the store's index likes best. What waits for encryption takes some 80 bytes a value.
    """
    rows = seen.select("identity_key", "identity_type", "namespace", "value", mac=unhex(seen.mac))
    is_old = rows.identity_key.isin(snapshot.member_map().identity_key)
    for batch in _sorted_batches(snapshot, rows.filter(is_old)):
        with store.reading() as session:
            _refuse_collisions(session, batch)
    with ThreadPoolExecutor(1) as beside:
        keep = partial(_keep, store, vault)
        keeping = [beside.submit(keep, batch) for batch in _sorted_batches(snapshot, rows.filter(~is_old))]
        yield
        for each in keeping:
            each.result()


def _keep(store: Store, vault: Vault, batch: pa.RecordBatch) -> None:
    sealed = _sealed(vault, batch)
    with store.transaction() as session:
        if identity_values.add(session, sealed) < len(sealed):
            _refuse_collisions(session, batch)


def _sorted_batches(snapshot: Snapshot, rows: ir.Table) -> Iterator[pa.RecordBatch]:
    yield from snapshot.cursor.backend.to_pyarrow_batches(rows.order_by("identity_key"), chunk_size=CHUNK)


def _sealed(vault: Vault, batch: pa.RecordBatch) -> list[identity_values.Row]:
    """Column by column: a dictionary per row would cost as much as the encryption."""
    keys, types, namespaces, values, macs = (
        batch[name].to_pylist() for name in ("identity_key", "identity_type", "namespace", "value", "mac")
    )
    ciphertexts = vault.seal(values, map(identity_label, keys))
    return list(zip(keys, types, (space or "" for space in namespaces), macs, ciphertexts, strict=True))


def _refuse_collisions(session: Session, batch: pa.RecordBatch) -> None:
    """Compare with what the store has, the rows of this batch of rows included."""
    known = identity_values.macs(session, batch["identity_key"].to_pylist())
    for row in batch.to_pylist():
        if known.get(row["identity_key"], row["mac"]) != row["mac"]:
            raise _collision(row)


def _collision(row: dict[str, Any]) -> IdentityCollision:
    return IdentityCollision(
        f"The pseudonym {row['identity_key']} of {row['identity_type']} {masked(row['identity_type'], row['value'])} belongs to "
        "another identity as well. Leave its rows out of the file.",
        identity_key=row["identity_key"],
        identity_type=row["identity_type"],
        masked=masked(row["identity_type"], row["value"]),
    )
