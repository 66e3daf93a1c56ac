"""Numbers in one spelling, and what people write back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.senders.sms.numbers import e164, is_mainland
from core.senders.sms.replies import leaves


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13800138000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("(138) 0013 8000\n", "+8613800138000"),
        ("+852 5123 4567", "+85251234567"),
        ("0085251234567", "+85251234567"),
        ("+1 380 013 8000", "+13800138000"),
        ("51234567", None),
        ("12800138000", None),
        ("+86 10 8888 8888", None),
        ("1380013800", None),
        ("+0123456789", None),
        ("+1234567890123456", None),
        ("13800138000,13800138001", None),
        ("13800138000x", None),
        ("", None),
    ],
)
def test_a_number_has_one_spelling_and_is_one_of_the_mainland_unless_it_says_otherwise(text, number):
    assert e164(text) == number


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["", "+86", "86", "0086", "+86 ", "＋８６"]))
def test_every_mobile_number_of_the_mainland_is_known_however_it_begins(local, country):
    assert e164(country + local) == f"+86{local}"
    assert is_mainland(f"+86{local}")


@given(st.one_of(st.text(max_size=30), st.text("0123456789+- ()", max_size=20)))
def test_what_comes_out_is_none_or_stays_as_it_is(text):
    number = e164(text)
    assert number is None or (re.fullmatch(r"\+[1-9][0-9]{6,14}", number) and e164(number) == number)


@pytest.mark.parametrize(
    "text",
    [
        "R",
        "r",
        "T",
        "t",
        "TD",
        "td",
        "Td",
        "退订",
        "ＴＤ",
        "Ｒ",
        " R。",
        "“退订”",
        "T D",
        "回复R",
        "请回复TD",
        "回复 退订！",
        "【R】",
        "退訂",
        "R\n",
    ],
)
def test_who_wants_no_more_is_understood_however_it_is_typed(text):
    assert leaves(text)


@pytest.mark.parametrize(
    "text", ["", "好的", "TDX", "RT", "收到", "我没有退订", "不退订", "回复", "D", "track", "1", "。", "Ｔ恤"]
)
def test_anything_else_is_no_withdrawal(text):
    assert not leaves(text)


@given(st.sampled_from(["r", "t", "td", "退订"]), st.lists(st.booleans(), min_size=2, max_size=2), st.booleans())
def test_case_and_width_of_a_withdrawal_do_not_matter(word, ups, wide):
    typed = "".join(c.upper() if up else c for c, up in zip(word, ups, strict=False))
    typed = "".join(chr(ord(c) + 0xFEE0) if wide and c.isascii() else c for c in typed)
    assert leaves(typed)
