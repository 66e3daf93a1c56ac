"""Group chats and what they belong to: facts of groups by group, owner, unit or in total, within a scope."""

from typing import Literal

import ibis
import ibis.expr.types as ir
import pandas as pd

from core.lake.reader import Snapshot
from core.work.questions.kept import per_version
from core.work.questions.reading import Reading

By = Literal["group", "owner", "unit", "total"]
TOTAL = "all"
"""The key of the one row of everything."""


def keyed(reading: Reading, rows: ir.Table, by: By) -> ir.Table:
    """Rows of a fact table with ``key``, those of groups in the scope."""
    if "text" in rows.columns and _all_marked(reading.snapshot):
        rows = rows.drop("text")  # the dearest column of the lake
    rows = rows.filter(rows.group_id.notnull())
    described = placed(reading, by).rename(_group="group_id")
    if reading.units is not None:
        return rows.inner_join(described, rows.group_id == described._group).drop("_group")
    joined = rows.left_join(described, rows.group_id == described._group).drop("_group")
    return joined.mutate(key=joined.key.fill_null(joined.group_id) if by == "group" else _named(joined.key, by))


def placed(reading: Reading, by: By) -> ir.Table:
    """``group_id`` and ``key`` of the groups that the data describes, in the scope and filters."""
    known = reading.snapshot.current("groups")
    if reading.units is not None:
        known = known.filter(known.unit_id.isin(sorted(reading.units)) if reading.units else ibis.literal(False))
    key = {"group": known.group_id, "owner": known.staff_id, "unit": known.unit_id}.get(by, ibis.literal(TOTAL))
    return reading.snapshot.keep(known.select("group_id", key=_named(key, by)))


def _named(key: ir.Value, by: By) -> ir.Value:
    return ibis.literal(TOTAL) if by == "total" else key.cast("string").fill_null("")


def dimension(reading: Reading, by: By) -> pd.DataFrame:
    """``key`` and ``name`` of all there are, those without a fact as well; an empty key stands for groups that name nobody."""
    found = placed(reading, by).select("key").distinct()
    if by == "total":
        return pd.DataFrame({"key": [TOTAL], "name": [None]})
    table, column = {"group": ("groups", "group_id"), "owner": ("staff", "staff_id"), "unit": ("units", "unit_id")}[by]
    names = reading.snapshot.current(table).select("name", _id=column)
    return reading.snapshot.frame(found.left_join(names, found.key == names._id).select("key", "name"))


@per_version("group_messages")
def _all_marked(snapshot: Snapshot) -> bool:
    """Whether every message was marked by its words when it was brought in."""
    rows = snapshot.table("group_messages")
    return not snapshot.value(rows.filter(rows.is_heard.isnull()).count())
