"""Customers drawn from the laws of lifetime value, and the published CDNOW sample, for tests."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from core.models.ltv.purchases import Purchases

CUT = pd.Timestamp("1997-09-30").toordinal()
START = pd.Timestamp("1997-01-01").toordinal()
END = pd.Timestamp("1998-06-30").toordinal()


def cdnow(name: str = "CDNOW_sample.txt") -> Purchases:
    """Days of purchase of the CDNOW sample or master set, as ``lifetimes`` packs them; the package itself is not imported."""
    spec = find_spec("lifetimes")
    assert spec is not None and spec.submodule_search_locations
    file = Path(spec.submodule_search_locations[0]) / "datasets" / name
    lines = [line.split() for line in file.read_text().splitlines() if line.strip() and line.split()[0].isdecimal()]
    frame = pd.DataFrame(
        {"who": [row[0] for row in lines], "day": [row[-3] for row in lines], "paid": [float(row[-1]) for row in lines]}
    )
    frame["day"] = pd.to_datetime(frame["day"], format="%Y%m%d").map(pd.Timestamp.toordinal)
    frame["who"] = np.unique(frame["who"], return_inverse=True)[1]
    days = frame.groupby(["who", "day"], as_index=False)["paid"].sum().sort_values(["who", "day"])
    return Purchases(days["who"].to_numpy(np.int64), days["day"].to_numpy(np.int64), days["paid"].to_numpy(float))


@dataclass(frozen=True)
class Drawn:
    """``purchases`` up to ``end``; ``later``: how many days of purchase each customer has after it, and what all spend on them."""

    purchases: Purchases
    end: int
    later: np.ndarray
    spent_later: float


def drawn(
    seed: int, customers: int, law: dict[str, float], spend: dict[str, float], *, days: int = 500, ahead: int = 365
) -> Drawn:
    """First purchases spread over two thirds of ``days``, repeats by BG/NBD day by day, amounts by Gamma-Gamma; same-day repeats fall
    together, as in life."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(law["r"], 1 / law["alpha"], customers)
    stop = rng.beta(law["a"], law["b"], customers)
    habit = rng.gamma(spend["q"], 1 / spend["v"], customers)
    here = np.arange(customers)
    at = rng.integers(0, 2 * days // 3, customers).astype(float)
    who, day = [here], [at.astype(np.int64)]
    while len(here):
        at = at + rng.exponential(1, len(here)) / rate[here]
        here, at = here[at < days + ahead], at[at < days + ahead]
        who.append(here)
        day.append(at.astype(np.int64))
        stays = rng.random(len(here)) >= stop[here]
        here, at = here[stays], at[stays]
    pairs = np.unique(np.stack([np.concatenate(who), np.concatenate(day)]), axis=1)
    amount = rng.gamma(spend["p"], 1.0, pairs.shape[1]) / habit[pairs[0]]
    seen = pairs[1] < days
    purchases = Purchases(pairs[0, seen], pairs[1, seen], amount[seen])
    return Drawn(purchases, days - 1, np.bincount(pairs[0, ~seen], minlength=customers), float(amount[~seen].sum()))
