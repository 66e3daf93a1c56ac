"""The picture of paths: every column adds up to all members, nodes keep apart, words of the data are no markup."""

from itertools import pairwise
from pathlib import Path

import pytest

from core.work.questions import paths as question
from core.work.questions.reading import reading
from dashboard import charts, i18n
from dashboard.data.paths import Asked, Group, View
from dashboard.widgets import path_chart
from tests import lakes


@pytest.fixture(autouse=True)
def english_in_the_dark(monkeypatch):
    monkeypatch.setattr(i18n.st, "session_state", {"_language": "en"})
    monkeypatch.setattr(charts, "theme", lambda: "dark")


def view(folder: Path, asked: Asked) -> View:
    """Forty members: all look, three in four of them each do something else next."""
    home = lakes.home(folder)
    names = ("like", "share", "<b>pay</b>")
    events = [lakes.event(member, "2025-01-06 01:00", "look") for member in range(40)]
    events += [lakes.event(m, "2025-01-06 01:05", names[m % 4]) for m in range(40) if m % 4 < 3]
    lakes.add(home, 1, events=events)
    with reading(home) as lake:
        found = question.paths(lake, asked)
    return View("key", asked, found.columns, found.links, found.top_paths(), found, 1)


def test_flows_of_the_picture_add_up_at_every_node(tmp_path: Path):
    shown = view(tmp_path, Asked(("look",), depth=2, top=2))
    trace = path_chart.draw(shown).data[0]
    nodes = [(column.number, node.members) for column in shown.columns for node in column.nodes]
    for place, (number, members) in enumerate(nodes):
        out = sum(v for s, v in zip(trace.link.source, trace.link.value, strict=True) if s == place)
        into = sum(v for s, v in zip(trace.link.target, trace.link.value, strict=True) if s == place)
        assert out == (members if number < 2 else 0) and into == (members if number else 0)


def test_nodes_of_a_column_stand_apart_inside_the_picture(tmp_path: Path):
    figure = path_chart.draw(view(tmp_path, Asked(("look",), depth=1)))
    trace = figure.data[0]
    height = figure.layout.height - path_chart.HEAD - path_chart.FOOT
    middle = [y * height for y, x in zip(trace.node.y, trace.node.x, strict=True) if x > 0.5]
    assert all(0 < y < 1 for y in trace.node.y)
    assert all(low + path_chart.PAD <= high for low, high in pairwise(middle))


def test_names_of_the_data_are_shown_as_they_are(tmp_path: Path):
    shown = view(tmp_path, Asked(("look",), depth=1, groups=(Group("<i>x</i>", ("like",)),)))
    said = path_chart.nodes(shown, "", "", "") + path_chart.lists(shown, "", "", "")
    drawn = " ".join(path_chart.draw(shown).data[0].link.customdata)
    for words in (said, drawn):
        assert "<b>pay" not in words and "<i>x" not in words
    assert said.count("&lt;b&gt;pay&lt;/b&gt;</") == 2 and said.count("&lt;i&gt;x&lt;/i&gt;</") == 2
    assert drawn.count("&lt;b&gt;pay&lt;/b&gt;") == 1 and drawn.count("&lt;i&gt;x&lt;/i&gt;") == 1
    assert "10 · 25.0%" in said
