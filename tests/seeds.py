"""How much of something random a test looks at: some of it at every change, all of it under `make verify`."""

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
IS_LONG = "SIYU_KILLS" in os.environ


def seeds(most: int) -> range:
    """An eighth of ``most`` worlds, at least the first."""
    return range(most if IS_LONG else max(1, most // 8))


def examples(most: int) -> int:
    """A fifth of ``most`` examples of a property, at least one."""
    return most if IS_LONG else max(1, most // 5)


def every_third(rows: Sequence[T], asked: Sequence[str]) -> list[tuple[T, Sequence[str]]]:
    """Rows, and which figures to ask of each: a third (of two rows a half, of one all), so that every figure is asked of some row."""
    step = 1 if IS_LONG else min(3, len(rows))
    return [(row, asked[place % step :: step]) for place, row in enumerate(rows)]
