"""Files of daily statistics of groups: guessed, brought as CSV and as WeCom answers, again, corrected, and refused."""

import json
from pathlib import Path

import pytest

from core.work.home import Home
from core.work.ingest import rejects
from core.work.ingest.guess import Sample, guess
from core.work.ingest.importing import Imported
from tests.bringing import bring, counts, empty_home, facts, named

HEADER = "stat_time,chat_id,msg_total,member_total,new_member_cnt,member_has_msg\n"


@pytest.mark.parametrize(
    "header",
    [
        ["stat_time", "chat_id", "msg_total", "member_total", "new_member_cnt", "member_has_msg"],
        ["统计日期", "群ID", "群消息总数", "群成员总数", "新增群成员数", "发过消息的群成员数"],
    ],
)
def test_statistics_are_told_from_lists_and_messages(header: list[str]):
    row = ["2025-03-05", "g1", "12", "80", "3", "9"]
    found = guess(Sample("stats.csv", {name: [cell] for name, cell in zip(header, row, strict=True)}))
    assert found.mapping.table == "group_statistics"
    targets = ["occurred_at", "group_id", "message_count", "member_count", "new_member_count", "talking_member_count"]
    assert {target: names[0] for target, names in found.mapping.columns.items()} == dict(
        zip(targets, header, strict=True)
    )
    assert not found.missing and found.confidence > 0.8


def test_a_table_is_brought_and_again_changes_nothing_and_a_corrected_row_is_added(tmp_path: Path):
    with empty_home(tmp_path) as home:
        by = named(home, "wecom_group_statistics")
        content = HEADER + "2025-03-05,g1,12,80,3,9\n2025-03-06,g1,7,81,1,5\n"
        assert counts(bring(home, content, by)) == (2, 2, 0, 0)
        assert counts(bring(home, content, by, name="again.csv")) == (2, 0, 2, 0)
        assert counts(bring(home, HEADER + "2025-03-06,g1,8,81,1,5\n", by, name="later.csv")) == (1, 1, 0, 0)
        told = facts(home, "group_statistics", "local_date", "group_id", "message_count", "member_count")
        assert [(str(on), *rest) for on, *rest in told] == [
            ("2025-03-05", "g1", 12, 80), ("2025-03-06", "g1", 7, 81), ("2025-03-06", "g1", 8, 81),
        ]  # fmt: skip


def test_an_answer_of_wecom_is_brought_item_by_item(tmp_path: Path):
    """1741104000 is midnight of March 5th in the business zone."""
    data = {
        "new_chat_cnt": 2,
        "chat_total": 30,
        "chat_has_msg": 20,
        "new_member_cnt": 5,
        "member_total": 900,
        "member_has_msg": 60,
        "msg_total": 150,
    }
    answer = {
        "errcode": 0,
        "errmsg": "ok",
        "items": [
            {"stat_time": 1741104000, "data": data},
            {"owner": "zhangsan", "stat_time": 1741190400, "data": data},
        ],
    }
    with empty_home(tmp_path) as home:
        done = bring(home, json.dumps(answer), named(home, "wecom_group_statistics"), name="day.json")
        assert counts(done) == (2, 2, 0, 0)
        told = facts(
            home,
            "group_statistics",
            "local_date",
            "group_id",
            "staff_id",
            "message_count",
            "group_count",
            "talking_group_count",
        )
        assert [(str(on), *rest) for on, *rest in told] == [
            ("2025-03-05", None, None, 150, 30, 20), ("2025-03-06", None, "zhangsan", 150, 30, 20),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2025-03-05,g1,-1,80,3,9", "count.negative:message_count"), ("2025-03-05,g1,12,8,3,9", "count.above_all:talking_member_count"),
        ("2025-03-05,g1,,,,", "count.missing"), ("2025-03-05,g1,many,80,3,9", "value.unreadable:message_count"),
        (",g1,12,80,3,9", "time.missing"), ("2031-03-05,g1,12,80,3,9", "time.future"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_reason(tmp_path: Path, row: str, reason: str):
    with empty_home(tmp_path) as home:
        done = bring(home, f"{HEADER}2025-03-04,g1,12,80,3,9\n{row}\n", named(home, "wecom_group_statistics"))
        assert counts(done) == (2, 1, 0, 1)
        assert reason in _refused(home, done)


def _refused(home: Home, done: Imported) -> str:
    return rejects.read(home, done.batch).decode("utf-8-sig")
