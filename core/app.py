"""Wiring: the only place that builds lakes, stores, keys and engines, from settings.

Engines take seconds to import, so they are imported where they are built: a process that needs the accounts only does not wait.
"""

import threading
from typing import TYPE_CHECKING

from core.errors import Refusal
from core.lake.manifest import Manifests
from core.settings import WORLDS, Settings, World
from core.store import keys as key_files
from core.store.session import Store

if TYPE_CHECKING:
    from core.lake.engine.duckdb import Engine
    from core.work.home import Home

AUDIT = "audit"


class House:
    """Both worlds of a home, over one engine. Accounts and audit live in the store of ``live``.

    A world is opened at its first use, its store brought to the newest schema. Safe to share between threads.
    """

    def __init__(self, settings: Settings) -> None:
        from core.lake.engine.duckdb import Engine

        if settings.engine != "duckdb":
            raise Refusal(f"SIYU_ENGINE={settings.engine} is not supported yet; leave it unset or say duckdb.")
        self.settings = settings
        self.engine = Engine(settings.home / "run" / "spill")
        self._worlds: dict[World, Home] = {}
        self._versions = {world: Manifests(settings.lake(world)) for world in WORLDS}
        self._lock = threading.Lock()

    @property
    def live(self) -> "Home":
        return self.world("live")

    @property
    def demo(self) -> "Home":
        return self.world("demo")

    def world(self, world: World) -> "Home":
        with self._lock:
            if world not in self._worlds:
                self._worlds[world] = _open(self.settings, world, self.engine)
            return self._worlds[world]

    def forget(self, world: World) -> None:
        """Open the world anew at its next use, because its folder was removed."""
        with self._lock:
            home = self._worlds.pop(world, None)
        if home:
            home.store.close()

    @property
    def shown(self) -> World:
        """The world that pages show when nobody asked for one: demo only while live has no data."""
        is_filled = {world: bool(versions.latest().tables) for world, versions in self._versions.items()}
        return "demo" if is_filled["demo"] and not is_filled["live"] else "live"


def store(settings: Settings, world: World) -> Store:
    """The store of a world, brought to the newest schema; that of ``live`` keeps accounts and audit."""
    settings.world(world).mkdir(parents=True, exist_ok=True)
    audit_key = key_files.derive(key_files.master(settings.key_file(world)), AUDIT)
    opened = Store(settings.store_url(world), audit_key=audit_key)
    opened.migrate()
    return opened


def _open(settings: Settings, world: World, engine: "Engine") -> "Home":
    from core.lake.reader import Lake
    from core.lake.writer import Writer
    from core.privacy.pseudonyms import Keys
    from core.work.home import Home

    lake = Lake(settings.lake(world), engine)
    keys = Keys(key_files.master(settings.key_file(world)))
    return Home(settings, world, lake, Writer(lake, settings.zone), store(settings, world), keys)
