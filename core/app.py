"""Wiring: the only place that builds lakes, stores, keys and engines, from settings."""

import os
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from core.lake.engine.duckdb import Engine
from core.lake.reader import Lake
from core.lake.writer import Writer
from core.privacy.pseudonyms import Keys
from core.settings import Settings, World
from core.store.session import Store

KEY_BYTES = 32


@dataclass(frozen=True)
class Home:
    """One world of a home: its lake, store and keys."""

    settings: Settings
    world: World
    engine: Engine

    @cached_property
    def lake(self) -> Lake:
        return Lake(self.settings.lake(self.world), self.engine)

    @cached_property
    def writer(self) -> Writer:
        return Writer(self.lake, self.settings.zone)

    @cached_property
    def store(self) -> Store:
        """The world's store, brought to the newest schema."""
        self.settings.world(self.world).mkdir(parents=True, exist_ok=True)
        store = Store(self.settings.store_url(self.world))
        store.migrate()
        return store

    @cached_property
    def keys(self) -> Keys:
        return Keys(_master(self.settings.key_file(self.world)))


class House:
    """Both worlds of a home, over one engine. Accounts and audit live in the store of ``live``."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engine = Engine(settings.home / "run" / "spill")
        self.live = Home(settings, "live", self.engine)
        self.demo = Home(settings, "demo", self.engine)

    def world(self, world: World) -> Home:
        return self.live if world == "live" else self.demo

    @property
    def shown(self) -> World:
        """The world pages show when nobody asked for one: demo only while live has no data."""
        live, demo = self.live.lake.manifests.latest(), self.demo.lake.manifests.latest()
        return "demo" if not live.tables and demo.tables else "live"


def _master(path: Path) -> bytes:
    """The key in the file, made at first use. Two processes that start at once agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    if not path.exists():
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # the other process was first; its key counts
        finally:
            fresh.unlink()
    return path.read_bytes()
