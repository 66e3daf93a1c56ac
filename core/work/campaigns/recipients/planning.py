"""A campaign becomes rows of the outbox: everybody of its audience gets theirs once, planned, skipped or held out.

What was decided is told in ``Campaign.launched`` before the first row stands, with the version of the lake and the time; who is interrupted begins again from there, leaves those who have their rows,
and comes to the same rows. All rows of a member are written in one transaction, under the campaign's lock, so that two that plan at once do not give a member two answers, and a campaign that is
cancelled meanwhile is planned no further.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
from sqlalchemy import select

from core.campaigns import body as bodies
from core.campaigns.body import Body
from core.errors import Refusal, VersionGone
from core.scope import SYSTEM
from core.sequences.arrays import Array, Int64s
from core.store import campaigns, outbox, topics
from core.store.campaign_tables import Campaign, Outgoing
from core.store.session import Session
from core.work.campaigns import review
from core.work.campaigns.recipients import audience, gates, moments
from core.work.campaigns.recipients.addresses import NONE
from core.work.campaigns.recipients.gates import Decision, Flow, Settled
from core.work.campaigns.texts import rendering
from core.work.home import Home
from core.work.questions.reading import Reading, reading

CHUNK = 5_000
"""Members whose rows one transaction writes."""
STATES = ("planned", "holdout", "skipped")
PLANNED, HELD, SKIPPED = range(len(STATES))
Progress = Callable[[int, int], None]


class Halted(Refusal):
    """The campaign is no longer being planned: somebody cancelled it."""

    code = "campaign.halted"


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Grain: a message, in the order of members and channels. ``code``: of the member or place; ``flow``: place of its channel; ``state``: place in ``STATES``; ``gate``: at which it was
    lost, place in ``gates.GATES``, -1 for none."""

    code: Int64s
    flow: Array
    state: Array
    gate: Array

    def __len__(self) -> int:
        return len(self.code)


def launch_due(home: Home, now: datetime) -> int:
    """Plan every campaign whose time has come, and those that somebody was planning and did not end. Returns how many are sending now. One whose audience is no longer what was approved is a draft
    again; one that cannot be planned has failed, with the code of why. Raises an ``ExceptionGroup`` of what else went wrong, after all others had their turn."""
    with home.store.reading() as session:
        found = campaigns.listed(session, ("scheduled", "materialising"))
        due = [one for one in reversed(found) if one.state == "materialising" or (one.starts_at or now) <= now]
    launched, faults = 0, list[Exception]()
    for one in due:
        try:
            if one.state == "materialising" or _launched(home, one, now):
                materialise(home, one.id, now)
                launched += 1
        except (Halted, VersionGone):  # somebody cancelled it; or the lake moved on, and the next try begins with that
            continue
        except Refusal as refusal:
            _failed(home, one.id, refusal.code, now)
        except Exception as error:  # a fault of ours stops no other campaign; this one is tried again
            faults.append(error)
    if faults:
        raise ExceptionGroup("Campaigns that could not be planned.", faults)
    return launched


def _launched(home: Home, campaign: Campaign, now: datetime) -> bool:
    """Whether a scheduled one is being planned now, by whoever asks here: what its approval is bound to is asked once more."""
    with reading(home, now=now) as lake, home.store.reading() as session:
        count = _decided(home, lake, session, campaign, now).will_send
    with home.store.transaction() as session:
        row = campaigns.locked(session, campaign.id)
        trouble = review.launch_trouble(session, row, count)
        if trouble is not None:
            review.void(session, row, trouble, now)
            return False
    return _move(home, campaign.id, "scheduled", "materialising", now)


def _decided(
    home: Home, lake: Reading, session: Session, campaign: Campaign, now: datetime, settled: Settled = Settled()
) -> Decision:
    body = bodies.parse(campaign.body)
    return gates.decide(
        home, lake, session, body, salt=campaign.salt, code=campaign.code, now=now, units=campaign.units, settled=settled
    )  # fmt: skip


def _failed(home: Home, campaign_id: int, code: str, now: datetime) -> None:
    """Wherever it stands before it sends."""
    for before in ("scheduled", "materialising"):
        if _move(home, campaign_id, before, "failed", now, error=code):
            return


def materialise(home: Home, campaign_id: int, now: datetime, progress: Progress | None = None) -> None:
    """Write the rows of a campaign that is materialising, and let it send. ``progress``: how many members have theirs, of how many. Raises ``Unknown``, ``Halted``, and what its segments
    refuse; it may then be asked again."""
    with home.store.reading() as session:
        campaign = campaigns.one(session, campaign_id)
    if campaign.state != "materialising":
        raise Halted("The campaign is not being planned.", state=campaign.state)
    body = bodies.parse(campaign.body)
    began = _began(campaign) or now
    with _opened(home, campaign, began) as lake:
        with home.store.reading() as session:
            settled = _settled(session, campaign, body)
            decision = _decided(home, lake, session, campaign, began, settled)
        if campaign.launched is None:
            began = _tell(home, campaign, decision, lake.snapshot.version, now)
        _write(home, lake, campaign, body, decision, began, settled, progress)
    _move(home, campaign_id, "materialising", "sending", now)


def rows(decision: Decision, settled: Settled = Settled()) -> Rows:
    """What everybody gets who has no rows yet: with the mode ``first`` one on the channel that reaches them, else on the first; with ``each`` one per channel."""
    inside = decision.audience.inside & ~np.isin(decision.audience.ids, settled.members)
    codes = np.flatnonzero(inside)
    if not len(decision.flows):
        return Rows(codes[:0], codes[:0], codes[:0], codes[:0])
    if decision.mode == "first":
        reached = np.stack([flow.may[codes] for flow in decision.flows])
        which = np.argmax(reached, axis=0)
        code = codes
    else:
        which = np.tile(np.arange(len(decision.flows)), len(codes))
        code = np.repeat(codes, len(decision.flows))
    told = np.stack([_lost_at(flow) for flow in decision.flows])
    gate = told[which, code]
    held = gates.GATES.index("holdout")
    state = np.where(gate < 0, PLANNED, np.where(gate == held, HELD, SKIPPED))
    return Rows(code, which, state, np.where(gate == held, -1, gate))


def _lost_at(flow: Flow) -> Array:
    """By code the gate at which somebody was lost; -1 for those who were not, or never entered."""
    found = np.full(len(flow.entered), -1, np.int8)
    for step in flow.gates:
        found[step.lost] = gates.GATES.index(step.name)
    return found


# -- before and after --------------------------------------------------------------------------------------------------


def _began(campaign: Campaign) -> datetime | None:
    return None if campaign.launched is None else datetime.fromisoformat(campaign.launched["at"])


@contextmanager
def _opened(home: Home, campaign: Campaign, began: datetime) -> Iterator[Reading]:
    """The lake at the version of the first try; where an erasure removed that, the newest, which no longer has who was erased."""
    version = None if campaign.launched is None else campaign.launched["lake_version"]
    try:
        with reading(home, version=version, now=began) as lake:
            if version is not None:
                _refuse_gone(lake)
            yield lake
    except VersionGone:
        if version is None:
            raise
        with reading(home, now=began) as lake:
            yield lake


def _refuse_gone(lake: Reading) -> None:
    """Raises ``VersionGone`` where a file of a table was removed."""
    for name in lake.snapshot.manifest.tables:
        lake.snapshot.files(name)


def _settled(session: Session, campaign: Campaign, body: Body) -> Settled:
    query = select(Outgoing.member_id, Outgoing.channel, Outgoing.state, Outgoing.address_mac)
    found = session.execute(query.where(Outgoing.campaign_id == campaign.id, Outgoing.step == 0)).all()
    if not found:
        return Settled()
    written = [(member, channel) for member, channel, state, _ in found if state not in ("skipped", "holdout")]
    prices = gates.prices(session, body.channels)
    macs: dict[str, list[bytes]] = {}
    for _, channel, _, mac in found:
        if mac is not None:
            macs.setdefault(channel, []).append(mac)
    face = 0 if body.offer is None else body.offer.face_minor
    members = np.unique(np.array([member for member, *_ in found], np.int64))
    cost = sum(prices.get(channel, 0) for _, channel in written)
    return Settled(members, macs, cost, face * len({member for member, _ in written}))


def _tell(home: Home, campaign: Campaign, decision: Decision, version: int, now: datetime) -> datetime:
    """What is true as it is launched, unless somebody else told it first; when that was."""
    with home.store.transaction() as session:
        known = campaigns.locked(session, campaign.id)
        if known.launched is None:
            known.launched = summary(decision) | {"at": now.isoformat(), "lake_version": version}
            for url, number in rendering.links_of(bodies.parse(known.body)).items():
                campaigns.link(session, campaign.id, number, url)
            campaigns.tell(session, campaign.id, "launched", {"will_send": decision.will_send}, by=SYSTEM.name, now=now)
            topics.bump(session, campaigns.TOPIC)
        return _began(known) or now


def summary(decision: Decision) -> dict[str, Any]:
    """Counts of a decision, as JSON."""
    flows = [
        {
            "channel": flow.channel, "entered": int(np.count_nonzero(flow.entered)), "price_minor": decision.prices[flow.channel],
            "gates": [{"name": step.name, "left": step.left_count, "lost": step.lost_count} for step in flow.gates],
        }
        for flow in decision.flows
    ]  # fmt: skip
    return {
        "audience": decision.audience.count, "will_send": decision.will_send, "holdout": int(np.count_nonzero(decision.held)), "cost_minor": decision.cost_minor,
        "is_profiled": decision.audience.is_profiled, "flows": flows, "prices": dict(decision.prices),
    }  # fmt: skip


def _move(home: Home, campaign_id: int, before: str, state: str, now: datetime, **values: Any) -> bool:
    with home.store.transaction() as session:
        moved = campaigns.move(session, campaign_id, before=before, state=state, now=now, **values)
        if moved:
            campaigns.tell(session, campaign_id, state, values, by=SYSTEM.name, now=now)
            topics.bump(session, campaigns.TOPIC)
        return moved


# -- rows --------------------------------------------------------------------------------------------------------------


def _write(
    home: Home,
    lake: Reading,
    campaign: Campaign,
    body: Body,
    decision: Decision,
    began: datetime,
    settled: Settled,
    progress: Progress | None,
) -> None:
    found = rows(decision, settled)
    starts = np.flatnonzero(np.r_[True, found.code[1:] != found.code[:-1]]) if len(found) else np.zeros(0, np.int64)
    edges = [*starts[::CHUNK].tolist(), len(found)]
    starts_at = max(began, campaign.starts_at) if campaign.starts_at is not None else began
    ends_at = moments.expires_at(body, lake.zone)
    done, of = len(settled.members), len(settled.members) + len(starts)
    for first, end in pairwise(edges):
        some = Rows(*(getattr(found, name)[first:end] for name in ("code", "flow", "state", "gate")))
        columns = _columns(home, body, decision, some)
        columns["due_at"] = moments.due(lake, body, campaign.salt, some.code, starts_at, ends_at)
        columns["expires_at"] = [ends_at] * len(some)
        with home.store.transaction() as session:
            if campaigns.locked(session, campaign.id).state != "materialising":
                raise Halted("The campaign is no longer being planned.")
            _plan(session, campaign.id, columns, began)
        done += len(np.unique(some.code))
        if progress is not None:
            progress(done, of)


def _columns(home: Home, body: Body, decision: Decision, some: Rows) -> dict[str, list[Any]]:
    channels = [flow.channel for flow in decision.flows]
    whom, flow = decision.audience, some.flow.tolist()
    is_kept = some.state != SKIPPED
    key, mac = _addressed(decision, some)
    reasons = [*(gates.REASONS.get(name) for name in gates.GATES), None]
    names = [one.name for one in body.variants]
    members = whom.ids[some.code].tolist()
    places: list[str | None] = [None] * len(some)
    if body.is_placed:
        places = [whom.places[code][: gates.LONGEST_PLACE] for code in some.code.tolist()]
        members = [
            audience.place_key(home.keys, channels[at], whom.places[code])
            for at, code in zip(flow, some.code.tolist(), strict=True)
        ]
    return {
        "member_id": members,
        "channel": [channels[at] for at in flow],
        "variant": [names[at] for at in decision.variant[some.code].tolist()],
        "identity_key": [one if one != NONE else None for one in np.where(is_kept, key, NONE).tolist()],
        "address_mac": [one if kept else None for one, kept in zip(mac, is_kept, strict=True)],
        "place": places,
        "state": [STATES[at] for at in some.state.tolist()],
        "reason": [reasons[at] for at in some.gate.tolist()],
    }


def _addressed(decision: Decision, some: Rows) -> tuple[Int64s, Array]:
    key, mac = np.full(len(some), NONE, np.int64), np.full(len(some), None, object)
    for number, flow in enumerate(decision.flows):
        here = some.flow == number
        key[here] = flow.addresses.key[some.code[here]]
        mac[here] = flow.addresses.mac[some.code[here]]
    return key, mac


def _plan(session: Session, campaign_id: int, columns: Mapping[str, Sequence[Any]], now: datetime) -> None:
    """The rows of members who have none yet. Somebody whose address another took meanwhile is skipped for it, so that nobody is without a row."""
    fresh = _of_others(session, campaign_id, columns)
    if not fresh["member_id"] or outbox.plan_columns(session, campaign_id, fresh, now) == len(fresh["member_id"]):
        return
    there = _there(session, campaign_id, fresh)
    pairs = zip(fresh["member_id"], fresh["channel"], strict=True)
    missing = _kept(fresh, [pair not in there for pair in pairs])
    count = len(missing["member_id"])
    taken = {"state": ["skipped"] * count, "reason": [gates.REASONS["address"]] * count}
    nothing: dict[str, list[Any]] = {"identity_key": [None] * count, "address_mac": [None] * count}
    outbox.plan_columns(session, campaign_id, missing | taken | nothing, now)


def _of_others(session: Session, campaign_id: int, columns: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Without members who have rows, whatever these say."""
    there = {member for member, _ in _there(session, campaign_id, columns)}
    return _kept(columns, [member not in there for member in columns["member_id"]])


def _there(session: Session, campaign_id: int, columns: Mapping[str, Sequence[Any]]) -> set[tuple[int, str]]:
    members = columns["member_id"]
    query = select(Outgoing.member_id, Outgoing.channel).where(Outgoing.campaign_id == campaign_id, Outgoing.step == 0)
    found = session.execute(query.where(Outgoing.member_id.between(min(members), max(members))))
    return {(member, channel) for member, channel in found}


def _kept(columns: Mapping[str, Sequence[Any]], flags: Sequence[bool]) -> dict[str, list[Any]]:
    if all(flags):
        return {name: list(values) for name, values in columns.items()}
    return {
        name: [one for one, is_kept in zip(values, flags, strict=True) if is_kept] for name, values in columns.items()
    }
