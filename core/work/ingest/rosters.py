"""Lists of members, as they are brought in: one of which a row was not taken may lack that person."""

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from core.lake.reader import Snapshot
from core.work.ingest.staging import REASON, Staged


def marked(rows: ir.Table, draft: ir.Table, snapshot: Snapshot, staged: Staged, columns: tuple[str, ...]) -> ir.Table:
    """Rows of ``group_rosters`` with ``is_complete``: no where the mapping says so, of every group of which a row of the file was
    refused, and of all groups where nobody can say which one a row that was not taken belonged to, or where the file holds only
    rows that an earlier import had refused. ``draft``: all rows, kept; ``columns``: of the file."""
    refused = snapshot.arrow(draft.filter(draft.is_refused).select("group_id").distinct())["group_id"].to_pylist()
    if staged.broken or None in refused or REASON in columns:
        return rows.mutate(is_complete=ibis.literal(False))
    if not refused:
        return rows
    torn = ibis.memtable(pa.table({"_group": pa.array(refused, pa.string())}))
    joined = rows.left_join(torn, rows.group_id == torn._group)
    said = rows.is_complete if "is_complete" in rows.columns else ibis.null("boolean")
    return joined.mutate(is_complete=ibis.ifelse(joined._group.notnull(), False, said)).drop("_group")
