"""Runs ``overview.sql`` on a bare DuckDB over the files of a snapshot."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from core import schema
from core.lake.reader import Snapshot
from core.periods import Period

STATEMENTS = dict(
    re.findall(r"-- name: (.+)\n((?:.|\n)+?);\n", Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
)
ZONE_HOURS = 8


def connected(snapshot: Snapshot) -> duckdb.DuckDBPyConnection:
    """A connection of its own with a view per table; empty tables are empty views."""
    connection = duckdb.connect(config={"threads": 2})
    connection.execute("SET TimeZone = 'UTC'")
    for name in (*schema.TABLES, "identity_map"):
        files = snapshot.files(name)
        if files:
            listed = ", ".join(f"'{file}'" for file in files)
            rows = (
                f"read_parquet([{listed}], hive_partitioning = true, hive_types_autocast = false, union_by_name = true)"
            )
            connection.execute(f"create view {name} as from {rows}")
    return connection


def run(connection: duckdb.DuckDBPyConnection, now: Period, before: Period) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every statement whose tables exist."""
    values: dict[str, date | int] = {
        "start": now.start_on, "end": now.end_on, "before_start": before.start_on, "before_end": before.end_on,
        "zone_hours": ZONE_HOURS,
    }  # fmt: skip
    return {
        name: connection.execute(text, {k: v for k, v in values.items() if f"${k}" in text}).fetchall()
        for name, text in STATEMENTS.items()
    }


def parts(found: dict[str, list[tuple[Any, ...]]]) -> dict[tuple[str, str], Any]:
    """``(period, part) -> value`` of all statements that give parts."""
    return {(row[0], row[1]): row[2] for name, rows in found.items() if not name.endswith("by day") for row in rows}
