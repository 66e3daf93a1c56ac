"""Short names of members: the same for the same member, found again as people type them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.privacy import short_names


@settings(max_examples=60)
@given(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=20, unique=True))
def test_a_member_is_found_by_its_short_name(ids: list[int]):
    known = np.array(ids, np.int64)
    for one, name in zip(ids, short_names.labels(known), strict=True):
        assert one in short_names.called(name, known)
        assert name == short_names.label(one)


def test_names_are_read_as_people_type_them():
    known = np.arange(50, dtype=np.int64)
    name = short_names.label(7)
    typed = (
        name,
        name.lower(),
        f" {name} ",
        name.replace("M-", "m "),
        name.replace("-", "–"),
        name.replace("0", "O").replace("1", "l"),
        name.removeprefix("M-"),
        f" {name[2:5]} {name[5:].lower()} ",
        f"{name[:5]} {name[5:]}",
    )
    assert [short_names.called(text, known) for text in typed] == [[7]] * len(typed)


@pytest.mark.parametrize("text", ["", "M-", "M-12345", "M-1234567", "M-12345U", "X-123456", "13800138000"])
def test_what_is_no_short_name_names_nobody(text: str):
    assert not short_names.is_name(text)
    assert not short_names.is_bare(text)
    assert short_names.called(text, np.arange(5, dtype=np.int64)) == []


def test_without_its_m_it_may_be_something_else():
    assert short_names.is_bare("5ggahv")
    assert not short_names.is_name("5ggahv")
    assert short_names.meant("5ggahv") is None
