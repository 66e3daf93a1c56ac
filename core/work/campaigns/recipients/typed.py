"""Whose address somebody typed: members who have it, and whether they, or the group chat that it names, are beyond the units of whoever typed it."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from core.scope import Operator
from core.segments.reach import IDENTITY_OF
from core.work.campaigns.hearing import whom
from core.work.home import Home
from core.work.questions import population, units
from core.work.questions import segments as people
from core.work.questions.reading import Reading, reading


@dataclass(frozen=True, slots=True)
class Owner:
    """``macs``: keyed hashes of the address, ``members``: who has it; none of either for places and for what no lake knows."""

    macs: tuple[bytes, ...] = ()
    members: tuple[int, ...] = ()
    is_outside: bool = False


def owner(home: Home, operator: Operator, channel: str, address: str, now: datetime) -> Owner:
    """Of an address in its channel's own spelling. What nobody knows is outside of nothing."""
    if channel == "group_chat":
        with reading(home, scope=operator.scope, now=now) as lake:
            return Owner(is_outside=_is_foreign(lake, operator, address))
    if channel not in IDENTITY_OF:
        return Owner()
    found = whom.named(home, channel, address).macs
    with reading(home, scope=operator.scope, now=now) as lake:
        known = population.of(lake.snapshot)
        codes = known.subjects.codes(np.array(sorted(found), np.int64))
        codes = np.unique(codes[codes >= 0])
        is_outside = not operator.scope.sees_all and not bool(people.universe(lake)[codes].all())
        return Owner(tuple(found.values()), tuple(known.ids[codes].tolist()), is_outside)


def _is_foreign(lake: Reading, operator: Operator, group_id: str) -> bool:
    """Of a group chat whose unit is not one of theirs."""
    scope = operator.scope
    if scope.units is None or not lake.snapshot.files("groups"):
        return False
    rows = lake.snapshot.current("groups")
    found = lake.snapshot.arrow(rows.filter(rows.group_id == group_id).select("unit_id")).to_pylist()
    mine = units.within(lake.snapshot, scope.units)
    return any(row["unit_id"] not in mine for row in found)
