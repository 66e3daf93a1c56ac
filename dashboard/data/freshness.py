"""How new the data is, and what the shared filters can be set to."""

from dataclasses import dataclass
from datetime import date, datetime

from core.store import segments
from core.work.questions import reading
from dashboard.data.ground import Ground, stand
from dashboard.filters import Choices
from dashboard.web import kept


@dataclass(frozen=True, slots=True)
class Freshness:
    """``as_of``: time of the newest data; None in an empty lake."""

    as_of: datetime | None
    as_of_on: date | None
    first_on: date | None
    version: int
    zone: str
    currency: str
    choices: Choices | None


def read(permission: str) -> Freshness:
    """Raises ``Forbidden``."""
    ground = stand(permission)
    return _read(key=ground.key, _ground=ground)


@kept.by_key(16)
def _read(key: str, _ground: Ground) -> Freshness:  # noqa: ARG001 - what it is cached by
    with _ground.open() as lake:
        choices = _choices(lake, _ground) if lake.as_of_on else None
        first_on = lake.whole.start_on if lake.whole else None
        return Freshness(lake.as_of, lake.as_of_on, first_on, _ground.version, lake.zone, lake.currency, choices)


def _choices(lake: reading.Reading, ground: Ground) -> Choices:
    assert lake.as_of_on is not None and lake.whole is not None
    with ground.home.store.reading() as session:
        named = {segment.id: segment.name for segment in segments.listed(session)}
    return Choices(lake.as_of_on, lake.whole.start_on, dict(reading.options(lake)["units"]), named)
