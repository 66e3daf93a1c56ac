from datetime import date, timedelta

import pytest

from core.metrics.catalog import METRICS
from core.periods import Period, comparable
from core.scope import Filters
from core.work.demo import filling
from core.work.questions import figures
from core.work.questions.reading import reading
from tests import lakes
from tests.oracles import overview as oracle

END = date(2026, 3, 10)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    home = lakes.home(tmp_path_factory.mktemp("demo"), "demo")
    filling.fill(home, events=20_000, seed=1, end_on=END, now=lakes.NOW, progress=lambda *_, **__: None)
    return home


@pytest.mark.parametrize(
    "period",
    [Period(END - timedelta(days=27), END + timedelta(days=1)), Period(date(2026, 3, 1), date(2026, 4, 1)), Period(date(2026, 2, 1), date(2026, 3, 1))],
    ids=["28 days", "running month", "whole month"],
)  # fmt: skip
def test_every_part_of_the_overview_equals_hand_written_sql(world, period):
    with reading(world, Filters(period)) as open_lake:
        found = figures.overview(open_lake)
        now, before = comparable(period, END)
        expected = oracle.parts(oracle.run(oracle.connected(open_lake.snapshot), now, before))
    assert {f.metric.name for f in found} == set(METRICS)
    mine = {("now", figures.part_of(f.metric, side).name): value for f in found for side, value in f.numbers}
    single = [f for f in found if not (f.metric.bottom or f.metric.minus or f.metric.per_day)]
    mine |= {("before", f.metric.top.name): f.previous for f in single}
    wanted = {key: float(value or 0) for key, value in expected.items() if key in mine}
    assert {key: float(value or 0) for key, value in mine.items() if value} == pytest.approx(
        {k: v for k, v in wanted.items() if v}
    )
    assert sum(bool(value) for value in mine.values()) >= 30
