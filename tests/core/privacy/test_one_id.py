"""Who is one person: the rules, one by one, and all of them against plain sets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from core.privacy import one_id
from core.privacy.one_id import NEVER, Decisions, Identities, Links, Resolved, oldest, resolve
from tests.oracles import one_id as oracle
from tests.seeds import examples

PHONE, CUSTOMER, CARD, COOKIE = range(4)
LIMITS = {PHONE: 2, CUSTOMER: 3, CARD: 3, COOKIE: 2}


def solve(kinds, links=(), blocked=(), merged=(), cut=()) -> Resolved:
    """``kinds``: key -> kind, oldest first. ``links``: (left, right) or (left, right, seen)."""
    whole = [(*link, NEVER)[:3] for link in links]
    columns = np.array(whole, np.int64).reshape(-1, 3).T
    return resolve(
        Identities(
            np.array(list(kinds), np.int64),
            np.array(list(kinds.values()), np.int16),
            np.array(list(LIMITS.values()), np.int64),
            np.array([kind == COOKIE for kind in LIMITS]),
        ),
        Links(*(column.copy() for column in columns)),
        Decisions(
            np.array(blocked, np.int64),
            np.array(merged, np.int64).reshape(-1, 2),
            np.array(cut, np.int64).reshape(-1, 2),
        ),
    )


def members(kinds, *args, **kwargs) -> dict[int, int]:
    return dict(zip(kinds, solve(kinds, *args, **kwargs).member_id.tolist(), strict=True))


def test_identities_seen_together_are_one_member_named_by_the_oldest():
    kinds = {30: PHONE, 10: CUSTOMER, 20: CARD, 40: PHONE}
    assert members(kinds, [(20, 10), (10, 30)]) == {30: 30, 10: 30, 20: 30, 40: 40}


def test_nothing_seen_is_nobody():
    assert solve({}).member_id.tolist() == []


def test_identities_without_links_are_members_of_their_own():
    assert members({1: PHONE, 2: PHONE}) == {1: 1, 2: 2}


def test_a_link_to_itself_and_a_link_told_twice_do_no_harm():
    assert members({1: PHONE, 2: CARD}, [(1, 1), (1, 2), (2, 1), (1, 2)]) == {1: 1, 2: 1}


def test_a_link_to_an_identity_the_lake_has_not_is_left_out():
    solved = solve({1: PHONE, 2: CARD}, [(1, 99), (98, 99), (1, 2)])
    assert solved.link_left_out.tolist() == [one_id.UNKNOWN, one_id.UNKNOWN, one_id.CONNECTS]


def test_a_visitor_is_known_by_nothing_but_cookies():
    assert solve({1: COOKIE, 2: COOKIE, 3: PHONE}, [(1, 2)]).is_known.tolist() == [False, False, True]


def test_a_cookie_that_came_first_names_the_member_that_it_became():
    solved = solve({1: COOKIE, 2: PHONE}, [(1, 2)])
    assert (solved.member_id.tolist(), solved.is_known.tolist()) == ([1, 1], [True, True])


# -- limits ---------------------------------------------------------------------------------------------------------


def test_a_phone_at_its_limit_connects():
    assert members({1: PHONE, 2: CUSTOMER, 3: CUSTOMER}, [(1, 2), (1, 3)]) == {1: 1, 2: 1, 3: 1}


def test_a_phone_beyond_its_limit_is_a_store_phone_and_connects_nobody():
    solved = solve({1: PHONE, 2: CUSTOMER, 3: CUSTOMER, 4: CUSTOMER}, [(1, 2), (3, 1), (1, 4)])
    assert solved.member_id.tolist() == [1, 2, 3, 4]
    assert solved.left_out.tolist() == [one_id.SHARED, 0, 0, 0]
    assert solved.crowd.tolist() == [3, 0, 0, 0]
    assert solved.link_left_out.tolist() == [one_id.SHARED] * 3


def test_a_store_phone_is_not_a_member():
    assert solve({1: PHONE, 2: CUSTOMER, 3: CUSTOMER, 4: CUSTOMER}, [(1, 2), (1, 3), (1, 4)]).is_known.tolist() == [
        False, True, True, True,
    ]  # fmt: skip


def test_the_same_pair_many_times_counts_once_towards_the_limit():
    assert solve({1: PHONE, 2: CUSTOMER}, [(1, 2)] * 9).left_out.tolist() == [0, 0]


def test_limits_count_each_other_kind_apart():
    kinds = {1: PHONE, 2: CUSTOMER, 3: CUSTOMER, 4: CARD, 5: CARD}
    assert set(members(kinds, [(1, 2), (1, 3), (1, 4), (1, 5)]).values()) == {1}


def test_cookies_and_the_own_kind_do_not_count_towards_the_limit():
    kinds = {1: PHONE, 2: PHONE, 3: PHONE, 4: PHONE} | dict.fromkeys(range(10, 15), COOKIE)
    assert set(members(kinds, [(1, key) for key in kinds]).values()) == {1}


def test_blocked_identities_do_not_count_towards_the_limit():
    kinds = {1: PHONE, 2: CUSTOMER, 3: CUSTOMER, 4: CUSTOMER}
    assert members(kinds, [(1, 2), (1, 3), (1, 4)], blocked=[4]) == {1: 1, 2: 1, 3: 1, 4: 4}


def test_a_browser_of_too_many_people_is_a_public_one():
    kinds = {1: COOKIE, 2: PHONE, 3: PHONE, 4: PHONE}
    assert members(kinds, [(1, 2, 5), (1, 3, 6), (1, 4, 7)]) == {1: 1, 2: 2, 3: 3, 4: 4}


# -- decisions ------------------------------------------------------------------------------------------------------


def test_a_blocked_identity_connects_nobody_and_is_nobody():
    solved = solve({1: PHONE, 2: CUSTOMER, 3: CARD}, [(1, 2), (1, 3)], blocked=[1])
    assert (solved.member_id.tolist(), solved.is_known.tolist()) == ([1, 2, 3], [False, True, True])
    assert solved.link_left_out.tolist() == [one_id.BLOCKED] * 2


def test_a_merge_by_decision_connects_without_evidence_and_over_limits():
    kinds = {1: PHONE, 2: CUSTOMER, 3: CUSTOMER, 4: CUSTOMER}
    assert members(kinds, [(1, 2), (1, 3), (1, 4)], merged=[(1, 4), (2, 3)]) == {1: 1, 2: 2, 3: 2, 4: 1}


def test_a_block_is_stronger_than_a_merge():
    assert members({1: PHONE, 2: CUSTOMER}, merged=[(1, 2)], blocked=[2]) == {1: 1, 2: 2}


def test_a_cut_parts_a_pair_and_nobody_else():
    assert members({1: PHONE, 2: CUSTOMER, 3: CARD}, [(1, 2), (2, 3)], cut=[(1, 2)]) == {1: 1, 2: 2, 3: 2}


def test_a_cut_leaves_out_the_youngest_link_of_a_chain():
    kinds = {1: PHONE, 2: CUSTOMER, 3: CARD, 4: PHONE}
    chain = [(1, 2, 30), (2, 3, 20), (3, 4, 10)]
    assert members(kinds, chain, cut=[(1, 4)]) == {1: 1, 2: 2, 3: 2, 4: 2}
    assert solve(kinds, chain, cut=[(1, 4)]).link_left_out.tolist() == [one_id.CUT, 0, 0]


def test_a_link_without_a_time_is_the_youngest():
    assert members({1: PHONE, 2: CUSTOMER, 3: CARD}, [(1, 2), (2, 3, 10**15)], cut=[(1, 3)]) == {1: 1, 2: 2, 3: 2}


def test_a_cut_also_parts_what_a_cookie_would_join():
    kinds = {1: COOKIE, 2: COOKIE, 3: COOKIE}
    assert members(kinds, [(1, 2, 1), (2, 3, 2)], cut=[(1, 3)]) == {1: 1, 2: 1, 3: 3}


def test_a_merge_stays_when_a_cut_elsewhere_in_its_member_takes_a_link_away():
    kinds = {1: PHONE, 2: CUSTOMER, 3: CARD}
    assert members(kinds, [(2, 3, 1)], merged=[(1, 2)], cut=[(1, 3)]) == {1: 1, 2: 1, 3: 3}


# -- cookies --------------------------------------------------------------------------------------------------------


def test_a_browser_belongs_to_the_person_it_was_first_seen_with():
    kinds = {1: COOKIE, 2: PHONE, 3: PHONE}
    assert members(kinds, [(1, 2, 200), (3, 1, 100)]) == {1: 1, 2: 2, 3: 1}
    assert solve(kinds, [(1, 2, 200), (3, 1, 100)]).link_left_out.tolist() == [one_id.ANONYMOUS, 0]


def test_a_browser_seen_with_two_people_who_are_one_anyway_is_theirs():
    assert set(members({1: COOKIE, 2: PHONE, 3: CARD}, [(1, 2, 1), (1, 3, 2), (2, 3, 3)]).values()) == {1}


def test_a_chain_of_browsers_never_joins_two_people():
    kinds = {1: PHONE, 2: COOKIE, 3: COOKIE, 4: PHONE}
    assert members(kinds, [(1, 2, 1), (2, 3, 2), (3, 4, 3)]) == {1: 1, 2: 1, 3: 1, 4: 4}


def test_a_browser_given_to_a_person_by_decision_stays_there():
    kinds = {1: COOKIE, 2: PHONE, 3: PHONE}
    assert members(kinds, [(1, 3, 1)], merged=[(1, 2)]) == {1: 1, 2: 1, 3: 3}


# -- arrival --------------------------------------------------------------------------------------------------------


def test_the_first_sighting_of_an_identity_counts():
    keys, batches, rows = (np.array(c) for c in ([7, 8, 7, 9, 8], [2, 1, 1, 1, 1], [1, 5, 9, 5, 2]))
    assert keys[oldest(keys, batches.astype(np.int32), rows)].tolist() == [8, 9, 7]


# -- all rules at once ----------------------------------------------------------------------------------------------


@st.composite
def worlds(draw):
    keys = draw(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=12, unique=True))
    kinds = {key: draw(st.sampled_from(list(LIMITS))) for key in keys}
    key = st.sampled_from([*keys, 5 * 10**18])
    seen = st.integers(0, 5) | st.just(NEVER)
    links = draw(st.lists(st.tuples(key, key, seen), max_size=30))
    few = st.lists(st.tuples(key, key), max_size=3)
    cuts = [pair for pair in draw(few) if pair[0] != pair[1]]
    return kinds, links, draw(st.lists(key, max_size=2)), draw(few), cuts


@settings(max_examples=examples(400))
@given(worlds())
def test_members_are_those_of_plain_sets(world):
    kinds, links, blocked, merged, cut = world
    solved = solve(kinds, links, blocked, merged, cut)
    expected = oracle.members(kinds, links, limits=LIMITS, anonymous={COOKIE}, blocked=blocked, merged=merged, cut=cut)
    found = zip(solved.member_id.tolist(), solved.is_known.tolist(), strict=True)
    assert dict(zip(kinds, found, strict=True)) == expected


@settings(max_examples=100)
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_in_which_links_are_told_does_not_matter(world, random):
    kinds, links, blocked, merged, cut = world
    shuffled = [link if random.random() < 0.5 else (link[1], link[0], link[2]) for link in links]
    random.shuffle(shuffled)
    assert members(kinds, links, blocked, merged, cut) == members(kinds, shuffled, blocked, merged, cut)


@settings(max_examples=100)
@given(worlds())
def test_cut_pairs_are_never_one_member(world):
    kinds, links, blocked, merged, cut = world
    found = members(kinds, links, blocked, merged, cut)
    assert all(found[left] != found[right] for left, right in cut if left in found and right in found)


@pytest.mark.parametrize("seed", range(3))
def test_without_rules_members_are_the_connected_components_of_the_graph(seed):
    random = np.random.default_rng(seed)
    size, count = 5_000, 4_000
    key = random.permutation(np.arange(size) * 7919 - 10**6)
    left, right = random.integers(0, size, (2, count))
    solved = resolve(
        Identities(key, np.zeros(size, np.int16), np.array([10**6]), np.array([False])),
        Links(key[left], key[right], np.full(count, NEVER)),
        Decisions(),
    )
    graph = coo_matrix((np.ones(count), (left, right)), shape=(size, size))
    number, component = connected_components(graph, directed=False)
    first = np.full(number, size)
    np.minimum.at(first, component, np.arange(size))
    assert solved.member_id.tolist() == key[first[component]].tolist()
