"""A forecast as a picture: what it marks on its axis of time, and what it does with names from the data."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from core.models.forecast.history import Event, History
from core.models.forecast.outcome import Path
from dashboard import charts, i18n
from dashboard.data.notes import Note
from dashboard.widgets.forecast import course

FIRST, LAST = date(2026, 7, 4), date(2026, 10, 31)
PATH = Path(date(2026, 11, 1), (10.0,) * 30, (8.0,) * 30, (12.0,) * 30, (6.0,) * 30, (14.0,) * 30)
HISTORY = History(date(2026, 1, 1), np.full((LAST - date(2026, 1, 1)).days + 1, 10.0))


@pytest.fixture(autouse=True)
def english_in_the_dark(monkeypatch):
    monkeypatch.setattr(i18n.st, "session_state", {"_language": "en"})
    monkeypatch.setattr(charts, "theme", lambda: "dark")


def drawn(path=PATH, **given):
    events = given.pop("events", ())
    return course.picture(HISTORY, path, (), (), events, str, lambda name: name, **given)


def marks(figure, symbol):
    found = [trace for trace in figure.data if trace.mode == "markers" and symbol in (trace.marker.symbol or ())]
    return [(at, said) for trace in found for at, said in zip(trace.x, trace.customdata, strict=True)]


def test_campaigns_and_imports_are_marked_at_noon_of_the_day_they_began_or_of_the_first_one():
    happened = [
        Note(FIRST - timedelta(days=9), FIRST, "campaign", "From before"),
        Note(date(2026, 10, 10), date(2026, 10, 20), "campaign", "Autumn"),
        Note(date(2026, 10, 10), date(2026, 10, 11), "campaign", "Tea"),
        Note(date(2026, 1, 2), date(2026, 1, 3), "campaign", "Long ago"),
        Note(date(2026, 9, 1), date(2026, 9, 1), "import", ""),
    ]
    figure = drawn(happened=happened)
    assert marks(figure, "triangle-up") == [
        (datetime(2026, 7, 4, 12), "Campaign: From before (Jun 25 – Jul 4)"),
        (datetime(2026, 10, 10, 12), "Campaign: Autumn (Oct 10 – Oct 20)<br>Campaign: Tea (Oct 10 – Oct 11)"),
        (datetime(2026, 9, 1, 12), "Import"),
    ]


def test_a_campaign_that_is_an_event_of_the_calendar_is_marked_once():
    autumn = Event("Autumn", date(2026, 10, 10), 0, 10)
    figure = drawn(events=[autumn], happened=[Note(date(2026, 10, 10), date(2026, 10, 20), "campaign", "Autumn")])
    assert marks(figure, "triangle-up") == []


def test_events_bear_their_names_but_for_single_days_that_come_again():
    thursdays = [Event("Member day", date(2026, 10, 1) + timedelta(days=7 * n)) for n in range(4)]
    events = [*thursdays, Event("Fair", date(2026, 9, 9)), Event("<b>Sale</b>", date(2026, 11, 11), 3, 1)]
    figure = drawn(events=sorted(events, key=lambda one: one.on))
    words = [text for trace in figure.data if trace.mode == "markers+text" for text in trace.text]
    assert words == ["Fair", "&lt;b&gt;Sale&lt;/b&gt;"]
    assert [said for _, said in marks(figure, "circle")] == [f"Member day {i18n.day(one.on)}" for one in thursdays]


def test_names_of_forecasts_are_words_and_no_markup():
    figure = drawn(name="<b>A</b>", beside={"<i>B</i>": PATH})
    names = [trace.name for trace in figure.data if trace.mode == "lines" and trace.name]
    assert "&lt;b&gt;A&lt;/b&gt;" in names and "&lt;i&gt;B&lt;/i&gt;" in names


def test_the_axis_begins_with_a_forecast_that_is_older_than_the_days_before_it():
    figure = drawn(replace(PATH, start_on=date(2026, 3, 1)))
    assert list(figure.layout.xaxis.range) == [datetime(2026, 3, 1), datetime(2026, 11, 1)]
    actual = next(trace for trace in figure.data if trace.name == "Actual")
    assert actual.x[0] == datetime(2026, 3, 1, 12)
    assert list(drawn().layout.xaxis.range) == [datetime(2026, 7, 4), datetime(2026, 12, 1)]


def test_words_of_events_that_are_close_stand_on_lines_of_their_own():
    first = date(2026, 9, 1)
    events = [Event(name, first + timedelta(days=after), 1, 1) for name, after in (("D", 36), ("A", 0), ("C", 20), ("B", 10))]  # fmt: skip
    (named,) = [trace for trace in drawn(events=events).data if trace.mode == "markers+text" and len(trace.x)]
    heights = dict(zip(named.text, named.y, strict=True))
    assert heights == pytest.approx({"A": 12 * 1.07, "B": 12 * 1.0, "C": 12 * 0.93, "D": 12 * 1.07})


@pytest.mark.parametrize(("upper95", "is_cut"), [(13.4, False), (13.5, True)])
def test_bounds_that_reach_beyond_the_picture_are_told(upper95, is_cut):
    """The picture reaches 12 % above the greatest value and the upper bound of 80 %."""
    assert course.cuts_bounds(HISTORY, replace(PATH, upper95=(upper95,) * 30)) is is_cut
