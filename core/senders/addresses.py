"""Where a message may go: addresses that people typed, held against what must never be reached from inside the house.

A web address is ``https``, port 443, without a user, and every address that its name stands for is public; the connection is then made
to the address that was looked at, so that a second answer of the name server changes nothing. Hosts that the house itself
named (``SIYU_WEBHOOK_HOSTS``) are free of all this.
"""

import ipaddress
import re
import socket
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.senders.sender import Gone, Temporary

HTTPS = 443
LONGEST_WEB, LONGEST_MAIL = 2000, 254
_MAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+"
)
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_INSIDE_V6 = ipaddress.ip_network("64:ff9b::/96")
"""Addresses of the old kind written as new ones, which a gateway turns back (NAT64)."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class InvalidWeb(ValueError):
    """``reason``: ``address``, ``scheme``, ``port``, ``user`` or ``private``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Web:
    """A web address in its parts. ``target``: path and query."""

    is_https: bool
    host: str
    port: int
    target: str

    @property
    def said_host(self) -> str:
        """As the ``Host`` line has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_https else 80) else f"{host}:{self.port}"


def is_mail(text: str) -> bool:
    """Whether this is one address of e-mail and nothing else: no name beside it, no second one, no line end."""
    return len(text) <= LONGEST_MAIL and _MAIL.fullmatch(text) is not None


def web(text: str, inner_hosts: Collection[str] = ()) -> Web:
    """A web address that may be asked. ``inner_hosts``: hosts in lower case, with or without a port, that the house trusts. Raises ``InvalidWeb``."""
    if len(text) > LONGEST_WEB or not _PRINTABLE.fullmatch(text) or "\\" in text:
        raise InvalidWeb("address")
    try:
        parts = urlsplit(text)
        port, host = parts.port, (parts.hostname or "").lower()
    except ValueError as error:
        raise InvalidWeb("address") from error
    if parts.scheme not in ("http", "https"):
        raise InvalidWeb("scheme")
    if not host or parts.fragment:
        raise InvalidWeb("address")
    if parts.username is not None or parts.password is not None:
        raise InvalidWeb("user")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    found = Web(parts.scheme == "https", host, port or (443 if parts.scheme == "https" else 80), target)
    if not is_inner(found, inner_hosts):
        _refuse(found)
    return found


def _refuse(found: Web) -> None:
    if not found.is_https:
        raise InvalidWeb("scheme")
    if found.port != HTTPS:
        raise InvalidWeb("port")
    if found.host == "localhost" or found.host.endswith(".localhost"):
        raise InvalidWeb("private")
    literal = _literal(found.host)
    if literal is not None and not is_public(literal):
        raise InvalidWeb("private")


def _literal(host: str) -> Address | None:
    """The address that a host is, however it is written: ``0x7f000001`` and ``127.1`` are addresses as well. None for a name."""
    with suppress(ValueError):
        return ipaddress.ip_address(host)
    with suppress(OSError):  # not even one of the odd ways
        return ipaddress.IPv4Address(socket.inet_aton(host))
    return None


def resolved(found: Web, inner_hosts: Collection[str] = ()) -> str:
    """The address to connect to. Raises ``Gone`` where any address of the host is not public, ``Temporary`` where it has none now."""
    try:
        answers = socket.getaddrinfo(found.host, found.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Temporary("http.unknown_host") from error
    told = [str(answer[4][0]) for answer in answers]
    if not told:
        raise Temporary("http.unknown_host")
    if not is_inner(found, inner_hosts) and not all(is_public(ipaddress.ip_address(one)) for one in told):
        raise Gone("address.private")
    return told[0]


def is_public(address: Address) -> bool:
    """Whether this is an address of the open Internet, and so is every other that is written inside it."""
    if isinstance(address, ipaddress.IPv6Address):
        within: list[Address] = [one for one in (address.ipv4_mapped, address.sixtofour) if one]
        within += address.teredo or ()
        if address in _INSIDE_V6:
            within.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if not all(is_public(one) for one in within):
            return False
        if address.ipv4_mapped:
            return True
    return address.is_global and not address.is_multicast


def is_inner(found: Web, inner_hosts: Collection[str]) -> bool:
    """Whether the house itself named this host."""
    return found.host in inner_hosts or f"{found.host}:{found.port}" in inner_hosts
