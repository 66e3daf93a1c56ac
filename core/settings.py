"""Where a home lies and how it is set up. Read once from the environment by ``core.app``."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from unicodedata import category

from core.errors import InvalidHome

World = Literal["live", "demo"]
WORLDS: tuple[World, ...] = ("live", "demo")
PROJECT = Path(__file__).resolve().parent.parent
DEFAULT_ZONE = "Asia/Shanghai"
DEFAULT_CURRENCY = "CNY"
UNNAMEABLE = "*?[]\\^|%"
"""Signs in a path that the lake's table format, or the engine's patterns of files, take for something else."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Places and switches of one home.

    A home holds two worlds that never mix, ``live`` and ``demo``, each with its own lake, store and keys. Accounts and
    the audit log belong to the house as a whole and live in the store of ``live``.
    """

    home: Path
    store_url_override: str | None = None
    engine: str = "duckdb"
    zone: str = DEFAULT_ZONE
    is_https: bool = False
    foresees: bool = True
    """Whether workers make the house's forecasts by themselves; what people ask for is fitted anyway."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """``SIYU_HOME`` (default: ``data/`` of the project), ``SIYU_STORE_URL``, ``SIYU_ENGINE``, ``SIYU_ZONE``, ``SIYU_HTTPS``,
        ``SIYU_FORECASTS`` (``0``: the house's own are not made).

        Raises ``InvalidHome`` for a path with a sign that the lake cannot name its files under.
        """
        home = Path(environment.get("SIYU_HOME") or PROJECT / "data").resolve()
        wrong = next((sign for sign in str(home) if sign in UNNAMEABLE or category(sign) in ("Cc", "Cs")), None)
        if wrong is not None:
            raise InvalidHome(
                f"The path {str(home)!r} holds {wrong!r}. Rename the folder, or name another home in SIYU_HOME.",
                letter=wrong,
            )
        return cls(
            home=home,
            store_url_override=environment.get("SIYU_STORE_URL") or None,
            engine=environment.get("SIYU_ENGINE") or "duckdb",
            zone=environment.get("SIYU_ZONE") or DEFAULT_ZONE,
            is_https=environment.get("SIYU_HTTPS") == "1",
            foresees=environment.get("SIYU_FORECASTS") != "0",
        )

    def world(self, world: World) -> Path:
        return self.home / world

    def lake(self, world: World) -> Path:
        return self.home / world / "lake"

    def rejects(self, world: World) -> Path:
        """Folder of encrypted rejected rows, one file per batch."""
        return self.home / world / "rejects"

    def inbox(self, world: World) -> Path:
        """Folder of uploaded files that wait for the worker."""
        return self.home / world / "inbox"

    @property
    def fits(self) -> Path:
        """Folder in which processes that fit forecasts keep what they write; of no interest once they end."""
        return self.home / "run" / "fits"

    def key_file(self, world: World) -> Path:
        """Master key of a world. Outside lake and store, so that it can be backed up apart."""
        return self.home / "keys" / f"{world}.key"

    def store_url(self, world: World) -> str:
        if world == "live" and self.store_url_override:
            return self.store_url_override
        return f"sqlite:///{self.home / world / 'store.db'}"

    @property
    def mappings(self) -> Path:
        """Named mappings that come with the product; those saved by operators live in the store."""
        return PROJECT / "data" / "mappings"
