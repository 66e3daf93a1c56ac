"""Who fits a definition of people, how many, and who they are beside others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd

from core.periods import Period
from core.segments import language, sentence
from core.segments.reach import OPENID_CHANNELS, Account, Gate
from core.work import segments
from core.work.questions import reach
from core.work.questions import segments as question
from core.work.questions.reading import Reading
from core.work.questions.segments import Part
from dashboard.data import answers, freshness
from dashboard.data.answers import Answer
from dashboard.data.ground import stand
from dashboard.data.people import People
from dashboard.filters import Filters

__all__ = [
    "OPENID_CHANNELS", "SEE", "Account", "Answer", "Beside", "Gate", "Gated", "Measured", "Move", "Part", "Reached", "Side", "counted", "everything", "overlap", "people_of",
    "people_of_move", "people_of_overlap", "people_of_reach", "reached", "read_back",
]  # fmt: skip

SEE = "customers.see"
Definition = Mapping[str, Any]
Side = Literal["lost", "left"]


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


@dataclass(frozen=True, slots=True)
class Beside:
    """Two definitions: how many fit one alone, both, the other alone, and neither."""

    only_a: int
    both: int
    only_b: int
    neither: int

    def count(self, part: Part) -> int:
        found: int = getattr(self, part)
        return found

    @property
    def a(self) -> int:
        return self.only_a + self.both

    @property
    def b(self) -> int:
        return self.only_b + self.both

    @property
    def total(self) -> int:
        return self.a + self.only_b + self.neither

    @property
    def expected(self) -> float | None:
        """How many would fit both were the two independent; None where nobody fits one of them."""
        return self.a * self.b / self.total if self.a and self.b else None


def overlap(one: Definition, other: Definition) -> Answer[Beside]:
    """Two definitions against each other. Raises as ``counted``."""
    a, b = language.parse(dict(one)), language.parse(dict(other))

    def ask(lake: Reading) -> Beside:
        found = question.overlap(lake, a, b)
        return Beside(*(found.count(part) for part in ("only_a", "both", "only_b", "neither")))

    found = answers.read(SEE, "segment_overlap", everything(), (_key(one), _key(other)), ask)
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


@dataclass(frozen=True, slots=True)
class Gated:
    """A gate of a channel: how many it stopped, and how many are left after it."""

    gate: Gate
    lost: int
    left: int


@dataclass(frozen=True, slots=True)
class Reached:
    """``members``: of the segment. ``channels``: the gates that each has, in their order. ``cap``: messages, and in how many days.
    ``accounts``: which channel the openids of each source were taken to be of."""

    members: int
    channels: dict[str, tuple[Gated, ...]]
    cap: tuple[int, int]
    accounts: tuple[Account, ...]

    def reachable(self, channel: str) -> int:
        gates = self.channels[channel]
        return gates[-1].left if gates else self.members


def reached(definition: Definition) -> Answer[Reached]:
    """How many of those who fit can be reached on each channel, gate by gate. Raises as ``counted``."""
    node = language.parse(dict(definition))

    def ask(lake: Reading) -> Reached:
        found = reach.reach(lake, node)
        channels = {
            name: tuple(Gated(step.gate, step.lost_count, step.left_count) for step in one.steps if step.applies)
            for name, one in found.channels.items()
        }
        members = next((one.segment_count for one in found.channels.values()), 0)
        return Reached(members, channels, (found.cap.messages, found.cap.days), found.accounts)

    answer = answers.read(SEE, "segment_reach", everything(), _key(definition), ask)
    assert answer is not None
    return answer


def people_of_reach(definition: Definition, channel: str, gate: Gate, side: Side, figure: int) -> People:
    """Whom a gate of a channel stopped, or who is left after it. Raises as ``counted``."""
    node = language.parse(dict(definition))
    told = {"which": f"{channel}.{gate}.{side}", "tree": dict(definition)}

    def ask(lake: Reading) -> pd.DataFrame:
        found = reach.reach(lake, node, [channel])
        step = reach.step(found, channel, gate)
        return found.people(step.lost if side == "lost" else step.left)

    return answers.people("segment_reach", everything(), told, unit="rows", figure=figure, ask=ask)


Move = Literal["came", "gone"]


def people_of_move(segment_id: int, at: datetime, move: Move, figure: int) -> People:
    """Who had come into a live segment, or left it, by the size of ``at``. Raises ``Forbidden``, ``Unknown``."""
    ground = stand("people.see")

    def ask(_lake: Reading) -> pd.DataFrame:
        came, gone = segments.moved(ground.home, ground.operator, segment_id, at)
        found = np.array(came if move == "came" else gone, np.int64)
        return pd.DataFrame({"member_id": found, "value": np.ones(len(found), np.int64)})

    told = {"which": move, "of": segment_id, "at": at.isoformat()}
    return answers.people("segment_move", everything(), told, unit="rows", figure=figure, ask=ask)


def _key(definition: Definition) -> str:
    return language.text(language.parse(dict(definition)))


def read_back(
    definition: Definition, say: Callable[..., str], name: Callable[[str, Any], str], money: Callable[[Any], str]
) -> str:
    """The definition as one plain sentence, in the words that are handed over (``core.segments.sentence``)."""
    return sentence.told(language.parse(dict(definition)), say=say, name=name, money=money)
