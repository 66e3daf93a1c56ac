"""Access tokens of an official account or a mini-program: one at a time, asked for by one caller at a time.

The token is that of ``stable_token``: who asks again gets the same one, so that another system of the house that asks there too loses nothing. Only where the platform
refuses the very token that it gives out is a new one forced, which ends the old one for everybody.
"""

import json
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.senders.asking import asked
from core.senders.outcomes import Halted
from core.senders.posting import Poster
from core.senders.sender import Temporary, Uncertain

BASE = "https://api.weixin.qq.com"
PATH = "/cgi-bin/stable_token"
EARLY = timedelta(minutes=5)
"""So long before its end a token is not used any more: clocks differ and calls take time."""
AT_LEAST = timedelta(seconds=30)
"""So long it is used all the same, where the platform gives out one that is about to end."""
FORCED_EVERY = timedelta(minutes=5)
"""Twenty tokens a day may be forced; one that is refused right after is no matter of its age."""
BUSY, FULL = -1, {45009, 45011}
MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Account:
    app_id: str
    secret: str = field(repr=False)


class Tokens:
    """Of one account; several threads may share it. Once the platform has refused the account itself, nobody is asked again by this object: whoever changes the
    account makes another."""

    def __init__(self, poster: Poster, account: Account, base: str = BASE) -> None:
        self._poster = poster
        self._account = account
        self._address = f"{base}{PATH}"
        self._lock = threading.Lock()
        self._token = ""
        self._ends: datetime | None = None
        self._forced: datetime | None = None
        self._halted = ""

    def current(self, now: datetime) -> str:
        """Raises ``Halted``, ``Temporary``."""
        with self._lock:
            return self._token if self._is_good(now) else self._ask(now, force=False)

    def renewed(self, refused: str, now: datetime) -> str:
        """Another than this one, which the platform has just refused; all who hold the same share the answer. Raises ``Halted``, ``Temporary``."""
        with self._lock:
            if self._token != refused and self._is_good(now):
                return self._token
            told = self._ask(now, force=False)
            if told != refused:
                return told
            if self._forced is not None and now - self._forced < FORCED_EVERY:
                raise Temporary("wechat.token", (self._forced + FORCED_EVERY - now).total_seconds())
            self._forced = now
            return self._ask(now, force=True)

    def _is_good(self, now: datetime) -> bool:
        return self._ends is not None and now < self._ends

    def _ask(self, now: datetime, *, force: bool) -> str:
        if self._halted:
            raise Halted(self._halted)
        asking = {
            "grant_type": "client_credential",
            "appid": self._account.app_id,
            "secret": self._account.secret,
            "force_refresh": force,
        }
        try:
            said = asked(
                self._poster, self._address, json.dumps(asking).encode(), {"Content-Type": "application/json"}, now
            )
        except Uncertain as error:
            raise Temporary(error.code) from error  # to ask for a token twice does nobody harm
        return self._kept(said, now)

    def _kept(self, said: dict[str, Any], now: datetime) -> str:
        errcode, token, seconds = said.get("errcode", 0), said.get("access_token"), said.get("expires_in")
        if not isinstance(errcode, int):
            raise Temporary("wechat.unreadable")
        if errcode == BUSY:
            raise Temporary(f"wechat.{errcode}")
        if errcode in FULL:
            raise Temporary(f"wechat.{errcode}", MINUTE_S)
        if errcode:
            self._halted = f"wechat.{errcode}"
            raise Halted(self._halted)
        if not isinstance(token, str) or not token or not isinstance(seconds, int):
            raise Temporary("wechat.unreadable")
        left = timedelta(seconds=seconds)
        self._token, self._ends = token, now + max(left - EARLY, min(left, AT_LEAST))
        return token
