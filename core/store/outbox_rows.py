"""Recipients of a campaign as they were decided, by the million: each row once, whatever stands there already.

SQLite takes rows as its driver does, PostgreSQL takes each column as an array; naming the values of every row would take several times as long.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, cast

from sqlalchemy import ARRAY, CursorResult, Dialect, bindparam, column, func, literal, select, table

from core.store.campaign_tables import Outgoing
from core.store.columns import UtcTime
from core.store.session import Session, upsert

CHUNK = 5_000
TIMES = frozenset(one.name for one in Outgoing.__table__.columns if isinstance(one.type, UtcTime))


def plan(session: Session, campaign_id: int, rows: Iterable[Mapping[str, Any]], now: datetime) -> int:
    """Recipients as they were decided, each with ``member_id``, ``channel``, ``state`` and whatever else a row has; of all the same columns. Those that are there already stay as they are, so that
    who was interrupted begins again. Returns how many were new."""
    waiting, new = iter(rows), 0
    while some := list(islice(waiting, CHUNK)):
        new += plan_columns(session, campaign_id, {name: [row[name] for row in some] for name in some[0]}, now)
    return new


def plan_columns(session: Session, campaign_id: int, columns: Mapping[str, Sequence[Any]], now: datetime) -> int:
    """As ``plan``, of columns of one length; as many rows as one statement takes."""
    usual: dict[str, Any] = {
        "campaign_id": campaign_id, "step": 0, "variant": "", "identity_key": None, "address_mac": None, "reason": None, "planned_at": now, "due_at": now,
        "expires_at": None, "fence": 0, "attempts": 0, "place": None,
    }  # fmt: skip
    alike = {name: values[0] for name, values in columns.items() if len(set(values)) == 1}
    constants = {name: value for name, value in usual.items() if name not in columns} | alike
    columns = {name: values for name, values in columns.items() if name not in alike or name == "member_id"}
    constants.pop("member_id", None)
    if session.get_bind().dialect.name == "postgresql":
        return _planned_at_once(session, columns, constants)
    return _planned_by_driver(session, columns, constants)


def _planned_at_once(session: Session, columns: Mapping[str, Sequence[Any]], constants: Mapping[str, Any]) -> int:
    """One statement that takes each column as an array: a row of parameters each would take several times as long."""
    known = Outgoing.__table__.columns
    arrays = [bindparam(f"_{name}", list(values), type_=ARRAY(known[name].type)) for name, values in columns.items()]
    told = func.unnest(*arrays).table_valued(*(column(name, known[name].type) for name in columns)).render_derived()
    fixed = [literal(value, known[name].type) for name, value in constants.items()]
    chosen = select(*(told.c[name] for name in columns), *fixed)
    statement = upsert(session, Outgoing).from_select([*columns, *constants], chosen).on_conflict_do_nothing()
    return cast("CursorResult[Any]", session.execute(statement)).rowcount


def _planned_by_driver(session: Session, columns: Mapping[str, Sequence[Any]], constants: Mapping[str, Any]) -> int:
    """Rows as the driver takes them, times written once each: naming the values of each row took most of the time."""
    names = [*columns, *constants]
    plain = table(Outgoing.__tablename__, *map(column, names))
    connection = session.connection()
    statement = upsert(session, cast(Any, plain)).on_conflict_do_nothing()
    said = statement.compile(dialect=connection.dialect, column_keys=names).string
    written = _writer(connection.dialect)
    columns = {name: [written(one) for one in values] if name in TIMES else values for name, values in columns.items()}
    fixed = tuple(written(value) if name in TIMES else value for name, value in constants.items())
    rows = [(*row, *fixed) for row in zip(*columns.values(), strict=True)]
    return connection.exec_driver_sql(said, rows).rowcount if rows else 0


def _writer(dialect: Dialect) -> Callable[[datetime | None], Any]:
    """Times as the driver takes them; many rows have the same."""
    write = UtcTime().dialect_impl(dialect).bind_processor(dialect)
    return lru_cache(maxsize=1024)(write) if write is not None else lambda at: at
