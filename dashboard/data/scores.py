"""Scores for the page about who leaves and who buys: what is told of everybody, who is behind a figure, and the registry of models."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from core.errors import Refusal
from core.models.scores import drift
from core.models.scores.drift import HEAVY, RETRAIN, WATCH
from core.models.scores.logistic import PENALTY
from core.models.scores.metrics import Quality, Tenth
from core.models.scores.rows import FEWEST_OF_EACH, FEWEST_ROWS
from core.models.scores.training import CLEARLY, Comparison
from core.store import choices
from core.store import scores as store
from core.store.tables import Job, ScoreCheck, ScoreModel
from core.work import scores as work
from core.work import segments as segment_work
from core.work.questions import scores, scoring, today
from core.work.questions.reading import Reading
from core.work.questions.scores import (
    ALL,
    CUTOFFS,
    HORIZONS,
    LEVELS,
    LIKELY,
    MONTH_DAYS,
    RISKS,
    TARGETS,
    Asked,
    Model,
    Own,
    Scores,
    Shadow,
)
from dashboard.actions import guard
from dashboard.data import answers, worlds
from dashboard.data.answers import Answer
from dashboard.data.people import People
from dashboard.data.rows import SMALL, Row
from dashboard.filters import Filters
from dashboard.web import kept, wiring

__all__ = [
    "ALL", "CLEARLY", "CUTOFFS", "FEATURE", "FEWEST_OF_EACH", "FEWEST_ROWS", "HEAVY", "HORIZONS", "LEVELS", "LIKELY", "MONTH_DAYS", "PENALTY", "RETRAIN", "RISKS", "SMALL", "TARGETS", "WATCH", "Answer",
    "Asked", "Comparison", "Job", "Model", "Own", "Quality", "Registry", "Row", "ScoreCheck", "ScoreModel", "Scores", "Shadow", "Tenth", "Trial", "cutoff", "drift", "found", "has_worker", "is_readable", "jobs",
    "model", "people_of", "registry", "standing_on_scores", "tenths", "trial",
]  # fmt: skip

SEE = "scores.see"
NEWEST, LOOKS, DRIFTS = 30, 12, 60
"""How many models, looks of all kinds, and looks for drift the registry shows at most."""
FEATURE = {one.name: one for one in scoring.FEATURES}


def found(filters: Filters, asked: Asked) -> Answer[Scores] | None:
    """None where nobody is scored. Raises ``Forbidden``, ``UnfitForScores``."""
    return answers.read(SEE, "scores", filters, asked, lambda lake: scores.scores(lake, asked))


def people_of(filters: Filters, asked: Asked, which: str, figure: int) -> People:
    """Raises ``Forbidden``, ``UnfitForScores`` and ``Unknown``."""
    told = {"which": which, "target": asked.target, "days": asked.days}
    return answers.people(
        "scores", filters, told, unit="percent", figure=figure, ask=lambda lake: scores.behind(lake, asked, which)
    )


@dataclass(frozen=True, eq=False)
class Registry:
    """``models``: of the target and days, the newest ``NEWEST`` of ``count`` with the live and the staged one, the newest first. ``checks``: the newest ``LOOKS`` of
    ``check_count``; ``drifts``: those of drift. ``unfit``: why nothing could be learnt last: ``code``, ``details``, and the newest day ``on``; None where it could."""

    models: tuple[ScoreModel, ...]
    count: int
    checks: tuple[ScoreCheck, ...]
    check_count: int
    drifts: tuple[ScoreCheck, ...]
    is_auto: bool
    unfit: Mapping[str, Any] | None

    def one(self, state: str) -> ScoreModel | None:
        return next((row for row in self.models if row.state == state), None)


def registry(asked: Asked) -> Registry:
    """Raises ``Forbidden``."""
    guard.require(SEE)
    home = worlds.home()

    def read() -> Registry:
        of = asked.target, asked.days
        with home.store.reading() as session:
            unfit = choices.read(session, work.UNFIT, {}).get(f"{asked.target}_{asked.days}d")
            used = [store.in_state(session, *of, state) for state in ("live", "staged")]
            models = {row.id: row for row in (*store.listed(session, *of, most=NEWEST), *used) if row is not None}
            return Registry(
                tuple(models[number] for number in sorted(models, reverse=True)), store.count(session, *of),
                tuple(store.checks(session, *of, most=LOOKS)), store.check_count(session, *of), tuple(store.checks(session, *of, kind="drift", most=DRIFTS)),
                bool(choices.read(session, work.AUTO, False)), unfit,
            )  # fmt: skip

    return kept.while_unwritten(home.store, ("scores", home.world, asked), read)


def model(row: ScoreModel) -> Model:
    return scores.of_row(row)


def is_readable(row: ScoreModel) -> bool:
    """Whether a model reads the features that this version of the product makes."""
    return work.is_readable(row)


def tenths(model: Model) -> tuple[Tenth, ...]:
    """Those of enough members on trial to be told."""
    return tuple(one for one in model.quality.tenths if one.members >= SMALL)


@dataclass(frozen=True, eq=False)
class Trial:
    """A model beside the live one. ``against``: on the rows that it was tried on, None where they cannot be had any more; ``shadow``: of the members of today."""

    against: Comparison | None
    shadow: Shadow | None


def trial(filters: Filters, fresh: ScoreModel, standing: ScoreModel) -> Answer[Trial] | None:
    """None where one of them reads other features. Raises ``Forbidden``."""
    guard.require(SEE)
    if not (is_readable(fresh) and is_readable(standing)):
        return None

    def ask(lake: Reading) -> Trial:
        one, other = scores.of_row(fresh), scores.of_row(standing)
        try:
            against = scores.trial(lake, one, other)
        except Refusal:
            against = None
        return Trial(against, scores.shadow(lake, one, other))

    return answers.read(SEE, "scores trial", filters, (fresh.id, fresh.revision, standing.id, standing.revision), ask)


def jobs() -> list[Job]:
    """Trainings of this world, the newest first. Raises ``Forbidden``."""
    guard.require(SEE)
    queue, world = wiring.accounts_store(), worlds.home().world
    return kept.while_unwritten(queue, ("scores jobs", world), lambda: work.training(queue, world))


def has_worker() -> bool:
    """Whether a worker answers. Raises ``Forbidden``."""
    guard.require(SEE)
    with wiring.accounts_store().reading() as session:
        return today.worker_item(session, now=wiring.now()) is None


def standing_on_scores() -> list[str]:
    """Names of the segments and tags with a condition on these scores. Raises ``Forbidden``."""
    guard.require(SEE)
    with worlds.home().store.reading() as session:
        return segment_work.users_of(session, "score")


def cutoff(on: date) -> date:
    """The last day that is known at a cut-off."""
    return date.fromordinal(on.toordinal() - 1)
