"""Who fits a definition: random trees over random small worlds against brute force, its rules one by one, scope, and overlap."""

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ClustersOfFew, HeldStep, UnfitForLtv, Unknown
from core.periods import Period
from core.scope import Filters, Scope
from core.segments import language
from core.segments.language import (
    AllOf,
    AnyOf,
    Condition,
    Dates,
    Event,
    LastDays,
    Node,
    Not,
    OneOf,
    Profile,
    Score,
    Value,
)
from core.sequences.lifecycle import State
from core.work import timeline
from core.work.home import Home
from core.work.questions import funnels, lifecycle, membership, rfm, segments
from core.work.questions.lifecycle import Behind
from core.work.questions.reading import Reading, reading
from tests import lakes
from tests.core.segments.trees import compared, trees
from tests.oracles import segments as oracle
from tests.oracles.segments import World
from tests.seeds import examples

ABOVE = {"north": None, "beijing": "north", "haidian": "beijing", "south": None}
BELONGS = {1: 1, 2: 1, 3: 3, 4: 4, 5: 5, 6: 6, 7: 1, 8: 8}
VISITOR = 9
NAMES = ("view", "cart", "touch_sent", "group_join", "order_placed")
DAYS = ("2025-12-30", "2025-12-31", "2026-01-01", "2026-01-09", "2026-01-10")
TIMES = ("00:00", "15:59", "16:00", "23:59")
"""On both sides of the business day's edge, 16:00 UTC."""


def _world(rng: random.Random) -> World:
    def who() -> int | None:
        return rng.choice([None, VISITOR, *BELONGS, *BELONGS])

    def when() -> datetime:
        return lakes.at(f"{rng.choice(DAYS)} {rng.choice(TIMES)}")

    def maybe(*values: object) -> object:
        return rng.choice((None, *values))

    events = [
        {"identity_key": who(), "occurred_at": when(), "name": rng.choice(("view", "cart", "secret")),
         "channel": maybe("web", "app"), "product_id": maybe("p1", "7"), "event_id": f"e{i}"}
        for i in range(60)
    ]  # fmt: skip
    touches = [
        {"identity_key": who(), "occurred_at": when(), "touch_id": f"t{i}", "state": rng.choice(("sent", "clicked")), "channel": "sms"}
        for i in range(12)
    ]  # fmt: skip
    changes = [
        {"identity_key": rng.choice(list(BELONGS)), "occurred_at": lakes.at("2026-01-01 00:00") + timedelta(hours=i),
         "group_id": rng.choice(("g1", "g2")), "change": rng.choice(("join", "leave"))}
        for i in range(14)
    ]  # fmt: skip
    lines = [
        lakes.sale(who(), "2026-01-01 00:00", f"o{rng.randrange(12)}", rng.choice((0, 0.01, 1.5, 30)), channel=maybe("web", "app"))
        | {"occurred_at": when()}
        for _ in range(20)
    ]  # fmt: skip
    lines.append(lakes.sale(3, "2026-01-01 00:00", "o1", -5, "refund"))
    profiles = [
        {"identity_key": rng.choice([*BELONGS, VISITOR]), "gender": maybe("f", "m"), "city": maybe("上海", "x' OR 1"),
         "unit_id": maybe(*ABOVE, "unlisted"), "staff_id": maybe("s1", "s2"), "acquisition_channel": maybe("store", "app"),
         "tier": maybe("gold"), "is_friend": maybe(True, False), "is_test": maybe(True, False), "birth_year": maybe(1990, 2013),
         "joined_at": maybe(*(lakes.at(f"{day} {time}") for day in DAYS[:2] for time in TIMES))}
        for _ in range(14)
    ]  # fmt: skip
    facts = {
        "events": events, "touches": touches, "group_membership": changes, "order_lines": lines, "member_profiles": profiles,
    }  # fmt: skip
    return World(facts, BELONGS, ABOVE, held=("secret",))


def _filled(folder: Path, world: World) -> Home:
    """Profiles came in two batches, so that some are revisions."""
    home = lakes.home(folder)
    units = [{"unit_id": unit, "name": unit, "parent_unit_id": above} for unit, above in world.above.items()]
    facts = {name: rows for name, rows in world.facts.items() if name != "member_profiles"}
    lakes.add(home, 1, units=units, event_names=[{"name": "secret", "is_held": True}], **facts)
    profiles = world.facts["member_profiles"]
    lakes.add(home, 2, member_profiles=profiles[:7])
    lakes.add(home, 3, member_profiles=profiles[7:])
    lakes.members(home, BELONGS | {VISITOR: VISITOR}, anonymous=[VISITOR])
    return home


class Worlds(list[tuple[World, Home]]):
    """Worlds and the lakes that hold them; told shortly, because a failing example is told with all it was given."""

    def __repr__(self) -> str:
        return f"{len(self)} worlds"


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    """Three worlds; the timeline covers two of them."""
    found = Worlds()
    for seed in range(3):
        world = _world(random.Random(seed))
        home = _filled(tmp_path_factory.mktemp("world"), world)
        if seed:
            timeline.refresh(home)
        found.append((world, home))
    return found


DATES = st.dates(date(2025, 12, 29), date(2026, 1, 12))


@st.composite
def _events(draw: st.DrawFn) -> Event:
    measure = draw(st.sampled_from(language.MEASURES))
    names = ["order_placed"] if measure == "amount" else draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2))
    numbers = st.sampled_from([0, 0.005, 0.01, 1.5, 3, 30, 31.5]) if measure == "amount" else st.integers(0, 4)
    window = draw(
        st.none()
        | st.builds(LastDays, st.integers(1, 13))
        | st.tuples(DATES, DATES).map(lambda two: Dates(*sorted(two)))
    )
    tests = st.sampled_from(
        [
            Condition("channel", "is", ("app",)), Condition("channel", "is_not", ("app", "sms")), Condition("product_id", "is_set"),
            Condition("product", "is_not_set"), Condition("product_id", "contains", ("p",)), Condition("product", "more_than", ("6.5",)),
            Condition("amount", "less_than", ("30",)), Condition("amount", "is_not", ("1.5",)),
        ]
    )  # fmt: skip
    return Event(
        tuple(names),
        measure,
        *draw(compared(numbers, language.MEASURE_OPS)),
        window,
        tuple(draw(st.lists(tests, max_size=2))),
    )


@st.composite
def _profiles(draw: st.DrawFn) -> Profile:
    field = draw(st.sampled_from(language.FIELDS))
    if draw(st.integers(0, 4)) == 0:
        return Profile(field, draw(st.sampled_from(language.WITHOUT_VALUES)))
    if field in language.NUMBER_FIELDS:
        numbers = {"age": [12, 13, 36], "days_since_joined": [0, 1, 5, 9, 10, 12], "birth_year": [1990, 2000, 2013]}
        return Profile(field, *draw(compared(st.sampled_from(numbers[field]))))
    if field == "joined_on":
        return Profile(field, *draw(compared(DATES)))
    known = st.sampled_from(["f", "上海", "x' OR 1", *ABOVE, "unlisted", "s1", "store", "app", "gold", "nobody's"])
    values = draw(st.lists(st.booleans() if field in language.FLAG_FIELDS else known, min_size=1, max_size=3))
    return Profile(field, draw(st.sampled_from(["is", "is_not"])), tuple(values))


LEAVES = _events() | _profiles() | st.sampled_from(["g1", "g2", "g3"]).map(lambda group: OneOf("group", (group,)))


@given(place=st.integers(0, 2), node=trees(LEAVES))
@settings(max_examples=examples(60))
def test_trees_say_what_a_brute_force_reading_says(worlds: Worlds, place: int, node: Node):
    world, home = worlds[place]
    with reading(home) as lake:
        assert segments.member_ids(lake, node).tolist() == oracle.members(world, node)


@given(place=st.integers(0, 2), leaf=LEAVES)
@settings(max_examples=60)
def test_a_leaf_and_its_not_part_all_members(worlds: Worlds, place: int, leaf: Node):
    with reading(worlds[place][1]) as lake:
        inside, outside = segments.chosen(lake, leaf), segments.chosen(lake, Not(leaf))
        assert (inside ^ outside).all()
        assert segments.count(lake, AllOf((leaf, Not(leaf)))) == 0
        assert len(segments.people(lake, leaf)) == segments.count(lake, leaf)


@pytest.fixture
def lake(worlds: Worlds):
    with reading(worlds[1][1]) as opened:
        yield opened


def did(name: str = "view", op: str = "at_least", value: int = 1) -> Event:
    return Event((name,), "count", op, (value,))


def test_more_conditions_than_one_walk_takes_are_walked_in_several(worlds: Worlds):
    world, home = worlds[1]
    node = AnyOf(tuple(AllOf((did(value=n), did("cart", "at_most", n))) for n in range(20)))
    with reading(home) as opened:
        assert segments.member_ids(opened, node).tolist() == oracle.members(world, node)


def test_scope_and_filters_cut_the_universe_and_channels_do_not(worlds: Worlds):
    world, home = worlds[1]
    with reading(home, scope=Scope(frozenset({"north"}))) as opened:
        assert opened.allowed is not None
        within = sorted(opened.snapshot.arrow(opened.allowed)["member_id"].to_pylist())
        assert 0 < len(within) < len(world.members)
        assert segments.member_ids(opened, Not(did("cart", "at_least", 99))).tolist() == within
        assert segments.member_ids(opened, did()).tolist() == [m for m in oracle.members(world, did()) if m in within]
    with reading(home, Filters(channels=("store",))) as opened:
        assert segments.member_ids(opened, did()).tolist() == oracle.members(world, did())
    with reading(home, scope=Scope(frozenset())) as opened:
        assert segments.count(opened, Not(did())) == 0


def test_an_event_that_does_not_exist_is_refused_with_near_names(lake: Reading):
    with pytest.raises(Unknown, match="Did you mean view"):
        segments.count(lake, did("vieww"))
    with pytest.raises(Unknown, match="property 'prodct'"):
        segments.count(lake, Event(("view",), "count", "at_least", (1,), None, (Condition("prodct", "is_set"),)))


def test_an_event_that_waits_for_approval_is_refused(lake: Reading):
    with pytest.raises(HeldStep):
        segments.count(lake, did("secret"))


def test_what_nobody_can_have_done_yet_was_done_by_nobody(lake: Reading):
    assert segments.count(lake, did("group_message")) == 0
    assert segments.count(lake, did("group_message", "at_most", 0)) == len(set(BELONGS.values()))


def test_a_property_of_the_source_is_asked_by_scanning_whether_it_is_a_text_or_a_number(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(
        home, 1,
        events=[
            lakes.event(1, "2026-01-01 10:00", "view", properties='{"size": "XL", "price": 3.5, "gift": true}'),
            lakes.event(2, "2026-01-01 10:00", "view", properties='{"size": "S", "price": "4", "gift": ["a"]}'), lakes.event(3, "2026-01-01 10:00", "view"),
        ],
    )  # fmt: skip
    timeline.refresh(home)

    def with_(name: str, op: str, *values: str) -> list[int]:
        node = Event(("view",), "count", "at_least", (1,), None, (Condition(name, op, values),))
        with reading(home) as opened:
            return segments.member_ids(opened, node).tolist()

    assert with_("size", "is", "XL") == [1]
    assert with_("size", "is_not", "XL") == [2, 3]
    assert with_("price", "more_than", "3.4") == [1, 2]
    assert with_("price", "less_than", "4") == [1]
    assert with_("price", "is", "3.5", "9") == [1]
    assert with_("price", "is_not_set") == [3]
    assert with_("gift", "is", "true") == with_("gift", "is_set") == [1]


def test_a_property_is_offered_with_its_values_however_late_it_occurs(tmp_path: Path):
    home = lakes.home(tmp_path)
    events = [lakes.event(1, f"2026-01-01 10:00:00.{n:06}", "view", properties='{"size": "XL"}') for n in range(10_001)]
    events.append(
        lakes.event(2, "2026-01-02 10:00", "cart", properties='{"来源": "海报", "a\'b": 1, "amount": 2}', channel="app")
    )
    lakes.add(home, 1, events=events)
    with reading(home) as opened:
        assert funnels.properties(opened) == ["channel", "size", "来源"]
        assert funnels.values(opened, "来源") == ["海报"] and funnels.values(opened, "size") == ["XL"]
        node = Event(("cart",), "count", "at_least", (1,), None, (Condition("来源", "is", ("海报",)),))
        assert segments.member_ids(opened, node).tolist() == [2]


def test_overlap_parts_everybody_in_scope_and_tells_the_lift_over_chance(worlds: Worlds):
    world, home = worlds[2]
    a, b = did("view", "at_least", 3), did("cart")
    in_a, in_b = set(oracle.members(world, a)), set(oracle.members(world, b))
    with reading(home) as opened:
        found = segments.overlap(opened, a, b)
        assert {part: set(found.people(part)["member_id"]) for part in found.parts} == {
            "only_a": in_a - in_b, "both": in_a & in_b, "only_b": in_b - in_a, "neither": set(world.members) - in_a - in_b,
        }  # fmt: skip
        assert (found.a, found.b) == (len(in_a), len(in_b))
        assert found.lift == pytest.approx(len(in_a & in_b) * len(world.members) / (len(in_a) * len(in_b)))
        assert segments.overlap(opened, a, did("cart", "at_least", 99)).lift is None


def test_an_empty_lake_has_nobody(tmp_path: Path):
    with reading(lakes.home(tmp_path)) as opened:
        for leaf in (
            did("order_placed"),
            Profile("gender", "is", ("f",)),
            OneOf("group", ("g",)),
            OneOf("lifecycle", ("new",)),
        ):
            assert segments.count(opened, leaf) == 0
            assert segments.count(opened, Not(leaf)) == 0


def test_the_state_of_the_life_cycle_is_that_of_the_last_whole_week(worlds: Worlds):
    """The newest data is of Sunday 11 January 2026, business time, so the week of the 5th is whole."""
    world, home = worlds[1]
    assert world.newest == date(2026, 1, 11)
    asked, week = lifecycle.Asked(), Filters(Period(date(2026, 1, 5), date(2026, 1, 12)))
    with reading(home, week) as opened:
        for state in language.LIFECYCLE_STATES:
            behind = Behind(0, (State[state.upper()],))
            told = lifecycle.people(opened, asked, behind)["member_id"].tolist()
            assert segments.member_ids(opened, OneOf("lifecycle", (state,))).tolist() == told
        assert lifecycle.lifecycle(opened, asked).is_complete(0)


def test_a_running_week_is_not_the_last_whole_one(tmp_path: Path):
    """Of Saturday 10 January: the week before counts, in which member 1 was new and 2 was not yet."""
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(1, "2026-01-02 10:00"), lakes.event(2, "2026-01-09 16:30")])
    with reading(home) as opened:
        assert opened.as_of_on == date(2026, 1, 10)
        assert segments.member_ids(opened, OneOf("lifecycle", ("new",))).tolist() == [1]
        assert segments.member_ids(opened, Not(OneOf("lifecycle", language.LIFECYCLE_STATES))).tolist() == [2]


MEASURED = [
    (OneOf("rfm", ("low_keep", "high_value")), rfm.standings, lambda row: row["rfm_class"] in ("low_keep", "high_value")),
    (OneOf("value_tier", ("lost", "active")), rfm.standings, lambda row: row["value_tier"] in ("lost", "active")),
    (Value("orders", "between", (2, 3)), rfm.standings, lambda row: 2 <= row["orders"] <= 3),
    (Value("days_since_last_order", "at_most", (1,)), rfm.standings, lambda row: row["days_since_last_order"] <= 1),
    (Value("net_amount", "at_least", (1.5,)), rfm.standings, lambda row: row["net_minor"] >= 150),
    (Value("aov", "at_most", (15.75,)), rfm.standings, lambda row: row["net_minor"] <= 1575 * row["orders"]),
    (OneOf("tier", ("gold",)), membership.standings, lambda row: row["tier"] == "gold"),
    (Value("points", "at_least", (3,)), membership.standings, lambda row: row["points"] is not None and row["points"] >= 3),
]  # fmt: skip


@pytest.mark.parametrize(("leaf", "told", "fits"), MEASURED, ids=range(len(MEASURED)))
def test_what_is_measured_elsewhere_is_asked_of_the_rows_it_tells(points: Home, leaf: Node, told: Any, fits: Any):
    with reading(points) as opened:
        expected = [row["member_id"] for row in told(opened).to_pylist() if fits(row)]
        assert segments.member_ids(opened, leaf).tolist() == expected


@pytest.fixture(scope="module")
def points(worlds: Worlds, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The first world, whose members have points as well."""
    home = _filled(tmp_path_factory.mktemp("points"), worlds[0][0])
    entries = [
        {"identity_key": key, "occurred_at": lakes.at("2026-01-01 10:00"), "entry_id": f"p{key}{n}", "points": key, "kind": "earned"}
        for key in (1, 2, 3, 5) for n in range(2)
    ]  # fmt: skip
    with home.writer.change("import", 9) as change:
        change.merge("points", lakes.rows("points", entries))
    return home


def test_a_model_that_does_not_fit_the_data_refuses(lake: Reading):
    with pytest.raises(UnfitForLtv):
        segments.count(lake, Score("chance_30d", "at_least", (0.5,)))
    with pytest.raises(ClustersOfFew):
        segments.count(lake, OneOf("cluster", ("A",)))


SLY = (
    "'; DROP TABLE members; --",
    "1 OR 1=1",
    "${7*7}",
    "{0.__class__}",
    "%s",
    "x'||'y",
    "../..",
    "\\",
    '"',
    "*",
    "$.a",
    "null",
)


@pytest.mark.parametrize("text", SLY)
def test_a_text_that_looks_like_a_command_is_looked_for_and_not_run(worlds: Worlds, text: str):
    world, home = worlds[0]
    known = Condition("channel", "is_not", (text,))
    inside = Condition("product_id", "contains", (text,))
    leaves = [
        OneOf("group", (text,)), Profile("city", "is", (text,)), Profile("unit", "is", (text,)), OneOf("tier", (text,)),
        Event(("view",), "count", "at_least", (1,), None, (inside,)), Event(("order_placed",), "days", "at_least", (1,), None, (inside,)),
    ]  # fmt: skip
    with reading(home) as opened:
        assert [segments.count(opened, leaf) for leaf in leaves] == [0] * len(leaves)
        every = Event(("view",), "count", "at_least", (1,), None, (known,))
        assert segments.member_ids(opened, every).tolist() == oracle.members(world, did())
        with pytest.raises(Unknown):
            segments.count(opened, did(text))
        with pytest.raises(Unknown):
            segments.count(opened, Event(("view",), "count", "at_least", (1,), None, (Condition(text, "is_set"),)))
