"""Encryption of single values: AES-256-GCM, bound to what they belong to.

A sealed value is ``version (1 byte) | key id (4) | nonce (12) | ciphertext and tag``. The label says what the value is (an
identity's key, a profile's field): opening it under another label fails, so that nobody can put one person's value in another's
place. Nonces are random; one key is good for 2^32 values.
"""

import hashlib
import os
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import WrongKey
from core.privacy.pseudonyms import Keys

VERSION = b"\x01"
KEY_ID, NONCE = 4, 12
HEAD = len(VERSION) + KEY_ID + NONCE


class Vault:
    """Seals and opens values with the key of one world and one purpose."""

    def __init__(self, keys: Keys, purpose: str = "vault") -> None:
        key = keys.derived(purpose)
        self._cipher = AESGCM(key)
        self._head = VERSION + hashlib.sha256(b"key id" + key).digest()[:KEY_ID]

    def seal(self, values: Iterable[str], labels: Iterable[bytes]) -> list[bytes]:
        """Encrypt values, each bound to its label."""
        texts = list(values)
        nonces = os.urandom(NONCE * len(texts))
        encrypt, head = self._cipher.encrypt, self._head
        return [
            head + nonce + encrypt(nonce, text.encode(), label)
            for nonce, text, label in zip(_cut(nonces), texts, labels, strict=True)
        ]

    def open(self, sealed: bytes, label: bytes) -> str:
        """The value. Raises ``WrongKey`` when it was sealed with another key, belongs to another label, or was changed."""
        if sealed[: len(VERSION) + KEY_ID] != self._head:
            raise WrongKey(
                "This value was encrypted with another key. Restore the key file of this home from your backup."
            )
        try:
            nonce = sealed[HEAD - NONCE : HEAD]
            return self._cipher.decrypt(nonce, sealed[HEAD:], label).decode()
        except InvalidTag as error:
            raise WrongKey("This value was changed, or does not belong here.") from error


def identity_label(identity_key: int) -> bytes:
    """Label of an identity's raw value."""
    return b"identity" + identity_key.to_bytes(8, "big")


def profile_label(identity_key: int, field: str) -> bytes:
    """Label of a personal field."""
    return b"profile" + identity_key.to_bytes(8, "big") + field.encode()


def _cut(nonces: bytes) -> Iterable[bytes]:
    return (nonces[at : at + NONCE] for at in range(0, len(nonces), NONCE))
