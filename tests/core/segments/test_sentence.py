"""A definition read back: as an operator would say it, and never alike for two that mean different things."""

from datetime import date
from functools import partial
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.segments import language, sentence
from core.segments.language import (
    AllOf,
    AnyOf,
    Condition,
    Dates,
    Event,
    LastDays,
    Node,
    Not,
    OneOf,
    Profile,
    Score,
    Value,
)
from dashboard import i18n
from dashboard.i18n import Language
from tests.core.segments.trees import leaves, trees

NAMES = {
    ("event", "product_view"): "浏览商品",
    ("tag", 7): "VIP",
    ("gender", "f"): "女",
    ("rfm", "high_value"): "重要价值",
}


def told(node: Node, chosen: Language = "zh") -> str:
    def say(key, **places):
        return i18n.text(chosen, key, **places)

    return sentence.told(node, say=say, name=lambda kind, id: NAMES.get((kind, id), str(id)), money=lambda v: f"¥{v}")


def views(op="at_least", value=3, window=LastDays(30), **more) -> Event:
    return Event(("product_view",), more.pop("measure", "count"), op, (value,), window, **more)


ORDERED = Event(("order_placed",), "amount", "at_least", (300,), LastDays(90))
EXAMPLES = [
    (views(), "最近 30 天“浏览商品”至少 3 次。", "Members who did “浏览商品” at least 3 times in the last 30 days."),
    (views(value=1), "最近 30 天有过“浏览商品”。", "Members who did “浏览商品” in the last 30 days."),
    (views("at_most", 0, None), "至今没有“浏览商品”。", "Members who did not do “浏览商品” at any time."),
    (
        views("exactly", 1, LastDays(1), measure="days"),
        "最近 1 天有正好 1 天“浏览商品”。",
        "Members who did “浏览商品” on exactly 1 day in the last 1 day.",
    ),
    (
        Event(("a", "b", "c"), "count", "between", (2, 4), Dates(date(2026, 1, 1), date(2026, 1, 31)),
              (Condition("channel", "is", ("app",)), Condition("size", "is_not", ("XL",)))),
        "2026-01-01 至 2026-01-31“a”、“b”或“c”（限渠道是“app”，且“size”不是“XL”（含没有记录））介于 2 到 4 次。",
        ("Members who did “a”, “b” or “c” (only where the channel is “app”, and “size” is not “XL”, or not known) 2 to 4 times "
        "from 2026-01-01 to 2026-01-31."),
    ),
    (
        AllOf((Not(ORDERED), views(), AnyOf((Profile("gender", "is", ("f",)), OneOf("tag", (7,)))), Not(OneOf("group", ("g1",))))),
        ("最近 30 天“浏览商品”至少 3 次，并且（性别是“女”，或者有标签“VIP”），但排除最近 90 天下单金额（未扣退款）合计至少 ¥300的人，"
        "也排除现在在社群“g1”里的人。"),
        ("Members who did “浏览商品” at least 3 times in the last 30 days, and (have the gender “女”, or have the tag “VIP”), but not "
        "those who placed orders of at least ¥300 in all (refunds not deducted) in the last 90 days, nor those who are in the group “g1” now."),
    ),
    (Not(OneOf("rfm", ("high_value",))), "所有会员，但排除RFM 八类是“重要价值”的人。",
     "Members who are anyone, but not those who are of the RFM class “重要价值”."),
    (
        AnyOf((Not(Profile("is_friend", "is", (True,))), AllOf((Profile("age", "between", (18, 25)), Profile("city", "is_set"))))),
        "不是已加企业微信好友的人，或者（年龄 18 到 25 岁，并且城市有记录）。",
        "Members who are not among those who are WeCom friends, or (are 18 to 25 years old, and have a known city).",
    ),
    (
        AllOf((Value("aov", "at_most", (99.5,)), Score("chance_30d", "at_least", (0.125,)), Profile("is_test", "is_not", (True,)))),
        "平均每单（已扣退款）至多 ¥99.5，并且预测 30 天内下单概率至少 12.5%，并且明确不属于测试账号。",
        ("Members who spend at most ¥99.5 per order on average, net of refunds, and are expected to order within 30 days with a chance "
        "of at least 12.5%, and are known to be no test accounts."),
    ),
    (
        AllOf((Score("churn_order_90d_top", "at_most", (0.2,)), Score("conversion_30d", "at_least", (0.5,)), Score("churn_activity_60d", "between", (0.1, 0.5)))),
        "按预测 90 天内不再下单的概率从高到低排，位次至多 20%，并且预测 30 天内会下单的概率至少 50%，并且预测 60 天内不再活跃的概率介于 10% 到 50%。",
        ("Members who rank, by their chance of ordering nothing for 90 days, at most 20% from the top, and are expected to order within 30 days with "
        "a chance of at least 50%, and are expected to go silent for 60 days with a chance of 10% to 50%."),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("node", "zh", "en"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_a_definition_reads_as_an_operator_would_say_it(node, zh, en):
    assert told(node) == zh
    assert told(node, "en") == en


def test_a_quotation_mark_in_a_name_closes_nothing():
    sly, honest = OneOf("group", ("g1”或“g2",)), OneOf("group", ("g1", "g2"))
    assert told(sly) == "现在在社群“g1””或“g2”里。"
    assert told(sly) != told(honest)


A, B, C = (OneOf("tag", (number,)) for number in (1, 2, 3))


def truths(node: Node, held: frozenset[Node]) -> bool:
    match node:
        case AllOf(nodes):
            return all(truths(child, held) for child in nodes)
        case AnyOf(nodes):
            return any(truths(child, held) for child in nodes)
        case Not(child):
            return not truths(child, held)
    return node in held


def small_trees() -> list[Node]:
    one = [A, B, C, *map(Not, (A, B, C))]
    two: list[Node] = [kind(pair) for kind in (AllOf, AnyOf) for pair in product(one, repeat=2)]
    three: list[Node] = [
        kind((outer, inner)) for kind in (AllOf, AnyOf) for outer in one for inner in [*two, *map(Not, two)]
    ]
    return [*one, *two, *map(Not, two), *three, *map(Not, three)]


@pytest.mark.parametrize("chosen", ["zh", "en"])
def test_trees_that_read_alike_mean_the_same(chosen: Language):
    worlds = [frozenset(held) for size in range(4) for held in combinations((A, B, C), size)]
    meaning: dict[str, tuple[bool, ...]] = {}
    for node in small_trees():
        means = tuple(truths(node, held) for held in worlds)
        assert meaning.setdefault(told(node, chosen), means) == means
    assert len(set(meaning.values())) > 50


@given(st.lists(leaves(), min_size=2, max_size=12))
@settings(max_examples=60)
def test_leaves_that_read_alike_are_asked_alike(found: list[Node]):
    for chosen in i18n.LANGUAGES:
        said: dict[str, Node] = {}
        for leaf in found:
            assert asked(said.setdefault(told(leaf, chosen), leaf)) == asked(leaf)


def asked(leaf: Node) -> object:
    """What a leaf asks, without the ways to ask it differently: the order of a list, and 0 at most, exactly or from 0."""
    if isinstance(leaf, Event):
        is_none = leaf.values[-1] == 0 and leaf.op != "at_least" and leaf.measure != "amount"
        measured = "none" if is_none else (leaf.measure, leaf.op, leaf.values)
        if (leaf.op, leaf.values) == ("at_least", (1,)) and leaf.measure != "amount":
            measured = "some"
        return tuple(dict.fromkeys(leaf.names)), measured, leaf.window, tuple(map(_condition, leaf.conditions))
    if isinstance(leaf, Profile) and leaf.field in language.FLAG_FIELDS and len(set(leaf.values)) == 1:
        return leaf.field, leaf.values[0] == (leaf.op == "is")
    if isinstance(leaf, Profile | OneOf):
        return (
            leaf.field if isinstance(leaf, Profile) else leaf.kind,
            getattr(leaf, "op", ""),
            tuple(dict.fromkeys(leaf.values)),
        )
    return leaf


def _condition(test: Condition) -> object:
    return test.name, test.op, tuple(dict.fromkeys(test.values))


_TOLD_BY_NAME = [name for name in language.SCORES if name not in (*language.MODEL_CHANCES, *language.MODEL_TOPS)]


@given(trees())
@settings(max_examples=30)
def test_what_means_the_same_after_brackets_are_read_away_reads_the_same(node: Node):
    assert told(sentence.simplified(node)) == told(node) == told(AllOf((node,))) == told(Not(Not(node)))
    assert sentence.simplified(sentence.simplified(node)) == sentence.simplified(node)


def test_every_text_of_a_sentence_is_there_in_both_languages():
    texts = {
        chosen: {key for key in i18n.catalogue(chosen) if key.startswith("sentence.")} for chosen in i18n.LANGUAGES
    }
    assert texts["zh"] == texts["en"]
    for chosen in i18n.LANGUAGES:
        say = partial(i18n.text, chosen)
        for name in (*language.VALUES, *_TOLD_BY_NAME, *(f"of_{kind}" for kind in language.KINDS)):
            assert say(f"sentence.{name}")
        for kind, target in product(("chance", "top"), language.MODEL_TARGETS):
            assert say(f"sentence.{kind}_{target}")
