"""Fits as work: one job however many ask, a process that can be killed, and nobody who learns of data that they do not see."""

import itertools
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import select

from core.app import House
from core.errors import Cancelled, Forbidden, TooShort, Unknown
from core.models.forecast.history import Event, History, Known
from core.models.forecast.line import Line
from core.models.forecast.spec import Spec
from core.models.forecast.told import Told
from core.scope import SYSTEM, Operator, Scope
from core.settings import Settings
from core.store import forecasts as rows
from core.store import jobs
from core.store.tables import ForecastFit, Job
from core.work import fitting, forecasts
from core.work.fitting import FitEnded, Fitter, Fitters, NotFitted
from core.work.forecasts import HOUSE_KIND, KIND, Asked
from core.work.worker import Worker
from tests.lakes import NOW

SMALL = "tests.core.work.small_fit:fit"
LIN, WU = Operator(1, "lin", "analyst"), Operator(2, "wu", "manager", Scope(frozenset({"east"})))
FIRST = date(2026, 8, 1)
VALUES = np.arange(70.0) % 7 + 10


@pytest.fixture(scope="module")
def fitter(tmp_path_factory):
    fitter = Fitter(tmp_path_factory.mktemp("fits"), SMALL)
    yield fitter
    fitter.close()


@pytest.fixture(params=["live", "demo"])
def house(tmp_path, request):
    house = House(Settings(home=tmp_path))
    house.home, house.queue = house.world(request.param), house.live.store
    yield house
    house.live.store.close()
    house.home.store.close()


def asked(values=VALUES, spec=Spec(), who=LIN, span="headline", line=Line("orders"), events=()) -> Asked:
    known = Known(FIRST, tuple(events))
    return Asked(line, History(FIRST, np.asarray(values, float)), known, spec, span, who.scope, "lake", 7)


def ask(house, wanted=None, who=LIN, **more):
    return forecasts.ask(house.home, house.queue, who, wanted or asked(who=who), NOW, **more)


def worker(house, fitter, log=None):
    def do(work):
        forecasts.run(house.home, fitter, work)

    return Worker(house.queue, {KIND: do, HOUSE_KIND: do}, [], lambda: NOW, (log if log is not None else []).append)


def standing(house, key, who=LIN):
    return forecasts.standing(house.home, house.queue, who, key)


def job_ids(house):
    with house.queue.reading() as session:
        return [job.id for job in session.scalars(select(Job).order_by(Job.id))]


def test_a_fit_is_asked_for_done_and_kept(house, fitter):
    first = ask(house)
    assert (first.state, first.outcome, first.last_on) == ("queued", None, date(2026, 10, 9))
    worker(house, fitter).step()
    done = standing(house, first.key)
    assert (done.state, done.refusal, done.progress) == ("done", None, None)
    assert done.outcome.path.start_on == date(2026, 10, 10)
    assert done.outcome.path.point == tuple((np.arange(30.0) % 7 + 10).tolist())
    assert done.fit_seconds > 0


def test_however_many_ask_there_is_one_job_and_one_fit(house, fitter):
    with ThreadPoolExecutor(4) as several:
        keys = {fit.key for fit in several.map(lambda _: ask(house), range(8))}
    assert len(keys) == 1
    with house.home.store.reading() as session:
        row = session.scalars(select(ForecastFit)).one()
    worker(house, fitter).step()
    again = ask(house)
    assert again.state == "done"
    assert row.job_id in job_ids(house)
    log = []
    while worker(house, fitter, log).step():  # jobs of askers that came second find nothing to do
        pass
    assert standing(house, again.key).made_at == again.made_at


def test_a_job_waits_for_the_row_that_it_is_about(house, fitter, monkeypatch):
    """In the demo rows and jobs are in two stores, and the job is committed first."""
    written, put = threading.Event(), rows.add

    def late(session, row):
        done = put(session, row)
        if house.home is not house.live:  # as far as the other store is: the job is there, the row is not yet
            session.commit = lambda commit=session.commit: (written.wait(5), commit())
        return done

    monkeypatch.setattr(rows, "add", late)
    asking = threading.Thread(target=ask, args=[house])
    asking.start()
    while not job_ids(house):
        pass
    working = threading.Thread(target=worker(house, fitter).step)
    working.start()
    written.set()
    asking.join()
    working.join()
    assert standing(house, asked().key).state == "done"


def test_a_job_whose_fit_is_another_jobs_does_nothing(house, fitter, monkeypatch):
    monkeypatch.setattr(forecasts, "WRITTEN_S", 0.2)
    fit = ask(house)
    with house.queue.transaction() as session:
        stray = jobs.enqueue(session, KIND, {"world": house.home.world, "key": fit.key}, by="x", now=NOW)
        session.get(Job, job_ids(house)[0]).due_at = NOW + timedelta(days=1)
    assert worker(house, fitter).step()
    assert standing(house, fit.key).state == "queued"
    with house.queue.reading() as session:
        assert session.get(Job, stray).state == "done"


@pytest.mark.parametrize(
    "other",
    [
        asked(values=VALUES + 1),
        asked(values=[*VALUES[:-1], np.nan]),
        asked(spec=Spec(changepoint_prior=0.5)),
        asked(span="all"),
        asked(line=Line("gmv")),
        asked(events=[Event("618", date(2026, 6, 18))]),
        asked(who=WU),
        replace(asked(), lake_id="another"),
        replace(asked(), known=Known(FIRST, closed=(FIRST,))),
        replace(asked(), models=("naive",)),
    ],
)
def test_whatever_a_fit_depends_on_is_in_its_key(other):
    assert other.key != asked().key


def test_what_is_shown_and_supposed_does_not_need_another_fit():
    assert asked(spec=Spec(level=0.95)).key == asked().key
    assert replace(asked(), lake_version=8).key == asked().key


def test_what_a_fit_is_told_is_kept_as_it_was():
    told = Told(
        History(FIRST, np.array([1.0, np.nan, 3.0])),
        Known(FIRST, (Event("own", FIRST, 1, 2),), {"x": np.ones(4)}, (FIRST,)),
        Spec(),
    )
    again = Told.from_json(told.to_json())
    assert again.to_json() == told.to_json()
    assert np.isnan(again.history.values[1])
    assert (again.known.events, again.known.closed) == (told.known.events, told.known.closed)


def test_a_series_of_twenty_days_is_refused_before_anything_is_queued(house):
    with pytest.raises(TooShort) as refused:
        ask(house, asked(values=VALUES[:20]))
    assert (refused.value.details["days"], refused.value.details["fewest"]) == (20, 58)
    assert job_ids(house) == []


def test_a_fit_that_is_refused_tells_why_and_stays_refused_until_somebody_asks_again(house, fitter):
    wanted = asked(spec=Spec(regressors=("refuses",)))
    key = ask(house, wanted).key
    worker(house, fitter).step()
    failed = ask(house, wanted)
    assert (failed.state, failed.refusal.code) == ("failed", "forecast.constant")
    assert len(job_ids(house)) == 1
    again = forecasts.again(house.home, house.queue, LIN, key, NOW)
    assert again.state == "queued"
    assert len(job_ids(house)) == 2
    assert forecasts.again(house.home, house.queue, LIN, key, NOW).state == "queued"
    assert len(job_ids(house)) == 2


@pytest.mark.parametrize(("wrong", "reason"), [("dies", "died"), ("fails", "fault")])
def test_a_process_that_ends_or_fails_is_told_and_the_next_fit_has_another(house, fitter, wrong, reason):
    key = ask(house, asked(spec=Spec(regressors=(wrong,)))).key
    worker(house, fitter).step()
    failed = standing(house, key)
    assert (failed.state, failed.refusal.code, failed.refusal.details["reason"]) == ("failed", "forecast.ended", reason)
    key = ask(house).key
    worker(house, fitter).step()
    assert standing(house, key).state == "done"


def test_a_fit_is_cancelled_in_the_middle_and_its_process_is_gone(house, tmp_path):
    fitter = Fitter(tmp_path / "fits", SMALL)
    key = ask(house, asked(spec=Spec(regressors=("endless",)))).key
    one, seconds = worker(house, fitter), itertools.count()
    one.clock = lambda: NOW + timedelta(seconds=next(seconds))
    work = threading.Thread(target=one.step)
    work.start()
    while standing(house, key).progress is None:
        assert work.is_alive()
    pid, running = fitter.pid, standing(house, key)
    assert (running.state, running.progress) == ("running", {"stage": "backtest", "done": 1, "of": 2})
    assert forecasts.cancel(house.home, house.queue, LIN, key, NOW).is_stopping
    work.join(timeout=30)
    assert not work.is_alive()
    assert standing(house, key).state == "cancelled"
    assert not alive(pid)
    assert list((tmp_path / "fits").iterdir()) == []


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_that_ends_leaves_its_fit_to_the_next_and_its_process_is_gone(house, tmp_path, fitter):
    own, stop = Fitter(tmp_path / "fits", SMALL), threading.Event()
    wanted = asked(spec=Spec(regressors=("endless",)))
    key = ask(house, wanted).key
    one = worker(house, own)
    one.apart = {KIND: 1}
    running = threading.Thread(target=one.run, args=(stop,))
    running.start()
    while standing(house, key).progress is None:
        assert running.is_alive()
    pid = own.pid
    stop.set()
    running.join(timeout=30)
    assert not running.is_alive()
    assert not alive(pid)
    assert standing(house, key).state == "running"  # until its lease is over
    with house.home.store.transaction() as session:
        row = rows.fit(session, key)
        row.told = row.told | {"spec": Spec().to_json()}
    late = worker(house, fitter)
    late.clock = lambda: NOW + timedelta(minutes=5)
    assert late.step()
    assert standing(house, key).state == "done"


def test_a_fit_that_waits_is_cancelled_and_may_be_asked_for_again(house, fitter):
    key = ask(house).key
    assert forecasts.cancel(house.home, house.queue, LIN, key, NOW).state == "cancelled"
    assert not worker(house, fitter).step()
    assert ask(house).state == "cancelled"
    forecasts.again(house.home, house.queue, LIN, key, NOW)
    worker(house, fitter).step()
    assert standing(house, key).state == "done"


def test_a_fit_of_the_house_is_cancelled_only_by_who_may_write(house):
    seer = Operator(4, "bo", "executive")
    key = ask(house, who=SYSTEM, kind=HOUSE_KIND).key
    with pytest.raises(Forbidden):
        forecasts.cancel(house.home, house.queue, seer, key, NOW)
    assert standing(house, key).state == "queued"
    assert forecasts.cancel(house.home, house.queue, LIN, key, NOW).state == "cancelled"
    own = ask(house, asked(values=VALUES + 1), who=seer).key
    assert forecasts.cancel(house.home, house.queue, seer, own, NOW).state == "cancelled"


def test_the_fit_of_a_worker_that_was_killed_is_taken_up_again_once(house, fitter):
    key = ask(house).key
    with house.queue.transaction() as session:
        jobs.claim(session, [KIND], worker="dead", now=NOW)
    assert standing(house, key).state == "running"
    late = worker(house, fitter)
    late.clock = lambda: NOW + timedelta(minutes=5)
    assert late.step()
    assert standing(house, key).state == "done"
    assert not late.step()


def test_a_fit_is_told_once_however_often_it_is_fitted(house):
    key = ask(house).key
    with house.home.store.transaction() as session:
        assert rows.tell(session, key, {"first": 1}, fit_seconds=1, now=NOW)
        assert not rows.tell(session, key, {"second": 1}, fit_seconds=1, now=NOW)
        assert rows.fit(session, key).outcome == {"first": 1}


def test_jobs_of_the_house_are_another_kind_and_are_not_made_twice(house, fitter):
    ask(house, kind=HOUSE_KIND)
    assert ask(house).state == "queued"
    with house.queue.reading() as session:
        assert [job.kind for job in session.scalars(select(Job))] == [HOUSE_KIND]


def test_who_sees_some_units_never_gets_the_fit_of_all_nor_learns_that_there_is_one(house, fitter):
    of_all = ask(house)
    worker(house, fitter).step()
    for refused in (
        forecasts.standing,
        lambda *given: forecasts.cancel(*given, NOW),
        lambda *given: forecasts.again(*given, NOW),
    ):
        with pytest.raises(Unknown):
            refused(house.home, house.queue, WU, of_all.key)
    with pytest.raises(Unknown):
        forecasts.ask(house.home, house.queue, WU, asked(who=LIN), NOW)
    own = ask(house, asked(who=WU), who=WU)
    assert own.key != of_all.key
    assert own.state == "queued"
    assert forecasts.latest(house.home, WU, Line("orders"), Spec(), spans=("headline",)) is None
    assert forecasts.latest(house.home, LIN, Line("orders"), Spec(), spans=("headline",)).key == of_all.key


def test_forecasts_are_not_for_everybody(house):
    with pytest.raises(Forbidden):
        ask(house, who=Operator(3, "hu", "compliance"))


def test_the_newest_fit_of_a_spec_is_shown_while_a_newer_one_is_made(house, fitter):
    ask(house)
    worker(house, fitter).step()
    newer = ask(house, asked(values=[*VALUES, 12.0]))
    assert newer.state == "queued"
    shown = forecasts.latest(house.home, LIN, Line("orders"), Spec(), spans=("all", "headline"))
    assert shown.last_on == date(2026, 10, 9)
    assert forecasts.latest(house.home, LIN, Line("orders"), Spec(horizon=60), spans=("all", "headline")) is None


def test_fits_that_nobody_asked_for_lately_are_dropped(house, fitter):
    key = ask(house).key
    assert forecasts.tidy(house.home, NOW + forecasts.KEPT) == 0
    assert forecasts.tidy(house.home, NOW + forecasts.KEPT + timedelta(seconds=1)) == 1
    assert standing(house, key) is None
    assert worker(house, fitter).step()  # its job finds nothing to do


def test_a_process_is_another_one_after_some_fits_and_leaves_nothing(tmp_path):
    fitter = Fitter(tmp_path, SMALL, most=2)
    told = Told(History(FIRST, VALUES), Known(FIRST), Spec())
    pids = []
    for _ in range(3):
        fitter.fit(told, tell=lambda *said: pids.append(fitter.pid), is_cancelled=lambda: False)
    fitter.close()
    first, second = dict.fromkeys(pids)
    assert not alive(first)
    assert not alive(second)
    assert list(tmp_path.iterdir()) == []


def test_two_fits_at_once_have_a_process_each_and_idle_ones_end(tmp_path, monkeypatch):
    fitters = Fitters(tmp_path, SMALL)
    told = Told(History(FIRST, VALUES), Known(FIRST), Spec())
    both = threading.Barrier(2)

    def fit(_):
        waited = []

        def tell(stage, done, of):
            if not waited:
                waited.append(both.wait(timeout=20))

        return fitters.fit(told, tell=tell, is_cancelled=lambda: False)

    with ThreadPoolExecutor(2) as several:
        assert len(list(several.map(fit, range(2)))) == 2
    assert len(list(tmp_path.iterdir())) == 2
    assert fitters.rest() == 0
    monkeypatch.setattr(fitting, "IDLE_S", 0.0)
    assert fitters.rest() == 2
    assert list(tmp_path.iterdir()) == []


def test_the_end_of_the_pipe_is_the_end_of_the_process(tmp_path):
    fitter = Fitter(tmp_path, SMALL)
    told = Told(History(FIRST, VALUES), Known(FIRST), Spec(regressors=("endless",)))

    def stop_like_a_killed_worker(*_said):
        fitter._pipe.close()

    with pytest.raises(FitEnded):
        fitter.fit(told, tell=stop_like_a_killed_worker, is_cancelled=lambda: False)
    assert fitter.pid is None


def test_folders_of_killed_workers_are_swept(tmp_path):
    (tmp_path / "999999999-abc").mkdir()
    (tmp_path / f"{os.getpid()}-abc").mkdir()
    assert fitting.sweep(tmp_path) == 1
    assert [one.name for one in tmp_path.iterdir()] == [f"{os.getpid()}-abc"]


def test_a_cancelled_fit_raises_at_once(tmp_path):
    fitter = Fitter(tmp_path, SMALL)
    with pytest.raises(Cancelled):
        fitter.fit(Told(History(FIRST, VALUES), Known(FIRST), Spec()), tell=lambda *_: None, is_cancelled=lambda: True)
    assert fitter.pid is None


def test_a_refusal_keeps_its_code_across_processes(fitter):
    told = Told(History(FIRST, VALUES), Known(FIRST), Spec(regressors=("refuses",)))
    with pytest.raises(NotFitted) as refused:
        fitter.fit(told, tell=lambda *_: None, is_cancelled=lambda: False)
    assert refused.value.code == "forecast.constant"
