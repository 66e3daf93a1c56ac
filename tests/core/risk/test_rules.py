"""Rules of warnings: what can be said, and that it is kept as it was said."""

from dataclasses import replace

import pytest

from core.risk.defaults import DEFAULTS
from core.risk.indicators import INDICATORS
from core.risk.rules import OF_DAYS, OF_THE_SYSTEM, InvalidRule, Rule, valid

READINGS = ("churn_mass", "public_opinion", "policy_change")
ORDINARY = Rule("orders", "relative", 0.2, "below")


def test_a_rule_is_kept_as_it_was_said():
    rule = Rule("orders", "kmeans", 4.0, others=("visits", "messages"), clear=3.0, owner="lin", name="Odd days")
    assert Rule.from_json(rule.to_json()) == rule
    assert Rule.from_json(rule.to_json() | {"of_an_older_version": 1}) == rule


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("detector", {"detector": "guess"}),
        ("direction", {"direction": "sideways"}),
        ("by", {"by": "city"}),
        ("by", {"detector": "forest", "others": ("visits",), "by": "unit"}),
        ("indicator", {"indicator": ""}),
        ("limit", {"limit": -0.1}),
        ("limit", {"limit": float("nan")}),
        ("limit", {"limit": True}),
        ("clear", {"clear": 0.3}),
        ("clear", {"detector": "threshold", "limit": 10, "clear": 9}),
        ("window_days", {"window_days": 0}),
        ("window_days", {"window_days": 366}),
        ("window_days", {"detector": "baseline", "window_days": 27}),
        ("least_days", {"least_days": 0}),
        ("quiet_days", {"quiet_days": -1}),
        ("change", {"change": float("inf")}),
        ("least_share", {"least_share": 1.0}),
        ("likelihood", {"likelihood": 6}),
        ("impact", {"impact": 0}),
        ("others", {"detector": "kmeans"}),
        ("threshold", {"detector": "threshold", "direction": "both"}),
    ],
)
def test_what_a_rule_cannot_be_is_named(field, changed):
    with pytest.raises(InvalidRule) as refused:
        valid(replace(ORDINARY, **changed))
    assert refused.value.details["field"] == field


def test_the_end_of_a_warning_lies_on_the_quiet_side_of_its_limit():
    assert valid(replace(ORDINARY, clear=0.1))
    assert valid(Rule("orders", "threshold", 10, "below", clear=12))
    assert valid(Rule("orders", "threshold", 10, "above", clear=8))


@pytest.mark.parametrize("key", DEFAULTS)
def test_the_rules_that_come_with_the_product_are_valid_and_of_indicators_that_there_are(key):
    rule = valid(DEFAULTS[key])
    for name in (rule.indicator, *rule.others) if rule.detector not in OF_THE_SYSTEM else ():
        assert name in READINGS or rule.by in ("", *INDICATORS[name].by)
    assert rule.detector not in OF_DAYS or rule.others
