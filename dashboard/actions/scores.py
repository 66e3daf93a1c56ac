"""The registry of models of scores: training asked for and stopped, models staged, promoted and taken back, looks taken at once."""

from core.work import scores, segments, tags
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.data.scores import Asked
from dashboard.web import wiring

WRITE = "scores.write"
LONGEST_NOTE = scores.LONGEST_NOTE
__all__ = ["LONGEST_NOTE", "WRITE", "cancel", "choose_auto", "look", "may", "promote", "roll_back", "stage", "train"]


def may() -> bool:
    """Whether to draw what changes models."""
    return guard.may(WRITE)


def train(asked: Asked) -> None:
    """Raises ``Forbidden``."""
    operator = guard.require(WRITE)
    scores.ask(worlds.home(), wiring.accounts_store(), operator, asked.target, asked.days, wiring.now())


def cancel(job_id: int) -> None:
    """Raises ``Forbidden``, ``InvalidScoreModel``."""
    scores.cancel(wiring.accounts_store(), guard.require(WRITE), job_id, wiring.now())


def stage(model_id: int) -> None:
    """Raises ``Forbidden``, ``InvalidScoreModel``, ``Unknown``."""
    scores.stage(worlds.home(), wiring.accounts_store(), guard.require(WRITE), model_id, wiring.now())


def promote(model_id: int, note: str) -> None:
    """What stands on scores is counted anew. Raises ``Forbidden``, ``InvalidScoreModel``, ``Unknown``."""
    operator = guard.require(WRITE)
    scores.promote(worlds.home(), wiring.accounts_store(), operator, model_id, wiring.now(), note=note)
    _count_anew()


def roll_back(asked: Asked, note: str) -> int:
    """The same. Returns the number of the model that is live again. Raises ``Forbidden``, ``InvalidScoreModel``."""
    operator, home = guard.require(WRITE), worlds.home()
    found = scores.roll_back(home, wiring.accounts_store(), operator, asked.target, asked.days, wiring.now(), note=note)
    _count_anew()
    return found


def choose_auto(is_auto: bool) -> None:
    """Raises ``Forbidden``."""
    scores.choose_auto(worlds.home(), wiring.accounts_store(), guard.require(WRITE), is_auto, wiring.now())


def look(model_id: int, kind: str) -> bool:
    """False where there was nothing to look at. Raises ``Forbidden``, ``UnfitForScores``, ``Unknown``."""
    return scores.look_now(worlds.home(), wiring.accounts_store(), guard.require(WRITE), model_id, kind, wiring.now())


def _count_anew() -> None:
    home, now = worlds.home(), wiring.now()
    for measure in (segments.refresh_all, tags.refresh_all):
        measure(home, now=now, on="score")
