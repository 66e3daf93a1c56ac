"""Whatever comes day by day, and however often it is looked: one warning per span of days, and nobody told twice."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from core.risk.detectors import Course
from core.risk.episodes import episodes
from core.risk.rules import Rule
from core.store.notice_tables import SaidNotice
from core.store.risk_tables import RiskWarning
from core.store.session import Store
from core.work.questions.findings import Finding, Findings, Where
from core.work.questions.risk_rules import Kept
from core.work.watching import Written

FIRST = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def kept_store(tmp_path_factory):
    made = Store(f"sqlite:///{tmp_path_factory.mktemp('days') / 'store.db'}")
    made.migrate()
    yield made
    made.close()


def found(rule, values):
    """What the rule finds in the days so far."""
    course = Course(np.array([values], float), np.zeros(len(values), bool))
    return Findings(
        tuple(
            Finding(
                "r", "figure", "orders", Where(), *(FIRST + timedelta(days=n) for n in (one.first, one.last, one.peak, len(values) - 1)),
                one.is_open, one.value,
            )
            for one in episodes(rule, course)
        ),
        (),
        1,
    )  # fmt: skip


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from([0.0, 3.0, 6.0]), st.integers(0, 2)), min_size=1, max_size=20),
    st.integers(1, 3),
    st.integers(0, 3),
    st.sampled_from([None, 3.0, 1.0]),
)
def test_one_warning_stands_for_each_span_however_often_it_is_looked(kept_store, days, least, quiet, clear):
    rule = Rule(
        "orders", "threshold", 5.0, "above", least_days=least, quiet_days=quiet, clear=clear, skips_holidays=False
    )
    kept = {"r": Kept("r", rule, 1, False, False)}
    with kept_store.transaction() as session:
        session.execute(delete(RiskWarning))
        session.execute(delete(SaidNotice))
        values = []
        for value, looks in days:
            values.append(value)
            for _ in range(looks):
                on = FIRST + timedelta(days=len(values))
                Written(session, NOW + timedelta(days=len(values)), kept, on).all(found(rule, values), {"r": rule})
        last = Written(session, NOW + timedelta(days=99), kept, FIRST + timedelta(days=len(values)))
        last.all(found(rule, values), {"r": rule})
        session.expire_all()
        rows = list(session.scalars(select(RiskWarning).order_by(RiskWarning.started_on)))
        spans = [(row.started_on, row.last_on, row.state == "open") for row in rows]
        assert spans == [(one.started_on, one.last_on, one.is_open) for one in found(rule, values).found]
        told = defaultdict(int)
        for notice in session.scalars(select(SaidNotice)):
            told[notice.kind, notice.params["warning"]] += 1
        assert set(told.values()) <= {1}
        assert {number for kind, number in told if kind == "warning.raised"} >= {
            row.id for row in rows if row.state == "open"
        }
