"""The house's own forecasts: asked for on a new day, done by the worker, adding up; and what ``ask forecast`` prints of them."""

from datetime import date, timedelta

import numpy as np
import pytest

from core.app import House
from core.errors import Refusal, TooShort, Unknown
from core.models.forecast import fits
from core.models.forecast.agenda import Rule
from core.models.forecast.line import Line
from core.scope import SYSTEM, Filters, Operator
from core.settings import Settings
from core.store import forecasts as rows
from core.store.tables import Job
from core.work import calendar_entries, duties, forecasts
from core.work.fitting import Fitter
from core.work.forecasts import HOUSE_KIND
from core.work.headlines import LATER, Headlines
from core.work.questions import answers
from core.work.questions import forecasts as questions
from core.work.questions.reading import reading
from core.work.worker import Worker
from tests.core.work import small_fit
from tests.lakes import NOW, add, sale

FIRST, DAYS = date(2026, 8, 3), 63
LINES = [
    "new_members", "active_members", "orders", "gmv",
    "active_members/channel/wecom", "active_members/channel/sms", "orders/channel/wecom", "orders/channel/sms",
    "gmv/channel/wecom", "gmv/channel/sms",
]  # fmt: skip


def orders(first: int, days: int):
    """Four a day, on Sundays eight, three of four by WeCom."""
    found = []
    for day in range(first, first + days):
        on = FIRST + timedelta(days=day)
        for n in range(8 if on.weekday() == 6 else 4):
            channel = "sms" if n % 4 == 3 else "wecom"
            found.append(sale(1 + n, f"{on} 04:0{n}", f"{day}-{n}", 10, channel=channel))
    return found


@pytest.fixture
def house(tmp_path):
    house = House(Settings(home=tmp_path))
    add(house.live, 1, order_lines=orders(0, DAYS))
    yield house
    house.live.store.close()


@pytest.fixture(scope="module")
def fitter(tmp_path_factory):
    fitter = Fitter(tmp_path_factory.mktemp("fits"), "tests.core.work.small_fit:fit")
    yield fitter
    fitter.close()


def work(house, fitter):
    worker = Worker(
        house.live.store, {HOUSE_KIND: lambda work: forecasts.run(house.live, fitter, work)}, [], lambda: NOW, str
    )
    return sum(1 for _ in iter(worker.step, False))


def refresh(house, kept, minutes=0):
    return kept.refresh(house.live, house.live.store, NOW + timedelta(minutes=minutes))


def test_the_house_foresees_totals_first_and_parts_that_can_be(house):
    with reading(house.live) as lake:
        found = [one.line.text for one in questions.house(house.live, lake)]
    assert found[:4] == LINES[:4]
    assert set(found) >= set(LINES)
    assert len(found) == len(set(found)) <= questions.MOST_OF_HOUSE


def test_they_are_asked_for_once_a_day_and_when_data_changed_for_a_while(house, fitter):
    kept = Headlines()
    count = refresh(house, kept)
    assert count >= len(LINES)
    assert refresh(house, kept, 1) == 0
    assert work(house, fitter) == count
    assert Headlines().refresh(house.live, house.live.store, NOW) == 0  # after a restart nothing is fitted anew
    add(house.live, 2, order_lines=[sale(1, f"{FIRST} 04:30", "late", 10)])
    assert refresh(house, kept, 2) == 0
    assert refresh(house, kept, LATER.total_seconds() / 60) > 0
    work(house, fitter)
    add(house.live, 3, order_lines=orders(DAYS, 1))
    assert refresh(house, kept, 16) > 0


def test_parts_add_up_once_all_are_fitted(house, fitter):
    kept = Headlines()
    refresh(house, kept)
    keys = dict(kept.open)
    assert refresh(house, kept, 1) == 0 and kept.open
    work(house, fitter)
    refresh(house, kept, 2)
    assert kept.open == {}
    with house.live.store.reading() as session:
        found = {line.text: rows.fit(session, key) for key, line in keys.items()}
    parts = [found[f"orders/channel/{part}"].adding_up["point"] for part in ("wecom", "sms")]
    assert np.allclose(np.sum(parts, axis=0), found["orders"].outcome["path"]["point"])


def part(house, keys, line):
    """A fit of the house and its job."""
    key = next(key for key, one in keys.items() if one.text == line)
    with house.live.store.reading() as session:
        return rows.fit(session, key)


def lose(house, row, **ended):
    with house.live.store.transaction() as session:
        for name, value in ended.items():
            setattr(session.get(Job, row.job_id), name, value)


def test_parts_of_a_measure_do_not_wait_for_those_of_another_that_are_lost(house, fitter):
    kept = Headlines()
    refresh(house, kept)
    keys = dict(kept.open)
    lost = part(house, keys, "gmv/channel/sms")
    forecasts.cancel(house.live, house.live.store, SYSTEM, lost.key, NOW)
    work(house, fitter)
    refresh(house, kept, 1)
    assert part(house, keys, "orders/channel/sms").adding_up
    assert part(house, keys, "gmv/channel/wecom").adding_up is None
    assert {line.measure for line in kept.open.values()} == {"gmv"}
    forecasts.again(house.live, house.live.store, SYSTEM, lost.key, NOW, kind=HOUSE_KIND)
    work(house, fitter)
    refresh(house, kept, 2)
    assert part(house, keys, "gmv/channel/sms").adding_up and part(house, keys, "gmv/channel/wecom").adding_up
    assert kept.open == {}


@pytest.mark.parametrize(
    "ended",
    [{"state": "cancelled"}, {"state": "failed", "error_code": "job.failed"}, {"state": "failed", "error_code": "job.abandoned"}],
)  # fmt: skip
@pytest.mark.some(2)
def test_a_fit_that_was_lost_is_asked_for_again_once_by_each_worker(house, ended):
    first = Headlines()
    refresh(house, first)
    lose(house, part(house, first.open, "orders"), **ended)
    second = Headlines()
    assert refresh(house, second) == 1
    lose(house, part(house, second.open, "orders"), **ended)
    second.seen = None  # as if the data had changed
    assert refresh(house, second) == 0
    assert refresh(house, Headlines()) == 1


def test_a_fit_that_was_refused_is_not_asked_for_again(house):
    kept = Headlines()
    refresh(house, kept)
    row = part(house, kept.open, "orders")
    with house.live.store.transaction() as session:
        rows.fail(session, row.key, "forecast.ended", {"reason": "died"}, job_id=row.job_id, now=NOW)
    lose(house, row, state="failed", error_code="forecast.ended")
    assert refresh(house, Headlines()) == 0


def test_hours_of_closed_days_are_judged_by_nobody(house):
    analyst = Operator(1, "lin", "analyst")
    calendar_entries.add(house.live, house.live.store, analyst, "closed", "Sundays", Rule("weekly", weekday=6), now=NOW)
    with reading(house.live) as lake:
        asked = questions.asked(house.live, lake, Line("orders"), questions.Spec(horizon=7))
        outcome = small_fit.outcome(asked.history, None, asked.spec)
        _, score = questions.by_hour(lake, asked, outcome, outcome.path)
    assert score.hours == 24 * (14 - 2)


def test_nothing_is_asked_of_an_empty_house_or_one_that_is_told_not_to(tmp_path):
    empty = House(Settings(home=tmp_path / "empty"))
    assert Headlines().refresh(empty.live, empty.live.store, NOW) == 0
    off = House(Settings(home=tmp_path / "off", foresees=False))
    add(off.live, 1, order_lines=orders(0, DAYS))
    chore = next(one for one in duties.chores(off) if one.name == "forecasts")
    assert chore.do(NOW) is None
    on = next(one for one in duties.chores(House(Settings(home=tmp_path / "off"))) if one.name == "forecasts")
    assert on.do(NOW).endswith("forecasts asked for")


def ask(house, **options):
    return answers.ask(house.live, "forecast", Filters(), {"by": None, "measure": None, "days": None} | options)


def test_days_ahead_are_printed_and_a_fit_that_was_made_is_not_made_again(house, fitter, monkeypatch):
    refresh(house, Headlines())
    work(house, fitter)
    monkeypatch.setattr(fits, "fit", lambda *_, **__: pytest.fail("it was fitted before"))
    found = ask(house, measure="gmv")
    assert len(found) == 30
    assert found[0] == {
        "measure": "gmv", "on": "2026-10-05", "value": 40.0, "lower80": 36.0, "upper80": 44.0, "lower95": 32.0, "upper95": 48.0,
        "model": "ensemble", "mase": 0.8,
    }  # fmt: skip


def test_what_was_not_fitted_is_fitted_on_the_spot_and_kept(house, monkeypatch):
    asked = []

    def fit(*given, **more):
        asked.append(given)
        return small_fit.fit(*given, **more)

    monkeypatch.setattr(fits, "fit", fit)
    found = ask(house, measure="orders", by="channel", days="7")
    assert [(row["channel"], row["value"]) for row in found[::7]] == [("wecom", 3.0), ("sms", 1.0)]
    assert len(found) == 14
    ask(house, measure="orders", by="channel", days="7")
    assert len(asked) == 2
    line = Line("orders", "channel", "sms")
    assert forecasts.latest(house.live, SYSTEM, line, questions.Spec(horizon=7), spans=("headline",)) is not None


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({}, Refusal),
        ({"measure": "visits"}, Unknown),
        ({"measure": "orders", "by": "group"}, Unknown),
        ({"measure": "orders", "days": "soon"}, Refusal),
        ({"measure": "orders", "days": "1000"}, Refusal),
    ],
)
def test_what_cannot_be_foretold_is_refused(house, options, error):
    with pytest.raises(error):
        ask(house, **options)


def test_filters_and_a_short_history_are_refused(house, tmp_path):
    with pytest.raises(Refusal):
        answers.ask(house.live, "forecast", Filters(channels=("sms",)), {"measure": "orders"})
    young = House(Settings(home=tmp_path / "young"))
    add(young.live, 1, order_lines=orders(0, 20))
    with pytest.raises(TooShort):
        ask(young, measure="orders")
