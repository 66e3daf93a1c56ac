"""Who is who, as kernels take it: members as dense codes, and where each one's moments stand in the runs of the timeline.

Made once per version of the identity map and kept, because every sequence question starts from it.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

import ibis.expr.types as ir
import numpy as np

from core.lake.reader import Snapshot
from core.lake.timeline import Run
from core.sequences.arrays import Array, Int32s, Int64s
from core.sequences.subjects import NOBODY, Subjects
from core.work.questions.kept import per_version

Flags = Array
"""One boolean per member code."""
KEPT = 4
"""Populations of a process that are kept: the newest versions of both worlds and two that somebody still looks at."""

MOST_RUNS = 512
"""Runs whose seats a population keeps; the oldest go first."""


@dataclass(frozen=True, slots=True, eq=False)
class Seats:
    """Segments of a run that belong to members, by ascending member code. ``before``: moments before each, and of all."""

    segment: Int32s
    subject: Int32s
    before: Int64s

    def of(self, chosen: Array) -> "Seats":
        """Only those of the member codes for which ``chosen`` is true."""
        kept = chosen[self.subject]
        return Seats(self.segment[kept], self.subject[kept], _before(np.diff(self.before)[kept]))


@dataclass(frozen=True, eq=False)
class Population:
    """``subjects``: member code by identity key. ``ids``: member id by code, ascending."""

    subjects: Subjects
    _seats: OrderedDict[str, Seats] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ids(self) -> Int64s:
        return self.subjects.ids

    def current(self, member_ids: Int64s) -> Int64s:
        """What members of another time are called now, one by one: a member who became part of an older one has its id. ``NOBODY``
        for those who are none any more."""
        codes = self.subjects.codes(member_ids)  # a member's id is the key of its oldest identity
        at = np.minimum(np.searchsorted(self.ids, member_ids), len(self.ids) - 1)
        is_one = self.ids[at] == member_ids if len(self.ids) else np.zeros(len(member_ids), bool)
        found = np.where(codes == NOBODY, NOBODY, self.ids[codes] if len(self.ids) else NOBODY)
        return np.where(is_one, member_ids, found)

    def seats(self, run: Run) -> Seats:
        with self._lock:
            found = self._seats.get(run.id)
        if found is None:
            found = _seated(self.subjects.codes(run.key), run.offset)
            with self._lock:
                self._seats[run.id] = found
                while len(self._seats) > MOST_RUNS:
                    self._seats.popitem(last=False)
        return found


@per_version("identity_map", most=KEPT)
def of(snapshot: Snapshot) -> Population:
    """The population of the snapshot's identity map: members only, no visitors."""
    arrays = snapshot.stream(links(snapshot))
    return Population(Subjects.of(arrays["identity_key"], arrays["member_id"]))


def links(snapshot: Snapshot) -> ir.Table:
    """``identity_key``, ``member_id`` of members, visitors left out."""
    members = snapshot.member_map()
    return members.filter(members.is_known).select("identity_key", "member_id")


def _seated(codes: Int32s, offset: Int64s) -> Seats:
    segment: Array = np.flatnonzero(codes != NOBODY).astype(np.int32)
    subject = codes[segment]
    if np.any(subject[1:] < subject[:-1]):  # identities that came together after the run was made
        order = np.argsort(subject, kind="stable")
        segment, subject = segment[order], subject[order]
    return Seats(segment, subject, _before(np.diff(offset)[segment]))


def _before(sizes: Int64s) -> Int64s:
    return np.concatenate(([0], np.cumsum(sizes)))


def marked(codes: Array, members: int) -> Flags:
    """Which of so many member codes are among these."""
    found = np.zeros(members, bool)
    found[codes] = True
    return found
