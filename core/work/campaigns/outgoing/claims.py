"""Taking a batch of one campaign in hand: so many as its throttle and the way out let through, past the gates once more.

Hours may lie between plan and sending, so whoever comes up is asked again, in this order: tried too often, expired, suppression, consent, cap, the platform's quota, quiet hours. What may be later is held until then,
unless it would have expired; all else is skipped with the gate's code. Consent is that of the lake's newest version; places under the caps are taken in the same transaction, so of
two campaigns that want the last one only one gets it. Tokens of rates are paid for what goes on, never for what was looked for in vain.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, Protocol, cast

import numpy as np

from core.campaigns import body as bodies
from core.campaigns import caps, hours
from core.campaigns.body import Body
from core.campaigns.rate import SECOND_NS, Rate, nanoseconds, room, step
from core.periods import business_date, midnight
from core.senders.parcels import Way
from core.store import campaigns, connectors, outbox, outbox_batches, suppressions
from core.store.campaign_tables import Campaign
from core.store.outbox import Claim
from core.store.outbox_batches import Back, End
from core.store.session import Session
from core.work.campaigns.outgoing import elsewhere
from core.work.campaigns.outgoing.elsewhere import Elsewhere
from core.work.campaigns.outgoing.retries import MOST_TRIES
from core.work.campaigns.recipients.gates import CAP, EXPIRED, QUIET, QUOTA, REASONS
from core.work.home import Home
from core.work.questions import population, reach

BATCH = 200
"""Messages that a worker takes in hand at once, where one call does not hold more."""
HELD_AT_ONCE = 2_000
SPREAD = timedelta(minutes=30)
"""Over so long what a night held back is let go (rule of thumb)."""
MINUTE_S = 60
CLOCK_NS = MINUTE_S * SECOND_NS
"""By so much the clocks of two workers may differ."""
SUPPRESSED, CONSENT = REASONS["suppression"], REASONS["consent"]


class Open(Protocol):
    """A way out as it stands. ``closed``: code of why nothing may be sent through it now. ``paused_until``: until when it is left alone; in the past: it was in trouble, and is tried with one call."""

    @property
    def connector_id(self) -> int: ...
    @property
    def way(self) -> Way: ...
    @property
    def rate(self) -> Rate: ...
    @property
    def quiet(self) -> hours.Quiet: ...
    @property
    def quota(self) -> caps.Policy: ...
    @property
    def closed(self) -> str | None: ...
    @property
    def paused_until(self) -> datetime | None: ...


class Ways(Protocol):
    def open(self, session: Session, channel: str, place: str | None) -> Open | None: ...


Limits = Sequence[caps.Cap | caps.Hours]
Caps = Callable[[Session], Limits]
"""The house's caps across all campaigns."""


@dataclass(frozen=True, slots=True)
class Line:
    """A campaign on a channel; ``place``: on one robot."""

    campaign_id: int
    channel: str
    place: str | None = None


@dataclass(slots=True)
class Batch:
    """Messages that passed the gates and are in this worker's hand; and how many did not."""

    campaign: Campaign
    body: Body
    open: Open
    claims: list[Claim]
    found: int = 0
    skipped: int = 0
    held: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class Busy:
    """The way out or the throttle lets nothing through for so long."""

    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """What the lake's newest version says of members."""

    code_of: Callable[[Sequence[int]], Any]
    agreed: Any
    elsewhere: Elsewhere


@dataclass(frozen=True, slots=True)
class Taking:
    """Who takes, and by which rules."""

    home: Home
    ways: Ways
    worker: str
    caps: Caps

    def lines(self, now: datetime) -> list[Line]:
        """Every campaign on every channel on which it has something due."""
        with self.home.store.reading() as session:
            found = []
            for campaign in campaigns.listed(session, ("sending",)):
                for channel in campaign.body.get("channels", ()):
                    places = outbox_batches.due(session, campaign.id, channel, now, by_place=channel == "robot")
                    found += [Line(campaign.id, channel, place) for place in places]
            return found

    def take(self, line: Line, now: datetime) -> Batch | Busy | None:
        """The next batch of a line. None: nothing may be sent, or nothing is due; a batch without claims: whoever was due did not pass."""
        store = self.home.store
        with store.reading() as session:
            campaign = campaigns.one(session, line.campaign_id)
            body = bodies.parse(campaign.body)
            asked = connectors.stands_for(session, line.channel)
        with self._people(body, asked, now) as people, store.transaction() as session:
            opened = self.ways.open(session, line.channel, line.place)
            if opened is None or opened.closed is not None or (opened.paused_until or now) > now:
                return None
            gates = _Gates(self, session, campaign, body, line, opened, people, now)
            return gates.batch()

    @contextmanager
    def _people(self, body: Body, channel: str, now: datetime) -> Iterator[People | None]:
        """Read before the store is written to: nobody waits for the lake with the store in hand."""
        if body.is_placed:
            yield None
            return
        today = business_date(now, self.home.settings.zone)
        with self.home.lake.open() as snapshot:
            agreed = reach.consented(snapshot, channel, body.purpose)
            first_on = today - timedelta(days=31)
            others = elsewhere.messages(snapshot, first_on, today)
            people = population.of(snapshot)
        yield People(lambda ids: elsewhere.codes(people, ids), agreed, others)


@dataclass
class _Gates:
    """One batch within its transaction."""

    taking: Taking
    session: Session
    campaign: Campaign
    body: Body
    line: Line
    open: Open
    people: People | None
    now: datetime
    ends: list[End] = field(default_factory=list)
    backs: list[Back] = field(default_factory=list)

    @property
    def zone(self) -> str:
        return self.taking.home.settings.zone

    def batch(self) -> Batch | Busy | None:
        is_quiet = hours.is_quiet(self.now, self.zone, self.open.quiet)
        rates = {} if is_quiet else self._rates()
        most = HELD_AT_ONCE if is_quiet else self._most(rates)
        if most < 1:
            at = nanoseconds(self.now)
            return Busy(max(step(rate, state, at).wait_ns for rate, state in rates.values()) / SECOND_NS)
        claims = outbox.claim(
            self.session, self.line.channel, worker=self.taking.worker, now=self.now, most=most,
            campaign_id=self.line.campaign_id, place=self.line.place,
        )  # fmt: skip
        if not claims:
            return None
        passed = self._passed(claims)
        done = outbox_batches.finish(self.session, self.ends, self.now)
        outbox_batches.put_back(self.session, self.backs, self.now)
        self._pay(rates, len(passed))
        dead = sum(end.state == "dead" for end in self.ends)
        return Batch(self.campaign, self.body, self.open, passed, len(claims), len(done) - dead, len(self.backs), dead)

    # -- rates ---------------------------------------------------------------------------------------------------------

    def _rates(self) -> dict[str, tuple[Rate, int]]:
        """Rates that bound this batch, by their row, with how far each is used; in one order, so that nobody waits for each other."""
        rates = {f"connector:{self.open.connector_id}": self.open.rate}
        per_minute = self.body.schedule.per_minute
        if per_minute is not None:
            burst = max(per_minute // MINUTE_S, 1)
            rates[f"campaign:{self.line.campaign_id}"] = Rate(per_minute, MINUTE_S, burst)
        at = nanoseconds(self.now)
        found = {}
        for key in sorted(rates):
            found[key] = rates[key], used(self.session, key, rates[key], at)
        return found

    def _most(self, rates: dict[str, tuple[Rate, int]]) -> int:
        """Messages that may go now."""
        calls = 1 if self.open.paused_until is not None else BATCH
        most = min(max(BATCH, self.open.way.most_at_once), calls * self.open.way.most_at_once)
        rooms = [room(rate, state, nanoseconds(self.now)) for rate, state in rates.values()]
        return min(most, *rooms)

    def _pay(self, rates: dict[str, tuple[Rate, int]], cost: int) -> None:
        if not cost:
            return
        for key, (rate, state) in rates.items():
            outbox.arrived(self.session, key, step(rate, state, nanoseconds(self.now), cost).state)

    # -- gates ---------------------------------------------------------------------------------------------------------

    def _passed(self, claims: list[Claim]) -> list[Claim]:
        left = [one for one in claims if not self._is_over(one)]
        left = self._unsuppressed(left)
        if self.people is not None:
            left = self._agreed(left, self.people)
        return self._awake(self._with_room(left))

    def _is_over(self, claim: Claim) -> bool:
        if claim.attempts > MOST_TRIES:
            self.ends.append(End(claim, "dead", error=outbox.LOST))
        elif claim.expires_at is not None and self.now >= claim.expires_at:
            self.ends.append(End(claim, "skipped", reason=EXPIRED))
        else:
            return False
        return True

    def _skip(self, claim: Claim, reason: str) -> None:
        self.ends.append(End(claim, "skipped", reason=reason))

    def _hold(self, claim: Claim, until: datetime, reason: str) -> None:
        if claim.expires_at is not None and until >= claim.expires_at:
            self._skip(claim, reason)
        else:
            self.backs.append(Back(claim, until, reason=reason))

    def _unsuppressed(self, claims: list[Claim]) -> list[Claim]:
        members, macs = [one.member_id for one in claims], [one.address_mac for one in claims if one.address_mac]
        asked = {self.line.channel, connectors.stands_for(self.session, self.line.channel)}
        standing = [suppressions.of(self.session, one, self.body.purpose, members, macs) for one in sorted(asked)]
        found = reduce(or_, standing)
        return self._split(claims, lambda one: not found.has(one.member_id, one.address_mac), SUPPRESSED)

    def _agreed(self, claims: list[Claim], people: People) -> list[Claim]:
        codes = people.code_of([one.member_id for one in claims])
        known = codes >= 0
        flags = np.zeros(len(claims), bool)
        flags[known] = people.agreed[codes[known]]
        agreed = {one.message_id for one, flag in zip(claims, flags, strict=True) if flag}
        return self._split(claims, lambda one: one.message_id in agreed, CONSENT)

    def _split(self, claims: list[Claim], passes: Callable[[Claim], bool], reason: str) -> list[Claim]:
        for one in claims:
            if not passes(one):
                self._skip(one, reason)
        return [one for one in claims if passes(one)]

    def _with_room(self, claims: list[Claim]) -> list[Claim]:
        """Under the caps and the platform's quota. Nobody else asks for these members until this batch has its places."""
        if not claims:
            return []
        members = [one.member_id for one in claims]
        outbox.hold_members(self.session, members)
        limits = [] if self.people is None or self.body.purpose == "service" else self.taking.caps(self.session)
        sent = self._sent(claims, limits)
        granted = self._granted(claims)
        left = []
        for one in claims:
            mine = sent.get(one.message_id, [])
            free = caps.tightest(limits, [at for _, at in mine], self.now, self.zone)
            if free is not None and free.left == 0:
                self._hold(one, free.free_at, CAP)
            elif self._has_quota(one, mine, granted):
                left.append(one)
        return left

    def _sent(self, claims: list[Claim], limits: Sequence[caps.Cap | caps.Hours]) -> dict[int, list[tuple[str, datetime]]]:  # fmt: skip
        """Channel and time of all that each claim's member may have got, in this house and elsewhere."""
        longest = max([31, *(one.days if isinstance(one, caps.Cap) else one.hours // 24 + 1 for one in limits)])
        after = self.now - timedelta(days=longest + 1)
        ours = outbox_batches.taken(
            self.session, [one.member_id for one in claims], after, but=[one.message_id for one in claims]
        )
        found = {one.message_id: list(ours.get(one.member_id, ())) for one in claims}
        if self.people is not None:
            codes = self.people.code_of([one.member_id for one in claims])
            for one, code in zip(claims, codes, strict=True):
                days = self.people.elsewhere.of(int(code)) if code >= 0 else []
                found[one.message_id] += [(channel, midnight(on, self.zone)) for channel, on in days]
        return found

    def _granted(self, claims: list[Claim]) -> dict[int, int]:
        if self.open.quota != "grants":
            return {}
        found: dict[int, int] = {}
        by_template: dict[str, list[int]] = {}
        for one in claims:
            if one.identity_key is not None:
                by_template.setdefault(template_of(self.body, one), []).append(one.identity_key)
        for template, keys in by_template.items():
            found |= outbox_batches.grants(self.session, self.open.connector_id, template, keys)
        return found

    def _has_quota(self, claim: Claim, sent: list[tuple[str, datetime]], granted: dict[int, int]) -> bool:
        policy, today = self.open.quota, business_date(self.now, self.zone)
        days = [business_date(at, self.zone) for channel, at in sent if channel == self.line.channel]
        grants = granted.get(claim.identity_key, 0) if claim.identity_key is not None else 0
        left = caps.left(policy, days, today, grants)
        if left is None or left > 0:
            return True
        if policy == "grants":
            self._skip(claim, QUOTA)
        else:
            self._hold(claim, midnight(_free_on(policy, days, today), self.zone), QUOTA)
        return False

    def _awake(self, claims: list[Claim]) -> list[Claim]:
        left = []
        for one in claims:
            verdict = hours.verdict(
                self.now, self.zone, self.open.quiet, policy=self.body.schedule.quiet, expires_at=one.expires_at,
                width=SPREAD, salt=self.campaign.salt, customer=one.member_id,
            )  # fmt: skip
            if verdict.kind == "send":
                left.append(one)
            elif verdict.kind == "held":
                self._hold(one, cast(datetime, verdict.until), QUIET)
            else:
                self._skip(one, QUIET)
        return left


def used(session: Session, key: str, rate: Rate, at: int) -> int:
    """How far a way out is used; nobody else uses it until the transaction ends. ``at``: nanoseconds since 1970."""
    state = outbox.arrival(session, key)
    if state is None:  # from now on there is a row, which only one at a time holds
        outbox.arrived(session, key, at)
        state = outbox.arrival(session, key)
    return _wound_back(session, key, rate, at if state is None else state, at)


def _wound_back(session: Session, key: str, rate: Rate, state: int, at: int) -> int:
    """A row that is further ahead than anybody can have used it is of a clock that was wrong and is set right: it goes on as used up, and does not wait until the wrong time comes."""
    most = at + rate.burst * rate.interval_ns
    if state <= most + CLOCK_NS:
        return state
    outbox_batches.set_arrival(session, key, most)
    return most


def template_of(body: Body, claim: Claim) -> str:
    """The platform's template that a message is of; empty where it is of none."""
    contents = next((one.contents for one in body.variants if one.name == claim.variant), {})
    return contents[claim.channel].template if claim.channel in contents else ""


def _free_on(policy: caps.Policy, days: Sequence[date], today: date) -> date:
    """The first day on which the platform lets the person get one more, if nothing else is sent until then."""
    on = today
    while caps.left(policy, days, on) == 0:
        on += timedelta(days=1)
    return on
