"""The house's calendar: built-in events, what is changed of them, and what the house adds."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import calendar
from core.errors import InvalidCalendar
from core.models.forecast import agenda, festivals
from core.models.forecast.agenda import Entry, Rule
from core.models.forecast.history import Event

YEAR = (date(2026, 1, 1), date(2027, 1, 1))
CLOSED = Rule("dates", (date(2026, 3, 2), date(2026, 3, 3)))


def on(text: str) -> date:
    return date.fromisoformat(text)


def told(*entries: Entry, span: tuple[date, date] = YEAR) -> dict[tuple[str, date], Event]:
    return {(one.name, one.on): one for one in agenda.events(agenda.occasions(entries, *span))}


def test_a_year_has_each_built_in_event_once_with_its_window() -> None:
    found = [one for one in agenda.events(agenda.occasions((), *YEAR)) if one.name != festivals.MAKE_UP]
    assert [(one.name, one.first_on, one.on, one.last_on) for one in found] == [
        ("spring_festival", on("2026-02-03"), on("2026-02-17"), on("2026-02-25")),
        ("womens_day", on("2026-03-03"), on("2026-03-08"), on("2026-03-08")),
        ("labour", on("2026-05-01"), on("2026-05-01"), on("2026-05-05")),
        ("520", on("2026-05-18"), on("2026-05-20"), on("2026-05-20")),
        ("618", on("2026-06-01"), on("2026-06-18"), on("2026-06-20")),
        ("qixi", on("2026-08-14"), on("2026-08-19"), on("2026-08-19")),
        ("mid_autumn", on("2026-09-22"), on("2026-09-25"), on("2026-09-25")),
        ("national", on("2026-10-01"), on("2026-10-01"), on("2026-10-07")),
        ("double11", on("2026-10-21"), on("2026-11-11"), on("2026-11-13")),
        ("double12", on("2026-12-08"), on("2026-12-12"), on("2026-12-13")),
    ]


def test_an_event_belongs_to_a_span_that_its_window_touches() -> None:
    touching = [("2026-11-13", "2026-11-14"), ("2026-10-01", "2026-10-22")]
    assert all(("double11", on("2026-11-11")) in told(span=(on(a), on(b))) for a, b in touching)
    apart = [("2026-11-14", "2026-11-20"), ("2026-10-08", "2026-10-21")]
    assert not any(("double11", on("2026-11-11")) in told(span=(on(a), on(b))) for a, b in apart)


def test_a_whole_event_is_switched_off_and_its_occurrences_are_still_shown_as_off() -> None:
    off = Entry("520", "event", "520", is_off=True)
    assert ("520", on("2026-05-20")) not in told(off)
    shown = [one for one in agenda.occasions([off], *YEAR) if one.event.name == "520"]
    assert [(one.is_off, one.key) for one in shown] == [(True, "520")]


def test_one_occurrence_is_switched_off_and_others_stay() -> None:
    off = Entry("618@2026-06-18", "occurrence", "618", on("2026-06-18"), is_off=True)
    both = told(off, span=(on("2025-01-01"), on("2027-01-01")))
    assert [day for name, day in both if name == "618"] == [on("2025-06-18")]


def test_a_moved_occurrence_takes_its_window_along() -> None:
    moved = Entry("double11@2026-11-11", "occurrence", "double11", on("2026-11-11"), on("2026-11-09"))
    event = told(moved)["double11", on("2026-11-09")]
    assert (event.first_on, event.last_on) == (on("2026-10-19"), on("2026-11-11"))
    assert [one.is_moved for one in agenda.occasions([moved], *YEAR) if one.event.name == "double11"] == [True]


def test_the_window_of_one_occurrence_is_said_before_that_of_the_event_before_the_built_in() -> None:
    whole = Entry("double11", "event", "double11", before_days=10)
    one = Entry("double11@2026-11-11", "occurrence", "double11", on("2026-11-11"), before_days=3, after_days=0)
    found = told(whole, one, span=(on("2025-01-01"), on("2027-01-01")))
    windows = {day.year: (one.before_days, one.after_days) for (name, day), one in found.items() if name == "double11"}
    assert windows == {2025: (10, 2), 2026: (3, 0)}


def test_the_house_adds_days_of_its_own() -> None:
    own = Entry("k", "own", "Tea day", rule=Rule("dates", (on("2026-04-18"),)), before_days=2, after_days=1)
    assert told(own)["Tea day", on("2026-04-18")] == Event("Tea day", on("2026-04-18"), 2, 1)


def test_closed_days_are_no_event_and_are_told_day_by_day() -> None:
    shut = Entry("c", "closed", "Refit", rule=CLOSED, after_days=1)
    found = agenda.occasions([shut], *YEAR)
    assert "Refit" not in {one.name for one in agenda.events(found)}
    assert agenda.closed_days(found, *YEAR) == (on("2026-03-02"), on("2026-03-03"), on("2026-03-04"))
    assert agenda.closed_days(found, on("2026-03-04"), on("2026-03-05")) == (on("2026-03-04"),)
    off = Entry("c", "closed", "Refit", rule=CLOSED, is_off=True)
    assert agenda.closed_days(agenda.occasions([off], *YEAR), *YEAR) == ()


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        (Rule("weekly", weekday=1), ["2026-02-03", "2026-02-10", "2026-02-17", "2026-02-24"]),
        (Rule("weekly", weekday=1, from_on=on("2026-02-10"), until_on=on("2026-02-17")), ["2026-02-10", "2026-02-17"]),
        (Rule("monthly", month_days=(8, 18)), ["2026-02-08", "2026-02-18"]),
        (Rule("monthly", month_days=(31,)), ["2026-02-28"]),
        (Rule("dates", (on("2026-02-09"), on("2026-02-09"), on("2026-03-01"))), ["2026-02-09"]),
    ],
    ids=["weekly", "with ends", "monthly", "month end", "dates"],
)
def test_a_rule_says_its_days(rule: Rule, days: list[str]) -> None:
    assert rule.on(on("2026-02-01"), on("2026-03-01")) == [on(one) for one in days]
    assert Rule.from_json(rule.to_json()).on(on("2026-02-01"), on("2026-03-01")) == [on(one) for one in days]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Rule("dates"), "dates"),
        (lambda: Rule("weekly", weekday=7), "weekday"),
        (lambda: Rule("monthly", month_days=(0,)), "month_days"),
        (lambda: Rule("weekly", weekday=1, from_on=on("2026-02-02"), until_on=on("2026-02-01")), "span"),
        (lambda: Rule.from_json({"kind": "yearly"}), "rule"),
        (lambda: Entry("x", "event", "easter"), "event"),
        (lambda: Entry("x", "occurrence", "618", on("2026-06-17")), "occurrence"),
        (lambda: Entry("618", "event", "618", before_days=61), "window"),
        (lambda: Entry("x", "own", "Tea day"), "rule"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(make, reason: str) -> None:
    with pytest.raises(InvalidCalendar) as refused:
        make()
    assert refused.value.details["reason"] == reason


@given(
    st.dates(on("2024-01-01"), on("2026-12-31")), st.integers(1, 60), st.integers(0, 30), st.integers(0, 30),
    st.sampled_from([Rule("weekly", weekday=3), Rule("monthly", month_days=(1, 31)), Rule("dates", (on("2025-06-01"),))]),
)  # fmt: skip
def test_what_touches_a_span_is_what_any_longer_span_has_of_it(
    start: date, days: int, before: int, after: int, rule: Rule
) -> None:
    entry, end = Entry("k", "own", "Tea day", rule=rule, before_days=before, after_days=after), start + timedelta(days)
    longer = agenda.occasions([entry], start - timedelta(200), end + timedelta(200))
    touching = tuple(one for one in longer if one.event.last_on >= start and one.event.first_on < end)
    assert agenda.occasions([entry], start, end) == touching


def test_weekends_worked_for_a_day_off_are_one_event_of_single_days() -> None:
    found = [one for one in festivals.occurrences("make_up_workday") if one.on.year == 2026]
    assert [one.on for one in found] == [one.on for one in calendar.days(*YEAR) if one.kind == "workday"]
    assert all(one.first_on == one.last_on and one.on.weekday() >= 5 for one in found)
