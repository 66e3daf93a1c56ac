"""What is planted with known answers: two funnels, a lift against a holdout, a bad batch of tea."""

from dataclasses import dataclass

import numpy as np

from core.work.demo.activity import MINI_PROGRAM, NAMES, Acts, Baskets, acts, acts_together
from core.work.demo.brand import LIFT, LIFT_DAYS_BEFORE_END, TRIAL, TRIAL_DAYS_BEFORE_END, Brand
from core.work.demo.people import People
from core.work.demo.rhythm import DAY_S, HOUR_S, Floats, Ints
from core.work.demo.shopping import INCIDENT_ORDER, LIFT_ORDER, TRIAL_ORDER, Orders, orders

TRIAL_STEPS = ("product_view", "add_to_cart", "checkout", "order_placed")
BOOKING_STEPS = ("booking_view", "booking_submit", "booking_pay", "booking_visit")
STEP_SHARES = (1.0, 0.44, 0.24, 0.14)
"""Share of the cohort that gets to each step at all, in whatever time."""
SLOW_SHARE, LATE_SHARE = 0.3, 0.1
BOOKING_DAYS_BEFORE_END = 55
TREATED_SHARE, TREATED_RATE, HOLDOUT_RATE = 2 / 3, 0.07, 0.04
INCIDENT_PRODUCT, INCIDENT_DAYS_BEFORE_END = "P010", 41


@dataclass(frozen=True)
class Walk:
    """One attempt per person at a funnel: the time of each step, 0 = not taken. The funnel's answers follow from it."""

    who: Ints
    at_s: Ints

    def reached(self, within_s: int) -> list[int]:
        """People at each step when no step may come more than ``within_s`` after the first."""
        taken = (self.at_s > 0) & (self.at_s - self.at_s[:, :1] <= within_s)
        return np.logical_and.accumulate(taken, axis=1).sum(axis=0).tolist()


def walk(brand: Brand, rng: np.random.Generator, who: Ints, first_day: int) -> Walk:
    """Attempts that start within seven days. Three steps in ten wait a day or two; one last step in ten is late."""
    who = rng.permutation(who)
    size, steps = len(who), len(STEP_SHARES)
    depth = np.searchsorted(-np.round(np.array(STEP_SHARES) * size), -np.arange(size) - 0.5, side="right")
    start = brand.span.draw_times(rng, first_day + rng.integers(0, 7, size))
    waits = np.where(
        rng.random((size, steps)) < SLOW_SHARE,
        rng.uniform(1.05, 1.9, (size, steps)) * DAY_S,
        rng.uniform(60, 900, (size, steps)),
    )
    is_late = (depth == steps) & (rng.random(size) < LATE_SHARE)
    waits[is_late, -1] = 8.2 * DAY_S
    waits[:, 0] = 0
    at = start[:, None] + np.cumsum(waits, axis=1).astype(np.int64)
    return Walk(who, np.where(np.arange(steps) < depth[:, None], at, 0))


def trial(brand: Brand, people: People, rng: np.random.Generator) -> tuple[Walk, Acts, Orders]:
    """The shopping funnel of the trial campaign. Some look twice before, some put in the basket before they look."""
    cohort = walk(brand, rng, people.of("trial"), brand.span.days - TRIAL_DAYS_BEFORE_END)
    campaign, product = brand.campaigns.at(TRIAL), brand.products.at("P001")
    parts = [
        _steps(cohort, step, name, campaign=campaign, product=product) for step, name in enumerate(TRIAL_STEPS[:3])
    ]
    parts.append(
        _earlier(rng, cohort, TRIAL_STEPS[0], 0.15, np.ones(len(cohort.who), bool), campaign=campaign, product=product)
    )
    parts.append(
        _earlier(rng, cohort, TRIAL_STEPS[1], 0.10, cohort.at_s[:, 1] == 0, campaign=campaign, product=product)
    )
    buys = np.flatnonzero(cohort.at_s[:, 3])
    return cohort, acts_together(parts), _orders(cohort.who[buys], cohort.at_s[buys, 3], product, campaign, TRIAL_ORDER)


def booking(brand: Brand, people: People, rng: np.random.Generator) -> tuple[Walk, Acts]:
    """The same people book a tasting in a store: a funnel of events that nothing else uses."""
    cohort = walk(brand, rng, people.of("trial"), brand.span.days - BOOKING_DAYS_BEFORE_END)
    parts = [_steps(cohort, step, name) for step, name in enumerate(BOOKING_STEPS)]
    parts.append(_earlier(rng, cohort, BOOKING_STEPS[1], 0.10, cohort.at_s[:, 1] == 0))
    return cohort, acts_together(parts)


def _steps(cohort: Walk, step: int, name: str, **places: int) -> Acts:
    taken = np.flatnonzero(cohort.at_s[:, step])
    return acts(cohort.who[taken], cohort.at_s[taken, step], NAMES.index(name), MINI_PROGRAM, **places)


def _earlier(rng: np.random.Generator, cohort: Walk, name: str, share: float, who: np.ndarray, **places: int) -> Acts:
    """The step once more, an hour before the first: it must not change the answer."""
    some = np.flatnonzero(who & (rng.random(len(cohort.who)) < share))
    return acts(cohort.who[some], cohort.at_s[some, 0] - HOUR_S, NAMES.index(name), MINI_PROGRAM, **places)


def _orders(who: Ints, at_s: Ints, product: int, campaign: int | Ints, kind: int) -> Orders:
    size = len(who)
    baskets = Baskets(
        who, at_s, np.full(size, MINI_PROGRAM), np.full(size, product), np.broadcast_to(np.asarray(campaign), size)
    )
    return orders(baskets, kind)


@dataclass(frozen=True)
class Lift:
    """A win-back campaign with a holdout. Whoever converts orders exactly once within seven days of the start."""

    treated: Ints
    holdout: Ints
    treated_buyers: Ints
    holdout_buyers: Ints
    first_day: int


def lift(brand: Brand, people: People, rng: np.random.Generator) -> tuple[Lift, Acts, Orders]:
    audience = rng.permutation(people.of("lift"))
    cut = round(len(audience) * TREATED_SHARE)
    treated, holdout = audience[:cut], audience[cut:]
    planted = Lift(
        treated, holdout, treated[: round(len(treated) * TREATED_RATE)], holdout[: round(len(holdout) * HOLDOUT_RATE)],
        brand.span.days - LIFT_DAYS_BEFORE_END,
    )  # fmt: skip
    buyers = np.concatenate([planted.treated_buyers, planted.holdout_buyers])
    at = brand.span.draw_times(rng, planted.first_day + rng.integers(0, 6, len(buyers)), DAYTIME)
    campaign = np.where(np.arange(len(buyers)) < len(planted.treated_buyers), brand.campaigns.at(LIFT), -1)
    product = brand.products.at("P022")
    before = ((NAMES.index("product_view"), 600), (NAMES.index("add_to_cart"), 300), (NAMES.index("checkout"), 90))
    parts = [acts(buyers, at - early, name, MINI_PROGRAM, product=product, campaign=campaign) for name, early in before]
    return planted, acts_together(parts), _orders(buyers, at, product, campaign, LIFT_ORDER)


DAYTIME: Floats = np.array([0] * 11 + [1] * 11 + [0] * 2, dtype=float)
"""Campaigns go out at 10 o'clock; nobody converts before."""


def incident(brand: Brand, people: People, rng: np.random.Generator) -> Orders:
    """Orders of a bad batch of tea, in the week before the day of the complaints."""
    day = brand.span.days - INCIDENT_DAYS_BEFORE_END
    able = people.filed_under["mini_program"][: people.members] >= 0
    there = (people.joined_day[: people.members] < day - 10) & (people.silent_s[: people.members] >= brand.span.end_s)
    pool = np.flatnonzero(able & there & (people.role[: people.members] == 0))
    who = rng.permutation(pool)[: max(24, round(people.members * 0.004))]
    at = brand.span.draw_times(rng, day - 7 + rng.integers(0, 6, len(who)))
    return _orders(who, at, brand.products.at(INCIDENT_PRODUCT), -1, INCIDENT_ORDER)
