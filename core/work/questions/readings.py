"""Figures of a day that no data tells: typed or imported by people, or kept by the worker; as pages show them and as rules read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

import numpy as np

from core.errors import Forbidden, Unknown
from core.models.scores.drift import Spread
from core.models.scores.logistic import sigmoid
from core.risk.indicators import Place
from core.scope import Operator
from core.store import choices, register
from core.store.register_tables import RiskReading
from core.store.session import Session
from core.work.home import Home
from core.work.questions import scores, scoring
from core.work.questions.indicators import Lines
from core.work.questions.reading import Reading
from core.work.questions.scores import Model
from core.work.questions.untold import SMALL

Unit = Literal["score", "count", "share"]
PUBLIC_OPINION, POLICY_CHANGE, CHURN_MASS = "public_opinion", "policy_change", "churn_mass"
KEPT = "readings"
"""Choice of a world's store: kinds that the house named itself."""
CHURN = ("churn_order", "churn_activity")
"""Targets of models whose scores are told of, the first that is live."""
DAYS = 730


@dataclass(frozen=True, slots=True)
class Kind:
    """``name``: as the house calls a kind of its own; None of the product's, whose name is a text. A value lies from ``low`` to ``high`` (null = without end)."""

    key: str
    unit: Unit
    low: float | None = None
    high: float | None = None
    name: str | None = None
    is_archived: bool = False

    @property
    def is_of_days(self) -> bool:
        """Whether a day has one; of changes of a platform's policy a day may have several."""
        return self.key != POLICY_CHANGE

    @property
    def is_own(self) -> bool:
        return self.name is not None

    def to_json(self) -> dict[str, Any]:
        return {"key": self.key, "unit": self.unit, "name": self.name, "is_archived": self.is_archived}


BUILT_IN: dict[str, Kind] = {
    PUBLIC_OPINION: Kind(PUBLIC_OPINION, "score", 0.0),
    POLICY_CHANGE: Kind(POLICY_CHANGE, "score", 1.0, 5.0),
    CHURN_MASS: Kind(CHURN_MASS, "share", 0.0, 1.0),
}
"""Public opinion as a service measures it; how much a platform's change of policy matters, 1 to 5; share of the members scored who are likely to leave (``churn_mass``)."""


@dataclass(frozen=True, slots=True)
class Told:
    """A reading as it stands, or a revision of it. ``note``: of a change of policy what changed. ``source``: ``hand``, ``import`` or ``worker``."""

    kind: str
    key: str
    revision: int
    day_on: date
    value: float
    note: str
    is_removed: bool
    source: str
    by: str
    at: datetime


# -- what pages ask ----------------------------------------------------------------------------------------------------


def kinds(home: Home, operator: Operator, *, with_archived: bool = False) -> tuple[Kind, ...]:
    """The product's, then those of the house in the order in which they were named. Raises ``Forbidden``."""
    require_house(operator)
    with home.store.reading() as session:
        return tuple(one for one in known(session).values() if with_archived or not one.is_archived)


def listed(home: Home, operator: Operator, kind: str) -> tuple[Told, ...]:
    """Readings of a kind that stand, by day. Raises ``Forbidden``, ``Unknown``."""
    require_house(operator)
    with home.store.reading() as session:
        of_kind(session, kind)
        return tuple(map(of_row, register.readings(session, [kind])))


def history(home: Home, operator: Operator, kind: str, key: str) -> tuple[Told, ...]:
    """Revisions of a reading, the newest first. Raises ``Forbidden``."""
    require_house(operator)
    with home.store.reading() as session:
        return tuple(map(of_row, register.reading_history(session, kind, key)))


def require_house(operator: Operator, permission: str = "risk.see") -> None:
    """Readings are of the whole house: who sees some units only sees none. Raises ``Forbidden``."""
    operator.require(permission)
    if not operator.scope.sees_all:
        raise Forbidden("Readings are of the whole house.", permission=permission, role=operator.role)


def known(session: Session) -> dict[str, Kind]:
    """Kinds by key, archived ones too."""
    return BUILT_IN | {one.key: one for one in own(choices.read(session, KEPT))}


def of_kind(session: Session, key: str) -> Kind:
    """Raises ``Unknown``."""
    every = known(session)
    if key not in every:
        raise Unknown("reading", key, every)
    return every[key]


def own(told: Sequence[dict[str, Any]] | None) -> tuple[Kind, ...]:
    """Kinds of the house as they are kept."""
    return tuple(map(_own, told or ()))


def _own(told: dict[str, Any]) -> Kind:
    low, high = (0.0, 1.0) if told["unit"] == "share" else (None, None)
    return Kind(told["key"], told["unit"], low, high, told["name"], told["is_archived"])


def of_row(row: RiskReading) -> Told:
    return Told(
        row.kind, row.key, row.revision, row.day_on, row.value, row.note, row.is_removed, row.source, row.by, row.at
    )


# -- what rules read ---------------------------------------------------------------------------------------------------


def lines(home: Home, *, until_on: date | None = None, days: int = DAYS) -> dict[str, Lines]:
    """The readings by kind that stand as lines of the whole house, in the shape of indicators: at most ``days`` before ``until_on``, without it up to the newest reading
    of each kind. Kinds that nothing was ever said of, or that are archived, are absent.

    A day without a reading is NaN. Only changes of policy are 0 there: that nobody told of one is what is known; of several the gravest counts."""
    with home.store.reading() as session:
        every = {key: one for key, one in known(session).items() if not one.is_archived}
        rows = register.readings(session, every)
    by_kind: dict[str, list[RiskReading]] = {}
    for row in rows:
        if until_on is None or row.day_on < until_on:
            by_kind.setdefault(row.kind, []).append(row)
    return {key: _line(every[key], by_kind[key], until_on, days) for key in every if key in by_kind}


def _line(kind: Kind, rows: Sequence[RiskReading], until_on: date | None, days: int) -> Lines:
    end = until_on or max(row.day_on for row in rows) + timedelta(days=1)
    start = max(min(row.day_on for row in rows), end - timedelta(days=days))
    values = np.full((1, (end - start).days), np.nan if kind.is_of_days else 0.0)
    for row in rows:
        if row.day_on >= start:
            place = (row.day_on - start).days
            values[0, place] = np.fmax(values[0, place], row.value)
    return Lines(kind.key, "", start, (Place("", ""),), ("",), values, np.full_like(values, np.nan))


# -- how many are likely to leave --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mass:
    """On ``on``, the newest day that tells it: ``high`` of the ``members`` scored by the live model have a chance to leave above its limit (``limit_of``). ``share`` is null of
    fewer than 30."""

    on: date
    model: Model
    limit: float
    high: int
    members: int

    @property
    def share(self) -> float | None:
        return self.high / self.members if self.members >= SMALL else None


def churn_mass(reading: Reading) -> Mass | None:
    """None where no model of churn is live, it tells nobody apart, or nobody is scored."""
    model = _churn_model(reading)
    limit = None if model is None else limit_of(model)
    if model is None or limit is None:
        return None
    after, table = scoring.today(reading, model.target), scores.scored(reading, model)
    if after is None or not table.num_rows:
        return None
    high = int((table["chance"].to_numpy() > limit).sum())
    return Mass(after - timedelta(days=1), model, limit, high, table.num_rows)


def limit_of(model: Model) -> float | None:
    """The chance that no more than a fifth of the members it was learnt from exceeded (``scores.RISKS``), at today's intercept; so the share of members above it
    is about a fifth while they are like those, whichever model is live. None where so few of them differed that there is no such limit."""
    edge = _upper(model.score, scores.RISKS[0])
    return None if edge is None else float(sigmoid(np.array([model.logistic.base + edge]))[0])


def _upper(spread: Spread, share: float) -> float | None:
    """The lowest limit of its parts that no more than this share of the rows lay above."""
    above = [sum(spread.shares[place + 1 : -1]) for place in range(len(spread.edges))]
    return next((edge for edge, over in zip(spread.edges, above, strict=True) if over <= share + 1e-9), None)


def _churn_model(reading: Reading) -> Model | None:
    live = [one for one in scores.live(reading).values() if one.target in CHURN]
    return min(live, key=lambda one: (CHURN.index(one.target), one.days != scores.USUAL_DAYS, one.days), default=None)
