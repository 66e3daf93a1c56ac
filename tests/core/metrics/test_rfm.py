"""RFM beside loops over the lines: standings, cuts, classes and tiers, their ties and edges."""

from collections import Counter
from datetime import date, datetime, timedelta

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.metrics import cuts, rfm
from core.metrics.rfm import CLASSES, TIERS, Cuts, Tiering
from tests.oracles import rfm as oracle
from tests.seeds import examples

ON = date(2026, 6, 30)
FIRST = date(2026, 1, 1)
COLUMNS = {
    "member_id": pa.int64(), "local_date": pa.date32(), "order_no": pa.string(), "amount_minor": pa.int64(), "line_kind": pa.string(),
    "source": pa.string(), "occurred_at": pa.timestamp("us"), "channel": pa.string(), "unit_id": pa.string(), "campaign_id": pa.string(),
    "row_number": pa.int64(),
}  # fmt: skip
LINE = st.tuples(
    st.none() | st.integers(1, 5), st.integers(0, 190), st.integers(1, 9), st.integers(-2, 6), st.sampled_from(["sale"] * 3 + ["refund", "adjustment"])
)  # fmt: skip
VALUES = st.lists(st.integers(-4, 12) | st.integers(-(10**9), 10**9), min_size=1, max_size=24)
STANDINGS = st.lists(
    st.tuples(st.integers(0, 120), st.integers(1, 7), st.integers(-2000, 6000).map(lambda one: one * 100)), min_size=1, max_size=40
)  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> ibis.BaseBackend:
    return ibis.duckdb.connect(threads=1)


def standings(engine: ibis.BaseBackend, lines: list[oracle.Line], on: date) -> dict[int, tuple[int, int, int]]:
    rows = [
        (who, day, number, amount, kind, "till", datetime(day.year, day.month, day.day, 4), "store", None, None, row)
        for row, (who, day, number, amount, kind) in enumerate(lines)
    ]
    columns = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    table = pa.table(
        {name: pa.array(list(column), kind) for (name, kind), column in zip(COLUMNS.items(), columns, strict=True)}
    )
    facts = ibis.memtable(table)
    found = engine.to_pyarrow(rfm.buyers(rfm.purchases(facts), rfm.returns(facts), on)).to_pylist()
    assert all(row["first_on"] <= row["last_on"] for row in found)
    return {row["member_id"]: ((on - row["last_on"]).days, row["orders"], row["net_minor"]) for row in found}


@settings(max_examples=examples(25), deadline=None)
@given(lines=st.lists(LINE, max_size=25), back=st.integers(0, 60))
def test_buyers_stand_where_a_loop_over_the_lines_puts_them(engine, lines, back):
    """Zero and negative orders and nets among them, refunds of people without an order, lines of an order on several days."""
    read = [
        (who, FIRST + timedelta(days=day), str(number), 100 * amount, kind) for who, day, number, amount, kind in lines
    ]
    owner: dict[str, int | None] = {}
    read = [
        (owner.setdefault(number, who) if kind == "sale" else who, *rest)
        for who, *rest in read
        for number, kind in [(rest[1], rest[3])]
    ]
    on = ON - timedelta(days=back)
    assert standings(engine, read, on) == oracle.standings(read, on)


def test_people_netted_to_zero_stay_in_and_those_who_only_returned_something_are_outside(engine):
    lines = [
        (1, ON, "A", 900, "sale"), (1, ON, "CA", -900, "refund"), (2, ON, "B", 100, "sale"), (2, ON, "CB", -300, "refund"),
        (3, ON, "CC", -500, "refund"), (4, ON, "D", 0, "sale"), (5, ON, "E", -100, "adjustment"),
    ]  # fmt: skip
    assert standings(engine, lines, ON) == {1: (0, 1, 0), 2: (0, 1, -200)}


def test_nobody_bought_before_the_first_order(engine):
    assert standings(engine, [(1, ON, "A", 900, "sale")], ON - timedelta(days=1)) == {}
    assert standings(engine, [], ON) == {}


# -- cuts --------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(values=VALUES)
def test_the_even_cut_is_the_best_of_all(values):
    assert cuts.even(np.array(values)) == oracle.even_cut(values)


@settings(max_examples=60, deadline=None)
@given(values=VALUES)
def test_no_cut_leaves_less_deviation_than_the_natural_one(values):
    found = cuts.natural(np.array(values))
    assert found in values
    least = min(
        (oracle.deviation(values, cut) for cut in sorted(set(values))[1:]), default=oracle.deviation(values, values[0])
    )
    assert float(oracle.deviation(values, found)) == pytest.approx(float(least), rel=1e-9)


def test_the_mean_itself_is_high():
    days, orders, net = np.array([1, 2, 3]), np.array([1, 2, 3]), np.array([100, 200, 300])
    at = rfm.average_cuts(days, orders, net)
    assert at == Cuts(2, 2, 200)
    assert [CLASSES[place] for place in rfm.classes(days, orders, net, at)] == [
        "low_develop",
        "high_value",
        "high_keep",
    ]


def test_most_people_with_one_order_are_seldom_and_not_all_high_as_at_the_median():
    assert cuts.even(np.array([1] * 65 + [2] * 25 + [7] * 10)) == 2


def test_a_natural_break_lies_where_values_leave_a_gap():
    assert cuts.natural(np.array([1, 2, 2, 3, 40, 41, 45])) == 40


def test_all_are_high_where_all_are_equal():
    same = np.array([5, 5, 5])
    assert cuts.even(same) == cuts.mean(same) == cuts.natural(same) == 5


@pytest.mark.parametrize("find", [rfm.quantile_cuts, rfm.average_cuts, rfm.natural_cuts])
@settings(max_examples=30, deadline=None)
@given(people=STANDINGS)
def test_everybody_is_in_the_one_class_that_the_words_say_and_equals_stay_together(find, people):
    arrays = [np.array(column) for column in zip(*people, strict=True)]
    at = find(*arrays)
    found = [CLASSES[place] for place in rfm.classes(*arrays, at)]
    assert found == [oracle.class_of(one, (at.days_since_last_order, at.orders, at.net_minor)) for one in people]
    assert sum(Counter(found).values()) == len(people)
    assert len(set(zip(people, found, strict=True))) == len(set(people))


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        ((30, 2, 100_000), "high_value"), ((30, 1, 100_000), "high_develop"), ((31, 2, 100_000), "high_keep"), ((31, 1, 100_000), "high_retain"),
        ((30, 2, 99_999), "low_value"), ((30, 1, 99_999), "low_develop"), ((31, 2, 99_999), "low_keep"), ((31, 1, 99_999), "low_retain"),
    ],
)  # fmt: skip
def test_the_eight_classes_by_what_is_on_either_side_of_each_limit(standing, expected):
    arrays = [np.array([one]) for one in standing]
    assert [CLASSES[place] for place in rfm.classes(*arrays, Cuts(30, 2, 100_000))] == [expected]


# -- tiers -------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(people=STANDINGS)
def test_everybody_is_in_the_one_tier_of_the_stated_precedence(people):
    arrays = [np.array(column) for column in zip(*people, strict=True)]
    assert [TIERS[place] for place in rfm.tiers(*arrays, Tiering())] == [oracle.tier_of(one) for one in people]


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        ((7, 5, 500_000), "high_value"), ((8, 5, 500_000), "potential"), ((7, 4, 500_000), "potential"), ((7, 5, 499_999), "potential"),
        ((30, 2, 100_000), "potential"), ((31, 9, 900_000), "active"), ((0, 1, 900_000), "active"), ((30, 2, 99_999), "active"),
        ((90, 1, -100), "active"), ((91, 9, 900_000), "lost"), ((0, 1, 0), "active"),
    ],
)  # fmt: skip
def test_the_band_by_days_comes_first_then_down_until_the_floors_hold(standing, expected):
    arrays = [np.array([one]) for one in standing]
    assert [TIERS[place] for place in rfm.tiers(*arrays, Tiering())] == [expected]
