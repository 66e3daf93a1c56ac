"""What a message is, told letter by letter: the words of ``core.metrics.talk`` peeled off one after another, without its expressions."""

import re
import unicodedata

from core.metrics.talk import _BESIDE, _HEARD

HEARD, BESIDE = sorted(_HEARD, key=len, reverse=True), sorted(_BESIDE, key=len, reverse=True)
ENDS = ("吗", "呢", "么", "没有人", "多少", "怎么办", "怎么用")
STARTS = (
    "how", "what", "why", "where", "when", "which", "who", "whose", "can", "could", "does", "do", "did", "is there", "are there", "any idea",
    "anyone", "anybody", "has any",
)  # fmt: skip
ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


def marks(text: str | None) -> tuple[bool, bool, bool]:
    """``is_heard``, ``is_question``, ``has_link``."""
    if text is None:
        return False, False, False
    return is_heard(text), is_question(text), has_link(text)


def is_heard(text: str) -> bool:
    if len(text) > 40 or "?" in text or "？" in text:
        return False
    text = re.sub(r"\[[^\[\]\s]{1,6}\]", "", _uncalled(text))
    bare = "".join(letter for letter in text if unicodedata.category(letter)[0] in "LN").lower()
    return set(bare) <= {"1", "6"} or _peeled(bare)


def _peeled(bare: str) -> bool:
    """Whether a text is words of assent, each with words that may stand beside it: all ways to peel it are tried."""
    after_heard = {0: False}  # where a peeling may have come to, and whether a word of assent has been there
    for at in range(len(bare)):
        if at not in after_heard:
            continue
        for word in HEARD:
            if bare.startswith(word, at):
                after_heard[at + len(word)] = True
        if after_heard[at]:
            for word in BESIDE:
                if bare.startswith(word, at):
                    after_heard[at + len(word)] = True
    return after_heard.get(len(bare), False)


def is_question(text: str) -> bool:
    text = ADDRESS.sub("", text)
    if "?" in text or "？" in text:
        return True
    if text.rstrip("呀啊～~。.!！ ").endswith(ENDS) and not text.endswith("\n"):
        return True
    start = text.lstrip(" \t\n\f\r")
    for opening in (start, _addressed(start)):
        for word in STARTS:
            after = opening[len(word) : len(word) + 1]
            if opening.lower().startswith(word) and not (after.isascii() and (after.isalnum() or after == "_")):
                return True
    return False


def has_link(text: str) -> bool:
    low = text.lower()
    return "http://" in low or "https://" in low or "mp.weixin.qq.com" in low or bool(re.search(r"www\.[a-z0-9]", low))


def _uncalled(text: str) -> str:
    """Without the name that a message is for, at its start."""
    words = text.lstrip(" \t\n\f\r").split(None, 1)
    if len(words) == 2 and (_is_name(words[0]) or (words[0].startswith("@") and len(words[0]) > 1)):
        return words[1]
    return text


def _is_name(word: str) -> bool:
    """``bob:`` or ``bob,``."""
    return (
        len(word) > 1
        and word[-1] in ":,"
        and all(letter in "-[]\\^|`_" or (letter.isascii() and letter.isalnum()) for letter in word[:-1])
    )


def _addressed(text: str) -> str:
    """What stands behind ``@bob: `` or ``bob, ``."""
    found = re.match(r"@?[A-Za-z0-9_\-\[\]^|`]+[:,]\s*", text)
    return text[found.end() :] if found else text
