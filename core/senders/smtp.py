"""E-mail through the house's own server: plain text, encrypted on the way, with an identity that stays the same at every try."""

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from core.senders import addresses
from core.senders.sender import Destination, Gone, Message, NotSent, Permanent, Temporary, Uncertain
from core.settings import Mail

WITHIN_S = 10.0
Judge = Callable[[str, int, str], NotSent]
"""What a refusal means: at which command (``MAIL``, ``RCPT``, ``DATA``), with which status, in which words; the words go nowhere else."""


class Smtp:
    """``context``: whom to believe, else what the system believes. Never falls back to plain text."""

    is_repeatable = True
    most_per_minute: int | None = None

    def __init__(self, mail: Mail, context: ssl.SSLContext | None = None, within_s: float = WITHIN_S) -> None:
        self._mail = mail
        self._context = context or ssl.create_default_context()
        self._within_s = within_s

    def send(self, to: Destination, message: Message, now: datetime) -> None:
        letter = written(self._mail.sender, to.address, message, now).as_bytes(policy=SMTP)
        self.hand_over(self._mail.sender, to.address, letter, _refused)

    def hand_over(self, sender: str, address: str, letter: bytes, judge: Judge) -> None:
        """One letter under an envelope that may name another sender than the letter does. Raises what ``judge`` says, ``Temporary``, ``Uncertain``."""
        server = self._opened()
        try:
            self._greet(server)
            _hand_over(server, sender, address, letter, judge)
        finally:
            with suppress(OSError, smtplib.SMTPException):  # it was taken or refused by now; how they part says nothing
                server.quit()
            server.close()

    def check(self) -> None:
        """Greet, encrypt, log in, and say goodbye. Raises ``Temporary``."""
        server = self._opened()
        try:
            self._greet(server)
            server.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            raise _unreached(error) from error
        finally:
            with suppress(OSError, smtplib.SMTPException):  # how they part says nothing
                server.quit()
            server.close()

    def _opened(self) -> smtplib.SMTP:
        mail, within = self._mail, self._within_s
        try:
            if mail.security == "ssl":
                return smtplib.SMTP_SSL(mail.host, mail.port, timeout=within, context=self._context)
            return smtplib.SMTP(mail.host, mail.port, timeout=within)
        except (OSError, smtplib.SMTPException) as error:
            raise _unreached(error) from error

    def _greet(self, server: smtplib.SMTP) -> None:
        try:
            if self._mail.security == "starttls":
                server.starttls(context=self._context)
            if self._mail.user:
                server.login(self._mail.user, self._mail.password)
        except smtplib.SMTPAuthenticationError as error:
            raise Temporary("smtp.login") from error
        except smtplib.SMTPNotSupportedError as error:
            raise Temporary("smtp.unsupported") from error
        except (OSError, smtplib.SMTPException) as error:
            raise _unreached(error) from error


def written(sender: str, address: str, message: Message, now: datetime) -> EmailMessage:
    """The letter. Raises ``Gone`` for an address that is none or more than one, ``Permanent`` for a title of several lines: neither may write headers."""
    if not addresses.is_mail(address):
        raise Gone("address.address")
    if not message.title.isprintable():
        raise Permanent("smtp.title")
    letter = EmailMessage(policy=SMTP)
    letter["From"] = sender
    letter["To"] = address
    letter["Subject"] = message.title
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = f"<{message.message_id}@{sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text, charset="utf-8", cte="base64")
    return letter


def _hand_over(server: smtplib.SMTP, sender: str, address: str, letter: bytes, judge: Judge) -> None:
    try:
        server.ehlo_or_helo_if_needed()
        _expect("MAIL", server.mail(sender), judge)
        _expect("RCPT", server.rcpt(address), judge)
    except (OSError, smtplib.SMTPException) as error:
        raise _unreached(error) from error
    try:
        _expect("DATA", server.data(letter), judge)
    except smtplib.SMTPDataError as error:
        raise judge("DATA", error.smtp_code, _words(error.smtp_error)) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Uncertain("smtp.lost") from error


def _expect(stage: str, answer: tuple[int, bytes], judge: Judge) -> None:
    if not 200 <= answer[0] < 300:
        raise judge(stage, answer[0], _words(answer[1]))


def _words(said: bytes | str) -> str:
    return said.decode("ascii", "replace") if isinstance(said, bytes) else said


def _refused(_stage: str, status: int, _words: str) -> NotSent:
    return Permanent(f"smtp.{status}") if 500 <= status < 600 else Temporary(f"smtp.{status}")


def _unreached(error: Exception) -> NotSent:
    """Whatever went wrong before the letter was handed over may be tried again."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Temporary("smtp.certificate")
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        return Temporary(f"smtp.{error.smtp_code}")
    return Temporary("smtp.unreachable")
