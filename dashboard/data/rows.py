"""Rows of figures as pages hold them: plain values by name, undefined as None."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

Number = float | int | None
Row = Mapping[str, Any]
SMALL = 30
"""Below so many a rate or a mean says nothing: only how many there were is shown."""


def plain(frame: pd.DataFrame) -> list[Row]:
    """Rows of plain values."""
    held = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in held.to_dict("records")]
