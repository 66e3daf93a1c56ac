"""A definition of people as an address of the builder, and back.

``d`` of the address is the definition as base64url of its canonical JSON; one that would be longer than an address should be is
deflated first and marked so. What is longer even then has no address (``Overlong``): it is saved under a name instead.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import Any

from core.errors import Refusal
from core.scope import Filters
from dashboard.actions import guard

PARAMETER = "d"
"""Where the address holds the definition."""
LONGEST = 6_000
"""Letters of a definition in an address: what browsers, proxies and chat programs still hand on whole."""
LARGEST = 64 * 1024
"""Bytes of JSON that a definition may take."""
DEFLATED = "~"
"""What a deflated definition begins with; no letter of base64url."""


class Overlong(Refusal):
    """A definition does not fit into an address; ``letters`` says how long it would be."""

    code = "segment.overlong"


def to_builder(definition: Mapping[str, Any]) -> str:
    """The address that opens the builder with this definition. Raises ``Overlong``."""
    return f"/segments?part=build&{PARAMETER}={packed(definition)}"


def offered(leaf: Mapping[str, Any], filters: Filters) -> str | None:
    """The builder with who fits ``leaf`` among those whom the filters leave; None for those who may keep no segment. Written as the
    builder writes it: another address would be one more step back to where the link stands."""
    if not guard.may("segment.write"):
        return None
    every = [leaf]
    if filters.units:
        every.append({"profile": "unit", "op": "is", "values": sorted(filters.units)})
    if filters.segment is not None:
        every.append({"segment": [filters.segment]})
    return to_builder({"v": 1, "where": {"all": every}})


def packed(definition: object) -> str:
    """The definition, or what somebody has of it so far, for the address. Raises ``Overlong``."""
    plain = written(definition).encode()
    text = _letters(plain)
    if len(text) > LONGEST:
        text = DEFLATED + _letters(zlib.compress(plain, 9))
    if len(text) > LONGEST:
        raise Overlong(
            f"The definition would take {len(text)} letters of an address, more than {LONGEST}.", letters=len(text)
        )
    return text


def unpacked(text: str) -> object | None:
    """What an address says, any JSON; None where it is none. Whether it is a definition is for the language to say."""
    if not text or len(text) > LONGEST:
        return None
    try:
        plain = _bytes(text.removeprefix(DEFLATED))
        return json.loads(_inflated(plain) if text.startswith(DEFLATED) else plain)  # type: ignore[no-any-return]
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        return None


def written(definition: object) -> str:
    """Canonical JSON: keys in order, no spaces, letters as they are."""
    return json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _letters(some: bytes) -> str:
    return base64.urlsafe_b64encode(some).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _inflated(some: bytes) -> bytes:
    """No more of it than a definition may hold, whatever it would swell to."""
    stream = zlib.decompressobj()
    plain = stream.decompress(some, LARGEST + 1)
    if len(plain) > LARGEST or not stream.eof:
        raise ValueError("longer than a definition")
    return plain
