"""Clusters of members: what each member is clustered by, the house's clusters and clusters of one's own choosing, and who is in each.

The house keeps one model per world (``core.work.clusters``): by it labels are given, so that a label means the same people on every page
and tomorrow. Where none is kept yet, the one that would be kept is fitted on the spot.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from core.errors import Unknown
from core.lake.reader import Snapshot
from core.metrics import facts as f
from core.metrics.contents import READS
from core.metrics.facts import VIEWS
from core.models import cluster_names
from core.models import clusters as models
from core.models.cluster_names import Trait
from core.models.clusters import FEATURES, WINDOW_DAYS, Floats, Ints, Model
from core.scope import EVERYTHING, Filters
from core.store import choices
from core.store.session import Session
from core.work.questions.kept import filed, per_version
from core.work.questions.reading import DATED, Reading
from core.work.questions.untold import SMALL

Flags = NDArray[np.bool_]
KEPT = "clusters"
"""Choice of a world's store: the house's model."""
ALL = "all"
DRAWN = 1_500
"""Members whose places a picture shows."""
READ = (*DATED, "offer_events", "member_profiles", "identity_map", "event_names")
"""Tables that features are read from."""


@dataclass(frozen=True, eq=False)
class Features:
    """``member``: all members of the lake, ascending. ``raw``: features by name (``models.FEATURES``), NaN where undefined, 0 of who did nothing; without
    those whose tables are not there."""

    member: Ints
    raw: Mapping[str, Floats]
    as_of_on: date

    def of(self, chosen: Flags) -> "Features":
        """Only those of the members for whom ``chosen`` is true."""
        return Features(self.member[chosen], {name: values[chosen] for name, values in self.raw.items()}, self.as_of_on)


def features(reading: Reading) -> Features | None:
    """Of all members, whatever scope and filters say. None in a lake without dated facts or members."""
    return _features(reading.snapshot, reading.zone, reading.currency)


def counted(reading: Reading) -> pa.Table | None:
    """The same as it is counted: ``member_id``, ascending, and a column per feature, null where nothing was done or it is undefined."""
    everybody = Reading(reading.snapshot, reading.zone, reading.currency, EVERYTHING, Filters())
    if everybody.as_of_on is None:
        return None
    return _counted(everybody.snapshot, everybody.zone, everybody.currency, everybody.as_of_on)


@per_version(*READ, most=4)
def _features(snapshot: Snapshot, zone: str, currency: str) -> Features | None:
    everybody = Reading(snapshot, zone, currency, EVERYTHING, Filters())
    found = counted(everybody)
    if found is None or not found.num_rows:
        return None
    assert everybody.as_of_on is not None
    raw = {one.name: _floats(found[one.name], one.missing) for one in FEATURES if one.name in found.column_names}
    return Features(found["member_id"].to_numpy(), raw, everybody.as_of_on)


@filed("features2", *READ, most=1)
def _counted(snapshot: Snapshot, zone: str, currency: str, on: date) -> pa.Table:
    everybody = Reading(snapshot, zone, currency, EVERYTHING, Filters())
    return snapshot.arrow(_columns(everybody, on).order_by("member_id"))


def _floats(column: pa.ChunkedArray, missing: float | None) -> Floats:
    """NaN where undefined; who did nothing did it 0 times."""
    found: Floats = column.cast(pa.float64()).to_numpy()
    return np.nan_to_num(found) if missing == 0.0 else found


def _columns(everybody: Reading, last_on: date) -> ir.Table:
    """One row per member with a column per feature."""
    snapshot = everybody.snapshot
    first_on = last_on - timedelta(days=WINDOW_DAYS - 1)

    def rows(name: str) -> ir.Table:
        found = everybody.visible(name)
        return found.filter(found.local_date.between(first_on, last_on))

    def has(*names: str) -> bool:
        return any(snapshot.files(name) for name in names)

    births = everybody.births
    found = births.select("member_id", member_days=ibis.literal(last_on).delta(births.local_date, unit="day"))
    if has("order_lines"):
        bought = _bought(f.known(f.linked(rows("order_lines"), everybody.members)), last_on)
        found = found.left_join(bought, "member_id").drop("member_id_right")
    if has("events", "order_lines", "group_messages"):
        done = _done(rows, everybody.members)
        kept = ["member_id", "active_days"]
        kept += ["views"] if has("events") else []
        kept += ["messages"] if has("group_messages") else []
        found = found.left_join(done.select(kept), "member_id").drop("member_id_right")
    if has("offer_events"):
        given = _given(f.known(f.linked(rows("offer_events"), everybody.members)))
        found = found.left_join(given, "member_id").drop("member_id_right")
    return found


def _bought(lines: ir.Table, last_on: date) -> ir.Table:
    """``member_id, days_since_last_order, orders, net_minor, aov_minor`` of those with an order or a refund. Net: sales less refunds,
    each on its own day, never below 0. AOV: net amount an order; null without orders."""
    orders = f.orders(lines)
    placed = orders.group_by("member_id").aggregate(orders=orders.count(), last_on=orders.local_date.max())
    lines = lines.filter(lines.line_kind != "adjustment")
    paid = lines.group_by("member_id").aggregate(net_minor=lines.amount_minor.sum().cast("int64"))
    both = paid.left_join(placed, "member_id").drop("member_id_right")
    net = ibis.greatest(both.net_minor, 0)
    return both.select(
        "member_id",
        "orders",
        days_since_last_order=ibis.literal(last_on).delta(both.last_on, unit="day"),
        net_minor=net,
        aov_minor=net / both.orders,
    )


def _done(rows: Callable[[str], ir.Table], members: ir.Table) -> ir.Table:
    """``member_id, active_days, views, messages``. Active: a day with an event, an order or a message of one's own. Views: products and
    pieces looked at. Messages: in groups, without mere acknowledgements."""
    events, lines, messages = rows("events"), rows("order_lines"), rows("group_messages")
    lines = lines.filter(lines.line_kind != "adjustment")
    messages = messages.filter(messages.sender_kind == "member")
    no = ibis.literal(0)
    said = ibis.ifelse(messages.is_heard.fill_null(False), 0, 1)
    days = ibis.union(
        _daily(events, events.name.isin([*VIEWS, *READS]).cast("int64"), no),
        _daily(lines, no, no),
        _daily(messages, no, said),
    )
    own = days.inner_join(members, "identity_key")
    return own.group_by("member_id").aggregate(
        active_days=own.local_date.nunique(), views=own.views.sum(), messages=own.messages.sum()
    )


def _daily(rows: ir.Table, viewed: ir.IntegerValue, said: ir.IntegerValue) -> ir.Table:
    marked = rows.select("identity_key", "local_date", viewed=viewed, said=said)
    marked = marked.filter(marked.identity_key.notnull())
    return marked.group_by(["identity_key", "local_date"]).aggregate(
        views=marked.viewed.sum().cast("int64"), messages=marked.said.sum().cast("int64")
    )


def _given(rows: ir.Table) -> ir.Table:
    """``member_id, redeemed_share``: of the coupons issued in the time those redeemed in it."""
    coupon = rows.group_by(["member_id", "coupon_no"]).aggregate(
        was_issued=(rows.state == "issued").any(), was_redeemed=(rows.state == "redeemed").any()
    )
    coupon = coupon.filter(coupon.was_issued)
    return coupon.group_by("member_id").aggregate(redeemed_share=coupon.was_redeemed.cast("float64").mean())


# -- the house's clusters ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Kept:
    """The house's model. ``on``: the newest day of the data that it rests on, ``version``: of that lake. ``chosen_by``: who said how many
    clusters; None = the usual k. ``names``: of labels that somebody named. ``past``: the models of other numbers of clusters that the house
    had, by that number, so that they come back under their labels."""

    model: Model
    on: date
    version: int
    chosen_by: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    past: Mapping[int, Model] = field(default_factory=dict)

    def fit(self, known: Features, k: int | None = None) -> Model:
        """The house's model of these features, of ``k`` clusters or of as many as it has. Raises ``InvalidClusters``."""
        return models.fit(known.member, known.raw, k, self.model, None if k is None else self.past.get(k))

    def after(self, model: Model, known: Features, version: int, chosen_by: str | None) -> "Kept":
        """What is kept from now on."""
        past = {k: one for k, one in (dict(self.past) | {self.model.k: self.model}).items() if k != model.k}
        return Kept(model, known.as_of_on, version, chosen_by, self.names, past)

    def to_json(self) -> dict[str, Any]:
        return {
            "model": self.model.to_json(),
            "on": self.on.isoformat(),
            "version": self.version,
            "chosen_by": self.chosen_by,
            "names": dict(self.names),
            "past": {str(k): model.to_json() for k, model in self.past.items()},
        }


def kept(session: Session) -> Kept | None:
    """What the store holds; None before the first fit."""
    return _of_choice(choices.read(session, KEPT))


def _of_choice(told: Any) -> Kept | None:
    return None if told is None else _kept(json.dumps(told, sort_keys=True))


@lru_cache(maxsize=8)
def _kept(told: str) -> Kept:
    found = json.loads(told)
    model = Model.of_json(found["model"])
    past = {int(k): Model.of_json(one) for k, one in found.get("past", {}).items()}
    return Kept(model, date.fromisoformat(found["on"]), found["version"], found["chosen_by"], found["names"], past)


def house(reading: Reading) -> Kept | None:
    """The house's model: the one that is kept or, where none is or it knows features that the lake does not have, the one that would be.
    None in a lake without facts. Raises ``InvalidClusters`` where members cannot be told apart."""
    known = features(reading)
    if known is None:
        return None
    found = None if reading.references is None else _of_choice(reading.references.choice(KEPT))
    return found if found is not None and found.model.fits(known.raw) else _fresh(known, reading.snapshot.version)


@lru_cache(maxsize=2)
def _fresh(known: Features, version: int) -> Kept:
    return Kept(models.fit(known.member, known.raw), known.as_of_on, version)


@lru_cache(maxsize=4)
def _trial(known: Features, k: int | None, kept: Kept) -> Model:
    return kept.fit(known, k)


@lru_cache(maxsize=4)
def _assigned(known: Features, model: Model) -> Ints:
    return model.assigned(known.raw)


def labels(reading: Reading) -> pa.Table:
    """``member_id``, ``cluster`` (label) of all members of the lake by the house's model, ascending; empty in a lake without facts. Raises
    ``InvalidClusters``."""
    known, found = features(reading), house(reading)
    if known is None or found is None:
        return pa.table({"member_id": pa.array([], pa.int64()), "cluster": pa.array([], pa.string())})
    cluster = pa.DictionaryArray.from_arrays(
        pa.array(_assigned(known, found.model), pa.int32()), pa.array(found.model.labels)
    )
    return pa.table({"member_id": pa.array(known.member), "cluster": cluster.cast(pa.string())})


# -- what a page asks --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """``k``: how many clusters; None = as many as the house has. ``is_own``: fitted among the members asked for alone. Without either the
    clusters are the house's."""

    k: int | None = None
    is_own: bool = False


@dataclass(frozen=True, eq=False)
class Clusters:
    """``is_house``: the labels are those of the house, and a segment can go by them. ``kept``: the house's model. ``model``: the one shown.

    ``rows``: one per cluster, by label, and ``total`` one of all: ``key``, ``members``, ``share``, ``revenue_minor`` (net, of the last
    ``WINDOW_DAYS`` days), ``revenue_share`` (null where nothing was sold), per feature ``mean_…`` and ``median_…`` of those of whom it is known,
    ``away_…``: the mean in standard deviations from everybody the model was fitted to and it is known of (0 where all are alike), and
    ``lack_…``: the share of whom it is not known. Undefined is null, and so is what would be told of fewer than 30.
    ``traits``: what is telling of all members of a cluster, whatever scope and filters say, by label; of ``small`` ones,
    who are fewer than 30, nothing. ``names``: what somebody called a cluster. ``points``: ``x``, ``y``, ``key`` of at most ``DRAWN``
    members by the first two principal components of the standardised features, which hold ``explained`` of the variance. ``alike``:
    features that are the same for everybody.
    """

    asked: Asked
    is_house: bool
    model: Model
    kept: Kept
    as_of_on: date
    rows: pd.DataFrame
    total: pd.DataFrame
    traits: Mapping[str, tuple[Trait, ...]]
    small: frozenset[str]
    names: Mapping[str, str]
    points: pd.DataFrame
    explained: tuple[float, float]
    features: tuple[str, ...]
    alike: tuple[str, ...]


def clusters(reading: Reading, asked: Asked = Asked()) -> Clusters | None:
    """Clusters of the members that scope and filters leave, as they are on the newest day: periods and channels change nothing. None
    in a lake without facts, or where nobody is left. Raises ``InvalidClusters``."""
    shown = _shown(reading, asked)
    if shown is None:
        return None
    whose, model, codes, found = shown
    is_house = model is found.model
    points = model.scaling.of(whose.raw)
    rows, traits, sizes = _profiles(whose, codes, model, whose if asked.is_own else features(reading) or whose)
    drawn = models.sample(whose.member, DRAWN)
    places, explained = _plane(points, drawn)
    keys = np.array(model.labels, dtype=object)[codes[drawn]]
    return Clusters(
        asked,
        is_house,
        model,
        found,
        whose.as_of_on,
        rows[rows["key"] != ALL].reset_index(drop=True),
        rows[rows["key"] == ALL].reset_index(drop=True),
        dict(zip(model.labels, traits, strict=True)),
        frozenset(label for label, members in zip(model.labels, sizes, strict=True) if members < SMALL),
        found.names if is_house else {},
        pd.DataFrame({"x": places[:, 0], "y": places[:, 1], "key": keys}),
        explained,
        model.scaling.names,
        tuple(name for name in whose.raw if name not in model.scaling.names),
    )


def behind(reading: Reading, asked: Asked, key: str) -> pd.DataFrame:
    """Members of a cluster, or ``all``: ``member_id``, ``value`` (net amount of the last ``WINDOW_DAYS`` days, smallest unit), the greatest
    first, ties by number. Raises ``Unknown`` for a label that no cluster has."""
    shown = _shown(reading, asked)
    known = () if shown is None else shown[1].labels
    if key != ALL and key not in known:
        raise Unknown("cluster", key, known)
    if shown is None:
        return pd.DataFrame({"member_id": np.empty(0, np.int64), "value": np.empty(0, np.int64)})
    whose, model, codes, _ = shown
    chosen = np.ones(len(codes), bool) if key == ALL else codes == model.labels.index(key)
    member, value = whose.member[chosen], _revenue(whose)[chosen]
    order = np.lexsort((member, -value))
    return pd.DataFrame({"member_id": member[order], "value": value[order]})


def _shown(reading: Reading, asked: Asked) -> tuple[Features, Model, Ints, Kept] | None:
    """Who is asked for, the model, the place of each one's label, and the house's model."""
    known = features(reading)
    if known is None:
        return None
    chosen = _chosen(reading, known)
    whose = known if chosen is None else known.of(chosen)
    if not len(whose.member):
        return None
    found = house(reading)
    assert found is not None
    if not asked.is_own and asked.k in (None, found.model.k):
        codes = _assigned(known, found.model)
        return whose, found.model, codes if chosen is None else codes[chosen], found
    if asked.is_own:
        model = models.fit(whose.member, whose.raw, asked.k, kept=found.model)
        return whose, model, model.assigned(whose.raw), found
    model = _trial(known, asked.k, found)
    codes = _assigned(known, model)
    return whose, model, codes if chosen is None else codes[chosen], found


def _chosen(reading: Reading, known: Features) -> Flags | None:
    if reading.allowed is None:
        return None
    ids = reading.snapshot.arrow(reading.allowed.select("member_id").distinct())["member_id"].to_numpy()
    return np.isin(known.member, ids)


def _revenue(whose: Features) -> Ints:
    if "net_minor" not in whose.raw:
        return np.zeros(len(whose.member), np.int64)
    return np.nan_to_num(whose.raw["net_minor"]).astype(np.int64)


def _profiles(
    whose: Features, codes: Ints, model: Model, everybody: Features
) -> tuple[pd.DataFrame, list[tuple[Trait, ...]], Ints]:
    """Rows of those asked for; and what is telling of each cluster of ``everybody``, and how many it has."""
    names = list(whose.raw)
    revenue = _revenue(whose)
    frame = pd.DataFrame({"code": codes, "revenue": revenue, **whose.raw})
    labelled = frame.groupby("code")
    told = {
        "members": labelled.size(),
        "revenue_minor": labelled["revenue"].sum(),
        **{f"mean_{name}": labelled[name].mean() for name in names},
        **{f"median_{name}": labelled[name].median() for name in names},
    }
    rows = pd.DataFrame(told).reindex(range(model.k))
    rows[["members", "revenue_minor"]] = rows[["members", "revenue_minor"]].fillna(0)
    rows.insert(0, "key", list(model.labels))
    total: dict[str, Any] = {"key": ALL, "members": len(frame), "revenue_minor": revenue.sum()}
    for name in names:
        total |= {f"mean_{name}": frame[name].mean(), f"median_{name}": frame[name].median()}
    rows = pd.concat([rows, pd.DataFrame([total])], ignore_index=True)
    own = cluster_names.likeness(everybody.raw, whose.raw, codes, model.k, names)
    all_own = cluster_names.likeness(everybody.raw, whose.raw, np.zeros_like(codes), 1, names)
    for figure in ("away", "lack"):
        columns = np.vstack([getattr(own, figure), getattr(all_own, figure)])
        rows[[f"{figure}_{name}" for name in names]] = columns
    rows["share"] = rows["members"] / len(frame)
    rows["revenue_share"] = rows["revenue_minor"] / revenue.sum() if revenue.sum() else np.nan
    for name in names:  # of whom it is known, which may be fewer than there are
        of_few = labelled[name].count().reindex(range(model.k)).fillna(0).to_numpy() < SMALL
        of_few = np.append(of_few, frame[name].count() < SMALL)
        rows.loc[of_few, [f"{figure}_{name}" for figure in ("mean", "median", "away")]] = np.nan
    few = rows["members"] < SMALL
    figures = ("mean_", "median_", "away_", "lack_")
    hidden = [one for one in map(str, rows) if one.startswith(figures) or one == "revenue_share"]
    rows[hidden] = rows[hidden].astype("Float64").mask(few)
    whole, all_codes = own, codes
    if whose is not everybody:
        all_codes = _assigned(everybody, model)
        whole = cluster_names.likeness(everybody.raw, everybody.raw, all_codes, model.k, names)
    sizes = np.bincount(all_codes, minlength=model.k)
    traits = [told if size >= SMALL else () for told, size in zip(cluster_names.traits(whole), sizes, strict=True)]
    return rows.astype({"members": "int64", "revenue_minor": "int64"}), traits, sizes


def _plane(points: Floats, drawn: Ints) -> tuple[Floats, tuple[float, float]]:
    """Places of the drawn on the first two principal components, each turned so that its greatest loading is positive."""
    middle = points.mean(axis=0)
    spread = (points - middle).T @ (points - middle) / len(points)
    values, vectors = np.linalg.eigh(spread)
    axes = vectors[:, ::-1][:, :2]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    whole = float(values.sum())
    parts = [float(one) / whole if whole > 0 else 0.0 for one in [*values[::-1][:2], 0.0][:2]]
    places = (points[drawn] - middle) @ axes
    if places.shape[1] < 2:
        places = np.column_stack([places, np.zeros(len(places))])
    return places, (parts[0], parts[1])
