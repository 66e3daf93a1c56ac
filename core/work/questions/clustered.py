"""What ``ask clusters`` prints: rows of plain values, money in major units, undefined as null."""

from typing import Any

import pandas as pd
from babel.numbers import get_currency_precision

from core.errors import InvalidClusters, NothingToTell, Unknown
from core.models.clusters import FEATURES, KS
from core.scope import Filters
from core.work.home import Home
from core.work.questions import clusters
from core.work.questions.clusters import Asked, Clusters
from core.work.questions.reading import reading

Row = dict[str, Any]
BYS = ("cluster", "k")


def clustered(home: Home, filters: Filters, options: Row) -> list[Row]:
    """One row per cluster of the house, then one of all: ``cluster name traits members share revenue revenue_share`` and per feature
    ``mean_…``, ``median_…`` and ``away_…`` (see ``clusters.Clusters``). ``--of K``: of so many clusters instead, fitted on the spot. ``--by k``: one row
    per number of clusters: ``k silhouette is_usual is_shown``. Raises ``InvalidClusters``, ``NothingToTell`` and ``Unknown``."""
    by = str(options.get("by") or BYS[0])
    if by not in BYS:
        raise Unknown("breakdown", by, BYS)
    with reading(home, filters) as lake:
        found = clusters.clusters(lake, Asked(_number(options.get("of"))))
        currency = lake.currency
    if found is None:
        raise NothingToTell("There are no members yet, so there is nobody to cluster.")
    if by == "k":
        widths = found.model.silhouettes
        return [
            {"k": k, "silhouette": round(widths[k], 6), "is_usual": k == found.model.best, "is_shown": k == found.model.k}
            for k in sorted(widths)
        ]  # fmt: skip
    return _rows(found, currency)


def _number(text: Any) -> int | None:
    if text is None:
        return None
    if str(text) not in map(str, KS):
        raise InvalidClusters(f"{KS[0]} to {KS[-1]} clusters, not {text}.", k=text, low=KS[0], high=KS[-1])
    return int(str(text))


def _rows(found: Clusters, currency: str) -> list[Row]:
    digits = get_currency_precision(currency)

    def plain(value: Any) -> Any:
        if pd.isna(value):
            return None
        return round(value, 6) if isinstance(value, float) else int(value)

    def money(value: Any) -> float | None:
        return None if pd.isna(value) else round(float(value) / 10**digits, digits)

    rows = []
    for row in pd.concat([found.rows, found.total]).to_dict("records"):
        key = row["key"]
        told: Row = {
            "cluster": key,
            "name": found.names.get(key),
            "traits": [f"{feature.removesuffix('_minor')} {level}" for feature, level in found.traits.get(key, ())],
            "members": int(row["members"]),
            "share": plain(row["share"]),
            "revenue": money(row["revenue_minor"]),
            "revenue_share": plain(row["revenue_share"]),
        }
        for feature in FEATURES:
            for figure in ("mean", "median", "away"):
                name = f"{figure}_{feature.name}"
                if name in row:
                    is_money = feature.unit == "money" and figure != "away"
                    told[name.removesuffix("_minor")] = money(row[name]) if is_money else plain(row[name])
        rows.append(told)
    return rows
