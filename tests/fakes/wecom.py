"""WeCom as its documentation has it, for one corp with one app: tokens, mass messages that employees confirm, app messages, and
the sealing of callbacks. Written from the contract, with its own numbers; nothing here comes from the code under test.

Errors come inside a 200, with words that hold an address, as WeCom's do.
"""

import hashlib
import json
import threading
from base64 import b64decode, b64encode
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from email import policy
from email.parser import BytesParser
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from tests.fakes.serving import HERE, Reply, Request, serving

CORP, SECRET, AGENT = "ww0123456789abcdef", "sEcReT-of+the/app=", 1000002
BEIJING = timezone(timedelta(hours=8))
EXTERNAL = "/cgi-bin/externalcontact/"
GETTOKEN, SEND, ADD = "/cgi-bin/gettoken", "/cgi-bin/message/send", f"{EXTERNAL}add_msg_template"
TASK, RESULT, LIST = (f"{EXTERNAL}get_groupmsg_{name}" for name in ("task", "send_result", "list_v2"))
UPLOAD = "/cgi-bin/media/upload"
CANCEL, REMIND = f"{EXTERNAL}cancel_groupmsg_send", f"{EXTERNAL}remind_groupmsg_send"
SHAPES: dict[str, dict[str, int | None]] = {
    "image": {},
    "link": {"title": 128, "url": None},
    "miniprogram": {"title": 64, "pic_media_id": None, "appid": None, "page": None},
    "video": {"media_id": None},
    "file": {"media_id": None},
}
"""What each attachment must hold, and in how many bytes."""


class Said(Exception):
    """An error number to be answered."""

    def __init__(self, errcode: int) -> None:
        super().__init__(errcode)
        self.errcode = errcode


@dataclass
class Mass:
    """``asked``: recipients by the employee who is to send it. ``status``: 0, 1, 2 or 3 by recipient. ``sent``: when each employee pressed send."""

    msgid: str
    chat_type: str
    body: dict[str, Any]
    made_at: datetime
    asked: dict[str, list[str]]
    status: dict[str, int] = field(default_factory=dict)
    sent: dict[str, datetime] = field(default_factory=dict)
    reminded: list[datetime] = field(default_factory=list)
    is_cancelled: bool = False
    creator: str | None = None
    is_of_corp: bool = True


class Corp:
    """``staff``: user ids. ``customers``: of each, the employees in touch with it, the one who last wrote last. ``owners``: of each group chat. ``cap``: which rule holds.
    ``got``: the mass messages that each customer or chat got, by day; those of employees' own making may be put there too.

    ``errcodes``: what a path answers first, ``statuses``: which HTTP status. ``loses``: answers of a path that get lost after the work was done.
    ``gates``: who calls a path waits there. ``calls``: by path. ``media``: uploaded files, each with the moment from which it is gone; ``foreign``: names of files that somebody else uploaded."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.secret = SECRET
        self.staff: set[str] = {"ZhangSan", "lisi"}
        self.invisible: set[str] = set()
        self.unlicensed: set[str] = set()
        self.customers: dict[str, list[str]] = {}
        self.owners: dict[str, str] = {}
        self.cap = "month_days"
        self.got: dict[str, list[date]] = {}
        self.masses: dict[str, Mass] = {}
        self.inbox: list[tuple[str, str]] = []
        self.errcodes: dict[str, list[int]] = {}
        self.statuses: dict[str, list[int]] = {}
        self.garbage: dict[str, list[bytes]] = {}
        self.loses: Counter[str] = Counter()
        self.gates: dict[str, threading.Barrier] = {}
        self.per_minute, self.per_hour = 10_000, 150_000
        self.calls: Counter[str] = Counter()
        self.bodies: list[bytes] = []
        self.media: dict[str, tuple[bytes, datetime]] = {}
        self.foreign: set[str] = {"M1", "V1", "F1", "V"}
        self.page = 1000
        self.base = ""
        self._numbers = count(1)
        self._token, self._token_until = "", now
        self._wrong_secrets: list[datetime] = []
        self._called: dict[str, list[datetime]] = {}
        self._known: dict[str, datetime] = {}
        self._told: dict[str, list[datetime]] = {}
        self._lock = threading.Lock()

    # -- what people of the corp do

    def press_send(self, msgid: str, userid: str) -> None:
        """The employee sends what waits for it, in the client."""
        mass = self.masses[msgid]
        assert not mass.is_cancelled, "the task is no longer shown"
        assert userid not in mass.sent, "sent before"
        mass.sent[userid] = self.now
        today = self.now.astimezone(BEIJING).date()
        for one in mass.asked[userid]:
            if mass.chat_type == "single" and userid not in self.customers[one]:
                mass.status[one] = 2
            elif not self._has_room(one, today):
                mass.status[one] = 3
            else:
                mass.status[one] = 1
                self.got.setdefault(one, []).append(today)

    def _has_room(self, one: str, today: date) -> bool:
        got = self.got.get(one, [])
        month = [day for day in got if day.strftime("%Y%m") == today.strftime("%Y%m")]
        week = [day for day in got if day.isocalendar()[:2] == today.isocalendar()[:2]]
        return {
            "month_days": len(month) < monthrange(today.year, today.month)[1],
            "month4": len(month) < 4,
            "week7": len(week) < 7,
            "day1": today not in got,
        }[self.cap]

    def make_by_hand(self, creator: str, chat_type: str, text: str, *, is_of_corp: bool = True) -> str:
        """A mass message that somebody made in WeCom itself: for the corp, or an employee for its own customers."""
        msgid = f"msg{next(self._numbers)}"
        body = {"text": {"content": text}}
        self.masses[msgid] = Mass(msgid, chat_type, body, self.now, {}, creator=creator, is_of_corp=is_of_corp)
        return msgid

    def end_token(self) -> None:
        """WeCom may do so at any time."""
        self._token = f"ended{next(self._numbers)}"

    # -- what programs ask

    def answer(self, request: Request) -> Reply:
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        with self._lock:
            self.calls[parts.path] += 1
            if self.garbage.get(parts.path):
                return Reply(200, self.garbage[parts.path].pop(0))
            try:
                said = self._said(parts.path, query, request)
            except Said as error:
                said = {"errcode": error.errcode, "errmsg": "hint: [1], from ip: 10.0.0.1, more at https://x.example"}
            status = self.statuses[parts.path].pop(0) if self.statuses.get(parts.path) else 200
            is_lost = not said["errcode"] and self.loses[parts.path] > 0
            self.loses[parts.path] -= is_lost
            gate = self.gates.get(parts.path)
        if gate is not None:
            gate.wait(30)
        return Reply(status, json.dumps(said).encode(), is_lost=is_lost)

    def _said(self, path: str, query: dict[str, str], request: Request) -> dict[str, Any]:
        self._limit(path)
        if path == GETTOKEN:
            return self._gettoken(query, request)
        if request.method != "POST":
            raise Said(43002)
        token = query.get("access_token")
        if token is None:
            raise Said(41001)
        if token != self._token:
            raise Said(40014)
        if self.now >= self._token_until:
            raise Said(42001)
        if self.errcodes.get(path):
            raise Said(self.errcodes[path].pop(0))
        does = {
            SEND: self._send, ADD: self._add, TASK: self._tasks, RESULT: self._results, LIST: self._list, CANCEL: self._cancel, REMIND: self._remind,
        }  # fmt: skip
        if path == UPLOAD:
            return {"errcode": 0, "errmsg": "ok", **self._upload(query, request)}
        if path not in does:
            raise Said(40066)
        self.bodies.append(request.body)
        return {"errcode": 0, "errmsg": "ok", **does[path](json.loads(request.body))}

    def _limit(self, path: str) -> None:
        called = [at for at in self._called.get(path, []) if at > self.now - timedelta(hours=1)]
        self._called[path] = [*called, self.now]
        minute = [at for at in called if at > self.now - timedelta(minutes=1)]
        if len(minute) >= self.per_minute or len(called) >= self.per_hour:
            raise Said(45009)

    def _gettoken(self, query: dict[str, str], request: Request) -> dict[str, Any]:
        if request.method != "GET":
            raise Said(43001)
        if self.errcodes.get(GETTOKEN):
            raise Said(self.errcodes[GETTOKEN].pop(0))
        self._wrong_secrets = [at for at in self._wrong_secrets if at > self.now - timedelta(hours=1)]
        if len(self._wrong_secrets) >= 3:
            raise Said(45009)
        if query.get("corpid") != CORP:
            self._wrong_secrets.append(self.now)
            raise Said(40013)
        if query.get("corpsecret") != self.secret:
            self._wrong_secrets.append(self.now)
            raise Said(40001)
        if not self._token.startswith("token") or self.now >= self._token_until:
            self._token, self._token_until = f"token{next(self._numbers)}-+/=", self.now + timedelta(seconds=7200)
        left_s = int((self._token_until - self.now).total_seconds())
        return {"errcode": 0, "errmsg": "ok", "access_token": self._token, "expires_in": left_s}

    # -- files

    def _upload(self, query: dict[str, str], request: Request) -> dict[str, Any]:
        """One part named ``media``, with a file name and a length; pictures are JPG or PNG of more than 5 bytes and at most 2 MB. Kept for three days."""
        if query.get("type") != "image":
            raise Said(40004)
        head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
        parts = BytesParser(policy=policy.HTTP).parsebytes(head + request.body)
        files = [one for one in parts.iter_parts() if one.get_param("name", header="content-disposition") == "media"]
        if len(files) != 1 or not files[0].get_filename():
            raise Said(44001)
        content = files[0].get_payload(decode=True)
        if str(files[0].get_param("filelength", header="content-disposition")) != str(len(content)):
            raise Said(44001)
        if not content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
            raise Said(40005)
        if not 5 < len(content) <= 2 * 1024 * 1024:
            raise Said(40009)
        name = f"media{next(self._numbers)}_-x"
        self.media[name] = (content, self.now + timedelta(days=3))
        return {"type": "image", "media_id": name, "created_at": str(int(self.now.timestamp()))}

    def _check_media(self, attachment: dict[str, Any]) -> None:
        """What an attachment names must have been uploaded, within three days."""
        held = attachment[attachment["msgtype"]]
        name = held.get("pic_media_id") or held.get("media_id")
        if name and name not in self.foreign and (name not in self.media or self.media[name][1] <= self.now):
            raise Said(40007)

    # -- mass messages

    def _add(self, body: dict[str, Any]) -> dict[str, Any]:
        _check_content(body)
        for one in body.get("attachments", []):
            self._check_media(one)
        sender, chat_type = body.get("sender"), body.get("chat_type")
        if sender is not None:
            self._check_user(sender)
        if chat_type == "single":
            given, most = body.get("external_userid", []), 10_000
        elif chat_type == "group" and sender is not None:
            given, most = body.get("chat_id_list", []), 2000
        else:
            raise Said(40058)
        if len(given) > most or (not given and sender is None):
            raise Said(40058)
        asked: dict[str, list[str]] = {}
        failed = []
        for one in given or [who for who, known in self.customers.items() if sender in known]:
            userid = self._asked_of(one, chat_type, sender)
            if userid is None:
                failed.append(one)
            else:
                asked.setdefault(userid, []).append(one)
        if not asked:
            raise Said(41048)
        msgid = f"msg{next(self._numbers)}"
        self.masses[msgid] = Mass(msgid, chat_type, body, self.now, asked)
        return {"fail_list": failed, "msgid": msgid}

    def _asked_of(self, one: str, chat_type: str, sender: str | None) -> str | None:
        if chat_type == "group":
            return sender if sender is not None and self.owners.get(one) == sender else None
        known = self.customers.get(one, [])
        if sender is not None:
            return sender if sender in known else None
        return known[-1] if known else None

    def _mass(self, body: dict[str, Any]) -> Mass:
        if not body.get("msgid"):
            raise Said(41046)
        if body["msgid"] not in self.masses:
            raise Said(41047)
        return self.masses[body["msgid"]]

    def _tasks(self, body: dict[str, Any]) -> dict[str, Any]:
        mass = self._mass(body)
        rows = []
        for userid in mass.asked:
            rows.append({"userid": userid, "status": 2 if userid in mass.sent else 0})
            if userid in mass.sent:
                rows[-1]["send_time"] = int(mass.sent[userid].timestamp())
        return self._paged(body, rows, "task_list", 1000)

    def _results(self, body: dict[str, Any]) -> dict[str, Any]:
        mass, userid = self._mass(body), body.get("userid")
        if userid not in mass.asked:
            raise Said(60111)
        name = "external_userid" if mass.chat_type == "single" else "chat_id"
        rows = []
        for one in mass.asked[userid]:
            rows.append({name: one, "userid": userid, "status": mass.status.get(one, 0)})
            if mass.status.get(one) == 1:
                rows[-1]["send_time"] = int(mass.sent[userid].timestamp())
        return self._paged(body, rows, "send_list", 1000)

    def _list(self, body: dict[str, Any]) -> dict[str, Any]:
        start, end = body["start_time"], body["end_time"]
        if not 0 <= end - start <= 31 * 86400 or body.get("filter_type", 2) not in (0, 1, 2):
            raise Said(40058)
        rows = []
        for mass in self.masses.values():
            is_asked_for = body.get("filter_type", 2) in (2, 0 if mass.is_of_corp else 1)
            is_then = start <= mass.made_at.timestamp() <= end
            if mass.chat_type != body["chat_type"] or not is_asked_for or not is_then:
                continue
            row = {
                "msgid": mass.msgid,
                "create_time": str(int(mass.made_at.timestamp())),
                "create_type": int(not mass.is_of_corp),
            }
            row |= {name: mass.body[name] for name in ("text", "attachments") if name in mass.body}
            # WeCom leaves the creator out for what a program has made.
            rows.append(row if mass.creator is None else {**row, "creator": mass.creator})
        return self._paged(body, rows, "group_msg_list", 100)

    def _paged(self, body: dict[str, Any], rows: list[dict[str, Any]], name: str, most: int) -> dict[str, Any]:
        limit, cursor = body.get("limit", 50), body.get("cursor", "")
        if not 1 <= limit <= most or (cursor and not cursor.startswith("from")):
            raise Said(40058)
        begin = int(cursor.removeprefix("from") or 0)
        end = begin + min(limit, self.page)
        return {name: rows[begin:end], "next_cursor": f"from{end}" if end < len(rows) else ""}

    def _cancel(self, body: dict[str, Any]) -> dict[str, Any]:
        mass = self._mass(body)
        if mass.is_cancelled:
            raise Said(41093)
        mass.is_cancelled = True
        return {}

    def _remind(self, body: dict[str, Any]) -> dict[str, Any]:
        mass = self._mass(body)
        if mass.is_cancelled:
            raise Said(41093)
        if sum(at > self.now - timedelta(hours=24) for at in mass.reminded) >= 3:
            raise Said(41094)
        mass.reminded.append(self.now)
        return {}

    # -- app messages

    def _check_user(self, userid: str) -> None:
        if userid not in self.staff:
            raise Said(60111)
        if userid in self.invisible:
            raise Said(60011)

    def _send(self, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("agentid") != AGENT:
            raise Said(301002)
        if body.get("msgtype") != "text":
            raise Said(40008)
        if not body["text"]["content"]:
            raise Said(44004)
        asked = body["touser"].split("|")
        if len(asked) > 1000:
            raise Said(40003)
        spelt = {one.lower(): one for one in self.staff - self.invisible}
        invalid = [one.lower() for one in asked if one.lower() not in spelt]
        bare = {one.lower() for one in self.unlicensed}
        unlicensed = [one.lower() for one in asked if one.lower() in bare]
        reached = [spelt[one.lower()] for one in asked if one.lower() in spelt and one.lower() not in bare]
        if not reached:
            raise Said(81013)
        if not self._is_repeat(body):
            for userid in reached:
                self._deliver(userid, body["text"]["content"])
        said = {"invaliduser": "|".join(invalid), "unlicenseduser": "|".join(unlicensed)}
        return {**{name: told for name, told in said.items() if told}, "msgid": f"app{next(self._numbers)}"}

    def _is_repeat(self, body: dict[str, Any]) -> bool:
        if not body.get("enable_duplicate_check"):
            return False
        interval = body.get("duplicate_check_interval", 1800)
        if not 1 <= interval <= 14400:
            raise Said(40058)
        same = json.dumps(body)
        is_repeat = same in self._known and self.now - self._known[same] < timedelta(seconds=interval)
        if not is_repeat:
            self._known[same] = self.now
        return is_repeat

    def _deliver(self, userid: str, text: str) -> None:
        """What is too long is cut and what is too much is dropped, without a word."""
        told = [at for at in self._told.get(userid, []) if at > self.now - timedelta(hours=1)]
        if len(told) < 1000 and sum(at > self.now - timedelta(minutes=1) for at in told) < 30:
            self._told[userid] = [*told, self.now]
            self.inbox.append((userid, text.encode()[:2048].decode(errors="ignore")))


def _check_content(body: dict[str, Any]) -> None:
    text, attachments = body.get("text", {}).get("content", ""), body.get("attachments", [])
    if not text and not attachments:
        raise Said(44004)
    if len(text.encode()) > 4000:
        raise Said(45002)
    if len(attachments) > 9:
        raise Said(41064)
    for one in attachments:
        name = one.get("msgtype")
        if name not in SHAPES or not isinstance(one.get(name), dict):
            raise Said(40058)
        held = one[name]
        for part, most in SHAPES[name].items():
            if not held.get(part) or (most is not None and len(held[part].encode()) > most):
                raise Said(40058)
        if name == "image" and not (held.get("media_id") or held.get("pic_url")):
            raise Said(40058)
        if len(held.get("desc", "").encode()) > 512:
            raise Said(40058)


@contextmanager
def working(now: datetime) -> Iterator[Corp]:
    corp = Corp(now)
    with serving(corp.answer) as port:
        corp.base = f"http://{HERE}:{port}"
        yield corp


# -- callbacks --------------------------------------------------------------------------------------------------------


def sealed(aes_key: str, message: bytes, receiver: str, salt: bytes = b"0123456789abcdef") -> str:
    """As WeCom seals what it sends."""
    key = b64decode(aes_key + "=")
    padder = PKCS7(256).padder()
    plain = salt + len(message).to_bytes(4, "big") + message + receiver.encode()
    encryptor = Cipher(algorithms.AES256(key), modes.CBC(key[:16])).encryptor()
    padded = padder.update(plain) + padder.finalize()
    return b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def query_of(token: str, encrypted: str, at: datetime, nonce: str = "n0nce") -> dict[str, str]:
    """What stands in the address of a callback."""
    timestamp = str(int(at.timestamp()))
    parts = sorted([token, timestamp, nonce, encrypted])
    return {"msg_signature": hashlib.sha1("".join(parts).encode()).hexdigest(), "timestamp": timestamp, "nonce": nonce}


def envelope(encrypted: str) -> bytes:
    corp, agent, inside = (f"<![CDATA[{one}]]>" for one in (CORP, str(AGENT), encrypted))
    return f"<xml><ToUserName>{corp}</ToUserName><AgentID>{agent}</AgentID><Encrypt>{inside}</Encrypt></xml>".encode()
