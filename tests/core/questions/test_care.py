"""Service of the staff over lakes: figures by hand, random histories against loops, scopes, people, and the demo's poor service."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest

from core.errors import Unknown
from core.periods import Period, comparable
from core.scope import EVERYTHING, Filters, Scope
from core.work.home import Home
from core.work.questions import answers, care
from core.work.questions.places import TOTAL
from core.work.questions.reading import reading
from tests import lakes
from tests.oracles import care as oracle
from tests.seeds import every_third, seeds

AHEAD = timedelta(hours=8)
"""Of the business zone."""
MARCH = Period(date(2025, 3, 1), date(2025, 4, 1))
STAFF = {"ann": "north", "bob": "north", "cat": "south"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def talk(
    number: int, who: int | None, staff: str | None, asked: str | datetime, replied: str | datetime | None = None,
    resolved: str | datetime | None = None, score: float | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A conversation; times in the business zone."""
    times = [at(one) if isinstance(one, str) else one for one in (asked, replied, resolved)]
    utc = [None if one is None else one - AHEAD for one in times]
    return {
        "identity_key": who, "occurred_at": utc[0], "conversation_id": f"c{number}", "staff_id": staff, "first_reply_at": utc[1],
        "resolved_at": utc[2], "score": None if score is None else Decimal(str(score)),
    }  # fmt: skip


def described(home: Home) -> None:
    with home.writer.change("import", 99) as change:
        staff = [{"staff_id": s, "name": f"导购 {s}", "unit_id": unit} for s, unit in STAFF.items()]
        change.merge("staff", lakes.rows("staff", staff))
        units = [{"unit_id": one, "name": {"north": "北区", "south": "南区"}[one]} for one in ("north", "south")]
        change.merge("units", lakes.rows("units", units))


def asked(
    home: Home, by: care.By = "staff", period: Period = MARCH, scope: Scope = EVERYTHING
) -> pd.DataFrame:  # fmt: skip
    with reading(home, Filters(period), scope) as opened:
        found = care.quality(opened, by)
    assert found is not None
    return found.rows.set_index("key")


def test_figures_are_those_counted_by_hand(tmp_path: Path):
    """Newest data: the 20th at 12. One is answered next morning and solved, one at 23 and unsolved, one never, one asked today."""
    home = lakes.home(tmp_path)
    rows = [
        talk(1, 1, "ann", "2025-03-03 20:30", "2025-03-04 09:10", "2025-03-04 10:30", 5),
        talk(2, 1, "ann", "2025-03-05 20:00", "2025-03-05 23:00", None, 2),
        talk(3, 2, "ann", "2025-03-06 10:00"),
        talk(4, 3, "ann", "2025-03-20 11:00"),
    ]
    lakes.add(home, 1, service_conversations=rows, events=[lakes.event(9, "2025-03-20 04:00")])
    described(home)
    row = asked(home).loc["ann"]
    assert (row["name"], row.conversations, row.judged, row.answered, row.missed, row.open) == (
        "导购 ann",
        4,
        3,
        2,
        1,
        1,
    )
    assert row.answered_share == pytest.approx(2 / 3)
    assert row.first_reply_seconds == (40 * 60 + 3600) / 2
    assert (row.settled, row.resolved, row.unsolved, row.running) == (3, 1, 2, 1)
    assert row.settled + row.running == row.conversations, "nothing is left over"
    assert row.resolution_seconds == 14 * 3600
    assert (row.scored, row.mean_score, row.happy, row.low, row.wrong) == (2, 3.5, 1, 1, 2)
    assert (row.overtime, row.overtime_share, row.overtime_hours) == (1, 0.5, 1)
    assert row.overtime_hours_a_week == pytest.approx(7 / 18), "conversations begin on the 3rd"
    assert pd.isna(row.conversations_before) and pd.isna(row.missed_before), "nothing is known of February"


@pytest.mark.parametrize(
    ("replied", "is_late"),
    [("2025-03-03 20:59:59", False), ("2025-03-03 21:00", True), ("2025-03-04 08:59:59", True), ("2025-03-04 09:00", False)],
)  # fmt: skip
def test_duty_is_from_nine_to_before_twenty_one(tmp_path: Path, replied: str, is_late: bool):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, service_conversations=[talk(1, 1, "ann", "2025-03-03 10:00", replied)])
    described(home)
    assert asked(home).loc["ann", "overtime"] == is_late


@pytest.mark.parametrize(("when", "missed"), [("2025-03-19 12:00", 1), ("2025-03-19 12:00:01", 0)])
def test_what_was_asked_a_day_before_the_newest_data_is_missed_and_later_is_open(
    tmp_path: Path, when: str, missed: int
):
    home = lakes.home(tmp_path)
    rows = [talk(1, 1, "ann", when)]
    lakes.add(home, 1, service_conversations=rows, events=[lakes.event(9, "2025-03-20 04:00")])
    described(home)
    row = asked(home).loc["ann"]
    assert (row.missed, row.open, row.unsolved, row.running) == (missed, 1 - missed, missed, 1 - missed)
    assert pd.isna(row.answered_share) != bool(missed)


def test_several_answers_in_one_hour_are_one_hour_of_each_employee(tmp_path: Path):
    home = lakes.home(tmp_path)
    rows = [
        talk(1, 1, "ann", "2025-03-03 20:00", "2025-03-03 22:05", "2025-03-03 22:50"),
        talk(2, 2, "ann", "2025-03-03 20:00", "2025-03-03 22:59"),
        talk(3, 3, "bob", "2025-03-03 20:00", "2025-03-03 22:30"),
        talk(4, 3, "bob", "2025-02-28 20:00", "2025-03-01 07:30"),
    ]
    lakes.add(home, 1, service_conversations=rows)
    described(home)
    assert asked(home)["overtime_hours"].to_dict() == {"ann": 1, "bob": 2}
    assert asked(home, "unit").loc["north", "overtime_hours"] == 3
    assert asked(home).loc["bob", "overtime"] == 1, "the other one was asked before the period"


def test_an_employee_who_speaks_first_let_nobody_wait(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, service_conversations=[talk(1, 1, "ann", "2025-03-03 12:00", "2025-03-03 11:00")])
    described(home)
    assert asked(home).loc["ann", "first_reply_seconds"] == 0


class Random:
    """A few months of conversations of a few employees, one of whom nobody describes."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.rows = [self.one(number) for number in range(self.rng.choice([1, 40, 150]))]

    def one(self, number: int) -> dict[str, Any]:
        rng = self.rng
        start = datetime(2025, 1, 1) + timedelta(minutes=rng.randrange(60 * 24 * 100))
        replied = start + timedelta(minutes=rng.choice([1, 59, 61, 600, 2000])) if rng.random() < 0.8 else None
        resolved = (replied or start) + timedelta(minutes=rng.randrange(900)) if rng.random() < 0.6 else None
        score = rng.choice([None, 1, 2, 2.5, 3, 4, 5])
        return talk(
            number, rng.choice([None, 1, 2, 3]), rng.choice([*STAFF, "zoe", None]), start, replied, resolved, score
        )

    @property
    def as_of(self) -> datetime:
        return max(row["occurred_at"] + AHEAD for row in self.rows)

    @property
    def since(self) -> date:
        return min(row["occurred_at"] + AHEAD for row in self.rows).date()

    def of(self, by: care.By, key: str) -> list[dict[str, Any]]:
        told = [
            {
                "staff": row["staff_id"],
                "who": row["identity_key"],
                "asked": row["occurred_at"] + AHEAD,
                "replied": row["first_reply_at"] and row["first_reply_at"] + AHEAD,
                "resolved": row["resolved_at"] and row["resolved_at"] + AHEAD,
                "score": None if row["score"] is None else float(row["score"]),
            }
            for row in self.rows
        ]
        place = {"staff": lambda s: s or "", "unit": lambda s: STAFF.get(s, ""), "total": lambda _: TOTAL}[by]
        return [row for row in told if place(row["staff"]) == key]

    def period(self) -> Period:
        start = date(2025, 1, 1) + timedelta(days=self.rng.randrange(90))
        return self.rng.choice([MARCH, Period(start, start + timedelta(days=self.rng.choice([1, 7, 28, 60])))])


@pytest.mark.parametrize(("first", "before"), [("2025-02-09 10:00", 2), ("2025-02-10 10:00", None)])
def test_the_period_before_is_told_only_where_conversations_reach_back_over_all_of_it(
    tmp_path: Path, first: str, before
):
    """The 20 days of March to date are held against those from 9 February on; an event of January says nothing of conversations."""
    home = lakes.home(tmp_path)
    rows = [talk(1, 1, "ann", first), talk(2, 1, "ann", "2025-03-20 10:00")]
    if before is not None:
        rows.append(talk(3, 1, "ann", "2025-02-28 10:00"))
    lakes.add(home, 1, service_conversations=rows, events=[lakes.event(1, "2025-01-02 10:00")])
    row = asked(home, "total", Period(date(2025, 3, 1), date(2025, 3, 21))).loc[TOTAL]
    assert (None if pd.isna(row.conversations_before) else row.conversations_before) == before


@pytest.mark.parametrize("by", ["staff", "unit", "total"])
@pytest.mark.parametrize("seed", seeds(8))
@pytest.mark.some(2)
def test_random_histories_have_the_figures_of_plain_loops_and_as_many_people(
    tmp_path: Path, by: care.By, seed: int
):  # fmt: skip
    home, history = lakes.home(tmp_path), Random(seed)
    lakes.add(home, 1, service_conversations=history.rows)
    described(home)
    period = history.period()
    now, before = comparable(period, history.as_of.date())
    with reading(home, Filters(period)) as opened:
        found = care.quality(opened, by)
        assert found is not None
        for row, figures in every_third(found.rows.to_dict("records"), get_args(care.Which)):
            own = history.of(by, row["key"])
            for part, suffix in ((now, ""), (before, "_before")):
                expected = oracle.figures(own, part, history.as_of)
                if part == before and history.since > before.start_on:
                    expected = dict.fromkeys(expected)
                told = {name: None if pd.isna(row[f"{name}{suffix}"]) else row[f"{name}{suffix}"] for name in expected}
                assert told == {n: v if v is None else pytest.approx(v) for n, v in expected.items()}, row["key"]
            for which in figures:
                counted = _people(own, now, history.as_of, which)
                people = care.behind(opened, by, row["key"], which)
                assert dict(people.itertuples(index=False, name=None)) == counted, which
            by_week = care.weeks(opened, by, row["key"])
            for name in ("conversations", "answered", "overtime", "missed", "open", "overtime_hours"):
                assert by_week[name].sum() == row[name], name
            assert all(on.weekday() == 0 for on in by_week["on"])


def _people(rows: list[dict[str, Any]], period: Period, as_of: datetime, which: str) -> dict[int, int]:
    found: dict[int, int] = {}
    for row in rows:
        inside = period.start_on <= row["asked"].date() < period.end_on
        if inside and row["who"] is not None and oracle.is_of(row, which, as_of):
            found[row["who"]] = found.get(row["who"], 0) + 1
    return found


def test_a_week_that_the_period_or_the_data_cuts_is_not_whole(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, service_conversations=[talk(1, 1, "ann", "2025-03-19 10:00")])
    described(home)
    with reading(home, Filters(Period(date(2025, 3, 5), date(2025, 4, 1)))) as opened:
        found = care.weeks(opened, "staff", "ann")
    assert found["on"].astype(str).tolist() == ["2025-03-03", "2025-03-10", "2025-03-17"]
    assert found["is_whole"].tolist() == [False, True, False]


def test_a_scope_of_units_leaves_its_employees_and_what_concerns_its_members(tmp_path: Path):
    home = lakes.home(tmp_path)
    rows = [
        talk(1, 1, "ann", "2025-03-03 10:00"),
        talk(2, 2, "ann", "2025-03-03 10:00"),
        talk(3, 1, "cat", "2025-03-03 10:00"),
    ]
    lakes.add(home, 1, service_conversations=rows)
    described(home)
    with home.writer.change("import", 98) as change:
        profiles = [{"identity_key": 1, "unit_id": "north"}, {"identity_key": 2, "unit_id": "south"}]
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))
    assert asked(home, scope=Scope(frozenset({"north"})))["conversations"].to_dict() == {"ann": 1}
    assert asked(home, "total", scope=Scope(frozenset()))["conversations"].tolist() == [0]


def test_a_period_without_conversations_has_no_employees_and_zeros_in_all(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(
        home,
        1,
        service_conversations=[talk(1, 1, "ann", "2025-01-03 10:00")],
        events=[lakes.event(1, "2025-03-02 10:00")],
    )
    assert asked(home).empty
    row = asked(home, "total").loc[TOTAL]
    assert (row.conversations, row.overtime_hours) == (0, 0) and pd.isna(row.answered_share)


def test_without_conversations_there_is_no_answer(tmp_path: Path):
    home = lakes.home(tmp_path)
    with reading(home) as opened:
        assert care.quality(opened) is None
    lakes.add(home, 1, events=[lakes.event(1, "2025-03-02 10:00")])
    with reading(home, Filters(MARCH)) as opened:
        assert care.quality(opened) is None
        assert care.behind(opened, "total", TOTAL, "missed").empty and care.weeks(opened, "total", TOTAL).empty
        with pytest.raises(Unknown, match="Did you mean missed"):
            care.behind(opened, "total", TOTAL, "mised")  # type: ignore[arg-type]


@pytest.mark.parametrize(("count", "share"), [(29, None), (30, 1)])
def test_ask_says_no_rate_of_fewer_than_thirty(tmp_path: Path, count: int, share: float | None):
    home = lakes.home(tmp_path)
    rows = [talk(n, n, "ann", "2025-03-03 10:00", "2025-03-03 10:05") for n in range(count)]
    lakes.add(home, 1, service_conversations=rows)
    described(home)
    (row,) = answers.ask(home, "care", Filters(MARCH), {})
    assert (row["answered"], row["answered_share"], row["answered_share_low"] is None) == (count, share, share is None)


def test_ask_says_the_same_rows_with_nothing_for_undefined(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, service_conversations=[talk(1, 1, "ann", "2025-03-03 10:00", "2025-03-03 10:05")])
    described(home)
    (row,) = answers.ask(home, "care", Filters(MARCH), {})
    assert (row["key"], row["answered_share"], row["mean_score"], row["conversations_before"]) == (
        "ann",
        None,
        None,
        None,
    ), "one is no rate"
    assert [row["name"] for row in answers.ask(home, "care", Filters(MARCH), {"by": "unit"})] == ["北区"]
    with pytest.raises(Unknown, match="Did you mean staff"):
        answers.ask(home, "care", Filters(MARCH), {"by": "staf"})
