"""Wiring: the only place that builds lakes, stores, keys and engines, from settings.

Engines take seconds to import, so they are imported where they are built: a process that needs the accounts only does not wait.
"""

import os
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import Refusal
from core.lake.manifest import Manifests
from core.settings import WORLDS, Settings, World
from core.store import keys as key_files
from core.store.session import Store

if TYPE_CHECKING:
    from core.lake.engine.duckdb import Engine
    from core.receiver.desk import Desk
    from core.senders.sender import Sender
    from core.work.home import Home

AUDIT = "audit"


class House:
    """Both worlds of a home, over one engine. Accounts and audit live in the store of ``live``.

    A world is opened at its first use, its store brought to the newest schema; and again when another process has made it anew,
    which its key tells. Safe to share between threads.
    """

    def __init__(self, settings: Settings) -> None:
        from core.lake.engine.duckdb import Engine

        if settings.engine != "duckdb":
            raise Refusal(f"SIYU_ENGINE={settings.engine} is not supported yet; leave it unset or say duckdb.")
        self.settings = settings
        self.engine = Engine(settings.home / "run" / "spill")
        self._worlds: dict[World, tuple[Home, os.stat_result | None]] = {}
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
            home, key = self._worlds.get(world, (None, None))
            if home is None or not _is_same(key, _seen(self.settings.key_file(world))):
                if home is not None:
                    home.store.close()
                home = _open(self.settings, world, self.engine)
                self._worlds[world] = home, _seen(self.settings.key_file(world))
            return home

    def forget(self, world: World) -> None:
        """Open the world anew at its next use, because its folder was removed."""
        with self._lock:
            home, _ = self._worlds.pop(world, (None, None))
        if home:
            home.store.close()

    @cached_property
    def senders(self) -> "dict[str, Sender]":
        """The ways out of the house, by kind of target; e-mail only where a server for it is set. That through WeCom is of a world: ``core.work.app_notices``."""
        from core.senders.posting import Poster
        from core.senders.robot import Robot
        from core.senders.smtp import Smtp
        from core.senders.webhook import Webhook

        found: dict[str, Sender] = {"webhook": Webhook(Poster(self.settings.inner_hosts)), "robot": Robot(Poster())}
        return found | ({"email": Smtp(self.settings.mail)} if self.settings.mail else {})

    @property
    def shown(self) -> World:
        """The world that pages show when nobody asked for one: demo only while live has no data."""
        is_filled = {world: bool(versions.latest().tables) for world, versions in self._versions.items()}
        return "demo" if is_filled["demo"] and not is_filled["live"] else "live"


class Desks:
    """The worlds that there are, as the receiver needs them: without lakes and engines. A world that was made anew is opened anew. Safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._open: dict[World, tuple[Desk, os.stat_result | None]] = {}
        self._lock = threading.Lock()

    def __call__(self) -> "list[Desk]":
        with self._lock:
            return [self._desk(world) for world in WORLDS if world == "live" or self.settings.lake(world).exists()]

    def _desk(self, world: World) -> "Desk":
        from core.privacy.pseudonyms import Keys
        from core.receiver.desk import Desk

        desk, key = self._open.get(world, (None, None))
        if desk is None or not _is_same(key, _seen(self.settings.key_file(world))):
            if desk is not None:
                desk.store.close()
            opened = store(self.settings, world)
            desk = Desk(world, opened, Keys(key_files.master(self.settings.key_file(world))))
            self._open[world] = desk, _seen(self.settings.key_file(world))
        return desk


def _seen(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except FileNotFoundError:
        return None


def _is_same(one: os.stat_result | None, other: os.stat_result | None) -> bool:
    """Whether a file that is never changed is still there, or still absent."""
    if one is None or other is None:
        return one is other
    return (one.st_ino, one.st_mtime_ns) == (other.st_ino, other.st_mtime_ns)


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
