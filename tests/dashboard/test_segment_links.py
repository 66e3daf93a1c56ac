"""A definition in an address comes back as it was, and nothing else does."""

import base64
import zlib
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from dashboard.widgets.segments import links

DEFINITION = {"v": 1, "where": {"not": {"profile": "city", "op": "is", "values": ["上海"]}}}
JSON = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**53), 2**53) | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=60)
@given(JSON)
def test_what_is_packed_is_read_back(given_json: object) -> None:
    assert links.unpacked(links.packed(given_json)) == given_json


def test_an_address_opens_the_builder_and_has_letters_of_addresses_only() -> None:
    address = links.to_builder(DEFINITION)
    assert address.startswith("/segments?part=build&d=")
    text = address.partition("&d=")[2]
    assert text.replace("-", "").replace("_", "").isalnum()
    assert links.unpacked(text) == DEFINITION


def test_equal_definitions_have_equal_addresses() -> None:
    turned = {"where": DEFINITION["where"], "v": 1}
    assert links.to_builder(turned) == links.to_builder(DEFINITION)


def test_a_long_definition_is_deflated() -> None:
    long = {"v": 1, "where": {"profile": "unit", "op": "is", "values": [f"store-{n:04}" for n in range(500)]}}
    packed = links.packed(long)
    assert packed.startswith("~")
    assert len(packed) <= links.LONGEST
    assert links.unpacked(packed) == long


def test_what_is_long_even_then_is_refused() -> None:
    noise = [sha256(str(n).encode()).hexdigest() for n in range(500)]
    with pytest.raises(links.Overlong):
        links.packed(noise)


@pytest.mark.parametrize("text", ["", "a", "ä", "!!!!", "~e30", "W1tb" * 900, "A" * 9_000, "~" + "A" * 40])
def test_what_is_no_definition_reads_as_nothing(text: str) -> None:
    assert links.unpacked(text) is None


def test_a_small_text_that_would_swell_reads_as_nothing() -> None:
    bomb = base64.urlsafe_b64encode(zlib.compress(b'"' + b"a" * 3_000_000 + b'"', 9)).decode().rstrip("=")
    assert len(bomb) < links.LONGEST
    assert links.unpacked("~" + bomb) is None
