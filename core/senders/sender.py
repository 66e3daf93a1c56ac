"""What every way out has in common: a message, where it goes, and what can become of it.

A sender either returns, and the other side has taken the message, or raises one of the four classes below. They carry a stable code
(``http.503``, ``smtp.login``, ``robot.45009``) and never an address, a secret or a word of the other side: codes end up in logs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """``message_id`` stays the same however often the message is tried, so that whoever gets it twice can tell. ``title`` is one line, ``text`` plain.
    ``kind`` and ``data`` are for receivers that are programs."""

    message_id: str
    kind: str
    title: str
    text: str
    said_at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Destination:
    """``secrets``: newest first; several while one takes the place of another. Never printed."""

    address: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


class NotSent(Exception):
    """The message was not taken, or nobody can say. ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Temporary(NotSent):
    """Not taken, and worth trying again; not before ``after_s`` seconds where the other side said so."""

    def __init__(self, code: str, after_s: float | None = None) -> None:
        super().__init__(code)
        self.after_s = after_s


class Permanent(NotSent):
    """Not taken, and this message never will be."""


class Gone(Permanent):
    """Nothing will ever be taken there, whatever the message: the address is wrong, forbidden, or was given up."""


class Uncertain(NotSent):
    """It may have arrived: the connection was lost after the message had been handed over."""


class Sender(Protocol):
    """One way out. ``is_repeatable``: after ``Uncertain`` the message may be sent again, because its receiver can tell that it has it. ``most_per_minute``:
    what the other side takes from one destination, None where it sets no limit."""

    is_repeatable: bool
    most_per_minute: int | None

    def send(self, to: Destination, message: Message, now: datetime) -> str | None:
        """None, or the code of what was wrong though the message was taken. Raises ``Temporary``, ``Permanent``, ``Gone``, ``Uncertain``."""
        ...
