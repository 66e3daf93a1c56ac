"""群活动, through the frame: figures of a lake that is counted by hand, kinds, one activity, people, and what is missing."""

from datetime import datetime, timedelta

import pytest

from dashboard.web import wiring
from tests import lakes
from tests.dashboard.pages.conftest import choose, said
from tests.dashboard.pages.parts import follow, html, open_part, tile

NOV = datetime(2026, 11, 9, 16)
"""Midnight of the 10th in the business zone."""


def fill(*, moves: bool = True, messages: bool = True):
    """Vote v1 (10th to 12th) in group a with 40 members: 12 vote, 3 win, one comes from outside; 5 speak in it, of whom 2 did in the days before.
    Lottery v2 runs to December in b with 4 members, one enters. The newest data is of the 28th."""
    home = wiring.house().live
    joined = [("a", who) for who in range(1, 41)] + [("b", who) for who in range(1, 5)]
    facts = {
        "activity_participation": [_took(who, "v1", "voted") for who in [*range(1, 12), 99]]
        + [_took(who, "v1", "won") for who in (1, 2, 3)] + [_took(1, "v2", "entered", day=16)],
        "order_lines": [lakes.sale(1, "2026-11-13 04:00", "o1", 20), lakes.sale(50, "2026-11-13 04:00", "o2", 20)],
    }  # fmt: skip
    if moves:
        facts["group_membership"] = [
            {"identity_key": who, "occurred_at": NOV - timedelta(days=40), "group_id": group, "change": "join"} for group, who in joined
        ]  # fmt: skip
    if messages:
        facts["group_messages"] = [_message(who, NOV + timedelta(hours=who)) for who in range(1, 6)]
        facts["group_messages"] += [_message(who, NOV - timedelta(hours=who)) for who in (1, 2)]
    lakes.add(home, 1, **facts, events=[lakes.event(1, "2026-11-28 04:00")])
    with home.writer.change("import", 2) as change:
        held = [
            {"activity_id": "v1", "name": "新品投票", "activity_kind": "vote", "group_id": "a", "starts_at": NOV, "ends_at": NOV + timedelta(days=3)},
            {"activity_id": "v2", "name": "双十二抽奖", "activity_kind": "lottery", "group_id": "b", "starts_at": NOV + timedelta(days=15),
             "ends_at": NOV + timedelta(days=40)},
        ]  # fmt: skip
        change.merge("activities", lakes.rows("activities", held))
        groups = [{"group_id": one, "name": f"群 {one}"} for one in "ab"]
        change.merge("groups", lakes.rows("groups", groups))


def _took(who, activity, action, day=1):
    return {
        "identity_key": who,
        "occurred_at": NOV + timedelta(days=day),
        "activity_id": activity,
        "action": action,
        "group_id": "a",
    }


def _message(who, when):
    return {
        "identity_key": who, "occurred_at": when, "group_id": "a", "sender_kind": "member", "text": "好喝", "message_id": f"m{who}-{when}",
    }  # fmt: skip


def values(test, scope, *names):
    return [tile(test, f"activity-{scope}-{name}")[0] for name in names]


def test_figures_of_one_activity_are_those_counted_by_hand(opened):
    fill()
    test = open_part(opened, "activities", ac_of="v1")
    assert not test.exception and 'id="activity-name">新品投票<' in html(test)
    names = ("participants", "participation_rate", "said", "speakers", "new_speakers", "orders")
    assert values(test, "one", *names) == ["12", "27.5%", "5", "5", "3", "1"]
    assert "40 位群成员中 11 位参加" in tile(test, "activity-one-participation_rate")[1]
    assert "之前同样天数 2 ▲" in tile(test, "activity-one-said")[1]
    assert values(test, "one", "did-voted", "did-won") == ["12", "3"]
    follow(test, "close-activity")
    assert "ac_of" not in test.query_params


def test_a_running_activity_is_marked_and_a_small_one_shows_its_number(opened):
    fill()
    test = open_part(opened, "activities", language="en", ac_of="v2")
    assert tile(test, "activity-one-participation_rate")[0] == "n = 4"
    assert "Running: figures to date" in said(test)
    rows = test.dataframe[-1].value
    assert rows["Activity"].tolist() == ["双十二抽奖", "新品投票"]
    assert rows["State"].fillna("").tolist() == ["Running", ""]


def test_all_together_and_by_kind(opened):
    fill()
    test = open_part(opened, "activities")
    assert values(test, "all", "activities", "participants", "participation_rate") == ["2", "13", "27.3%"]
    assert test.dataframe[0].value["类型"].tolist() == ["投票", "抽奖"]
    choose(test, "抽奖")
    assert not test.exception and values(test, "all", "activities", "participants") == ["1", "1"]
    assert test.query_params["ac_kind"] in ("lottery", ["lottery"])


def test_the_people_behind_a_figure_add_up_to_it(opened):
    fill()
    test = open_part(opened, "activities", "manager", ac_of="v1")
    for which, count in {"participants": 12, "absent": 29, "new_speakers": 3, "did:won": 3, "buyers": 1}.items():
        follow(test, f"people-one-{which}")
        assert not test.exception
        assert f"{count} 位会员" in said(test) and f"名单合计 {count} 条记录，就是这个数字" in said(test), which
        assert "存为人群" in [button.label for button in test.button]


def test_what_the_lake_does_not_know_is_not_shown(opened):
    fill(moves=False, messages=False)
    test = open_part(opened, "activities", ac_of="v1")
    assert not test.exception and values(test, "one", "participants") == ["12"]
    assert "activity-one-participation_rate" not in html(test) and "activity-one-said" not in html(test)


@pytest.mark.parametrize("text", ["one.participants", "all.happy", "all.did:flew"])
@pytest.mark.some(1)
def test_a_list_that_the_part_does_not_have_is_left_out_and_told(opened, text):
    fill()
    test = open_part(opened, "activities", ac_people=text)
    assert not test.exception and "ac_people" not in test.query_params
    assert text in test.warning[0].value.replace("\\", "")


def test_an_executive_sees_figures_and_no_people(opened):
    fill()
    test = open_part(opened, "activities", "executive", ac_of="v1", ac_people="one.absent")
    assert not test.exception and "ac_people" not in test.query_params
    assert "people-one" not in html(test)


@pytest.mark.parametrize(("language", "words"), [("zh", "还没有群活动"), ("en", "No group activities yet")])
def test_without_activities_it_says_what_would_tell(opened, language, words):
    lakes.add(wiring.house().live, 1, events=[lakes.event(1, "2026-11-28 04:00")])
    test = open_part(opened, "activities", language=language)
    assert not test.exception and words in said(test)


def test_a_period_without_any_says_so(opened):
    fill()
    test = open_part(opened, "activities", period="custom", **{"from": "2026-01-01", "to": "2026-01-31"})
    assert not test.exception and "所选时间和筛选里没有群活动" in said(test)


def test_the_contract_says_how_the_rate_is_made(opened):
    fill()
    test = open_part(opened, "activities", language="en")
    test.session_state["activities_contract"] = True
    words = said(test.run())
    assert "took part ÷ members at that time" in words and "within 7 days" in words and "Data version:" in words
