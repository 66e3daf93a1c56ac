"""Codes of coupons that are one member's own: the same whenever they are asked for, and not to be guessed from another."""

import hashlib
import hmac

from core.privacy.pseudonyms import Keys

KEY = "coupons"
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Neither 0 nor O, neither 1 nor I."""
LENGTH = 12
"""Two of a million members share a code with a chance of one in two million."""


def key(keys: Keys) -> bytes:
    """The key of a world that codes are made with."""
    return keys.derived(KEY)


def single(secret: bytes, campaign: str, member_id: int) -> str:
    """Of one member in one campaign. ``secret``: of ``key``."""
    made = int.from_bytes(hmac.new(secret, f"{campaign}\0{member_id}".encode(), hashlib.sha256).digest())
    return "".join(LETTERS[made >> 5 * place & 31] for place in range(LENGTH))
