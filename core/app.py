"""Wiring: the only place that builds lakes, stores, keys and engines, from settings."""

import threading

from core.errors import Refusal
from core.lake.engine.duckdb import Engine
from core.lake.reader import Lake
from core.lake.writer import Writer
from core.privacy.pseudonyms import Keys
from core.settings import Settings, World
from core.store import keys as key_files
from core.store.session import Store
from core.work.home import Home


class House:
    """Both worlds of a home, over one engine. Accounts and audit live in the store of ``live``.

    A world is opened at its first use, its store brought to the newest schema. Safe to share between threads.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.engine != "duckdb":
            raise Refusal(f"SIYU_ENGINE={settings.engine} is not supported yet; leave it unset or say duckdb.")
        self.settings = settings
        self.engine = Engine(settings.home / "run" / "spill")
        self._worlds: dict[World, Home] = {}
        self._lock = threading.Lock()

    @property
    def live(self) -> Home:
        return self.world("live")

    @property
    def demo(self) -> Home:
        return self.world("demo")

    def world(self, world: World) -> Home:
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
        live = Lake(self.settings.lake("live"), self.engine).manifests.latest()
        demo = Lake(self.settings.lake("demo"), self.engine).manifests.latest()
        return "demo" if not live.tables and demo.tables else "live"


def _open(settings: Settings, world: World, engine: Engine) -> Home:
    keys = Keys(key_files.master(settings.key_file(world)))
    lake = Lake(settings.lake(world), engine)
    settings.world(world).mkdir(parents=True, exist_ok=True)
    store = Store(settings.store_url(world), audit_key=keys.derived("audit"))
    store.migrate()
    return Home(settings, world, lake, Writer(lake, settings.zone), store, keys)
