"""Mobile numbers in one spelling, E.164: ``+8613800138000``. Numbers of elsewhere than the mainland are written with their country."""

import re
import unicodedata

MAINLAND = "+86"
_BETWEEN = re.compile(r"[\s\-().\u2010-\u2015]")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_WORLD = re.compile(r"\+[1-9][0-9]{6,14}")


def e164(text: str) -> str | None:
    """One number as people write it, in any width; without a country it is one of the mainland. None where it can be no mobile number."""
    bare = _BETWEEN.sub("", unicodedata.normalize("NFKC", text))
    bare = re.sub("^00", "+", bare)
    local = re.sub(r"^(\+?86)(?=[0-9]{11}$)", "", bare)
    if _MOBILE.fullmatch(local):
        return MAINLAND + local
    return bare if _WORLD.fullmatch(bare) and not bare.startswith(MAINLAND) else None


def is_mainland(number: str) -> bool:
    """Of a number as ``e164`` writes it."""
    return number.startswith(MAINLAND)
