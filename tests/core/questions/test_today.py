"""What needs somebody now."""

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.scope import Operator
from core.store import scores, workers
from core.store.tables import Batch, Job, QualityFinding, ScoreModel
from core.work.questions import today
from core.work.questions.reading import reading
from core.work.questions.today import Item, Rhythm, ranked, usual_gap
from tests import lakes
from tests.lakes import NOW, add, event

DAY = date(2026, 11, 20)


@pytest.fixture
def home(tmp_path):
    home = lakes.home(tmp_path)
    yield home
    home.store.close()


def days(*back):
    return sorted(DAY - timedelta(days=one) for one in back)


def state(last, usual):
    return Rhythm("shop", DAY - timedelta(days=last), last, usual).state


def batch(home, state="committed", source="shop", table="events", name="a.csv", accepted=1, rejected=0, at=NOW, **more):
    with home.store.transaction() as session:
        row = Batch(
            table_name=table, source=source, file_name=name, state=state, read_count=accepted + rejected, accepted_count=accepted,
            duplicate_count=0, rejected_count=rejected, actor="lin", created_at=at, finished_at=at, **more,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def finding(home, batch_id, check, severity, count=5):
    with home.store.transaction() as session:
        session.add(QualityFinding(batch_id=batch_id, check=check, severity=severity, count=count, details={}, at=NOW))


def kinds(home, now=NOW):
    with reading(home) as lake:
        found = today.items(home, today.rhythms(lake, today.today_of(home, now)), today.undecided(lake), now=now)
    return [(item.kind, item.urgency) for item in found]


def test_a_calm_world_needs_nobody(home):
    assert kinds(home) == []


def test_the_usual_gap_is_that_of_nine_in_ten_deliveries():
    assert usual_gap(days(*range(30))) == 1
    assert usual_gap(days(0, 7, 14, 21, 28)) == 7


def test_fewer_than_four_days_with_data_have_no_rhythm():
    assert usual_gap(days(0, 1, 2)) is None
    assert usual_gap(days(0, 1, 2, 3)) == 1


def test_days_more_than_sixty_before_the_newest_do_not_count():
    assert usual_gap(days(0, 1, 2, 60)) is not None
    assert usual_gap(days(0, 1, 2, 61)) is None


@pytest.mark.parametrize(
    ("last", "usual", "said"),
    [(1, 1.0, "fresh"), (2, 1.0, "fresh"), (3, 1.0, "late"), (14, 7.0, "fresh"), (15, 7.0, "late"), (60, 1.0, "late"),
     (61, 1.0, "silent"), (30, None, "fresh"), (61, None, "silent"), (0, 0.0, "fresh"), (1, 0.4, "fresh"), (2, 0.4, "late")],
)  # fmt: skip
def test_late_is_more_than_twice_the_usual_gap_and_at_least_two_days(last, usual, said):
    assert state(last, usual) == said


@given(st.sets(st.integers(0, 400), min_size=1, max_size=40))
def test_a_usual_gap_lies_between_the_smallest_and_the_largest_gap(back):
    ons = days(*back)
    gap = usual_gap(ons)
    recent = [on for on in ons if (ons[-1] - on).days <= 60]
    gaps = [(b - a).days for a, b in pairwise(recent)]
    assert (gap is None) == (len(recent) < 4)
    assert gap is None or min(gaps) <= gap <= max(gaps)


def test_every_source_has_its_own_rhythm_and_the_longest_silent_comes_first(home):
    add(home, 1, events=[event(1, f"2026-11-{d:02d} 02:00") for d in range(1, 11)])
    add(home, 2, events=[event(1, f"2026-11-{d:02d} 02:00", source="app") for d in range(12, 20)])
    with reading(home) as lake:
        found = today.rhythms(lake, DAY)
    assert [(one.source, one.age_days, one.usual_days, one.state) for one in found] == [
        ("shop", 10, 1.0, "late"), ("app", 1, 1.0, "fresh")
    ]  # fmt: skip
    assert ("late", "warning") in kinds(home)


def test_a_failed_file_is_urgent_until_the_same_file_comes_through_or_a_week_has_passed(home):
    batch(home, "failed", error_code="file.unreadable")
    assert kinds(home) == [("failed", "error")]
    assert kinds(home, NOW + timedelta(days=8)) == []
    batch(home)
    assert kinds(home) == []


def test_problems_count_of_the_newest_import_of_a_source_and_table_only(home):
    finding(home, batch(home), "outlier", "warning")
    assert kinds(home) == [("quality", "warning")]
    finding(home, batch(home, table="order_lines"), "rejected", "error")
    assert kinds(home) == [("quality", "error"), ("quality", "warning")]
    batch(home)
    assert kinds(home) == [("quality", "error")]


def test_notes_are_no_problems_and_an_import_that_brought_nothing_settles_none(home):
    finding(home, batch(home), "outlier", "warning")
    finding(home, batch(home, accepted=0), "duplicate", "info")
    assert kinds(home) == [("quality", "warning")]


def test_imports_that_wait_are_told_of(home):
    with home.store.transaction() as session:
        session.add(Job(kind="import", arguments={}, due_at=NOW, created_by="lin", created_at=NOW))
    assert kinds(home) == [("running", "info")]


def job(home, kind="forecast_house", state="queued", **more):
    with home.store.transaction() as session:
        session.add(
            Job(kind=kind, arguments={"world": "live"} | more.pop("arguments", {}), state=state, due_at=NOW, created_by="lin", created_at=NOW,
                finished_at=None if state == "queued" else NOW, **more)
        )  # fmt: skip


def test_forecasts_that_wait_are_no_imports(home):
    job(home)
    job(home, "scores")
    assert kinds(home) == []


@pytest.mark.parametrize("code", ["job.failed", "job.abandoned", "forecast.ended", "scores.ended"])
def test_work_that_ended_by_a_fault_is_told_for_a_week(home, code):
    job(home, state="failed", error_code=code)
    assert kinds(home) == [("jobs", "error")]
    assert kinds(home, NOW + timedelta(days=7)) == [("jobs", "error")]
    assert kinds(home, NOW + timedelta(days=7, seconds=1)) == []


def test_what_was_refused_or_belongs_to_the_demo_is_no_fault_of_this_world(home):
    job(home, "scores", state="failed", error_code="scores.unfit")
    job(home, state="failed", error_code="job.failed", arguments={"world": "demo"})
    job(home, "import", state="failed", error_code="job.failed")
    assert kinds(home) == []


@pytest.mark.parametrize(
    ("looks", "count"),
    [
        ([("drift", "retrain")], 1),
        ([("cleaning", "retrain"), ("drift", "ok")], 1),
        ([("cleaning", "retrain"), ("drift", "retrain")], 1),
        ([("drift", "retrain"), ("drift", "watch")], 0),
        ([("calibration", "retrain")], 0),
        ([], 0),
    ],
)
def test_a_live_model_whose_newest_look_says_so_needs_to_be_trained(home, looks, count):
    values = {
        "target": "churn_order", "days": 30, "algorithm": "logistic", "parameters": {}, "window": {}, "metrics": {}, "lake_version": 1,
        "made_by": "lin", "made_at": NOW,
    }  # fmt: skip
    with home.store.transaction() as session:
        for state in ("live", "retired"):
            model = ScoreModel(**values, state=state)
            session.add(model)
            session.flush()
            for kind, verdict in looks:
                scores.check(session, model.id, kind, verdict, {}, version=1, by="lin", now=NOW)
    expected = [Item("score_drift", "warning", "scores", count, part="models")] if count else []
    assert today.drifts(home, Operator(1, "lin", "analyst")) == expected
    assert today.drifts(home, Operator(2, "he", "compliance")) == []


def test_held_names_wait_until_somebody_decides(home):
    add(home, 1, events=[event(1, "2026-11-19 10:00", "spin")], event_names=[{"name": "spin", "is_held": True}])
    assert ("held", "warning") in kinds(home)


def test_a_stopped_worker_is_grave_only_when_work_waits(home):
    with home.store.transaction() as session:
        assert today.worker_item(session, now=NOW) == Item("worker", "warning", "sources", 0)
        session.add(Job(kind="import", arguments={}, due_at=NOW, created_by="lin", created_at=NOW))
        session.flush()
        assert today.worker_item(session, now=NOW) == Item("worker", "error", "sources", 1)
        workers.seen(session, "w", pid=1, started_at=NOW, now=NOW)
        assert today.worker_item(session, now=NOW) is None


def test_the_most_urgent_comes_first_and_equals_keep_their_order():
    given_ = [Item("a", "info", "x"), Item("b", "error", "x"), Item("c", "warning", "x"), Item("d", "error", "x")]
    assert [item.kind for item in ranked(given_)] == ["b", "d", "c", "a"]


def test_today_is_the_business_day(home):
    assert today.today_of(home, datetime.fromisoformat("2026-11-20T15:59:59+00:00")) == date(2026, 11, 20)
    assert today.today_of(home, datetime.fromisoformat("2026-11-20T16:00:00+00:00")) == date(2026, 11, 21)
