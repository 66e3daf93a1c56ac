"""Passwords: how they are hashed, what a new one must be like, and how one is made."""

import secrets
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from core.errors import InvalidPassword

SHORTEST, LONGEST = 10, 128
FEWEST_DIFFERENT = 5
# OWASP's first choice for argon2id: 46 MiB, one pass, one lane.
_HASHER = PasswordHasher(time_cost=1, memory_cost=47104, parallelism=1)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_COMMON = Path(__file__).with_name("common_passwords.txt")


def hashed(password: str) -> str:
    """The argon2id hash to keep."""
    return _HASHER.hash(password)


def fits(password: str, password_hash: str | None) -> bool:
    """Whether the password belongs to the hash. Without a hash it takes the same time, and the answer is no."""
    try:
        return _HASHER.verify(password_hash or _nobody(), password) and password_hash is not None
    except VerificationError:
        return False


def is_outdated(password_hash: str) -> bool:
    """Made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def generated() -> str:
    """A random password of 79 bits that can be read out over the telephone: ``k7mp-x2qd-9rth-awe4``."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def check(password: str, *, account: str) -> None:
    """Raise ``InvalidPassword`` unless the password may be used by the account of this name."""
    plain = password.casefold()
    if len(password) < SHORTEST:
        raise InvalidPassword(f"A password has at least {SHORTEST} characters.", reason="short", least=SHORTEST)
    if len(password) > LONGEST:
        raise InvalidPassword(f"A password has at most {LONGEST} characters.", reason="long", most=LONGEST)
    if len(set(plain)) < FEWEST_DIFFERENT or plain in _common():
        raise InvalidPassword("This password is one of the first that anybody would try.", reason="common")
    if account.casefold() in plain:
        raise InvalidPassword("A password may not contain the name of the account.", reason="name")


@cache
def _nobody() -> str:
    return hashed(secrets.token_urlsafe())


@cache
def _common() -> frozenset[str]:
    return frozenset(_COMMON.read_text(encoding="utf-8").split())
