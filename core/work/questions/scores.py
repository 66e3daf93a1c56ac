"""Who is likely to leave or to buy: the chance of everybody by the model that is live, why, and how the model came about.

A model is of one target over so many days (``scoring.TARGETS``, ``scoring.HORIZONS``). It is fitted to members as they were known at up to four
monthly cut-offs, and tried on a later one: the newest whose outcome is known by whole days. No training outcome lies after the tested cut-off. Where no model
is live yet, the one that would be made is fitted on the spot.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from core.errors import Cancelled, UnfitForScores, Unknown
from core.lake.reader import Snapshot
from core.models.scores import logistic, reasons, rows, training
from core.models.scores.drift import Spread
from core.models.scores.logistic import Logistic
from core.models.scores.metrics import Quality
from core.models.scores.reasons import Reason
from core.models.scores.rows import Flags, Floats, Rows
from core.models.scores.training import Comparison, Drift, Trained
from core.scope import EVERYTHING, Filters
from core.sequences.arrays import Int64s
from core.store.tables import ScoreModel
from core.work.questions import membership, rfm, scoring
from core.work.questions.kept import filed, per_version
from core.work.questions.reading import Reading
from core.work.questions.scoring import HORIZONS, READ, TARGETS, Features, Target

CUTOFFS = 4
MONTH_DAYS = 30
"""Between two training cut-offs."""
LEAST_BEFORE_DAYS = 90
"""Of history before the oldest cut-off: what features look back over most."""
USUAL_DAYS = 90
RISKS = (0.2, 0.5)
"""Members by their place: the first fifth is ``high``, up to the half ``middle``, the rest ``low``. Rule of thumb."""
LEVELS = ("high", "middle", "low")
ALL, LIKELY = "all", "likely"
Told = Callable[[str, int, int], None]
Stop = Callable[[], bool]


# -- models ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Window:
    """``on``: the newest day that the tables of the target tell (``scoring.TELLING``). ``training``: cut-offs, oldest first. ``test``: the one that it was tried on."""

    on: date
    training: tuple[date, ...]
    test: date

    def to_json(self) -> dict[str, Any]:
        return {
            "on": self.on.isoformat(),
            "training": [day.isoformat() for day in self.training],
            "test": self.test.isoformat(),
        }

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "Window":
        days = tuple(map(date.fromisoformat, told["training"]))
        return cls(date.fromisoformat(told["on"]), days, date.fromisoformat(told["test"]))


class Scorer:
    """What scores: equal when the parameters are, and printed as their fingerprint."""

    def __init__(self, model: Logistic) -> None:
        self.model = model
        self._sha = sha256(json.dumps(model.to_json(), sort_keys=True).encode()).hexdigest()[:24]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scorer) and self._sha == other._sha

    def __hash__(self) -> int:
        return hash(self._sha)

    def __repr__(self) -> str:
        return self._sha


@dataclass(frozen=True, eq=False)
class Model:
    """``model_id`` None: fitted on the spot. ``is_calibrated``: whether its intercept is that of the newest window, as did better on trial; ``other``: quality of the way
    that did worse. ``against``: the rival compared with it. ``spreads`` and ``score``: of the training rows."""

    model_id: int | None
    revision: int
    target: Target
    days: int
    scorer: Scorer
    spreads: tuple[Spread, ...]
    score: Spread
    window: Window
    quality: Quality
    other: Quality
    is_calibrated: bool
    rival: Quality
    against: Comparison
    training_members: int
    training_rate: float

    @property
    def logistic(self) -> Logistic:
        return self.scorer.model


def of_row(row: ScoreModel) -> Model:
    return _model(row.id, row.revision, row.target, row.days, row.parameters, row.window, row.metrics)


def of_trained(target: Target, days: int, made: Trained, window: Window) -> Model:
    return _model(None, 1, target, days, made.parameters(), window.to_json(), made.to_json())


def _model(
    model_id: int | None, revision: int, target: str, days: int, parameters: Mapping[str, Any], window: Mapping[str, Any], told: Mapping[str, Any],
) -> Model:  # fmt: skip
    scoring.refuse(target, days)
    return Model(
        model_id,
        revision,
        target,  # type: ignore[arg-type]
        days,
        Scorer(Logistic.of_json(parameters["model"])),
        tuple(map(Spread.of_json, parameters["spreads"])),
        Spread.of_json(parameters["score"]),
        Window.of_json(window),
        Quality.of_json(told["quality"]),
        Quality.of_json(told["other"]),
        told["is_calibrated"],
        Quality.of_json(told["rival"]),
        training.against_of(told["against"]),
        told["training_members"],
        told["training_rate"],
    )


def live(reading: Reading) -> dict[tuple[str, int], Model]:
    """The live models by target and days; none where the question was opened without a store. One that knows other features than this version of
    the product is none."""
    found = () if reading.references is None else reading.references.score_models
    models = map(of_row, found)
    return {(one.target, one.days): one for one in models if one.logistic.names == scoring.NAMES}


def house(reading: Reading, target: str, days: int) -> Model:
    """The live model, or the one that would be made. Raises ``Unknown``, and ``UnfitForScores`` where there can be none."""
    scoring.refuse(target, days)
    found = live(reading).get((target, days))
    return (
        _fresh(reading.snapshot, reading.zone, reading.currency, _House(reading), target, days)
        if found is None
        else found
    )


class _House:
    """What the house means by its tiers, which are a feature; equal when that is, so that answers are kept by it, whoever asked."""

    def __init__(self, reading: Reading) -> None:
        self.references, self._terms = reading.references, membership.house(reading)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _House) and self._terms == other._terms

    def __hash__(self) -> int:
        return hash(self._terms)

    def __repr__(self) -> str:
        return repr(self._terms)


@per_version(*READ, most=9)
def _fresh(snapshot: Snapshot, zone: str, currency: str, house: _House, target: str, days: int) -> Model:
    everybody = Reading(snapshot, zone, currency, EVERYTHING, Filters(), house.references)
    made, window = train(everybody, target, days)
    return of_trained(target, days, made, window)  # type: ignore[arg-type]


# -- how a model comes about -------------------------------------------------------------------------------------------


def window(reading: Reading, target: str, days: int) -> Window:
    """The cut-offs that the tables of the target allow. The newest day counts as not over. Raises ``UnfitForScores``, ``Unknown``."""
    scoring.refuse(target, days)
    tables = scoring.TELLING[target]
    first, on = reading.first_on(*tables), reading.last_on(*tables)
    if first is None or on is None:
        if reading.whole is None or tables != ("order_lines",):
            raise UnfitForScores(
                "There is nothing to learn a score from.", reason="nobody", of="data", found=0, needed=1
            )
        raise UnfitForScores(
            "There are no orders to learn a score from.", reason="no_orders", of="data", found=0, needed=1
        )
    test = on - timedelta(days=days)
    every = [test - timedelta(days=days + MONTH_DAYS * back) for back in reversed(range(CUTOFFS))]
    kept = tuple(day for day in every if day - timedelta(days=LEAST_BEFORE_DAYS) >= first)
    if not kept:
        found, needed = (on - first).days, LEAST_BEFORE_DAYS + 2 * days
        raise UnfitForScores(
            f"What tells it covers {found} whole days; a score of {days} days takes {needed}.", reason="short", of="data", found=found, needed=needed,
        )  # fmt: skip
    return Window(on, kept, test)


def sampled(reading: Reading, target: str, days: int, cutoff_on: date) -> Rows:
    """Members as they were known at a cut-off, and what came of them."""
    found = scoring.sample(reading, cutoff_on, target, days)  # type: ignore[arg-type]
    return Rows(found.features.names, found.features.matrix, found.label)


def _nothing(_stage: str, _done: int, _of: int) -> None: ...


def train(
    reading: Reading, target: str, days: int, told: Told = _nothing, stop: Stop = lambda: False
) -> tuple[Trained, Window]:
    """A model of everybody, whatever scope and filters say. ``told``: stage, how many cut-offs are read, of how many. Raises
    ``UnfitForScores``, ``Unknown``, and ``Cancelled`` when ``stop`` says so."""
    found = window(reading, target, days)
    every = (*found.training, found.test)
    read: list[Rows] = []
    for place, day in enumerate(every):
        _go_on(stop)
        told("cutoffs", place, len(every))
        read.append(sampled(reading, target, days, day))
    _go_on(stop)
    told("fit", len(every), len(every))
    return training.train(read[:-1], read[-1]), found


def _go_on(stop: Stop) -> None:
    if stop():
        raise Cancelled("The training was cancelled.")


def newest_rows(reading: Reading, model: Model) -> Rows:
    """The newest members of whom it is known what came, for calibration."""
    return sampled(reading, model.target, model.days, window(reading, model.target, model.days).test)


def trial(reading: Reading, model: Model, against: Model) -> Comparison:
    """The first model against the second on the rows that the first was tried on, each as it would have been used then: calibrated to the newest
    training cut-off. Raises ``UnfitForScores`` where the rows cannot be had any more."""
    newest, test = (
        sampled(reading, model.target, model.days, day) for day in (model.window.training[-1], model.window.test)
    )
    rows.require(test, "test")
    chances = [training.tried(one.logistic, newest, test, is_calibrated=one.is_calibrated) for one in (model, against)]
    return training.compared(test.label, *chances)


def drift(reading: Reading, model: Model) -> Drift | None:
    """Members of today against those that the model was learnt from. None where nobody is scored."""
    now = _today(reading, model.target)
    if now is None or not len(now.ids):
        return None
    before = [scoring.features(reading, day, model.target).matrix for day in model.window.training]
    known = np.vstack(before) if before else None
    return training.checked(model.logistic, model.spreads, model.score, now.matrix, known)


@dataclass(frozen=True, slots=True)
class Cleaning:
    """``unknown``: features that were known of somebody at the training cut-offs and are of nobody now; ``flat``: that differed and are the same for all now. ``lost``:
    known of less than half as many as then."""

    members: int
    unknown: tuple[str, ...]
    flat: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def verdict(self) -> str:
        return "retrain" if self.unknown or self.flat else "watch" if self.lost else "ok"


def cleaning(reading: Reading, model: Model) -> Cleaning | None:
    """What features of today look like. None where nobody is scored."""
    now = _today(reading, model.target)
    if now is None or not len(now.ids):
        return None
    before = scoring.features(reading, model.window.training[-1], model.target).raw
    unknown, flat, lost = [], [], []
    for place, name in enumerate(now.names):
        then, today = np.isfinite(before[:, place]), np.isfinite(now.raw[:, place])
        if not model.spreads[place].deviation or not then.any():
            continue
        if not today.any():
            unknown.append(name)
        elif len(np.unique(now.matrix[:, place])) == 1:
            flat.append(name)
        elif today.mean() < then.mean() / 2:
            lost.append(name)
    return Cleaning(len(now.ids), tuple(unknown), tuple(flat), tuple(lost))


def _today(reading: Reading, target: Target) -> Features | None:
    on = scoring.today(reading, target)
    return None if on is None else scoring.features(reading, on, target)


# -- scores of everybody -----------------------------------------------------------------------------------------------


def standings(reading: Reading, target: str, days: int) -> pa.Table:
    """Everybody whom the target is asked about, as of all that is known: ``member_id`` ascending, ``chance`` (0 to 1), ``top`` (place by chance, the
    highest first, over all of them: 0.1 = among the first tenth; equals share the later place). Raises ``UnfitForScores``, ``Unknown``."""
    return scored(reading, house(reading, target, days))


def scored(reading: Reading, model: Model) -> pa.Table:
    """The same by a model that need not be live."""
    on = scoring.today(reading, model.target)
    if on is None:
        return _table(np.empty(0, np.int64), np.empty(0))
    return _scored(reading.snapshot, reading.zone, reading.currency, _House(reading), on, model.target, model.scorer)


@filed("scores1", *READ, most=12)
def _scored(
    snapshot: Snapshot, zone: str, currency: str, house: _House, on: date, target: Target, scorer: Scorer
) -> pa.Table:
    everybody = Reading(snapshot, zone, currency, EVERYTHING, Filters(), house.references)
    found = scoring.features(everybody, on, target)
    return _table(found.ids, scorer.model.chance(found.matrix))


def _table(ids: Int64s, chance: Floats) -> pa.Table:
    lower = np.searchsorted(np.sort(chance), chance, side="left")
    top = (len(ids) - lower) / max(len(ids), 1)
    return pa.table({"member_id": pa.array(ids, pa.int64()), "chance": pa.array(chance), "top": pa.array(top)})


def provider(name: str) -> tuple[Callable[[Reading], pa.Table], str]:
    """What a condition ``churn_order_90d`` or ``churn_order_90d_top`` reads, and in which column."""
    of, is_top = name.removesuffix("_top"), name.endswith("_top")
    target, _, days = of.rpartition("_")
    return lambda reading: standings(reading, target, int(days.removesuffix("d"))), "top" if is_top else "chance"


def everybody(reading: Reading) -> None:
    """Have the scores of all live models."""
    for model in live(reading).values():
        scored(reading, model)


# -- what a page asks --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    target: str = "churn_order"
    days: int = USUAL_DAYS


@dataclass(frozen=True, eq=False)
class Scores:
    """Members of the scope and filters who are scored. ``bins``: ``low``, ``high`` (of the chance), ``members``. ``tenths``: ``place`` (1 the highest chances
    of everybody scored), ``members``, ``mean``, ``expected`` (of whom it is expected to come true). ``board``: ``value`` and ``risk`` (``LEVELS``), ``members``, ``share``,
    ``worth_minor`` (what they brought so far, refunds netted), ``at_stake_minor`` (chance times that);
    ``bounds_minor``: from which value on one is ``high`` and ``middle``; None without orders, when all are ``low``. ``mean``: chance of the members told of; ``moved`` of the score: see ``Moved``."""

    asked: Asked
    model: Model
    cutoff_on: date
    scored: int
    members: int
    mean: float | None
    expected: float
    bins: pd.DataFrame
    tenths: pd.DataFrame
    board: pd.DataFrame
    bounds_minor: tuple[int, int] | None


def scores(reading: Reading, asked: Asked) -> Scores | None:
    """None in a lake without facts, or where nobody is scored. Raises ``UnfitForScores``, ``Unknown``."""
    found = _placed(reading, asked)
    if found is None:
        return None
    model, frame, everybody_scored, bounds = found
    on = scoring.today(reading, model.target)
    assert on is not None
    mean = float(frame["chance"].mean()) if len(frame) else None
    return Scores(
        asked, model, on, everybody_scored, len(frame), mean, float(frame["chance"].sum()), _bins(frame), _tenths(frame),
        _board(frame, bounds), bounds,
    )  # fmt: skip


def behind(reading: Reading, asked: Asked, which: str) -> pd.DataFrame:
    """Members behind a figure: ``member_id``, ``value`` (chance in percent, one digit), the highest first, ties by number. ``which``: ``all``, ``likely`` (of ``high`` risk), ``tenth.3`` or ``board.high.low``
    (value, risk). Raises ``Unknown``."""
    kind, _, rest = which.partition(".")
    known = {
        ALL: [""],
        LIKELY: [""],
        "tenth": [str(place) for place in range(1, 11)],
        "board": [f"{one}.{other}" for one in LEVELS for other in LEVELS],
    }
    if rest not in known.get(kind, ()):
        raise Unknown("figure", which, (ALL, "tenth.1", "board.high.high"))
    found = _placed(reading, asked)
    if found is None:
        return pd.DataFrame({"member_id": np.empty(0, np.int64), "value": np.empty(0)})
    frame = found[1]
    if kind == LIKELY:
        frame = frame[frame["risk"] == "high"]
    elif kind == "tenth":
        frame = frame[frame["tenth"] == int(rest)]
    elif kind == "board":
        value, risk = rest.split(".")
        frame = frame[(frame["value_level"] == value) & (frame["risk"] == risk)]
    frame = frame.sort_values(["chance", "member_id"], ascending=[False, True])
    return pd.DataFrame(
        {"member_id": frame["member_id"].to_numpy(), "value": (frame["chance"] * 100).round(1).to_numpy()}
    )


def risks(reading: Reading, asked: Asked) -> tuple[pd.DataFrame, bool] | None:
    """Members of scope and filters who are scored: ``member_id`` ascending, ``chance``, ``risk`` (``LEVELS``), ``worth_minor``; and whether orders tell what they are worth. None where
    nobody is scored. Raises ``UnfitForScores``, ``Unknown``."""
    found = _placed(reading, asked)
    return None if found is None else (found[1], found[3] is not None)


def _placed(reading: Reading, asked: Asked) -> tuple[Model, pd.DataFrame, int, tuple[int, int] | None] | None:
    """Members of scope and filters with chance, place, value and level; how many are scored in all; bounds of the value."""
    if scoring.today(reading) is None:
        return None
    model = house(reading, asked.target, asked.days)
    table = scored(reading, model)
    if not table.num_rows:
        return None
    frame = table.to_pandas()
    frame["tenth"] = np.clip(np.ceil(frame["top"] * 10 - 1e-9), 1, 10).astype(int)
    frame["risk"] = _level(frame["top"].to_numpy(), RISKS)
    values, is_told = _worths(reading, frame["member_id"].to_numpy())
    frame["worth_minor"] = values
    bounds = _bounds(values) if is_told else None
    if bounds is not None:
        frame["value_level"] = np.where(values >= bounds[0], "high", np.where(values >= bounds[1], "middle", "low"))
    else:
        frame["value_level"] = "low"
    allowed = _allowed(reading, frame["member_id"].to_numpy())
    return model, frame if allowed is None else frame[allowed].reset_index(drop=True), table.num_rows, bounds


def _level(top: Floats, bounds: tuple[float, float]) -> Any:
    return np.where(top <= bounds[0], "high", np.where(top <= bounds[1], "middle", "low"))


def _bounds(values: Floats) -> tuple[int, int]:
    """From which value on one belongs to the first fifth, and to the first half; whole units of the smallest coin."""
    high, middle = np.quantile(values, [1 - RISKS[0], 1 - RISKS[1]])
    return max(int(np.ceil(high)), 1), max(int(np.ceil(middle)), 1)


def _worths(reading: Reading, ids: Int64s) -> tuple[Floats, bool]:
    """What each member brought so far, refunds netted, and whether orders tell it; 0 of whom they do not. What a member is predicted to bring would not do: who is likely
    to leave is predicted to bring little."""
    table = rfm.standings(reading)
    if not table.num_rows:
        return np.zeros(len(ids)), False
    return valued(table, "net_minor", ids), True


def valued(table: pa.Table, column: str, ids: Int64s) -> Floats:
    """A column of a table by ``member_id``, ascending, for these members; 0 of whom it says nothing."""
    who = table["member_id"].to_numpy()
    values = np.nan_to_num(table[column].cast(pa.float64()).to_numpy().astype(np.float64))
    at = np.minimum(np.searchsorted(who, ids), max(len(who) - 1, 0))
    found: Floats = np.where(who[at] == ids, values[at], 0.0)
    return found


def _allowed(reading: Reading, ids: Int64s) -> Flags | None:
    if reading.allowed is None:
        return None
    inside = reading.snapshot.arrow(reading.allowed.select("member_id").distinct())["member_id"].to_numpy()
    return np.isin(ids, inside)


def _bins(frame: pd.DataFrame) -> pd.DataFrame:
    counts = np.bincount(np.minimum((frame["chance"].to_numpy() * 20).astype(int), 19), minlength=20)
    edges = np.arange(21) / 20
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "members": counts})


def _tenths(frame: pd.DataFrame) -> pd.DataFrame:
    of = frame.groupby("tenth")["chance"]
    found = pd.DataFrame({"members": of.size(), "mean": of.mean(), "expected": of.sum()}).reindex(range(1, 11))
    found[["members", "expected"]] = found[["members", "expected"]].fillna(0)
    return found.astype({"members": "int64"}).rename_axis("place").reset_index()


def _board(frame: pd.DataFrame, bounds: tuple[int, int] | None) -> pd.DataFrame:
    rows_ = []
    for value in LEVELS if bounds else ("low",):
        for risk in LEVELS:
            own = frame[(frame["value_level"] == value) & (frame["risk"] == risk)]
            at_stake = float((own["chance"] * own["worth_minor"]).sum())
            share = len(own) / len(frame) if len(frame) else None
            rows_.append((value, risk, len(own), share, round(float(own["worth_minor"].sum())), round(at_stake)))
    return pd.DataFrame(rows_, columns=["value", "risk", "members", "share", "worth_minor", "at_stake_minor"])


# -- one member --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Own:
    """A member's score. ``chance`` None: the target is not asked about them. ``reasons``: all, the strongest first; with ``base`` their parts sum to the log-odds."""

    model: Model
    chance: float
    top: float
    reasons: tuple[Reason, ...]

    @cached_property
    def base_chance(self) -> float:
        """Of a member who is the mean in all."""
        return float(logistic.sigmoid(np.array([self.model.logistic.base]))[0])


def of_member(reading: Reading, member_id: int, asked: Sequence[Asked] | None = None) -> tuple[Own, ...]:
    """Scores of one member by these models, or by the live ones, of each target over ``USUAL_DAYS`` days where there is such a one; without those whose target is not asked
    about them."""
    if scoring.today(reading) is None:
        return ()
    models = (
        _usual(live(reading).values()) if asked is None else [house(reading, one.target, one.days) for one in asked]
    )
    found = []
    for model in sorted(models, key=lambda one: (TARGETS.index(one.target), one.days)):
        table = scored(reading, model)
        ids = table["member_id"].to_numpy()
        place = int(np.searchsorted(ids, member_id))
        if place == len(ids) or ids[place] != member_id:
            continue
        known = _today(reading, model.target)
        assert known is not None
        row = known.matrix[int(np.searchsorted(known.ids, member_id))]
        own = reasons.of(model.logistic, row)
        found.append(
            Own(model, table["chance"][place].as_py(), table["top"][place].as_py(), _in_units(own, known, member_id))
        )
    return tuple(found)


def _usual(models: Iterable[Model]) -> list[Model]:
    """One model of each target."""
    found: dict[str, Model] = {}
    for one in sorted(models, key=lambda one: (one.days != USUAL_DAYS, -one.days)):
        found.setdefault(one.target, one)
    return list(found.values())


def _in_units(told: tuple[Reason, ...], known: Features, member_id: int) -> tuple[Reason, ...]:
    """The same with values in the unit of the feature, not its logarithm."""
    raw = dict(zip(known.names, known.raw[int(np.searchsorted(known.ids, member_id))].tolist(), strict=True))
    return tuple(replace(one, value=raw[one.name] if np.isfinite(raw[one.name]) else None) for one in told)


# -- the shadow --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shadow:
    """Two models of the same members today. ``apart``: mean distance of chances; ``agreement``: rank correlation, None where one of them does not tell members apart;
    ``shared_tenth``: share of the first tenth of one that is in that of the other."""

    members: int
    apart: float
    mean: float
    other_mean: float
    agreement: float | None
    shared_tenth: float | None


def shadow(reading: Reading, one: Model, other: Model) -> Shadow | None:
    """None where nobody is scored."""
    tables = [scored(reading, model) for model in (one, other)]
    if not tables[0].num_rows:
        return None
    chance = [table["chance"].to_numpy() for table in tables]
    top = [table["top"].to_numpy() for table in tables]
    differ = all(np.ptp(each) > 0 for each in top)
    first = [each <= 0.1 for each in top]
    both = int((first[0] & first[1]).sum())
    return Shadow(
        len(chance[0]), float(np.abs(chance[0] - chance[1]).mean()), float(chance[0].mean()), float(chance[1].mean()),
        float(np.corrcoef(top[0], top[1])[0, 1]) if differ else None,
        both / int(first[0].sum()) if first[0].any() else None,
    )  # fmt: skip


__all__ = [
    "ALL", "CUTOFFS", "HORIZONS", "LEAST_BEFORE_DAYS", "LEVELS", "LIKELY", "MONTH_DAYS", "RISKS", "TARGETS", "USUAL_DAYS", "Asked", "Cleaning", "Comparison", "Drift", "Model", "Own",
    "Quality", "Reason", "Scorer", "Scores", "Shadow", "Window", "behind", "cleaning", "drift", "everybody", "house", "live", "newest_rows", "of_member", "of_row", "of_trained",
    "provider", "sampled", "scored", "scores", "shadow", "standings", "train", "trial", "valued", "window",
]  # fmt: skip
