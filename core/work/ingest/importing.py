"""Importing a file: one batch, that comes whole or not at all."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import ibis.expr.types as ir

from core.errors import Cancelled, InvalidBatch, InvalidMapping
from core.lake.reader import Snapshot
from core.lake.writer import Change
from core.privacy import one_id
from core.schema import TABLES
from core.scope import Operator
from core.settings import DEFAULT_CURRENCY
from core.sources import files
from core.sources.files import Form, Readable
from core.store import choices
from core.work import identities, nicknames, quality, tending
from core.work.home import Home
from core.work.ingest import batches, derived, rejects, rosters, rows, workplace
from core.work.ingest.batches import CURRENCY, Counts
from core.work.ingest.mapping import Mapping, fits, validate
from core.work.ingest.staging import Staged, staged
from core.work.ingest.workplace import Workplace
from core.work.ingest.world import World

LOCK_PATIENCE_S = 1800.0
"""Imports wait for each other far longer than a click would."""


AMOUNTS = tuple(name for name, table in TABLES.items() if any(column.kind == "money" for column in table.columns))
"""Tables that hold amounts of money."""


class Progress(Protocol):
    def __call__(self, stage: str, **counts: int) -> None: ...


def silent(stage: str, **counts: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file, in its rows: ``read = accepted + duplicate + rejected``. ``currency``: set when this import
    decided the home currency."""

    batch: int
    read: int
    accepted: int
    duplicate: int
    rejected: int
    rejects_file: Path | None
    currency: str | None = None


def import_file(
    home: Home,
    file: Path,
    table: str,
    mapping: Mapping,
    *,
    operator: Operator,
    now: datetime,
    is_named: bool,
    mapping_name: str | None = None,
    progress: Progress = silent,
    is_cancelled: Callable[[], bool] = lambda: False,
    batch_id: int | None = None,
) -> Imported:
    """Bring a file into the lake, with the identities, products and event names it tells of.

    ``is_named``: the mapping comes from the catalogue or was saved by somebody, and vouches for its event names. ``batch_id``: a
    batch that was queued. The same file again changes nothing. Raises ``Forbidden``, ``InvalidMapping``, ``Unreadable``,
    ``Cancelled``, ``LakeBusy``; nothing was imported then, and the batch says why.
    """
    operator.require("sources.write")
    _refuse_other_table(table, mapping)
    validate(mapping)
    with workplace.opened(home) as place, ThreadPoolExecutor(1) as beside:
        warmed = beside.submit(one_id.warm)  # needed at the end, and slow to load: meanwhile the file is read
        batch_id = batches.begin(
            home,
            place,
            table=mapping.table,
            source=mapping.source,
            file_name=file.name,
            mapping_name=mapping_name,
            operator=operator,
            now=now,
            batch_id=batch_id,
        )
        run = _Run(home, place, batch_id, mapping, operator, now, is_named, progress, is_cancelled)
        try:
            imported = run.import_file(file)
        except BaseException as error:
            batches.give_up(home, batch_id, error, operator=operator, now=now)
            raise
        warmed.result()
        progress("committed", **imported.counts.as_dict())
        run.settle(imported)
        tending.follow(home)
        quality.check(home, batch_id, now=now, reasons=imported.reasons)
        progress("done", **imported.counts.as_dict())
        return imported.told(batch_id)


def rollback(home: Home, batch_id: int, operator: Operator, *, now: datetime) -> int:
    """Take a batch back: its rows, what it said about identities, and the values of those that no other batch speaks of. Returns
    how many rows went.

    The lake gives it up first; what is left to do when the process dies then, ``batches.reconcile`` does. Raises ``InvalidBatch``
    unless it is committed.
    """
    operator.require("sources.write")
    with home.store.reading() as session:
        state = batches.get(session, batch_id).state
    if state != "committed":
        raise InvalidBatch(
            f"Batch {batch_id} is {state}; only a committed one can be rolled back.", batch=batch_id, state=state
        )
    with home.writer.change("rollback", batch_id) as change:
        gone = change.forget(batch_id)
        identities.rebuild(change, home.store)
        change.note["rows"] = gone
    identities.erase_unseen(home)
    batches.take_back(home, batch_id, gone, operator=operator, now=now)
    tending.follow(home)
    return gone


def home_currency(home: Home) -> str | None:
    """The currency all amounts of a world are in; None while nobody has decided."""
    with home.store.reading() as session:
        return choices.read(session, CURRENCY)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class _Merged:
    counts: Counts
    lake_version: int
    sha256: str
    rejects_file: Path | None
    adopted: str | None
    reasons: dict[str, int]

    def told(self, batch_id: int) -> Imported:
        return Imported(batch_id, **self.counts.as_dict(), rejects_file=self.rejects_file, currency=self.adopted)


@dataclass(frozen=True)
class _Run:
    """One import under way."""

    home: Home
    place: Workplace
    batch_id: int
    mapping: Mapping
    operator: Operator
    now: datetime
    is_named: bool
    progress: Progress
    is_cancelled: Callable[[], bool]

    def import_file(self, file: Path) -> _Merged:
        form = Form(**{name: getattr(self.mapping.file, name) for name in Form.__dataclass_fields__})
        self._step("reading")
        readable = files.opened(
            file,
            folder=self.place.folder,
            form=form,
            wanted=self.mapping.wanted(),
            progress=lambda _done: self._cancel_point(),
        )
        fits(self.mapping, readable.columns)
        with self.home.lake.engine.cursor() as cursor, staged(cursor, readable, self.place.folder) as stage:
            self._step("staged", read=stage.read)
            with self.home.writer.change("import", self.batch_id, LOCK_PATIENCE_S, cursor) as change:
                merged = self._merge(change, stage, readable)
        return merged

    def settle(self, merged: _Merged) -> None:
        with self.home.store.transaction() as session:
            batches.commit(
                session, self.batch_id, merged.counts, lake_version=merged.lake_version, sha256=merged.sha256,
                operator=self.operator, now=self.now,
            )  # fmt: skip
            batches.adopt_currency(session, merged.adopted, now=self.now)

    def _merge(self, change: Change, stage: Staged, readable: Readable) -> _Merged:
        snapshot = change.snapshot
        currency, adopted = self._currency(change)
        world = World(currency, self.home.settings.zone, self.now.astimezone(UTC).replace(tzinfo=None), self.home.keys)
        named = rows.identities(stage, self.mapping, self.home.keys, snapshot.keep)
        draft = rows.drafted(stage, self.mapping, world)
        if self.mapping.target.name in ("order_lines", "group_rosters") or rows.personal(self.mapping):
            # Dear to compute, or read again below.
            draft = snapshot.keep(draft)
        good = derived.marked(self.mapping.target.name, rows.taken(draft, self.mapping, named))
        if self.mapping.target.name == "group_rosters":
            good = rosters.marked(good, draft, snapshot, stage, readable.columns)
        self._step("checked", read=stage.read)
        facts = change.merge(self.mapping.target.name, good)
        rejected = stage.read - facts.accepted - facts.duplicate
        rejects_file, reasons = self._keep_rejects(snapshot, stage, draft, rejected)
        counts = Counts(stage.read, facts.accepted, facts.duplicate, rejected)
        self._step("merged", **counts.as_dict())
        with nicknames.kept(snapshot, self.home.store, self.home.keys, self.batch_id, good):
            self._record(change, good, named, facts.accepted)
        self._derive(change, good, facts.accepted)
        change.note |= counts.as_dict() | {
            "table": self.mapping.table,
            "source": self.mapping.source,
            "sha256": readable.sha256,
        }
        change.note |= {"reasons": reasons} if reasons else {}
        change.note |= {"currency": adopted} if adopted and change.tables else {}
        self._step("committing", **counts.as_dict())
        version = snapshot.version + bool(change.tables)
        return _Merged(counts, version, readable.sha256, rejects_file, adopted if change.tables else None, reasons)

    def _keep_rejects(
        self, snapshot: Snapshot, stage: Staged, draft: ir.Table, rejected: int
    ) -> tuple[Path | None, dict[str, int]]:
        if not rejected:
            return None, {}
        refused = snapshot.keep(draft.filter(draft.is_refused).select("row_number", "reasons"))
        reasons = rejects.first_reasons(snapshot, refused, stage.broken)
        if sum(reasons.values()) != rejected:
            raise AssertionError(f"{rejected} rows were not taken, but {sum(reasons.values())} have a reason.")
        return rejects.write(self.home, self.batch_id, snapshot.cursor, stage, refused), reasons

    def _derive(self, change: Change, good: ir.Table, accepted: int) -> None:
        """Products behind the lines and names of the events that this batch added."""
        before = change.snapshot
        if accepted and self.mapping.target.name == "order_lines" and "product_id" in good.columns:
            change.merge("products", before.keep(derived.products(self._added(change), before)))
        if accepted and self.mapping.target.name == "events":
            change.merge("event_names", before.keep(derived.event_names(self._added(change), before, self.is_named)))

    def _added(self, change: Change) -> ir.Table:
        """Rows that this batch has added to its table so far."""
        rows = change.now().table(self.mapping.target.name)
        return rows.filter(rows.batch_id == self.batch_id)

    def _record(self, change: Change, good: ir.Table, named: list[rows.Named], accepted: int) -> None:
        """Evidence about identities, unless this batch brings neither facts nor anything new about persons."""
        if not named or (len(named) == 1 and not accepted and self.mapping.target.is_fact):
            return
        is_plain = len(named) == 1 and named[0].column.startswith("identity:") and self.mapping.target.is_fact
        seen, links = rows.sighted(self._added(change) if is_plain else good, named)
        seen = change.snapshot.keep(seen)
        links = None if links is None else change.snapshot.keep(links)
        if accepted or self._tells_news(change, seen, links):
            identities.record(
                change, self.home.store, self.home.keys, source=self.mapping.source, seen=seen, links=links
            )
        self._step("identified")

    @staticmethod
    def _tells_news(change: Change, seen: ir.Table, links: ir.Table | None) -> bool:
        before = change.snapshot
        fresh = seen.anti_join(before.table("identities"), "identity_key")
        if before.value(fresh.count()):
            return True
        return links is not None and bool(
            before.value(links.anti_join(before.table("identity_links"), ["left_key", "right_key"]).count())
        )

    def _currency(self, change: Change) -> tuple[str, str | None]:
        """Currency of the world, and the same again when this import decides it: the first one that names a currency does,
        as long as the world holds no amounts, unless a person has."""
        known = home_currency(self.home)
        if known is not None:
            return known, None
        has_amounts = any(change.snapshot.files(name) for name in AMOUNTS)
        chosen = "" if has_amounts else self.mapping.currency
        return chosen or DEFAULT_CURRENCY, chosen or None

    def _step(self, stage: str, **counts: int) -> None:
        self._cancel_point()
        batches.say(self.home, self.batch_id, self.place, stage, counts)
        self.progress(stage, **counts)

    def _cancel_point(self) -> None:
        if self.is_cancelled():
            raise Cancelled("The import was cancelled; nothing was imported.", batch=self.batch_id)


def _refuse_other_table(table: str, mapping: Mapping) -> None:
    if mapping.table != table:
        raise InvalidMapping(
            f"The mapping is for {mapping.table}, not for {table}.", table=table, mapping=mapping.table
        )
