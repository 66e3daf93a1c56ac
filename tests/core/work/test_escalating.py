"""Late incidents rise once per level of a deadline, whoever looks and however often; tasks that are late are told once; severity follows the warnings."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.app import House
from core.settings import Settings
from core.store import incidents as rows
from core.store.notice_tables import SaidNotice
from core.store.risk_tables import RiskWarning
from core.store.tables import AuditEntry
from core.work import duties, escalating, incident_changes, incidents
from core.work.questions import incidents as questions
from tests import lakes
from tests.core.work.cases import DAY, HOUR, LIN, NOW, TODAY, Case, people, warning

SECOND = timedelta(seconds=1)
ALLOWED = 48 * HOUR
"""Of the first step of an incident of low severity."""


@pytest.fixture
def home(tmp_path):
    made = lakes.home(tmp_path)
    people(made.store)
    yield made
    made.store.close()


@pytest.fixture
def case(home):
    opened = incidents.open_from(home, home.store, LIN, [warning(home)], "Members leave", now=NOW)
    return Case(home, home.store, opened.incident_id)


@pytest.fixture
def look(home):
    return lambda at: escalating.escalate(home, home.store, at)


def levels(case):
    return [details["level"] for _, details in case.said("escalated")]


def told(home, kind):
    with home.store.reading() as session:
        return [
            row.params
            for row in session.scalars(select(SaidNotice).where(SaidNotice.kind == kind).order_by(SaidNotice.id))
        ]


def audited(home, action):
    with home.store.reading() as session:
        return len(list(session.scalars(select(AuditEntry).where(AuditEntry.action == action))))


def test_a_late_step_rises_level_by_level_and_each_is_told_once(home, case, look):
    times = [NOW, NOW + ALLOWED, *(NOW + n * ALLOWED + SECOND for n in (1, 1, 2, 2, 3, 9))]
    assert [look(at) for at in times] == [0, 0, 1, 0, 1, 0, 1, 0]
    assert levels(case) == [1, 2, 3]
    assert [(one["level_no"], one["roles"]) for one in told(home, "incident.late")] == [
        (1, "manager"), (2, "manager,admin"), (3, "manager,admin,executive"),
    ]  # fmt: skip
    assert audited(home, "incident.escalated") == 3
    assert case.row.revision == 1


def test_after_a_long_night_the_level_that_was_reached_is_told_and_no_other(home, case, look):
    assert look(NOW + 2 * ALLOWED + SECOND) == 1
    assert (levels(case), len(told(home, "incident.late"))) == ([2], 1)


def test_another_step_or_deadline_escalates_anew(case, look):
    look(NOW + ALLOWED + SECOND)
    case.now = NOW + ALLOWED + HOUR
    case.set_due(case.now + HOUR, "Nearly there")
    assert (case.row.level, look(case.now + 2 * HOUR)) == (0, 1)
    case.move("assess")
    assert (case.row.level, look(case.now + 2 * HOUR)) == (0, 0)
    assert levels(case) == [1, 1]


def test_a_closed_incident_and_one_that_is_part_of_another_never_rise(home, case, look):
    opened = incidents.open_from(home, home.store, LIN, [warning(home, key="south")], "Them too", now=NOW)
    other = Case(home, home.store, opened.incident_id)
    incidents.merge(home, home.store, LIN, case.id, other.id, revision=1, into_revision=1, now=NOW)
    other.to("closed")
    assert look(NOW + 900 * DAY) == 1  # the task of the review
    assert levels(case) == levels(other) == []


def test_a_late_task_is_told_once_from_the_day_after_it_was_due(home, case, look):
    task = case.add_task("response", "Call them", "lin", TODAY)
    case.set_due(NOW + 90 * DAY, "It takes long")
    done = case.add_task("response", "Write them", "lin", TODAY)
    incident_changes.complete_task(home, home.store, LIN, done, now=NOW)
    assert [look(at) for at in (NOW, NOW + DAY, NOW + DAY, NOW + 2 * DAY)] == [0, 1, 0, 0]
    assert case.said("task_late") == [("task_late", {"task": task, "owner": "lin", "due_on": "2026-11-20"})]
    assert [one["count"] for one in told(home, "task.late")] == [1]


def test_days_and_severity_follow_the_warnings_until_a_person_said_how_severe_it_is(home, case, look):
    def goes_on(days):
        with home.store.transaction() as session:
            session.scalars(select(RiskWarning)).one().last_on = TODAY + days * DAY
        look(NOW)
        return case.row.last_on, case.row.severity, case.row.due_at

    assert goes_on(2) == (TODAY + 2 * DAY, "medium", NOW + 24 * HOUR)
    case.to("assess").set_severity("low", reason="Nobody is harmed")
    assert goes_on(9) == (TODAY + 9 * DAY, "low", NOW + 72 * HOUR)
    assert questions.one(home, LIN, case.id, now=NOW).case.suggested == "high"


def test_a_look_that_finds_nothing_writes_nothing(home, case, look):
    before = home.store.mark()
    assert look(NOW) == 0
    assert home.store.mark() == before


def test_two_workers_at_once_tell_each_level_once(home, case, look):
    start, done = threading.Barrier(4), []

    def at_once():
        start.wait()
        done.append(look(NOW + ALLOWED + SECOND))

    threads = [threading.Thread(target=at_once) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (sorted(done), levels(case), len(told(home, "incident.late"))) == ([0, 0, 0, 1], [1], 1)


def test_whoever_moves_on_just_before_is_not_told_late(home, case):
    """The worker has seen that it is late; then somebody moves on; then the worker writes."""
    clock = case.row.clock
    case.move("assess")
    with home.store.transaction() as session:
        assert not rows.risen(session, case.id, clock=clock, level=1)
    assert (case.row.level, levels(case)) == (0, [])


def test_the_worker_sees_to_it_in_both_worlds_and_keeps_the_audit_log_in_one(tmp_path):
    house = House(Settings(home=tmp_path))
    people(house.live.store)
    for world in (house.live, house.demo):
        lakes.add(world, 1, events=[lakes.event(1, "2026-11-01 00:00")])
        incidents.open_from(world, house.live.store, LIN, [warning(world)], "Members leave", now=NOW)
    [chore] = [one for one in duties.chores(house) if one.name == "incidents"]
    late = NOW + ALLOWED + SECOND
    assert [chore.do(late), chore.do(late)] == ["2 late incidents and tasks told", None]
    assert audited(house.live, "incident.escalated") == 2
    for world in (house.live, house.demo):
        assert [one.level for one in questions.listed(world, LIN, now=late)] == [1]
        world.store.close()
