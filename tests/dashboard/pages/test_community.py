"""社群, through the frame: figures of a lake that is counted by hand, the order, one group, its people, and what is missing."""

import re
from datetime import datetime, timedelta
from html import unescape
from urllib.parse import parse_qs

import pytest

from core.work.home import Home
from dashboard.pages import channels, community, content
from dashboard.web import wiring
from tests import lakes
from tests.dashboard.pages.conftest import choose, current, go, said

NOV = datetime(2026, 11, 2, 2)
DASH = "—"


def fill(*, messages: bool = True, moves: bool = True, groups: bool = True, past: bool = True) -> Home:
    """Group a has members 1 to 40, b has 1 to 50 and none of them speaks there, c has 3 members. In a, members 1 to 10 spoke in October,
    6 to 20 do in November, 1 to 3 of whom nobody; member 6 says five things. Members 41 to 50 leave b in November; 60 comes to c,
    goes, and comes again. Of the ``past`` there is a message of the staff of 4 October, the first day of the 28 before November's."""
    home = wiring.house().live
    joined = (
        [("a", who) for who in range(1, 41)] + [("b", who) for who in range(1, 51)] + [("c", who) for who in (1, 2, 60)]
    )
    rows = [_move(group, who, NOV - timedelta(days=60), "join") for group, who in joined if who != 60]
    rows += [_move("b", who, NOV + timedelta(days=3), "leave") for who in range(41, 51)]
    rows += [_move("c", 60, NOV + timedelta(days=day), change) for day, change in enumerate(("join", "leave", "join"))]
    told = [("a", who, NOV - timedelta(days=20)) for who in range(1, 11)] + [("a", who, NOV) for who in range(6, 21)]
    told += [("a", 6, NOV + timedelta(minutes=minute)) for minute in range(1, 5)] + [("c", 1, NOV + timedelta(days=25))]
    facts = {}
    if moves:
        facts["group_membership"] = rows
    if messages:
        facts["group_messages"] = [_message(number, *one) for number, one in enumerate(told)]
        if past:
            facts["group_messages"].append(_message(99, "c", 99, datetime(2026, 10, 4, 2)) | {"sender_kind": "staff"})
    lakes.add(home, 1, **facts, events=[lakes.event(1, "2026-11-28 04:00")])
    if groups:
        with home.writer.change("import", 2) as change:
            known = [{"group_id": one, "name": f"群 {one}", "staff_id": "ann" if one == "a" else None, "unit_id": "north" if one == "a" else "south"}
                     for one in "abc"]  # fmt: skip
            change.merge("groups", lakes.rows("groups", known))
            change.merge("staff", lakes.rows("staff", [{"staff_id": "ann", "name": "安"}]))
            change.merge(
                "units",
                lakes.rows("units", [{"unit_id": "north", "name": "北区"}, {"unit_id": "south", "name": "南区"}]),
            )
    return home


def _move(group, who, when, change):
    return {"identity_key": who, "occurred_at": when, "group_id": group, "change": change}


def _message(number, group, who, when):
    return {
        "identity_key": who, "occurred_at": when, "group_id": group, "sender_kind": "member", "text": "好喝", "message_id": f"m{number}",
    }  # fmt: skip


def open_with(opened, role="analyst", language="zh", units=None, **query):
    test = opened("catalog", role, language, units=units)
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "community")


def html(test):
    return "".join(part.value for part in test.html)


def tile(test, name):
    """Figure of a tile, and all that it says."""
    found = re.search(rf'<li id="tile-{name}">(.*?)</li>', html(test))[1]
    return unescape(re.search(r'<b class="value">(.*?)</b>', found)[1]), unescape(re.sub(r"<[^>]*>", " ", found))


def figures(test, scope, *names):
    return [tile(test, f"{scope}-{name}")[0] for name in names]


def follow(test, name):
    """Follow a link, as the browser does."""
    address = unescape(re.search(rf'id="{name}"[^>]*href="\?([^"]*)"', html(test).replace("class=", " class="))[1])
    for key in list(test.query_params):
        del test.query_params[key]
    for key, values in parse_qs(address, keep_blank_values=True).items():
        test.query_params[key] = values
    return test.run()


def table(test):
    return test.dataframe[0].value


def test_figures_of_all_groups_are_those_counted_by_hand(opened):
    """Of 51 people ever in a group 41 are left, member 60 came twice; 15 spoke in a, one of them in c as well."""
    fill()
    test = open_with(opened)
    assert not test.exception
    assert figures(test, "all", "members", "said") == ["41", "20"]
    assert "净增 −9：进 2，退 11" in tile(test, "all-members")[1]
    assert figures(test, "all", "speakers", "new_speakers", "kept_speakers", "reactivated_speakers", "lost_speakers") == [
        "16", "10", "6", "0", "4",
    ]  # fmt: skip
    assert "首次 10 + 延续 6 + 回流 0 = 本期发言 16" in said(test)
    assert figures(test, "all", "lurkers", "ever_spoke", "speaking") == ["21", "20", "16"]
    assert figures(test, "all", "speaking_rate", "top_share", "reply_coverage") == ["39.0%", "n = 16", DASH]


@pytest.mark.parametrize(
    ("language", "sentence", "reason"),
    [
        ("zh", "本期发言 16 位。消息记录没有覆盖整个上期，分不清谁是首次", "消息记录没有覆盖整个上期"),
        ("en", "16 spoke. Messages do not reach back over the whole period before", "messages do not reach back"),
    ],
)
def test_where_messages_begin_within_the_period_before_nobody_is_called_new_kept_back_or_lost(
    opened, language, sentence, reason
):
    """Messages begin on 13 October, and the period before on the 4th."""
    fill(past=False)
    test = open_with(opened, language=language, of="a")
    assert not test.exception and sentence in said(test)
    for scope, count in (("all", "16"), ("one", "15")):
        assert figures(test, scope, "speakers", "speaking")[0] == count
        for name in ("new_speakers", "kept_speakers", "reactivated_speakers", "lost_speakers"):
            value, told = tile(test, f"{scope}-{name}")
            assert value == DASH and reason in told and f"people-{scope}-{name}" not in html(test)
    columns = {"zh": ["首次发言", "流失发言"], "en": ["New speakers", "Lost speakers"]}[language]
    assert table(test)[columns].isna().all(axis=None)


@pytest.mark.parametrize(("start", "is_ahead"), [("2026-11-29", True), ("2026-11-28", False)])
@pytest.mark.parametrize(
    ("page", "parts"), [("community", community.PARTS), ("content", content.PARTS), ("channels", channels.PARTS)]
)
@pytest.mark.some(2)
def test_a_period_after_the_newest_data_is_told_and_no_figure_of_it(opened, page, parts, start, is_ahead):
    """The newest data is of the 28th."""
    fill()
    language, words = ("en", "No data of this period yet") if page == "channels" else ("zh", "这段时间还没有数据")
    test = opened("catalog", "analyst", language)
    for name, value in {"period": "custom", "from": start, "to": "2026-11-30"}.items():
        test.query_params[name] = value
    go(test, page)
    for part in parts:
        test.query_params["part"] = part
        test.run()
        assert not test.exception and (words in said(test)) is is_ahead, part
        if is_ahead:
            assert 'id="tile-' not in html(test) and len(test.dataframe) == 0, part


def test_the_lowest_speaking_rate_is_first_and_what_has_none_is_last(opened):
    fill()
    rows = table(open_with(opened))
    assert rows["群"].tolist() == ["群 b", "群 a", "群 c"]
    assert rows["发言率"].fillna(-1).tolist() == [0.0, 37.5, -1.0]
    assert rows["成员"].tolist() == [40, 40, 3]
    assert rows["经验提示"].fillna("").tolist() == ["潜水偏多、互动偏低、退群偏多", "", ""]


def test_monthly_leaving_is_judged_of_thirty_days_however_short_the_period(opened):
    fill()
    test = open_with(opened, period="custom", **{"from": "2026-11-27", "to": "2026-11-28"})
    assert table(test).set_index("群")["经验提示"]["群 b"] == "潜水偏多、互动偏低、退群偏多"


@pytest.mark.parametrize(
    ("language", "told", "parts"),
    [
        ("zh", "健康分 0，还没有可比的前 30 天。短板：30 天里退群 20.0%", ["退群率", "发言率"]),
        ("en", "Health 0, nothing to compare with yet; what holds it down: 20.0% left within 30 days", ["Leaving", "Speaking rate"]),
    ],
)  # fmt: skip
def test_the_score_of_a_group_is_explained_and_its_parts_are_shown(opened, language, told, parts):
    """Of the 50 in b at the start 10 left, and nobody ever spoke: both parts that it has are worth nothing."""
    fill()
    test = open_with(opened, language=language, of="b")
    assert told in said(test)
    rows = re.findall(r'<tr id="part-(\w+)"><th scope="row">([^<]*)<', html(test).split("group-name")[1])[:6]
    assert [name for name, _ in rows] == ["staying", "speaking", "regular", "renewal", "spread", "answering"]
    assert [title for _, title in rows][:2] == parts
    assert tile(test, "one-health")[0] == "0"


@pytest.mark.parametrize(
    ("language", "owners", "units"),
    [("zh", {"安", "未注明群主"}, {"北区", "南区"}), ("en", {"安", "Owner not stated"}, {"北区", "南区"})],
)
def test_groups_are_put_together_by_owner_and_unit(opened, language, owners, units):
    fill()
    test = open_with(opened, language=language, per="owner")
    assert set(table(test).iloc[:, 0]) == owners
    choose(test, {"zh": "按经营单元", "en": "By unit"}[language])
    assert set(table(test).iloc[:, 0]) == units
    assert test.query_params["per"] == "unit" and current(test)


def test_a_group_in_the_address_opens_beside_the_total(opened):
    fill()
    test = open_with(opened, of="a")
    assert not test.exception
    assert figures(test, "one", "members", "said", "speaking_rate", "absence") == ["40", "19", "37.5%", "6"]
    assert "全部 39.0%" in tile(test, "one-speaking_rate")[1]
    assert figures(test, "one", "lurkers", "ever_spoke", "speaking") == ["20", "20", "15"]
    follow(test, "close-group")
    assert "of" not in test.query_params and 'id="tile-one-members"' not in html(test)


def test_a_row_of_nobody_named_opens_as_well(opened):
    fill()
    test = open_with(opened, per="owner", of="")
    assert not test.exception
    assert re.search(r'<h2 id="group-name">未注明群主</h2>', html(test))


def test_the_people_behind_a_figure_of_a_group_are_as_many(opened):
    fill()
    test = open_with(opened, of="a")
    counts = {
        "members": 40, "new_speakers": 10, "kept_speakers": 5, "lost_speakers": 5, "lurkers": 20, "ever_spoke": 20,
    }  # fmt: skip
    for which, count in counts.items():
        follow(test, f"people-one-{which}")
        assert not test.exception
        assert f"{count} 位会员" in said(test) and "与数字完全一致" in said(test), which
        assert f"one.{which}" == test.query_params["people"]


def test_somebody_who_joins_twice_is_one_person_whose_joins_add_up(opened):
    fill()
    test = follow(open_with(opened, of="c"), "people-one-joined")
    assert "1 位会员" in said(test) and "名单合计 2 次，就是这个数字" in said(test)


def test_the_people_behind_a_figure_of_all_are_as_many(opened):
    fill()
    test = follow(open_with(opened, "manager", of="b"), "people-all-speakers")
    assert "16 位会员" in said(test) and "与数字完全一致" in said(test)
    assert "存为人群" in [button.label for button in test.button]


def test_nothing_leads_to_a_list_without_anybody(opened):
    fill()
    assert '<span id="people-one-new_speakers"' in html(open_with(opened, of="b"))


def test_a_list_that_the_page_does_not_have_is_left_out_and_told(opened):
    fill()
    test = open_with(opened)
    for text in ("one.members", "all.reactivated_speakers", "all.happy", "members"):
        test.query_params["people"] = text
        test.run()
        assert not test.exception and "people" not in test.query_params
        assert f"“{text}”" in test.warning[0].value.replace("\\", "")


def test_a_group_that_does_not_exist_is_left_out_and_told(opened):
    fill()
    test = open_with(opened, language="en", of="nowhere")
    assert not test.exception and "of" not in test.query_params
    assert "group, owner or unit “nowhere”" in test.warning[0].value


def test_an_executive_sees_figures_and_no_people(opened):
    fill()
    test = open_with(opened, "executive", of="a", people="one.members")
    assert not test.exception and "people" not in test.query_params
    assert len(test.warning) == 1, "a list that the role may not see is told"
    assert "您的角色不能查看会员名单" in said(test) and "people-members" not in html(test)


@pytest.mark.parametrize(("language", "words"), [("zh", "还没有数据"), ("en", "No data yet")])
def test_an_empty_world_says_what_to_do(opened, language, words):
    test = open_with(opened, language=language)
    assert not test.exception and words in said(test)


def test_without_groups_messages_or_moves_it_says_what_is_missing(opened):
    fill(messages=False, moves=False, groups=False)
    assert "没有可看的群" in said(open_with(opened))


def test_without_messages_members_are_shown_and_no_zeros_of_speakers(opened):
    fill(messages=False)
    test = open_with(opened, of="a")
    assert not test.exception
    assert figures(test, "all", "members") == ["41"]
    assert "还没有群聊消息" in said(test) and 'id="tile-all-said"' not in html(test) and "发言率" not in table(test)


def test_without_moves_speakers_are_shown_and_no_members(opened):
    fill(moves=False)
    test = open_with(opened, of="a")
    assert not test.exception
    assert figures(test, "one", "speakers") == ["15"]
    assert "还没有进退群记录" in said(test) and 'id="tile-all-members"' not in html(test)
    follow(test, "people-one-speakers")
    assert "15 位会员" in said(test)


def test_nobody_outside_the_units_one_may_see_is_counted(opened):
    home = fill()
    with home.writer.change("import", 3) as change:
        profiles = [{"identity_key": who, "unit_id": "north" if who <= 8 else "south"} for who in range(1, 51)]
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))
    test = open_with(opened, "manager", units=["north"])
    assert table(test)["群"].tolist() == ["群 a"]
    assert figures(test, "all", "members", "speakers") == ["8", "3"]
    follow(test, "people-all-speakers")
    assert "3 位会员" in said(test)


def test_where_no_group_belongs_to_the_units_one_may_see_it_says_so(opened):
    home = fill()
    with home.writer.change("import", 3) as change:
        change.merge("units", lakes.rows("units", [{"unit_id": "west", "name": "西区"}]))
    assert "所选筛选里没有群" in said(open_with(opened, "manager", units=["west"]))


def test_the_contract_says_formula_filters_and_version(opened):
    fill()
    test = open_with(opened, language="en")
    test.session_state["community_contract"] = True
    words = said(test.run())
    assert "Members at the end who spoke in the period ÷ members at the end" in words
    assert "Filters:" in words and "Data version:" in words and "Data as of:" in words
