"""Access tokens: one per corp and secret, asked for by one thread while all others wait for it.

WeCom bans whoever keeps asking with a wrong secret, so an answer that the secret or the corp is wrong ends all asking with that very
secret in this process: another secret is another entry, and thereby the way out. It hands the same token to whoever
asks meanwhile, so two processes do each other no harm.
"""

import json
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

from core.senders.outcomes import Halted
from core.senders.posting import Answer, Poster
from core.senders.robot import BASE
from core.senders.sender import Gone, Temporary, Uncertain
from core.senders.wecom import errors
from core.senders.wecom.errors import Blocked, Kind
from core.senders.wecom.windows import GETTOKEN, Windows

EARLY_S = 300
"""A token is not used for its last minutes, because ``now`` was read before the call is made. Of a short life, a tenth."""
PAUSE_S = 10.0
"""After asking in vain nobody asks again for so long."""
WRONG = frozenset(errors.code(errcode) for errcode, kind in errors.KINDS.items() if kind is Kind.SECRET)
RENEWAL_S = 60.0
"""A token that replaced a refused one is not replaced again for so long: what is wrong then is something else."""


@dataclass(frozen=True, slots=True)
class App:
    """An app of a corp. ``secret`` is never printed."""

    corp_id: str
    secret: str = field(repr=False)


@dataclass(slots=True)
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    token: str = ""
    until: datetime | None = None
    halted: str = ""
    failed: str = ""
    failed_until: datetime | None = None
    renewed_at: datetime | None = None


class Tokens:
    def __init__(self, poster: Poster, windows: Windows, base: str = BASE) -> None:
        self._poster = poster
        self._windows = windows
        self._base = base
        self._entries: dict[App, _Entry] = {}
        self._lock = threading.Lock()

    def token(self, app: App, now: datetime) -> str:
        """The token to use at this time. Raises ``Halted`` for a secret that was wrong, ``Temporary`` where none was to be had now."""
        entry = self._entry(app)
        with entry.lock:
            if not entry.halted and entry.until is not None and now < entry.until:
                return entry.token
            return self._fetched(app, entry, now)

    def renewed(self, app: App, refused: str, now: datetime) -> str:
        """Another token than one that was refused: the one that some other thread has fetched since, or a new one."""
        entry = self._entry(app)
        with entry.lock:
            if entry.halted:
                raise Halted(entry.halted)
            if entry.token != refused and entry.until is not None and now < entry.until:
                return entry.token
            if entry.renewed_at is not None:
                waits_s = RENEWAL_S - (now - entry.renewed_at).total_seconds()
                if waits_s > 0:
                    raise Temporary("wecom.token_refused", min(waits_s, RENEWAL_S))
            token = self._fetched(app, entry, now)
            entry.renewed_at = now
            return token

    def halt(self, app: App, errcode: int) -> None:
        """A call with this app's token was answered that its credentials are wrong."""
        entry = self._entry(app)
        with entry.lock:
            entry.halted = errors.code(errcode)

    def _entry(self, app: App) -> _Entry:
        with self._lock:
            return self._entries.setdefault(app, _Entry())

    def _fetched(self, app: App, entry: _Entry, now: datetime) -> str:
        if entry.halted:
            raise Halted(entry.halted)
        if entry.failed_until is not None and now < entry.failed_until:
            waits_s = (entry.failed_until - now).total_seconds()
            raise Temporary(entry.failed, min(waits_s, PAUSE_S))
        try:
            token, life_s = self._asked(app, now)
        except Blocked:
            raise
        except Halted as error:
            # What somebody lets the app do meanwhile needs no other secret.
            entry.halted = error.code if error.code in WRONG else ""
            raise
        except Temporary as error:
            entry.failed, entry.failed_until = error.code, now + timedelta(seconds=PAUSE_S)
            raise
        entry.token, entry.failed_until = token, None
        entry.until = now + timedelta(seconds=life_s - min(EARLY_S, life_s / 10))
        return token

    def _asked(self, app: App, now: datetime) -> tuple[str, float]:
        self._windows.enter(app.corp_id, GETTOKEN, now)
        query = urlencode({"corpid": app.corp_id, "corpsecret": app.secret})
        try:
            answer = self._poster.get(f"{self._base}{GETTOKEN}", {"User-Agent": "siyu-cockpit"}, now, query=query)
        except Gone as error:  # our own address for WeCom leads nowhere that may be asked
            raise Halted(error.code) from error
        except Uncertain as error:  # to ask again does no harm
            raise Temporary(error.code) from error
        errcode, said = _said(answer)
        if errors.kind(errcode) is Kind.RATE:
            raise self._windows.refused(app.corp_id, GETTOKEN, now, now)
        self._windows.taken(app.corp_id, GETTOKEN, now)
        if errors.kind(errcode) in (Kind.SECRET, Kind.ACCESS):
            raise Halted(errors.code(errcode))
        if errcode:
            raise Temporary(errors.code(errcode))
        token, life_s = said.get("access_token"), said.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(life_s, int) or life_s <= 0:
            raise Temporary("wecom.unreadable")
        return token, float(life_s)


def _said(answer: Answer) -> tuple[int, dict[str, object]]:
    if answer.status != HTTPStatus.OK:
        raise Temporary(f"http.{answer.status}", answer.after_s)
    try:
        said = json.loads(answer.body)
    except ValueError as error:
        raise Temporary("wecom.unreadable") from error
    errcode = said.get("errcode") if isinstance(said, dict) else None
    if type(errcode) is not int:
        raise Temporary("wecom.unreadable")
    return errcode, said
