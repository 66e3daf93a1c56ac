"""Campaigns beyond their drafts: what would happen, who may approve it, how far it has come, what it brought, and the people behind every figure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from core.campaigns import body as bodies
from core.campaigns.body import Body
from core.campaigns.lift import TELLING, Lift, Ratio, Verdict
from core.campaigns.states import AWAITED, IN_FLIGHT, OPEN
from core.errors import Unknown
from core.periods import business_date
from core.sequences.arrays import Int64s
from core.store import campaigns as rows
from core.store.campaign_tables import MESSAGE_STATES, Campaign, Connector
from core.work.campaigns import policy, review
from core.work.campaigns.recipients import preflight
from core.work.campaigns.recipients.preflight import Ahead, Preflight, Wallet, Waterfall
from core.work.campaigns.texts import rendering
from core.work.campaigns.texts.rendering import Preview
from core.work.questions import campaign_employees, campaign_results, campaign_troubles
from core.work.questions import campaigns as questions
from core.work.questions.campaign_employees import Confirmations
from core.work.questions.campaign_results import Results
from core.work.questions.campaigns import Progress
from core.work.questions.untold import SMALL
from core.work.segments import covers
from dashboard.data import campaigns
from dashboard.data.ground import Ground, stand
from dashboard.data.people import People
from dashboard.web import kept, wiring

__all__ = [
    "AWAITED", "IN_FLIGHT", "MESSAGE_STATES", "OPEN", "SEE", "SMALL", "TELLING", "Ahead", "Checked", "Confirmations", "Entry", "Lift", "Moving", "Outcome", "Preflight", "Preview", "Progress", "Ratio", "Results", "Review",
    "Verdict", "Wallet", "Waterfall", "check", "confirmations", "entries", "now_to_send", "people_ahead", "people_of_results", "people_on_the_way", "previews", "progress", "results", "review_of",
]  # fmt: skip

SEE = "campaign.see"
STANDS_SECONDS = 20
"""How long what would happen is taken for true; whoever approves is asked by numbers counted anew."""


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """What would happen if it were launched now. ``key``: names the answer."""

    key: str
    found: Preflight
    zone: str
    version: int
    as_of: datetime
    currency: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened to a campaign."""

    at: datetime
    by: str
    action: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Review:
    """``digest``: of what was handed in; None where nothing is. ``is_as_read``: whether it still is what it says, its segments included. ``authors``: who wrote it. ``alone``, ``grand``: see the rules of sending; ``before``: what was handed in the
    time before, None the first time, and ``before_was``: what became of that. ``way_out``: the connector, by number and name, on which it went wrong when the product paused it; None otherwise, and for
    one that is gone."""

    digest: str | None
    is_as_read: bool
    authors: frozenset[str]
    alone: int
    grand: int
    before: Body | None
    before_was: str | None
    error: str | None
    way_out: tuple[int, str] | None

    def is_own(self, name: str) -> bool:
        return name in self.authors


@dataclass(frozen=True, slots=True, eq=False)
class Moving:
    """How far it has come. ``troubles``: see ``core.work.questions.campaign_troubles``."""

    key: str
    found: Progress
    troubles: pd.DataFrame
    zone: str
    version: int
    as_of: datetime
    currency: str


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What it brought. ``as_of``: of the newest data."""

    key: str
    found: Results
    zone: str
    version: int
    as_of: datetime
    currency: str


# -- what would happen -------------------------------------------------------------------------------------------------


def check(campaign_id: int) -> Checked | None:
    """None where nobody knows yet for whom and on which channels it is. Raises ``Forbidden``, ``Unknown``, and what its segments refuse."""
    ground = stand(SEE)
    row = _row(ground, campaign_id)
    said = bodies.parse(row.body)
    if not said.channels or not (said.places if said.is_placed else said.segments):
        return None
    at = wiring.now()
    key = f"campaign ahead|{ground.key}|{campaign_id}|{row.revision}|{at.timestamp() // STANDS_SECONDS}"
    return _check(key=key, _ground=ground, _row=row, _body=said, _at=at)


@kept.by_key(4, seconds=STANDS_SECONDS)
def _check(key: str, _ground: Ground, _row: Any, _body: Body, _at: datetime) -> Checked:
    found = preflight.of(
        _ground.home, _ground.operator.scope, _body, _row.salt, _at, code=_row.code, units=_row.units
    )  # fmt: skip
    zone = _ground.home.settings.zone
    return Checked(key, found, zone, found.lake_version, found.as_of or _at, found.currency)


def now_to_send(campaign_id: int) -> int:
    """Messages that it will be by the gates now, asked anew. Raises as ``check``."""
    ground = stand(SEE)
    row = _row(ground, campaign_id)
    said = bodies.parse(row.body)
    found = preflight.of(
        ground.home, ground.operator.scope, said, row.salt, wiring.now(), code=row.code, units=row.units
    )
    return found.will_send


# -- whoever approves --------------------------------------------------------------------------------------------------


def review_of(campaign_id: int) -> Review:
    """Raises ``Forbidden``, ``Unknown``."""
    ground = stand(SEE)
    _row(ground, campaign_id)
    name = ("review of campaign", ground.key, campaign_id)
    return kept.while_unwritten(ground.home.store, name, lambda: _review(ground, campaign_id))


def _review(ground: Ground, campaign_id: int) -> Review:
    with ground.home.store.reading() as session:
        row = rows.one(session, campaign_id)
        log = rows.log(session, campaign_id)
        rules = policy.read(session)
        authors = frozenset(entry.by for entry in log if entry.action in review.WRITING)
        before, was = _before(log, row.state)
        return Review(row.content_hash, _is_as_read(session, row), authors, rules.alone, rules.grand, before, was, row.error, _way_out(session, log))  # fmt: skip


def _way_out(session: Any, log: Any) -> tuple[int, str] | None:
    paused = next((one for one in reversed(log) if one.action == "paused"), None)
    number = None if paused is None else paused.details.get("connector_id")
    row = None if number is None else session.get(Connector, number)
    return None if row is None else (row.id, row.name)


def _is_as_read(session: Any, row: Any) -> bool:
    try:
        return row.content_hash is not None and review.fingerprint(session, row) == row.content_hash
    except Unknown:  # a segment of it is gone
        return False


def _before(log: Any, state: str) -> tuple[Body | None, str | None]:
    """What was handed in the time before the one that stands, and what became of it."""
    handed = [number for number, one in enumerate(log) if one.action == "handed_in" and "body" in one.details]
    if state != "draft":
        handed = handed[:-1]
    if not handed:
        return None, None
    was = next((one.action for one in log[handed[-1] + 1 :] if one.action in _ENDS), None)
    return bodies.parse(log[handed[-1]].details["body"]), was


_ENDS = ("approved", "sent_back", "taken_back", "voided")


def previews(campaign_id: int, variant: str, channel: str) -> tuple[tuple[int | None, Preview], ...]:
    """How three real members would read it, who knows most first, and somebody of whom nothing is known; only the latter for whoever may not see people. Raises ``Forbidden``, ``Unknown``, and what its segments refuse."""
    ground = stand(SEE)
    row = _row(ground, campaign_id)
    who = ground.operator.can("people.see")
    key = f"previews|{ground.key}|{campaign_id}|{row.revision}|{variant}|{channel}|{who}|{ground.operator.can('personal.reveal')}"
    return _previews(key=key, _ground=ground, _row=row, _variant=variant, _channel=channel)


@kept.by_key(16, seconds=300)
def _previews(
    key: str,  # noqa: ARG001 - what it is kept by
    _ground: Ground,
    _row: Any,
    _variant: str,
    _channel: str,
) -> tuple[tuple[int | None, Preview], ...]:
    said, operator, at = bodies.parse(_row.body), _ground.operator, wiring.now()
    members: tuple[int, ...] = ()
    if operator.can("people.see") and not said.is_placed:
        members = rendering.preview_members(_ground.home, operator, said, 3, now=at)
    return tuple(
        (one, rendering.preview(_ground.home, operator, said, _variant, _channel, one, at, code=_row.code))
        for one in (*members, None)
    )


def entries(campaign_id: int) -> tuple[Entry, ...]:
    """What happened, the newest first. Raises ``Forbidden``, ``Unknown``."""
    ground = stand(SEE)
    _row(ground, campaign_id)

    def ask() -> tuple[Entry, ...]:
        with ground.home.store.reading() as session:
            log = rows.log(session, campaign_id)
            return tuple(Entry(one.at, one.by, one.action, one.details) for one in reversed(log))

    return kept.while_unwritten(ground.home.store, ("log of campaign", campaign_id), ask)


# -- how far it has come -----------------------------------------------------------------------------------------------


def progress(campaign_id: int) -> Moving:
    """Counted anew every few seconds. Raises ``Forbidden``, ``Unknown``."""
    ground, at = stand(SEE), wiring.now()
    _row(ground, campaign_id)
    name = ("progress of campaign", ground.key, campaign_id, kept.moment(at))
    return kept.while_unwritten(ground.home.store, name, lambda: _progress(ground, campaign_id, at))


def _progress(ground: Ground, campaign_id: int, at: datetime) -> Moving:
    with ground.open() as lake:
        found = questions.progress(ground.home, lake, campaign_id, at)
        troubles = campaign_troubles.troubles(ground.home, lake, campaign_id)
        key = f"{ground.key}|{campaign_id}|{at.timestamp()}"
        return Moving(key, found, troubles, lake.zone, ground.version, at, lake.currency)


def confirmations(campaign_id: int) -> Confirmations:
    """Employees who were asked to send it. Raises ``Forbidden``, ``Unknown``."""
    ground, at = stand(SEE), wiring.now()
    _row(ground, campaign_id)
    name = ("confirmations of campaign", ground.key, campaign_id, kept.moment(at))

    def ask() -> Confirmations:
        with ground.open() as lake:
            return campaign_employees.confirmations(ground.home, lake, campaign_id, at)

    return kept.while_unwritten(ground.home.store, name, ask)


# -- what it brought ---------------------------------------------------------------------------------------------------


def results(campaign_id: int) -> Outcome:
    """Raises ``Forbidden``, ``Unknown``."""
    ground = stand(SEE)
    row = _row(ground, campaign_id)
    key = f"results of campaign|{ground.key}|{campaign_id}|{row.state_at}|{wiring.now().timestamp() // 60}"
    return _results(key=key, _ground=ground, _campaign_id=campaign_id)


@kept.by_key(8, seconds=60)
def _results(key: str, _ground: Ground, _campaign_id: int) -> Outcome:
    with _ground.open() as lake:
        found = campaign_results.results(_ground.home, lake, _campaign_id)
        as_of = found.as_of or lake.as_of or wiring.now()
        return Outcome(key, found, lake.zone, _ground.version, as_of, lake.currency)


def _row(ground: Ground, campaign_id: int) -> Campaign:
    """One that reaches no further than the asker does. Raises ``Unknown``."""
    with ground.home.store.reading() as session:
        row = rows.one(session, campaign_id)
    if not covers(ground.home, ground.operator)(row.units):
        raise Unknown("campaign", str(campaign_id))
    return row


# -- people ------------------------------------------------------------------------------------------------------------


def people_ahead(campaign_id: int, channel: str, gate: str, side: str) -> People:
    """Whom a gate leaves or loses; ``wallet``: who has as many messages left as ``side`` says. Raises ``Forbidden``, ``Unknown``."""
    ground, view = stand("people.see"), check(campaign_id)
    if view is None:
        raise Unknown("campaign", str(campaign_id))
    if gate == "wallet":
        ids = preflight.with_left(view.found, channel, int(side))
    else:
        ids = preflight.people(view.found, channel, gate, "lost" if side == "lost" else "left")
    told = {"kind": "campaign_ahead", "channel": channel, "gate": gate, "side": side}
    return _people(ground, campaign_id, ids, told, view.currency)


def people_on_the_way(campaign_id: int, of: Mapping[str, str]) -> People:
    """Whose messages stand like this. ``of``: any of ``state``, ``reason``, ``channel``, ``variant``, or ``state`` and ``error``. Raises ``Forbidden``, ``Unknown``."""
    ground = stand("people.see")
    with ground.open() as lake:
        if "error" in of:
            ids = campaign_troubles.members(ground.home, lake, campaign_id, of["state"], of["error"] or None)
        else:
            ids = questions.members(ground.home, lake, campaign_id, **of)
        return _people(ground, campaign_id, ids, {"kind": "campaign_messages", **of}, lake.currency)


def people_of_results(campaign_id: int, part: str) -> People:
    """Who stands behind a figure of results (``campaign_results.people``); of whom a flag after ``!`` does not hold. Raises ``Forbidden``, ``Unknown``."""
    ground, view = stand("people.see"), results(campaign_id)
    names = part.split("/")
    ids = campaign_results.people(view.found, "/".join(name for name in names if not name.startswith("!")))
    for name in names:
        if name.startswith("!"):
            ids = np.setdiff1d(ids, campaign_results.people(view.found, name[1:]))
    return _people(ground, campaign_id, ids, {"kind": "campaign_results", "part": part}, view.currency)


def _people(ground: Ground, campaign_id: int, ids: Int64s, told: dict[str, Any], currency: str) -> People:
    found = campaigns.find(campaign_id)
    code = found.code if found is not None else str(campaign_id)
    on = business_date(wiring.now(), ground.home.settings.zone).isoformat()
    whole = {"from": on, "to": on, "channels": [], "units": [], "segment": None, "metric": f"campaign-{code}", "campaign": code} | told  # fmt: skip
    frame = pd.DataFrame({"member_id": np.asarray(ids, np.int64), "value": np.ones(len(ids), np.int64)})
    key = f"{ground.key}|{campaign_id}|{sorted(told.items())}"
    return People(key, frame, whole, "stock_end", "rows", len(ids), len(ids), currency, ground.version)
