"""States of a campaign and of its messages, and the only moves between them.

A message is one row of one recipient and channel. A row is born ``planned``, ``skipped`` (a gate said no) or ``holdout`` (never written to). It rests in a
state that is *open* (the campaign is not done with it), *awaited* (a platform has it, and tells later what became of it; a WeCom mass message waits
here for the employee who must send it), or *done*. Of what is done, ``unknown`` and ``dead`` are left again only by somebody's decision, or by a late
word of the platform about an ``unknown``; the others never.

Every row is in exactly one state, so that at the end rows = delivered + failed + skipped + cancelled + holdout + unknown + dead.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import Refusal


class InvalidMove(Refusal):
    """``machine`` (``campaign``, ``message``) does not go from ``state`` to ``target``."""

    code = "campaign.move"


@dataclass(frozen=True, slots=True)
class Machine:
    """``births``: the states in which something begins. ``moves``: of each state the states it may go to; none of a terminal one."""

    name: str
    births: frozenset[str]
    moves: Mapping[str, frozenset[str]]

    @property
    def states(self) -> frozenset[str]:
        return frozenset(self.moves)

    @property
    def terminal(self) -> frozenset[str]:
        return frozenset(state for state, targets in self.moves.items() if not targets)

    def allows(self, state: str, target: str) -> bool:
        return target in self.moves.get(state, ())

    def moved(self, state: str, target: str) -> str:
        """The new state. Raises ``InvalidMove``, also for a state that there is not and for staying."""
        if not self.allows(state, target):
            known = {name: one if one in self.moves else "" for name, one in (("state", state), ("target", target))}
            raise InvalidMove(f"A {self.name} does not go there.", machine=self.name, **known)
        return target


def _table(rows: Mapping[str, str]) -> dict[str, frozenset[str]]:
    return {state: frozenset(targets.split()) for state, targets in rows.items()}


CAMPAIGN = Machine(
    "campaign",
    frozenset({"draft"}),
    _table(
        {
            "draft": "in_review cancelled failed",
            "in_review": "approved draft cancelled failed",
            "approved": "scheduled draft cancelled failed",
            "scheduled": "materialising draft cancelled failed",
            "materialising": "sending cancelled failed",
            "sending": "paused completed cancelled failed",
            "paused": "sending completed cancelled failed",
            "completed": "sending",
            "cancelled": "",
            "failed": "",
        }
    ),
)
"""``completed`` is left only where somebody decides to send again what is ``unknown`` or ``dead``. Back to ``draft``: sent back by who reviews, or edited, which voids an approval. From ``materialising`` on nothing is edited."""

MESSAGE = Machine(
    "message",
    frozenset({"planned", "skipped", "holdout"}),
    _table(
        {
            "planned": "reserved held skipped cancelled unknown",
            "held": "planned reserved skipped cancelled unknown",
            "reserved": "planned held sending accepted delivered failed skipped cancelled unknown dead",
            "sending": "planned held accepted delivered failed unknown dead",
            "accepted": "delivered failed cancelled unknown",
            "unknown": "planned accepted delivered failed",
            "dead": "planned",
            "delivered": "",
            "failed": "",
            "skipped": "",
            "cancelled": "",
            "holdout": "",
        }
    ),
)
"""``reserved`` -> ``planned``: the lease ran out, or the provider refused for now and may be asked again; -> ``held``: not before a time that is known. Straight from ``reserved`` to an end: the provider
knows a message by its key, so that no intent (``sending``) need be written first. From ``sending`` nothing is cancelled: the message is on the wire.
What waits becomes ``unknown`` only where the store turns out to be older than what happened (``core.work.campaigns.restored``).
``accepted`` -> ``cancelled``: the platform took it back before anybody sent it. ``unknown`` and ``dead`` -> ``planned``: somebody decided to send again."""

OPEN = frozenset({"planned", "held", "reserved", "sending"})
"""The campaign is not complete while a row is in one of these."""
IN_FLIGHT = frozenset({"reserved", "sending"})
"""In a worker's hand: what a pause or a cancel may come too late for."""
AWAITED = frozenset({"accepted"})
DONE = frozenset({"delivered", "failed", "skipped", "cancelled", "holdout", "unknown", "dead"})
DECIDED_BY_PERSON = frozenset({"unknown", "dead"})
"""Done, and somebody may decide otherwise."""
MAY_HAVE_ARRIVED = frozenset({"reserved", "sending", "accepted", "delivered", "unknown"})
"""What a cap counts: reserved slots too, so that two campaigns at once do not both pass."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows of a campaign by state; a state that no row is in counts 0. Raises ``ValueError`` for a state that there is not, or a count below 0."""

    counts: Mapping[str, int]

    def __post_init__(self) -> None:
        if not MESSAGE.states >= self.counts.keys() or any(count < 0 for count in self.counts.values()):
            raise ValueError("Rows are counted by the states of messages.")

    def of(self, states: frozenset[str]) -> int:
        return sum(count for state, count in self.counts.items() if state in states)

    @property
    def rows(self) -> int:
        return sum(self.counts.values())

    @property
    def is_complete(self) -> bool:
        """Nothing is left to be sent."""
        return self.of(OPEN) == 0

    @property
    def is_settled(self) -> bool:
        """Complete, and no word of a platform is awaited."""
        return self.of(DONE) == self.rows

    def lost(self, rows: int) -> int:
        """By how much the states fall short of ``rows``, the recipients once planned. 0 always, or rows were lost (above 0) or doubled (below)."""
        return rows - self.of(OPEN) - self.of(AWAITED) - self.of(DONE)


def after(state: str, tally: Tally) -> str:
    """What a campaign's state is once its rows stand so: ``completed`` for one that sends or is paused and has nothing open, else as it was. Counted
    from rows, never told by a worker that believes to be through."""
    return "completed" if CAMPAIGN.allows(state, "completed") and tally.is_complete else state
