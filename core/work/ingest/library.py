"""Named mappings: those that come with the product, those that operators saved, and files."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from core.errors import InvalidMapping, Unknown
from core.scope import Operator
from core.store import audit
from core.store.session import Session, insert_new
from core.store.tables import ColumnMapping
from core.work.home import Home
from core.work.ingest.mapping import Mapping, from_json, from_toml, to_json, validate


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping and where it comes from. ``revision``: 0 for those that come with the product."""

    name: str
    mapping: Mapping
    revision: int = 0


def listed(home: Home) -> list[Named]:
    """All mappings with a name, by name; of one that was saved the newest revision, which stands before the product's own."""
    found = {path.stem: Named(path.stem, _read(path)) for path in sorted(home.settings.mappings.glob("*.toml"))}
    with home.store.reading() as session:
        rows = session.scalars(select(ColumnMapping).order_by(ColumnMapping.revision))
        found |= {row.name: Named(row.name, from_json(row.body), row.revision) for row in rows}
    return [found[name] for name in sorted(found)]


def find(home: Home, name: str) -> Named:
    """A mapping by its name, or by the path of a TOML file. Raises ``Unknown`` with near names, and ``InvalidMapping``."""
    known = {named.name: named for named in listed(home)}
    if name in known:
        return known[name]
    path = Path(name)
    if path.suffix == ".toml" and path.is_file():
        return Named(path.stem, _read(path))
    raise Unknown("mapping", name, known)


def save(home: Home, name: str, mapping: Mapping, operator: Operator, *, now: datetime) -> Named:
    """Keep a mapping under a name; saving again adds a revision. Raises ``InvalidMapping``, ``Forbidden``."""
    operator.require("sources.write")
    if not name.strip() or len(name) > 200 or name.endswith(".toml"):
        raise InvalidMapping(f"{name!r} cannot be the name of a mapping.", reason="name", name=name)
    validate(mapping)
    with home.store.transaction() as session:
        values = {"source": mapping.source, "body": to_json(mapping), "saved_by": operator.name, "saved_at": now}
        revision = _add_revision(session, name, values)
        audit.append(session, operator, "mapping.saved", f"mapping:{name}", {"revision": revision}, now=now)
    return Named(name, mapping, revision)


def revisions(home: Home, name: str) -> list[ColumnMapping]:
    """All that was ever saved under a name, newest first."""
    with home.store.reading() as session:
        query = select(ColumnMapping).where(ColumnMapping.name == name).order_by(ColumnMapping.revision.desc())
        return list(session.scalars(query))


def _add_revision(session: Session, name: str, values: dict[str, Any]) -> int:
    """Keep it as the next revision; whoever takes that number meanwhile comes before."""
    while True:
        last = session.scalar(select(func.max(ColumnMapping.revision)).where(ColumnMapping.name == name)) or 0
        row = {"name": name, "revision": last + 1, **values}
        if insert_new(session, ColumnMapping, row, unique=("name", "revision")):
            return last + 1


def _read(path: Path) -> Mapping:
    try:
        return from_toml(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise InvalidMapping(f"{path.name} is not written in UTF-8. Save it as UTF-8.", reason="encoding") from error
