"""What ``ask campaign`` prints: plain values that can be written as JSON, the same figures as the page's, money in major units."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import Unknown
from core.metrics.campaigns import FIGURES
from core.scope import Filters
from core.work.home import Home
from core.work.questions import answers, campaign_results, campaigned, catalogue
from core.work.questions.reading import reading
from tests import lakes
from tests.campaign_worlds import HOUR, START, launch, message, priced, send


@pytest.fixture
def home(tmp_path: Path) -> Home:
    world = lakes.home(tmp_path)
    when = (START + HOUR).replace(tzinfo=None).isoformat(" ")
    lakes.add(
        world, 1, member_profiles=[{"identity_key": n} for n in range(1, 101)],
        order_lines=[lakes.sale(n, when, f"o{n}", 12.5) for n in (*range(1, 41), 95)],
    )  # fmt: skip
    number = launch(world.store, "c7", state="completed", launched=priced(sms=5))
    rows = [message(n, "delivered" if n <= 60 else "holdout", variant="AB"[n % 2]) for n in range(1, 101)]
    send(world.store, number, rows)
    return world


def asked(home: Home, **options: str) -> list[campaigned.Row]:
    return answers.ask(home, "campaign", Filters(), options)


def test_a_result_is_one_row_with_its_verdict_and_money_in_major_units(home: Home):
    (row,) = asked(home, campaign="c7")
    assert json.loads(json.dumps(row)) == row
    assert (row["treated"], row["holdout"], row["sent"], row["converted"], row["net"], row["send"]) == (
        60,
        40,
        60,
        40,
        500.0,
        3.0,
    )
    assert (row["treated_mean"], row["holdout_mean"], row["verdict"]) == (0.666667, 0.025, "sample_ratio")
    assert row["value_holdout_mean"] == pytest.approx(12.5 / 40, abs=0.01) and row["is_provisional"] is True
    assert row["open_until"] == "2025-03-17T04:00:00Z"


def test_every_part_can_be_written_as_json(home: Home):
    for part in campaigned.PARTS:
        rows = asked(home, campaign="c7", by=part)
        assert json.loads(json.dumps(rows)) == rows
        assert rows or part in ("waiting", "employees", "tasks", "reasons")


def test_people_are_those_behind_the_figure(home: Home):
    told = [row["member_id"] for row in asked(home, campaign="c7", by="people", of="treated/converted")]
    with reading(home) as opened:
        found = campaign_results.results(home, opened, 1)
    assert told == campaign_results.people(found, "treated/converted").tolist() == list(range(1, 41))


def test_without_a_code_all_campaigns_are_told_and_what_there_is_not_is_refused(home: Home):
    assert [(row["campaign"], row["state"]) for row in asked(home)] == [("c7", "completed")]
    with pytest.raises(Unknown):
        asked(home, campaign="c8")
    with pytest.raises(Unknown):
        asked(home, campaign="c7", by="weather")


def test_every_step_of_the_funnel_has_its_contract_in_the_catalogue():
    assert set(campaign_results.STEPS) <= set(FIGURES) and all(f"### `{name}`" in catalogue.page() for name in FIGURES)


@pytest.mark.long
def test_the_command_prints_it(home: Home):
    command = [sys.executable, "-m", "core", "ask", "campaign", "--campaign", "c7", "--by", "funnel"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"SIYU_HOME": str(home.settings.home), "PATH": ""}
    )
    assert [row["step"] for row in json.loads(done.stdout)] == list(campaign_results.STEPS)
