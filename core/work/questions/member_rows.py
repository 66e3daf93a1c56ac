"""All rows of one person, out of tables that lie sorted by month and by nothing of the person's.

Asked for one key, the engine decodes a file's other columns only where the key is met; asked for several at once it decodes
them all, at three to eight times the cost. So it is asked first which of the person's keys stand in which months of which table,
of the column of keys alone and of all tables at once; then for the rows, key by key, in these months.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from core import schema
from core.lake.timeline import Array, Run, Timeline
from core.metrics import moments
from core.metrics.moments import COLUMNS, EVENTS, Kind
from core.work.questions.reading import Reading

WHO = "identity_key"
ALSO = {"referrals": "referred_key"}
"""Column that names a second person of a row."""
TABLES = (
    "member_profiles", "identities", "order_lines", "touches", "offer_events", "group_membership", "group_rosters",
    "activity_participation", "feedback", "service_conversations", "referrals", "consents", "points",
)  # fmt: skip
Row = dict[str, Any]
_MESSAGES = next(kind for kind in moments.ROWS if kind.table == "group_messages")
_WALKED = ("at", "name", *COLUMNS)


def of(reading: Reading, keys: Sequence[int]) -> dict[str, list[Row]]:
    """The person's rows of ``TABLES`` in the order they came, times naive in UTC; a table is absent where there are none."""
    places = _places(reading, keys)
    return {name: _rows(reading, name, places[name]) for name in TABLES if name in places}


def walked(reading: Reading, keys: Sequence[int]) -> pd.DataFrame:
    """The person's events and own messages in groups, oldest first: ``at`` (naive UTC), ``name`` (see ``core.metrics.moments``),
    and the columns of codes of a moment. Out of the timeline where it covers the version, else by scanning; held events are left
    out."""
    parts = [_of_kind(reading, kind, keys) for kind in (EVENTS, _MESSAGES) if reading.snapshot.files(kind.table)]
    found = [part for part in parts if len(part)]
    if not found:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in (*_WALKED, "row")}).astype(
            {"at": "datetime64[us]"}
        )
    rows = pd.concat(found, ignore_index=True).sort_values(["at", "row"], kind="stable", ignore_index=True)
    return rows.assign(**{name: rows[name].astype(object).where(rows[name].notna(), None) for name in COLUMNS})


def _places(reading: Reading, keys: Sequence[int]) -> Mapping[str, list[tuple[str, int, list[str]]]]:
    """Of each table that knows the person: by which column and key, and in which months (none of a table without)."""
    branches = [
        _met(reading, name, column, keys)
        for name in TABLES
        if reading.snapshot.files(name)
        for column in (WHO, *([ALSO[name]] if name in ALSO else []))
    ]
    found: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    if branches:
        for row in reading.snapshot.arrow(moments.union(branches).distinct()).to_pylist():
            found[row["place"], row["named_by"], row["key"]].append(row["month"])
    places: dict[str, list[tuple[str, int, list[str]]]] = defaultdict(list)
    for (name, column, key), months in sorted(found.items()):
        places[name].append((column, key, sorted(month for month in months if month)))
    return places


def _met(reading: Reading, name: str, column: str, keys: Sequence[int]) -> ir.Table:
    rows = reading.snapshot.table(name)
    month = rows.month if schema.table(name).is_fact else ibis.literal("")
    kept = rows.filter(_is_one(rows[column], keys))
    return kept.select(place=ibis.literal(name), named_by=ibis.literal(column), key=kept[column], month=month)


def _is_one(column: ir.Value, keys: Sequence[int]) -> ir.BooleanValue:
    return column == keys[0] if len(keys) == 1 else column.isin(list(keys))


def _rows(reading: Reading, name: str, places: Sequence[tuple[str, int, list[str]]]) -> list[Row]:
    rows = reading.snapshot.table(name)
    parts = []
    for column, key, months in places:
        part = rows.filter(rows[column] == key)
        parts.append(part.filter(part.month.isin(months)) if months else part)
    found = reading.snapshot.arrow(moments.union(parts)).to_pylist()
    once = {(row["batch_id"], row["row_number"], row[WHO]): row for row in found}
    return [once[place] for place in sorted(once)]


# -- moments -----------------------------------------------------------------------------------------------------------


def _of_kind(reading: Reading, kind: Kind, keys: Sequence[int]) -> pd.DataFrame:
    held = reading.held if kind is EVENTS else ()
    runs, lacking = Timeline(reading.snapshot.root).cover(kind.table, reading.snapshot.files(kind.table))
    if lacking:
        rows = moments.of_rows(kind, reading.snapshot.table(kind.table), held)
        rows = rows.filter(_is_one(rows.identity_key, keys))
        return reading.snapshot.frame(rows.select("name", "row", *COLUMNS, at=rows.occurred_at))
    found = [_of_run(run, keys) for run in runs]
    frame = pd.concat(found, ignore_index=True) if found else pd.DataFrame({"name": []})
    return frame[~frame["name"].isin(held)] if held else frame


def _of_run(run: Run, keys: Sequence[int]) -> pd.DataFrame:
    segments = np.flatnonzero(np.isin(run.key, np.array(keys, np.int64)))
    parts = [np.arange(*run.offset[segment : segment + 2].tolist()) for segment in segments.tolist()]
    places = np.concatenate(parts) if parts else np.empty(0, np.int64)
    columns: dict[str, Any] = {"at": run.at[places].astype("datetime64[us]"), "row": run.row[places]}
    columns["name"] = _named(run.names, run.name[places].astype(np.int64))
    for name in COLUMNS:
        codes = run.codes(name)[places] if name in run.about.values else np.full(places.size, -1)
        columns[name] = _named(run.about.values.get(name, ()), codes)
    return pd.DataFrame(columns)


def _named(values: Sequence[str], codes: Array) -> Array:
    """What codes stand for; the code -1, of no value, is None."""
    return np.array([*values, None], dtype=object)[codes]


def newest(rows: Sequence[Row], *key: str) -> list[Row]:
    """Of rows in the order they came the last one of each key."""
    return list({tuple(row[name] for name in key): row for row in rows}.values())


def keys_of(reading: Reading, member_id: int) -> tuple[tuple[int, ...], bool]:
    """Identity keys of a member, ascending, and whether it is known; none for one that does not exist."""
    rows = reading.snapshot.member_map()
    found: pa.Table = reading.snapshot.arrow(rows.filter(rows.member_id == member_id))
    return tuple(sorted(found["identity_key"].to_pylist())), any(found["is_known"].to_pylist())
