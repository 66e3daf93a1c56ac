"""What an import would do, shown on the first rows of a file. Nothing is written."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.settings import DEFAULT_CURRENCY
from core.sources import files
from core.sources.files import Form
from core.store import choices
from core.work import nicknames
from core.work.home import Home
from core.work.ingest import kinship, rejects, rows, workplace
from core.work.ingest.batches import CURRENCY
from core.work.ingest.guess import Guess, Sample, guess
from core.work.ingest.mapping import FileForm, Mapping, fits, validate
from core.work.ingest.staging import staged
from core.work.ingest.world import World

SAMPLE_ROWS = 1000
SHOWN_ROWS = 20


@dataclass(frozen=True, slots=True)
class Preview:
    """``rows``: the first ones as the lake would have them, each with ``row_number`` and ``reasons`` (null when it can be taken);
    identities as they stand in the file, under ``identity:<type>``; personal columns masked. ``read``, ``taken``, ``rejected``, ``reasons``: counts over the sample. ``unmapped``: source columns nobody asks for."""

    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    read: int
    taken: int
    rejected: int
    reasons: dict[str, int]
    unmapped: tuple[str, ...]
    encoding: str
    delimiter: str
    part: str
    parts: tuple[str, ...]


def sample(home: Home, file: Path, *, form: FileForm = FileForm(), count: int = SAMPLE_ROWS) -> Sample:
    """Header and first rows of a file, as text. Raises ``Unreadable``."""
    with workplace.opened(home) as place:
        readable = files.opened(file, folder=place.folder, form=_form(form))
        with home.lake.engine.cursor() as cursor, staged(cursor, readable, place.folder, count) as stage:
            table = cursor.backend.to_pyarrow(stage.rows.order_by("row_number").select(*stage.cells.values()))
    columns = {name: table[cell].to_pylist() for name, cell in stage.cells.items()}
    return Sample(file.name, columns, readable.part, readable.parts)


def guessed(home: Home, file: Path, table: str | None = None, *, form: FileForm = FileForm()) -> Guess:
    """A mapping for a file nobody has described."""
    return guessed_of(home, sample(home, file, form=form), table)


def guessed_of(home: Home, first: Sample, table: str | None = None) -> Guess:
    """The same, for a file whose first rows are read already."""
    return kinship.told(home, first, guess(first, table))


def preview(home: Home, mapping: Mapping, file: Path, *, now: datetime) -> Preview:
    """The mapping on the first thousand rows. Raises ``InvalidMapping``, ``Unreadable``."""
    validate(mapping)
    with home.store.reading() as session:
        currency = choices.read(session, CURRENCY) or mapping.currency or DEFAULT_CURRENCY
    world = World(currency, home.settings.zone, now.astimezone(UTC).replace(tzinfo=None), home.keys)
    with workplace.opened(home) as place:
        readable = files.opened(file, folder=place.folder, form=_form(mapping.file), wanted=mapping.wanted())
        fits(mapping, readable.columns)
        with home.lake.open() as snapshot, staged(snapshot.cursor, readable, place.folder, SAMPLE_ROWS) as stage:
            made = snapshot.keep(rows.drafted(stage, mapping, world))
            refused = made.filter(made.is_refused).select("row_number", "reasons")
            reasons = rejects.first_reasons(snapshot, refused, stage.broken)
            first = snapshot.arrow(made.drop("is_refused").order_by("row_number").limit(SHOWN_ROWS)).to_pylist()
    for name in rows.personal(mapping):
        first = [row | {name: nicknames.shown(row[name])} for row in first]
    rejected = sum(reasons.values())
    used = {*mapping.wanted(), *(stage.header if mapping.properties.rest else ())}
    return Preview(
        stage.header, first, stage.read, stage.read - rejected, rejected, reasons,
        tuple(c for c in stage.header if c not in used), readable.encoding, readable.dialect.delimiter, readable.part, readable.parts,
    )  # fmt: skip


def _form(form: FileForm) -> Form:
    return Form(form.part, form.encoding, form.delimiter, form.skip)
