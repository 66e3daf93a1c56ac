"""What a fit is told, as one value that can be kept, sent to another process and named by a key."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import numpy as np

from core.models.forecast.history import Event, Floats, History, Known
from core.models.forecast.spec import Spec


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """``models``: those that take part; null = all."""

    history: History
    known: Known
    spec: Spec
    models: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values; what is not known is null."""
        return {
            "start_on": self.history.start_on.isoformat(),
            "values": _plain(self.history.values),
            "known_from": self.known.start_on.isoformat(),
            "events": [asdict(one) | {"on": one.on.isoformat()} for one in self.known.events],
            "regressors": {name: _plain(values) for name, values in sorted(self.known.regressors.items())},
            "closed": [one.isoformat() for one in self.known.closed],
            "spec": self.spec.fitted.to_json(),
            "models": None if self.models is None else list(self.models),
        }

    @staticmethod
    def from_json(told: dict[str, Any]) -> "Told":
        events = tuple(Event(**one | {"on": date.fromisoformat(one["on"])}) for one in told["events"])
        regressors = {name: _floats(values) for name, values in told["regressors"].items()}
        closed = tuple(
            map(date.fromisoformat, told.get("closed", ()))
        )  # what was asked for by an earlier form says none
        models = told["models"]
        return Told(
            History(date.fromisoformat(told["start_on"]), _floats(told["values"])),
            Known(date.fromisoformat(told["known_from"]), events, regressors, closed),
            Spec.from_json(told["spec"]),
            None if models is None else tuple(models),
        )


def sha(value: object) -> str:
    """The one hash of plain values."""
    return sha256(json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()).hexdigest()


def _plain(values: Floats) -> list[float | None]:
    return [None if np.isnan(one) else float(one) for one in values]


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if one is None else one for one in values], np.float64)
