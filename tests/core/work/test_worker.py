"""The worker: its jobs, its chores, and a demo that comes and goes beside it."""

import shutil
import threading
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from core.app import House
from core.errors import Cancelled, Refusal
from core.lake.timeline import Timeline
from core.scope import SYSTEM
from core.settings import Settings
from core.store import jobs, segments, workers
from core.store.tables import Job, LoginSession
from core.work import duties, tags
from core.work import segments as named_people
from core.work.worker import Chore, Worker
from tests import lakes
from tests.core.work.people import NORTH, defined, in_city, people_of
from tests.lakes import NOW, add


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def house(tmp_path):
    house = House(Settings(home=tmp_path))
    yield house
    house.live.store.close()
    house.forget("demo")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def log():
    return []


def worker(house, clock, log, chores=(), **handlers):
    return Worker(house.live.store, handlers, list(chores), clock, log.append)


def enqueue(house, kind="do", by="lin", **arguments):
    with house.live.store.transaction() as session:
        return jobs.enqueue(session, kind, arguments, by=by, now=NOW)


def job(house):
    with house.live.store.reading() as session:
        return session.scalars(select(Job)).one()


def test_a_job_is_done_once(house, clock, log):
    done = []
    enqueue(house, n=1)
    one = worker(house, clock, log, do=lambda work: done.append(work.claim.arguments["n"]))
    assert one.step()
    assert not one.step()
    assert (done, job(house).state) == ([1], "done")


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (Cancelled("x"), "cancelled", "cancelled"),
        (Refusal("x"), "failed", "refused"),
        (RuntimeError("x"), "failed", "job.failed"),
    ],
)
def test_a_job_that_fails_says_why_and_the_worker_lives(house, clock, log, error, state, code):
    def fail(_work):
        raise error

    enqueue(house)
    assert worker(house, clock, log, do=fail).step()
    assert (job(house).state, job(house).error_code) == (state, code)


def test_progress_is_seen_while_the_job_runs_and_a_wish_to_cancel_reaches_it(house, clock, log):
    def handle(work):
        work.progress("half", rows=5)
        assert job(house).progress == {"stage": "half", "rows": 5}
        with house.live.store.transaction() as session:
            jobs.cancel(session, work.claim.job_id, now=NOW)
        clock.now += timedelta(seconds=10)
        if work.is_cancelled():
            raise Cancelled("stopped")

    enqueue(house)
    worker(house, clock, log, do=handle).step()
    assert job(house).state == "cancelled"


def test_whoever_lost_a_job_to_another_worker_stops_and_writes_nothing(house, clock, log):
    def handle(work):
        with house.live.store.transaction() as session:
            session.get_one(Job, work.claim.job_id).fence += 1
        work.progress("late")

    enqueue(house)
    worker(house, clock, log, do=handle).step()
    assert (job(house).state, job(house).progress) == ("running", None)


def test_a_chore_is_done_at_once_and_then_whenever_it_is_due(house, clock, log):
    done = []
    one = worker(house, clock, log, [Chore("c", timedelta(minutes=1), lambda now: done.append(now))])
    one.step()
    one.step()
    clock.now += timedelta(seconds=59)
    one.step()
    assert len(done) == 1
    clock.now += timedelta(seconds=1)
    one.step()
    assert len(done) == 2


def test_a_chore_that_fails_is_logged_and_stops_neither_others_nor_jobs(house, clock, log):
    done = []

    def fail(_now):
        raise RuntimeError("broken chore")

    enqueue(house)
    chores = [Chore("bad", timedelta(hours=1), fail), Chore("good", timedelta(hours=1), lambda now: done.append(now))]
    assert worker(house, clock, log, chores, do=lambda work: None).step()
    assert len(done) == 1
    assert any("broken chore" in line for line in log)


def test_it_is_heard_of_while_it_runs_and_ends_when_told(house, clock, log):
    stop = threading.Event()
    enqueue(house)
    one = worker(house, clock, log, do=lambda work: stop.set())
    one.run(stop)
    with house.live.store.reading() as session:
        assert [w.name for w in workers.alive(session, now=NOW)] == [one.name]


def test_a_store_that_is_away_for_a_moment_does_not_end_the_heartbeat(house, clock, log):
    stop = threading.Event()
    one = Worker(house.live.store, {}, [], clock, log.append, beat=timedelta(milliseconds=1))
    beats = []

    def refuse_the_first(_connection, _cursor, statement, *_):
        if "INSERT INTO workers" in statement:
            beats.append(statement)
            if len(beats) == 1:
                raise OperationalError(statement, None, Exception("the database is locked"))
            stop.set()

    event.listen(house.live.store.engine, "before_cursor_execute", refuse_the_first)
    one.run(stop)
    assert [line for line in log if "heartbeat" in line and "locked" in line]
    with house.live.store.reading() as session:
        assert [w.name for w in workers.alive(session, now=NOW)] == [one.name]


def test_a_store_that_is_away_for_a_moment_does_not_end_the_worker(house, clock, log):
    stop = threading.Event()
    enqueue(house)
    one = worker(house, clock, log, do=lambda work: stop.set())
    asked = []

    def refuse_the_first(_connection, _cursor, statement, *_):
        if "jobs" in statement:
            asked.append(statement)
            if len(asked) == 1:
                raise OperationalError(statement, None, Exception("the database is locked"))

    event.listen(house.live.store.engine, "before_cursor_execute", refuse_the_first)
    one.run(stop)
    assert [line for line in log if "store" in line and "locked" in line]
    assert job(house).state == "done"


def test_the_duties_of_an_empty_house_are_done_without_a_word_and_make_no_demo(house, clock, log, tmp_path):
    assert not duties.worker(house, clock, log.append).step()
    assert log == []
    assert not (tmp_path / "demo").exists()


def test_the_demo_may_be_removed_and_made_anew_while_the_worker_runs(house, clock, log, tmp_path):
    add(house.demo, 1, events=[lakes.event(1, "2025-01-01 10:00")])
    one = duties.worker(house, clock, log.append)
    one.step()
    shutil.rmtree(tmp_path / "demo")
    clock.now += timedelta(days=1, seconds=1)
    one.step()
    assert not (tmp_path / "demo").exists()
    other = House(Settings(home=tmp_path))
    add(other.demo, 1, events=[lakes.event(1, "2025-01-01 10:00")])
    clock.now += timedelta(days=1, seconds=1)
    one.step()
    other.forget("demo")
    assert [line.split(":")[0] for line in log] == ["derived", "standings"] * 2


def test_a_timeline_that_went_missing_is_made_anew_though_the_lake_has_not_changed(house, clock, log):
    add(house.live, 1, events=[lakes.event(1, "2025-01-01 10:00")])
    one = duties.worker(house, clock, log.append)
    runs = Timeline(house.live.lake.root)
    for _ in range(3):
        one.step()
        clock.now += timedelta(seconds=6)
    (made,) = runs.runs()
    shutil.rmtree(made.folder)
    one.step()
    assert [run.id for run in runs.runs()] == [made.id]
    clock.now += timedelta(seconds=6)
    shutil.rmtree(runs.folder)
    one.step()
    assert [run.id for run in runs.runs()] == [made.id]
    assert [line for line in log if "derived" in line] == ["derived: 1 runs and rollups made"] * 3


def test_sessions_past_their_limit_are_dropped_once_a_day(house, clock, log):
    from core.work import accounts

    made = accounts.create(
        house.live.store, SYSTEM, name="linlin", display_name="l", role="manager", units=None, now=NOW
    )
    with house.live.store.transaction() as session:
        for days in (-1, 1):
            session.add(
                LoginSession(
                    token_sha256=str(days), account_id=made.account_id, created_at=NOW, seen_at=NOW,
                    expires_at=NOW + timedelta(days=days), user_agent="x",
                )
            )  # fmt: skip
    duties.worker(house, clock, log.append).step()
    with house.live.store.reading() as session:
        assert [row.token_sha256 for row in session.scalars(select(LoginSession))] == ["1"]
    assert log == ["sessions: 1 old sessions dropped"]


def chore(house, name):
    return next(each for each in duties.chores(house) if each.name == name)


def test_live_segments_and_rules_are_counted_when_the_lake_changed_and_every_day(house, clock, log):
    tree = in_city("上海")
    people_of(house.live, {1: ("上海", NORTH)})
    kept = named_people.save_live(house.live, house.live.store, SYSTEM, "s", tree, now=NOW)
    tags.create(house.live, house.live.store, SYSTEM, "t", "behavioural", tree=tree, now=NOW)
    one = worker(house, clock, log, [chore(house, "sizes")])
    for hours, then in ((0, None), (1, None), (2, 2), (3, None), (27, None)):
        clock.now = NOW + timedelta(hours=hours, seconds=1)
        if then is not None:
            people_of(house.live, {then: ("上海", NORTH)})
        one.step()
    with house.live.store.reading() as session:
        assert [size.member_count for size in segments.sizes(session, kept.id)] == [1, 2]
        assert segments.one(session, kept.id).counted_at == NOW + timedelta(hours=27, seconds=1)
    assert log == ["sizes: 2 segments and rules counted"] * 2


def test_a_segment_that_cannot_be_counted_is_named_in_the_log(house, clock, log):
    people_of(house.live, {1: ("上海", NORTH)})
    kept = named_people.save_live(house.live, house.live.store, SYSTEM, "s", in_city("上海"), now=NOW)
    broken = defined({"event": ["nobody_knows"], "measure": "count", "op": "at_least", "values": [1]})
    with house.live.store.transaction() as session:
        segments.change(session, kept, name="s", sentence="", tree=broken, units=None, by="x", now=NOW)
    clock.now = NOW + timedelta(days=2)
    worker(house, clock, log, [chore(house, "sizes")]).step()
    assert log == ["sizes: live: s cannot be counted (unknown)"]


def test_tags_that_ended_are_cleared_away_within_a_minute(house, clock, log):
    store = house.live.store
    people_of(house.live, {1: ("上海", NORTH)})
    tag = tags.create(house.live, store, SYSTEM, "t", "static", expires_after_days=1, now=NOW)
    tags.give(house.live, store, SYSTEM, tag.id, members=[1], now=NOW)
    one = worker(house, clock, log, [chore(house, "tags")])
    for seconds in (0, 86_399, 86_460, 86_521):
        clock.now = NOW + timedelta(seconds=seconds)
        one.step()
    assert log == ["tags: 1 tags ended"]
