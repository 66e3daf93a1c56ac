"""Pictures keep their words whole: beside bars of any length, from Chinese or Latin names."""

from datetime import date

import pytest

from core.metrics.catalog import METRICS
from core.periods import Period
from core.sequences.funnel import Count
from core.work.questions.contributions import Contribution, Contributions
from dashboard import charts, i18n
from dashboard.widgets import teaser

NOW, BEFORE = Period(date(2026, 11, 1), date(2026, 11, 8)), Period(date(2026, 10, 25), date(2026, 11, 1))


@pytest.fixture(autouse=True)
def english_in_the_dark(monkeypatch):
    monkeypatch.setattr(i18n.st, "session_state", {"_language": "en"})
    monkeypatch.setattr(charts, "theme", lambda: "dark")


def contributions(*rows: tuple[str, int, int]) -> Contributions:
    shares = tuple(Contribution(name, name, now, before) for name, now, before in rows)
    return Contributions(METRICS["net_revenue"], "unit", NOW, BEFORE, shares, True)


def drawn(found: Contributions):
    return charts.waterfall(found, lambda value: i18n.number(value), lambda value, name: str(name or value))


def test_every_bar_of_a_waterfall_has_its_words_and_room_for_them():
    figure = drawn(contributions(("North", 300, 100), ("South", 50, 150), ("West", 7, 7)))
    said = [note.text for note in figure.layout.annotations]
    assert said == ["257", "▲ +200", "▼ −100", "357"]
    assert [note.x for note in figure.layout.annotations] == [257, 457, 457, 357]
    assert figure.layout.margin.r > charts._width(max(said, key=len))
    assert tuple(figure.layout.xaxis.range) == (0, 457)


def test_a_waterfall_that_falls_below_nothing_shows_it():
    figure = drawn(contributions(("North", -300, 100), ("South", 50, 0)))
    assert tuple(figure.layout.xaxis.range) == (-300, 100)
    assert [note.x for note in figure.layout.annotations] == [100, 100, -250, 0]


def test_the_height_of_a_waterfall_grows_with_its_rows_and_the_rest_is_one_row():
    few, many = (drawn(contributions(*[(f"U{n}", n, 0) for n in range(1, count)])) for count in (3, 40))
    assert len(few.layout.annotations) == 2 + 2
    assert len(many.layout.annotations) == charts.MOST_VALUES + 2 + 1 + 2
    assert few.layout.height < many.layout.height


def test_each_step_of_a_funnel_is_named_above_its_bar_with_what_it_lost():
    steps = [Count(1, "view", 200, 1.0, None), Count(2, "cart", 50, 0.25, 0.25), Count(3, "order", 50, 0.25, 1.0)]
    _, first, second, third = teaser.bars(steps, ["View", "<b>Cart</b>", "Order"]).split("<li")
    assert "1 View" in first and "<b>200</b>" in first and "▼" not in first
    assert "&lt;b&gt;Cart" in second and "▼ 150" in second and "25.0% of previous" in second
    assert "▼" not in third
    assert "<b>Cart" not in second and "--at:0.2500;--before:1.0000" in second


@pytest.mark.parametrize(
    ("text", "length", "cut"),
    [("abcdef", 6, "abcdef"), ("abcdefg", 6, "abcde…"), ("上海徐汇", 8, "上海徐汇"), ("上海徐汇店", 8, "上海徐…"), ("", 5, ""), ("a<b", 9, "a&lt;b")],
)  # fmt: skip
def test_a_long_name_is_cut_by_the_room_it_takes(text, length, cut):
    assert charts.cut(text, length) == cut


@pytest.mark.parametrize(
    ("top", "told"),
    [
        (1, ["0", "1"]),
        (3, ["0", "1", "2", "3"]),
        (9, ["0", "5"]),
        (11, ["0", "5", "10"]),
        (90, ["0", "25", "50", "75"]),
    ],
)
def test_counts_are_marked_at_whole_numbers_alone(top, told):
    """Of 9 the marks would else be 2.5 and 7.5, written as if they were 2 and 8."""
    marks = charts.ticks(0, top * 1.1, i18n.number, whole=True)
    assert marks["ticktext"] == told
    assert [i18n.number(value) for value in marks["tickvals"]] == told and all(v == int(v) for v in marks["tickvals"])
