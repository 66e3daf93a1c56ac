"""Scores: every figure against scikit-learn or a count by hand, and what must hold whatever the rows."""

import json
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score, roc_curve
from sklearn.metrics import log_loss as sklearn_log_loss

from core.errors import UnfitForScores
from core.models.scores import drift, logistic, metrics, reasons, training
from core.models.scores.logistic import Logistic
from core.models.scores.metrics import Quality
from core.models.scores.rows import Rows, joined, require

NAMES = ("orders", "days", "flat", "noise")


def drawn(seed: int, members: int = 600, base: float = 0.0) -> Rows:
    """Two features that tell, one that is always the same, one that says nothing; some orders are not known."""
    random = np.random.default_rng(seed)
    matrix = np.column_stack(
        [random.normal(2, 1, members), random.gamma(2, 3, members), np.full(members, 4.0), random.normal(0, 1, members)]
    )
    logits = base + 1.2 * (matrix[:, 0] - 2) - 0.3 * (matrix[:, 1] - 6)
    label = random.random(members) < logistic.sigmoid(logits)
    matrix[random.random(members) < 0.05, 0] = np.nan
    return Rows(NAMES, matrix, label)


@st.composite
def outcomes(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Labels of both kinds, and chances with ties."""
    chance = draw(st.lists(st.sampled_from([0.0, 0.05, 0.1, 0.3, 0.5, 0.72, 0.9, 1.0]), min_size=4, max_size=40))
    label = draw(st.lists(st.booleans(), min_size=len(chance), max_size=len(chance)))
    label[0], label[1], label[2], label[3] = True, False, True, False
    return np.array(label), np.array(chance)


# -- how good ----------------------------------------------------------------------------------------------------------


@given(outcomes())
def test_auc_is_the_share_of_pairs_in_the_right_order(told: tuple[np.ndarray, np.ndarray]) -> None:
    label, chance = told
    pairs = [(a > b) + 0.5 * (a == b) for a, b in product(chance[label], chance[~label])]
    assert metrics.auc(label, chance) == pytest.approx(np.mean(pairs))


@given(outcomes())
def test_ks_is_the_greatest_gap_of_the_roc_curve(told: tuple[np.ndarray, np.ndarray]) -> None:
    label, chance = told
    wrong, right, _ = roc_curve(label, chance, drop_intermediate=False)
    assert metrics.ks(label, chance) == pytest.approx(np.abs(right - wrong).max())


@given(outcomes())
def test_losses_are_those_of_scikit_learn(told: tuple[np.ndarray, np.ndarray]) -> None:
    label, chance = told
    assert metrics.brier(label, chance) == pytest.approx(brier_score_loss(label, chance))
    inside = np.clip(chance, 0.01, 0.99)
    assert metrics.log_loss(label, inside) == pytest.approx(sklearn_log_loss(label, inside, labels=[False, True]))
    parts = [(label[at], chance[at]) for k in range(10) if (at := np.minimum((chance * 10).astype(int), 9) == k).any()]
    by_hand = sum(len(one) / len(label) * abs(one.mean() - two.mean()) for one, two in parts)
    assert metrics.ece(label, chance) == pytest.approx(by_hand)


@given(outcomes())
def test_tenths_hold_everybody_and_capture_all(told: tuple[np.ndarray, np.ndarray]) -> None:
    label, chance = told
    found = metrics.tenths(label, chance)
    assert sum(one.members for one in found) == len(label)
    assert found[-1].captured == pytest.approx(1.0)
    assert sum(one.actual * one.members for one in found) == pytest.approx(label.sum())
    means = [one.predicted for one in found]
    assert means == sorted(means, reverse=True)
    assert all(one.low <= one.actual <= one.high for one in found)


def test_lift_of_a_tenth_is_its_rate_over_that_of_all() -> None:
    label = np.array([True] * 3 + [False] * 17)
    chance = np.linspace(0.99, 0.01, 20)
    first, second = metrics.tenths(label, chance)[:2]
    assert (first.actual, first.lift, first.captured) == (1.0, pytest.approx(20 / 3), pytest.approx(2 / 3))
    assert (second.actual, second.lift, second.captured) == (0.5, pytest.approx(10 / 3), pytest.approx(1.0))


def placements(label: np.ndarray, chance: np.ndarray) -> tuple[list[float], list[float]]:
    """DeLong's structural components, pair by pair."""

    def psi(a: float, b: float) -> float:
        return 1.0 if a > b else 0.5 if a == b else 0.0

    came = [float(np.mean([psi(a, b) for b in chance[~label]])) for a in chance[label]]
    not_came = [float(np.mean([psi(a, b) for a in chance[label]])) for b in chance[~label]]
    return came, not_came


def test_the_interval_of_auc_is_delongs_pair_by_pair() -> None:
    rows = drawn(1, 80)
    chance = np.round(logistic.sigmoid(np.nan_to_num(rows.matrix[:, 0], nan=2.0) - 2), 1)
    came, not_came = placements(rows.label, chance)
    deviation = np.sqrt(np.var(came, ddof=1) / len(came) + np.var(not_came, ddof=1) / len(not_came))
    value = roc_auc_score(rows.label, chance)
    low, high = metrics.auc_interval(rows.label, chance)
    assert (low, high) == (pytest.approx(value - 1.959964 * deviation), pytest.approx(value + 1.959964 * deviation))


def test_the_interval_of_auc_holds_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    truth = 0.7602499389  # of two normals one deviation apart
    held = 0
    for _ in range(300):
        label = np.arange(150) < 60
        low, high = metrics.auc_interval(label, random.normal(0, 1, 150) + label)
        assert low is not None and high is not None
        held += low <= truth <= high
    assert 0.91 <= held / 300 <= 0.98


def test_a_score_does_not_differ_from_itself_and_a_blind_one_does() -> None:
    rows = drawn(2, 500)
    seen = logistic.fit(rows).chance(rows.matrix)
    assert metrics.auc_difference(rows.label, seen, seen) == (0.0, 1.0)
    blind = np.random.default_rng(0).random(500)
    difference, p = metrics.auc_difference(rows.label, seen, blind)
    assert difference > 0.1 and p < 0.001


def test_auc_and_ks_of_one_outcome_alone_are_undefined() -> None:
    found = metrics.quality(np.array([True, True, True]), np.array([0.2, 0.4, 0.9]))
    assert (found.auc, found.auc_low, found.ks, found.tenths[0].lift) == (None, None, None, 1.0)


def test_quality_survives_json() -> None:
    rows = drawn(4)
    found = metrics.quality(rows.label, logistic.fit(rows).chance(rows.matrix))
    assert Quality.of_json(json.loads(json.dumps(found.to_json()))) == found


# -- the model ---------------------------------------------------------------------------------------------------------


def test_it_is_scikit_learns_regression_and_scores_without_it() -> None:
    rows = drawn(5)
    filled = np.where(np.isfinite(rows.matrix), rows.matrix, np.nanmedian(rows.matrix, axis=0))
    points = (filled - filled.mean(axis=0)) / np.where(filled.std(axis=0) > 1e-9, filled.std(axis=0), 1.0)
    theirs = LogisticRegression(C=0.1, max_iter=1000, tol=1e-8).fit(points, rows.label)
    assert logistic.fit(rows).chance(rows.matrix) == pytest.approx(theirs.predict_proba(points)[:, 1], abs=1e-4)


def test_a_model_survives_json_bit_for_bit() -> None:
    rows = drawn(6)
    model = logistic.calibrated(logistic.fit(rows), drawn(7, base=-1))
    again = Logistic.of_json(json.loads(json.dumps(model.to_json())))
    assert (again.chance(rows.matrix) == model.chance(rows.matrix)).all()


def test_what_is_the_same_for_everybody_weighs_nothing() -> None:
    assert logistic.fit(drawn(8)).weight[NAMES.index("flat")] == 0


def test_calibration_meets_the_rate_and_leaves_everybody_in_place() -> None:
    model, later = logistic.fit(drawn(9)), drawn(10, base=-1.5)
    moved = logistic.calibrated(model, later)
    assert moved.chance(later.matrix).mean() == pytest.approx(later.rate, abs=1e-9)
    assert (np.argsort(moved.logits(later.matrix)) == np.argsort(model.logits(later.matrix))).all()
    assert metrics.log_loss(later.label, moved.chance(later.matrix)) < metrics.log_loss(
        later.label, model.chance(later.matrix)
    )


def test_nothing_is_calibrated_to_a_window_where_all_or_none_came() -> None:
    rows = drawn(11)
    model = logistic.fit(rows)
    for label in (np.ones(len(rows), bool), np.zeros(len(rows), bool), np.zeros(0, bool)):
        assert logistic.calibrated(model, Rows(NAMES, rows.matrix[: len(label)], label)).shift == 0


def test_many_rows_are_thinned_evenly() -> None:
    rows = drawn(12, 1000)
    assert (rows.thinned(100).matrix[:, 1] == rows.matrix[np.linspace(0, 999, 100).astype(int), 1]).all()
    assert rows.thinned(5000) is rows


# -- reasons -----------------------------------------------------------------------------------------------------------


def test_reasons_sum_to_the_log_odds_exactly() -> None:
    rows = drawn(13)
    model = logistic.calibrated(logistic.fit(rows), drawn(14))
    apart = model.parts(rows.matrix).sum(axis=1) + model.base - model.logits(rows.matrix)
    assert np.abs(apart).max() < 1e-12
    told = reasons.of(model, rows.matrix[0])
    assert sum(one.part for one in told) + model.base == pytest.approx(model.logits(rows.matrix[:1])[0], abs=1e-12)


def test_a_reason_says_how_the_chance_would_differ_were_the_member_usual_in_it() -> None:
    rows = drawn(15)
    model, row = logistic.fit(rows), rows.matrix[3].copy()
    found = next(one for one in reasons.of(model, row) if one.name == "days")
    usual = row.copy()
    usual[1] = model.mean[1]
    chances = model.chance(np.vstack([row, usual]))
    assert found.points == pytest.approx(chances[0] - chances[1])


def test_top_reasons_are_the_strongest_of_each_direction() -> None:
    model = Logistic(("a", "b", "c", "d"), np.zeros(4), np.zeros(4), np.ones(4), np.array([1.0, -2.0, 0.5, 0.001]), 0.0)
    row = np.array([1.0, 1.0, 1.0, 1.0])
    up, down = reasons.top(reasons.of(model, row), 2)
    assert ([one.name for one in up], [one.name for one in down]) == (["a", "c"], ["b"])
    assert reasons.leading(model, np.array([[1.0, 1, 1, 1], [-1.0, -1, -1, -1]]), 2) == [("a", "c"), ("b",)]


# -- drift -------------------------------------------------------------------------------------------------------------


def test_population_stability_is_the_sum_over_tenths() -> None:
    before = np.arange(1000.0)
    now = np.concatenate([np.arange(0, 500.0), np.arange(500.0, 1000.0, 2.0)])
    shares = np.array([100 / 750] * 5 + [50 / 750] * 5)
    wanted = ((shares - 0.1) * np.log(shares / 0.1)).sum()
    assert drift.psi(drift.spread(before), now) == pytest.approx(wanted, rel=0.02)


@given(st.lists(st.one_of(st.none(), st.integers(-5, 5)), min_size=1, max_size=60), st.integers(0, 99))
def test_nothing_drifts_against_itself_in_whatever_order(values: list[int | None], seed: int) -> None:
    given_ = np.array([np.nan if one is None else float(one) for one in values])
    assert drift.psi(drift.spread(given_), np.random.default_rng(seed).permutation(given_)) == pytest.approx(0)
    assert sum(drift.spread(given_).shares) == pytest.approx(1)


def test_what_becomes_unknown_drifts() -> None:
    before = drift.spread(np.arange(100.0))
    assert drift.level(drift.psi(before, np.where(np.arange(100) < 30, np.nan, np.arange(100.0)))) == "retrain"


def test_levels_begin_at_their_bounds() -> None:
    assert [drift.level(one) for one in (None, 0.0999, 0.1, 0.2499, 0.25)] == ["ok", "ok", "watch", "watch", "retrain"]


def test_the_mean_is_held_against_that_of_training() -> None:
    before = drift.spread(np.array([0.0, 2.0] * 50))
    found = drift.moved("a", before, np.full(25, 1.5), 0.5)
    assert (found.mean, found.away, found.z) == (1.5, 0.5, pytest.approx(0.5 / np.sqrt(1 / 25 + 1 / 100)))
    assert drift.moved("a", before, np.full(3, np.nan), 0.5).mean is None


def moved(psi: float, weight: float) -> drift.Moved:
    return drift.Moved("a", psi, 0.0, 0.0, 0.0, 0.0, weight)


@pytest.mark.parametrize(
    ("score", "features", "wanted"),
    [
        (0.05, [(0.9, 0.2), (0.0, 0.8)], "ok"),
        (0.05, [(0.15, 0.3), (0.0, 0.7)], "watch"),
        (0.05, [(0.9, 0.3), (0.0, 0.7)], "retrain"),
        (0.12, [(0.0, 1.0)], "watch"),
        (0.25, [(0.0, 1.0)], "retrain"),
    ],
)
def test_the_verdict_goes_by_the_score_and_by_what_carries_it(
    score: float, features: list[tuple[float, float]], wanted: str
) -> None:
    assert drift.verdict(moved(score, 1.0), tuple(moved(*one) for one in features)) == wanted


def test_an_isolation_forest_finds_who_is_like_nobody() -> None:
    random = np.random.default_rng(1)
    usual = random.normal(0, 1, (800, 3))
    same = drift.unusual_share(usual, random.normal(0, 1, (800, 3)))
    odd = drift.unusual_share(usual, np.vstack([usual[:400], random.normal(8, 1, (400, 3))]))
    assert same is not None and same < 0.04
    assert odd is not None and odd == pytest.approx(0.5, abs=0.03)
    assert drift.unusual_share(usual, usual[:0]) is None


# -- from cut-off to use -----------------------------------------------------------------------------------------------


def test_what_was_tried_is_what_is_used_but_for_the_intercept() -> None:
    windows, test = [drawn(20, 300, 1.0), drawn(21, 300, 0.5), drawn(22, 300, -0.6)], drawn(23, 400, base=-0.7)
    found = training.train(windows, test)
    fitted = logistic.fit(joined(windows))
    assert found.is_calibrated and (found.model.weight == fitted.weight).all()
    tried = training.tried(found.model, windows[-1], test, is_calibrated=True)
    assert found.quality.log_loss == pytest.approx(metrics.log_loss(test.label, tried))
    assert found.other.log_loss == pytest.approx(metrics.log_loss(test.label, fitted.chance(test.matrix)))
    assert found.model.chance(test.matrix).mean() == pytest.approx(test.rate, abs=1e-9)
    assert found.quality.auc == found.other.auc
    assert (found.training_members, found.rival.members) == (900, 400)


def test_where_the_newest_rate_misleads_the_intercept_is_that_of_all_cut_offs() -> None:
    windows, test = [drawn(20, 400), drawn(21, 400), drawn(22, 300, base=1.5)], drawn(23, 400)
    found = training.train(windows, test)
    assert not found.is_calibrated and found.model.shift == 0
    assert found.quality.log_loss < found.other.log_loss
    tried = training.tried(found.model, windows[-1], test, is_calibrated=False)
    assert found.quality.log_loss == pytest.approx(metrics.log_loss(test.label, tried))


def test_the_test_window_teaches_nothing() -> None:
    windows, test = [drawn(seed, 300) for seed in (24, 25)], drawn(26, 400)
    turned = Rows(test.names, test.matrix, ~test.label)
    one, other = training.train(windows, test), training.train(windows, turned)
    assert (one.model.weight == other.model.weight).all()
    assert one.quality.auc == pytest.approx(1 - (other.quality.auc or 0))


def test_worse_is_said_only_beyond_chance() -> None:
    rows = drawn(27, 2000)
    good = logistic.fit(rows).chance(rows.matrix)
    blind = np.random.default_rng(1).permutation(good)
    assert training.compared(rows.label, blind, good).worse == "order"
    assert training.compared(rows.label, good, blind).worse is None
    assert training.compared(rows.label, good**0.2, good).worse == "chances"
    assert training.compared(rows.label, good, good).worse is None
    assert training.compared(rows.label, good, blind).is_clearly_better


def test_a_check_finds_members_who_became_others() -> None:
    windows, test = [drawn(seed, 400) for seed in (28, 29)], drawn(30, 400)
    found = training.train(windows, test)
    same = training.checked(found.model, found.spreads, found.score, drawn(31, 400).matrix, windows[0].matrix)
    assert same.verdict == "ok"
    others = drawn(32, 400).matrix + np.array([2.0, 0, 0, 0])
    gone = training.checked(found.model, found.spreads, found.score, others)
    assert gone.verdict == "retrain"
    assert max(gone.features, key=lambda one: one.psi or 0).name == "orders"
    assert gone.unusual_share is None


@pytest.mark.parametrize(
    ("members", "came", "reason", "found"),
    [(199, 80, "few_rows", 199), (200, 29, "few_of_one", 29), (300, 271, "few_of_one", 29)],
)
def test_too_few_rows_or_too_few_of_either_outcome_are_refused(
    members: int, came: int, reason: str, found: int
) -> None:
    rows = Rows(("a",), np.zeros((members, 1)), np.arange(members) < came)
    with pytest.raises(UnfitForScores) as refused:
        require(rows, "test")
    assert (refused.value.details["reason"], refused.value.details["found"]) == (reason, found)
    require(Rows(("a",), np.zeros((200, 1)), np.arange(200) < 30), "test")
