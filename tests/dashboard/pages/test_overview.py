"""经营总览, through the frame: figures, likes with likes, contracts, people, and who may see them."""

from urllib.parse import parse_qsl

import pytest

from core.metrics.catalog import GOALS
from dashboard import i18n
from tests.dashboard.pages.conftest import cards, choose, go, options, said
from tests.dashboard.pages.shop import fill

NOVEMBER = {"period": "custom", "from": "2026-11-01", "to": "2026-11-30"}


def open_with(opened, role="analyst", language="zh", query=NOVEMBER, **more):
    """The page at an address, come to from another page."""
    test = opened("catalog", role, language, **more)
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "overview")


def card(test, name):
    return next(found for found in cards(test) if found.title == name)


def titles(test):
    return [found.title for found in cards(test)]


def exact(test):
    """The value in the contract that is open."""
    (metric,) = test.metric
    assert metric.label == "精确值"
    return metric.value


def follow(test, name):
    """Where the card's link leads."""
    for key, value in parse_qsl(card(test, name).link.removeprefix("?")):
        test.query_params[key] = value
    return test.run()


def of(goal, query=NOVEMBER):
    """The address with the cards of another goal."""
    return query | {"goal": goal}


@pytest.mark.parametrize(("language", "name", "net"), [("zh", "净收入", "¥1,395.00"), ("en", "Net revenue", "¥1.4K")])
def test_the_page_shows_figures_in_both_languages(opened, language, name, net):
    fill()
    test = open_with(opened, language=language)
    assert not test.exception
    assert card(test, name).value == net
    assert ("2026-11-28 12:00" in said(test)) and ("1" in said(test))


@pytest.mark.parametrize(("language", "words"), [("zh", "还没有数据"), ("en", "No data yet")])
def test_an_empty_world_says_what_to_do(opened, language, words):
    test = opened("overview", "manager", language)
    assert not test.exception
    assert words in said(test)
    assert not cards(test)


def test_a_running_period_is_held_against_as_many_days(opened):
    fill()
    test = open_with(opened)
    # Data ends on 28 November: 28 days, so October counts up to the 28th, and with it all of its 40 orders.
    assert "2026年11月1日 – 2026年11月28日，对比 2026年10月1日 – 2026年10月28日" in said(test)
    assert card(test, "订单数").value == "70"
    assert card(test, "订单数").change == "▲ +75.0%"


def test_a_rate_of_fewer_than_thirty_shows_the_count_and_no_rate(opened):
    fill(units=True)
    test = open_with(opened, "analyst", query=of("value"), units=["east"])
    assert card(test, "复购率").value == "n = 5"
    choose(test, "转化")
    assert card(test, "购买会员").value == "5"


def test_units_of_others_are_in_no_figure(opened):
    fill(units=True)
    test = open_with(opened, "manager", units=["east"])
    assert card(test, "订单数").value == "10"


def test_without_data_before_there_is_nothing_to_compare(opened):
    fill()
    test = open_with(opened, query={"period": "all"})
    assert card(test, "净收入").change == "无可比数据"


def test_a_change_for_the_worse_is_red_whatever_its_direction(opened):
    fill()
    test = open_with(opened)
    assert card(test, "退款占比").change.startswith("▲")
    assert card(test, "退款占比").tone == "red"
    assert card(test, "订单数").tone == "green"


def test_the_contract_tells_the_exact_value_its_parts_filters_and_version(opened):
    fill()
    test = follow(open_with(opened), "净收入")
    assert not test.exception
    assert exact(test) == "¥1,395.00"
    words = said(test).replace("\\", "")
    assert "成交额 − 会员退款" in words
    assert "| ¥1,400.00 |" in words and "| ¥5.00 |" in words
    assert "数据截至：** 2026-11-28 12:00（Asia/Shanghai）" in words
    assert "数据版本：** 1" in words


def test_nobody_known_stands_behind_anonymous_revenue(opened):
    fill()
    test = follow(open_with(opened), "匿名成交额")
    assert "没有可识别的会员" in said(test)


def test_an_executive_sees_the_contract_and_no_people(opened):
    fill()
    test = follow(open_with(opened, "executive"), "购买会员")
    assert exact(test) == "35"
    assert not [toggle for toggle in test.toggle if toggle.key == "people_buyers"]


def test_what_moved_it_can_be_chosen_and_adds_up(opened):
    fill()
    test = open_with(opened)
    assert not test.dataframe
    test.session_state["moved_table"] = True
    choose(test, "按新老会员")
    assert not test.exception
    table = next(frame.value for frame in test.dataframe if "按新老会员" in frame.value.columns)
    assert table["按新老会员"].tolist()[-1] == "合计"
    assert table["本期"].tolist()[-1] == "¥1,395.00"
    assert test.query_params["split"] == "newness"


def test_one_goal_is_shown_at_a_time_and_the_choice_is_in_the_address(opened):
    fill()
    test = open_with(opened, query=of("connection"))
    assert card(test, "会员总数") and "订单数" not in titles(test)
    choose(test, "价值")
    assert not test.exception
    assert "会员总数" not in titles(test)
    assert test.query_params["goal"] == "value"
    choose(test, "转化")
    assert card(test, "订单数") and "goal" not in test.query_params


@pytest.mark.parametrize("goal", ["nothing", "", "转化"])
def test_an_address_with_an_unknown_goal_shows_the_first(opened, goal):
    fill()
    assert card(open_with(opened, query=of(goal)), "订单数")


def test_every_figure_is_on_the_page_under_one_of_the_goals(opened):
    fill()
    test, seen = open_with(opened), []
    headlines = titles(test)[:4]
    named = {i18n.text("zh", f"goal.{goal}") for goal in GOALS}
    for name in [one for one in options(test) if one in named]:
        choose(test, name)
        shown = titles(test)
        assert shown[: len(headlines)] == headlines
        seen += shown[len(headlines) :]
    assert len(seen) == len(set(seen)) > 12


def test_a_split_that_another_figure_has_is_no_mistake_in_the_address(opened):
    fill()
    test = open_with(opened, query=NOVEMBER | {"chart": "active_members", "split": "newness"})
    assert not test.exception and not test.warning


def test_an_unknown_split_in_the_address_is_told(opened):
    fill()
    test = open_with(opened, query=NOVEMBER | {"split": "weather"})
    assert [("weather" in warning.value) for warning in test.warning] == [True]


@pytest.mark.parametrize("with_orders", [True, False])
def test_a_lake_of_events_alone_is_an_overview_too(opened, with_orders):
    fill(orders=with_orders)
    test = open_with(opened)
    assert not test.exception
    assert card(test, "活跃会员")
    assert ("净收入" in titles(test)) == with_orders


def test_a_card_leads_to_the_page_as_it_is_with_its_contract_open(opened):
    fill()
    test = open_with(opened, query=NOVEMBER | {"channel": "store", "contract": "orders", "chart": "orders"})
    (link,) = {found.link for found in cards(test) if found.metric == "buyers"}
    assert dict(parse_qsl(link.removeprefix("?"))) == NOVEMBER | {
        "channel": "store",
        "chart": "orders",
        "contract": "buyers",
    }


@pytest.mark.parametrize("name", ["nothing", "net_revenue<script>", "k_factor"])
def test_an_address_with_the_contract_of_no_figure_opens_none_and_says_so(opened, name):
    fill()
    test = open_with(opened, query=NOVEMBER | {"contract": name})
    assert not test.exception and not test.metric
    assert "contract" not in test.query_params
    assert [name in warning.value.replace("\\", "") for warning in test.warning] == [True]


def test_nothing_of_an_address_is_drawn_as_html(opened):
    fill()
    test = open_with(opened, query=NOVEMBER | {"note": '"><img src=x onerror=alert(1)>'})
    drawn = "".join(part.value for part in test.html)
    assert cards(test) and "<img" not in drawn and "onerror=" not in drawn


@pytest.mark.parametrize(("first", "is_drawn"), [("2026-11-20", False), ("2026-11-01", True)])
def test_a_figure_of_too_few_days_has_no_course(opened, first, is_drawn):
    fill()
    test = open_with(opened, query={"period": "custom", "from": first, "to": "2026-11-21"})
    drawn = "".join(part.value for part in test.html)
    assert cards(test) and ('class="course"' in drawn) == is_drawn
