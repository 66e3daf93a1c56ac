"""Reach: which of a segment's members a message on a channel may and can get to, gate after gate.

The order of the gates is the order of the losses: whoever fails several is lost at the first. Consent is one of them always, and
its default is no. A gate that a channel does not have lets everybody through.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.sequences.arrays import Array

Gate = Literal["trial", "minor", "consent", "identity", "friend", "quota", "cap"]
GATES: tuple[Gate, ...] = ("trial", "minor", "consent", "identity", "friend", "quota", "cap")
CHANNELS = ("wecom", "official_account", "mini_program", "group_chat", "sms", "email", "phone")
"""Channels on which somebody can be written to or called, in the order of pages; no other has an identity to send to."""
CHILD_AGE = 14
"""Consent is one's own from the 14th birthday on. Only the year of birth is known: who turns 14 this year may still be a child, and whoever
may be one is never written to."""
PURPOSE = "marketing"
IDENTITY_OF = {
    "wecom": "external_userid", "official_account": "openid", "mini_program": "openid", "sms": "phone", "phone": "phone",
    "email": "email",
}  # fmt: skip
"""Type of identity that a channel sends to. An account has openids of its own: only those of sources whose ``Account`` is of the channel."""
OPENID = "openid"
OPENID_CHANNELS = tuple(channel for channel, kind in IDENTITY_OF.items() if kind == OPENID)
ANY_MONTH = 31
OF_MONTH: Mapping[str, int] = {"wecom": ANY_MONTH, "official_account": 4}
"""Messages that the platform lets one person get in a calendar month; ``ANY_MONTH`` = as many as the month has days. Group chats are
counted by the group, and the others by nobody."""


@dataclass(frozen=True, slots=True)
class Cap:
    """At most ``messages`` in ``days`` rolling business days, on all channels together (rule of thumb)."""

    messages: int = 4
    days: int = 7


USUAL_CAP = Cap()


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """What a gate makes of whom it is asked about: ``left``, who is still in after it, ``lost``, who was stopped by it; by code."""

    left: Array
    lost: Array

    @property
    def left_count(self) -> int:
        return int(np.count_nonzero(self.left))

    @property
    def lost_count(self) -> int:
        return int(np.count_nonzero(self.lost))


@dataclass(frozen=True, slots=True, eq=False)
class Step(Sides):
    """``applies``: whether the channel has the gate at all."""

    gate: Gate
    applies: bool


@dataclass(frozen=True, slots=True, eq=False)
class Waterfall:
    """``segment``: who is in the segment, by member code; ``steps``: every gate, in order. Each step's left and lost are the left of
    the one before."""

    segment: Array
    steps: tuple[Step, ...]

    @property
    def reachable(self) -> Array:
        return self.steps[-1].left if self.steps else self.segment

    @property
    def segment_count(self) -> int:
        return int(np.count_nonzero(self.segment))

    @property
    def reachable_count(self) -> int:
        return int(np.count_nonzero(self.reachable))

    def step(self, gate: Gate) -> Step:
        return self.steps[GATES.index(gate)]


def waterfall(segment: Array, passing: Mapping[Gate, Array | None]) -> Waterfall:
    """``passing``: who passes each gate, by member code; None where the channel has no such gate."""
    left, steps = segment, []
    for gate in GATES:
        passes = passing[gate]
        after = left if passes is None else left & passes
        steps.append(Step(after, left & ~after, gate, passes is not None))
        left = after
    return Waterfall(segment, tuple(steps))


@dataclass(frozen=True, slots=True)
class Account:
    """A source of openids. ``channel``: the one they are taken to be of, None where nothing tells. ``share``: of the source's rows that name a channel,
    how many name this one; None where none does and the source is called after it (``mini_program``, ``mini_program_2``)."""

    source: str
    channel: str | None
    share: float | None = None


def account(source: str, rows: Mapping[str, int]) -> Account:
    """``rows``: how many rows of the source name each channel. Of the channels that send to openids that of most rows, of as many that which
    the source is called after."""
    named = [one for one in OPENID_CHANNELS if source == one or source.startswith((f"{one}_", f"{one}-"))]
    told = [one for one in OPENID_CHANNELS if rows.get(one)]
    if not told:
        return Account(source, named[0] if named else None)
    channel = max(told, key=lambda one: (rows[one], one in named))
    return Account(source, channel, rows[channel] / sum(rows.values()))


def is_of_channel(channel: str, identity_type: str, namespace: str, accounts: Iterable[Account]) -> bool:
    """Whether an identity is one that the channel sends to."""
    if IDENTITY_OF.get(channel) != identity_type:
        return False
    return identity_type != OPENID or any(one.source == namespace and one.channel == channel for one in accounts)


def newest(members: int, who: Array, order: Sequence[Array], value: Array) -> Array:
    """Of each member code the value of its last row by ``order``, the first column deciding first; False where there is none."""
    found = np.zeros(members, bool)
    place = np.lexsort(tuple(reversed(order)))
    found[who[place]] = value[place]
    return found


def quota_of(channel: str, days_of_month: int) -> int | None:
    """Messages that a person may get on the channel in a month; None = as many as one likes."""
    most = OF_MONTH.get(channel)
    return days_of_month if most == ANY_MONTH else most
