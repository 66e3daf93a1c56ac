"""What WeCom still lets a customer have, held against the rule of each policy written down anew."""

from calendar import monthrange
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.senders.wecom.caps import Cap, left

DAY = date(2026, 11, 20)  # a Friday
DAYS = st.lists(st.integers(0, 70), max_size=120).map(lambda back: [date(2026, 12, 31) - timedelta(n) for n in back])


@pytest.mark.parametrize(
    ("cap", "counted", "on", "free"),
    [
        (Cap.MONTH_DAYS, [], DAY, 30),
        (Cap.MONTH_DAYS, [], date(2027, 2, 1), 28),
        (Cap.MONTH_DAYS, [], date(2028, 2, 1), 29),
        (Cap.MONTH_DAYS, [date(2026, 10, 31), date(2025, 11, 20), date(2026, 12, 1)], DAY, 30),
        (Cap.MONTH_DAYS, [DAY] * 29 + [date(2026, 11, 1)], DAY, 0),
        (Cap.MONTH_DAYS, [DAY] * 40, DAY, 0),
        (Cap.MONTH4, [date(2026, 11, 1), date(2026, 11, 30), DAY], DAY, 1),
        (Cap.MONTH4, [date(2026, 10, 31)] * 4, DAY, 4),
        (Cap.DAY1, [DAY - timedelta(1)] * 3, DAY, 1),
        (Cap.DAY1, [DAY], DAY, 0),
        (Cap.WEEK7, [], DAY, 7),
        (Cap.WEEK7, [DAY - timedelta(6)] * 7, DAY, 0),
        (Cap.WEEK7, [DAY - timedelta(7)] * 7, DAY, 7),
        (Cap.WEEK7, [DAY + timedelta(6)] * 7, DAY, 0),  # reserved for a day that shares a week with this one
        (Cap.WEEK7, [DAY - timedelta(3)] * 4 + [DAY + timedelta(4)] * 4, DAY, 3),  # never eight within seven days
    ],
)
def test_so_many_are_left(cap, counted, on, free):
    assert left(cap, counted, on) == free


def broken(cap, counted):
    """Whether the messages that were counted go beyond what the policy says, however one begins the week."""
    if cap is Cap.DAY1:
        return any(count > 1 for count in Counter(counted).values())
    if cap is Cap.WEEK7:
        first = min(counted, default=DAY)
        weeks = [Counter((day - first + timedelta(start)).days // 7 for day in counted) for start in range(7)]
        return any(count > 7 for week in weeks for count in week.values())
    months = Counter((day.year, day.month) for day in counted)
    return any(count > (4 if cap is Cap.MONTH4 else monthrange(*month)[1]) for month, count in months.items())


@given(st.sampled_from(Cap), DAYS)
def test_who_sends_only_what_is_left_never_goes_beyond_the_cap_in_whatever_order(cap, days):
    counted = []
    for day in days:
        if left(cap, counted, day):
            counted.append(day)
    assert not broken(cap, counted)


@given(st.sampled_from([Cap.DAY1, Cap.MONTH4, Cap.MONTH_DAYS]), DAYS, st.integers(0, 70))
def test_exactly_what_is_left_fits_and_not_one_more(cap, days, back):
    """Of the policies whose bounds are days and months; a week's are anybody's guess."""
    counted, on = [], date(2026, 12, 31) - timedelta(back)
    for day in days:
        if left(cap, counted, day):
            counted.append(day)
    free = left(cap, counted, on)
    assert not broken(cap, counted + [on] * free)
    assert broken(cap, counted + [on] * (free + 1))


@given(st.sampled_from(Cap), DAYS, st.permutations(range(5)), st.integers(0, 70))
def test_the_order_of_what_is_counted_does_not_matter_and_more_of_it_never_frees_any(cap, days, order, back):
    on = date(2026, 12, 31) - timedelta(back)
    mixed = [day for which in order for day in days[which::5]]
    assert left(cap, mixed, on) == left(cap, days, on)
    assert left(cap, [*days, on], on) <= left(cap, days, on)
