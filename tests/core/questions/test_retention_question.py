"""Retention over a lake, against a reading of the same facts by brute force: scanned, and out of the timeline."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.errors import InvalidRetention, Unknown
from core.periods import Period
from core.scope import EVERYTHING, Filters, Scope
from core.work import timeline
from core.work.home import Home
from core.work.questions import moments, retention
from core.work.questions.moments import Condition
from core.work.questions.reading import reading
from core.work.questions.retention import Asked
from tests import lakes
from tests.seeds import seeds

ZONE = ZoneInfo(lakes.ZONE)
NAMES = ("view", "join", "speak")
LENGTHS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}


@dataclass(frozen=True)
class Fact:
    """One moment as the oracle sees it. ``at``: UTC. ``place``: order in the lake."""

    member: int
    at: datetime
    name: str
    channel: str | None
    platform: str | None
    yuan: float
    place: int

    @property
    def on(self) -> date:
        return self.at.replace(tzinfo=UTC).astimezone(ZONE).date()


# -- the oracle --------------------------------------------------------------------------------------------------------


def unit_number(on: date, unit: str) -> int:
    if unit == "month":
        return on.year * 12 + on.month - 1
    return on.toordinal() if unit == "day" else (on.toordinal() - 1) // 7  # 0001-01-01 was a Monday


def first_day(number: int, unit: str) -> date:
    if unit == "month":
        return date(number // 12, number % 12 + 1, 1)
    return date.fromordinal(number if unit == "day" else number * 7 + 1)


def midnight(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, tzinfo=ZONE).astimezone(UTC).replace(tzinfo=None)


def expected(facts: list[Fact], asked: Asked, filters: Filters, by: str | None = None) -> list[dict[str, Any]]:
    """Rows as the question tells them, of a list of facts that are all in scope. Whole, or by the channel or platform of
    the start."""
    newest = max(fact.on for fact in facts)
    oldest = min(fact.on for fact in facts)
    period = filters.period or Period(oldest, newest + timedelta(days=1))
    first, last = (
        unit_number(max(period.start_on, oldest), asked.unit),
        unit_number(min(period.last_on, newest), asked.unit),
    )
    cells: dict[tuple[int, Any], list[tuple[set[int], float, dict[int, float]]]] = defaultdict(list)
    for cohort, entry, later in entries(facts, asked, filters, first, last):
        ages = [(age(entry, fact, asked), fact.yuan) for fact in later]
        place = {number: interval(asked, number) for number, _ in ages}
        inside = {place[number] for number, _ in ages if place[number] is not None}
        if asked.counting == "on":
            returned = inside
        else:
            returned = {i for i in range(asked.intervals) if any(number >= asked.brackets[i] for number, _ in ages)}
        spent: dict[int, float] = defaultdict(float)
        for number, yuan in ages:
            if place[number] is not None:
                spent[place[number]] += yuan
        own = entry.yuan if entry.name in asked.back else 0.0
        cells[cohort, None if by is None else getattr(entry, by)].append((returned, own, spent))
    groups = sorted({group for _, group in cells}, key=str) if by else [None]
    return [row for group in groups for row in group_rows(cells, group, asked, by, range(first, last + 1), newest)]


def group_rows(
    cells: dict[Any, list[Any]], group: str | None, asked: Asked, by: str | None, cohorts: range, newest: date
) -> Iterator[dict[str, Any]]:
    known_until = midnight(newest + timedelta(days=1))
    for cohort in cohorts:
        people = cells.get((cohort, group), [])
        base = sum(own + spent.get(0, 0.0) for _, own, spent in people)
        for i in range(asked.intervals):
            low, high = asked.brackets[i], asked.brackets[i + 1]
            start, end = midnight(first_day(cohort, asked.unit)), midnight(first_day(cohort + 1, asked.unit))
            if asked.age == "calendar":
                begins, ends = (midnight(first_day(cohort + n, asked.unit)) for n in (low, high))
            else:
                begins, ends = start + low * LENGTHS[asked.unit], end + high * LENGTHS[asked.unit]
            if begins >= known_until:
                continue
            returned = sum(i in found for found, _, _ in people)
            value = round(sum(spent.get(i, 0.0) for _, _, spent in people), 2)
            row: dict[str, Any] = {by: group} if by else {}
            row |= {
                "cohort": first_day(cohort, asked.unit).isoformat(), "size": len(people), "interval": low, "until": high,
                "returned": returned, "share": round(returned / len(people), 6) if people else None,
                "is_complete": ends <= known_until,
            }  # fmt: skip
            if "order_placed" in asked.back:
                part = base if i == 0 else value
                row |= {"value": value, "value_share": round(part / base, 6) if base else None}
            yield row


def entries(
    facts: list[Fact], asked: Asked, filters: Filters, first: int, last: int
) -> Iterator[tuple[int, Fact, list[Fact]]]:
    """Cohort, entry and later returns of every member who enters one."""
    by_member = defaultdict(list)
    for fact in facts:
        by_member[fact.member].append(fact)
    for history in by_member.values():
        history.sort(key=lambda fact: (fact.at, fact.name not in asked.start, fact.place))
        starts = [
            (unit_number(fact.on, asked.unit), place)
            for place, fact in enumerate(history)
            if fact.name in asked.start and (not filters.channels or fact.channel in filters.channels)
        ]
        if asked.entry == "first_ever":
            starts = starts[:1]
        inside = [(cohort, place) for cohort, place in starts if first <= cohort <= last]
        if asked.entry == "first_in_period":
            inside = inside[:1]
        for cohort, place in {cohort: (cohort, place) for cohort, place in reversed(inside)}.values():
            yield cohort, history[place], [fact for fact in history[place + 1 :] if fact.name in asked.back]


def age(entry: Fact, fact: Fact, asked: Asked) -> int:
    if asked.age == "rolling":
        return (fact.at - entry.at) // LENGTHS[asked.unit]
    return unit_number(fact.on, asked.unit) - unit_number(entry.on, asked.unit)


def interval(asked: Asked, number: int) -> int | None:
    found = [i for i in range(asked.intervals) if asked.brackets[i] <= number < asked.brackets[i + 1]]
    return found[0] if found else None


# -- lakes -------------------------------------------------------------------------------------------------------------


def random_facts(rng: random.Random, days: int, members: int = 9) -> list[Fact]:
    """Events and orders on a grid that has many ties, and times that lie on the edges of business days (16:00 UTC)."""
    found = []
    for place in range(rng.randrange(30, 120)):
        at = datetime(2025, 1, 6) + timedelta(days=rng.randrange(days), hours=rng.choice((0, 8, 15, 16, 17)))
        at += timedelta(microseconds=rng.choice((0, 0, -1)))
        is_order = rng.random() < 0.3
        found.append(
            Fact(
                rng.randrange(1, members), at, "order_placed" if is_order else rng.choice(NAMES),
                rng.choice((None, "app", "web")), None if is_order else rng.choice((None, "ios", "pc")),
                rng.choice((5, 8.25, 30)) if is_order else 0.0, place + (10_000 if is_order else 0),
            )
        )  # fmt: skip
    return found


def filled(folder: Path, facts: list[Fact]) -> Home:
    """A lake of the facts; orders in a batch of their own, so that rows decide ties as ``place`` does. Members with an odd
    number belong to unit east."""
    home = lakes.home(folder)
    events = [
        lakes.event(
            fact.member, fact.at.isoformat(), fact.name, channel=fact.channel,
            properties=json.dumps({"platform": fact.platform}) if fact.platform else None,
        )
        for fact in facts if fact.name != "order_placed"
    ]  # fmt: skip
    sales = [
        lakes.sale(fact.member, fact.at.isoformat(), f"o{fact.place}", fact.yuan, channel=fact.channel)
        for fact in facts
        if fact.name == "order_placed"
    ]
    members = sorted({fact.member for fact in facts})
    profiles = [{"identity_key": m, "unit_id": "east" if m % 2 else "west", "joined_at": None} for m in members]
    lakes.add(home, 1, events=events, member_profiles=profiles)
    lakes.add(home, 2, order_lines=sales)
    return home


def random_question(rng: random.Random) -> Asked:
    unit = rng.choice(("day", "week", "month"))
    own = {"day": (0, 1, 3, 7, 14, 30), "week": (0, 1, 2, 5), "month": (0, 2, 3)}[unit]
    return Asked(
        tuple(rng.sample((*NAMES, "order_placed"), rng.randrange(1, 3))),
        tuple(rng.sample((*NAMES, "order_placed"), rng.randrange(1, 3))),
        unit, rng.choice(("calendar", "rolling")), rng.choice((own, tuple(range(5)))),
        rng.choice(retention.ENTRIES), rng.choice(retention.COUNTINGS),
    )  # fmt: skip


def random_filters(rng: random.Random, days: int) -> Filters:
    start = date(2025, 1, 1) + timedelta(days=rng.randrange(days // 2))
    period = Period(start, start + timedelta(days=rng.randrange(1, days)))
    return Filters(rng.choice((None, period)), rng.choice(((), (), ("app",))))


def told(home: Home, asked: Asked, filters: Filters = Filters(), scope: Scope = EVERYTHING) -> list[dict[str, Any]]:
    with reading(home, filters, scope) as lake:
        return retention.rows(retention.retention(lake, asked))


SEEDS = seeds(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_are_those_of_a_reading_by_brute_force_scanned_and_indexed(tmp_path: Path, seed: int):
    rng = random.Random(seed)
    days = rng.choice((20, 45, 80))
    facts = random_facts(rng, days)
    home = filled(tmp_path, facts)
    with reading(home) as lake:
        assert not moments.is_covered(lake)
    questions = []
    for _ in range(6):
        asked, filters = random_question(rng), random_filters(rng, days)
        known = {fact.name for fact in facts}
        if not {*asked.start, *asked.back} <= known:
            continue
        if filters.period and not (
            filters.period.start_on <= max(f.on for f in facts) and min(f.on for f in facts) < filters.period.end_on
        ):
            continue
        wanted = expected(facts, asked, filters)
        assert told(home, asked, filters) == wanted, (asked, filters)
        questions.append((asked, filters, wanted))
    assert questions
    timeline.refresh(home)
    with reading(home) as lake:
        assert moments.is_covered(lake)
    for asked, filters, wanted in questions:
        assert told(home, asked, filters) == wanted, (asked, filters)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("by", ["channel", "platform"])
def test_a_breakdown_takes_the_value_of_the_start_and_adds_up_to_the_whole(tmp_path: Path, seed: int, by: str):
    rng = random.Random(100 + seed)
    facts = random_facts(rng, 45)
    home = filled(tmp_path, facts)
    if seed % 2:
        timeline.refresh(home)
    asked = replace(random_question(rng), start=("view", "order_placed"))
    whole = expected(facts, asked, Filters())
    apart = told(home, replace(asked, by=by))
    assert sorted(apart, key=str) == sorted(expected(facts, asked, Filters(), by), key=str)
    summed: dict[tuple[str, int], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in apart:
        size, returned = summed[row["cohort"], row["interval"]]
        summed[row["cohort"], row["interval"]] = size + row["size"], returned + row["returned"]
    assert summed == {(row["cohort"], row["interval"]): (row["size"], row["returned"]) for row in whole}
    with reading(home) as lake:
        answer = retention.retention(lake, replace(asked, by=by))
    assert answer.whole.size.tolist() == answer.counts.size.sum(axis=0).tolist()
    assert [row["size"] for row in whole if row["interval"] == 0] == answer.whole.size.tolist()


@pytest.mark.parametrize("seed", seeds(6))
def test_people_are_as_many_as_every_figure_and_those_who_did_not_return_are_the_rest(tmp_path: Path, seed: int):
    rng = random.Random(200 + seed)
    facts = random_facts(rng, 30)
    home = filled(tmp_path, facts)
    if seed % 2:
        timeline.refresh(home)
    asked = replace(random_question(rng), unit="week", brackets=(0, 1, 3), by=rng.choice((None, "channel")), top=1)
    with reading(home) as lake:
        answer = retention.retention(lake, asked)
        groups = range(len(answer.counts.size)) if asked.by else [None]
        for group in groups:
            table = answer.whole if group is None else retention._table(answer.counts, answer.summary, group)
            for cohort in range(len(answer.cohorts)):
                entered = set(retention.people(lake, asked, cohort, group=group)["member_id"])
                assert len(entered) == table.size[cohort]
                for i in range(asked.intervals):
                    back = retention.people(lake, asked, cohort, i, group=group)["member_id"]
                    gone = retention.people(lake, asked, cohort, i, has_returned=False, group=group)["member_id"]
                    assert len(back) == table.returned[cohort, i]
                    assert len(back) + len(gone) == len(entered) and {*back, *gone} == entered


@pytest.mark.parametrize("is_indexed", [False, True])
def test_an_operator_of_a_unit_sees_its_members_alone(tmp_path: Path, is_indexed: bool):
    rng = random.Random(7)
    facts = random_facts(rng, 30)
    home = filled(tmp_path, facts)
    if is_indexed:
        timeline.refresh(home)
    asked = Asked(("view",), ("view", "order_placed"), brackets=(0, 1, 2, 3), entry="recurring")
    east = [fact for fact in facts if fact.member % 2]
    # The newest day is the lake's, not the unit's: it says how far everybody's cohorts have come.
    newest = replace(max(facts, key=lambda fact: fact.at), member=1, name="none")
    oldest = replace(min(facts, key=lambda fact: fact.at), member=1, name="none")
    assert told(home, asked, scope=Scope(frozenset({"east"}))) == expected([*east, newest, oldest], asked, Filters())
    with reading(home, Filters(), Scope(frozenset({"east"}))) as lake:
        answer = retention.retention(lake, asked)
        for cohort in range(len(answer.cohorts)):
            people = retention.people(lake, asked, cohort)["member_id"].tolist()
            assert all(member % 2 for member in people) and len(people) == answer.whole.size[cohort]
    assert told(home, asked, scope=Scope(frozenset({"nowhere"})))[0]["size"] == 0


# -- by hand -----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["scanned", "indexed"], scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Home:
    """Member 1 joins on Monday 6 January and speaks in the same week and two weeks later; member 2 joins a week later and
    never speaks; member 3 joined in December. Members 1 and 2 order. The data ends on Sunday 26 January."""
    made = lakes.home(tmp_path_factory.mktemp("joined"))
    lakes.add(
        made, 1,
        events=[
            lakes.event(3, "2024-12-30 02:00", "join", channel="qr"), lakes.event(1, "2025-01-06 02:00", "join", channel="qr"),
            lakes.event(1, "2025-01-07 02:00", "speak"), lakes.event(1, "2025-01-20 02:00", "speak"),
            lakes.event(2, "2025-01-13 02:00", "join", channel="web"), lakes.event(3, "2025-01-14 02:00", "join", channel="qr"),
            lakes.event(3, "2025-01-15 02:00", "speak"), lakes.event(3, "2025-01-26 15:59", "look"),
        ],
        order_lines=[
            lakes.sale(1, "2025-01-06 03:00", "a", 10), lakes.sale(1, "2025-01-14 03:00", "b", 5),
            lakes.sale(2, "2025-01-22 03:00", "c", 7),
        ],
    )  # fmt: skip
    if request.param == "indexed":
        timeline.refresh(made)
    return made


JOINED = Asked(("join",), ("speak",), brackets=(0, 1, 2, 3), entry="first_ever")
JANUARY = Filters(Period(date(2025, 1, 6), date(2025, 1, 27)))


def cells(home: Home, asked: Asked, filters: Filters = JANUARY) -> list[tuple[Any, ...]]:
    return [
        (row["cohort"], row["size"], row["interval"], row["returned"], row["is_complete"])
        for row in told(home, asked, filters)
    ]


def test_joined_then_spoke_by_hand(home: Home):
    assert cells(home, JOINED) == [
        ("2025-01-06", 1, 0, 1, True), ("2025-01-06", 1, 1, 0, True), ("2025-01-06", 1, 2, 1, True),
        ("2025-01-13", 1, 0, 0, True), ("2025-01-13", 1, 1, 0, True),
        ("2025-01-20", 0, 0, 0, True),
    ]  # fmt: skip
    again = cells(home, replace(JOINED, entry="first_in_period"))
    assert again[3:5] == [("2025-01-13", 2, 0, 1, True), ("2025-01-13", 2, 1, 0, True)]


def test_on_or_after_looks_to_the_end_of_the_data_beyond_the_last_interval(home: Home):
    asked = replace(JOINED, brackets=(0, 1), counting="on_or_after")
    first_week = Filters(Period(date(2025, 1, 6), date(2025, 1, 8)))
    assert cells(home, asked, first_week) == [("2025-01-06", 1, 0, 1, True)]
    late = replace(JOINED, start=("speak",), back=("look",), unit="day", brackets=(0, 1), entry="recurring")
    one_day = Filters(Period(date(2025, 1, 15), date(2025, 1, 16)))
    assert cells(home, late, one_day) == [("2025-01-15", 1, 0, 0, True)]
    assert cells(home, replace(late, counting="on_or_after"), one_day) == [("2025-01-15", 1, 0, 1, True)]


def test_revenue_is_a_share_of_the_first_interval_and_in_major_units(home: Home):
    rows = told(home, replace(JOINED, back=("order_placed",)), JANUARY)
    assert [(row["value"], row["value_share"]) for row in rows[:5]] == [(10.0, 1.0), (5.0, 0.5), (0.0, 0.0), (0.0, None), (7.0, None)]  # fmt: skip
    assert "value" not in told(home, JOINED, JANUARY)[0]


def test_an_order_that_starts_is_part_of_the_base_and_no_return(home: Home):
    rows = told(home, replace(JOINED, start=("order_placed",), back=("order_placed",)), JANUARY)
    assert [(row["returned"], row["value"], row["value_share"]) for row in rows[:2]] == [(0, 0.0, 1.0), (1, 5.0, 0.5)]


def test_means_leave_incomplete_cells_out_and_say_how_many_stand_behind_them(home: Home):
    with reading(home, JANUARY) as lake:
        found = retention.means(retention.retention(lake, replace(JOINED, entry="recurring", age="rolling")))
    assert [(row["interval"], row["weighted"], row["simple"], row["cohorts"], row["members"]) for row in found] == [
        (0, 0.666667, 0.75, 2, 3), (1, 0.0, 0.0, 1, 1), (2, None, None, 0, 0),
    ]  # fmt: skip


def test_the_smaller_values_of_a_breakdown_are_shown_together(home: Home):
    asked = replace(JOINED, by="channel", top=1, entry="first_in_period")
    with reading(home, JANUARY) as lake:
        answer = retention.retention(lake, asked)
        assert (answer.values, answer.folded, answer.groups) == (("qr",), ("web",), ("qr", retention.OTHER))
        assert answer.table(retention.OTHER).size.tolist() == [0, 1, 0]
        assert retention.people(lake, asked, 1, group=answer.place(retention.OTHER))["member_id"].tolist() == [2]
        with pytest.raises(InvalidRetention):
            answer.place("web")
    rows = told(home, asked, JANUARY)
    assert {row["channel"] for row in rows} == {"qr", "<other>"}


def test_conditions_are_asked_of_the_start_or_the_return_alone(home: Home):
    asked = replace(JOINED, start_conditions=(Condition("channel", "is", ("web",)),))
    assert [row[:4] for row in cells(home, asked)][3] == ("2025-01-13", 1, 0, 0)
    dear = replace(JOINED, back=("order_placed",), back_conditions=(Condition("amount", "more_than", ("6",)),))
    assert [row[3] for row in cells(home, dear)] == [1, 0, 0, 0, 1, 0]


def test_cohorts_before_the_data_and_after_it_are_not_shown(home: Home):
    wide = Filters(Period(date(2024, 6, 1), date(2025, 12, 31)))
    asked = replace(JOINED, unit="month", brackets=(0, 1))
    assert [row[:2] for row in cells(home, asked, wide)] == [("2024-12-01", 1), ("2025-01-01", 2)]


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (replace(JOINED, start=()), "events"),
        (replace(JOINED, back=()), "events"),
        (replace(JOINED, brackets=()), "brackets"),
        (replace(JOINED, brackets=(0,)), "brackets"),
        (replace(JOINED, brackets=(1, 2)), "brackets"),
        (replace(JOINED, brackets=(0, 2, 2)), "brackets"),
        (replace(JOINED, brackets=(0, 10**9)), "brackets"),
        (replace(JOINED, brackets=tuple(range(62))), "intervals"),
        (replace(JOINED, unit="year"), "unit"),
        (replace(JOINED, age="lunar"), "age"),
        (replace(JOINED, entry="last"), "entry"),
        (replace(JOINED, counting="before"), "counting"),
        (replace(JOINED, by="channel", top=0), "top"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(home: Home, asked: Asked, problem: str):
    with pytest.raises(InvalidRetention) as refused:
        told(home, asked)
    assert refused.value.details["problem"] == problem


def test_unknown_events_and_properties_are_refused_with_near_names(home: Home):
    with pytest.raises(Unknown) as refused:
        told(home, replace(JOINED, start=("joins",)))
    assert "join" in refused.value.near
    with pytest.raises(Unknown):
        told(home, replace(JOINED, by="colour"))


def test_too_many_cohorts_are_refused(tmp_path: Path):
    made = lakes.home(tmp_path)
    lakes.add(made, 1, events=[lakes.event(1, "2024-01-01 02:00", "join"), lakes.event(1, "2024-04-30 02:00", "join")])
    asked = Asked(("join",), ("join",), unit="day", brackets=(0, 1))
    with pytest.raises(InvalidRetention) as refused:
        told(made, asked)
    assert refused.value.details["problem"] == "cohorts"
    assert len(told(made, asked, Filters(Period(date(2024, 1, 2), date(2024, 6, 1))))) == 120


def test_an_event_that_waits_for_approval_is_refused_and_an_empty_lake_too(tmp_path: Path):
    made = lakes.home(tmp_path)
    with pytest.raises(InvalidRetention) as empty:
        told(made, JOINED)
    assert empty.value.details["problem"] == "empty"
    names = [{"name": "join", "is_held": True, "first_seen_at": lakes.at("2025-01-01 00:00")}]
    lakes.add(
        made,
        1,
        events=[lakes.event(1, "2025-01-06 02:00", "join"), lakes.event(1, "2025-01-06 03:00", "speak")],
        event_names=names,
    )
    with pytest.raises(InvalidRetention) as held:
        told(made, JOINED)
    assert held.value.details["problem"] == "held"
