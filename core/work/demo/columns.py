"""Arrow columns of the contract from arrays of numbers."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core import schema

Column: TypeAlias = pa.Array | pa.ChunkedArray


def codes(names: Sequence[str], index: NDArray[np.integer]) -> pa.Array:
    """Names by position; a negative position is null."""
    return pa.array(names, pa.string()).take(pa.array(index, pa.int32(), mask=index < 0))


def times(seconds: NDArray[np.integer], is_null: NDArray[np.bool_] | None = None) -> pa.Array:
    """UTC seconds as naive timestamps."""
    return pa.array(np.asarray(seconds, np.int64) * 1_000_000, pa.timestamp("us"), mask=is_null)


def keys(values: NDArray[np.int64]) -> pa.Array:
    """Pseudonyms; a negative one is null."""
    return pa.array(values, pa.int64(), mask=values < 0)


def numbered(prefix: str, numbers: NDArray[np.integer]) -> pa.Array:
    """``prefix`` and a number, as text; a negative number is null."""
    text = pc.cast(pa.array(numbers, pa.int64(), mask=numbers < 0), pa.string())
    return pc.binary_join_element_wise(prefix, text, "")


def constant(value: object, length: int, kind: pa.DataType | None = None) -> pa.Array:
    """The same value ``length`` times."""
    return pa.repeat(pa.scalar(value, kind or pa.string()), length)


def decimals(minor: NDArray[np.integer], is_null: NDArray[np.bool_] | None = None) -> pa.Array:
    """Hundredths as exact decimals."""
    hundredths = pa.array(minor, pa.int64(), mask=is_null).cast(pa.decimal128(19, 0))
    return pc.multiply(hundredths, pa.scalar("0.01", pa.string()).cast(pa.decimal128(3, 2))).cast(pa.decimal128(18, 6))


def rows(name: str, columns: Mapping[str, Column], source: Column | str) -> pa.Table:
    """Rows of a lake table without their numbers. Raises ``Unknown`` for a column that the contract does not have."""
    table = schema.table(name)
    length = len(next(iter(columns.values())))
    arrays: dict[str, Column] = {}
    for column, values in columns.items():
        kind = schema.ARROW[table.column(column).kind]
        kind = pa.timestamp("us") if pa.types.is_timestamp(kind) else kind
        arrays[column] = values if values.type == kind else values.cast(kind)
    arrays["source"] = constant(source, length) if isinstance(source, str) else source
    return pa.table(arrays)


def together(tables: Sequence[pa.Table]) -> pa.Table:
    """Rows of one lake table under one another; a column one of them lacks is null there."""
    return pa.concat_tables(tables, promote_options="default")


def ordered(table: pa.Table) -> pa.Table:
    """Rows in the order of their time, as a source would hand them over. Ties keep their order."""
    micros = table["occurred_at"].cast(pa.int64()).to_numpy()
    return table.take(pa.array(np.argsort(micros, kind="stable")))


def with_numbers(table: pa.Table, first: int = 1) -> pa.Table:
    """The rows with ``row_number`` counted from ``first``."""
    return table.append_column("row_number", pa.array(np.arange(first, first + len(table)), pa.int64()))
