"""A receiver of the house that is a program: signed as Standard Webhooks asks, known again by ``webhook-id``, the same body at every try."""

import json
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus

from core.senders.outcomes import Halted
from core.senders.parcels import Fate, Parcel
from core.senders.posting import Answer, Poster
from core.senders.sender import Gone
from core.senders.ways.dividing import single, taken
from core.senders.webhook import judge, signed

KIND = "campaign.message"
PING = "connector.ping"
CLOSED = {
    HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE,
}  # fmt: skip
"""With these, and with a redirect, the receiver says something about itself and not about one message."""


class WebhookWay:
    """``secrets``: newest first; those after the first sign until ``old_until``, without which they do for ever."""

    is_repeatable = True
    most_at_once = 1

    def __init__(self, poster: Poster, address: str, secrets: Sequence[str], old_until: datetime | None = None) -> None:
        self._poster = poster
        self._address = address
        self._secrets = tuple(secrets)
        self._old_until = old_until

    def send(self, parcels: Sequence[Parcel], now: datetime) -> list[Fate]:
        """Delivered: the receiver said that it has taken it. Raises as ``core.senders.parcels.Way``."""
        return single(parcels, self._send, now)

    def ping(self, message_id: str, now: datetime) -> None:
        """A message of nobody, which the receiver has to take as any other. Raises as ``send``."""
        self._post(message_id, _said(PING, {}), now)

    def _send(self, parcel: Parcel, now: datetime) -> Fate:
        self._post(parcel.message_id, written(parcel), now)
        return taken(parcel, "delivered", parcel.message_id)

    def _post(self, message_id: str, body: bytes, now: datetime) -> None:
        is_changing = self._old_until is None or now < self._old_until
        signing = self._secrets if is_changing else self._secrets[:1]
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "siyu-cockpit",
            **signed(message_id, body, signing, now),
        }
        try:
            answer = self._poster.post(self._address, body, headers, now)
        except Gone as error:  # the address is the house's own; no member is to blame
            raise Halted(error.code) from error
        if _is_closed(answer):
            raise Halted(f"http.{answer.status}")
        judge(answer)


def written(parcel: Parcel) -> bytes:
    """The body: ``member`` is the pseudonym. What is empty is left out; equal for equal parcels."""
    told = {
        "id": parcel.message_id,
        "member": parcel.address,
        "purpose": parcel.purpose,
        "campaign": parcel.reference,
        "title": parcel.title,
        "text": parcel.text,
        "link": parcel.link,
        "link_title": parcel.link_title,
        "picture": parcel.picture,
        "unsubscribe": parcel.way_out,
    }
    return _said(KIND, {**parcel.data, **{name: value for name, value in told.items() if value}})


def _said(kind: str, data: dict[str, object]) -> bytes:
    body = {"type": kind, "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()


def _is_closed(answer: Answer) -> bool:
    return 300 <= answer.status < 400 or answer.status in CLOSED
