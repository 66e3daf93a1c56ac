"""What people write back. R, T, TD and 退订, however they are typed, take the permission back at once."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime

LEAVING = frozenset({"r", "t", "td", "退订", "退訂"})
_AROUND = re.compile(r"[\W_]+")
_SAID = re.compile("^(?:请|請)?(?:回复|回復|回覆)")


@dataclass(frozen=True, slots=True)
class Reply:
    """``number`` as ``numbers.e164`` writes it. ``text`` is what a person wrote, and belongs into no log."""

    number: str = field(repr=False)
    text: str = field(repr=False)
    at: datetime

    @property
    def leaves(self) -> bool:
        return leaves(self.text)


def leaves(text: str) -> bool:
    """Whether somebody wants no more messages: one of the words and nothing else, in any case and width, with any signs or spaces around and between;
    a 回复 copied from our own message (``回复TD``) counts as nothing."""
    plain = _AROUND.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return _SAID.sub("", plain) in LEAVING
