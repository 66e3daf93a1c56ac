"""Tiers by spend against loops over days, who falls and by how much, and what is left of points."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.metrics import membership as m
from core.metrics.membership import Spend
from tests.oracles import membership as oracle

FLOORS = (100, 300, 500)
ON = 1500
DAYS = st.integers(-2, 2).flatmap(lambda d: st.sampled_from([ON, ON - 30, ON - 364, ON - 365, ON - 366, ON - 729, ON - 730, ON - 500]).map(lambda at: min(at + d, ON)))  # fmt: skip
HISTORIES = st.lists(st.lists(st.tuples(DAYS, st.sampled_from([-300, -99, 50, 99, 100, 101, 200, 400])), max_size=6), min_size=1, max_size=4)  # fmt: skip


def spend(*histories: list[tuple[int, int]]) -> Spend:
    days: dict[tuple[int, int], int] = {}
    for member, history in enumerate(histories):
        for day, net in history:
            days[member, day] = days.get((member, day), 0) + net
    rows = np.array([(*key, net) for key, net in sorted(days.items())], np.int64).reshape(-1, 3)
    return Spend(rows[:, 0].copy(), rows[:, 1].copy(), rows[:, 2].copy(), len(histories))


@settings(max_examples=60, deadline=None)
@given(HISTORIES, st.sampled_from([0, 1, 30, 365, 500]), st.sampled_from([0, 30, 60]))
def test_tiers_are_what_a_loop_over_days_says(histories, validity, ahead):
    found = m.tiers(spend(*histories), FLOORS, validity, ON + ahead)
    assert found.tolist() == [oracle.place(one, FLOORS, validity, ON + ahead) for one in histories]


@settings(max_examples=60, deadline=None)
@given(HISTORIES, st.sampled_from([0, 90, 365]), st.sampled_from([30, 60]))
def test_what_is_missing_keeps_the_tier_and_one_less_does_not(histories, validity, ahead):
    found = m.falls(spend(*histories), FLOORS, validity, ON, ahead)
    falling = {who for who, one in enumerate(histories) if oracle.place(one, FLOORS, validity, ON + ahead) < oracle.place(one, FLOORS, validity, ON)}  # fmt: skip
    assert set(found.member.tolist()) == falling
    for who, now, missing in zip(found.member.tolist(), found.now.tolist(), found.missing.tolist(), strict=True):
        assert missing > 0
        for more, keeps in ((missing, True), (missing - 1, False)):
            bought = [*histories[who], (ON + ahead, more)]
            assert (oracle.place(bought, FLOORS, validity, ON + ahead) >= now) == keeps


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(1, 4), st.integers(-60, 60)), max_size=7), min_size=1, max_size=3), st.randoms())  # fmt: skip
def test_points_that_expire_first_are_used_first(accounts, dice):
    rows = [(who, expires, points, at) for who, one in enumerate(accounts) for at, (expires, points) in enumerate(one)]
    dice.shuffle(rows)
    rows.sort(key=lambda row: row[3])
    columns = [np.array([row[at] for row in rows], np.int64) for at in range(3)]
    found = m.left(*columns)
    told: dict[int, list[int]] = {who: [] for who in range(len(accounts))}
    for (who, _, _, _), rest in zip(rows, found.tolist(), strict=True):
        told[who].append(rest)
    assert list(told.values()) == [oracle.left(one) for one in accounts]
    for who, one in enumerate(accounts):
        assert sum(told[who]) == max(sum(points for _, points in one), 0)


def test_a_floor_is_reached_by_exactly_its_amount_and_365_days_are_counted_with_the_day_itself() -> None:
    one = spend([(ON - 364, 100)], [(ON - 365, 100)], [(ON, 99)], [])
    assert m.spent(one, ON).tolist() == [100, 0, 99, 0]
    assert m.tiers(one, FLOORS, 365, ON).tolist() == [1, 0, 0, 0]


def test_a_tier_is_kept_for_a_year_from_the_purchase_that_reached_it_whatever_leaves_the_window() -> None:
    one = spend([(ON - 600, 50), (ON - 300, 50)], [(ON - 700, 50), (ON - 364, 50)], [(ON - 700, 50), (ON - 365, 50)])
    assert m.tiers(one, FLOORS, 365, ON).tolist() == [1, 1, 0]
    assert m.spent(one, ON).tolist() == [50, 50, 0]
    assert m.tiers(one, FLOORS, 0, ON).tolist() == [0, 0, 0]


def test_a_purchase_that_reaches_no_tier_anew_prolongs_none() -> None:
    one = spend([(ON - 370, 100), (ON - 10, 1)], [(ON - 370, 100), (ON - 10, 100)])
    assert m.tiers(one, FLOORS, 365, ON).tolist() == [0, 1]


def test_goods_that_went_back_keep_no_tier_from_the_day_on_which_they_did() -> None:
    one = spend([(ON - 10, 300), (ON - 5, -250)])
    assert m.tiers(one.until(ON - 6), FLOORS, 365, ON - 6).tolist() == [2]
    assert m.tiers(one, FLOORS, 365, ON).tolist() == [0]


def test_what_was_bought_later_and_sent_back_takes_no_tier_that_was_reached_before() -> None:
    one = spend([(ON - 380, 200), (ON - 300, 100), (ON - 5, 50), (ON - 4, -50)])
    assert m.tiers(one, FLOORS, 365, ON).tolist() == [2]


def test_who_falls_is_told_with_what_is_missing() -> None:
    one = spend(
        [(ON - 350, 300), (ON - 100, 120)], [(ON - 350, 300)], [(ON - 300, 300)], [(ON - 350, 200), (ON - 340, 150)]
    )
    found = m.falls(one, FLOORS, 365, ON, 30)
    assert (found.member.tolist(), found.now.tolist(), found.then.tolist(), found.missing.tolist()) == (
        [0, 1, 3], [2, 2, 2], [1, 0, 0], [180, 300, 300],
    )  # fmt: skip


def test_nobody_and_no_spend() -> None:
    assert m.tiers(spend([], []), FLOORS, 365, ON).tolist() == [0, 0]
    assert m.falls(spend([]), FLOORS, 365, ON, 30).member.tolist() == []
    none = np.zeros(0, np.int64)
    assert m.left(none, none, none).tolist() == []
