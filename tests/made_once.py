"""What very many tests begin with, made once in a process and then copied: a store that is up to date, and a lake of the same facts.

A copy is what the product itself made, under another path and, of a lake, with an identity of its own.
"""

import json
import shutil
import sqlite3
import tempfile
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy.engine import make_url

from core.lake.manifest import FOLDER
from core.store.session import Store
from core.work.home import Home

T = TypeVar("T")
MOST_LAKES = 48
MOST_FACTS = 3_000
_seen: set[str] = set()
_lakes: "OrderedDict[str, tuple[Path, object]]" = OrderedDict()


@contextmanager
def stores() -> Iterator[None]:
    """Within the block a new SQLite store is a copy of the first one that was migrated."""
    migrate: Callable[[Store], None] = Store.migrate
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        template = Path(folder) / "store.db"

        def copied(self: Store) -> None:
            url = make_url(self.url)
            path = Path(url.database or "")
            is_new = url.get_backend_name() == "sqlite" and not (path.exists() and path.stat().st_size)
            if is_new and template.exists() and path.parent.is_dir():
                shutil.copyfile(template, path)
                return
            migrate(self)
            if is_new:
                _backed_up(path, template)

        patched.setattr(Store, "migrate", copied)
        yield


def _backed_up(path: Path, template: Path) -> None:
    source, target = sqlite3.connect(path), sqlite3.connect(template)
    source.backup(target)
    source.close()
    target.close()


def lake(world: Home, facts: object, count: int, make: Callable[[], T]) -> T:
    """What ``make`` returns, which fills an empty lake with ``facts``; from the third time on a copy of what it made the second time."""
    if world.lake.manifests.latest().version or count > MOST_FACTS:
        return make()
    key = sha256(repr((facts, world.settings.zone)).encode()).hexdigest()
    if key in _lakes:
        _lakes.move_to_end(key)
        folder, made = _lakes[key]
        _copied(folder, world.lake.root)
        return made  # type: ignore[return-value]
    done = make()
    if key in _seen:
        _kept(key, world.lake.root, done)
    _seen.add(key)
    return done


def _kept(key: str, root: Path, made: object) -> None:
    folder = Path(tempfile.mkdtemp(prefix="lake")) / "lake"
    shutil.copytree(root, folder)
    _lakes[key] = folder, made
    if len(_lakes) > MOST_LAKES:
        _, (old, _) = _lakes.popitem(last=False)
        shutil.rmtree(old.parent)


def _copied(folder: Path, root: Path) -> None:
    shutil.copytree(folder, root, dirs_exist_ok=True)
    lake_id, now = uuid.uuid4().hex, datetime.now(UTC).isoformat()
    for path in (root / FOLDER).iterdir():
        told = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(told | {"lake_id": lake_id, "at": now}, ensure_ascii=False), encoding="utf-8")
