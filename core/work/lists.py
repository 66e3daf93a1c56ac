"""Lists of people from elsewhere: phones, e-mails, cards, numbers of members; whom each line names, and which lines name nobody.

Values are looked up by their pseudonyms and kept nowhere: what is saved is the members, and the audit log says how many lines were
looked up, never what stood in them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import ibis
import pyarrow as pa

from core.errors import Refusal, Unreadable
from core.privacy import pseudonyms, short_names
from core.schema import IDENTITY_TYPES
from core.scope import Operator
from core.sources import files
from core.sources.files import Readable
from core.store import audit
from core.store.session import Store
from core.work import uploads
from core.work.home import Home
from core.work.ingest import workplace
from core.work.ingest.staging import staged
from core.work.questions import population, segments
from core.work.questions.reading import Reading, reading

MEMBER = "member"
"""Our own numbers and short names, as our exports write them."""
KINDS = (MEMBER, *(kind for kind in IDENTITY_TYPES if kind != "anonymous_id"))
"""What a list can be of: people, never browsers that are nobody's yet."""
MOST_LINES, MOST_BYTES = 1_000_000, 64 << 20
LONGEST_LINE = 500
UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
"""Signs that cannot be seen and that address books and chats put around numbers."""
UNKNOWN, AMBIGUOUS = "unknown", "ambiguous"


class InvalidList(Refusal):
    """A list cannot be taken: ``reason`` is ``kind``, ``empty``, ``lines``, ``bytes`` or ``column``."""

    code = "list.invalid"


@dataclass(frozen=True, slots=True)
class Missed:
    """A line that names nobody whom the asker may see, or several people. ``line``: its number, from 1. ``text``: as it was handed in."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Matched:
    """Every line that says anything is one of ``matched``, ``repeated`` (its member was named by a line before) and ``missed``.

    ``members``: ascending, as many as ``matched``. ``version``: of the lake.
    """

    members: tuple[int, ...]
    lines: int
    matched: int
    repeated: int
    missed: tuple[Missed, ...]
    version: int


@dataclass(frozen=True, slots=True)
class Columns:
    """What a file has. ``texts``: of each column by what its first line calls it, in order. ``part``: which of the ``parts`` of a
    workbook or an archive they are from."""

    texts: dict[str, list[str]]
    part: str
    parts: tuple[str, ...]


def match(home: Home, log: Store, operator: Operator, kind: str, texts: Sequence[str], *, now: datetime) -> Matched:
    """Whom each line names, among known members in the operator's scope. Empty lines say nothing. Raises ``Forbidden``, ``InvalidList``."""
    operator.require("people.see")
    operator.require("segment.write")
    if kind not in KINDS:
        raise InvalidList(f"A list cannot be of {kind!r}.", reason="kind")
    lines = [(place, text.strip()[:LONGEST_LINE]) for place, text in enumerate(texts, 1) if text.strip()]
    if not lines:
        raise InvalidList("The list says nothing.", reason="empty")
    if len(lines) > MOST_LINES:
        raise InvalidList(f"A list has at most {MOST_LINES} lines.", reason="lines", most=MOST_LINES)
    with reading(home, scope=operator.scope) as lake:
        distinct = list(dict.fromkeys(one for _, text in lines for one in (text, _plain(text)) if one))
        named = _members(lake, distinct) if kind == MEMBER else _identified(home, lake, kind, distinct)
        version = lake.snapshot.version
    found = _told(lines, named, version)
    details = {"kind": kind, "lines": found.lines, "matched": found.matched, "missed": len(found.missed)}
    with log.transaction() as session:
        audit.append(session, operator, "list.matched", "list", details | {"world": home.world}, now=now)
    return found


def columns(home: Home, name: str, content: bytes) -> Columns:
    """Columns of a file (CSV, Excel, Parquet …, in any encoding that imports read). Of a file that has no header the first line is a
    text as well, which whoever asks knows. A line that cannot be split stands in every column as it is, so that none goes missing.
    Raises ``Unreadable`` and ``InvalidList``."""
    if len(content) > MOST_BYTES:
        raise InvalidList("The file is too large.", reason="bytes", most=MOST_BYTES >> 20)
    with workplace.opened(home) as place:
        path = place.folder / uploads.plain_name(name)
        path.write_bytes(content)
        try:
            readable = files.opened(path, folder=place.folder)
            return Columns(_texts(home, readable, place.folder), readable.part, readable.parts)
        except Unreadable as error:
            error.details.setdefault("file", name)
            raise


def _texts(home: Home, readable: Readable, folder: Path) -> dict[str, list[str]]:
    with home.lake.engine.cursor() as cursor, staged(cursor, readable, folder) as stage:
        texts = {f"c{i}": stage.text(column) for i, column in enumerate(stage.cells)}
        rows = cursor.backend.to_pyarrow(stage.rows.select("row_number", **texts).order_by("row_number"))
        broken = {one.row_number: one.text for one in stage.broken}
        header = list(stage.cells)
    numbers = rows["row_number"].to_pylist()
    return {
        column: _in_order(numbers, [text or "" for text in rows[f"c{i}"].to_pylist()], broken)
        for i, column in enumerate(header)
    }


def _in_order(numbers: Sequence[int], texts: Sequence[str], broken: dict[int, str]) -> list[str]:
    """Texts and lines that could not be split, by their place in the file."""
    if not broken:
        return list(texts)
    found = dict(zip(numbers, texts, strict=True)) | broken
    return [found[number] for number in sorted(found)]


def _members(lake: Reading, texts: Sequence[str]) -> dict[str, list[int]]:
    """By number, else by short name."""
    ids = population.of(lake.snapshot).ids[segments.universe(lake)]
    numbers = set(ids.tolist())
    names: dict[str, list[int]] = {}
    for label, member in zip(short_names.labels(ids), ids.tolist(), strict=True):
        names.setdefault(label, []).append(member)

    def one(text: str) -> list[int]:
        if text.isascii() and text.isdecimal() and int(text) in numbers:
            return [int(text)]
        return names.get(short_names.meant(text) or "", [])

    return {text: one(text) for text in texts}


def _plain(text: str) -> str:
    """Without what cannot be seen, and without the quotation marks or the apostrophe that keep a number a text."""
    return UNSEEN.sub("", text).strip().strip("\"'").strip()


def _identified(home: Home, lake: Reading, kind: str, texts: Sequence[str]) -> dict[str, list[int]]:
    """Members who have this identity in any source, found by its pseudonyms."""
    if not lake.snapshot.files("identities"):
        return {}
    seen = lake.snapshot.table("identities")
    spaces = lake.snapshot.arrow(
        seen.filter(seen.identity_type == kind).select(namespace=seen.namespace.fill_null("")).distinct()
    )["namespace"].to_pylist()
    handed = ibis.memtable(pa.table({"text": pa.array(texts, pa.string())}))
    value = pseudonyms.normalised(kind, handed.text)
    known = lake.member_map.filter(lake.member_map.is_known)
    found: dict[str, list[int]] = {}
    for space in sorted(spaces):
        keyed = handed.mutate(identity_key=pseudonyms.key(pseudonyms.mac(home.keys, kind, space, value)))
        rows = keyed.inner_join(known, "identity_key").select("text", "member_id").distinct()
        rows = rows if lake.allowed is None else rows.semi_join(lake.allowed, "member_id")
        for row in lake.snapshot.arrow(rows).to_pylist():
            if row["member_id"] not in found.setdefault(row["text"], []):
                found[row["text"]].append(row["member_id"])
    return found


def _told(lines: Sequence[tuple[int, str]], named: dict[str, list[int]], version: int) -> Matched:
    members: set[int] = set()
    repeated, missed = 0, []
    for place, text in lines:
        who = named.get(text) or named.get(_plain(text), [])
        if len(who) != 1:
            missed.append(Missed(place, text, AMBIGUOUS if who else UNKNOWN))
        elif who[0] in members:
            repeated += 1
        else:
            members.add(who[0])
    return Matched(tuple(sorted(members)), len(lines), len(members), repeated, tuple(missed), version)
