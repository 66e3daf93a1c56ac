"""The robot of a WeCom group as its documentation has it: one key, plain text of at most 2048 bytes, 20 messages a minute, errors inside a 200."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from tests.fakes.serving import HERE, Reply, Request, serving

KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"


class Group:
    """``texts``: what people read in the group. ``errcodes``: what it answers first. ``loses``: answers that get lost after the text was posted."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.texts: list[str] = []
        self.errcodes: list[int] = []
        self.loses = 0
        self.calls = 0
        self.base = ""
        self._posted: list[datetime] = []
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.calls += 1
            errcode = self._errcode(request)
            if not errcode and self.loses:
                self.loses -= 1
                return Reply(is_lost=True)
        return Reply(
            200, json.dumps({"errcode": errcode, "errmsg": "ok" if not errcode else "from ip: 10.0.0.1"}).encode()
        )

    def _errcode(self, request: Request) -> int:
        parts = urlsplit(request.path)
        if parts.path != "/cgi-bin/webhook/send" or parse_qs(parts.query).get("key") != [KEY]:
            return 93000
        if self.errcodes:
            return self.errcodes.pop(0)
        said = json.loads(request.body)
        if said.get("msgtype") != "text" or set(said) != {"msgtype", "text"}:
            return 40008
        text = said["text"]["content"]
        if not text:
            return 44004
        if len(text.encode()) > 2048:
            return 45002
        self._posted = [at for at in self._posted if at > self.now - timedelta(minutes=1)]
        if len(self._posted) >= 20:
            return 45009
        self._posted.append(self.now)
        self.texts.append(text)
        return 0


@contextmanager
def chatting(now: datetime) -> Iterator[Group]:
    group = Group(now)
    with serving(group.answer) as port:
        group.base = f"http://{HERE}:{port}"
        yield group
