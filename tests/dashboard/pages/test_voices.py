"""KOC 与声音, through the frame: figures of a lake counted by hand, members with their reasons, the month, and who sees no people."""

from datetime import timedelta

import pytest

from core.store import segments
from dashboard.web import wiring
from tests import lakes
from tests.dashboard.pages.conftest import choose, said
from tests.dashboard.pages.test_community import NOV, figures, follow, go, html, tile


def fill(*, moves=True):
    """In group a members 1 to 3 each say ten things on ten days, drawing in each other and 4 to 33, who say one thing each; 7 says eight
    (none in October) and draws in three. In b three people say one thing each. 1 posts two pictures and has a suggestion adopted."""
    home = wiring.house().live
    rows = []

    def say(who, when, text="好喝", group="a", **more):
        rows.append(
            {"identity_key": who, "occurred_at": when, "group_id": group, "sender_kind": "member", "text": text, "message_id": f"m{len(rows)}"} | more
        )  # fmt: skip

    for day in range(10):
        for place, who in enumerate((1, 2, 3)):
            at = NOV + timedelta(days=day, hours=2 * place)
            say(
                who,
                at,
                "图" if who == 1 and day < 2 else "好喝",
                message_kind="image" if who == 1 and day < 2 else "text",
            )
            say(4 + 3 * day + place, at + timedelta(minutes=1))
    for day in range(7):
        say(7, NOV + timedelta(days=day, hours=8))
        if day < 3:
            say(20 + day, NOV + timedelta(days=day, hours=8, minutes=1))
    for who in (101, 102, 103):
        say(who, NOV + timedelta(days=who - 100), group="b")
    say(1, NOV + timedelta(days=12), "建议出一个小罐装")
    rows.append(
        {"occurred_at": NOV + timedelta(days=13), "group_id": "a", "sender_kind": "staff", "text": "已采纳", "reply_to": rows[-1]["message_id"], "message_id": "s"}
    )  # fmt: skip
    joined = [
        {"identity_key": who, "occurred_at": NOV - timedelta(days=30), "group_id": group, "change": "join"}
        for group, everybody in (("a", range(1, 41)), ("b", (101, 102, 103)))
        for who in everybody
    ]
    facts = {"group_membership": joined} if moves else {}
    lakes.add(home, 1, group_messages=rows, events=[lakes.event(1, "2026-11-28 04:00")], **facts)
    with home.writer.change("import", 2) as change:
        named = [{"group_id": one, "name": f"群 {one}", "staff_id": "ann" if one == "a" else None} for one in "ab"]
        change.merge("groups", lakes.rows("groups", named))
        change.merge("staff", lakes.rows("staff", [{"staff_id": "ann", "name": "安"}]))
    return home


def open_with(opened, role="analyst", language="zh", **query):
    test = opened("catalog", role, language)
    test.query_params["part"] = "voices"
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "community")


def test_figures_are_those_counted_by_hand(opened):
    """1 to 3 write 31 messages, 4 to 33 one each, 7 seven more, whom she draws in 3, and b 3: 74."""
    fill()
    test = open_with(opened)
    assert not test.exception
    assert tile(test, "voices-all-koc_share")[0] == "41.9%"
    assert "3 位 KOC 写了 74 条中的 31 条" in tile(test, "voices-all-koc_share")[1]
    assert figures(test, "voices-all", "successors", "made", "suggested", "adopted") == ["1", "2", "1", "1"]


def test_members_are_named_by_short_names_with_reasons_and_the_score(opened):
    fill()
    test = open_with(opened)
    kocs, successors = (frame.value for frame in test.dataframe[:2])
    assert len(kocs) == 3 and kocs["会员"].str.fullmatch(r"/member\?m=\d+#M-[0-9A-Z]{6}").all(), "each opens a file"
    assert kocs["得分"].is_monotonic_decreasing
    assert "带动会员 10（领先" in kocs["依据"][1]
    assert successors["依据"].tolist() == ["消息 0 → 8，带动 3 位会员，得分第 4"]


def test_a_group_opens_beside_the_total_with_its_own_members(opened):
    fill()
    test = open_with(opened, vo_of="b")
    assert not test.exception
    assert figures(test, "voices-one", "koc_share", "successors", "absence") == ["n = 3", "0", "2"]
    assert "本期没有人达到 KOC 的最低要求" in said(test) and "谁在带动：群 b" in said(test)
    follow(test, "close-voices")
    assert "vo_of" not in test.query_params and "谁在带动：全部群" in said(test)


def test_what_hangs_most_on_its_kocs_is_first_and_a_few_messages_are_not_judged(opened):
    fill()
    rows = open_with(opened).dataframe[-1].value
    assert rows["群"].tolist() == ["群 a", "群 b"]
    assert rows["KOC 消息占比"].round(1).fillna(-1).tolist() == [43.7, -1]


def test_without_moves_it_says_that_successors_cannot_be_told(opened):
    fill(moves=False)
    test = open_with(opened)
    assert tile(test, "voices-all-successors")[0] == "—"
    assert "还没有进退群记录，不知道谁仍在群里" in said(test)


def test_the_board_of_the_running_month_says_so_and_lists_content_and_adopted_suggestions(opened):
    fill()
    test = open_with(opened)
    assert "2026年11月尚未结束" in said(test)
    made = test.dataframe[3].value
    assert made["原创内容"].tolist() == [2]
    assert "全部 1 位" in said(test)


def test_the_people_behind_a_figure_are_as_many_and_are_kept(opened):
    home = fill()
    test = open_with(opened, vo_people="all.drawing")
    assert not test.exception and "**4 位会员**" in said(test)
    assert "与数字完全一致" in said(test)
    test.text_input[0].set_value("带动的人")
    next(b for b in test.button if b.label == "存为人群").click().run()
    with home.store.reading() as session:
        kept = segments.listed(session)[0]
        assert segments.members(session, kept.id) == (1, 2, 3, 7)
        assert (kept.definition["kind"], kept.definition["which"]) == ("voices", "drawing")


def test_the_people_of_a_month_open_as_well(opened):
    fill()
    test = open_with(opened, vo_people="month.adopted")
    assert not test.exception and "**1 位会员** 与数字完全一致" in said(test)


@pytest.mark.parametrize("people", ["all.adoption", "one.kocs", "month.said", "x"])
@pytest.mark.some(1)
def test_an_address_that_names_no_figure_is_told_as_unread(opened, people):
    fill()
    test = open_with(opened, vo_people=people)
    assert not test.exception and "vo_people" not in test.query_params
    assert people in "".join(one.value for one in test.warning).replace("\\", "")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_executive_sees_figures_and_no_people(opened, language):
    fill()
    test = open_with(opened, "executive", language, vo_people="all.kocs")
    assert not test.exception
    assert tile(test, "voices-all-koc_share")[0] == "41.9%"
    assert len(test.dataframe) == 1, "the rows alone"
    assert "M-" not in html(test) and "people-all-kocs" not in html(test)
    assert "vo_people" not in test.query_params


def test_rows_can_be_owners_and_units(opened):
    fill()
    test = open_with(opened)
    choose(test, "按群主")
    assert set(test.dataframe[-1].value["群主"]) == {"安", "未注明群主"}


def test_a_lake_without_messages_says_what_to_bring(opened):
    lakes.add(wiring.house().live, 1, events=[lakes.event(1, "2026-11-28 04:00")])
    test = open_with(opened)
    assert not test.exception and "还没有群聊消息" in said(test) + "".join(one.value for one in test.subheader)
