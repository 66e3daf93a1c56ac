"""What the brand sends: campaigns with every state their messages reached, and the messages that drove people away."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from core.work.demo import columns
from core.work.demo.brand import LIFT, TRIAL, Brand
from core.work.demo.people import PHONE, People
from core.work.demo.planted import Lift
from core.work.demo.rhythm import DAY_S, HOUR_S, Ints
from core.work.demo.shopping import Orders

STATES = ["sent", "delivered", "opened", "clicked", "replied", "converted", "failed", "unsubscribed"]
CHANNELS = ["wecom", "sms", "mini_program", "official_account", "email"]
COST_MINOR = np.array([0, 5, 0, 0, 1])
LIFT_COST_MINOR = 10
"""Of a message of the campaign that was tried on some and not on others: what the tool with which employees send it asks for."""
DELIVERED = np.array([0.97, 0.95, 0.92, 0.98, 0.90])
OPENED = np.array([0.52, 0.22, 0.34, 0.30, 0.18])
CLICKED, REPLIED, UNSUBSCRIBED = 0.24, 0.03, 0.004
REASONS = ["not_a_friend", "unreachable", "refused"]
AUDIENCE_SHARE, AUDIENCE_MOST = 0.13, 12_000
CONVERSION_S = 7 * DAY_S


@dataclass(frozen=True)
class Touches:
    """Messages as numbers; ``at_s`` has a column per state, 0 = not reached."""

    who: Ints
    channel: Ints
    campaign: Ints
    content: Ints
    at_s: Ints


def build(brand: Brand, people: People, rng: np.random.Generator, made: Orders, planted: Lift) -> Touches:
    """All messages, one row each. Nothing is opened that was not delivered."""
    parts = [
        _campaign(brand, people, rng, made, index)
        for index, one in enumerate(brand.campaigns.ids)
        if one not in (TRIAL, LIFT)
    ]
    parts += [_lift(brand, rng, made, planted), *_drove_away(brand, people, rng)]
    joined = Touches(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("who", "channel", "campaign", "content", "at_s")
        )
    )
    joined.at_s[joined.at_s >= brand.span.end_s] = 0
    return joined


def _states(rng: np.random.Generator, sent: Ints, channel: Ints) -> Ints:
    """Times of the states that messages reach by themselves."""
    size = len(sent)
    at = np.zeros((size, len(STATES)), np.int64)
    at[:, 0] = sent
    arrives = rng.random(size) < DELIVERED[channel]
    at[:, 1] = np.where(arrives, sent + rng.integers(1, 90, size), 0)
    at[:, 6] = np.where(arrives, 0, sent + rng.integers(1, 90, size))
    opens = arrives & (rng.random(size) < OPENED[channel])
    at[:, 2] = np.where(opens, at[:, 1] + 20 + rng.exponential(4 * HOUR_S, size).astype(np.int64) % (2 * DAY_S), 0)
    at[:, 3] = np.where(opens & (rng.random(size) < CLICKED), at[:, 2] + rng.integers(3, 120, size), 0)
    at[:, 4] = np.where(
        opens & (channel == 0) & (rng.random(size) < REPLIED), at[:, 2] + rng.integers(30, 3600, size), 0
    )
    at[:, 7] = np.where(arrives & (rng.random(size) < UNSUBSCRIBED), at[:, 1] + rng.integers(30, DAY_S, size), 0)
    return at


def _campaign(brand: Brand, people: People, rng: np.random.Generator, made: Orders, index: int) -> Touches:
    channel = CHANNELS.index(brand.campaigns["channel"][index])
    day = max(int(brand.campaigns["first_day"][index]), 0)
    start = int(brand.span.starts_s[day])
    members = slice(0, people.members)
    there = (
        (people.joined_s[members] < start)
        & (people.silent_s[members] > start - 90 * DAY_S)
        & _reachable(people, channel)
    )
    pool = np.flatnonzero(there)
    who = np.sort(rng.permutation(pool)[: min(round(people.members * AUDIENCE_SHARE), AUDIENCE_MOST)])
    slot = rng.choice([10 * HOUR_S, 12 * HOUR_S, 20 * HOUR_S])
    at = _states(rng, start + slot + rng.integers(0, 1800, len(who)), np.full(len(who), channel))
    bought = _next_order(made, who, at[:, 3])
    at[:, 5] = np.where((at[:, 3] > 0) & (bought - at[:, 3] <= CONVERSION_S), bought, 0)
    newest = int(np.searchsorted(brand.contents["day"], day, side="right")) - 1
    return Touches(who, np.full(len(who), channel), np.full(len(who), index), np.full(len(who), newest), at)


def _reachable(people: People, channel: int) -> np.ndarray:
    """Members that a channel can reach."""
    source = {0: "wecom", 2: "mini_program", 3: "official_account"}.get(channel)
    if source:
        return people.filed_under[source][: people.members] >= 0
    if channel == CHANNELS.index("sms"):
        return people.identity[: people.members, PHONE] >= 0
    return people.filed_under["app"][: people.members] >= 0


def _next_order(made: Orders, who: Ints, after_s: Ints) -> Ints:
    """Time of each person's first order after a time; far away = none."""
    known = np.flatnonzero(made.who >= 0)
    code = made.who[known] * (1 << 34) + made.at_s[known]
    order = np.argsort(code)
    code = np.append(code[order], np.iinfo(np.int64).max)
    place = np.searchsorted(code, who * (1 << 34) + after_s)
    found = code[place]
    return np.where(found >> 34 == who, found & ((1 << 34) - 1), np.iinfo(np.int64).max // 2)


def _lift(brand: Brand, rng: np.random.Generator, made: Orders, planted: Lift) -> Touches:
    """The treated all get their message; whoever converts opened and clicked it."""
    who = planted.treated
    sent = brand.span.starts_s[planted.first_day] + 10 * HOUR_S + rng.integers(0, 900, len(who))
    at = _states(rng, sent, np.zeros(len(who), np.int64))
    at[:, 6:8] = 0
    at[:, 1] = sent + 5
    converts = np.isin(who, planted.treated_buyers)
    bought = _next_order(made, who, sent)
    at[converts, 2] = sent[converts] + 30
    at[converts, 3] = sent[converts] + 60
    at[converts, 5] = bought[converts]
    return Touches(
        who, np.zeros(len(who), np.int64), np.full(len(who), brand.campaigns.at(LIFT)), np.full(len(who), -1), at
    )


def _drove_away(brand: Brand, people: People, rng: np.random.Generator) -> list[Touches]:
    """Planted causes of churn: one topic over and over, messages meant for nobody, too many of them."""
    parts = []
    for cause, count, days, opened in (
        ("samey_content", 10, 60, 3),
        ("impersonal", 6, 60, 0),
        ("too_many_messages", 25, 30, 2),
    ):
        who = np.repeat(people.of(cause), count)  # type: ignore[arg-type]
        turn = np.tile(np.arange(count), len(who) // count)
        step = days * DAY_S // count
        sent = people.silent_s[who] - (count - turn) * step + rng.integers(0, step // 2, len(who))
        sent = brand.span.starts_s[brand.span.day_of(sent)] + 9 * HOUR_S + sent % (10 * HOUR_S)
        at = np.zeros((len(who), len(STATES)), np.int64)
        at[:, 0], at[:, 1] = sent, sent + 4
        at[:, 2] = np.where(turn < opened, sent + 600, 0)
        if cause == "too_many_messages":
            at[:, 7] = np.where(turn == count - 1, sent + 900, 0)
        content = _same_topic(brand, turn) if cause == "samey_content" else np.full(len(who), -1)
        parts.append(Touches(who, np.zeros(len(who), np.int64), np.full(len(who), -1), content, at))
    return parts


def _same_topic(brand: Brand, turn: Ints) -> Ints:
    is_old = brand.contents["day"] < brand.span.days - 180
    pieces = np.flatnonzero((brand.contents["topic"] == brand.contents["topic"][0]) & is_old)
    return pieces[turn % len(pieces)]


def table(brand: Brand, people: People, rng: np.random.Generator, sent: Touches) -> pa.Table:
    """Rows of ``touches``: one for each state reached, by time."""
    touch, state = np.nonzero(sent.at_s)
    order = np.argsort(sent.at_s[touch, state], kind="stable")
    touch, state = touch[order], state[order]
    who, channel = sent.who[touch], sent.channel[touch]
    by_channel = [
        people.filed_under["wecom"],
        None,
        people.filed_under["mini_program"],
        people.filed_under["official_account"],
        None,
    ]
    main = people.main_key(sent.who)
    key = main[touch]
    for index, filed in enumerate(by_channel):
        if filed is not None:
            key = np.where(channel == index, filed[who], key)
    reason = rng.integers(0, len(REASONS), len(touch))
    is_lift = sent.campaign[touch] == brand.campaigns.at(LIFT)
    cost = np.where(is_lift, LIFT_COST_MINOR, COST_MINOR[channel])
    rows = columns.rows(
        "touches",
        {
            "occurred_at": columns.times(sent.at_s[touch, state]),
            "identity_key": columns.keys(key),
            "touch_id": columns.numbered("T", touch + 1),
            "state": columns.codes(STATES, state),
            "channel": columns.codes(CHANNELS, channel),
            "campaign_id": columns.codes(brand.campaigns.ids, sent.campaign[touch]),
            "content_id": columns.codes(brand.contents.ids, sent.content[touch]),
            "reason": columns.codes(REASONS, np.where(state == 6, reason, -1)),
            "cost_minor": pa.array(cost, pa.int64(), mask=state != 0),
        },
        columns.codes(["wecom", "sms", "mini_program", "official_account", "email"], channel),
    )
    return columns.with_numbers(rows)
