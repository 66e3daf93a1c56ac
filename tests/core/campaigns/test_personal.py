"""Personal fields: what a text may hold, what members get to read, and how long that is."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.campaigns import personal
from core.campaigns.personal import FIELDS, Field, Filled, InvalidText, InvalidValue, Problem, Template

words = st.text(st.characters(codec="utf-8"), max_size=30)
typed = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\\"), max_size=30)
plain = typed.map(lambda text: text.replace("{", "").replace("}", "") + "。")


def filled(text: str, policy="default", **values) -> str | None:
    return personal.fill(personal.parse(text), values, policy).text


def problems(text: str, policy=None) -> list[tuple[str, int]]:
    return [(one.reason, one.at) for one in personal.problems(text, policy)]


def test_a_field_becomes_the_members_value_and_without_one_its_default():
    text = "{{nickname|亲}}，您有{{ points |0}}积分"
    assert filled(text, nickname="小林", points=1200) == "小林，您有1200积分"
    assert filled(text) == filled(text, nickname=None, points=None) == "亲，您有0积分"
    assert personal.parse(text) == Template(
        (Field("nickname", "亲", 0, 14), "，您有", Field("points", "0", 17, 31), "积分")
    )


def test_the_fields_that_are_used_are_told_once_and_in_order():
    assert personal.parse("{{points}} {{nickname}} {{points|0}}").fields == ("points", "nickname")
    assert personal.parse("没有").fields == ()


def test_zero_is_a_value_and_an_empty_default_is_a_default():
    assert filled("{{points|many}}{{nickname|}}!", points=0) == "0!"


def test_braces_that_are_meant_are_escaped_and_single_ones_need_not_be():
    assert filled(r"\{{nickname\}} {a} } \n \\ {{nickname|\{{x\}}}}") == r"{{nickname}} {a} } \n \\ {{x}}"
    assert filled("{{nickname|a|b}}") == "a|b"


@given(st.dictionaries(st.sampled_from(["nickname", "city"]), words), st.lists(plain, min_size=3, max_size=3))
def test_what_a_member_is_called_is_never_read_as_a_field(values, between):
    got = filled(between[0] + "{{nickname|N}}" + between[1] + "{{city|C}}" + between[2], **values)
    told = [personal.one_line(values.get(name, "")) or name[0].upper() for name in ("nickname", "city")]
    assert got == between[0] + told[0] + between[1] + told[1] + between[2]


@pytest.mark.parametrize("name", ["{{points}}", "}}", "{{", r"\{{nickname}}", "{{nickname|{{nickname}}}}", "%s {0} $x"])
def test_a_nickname_of_braces_is_told_as_it_stands(name):
    assert filled("{{nickname|亲}}:{{points|0}}", nickname=name, points=5) == f"{name}:5"


@given(words)
def test_a_value_is_one_line_of_what_can_be_printed(value):
    got = personal.one_line(value)
    assert got.isprintable() and got == got.strip() and "  " not in got and personal.one_line(got) == got
    assert not set(got) & personal.BLANKS


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("小 林\r\n回复R", "小 林 回复R"),
        ("a\u202eb\u200bc\x00d\x1b[31m", "abcd[31m"),
        ("a\u2028b\u3000c\td", "a b c d"),
        ("\u3164\u2800", ""),
        ("\ud83d", ""),
        ("❤️李", "❤️李"),
    ],
)
def test_what_does_not_belong_in_a_name_goes(value, told):
    assert personal.one_line(value) == told


@pytest.mark.parametrize("nothing", [None, "", "  ", "\u3164", "\u200b\n"])
def test_a_value_of_nothing_to_be_seen_is_missing(nothing):
    template = personal.parse("{{nickname|亲}}!")
    assert personal.fill(template, {"nickname": nothing}) == Filled("亲!", ("nickname",))
    assert personal.fill(template, {"nickname": nothing}, "skip") == Filled(None, ("nickname",))


def test_policy_skip_skips_whoever_lacks_anything_and_default_whoever_has_no_default():
    template = personal.parse("{{nickname|亲}} {{points}}")
    assert personal.fill(template, {"points": 3}) == Filled("亲 3", ("nickname",))
    assert personal.fill(template, {"nickname": "L"}) == Filled(None, ("points",))
    assert personal.fill(template, {"points": 3}, "skip") == Filled(None, ("nickname",))
    assert personal.fill(template, {"nickname": "L", "points": 3}, "skip") == Filled("L 3", ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好{{phone}}", [("unknown", 2)]),
        ("{{}}", [("unknown", 0)]),
        ("{{Nickname}}", [("unknown", 0)]),
        ("{{nickname.x}}{{points!r}}", [("unknown", 0), ("unknown", 14)]),
        ("{{nickname｜亲}}", [("unknown", 0)]),
        ("你好{{nickname", [("unclosed", 2)]),
        ("你好{{nickname}", [("unclosed", 2)]),
        ("你好{nickname}}", [("unopened", 11)]),
        ("{{nickname|{{tier}}}}", [("nested", 11), ("unopened", 19)]),
        ("{{nickname|亲}}}，你好", [("unopened", 14)]),
        ("{{nickname 您好 {{points}}", [("nested", 14)]),
        ("{{a}}{{nickname", [("unknown", 0), ("unclosed", 5)]),
        ("{{nickname|a\nb}}", [("line", 0)]),
        ("{{nickname|a\u2028}}", [("line", 0)]),
        ("a\x00b\ud83d", [("letter", 1), ("letter", 3)]),
        ("a" * 20_001, [("long", 20_000)]),
        ("{{nickname|亲}}\n\t好", []),
    ],
)
def test_every_problem_is_told_with_its_place(text, expected):
    assert problems(text) == expected


def test_a_campaign_that_fills_in_defaults_needs_one_in_every_field():
    assert problems("{{nickname|}}{{points}}", "default") == [("no_default", 13)]
    assert problems("{{nickname}}{{points}}", "skip") == []


def test_a_text_that_cannot_be_read_is_refused_by_its_first_problem_and_not_repeated():
    with pytest.raises(InvalidText) as refused:
        personal.parse("13800138000{{nickname 13800138000}}{{")
    assert refused.value.problems == (Problem("unknown", 11), Problem("unclosed", 35))
    assert (refused.value.details["reason"], refused.value.details["at"]) == ("unknown", 11)
    assert "138" not in str(refused.value) + str(refused.value.details)


@given(st.lists(st.sampled_from(["{{", "}}", "\\", "nickname", "points", "|", "亲", "\n", "{", "}"]), max_size=25))
def test_whatever_was_typed_is_either_a_problem_or_can_be_filled(pieces):
    text = "".join(pieces)
    found = personal.problems(text, "default")
    assert all(0 <= one.at < len(text) for one in found)
    if found:
        with pytest.raises(InvalidText):
            personal.parse(text, "default")
    else:
        got = personal.fill(personal.parse(text, "default"), {})
        assert got.text is not None and set(got.missing) <= {"nickname", "points"}


@given(typed | st.text(st.sampled_from("{}|a"), max_size=12))
def test_a_text_with_its_braces_escaped_is_sent_as_it_was(text):
    escaped = text.replace("{{", r"\{{").replace("}}", r"\}}")
    assert filled(escaped) == text


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("points", -5, "-5"),
        ("coupon_amount", 1250, "12.50"),
        ("coupon_amount", 1200, "12"),
        ("coupon_amount", -1205, "-12.05"),
        ("coupon_amount", 5, "0.05"),
        ("last_order_on", date(2026, 1, 2), "2026-01-02"),
        ("unsubscribe_link", "https://a.example/u?t=1", "https://a.example/u?t=1"),
    ],
)
def test_values_are_told_by_their_kind(field, value, told):
    assert filled(f"{{{{{field}}}}}", **{field: value}) == told


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nickname", 5),
        ("points", "5"),
        ("points", 5.0),
        ("points", True),
        ("coupon_amount", 12.5),
        ("joined_on", "2026-01-02"),
        ("joined_on", datetime(2026, 1, 2)),
        ("unsubscribe_link", b"x"),
    ],
)
def test_a_value_of_another_kind_is_refused_by_the_name_of_its_field(field, value):
    with pytest.raises(InvalidValue) as refused:
        filled(f"{{{{{field}}}}}", **{field: value})
    assert refused.value.details["field"] == field and str(value) not in str(refused.value)


def test_a_wrong_value_of_a_field_that_is_not_used_does_not_matter():
    assert filled("{{nickname|亲}}", points="x", nobody=1) == "亲"


@given(words)
def test_bytes_are_those_of_utf_8_and_letters_those_of_utf_16(text):
    assert personal.length(text, "bytes") == sum(
        1 + (one > "\x7f") + (one > "\u07ff") + (one > "\uffff") for one in text
    )
    assert personal.length(text, "letters") == sum(1 + (one > "\uffff") for one in text)


@pytest.mark.parametrize(
    ("channel", "fits", "breaks"),
    [
        ("wecom", "好" * 1333 + "a", "好" * 1333 + "aa"),
        ("group_chat", "a" * 4000, "a" * 4001),
        ("robot", "好" * 682 + "aa", "好" * 683),
        ("sms", "好" * 498 + "😀", "好" * 499 + "😀"),
    ],
)
def test_a_text_may_be_as_long_as_its_channel_takes(channel, fits, breaks):
    assert not personal.is_too_long(channel, fits) and personal.is_too_long(channel, breaks)


def test_mail_may_be_of_any_length():
    assert not personal.is_too_long("email", "好" * 10**6)


def test_what_counts_is_the_longest_text_of_all_members():
    template = personal.parse("{{nickname|亲}}，您好")
    names = ["小林", None, "Bartholomew", "😀" * 6, "Maximiliane"]
    texts = [personal.fill(template, {"nickname": name}).text for name in names]
    assert personal.longest(texts, "letters") == (15, 3) and personal.longest(texts, "bytes") == (33, 3)
    assert personal.longest([texts[0], None, texts[2], texts[4]], "letters") == (14, 2)
    assert personal.longest([None], "letters") is None and personal.longest([], "bytes") is None


def test_every_field_can_be_told():
    some = {"text": "a", "whole": 1, "money": 100, "day": date(2026, 1, 1), "link": "https://a.example"}
    text = "".join(f"{{{{{name}}}}}" for name in FIELDS)
    assert personal.fill(personal.parse(text), {name: some[kind] for name, kind in FIELDS.items()}).missing == ()
