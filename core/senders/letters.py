"""Letters of campaigns, through the house's own server: with a way out in one click and a return path of their own.

Nothing on the way knows a letter that it has had already: after ``Uncertain`` nobody sends it again.
"""

import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

from core.senders import addresses, bounces, leaving
from core.senders.bounces import Returns
from core.senders.outcomes import Halted
from core.senders.sender import Gone, NotSent, Permanent, Temporary
from core.senders.smtp import WITHIN_S, Smtp
from core.settings import Mail

WHOLE = frozenset({"to", "message-id", "list-unsubscribe"})
CLOSED = frozenset({"smtp.login", "smtp.certificate", "smtp.unsupported"})


class _Lines(EmailPolicy):
    """As letters go over the wire, with some lines left whole: the library would write a long link as encoded words, which no mail program takes for a link."""

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}" if name.lower() in WHOLE else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii")


LINES = _Lines(linesep="\r\n")


@dataclass(frozen=True, slots=True)
class Letter:
    """``message_id``: as ``bounces.path`` takes it. ``sender_name``: who writes, as people know the brand. ``text`` is plain; ``html`` the same for those who see pictures.
    ``way_out``: the link of ``leaving``; empty of a letter that is no marketing, which needs none."""

    message_id: str
    sender_name: str
    title: str
    text: str = field(repr=False)
    way_out: str = field(repr=False)
    html: str | None = field(default=None, repr=False)


class Letters:
    is_repeatable = False

    def __init__(
        self, mail: Mail, returns: Returns, context: ssl.SSLContext | None = None, within_s: float = WITHIN_S
    ) -> None:
        self._mail = mail
        self._returns = returns
        self._server = Smtp(mail, context, within_s)

    def send(self, to: str, letter: Letter, now: datetime) -> None:
        """Returns where the server has taken it; that it arrived nobody says, that it did not ``bounces`` tells.

        Raises ``Gone`` for an address that is none or that the server knows to be given up, ``Permanent`` for a title or a name of several lines and for what the server
        refuses this time and always, ``Temporary``, ``Uncertain``, and ``Halted`` where the server takes nothing from this house; ``ValueError`` for a way out or a
        ``message_id`` that is none.
        """
        path = bounces.path(self._returns, letter.message_id)
        content = written(self._mail.sender, to, letter, now).as_bytes(policy=LINES)
        try:
            self._server.hand_over(path, to, content, judged)
        except Temporary as error:
            if error.code in CLOSED:
                raise Halted(error.code) from error
            raise


def written(sender: str, to: str, letter: Letter, now: datetime) -> EmailMessage:
    """The letter; nothing that a person typed can write a header."""
    if not addresses.is_mail(to):
        raise Gone("address.address")
    if not (letter.title.isprintable() and letter.sender_name.isprintable()):
        raise Permanent("smtp.title")
    user, _, domain = sender.rpartition("@")
    made = EmailMessage(policy=LINES)
    made["From"] = Address(letter.sender_name, user, domain)
    made["To"] = to
    made["Subject"] = letter.title
    made["Date"] = format_datetime(now)
    made["Message-ID"] = f"<{letter.message_id}@{domain}>"
    for name, value in (leaving.headers(letter.way_out) if letter.way_out else {}).items():
        made[name] = value
    made.set_content(letter.text, charset="utf-8", cte="base64")
    if letter.html is not None:
        made.add_alternative(letter.html, subtype="html", charset="utf-8", cte="base64")
    return made


def judged(stage: str, status: int, words: str) -> NotSent:
    """What a server's refusal means. Of its words only the enhanced status is read: ``550 5.1.1`` about the recipient is the end of the address, ``550`` alone is
    not, for servers also say it to houses that they do not like."""
    if not 500 <= status < 600:
        return Temporary(f"smtp.{status}")
    if stage == "MAIL":
        return Halted(f"smtp.{status}")
    told = bounces.enhanced(words)
    return Gone(f"smtp.{told}") if stage == "RCPT" and bounces.kind(told) == "hard" else Permanent(f"smtp.{status}")
