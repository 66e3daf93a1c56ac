"""RFM over lakes: random histories against loops, the people behind every figure, scopes, channels, moves, segments, the command line."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
import pytest

from core.errors import InvalidRfm, NothingToTell, Unknown
from core.periods import Period
from core.scope import EVERYTHING, Filters, Scope
from core.segments import language
from core.work.home import Home
from core.work.questions import answers, rfm, segments
from core.work.questions.reading import reading
from core.work.questions.rfm import METHODS, USUAL, WORDS, Asked, Fixed, Rfm
from tests import lakes
from tests.oracles import rfm as oracle

JUNE = Period(date(2026, 6, 1), date(2026, 7, 1))
NEWEST, MAY = date(2026, 6, 20), date(2026, 5, 31)
"""The newest data: so June is running, and is held against the last day of May."""
FIXED = Asked(method="fixed", fixed=Fixed(20, 2, 1000))
NOBODY_KNOWN = 60


def history(seed: int) -> list[tuple[int | None, date, str, int, str, str]]:
    """Lines of sixty people with ties of all kinds: member, day, order, amount, kind, channel."""
    dice = random.Random(seed)
    lines: list[tuple[int | None, date, str, int, str, str]] = []
    for number in range(220):
        who = dice.choice([*range(1, NOBODY_KNOWN), *range(1, 15), None])
        day = NEWEST - timedelta(days=dice.choice([0, 3, 7, 8, 30, 31, 40, 90, 91, 130]))
        channel = dice.choice(["store", "mini_program"])
        for _ in range(dice.randint(1, 2)):
            lines.append((who, day, f"O{number}", dice.choice([0, 5_000, 50_000, 100_000, 300_000]), "sale", channel))
        if dice.random() < 0.25:
            back = min(day + timedelta(days=dice.randint(0, 20)), NEWEST)
            lines.append((who, back, f"C{number}", -dice.choice([5_000, 50_000, 400_000]), "refund", channel))
    return lines


def filled(folder: Path, lines: list[tuple[int | None, date, str, int, str, str]]) -> Home:
    home = lakes.home(folder)
    facts = [
        lakes.sale(who, f"{day} 04:00", number, amount / 100, kind, channel=channel)
        for who, day, number, amount, kind, channel in lines
    ]
    profiles = [{"identity_key": who, "unit_id": "north" if who % 3 else "south"} for who in range(1, NOBODY_KNOWN)]
    units = [{"unit_id": unit, "name": unit} for unit in ("north", "south")]
    lakes.add(home, 1, order_lines=facts, member_profiles=profiles, units=units)
    return home


@pytest.fixture(scope="module", params=range(2))
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, list[Any]]]:
    lines = history(request.param)
    home = filled(tmp_path_factory.mktemp("rfm"), lines)
    yield home, lines
    home.store.close()


def found(home: Home, asked: Asked = USUAL, scope: Scope = EVERYTHING, **cut: Any) -> Rfm:
    with reading(home, Filters(cut.pop("period", JUNE), **cut), scope) as lake:
        answer = rfm.worth(lake, asked)
    assert answer is not None
    return answer


def places(standings: dict[int, oracle.Standing], answer: Rfm) -> dict[str, dict[int, str]]:
    at = (answer.cuts.days_since_last_order, answer.cuts.orders, answer.cuts.net_minor)
    return {
        "class": {who: oracle.class_of(one, at) for who, one in standings.items()},
        "tier": {who: oracle.tier_of(one) for who, one in standings.items()},
    }


@pytest.mark.parametrize("method", METHODS)
def test_classes_tiers_and_moves_are_what_loops_count(told, method):
    home, lines = told
    answer = found(home, Asked(method=method))
    plain = [line[:5] for line in lines]
    now, then = oracle.standings(plain, NEWEST), oracle.standings(plain, MAY)
    assert (answer.on, answer.before_on, answer.parted) == (NEWEST, MAY, len(now))
    if method == "quantile":
        days, orders, net = ([one[part] for one in now.values()] for part in range(3))
        cuts = (-oracle.even_cut([-one for one in days]), oracle.even_cut(orders), oracle.even_cut(net))
        assert (answer.cuts.days_since_last_order, answer.cuts.orders, answer.cuts.net_minor) == cuts
    are, were = places(now, answer), places(then, answer)
    for view, rows in (("class", answer.rows), ("tier", answer.tiers)):
        counted = Counter(are[view].values())
        assert dict(zip(rows["key"], rows["members"], strict=True)) == {one: counted[one] for one in WORDS[view]} | {
            "all": len(now)
        }
        assert rows["members_before"].tolist() == [
            *(Counter(were[view].values())[one] for one in WORDS[view]),
            len(then),
        ]
        for row in rows.itertuples():
            mine = [one for who, one in now.items() if row.key in ("all", are[view][who])]
            assert (row.orders, row.net_minor) == (sum(one[1] for one in mine), sum(one[2] for one in mine))
            assert pd.isna(row.median_days) if not mine else row.median_days == median(one[0] for one in mine)
        moves = answer.moves[answer.moves["view"] == view]
        counted_moves = Counter((were[view].get(who, "none"), place) for who, place in are[view].items())
        assert {(m.before, m.now): m.members for m in moves.itertuples() if m.members} == counted_moves
        assert answer.ways.loc[answer.ways["view"] == view, "members"].sum() == len(now)


def test_up_is_better_in_one_measure_and_worse_in_none(told):
    home, _ = told
    answer = found(home)
    counts = {(one.view, one.way): one.members for one in answer.ways.itertuples()}
    moves = answer.moves[answer.moves["before"] != "none"]
    for view, words in WORDS.items():
        expected: Counter[str] = Counter()
        for move in moves[moves["view"] == view].itertuples():
            low, high = (words.index(one) for one in (move.before, move.now))
            rose, fell = (high < low, high > low) if view == "tier" else (bool(low & ~high), bool(high & ~low))
            expected["mixed" if rose and fell else "up" if rose else "down" if fell else "same"] += move.members
        assert {way: counts[view, way] for way in ("up", "down", "mixed", "same")} == {
            one: expected[one] for one in ("up", "down", "mixed", "same")
        }


@pytest.mark.parametrize("asked", [USUAL, FIXED])
def test_the_people_behind_a_figure_are_as_many_as_it_says(told, asked):
    home, _ = told
    with reading(home, Filters(JUNE, units=("north",))) as lake:
        answer = rfm.worth(lake, asked)
        assert answer is not None
        figures = {"all": answer.rows["members"].iloc[-1]}
        for view, rows in (("class", answer.rows), ("tier", answer.tiers)):
            figures |= {f"{view}.{row.key}": row.members for row in rows.itertuples() if row.key != "all"}
        figures |= {
            f"move.{one.view}.{one.before}.{one.now}": one.members for one in answer.moves.itertuples() if one.members
        }
        figures |= {f"way.{one.view}.{one.way}": one.members for one in answer.ways.itertuples()}
        figures |= {f"spread.{one.measure}.{one.place}": one.members for one in answer.spread.itertuples()}
        for which, figure in figures.items():
            assert len(rfm.behind(lake, asked, which)) == figure, which
        own = rfm.behind(lake, asked, "all")
        assert own["value"].sum() == answer.rows["net_minor"].iloc[-1]
        for measure in ("days", "orders", "net"):
            bins = answer.spread[answer.spread["measure"] == measure]
            assert bins["members"].sum() == len(own)
            high = {"days": "high_value high_develop low_value low_develop", "orders": "high_value high_keep low_value low_keep",
                    "net": "high_value high_develop high_keep high_retain"}[measure].split()  # fmt: skip
            assert bins["high_members"].sum() == answer.rows.set_index("key").loc[high, "members"].sum()


def test_a_class_means_the_same_in_every_unit_and_units_add_up_to_the_house(told):
    home, _ = told
    whole = found(home)
    parts = [found(home, units=("north",)), found(home, scope=Scope(frozenset({"south"})))]
    assert [one.cuts for one in parts] == [whole.cuts] * 2
    assert (parts[0].rows["members"] + parts[1].rows["members"]).tolist() == whole.rows["members"].tolist()
    assert whole.parted == parts[0].parted > parts[0].rows["members"].iloc[-1]


def test_a_channel_counts_only_its_own_orders_and_parts_by_them(told):
    home, lines = told
    answer = found(home, channels=("store",))
    now = oracle.standings([line[:5] for line in lines if line[5] == "store"], NEWEST)
    assert (answer.rows["members"].iloc[-1], answer.rows["net_minor"].iloc[-1]) == (
        len(now),
        sum(one[2] for one in now.values()),
    )
    assert answer.usual == frozenset()
    assert found(home).usual == {"class", "tier"}


def test_a_method_changes_what_classes_mean_and_limits_of_tiers_what_tiers_mean(told):
    home, _ = told
    assert found(home, rfm.Asked("average")).usual == {"tier"}
    assert found(home, rfm.Asked(tier_orders=(6, 2))).usual == {"class"}
    assert found(home, rfm.Asked("breaks", tier_net=(5000, 10))).usual == frozenset()


def test_standings_hold_every_buyer_of_the_house_with_the_usual_classes(told):
    home, lines = told
    with reading(home, Filters(units=("north",), channels=("store",)), Scope(frozenset({"north"}))) as lake:
        table = rfm.standings(lake).to_pydict()
        assert rfm.standings(lake) is rfm.standings(lake)
    now = oracle.standings([line[:5] for line in lines], NEWEST)
    assert table["member_id"] == sorted(now)
    assert [
        tuple(one) for one in zip(table["days_since_last_order"], table["orders"], table["net_minor"], strict=True)
    ] == [now[who] for who in sorted(now)]
    are = places(now, found(home))
    assert table["rfm_class"] == [are["class"][who] for who in sorted(now)]
    assert table["value_tier"] == [are["tier"][who] for who in sorted(now)]


def test_a_live_segment_of_a_class_or_tier_holds_the_people_of_the_page(told):
    home, _ = told
    with reading(home, Filters(JUNE, units=("north",))) as lake:
        answer = rfm.worth(lake)
        assert answer is not None
        assert answer.usual == {"class", "tier"}
        for kind, rows in (("rfm", answer.rows), ("value_tier", answer.tiers)):
            for row in rows.itertuples():
                if row.key != "all":
                    assert segments.count(lake, language.parse({"v": 1, "where": {kind: [row.key]}})) == row.members, (
                        row.key
                    )


def test_no_day_is_held_against_before_the_first_order(told):
    home, _ = told
    answer = found(home, period=Period(date(2025, 1, 1), date(2026, 7, 1)))
    assert answer.before_on is None
    assert answer.moves.empty
    assert answer.ways.empty
    assert "members_before" not in answer.rows
    with reading(home, Filters(Period(date(2025, 1, 1), date(2026, 7, 1)))) as lake:
        assert rfm.behind(lake, USUAL, "way.class.up").empty


def test_a_lake_without_orders_answers_nothing(tmp_path):
    home = lakes.home(tmp_path)
    for facts in ({}, {"events": [lakes.event(1, "2026-06-20 04:00")]}):
        if facts:
            lakes.add(home, 1, **facts)
        with reading(home, Filters(JUNE)) as lake:
            assert rfm.worth(lake) is None
            assert rfm.behind(lake, USUAL, "all").empty
            assert rfm.standings(lake).num_rows == 0
    with pytest.raises(NothingToTell, match="No member has ordered yet"):
        answers.ask(home, "rfm", Filters(JUNE), {})


@pytest.mark.parametrize(
    "which",
    ["", "class", "class.best", "move.class.none", "move.tier.none.high_keep", "way.class.sideways", "spread.net.99"],
)
def test_a_figure_that_does_not_exist_is_refused(told, which):
    with reading(told[0], Filters(JUNE)) as lake, pytest.raises(Unknown):
        rfm.behind(lake, USUAL, which)


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (Asked(method="best"), "method"), (Asked(fixed=Fixed(days=-1)), "limit"), (Asked(tier_days=(7, 7, 90)), "order"),
        (Asked(tier_orders=(2, 5)), "order"), (Asked(tier_net=(1000, 5000)), "order"),
    ],
)  # fmt: skip
def test_limits_that_contradict_each_other_are_refused(told, asked, problem):
    with reading(told[0], Filters(JUNE)) as lake, pytest.raises(InvalidRfm) as refusal:
        rfm.worth(lake, asked)
    assert refusal.value.details["problem"] == problem


def test_the_command_line_says_the_same(told):
    home, _ = told
    answer = found(home)
    rows = answers.ask(home, "rfm", Filters(JUNE), {})
    assert [row["members"] for row in rows] == answer.rows["members"].tolist()
    assert rows[-1]["net"] == answer.rows["net_minor"].iloc[-1] / 100
    assert rows[-1]["on"] == "2026-06-20"
    tiers = answers.ask(home, "rfm", Filters(JUNE), {"by": "tier"})
    assert [row["key"] for row in tiers] == [*WORDS["tier"], "all"]
    matrix = answers.ask(home, "rfm", Filters(JUNE), {"by": "matrix", "of": "average"})
    assert sum(row["members"] for row in matrix) == rows[-1]["members"]
    assert [row["limit"] for row in answers.ask(home, "rfm", Filters(JUNE), {"by": "cuts", "of": "fixed"})] == [
        30,
        2,
        1000,
    ]
    spread = answers.ask(home, "rfm", Filters(JUNE), {"by": "spread"})
    assert {row["measure"] for row in spread} == {"days", "orders", "net"}
    with pytest.raises(Unknown):
        answers.ask(home, "rfm", Filters(JUNE), {"of": "best"})
