"""A mail server on a real socket (aiosmtpd), which can be told to refuse, to hang up, to want encryption or a log-in."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from ssl import SSLContext
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.fakes.serving import HERE

USER, PASSWORD = "cockpit", "correct horse"


class Box:
    """``letters``: what arrived, ``raw`` the same as it came, and ``envelopes`` from whom to whom. ``senders``, ``recipients`` and ``data``: what it answers first to ``MAIL``, ``RCPT`` and after the letter. ``hangs_up``: how often it takes a letter and ends
    the connection without a word."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.envelopes: list[tuple[str | None, list[str]]] = []
        self.senders: list[str] = []
        self.recipients: list[str] = []
        self.data: list[str] = []
        self.hangs_up = 0
        self.port = 0

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.senders:
            return self.senders.pop(0)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.recipients:
            return self.recipients.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.data:
            return self.data.pop(0)
        letter: Any = message_from_bytes(envelope.content or b"", policy=policy.default)
        self.letters.append(letter)
        self.raw.append(bytes(envelope.original_content or b""))
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        if self.hangs_up:
            self.hangs_up -= 1
            server.transport.abort()
        return "250 OK"


class _AnyPort(Controller):
    """On the port that the system gives: the library looks for itself at the one it was told, which is 0."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def post_office(
    *, tls: SSLContext | None = None, starttls: SSLContext | None = None, wants_login: bool = False
) -> Iterator[Box]:
    """``tls``: encrypted from the first word; ``starttls``: once asked to."""
    box = Box()

    def known(_server: object, _session: object, _envelope: object, _mechanism: str, data: Any) -> AuthResult:
        is_known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_known, handled=False)

    more: dict[str, Any] = {"authenticator": known, "auth_required": True} if wants_login else {}
    if starttls is not None:
        more |= {"tls_context": starttls, "require_starttls": True}
    controller = _AnyPort(box, hostname=HERE, port=0, ssl_context=tls, ready_timeout=10, **more)
    controller.start()
    try:
        box.port = controller.port
        yield box
    finally:
        controller.stop()
