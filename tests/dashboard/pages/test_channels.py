"""渠道, through the frame: channels side by side, one of them with its people, best hours, overlap, and what is missing."""

from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest

from core.work.home import Home
from dashboard.web import wiring
from tests import lakes
from tests.dashboard.pages.conftest import go, said
from tests.dashboard.pages.test_community import follow, html, table, tile

NOV = datetime(2026, 11, 2, 2)
DASH = "—"


def fill() -> Home:
    """Members 1 to 40 are on wecom in October, 1 to 30 of them and 50 to 54 in November; 1 to 12 are in the app as well. 100 messages by sms at
    12:00, of which 60 are answered by a click, 40 at 10:00 with 8 clicks; two of those who clicked buy for 100 yuan. 50 yuan were spent on sms;
    35 members rate wecom 10, five 0."""
    home = wiring.house().live
    october = NOV - timedelta(days=26)
    events = [_event(who, october, "wecom") for who in range(1, 41)] + [
        _event(who, NOV, "wecom") for who in (*range(1, 31), *range(50, 55))
    ]
    events += [_event(who, NOV, "app") for who in range(1, 13)]
    events += [_event(99, NOV - timedelta(days=90), "web"), _event(99, datetime(2026, 11, 28, 4), "web")]
    sends = [(who, NOV + timedelta(hours=2), who <= 160) for who in range(101, 201)] + [
        (who, NOV, who <= 208) for who in range(201, 241)
    ]
    lakes.add(
        home, 1, events=events,
        touches=[
            {"identity_key": who, "occurred_at": at + timedelta(minutes=minute), "touch_id": str(who), "state": state, "channel": "sms",
             "cost_minor": 10 if state == "sent" else None}
            for who, at, is_clicked in sends for minute, state in enumerate(("sent", "delivered", "clicked")) if state != "clicked" or is_clicked
        ],
        order_lines=[lakes.sale(who, (NOV + timedelta(days=1)).isoformat(), f"o{who}", 100, channel="store") for who in (101, 102)],
        channel_spend=[{"occurred_at": NOV, "channel": "sms", "amount_minor": 5000}],
        feedback=[
            {"identity_key": who, "occurred_at": NOV, "feedback_id": str(who), "feedback_kind": "nps", "score": Decimal(10 if who < 36 else 0),
             "channel": "wecom"} for who in range(1, 41)
        ],
    )  # fmt: skip
    return home


def _event(who, when, channel):
    return lakes.event(who, when.isoformat(), channel=channel)


def open_with(opened, role="analyst", language="zh", units=None, **query):
    test = opened("catalog", role, language, units=units)
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "channels")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_channels_stand_side_by_side_with_what_can_be_told_of_each(opened, language):
    fill()
    test = open_with(opened, language=language)
    assert not test.exception
    rows = table(test)
    assert (
        rows.iloc[:, 0].tolist()
        == {"zh": ["企业微信", "短信", "App", "网站", "门店"], "en": ["WeCom", "SMS", "App", "Website", "Store"]}[
            language
        ]
    )
    named = dict(zip(rows.columns, range(len(rows.columns)), strict=True))
    click = named["点击率" if language == "zh" else "Click rate"]
    assert rows.iloc[:, click].fillna(-1).tolist() == [-1.0, pytest.approx(68 / 1.4), -1.0, -1.0, -1.0]
    assert tile(test, "all-cost_minor")[0] == "¥64.00"
    assert tile(test, "all-revenue_minor")[0] == "¥200.00"


def test_one_channel_opens_with_its_people(opened):
    fill()
    test = open_with(opened, of_channel="wecom")
    assert 'id="channel-name">企业微信' in html(test)
    assert [tile(test, f"one-{name}")[0] for name in ("active", "retention", "sent", "click_rate", "roi")] == [
        "35",
        "75.0%",
        "0",
        DASH,
        DASH,
    ]
    assert tile(test, "one-nps")[0] == "75.0" and "95% 区间" in tile(test, "one-nps")[1]
    follow(test, "people-one-gone")
    assert not test.exception
    assert "10 位会员" in said(test) and "与数字完全一致" in said(test)


def test_an_hour_is_recommended_where_it_is_clearly_better(opened):
    fill()
    test = open_with(opened, part="hours")
    assert not test.exception
    assert "推荐 12:00" in unescape(html(test)) and "60.0%" in unescape(html(test))


def test_a_cell_of_the_overlap_opens_its_people(opened):
    fill()
    test = open_with(opened, part="overlap")
    assert not test.exception
    follow(test, "cell-wecom-app")
    assert "12 位会员" in said(test) and "与数字完全一致" in said(test) and "同时活跃于企业微信、App" in said(test)
    follow(test, "cell-wecom-alone")
    assert "23 位会员" in said(test) and "只活跃于企业微信" in said(test)
    follow(test, "cell-wecom")
    assert "35 位会员" in said(test)


def test_an_executive_sees_figures_and_no_people(opened):
    fill()
    test = open_with(opened, role="executive", part="overlap", who="wecom.app")
    assert not test.exception
    assert "cell-wecom-app" not in html(test) and ">12</td>" in html(test) and "位会员 与" not in said(test)


def test_a_manager_of_units_is_told_that_costs_are_of_all(opened):
    home = fill()
    with home.writer.change("import", 3) as change:
        rows = [{"identity_key": who, "unit_id": "east" if who < 11 else "west"} for who in range(1, 61)]
        change.merge("member_profiles", lakes.rows("member_profiles", rows))
        change.merge(
            "units", lakes.rows("units", [{"unit_id": "east", "name": "东区"}, {"unit_id": "west", "name": "西区"}])
        )
    test = open_with(opened, role="manager", units=["east"], of_channel="wecom")
    assert not test.exception
    assert tile(test, "one-active")[0] == "10"
    assert 'id="tile-all-cost_minor"' not in html(test) and "成本、CAC 和 ROI 无从计算" in said(test)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("part", ["side", "hours", "overlap"])
def test_every_part_opens_where_there_is_nothing(opened, part, language):
    test = open_with(opened, language=language, part=part)
    assert not test.exception and not test.dataframe
    lakes.add(wiring.house().live, 1, events=[lakes.event(None, "2026-11-28 04:00")])
    test.query_params["part"] = part
    assert not test.run().exception and not test.dataframe


def test_what_is_nobodys_is_told_as_unread(opened):
    fill()
    test = open_with(opened, part="overlap", who="wecom.pigeon")
    assert not test.exception
    assert "who" not in test.query_params and "pigeon" in test.warning[0].value
