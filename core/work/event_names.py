"""Names of events that nobody knew: held back until a person approves them, or says that they stay hidden."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import ibis
import pyarrow as pa

from core.errors import Unknown
from core.scope import Operator
from core.store import audit, choices
from core.store.session import Session
from core.work.home import Home
from core.work.ingest import batches, workplace

HIDDEN = "event_names.hidden"
"""Choice of a world's store: held names of which a person said that they stay hidden, so that nobody is asked again."""
SOURCE = "approval"


@dataclass(frozen=True, slots=True)
class Held:
    """A held name, how many events carry it, and whether a person has decided that it stays hidden."""

    name: str
    events: int
    is_settled: bool


def held(home: Home, known: Mapping[str, int] | None = None) -> list[Held]:
    """Names that are held, undecided ones first, then by how many events carry them. ``known``: what ``counted`` said of the
    newest version.
    """
    names = counted(home) if known is None else known
    with home.store.reading() as session:
        settled = hidden(session)
    found = [Held(name, events, name in settled) for name, events in names.items()]
    return sorted(found, key=lambda one: (one.is_settled, -one.events, one.name))


def counted(home: Home, version: int | None = None) -> dict[str, int]:
    """Held names of a version of the lake, the newest by default, with how many events carry each."""
    with home.lake.open(version) as snapshot:
        if not snapshot.files("event_names"):
            return {}
        names = snapshot.current("event_names").filter(ibis._.is_held).select("name")
        events = snapshot.table("events").semi_join(names, "name").group_by("name").aggregate(events=ibis._.count())
        rows = snapshot.arrow(names.left_join(events, "name").select("name", events=ibis._.events.fill_null(0)))
    return {row["name"]: int(row["events"]) for row in rows.to_pylist()}


def hidden(session: Session) -> set[str]:
    return set(choices.read(session, HIDDEN, []))


def approve(home: Home, operator: Operator, names: Collection[str], *, now: datetime) -> int:
    """Let events of these names count from now on, in a batch of its own that can be rolled back. Returns its id.

    Raises ``Forbidden``, and ``Unknown`` for a name that is not held.
    """
    operator.require("sources.write")
    wanted = _held_ones(home, names)
    with workplace.opened(home) as place:
        batch_id = batches.begin(
            home, place, table="event_names", source=SOURCE, file_name="", mapping_name=None, operator=operator, now=now
        )  # fmt: skip
        try:
            counts, version = _approved(home, batch_id, wanted)
        except BaseException as error:
            batches.give_up(home, batch_id, error, operator=operator, now=now)
            raise
        with home.store.transaction() as session:
            batches.commit(session, batch_id, counts, lake_version=version, sha256=None, operator=operator, now=now)
            choices.write(session, HIDDEN, sorted(hidden(session) - set(wanted)), by=operator.name, now=now)
            audit.append(session, operator, "event_names.decided", f"batch:{batch_id}", {"approved": wanted}, now=now)
    return batch_id


def _approved(home: Home, batch_id: int, wanted: list[str]) -> tuple[batches.Counts, int]:
    """Write the approval; what came of it, and the version that shows it."""
    rows = pa.table(
        {
            "name": pa.array(wanted, pa.string()),
            "is_held": pa.array([False] * len(wanted), pa.bool_()),
            "source": pa.array([SOURCE] * len(wanted), pa.string()),
            "row_number": pa.array(range(1, len(wanted) + 1), pa.int64()),
        }
    )
    with home.writer.change("names", batch_id) as change:
        merged = change.merge("event_names", ibis.memtable(rows))
        counts = batches.Counts(len(wanted), merged.accepted, merged.duplicate, 0)
        change.note |= counts.as_dict() | {"sha256": None, "approved": wanted}
        return counts, change.snapshot.version + bool(change.tables)


def keep_hidden(home: Home, operator: Operator, names: Collection[str], *, now: datetime) -> None:
    """Say that these names stay hidden. Raises ``Forbidden``, and ``Unknown`` for a name that is not held."""
    operator.require("sources.write")
    wanted = _held_ones(home, names)
    with home.store.transaction() as session:
        choices.write(session, HIDDEN, sorted(hidden(session) | set(wanted)), by=operator.name, now=now)
        audit.append(session, operator, "event_names.decided", "event_names", {"hidden": wanted}, now=now)


def _held_ones(home: Home, names: Collection[str]) -> list[str]:
    known = {one.name for one in held(home)}
    for name in names:
        if name not in known:
            raise Unknown("held event name", name, known)
    if not names:
        raise Unknown("held event name", "")
    return sorted(set(names))
