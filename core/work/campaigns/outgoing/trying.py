"""Sending trials: one message at a time through the connector that would send the campaign, within its rate, past its breaker and every stop. No row of the outbox, no place under a cap, no mark comes of one.

It is written down before anything is handed over, and nothing is handed over twice: whatever dies then is ``unknown``, and whoever asked looks for it and asks again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import DBAPIError

from core.campaigns.rate import nanoseconds, step
from core.errors import WrongKey
from core.senders.outcomes import Halted
from core.senders.parcels import Fate, Parcel
from core.senders.sender import NotSent, Temporary, Uncertain
from core.store import campaigns, connectors, incidents, outbox, topics, trials
from core.store.campaign_tables import CampaignTrial
from core.store.session import Session
from core.work.campaigns.drafts import EDITABLE
from core.work.campaigns.outgoing import faltering
from core.work.campaigns.outgoing.claims import Open, Ways, used
from core.work.campaigns.outgoing.sending import FAULT, NO_FATE, Breaker, where
from core.work.campaigns.trials import opened
from core.work.home import Home

MOST = 10
"""Of one pass, so that campaigns do not wait for trials."""
HELD, GIVEN_UP, KEY, WAY, PAUSED = "trial.held", "trial.given_up", "trial.key", "trial.way", "trial.paused"


@dataclass(slots=True)
class Tried:
    """What a pass came to, in trials. ``faults``: what went wrong in this house's own code, as text for the log."""

    sent: int = 0
    refused: int = 0
    unknown: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Hand:
    """A trial that may leave the house now. ``fence``: of whoever hands it over."""

    trial_id: int
    fence: int
    open: Open
    parcel: Parcel


@dataclass(frozen=True, slots=True)
class Trying:
    """One worker's trials of one world."""

    home: Home
    ways: Ways
    breaker: Breaker
    clock: Callable[[], datetime]

    def work(self) -> Tried:
        """One pass."""
        tried, seen = Tried(), set[int]()
        with self.home.store.reading() as session:
            if not trials.is_any_open(session):
                return tried
        with self.home.store.transaction() as session:
            if trials.sweep(session, self.clock()):
                topics.bump(session, campaigns.TOPIC)
        while len(seen) < MOST and (found := self._next(seen, tried)) is not None:
            if isinstance(found, _Hand):
                self._hand_over(found, tried)
        return tried

    def _next(self, seen: set[int], tried: Tried) -> _Hand | bool | None:
        """A trial that cannot be taken in hand keeps nothing else waiting."""
        try:
            return self._taken(seen, tried)
        except DBAPIError:
            raise
        except Exception as error:  # a fault of ours: told in the log, and tried again until it is too late
            tried.faults.append(where(error))
            return False

    def _taken(self, seen: set[int], tried: Tried) -> _Hand | bool | None:
        """The next one, in hand; a truth value: it is not sent now; None: there is none."""
        with self.home.store.transaction() as session:
            row = trials.waiting(session, seen)
            if row is None:
                return None
            seen.add(row.id)
            now = self.clock()
            found = self._begun(session, row, now)
            if isinstance(found, str):
                tried.refused += trials.refuse(session, row, found, now)
                topics.bump(session, campaigns.TOPIC)
                return False
            return found

    def _begun(self, session: Session, row: CampaignTrial, now: datetime) -> _Hand | str | bool:
        """In hand; or the code of why it is not sent; or False: it waits for its turn, or somebody else has it."""
        campaign = campaigns.one(session, row.campaign_id)
        if incidents.is_held(session, channel=row.channel, campaign=campaign.code):
            return HELD
        if campaign.state not in EDITABLE:
            return GIVEN_UP
        try:
            parcel = opened(self.home.keys, row, campaign.code)
        except WrongKey:
            return KEY
        way = self.ways.open(session, row.channel, parcel.address if row.channel == "robot" else None)
        if way is None:
            return WAY
        if way.closed is not None:
            return way.closed
        if (way.paused_until or now) > now:
            return PAUSED
        return self._paid(session, row, way, parcel, now)

    def _paid(self, session: Session, row: CampaignTrial, way: Open, parcel: Parcel, now: datetime) -> _Hand | bool:
        key, at = connectors.rate_key(way.connector_id), nanoseconds(now)
        turn = step(way.rate, used(session, key, way.rate, at), at)
        if not turn.is_allowed:
            return False
        fence = trials.begin(session, row, now)
        if fence is None:
            return False
        outbox.arrived(session, key, turn.state)
        topics.bump(session, campaigns.TOPIC)
        return _Hand(row.id, fence, way, parcel)

    def _hand_over(self, hand: _Hand, tried: Tried) -> None:
        fate = self._asked(hand, tried)
        trouble = None if fate.state is not None else fate.trouble or Uncertain(NO_FATE)
        state = "sent" if trouble is None else "unknown" if isinstance(trouble, Uncertain) else "refused"
        now, error = self.clock(), None if trouble is None else trouble.code
        with self.home.store.transaction() as session:
            if trials.finish(session, hand.trial_id, hand.fence, state, now, provider_id=fate.provider_id, error=error):
                setattr(tried, state, getattr(tried, state) + 1)
            self._judge(session, hand.open.connector_id, trouble, now)
            topics.bump(session, campaigns.TOPIC)

    def _asked(self, hand: _Hand, tried: Tried) -> Fate:
        try:
            fates = hand.open.way.send([hand.parcel], self.clock())
        except NotSent as error:
            return Fate(hand.parcel.message_id, None, trouble=error)
        except Exception as error:  # a fault of ours: nobody knows whether it was before or after handing over
            tried.faults.append(where(error))
            return Fate(hand.parcel.message_id, None, trouble=Uncertain(FAULT))
        return fates[0]

    def _judge(self, session: Session, connector_id: int, trouble: NotSent | None, now: datetime) -> None:
        """What it says of the way out, as any message does."""
        if not isinstance(trouble, Halted | Temporary | Uncertain):
            self.breaker.praise(session, connector_id)
        elif self.breaker.blame(session, connector_id, trouble, now):
            faltering.tell_closed(session, connector_id, trouble, now)
