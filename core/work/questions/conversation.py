"""Who carries the talk of groups and what it is about, as the command line asks: options as texts, answers as rows."""

from collections.abc import Sequence
from typing import Any, get_args

import pandas as pd

from core.errors import Unknown
from core.scope import Filters
from core.work.home import Home
from core.work.questions import places, voices
from core.work.questions.reading import reading

Row = dict[str, Any]


def carrying(home: Home, filters: Filters, options: Row) -> list[Row]:
    """KOCs of each group, owner, unit, or of all: ``key member_id place score`` and their parts; see ``core.work.questions.voices``."""
    return _members(home, filters, options, "kocs")


def succeeding(home: Home, filters: Filters, options: Row) -> list[Row]:
    """Who could take over from them; rows as for ``carrying``."""
    return _members(home, filters, options, "successors")


def _members(home: Home, filters: Filters, options: Row, which: str) -> list[Row]:
    by = chosen(options, get_args(places.By))
    with reading(home, filters) as lake:
        found = voices.voices_of(lake, by)  # type: ignore[arg-type]
    return [] if found is None else plain(getattr(found, which))


def chosen(options: Row, known: Sequence[str]) -> str:
    """What to break down by; the first where nothing is said. Raises ``Unknown``."""
    by = str(options.get("by") or known[0])
    if by not in known:
        raise Unknown("breakdown", by, known)
    return by


def plain(frame: pd.DataFrame) -> list[Row]:
    """Rows of plain values, null for undefined."""
    held = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in held.to_dict("records")]
