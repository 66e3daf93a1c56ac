"""The table and the curves of retention: what is written, hatched, coloured and drawn."""

import re
from pathlib import Path

import pytest

from core.work.questions import retention as question
from core.work.questions.reading import reading
from core.work.questions.retention import Asked
from dashboard import charts, i18n
from dashboard.data import retention
from dashboard.data.retention import View
from dashboard.widgets import retention_chart, retention_table
from dashboard.widgets.retention_words import Shown
from tests import lakes

WEEKS = Shown("members", "weighted", retention.WHOLE)
MARKUP = "<b>app</b>"


@pytest.fixture(autouse=True)
def english_in_the_dark(monkeypatch):
    monkeypatch.setattr(i18n.st, "session_state", {"_language": "en"})
    monkeypatch.setattr(charts, "theme", lambda: "dark")


@pytest.fixture
def view(tmp_path: Path) -> View:
    """Forty order in the week of 6 January and ten of them again a week later; twelve begin in the week of 13 January; one
    orders on Wednesday the 22nd, with which the data ends."""
    home = lakes.home(tmp_path)
    lakes.add(
        home, 1,
        order_lines=[
            *[lakes.sale(m, "2025-01-07 02:00", f"a{m}", 10, channel=MARKUP) for m in range(1, 41)],
            *[lakes.sale(m, "2025-01-14 02:00", f"b{m}", 20) for m in range(1, 11)],
            *[lakes.sale(m, "2025-01-15 02:00", f"c{m}", 10) for m in range(41, 53)],
            lakes.sale(53, "2025-01-22 02:00", "d", 10),
        ],
    )  # fmt: skip
    asked = Asked(("order_placed",), ("order_placed",), brackets=(0, 1, 2, 3), entry="first_ever", by="channel")
    with reading(home) as lake:
        return View("key", asked, question.retention(lake, asked), 1, lake.zone)


def written(view: View, shown: Shown = WEEKS) -> list[list[tuple[str, str]]]:
    """Class and words of every cell of the body."""
    html = retention_table._cohorts(view, shown, shown.table(view), lambda cell: f"?{cell.text}")
    body = re.search(r"<tbody>(.*)</tbody>", html)
    assert body is not None
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", body[1])
    cells = [re.findall(r"<t[hd]([^>]*)>(.*?)</t[hd]>", row) for row in rows]
    return [
        [
            ((re.search(r'class="(.*?)"', tag) or ["", ""])[1].strip(), re.sub("<[^>]+>", "", words))
            for tag, words in row
        ]
        for row in cells
    ]


def test_cells_are_rates_counts_or_nothing_and_hatched_where_incomplete(view: View):
    mean, first, second, third = written(view)
    assert [words for _, words in mean] == ["Weighted mean", "53", "0.0%", "25.0%", "—"]
    assert first == [("", "Jan 6"), ("", "40"), ("", "0.0%"), ("", "25.0%"), ("open", "0.0%")]
    assert second == [("", "Jan 13"), ("", "12"), ("small", "0"), ("open small", "0"), ("later", "")]
    assert third == [("", "Jan 20"), ("", "1"), ("open small", "0"), ("later", ""), ("later", "")]


def test_revenue_shows_its_base_and_the_share_of_it(view: View):
    mean, first, *_ = written(view, Shown("revenue", "simple", retention.WHOLE))
    assert [words for _, words in first] == ["Jan 6", "40", "¥400.00", "100.0%", "50.0%", "0.0%"]
    assert [words for _, words in mean][:2] == ["Simple mean", "53"]


def test_every_figure_of_a_cohort_leads_to_its_people(view: View):
    html = retention_table._cohorts(view, WEEKS, view.table(), lambda cell: f"?{cell.text}")
    assert re.findall(r'href="\?(.*?)"', html) == [
        "2025-01-06", "2025-01-06.0", "2025-01-06.1", "2025-01-06.2", "2025-01-13", "2025-01-13.0", "2025-01-13.1",
        "2025-01-20", "2025-01-20.0",
    ]  # fmt: skip
    assert "10 of 40 came back (25.0%)" in html and "not complete yet" in html


def test_a_value_with_markup_is_text_in_the_table_and_in_the_chart(view: View, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(retention_table.st, "html", said.append)
    monkeypatch.setattr(retention_table.st, "caption", lambda words: None)
    retention_table.show_groups(view, WEEKS)
    assert "&lt;b&gt;app&lt;/b&gt;" in said[0] and "<b>" not in said[0]
    names = [trace.name for trace in retention_chart.of_groups(view, WEEKS).data]
    assert names == ["&lt;b&gt;app&lt;/b&gt;"]


def test_curves_are_dotted_where_incomplete_and_leave_small_cohorts_out(view: View):
    figure = retention_chart.of_cohorts(view, WEEKS)
    whole, part, mean = figure.data
    assert (whole.line.dash, list(whole.y)) == ("solid", [0.0, 0.25])
    assert (part.line.dash, list(part.y)) == ("dot", [0.25, 0.0])
    assert (mean.name, list(mean.y)) == ("Weighted mean", [0.0, 0.25, None])


def test_the_curve_of_revenue_begins_after_the_interval_that_is_its_base(view: View):
    *_, mean = retention_chart.of_cohorts(view, Shown("revenue", "weighted", retention.WHOLE)).data
    assert (list(mean.x), list(mean.y)) == ([1, 2], [0.5, None])
