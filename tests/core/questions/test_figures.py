from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.metrics.catalog import METRICS
from core.periods import Period
from core.scope import Filters, Scope
from core.work.questions import figures
from core.work.questions.reading import reading
from tests import lakes
from tests.lakes import add, event, members, sale
from tests.oracles.kpis import kpis
from tests.seeds import examples

JANUARY = Period(date(2025, 1, 1), date(2025, 2, 1))
FEBRUARY = Period(date(2025, 2, 1), date(2025, 3, 1))


@pytest.fixture
def world(tmp_path):
    return lakes.home(tmp_path)


def figure(world, name, period=None, *, scope=None, **filters):
    with reading(world, Filters(period, **filters), scope or Scope()) as open_lake:
        return figures.overview(open_lake, [METRICS[name]])[0]


def value(world, name, period=None, **more):
    return figure(world, name, period, **more).value


def people(world, name, period=None, side="top", **filters):
    with reading(world, Filters(period, **filters)) as open_lake:
        return figures.behind(open_lake, name, side)


def test_an_empty_lake_has_no_figures(world):
    with reading(world) as open_lake:
        assert figures.overview(open_lake) == []
        assert open_lake.as_of is None


def test_an_order_counts_once_on_the_day_of_its_first_line_with_all_its_lines(world):
    add(world, 1, order_lines=[sale(1, "2025-01-31 15:59", "A", 10), sale(1, "2025-01-31 16:01", "A", 5)])
    assert (value(world, "orders", JANUARY), value(world, "gross_revenue", JANUARY)) == (1, 1500)
    assert (value(world, "orders", FEBRUARY), value(world, "gross_revenue", FEBRUARY)) == (0, 0)


def test_an_order_of_nothing_but_gifts_is_no_order(world):
    add(world, 1, order_lines=[sale(1, "2025-01-05 10:00", "A", 0), sale(2, "2025-01-05 10:00", "B", 1)])
    assert (value(world, "orders"), value(world, "buyers")) == (1, 1)


def test_a_refund_counts_on_its_own_day_and_not_as_an_order(world):
    lines = [sale(1, "2025-01-05 10:00", "A", 10), sale(1, "2025-02-05 10:00", "C1", -4, "refund")]
    add(world, 1, order_lines=lines)
    assert [value(world, "net_revenue", month) for month in (JANUARY, FEBRUARY)] == [1000, -400]
    assert value(world, "orders", FEBRUARY) == 0


def test_a_stock_adjustment_is_no_action_and_no_revenue(world):
    add(
        world, 1, order_lines=[sale(1, "2025-01-05 10:00", "A", 10), sale(2, "2025-01-06 10:00", "S", -3, "adjustment")]
    )
    assert (value(world, "net_revenue"), value(world, "active_members")) == (1000, 1)


def test_orders_of_nobody_known_stand_apart(world):
    add(world, 1, order_lines=[sale(None, "2025-01-05 10:00", "A", 7), sale(1, "2025-01-05 11:00", "B", 10)])
    assert (value(world, "orders"), value(world, "gross_revenue")) == (1, 1000)
    assert (value(world, "anonymous_orders"), value(world, "anonymous_revenue")) == (1, 700)


def test_a_visitor_without_a_known_identity_is_no_member(world):
    add(world, 1, events=[event(1, "2025-01-05 10:00"), event(2, "2025-01-05 10:00")])
    members(world, {2: 2}, anonymous=[2])
    assert (value(world, "active_members"), value(world, "new_members")) == (1, 1)


def test_two_identities_of_one_member_are_one_person(world):
    add(world, 1, events=[event(1, "2025-01-05 10:00"), event(2, "2025-01-05 10:00")])
    assert value(world, "active_members") == 2
    members(world, {1: 1, 2: 1})
    assert value(world, "active_members") == 1


def test_a_member_is_new_once_even_when_only_another_channel_is_looked_at(world):
    add(world, 1, events=[event(1, "2025-01-05 10:00", channel="web"), event(1, "2025-02-05 10:00", channel="app")])
    assert value(world, "new_members", FEBRUARY, channels=("app",)) == 0


def test_joining_a_group_makes_a_member_new_before_any_action(world):
    joined = {"identity_key": 1, "occurred_at": lakes.at("2025-01-05 10:00"), "group_id": "g", "change": "join"}
    add(world, 1, group_membership=[joined], events=[event(1, "2025-02-05 10:00")], identities=[identity(1)])
    assert [value(world, "new_members", month) for month in (JANUARY, FEBRUARY)] == [1, 0]


def identity(key):
    return {"identity_key": key, "identity_type": "phone"}


def test_a_running_month_is_compared_with_as_many_days_of_the_month_before(world):
    january = [event(n, f"2025-01-{day:02d} 10:00") for n, day in ((1, 1), (2, 20))]
    add(world, 1, events=[*january, event(3, "2025-02-10 10:00")])
    found = figure(world, "active_members", FEBRUARY)
    assert (found.period, found.compared) == (
        Period(date(2025, 2, 1), date(2025, 2, 11)),
        Period(date(2025, 1, 1), date(2025, 1, 11)),
    )
    assert (found.value, found.previous) == (1, 1)


def test_a_period_that_reaches_before_the_first_data_has_nothing_to_be_compared_with(world):
    add(world, 1, events=[event(1, "2025-01-05 10:00")])
    assert figure(world, "active_members", JANUARY).previous is None


def test_a_daily_mean_leaves_out_days_before_the_data_begins(world):
    """From 22 to 31 January one of two members is active a day: ten of 31 days are known."""
    add(world, 1, events=[event(1, "2025-01-22 04:00"), event(2, "2025-01-31 04:00")])
    assert value(world, "daily_active_members", JANUARY) == 0.2
    assert value(world, "stickiness", JANUARY) == 0.1
    assert value(world, "daily_active_members", Period(date(2024, 12, 1), date(2025, 1, 1))) is None


def test_a_rate_over_nothing_is_undefined(world):
    add(world, 1, events=[event(1, "2025-01-05 10:00")])
    assert value(world, "add_to_cart_rate") is None


def test_a_rate_of_fewer_than_thirty_is_small(world):
    add(world, 1, events=[event(n, "2025-01-05 10:00", "product_view") for n in range(1, 31)])
    assert not figure(world, "add_to_cart_rate").is_small
    assert figure(world, "add_to_cart_rate", channels=("web",)).is_small


def test_a_unit_filter_keeps_its_members_and_nobody_unknown(world):
    profile = [{"identity_key": n, "unit_id": unit} for n, unit in ((1, "north"), (2, "south"))]
    lines = [sale(n, "2025-01-05 10:00", f"A{n}", 10) for n in (1, 2, None)]
    add(world, 1, order_lines=lines, member_profiles=profile)
    assert value(world, "gross_revenue", units=("north",)) == 1000
    assert value(world, "anonymous_revenue", units=("north",)) == 0


def test_a_scope_shows_only_members_of_its_units_whatever_is_asked(world):
    profile = [{"identity_key": n, "unit_id": unit} for n, unit in ((1, "north"), (2, "south"))]
    add(world, 1, events=[event(n, "2025-01-05 10:00") for n in (1, 2, 3)], member_profiles=profile)
    north = Scope(frozenset({"north"}))
    assert value(world, "active_members", scope=north) == 1
    assert value(world, "active_members", scope=north, units=("south",)) == 0
    assert value(world, "active_members", scope=Scope(frozenset())) == 0


def test_a_member_belongs_to_the_unit_of_the_newest_profile(world):
    add(world, 1, events=[event(1, "2025-01-05 10:00")], member_profiles=[{"identity_key": 1, "unit_id": "north"}])
    add(world, 2, member_profiles=[{"identity_key": 1, "unit_id": "south"}])
    assert [value(world, "active_members", units=(unit,)) for unit in ("north", "south")] == [0, 1]


def test_held_events_are_hidden_until_approved(world):
    held = [{"name": "odd", "is_held": True}]
    add(world, 1, events=[event(1, "2025-01-05 10:00", "odd"), event(2, "2025-01-05 10:00")], event_names=held)
    assert value(world, "active_members") == 1
    add(world, 2, event_names=[{"name": "odd", "is_held": False}])
    assert value(world, "active_members") == 2


def test_the_series_of_days_adds_up_to_the_figure_and_has_every_day(world):
    add(world, 1, order_lines=[sale(1, f"2025-01-{day:02d} 10:00", f"A{day}", day) for day in (3, 9, 30)])
    found = figure(world, "gross_revenue", Period(date(2025, 1, 1), date(2025, 1, 31)))
    assert len(found.series) == 30
    assert sum(v for _, v, _ in found.series) == found.value
    assert not any(partial for _, _, partial in found.series)


def test_weeks_that_reach_beyond_the_period_are_partial(world):
    add(world, 1, events=[event(1, "2025-01-01 10:00"), event(1, "2025-06-29 10:00")])
    found = figure(world, "active_members", Period(date(2025, 1, 1), date(2025, 6, 30)))
    assert [found.series[0], found.series[-1]] == [(date(2024, 12, 30), 1, True), (date(2025, 6, 23), 1, False)]


def test_a_week_holds_what_its_days_within_the_period_add_up_to(world):
    days = ("2024-12-31", "2025-01-01", "2025-01-05", "2025-01-06", "2025-06-29", "2025-06-30")
    lines = [sale(1, f"{day} 10:00", f"R{n}", -(2**n), "refund") for n, day in enumerate(days)]
    add(world, 1, order_lines=[sale(1, "2024-12-30 10:00", "A", 100), *lines])
    found = figure(world, "net_revenue", Period(date(2025, 1, 1), date(2025, 6, 30)))
    weeks = {on: value for on, value, _ in found.series}
    assert found.value == sum(weeks.values()) == -3000
    assert {on: value for on, value in weeks.items() if value} == {
        date(2024, 12, 30): -600, date(2025, 1, 6): -800, date(2025, 6, 23): -1600,
    }  # fmt: skip
    assert len(weeks) == 26


def test_the_ends_of_the_data_are_exact_in_any_table(world):
    first, last = "2025-01-05 00:00", "2025-03-09 15:59"
    add(world, 1, events=[event(1, "2025-01-05 09:00"), event(1, "2025-03-09 08:00")])
    add(world, 2, order_lines=[sale(1, last, "A", 1), sale(1, first, "B", 1)])
    with reading(world) as open_lake:
        assert [at.strftime("%Y-%m-%d %H:%M") for at in open_lake.span] == [first, last]
        assert open_lake.whole == Period(date(2025, 1, 5), date(2025, 3, 10))


def test_the_series_of_a_stock_ends_at_the_figure(world):
    add(world, 1, events=[event(n, f"2025-01-{n:02d} 10:00") for n in range(1, 8)], identities=[identity(1)])
    found = figure(world, "members", Period(date(2025, 1, 3), date(2025, 1, 8)))
    assert [v for _, v, _ in found.series] == [3, 4, 5, 6, 7] and found.value == 7


moments = st.datetimes(datetime(2025, 1, 1), datetime(2025, 1, 12)).map(lambda at: at.replace(microsecond=0))
people_keys = st.integers(1, 6)
event_rows = st.builds(
    lambda who, at, name: {"identity_key": who, "occurred_at": at, "name": name},
    people_keys, moments, st.sampled_from(["product_view", "add_to_cart", "like", "page_view"]),
)  # fmt: skip
line_rows = st.builds(
    lambda who, at, yuan, kind: sale(who, at.isoformat(" "), f"{kind}{who}-{at.day}", yuan if kind == "sale" else -yuan, kind),
    st.one_of(st.none(), people_keys), moments, st.integers(0, 9), st.sampled_from(["sale", "sale", "refund", "adjustment"]),
)  # fmt: skip


@settings(max_examples=examples(20), suppress_health_check=[HealthCheck.too_slow])
@given(
    events=st.lists(event_rows, min_size=1, max_size=15, unique_by=lambda e: tuple(e.values())),
    lines=st.lists(line_rows, min_size=1, max_size=12),
    start=st.integers(0, 8),
    length=st.integers(1, 12),
    merged=st.booleans(),
)
def test_every_figure_equals_the_plain_reading_and_its_people_stand_behind_it(
    tmp_path_factory, events, lines, start, length, merged
):
    world = lakes.home(tmp_path_factory.mktemp("lake"))
    add(world, 1, events=events, order_lines=lines, identities=[identity(1)])
    belongs = {key: key for row in (*events, *lines) if (key := row["identity_key"]) is not None} | {1: 1}
    if merged:
        belongs = {key: (1 if key in (1, 2) else key) for key in belongs}
    members(world, belongs)
    period = Period(date(2025, 1, 1) + timedelta(days=start), date(2025, 1, 1) + timedelta(days=start + length))
    with reading(world, Filters(period)) as open_lake:
        found = {f.metric.name: f for f in figures.overview(open_lake)}
        asked = next(iter(found.values())).period
        expected = kpis(events, lines, belongs, asked.start_on, asked.end_on)
        assert {name: found[name].value for name in expected} == pytest.approx(expected)
        for name in ("buyers", "active_members", "new_members", "members"):
            assert len(figures.behind(open_lake, name)) == expected[name]
        repeating = (expected["repeat_purchase_share"] or 0) * expected["buyers"]
        assert len(figures.behind(open_lake, "repeat_purchase_share")) == pytest.approx(repeating)
        for name in ("gross_revenue", "orders"):
            assert figures.behind(open_lake, name)["value"].sum() == expected[name]


def test_what_a_new_member_cost_is_undefined_of_some_members_or_channels_only(world):
    spent = {"occurred_at": lakes.at("2025-01-01 10:00"), "channel": "social", "amount_minor": 1000, "unit_id": "S1"}
    profile = {"identity_key": 1, "unit_id": "S1"}
    facts = [event(1, "2025-01-01 10:00"), event(2, "2025-01-02 10:00")]
    add(world, 1, events=facts, channel_spend=[spent], member_profiles=[profile])
    assert value(world, "cac", JANUARY) == 500
    cut = figure(world, "cac", JANUARY, scope=Scope(frozenset({"S1"})))
    assert (cut.value, cut.series, cut.numbers) == (None, (), (("top", None), ("bottom", 1)))
    assert value(world, "cac", JANUARY, units=("S1",)) is None
    assert value(world, "cac", JANUARY, channels=("social",)) is None
