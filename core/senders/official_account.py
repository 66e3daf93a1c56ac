"""Messages of a WeChat official account and of a mini-program: template messages, which are no place for marketing, and messages that members subscribed to.

A subscription is spent by the message it allows: the ledger of grants is the caller's, and ``Ungranted`` says that it holds one too many.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from core.senders.asking import asked
from core.senders.official_tokens import BASE, Tokens
from core.senders.outcomes import Halted, Unfit, Ungranted
from core.senders.posting import Poster
from core.senders.sender import Gone, NotSent, Permanent, Temporary, Uncertain

TEMPLATE = "/cgi-bin/message/template/send"
SUBSCRIPTION = "/cgi-bin/message/subscribe/bizsend"
MINI_PROGRAM = "/cgi-bin/message/subscribe/send"
REPEATABLE_S = 600.0
"""So long the platform knows a template message by its ``client_msg_id``; what is sent again later may arrive twice."""
CHINA = ZoneInfo("Asia/Shanghai")
MINUTE_S = 60.0
Purpose = Literal["service", "marketing"]
State = Literal["developer", "trial", "formal"]

STALE = frozenset({40001, 40014, 42001})
HALTS = STALE | {40013, 40125, 40164, 40243, 41001, 48001, 48004, 50001, 50002, 61024}
UNFIT = frozenset({40037, 40165, 41030})
GONE = frozenset({40003, 43004})
UNGRANTED, BUSY, DAY_FULL, MINUTE_FULL = 43101, -1, 45009, 45011


@dataclass(frozen=True, slots=True)
class Card:
    """``values``: by the names that the template has. ``url``: where a template message leads; ``page``: a page of the mini-program ``app_id``, or of the one that
    sends."""

    template_id: str
    values: Mapping[str, str] = field(repr=False)
    url: str = ""
    page: str = ""
    app_id: str = ""


class OfficialAccount:
    def __init__(self, poster: Poster, tokens: Tokens, base: str = BASE) -> None:
        self._platform = _Platform(poster, tokens, base)

    def send_template(self, open_id: str, card: Card, message_id: str, purpose: Purpose, now: datetime) -> str:
        """The platform's number of it, by which its receipt is known. The same ``message_id`` to the same person is delivered once within ``REPEATABLE_S``: until
        then it may be sent again after ``Uncertain``.

        Raises ``Unfit`` for marketing, and ``Temporary``, ``Permanent``, ``Unfit``, ``Gone``, ``Halted``, ``Uncertain``.
        """
        if purpose != "service":
            raise Unfit("wechat.marketing")
        body = _body(open_id, card) | {"client_msg_id": hashlib.sha256(message_id.encode()).hexdigest()[:32]}
        if card.url:
            body["url"] = card.url
        if card.app_id:
            body["miniprogram"] = {"appid": card.app_id, "pagepath": card.page}
        number = self._platform.ask(TEMPLATE, body, now).get("msgid")
        if not isinstance(number, int):
            raise Uncertain("wechat.unreadable")
        return str(number)

    def send_subscription(self, open_id: str, card: Card, now: datetime) -> None:
        """A message that a follower subscribed to. There is no key against doubles: after ``Uncertain`` nobody sends it again.

        Raises ``Ungranted``, ``Temporary``, ``Permanent``, ``Unfit``, ``Gone``, ``Halted``, ``Uncertain``.
        """
        body = _body(open_id, card)
        if card.app_id:
            body["miniprogram"] = {"appid": card.app_id, "pagepath": card.page}
        elif card.page:
            body["page"] = card.page
        self._platform.ask(SUBSCRIPTION, body, now)


class MiniProgram:
    """``state``: which edition of the mini-program a message opens."""

    def __init__(self, poster: Poster, tokens: Tokens, base: str = BASE, state: State = "formal") -> None:
        self._platform = _Platform(poster, tokens, base)
        self._state = state

    def send_subscription(self, open_id: str, card: Card, now: datetime, lang: str = "zh_CN") -> None:
        """A message that a user subscribed to. There is no key against doubles: after ``Uncertain`` nobody sends it again.

        Raises ``Ungranted``, ``Temporary``, ``Permanent``, ``Unfit``, ``Gone``, ``Halted``, ``Uncertain``.
        """
        body = _body(open_id, card) | {"miniprogram_state": self._state, "lang": lang}
        if card.page:
            body["page"] = card.page
        self._platform.ask(MINI_PROGRAM, body, now)


class _Platform:
    def __init__(self, poster: Poster, tokens: Tokens, base: str) -> None:
        self._poster = poster
        self._tokens = tokens
        self._base = base

    def ask(self, path: str, body: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """Once more with another token where this one is refused: nothing has happened by then, so even a message may be said again."""
        token = self._tokens.current(now)
        said, errcode = self._said(path, body, token, now)
        if errcode in STALE:
            said, errcode = self._said(path, body, self._tokens.renewed(token, now), now)
        if errcode:
            raise trouble(errcode, now)
        return said

    def _said(self, path: str, body: Mapping[str, Any], token: str, now: datetime) -> tuple[dict[str, Any], int]:
        content = json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"}
        said = asked(self._poster, f"{self._base}{path}?access_token={token}", content, headers, now)
        errcode = said.get("errcode")
        if not isinstance(errcode, int):
            raise Uncertain("wechat.unreadable")
        return said, errcode


def trouble(errcode: int, now: datetime) -> NotSent:
    """What a number of the platform means. A value that does not fit its place (47003) is a matter of one member's values; its words are not read."""
    code = f"wechat.{errcode}"
    if errcode in HALTS:
        return Halted(code)
    if errcode in UNFIT:
        return Unfit(code)
    if errcode in GONE:
        return Gone(code)
    if errcode == UNGRANTED:
        return Ungranted(code)
    if errcode == DAY_FULL:
        return Temporary(code, _until_midnight(now))
    if errcode == MINUTE_FULL:
        return Temporary(code, MINUTE_S)
    return Temporary(code) if errcode == BUSY else Permanent(code)


def _until_midnight(now: datetime) -> float:
    """Seconds; quotas are counted by the day of China."""
    here = now.astimezone(CHINA)
    return (datetime.combine(here.date() + timedelta(days=1), time(), CHINA) - here).total_seconds()


def _body(open_id: str, card: Card) -> dict[str, Any]:
    values = {name: {"value": value} for name, value in card.values.items()}
    return {"touser": open_id, "template_id": card.template_id, "data": values}
