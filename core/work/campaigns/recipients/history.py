"""What earlier campaigns of the same goal brought on the same channels, as the lake knows them: the share of those they reached who did what is counted."""

from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from core.campaigns.body import Body
from core.lake.reader import Snapshot
from core.sequences.arrays import Array, Int64s
from core.work.questions import population
from core.work.questions.reading import Reading

SECOND_US = 1_000_000
FEWEST = 30
"""A campaign that reached fewer says too little. Rule of thumb."""
SPAN = 1 << 32
"""Seconds since 1970 fit below it."""


@dataclass(frozen=True, slots=True)
class Expected:
    """``reached``: members that earlier campaigns (``campaigns`` of them) wrote to, each counted once per campaign, whose window was over by the newest data; ``converted``: of these. ``low``, ``high``: the
    lowest and the highest share of one campaign. It says what came after messages, not because of them."""

    campaigns: int
    reached: int
    converted: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.converted / self.reached


def expected(lake: Reading, body: Body) -> Expected | None:
    """None where no campaign of the goal has reached anybody on these channels, and where what is counted is not known."""
    if (
        body.goal is None
        or lake.as_of is None
        or not (lake.snapshot.files("campaigns") and lake.snapshot.files("touches"))
    ):
        return None
    contacts = _contacts(lake.snapshot, body.goal, body.channels)
    window = body.window_days * 86_400
    is_over = contacts.at + window <= int(lake.as_of.timestamp())
    who, at, which = contacts.who[is_over], contacts.at[is_over], contacts.which[is_over]
    done = _done(lake, body)
    if done is None or not len(who):
        return None
    place = np.searchsorted(done, who * SPAN + at, side="right")
    following = done[np.minimum(place, len(done) - 1)] if len(done) else np.zeros(len(who), np.int64)
    converted = (place < len(done)) & (following <= who * SPAN + at + window)
    reached = np.bincount(which)
    hits = np.bincount(which[converted], minlength=len(reached))
    enough = reached >= FEWEST
    if not enough.any():
        return None
    shares = hits[enough] / reached[enough]
    return Expected(
        int(enough.sum()), int(reached[enough].sum()), int(hits[enough].sum()), float(shares.min()), float(shares.max())
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Contacts:
    """Grain: a member and a campaign. ``who``: member code, ``at``: of the first message that did not fail, in seconds since 1970, ``which``: number of the campaign."""

    who: Int64s
    at: Int64s
    which: Array


def _contacts(snapshot: Snapshot, goal: str, channels: tuple[str, ...]) -> _Contacts:
    meant = snapshot.current("campaigns")
    meant = meant.filter(meant.goal == goal).select("campaign_id")
    rows = snapshot.table("touches")
    rows = rows.filter(rows.channel.isin(channels), rows.identity_key.notnull()).semi_join(meant, "campaign_id")
    messages = rows.group_by("source", "touch_id").aggregate(
        identity_key=rows.identity_key.max(), campaign_id=rows.campaign_id.max(), at=rows.occurred_at.min(),
        is_failed=(rows.state == "failed").any(),
    )  # fmt: skip
    table = snapshot.arrow(messages.filter(~messages.is_failed).select("identity_key", "campaign_id", "at"))
    who = population.of(snapshot).subjects.codes(table["identity_key"].to_numpy()).astype(np.int64)
    which = table["campaign_id"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    at = table["at"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy() // SECOND_US
    order = np.lexsort((at, which, who))
    order = order[who[order] >= 0]
    who, which, at = who[order], which[order], at[order]
    first = np.r_[True, (who[1:] != who[:-1]) | (which[1:] != which[:-1])] if len(who) else np.zeros(0, bool)
    return _Contacts(who[first], at[first], which[first])


def _done(lake: Reading, body: Body) -> Int64s | None:
    """When members did what is counted, as ``member code * SPAN + seconds``, ascending; None where the lake has nothing of the kind."""
    rows = _counted(lake, body)
    if rows is None:
        return None
    table = lake.snapshot.arrow(rows)
    who = population.of(lake.snapshot).subjects.codes(table["identity_key"].to_numpy()).astype(np.int64)
    at = table["at"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy() // SECOND_US
    return np.sort((who * SPAN + at)[who >= 0])


def _counted(lake: Reading, body: Body) -> ir.Table | None:
    table = {"orders": "order_lines", "redeemed": "offer_events", "clicked": "touches", "event": "events"}[body.metric]
    if not lake.snapshot.files(table):
        return None
    rows = lake.visible(table)
    match body.metric:
        case "orders":
            kept = rows.filter(rows.line_kind == "sale", rows.amount_minor > 0)
        case "redeemed":
            kept = rows.filter(rows.state == "redeemed")
        case "clicked":
            kept = rows.filter(rows.state == "clicked")
        case "event":
            kept = rows.filter(rows.name == body.event)
    return kept.filter(kept.identity_key.notnull()).select("identity_key", at=kept.occurred_at)
