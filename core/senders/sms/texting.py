"""What both providers have in common: a text made from a template, what became of it per number, and the hours in which marketing may be sent."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from core.senders.outcomes import Halted, Unfit
from core.senders.sender import Gone, NotSent, Permanent, Temporary, Uncertain
from core.senders.sms import numbers

CHINA = ZoneInfo("Asia/Shanghai")
OPENS, CLOSES = time(8), time(22)
"""Providers take marketing from 8 to before 22 o'clock of China's time, whatever the recipient's own is; the house's quiet hours are stricter and stand elsewhere."""
_CODE = re.compile(r"[A-Za-z_]{1,60}(\.[A-Za-z_]{1,60}){0,2}")
_WORD = re.compile(r"[A-Za-z0-9_.:^-]{0,60}")
One = TypeVar("One")
Fate = Literal["waiting", "failed", "delivered"]


@dataclass(frozen=True, slots=True)
class Text:
    """``signature`` and ``template`` as the provider has approved them. ``values``: by name, in the order of the template's places. ``reference``: the house's own
    name of the sending, without personal data; receipts carry it back. It keeps nobody from getting the message twice."""

    signature: str
    template: str
    values: Mapping[str, str] = field(repr=False)
    reference: str
    is_marketing: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """``serial``: what the provider calls it, empty where it was not taken. ``trouble``: None where it was."""

    number: str = field(repr=False)
    serial: str
    trouble: NotSent | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """``code``: the network's own word (``DELIVRD``, ``UNDELIV``). ``at``: when the network said so, None while it has not."""

    number: str = field(repr=False)
    serial: str
    reference: str | None
    fate: Fate
    code: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Told(Generic[One]):
    """What a provider told once and will not tell again. ``unreadable``: how many beside them nobody understood."""

    found: tuple[One, ...]
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """Codes of one provider by what they mean. ``waits``: seconds, or until midnight in China, or until marketing is taken again.

    A code beside them is that of its longest known beginning (``AuthFailure.TokenFailure`` that of ``AuthFailure``), else a refusal of this one message.
    """

    provider: str
    halts: frozenset[str] = frozenset()
    unfit: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    uncertain: frozenset[str] = frozenset()
    waits: Mapping[str, float | Literal["day", "month", "hours"]] = field(default_factory=dict)

    def trouble(self, code: object, now: datetime) -> NotSent:
        """What a code of the other side means. What is no code is not repeated: it could hold anything."""
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            return Uncertain(f"{self.provider}.unreadable")
        said, known = f"{self.provider}.{code}", self._known(code)
        if known in self.halts:
            return Halted(said)
        if known in self.unfit:
            return Unfit(said)
        if known in self.gone:
            return Gone(said)
        if known in self.uncertain:
            return Uncertain(said)
        return Temporary(said, _seconds(self.waits[known], now)) if known in self.waits else Permanent(said)

    def _known(self, code: str) -> str:
        every = self.halts | self.unfit | self.gone | self.uncertain | self.waits.keys()
        parts = code.split(".")
        beginnings = (".".join(parts[:size]) for size in range(len(parts), 0, -1))
        return next((one for one in beginnings if one in every), "")


class InvalidSending(ValueError):
    """``reason``: ``numbers`` (none, too many, twice the same, or not as ``numbers.e164`` writes them), ``mixed`` (mainland and elsewhere) or ``reference``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check(to: Sequence[str], text: Text, *, most: int, longest_reference: int) -> None:
    """Raises ``InvalidSending`` for what no provider would take. ``longest_reference`` in bytes."""
    if not 1 <= len(to) <= most or len(set(to)) < len(to) or any(numbers.e164(one) != one for one in to):
        raise InvalidSending("numbers")
    if len({numbers.is_mainland(one) for one in to}) > 1:
        raise InvalidSending("mixed")
    if len(text.reference.encode()) > longest_reference:
        raise InvalidSending("reference")


def hold_marketing(text: Text, now: datetime) -> None:
    """Raises ``Temporary`` with the seconds until marketing may be sent again."""
    if text.is_marketing and (seconds := until_hours(now)):
        raise Temporary("sms.hours", seconds)


def until_hours(now: datetime) -> float:
    """Seconds until marketing is taken; 0 while it is: from 8 to before 22 o'clock in China."""
    here = now.astimezone(CHINA)
    if OPENS <= here.time() < CLOSES:
        return 0.0
    day = here.date() + timedelta(days=1 if here.time() >= CLOSES else 0)
    return (datetime.combine(day, OPENS, CHINA) - here).total_seconds()


def _seconds(wait: float | Literal["day", "month", "hours"], now: datetime) -> float | None:
    here = now.astimezone(CHINA)
    if wait == "hours":
        # Whoever was refused inside the hours has a clock that differs from the provider's.
        return until_hours(now) or 60.0
    if wait == "day":
        return (datetime.combine(here.date() + timedelta(days=1), time(), CHINA) - here).total_seconds()
    if wait == "month":
        first = (here.date().replace(day=1) + timedelta(days=32)).replace(day=1)
        return (datetime.combine(first, time(), CHINA) - here).total_seconds()
    return float(wait)


def rows(said: Mapping[str, Any], *path: str) -> list[Mapping[str, Any]]:
    """The objects of a list inside an answer. Raises ``Uncertain`` where it is not built like that."""
    found: Any = said
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise Uncertain("sms.unreadable")
    return found


def told(found: Sequence[Mapping[str, Any]], read: Callable[[Mapping[str, Any]], One | None]) -> Told[One]:
    """All that can be read; what cannot takes nothing else with it."""
    every = [read(one) for one in found]
    return Told(tuple(one for one in every if one is not None), sum(one is None for one in every))


def pushed(body: bytes) -> list[Mapping[str, Any]]:
    """The objects that a provider posts to the house. Raises ``ValueError`` for anything but a list of them."""
    try:
        said = json.loads(body)
    except RecursionError as error:
        raise ValueError("Too deep.") from error
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        raise ValueError("Providers push a list of objects.")
    return said


def word(value: object) -> str:
    """A code of a network as it may be kept; ``unreadable`` for what is none."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else "unreadable"


def china_time(value: object) -> datetime | None:
    """``2026-11-20 09:02:03`` as China's clocks show it; None for anything else."""
    try:
        return datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA) if isinstance(value, str) else None
    except ValueError:
        return None
