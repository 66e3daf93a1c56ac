"""What would happen if a campaign were launched now: who is lost at which gate, who would be written to, what that costs, and what earlier campaigns brought.

The gates are those by which it is planned (``core.work.campaigns.recipients.gates``). Behind them stands what is only expected, for it is asked when each message is sent: the platform's quota, the house's cap, and
quiet hours. What counts there are messages of the lake and what stands in the outbox, as they are now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

import numpy as np
from sqlalchemy import func, select

from core.campaigns import caps, hours
from core.campaigns.body import PLACED, Body
from core.campaigns.states import MAY_HAVE_ARRIVED
from core.errors import Unknown
from core.periods import business_date, midnight
from core.scope import Scope
from core.segments.reach import Sides
from core.sequences.arrays import Int64s
from core.store import connectors
from core.store.campaign_tables import Outgoing, SubscriptionGrant
from core.store.session import Session
from core.work.campaigns import policy
from core.work.campaigns.outgoing import elsewhere
from core.work.campaigns.recipients import gates, history
from core.work.campaigns.recipients.gates import Decision, Flow
from core.work.campaigns.recipients.history import Expected
from core.work.campaigns.ways_out import connector_kinds
from core.work.home import Home
from core.work.questions import population
from core.work.questions.population import Flags
from core.work.questions.reading import Reading, reading

Side = Literal["left", "lost"]
Foreseen = Literal["quota", "cap", "quiet"]
FORESEEN: tuple[Foreseen, ...] = ("quota", "cap", "quiet")
"""Gates at sending, in their order."""


@dataclass(frozen=True, slots=True, eq=False)
class Ahead(Sides):
    """A gate at sending. ``until``: of those who have to wait and are not lost, when it ends (UTC)."""

    name: Foreseen
    until: datetime | None = None
    applies: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Wallet:
    """What the platform still lets those get who would be written to. ``policy``: see ``caps.Policy``. ``left``: messages left, by code; ``counts``: how many people have how many left, ascending."""

    channel: str
    policy: caps.Policy
    left: Int64s
    asked: Flags

    @property
    def counts(self) -> tuple[tuple[int, int], ...]:
        left, people = np.unique(self.left[self.asked], return_counts=True)
        return tuple(zip(left.tolist(), people.tolist(), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Waterfall:
    """One channel: ``entered``, the gates of planning, and those at sending that are expected."""

    channel: str
    entered: Flags
    gates: tuple[gates.Step | Ahead, ...]

    @property
    def entered_count(self) -> int:
        return int(np.count_nonzero(self.entered))


@dataclass(frozen=True, slots=True, eq=False)
class Preflight:
    """``audience``: members (or places) it is about. ``will_send``: messages that would be planned, over all channels: the number to approve; ``likely``: of these, what the gates at sending would let through as
    things stand. ``holdout``: who is held out. ``cost_minor``: of ``will_send``. ``expected``: None without history. ``is_profiled``: the audience was concluded from behaviour. ``as_of``: of
    the newest data."""

    audience: int
    flows: tuple[Waterfall, ...]
    will_send: int
    likely: int
    holdout: int
    wallets: tuple[Wallet, ...]
    cost_minor: int
    expected: Expected | None
    is_profiled: bool
    currency: str
    lake_version: int
    as_of: datetime | None
    decision: Decision


def of(
    home: Home,
    scope: Scope,
    body: Body,
    salt: str,
    now: datetime,
    *,
    code: str = "preflight",
    units: Sequence[str] | None = None,
) -> Preflight:
    """Of those whom the asker's scope and ``units`` (the campaign's; None = all) leave. Raises what the segments refuse."""
    with reading(home, scope=scope, now=now) as lake, home.store.reading() as session:
        decision = gates.decide(home, lake, session, body, salt=salt, code=code, now=now, units=units)
        used = _Used(lake, session, body, decision, now)
        found = [used.foreseen(flow) for flow in decision.flows]
        return Preflight(
            audience=decision.audience.count,
            flows=tuple(flow for flow, _ in found),
            will_send=decision.will_send,
            likely=sum(int(np.count_nonzero(flow.gates[-1].left)) for flow, _ in found),
            holdout=int(np.count_nonzero(decision.held)),
            wallets=tuple(wallet for _, wallet in found if wallet is not None),
            cost_minor=decision.cost_minor,
            expected=history.expected(lake, body),
            is_profiled=decision.audience.is_profiled,
            currency=lake.currency,
            lake_version=lake.snapshot.version,
            as_of=lake.as_of,
            decision=decision,
        )


def people(found: Preflight, channel: str, gate: str, side: Side) -> Int64s:
    """Ids of whom a gate left or lost, as many as its count; ``audience``: who entered the channel. Raises ``Unknown``."""
    flow = _flow(found, channel)
    if gate == "audience":
        return found.decision.people(flow.entered)
    for step in flow.gates:
        if step.name == gate:
            return found.decision.people(step.left if side == "left" else step.lost)
    raise Unknown("gate", gate, [step.name for step in flow.gates])


def with_left(found: Preflight, channel: str, left: int) -> Int64s:
    """Ids of those who have so many messages left on the platform. Raises ``Unknown`` for a channel without a wallet."""
    wallet = next((one for one in found.wallets if one.channel == channel), None)
    if wallet is None:
        raise Unknown("channel", channel, [one.channel for one in found.wallets])
    return found.decision.people(wallet.asked & (wallet.left == left))


def _flow(found: Preflight, channel: str) -> Waterfall:
    flow = next((one for one in found.flows if one.channel == channel), None)
    if flow is None:
        raise Unknown("channel", channel, [one.channel for one in found.flows])
    return flow


# -- what is expected --------------------------------------------------------------------------------------------------


class _Used:
    """What members have been sent as of now, by channel and in all. Places are counted by nobody here: of them nothing is expected but quiet hours."""

    def __init__(self, lake: Reading, session: Session, body: Body, decision: Decision, now: datetime) -> None:
        self.lake, self.session, self.body, self.decision = lake, session, body, decision
        self.starts_at = max(now, body.schedule.at) if body.schedule.at is not None else now
        self.on = business_date(self.starts_at, lake.zone)
        self.size = len(decision.audience.ids)

    def foreseen(self, flow: Flow) -> tuple[Waterfall, Wallet | None]:
        left, steps, wallet = flow.left, list[gates.Step | Ahead](flow.gates), None
        if not self.body.is_placed:
            wallet = self._wallet(flow)
            if wallet is not None:
                left = self._add(steps, "quota", left, wallet.left > 0)
            if self.body.purpose != "service":
                left = self._add(steps, "cap", left, self._under_cap())
        self._add_quiet(steps, flow.channel, left)
        return Waterfall(flow.channel, flow.entered, tuple(steps)), wallet

    def _add(self, steps: list[gates.Step | Ahead], name: Foreseen, left: Flags, passes: Flags) -> Flags:
        after = left & passes
        steps.append(Ahead(after, left & ~after, name))
        return after

    def _add_quiet(self, steps: list[gates.Step | Ahead], channel: str, left: Flags) -> None:
        """Of messages that are due in quiet hours those that wait are left, and those that are to be skipped are lost; best hours are none of them."""
        quiet = self._quiet(channel)
        is_quiet = self.body.schedule.when != "best_hour" and hours.is_quiet(self.starts_at, self.lake.zone, quiet)
        is_lost = is_quiet and self.body.schedule.quiet == "skip"
        until = hours.next_allowed(self.starts_at, self.lake.zone, quiet) if is_quiet and not is_lost else None
        after = np.zeros_like(left) if is_lost else left
        steps.append(Ahead(after, left & ~after, "quiet", until))

    def _wallet(self, flow: Flow) -> Wallet | None:
        policy_of = self._quota(flow.channel)
        if policy_of == "grants":
            return Wallet(flow.channel, policy_of, self._granted(flow), flow.left)
        span = caps.quota(policy_of, self.on)
        if span is None:
            return None
        sent = self._sent(flow.channel, span.start_on)
        return Wallet(flow.channel, policy_of, np.maximum(span.most - sent, 0), flow.left)

    def _quota(self, channel: str) -> caps.Policy:
        """As the way out in use says; of a channel without one the usual rule holds."""
        settings = self._settings(channel)
        return caps.QUOTA_OF.get(channel, "none") if settings is None else connector_kinds.quota(settings, channel)

    def _quiet(self, channel: str) -> hours.Quiet:
        settings = self._settings(channel)
        if settings is None:
            return hours.GROUPS if channel in PLACED else hours.PERSONAL
        return connector_kinds.quiet(settings, channel)

    def _settings(self, channel: str) -> Mapping[str, Any] | None:
        row = connectors.in_use(self.session, channel)
        return None if row is None else row.settings

    def _under_cap(self) -> Flags:
        cap = policy.read(self.session).cap
        return self._sent(None, self.on - timedelta(days=cap.days - 1)) < cap.messages

    def _sent(self, channel: str | None, first_on: date) -> Int64s:
        """Messages per member from a day on: of others by the lake, of the house's own by the outbox."""
        lake = elsewhere.messages(self.lake.snapshot, first_on, self.on)
        kept = np.ones(len(lake.who), bool)
        if channel is not None:
            kept = lake.channel == (lake.channels.index(channel) if channel in lake.channels else -2)
        found = np.bincount(lake.who[kept], minlength=self.size)
        own = select(Outgoing.member_id, func.count()).where(
            Outgoing.slot_at >= midnight(first_on, self.lake.zone), Outgoing.state.in_(sorted(MAY_HAVE_ARRIVED))
        )
        own = own if channel is None else own.where(Outgoing.channel == channel)
        rows = self.session.execute(own.group_by(Outgoing.member_id)).all()
        ids = np.array([member for member, _ in rows], np.int64)
        now = population.of(self.lake.snapshot).current(ids) if len(ids) else ids
        known = np.isin(now, self.decision.audience.ids)
        at = np.searchsorted(self.decision.audience.ids, now[known])
        np.add.at(found, at, np.array([count for _, count in rows], np.int64)[known])
        return found

    def _granted(self, flow: Flow) -> Int64s:
        """Messages that each one's identity has allowed and has not been sent, of the template that most of these are left of."""
        contents = [one.contents.get(flow.channel) for one in self.body.variants]
        templates = sorted({one.template for one in contents if one is not None and one.template})
        query = select(SubscriptionGrant.identity_key, func.max(SubscriptionGrant.grants))
        query = query.where(SubscriptionGrant.template_id.in_(templates)).group_by(SubscriptionGrant.identity_key)
        granted: Mapping[int, int] = {row[0]: row[1] for row in self.session.execute(query)}
        found = np.zeros(self.size, np.int64)
        at = np.flatnonzero(np.isin(flow.addresses.key, np.fromiter(granted, np.int64, len(granted))))
        found[at] = [granted[key] for key in flow.addresses.key[at].tolist()]
        return found
