"""Rows that a score is learnt from or tried on: what was known of members at a cut-off, and what came after it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import UnfitForScores

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FEWEST_ROWS = 200
FEWEST_OF_EACH = 30
"""Members of either outcome that a window needs. Rules of thumb."""
MOST_ROWS = 200_000
"""Rows that a model is fitted to; of more, evenly spaced ones."""


@dataclass(frozen=True, eq=False)
class Rows:
    """``matrix``: one row per member and cut-off, one column per name; NaN = not known. ``label``: whether it came true."""

    names: tuple[str, ...]
    matrix: Floats
    label: Flags

    def __len__(self) -> int:
        return len(self.label)

    @property
    def rate(self) -> float:
        """Share of whom it came true; NaN of nobody."""
        return float(self.label.mean()) if len(self.label) else float("nan")

    def thinned(self, most: int = MOST_ROWS) -> "Rows":
        """At most so many rows, evenly spaced, so that every cut-off keeps its part."""
        if len(self) <= most:
            return self
        kept = np.linspace(0, len(self) - 1, most).astype(np.int64)
        return Rows(self.names, self.matrix[kept], self.label[kept])


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows of several cut-offs below each other."""
    names = parts[0].names
    if any(part.names != names for part in parts):
        raise ValueError("Cut-offs with different features cannot be joined.")
    return Rows(names, np.vstack([part.matrix for part in parts]), np.concatenate([part.label for part in parts]))


def require(rows: Rows, of: str) -> None:
    """Raise ``UnfitForScores`` where there are too few rows, or too few of either outcome. ``of``: ``training`` or ``test``."""
    if len(rows) < FEWEST_ROWS:
        raise UnfitForScores(
            f"{len(rows)} members are too few for a score; it takes {FEWEST_ROWS}.",
            reason="few_rows", of=of, found=len(rows), needed=FEWEST_ROWS,
        )  # fmt: skip
    least = int(min(rows.label.sum(), (~rows.label).sum()))
    if least < FEWEST_OF_EACH:
        raise UnfitForScores(
            f"Only {least} members had the rarer outcome; a score takes {FEWEST_OF_EACH}.",
            reason="few_of_one", of=of, found=least, needed=FEWEST_OF_EACH,
        )  # fmt: skip
