"""What happened on the days of a warning: plans, feasts, imports and what was taken back, and data that is not there."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest

from core.models.forecast.agenda import Rule
from core.periods import Period
from core.scope import SYSTEM, Operator
from core.work import calendar_entries, incidents
from core.work.home import Home
from core.work.ingest import importing
from core.work.questions import beside
from core.work.questions.beside import Beside
from core.work.questions.reading import reading
from tests import lakes
from tests.bringing import NOW, bring, mapping
from tests.lakes import add, event

DAY = date(2025, 6, 18)
TWO_BEFORE = DAY - timedelta(days=2)


@pytest.fixture
def world(tmp_path) -> Iterator[Home]:
    home = lakes.home(tmp_path)
    yield home
    home.store.close()


def told(world: Home, *kinds: str, last: date = DAY, who: Operator = SYSTEM) -> list[Beside]:
    with reading(world) as lake:
        found = beside.happened(world, who, lake, ["events"], DAY, last, now=NOW)
    return [one for one in found if one.kind in kinds]


def file(*days: date) -> str:
    return "time,what,who\n" + "".join(f"{day} 12:00,page_view,u{number}\n" for number, day in enumerate(days))


def test_feasts_are_told_from_three_days_before_on(world):
    assert told(world, "holiday", "festival", "workday") == [Beside("festival", "618", DAY, DAY)]
    assert beside.feasts(Period(date(2025, 5, 30), date(2025, 6, 3))) == [
        ("holiday", "端午节", date(2025, 5, 31), date(2025, 6, 2))
    ]


def test_events_of_the_house_are_told_but_for_those_switched_off(world):
    def write(kind: str, name: str, day: date) -> None:
        calendar_entries.add(world, world.store, SYSTEM, kind, name, Rule("dates", (day,)), now=NOW)

    write("closed", "Stocktaking", DAY)
    write("own", "Open day", DAY - timedelta(days=9))
    calendar_entries.change_event(world, world.store, SYSTEM, "618", is_off=True, now=NOW)
    assert [(one.kind, one.name, one.from_on) for one in told(world, "event", "own", "closed")] == [
        ("closed", "Stocktaking", DAY)
    ]


def test_campaigns_of_the_data_that_touch_the_days_are_told(world):
    ends = datetime.combine(TWO_BEFORE, datetime.min.time())
    early = {"campaign_id": "C1", "name": "Early", "starts_at": ends - timedelta(days=9), "ends_at": ends}
    past = early | {"campaign_id": "C2", "ends_at": ends - timedelta(days=5)}
    add(world, 1, campaigns=[early, past])
    (found,) = told(world, "campaign")
    assert (found.key, found.name, found.to_on) == ("C1", "Early", TWO_BEFORE)


def test_incidents_of_the_days_are_told(world):
    incidents.open_by_hand(world, world.store, SYSTEM, "Tea", "Bad batch", first_on=DAY, now=NOW)
    incidents.open_by_hand(world, world.store, SYSTEM, "Later", "Other", first_on=DAY + timedelta(days=1), now=NOW)
    assert [(one.name, one.from_on) for one in told(world, "incident")] == [("Tea", DAY)]


def test_an_import_is_told_with_its_file_and_the_days_and_rows_it_brought(world):
    done = bring(world, file(DAY, DAY, TWO_BEFORE, DAY - timedelta(days=20)), mapping(), name="june.csv")
    (found,) = told(world, "import")
    assert (found.name, found.key, found.from_on, found.to_on, found.count) == (
        "june.csv", str(done.batch), TWO_BEFORE, DAY, 3,
    )  # fmt: skip
    assert found.at is not None
    (seen,) = told(world, "import", who=Operator(1, "mei", "manager"))
    assert (seen.name, seen.count) == ("", 3)


def test_what_was_taken_back_is_told_with_the_rows_that_went(world):
    kept = bring(world, file(DAY), mapping(), name="kept.csv")
    gone = bring(world, file(DAY - timedelta(days=1), TWO_BEFORE), mapping(), name="gone.csv")
    elsewhere = bring(world, file(DAY - timedelta(days=30)), mapping(), name="elsewhere.csv")
    for one in (gone, elsewhere):
        importing.rollback(world, one.batch, SYSTEM, now=NOW)
    assert [one.key for one in told(world, "import")] == [str(kept.batch)]
    (found,) = told(world, "rollback")
    assert (found.name, found.from_on, found.to_on, found.count) == ("gone.csv", TWO_BEFORE, DAY - timedelta(days=1), 2)


def test_days_without_a_row_are_missing_and_those_that_nothing_follows_late(world):
    days = [DAY - timedelta(days=back) for back in range(30) if back not in (0, 2)]
    add(world, 1, events=[event(1, f"{day} 04:00") for day in days])
    last = DAY + timedelta(days=1)
    assert told(world, "missing", "late", last=last) == [
        Beside("missing", "events", TWO_BEFORE, TWO_BEFORE),
        Beside("late", "events", DAY, last),
    ]


def test_a_table_that_has_no_rows_on_some_days_anyway_is_never_missing(world):
    add(world, 1, events=[event(1, f"{DAY - timedelta(days=back)} 04:00") for back in range(5, 30, 2)])
    assert told(world, "missing", "late") == []
