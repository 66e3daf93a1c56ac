"""BG/NBD and Gamma-Gamma against published values, finite differences, numeric integration and ``lifetimes``."""

import warnings
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import beta
from scipy.stats import gamma

from core.models.ltv import bgnbd, gamma_gamma, worth
from core.models.ltv.bgnbd import Law
from core.models.ltv.gamma_gamma import SpendLaw
from core.models.ltv.purchases import People
from tests.drawing import CUT, cdnow, drawn

PUBLISHED = Law(0.243, 4.414 * 7, 0.793, 2.426)
DEMO, SPEND = {"r": 0.6, "alpha": 85.0, "a": 0.8, "b": 2.2}, {"p": 6.0, "q": 4.0, "v": 90.0}


@cache
def sample(name: str = "CDNOW_sample.txt") -> People:
    return cdnow(name).until(CUT).people(CUT)


def counted(people: People, step: float = 1.0) -> bgnbd.Customers:
    return bgnbd.counted(people.repeats, people.last_days, people.age_days, step)[0]


def array(*values: float) -> np.ndarray:
    return np.array(values, float)


def test_the_parameters_of_the_cdnow_sample_are_those_published():
    people = sample()
    found = bgnbd.fit(counted(people))
    law = found.law
    assert len(people) == 2357 and people.repeats.sum() == 2457
    assert [law.r, law.alpha / 7, law.a, law.b] == pytest.approx([0.243, 4.414, 0.793, 2.426], rel=0.01)
    assert [law.r, law.alpha / 7, law.a, law.b] == pytest.approx([0.2425945, 4.4136019, 0.7929199, 2.4258881], rel=2e-5)
    in_weeks = found.log_likelihood + people.repeats.sum() * np.log(7)
    assert in_weeks == pytest.approx(-9582.4292, abs=1e-3)


def test_the_parameters_of_the_cdnow_master_set_are_those_of_other_test_suites():
    law = bgnbd.fit(counted(sample("CDNOW_master.txt"))).law
    assert [law.r, law.alpha / 7, law.a, law.b] == pytest.approx([0.25162, 4.78895, 0.72343, 2.16109], rel=1e-4)
    spend = gamma_gamma.fit(
        gamma_gamma.spenders(sample("CDNOW_master.txt").repeats, sample("CDNOW_master.txt").means)
    ).law
    assert [spend.p, spend.q, spend.v] == pytest.approx([6.2754, 3.6245, 14.9837], rel=1e-4)


def test_amounts_of_the_cdnow_sample_are_those_published():
    found = gamma_gamma.fit(gamma_gamma.spenders(sample().repeats, sample().means))
    assert gamma_gamma.spenders(sample().repeats, sample().means).total == 946
    assert [found.law.p, found.law.q, found.law.v] == pytest.approx([6.2496, 3.7442, 15.4435], rel=2e-5)
    assert found.log_likelihood == pytest.approx(-4055.918, abs=1e-3)


def test_the_published_customer_is_alive_and_expected_as_published():
    two = (array(2), array(30.43 * 7), array(38.86 * 7))
    assert PUBLISHED.alive(*two)[0] == pytest.approx(0.7266, abs=5e-5)
    assert PUBLISHED.expected(*two, 39 * 7)[0] == pytest.approx(1.2260, abs=5e-5)
    assert PUBLISHED.from_first(array(39 * 7))[0] == pytest.approx(1.1967, abs=5e-5)


def test_customers_counted_together_have_the_likelihood_of_each_alone():
    people = sample()
    each = bgnbd.Customers(people.repeats, people.last_days, people.age_days, np.ones(len(people)))
    at = array(-1.2, 0.7, 0.1, 0.4)
    together = bgnbd.Likelihood(counted(people))(at)
    alone = bgnbd.Likelihood(each)(at)
    assert together[0] == pytest.approx(alone[0], rel=1e-12)
    assert together[1] == pytest.approx(alone[1], rel=1e-9)
    assert len(counted(people)) < len(people) / 2


def test_a_grid_of_weeks_costs_a_thousandth_of_the_parameters():
    fine, coarse = (bgnbd.fit(counted(sample(), step)).law for step in (1.0, 7.0))
    assert coarse.logs == pytest.approx(fine.logs, abs=2e-3)
    many = gamma_gamma.fit(gamma_gamma.counted(sample().repeats, sample().means)).law
    one = gamma_gamma.fit(gamma_gamma.spenders(sample().repeats, sample().means)).law
    assert many.logs == pytest.approx(one.logs, abs=2e-3)


@pytest.mark.parametrize("factor", [1 / 7, 24.0])
def test_another_unit_of_time_changes_alpha_and_nothing_else(factor: float):
    people = sample()
    scaled = bgnbd.Customers(people.repeats, people.last_days * factor, people.age_days * factor, np.ones(len(people)))
    one, other = bgnbd.fit(counted(people)).law, bgnbd.fit(scaled).law
    assert [other.r, other.alpha / factor, other.a, other.b] == pytest.approx(
        [one.r, one.alpha, one.a, one.b], rel=1e-4
    )


def test_another_currency_changes_v_and_nothing_else():
    one, other = (
        gamma_gamma.fit(gamma_gamma.spenders(sample().repeats, sample().means * factor)).law for factor in (1, 100)
    )
    assert [other.p, other.q, other.v / 100] == pytest.approx([one.p, one.q, one.v], rel=1e-4)


LOGS = st.floats(-2.0, 2.0)


@settings(max_examples=30, deadline=None)
@given(st.tuples(LOGS, LOGS, LOGS, LOGS))
def test_the_gradient_is_the_slope_of_the_likelihood(at):
    likelihood = bgnbd.Likelihood(counted(sample(), 7.0))
    _, gradient = likelihood(np.array(at))
    for place in range(4):
        step = np.zeros(4)
        step[place] = 1e-5
        slope = (likelihood(np.array(at) + step)[0] - likelihood(np.array(at) - step)[0]) / 2e-5
        assert gradient[place] == pytest.approx(slope, rel=1e-5, abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.tuples(LOGS, LOGS, LOGS))
def test_the_gradient_of_amounts_is_the_slope_of_their_likelihood(at):
    likelihood = gamma_gamma.Likelihood(gamma_gamma.spenders(sample().repeats, sample().means))
    _, gradient = likelihood(np.array(at))
    for place in range(3):
        step = np.zeros(3)
        step[place] = 1e-5
        slope = (likelihood(np.array(at) + step)[0] - likelihood(np.array(at) - step)[0]) / 2e-5
        assert gradient[place] == pytest.approx(slope, rel=1e-5, abs=1e-3)


CASES = [
    (PUBLISHED, 2, 38.86 * 7, 273), (PUBLISHED, 0, 10, 365), (Law(0.6, 85, 0.8, 2.2), 40, 400, 365), (Law(0.6, 85, 1.0, 2.2), 3, 100, 90),
    (Law(1.5, 30, 0.3, 0.5), 0, 5, 180), (Law(1.5, 30, 0.3, 0.7), 0, 5, 180), (Law(0.4, 20, 3.0, 9.0), 300, 700, 30),
    (Law(0.6, 85, 25.0, 90.0), 3, 100, 365),
]  # fmt: skip


@pytest.mark.parametrize(("law", "repeats", "age", "days"), CASES)
def test_expected_orders_are_the_integral_over_rates_and_dropouts(law: Law, repeats: int, age: float, days: float):
    """Both moments, by numeric integration over the chance of dropping out, the rate in closed form."""
    shape, scale = law.r + repeats, law.alpha + age

    reach = days / scale

    def weighed(moment, at_none: float) -> float:
        def smooth(p: float) -> float:
            return moment(p, p * reach) if p > 1e-6 else at_none

        powers = (law.a - 1, law.b + repeats - 1)
        if law.a > 2:  # a narrow bell, which plain quadrature finds when told where it stands
            middle = law.a / (law.a + law.b + repeats)
            bell = quad(lambda p: smooth(p) * p ** powers[0] * (1 - p) ** powers[1], 0, 1, epsabs=0, points=[middle])
            return bell[0] / beta(law.a, law.b + repeats)
        return quad(smooth, 0, 1, weight="alg", wvar=powers, limit=400)[0] / beta(law.a, law.b + repeats)

    first = weighed(lambda p, r: (1 - (1 + r) ** -shape) / p, shape * reach)
    second = weighed(
        lambda p, r: 2 * (1 - p) / p**2 * (1 - (1 + r) ** -shape * (1 + shape * r / (1 + r))),
        shape * (shape + 1) * reach**2,
    )
    at = (array(repeats), array(age))
    assert law.while_active(*at, days)[0] == pytest.approx(first, rel=2e-5)
    assert law.pairs_while_active(*at, days)[0] == pytest.approx(second, rel=2e-4)


def test_closed_form_and_quadrature_meet_where_one_gives_way_to_the_other(monkeypatch: pytest.MonkeyPatch):
    at = (array(0, 2, 9), array(30, 200, 400), 365)
    closed = [law.while_active(*at) for law in (Law(0.6, 85, 19.0, 60.0), Law(0.6, 85, 1.3, 1900.0))]
    monkeypatch.setattr(bgnbd, "LARGEST_A", 0.0)
    again = [law.while_active(*at) for law in (Law(0.6, 85, 19.0, 60.0), Law(0.6, 85, 1.3, 1900.0))]
    assert np.concatenate(again) == pytest.approx(np.concatenate(closed), rel=1e-8)


def test_the_chance_of_an_order_is_the_integral_over_rates():
    law, x, last, age, days = PUBLISHED, 2, 30.43 * 7, 38.86 * 7, 90.0
    staying = quad(
        lambda rate: gamma(law.r + x, scale=1 / (law.alpha + age)).pdf(rate) * (1 - np.exp(-rate * days)), 0, np.inf
    )[0]
    found = law.chance(array(x), array(last), array(age), days)[0]
    assert found == pytest.approx(staying * law.alive(array(x), array(last), array(age))[0], rel=1e-6)


def test_who_never_came_back_is_alive_for_certain_which_is_why_it_is_no_score_of_churn():
    assert PUBLISHED.alive(array(0, 0), array(0, 0), array(1, 10_000)).tolist() == [1.0, 1.0]
    fresh, old = PUBLISHED.chance(array(0, 0), array(0, 0), array(1, 10_000), 90)
    assert old < 0.01 < fresh


def test_lifetimes_says_the_same_of_the_sample():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, of the pandas options it sets
        from lifetimes import BetaGeoFitter, GammaGammaFitter

        people = sample()
        theirs = BetaGeoFitter().fit(people.repeats, people.last_days / 7, people.age_days / 7)
        spent = GammaGammaFitter().fit(people.repeats[people.repeats > 0], people.means[people.repeats > 0])
        expected = theirs.conditional_expected_number_of_purchases_up_to_time(
            39, people.repeats, people.last_days / 7, people.age_days / 7
        )
        amounts = spent.conditional_expected_average_profit(people.repeats, people.means)
    law = Law(theirs.params_["r"], theirs.params_["alpha"] * 7, theirs.params_["a"], theirs.params_["b"])
    assert law.logs == pytest.approx(bgnbd.fit(counted(people)).law.logs, abs=1e-3)
    assert law.expected(people.repeats, people.last_days, people.age_days, 273) == pytest.approx(
        np.asarray(expected), abs=2e-6
    )
    ours = SpendLaw(spent.params_["p"], spent.params_["q"], spent.params_["v"])
    assert ours.expected(people.repeats, people.means) == pytest.approx(np.asarray(amounts), rel=1e-9)


def test_customers_who_spent_nothing_tell_nothing_of_amounts():
    found = gamma_gamma.spenders(array(3, 2, 0, 1), array(0.0, 20.0, 0.0, 10.0))
    assert found.repeats.tolist() == [2, 1] and found.means.tolist() == [20.0, 10.0]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_law_that_customers_were_drawn_from_lies_in_the_intervals(seed: int):
    world = drawn(seed, 4000, DEMO, SPEND)
    model = worth.fit(world.purchases.people(world.end))
    assert model.spend is not None
    for fit, law in ((model.purchases, DEMO), (model.spend, SPEND)):
        for name, value in law.items():
            bounds = fit.interval(name)
            assert bounds is not None
            assert bounds[0] * 0.97 < value < bounds[1] * 1.03, (name, bounds)


def test_nobody_leaves_no_law():
    none = np.empty(0)
    found = bgnbd.fit(bgnbd.Customers(none, none, none, none))
    assert not found.is_inside and found.interval("r") is None
