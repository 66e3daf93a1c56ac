"""Sales, outages and the crawler of the demo, as a model of daily series meets them."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from core.models.forecast import effects, festivals
from core.models.forecast.effects import Found
from core.models.forecast.history import History
from core.work.questions import series
from core.work.questions.reading import reading
from tests.core.demo.conftest import Filled


def days(filled: Filled, table: str) -> pd.Series:
    rows = filled.rows(table)
    return pd.to_datetime(rows.local_date).dt.date


@pytest.fixture(scope="module")
def found(crowded: Filled) -> Callable[[str], dict[str, Found]]:
    """Effects on a measure, with the planted days set aside."""
    aside = [date.fromisoformat(one["on"]) for one in crowded.truths["outages"]["days"]]

    def of(measure: str) -> dict[str, Found]:
        with reading(crowded.home) as lake:
            told = series.total(lake, measure)
        history = History(told.start_on, told.values.copy())
        history.values[[history.place(on) for on in aside]] = np.nan
        every = [event for name in festivals.BUILT_IN for event in festivals.occurrences(name)]
        return {one.event: one for one in effects.found(history, every)}

    return of


def planted(filled: Filled, name: str, counts: str) -> tuple[float, float]:
    """Shares above a usual day: mean over the window, and on the main day."""
    event = festivals.BUILT_IN[name]
    window, main = [], []
    for one in filled.truths[name]["occurrences"]:
        for told in one["days"]:
            after = (date.fromisoformat(told["on"]) - date.fromisoformat(one["on"])).days
            if -event.before_days <= after <= event.after_days:
                window.append(told[counts]["times"] - 1)
            if after == 0:
                main.append(told[counts]["times"] - 1)
        window.append(0.0)  # the second day after is as any other
    return float(np.mean(window)), float(np.mean(main))


@pytest.mark.parametrize(("measure", "counts"), [("traffic", "visits"), ("orders", "orders")])
@pytest.mark.parametrize("name", ["double11", "618"])
def test_the_planted_effect_of_sales_lies_in_the_interval_of_what_is_found(
    crowded: Filled, found: Callable[[str], dict[str, Found]], name: str, measure: str, counts: str
) -> None:
    window, main = planted(crowded, name, counts)
    one = found(measure)[name]
    assert one.lower <= window <= one.upper
    assert one.main_lower is not None and one.main_upper is not None
    assert one.main_lower <= main <= one.main_upper


def test_the_truth_counts_visits_and_orders_as_the_series_do(crowded: Filled) -> None:
    with reading(crowded.home) as lake:
        told = {name: series.total(lake, name) for name in ("traffic", "orders")}
    for one in crowded.truths["double11"]["occurrences"]:
        for day in one["days"]:
            place = (date.fromisoformat(day["on"]) - told["orders"].start_on).days
            assert told["orders"].values[place] == day["orders"]["found"]
            assert told["traffic"].values[place] == pytest.approx(day["visits"]["found"], rel=0.06)


@pytest.mark.parametrize("which", [0, 1])
def test_on_a_day_of_an_outage_nothing_ordinary_is_recorded_from_seven_o_clock_on(crowded: Filled, which: int) -> None:
    told = crowded.truths["outages"]["days"][which]
    events = crowded.rows("events")
    hours = pd.to_datetime(events.occurred_at).dt.tz_localize("UTC").dt.tz_convert("Asia/Shanghai").dt
    on = days(crowded, "events") == date.fromisoformat(told["on"])
    minute = hours.hour * 60 + hours.minute
    dark = on & (minute >= 7 * 60) & (minute < 23 * 60 + 30)
    assert events[dark].session_id.isna().all()
    assert told["events_share"] > 0.8 and 0.5 < told["orders_share"] < 1
    usual = [days(crowded, "events").eq(date.fromisoformat(told["on"]) + pd.Timedelta(days=d)).sum() for d in (-7, 7)]
    assert on.sum() == pytest.approx((1 - told["events_share"]) * np.mean(usual), rel=0.35)


def test_a_crawler_trebles_the_visits_of_its_day_and_buys_nothing(crowded: Filled) -> None:
    told = crowded.truths["outages"]["days"][2]
    events = crowded.rows("events")
    mine = events[events.session_id.fillna("").str.match(r"s1\d{9}$")]
    assert (len(mine), mine.session_id.nunique()) == (told["events"], told["visits"])
    assert set(mine.name) == {"page_view"} and set(mine.channel) == {"web"}
    assert set(days(crowded, "events")[mine.index]) == {date.fromisoformat(told["on"])}
    assert told["visits_times"] == pytest.approx(3)
    with reading(crowded.home) as lake:
        visits = series.total(lake, "traffic")
    place = (date.fromisoformat(told["on"]) - visits.start_on).days
    week = np.mean(visits.values[[place - 14, place - 7, place + 7, place + 14]])
    assert 2.2 < visits.values[place] / week < 3.2


def test_planted_days_are_ordinary_ones_far_from_festivals_and_from_the_end(crowded: Filled) -> None:
    end = date.fromisoformat(crowded.truths["end_on"])
    for told in crowded.truths["outages"]["days"]:
        on = date.fromisoformat(told["on"])
        assert (end - on).days > 75
        windows = [one for name in festivals.BUILT_IN for one in festivals.occurrences(name)]
        assert not any(one.first_on <= on <= one.last_on for one in windows)
