"""Surveys and complaints over lakes: figures by hand, random histories against loops, the catalogue's metrics, scopes, people, words."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest

from core.errors import Unknown
from core.metrics.surveys import SURVEYS
from core.periods import Period, comparable
from core.scope import EVERYTHING, Filters, Scope
from core.work.home import Home
from core.work.questions import answers, surveys
from core.work.questions.places import TOTAL
from core.work.questions.reading import reading
from tests import lakes
from tests.oracles import surveys as oracle
from tests.seeds import seeds

AHEAD = timedelta(hours=8)
MARCH = Period(date(2025, 3, 1), date(2025, 4, 1))


def said(
    number: int, who: int | None, kind: str, when: str | datetime, score: float | None = None, **more: Any
) -> dict[str, Any]:
    """Times in the business zone."""
    local = datetime.fromisoformat(when) if isinstance(when, str) else when
    return {
        "identity_key": who, "occurred_at": local - AHEAD, "feedback_id": f"f{number}", "feedback_kind": kind,
        "score": None if score is None else Decimal(str(score)), **more,
    }  # fmt: skip


def asked(home: Home, by: surveys.By = "total", period: Period = MARCH, scope: Scope = EVERYTHING) -> pd.DataFrame:
    with reading(home, Filters(period), scope) as opened:
        found = surveys.results(opened, by)
    assert found is not None
    return found.rows.set_index(["key", "survey"])


def test_the_net_promoter_score_is_promoters_less_detractors_of_all_answers(tmp_path: Path):
    home = lakes.home(tmp_path)
    rows = [said(n, n, "nps", "2025-03-05 10:00", score) for n, score in enumerate((10, 9, 9, 8, 7, 6, 0))]
    rows += [
        said(19, 1, "complaint", "2025-01-29 10:00"),
        said(20, 1, "nps", "2025-02-05 10:00", 6),
        said(21, 1, "nps", "2025-04-01 00:00", 0),
        said(22, 1, "nps", "2025-03-31 23:59"),
    ]
    lakes.add(home, 1, feedback=rows)
    row = asked(home).loc[(TOTAL, "nps")]
    assert (row.answers, row.up, row.middle, row.down) == (7, 3, 2, 2)
    assert row.value == pytest.approx(1 / 7)
    assert row.standard_error == pytest.approx(((5 / 7 - 1 / 49) / 7) ** 0.5)
    assert row.value_low < 1 / 7 < row.value_high
    assert (row.answers_before, row.value_before) == (1, -1)


def test_others_are_means_of_one_to_five(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(
        home, 1, feedback=[said(n, 1, "trust", "2025-03-05 10:00", score) for n, score in enumerate((1, 2.5, 4, 5))]
    )
    row = asked(home).loc[(TOTAL, "trust")]
    assert (row.answers, row.up, row.middle, row.down, row.value) == (4, 2, 1, 1, 3.125)
    with reading(home, Filters(MARCH)) as opened:
        found = surveys.distribution(opened, "trust")
    assert found.to_dict("list") == {"score": [1, 2, 3, 4, 5], "answers": [1, 1, 0, 1, 1]}


class Random:
    def __init__(self, seed: int) -> None:
        rng = self.rng = random.Random(seed)
        self.rows = []
        for number in range(rng.choice([1, 60, 250])):
            kind = rng.choice([*SURVEYS, "complaint"])
            score = rng.choice([None, *range(11)]) if kind == "nps" else rng.choice([None, 1, 2, 2.5, 3, 3.5, 4, 5])
            when = datetime(2025, 1, 1) + timedelta(minutes=rng.randrange(60 * 24 * 100))
            more = {
                "unit_id": rng.choice(["n", "s", None]),
                "channel": rng.choice(["wecom", None]),
                "staff_id": rng.choice(["a", None]),
            }
            self.rows.append(said(number, rng.choice([None, 1, 2, 3]), kind, when, score, **more))

    def of(self, by: str, key: str) -> list[dict[str, Any]]:
        place = {"unit": "unit_id", "channel": "channel", "staff": "staff_id"}.get(by)
        return [
            {
                "who": row["identity_key"],
                "kind": row["feedback_kind"],
                "on": (row["occurred_at"] + AHEAD).date(),
                "score": None if row["score"] is None else float(row["score"]),
            }
            for row in self.rows
            if place is None or (row[place] or "") == key
        ]

    def period(self) -> Period:
        start = date(2025, 1, 1) + timedelta(days=self.rng.randrange(80))
        return self.rng.choice([MARCH, Period(start, start + timedelta(days=self.rng.choice([1, 10, 45])))])


@pytest.mark.parametrize("by", get_args(surveys.By))
@pytest.mark.parametrize("seed", seeds(6))
def test_random_answers_have_the_figures_of_plain_loops(tmp_path: Path, by: surveys.By, seed: int):
    home, history = lakes.home(tmp_path), Random(seed)
    lakes.add(home, 1, feedback=history.rows)
    period = history.period()
    first_on, as_of_on = (end(row["occurred_at"] + AHEAD for row in history.rows).date() for end in (min, max))
    now, before = comparable(period, as_of_on)
    with reading(home, Filters(period)) as opened:
        found = surveys.results(opened, by)
        assert found is not None
        for row in found.rows.to_dict("records"):
            own, kind = history.of(by, row["key"]), row["survey"]
            for part, suffix in ((now, ""), (before, "_before")):
                expected = oracle.figures(own, kind, part)
                if part == before and first_on > before.start_on:
                    expected = dict.fromkeys(expected)
                told = {n: None if pd.isna(row[f"{n}{suffix}"]) else row[f"{n}{suffix}"] for n in expected}
                assert told == {n: v if v is None else pytest.approx(v) for n, v in expected.items()}
            for standing in get_args(surveys.Standing):
                people = surveys.behind(opened, kind, standing, by, row["key"])
                assert dict(people.itertuples(index=False, name=None)) == oracle.people(own, kind, standing, now)
            for grain in ("week", "month"):
                over_time = surveys.trend(opened, kind, grain, by, row["key"])
                assert over_time["answers"].sum() == row["answers"] and over_time["up"].sum() == row["up"]
            assert surveys.distribution(opened, kind, by, row["key"])["answers"].sum() == row["answers"]


@pytest.mark.parametrize("seed", seeds(4))
def test_the_catalogue_says_the_same(tmp_path: Path, seed: int):
    """``nps`` and ``satisfaction`` of the overview, of the same period, and of the one before."""
    home, history = lakes.home(tmp_path), Random(seed + 40)
    lakes.add(home, 1, feedback=history.rows)
    for period in (MARCH, history.period()):
        rows = asked(home, period=period)
        for metric, scale in (("nps", 100), ("satisfaction", 1)):
            (figure,) = answers.ask(home, metric, Filters(period), {})
            if (TOTAL, metric) not in rows.index:
                assert figure["value"] is None and figure["previous"] is None
                continue
            row = rows.loc[(TOTAL, metric)]
            for mine, theirs in ((row.value, figure["value"]), (row.value_before, figure["previous"])):
                assert (None if pd.isna(mine) else pytest.approx(mine * scale, abs=1e-5)) == theirs


def test_a_bucket_that_the_period_cuts_is_not_whole_and_empty_ones_stay(tmp_path: Path):
    home = lakes.home(tmp_path)
    rows = [said(1, 1, "nps", "2025-03-05 10:00", 10), said(2, 1, "nps", "2025-04-15 10:00", 1)]
    lakes.add(home, 1, feedback=rows)
    with reading(home, Filters(Period(date(2025, 2, 10), date(2025, 5, 1)))) as opened:
        found = surveys.trend(opened, "nps", "month")
    assert [(str(on), whole, n) for on, whole, n in zip(found["on"], found["is_whole"], found["answers"], strict=True)] == [
        ("2025-02-01", False, 0), ("2025-03-01", True, 1), ("2025-04-01", False, 1),
    ]  # fmt: skip
    assert pd.isna(found["value"][0]) and found["value"][1] == 1


@pytest.mark.parametrize(("first", "is_known"), [("2025-02-01 00:00", True), ("2025-02-02 00:00", False)])
def test_the_period_before_is_told_only_where_feedback_reaches_back_over_all_of_it(
    tmp_path: Path, first: str, is_known: bool
):
    """The 28 days of March to date are held against February; that orders are older says nothing of what people said."""
    home = lakes.home(tmp_path)
    rows = [said(1, 1, "complaint", first, category="price"), said(2, 1, "nps", "2025-02-20 10:00", 9)]
    rows += [said(3, 1, "complaint", "2025-03-28 10:00", category="price"), said(4, 1, "nps", "2025-03-20 10:00", 9)]
    lakes.add(home, 1, feedback=rows, order_lines=[lakes.sale(1, "2025-01-05 10:00", "o1", 5)])
    with reading(home, Filters(MARCH)) as opened:
        complaints, found = surveys.troubles(opened), surveys.results(opened)
    assert complaints is not None and found is not None
    before = (
        complaints.rows[["count_before", "people_before"]].values.tolist()
        + found.rows[["answers_before", "value_before"]].values.tolist()
    )
    assert [[None if pd.isna(one) else one for one in row] for row in before] == (
        [[1, 1], [1, 1]] if is_known else [[None, None]] * 2
    )
    assert complaints.since == found.since == date.fromisoformat(first[:10])


def test_complaints_are_counted_by_what_they_are_about(tmp_path: Path):
    home = lakes.home(tmp_path)
    rows = [
        said(0, 9, "trust", "2025-01-15 10:00", 4),
        said(1, 1, "complaint", "2025-03-05 10:00", category="quality"), said(2, 1, "complaint", "2025-03-06 10:00", category="quality"),
        said(3, 2, "complaint", "2025-03-06 10:00"), said(4, 2, "complaint", "2025-02-06 10:00", category="price"),
        said(5, 3, "dispute", "2025-03-06 10:00", category="quality"), said(6, None, "complaint", "2025-03-07 10:00", category="quality"),
    ]  # fmt: skip
    lakes.add(home, 1, feedback=rows)
    with reading(home, Filters(MARCH)) as opened:
        found = surveys.troubles(opened)
        assert found is not None
        assert found.rows[["kind", "category", "count", "people", "count_before"]].values.tolist() == [
            ["complaint", "quality", 3, 1, 0], ["complaint", "", 1, 1, 0], ["complaint", "price", 0, 0, 1], ["dispute", "quality", 1, 1, 0],
        ]  # fmt: skip
        assert surveys.complaining(opened, "complaint", "quality").values.tolist() == [[1, 2]]
        assert surveys.complaining(opened, "complaint").values.tolist() == [[1, 2], [2, 1]]
        weeks = surveys.trouble_trend(opened, "complaint", "week")
        assert weeks.groupby("category")["count"].sum().to_dict() == {"": 1, "quality": 3}


def test_words_are_the_newest_with_how_many_there_are(tmp_path: Path):
    home = lakes.home(tmp_path)
    rows = [
        said(n, n, "complaint", f"2025-03-0{n} 10:00", text=text)
        for n, text in ((1, "破了"), (2, "慢"), (3, " "), (4, None), (5, "脏"))
    ]
    lakes.add(home, 1, feedback=rows)
    with reading(home, Filters(MARCH)) as opened:
        found, count = surveys.words(opened, "complaint", 2)
    assert (found["text"].tolist(), count) == (["脏", "慢"], 3)


def test_a_scope_of_units_leaves_what_its_members_answered_and_names_no_other_unit_or_employee(tmp_path: Path):
    home = lakes.home(tmp_path)
    rows = [
        said(1, 1, "nps", "2025-03-05 10:00", 10, unit_id="north", staff_id="ann"),
        said(2, 1, "nps", "2025-03-06 10:00", 10, unit_id="south", staff_id="cat"),
        said(3, 2, "nps", "2025-03-06 10:00", 0, unit_id="north"),
    ]
    lakes.add(home, 1, feedback=rows)
    with home.writer.change("import", 98) as change:
        profiles = [{"identity_key": 1, "unit_id": "north"}, {"identity_key": 2, "unit_id": "south"}]
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))
        units = [{"unit_id": one, "name": one} for one in ("north", "south")]
        change.merge("units", lakes.rows("units", units))
        staff = [
            {"staff_id": "ann", "name": "安", "unit_id": "north"},
            {"staff_id": "cat", "name": "猫", "unit_id": "south"},
        ]
        change.merge("staff", lakes.rows("staff", staff))
    north = Scope(frozenset({"north"}))
    assert asked(home, scope=north)["answers"].tolist() == [2]
    assert asked(home, "unit", scope=north)["answers"].to_dict() == {("", "nps"): 1, ("north", "nps"): 1}
    assert asked(home, "staff", scope=north)["answers"].to_dict() == {("", "nps"): 1, ("ann", "nps"): 1}
    assert asked(home, scope=Scope(frozenset())).empty


def test_without_feedback_there_is_no_answer_and_what_does_not_exist_is_refused(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(1, "2025-03-02 10:00")])
    with reading(home, Filters(MARCH)) as opened:
        assert surveys.results(opened) is None and surveys.troubles(opened) is None
        assert surveys.behind(opened, "nps", "up").empty and surveys.words(opened, "nps", 5)[1] == 0
        with pytest.raises(Unknown, match="Did you mean trust"):
            surveys.behind(opened, "truth", "up")


def test_ask_says_surveys_and_complaints(tmp_path: Path):
    home = lakes.home(tmp_path)
    rows = [said(1, 1, "nps", "2025-03-05 10:00", 10), said(2, 1, "complaint", "2025-03-05 10:00", category="price")]
    lakes.add(home, 1, feedback=rows)
    (row,) = answers.ask(home, "surveys", Filters(MARCH), {})
    assert (row["survey"], row["value"], row["value_before"]) == ("nps", None, None), "one answer is no result"
    (row,) = answers.ask(home, "complaints", Filters(MARCH), {})
    assert (row["kind"], row["category"], row["count"]) == ("complaint", "price", 1)
    with pytest.raises(Unknown, match="Did you mean channel"):
        answers.ask(home, "surveys", Filters(MARCH), {"by": "channels"})
