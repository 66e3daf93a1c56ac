"""Lists of people from elsewhere: phones, e-mails, cards, numbers of members; whom each line names, and which lines name nobody.

Values are looked up by their pseudonyms and kept nowhere: what is saved is the members, and the audit log says how many lines were
looked up, never what stood in them.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
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
FEW_DIGITS = 5
"""Signs of a number that nobody calls a column."""
UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
"""Signs that cannot be seen and that address books and chats put around numbers."""
UNKNOWN, AMBIGUOUS, LEFT_OUT = "unknown", "ambiguous", "left_out"
LOOKS = {
    "phone": re.compile(r"(\+|00)?(86)?1[3-9]\d{9}"),
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "external_userid": re.compile(r"w[mo][\w-]{30}", re.ASCII),
    "openid": re.compile(r"o[\w-]{27}", re.ASCII),
}
"""How values of a kind look; numbers of a house's own may look like anything."""
SPACED = re.compile(r"[\s\-()（）.]")
LOOKED_AT = 1000
"""Texts of a column that are looked at."""
MOSTLY = 0.5
"""Rule of thumb: of so many texts of a column their kind is told."""


class InvalidList(Refusal):
    """A list cannot be taken: ``reason`` is ``kind``, ``empty``, ``lines``, ``bytes`` or ``column``."""

    code = "list.invalid"


@dataclass(frozen=True, slots=True)
class Missed:
    """A line that names nobody whom the asker may see, or several people. ``line``: its number, from 1. ``text``: as it was handed in.
    ``reason``: ``unknown``, ``ambiguous``, or ``left_out``: it exists, and is blocked or shared by so many that it stands for nobody;
    told to those who see all."""

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
    workbook or an archive they are from. ``numbers``: of the header and of each text, as spreadsheets number rows."""

    texts: dict[str, list[str]]
    numbers: tuple[int, ...]
    part: str
    parts: tuple[str, ...]

    @property
    def is_bare(self) -> bool:
        """Whether the first line looks like data rather than names of columns."""
        return any(_is_value(column) for column in self.texts)


def kind_of(texts: Sequence[str]) -> str | None:
    """What most of these look like: one of ``KINDS``, or None where that cannot be told."""
    kind, share = _looked_at(texts)
    return kind if share >= MOSTLY else None


def best_column(texts: Mapping[str, Sequence[str]]) -> str:
    """The column of which most looks like a kind that can be told; else the first."""
    return max(texts, key=lambda column: _looked_at(texts[column])[1])


def _looked_at(texts: Sequence[str]) -> tuple[str | None, float]:
    some = [plain for text in islice((one for one in texts if one.strip()), LOOKED_AT) if (plain := _plain(text))]
    found = Counter(kind for text in some if (kind := _kind(text)))
    kind, count = next(iter(found.most_common(1)), (None, 0))
    return kind, count / len(some) if some else 0.0


def _kind(text: str) -> str | None:
    if short_names.is_name(text) or (text.isascii() and text.isdecimal() and 17 <= len(text) <= 19):
        return MEMBER
    squeezed = SPACED.sub("", text)
    return next((kind for kind, look in LOOKS.items() if look.fullmatch(squeezed if kind == "phone" else text)), None)


def _is_value(text: str) -> bool:
    """Whether nobody would call a column so."""
    plain = _plain(text)
    digits = sum(map(str.isdigit, plain))
    return _kind(plain) is not None or (plain.isascii() and digits >= FEW_DIGITS and digits * 2 >= len(plain))


def match(
    home: Home,
    log: Store,
    operator: Operator,
    kind: str,
    texts: Sequence[str],
    *,
    now: datetime,
    numbers: Sequence[int] | None = None,
    permission: str = "segment.write",
) -> Matched:
    """Whom each line names, among known members in the operator's scope. Empty lines say nothing. ``numbers``: of the lines, without
    them from 1. ``permission``: for what is to be done with them. Raises ``Forbidden``, ``InvalidList``."""
    operator.require("people.see")
    operator.require(permission)
    if kind not in KINDS:
        raise InvalidList(f"A list cannot be of {kind!r}.", reason="kind")
    lines = [
        (place, text.strip()[:LONGEST_LINE])
        for place, text in zip(numbers or range(1, len(texts) + 1), texts, strict=True)
        if text.strip()
    ]
    if not lines:
        raise InvalidList("The list says nothing.", reason="empty")
    if len(lines) > MOST_LINES:
        raise InvalidList(f"A list has at most {MOST_LINES} lines.", reason="lines", most=MOST_LINES)
    with reading(home, scope=operator.scope) as lake:
        distinct = list(dict.fromkeys(one for _, text in lines for one in (text, _plain(text)) if one))
        named, nobody = (
            (_members(lake, distinct), frozenset()) if kind == MEMBER else _identified(home, lake, kind, distinct)
        )
        version = lake.snapshot.version
    found = _told(lines, named, nobody if operator.scope.sees_all else frozenset(), version)
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
            return Columns(*_texts(home, readable, place.folder), readable.part, readable.parts)
        except Unreadable as error:
            error.details.setdefault("file", name)
            raise


def _texts(home: Home, readable: Readable, folder: Path) -> tuple[dict[str, list[str]], tuple[int, ...]]:
    """And numbers of the header and of the rows: in turn where the file has no rows that a spreadsheet would number so."""
    with home.lake.engine.cursor() as cursor, staged(cursor, readable, folder) as stage:
        texts = {f"c{i}": stage.text(column) for i, column in enumerate(stage.cells)}
        rows = cursor.backend.to_pyarrow(stage.rows.select("row_number", **texts).order_by("row_number"))
        broken = {one.row_number: one.text for one in stage.broken}
        header = list(stage.cells)
    (first, _), *told = files.row_numbers(readable) if readable.kind == "csv" else [(1, True)]
    if sum(fits for _, fits in told) == len(rows) and len(told) == len(rows) + len(broken):
        places = [number for number, fits in told if fits]
        broken = dict(
            zip([number for number, fits in told if not fits], [broken[n] for n in sorted(broken)], strict=True)
        )
    else:
        places, first = [number + 1 for number in rows["row_number"].to_pylist()], 1
        broken = {number + 1: text for number, text in broken.items()}
    texts = {
        column: _in_order(places, [text or "" for text in rows[f"c{i}"].to_pylist()], broken)
        for i, column in enumerate(header)
    }
    return texts, (first, *sorted([*places, *broken]))


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


def _identified(
    home: Home, lake: Reading, kind: str, texts: Sequence[str]
) -> tuple[dict[str, list[int]], frozenset[str]]:
    """Members who have this identity in any source, found by its pseudonyms; and which texts are identities that were left out."""
    if not lake.snapshot.files("identities"):
        return {}, frozenset()
    seen = lake.snapshot.table("identities")
    spaces = lake.snapshot.arrow(
        seen.filter(seen.identity_type == kind).select(namespace=seen.namespace.fill_null("")).distinct()
    )["namespace"].to_pylist()
    handed = ibis.memtable(pa.table({"text": pa.array(texts, pa.string())}))
    value = pseudonyms.normalised(kind, handed.text)
    known = lake.member_map.filter(lake.member_map.is_known)
    found: dict[str, list[int]] = {}
    nobody: set[str] = set()
    for space in sorted(spaces):
        keyed = handed.mutate(identity_key=pseudonyms.key(pseudonyms.mac(home.keys, kind, space, value)))
        rows = keyed.inner_join(known, "identity_key").select("text", "member_id").distinct()
        rows = rows if lake.allowed is None else rows.semi_join(lake.allowed, "member_id")
        for row in lake.snapshot.arrow(rows).to_pylist():
            if row["member_id"] not in found.setdefault(row["text"], []):
                found[row["text"]].append(row["member_id"])
        if lake.snapshot.files("identities_left_out"):
            out = keyed.semi_join(lake.snapshot.left_out(), "identity_key").select("text")
            nobody |= set(lake.snapshot.arrow(out)["text"].to_pylist())
    return found, frozenset(nobody)


def _told(
    lines: Sequence[tuple[int, str]], named: dict[str, list[int]], nobody: frozenset[str], version: int
) -> Matched:
    members: set[int] = set()
    repeated, missed = 0, []
    for place, text in lines:
        who = named.get(text) or named.get(_plain(text), [])
        if len(who) != 1:
            is_left_out = not who and not nobody.isdisjoint((text, _plain(text)))
            missed.append(Missed(place, text, AMBIGUOUS if who else LEFT_OUT if is_left_out else UNKNOWN))
        elif who[0] in members:
            repeated += 1
        else:
            members.add(who[0])
    return Matched(tuple(sorted(members)), len(lines), len(members), repeated, tuple(missed), version)
