"""Side against side: of all people of a campaign, of its variants, channels and kinds of people, with what may be said of the difference.

Everybody counts on the side that they were put on (intention to treat). A part of fewer than 30 on either side is told with its counts and no comparison.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from core.campaigns import lift
from core.campaigns.comparing import detectable_mean, detectable_share, holm
from core.campaigns.holdout import PLACES
from core.campaigns.lift import Heads, Lift, Ratio, Verdict
from core.metrics.proportions import Proportion
from core.sequences.arrays import Array
from core.work.questions.untold import SMALL

COMPARED = ("difference", "low", "high", "p_value")


@dataclass(frozen=True, slots=True)
class Judged:
    """``people``: of the share that did what the campaign is judged by; ``value``: of net value per head, in the smallest unit. ``detectable_share``, ``detectable_minor``: the smallest difference that so many people would show
    four times of five (``core.campaigns.comparing``)."""

    people: Verdict
    value: Verdict
    detectable_share: float | None
    detectable_minor: float | None


def judged(is_held: Array, did: Array, net_minor: Array, holdout: float) -> Judged:
    """``holdout``: the share that was to be held out."""
    shares = proportion(did, ~is_held), proportion(did, is_held)
    values = heads(net_minor[~is_held]), heads(net_minor[is_held])
    split = sample_ratio(is_held, holdout)
    return Judged(
        lift.verdict(lift.shares(*shares), split),
        lift.verdict(lift.heads(*values), split),
        detectable_share(*shares),
        detectable_mean(*values),
    )


def sample_ratio(is_held: Array, holdout: float) -> Ratio | None:
    """The sides against the split that was planned, in the ten thousand places that the holdout knows; None where nobody was to be held out."""
    held = round(holdout * PLACES)
    if not 0 < held < PLACES:
        return None
    return lift.ratio([int((~is_held).sum()), int(is_held.sum())], [PLACES - held, held])


def proportion(did: Array, side: Array) -> Proportion:
    return Proportion(int((did & side).sum()), int(side.sum()))


def heads(values: Array) -> Heads:
    """Sums of values, their squares and their cubes, exact however large: equal values are raised once, in whole numbers without bounds."""
    distinct, counts = np.unique(values.astype(np.int64), return_counts=True)
    rows = [(int(value), int(count)) for value, count in zip(distinct, counts, strict=True)]
    return Heads(len(values), *(sum(count * value**power for value, count in rows) for power in (1, 2, 3)))


def parts(groups: Mapping[str, Array], is_held: Array, did: Array, net_minor: Array) -> pd.DataFrame:
    """Each part of the people against those of it who are held out: ``key``, ``treated``, ``holdout``, ``converted``, ``holdout_converted``, ``share``, ``holdout_share``, ``difference``, ``low``, ``high``, ``p_value``, ``p_holm`` (corrected for
    all parts), ``net_minor`` of those written to, ``is_small``. Of a small part shares and what follows are null."""
    rows = []
    for key, inside in groups.items():
        treated, held = inside & ~is_held, inside & is_held
        found = lift.shares(proportion(did, treated), proportion(did, held))
        rows.append(
            _row(key, proportion(did, treated), proportion(did, held), found)
            | {"net_minor": int(net_minor[treated].sum())}
        )
    return _frame(rows, ["key", *_COUNTS, *_SHARES, "net_minor", "is_small"])


def variants(groups: Mapping[str, Array], is_held: Array, did: Array, net_minor: Array) -> pd.DataFrame:
    """Each variant against everybody who is held out, for the texts are drawn apart from the holdout. Columns: see ``parts``."""
    whole = {key: inside | is_held for key, inside in groups.items()}
    return parts(whole, is_held, did, net_minor)


def pairs(groups: Mapping[str, Array], is_held: Array, did: Array) -> pd.DataFrame:
    """Each two variants among those written to: ``first``, ``second``, ``first_count``, ``second_count``, ``first_share``, ``second_share``, ``difference`` (second - first), ``low``, ``high``, ``p_value``, ``p_holm`` (corrected for all pairs),
    ``is_small``."""
    rows = []
    for one, other in combinations(groups, 2):
        sides = [proportion(did, groups[key] & ~is_held) for key in (one, other)]
        found = _row("", sides[1], sides[0], lift.shares(sides[1], sides[0]))
        rows.append(
            {
                "first": one, "second": other, "first_count": sides[0].of, "second_count": sides[1].of, "first_share": found["holdout_share"],
                "second_share": found["share"], **{name: found[name] for name in (*COMPARED, "is_small")},
            }
        )  # fmt: skip
    names = [
        "first",
        "second",
        "first_count",
        "second_count",
        "first_share",
        "second_share",
        *COMPARED,
        "p_holm",
        "is_small",
    ]
    return _frame(rows, names)


def variant_ratio(groups: Mapping[str, Array], is_held: Array, weights: Mapping[str, float]) -> Ratio | None:
    """Those written to, by variant, against the weights planned; None of fewer than two variants."""
    known = [name for name in weights if name in groups]
    if len(weights) < 2 or len(known) < len(weights):
        return None
    return lift.ratio([int((groups[name] & ~is_held).sum()) for name in known], [weights[name] for name in known])


_COUNTS = ("treated", "holdout", "converted", "holdout_converted")
_SHARES = ("share", "holdout_share", *COMPARED, "p_holm")


def _row(key: str, treated: Proportion, held: Proportion, found: Lift) -> dict[str, object]:
    is_small = min(treated.of, held.of) < SMALL
    interval = found.interval
    told = {
        "difference": found.difference, "low": interval and interval.low, "high": interval and interval.high, "p_value": found.p_value,
    }  # fmt: skip
    return {
        "key": key, "treated": treated.of, "holdout": held.of, "converted": treated.count, "holdout_converted": held.count,
        "share": treated.share if treated.of >= SMALL else None, "holdout_share": held.share if held.of >= SMALL else None,
        **{name: None if is_small else value for name, value in told.items()}, "is_small": is_small,
    }  # fmt: skip


def _frame(rows: list[dict[str, object]], names: list[str]) -> pd.DataFrame:
    found = pd.DataFrame(rows, columns=[name for name in names if name != "p_holm"])
    chances = [None if pd.isna(one) else float(one) for one in found["p_value"]]
    found["p_holm"] = pd.array(holm(chances), "Float64")
    floats = [name for name in names if name in (*COMPARED, "share", "holdout_share", "first_share", "second_share")]
    return found.astype(dict.fromkeys(floats, "Float64"))[names]
