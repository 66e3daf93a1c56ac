"""What profiles say of members, for definitions of segments.

Several profiles of one member: of ``unit`` and ``staff`` any that one of them says (units include those below); ``joined_on`` is
the earliest, ``acquisition_channel`` that of the earliest joining (as on the Channels page, of one moment the first by name);
``is_friend`` and ``is_test`` hold where any says so; of all else the newest that is told counts. ``is_in_group`` is what groups say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.lake.reader import Snapshot
from core.lake.writer import local_date
from core.segments import language
from core.segments.language import Profile
from core.sequences.arrays import Array
from core.sequences.gather import EVERY
from core.work import rollups
from core.work.questions import population
from core.work.questions import units as known_units
from core.work.questions.kept import per_version
from core.work.questions.population import Flags, marked
from core.work.questions.reading import Reading

_COLUMNS = {"unit": "unit_id", "staff": "staff_id"}
_SEVERAL = ("unit", "staff")
_SINCE = {"age": "birth_year", "days_since_joined": "joined_on"}
"""What is counted up to the newest day, and from where: years by the calendar, days."""


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """What is told: a row per profile that tells it, oldest first. ``who``: member code. ``value``: a number, or the place in ``names``."""

    who: Array
    value: Array
    names: tuple[str, ...] = ()

    def single(self, members: int) -> tuple[Array, Array]:
        """Of each member the last: whether there is one, and its value."""
        value = np.zeros(members, self.value.dtype)
        value[self.who] = self.value
        return marked(self.who, members), value

    def places(self, values: Iterable[str]) -> list[int]:
        wanted = set(values)
        return [place for place, name in enumerate(self.names) if name in wanted]


def fitting(reading: Reading, leaf: Profile) -> Flags:
    """Who fits what is asked of the profile, by member code."""
    members = len(population.of(reading.snapshot).ids)
    if leaf.field in _SINCE:
        told, value = _told(reading, _SINCE[leaf.field]).single(members)
        newest = reading.as_of_on or date.min
        passed = (newest.year if leaf.field == "age" else _days_of(newest)) - value
        return told if leaf.op == "is_set" else ~told if leaf.op == "is_not_set" else told & _ranged(passed, leaf)
    column = _grouped(reading) if leaf.field == "is_in_group" else _told(reading, leaf.field)
    if leaf.op in language.WITHOUT_VALUES:
        told = marked(column.who, members)
        return told if leaf.op == "is_set" else ~told
    if leaf.field in _SEVERAL:
        asked = [str(value) for value in leaf.values]
        named = known_units.within(reading.snapshot, asked) if leaf.field == "unit" else asked
        inside = marked(column.who[np.isin(column.value, column.places(named))], members)
        return inside if leaf.op == "is" else marked(column.who, members) & ~inside
    told, value = column.single(members)
    if leaf.field in language.TEXT_FIELDS:
        fits = np.isin(value, column.places(str(wanted) for wanted in leaf.values))
    elif leaf.field in language.FLAG_FIELDS:
        fits = np.isin(value, [int(bool(wanted)) for wanted in leaf.values])
    else:
        return told & _ranged(value, leaf)
    return told & (~fits if leaf.op == "is_not" else fits)


def in_any_group(snapshot: Snapshot, zone: str) -> Flags:
    """Who is in a group by the newest that is known of it, by member code."""
    ids = population.of(snapshot).ids
    states = rollups.rows(snapshot, zone, "states")
    if states is None:
        return np.zeros(len(ids), bool)
    inside = states.filter(states.is_in & states.next_on.isnull()).select("member_id").distinct()
    return np.isin(ids, snapshot.stream(inside)["member_id"])


def _grouped(reading: Reading) -> _Column:
    inside = in_any_group(reading.snapshot, reading.zone)
    return _Column(np.arange(len(inside)), inside.astype(np.int64))


def single(reading: Reading, field: str) -> tuple[Flags, Array, tuple[str, ...]]:
    """Of each member code whether the profile tells a field, and the value that counts: a number, a day since 1970, or the place of the text among the names, which come last."""
    column = _told(reading, field)
    return *column.single(len(population.of(reading.snapshot).ids)), column.names


def _ranged(values: Array, leaf: Profile) -> Flags:
    numbers = [_days_of(value) if isinstance(value, date) else int(value) for value in leaf.values]
    if leaf.op == "at_least":
        return values >= numbers[0]
    return values <= numbers[-1] if leaf.op == "at_most" else (values >= numbers[0]) & (values <= numbers[1])


def _days_of(on: date) -> int:
    return (on - date(1970, 1, 1)).days


def _told(reading: Reading, field: str) -> _Column:
    return _columns(reading.snapshot, _COLUMNS.get(field, field), reading.zone)


@per_version("member_profiles", "identity_map", most=24)
def _columns(snapshot: Snapshot, column: str, zone: str) -> _Column:
    if not snapshot.files("member_profiles"):
        return _Column(np.empty(0, np.int32), np.empty(0, np.int32))
    profiles = snapshot.current("member_profiles")
    value = local_date(profiles.joined_at, zone) if column == "joined_on" else profiles[column]
    rows = profiles.select("identity_key", "batch_id", "row_number", "joined_at", value=value)
    if column != "acquisition_channel":
        rows = rows.filter(rows.value.notnull())
    found = snapshot.arrow(rows)
    who = population.of(snapshot).subjects.codes(found["identity_key"].to_numpy())
    values, names = _coded(found["value"])
    order = _oldest_first(found, column, values, names)
    order = order[who[order] >= 0]
    if column != "acquisition_channel":
        return _Column(who[order], values[order], names)
    told, last = _Column(who[order], values[order]).single(int(who.max(initial=-1)) + 1)
    kept = np.flatnonzero(told & (last >= 0)).astype(np.int32)
    return _Column(kept, last[kept], names)


def _coded(column: pa.ChunkedArray) -> tuple[Array, tuple[str, ...]]:
    """Numbers, or places in names in the order of the alphabet; -1 where nothing is told."""
    if pa.types.is_date(column.type):
        column = column.cast(pa.int32())
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return column.cast(pa.int64()).fill_null(-1).to_numpy(), ()
    encoded = pc.dictionary_encode(column.combine_chunks())
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    names = encoded.dictionary.to_pylist()
    sorted_names = tuple(sorted(names))
    place = {name: number for number, name in enumerate(sorted_names)}
    codes = np.array([*(place[name] for name in names), -1], np.int64)
    return codes[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)], sorted_names


def _oldest_first(rows: pa.Table, column: str, values: Array, names: Sequence[str]) -> Array:
    """Places of the rows so that of each member the one that counts stands last."""
    if column in language.FLAG_FIELDS:
        return np.argsort(values, kind="stable")
    if column == "joined_on":
        return np.argsort(-values, kind="stable")
    if column == "acquisition_channel":
        joined = rows["joined_at"].cast(pa.int64()).fill_null(EVERY).to_numpy()
        return np.lexsort((np.where(values < 0, values, len(names) - values), -joined))
    return np.lexsort((rows["row_number"].to_numpy(), rows["batch_id"].to_numpy()))
