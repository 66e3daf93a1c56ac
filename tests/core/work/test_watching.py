"""The worker's look at rules: raised once, goes on, ends; what cannot be looked at is warned of; history, silence, changed rules and data."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from core.app import House
from core.errors import Forbidden
from core.risk.rules import Rule
from core.scope import Operator, Scope
from core.settings import Settings
from core.store import forecasts
from core.store import warnings as rows
from core.store.notice_tables import SaidNotice
from core.store.risk_tables import RiskEvaluation, RiskWarning
from core.store.tables import AuditEntry
from core.work import duties, readings, risk_rules, warnings, watching
from core.work.questions import findings, indicators
from core.work.questions import risk_rules as rules_of
from tests import lakes
from tests.lakes import event, sale

LIN = Operator(1, "lin", "analyst")
FIRST = date(2026, 3, 1)
DAY = timedelta(days=1)
FALL = Rule("orders", "relative", 0.5, "below", window_days=7, quiet_days=2, skips_holidays=False, name="Orders fall")


@pytest.fixture
def house(tmp_path, monkeypatch):
    """Only rules of the test's own: what the product brings would find more."""
    monkeypatch.setattr(rules_of, "DEFAULTS", {})
    made = House(Settings(home=tmp_path))
    yield made
    made.live.store.close()


@pytest.fixture
def home(house):
    return house.live


def noon(day: int) -> datetime:
    """Of the ``day``-th day after the first, in the business zone."""
    return datetime(2026, 3, 1, 4, tzinfo=UTC) + day * DAY


def bring(home, orders, first=0):
    """So many orders on each day, by people of their own."""
    facts = [
        sale(n + 1, (noon(first + day)).strftime("%Y-%m-%d %H:%M"), f"o{first + day}-{n}", 10)
        for day, count in enumerate(orders)
        for n in range(count)
    ]
    lakes.add(home, 1000 + first + len(orders), order_lines=facts)


def rule(home, asked=FALL, **more):
    return risk_rules.add(home, home.store, LIN, replace(asked, **more), noon(0))


def look(home, day):
    return watching.evaluate(home, noon(day))


def stored(home):
    with home.store.reading() as session:
        return [
            (row.state, row.closed_how, (row.started_on - FIRST).days, (row.last_on - FIRST).days)
            for row in session.scalars(select(RiskWarning).where(~RiskWarning.is_test).order_by(RiskWarning.id))
        ]


def told(home):
    with home.store.reading() as session:
        return list(session.scalars(select(SaidNotice.kind).order_by(SaidNotice.id)))


def first_row(home):
    with home.store.reading() as session:
        return session.scalars(select(RiskWarning).order_by(RiskWarning.id)).first()


def test_what_breaks_a_rule_is_raised_once_with_what_it_was_and_told_once(home):
    kept = rule(home)
    bring(home, [4] * 10 + [1])
    done = look(home, 11)
    assert (done.raised, done.told, look(home, 11).raised) == (1, 1, 0)
    row = first_row(home)
    assert (row.rule_key, row.rule_revision, row.indicator, row.place_by) == (kept.key, 1, "orders", "")
    assert (row.value, row.expected, row.limit, row.unit) == (1, 4, 2, "orders")
    assert stored(home) == [("open", None, 10, 10)]
    assert told(home) == ["warning.raised"]


def test_it_goes_on_while_it_lasts_and_is_over_when_the_figure_is_back(home):
    rule(home)
    bring(home, [4] * 10 + [1])
    look(home, 11)
    bring(home, [1], 11)
    look(home, 12)
    assert stored(home) == [("open", None, 10, 11)]
    bring(home, [4, 4, 4, 4], 12)
    assert look(home, 16).closed == 1
    assert stored(home) == [("closed", "recovered", 10, 11)]
    assert told(home) == ["warning.raised", "warning.ended"]


def test_what_is_over_when_it_is_first_seen_is_kept_and_nobody_is_told(home):
    rule(home)
    bring(home, [4] * 10 + [1] + [4] * 9)
    assert look(home, 20).told == 0
    assert stored(home) == [("closed", "recovered", 10, 10)]


def test_what_was_long_ago_is_not_raised(home):
    rule(home)
    bring(home, [4] * 10 + [1] + [4] * 70)
    look(home, 81)
    assert stored(home) == []


def test_a_rule_that_is_switched_off_and_data_that_was_corrected_take_a_warning_back(home):
    kept = rule(home)
    bring(home, [4] * 10 + [1])
    look(home, 11)
    risk_rules.switch(home, home.store, LIN, kept.key, is_on=False, revision=1, now=noon(11))
    look(home, 11)
    assert stored(home) == [("closed", "gone", 10, 10)]
    risk_rules.switch(home, home.store, LIN, kept.key, is_on=True, revision=2, now=noon(11))
    look(home, 11)
    assert stored(home) == [("open", None, 10, 10)]
    bring(home, [5], 10)
    look(home, 12)
    assert stored(home) == [("closed", "gone", 10, 10)]
    assert told(home) == ["warning.raised"]


def test_what_a_person_closed_stays_closed_while_it_lasts(home):
    rule(home)
    bring(home, [4] * 10 + [1])
    look(home, 11)
    warnings.close(home, home.store, LIN, first_row(home).id, "A holiday of ours", revision=1, now=noon(11))
    bring(home, [1], 11)
    look(home, 12)
    assert stored(home) == [("closed", "by_hand", 10, 11)]


def test_a_silent_one_is_told_when_its_time_comes_and_only_then(home):
    rule(home)
    bring(home, [4] * 10 + [1, 1])
    look(home, 12)
    warnings.snooze(home, home.store, LIN, first_row(home).id, noon(14), revision=1, now=noon(12))
    look(home, 13)
    assert told(home) == ["warning.raised"]
    look(home, 14)
    look(home, 14)
    assert told(home) == ["warning.raised"] * 2


def test_one_that_ends_in_silence_is_not_told_to_be_over(home):
    rule(home)
    bring(home, [4] * 10 + [1])
    look(home, 11)
    warnings.snooze(home, home.store, LIN, first_row(home).id, noon(40), revision=1, now=noon(11))
    bring(home, [4] * 5, 11)
    look(home, 16)
    assert (stored(home), told(home)) == ([("closed", "recovered", 10, 10)], ["warning.raised"])


def test_a_query_that_fails_is_warned_of_and_the_others_go_on(home, monkeypatch):
    rule(home)
    rule(home, indicator="visits", name="Visits fall")
    rule(home, Rule("", "failing", 0, name="Queries fail"))
    bring(home, [4] * 10 + [1])
    real = indicators.lines

    def broken(reading, indicator, by="", **asked):
        if indicator == "visits":
            raise ZeroDivisionError("a query of the test")
        return real(reading, indicator, by, **asked)

    with monkeypatch.context() as patched:
        patched.setattr(indicators, "lines", broken)
        done = look(home, 11)
        assert [(one.indicator, one.code, len(one.rules)) for one in done.failed] == [
            ("visits", "ZeroDivisionError", 1)
        ]
        look(home, 12)
    with home.store.reading() as session:
        found = {(row.kind, row.indicator): row for row in session.scalars(select(RiskWarning))}
        assert set(found) == {("figure", "orders"), ("failing", "visits")}
        assert found["failing", "visits"].details["message"] == "a query of the test"
        assert (
            session.scalars(select(RiskEvaluation).order_by(RiskEvaluation.id)).first().failed[0]["indicator"]
            == "visits"
        )
    look(home, 13)
    assert [state for state, *_ in stored(home)] == ["open", "closed"]


def test_an_open_warning_stays_as_it_is_while_its_query_fails(home, monkeypatch):
    rule(home)
    bring(home, [4] * 10 + [1])
    look(home, 11)

    def broken(*_args, **_named):
        raise ZeroDivisionError

    monkeypatch.setattr(indicators, "lines", broken)
    look(home, 12)
    assert stored(home) == [("open", None, 10, 10)]


def test_a_table_that_falls_silent_while_others_go_on_is_missing(home):
    rule(home, Rule("", "missing", 1, name="Tables silent"))
    bring(home, [2] * 12)
    lakes.add(home, 1, events=[event(1, noon(day).strftime("%Y-%m-%d %H:%M")) for day in range(20)])
    look(home, 20)
    assert stored(home) == [("open", None, 12, 19)]
    row = first_row(home)
    assert (row.kind, row.place_by, row.place_key, row.value) == ("missing", "table", "order_lines", 8)
    bring(home, [2] * 9, 12)
    look(home, 21)
    assert stored(home) == [("closed", "recovered", 12, 19)]


def test_a_source_that_is_overdue_is_late_until_it_delivers(home):
    rule(home, Rule("", "late", 2, name="Sources late"))
    bring(home, [2] * 12)
    look(home, 12)
    assert stored(home) == []
    look(home, 15)
    look(home, 16)
    row = first_row(home)
    assert stored(home) == [("open", None, 12, 16)]
    assert (row.kind, row.place_by, row.place_key, row.value, row.expected) == ("late", "source", "shop", 5, 1)
    bring(home, [2] * 5, 12)
    look(home, 17)
    assert stored(home)[0][:2] == ("closed", "recovered")


def test_what_people_type_is_watched_as_well(home):
    rule(
        home, Rule("public_opinion", "threshold", 800, "above", is_inclusive=True, skips_holidays=False, name="Opinion")
    )
    bring(home, [2] * 3)
    for day, value in ((1, 799.0), (2, 800.0)):
        readings.put(home, home.store, LIN, "public_opinion", FIRST + day * DAY, value, now=noon(3))
    look(home, 3)
    assert stored(home) == [("open", None, 2, 2)]


def test_every_look_is_kept_with_what_came_of_it(home):
    rule(home)
    bring(home, [4] * 10 + [1])
    look(home, 11)
    with home.store.reading() as session:
        one = rows.last_evaluation(session)
        assert (one.rule_count, one.line_count, one.raised_count, one.closed_count, one.failed) == (1, 1, 1, 0, [])


def test_a_look_at_older_data_than_somebody_else_saw_writes_nothing(home):
    rule(home)
    bring(home, [4] * 10 + [1])
    look(home, 11)
    with home.store.transaction() as session:
        rows.last_evaluation(session).lake_version += 1
    before = stored(home)
    assert not look(home, 12).is_kept
    assert stored(home) == before


def test_two_who_look_at_once_raise_once(home):
    rule(home)
    bring(home, [4] * 10 + [1])
    done, failed = [], []
    barrier = threading.Barrier(2)

    def at_once():
        try:
            barrier.wait()
            done.append(look(home, 11).raised)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=at_once) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (failed, sorted(done), len(stored(home)), told(home)) == ([], [0, 1], 1, ["warning.raised"])


def test_the_worker_looks_when_data_or_rules_changed_and_every_hour(house, home):
    chore = next(one for one in duties.chores(house) if one.name == "warnings")
    assert chore.do(noon(11)) is None
    bring(home, [4] * 10 + [1])
    looks = [noon(11) + timedelta(minutes=n) for n in (0, 5, 10, 15, 76)]
    chore.do(looks[0])
    chore.do(looks[1])
    rule(home)
    assert chore.do(looks[2]) == "1 warnings raised"
    chore.do(looks[3])
    chore.do(looks[4])
    with home.store.reading() as session:
        assert [row.at for row in reversed(rows.evaluations(session))] == [looks[0], looks[2], looks[4]]


def test_what_cannot_be_looked_at_at_all_is_told_once_a_day_and_warnings_stay(home, monkeypatch):
    rule(home)
    bring(home, [4] * 10 + [1])
    look(home, 11)

    def broken(*_args, **_named):
        raise ZeroDivisionError

    monkeypatch.setattr(findings, "of", broken)
    assert look(home, 12).code == "ZeroDivisionError"
    look(home, 12)
    assert (stored(home), told(home)) == ([("open", None, 10, 10)], ["warning.raised", "evaluation.failed"])


def test_days_that_a_forecast_knew_of_are_held_against_what_it_said_newest_first(home):
    bring(home, [10] * 9 + [4])
    rule(home, Rule("orders", "forecast", 0.2, skips_holidays=False, name="Against forecast"))
    for point in (4.0, 10.0):
        with home.store.transaction() as session:
            forecasts.publish(
                session,
                {
                    "series": "orders", "scope": "*", "fit_key": "k", "spec": {}, "events": [], "lake_version": 1, "last_on": FIRST + 7 * DAY,
                    "headline": "ensemble", "weights": {}, "summary": {}, "name": "", "published_by": "lin", "published_at": noon(8),
                },
                [
                    {"day_on": FIRST + n * DAY, "horizon": n - 7, **dict.fromkeys(("lower80", "upper80", "lower95", "upper95", "point"), point)}
                    for n in (8, 9)
                ],
            )  # fmt: skip
    look(home, 10)
    assert stored(home) == [("open", None, 9, 9)]
    assert (first_row(home).value, first_row(home).expected, first_row(home).limit) == (4, 10, 8)


def test_who_changes_rules_may_have_all_looked_at_at_once_and_that_is_written_down(home):
    rule(home)
    bring(home, [4] * 10 + [1])
    assert watching.look(home, home.store, LIN, noon(11)).raised == 1
    with home.store.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "risk.looked")).one()
    assert (entry.actor, entry.details["raised"]) == ("lin", 1)


@pytest.mark.parametrize(
    "who", [Operator(2, "he", "executive"), Operator(3, "mei", "manager"), Operator(4, "dong", "analyst", Scope(frozenset({"east"})))]
)  # fmt: skip
def test_nobody_else_may(home, who):
    rule(home)
    bring(home, [4] * 10 + [1])
    with pytest.raises(Forbidden):
        watching.look(home, home.store, who, noon(11))
    assert stored(home) == []


def test_a_fixed_limit_holds_on_days_of_shopping_festivals_but_not_on_public_holidays(home):
    """March 8 is the shopping festival of Women's Day, April 4 to 6 are those of Qingming."""
    fixed = Rule("orders", "threshold", 5, "above", name="Many")
    relative = Rule("orders", "relative", 0.5, "above", window_days=7, name="More than before")
    keys = [risk_rules.add(home, home.store, LIN, one, noon(0)).key for one in (fixed, relative)]
    march, april = 7, 35
    bring(home, [9 if day in (march, april) else 2 for day in range(50)])
    look(home, 50)
    with home.store.reading() as session:
        raised = [(row.rule_key, (row.started_on - FIRST).days) for row in session.scalars(select(RiskWarning))]
    assert raised == [(keys[0], march)]
