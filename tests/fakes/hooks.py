"""A receiver of webhooks that believes nobody: signatures, times and identities as Standard Webhooks asks, written from its text."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from ssl import SSLContext
from typing import Any

from tests.fakes.serving import HERE, Reply, Request, serving

TOLERANCE_S = 300


class Hook:
    """``secrets``: those that it believes. ``script``: what it answers first, before it looks. ``taken``: what it took, in order; a message that it has
    already is answered well and taken no second time (``repeats``). ``refused``: why it refused others."""

    def __init__(self, now: datetime, *secrets: str) -> None:
        self.now = now
        self.secrets = list(secrets)
        self.script: list[Reply] = []
        self.requests: list[Request] = []
        self.taken: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self.repeats = 0
        self.refused: list[str] = []
        self.address = ""
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            if self.script:
                return self.script.pop(0)
            wrong = self._wrong(request)
            if wrong:
                self.refused.append(wrong)
                return Reply(400)
            if request.headers["webhook-id"] in self.ids:
                self.repeats += 1
                return Reply(200)
            self.ids.append(request.headers["webhook-id"])
            self.taken.append(json.loads(request.body))
            return Reply(204)

    def _wrong(self, request: Request) -> str:
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        number, at, signatures = (request.headers.get(name, "") for name in names)
        if not number or not at.isdigit():
            return "headers"
        if abs(self.now.timestamp() - int(at)) > TOLERANCE_S:
            return "time"
        signed = number.encode() + b"." + at.encode() + b"." + request.body
        keys = [base64.b64decode(one.removeprefix("whsec_")) for one in self.secrets]
        mine = {"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys}
        return "" if mine & set(signatures.split(" ")) else "signature"


@contextmanager
def receiving(now: datetime, *secrets: str, context: SSLContext | None = None) -> Iterator[Hook]:
    hook = Hook(now, *secrets)
    with serving(hook.answer, context) as port:
        hook.address = f"{'https' if context else 'http'}://{HERE}:{port}/hook?token=hush"
        yield hook
