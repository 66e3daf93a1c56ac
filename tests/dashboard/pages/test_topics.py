"""话题 and 敏感词与规则, through the frame: words, topics, messages with a word, rules, people, and who may read nothing."""

from datetime import timedelta

import pytest

from core.store import segments
from core.work.questions import topics as question
from dashboard.data import topics
from dashboard.web import wiring
from tests import lakes
from tests.dashboard.pages.conftest import choose, go, said
from tests.dashboard.pages.test_community import NOV, figures, follow, html, tile

TEA = [
    "明前龙井满屋子香",
    "明前龙井真好喝",
    "龙井的豆香很浓",
    "明前龙井回购三次",
    "豆香和龙井最配",
    "龙井泡三次还有豆香",
]
POST = ["快递三天没动静", "物流信息不更新", "快递放驿站", "物流太慢", "快递和物流都慢", "驿站的快递坏了"]


def fill(since=60):
    """Messages begin ``since`` days before November, with one of the staff. In October members of a write 36 times of parcels; in November 1 to 6 write 30 times of tea, 1 with a number twice; the staff praise
    too much once; b writes once."""
    home = wiring.house().live
    rows = []

    def say(who, when, text, group="a", sender="member"):
        rows.append(
            {"identity_key": who, "occurred_at": when, "group_id": group, "sender_kind": sender, "text": text, "message_id": f"m{len(rows)}",
             "staff_id": "ann" if sender == "staff" else None}
        )  # fmt: skip

    say(None, NOV - timedelta(days=since), "早上好", sender="staff")
    for n in range(36):
        say(1 + n % 4, NOV - timedelta(days=20, minutes=n), POST[n % 6])
    for n in range(30):
        say(1 + n % 6, NOV + timedelta(days=n % 20, minutes=n), TEA[n % 6])
    for day in (1, 2):
        say(1, NOV + timedelta(days=day), "打我电话13800138000")
    say(None, NOV + timedelta(days=3), "这是国家级的最佳选择", sender="staff")
    say(9, NOV + timedelta(days=4), "<b>龙井</b>求购", "b")
    lakes.add(home, 1, group_messages=rows, events=[lakes.event(1, "2026-11-28 04:00")])
    with home.writer.change("import", 2) as change:
        named = [{"group_id": one, "name": f"群 {one}", "staff_id": "ann"} for one in "ab"]
        change.merge("groups", lakes.rows("groups", named))
        change.merge("staff", lakes.rows("staff", [{"staff_id": "ann", "name": "安"}]))
    return home


def open_with(opened, part, role="analyst", language="zh", **query):
    test = opened("catalog", role, language)
    test.query_params["part"] = part
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "community")


def test_words_that_rise_and_fall_lead_to_their_messages(opened):
    fill()
    test = open_with(opened, "topics")
    assert not test.exception
    rising, falling = (frame.value for frame in test.dataframe[:2])
    assert rising["词"].tolist()[0] == "龙井" and "快递" in falling["词"].tolist()
    assert rising.iloc[0, 1:4].tolist() == [31, 0, 7]
    assert "词的" not in said(test) and "只对" not in said(test), "all texts were read"


@pytest.mark.parametrize(
    ("part", "name", "told"),
    [
        ("topics", "words-messages", "上期 —（数据从 2026年10月1"), ("sensitive", "sensitive-member-personal", "上期 —（数据从 2026年10月1"),
        ("groups", "all-said", "上期 —（消息记录没有覆盖整个上期）"),
    ],
)  # fmt: skip
def test_before_the_first_message_nothing_is_none(opened, part, name, told):
    """Messages begin in the middle of October: neither words nor what breaks rules are held against it."""
    fill(since=20.9)
    test = open_with(opened, part, to_words="龙井")
    assert not test.exception and told in tile(test, name)[1]
    if part == "topics":
        assert "没有覆盖整个上期" in said(test) and "没有可比的上期" in said(test)


def test_of_many_texts_it_says_how_many_were_cut(opened, monkeypatch):
    monkeypatch.setattr(question, "MOST_TEXTS", 5)
    fill()
    assert "只对 14 条不同文字中的 5 条分词" in said(open_with(opened, "topics"))


def test_a_word_has_its_messages_people_days_and_groups(opened):
    home = fill()
    test = open_with(opened, "topics", to_words="龙井，豆香", to_people="words")
    assert not test.exception
    assert figures(test, "words", "messages", "speakers") == ["31", "7"]
    assert test.dataframe[2].value.values.tolist() == [["群 a", 30, 6], ["群 b", 1, 1]]
    assert "**7 位会员** 与数字完全一致" in said(test)
    next(one for one in test.text_input if one.label == "人群名称").set_value("聊龙井的人")
    next(one for one in test.button if one.label == "存为人群").click().run()
    with home.store.reading() as session:
        kept = segments.listed(session)[0]
        assert (kept.definition["kind"], kept.definition["words"]) == ("topics", ["龙井", "豆香"])


def test_typing_a_word_puts_it_into_the_address(opened):
    fill()
    test = open_with(opened, "topics")
    test.text_input(key="to_words").set_value(" 快递 ").run()
    assert test.query_params["to_words"] in ("快递", ["快递"])
    assert tile(test, "words-messages")[0] == "0"
    assert "上期 24" in tile(test, "words-messages")[1]


def test_one_group_is_held_against_the_others(opened):
    fill()
    test = open_with(opened, "topics", to_of="b", to_vs="others")
    assert not test.exception and "与其他群的用词差别：群 b" in said(test)
    choose(test, "与上期比")
    assert "本期与上期的用词差别：群 b" in said(test)


def test_topics_name_what_goes_together_with_examples_and_people(opened, monkeypatch):
    monkeypatch.setattr(question, "MOST_TOPICS", 2)
    fill()
    test = open_with(opened, "topics", to_look="topics", period="custom", **{"from": "2026-10-01", "to": "2026-11-28"})
    assert not test.exception
    names = sorted(tile(test, f"topic-{n}")[0] for n in range(2))
    assert names == ["31", "36"]
    follow(test, "people-topic-0")
    assert "**4 位会员** 与数字完全一致" in said(test)


def test_what_members_write_is_never_read_as_html(opened):
    fill()
    test = open_with(opened, "topics", to_words="龙井", to_of="b")
    assert "“&lt;b&gt;龙井&lt;/b&gt;求购”" in html(test)


@pytest.mark.parametrize("more", [{"to_words": "龙井"}, {"to_look": "topics"}])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_executive_sees_figures_of_words_and_no_sentence_and_no_people(opened, language, more):
    fill()
    test = open_with(opened, "topics", "executive", language, to_people="words", **more)
    assert not test.exception
    assert "满屋子" not in html(test) and "to_people" not in test.query_params


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_executive_sees_how_often_rules_are_broken_and_no_message(opened, language):
    fill()
    test = open_with(opened, "sensitive", "executive", language, se_hits="member.personal", se_people="personal")
    assert not test.exception
    assert tile(test, "sensitive-member-personal")[0] == "2"
    assert "打我电话" not in html(test) and {"se_hits", "se_people"}.isdisjoint(test.query_params)


@pytest.mark.parametrize(("part", "query"), [
    ("topics", {"to_of": "x"}), ("topics", {"to_people": "words"}), ("topics", {"to_people": "topic.99"}), ("topics", {"to_vs": "x", "to_of": "a"}),
    ("sensitive", {"se_hits": "member.absolute"}), ("sensitive", {"se_people": "medical"}), ("sensitive", {"se_of": "x"}),
])  # fmt: skip
@pytest.mark.some(2)
def test_an_address_that_names_nothing_is_told_as_unread(opened, part, query):
    fill()
    test = open_with(opened, part, **query)
    assert not test.exception and next(iter(query)) in "".join(one.value for one in test.warning).replace("\\", "")


def test_messages_that_break_rules_are_counted_and_listed_masked(opened):
    fill()
    test = open_with(opened, "sensitive", se_hits="member.personal")
    assert not test.exception
    assert figures(test, "sensitive-member", "personal", "escalation") == ["2", "0"]
    assert figures(test, "sensitive-staff", "absolute", "personal") == ["1", "0"]
    hits = test.dataframe[0].value
    assert hits["消息"].tolist() == ["打我电话138****8000"] * 2 and hits["规则"].tolist() == ["手机号"] * 2
    assert hits["时间"].tolist() == ["2026-11-04 10:00", "2026-11-03 10:00"]
    assert hits["发送人"].str.fullmatch(r"/member\?m=\d+#M-[0-9A-Z]{6}").all()
    follow(test, "close-hits")
    assert len(test.dataframe) == 1
    assert test.dataframe[0].value[["员工消息", "会员消息", "员工·绝对化"]].values.tolist() == [[1, 2, 1]]


def test_members_behind_a_category_open(opened):
    fill()
    assert "**1 位会员** 与数字完全一致" in said(open_with(opened, "sensitive", se_people="personal"))


def test_staff_are_named_beside_their_messages(opened):
    fill()
    test = open_with(opened, "sensitive", se_hits="staff.absolute", se_of="a")
    assert test.dataframe[0].value["发送人"].tolist() == ["安"]
    follow(test, "close-sensitive")
    assert "se_of" not in test.query_params and "se_hits" not in test.query_params


@pytest.mark.parametrize(("part", "language"), [("topics", "zh"), ("sensitive", "zh"), ("sensitive", "en")])
def test_the_contract_says_how_and_the_rules_by_name(opened, part, language):
    fill()
    test = open_with(opened, part, language=language)
    test.session_state[f"{part}_contract"] = True
    assert not test.run().exception


@pytest.mark.parametrize("part", ["topics", "sensitive"])
def test_a_lake_without_messages_says_what_to_bring(opened, part):
    lakes.add(wiring.house().live, 1, events=[lakes.event(1, "2026-11-28 04:00")])
    test = open_with(opened, part)
    assert not test.exception and "还没有群聊消息" in "".join(one.value for one in test.subheader)


@pytest.mark.parametrize(("text", "wanted", "others"), [
    ("龙井, 红茶，龙井、 ", ("龙井", "红茶"), ()), ("", (), ()), ("！？,。", (), ("！？", "。")), ("x" * 31, (), ("x" * 31,)),
    ("a,b,c,d,e,f,g", ("a", "b", "c", "d", "e"), ("f", "g")),
])  # fmt: skip
def test_words_stand_between_commas(text, wanted, others):
    assert topics.words(text) == (wanted, others)


def test_words_that_are_not_looked_for_are_told(opened):
    fill()
    test = open_with(opened, "topics", to_words="龙井,。,a,b,c,d,e")
    assert [one.value for one in test.warning] == [
        "没有查找：。、e。一次最多查 5 个词，每个词不超过 30 个字，并且要有文字或数字。"
    ]
