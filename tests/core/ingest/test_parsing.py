"""Texts as values, against Python's own reading of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.work.ingest import parsing
from core.work.ingest.mapping import AUTO_FORMATS

ENGINE = ibis.duckdb.connect()


def read(texts: list[str], how: Callable[[ir.StringValue], ir.Value]) -> list[object]:
    table = ibis.memtable(pa.table({"text": pa.array(texts, pa.string()), "n": range(len(texts))}))
    made = table.select("n", value=how(table.text)).order_by("n")
    return ENGINE.to_pyarrow(made)["value"].to_pylist()


def shanghai(text: str, form: str = "%Y-%m-%d %H:%M:%S") -> datetime:
    return datetime.strptime(text, form) - timedelta(hours=8)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-31 08:00:00", "2026-01-31 00:00:00"),
        ("2026-01-31T08:00:00", "2026-01-31 00:00:00"),
        ("2026-01-31 08:00", "2026-01-31 00:00:00"),
        ("2026-1-31 8:00:00", "2026-01-31 00:00:00"),
        ("2026/01/31 08:00:00", "2026-01-31 00:00:00"),
        ("2026-01-31T08:00:00Z", "2026-01-31 08:00:00"),
        ("2026-01-31T08:00:00.250+08:00", "2026-01-31 00:00:00.250000"),
        ("2026-01-31 08:00:00-05:00", "2026-01-31 13:00:00"),
        ("2026-01-31 08:00:00 +0800", "2026-01-31 00:00:00"),
        ("2026-01-31", "2026-01-30 16:00:00"),
        ("20260131", "2026-01-30 16:00:00"),
        ("20260131080000", "2026-01-31 00:00:00"),
        ("2026年1月31日", "2026-01-30 16:00:00"),
        ("2026年01月31日 08:00:00", "2026-01-31 00:00:00"),
        ("2026年1月31日 8时05分", "2026-01-31 00:05:00"),
        ("2026.01.31", "2026-01-30 16:00:00"),
    ],
)
def test_every_common_form_that_can_be_read_in_one_way_is_read(text: str, utc: str) -> None:
    assert read([text], lambda t: parsing.time(t, AUTO_FORMATS, "Asia/Shanghai")) == [datetime.fromisoformat(utc)]


@pytest.mark.parametrize(
    "text", ["31/01/2026", "01/31/2026", "2026-02-30", "2026-13-01", "soon", "1769817600", "12:30", "2026013"]
)
def test_what_could_be_read_in_two_ways_or_in_none_is_not_guessed(text: str) -> None:
    assert read([text], lambda t: parsing.time(t, AUTO_FORMATS, "Asia/Shanghai")) == [None]


@pytest.mark.parametrize(
    ("form", "text", "utc"),
    [
        ("%d/%m/%Y", "05/01/2026", "2026-01-04 16:00:00"),
        ("%m/%d/%Y", "05/01/2026", "2026-04-30 16:00:00"),
        ("%d.%m.%Y %H:%M", "5.1.2026 9:30", "2026-01-05 01:30:00"),
        ("epoch_s", "1769817600", "2026-01-31 00:00:00"),
        ("epoch_s", "1769817600.5", "2026-01-31 00:00:00.500000"),
        ("epoch_ms", "1769817600123", "2026-01-31 00:00:00.123000"),
        ("epoch_us", "1769817600123456", "2026-01-31 00:00:00.123456"),
        ("excel", "46053.5", "2026-01-31 04:00:00"),
    ],
)
def test_a_named_form_is_read_as_it_says(form: str, text: str, utc: str) -> None:
    assert read([text], lambda t: parsing.time(t, (form,), "Asia/Shanghai")) == [datetime.fromisoformat(utc)]


@pytest.mark.parametrize("form", ["epoch_s", "epoch_ms", "epoch_us", "excel"])
def test_numbers_too_large_for_a_time_are_unreadable_and_break_nothing(form: str) -> None:
    assert read(["999999999999", "99999999999999999999", "-1e30"], lambda t: parsing.time(t, (form,), "UTC"))[1:] == [
        None,
        None,
    ]


def test_a_zone_with_summer_time_is_applied_day_by_day() -> None:
    found = read(["2026-01-15 12:00:00", "2026-07-15 12:00:00"], lambda t: parsing.time(t, ("iso",), "Europe/London"))
    assert found == [datetime(2026, 1, 15, 12), datetime(2026, 7, 15, 11)]


@given(st.lists(st.datetimes(datetime(1995, 1, 1), datetime(2030, 1, 1)), min_size=1, max_size=30))
@settings(max_examples=25)
def test_iso_times_come_back_to_the_microsecond(times: list[datetime]) -> None:
    assert read([t.isoformat() for t in times], lambda t: parsing.time(t, ("iso",), "UTC")) == times
    assert (
        read([t.replace(tzinfo=UTC).isoformat() for t in times], lambda t: parsing.time(t, ("iso",), "Asia/Shanghai"))
        == times
    )


@pytest.mark.parametrize(
    ("mark", "text", "number"),
    [
        (".", "1234.5", "1234.5"), (".", "1,234.5", "1234.5"), (".", "-1,234,567", "-1234567"), (".", "¥ 12.50", "12.5"),
        (".", "12元", "12"), (".", "(3.10)", "-3.1"), (".", "5-", "-5"), (".", "1e3", "1000"), (".", "1,5", None), (".", "abc", None),
        (".", "1.2.3", None), (",", "1234,5", "1234.5"), (",", "1.234,5", "1234.5"), (",", "1 234,5", "1234.5"), (",", "1.234", "1234"),
        (",", "2.55", None), (",", "-3,10", "-3.1"), (",", "12", "12"),
    ],
)  # fmt: skip
def test_numbers_are_read_with_their_decimal_mark_and_never_with_the_other(
    mark: str, text: str, number: str | None
) -> None:
    assert read([text], lambda t: parsing.decimal(t, mark)) == [None if number is None else Decimal(number)]


def test_a_whole_number_has_no_fraction() -> None:
    assert read(["3", "3.0", "3.5", "1,000"], lambda t: parsing.whole(t, ".")) == [3, 3, None, 1000]


AMOUNTS = st.decimals(-(10**9), 10**9, places=6)


@given(st.lists(AMOUNTS, min_size=1, max_size=40), st.sampled_from([0, 2, 3]))
@settings(max_examples=40)
def test_amounts_are_rounded_once_half_to_even(amounts: list[Decimal], digits: int) -> None:
    halves = [a.quantize(Decimal(1)) / 10**digits + Decimal(5).scaleb(-digits - 1) for a in amounts]
    every = [a.quantize(Decimal("0.000001")) for a in (*amounts, *halves)]
    found = read(
        [str(a) for a in every], lambda t: parsing.minor(t.cast("decimal(18, 6)").cast(parsing.MAJOR), None, digits)
    )
    assert found == [int((a * 10**digits).quantize(Decimal(1), ROUND_HALF_EVEN)) for a in every]


@given(st.lists(AMOUNTS, min_size=1, max_size=40), st.decimals(Decimal("0.0001"), 9999, places=10))
@settings(max_examples=40)
def test_a_rate_is_applied_exactly_before_the_one_rounding(amounts: list[Decimal], rate: Decimal) -> None:
    worth = ibis.literal(rate, "decimal(14, 10)")
    found = read(
        [str(a) for a in amounts], lambda t: parsing.minor(t.cast("decimal(18, 6)").cast(parsing.MAJOR), worth, 2)
    )
    assert found == [int((a * rate * 100).quantize(Decimal(1), ROUND_HALF_EVEN)) for a in amounts]
