"""What conditions of a segment can name in this lake, and what it is called."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from core.errors import Refusal
from core.segments.sentence import IMPORTED_TIER
from core.store import segments, tags
from core.work.questions import called, clusters, funnels, membership, profiles
from core.work.questions.membership import By
from core.work.questions.reading import Reading
from dashboard.data import definitions, freshness
from dashboard.data.ground import Ground, stand
from dashboard.web import kept

SEE = "customers.see"
Key = str | int | bool
Names = Mapping[Key, str | None]
"""Values to choose from, by what the data calls them; None where it calls them nothing else."""


@dataclass(frozen=True, slots=True)
class Tiers:
    """``by``: how they are told; ``members``: of the house, by tier: all that there are by rule, those that somebody has where imported."""

    by: By
    members: Mapping[str, int]


TIERS_OF: Mapping[str, By | None] = {"tier": None, IMPORTED_TIER: "imported"}
"""Names of tiers: as the house tells them, and as profiles do."""


def currency() -> str:
    return freshness.read(SEE).currency


def newest() -> date:
    """The newest day with data. There is one wherever a segment is built."""
    found = freshness.read(SEE).as_of_on
    assert found is not None
    return found


def last_month() -> dict[str, str]:
    """The thirty newest days, as a window of dates."""
    return {"from": (newest() - timedelta(days=29)).isoformat(), "to": newest().isoformat()}


def events() -> tuple[str, ...]:
    """Names of events that a condition can ask for. Raises ``Forbidden``."""
    ground = stand(SEE)
    return _events(key=ground.key, _ground=ground)


def options(name: str) -> Names:
    """What can be chosen for a field of the profile or a list. Raises ``Forbidden``."""
    ground = stand(SEE)
    if name in definitions.FLAG_FIELDS:
        return dict.fromkeys((True, False))
    if (fixed := definitions.choices(name)) is not None:
        return dict.fromkeys(fixed)
    if name in TIERS_OF:
        return dict.fromkeys(tiers(name).members)
    if name in ("tag", "segment"):
        return kept.while_unwritten(ground.home.store, ("named", name), lambda: _referred(ground, name))
    return _options(key=f"{ground.key}|{name}", _ground=ground, _name=name)


def tiers(name: str) -> Tiers:
    """``name``: of the tiers, as in ``TIERS_OF``. Raises ``Forbidden``."""
    ground = stand(SEE)
    return _tiers(key=f"{ground.key}|{name}", _ground=ground, _by=TIERS_OF[name])


def named(name: str) -> Names:
    """What tags or segments are called, those put away included. Raises ``Forbidden``."""
    ground = stand(SEE)

    def ask() -> Names:
        with ground.home.store.reading() as session:
            read = segments.listed if name == "segment" else tags.listed
            return {row.id: row.name for is_away in (True, False) for row in read(session, is_archived=is_away)}

    return kept.while_unwritten(ground.home.store, ("called", name), ask)


def _referred(ground: Ground, name: str) -> Names:
    with ground.home.store.reading() as session:
        rows = segments.listed(session) if name == "segment" else tags.listed(session)
        return {row.id: row.name for row in rows}


@kept.by_key(16)
def _events(key: str, _ground: Ground) -> tuple[str, ...]:  # noqa: ARG001 - what it is cached by
    with _ground.open() as lake:
        return tuple(funnels.event_names(lake)) if lake.as_of else ()


@kept.by_key(8)
def _tiers(key: str, _ground: Ground, _by: By | None) -> Tiers:  # noqa: ARG001 - what it is cached by
    with _ground.open() as lake:
        return Tiers(_by or membership.house(lake).by, membership.tiers(lake, _by))


@kept.by_key(128)
def _options(key: str, _ground: Ground, _name: str) -> Names:  # noqa: ARG001 - what it is cached by
    with _ground.open() as lake:
        if _name == "group":
            return _called(profiles.groups(lake), called.names_of(lake, "group_id"))
        if _name == "cluster":
            return dict.fromkeys(_clusters(lake))
        if _name == "staff":
            return _called(profiles.values(lake, _name), profiles.staff(lake))
        found = profiles.values(lake, _name)
        if _name != "unit":
            return dict.fromkeys(found)
        names = called.names_of(lake, "unit_id")
        return _called([*found, *(one for one in names if one not in found)], names)


def _clusters(lake: Reading) -> tuple[str, ...]:
    """Labels of the house's clusters; none where members cannot be told apart, which whoever asks for one is told when it is counted."""
    try:
        found = clusters.house(lake)
    except Refusal:
        return ()
    return () if found is None else tuple(found.model.labels)


def _called(some: list[str], names: Mapping[str, str]) -> Names:
    return {one: names.get(one) for one in some}
