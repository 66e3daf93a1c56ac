"""Texts as values: times, numbers, money. Expressions only; null for what cannot be read.

Everything tries the plain spelling first: the engine evaluates the costlier ones for the rows that are left.
"""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from decimal import Decimal

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from core.lake.engine.duckdb import as_naive, make_timestamp
from core.lake.writer import utc_time

UTC_KIND = "timestamp('UTC')"
NAIVE = "timestamp(6)"
MAJOR = "decimal(24, 12)"
"""Amounts in major units before rounding: a product of two decimals with six places, exactly."""
TOO_LARGE = Decimal(10) ** 12
SIGNS = "[¥￥$€£元\\s\u00a0]"
UNDIVIDED = {"%Y%m%d": 8, "%Y%m%d%H%M%S": 14, "%Y%m%d%H%M": 12}
TRUE = ("1", "true", "yes", "y", "t", "是", "有")
FALSE = ("0", "false", "no", "n", "f", "否", "无")


@ibis.udf.scalar.builtin
def try_strptime(text: str, form: str) -> dt.timestamp:  # type: ignore[empty-body,valid-type]
    """Naive time of a text in a form; null when it is not in that form."""


@ibis.udf.scalar.builtin(name="try_strptime")
def try_strptime_zoned(text: str, form: str) -> dt.Timestamp(timezone="UTC"):  # type: ignore[empty-body,valid-type]
    """Instant of a text in a form with a zone."""


def time(text: ir.StringValue, formats: Sequence[str], zone: str) -> ir.Value:
    """Naive UTC time. A text that names its zone means that; others are local times of ``zone``."""
    return ibis.coalesce(*(_time(text, form, zone) for form in formats)).cast(NAIVE)


def day(text: ir.StringValue, formats: Sequence[str]) -> ir.Value:
    """Date as written."""
    return time(text, formats, "UTC").date()


def decimal(text: ir.StringValue, mark: str) -> ir.Value:
    """decimal(18,6). Reads thousands separators, currency signs, a minus behind, and brackets for below zero."""
    plain = text.try_cast("decimal(18, 6)")
    if mark == ",":  # a dot is a thousands separator there
        plain = text.replace(".", "?").replace(",", ".").try_cast("decimal(18, 6)")
    return ibis.coalesce(plain, _bare_number(text, mark).try_cast("decimal(18, 6)"))


def whole(text: ir.StringValue, mark: str) -> ir.Value:
    """int64; null for numbers with a fraction."""
    number = decimal(text, mark)
    return ibis.ifelse(number == number.floor(), number, ibis.null()).cast("int64")


def flag(text: ir.StringValue) -> ir.Value:
    lower = text.lower()
    return ibis.cases((lower.isin(TRUE), True), (lower.isin(FALSE), False), else_=ibis.null("boolean"))


def rate(currency: ir.StringValue | None, home: str, rates: Dict[str, Decimal]) -> ir.Value | None:
    """Worth of one unit in home currency: null where none is known; None where everything is in home currency already."""
    if currency is None:
        return None
    known = [(currency == code, _rate(value)) for code, value in rates.items() if code != home]
    return ibis.cases(
        (currency.isnull() | (currency == home), _rate(Decimal(1))), *known, else_=ibis.null("decimal(14, 10)")
    )


def minor(major: ir.Value, worth: ir.Value | None, digits: int) -> ir.Value:
    """Amount in the smallest unit of the home currency, rounded once, halves to even. ``major``: ``MAJOR``."""
    exact, places = (major, 12) if worth is None else (major * worth, 22)
    scaled = exact.cast(f"decimal(38, {places})") * ibis.literal(10**digits)
    # Rounding a long decimal is slow, rounding a double is not, and the double is right but for the last half.
    guess = scaled.cast("float64").round().cast("int64")
    off = scaled - guess.cast("decimal(18, 0)")
    half, is_odd = ibis.literal(Decimal("0.5"), "decimal(3, 1)"), guess % 2 != 0
    step = ibis.cases(
        ((off > half) | ((off == half) & is_odd), 1), ((off < -half) | ((off == -half) & is_odd), -1), else_=0
    )
    return (guess + step).cast("int64")


def _rate(value: Decimal) -> ir.Value:
    return ibis.literal(value, "decimal(14, 10)")


def _time(text: ir.StringValue, form: str, zone: str) -> ir.Value:
    if form == "iso":
        names_zone = text.like(["%+%", "%Z", "%z", "%:%-%", "%UTC"])
        naive = utc_time(text.try_cast(NAIVE), zone)
        joined = text.re_replace(r"\s+([+-]\d\d)", r"\1")
        return ibis.ifelse(names_zone, as_naive(joined.try_cast(UTC_KIND)), naive)
    if form.startswith("epoch"):
        return _epoch(text, {"epoch_s": 10**6, "epoch_ms": 10**3, "epoch_us": 1}[form])
    if form == "excel":
        days = text.try_cast("decimal(18, 9)")
        since_1970 = ibis.ifelse((days >= 1) & (days < 2_958_466), days - 25569, ibis.null()).cast("decimal(38, 9)")
        return utc_time(make_timestamp((since_1970 * 86400).round().cast("int64") * 10**6), zone)
    if "%z" in form:
        return as_naive(try_strptime_zoned(text, form))
    if form in UNDIVIDED:  # short texts would be read with one-digit days
        text = ibis.ifelse(text.length() == UNDIVIDED[form], text, ibis.null("string"))
    return utc_time(try_strptime(text, form), zone)


def _epoch(text: ir.StringValue, unit: int) -> ir.Value:
    number = text.try_cast("decimal(30, 6)")
    near = ibis.ifelse(number.abs() < ibis.literal(10**17 // unit), number, ibis.null())
    return make_timestamp((near.cast("decimal(38, 6)") * ibis.literal(unit)).cast("int64"))


def _bare_number(text: ir.StringValue, mark: str) -> ir.Value:
    """The number without signs of currency and thousands; null when what stands there is no number so written.

    Each part is used once (``nullif`` uses twice): what is used twice the engine computes for every row, needed or not.
    """
    thousands, point = (",", r"\.") if mark == "." else (r"[. '’]", ",")
    bare = text.re_replace(SIGNS if mark == "." else "[¥￥$€£元]", "").strip()
    bare = bare.re_replace(r"^\((.+)\)$", r"-\1").re_replace(r"^(.+)-$", r"-\1")
    number = bare.re_extract(
        rf"^[+-]?(\d{{1,3}}({thousands}\d{{3}})+|\d+)({point}\d*)?$", 0
    )  # empty when it is no number
    digits = number.re_replace(thousands, "")
    return digits if mark == "." else digits.replace(",", ".")
