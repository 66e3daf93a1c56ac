"""Keyed pseudonyms of identities, computed in the engine: 10 million values are one expression.

``identity_key`` = 63 bits of the MD5 of HMAC-SHA256(key, type, namespace, value). The HMAC makes it secret, MD5 only
shortens it; two of 10 million identities collide with a chance of 1 in 180,000, and the vault, which keeps the whole MAC,
finds it.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.schema import GLOBAL_IDENTITY_TYPES

BLOCK = 64
BETWEEN = "\x1f"


@ibis.udf.scalar.builtin
def sha256(data: dt.binary) -> str:  # type: ignore[empty-body]
    """SHA-256 as hexadecimal text."""


@ibis.udf.scalar.builtin
def unhex(text: str) -> dt.binary:  # type: ignore[empty-body]
    """Bytes of a hexadecimal text."""


@ibis.udf.scalar.builtin
def encode(text: str) -> dt.binary:  # type: ignore[empty-body]
    """UTF-8 bytes of a text."""


@ibis.udf.scalar.builtin(name="concat")
def joined(left: dt.binary, right: dt.binary) -> dt.binary:  # type: ignore[empty-body]
    """Two runs of bytes after one another."""


@ibis.udf.scalar.builtin
def md5_number_upper(text: str) -> dt.uint64:  # type: ignore[empty-body]
    """Upper half of the MD5 of a text."""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Keys of one world, all derived from its master key. Never printed."""

    master: bytes

    def derived(self, purpose: str) -> bytes:
        """32 bytes for one purpose (``pseudonym``, ``vault``, ``rejects``, ``audit``), by HKDF-SHA256."""
        return HKDF(SHA256(), length=32, salt=None, info=purpose.encode()).derive(self.master)


def namespace(identity_type: str, source: str) -> str:
    """Source an identity belongs to; empty for types that mean the same person everywhere."""
    return "" if identity_type in GLOBAL_IDENTITY_TYPES else source


def normalised(identity_type: str, value: ir.StringValue) -> ir.StringValue:
    """One spelling per identity: trimmed, ``17850.0`` as ``17850``, phones as digits without +86, e-mail in lower case.

    Null when nothing is left.
    """
    text = value.strip().re_replace(r"^(\d+)\.0+$", r"\1")
    if identity_type == "email":
        text = text.lower()
    if identity_type == "phone":
        text = text.re_replace(r"[\s\p{Z}\-()（）.]", "").re_replace(r"^(\+|00)?86(1\d{10})$", r"\2")
    return text.nullif("")


def normalised_text(identity_type: str, value: str) -> str | None:
    """The same as :func:`normalised`, for one value typed by a person."""
    text = re.sub(r"^(\d+)\.0+$", r"\1", value.strip())
    if identity_type == "email":
        text = text.lower()
    if identity_type == "phone":
        text = re.sub(r"[\s\-()（）.]", "", text)
        text = re.sub(r"^(\+|00)?86(1\d{10})$", r"\2", text)
    return text or None


def mac(keys: Keys, identity_type: str, space: str, value: ir.StringValue) -> ir.StringValue:
    """HMAC-SHA256 of a normalised identity, 64 hexadecimal digits; null for null."""
    key = keys.derived("pseudonym").ljust(BLOCK, b"\0")
    inner = ibis.literal(bytes(b ^ 0x36 for b in key), dt.binary)
    outer = ibis.literal(bytes(b ^ 0x5C for b in key), dt.binary)
    message = encode(ibis.literal(identity_type + BETWEEN + space + BETWEEN) + value)
    return value.isnull().ifelse(ibis.null(str), sha256(joined(outer, unhex(sha256(joined(inner, message))))))


def mac_text(keys: Keys, identity_type: str, space: str, value: str) -> str:
    """The same as :func:`mac`, for one value."""
    message = BETWEEN.join((identity_type, space, value)).encode()
    return hmac.new(keys.derived("pseudonym"), message, hashlib.sha256).hexdigest()


def key(mac_hex: ir.StringValue) -> ir.IntegerValue:
    """``identity_key`` of a MAC."""
    return (md5_number_upper(mac_hex) >> 1).cast("int64")


def key_of(mac_hex: str) -> int:
    """The same as :func:`key`, for one MAC."""
    return int.from_bytes(hashlib.md5(mac_hex.encode(), usedforsecurity=False).digest()[:8], "little") >> 1
