"""路径, through the frame: builder, address, figures that add up, people, funnels, and questions that cannot be."""

import re
from dataclasses import replace
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from core.work.questions.funnels import Along
from dashboard import i18n
from dashboard.data import paths
from tests.dashboard.pages.conftest import go, said
from tests.dashboard.pages.shop import fill

LINK = {"period": "all", "anchor": "product_view", "pause": "2h"}


def open_with(opened, role="analyst", language="zh", *, unfolded=("path_more", "path_table"), **query):
    """The page at an address, come to from another page, with what is folded at first unfolded."""
    test = opened("catalog", role, language)
    for name in unfolded:
        test.session_state[name] = True
    for name, value in (LINK | query).items():
        test.query_params[name] = value
    return go(test, "paths")


def table(test, *names):
    return next(frame.value for frame in test.dataframe if set(names) <= set(frame.value.columns))


def columns(test):
    """Figures of every column, by its name."""
    found = {}
    for row in table(test, "列").itertuples(index=False):
        found.setdefault(row[0], {})[row[1]] = row[2]
    return found


def chosen(test, name):
    """The list of nodes or of paths, which has a key of its own for every answer."""
    return next(box for box in test.selectbox if str(box.key).startswith(name + "_"))


def address(test, name):
    """All values of a part of the address."""
    found = test.query_params.get(name, [])
    return [found] if isinstance(found, str) else list(found)


def links(test):
    return re.findall(r'<a href="(/funnels\?[^"]*)"', html(test))


def html(test):
    return "".join(part.proto.body for part in test.get("html"))


def act(test, kind):
    """Where one of the links beside the list of nodes leads; None where it is out of use, or not there."""
    part = next(part.proto.body for part in test.get("html") if part.proto.body.startswith("<nav"))
    found = re.search(rf'<a class="{kind}" href="([^"]*)"', part)
    return unescape(found[1]) if found else None


def follow(test, address):
    """As a browser does."""
    for name in list(test.query_params):
        del test.query_params[name]
    for name, value in parse_qs(address.removeprefix("?"), keep_blank_values=True).items():
        test.query_params[name] = value
    return test.run()


def listed(test, words):
    """Where the link that is called so leads."""
    return unescape(re.search(rf'<a href="([^"]*)" title="{words}"', html(test))[1])


def tiles(test):
    """Figures of the sessions by their names."""
    return dict(re.findall(r"<dt>(.*?)</dt><dd><b>(.*?)</b>", html(test)))


def test_every_column_adds_up_to_all_members(opened):
    fill(orders=False)
    test = open_with(opened, depth="2")
    assert not test.exception
    assert columns(test) == {
        "起点": {"浏览商品": "40"}, "第 1 步": {"加入购物车": "30", "离开": "10"}, "第 2 步": {"离开": "40"},
    }  # fmt: skip
    assert "<b>40 位会员</b>" in html(test)


def test_the_page_speaks_english(opened):
    fill(orders=False)
    test = open_with(opened, language="en", depth="1")
    assert not test.exception
    shown = table(test, "Column")
    assert shown["Column"].tolist() == ["Start", "Step 1", "Step 1"] and shown["Node"].tolist()[2] == "Left"
    assert shown["Of all"].tolist() == ["100.0%", "75.0%", "25.0%"]


def test_a_link_reproduces_the_question(opened):
    fill(orders=False)
    test = open_with(
        opened, way="before", anchor="purchase", depth="3", pause="45m", repeats="each", top="3", hide=["checkout"],
        end=["product_view"], together=["把%3A玩:add_to_cart|checkout"],
    )  # fmt: skip
    given = {name: address(test, name) for name in ("way", "anchor", "depth", "pause", "repeats", "top")}
    assert given == {
        "way": ["before"], "anchor": ["purchase"], "depth": ["3"], "pause": ["45m"], "repeats": ["each"], "top": ["3"],
    }  # fmt: skip
    assert (address(test, "hide"), address(test, "end")) == (["checkout"], ["product_view"])
    assert address(test, "together") == ["把%3A玩:add_to_cart|checkout"]
    assert test.text_input(key="together_name_0").value == "把:玩"
    assert test.number_input(key="pause_minutes").value == 45


def test_without_an_address_the_first_journey_that_exists_gives_the_start(opened):
    fill(orders=False)
    test = opened("paths", "executive")
    assert test.selectbox(key="anchor").value == "product_view"
    assert "period" not in test.query_params


def test_a_node_is_left_out_and_another_made_the_start(opened):
    fill(orders=False)
    test = open_with(opened, pause="none", depth="2")
    assert columns(test)["第 1 步"] == {"加入购物车": "30", "离开": "10"}
    chosen(test, "path_node").set_value("1:add_to_cart").run()
    follow(test, act(test, "hide"))
    assert not test.exception
    assert address(test, "hide") == ["add_to_cart"] and "exclude" not in test.query_params
    assert "不显示：加入购物车。" in [caption.value for caption in test.caption]
    assert columns(test)["第 1 步"] == {"去结算": "20", "离开": "20"}
    chosen(test, "path_node").set_value("1:checkout").run()
    follow(test, act(test, "start"))
    assert address(test, "anchor") == ["checkout"] and "set_start" not in test.query_params
    assert columns(test)["起点"] == {"去结算": "20"}


def test_the_start_cannot_be_left_out_and_what_is_no_event_is_no_start(opened):
    fill(orders=False)
    test = open_with(opened, depth="1")
    for node, start, out in (("0:product_view", True, True), ("1:<left>", True, True), ("1:add_to_cart", False, False)):
        chosen(test, "path_node").set_value(node).run()
        assert (act(test, "start") is None) is start
        assert (act(test, "hide") is None) is out


def test_events_are_brought_together_under_a_name(opened):
    fill(orders=False)
    test = open_with(opened, pause="none", depth="1")
    test.button(key="add_group").click().run()
    test.text_input(key="together_name_0").set_value("购物").run()
    test.multiselect(key="together_0").set_value(["add_to_cart", "checkout"]).run()
    assert address(test, "together") == ["购物:add_to_cart|checkout"]
    assert columns(test)["第 1 步"] == {"购物": "30", "离开": "10"}
    test.selectbox(key="anchor").set_value("购物").run()
    assert columns(test)["起点"] == {"购物": "30"}
    test.button(key="remove_0").click().run()
    assert not test.exception
    assert test.selectbox(key="anchor").value == "add_to_cart"
    assert "together" not in test.query_params


def test_the_people_of_a_node_are_as_many_as_it_counts(opened):
    fill(orders=False)
    test = open_with(opened, "manager", depth="1")
    chosen(test, "path_node").set_value("1:add_to_cart").run()
    follow(test, act(test, "people"))
    assert not test.exception
    assert "30 位会员" in said(test) and "与数字完全一致" in said(test)
    assert "从浏览商品起的路径" in said(test)


def test_the_people_of_a_whole_path_are_as_many_as_it_counts(opened):
    fill(orders=False)
    test = open_with(opened, "manager", depth="1")
    follow(test, listed(test, "查看会员 10"))
    assert "10 位会员" in said(test) and "浏览商品 → 离开" in said(test)


def test_an_executive_sees_paths_and_no_people(opened):
    fill(orders=False)
    test = open_with(opened, "executive", depth="1")
    assert columns(test)["起点"] == {"浏览商品": "40"}
    assert act(test, "hide") and act(test, "people") is None and "who=" not in html(test)
    follow(test, "?period=all&anchor=product_view&who=1:add_to_cart")
    assert not test.exception and "who" not in test.query_params and "30 位会员" not in said(test)


def test_the_address_of_a_funnel_carries_its_path_and_the_filters(opened):
    fill(orders=False)
    test = open_with(opened, depth="1", hide=["checkout"], channel=["web"])
    address = unescape(links(test)[0])
    query = parse_qs(urlsplit(address).query)
    assert query["step"] == ["product_view", "add_to_cart"]
    assert (query["period"], query["channel"], query["within"]) == (["all"], ["web"], ["none"])
    along = paths.along_of(query["path"][0], ("product_view", "add_to_cart", "checkout"))
    assert along is not None and dict(along.nodes)["checkout"] == "" and along.anchor == ("product_view",)


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "最后一步是每人第一次起点"), ("en", "the last one is each member's first start")]
)
def test_what_leads_to_the_start_opens_as_the_funnel_that_ends_there(opened, language, words):
    fill(orders=False)
    test = open_with(opened, language=language, anchor="purchase", way="before", pause="none", depth="2")
    address = unescape(links(test)[-1])
    query = parse_qs(urlsplit(address).query)
    assert query["step"][-1] == "purchase"
    members = next(row[2] for row in table(test, "列" if language == "zh" else "Column").itertuples(index=False))
    for name in list(test.query_params):
        del test.query_params[name]
    for name, value in query.items():
        test.query_params[name] = value
    test.session_state["funnel_table"] = True
    funnel = go(test, "funnels")
    assert not funnel.exception and not funnel.warning and words in said(funnel)
    counted = next(frame.value for frame in funnel.dataframe if "#" in frame.value.columns)
    assert list(counted.iloc[:, 2])[-1] == members == "10"
    assert f'aria-current="true">{i18n.text(language, "funnel.look_time")}</a>' in html(funnel)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '"x"', '{"nodes":{}}', '{"gap":"9x"}', '{"gap":"30m","nodes":3}', '{"gap":"30m","way":"up"}'],
)
def test_a_path_that_nobody_wrote_is_none(text):
    assert paths.along_of(text, ("a",)) is None


def test_a_path_in_an_address_is_read_as_it_was_written():
    for along in (Along(("a", "b")), Along(("a",), (("b", ""), ("c", "组 :|")), None, True, ("a",), ("b",))):
        for one in (along, replace(along, direction="before")):
            assert paths.along_of(paths.along_text(one), one.names) == one


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "数据中没有“付钱”这个事件"), ("en", "The data has no event “付钱”")]
)
def test_an_unknown_event_is_named_with_what_to_do(opened, language, words):
    fill(orders=False)
    test = open_with(opened, language=language, anchor="付钱")
    assert not test.exception
    assert words in said(test).replace("\\", "")


def test_a_start_that_nobody_came_to_says_what_to_do(opened):
    fill(orders=False)
    test = open_with(opened, channel=["app"])
    assert not test.exception
    assert "这段时间没有会员到过起点" in said(test) and "“浏览商品”" in said(test)


def test_few_members_have_no_shares(opened):
    fill(orders=False)
    test = open_with(opened, anchor="purchase", depth="1")
    assert "少于 30" in said(test)
    assert table(test, "列")["占全部"].tolist() == ["—", "—"]


@pytest.mark.parametrize(("language", "words"), [("zh", "还没有行为数据"), ("en", "No behaviour yet")])
def test_an_empty_world_says_what_to_do(opened, language, words):
    test = opened("paths", "manager", language)
    assert not test.exception
    assert words in said(test)


def test_the_way_of_counting_is_printed(opened):
    fill(orders=False)
    words = said(open_with(opened, end=["checkout"], hide=["purchase"]))
    for part in (
        "统计会员，不统计跳转次数",
        "相隔超过 2 小时",
        "不显示：付款",
        "到达 去结算 之一即为终点",
        "每列相加等于 100%",
    ):
        assert part in words


def test_sessions_are_told_with_how_they_were_cut(opened):
    fill(orders=False)
    test = open_with(opened)
    figures = tiles(test)
    assert figures["会话数"] == "100" and figures["人均会话"] == "2.5" and figures["单事件会话占比"] == "100.0%"
    assert "停顿超过 30 分钟" in said(test)


def test_what_a_link_says_that_cannot_be_read_is_told(opened):
    fill(orders=False)
    test = open_with(opened, pause="soon", depth="11", together=["Shopping", "Buying:add_to_cart"], way="sideways")
    told = test.warning[0].value.replace("\\", "")
    assert not test.exception
    for part in ("会话间隔 “soon”", "步数 “11”", "合并事件 “Shopping”", "方向 “sideways”"):
        assert part in told
    assert "add_to_cart" not in told and address(test, "together") == ["Buying:add_to_cart"]


@pytest.mark.parametrize(
    ("language", "together", "words"),
    [
        ("zh", ["Buying:add_to_cart", "Paying:purchase|add_to_cart"], "事件“add_to_cart”出现在两个合并节点里"),
        ("en", ["product_view:add_to_cart|purchase"], "“product_view” is called like an event that it does not hold"),
        ("en", ["A:add_to_cart", "A:purchase"], "Two grouped nodes are called “A”"),
    ],
)
def test_groups_that_cannot_stand_beside_each_other_are_refused_in_words(opened, language, together, words):
    fill(orders=False)
    test = open_with(opened, language=language, together=together)
    assert not test.exception and words in said(test).replace("\\", "")


def test_the_members_behind_the_sessions_are_as_many_as_the_figure_says(opened):
    fill(orders=False)
    test = open_with(opened, "manager", "en", depth="1")
    figure = tiles(test)["Members with sessions"]
    follow(test, "?period=all&anchor=product_view&depth=1&who=sessions")
    assert not test.exception and f"{figure} members" in said(test) and int(figure) > 0


def test_what_is_folded_is_not_drawn_and_counts_all_the_same(opened):
    fill(orders=False)
    test = open_with(
        opened, unfolded=(), pause="none", depth="1", hide=["add_to_cart"], together=["购物:checkout|purchase"], top="3"
    )
    assert not test.exception and not test.multiselect(key="channel").value
    assert not [box for box in test.multiselect if box.key in ("hide", "end")] and not test.dataframe
    assert "购物</b><small>20</small>" in html(test).replace(" · 50.0%", "")
    test.selectbox(key="way").set_value("before").run()
    test.selectbox(key="way").set_value("after").run()
    given = {name: address(test, name) for name in ("hide", "together", "top")}
    assert given == {"hide": ["add_to_cart"], "together": ["购物:checkout|purchase"], "top": ["3"]}
    test.session_state["path_more"] = True
    test.run()
    assert test.multiselect(key="hide").value == ["add_to_cart"] and test.selectbox(key="top").value == 3


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "第 1 步 · 加入购物车 · 30"), ("en", "Step 1 · Add to cart · 30")]
)
def test_a_click_on_a_node_opens_its_menu_and_the_list_follows(opened, language, words):
    fill(orders=False)
    test = open_with(opened, "manager", language, depth="2")
    assert 'class="menu' not in html(test)
    link = unescape(re.search(r'<a class="" tabindex="-1" href="([^"]*node=1%3Aadd_to_cart)"', html(test))[1])
    follow(test, link)
    assert not test.exception and chosen(test, "path_node").value == "1:add_to_cart"
    menu = re.search(r'<div class="menu \w+"[^>]*><header><b>(.*?)</b>(.*?)</div></div>', html(test))
    assert menu[1].startswith(words)
    for part in ("set_start=add_to_cart", "exclude=add_to_cart", "who=1%3Aadd_to_cart", "/funnels?"):
        assert part in menu[2]
    chosen(test, "path_node").set_value("1:<left>").run()
    assert 'class="menu' not in html(test) and "node" not in test.query_params


def test_what_a_link_opens_that_is_not_there_is_told(opened):
    fill(orders=False)
    test = open_with(opened, "manager", depth="1", node="1:gone", who="path:product_view|gone")
    told = test.warning[0].value.replace("\\", "")
    assert not test.exception and "1:gone" in told and "path:product_view|gone" in told
    assert "node" not in test.query_params and "who" not in test.query_params
