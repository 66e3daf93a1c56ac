"""What else can become of a message when thousands are sent: beside the four classes of ``core.senders.sender``.

A campaign must know whom or what a refusal is about: this one recipient (``Permanent``, ``Gone``, ``Ungranted``), the content and so everybody (``Unfit``),
or the way out itself (``Halted``).
"""

from core.senders.sender import NotSent, Permanent


class Halted(NotSent):
    """Not taken, and nothing else will be: credentials, rights, money or the clock are wrong. Nobody asks there again until somebody has changed something."""


class Unfit(Permanent):
    """Not taken, and never for anybody: the template, the signature or the kind of message is refused."""


class Ungranted(Permanent):
    """Not taken: the recipient has not allowed this kind of message, or the permission is spent. It may be given anew."""


class Divisible(Permanent):
    """Not taken: one of several recipients is the reason, and the other side does not say which. Each may be sent to alone."""
