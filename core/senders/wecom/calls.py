"""One call to WeCom with a token: renewed once where it is over, counted by API, its answer judged by number.

What has an effect (``do``) ends as ``Uncertain`` whenever the answer does not come or cannot be read, because it may have happened.
What only asks (``read``) may be asked again, so the same is ``Temporary``.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from core.senders.outcomes import Halted
from core.senders.posting import Answer, Poster
from core.senders.robot import BASE
from core.senders.sender import Gone, Temporary, Uncertain
from core.senders.wecom import errors
from core.senders.wecom.errors import Kind
from core.senders.wecom.tokens import App, Tokens
from core.senders.wecom.windows import Windows

NOTHING: Mapping[str, str] = MappingProxyType({})
MOST_BYTES = 4 * 1024 * 1024
"""An answer that lists 10 000 refused recipients, or 500 results, is longer than any other."""


class Calls:
    """What one app may ask of WeCom. ``tokens`` and ``windows`` are shared by all apps of the process."""

    def __init__(self, app: App, poster: Poster, tokens: Tokens, windows: Windows, base: str = BASE) -> None:
        self._app = app
        self._poster = poster
        self._tokens = tokens
        self._windows = windows
        self._base = base

    def do(
        self, path: str, body: Mapping[str, Any], now: datetime, *, recipients: int = 0, to: Kind = Kind.CUSTOMER
    ) -> dict[str, Any]:
        """The answer of a call that has an effect. ``recipients``: how many it writes to, ``to``: customers or employees. Raises the classes of
        ``core.senders.sender``, ``core.senders.outcomes`` and ``core.senders.wecom.errors``."""
        token = self._tokens.token(self._app, now)
        said = self._once(path, body, token, now)
        if errors.kind(said["errcode"]) is Kind.TOKEN:  # refused before any effect, so it may be repeated
            token = self._tokens.renewed(self._app, token, now)
            said = self._once(path, body, token, now)
        self._judge(path, said["errcode"], now)
        if said["errcode"]:
            raise errors.refusal(said["errcode"], recipients, to)
        return said

    def upload(
        self, path: str, query: Mapping[str, str], body: bytes, content_type: str, now: datetime
    ) -> dict[str, Any]:
        """The answer of a call that takes a file, and writes to nobody. Never ``Uncertain``: it may be asked again, and what came of the first is never used."""
        try:
            token = self._tokens.token(self._app, now)
            said = self._asked(path, body, content_type, token, now, query)
            if errors.kind(said["errcode"]) is Kind.TOKEN:
                token = self._tokens.renewed(self._app, token, now)
                said = self._asked(path, body, content_type, token, now, query)
        except Uncertain as error:
            raise Temporary(error.code) from error
        self._judge(path, said["errcode"], now)
        if said["errcode"]:
            raise errors.refusal(said["errcode"])
        return said

    def read(self, path: str, body: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """The answer of a call that changes nothing. Never ``Uncertain``."""
        try:
            return self.do(path, body, now)
        except Uncertain as error:
            raise Temporary(error.code) from error

    def _once(self, path: str, body: Mapping[str, Any], token: str, now: datetime) -> dict[str, Any]:
        return self._asked(path, written(body), "application/json", token, now)

    def _asked(
        self, path: str, body: bytes, content_type: str, token: str, now: datetime, more: Mapping[str, str] = NOTHING
    ) -> dict[str, Any]:
        self._windows.enter(self._app.corp_id, path, now)
        query = urlencode({"access_token": token, **more})
        headers = {"Content-Type": content_type, "User-Agent": "siyu-cockpit"}
        try:
            answer = self._poster.post(f"{self._base}{path}", body, headers, now, query=query, most_bytes=MOST_BYTES)
        except Gone as error:  # our own address for WeCom leads nowhere that may be asked; no recipient is to blame
            raise Halted(error.code) from error
        return _said(answer)

    def _judge(self, path: str, errcode: int, now: datetime) -> None:
        """What a number means for all other calls."""
        kind = errors.kind(errcode)
        if kind is Kind.RATE:
            raise self._windows.refused(self._app.corp_id, path, now, now)
        self._windows.taken(self._app.corp_id, path, now)
        if kind is Kind.SECRET:
            self._tokens.halt(self._app, errcode)


def written(body: Mapping[str, Any]) -> bytes:
    """Equal for equal bodies: WeCom knows an app message again by its JSON."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _said(answer: Answer) -> dict[str, Any]:
    if answer.status != HTTPStatus.OK:
        raise Uncertain(f"http.{answer.status}")
    try:
        said = json.loads(answer.body)
    except ValueError as error:
        raise Uncertain("wecom.unreadable") from error
    if not isinstance(said, dict) or type(said.get("errcode")) is not int:
        raise Uncertain("wecom.unreadable")
    return said
