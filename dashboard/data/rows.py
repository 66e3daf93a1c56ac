"""Rows of figures as pages hold them: plain values by name, undefined as None."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.work.questions.untold import SMALL

Number = float | int | None
Row = Mapping[str, Any]
__all__ = ["SMALL", "Number", "Row", "plain"]


def plain(frame: pd.DataFrame) -> list[Row]:
    """Rows of plain values."""
    held = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in held.to_dict("records")]
