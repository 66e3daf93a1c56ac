"""Moments of members as ordered streams for kernels: out of the timeline where it covers the version, else by scanning.

Both ways give the same events in the same order; which one was taken shows in nothing but the time.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from operator import and_, or_
from typing import Literal, TypeVar

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from core.errors import InvalidFunnel
from core.lake.timeline import Run, Timeline
from core.metrics import moments as definitions
from core.metrics.moments import AMOUNT, COLUMNS, Kind
from core.periods import midnight
from core.sequences import gather, shares
from core.sequences.arrays import BARRED, Array, Int64s
from core.sequences.gather import EVER, Bounds, Source
from core.sequences.stream import MISSING, Batch, Stream, ordered
from core.sequences.subjects import NOBODY
from core.work.questions import population
from core.work.questions.population import Population
from core.work.questions.reading import Reading

Op = Literal["is", "is_not", "contains", "is_set", "is_not_set", "more_than", "less_than"]
OPS: tuple[Op, ...] = ("is", "is_not", "contains", "is_set", "is_not_set", "more_than", "less_than")
ORDERS = "order_lines"
_NO_SCALAR = ('"', "[", "{", "n")
"""How JSON begins what is no number and no yes or no."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Condition:
    """What a property of the moment must be. ``name``: a column of ``COLUMNS``, ``amount`` (of orders, major units), or a
    property's name. ``values``: any of them, for ``is``, ``is_not`` and ``contains``; one number for ``more_than`` and
    ``less_than`` (neither includes the number itself); none for ``is_set`` and ``is_not_set``. A null is not "is" anything
    and is "is_not" everything."""

    name: str
    op: Op
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fit:
    """What gets some bits, its own: moments of any of the names that meet all conditions."""

    bits: int
    names: frozenset[str]
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a kernel wants to see. ``fits``: bits of ``Stream.steps``, added up; a moment without any is left out.
    ``label``: what ``Stream.entry_code`` holds: a column or property, ``name`` for the moment's name, None for nothing.
    ``with_rows``: ties must be broken by row, which a kernel needs that tells events of equal time apart.
    ``nodes``: what some labels are called instead, several perhaps alike; an empty name hides (code ``MISSING``).
    ``bounds``: see ``gather.Bounds``. The reading's channels bar a moment from being an entry. ``without_session``: only
    moments whose source tells no session."""

    fits: tuple[Fit, ...]
    bounds: Bounds = EVER
    label: str | None = None
    with_rows: bool = False
    with_amounts: bool = False
    nodes: tuple[tuple[str, str], ...] = ()
    without_session: bool = False
    by_session: bool = False

    @property
    def names(self) -> frozenset[str]:
        return frozenset().union(*[fit.names for fit in self.fits])


Work = Callable[[Stream, Int64s, int | None], T]
"""Called with a stream, the amount of each of its events (empty unless wanted) and the number of threads to use."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Moments ready to be walked. ``ids``: member id by subject code. ``labels``: what the entry codes stand for."""

    ids: Int64s
    labels: tuple[str, ...]
    _streams: "_Scan | _Runs"

    def walk(self, work: Work[T]) -> list[T]:
        """Give the members' moments to ``work``, in parts of disjoint members; return what it made of each, of at least one
        part, that may be empty."""
        return self._streams.walk(work) or [work(*_nothing(), 1)]

    def of_member(self, member_id: int) -> Stream:
        """The moments of one member; an empty stream for one who has none, or is outside scope and filters."""
        code = int(np.searchsorted(self.ids, member_id))
        is_known = code < len(self.ids) and self.ids[code] == member_id
        return self._streams.of_subject(code) if is_known else _nothing()[0]


def prepared(reading: Reading, wanted: Wanted) -> Prepared:
    """Find the members' moments, out of the timeline where it covers the reading's version."""
    people = population.of(reading.snapshot)
    may = _allowed(reading, people)
    labels = _Labels(wanted.nodes)
    sources = None if wanted.without_session else _sources(reading, wanted, people, may, labels)
    streams: _Scan | _Runs
    if sources is None:
        streams = _Scan(*_scanned(reading, wanted, people, may, labels))
    else:
        streams = _Runs(sources, len(people.ids), wanted)
    return Prepared(people.ids, labels.names, streams)


def by_session(reading: Reading, wanted: Wanted) -> tuple[Stream, Int64s, tuple[str, ...]]:
    """Moments of the source's own sessions: a subject per session, the member id of each (0 where nobody is known), and what
    the entry codes stand for. Within a scope, only sessions of its members."""
    people = population.of(reading.snapshot)
    may = _allowed(reading, people)
    labels = _Labels(wanted.nodes)
    rows = _read(reading, replace(wanted, by_session=True))
    encoded = pc.dictionary_encode(rows["session"].combine_chunks())
    member = people.subjects.codes(rows["identity_key"].combine_chunks().fill_null(0).to_numpy(zero_copy_only=False))
    session = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    owner = np.full(len(encoded.dictionary), NOBODY, np.int64)
    np.maximum.at(owner, session, member)
    if may is not None:
        session = np.where(np.append(may, False)[owner[session]], session, NOBODY).astype(np.int32)
    codes = None
    if wanted.label:
        rows, codes = _coded(rows, labels)
    row = rows["row"].to_numpy() if wanted.with_rows else None
    batch = Batch(session, rows["at"].to_numpy(), rows["steps"].to_numpy(), codes, row)
    return ordered([batch]), np.append(people.ids, 0)[owner], labels.names


def is_covered(reading: Reading) -> bool:
    """Whether questions at this version are answered out of the timeline."""
    timeline = Timeline(reading.snapshot.root)
    tables = [kind.table for kind in definitions.ROWS] + [ORDERS]
    return not any(timeline.cover(table, reading.snapshot.files(table))[1] for table in tables)


def names(reading: Reading) -> list[str]:
    """Names that moments have here, in alphabetical order; of events only visible ones."""
    files = reading.snapshot.files("events")
    runs, lacking = Timeline(reading.snapshot.root).cover("events", files)
    if lacking:
        events = reading.snapshot.table("events")
        found = set(reading.snapshot.arrow(events.select("name").distinct())["name"].to_pylist())
    else:
        found = {name for run in runs for name in run.names}
    virtual = definitions.virtual_names(lambda table: bool(reading.snapshot.files(table)))
    return sorted((found - set(reading.held)) | set(virtual))


def has_sessions(reading: Reading) -> bool:
    """Whether any event carries a session of its source."""
    events = reading.snapshot.table("events")
    return bool(reading.snapshot.value(events.filter(events.session_id.notnull()).limit(1).count()))


def instant(on: date, zone: str) -> int:
    """Microseconds since 1970 at which a business day starts."""
    return (midnight(on, zone) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Scan:
    """One stream of everybody."""

    stream: Stream
    amounts: Int64s

    def walk(self, work: Work[T]) -> list[T]:
        return [work(self.stream, self.amounts, None)]

    def of_subject(self, code: int) -> Stream:
        at = int(np.searchsorted(self.stream.subject, code))
        if at == len(self.stream.subject) or self.stream.subject[at] != code:
            return _nothing()[0]
        low, high = self.stream.offset[at : at + 2].tolist()
        codes = self.stream.entry_code[low:high] if self.stream.entry_code.size else self.stream.entry_code
        subject, offset = self.stream.subject[at : at + 1], np.array([0, high - low])
        return Stream(subject, offset, self.stream.at[low:high], self.stream.steps[low:high], codes)


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """Streams out of runs, a chunk of subjects at a time."""

    sources: list[Source]
    subjects: int
    wanted: Wanted

    def walk(self, work: Work[T]) -> list[T]:
        if not self.sources:
            return []

        def do(part: tuple[int, int]) -> T:
            return work(*self._stream(*part), 1)

        parts = gather.chunks(self.sources, self.subjects)
        threads = min(len(parts), shares.threads_for(len(parts) * gather.CHUNK))
        if threads < 2:
            return [do(part) for part in parts]
        with ThreadPoolExecutor(threads, thread_name_prefix="sequence") as pool:
            return list(pool.map(do, parts))

    def of_subject(self, code: int) -> Stream:
        return self._stream(code, code + 1)[0]

    def _stream(self, low: int, high: int) -> tuple[Stream, Int64s]:
        wanted = self.wanted
        return gather.stream(self.sources, low, high, wanted.bounds, with_values=wanted.with_amounts)


class _Labels:
    """Codes of labels, the same for every run, in the order of their names, so that ties are broken alike however a lake is read.
    ``nodes``: name by value for those called otherwise; empty = hidden."""

    def __init__(self, nodes: Sequence[tuple[str, str]]) -> None:
        self._nodes = dict(nodes)
        self._codes: dict[str, int] = {}

    def know(self, values: Iterable[str]) -> None:
        """All values that will be asked for."""
        for name in sorted({self._nodes.get(value, value) for value in values} - {""}):
            self._codes.setdefault(name, len(self._codes))

    def of(self, values: Sequence[str]) -> Array:
        """Code of each value, after one for "no value"."""
        return np.array([MISSING, *map(self._code, values)], np.int32)

    def _code(self, value: str) -> int:
        name = self._nodes.get(value, value)
        return self._codes[name] if name else MISSING

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._codes)


def _nothing() -> tuple[Stream, Int64s]:
    return ordered([]), np.empty(0, np.int64)


def _allowed(reading: Reading, people: Population) -> Array | None:
    """Whether each member code is within scope and filters; None when all are."""
    if reading.allowed is None:
        return None
    return np.isin(people.ids, reading.snapshot.stream(reading.allowed.select("member_id"))["member_id"])


# Out of the timeline


def _sources(
    reading: Reading, wanted: Wanted, people: Population, may: Array | None, labels: _Labels
) -> list[Source] | None:
    """The runs, as the kernel reads them; None when the version is not covered or properties are asked for."""
    asked = {condition.name for fit in wanted.fits for condition in fit.conditions}
    if not asked <= {*COLUMNS, AMOUNT} or wanted.label not in (None, "name", *COLUMNS):
        return None
    timeline = Timeline(reading.snapshot.root)
    kinds = [kind.table for kind in definitions.ROWS if any(kind.can_name(name) for name in wanted.names)]
    runs: list[Run] = []
    for table in [*kinds, *([ORDERS] if definitions.ORDER_PLACED in wanted.names else [])]:
        found, lacking = timeline.cover(table, reading.snapshot.files(table))
        if lacking:
            return None
        runs += found
    met = [run for run in runs if _meets(run, wanted)]
    labels.know(value for run in met for value in _values(run, wanted.label))
    return [_source(reading, wanted, run, people, may, labels) for run in met]


def _meets(run: Run, wanted: Wanted) -> bool:
    inside = run.about.first_at < wanted.bounds.until and run.about.last_at >= wanted.bounds.since
    return inside and bool(run.about.moments) and not wanted.names.isdisjoint(run.names)


def _source(
    reading: Reading, wanted: Wanted, run: Run, people: Population, may: Array | None, labels: _Labels
) -> Source:
    seats = people.seats(run)
    if may is not None:
        seats = seats.of(may)
    held = reading.held if run.about.table == "events" else ()
    name, bits = _bits(run, wanted, reading.filters.channels, held)
    code, label = _labelled(run, wanted.label, labels)
    amounts = run.amounts() if wanted.with_amounts and run.has_amounts else ()
    return Source.of(
        segment=seats.segment, subject=seats.subject, before=seats.before, offset=run.offset, at=run.at, name=name, bits=bits,
        row=run.row if wanted.with_rows else (), code=code, label=label, value=amounts,
    )  # fmt: skip


def _bits(run: Run, wanted: Wanted, channels: Sequence[str], held: Sequence[str]) -> tuple[Array, Array]:
    """Codes and, by code, bits: by the moment's name while that decides alone, else one code per set of bits."""
    plain = np.zeros(len(run.names), np.uint16)
    for fit in wanted.fits:
        if not fit.conditions:
            plain |= np.array([fit.bits if n in fit.names and n not in held else 0 for n in run.names], np.uint16)
    tested = [fit for fit in wanted.fits if fit.conditions and not fit.names.isdisjoint(run.names)]
    if not tested and not channels:
        return run.name, plain
    bits = plain[run.name]
    for fit in tested:
        fits = np.array([n in fit.names and n not in held for n in run.names])[run.name]
        for condition in fit.conditions:
            fits &= _met(run, condition)
        bits |= np.where(fits, np.uint16(fit.bits), np.uint16(0))
    if channels:
        elsewhere = ~_met(run, Condition("channel", "is", tuple(channels)))
        bits = np.where(elsewhere & (bits & 1 > 0), bits | BARRED, bits)
    return bits, np.arange(2**16, dtype=np.uint16)


def _met(run: Run, condition: Condition) -> Array:
    """Per moment, whether it meets the condition."""
    if condition.name == AMOUNT:
        if not run.has_amounts:
            return np.full(run.about.moments, condition.op in ("is_not", "is_not_set"))
        return _compared(run.amounts() / 100.0, condition)
    if condition.name not in run.about.values:
        return np.full(run.about.moments, condition.op in ("is_not", "is_not_set"))
    by_code = np.array([_holds(value, condition) for value in (None, *run.about.values[condition.name])])
    return by_code[run.codes(condition.name) + 1]


def _compared(amounts: Array, condition: Condition) -> Array:
    if condition.op in ("is_set", "is_not_set"):
        return np.full(amounts.size, condition.op == "is_set")
    numbers = [_number(condition, value) for value in condition.values]
    if condition.op == "more_than":
        return amounts > numbers[0]
    if condition.op == "less_than":
        return amounts < numbers[0]
    same = np.isin(amounts, numbers)
    return ~same if condition.op == "is_not" else same


def _holds(value: str | None, condition: Condition) -> bool:
    if value is None or condition.op in ("is_set", "is_not_set"):
        return (value is None) == (condition.op == "is_not_set") if condition.op != "is_not" else value is None
    if condition.op == "is":
        return value in condition.values
    if condition.op == "is_not":
        return value not in condition.values
    if condition.op == "contains":
        return any(part in value for part in condition.values)
    number = _as_number(value)
    wanted = _number(condition, condition.values[0])
    return number is not None and (number > wanted if condition.op == "more_than" else number < wanted)


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _number(condition: Condition, text: str) -> float:
    number = _as_number(text)
    if number is None:
        raise InvalidFunnel(f"{condition.name} is compared with {text!r}, which is no number.", problem="number")
    return number


def _labelled(run: Run, label: str | None, labels: _Labels) -> tuple[ArrayLike, ArrayLike]:
    if label is None:
        return (), ()
    coded = labels.of(_values(run, label))
    if label == "name":
        return run.name.astype(np.int32), coded
    return (run.codes(label), coded) if label in run.about.values else ((), coded)


def _values(run: Run, label: str | None) -> Sequence[str]:
    """What a label may be in the run."""
    if label == "name":
        return run.names
    return run.about.values.get(label, ()) if label else ()


# By scanning


def _scanned(
    reading: Reading, wanted: Wanted, people: Population, may: Array | None, labels: _Labels
) -> tuple[Stream, Int64s]:
    rows = _read(reading, wanted)
    amounts, codes = np.empty(0, np.int64), np.empty(0, np.int32)
    if wanted.label:
        rows, codes = _coded(rows, labels)
    if wanted.with_amounts:
        amounts = rows["amount"].to_numpy()
        rows = rows.drop_columns(["amount"]).append_column("entry_code", pa.array(np.arange(len(rows)), pa.int32()))
    elif wanted.label:
        rows = rows.append_column("entry_code", pa.array(codes))
    stream = ordered(_only(Batch.of_arrow(record, people.subjects), may) for record in rows.to_batches())
    if not wanted.with_amounts:
        return stream, amounts
    place = stream.entry_code
    code = codes[place] if wanted.label else np.empty(0, np.int32)
    return Stream(stream.subject, stream.offset, stream.at, stream.steps, code), amounts[place]


def _read(reading: Reading, wanted: Wanted) -> pa.Table:
    """Rows of the wanted moments, unordered."""
    tables = [_selected(reading, kind, wanted) for kind in definitions.ROWS if _is_wanted(reading, kind, wanted)]
    if definitions.ORDER_PLACED in wanted.names and reading.snapshot.files(ORDERS) and not wanted.by_session:
        orders = definitions.of_orders(reading.snapshot.table(ORDERS))
        tables.append(_stepped(reading, orders, wanted))
    if not tables:
        events = definitions.of_rows(definitions.EVENTS, reading.snapshot.table("events"))
        tables = [_stepped(reading, events, wanted)]
    return _clocked(reading.snapshot.arrow(definitions.union(tables)))


def _is_wanted(reading: Reading, kind: Kind, wanted: Wanted) -> bool:
    return bool(reading.snapshot.files(kind.table)) and any(kind.can_name(name) for name in wanted.names)


def _selected(reading: Reading, kind: Kind, wanted: Wanted) -> ir.Table:
    return _stepped(reading, definitions.of_rows(kind, reading.snapshot.table(kind.table), reading.held), wanted)


def _stepped(reading: Reading, rows: ir.Table, wanted: Wanted) -> ir.Table:
    """Columns ``identity_key at steps`` and what else the kernel needs. Unordered."""
    bits = _bits_of(rows, wanted)
    may_enter = _in_bounds(rows, wanted.bounds.enter_since, wanted.bounds.enter_until)
    channels = reading.filters.channels
    if channels:
        elsewhere = rows.channel.isin(channels).fill_null(False)
        may_enter = elsewhere if may_enter is None else may_enter & elsewhere
    if may_enter is not None:
        is_barred = ~may_enter & (bits % 2 == 1)
        bits = ibis.ifelse(is_barred, bits + int(BARRED), bits)
    columns: dict[str, ir.Value] = {
        "identity_key": rows.identity_key, "at": rows.occurred_at, "steps": bits.cast("uint16"),
    }  # fmt: skip
    if _has_sequences(reading):
        columns["sequence"] = rows.sequence.fill_null(0)
    if wanted.label:
        columns["label"] = rows.name if wanted.label == "name" else property_of(rows, wanted.label)
    if wanted.with_rows:
        columns["row"] = rows.row
    if wanted.with_amounts:
        columns["amount"] = rows.amount_minor.fill_null(0)
    if wanted.by_session:
        columns["session"] = rows.session
        rows = rows.filter(rows.session.notnull())
    if wanted.without_session:
        rows = rows.filter(rows.session.isnull())
    inside = _in_bounds(rows, wanted.bounds.since, wanted.bounds.until)
    rows = rows if inside is None else rows.filter(inside)
    return rows.select(**columns).filter(lambda t: t.steps > 0)


def _bits_of(rows: ir.Table, wanted: Wanted) -> ir.Value:
    """By name alone where that decides: the engine then evaluates it once per distinct name and never builds the text."""
    masks: dict[str, int] = {}
    for fit in wanted.fits:
        if not fit.conditions:
            for name in fit.names:
                masks[name] = masks.get(name, 0) | fit.bits
    bits: ir.Value = ibis.literal(0)
    if masks:
        bits = ibis.cases(*[(rows.name == name, mask) for name, mask in masks.items()], else_=0)
    for fit in wanted.fits:
        if fit.conditions:
            tests = [rows.name.isin(sorted(fit.names)), *[_test(rows, condition) for condition in fit.conditions]]
            bits = bits + ibis.ifelse(reduce(and_, tests), fit.bits, 0)
    return bits


def _test(rows: ir.Table, condition: Condition) -> ir.Value:
    value = property_of(rows, condition.name)
    if condition.op in ("is_set", "is_not_set"):
        return value.notnull() if condition.op == "is_set" else value.isnull()
    if condition.op in ("more_than", "less_than") or condition.name == AMOUNT:
        number = value if condition.name == AMOUNT else value.try_cast("float64")
        wanted = [_number(condition, text) for text in condition.values]
        if condition.op in ("more_than", "less_than"):
            return (number > wanted[0] if condition.op == "more_than" else number < wanted[0]).fill_null(False)
        same = number.isin(wanted).fill_null(False)
    elif condition.op == "contains":
        return reduce(or_, [value.contains(part) for part in condition.values]).fill_null(False)
    else:
        same = value.isin(condition.values).fill_null(False)
    return ~same if condition.op == "is_not" else same


def property_of(rows: ir.Table, name: str) -> ir.Value:
    """A column of a moment, or a property of that name as text, numbers and yes or no as JSON writes them (null where it is a list or an
    object); ``amount`` in major units."""
    if name == AMOUNT:
        return rows.amount_minor / 100.0
    if name in COLUMNS:
        return rows[name]
    value = rows.properties.cast("json")[name]
    written = value.cast("string")
    return ibis.coalesce(value.unwrap_as("string"), ibis.ifelse(written.left(1).isin(_NO_SCALAR), None, written))


def _in_bounds(rows: ir.Table, since: int, until: int) -> ir.Value | None:
    tests = []
    if since > -gather.EVERY:
        tests.append(rows.occurred_at >= _instant(since))
    if until < gather.EVERY:
        tests.append(rows.occurred_at < _instant(until))
    return reduce(and_, tests) if tests else None


def _instant(microseconds: int) -> ir.Value:
    return ibis.timestamp(datetime(1970, 1, 1) + timedelta(microseconds=microseconds))


def _has_sequences(reading: Reading) -> bool:
    events = reading.snapshot.table("events")
    return bool(reading.snapshot.value(events.filter(events.sequence.notnull()).limit(1).count()))


def _clocked(rows: pa.Table) -> pa.Table:
    """Where a source has no clock, its order within the session stands in the microseconds, as it does in the timeline."""
    at = rows["at"].cast(pa.int64())
    if "sequence" in rows.column_names:
        at = pc.add(at, rows["sequence"])
        rows = rows.drop_columns(["sequence"])
    return rows.set_column(rows.schema.get_field_index("at"), "at", at)


def _coded(rows: pa.Table, labels: _Labels) -> tuple[pa.Table, Array]:
    encoded = rows["label"].combine_chunks().dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    values = encoded.dictionary.to_pylist()
    labels.know(values)
    codes = labels.of(values)[encoded.indices.fill_null(-1).to_numpy() + 1]
    return rows.drop_columns(["label"]), codes


def _only(batch: Batch, may: Array | None) -> Batch:
    if may is None:
        return batch
    inside = (batch.subject >= 0) & may[batch.subject]
    return replace(batch, subject=np.where(inside, batch.subject, NOBODY).astype(np.int32))
