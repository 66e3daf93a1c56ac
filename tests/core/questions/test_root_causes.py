"""What moved an indicator: every dimension adds up to the change, and each part is what a plain count of the rows says."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from statistics import fmean
from typing import Any

import pytest

from core.errors import Unknown
from core.metrics.catalog import METRICS
from core.metrics.splits import SPLIT
from core.periods import Period
from core.risk.indicators import INDICATORS, Place
from core.scope import Filters, Scope
from core.work.home import Home
from core.work.questions import figures, root_causes
from core.work.questions.reading import reading
from core.work.questions.root_causes import Causes, Dimension
from tests import lakes
from tests.lakes import add, at, event, members, sale
from tests.seeds import IS_LONG

DAY = date(2025, 6, 17)
"""A Tuesday, far from holidays that its copies would hold."""
COPIES = tuple(DAY - timedelta(weeks=weeks) for weeks in (1, 2, 4, 5))
"""The Tuesday three weeks before is beside the Dragon Boat Festival's three days, which end on the Monday."""


@pytest.fixture
def world(tmp_path) -> Iterator[Home]:
    home = lakes.home(tmp_path)
    yield home
    home.store.close()


def complaint(who: int | None, on: date, category: str | None = "quality", **more: Any) -> dict[str, Any]:
    number = f"{who}-{on}-{category}-{sorted(more.items())}"
    return {
        "identity_key": who, "occurred_at": at(f"{on} 04:00"), "feedback_id": number, "feedback_kind": "complaint",
        "category": category, **more,
    }  # fmt: skip


def profile(who: int, unit: str | None = None, **more: Any) -> dict[str, Any]:
    return {"identity_key": who, "unit_id": unit, **more}


def asked(
    world: Home, name: str, on: date = DAY, last: date | None = None, scope: Scope | None = None, **more
) -> Causes:
    with reading(world, Filters(), scope or Scope()) as lake:
        return root_causes.causes(lake, name, on, last or on, **more)


def of(found: Causes, name: str) -> Dimension:
    return next(one for one in found.dimensions if one.name == name)


def told(found: Causes, name: str) -> dict[str | None, tuple[float | None, float | None, float]]:
    return {row.key: (row.value, row.expected, row.change) for row in of(found, name).rows}


def begun(world: Home, *facts: dict[str, Any], **tables: list[dict[str, Any]]) -> None:
    """A lake with complaints and, on every day of ten weeks, an event of member 1, so that each day is known."""
    days = [event(1, f"{DAY - timedelta(days=back)} 05:00", channel="web") for back in range(75)]
    add(world, 1, events=[*days, *tables.pop("events", [])], feedback=list(facts), **tables)


def test_a_count_is_told_by_its_values_now_and_in_the_mean_of_its_copies(world):
    before = [complaint(2, day, "service") for day in (COPIES[0], COPIES[1])]
    now = [complaint(who, DAY, "quality") for who in (3, 4, 5)]
    begun(world, *before, *now, complaint(6, DAY, None))
    found = asked(world, "complaints")
    assert len(found.compared.copies) == 4
    assert (found.value, found.expected, found.change) == (4, 0.5, 3.5)
    assert told(found, "feedback_category") == {"quality": (3, 0, 3), None: (1, 0, 1), "service": (0, 0.5, -0.5)}
    assert [row.key for row in of(found, "feedback_category").rows] == ["quality", None, "service"]


def test_a_dimension_of_one_value_is_not_told(world):
    begun(world, complaint(2, COPIES[0]), complaint(3, DAY, channel="web"), complaint(4, DAY, channel="app"))
    names = [one.name for one in asked(world, "complaints").dimensions]
    assert "channel" in names and "feedback_category" not in names


def test_a_members_unit_is_the_first_by_id_and_nobody_has_none(world):
    units = [{"unit_id": "S1", "name": "One"}, {"unit_id": "S2", "name": "Two"}]
    people = [profile(2, "S2"), profile(3, "S1")]
    facts = [complaint(2, DAY), complaint(2, DAY, "other"), complaint(None, DAY), complaint(4, DAY)]
    begun(world, *facts, complaint(2, COPIES[0]), member_profiles=people, units=units)
    members(world, {2: 2, 3: 2})
    found = of(asked(world, "complaints"), "unit")
    assert {(row.key, row.name): row.change for row in found.rows} == {("S1", "One"): 1.75, (None, None): 2}


def test_who_joined_on_the_day_is_new_and_who_joined_before_is_known(world):
    long_ago = event(2, "2025-05-01 05:00")
    begun(
        world,
        complaint(2, DAY),
        complaint(3, DAY),
        complaint(None, DAY, "x"),
        events=[long_ago, event(3, f"{DAY} 05:00")],
    )
    assert told(asked(world, "complaints"), "newness") == {"known": (1, 0, 1), "new": (1, 0, 1), None: (1, 0, 1)}


def test_a_distinct_member_counts_once_where_the_first_row_stands(world):
    """One member leaves two groups: on the first day G2, on the second G1."""
    days = {"G1": DAY, "G2": DAY - timedelta(days=1)}
    left = [
        {"identity_key": 2, "occurred_at": at(f"{on} 05:00"), "group_id": group, "change": "leave"}
        for group, on in days.items()
    ]
    left.append({"identity_key": 3, "occurred_at": at(f"{DAY} 05:00"), "group_id": "G1", "change": "leave"})
    begun(world, group_membership=left, events=[event(who, "2025-05-01 05:00") for who in (2, 3)])
    found = asked(world, "member_loss", DAY - timedelta(days=1), DAY)
    assert found.value == pytest.approx(2 / 3)
    assert {row.key: row.value for row in of(found, "group").rows} == {
        "G1": pytest.approx(1 / 3),
        "G2": pytest.approx(1 / 3),
    }
    assert of(found, "group").is_of_top


def test_an_order_stands_at_its_dearest_product_with_all_of_its_gross(world):
    """Of equally dear lines at that of the first; a line without a product is one of none."""
    parts = (("A", 10, "P1"), ("A", 30, "P2"), ("B", 20, "P3"), ("B", 20, "P1"), ("C", 9, None), ("C", 1, "P1"))
    begun(
        world, order_lines=[sale(2, f"{DAY} 05:00", order, yuan, product_id=product) for order, yuan, product in parts]
    )
    found = told(asked(world, "gross_revenue"), "main_product")
    assert {key: row[0] for key, row in found.items()} == {"P2": 4000, "P3": 4000, None: 1000}


def test_a_ratio_is_told_by_rate_and_mix(world):
    """Refunds over gross by channel: on the web 1 of 10 as ever, in the app, which grew from 10 to 30, 9 of 30 instead of 1 of 10."""
    lines = []
    for on in (DAY, *COPIES):
        grown = 30 if on == DAY else 10
        back = 9 if on == DAY else 1
        lines += [
            sale(2, f"{on} 05:00", f"W{on}", 10, channel="web"),
            sale(3, f"{on} 05:00", f"A{on}", grown, channel="app"),
        ]
        lines += [
            sale(2, f"{on} 06:00", f"W{on}", -1, "refund", channel="web", product_id="P1"),
            sale(3, f"{on} 06:00", f"A{on}", -back, "refund", channel="app", product_id="P2"),
        ]
    begun(world, order_lines=lines)
    with reading(world) as lake:
        found = root_causes.of_metric(lake, METRICS["refund_share"], 1, DAY, DAY)
    assert (found.value, found.expected) == (pytest.approx(0.25), pytest.approx(0.1))
    app, web = of(found, "channel").rows
    assert (app.key, app.value, app.expected) == ("app", pytest.approx(0.3), pytest.approx(0.1))
    assert (app.rate, app.mix) == (pytest.approx(0.625 * 0.2), pytest.approx(0.25 * (0.2 - 0.175)))
    assert (web.rate, web.mix) == (pytest.approx(0), pytest.approx(-0.25 * (0.1 - 0.175)))
    product = of(found, "product")
    assert product.is_of_top and not of(found, "channel").is_of_top
    assert {row.key: row.value for row in product.rows} == {"P1": pytest.approx(1 / 40), "P2": pytest.approx(9 / 40)}
    assert sum(row.change for row in product.rows) == pytest.approx(0.15)


def test_a_part_is_told_further_by_the_other_dimensions(world):
    facts = [complaint(who, DAY, "quality", channel=channel) for who, channel in ((2, "web"), (3, "web"), (4, "app"))]
    begun(world, *facts, complaint(5, DAY, "service", channel="app"), complaint(6, COPIES[0], "quality", channel="app"))
    found = asked(world, "complaints", within={"feedback_category": "quality"})
    assert (found.value, found.expected) == (3, 0.25)
    assert told(found, "channel") == {"web": (2, 0, 2), "app": (1, 0.25, 0.75)}
    assert "feedback_category" not in [one.name for one in found.dimensions]


@pytest.mark.parametrize("key", ["quality", None])
def test_the_people_of_a_part_add_up_to_it_but_for_nobody_known(world, key):
    facts = [
        complaint(2, DAY, key),
        complaint(2, DAY, key, channel="web"),
        complaint(3, DAY, key),
        complaint(None, DAY, key),
    ]
    begun(world, *facts, complaint(4, DAY, "service"), complaint(2, COPIES[0], key))
    with reading(world) as lake:
        people = root_causes.behind(lake, "complaints", DAY, DAY, "feedback_category", key)
    assert people.to_dict("list") == {"member_id": [2, 3], "value": [2, 1]}
    assert told(asked(world, "complaints"), "feedback_category")[key][0] == 4


def test_a_place_tells_of_its_own_facts_alone(world):
    facts = [
        complaint(2, DAY, channel="web"),
        complaint(3, DAY, "service", channel="web"),
        complaint(4, DAY, channel="app"),
    ]
    people = [profile(2, "S1"), profile(4, "S2")]
    units = [{"unit_id": one, "name": one} for one in ("S1", "S2")]
    begun(world, *facts, member_profiles=people, units=units)
    assert asked(world, "complaints", place=Place("channel", "web")).value == 2
    assert asked(world, "complaints", place=Place("unit", "S2")).value == 1
    assert asked(world, "complaints", scope=Scope(frozenset({"S1"}))).value == 1
    with pytest.raises(Unknown):
        asked(world, "complaints", place=Place("unit", "S2"), scope=Scope(frozenset({"S1"})))
    with pytest.raises(Unknown):
        asked(world, "complaints", place=Place("group", "G1"))


def test_a_group_is_told_of_everybody_in_it_to_whoever_sees_its_unit(world):
    left = [
        {"identity_key": who, "occurred_at": at(f"{DAY} 05:00"), "group_id": group, "change": "leave"}
        for who, group in ((2, "G1"), (3, "G1"), (3, "G2"))
    ]
    groups = [{"group_id": one, "name": one, "unit_id": unit} for one, unit in (("G1", "S1"), ("G2", "S2"))]
    begun(world, group_membership=left, groups=groups, member_profiles=[profile(2, "S1"), profile(3, "S2")])
    mine = Scope(frozenset({"S1"}))
    assert asked(world, "members_left", place=Place("group", "G1"), scope=mine).value == 2
    with reading(world, Filters(), mine) as lake:
        people = root_causes.behind(lake, "members_left", DAY, DAY, "newness", "known", place=Place("group", "G1"))
    assert people["member_id"].tolist() == [2, 3]
    with pytest.raises(Unknown):
        asked(world, "members_left", place=Place("group", "G2"), scope=mine)


def test_every_indicator_names_the_tables_that_it_is_made_of():
    assert root_causes.tables("complaint_rate") == ("feedback",)
    assert root_causes.tables("active_members") == ("events", "order_lines", "group_messages")
    assert all(root_causes.tables(name) for name in INDICATORS)


def test_nothing_to_hold_it_against_is_no_change(world):
    add(world, 1, feedback=[complaint(1, DAY), complaint(2, DAY, "service")])
    found = asked(world, "complaints")
    assert (found.value, found.expected, found.change, found.dimensions) == (2, None, None, ())
    assert not found.is_everywhere


def test_a_ratio_of_nothing_is_no_change(world):
    begun(world)
    assert asked(world, "refund_share").dimensions == ()


def test_what_is_no_sum_of_its_parts_or_no_dimension_of_it_is_refused(world):
    begun(world, complaint(2, DAY))
    with reading(world) as lake, pytest.raises(Unknown):
        root_causes.of_metric(lake, METRICS["purchase_cycle_days"], 1, DAY, DAY)
    with pytest.raises(Unknown):
        asked(world, "complaints", within={"product": "P1"})
    with pytest.raises(Unknown):
        asked(world, "no_such_indicator")


# -- a random world ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crowd(tmp_path_factory) -> Iterator[tuple[Home, dict[str, list[dict[str, Any]]]]]:
    """Ten weeks of everything by forty people, a few of them nobody known."""
    home = lakes.home(tmp_path_factory.mktemp("crowd"))
    rng = random.Random(5)
    tables = random_tables(rng)
    add(home, 1, **tables)
    yield home, tables
    home.store.close()


def random_tables(rng: random.Random) -> dict[str, list[dict[str, Any]]]:
    def when() -> str:
        return f"{DAY - timedelta(days=rng.randrange(75))} {rng.randrange(24):02d}:{rng.randrange(60):02d}"

    def who() -> int | None:
        return rng.choice([None, *range(1, 40)])

    def where() -> dict[str, Any]:
        return {"channel": rng.choice(["web", "app", None]), "unit_id": rng.choice(["S1", "S2", None])}

    events = [
        event(
            who(),
            when(),
            rng.choice(["like", "product_view", "add_to_cart"]),
            group_id=rng.choice(["G1", None]),
            **where(),
        )
        for _ in range(400)
    ]
    lines = [
        sale(person, when(), f"O{number}", rng.randint(1, 90), campaign_id=rng.choice(["C1", None]), **where())
        for number in range(200) if (person := who()) or number % 3
    ]  # fmt: skip
    lines += [
        sale(
            who(),
            when(),
            f"R{number}",
            -rng.randint(1, 30),
            "refund",
            product_id=rng.choice(["P1", "P2", None]),
            **where(),
        )
        for number in range(60)
    ]
    touches = [
        {"identity_key": who(), "occurred_at": at(when()), "touch_id": f"T{number}", "state": rng.choice(["delivered", "opened"]),
         "channel": rng.choice(["sms", "wecom"]), "content_id": rng.choice(["K1", "K2", None])}
        for number in range(200)
    ]  # fmt: skip
    moves = [
        {"identity_key": who(), "occurred_at": at(when()), "group_id": rng.choice(["G1", "G2"]), "change": rng.choice(["join", "leave"])}
        for _ in range(120)
    ]  # fmt: skip
    said = [complaint(who(), DAY - timedelta(days=rng.randrange(75)), rng.choice(["a", "b", None]), score=None, order_no=str(n)) for n in range(80)]  # fmt: skip
    scored = [
        {"identity_key": who(), "occurred_at": at(when()), "feedback_id": f"N{number}", "feedback_kind": "nps", "score": rng.randrange(11),
         "channel": rng.choice(["web", "app"])}
        for number in range(120)
    ]  # fmt: skip
    people = [profile(person, rng.choice(["S1", "S2", None]), city=rng.choice(["A", "B", None]), tier=rng.choice(["t", "u"])) for person in range(1, 40)]  # fmt: skip
    products = [{"product_id": "P1", "category": "tea"}, {"product_id": "P2", "category": "cup"}]
    return {
        "events": events, "order_lines": lines, "touches": touches, "group_membership": moves, "feedback": said + scored,
        "member_profiles": people, "products": products,
    }  # fmt: skip


ADDING = [name for name, one in METRICS.items() if all(part.how in SPLIT for part in one.parts)]
ASKED = ADDING if IS_LONG else ADDING[::4]


@pytest.mark.parametrize("name", ASKED)
def test_every_dimension_adds_up_to_the_change_of_the_figure(crowd, name):
    """The figure now is that of the Overview; before, the mean over the copies of the sums above and below the line."""
    home, _ = crowd
    metric, window, length = METRICS[name], *((7, 3) if ADDING.index(name) % 8 else (1, 1))
    with reading(home) as lake:
        found = root_causes.of_metric(lake, metric, window, DAY - timedelta(days=length), DAY - timedelta(days=1))
    if found.value is None or found.expected is None:
        return
    assert figure(home, name, found.compared.now)[0] == pytest.approx(found.value)
    sides = [figure(home, name, copy)[1] for copy in found.compared.copies]
    top, bottom = fmean(side[0] for side in sides), fmean(side[1] for side in sides)
    days = found.compared.now.days if metric.per_day else 1
    assert found.expected == pytest.approx(top / bottom * metric.scale / days)
    for dimension in found.dimensions:
        assert sum(row.change for row in dimension.rows) == pytest.approx(found.change, abs=1e-9)
        if dimension.rows[0].rate is not None:
            assert all(row.rate + row.mix == pytest.approx(row.change) for row in dimension.rows)
        shares = [row.change_share for row in dimension.rows]
        assert found.change == pytest.approx(0, abs=1e-12) or sum(shares) == pytest.approx(1)


def figure(home: Home, name: str, period: Period) -> tuple[float | int | None, tuple[float, float]]:
    """The Overview's figure of a period, and its two sides."""
    with reading(home, Filters(period)) as lake:
        one = figures.overview(lake, [METRICS[name]], with_series=False)[0]
    numbers = dict(one.numbers)
    return one.value, ((numbers["top"] or 0) - (numbers.get("minus") or 0), numbers.get("bottom", 1))


@pytest.mark.parametrize("name", ["members_left", "complaints", "complaint_rate"])
def test_a_part_looked_into_is_the_part_with_its_people(crowd, name):
    """Of sums, and of ratios whose bottom does not know the dimension, what is within a part changes by what the part contributes."""
    home, _ = crowd
    on = DAY - timedelta(days=3)
    dimension = "group" if name == "members_left" else "feedback_category"
    with reading(home) as lake:
        found = root_causes.causes(lake, name, on - timedelta(days=20), on)
        rows = of(found, dimension).rows
        assert len(rows) > 1
        for row in rows:
            inside = root_causes.causes(lake, name, on - timedelta(days=20), on, within={dimension: row.key})
            assert (inside.value, inside.change) == (pytest.approx(row.value), pytest.approx(row.change))
            people = root_causes.behind(lake, name, on - timedelta(days=20), on, dimension, row.key)
            if name == "members_left":
                assert (len(people), set(people["value"])) == (row.value, {1} if row.value else set())


def test_parts_of_counts_are_what_a_plain_count_says(crowd):
    home, tables = crowd
    found = asked(home, "complaints", DAY - timedelta(days=7))

    def counted(on: date) -> Counter[str | None]:
        rows = (row for row in tables["feedback"] if row["feedback_kind"] == "complaint")
        return Counter(row["category"] for row in rows if (row["occurred_at"] + timedelta(hours=8)).date() == on)

    now = counted(DAY - timedelta(days=7))
    copies = [counted(one.start_on) for one in found.compared.copies]
    assert {key: row[:2] for key, row in told(found, "feedback_category").items()} == {
        key: (now[key], fmean(one[key] for one in copies))
        for key in sorted({*now, *(k for one in copies for k in one)}, key=str)
    }
