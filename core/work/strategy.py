"""The strategy matrix: in which market situation which of the three ways comes first, as the house sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import Forbidden, Refusal
from core.scope import Operator
from core.store import audit, choices, topics
from core.store.session import Session, Store
from core.work.home import Home

KEPT = "strategy"
TOPIC = "forecasts"
WAYS = ("A", "B", "C")
"""Promotion, member tiers, content."""
LONGEST = 200


class InvalidStrategy(Refusal):
    """The matrix cannot be kept like this: ``reason`` is ``order``, ``long`` or ``rows``; ``most``: letters of a text."""

    code = "strategy.invalid"


class StrategyChanged(Refusal):
    """Somebody else changed the matrix since the asker read it."""

    code = "strategy.changed"


@dataclass(frozen=True, slots=True)
class Row:
    """``situation``: one that the product knows by name (``competition``, ``growth``, ``window``) or words of the house. ``order``: the three
    ways, first things first. ``measures``: what is done, in words of the house; null = the product's own for that situation."""

    situation: str
    order: tuple[str, ...]
    measures: str | None = None


START = (
    Row("competition", ("A", "B", "C")),
    Row("growth", ("B", "A", "C")),
    Row("window", ("C", "B", "A")),
)
MOST_ROWS = 12


def read(session: Session) -> tuple[Row, ...]:
    """As the house keeps it; as it starts where nobody changed it."""
    return _rows(choices.read(session, KEPT))


def kept(home: Home, operator: Operator) -> tuple[Row, ...]:
    """Raises ``Forbidden``."""
    operator.require("forecast.see")
    with home.store.reading() as session:
        return read(session)


def keep(
    home: Home, log: Store, operator: Operator, rows: Sequence[Row], now: datetime, *, was: Sequence[Row]
) -> tuple[Row, ...]:
    """From now on the matrix is this; without rows as it started. ``was``: as the asker saw it. Raises ``Forbidden``, ``InvalidStrategy``,
    ``StrategyChanged``."""
    operator.require("forecast.write")
    if not operator.scope.sees_all:
        raise Forbidden("The matrix is that of the whole house.", permission="forecast.write", role=operator.role)
    fresh = tuple(rows) or START
    _refuse(fresh)
    told: list[dict[str, Any]] = [
        {"situation": one.situation, "order": list(one.order), "measures": one.measures} for one in fresh
    ]
    with audit.told(home.store, log) as (session, logged):
        if _rows(choices.held(session, KEPT, by=operator.name, now=now)) != tuple(was):
            raise StrategyChanged("Somebody else changed the matrix meanwhile.")
        choices.write(session, KEPT, None if fresh == START else told, by=operator.name, now=now)
        topics.bump(session, TOPIC)
        audit.append(logged, operator, "strategy.kept", "strategy", {"rows": told, "world": home.world}, now=now)
    return fresh


def _rows(told: list[dict[str, Any]] | None) -> tuple[Row, ...]:
    return START if told is None else tuple(Row(one["situation"], tuple(one["order"]), one["measures"]) for one in told)


def _refuse(rows: tuple[Row, ...]) -> None:
    if len(rows) > MOST_ROWS or len({one.situation for one in rows}) < len(rows):
        raise InvalidStrategy(f"At most {MOST_ROWS} situations, each once.", reason="rows", most=MOST_ROWS)
    for one in rows:
        if sorted(one.order) != sorted(WAYS):
            raise InvalidStrategy("Each way stands once in the order.", reason="order", most=LONGEST)
        if not 1 <= len(one.situation.strip()) <= LONGEST or len(one.measures or "") > LONGEST:
            raise InvalidStrategy(f"A text has 1 to {LONGEST} letters.", reason="long", most=LONGEST)
