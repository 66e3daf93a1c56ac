"""What ``ask`` prints of content and channels: rows of plain values, money in major units."""

from typing import Any, get_args

import pandas as pd
from babel.numbers import get_currency_precision

from core.errors import Unknown
from core.scope import Filters
from core.work.home import Home
from core.work.questions import channels, contents, lives, responses, untold
from core.work.questions.reading import reading

Row = dict[str, Any]
NOTED = "_before"


def read(home: Home, filters: Filters, options: Row) -> list[Row]:
    """One row per piece, topic, format, publishing hour or channel: see ``core.work.questions.contents``."""
    by = str(options.get("by") or "piece")
    if by not in get_args(contents.By):
        raise Unknown("breakdown", by, get_args(contents.By))
    with reading(home, filters) as lake:
        found = contents.contents_by(lake, by)  # type: ignore[arg-type]
        return [] if found is None else _rows(untold.without_few(found.rows, untold.CONTENTS), lake.currency)


def tired(home: Home, filters: Filters, _options: Row) -> list[Row]:
    """One row for all and one per topic: see ``core.work.questions.responses.Fatigue``."""
    with reading(home, filters) as lake:
        found = responses.fatigue(lake)
        return [] if found is None else _rows(untold.without_few(found.rows, untold.FATIGUE), lake.currency)


def watched(home: Home, filters: Filters, _options: Row) -> list[Row]:
    """One row per live session and one for all: see ``core.work.questions.lives``."""
    with reading(home, filters) as lake:
        found = lives.sessions(lake)
        return [] if found is None else _rows(untold.without_few(found.rows, untold.LIVES), lake.currency)


def side_by_side(home: Home, filters: Filters, _options: Row) -> list[Row]:
    """One row per channel and one for all: see ``core.work.questions.channels``."""
    with reading(home, filters) as lake:
        found = channels.side_by_side(lake)
        return [] if found is None else _rows(untold.without_few(found.rows, untold.CHANNELS), lake.currency)


def best_hour(home: Home, filters: Filters, _options: Row) -> list[Row]:
    """One row per channel and hour of sending: see ``core.work.questions.responses.Hours``."""
    with reading(home, filters) as lake:
        found = responses.best_hours(lake)
        return [] if found is None else _rows(untold.without_few(found.rows, untold.HOURS), lake.currency)


def shared(home: Home, filters: Filters, _options: Row) -> list[Row]:
    """One row per pair of channels: ``channel``, ``other``, ``members``; ``other`` null: members on no other channel; the same channel
    twice: all on it."""
    with reading(home, filters) as lake:
        found = channels.overlap(lake)
    if found is None:
        return []
    rows = []
    for place, channel in enumerate(found.channels):
        pairs = zip(found.channels, found.members[place], strict=True)
        rows += [{"channel": channel, "other": other, "members": count} for other, count in pairs]
        rows.append({"channel": channel, "other": None, "members": found.alone[place]})
    return rows


def _rows(frame: pd.DataFrame, currency: str) -> list[Row]:
    digits = get_currency_precision(currency)
    found = frame.copy()
    for name in [name for name in found.columns if name.removesuffix(NOTED).endswith("_minor")]:
        found[name] = (found[name].astype("Float64") / 10**digits).round(digits)
    found = found.rename(columns=lambda name: name.replace("_minor", ""))
    for name in [name for name in found.columns if pd.api.types.is_datetime64_any_dtype(found[name])]:
        found[name] = found[name].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return [{str(k): _plain(v) for k, v in row.items()} for row in found.astype(object).to_dict("records")]


def _plain(value: Any) -> Any:
    if value is None or pd.isna(value):
        return None
    return round(value, 6) if isinstance(value, float) else value
