"""The worker's sending of one world, kept from pass to pass: ways out hold tokens and what they know of limits."""

import os
import socket
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from core.settings import Settings, World
from core.store.session import Session
from core.work.campaigns import policy
from core.work.campaigns.outgoing.claims import Limits
from core.work.campaigns.outgoing.sending import PASS_S, Sending, Sent
from core.work.campaigns.outgoing.trying import Tried, Trying
from core.work.campaigns.restored import Counting
from core.work.campaigns.texts import rendering
from core.work.campaigns.ways_out import connectors
from core.work.campaigns.ways_out.ways import Ways
from core.work.home import Home

DEMO_PASS_S = 2.0
"""The demo is sent in turn with all other chores, which wait so long at most."""
TOLD = ("handed", "failed", "unknown", "dead", "skipped")


class Worlds(Protocol):
    settings: Settings

    @property
    def live(self) -> Home: ...

    @property
    def demo(self) -> Home: ...


class Posts:
    """Sends what is due in a world when it is called, and says what to log."""

    def __init__(self, house: Worlds, world: World, clock: Callable[[], datetime], counting: Counting) -> None:
        self._house = house
        self._world: World = world
        self._clock = clock
        self._counting = counting
        self._kept: tuple[Home, Sending] | None = None

    def __call__(self, now: datetime) -> str | None:
        if self._world == "demo" and not self._house.settings.lake("demo").exists():
            return None
        home = self._house.live if self._world == "live" else self._house.demo
        self._counting(home, now)
        sending = self._sending(home)
        tried = Trying(home, sending.ways, sending.breaker, self._clock).work()
        sent = sending.work(PASS_S if self._world == "live" else DEMO_PASS_S)
        return "; ".join(filter(None, (said_of_trials(tried), said(sent)))) or None

    def _sending(self, home: Home) -> Sending:
        """Anew where the world was made or opened anew."""
        if self._kept is None or self._kept[0] is not home:
            self._kept = home, sending(home, self._clock)
        return self._kept[1]


def sending(home: Home, clock: Callable[[], datetime]) -> Sending:
    """With the connectors, the texts and the rules of the house."""
    name = f"{socket.gethostname()}-{os.getpid()}"
    return Sending(home, Ways(home), connectors, rendering.parcels, name, clock, caps_of)


def caps_of(session: Session) -> Limits:
    """The house's cap on frequency."""
    return (policy.read(session).cap,)


def said_of_trials(tried: Tried) -> str | None:
    """What to log of trials."""
    counts = [f"{count} {name}" for name in ("sent", "refused", "unknown") if (count := getattr(tried, name))]
    return "; ".join(filter(None, (f"trials: {', '.join(counts)}" if counts else "", *tried.faults))) or None


def said(sent: Sent) -> str | None:
    """What to log of a pass."""
    counts = [f"{getattr(sent, name)} {name}" for name in TOLD if getattr(sent, name)]
    return "; ".join(filter(None, (", ".join(counts), *sent.faults))) or None
