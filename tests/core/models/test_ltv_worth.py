"""Sums with intervals, the held-out period, refusals and cohort curves."""

from datetime import date

import numpy as np
import pytest

from core.models.ltv import bgnbd, calibration, cohorts, fitness, worth
from core.models.ltv.bgnbd import Law
from core.models.ltv.purchases import People, Purchases
from tests.drawing import CUT, END, START, cdnow, drawn

LAW, SPEND = {"r": 0.6, "alpha": 85.0, "a": 0.8, "b": 2.2}, {"p": 6.0, "q": 4.0, "v": 90.0}


def people(repeats: list[float], last: list[float], age: list[float], means: list[float]) -> People:
    number = np.arange(len(repeats))
    return People(number, number, *(np.array(one, float) for one in (repeats, last, age, means)))


def test_repeats_are_days_after_the_first_and_amounts_leave_the_first_out():
    bought = Purchases(np.array([3, 3, 3, 7]), np.array([100, 110, 130, 120]), np.array([50.0, 20.0, 40.0, 9.0]))
    found = bought.people(140)
    assert (found.member.tolist(), found.first_day.tolist()) == ([3, 7], [100, 120])
    assert (found.repeats.tolist(), found.last_days.tolist(), found.age_days.tolist()) == ([2, 0], [30, 0], [40, 20])
    assert found.means.tolist() == [30.0, 0.0]
    assert [len(bought.until(day)) for day in (99, 100, 120, 130)] == [0, 1, 3, 4]
    assert len(bought.until(99).people(99)) == 0


def test_intervals_hold_what_comes_about_as_often_as_they_say():
    """Thirty worlds drawn from the laws: the next 180 days of orders, buyers and money against intervals of 95 %. If each holds it with
    95 %, 25 of thirty do with a chance of 99.7 %."""
    held = {"orders": 0, "buyers": 0, "value": 0}
    for seed in range(30):
        world = drawn(seed, 600, LAW, SPEND, days=400, ahead=180)
        model, stood = worth.fit(world.purchases.people(world.end)), world.purchases.people(world.end)
        total = worth.totals(model, stood, worth.predicted(model, stood, (180,)))[0]
        came = {
            "orders": int(world.later.sum()), "buyers": int((world.later > 0).sum()), "value": world.spent_later,
        }  # fmt: skip
        assert total.value is not None and len(stood) == total.customers
        for name, expected in (("orders", total.orders), ("buyers", total.buyers), ("value", total.value)):
            assert expected.low is not None and expected.high is not None
            held[name] += expected.low <= came[name] <= expected.high
    assert all(count >= 25 for count in held.values()), held


def test_a_sum_of_a_part_is_what_its_customers_add_up_to():
    world = drawn(3, 800, LAW, SPEND)
    stood = world.purchases.people(world.end)
    model = worth.fit(stood, kept_share=0.9)
    told = worth.predicted(model, stood)
    part = stood.repeats > 0
    whole, one, other = (worth.totals(model, stood, told, chosen)[-1] for chosen in (None, part, ~part))
    assert whole.days == 365 and one.customers + other.customers == whole.customers
    for name in ("orders", "buyers", "value"):
        assert getattr(one, name).value + getattr(other, name).value == pytest.approx(getattr(whole, name).value)
    assert whole.value is not None and told.amount is not None
    assert whole.value.value == pytest.approx((told.orders[365] * told.amount).sum())
    plain = worth.totals(
        worth.Model(model.purchases, model.spend),
        stood,
        worth.predicted(worth.Model(model.purchases, model.spend), stood),
    )[-1]
    assert plain.value is not None and plain.value.value == pytest.approx(whole.value.value / 0.9)


def test_many_customers_counted_by_the_week_have_the_spread_of_each_by_the_day(monkeypatch: pytest.MonkeyPatch):
    world = drawn(4, 1500, LAW, SPEND)
    stood = world.purchases.people(world.end)
    model = worth.fit(stood)
    told = worth.predicted(model, stood)
    fine = worth.totals(model, stood, told)
    monkeypatch.setattr(worth, "FINE_SPREAD", 0)
    for one, other in zip(fine, worth.totals(model, stood, told), strict=True):
        assert one.value is not None and other.value is not None
        assert (one.value.low, one.value.high) == pytest.approx((other.value.low, other.value.high), rel=2e-3)


def test_without_a_variance_there_is_no_interval_and_nothing_expected_is_nothing():
    assert worth.interval(5.0, float("inf")) == worth.Expected(5.0, None, None)
    assert worth.interval(0.0, 0.0) == worth.Expected(0.0, None, None)
    low, high = worth.interval(100.0, 25.0).low, worth.interval(100.0, 25.0).high
    assert (low, high) == (pytest.approx(90.4, abs=0.1), pytest.approx(110.0, abs=0.1))


def test_nearly_unknown_amounts_have_a_mean_and_no_spread():
    found = worth.SpendLaw(1.0, 1.5, 10.0).squares(np.array([0.0, 1.0]), np.array([100.0, 100.0]))
    assert found[0][0] == np.inf and np.isfinite(found[0][1])


# -- the held-out period -----------------------------------------------------------------------------------------------


def test_the_held_out_weeks_of_cdnow_are_told_as_published():
    held = calibration.held_out(cdnow(), START, END, END - CUT)
    assert held is not None and (held.customers, held.actual) == (2357, 1882)
    assert held.predicted == pytest.approx(1653.4, abs=1.0)
    assert held.mae == pytest.approx(0.7855, abs=5e-5) and held.mae < held.naive_mae and held.rmse < held.naive_rmse
    assert held.classes.customers.tolist()[0] == 1411
    assert held.classes.actual[0] == pytest.approx(334 / 1411)
    assert held.classes.predicted[0] == pytest.approx(0.225, abs=5e-4)
    assert held.weeks.predicted[-1] == pytest.approx(4160.6, abs=2.0) and held.weeks.actual[-1] == 2457 + 1882
    assert held.weeks.is_held.sum() == 39
    published = Law(0.243, 4.414 * 7, 0.793, 2.426)
    stood = cdnow().until(CUT).people(CUT)
    later = cdnow().of(cdnow().day > CUT)
    came = np.bincount(np.searchsorted(stood.member, later.member), minlength=len(stood))
    told = published.expected(stood.repeats, stood.last_days, stood.age_days, 273)
    assert held.mae <= np.abs(told - came).mean() + 1e-4


def test_nothing_before_the_cut_or_nothing_held_out_is_no_check():
    bought = Purchases(np.array([1]), np.array([100]), np.array([5.0]))
    assert calibration.held_out(bought, 100, 150, 0) is None
    assert calibration.held_out(bought, 100, 150, 60) is None
    assert [calibration.length(0, days) for days in (90, 300, 900)] == [30, 100, 182]


# -- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("buyers", "again", "days", "reasons"),
    [
        (100, 50, 90, []), (99, 50, 90, ["few_buyers"]), (100, 49, 90, ["few_repeat_buyers"]), (100, 50, 89, ["short_history"]),
        (0, 0, 0, ["few_buyers", "few_repeat_buyers", "short_history"]),
    ],
)  # fmt: skip
def test_too_little_is_refused_and_just_enough_is_not(buyers: int, again: int, days: int, reasons: list[str]):
    repeats = [1.0] * again + [0.0] * (buyers - again)
    found = fitness.of_data(people(repeats, [1.0] * buyers, [2.0] * buyers, [1.0] * buyers), days)
    assert [one.reason for one in found] == reasons and not any(one.of_money for one in found)


def test_customers_who_never_stop_are_refused():
    """A law without dropout: repeats go on at a constant rate, as long as anybody looks."""
    rng = np.random.default_rng(5)
    rate = rng.gamma(2.0, 1 / 60.0, 600)
    days = [np.unique(rng.integers(0, 400, max(rng.poisson(one * 400), 1))) for one in rate]
    who = np.repeat(np.arange(600), [len(one) for one in days])
    bought = Purchases(who, np.concatenate(days), np.ones(len(who)))
    found = fitness.of_purchases(worth.fit(bought.people(399)).purchases)
    assert [one.reason for one in found] == ["no_dropout"]


def test_a_model_that_errs_more_than_going_on_at_ones_own_pace_is_refused():
    held = calibration.held_out(cdnow(), START, END, END - CUT)
    assert held is not None and fitness.of_holdout(held) == [] and fitness.of_holdout(None) == []
    changed = {name: getattr(held, name) for name in held.__dataclass_fields__}
    worse = calibration.Holdout(**changed | {"naive_mae": held.mae - 0.01, "naive_rmse": held.rmse - 0.01})
    by_one = calibration.Holdout(**changed | {"naive_mae": held.mae - 0.01})
    off = calibration.Holdout(**changed | {"actual": int(held.predicted / 2) - 1})
    nobody = calibration.Holdout(**changed | {"actual": 0})
    assert [[one.reason for one in fitness.of_holdout(each)] for each in (worse, by_one, off, nobody)] == [
        ["worse_than_naive"], [], ["far_off"], ["far_off"],
    ]  # fmt: skip


def test_money_is_refused_where_it_goes_with_frequency_or_has_no_mean():
    world = drawn(6, 900, LAW, SPEND)
    stood = world.purchases.people(world.end)
    assert fitness.of_spend(worth.fit(stood), stood) == []
    tied = People(
        stood.member,
        stood.first_day,
        stood.repeats,
        stood.last_days,
        stood.age_days,
        stood.means * (1 + stood.repeats) ** 2,
    )
    assert [(one.reason, one.of_money) for one in fitness.of_spend(worth.fit(tied), tied)] == [("correlated", True)]
    heavy = drawn(6, 900, LAW, SPEND | {"q": 0.8}).purchases.people(world.end)
    assert [one.reason for one in fitness.of_spend(worth.fit(heavy), heavy)] == ["no_mean"]
    unspent = People(stood.member, stood.first_day, stood.repeats, stood.last_days, stood.age_days, stood.means * 0)
    assert [one.reason for one in fitness.of_spend(worth.fit(unspent), unspent)] == ["no_peak"]


def test_equal_amounts_go_with_nothing():
    assert fitness.correlation(np.array([1.0, 2.0, 3.0]), np.array([5.0, 5.0, 5.0])) == 0.0
    assert fitness.correlation(np.array([1.0, 2.0, 3.0]), np.array([5.0, 6.0, 7.0])) == pytest.approx(1.0)


# -- cohorts -----------------------------------------------------------------------------------------------------------


def test_an_age_is_mature_when_everybody_of_the_cohort_has_lived_through_it():
    """Two cohorts, of ten and of twenty customers' last days: the last one to join decides."""
    zero = date(2026, 1, 1).toordinal()
    found = cohorts.curves(
        np.array([0, 0, 1]), zero + np.array([0, 30, 31]), zero + np.array([31, 59]),
        np.array([0, 0, 1, 2]), zero + np.array([0, 29, 31, 91]), np.array([10.0, 5.0, 6.0, 8.0]), zero + 89,
    )  # fmt: skip
    assert found.customers.tolist() == [2, 1]
    assert found.per_customer[0].tolist() == [10.5, 10.5, 10.5]
    assert found.per_customer[1].tolist()[:2] == [0.0, 0.0] and np.isnan(found.per_customer[1][2])
    assert found.is_mature.tolist() == [[True, True, False], [True, False, False]]


def test_a_cohort_still_open_is_mature_at_no_age():
    zero = date(2026, 1, 1).toordinal()
    none = np.empty(0, np.int64)
    found = cohorts.curves(np.array([0]), np.array([zero]), np.array([zero + 31]), none, none, np.empty(0), zero + 30)
    assert found.is_mature.tolist() == [[False, False]]
    found = cohorts.curves(np.array([0]), np.array([zero]), np.array([zero + 31]), none, none, np.empty(0), zero + 59)
    assert found.is_mature.tolist() == [[True, False]]


def test_each_step_of_the_pace_is_the_mean_of_those_who_have_lived_through_it():
    first = np.array([0, 0, 40])
    found = cohorts.pace(
        first, np.array([0, 0, 1, 2]), np.array([5, 30, 65, 40]), np.array([30.0, 8.0, 100.0, 60.0]), 69
    )
    assert found.tolist() == [30.0, 34.0]
    few = cohorts.pace(
        first, np.array([0, 0, 1, 2]), np.array([5, 30, 65, 40]), np.array([30.0, 8.0, 100.0, 60.0]), 69, 3
    )
    assert few.tolist() == [30.0]
    assert [cohorts.payback(found, cost) for cost in (29.0, 30.0, 33.0, 35.0)] == [1, 1, 2, None]
    assert cohorts.pace(np.empty(0, np.int64), *(np.empty(0, np.int64),) * 2, np.empty(0), 10).size == 0


def test_no_cohort_has_no_curve():
    none = np.empty(0, np.int64)
    assert cohorts.curves(none, none, none, none, none, np.empty(0), 5).per_customer.shape == (0, 0)


def test_a_customer_of_hundreds_of_orders_is_expected_without_overflow():
    law = bgnbd.Law(0.6, 85.0, 0.8, 2.2)
    at = (np.array([2000.0]), np.array([400.0]), np.array([401.0]))
    assert 300 < law.expected(*at, 365)[0] < 2000 * 365 / 401
    assert np.isfinite(law.pairs_while_active(at[0], at[2], 365)).all()
