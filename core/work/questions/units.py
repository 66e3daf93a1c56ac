"""Units that data names: where an account, a filter or a list of choices asks whether one exists, and what lies below it."""

from collections import Counter
from collections.abc import Iterable, Mapping

from core.lake.reader import Snapshot
from core.work.home import Home
from core.work.questions.kept import per_version


def known(home: Home) -> dict[str, str]:
    """Every unit of a world, name by id in the order of ids: of its own table, else a unit that members belong to, which is
    called by its id."""
    with home.lake.open() as snapshot:
        rows = snapshot.table("units").select("unit_id").union(snapshot.table("member_profiles").select("unit_id"))
        ids = [unit for unit in snapshot.arrow(rows.distinct())["unit_id"].to_pylist() if unit]
        called = snapshot.arrow(snapshot.current("units").select("unit_id", "name"))
    names = dict(zip(called["unit_id"].to_pylist(), called["name"].to_pylist(), strict=True))
    return {unit: names.get(unit) or unit for unit in sorted(ids)}


def anywhere(homes: Iterable[Home]) -> dict[str, str] | None:
    """The units of several worlds; None where no data names any yet, so that nobody can say which exist."""
    found = {unit: name for home in homes for unit, name in known(home).items()}
    return found or None


def within(snapshot: Snapshot, chosen: Iterable[str]) -> frozenset[str]:
    """The chosen units and all below them, as the newest revision of each unit tells the one above it."""
    return below(_above(snapshot), chosen)


def below(above: Mapping[str, str | None], chosen: Iterable[str]) -> frozenset[str]:
    """The chosen units and all below them, at any depth. ``above``: the unit above each, None where there is none.

    A unit above that has no entry of its own says nothing, nor do units that stand above each other in a circle: none of
    these is below another, so that a fault in the data never widens what somebody sees.
    """
    inside: dict[str, list[str]] = {}
    for unit, parent in _sound(above).items():
        inside.setdefault(parent, []).append(unit)
    found = set(chosen)
    waiting = list(found)
    while waiting:
        news = [unit for unit in inside.get(waiting.pop(), ()) if unit not in found]
        found.update(news)
        waiting += news
    return frozenset(found)


def _sound(above: Mapping[str, str | None]) -> dict[str, str]:
    """The unit above each that has one, without circles: what remains when units with none below are taken off one by one
    stands in a circle."""
    parents = {unit: parent for unit, parent in above.items() if parent is not None and parent in above}
    lower = Counter(parents.values())
    circling = dict(parents)
    waiting = [unit for unit in above if not lower[unit]]
    while waiting:
        parent = circling.pop(waiting.pop(), None)
        if parent is not None:
            lower[parent] -= 1
            waiting += [parent] * (not lower[parent])
    return {unit: parent for unit, parent in parents.items() if unit not in circling}


@per_version("units")
def _above(snapshot: Snapshot) -> dict[str, str | None]:
    """The unit above each, None where there is none."""
    if not snapshot.files("units"):
        return {}
    rows = snapshot.arrow(snapshot.current("units").select("unit_id", "parent_unit_id"))
    return dict(zip(rows["unit_id"].to_pylist(), rows["parent_unit_id"].to_pylist(), strict=True))
