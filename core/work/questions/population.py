"""Who is who, as kernels take it: members as dense codes, and where each one's moments stand in the runs of the timeline.

Made once per version of the identity map and kept, because every sequence question starts from it.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from core.lake.reader import Snapshot
from core.lake.timeline import Run
from core.sequences.arrays import Array, Int32s, Int64s
from core.sequences.subjects import NOBODY, Subjects

KEPT = 4
"""Populations of a process that are kept: the newest versions of both worlds and two that somebody still looks at."""


@dataclass(frozen=True, slots=True, eq=False)
class Seats:
    """Segments of a run that belong to members, by ascending member code."""

    segment: Int32s
    subject: Int32s


@dataclass(frozen=True, eq=False)
class Population:
    """``subjects``: member code by identity key. ``ids``: member id by code, ascending."""

    subjects: Subjects
    _seats: dict[str, Seats] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ids(self) -> Int64s:
        return self.subjects.ids

    def seats(self, run: Run) -> Seats:
        with self._lock:
            found = self._seats.get(run.id)
        if found is None:
            found = _seated(self.subjects.codes(run.key))
            with self._lock:
                self._seats[run.id] = found
        return found

    def keep_only(self, runs: list[Run]) -> None:
        """Forget seats in runs that are no longer read."""
        alive = {run.id for run in runs}
        with self._lock:
            for gone in self._seats.keys() - alive:
                del self._seats[gone]


_kept: OrderedDict[tuple[str, str, int], Population] = OrderedDict()
_lock = threading.Lock()


def of(snapshot: Snapshot) -> Population:
    """The population of the snapshot's identity map: members only, no visitors."""
    key = (str(snapshot.root), snapshot.manifest.lake_id, snapshot.manifest.tables.get("identity_map", -1))
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    members = snapshot.member_map()
    arrays = snapshot.stream(members.filter(members.is_known).select("identity_key", "member_id"))
    made = Population(Subjects.of(arrays["identity_key"], arrays["member_id"]))
    with _lock:
        _kept[key] = made
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return made


def _seated(codes: Int32s) -> Seats:
    segment: Array = np.flatnonzero(codes != NOBODY).astype(np.int32)
    subject = codes[segment]
    if np.any(subject[1:] < subject[:-1]):  # identities that came together after the run was made
        order = np.argsort(subject, kind="stable")
        segment, subject = segment[order], subject[order]
    return Seats(segment, subject)
