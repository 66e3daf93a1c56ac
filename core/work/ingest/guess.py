"""A first mapping for a file nobody has described: from the words of its header and from what its cells look like.

Guesses are offered, never trusted: each comes with a confidence and its reason, and what could be read in two ways is said so.
"""

import re
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from core import schema
from core.schema import CHANNELS
from core.work.ingest.mapping import AUTO_FORMATS, ORDERS, FileForm, Mapping, Money, Properties, Refund, Times, mappable
from core.work.ingest.words import CHANNEL_WORDS, CURRENCY_SIGNS, IDENTITY_WORDS, TABLE_HINTS, WORDS

NULLS = ("NULL", "null", "\\N", "NaN", "nan", "N/A", "#N/A", "None", "-", "--", "无")
LOOK_AT = 1000
MOSTLY = 0.9
DAY_FIRST = ("%d/%m/%Y", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%y", "%d/%m/%y %H:%M", "%d/%m/%y %H:%M:%S")
MONTH_FIRST = (*(form.replace("%d/%m", "%m/%d") for form in DAY_FIRST), "%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M:%S %p")
NAMED_MONTHS = ("%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d-%b-%Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%d %B %Y", "%B %d, %Y")
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
    taken: dict[str, Reason] = {}
    identities: dict[str, Reason] = {}
    notes: list[Note] = []
    for column, cells in sample.columns.items():
        _place(table, column, _filled(cells), taken, identities)
    _channel(sample, taken, notes)
    times = _times(sample, taken, notes)
    decimal = _decimal_mark(sample, taken, notes)
    refund = _refund(sample, table, taken, notes)
    if sample.parts and len(sample.parts) > 1:
        notes.append(Note("part_chosen", {"part": sample.part, "parts": ", ".join(sample.parts)}))
    target = schema.table("order_lines" if table == ORDERS else table)
    if not identities and target.is_fact and target.has("identity_key"):
        notes.append(Note("no_person", {}))
    mapping = Mapping(
        table=table,
        source=_source(sample.file_name),
        columns={target: (reason.column,) for target, reason in taken.items()},
        identities={kind: (reason.column,) for kind, reason in identities.items()},
        values=_values(sample, taken),
        times=Times(times),
        decimal=decimal,
        money=Money(_currency(sample, taken)),
        refund=refund,
        properties=Properties(rest=table == "events"),
        file=FileForm(part=sample.part if len(sample.parts) > 1 else ""),
        nulls=_nulls(sample),
    )
    missing = _missing(table, taken, identities)
    needed = [r.confidence for t, r in taken.items() if t in _needed(table)]
    reasons = (*taken.values(), *identities.values())
    return Guess(mapping, 0.0 if missing else min(needed, default=0.0), reasons, tuple(notes), missing)


# -- what a column is ------------------------------------------------------------------------------------------------


def _table(sample: Sample) -> str:
    """The table whose telling words the header has most of; events when none speaks."""
    words = {_word(c) for c in sample.columns}
    scores = {
        table: sum(any(w in hints for w in words) for hints in groups) / len(groups)
        for table, groups in TABLE_HINTS.items()
    }
    best = max(scores, key=lambda t: scores[t])
    return best if scores[best] > 0 else "events"


def _place(table: str, column: str, cells: list[str], taken: dict[str, Reason], identities: dict[str, Reason]) -> None:
    """Give the column to the target that wants it most, if it wants it more than what stands there."""
    options: list[tuple[float, str, Reason]] = []
    for kind, words in IDENTITY_WORDS.items():
        if schema.table("order_lines" if table == ORDERS else table).has("identity_key"):
            options += [
                (s, "identity", r) for s, r in _judged(kind, column, words, _identity_share(kind, cells), cells)
            ]
    for target in mappable(table):
        options += [
            (s, "column", r) for s, r in _judged(target, column, _words(target), _share(table, target, cells), cells)
        ]
    for _, where, reason in sorted(options, key=lambda o: -o[0]):
        placed = identities if where == "identity" else taken
        if reason.target not in placed or placed[reason.target].confidence < reason.confidence:
            placed[reason.target] = reason
            return


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
    contract = schema.table("order_lines" if table == ORDERS else table)
    kind = contract.column(target).kind if contract.has(target) else "money" if target != "currency" else "text"
    if kind in ("time", "day"):
        return _share_of(cells, lambda c: bool(_forms_of(c)))
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


def _forms_of(cell: str) -> list[str]:
    return [form for form in _candidates() if _reads(form, cell)]


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


def _channel(sample: Sample, taken: dict[str, Reason], notes: list[Note]) -> None:
    """A column of channels counts only when all of its values are channels that we know."""
    for target in ("channel", "acquisition_channel"):
        if target in taken:
            column = taken[target].column
            unknown = {c for c in _filled(sample.columns[column]) if _channel_of(c) is None}
            if unknown:
                del taken[target]
                notes.append(Note("channel_unknown", {"column": column, "values": ", ".join(sorted(unknown)[:5])}))


def _values(sample: Sample, taken: dict[str, Reason]) -> dict[str, dict[str, str]]:
    values: dict[str, dict[str, str]] = {}
    for target in ("channel", "acquisition_channel"):
        if target in taken:
            found = {c: _channel_of(c) for c in sorted(set(_filled(sample.columns[taken[target].column])))}
            renamed = {cell: channel for cell, channel in found.items() if channel and channel != cell}
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
    if table == "member_profiles" and not identities:
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
