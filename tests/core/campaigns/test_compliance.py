"""What stands against a text: on the committed lists, against the engine that checks chats, and by place."""

import random
import tomllib

import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.campaigns import compliance
from core.campaigns.compliance import Finding, Lists, Sender
from core.campaigns.personal import InvalidText
from core.metrics import sensitive
from core.settings import PROJECT

BRAND = Sender(("山间茶事",), "山间茶事")
NOBODY = Sender()
NO_LISTS = Lists((), (), {})


def document(name: str):
    return tomllib.loads((PROJECT / "data" / "words" / f"{name}.toml").read_text(encoding="utf-8"))


LISTS, SENSITIVE = compliance.read(document("advertising")), sensitive.read(document("sensitive"))


def found(text: str, channel="wecom", purpose="service", sender=BRAND, lists=LISTS, rules=(), form=""):
    return compliance.findings(text, channel, purpose, sender=sender, lists=lists, sensitive=rules, form=form)


def told(text: str, *args, **more) -> list[tuple[str, str]]:
    """Rules and the letters that they point to."""
    return [(one.rule, "" if one.start is None else text[one.start : one.end]) for one in found(text, *args, **more)]


# -- what must be told -------------------------------------------------------------------------------------------------


def test_a_commercial_text_message_ends_with_how_to_refuse_it():
    assert told("新茶到店，拒收请回复R", "sms", "marketing") == []
    assert told("新茶到店，拒收请回复Ｒ 。\n", "sms", "marketing") == []
    assert told("新茶到店，拒收请回\u200b复r", "sms", "marketing") == []
    assert told("拒收请回复R，新茶到店，拒收请回复R", "sms", "marketing") == []
    assert found("新茶到店", "sms", "marketing") == (Finding("must.opt_out", "block"),)
    assert told("拒收请回复R，新茶到店", "sms", "marketing") == [("must.opt_out_last", "拒收请回复R")]
    assert told("新茶到店，拒收请回复R{{nickname|亲}}", "sms", "marketing") == [("must.opt_out_last", "拒收请回复R")]


def test_how_to_refuse_is_told_to_everybody_and_not_only_where_a_value_is_missing():
    assert told("新茶到店{{nickname|拒收请回复R}}", "sms", "marketing") == [("must.opt_out", "")]


def test_a_service_message_need_not_say_how_to_refuse_it():
    assert told("您的订单已发货", "sms", "service") == []


def test_marketing_by_mail_holds_its_link():
    assert told("山间茶事新茶到店 {{unsubscribe_link}}", "email", "marketing") == []
    assert told("山间茶事新茶到店 https://a.example/u", "email", "marketing") == [("must.opt_out", "")]


def test_marketing_to_one_person_without_a_way_to_refuse_needs_a_reason():
    assert told("新茶到店，回复TD退订", "wecom", "marketing") == told("新茶到店，回复 T", "wecom", "marketing") == []
    assert found("新茶到店，回复Tea", "wecom", "marketing") == (Finding("must.opt_out", "reason"),)
    assert found("新茶到店", "group_chat", "marketing") == ()


def test_the_sender_is_told_by_name_or_by_the_signature_of_text_messages():
    text = "到店，拒收请回复R"
    assert told(text, "sms", "marketing", sender=NOBODY) == [("must.sender", "")]
    assert told(text, "sms", "marketing", sender=Sender(signature=" ")) == [("must.sender", "")]
    assert told(text, "sms", "marketing", sender=Sender(signature="山间")) == []
    assert told(f"【ＳＨＡＮ】{text}", "sms", "marketing", sender=Sender(("", "Shan"))) == []
    assert told("新茶", "email", "service", sender=BRAND) == [("must.sender", "")]
    assert told("{{nickname|山间茶事}}", "email", "service", sender=BRAND) == [("must.sender", "")]


# -- words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["国家级", "最高级", "最佳"])
def test_the_words_that_the_law_names_are_found_where_they_stand(word):
    assert found(f"春茶{word}好茶", purpose="marketing", channel="robot") == (
        Finding("word.level", "reason", 2, 2 + len(word)),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("全网第一的味道", [("word.first", "全网第一")]),
        ("ＮＯ．１ 好茶", [("word.first", "ＮＯ．１")]),
        ("最\u200b佳好茶", [("word.level", "最\u200b佳")]),
        ("最佳饮用期三个月，最佳好茶", [("word.level", "最佳")]),
        ("最佳冲泡水温85度", []),
        ("第一泡倒掉，最近上新，首次下单", []),
        ("中国驰名商标", [("word.famous_mark", "中国驰名")]),
        ("升国旗时", []),
        ("{{nickname|最佳}}您好", [("word.level", "最佳")]),
        ("最佳顶级", [("word.level", "最佳"), ("word.level", "顶级")]),
    ],
)
def test_words_are_found_and_harmless_ones_passed_over(text, expected):
    assert told(text, "robot", "marketing") == expected


def test_words_of_advertising_are_no_matter_in_a_service_message():
    assert told("最佳好茶", "robot", "service") == []


@given(
    st.lists(st.sampled_from(["最佳", "最", "佳", "饮用", "顶级", "茶", "国旗", "升", "\u200b", "Ｎo.1"]), max_size=12)
)
def test_what_is_found_reads_as_a_forbidden_word_and_no_other_is_left(pieces):
    text = "".join(pieces)
    got = found(text, "robot", "marketing")
    words = {word for one in LISTS.words for word in one.words}
    places = [place for one in got for place in range(one.start, one.end)]
    assert all(text[one.start : one.end].replace("\u200b", "").replace("Ｎo", "no") in words for one in got)
    left = "".join("。" if place in places else letter for place, letter in enumerate(text)).replace("\u200b", "")
    for harmless in ("最佳饮用", "升国旗"):
        left = left.replace(harmless, "。")
    assert not any(word in left.replace("Ｎo", "no") for word in ("最佳", "顶级", "国旗", "no.1"))


# -- sensitive words ---------------------------------------------------------------------------------------------------

PIECES = [
    "最佳", "饮用", "最好", "的", "治疗", "没有疗效", "100%", "有效", "转发", "到", "朋友圈", "领", "红包", "加", "微信", "加企业微信", "abc12345", "13800138000", "，",
    " ", "刷单", "集", "30", "个", "赞", "关注", "即可", "抽奖", "降血糖", "6222021234567890123", "110101199003074512", "a", "。",
]  # fmt: skip


def test_sensitive_words_are_those_that_chats_are_checked_for():
    """The engine's own regular expressions (RE2) over the same texts."""
    draw = random.Random(20261111)
    texts = sorted({"".join(draw.choices(PIECES, k=draw.randint(1, 9))) for _ in range(400)})
    rules = [one for one in SENSITIVE if one.of != "member"]
    table = ibis.memtable({"text": texts})
    answers = table.select("text", **{one.name: sensitive.breaks(table.text, one) for one in rules}).execute()
    hits = 0
    for row in answers.to_dict("records"):
        expected = {f"sensitive.{one.name}" for one in rules if row[one.name]}
        assert {one.rule for one in found(row["text"], lists=NO_LISTS, rules=SENSITIVE)} == expected, row["text"]
        hits += len(expected)
    assert hits > 200 and len({one.name for one in rules}) >= 9


def test_what_members_may_not_write_is_no_matter_here():
    assert told("不满意请拨12315", rules=SENSITIVE) == []


def test_what_was_apart_does_not_grow_together_where_harmless_words_stood():
    assert told("vx加企业微信bcdefg", rules=SENSITIVE) == []
    assert told("vxbcdefg", rules=SENSITIVE) == [("sensitive.diversion", "vxbcdefg")]


def test_places_are_right_behind_harmless_words_too():
    assert told("没有疗效，治疗失眠", rules=SENSITIVE) == [("sensitive.medical", "治疗")]
    assert told("治疗，没有疗效，根治", rules=SENSITIVE) == [
        ("sensitive.medical", "治疗"),
        ("sensitive.medical", "根治"),
    ]


def test_a_superlative_that_both_lists_know_is_told_once():
    assert told("最佳好茶", "robot", "marketing", rules=SENSITIVE) == [("word.level", "最佳")]
    assert told("最佳好茶", "robot", "service", rules=SENSITIVE) == [("sensitive.superlative", "最佳")]


def test_fraud_is_blocked_and_the_rest_may_have_a_reason():
    text = "刷单，治疗"
    assert [(one.rule, one.severity) for one in found(text, rules=SENSITIVE)] == [
        ("sensitive.fraud", "block"), ("sensitive.medical", "reason"),
    ]  # fmt: skip


# -- platforms ---------------------------------------------------------------------------------------------------------


def test_template_messages_refuse_marketing_and_nothing_else_does():
    refused = [
        (channel, purpose, form)
        for channel in compliance.CHANNELS
        for purpose in compliance.PURPOSES
        for form in ("", *compliance.FORMS)
        if Finding(compliance.TEMPLATE, "block") in found("新茶", channel, purpose, form=form)
    ]
    assert refused == [("official_account", "marketing", "template")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{unsubscribe_link}}", [(compliance.SMS_LINK, "{{unsubscribe_link}}")]),
        ("见{{nickname|https://a.example}}", [(compliance.SMS_LINK, "{{nickname|https://a.example}}")]),
        ("见 https://a.example {{nickname|亲}}", []),
    ],
)
def test_text_messages_refuse_links_in_variables_and_not_in_the_template(text, expected):
    assert told(text, "sms", "service") == expected
    assert told(text, "official_account", "service") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{nickname|亲}}，{{points|0}} 分", ["{{nickname|亲}}", "{{points|0}}"]),
        ("{{tier|会员}}、{{city|这里}}、{{unit|门店}}、{{staff|导购}}", []),
        ("大家好", []),
    ],
)
def test_what_differs_from_member_to_member_makes_tasks_of_their_own_in_wecom_alone(text, expected):
    assert told(text, "wecom", "service") == [(compliance.OWN_TASK, one) for one in expected]
    assert told(text, "group_chat", "service") == told(text, "sms", "service") == []


@pytest.mark.parametrize(
    "value",
    [
        "http://x",
        "HTTPS://x",
        "ｗｗｗ．x",
        "a.cn",
        "x.taobao.com/1",
        "看a-b.shop吧",
        "t.\u200bcn",
        "见a.com。",
        "见a.com.",
        "a.com.au",
        "山间.茶.com",
    ],
)
def test_a_value_that_leads_somewhere_is_refused_in_a_text_message(value):
    assert compliance.is_refused_value("sms", value) and not compliance.is_refused_value("wecom", value)


@pytest.mark.parametrize("value", ["小林", "12.50", "a.b", "2026.11.11", "Mr.Comb", "A.communism", "cn", "", "山.茶"])
def test_a_value_that_leads_nowhere_is_not(value):
    assert not compliance.is_refused_value("sms", value)


# -- all together ------------------------------------------------------------------------------------------------------


def test_what_is_missing_comes_first_and_the_rest_by_place():
    text = "顶级好茶{{unsubscribe_link}}治疗失眠"
    assert told(text, "sms", "marketing", sender=NOBODY, rules=SENSITIVE) == [
        ("must.opt_out", ""), ("must.sender", ""), ("word.level", "顶级"), (compliance.SMS_LINK, "{{unsubscribe_link}}"), ("sensitive.medical", "治疗"),
    ]  # fmt: skip


def test_a_reason_lets_through_what_may_have_one_and_never_what_is_blocked():
    got = found("刷单，顶级好茶", "robot", "marketing", rules=SENSITIVE)
    assert {one.rule for one in got} == {"sensitive.fraud", "word.level"}
    assert compliance.standing(got, {}) == got == compliance.standing(got, {"word.level": "  "})
    left = compliance.standing(got, {"word.level": "Name of the shop", "sensitive.fraud": "really"})
    assert [one.rule for one in left] == ["sensitive.fraud"]


def test_a_text_that_cannot_be_filled_is_refused():
    with pytest.raises(InvalidText):
        found("{{phone}}")


@pytest.mark.parametrize(
    "wrong", [{"channel": "pigeon"}, {"purpose": "profiling"}, {"purpose": ""}, {"form": "poster"}]
)
def test_a_channel_a_purpose_and_a_form_are_known(wrong):
    with pytest.raises(ValueError, match="that there are"):
        found("好", **wrong)


# -- the list ----------------------------------------------------------------------------------------------------------


def test_the_committed_list_tells_why_in_both_languages_and_whence():
    for one in (*LISTS.musts, *LISTS.words):
        assert one.why["zh"] != one.why["en"] and one.source
    assert {one.channels for one in LISTS.musts if one.rule == "opt_out"} >= {("sms",), ("email",)}
    assert set(LISTS.severities) <= set(sensitive.CATEGORIES)


def test_every_committed_word_is_found_by_itself_and_no_exception_is():
    for one in LISTS.words:
        for word in one.words:
            assert f"word.{one.name}" in {hit.rule for hit in found(word, "robot", "marketing")}, word
        for phrase in one.harmless:
            assert f"word.{one.name}" not in {hit.rule for hit in found(phrase, "robot", "marketing")}, phrase


MUST = {"rule": "opt_out", "channels": ["sms"], "purposes": ["marketing"], "pattern": "R", "severity": "block", "why": "a", "source": "b"}  # fmt: skip
WORD = {"name": "x", "words": ["a"], "except": ["ab"], "purposes": ["marketing"], "severity": "reason", "why": "a", "source": "b"}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"must": [MUST | {"rule": "other"}]}, "must 1: rule"),
        ({"must": [MUST, MUST | {"pattern": "("}]}, "must 2: pattern"),
        ({"must": [MUST | {"pattern": "", "field": "phone"}]}, "must 1: field"),
        ({"must": [MUST | {"pattern": ""}]}, "must 1: pattern or field"),
        ({"must": [MUST | {"rule": "sender"}]}, "must 1: pattern or field"),
        ({"must": [MUST | {"where": "start"}]}, "must 1: where"),
        ({"must": [MUST | {"channels": ["pigeon"]}]}, "must 1: channels"),
        ({"must": [MUST | {"channels": []}]}, "must 1: channels"),
        ({"must": [MUST | {"purposes": ["profiling"]}]}, "must 1: purposes"),
        ({"must": [MUST | {"severity": "warn"}]}, "must 1: severity"),
        ({"must": [MUST | {"why": ""}]}, "must 1: why"),
        ({"word": [WORD | {"name": ""}]}, "word 1: name"),
        ({"word": [WORD | {"words": "abc"}]}, "x: words"),
        ({"word": [WORD | {"words": [" "]}]}, "x: words"),
        ({"word": [WORD | {"except": ["b"]}]}, "x: except"),
        ({"word": [WORD, WORD]}, "word: two of one name"),
        ({"severity": {"fraud": "stop"}}, "severity"),
    ],
)
def test_an_entry_that_cannot_be_read_is_named(wrong, names):
    with pytest.raises(ValueError, match=names):
        compliance.read(wrong)


def test_an_empty_list_finds_nothing():
    assert compliance.read({}) == NO_LISTS and found("最佳", "sms", "marketing", lists=NO_LISTS) == ()
    assert compliance.read({"must": [MUST], "word": [WORD]}).words[0].harmless == ("ab",)
