"""Names of clusters: only what is true of most of their people, beside plain loops; and names that tell clusters apart."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models import cluster_names
from core.models.cluster_names import TELLING, Likeness, likeness, traits

NAMES = ("days_since_last_order", "orders", "net_minor", "views")
NONE = math.nan


def told(away, lack=None) -> list:
    """Traits where everybody of a cluster lies on its side of the mean."""
    rows = np.array(away, float)
    none = np.zeros_like(rows) if lack is None else np.array(lack, float)
    return traits(Likeness(NAMES, rows, (rows > 0) * 1.0, (rows < 0) * 1.0, none, none))


def named(values, codes, name="days_since_last_order") -> list:
    """Traits by one feature of clusters that are everybody."""
    raw = {name: np.array(values, float)}
    return traits(likeness(raw, raw, np.array(codes), max(codes) + 1, [name]))


def test_a_name_says_one_thing_about_each_first():
    assert told([[-0.9, 2.0, 1.9, 0.1], [0.2, -0.1, 0.3, 0.0]]) == [
        (("orders", "high"), ("days_since_last_order", "low")),
        (),
    ]


def test_names_grow_until_they_differ():
    found = told([[-2.0, 1.5, 0.0, 0.9], [-2.1, 1.6, 0.0, 0.0]])
    assert found[0] == (("days_since_last_order", "low"), ("orders", "high"), ("views", "high"))
    assert found[1] == (("days_since_last_order", "low"), ("orders", "high"))


def test_who_never_ordered_is_told_neither_to_have_ordered_lately_nor_long_ago():
    never, lately, long_ago = [NONE] * 10, [2, 3, 4] * 4, [200, 220, 240] * 4
    codes = [0] * 10 + [1] * 12 + [2] * 12
    none, low, high = named(never + lately + long_ago, codes)
    assert none == (("days_since_last_order", "none"),)
    assert low == (("days_since_last_order", "low"),)
    assert high == (("days_since_last_order", "high"),)


def test_a_few_recent_buyers_do_not_name_a_cluster_of_people_who_never_ordered():
    """Nine of twenty bought three days ago, all others of the house half a year ago or never."""
    first, second, third = [3] * 9 + [NONE] * 11, [180] * 6 + [NONE] * 30, [NONE] * 10
    found = named(first + second + third, [0] * 20 + [1] * 36 + [2] * 10)
    assert found[0] == ()
    assert found[2] == (("days_since_last_order", "none"),)


def test_buyers_in_a_house_of_people_who_never_ordered_are_held_against_buyers():
    """With 365 days filled in for the many who never ordered, 300 days would seem recent."""
    found = named([300] * 10 + [10] * 10 + [NONE] * 180, [0] * 10 + [1] * 10 + [2] * 180)
    assert found[:2] == [(("days_since_last_order", "high"),), (("days_since_last_order", "low"),)]


def test_of_who_never_ordered_it_is_not_said_as_well_that_they_order_little():
    raw = {
        "days_since_last_order": np.array([NONE] * 10 + [5, 7] * 5),
        "orders": np.repeat([0.0, 4.0], 10),
        "views": np.repeat([9.0, 2.0], 10),
    }
    found = traits(likeness(raw, raw, np.repeat([0, 1], 10), 2, list(raw)))
    assert found[0] == (("days_since_last_order", "none"), ("views", "high"))


def test_an_order_value_that_most_do_not_have_is_no_name():
    found = named([900] * 4 + [NONE] * 6 + [10] * 10, [0] * 10 + [1] * 10, "aov_minor")
    assert found == [(), (("aov_minor", "low"),)]


def test_a_few_great_talkers_do_not_make_a_cluster_of_the_silent_talk():
    found = named([5000] * 4 + [0] * 6 + [0] * 90, [0] * 10 + [1] * 90, "messages")
    assert found == [(), ()]


def test_exactly_half_is_not_most():
    values = [3] * 5 + [NONE] * 5 + [200] * 20
    assert named(values, [0] * 10 + [1] * 20)[0] == ()
    assert named([3, *values], [0] * 11 + [1] * 20)[0] == (("days_since_last_order", "low"),)


def test_a_cluster_without_members_has_no_name():
    raw = {"orders": np.array([1.0, 5.0])}
    assert traits(likeness(raw, raw, np.array([0, 2]), 3, ["orders"]))[1] == ()


def test_what_is_the_same_for_all_who_have_it_lies_nowhere():
    raw = {"redeemed_share": np.array([0.3, 0.3, NONE])}
    found = likeness(raw, raw, np.array([0, 0, 1]), 2, ["redeemed_share"])
    assert found.away[0, 0] == 0
    assert np.isnan(found.away[1, 0])


VALUE = st.one_of(st.none(), st.integers(0, 400))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(VALUE, VALUE, VALUE, VALUE, st.integers(0, 3)), min_size=1, max_size=30))
def test_likeness_is_that_of_a_loop_and_what_a_name_says_is_true_and_telling(rows):
    raw = {
        name: np.array([NONE if row[place] is None else row[place] for row in rows], float)
        for place, name in enumerate(NAMES)
    }
    codes = [row[4] for row in rows]
    found = likeness(raw, raw, np.array(codes), 4, NAMES)
    for place, name in enumerate(NAMES):
        logs = [math.log1p(row[place]) for row in rows if row[place] is not None]
        mean = math.fsum(logs) / len(logs) if logs else 0.0
        spread = math.sqrt(math.fsum((one - mean) ** 2 for one in logs) / len(logs)) if logs else 0.0
        for code in range(4):
            mine = [row[place] for row in rows if row[4] == code]
            have = [math.log1p(one) for one in mine if one is not None]
            away = (math.fsum(have) / len(have) - mean) / spread if have and spread > 1e-6 else 0.0
            if have:
                assert found.away[code, place] == pytest.approx(away, abs=1e-6)
            else:
                assert np.isnan(found.away[code, place])
            for trait in traits(found)[code]:
                if trait == (name, "high"):
                    assert away >= TELLING - 1e-9
                    assert sum(one > mean for one in have) > len(mine) / 2
                elif trait == (name, "low"):
                    assert away <= -TELLING + 1e-9
                    assert sum(one < mean for one in have) > len(mine) / 2
                elif trait == (name, "none"):
                    assert mine.count(None) > len(mine) / 2
    assert all(len(one) <= cluster_names.MOST_WORDS for one in traits(found))
