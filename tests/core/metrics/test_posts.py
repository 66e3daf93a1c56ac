"""Of what sort a post is, and what counts as one."""

import ibis
import pyarrow as pa
import pytest

from core.metrics import posts

COLUMNS = pa.schema(
    [(name, pa.string()) for name in ("sender_kind", "message_kind", "text", "reply_to", "content_id")]
    + [("has_link", pa.bool_())]
)


def table(*rows: dict[str, object]) -> ibis.Table:
    blank = dict.fromkeys(COLUMNS.names) | {"sender_kind": "staff"}
    return ibis.memtable(pa.Table.from_pylist([blank | row for row in rows], COLUMNS))


@pytest.mark.parametrize(
    ("sort", "text"),
    [
        ("content", "【茶知识】岩茶为什么有花香？"), ("content", "新品到店，先看品鉴笔记"), ("content", "三步学会冷泡，附教程"), ("content", "New arrival: cold brew set"),
        ("interaction", "投票：下一款拼团要哪个"), ("interaction", "接龙，要的扣1"), ("interaction", "打卡第三天"), ("interaction", "今天大家喝了什么？"),
        ("interaction", "Poll: which tea next"), ("interaction", "what did you drink today"), ("interaction", "抽奖开始啦 https://a.b/c"),
        ("people", "欢迎新朋友，我是你们的专属顾问"), ("people", "祝群里的小李生日快乐"), ("people", "Welcome to our newcomers"), ("people", "认识一下我们的店长"),
        ("other", "今天降温，多穿点"), ("other", "ok"), ("other", None),
    ],
)  # fmt: skip
def test_words_sort_a_post_that_carries_nothing_listed(sort, text):
    found = table({"text": text})
    assert found.mutate(sort=posts.sort(found)).execute()["sort"].tolist() == [sort]


@pytest.mark.parametrize(
    ("sort", "more"),
    [
        ("content", {"content_id": "c", "text": "投票：要哪个"}), ("content", {"message_kind": "image"}), ("content", {"message_kind": "mini_program", "text": "点这里"}),
        ("content", {"text": "看看 https://a.b/c"}), ("content", {"has_link": True, "text": None}), ("interaction", {"message_kind": "mini_program", "text": "接龙"}),
        ("people", {"message_kind": "image", "text": "欢迎新朋友"}), ("other", {"text": "大家早", "has_link": False}),
    ],
)  # fmt: skip
def test_what_it_carries_counts_before_words_only_where_the_house_lists_it(sort, more):
    found = table(more)
    assert found.mutate(sort=posts.sort(found)).execute()["sort"].tolist() == [sort]


@pytest.mark.parametrize(
    ("row", "is_post", "is_send"),
    [
        ({"text": "大家早"}, True, False), ({"content_id": "c"}, True, True), ({"message_kind": "image"}, True, True), ({"message_kind": "notice"}, True, True),
        ({"text": "看 https://a.b"}, True, True), ({"content_id": "c", "reply_to": "m1"}, False, False), ({"content_id": "c", "sender_kind": "bot"}, False, False),
        ({"content_id": "c", "sender_kind": "member"}, False, False), ({"message_kind": "rename"}, False, False), ({"message_kind": "system"}, False, False),
    ],
)  # fmt: skip
def test_answers_are_service_and_a_send_carries_something(row, is_post, is_send):
    found = table(row)
    told = found.mutate(post=posts.is_post(found), send=posts.is_send(found)).execute()
    assert (told["post"].tolist(), told["send"].tolist()) == ([is_post], [is_send])
