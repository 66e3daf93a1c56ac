"""历史与核对, through the frame: since when each source tells, what was lost, and what is missing."""

from datetime import datetime, timedelta

import pytest

from dashboard.web import wiring
from tests import lakes
from tests.dashboard.pages.conftest import choose, said
from tests.dashboard.pages.parts import html, open_part, tile

NOV = datetime(2026, 11, 9, 16)
"""Midnight of the 10th in the business zone."""


def fill(*, statistics: bool = True):
    """Group a: 12 messages by the platform on the 10th, of which 10 came, 3 new members of whom 1 was told; b: all came. The 12th has messages
    and no statistics."""
    home = wiring.house().live
    facts = {
        "group_messages": [
            {"identity_key": 1, "occurred_at": NOV + timedelta(hours=n), "group_id": "a", "sender_kind": "member", "text": "好喝", "message_id": f"m{n}"}
            for n in [*range(1, 11), 60]
        ],
        "group_membership": [{"identity_key": 1, "occurred_at": NOV + timedelta(hours=2), "group_id": "a", "change": "join"}],
    }  # fmt: skip
    if statistics:
        facts["group_statistics"] = [
            {"occurred_at": NOV, "group_id": "a", "message_count": 12, "member_count": 4, "new_member_count": 3},
            {"occurred_at": NOV + timedelta(days=2), "group_id": "b", "message_count": 0, "member_count": 0, "new_member_count": 0},
        ]  # fmt: skip
    lakes.add(home, 1, **facts, events=[lakes.event(1, "2026-11-28 04:00")])
    with home.writer.change("import", 2) as change:
        groups = [{"group_id": one, "name": f"群 {one}", "staff_id": "ann"} for one in "ab"]
        change.merge("groups", lakes.rows("groups", groups))
        change.merge("staff", lakes.rows("staff", [{"staff_id": "ann", "name": "安"}]))


def test_each_source_says_since_when_and_what_is_not_there(opened):
    fill()
    test = open_part(opened, "history")
    assert not test.exception
    assert tile(test, "since-statistics")[0] == "自 2026年11月10日" and tile(test, "since-rosters")[0] == "—"
    assert "中间有 1 天没有拉取" in tile(test, "since-statistics")[1]
    assert "请定期导入群成员名单" in tile(test, "since-rosters")[1]


def test_what_the_platform_counted_stands_beside_what_came(opened):
    fill()
    test = open_part(opened, "history")
    assert [tile(test, f"reconciled-{name}")[0] for name in ("days", "messages", "joined", "members")] == [
        "2",
        "+2",
        "+2",
        "+3",
    ]
    assert "平台 12，本系统 10" in tile(test, "reconciled-messages")[1]
    rows = test.dataframe[0].value
    assert rows["群"].tolist() == ["群 a", "群 b"] and rows["丢失的进群回调"].tolist() == [2, 0]


@pytest.mark.parametrize(("language", "label", "column"), [("zh", "按群主", "群主"), ("en", "By owner", "Owner")])
def test_it_is_looked_at_by_owner(opened, language, label, column):
    fill()
    test = open_part(opened, "history", language=language)
    choose(test, label)
    assert not test.exception and test.dataframe[0].value[column].tolist() == ["安"]


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "还没有群每日统计，无法核对"), ("en", "There are no daily statistics of groups yet")]
)
def test_without_statistics_it_says_what_would_tell(opened, language, words):
    fill(statistics=False)
    test = open_part(opened, "history", language=language)
    assert not test.exception and words in said(test) and "tile-reconciled" not in html(test)


@pytest.mark.parametrize(("language", "words"), [("zh", "还没有群的数据"), ("en", "No data of groups yet")])
def test_without_any_data_of_groups_it_says_so(opened, language, words):
    lakes.add(wiring.house().live, 1, events=[lakes.event(1, "2026-11-28 04:00")])
    test = open_part(opened, "history", language=language)
    assert not test.exception and words in said(test)


def test_the_contract_says_what_is_compared(opened):
    fill()
    test = open_part(opened, "history", "executive", language="en")
    test.session_state["history_contract"] = True
    words = said(test.run())
    assert "More than 0 are lost callbacks" in words and "for 180 days" in words and "Data version:" in words
