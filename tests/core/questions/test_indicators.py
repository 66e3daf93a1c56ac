"""Indicators by day: each value is the metric of its window with a filter for its place; groups against loops; what nobody knows is not a number."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from core.errors import Unknown
from core.metrics.catalog import METRICS
from core.metrics.parts import in_periods
from core.periods import Period
from core.risk.indicators import INDICATORS, Indicator, Place
from core.scope import EVERYTHING, Filters, Scope
from core.work.home import Home
from core.work.questions import figures, indicators, series
from core.work.questions.indicators import Lines
from core.work.questions.reading import Reading, reading
from tests import lakes

FIRST, DAYS, SILENT = datetime(2025, 1, 1, 4), 50, 20
PEOPLE = range(1, 61)
UNIT_OF = {who: ["north", "city", "south", None][who % 4] for who in PEOPLE}
GROUPS = {"g1": "north", "g2": "city", "g3": "south"}
MENACE, PROMOTION, RECIPE = "我要打12315", "限时秒杀，下单立减", "【食谱】今天教大家做汤"
CHANNELS = ("web", "store", None)


def facts(seed: int) -> dict[str, list[dict[str, Any]]]:
    """A little of everything on every day but one. Group g3 opens late."""
    rng = random.Random(seed)

    def of(count: int, since: int = 0) -> Iterator[dict[str, Any]]:
        for _ in range(count):
            day = rng.choice([d for d in range(since, DAYS) if d != SILENT])
            at = FIRST + timedelta(days=day, hours=rng.randrange(10))
            yield {"occurred_at": at, "identity_key": rng.choice([*PEOPLE, 99, None]), "channel": rng.choice(CHANNELS)}

    def chat() -> dict[str, Any]:
        return {"group_id": rng.choice(["g1", "g1", "g2", None])}

    told: dict[str, list[dict[str, Any]]] = {
        "events": [
            row | {"event_id": f"e{n}", "name": rng.choice(["page_view", "content_view", "like", "like", "sign_in"]), "content_id": rng.choice(["c1", None])}
            for n, row in enumerate(of(900))
        ],
        "order_lines": [
            row | {"order_no": f"o{rng.randrange(400)}", "line_kind": rng.choice(["sale", "sale", "sale", "refund", "adjustment"]),
                   "amount_minor": rng.choice([-500, 100, 990]), "quantity": Decimal(1), "unit_price": Decimal(1)} for row in of(600)
        ],
        "group_messages": [
            row | chat() | {"message_id": f"m{n}", "sender_kind": rng.choice(["member", "member", "staff"]), "text": rng.choice(["好喝", "收到", MENACE, PROMOTION, RECIPE])}
            for n, row in enumerate(of(500))
        ],
        "group_membership": [row | chat() | {"change": rng.choice(["join", "join", "leave"])} for row in of(200)],
        "touches": [row | {"touch_id": f"t{n // 2}", "state": rng.choice(["delivered", "opened", "replied", "failed"])} for n, row in enumerate(of(500))],
        "feedback": [
            row | {"feedback_id": f"f{n}", "feedback_kind": rng.choice(["nps", "nps", "satisfaction", "complaint", "dispute"]), "score": Decimal(rng.randrange(1, 10)),
                   "text": rng.choice(["不好", MENACE, None])} for n, row in enumerate(of(400))
        ],
        "consents": [row | {"identity_key": row["identity_key"] or 7, "purpose": "marketing", "state": rng.choice(["given", "withdrawn"])} for row in of(60)],
    }  # fmt: skip
    told["events"] += [lakes.event(5, "2025-01-30 05:00", event_id=f"s{n}", channel="web") for n in range(201)]
    told["group_messages"] += [
        {"occurred_at": FIRST + timedelta(days=40), "identity_key": 3, "group_id": "g3", "message_id": "last", "sender_kind": "member", "text": "大家好"}
    ]  # fmt: skip
    ends = [FIRST.replace(hour=0), FIRST + timedelta(days=DAYS - 1, hours=11)]
    told["events"] += [
        {"occurred_at": at, "identity_key": 1, "name": "page_view", "event_id": f"end{n}", "channel": "web"}
        for n, at in enumerate(ends)
    ]
    return told


@pytest.fixture(scope="module")
def told() -> dict[str, list[dict[str, Any]]]:
    return facts(4)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, told: dict[str, list[dict[str, Any]]]) -> Home:
    """Units: city lies in north. Person 60 is the same member as 2, of two units; 99 is nobody known."""
    found = lakes.home(tmp_path_factory.mktemp("indicators"))
    profiles = [
        {"identity_key": who, "unit_id": unit, "joined_at": FIRST - timedelta(days=who) if who % 3 == 0 else None} for who, unit in UNIT_OF.items()
    ]  # fmt: skip
    identities = [{"identity_key": who, "identity_type": "user_id"} for who in PEOPLE]
    lakes.add(found, 1, **told, member_profiles=profiles, identities=identities)
    lakes.members(found, {60: 2, 99: 99}, anonymous=[99])
    units = [
        {"unit_id": "north", "name": "North"}, {"unit_id": "city", "name": "City", "parent_unit_id": "north"}, {"unit_id": "south", "name": "South"},
    ]  # fmt: skip
    lakes.add(
        found, 2, units=units, groups=[{"group_id": g, "name": g.upper(), "unit_id": u} for g, u in GROUPS.items()]
    )
    return found


def filtered(place: Place, period: Period | None = None) -> Filters:
    return Filters(
        period, channels=(place.key,) if place.by == "channel" else (), units=(place.key,) if place.by == "unit" else ()
    )


def by_definition(
    lake: Reading, asked: list[Indicator], period: Period
) -> dict[str, tuple[float | None, float | None]]:
    """Value and what it rests on of each, from its parts in the period alone."""
    parts = {part.name: part for one in asked for part in one.metric.parts}
    numbers: dict[str, Any] = {}
    for expression in in_periods(indicators.facts(lake, period), list(parts.values()), {"now": period}):
        numbers |= {key.split("/")[1]: value for key, value in lake.snapshot.arrow(expression).to_pylist()[0].items()}
    found: dict[str, tuple[float | None, float | None]] = {}
    for one in asked:
        metric = one.metric
        top = float(numbers[metric.top.name]) - float(numbers[metric.minus.name] if metric.minus else 0)
        base = None if metric.bottom is None else float(numbers[metric.bottom.name])
        is_told = base is None or (base > 0 and not (metric.is_rate and base < 30))
        found[one.name] = (None if not is_told else top if base is None else top / base * metric.scale, base)
    return found


def on_day(told: Lines, place: Place, on: date) -> float | None:
    value = told.values[told.places.index(place), (on - told.start_on).days] if place in told.places else 0.0
    return None if np.isnan(value) else float(value)


@pytest.mark.parametrize("by", ["", "channel", "unit"])
@pytest.mark.parametrize("window", [1, 7, 30])
def test_a_value_is_the_metric_of_its_window_with_a_filter_for_its_place(home: Home, by: Any, window: int):
    asked = [one for one in INDICATORS.values() if by in one.by and one.window_days == window]
    on = FIRST.date() + timedelta(days=41)
    period = Period(on - timedelta(days=window - 1), on + timedelta(days=1))
    with reading(home) as lake:
        lines = {one.name: indicators.lines(lake, one.name, by) for one in asked}
    keys = {"": [""], "channel": ["web"], "unit": ["north"]}[by]
    for place in [Place(by, key) for key in keys]:
        mine = {name: on_day(line, place, on) for name, line in lines.items()}
        with reading(home, filtered(place, period)) as lake:
            # What is of units is derived by their groups, which a filter reads as the scope does.
            wanted = {name: value for name, (value, _) in by_definition(lake, asked, period).items()}
            catalogued = [one for one in asked if one.metric.name in METRICS]
            shown = {
                f.metric.name: None if f.is_small else f.value
                for f in figures.overview(lake, [one.metric for one in catalogued], with_series=False)
            }
        assert mine == pytest.approx(wanted), place
        assert {one.name: mine[one.name] for one in catalogued} == pytest.approx(
            {one.name: shown[one.metric.name] for one in catalogued}
        ), place
    assert sum(bool(value) for value in mine.values()) >= 1


def test_every_day_of_some_lines_is_the_metric_of_its_window(home: Home):
    asked = [
        INDICATORS[name] for name in ("member_growth", "conversion", "messages", "group_leave_share", "silence_rate")
    ]
    with reading(home) as lake:
        lines = {one.name: indicators.lines(lake, one.name) for one in asked}
        for ahead in (31, 36, 49):
            on = FIRST.date() + timedelta(days=ahead)
            for one in asked:
                period = Period(on - timedelta(days=one.window_days - 1), on + timedelta(days=1))
                value, base = by_definition(lake, [one], period)[one.name]
                assert on_day(lines[one.name], Place("", ""), on) == pytest.approx(value)
                rests_on = lines[one.name].bases[0, ahead]
                assert (rests_on == base) if base is not None else np.isnan(rests_on)


def test_visits_are_the_traffic_that_is_forecast(home: Home):
    with reading(home) as lake:
        mine, traffic = indicators.lines(lake, "visits"), series.total(lake, "traffic")
    assert mine.start_on == traffic.start_on
    np.testing.assert_array_equal(mine.values[0], traffic.values)


def counted(told: dict[str, list[dict[str, Any]]], group: str, on: date, window: int) -> dict[str, Any]:
    """By loops: what members and the staff did in a group in the days that end with one."""

    def inside(row: dict[str, Any]) -> bool:
        day = (row["occurred_at"] + timedelta(hours=8)).date()
        return row["group_id"] == group and on - timedelta(days=window) < day <= on

    rows = [row for row in told["group_messages"] if inside(row)]
    said = [
        row
        for row in rows
        if row["sender_kind"] == "member" and row["text"] != "收到" and row["identity_key"] not in (None, 99)
    ]
    posts = [row for row in rows if row["sender_kind"] == "staff"]
    content = {row["occurred_at"].date() for row in posts if row["text"] == RECIPE}
    days = {on - timedelta(days=n) for n in range(window)} - {FIRST.date() + timedelta(days=SILENT)}
    left = {row["identity_key"] for row in told["group_membership"] if inside(row) and row["change"] == "leave"} - {
        None,
        99,
    }
    return {
        "messages": len(said),
        "speaking_members": len({2 if row["identity_key"] == 60 else row["identity_key"] for row in said}),
        "days_without_content": len(days) - len(content),
        "sensitive_complaints": sum(row["sender_kind"] == "member" and row["text"] == MENACE for row in rows),
        "members_left": len({2 if who == 60 else who for who in left}),
        "posts": len(posts),
    }


@pytest.mark.parametrize("group", ["g1", "g2"])
def test_a_group_is_told_as_loops_over_its_facts_count(home: Home, told: dict[str, list[dict[str, Any]]], group: str):
    place = Place("group", group)
    with reading(home) as lake:
        for name in ("messages", "speaking_members", "days_without_content", "sensitive_complaints", "members_left"):
            line = indicators.lines(lake, name, "group")
            for ahead in (8, 22, 33, 47):
                on = FIRST.date() + timedelta(days=ahead)
                assert on_day(line, place, on) == counted(told, group, on, INDICATORS[name].window_days)[name], (
                    name,
                    on,
                )
        shares = indicators.lines(lake, "promotion_share", "group")
        on = FIRST.date() + timedelta(days=33)
        row = shares.places.index(place)
        assert shares.bases[row, 33] == counted(told, group, on, 7)["posts"]


def test_leaves_of_a_group_are_held_against_who_was_in_it_when_the_window_began(home: Home):
    with reading(home) as lake:
        line = indicators.lines(lake, "group_leave_share", "group")
        of_house = indicators.lines(lake, "group_leave_share")
        states = lake.snapshot.frame(
            indicators.facts(lake, Period(FIRST.date(), FIRST.date() + timedelta(days=1))).table("memberships")
        )
    start = FIRST.date() + timedelta(days=34)
    before = states[states["local_date"].map(lambda day: day.date() if hasattr(day, "date") else day) < start]
    net = int(before["is_in"].sum() - before["was_in"].sum() + (states["is_first"] & states["was_in"]).sum())
    assert of_house.bases[0, 40] == net
    assert np.nansum(line.bases[:, 40]) == net


def test_nobody_knows_a_day_without_facts_nor_a_window_that_begins_before_them(home: Home):
    with reading(home) as lake:
        growth, orders = indicators.lines(lake, "member_growth"), indicators.lines(lake, "orders")
        late = indicators.lines(lake, "messages", "group")
    assert np.isnan(growth.bases[0, :29]).all() and np.isnan(growth.values[0, :29]).all()
    assert np.flatnonzero(np.isnan(growth.bases[0])).tolist() == list(range(29))
    first = int(np.flatnonzero(~np.isnan(orders.values[0]))[0])
    assert np.flatnonzero(np.isnan(orders.values[0, first:])).tolist() == [SILENT - first]
    row = late.places.index(Place("group", "g3"))
    assert np.isnan(late.values[row, :40]).all() and late.values[row, 40:].tolist() == [1.0] + [0.0] * 9


def test_a_day_that_is_not_over_is_left_out_and_only_so_many_days_are_told(home: Home):
    with reading(home) as lake:
        whole, last = indicators.lines(lake, "events"), indicators.lines(lake, "events", days=7)
    assert (whole.start_on, whole.days) == (FIRST.date(), DAYS)
    assert (last.days, last.last_on) == (7, whole.last_on)
    np.testing.assert_array_equal(last.values, whole.values[:, -7:])


def test_a_rate_of_fewer_than_thirty_is_not_told_but_what_it_rests_on_is(home: Home):
    with reading(home) as lake:
        nps = indicators.lines(lake, "nps", "unit")
    known = ~np.isnan(nps.bases)
    assert (np.isnan(nps.values) == (~known | (np.nan_to_num(nps.bases) < 30))).all()
    assert (nps.bases[known] < 30).any()


def test_who_is_limited_to_units_sees_theirs_as_everybody_does(home: Home):
    scope = Scope(frozenset({"north"}))
    with reading(home) as lake:
        of_all = {by: indicators.lines(lake, "messages", by) for by in ("unit", "group")}
    with reading(home, scope=scope) as lake:
        mine = {by: indicators.lines(lake, "messages", by) for by in ("unit", "group")}
        house = indicators.lines(lake, "messages")
    assert [place.key for place in mine["unit"].places] == ["city", "north"]
    assert [place.key for place in mine["group"].places] == ["g1", "g2"]
    assert mine["unit"].names == ("City", "North")
    for by, line in mine.items():
        same = [of_all[by].places.index(place) for place in line.places]
        np.testing.assert_array_equal(line.values, of_all[by].values[same])
    np.testing.assert_array_equal(house.values[0], mine["unit"].values[1])


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("orders", Place("", "")), ("speaking_members", Place("group", "g1")), ("conversion", Place("unit", "north")),
        ("complaints", Place("channel", "web")), ("scripted_accounts", Place("", "")), ("members_left", Place("unit", "south")),
    ],
    ids=str,
)  # fmt: skip
def test_the_people_behind_a_day_are_as_many_as_its_top_part_counts(home: Home, name: str, place: Place):
    one, on = INDICATORS[name], date(2025, 1, 30)
    period = Period(on - timedelta(days=one.window_days - 1), on + timedelta(days=1))
    with reading(home) as lake:
        people = indicators.behind(lake, name, place, on)
        value = on_day(indicators.lines(lake, name, place.by), place, on)
    assert people["member_id"].is_unique
    if one.metric.bottom is None:
        known = people["value"].sum() if one.metric.top.how == "rows" else len(people)
        assert known == value if name != "complaints" else known <= value
    else:
        with reading(home, filtered(place, period)) as lake:
            [figure] = figures.overview(lake, [one.metric], with_series=False)
        assert len(people) == dict(figure.numbers)["top"]


def test_what_there_is_not_is_refused_by_its_name(home: Home):
    with reading(home) as lake:
        with pytest.raises(Unknown):
            indicators.lines(lake, "traffic_jam")
        with pytest.raises(Unknown):
            indicators.lines(lake, "member_growth", "group")
        with pytest.raises(Unknown):
            indicators.behind(lake, "member_growth", Place("group", "g1"), date(2025, 1, 30))
        assert len(indicators.behind(lake, "promotion_share", Place("", ""), date(2025, 1, 30))) == 0


def test_an_empty_lake_has_no_lines_and_no_indicator(tmp_path):
    with reading(lakes.home(tmp_path), scope=EVERYTHING) as lake:
        assert indicators.available(lake) == []
        found = indicators.lines(lake, "orders", "unit")
        assert (found.places, found.values.shape) == ((), (0, 0))
