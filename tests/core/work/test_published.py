"""Scenarios, published forecasts and their diary, the strategy matrix."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import select

from core.app import House
from core.errors import Forbidden, InvalidForecast, Unknown
from core.models.forecast.agenda import Rule
from core.models.forecast.history import History, Known
from core.models.forecast.line import Line
from core.models.forecast.spec import Spec, WhatIf
from core.scope import Operator, Scope
from core.settings import Settings
from core.store import forecasts as rows
from core.store.forecasts import InvalidScenario, ScenarioChanged
from core.store.tables import AuditEntry, Forecast, ForecastDay, ForecastFit
from core.work import calendar_entries, forecasts, headlines, published, scenarios, strategy
from core.work.forecasts import Asked, spec_key
from core.work.questions import forecasts as questions
from core.work.questions import today
from core.work.questions.reading import reading
from core.work.questions.today import Item
from core.work.strategy import InvalidStrategy, Row, StrategyChanged
from tests.core.work.small_fit import outcome
from tests.lakes import NOW, add, sale

LIN, WU = Operator(1, "lin", "analyst"), Operator(2, "wu", "manager", Scope(frozenset({"east"})))
EAST = Operator(3, "dong", "analyst", Scope(frozenset({"east"})))
ORDERS = Line("orders")
FIRST = date(2026, 1, 1)
VALUES = np.array([10.0, 20.0] * 35)
"""Changes by 10 against the same weekday a week before, every day."""


@pytest.fixture
def house(tmp_path):
    house = House(Settings(home=tmp_path))
    yield house
    house.live.store.close()


def fitted(house, values=VALUES, spec=Spec(), who=LIN, line=ORDERS, **told) -> str:
    """A fit that is done, as the worker leaves it. ``told``: what is otherwise in its outcome."""
    history = History(FIRST, np.asarray(values, float))
    asked = Asked(line, history, Known(FIRST), spec, "headline", who.scope, "lake", 3)
    with house.live.store.transaction() as session:
        rows.add(
            session,
            {
                "key": asked.key, "series": line.text, "scope": asked.scope.key(), "span": "headline", "spec_sha256": spec_key(spec),
                "told": asked.told, "last_on": asked.last_on, "lake_version": 3, "job_id": 1, "asked_by": "x", "asked_at": NOW,
            },
        )  # fmt: skip
        rows.tell(session, asked.key, replace(outcome(history, None, spec), **told).to_json(), fit_seconds=1, now=NOW)
    return asked.key


def publish(house, key, spec=Spec(), who=LIN, **more):
    return published.publish(house.live, house.live.store, who, key, spec, NOW, **more)


def come(house, values, line=ORDERS, scope="*"):
    with house.live.store.transaction() as session:
        return rows.come(session, line.text, scope, values, now=NOW)


def diary(house, who=LIN, line=ORDERS):
    return questions.diary(house.live, who, line)


def audited(house):
    with house.live.store.reading() as session:
        return [entry.action for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))]


# -- publishing --------------------------------------------------------------------------------------------------------


def test_what_is_published_is_kept_with_all_that_it_rests_on(house):
    spec = Spec(horizon=7)
    row = publish(house, fitted(house, spec=spec), spec, name="  quiet  spring ")
    assert (row.series, row.scope, row.headline, row.last_on) == ("orders", "*", "ensemble", date(2026, 3, 11))
    assert (row.name, row.scale, row.lake_version, row.supersedes_id) == ("quiet spring", 10.0, 3, None)
    assert (row.summary["mase"], row.summary["folds_mase"]) == (0.8, [0.9, 0.7])
    found = diary(house)
    assert found.current.path.start_on == date(2026, 3, 12)
    assert found.current.path.point == (20.0, 10.0, 20.0, 10.0, 20.0, 10.0, 20.0)
    assert found.current.spec == spec
    assert audited(house) == ["forecast.published"]


def test_a_later_one_supersedes_the_one_before_which_stays_as_it_was(house):
    spec = Spec(horizon=7)
    first = publish(house, fitted(house, spec=spec), spec)
    before = diary(house).current
    second = publish(house, fitted(house, values=[*VALUES, 10.0], spec=spec), spec)
    assert second.supersedes_id == first.id
    newer, older = diary(house).published
    assert newer.superseded_at is None
    assert replace(older, superseded_at=None) == before


def test_what_ifs_are_published_with_it(house):
    spec = Spec(
        horizon=7,
        what_ifs=(
            WhatIf("live show", date(2026, 3, 13), 2, 0.5),
            WhatIf("sale", date(2026, 3, 14), 99, event="double11"),
        ),
    )
    publish(house, fitted(house, spec=spec), spec)
    path = diary(house).current.path
    assert path.point == (20.0, 15.0, 45.0, 15.0, 30.0, 15.0, 30.0)
    assert path.upper80 == pytest.approx([22.0, 16.5, 49.5, 16.5, 33.0, 16.5, 33.0])


def test_an_effect_that_was_not_learnt_cannot_be_borrowed(house):
    spec = Spec(horizon=7, what_ifs=(WhatIf("x", date(2026, 3, 13), 2, event="618"),))
    with pytest.raises(Unknown):
        publish(house, fitted(house, spec=spec), spec)
    assert diary(house) is None


def test_only_what_is_fitted_and_in_scope_is_published_by_who_may(house):
    spec = Spec(horizon=7)
    key = fitted(house, spec=spec)
    with pytest.raises(InvalidForecast):
        publish(house, key, Spec(horizon=14))
    with pytest.raises(Unknown):
        publish(house, key, spec, who=EAST)
    with pytest.raises(Forbidden):
        publish(house, key, spec, who=Operator(4, "bo", "executive"))
    with pytest.raises(Unknown):
        publish(house, "no such fit", spec)
    assert audited(house) == []


def test_days_on_which_the_house_is_closed_are_told_and_are_no_other_spec(house):
    add(house.live, 1, order_lines=[sale(1, f"{FIRST + timedelta(days=n)} 04:00", f"o{n}", n % 9) for n in range(70)])
    closed = Rule("weekly", weekday=6)
    calendar_entries.add(house.live, house.live.store, LIN, "closed", "Sundays", closed, now=NOW)
    spec = Spec(horizon=7)
    with reading(house.live) as lake:
        asked = questions.asked(house.live, lake, Line("gmv"), spec)
    assert closed.on(FIRST, asked.history.end_on + timedelta(days=7)) == [
        on for on in asked.known.closed if on < asked.history.end_on + timedelta(days=7)
    ]
    key = forecasts.ask(house.live, house.live.store, LIN, asked, NOW).key
    with house.live.store.transaction() as session:
        rows.tell(session, key, outcome(asked.history, None, spec).to_json(), fit_seconds=1, now=NOW)
    assert forecasts.latest(house.live, LIN, Line("gmv"), spec, spans=("headline",)).key == key
    publish(house, key, spec)
    assert diary(house, line=Line("gmv")).current.spec == spec


def test_what_is_not_fitted_is_refused_with_a_text_of_its_own(house):
    with pytest.raises(InvalidForecast) as refused:
        publish(house, fitted(house), Spec(horizon=14))
    assert refused.value.details["reason"] == "fit"


def test_nobody_reads_the_diary_of_more_than_they_see(house):
    spec = Spec(horizon=7)
    publish(house, fitted(house, spec=spec), spec)
    assert diary(house, who=WU) is None
    publish(house, fitted(house, spec=spec, who=EAST), spec, who=EAST)
    assert diary(house, who=WU).current.published_by == "dong"
    assert len(diary(house).published) == 1


# -- the diary ---------------------------------------------------------------------------------------------------------


def day(number):
    """The days ahead of a forecast of ``VALUES``, from 1."""
    return date(2026, 3, 11) + timedelta(days=number)


def test_errors_are_those_that_one_computes_by_hand(house):
    spec = Spec(horizon=14)
    publish(house, fitted(house, spec=spec), spec)
    # Forecast: 20 10 20 10 20 10 20, then the same again.
    assert come(house, {day(1): 25.0, day(2): 10.0, day(3): 16.0, day(8): 40.0}) == 4
    found = diary(house)
    week, later = found.by_horizon[0], found.by_horizon[1]
    assert (week[0], later[0]) == ((1, 7), (8, 14))
    assert week[1].days == 3
    assert week[1].mase == pytest.approx((5 + 0 + 4) / 10 / 3)
    assert week[1].wape == pytest.approx(9 / 51)
    assert week[1].bias == pytest.approx((-5 + 0 + 4) / 51)
    assert week[1].cover80 == pytest.approx(1 / 3)  # 18..22, 9..11, 18..22
    assert week[1].cover95 == pytest.approx(2 / 3)  # 16..24, 8..12, 16..24
    assert later[1].mase == pytest.approx(2.0)
    assert found.by_horizon[2][1].mase is None
    assert found.live.mase == pytest.approx((5 + 0 + 4 + 20) / 10 / 4)


def test_a_day_is_judged_by_the_newest_forecast_before_it(house):
    spec = Spec(horizon=7)
    publish(house, fitted(house, spec=spec), spec)
    publish(house, fitted(house, values=[*VALUES, 99.0], spec=spec), spec)
    come(house, {day(1): 20.0, day(7): 20.0})
    found = diary(house)
    assert [(one.on, one.horizon, one.forecast_id) for one in found.judged] == [(day(1), 1, 1), (day(7), 6, 2)]
    assert len(found.came) == 3


def test_a_corrected_day_is_corrected_and_an_equal_one_is_not_written(house):
    spec = Spec(horizon=7)
    publish(house, fitted(house, spec=spec), spec)
    assert come(house, {day(1): 25.0}) == 1
    assert come(house, {day(1): 25.0}) == 0
    assert come(house, {day(1): 20.0}) == 1
    assert diary(house).live.mase == 0.0


@pytest.mark.parametrize(
    ("off", "days", "is_drifting"),
    [(8.99, 14, False), (9.01, 14, True), (9.01, 13, None), (0.0, 14, False)],
)
def test_it_drifts_when_the_live_error_is_above_that_of_every_fold(house, off, days, is_drifting):
    spec = Spec(horizon=14)
    publish(house, fitted(house, spec=spec), spec)
    forecast = diary(house).current.path.point
    come(house, {day(n + 1): forecast[n] + off for n in range(days)})
    found = diary(house).drift
    assert (found.low, found.high) == (0.7, 0.9)
    assert found.mase == pytest.approx(off / 10)
    assert found.is_drifting is is_drifting
    assert questions.drifting(house.live, LIN) == ((ORDERS,) if is_drifting else ())
    assert questions.drifting(house.live, EAST) == ()
    told = [Item("forecast_drift", "warning", "forecast", 1, part="diary")] if is_drifting else []
    assert today.drifts(house.live, LIN) == told


def test_live_errors_are_in_the_unit_of_the_backtest_whatever_incidents_do_to_the_values(house):
    spec = Spec(horizon=14)
    publish(house, fitted(house, values=[*VALUES[:40], 9000.0, *VALUES[41:]], spec=spec, unit=10.0), spec)
    come(house, {day(n): 20.0 for n in range(1, 15)})
    assert diary(house).drift.mase == pytest.approx(3 / 7)  # three of seven days are off by 10


def test_days_that_a_forecast_knew_to_be_closed_are_no_merit_of_it(house):
    spec = Spec(horizon=14)
    publish(house, fitted(house, values=[*VALUES[:-1], 0.0], spec=spec), spec)
    come(house, {day(n): 25.0 if n % 7 else 0.0 for n in range(1, 15)})
    found = diary(house)
    assert (len(found.came), found.live.days, found.by_horizon[0][1].days) == (14, 12, 6)


def test_what_was_published_never_changes(house):
    spec = Spec(horizon=7)
    publish(house, fitted(house, spec=spec), spec)

    def told():
        with house.live.store.reading() as session:
            kept = [c.name for c in ForecastDay.__table__.columns if c.name not in ("actual", "scored_at")]
            days = session.scalars(select(ForecastDay).where(ForecastDay.forecast_id == 1).order_by(ForecastDay.day_on))
            row = session.get(Forecast, 1)
            return [[getattr(one, name) for name in kept] for one in days], {
                c.name: getattr(row, c.name) for c in Forecast.__table__.columns
            }

    before = told()
    come(house, {day(n): 5.0 * n for n in range(1, 8)})
    come(house, {day(n): 7.0 * n for n in range(1, 8)})
    publish(house, fitted(house, values=[*VALUES, 5.0], spec=spec), spec)
    with house.live.store.transaction() as session:
        rows.add_up(session, {session.scalars(select(ForecastFit.key)).first(): {"start_on": "2026-03-12"}})
        rows.forget(session, NOW + timedelta(days=999))
    assert told() == before


def test_days_that_come_in_are_written_from_the_lake_and_corrected_with_it(house):
    spec = Spec(horizon=7)
    publish(house, fitted(house, spec=spec), spec)
    at = datetime(2026, 3, 1, 4)
    lines = [sale(1, str(at + timedelta(days=n)), f"o{n}", 10) for n in range(13)]
    add(house.live, 1, order_lines=lines)
    assert published.score(house.live, NOW) == 2  # the 12th and the 13th
    assert {one.on: one.actual for one in diary(house).came} == {day(1): 1.0, day(2): 1.0}
    assert published.score(house.live, NOW) == 0
    add(house.live, 2, order_lines=[sale(1, "2026-03-12 04:30", "more", 10)])
    assert published.score(house.live, NOW) == 1
    assert [one.actual for one in diary(house).came] == [2.0, 1.0]


def test_days_of_a_series_that_the_lake_knows_no_more_are_not_known_again(house):
    spec = Spec(horizon=7)
    publish(house, fitted(house, spec=spec), spec)
    come(house, {day(1): 5.0, day(2): 6.0})
    assert published.score(house.live, NOW) == 2
    assert diary(house).came == ()


# -- scenarios ---------------------------------------------------------------------------------------------------------


def save(house, name, spec=Spec(), who=LIN, line=ORDERS):
    return scenarios.save(house.live, house.live.store, who, line, name, spec, NOW)


def test_scenarios_have_letters_and_names_of_their_series(house):
    a, b = save(house, "as  ever "), save(house, "promotion", Spec(horizon=60))
    other = save(house, "as ever", line=Line("orders", "channel", "wecom"))
    assert [(one.slot, one.name, one.spec.horizon) for one in scenarios.listed(house.live, LIN, ORDERS)] == [
        ("A", "as ever", 30), ("B", "promotion", 60)
    ]  # fmt: skip
    assert (a.revision, b.owner, other.slot) == (1, "lin", "A")
    assert scenarios.listed(house.live, WU, ORDERS) == []
    assert audited(house) == ["scenario.saved"] * 3


@pytest.mark.parametrize(
    ("name", "reason"), [("", "name"), ("x" * 61, "name"), ("a\x00b", "name"), ("as ever", "taken")]
)
def test_a_name_is_refused_with_a_reason(house, name, reason):
    save(house, "as ever")
    with pytest.raises(InvalidScenario) as refused:
        save(house, name)
    assert refused.value.details["reason"] == reason


def test_a_scenario_is_changed_by_who_read_it_last(house):
    one = save(house, "as ever")
    changed = scenarios.overwrite(house.live, house.live.store, LIN, one.scenario_id, 1, Spec(growth="flat"), NOW)
    assert (changed.revision, changed.spec.growth) == (2, "flat")
    with pytest.raises(ScenarioChanged):
        scenarios.rename(house.live, house.live.store, LIN, one.scenario_id, 1, "other", NOW)
    assert scenarios.rename(house.live, house.live.store, LIN, one.scenario_id, 2, "other", NOW).name == "other"
    with pytest.raises(Unknown):
        scenarios.archive(house.live, house.live.store, EAST, one.scenario_id, 3, NOW)
    with pytest.raises(Forbidden):
        scenarios.archive(house.live, house.live.store, WU, one.scenario_id, 3, NOW)


def test_one_that_is_put_away_frees_its_letter_and_name(house):
    one = save(house, "as ever")
    scenarios.archive(house.live, house.live.store, LIN, one.scenario_id, 1, NOW)
    with pytest.raises(ScenarioChanged):
        scenarios.rename(house.live, house.live.store, LIN, one.scenario_id, 2, "again", NOW)
    assert (save(house, "as ever").slot, audited(house)) == (
        "A",
        ["scenario.saved", "scenario.archived", "scenario.saved"],
    )


# -- parts that add up -------------------------------------------------------------------------------------------------


def test_parts_of_the_house_add_up_to_their_total_once_all_are_fitted(house):
    spec = Spec()
    keys = {
        fitted(house, values, spec, line=line): line
        for line, values in (
            (ORDERS, VALUES),
            (Line("orders", "channel", "wecom"), VALUES * 0.5),
            (Line("orders", "channel", "sms"), VALUES * 0.75),
        )
    }
    assert headlines.add_up(house.live, keys, {("orders", "channel")}) == {}
    with house.live.store.reading() as session:
        told = {line.part: rows.fit(session, key) for key, line in keys.items()}
    points = {part: (row.adding_up or row.outcome["path"])["point"] for part, row in told.items()}
    assert points["wecom"] and np.allclose(np.add(points["wecom"], points["sms"]), points[None])


def test_parts_wait_for_each_other(house):
    part = Line("orders", "channel", "wecom")
    keys = {fitted(house): ORDERS, "not yet": part}
    assert headlines.add_up(house.live, keys, {("orders", "channel")}) == keys


def test_parts_of_which_one_is_missing_are_left_as_they_are(house):
    part = Line("orders", "channel", "wecom")
    keys = {fitted(house): ORDERS, fitted(house, VALUES * 0.5, line=part): part}
    assert headlines.add_up(house.live, keys, ()) == {}
    with house.live.store.reading() as session:
        assert [rows.fit(session, key).adding_up for key in keys] == [None, None]


# -- the strategy matrix -----------------------------------------------------------------------------------------------


def keep_matrix(house, rows_, was, who=LIN):
    return strategy.keep(house.live, house.live.store, who, rows_, NOW, was=was)


def test_who_edits_a_matrix_that_somebody_else_changed_meanwhile_is_told_and_changes_nothing(house):
    mine, yours = (Row("mine", ("C", "A", "B")),), (Row("yours", ("B", "A", "C")),)
    keep_matrix(house, mine, strategy.START)
    with pytest.raises(StrategyChanged):
        keep_matrix(house, yours, strategy.START)
    assert strategy.kept(house.live, LIN) == mine
    assert audited(house) == ["strategy.kept"]


def test_the_matrix_is_changed_only_by_who_may_write_and_sees_the_whole_house(house):
    for who in (EAST, WU):
        with pytest.raises(Forbidden):
            keep_matrix(house, (Row("x", ("A", "B", "C")),), strategy.START, who)
    assert strategy.kept(house.live, LIN) == strategy.START


def test_the_matrix_starts_as_the_sources_say_and_is_kept_as_edited(house):
    assert [("".join(one.order), one.situation) for one in strategy.kept(house.live, WU)] == [
        ("ABC", "competition"), ("BAC", "growth"), ("CBA", "window")
    ]  # fmt: skip
    mine = (Row("new rival", ("C", "A", "B"), "live shows"), *strategy.START)
    keep_matrix(house, mine, strategy.START)
    assert strategy.kept(house.live, WU) == mine
    assert keep_matrix(house, (), mine) == strategy.START
    assert strategy.kept(house.live, LIN) == strategy.START
    assert audited(house) == ["strategy.kept"] * 2


@pytest.mark.parametrize(
    ("rows_", "reason"),
    [
        ((Row("x", ("A", "B")),), "order"),
        ((Row("x", ("A", "B", "B")),), "order"),
        ((Row(" ", ("A", "B", "C")),), "long"),
        ((Row("x", ("A", "B", "C"), "y" * 201),), "long"),
        ((Row("x", ("A", "B", "C")),) * 2, "rows"),
    ],
)
def test_a_matrix_that_says_nothing_is_refused(house, rows_, reason):
    with pytest.raises(InvalidStrategy) as refused:
        keep_matrix(house, rows_, strategy.START)
    assert refused.value.details["reason"] == reason
