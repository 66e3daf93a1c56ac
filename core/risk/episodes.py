"""What a rule finds in the course of an indicator: spans of days that are one warning each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.risk.rules import Rule

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Episode:
    """One warning of one line, in days from the first one on. ``first``: the first day that broke the rule; ``told``: the one on which it had broken it for long
    enough; ``last``: the last one that broke it. ``is_open``: nothing since has been back to normal for long enough. ``peak``: the day farthest out; ``value``,
    ``expected`` and ``limit`` are of it, in the indicator's unit (``expected`` and ``limit`` NaN where the detector has none)."""

    line: int
    first: int
    told: int
    last: int
    is_open: bool
    peak: int
    value: float
    expected: float
    limit: float
