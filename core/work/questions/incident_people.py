"""The people behind an incident: those of whom the figures of its warnings are, each on the day farthest out."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from core.risk.indicators import INDICATORS, Place
from core.risk.rules import By
from core.scope import Operator
from core.store import incidents, warnings
from core.store.risk_tables import RiskWarning
from core.work.home import Home
from core.work.incident_turns import seen
from core.work.questions import indicators
from core.work.questions.reading import reading
from core.work.segments import covers


@dataclass(frozen=True, slots=True)
class Behind:
    """``members``: ascending, each once, those whom the operator may see. ``version``: of the lake. ``told``: of each warning that names people its number, day, and how
    many; a figure that names nobody (messages of nobody known, days) has none."""

    members: tuple[int, ...]
    version: int
    told: tuple[tuple[int, date, int], ...]


def people(home: Home, operator: Operator, incident_id: int, *, now: datetime) -> Behind:
    """Who makes up the figures, as the indicator counts them: of a rate those in its numerator. Raises ``Forbidden``, ``Unknown``."""
    operator.require("risk.see")
    operator.require("people.see")
    mine = covers(home, operator)
    with home.store.reading() as session:
        seen(session, mine, incident_id)
        keys = incidents.warnings(session, [incident_id])[incident_id]
        found = [row for row in (warnings.one(session, key) for key in keys) if _is_told(row)]
    members: set[int] = set()
    told = []
    with reading(home, scope=operator.scope, now=now) as lake:
        for row in found:
            place = Place(cast(By, row.place_by), row.place_key)
            who = indicators.behind(lake, row.indicator, place, row.peak_on)["member_id"].tolist()
            members.update(who)
            told.append((row.id, row.peak_on, len(set(who))))
        version = lake.snapshot.version
    return Behind(tuple(sorted(members)), version, tuple(one for one in told if one[2]))


def _is_told(row: RiskWarning) -> bool:
    known = INDICATORS.get(row.indicator)
    return row.kind == "figure" and known is not None and row.place_by in known.by
