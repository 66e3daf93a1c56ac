"""LTV, through the frame: sums, bands and tenths with their people, channels, cohorts, the held-out check, refusals, who may see."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import numpy as np
import pytest

from core.work.home import Home
from core.work.questions import ltv
from core.work.questions.reading import reading
from dashboard import i18n
from dashboard.web import wiring
from dashboard.widgets.segments import links
from dashboard.widgets.value import ltv_cohorts, ltv_words
from tests import lakes
from tests.dashboard.pages.conftest import choose, go, said
from tests.dashboard.pages.test_community import follow, html, table, tile
from tests.drawing import drawn

LAW, SPEND = {"r": 0.8, "alpha": 60.0, "a": 0.9, "b": 2.0}, {"p": 6.0, "q": 4.0, "v": 90.0}
START = datetime(2025, 9, 1, 4, tzinfo=UTC)
DASH = "—"


def fill(buyers: int = 220, *, tied: bool = False) -> Home:
    """Buyers drawn from the laws over 300 days, half of them brought by WeCom, which cost 1,000 yuan. ``tied``: who orders often spends
    more each time."""
    home = wiring.house().live
    bought = drawn(5, buyers, LAW, SPEND, days=300, ahead=1).purchases
    factor = (1.0 + np.bincount(bought.member)[bought.member]) ** 2 if tied else np.ones(len(bought))
    lines = [
        lakes.sale(int(who) + 1, when(on), f"{who}-{on}", round(paid, 2), channel="store")
        for who, on, paid in zip(bought.member, bought.day, bought.amount * factor, strict=True)
    ]
    first = dict(zip(bought.member[::-1].tolist(), bought.day[::-1].tolist(), strict=True))
    profiles = [
        {"identity_key": who + 1, "joined_at": lakes.at(when(on)), "acquisition_channel": "wecom" if who % 2 else "social", "unit_id": "north" if who % 3 else "south"}
        for who, on in first.items()
    ]  # fmt: skip
    spend = [{"occurred_at": lakes.at(when(0)), "channel": "wecom", "amount_minor": 100_000}]
    units = [{"unit_id": unit, "name": unit} for unit in ("north", "south")]
    lakes.add(home, 1, order_lines=lines, member_profiles=profiles, channel_spend=spend, units=units)
    return home


def when(day: int) -> str:
    return (START + timedelta(days=int(day))).replace(tzinfo=None).isoformat()


def open_with(opened, role="analyst", language="zh", units=None, **query):
    test = opened("catalog", role, language, units=units)
    for name, value in ({"part": "ltv"} | query).items():
        test.query_params[name] = value
    return go(test, "value")


def count(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.mark.parametrize(("language", "heading"), [("zh", "会员未来能带来多少"), ("en", "What members will bring")])
def test_sums_stand_with_their_intervals_in_both_languages(opened, language, heading):
    home = fill()
    test = open_with(opened, language=language)
    assert not test.exception and heading in unescape(html(test))
    with reading(home) as lake:
        found = ltv.lifetime(lake)
    assert found is not None and found.is_fit and not found.problems
    row = found.totals.iloc[-1]
    assert tile(test, "orders")[0] == i18n.number(float(row["orders"])) and tile(test, "customers")[0] == "220"
    assert "95%" in tile(test, "value")[1] and "95%" in tile(test, "chance")[1]
    assert tile(test, "simple")[0].startswith("¥")
    assert len(test.get("plotly_chart")) == 4
    nearer = choose(test, "30 天" if language == "zh" else "30 days")
    assert (
        tile(nearer, "orders")[0] == i18n.number(float(found.totals["orders"].iloc[0]))
        and nearer.query_params["ltv_days"] == "30"
    )


def test_bands_add_up_and_open_exactly_their_people(opened):
    fill()
    test = open_with(opened, ltv_days="90")
    bands = {place: count(tile(test, f"band-{place}")[0]) for place in range(6)}
    assert sum(bands.values()) == 220
    place = max(bands, key=lambda one: bands[one])
    follow(test, f"people-band-90-{place}")
    assert not test.exception and test.query_params["who"] == f"band.90.{place}"
    assert f"{bands[place]} 位会员" in said(test) and "与数字完全一致" in said(test)


def test_the_top_tenth_opens_and_becomes_a_segment_by_its_lowest_value(opened):
    home = fill()
    test = open_with(opened)
    with reading(home) as lake:
        found = ltv.lifetime(lake)
    assert found is not None
    lowest = int(found.tenths["lowest_minor"].iloc[0])
    link = re.search(r'<a id="segment-top"[^>]*href="([^"]*)"', html(test))
    assert link is not None
    assert unescape(link[1]) == links.to_builder(
        {"v": 1, "where": {"all": [{"score": "value_365d", "op": "at_least", "values": [lowest / 100]}]}}
    )
    follow(test, "people-tenth-0")
    assert "22 位会员" in said(test) and "与数字完全一致" in said(test)


def test_a_margin_scales_what_a_channel_is_worth_and_its_people_open(opened):
    fill()
    test = open_with(opened)
    rows = table(test).set_index("获客渠道")
    assert rows.index.tolist() == ["企业微信", "社交媒体", "全部渠道"]
    assert rows["新增会员"].tolist() == [110, 110, 220]
    assert rows.loc["企业微信", "CAC"] == pytest.approx(1000 / 110, abs=0.01) and np.isnan(rows.loc["社交媒体", "CAC"])
    assert rows.loc["企业微信", "回本月"] == 1
    test.query_params["ltv_channel"] = "wecom"
    half = test.number_input(key="ltv_margin").set_value(50).run()
    assert half.query_params["ltv_margin"] == "50"
    assert table(half).set_index("获客渠道")["LTV（每位新增）"].tolist() == pytest.approx(
        (rows["LTV（每位新增）"] / 2).tolist(), abs=0.01
    )
    assert "50%" in unescape(html(half))
    follow(half, "people-channel-wecom")
    assert not half.exception and "110 位会员" in said(half) and "与数字完全一致" in said(half)


def test_a_month_opens_exactly_the_people_who_began_in_it(opened):
    fill()
    test = open_with(opened, ltv_cohort="2025-09")
    frames = [one.value for one in test.dataframe if "首单月份" in one.value.columns]
    began = count(frames[0].set_index("首单月份").loc["2025年9月", "人数"])
    follow(test, "people-cohort-2025-09")
    assert not test.exception and f"{began} 位会员" in said(test) and "与数字完全一致" in said(test)


def test_an_executive_sees_figures_and_no_people(opened):
    fill()
    test = open_with(opened, role="executive", who="tenth.0")
    assert not test.exception and tile(test, "customers")[0] == "220"
    assert "people-" not in html(test) and "segment-" not in html(test) and "位会员 与" not in said(test)


def test_a_scope_sees_its_members_by_the_model_of_all(opened):
    fill()
    test = open_with(opened, role="manager", units=["south"])
    assert not test.exception
    assert tile(test, "customers")[0] == "74" and "220" in unescape(html(test))
    assert "没有渠道花费记录" in said(test)


def test_too_few_buyers_are_refused_in_words_with_what_would_mend_it(opened):
    home = wiring.house().live
    lakes.add(home, 1, order_lines=[lakes.sale(who, f"2026-01-{who:02d} 04:00", f"o{who}", 10) for who in range(1, 20)])
    test = open_with(opened)
    shown = unescape(html(test))
    assert not test.exception and 'id="ltv-refused"' in shown
    assert "下过单的会员只有 19 人，至少要 100 人" in shown and "导入更早的订单" in shown and "tile-value" not in shown
    assert not test.get("plotly_chart")
    assert "19 位会员下过单" in shown and "拟合" not in shown and "都不足 30 人" in said(test)
    test.session_state["ltv_contract"] = True
    test.query_params["period"] = "7"
    told = said(test.run())
    assert "全部历史，截至 2026年1月19日" in told and "2026年1月13日" not in told


def test_amounts_that_go_with_frequency_leave_orders_and_no_money(opened):
    fill(tied=True)
    test = open_with(opened)
    shown = unescape(html(test))
    assert not test.exception and 'id="ltv-no-money"' in shown and "等级相关" in shown
    assert tile(test, "value")[0] == DASH and tile(test, "orders")[0] != DASH
    assert "ltv-tenths" not in shown and 'id="segment-top"' not in shown
    follow(test, "people-all")
    assert "220 位会员" in said(test)


def test_nobody_ever_ordered(opened):
    lakes.add(wiring.house().live, 1, events=[lakes.event(1, "2026-01-01 04:00")])
    assert "还没有会员下过单" in said(open_with(opened))


def test_what_an_address_names_wrongly_opens_nobody(opened):
    fill(110)
    test = open_with(opened, who="tenth.99", ltv_days="7", ltv_margin="200")
    assert not test.exception and "who" not in test.query_params and "位会员 与" not in said(test)


def test_every_refusal_has_its_words_in_both_languages():
    reasons = [
        "few_buyers", "few_repeat_buyers", "short_history", "no_peak", "no_dropout", "worse_than_naive", "far_off", "no_mean", "correlated",
    ]  # fmt: skip
    for language in i18n.LANGUAGES:
        for reason in reasons:
            for kind in ("problem", "mend"):
                assert f"ltv.{kind}_{reason}" in i18n.catalogue(language), (language, kind, reason)
    assert set(ltv_words.DIGITS) < set(reasons) and set(ltv_words.SHARES) < set(reasons)


def test_the_mean_of_cohorts_takes_no_part_for_a_whole():
    def row(age, value, mature, customers):
        return {"age": age, "value_minor": value, "is_mature": mature, "customers": customers}

    old = [row(1, 100.0, True, 10), row(2, 160.0, True, 10), row(3, 170.0, False, 10)]
    new = [row(1, 40.0, True, 30), row(2, 50.0, False, 30)]
    found = ltv_cohorts.mean([(START.date(), old), (START.date(), new)])
    assert found == [(1, 55.0), (2, 115.0)]
