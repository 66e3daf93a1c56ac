"""Whom a campaign is about before any gate: members of its segments, or places; and whether who they are was concluded from how they behave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np

from core.campaigns.body import Body
from core.privacy.pseudonyms import Keys, key_of, mac_text
from core.scope import EVERYTHING, Scope
from core.segments import language
from core.segments.language import OneOf, Score
from core.sequences.arrays import Array, Int64s
from core.store import segments, tags
from core.store.session import Session
from core.work.questions import population
from core.work.questions import segments as people
from core.work.questions.population import Flags
from core.work.questions.reading import Reading
from core.work.segments import Thing, led_to

PROFILED = frozenset({"rfm", "value_tier", "cluster"})
"""Conditions that are conclusions of how somebody behaves; scores are as well (Personal Information Protection Law 24)."""
PROFILED_LISTS = frozenset({"rfm", "scores", "clusters", "ltv"})
"""Pages from which a list of people may have been saved that are such conclusions."""


@dataclass(frozen=True, slots=True, eq=False)
class Audience:
    """``ids``: member id by code, or the key of each place, below 0; ``inside``: who of them is meant. ``places``: their names, empty for members.
    ``is_profiled``: see ``is_profiled``."""

    ids: Int64s
    inside: Flags
    places: tuple[str, ...]
    is_profiled: bool

    @property
    def count(self) -> int:
        return int(np.count_nonzero(self.inside))


def of(lake: Reading, session: Session, keys: Keys, body: Body, units: Sequence[str] | None = None) -> Audience:
    """Whom a campaign is about, within the reading's scope and within ``units`` (None = all), those below them included. Raises ``Unknown`` for a segment that does not exist, and what its conditions refuse."""
    if body.is_placed:
        channel = body.channels[0]
        ids = np.array([place_key(keys, channel, place) for place in body.places], np.int64)
        return Audience(ids, np.ones(len(ids), bool), body.places, False)
    ids = population.of(lake.snapshot).ids
    inside = _any_of(lake, body.segments, ids) & ~_any_of(lake, body.without, ids) & people.universe(lake)
    if units is not None:
        inside &= people.universe(replace(lake, scope=Scope(frozenset(units))))
    return Audience(ids, inside, (), is_profiled(session, (*body.segments, *body.without)))


def place_key(keys: Keys, channel: str, place: str) -> int:
    """What stands for a place where a member stands elsewhere: below 0, the same for ever."""
    return -key_of(mac_text(keys, "place", channel, place))


def is_profiled(session: Session, segment_ids: Sequence[int]) -> bool:
    """Whether any of the segments, or anything they refer to, stands on scores, classes, tiers of value or clusters. Raises ``Unknown``."""
    if not segment_ids:
        return False
    return any(_stands_on_profile(session, one) for one in led_to(session, OneOf("segment", tuple(segment_ids))))


def _any_of(lake: Reading, segment_ids: Sequence[int], ids: Int64s) -> Array:
    everybody = replace(lake, scope=EVERYTHING)
    found = [np.isin(ids, everybody.of_segment(one)) for one in segment_ids]
    return reduce(np.logical_or, found, np.zeros(len(ids), bool))


def _stands_on_profile(session: Session, thing: Thing) -> bool:
    """A snapshot stands on the definition that it was made of, a list on the page that it was saved from."""
    kind, number = thing
    if kind == "tag":
        tag = tags.one(session, number)
        return tag.source == "model" or _has_profiled(tag.tree)
    segment = segments.one(session, number)
    return segment.definition.get("kind") in PROFILED_LISTS or _has_profiled(segment.tree)


def _has_profiled(tree: Mapping[str, Any] | None) -> bool:
    leaves = () if tree is None else language.leaves(language.parse(dict(tree)))
    return any(isinstance(leaf, Score) or (isinstance(leaf, OneOf) and leaf.kind in PROFILED) for leaf in leaves)
