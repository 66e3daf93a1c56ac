"""Matching scores for the Content page: whom a piece or a product fits, and whether the score can be trusted."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from core.metrics.matching import FAMILIES, HALF_LIFE_DAYS, Profiles, Trial
from core.work.questions import matching
from core.work.questions.matching import BINS, KNOWN_DAYS, TRIAL_DAYS, Choice, Evaluation, Kind, Matched
from dashboard.data import answers, people
from dashboard.data.answers import Answer
from dashboard.data.ground import Ground, stand
from dashboard.data.people import People
from dashboard.filters import Filters
from dashboard.web import kept

__all__ = [
    "BINS", "FAMILIES", "HALF_LIFE_DAYS", "KNOWN_DAYS", "LEAST", "TOP_SHARE", "TRIAL_DAYS", "Answer", "Choice", "Evaluation", "Fit", "Matched",
    "Trial", "choices", "evaluated", "fit", "fitting", "links",
]  # fmt: skip

SEE = "content.see"
LEAST = (0.8, 0.6, 0.4)
"""Scores from which members are counted."""
TOP_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class Fit:
    """A piece's scores as the page shows them."""

    matched: Matched

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many members each list holds: the top tenth (``top``), and from a score up (``from_80``)."""
        score = self.matched.frame["score"]
        found = {"top": round(len(score) * TOP_SHARE)}
        return found | {name_of(least): int((score >= least).sum()) for least in LEAST}


def name_of(least: float) -> str:
    return f"from_{least * 100:.0f}"


def choices(asked: Filters) -> Answer[list[Choice]] | None:
    """What a score can be asked for. Raises ``Forbidden``."""
    return answers.read(SEE, "matching_choices", asked, "", matching.choices)


def fit(asked: Filters, kind: Kind, key: str) -> Answer[Fit] | None:
    """None where there are no tags to match. Raises ``Forbidden``."""
    ground = stand(SEE)
    return _fit(key=f"{ground.key}|{asked}|{kind}|{key}", _ground=ground, _asked=asked, _kind=kind, _of=key)


def evaluated(asked: Filters) -> Answer[Evaluation] | None:
    """None where there is too little to tell. Raises ``Forbidden``."""
    return answers.read(SEE, "matching_trial", asked, "", matching.evaluated)


def fitting(asked: Filters, answer: Answer[Fit], which: str) -> People:
    """Members of a list of ``Fit.counts``; the value is the score in hundredths. Raises ``Forbidden``."""
    ground = stand("people.see")
    found, count = answer.found.matched, answer.found.counts[which]
    frame = pd.DataFrame(
        {"member_id": found.frame["member_id"], "value": (100 * found.frame["score"]).round().astype("int64")}
    ).iloc[:count]
    told = people.definition(asked) | {
        "kind": "matching", "metric": f"matching-{which}", "of": found.kind, "key": found.key, "which": which,
    }  # fmt: skip
    return People(
        f"{answer.key}|{which}",
        frame,
        told,
        "members",
        "ms",
        int(frame["value"].sum()),
        count,
        answer.currency,
        ground.version,
    )


def links(member_ids: pd.Series) -> list[str]:
    """Where the pages of members are. Raises ``Forbidden``."""
    stand("people.see")
    return people.links(member_ids)


@kept.by_key(2)
def _tagged(key: str, _ground: Ground, _asked: Filters) -> Profiles | None:  # noqa: ARG001 - what it is kept by
    with _ground.open(_asked) as lake:
        return matching.known(lake)


@kept.by_key(4)
def _fit(key: str, _ground: Ground, _asked: Filters, _kind: Kind, _of: str) -> Answer[Fit] | None:
    tagged = _tagged(key=f"{_ground.key}|{_asked}", _ground=_ground, _asked=_asked)
    if tagged is None:
        return None
    with _ground.open(_asked) as lake:
        found = matching.matched(lake, _kind, _of, tagged)
        assert found is not None and lake.as_of is not None
        return Answer(key, Fit(found), lake.as_of, lake.zone, _ground.version, lake.currency)
