"""What of the register is due and which drills did not take place is told once, and again when its day is another."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from core.app import House
from core.scope import Operator
from core.settings import Settings
from core.store.notice_tables import SaidNotice
from core.work import drills, duties, register, register_news
from core.work.questions.drills import Planned
from core.work.questions.register import Described
from tests import lakes

NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)
TODAY, DAY = date(2026, 11, 20), timedelta(days=1)
LIN = Operator(1, "lin", "analyst")
RISK = Described("technical", "The platform blocks us", 3, 4, "lin", "reduce", TODAY + DAY)
DRILL = Planned(TODAY + DAY, "Personal data leaks")


@pytest.fixture
def home(tmp_path):
    made = lakes.home(tmp_path)
    yield made
    made.store.close()


def told(home):
    with home.store.reading() as session:
        said = session.scalars(select(SaidNotice).order_by(SaidNotice.id))
        return [(one.kind, one.params.get("risk") or one.params.get("scenario"), one.params["day"]) for one in said]


def test_a_risk_is_told_on_the_day_of_its_review_and_once_for_each_day_it_is_moved_to(home):
    one = register.add(home, home.store, LIN, RISK, now=NOW)
    assert register_news.tell(home, NOW) == 0
    later = NOW + DAY
    assert [register_news.tell(home, later), register_news.tell(home, later + DAY)] == [1, 0]
    register.review(home, home.store, LIN, one.key, note="Looked at", next_on=TODAY + 9 * DAY, revision=one.revision, now=later)  # fmt: skip
    assert register_news.tell(home, NOW + 8 * DAY) == 0
    assert register_news.tell(home, NOW + 9 * DAY) == 1
    assert told(home) == [
        ("review.due", RISK.title, "2026-11-21"),
        ("review.due", RISK.title, "2026-11-29"),
    ]


def test_a_closed_risk_is_not_told(home):
    one = register.add(home, home.store, LIN, RISK, now=NOW)
    register.close(home, home.store, LIN, one.key, note="Gone", revision=one.revision, now=NOW)
    assert register_news.tell(home, NOW + 5 * DAY) == 0


def test_a_drill_is_told_from_the_day_after_its_own_until_it_is_moved(home):
    held = drills.plan(home, home.store, LIN, DRILL, now=NOW)
    assert register_news.tell(home, NOW + DAY) == 0
    assert [register_news.tell(home, NOW + 2 * DAY), register_news.tell(home, NOW + 3 * DAY)] == [1, 0]
    moved = replace(DRILL, planned_on=TODAY + 4 * DAY)
    drills.change(home, home.store, LIN, held.drill_id, moved, revision=1, now=NOW + 3 * DAY)
    assert [register_news.tell(home, NOW + 4 * DAY), register_news.tell(home, NOW + 5 * DAY)] == [0, 1]
    assert [day for _, _, day in told(home)] == ["2026-11-21", "2026-11-24"]


def test_the_worker_tells_it_in_a_world_without_data(tmp_path):
    house = House(Settings(home=tmp_path))
    register.add(house.live, house.live.store, LIN, RISK, now=NOW)
    chore = next(one for one in duties.chores(house) if one.name == "register")
    assert chore.do(NOW + DAY) == "1 reviews and drills told"
    assert chore.do(NOW + DAY) is None
    house.live.store.close()
