"""Which window an API's limit was hit in, and how long it is left alone for that.

WeCom answers 45009 for a minute, an hour and a day alike; only its words differ, and they are no contract. So our own count decides:
a day or an hour whose limit our calls fill is taken to be the one. Where they fill neither (a full minute, another program of the corp, or a
limit that nobody published), a minute is tried first, and each refusal of a call that began after such a pause takes the next longer window.
Calls that were on their way while the pause began say nothing new. A call that is taken ends the suspicion.

Counts are of this process: other workers and other programs of the corp are seen only by what they bring upon us.
"""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from enum import IntEnum

from core.senders.wecom import errors
from core.senders.wecom.errors import Blocked

BEIJING = timezone(timedelta(hours=8))
"""Where WeCom's days end."""
RATE = 45009
MINUTE_S, HOUR_S = 60, 3600


class Window(IntEnum):
    MINUTE = 1
    HOUR = 2
    DAY = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls of one corp to one API. ``per_day``: None where no limit is known. That of a minute (10 000) needs no count: a minute is the least."""

    per_hour: int = 150_000
    per_day: int | None = None


GETTOKEN = "/cgi-bin/gettoken"
LEAST: Mapping[str, Window] = {GETTOKEN: Window.HOUR}
"""Whoever asks for tokens too often is banned for an hour."""


@dataclass(slots=True)
class _Api:
    """``seconds``: calls of the last hour, by second. ``suspected``: the window of the last block that no call has disproved."""

    seconds: deque[list[int]] = field(default_factory=deque)
    on: date = date.min
    today: int = 0
    until: datetime | None = None
    window: Window = Window.MINUTE
    suspected: Window | None = None


class Windows:
    """One for all that this process asks WeCom for. ``limits``: by path, where they differ from the usual ones."""

    def __init__(self, limits: Mapping[str, Limits] | None = None) -> None:
        self._limits = dict(limits or {})
        self._apis: dict[tuple[str, str], _Api] = {}
        self._lock = threading.Lock()

    def enter(self, corp_id: str, path: str, now: datetime) -> None:
        """Count a call that is about to be made. Raises ``Blocked`` while the API is left alone."""
        with self._lock:
            api = self._apis.setdefault((corp_id, path), _Api())
            if api.until is not None and now < api.until:
                raise _blocked(api, now)
            _count(api, now)

    def refused(self, corp_id: str, path: str, began: datetime, now: datetime) -> Blocked:
        """A call that began then was answered 45009. Leaves the API alone and says for how long."""
        with self._lock:
            api = self._apis.setdefault((corp_id, path), _Api())
            if api.until is not None and began < api.until:
                return _blocked(api, max(now, began))
            longer = Window.MINUTE if api.suspected is None else Window(min(api.suspected + 1, Window.DAY))
            filled = _filled(api, self._limits.get(path, Limits()), now)
            api.window = api.suspected = max(longer, filled, LEAST.get(path, Window.MINUTE))
            api.until = _end(api.window, now)
            return _blocked(api, now)

    def taken(self, corp_id: str, path: str, began: datetime) -> None:
        """A call that began then was answered with anything but 45009."""
        with self._lock:
            api = self._apis.get((corp_id, path))
            if api is not None and (api.until is None or began >= api.until):
                api.suspected = None


def _count(api: _Api, now: datetime) -> None:
    second, on = int(now.timestamp()), now.astimezone(BEIJING).date()
    if api.on != on:
        api.on, api.today = on, 0
    api.today += 1
    if api.seconds and api.seconds[-1][0] == second:
        api.seconds[-1][1] += 1
    else:
        api.seconds.append([second, 1])
    while api.seconds[0][0] <= second - HOUR_S:
        api.seconds.popleft()


def _filled(api: _Api, limits: Limits, now: datetime) -> Window:
    second = int(now.timestamp())
    hour = sum(calls for at, calls in api.seconds if at > second - HOUR_S)
    is_today = api.on == now.astimezone(BEIJING).date()
    if limits.per_day is not None and is_today and api.today >= limits.per_day:
        return Window.DAY
    return Window.HOUR if hour >= limits.per_hour else Window.MINUTE


def _end(window: Window, now: datetime) -> datetime:
    if window is Window.DAY:
        here = now.astimezone(BEIJING)
        return here.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return now + timedelta(seconds=MINUTE_S if window is Window.MINUTE else HOUR_S)


def _blocked(api: _Api, now: datetime) -> Blocked:
    assert api.until is not None
    return Blocked(errors.code(RATE), max((api.until - now).total_seconds(), 0.0), api.window.name.lower())
