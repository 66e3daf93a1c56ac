"""内容, through the frame: figures counted by hand, one piece, its people, fatigue, live sessions, matching, and what is missing."""

from datetime import datetime, timedelta
from html import unescape

import pytest

from core.work.home import Home
from dashboard.web import wiring
from tests import lakes
from tests.dashboard.pages.conftest import choose, current, go, said
from tests.dashboard.pages.test_community import follow, html, table, tile

NOV = datetime(2026, 11, 2, 2)
DASH = "—"
PIECES = {
    "tea": ("怎么泡茶", "茶知识", "article"),
    "sale": ("双十一清单", "优惠活动", "article"),
    "show": ("周五直播", "新品", "live"),
}


def fill(*, sends: bool = True) -> Home:
    """Members 1 to 40 read tea, 1 to 20 of them like it; 1 to 5 read the sale after that and buy for 100 yuan each, all in November. 1 to 35
    enter the show on November 2, 1 to 7 of whom look at a product and 1 to 14 enter another one a week later. 1 to 40 are sent tea five
    times, a day apart: all answer the first, 1 to 4 the last ones."""
    home = wiring.house().live
    events = [_event(who, NOV, "content_view", "tea") for who in range(1, 41)] + [
        _event(who, NOV, "like", "tea") for who in range(1, 21)
    ]
    events += [_event(who, NOV + timedelta(days=1), "content_view", "sale") for who in range(1, 6)]
    events += [_event(who, NOV, "live_enter", "show", channel="live") for who in range(1, 36)]
    events += [_event(who, NOV + timedelta(hours=1), "product_view", None) for who in range(1, 8)]
    events += [_event(who, NOV + timedelta(days=7), "live_enter", "late", channel="live") for who in range(1, 15)]
    facts = {
        "events": [
            *events,
            _event(99, NOV - timedelta(days=80), "page_view", None),
            _event(99, datetime(2026, 11, 28, 4), "page_view", None),
        ],
        "order_lines": [
            lakes.sale(who, (NOV + timedelta(days=2)).isoformat(), f"o{who}", 100, channel="store")
            for who in range(1, 6)
        ],
    }
    if sends:
        facts["touches"] = [
            {"identity_key": who, "occurred_at": NOV + timedelta(days=day, minutes=minute), "touch_id": f"{who}-{day}", "state": state,
             "content_id": "tea", "channel": "wecom"}
            for who in range(1, 41) for day in range(5) for minute, state in enumerate(("delivered", "opened"))
            if state == "delivered" or day < 3 or who < 5
        ]  # fmt: skip
    lakes.add(home, 1, **facts)
    with home.writer.change("import", 2) as change:
        rows = [
            {"content_id": key, "title": title, "topic": topic, "format": kind, "channel": "wecom", "published_at": NOV - timedelta(days=1)}
            for key, (title, topic, kind) in PIECES.items()
        ]  # fmt: skip
        change.merge("contents", lakes.rows("contents", rows))
    return home


def _event(who, when, name, content, **more):
    return lakes.event(who, when.isoformat(), name, content_id=content, **{"channel": "wecom"} | more)


def open_with(opened, role="analyst", language="zh", units=None, **query):
    test = opened("catalog", role, language, units=units)
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "content")


def figures(test, scope, *names):
    return [tile(test, f"{scope}-{name}")[0] for name in names]


@pytest.mark.parametrize(("language", "reads"), [("zh", "40 位读者"), ("en", "40 readers")])
def test_figures_of_all_content_are_those_counted_by_hand(opened, language, reads):
    """94 reads, of 40 readers, 20 of whom like; five buy, of what they read last: two of 14 who saw the late show did not exist."""
    fill(sends=False)
    test = open_with(opened, language=language)
    assert not test.exception
    assert figures(test, "all", "reads", "interaction_rate", "conversion_rate") == ["94", "50.0%", "12.5%"]
    assert reads in tile(test, "all-reads")[1]
    assert 'id="tile-all-ctr"' not in html(test)


def test_pieces_stand_by_reads_and_small_ones_show_no_rate(opened):
    fill()
    rows = table(open_with(opened))
    assert rows["内容"].tolist() == ["怎么泡茶", "周五直播", "late", "双十一清单"]
    assert rows["阅读"].tolist() == [40, 35, 14, 5]
    assert rows["互动率"].fillna(-1).tolist() == [50.0, 0.0, -1.0, -1.0]
    assert rows["成交金额"].tolist() == [0, 0, 0, 500]
    assert rows["点击率 CTR"].fillna(-1).tolist() == [0.0, -1.0, -1.0, -1.0]


def test_a_piece_opens_with_its_people_and_is_closed_again(opened):
    fill()
    test = open_with(opened, piece="sale")
    assert 'id="piece-name">双十一清单' in html(test)
    assert tile(test, "one-reads")[0] == "5" and tile(test, "one-conversion_rate")[0] == "n = 5"
    follow(test, "people-one-buyers")
    assert not test.exception
    assert "5 位会员" in said(test) and "与数字完全一致" in said(test)
    assert test.query_params["who"] == "one.buyers"
    follow(test, "close-piece")
    assert 'id="piece-name"' not in html(test) and "who" not in test.query_params


@pytest.mark.parametrize(("by", "keys"), [
    ("按主题", {"茶知识", "新品", "优惠活动", "未注明"}), ("按形式", {"文章", "直播", "未注明"}), ("按渠道", {"企业微信", "直播"}), ("按发布时段", {"10 点", "未注明"}),
])  # fmt: skip
@pytest.mark.some(2)
def test_what_rows_are_is_chosen(opened, by, keys):
    fill()
    test = choose(open_with(opened), by)
    assert not test.exception and by in current(test)
    assert set(table(test).iloc[:, 0]) == keys


def test_an_executive_sees_figures_and_no_people(opened):
    fill()
    test = open_with(opened, role="executive", who="all.readers")
    assert not test.exception
    assert tile(test, "all-reads")[0] == "94"
    assert "people-all-readers" not in html(test) and "位会员 与" not in said(test)
    test.query_params["part"] = "matching"
    assert not test.run().exception and not test.dataframe


def test_fatigue_says_what_the_same_people_do(opened):
    fill()
    test = open_with(opened, part="fatigue")
    assert not test.exception
    assert figures(test, "first") == [] and tile(test, "first")[0] == "100.0%"
    assert [tile(test, name)[0] for name in ("second", "third", "fourth")] == ["100.0%", "100.0%", "10.0%"]
    assert "是同一批人在疲劳" in unescape(html(test)) and "40 位会员：第 1 条回应 100.0%" in unescape(html(test))
    follow(test, "people-fourth")
    assert "40 位会员" in said(test) and "与数字完全一致" in said(test)
    follow(test, "people-unanswered")
    assert "36 位会员" in said(test) and "与数字完全一致" in said(test)


def test_the_days_in_which_a_topic_counts_as_again_are_chosen(opened):
    fill()
    test = choose(open_with(opened, part="fatigue"), "7 天")
    assert test.query_params["again"] == "7"
    test.query_params["topic"] = "茶知识"
    assert 'id="fatigue-of">内容疲劳：茶知识' in html(test.run())


def test_live_sessions_stand_newest_first_with_those_who_came_back(opened):
    fill()
    test = open_with(opened, part="live")
    assert not test.exception
    assert figures(test, "all", "viewers", "click_rate", "return_rate") == ["35", "20.0%", "40.0%"]
    assert figures(test, "all", "follow_rate") == ["—"] and "没有一条关注带内容编号" in html(test)
    assert table(test)["直播"].tolist() == ["周五直播", "late"]
    follow(test, "people-all-stayed_away")
    assert "21 位会员" in said(test) and "与数字完全一致" in said(test)


def test_matching_names_the_best_and_says_whether_it_can_be_trusted(opened):
    fill()
    test = open_with(opened, part="matching", match="content:sale")
    assert not test.exception
    assert 'id="match-name">双十一清单' in html(test)
    assert "主题：优惠活动" in unescape(html(test))
    assert table(test).shape[0] == 20
    assert "无法检验" in said(test) or "匹配度" in said(test)
    follow(test, "people-top")
    assert "4 位会员" in said(test) and "与数字完全一致" in said(test)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("part", ["pieces", "fatigue", "live", "matching"])
def test_every_part_opens_where_there_is_nothing(opened, part, language):
    test = open_with(opened, language=language, part=part)
    assert not test.exception and not test.dataframe
    lakes.add(wiring.house().live, 1, events=[lakes.event(1, "2026-11-28 04:00")])
    test.query_params["part"] = part
    assert not test.run().exception and not test.dataframe


def test_what_is_nobodys_is_told_as_unread(opened):
    fill()
    test = open_with(opened, piece="nothing", who="all.admirers")
    assert not test.exception
    assert "piece" not in test.query_params and "who" not in test.query_params
    assert "nothing" in test.warning[0].value and "admirers" in test.warning[0].value


def test_a_manager_of_units_sees_what_their_members_read(opened):
    home = fill()
    with home.writer.change("import", 3) as change:
        rows = [{"identity_key": who, "unit_id": "east" if who < 11 else "west"} for who in range(1, 41)]
        change.merge("member_profiles", lakes.rows("member_profiles", rows))
        change.merge(
            "units", lakes.rows("units", [{"unit_id": "east", "name": "东区"}, {"unit_id": "west", "name": "西区"}])
        )
    test = open_with(opened, role="manager", units=["east"])
    assert not test.exception
    assert "10 位读者" in tile(test, "all-reads")[1]
