"""Connectors as they stand, opened for sending: clients are built once for each revision of a connector, so that tokens and what is known of limits outlive a batch."""

import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.campaigns.caps import Policy
from core.campaigns.hours import Quiet
from core.campaigns.rate import Rate
from core.errors import Refusal
from core.senders import official_account, official_tokens, robot
from core.senders.bounces import Returns
from core.senders.letters import Letters
from core.senders.official_account import MiniProgram, OfficialAccount
from core.senders.outcomes import Halted
from core.senders.parcels import Fate, Parcel, Way
from core.senders.posting import WITHIN_S, Poster
from core.senders.robot import Robot
from core.senders.sms import aliyun, tencent
from core.senders.sms.aliyun import Aliyun
from core.senders.sms.tencent import Tencent
from core.senders.smtp import Smtp
from core.senders.ways.cards import MiniCards, OfficialCards
from core.senders.ways.console import ConsoleWay
from core.senders.ways.letters import LettersWay
from core.senders.ways.robot import RobotWay
from core.senders.ways.texts import AliyunTexts, TencentTexts
from core.senders.ways.webhook import WebhookWay
from core.senders.ways.wecom import WecomGroup, WecomSingle
from core.senders.wecom import tokens
from core.senders.wecom.calls import Calls
from core.senders.wecom.windows import Windows
from core.settings import Mail
from core.store import connectors
from core.store.campaign_tables import Connector
from core.store.session import Session
from core.work.campaigns.ways_out import connector_kinds, connector_secrets
from core.work.campaigns.ways_out.connectors import OLD_SECRET, ROTATED
from core.work.home import Home

OLD_SECRET_FOR = timedelta(hours=24)
"""How long messages of a webhook are signed with the secret before as well, once there is a new one."""
RETURNS = "returns"


@dataclass(frozen=True, slots=True)
class Open:
    """A way out as it stands. ``closed``: code of why nothing may be sent through it until somebody changes something; ``paused_until``: until when it is left alone, in the past where it is to
    be tried again. ``price_minor``: of one message."""

    connector_id: int
    channel: str
    way: Way
    rate: Rate
    quiet: Quiet
    quota: Policy
    price_minor: int
    closed: str | None
    paused_until: datetime | None


@dataclass(frozen=True, slots=True)
class Client:
    """What a connector talks through. ``way_of``: by channel. ``calls``: what asks its platform what became of messages; null where nothing can be asked. ``check``: whether it is set up
    rightly; nobody gets anything. Raises as a way."""

    way_of: Callable[[str], Way]
    check: Callable[[datetime], None]
    calls: Calls | Aliyun | Tencent | None = None


class Ways:
    """Of one world. Safe to share between threads."""

    def __init__(self, home: Home, *, context: ssl.SSLContext | None = None, within_s: float = WITHIN_S) -> None:
        self._home = home
        self._context = context
        self._within_s = within_s
        self._poster = Poster(home.settings.inner_hosts, context, within_s)
        self._clients: dict[int, tuple[int, Client]] = {}
        self._windows: dict[str, Windows] = {}
        self._lock = threading.Lock()

    def open(self, session: Session, channel: str, place: str | None = None) -> Open | None:
        """What a channel is sent through now. ``place``: of robots the connector's number, or its name. None: nothing is set up, or it is off."""
        connector = self._connector(session, channel, place)
        if connector is None or not connector.is_on:
            return None
        settings, closed = connector.settings, connector.halted
        try:
            client = self.client(connector)
        except Refusal as error:
            client, closed = _only(_Closed(error.code), _Closed(error.code).check), error.code
        return Open(
            connector.id,
            channel,
            client.way_of(channel),
            connector_kinds.rate(settings),
            connector_kinds.quiet(settings, channel),
            connector_kinds.quota(settings, channel),
            int(settings["price_minor"]),
            closed,
            connector.paused_until,
        )

    def calls(self, session: Session, connector_id: int) -> Calls | Aliyun | Tencent | None:
        """What asks a platform what became of messages. None: it cannot be asked. Raises ``Unknown``, ``WrongKey``, ``DemoConnector``."""
        return self.client(connectors.one(session, connector_id)).calls

    def _connector(self, session: Session, channel: str, place: str | None) -> Connector | None:
        if channel != "robot":
            return connectors.in_use(session, channel)
        if place is None:
            return None
        is_number = place.isascii() and place.isdigit() and len(place) < 10
        found = session.get(Connector, int(place)) if is_number else connectors.named(session, place)
        return found if found is not None and found.kind == "robot" else None

    def client(self, connector: Connector) -> Client:
        """That of this revision. Raises ``WrongKey``, ``DemoConnector``."""
        with self._lock:
            known = self._clients.get(connector.id)
            if known is not None and known[0] == connector.revision:
                return known[1]
            secrets = connector_secrets.unseal(self._home.keys, connector)
            if self._home.world == "demo":
                inner = self._home.settings.inner_hosts
                connector_kinds.refuse_demo(connector.kind, connector.settings, secrets, inner)
            client = self._built(connector, secrets)
            self._clients[connector.id] = connector.revision, client
            return client

    def _built(self, connector: Connector, secrets: dict[str, str]) -> Client:
        settings = connector.settings
        match connector.kind:
            case "wecom":
                return self._wecom(settings, secrets)
            case "robot":
                client = Robot(self._poster, settings.get("gateway", robot.BASE))
                return _only(RobotWay(client, secrets["key"]), lambda at: client.check(secrets["key"], at))
            case "official_account" | "mini_program":
                return self._wechat(connector.kind, settings, secrets)
            case "aliyun_sms" | "tencent_sms":
                return self._texts(connector.kind, settings, secrets)
            case "email":
                return self._letters(settings, secrets)
            case "webhook":
                return self._webhook(connector, secrets)
            case _:
                return _only(ConsoleWay(), _asked)

    def _wecom(self, settings: dict[str, Any], secrets: dict[str, str]) -> Client:
        base = settings.get("gateway", robot.BASE)
        windows = self._windows.setdefault(base, Windows())
        app = tokens.App(settings["corp_id"], secrets["secret"])
        held = tokens.Tokens(self._poster, windows, base)
        calls = Calls(app, self._poster, held, windows, base)
        ways: dict[str, Way] = {"wecom": WecomSingle(calls), "group_chat": WecomGroup(calls)}
        return Client(ways.__getitem__, lambda now: _asked(held.token(app, now)), calls)

    def _wechat(self, kind: str, settings: dict[str, Any], secrets: dict[str, str]) -> Client:
        base = settings.get("gateway", official_tokens.BASE)
        held = official_tokens.Tokens(
            self._poster, official_tokens.Account(settings["app_id"], secrets["secret"]), base
        )
        if kind == "mini_program":
            return _only(MiniCards(MiniProgram(self._poster, held, base)), lambda now: _asked(held.current(now)))
        account = OfficialAccount(self._poster, held, base)
        way = OfficialCards(account, settings["forms"], settings.get("mini_app_id", ""))
        return _only(way, lambda now: _asked(held.current(now)))

    def _texts(self, kind: str, settings: dict[str, Any], secrets: dict[str, str]) -> Client:
        if kind == "aliyun_sms":
            account = aliyun.Account(settings["key_id"], secrets["secret"])
            client = Aliyun(self._poster, account, settings.get("gateway", aliyun.BASE))
            way: Way = AliyunTexts(client, settings["signature"])
            return Client(lambda _: way, lambda now: _asked(client.receipts(PROBED, now.astimezone(official_account.CHINA).date(), now)), client)  # fmt: skip
        other = tencent.Account(settings["secret_id"], secrets["secret"], settings["sms_app_id"], settings["region"])
        asked = Tencent(self._poster, other, settings.get("gateway", tencent.BASE))
        texts: Way = TencentTexts(asked, settings["signature"])
        return Client(lambda _: texts, lambda now: _asked(asked.receipts(PROBED, now - timedelta(hours=1), now, now)), asked)  # fmt: skip

    def _letters(self, settings: dict[str, Any], secrets: dict[str, str]) -> Client:
        mail = Mail(
            settings["host"], settings["port"], settings["security"], settings["from_address"], settings.get("user", ""), secrets.get("password", "")
        )  # fmt: skip
        letters = Letters(mail, returns(self._home, settings), self._context, self._within_s)
        server = Smtp(mail, self._context, self._within_s)
        return _only(LettersWay(letters, settings["from_name"]), lambda _: server.check())

    def _webhook(self, connector: Connector, secrets: dict[str, str]) -> Client:
        signing, until = [secrets["secret"]], None
        if OLD_SECRET in secrets:
            signing.append(secrets[OLD_SECRET])
            until = datetime.fromisoformat(secrets[ROTATED]) + OLD_SECRET_FOR
        way = WebhookWay(self._poster, secrets["address"], signing, until)
        return _only(way, lambda now: way.ping(f"test-{connector.id}-{int(now.timestamp())}", now))


PROBED = "+8613800138000"
"""A number that belongs to a network itself: asking what it was sent changes nothing and is about nobody."""


def returns(home: Home, settings: dict[str, Any]) -> Returns:
    """Where letters of a connector come back to, and what proves them."""
    return Returns(settings.get("return_mailbox") or settings["from_address"], (home.keys.derived(RETURNS),))


def _only(way: Way, check: Callable[[datetime], None]) -> Client:
    return Client(lambda _: way, check)


def _asked(_answer: object) -> None:
    """Its coming is what was asked for."""


class _Closed:
    """Of a connector that cannot be opened: whoever sends nevertheless learns it."""

    is_repeatable = False
    most_at_once = 1

    def __init__(self, code: str) -> None:
        self._code = code

    def send(self, _parcels: Sequence[Parcel], _now: datetime) -> list[Fate]:
        raise Halted(self._code)

    def check(self, _now: datetime) -> None:
        raise Halted(self._code)
