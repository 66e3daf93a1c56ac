"""Register, drills, readings and situations as rows, on both databases: revisions stay, the newest stands, and of two who write at once one is told."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy.exc import IntegrityError

from core.errors import Unknown
from core.store import register, topics
from core.store.register import RegisterChanged

DAY = date(2026, 11, 20)
RISK = {
    "kind": "market", "title": "Price war", "description": "", "likelihood": 4, "impact": 3, "residual_likelihood": None, "residual_impact": None,
    "owner": "lin", "treatment": "reduce", "plan": "", "state": "open", "review_on": DAY, "rules": ["a"], "incidents": [7], "action": "added", "note": "",
}  # fmt: skip
DRILL = {"planned_on": DAY, "first_on": DAY, "repeats_months": 6, "scenario": "Leak", "people": ["wu"], "field": ""}
READING = {"day_on": DAY, "value": 812.5, "note": "", "source": "hand"}


def write_risk(store, now, key, values, after=0):
    with store.transaction() as session:
        return register.write_risk(session, key, values, after=after, by="lin", now=now)


def write_reading(store, now, values, after=0, kind="public_opinion", key="2026-11-20"):
    with store.transaction() as session:
        return register.write_reading(session, kind, key, values, after=after, by="lin", now=now)


def both(act):
    """What two are told who do the same at once: how many were refused."""
    gate = Barrier(2)

    def one(number):
        gate.wait(60)
        try:
            act(number)
        except RegisterChanged:
            return 1
        return 0

    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(one, range(2)))


def test_the_newest_revision_of_a_risk_stands_and_every_one_stays(store, now):
    write_risk(store, now, "b", RISK)
    write_risk(store, now, "a", RISK | {"title": "Policy"})
    write_risk(store, now, "b", RISK | {"title": "Prices", "action": "changed"}, after=1)
    with store.reading() as session:
        assert [(row.key, row.revision, row.title) for row in register.risks(session)] == [
            ("b", 2, "Prices"),
            ("a", 1, "Policy"),
        ]
        assert [row.title for row in register.risk_history(session, "b")] == ["Prices", "Price war"]
        kept = register.risk(session, "b")
        assert (kept.rules, kept.incidents, kept.review_on, kept.by, kept.at) == (["a"], [7], DAY, "lin", now)
        assert topics.revision(session, register.TOPIC) == 3
        with pytest.raises(Unknown):
            register.risk(session, "c")


def test_whoever_read_an_older_revision_of_a_risk_writes_nothing(store, now):
    write_risk(store, now, "a", RISK)
    for after in (0, 2):
        with pytest.raises(RegisterChanged) as refused:
            write_risk(store, now, "a", RISK, after=after)
        assert refused.value.details["revision"] == 1


@pytest.mark.parametrize(
    "wrong", [{"likelihood": 6}, {"impact": 0}, {"residual_impact": 2}, {"kind": "other"}, {"state": "gone"}]
)
def test_the_database_takes_no_risk_beyond_the_matrix(store, now, wrong):
    with pytest.raises(IntegrityError):
        write_risk(store, now, "a", RISK | wrong)


def test_a_drill_is_followed_once(store, now):
    with store.transaction() as session:
        first = register.plan_drill(session, DRILL, by="lin", now=now)
        second = register.plan_drill(session, DRILL | {"follows_id": first.id}, by="lin", now=now)
        assert second is not None
        assert register.plan_drill(session, DRILL | {"follows_id": first.id}, by="lin", now=now) is None
        assert register.plan_drill(session, DRILL, by="lin", now=now) is not None
        assert len(register.drills(session)) == 3


def test_a_drill_moves_from_a_state_that_allows_it_at_the_revision_that_was_seen(store, now):
    with store.transaction() as session:
        drill_id = register.plan_drill(session, DRILL, by="lin", now=now).id
        done = {"state": "done", "done_on": DAY}
        moved = register.move_drill(session, drill_id, done, states=("planned",), revision=1, by="wu", now=now)
        assert (moved.state, moved.done_on, moved.revision, moved.changed_by) == ("done", DAY, 2, "wu")
        for revision in (1, 2):
            with pytest.raises(RegisterChanged):
                register.move_drill(session, drill_id, done, states=("planned",), revision=revision, by="wu", now=now)
        assert [row.id for row in register.drills(session, states=("planned",))] == []


def test_readings_stand_by_kind_and_day_until_they_are_removed(store, now):
    write_reading(store, now, READING)
    write_reading(store, now, READING | {"value": 640.0}, after=1)
    write_reading(store, now, READING, kind="own.1")
    with store.reading() as session:
        assert [(row.kind, row.revision, row.value) for row in register.readings(session)] == [
            ("own.1", 1, 812.5),
            ("public_opinion", 2, 640.0),
        ]
        assert [row.kind for row in register.readings(session, ["own.1"])] == ["own.1"]
    write_reading(store, now, READING | {"is_removed": True}, after=2)
    with store.reading() as session:
        assert [row.kind for row in register.readings(session)] == ["own.1"]
        assert [row.is_removed for row in register.reading_history(session, "public_opinion", "2026-11-20")] == [
            True,
            False,
            False,
        ]
    assert write_reading(store, now, READING).revision == 4  # said anew by somebody who sees none


def test_of_two_who_write_at_once_one_is_told(store, now):
    write_risk(store, now, "a", RISK)

    def declare(number):
        with store.transaction() as session:
            register.turn(session, f"s{number}", "why", DAY, after=0, by="lin", now=now)

    assert both(lambda number: write_risk(store, now, "a", RISK | {"title": f"t{number}"}, after=1)) == 1
    assert both(lambda number: write_reading(store, now, READING | {"value": float(number)})) == 1
    assert both(declare) == 1
    with store.reading() as session:
        assert [row.revision for row in register.risk_history(session, "a")] == [2, 1]
        assert [row.revision for row in register.readings(session)] == [1]
        assert [row.number for row in register.turns(session)] == [1]


def test_situations_are_numbered_without_gaps(store, now):
    with store.transaction() as session:
        register.turn(session, "growth", "steady", DAY, after=0, by="lin", now=now)
        register.turn(session, "window", "more visits", DAY, after=1, by="lin", now=now)
        assert [(row.number, row.situation) for row in register.turns(session)] == [(2, "window"), (1, "growth")]
        assert [row.number for row in register.turns(session, most=1)] == [2]
        for after, newest in ((0, 2), (1, 2), (3, 2)):
            with pytest.raises(RegisterChanged) as refused:
                register.turn(session, "growth", "again", DAY, after=after, by="lin", now=now)
            assert refused.value.details["revision"] == newest
