"""What was written that a warning of sensitive words counts: masked, at its place, within what somebody sees."""

from datetime import date

import pytest

from core.risk.indicators import Place
from core.scope import Filters, Scope
from core.work.questions.alarms import alarms
from core.work.questions.indicators import lines
from core.work.questions.reading import reading
from tests import lakes
from tests.lakes import at

DAY = date(2026, 3, 3)


def complaint(who, text, on=DAY, kind="complaint"):
    return {
        "identity_key": who, "occurred_at": at(f"{on} 04:00"), "feedback_id": f"{who}{on}{kind}", "feedback_kind": kind, "category": "quality", "text": text,
    }  # fmt: skip


def message(who, text, group="G1", sender="member"):
    return {
        "identity_key": who, "occurred_at": at(f"{DAY} 05:00"), "group_id": group, "message_id": f"{who}{group}{text}", "sender_kind": sender,
        "message_kind": "text", "text": text,
    }  # fmt: skip


@pytest.fixture
def world(tmp_path):
    home = lakes.home(tmp_path)
    lakes.add(
        home, 1,
        feedback=[
            complaint(1, "要投诉到 12315，电话 13800138000"), complaint(2, "茶有点淡"), complaint(3, "要投诉到 12315", date(2026, 3, 2)),
            complaint(4, "要投诉到 12315", kind="suggestion"), complaint(5, "要投诉到 12315", kind="dispute"),
        ],
        group_messages=[message(6, "我要打 12315 投诉"), message(7, "大家好"), message(8, "我要打 12315 投诉", "G2")],
        member_profiles=[{"identity_key": 1, "unit_id": "north"}, {"identity_key": 6, "unit_id": "south"}],
        units=[{"unit_id": "north", "name": "North"}, {"unit_id": "south", "name": "South"}],
    )  # fmt: skip
    yield home
    home.store.close()


def told(world, place=Place("", ""), scope=None):
    with reading(world, Filters(), scope or Scope()) as lake:
        return [(one.member_id, one.kind, one.group) for one in alarms(lake, place, DAY, DAY)]


def test_complaints_disputes_and_messages_that_count_are_told_and_nothing_else(world):
    found = told(world)
    assert sorted(found, key=str) == sorted(
        [(1, "complaint", None), (5, "dispute", None), (6, "message", "G1"), (8, "message", "G2")], key=str
    )
    with reading(world) as lake:
        counted = lines(lake, "sensitive_complaints")
        assert counted.values[0, (DAY - counted.start_on).days] == len(found)


def test_a_group_has_its_messages_and_a_unit_its_members(world):
    assert told(world, Place("group", "G1")) == [(6, "message", "G1")]
    assert told(world, Place("unit", "north")) == [(1, "complaint", None)]


def test_nobody_reads_what_members_of_other_units_wrote(world):
    assert told(world, scope=Scope(frozenset({"south"}))) == [(6, "message", "G1")]


def test_numbers_of_people_are_masked_and_rules_are_named(world):
    with reading(world) as lake:
        one = next(each for each in alarms(lake, Place("unit", "north"), DAY, DAY))
    assert "13800138000" not in one.text and "12315" in one.text and one.rules


def test_a_lake_without_texts_has_none(tmp_path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(1, "2026-03-03 04:00")])
    with reading(home) as lake:
        assert alarms(lake, Place("", ""), DAY, DAY) == ()
    home.store.close()
