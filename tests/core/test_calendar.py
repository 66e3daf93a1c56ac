"""The retail calendar beside an independent one (the holidays library) and published dates."""

from datetime import date, timedelta

import holidays
import pytest
from holidays.calendars.chinese import _ChineseLunisolar

from core import calendar
from core.calendar import Day

YEARS = range(calendar.FIRST_YEAR, calendar.LAST_YEAR + 1)
PUBLISHED = range(calendar.FIRST_YEAR, calendar.LAST_PUBLISHED_YEAR + 1)


def in_year(year: int) -> list[Day]:
    return calendar.days(date(year, 1, 1), date(year + 1, 1, 1))


def every_day(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]


@pytest.mark.parametrize(
    ("year", "first"), [(2024, "2024-02-10"), (2025, "2025-01-29"), (2026, "2026-02-17"), (2027, "2027-02-06")]
)
def test_the_spring_festival_moves_with_the_moon(year: int, first: str) -> None:
    assert calendar.spring_festival(year) == date.fromisoformat(first)


@pytest.mark.parametrize("year", PUBLISHED)
def test_days_off_and_worked_weekends_are_as_published(year: int) -> None:
    theirs = holidays.country_holidays("CN", years=[year])
    assert [day for day in every_day(year) if calendar.is_day_off(day)] == [
        d for d in every_day(year) if not theirs.is_working_day(d)
    ]


@pytest.mark.parametrize("year", [year for year in YEARS if year not in PUBLISHED])
def test_years_without_a_notice_have_their_statutory_days_and_no_make_up_days(year: int) -> None:
    statutory = set(holidays.country_holidays("CN", years=[year], observed=False))
    assert {day.on for day in in_year(year) if day.kind == "holiday"} == statutory
    assert not [day for day in in_year(year) if day.kind == "workday"]


@pytest.mark.parametrize("year", YEARS)
def test_lunar_feasts_agree_with_an_independent_calendar(year: int) -> None:
    moon = _ChineseLunisolar()
    named = {day.name: day.on for day in in_year(year) if day.kind == "festival"}
    assert calendar.spring_festival(year) == moon.lunar_new_year_date(year)[0]
    assert named["元宵节"] == moon.lunar_new_year_date(year)[0] + timedelta(days=14)
    dragon_boat = moon.dragon_boat_date(year)[0]
    assert 58 <= (named["七夕"] - dragon_boat).days <= 62 or (named["七夕"] - dragon_boat).days in (90, 91, 92)


def test_the_double_seventh_is_as_published() -> None:
    published = "2020-08-25 2021-08-14 2022-08-04 2023-08-22 2024-08-10 2025-08-29 2026-08-19"
    assert [str(day.on) for year in PUBLISHED for day in in_year(year) if day.name == "七夕"] == published.split()


def test_mothers_day_is_the_second_sunday_of_may() -> None:
    assert [str(day.on) for year in (2024, 2025, 2026) for day in in_year(year) if day.name == "母亲节"] == [
        "2024-05-12", "2025-05-11", "2026-05-10",
    ]  # fmt: skip


def test_the_end_of_a_range_does_not_belong_to_it() -> None:
    assert calendar.days(date(2026, 6, 18), date(2026, 6, 19)) == [Day(date(2026, 6, 18), "618", "festival")]
    assert calendar.days(date(2026, 6, 17), date(2026, 6, 18)) == []


def test_the_new_year_of_2023_began_in_2022() -> None:
    assert Day(date(2022, 12, 31), "元旦", "holiday") in in_year(2022)
    assert calendar.is_day_off(date(2022, 12, 31))


def test_a_day_outside_the_known_years_has_no_entry() -> None:
    assert calendar.days(date(2031, 1, 1), date(2032, 1, 1)) == []
    with pytest.raises(KeyError):
        calendar.spring_festival(2031)


# -- like for like -----------------------------------------------------------------------------------------------------

PAIRS = [year for year in YEARS if year > calendar.FIRST_YEAR]


@pytest.mark.parametrize("year", PAIRS)
def test_days_around_the_spring_festival_are_held_against_those_at_the_same_distance(year: int) -> None:
    now, before = calendar.spring_festival(year), calendar.spring_festival(year - 1)
    for days in range(-30, 31):
        on = now + timedelta(days=days)
        assert calendar.alike(on) == calendar.lunar_alike(on) == before + timedelta(days=days)


@pytest.mark.parametrize("year", PAIRS)
@pytest.mark.parametrize("days", [-31, 31])
def test_a_day_further_away_is_held_against_the_same_weekday_52_weeks_ago(year: int, days: int) -> None:
    on = calendar.spring_festival(year) + timedelta(days=days)
    assert calendar.lunar_alike(on) == on - timedelta(days=364)
    assert calendar.lunar_alike(on).weekday() == on.weekday()


@pytest.mark.parametrize("year", PAIRS)
@pytest.mark.parametrize(
    ("first", "last"), [("06-01", "06-20"), ("10-21", "11-13"), ("12-08", "12-13")], ids=["618", "double11", "double12"]
)
def test_days_of_shopping_festivals_are_held_against_the_same_date(year: int, first: str, last: str) -> None:
    for on in every_day(year):
        if f"{year}-{first}" <= on.isoformat() <= f"{year}-{last}":
            assert calendar.alike(on).isoformat() == f"{year - 1}-{on.isoformat()[5:]}"


@pytest.mark.parametrize(
    ("on", "other"),
    [
        ("2024-10-01", "2023-09-30"),  # in 2023 the days off began a day earlier
        ("2024-10-07", "2023-10-06"),
        ("2023-09-30", "2022-10-01"),
        ("2025-10-08", "2024-10-07"),  # the eighth day off of a year with seven the year before
        ("2021-10-07", "2020-10-07"),
        ("2027-10-05", "2026-10-05"),  # no notice yet
        ("2023-10-07", "2022-10-08"),  # both worked in exchange
    ],
)
def test_days_off_of_the_national_day_are_held_against_those_in_the_same_place(on: str, other: str) -> None:
    assert calendar.alike(date.fromisoformat(on)) == date.fromisoformat(other)


@pytest.mark.parametrize("year", PAIRS)
def test_an_ordinary_day_is_held_against_its_weekday_and_never_against_a_later_one(year: int) -> None:
    ordinary = [on for on in every_day(year) if calendar.alike(on) == on - timedelta(days=364)]
    assert len(ordinary) > 230
    assert all(300 < (on - calendar.alike(on)).days < 430 for on in every_day(year))


def test_before_the_calendar_begins_days_are_held_against_their_weekday() -> None:
    on = calendar.spring_festival(2020)
    assert calendar.alike(on) == on - timedelta(days=364)
