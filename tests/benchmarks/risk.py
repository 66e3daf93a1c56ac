"""Warnings over real daily series with planted harm: how much is found, how often nothing was wrong.

    python -m tests.benchmarks.risk            every rule, on the nine series of traffic and on the two of a shop
    python -m tests.benchmarks.risk set        the limits of ``core.risk.detectors.MODES`` set on one half of the nine, told on the other, and the other way round
    python -m tests.benchmarks.risk speed      500 lines of two years

Protocol (the injections of the product's own trial): twelve injections of each kind into each series: a day of +50 %, a day of -40 %, 14 days of -20 %, 21 days that lose 1.5 % more every
day, 14 days of noise of standard deviation .2 in logarithms. Causal: a day is judged by the days before it; the last 365 days are scored, what lies before (at least 180 days, at most
three years) is history. Public holidays with the days beside them and 20 December to 8 January are neither judged nor hit. A hit: a day that breaks the rule and does
not in the series as it was, on the day of a spike or drop, within 10 days of a shift or noise, within 21 of a bleed. ``inside`` counts only what lies outside every warning of the series as it
was. Alarms fewer than ten days apart are one episode; every episode of the series as it was counts as false, though some of it was real.
"""

import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import pairwise

import numpy as np
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest
from statsmodels.tsa.seasonal import STL

from core.risk.departures import departures
from core.risk.detectors import MODES, Bools, Course, Floats, Limits, judge
from core.risk.episodes import breaking, episodes
from core.risk.rules import Rule
from tests.benchmarks.real_series import Real, every

SCORED, WARM, EACH = 365, 180, 12
MOST = 3 * 365 + SCORED
QUIET_DAYS = 10
NINE = 9
KINDS = {"spike": (1, 1), "drop": (1, 1), "shift": (14, 10), "bleed": (21, 21), "noise": (14, 10)}
"""How many days each lasts, and within how many it must be found."""


@dataclass(frozen=True, eq=False)
class World:
    """A series as it was (line 0) and with one injection each. ``first``: first scored day. ``looked[line, day]``: where a hit counts."""

    name: str
    values: Floats
    skipped: Bools
    kinds: tuple[str, ...]
    looked: Bools
    first: int

    @property
    def years(self) -> float:
        return (self.values.shape[1] - self.first) / 365


def worlds(some: Sequence[Real]) -> list[World]:
    return [_world(real) for real in some]


def _world(real: Real) -> World:
    history = real.history.last(min(real.history.days, MOST))
    plain, skipped = np.asarray(history.values, float), np.zeros(history.days, bool)
    for place in range(len(plain)):
        on = history.start_on + timedelta(days=place)
        skipped[place] = (on.month, on.day) >= (12, 20) or (on.month, on.day) <= (1, 8)
    for event in real.known.events:
        place = (event.on - history.start_on).days
        skipped[max(place - 1, 0) : max(place + 2, 0)] = True
    first, draw = max(WARM, len(plain) - SCORED), np.random.default_rng(7)
    able = [d for d in range(first, len(plain) - 21) if not skipped[d] and plain[d] > 0]
    lines, kinds, looked = [plain], ["clean"], [np.zeros(len(plain), bool)]
    for kind, (days, within) in KINDS.items():
        for at in draw.choice(able, EACH, replace=False):
            harmed, seen = plain.copy(), np.zeros(len(plain), bool)
            harmed[at : at + days] *= _times(kind, days, draw)
            seen[at : at + within] = True
            lines.append(harmed)
            kinds.append(kind)
            looked.append(seen)
    return World(real.name, np.array(lines), skipped, tuple(kinds), np.array(looked), first)


def _times(kind: str, days: int, draw: np.random.Generator) -> Floats:
    if kind == "bleed":
        return 0.985 ** np.arange(1, days + 1)
    if kind == "noise":
        return np.exp(draw.normal(0, 0.2, days))
    return np.full(days, {"spike": 1.5, "drop": 0.6, "shift": 0.8}[kind])


# -- what is told ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """Means over series. ``inside``: recall of what lies outside every warning of the series as it was."""

    recall: float
    inside: float
    by_kind: Mapping[str, float]
    episodes: float
    days: float
    delays: Mapping[str, float]
    by_series: Mapping[str, tuple[float, float]]


Alarms = Callable[[World], Bools]


def told(some: Sequence[World], alarms: Alarms) -> Told:
    hits: dict[str, list[float]] = {kind: [] for kind in KINDS}
    inside: dict[str, list[float]] = {kind: [] for kind in KINDS}
    delays: dict[str, list[int]] = {kind: [] for kind in KINDS}
    false, days, series = [], [], {}
    for world in some:
        found = alarms(world) & ~world.skipped
        found[:, : world.first] = False
        clean = found[0]
        false.append(_episodes(clean) / world.years)
        days.append(clean.sum() / world.years)
        new, outside = found & ~clean & world.looked, found & ~_filled(clean) & world.looked
        for kind in KINDS:
            lines = [n for n, one in enumerate(world.kinds) if one == kind]
            hits[kind].append(float(new[lines].any(axis=1).mean()))
            inside[kind].append(float(outside[lines].any(axis=1).mean()))
            delays[kind] += [int(new[n].argmax() - world.looked[n].argmax()) for n in lines if new[n].any()]
        series[world.name] = float(np.mean([hits[kind][-1] for kind in KINDS])), false[-1]
    kinds = {kind: float(np.mean(rates)) for kind, rates in hits.items()}
    return Told(
        float(np.mean(list(kinds.values()))), float(np.mean([np.mean(one) for one in inside.values()])), kinds,
        float(np.mean(false)), float(np.mean(days)),
        {kind: float(np.median(one)) if one else np.nan for kind, one in delays.items()}, series,
    )  # fmt: skip


def _episodes(clean: Bools) -> int:
    days = np.flatnonzero(clean)
    return 0 if not len(days) else 1 + int((np.diff(days) > QUIET_DAYS).sum())


def _filled(clean: Bools) -> Bools:
    whole, days = clean.copy(), np.flatnonzero(clean)
    for one, other in pairwise(days):
        if other - one <= QUIET_DAYS:
            whole[one:other] = True
    return whole


# -- rules -------------------------------------------------------------------------------------------------------------


def by_rule(rule: Rule) -> Alarms:
    return lambda world: breaking(rule, judge(rule, Course(world.values, world.skipped)))


def fixed(world: World) -> Bools:
    """30 % from the mean of the days before the scored ones, as somebody sets it up once."""
    mean = np.nanmean(world.values[0, max(0, world.first - WARM) : world.first])
    return np.abs(world.values - mean) > 0.3 * mean


def stl(world: World) -> Bools:
    """Residual of the last day of a robust STL (period 7) of the 180 days before, beyond 3.5 robust deviations. Dear: of two injections of each kind."""
    found = np.zeros(world.values.shape, bool)
    for line in range(len(world.kinds)):
        days = range(world.first, world.values.shape[1]) if line == 0 else np.flatnonzero(world.looked[line])
        logs = np.log(np.maximum(_held(world.values[line]), 1e-9))
        for day in days:
            rest = STL(logs[day - WARM + 1 : day + 1], period=7, seasonal=35, robust=True).fit().resid
            own = 1.4826 * np.median(np.abs(rest - np.median(rest)))
            found[line, day] = abs(rest[-1]) > 3.5 * max(own, 1e-9)
    return found


def _held(values: Floats) -> Floats:
    """Days that nobody knows as the day before."""
    place = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(len(values))))
    return values[place]


def outlying(kind: str, limit: float, world: World) -> Bools:
    """Distance of a day's own lags to centres, or an isolation forest's score: lags 0, 1, 7, 14 over the mean of 28 days, learnt before the scored days."""
    found = np.zeros(world.values.shape, bool)
    shapes = [_lags(_held(line)) for line in world.values]
    learnt = shapes[0][60 : world.first]
    model = (
        KMeans(5, n_init=4, random_state=1).fit(learnt)
        if kind == "kmeans"
        else IsolationForest(n_estimators=100, random_state=1).fit(learnt)
    )

    def score(rows: Floats) -> Floats:
        return model.transform(rows).min(axis=1) if kind == "kmeans" else -model.score_samples(rows)  # type: ignore[union-attr]

    own = score(learnt)
    middle, spread = np.median(own), 1.4826 * np.median(np.abs(own - np.median(own)))
    for line, rows in enumerate(shapes):
        found[line, 60:] = (score(rows[60:]) - middle) / spread > limit
    return found


def _lags(values: Floats) -> Floats:
    logs = np.log(np.maximum(values, 1e-9))
    total = np.cumsum(np.pad(logs, (1, 0)))
    level = np.array([(total[d] - total[max(d - 28, 0)]) / max(min(d, 28), 1) for d in range(len(logs))])
    return np.column_stack([np.roll(logs, lag) - level for lag in (0, 1, 7, 14)])


STANDARD = Rule("", "daily", 1.0, "below", quiet_days=QUIET_DAYS)
RULES: dict[str, Alarms] = {
    "daily rule, standard": by_rule(STANDARD),
    "daily rule, quiet": by_rule(Rule("", "quiet", 1.0, "below", quiet_days=QUIET_DAYS)),
    "fixed, 30 % of a mean": fixed,
    "7-day mean, -20 %": by_rule(Rule("", "relative", 0.2, "below", window_days=7)),
    "same weekday of 4 weeks, -20 %": by_rule(Rule("", "baseline", 0.2, "below", window_days=28)),
    "2 sigma of 28 days": by_rule(Rule("", "sigma", 2.0, window_days=28)),
    "3 sigma of 28 days": by_rule(Rule("", "sigma", 3.0, window_days=28)),
    "STL residual, 3.5": stl,
    "K-means, 6": partial(outlying, "kmeans", 6.0),
    "isolation forest, 4": partial(outlying, "forest", 4.0),
}


def _row(name: str, found: Told, seconds: float | None = None) -> str:
    kinds = " | ".join(f"{found.by_kind[kind]:.2f}" for kind in KINDS)
    late = f"{found.delays['shift']:.0f} / {found.delays['bleed']:.0f}"
    cost = "" if seconds is None else f"{seconds:.2f}"
    return f"| {name} | {found.recall:.3f} | {found.inside:.3f} | {found.episodes:.1f} | {found.days:.0f} | {kinds} | {late} | {cost} |"


HEAD = (
    "| rule | recall | outside | false episodes a year | false days a year | spike | drop | shift | bleed | noise | days until shift / bleed | s per series |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)


def compare() -> None:
    nine, shop = _split()
    print(HEAD)
    for name, alarms in RULES.items():
        some = nine
        if alarms is stl:
            some = [_few(world) for world in nine]
        start = time.process_time()
        found = told(some, alarms)
        print(_row(name, found, (time.process_time() - start) / sum(len(w.kinds) for w in some)), flush=True)
    print("\nby series (recall, false episodes a year): standard")
    for world in nine + shop:
        print(world.name, "{:.2f} {:.1f}".format(*told([world], RULES["daily rule, standard"]).by_series[world.name]))


def _few(world: World) -> World:
    """Two injections of each kind."""
    kept = [0, *[n for n in range(1, len(world.kinds)) if (n - 1) % EACH < 2]]
    return World(
        world.name, world.values[kept], world.skipped, tuple(world.kinds[n] for n in kept), world.looked[kept], world.first
    )  # fmt: skip


def _split() -> tuple[list[World], list[World]]:
    found = worlds(list(every()))
    return found[:NINE], found[NINE:]


# -- setting limits ----------------------------------------------------------------------------------------------------


class Prepared:
    """Departures of a world, taken once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._course = Course(world.values, world.skipped)
        self._course.usual  # noqa: B018  taken here, so that every set of limits is judged by the same

    def alarms(self, limits: Limits) -> Bools:
        kept, MODES["daily"] = MODES["daily"], limits
        try:
            return breaking(STANDARD, judge(STANDARD, self._course))
        finally:
            MODES["daily"] = kept


def best(some: Sequence[Prepared], most: float, penalty: float, most_days: float) -> Limits:
    """Limits with the highest recall (outside) at no more false episodes and days a year, coordinate by coordinate."""
    limits: Limits = {"sudden": (1.5, 0.2), "drift": (1.2, 0.16), "unrest": (1.5, 0.14)}

    def worth(asked: Limits) -> float:
        found = _told(some, asked)
        too_many = penalty * max(0.0, found.episodes - most) + 0.004 * max(0.0, found.days - most_days)
        return found.inside - too_many

    reached = worth(limits)
    for step in (0.3, 0.15):
        for measure in ("sudden", "drift", "unrest"):
            middle = limits[measure][0]
            shares = (0.06, 0.1, 0.14, 0.18) if measure == "unrest" else (0.1, 0.13, 0.16, 0.2, 0.24)
            for unit in np.arange(max(0.3, middle - 5 * step), middle + 5 * step, step):
                for share in shares:
                    asked = limits | {measure: (round(float(unit), 2), share)}
                    if (value := worth(asked)) > reached + 1e-9:
                        reached, limits = value, asked
    return limits


def _told(some: Sequence[Prepared], limits: Limits) -> Told:
    by_name = {one.world.name: one for one in some}
    return told([one.world for one in some], lambda world: by_name[world.name].alarms(limits))


def set_limits() -> None:
    nine = sorted((Prepared(world) for world in _split()[0]), key=lambda one: one.world.name)
    halves = nine[1::2], nine[::2]
    print(HEAD)
    for own, other in (halves, halves[::-1]):
        print("set on", ", ".join(one.world.name for one in own))
        for name, most, penalty, days in (("standard", 6.0, 0.05, 30), ("quiet", 3.0, 0.08, 15)):
            limits = best(own, most, penalty, days)
            print(name, limits)
            print(_row(f"{name}: the half it was set on", _told(own, limits)))
            print(_row(f"{name}: the other half", _told(other, limits)))
            print(_row(f"{name}: all nine", _told(nine, limits)), flush=True)


def speed() -> None:
    draw = np.random.default_rng(1)
    values = draw.poisson(draw.uniform(5, 2000, (500, 1)), (500, 730)).astype(float)
    skipped = np.zeros(730, bool)
    departures(values[:2], skipped)  # compiled
    for name, rule in {
        "daily": STANDARD,
        "2 sigma": Rule("", "sigma", 2.0),
        "same weekday": Rule("", "baseline", 0.2),
    }.items():
        start = time.perf_counter()
        found = episodes(rule, Course(values, skipped, is_count=True))
        print(f"{name}: 500 lines of 730 days in {time.perf_counter() - start:.2f} s, {len(found)} episodes")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    {"set": set_limits, "speed": speed}.get(sys.argv[1] if len(sys.argv) > 1 else "", compare)()
