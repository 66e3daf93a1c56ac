"""节奏与触达, through the frame: figures of a lake counted by hand, the plan, one group, its people, and what is missing."""

import re
from datetime import datetime, timedelta
from html import unescape
from urllib.parse import parse_qs

import pytest

from core.work.home import Home
from dashboard.web import wiring
from tests import lakes
from tests.dashboard.pages.conftest import choose, current, go, said
from tests.histories import AHEAD, move, post

NOV = datetime(2026, 11, 2)
"""A Monday."""
DASH = "—"


def fill(*, messages: bool = True, moves: bool = True, posts: int = 40) -> Home:
    """Group a has forty members. On the evening of four days the staff sends to it; ten leave within a day of it, two at other times. To b it
    posts words at noon, 30 of 40 asking; nobody leaves. Member 1 says one thing in b each Monday at 12:30 of four; the data ends on
    November 29."""
    home = wiring.house().live
    joins = [move(who, group, NOV - timedelta(days=80), "join") for group in "ab" for who in range(1, 41)]
    sends = [NOV + timedelta(days=day, hours=20) for day in (2, 8, 14, 20)]
    left = [sends[n % 4] + timedelta(minutes=40 * (n + 1)) for n in range(10)] + [
        NOV + timedelta(days=day, hours=9) for day in (6, 12)
    ]
    joins += [move(11 + n, "a", when, "leave") for n, when in enumerate(left)]
    written = [post(n, "a", when, content_id="c") for n, when in enumerate(sends)]
    written += [
        post(100 + n, "b", NOV - timedelta(days=20 - n, hours=-12), text="今天喝了什么？" if n < 30 else "欢迎新朋友")
        for n in range(posts)
    ]
    told = [NOV + timedelta(days=7 * week, hours=12, minutes=30) for week in range(4)]
    written += [
        {
            "identity_key": 1,
            "occurred_at": when - AHEAD,
            "group_id": "b",
            "sender_kind": "member",
            "text": "好喝",
            "message_id": f"s{n}",
        }
        for n, when in enumerate(told)
    ]
    facts = ({"group_membership": joins} if moves else {}) | ({"group_messages": written} if messages else {})
    groups = [
        {"group_id": one, "name": f"群 {one}", "unit_id": "north" if one == "a" else "south", "staff_id": "ann"}
        for one in "ab"
    ]
    lakes.add(
        home, 1, **facts, events=[lakes.event(1, "2026-11-29 04:00")], groups=groups, staff=[{"staff_id": "ann", "name": "安"}],
        units=[{"unit_id": "north", "name": "北区"}, {"unit_id": "south", "name": "南区"}], contents=[{"content_id": "c", "title": "岩茶新品"}],
    )  # fmt: skip
    return home


def open_with(opened, role="analyst", language="zh", units=None, **query):
    test = opened("catalog", role, language, units=units)
    for name, value in ({"part": "rhythm"} | query).items():
        test.query_params[name] = value
    return go(test, "community")


def html(test):
    return "".join(part.value for part in test.html)


def tile(test, name):
    """Figure of a tile, and all that it says."""
    found = re.search(rf'<li id="tile-{name}">(.*?)</li>', html(test))[1]
    return unescape(re.search(r'<b class="value">(.*?)</b>', found)[1]), unescape(re.sub(r"<[^>]*>", " ", found))


def follow(test, name):
    """Follow a link, as the browser does."""
    address = unescape(re.search(rf'id="{name}"[^>]*href="\?([^"]*)"', html(test).replace("class=", " class="))[1])
    for key in list(test.query_params):
        del test.query_params[key]
    for key, values in parse_qs(address, keep_blank_values=True).items():
        test.query_params[key] = values
    return test.run()


def chosen(test):
    """The plan in the address."""
    found = test.query_params["rh_plan"]
    return found[0] if isinstance(found, list) else found


def rows_of(test, column):
    """The table that has a column of this title."""
    return next(part.value for part in test.dataframe if column in part.value)


def test_the_weeks_of_the_baseline_stand_beside_the_figures(opened):
    fill()
    test = open_with(opened)
    assert not test.exception and "对照的平时：所选时间所在的" in html(test) and "周（" in html(test)


def test_leaves_after_sends_are_those_counted_by_hand(opened):
    fill()
    test = open_with(opened)
    assert not test.exception
    assert tile(test, "rhythm-all-sends")[0] == "4"
    assert tile(test, "rhythm-all-left")[0] == "10"
    assert tile(test, "rhythm-flagged")[0] == "1" and "2 个里 1 个可以判断" in tile(test, "rhythm-flagged")[1]
    table = rows_of(test, "按平时应退").set_index("群")
    assert table["判断"].to_dict() == {"群 a": "群发后退群偏多", "群 b": "这段时间没有群发"}
    assert table["群发后退群"].to_dict() == {"群 a": 10, "群 b": 0} and table["其余时间退群"]["群 a"] == 2
    assert table.index[0] == "群 a" and table["平时条数"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh", "最热闹：周一 12:00–13:00，平均 1.0 条"), ("en", "Liveliest: Mon 12:00–13:00 with 1.0 messages")],
)
def test_the_heat_map_says_the_liveliest_hour(opened, language, words):
    fill()
    assert words in said(open_with(opened, language=language))


def test_the_mix_is_held_against_the_plan(opened):
    """Forty posts to b, of which ten welcome and thirty ask, and four sends to a."""
    fill()
    test = open_with(opened, period="90")
    assert [tile(test, f"mix-{sort}")[0] for sort in ("content", "interaction", "people")] == ["9.1%", "68.2%", "22.7%"]
    assert "44 条中的 4 条" in tile(test, "mix-content")[1] and "低了 50.9 个百分点" in tile(test, "mix-content")[1]
    assert 'id="tile-mix-other"' not in html(test), "nothing was left over"


def test_of_few_posts_only_their_number_is_shown(opened):
    """Of the last 28 days there are 20 posts to b and the four sends."""
    fill()
    test = open_with(opened)
    assert tile(test, "mix-content")[0] == "n = 24" and "高出" not in tile(test, "mix-content")[1]


def test_another_plan_stands_in_the_address(opened):
    fill()
    test = open_with(opened, period="90", rh_plan="10-70-20")
    assert (
        not test.exception
        and "计划 70%" in tile(test, "mix-interaction")[1]
        and "与计划相符" in tile(test, "mix-content")[1]
    )
    test.session_state["rhythm_plan"] = True
    test.run()
    for sort, value in (("content", 20), ("interaction", 60), ("people", 30)):
        next(one for one in test.number_input if one.key == f"rhythm_plan_{sort}").set_value(value)
    next(one for one in test.button if one.label == "应用").click().run()
    assert "110" in said(test) and chosen(test) == "10-70-20"
    next(one for one in test.number_input if one.key == "rhythm_plan_people").set_value(20)
    next(one for one in test.button if one.label == "应用").click().run()
    assert not test.exception and chosen(test) == "20-60-20" and "计划 60%" in tile(test, "mix-interaction")[1]


@pytest.mark.parametrize("text", ["50-50", "50-40-20", "a-b-c", "-10-60-50", "0060-30-10", ""])
@pytest.mark.some(2)
def test_a_plan_that_is_none_is_left_out_and_told(opened, text):
    fill()
    test = open_with(opened, rh_plan=text)
    assert not test.exception and "rh_plan" not in test.query_params
    assert len(test.warning) == 1 and "计划 60%" in tile(test, "mix-content")[1]


def test_slots_say_what_was_sent_in_them(opened):
    """Two groups on 90 days less the end; noon is served on 40 days of b, the evening on four of a."""
    fill()
    slots = rows_of(open_with(opened, period="90"), "有发的群日").set_index("时段")
    assert slots["发了几条"].to_dict() == {"早 6:30–7:30": 0, "中 12:00–13:00": 40, "晚 20:00–21:00": 4, "时段之外": 0}
    assert slots["互动"]["中 12:00–13:00"] == 75 and slots["可比群日"]["中 12:00–13:00"] == 40
    assert slots["之后一小时消息"].notna().tolist() == [False, True, False, False], "of four days nothing is said"


def test_a_group_in_the_address_opens_with_its_own_figures_and_every_send(opened):
    fill()
    test = open_with(opened, period="90", rh_of="a")
    assert not test.exception
    assert re.search(r'<h2 id="rhythm-name">群 a</h2>', html(test))
    assert tile(test, "rhythm-one-left")[0] == "10" and tile(test, "mix-content")[0] == "n = 4"
    assert "平时 24 小时内 0 条" in tile(test, "rhythm-one-sends")[1]
    each = rows_of(test, "发了什么")
    assert each["时间"].tolist() == ["2026-11-22 20:00", "2026-11-16 20:00", "2026-11-10 20:00", "2026-11-04 20:00"]
    assert each["24 小时内退群"].tolist() == [2, 2, 3, 3] and set(each["发了什么"]) == {"文字 · 岩茶新品"}
    follow(test, "close-rhythm")
    assert "rh_of" not in test.query_params and 'id="rhythm-name"' not in html(test)


@pytest.mark.parametrize(("language", "label", "row"), [("zh", "按群主", "安"), ("en", "By unit", "北区")])
def test_rows_are_owners_or_units(opened, language, label, row):
    fill()
    test = choose(open_with(opened, language=language), label)
    assert current(test).count(label) == 1
    assert row in rows_of(test, {"zh": "群发后退群", "en": "Leaves after sends"}[language]).iloc[:, 0].tolist()
    test.query_params["rh_of"] = {"zh": "ann", "en": "north"}[language]
    test.run()
    assert not test.exception and tile(test, "rhythm-one-left")[0] == "10"


@pytest.mark.parametrize("query", [{}, {"rh_of": "a"}])
def test_the_people_behind_leaves_after_sends_are_as_many(opened, query):
    fill()
    test = follow(open_with(opened, "manager", **query), f"people-{'one' if query else 'all'}-left")
    assert not test.exception
    assert "10 位会员" in said(test) and "名单合计 10 次，就是这个数字" in said(test)
    assert "存为人群" in [button.label for button in test.button]


@pytest.mark.parametrize("text", ["one.left", "all.happy", "left", "all.right"])
@pytest.mark.some(2)
def test_a_list_that_is_none_is_left_out_and_told(opened, text):
    fill()
    test = open_with(opened, rh_people=text)
    assert not test.exception and "rh_people" not in test.query_params and len(test.warning) == 1


def test_a_group_that_does_not_exist_is_left_out_and_told(opened):
    fill()
    test = open_with(opened, rh_of="nowhere")
    assert not test.exception and "rh_of" not in test.query_params
    assert "群、群主或经营单元 “nowhere”" in test.warning[0].value


def test_an_executive_sees_figures_and_no_people(opened):
    fill()
    test = open_with(opened, "executive", rh_people="all.left")
    assert not test.exception and "rh_people" not in test.query_params
    assert tile(test, "rhythm-all-left")[0] == "10" and "people-all-left" not in html(test)
    assert "您的角色不能查看会员名单" in said(test)


def test_without_moves_there_are_no_leaves_but_the_rest(opened):
    fill(moves=False)
    test = open_with(opened, period="90")
    assert not test.exception and tile(test, "mix-people")[0] == "22.7%"
    assert "还没有进退群记录" in said(test) and 'id="tile-rhythm-all-left"' not in html(test)


@pytest.mark.parametrize(("language", "words"), [("zh", "还没有群聊消息"), ("en", "No group messages yet")])
def test_without_messages_it_says_what_to_do(opened, language, words):
    fill(messages=False)
    test = open_with(opened, language=language)
    assert not test.exception and words in said(test)


def test_a_period_without_anything_shows_no_figures_of_nothing(opened):
    fill()
    test = open_with(opened, period="custom", **{"from": "2026-08-20", "to": "2026-09-10"})
    assert not test.exception and "没有会员说话" in said(test) and "没有主动发过消息" in said(test)
    assert tile(test, "rhythm-all-times")[0] == DASH and "没有群发" in tile(test, "rhythm-all-times")[1]


def test_nobody_outside_the_units_one_may_see_is_counted(opened):
    home = fill()
    with home.writer.change("import", 3) as change:
        profiles = [{"identity_key": who, "unit_id": "north" if who <= 14 else "south"} for who in range(1, 41)]
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))
    test = open_with(opened, "manager", units=["north"])
    assert not test.exception
    assert rows_of(test, "判断")["群"].tolist() == ["群 a"] and tile(test, "rhythm-all-left")[0] == "4"


def test_the_contract_says_how_it_is_counted(opened):
    fill()
    test = open_with(opened, language="en")
    test.session_state["rhythm_contract"] = True
    words = said(test.run())
    assert "the median is 0, and it is the 24 hours after each send" in words and "rule of thumb" in words
    assert "Filters:" in words and "Data version:" in words
