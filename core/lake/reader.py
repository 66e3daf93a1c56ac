"""Reading: a snapshot is the lake at one version, for one thread."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from core import schema
from core.errors import InvalidFacts, VersionGone
from core.lake.engine.duckdb import Cursor, Engine
from core.lake.manifest import Manifest, Manifests
from core.schema import Column

MAP_COLUMNS = (
    Column("identity_key", "key", "identity", True),
    Column("member_id", "key", "the member it belongs to", True),
    Column("is_known", "flag", "the member has an identity that is not anonymous", True),
)
LEFT_OUT_COLUMNS = (
    Column("identity_key", "key", "identity that connects nobody", True),
    Column("reason", "code", "blocked or shared", True),
    Column("crowd_count", "count", "how many identities of one kind it was seen with, when shared", True),
)
REFUSED_FEATURES = {"deletionVectors", "columnMapping"}


class Lake:
    """One world's lake. Cheap to make; safe with any number of processes."""

    def __init__(self, root: Path, engine: Engine) -> None:
        self.root = root
        self.engine = engine
        self.manifests = Manifests(root)

    @contextmanager
    def open(self, version: int | None = None, cursor: Cursor | None = None) -> Iterator["Snapshot"]:
        """The lake at ``version`` (default: the newest), until the block ends. Raises ``VersionGone``.

        ``cursor``: one the caller has borrowed already and made tables on; default: one of its own.
        """
        manifest = self.manifests.latest() if version is None else self.manifests.at(version)
        with nullcontext(cursor) if cursor else self.engine.cursor() as own:
            snapshot = Snapshot(self.root, manifest, own, is_past=version is not None)
            try:
                yield snapshot
            finally:
                snapshot.close()


class Snapshot:
    """The lake at one version: tables as expressions, and the three ways to run one."""

    def __init__(self, root: Path, manifest: Manifest, cursor: Cursor, *, is_past: bool = False) -> None:
        self.root = root
        self._is_past = is_past
        self.manifest = manifest
        self.cursor = cursor
        self._kept: list[str] = []

    @property
    def version(self) -> int:
        return self.manifest.version

    def table(self, name: str) -> ir.Table:
        """A contract table: its columns and those the writer added, times naive in UTC. Empty when nothing came yet."""
        return self._view(name, schema.table(name).stored)

    def current(self, name: str) -> ir.Table:
        """A dimension as it is now: the newest revision of each key."""
        rows = self.table(name)
        newest = ibis.row_number().over(
            group_by=list(schema.table(name).key), order_by=[rows.batch_id.desc(), rows.row_number.desc()]
        )
        return rows.mutate(_revision=newest).filter(lambda t: t._revision == 0).drop("_revision")

    def member_map(self) -> ir.Table:
        """``identity_key -> member_id, is_known``: one row per identity ever seen."""
        return self._view("identity_map", MAP_COLUMNS)

    def left_out(self) -> ir.Table:
        """``identity_key, reason, crowd_count``: identities that were left out when members were resolved, and why."""
        return self._view("identities_left_out", LEFT_OUT_COLUMNS)

    def files(self, name: str) -> list[str]:
        """Parquet files of a table at this version. Raises ``VersionGone`` when an erasure removed them."""
        delta = self.manifest.tables.get(name)
        if delta is None:
            return []
        found = list(_files(str(self.root / name), delta, self.manifest.lake_id))
        if self._is_past and not all(Path(file).exists() for file in found):
            raise VersionGone(f"Files of {name} at lake version {self.version} were removed.", version=self.version)
        return found

    def frame(self, expression: ir.Table) -> pd.DataFrame:
        """Run, and return a frame: text as ``str``, integers that may be null as ``Int64``."""
        return self.arrow(expression).to_pandas(types_mapper=_PANDAS.get)

    def arrow(self, expression: ir.Table) -> pa.Table:
        """Run, and return an Arrow table."""
        return self.cursor.backend.to_pyarrow(expression)

    def value(self, expression: ir.Scalar) -> object:
        """Run an expression that is one value; undefined is None."""
        return self.cursor.backend.to_pyarrow(expression).as_py()

    def stream(self, expression: ir.Table) -> dict[str, np.ndarray]:
        """Run, and return its columns as arrays for a kernel. Raises ``InvalidFacts`` when one holds a null.

        The engine's order is kept only when the expression ends with an ``order_by`` that breaks every tie.
        """
        table = self.arrow(expression)
        holes = [name for name, column in zip(table.column_names, table.columns, strict=True) if column.null_count]
        if holes:
            raise InvalidFacts(f"A stream may hold no nulls: {', '.join(holes)}.", columns=", ".join(holes))
        return {name: table[name].to_numpy() for name in table.column_names}

    def keep(self, expression: ir.Table) -> ir.Table:
        """Run once and keep the rows for as long as the snapshot is open, for expressions that several questions share."""
        name = f"kept_{uuid.uuid4().hex}"
        self._kept.append(name)
        return self.cursor.backend.create_table(name, expression, temp=True)

    def close(self) -> None:
        for name in self._kept:
            self.cursor.backend.drop_table(name, force=True)
        self._kept.clear()

    def _view(self, name: str, columns: tuple[Column, ...]) -> ir.Table:
        label = f"{name}_{self.manifest.lake_id or 'empty'}_{self.manifest.tables.get(name, -1)}"
        return self.cursor.parquet(label, self.files(name), columns)


_PANDAS = {
    pa.int64(): pd.Int64Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(na_value=np.nan),
}


@lru_cache(maxsize=512)
def _files(path: str, delta: int, _lake_id: str) -> tuple[str, ...]:
    try:
        table = DeltaTable(path, version=delta)
    except (DeltaError, FileNotFoundError) as error:
        raise VersionGone(f"Version {delta} of {Path(path).name} cannot be read any more.", version=delta) from error
    features = set(table.protocol().reader_features or ())
    if features & REFUSED_FEATURES:
        raise InvalidFacts(f"{Path(path).name} uses Delta features that a file list cannot follow: {features}.")
    return tuple(local_path(uri) for uri in table.file_uris())


def local_path(uri: str) -> str:
    """Path of a file that a Delta table names: letters beyond ASCII, and spaces, are spelt in its address."""
    return unquote(uri.removeprefix("file://"))
