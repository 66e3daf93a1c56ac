"""What platforms tell: proved, kept sealed, answered within their time. What it means is the worker's business."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from core.campaigns import callbacks
from core.campaigns.callbacks import BOUNCES, EVENTS, NAMES
from core.errors import WrongKey
from core.receiver import guarding
from core.receiver.answering import Clock
from core.receiver.desk import Desk, Desks
from core.receiver.guarding import Strangers, TooLarge
from core.senders import bounces, official_events
from core.senders.markup import MOST_BYTES as MOST_MARKUP
from core.senders.wecom import callbacks as wecom
from core.senders.wecom.callbacks import Endpoint, Rejected
from core.store.campaign_tables import Connector
from core.work.campaigns.hearing import inbox
from core.work.campaigns.hearing.inbox import News
from core.work.campaigns.ways_out import connector_secrets

_LOG = logging.getLogger(__name__)
TOKEN, AES_KEY = "callback_token", "callback_key"
"""Secrets of a connector by which its platform signs and seals what it tells."""
RECEIVERS = {"wecom": "corp_id", "official_account": "app_id", "mini_program": "app_id"}
"""Setting that names for whom sealed news are."""
FRESH = timedelta(minutes=10)
"""News that are signed but not sealed must be new: their signature does not cover what they say."""
MOST_PUSHED, LONGEST_PATH = 1024 * 1024, 320
ANSWERS: dict[str, bytes] = {
    "official_account": b"success",
    "mini_program": b"success",
    "aliyun_sms": json.dumps({"code": 0, "msg": "OK"}).encode(),
    "tencent_sms": json.dumps({"result": 0, "errmsg": "OK"}).encode(),
}


class Strange(Exception):
    """Not from the platform, or for nobody here."""


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """A request, as far as it matters."""

    method: str
    place: str
    name: str
    secret: str
    query: Mapping[str, str]
    body: bytes = field(default=b"")


class Hearing:
    def __init__(self, desks: Desks, strangers: Strangers, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._desks = desks
        self._strangers = strangers
        self._clock = clock

    async def hear(self, request: Request) -> Response:
        """``GET`` and ``POST /in/{place}/{name}`` and, of platforms that do not sign, ``/in/{place}/{name}/{secret}``."""
        caller, parts = guarding.caller(request), request.path_params
        if self._strangers.is_refused(caller):
            return Response(status_code=429)
        name = parts["name"]
        try:
            body = b"" if request.method == "GET" else await guarding.body(request, most_bytes(name))
            asked = Asked(
                request.method, parts["place"], name, parts.get("secret", ""), dict(request.query_params), body
            )
            answer = await guarding.within(guarding.ANSWER_S, partial(self._heard, asked))
        except TooLarge:
            return Response(status_code=413)
        except TimeoutError:
            return Response(status_code=503)
        except DBAPIError as error:
            _LOG.warning("News were not kept: %s", type(error).__name__)
            return Response(status_code=503)
        except (Strange, Rejected):
            self._strangers.note(caller)
            return Response(status_code=403)
        return PlainTextResponse(answer)

    def _heard(self, asked: Asked) -> bytes:
        """What to answer once it is kept. Raises ``Strange``, ``Rejected``."""
        desk, connector = self._found(asked)
        if asked.name != EVENTS:
            if not callbacks.is_secret(desk.callback_key, connector.id, asked.name, asked.secret):
                raise Strange
            return self._kept(desk, connector, asked.name, _pushed(asked)) if asked.method == "POST" else b""
        return self._signed(desk, connector, asked)

    def _found(self, asked: Asked) -> tuple[Desk, Connector]:
        named = callbacks.read_place(asked.place)
        desk = next((one for one in self._desks() if named and one.world == named[0]), None)
        if named is None or desk is None:
            raise Strange
        with desk.store.reading() as session:
            connector = session.get(Connector, named[1])
        if connector is None or asked.name not in NAMES.get(connector.kind, ()):
            raise Strange
        return desk, connector

    def _signed(self, desk: Desk, connector: Connector, asked: Asked) -> bytes:
        try:
            secrets = connector_secrets.unseal(desk.keys, connector)
        except WrongKey as error:
            raise Strange from error
        token, aes_key = secrets.get(TOKEN, ""), secrets.get(AES_KEY, "")
        if not token:
            raise Strange
        is_sealed = bool(aes_key) and (connector.kind == "wecom" or "msg_signature" in asked.query)
        if is_sealed:
            receiver = str(connector.settings.get(RECEIVERS[connector.kind], ""))
            endpoint = Endpoint(token, aes_key, receiver)
            if asked.method == "GET":
                return endpoint.echo(asked.query)
            return self._kept(desk, connector, connector.kind, News(endpoint.letter(asked.query, asked.body)))
        if connector.kind == "wecom" or (aes_key and asked.method == "POST"):
            raise Strange
        self._prove(token, asked)
        if asked.method == "GET":
            return asked.query.get("echostr", "").encode()
        return self._kept(desk, connector, connector.kind, News(asked.body))

    def _prove(self, token: str, asked: Asked) -> None:
        stamp = asked.query.get("timestamp", "")
        signature, nonce = asked.query.get("signature", ""), asked.query.get("nonce", "")
        if not official_events.is_genuine(token, stamp, nonce, signature.encode("ascii", "replace").decode()):
            raise Strange
        is_fresh = stamp.isascii() and stamp.isdigit() and abs(self._clock().timestamp() - int(stamp)) <= FRESH.total_seconds()  # fmt: skip
        if not is_fresh:
            raise Strange

    def _kept(self, desk: Desk, connector: Connector, kind: str, news: News) -> bytes:
        """Answered alike whether it is news or was told before."""
        key = _key(connector.kind, kind, news)
        with desk.store.transaction() as session:
            inbox.keep(session, desk.inbox, connector.id, kind, key, news, self._clock())
        return ANSWERS.get(connector.kind, b"")


def most_bytes(name: str) -> int:
    return {EVENTS: MOST_MARKUP, BOUNCES: bounces.MOST_BYTES}.get(name, MOST_PUSHED)


def _pushed(asked: Asked) -> News:
    """Of a letter that came back ``to``: the recipient of its envelope."""
    to = asked.query.get("to", "") if asked.name == BOUNCES else ""
    if len(to) > LONGEST_PATH or not asked.body:
        raise Strange
    return News(asked.body, to)


def _key(connector_kind: str, kind: str, news: News) -> str:
    """WeCom names its events by what they say; all others come again as they came."""
    if connector_kind == "wecom":
        try:
            return wecom.read(news.body).key
        except Rejected:  # sealed and signed, and yet it cannot be read: the worker tells so
            return inbox.key_of(kind, news)
    return inbox.key_of(kind, news)
