"""Pseudonyms computed in the engine are those computed for one value that a person types."""

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.privacy.pseudonyms import Keys, key, key_of, mac, mac_text, normalised, normalised_text
from core.schema import IDENTITY_TYPES

KEYS = Keys(b"k" * 32)


def in_engine(kind: str, values: list[str]) -> list[tuple[str | None, str | None, int | None]]:
    table = ibis.memtable({"v": values, "n": range(len(values))})
    table = table.mutate(value=normalised(kind, table.v))
    table = table.mutate(mac=mac(KEYS, kind, "shop", table.value)).mutate(key=lambda t: key(t.mac))
    rows = table.order_by("n").to_pyarrow().to_pylist()
    return [(row["value"], row["mac"], row["key"]) for row in rows]


def of_one(kind: str, text: str) -> tuple[str | None, str | None, int | None]:
    value = normalised_text(kind, text)
    found = None if value is None else mac_text(KEYS, kind, "shop", value)
    return value, found, None if found is None else key_of(found)


@pytest.mark.parametrize(
    ("kind", "written", "meant"),
    [
        ("phone", "13800138000", "13800138000"), ("phone", "(+86) 138 0013-8000", "13800138000"),
        ("phone", "0086（138）0013.8000", "13800138000"), ("phone", "138\u00a00013\u30008000", "13800138000"),
        ("phone", "13800138000.0", "13800138000"), ("phone", "861380013800", "861380013800"), ("phone", " - ", None),
        ("email", " Lin@Example.COM ", "lin@example.com"), ("customer_no", "17850.0", "17850"), ("customer_no", "", None),
    ],
)  # fmt: skip
def test_an_identity_has_one_spelling(kind: str, written: str, meant: str | None) -> None:
    assert normalised_text(kind, written) == meant
    assert in_engine(kind, [written])[0][0] == meant


@settings(max_examples=10)
@given(
    kind=st.sampled_from(IDENTITY_TYPES),
    texts=st.lists(st.text("0123456789+86. -()（）aZ@手\u00a0\u3000", max_size=16), min_size=1, max_size=20),
)
def test_the_engine_and_a_single_value_have_the_same_pseudonym(kind: str, texts: list[str]) -> None:
    trimmed = [text.strip() for text in texts]  # staging takes wide spaces off the edges of cells
    assert in_engine(kind, trimmed) == [of_one(kind, text) for text in trimmed]
