"""What might be: a forecast as it would be with a campaign, or with a known event on days of one's own choosing."""

from dataclasses import replace

import numpy as np

from core.errors import Unknown
from core.models.forecast.history import Floats
from core.models.forecast.outcome import Effect, Outcome, Path
from core.models.forecast.spec import Spec, WhatIf

NAMES = ("point", "lower80", "upper80", "lower95", "upper95")


def supposed(path: Path, spec: Spec, effects: tuple[Effect, ...]) -> Path:
    """The path with what the spec supposes: each day is multiplied, bounds with it, by what every what-if that holds on it says. One that borrows the effect of
    an event takes its mean over the event's window. Raises ``Unknown`` for an event whose effect was not learnt."""
    if not spec.what_ifs:
        return path
    factors = np.ones(path.days)
    for one in spec.what_ifs:
        first = (one.start_on - path.start_on).days
        start, end = max(first, 0), max(min(first + one.days, path.days), 0)
        factors[start:end] *= 1.0 + _uplift(one, effects)
    return times(path, factors)


def with_supposed(outcome: Outcome, spec: Spec) -> Outcome:
    """The outcome, its path as ``supposed`` says."""
    return replace(outcome, path=supposed(outcome.path, spec, outcome.effects))


def times(path: Path, factors: Floats) -> Path:
    """Each day and its bounds times a factor of that day, never below 0."""
    return Path(
        path.start_on, *(tuple(np.maximum(np.asarray(getattr(path, name)) * factors, 0.0).tolist()) for name in NAMES)
    )


def _uplift(one: WhatIf, effects: tuple[Effect, ...]) -> float:
    if one.uplift_share is not None:
        return one.uplift_share
    known = {effect.event: effect.share for effect in effects}
    if one.event not in known:
        raise Unknown("effect", str(one.event), known)
    return known[one.event]
