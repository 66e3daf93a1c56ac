"""What platforms told, acted upon: receipts, replies, customers who left, letters that came back, permissions for one more message.

Each piece of news is handled in one transaction with the word that it is handled, so that it counts once however often it comes and whoever dies meanwhile.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from json import JSONDecodeError

from core.campaigns.callbacks import BOUNCES, RECEIPTS, REPLIES
from core.errors import WrongKey
from core.privacy.vault import Vault
from core.senders import bounces, markup, official_events
from core.senders.markup import InvalidMarkup
from core.senders.official_events import Grant, SubscriptionReceipt, TemplateReceipt
from core.senders.sms import aliyun, tencent
from core.senders.sms.replies import Reply
from core.senders.sms.texting import Receipt, Told
from core.senders.wecom import callbacks
from core.senders.wecom.callbacks import ContactChange, ContactEvent, Rejected
from core.store import campaigns, grants, inbound, message_marks, suppressions, topics, trials
from core.store.campaign_tables import Connector, Outgoing
from core.store.session import Session
from core.work.campaigns.hearing import inbox, pulling, receipts, unsubscribing, whom
from core.work.campaigns.hearing.inbox import News
from core.work.campaigns.hearing.receipts import Early, Fate
from core.work.campaigns.hearing.unsubscribing import PLATFORM, REPLY
from core.work.campaigns.hearing.whom import Whom
from core.work.campaigns.ways_out.ways import returns
from core.work.home import Home

MOST = 1000
"""Pieces of news that one look handles."""
BLAMED = timedelta(days=7)
"""So long after a message a customer who leaves is taken to leave because of it."""
EARLY, UNREADABLE, SEALED, FAULT = "inbound.early", "inbound.unreadable", "inbound.sealed", "inbound.fault"
UNTOLD = ("", "unreadable")


@dataclass(frozen=True, slots=True)
class Handled:
    """``given_up``: news that nobody will look at again by themselves, for example because they cannot be read. ``done`` and ``given_up`` say nothing of those that are tried again."""

    done: int
    given_up: int

    def __int__(self) -> int:
        return self.done + self.given_up


class Unreadable(Exception):
    """Another try would end the same."""


def handle(home: Home, now: datetime) -> Handled:
    """What is due. A fault of ours in one piece of news keeps it, lets all others pass, and is raised in the end."""
    sealer, done, given_up = inbox.vault(home.keys), 0, 0
    faults: list[Exception] = []
    with home.store.reading() as session:
        waiting = inbound.due(session, now, MOST)
    for inbound_id, attempts in waiting:
        is_last = attempts + 1 >= len(inbound.WAITS)
        try:
            done += _handled(home, sealer, inbound_id, attempts, now, is_last=is_last)
        except Early:
            given_up += _failed(home, inbound_id, attempts, EARLY, now)
        except WrongKey:
            given_up += _failed(home, inbound_id, attempts, SEALED, now, is_final=True)
        except (Unreadable, Rejected, InvalidMarkup, JSONDecodeError):
            given_up += _failed(home, inbound_id, attempts, UNREADABLE, now, is_final=True)
        except Exception as error:
            given_up += _failed(home, inbound_id, attempts, FAULT, now)
            faults.append(error)
    if done:
        with home.store.transaction() as session:
            topics.bump(session, campaigns.TOPIC)
    if faults:
        raise faults[0]
    return Handled(done, given_up)


def tidy(home: Home, now: datetime) -> int:
    """Forget old news. Returns how many."""
    with home.store.transaction() as session:
        return inbound.drop(session, now)


def _handled(home: Home, sealer: Vault, inbound_id: int, attempts: int, now: datetime, *, is_last: bool) -> bool:
    """False: somebody else has it, or was quicker."""
    with home.store.transaction() as session:
        row = inbound.taken(session, inbound_id, attempts)
        if row is None:
            return False
        connector = session.get_one(Connector, row.connector_id)
        _acted(_Desk(home, session, connector, now, is_last), row.kind, inbox.opened(sealer, row))
        inbound.done(session, inbound_id, now)
    return True


def _failed(home: Home, inbound_id: int, attempts: int, code: str, now: datetime, *, is_final: bool = False) -> bool:
    with home.store.transaction() as session:
        return inbound.failed(session, inbound_id, attempts, code, now, is_final=is_final)


@dataclass(frozen=True)
class _Desk:
    """``is_last``: news are not tried again."""

    home: Home
    session: Session
    connector: Connector
    now: datetime
    is_last: bool

    def whom(self, channel: str, address: str) -> Whom:
        return whom.named(self.home, channel, address)

    def sent(self, channel: str, found: Whom, since: datetime | None = None) -> Sequence[Outgoing]:
        return whom.messages(self.session, channel, found, since)


def _acted(desk: _Desk, kind: str, news: News) -> None:
    """Raises ``Early``, ``Unreadable``, ``Rejected``, ``InvalidMarkup``, ``JSONDecodeError``."""
    readers: dict[tuple[str, str], Callable[[_Desk, News], None]] = {
        ("wecom", "wecom"): _contact,
        ("official_account", "official_account"): _wechat,
        ("mini_program", "mini_program"): _wechat,
        ("aliyun_sms", RECEIPTS): partial(_receipts, read=aliyun.pushed_receipts),
        ("aliyun_sms", REPLIES): partial(_replies, read=aliyun.pushed_replies),
        ("tencent_sms", RECEIPTS): partial(_receipts, read=tencent.pushed_receipts),
        ("tencent_sms", REPLIES): partial(_replies, read=tencent.pushed_replies),
        ("tencent_sms", pulling.RECEIPTS): partial(_receipts, read=pulling.receipts),
        ("tencent_sms", pulling.REPLIES): partial(_replies, read=pulling.replies),
        ("email", BOUNCES): _bounce,
    }
    reader = readers.get((desk.connector.kind, kind))
    if reader is None:
        raise Unreadable
    reader(desk, news)


# -- SMS ---------------------------------------------------------------------------------------------------------------


def _receipts(desk: _Desk, news: News, read: Callable[[bytes], Told[Receipt]]) -> None:
    tell_receipts(desk.home, desk.session, _pushed(read, news).found, desk.now, is_last=desk.is_last)


def _replies(desk: _Desk, news: News, read: Callable[[bytes], Told[Reply]]) -> None:
    for reply in _pushed(read, news).found:
        tell_reply(desk.home, desk.session, reply, desk.now)


def _pushed(read: Callable[[bytes], Told[inbox.One]], news: News) -> Told[inbox.One]:
    """Raises ``Unreadable`` where nothing of it can be read; what cannot be takes nothing else with it."""
    try:
        told = read(news.body)
    except ValueError as error:
        raise Unreadable from error
    if told.unreadable and not told.found:
        raise Unreadable
    return told


def tell_receipts(
    home: Home, session: Session, found: Sequence[Receipt], now: datetime, *, is_last: bool = False
) -> None:
    """What became of texts. Raises ``Early`` where one is of a message still in hand, and then the caller writes nothing; ``is_last``: such are not waited for."""
    is_early = False
    for one in found:
        if one.fate == "waiting":
            continue
        serial = one.serial if one.serial not in UNTOLD else ""
        reason = None if one.fate == "delivered" else f"sms.{one.code or 'failed'}"
        fate = Fate(serial, one.reference or "", one.at or now, reason)
        if serial and trials.is_named(session, "sms", serial):
            continue
        sent = whom.messages(session, "sms", whom.named(home, "sms", one.number))
        try:
            message = receipts.meant(session, sent, fate, now)
        except Early:
            is_early = True
            continue
        if message is not None:
            receipts.settle(session, message, fate, now)
    if is_early and not is_last:
        raise Early


def tell_reply(home: Home, session: Session, reply: Reply, now: datetime) -> None:
    """R, T, TD and 退订 take the permission back at once, whoever has the number; anything else is an answer to the newest message of the last week."""
    found, at = whom.named(home, "sms", reply.number), min(reply.at, now)
    sent = whom.messages(session, "sms", found)
    newest = sent[0] if sent else None
    if not reply.leaves:
        if newest is not None and newest.slot_at is not None and newest.slot_at >= at - BLAMED:
            message_marks.mark(session, newest.id, newest.campaign_id, "replied", at)
        return
    _stop(session, "unsubscribed", "sms", "marketing", found, sent, at, now, REPLY)
    if newest is not None:
        message_marks.mark(session, newest.id, newest.campaign_id, "unsubscribed", at)


def _stop(
    session: Session, kind: str, channel: str, purpose: str | None, found: Whom, sent: Sequence[Outgoing], at: datetime, now: datetime, reason: str = ""
) -> None:  # fmt: skip
    """For the address, and for every member that was written to there."""
    newest = sent[0] if sent else None
    about: list[tuple[int | None, bytes | None]] = [(None, mac) for mac in found.macs.values()]
    about += [(member, None) for member in whom.members(sent)]
    for member, mac in about:
        unsubscribing.stop(
            session, kind, channel=channel, purpose=purpose, member_id=member, address_mac=mac, message=newest, reason=reason, by=PLATFORM, now=min(at, now)
        )  # fmt: skip


# -- WeCom and WeChat --------------------------------------------------------------------------------------------------


def _contact(desk: _Desk, news: News) -> None:
    event = callbacks.read(news.body)
    if not isinstance(event, ContactEvent):
        return
    if event.change in (ContactChange.LEFT, ContactChange.DELETED):
        _left(desk, "wecom", event.external_userid, event.at)
    elif event.change is ContactChange.ADDED:
        _back(desk, "wecom", event.external_userid, event.at)


def _wechat(desk: _Desk, news: News) -> None:
    channel, top = desk.connector.kind, markup.read(news.body)
    if top.value("Event") in ("unsubscribe", "subscribe"):
        does = _left if top.value("Event") == "unsubscribe" else _back
        does(desk, channel, top.value("FromUserName"), official_events.at(top))
        return
    for event in official_events.events(news.body):
        match event:
            case TemplateReceipt():
                _template(desk, channel, event)
            case SubscriptionReceipt():
                _subscription(desk, channel, event)
            case Grant():
                _granted(desk, channel, event)


def _template(desk: _Desk, channel: str, event: TemplateReceipt) -> None:
    found = desk.whom(channel, event.open_id)
    sent = desk.sent(channel, found)  # before any of them fails, for then it is one of those that were never sent
    is_trial = bool(event.number) and trials.is_named(desk.session, channel, str(event.number))
    message = receipts.by_number(desk.session, channel, event.number) if event.number else None
    if message is None and not is_trial:
        message = _nameless(desk, sent, Fate(event.number or "", "", event.at))
    if message is not None:
        reason = None if event.fate == "delivered" else f"wechat.{event.fate}"
        receipts.settle(desk.session, message, Fate("", "", event.at, reason), desk.now)
    if event.fate == "blocked":
        _stop(desk.session, "blocked", channel, None, found, sent, event.at, desk.now)


def _nameless(desk: _Desk, sent: Sequence[Outgoing], fate: Fate) -> Outgoing | None:
    try:
        return receipts.meant(desk.session, sent, fate, desk.now)
    except Early:
        if desk.is_last:
            return None
        raise


def _subscription(desk: _Desk, channel: str, event: SubscriptionReceipt) -> None:
    """Its number is told by nobody when it is sent, so the oldest that waits for word is meant."""
    waiting = [one for one in desk.sent(channel, desk.whom(channel, event.open_id)) if one.state == "accepted"]
    if waiting:
        reason = None if event.errcode == 0 else "wechat.failed"
        receipts.settle(desk.session, waiting[-1], Fate("", "", event.at, reason), desk.now)


def _granted(desk: _Desk, channel: str, event: Grant) -> None:
    for identity_key in desk.whom(channel, event.open_id).macs:
        grants.tell(
            desk.session, desk.connector.id, identity_key, event.template_id, is_accepted=event.is_accepted, now=desk.now
        )  # fmt: skip


def _left(desk: _Desk, channel: str, address: str, at: datetime) -> None:
    """Nothing more goes there, and it counts against the messages of the week before."""
    found, at = desk.whom(channel, address), min(at, desk.now)
    for message in desk.sent(channel, found, at - BLAMED):
        if message.slot_at is not None and message.slot_at <= at:
            message_marks.mark(desk.session, message.id, message.campaign_id, "left", at)
    _stop(desk.session, "blocked", channel, None, found, desk.sent(channel, found), at, desk.now)


def _back(desk: _Desk, channel: str, address: str, at: datetime) -> None:
    """Whoever comes back may be written to again, unless they left after that."""
    found = desk.whom(channel, address)
    members = whom.members(desk.sent(channel, found))
    suppressions.lift_all(
        desk.session, "blocked", channel=channel, members=members, macs=list(found.macs.values()), before=at, reason="back", by=PLATFORM, now=desk.now
    )  # fmt: skip


# -- letters -----------------------------------------------------------------------------------------------------------


def _bounce(desk: _Desk, news: News) -> None:
    """What is no report of a letter of ours, or says nothing final, is over with that."""
    bounce = bounces.read(returns(desk.home, desk.connector.settings), news.to, news.body)
    message = receipts.by_name(desk.session, bounce.message_id) if bounce else None
    if bounce is not None and message is not None and message.channel == "email":
        receipts.bounced(desk.session, message, bounce, desk.now)
