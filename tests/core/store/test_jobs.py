from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from core.store import jobs
from core.store.jobs import Pulse
from core.store.tables import Job

MINUTE = timedelta(minutes=1)


@pytest.fixture
def queue(store, now):
    """Calls that are one transaction each."""

    class Queue:
        def enqueue(self, kind="ingest", **more):
            with store.transaction() as session:
                return jobs.enqueue(session, kind, {"a": 1}, by="lin", now=now, **more)

        def claim(self, at=now, kinds=("ingest",), worker="w"):
            with store.transaction() as session:
                return jobs.claim(session, kinds, worker=worker, now=at, lease=MINUTE)

        def heartbeat(self, claim, at=now, **more):
            with store.transaction() as session:
                return jobs.heartbeat(session, claim, now=at, lease=MINUTE, **more)

        def finish(self, claim, **more):
            with store.transaction() as session:
                return jobs.finish(session, claim, now=now, **more)

        def cancel(self, job_id):
            with store.transaction() as session:
                return jobs.cancel(session, job_id, now=now)

        def job(self, job_id) -> Job:
            with store.reading() as session:
                return session.execute(select(Job).where(Job.id == job_id)).scalar_one()

    return Queue()


def test_an_empty_queue_gives_nothing(queue):
    assert queue.claim() is None


def test_the_oldest_job_of_the_wanted_kinds_comes_first(queue):
    queue.enqueue("report")
    first, second = queue.enqueue(), queue.enqueue()
    assert [queue.claim().job_id, queue.claim().job_id, queue.claim()] == [first, second, None]


def test_a_job_is_not_started_before_it_is_due(queue, now):
    queue.enqueue(due_at=now + MINUTE)
    assert queue.claim(now + MINUTE - timedelta(microseconds=1)) is None
    assert queue.claim(now + MINUTE) is not None


def test_a_lease_holds_to_its_last_moment_and_not_beyond(queue, now):
    queue.enqueue()
    queue.claim()
    assert queue.claim(now + MINUTE) is None
    again = queue.claim(now + MINUTE + timedelta(microseconds=1))
    assert (again.fence, again.attempts) == (2, 2)


def test_a_heartbeat_prolongs_the_lease_and_keeps_the_progress(queue, now):
    job = queue.enqueue()
    claim = queue.claim()
    assert queue.heartbeat(claim, now + MINUTE, progress={"rows": 10}) == Pulse(True, False)
    assert queue.claim(now + 2 * MINUTE) is None
    assert queue.job(job).progress == {"rows": 10}


def test_a_worker_that_slept_through_its_lease_is_refused(queue, now):
    job = queue.enqueue()
    late = queue.claim()
    queue.claim(now + 2 * MINUTE)
    assert queue.heartbeat(late) == Pulse(False, False)
    assert queue.finish(late) is False
    assert queue.job(job).state == "running"


def test_a_finished_job_is_not_taken_again(queue, now):
    job = queue.enqueue()
    claim = queue.claim()
    assert queue.finish(claim, state="failed", error_code="file.unreadable", error_details={"row": 3})
    assert queue.finish(claim) is False
    assert queue.claim(now + 2 * MINUTE) is None
    found = queue.job(job)
    assert (found.state, found.error_code, found.error_details) == ("failed", "file.unreadable", {"row": 3})


def test_a_job_cannot_end_in_a_state_that_is_no_end(queue):
    queue.enqueue()
    with pytest.raises(ValueError, match="queued"):
        queue.finish(queue.claim(), state="queued")


def test_a_waiting_job_is_cancelled_at_once(queue):
    job = queue.enqueue()
    assert queue.cancel(job)
    assert queue.claim() is None
    assert queue.job(job).state == "cancelled"


def test_a_running_job_is_asked_to_stop(queue):
    job = queue.enqueue()
    claim = queue.claim()
    assert queue.cancel(job)
    assert queue.heartbeat(claim) == Pulse(True, True)
    assert queue.finish(claim, state="cancelled")
    assert queue.cancel(job) is False


def test_a_job_whose_worker_died_while_it_was_cancelled_is_cancelled(queue, now):
    job = queue.enqueue()
    queue.claim()
    queue.cancel(job)
    assert queue.claim(now + 2 * MINUTE) is None
    assert queue.job(job).state == "cancelled"


def test_cancelling_what_never_was_says_so(queue):
    assert queue.cancel(99) is False


def test_a_job_that_kills_its_workers_is_given_up_after_five_attempts(queue, now):
    job = queue.enqueue()
    claims = [queue.claim(now + 2 * MINUTE * n) for n in range(6)]
    assert [claim and claim.attempts for claim in claims] == [1, 2, 3, 4, 5, None]
    found = queue.job(job)
    assert (found.state, found.error_code) == ("failed", jobs.ABANDONED)


def test_racing_workers_get_every_job_exactly_once(queue):
    wanted = {queue.enqueue() for _ in range(40)}
    gate = Barrier(4)

    def work(name: str) -> list[int]:
        gate.wait()
        taken = []
        while claim := queue.claim(worker=name):
            taken.append(claim.job_id)
            assert queue.finish(claim)
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [job for part in pool.map(work, "abcd") for job in part]
    assert Counter(taken) == Counter(wanted)
