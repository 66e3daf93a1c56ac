"""Whom to call back first: members who are likely to leave, why, what they are worth, and by which channel they are best reached.

At risk are those whom the score of churn places highest (``scores.LEVELS``): the one asked for, or that of activity where none of orders can be told of anybody. Where no score can be told, at risk are those who did nothing for ``SILENT_DAYS`` days after having
done something within the last ``SEEN_DAYS``. Worth is what a member brought so far, refunds netted, as on the page of scores: what a member likely to leave is predicted to bring
is little already. What is at stake is the chance times the worth, or the worth where there is no chance. Last contact: the newest message
that was delivered, or conversation with the staff. Best channel: the one on which most messages were opened, clicked or answered in the last ``ANSWERED_DAYS``
days; of who answered none, the one on which they do most themselves. Of equals the first by name. A channel that nobody can be written to or called on is none,
nor is one that the member unsubscribed from, or of which the newest that they said about marketing there, or on all channels, is that they withdraw; of what was said at one moment a withdrawal counts.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from core.errors import UnfitForScores, Unknown
from core.metrics import causes as rules
from core.metrics import facts as f
from core.metrics.causes import CAUSES, NONE
from core.metrics.sends import DELIVERED, RESPONSES
from core.segments.reach import CHANNELS, PURPOSE
from core.work.questions import causes, ltv, scores, scoring
from core.work.questions.causes import Causes
from core.work.questions.reading import Reading
from core.work.questions.scores import Asked

SILENT_DAYS, SEEN_DAYS = 30, 180
ANSWERED_DAYS = 180
TARGETS = ("churn_order", "churn_activity")
UNKNOWN = "none"
"""Members of whom no cause is known."""
KEYS = (*CAUSES, UNKNOWN)
ALL = "all"


@dataclass(frozen=True, eq=False)
class Board:
    """Of the members that scope and filters leave. ``asked``: the score that they are at risk by; None = by silence (``chance`` is null then). ``members``: at risk. ``is_worth_told``: by
    orders. ``rows``: one per cause, then ``none``: ``key``, ``members``, ``share``, ``worth_minor``, ``at_stake_minor``. ``evidence``: of each cause with somebody, the figures
    that are above the usual with half of its members or more: ``key``, ``figure``, ``unit``, ``value`` (median), ``usual``, the one that weighs first. ``calls``: members with a cause, those with
    most at stake first: ``member_id``, ``key``, ``strength``, ``chance``, ``worth_minor``, ``at_stake_minor``, ``last_contact_on``, ``channel``, ``figure``, ``value``, ``usual``, ``topic``."""

    asked: Asked | None
    cutoff_on: date
    members: int
    is_worth_told: bool
    rows: pd.DataFrame
    evidence: pd.DataFrame
    calls: pd.DataFrame


def board(reading: Reading, asked: Asked) -> Board | None:
    """None where nobody is at risk, or there are no facts. Raises ``Unknown``."""
    found = _judged(reading, asked)
    if found is None:
        return None
    frame, known, risk = found
    calls = frame[frame["key"] != UNKNOWN]
    calls = calls.merge(contacts(reading, known.cutoff_on, calls["member_id"].to_numpy()), on="member_id", how="left")
    calls = _with_evidence(calls, known).drop(columns="place")
    return Board(
        risk.asked, known.cutoff_on, len(frame), risk.is_worth_told, _rows(frame), _evidence(frame, known), calls
    )  # fmt: skip


def behind(reading: Reading, asked: Asked, key: str) -> pd.DataFrame:
    """Members at risk of a cause, of ``none``, or of ``all``: ``member_id``, ``value`` (at stake, smallest unit), the greatest first, ties by number. Raises ``Unknown``."""
    if key not in (ALL, *KEYS):
        raise Unknown("cause", key, (ALL, *KEYS))
    found = _judged(reading, asked)
    if found is None:
        return pd.DataFrame({"member_id": np.empty(0, np.int64), "value": np.empty(0, np.int64)})
    frame = found[0]
    frame = frame if key == ALL else frame[frame["key"] == key]
    return pd.DataFrame(
        {"member_id": frame["member_id"].to_numpy(), "value": frame["at_stake_minor"].to_numpy(np.int64)}
    )


@dataclass(frozen=True, eq=False)
class _Risk:
    """``frame``: as ``scores.risks`` tells it. ``asked``: None = by silence."""

    frame: pd.DataFrame
    is_worth_told: bool
    asked: Asked | None


def _at_risk(reading: Reading, asked: Asked, on: date) -> _Risk:
    """Members at risk of the first score that can be told of anybody, or those who are silent."""
    if asked.target not in TARGETS:
        raise Unknown("target", asked.target, TARGETS)
    for one in dict.fromkeys((asked, Asked("churn_activity", asked.days))):
        try:
            found = scores.risks(reading, one)
        except UnfitForScores:
            continue
        if found is None:
            continue
        frame, is_worth_told = found
        return _Risk(frame[frame["risk"] == "high"].reset_index(drop=True), is_worth_told, one)
    return _silent(reading, on)


def _judged(reading: Reading, asked: Asked) -> tuple[pd.DataFrame, Causes, _Risk] | None:
    """Members at risk with what they are worth and their cause, those with most at stake first."""
    on = scoring.today(reading)
    if on is None:
        return None
    risk = _at_risk(reading, asked, on)
    if not len(risk.frame):
        return None
    frame = risk.frame
    known = causes.causes(reading, on)
    place = np.searchsorted(known.ids, frame["member_id"].to_numpy())
    cause = known.cause[place]
    stake = frame["worth_minor"] * frame["chance"].fillna(1.0)
    frame = frame.assign(
        place=place,
        key=np.array([*CAUSES, UNKNOWN], dtype=object)[np.where(cause == NONE, len(CAUSES), cause)],
        strength=np.where(cause == NONE, 0.0, known.strength[place, np.maximum(cause, 0)]),
        worth_minor=frame["worth_minor"].round().astype("int64"),
        at_stake_minor=stake.round().astype("int64"),
    )
    frame = frame[["member_id", "place", "key", "strength", "chance", "worth_minor", "at_stake_minor"]]
    ordered = frame.sort_values(
        ["at_stake_minor", "chance", "member_id"], ascending=[False, False, True], ignore_index=True
    )
    return ordered, known, risk


def _silent(reading: Reading, on: date) -> _Risk:
    """Members of scope and filters who did nothing lately; worth: what they brought net."""
    known = scoring.features(reading, on)
    since = known.column("days_since_last_action")
    kept = (since > SILENT_DAYS) & (since <= SEEN_DAYS) & ltv.chosen(reading, known.ids)
    own = known.of(kept)
    worth = np.maximum(own.column("net_all_minor"), 0.0)
    frame = pd.DataFrame({"member_id": own.ids, "chance": np.nan, "risk": "high", "worth_minor": worth})
    return _Risk(frame, bool(reading.snapshot.files("order_lines")), None)


# -- how they are told -------------------------------------------------------------------------------------------------


def _rows(frame: pd.DataFrame) -> pd.DataFrame:
    of = frame.groupby("key")
    found = pd.DataFrame(
        {"members": of.size(), "worth_minor": of["worth_minor"].sum(), "at_stake_minor": of["at_stake_minor"].sum()}
    )
    found = found.reindex(KEYS).fillna(0).astype("int64").rename_axis("key").reset_index()
    found.insert(2, "share", found["members"] / len(frame))
    return found


def _evidence(frame: pd.DataFrame, known: Causes) -> pd.DataFrame:
    rows = []
    for cause in CAUSES:
        place = frame.loc[frame["key"] == cause, "place"].to_numpy()
        for one in rules.of_cause(cause) if len(place) else ():
            if one.name not in known.figures:
                continue
            values, usual = known.figures[one.name][place], known.usual[one.name].mean
            value = float(np.nanmedian(values)) if not np.isnan(values).all() else None
            if value is not None and (one.weighs or value > usual):
                rows.append((cause, one.name, one.unit, value, usual))
    return pd.DataFrame(rows, columns=["key", "figure", "unit", "value", "usual"])


def _with_evidence(calls: pd.DataFrame, known: Causes) -> pd.DataFrame:
    """The strongest evidence of each: of the figures beside the one that weighs where that is a sum of them."""
    told = [_strongest(known, place, cause) for place, cause in zip(calls["place"], calls["key"], strict=True)]
    columns = ["figure", "value", "usual", "topic"]
    return calls.join(pd.DataFrame(told, columns=columns, index=calls.index))


def _strongest(known: Causes, place: int, cause: rules.Cause) -> tuple[str, float, float, str | None]:
    every = known.evidence(place, cause)
    parts = [one for one in every if one.figure.name not in rules.SUMS] or list(every)
    best = max(parts, key=lambda one: (one.figure.weighs, one.strength))
    return best.figure.name, best.value, best.usual, best.topic


# -- how they are reached ----------------------------------------------------------------------------------------------


def contacts(reading: Reading, on: date, ids: np.ndarray) -> pd.DataFrame:
    """``member_id``, ``last_contact_on``, ``channel`` of these members; null where nothing is known."""
    snapshot = reading.snapshot
    chosen = snapshot.keep(ibis.memtable(pa.table({"member_id": pa.array(np.unique(ids), pa.int64())})))

    def own(name: str) -> ir.Table:
        return f.linked(reading.visible(name), reading.members).semi_join(chosen, "member_id")

    def before(rows: ir.Table) -> ir.Table:
        return rows.filter(rows.local_date < on)

    every = snapshot.keep(own("touches"))
    touches, talks = before(every), before(own("service_conversations"))
    reached = touches.filter(touches.state.isin(DELIVERED))
    days = ibis.union(reached.select("member_id", "local_date"), talks.select("member_id", "local_date"))
    last = snapshot.arrow(days.group_by("member_id").aggregate(last_contact_on=days.local_date.max())).to_pandas()
    answered = touches.filter(
        touches.state.isin(RESPONSES) & (touches.local_date >= on - timedelta(days=ANSWERED_DAYS))
    )
    events = before(own("events"))
    acted = events.filter(events.local_date >= on - timedelta(days=ANSWERED_DAYS))
    counted = pd.concat([_counted(reading, answered), _counted(reading, acted)])
    is_withdrawn = pd.MultiIndex.from_frame(counted[["member_id", "channel"]]).isin(
        _withdrawn(reading, own("consents"), every)
    )
    best = counted[~is_withdrawn].drop_duplicates("member_id")[["member_id", "channel"]]
    found = pd.DataFrame({"member_id": np.unique(ids)})
    return found.merge(last, on="member_id", how="left").merge(best, on="member_id", how="left")


def _counted(reading: Reading, rows: ir.Table) -> pd.DataFrame:
    """``member_id``, ``channel``, of the channels of reach: those where most of somebody's rows are first."""
    rows = rows.filter(rows.channel.isin(CHANNELS))
    counted = rows.group_by("member_id", "channel").aggregate(n=rows.count())
    found = reading.snapshot.arrow(counted).to_pandas().astype({"channel": object})
    return found.sort_values(["n", "channel"], ascending=[False, True])


def _withdrawn(reading: Reading, consents: ir.Table, touches: ir.Table) -> pd.MultiIndex:
    """``member_id`` and channel where they want nothing by the newest that they said, of the newest day too."""
    said = consents.filter(consents.purpose == PURPOSE)
    left = touches.group_by("source", "touch_id").aggregate(
        member_id=touches.member_id.max(),
        channel=touches.channel.max(),
        occurred_at=touches.occurred_at.max(where=touches.state == "unsubscribed"),
    )
    left = left.filter(left.occurred_at.notnull())
    rows = ibis.union(
        said.select("member_id", "channel", "occurred_at", is_given=said.state == "given"),
        left.select("member_id", "channel", "occurred_at", is_given=ibis.literal(False)),
    )
    told = reading.snapshot.arrow(rows).to_pandas().astype({"channel": object})
    anywhere = (
        told[told["channel"].isna()].drop(columns="channel").merge(pd.Series(CHANNELS, name="channel"), how="cross")
    )
    told = pd.concat([told[told["channel"].notna()], anywhere])
    told = told.sort_values(["occurred_at", "is_given"], ascending=[False, True]).drop_duplicates(
        ["member_id", "channel"]
    )
    return pd.MultiIndex.from_frame(told.loc[~told["is_given"].astype(bool), ["member_id", "channel"]])
