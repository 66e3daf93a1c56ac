"""Dense codes for the subjects of a stream: which of 0, 1, 2 … a member or session is.

A hash table of our own, because joining the identity map inside the engine costs as much as the whole rest of the
question.
"""
# mypy: disable-error-code="no-untyped-def"

from dataclasses import dataclass

import numpy as np
from numba import njit

from core.sequences.arrays import Int32s, Int64s, frozen

NOBODY = -1
"""Code of a key that belongs to no subject. Streams leave such events out."""

_FREE = np.int32(-1)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, eq=False)
class Subjects:
    """Which subject a key belongs to.

    ``ids``: id of each subject by its code, ascending. Several keys may belong to one subject.
    """

    ids: Int64s
    _keys: Int64s
    _codes: Int32s

    @classmethod
    def of(cls, keys: Int64s, ids: Int64s) -> "Subjects":
        """From pairs of key and subject id (``identity_map``). Raises ``ValueError`` when a key stands twice with two
        ids."""
        distinct, codes = np.unique(np.asarray(ids, np.int64), return_inverse=True)
        size = 16
        while size < 2 * len(keys):
            size *= 2
        slots = np.zeros(size, np.int64)
        held = np.full(size, _FREE, np.int32)
        if not _fill(frozen(keys, np.int64), frozen(codes, np.int32), slots, held):
            raise ValueError("a key belongs to two subjects")
        return cls(distinct, slots, held)

    def codes(self, keys: Int64s) -> Int32s:
        """Code of the subject of each key; ``NOBODY`` where the key is unknown."""
        found = np.empty(len(keys), np.int32)
        _find(frozen(keys, np.int64), frozen(self._keys, np.int64), frozen(self._codes, np.int32), found)
        return found

    def __len__(self) -> int:
        return len(self.ids)


@njit(nogil=True, cache=True)
def _slot(key, size):
    mixed = np.uint64(key) * _SPREAD
    return np.int64((mixed ^ (mixed >> np.uint64(32))) & np.uint64(size - 1))


@njit(nogil=True, cache=True)
def _fill(keys, codes, slots, held):
    last = slots.size - 1
    for i in range(keys.size):
        at = _slot(keys[i], slots.size)
        while held[at] != _FREE and slots[at] != keys[i]:
            at = (at + 1) & last
        if held[at] != _FREE and held[at] != codes[i]:
            return False
        slots[at] = keys[i]
        held[at] = codes[i]
    return True


@njit(nogil=True, cache=True)
def _find(keys, slots, held, found):
    last = slots.size - 1
    for i in range(keys.size):
        at = _slot(keys[i], slots.size)
        while held[at] != _FREE and slots[at] != keys[i]:
            at = (at + 1) & last
        found[i] = held[at]


def warm() -> None:
    """Compile or load the kernels of this module."""
    Subjects.of(np.array([7], np.int64), np.array([1], np.int64)).codes(np.array([7, 8], np.int64))
