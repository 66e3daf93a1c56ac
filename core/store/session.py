"""Transactions on the store. One code path for SQLite (WAL) and PostgreSQL."""

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar, cast

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, CursorResult, Delete, Engine, TableClause, Update, create_engine, event, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from core.store.columns import Base
from core.store.marks import Mark, Watch

BUSY_SECONDS = 30
ROWS_AT_ONCE = 50
"""In one statement, where very many are inserted."""
MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x51590001
Row = TypeVar("Row", bound=Base)


class Store:
    """The store behind ``url`` (``sqlite:///…`` or ``postgresql+psycopg://…``). Safe to share between threads.

    ``audit_key``: secret of the audit log's hash chain. Only the store that keeps the audit log has one.
    """

    def __init__(self, url: str, *, audit_key: bytes | None = None) -> None:
        self.url = url
        self.engine = _engine(url)
        info = {"audit_key": audit_key}
        reader = self.engine.execution_options(is_write=False, **_reading_options(self.engine))
        writer = self.engine.execution_options(is_write=True)
        self._reading = sessionmaker(reader, expire_on_commit=False, info=info)
        self._writing = sessionmaker(writer, expire_on_commit=False, info=info)
        self._watch = _watch(self.engine)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One write: all of it or, when the block raises, nothing.

        On SQLite there is one writer at a time; the others wait up to 30 seconds here, before they have read anything.
        """
        with self._writing.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent state of the store. Never waits for a writer; writing through it raises."""
        with self._reading.begin() as session:
            yield session

    def mark(self) -> Mark | None:
        """What was read after it still stands while the mark is the same: nobody, in any process, has committed anything since.

        None where the database cannot say (PostgreSQL): there everything must be read anew.
        """
        return self._watch.mark() if self._watch else None

    def migrate(self) -> None:
        """Create the tables, or bring them up to date. Processes that start at the same time take turns."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        writer = self.engine.execution_options(is_write=True)
        with writer.connect() as connection, _unlinked(connection), connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        if self._watch:
            self._watch.close()
        self.engine.dispose()


def put(session: Session, table: type[Base], values: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or overwrite the rows that have the same primary key."""
    rows = [values] if isinstance(values, Mapping) else list(values)
    if not rows:
        return
    statement: Any = upsert(session, table)
    statement = statement.values(rows) if len(rows) == 1 else statement
    keys = [column.name for column in table.__table__.primary_key]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    statement = (
        statement.on_conflict_do_update(index_elements=keys, set_=changed)
        if changed
        else statement.on_conflict_do_nothing(index_elements=keys)
    )
    session.execute(statement, rows if len(rows) > 1 else None)


def insert_new(session: Session, table: type[Row], values: Mapping[str, Any], *, unique: Sequence[str]) -> Row | None:
    """Insert a row, unless there is one with the same values in the ``unique`` columns; None then.

    Whoever would have to look first and insert afterwards asks this: of two that insert the same at once one waits for the other
    to commit, and learns that it came second.
    """
    statement = upsert(session, table).values(**values).on_conflict_do_nothing(index_elements=list(unique))
    row: Row | None = session.scalars(statement.returning(table)).one_or_none()
    return row


def insert_many(session: Session, table: TableClause, rows: Sequence[tuple[Any, ...]], *, unique: Sequence[str] | None) -> int:  # fmt: skip
    """Insert very many rows, in the order of the table's columns; those that are there already are left as they are. Returns how many
    were new. ``unique`` None: whatever makes them so. ``table``: without the columns' types: drivers take bytes as they are, and wrapping each of them was most of the time. So was a statement for each row.
    """
    if not rows:
        return 0
    names = [column.name for column in table.columns]
    connection, new = session.connection(), 0
    whole = len(rows) // ROWS_AT_ONCE * ROWS_AT_ONCE
    for part, size in ((rows[:whole], ROWS_AT_ONCE), (rows[whole:], 1)):
        if part:
            statement = upsert(session, cast(Any, table)).values([dict.fromkeys(names)] * size)
            statement = statement.on_conflict_do_nothing(index_elements=unique)
            plain = statement.compile(dialect=connection.dialect)
            flat, width = list(chain.from_iterable(part)), size * len(names)
            each = (flat[at : at + width] for at in range(0, len(flat), width))
            given: Any = (
                [tuple(one) for one in each]
                if plain.positional
                else [dict(zip(plain.params, one, strict=True)) for one in each]
            )
            new += connection.exec_driver_sql(plain.string, given).rowcount
    return new


def changed_rows(session: Session, statement: Update | Delete) -> int:
    """How many rows an UPDATE or DELETE changed. Rows that the session has read already are not brought up to date by it."""
    done = session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount


def upsert(session: Session, table: type[Base]) -> Any:
    """An INSERT of the store's own dialect, the one that knows ``on_conflict_do_update``."""
    return (postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert)(table)


def _engine(url: str) -> Engine:
    """Errors say the statement and never its values: they end up in logs."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, pool_size=10, max_overflow=50, hide_parameters=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        parsed, connect_args={"timeout": BUSY_SECONDS}, pool_size=10, max_overflow=50, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _watch(engine: Engine) -> Watch | None:
    """A database in memory is as many databases as it has connections, so there is nothing to watch."""
    file = engine.url.database
    return Watch(file) if engine.dialect.name == "sqlite" and file and file != ":memory:" else None


def _reading_options(engine: Engine) -> dict[str, Any]:
    if engine.dialect.name == "postgresql":
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return {}


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: it would begin them deferred, and a deferred transaction that
    # turns
    # into a write fails at once with "database is locked" instead of waiting.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    _switch_to_wal(connection)


@contextmanager
def _unlinked(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by making it anew, and to remove the old one would remove what refers to it: while tables change nothing refers."""
    if connection.dialect.name != "sqlite":
        yield
        return
    raw = connection.connection.dbapi_connection
    raw.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys = ON")  # type: ignore[union-attr]


def _switch_to_wal(connection: Any) -> None:
    """The switch does not honour the busy timeout, so two processes that create one file together need a second try."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    is_write = connection.get_execution_options().get("is_write", True)
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if is_write else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")
