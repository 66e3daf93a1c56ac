"""Who of an audience may and can get a campaign, on which channel, and at which gate all others are lost: members as arrays by code, gate after gate.

Whoever fails several gates is lost at the first. What depends on the person (all gates up to the address) comes before the holdout, so that those who are held out are people who would have been
written to; what comes after it (budgets) goes by a hash of the member that is another than the holdout's, so that the rest stays comparable. Platform quotas, caps and quiet hours are asked when a
message is sent, for hours pass.

With the mode ``first`` each channel gets those whom no channel before it reaches, with ``each`` all of them. A place (group chat, robot) goes through the gates that places have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, reduce
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import select

from core.campaigns import holdout, personal
from core.campaigns.body import Body
from core.lake.reader import Snapshot
from core.periods import business_date
from core.segments import reach as rules
from core.segments.language import Profile
from core.sequences.arrays import Array, Int64s
from core.store import connectors, suppressions
from core.store.campaign_tables import Connector
from core.store.session import Session
from core.work.campaigns.recipients import addresses, audience
from core.work.campaigns.recipients.addresses import ADDRESSLESS, Addresses
from core.work.campaigns.recipients.audience import Audience
from core.work.campaigns.texts.values import Values
from core.work.home import Home
from core.work.questions import population, reach, segments
from core.work.questions.kept import per_version
from core.work.questions.population import Flags
from core.work.questions.reading import Reading

Gate = Literal[
    "trial", "minor", "consent", "suppression", "profiling", "identity", "friend", "place", "rendering", "address", "holdout", "budget",
]  # fmt: skip
GATES: tuple[Gate, ...] = (
    "trial", "minor", "consent", "suppression", "profiling", "identity", "friend", "place", "rendering", "address", "holdout", "budget",
)  # fmt: skip
"""In the order of losses."""
OF_MEMBERS: tuple[Gate, ...] = (
    "trial",
    "minor",
    "consent",
    "suppression",
    "profiling",
    "identity",
    "friend",
    "rendering",
)
OF_PLACES: tuple[Gate, ...] = ("place", "suppression")
REASONS: Mapping[Gate, str] = {
    "trial": "gate.trial", "minor": "gate.minor", "consent": "gate.consent", "suppression": "gate.suppressed", "profiling": "gate.profiling", "identity": "gate.identity",
    "friend": "gate.friend", "place": "gate.place", "rendering": "render.missing", "address": "gate.address", "budget": "gate.budget",
}  # fmt: skip
"""Why a row was skipped, as it stands in the outbox; ``holdout`` is a state of its own."""
QUOTA, CAP, QUIET, EXPIRED = "gate.quota", "gate.cap", "gate.quiet", "gate.expired"
"""Reasons of the gates at sending, which stand beside these."""
LONGEST_PLACE = 64
OF_ORDER, OF_ADDRESS = "/budget", "/address"
"""What is put behind a campaign's salt for who comes first under a budget, and who keeps an address."""


@dataclass(frozen=True, slots=True, eq=False)
class Step(rules.Sides):
    """``applies``: whether the channel, or the campaign, has the gate at all."""

    name: Gate
    applies: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """One channel. ``entered``: whom it is about; ``gates``: each step's left and lost are the left of the one before. ``addresses``: where they are written to."""

    channel: str
    entered: Flags
    gates: tuple[Step, ...]
    addresses: Addresses

    @property
    def left(self) -> Flags:
        return self.gates[-1].left

    @property
    def held(self) -> Flags:
        return self.step("holdout").lost

    @property
    def may(self) -> Flags:
        """Who would be written to, were nobody held out and no budget used up."""
        return self.step("address").left

    def step(self, name: Gate) -> Step:
        return next(one for one in self.gates if one.name == name)


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """What stands in the outbox from before, when somebody was interrupted: its ``members``, the hashes of addresses that are taken by channel, and what was spent."""

    members: Int64s = field(default_factory=lambda: np.empty(0, np.int64))
    macs: Mapping[str, Sequence[bytes]] = field(default_factory=dict)
    cost_minor: int = 0
    offers_minor: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """``variant``: number of each one's variant, by code. ``prices``: of a message by channel, in the smallest unit."""

    audience: Audience
    flows: tuple[Flow, ...]
    variant: Array
    prices: Mapping[str, int]
    mode: str

    @property
    def will_send(self) -> int:
        """Messages, over all channels."""
        return sum(int(np.count_nonzero(flow.left)) for flow in self.flows)

    @property
    def held(self) -> Flags:
        """Who is held out, by code."""
        return _any([flow.held for flow in self.flows], self.audience.inside)

    @property
    def cost_minor(self) -> int:
        return sum(int(np.count_nonzero(flow.left)) * self.prices[flow.channel] for flow in self.flows)

    def people(self, flags: Flags) -> Int64s:
        """Ids of those flagged, ascending for members; of places their keys."""
        found: Int64s = self.audience.ids[flags]
        return found


def decide(
    home: Home,
    lake: Reading,
    session: Session,
    body: Body,
    *,
    salt: str,
    code: str,
    now: datetime,
    units: Sequence[str] | None = None,
    settled: Settled = Settled(),
) -> Decision:
    """Of everybody whom the reading's scope and ``units`` (None = all) leave. ``salt``, ``code``: the campaign's. ``settled``: those who have their rows are not asked again, and what they
    took is taken. Raises what the segments refuse."""
    whom = audience.of(lake, session, home.keys, body, units)
    inside = whom.inside & ~np.isin(whom.ids, settled.members)
    variant = _variants(body, salt, whom, inside)
    gates: _OfMembers | _OfPlaces
    if body.is_placed:
        gates = _OfPlaces(home, lake, session, body, whom)
    else:
        today, has_way_out = business_date(now, lake.zone), home.settings.links_url is not None
        values = Values(lake, session, home.keys, body, code, today, has_way_out=has_way_out)
        gates = _OfMembers(lake, session, body, whom, variant, values)
    flows, remaining = [], inside
    for channel in body.channels:
        entered = remaining if body.mode == "first" else inside
        flow = _first_gates(gates, channel, entered, salt, whom.ids, settled.macs.get(channel, ()))
        flows.append(flow)
        remaining = remaining & ~flow.may
    paid = prices(session, body.channels)
    flows = _held_out(flows, body, salt, whom.ids)
    return Decision(whom, tuple(_within_budget(flows, body, salt, whom.ids, paid, settled)), variant, paid, body.mode)


def _any(flags: Sequence[Flags], like: Flags) -> Flags:
    return reduce(np.logical_or, flags, np.zeros(len(like), bool))


def _variants(body: Body, salt: str, whom: Audience, inside: Flags) -> Array:
    found = np.zeros(len(whom.ids), np.int8)
    if len(body.variants) > 1:
        found[inside] = holdout.variants(salt, whom.ids[inside], [one.weight for one in body.variants])
    return found


def prices(session: Session, channels: Sequence[str]) -> dict[str, int]:
    """Of one message on each channel, as the way out in use says; 0 where none is or none says."""
    rows = select(Connector.channel, Connector.settings).where(Connector.is_on, Connector.kind != "robot")
    told = {channel: settings.get("price_minor") or 0 for channel, settings in session.execute(rows)}
    return {channel: int(told.get(channel, 0)) for channel in channels}


# -- gates of members and places ---------------------------------------------------------------------------------------


class _OfMembers:
    """Who passes each gate of a channel, by member code; None where the channel has no such gate."""

    names = OF_MEMBERS

    def __init__(
        self, lake: Reading, session: Session, body: Body, whom: Audience, variant: Array, values: Values
    ) -> None:
        self._lake, self._session, self._body = lake, session, body
        self._whom, self._variant, self._values = whom, variant, values
        self._addresses: dict[str, Addresses] = {}

    def addresses(self, channel: str) -> Addresses:
        if channel not in self._addresses:
            found = addresses.of(self._lake.snapshot, self._session, channel)
            self._addresses[channel] = found
        return self._addresses[channel]

    def passing(self, gate: Gate, channel: str) -> Flags | None:
        match gate:
            case "trial":
                return ~self._profiled("is_test", "is", True)
            case "minor":
                return ~self._profiled("age", "at_most", rules.CHILD_AGE)
            case "consent":
                asked = connectors.stands_for(self._session, channel)
                return reach.consented(self._lake.snapshot, asked, self._body.purpose)
            case "suppression":
                asked = connectors.stands_for(self._session, channel)
                standing = suppressions.everybody(self._session, channel, self._body.purpose)
                standing |= suppressions.everybody(self._session, asked, self._body.purpose)
                return ~_suppressed(standing, self._whom.ids, self.addresses(channel))
            case "profiling":
                return ~refused(self._lake.snapshot, channel) if self._whom.is_profiled else None
            case "identity":
                return None if channel in ADDRESSLESS else self.addresses(channel).has
            case "friend":
                return self._profiled("is_friend", "is", True) if channel == "wecom" else None
            case "rendering":
                return self._complete(channel) if self._body.missing == "skip" else None
            case _:
                raise AssertionError(gate)

    def _profiled(self, name: str, op: str, value: bool | int) -> Flags:
        return segments.chosen(self._everybody, Profile(name, op, (value,)))

    @cached_property
    def _everybody(self) -> Reading:
        return segments.everybody(self._lake)

    def _complete(self, channel: str) -> Flags:
        """Who lacks no value that a text of theirs on the channel names."""
        found = np.ones(len(self._whom.ids), bool)
        for number, variant in enumerate(self._body.variants):
            content = variant.contents.get(channel)
            texts = () if content is None else content.texts().values()
            for name in dict.fromkeys(name for text in texts for name in personal.parse(text).fields):
                found &= self._values.has(name) | (self._variant != number)
        return found


class _OfPlaces:
    """The same for group chats and robots."""

    names = OF_PLACES

    def __init__(self, home: Home, lake: Reading, session: Session, body: Body, whom: Audience) -> None:
        self._home, self._lake, self._session, self._body, self._whom = home, lake, session, body, whom

    def addresses(self, _channel: str) -> Addresses:
        return addresses.none(len(self._whom.ids))

    def passing(self, gate: Gate, channel: str) -> Flags | None:
        if gate == "place":
            known = self._groups() if channel == "group_chat" else self._robots()
            return np.array([place in known and len(place) <= LONGEST_PLACE for place in self._whom.places], bool)
        assert gate == "suppression"
        standing = suppressions.everybody(self._session, channel, self._body.purpose)
        keys = [audience.place_key(self._home.keys, channel, place) for place in self._whom.places]
        return np.array([key not in standing.members for key in keys], bool)

    def _groups(self) -> frozenset[str]:
        """Group chats that the data describes, in the reading's scope."""
        return frozenset(self._lake.snapshot.arrow(self._lake.chats.select("group_id"))["group_id"].to_pylist())

    def _robots(self) -> frozenset[str]:
        """Robots that are set up, by number and by name."""
        rows = select(Connector.id, Connector.name).where(Connector.is_on, Connector.kind == "robot")
        return frozenset(name for number, called in self._session.execute(rows) for name in (str(number), called))


@per_version("consents", "identity_map", most=8)
def refused(snapshot: Snapshot, channel: str) -> Flags:
    """Who has said that nothing may be concluded from how they behave: the newest row about ``profiling`` and the channel, or all channels, is a withdrawal; of one moment a withdrawal
    counts. By member code."""
    people = population.of(snapshot)
    if not snapshot.files("consents"):
        return np.zeros(len(people.ids), bool)
    rows = snapshot.table("consents")
    rows = rows.filter((rows.purpose == "profiling") & (rows.channel.isnull() | (rows.channel == channel)))
    found = snapshot.arrow(rows.select("identity_key", at=rows.occurred_at, is_withdrawn=rows.state == "withdrawn"))
    who = people.subjects.codes(found["identity_key"].to_numpy())
    known = who >= 0
    withdrawn = found["is_withdrawn"].to_numpy()[known]
    at = found["at"].cast(pa.int64()).to_numpy()[known]
    return rules.newest(len(people.ids), who[known], [at, withdrawn], withdrawn)


def _suppressed(standing: suppressions.Suppressed, ids: Int64s, own: Addresses) -> Flags:
    found: Flags = np.isin(ids, np.fromiter(standing.members, np.int64, len(standing.members)))
    return found | _has_mac(own, np.ones(len(ids), bool), list(standing.macs))


def _has_mac(own: Addresses, asked: Flags, macs: Sequence[bytes]) -> Flags:
    """Whose address is among these, of those asked about."""
    found = np.zeros(len(asked), bool)
    if len(macs):
        at = np.flatnonzero(asked & own.has)
        found[at] = pc.is_in(pa.array(own.mac[at], pa.binary()), pa.array(macs, pa.binary())).to_numpy(
            zero_copy_only=False
        )
    return found


# -- one after the other -----------------------------------------------------------------------------------------------


def _first_gates(
    gates: _OfMembers | _OfPlaces, channel: str, entered: Flags, salt: str, ids: Int64s, taken: Sequence[bytes]
) -> Flow:
    """All gates up to the address."""
    left, steps = entered, []
    for name in gates.names:
        passes = gates.passing(name, channel)
        after = left if passes is None else left & passes
        steps.append(Step(after, left & ~after, name, passes is not None))
        left = after
    own = gates.addresses(channel)
    after = _once(left & ~_has_mac(own, left, taken), own, salt, ids)
    return Flow(channel, entered, (*steps, Step(after, left & ~after, "address")), own)


def _once(left: Flags, own: Addresses, salt: str, ids: Int64s) -> Flags:
    """Of those who share an address the first by a hash keeps it."""
    at = np.flatnonzero(left & own.has)
    shared = pa.array(own.mac[at], pa.binary()).dictionary_encode().indices.to_numpy(zero_copy_only=False)
    is_shared = np.bincount(shared)[shared] > 1 if len(at) else np.zeros(0, bool)
    at, shared = at[is_shared], shared[is_shared]
    order = np.lexsort((ids[at], holdout.places(salt + OF_ADDRESS, ids[at]), shared))
    later = np.concatenate((np.zeros(min(len(order), 1), bool), shared[order][1:] == shared[order][:-1]))
    found = left.copy()
    found[at[order][later]] = False
    return found


def _held_out(flows: Sequence[Flow], body: Body, salt: str, ids: Int64s) -> list[Flow]:
    """A member is held out once, whatever the channels. No place is: what people of a group do is held against nobody's, so that a group left out would be lost for nothing."""
    reached = _any([flow.may for flow in flows], np.zeros(len(ids), bool))
    held = np.zeros(len(ids), bool)
    if body.holdout and not body.is_placed:
        held[reached] = holdout.held(salt, ids[reached], body.holdout)
    return [_through(flow, "holdout", ~held) for flow in flows]


def _within_budget(
    flows: Sequence[Flow], body: Body, salt: str, ids: Int64s, prices: Mapping[str, int], settled: Settled
) -> list[Flow]:
    """In the order of a hash everybody for whom the budgets of sending and of the offer last; all of a member's messages or none."""
    cost = np.zeros(len(ids), np.int64)
    for flow in flows:
        cost += flow.left * prices[flow.channel]
    written = _any([flow.left for flow in flows], np.zeros(len(ids), bool))
    offer = body.offer
    limits = [(body.budget_minor, settled.cost_minor, cost)]
    limits += [(offer.budget_minor, settled.offers_minor, written * offer.face_minor)] if offer is not None else []
    within = np.ones(len(ids), bool)
    order: Array | None = None
    for budget, spent, each in limits:
        if budget is None or spent + int(each[written].sum()) <= budget:
            continue
        if order is None:
            at = np.flatnonzero(written)
            order = at[np.lexsort((ids[at], holdout.places(salt + OF_ORDER, ids[at])))]
        within[order] &= spent + np.cumsum(each[order]) <= budget
    return [_through(flow, "budget", within) for flow in flows]


def _through(flow: Flow, name: Gate, passes: Flags) -> Flow:
    left = flow.left & passes
    return Flow(flow.channel, flow.entered, (*flow.gates, Step(left, flow.left & ~left, name)), flow.addresses)
