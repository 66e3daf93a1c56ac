"""会员分群, through the frame: figures counted by hand, another number of clusters, names, people, segments, and what is refused."""

from datetime import date, datetime, timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest

from core.scope import SYSTEM
from core.store import segments as store
from core.work import segments
from core.work.home import Home
from core.work.questions.clusters import kept
from dashboard.web import wiring
from dashboard.widgets.segments import links
from tests import lakes
from tests.dashboard.pages.conftest import choose, current, go, options, said
from tests.dashboard.pages.parts import follow, html, tile

LAST = date(2026, 11, 30)
BUYERS, READERS, PASSERS = range(1, 41), range(41, 91), range(91, 151)


def at(days_ago: int) -> str:
    day = LAST - timedelta(days=days_ago)
    return datetime(day.year, day.month, day.day, 3).isoformat()


def fill(world: Home | None = None) -> Home:
    """Members 1 to 40 bought twice for 100 yuan, 41 to 90, of the north, looked at something on twenty days, all others came once."""
    home = world or wiring.house().live
    orders = [lakes.sale(who, at(10 + 5 * n + who % 3), f"{who}-{n}", 100) for who in BUYERS for n in range(2)]
    events = [lakes.event(who, at(n * 9 + who % 4), "product_view") for who in READERS for n in range(20)]
    events += [lakes.event(who, at(180 + who % 20), "page_view") for who in PASSERS]
    events.append(lakes.event(41, at(0), "page_view"))
    lakes.add(home, 1, events=events, order_lines=orders)
    with home.writer.change("import", 2) as change:
        change.merge("units", lakes.rows("units", [{"unit_id": "north", "name": "北区"}]))
        profiles = [{"identity_key": who, "unit_id": "north"} for who in READERS]
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))
    return home


def open_part(opened, role="analyst", language="zh", units=None, **query):
    test = opened("catalog", role, language, units=units)
    test.query_params["part"] = "clusters"
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "value")


def definition(test, label: str):
    """Of the segment that a tile leads to."""
    address = unescape(html(test).split(f'id="segment-{label}"')[1].split('href="')[1].split('"')[0])
    assert urlsplit(address).path == "/segments"
    return links.unpacked(address.split("d=")[1])


@pytest.mark.parametrize(
    ("language", "title", "buyers", "kept"), [("zh", "会员分群", "下单多", "沿用（3）"), ("en", "Clusters of members", "any orders", "As kept (3)")]
)  # fmt: skip
def test_clusters_are_named_counted_and_described_in_both_languages(opened, language, title, buyers, kept):
    fill()
    test = open_part(opened, language=language)
    assert not test.exception
    assert title in said(test)
    assert kept in current(test)
    value, words = tile(test, "cluster-1")
    assert value == "40"
    assert buyers in words
    assert "100" in words  # all of the net amount
    other = tile(test, "cluster-2")[1]
    assert ("近一年没下单" if language == "zh" else "o order in a year") in other
    test.session_state["clusters_contract"] = True
    rules = said(test.run())
    assert ("最近 365 天，截至 2026年11月30日" if language == "zh" else "last 365 days to Nov 30, 2026") in rules
    assert "2026年11月3日" not in rules and "Nov 3 " not in rules  # of the period that was chosen
    assert "近期下过单" not in html(test) and "rdered lately" not in html(test)  # all who ever ordered did so lately
    assert sorted(tile(test, f"cluster-{label}")[0] for label in "123") == ["40", "50", "60"]


def test_each_count_opens_its_people_and_they_are_as_many(opened):
    fill()
    test = open_part(opened)
    follow(test, "people-1")
    assert "40 位会员" in said(test)
    assert "与数字完全一致" in said(test)


def test_one_click_leads_to_a_segment_of_the_cluster(opened):
    fill()
    assert definition(open_part(opened), "2") == {"v": 1, "where": {"all": [{"cluster": ["2"]}]}}
    cut = definition(open_part(opened, "manager", unit="north"), "2")
    assert cut == {"v": 1, "where": {"all": [{"cluster": ["2"]}, {"profile": "unit", "op": "is", "values": ["north"]}]}}


def test_a_unit_counts_those_within_and_may_be_clustered_alone(opened):
    fill()
    test = open_part(opened, unit="north")
    assert sorted(tile(test, f"cluster-{label}")[0] for label in "123") == ["0", "0", "50"]
    choose(test, "只在筛选出的会员里重新分")
    assert "这是试分的结果" in said(test)
    assert 'id="segment-' not in html(test)


def test_another_number_is_a_trial_until_it_is_kept(opened):
    home = fill()
    rule = {"v": 1, "where": {"cluster": ["1"]}}
    kept_on = segments.save_live(home, home.store, SYSTEM, "第一群", rule, now=lakes.NOW)
    test = open_part(opened)
    choose(test, "4")
    assert "这是试分的结果" in said(test)
    assert 'id="segment-' not in html(test)
    test.session_state["cluster_keep"] = True
    test.run()
    assert "用到会员分群的人群或标签：第一群。" in said(test)
    test.button(key="cluster_keep_do").click().run()
    assert not test.exception
    assert "沿用（4）" in current(test)
    assert "群数由" in said(test)
    assert 'id="segment-1"' in html(test)
    with home.store.reading() as session:
        assert kept(session).model.k == 4
        again = store.one(session, kept_on.id)
    assert kept_on.member_count == 40
    assert (
        str(again.member_count) == (tile(test, "cluster-1")[0] if 'id="tile-cluster-1"' in html(test) else "0") != "40"
    )


def test_a_cluster_is_given_a_name_of_its_own(opened):
    fill()
    test = open_part(opened)
    test.session_state["cluster_rename"] = True
    test.run()
    test.selectbox(key="cluster_label").set_value("1")
    test.text_input(key="cluster_name").set_value("<b>茶客</b>")
    next(button for button in test.button if button.label == "保存名称").click().run()
    assert not test.exception
    assert "1 · <b>茶客</b>" in said(test) or "&lt;b&gt;茶客" in html(test)
    assert "<b>茶客</b>" not in html(test)


def test_an_executive_sees_figures_but_no_people_and_changes_nothing(opened):
    fill()
    test = open_part(opened, "executive", cl_k="4")
    assert not test.exception
    assert tile(test, "cluster-1")[0]
    assert 'id="people-1"' not in html(test)
    assert not [button for button in test.button if button.key == "cluster_keep"]
    choose(test, "沿用（3）")
    assert tile(test, "cluster-1")[0]
    assert "/segments" not in html(test)


def test_who_sees_one_unit_changes_nothing_either(opened):
    fill()
    test = open_part(opened, "analyst", units=["north"], cl_k="4")
    assert not test.exception
    assert not [button for button in test.button if button.key == "cluster_keep"]


def test_the_address_says_what_cannot_be_read(opened):
    fill()
    test = open_part(opened, cl_k="12", who="77")
    assert not test.exception
    assert "沿用（3）" in current(test)
    assert "12" in test.warning[0].value and "77" in test.warning[0].value


def test_of_few_only_the_count_is_told(opened):
    fill()
    test = open_part(opened, cl_k="9")
    few = [
        label
        for label in map(str, range(1, 13))
        if f'id="tile-cluster-{label}"' in html(test) and int(tile(test, f"cluster-{label}")[0]) < 30
    ]
    assert few
    assert all("人数太少" in tile(test, f"cluster-{label}")[1] for label in few)
    assert all(
        "不足 30 人" in tile(test, f"cluster-{label}")[1] for label in few if tile(test, f"cluster-{label}")[0] != "0"
    )


@pytest.mark.parametrize(("language", "words"), [("zh", "只有 12 位会员"), ("en", "12 members are fewer")])
def test_too_few_members_are_refused_in_words(opened, language, words):
    lakes.add(wiring.house().live, 1, events=[lakes.event(who, at(who)) for who in range(12)])
    test = open_part(opened, language=language)
    assert not test.exception
    assert words in said(test)
    assert "9" in options(test)


def test_a_house_without_data_says_what_to_do(opened):
    test = open_part(opened)
    assert not test.exception
    assert not options(test)
