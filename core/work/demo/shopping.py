"""What customers buy, send back and redeem, and what the brand spends to be found."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from core.work.demo import columns
from core.work.demo.activity import CHANNELS, SOURCE_OF, STORE, Baskets
from core.work.demo.brand import LOOSE_TEA, Brand
from core.work.demo.people import People
from core.work.demo.rhythm import DAY_S, SHOP_HOURS, Bools, Floats, Ints

ORDINARY, BY_LAW, TRIAL_ORDER, LIFT_ORDER, INCIDENT_ORDER, KIND_ORDER = range(6)
LTV_LAW = {"r": 0.6, "alpha": 85.0, "a": 0.8, "b": 2.2}
"""BG/NBD: purchase rate Gamma(r, rate alpha) per day, dropout after a repeat purchase Beta(a, b)."""
SPEND_LAW = {"p": 6.0, "q": 4.0, "v": 90.0}
"""Gamma-Gamma: an order is Gamma(p, rate nu) in major units, nu is Gamma(q, rate v); the mean order is p v / (q - 1) = 180."""
REFUND_SHARE = 0.062
COUPON_SHARE = 0.35
STORE_ORDERS_PER_MONTH = 0.054
SPEND_CHANNELS = ["social", "live", "sms", "official_account", "offline_event", "wecom"]
SPEND_A_DAY = np.array([0.030, 0.018, 0.006, 0.008, 0.009, 0.005])
"""Major units a day for each member the brand has in the end."""


@dataclass(frozen=True)
class Orders:
    """Orders as numbers. ``who`` -1 = nobody known. ``kind``: which law or plant it came from. Sorted by time."""

    who: Ints
    at_s: Ints
    channel: Ints
    product: Ints
    campaign: Ints
    kind: Ints
    amount_minor: Ints
    """Of an order drawn by a law; -1 = the sum of its lines."""

    def __len__(self) -> int:
        return len(self.who)


def orders(baskets: Baskets, kind: int, amount_minor: Ints | None = None) -> Orders:
    size = len(baskets)
    amount = np.full(size, -1) if amount_minor is None else amount_minor
    return Orders(
        baskets.who, baskets.at_s, baskets.channel, baskets.product, baskets.campaign, np.full(size, kind), amount
    )


def orders_together(parts: Sequence[Orders]) -> Orders:
    """All orders in the order of time; the position is the order's number from here on."""
    joined = [np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Orders)]
    by_time = np.argsort(joined[1], kind="stable")
    return Orders(*(values[by_time] for values in joined))


def store_orders(brand: Brand, people: People, rng: np.random.Generator) -> Orders:
    """What ordinary members with a card buy in the stores, and what passers-by do."""
    span = brand.span
    card = people.filed_under["pos"] >= 0
    gone = np.minimum(span.day_of(people.silent_s) + 1, span.days)
    days = np.maximum(gone - people.joined_day, 0)
    rate = STORE_ORDERS_PER_MONTH / 30 * people.appetite * days * card
    rate[people.members :] = 0
    who = np.repeat(np.arange(len(people)), rng.poisson(rate))
    day = span.draw_days(rng, people.joined_day[who], gone[who], span.traffic * span.buying**0.5)
    at = np.maximum(span.draw_times(rng, day, SHOP_HOURS), people.joined_s[who])
    fits = (at < people.silent_s[who]) & ~((day >= people.quiet_first[who]) & (day < people.quiet_end[who]))
    who, at = who[fits], at[fits]
    passing = round(len(who) * 0.3)
    zeros = np.zeros(passing, np.int64)
    walk_in = span.draw_times(rng, span.draw_days(rng, zeros, zeros + span.days), SHOP_HOURS)
    return orders(
        _in_store(brand, rng, np.concatenate([who, np.full(passing, -1)]), np.concatenate([at, walk_in])), ORDINARY
    )


def orders_by_law(brand: Brand, people: People, rng: np.random.Generator) -> Orders:
    """The orders of the LTV cohort: the first when they join, the rest by BG/NBD, amounts by Gamma-Gamma. No season, no refunds."""
    span, cohort = brand.span, people.of("ltv")
    law, spend = LTV_LAW, SPEND_LAW
    rate = rng.gamma(law["r"], 1 / law["alpha"], len(cohort))
    dropout = rng.beta(law["a"], law["b"], len(cohort))
    who, days = [cohort], [people.joined_day[cohort].astype(float)]
    alive, at = np.arange(len(cohort)), people.joined_day[cohort].astype(float)
    while len(alive):
        at = at + rng.exponential(1, len(alive)) / rate[alive]
        inside = at < span.days
        alive, at = alive[inside], at[inside]
        who.append(cohort[alive])
        days.append(at)
        stays = rng.random(len(alive)) >= dropout[alive]
        alive, at = alive[stays], at[stays]
    buyer, day = np.concatenate(who), np.concatenate(days).astype(np.int64)
    at_s = span.draw_times(rng, day, SHOP_HOURS)
    at_s[: len(cohort)] = people.joined_s[cohort]
    habit = np.zeros(len(people))
    habit[cohort] = rng.gamma(spend["q"], 1 / spend["v"], len(cohort))
    amount = np.maximum(np.round(rng.gamma(spend["p"], 1.0, len(buyer)) / habit[buyer] * 100), 1).astype(np.int64)
    baskets = _in_store(brand, rng, buyer, at_s)
    loose = np.array([brand.products.at(one) for one in LOOSE_TEA])[rng.integers(0, len(LOOSE_TEA), len(buyer))]
    return orders(Baskets(baskets.who, baskets.at_s, baskets.channel, loose, baskets.campaign), BY_LAW, amount)


def _in_store(brand: Brand, rng: np.random.Generator, who: Ints, at_s: Ints) -> Baskets:
    size = len(who)
    product = rng.choice(len(brand.products), size, p=brand.products["liking"])
    return Baskets(who, at_s, np.full(size, STORE), product, np.full(size, -1))


# -- lines -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lines:
    """Sale lines as numbers; ``order`` is the position of the order."""

    order: Ints
    product: Ints
    quantity: Ints
    price_minor: Ints

    @property
    def amount_minor(self) -> Ints:
        return self.quantity * self.price_minor


def lines(brand: Brand, rng: np.random.Generator, made: Orders) -> Lines:
    """One to four lines each; an order drawn by a law has one, of exactly its amount."""
    size = np.minimum(rng.geometric(0.68, len(made)), 4)
    size[made.amount_minor >= 0] = 1
    order = np.repeat(np.arange(len(made)), size)
    is_first = np.diff(order, prepend=-1) > 0
    product = np.where(
        is_first, made.product[order], rng.choice(len(brand.products), len(order), p=brand.products["liking"])
    )
    quantity = rng.choice([1, 2, 3], len(order), p=[0.86, 0.11, 0.03])
    day = np.clip(brand.span.day_of(made.at_s), 0, brand.span.days - 1)
    on_sale = brand.span.buying[day] > 1.15
    off = np.where(on_sale[order], 0.85, rng.choice([1.0, 0.95, 0.9], len(order), p=[0.7, 0.2, 0.1]))
    price = np.round(brand.products["price_minor"][product] * off).astype(np.int64)
    given = made.amount_minor[order]
    return Lines(order, product, np.where(given >= 0, 1, quantity), np.where(given >= 0, given, price))


@dataclass(frozen=True)
class Refunds:
    """Lines sent back, by position among the sale lines, and when."""

    line: Ints
    at_s: Ints


def refunds(
    brand: Brand, rng: np.random.Generator, made: Orders, sold: Lines, is_bad: Bools, bad_from_s: int
) -> Refunds:
    """One ordinary order in twenty comes back within ten days, and most of the bad ones within three days of ``bad_from_s``."""
    returned = (made.kind == ORDINARY) & (rng.random(len(made)) < REFUND_SHARE)
    bad = is_bad & (rng.random(len(made)) < 0.7)
    days = 1 + rng.exponential(3.0, len(made)) % 9
    at = made.at_s + (days * DAY_S).astype(np.int64)
    at[bad] = bad_from_s + 10 * 3600 + (rng.random(int(bad.sum())) * 2.5 * DAY_S).astype(np.int64)
    first = np.flatnonzero(np.diff(sold.order, prepend=-1) > 0)
    whole = rng.random(len(made)) < 0.4
    comes_back = ((returned | bad) & (at < brand.span.end_s))[sold.order]
    line = np.flatnonzero(comes_back & (whole[sold.order] | np.isin(np.arange(len(sold.order)), first)))
    return Refunds(line, at[sold.order[line]])


def order_lines(brand: Brand, people: People, made: Orders, sold: Lines, back: Refunds) -> pa.Table:
    """Rows of ``order_lines``: sales, then refunds, by time."""
    line = np.concatenate([np.arange(len(sold.order)), back.line])
    sign = np.concatenate([np.ones(len(sold.order), np.int64), np.full(len(back.line), -1)])
    order = sold.order[line]
    at = np.concatenate([made.at_s[sold.order], back.at_s])
    channel, who = made.channel[order], made.who[order]
    filed = np.stack([people.filed_under[source] for source in SOURCE_OF], axis=1)
    unit, staff = _places(brand, people, made)
    rows = columns.rows(
        "order_lines",
        {
            "occurred_at": columns.times(at),
            "identity_key": columns.keys(np.where(who >= 0, filed[who, channel], -1)),
            "order_no": columns.numbered("YX", order + 100_001),
            "line_kind": columns.codes(["sale", "refund"], (sign < 0).astype(np.int64)),
            "product_id": columns.codes(brand.products.ids, sold.product[line]),
            "product_name": columns.codes(brand.products["name"], sold.product[line]),
            "quantity": columns.decimals(sign * sold.quantity[line] * 100),
            "unit_price": columns.decimals(sold.price_minor[line]),
            "amount_minor": pa.array(sign * sold.amount_minor[line]),
            "channel": columns.codes(CHANNELS, channel),
            "unit_id": columns.codes(brand.units.ids, unit[order]),
            "staff_id": columns.codes(brand.staff.ids, staff[order]),
            "campaign_id": columns.codes(brand.campaigns.ids, made.campaign[order]),
        },
        columns.codes(SOURCE_OF, channel),
    )
    return columns.with_numbers(columns.ordered(rows))


def _places(brand: Brand, people: People, made: Orders) -> tuple[Ints, Ints]:
    """The unit that made the order, and in a store the employee who served."""
    stores = brand.stores
    number = np.arange(len(made))
    somewhere = stores[number * 7 % len(stores)]
    home = np.where(made.who >= 0, people.unit[made.who], somewhere)
    unit = np.where(made.channel == STORE, np.where(home == brand.online, somewhere, home), brand.online)
    first = np.searchsorted(brand.staff["unit"], unit)
    served = np.where(made.channel == STORE, first + 1 + number % 3, -1)
    return unit, served


# -- offers ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Coupons:
    """Single coupons; a time of ``0`` = never. ``order``: -1 = not redeemed."""

    who: Ints
    offer: Ints
    issued_s: Ints
    claimed_s: Ints
    redeemed_s: Ints
    expired_s: Ints
    order: Ints


def coupons(brand: Brand, people: People, rng: np.random.Generator, made: Orders) -> Coupons:
    """Some orders of a campaign's days redeem its offer; four to six times as many coupons were issued."""
    span, campaigns, offers = brand.span, brand.campaigns, brand.offers
    day = span.day_of(made.at_s)
    is_free = (made.kind == ORDINARY) & (made.who >= 0) & (rng.random(len(made)) < COUPON_SHARE)
    parts = []
    for offer, campaign in enumerate(offers["campaign"]):
        first, end = int(campaigns["first_day"][campaign]), int(campaigns["end_day"][campaign])
        start_s = int(span.starts_s[first]) + 8 * 3600
        used = np.flatnonzero(is_free & (day >= first) & (day < end) & (made.at_s > start_s + 3600))
        used = used[people.joined_s[made.who[used]] < made.at_s[used] - 600]
        _, once = np.unique(made.who[used], return_index=True)
        used = used[np.sort(once)]
        is_free[used] = False
        parts.append(_issued(people, rng, made, used, offer, start_s, int(span.starts_s[end])))
    return Coupons(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Coupons)))


def _issued(
    people: People, rng: np.random.Generator, made: Orders, used: Ints, offer: int, start_s: int, end_s: int
) -> Coupons:
    buyers = made.who[used]
    in_reach = np.flatnonzero(
        (people.joined_s[: people.members] < start_s) & (people.silent_s[: people.members] > start_s)
    )
    in_reach = np.setdiff1d(in_reach, buyers)
    wanted = round(len(used) * (1 / rng.uniform(0.16, 0.24) - 1))
    others = rng.permutation(in_reach)[:wanted]
    who = np.concatenate([buyers, others])
    until = np.concatenate([made.at_s[used], np.full(len(others), end_s)])
    low = np.maximum(start_s, people.joined_s[who])
    issued = low + ((until - low) * rng.uniform(0, 0.6, len(who))).astype(np.int64)
    claimed = issued + ((until - issued) * rng.uniform(0.05, 0.9, len(who))).astype(np.int64)
    is_used = np.arange(len(who)) < len(used)
    claimed[~is_used & (rng.random(len(who)) < 0.18)] = 0
    order = np.concatenate([used, np.full(len(others), -1)])
    return Coupons(
        who, np.full(len(who), offer), issued, claimed, np.where(is_used, until, 0), np.where(is_used, 0, end_s), order
    )  # fmt: skip


def offer_events(brand: Brand, people: People, given: Coupons) -> pa.Table:
    """Rows of ``offer_events``, by time. A coupon expires when its campaign ends, if that is not after the span."""
    parts = []
    states = (
        ("issued", given.issued_s),
        ("claimed", given.claimed_s),
        ("redeemed", given.redeemed_s),
        ("expired", given.expired_s),
    )
    for state, at in states:
        coupon = np.flatnonzero((at > 0) & (at < brand.span.end_s))
        is_redeemed = state == "redeemed"
        face = brand.offers["face_minor"][given.offer[coupon]]
        parts.append(
            columns.rows(
                "offer_events",
                {
                    "occurred_at": columns.times(at[coupon]),
                    "identity_key": columns.keys(people.main_key(given.who[coupon])),
                    "offer_id": columns.codes(brand.offers.ids, given.offer[coupon]),
                    "coupon_no": columns.numbered("CP", coupon + 1),
                    "state": columns.constant(state, len(coupon)),
                    "cost_minor": pa.array(face, pa.int64(), mask=np.full(len(coupon), not is_redeemed)),
                    "order_no": columns.numbered("YX", np.where(is_redeemed, given.order[coupon] + 100_001, -1)),
                    "campaign_id": columns.codes(brand.campaigns.ids, brand.offers["campaign"][given.offer[coupon]]),
                },
                "crm",
            )
        )
    return columns.with_numbers(columns.ordered(columns.together(parts)))


def channel_spend(brand: Brand, rng: np.random.Generator, members: int) -> pa.Table:
    """Rows of ``channel_spend``: one a day and channel."""
    span = brand.span
    day = np.repeat(np.arange(span.days), len(SPEND_CHANNELS))
    channel = np.tile(np.arange(len(SPEND_CHANNELS)), span.days)
    growth: Floats = 0.7 + 0.6 * day / span.days
    noise = rng.lognormal(0, 0.15, len(day))
    amount = np.round(SPEND_A_DAY[channel] * members * span.traffic[day] ** 0.8 * growth * noise * 100).astype(np.int64)
    rows = columns.rows(
        "channel_spend",
        {
            "occurred_at": columns.times(span.starts_s[day] + 12 * 3600),
            "channel": columns.codes(SPEND_CHANNELS, channel),
            "unit_id": columns.constant("ONLINE", len(day)),
            "amount_minor": pa.array(amount),
        },
        "finance",
    )
    return columns.with_numbers(rows)
