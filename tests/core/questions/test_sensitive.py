"""Messages checked for sensitive words and platform rules: each rule by sentences, counts by hand, and whose list it is."""

from pathlib import Path

import ibis
import pytest

from core.errors import Unknown
from core.metrics import sensitive as rules
from core.scope import Filters, Scope
from core.work.questions import answers, sensitive, wordlists
from core.work.questions.places import TOTAL
from core.work.questions.reading import reading
from tests import lakes
from tests.core.questions.test_community import MARCH, at, described, message

BREAKS = {
    "superlative": ["全国第一的龙井", "这是最佳选择", "国家级品质", "口感最好的茶", "最优的价格"],
    "guarantee": ["100%有效", "绝对没有副作用", "零风险尝鲜"],
    "medical": ["能降血压", "对失眠有疗效", "喝了能治疗胃病"],
    "forward_for_reward": ["转发到朋友圈领红包", "分享给3个群免费领小样", "集满38个赞送茶杯"],
    "follow_for_reward": ["关注公众号领取礼包"],
    "diversion": ["加V聊", "加我微信 tea_2026", "vx: abc12345", "去拼多多买便宜", "想要的私加"],
    "phone": ["打我电话13800138000", "138-0013-8000 找小王", "+8613800138000"],
    "id_card": ["身份证110101199003071234帮我查"],
    "bank_card": ["打到6222021234567890123", "6222 0212 3456 7890"],
    "fraud": ["刷单日结", "代开发票联系我"],
    "escalation": ["再不处理我打12315", "喝完过敏了", "这是假货吧"],
}
KEEPS = {
    "superlative": ["第一次来", "最佳饮用温度是85度", "最好先醒茶", "第一泡倒掉"],
    "guarantee": ["绝对好喝", "满意"],
    "medical": ["本品不是药，不能治疗疾病", "茶不能替代药物"],
    "forward_for_reward": ["分享一下我的茶席", "转发给家人看看", "点赞前三送小样"],
    "follow_for_reward": ["欢迎关注公众号", "关注价格"],
    "diversion": ["加微信群聊聊", "加水微微泡", "大家加油", "vx是什么", "请加企业微信：小茶"],
    "phone": ["订单号 2026111380013800012", "12345678", "订单13800138000123"],
    "id_card": ["订单号110101209913071234"],
    "bank_card": ["6222", "单号 62220212345678901234567"],
    "fraud": ["下单日结算", "能开发票吗"],
    "escalation": ["喝了会过敏吗", "没有过敏", "维护群秩序", "不过敏的"],
}


@pytest.mark.parametrize("name", list(BREAKS))
def test_a_rule_finds_what_it_is_for_and_leaves_what_only_looks_like_it(name: str):
    rule = next(one for one in wordlists.rules() if one.name == name)
    sentences = dict.fromkeys(BREAKS[name], True) | dict.fromkeys(KEEPS[name], False)
    texts = ibis.memtable({"text": list(sentences)})
    assert dict(zip(sentences, rules.breaks(texts.text, rule).execute(), strict=True)) == sentences


def test_every_rule_says_why_and_whence_and_is_tried_above():
    assert {rule.name for rule in wordlists.rules()} == set(BREAKS) == set(KEEPS)
    assert {rule.category for rule in wordlists.rules()} == set(rules.CATEGORIES)
    assert all(
        rule.title["zh"] and rule.title["en"] and rule.why["zh"] and rule.why["en"] and rule.source
        for rule in wordlists.rules()
    )


@pytest.mark.parametrize(
    "change", [{"pattern": "("}, {"of": "everybody"}, {"category": "odd"}, {"why": ""}, {"except": "["}]
)
def test_a_list_that_cannot_be_read_is_refused_with_the_name_of_the_rule(change):
    rule = {"name": "one", "title": "t", "category": "medical", "of": "both", "pattern": "x", "why": "w", "source": "s"}
    assert len(rules.read({"rule": [rule]})) == 1
    with pytest.raises(ValueError, match="Rule one "):
        rules.read({"rule": [rule | change]})
    with pytest.raises(ValueError, match="Rule one "):
        rules.read({"rule": [rule, rule]})


def fill(tmp_path: Path, since: str = "2025-02-01 10:00"):
    """Of March: 1 gives a number twice and once with another one beside, 2 says what only the staff may not say, the staff of g1 say it
    twice and give a number, a bot does; of February 1 gives one; what nobody wrote is no text."""
    home = lakes.home(tmp_path)
    number, best = "我的电话13800138000", "这是最佳选择"
    rows = [
        (1, "g1", "2025-03-02 10:00", number, "member"), (1, "g2", "2025-03-03 10:00", number, "member"),
        (1, "g1", "2025-03-04 10:00", f"{number} 卡6222021234567890123", "member"), (2, "g1", "2025-03-05 10:00", best, "member"),
        (None, "g1", "2025-03-06 10:00", best, "staff"), (None, "g1", "2025-03-07 10:00", best, "staff"),
        (None, "g1", "2025-03-08 10:00", number, "staff"), (None, "g1", "2025-03-09 10:00", number, "bot"),
        (1, "g1", "2025-02-10 10:00", number, "member"), (None, "g1", "2025-03-10 10:00", None, "staff"),
        (3, "g3", "2025-03-11 10:00", "好喝", "member"), (3, "g3", since, "好喝", "member"), (None, "g1", "2025-03-12 10:00", number, "member"),
    ]  # fmt: skip
    said = [message(n, who, group, at(when), text, kind) for n, (who, group, when, text, kind) in enumerate(rows)]
    for row in said:
        if row["sender_kind"] == "staff":
            row["staff_id"] = "ann"
    lakes.add(home, 1, group_messages=said)
    described(home)
    return home


def rows_of(found, *names):
    return {
        tuple(row[name] for name in ("key", "category", "sender_kind")): tuple(row[name] for name in names)
        for row in found.rows.to_dict("records")
    }


def test_messages_are_counted_once_per_category_by_sender_now_and_before(tmp_path: Path):
    home = fill(tmp_path)
    with reading(home, Filters(MARCH)) as opened:
        groups, whole = sensitive.checked(opened, "group"), sensitive.checked(opened, "total")
    assert groups is not None and whole is not None
    assert rows_of(whole, "messages", "messages_before", "people") == {
        (TOTAL, "absolute", "staff"): (2, 0, 1),
        (TOTAL, "personal", "member"): (4, 1, 1),
        (TOTAL, "personal", "staff"): (1, 0, 1),
    }, "one of the four comes from somebody nobody knows"
    assert rows_of(groups, "messages")["g1", "personal", "member"] == (3,)
    assert rows_of(groups, "messages")["g2", "personal", "member"] == (1,)
    assert whole.checked == {"member": 6, "staff": 3}


def test_before_messages_begin_nothing_is_known_to_have_been_broken(tmp_path: Path):
    """The 12 days of March to date are held against the first 12 of February, of which the first is unknown."""
    home = fill(tmp_path, since="2025-02-02 00:00")
    with reading(home, Filters(MARCH)) as opened:
        whole = sensitive.checked(opened, "total")
    assert whole is not None and whole.since == at("2025-02-02").date()
    assert whole.rows["messages_before"].isna().all() and whole.rows["messages"].tolist() == [2, 4, 1]


def test_the_messages_found_are_listed_newest_first_and_masked(tmp_path: Path):
    home = fill(tmp_path)
    with reading(home, Filters(MARCH)) as opened:
        found = sensitive.hits(opened, "group", "g1", "personal", "member")
        staff = sensitive.hits(opened, "total", TOTAL, "absolute", "staff")
        none = sensitive.hits(opened, "group", "g1", "absolute", "member")
    assert found["text"].tolist()[1] == "我的电话138****8000 卡622****0123"
    assert found["rules"].tolist() == ["phone", "bank_card phone", "phone"]
    assert found["occurred_at"].is_monotonic_decreasing
    assert staff[["group_name", "staff_name", "text"]].values.tolist() == [["群 g1", "安", "这是最佳选择"]] * 2
    assert none.empty, "superlatives of members are no advertisement"


def test_members_behind_a_category_are_those_whose_messages_it_counts(tmp_path: Path):
    home = fill(tmp_path)
    with reading(home, Filters(MARCH)) as opened:
        assert sensitive.behind(opened, "total", TOTAL, "personal").to_dict("list") == {"member_id": [1], "value": [3]}
        assert sensitive.behind(opened, "group", "g2", "personal").to_dict("list") == {"member_id": [1], "value": [1]}
        with pytest.raises(Unknown, match="Did you mean personal"):
            sensitive.behind(opened, "total", TOTAL, "person")
        with pytest.raises(Unknown, match="Did you mean member"):
            sensitive.hits(opened, "total", TOTAL, "personal", "members")  # type: ignore[arg-type]


def test_a_scope_of_units_leaves_its_groups_members_and_the_staff_there(tmp_path: Path):
    home = fill(tmp_path)
    with home.writer.change("import", 98) as change:
        change.merge("member_profiles", lakes.rows("member_profiles", [{"identity_key": 1, "unit_id": "south"}]))
    with reading(home, Filters(MARCH), Scope(frozenset({"north"}))) as opened:
        found = sensitive.checked(opened, "total")
    assert found is not None
    assert rows_of(found, "messages") == {(TOTAL, "absolute", "staff"): (2,), (TOTAL, "personal", "staff"): (1,)}


def test_a_lake_without_messages_is_not_checked(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(1, "2025-03-03 10:00")])
    with reading(home, Filters(MARCH)) as opened:
        assert sensitive.checked(opened) is None
        assert sensitive.hits(opened, "total", TOTAL, "personal", "member").empty
        assert sensitive.behind(opened, "total", TOTAL, "personal").empty


def test_ask_says_the_same_rows(tmp_path: Path):
    home = fill(tmp_path)
    rows = answers.ask(home, "sensitive", Filters(MARCH), {"by": "total"})
    assert [(row["category"], row["sender_kind"], row["messages"]) for row in rows] == [
        ("absolute", "staff", 2), ("personal", "member", 4), ("personal", "staff", 1),
    ]  # fmt: skip
