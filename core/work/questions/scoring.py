"""What scores are learnt from: what was known of each member when a day began, and what came of it.

As of a cut-off day ``c`` a feature is made of facts whose business date lies before ``c``, and of nothing else: what is filed under an earlier day but
happened later (the first reply to a conversation, its solution) counts from when it happened. Three things are taken as they are known today, because the
lake keeps no time of them: which identities are one member, which event names are approved, and the day that a profile says a member
joined on. Profiles say of tiers, cities and tags what holds now, so no feature is made of them; the tier is counted by the house's rule.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import LabelsOpen, Unknown
from core.sequences.arrays import Int64s
from core.work.questions.reading import Reading

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Target = Literal["churn_activity", "churn_order", "conversion"]
Unit = Literal["days", "count", "share", "money", "score", "flag"]

TARGETS: tuple[Target, ...] = ("churn_activity", "churn_order", "conversion")
"""``churn_activity``: of members with an action of their own in the ``ACTIVE_DAYS`` before the cut-off, who does nothing in the days after it.
``churn_order``: of members with an order in the ``BUYER_DAYS`` before it, who orders nothing. ``conversion``: of members with an action in
the ``ACTIVE_DAYS`` before it, who orders."""
HORIZONS = (30, 60, 90)
ACTIVE_DAYS, BUYER_DAYS = 90, 365


@dataclass(frozen=True, slots=True)
class Feature:
    """``name``: also of its texts, ``score.feature_<name>`` and ``score.feature_help_<name>``. ``none``: what stands in the matrix where it is not defined, in
    its unit. ``is_log``: the matrix holds sign(x) * ln(1 + |x|) of it. ``topic``: what it is about."""

    name: str
    unit: Unit
    topic: Literal["orders", "activity", "chat", "touches", "service", "standing"]
    none: float = 0.0
    is_log: bool = True


FEATURES: tuple[Feature, ...] = ()
"""All of them, in the order of the columns: the same for every lake, cut-off and target. What a lake has no facts of is the same for everybody."""


@dataclass(frozen=True, eq=False)
class Features:
    """What was known of members before ``cutoff_on``. ``ids``: member ids, ascending. ``raw``: a row per member and a column per name, in the unit of the
    feature, NaN where it is not defined."""

    cutoff_on: date
    ids: Int64s
    names: tuple[str, ...]
    raw: Floats

    @cached_property
    def matrix(self) -> Floats:
        """As models take it: finite, logarithms where the feature says so, what is not defined at the feature's ``none``."""
        raise NotImplementedError

    def of(self, chosen: Flags) -> "Features":
        """Only those of the members for whom ``chosen`` is true."""
        return Features(self.cutoff_on, self.ids[chosen], self.names, self.raw[chosen])


@dataclass(frozen=True, eq=False)
class Sample:
    """Members who could be scored on a day, and what came of it: ``label`` is true where the target came true within ``days``."""

    target: Target
    days: int
    features: Features
    label: Flags


def features(reading: Reading, cutoff_on: date, target: Target | None = None) -> Features:
    """Of everybody whom ``target`` is asked about (None: everybody who was a member before the day), whatever scope and filters say. Raises ``Unknown``."""
    raise NotImplementedError


def labels(reading: Reading, cutoff_on: date, target: Target, days: int) -> Flags:
    """Of the members of ``features(reading, cutoff_on, target)``, in their order. Raises ``LabelsOpen`` where the data does not reach ``cutoff_on`` + ``days``,
    ``Unknown`` for a target or a number of days that there is none of."""
    raise NotImplementedError


def sample(reading: Reading, cutoff_on: date, target: Target, days: int) -> Sample:
    """Features with their labels. Raises as ``labels``."""
    return Sample(target, days, features(reading, cutoff_on, target), labels(reading, cutoff_on, target, days))


def today(reading: Reading) -> date | None:
    """The cut-off of what is scored now: the day after the newest data, all of which is known. None in a lake without facts."""
    return None if reading.as_of_on is None else reading.as_of_on + timedelta(days=1)


def is_told(reading: Reading, cutoff_on: date, days: int) -> bool:
    """Whether the data reaches the end of the ``days`` from the cut-off, so that labels can be given."""
    newest = reading.as_of_on
    return newest is not None and cutoff_on + timedelta(days=days) <= newest + timedelta(days=1)


def refuse(target: str, days: int) -> None:
    """Raises ``Unknown``."""
    if target not in TARGETS:
        raise Unknown("target", target, TARGETS)
    if days not in HORIZONS:
        raise Unknown("horizon", str(days), map(str, HORIZONS))


def _open(cutoff_on: date, days: int) -> LabelsOpen:
    until = cutoff_on + timedelta(days=days)
    return LabelsOpen(f"What came of {cutoff_on} is not known before {until}.", on=cutoff_on.isoformat(), until=until.isoformat())
