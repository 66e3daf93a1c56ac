"""Pictures of the lifecycle say what the answer says: every state of every period, every term, every move."""

from datetime import date, timedelta

import numpy as np
import pytest

from core.sequences.lifecycle import Flow, Lifecycle, Question, State
from core.work.questions.lifecycle import Answer, Asked, Behind
from dashboard import charts, i18n
from dashboard.data.overview import Note
from dashboard.widgets import lifecycle_chart as pictures

MONDAY = date(2026, 11, 2)


@pytest.fixture(autouse=True)
def english_in_the_dark(monkeypatch):
    monkeypatch.setattr(i18n.st, "session_state", {"_language": "en"})
    monkeypatch.setattr(charts, "theme", lambda: "dark")


@pytest.fixture
def answer() -> Answer:
    """Two weeks, of which the second still runs."""
    moves = np.zeros((2, 7, 7), np.int64)
    moves[0, State.NOT_YET, State.NEW], moves[0, State.ACTIVE, State.DORMANT] = 5, 12_345
    moves[1, State.NEW, State.RETURNING], moves[1, State.NEW, State.DORMANT] = 2, 3
    moves[1, State.DORMANT, State.LOST] = 12_345
    counts = Lifecycle(Question(np.arange(6), 2), moves.sum(axis=1), moves)
    days = tuple(MONDAY + timedelta(days=7 * n) for n in range(3))
    return Answer(Asked("week", 2), days, counts, (5, 2), days[1], MONDAY)


def test_present_members_stand_above_and_silent_ones_below_on_a_scale_of_their_own(answer):
    feast = Note(MONDAY + timedelta(days=9), MONDAY + timedelta(days=9), "import", "")
    figure = pictures.states(answer, [feast], lambda period: f"week {period}")
    bars = {bar.name: (list(bar.y), bar.yaxis) for bar in figure.data if bar.type == "bar"}
    assert bars == {
        "Active": ([0, 0], "y"), "Returning": ([0, 2], "y"), "New": ([5, 0], "y"), "Resurrected": ([0, 0], "y"),
        "Dormant": ([-12_345, -3], "y2"), "Lost": ([0, -12_345], "y2"),
    }  # fmt: skip
    assert all(list(bar.marker.pattern.shape) == ["", "/"] for bar in figure.data if bar.type == "bar")
    notes = next(trace for trace in figure.data if trace.type == "scatter")
    assert (list(notes.x), list(notes.customdata)) == (["2026-11-09"], ["Import"])
    assert "New 5</b> · 0.0% of members" in next(bar for bar in figure.data if bar.name == "New").customdata[0]


def test_a_bridge_says_every_term_with_its_sign(answer):
    figure = pictures.bridge(Flow(10, 5, 2, 4, 1, 12))
    assert [note.text for note in figure.layout.annotations] == ["10", "+5", "+2", "−4", "−1", "12"]
    assert [note.x for note in figure.layout.annotations] == [10, 15, 17, 17, 13, 12]


def test_a_matrix_holds_every_move_with_its_figure_and_the_share_of_its_row(answer):
    cells = pictures.matrix(answer, 1).data[1]
    assert list(zip(cells.y, cells.x, cells.text, strict=True)) == [
        ("New", "Returning", "2"), ("New", "Dormant", "3"), ("Dormant", "Lost", "12,345"),
    ]  # fmt: skip
    for before, now, words in cells.customdata:
        count = answer.count(Behind(1, (State[now],), (State[before],)))
        assert f"<b>{i18n.number(count)}</b>" in words
    assert "60.0% of “New” before" in cells.customdata[1][2]
    assert pictures.matrix(answer, 0).data[1].text[0] == "5"


def test_long_figures_are_written_short(answer):
    assert [pictures.figure_of(count) for count in (0, 99_999, 1_234_567)] == ["0", "99,999", "1.2M"]


def test_names_of_months_at_an_axis_have_their_year_below(answer):
    months = Answer(Asked("month"), (MONDAY.replace(day=1), date(2026, 12, 1)), answer.counts, (1,), MONDAY, MONDAY)
    assert (pictures.short(months, 0), pictures.short(answer, 1)) == ("Nov<br>2026", "Nov 9")
