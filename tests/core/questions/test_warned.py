"""What ``ask`` says of risks: warnings, the days of an indicator, and what moved it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core.errors import Refusal, Unknown
from core.periods import Period
from core.risk.rules import Rule
from core.scope import SYSTEM, Filters
from core.work import risk_rules, watching
from core.work.questions import answers
from core.work.questions import risk_rules as rules_of
from tests import lakes
from tests.lakes import at, sale

FIRST, DAYS = date(2026, 3, 1), 40
LAST = FIRST + timedelta(days=DAYS - 1)
PEAK = Filters(Period(LAST, LAST + timedelta(days=1)))
MANY = Rule("complaints", "threshold", 4, "above", skips_holidays=False, name="Complaints")
DEAR = Rule("gross_revenue", "threshold", 5_000, "above", skips_holidays=False, name="Money")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """One complaint a day about service and on the last day six about quality; an order of 10.00 a day, on the last of 70.00."""
    home = lakes.home(tmp_path_factory.mktemp("warned"))
    days = [FIRST + timedelta(days=n) for n in range(DAYS)]
    facts = [(on, 1, "service") for on in days] + [(LAST, 2 + n, "quality") for n in range(6)]
    told = [
        {"identity_key": who, "occurred_at": at(f"{on} 04:00"), "feedback_id": f"{on}-{who}", "feedback_kind": "complaint", "category": category}
        for on, who, category in facts
    ]  # fmt: skip
    orders = [sale(1, f"{on} 04:00", f"o{on}", 70 if on == LAST else 10) for on in days]
    lakes.add(home, 1, feedback=told, order_lines=orders)
    now = datetime(2026, 4, 10, 4, tzinfo=UTC)
    with pytest.MonkeyPatch.context() as only:
        only.setattr(rules_of, "DEFAULTS", {})
        for rule in (MANY, DEAR):
            risk_rules.add(home, home.store, SYSTEM, rule, now)
        watching.evaluate(home, now)
    yield home
    home.store.close()


def test_warnings_are_told_with_money_in_major_units(world):
    found = answers.ask(world, "warnings", Filters(), {"of": "open"})
    told = {
        row["name"]: (
            row["indicator"],
            row["value"],
            row["limit"],
            row["unit"],
            row["peak_on"],
            row["by"],
            row["state"],
        )
        for row in found
    }
    assert told == {
        "Complaints": ("complaints", 7, 4, "rows", str(LAST), "total", "open"),
        "Money": ("gross_revenue", 70.0, 50.0, "CNY", str(LAST), "total", "open"),
    }  # fmt: skip
    assert answers.ask(world, "warnings", Filters(), {"of": "closed"}) == []
    assert len(answers.ask(world, "warnings", Filters(), {"of": "all"})) == 2


def test_the_days_of_an_indicator_are_those_of_the_period(world):
    period = Filters(Period(LAST - timedelta(days=2), LAST + timedelta(days=1)))
    found = answers.ask(world, "indicator", period, {"of": "complaints"})
    assert [(row["on"], row["value"]) for row in found] == [
        ("2026-04-07", 1), ("2026-04-08", 1), ("2026-04-09", 7),
    ]  # fmt: skip
    money = answers.ask(world, "indicator", PEAK, {"of": "gross_revenue"})
    assert money == [{"indicator": "gross_revenue", "on": str(LAST), "value": 70.0, "unit": "CNY"}]
    assert len(answers.ask(world, "indicator", Filters(), {"of": "complaints"})) == DAYS


def test_what_moved_it_adds_up_to_the_change(world):
    found = answers.ask(world, "moved", PEAK, {"of": "complaints"})
    by = {name: [row for row in found if row["dimension"] == name] for name in {row["dimension"] for row in found}}
    assert found[0]["dimension"] == "feedback_category"
    assert {name: sum(row["change"] for row in rows) for name, rows in by.items()} == dict.fromkeys(by, 6)
    [quality] = [row for row in by["feedback_category"] if row["part"] == "quality"]
    assert (quality["value"], quality["expected"], quality["change"], quality["change_share"]) == (6, 0, 6, 1)
    only = answers.ask(world, "moved", PEAK, {"of": "complaints", "by": "feedback_category"})
    assert only == by["feedback_category"]


@pytest.mark.parametrize(
    ("question", "filters", "options", "refusal"),
    [
        ("warnings", PEAK, {}, Refusal),
        ("warnings", Filters(), {"of": "lost"}, Unknown),
        ("indicator", Filters(), {}, Refusal),
        ("indicator", Filters(), {"of": "complaint"}, Unknown),
        ("indicator", Filters(), {"of": "complaints", "by": "moon"}, Unknown),
        ("moved", Filters(), {"of": "complaints"}, Refusal),
        ("moved", PEAK, {"of": "complaints", "by": "moon"}, Unknown),
    ],
)
def test_what_cannot_be_asked_is_refused(world, question, filters, options, refusal):
    with pytest.raises(refusal):
        answers.ask(world, question, filters, options)
