"""One question to a platform that answers in JSON: what its answer says of the question itself, before anybody looks at what it says.

The address belongs to the house, never to a recipient: whatever is wrong with it closes the way out and suppresses nobody.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from core.senders.outcomes import Halted
from core.senders.posting import Answer, Poster
from core.senders.sender import Gone, Temporary, Uncertain

MOST_BYTES = 1024 * 1024
BUSY = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


def asked(
    poster: Poster, address: str, body: bytes, headers: Mapping[str, str], now: datetime, *, query: str = ""
) -> dict[str, Any]:
    """The object that it answers, also beside a status of 4xx: what is wrong stands inside.

    Raises ``Temporary``, ``Uncertain``, and ``Halted`` for an address that must not be asked, or that does not answer as the platform does.
    """
    try:
        answer = poster.post(address, body, headers, now, query=query, most_bytes=MOST_BYTES)
    except Gone as error:
        raise Halted(error.code) from error
    return _object(answer)


def _object(answer: Answer) -> dict[str, Any]:
    if answer.status in BUSY:
        raise Temporary(f"http.{answer.status}", answer.after_s)
    if answer.status >= 500:
        raise Uncertain(f"http.{answer.status}")
    is_taken = 200 <= answer.status < 300
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise _unreadable(answer, is_taken) from error
    if not isinstance(said, dict):
        raise _unreadable(answer, is_taken)
    return said


def _unreadable(answer: Answer, is_taken: bool) -> Uncertain | Halted:
    return Uncertain("http.unreadable") if is_taken else Halted(f"http.{answer.status}")
