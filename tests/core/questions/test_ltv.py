"""Lifetime value over lakes: predictions, sums, the people behind each figure, cohorts and channels against loops, refusals, scopes, ``ask``."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.errors import NothingToTell, UnfitForLtv, Unknown
from core.models.ltv import worth
from core.scope import EVERYTHING, Filters, Scope
from core.work.home import Home
from core.work.questions import acquisition, answers, ltv
from core.work.questions.reading import Reading, reading
from tests import lakes
from tests.drawing import Drawn, drawn

ZERO = date(2025, 1, 1)
LAW, SPEND = {"r": 0.8, "alpha": 60.0, "a": 0.9, "b": 2.0}, {"p": 6.0, "q": 4.0, "v": 90.0}
BUYERS, IDLE = 500, 60
"""Members 1 to 500 order; 501 to 560 only joined."""
CHANNELS = ("wecom", "social", "live", None)


def day(number: int) -> date:
    return ZERO + timedelta(days=int(number))


def channel(who: int) -> str | None:
    return CHANNELS[who % 4]


def refunded(who: int, on: int) -> bool:
    return (who * 7 + on) % 23 == 0


def world(folder: Path) -> tuple[Home, Drawn]:
    """Every order as two on the same day, of a fifth and four fifths of its amount; some amounts go back a day later."""
    made = drawn(11, BUYERS, LAW, SPEND, days=400, ahead=1)
    bought = made.purchases
    lines: list[dict[str, Any]] = []
    for who, on, paid in zip(bought.member + 1, bought.day, bought.amount, strict=True):
        at = f"{day(on)} 04:00"
        for part, share in enumerate((0.2, 0.8)):
            lines.append(lakes.sale(int(who), at, f"{who}-{on}-{part}", round(paid * share, 2), channel="store"))
        if refunded(int(who), int(on)) and on < made.end:
            lines.append(
                lakes.sale(
                    int(who), f"{day(on + 1)} 04:00", f"C{who}-{on}", -round(paid * 0.2, 2), "refund", channel="store"
                )
            )
    lines.append(lakes.sale(None, f"{day(made.end)} 04:00", "nobody", 999.0))
    first = {int(who) + 1: int(bought.day[bought.member == who].min()) for who in range(BUYERS)}
    first |= {who: who % 300 for who in range(BUYERS + 1, BUYERS + IDLE + 1)}
    profiles = [
        {"identity_key": who, "joined_at": lakes.at(f"{day(on)} 03:00"), "acquisition_channel": channel(who), "unit_id": "north" if who % 3 else "south"}
        for who, on in first.items()
    ]  # fmt: skip
    spend = [
        {"occurred_at": lakes.at(f"{day(on)} 03:00"), "channel": name, "amount_minor": cost}
        for on in (0, 100, 200) for name, cost in (("wecom", 60_000), ("social", 3_000_000))
    ]  # fmt: skip
    home = lakes.home(folder)
    units = [{"unit_id": unit, "name": unit} for unit in ("north", "south")]
    lakes.add(home, 1, order_lines=lines, member_profiles=profiles, channel_spend=spend, units=units)
    return home, made


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Drawn]]:
    home, made = world(tmp_path_factory.mktemp("ltv"))
    yield home, made
    home.store.close()


def lake_of(home: Home, scope: Scope = EVERYTHING, **cut: Any) -> Any:
    return reading(home, Filters(**cut), scope)


def test_orders_of_a_day_are_one_purchase_and_nobodys_order_is_none(told: tuple[Home, Drawn]):
    home, made = told
    with lake_of(home) as lake:
        known = ltv.known(lake.snapshot, lake.as_of_on)
    assert known.ids.tolist() == list(range(1, BUYERS + 1))
    assert day(made.end).toordinal() == known.newest_day
    assert len(known.purchases) == len(made.purchases)
    assert known.purchases.amount == pytest.approx(made.purchases.amount * 100, abs=2)
    assert known.orders.sum() == 2 * len(made.purchases)
    stood = made.purchases.people(made.end)
    for name in ("repeats", "last_days", "age_days"):
        assert getattr(known.people, name).tolist() == getattr(stood, name).tolist()
    back = sum(
        refunded(int(who) + 1, int(on)) and on < made.end
        for who, on in zip(made.purchases.member, made.purchases.day, strict=True)
    )
    assert len(known.refunds) == back and 0.98 < known.kept_share < 1


def test_predictions_are_those_of_the_model_for_all_buyers_whoever_asks(told: tuple[Home, Drawn]):
    home, made = told
    stood = made.purchases.people(made.end)
    model = worth.fit(stood)
    with lake_of(home, Scope(frozenset({"south"})), channels=("wecom",)) as lake:
        found = ltv.predictions(lake).to_pandas()
        kept = ltv.known(lake.snapshot, lake.as_of_on).kept_share
        assert ltv.predictions(lake) is ltv.predictions(lake)
    assert found["member_id"].tolist() == list(range(1, BUYERS + 1))
    law = model.purchases.law
    for days in worth.HORIZONS:
        expected = law.chance(stood.repeats, stood.last_days, stood.age_days, days)
        assert found[f"chance_{days}d"].to_numpy() == pytest.approx(expected, rel=1e-3)
    orders = law.expected(stood.repeats, stood.last_days, stood.age_days, 365)
    assert found["orders_365d"].to_numpy() == pytest.approx(orders, rel=1e-3)
    assert model.spend is not None
    value = orders * model.spend.law.expected(stood.repeats, stood.means) * kept * 100
    assert found["value_365d_minor"].to_numpy() == pytest.approx(value, rel=5e-3)
    assert found["value_365d_minor"].dtype == np.int64


@pytest.mark.parametrize("scope", [EVERYTHING, Scope(frozenset({"south"}))])
def test_the_people_behind_a_figure_are_as_many_as_it_says(told: tuple[Home, Drawn], scope: Scope):
    home, _ = told
    with lake_of(home, scope) as lake:
        found, predictions = ltv.lifetime(lake), ltv.predictions(lake).to_pandas().set_index("member_id")
        assert found is not None
        mine = [who for who in range(1, BUYERS + 1) if scope.units is None or who % 3 == 0]
        assert ltv.behind(lake, "all")["member_id"].sort_values().tolist() == mine
        assert found.customers == len(mine) and found.buyers == BUYERS
        for row in found.bands.itertuples():
            people = ltv.behind(lake, f"band.{row.days}.{row.place}")
            chances = predictions.loc[people["member_id"], f"chance_{row.days}d"]
            assert len(people) == row.members and chances.between(row.low, row.high).all()
        assert found.bands.groupby("days")["members"].sum().tolist() == [len(mine)] * 4
        for row in found.tenths.itertuples():
            people = ltv.behind(lake, f"tenth.{row.place}")
            assert (len(people), people["value"].min(), people["value"].sum()) == (
                row.members,
                row.lowest_minor,
                row.value_minor,
            )
        assert found.tenths["members"].sum() == len(mine)
        last = found.totals.iloc[-1]
        assert last["value_minor"] == pytest.approx(predictions.loc[mine, "value_365d_minor"].sum(), abs=len(mine))
        assert last["orders"] == pytest.approx(predictions.loc[mine, "orders_365d"].sum())
        assert last["buyers"] == pytest.approx(predictions.loc[mine, "chance_365d"].sum())
        assert (found.totals["orders_low"] < found.totals["orders"]).all() and (
            found.totals["orders"] < found.totals["orders_high"]
        ).all()


def test_the_top_tenth_is_whoever_is_worth_its_lowest_value(told: tuple[Home, Drawn]):
    """So that a segment by the value holds the same people."""
    home, _ = told
    with lake_of(home) as lake:
        found, predictions = ltv.lifetime(lake), ltv.predictions(lake).to_pandas()
        assert found is not None
        top = found.tenths.iloc[0]
        assert top["members"] == BUYERS // 10
        assert (predictions["value_365d_minor"] >= top["lowest_minor"]).sum() == top["members"]


@pytest.mark.parametrize("which", ["nobody", "band", "band.90", "band.91.0", "band.90.9", "tenth.x", "all.1"])
def test_a_figure_that_does_not_exist_has_no_people(told: tuple[Home, Drawn], which: str):
    with lake_of(told[0]) as lake, pytest.raises(Unknown):
        ltv.behind(lake, which)


def test_the_simple_formula_multiplies_what_it_says(told: tuple[Home, Drawn]):
    home, made = told
    with lake_of(home) as lake:
        found = ltv.lifetime(lake)
        known = ltv.known(lake.snapshot, lake.as_of_on)
    assert found is not None and found.simple is not None
    stood, bought = made.purchases.people(made.end), made.purchases
    late = bought.day > made.end - 365
    per_order = (known.purchases.amount.sum() - known.refunds.sum()) / (2 * len(bought))
    per_year = 2 * late.sum() / len(set(bought.member[late].tolist()))
    years = np.mean([last for last, x in zip(stood.last_days, stood.repeats, strict=True) if x]) / 365
    assert [
        found.simple[name] for name in ("net_per_order_minor", "orders_per_year", "lifetime_years")
    ] == pytest.approx([per_order, per_year, years])
    assert found.simple["value_minor"] == pytest.approx(per_order * per_year * years)


# -- cohorts and channels ----------------------------------------------------------------------------------------------


def _amounts(lake: Reading) -> pd.DataFrame:
    """Member, day and net amount in minor units, row by row."""
    lines = lake.snapshot.frame(lake.snapshot.table("order_lines")).dropna(subset="identity_key")
    days = pd.to_datetime(lines["local_date"]).dt.date
    return pd.DataFrame(
        {
            "who": lines["identity_key"].astype(int),
            "on": days,
            "paid": lines["amount_minor"],
            "kind": lines["line_kind"],
        }
    )


def test_cohorts_are_what_loops_add_up(told: tuple[Home, Drawn]):
    home, made = told
    with lake_of(home) as lake:
        found, amounts = acquisition.by_month(lake), _amounts(lake)
        assert found is not None
        people = {on: acquisition.began(lake, on) for on in found.rows["cohort_on"].unique()}
    first = amounts[amounts["kind"] == "sale"].groupby("who")["on"].min()
    newest = day(made.end)
    for row in found.rows.itertuples():
        mine = {
            who: on for who, on in first.items() if (on.year, on.month) == (row.cohort_on.year, row.cohort_on.month)
        }
        assert row.customers == len(mine) and sorted(people[row.cohort_on]["member_id"]) == sorted(mine)
        assert people[row.cohort_on]["value"].sum() == amounts[amounts["who"].isin(mine)]["paid"].sum()
        total = sum(
            one.paid for one in amounts.itertuples() if one.who in mine and (one.on - mine[one.who]).days < 30 * row.age
        )  # fmt: skip
        if len(mine) >= 30:
            assert row.net_minor_per_customer == pytest.approx(total / len(mine))
        else:
            assert pd.isna(row.net_minor_per_customer)
        month_end = (row.cohort_on + timedelta(days=32)).replace(day=1)
        assert row.is_mature == (month_end + timedelta(days=30 * row.age - 1) <= newest + timedelta(days=1))
    assert set(found.rows["cohort_on"]) == {on.replace(day=1) for on in first}


def test_channels_are_what_loops_add_up(told: tuple[Home, Drawn]):
    home, made = told
    margin = 0.5
    with lake_of(home) as lake:
        found, amounts = acquisition.by_channel(lake, margin), _amounts(lake)
        predictions = ltv.predictions(lake).to_pandas().set_index("member_id")["value_365d_minor"]
        people = {row.key: acquisition.behind(lake, row.key) for row in found.rows.itertuples()} if found else {}
    assert found is not None and found.since_on == ZERO and found.has_cost
    rows = found.rows.set_index("key")
    assert set(rows.index) == {"wecom", "social", "live", "unknown", "all"}
    spent = {"wecom": 180_000, "social": 9_000_000, "all": 9_180_000}
    net = amounts.groupby("who")["paid"].sum()
    for key, row in rows.iterrows():
        mine = [who for who in range(1, BUYERS + IDLE + 1) if key in ("all", channel(who) or "unknown")]
        assert (row["acquired"], row["buyers"]) == (len(mine), sum(who <= BUYERS for who in mine))
        assert people[str(key)]["member_id"].sort_values().tolist() == mine
        so_far = net.reindex(mine).fillna(0).sum()
        ahead = predictions.reindex(mine).fillna(0).sum()
        assert row["net_minor"] == pytest.approx(so_far) and people[str(key)]["value"].sum() == pytest.approx(so_far)
        assert row["predicted_minor"] == pytest.approx(ahead, abs=len(mine))
        assert row["ltv_minor"] == pytest.approx((so_far + ahead) * margin / len(mine), rel=1e-4)
        assert row["ltv_minor_low"] < row["ltv_minor"] < row["ltv_minor_high"]
        cac = spent[str(key)] / len(mine) if key in spent else None
        if cac is None:
            assert pd.isna(row["cac_minor"]) and pd.isna(row["ltv_to_cac"]) and pd.isna(row["payback_age"])
            continue
        assert row["cac_minor"] == pytest.approx(cac)
        assert row["ltv_to_cac"] == pytest.approx(row["ltv_minor"] / cac)
        paid_back = _payback(mine, amounts, margin, cac, made.end)
        assert (None if pd.isna(row["payback_age"]) else row["payback_age"]) == paid_back
    assert rows.loc["wecom", "payback_age"] == 1 and pd.isna(rows.loc["social", "payback_age"])


def _payback(mine: list[int], amounts: pd.DataFrame, margin: float, cac: float, end: int) -> int | None:
    """Age by age, over members who have lived through it."""
    own = {who: list(zip(some["on"], some["paid"], strict=True)) for who, some in amounts.groupby("who")}
    born = {who: min((on for on, _ in own[who]), default=None) if who in own else day(who % 300) for who in mine}
    total, age = 0.0, 1
    while True:
        living = [who for who in mine if (day(end) - born[who]).days + 1 >= 30 * age]
        if len(living) < 30:
            return None
        come = sum(
            paid
            for who in living
            for on, paid in own.get(who, [])
            if 30 * (age - 1) <= (on - born[who]).days < 30 * age
        )
        total += come * margin / len(living)
        if total >= cac:
            return age
        age += 1


def test_where_only_some_members_are_asked_for_there_is_no_cost(told: tuple[Home, Drawn]):
    with lake_of(told[0], units=("south",)) as lake:
        found = acquisition.by_channel(lake)
    assert found is not None and not found.has_cost and "cac_minor" not in found.rows and found.margin_share is None


# -- refusals, empty lakes, the command line ---------------------------------------------------------------------------


def test_too_few_buyers_are_refused_by_name_and_history_is_told_all_the_same(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, order_lines=[lakes.sale(who, f"2026-01-{who:02d} 04:00", f"o{who}", 10) for who in range(1, 20)])
    with lake_of(home) as lake:
        found, cohorts = ltv.lifetime(lake), acquisition.by_month(lake)
        with pytest.raises(UnfitForLtv) as refused:
            ltv.predictions(lake)
        assert acquisition.by_channel(lake) is None
        assert ltv.behind(lake, "tenth.0").empty and len(ltv.behind(lake, "all")) == 19
    assert refused.value.details["reason"] == "few_buyers"
    assert (
        found is not None
        and not found.is_fit
        and [one.reason for one in found.problems] == ["few_buyers", "few_repeat_buyers", "short_history"]
    )
    assert found.totals.empty and found.tenths.empty and found.active is None and found.simple is None
    assert cohorts is not None and cohorts.rows["net_minor_per_customer"].isna().all()
    with pytest.raises(UnfitForLtv, match="only 19 members have ordered"):
        answers.ask(home, "ltv", Filters(), {})
    for by in ("law", "week", "holdout"):
        with pytest.raises(UnfitForLtv):
            answers.ask(home, "ltv", Filters(), {"by": by})
    assert len(answers.ask(home, "ltv", Filters(), {"by": "cohort"})) == 1
    home.store.close()


def test_an_empty_lake_has_no_lifetime_value(tmp_path: Path):
    home = lakes.home(tmp_path)
    with lake_of(home) as lake:
        assert (
            ltv.lifetime(lake) is None and acquisition.by_month(lake) is None and acquisition.by_channel(lake) is None
        )
        assert ltv.behind(lake, "all").empty
        with pytest.raises(UnfitForLtv):
            ltv.predictions(lake)
    for by in ("total", "channel", "cohort", "holdout"):
        with pytest.raises(NothingToTell):
            answers.ask(home, "ltv", Filters(), {"by": by})
    tree = {"v": 1, "where": {"value": "orders", "op": "at_most", "values": [9]}}
    for name, options in (
        ("clusters", {}),
        ("membership", {}),
        ("segment", {"tree": json.dumps(tree)}),
        ("reach", {"tree": json.dumps(tree)}),
    ):
        with pytest.raises(NothingToTell):
            answers.ask(home, name, Filters(), options)
    with pytest.raises(Unknown):
        answers.ask(home, "member", Filters(), {"of": "1"})
    home.store.close()


def test_a_scope_without_buyers_says_so(told: tuple[Home, Drawn]):
    with lake_of(told[0], Scope(frozenset())) as lake:
        found = ltv.lifetime(lake)
    assert (
        found is not None and found.customers == 0 and found.tenths.empty and found.totals["orders"].tolist() == [0] * 4
    )


def test_ask_answers_in_major_units(told: tuple[Home, Drawn]):
    home, _ = told
    totals = answers.ask(home, "ltv", Filters(), {})
    with lake_of(home) as lake:
        found = ltv.lifetime(lake)
    assert found is not None and [row["days"] for row in totals] == [30, 90, 180, 365]
    assert totals[3]["value"] == pytest.approx(found.totals["value_minor"].iloc[3] / 100, abs=0.01)
    laws = {row["name"]: row["value"] for row in answers.ask(home, "ltv", Filters(), {"by": "law"})}
    assert list(laws) == ["r", "alpha", "a", "b", "p", "q", "v"] and 10 < laws["v"] < 1000
    held = answers.ask(home, "ltv", Filters(), {"by": "holdout"})[0]
    assert held["days"] == 133 and held["mae"] < held["naive_mae"]
    for by in ("channel", "cohort", "band", "tenth", "class", "week"):
        assert answers.ask(home, "ltv", Filters(), {"by": by})
    with pytest.raises(Unknown):
        answers.ask(home, "ltv", Filters(), {"by": "nothing"})
