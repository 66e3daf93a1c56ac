"""Two who do the same with incidents at the same moment: one does it, the other is told. On both databases."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import func, select

from core.errors import Refusal
from core.store import incidents as rows
from core.store.incident_tables import Incident, IncidentEntry, IncidentWarning, SendingHold
from core.store.incidents import IncidentChanged
from core.store.notice_tables import SaidNotice
from core.store.tables import AuditEntry
from core.work import escalating, incident_actions, incident_changes, incidents
from core.work.campaigns import stopping
from tests import lakes
from tests.core.work.cases import DAY, HOUR, LIN, NOW, QIN, TODAY, Case, people, warning

ROUNDS, AT_ONCE = 4, 4


@pytest.fixture
def home(store, tmp_path):
    made = lakes.home(tmp_path)
    made.store.close()
    people(store)
    return replace(made, store=store)


@pytest.fixture
def begin(home):
    def call(key="north"):
        return Case(
            home,
            home.store,
            incidents.open_from(home, home.store, LIN, [warning(home, key=key)], "x", now=NOW).incident_id,
        )

    return call


@pytest.fixture
def raced():
    """What several are told that do something at once: ``raced(act)`` calls ``act(n)`` for each of them."""

    def call(act, at_once=AT_ONCE):
        gate = Barrier(at_once)

        def one(number):
            gate.wait(60)
            try:
                return act(number)
            except Refusal as refusal:
                return refusal

        with ThreadPoolExecutor(at_once) as pool:
            return [told.result() for told in [pool.submit(one, number) for number in range(at_once)]]

    return call


def count(home, table, *where):
    with home.store.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where))


def test_of_many_who_open_an_incident_of_the_same_warnings_one_does_and_the_others_are_told_which(home, raced):
    for turn in range(ROUNDS):
        seen = [warning(home, key=f"a{turn}"), warning(home, key=f"b{turn}")]
        told = raced(
            lambda n, seen=seen: incidents.open_from(
                home, home.store, (LIN, QIN)[n % 2], seen[:: (-1) ** n], "x", now=NOW
            )
        )
        assert Counter(one.is_new for one in told) == {True: 1, False: AT_ONCE - 1}
        assert len({one.incident_id for one in told}) == 1
    assert count(home, Incident) == count(home, AuditEntry) == count(home, SaidNotice) == ROUNDS
    assert count(home, IncidentWarning) == 2 * ROUNDS


def test_of_many_who_move_one_moves(home, begin, raced):
    case = begin()
    told = raced(lambda n: incidents.move(home, home.store, LIN, case.id, "assess", revision=1, now=NOW))
    assert sorted(type(one) is IncidentChanged for one in told) == [False, True, True, True]
    assert (case.row.revision, len(case.said("moved"))) == (2, 1)


def test_of_many_who_pause_one_pauses(home, begin, raced):
    case = begin()
    told = raced(
        lambda n: incident_actions.hold(home, home.store, LIN, case.id, "all", "", "Leak", revision=1, now=NOW)
    )
    assert Counter(map(str, told))["True"] == 1
    assert all(one is False or type(one) is IncidentChanged for one in told if one is not True)
    assert count(home, SendingHold) == len(case.said("action")) == 1
    told = raced(lambda n: stopping.stop(home, home.store, LIN, "all", "", "Leak", now=NOW))
    assert (Counter(told)[True], count(home, SendingHold)) == (1, 2)


def test_a_note_that_is_sent_twice_is_written_once(home, begin, raced):
    case = begin()
    told = raced(lambda n: incident_changes.note(home, home.store, LIN, case.id, "x", request="r", now=NOW))
    assert sorted(told) == [False, False, False, True]
    assert len(case.said("note")) == 1


def test_a_task_is_done_once(home, begin, raced):
    case = begin()
    task = case.add_task("response", "Call", "lin", TODAY)
    told = raced(lambda n: incident_changes.complete_task(home, home.store, LIN, task, now=NOW))
    assert sorted(told) == [False, False, False, True]
    assert len(case.said("task_done")) == 1


def test_workers_at_once_tell_each_level_and_each_task_once(home, begin, raced):
    case = begin()
    case.add_task("response", "Call", "lin", TODAY)
    for days, levels in ((2.5, 1), (4.5, 2)):
        told = raced(lambda n, days=days: escalating.escalate(home, home.store, NOW + days * DAY))
        assert sum(told) == 1 + (levels == 1)
        assert count(home, IncidentEntry, IncidentEntry.kind == "escalated") == levels
    assert count(home, IncidentEntry, IncidentEntry.kind == "task_late") == 1
    assert count(home, SaidNotice, SaidNotice.kind == "incident.late") == 2


def test_two_who_merge_crosswise_neither_lose_anything_nor_wait_for_each_other(home, begin, raced):
    for turn in range(ROUNDS):
        pair = begin(f"a{turn}").id, begin(f"b{turn}").id

        def merge(n, pair=pair):
            return incidents.merge(home, home.store, LIN, pair[n], pair[1 - n], revision=1, into_revision=1, now=NOW)

        told = raced(merge, at_once=2)
        assert sorted(type(one) is IncidentChanged for one in told) == [False, True]
        with home.store.reading() as session:
            assert sorted(map(len, rows.warnings(session, pair).values())) == [0, 2]
            assert sorted(rows.one(session, one).merged_into_id is None for one in pair) == [False, True]


def test_whoever_moves_while_the_worker_looks_keeps_the_deadline_of_the_new_step(home, begin, raced):
    for turn in range(ROUNDS):
        case = begin(f"c{turn}")
        later = NOW + 49 * HOUR

        def act(n, case=case, later=later):
            if n:
                return escalating.escalate(home, home.store, later)
            return incidents.move(home, home.store, LIN, case.id, "assess", revision=1, now=later)

        raced(act, at_once=2)
        row = case.row
        assert (row.state, row.clock, row.level, row.due_at) == ("assess", 2, 0, later + 72 * HOUR)


def test_many_who_do_all_kinds_of_things_at_once_end_all_of_them(home, begin, raced):
    """On a database whose writers lock rows one by one, two that take rows in different order would wait for each other until one is killed."""
    for turn in range(ROUNDS):
        one, two = begin(f"d{turn}"), begin(f"e{turn}")
        tasks = [case.add_task("response", "Call", "lin", TODAY) for case in (one, two)]
        [south] = Case(home, home.store, two.id).said("opened")[0][1]["warnings"]
        doing = [
            lambda one=one, two=two: incidents.merge(
                home, home.store, LIN, one.id, two.id, revision=2, into_revision=2, now=NOW
            ),
            lambda two=two: incident_changes.assign(home, home.store, LIN, two.id, "lin", revision=2, now=NOW),
            lambda tasks=tasks: [incident_changes.complete_task(home, home.store, LIN, key, now=NOW) for key in tasks],
            lambda one=one: incident_changes.note(home, home.store, QIN, one.id, "x", now=NOW),
            lambda: escalating.escalate(home, home.store, NOW + 3 * DAY),
            lambda south=south: incidents.open_from(home, home.store, QIN, [south], "x", now=NOW),
        ]
        told = raced(lambda n, doing=doing: doing[n](), at_once=len(doing))
        assert type(told[0]) is IncidentChanged or type(told[1]) is IncidentChanged
        assert told[2] == [True, True]
