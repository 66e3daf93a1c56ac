"""Matching scores: against loops over plain dictionaries, their parts, and trials against brute force."""

from collections import defaultdict
from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.metrics import matching
from core.metrics.matching import FAMILIES, Tags

TAGS = Tags(np.array([0, 0, 1, 2, 3, 4, 4], np.int64), ("茶知识", "优惠", "video", "live", "20", "绿茶", "红茶"))
PIECES = np.array([[1, 0, 1, 0, 1, 0, 0], [0, 1, 0, 1, 0, 0, 1], [0, 0, 0, 0, 0, 0, 0]], float)
ACTS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6), st.floats(0.01, 5)), min_size=1, max_size=30)


def made(acts):
    return matching.profiles(
        np.array([one[0] for one in acts], np.int64), np.array([one[1] for one in acts], np.int64),
        np.array([one[2] for one in acts]), TAGS,
    )  # fmt: skip


def by_loops(acts):
    """The formula of the module, word by word."""
    counted = defaultdict(lambda: defaultdict(float))
    for who, tag, weight in acts:
        counted[who][tag] += weight
    members = sorted(counted)
    idf = [log((1 + len(members)) / (1 + sum(tag in own for own in counted.values()))) + 1 for tag in range(len(TAGS))]
    scores = []
    for who in members:
        whole = defaultdict(float)
        for tag, weight in counted[who].items():
            whole[TAGS.family[tag]] += weight
        own = {tag: weight / whole[TAGS.family[tag]] * idf[tag] for tag, weight in counted[who].items()}
        length = sqrt(sum(value**2 for value in own.values()))
        row = []
        for piece in PIECES:
            theirs = {tag: idf[tag] for tag in range(len(TAGS)) if piece[tag]}
            size = sqrt(sum(value**2 for value in theirs.values()))
            row.append(sum(own.get(tag, 0) * value for tag, value in theirs.items()) / (length * size) if size else 0.0)
        scores.append(row)
    return members, scores


@given(ACTS)
def test_scores_are_those_of_the_formula_and_their_parts_add_up(acts):
    known = made(acts)
    vectors = matching.pieces(PIECES, known.idf)
    members, expected = by_loops(acts)
    assert known.member.tolist() == members
    scores = matching.scores(known, vectors)
    assert scores == pytest.approx(np.array(expected), abs=1e-12)
    for place in range(len(PIECES)):
        parts = matching.parts(known, vectors[place])
        assert parts.shape == (len(members), len(FAMILIES))
        assert parts.sum(axis=1) == pytest.approx(scores[:, place], abs=1e-12)


def test_nothing_in_common_is_0_and_the_same_tags_in_the_same_measure_1():
    known = made([(1, 5, 1.0), (2, 0, 3.0), (2, 2, 1.0), (2, 4, 9.0)])
    scores = matching.scores(known, matching.pieces(PIECES, known.idf))
    assert scores[0, 0] == 0.0
    assert scores[1, 0] == pytest.approx(1.0)
    assert scores[:, 2].tolist() == [0.0, 0.0]


def test_what_was_done_a_half_life_ago_counts_half():
    assert matching.decayed(np.array([0.0, 30.0, 60.0]), np.array([2.0, 2.0, 2.0])).tolist() == [2.0, 1.0, 0.5]


def test_a_tag_is_found_by_its_family_and_name():
    assert (TAGS.column("category", "红茶"), TAGS.column("topic", "红茶"), TAGS.column("format", "video")) == (
        6,
        None,
        2,
    )


TRIALS = st.integers(1, 25).flatmap(
    lambda people: st.tuples(
        st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=people, max_size=people),
        st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=people, max_size=people),
    )
)


@given(TRIALS)
def test_a_trial_is_what_counting_pairs_and_people_says(given_):
    score, has_read = np.array(given_[0], float), np.array(given_[1], bool)
    found = matching.trial(score, has_read)
    each = []
    for own, read in zip(score, has_read, strict=True):
        pairs = [
            (a > b) + 0.5 * (a == b)
            for a, is_a in zip(own, read, strict=True)
            if is_a
            for b, is_b in zip(own, read, strict=True)
            if not is_b
        ]
        if pairs:
            each.append(np.mean(pairs))
    assert found.auc == (pytest.approx(np.mean(each)) if each else None)
    if len(score) < 10 or not has_read.any():
        assert found.lift is None
        return
    hits, top = 0.0, len(score) / 10
    for piece in range(3):
        room = top
        for value in sorted(set(score[:, piece]), reverse=True):
            equal = score[:, piece] == value
            part = min(1.0, room / equal.sum())
            hits += part * has_read[equal, piece].sum()
            room = max(room - equal.sum(), 0.0)
    assert found.lift == pytest.approx(hits / (0.1 * has_read.sum()))


def test_better_means_by_more_than_chance():
    clear = matching.Trial(0.7, 2.0, 0.01, 0.1)
    close = matching.Trial(0.69, 1.9, 0.01, 0.1)
    assert clear.finds_pieces_better(matching.Trial(0.5, 1.0, 0.0, 0.1)) and not clear.finds_pieces_better(close)
    assert clear.finds_people_better(matching.Trial(0.5, 1.0, 0.0, 0.1)) and not clear.finds_people_better(close)
    assert not matching.Trial(None, None).finds_pieces_better(close)
