"""Keeping figures that no data tells: typed one by one, read from a file, or kept by the worker. Corrections are further revisions."""

import csv
import io
import math
import re
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Literal, get_args

from core.errors import Refusal, Unknown
from core.periods import EARLIEST
from core.scope import SYSTEM, Operator
from core.sources import encodings, text
from core.store import audit, choices, register
from core.store.register import RegisterChanged
from core.store.session import Session, Store
from core.work.home import Home
from core.work.questions import readings as questions
from core.work.questions.reading import reading
from core.work.questions.readings import CHURN_MASS, KEPT, Kind, Told, Unit, lines, of_row, require_house
from core.work.questions.today import today_of

LONGEST_NAME, LONGEST_NOTE = 60, 500
MOST_KINDS = 30
MOST_BYTES, MOST_LINES = 1 << 20, 20_000
MOST = 1e12
DAY = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]0?0:00(?::00)?)?|(\d{4})(\d\d)(\d\d)"
)
NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?(%?)")
Reason = Literal["cells", "date", "early", "future", "number", "range", "text", "repeated"]


class InvalidReading(Refusal):
    """A reading or a kind cannot be like this: ``reason`` is one of ``Reason``, or ``name``, ``taken``, ``unit``, ``kinds``, ``archived``, ``gone``, ``file``, ``bytes`` or ``lines``; ``most``,
    ``low``, ``high``: limits."""

    code = "reading.invalid"


# -- one by one --------------------------------------------------------------------------------------------------------


def put(
    home: Home, log: Store, operator: Operator, kind: str, day_on: date, value: float, *, note: str = "", key: str = "", revision: int = 0, now: datetime,
) -> Told:  # fmt: skip
    """Say a figure of a day, or correct it (``revision``: the one that the asker has seen, 0 where nothing is said of it). Of a change of policy ``value`` is its
    impact, ``note`` what it is, and ``key`` tells which one is corrected. ``log``: the store that keeps the audit log.

    Raises ``Forbidden``, ``Unknown``, ``InvalidReading``, and ``RegisterChanged`` where somebody said or changed it meanwhile."""
    require_house(operator, "risk.write")
    with audit.told(home.store, log) as (session, logged):
        register.hold_readings(session)
        known = _of_kind(session, kind)
        values = _values(known, day_on, value, note, today_of(home, now))
        name = key if key and not known.is_of_days else _key(known, day_on, values["note"])
        if key and not known.is_of_days and register.reading(session, kind, key) is None:
            raise Unknown("reading", key)
        row = register.write_reading(
            session, kind, name, values | {"source": "hand"}, after=revision, by=operator.name, now=now
        )
        return _told(home, logged, operator, "reading.put", of_row(row), now)


def remove(home: Home, log: Store, operator: Operator, kind: str, key: str, *, revision: int, now: datetime) -> Told:
    """A reading does not stand any more; its revisions stay. Raises ``Forbidden``, ``Unknown``, ``InvalidReading`` where it is gone already, ``RegisterChanged``."""
    require_house(operator, "risk.write")
    with audit.told(home.store, log) as (session, logged):
        register.hold_readings(session)
        found = register.reading(session, kind, key)
        if found is None:
            raise Unknown("reading", key)
        if found.is_removed and found.revision == revision:
            raise InvalidReading("This reading was removed before.", reason="gone")
        values = {"day_on": found.day_on, "value": found.value, "note": found.note, "is_removed": True}
        row = register.write_reading(
            session, kind, key, values | {"source": "hand"}, after=revision, by=operator.name, now=now
        )
        return _told(home, logged, operator, "reading.removed", of_row(row), now)


def _told(home: Home, logged: Session, operator: Operator, action: str, done: Told, now: datetime) -> Told:
    details = {"day_on": done.day_on.isoformat(), "value": done.value, "revision": done.revision, "world": home.world}
    audit.append(logged, operator, action, f"reading:{done.kind}:{done.key}", details, now=now)
    return done


def _of_kind(session: Session, key: str) -> Kind:
    found = questions.of_kind(session, key)
    if found.is_archived:
        raise InvalidReading("This kind of reading is archived.", reason="archived")
    return found


def _values(kind: Kind, day_on: date, value: float, note: str, today: date) -> dict[str, Any]:
    """Columns of a reading. Raises ``InvalidReading`` with one of ``Reason``."""
    words = " ".join(note.split())
    low, high = kind.low if kind.low is not None else -MOST, kind.high if kind.high is not None else MOST
    if day_on < EARLIEST:
        raise InvalidReading(f"No day before {EARLIEST} has readings.", reason="early")
    if day_on > today:
        raise InvalidReading("A day that is not there yet has no readings.", reason="future")
    if not math.isfinite(value):
        raise InvalidReading("A reading is a number.", reason="number")
    if not low <= value <= high or (not kind.is_of_days and value != int(value)):
        raise InvalidReading(f"A reading lies from {low:g} to {high:g}.", reason="range", low=low, high=high)
    if len(words) > LONGEST_NOTE or not words.isprintable() or (not kind.is_of_days and not words):
        raise InvalidReading(f"Words of a reading have 1 to {LONGEST_NOTE} letters.", reason="text", most=LONGEST_NOTE)
    return {"day_on": day_on, "value": float(value), "note": words}


def _key(kind: Kind, day_on: date, note: str) -> str:
    """The day; of a change of policy a code of day and words, so that the same one told twice is one."""
    return day_on.isoformat() if kind.is_of_days else sha256(f"{day_on} {note.casefold()}".encode()).hexdigest()[:16]


# -- kinds of the house ------------------------------------------------------------------------------------------------


def add_kind(home: Home, log: Store, operator: Operator, name: str, unit: Unit, *, now: datetime) -> Kind:
    """A kind of readings that the house names itself. Raises ``Forbidden``, ``InvalidReading``, also for a name that another kind of the house has."""
    fresh = Kind(f"own.{secrets.token_hex(4)}", _unit(unit), name=_named(name))
    _keep_kind(home, log, operator, "reading.kind_added", fresh, now)
    return questions.own([fresh.to_json()])[0]


def change_kind(
    home: Home, log: Store, operator: Operator, key: str, *, name: str, is_archived: bool = False, now: datetime
) -> Kind:
    """A kind of the house is called so from now on, or is archived: it is neither asked for nor watched, and its readings stay. Raises as ``add_kind``, and ``Unknown``."""
    require_house(operator, "risk.write")
    with home.store.reading() as session:
        was = questions.of_kind(session, key)
    if not was.is_own:
        raise Unknown("reading", key)
    fresh = replace(was, name=_named(name), is_archived=is_archived)
    _keep_kind(home, log, operator, "reading.kind_changed", fresh, now)
    return fresh


def _keep_kind(home: Home, log: Store, operator: Operator, action: str, fresh: Kind, now: datetime) -> None:
    require_house(operator, "risk.write")
    with audit.told(home.store, log) as (session, logged):
        every = {one.key: one for one in questions.own(choices.held(session, KEPT, by=operator.name, now=now))}
        names = {(one.name or "").casefold() for one in every.values() if one.key != fresh.key and not one.is_archived}
        if not fresh.is_archived and (fresh.name or "").casefold() in names:
            raise InvalidReading(f"There is a kind {fresh.name!r} already.", reason="taken", name=fresh.name)
        every[fresh.key] = fresh
        if len(every) > MOST_KINDS:
            raise InvalidReading(f"A house has at most {MOST_KINDS} kinds of its own.", reason="kinds", most=MOST_KINDS)
        choices.write(session, KEPT, [one.to_json() for one in every.values()], by=operator.name, now=now)
        register.hold_readings(session)
        audit.append(logged, operator, action, f"reading:{fresh.key}", fresh.to_json() | {"world": home.world}, now=now)


def _unit(unit: str) -> Unit:
    for known in get_args(Unit):
        if unit == known:
            return known  # type: ignore[no-any-return]
    raise InvalidReading(f"A unit is one of {get_args(Unit)}.", reason="unit")


def _named(name: str) -> str:
    written = " ".join(name.split())
    if not 1 <= len(written) <= LONGEST_NAME or not written.isprintable():
        raise InvalidReading(f"A name has 1 to {LONGEST_NAME} letters.", reason="name", most=LONGEST_NAME)
    return written


# -- from a file -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bad:
    """A line of a file that was not taken. ``line``: its number, from 1. ``text``: as it stands there."""

    line: int
    text: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Imported:
    """Every line that says anything, but for a header, is one of these. ``corrected``: days that had another figure; ``unchanged``: that had this one."""

    added: int
    corrected: int
    unchanged: int
    bad: tuple[Bad, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    key: str
    values: dict[str, Any]


def import_csv(home: Home, log: Store, operator: Operator, kind: str, content: bytes, *, now: datetime) -> Imported:
    """Readings from a file of ``date,value`` and, where there are any, words (of a change of policy always), with or without a header, in any encoding and with any separator
    that imports know. What can be read is kept in one go, also where other lines cannot; the same file again changes nothing. A figure that differs from one that stands
    corrects it. Raises ``Forbidden``, ``Unknown``, ``InvalidReading`` of a file as a whole."""
    require_house(operator, "risk.write")
    if len(content) > MOST_BYTES:
        raise InvalidReading("The file is too large.", reason="bytes", most=MOST_BYTES >> 20)
    found = list(_lines(content))
    if len(found) > MOST_LINES:
        raise InvalidReading(f"A file has at most {MOST_LINES} lines.", reason="lines", most=MOST_LINES)
    with audit.told(home.store, log) as (session, logged):
        known = _of_kind(session, kind)
        good, bad = _sorted(known, found, today_of(home, now))
        counts = {"added": 0, "corrected": 0, "unchanged": 0}
        register.hold_readings(session)  # whoever else writes waits, so that what stands is what was looked at
        for row in good:
            counts[_kept(session, kind, row, operator, now)] += 1
        done = Imported(**counts, bad=tuple(bad))
        details = {**counts, "bad": len(bad), "world": home.world}
        audit.append(logged, operator, "reading.imported", f"reading:{kind}", details, now=now)
    return done


def _kept(session: Session, kind: str, row: _Row, operator: Operator, now: datetime) -> str:
    was = register.reading(session, kind, row.key)
    is_there = was is not None and not was.is_removed
    if was is not None and is_there:
        noted = row.values["note"] or was.note
        if (was.value, was.note) == (row.values["value"], noted):
            return "unchanged"
        row.values["note"] = noted
    after = 0 if was is None else was.revision
    register.write_reading(
        session, kind, row.key, row.values | {"source": "import"}, after=after, by=operator.name, now=now
    )
    return "corrected" if is_there else "added"


def _lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Lines that say anything, by the number of the line on which each begins."""
    try:
        decoded = content.decode(encodings.detected(content, is_cut=False)).replace("\0", "")
        rows = csv.reader(io.StringIO(decoded, newline=""), delimiter=text.sniffed(decoded).delimiter)
        begins = 1
        for cells in rows:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = rows.line_num + 1
    except (UnicodeError, csv.Error) as error:
        raise InvalidReading("The file is no table of dates and values.", reason="file") from error


def _sorted(kind: Kind, found: list[tuple[int, list[str]]], today: date) -> tuple[list[_Row], list[Bad]]:
    """What can be kept, and what cannot. Of several lines that say the same day, or change, the first counts."""
    good: dict[str, _Row] = {}
    bad: list[Bad] = []
    for place, (line, cells) in enumerate(found):
        if place == 0 and _is_header(cells):
            continue
        told = _read(kind, cells, today)
        key = told if isinstance(told, str) else _key(kind, told["day_on"], told["note"])
        if isinstance(told, str):
            bad.append(Bad(line, ",".join(cells)[:LONGEST_NOTE], told))
        elif key in good:
            bad.append(Bad(line, ",".join(cells)[:LONGEST_NOTE], "repeated"))
        else:
            good[key] = _Row(line, key, told)
    return list(good.values()), bad


def _is_header(cells: list[str]) -> bool:
    """A first line that names columns; one that nearly tells a day or a figure is told as bad rather than passed over."""
    is_named = not any(sign.isdigit() for sign in cells[0])
    return is_named and (len(cells) < 2 or parsed_number(cells[1], is_share=True) is None)


def _read(kind: Kind, cells: list[str], today: date) -> dict[str, Any] | Reason:
    """Columns, or why there are none."""
    said = [cell.strip() for cell in cells]
    while said and not said[-1]:
        said.pop()
    if len(said) not in ((2, 3) if kind.is_of_days else (3,)):
        return "cells"
    day_on, value = parsed_day(said[0]), parsed_number(said[1], is_share=kind.unit == "share")
    if day_on is None:
        return "date"
    if value is None:
        return "number"
    try:
        return _values(kind, day_on, value, said[2] if len(said) == 3 else "", today)
    except InvalidReading as refused:
        reason: Reason = refused.details["reason"]  # type: ignore[assignment]
        return reason


def parsed_day(cell: str) -> date | None:
    """``2026-11-02``, ``2026/11/2``, ``2026.11.2``, ``20261102`` or ``2026年11月2日``, at midnight where a time is told; else None."""
    found = DAY.fullmatch(unicodedata.normalize("NFKC", cell).strip())
    if found is None:
        return None
    year, month, day = (int(one) for one in found.groups() if one is not None)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def parsed_number(cell: str, *, is_share: bool) -> float | None:
    """A number with a decimal point, thousands apart by commas or not; of a share in percent as well. Else None."""
    plain = unicodedata.normalize("NFKC", cell).strip().replace("−", "-")
    found = NUMBER.fullmatch(plain)
    if found is None or (found.group(1) and not is_share):
        return None
    number = float(plain.rstrip("%").replace(",", ""))
    return number / 100 if found.group(1) else number


# -- by the worker -----------------------------------------------------------------------------------------------------


def keep_churn(home: Home, now: datetime) -> int:
    """Keep how many are likely to leave as of the newest day that tells it (``questions.readings.churn_mass``): one reading a day, counted again when more data of the day came or
    the model changed. What a person said of the day stands. Returns how many were written; two workers at once write one."""
    with reading(home, now=now) as lake:
        found = questions.churn_mass(lake)
    if found is None or found.share is None:
        return 0
    model = found.model
    note = f"{model.target}_{model.days}d #{model.model_id}.{model.revision}: {found.high}/{found.members}"
    key = found.on.isoformat()
    with home.store.reading() as session:
        was = register.reading(session, CHURN_MASS, key)
    if was is not None and (was.source != "worker" or was.is_removed or (was.value, was.note) == (found.share, note)):
        return 0
    values = {"day_on": found.on, "value": found.share, "note": note, "source": "worker"}
    after = 0 if was is None else was.revision
    try:
        with home.store.transaction() as session:
            register.hold_readings(session)
            register.write_reading(session, CHURN_MASS, key, values, after=after, by=SYSTEM.name, now=now)
    except RegisterChanged:
        return 0
    return 1


__all__ = [
    "Bad", "Imported", "InvalidReading", "add_kind", "change_kind", "import_csv", "keep_churn", "lines", "parsed_day", "parsed_number", "put", "remove",
]  # fmt: skip
