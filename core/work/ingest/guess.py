"""A first mapping for a file nobody has described: from the words of its header and from what its cells look like.

Guesses are offered, never trusted: each comes with a confidence and its reason, and what could be read in two ways is said so.
"""

import re
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from typing import Literal

from core import schema
from core.schema import CHANNELS
from core.work.ingest.mapping import (
    AUTO_FORMATS,
    CURRENCY,
    IMPORTABLE,
    ORDERS,
    PERSONAL,
    FileForm,
    Mapping,
    Money,
    Properties,
    Refund,
    Times,
    mappable,
)
from core.work.ingest.words import (
    ALL_CHANNELS,
    CHANNEL_WORDS,
    CONSENT_WORDS,
    CURRENCY_SIGNS,
    IDENTITY_WORDS,
    MESSAGE_WORDS,
    POINT_WORDS,
    PURPOSE_WORDS,
    REFERRED_PREFIXES,
    SENDER_WORDS,
    TABLE_HINTS,
    TABLE_WORDS,
    WORDS,
)

NULLS = ("NULL", "null", "\\N", "NaN", "nan", "N/A", "#N/A", "None", "-", "--", "无")
LOOK_AT = 1000
A_FEW = 20
"""Cells looked at to see whether a column that no word names holds times."""
MOSTLY = 0.9
DAY_FIRST = ("%d/%m/%Y", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%y", "%d/%m/%y %H:%M", "%d/%m/%y %H:%M:%S")
MONTH_FIRST = (*(form.replace("%d/%m", "%m/%d") for form in DAY_FIRST), "%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M:%S %p")
NAMED_MONTHS = ("%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d-%b-%Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%d %B %Y", "%B %d, %Y")
KIND_WORDS = {
    "sender_kind": SENDER_WORDS, "person_kind": SENDER_WORDS, "message_kind": MESSAGE_WORDS,
    "consents.purpose": PURPOSE_WORDS, "consents.state": CONSENT_WORDS, "points.kind": POINT_WORDS,
}  # fmt: skip
"""What cells of a column mean; of a table's own column where the table is named."""
GROUP_WORDS = frozenset(WORDS["group_id"])
PERSON_WORDS = frozenset(
    word for kind in ("external_userid", "unionid", "openid", "phone") for word in IDENTITY_WORDS[kind]
)
EPOCHS = {10: "epoch_s", 13: "epoch_ms", 16: "epoch_us"}


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows of a file: source column -> cells, null where empty."""

    file_name: str
    columns: Dict[str, Sequence[str | None]]
    part: str = ""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a source column was taken for something. ``because``: ``header``, ``content`` or ``both``."""

    target: str
    column: str
    because: Literal["header", "content", "both"]
    confidence: float


@dataclass(frozen=True, slots=True)
class Note:
    """Something the person who decides should know; ``code`` is a text key (``guess.<code>``)."""

    code: str
    details: Dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Guess:
    """``confidence``: that of the least certain needed column, 0 to 1; 0 when one was not found (see ``missing``)."""

    mapping: Mapping
    confidence: float
    reasons: tuple[Reason, ...]
    notes: tuple[Note, ...]
    missing: tuple[str, ...]


def guess(sample: Sample, table: str | None = None) -> Guess:
    """The likeliest mapping for a file. ``table``: its grain, where somebody said so."""
    table = table or _table(sample)
    notes: list[Note] = []
    taken, identities, referred = _placed(table, {name: _filled(cells) for name, cells in sample.columns.items()})
    _channel(sample, table, taken, notes)
    times = _times(sample, taken, notes)
    decimal = _decimal_mark(sample, taken, notes)
    refund = _refund(sample, table, taken, notes)
    if sample.parts and len(sample.parts) > 1:
        notes.append(Note("part_chosen", {"part": sample.part, "parts": ", ".join(sample.parts)}))
    target = _contract(table)
    if not identities and target.is_fact and target.has("identity_key"):
        notes.append(Note("no_person", {}))
    if table == "group_messages" and "group_id" not in taken:
        notes.append(Note("no_group", {}))
    mapping = Mapping(
        table=table,
        source=_source(sample.file_name),
        columns={target: (reason.column,) for target, reason in taken.items()},
        identities={kind: (reason.column,) for kind, reason in identities.items()},
        referred={kind: (reason.column,) for kind, reason in referred.items()},
        values=_values(sample, table, taken),
        times=Times(times),
        decimal=decimal,
        money=Money(_currency(sample, taken)),
        refund=refund,
        properties=Properties(rest=table == "events"),
        file=FileForm(part=sample.part if len(sample.parts) > 1 else ""),
        nulls=_nulls(sample) + _unlimited(sample, table, taken),
    )
    missing = _missing(table, taken, identities)
    needed = [r.confidence for t, r in taken.items() if t in _needed(table)]
    reasons = (*taken.values(), *identities.values(), *referred.values())
    return Guess(mapping, 0.0 if missing else min(needed, default=0.0), reasons, tuple(notes), missing)


# -- what a column is ------------------------------------------------------------------------------------------------


Placed = dict[str, Reason]


@dataclass(frozen=True, slots=True)
class _Likeness:
    """How much a header is that of a table. ``lacking``: needed columns it has not. ``score``: one for each column that is called as
    the contract calls it, less for other words and for what only its cells say, and the share of the table's telling words."""

    lacking: int
    score: float


def _table(sample: Sample) -> str:
    """The table that the header is most like, of those whose needed columns are all there, if any; events when nothing speaks."""
    words = {_word(c) for c in sample.columns}
    dated = [c for c, cells in sample.columns.items() if _is_dated(_filled(cells)[:A_FEW])]
    found = {table: _likeness(table, sample, words, dated) for table in IMPORTABLE}

    def rank(table: str) -> tuple[bool, float]:
        like = found[table]
        return like.lacking == 0, like.score - like.lacking

    spoken = [table for table in IMPORTABLE if found[table].score > 0]
    return max(spoken, key=rank, default="events")


def _likeness(table: str, sample: Sample, words: set[str], dated: list[str]) -> _Likeness:
    """By the header: a column whose cells cannot be read is there nonetheless, and whoever decides is told that they cannot be."""
    taken, identities, referred = _placed(table, {name: [] for name in sample.columns})
    used = {r.column for part in (taken, identities, referred) for r in part.values()}
    spare = next((c for c in dated if c not in used), None)
    if spare is not None and "occurred_at" in mappable(table) and "occurred_at" not in taken:
        taken["occurred_at"] = Reason("occurred_at", spare, "content", 0.5)
    named = [_weight(r) for part in (taken, identities, referred) for r in part.values()]
    groups = TABLE_HINTS.get(table, ())
    telling = sum(any(w in hints for w in words) for hints in groups) / len(groups) if groups else 0.0
    lacking = set(_missing(table, taken, identities)) | _telling_missing(table, taken)
    if _contract(table).has("referred_key") and not referred:
        lacking.add("referred_key")
    if table == "group_messages" and {"text", "message_kind", "message_id"} & set(taken):
        lacking.discard("sender_kind")
    if table in ("member_profiles", "groups") and words & GROUP_WORDS and words & PERSON_WORDS:
        lacking.add("about")  # One row per person and group: these would keep one of each person's, or of each group's.
    return _Likeness(len(lacking), sum(named) + telling)


def _weight(reason: Reason) -> float:
    if reason.because == "content":
        return 0.4
    return 1.0 if _word(reason.target) == _word(reason.column) else 0.8


def _telling_missing(table: str, taken: Dict[str, Reason]) -> set[str]:
    """Columns without one of which a file says nothing of what the table is about, although no single one is needed."""
    about = {
        "products": {"name", "category"},
        "member_profiles": {
            "joined_at", "gender", "birth_year", "city", "tier", "acquisition_channel", "is_test", "is_friend", "nickname",
        },
        "group_statistics": {c.name for c in schema.table("group_statistics").columns if c.kind == "count"},
    }.get(table)  # fmt: skip
    return {"about"} if about and not about & set(taken) else set()


def _is_dated(cells: list[str]) -> bool:
    return bool(cells) and _share_of(cells, _is_time) >= MOSTLY


def _placed(table: str, columns: Dict[str, list[str]]) -> tuple[Placed, Placed, Placed]:
    """What each column is: of the contract, an identity, an identity of the person brought. A column that another one drives out of
    its place gets the next it could have."""
    taken: Placed = {}
    identities: Placed = {}
    referred: Placed = {}
    waiting = list(columns)
    while waiting:
        column = waiting.pop(0)
        if _contract(table).has("referred_key") and (brought := _brought(column)):
            referred.setdefault(brought.target, brought)
        elif driven := _place(table, column, columns[column], taken, identities):
            waiting.append(driven)
    return taken, identities, referred


def _brought(column: str) -> Reason | None:
    word = _word(column)
    rest = next((word.removeprefix(p) for p in REFERRED_PREFIXES if word.startswith(p)), None)
    kind = next((kind for kind, words in IDENTITY_WORDS.items() if rest in words), None)
    return Reason(kind, column, "header", 0.9) if kind else None


def _place(table: str, column: str, cells: list[str], taken: Placed, identities: Placed) -> str | None:
    """Give the column to the target that wants it most, if it wants it more than what stands there: that column is returned."""
    options: list[tuple[float, str, Reason]] = []
    for kind, words in IDENTITY_WORDS.items():
        if _contract(table).has("identity_key"):
            options += [
                (s, "identity", r) for s, r in _judged(kind, column, words, _identity_share(kind, cells), cells)
            ]
    for target in mappable(table):
        own = TABLE_WORDS.get(table, {}).get(target, ())
        every = dict.fromkeys((*_words(target), *own))
        share = _kind_share(target, cells) if _word(column) in own else None
        share = _share(table, target, cells) if share is None else share
        options += [(s, "column", r) for s, r in _judged(target, column, every, share, cells)]
    for _, where, reason in sorted(options, key=lambda o: -o[0]):
        placed = identities if where == "identity" else taken
        stands = placed.get(reason.target)
        if stands is None or stands.confidence < reason.confidence:
            placed[reason.target] = reason
            return stands.column if stands else None
    return None


def _kinds(table: str, target: str) -> Dict[str, str] | None:
    """Words that the cells of a column are likely to have, and what they mean; None when any text could stand there."""
    return KIND_WORDS.get(f"{table}.{target}", KIND_WORDS.get(target))


def _kind_share(target: str, cells: list[str]) -> float | None:
    """Cells that say who wrote a message, or what it is."""
    known = KIND_WORDS.get(target)
    return None if known is None else _share_of(cells, lambda c: _word(c) in known)


def _contract(table: str) -> schema.Table:
    return schema.table("order_lines" if table == ORDERS else table)


def _words(target: str) -> Iterable[str]:
    """Words for a column of the contract; its own name is one of them."""
    return dict.fromkeys((*WORDS.get(target, ()), _word(target)))


def _judged(
    target: str, column: str, words: Iterable[str], share: float | None, cells: list[str]
) -> list[tuple[float, Reason]]:
    """How sure it is that a column is a target. ``share``: cells that could be it; None when any text could."""
    word = _word(column)
    ranked = list(words)
    is_named = word in ranked
    if share is not None and cells and share < MOSTLY:
        return []
    if is_named:
        place = 0.05 * ranked.index(word) / len(ranked)
        confidence = (0.95 if share is not None else 0.9) - place
        return [
            (
                confidence,
                Reason(target, column, "both" if share is not None and cells else "header", round(confidence, 3)),
            )
        ]
    if share is not None and share >= MOSTLY and cells and target in ("occurred_at", "phone", "email"):
        return [(0.5, Reason(target, column, "content", 0.5))]
    return []


def _identity_share(kind: str, cells: list[str]) -> float | None:
    patterns = {
        "phone": r"(\+?86|0086)?[ -]?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(\.0)?",
        "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    }
    return None if kind not in patterns else _matching(patterns[kind], cells)


def _share(table: str, target: str, cells: list[str]) -> float | None:
    contract = _contract(table)
    is_text = target == CURRENCY or target in PERSONAL.get(table, ())
    kind = contract.column(target).kind if contract.has(target) else "text" if is_text else "money"
    if kind in ("time", "day"):
        return _share_of(cells, _is_time)
    if kind in ("decimal", "money", "count"):
        return _matching(r"[(+-]?[¥￥$€£]?-?\d[\d., ']*\)?-?元?|-?\d+(\.\d+)?[eE][+-]?\d+", cells)
    return None


# -- times -----------------------------------------------------------------------------------------------------------


def _times(sample: Sample, taken: dict[str, Reason], notes: list[Note]) -> tuple[str, ...]:
    """Formats that read all time columns. Day and month are told apart by a number above 12; where none helps, it is said."""
    formats: list[str] = []
    contract_times = {
        "occurred_at",
        "joined_at",
        "created_at",
        "published_at",
        "starts_at",
        "ends_at",
        "first_reply_at",
        "resolved_at",
        "taken_at",
        "expires_at",
        "on_date",
    }
    for target in sorted(contract_times & set(taken)):
        cells = _filled(sample.columns[taken[target].column])
        possible = [form for form in _candidates() if cells and all(_reads(form, c) for c in cells)]
        mixed = possible or [form for form in _candidates() if any(_reads(form, c) for c in cells)]
        is_day, is_month = any(f in DAY_FIRST for f in mixed), any(f in MONTH_FIRST for f in mixed)
        if is_day and is_month:
            first = next((c for c in cells if re.match(r"\d{1,2}[/.-]\d{1,2}[/.-]", c)), cells[0])
            notes.append(Note("day_or_month_first", {"column": taken[target].column, "example": first}))
            taken[target] = Reason(target, taken[target].column, taken[target].because, 0.4)
            mixed = [f for f in mixed if f not in MONTH_FIRST]
        formats += [f for f in mixed if f not in formats]
    return tuple(formats) or AUTO_FORMATS


@lru_cache(maxsize=1 << 14)
def _is_time(cell: str) -> bool:
    return any(sign.isdigit() for sign in cell) and any(_reads(form, cell) for form in _candidates())


@cache
def _candidates() -> tuple[str, ...]:
    dotted = tuple(f.replace("/", ".") for f in DAY_FIRST)
    dashed = tuple(f.replace("/", "-") for f in DAY_FIRST)
    return (*AUTO_FORMATS, *DAY_FIRST, *MONTH_FIRST, *dotted, *dashed, *NAMED_MONTHS, *EPOCHS.values())


def _reads(form: str, cell: str) -> bool:
    if form == "iso":
        return _is_iso(cell)
    if form in EPOCHS.values():
        return bool(re.fullmatch(r"\d+(\.\d+)?", cell)) and EPOCHS.get(len(cell.split(".")[0])) == form
    if form.startswith("%Y%m%d") and not re.match(r"(19|20)\d{6}", cell):
        return False
    try:
        datetime.strptime(cell, form)  # noqa: DTZ007 - only whether it reads
    except ValueError:
        return False
    return True


def _is_iso(cell: str) -> bool:
    if not re.match(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}", cell):
        return False
    day, _, clock = re.sub(r"[T ]", " ", cell, count=1).partition(" ")
    try:
        datetime(*(int(part) for part in re.split(r"[-/]", day)))  # type: ignore[arg-type]
    except ValueError:
        return False
    return not clock or bool(re.fullmatch(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|UTC|[+-]\d{2}(:?\d{2})?)?", clock))


# -- numbers and values ----------------------------------------------------------------------------------------------


def _decimal_mark(sample: Sample, taken: dict[str, Reason], notes: list[Note]) -> Literal[".", ","]:
    numeric = [t for t in ("unit_price", "amount", "quantity", "cost", "price", "score", "face") if t in taken]
    cells = [c for t in numeric for c in _filled(sample.columns[taken[t].column])]
    commas = [c for c in cells if re.search(r",\d{1,2}\D*$|,\d{4,}\D*$", c) or re.search(r"\.\d{3},", c)]
    dots = [c for c in cells if re.search(r"\.\d{1,2}\D*$|\.\d{4,}\D*$", c) or re.search(r",\d{3}\.", c)]
    if commas and not dots:
        return ","
    if commas:
        notes.append(Note("decimal_mark_mixed", {"examples": f"{commas[0]} · {dots[0]}"}))
    elif not dots and (unclear := [c for c in cells if re.fullmatch(r"-?\d{1,3}[.,]\d{3}", c)]):
        notes.append(Note("decimal_mark_unclear", {"example": unclear[0]}))
    return "."


def _refund(sample: Sample, table: str, taken: dict[str, Reason], notes: list[Note]) -> Refund:
    """Lines below zero: marked by the first letter of the order number, or by nothing but the sign."""
    sign = next((t for t in ("quantity", "amount") if t in taken), None)
    if table not in ("order_lines", ORDERS) or sign is None or "order_no" not in taken:
        return Refund()
    pairs = list(zip(sample.columns[taken["order_no"].column], sample.columns[taken[sign].column], strict=True))
    below = [str(number) for number, value in pairs if number and value and value.strip().startswith(("-", "("))]
    above = [str(number) for number, value in pairs if number and value and not value.strip().startswith(("-", "("))]
    if not below:
        return Refund()
    letters = {number[0] for number in below if number[0].isalpha()} - {number[0] for number in above}
    if len(letters) == 1:
        letter = letters.pop()
        notes.append(Note("refund_by_letter", {"column": taken["order_no"].column, "letter": letter}))
        return Refund(column=taken["order_no"].column, starts_with=letter)
    notes.append(Note("refund_by_sign", {"column": taken[sign].column}))
    return Refund(is_negative=True)


def _channel(sample: Sample, table: str, taken: dict[str, Reason], notes: list[Note]) -> None:
    """A column of channels counts only when all of its values are channels that we know. Of consents it always does: without it one
    channel's would be taken for all channels', so rows with a channel that nobody knows are refused instead."""
    if table == "consents":
        return
    for target in ("channel", "acquisition_channel"):
        if target in taken:
            column = taken[target].column
            unknown = {c for c in _filled(sample.columns[column]) if _channel_of(c) is None}
            if unknown:
                del taken[target]
                notes.append(Note("channel_unknown", {"column": column, "values": ", ".join(sorted(unknown)[:5])}))


def _unlimited(sample: Sample, table: str, taken: dict[str, Reason]) -> tuple[str, ...]:
    """Cells by which a source says that a consent is of all channels: they name none."""
    if table != "consents" or "channel" not in taken:
        return ()
    cells = _filled(sample.columns[taken["channel"].column])
    return tuple(sorted({c for c in cells if _word(c) in ALL_CHANNELS}))


def _values(sample: Sample, table: str, taken: dict[str, Reason]) -> dict[str, dict[str, str]]:
    values: dict[str, dict[str, str]] = {}
    for target in ("channel", "acquisition_channel"):
        if target in taken:
            found = {c: _channel_of(c) for c in sorted(set(_filled(sample.columns[taken[target].column])))}
            renamed = {cell: channel for cell, channel in found.items() if channel and channel != cell}
            values |= {target: renamed} if renamed else {}
    for target in taken:
        if known := _kinds(table, target):
            cells = sorted(set(_filled(sample.columns[taken[target].column])))
            renamed = {c: known[_word(c)] for c in cells if known.get(_word(c), c) != c}
            values |= {target: renamed} if renamed else {}
    return values


def _channel_of(cell: str) -> str | None:
    word = _word(cell)
    return word if word in CHANNELS else CHANNEL_WORDS.get(word)


def _currency(sample: Sample, taken: dict[str, Reason]) -> str:
    """From signs in the cells, or a code in the header; empty when nothing says."""
    money = [taken[t].column for t in ("unit_price", "amount", "cost", "price") if t in taken]
    cells = [c for column in money for c in _filled(sample.columns[column])[:50]]
    codes = {
        code
        for sign, code in CURRENCY_SIGNS.items()
        if any(sign in c for c in cells) or any(sign in column for column in money)
    }
    return codes.pop() if len(codes) == 1 else ""


def _nulls(sample: Sample) -> tuple[str, ...]:
    every = {c for cells in sample.columns.values() for c in _filled(cells)}
    return tuple(n for n in NULLS if n in every)


# -- the whole -------------------------------------------------------------------------------------------------------


def _needed(table: str) -> set[str]:
    if table == ORDERS:
        return {"occurred_at", "order_no", "amount"}
    if table == "order_lines":
        return {"occurred_at", "order_no"}
    derived = {"identity_key", "referred_key"}
    return {c.name.removesuffix("_minor") for c in schema.table(table).columns if c.is_needed} - derived


def _missing(table: str, taken: Dict[str, Reason], identities: Dict[str, Reason]) -> tuple[str, ...]:
    missing = sorted(n for n in _needed(table) if n not in taken and f"{n}_minor" not in taken)
    if table == "order_lines" and not (
        {"quantity", "unit_price"} <= set(taken) or {"amount", "amount_minor"} & set(taken)
    ):
        missing.append("amount")
    if not identities and _contract(table).has("identity_key") and _contract(table).column("identity_key").is_needed:
        missing.append("identity")
    return tuple(missing)


def _source(file_name: str) -> str:
    """A name for the source, from the file's: what comes before dates and numbers."""
    stem = re.sub(r"(\.(csv|tsv|txt|gz|zip|xlsx?|parquet|jsonl?|ndjson))+$", "", file_name, flags=re.I)
    stem = re.sub(r"[\s_.-]*\d[\d\s_.-]*$", "", stem)
    return re.sub(r"[^\w.-]+", "_", stem)[:64].strip("_.-") or "file"


def _word(text: str) -> str:
    """A header as it is looked up: no case, spaces, underscores or brackets. ``Order ID`` = ``order_id`` = ``orderId``."""
    return re.sub(r"[\s_\-.:：/()（）\[\]【】*#]+", "", text).casefold()


def _filled(cells: Sequence[str | None]) -> list[str]:
    return [c.strip() for c in cells[:LOOK_AT] if c and c.strip() and c.strip() not in NULLS]


def _matching(pattern: str, cells: list[str]) -> float:
    return _share_of(cells, lambda c: re.fullmatch(pattern, c) is not None)


def _share_of(cells: list[str], is_one: object) -> float:
    return sum(is_one(c) for c in cells) / len(cells) if cells else 1.0  # type: ignore[operator]
