"""Keeping the calendar: who may, what stands afterwards, and that the audit log knows of every change."""

import threading
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from core.app import House
from core.errors import CalendarChanged, Forbidden, InvalidCalendar, Unknown
from core.models.forecast.agenda import Rule
from core.models.forecast.history import Event
from core.scope import Operator, Scope
from core.settings import Settings
from core.store.tables import AuditEntry, CalendarEntry
from core.work import calendar_entries
from core.work.questions import calendar

NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)
LIN = Operator(1, "lin", "analyst")
NINTH, TENTH, ELEVENTH = date(2026, 11, 9), date(2026, 11, 10), date(2026, 11, 11)
TENTH_OF_OCTOBER = date(2026, 10, 10)
NOVEMBER = (date(2026, 11, 1), date(2026, 12, 1))
MEMBER_DAY = Rule("monthly", month_days=(18,))


@pytest.fixture(params=["live", "demo"])
def house(tmp_path: Path, request: pytest.FixtureRequest):
    house = House(Settings(home=tmp_path))
    house.shown_here = house.world(request.param)
    yield house
    house.live.store.close()
    house.shown_here.store.close()


@pytest.fixture
def do(house):
    """A use case by its name, by lin."""

    def call(use_case: str, /, *args, who: Operator = LIN, **named) -> calendar.Said:
        act = getattr(calendar_entries, use_case)
        return act(house.shown_here, house.live.store, who, *args, now=NOW, **named)

    return call


def november(house) -> list[tuple[str, date]]:
    return [(one.name, one.on) for one in calendar.known(house.shown_here, *NOVEMBER).events]


def audited(house) -> list[tuple[str, str, int]]:
    with house.live.store.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))
        return [(entry.actor, entry.action, entry.details["revision"]) for entry in entries]


def test_a_house_that_said_nothing_has_the_built_in_calendar(house):
    assert november(house) == [("double11", ELEVENTH)]
    assert calendar.revision(house.shown_here) == 0


def test_an_occurrence_is_moved_switched_off_and_as_it_was_again(house, do):
    moved = do("change_occurrence", "double11", ELEVENTH, moved_on=NINTH)
    assert november(house) == [("double11", NINTH)]
    off = do("change_occurrence", "double11", ELEVENTH, is_off=True, revision=moved.revision)
    assert november(house) == []
    gone = do("remove", off.entry.key, revision=off.revision)
    assert november(house) == [("double11", ELEVENTH)]
    do("restore", off.entry.key, revision=gone.revision)
    assert november(house) == []
    assert calendar.revision(house.shown_here) == 4
    assert audited(house) == [
        ("lin", "calendar.changed", 1),
        ("lin", "calendar.changed", 2),
        ("lin", "calendar.removed", 3),
        ("lin", "calendar.restored", 4),
    ]


def test_every_revision_stays(house, do):
    first = do("change_event", "double11", before_days=21)
    do("change_event", "double11", before_days=7, revision=first.revision)
    with house.shown_here.store.reading() as session:
        rows = session.scalars(select(CalendarEntry).order_by(CalendarEntry.revision))
        assert [(row.key, row.revision, row.before_days) for row in rows] == [("double11", 1, 21), ("double11", 2, 7)]
    assert calendar.known(house.shown_here, *NOVEMBER).events == (Event("double11", ELEVENTH, 7, 2),)


def test_a_day_of_the_house_is_added_changed_and_removed(house, do):
    added = do("add", "own", " Member  day ", MEMBER_DAY, before_days=1)
    assert november(house) == [("double11", ELEVENTH), ("Member day", date(2026, 11, 18))]
    key = added.entry.key
    changed = do("change", key, name="Tea day", rule=Rule("dates", (TENTH,)), after_days=2, revision=1)
    assert november(house) == [("Tea day", TENTH), ("double11", ELEVENTH)]
    do("remove", key, revision=changed.revision)
    assert november(house) == [("double11", ELEVENTH)]
    assert [one.entry.name for one in calendar.entries(house.shown_here, with_removed=True)] == ["Tea day"]
    assert calendar.entries(house.shown_here) == ()


def test_closed_days_are_told_apart_from_events(house, do):
    do("add", "closed", "Refit", Rule("dates", (TENTH,)), after_days=1)
    assert november(house) == [("double11", ELEVENTH)]
    assert calendar.known(house.shown_here, *NOVEMBER).closed == (TENTH, ELEVENTH)


def test_what_models_are_told_has_worked_weekends_among_the_events(house):
    known = calendar.known(house.shown_here, date(2026, 10, 8), date(2026, 10, 12))
    assert (known.start_on, known.events) == (date(2026, 10, 8), (Event("make_up_workday", TENTH_OF_OCTOBER),))


def test_a_worked_weekend_can_be_switched_off_alone(house, do):
    do("change_occurrence", "make_up_workday", TENTH_OF_OCTOBER, is_off=True)
    left = calendar.known(house.shown_here, date(2026, 9, 1), date(2026, 11, 1)).events
    assert [one.on for one in left if one.name == "make_up_workday"] == [date(2026, 9, 20)]


def test_days_off_are_a_figure_of_every_day(house):
    known = calendar.known(house.shown_here, date(2026, 10, 7), date(2026, 10, 13))
    assert known.regressors["day_off"].tolist() == [
        1,
        0,
        0,
        0,
        1,
        0,
    ]  # the last of the feast, a worked Saturday, Sunday


@pytest.mark.parametrize("name", ["Member day", "MEMBER DAY", "double11"])
def test_no_two_events_share_a_name(house, do, name):
    do("add", "own", "Member day", MEMBER_DAY)
    with pytest.raises(InvalidCalendar) as refused:
        do("add", "campaign", name, MEMBER_DAY)
    assert refused.value.details["reason"] == "taken"


def test_a_removed_event_is_not_restored_beside_another_of_its_name(house, do):
    first = do("add", "own", "Member day", MEMBER_DAY)
    gone = do("remove", first.entry.key, revision=1)
    do("add", "own", "Member day", MEMBER_DAY)
    with pytest.raises(InvalidCalendar):
        do("restore", first.entry.key, revision=gone.revision)


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\x00b"])
def test_a_name_has_1_to_60_letters(house, do, name):
    with pytest.raises(InvalidCalendar):
        do("add", "own", name, MEMBER_DAY)


def test_whoever_read_an_older_revision_changes_nothing(house, do):
    added = do("add", "own", "Member day", MEMBER_DAY)
    do("change", added.entry.key, name="Tea day", rule=MEMBER_DAY, revision=1)
    with pytest.raises(CalendarChanged) as refused:
        do("change", added.entry.key, name="Late", rule=MEMBER_DAY, revision=1)
    assert refused.value.details["revision"] == 2
    with pytest.raises(CalendarChanged):
        do("change_event", "double11", is_off=True, revision=3)


def test_what_is_not_there_is_not_changed(house, do):
    with pytest.raises(Unknown):
        do("remove", "nothing", revision=1)
    with pytest.raises(InvalidCalendar):
        do("change_occurrence", "double11", TENTH, is_off=True)
    off = do("change_event", "520", is_off=True)
    with pytest.raises(InvalidCalendar):
        do("change", off.entry.key, name="520 more", rule=MEMBER_DAY, revision=1)


@pytest.mark.parametrize(
    "who", [Operator(2, "wu", "manager"), Operator(3, "he", "analyst", Scope(frozenset({"east"})))]
)
def test_only_analysts_and_admins_of_the_whole_house_change_it(house, do, who):
    kept = do("add", "own", "Member day", MEMBER_DAY)
    for use_case, args, named in (
        ("add", ("own", "Mine", MEMBER_DAY), {}),
        ("change_event", ("double11",), {"is_off": True}),
        ("change_occurrence", ("double11", ELEVENTH), {"is_off": True}),
        ("change", (kept.entry.key,), {"name": "Mine", "rule": MEMBER_DAY, "revision": 1}),
        ("remove", (kept.entry.key,), {"revision": 1}),
        ("restore", (kept.entry.key,), {"revision": 1}),
    ):
        with pytest.raises(Forbidden):
            do(use_case, *args, who=who, **named)
    assert len(audited(house)) == 1


def test_of_two_who_change_at_once_one_is_told(house, do):
    told, start = [], threading.Barrier(2)

    def change(days: int) -> None:
        start.wait()
        try:
            told.append(do("change_event", "618", before_days=days).revision)
        except CalendarChanged as refused:
            told.append(refused)

    threads = [threading.Thread(target=change, args=(days,)) for days in (5, 9)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(isinstance(one, CalendarChanged) for one in told) == [False, True]
    assert [one.revision for one in calendar.entries(house.shown_here)] == [1]
