"""Robots of WeCom group chats: plain text, at most 2048 bytes, 20 a minute each. The key in the address is the credential.

There is no key by which a robot tells a message that it has already had: after a lost answer nobody can say whether the group has read it.
"""

import json
import re
from datetime import datetime
from http import HTTPStatus

from core.senders.posting import Answer, Poster
from core.senders.sender import Destination, Gone, Message, Permanent, Temporary, Uncertain

BASE = "https://qyapi.weixin.qq.com"
PATH = "/cgi-bin/webhook/send"
MOST_BYTES = 2048
CUT = "…"
RATE, MINUTE_S = 45009, 60.0
BUSY = {-1, 45033}
EMPTY = {"robot.44004", "robot.40058", "robot.40008"}
"""What WeCom answers to a robot that says nothing, once it knows the robot."""
REMOVED = {93000, 93004, 93008, 40001, 40013}
_KEY = re.compile(r"[A-Za-z0-9_-]{8,80}")


class Robot:
    is_repeatable = False
    most_per_minute: int | None = 20

    def __init__(self, poster: Poster, base: str = BASE) -> None:
        self._poster = poster
        self._base = base

    def send(self, to: Destination, message: Message, now: datetime) -> None:
        _judge(self._post(to.secrets[0], cut(written(message)), now))

    def check(self, key: str, now: datetime) -> None:
        """Whether WeCom knows the key, by a text without a word, which it refuses for that and shows to nobody. Raises as ``send``."""
        try:
            _judge(self._post(key, "", now))
        except Permanent as error:
            if error.code not in EMPTY:
                raise

    def _post(self, key: str, text: str, now: datetime) -> Answer:
        body = {"msgtype": "text", "text": {"content": text}}
        headers = {"Content-Type": "application/json", "User-Agent": "siyu-cockpit"}
        address = f"{self._base}{PATH}?key={key}"
        return self._poster.post(address, json.dumps(body, ensure_ascii=False).encode(), headers, now)


def key(text: str) -> str | None:
    """The key of a robot, out of itself or of the whole address that WeCom shows; None where it is neither."""
    given = text.strip()
    if given.startswith(f"{BASE}{PATH}?key="):
        given = given.removeprefix(f"{BASE}{PATH}?key=")
    return given if _KEY.fullmatch(given) else None


def written(message: Message) -> str:
    """Its title and its text; the title once."""
    text = message.text if message.text.startswith(message.title) else f"{message.title}\n{message.text}"
    return text.strip()


def cut(text: str, most: int = MOST_BYTES) -> str:
    """At most so many bytes: whole lines where that leaves any, and a mark that something is missing."""
    if len(text.encode()) <= most:
        return text
    kept = text.encode()[: most - len(CUT.encode()) - 1].decode(errors="ignore")
    whole, found, _ = kept.rpartition("\n")
    return f"{whole}\n{CUT}" if found else f"{kept}{CUT}"


def _judge(answer: Answer) -> None:
    """WeCom says errors as 200 with a number; its words beside the number hold addresses and are not read."""
    if answer.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        raise Temporary(f"http.{answer.status}", answer.after_s)
    if answer.status >= 500:
        raise Uncertain(f"http.{answer.status}")
    if answer.status != HTTPStatus.OK:
        raise Permanent(f"http.{answer.status}")
    errcode = _errcode(answer.body)
    if errcode == 0:
        return
    code = f"robot.{errcode}"
    if errcode == RATE:
        raise Temporary(code, MINUTE_S)
    if errcode in BUSY:
        raise Temporary(code)
    raise Gone(code) if errcode in REMOVED else Permanent(code)


def _errcode(body: bytes) -> int:
    try:
        said = json.loads(body)
    except ValueError as error:
        raise Uncertain("robot.unreadable") from error
    errcode = said.get("errcode") if isinstance(said, dict) else None
    if not isinstance(errcode, int):
        raise Uncertain("robot.unreadable")
    return errcode
