"""Where a home lies and how it is set up. Read once from the environment by ``core.app``."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from unicodedata import category

from core.errors import InvalidHome, InvalidMail

World = Literal["live", "demo"]
WORLDS: tuple[World, ...] = ("live", "demo")
PROJECT = Path(__file__).resolve().parent.parent
DEFAULT_ZONE = "Asia/Shanghai"
DEFAULT_CURRENCY = "CNY"
UNNAMEABLE = "*?[]\\^|%"
"""Signs in a path that the lake's table format, or the engine's patterns of files, take for something else."""
_MAILBOX = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)
_LINK = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(/[A-Za-z0-9._~/-]*)?")


Security = Literal["starttls", "ssl", "none"]
SECURITIES: tuple[Security, ...] = ("starttls", "ssl", "none")
PORTS: dict[Security, int] = {"starttls": 587, "ssl": 465, "none": 25}
HERE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Mail:
    """The server that takes the house's e-mail. Without encryption only one on this machine."""

    host: str
    port: int
    security: Security
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Mail | None":
        """``SIYU_SMTP_HOST`` (without it there is no e-mail), ``_PORT``, ``_SECURITY`` (``starttls``, ``ssl``, ``none``), ``_FROM``, ``_USER``, ``_PASSWORD``.
        Raises ``InvalidMail``."""
        host = environment.get("SIYU_SMTP_HOST", "").strip()
        if not host:
            return None
        said = environment.get("SIYU_SMTP_SECURITY") or "starttls"
        security = next((one for one in SECURITIES if one == said), None)
        if security is None or (security == "none" and host not in HERE):
            raise InvalidMail(
                "SIYU_SMTP_SECURITY is starttls or ssl; none only for a server on this machine.", reason="security"
            )
        port = environment.get("SIYU_SMTP_PORT") or str(PORTS[security])
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise InvalidMail("SIYU_SMTP_PORT is a number from 1 to 65535.", reason="port")
        sender = environment.get("SIYU_SMTP_FROM", "").strip()
        if not _MAILBOX.fullmatch(sender):
            raise InvalidMail("SIYU_SMTP_FROM is the address that e-mail comes from, and nothing else.", reason="from")
        user, password = environment.get("SIYU_SMTP_USER", ""), environment.get("SIYU_SMTP_PASSWORD", "")
        return cls(host, int(port), security, sender, user, password)


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
    mail: Mail | None = None
    url: str | None = None
    """Where people reach the pages, without a slash at the end; notices carry links only with it."""
    links_url: str | None = None
    """Where people's phones reach the receiver, without a slash at the end. Without it links of messages go out as they are, their clicks are not counted, and nobody unsubscribes by a link."""
    inner_hosts: frozenset[str] = frozenset()
    """Hosts, in lower case and with or without a port, that webhooks may reach without encryption and inside the house's own network."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """``SIYU_HOME`` (default: ``data/`` of the project), ``SIYU_STORE_URL``, ``SIYU_ENGINE``, ``SIYU_ZONE``, ``SIYU_HTTPS``,
        ``SIYU_FORECASTS`` (``0``: the house's own are not made), ``SIYU_URL``, ``SIYU_LINKS_URL``, ``SIYU_WEBHOOK_HOSTS`` (divided by commas), and those of ``Mail``.

        Raises ``InvalidHome`` for a path with a sign that the lake cannot name its files under, ``InvalidMail`` also for a ``SIYU_URL`` or ``SIYU_LINKS_URL`` that is none.
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
            mail=Mail.from_environment(environment),
            url=_url(environment.get("SIYU_URL", "")),
            links_url=_links_url(environment.get("SIYU_LINKS_URL", "")),
            inner_hosts=frozenset(
                one.strip().lower() for one in environment.get("SIYU_WEBHOOK_HOSTS", "").split(",") if one.strip()
            ),
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


def _url(said: str) -> str | None:
    text = said.strip().rstrip("/")
    if text and not _LINK.fullmatch(text):
        raise InvalidMail(
            "SIYU_URL is where people reach the pages, such as https://cockpit.example.com.", reason="url"
        )
    return text or None


def _links_url(said: str) -> str | None:
    text = said.strip().rstrip("/")
    if text and not _LINK.fullmatch(text):
        raise InvalidMail(
            "SIYU_LINKS_URL is where people's phones reach the receiver, such as https://go.example.com.",
            reason="links",
        )
    return text or None
