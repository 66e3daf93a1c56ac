"""How much of a personal value is shown."""

import re

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


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("包装破了，订单 1234567 请尽快处理", "包装破了，订单 ****67 请尽快处理"),
        ("打我电话13800138000", "打我电话138****8000"),
        ("138 0013 8000 或 138-0013-8000", "138****8000 或 138****8000"),
        ("mail li.wei+x@example.com!", "mail l***@example.com!"),
        ("加我微信：liwei_1990 聊", "加我微信：li****90 聊"),
        ("vx abcde", "vx a****e"),
        ("2 盒 99 元，12345", "2 盒 99 元，12345"),
        ("", ""),
    ],
)
def test_what_somebody_wrote_is_shown_without_numbers_and_addresses(said, shown):
    assert disclosure.words(said) == shown


@given(st.text(alphabet="电0123456789 -@a.微信x", max_size=40))
def test_no_telephone_number_is_left_in_what_somebody_wrote(text):
    assert re.search(r"\d{7}", disclosure.words(text)) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("地址上海市浦东新区张江路88号", "****"),
        ("寄到 张江路 88号3栋201室 谢谢", "寄到 **** 谢谢"),
        ("住在幸福小区12号楼", "****"),
        ("这条路不好走，等了3号才到", "这条路不好走，等了3号才到"),
        ("一路上喝了88克", "一路上喝了88克"),
    ],
)
def test_streets_with_a_number_are_hidden_whole(text, shown):
    assert disclosure.words(text) == shown
