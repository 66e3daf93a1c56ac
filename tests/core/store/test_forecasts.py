"""Fits, scenarios and published forecasts as rows, on both databases."""

from datetime import date, timedelta

import pytest

from core.store import forecasts
from core.store.forecasts import InvalidScenario, ScenarioChanged

FIRST = date(2026, 11, 1)
PATH = {"start_on": "2026-11-01"}


def row(key="k", job_id=1, spec="s", last_on=FIRST, **more):
    return {
        "key": key, "series": "orders", "scope": "*", "span": "headline", "spec_sha256": spec, "told": {}, "last_on": last_on,
        "lake_version": 1, "job_id": job_id, "asked_by": "lin",
    } | more  # fmt: skip


def published(session, now, **more):
    values = {
        "series": "orders", "scope": "*", "fit_key": "k", "spec": {}, "events": [], "lake_version": 1, "last_on": FIRST, "headline": "x",
        "weights": {}, "summary": {}, "scale": None, "name": "", "published_by": "lin", "published_at": now,
    } | more  # fmt: skip
    bounds = dict.fromkeys(("point", "lower80", "upper80", "lower95", "upper95"), 1.0)
    days = [
        {"day_on": FIRST + timedelta(days=n), "horizon": n, "actual": None, "scored_at": None} | bounds for n in (1, 2)
    ]
    return forecasts.publish(session, values, days)


def test_a_fit_is_added_once_and_told_once(store, now):
    with store.transaction() as session:
        assert forecasts.add(session, row(asked_at=now))
        assert not forecasts.add(session, row(asked_at=now, job_id=9))
        assert forecasts.queued(session, "k", 7)
        assert not forecasts.queued(session, "k", 8, was=6)
        forecasts.fail(session, "k", "forecast.short", {"days": 1}, job_id=6, now=now)
        assert forecasts.fit(session, "k").error_code is None
        forecasts.fail(session, "k", "forecast.short", {"days": 1}, job_id=7, now=now)
        assert forecasts.fit(session, "k").error_details == {"days": 1}
        assert forecasts.tell(session, "k", {"a": 1}, fit_seconds=0.5, now=now)
        assert not forecasts.tell(session, "k", {"a": 2}, fit_seconds=0.5, now=now)
        found = forecasts.fit(session, "k")
    assert (found.outcome, found.error_code, found.job_id) == ({"a": 1}, None, 7)


def test_the_newest_fit_is_that_of_the_newest_day(store, now):
    with store.transaction() as session:
        for key, days in (("a", 0), ("b", 2), ("c", 1), ("d", 5)):
            forecasts.add(session, row(key, last_on=FIRST + timedelta(days=days), asked_at=now))
        for key in "abc":
            forecasts.tell(session, key, PATH, fit_seconds=1, now=now)
        assert forecasts.newest(session, "orders", "*", spans=("headline",), spec="s").key == "b"
        assert forecasts.newest(session, "orders", "*", spans=("all",), spec="s") is None
        assert forecasts.newest(session, "orders", "east", spans=("headline",), spec="s") is None
        assert forecasts.forget(session, now + timedelta(seconds=1)) == 4


def test_a_later_publication_supersedes_the_newest_of_its_series_and_scope(store, now):
    with store.transaction() as session:
        first, other = published(session, now), published(session, now, scope="east")
        second = published(session, now)
        assert (first.supersedes_id, other.supersedes_id, second.supersedes_id) == (None, None, first.id)
        assert [one.id for one in forecasts.published(session, "orders", "*")] == [second.id, first.id]
        assert forecasts.lines(session) == [("orders", "*"), ("orders", "east")]


def test_what_came_is_written_to_every_forecast_of_the_day(store, now):
    with store.transaction() as session:
        first, second = published(session, now), published(session, now)
        assert forecasts.come(session, "orders", "*", {FIRST + timedelta(days=1): 5.0, FIRST: 1.0}, now=now) == 2
        assert forecasts.come(session, "orders", "*", {FIRST + timedelta(days=1): 5.0}, now=now) == 0
        assert forecasts.come(session, "orders", "east", {FIRST + timedelta(days=1): 6.0}, now=now) == 0
    with store.reading() as session:
        assert [day.actual for day in forecasts.days(session, [first.id, second.id])] == [5.0, None, 5.0, None]


def test_what_is_not_known_again_is_written_no_more(store, now):
    first, second = FIRST + timedelta(days=1), FIRST + timedelta(days=2)
    with store.transaction() as session:
        one, east = published(session, now), published(session, now, scope="east")
        for scope in ("*", "east"):
            assert forecasts.come(session, "orders", scope, {first: 5.0, second: 6.0}, now=now) == 2
        assert forecasts.come(session, "orders", "*", {first: 5.0}, now=now) == 1
        assert forecasts.come(session, "orders", "*", {first: 5.0}, now=now) == 0
    with store.reading() as session:
        days = forecasts.days(session, [one.id, east.id])
    assert [day.actual for day in days] == [5.0, None, 5.0, 6.0]
    assert [day.scored_at is None for day in days] == [False, True, False, False]


def test_letters_and_names_are_free_again_when_a_scenario_is_put_away(store, now):
    def save(session, name):
        return forecasts.save(session, "orders", "*", name, {}, by="lin", now=now)

    with store.transaction() as session:
        one, _ = save(session, "a"), save(session, "b")
        forecasts.change(session, one.id, "*", {"is_archived": True}, revision=1, by="lin", now=now)
        again = save(session, "a")
        assert (again.slot, [row.slot for row in forecasts.scenarios(session, "orders", "*")]) == ("A", ["A", "B"])
        with pytest.raises(ScenarioChanged):
            forecasts.change(session, one.id, "*", {"name": "z"}, revision=2, by="lin", now=now)
        with pytest.raises(InvalidScenario):
            forecasts.change(session, again.id, "*", {"name": "b"}, revision=1, by="lin", now=now)
        for number in range(24):
            save(session, f"n{number}")
        with pytest.raises(InvalidScenario) as refused:
            save(session, "too many")
    assert refused.value.details["reason"] == "many"
