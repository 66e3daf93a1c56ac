"""Rules of the house: who may, what stands afterwards, what a rule would have raised, how often it was right, and trying it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest
from sqlalchemy import select

from core.app import House
from core.errors import Forbidden, RuleChanged, Unknown
from core.metrics.proportions import Interval
from core.risk.defaults import DEFAULTS
from core.risk.rules import OF_THE_SYSTEM, Detector, InvalidRule, Rule
from core.scope import Operator, Scope
from core.settings import Settings
from core.store import risk_rules as rows
from core.store import warnings as warning_rows
from core.store.notice_tables import SaidNotice
from core.store.risk_tables import RiskWarning
from core.store.tables import AuditEntry
from core.work import risk_rules, warnings, watching
from core.work.questions import risk_rules as questions
from tests import lakes
from tests.core.work.cases import warning
from tests.lakes import sale

NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)
TODAY = date(2026, 11, 20)
LIN = Operator(1, "lin", "analyst")
HE = Operator(3, "he", "executive")
EAST = Operator(4, "dong", "analyst", Scope(frozenset({"east"})))
KEY = next(key for key, rule in DEFAULTS.items() if rule.is_on)
FALL = Rule("orders", "relative", 0.5, "below", window_days=7, quiet_days=2, skips_holidays=False, name="Orders fall")


@pytest.fixture(params=["live", "demo"])
def house(tmp_path, request):
    made = House(Settings(home=tmp_path))
    made.shown_here = made.world(request.param)
    yield made
    made.live.store.close()
    made.shown_here.store.close()


@pytest.fixture
def do(house):
    def call(use_case, /, *args, who=LIN, **named):
        return getattr(risk_rules, use_case)(house.shown_here, house.live.store, who, *args, now=NOW, **named)

    return call


def standing(house):
    return questions.rules(house.shown_here, LIN)


def audited(house):
    with house.live.store.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))
        return [(entry.actor, entry.action, entry.details["world"]) for entry in entries]


def test_a_house_that_said_nothing_has_the_rules_that_the_product_brings(house):
    assert {key: one.rule for key, one in standing(house).items()} == DEFAULTS
    assert {(one.revision, one.is_default, one.is_changed) for one in standing(house).values()} == {(0, True, False)}


def test_a_rule_is_changed_switched_off_and_as_it_came_again(house, do):
    graver = replace(DEFAULTS[KEY], impact=5, owner="wu")
    changed = do("change", KEY, graver, revision=0)
    assert (changed.rule, changed.revision, changed.is_changed, changed.by) == (graver, 1, True, "lin")
    off = do("switch", KEY, is_on=False, revision=1)
    assert (off.rule, KEY in questions.on(standing(house))) == (replace(graver, is_on=False), False)
    back = do("remove", KEY, revision=2)
    assert (back.rule, back.is_changed, standing(house)[KEY].rule) == (DEFAULTS[KEY], False, DEFAULTS[KEY])
    actions = ["risk.rule_changed", "risk.rule_changed", "risk.rule_removed"]
    assert audited(house) == [("lin", action, house.shown_here.world) for action in actions]
    assert [one.revision for one in questions.history(house.shown_here, LIN, KEY)] == [3, 2, 1]


def test_a_rule_of_ones_own_is_added_removed_and_had_again(house, do):
    made = do("add", FALL)
    assert (standing(house)[made.key].rule, made.is_default) == (FALL, False)
    do("remove", made.key, revision=1)
    assert made.key not in standing(house)
    assert list(questions.removed(house.shown_here, LIN)) == [made.key]
    do("restore", made.key, revision=2)
    assert standing(house)[made.key].rule == FALL


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        (replace(FALL, name=" "), InvalidRule),
        (replace(FALL, name="n" * 61), InvalidRule),
        (replace(FALL, least_days=0), InvalidRule),
        (replace(FALL, indicator="order"), Unknown),
        (replace(FALL, by="group"), InvalidRule),
        (replace(FALL, indicator="nps", detector="forecast"), InvalidRule),
        (replace(FALL, indicator="public_opinion", by="unit"), InvalidRule),
    ],
)
def test_a_rule_that_says_nothing_that_can_be_looked_at_is_refused(do, house, wrong, refusal):
    with pytest.raises(refusal):
        do("add", wrong)
    assert audited(house) == []


@pytest.mark.parametrize("who", [HE, EAST])
def test_who_may_not_write_or_sees_some_units_only_changes_nothing(do, house, who):
    for call in (
        lambda: do("change", KEY, DEFAULTS[KEY], revision=0, who=who),
        lambda: do("switch", KEY, is_on=False, revision=0, who=who),
        lambda: do("add", FALL, who=who),
        lambda: do("remove", KEY, revision=0, who=who),
        lambda: do("test_fire", KEY, who=who),
        lambda: risk_rules.preview(house.shown_here, who, FALL, NOW),
    ):
        with pytest.raises(Forbidden):
            call()
    assert audited(house) == []


def test_of_two_who_change_the_same_revision_one_is_refused(do):
    do("change", KEY, replace(DEFAULTS[KEY], impact=5), revision=0)
    with pytest.raises(RuleChanged) as refused:
        do("change", KEY, replace(DEFAULTS[KEY], impact=4), revision=0)
    assert refused.value.details["revision"] == 1


def test_an_unknown_rule_is_refused(do):
    with pytest.raises(Unknown):
        do("switch", "nothing", is_on=False, revision=0)


def test_a_preview_tells_what_would_have_been_raised_and_what_people_said_of_those_days(house):
    home = house.shown_here
    lakes.add(
        home,
        1,
        order_lines=[
            sale(n + 1, f"2026-{3 + day // 30:02d}-{day % 30 + 1:02d} 04:00", f"o{day}-{n}", 10)
            for day in range(60)
            for n in range(1 if day in (20, 40) else 4)
        ],
    )
    found = risk_rules.preview(home, LIN, FALL, NOW)
    days = [date(2026, 3, 21), date(2026, 4, 11)]
    assert [(one.started_on, one.last_on) for one in found.found] == [(day, day) for day in days]
    assert (found.true, found.false, found.failed) == (0, 0, ())
    for day, verdict in zip(days, ("true", "false"), strict=True):
        number = warning(home, by="", key="", first=day, last=day, indicator="orders", unit=None)
        warnings.judge(home, house.live.store, LIN, number, verdict, NOW)
    again = risk_rules.preview(home, LIN, FALL, NOW)
    assert (len(again.found), again.true, again.false) == (2, 1, 1)
    assert risk_rules.preview(home, LIN, FALL, NOW, days=25).found == found.found[1:]


def test_the_preview_is_what_an_evaluation_raises(house, do):
    home = house.shown_here
    lakes.add(
        home,
        1,
        order_lines=[
            sale(n + 1, f"2026-03-{day + 1:02d} 04:00", f"o{day}-{n}", 10)
            for day in range(30)
            for n in range(1 if day in (12, 20, 29) else 4)
        ],
    )
    made = do("add", FALL)
    shown = risk_rules.preview(home, LIN, FALL, NOW).found
    watching.evaluate(home, NOW)
    with home.store.reading() as session:
        mine = select(RiskWarning).where(RiskWarning.rule_key == made.key).order_by(RiskWarning.started_on)
        kept = [(row.started_on, row.last_on, row.state == "open", row.value) for row in session.scalars(mine)]
    assert len(kept) == 3
    assert kept == [(one.started_on, one.last_on, one.is_open, one.value) for one in shown]


def test_precision_counts_each_warning_once_by_the_newest_word(house):
    home, log = house.shown_here, house.live.store
    numbers = [warning(home, key=f"u{n}", rule_key=KEY) for n in range(6)]
    for number, verdict in zip(numbers, ("true", "true", "false", "unclear", "true"), strict=False):
        warnings.judge(home, log, LIN, number, verdict, NOW)
    wu = Operator(2, "wu", "manager")
    warnings.judge(home, log, wu, numbers[4], "false", NOW + timedelta(hours=1))
    found = questions.precision(home, LIN)[KEY]
    assert (found.true, found.false, found.unclear, found.unjudged) == (2, 2, 1, 1)
    # Wilson's interval of 2 in 4, as published tables have it.
    assert (found.share, round(found.interval.low, 4), round(found.interval.high, 4)) == (0.5, 0.15, 0.85)
    assert isinstance(found.interval, Interval)


def test_warnings_that_were_merged_count_once(house):
    home, log = house.shown_here, house.live.store
    first, second = (warning(home, key=f"u{n}", rule_key=KEY) for n in range(2))
    warnings.judge(home, log, LIN, first, "true", NOW)
    warnings.merge(home, log, LIN, first, second, revision=1, now=NOW)
    found = questions.precision(home, LIN)[KEY]
    assert (found.true, found.unjudged) == (1, 0)


def test_trying_a_rule_tells_people_and_leaves_nothing_open_or_counted(house, do):
    numbers = [do("test_fire", KEY) for _ in range(2)]
    assert len(set(numbers)) == 2
    with house.shown_here.store.reading() as session:
        assert {(row.state, row.is_test) for row in session.scalars(select(RiskWarning))} == {("closed", True)}
        assert list(session.scalars(select(SaidNotice.kind))) == ["warning.test"] * 2
    assert questions.precision(house.shown_here, LIN) == {}
    assert audited(house)[0][1] == "risk.rule_tested"


def test_every_detector_of_figures_can_be_shown_before_it_is_saved(house):
    lakes.add(
        house.shown_here,
        1,
        order_lines=[
            sale(n + 1, f"2026-{3 + day // 30:02d}-{day % 30 + 1:02d} 04:00", f"o{day}-{n}", 10)
            for day in range(90)
            for n in range(3 + day % 7)
        ],
    )
    for detector in sorted({*get_args(Detector)} - {*OF_THE_SYSTEM}):
        asked = replace(FALL, detector=detector, others=("gross_revenue", "new_members"), window_days=28)
        assert risk_rules.preview(house.shown_here, LIN, asked, NOW).failed == ()


def test_a_rule_that_cannot_be_read_is_off_and_told_and_stops_no_other(house, do):
    home = house.shown_here
    lakes.add(home, 1, order_lines=[sale(1, "2026-11-19 05:00", "o1", 9)])
    kept = do("add", FALL)
    gone = replace(FALL, name="Of old").to_json() | {"detector": "dowsing"}
    with home.store.transaction() as session:
        rows.write(session, "own-old", gone, after=0, by="lin", now=NOW)
        rows.write(session, KEY, {"detector": "dowsing"}, after=0, by="lin", now=NOW)
    found = standing(house)
    assert (found["own-old"].rule.name, found["own-old"].rule.is_on) == ("Of old", False)
    assert found["own-old"].fault
    assert (found[KEY].rule, bool(found[KEY].fault)) == (replace(DEFAULTS[KEY], is_on=False), True)
    assert found[kept.key].fault is None
    done = watching.evaluate(home, NOW)
    assert (done.is_kept, done.code) == (True, None)
    with home.store.reading() as session:
        failed = warning_rows.last_evaluation(session).failed
    assert sorted((one["rule"], one["code"]) for one in failed if one.get("rule")) == sorted([("own-old", "risk.rule"), (KEY, "risk.rule")])  # fmt: skip
    said = do("change", "own-old", replace(FALL, name="Of old"), revision=1)
    assert (said.fault, said.rule.is_on) == (None, True)
