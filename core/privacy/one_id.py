"""One-id: which identities belong to one person. Arrays in, arrays out.

A member is a connected component of identities that were seen together. What does not connect:

- a **blocked** identity: somebody said that it names nobody (a phone of zeros);
- a **shared** identity: linked to more than ``limit`` distinct identities of one other kind, as a store phone is to customers.
  Kinds are types within a namespace, so one phone with one customer number in each of ten shops is not shared. Blocked identities,
  cookies and the identity's own kind are not counted, and limits are judged on the evidence alone, all at once, so that no
  order matters;
- a link that would bring the two ends of a **cut** pair into one member;
- a link of an **anonymous** identity that would join two known persons: a browser belongs to one person, the one it was first
  seen with.

Merges made by a person connect before any evidence, and whatever the limits say; only blocks and cuts are stronger. Links between
known identities connect in any order. Links that touch an anonymous identity, and all links of a component in which a cut would be
broken, are taken oldest first (unknown times last; ties by the order in which the identities arrived).

A component is named by the identity that arrived first, so the name stays when components merge and comes back when a merge is
undone.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
Smalls = NDArray[np.int16]
Codes = NDArray[np.int8]
Flags = NDArray[np.bool_]

NEVER: Final = np.iinfo(np.int64).max
"""``seen`` of a link without a time."""

CONNECTS, BLOCKED, SHARED, UNKNOWN, CUT, ANONYMOUS = range(6)
"""Why an identity (the first three) or a link does not connect. ``UNKNOWN``: an end of the link is no identity of the lake."""
REASONS = ("connects", "blocked", "shared", "unknown", "cut", "anonymous")


def _nothing() -> Longs:
    return np.empty(0, np.int64)


def _no_pairs() -> Longs:
    return np.empty((0, 2), np.int64)


@dataclass(frozen=True, slots=True)
class Identities:
    """Distinct identities, oldest first. ``kind`` indexes ``limit`` and ``is_anonymous``, which have one entry per kind.

    ``limit``: with how many distinct identities of any one other kind an identity of this kind may be seen.
    """

    key: Longs
    kind: Smalls
    limit: Longs
    is_anonymous: Flags


@dataclass(frozen=True, slots=True)
class Links:
    """Pairs of identities seen together, in any order; repeats and self-links do no harm. ``seen``: any clock, or ``NEVER``."""

    left: Longs
    right: Longs
    seen: Longs


@dataclass(frozen=True, slots=True)
class Decisions:
    """What persons decided and did not take back. ``merged`` and ``cut``: one pair of keys per row, oldest first."""

    blocked: Longs = field(default_factory=_nothing)
    merged: Longs = field(default_factory=_no_pairs)
    cut: Longs = field(default_factory=_no_pairs)


@dataclass(frozen=True, slots=True)
class Resolved:
    """``member_id``, ``is_known``, ``left_out`` and ``crowd`` per identity; ``link_left_out`` per link.

    ``is_known``: the member has an identity that connects and is not anonymous. ``crowd``: for a shared identity, how many
    identities of one kind it was seen with at most; else 0.
    """

    member_id: Longs
    is_known: Flags
    left_out: Codes
    crowd: Longs
    link_left_out: Codes


def resolve(identities: Identities, links: Links, decisions: Decisions) -> Resolved:
    """Assign every identity to a member. Needs about 60 bytes per identity and 40 per link."""
    key, anonymous = identities.key, identities.is_anonymous[identities.kind]
    slots = _index(key)
    left, right = _positions(slots, key, links.left), _positions(slots, key, links.right)
    blocked = _marked(len(key), _positions(slots, key, decisions.blocked))
    crowd = _crowds(identities, left, right, blocked, anonymous)
    left_out = np.where(blocked, BLOCKED, np.where(crowd > 0, SHARED, CONNECTS)).astype(np.int8)
    why = _link_reasons(left, right, left_out)

    cut_left, cut_right = _pairs(slots, key, decisions.cut)
    merged_left, merged_right = _pairs(slots, key, decisions.merged)
    may = ~(blocked[merged_left] | blocked[merged_right])
    merged_left, merged_right = merged_left[may], merged_right[may]

    parent = np.arange(len(key), dtype=np.int32)
    no_why = np.zeros(len(merged_left), np.int8)
    _join(parent, merged_left, merged_right, no_why)
    touches_anonymous = _touching(left, right, anonymous, why)
    _join(parent, left, right, np.where(touches_anonymous, ANONYMOUS, why).astype(np.int8))
    known = _known(parent, anonymous, left_out)
    if len(cut_left):
        _mend(parent, known, (merged_left, merged_right), (left, right, links.seen, touches_anonymous, why), (cut_left, cut_right))
        known = _known(parent, anonymous, left_out)
    late = _oldest_first(np.flatnonzero(touches_anonymous & (why == CONNECTS)), left, right, links.seen)
    _join_in_order(parent, known, left, right, why, late, True, cut_left, cut_right)
    _flatten(parent)
    return Resolved(key[parent], _known(parent, anonymous, left_out)[parent], left_out, crowd, why)
