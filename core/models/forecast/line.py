"""Which series: a measure as a whole, or one part of it."""

from dataclasses import dataclass
from typing import Literal, get_args

from core.errors import InvalidForecast

By = Literal["channel", "unit"]
BYS: tuple[By, ...] = get_args(By)


@dataclass(frozen=True, slots=True)
class Line:
    """``part``: the channel or unit it is of; null with ``by`` null, which is the total."""

    measure: str
    by: By | None = None
    part: str | None = None

    def __post_init__(self) -> None:
        if (self.by is None) != (self.part is None) or not self.measure or "/" in self.measure:
            raise InvalidForecast(f"There is no series {self.measure}, {self.by}, {self.part}.", field="series")

    @property
    def text(self) -> str:
        """Its name in the store: ``orders``, ``orders/channel/wecom``."""
        return self.measure if self.by is None else f"{self.measure}/{self.by}/{self.part}"

    @property
    def total(self) -> "Line":
        return Line(self.measure)

    @staticmethod
    def read(text: str) -> "Line":
        """Raises ``InvalidForecast``."""
        measure, *rest = text.split("/", 2)
        if not rest:
            return Line(measure)
        if len(rest) != 2 or rest[0] not in BYS:
            raise InvalidForecast(f"There is no series {text!r}.", field="series")
        return Line(measure, "channel" if rest[0] == "channel" else "unit", rest[1])
