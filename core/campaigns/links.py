"""Short links of messages: which message somebody followed a link of, and which link, in few letters that nobody can guess.

``/c/<token>`` leads on to a link of a message, ``/u/<token>`` out (that token is ``core.senders.leaving``'s). A token is one number in letters and digits alone, because programs that turn
text into links leave other signs at the end out: the message, the link, and 64 bits that prove that the house wrote it. Nobody reads from it whose message it is.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

KEY, LEAVING_KEY = "links", "leaving"
"""Purposes of the keys of a world that sign links and ways out."""
FOLLOWED, LEFT = "c", "u"
"""First parts of the paths."""
FEWEST_BYTES, PROOF_BYTES = 32, 8
TRIAL = "trial"
"""How a way out names whoever tries a text: nobody, so that it leads to the page and changes nothing."""
MOST_LINKS = 256
"""Of one campaign: links are numbered from 0."""
MOST_MESSAGE = 2**63 - 1
LONGEST = 23
"""Letters of a token."""
_WEB = re.compile(r"https?://[^\s/?#@:]+(:\d{1,5})?([/?#]\S*)?", re.IGNORECASE)
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_TOKEN = re.compile(f"[1-9A-Za-z][0-9A-Za-z]{{0,{LONGEST - 1}}}")
_WHO = re.compile(r"([1-9]\d{0,18})\.(0|[1-9]\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a message: ``message`` as the outbox numbers it, ``number`` as its campaign does."""

    message: int
    number: int


def is_web(address: str) -> bool:
    """Whether somebody's phone can open it: the whole address, ``http://`` or ``https://``, a host, and no name or password of anybody."""
    return _WEB.fullmatch(address) is not None


def short(base_url: str, key: bytes, message: int, number: int) -> str:
    """``base_url``: of the receiver, without a slash at the end. ``key``: of 32 bytes at least, for this use alone. Raises ``ValueError``."""
    return f"{base_url}/{FOLLOWED}/{token(key, Link(message, number))}"


def way_out(base_url: str, leaving_token: str) -> str:
    """Where a reader unsubscribes. ``leaving_token``: of ``core.senders.leaving``, whose customer is ``who``."""
    return f"{base_url}/{LEFT}/{leaving_token}"


def token(key: bytes, link: Link) -> str:
    """Raises ``ValueError`` for a short key, or a message or link that cannot be."""
    if len(key) < FEWEST_BYTES or not (0 < link.message <= MOST_MESSAGE and 0 <= link.number < MOST_LINKS):
        raise ValueError("A key has 32 bytes or more; messages are numbered from 1, links from 0.")
    said = link.message * MOST_LINKS + link.number
    return _written(said << 8 * PROOF_BYTES | _proof(key, said))


def read(keys: Sequence[bytes], text: str) -> Link | None:
    """What a token says; None for one that the house did not write. ``keys``: all that were ever in use, for messages are read late."""
    if not _TOKEN.fullmatch(text):
        return None
    said, proof = divmod(_number(text), 1 << 8 * PROOF_BYTES)
    message, number = divmod(said, MOST_LINKS)
    if not 0 < message <= MOST_MESSAGE:
        return None
    told = proof.to_bytes(PROOF_BYTES)
    good = [hmac.compare_digest(_proof(key, said).to_bytes(PROOF_BYTES), told) for key in keys]
    return Link(message, number) if any(good) else None


def who(message: int, member: int) -> str:
    """How a way out names its reader: by the message, and by the member for when the message is long gone. Raises ``ValueError``."""
    name = f"{message}.{member}"
    if not _WHO.fullmatch(name):
        raise ValueError("A way out is of a message and its member.")
    return name


def read_who(name: str) -> tuple[int, int] | None:
    """Message and member of such a name; None for another."""
    found = _WHO.fullmatch(name)
    return (int(found[1]), int(found[2])) if found else None


def _proof(key: bytes, said: int) -> int:
    made = hmac.new(key, f"link\0{said}".encode(), hashlib.sha256).digest()
    return int.from_bytes(made[:PROOF_BYTES])


def _written(number: int) -> str:
    letters = []
    while number:
        number, digit = divmod(number, len(_DIGITS))
        letters.append(_DIGITS[digit])
    return "".join(reversed(letters))


def _number(text: str) -> int:
    number = 0
    for letter in text:
        number = number * len(_DIGITS) + _VALUES[letter]
    return number
