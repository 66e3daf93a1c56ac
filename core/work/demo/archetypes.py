"""Members of four clearly different kinds, for clusters to find: bargain hunters, buyers of few large orders, readers, buyers of one gift.

They are long-standing members who by themselves do and buy next to nothing. All that they do here is put in place of page views of
others within sessions that go on without them, and their orders and coupons are numbered after all others: what else is drawn of the
world stays as it is.
"""

from dataclasses import dataclass, fields

import numpy as np

from core.work.demo.activity import CHECKOUT, MINI_PROGRAM, NAMES, PAGE_VIEW, PRODUCT_VIEW, Acts, acts, acts_together
from core.work.demo.brand import Brand
from core.work.demo.chat import Memberships
from core.work.demo.people import MINI, PHONE, People
from core.work.demo.rhythm import DAY_S, HOURS, NEVER, Bools, Ints
from core.work.demo.shopping import KIND_ORDER, Coupons, Lines, Orders

KINDS = ("bargain", "large", "reader", "gift")
SHARE, FEWEST, MOST = 0.003, 14, 300
"""Members of each kind: a share of all members, within limits."""
LAST_DAYS = 360
"""Everything happens within so many days of the end, so within the year that clusters look back over."""
ORDERS = ((6, 10), (4, 7), (0, 1), (1, 2))
LATEST_ORDER = ((3, 25), (20, 60), (0, 1), (180, 330))
"""Days before the end of the last order of each kind, ``[low, high)``."""
QUANTITY = ((1, 2), (3, 5), (1, 2), (1, 2))
GOODS = (
    ("P021", "P023", "P024", "P027", "P030", "P031"),
    ("P007", "P026", "P032", "P033"),
    ("P001",),
    ("P005", "P028", "P029"),
)
PIECES = ((3, 7), (0, 3), (26, 41), (0, 2))
"""Pieces of content that each reads, all on days of their own."""
REDEEMS = 0.85
UNUSED, UNUSED_DAYS = 4, 9
"""Coupons of the same offer that others let expire, for each one redeemed, and after how many days: as many as of other offers."""
LIKES = 0.4
CONTENT_VIEW, LIKE, CART = NAMES.index("content_view"), NAMES.index("like"), NAMES.index("add_to_cart")


@dataclass(frozen=True)
class Archetypes:
    """``who`` is of ``kind`` (place in ``KINDS``). ``made``: their orders, one line each, in the order of time; ``coupon_offer``: the
    offer whose coupon an order redeemed, -1 = none."""

    who: Ints
    kind: Ints
    acts: Acts
    made: Orders
    product: Ints
    quantity: Ints
    coupon_offer: Ints
    coupon_issued_s: Ints
    unused_who: Ints
    """Others who were issued a coupon of the same offer at the same time, ``UNUSED`` for each one redeemed, in their order."""


def plant(brand: Brand, people: People, rng: np.random.Generator, stays: Memberships) -> Archetypes:
    """Choose the members and draw what they do."""
    who = _chosen(people, rng, stays)
    kind = np.arange(len(who)) % len(KINDS)
    order_of, order_s = _order_times(brand, rng, kind)
    goods = [np.array([brand.products.at(one) for one in names]) for names in GOODS]
    product = np.array([rng.choice(goods[k]) for k in kind[order_of]], np.int64)
    low, high = np.array(QUANTITY).T
    quantity = rng.integers(low[kind[order_of]], high[kind[order_of]])
    size = len(order_of)
    made = Orders(
        who[order_of], order_s, np.full(size, MINI_PROGRAM), product, np.full(size, -1), np.full(size, KIND_ORDER), np.full(size, -1)
    )  # fmt: skip
    offer = np.searchsorted(
        brand.campaigns["first_day"][brand.offers["campaign"]], brand.span.day_of(order_s), side="left"
    )
    redeems = (kind[order_of] == KINDS.index("bargain")) & (rng.random(size) < REDEEMS)
    issued = order_s - (rng.uniform(1, 4, size) * DAY_S).astype(np.int64)
    others = np.flatnonzero(_is_steady(people))
    unused = rng.choice(np.setdiff1d(others, who), UNUSED * int(redeems.sum()))
    done = acts_together([_shopping(made), _reading(brand, rng, who, kind)])
    return Archetypes(
        who, kind, done, made, product, quantity, np.where(redeems, offer % len(brand.offers), -1), issued, unused
    )  # fmt: skip


def _chosen(people: People, rng: np.random.Generator, stays: Memberships) -> Ints:
    """Long-standing ordinary members of the mini-program in no group who would hardly have done or bought anything, in random order."""
    first = people.identity[: people.members]
    phone = first[:, PHONE]
    users = np.bincount(phone[phone >= 0], minlength=len(people.identities))
    alone = (phone < 0) | (users[phone] == 1)
    able = (people.role[: people.members] == 0) & (first[:, MINI] >= 0) & alone & ~people.is_test[: people.members]
    able &= _is_steady(people)
    able[np.unique(stays.who[stays.who < people.members])] = False
    pool = np.flatnonzero(able)
    each = min(max(round(people.members * SHARE), FEWEST), MOST, len(pool) // len(KINDS))
    idle = people.appetite[pool] / 4 + people.liveliness[pool]
    return rng.permutation(pool[np.argsort(idle, kind="stable")[: each * len(KINDS)]])


def _is_steady(people: People) -> Bools:
    """Members before the span began, and to its end."""
    return (people.joined_day[: people.members] == 0) & (people.silent_s[: people.members] == NEVER)


def _order_times(brand: Brand, rng: np.random.Generator, kind: Ints) -> tuple[Ints, Ints]:
    """Position in ``kind`` and time of each order: the last one first, the others before it on days of their own."""
    low, high = np.array(ORDERS).T
    count = rng.integers(low[kind], high[kind])
    latest_low, latest_high = np.array(LATEST_ORDER).T
    last = brand.span.days - rng.integers(latest_low[kind], latest_high[kind])
    of, days = [], []
    for place in np.flatnonzero(count):
        before = np.arange(brand.span.days - LAST_DAYS, last[place])
        earlier = rng.choice(before, count[place] - 1, replace=False)
        of.append(np.full(count[place], place))
        days.append(np.append(earlier, last[place]))
    order_of, day = np.concatenate(of), np.concatenate(days)
    at = brand.span.draw_times(rng, day, DAYTIME)
    by_time = np.argsort(at, kind="stable")
    return order_of[by_time], at[by_time]


def _shopping(made: Orders) -> Acts:
    """A look, a basket and a checkout before each order."""
    before = ((PRODUCT_VIEW, 900), (CART, 420), (CHECKOUT, 120))
    return acts_together(
        [acts(made.who, made.at_s - early, name, MINI_PROGRAM, product=made.product) for name, early in before]
    )


def _reading(brand: Brand, rng: np.random.Generator, who: Ints, kind: Ints) -> Acts:
    low, high = np.array(PIECES).T
    count = rng.integers(low[kind], high[kind])
    days = [rng.choice(np.arange(brand.span.days - LAST_DAYS, brand.span.days - 1), n, replace=False) for n in count]
    reader, day = np.repeat(who, count), np.concatenate(days)
    at = brand.span.draw_times(rng, day, DAYTIME)
    piece = np.maximum(np.searchsorted(brand.contents["day"], day, side="right") - rng.geometric(0.3, len(day)), 0)
    likes = np.flatnonzero(rng.random(len(day)) < LIKES)
    return acts_together([
        acts(reader, at, CONTENT_VIEW, MINI_PROGRAM, content=piece),
        acts(reader[likes], at[likes] + 40, LIKE, MINI_PROGRAM, content=piece[likes]),
    ])  # fmt: skip


DAYTIME = np.where((np.arange(24) >= 7) & (np.arange(24) < 22), HOURS, 0.0)
"""By day, so that neither what comes before an order nor what comes after a piece lies on another day."""


# -- put among the rest ------------------------------------------------------------------------------------------------


def blended(rng: np.random.Generator, drawn: Acts, own: Acts, members: int) -> Acts:
    """The month's events, as many as before: ``own`` in place of page views of members within sessions in which something else
    happens as well, or where there are too few of any.

    Raises ``ValueError`` where there are not enough of them.
    """
    if not len(own):
        return drawn
    session = drawn.session - drawn.session.min()
    goes_on = np.bincount(session, weights=drawn.name != PAGE_VIEW)[session] > 0
    spare = rng.permutation(np.flatnonzero((drawn.name == PAGE_VIEW) & (drawn.session >= 0)))
    spare = spare[np.argsort(~(goes_on & (drawn.who < members))[spare], kind="stable")]
    if len(spare) < len(own):
        raise ValueError(f"{len(own)} events of planted kinds do not fit among {len(spare)} page views.")
    kept = np.ones(len(drawn), bool)
    kept[spare[: len(own)]] = False
    together = acts_together([drawn.take(np.flatnonzero(kept)), own])
    return together.take(np.argsort(together.at_s, kind="stable"))


def with_orders(brand: Brand, found: Archetypes, made: Orders, sold: Lines) -> tuple[Orders, Lines]:
    """All orders and lines of the world, theirs last."""
    both = Orders(*(np.concatenate([getattr(made, f.name), getattr(found.made, f.name)]) for f in fields(Orders)))
    number = len(made) + np.arange(len(found.made))
    price = brand.products["price_minor"][found.product]
    mine = Lines(number, found.product, found.quantity, price)
    return both, Lines(*(np.concatenate([getattr(sold, f.name), getattr(mine, f.name)]) for f in fields(Lines)))


def with_coupons(brand: Brand, found: Archetypes, given: Coupons, orders_before: int) -> Coupons:
    """All coupons of the world, theirs and those that others let expire last. ``orders_before``: orders numbered before theirs."""
    used = np.flatnonzero(found.coupon_offer >= 0)
    issued, paid, offer = found.coupon_issued_s[used], found.made.at_s[used], found.coupon_offer[used]
    none = np.zeros(len(used) * UNUSED, np.int64)
    claimed = np.where(np.arange(len(none)) % 5 == 0, 0, np.repeat(issued + DAY_S // 2, UNUSED))
    lapsed = np.repeat(issued, UNUSED) + UNUSED_DAYS * DAY_S
    parts = [
        given,
        Coupons(found.made.who[used], offer, issued, issued + (paid - issued) // 2, paid, none[: len(used)], orders_before + used),
        Coupons(
            found.unused_who, np.repeat(offer, UNUSED), np.repeat(issued, UNUSED), claimed, none,
            np.where(lapsed < brand.span.end_s, lapsed, 0), none - 1,
        ),
    ]  # fmt: skip
    return Coupons(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Coupons)))


def pure(found: Archetypes, made: Orders) -> Bools:
    """Which of them bought nothing beside what is planted."""
    bare: Bools = ~np.isin(found.who, made.who)
    return bare
