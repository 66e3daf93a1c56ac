"""Whether the data allows to speak of lifetime value: each reason why not, with what was found and what is asked for.

The bounds are rules of thumb. A reason either stops everything, or only what is said of money.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from core.models.ltv.bgnbd import Fit
from core.models.ltv.calibration import Holdout
from core.models.ltv.purchases import People
from core.models.ltv.worth import Model

Reason = Literal[
    "few_buyers", "few_repeat_buyers", "short_history", "no_peak", "no_dropout", "worse_than_naive", "far_off", "no_mean", "correlated"
]  # fmt: skip
FEWEST_BUYERS = 100
FEWEST_REPEAT_BUYERS = 50
SHORTEST_DAYS = 90
LEAST_DROPOUT = 0.002
"""Mean chance of dropping out after a purchase, a ÷ (a + b), below which the law has found nobody who stops."""
MOST_OFF = 2.0
"""The sum predicted for the held-out period may be this many times the actual one, or that part of it."""
MOST_CORRELATION = 0.3
"""Rank correlation of repeats and mean amount, to either side."""


@dataclass(frozen=True, slots=True)
class Problem:
    """``found`` and ``needed``: what a reason is about, in its own unit. ``of_money``: orders may be told all the same."""

    reason: Reason
    found: float
    needed: float
    of_money: bool = False


def of_data(people: People, history_days: int) -> list[Problem]:
    """What is wrong before anything is fitted. ``history_days``: from the first order to the newest day."""
    again = int((people.repeats > 0).sum())
    asked: tuple[tuple[Reason, int, int], ...] = (
        ("few_buyers", len(people), FEWEST_BUYERS),
        ("few_repeat_buyers", again, FEWEST_REPEAT_BUYERS),
        ("short_history", history_days, SHORTEST_DAYS),
    )
    return [Problem(reason, found, needed) for reason, found, needed in asked if found < needed]


def of_purchases(fit: Fit) -> list[Problem]:
    """Whether the law of purchases lies inside its bounds. Without anybody who stops, expected orders never end."""
    law = fit.law
    dropout = law.a / (law.a + law.b)
    if dropout < LEAST_DROPOUT:
        return [Problem("no_dropout", dropout, LEAST_DROPOUT)]
    return [] if fit.is_inside else [Problem("no_peak", float(np.abs(fit.logs).max()), 0.0)]


def of_holdout(held: Holdout | None) -> list[Problem]:
    """Worse than going on at one's own pace by both errors (the absolute one alone favours whoever says that nobody comes), or far off
    in sum."""
    if held is None:
        return []
    found = of_purchases(held.fit)
    if found:
        return found
    if held.mae > held.naive_mae and held.rmse > held.naive_rmse:
        found.append(Problem("worse_than_naive", held.rmse, held.naive_rmse))
    ratio = held.predicted / held.actual if held.actual else float("inf")
    if not 1 / MOST_OFF <= ratio <= MOST_OFF:
        found.append(Problem("far_off", ratio, MOST_OFF))
    return found


def of_spend(model: Model, people: People) -> list[Problem]:
    """What keeps money untold."""
    spend = model.spend
    if spend is None or not spend.is_inside:
        return [Problem("no_peak", 0.0, 0.0, of_money=True)]
    if spend.law.mean is None:
        return [Problem("no_mean", spend.law.q, 1.0, of_money=True)]
    found = correlation(people.repeats, people.means)
    return [Problem("correlated", found, MOST_CORRELATION, of_money=True)] if abs(found) > MOST_CORRELATION else []


def correlation(repeats: npt.NDArray[np.float64], means: npt.NDArray[np.float64]) -> float:
    """Rank correlation among customers with repeats; 0 where either is the same for all."""
    kept = (repeats > 0) & (means > 0)
    ranks = [rankdata(each[kept]) for each in (repeats, means)]
    if kept.sum() < 2 or min(float(np.ptp(one)) for one in ranks) == 0:
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])
