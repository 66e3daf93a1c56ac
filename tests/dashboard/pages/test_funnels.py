"""漏斗, through the frame: builder, address, figures, people, and funnels that cannot be."""

import pytest

from tests.dashboard.pages.conftest import go, said
from tests.dashboard.pages.shop import fill

STEPS = ["product_view", "add_to_cart", "checkout", "purchase"]


def open_with(opened, role="analyst", language="zh", steps=STEPS, **query):
    """The page at an address, come to from another page."""
    test = opened("catalog", role, language)
    test.query_params["period"] = "all"
    test.query_params["step"] = list(steps)
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "funnels")


def counts(test):
    table = next(frame.value for frame in test.dataframe if "#" in frame.value.columns)
    return table[table.columns[2]].tolist()


@pytest.mark.parametrize(("language", "entered"), [("zh", "进入会员"), ("en", "Members entered")])
def test_the_page_answers_in_both_languages(opened, language, entered):
    fill()
    test = open_with(opened, language=language)
    assert not test.exception
    assert next(metric for metric in test.metric if metric.label == entered).value == "40"
    assert counts(test) == ["40", "30", "20", "10"]


def test_a_link_reproduces_the_funnel(opened):
    fill()
    test = open_with(
        opened, steps=["product_view", "checkout|purchase"], order="strict", within="2h", by="platform", count="members"
    )  # fmt: skip
    assert test.query_params["step"] == ["product_view", "checkout|purchase"]
    assert test.query_params["within"] == "2h"
    assert test.query_params["order"] == "strict"
    assert test.query_params["by"] == "platform"
    assert test.selectbox(key="window").value == "custom"
    assert counts(test) == ["40", "0"]


def test_the_window_decides(opened):
    fill()
    assert counts(open_with(opened, within="1d")) == ["40", "30", "0", "0"]


@pytest.mark.parametrize(("language", "words"), [("zh", "还没有行为数据"), ("en", "No behaviour yet")])
def test_an_empty_world_says_what_to_do(opened, language, words):
    test = opened("funnels", "manager", language)
    assert not test.exception
    assert words in said(test)


def test_a_role_without_the_permission_sees_nothing_of_it(opened):
    fill()
    test = opened("funnels", "compliance")
    assert test.exception
    assert not test.title and not test.multiselect


def test_without_an_address_the_first_journey_that_exists_is_asked(opened):
    fill()
    test = opened("funnels", "analyst")
    assert [field.value for field in test.multiselect if str(field.key).startswith("step_")] == [
        ["product_view"], ["add_to_cart"], ["checkout"], ["order_placed"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh", "数据中没有“产品_浏览”这个事件"), ("en", "The data has no event or property “产品_浏览”")],
)
def test_an_unknown_step_is_named_with_what_to_do(opened, language, words):
    fill()
    test = open_with(opened, language=language, steps=["产品_浏览", "purchase"])
    assert not test.exception
    assert words in said(test).replace("\\", "")


def test_a_step_without_an_event_is_no_funnel_yet(opened):
    fill()
    test = open_with(opened, steps=["product_view"])
    assert "漏斗需要 2 到 10 步" in said(test)


def test_steps_are_added_and_taken_out(opened):
    fill()
    test = open_with(opened)
    test.button(key="add_step").click().run()
    fields = [field for field in test.multiselect if str(field.key).startswith("step_")]
    assert len(fields) == 5
    assert counts(test) == ["40", "30", "20", "10"]
    fields[-1].set_value(["order_placed"]).run()
    assert test.query_params["step"] == [*STEPS, "order_placed"]
    test.button(key="remove_1").click().run()
    assert test.query_params["step"] == ["product_view", "checkout", "purchase", "order_placed"]


def test_a_window_of_more_than_a_year_is_refused_in_words(opened):
    fill()
    assert "转化窗口应在 1 分钟到 366 天之间" in said(open_with(opened, within="900d"))


def test_the_breakdown_tells_the_share_without_a_value(opened):
    fill()
    test = open_with(opened, by="platform")
    assert "8 个进入者（20.0%）没有这个属性" in said(test)
    table = next(frame.value for frame in test.dataframe if "平台" in frame.value.columns)
    assert table["平台"].tolist() == ["phone", "（无此属性）"]
    assert table["总转化率"].tolist() == ["31.2%", "—"]


def test_events_without_sessions_are_refused_in_words(opened):
    fill()
    assert "这些事件没有会话编号" in said(open_with(opened, count="sessions"))


def test_who_was_lost_is_a_list_of_the_same_count(opened):
    fill()
    test = open_with(opened, "manager")
    test.button(key="dropped_2").click().run()
    assert not test.exception
    assert "10 位会员" in said(test) and "与数字完全一致" in said(test)
    assert "浏览商品 → 加入购物车 → 去结算 → 付款（7 天内）" in said(test)
    assert not test.get("download_button")


def test_an_executive_sees_the_funnel_and_no_people(opened):
    fill()
    test = open_with(opened, "executive")
    assert counts(test) == ["40", "30", "20", "10"]
    assert "您的角色不能查看会员名单" in said(test)


def test_the_way_of_counting_is_printed(opened):
    fill()
    words = said(open_with(opened, order="any", within="none"))
    assert "前 k 步都在同一窗口内做过即算到达第 k 步" in words
    assert "不限时间。" in words
    assert "取走得最远的一次" in words
