"""How much of a personal value is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.privacy import disclosure
from core.schema import IDENTITY_TYPES


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("phone", "13800138000", "138****8000"),
        ("phone", "+8613800138000", "+86****8000"),
        ("phone", "85512", "****12"),
        ("phone", "12", "****"),
        ("email", "lin@example.com", "l***@example.com"),
        ("email", "@example.com", "@ex****com"),
        ("email", "nobody", "n****y"),
        ("unionid", "oX7abcdefghijkq2", "oX7****kq2"),
        ("customer_no", "17850", "1****0"),
        ("customer_no", "178", "****"),
    ],
)
def test_an_identity_is_shown_with_its_middle_hidden(kind, value, shown):
    assert disclosure.masked(kind, value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("王伟", "王*"),
        ("欧阳娜娜", "欧***"),
        ("王", "王*"),
        ("Li Wei", "L* W**"),
        ("X", "X*"),
        ("王 小明", "王**"),
        ("", ""),
    ],
)
def test_a_name_is_shown_by_its_first_characters(value, shown):
    assert disclosure.name(value) == shown


@given(st.sampled_from(IDENTITY_TYPES), st.from_regex(r"[0-9a-z]{1,30}", fullmatch=True))
def test_at_most_two_thirds_of_an_identity_are_shown(kind, value):
    shown = disclosure.masked(kind, value)
    assert "****" in shown
    assert len(shown.replace("*", "")) <= max(len(value) * 2 // 3, 2)
