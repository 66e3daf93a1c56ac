"""Clusters: scaling, silhouettes and matching beside brute force, labels that go on, and refusals."""

import json
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ClustersOfFew, ClustersOfSame, InvalidClusters
from core.models import clusters
from core.models.clusters import FEATURE, Model

KINDS = {"shopper": (6.0, 400_00.0, 3.0, 20.0), "reader": (0.0, 0.0, 60.0, 200.0), "passer": (1.0, 50_00.0, 300.0, 2.0)}


def people(each: int = 60, seed: int = 1, kinds=tuple(KINDS)):
    """``ids``, raw features and the kind of each: three kinds that nobody could mistake."""
    rng = np.random.default_rng(seed)
    kind = np.repeat(np.arange(len(kinds)), each)
    mean = np.array([KINDS[one] for one in kinds])[kind]
    noise = rng.lognormal(0, 0.12, mean.shape)
    orders, net, days, views = (mean * noise).T
    raw = {
        "days_since_last_order": np.where(orders > 0, days, np.nan),
        "orders": orders,
        "net_minor": net,
        "views": views,
    }
    return np.arange(1000, 1000 + len(kind)), raw, kind


def test_planted_kinds_are_found_and_told_in_the_order_of_their_worth():
    ids, raw, kind = people()
    model = clusters.fit(ids, raw)
    codes = model.assigned(raw)
    assert model.k == model.best == 3
    assert clusters.rand(codes, kind) == 1.0
    worth = [raw["net_minor"][codes == place].mean() for place in range(3)]
    assert model.labels == ("1", "2", "3")
    assert worth == sorted(worth, reverse=True)


def test_the_order_in_which_members_come_changes_nothing():
    ids, raw, _ = people()
    model = clusters.fit(ids, raw)
    order = np.random.default_rng(4).permutation(len(ids))
    mixed = {name: values[order] for name, values in raw.items()}
    other = clusters.fit(ids[order], mixed)
    assert other.labels == model.labels
    assert np.array_equal(other.assigned(mixed), model.assigned(raw)[order])
    assert other.silhouettes == pytest.approx(model.silhouettes, abs=1e-9)


def test_labels_go_on_when_the_data_grows_by_a_day():
    ids, raw, _ = people()
    model = clusters.fit(ids, raw)
    later = {name: values * 1.02 + (name == "days_since_last_order") for name, values in raw.items()}
    more, others, _ = people(each=8, seed=9)
    everybody = np.concatenate([ids, more + 5000])
    grown = {name: np.concatenate([later[name], others[name]]) for name in raw}
    again = clusters.fit(everybody, grown, kept=model)
    said = np.array(model.labels)[model.assigned(raw)]
    assert np.array_equal(np.array(again.labels)[again.assigned(grown)][: len(ids)], said)
    assert again.stability == 1.0
    assert again.next_label == model.next_label


def test_labels_go_on_whatever_order_the_centroids_are_kept_in():
    ids, raw, _ = people()
    model = clusters.fit(ids, raw)
    told = model.to_json()
    told |= {"centroids": told["centroids"][::-1], "labels": ["7", "5", "6"], "next_label": 8}
    turned = Model.of_json(told)
    again = clusters.fit(ids, raw, kept=turned)
    assert np.array_equal(np.array(again.labels)[again.assigned(raw)], np.array(turned.labels)[turned.assigned(raw)])


def test_of_another_number_of_clusters_those_that_are_mostly_the_same_people_go_on_and_others_get_a_number_that_none_ever_had():
    ids, raw, _ = people()
    two = clusters.fit(ids, raw, 2)
    three = clusters.fit(ids, raw, 3, kept=two)
    parted, alike = [set(one.labels) for one in (two, three)]
    assert len(parted & alike) == 1 and alike - parted == {"3", "4"}
    fewer = clusters.fit(ids, raw, 2, kept=three)
    assert len(set(fewer.labels) & alike) == 1 and set(fewer.labels) - alike == {"5"}
    held = [np.array(one.labels)[one.assigned(raw)] for one in (two, three)]
    (going_on,) = parted & alike
    both, either = [np.count_nonzero(one) for one in (
        (held[0] == going_on) & (held[1] == going_on), (held[0] == going_on) | (held[1] == going_on),
    )]  # fmt: skip
    assert 2 * both > either


def test_a_number_of_clusters_that_comes_back_brings_its_labels():
    ids, raw, _ = people()
    three = clusters.fit(ids, raw, 3)
    two = clusters.fit(ids, raw, 2, kept=three)
    four = clusters.fit(ids, raw, 4, kept=two)
    again = clusters.fit(ids, raw, 3, kept=four, past=three)
    assert again.labels == three.labels
    assert np.array_equal(again.assigned(raw), three.assigned(raw))
    assert again.next_label == four.next_label


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=1, max_size=25))
def test_a_label_goes_on_where_more_than_half_of_all_in_either_are_in_both(pairs):
    before, now = (np.array(one) for one in zip(*pairs, strict=True))
    found = clusters.shared(("a", "b", "c"), before, now, 4)
    for cluster in range(4):
        fits = [
            label for at, label in enumerate("abc")
            if 2 * sum(x == at and y == cluster for x, y in pairs) > sum(x == at or y == cluster for x, y in pairs)
        ]  # fmt: skip
        assert found[cluster] == (fits[0] if fits else None) and len(fits) <= 1
    assert len([one for one in found if one]) == len({one for one in found if one})


def test_without_a_word_the_number_of_clusters_stays():
    ids, raw, _ = people()
    four = clusters.fit(ids, raw, 4)
    assert clusters.fit(ids, raw, kept=four).k == 4


def test_a_model_comes_back_from_json_as_it_was():
    ids, raw, _ = people()
    model = clusters.fit(ids, raw)
    back = Model.of_json(json.loads(json.dumps(model.to_json())))
    assert back.to_json() == model.to_json()
    assert np.array_equal(back.assigned(raw), model.assigned(raw))


def test_a_feature_that_came_later_leaves_labels_alone():
    ids, raw, kind = people()
    model = clusters.fit(ids, raw)
    more = raw | {"messages": np.where(kind == 1, 30.0, 0.0) + np.arange(len(ids)) % 2}
    again = clusters.fit(ids, more, kept=model)
    assert "messages" in again.scaling.names
    assert np.array_equal(again.assigned(more), model.assigned(raw))


# -- scaling ----------------------------------------------------------------------------------------------------------


def test_features_have_mean_0_and_deviation_1_after_the_logarithm():
    _, raw, _ = people()
    points = clusters.scaling(raw).of(raw)
    assert points.mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-9)
    assert points.std(axis=0) == pytest.approx(np.ones(4), abs=0.02)


def test_what_nobody_knows_takes_the_value_that_its_feature_states():
    orders = np.array([1.0, 2.0, 3.0, 4.0])
    since = np.array([10.0, 100.0, np.nan, np.inf])
    value = np.array([5.0, 7.0, 9.0, np.nan])
    scaling = clusters.scaling({"orders": orders, "days_since_last_order": since, "aov_minor": value})
    assert scaling.missing.tolist() == [0.0, 365.0, 7.0]
    points = scaling.of({"orders": orders, "days_since_last_order": since, "aov_minor": value})
    assert np.isfinite(points).all()
    assert points[2, 1] == points[3, 1]
    assert points[3, 2] == points[1, 2]


def test_one_giant_is_cut_and_decides_nothing():
    orders = np.append(np.ones(200) + np.arange(200) % 3, 1e9)
    points = clusters.scaling({"orders": orders}).of({"orders": orders})
    assert points.max() == clusters.MOST_DEVIATIONS


def test_raw_values_come_back_from_standardised_ones():
    _, raw, _ = people()
    scaling = clusters.scaling(raw)
    back = scaling.raw(scaling.of(raw))
    assert back[:, 1] == pytest.approx(raw["orders"])
    assert back[:, 3] == pytest.approx(raw["views"])


def test_features_that_are_the_same_for_everybody_are_left_out():
    ids, raw, _ = people()
    assert clusters.fit(ids, raw | {"messages": np.zeros(len(ids))}).scaling.names == tuple(raw)


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_members_who_are_all_alike_are_refused():
    with pytest.raises(ClustersOfSame):
        clusters.fit(np.arange(50), {"orders": np.ones(50), "views": np.full(50, np.nan)})


def test_more_clusters_than_members_who_differ_are_refused():
    orders = np.arange(60) % 3 + 1.0
    with pytest.raises(ClustersOfSame) as refused:
        clusters.fit(np.arange(60), {"orders": orders}, 4)
    assert refused.value.details["distinct"] == 3
    assert clusters.fit(np.arange(60), {"orders": orders}).k == 3


@pytest.mark.parametrize("members", [0, 1, 29])
def test_too_few_members_are_refused(members):
    with pytest.raises(ClustersOfFew):
        clusters.fit(np.arange(members), {"orders": np.arange(members, dtype=float)})


@pytest.mark.parametrize("k", [-1, 0, 1, 11])
def test_numbers_of_clusters_out_of_range_are_refused(k):
    ids, raw, _ = people(each=12)
    with pytest.raises(InvalidClusters):
        clusters.fit(ids, raw, k)


def test_thirty_members_are_enough():
    ids, raw, _ = people(each=10)
    assert clusters.fit(ids, raw).members == 30


# -- samples, silhouettes, the usual number ---------------------------------------------------------------------------


def test_a_sample_is_of_the_same_members_and_mostly_stays_when_others_join():
    ids = np.random.default_rng(3).permutation(10_000)
    drawn = set(ids[clusters.sample(ids, 500)].tolist())
    assert drawn == set(np.sort(ids)[clusters.sample(np.sort(ids), 500)].tolist())
    assert len(drawn) == 500
    grown = np.arange(10_100)
    assert len(drawn & set(grown[clusters.sample(grown, 500)].tolist())) > 480


def test_a_sample_of_more_than_there_are_is_everybody():
    assert sorted(clusters.sample(np.array([5, 3, 9]), 10).tolist()) == [0, 1, 2]


def by_hand(points, codes):
    """Silhouettes as Rousseeuw wrote them down."""
    widths = []
    for i, own in enumerate(codes):
        apart = [float(np.linalg.norm(points[i] - other)) for other in points]
        mine = [apart[j] for j in range(len(codes)) if codes[j] == own and j != i]
        if not mine:
            widths.append(0.0)
            continue
        a = sum(mine) / len(mine)
        b = min(np.mean([apart[j] for j in range(len(codes)) if codes[j] == c]) for c in set(codes) if c != own)
        widths.append((b - a) / max(a, b) if max(a, b) > 0 else 0.0)
    return sum(widths) / len(widths)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_silhouettes_are_those_of_the_definition(data):
    size = data.draw(st.integers(3, 14))
    row = st.lists(st.integers(-3, 3), min_size=2, max_size=2)
    points = np.array(data.draw(st.lists(row, min_size=size, max_size=size)), float)
    codes = np.array(data.draw(st.lists(st.integers(0, 3), min_size=size, max_size=size)))
    told = clusters.silhouettes(points, {9: codes})
    if len(set(codes.tolist())) < 2:
        assert told == {}
    else:
        assert told[9] == pytest.approx(by_hand(points, codes.tolist()), abs=1e-6)


def test_silhouettes_agree_with_scikit_learn_over_several_blocks():
    from sklearn.metrics import silhouette_score

    rng = np.random.default_rng(2)
    points = rng.normal(size=(2500, 4))
    codes = {2: rng.integers(0, 2, 2500), 5: rng.integers(0, 5, 2500)}
    told = clusters.silhouettes(points, codes)
    assert told == pytest.approx({k: silhouette_score(points, code) for k, code in codes.items()}, abs=1e-9)


def test_the_usual_number_is_the_fewest_that_chance_does_not_tell_from_the_best():
    assert clusters.usual({2: 0.9, 3: 0.30, 4: 0.402, 5: 0.41, 6: 0.2}, 5000) == 4
    assert clusters.usual({2: 0.9, 3: 0.30, 4: 0.39, 5: 0.41}, 5000) == 5
    assert clusters.usual({2: 0.9, 3: 0.30, 4: 0.39, 5: 0.41}, 64) == 4
    assert clusters.usual({2: 0.1}, 100) == 2


def test_each_point_belongs_to_its_nearest_centroid_the_first_of_equals():
    points = np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 0.0], [9.0, 9.0]])
    assert clusters.assigned(points, np.array([[0.0, 0.0], [2.0, 0.0]])).tolist() == [0, 1, 0, 1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=40))
def test_the_rand_index_is_that_of_scikit_learn(pairs):
    from sklearn.metrics import adjusted_rand_score

    one, other = (np.array(side) for side in zip(*pairs, strict=True))
    assert clusters.rand(one, other) == pytest.approx(adjusted_rand_score(one, other), abs=1e-9)


# -- matching ---------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_centroids_are_matched_at_the_least_distance_of_all_pairings(data):
    size = data.draw(st.integers(2, 5))
    row = st.lists(st.integers(-4, 4), min_size=2, max_size=2)
    old, new = (np.array(data.draw(st.lists(row, min_size=size, max_size=size)), float) for _ in range(2))
    apart = ((new[:, None] - old[None]) ** 2).sum(axis=2)
    least = min(sum(apart[i, j] for i, j in enumerate(order)) for order in permutations(range(size)))
    pairs = [(i, j) for i, j in enumerate(clusters.matched(old, new)) if j is not None]
    nearest = min(((old[i] - old[j]) ** 2).sum() for i in range(size) for j in range(size) if i != j)
    assert len({j for _, j in pairs}) == len(pairs)
    assert all(apart[i, j] <= nearest for i, j in pairs)
    if len(pairs) == size:
        assert sum(apart[i, j] for i, j in pairs) == pytest.approx(least)


def test_a_centroid_far_from_all_old_ones_goes_on_from_none():
    old = np.array([[0.0, 0.0], [3.0, 0.0]])
    assert clusters.matched(old, np.array([[3.1, 0.0], [0.0, 9.0]])) == [1, None]


def test_every_feature_has_a_name_of_its_own():
    assert len(FEATURE) == len(clusters.FEATURES)
