"""What WeCom takes of one message, checked before it is asked: a refusal names the field."""

from collections.abc import Sequence

from core.errors import Refusal


class InvalidMessage(Refusal):
    """WeCom would not take this message, or not all of it. ``field`` says where (``attachments[1].link.title``), ``reason`` what is wrong: ``empty``, ``long``,
    ``many``, ``repeated``, ``letters`` (what cannot be written as UTF-8), ``identity`` (no id at all), ``kind`` (no file of a kind that is taken) or ``extra``; ``most``: bytes or items
    that it may have, None where that is not the matter."""

    code = "wecom.message"

    def __init__(self, field: str, reason: str, most: int | None = None) -> None:
        super().__init__(f"The message cannot be sent: {field} ({reason}).", field=field, reason=reason, most=most)
        self.field, self.reason, self.most = field, reason, most


def check_text(field: str, text: str, most_bytes: int | None = None, *, may_be_empty: bool = False) -> None:
    """``most_bytes`` as UTF-8, None where no limit is published. Spaces alone are no text."""
    if not text.strip() and not may_be_empty:
        raise InvalidMessage(field, "empty")
    try:
        length = len(text.encode())
    except UnicodeEncodeError:
        raise InvalidMessage(field, "letters") from None  # the cause holds the text
    if most_bytes is not None and length > most_bytes:
        raise InvalidMessage(field, "long", most_bytes)


def check_ids(field: str, ids: Sequence[str], most: int) -> None:
    """At least one, at most so many, each a word of its own. Letters of either case are the same to WeCom's user ids only: see the caller."""
    if not ids:
        raise InvalidMessage(field, "empty")
    if len(ids) > most:
        raise InvalidMessage(field, "many", most)
    if not all(is_id(one) for one in ids):
        raise InvalidMessage(field, "identity")
    if len(set(ids)) != len(ids):
        raise InvalidMessage(field, "repeated")


def is_id(text: str) -> bool:
    """Whether this may be an id of WeCom: visible ASCII without what separates ids in a list, at most 64 of them."""
    return 0 < len(text) <= 64 and text.isascii() and text.isprintable() and not set(text) & {" ", "|", ","}
