"""Membership over lakes: tiers and accounts against loops, people behind every figure, scopes, imported tiers, terms of the house."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.errors import Forbidden, InvalidMembership, Unknown
from core.metrics.membership import TIERS
from core.periods import Period
from core.scope import EVERYTHING, SYSTEM, Filters, Operator, Scope
from core.work import membership as house
from core.work.home import Home
from core.work.questions import answers, membership
from core.work.questions.membership import ALL, Asked, Membership, Terms
from core.work.questions.reading import reading
from tests import lakes
from tests.oracles import membership as oracle

JUNE = Period(date(2026, 6, 1), date(2026, 7, 1))
NEWEST, MAY = date(2026, 6, 20), date(2026, 5, 31)
PEOPLE = range(1, 40)
FLOORS = (50_000, 200_000, 500_000)
NAMES = ["普通", "银", "金"]

Line = tuple[int, date, str, int]


def history() -> list[Line]:
    """Orders and refunds with amounts at the floors, on days at the edges of windows and validity."""
    dice = random.Random(5)
    lines: list[Line] = []
    for number in range(90):
        who = dice.choice([*PEOPLE[:30], *PEOPLE[:8]])
        day = NEWEST - timedelta(
            days=dice.choice([0, 2, 19, 20, 100, 305, 306, 334, 335, 336, 345, 350, 364, 365, 366, 384, 385, 400, 700])
        )
        lines.append((who, day, f"O{number}", dice.choice([5_000, 50_000, 50_000, 150_000, 200_000, 300_000])))
        if dice.random() < 0.2:
            lines.append((who, min(day + timedelta(days=3), NEWEST), f"R{number}", -dice.choice([5_000, 50_000])))
    return lines


def entries() -> list[tuple[int, date, str, int, date | None]]:
    """Member, day, kind, points, day of expiry."""
    dice = random.Random(6)
    rows: list[tuple[int, date, str, int, date | None]] = []
    for _ in range(120):
        who, day = dice.choice(PEOPLE[:20]), NEWEST - timedelta(days=dice.choice([0, 10, 19, 20, 200, 400]))
        kind = dice.choice(["earned", "earned", "earned", "spent", "adjusted", "expired"])
        points = dice.randint(1, 100) * (1 if kind == "earned" else -1)
        ends = NEWEST + timedelta(days=dice.choice([-5, 0, 1, 30, 31, 60, 90, 91]))
        rows.append((who, day, kind, points, ends if kind == "earned" and dice.random() < 0.8 else None))
    return rows


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    opened = lakes.home(tmp_path_factory.mktemp("membership"))
    facts = [
        lakes.sale(who, f"{day} 04:00", number, amount / 100, "sale" if amount > 0 else "refund")
        for who, day, number, amount in history()
    ]
    facts.append(lakes.sale(39, f"{NEWEST} 04:00", "STOCK", -999, "adjustment"))
    points = [
        {
            "identity_key": who, "occurred_at": lakes.at(f"{day} 04:00"), "entry_id": f"e{at}", "points": amount, "kind": kind,
            "expires_at": None if ends is None else datetime.combine(ends - timedelta(days=1), datetime.min.time()) + timedelta(hours=16),
        }
        for at, (who, day, kind, amount, ends) in enumerate(entries())
    ]  # fmt: skip
    profiles = [
        {
            "identity_key": who, "unit_id": "north" if who % 3 else "south", "tier": NAMES[who % 3] if who % 5 else None,
            "joined_at": lakes.at("2026-06-10 00:00" if who in (31, 32) else "2024-01-01 00:00"),
        }
        for who in PEOPLE
    ]  # fmt: skip
    units = [{"unit_id": unit, "name": unit} for unit in ("north", "south")]
    lakes.add(opened, 1, order_lines=facts, points=points, member_profiles=profiles, units=units)
    yield opened
    opened.store.close()


def found(home: Home, asked: Asked = Asked(), scope: Scope = EVERYTHING, **cut: Any) -> Membership:
    with reading(home, Filters(cut.pop("period", JUNE), **cut), scope) as lake:
        answer = membership.membership(lake, asked)
    assert answer is not None
    return answer


def tiers_on(on: date) -> dict[int, int]:
    bought: dict[int, list[tuple[int, int]]] = {who: [] for who in PEOPLE}
    for who, day, _, amount in history():
        if day <= on:
            bought[who].append((day.toordinal(), amount))
    return {who: oracle.place(one, FLOORS, 365, on.toordinal()) for who, one in bought.items()}


def test_tiers_and_moves_are_what_loops_count(home: Home) -> None:
    answer = found(home)
    now, then = tiers_on(NEWEST), tiers_on(MAY)
    assert (answer.on, answer.before_on, answer.by, answer.is_house) == (NEWEST, MAY, "rule", True)
    counted = Counter(TIERS[place] for place in now.values())
    assert len(counted) == 4
    rows = answer.rows.set_index("key")
    assert rows["members"].to_dict() == {name: counted[name] for name in TIERS} | {ALL: len(PEOPLE)}
    fresh = {31, 32}
    moves = Counter(("none" if who in fresh else TIERS[then[who]], TIERS[now[who]]) for who in PEOPLE)
    assert {(one.before, one.now): one.members for one in answer.moves.itertuples() if one.members} == moves
    assert rows["members_before"].to_dict()[ALL] == len(PEOPLE) - 2


def test_what_each_tier_bought_is_that_of_the_period(home: Home) -> None:
    rows, now = found(home).rows.set_index("key"), tiers_on(NEWEST)
    first = {number: day for _, day, number, amount in history() if amount > 0}
    for place, name in enumerate(TIERS):
        mine = [one for one in history() if now[one[0]] == place and JUNE.start_on <= one[1] <= NEWEST]
        orders = Counter(who for who, _, number, _ in mine if number in first)
        row = rows.loc[name]
        assert (row["orders"], row["buyers"], row["net_minor"]) == (
            orders.total(),
            len(orders),
            sum(one[3] for one in mine),
        )
        assert row["repeaters"] == sum(count > 1 for count in orders.values())
    assert rows["net_minor"].iloc[:-1].sum() == rows.loc[ALL, "net_minor"]


@pytest.mark.parametrize("days", [30, 60])
def test_who_falls_is_what_loops_say_and_what_is_missing_keeps_the_tier(home: Home, days: int) -> None:
    ahead = NEWEST + timedelta(days=days)
    now, then = tiers_on(NEWEST), tiers_on(ahead)
    falling = {who for who in PEOPLE if then[who] < now[who]}
    with reading(home, Filters(JUNE)) as lake:
        people = membership.behind(lake, Asked(), f"fall.{days}.all")
        answer = membership.membership(lake)
    assert falling and set(people["member_id"]) == falling
    assert answer is not None
    told = answer.falls[answer.falls["days"] == days].set_index("key")
    assert (told.loc[ALL, "members"], told.loc[ALL, "missing_minor"]) == (len(falling), people["value"].sum())
    for who, missing in people.itertuples(index=False):
        bought = [(day.toordinal(), amount) for one, day, _, amount in history() if one == who]
        assert oracle.place([*bought, (ahead.toordinal(), missing)], FLOORS, 365, ahead.toordinal()) >= now[who]


def test_accounts_of_points_are_what_loops_count(home: Home) -> None:
    points = found(home).points
    assert points is not None
    balance = Counter[int]()
    for who, _, _, amount, _ in entries():
        balance[who] += amount
    held = [one for one in balance.values() if one > 0]
    assert (points.outstanding, points.holders, points.negative) == (
        sum(held),
        len(held),
        sum(one < 0 for one in balance.values()),
    )
    assert points.liability_minor == sum(held)
    june = [one for one in entries() if one[1] >= JUNE.start_on]
    for kind in ("earned", "spent", "expired", "adjusted"):
        assert getattr(points, kind) == sum(one[3] for one in june if one[2] == kind), kind
    for days, (amount, members) in points.expiring.items():
        expected: dict[int, int] = {}
        for who in PEOPLE:
            mine = [(one[4].toordinal() if one[4] else 10**7, one[3]) for one in entries() if one[0] == who]
            soon = [rest for (ends, _), rest in zip(mine, oracle.left(mine), strict=True) if NEWEST.toordinal() < ends <= NEWEST.toordinal() + days]  # fmt: skip
            expected |= {who: sum(soon)} if sum(soon) else {}
        assert (amount, members) == (sum(expected.values()), len(expected))


@pytest.mark.parametrize("asked", [Asked(), Asked("imported")])
def test_the_people_behind_a_figure_are_as_many_as_it_says(home: Home, asked: Asked) -> None:
    with reading(home, Filters(JUNE, units=("north",))) as lake:
        answer = membership.membership(lake, asked)
        assert answer is not None and answer.points is not None
        figures = {f"{kind}.{row.key}": getattr(row, name) for row in answer.rows.itertuples()
                   for kind, name in (("tier", "members"), ("buyers", "buyers"), ("repeaters", "repeaters"))}  # fmt: skip
        figures |= {f"move.{one.before}.{one.now}": one.members for one in answer.moves.itertuples()}
        figures |= {f"way.{one.way}": one.members for one in answer.ways.itertuples()}
        figures |= {f"fall.{one.days}.{one.key}": one.members for one in answer.falls.itertuples()}
        figures |= {"points.holders": answer.points.holders, "points.negative": answer.points.negative}
        figures |= {f"points.expiring.{days}": members for days, (_, members) in answer.points.expiring.items()}
        figures |= {f"points.{kind}": members for kind, members in answer.points.movers.items()}
        for which, figure in figures.items():
            assert len(membership.behind(lake, asked, which)) == figure, which
        assert membership.behind(lake, asked, "points.earned")["value"].sum() == answer.points.earned
        for wrong in ("tier.iron", "fall.31.all", "points.none", "way.round", "move.gold.iron", "other"):
            with pytest.raises(Unknown):
                membership.behind(lake, Asked(), wrong)


def test_imported_tiers_tell_nothing_of_the_past_and_those_without_one_are_counted_apart(home: Home) -> None:
    answer = found(home, Asked("imported"))
    counted = Counter(NAMES[who % 3] if who % 5 else "untold" for who in PEOPLE)
    assert answer.rows.set_index("key")["members"].to_dict() == dict(counted) | {ALL: len(PEOPLE)}
    assert (answer.before_on, answer.is_house, answer.has_imported) == (None, False, True)
    assert answer.moves.empty and answer.falls.empty and answer.rows["members_before"].isna().all()
    with reading(home, scope=Scope(frozenset({"north"}))) as lake:
        assert membership.tiers(lake, "imported") == {name: n for name, n in counted.items() if name != "untold"}
        by_rule = Counter(TIERS[place] for place in tiers_on(NEWEST).values())
        assert list(membership.tiers(lake).items()) == [(name, by_rule[name]) for name in TIERS]


def test_units_add_up_to_the_house(home: Home) -> None:
    parts = [found(home, units=("north",)), found(home, scope=Scope(frozenset({"south"})))]
    whole = found(home)
    assert (parts[0].rows["members"] + parts[1].rows["members"]).tolist() == whole.rows["members"].tolist()


def test_standings_hold_every_member_of_the_house(home: Home) -> None:
    with reading(home, Filters(JUNE, units=("north",)), Scope(frozenset({"north"}))) as lake:
        table = membership.standings(lake).to_pydict()
    now, balance = tiers_on(NEWEST), Counter[int]()
    for who, _, _, amount, _ in entries():
        balance[who] += amount
    has_entry = {one[0] for one in entries()}
    assert table["member_id"] == list(PEOPLE)
    assert table["tier"] == [TIERS[now[who]] for who in PEOPLE]
    assert table["points"] == [balance[who] if who in has_entry else None for who in PEOPLE]


def test_the_house_may_have_terms_of_its_own_and_who_sees_some_units_may_not_set_them(tmp_path: Any) -> None:
    opened = lakes.home(tmp_path)
    lakes.add(opened, 1, order_lines=[lakes.sale(1, "2026-06-20 04:00", "A", 100)])
    terms = Terms("rule", (50, 100, 200), 30, Decimal("0.1"))
    house.keep(opened, opened.store, SYSTEM, terms, lakes.NOW)
    with reading(opened) as lake:
        assert membership.house(lake) == terms
        assert membership.standings(lake)["tier"].to_pylist() == ["gold"]
    with pytest.raises(Forbidden):
        house.keep(opened, opened.store, Operator("u", "manager", Scope(frozenset({"north"}))), terms, lakes.NOW)
    for wrong in (
        Terms(floors=(100, 100, 200)),
        Terms(floors=(0, 1, 2)),
        Terms(validity_days=-1),
        Terms(point_value=Decimal(-1)),
        Terms("other"),
    ):  # type: ignore[arg-type]
        with pytest.raises(InvalidMembership):
            house.keep(opened, opened.store, SYSTEM, wrong, lakes.NOW)
    opened.store.close()


def test_a_lake_without_orders_and_points_has_members_in_the_first_tier(tmp_path: Any) -> None:
    opened = lakes.home(tmp_path)
    with reading(opened) as lake:
        assert membership.membership(lake) is None and membership.standings(lake).num_rows == 0
    lakes.add(opened, 1, events=[lakes.event(1, "2026-06-20 04:00")])
    with reading(opened) as lake:
        answer = membership.membership(lake)
        assert membership.standings(lake).to_pylist() == [{"member_id": 1, "tier": "basic", "points": None}]
    assert answer is not None and answer.points is None and answer.rows["members"].tolist() == [1, 0, 0, 0, 1]
    opened.store.close()


def test_the_command_line_answers_in_major_units(home: Home) -> None:
    for by, first in (
        ("tier", {"key": "basic"}),
        ("falls", {"days": 30}),
        ("matrix", {"before": "none"}),
        ("points", {"point_value": 0.01}),
    ):
        rows = answers.ask(home, "membership", Filters(JUNE), {"by": by})
        assert first.items() <= rows[0].items()
    assert answers.ask(home, "membership", Filters(JUNE), {"of": "imported"})[-1]["members"] == len(PEOPLE)
    with pytest.raises(Unknown):
        answers.ask(home, "membership", Filters(JUNE), {"by": "city"})
