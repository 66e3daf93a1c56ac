"""What the members of the demo brand call themselves."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.work.demo import columns
from core.work.demo.brand import seeds
from core.work.demo.people import People

NONE_SHARE, ODD_SHARE, NUMBERED_SHARE = 0.155, 0.03, 0.1
NUMBERS = 100


def drawn(people: People, rng: np.random.Generator) -> pa.Array:
    """The nickname of each member, null for those who told none; a sixth has none, or one of which nothing is to be seen. Some are odd: emoji, very long."""
    words = seeds("brand")["people"]
    usual, odd, given = words["nicks"], words["odd_nicks"], words["given"]
    count = people.members
    form = rng.integers(0, len(usual), count)
    is_odd = rng.random(count) < ODD_SHARE
    form[is_odd] = len(usual) + rng.integers(0, len(odd), int(is_odd.sum()))
    name = rng.integers(0, len(given), count)
    is_numbered = (rng.random(count) < NUMBERED_SHARE) & ~is_odd
    number = np.where(is_numbered, rng.integers(0, NUMBERS, count), NUMBERS)
    is_none = rng.random(count) < NONE_SHARE
    every = [text.format(given=one, last=one[-1]) for text in (*usual, *odd) for one in given]
    called = columns.codes(every, np.where(is_none, -1, form * len(given) + name))
    behind = columns.codes([*(f"{one:02d}" for one in range(NUMBERS)), ""], number)
    return pc.binary_join_element_wise(called, behind, "")
