"""How many random worlds a test looks at: a few at every change, all of them under `make verify`."""

import os

IS_LONG = "SIYU_KILLS" in os.environ


def seeds(most: int) -> range:
    """The first two or more of ``most``; all of them under `make verify`."""
    return range(most if IS_LONG else max(2, most // 3))
