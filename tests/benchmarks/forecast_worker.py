"""How long the worker takes to refresh the headline of 50 series on two processes, and to tell what was fitted before.

    python -m tests.benchmarks.forecast_worker [--series 50] [--days 1095] [--fit core.models.forecast.fits:fit]

Series are made up: weekday and yearly seasons, a slow trend, Double 11, noise, some with days that are not known. They are asked for as the house does,
by a worker of its own home; goal: 300 s. ``again``: all of them asked for once more, when nothing is left to do. Wall time.
"""

import argparse
import statistics
import tempfile
import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from core.app import House
from core.models.forecast.gate import HEADLINE
from core.models.forecast.history import History
from core.models.forecast.line import Line
from core.models.forecast.spec import HORIZONS, Spec
from core.scope import EVERYTHING, SYSTEM
from core.settings import Settings
from core.work import forecasts
from core.work.fitting import FIT, Fitters
from core.work.forecasts import HOUSE_KIND, Asked
from core.work.questions import calendar
from core.work.worker import Worker

PROCESSES = 2
GOAL_S = 300.0
LAST = date(2026, 11, 20)


def history(number: int, days: int) -> History:
    rng = np.random.default_rng(number)
    first = LAST - timedelta(days=days - 1)
    place = np.arange(days)
    dates = [first + timedelta(days=int(one)) for one in place]
    week = rng.normal(1.0, 0.15, 7).clip(0.4)[[on.weekday() for on in dates]]
    year = 1 + 0.2 * np.sin(2 * np.pi * np.array([on.timetuple().tm_yday for on in dates]) / 365.25)
    sale = np.array(
        [2.0 if (on.month, on.day) == (11, 11) else 1.3 if on.month == 11 and on.day < 11 else 1.0 for on in dates]
    )
    level = rng.uniform(50, 3000) * (1 + rng.normal(0, 0.3) * place / days)
    values = rng.poisson(np.maximum(level * week * year * sale, 1)).astype(float)
    if number % 5 == 0:
        values[rng.choice(days, 5, replace=False)] = np.nan
    return History(first, values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=50)
    parser.add_argument("--days", type=int, default=1095)
    parser.add_argument("--fit", default=FIT)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        house = House(Settings(home=Path(folder)))
        wanted = [_asked(house, number, given.days) for number in range(given.series)]
        for one in wanted:
            forecasts.ask(house.live, house.live.store, SYSTEM, one, datetime.now(UTC), kind=HOUSE_KIND)
        started = time.perf_counter()
        _work(house, given.fit, [one.key for one in wanted])
        seconds = time.perf_counter() - started
        fits = [_standing(house, one.key) for one in wanted]
        told = [fit.fit_seconds for fit in fits if fit.fit_seconds is not None]
        mases = [fit.outcome.score.mase for fit in fits if fit.outcome and fit.outcome.score.mase is not None]
        started = time.perf_counter()
        again = [forecasts.ask(house.live, house.live.store, SYSTEM, one, datetime.now(UTC)) for one in wanted]
        seconds_again = time.perf_counter() - started
        assert all(fit.state == "done" for fit in again)
    print(f"series {given.series} of {given.days} days, {PROCESSES} processes")
    print(f"all      {seconds:7.1f} s   goal {GOAL_S:.0f} s")
    print(
        f"one fit  {statistics.median(told):7.2f} s median, {max(told):.2f} s the longest; headline MASE {statistics.median(mases):.2f} median"
    )
    print(f"again    {seconds_again:7.3f} s")


def _asked(house: House, number: int, days: int) -> Asked:
    past = history(number, days)
    known = calendar.known(house.live, past.start_on, past.end_on + timedelta(days=HORIZONS[1] + 31))
    line = Line("orders", "unit", f"u{number}")
    return Asked(line, past, known, Spec(), "headline", EVERYTHING, "benchmark", 1, HEADLINE)


def _work(house: House, fit: str, keys: list[str]) -> None:
    fitters = Fitters(house.settings.fits, fit)
    worker = Worker(
        house.live.store, {HOUSE_KIND: lambda work: forecasts.run(house.live, fitters, work)}, [], lambda: datetime.now(UTC),
        print, apart={HOUSE_KIND: PROCESSES},
    )  # fmt: skip
    stop = threading.Event()
    running = threading.Thread(target=worker.run, args=(stop,))
    running.start()
    waiting = list(keys)
    while waiting and running.is_alive():
        waiting = [key for key in waiting if _standing(house, key).state in ("queued", "running")]
        time.sleep(0.2)
    stop.set()
    running.join()
    fitters.close()


def _standing(house: House, key: str) -> forecasts.Fit:
    found = forecasts.standing(house.live, house.live.store, SYSTEM, key)
    assert found is not None
    return found


if __name__ == "__main__":
    main()
