"""Who is held out of a campaign, and who gets which variant: decided by a hash of the member, so that it is the same whenever it is asked.

The place of a member is ``int(sha256(salt:customer)[:8], 16) % 10000``, one of ten thousand; the first places are held out. Another salt shuffles anew: what
one experiment decides says nothing about another, and variants, which hash with a second salt, say nothing about the holdout. Shares are rounded to the
ten-thousandth. A salt is of letters, figures, ``.``, ``_``, ``/`` and ``-``: with a colon ``a:b`` and ``c`` would be the same text as ``a`` and ``b:c``.
"""

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import accumulate
from math import isfinite

import numpy as np
import numpy.typing as npt

from core.errors import Refusal
from core.sequences.arrays import Array

PLACES = 10_000
OF_VARIANTS = "/variant"
"""What is put behind a campaign's salt to tell variants apart."""
_SALT = re.compile(r"[A-Za-z0-9._/-]{1,100}")


class InvalidHoldout(Refusal):
    """``field``: ``salt``, ``share`` (from 0 to 1) or ``weights`` (two or more, each above 0)."""

    code = "campaign.holdout"

    def __init__(self, field: str) -> None:
        super().__init__(f"A holdout's {field} cannot be like this.", field=field)


def place(salt: str, customer: int | str) -> int:
    """From 0 to 9999. Raises ``InvalidHoldout``."""
    return int(sha256(_prefix(salt) + str(customer).encode()).hexdigest()[:8], 16) % PLACES


def places(salt: str, customers: Iterable[int | str] | npt.NDArray[np.integer]) -> Array:
    """``place`` of each, int32."""
    prefix, each = _prefix(salt), customers.tolist() if isinstance(customers, np.ndarray) else customers
    digests = b"".join([sha256(prefix + str(one).encode()).digest() for one in each])
    # The first eight hexadecimal digits are the first four bytes, the highest first.
    return (np.frombuffer(digests, ">u4")[::8] % PLACES).astype(np.int32)


def is_held(salt: str, customer: int | str, share: float) -> bool:
    """Whether a member is held out of what reaches all but a ``share`` (0 to 1)."""
    return place(salt, customer) < _count(share)


def held(salt: str, customers: Iterable[int | str] | npt.NDArray[np.integer], share: float) -> Array:
    """``is_held`` of each. Whoever is held at a share is held at every larger one."""
    return places(salt, customers) < _count(share)


def variant(salt: str, customer: int | str, weights: Sequence[float]) -> int:
    """Number of the variant (from 0) that a member gets; ``weights``: how many get each, in any unit. ``salt``: the campaign's."""
    return int(np.searchsorted(_edges(weights), place(salt + OF_VARIANTS, customer), side="right"))


def variants(salt: str, customers: Iterable[int | str] | npt.NDArray[np.integer], weights: Sequence[float]) -> Array:
    """``variant`` of each."""
    return np.searchsorted(_edges(weights), places(salt + OF_VARIANTS, customers), side="right")


def _prefix(salt: str) -> bytes:
    if not _SALT.fullmatch(salt):
        raise InvalidHoldout("salt")
    return f"{salt}:".encode()


def _count(share: float) -> int:
    """Rounded, since 0.07 times 10000 is a little more than 700, and would hold a place too many."""
    if not 0 <= share <= 1:
        raise InvalidHoldout("share")
    return round(share * PLACES)


def _edges(weights: Sequence[float]) -> Array:
    """The first place that is no longer each variant's, but for the last's."""
    if len(weights) < 2 or not all(isfinite(one) and one > 0 for one in weights):
        raise InvalidHoldout("weights")
    *sums, whole = accumulate(weights)
    return np.array([round(one / whole * PLACES) for one in sums])
