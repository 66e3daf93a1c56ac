"""Answers of questions with what every page says of one, and the members behind their figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

import pandas as pd

from core.work.questions.reading import Reading
from dashboard.data import people as named
from dashboard.data.ground import Ground, stand
from dashboard.data.people import People
from dashboard.data.rows import Row, plain
from dashboard.filters import Filters
from dashboard.web import kept

F = TypeVar("F")


@dataclass(frozen=True, eq=False)
class Answer(Generic[F]):
    """``key``: names it, for pictures and widgets. ``as_of``: time of the newest data."""

    key: str
    found: F
    as_of: datetime
    zone: str
    version: int
    currency: str
    _plain: dict[str, list[Row]] = field(default_factory=dict, init=False, repr=False)

    def rows(self, name: str = "rows") -> list[Row]:
        """A table of what was found as plain values; made once, so nobody changes them."""
        if name not in self._plain:
            self._plain[name] = plain(getattr(self.found, name))
        return self._plain[name]


def read(
    permission: str, name: str, asked: Filters, arguments: object, ask: Callable[[Reading], F | None]
) -> Answer[F] | None:
    """What ``ask`` says of the lake, kept under ``name`` and ``arguments``, which say all there is to say of it. None where there is
    no answer. Raises ``Forbidden``."""
    ground = stand(permission)
    key = f"{name}|{ground.key}|{asked}|{arguments}"
    return cast("Answer[F] | None", _read(key=key, _ground=ground, _asked=asked, _ask=ask))


def people(
    name: str,
    asked: Filters,
    arguments: Mapping[str, Any],
    *,
    unit: str,
    figure: int,
    ask: Callable[[Reading], pd.DataFrame],
) -> People:
    """Members behind a figure: ``ask`` gives ``member_id`` and ``value``. ``name``: of the question; ``arguments`` say which figure;
    both are kept with a segment. ``unit``: of a value. Raises ``Forbidden``."""
    ground = stand("people.see")
    key = f"{name}|{ground.key}|{asked}|{dict(arguments)}"
    told = {"kind": name, "metric": f"{name}-{arguments['which']}"} | dict(arguments)
    return _people(key=key, _ground=ground, _asked=asked, _told=told, _unit=unit, _figure=figure, _ask=ask)


@kept.by_key(32)
def _read(
    key: str, _ground: Ground, _asked: Filters, _ask: Callable[[Reading], object | None]
) -> Answer[object] | None:
    with _ground.open(_asked) as lake:
        found = _ask(lake)
        if found is None:
            return None
        assert lake.as_of is not None
        return Answer(key, found, lake.as_of, lake.zone, _ground.version, lake.currency)


@kept.by_key(16)
def _people(
    key: str,
    _ground: Ground,
    _asked: Filters,
    _told: dict[str, Any],
    _unit: str,
    _figure: int,
    _ask: Callable[[Reading], pd.DataFrame],
) -> People:
    with _ground.open(_asked) as lake:
        frame = _ask(lake)
        currency = lake.currency
    total = int(frame["value"].sum()) if len(frame) else 0
    how = "stock_end" if _unit == "rows" else "members"
    definition = named.definition(_asked) | _told
    return People(key, frame, definition, how, _unit, total, _figure, currency, _ground.version)
