"""What a file's columns mean: the mapping from source columns to the lake's contract.

The same value lies in ``data/mappings/*.toml``, in the store (as JSON) and in the form on the page.
"""

import re
import tomllib
from collections.abc import Iterable
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.numbers import list_currencies

from core import schema
from core.errors import InvalidMapping
from core.schema import IDENTITY_TYPES, TABLES, Table
from core.store.profile_fields import NICKNAME

ORDERS = "orders"
"""A file with one row per order and its amount; its rows become order lines."""
NOT_IMPORTED = ("identities", "identity_links", "event_names")
"""Tables that imports fill by themselves."""
IMPORTABLE = (*(name for name in TABLES if name not in NOT_IMPORTED), ORDERS)
DERIVED = ("identity_key", "referred_key", "properties", "line_kind")
"""Contract columns that are never mapped from one column: identities, properties and rules make them."""
CURRENCY = "currency"
PERSONAL: Dict[str, tuple[str, ...]] = {"member_profiles": (NICKNAME,)}
"""Columns of a person's own that a mapping of a table may name: they are kept encrypted in the store, and never written to the lake."""
NAMED_FORMATS = ("iso", "epoch_s", "epoch_ms", "epoch_us", "excel")
PATTERN = re.compile(r"([^%\0]|%-?[djmyHIMS]|%[abcfghnpuwxzABGTUVWXYZ%])*")
"""Patterns of times that the engine can read."""
LEAST_RATE, RATE_LIMIT = Decimal("1e-10"), Decimal(10_000)
AUTO_FORMATS = (
    "iso", "%Y%m%d", "%Y%m%d%H%M%S", "%Y%m%d %H:%M:%S", "%Y.%m.%d", "%Y.%m.%d %H:%M:%S", "%Y.%m.%d %H:%M",
    "%Y年%m月%d日", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日%H:%M:%S", "%Y年%m月%d日%H:%M",
    "%Y年%m月%d日 %H时%M分%S秒", "%Y年%m月%d日%H时%M分%S秒", "%Y年%m月%d日 %H时%M分", "%Y年%m月%d日%H时%M分",
)  # fmt: skip
"""Forms that can be read in one way only; tried in this order where the mapping names none."""


@dataclass(frozen=True, slots=True)
class Times:
    """How times are written. ``formats`` are tried in order: names of ``NAMED_FORMATS`` or strptime patterns. ``zone``: of times
    that name none; empty = the home's business zone."""

    formats: tuple[str, ...] = AUTO_FORMATS
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Money:
    """``currency`` of all amounts (empty = the home's), unless a source column is mapped to ``currency``. ``rates``: worth of one
    unit of another currency in the home's."""

    currency: str = ""
    rates: Dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refund:
    """Which order lines are refunds: those whose ``column`` starts with ``starts_with`` or is one of ``values``, and, where said,
    all with a negative quantity or amount."""

    column: str = ""
    starts_with: str = ""
    values: tuple[str, ...] = ()
    is_negative: bool = False


@dataclass(frozen=True, slots=True)
class Properties:
    """What goes into ``properties``: ``columns``, all else that is not mapped (``rest``), and the keys of a ``json`` column."""

    rest: bool = False
    columns: tuple[str, ...] = ()
    json: str = ""


@dataclass(frozen=True, slots=True)
class FileForm:
    """What is known of the files themselves; empty = found out."""

    part: str = ""
    encoding: str = ""
    delimiter: str = ""
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Mapping:
    """Source columns -> contract columns of one table.

    ``columns``: contract column <- source columns; of several the first that is filled counts, but those of a time are joined (date
    and clock). Money in major units is mapped under its name without ``_minor``. ``optional``: source columns a file may lack. ``identities``: identity type <- source columns, the first that is filled counts;
    ``also``: another identity of the same person, of a type that the row may name already: a card that replaces one, a new nick;
    ``referred``: the same for the person brought, of referrals. ``values``: contract column -> {source value: contract value}, ``*``
    for all others. ``nulls``: cells that mean nothing, beside empty ones.
    """

    table: str
    source: str
    columns: Dict[str, tuple[str, ...]]
    identities: Dict[str, tuple[str, ...]] = field(default_factory=dict)
    also: Dict[str, tuple[str, ...]] = field(default_factory=dict)
    referred: Dict[str, tuple[str, ...]] = field(default_factory=dict)
    constants: Dict[str, str] = field(default_factory=dict)
    values: Dict[str, Dict[str, str]] = field(default_factory=dict)
    times: Times = Times()
    decimal: Literal[".", ","] = "."
    money: Money = Money()
    refund: Refund = Refund()
    properties: Properties = Properties()
    file: FileForm = FileForm()
    nulls: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    title: str = ""

    @property
    def target(self) -> Table:
        """The lake table that the rows go to."""
        return schema.table("order_lines" if self.table == ORDERS else self.table)

    @property
    def currency(self) -> str:
        """Of amounts whose row names none; empty = the home's."""
        return self.money.currency or self.constants.get(CURRENCY, "")

    def wanted(self) -> tuple[str, ...]:
        """Source columns the mapping needs, in order of mention."""
        named = [
            c
            for part in (self.columns, self.identities, self.also, self.referred)
            for columns in part.values()
            for c in columns
        ]
        named += [self.refund.column, self.properties.json, *self.properties.columns]
        return tuple(dict.fromkeys(c for c in named if c))


# -- refusing --------------------------------------------------------------------------------------------------------


def validate(mapping: Mapping) -> None:
    """Raise ``InvalidMapping`` when the mapping cannot be right for any file, naming what and what was near."""
    if mapping.table not in IMPORTABLE:
        raise _refused(f"the table {mapping.table!r} cannot be imported", mapping.table, IMPORTABLE, reason="table")
    if not re.fullmatch(r"[\w.-]{1,64}", mapping.source):
        raise _refused(
            f"the source {mapping.source!r} is not a name of letters, digits, dots and dashes",
            mapping.source,
            reason="source",
        )
    known = mappable(mapping.table)
    for name in (*mapping.columns, *mapping.constants):
        if name not in known:
            raise _refused(f"{mapping.table} has no column {name!r}", name, known, reason="column")
    for kind in (*mapping.identities, *mapping.also, *mapping.referred):
        if kind not in IDENTITY_TYPES:
            raise _refused(f"there is no identity type {kind!r}", kind, IDENTITY_TYPES, reason="identity")
    _needed(mapping)
    _choices(mapping)
    _consented(mapping)
    _forms(mapping)


def fits(mapping: Mapping, found: Iterable[str]) -> None:
    """Raise ``InvalidMapping`` when a file lacks columns, naming all of them and those it has."""
    found = list(found)
    missing = [name for name in mapping.wanted() if name not in found and name not in mapping.optional]
    if missing:
        near = {name: get_close_matches(name, found, 1, 0.6) for name in missing}
        hints = [f"{name} (did you mean {n[0]}?)" if n else name for name, n in near.items()]
        raise InvalidMapping(
            f"The file lacks the columns {', '.join(hints)}. It has: {', '.join(found)}.",
            reason="columns",
            missing=", ".join(missing),
            found=", ".join(found),
        )


def mappable(table: str) -> tuple[str, ...]:
    """Columns a mapping of the table may name: those of the contract, money under both its names, and personal ones."""
    target = schema.table("order_lines" if table == ORDERS else table)
    names = [c.name for c in target.columns if c.name not in DERIVED]
    money = [c.name.removesuffix("_minor") for c in target.columns if c.kind == "money"]
    extra = [CURRENCY] if money else []
    if table == ORDERS:
        names = [n for n in names if n not in ("quantity", "unit_price")]
    return (*names, *(m for m in money if m not in names), *extra, *PERSONAL.get(table, ()))


def _needed(mapping: Mapping) -> None:
    given = {*mapping.columns, *mapping.constants}
    given |= {f"{name}_minor" for name in given if name.endswith(("amount", "cost", "price", "face"))}
    needed = {c.name for c in mapping.target.columns if c.is_needed} - {"line_kind"}
    if mapping.identities:
        needed.discard("identity_key")
    if mapping.referred:
        needed.discard("referred_key")
    if mapping.target.name == "order_lines":
        needed -= {"quantity", "unit_price"}
        if {"quantity", "unit_price"} <= given:
            needed.discard("amount_minor")
    missing = sorted(needed - given)
    if missing:
        names = ["an identity" if n in ("identity_key", "referred_key") else n.removesuffix("_minor") for n in missing]
        raise InvalidMapping(
            f"The mapping for {mapping.table} lacks {', '.join(names)}.", reason="missing", missing=", ".join(names)
        )


def _choices(mapping: Mapping) -> None:
    for name, values in {n: (v,) for n, v in mapping.constants.items()}.items() | _mapped(mapping).items():
        choices = mapping.target.column(name).choices if mapping.target.has(name) else ()
        wrong = [v for v in values if choices and v not in choices]
        if wrong:
            raise _refused(f"{name} cannot be {wrong[0]!r}", wrong[0], choices, reason="value")


def _consented(mapping: Mapping) -> None:
    """Nobody agrees by a rule: that somebody did, a cell of the row has to say."""
    if mapping.table == "consents":
        if mapping.constants.get("state") == "given" or mapping.values.get("state", {}).get("*") == "given":
            raise _refused("a consent is never given by default: a column has to say so for each row", reason="consent")


def _mapped(mapping: Mapping) -> dict[str, tuple[str, ...]]:
    for name in mapping.values:
        if name not in mapping.columns:
            raise _refused(
                f"values are mapped for {name!r}, which is mapped to no column", name, mapping.columns, reason="values"
            )
    return {name: tuple(values.values()) for name, values in mapping.values.items()}


def _forms(mapping: Mapping) -> None:
    for form in mapping.times.formats:
        if form not in NAMED_FORMATS and not ("%" in form and PATTERN.fullmatch(form)):
            raise _refused(
                f"the time format {form!r} is neither known nor a pattern such as %d/%m/%Y",
                form,
                NAMED_FORMATS,
                reason="time_format",
            )
    if not mapping.times.formats:
        raise _refused("no time format is given", reason="no_time_format")
    if mapping.times.zone and not _is_zone(mapping.times.zone):
        raise _refused(f"there is no time zone {mapping.times.zone!r}", mapping.times.zone, reason="zone")
    if mapping.decimal not in (".", ","):
        raise _refused(f"the decimal mark is . or , and not {mapping.decimal!r}", mapping.decimal, reason="decimal")
    known = list_currencies()
    for code in (mapping.currency, *mapping.money.rates):
        if code and code not in known:
            raise _refused(f"there is no currency {code!r}", code, known, reason="currency")
    for code, rate in mapping.money.rates.items():
        if not (rate.is_finite() and LEAST_RATE <= rate < RATE_LIMIT):
            raise _refused(f"the rate of {code} must lie between 0 and 10000", code, reason="rate")
    if len(mapping.file.delimiter) > 1 or mapping.file.delimiter in ('"', "\r", "\n", "\0"):
        raise _refused(
            f"cells are separated by one sign, and not by {mapping.file.delimiter!r}",
            mapping.file.delimiter,
            reason="delimiter",
        )
    if mapping.file.skip < 0:
        raise _refused("the lines above the header cannot be fewer than none", reason="skip")
    if mapping.refund.column and not (mapping.refund.starts_with or mapping.refund.values):
        raise _refused("the refund rule says neither what its column starts with nor its values", reason="refund")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def _refused(why: str, name: str = "", known: Iterable[str] = (), *, reason: str) -> InvalidMapping:
    near = get_close_matches(name, list(known), n=3, cutoff=0.5)
    hint = f" Did you mean {', '.join(near)}?" if near else ""
    return InvalidMapping(f"The mapping cannot be used: {why}.{hint}", reason=reason, name=name, near=", ".join(near))


# -- written down ----------------------------------------------------------------------------------------------------


def from_toml(text: str) -> Mapping:
    """A mapping as files in ``data/mappings`` hold it. Raises ``InvalidMapping``."""
    try:
        return from_json(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InvalidMapping(f"The mapping is not valid TOML: {error}.", why=str(error)) from error


def from_json(body: Dict[str, Any]) -> Mapping:
    """The inverse of ``to_json``; a single name may stand for a list of one. Raises ``InvalidMapping`` for keys it does not know."""
    _known_keys("the mapping", body, Mapping)
    try:
        return Mapping(
            table=str(body["table"]),
            source=str(body["source"]),
            columns=_names(body.get("columns", {})),
            identities=_names(body.get("identities", {})),
            also=_names(body.get("also", {})),
            referred=_names(body.get("referred", {})),
            constants={k: str(v) for k, v in body.get("constants", {}).items()},
            values={k: {str(a): str(b) for a, b in v.items()} for k, v in body.get("values", {}).items()},
            times=_part(Times, "times", body, formats=_listed, zone=str),
            decimal=body.get("decimal", "."),
            money=_part(Money, "money", body, currency=str, rates=_rates),
            refund=_part(Refund, "refund", body, column=str, starts_with=str, values=_listed, is_negative=bool),
            properties=_part(Properties, "properties", body, rest=bool, columns=_listed, json=str),
            file=_part(FileForm, "file", body, part=str, encoding=str, delimiter=str, skip=int),
            nulls=_listed(body.get("nulls", ())),
            optional=_listed(body.get("optional", ())),
            title=str(body.get("title", "")),
        )
    except KeyError as error:
        raise InvalidMapping(f"The mapping does not say its {error.args[0]}.", missing=error.args[0]) from error
    except (AttributeError, TypeError, ValueError, InvalidOperation) as error:
        raise InvalidMapping(f"The mapping cannot be read: {error}.", why=str(error)) from error


def to_json(mapping: Mapping) -> dict[str, Any]:
    """The mapping as JSON values, without what is at its default."""
    body: dict[str, Any] = {"table": mapping.table, "source": mapping.source}
    body |= {"title": mapping.title} if mapping.title else {}
    for name in ("columns", "identities", "also", "referred"):
        body |= {name: {k: _single(v) for k, v in getattr(mapping, name).items()}} if getattr(mapping, name) else {}
    body |= {"constants": dict(mapping.constants)} if mapping.constants else {}
    body |= {"values": {k: dict(v) for k, v in mapping.values.items()}} if mapping.values else {}
    body |= {"decimal": mapping.decimal} if mapping.decimal != "." else {}
    body |= {"nulls": list(mapping.nulls)} if mapping.nulls else {}
    body |= {"optional": list(mapping.optional)} if mapping.optional else {}
    for name, default in (
        ("times", Times()),
        ("money", Money()),
        ("refund", Refund()),
        ("properties", Properties()),
        ("file", FileForm()),
    ):
        part = {k: _plain(getattr(getattr(mapping, name), k)) for k in default.__dataclass_fields__
                if getattr(getattr(mapping, name), k) != getattr(default, k)}  # fmt: skip
        body |= {name: part} if part else {}
    return body


def to_toml(mapping: Mapping) -> str:
    """The mapping as a file of ``data/mappings``."""
    body = to_json(mapping)
    plain = {k: v for k, v in body.items() if not isinstance(v, dict)}
    nested = {f"values.{k}": v for k, v in body.pop("values", {}).items()}
    rates = body.get("money", {}).pop("rates", None)
    nested |= {"money.rates": rates} if rates else {}
    tables = {k: v for k, v in body.items() if isinstance(v, dict) and v} | nested
    lines = [f"{_toml(k)} = {_toml_value(v)}" for k, v in plain.items()]
    for name, values in tables.items():
        lines += ["", f"[{name}]"] + [f"{_toml(k)} = {_toml_value(v)}" for k, v in values.items()]
    return "\n".join(lines) + "\n"


def _known_keys(where: str, body: Dict[str, Any], kind: type) -> None:
    known = [field.name for field in fields(kind)]
    unknown = [key for key in body if key not in known]
    if unknown:
        raise _refused(f"{where} has no part {unknown[0]!r}", unknown[0], known, reason="part")


def _part(kind: type, name: str, body: Dict[str, Any], **makers: Any) -> Any:
    part = body.get(name, {})
    _known_keys(f"its part {name}", part, kind)
    return kind(**{key: makers[key](value) for key, value in part.items()})


def _names(value: Dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {str(k): _listed(v) for k, v in value.items()}


def _listed(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(v) for v in value)


def _rates(value: Dict[str, Any]) -> dict[str, Decimal]:
    return {str(k): Decimal(str(v)) for k, v in value.items()}


def _single(names: tuple[str, ...]) -> str | list[str]:
    return names[0] if len(names) == 1 else list(names)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dict):
        return {k: str(v) for k, v in value.items()}
    return value


def _toml(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml_value(key)


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(_toml_value(v) for v in value)}]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda m: f"\\u{ord(m[0]):04x}", escaped) + '"'
