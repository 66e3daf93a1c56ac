"""What members are called on screen: ``M-7F3A2C``, the same for the same member everywhere, and nothing about the person.

One in a thousand million pairs shares a name; exports, segments and addresses therefore hold the full number.
"""

import re

import numpy as np
from numpy.typing import NDArray

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that looks like another."""
LENGTH = 6
_DIGITS = rf"((?:[0-9a-z]\s*){{{LENGTH}}})"
_WRITTEN = re.compile(rf"(?i)\s*m\s*[-\u2010-\u2015\u2212 ]?\s*{_DIGITS}")
_BARE = re.compile(rf"(?i)\s*{_DIGITS}")
_MEANT = str.maketrans("OIL", "011")


def labels(member_ids: NDArray[np.int64]) -> list[str]:
    """Short names of members."""
    mixed = _mixed(member_ids)
    digits = (mixed[:, None] >> np.arange(5 * LENGTH - 5, -1, -5, dtype=np.uint64)) & np.uint64(31)
    rows = np.array(list(LETTERS))[digits.astype(np.int64)]
    return ["M-" + "".join(row) for row in rows]


def label(member_id: int) -> str:
    """Short name of one member."""
    (found,) = labels(np.array([member_id], np.int64))
    return found


def is_name(text: str) -> bool:
    """Whether a text can be a short name, however it was typed."""
    return _digits(text, _WRITTEN) is not None


def is_bare(text: str) -> bool:
    """Whether a text can be a short name without its M; it may as well be something else of as many letters."""
    return _digits(text, _BARE) is not None


def called(text: str, member_ids: NDArray[np.int64]) -> list[int]:
    """Of these members those whose short name it is, as people type it: in small letters, O for 0, without the line or the M."""
    digits = _digits(text, _WRITTEN) or _digits(text, _BARE)
    if digits is None:
        return []
    wanted = sum(LETTERS.index(digit) << 5 * place for place, digit in enumerate(reversed(digits)))
    found: list[int] = member_ids[_mixed(member_ids) & np.uint64(2 ** (5 * LENGTH) - 1) == np.uint64(wanted)].tolist()
    return found


def meant(text: str) -> str | None:
    """The short name that somebody typed, as ``labels`` writes it; None where it cannot be one."""
    digits = _digits(text, _WRITTEN)
    return None if digits is None else f"M-{digits}"


def _digits(text: str, written: re.Pattern[str]) -> str | None:
    found = written.fullmatch(text)
    digits = "".join(found[1].split()).upper().translate(_MEANT) if found else ""
    return digits if digits and set(digits) <= set(LETTERS) else None


def _mixed(member_ids: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Spread the bits (the finaliser of splitmix64), so that numbers close to each other have different short names."""
    numbers = member_ids.astype(np.int64).view(np.uint64)
    with np.errstate(over="ignore"):
        numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[np.uint64] = numbers ^ (numbers >> np.uint64(31))
    return mixed
