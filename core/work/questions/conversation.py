"""Who carries the talk of groups and what it is about, as the command line asks: options as texts, answers as rows."""

from collections.abc import Sequence
from typing import Any, get_args

import pandas as pd

from core.errors import Unknown
from core.scope import Filters
from core.work.home import Home
from core.work.questions import places, sensitive, topics, voices
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
    return plain(getattr(found[0], which)) if found else []


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


def spoken_of(home: Home, filters: Filters, options: Row) -> list[Row]:
    """Terms that set a period apart from the one before, in all groups: ``side term score messages speakers messages_other``."""
    chosen(options, ("total",))
    with reading(home, filters) as lake:
        found = topics.terms_of(lake, "total", places.TOTAL)
    sides = {} if found is None else {"rising": found.rising, "falling": found.falling}
    return [{"side": side} | row for side, frame in sides.items() for row in plain(frame)]


def about(home: Home, filters: Filters, options: Row) -> list[Row]:
    """What all groups talk about: ``topic labels messages speakers read texts`` (distinct texts that were cut into words, of how many)."""
    chosen(options, ("total",))
    with reading(home, filters) as lake:
        found = topics.topics_of(lake, "total", places.TOTAL)
    return [] if found is None else [
        {
            "topic": number, "labels": " ".join(one.labels), "messages": one.messages, "speakers": one.speakers,
            "read": found.read.used, "texts": found.read.texts,
        }
        for number, one in enumerate(found.topics, 1)
    ]  # fmt: skip


def checked(home: Home, filters: Filters, options: Row) -> list[Row]:
    """Messages with sensitive words, of members and staff: ``key category sender_kind messages messages_before people name``."""
    by = chosen(options, get_args(places.By))
    with reading(home, filters) as lake:
        found = sensitive.checked(lake, by)  # type: ignore[arg-type]
    return [] if found is None else plain(found.rows)
