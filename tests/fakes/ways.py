"""Ways out that a test looks into: every parcel that came, in order, and what was answered."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.campaigns import caps, hours
from core.campaigns.rate import Rate
from core.senders.parcels import Fate, Parcel, alike
from core.senders.sender import NotSent, Uncertain

FAST = Rate(1_000_000, 1, 1_000_000)


@dataclass
class Receiver:
    """A platform behind a way. ``answers``: what it says of a message at each further try, ``accepted`` or ``delivered`` or a trouble; then ``usual``. ``down``: raised for everybody.
    ``refused``: how often a message was not taken, and may come again."""

    is_repeatable: bool = True
    most_at_once: int = 1
    usual: str = "delivered"
    down: NotSent | None = None
    answers: dict[str, list[str | NotSent]] = field(default_factory=dict)
    calls: list[list[Parcel]] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    before: Callable[[Sequence[Parcel]], None] = lambda _parcels: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def received(self) -> list[str]:
        return [one.message_id for call in self.calls for one in call]

    def send(self, parcels: Sequence[Parcel], _now: datetime) -> list[Fate]:
        if not 0 < len(parcels) <= self.most_at_once or len({alike(one) for one in parcels}) > 1:
            raise AssertionError("A call holds what it holds, and only what is alike.")
        self.before(parcels)
        with self._lock:
            self.calls.append(list(parcels))
            if self.down is not None:
                raise self.down
            return [self._fate(one) for one in parcels]

    def _fate(self, parcel: Parcel) -> Fate:
        waiting = self.answers.get(parcel.message_id)
        answer = waiting.pop(0) if waiting else self.usual
        if isinstance(answer, NotSent):
            if not isinstance(answer, Uncertain):
                self.refused[parcel.message_id] = self.refused.get(parcel.message_id, 0) + 1
            if self.most_at_once == 1:
                raise answer
            return Fate(parcel.message_id, None, trouble=answer)
        return Fate(parcel.message_id, answer, f"p{parcel.message_id}")


@dataclass
class Door:
    """A way out as it stands."""

    way: Receiver
    connector_id: int = 1
    rate: Rate = FAST
    quiet: hours.Quiet = hours.NEVER
    quota: caps.Policy = "none"
    closed: str | None = None
    paused_until: datetime | None = None


@dataclass
class Doors:
    """Ways out by channel; ``blamed`` and ``praised``: what they were told of their calls."""

    by_channel: dict[str, Door]
    blamed: list[str] = field(default_factory=list)
    praised: int = 0

    def open(self, _session: object, channel: str, _place: str | None) -> Door | None:
        return self.by_channel.get(channel)

    def blame(self, _session: object, _connector_id: int, trouble: NotSent, _now: datetime) -> bool:
        self.blamed.append(trouble.code)
        return False

    def praise(self, _session: object, _connector_id: int) -> None:
        self.praised += 1
