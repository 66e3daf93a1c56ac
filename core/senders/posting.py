"""One POST to an address that somebody typed: to the very machine that was looked at, without redirects, within a time and a size.

The standard library's client is enough for that, and says nothing of addresses to any log.
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime

from core.senders import addresses
from core.senders.addresses import InvalidWeb, Web
from core.senders.sender import Gone, Temporary, Uncertain

WITHIN_S = 10.0
MOST_BYTES = 64 * 1024
LONGEST_PAUSE_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """``after_s``: seconds that the other side asks to be left alone, None where it does not. ``body``: its beginning, 64 KiB unless more is asked for."""

    status: int
    body: bytes
    after_s: float | None


class Poster:
    """``inner_hosts``: hosts of the house (``core.senders.addresses``). ``context``: whom to believe, else what the system believes."""

    def __init__(
        self, inner_hosts: Collection[str] = (), context: ssl.SSLContext | None = None, within_s: float = WITHIN_S
    ) -> None:
        self._inner_hosts = frozenset(inner_hosts)
        self._context = context or ssl.create_default_context()
        self._within_s = within_s

    def post(
        self,
        address: str,
        body: bytes,
        headers: Mapping[str, str],
        now: datetime,
        *,
        query: str = "",
        most_bytes: int = MOST_BYTES,
    ) -> Answer:
        """Whatever status it answers. ``query``: what a program puts behind the address, encoded, as long as it needs to be.

        Raises ``Gone`` for an address that must not be asked, ``Temporary`` where nobody was reached, ``Uncertain`` where the answer did not come.
        """
        try:
            web = addresses.web(address, self._inner_hosts)
        except InvalidWeb as error:
            raise Gone(f"address.{error.reason}") from error
        if query:
            web = replace(web, target=f"{web.target}{'&' if '?' in web.target else '?'}{query}")
        opened = self._opened(web, addresses.resolved(web, self._inner_hosts))
        # Each single wait is limited by the socket; this limits all of them together.
        ending = threading.Timer(self._within_s, _shut, (opened,))
        ending.daemon = True
        ending.start()
        try:
            _greet(opened)
            return _asked(web, opened, body, headers, now, most_bytes)
        finally:
            ending.cancel()
            opened.close()

    def _opened(self, web: Web, where: str) -> socket.socket:
        """Connected, and not a word said yet."""
        try:
            plain = socket.create_connection((where, web.port), timeout=self._within_s)
        except OSError as error:
            raise Temporary("http.unreachable") from error
        if not web.is_https:
            return plain
        return self._context.wrap_socket(plain, server_hostname=web.host, do_handshake_on_connect=False)


def _greet(opened: socket.socket) -> None:
    if not isinstance(opened, ssl.SSLSocket):
        return
    try:
        opened.do_handshake()
    except ssl.SSLCertVerificationError as error:
        raise Temporary("http.certificate") from error
    except OSError as error:
        raise Temporary("http.unreachable") from error


def _asked(
    web: Web, opened: socket.socket, body: bytes, headers: Mapping[str, str], now: datetime, most_bytes: int
) -> Answer:
    connection = http.client.HTTPConnection(web.host, web.port)
    connection.sock = opened
    try:
        connection.request("POST", web.target, body, {"Host": web.said_host, **headers})
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(most_bytes), _pause(answer.getheader("Retry-After"), now))
    except (OSError, http.client.HTTPException) as error:
        raise Uncertain("http.lost") from error
    finally:
        connection.close()


def _shut(opened: socket.socket) -> None:
    try:
        # The plain socket's own: that of TLS takes the encryption away from under whoever reads.
        socket.socket.shutdown(opened, socket.SHUT_RDWR)
    except OSError:  # it has ended by itself
        return


def _pause(asked: str | None, now: datetime) -> float | None:
    """Seconds of a ``Retry-After``, which is a number or a time; at most a day. None for one that says neither."""
    if not asked:
        return None
    text = asked.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_PAUSE_S)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        return None
    return min(max((until - now).total_seconds(), 0.0), LONGEST_PAUSE_S)
