"""Where members are written to: of several identities that a channel sends to the one that was seen last, ties by key."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.lake.reader import Snapshot
from core.segments import reach as rules
from core.sequences.arrays import Array, Int64s
from core.store import identity_values
from core.store.session import Session
from core.work.questions import accounts, population
from core.work.questions.kept import per_version

ADDRESSLESS = frozenset({"webhook", "console"})
"""Channels on which a member is called by the house's own number."""
NONE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Addresses:
    """By member code: ``key`` of the identity (``NONE`` where there is none) and ``mac``, the keyed hash of its value (None)."""

    key: Int64s
    mac: Array

    @property
    def has(self) -> Array:
        return self.key != NONE


def none(members: int) -> Addresses:
    return Addresses(np.full(members, NONE, np.int64), np.full(members, None, object))


def of(snapshot: Snapshot, session: Session, channel: str) -> Addresses:
    """Of all members. An identity whose value the store does not have is none, for nothing can be sent to it."""
    found = none(len(population.of(snapshot).ids))
    candidates = _candidates(snapshot, channel)
    if not len(candidates.key):
        return found
    known, macs = identity_values.macs_of_type(session, rules.IDENTITY_OF[channel], candidates.key)
    at = np.minimum(np.searchsorted(known, candidates.key), max(len(known) - 1, 0))
    is_kept = known[at] == candidates.key if len(known) else np.zeros(len(candidates.key), bool)
    who = candidates.who[is_kept]
    found.key[who] = candidates.key[is_kept]  # of several rows of a member the last stays
    found.mac[who] = macs[at[is_kept]]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Candidates:
    """Identities of members that the channel sends to, of each member the one that counts last. ``who``: member code."""

    who: Array
    key: Int64s


@per_version("identities", "identity_map", *accounts.ROWS, most=8)
def _candidates(snapshot: Snapshot, channel: str) -> _Candidates:
    wanted = rules.IDENTITY_OF.get(channel)
    if wanted is None or not snapshot.files("identities"):
        return _Candidates(np.empty(0, np.int32), np.empty(0, np.int64))
    rows = snapshot.table("identities")
    rows = rows.filter(rows.identity_type == wanted)
    table = snapshot.arrow(rows.select("identity_key", namespace=rows.namespace.fill_null(""), seen=rows.first_seen_at))
    told = accounts.of(snapshot)
    meant = [
        name for name in table["namespace"].unique().to_pylist() if rules.is_of_channel(channel, wanted, name, told)
    ]
    table = table.filter(pc.is_in(table["namespace"], pa.array(meant, pa.string())))
    key = table["identity_key"].to_numpy()
    seen = table["seen"].cast(pa.int64()).fill_null(np.iinfo(np.int64).min).to_numpy()
    who = population.of(snapshot).subjects.codes(key)
    order = np.lexsort((-key, seen))
    order = order[who[order] >= 0]
    return _Candidates(who[order], key[order])
