from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.app import House
from core.errors import Unknown
from core.metrics import contributions as expressions
from core.metrics.catalog import METRICS
from core.periods import Period
from core.scope import Filters
from core.settings import Settings
from core.work.home import Home
from core.work.questions import figures
from core.work.questions.contributions import Contribution, NotAdditive, contributions, splits
from core.work.questions.reading import reading
from tests.seeds import examples

MAY = Period(date(2026, 5, 1), date(2026, 6, 1))
Line = tuple[str, str, int | None, int, str | None, str]
"""Day, order, member, amount, channel, kind."""


def lake(home: Home, lines: list[Line]) -> Home:
    rows = {
        "occurred_at": pa.array([datetime.fromisoformat(f"{on}T04:00:00") for on, *_ in lines], pa.timestamp("us")),
        "order_no": [order for _, order, *_ in lines],
        "identity_key": pa.array([member for _, _, member, *_ in lines], pa.int64()),
        "amount_minor": pa.array([amount for _, _, _, amount, *_ in lines], pa.int64()),
        "channel": pa.array([channel for *_, channel, _ in lines], pa.string()),
        "line_kind": [kind for *_, kind in lines],
        "quantity": [1 if amount > 0 else -1 for _, _, _, amount, *_ in lines],
        "unit_price": [abs(amount) / 100 for _, _, _, amount, *_ in lines],
        "source": ["till"] * len(lines),
        "row_number": list(range(1, len(lines) + 1)),
    }
    members = sorted({member for _, _, member, *_ in lines if member})
    with home.writer.change("import", 1) as change:
        change.merge("order_lines", ibis.memtable(pa.table(rows)))
        seen = {"identity_key": members, "identity_type": ["phone"] * len(members), "namespace": [""] * len(members)}
        seen |= {"source": ["till"] * len(members), "row_number": list(range(len(members)))}
        change.merge("identities", ibis.memtable(pa.table(seen)))
        change.replace(
            "identity_map",
            pa.table({"identity_key": members, "member_id": members, "is_known": [True] * len(members)}),
        )
    return home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    yield House(Settings(home=tmp_path)).live


LINES: list[Line] = [
    ("2026-04-02", "A1", 1, 1000, "store", "sale"),
    ("2026-04-30", "A2", 2, 500, "web", "sale"),
    ("2026-05-01", "A3", 1, 4000, "web", "sale"),
    ("2026-05-02", "A4", 3, 700, None, "sale"),
    ("2026-05-03", "A1", 1, -300, "store", "refund"),
    ("2026-05-30", "A5", None, 9000, "store", "sale"),
    ("2026-05-31", "A6", 3, 200, "store", "sale"),
]


def test_net_revenue_is_told_apart_by_channel_with_refunds_and_without_anonymous_orders(home: Home):
    with reading(lake(home, LINES), Filters(period=MAY)) as opened:
        found = contributions(opened, "net_revenue", "channel")
    assert found is not None
    assert found.rows == (
        Contribution("web", "web", 4000, 500),
        Contribution("store", "store", -100, 1000),
        Contribution(None, None, 700, 0),
    )
    assert (found.now, found.before, found.change) == (4600, 1500, 3100)


def test_active_members_are_told_apart_by_who_came_and_who_went(home: Home):
    with reading(lake(home, LINES), Filters(period=MAY)) as opened:
        found = contributions(opened, "active_members", "movement")
    assert found is not None
    assert {row.value: (row.now, row.before) for row in found.rows} == {
        "new": (1, 0), "returned": (0, 0), "left": (0, 1), "stayed": (1, 1),
    }  # fmt: skip
    assert (found.now, found.before) == (2, 2)


def test_net_revenue_is_told_apart_by_new_and_known_members_and_refunds(home: Home):
    with reading(lake(home, LINES), Filters(period=MAY)) as opened:
        found = contributions(opened, "net_revenue", "newness")
    assert found is not None
    assert found.rows == (
        Contribution("known", "known", 4000, 0),
        Contribution("new", "new", 900, 1500),
        Contribution("refunds", "refunds", -300, 0),
    )
    assert (found.now, found.before) == (4600, 1500)


def test_a_rate_a_mean_and_a_count_of_persons_are_refused(home: Home):
    with reading(lake(home, LINES), Filters(period=MAY)) as opened:
        for name in ("aov", "repeat_purchase_share", "buyers", "daily_active_members"):
            assert splits(opened, name) == ()
            with pytest.raises(NotAdditive):
                contributions(opened, name, "channel")
        with pytest.raises(NotAdditive):
            contributions(opened, "net_revenue", "movement")


def test_a_split_that_the_rows_do_not_have_is_unknown(home: Home):
    with reading(lake(home, LINES), Filters(period=MAY)) as opened, pytest.raises(Unknown):
        contributions(opened, "new_members", "channel")


def test_a_split_is_offered_only_where_something_is_named(home: Home):
    with reading(lake(home, LINES), Filters(period=MAY)) as opened:
        assert splits(opened, "net_revenue") == ("channel", "newness")
        assert splits(opened, "active_members") == ("movement",)


def test_an_empty_lake_has_no_contributions(home: Home):
    with reading(home, Filters(period=MAY)) as opened:
        assert contributions(opened, "net_revenue", "channel") is None
        assert splits(opened, "net_revenue") == ()


def test_without_data_for_the_compared_period_that_is_said(home: Home):
    with reading(lake(home, LINES), Filters(period=Period(date(2026, 4, 1), date(2026, 5, 1)))) as opened:
        found = contributions(opened, "orders", "channel")
    assert found is not None
    assert not found.has_before


days = st.dates(date(2026, 3, 20), date(2026, 6, 20)).map(date.isoformat)
lines = st.lists(
    st.tuples(
        days,
        st.sampled_from(["A1", "A2", "A3", "A4", "A5"]),
        st.sampled_from([None, 1, 2, 3]),
        st.integers(1, 10**6),
        st.sampled_from([None, "store", "web"]),
        st.just("sale"),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=examples(15))
@given(lines)
def test_the_shares_of_every_additive_metric_add_up_to_its_two_values(tmp_path_factory, found_lines: list[Line]):
    home = lake(House(Settings(home=tmp_path_factory.mktemp("home"))).live, found_lines)
    with reading(home, Filters(period=MAY)) as opened:
        for name in ("gross_revenue", "net_revenue", "orders"):
            assert expressions.is_additive(METRICS[name])
            (figure,) = figures.overview(opened, [METRICS[name]], with_series=False)
            for by in ("channel", "unit", "newness"):
                shares = contributions(opened, name, by)
                assert shares is not None
                assert shares.now == figure.value
                if figure.previous is not None:
                    assert shares.before == figure.previous
        moved = contributions(opened, "active_members", "movement")
        (active,) = figures.overview(opened, [METRICS["active_members"]], with_series=False)
        assert moved is not None
        assert moved.now == active.value
