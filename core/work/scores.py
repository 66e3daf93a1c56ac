"""The registry of models of scores: trained, shown beside the live one, promoted, rolled back, calibrated and watched.

A model is trained by the worker in a process of its own, as a candidate. Staged, it scores in the shadow; live, its scores are told everywhere. It goes live
only when it is not worse than the live one on the rows that it was tried on, or when somebody says why it should all the same. There is one
live model of each target and number of days; where there is none, the first one that is trained goes live.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import IO, Any

from sqlalchemy import select

from core.errors import Cancelled, InvalidScoreModel, NotLearnt, Refusal, UnfitForScores
from core.models.scores import logistic
from core.models.scores.rows import FEWEST_OF_EACH
from core.models.scores.training import Comparison
from core.scope import SYSTEM, Operator
from core.settings import PROJECT, Settings, World
from core.store import audit, choices, jobs, topics
from core.store import scores as store
from core.store.scores import TOPIC
from core.store.session import Session, Store
from core.store.tables import Job, ScoreModel
from core.work.home import Home
from core.work.questions import scores, scoring
from core.work.questions.reading import Reading, reading
from core.work.questions.scores import Model, Stop, Told, Window
from core.work.worker import Interrupted, Work

KIND = "scores"
AUTO = "scores.auto"
"""Choice of a world's store: whether models that are not worse go live by themselves."""
UNFIT = "scores.unfit"
"""Choice of a world's store: why a target could not be learnt, and of which day that is."""
RETRAINED, CHECKED, WATCHED = timedelta(days=7), timedelta(days=1), timedelta(days=30)
"""How often models are trained and calibrated, features looked at, and drift."""
EVERY = tuple((target, days) for target in scoring.TARGETS for days in scoring.HORIZONS)
ENDED = "scores.ended"
ASKED_TO_END = (-signal.SIGTERM, -signal.SIGINT, 130)
"""Codes of a process that somebody asked to end; 130 is that of ``core.__main__`` after Ctrl-C."""
LONGEST_TAIL = 4_000
"""Bytes of what a process said last."""
POLL_S = 0.2
LONGEST_NOTE = 500
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


# -- training as work --------------------------------------------------------------------------------------------------


def ask(home: Home, queue: Store, operator: Operator, target: str, days: int, now: datetime) -> int:
    """Have a model trained. ``queue``: the store that keeps jobs and audit log. Returns the job, the one that waits or runs where there is one that nobody cancels. Raises
    ``Forbidden``, ``Unknown``."""
    operator.require("scores.write")
    scoring.refuse(target, days)
    with queue.transaction() as session:
        return _enqueue(session, home.world, [(target, days)], operator, now)


def _enqueue(session: Session, world: World, wanted: list[tuple[str, int]], operator: Operator, now: datetime) -> int:
    audit.lock(session)  # whoever asks for the same at the same moment waits here, and then sees its job
    asked = [list(one) for one in wanted]
    for job in _open(session):
        if job.is_cancel_requested:
            continue
        if job.arguments["world"] == world and all(one in job.arguments["wanted"] for one in asked):
            return job.id
    audit.append(session, operator, "scores.training_asked", f"scores:{world}", {"wanted": asked}, now=now)
    return jobs.enqueue(session, KIND, {"world": world, "wanted": asked}, by=operator.name, now=now)


def _open(session: Session) -> list[Job]:
    return list(session.scalars(select(Job).where(Job.kind == KIND, Job.state.in_(["queued", "running"]))))


def training(queue: Store, world: World) -> list[Job]:
    """Jobs that wait or run, and the last that ended, the newest first."""
    with queue.reading() as session:
        every = select(Job).where(Job.kind == KIND).order_by(Job.id.desc()).limit(20)
        return [job for job in session.scalars(every) if job.arguments["world"] == world]


def cancel(queue: Store, operator: Operator, job_id: int, now: datetime) -> None:
    """Stop a training that waits or runs. Raises ``Forbidden``, and ``InvalidScoreModel`` when there is none."""
    operator.require("scores.write")
    with queue.transaction() as session:
        job = session.get(Job, job_id)
        if job is None or job.kind != KIND or not jobs.cancel(session, job_id, now=now):
            raise InvalidScoreModel("This training has ended already.", reason="ended")
        audit.append(session, operator, "scores.training_cancelled", f"scores:{job.arguments['world']}", now=now)


def run(settings: Settings, work: Work, opened: Callable[[], Home]) -> None:
    """The worker's part: train what a job names, each in turn, in a process of its own. ``opened``: the job's world. Of one that was removed nothing is trained: opening it
    would make it anew. A process that ends without a word is remembered for the day as what it was refused, so that the schedule does not begin it again and again."""
    ended: NotLearnt | None = None
    wanted, world = work.claim.arguments["wanted"], work.claim.arguments["world"]
    for place, (target, days) in enumerate(wanted):
        if not settings.lake(world).exists():
            return
        command = [sys.executable, "-m", "core", "train", target, str(days), "--by", _by(work)]
        command += ["--demo"] if world == "demo" else []
        try:
            _in_child(command, settings, work, {"model": place + 1, "models": len(wanted)})
        except NotLearnt as refusal:
            if refusal.code != ENDED:
                if len(wanted) == 1:
                    raise
                continue
            if not settings.lake(world).exists():
                return
            ended, home = refusal, opened()
            with reading(home) as lake:
                _remember(home, lake, target, days, refusal, work.clock())
    if ended is not None:
        raise ended


def _by(work: Work) -> str:
    with work.store.reading() as session:
        return session.get_one(Job, work.claim.job_id).created_by


def _in_child(command: list[str], settings: Settings, work: Work, counts: dict[str, int]) -> None:
    """Run a command that tells its progress as lines of JSON. It ends with whoever reads them. What it says beside them is logged when it ends without a word, but for one
    that was asked to end: that happens to it with the worker, and another takes the job up."""
    with tempfile.TemporaryFile() as beside:
        told, code = _told(command, settings, work, counts, beside)
        beside.seek(max(beside.seek(0, os.SEEK_END) - LONGEST_TAIL, 0))
        said = beside.read().decode(errors="replace")
    if "refused" in told:
        raise NotLearnt(told["refused"], told["message"], told["details"])
    if "model" not in told:
        if code in ASKED_TO_END:
            raise Interrupted
        work.log(f"{' '.join(command[1:])}: ended with code {code}\n{said}")
        raise NotLearnt(ENDED, f"The process ended with code {code}.", {"code": code})


def _told(
    command: list[str], settings: Settings, work: Work, counts: dict[str, int], beside: IO[bytes]
) -> tuple[dict[str, Any], int]:
    """The last line that a command told, and the code that it ended with."""
    environment = {
        **os.environ, **ONE_THREAD, "SIYU_HOME": str(settings.home), "SIYU_ZONE": settings.zone, "SIYU_ENGINE": settings.engine,
        "SIYU_STORE_URL": settings.store_url_override or "",
    }  # fmt: skip
    child = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=beside, text=True
    )  # fmt: skip
    assert child.stdout is not None
    lines: SimpleQueue[str] = SimpleQueue()
    reader = threading.Thread(target=_read, args=(child.stdout, lines), daemon=True)
    reader.start()
    told: dict[str, Any] = {}
    try:
        while child.poll() is None or reader.is_alive() or not lines.empty():
            if work.ending.is_set():
                raise Interrupted
            if work.is_cancelled():
                raise Cancelled("The training was cancelled.")
            try:
                told = json.loads(lines.get(timeout=POLL_S))
            except Empty:
                continue
            if "stage" in told:
                work.progress(told["stage"], done=told["done"], of=told["of"], **counts)
    finally:
        child.kill()
        child.wait()
        reader.join(timeout=5)
        child.stdout.close()
    return told, child.returncode


def _read(told: IO[str], lines: SimpleQueue[str]) -> None:
    for line in told:
        lines.put(line)


def train(home: Home, by: str, target: str, days: int, now: datetime, told: Told, stop: Stop) -> int:
    """Train a model and keep it as a candidate; it goes live where there is none, or where the house lets it and it is not worse. Returns its number. Raises
    ``UnfitForScores``, which is remembered for the day, ``Unknown``, ``Cancelled``."""
    scoring.refuse(target, days)
    with reading(home, now=now) as lake:
        try:
            made, window = scores.train(lake, target, days, told, stop)
        except Cancelled:
            raise
        except Refusal as refusal:
            _remember(home, lake, target, days, refusal, now)
            raise
        values = {
            "target": target, "days": days, "algorithm": logistic.ALGORITHM, "parameters": made.parameters(), "window": window.to_json(),
            "metrics": made.to_json(), "lake_version": lake.snapshot.version, "made_by": by, "made_at": now,
        }  # fmt: skip
        with home.store.transaction() as session:
            model_id = store.add(session, values)
        _remember(home, lake, target, days, None, now)
        _go_live(home, lake, model_id, now)
    return model_id


def _remember(home: Home, lake: Reading, target: str, days: int, refusal: Refusal | None, now: datetime) -> None:
    newest = lake.last_on(*scoring.TELLING[target])
    key, on = f"{target}_{days}d", None if newest is None else newest.isoformat()
    with home.store.transaction() as session:
        known = dict(choices.read(session, UNFIT, {}))
        if refusal is None and key not in known:
            return
        known.pop(key, None)
        if refusal is not None:
            details = {name: _plain(value) for name, value in refusal.details.items()}
            known[key] = {"on": on, "code": refusal.code, "details": details}
        choices.write(session, UNFIT, known, by=SYSTEM.name, now=now)


def _go_live(home: Home, lake: Reading, model_id: int, now: datetime) -> None:
    with home.store.reading() as session:
        fresh = store.one(session, model_id)
        standing = store.in_state(session, fresh.target, fresh.days, "live")
        is_auto = bool(choices.read(session, AUTO, False))
    if standing is not None and is_readable(standing):
        if not (is_auto and compared(lake, fresh, standing).worse is None):
            return
    with home.store.transaction() as session:
        _swap(session, fresh, standing, "candidate", SYSTEM.name, "", now)


# -- the registry ------------------------------------------------------------------------------------------------------


def stage(home: Home, log: Store, operator: Operator, model_id: int, now: datetime) -> None:
    """Let a candidate score in the shadow of the live one. Another staged one becomes a candidate again. Raises ``Forbidden``, ``Unknown``,
    ``InvalidScoreModel`` (``state``, ``features``)."""
    operator.require("scores.write")
    with audit.told(home.store, log) as (session, logged):
        found = store.one(session, model_id)
        _require_readable(found)
        other = store.in_state(session, found.target, found.days, "staged")
        if other is not None and other.id != model_id:
            store.move(session, other.id, "staged", state="candidate", staged_by=None, staged_at=None)
        if not store.move(session, model_id, "candidate", state="staged", staged_by=operator.name, staged_at=now):
            raise _wrong(found)
        _tell(logged, operator, "scores.staged", home, found, {}, now)


def is_readable(row: ScoreModel) -> bool:
    """Whether a model reads the features that there are: another version of the product may have made it. One that does not scores nobody, though it be live."""
    return tuple(row.parameters["model"]["names"]) == scoring.NAMES


def _require_readable(row: ScoreModel) -> None:
    if not is_readable(row):
        raise InvalidScoreModel(f"Model {row.id} reads features that there are no more.", reason="features")


def compared(lake: Reading, fresh: ScoreModel, standing: ScoreModel) -> Comparison:
    """The first against the second on the rows that the first was tried on."""
    return scores.trial(lake, scores.of_row(fresh), scores.of_row(standing))


def promote(home: Home, log: Store, operator: Operator, model_id: int, now: datetime, *, note: str = "") -> None:
    """Let a staged model go live; one that is live stays so. One that is worse than the live one on the rows that it was tried on needs a ``note`` that says why.

    Raises ``Forbidden``, ``Unknown``, ``InvalidScoreModel`` (``state``, ``worse``, ``note``, ``features``)."""
    operator.require("scores.write")
    note = _note(note)
    with home.store.reading() as session:
        found = store.one(session, model_id)
        standing = store.in_state(session, found.target, found.days, "live")
    if found.state == "live":  # asked twice
        return
    if found.state != "staged":
        raise _wrong(found)
    _require_readable(found)
    details: dict[str, Any] = {"note": note}
    if standing is not None and is_readable(standing):
        with reading(home, now=now) as lake:
            against = compared(lake, found, standing)
        details |= {"before": standing.id, "auc": against.auc, "log_loss": against.log_loss}
        if against.worse is not None and not note:
            raise InvalidScoreModel(
                "This model is worse than the live one; say why it should go live.",
                reason="worse", by=against.worse, auc=against.auc, log_loss=against.log_loss,
            )  # fmt: skip
    with audit.told(home.store, log) as (session, logged):
        _swap(session, found, standing, "staged", operator.name, note, now)
        _tell(logged, operator, "scores.promoted", home, found, details, now)


def roll_back(home: Home, log: Store, operator: Operator, target: str, days: int, now: datetime, *, note: str) -> int:
    """Let the model that was live before score again, saying why. Returns its number. Raises ``Forbidden``, ``InvalidScoreModel`` (``note``,
    ``none_before``, ``state``)."""
    operator.require("scores.write")
    note = _note(note)
    if not note:
        raise InvalidScoreModel("Taking a model back needs a reason.", reason="note")
    with audit.told(home.store, log) as (session, logged):
        standing = store.in_state(session, target, days, "live")
        if standing is None or standing.replaced_id is None:
            raise InvalidScoreModel("No model was live before this one.", reason="none_before")
        before = store.one(session, standing.replaced_id)
        _require_readable(before)
        if not store.move(session, standing.id, "live", state="retired", retired_at=now, note=note):
            raise _wrong(standing)
        values = {"state": "live", "promoted_by": operator.name, "promoted_at": now, "retired_at": None}
        if not store.move(session, before.id, "retired", **values):
            raise _wrong(before)
        topics.bump(session, TOPIC)
        _tell(logged, operator, "scores.rolled_back", home, standing, {"note": note, "to": before.id}, now)
    return before.id


def choose_auto(home: Home, log: Store, operator: Operator, is_auto: bool, now: datetime) -> None:
    """Whether models that are trained, by schedule or because somebody asks, go live by themselves when they are not worse. Raises ``Forbidden``."""
    operator.require("scores.write")
    with audit.told(home.store, log) as (session, logged):
        choices.write(session, AUTO, is_auto, by=operator.name, now=now)
        audit.append(logged, operator, "scores.auto", f"scores:{home.world}", {"is_auto": is_auto}, now=now)


def _swap(
    session: Session, fresh: ScoreModel, standing: ScoreModel | None, was: str, by: str, note: str, now: datetime
) -> None:
    """The fresh one live, the standing one retired, as both were seen; else ``InvalidScoreModel``."""
    if standing is not None and not store.move(session, standing.id, "live", state="retired", retired_at=now):
        raise _wrong(standing)
    replaced = None if standing is None else standing.id
    values = {"state": "live", "promoted_by": by, "promoted_at": now, "replaced_id": replaced, "note": note}
    if standing is None and store.in_state(session, fresh.target, fresh.days, "live") is not None:
        raise _wrong(fresh)
    if not store.move(session, fresh.id, was, **values):
        raise _wrong(fresh)
    topics.bump(session, TOPIC)


def _wrong(row: ScoreModel) -> InvalidScoreModel:
    return InvalidScoreModel(
        f"Model {row.id} is {row.state}, or was changed by somebody meanwhile.", reason="state", state=row.state
    )


def _note(text: str) -> str:
    note = " ".join(text.split())
    if len(note) > LONGEST_NOTE:
        raise InvalidScoreModel(f"A note has at most {LONGEST_NOTE} letters.", reason="long", most=LONGEST_NOTE)
    return note


def _tell(
    logged: Session, operator: Operator, action: str, home: Home, row: ScoreModel, details: Mapping[str, Any], now: datetime
) -> None:  # fmt: skip
    told = {"target": row.target, "days": row.days, "world": home.world, **details}
    audit.append(logged, operator, action, f"score_model:{row.id}", told, now=now)


# -- watched -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Looked:
    """How many looks were taken at live models: at features, at intercepts, at drift. ``refused``: those that could not be, and why."""

    cleaning: int = 0
    calibration: int = 0
    drift: int = 0
    refused: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return self.cleaning + self.calibration + self.drift


def watch(home: Home, now: datetime) -> Looked:
    """Look at the live models as far as it is due: features daily, intercepts weekly, drift monthly. One that cannot be looked at is tried again the next time."""
    with home.store.reading() as session:
        rows = store.all_live(session)
        due = {row.id: [kind for kind in LOOKS if _is_due(session, row, kind, now)] for row in rows}
    done, refused = dict.fromkeys(LOOKS, 0), []
    if not any(due.values()):
        return Looked()
    with reading(home, now=now) as lake:
        for row in rows:
            for kind in due[row.id]:
                try:
                    done[kind] += look(home, lake, row, kind, now)
                except Refusal as refusal:
                    refused.append(f"no {kind} of model {row.id} in {home.world}: {refusal}")
    return Looked(**done, refused=tuple(refused))


LOOKS = {"cleaning": CHECKED, "calibration": RETRAINED, "drift": WATCHED}


def _is_due(session: Session, row: ScoreModel, kind: str, now: datetime) -> bool:
    last = store.last_check(session, row.id, kind)
    since = row.made_at if last is None and kind == "calibration" else None if last is None else last.at
    return since is None or since <= now - LOOKS[kind]


def look(home: Home, lake: Reading, row: ScoreModel, kind: str, now: datetime, by: str = SYSTEM.name) -> bool:
    """Take one look at a live model and keep what it finds. False where there is nothing to look at. Raises ``UnfitForScores``."""
    if not is_readable(row):
        return False
    model = scores.of_row(row)
    if kind == "calibration":
        return _calibrate(home, lake, row, model, now, by)
    found = scores.cleaning(lake, model) if kind == "cleaning" else scores.drift(lake, model)
    if found is None:
        return False
    with home.store.transaction() as session:
        store.check(
            session, row.id, kind, found.verdict, json.loads(json.dumps(asdict(found))), version=lake.snapshot.version, by=by, now=now
        )  # fmt: skip
    return True


def look_now(home: Home, log: Store, operator: Operator, model_id: int, kind: str, now: datetime) -> bool:
    """The same at once, because somebody asks. Raises ``Forbidden``, ``Unknown``, ``UnfitForScores``."""
    operator.require("scores.write")
    with home.store.reading() as session:
        row = store.one(session, model_id)
    with reading(home, now=now) as lake:
        is_taken = look(home, lake, row, kind, now, operator.name)
    if is_taken:
        with log.transaction() as logged:
            _tell(logged, operator, "scores.checked", home, row, {"kind": kind}, now)
    return is_taken


def _calibrate(home: Home, lake: Reading, row: ScoreModel, model: Model, now: datetime, by: str) -> bool:
    """Move the intercept to the rate of the newest members of whom it is known what came, for a model that is used so."""
    newest = scores.newest_rows(lake, model)
    least = int(min(newest.label.sum(), (~newest.label).sum()))
    if least < FEWEST_OF_EACH:
        return False
    promised = float(model.logistic.chance(newest.matrix).mean())
    fresh = logistic.calibrated(model.logistic, newest) if model.is_calibrated else model.logistic
    details = {
        "members": len(newest), "promised": promised, "rate": newest.rate, "before": model.logistic.shift, "after": fresh.shift,
        "is_moved": model.is_calibrated,
    }  # fmt: skip
    apart = abs(promised - newest.rate)
    verdict = "ok" if apart < 0.03 else "watch" if apart < 0.1 else "retrain"
    with home.store.transaction() as session:
        if model.is_calibrated and not store.calibrate(
            session, row.id, row.parameters | {"model": fresh.to_json()}, was=row.revision
        ):
            return False
        store.check(session, row.id, "calibration", verdict, details, version=lake.snapshot.version, by=by, now=now)
    return True


def schedule(home: Home, queue: Store, now: datetime) -> int:
    """Have trained by the worker what is due: where the newest model is a week old and what tells the target has a new day since, or where there is none and it was not
    refused on that day. Returns how many models."""
    due = due_now(home, now)
    if not due:
        return 0
    with queue.transaction() as session:
        if any(job.arguments["world"] == home.world for job in _open(session)):
            return 0
        _enqueue(session, home.world, due, SYSTEM, now)
    return len(due)


def due_now(home: Home, now: datetime) -> list[tuple[str, int]]:
    """Targets and days that the schedule would train now: of those that the data reaches back far enough for."""
    with reading(home, now=now) as lake:
        windows = {one: _window(lake, *one) for one in EVERY}
    days = {one: found.on.isoformat() for one, found in windows.items() if found is not None}
    if not days:
        return []
    with home.store.reading() as session:
        unfit = choices.read(session, UNFIT, {})
        newest = {one: next(iter(store.listed(session, *one, most=1)), None) for one in days}
    return [one for one, on in days.items() if _is_training_due(newest[one], unfit.get(f"{one[0]}_{one[1]}d"), on, now)]


def _window(lake: Reading, target: str, days: int) -> Window | None:
    """None where the data does not reach back far enough."""
    try:
        return scores.window(lake, target, days)
    except UnfitForScores:
        return None


def _is_training_due(newest: ScoreModel | None, refused: Mapping[str, Any] | None, on: str, now: datetime) -> bool:
    if refused is not None and refused["on"] == on:
        return False
    if newest is None or not is_readable(newest):
        return True
    return newest.made_at <= now - RETRAINED and newest.window["on"] != on


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
