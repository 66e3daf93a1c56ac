"""The one layout of arrays that kernels are compiled for."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Bits = npt.NDArray[np.uint16]
Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

MOST_STEPS = 10
STEPS = np.uint16((1 << MOST_STEPS) - 1)
"""Bits of an event that say which steps it fits: bit k for step k + 1."""
MOST_EXCLUSIONS = 4
FIRST_EXCLUSION = MOST_STEPS
EXCLUSIONS = np.uint16(((1 << MOST_EXCLUSIONS) - 1) << FIRST_EXCLUSION)
"""Bits 10 to 13: which exclusions of the question the event belongs to."""
PRESENT = np.uint16(1 << 14)
"""Bit of an event that need not fit any step and still counts as having happened: it stands between, it is activity."""
KEPT = STEPS | EXCLUSIONS | PRESENT
"""An event with none of these bits is no part of the question, and streams leave it out."""
BARRED = np.uint16(1 << 15)
"""Bit of an event that the page's filters refuse as an entry. It no longer fits step 1, and stays a funnel event."""


def frozen(values: npt.ArrayLike, dtype: npt.DTypeLike) -> Array:
    """A read-only, contiguous, aligned view; a copy only where the type or layout differs.

    Compiled code has one form per type, layout and writability. Memory-mapped arrays are read-only, so all are made so:
    then what ``warm`` compiled fits whatever comes, and nothing is ever compiled under a click.
    """
    view = np.require(values, dtype, ["C", "A"]).view()
    view.flags.writeable = False
    return view
