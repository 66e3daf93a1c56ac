"""RFM, through the frame: classes, tiers, moves and their people, methods and limits, live segments, and what is missing."""

import re
from html import unescape

import pytest

from core.work.home import Home
from dashboard.web import wiring
from dashboard.widgets.segments import links
from tests import lakes
from tests.dashboard.pages.conftest import go, said
from tests.dashboard.pages.test_community import html, tile

GROUPS = {
    range(1, 11): [("2026-10-05", 500), ("2026-11-26", 500)],
    range(11, 21): [("2026-11-20", 200)],
    range(21, 31): [("2026-08-01", 400), ("2026-08-05", 400)],
    range(31, 41): [("2026-07-01", 50)],
}
"""Four kinds of buyers by the days and amounts of their orders: valued, to develop, to keep, to win back."""


def fill(groups=GROUPS) -> Home:
    """The newest data is of 2026-11-28, so the four weeks to then are held against 2026-10-31. Member 40 returns all of it."""
    home = wiring.house().live
    orders = [
        lakes.sale(who, f"{day} 04:00", f"{who}-{day}", amount, channel="store")
        for some, bought in groups.items()
        for who in some
        for day, amount in bought
    ]
    orders.append(lakes.sale(40, "2026-11-10 04:00", "C40", -50, "refund", channel="store"))
    profiles = [{"identity_key": who, "unit_id": "north" if who <= 25 else "south"} for some in groups for who in some]
    units = [{"unit_id": unit, "name": unit.title()} for unit in ("north", "south")]
    lakes.add(
        home, 1, order_lines=orders, events=[lakes.event(99, "2026-11-28 04:00")], member_profiles=profiles, units=units
    )
    return home


def open_with(opened, role="analyst", language="zh", units=None, **query):
    test = opened("catalog", role, language, units=units)
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "value")


def row(test, name: str) -> list[str]:
    """Cells of a class in the table, as they are read."""
    found = re.search(rf'<tr id="class-{name}".*?</tr>', html(test))
    assert found, name
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", found[0])
    return [" ".join(unescape(re.sub(r"<[^>]*>", " ", cell)).split()) for cell in cells]


def limits(test) -> list[str]:
    found = re.search(r'<p class="rfm-cuts">(.*?)</p>', html(test))
    assert found
    return [unescape(one) for one in re.findall(r"<span>(.*?)</span>", found[1])]


def test_classes_tiers_and_moves_are_told(opened):
    fill()
    test = open_with(opened)
    assert limits(test) == ["近 = 最近一次下单在 8 天以内", "多 = 至少 2 单", "高 = 净额至少 ¥800.00"]
    counts = {
        name: row(test, name)[1]
        for name in ("high_value", "high_develop", "high_keep", "low_develop", "low_retain", "all")
    }
    assert counts == {
        "high_value": "10",
        "high_develop": "0",
        "high_keep": "10",
        "low_develop": "10",
        "low_retain": "10",
        "all": "40 ▲ +33.3%",
    }
    assert row(test, "high_value")[2:7] == ["25.0%", "20", "¥1万", "48.9%", "n = 10"]
    assert row(test, "all")[2:] == ["100.0%", "60", "¥2万", "100.0%", "¥341.67", "¥511.25", "61.5", ""]
    assert [tile(test, f"tier-{name}")[0] for name in ("high_value", "potential", "active", "lost")] == [
        "0",
        "10",
        "10",
        "20",
    ]
    assert "30 天内下过单，至少 2 单，净额至少 ¥1,000" in tile(test, "tier-potential")[1]
    text = html(test)
    assert re.search(r'id="way-up"[^>]*>▲ 变好 10<', text)
    assert re.search(r'id="way-down"[^>]*>▼ 变差 0<', text)
    assert re.search(r'id="move-low_retain-high_value"[^>]*>10<', text)
    assert re.search(r'id="move-none-low_develop"[^>]*>10<', text)


@pytest.mark.parametrize(
    ("which", "count"),
    [
        ("tier.lost", 20),
        ("move.class.low_retain.high_value", 10),
        ("spread.net.0", 1),
    ],
)
def test_a_figure_opens_its_people(opened, which, count):
    fill()
    test = open_with(opened, who=which)
    assert not test.exception
    assert any(f"{count} 位会员" in part.value for part in test.markdown)
    assert any("与数字完全一致" in part.value for part in test.markdown)


def test_limits_of_ones_own_are_rules_of_thumb_and_make_static_lists_only(opened):
    fill()
    test = open_with(opened, rfm_method="fixed", rfm_days="10", rfm_orders="1", rfm_net="200")
    assert limits(test) == ["近 = 最近一次下单在 10 天以内", "多 = 至少 1 单", "高 = 净额至少 ¥200.00"]
    assert row(test, "high_value")[1].startswith("20")
    captions = " ".join(one.value for one in test.caption)
    assert "经验值" in captions
    assert "八类不能存为动态人群" in captions
    assert "四档不能存为动态人群" not in captions
    assert 'id="live-class-' not in html(test)
    assert 'id="live-tier-lost"' in html(test)
    test.number_input(key="rfm_days").set_value(3).run()
    assert row(test, "high_value")[1].startswith("10")
    assert "3" in test.query_params["rfm_days"]


def test_a_live_segment_means_the_class_within_the_filters(opened):
    fill()
    test = open_with(opened, unit="north")
    assert row(test, "high_keep")[1] == "5"
    found = re.search(r'id="live-class-high_keep" href="([^"]*)"', html(test))
    assert found
    address = unescape(found[1])
    assert links.unpacked(address.split("d=")[1]) == {
        "v": 1, "where": {"all": [{"rfm": ["high_keep"]}, {"profile": "unit", "op": "is", "values": ["north"]}]},
    }  # fmt: skip
    tier = re.search(r'id="live-tier-lost" href="([^"]*)"', html(test))
    assert tier
    assert "value_tier" in str(links.unpacked(unescape(tier[1]).split("d=")[1]))


def test_tiers_of_ones_own_are_counted_and_contradictions_are_said(opened):
    fill()
    test = open_with(opened, rfm_t1_orders="2", rfm_t1_net="1000")
    assert tile(test, "tier-high_value")[0] == "10"
    assert 'id="live-tier-' not in html(test)
    assert 'id="live-class-high_value"' in html(test)
    assert "四档不能存为动态人群" in " ".join(one.value for one in test.caption)
    test = open_with(opened, "manager", rfm_t1_days="60", rfm_t2_days="30")
    assert not test.exception
    assert "RFM 设置不符合要求" in said(test)


def test_limits_that_cannot_be_read_are_told_and_usual_ones_hold(opened):
    fill()
    test = open_with(opened, rfm_method="fixed", rfm_days="-3", rfm_orders="x", rfm_t2_net="1.5", rfm_moves="junk")
    assert limits(test)[:2] == ["近 = 最近一次下单在 30 天以内", "多 = 至少 2 单"]
    told = test.warning[0].value.replace("\\", "")
    assert all(
        part in told for part in ("固定值：天数 “-3”", "固定值：单数 “x”", "潜力的净额 “1.5”", "变动按什么看 “junk”")
    )
    test = open_with(opened, "manager", rfm_days="10")
    assert "固定值：天数 “10”" in test.warning[0].value
    assert "rfm_days" not in test.query_params


def test_moves_between_tiers(opened):
    fill()
    test = open_with(opened, rfm_moves="tier", language="en")
    assert re.search(r'id="move-active-potential"[^>]*>10<', html(test))
    assert re.search(r'id="move-active-lost"[^>]*>10<', html(test))
    assert "▲ Better 10" in html(test)


def test_an_executive_sees_figures_and_nobody_behind_them(opened):
    fill()
    test = open_with(opened, "executive", who="class.high_value")
    assert row(test, "high_value")[1] == "10"
    text = html(test)
    assert "who=" not in text
    assert 'id="live-' not in text
    assert "▲ 变好 10" in text
    assert not any("位会员" in part.value for part in test.markdown)


def test_few_buyers_have_counts_and_no_rates(opened):
    fill({range(1, 6): GROUPS[range(1, 11)], range(40, 41): GROUPS[range(31, 41)]})
    test = open_with(opened, language="en")
    assert row(test, "all")[1:3] == ["6", "n = 6"]
    assert "fewer than 30" in " ".join(one.value for one in test.caption)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_without_orders_the_page_says_so(opened, language):
    lakes.add(wiring.house().live, 1, events=[lakes.event(1, "2026-11-28 04:00")])
    test = open_with(opened, language=language)
    assert not test.exception
    assert ("还没有会员下过单" if language == "zh" else "No member has ordered yet") in [
        one.value for one in test.subheader
    ]


def test_a_unit_without_buyers_says_so(opened):
    home = fill()
    lakes.add(home, 2, units=[{"unit_id": "west", "name": "West"}])
    test = open_with(opened, unit="west")
    assert "没有下过单的会员" in said(test)
    assert "rfm-board" not in html(test)


def test_orders_that_do_not_reach_back_are_held_against_nothing(opened):
    fill()
    test = open_with(opened, period="all")
    assert "订单数据不够早" in html(test)
    assert "way-up" not in html(test)


def test_where_all_buyers_are_in_one_class_it_is_said_that_the_class_says_nothing(opened):
    fill({range(1, 40): [("2026-11-20", 100)], range(40, 41): [("2026-11-20", 150)]})  # of which 50 went back
    test = open_with(opened)
    assert "这些买家都在同一类里" in said(test)
    assert "这些买家都在同一类里" not in said(open_with(opened, "manager", rfm_method="fixed"))
