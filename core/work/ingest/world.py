"""Where a mapping is applied: what it leaves open is decided there."""

from dataclasses import dataclass
from datetime import datetime

from babel.numbers import get_currency_precision

from core.privacy.pseudonyms import Keys


@dataclass(frozen=True, slots=True)
class World:
    """What a mapping means depends on where it is applied. ``now``: naive UTC."""

    currency: str
    zone: str
    now: datetime
    keys: Keys

    @property
    def digits(self) -> int:
        """Decimal places of the home currency's smallest unit."""
        return int(get_currency_precision(self.currency))
