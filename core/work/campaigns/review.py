"""From a draft to its start: handed in, sent back or approved by somebody else, started. An approval is bound to a fingerprint of content, audience and schedule."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.campaigns import body as bodies
from core.campaigns.body import Body
from core.campaigns.compliance import Sender
from core.errors import Forbidden, Refusal
from core.periods import business_date
from core.scope import SYSTEM, Operator
from core.store import campaigns, segments, topics
from core.store.campaign_tables import Campaign
from core.store.session import Session, Store
from core.work.campaigns import policy, trials
from core.work.campaigns.texts import checks
from core.work.campaigns.trials import Untried
from core.work.campaigns.turns import CampaignChanged, turn
from core.work.home import Home
from core.work.notices import Kind, Notice, Param, say
from core.work.reasons import stated

SLACK = 20
"""By so many people an audience may have grown whatever its size."""
APPROVAL = ("content_hash", "approved_by", "approved_at", "approved_count", "starts_at")
"""Columns that say that it was approved."""
WRITING = ("created", "copied", "changed")
"""Actions of those who wrote what is approved."""


class Incomplete(Refusal):
    """Something is missing: ``step``, ``field``, ``reason`` and ``at`` of the first gap, ``count`` of all."""

    code = "campaign.incomplete"


class NotAllowed(Refusal):
    """A text may not be sent like this: ``rule`` of the first finding that stands, ``variant``, ``channel``, ``count`` of all."""

    code = "campaign.content"


class NotYours(Refusal):
    """``reason``: ``own`` (whoever wrote it does not approve it) or ``grand`` (so many only who answers for the whole house); ``most``: the limit."""

    code = "campaign.approver"


class WrongCount(Refusal):
    """The number typed is not that of the messages: ``typed``, ``count``."""

    code = "campaign.count"


def bound(session: Session, body: Body) -> dict[str, Any]:
    """What an approval is bound to besides the body: the definitions of its segments as they are now. Raises ``Unknown``."""
    named = sorted({*body.segments, *body.without})
    return {"segments": {str(number): segments.one(session, number).revision for number in named}}


def fingerprint(session: Session, row: Campaign) -> str:
    """Of a campaign as it stands."""
    body = bodies.parse(row.body)
    return bodies.digest(body, bound(session, body))


def refuse_unfit(session: Session, body: Body, sender: Sender, now: datetime, zone: str) -> None:
    """Raises ``Incomplete``, ``NotAllowed``, ``Unknown``."""
    gaps = bodies.gaps(body, now, business_date(now, zone))
    if gaps:
        first = gaps[0]
        told = {"step": first.step, "field": first.field, "reason": first.reason, "at": first.at, "count": len(gaps)}
        raise Incomplete(f"The campaign is not complete: {first.field}.", **told)
    standing = [one for one in checks.found(body, sender) if one.stands]
    if standing:
        worst = next((one for one in standing if one.finding.severity == "block"), standing[0])
        where = {"variant": worst.variant, "channel": worst.channel, "severity": worst.finding.severity}
        raise NotAllowed("A text cannot be sent like this.", rule=worst.finding.rule, count=len(standing), **where)
    bound(session, body)


def hand_in(
    home: Home, log: Store, operator: Operator, campaign_id: int, *, revision: int, sender: Sender, now: datetime
) -> str:
    """To be approved as it is: the fingerprint of that. Raises ``Forbidden``, ``Unknown``, ``CampaignChanged``, ``CampaignState``, ``Incomplete``, ``NotAllowed``, ``Untried``."""
    operator.require("campaign.write")
    untried = trials.lacking(home, operator, campaign_id, now)
    with turn(
        home, log, operator, campaign_id, permission="campaign.write", states=("draft",), revision=revision, now=now
    ) as one:
        refuse_unfit(one.session, bodies.parse(one.row.body), sender, now, home.settings.zone)
        if untried:
            raise Untried("Texts of so many messages are tried first.", **untried)
        told = fingerprint(one.session, one.row)
        one.move("in_review", content_hash=told)
        one.tell("handed_in", kept={"body": one.row.body}, digest=told)
        say(one.session, _notice("campaign.waiting", one.row, told), now)
        return told


def send_back(home: Home, log: Store, operator: Operator, campaign_id: int, reason: str, *, now: datetime) -> None:
    """To its author, with what is to be changed. Raises ``Forbidden``, ``Unknown``, ``CampaignState``, ``InvalidDecision``."""
    why = stated(reason)
    with turn(home, log, operator, campaign_id, permission="campaign.approve", states=("in_review",), now=now) as one:
        one.move("draft", content_hash=None)
        one.tell("sent_back", reason=why)


def take_back(home: Home, log: Store, operator: Operator, campaign_id: int, *, now: datetime) -> None:
    """A draft again, before anything was sent; its approval is void. Raises ``Forbidden``, ``Unknown``, ``CampaignState``."""
    states = ("in_review", "approved", "scheduled")
    with turn(home, log, operator, campaign_id, permission="campaign.write", states=states, now=now) as one:
        was = one.row.state
        one.move("draft", **dict.fromkeys(APPROVAL))
        one.tell("taken_back", before=was)


def approve(
    home: Home,
    log: Store,
    operator: Operator,
    campaign_id: int,
    *,
    digest: str,
    count: int,
    typed: int,
    sender: Sender,
    now: datetime,
) -> None:
    """It may be sent as it is. ``digest``: of what the approver has read; ``count``: messages that it will be by the gates now, and ``typed``: the same number, typed by the approver. Raises
    ``Forbidden``, ``Unknown``, ``CampaignState``, ``CampaignChanged``, ``Incomplete``, ``NotAllowed``, ``WrongCount``, ``NotYours``."""
    if typed != count:
        raise WrongCount(f"That is not the number of messages ({count}).", typed=typed, count=count)
    with turn(home, log, operator, campaign_id, permission="campaign.approve", states=("in_review",), now=now) as one:
        row = one.row
        if fingerprint(one.session, row) != digest or row.content_hash != digest:
            raise CampaignChanged("What you have read is not what it says now.", state=row.state, revision=row.revision)
        refuse_unfit(one.session, bodies.parse(row.body), sender, now, home.settings.zone)
        _refuse_approver(one.session, operator, row, count)
        one.move("approved", approved_by=operator.name, approved_at=now, approved_count=count)
        one.tell("approved", digest=digest, count=count)


def start(home: Home, log: Store, operator: Operator, campaign_id: int, *, now: datetime) -> datetime:
    """Have the worker launch it, now or at the time that it names; whoever presses twice starts it once. Returns when. Raises ``Forbidden``, ``Unknown``, ``CampaignState``,
    ``CampaignChanged``."""
    with turn(home, log, operator, campaign_id, permission="campaign.write", states=("approved",), now=now) as one:
        if fingerprint(one.session, one.row) != one.row.content_hash:
            raise CampaignChanged(
                "Its audience is defined otherwise since it was approved.",
                state=one.row.state,
                revision=one.row.revision,
            )
        schedule = bodies.parse(one.row.body).schedule
        at = now if schedule.at is None else max(schedule.at, now)
        one.move("scheduled", starts_at=at, expires_at=schedule.expires_at)
        one.tell("started", starts_at=at.isoformat())
        return at


def launch_trouble(session: Session, row: Campaign, count: int) -> Mapping[str, object] | None:
    """Why one that was approved may not be launched after all: its audience is defined otherwise (``audience``), or has grown to ``count`` messages (``grown``). None where nothing is in the
    way."""
    if fingerprint(session, row) != row.content_hash:
        return {"reason": "audience"}
    approved = row.approved_count or 0
    if count > approved + max(SLACK, approved * policy.read(session).growth):
        return {"reason": "grown", "approved": approved, "count": count}
    return None


def void(session: Session, row: Campaign, trouble: Mapping[str, Any], now: datetime) -> bool:
    """It is a draft again instead of being launched, and somebody is told. False: somebody else did something with it meanwhile."""
    values: dict[str, Any] = dict.fromkeys(APPROVAL)
    if not campaigns.move(session, row.id, before="scheduled", state="draft", now=now, **values):
        return False
    campaigns.tell(session, row.id, "voided", dict(trouble), by=SYSTEM.name, now=now)
    told = {"why": trouble["reason"], "approved": trouble.get("approved"), "count": trouble.get("count")}
    say(session, _notice("campaign.voided", row, now.isoformat(), **told), now)
    topics.bump(session, campaigns.TOPIC)
    return True


def _notice(kind: Kind, row: Campaign, key: str, **params: Param) -> Notice:
    known: dict[str, Param] = {"campaign": row.name, "campaign_id": row.id}
    return Notice(kind, f"{row.id}:{key}", "normal", known | params, row.units)


def _refuse_approver(session: Session, operator: Operator, row: Campaign, count: int) -> None:
    rules = policy.read(session)
    authors = {entry.by for entry in campaigns.log(session, row.id) if entry.action in WRITING}
    if count > rules.alone and operator.name in authors:
        raise NotYours("Whoever wrote it does not approve it.", reason="own", most=rules.alone)
    if count > rules.grand and not operator.can("sending.start"):
        raise NotYours("So many only who answers for the whole house approves.", reason="grand", most=rules.grand)
    if operator.role == "system":
        raise Forbidden("A person approves.", permission="campaign.approve", role=operator.role)
