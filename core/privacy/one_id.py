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
from numba import njit
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


def oldest(key: Longs, batch_id: Longs, row_number: Longs) -> Longs:
    """Positions of the first sighting of every key, in the order of arrival; equal arrivals by key."""
    arrived = (batch_id.astype(np.int64) << 32) + row_number
    order = np.arange(len(key)) if np.all(arrived[1:] > arrived[:-1]) else np.lexsort((key, arrived))
    return order[_first_of_each(key[order])]


def resolve(identities: Identities, links: Links, decisions: Decisions) -> Resolved:
    """Assign every identity to a member."""
    key, anonymous = identities.key, identities.is_anonymous[identities.kind]
    slots = _index(key)
    left, right = _positions(slots, key, links.left), _positions(slots, key, links.right)
    blocked = _marked(len(key), _positions(slots, key, decisions.blocked))
    crowd = _crowds(identities, left, right, blocked, anonymous)
    left_out = np.where(blocked, BLOCKED, np.where(crowd > 0, SHARED, CONNECTS)).astype(np.int8)
    why = _link_reasons(left, right, left_out)
    is_late = _touching(left, right, anonymous, why)
    cuts = _pairs(slots, key, decisions.cut)
    merges = _pairs(slots, key, decisions.merged)
    may_merge = ~(blocked[merges[0]] | blocked[merges[1]])
    merges = merges[0][may_merge], merges[1][may_merge]
    every_merge = np.arange(len(merges[0]))

    parent = np.arange(len(key), dtype=np.int32)
    _join(parent, *merges, np.zeros(len(every_merge), np.int8))
    _join(parent, left, right, np.where(is_late, ANONYMOUS, why))
    torn = _torn(parent, *cuts)
    if torn.any():
        known = np.zeros(len(key), np.bool_)  # between known identities only cuts can forbid a join
        parent[torn] = np.flatnonzero(torn)
        again = np.flatnonzero(~is_late & (why == CONNECTS) & torn[left] & torn[right])
        _join_in_order(parent, known, *merges, every_merge, np.zeros(len(every_merge), np.int8), *cuts)
        _join_in_order(parent, known, left, right, _oldest_first(again, left, right, links.seen), why, *cuts)
    known = _known_roots(parent, anonymous, left_out)
    late = _oldest_first(np.flatnonzero(is_late), left, right, links.seen)
    _join_in_order(parent, known, left, right, late, why, *cuts)
    known = _known_roots(parent, anonymous, left_out)
    return Resolved(key[parent], known[parent], left_out, crowd, why)


def _pairs(slots: Ints, key: Longs, pairs: Longs) -> tuple[Ints, Ints]:
    """Positions of both ends, of those pairs whose ends are both known to the lake."""
    left, right = _positions(slots, key, pairs[:, 0].copy()), _positions(slots, key, pairs[:, 1].copy())
    both = (left >= 0) & (right >= 0)
    return left[both], right[both]


def _marked(size: int, positions: Ints) -> Flags:
    marks = np.zeros(size, np.bool_)
    marks[positions[positions >= 0]] = True
    return marks


def _crowds(identities: Identities, left: Ints, right: Ints, blocked: Flags, anonymous: Flags) -> Longs:
    """Per identity that breaks its limit, the largest number of distinct identities of one other kind it was seen with; else 0."""
    size, kind, limit = len(identities.key), identities.kind, identities.limit
    crowd = np.zeros(size, np.int64)
    # Few identities have so many links at all; only theirs are worth sorting.
    suspects = _degrees(size, left, right) > limit[kind]
    node, other = _beside(suspects, left, right)
    counts = ~blocked[node] & ~blocked[other] & ~anonymous[other] & (kind[node] != kind[other])
    pairs = np.unique(node[counts].astype(np.int64) * size + other[counts])
    node, other = pairs // max(size, 1), pairs % max(size, 1)
    groups, sizes = np.unique(node * len(limit) + kind[other], return_counts=True)
    node = groups // max(len(limit), 1)
    over = sizes > limit[kind[node]]
    np.maximum.at(crowd, node[over], sizes[over])
    return crowd


def _oldest_first(which: Longs, left: Ints, right: Ints, seen: Longs) -> Longs:
    """The links at these positions, ordered by time; equal times by arrival of the older end, then of the younger one."""
    a, b = left[which].astype(np.int64), right[which].astype(np.int64)
    pair = (np.minimum(a, b) << 32) + np.maximum(a, b)
    return which[np.lexsort((pair, seen[which]))]


def _torn(parent: Ints, cut_left: Ints, cut_right: Ints) -> Flags:
    """Identities of the components that hold both ends of a cut pair."""
    broken = np.zeros(len(parent), np.bool_)
    if not len(cut_left):
        return broken
    _flatten(parent)
    broken[parent[cut_left[parent[cut_left] == parent[cut_right]]]] = True
    return broken[parent]


def _known_roots(parent: Ints, anonymous: Flags, left_out: Codes) -> Flags:
    """Marks the roots of components with an identity that connects and is not anonymous. Flattens the forest."""
    _flatten(parent)
    return _marked(len(parent), parent[~anonymous & (left_out == CONNECTS)])


# -- kernels: a hash table over keys, and a forest whose roots are the oldest of their tree ---------------------------


@njit(cache=True, nogil=True)
def _slot(key: int, shift: int) -> np.int64:
    return np.int64((np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(shift))


@njit(cache=True, nogil=True)
def _index(keys: Longs) -> Ints:
    """Open addressing, at most half full: slot -> position, or -1."""
    bits = 4
    while (1 << bits) < 2 * len(keys):
        bits += 1
    slots = np.full(1 << bits, -1, np.int32)
    for position in range(len(keys)):
        slot = _slot(keys[position], 64 - bits)
        while slots[slot] >= 0:
            slot = (slot + 1) & (len(slots) - 1)
        slots[slot] = position
    return slots


@njit(cache=True, nogil=True)
def _first_of_each(keys: Longs) -> Flags:
    """Marks the first occurrence of every key."""
    bits = 4
    while (1 << bits) < 2 * len(keys):
        bits += 1
    slots = np.full(1 << bits, -1, np.int32)
    first = np.zeros(len(keys), np.bool_)
    for position in range(len(keys)):
        slot = _slot(keys[position], 64 - bits)
        while slots[slot] >= 0 and keys[slots[slot]] != keys[position]:
            slot = (slot + 1) & (len(slots) - 1)
        if slots[slot] < 0:
            slots[slot] = position
            first[position] = True
    return first


@njit(cache=True, nogil=True)
def _positions(slots: Ints, keys: Longs, wanted: Longs) -> Ints:
    """Position of each wanted key, or -1."""
    bits = 0
    while (1 << bits) < len(slots):
        bits += 1
    found = np.empty(len(wanted), np.int32)
    for i in range(len(wanted)):
        slot = _slot(wanted[i], 64 - bits)
        while slots[slot] >= 0 and keys[slots[slot]] != wanted[i]:
            slot = (slot + 1) & (len(slots) - 1)
        found[i] = slots[slot]
    return found


@njit(cache=True, nogil=True)
def _link_reasons(left: Ints, right: Ints, left_out: Codes) -> Codes:
    why = np.zeros(len(left), np.int8)
    for i in range(len(left)):
        if left[i] < 0 or right[i] < 0:
            why[i] = UNKNOWN
        elif left_out[left[i]] == BLOCKED or left_out[right[i]] == BLOCKED:
            why[i] = BLOCKED
        elif left_out[left[i]] == SHARED or left_out[right[i]] == SHARED:
            why[i] = SHARED
    return why


@njit(cache=True, nogil=True)
def _touching(left: Ints, right: Ints, anonymous: Flags, why: Codes) -> Flags:
    touches = np.zeros(len(left), np.bool_)
    for i in range(len(left)):
        touches[i] = why[i] == CONNECTS and (anonymous[left[i]] or anonymous[right[i]])
    return touches


@njit(cache=True, nogil=True)
def _degrees(size: int, left: Ints, right: Ints) -> Ints:
    degrees = np.zeros(size, np.int32)
    for i in range(len(left)):
        if left[i] >= 0 and right[i] >= 0:
            degrees[left[i]] += 1
            degrees[right[i]] += 1
    return degrees


@njit(cache=True, nogil=True)
def _beside(suspects: Flags, left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Links of the suspects: each suspect, and the identity at the other end."""
    count = 0
    for i in range(len(left)):
        if left[i] >= 0 and right[i] >= 0:
            count += suspects[left[i]] + suspects[right[i]]
    node, other = np.empty(count, np.int32), np.empty(count, np.int32)
    at = 0
    for i in range(len(left)):
        if left[i] < 0 or right[i] < 0:
            continue
        if suspects[left[i]]:
            node[at], other[at] = left[i], right[i]
            at += 1
        if suspects[right[i]]:
            node[at], other[at] = right[i], left[i]
            at += 1
    return node, other


@njit(cache=True, nogil=True)
def _root(parent: Ints, node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@njit(cache=True, nogil=True)
def _join(parent: Ints, left: Ints, right: Ints, why: Codes) -> None:
    """Join the ends of every link without a reason against it."""
    for i in range(len(left)):
        if why[i] == CONNECTS:
            a, b = _root(parent, left[i]), _root(parent, right[i])
            parent[max(a, b)] = min(a, b)


@njit(cache=True, nogil=True)
def _join_in_order(
    parent: Ints, known: Flags, left: Ints, right: Ints, order: Longs, why: Codes, cut_left: Ints, cut_right: Ints
) -> None:
    """Join link by link, unless it would break a cut or join two known persons; notes which in ``why``.

    ``known`` marks roots, and is kept up to date.
    """
    has_cut = np.zeros(len(parent), np.bool_)
    for c in range(len(cut_left)):
        has_cut[_root(parent, cut_left[c])] = True
        has_cut[_root(parent, cut_right[c])] = True
    for i in order:
        a, b = _root(parent, left[i]), _root(parent, right[i])
        if a == b:
            continue
        if known[a] and known[b]:
            why[i] = ANONYMOUS
            continue
        if has_cut[a] and has_cut[b] and _is_cut(parent, a, b, cut_left, cut_right):
            why[i] = CUT
            continue
        older, younger = min(a, b), max(a, b)
        parent[younger] = older
        known[older] |= known[younger]
        has_cut[older] |= has_cut[younger]


@njit(cache=True, nogil=True)
def _is_cut(parent: Ints, a: int, b: int, cut_left: Ints, cut_right: Ints) -> bool:
    for c in range(len(cut_left)):
        x, y = _root(parent, cut_left[c]), _root(parent, cut_right[c])
        if (x == a and y == b) or (x == b and y == a):
            return True
    return False


@njit(cache=True, nogil=True)
def _flatten(parent: Ints) -> None:
    # A parent is always older than its child, so it is already flat when the child's turn comes.
    for node in range(len(parent)):
        parent[node] = parent[parent[node]]


def warm() -> None:
    """Load or compile the kernels of this module: a second and more in a process that has not used them yet."""
    key, one, flag = np.array([1, 2], np.int64), np.ones(2, np.int64), np.zeros(2, np.bool_)
    identities = Identities(key[oldest(key, one, key)], np.zeros(2, np.int16), one, flag)
    resolve(identities, Links(key[:1], key[1:], one[:1]), Decisions())
