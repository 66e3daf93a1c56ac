"""The matrix of risks: its table, and what must hold of any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.risk import matrix
from core.risk.matrix import CELLS, LEVELS, level

STEP = st.integers(1, 5)


def test_every_cell_has_the_level_of_the_published_table():
    """Rows: likelihood 1 to 5, as the NPSA's table is printed; columns: impact 1 to 5."""
    printed = {
        1: "low low low medium medium",
        2: "low medium medium high high",
        3: "low medium high high critical",
        4: "medium high high critical critical",
        5: "medium high critical critical critical",
    }
    assert {n: " ".join(level(n, impact) for impact in range(1, 6)) for n in printed} == printed


@given(STEP, STEP, STEP, STEP)
def test_what_is_likelier_and_does_more_is_never_of_a_lower_level(a, b, more, further):
    likelier, larger = max(a, more), max(b, further)
    assert LEVELS.index(level(likelier, larger)) >= LEVELS.index(level(a, b))


@given(STEP, STEP)
def test_likelihood_and_impact_weigh_the_same(a, b):
    assert level(a, b) == level(b, a)


@pytest.mark.parametrize("cell", [(0, 1), (1, 6), (-1, -1)])
def test_what_is_not_1_to_5_has_no_level(cell):
    with pytest.raises(ValueError, match="not both 1 to 5"):
        level(*cell)


@given(st.lists(st.sampled_from(LEVELS)))
def test_the_worst_is_one_of_them_and_none_is_worse(levels):
    worst = matrix.worst(levels)
    assert worst is None if not levels else worst in levels
    assert all(LEVELS.index(one) <= LEVELS.index(worst) for one in levels)


@given(st.lists(st.tuples(STEP, STEP)))
def test_the_board_has_every_cell_and_loses_nothing(cells):
    found = matrix.board([(cell, number) for number, cell in enumerate(cells)])
    assert tuple(found) == CELLS
    assert {cell: [n for n, one in enumerate(cells) if one == cell] for cell in CELLS} == {
        cell: list(ones) for cell, ones in found.items()
    }
