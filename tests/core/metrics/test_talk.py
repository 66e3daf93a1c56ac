"""What messages are, by their words."""

import ibis
import pyarrow as pa
import pytest

from core.metrics import talk

HEARD = [
    "收到", "谢谢", "收到，谢谢", "好的谢谢", "1", "👍", "谢谢群主", "OK", "辛苦了", "[强][强]", "好的，辛苦了！", "嗯嗯", "。。。", "",
    "ok thanks", "bob: thanks a lot", "Thank you so much!", "oh ok, got it :)", "k", "66666", "@小王 好的",
]  # fmt: skip
SAID = [
    "收到货了，很好喝", "求链接", "谢谢你的推荐，昨天下单了", "哈哈哈真的", "no", "这个可以", "1666元", "17", "thanks, it works now with the other driver",
    "好喝", "https://a.b/ok", "a",
]  # fmt: skip
ASKED = [
    "券怎么用不了？", "能开发票吗", "能开发票吗～", "在呢?", "how do i mount it", "bob: what is that", "Anyone here", "有没有人", "?", "谢谢，但是怎么办",
    "see http://a.b/c?d=1 or?",
]  # fmt: skip
TOLD = ["see http://a.b/c?d=1", "什么都好喝", "I know how", "收到", "somehow it works", "我觉得怎么泡都行"]


def judged(rule, texts: list[str | None]) -> list[bool | None]:
    rows = ibis.memtable(pa.table({"n": list(range(len(texts))), "text": pa.array(texts, pa.string())}))
    found = ibis.duckdb.connect().to_pyarrow(rows.select("n", is_so=rule(rows.text)).order_by("n"))
    return found["is_so"].to_pylist()


@pytest.mark.parametrize(
    ("rule", "texts", "expected"),
    [
        (talk.is_acknowledgement, HEARD, True),
        (talk.is_acknowledgement, [*SAID, *ASKED], False),
        (talk.is_question, ASKED, True),
        (talk.is_question, [*TOLD, *SAID], False),
        (talk.has_link, ["https://a.b", "看 http://x.cn/1", "www.a.cn", "HTTP://A.B"], True),
        (talk.has_link, ["a.b", "http", "www"], False),
        (talk.is_acknowledgement, [None], None),
        (talk.is_question, [None], None),
    ],
    ids=["heard", "not heard", "asked", "not asked", "link", "no link", "no text heard", "no text asked"],
)
def test_messages_are_what_their_words_say(rule, texts, expected):
    wrong = [text for text, found in zip(texts, judged(rule, texts), strict=True) if found is not expected]
    assert wrong == []


def test_longer_texts_are_never_mere_acknowledgements():
    assert judged(talk.is_acknowledgement, ["好" * talk.LONGEST_HEARD, "好" * (talk.LONGEST_HEARD + 1)]) == [
        True,
        False,
    ]


def test_only_what_a_member_says_is_activity():
    rows = [
        ("member", "text", "好喝", None, True), ("member", None, "好喝", None, True), ("member", "text", "收到", None, False),
        ("member", "image", None, None, True), ("member", "text", None, None, True), ("member", "image", "收到", None, True),
        ("staff", "text", "新品到店", None, False), ("bot", "text", "签到", None, False), ("member", "system", "进群", None, False),
        ("member", "rename", "a", None, False), ("member", "action", "waves", None, True), ("member", "text", "好喝", True, False),
        ("member", "text", "收到", False, True),
    ]  # fmt: skip
    names = ("sender_kind", "message_kind", "text", "is_heard")
    kinds = (pa.string(), pa.string(), pa.string(), pa.bool_())
    table = pa.table(
        {"n": list(range(len(rows)))}
        | {
            name: pa.array([row[at] for row in rows], kind)
            for at, (name, kind) in enumerate(zip(names, kinds, strict=True))
        }
    )
    messages = ibis.memtable(table)
    found = ibis.duckdb.connect().to_pyarrow(messages.select("n", is_so=talk.is_activity(messages)).order_by("n"))
    assert found["is_so"].to_pylist() == [row[-1] for row in rows]


def test_messages_are_marked_by_their_words():
    texts = ["收到", "能开发票吗", "看 https://a.b/c", None]
    messages = ibis.memtable(pa.table({"n": [1, 2, 3, 4], "text": pa.array(texts, pa.string())}))
    found = ibis.duckdb.connect().to_pyarrow(talk.marked(messages).order_by("n")).to_pylist()
    assert [(row["is_heard"], row["is_question"], row["has_link"]) for row in found] == [
        (True, False, False), (False, True, False), (False, False, True), (False, False, False),
    ]  # fmt: skip
