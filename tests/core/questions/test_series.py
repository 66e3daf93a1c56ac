"""Series of days and hours: random worlds against loops, which days are known, parts, scopes, ask."""

import random
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import Refusal, Unknown
from core.metrics.catalog import METRICS
from core.periods import Period
from core.scope import EVERYTHING, Filters, Scope
from core.work.home import Home
from core.work.questions import answers, figures, series, sessions
from core.work.questions.reading import reading
from tests import lakes
from tests.oracles.series import World, things
from tests.seeds import seeds

FIRST, DAYS = datetime(2025, 1, 1), 12
AHEAD = timedelta(hours=8)
SILENT = 5
"""A day without any fact."""
CHANNELS = ("mini_program", "web", "store", None)
UNITS = ("north", "south", None)


def world(seed: int) -> World:
    """A few people whose facts lie close together, so that visits, days and orders hold several."""
    rng = random.Random(seed)

    def at() -> datetime:
        day = rng.choice([d for d in range(DAYS) if d != SILENT])
        return FIRST + timedelta(days=day, hours=rng.choice([0, 9, 20, 23]), minutes=10 * rng.randrange(6))

    def who() -> Any:
        return rng.choice([1, 2, 3, 5, 6, 7, None])

    def place() -> dict[str, Any]:
        return {"channel": rng.choice(CHANNELS), "unit": rng.choice(UNITS)}

    told = World(
        {1: 1, 2: 2, 3: 3, 5: 5, 6: 5, 7: 7}, {7}, {1: {"north"}, 2: {"south"}, 5: {"north", "south"}},
        {1: (at(), "web"), 2: (None, "store"), 5: (at(), None), 6: (at(), "store")},
        {"g1": "north", "g2": "south", "g3": None},
    )  # fmt: skip
    told.events = [
        {"row": row, "at": at(), "who": who(), "session": rng.choice([None, None, f"s{rng.randrange(9)}"]), **place()} for row in range(90)
    ]  # fmt: skip
    told.lines = [
        {"at": at(), "who": who(), "order": f"o{rng.randrange(20)}", "amount": rng.choice([-500, 100, 990]),
         "kind": rng.choice(["sale", "sale", "refund", "adjustment"]), **place()} for _ in range(40)
    ]  # fmt: skip
    told.messages = [
        {"at": at(), "who": who(), "group": rng.choice(["g1", "g2", "g3", "g4"]), "sender": rng.choice(["member", "member", "staff"]),
         "text": rng.choice(["好喝", "收到"])} for _ in range(60)
    ]  # fmt: skip
    told.joins = [{"at": at(), "who": who() or 3} for _ in range(5)]
    told.events.append({"row": 98, "at": FIRST, "who": 1, "session": None, "channel": "web", "unit": None})
    told.events.append(
        {"row": 99, "at": FIRST + timedelta(days=DAYS - 1, hours=23, minutes=59), "who": 2, "session": None, "channel": "web", "unit": None}
    )  # fmt: skip
    return told


def brought(folder: Path, told: World) -> Home:
    home = lakes.home(folder)

    def when(row: dict[str, Any]) -> dict[str, Any]:
        return {"identity_key": row["who"], "occurred_at": row["at"] - AHEAD}

    profiles = [
        {"identity_key": key, "joined_at": at and at - AHEAD, "acquisition_channel": channel,
         "unit_id": {1: "north", 2: "south", 5: "south", 6: "north"}[key]} for key, (at, channel) in told.joined.items()
    ]  # fmt: skip
    lakes.add(
        home, 1,
        events=[when(r) | {"name": "page_view", "channel": r["channel"], "unit_id": r["unit"], "session_id": r["session"], "event_id": f"e{r['row']}"} for r in told.events],
        order_lines=[when(r) | {"order_no": r["order"], "line_kind": r["kind"], "amount_minor": r["amount"], "channel": r["channel"], "unit_id": r["unit"],
                     "quantity": 1, "unit_price": 1} for r in told.lines],
        group_messages=[when(r) | {"group_id": r["group"], "sender_kind": r["sender"], "text": r["text"], "message_id": f"m{n}"} for n, r in enumerate(told.messages)],
        group_membership=[when(r) | {"group_id": "g1", "change": "join"} for r in told.joins],
        member_profiles=profiles,
    )  # fmt: skip
    lakes.members(home, told.member_of, told.visitors)
    with home.writer.change("import", 9) as change:
        groups = [{"group_id": g, "name": g, "unit_id": unit} for g, unit in told.unit_of_group.items()]
        change.merge("groups", lakes.rows("groups", groups))
        change.merge("units", lakes.rows("units", [{"unit_id": u, "name": u} for u in ("north", "south")]))
    return home


def counted(told: World, measure: str, place: int | None, *asked: Any) -> Counter[Any]:
    """Amount by part (or ``None``) and day."""
    found: Counter[Any] = Counter()
    for thing in things(told, measure, *asked):
        day = (thing[0] - FIRST).days
        part = None if place is None else thing[place] or series.UNKNOWN
        found[part, day] += thing[3]
    return found


def as_counter(found: list[series.Series]) -> Counter[Any]:
    return Counter(
        {
            (one.part, (one.start_on - FIRST.date()).days + day): int(value)
            for one in found
            for day, value in enumerate(one.values)
            if value > 0
        }
    )


@pytest.mark.parametrize("seed", seeds(9))
def test_series_are_what_loops_over_the_facts_count(seed: int, tmp_path: Path) -> None:
    told = world(seed)
    home = brought(tmp_path, told)
    asked: list[tuple[Collection[str], Collection[str] | None]] = [
        ((), None),
        (("web", "group_chat"), None),
        ((), {"north"}),
    ]
    for channels, units in asked:
        scope = EVERYTHING if units is None else Scope(frozenset(units))
        with reading(home, Filters(channels=tuple(channels)), scope) as lake:
            assert series.measures(lake) == series.MEASURES
            for measure in series.MEASURES:
                of_all = series.total(lake, measure)
                assert as_counter([of_all]) == counted(told, measure, None, channels, units), (measure, channels, units)
                for by in series.breakdowns(measure):
                    parts = series.parts(lake, measure, by)
                    told_by = counted(told, measure, 1 if by == "channel" else 2, channels, units)
                    assert as_counter(parts) == told_by, (measure, by, channels, units)
                every = list(things(told, measure, channels, units))
                assert of_hours(series.hours(lake, measure)) == summed(every), (measure, channels, units)
                for by in series.breakdowns(measure):
                    for one in series.parts(lake, measure, by):
                        place = 1 if by == "channel" else 2
                        mine = [thing for thing in every if (thing[place] or series.UNKNOWN) == one.part]
                        found = series.hours(lake, measure, by, one.part)
                        assert of_hours(found) == summed(mine), (measure, channels, units, one.part)


def summed(found: Collection[Any]) -> dict[int, int]:
    """What things count, by hours since the first day."""
    by_hour: Counter[int] = Counter()
    for thing in found:
        by_hour[(thing[0] - FIRST) // timedelta(hours=1)] += thing[3]
    return {hour: count for hour, count in by_hour.items() if count > 0}


def of_hours(found: series.HourSeries) -> dict[int, int]:
    start = (found.start_on - FIRST.date()).days * 24
    return {start + n: int(value) for n, value in enumerate(found.values.ravel()) if value > 0}


def test_hours_of_parts_add_up_to_those_of_all_where_small_ones_are_told_together(tmp_path: Path) -> None:
    home = lakes.home(tmp_path)
    sales = [
        {**lakes.sale(1, f"2025-01-0{1 + one % 3} {one:02d}:00", f"o{one}", 5.0 + one), "unit_id": f"store {one:02d}"}
        for one in range(20)
    ]
    lakes.add(home, 1, order_lines=sales)
    with reading(home) as lake:
        parts = [one.part for one in series.parts(lake, "gmv", "unit")]
        told = [series.hours(lake, "gmv", "unit", part).values for part in parts]
        whole = series.hours(lake, "gmv").values
        with pytest.raises(Unknown):
            series.hours(lake, "gmv", "unit", "store 00")
    assert len(parts) == series.MOST_PARTS + 1 and parts[-1] == series.OTHER
    np.testing.assert_array_equal(sum(told), whole)


def test_a_day_without_any_fact_is_not_known_and_one_without_facts_of_the_measure_is_0(tmp_path: Path) -> None:
    home = lakes.home(tmp_path)
    sales = [lakes.sale(1, f"2025-01-0{day} 12:00", f"o{day}", 5.0) for day in (1, 5)]
    lakes.add(home, 1, order_lines=sales, events=[lakes.event(1, f"2025-01-0{day} 12:00") for day in (1, 3, 5)])
    with reading(home) as lake:
        orders = series.total(lake, "orders")
        by_channel = series.parts(lake, "gmv", "channel")
        of_two = series.total(lake_of(lake, date(2025, 1, 3), date(2025, 1, 5)), "gmv")
    assert orders.start_on == date(2025, 1, 1)
    np.testing.assert_array_equal(orders.values, [1, np.nan, 0, np.nan, 1])
    assert [one.part for one in by_channel] == [series.UNKNOWN]
    np.testing.assert_array_equal(by_channel[0].values, [500, np.nan, 0, np.nan, 500])
    assert of_two.start_on == date(2025, 1, 3)
    np.testing.assert_array_equal(of_two.values, [0, np.nan])


def lake_of(lake: Any, start_on: date, end_on: date) -> Any:
    return replace(lake, filters=Filters(Period(start_on, end_on)))


def test_a_measure_begins_with_the_first_of_its_own_facts(tmp_path: Path) -> None:
    home = lakes.home(tmp_path)
    events = [lakes.event(1, f"2025-01-0{day} 12:00") for day in (1, 2, 3, 4)]
    lakes.add(home, 1, events=events, order_lines=[lakes.sale(1, "2025-01-03 12:00", "o", 5.0)])
    with reading(home) as lake:
        assert series.total(lake, "orders").start_on == date(2025, 1, 3)
        assert series.total(lake, "traffic").start_on == date(2025, 1, 1)
        np.testing.assert_array_equal(series.total(lake, "orders").values, [1, 0])


@pytest.mark.parametrize(("ends", "days"), [("11:00", 4), ("10:59", 3), ("15:00", 4)])
def test_the_newest_day_counts_once_its_data_reaches_within_an_hour_of_where_days_end(
    ends: str, days: int, tmp_path: Path
) -> None:
    home = lakes.home(tmp_path)
    usual = [lakes.event(1, f"2025-01-0{day} {clock}") for day, clock in ((1, "11:00"), (2, "12:00"), (3, "13:00"))]
    lakes.add(home, 1, events=[*usual, lakes.event(1, f"2025-01-04 {ends}")])
    with reading(home) as lake:
        assert series.total(lake, "traffic").days == days


def test_parts_beyond_the_twelve_largest_stand_together_and_all_add_up(tmp_path: Path) -> None:
    home = lakes.home(tmp_path)
    lines = [
        lakes.sale(1, "2025-01-01 12:00", f"o{unit}-{n}", 1.0, unit_id=f"u{unit:02}" if unit else None)
        for unit in range(16)
        for n in range(unit + 1)
    ]
    lakes.add(home, 1, order_lines=lines)
    with reading(home) as lake:
        parts = series.parts(lake, "orders", "unit")
        total = series.total(lake, "orders")
    assert [(one.part, one.values.tolist()) for one in parts] == [
        *[(f"u{unit:02}", [unit + 1]) for unit in range(15, 3, -1)], ("other", [4 + 3 + 2]), ("unknown", [1])
    ]  # fmt: skip
    assert sum(one.values for one in parts).tolist() == total.values.tolist()  # type: ignore[union-attr]


def test_series_add_up_to_the_figures_that_pages_show(tmp_path: Path) -> None:
    told = world(77)
    told.member_of |= {7: 8}  # a member, so that all visits are of members or sessions of a source
    told.visitors.clear()
    home = brought(tmp_path, told)
    with reading(home) as lake:
        metrics = [METRICS[name] for name in ("orders", "gross_revenue", "new_members")]
        seen = {one.metric.name: one.value for one in figures.overview(lake, metrics, with_series=False)}
        visits = sessions.sessions_of(lake).statistics.sessions
        found = {measure: int(np.nansum(series.total(lake, measure).values)) for measure in series.MEASURES}
    assert found["orders"] == seen["orders"]
    assert found["gmv"] == seen["gross_revenue"]
    assert found["new_members"] == seen["new_members"]
    assert found["traffic"] == visits


def test_nothing_is_told_of_an_empty_lake_nor_of_what_it_has_no_facts_for(tmp_path: Path) -> None:
    home = lakes.home(tmp_path)
    with reading(home) as lake:
        assert series.measures(lake) == ()
        with pytest.raises(Unknown):
            series.total(lake, "orders")
    lakes.add(home, 1, events=[lakes.event(1, "2025-01-01 12:00")])
    with reading(home) as lake:
        assert series.measures(lake) == ("traffic", "new_members", "active_members")
        for refused in (
            lambda: series.total(lake, "gmv"),
            lambda: series.parts(lake, "messages", "unit"),
            lambda: series.parts(lake, "traffic", "city"),  # type: ignore[arg-type]
        ):
            with pytest.raises(Unknown):
                refused()


def test_ask_prints_days_parts_and_hours(tmp_path: Path) -> None:
    home = lakes.home(tmp_path)
    sales = [lakes.sale(1, "2025-01-01 12:00", "a", 5.5, channel="web"), lakes.sale(1, "2025-01-03 15:00", "b", 2.0)]
    lakes.add(home, 1, order_lines=sales)
    asked = {"measure": "gmv"}
    assert answers.ask(home, "series", Filters(), asked) == [
        {"measure": "gmv", "on": "2025-01-01", "value": 5.5},
        {"measure": "gmv", "on": "2025-01-02", "value": None},
        {"measure": "gmv", "on": "2025-01-03", "value": 2.0},
    ]
    assert answers.ask(home, "series", Filters(), {"measure": "orders", "by": "channel"})[0] == {
        "measure": "orders", "on": "2025-01-01", "channel": "web", "value": 1
    }  # fmt: skip
    hours = answers.ask(home, "series", Filters(), {"measure": "orders", "by": "hour"})
    assert [(row["on"], row["hour"]) for row in hours if row["value"]] == [("2025-01-01", 20), ("2025-01-03", 23)]
    assert len(hours) == 72
    for options in ({}, {"measure": "visitors"}, {"measure": "gmv", "by": "city"}):
        with pytest.raises(Refusal):
            answers.ask(home, "series", Filters(), options)
