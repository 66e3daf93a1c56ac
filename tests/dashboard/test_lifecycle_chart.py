"""Pictures of the lifecycle say what the answer says: every state of every period, every term, every move."""

import re
from datetime import date, timedelta

import numpy as np
import pytest

from core.sequences.lifecycle import Flow, Lifecycle, Question, State
from core.work.questions.lifecycle import Answer, Asked, Behind
from dashboard import charts, i18n
from dashboard.data.notes import Note
from dashboard.widgets import lifecycle_chart as pictures
from dashboard.widgets import lifecycle_moves as moves

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


def test_a_campaign_from_before_is_marked_at_the_first_period(answer):
    running = Note(MONDAY - timedelta(days=9), MONDAY + timedelta(days=1), "campaign", "<b>Spring</b>")
    notes = next(trace for trace in pictures.states(answer, [running], str).data if trace.type == "scatter")
    assert list(notes.x) == ["2026-11-02"]
    assert list(notes.customdata) == ["Campaign: &lt;b&gt;Spring&lt;/b&gt; (Oct 24 – Nov 3)"]


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
    assert "New 5</b> · <0.1% of members" in next(bar for bar in figure.data if bar.name == "New").customdata[0]


BAR = re.compile(r'<p class="(\w*)" style="--low:([\d.]+);--high:([\d.]+);--level:([\d.]+)"><i></i><b>(.*?)</b>')
CELL = re.compile(
    r'<td title="([^"]*)" style="--v:(\d+)"><a href="\?who=move\.(\w+)\.(\w+)" aria-label="([^"]*)">(.*?)</a>'
)


def test_a_bridge_says_every_term_with_its_sign(answer):
    """Bars from 0 to the greatest level; each begins where the one before ended, and the closing stands on the ground."""
    answer.counts.moves[0] = 0
    answer.counts.moves[0, State.ACTIVE, State.ACTIVE], answer.counts.moves[0, State.ACTIVE, State.DORMANT] = 5, 4
    answer.counts.moves[0, State.ACTIVE, State.LOST], answer.counts.moves[0, State.NOT_YET, State.NEW] = 1, 5
    answer.counts.moves[0, State.LOST, State.RESURRECTED] = 2
    answer.counts.counts[:] = answer.counts.moves.sum(axis=1)
    assert answer.flows("active")[0] == Flow(10, 5, 2, 4, 1, 12)
    drawn = moves.bridge(answer, 0, "active", "?who=")
    bars = [(kind, *(round(float(at) * 17) for at in places), text) for kind, *places, text in BAR.findall(drawn)]
    assert bars == [
        ("", 0, 10, 10, "10"), ("up", 10, 15, 15, "+5"), ("up", 15, 17, 17, "+2"), ("down", 13, 17, 13, "−4"),
        ("down", 12, 13, 12, "−1"), ("", 0, 12, 12, "12"),
    ]  # fmt: skip
    assert "10 + 5 + 2 − 4 − 1 = 12" in drawn
    assert re.findall(r'href="\?who=flow\.(\w+)">[^<]* (\d+)</a>', drawn) == [
        ("opening", "10"), ("new", "5"), ("resurrected", "2"), ("dormant", "4"), ("lost", "1"), ("closing", "12"),
    ]  # fmt: skip


def test_a_matrix_holds_every_move_with_its_figure_and_the_share_of_its_row(answer):
    cells = CELL.findall(moves.matrix(answer, 1, "?who="))
    assert [(before, now, text) for _, _, before, now, _, text in cells] == [
        ("new", "returning", "2"), ("new", "dormant", "3"), ("dormant", "lost", "12,345"),
    ]  # fmt: skip
    for told, _, before, now, said, _ in cells:
        count = answer.count(Behind(1, (State[now.upper()],), (State[before.upper()],)))
        assert f" {i18n.number(count)} · " in told and told == said
    assert "60.0% of “New” before" in cells[1][0]
    assert [int(strength) for _, strength, *_ in cells] == [45, 63, 100]
    assert CELL.findall(moves.matrix(answer, 0, "?who="))[0][5] == "5"


def test_whoever_may_not_see_people_sees_the_same_figures_without_a_link(answer):
    drawn = moves.matrix(answer, 1, None) + moves.bridge(answer, 1, "active", None)
    assert "<a" not in drawn and "12,345</td>" in drawn and "Your role does not see lists of members." in drawn


def test_long_figures_are_written_short(answer):
    assert [pictures.figure_of(count) for count in (0, 99_999, 1_234_567)] == ["0", "99,999", "1.2M"]


def test_names_of_months_at_an_axis_have_their_year_below(answer):
    months = Answer(Asked("month"), (MONDAY.replace(day=1), date(2026, 12, 1)), answer.counts, (1,), MONDAY, MONDAY)
    assert (pictures.short(months, 0), pictures.short(answer, 1)) == ("Nov<br>2026", "Nov 9")
