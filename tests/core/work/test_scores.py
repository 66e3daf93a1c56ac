"""The registry of models: one live, promoted only when not worse, rolled back, calibrated, watched, trained by the worker."""

import json
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from core.app import House
from core.errors import Forbidden, InvalidScoreModel, NotLearnt, UnfitForScores, Unknown
from core.scope import SYSTEM, Operator, Scope
from core.settings import Settings
from core.store import choices, jobs, topics
from core.store import scores as store
from core.store.tables import AuditEntry, Job, ScoreCheck, ScoreModel
from core.work import duties, scores, standings
from core.work.home import Home
from core.work.questions import member, member_standing
from core.work.questions import scores as questions
from core.work.questions.reading import reading
from core.work.worker import Worker
from tests import lakes
from tests.core.questions.test_scores import FIRST, LAST, MEMBERS, orders
from tests.lakes import NOW

ANALYST = Operator(7, "an", "analyst")
TARGET, DAYS = "churn_order", 30
LATER = NOW + timedelta(days=8)


@pytest.fixture(scope="module")
def lake_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = lakes.home(tmp_path_factory.mktemp("registry"))
    lakes.add(made, 1, order_lines=orders())
    scores.train(made, "an", TARGET, DAYS, NOW, lambda *_: None, lambda: False)
    return made


@pytest.fixture
def home(lake_home: Home) -> Home:
    """The same lake with one live model, and nothing else in its registry."""
    with lake_home.store.transaction() as session:
        for table in (ScoreCheck, ScoreModel, Job):
            first = min((row.id for row in session.scalars(select(table))), default=0)
            for row in session.scalars(select(table).order_by(table.id.desc())):
                if table is not ScoreModel or row.id != first:
                    session.delete(row)
            session.flush()
        live = session.scalars(select(ScoreModel)).one()
        live.state, live.replaced_id, live.revision, live.made_at = "live", None, 1, NOW
        choices.write(session, scores.AUTO, False, by="x", now=NOW)
        choices.write(session, scores.UNFIT, {}, by="x", now=NOW)
    return lake_home


def copied(home: Home, *, blind: bool = False, made_at=NOW) -> int:
    """A candidate that is the live model again, or one that sees nothing."""
    with home.store.transaction() as session:
        live = store.in_state(session, TARGET, DAYS, "live")
        assert live is not None
        parameters = json.loads(json.dumps(live.parameters))
        if blind:
            parameters["model"]["weight"] = (
                np.random.default_rng(1).normal(0, 0.3, len(parameters["model"]["weight"])).tolist()
            )
        return store.add(
            session,
            {
                "target": TARGET, "days": DAYS, "algorithm": "logistic", "parameters": parameters, "window": live.window, "metrics": live.metrics,
                "lake_version": live.lake_version, "made_by": "an", "made_at": made_at,
            },
        )  # fmt: skip


def states(home: Home) -> list[str]:
    with home.store.reading() as session:
        return [row.state for row in sorted(store.listed(session, TARGET, DAYS), key=lambda row: row.id)]


def revision(home: Home) -> int:
    with home.store.reading() as session:
        return topics.revision(session, store.TOPIC)


def audited(home: Home) -> list[str]:
    with home.store.reading() as session:
        return [one.action for one in session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))]


def test_the_first_model_goes_live_and_is_what_everybody_is_scored_by(home: Home) -> None:
    assert states(home) == ["live"]
    with reading(home) as lake:
        model = questions.house(lake, TARGET, DAYS)
        assert model.model_id is not None and questions.live(lake).keys() == {(TARGET, DAYS)}
        (own,) = questions.of_member(lake, 7)
        assert own.model.model_id == model.model_id
        told = member_standing.of(lake, member.of(lake, 7))
    assert [one.chance for one in told.scores] == [own.chance]


def test_a_candidate_is_staged_and_goes_live_and_the_one_before_comes_back(home: Home) -> None:
    fresh, before = copied(home), revision(home)
    scores.stage(home, home.store, ANALYST, fresh, NOW)
    assert (states(home), revision(home)) == (["live", "staged"], before)
    scores.promote(home, home.store, ANALYST, fresh, NOW)
    assert (states(home), revision(home)) == (["retired", "live"], before + 1)
    scores.promote(home, home.store, ANALYST, fresh, NOW)  # pressed twice
    assert (states(home), revision(home)) == (["retired", "live"], before + 1)
    back = scores.roll_back(home, home.store, ANALYST, TARGET, DAYS, NOW, note="calls went to the wrong people")
    assert (states(home), revision(home)) == (["live", "retired"], before + 2)
    assert back != fresh
    assert audited(home)[-3:] == ["scores.staged", "scores.promoted", "scores.rolled_back"]


def test_a_model_that_is_worse_goes_live_only_when_somebody_says_why(home: Home) -> None:
    blind = copied(home, blind=True)
    scores.stage(home, home.store, ANALYST, blind, NOW)
    with pytest.raises(InvalidScoreModel) as refused:
        scores.promote(home, home.store, ANALYST, blind, NOW)
    assert refused.value.details["reason"] == "worse" and states(home) == ["live", "staged"]
    scores.promote(home, home.store, ANALYST, blind, NOW, note="a trial of the call centre")
    with home.store.reading() as session:
        assert store.one(session, blind).note == "a trial of the call centre"
    assert states(home) == ["retired", "live"]


def test_steps_out_of_order_are_refused(home: Home) -> None:
    fresh = copied(home)
    for do in (
        lambda: scores.promote(home, home.store, ANALYST, fresh, NOW),
        lambda: scores.stage(home, home.store, ANALYST, live_id(home), NOW),
        lambda: scores.roll_back(home, home.store, ANALYST, TARGET, DAYS, NOW, note="why"),
        lambda: scores.roll_back(home, home.store, ANALYST, TARGET, DAYS, NOW, note=" "),
        lambda: scores.promote(home, home.store, ANALYST, fresh, NOW, note="x" * 501),
    ):
        with pytest.raises(InvalidScoreModel):
            do()
    with pytest.raises(Unknown):
        scores.stage(home, home.store, ANALYST, 999, NOW)
    assert states(home) == ["live", "candidate"]


def live_id(home: Home) -> int:
    with home.store.reading() as session:
        found = store.in_state(session, TARGET, DAYS, "live")
        assert found is not None
        return found.id


def test_only_one_is_staged(home: Home) -> None:
    one, other = copied(home), copied(home)
    scores.stage(home, home.store, ANALYST, one, NOW)
    scores.stage(home, home.store, ANALYST, other, NOW)
    assert states(home) == ["live", "candidate", "staged"]


@pytest.mark.parametrize(
    "operator",
    [Operator(1, "m", "manager"), Operator(2, "e", "executive"), Operator(3, "a", "analyst", Scope(frozenset({"u1"})))],
)
def test_who_may_not_write_scores_of_the_whole_house_changes_nothing(home: Home, operator: Operator) -> None:
    fresh = copied(home)
    for do in (
        lambda: scores.ask(home, home.store, operator, TARGET, DAYS, NOW),
        lambda: scores.stage(home, home.store, operator, fresh, NOW),
        lambda: scores.promote(home, home.store, operator, fresh, NOW),
        lambda: scores.roll_back(home, home.store, operator, TARGET, DAYS, NOW, note="why"),
        lambda: scores.choose_auto(home, home.store, operator, True, NOW),
        lambda: scores.look_now(home, home.store, operator, fresh, "drift", NOW),
        lambda: scores.cancel(home.store, operator, 1, NOW),
    ):
        with pytest.raises(Forbidden):
            do()
    assert states(home) == ["live", "candidate"]


def test_training_makes_a_candidate_that_goes_live_only_where_the_house_lets_it(home: Home) -> None:
    scores.train(home, "an", TARGET, DAYS, NOW, lambda *_: None, lambda: False)
    assert states(home) == ["live", "candidate"]
    scores.choose_auto(home, home.store, ANALYST, True, NOW)
    scores.train(home, "an", TARGET, DAYS, NOW, lambda *_: None, lambda: False)
    assert states(home) == ["retired", "candidate", "live"]


def test_a_live_model_of_other_features_scores_nobody_and_makes_room(home: Home) -> None:
    with home.store.transaction() as session:
        row = session.get_one(ScoreModel, live_id(home))
        kept = row.parameters
        row.parameters = kept | {"model": kept["model"] | {"names": ["gone", *kept["model"]["names"][1:]]}}
    try:
        with reading(home) as lake:
            assert questions.live(lake) == {} and questions.house(lake, TARGET, DAYS).model_id is None
        assert (TARGET, DAYS) in scores.due_now(home, NOW)
        scores.train(home, "an", TARGET, DAYS, NOW, lambda *_: None, lambda: False)
        assert states(home) == ["retired", "live"]
        with pytest.raises(InvalidScoreModel):
            scores.roll_back(home, home.store, ANALYST, TARGET, DAYS, NOW, note="the old one")
    finally:
        with home.store.transaction() as session:
            first = session.scalars(select(ScoreModel).order_by(ScoreModel.id)).first()
            assert first is not None
            first.parameters = kept


def test_a_model_of_other_features_is_not_staged(home: Home) -> None:
    fresh = copied(home)
    with home.store.transaction() as session:
        row = session.get_one(ScoreModel, fresh)
        row.parameters = row.parameters | {"model": row.parameters["model"] | {"names": ["gone"]}}
    with pytest.raises(InvalidScoreModel) as refused:
        scores.stage(home, home.store, ANALYST, fresh, NOW)
    assert refused.value.details["reason"] == "features" and states(home) == ["live", "candidate"]


def test_calibration_moves_the_intercept_of_a_live_model_that_is_used_so(home: Home) -> None:
    with home.store.transaction() as session:
        row = session.get_one(ScoreModel, live_id(home))
        row.parameters = row.parameters | {"model": row.parameters["model"] | {"shift": 1.5}}
        row.metrics = row.metrics | {"is_calibrated": True}
    before = revision(home)
    with reading(home) as lake, home.store.reading() as session:
        row = store.one(session, live_id(home))
        assert scores.look(home, lake, row, "calibration", NOW)
        newest = questions.newest_rows(lake, questions.of_row(row))
    with reading(home) as lake:
        model = questions.house(lake, TARGET, DAYS)
        assert model.logistic.chance(newest.matrix).mean() == pytest.approx(newest.rate, abs=1e-9)
    assert (model.revision, revision(home)) == (2, before + 1)
    with home.store.reading() as session:
        found = store.last_check(session, live_id(home), "calibration")
        assert found is not None and (found.verdict, found.details["before"]) == ("retrain", 1.5)


def test_live_models_are_looked_at_when_it_is_due(home: Home) -> None:
    assert scores.watch(home, NOW) == scores.Looked(1, 0, 1)
    assert scores.watch(home, NOW + timedelta(hours=23)) == scores.Looked()
    assert scores.watch(home, NOW + timedelta(days=1)) == scores.Looked(1, 0, 0)
    assert scores.watch(home, LATER) == scores.Looked(1, 1, 0)
    assert scores.watch(home, NOW + timedelta(days=31)) == scores.Looked(1, 1, 1)
    with home.store.reading() as session:
        drift = store.last_check(session, live_id(home), "drift")
        assert drift is not None and drift.details["members"] > 100 and 0 <= drift.details["unusual_share"] <= 1


def test_a_look_that_cannot_be_taken_is_told_and_taken_the_next_time(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object) -> None:
        raise UnfitForScores("Nobody is left.", reason="nobody", of="data", found=0, needed=1)

    with monkeypatch.context() as patched:
        patched.setattr(questions, "cleaning", nobody)
        found = scores.watch(home, NOW)
    assert (found.cleaning, found.drift) == (0, 1)
    assert found.refused == (f"no cleaning of model {live_id(home)} in live: Nobody is left.",)
    assert scores.watch(home, NOW) == scores.Looked(1, 0, 0)


def test_a_look_asked_for_that_finds_nothing_to_look_at_says_so_and_is_not_audited(home: Home) -> None:
    fresh, before = copied(home), audited(home)
    with home.store.transaction() as session:
        row = session.get_one(ScoreModel, fresh)
        row.parameters = row.parameters | {"model": row.parameters["model"] | {"names": ["mood"]}}
    assert not scores.look_now(home, home.store, ANALYST, fresh, "calibration", NOW)
    assert audited(home) == before
    assert scores.look_now(home, home.store, ANALYST, live_id(home), "cleaning", NOW)
    assert audited(home) == [*before, "scores.checked"]


def test_the_schedule_trains_what_is_a_week_old_once_there_is_a_new_day(home: Home) -> None:
    due = scores.due_now(home, NOW)
    assert (TARGET, DAYS) not in due and len(due) == 8
    assert (TARGET, DAYS) not in scores.due_now(home, LATER)  # no new day since
    with home.store.transaction() as session:
        row = session.get_one(ScoreModel, live_id(home))
        row.window = row.window | {"on": (LAST - timedelta(days=7)).isoformat()}
    assert (TARGET, DAYS) in scores.due_now(home, LATER)
    assert (TARGET, DAYS) not in scores.due_now(home, NOW + timedelta(days=6))


def test_what_cannot_be_learnt_is_not_tried_again_before_there_is_another_day(tmp_path: Path) -> None:
    home = lakes.home(tmp_path)
    assert scores.due_now(home, NOW) == []
    lakes.add(home, 1, order_lines=[lakes.sale(1, f"{FIRST} 04:00", "1", 5)])
    assert scores.due_now(home, NOW) == []  # a day is not long enough for any
    lakes.add(home, 2, order_lines=[lakes.sale(1, f"{FIRST + timedelta(days=150)} 04:00", "2", 5)])
    thirty = [(target, 30) for target in ("churn_activity", "churn_order", "conversion")]
    assert scores.due_now(home, NOW) == thirty
    with pytest.raises(UnfitForScores):
        scores.train(home, "an", TARGET, DAYS, NOW, lambda *_: None, lambda: False)
    assert scores.due_now(home, NOW) == [one for one in thirty if one != (TARGET, DAYS)]
    lakes.add(home, 3, events=[lakes.event(1, f"{FIRST + timedelta(days=151)} 04:00")])
    assert (TARGET, DAYS) not in scores.due_now(home, NOW)  # a day of events is none of orders
    lakes.add(home, 4, order_lines=[lakes.sale(1, f"{FIRST + timedelta(days=151)} 04:00", "3", 5)])
    assert scores.due_now(home, NOW) == thirty


def test_nothing_is_trained_of_a_world_that_was_removed(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    child = Child(home, monkeypatch, "raise SystemExit(3)")
    worker = child.worker(Settings(home=tmp_path / "gone"))
    worker.step()
    worker.settle()
    assert child.job().state == "done" and not (tmp_path / "gone").exists()


def test_a_world_that_is_removed_while_it_is_learnt_from_is_not_made_anew(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path / "going")
    settings.lake("live").mkdir(parents=True)
    child = Child(home, monkeypatch, f"import shutil; shutil.rmtree({str(settings.home)!r}); raise SystemExit(3)")
    worker = child.worker(settings)
    worker.step()
    worker.settle()
    with home.store.reading() as session:
        assert (child.job().state, choices.read(session, scores.UNFIT, {})) == ("done", {})


def test_what_is_waiting_already_is_asked_for_once(home: Home) -> None:
    one = scores.ask(home, home.store, ANALYST, TARGET, DAYS, NOW)
    assert scores.ask(home, home.store, ANALYST, TARGET, DAYS, NOW) == one
    assert scores.schedule(home, home.store, NOW) == 0
    scores.cancel(home.store, ANALYST, one, NOW)
    assert scores.training(home.store, "live")[0].state == "cancelled"
    assert scores.schedule(home, home.store, NOW) == 8
    with pytest.raises(InvalidScoreModel):
        scores.cancel(home.store, ANALYST, one, NOW)


def test_what_is_asked_for_while_the_same_is_being_cancelled_is_trained_all_the_same(home: Home) -> None:
    one = scores.ask(home, home.store, ANALYST, TARGET, DAYS, NOW)
    with home.store.transaction() as session:
        assert jobs.claim(session, [scores.KIND], worker="w", now=NOW)
    scores.cancel(home.store, ANALYST, one, NOW)
    other = scores.ask(home, home.store, ANALYST, TARGET, DAYS, NOW)
    assert other != one and scores.ask(home, home.store, ANALYST, TARGET, DAYS, NOW) == other


def test_scores_of_live_models_are_kept_beside_the_lake(home: Home) -> None:
    standings.refresh(home)
    assert any("scores1" in file.name for file in (home.lake.root / "_members").rglob("*.parquet"))


# -- the worker --------------------------------------------------------------------------------------------------------


class Child:
    """A worker's job whose child is a small program of ours."""

    def __init__(self, home: Home, monkeypatch: pytest.MonkeyPatch, program: str, *, is_asked: bool = True) -> None:
        self.home = home
        self.said: list[str] = []
        real = scores._in_child
        monkeypatch.setattr(scores, "_in_child", lambda _command, *rest: real([sys.executable, "-c", program], *rest))
        if is_asked:
            scores.ask(home, home.store, ANALYST, TARGET, DAYS, NOW)

    def worker(self, settings: Settings | None = None) -> Worker:
        settings = settings or Settings(home=self.home.settings.home)
        return Worker(
            self.home.store, {scores.KIND: lambda work: scores.run(settings, work, lambda: self.home)}, [], lambda: NOW, self.said.append,
            apart={scores.KIND: 1},
        )  # fmt: skip

    def job(self) -> Job:
        return scores.training(self.home.store, "live")[0]


TELLS = 'import json; print(json.dumps({"stage": "fit", "done": 2, "of": 5}), flush=True); '


def test_a_child_tells_how_far_it_is_and_the_worker_goes_on_beside(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    child = Child(home, monkeypatch, TELLS + 'print(json.dumps({"model": 1}))')
    worker = child.worker()
    assert worker.step() and not worker.step()
    worker.settle()
    assert child.job().state == "done" and child.job().progress == {
        "stage": "fit",
        "done": 2,
        "of": 5,
        "model": 1,
        "models": 1,
    }


@pytest.mark.parametrize(
    ("program", "code"),
    [
        (
            'print(json.dumps({"refused": "scores.unfit", "message": "few", "details": {"reason": "few_rows"}}))',
            "scores.unfit",
        ),
        ("raise SystemExit(3)", "scores.ended"),
    ],
)
def test_what_a_child_refuses_is_told_by_its_job(
    home: Home, monkeypatch: pytest.MonkeyPatch, program: str, code: str
) -> None:
    child = Child(home, monkeypatch, TELLS + program)
    worker = child.worker()
    worker.step()
    worker.settle()
    assert (child.job().state, child.job().error_code) == ("failed", code)


def test_trainings_that_end_without_a_word_are_told_with_their_cause_and_not_begun_again_that_day(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "EVERY", (("conversion", 30), ("churn_activity", 30)))
    program = 'import sys; sys.stderr.write("no memory left"); raise SystemExit(3)'
    child = Child(home, monkeypatch, program, is_asked=False)
    assert scores.schedule(home, home.store, NOW) == 2
    worker = child.worker()
    worker.step()
    worker.settle()
    assert (child.job().state, child.job().error_code) == ("failed", scores.ENDED)
    assert sum("code 3\nno memory left" in one for one in child.said) == 2
    assert scores.due_now(home, NOW + timedelta(hours=1)) == []
    with home.store.reading() as session:
        unfit = choices.read(session, scores.UNFIT, {})
    assert unfit["conversion_30d"] == {
        "on": LAST.isoformat(), "code": scores.ENDED, "details": {"message": "The process ended with code 3.", "code": 3},
    }  # fmt: skip


def test_a_child_that_is_asked_to_end_is_left_to_the_next_worker(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    child = Child(home, monkeypatch, "import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    worker = child.worker()
    worker.step()
    worker.settle()
    with home.store.reading() as session:
        assert (child.job().state, choices.read(session, scores.UNFIT, {})) == ("running", {})


def test_a_cancelled_child_is_killed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    child = Child(home, monkeypatch, TELLS + "import time; time.sleep(600)")
    worker = child.worker()
    moment = [NOW]

    def passing():
        moment[0] += timedelta(seconds=3)
        return moment[0]

    worker.clock = passing
    worker.step()
    job_id = child.job().id
    with home.store.transaction() as session:
        assert jobs.cancel(session, job_id, now=NOW)
    worker.settle()
    assert child.job().state == "cancelled"


def test_a_worker_that_ends_leaves_its_training_to_the_next(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    child = Child(home, monkeypatch, TELLS + "import time; time.sleep(600)")
    worker = child.worker()
    worker.step()
    worker._ending.set()
    worker.settle()
    assert child.job().state == "running"


def test_the_house_knows_the_work_and_the_chores() -> None:
    assert scores.KIND in duties.APART
    assert isinstance(NotLearnt("scores.unfit", "x", {"message": "y"}).details, dict)


@pytest.mark.long
def test_the_worker_trains_in_a_process_of_its_own(home: Home, tmp_path: Path) -> None:
    scores.ask(home, home.store, ANALYST, TARGET, DAYS, NOW)
    house = House(Settings(home=home.settings.home))
    worker = Worker(
        house.live.store, {scores.KIND: lambda work: scores.run(house.settings, work, lambda: house.live)}, [], lambda: NOW, lambda _said: None
    )  # fmt: skip
    worker.step()
    assert states(home) == ["live", "candidate"] and scores.training(home.store, "live")[0].state == "done"
    assert SYSTEM.can("scores.write") and MEMBERS
