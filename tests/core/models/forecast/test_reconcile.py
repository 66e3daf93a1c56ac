"""Forecasts made to add up: against a general solver, by hand, and what holds whatever is asked."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from core.models.forecast.outcome import Fold, Path
from core.models.forecast.reconcile import paths, reconcile, variance
from tests.seeds import examples

value = st.floats(0, 1e6).map(lambda one: round(one, 3))
spread = st.floats(1e-3, 1e6)


@st.composite
def forecasts(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, float, np.ndarray]:
    count, days = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    parts = np.array(draw(st.lists(st.lists(value, min_size=days, max_size=days), min_size=count, max_size=count)))
    total = np.array(draw(st.lists(value, min_size=days, max_size=days)))
    variances = np.array(draw(st.lists(spread, min_size=count, max_size=count)))
    return total, parts, draw(st.one_of(st.just(0.0), spread)), variances


def test_the_gap_is_shared_out_by_variance() -> None:
    found = reconcile(np.array([100.0]), np.array([[60.0], [50.0]]), 1.0, np.array([3.0, 6.0]))
    np.testing.assert_allclose(found.parts[:, 0], [60 - 3, 50 - 6])
    np.testing.assert_allclose(found.total, [101])


def test_a_total_without_variance_is_held() -> None:
    found = reconcile(np.array([100.0, 0.0]), np.array([[60.0, 5.0], [50.0, 1.0]]), 0.0, np.array([3.0, 6.0]))
    np.testing.assert_allclose(found.total, [100, 0])
    np.testing.assert_allclose(found.parts, [[60 - 10 / 3, 0], [50 - 20 / 3, 0]])


def test_what_would_fall_below_0_is_0_and_the_others_bear_the_rest() -> None:
    found = reconcile(np.array([10.0]), np.array([[1.0], [20.0]]), 0.0, np.array([1.0, 1.0]))
    np.testing.assert_allclose(found.parts[:, 0], [0, 10])


def test_unknown_variances_count_like_the_size_of_the_forecast() -> None:
    unknown = np.array([np.nan, np.nan])
    told = reconcile(np.array([100.0]), np.array([[60.0], [20.0]]), np.nan, unknown)
    same = reconcile(np.array([100.0]), np.array([[60.0], [20.0]]), 100.0**2, np.array([60.0**2, 20.0**2]))
    np.testing.assert_allclose(told.parts, same.parts)
    never_wrong = reconcile(np.array([100.0]), np.array([[60.0], [20.0]]), 0.0, np.zeros(2))
    np.testing.assert_allclose(never_wrong.total, [100])


@settings(max_examples=examples(200))
@given(forecasts())
def test_parts_add_up_are_never_negative_and_the_total_stays_between(
    asked: tuple[np.ndarray, np.ndarray, float, np.ndarray],
) -> None:
    total, parts, of_total, of_parts = asked
    found = reconcile(total, parts, of_total, of_parts)
    scale = 1e-9 * max(1.0, float(total.max()), float(parts.sum(axis=0).max()))
    assert (found.parts >= 0).all()
    np.testing.assert_allclose(found.parts.sum(axis=0), found.total, atol=scale)
    both = np.stack([total, parts.sum(axis=0)])
    assert (found.total >= both.min(axis=0) - scale).all()
    assert (found.total <= both.max(axis=0) + scale).all()
    again = reconcile(found.total, found.parts, of_total, of_parts)
    np.testing.assert_allclose(again.parts, found.parts, atol=scale)
    if of_total == 0:
        np.testing.assert_allclose(found.total, total, atol=scale)


@settings(max_examples=examples(60))
@given(forecasts())
def test_it_is_what_a_general_solver_finds(asked: tuple[np.ndarray, np.ndarray, float, np.ndarray]) -> None:
    total, parts, _, of_parts = asked
    of_parts = 1 + of_parts % 9  # what an iterative solver can manage
    of_total, scale = 2.0, max(1.0, float(parts.max()), float(total.max()))
    found = reconcile(total, parts, of_total, of_parts)

    def cost(x: np.ndarray, day: int) -> float:
        away = (x - parts[:, day] / scale) ** 2 / of_parts
        return float((x.sum() - total[day] / scale) ** 2 / of_total + away.sum())

    for day in range(len(total)):
        solved = minimize(
            cost, parts[:, day] / scale, (day,), method="L-BFGS-B", bounds=[(0, None)] * len(parts), tol=1e-15
        )  # fmt: skip
        assert cost(found.parts[:, day] / scale, day) <= cost(solved.x, day) + 1e-9
        np.testing.assert_allclose(found.parts[:, day] / scale, solved.x, atol=2e-4)


def path(*points: float) -> Path:
    wide = (tuple(one * by for one in points) for by in (0.8, 1.2, 0.5, 1.5))
    return Path(date(2026, 1, 1), points, *wide)


def test_bounds_move_with_their_points_and_stay_in_order() -> None:
    total, (one, other) = paths(path(100, 10), [path(60, 20), path(50, 1)], 1.0, np.array([3.0, 6.0]))
    np.testing.assert_allclose(total.point, [101, np.sum([one.point[1], other.point[1]])])
    np.testing.assert_allclose(one.lower80[0], 57 * 0.8)
    np.testing.assert_allclose(other.upper95[0], 44 * 1.5)
    assert other.point[1] == 0
    np.testing.assert_allclose([other.lower95[1], other.upper95[1]], [0, 0.5])
    for moved in (total, one, other):
        for day in range(2):
            bounds = [moved.lower95, moved.lower80, moved.point, moved.upper80, moved.upper95]
            assert sorted(each[day] for each in bounds) == [each[day] for each in bounds]


def test_the_variance_of_a_backtest_is_its_mean_squared_error() -> None:
    folds = [Fold(path(10, 20), (12.0, None), None, False), Fold(path(5, 5), (5.0, 9.0), None, False)]
    assert variance(folds) == pytest.approx((4 + 0 + 16) / 3)
    assert np.isnan(variance([]))


def test_what_cannot_be_reconciled_is_refused() -> None:
    for total, parts in ((np.array([1.0]), np.zeros((0, 1))), (np.array([-1.0]), np.ones((1, 1)))):
        with pytest.raises(ValueError, match="at least 0"):
            reconcile(total, parts, 1.0, np.ones(len(parts)))
    with pytest.raises(ValueError, match="same days"):
        paths(path(1, 2), [path(1)], 1.0, np.ones(1))
