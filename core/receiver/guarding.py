"""What keeps the receiver standing: bodies of a limited size, callers who must not dawdle, strangers who guess, headers on every answer."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import anyio
from anyio import to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from core.receiver.pages import POLICY

HEAD_S, BODY_S, ANSWER_S = 10.0, 5.0, 4.0
"""How long the head and the body of a request may take; and a platform's answer, for after 5 seconds it asks again."""
WRONG_PER_MINUTE, MOST_STRANGERS = 30, 20_000
MINUTE_S = 60.0
One = TypeVar("One")


class TooLarge(Exception):
    """The body is larger than anybody may send there."""


async def body(request: Request, most: int) -> bytes:
    """Raises ``TooLarge``, and ``TimeoutError`` for one that does not come in time."""
    if int(request.headers.get("content-length") or 0) > most:
        raise TooLarge
    found = bytearray()
    with anyio.fail_after(BODY_S):
        async for part in request.stream():
            found += part
            if len(found) > most:
                raise TooLarge
    return bytes(found)


async def within(seconds: float, do: Callable[[], One]) -> One:
    """What a thread answers in time. Raises ``TimeoutError``; the thread goes on, and what it does must be harmless to repeat."""
    with anyio.fail_after(seconds):
        return await to_thread.run_sync(do, abandon_on_cancel=True)


@dataclass
class Strangers:
    """Addresses from which wrong tokens came: beyond so many in a minute nobody there is answered until the minute is over."""

    clock: Callable[[], float] = time.monotonic
    _seen: OrderedDict[str, tuple[float, int]] = field(default_factory=OrderedDict)

    def is_refused(self, address: str) -> bool:
        since, count = self._seen.get(address, (0.0, 0))
        return count >= WRONG_PER_MINUTE and self.clock() < since + MINUTE_S

    def note(self, address: str) -> None:
        now = self.clock()
        since, count = self._seen.pop(address, (now, 0))
        self._seen[address] = (since, count + 1) if now < since + MINUTE_S else (now, 1)
        if len(self._seen) > MOST_STRANGERS:
            self._seen.popitem(last=False)


def caller(request: Request) -> str:
    """Address of who asks; behind a proxy on this machine the one that it names."""
    return request.client.host if request.client else ""


class Hardened:
    """Headers on every answer. ``is_https``: whether phones reach the receiver encrypted."""

    def __init__(self, app: ASGIApp, is_https: bool) -> None:
        self.app = app
        self.is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                headers["content-security-policy"] = POLICY
                headers["x-content-type-options"] = "nosniff"
                headers["x-frame-options"] = "DENY"
                headers["referrer-policy"] = "no-referrer"
                headers["x-robots-tag"] = "noindex, nofollow"
                headers["cache-control"] = "no-store"
                if self.is_https:
                    headers["strict-transport-security"] = "max-age=31536000"
            await send(message)

        await self.app(scope, receive, hardened)


class Impatient(H11Protocol):
    """Ends connections on which no whole head of a request comes in time, for the server itself would wait for ever; and tells no log who asked for what."""

    _unheard: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.access_log = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._rest()
        elif self._unheard is None and not self.transport.is_closing():
            self._unheard = self.loop.call_later(HEAD_S, self.transport.abort)

    def _rest(self) -> None:
        if self._unheard is not None:
            self._unheard.cancel()
            self._unheard = None
