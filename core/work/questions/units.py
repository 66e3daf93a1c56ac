"""Units that data names: where an account, a filter or a list of choices asks whether one exists."""

from collections.abc import Iterable

from core.work.home import Home


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
