"""Group chats and what they belong to: facts of groups by group, owner, unit or in total, within a scope."""

from typing import Literal

import ibis
import ibis.expr.types as ir
import pandas as pd

from core.lake.writer import local_date
from core.work.questions.reading import Reading
from core.work.rollups import all_marked

By = Literal["group", "owner", "unit", "total"]
TOTAL = "all"
"""The key of the one row of everything."""


def keyed(reading: Reading, rows: ir.Table, by: By) -> ir.Table:
    """Rows of a fact table with ``key``, those of groups in the scope."""
    if "text" in rows.columns and all_marked(reading.snapshot):
        rows = rows.drop("text")  # the dearest column of the lake
    rows = rows.filter(rows.group_id.notnull())
    if reading.units is None and by in ("group", "total"):
        return rows.mutate(key=rows.group_id.cast("string") if by == "group" else ibis.literal(TOTAL))
    described = placed(reading, by).rename(_group="group_id")
    if reading.units is not None:
        return rows.inner_join(described, rows.group_id == described._group).drop("_group")
    joined = rows.left_join(described, rows.group_id == described._group).drop("_group")
    return joined.mutate(key=_named(joined.key, by))


def placed(reading: Reading, by: By) -> ir.Table:
    """``group_id`` and ``key`` of the groups that the data describes, in the scope and filters."""
    known = reading.chats
    key = {"group": known.group_id, "owner": known.staff_id, "unit": known.unit_id}.get(by, ibis.literal(TOTAL))
    return known.select("group_id", key=_named(key, by))


def _named(key: ir.Value, by: By) -> ir.Value:
    return ibis.literal(TOTAL) if by == "total" else key.cast("string").fill_null("")


def dimension(reading: Reading, by: By) -> pd.DataFrame:
    """``key`` and ``name`` of all there are, those without a fact as well; an empty key stands for groups that name nobody. Of groups
    ``opened_on`` too, the business day; null where nothing says so."""
    if by == "total":
        return pd.DataFrame({"key": [TOTAL], "name": [None]})
    found = placed(reading, by).select("key").distinct()
    table, column = {"group": ("groups", "group_id"), "owner": ("staff", "staff_id"), "unit": ("units", "unit_id")}[by]
    names = reading.snapshot.current(table)
    more = {"opened_on": local_date(names.created_at, reading.zone)} if by == "group" else {}
    named = names.select("name", _id=column, **more)
    return reading.snapshot.frame(found.left_join(named, found.key == named._id).drop("_id"))
