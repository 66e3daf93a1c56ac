"""The platform of official accounts and mini-programs: tokens with a life, quotas, followers, grants that a message spends, doubles by ``client_msg_id``, receipts."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.serving import HERE, Reply, Request, serving

APP, SECRET = "wx-of-the-fake", "a secret of the fake"
ORDER, PAGE = "template-order", "pages/index"
FIRST = 200163836
FIELDS = {ORDER: {"thing1", "time2"}}


class Platform:
    """``now``: its clock. ``read``: kind, person and body of what people see. ``followers``; ``blockers``: who refuses messages without a word; ``grants``: how many messages a person still allows, by person and template.
    ``errcodes``: what it answers first, by path. ``loses``: answers that get lost after the message went out. ``given``: forced and unforced tokens, in order."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.read: list[tuple[str, str, dict[str, Any]]] = []
        self.followers: set[str] = set()
        self.blockers: set[str] = set()
        self.grants: dict[tuple[str, str], int] = {}
        self.errcodes: dict[str, list[int]] = {}
        self.loses = 0
        self.a_day = 100_000
        self.given: list[bool] = []
        self.is_whitelisted = True
        self.base = ""
        self._token, self._ends, self._made = "", now, 0
        self._doubles: dict[tuple[str, str], tuple[datetime, int]] = {}
        self._lock = threading.Lock()

    def callbacks(self) -> list[bytes]:
        """What it posts to the house once its jobs are finished, in order."""
        return [
            self._callback(number, kind, person, asked) for number, (kind, person, asked) in enumerate(self.read, FIRST)
        ]

    def _callback(self, number: int, kind: str, person: str, asked: dict[str, Any]) -> bytes:
        is_blocked = person in self.blockers
        if kind == "template":
            event, status = "TEMPLATESENDJOBFINISH", "failed:user block" if is_blocked else "success"
            inside = f"<MsgID>{number}</MsgID><Status><![CDATA[{status}]]></Status>"
        else:
            event = "subscribe_msg_sent_event"
            inside = (
                f"<SubscribeMsgSentEvent><List><TemplateId><![CDATA[{asked['template_id']}]]></TemplateId><MsgID>{number}</MsgID>"
                f"<ErrorCode>{43101 if is_blocked else 0}</ErrorCode><ErrorStatus><![CDATA[x]]></ErrorStatus></List></SubscribeMsgSentEvent>"
            )
        return (
            f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[{person}]]></FromUserName>"
            f"<CreateTime>{int(self.now.timestamp())}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
            f"<Event><![CDATA[{event}]]></Event>{inside}</xml>"
        ).encode()

    def end_token(self) -> None:
        """Another system has forced a new one."""
        self._new_token()

    def answer(self, request: Request) -> Reply:
        with self._lock:
            parts = urlsplit(request.path)
            asked = json.loads(request.body)
            waiting = self.errcodes.get(parts.path, [])
            if waiting:
                return said(waiting.pop(0))
            if parts.path == "/cgi-bin/stable_token":
                return self._stable(asked)
            token = parse_qs(parts.query).get("access_token", [""])[0]
            if token != self._token:
                return said(40001)
            if self.now >= self._ends:
                return said(42001)
            kind = {
                "/cgi-bin/message/template/send": "template",
                "/cgi-bin/message/subscribe/bizsend": "subscription",
                "/cgi-bin/message/subscribe/send": "mini",
            }[parts.path]
            return self._send(kind, asked)

    def _stable(self, asked: dict[str, Any]) -> Reply:
        if not self.is_whitelisted:
            return said(40164)
        if asked.get("grant_type") != "client_credential" or asked.get("appid") != APP:
            return said(40013)
        if asked.get("secret") != SECRET:
            return said(40125)
        self.given.append(asked["force_refresh"])
        if asked["force_refresh"] or self.now >= self._ends:
            self._new_token()
        left = int((self._ends - self.now).total_seconds())
        return Reply(200, json.dumps({"access_token": self._token, "expires_in": left}).encode())

    def _new_token(self) -> None:
        self._made += 1
        self._token, self._ends = f"84_{self._made}_" + "x" * 500, self.now + timedelta(seconds=7200)

    def _send(self, kind: str, asked: dict[str, Any]) -> Reply:
        person, template = asked["touser"], asked["template_id"]
        errcode = self._refusal(kind, asked, person, template)
        if errcode:
            return said(errcode)
        double = (person, asked.get("client_msg_id", ""))
        at, number = self._doubles.get(double, (self.now - timedelta(days=1), 0))
        if kind != "template" or not double[1] or self.now - at > timedelta(minutes=10):
            number = FIRST + len(self.read)
            self.read.append((kind, person, asked))
            self._doubles[double] = (self.now, number)
        if kind != "template":
            self.grants[person, template] -= 1
        if self.loses:
            self.loses -= 1
            return Reply(is_lost=True)
        return said(0, **({"msgid": number} if kind == "template" else {}))

    def _refusal(self, kind: str, asked: dict[str, Any], person: str, template: str) -> int:
        if not person.startswith("o"):
            return 40003
        if template not in FIELDS:
            return 40037
        if kind != "mini" and person not in self.followers:
            return 43004
        if kind == "mini" and asked.get("miniprogram_state") not in ("developer", "trial", "formal"):
            return 47001
        if kind == "mini" and asked.get("page", PAGE) != PAGE:
            return 41030
        if kind != "template" and not self.grants.get((person, template)):
            return 43101
        if set(asked["data"]) != FIELDS[template] or not all(one["value"] for one in asked["data"].values()):
            return 47003
        return 45009 if len(self.read) >= self.a_day else 0


def said(errcode: int, **more: object) -> Reply:
    words = "ok" if not errcode else "user refuse to accept the msg, ip 10.0.0.1 rid: 61c1a406"
    return Reply(200, json.dumps({"errcode": errcode, "errmsg": words, **more}).encode())


@contextmanager
def platform(now: datetime) -> Iterator[Platform]:
    made = Platform(now)
    with serving(made.answer) as port:
        made.base = f"http://{HERE}:{port}"
        yield made
