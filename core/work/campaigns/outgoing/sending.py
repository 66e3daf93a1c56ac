"""Handing messages over: the worker's chore. Everything that it knows stands in the store, so that it may die at any moment.

Messages of a batch go in waves of a few calls at once. Before a wave one transaction writes down what the last one came to and, where the receiver cannot tell a message that it has had, that those of this
one are handed over from now on; whatever dies then is ``unknown``, and a person decides. Providers are asked outside of any transaction. A campaign that is paused, cancelled or held meanwhile is
left at the next wave, and so is a batch that has used half of its lease.

Who is to blame for a refusal is a class (``core.senders.outcomes``): the recipient, whose message ends; the content, for which the campaign is paused; or the way out, which is left alone for a while.
"""

import random
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy.exc import DBAPIError

from core.campaigns.body import Body
from core.errors import Refusal
from core.senders.outcomes import Halted, Unfit, Ungranted
from core.senders.parcels import Fate, Parcel, alike
from core.senders.sender import Gone, NotSent, Temporary, Uncertain
from core.store import campaigns, message_marks, outbox, outbox_batches, suppressions, topics
from core.store.campaign_tables import Campaign
from core.store.outbox import LEASE, Claim
from core.store.outbox_batches import Back, End
from core.store.session import Session
from core.work.campaigns.outgoing import faltering, retries
from core.work.campaigns.outgoing.claims import Batch, Busy, Caps, Line, Taking, Ways, template_of
from core.work.home import Home

PASS_S = 5.0
"""After so long a pass takes no further batch in hand."""
BATCH_S = LEASE.total_seconds() / 2
LANES = 8
"""Calls at once. So many messages at most a death leaves unknown, where one call holds one."""
WAVE = 32
"""Calls of a wave where the receiver can tell a message that it has had, so that nothing is written before it."""
FAILURES = 5
"""After so many calls in a row that did not get through, the way out is left alone (as with notices)."""
ASKED_BY_EMPLOYEES = ("wecom", "group_chat")
"""Channels whose platform only asks somebody to send: accepted is not sent."""
FAULT, RENDERING, NO_FATE = "worker.fault", "render.fault", "worker.no_fate"

Render = Callable[[Home, Campaign, Body, Sequence[Claim], datetime], Mapping[int, Parcel | str]]
"""Parcels by message; a text is the code of why there is none."""


class Breaker(Protocol):
    """What a way out is told of its calls, in the caller's transaction."""

    def blame(self, session: Session, connector_id: int, trouble: NotSent, now: datetime) -> bool:
        """Of one call. True: it was halted or is left alone since just now."""
        ...

    def praise(self, session: Session, connector_id: int) -> None: ...


@dataclass(slots=True)
class Sent:
    """What a pass came to, in messages. ``faults``: what went wrong in this house's own code, as text for the log; without a word of any message."""

    handed: int = 0
    failed: int = 0
    skipped: int = 0
    held: int = 0
    unknown: int = 0
    dead: int = 0
    waiting: int = 0
    faults: list[str] = field(default_factory=list)

    def count(self, end: End) -> None:
        name = {"accepted": "handed", "delivered": "handed", "cancelled": "skipped"}.get(end.state, end.state)
        setattr(self, name, getattr(self, name) + 1)


@dataclass
class Sending:
    """One worker's sending for one world. ``clock``: the time, aware; ``pause``: waits so many seconds; ``timer``: seconds that never go back."""

    home: Home
    ways: Ways
    breaker: Breaker
    render: Render
    worker: str
    clock: Callable[[], datetime]
    caps: Caps
    chance: random.Random = field(default_factory=random.Random)
    pause: Callable[[float], None] = time.sleep
    timer: Callable[[], float] = time.monotonic
    rests: dict[tuple[str, str | None], float] = field(default_factory=dict)
    """Until when, by the timer, a channel or robot asked to be left alone."""

    def work(self, pass_s: float = PASS_S) -> Sent:
        """One pass: what others left is taken up, then every campaign that has something due gets a batch in turn, whoever had the fewest first."""
        now, until = self.clock(), self.timer() + pass_s
        taking = Taking(self.home, self.ways, self.worker, self.caps)
        with self.home.store.transaction() as session:
            # Only what cannot be repeated is ever begun, so whatever is found begun is unknown.
            outbox.sweep(session, now, repeatable=())
        lines = taking.lines(now)
        self.chance.shuffle(lines)
        sent, served = Sent(), dict.fromkeys(lines, 0)
        rests = {one: self.rests.get((one.channel, one.place), 0.0) for one in lines}
        with ThreadPoolExecutor(LANES, "sending") as lanes:
            while lines and (at := self.timer()) < until:
                line = min(lines, key=lambda one: (max(rests[one] - at, 0.0), served[one]))
                if rests[line] >= until:
                    break
                if rests[line] > at:
                    self.pause(rests[line] - at)
                    continue
                found = self._taken(taking, line, sent)
                if isinstance(found, Busy):
                    rests[line] = self.timer() + found.seconds
                elif found is None or not _Round(self, found, sent, lanes).go():
                    lines.remove(line)
                else:
                    served[line] += found.found
        return sent

    def _taken(self, taking: Taking, line: Line, sent: Sent) -> Batch | Busy | None:
        """A campaign that cannot be taken in hand keeps none of the others waiting."""
        try:
            found = taking.take(line, self.clock())
        except DBAPIError:
            raise
        except Exception as error:  # a fault of ours, or a secret that this home does not open: told in the log
            sent.faults.append(error.code if isinstance(error, Refusal) else where(error))
            return None
        if isinstance(found, Batch):
            sent.skipped += found.skipped
            sent.held += found.held
            sent.dead += found.dead
        return found


@dataclass
class _Round:
    """One batch, from rendering to its last end."""

    sending: Sending
    batch: Batch
    sent: Sent
    lanes: ThreadPoolExecutor
    ends: list[End] = field(default_factory=list)
    backs: list[Back] = field(default_factory=list)
    gone: list[Claim] = field(default_factory=list)
    ungranted: list[Claim] = field(default_factory=list)
    trouble: NotSent | None = None
    """What is wrong with the way out or with the campaign: nothing more of this batch is handed over."""
    failures: list[NotSent] = field(default_factory=list)
    """Of the calls that last did not get through, one after the other."""
    is_through: bool = False

    def go(self) -> bool:
        """False: nothing more of this line in this pass."""
        batch = self.batch
        if not batch.claims:
            self._bump()
            return True
        until = self.sending.timer() + BATCH_S
        parcels = self._parcels()
        claims = {f"{batch.campaign.code}-{one.message_id}": one for one in batch.claims}
        calls = _calls(parcels, batch.open.way.most_at_once)
        size = WAVE if batch.open.way.is_repeatable else LANES
        at = 0
        while at < len(calls) and self.trouble is None and self.sending.timer() < until:
            wave = [[(claims[one.message_id], one) for one in call] for call in calls[at : at + size]]
            begun = self._between([claim for call in wave for claim, _ in call])
            if begun is None:
                break
            at += size
            self._hand_over([[pair for pair in call if pair[0].message_id in begun] for call in wave])
        rest = [claims[one.message_id] for call in calls[at:] for one in call]
        return self._close(rest)

    def _parcels(self) -> list[Parcel]:
        batch, now = self.batch, self.sending.clock()
        try:
            made = self.sending.render(self.sending.home, batch.campaign, batch.body, batch.claims, now)
        except Refusal as refusal:
            self.trouble = Unfit(refusal.code)
        except Exception as error:  # a fault of ours: the campaign waits for a person, and all others go on
            self.sent.faults.append(where(error))
            self.trouble = Unfit(RENDERING)
        if self.trouble is not None:
            self.backs += [Back(one, now, error=self.trouble.code) for one in batch.claims]
            return []
        parcels = []
        for claim in batch.claims:
            parcel = made.get(claim.message_id, "render.missing")
            if isinstance(parcel, str):
                self.ends.append(End(claim, "skipped", reason=parcel))
            else:
                parcels.append(parcel)
        return parcels

    # -- between two waves ----------------------------------------------------------------------------------------------

    def _between(self, next_ones: Sequence[Claim]) -> set[int] | None:
        """Write down what is known, and begin the next wave: which of it may be handed over. None: none of it."""
        way, now = self.batch.open.way, self.sending.clock()
        line = next_ones[0].campaign_id, next_ones[0].channel
        with self.sending.home.store.transaction() as session:
            self._write(session, now)
            if self.trouble is not None:  # the campaign failed too often
                return None
            if way.is_repeatable:
                return {one.message_id for one in next_ones} if outbox_batches.is_going(session, *line) else None
            begun = outbox_batches.begin(session, next_ones, now)
            if not begun and not outbox_batches.is_going(session, *line):
                return None
            return begun

    def _write(self, session: Session, now: datetime) -> None:
        """Ends and what follows from them, each as far as the message was still ours."""
        ours = outbox_batches.finish(session, self.ends, now)
        outbox_batches.put_back(session, self.backs, now)
        mine = [end for end in self.ends if end.claim.message_id in ours]
        message_marks.mark_all(session, [row for end in mine for row in _marks(end, now)])
        self._suppress(session, now)
        self._spend(session, mine, now)
        for end in mine:
            self.sent.count(end)
        self.sent.waiting += len(self.backs)
        if self.trouble is None and faltering.look(session, self.batch.campaign, mine):
            self.trouble = Unfit(faltering.ERRORS)
        self.ends, self.backs, self.gone, self.ungranted = [], [], [], []

    def _suppress(self, session: Session, now: datetime) -> None:
        """Nothing is sent to these addresses any more."""
        for one in self.gone:
            if one.address_mac is not None:
                suppressions.add(
                    session, "invalid", channel=one.channel, purpose=None, address_mac=one.address_mac, message_id=one.message_id, by="system", now=now
                )  # fmt: skip

    def _spend(self, session: Session, ends: Sequence[End], now: datetime) -> None:
        """Permissions for single messages: one is used by what was taken, or may have been."""
        if self.batch.open.quota != "grants":
            return
        used = [end.claim for end in ends if end.state in ("accepted", "delivered", "unknown")]
        for claims, all_of_it in ((used, False), (self.ungranted, True)):
            by_template: dict[str, list[int]] = {}
            for one in claims:
                if one.identity_key is not None:
                    by_template.setdefault(template_of(self.batch.body, one), []).append(one.identity_key)
            for template, keys in by_template.items():
                outbox_batches.spend(session, self.batch.open.connector_id, template, keys, now, all_of_it=all_of_it)

    # -- one wave -------------------------------------------------------------------------------------------------------

    def _hand_over(self, wave: Sequence[Sequence[tuple[Claim, Parcel]]]) -> None:
        """Ask the way out, several calls at once, and sort what became of each message."""
        calls = [call for call in wave if call]
        if len(calls) == 1:
            told = [self._call(calls[0])]
        else:
            told = list(self.lanes.map(self._call, calls))
        now = self.sending.clock()
        for call, (fates, raised) in zip(calls, told, strict=True):
            self._look(raised)
            for claim, parcel in call:
                fate = fates.get(parcel.message_id)
                self._sort(claim, fate or Fate(parcel.message_id, None, trouble=Uncertain(NO_FATE)), now)

    def _call(self, call: Sequence[tuple[Claim, Parcel]]) -> tuple[dict[str, Fate], NotSent | None]:
        """Fates by message, and what was raised, which is the same of all."""
        parcels = [parcel for _, parcel in call]
        try:
            return {fate.message_id: fate for fate in self.batch.open.way.send(parcels, self.sending.clock())}, None
        except NotSent as error:
            raised = error
        except Exception as error:  # a fault of ours: nobody knows whether it was before or after handing over
            self.sent.faults.append(where(error))
            raised = Uncertain(FAULT)
        return {one.message_id: Fate(one.message_id, None, trouble=raised) for one in parcels}, raised

    def _look(self, raised: NotSent | None) -> None:
        """What a call says of the way out: that it works, that it is closed, that it wants to be left alone, or that it is in trouble."""
        if raised is None:
            self.failures, self.is_through = [], True
        elif isinstance(raised, Halted | Unfit):
            self.failures.append(raised)
            self.trouble = self.trouble or raised
        elif isinstance(raised, Temporary | Uncertain):
            self.failures.append(raised)
            after_s = raised.after_s if isinstance(raised, Temporary) else None
            if after_s is not None:
                claim = self.batch.claims[0]
                self.sending.rests[claim.channel, claim.place] = self.sending.timer() + after_s
            if after_s is not None or self.batch.open.paused_until is not None or len(self.failures) >= FAILURES:
                self.trouble = self.trouble or raised
        else:  # it answers, if only about this message
            self.failures, self.is_through = [], True

    def _sort(self, claim: Claim, fate: Fate, now: datetime) -> None:
        if fate.state is not None:
            self.ends.append(End(claim, fate.state, provider_id=fate.provider_id))
            return
        trouble = fate.trouble or Uncertain(NO_FATE)
        if isinstance(trouble, Halted | Unfit) and self.trouble is None:
            self.trouble = trouble
            self.failures.append(trouble)
        if isinstance(trouble, Gone):
            self.gone.append(claim)
        if isinstance(trouble, Ungranted):
            self.ungranted.append(claim)
        is_repeatable = self.batch.open.way.is_repeatable
        done = retries.ending(claim, trouble, now, self.sending.chance, is_repeatable=is_repeatable)
        if isinstance(done, End):
            self.ends.append(done)
        else:
            self.backs.append(done)

    # -- the end of the batch -------------------------------------------------------------------------------------------

    def _close(self, rest: Sequence[Claim]) -> bool:
        """Write down the last wave, let go of what was not handed over, and say what the way out and the campaign came to. False: nothing more of this line now."""
        now = self.sending.clock()
        self.backs += [Back(one, now) for one in rest]
        connector_id, campaign = self.batch.open.connector_id, self.batch.campaign
        with self.sending.home.store.transaction() as session:
            self._write(session, now)
            trouble = self.trouble
            if isinstance(trouble, Unfit):
                faltering.pause(session, campaign.id, trouble.code, connector_id, now)
            if self.is_through:
                self.sending.breaker.praise(session, connector_id)
            for one in self.failures[:FAILURES]:  # of calls at once no more count than stop a batch
                if self.sending.breaker.blame(session, connector_id, one, now):
                    faltering.tell_closed(session, connector_id, one, now)
            row = campaigns.one(session, campaign.id)
            if row.state in ("cancelled", "failed"):
                outbox.cancel(session, row.id, now, f"campaign.{row.state}")
            topics.bump(session, campaigns.TOPIC)
        return trouble is None and not rest

    def _bump(self) -> None:
        with self.sending.home.store.transaction() as session:
            topics.bump(session, campaigns.TOPIC)


def _calls(parcels: Sequence[Parcel], most: int) -> list[list[Parcel]]:
    """What goes in one call: those that say the same, as many as one holds, in the order in which they came up."""
    if most == 1:
        return [[one] for one in parcels]
    same: dict[tuple[object, ...], list[Parcel]] = {}
    for one in parcels:
        same.setdefault(alike(one), []).append(one)
    return [some[at : at + most] for some in same.values() for at in range(0, len(some), most)]


def _marks(end: End, now: datetime) -> list[dict[str, object]]:
    is_asked = end.state == "accepted" and end.claim.channel in ASKED_BY_EMPLOYEES
    names = {"accepted": () if is_asked else ("sent",), "delivered": ("sent", "delivered"), "failed": ("failed",)}
    row = {"message_id": end.claim.message_id, "campaign_id": end.claim.campaign_id, "at": now, "reason": end.error}
    return [row | {"mark": name} for name in names.get(end.state, ())]


def where(error: Exception) -> str:
    """Class of an error and the line it comes from: what it says itself may hold a word of a message."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {last.name}, line {last.lineno}"
