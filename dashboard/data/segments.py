"""Who fits a definition of people, how many, and who they are beside others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from core.periods import Period
from core.segments import language, sentence
from core.work.questions import segments as question
from core.work.questions.reading import Reading
from core.work.questions.segments import Overlap, Part
from dashboard.data import answers, freshness
from dashboard.data.answers import Answer
from dashboard.data.people import People
from dashboard.filters import Filters

__all__ = [
    "SEE",
    "Answer",
    "Measured",
    "Overlap",
    "Part",
    "counted",
    "everything",
    "overlap",
    "people_of",
    "people_of_overlap",
    "read_back",
]

SEE = "customers.see"
Definition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Measured:
    """``members``: how many fit; ``total``: all whom the asker may see."""

    members: int
    total: int


def everything() -> Filters:
    """All days there are, in the form of filters: definitions have windows of their own."""
    known = freshness.read(SEE)
    assert known.first_on is not None and known.as_of_on is not None
    return Filters(Period(known.first_on, known.as_of_on + timedelta(days=1)))


def counted(definition: Definition) -> Answer[Measured]:
    """How many fit, exactly. Raises ``Forbidden``, ``InvalidSegment``, ``Unknown`` and what a condition's model refuses."""
    node = language.parse(dict(definition))

    def ask(lake: Reading) -> Measured:
        return Measured(question.count(lake, node), int(np.count_nonzero(question.universe(lake))))

    found = answers.read(SEE, "segment", everything(), _key(definition), ask)
    assert found is not None
    return found


def people_of(definition: Definition, figure: int) -> People:
    """Those who fit. Raises as ``counted``."""
    node = language.parse(dict(definition))
    return answers.people(
        "segment", everything(), {"which": "fit", "tree": dict(definition)}, unit="rows", figure=figure,
        ask=lambda lake: question.people(lake, node),
    )  # fmt: skip


def overlap(one: Definition, other: Definition) -> Answer[Overlap]:
    """Two definitions against each other. Raises as ``counted``."""
    a, b = language.parse(dict(one)), language.parse(dict(other))
    found = answers.read(
        SEE, "segment_overlap", everything(), (_key(one), _key(other)), lambda lake: question.overlap(lake, a, b)
    )
    assert found is not None
    return found


def people_of_overlap(one: Definition, other: Definition, part: Part, figure: int) -> People:
    """Raises as ``counted``."""
    a, b = language.parse(dict(one)), language.parse(dict(other))
    told = {"which": part, "tree": dict(one), "other": dict(other)}
    return answers.people(
        "segment_overlap", everything(), told, unit="rows", figure=figure,
        ask=lambda lake: question.overlap(lake, a, b).people(part),
    )  # fmt: skip


def _key(definition: Definition) -> str:
    return language.text(language.parse(dict(definition)))


def read_back(
    definition: Definition, say: Callable[..., str], name: Callable[[str, Any], str], money: Callable[[Any], str]
) -> str:
    """The definition as one plain sentence, in the words that are handed over (``core.segments.sentence``)."""
    return sentence.told(language.parse(dict(definition)), say=say, name=name, money=money)
