"""Membership, through the frame: tiers, moves, who falls, points and their people, imported tiers, terms of the house."""

import re
from html import unescape

from core.work.home import Home
from dashboard.web import wiring
from tests import lakes
from tests.dashboard.pages.conftest import go, said
from tests.dashboard.pages.test_community import html, tile


def fill() -> Home:
    """The newest data is of 2026-11-28, so the four weeks to then are held against 2026-10-31. 1-10 rise to silver, 11-12 are about to fall
    from gold, 13 fell from silver, 14-40 are basic."""
    home = wiring.house().live
    orders = [lakes.sale(who, "2026-11-10 04:00", f"A{who}", 600) for who in range(1, 11)]
    orders += [lakes.sale(who, "2025-12-10 04:00", f"B{who}", 2000 + who) for who in (11, 12)]
    orders += [lakes.sale(13, "2025-11-20 04:00", "C13", 700), lakes.sale(1, "2026-11-12 04:00", "D1", 20)]
    points = [
        {"identity_key": 1, "occurred_at": lakes.at("2026-11-10 04:00"), "entry_id": "e1", "points": 600, "kind": "earned",
         "expires_at": lakes.at("2026-12-09 16:00")},
        {"identity_key": 1, "occurred_at": lakes.at("2026-11-12 04:00"), "entry_id": "e2", "points": -100, "kind": "spent"},
        {"identity_key": 2, "occurred_at": lakes.at("2026-11-10 04:00"), "entry_id": "e3", "points": 300, "kind": "earned"},
    ]  # fmt: skip
    profiles = [
        {"identity_key": who, "unit_id": "north" if who <= 20 else "south", "tier": "VIP" if who <= 12 else None,
         "joined_at": lakes.at("2025-01-01 00:00")}
        for who in range(1, 41)
    ]  # fmt: skip
    units = [{"unit_id": unit, "name": unit.title()} for unit in ("north", "south")]
    lakes.add(
        home, 1, order_lines=orders, points=points, member_profiles=profiles, units=units, events=[lakes.event(40, "2026-11-28 04:00")]
    )  # fmt: skip
    return home


def open_part(opened, role="analyst", language="zh", units=None, **query):
    test = opened("catalog", role, language, units=units)
    for name, value in ({"part": "membership"} | query).items():
        test.query_params[name] = value
    return go(test, "value")


def row(test, title: str, name: str) -> list[str]:
    """Cells of a row in a table, as they are read."""
    shown = html(test)
    table = shown[shown.index(f'aria-label="{title}"') :]
    found = next(one for one in re.findall(r"<tr[^>]*>(.*?)</tr>", table) if f'<th scope="row">{name}' in one)
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", found)
    return [" ".join(unescape(re.sub(r"<[^>]*>", " ", cell)).split()) for cell in cells]


def test_tiers_moves_falls_and_points_are_told(opened):
    fill()
    test = open_part(opened)
    assert [tile(test, f"membership-{name}")[0] for name in ("members", "up", "down", "fall-30", "fall-60")] == [
        "40", "10", "1", "2", "2",
    ]  # fmt: skip
    assert row(test, "会员等级", "银卡")[1:5] == ["10", "25.0%", "10", "11"]
    assert row(test, "会员等级", "银卡")[7:10] == ["n = 10", "n = 10", "n = 10"]
    assert row(test, "会员等级", "金卡")[0].startswith("金卡 近 365 天净额 ≥ ¥2,000")
    assert row(test, "等级迁移", "普通")[1:3] == ["27", "10"]
    assert row(test, "等级迁移", "银卡")[1] == "1"
    assert row(test, "即将降级", "金卡")[1:4] == ["2", "¥4,000", "¥2,000"]
    assert tile(test, "points-outstanding")[0] == "800" and "¥8.00" in tile(test, "points-outstanding")[1]
    assert tile(test, "points-expiring-30")[0] == "500" and tile(test, "points-spent")[0] == "−100"
    assert not test.exception


def test_everything_opens_its_people_as_many_as_it_says(opened):
    fill()
    test = open_part(opened)
    for which, words in {
        "tier.silver": "10 ", "way.up": "10 ", "move.silver.basic": "1 ", "fall.30.gold": "2 ", "points.holders": "2 ",
        "points.expiring.30": "1 ", "points.earned": "2 ", "repeaters.silver": "1 ",
    }.items():  # fmt: skip
        test.query_params["who"] = which
        test = test.run()
        assert "who" in test.query_params, which
        assert words in said(test), which
        assert not test.exception


def test_what_names_nobody_is_told_as_unread(opened):
    fill()
    test = open_part(opened, who="tier.iron")
    assert "who" not in test.query_params


def test_imported_tiers_are_told_as_they_stand_and_nothing_of_the_past(opened):
    fill()
    test = open_part(opened, language="en", ms_by="imported")
    assert row(test, "Membership tiers", "VIP")[1:4] == ["12", "30.0%", "10"]
    assert row(test, "Membership tiers", "No tier")[1] == "28"
    assert "nobody can be said to have moved" in said(test) and "Risen" not in said(test)
    assert not test.exception


def test_the_terms_of_the_house_change_all_tiers(opened):
    fill()
    test = open_part(opened, "manager")
    test.session_state["ms_terms"] = True
    test = test.run()
    by_key = {one.key: one for one in test.number_input}
    by_key["ms_floor_silver"].set_value(700)
    by_key["ms_point_value"].set_value(0.05)
    save = next(one for one in test.button if one.label == "保存")
    test = save.click().run()
    assert tile(test, "membership-up")[0] == "0"
    assert "¥40.00" in tile(test, "points-outstanding")[1]
    assert not test.exception


def test_executives_see_figures_and_no_people(opened):
    fill()
    test = open_part(opened, "executive", "en")
    assert tile(test, "membership-up")[0] == "10"
    assert 'href="?' not in tile(test, "membership-up")[1] and "who=" not in html(test)
    assert not any(one.key == "ms_terms" for one in test.get("popover"))


def test_who_sees_some_units_sees_their_members_and_may_not_change_the_terms(opened):
    fill()
    test = open_part(opened, units=["south"])
    assert tile(test, "membership-members")[0] == "20"
    assert "修改口径" not in said(test)


def test_a_lake_without_points_says_what_to_import(opened):
    home = wiring.house().live
    lakes.add(home, 1, order_lines=[lakes.sale(1, "2026-11-10 04:00", "A", 600)])
    test = open_part(opened)
    assert "还没有积分流水" in said(test) and not test.exception
