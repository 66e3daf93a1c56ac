"""Trying a text: one message of a campaign to whoever writes or approves it, before anybody else gets it.

The app only asks; the worker sends (``core.work.campaigns.outgoing.trying``). Where it goes and what it says is kept sealed until it was sent, and stands in no log. A trial is of a text as it was then: whoever changes that
has not tried it since.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from core.campaigns import body as bodies
from core.campaigns.body import Body
from core.errors import Refusal
from core.periods import business_date, midnight
from core.privacy.pseudonyms import Keys
from core.privacy.vault import Vault
from core.scope import Operator
from core.senders import addresses
from core.senders.parcels import Card, Parcel
from core.senders.sms.numbers import e164
from core.senders.wecom.limits import is_id
from core.store import audit, campaigns, connectors, incidents, suppressions, trials
from core.store.campaign_tables import CampaignTrial, Connector
from core.store.session import Session, Store
from core.work.campaigns import policy
from core.work.campaigns.recipients import preflight, typed
from core.work.campaigns.texts import rendering
from core.work.campaigns.turns import turn
from core.work.home import Home
from core.work.segments import require_within

MOST_A_DAY = 20
"""Of one person on a business day (rule of thumb): each is a real message, which costs and may bother somebody."""
STATES = ("draft", "in_review")
PURPOSE = "trials"
CHAT, OWN = ("group_chat",), ("webhook", "console")
"""Channels whose messages go to a group chat, and those on which nobody has an address."""
NOBODY = "trial"
"""Whom programs are told that such a message is for."""
SENT_BY_EMPLOYEES = ("wecom", "group_chat")
LONGEST_ADDRESS = 254


class CannotTry(Refusal):
    """A text cannot be tried like this. ``reason``: ``text`` (there is none on that channel), ``address``, ``sender`` or ``place`` (what was typed is none), ``suppressed`` (who has that address wants no messages), ``scope`` (it is of somebody beyond the asker's units), ``way`` (no
    connector is on), ``held`` (sending is stopped), ``many`` (``most`` a day), or why it cannot be filled: ``missing``, ``long``, ``value``. The address is not repeated."""

    code = "campaign.trial"


class Untried(Refusal):
    """Of so many messages (``count``, from ``most`` on) no text is handed in that nobody has tried: ``texts`` (``A.sms``), all that there are."""

    code = "campaign.untried"


@dataclass(frozen=True, slots=True)
class To:
    """Where a trial goes: an address as its channel has it (e-mail, number, external user id, openid, group chat, robot); empty on channels without one. ``sender``: the employee who is asked to send it."""

    address: str = field(default="", repr=False)
    sender: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """A trial as anybody may see it."""

    trial_id: int
    variant: str
    channel: str
    digest: str
    by: str
    asked_at: datetime
    state: str
    error: str | None
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


@dataclass(frozen=True, slots=True)
class Text:
    """One text as it is now. ``can_be_tried``: a connector of its channel is on. ``newest``: its last trial as it stands; None: never. ``was_tried``: it was, before it was changed. ``tried``: the newest trial
    that its platform has taken."""

    variant: str
    channel: str
    digest: str
    can_be_tried: bool
    newest: Told | None
    tried: Told | None
    was_tried: bool


# -- asking ------------------------------------------------------------------------------------------------------------


def ask(
    home: Home, log: Store, operator: Operator, campaign_id: int, variant: str, channel: str, to: To, *, member_id: int | None, revision: int, now: datetime
) -> int:  # fmt: skip
    """Have the worker send one text of a campaign, filled with the values of a member as the preview shows them, or with none; returns the trial's number. By whoever may write campaigns or approve them. Raises
    ``CannotTry``, ``Forbidden``, ``Unknown``, ``CampaignChanged``, ``CampaignState``, ``InvalidText``."""
    permission = "campaign.write" if operator.can("campaign.write") else "campaign.approve"
    operator.require(permission)
    with home.store.reading() as session:
        row = campaigns.one(session, campaign_id)
    require_within(home, operator, row.units)
    body = bodies.parse(row.body)
    to = _to(body, variant, channel, to)
    whose = typed.owner(home, operator, channel, to.address, now)
    if whose.is_outside:
        raise CannotTry("This address is beyond your units.", reason="scope")
    parcel = _written(home, operator, body, row.code, variant, channel, to, member_id, now)
    with turn(
        home, log, operator, campaign_id, permission=permission, states=STATES, revision=revision, now=now
    ) as one:
        audit.lock(one.logged)  # so that of two at once the second is counted after the first
        _refuse_many(one.session, operator.name, now, home.settings.zone)
        if incidents.is_held(one.session, channel=channel, campaign=one.row.code):
            raise CannotTry("Sending is stopped.", reason="held")
        if not _has_way(one.session, channel, [parcel.address]):
            raise CannotTry("No connector of this channel is on.", reason="way")
        refusing = suppressions.of(one.session, channel, body.purpose, whose.members, whose.macs)
        if refusing.members or refusing.macs:
            raise CannotTry("Whoever has this address wants no messages.", reason="suppressed")
        digest = bodies.text_digest(body, variant, channel)
        values = {"campaign_id": campaign_id, "variant": variant, "channel": channel, "digest": digest}
        made = trials.add(one.session, values, by=operator.name, now=now)
        made.sealed = sealed(home.keys, made.id, parcel)
        one.tell("tried", variant=variant, channel=channel, digest=digest)
        return made.id


def sealed(keys: Keys, trial_id: int, parcel: Parcel) -> bytes:
    """What a trial says, and where it goes, encrypted and bound to it."""
    return Vault(keys, PURPOSE).seal([json.dumps(asdict(parcel), default=datetime.isoformat)], [_label(trial_id)])[0]


def opened(keys: Keys, row: CampaignTrial, code: str) -> Parcel:
    """What a trial says, and where it goes. ``code``: of its campaign. Raises ``WrongKey``."""
    told: dict[str, Any] = json.loads(Vault(keys, PURPOSE).open(row.sealed or b"", _label(row.id)))
    card = told["card"] and Card(**told["card"] | {"until": datetime.fromisoformat(told["card"]["until"])})
    return Parcel(**told | {"message_id": f"{code}-t{row.id}", "card": card})


def _to(body: Body, variant: str, channel: str, to: To) -> To:
    """What was typed, in the channel's own spelling. Raises ``CannotTry``."""
    contents = next((one.contents for one in body.variants if one.name == variant), {})
    if channel not in body.channels or channel not in contents or not contents[channel].text.strip():
        raise CannotTry("There is no such text.", reason="text")
    address, sender = _address(body, channel, to.address.strip()), to.sender.strip()
    if sender and (channel not in SENT_BY_EMPLOYEES or not is_id(sender)):
        raise CannotTry("That is no employee.", reason="sender")
    return To(address, sender)


def _written(
    home: Home, operator: Operator, body: Body, code: str, variant: str, channel: str, to: To, member_id: int | None, now: datetime
) -> Parcel:  # fmt: skip
    found = rendering.trial(home, operator, body, variant, channel, to.address, to.sender, member_id, now, code=code)
    if isinstance(found, str):
        raise CannotTry("The text cannot be filled like this.", reason=found.removeprefix("render."))
    if channel in CHAT and not found.sender:
        raise CannotTry("Nobody knows who owns this group chat.", reason="sender")
    return found


def _address(body: Body, channel: str, said: str) -> str:
    """In the channel's own spelling. Raises ``CannotTry``."""
    if channel in OWN:
        return NOBODY
    if channel == "robot":
        found = said or next(iter(body.places), "")
        if found not in body.places:
            raise CannotTry("The campaign does not go to that robot.", reason="place")
        return found
    fits = {"email": addresses.is_mail, "sms": lambda one: e164(one) is not None}.get(channel, is_id)
    if len(said) > LONGEST_ADDRESS or not fits(said):
        raise CannotTry("That is no address of this channel.", reason="address")
    return str(e164(said)) if channel == "sms" else said


def _refuse_many(session: Session, name: str, now: datetime, zone: str) -> None:
    since = midnight(business_date(now, zone), zone)
    if trials.count_asked(session, name, since) >= MOST_A_DAY:
        raise CannotTry("Enough was tried today.", reason="many", most=MOST_A_DAY)


def _has_way(session: Session, channel: str, places: Sequence[str]) -> bool:
    if channel != "robot":
        return connectors.in_use(session, channel) is not None
    return any((found := _robot(session, one)) is not None and found.is_on for one in places)


def _robot(session: Session, place: str) -> Connector | None:
    """By its number or its name, as sending finds it."""
    is_number = place.isascii() and place.isdigit() and len(place) < 10
    return session.get(Connector, int(place)) if is_number else connectors.named(session, place)


def _label(trial_id: int) -> bytes:
    return b"trial" + trial_id.to_bytes(8, "big")


# -- how they stand ----------------------------------------------------------------------------------------------------


def told(session: Session, campaign_id: int) -> tuple[Told, ...]:
    """Trials of a campaign, newest first."""
    return tuple(
        Told(one.id, one.variant, one.channel, one.digest, one.by, one.asked_at, one.state, one.error, one.ended_at)
        for one in trials.of_campaign(session, campaign_id)
    )


def texts(session: Session, campaign_id: int, body: Body) -> tuple[Text, ...]:
    """Every text that the campaign would send, and whether it was tried as it is. One that several variants say in the same words was tried for all of them."""
    known = told(session, campaign_id)
    has_way = {channel: _has_way(session, channel, body.places) for channel in body.channels}
    found = []
    for variant in body.variants:
        for channel in body.channels:
            if channel in variant.contents:
                found.append(_text(body, variant.name, channel, known, can_be_tried=has_way[channel]))
    return tuple(found)


def left_today(session: Session, name: str, now: datetime, zone: str) -> int:
    """How many trials somebody may still ask for on this business day."""
    return max(MOST_A_DAY - trials.count_asked(session, name, midnight(business_date(now, zone), zone)), 0)


def _text(body: Body, variant: str, channel: str, known: Sequence[Told], *, can_be_tried: bool) -> Text:
    digest = bodies.text_digest(body, variant, channel)
    same = [one for one in known if (one.channel, one.digest) == (channel, digest)]
    before = [one for one in known if (one.variant, one.channel) == (variant, channel) and one.digest != digest]
    return Text(
        variant, channel, digest, can_be_tried, same[0] if same else None, next((one for one in same if one.state == "sent"), None),
        any(one.state == "sent" for one in before),
    )  # fmt: skip


# -- before a campaign is handed in ------------------------------------------------------------------------------------


def lacking(home: Home, operator: Operator, campaign_id: int, now: datetime) -> Mapping[str, Any]:
    """Details of ``Untried`` where a draft that is complete would send too much for what was tried of it; empty where nothing is in its way. Counts messages only where a text was not tried."""
    with home.store.reading() as session:
        row = campaigns.one(session, campaign_id)
        body, least = bodies.parse(row.body), policy.read(session).trial_from
        open_ = [one for one in texts(session, campaign_id, body) if one.can_be_tried and one.tried is None]
    if row.state != "draft" or not least or not open_ or bodies.gaps(body, now, business_date(now, home.settings.zone)):
        return {}
    count = preflight.of(home, operator.scope, body, row.salt, now, code=row.code, units=row.units).will_send
    if count < least:
        return {}
    return {"texts": [f"{one.variant}.{one.channel}" for one in open_], "count": count, "most": least}
