"""Many parcels in one call: who is refused where the other side does not say whom, in how many calls, and whether anybody gets it twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.senders.outcomes import Divisible, Halted
from core.senders.parcels import Parcel
from core.senders.sender import Gone, Temporary, Uncertain
from core.senders.ways.dividing import MOST_CALLS, divided, refused, taken


def parcels(count):
    return [Parcel(f"c1-{number}", f"a{number}", "x") for number in range(count)]


class Platform:
    """Refuses a call that names one of ``bad``, and says whom only where it is alone. ``troubles``: what it answers instead at the call of that number."""

    def __init__(self, bad=(), troubles=None):
        self.bad = {f"a{number}" for number in bad}
        self.troubles = troubles or {}
        self.calls = []
        self.got = []

    def send(self, some):
        self.calls.append(len(some))
        if trouble := self.troubles.get(len(self.calls)):
            raise trouble
        if self.bad & {one.address for one in some}:
            raise Gone("x.bad") if len(some) == 1 else Divisible("x.bad")
        self.got += [one.address for one in some]
        return [taken(one, "accepted", f"task{len(self.calls)}") for one in some]


def told(fates):
    return [(fate.message_id, fate.state, fate.trouble and (type(fate.trouble), fate.trouble.code)) for fate in fates]


@given(st.integers(1, 60), st.sets(st.integers(0, 59), max_size=4))
def test_exactly_those_who_are_bad_are_refused_and_nobody_gets_it_twice(count, bad):
    platform, some = Platform(bad), parcels(count)
    if count == 1 and bad & {0}:
        with pytest.raises(Gone):
            divided(some, platform.send)
        return
    fates = divided(some, platform.send)
    assert [fate.message_id for fate in fates] == [one.message_id for one in some]
    assert {number for number, fate in enumerate(fates) if fate.state is None} == bad & set(range(count))
    assert all(type(fate.trouble) is Gone for fate in fates if fate.state is None)
    assert sorted(platform.got) == sorted({f"a{number}" for number in range(count)} - platform.bad)


def test_one_of_a_thousand_is_found_in_few_calls():
    platform = Platform({617})
    fates = divided(parcels(1000), platform.send)
    assert sum(fate.state == "accepted" for fate in fates) == 999
    assert len(platform.calls) <= 2 * 10 + 1


def test_a_division_ends_and_what_was_not_handed_over_by_then_is_tried_later():
    platform = Platform(range(0, 1000, 2))
    fates = divided(parcels(1000), platform.send)
    assert len(platform.calls) == MOST_CALLS + 1
    later = [fate for fate in fates if isinstance(fate.trouble, Temporary)]
    assert len(later) + sum(fate.state == "accepted" for fate in fates) + sum(
        type(fate.trouble) is Gone for fate in fates
    ) == len(fates)
    assert later
    assert all(fate.trouble.after_s for fate in later)
    assert not {fate.message_id.removeprefix("c1-") for fate in later} & {one.removeprefix("a") for one in platform.got}


@pytest.mark.parametrize("kind", [Halted, Temporary, Uncertain])
def test_what_the_first_call_says_of_all_is_raised(kind):
    with pytest.raises(kind):
        divided(parcels(8), Platform(troubles={1: kind("x.all")}).send)


@pytest.mark.parametrize(("kind", "others"), [(Halted, Halted), (Temporary, Temporary), (Uncertain, Temporary)])
def test_after_a_half_in_trouble_the_rest_is_not_asked_for_and_is_not_uncertain(kind, others):
    platform = Platform({0}, {3: kind("x.all")})
    fates = divided(parcels(8), platform.send)  # 8 refused, 4 refused, then the third call is in trouble
    assert platform.calls == [8, 4, 2]
    assert told(fates) == [(f"c1-{n}", None, (kind if n < 2 else others, "x.all")) for n in range(8)]


def test_a_fate_that_is_refused_names_its_message():
    assert refused(parcels(1)[0], Gone("x")).message_id == "c1-0"
