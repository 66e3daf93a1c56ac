"""Parameters found by greatest likelihood: how sure they are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

Z_95 = 1.959963984540054
"""Normal quantile of a 95 % interval."""
STEP = 1e-4
"""Of the logs of the parameters, for the second derivative from the gradient."""


def dot(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> float:
    """Sum of products, without BLAS: its threads wait for one another in vain over arrays this short, and longest on busy cores."""
    return float(np.einsum("i,i", one, other))


@dataclass(frozen=True, eq=False)
class Estimate:
    """``logs``: of the parameters, in the order of ``names``; ``covariance``: theirs; None where the likelihood has no peak inside."""

    names: ClassVar[tuple[str, ...]] = ()

    logs: Floats
    log_likelihood: float
    covariance: Floats | None
    evaluations: int

    def to_json(self) -> dict[str, Any]:
        covariance = None if self.covariance is None else self.covariance.tolist()
        return {
            "logs": self.logs.tolist(), "log_likelihood": self.log_likelihood, "covariance": covariance, "evaluations": self.evaluations,
        }  # fmt: skip

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Self:
        covariance = None if told["covariance"] is None else np.array(told["covariance"])
        return cls(np.array(told["logs"]), told["log_likelihood"], covariance, told["evaluations"])

    @property
    def is_inside(self) -> bool:
        """Whether the likelihood has a peak with finite parameters."""
        return self.covariance is not None

    def interval(self, name: str) -> tuple[float, float] | None:
        """95 % interval of a parameter, by the normal law of its log; None where there is no covariance."""
        if self.covariance is None:
            return None
        place = self.names.index(name)
        half = Z_95 * float(np.sqrt(self.covariance[place, place]))
        low, high = np.exp(self.logs[place] + np.array([-half, half]))
        return float(low), float(high)


def covariance(likelihood: Callable[[Floats], tuple[float, Floats]], logs: Floats) -> Floats | None:
    """Inverse of the second derivative of minus the log likelihood; None where that is no peak. ``likelihood`` gives the value and
    its gradient."""
    bent = np.empty((len(logs), len(logs)))
    for place in range(len(logs)):
        step = np.zeros(len(logs))
        step[place] = STEP
        bent[place] = (likelihood(logs + step)[1] - likelihood(logs - step)[1]) / (2 * STEP)
    bent = (bent + bent.T) / 2
    if not np.isfinite(bent).all():
        return None
    values = np.linalg.eigvalsh(bent)
    if values[0] <= 1e-9 * max(values[-1], 1.0):
        return None
    return np.asarray(np.linalg.inv(bent))
