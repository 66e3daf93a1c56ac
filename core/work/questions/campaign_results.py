"""What a campaign brought: who was reached, what they did, what it cost, and what those who were held out did in the same time.

Windows are ``window_days`` long for everybody: of who got a message from the moment it was handed over, of all others from when it was due. A result is provisional until the last of them is over and
the data reaches over it. A reader who is limited to units sees the people of these units, on both sides, and ``is_limited`` says so; what messages to others cost is then not in it.

Codes and figures; sentences are the page's.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from core.campaigns import body as bodies
from core.campaigns import lift
from core.campaigns.body import Body
from core.campaigns.lift import Lift, Ratio
from core.campaigns.states import OPEN
from core.errors import UnfitForLtv, Unknown
from core.metrics.campaigns import HARM_DAYS, RETURNS
from core.sequences.arrays import Array, Int64s
from core.store import campaign_rows, campaigns
from core.store.campaign_rows import Columns
from core.work.home import Home
from core.work.questions import campaign_lift, campaign_outcomes, campaign_people, ltv, membership
from core.work.questions.campaign_lift import Judged, proportion
from core.work.questions.campaign_outcomes import Outcomes
from core.work.questions.campaign_people import People
from core.work.questions.campaigns import FINISHED, current, visible
from core.work.questions.reading import Reading
from core.work.questions.untold import SMALL

STEPS = ("assigned", "sent", "delivered", "opened", "clicked", "redeemed", "converted")
"""Of the funnel; each is counted among those of ``sent``, and need not lie within the step before it."""
TABLE_OF = {"orders": "order_lines", "redeemed": "offer_events", "event": "events", "clicked": "order_lines"}
HARMS = ("complained", "unsubscribed", "left_groups", "friends_lost")
COSTLY = ("left_groups", "unsubscribed", "friends_lost")
"""Kinds of harm by which somebody is lost."""


@dataclass(frozen=True, slots=True)
class Money:
    """Of those written to, in their windows, in the smallest unit: ``gross_minor``, ``refund_minor``, ``net_minor``, ``orders``, ``aov_minor`` (gross over orders; null of fewer than 30). ``send_minor``: what the messages cost, null where no
    price is known; ``coupon_minor``: what redeemed coupons cost; ``cost_minor``: both; ``per_converted_minor``: of each who did what the campaign is judged by (null of nobody). ``extra_minor``: net value that the campaign brought beyond the holdout, with its bounds; null without one. ``roi``: what it brought less its cost, over the cost, with its bounds; null
    where either is not known, or nothing was spent."""

    gross_minor: int
    refund_minor: int
    net_minor: int
    orders: int
    aov_minor: float | None
    send_minor: int | None
    coupon_minor: int
    cost_minor: int | None
    per_converted_minor: float | None
    extra_minor: float | None
    extra_low_minor: float | None
    extra_high_minor: float | None
    roi: float | None
    roi_low: float | None
    roi_high: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """``metric``: as the author chose; ``lift_metric``: what the sides are compared by, ``orders`` where that is ``clicked``, for who is held out has nothing to click. ``as_of``: up to when the data tells it (UTC), None without data.
    ``is_provisional``, ``open_until``: while windows are open, and until when the last is; None while messages may still go out. ``remaining``: from ``as_of`` to then.

    ``treated``, ``held``: people assigned; ``both``, ``before``, ``gone``: of ``campaign_people.People``. ``funnel``: ``step count of share``; ``machines``: who only programs clicked for. ``timing``: ``what count lower median upper`` in seconds from the
    message to the first click, redemption, conversion. ``judged``: null where there are no members to compare. ``returned``: ``span treated treated_of holdout holdout_of share holdout_share difference low high p_value``; ``satisfied``: ``side answers mean``.
    ``variants``, ``pairs``, ``groups`` (``dimension`` first): see ``campaign_lift``; ``variant_ratio``: whether texts were drawn as planned. ``harm``: ``kind treated holdout …`` as ``returned``, ``extra`` (people lost or annoyed by the campaign) and ``value_minor``: what
    they were worth, if they were worth as much as all who did so (predicted net value of 365 days; who never ordered counts 0); null without a model, and where those held out are not told of."""

    code: str
    name: str
    state: str
    goal: str | None
    metric: str
    lift_metric: str
    window_days: int
    is_limited: bool
    is_placed: bool
    as_of: datetime | None
    is_provisional: bool
    open_until: datetime | None
    treated: int
    held: int
    both: int
    before: int
    gone: int
    funnel: pd.DataFrame
    machines: int
    timing: pd.DataFrame
    money: Money
    judged: Judged | None
    returned: pd.DataFrame
    satisfied: pd.DataFrame
    variants: pd.DataFrame
    pairs: pd.DataFrame
    variant_ratio: Ratio | None
    groups: pd.DataFrame
    harm: pd.DataFrame
    ids: Int64s = field(repr=False)
    flags: Mapping[str, Array] = field(repr=False)

    @property
    def remaining(self) -> timedelta | None:
        if self.open_until is None or self.as_of is None:
            return None
        return max(self.open_until - self.as_of, timedelta(0))


def results(home: Home, reading: Reading, campaign_id: int) -> Results:
    """Raises ``Unknown``."""
    with home.store.reading() as session:
        row = campaigns.one(session, campaign_id)
        messages = visible(reading, campaign_rows.messages(session, campaign_id))
        marks, clicks = campaign_rows.marks(session, campaign_id), campaign_rows.clicks(session, campaign_id)
    body = bodies.parse(row.body)
    ids = messages["member_id"] if body.is_placed else current(reading, messages["member_id"])
    people = campaign_people.of(messages, ids, marks, clicks)
    did = campaign_outcomes.of(reading, people, body, row.code)
    flags = _flags(people, did, body)
    lift_metric = "orders" if body.metric == "clicked" else body.metric
    converted = flags["ordered" if body.metric == "clicked" else "converted"]
    as_of = campaign_outcomes.newest(reading, TABLE_OF[body.metric])
    is_open = row.state not in FINISHED or _may_still_go(messages)
    until = people.starts.max() + np.timedelta64(body.window_days, "D") if len(people.ids) else None
    is_over = until is not None and as_of is not None and np.datetime64(as_of, "us") >= until
    judged = None if body.is_placed else campaign_lift.judged(people.is_held, converted, did.net_minor, body.holdout)
    dimensions = _dimensions(reading, people, did, body)
    flags |= {f"{name}={key}": flag for name, keys in dimensions.items() for key, flag in keys.items()}
    prices = {flow["channel"]: flow["price_minor"] for flow in (row.launched or {}).get("flows", ())}
    is_held = people.is_held
    weights = {one.name: float(one.weight) for one in body.variants}
    return Results(
        row.code, row.name, row.state, body.goal, body.metric, lift_metric, body.window_days, reading.allowed is not None, body.is_placed,
        None if as_of is None else as_of.replace(tzinfo=UTC), is_open or not is_over,
        None if is_open or until is None else until.astype(datetime).replace(tzinfo=UTC),
        int((~is_held).sum()), int(is_held.sum()), len(people.both), people.before, people.gone,
        _funnel(flags), int((flags["treated"] & flags["clicked_by_machine"]).sum()), _timing(people, did, body),
        _money(people, did, prices, judged, int((flags["treated"] & flags["converted"]).sum())), judged, _returned(is_held, did), _satisfied(is_held, did),
        campaign_lift.variants(dimensions["variant"], is_held, converted, did.net_minor),
        campaign_lift.pairs(dimensions["variant"], is_held, converted),
        campaign_lift.variant_ratio(dimensions["variant"], is_held, weights),
        _grouped(dimensions, is_held, converted, did.net_minor), harm(is_held, flags, did.harm, cache(lambda: _value(reading, people.ids))), people.ids, flags,
    )  # fmt: skip


def people(found: Results, part: str) -> Int64s:
    """The members behind a figure, ascending. ``part``: names of flags of which all hold, with ``/`` between: ``treated/converted``, ``holdout/left_groups``, ``treated/variant=A/clicked``. Of places nobody. Raises
    ``Unknown`` for a name that there is not."""
    kept = np.ones(len(found.ids), bool)
    for name in part.split("/"):
        if name not in found.flags:
            raise Unknown("part", name, found.flags)
        kept &= found.flags[name]
    chosen: Int64s = found.ids[kept & (found.ids > 0)]  # keys of places are below 0
    return chosen


def _may_still_go(messages: Columns) -> bool:
    """Whether any is to be sent, or waits for the employee who is to send it."""
    states = messages["state"].astype(str)
    waits = (states == "accepted") & np.isnat(messages["sent"])
    return bool((np.isin(states, list(OPEN)) | waits).any())


def _flags(people: People, did: Outcomes, body: Body) -> dict[str, Array]:
    own = people.flags
    limit = np.timedelta64(HARM_DAYS, "D")
    soon = {
        name: people.marked[name] < people.starts + limit for name in ("complained", "unsubscribed", "left")
    }  # never true of NaT
    nobody = np.zeros(len(people.ids), bool)
    found = own | {"treated": ~people.is_held, "holdout": people.is_held, "assigned": ~people.is_held}
    found |= {"ordered": did.orders > 0, "redeemed": did.redeemed > 0}
    found["converted"] = {
        "orders": found["ordered"], "redeemed": found["redeemed"], "clicked": own["clicked"], "event": did.events > 0
    }[body.metric]  # fmt: skip
    found["complained"] = soon["complained"] | did.harm.get("complained", nobody)
    found["unsubscribed"] = soon["unsubscribed"] | did.harm.get("withdrawn", nobody)
    found["left_groups"] = did.harm.get("left_groups", nobody)
    found["friends_lost"] = soon["left"]
    found |= {f"returned_{name}": flag & did.closed[name] for name, flag in did.returned.items()}
    return found | {"answered": did.answers > 0}


def _funnel(flags: Mapping[str, Array]) -> pd.DataFrame:
    sent = flags["treated"] & flags["sent"]
    rows: list[dict[str, Any]] = []
    for step in STEPS:
        base = flags["treated"] if step in ("assigned", "sent") else sent
        count, of = int((base & flags[step]).sum()), int(base.sum())
        rows.append({"step": step, "count": count, "of": of, "share": count / of if of >= SMALL else None})
    return pd.DataFrame(rows).astype({"share": "Float64"})


def _timing(people: People, did: Outcomes, body: Body) -> pd.DataFrame:
    first = {
        "orders": did.first_order, "redeemed": did.first_redemption, "clicked": people.first_click, "event": did.first_event
    }[body.metric]  # fmt: skip
    rows = []
    for what, at in (("clicked", people.first_click), ("redeemed", did.first_redemption), ("converted", first)):
        known = ~np.isnat(at) & ~np.isnat(people.sent) & ~people.is_held
        seconds = (at[known] - people.sent[known]) / np.timedelta64(1, "s")
        lower, median, upper = np.quantile(seconds, [0.25, 0.5, 0.75]) if len(seconds) else [None] * 3
        rows.append({"what": what, "count": len(seconds), "lower": lower, "median": median, "upper": upper})
    return pd.DataFrame(rows).astype(dict.fromkeys(("lower", "median", "upper"), "Float64"))


def _money(people: People, did: Outcomes, prices: Mapping[str, int], judged: Judged | None, converted: int) -> Money:
    side = ~people.is_held
    gross, back, orders = (int(one[side].sum()) for one in (did.gross_minor, did.refund_minor, did.orders))
    sent = {channel: count for channel, count in people.priced.items() if count}
    send = sum(count * prices[channel] for channel, count in sent.items()) if set(sent) <= set(prices) else None
    coupons = int(did.coupon_minor[side].sum())
    cost = None if send is None else send + coupons
    gain = judged.value.lift if judged is not None and judged.value.code in lift.TELLING else None
    extra = None if gain is None else gain.extra
    low, high = None, None
    if gain is not None and gain.interval is not None:
        low, high = (bound * gain.treated_count for bound in (gain.interval.low, gain.interval.high))
    rois = [(gain_ - cost) / cost if gain_ is not None and cost else None for gain_ in (extra, low, high)]
    aov = gross / orders if orders >= SMALL else None
    each = cost / converted if cost is not None and converted else None
    return Money(gross, back, gross - back, orders, aov, send, coupons, cost, each, extra, low, high, *rois)


def _compared(treated: tuple[Array, Array], held: tuple[Array, Array] | None) -> dict[str, Any]:
    """``treated``, ``held``: flags, and of whom; no ``held`` where they are not told of."""
    one = proportion(*treated)
    other = None if held is None else proportion(*held)
    found: Lift | None = None if other is None else lift.shares(one, other)
    is_small = other is None or min(one.of, other.of) < SMALL
    interval = None if found is None or is_small else found.interval
    return {
        "treated": one.count, "treated_of": one.of, "holdout": other and other.count, "holdout_of": other and other.of,
        "share": one.share if one.of >= SMALL else None, "holdout_share": other.share if other and other.of >= SMALL else None,
        "difference": None if found is None or is_small else found.difference, "low": interval and interval.low, "high": interval and interval.high,
        "p_value": None if found is None or is_small else found.p_value,
    }  # fmt: skip


_TYPES = dict.fromkeys(("holdout", "holdout_of"), "Int64") | dict.fromkeys(
    ("share", "holdout_share", "difference", "low", "high", "p_value"), "Float64"
)


def _returned(is_held: Array, did: Outcomes) -> pd.DataFrame:
    rows = []
    for name, _, _ in RETURNS:
        flag, closed = did.returned.get(name, np.zeros(len(is_held), bool)), did.closed[name]
        rows.append({"span": name} | _compared((flag, closed & ~is_held), (flag, closed & is_held)))
    return pd.DataFrame(rows).astype(_TYPES)


def _satisfied(is_held: Array, did: Outcomes) -> pd.DataFrame:
    rows = []
    for name, side in (("treated", ~is_held), ("holdout", is_held)):
        answers = int(did.answers[side].sum())
        mean = float(did.score_sum[side].sum()) / answers if answers >= SMALL else None
        rows.append({"side": name, "answers": answers, "mean": mean})
    return pd.DataFrame(rows).astype({"mean": "Float64"})


def _dimensions(reading: Reading, people: People, did: Outcomes, body: Body) -> dict[str, dict[str, Array]]:
    """Kinds of people that results are told of, flags by key. Tiers and segments as they are now."""
    found = {"variant": {one.name: people.variants[one.name] for one in body.variants if one.name in people.variants}}
    found["channel"] = people.channels
    if body.is_placed:
        return found
    found["stage"] = campaign_outcomes.stages(reading, people, did.on)
    standings = membership.standings(reading)
    place = np.searchsorted(standings["member_id"].to_numpy(), people.ids)
    codes, names = (
        pd.factorize(standings["tier"].take(place).to_numpy(zero_copy_only=False)) if len(place) else ([], [])
    )
    found["tier"] = {str(name): codes == code for code, name in enumerate(names)}
    known = {number: reading.of_segment(number) for number in body.segments if _has(reading, number)}
    found["segment"] = {str(number): np.isin(people.ids, members) for number, members in known.items()}
    return found


def _has(reading: Reading, segment_id: int) -> bool:
    """Whether a segment is still there."""
    try:
        reading.of_segment(segment_id)
    except Unknown:
        return False
    return True


def _grouped(dimensions: Mapping[str, dict[str, Array]], is_held: Array, did: Array, net_minor: Array) -> pd.DataFrame:
    frames = []
    for name, groups in dimensions.items():
        if name != "variant":
            rows = campaign_lift.parts(groups, is_held, did, net_minor)
            rows.insert(0, "dimension", name)
            frames.append(rows)
    return pd.concat([one for one in frames if len(one)] or frames[:1], ignore_index=True)


def _value(reading: Reading, ids: Int64s) -> Array | None:
    """Predicted net value of each, 0 of who never ordered; None without a model, or one of money."""
    try:
        told = ltv.predictions(reading)
    except UnfitForLtv:
        return None
    values = told["value_365d_minor"]
    if values.null_count:
        return None
    known = told["member_id"].to_numpy()
    at = np.minimum(np.searchsorted(known, ids), max(len(known) - 1, 0))
    return np.where(known[at] == ids, values.to_numpy()[at], 0) if len(known) else np.zeros(len(ids), np.int64)


def harm(
    is_held: Array, flags: Mapping[str, Array], told: Collection[str], value: Callable[[], Array | None]
) -> pd.DataFrame:
    """See ``Results``. ``told``: kinds that the lake tells of; another has no side of the holdout, for only messages themselves told it. ``value``: what each is worth, None without a model; asked for only where
    somebody is lost whom it can be compared with, since a model that was never fitted for these data takes long."""
    tells = {"complained": "complained", "unsubscribed": "withdrawn", "left_groups": "left_groups"}
    rows = []
    for kind in HARMS:
        flag = flags[kind]
        is_told = tells.get(kind) in told
        row = _compared((flag, ~is_held), (flag, is_held) if is_told else None)
        extra = None if row["difference"] is None else row["difference"] * row["treated_of"]
        lost = flag & ~is_held
        values = value() if kind in COSTLY and extra is not None and lost.any() else None
        minor = None if values is None or extra is None else extra * float(np.mean(values[lost]))
        rows.append({"kind": kind} | row | {"extra": extra, "value_minor": minor})
    return pd.DataFrame(rows).astype(_TYPES | {"extra": "Float64", "value_minor": "Float64"})
