"""What customers do: sessions of events, month by month, and the baskets that become orders."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from core.work.demo import columns
from core.work.demo.brand import LIFT, TRIAL, Brand
from core.work.demo.people import People
from core.work.demo.rhythm import Ints, Span

CHANNELS = ["mini_program", "official_account", "wecom", "group_chat", "live", "app", "web", "store"]
SOURCE_OF = ["mini_program", "official_account", "wecom", "wecom", "mini_program", "app", "mini_program", "pos"]
"""The source that reports what happens on a channel."""
MIX = np.array([0.40, 0.14, 0.10, 0.11, 0.08, 0.07, 0.05, 0.05])
MINI_PROGRAM, STORE = 0, 7

NAMES = [
    "qr_scan", "page_view", "content_view", "live_enter", "search", "product_view", "product_view", "favorite", "like",
    "comment", "share", "coupon_claim", "sign_in", "add_to_cart", "checkout",
    "register", "add_contact", "follow", "join_group", "booking_view", "booking_submit", "booking_pay", "booking_visit",
]  # fmt: skip
SLOTS = 15
"""The first names are the slots of a session, in the order in which they happen."""
PAGE_VIEW, PRODUCT_VIEW, CART, CHECKOUT = NAMES.index("page_view"), NAMES.index("product_view"), 13, 14
_SHOP = [0, 0.60, 0, 0, 0.12, 0.60, 0.26, 0.04, 0.23, 0.06, 0.12, 0.03, 0.09, 0, 0]
_READ = [0, 0.20, 0.95, 0, 0, 0.12, 0, 0.03, 0.38, 0.12, 0.20, 0.02, 0.05, 0, 0]
_TALK = [0, 0.30, 0.45, 0, 0, 0.22, 0, 0.01, 0.30, 0.12, 0.15, 0.05, 0.30, 0, 0]
_LIVE = [0, 0.15, 0, 1.0, 0, 0.55, 0.30, 0.03, 0.45, 0.22, 0.10, 0.08, 0.03, 0, 0]
_VISIT = [0.9, 0.40, 0, 0, 0, 0.20, 0, 0.02, 0.03, 0.01, 0.03, 0.10, 0.15, 0, 0]
CHANCES = np.array([_SHOP, _READ, _TALK, _TALK, _LIVE, _SHOP, _SHOP, _VISIT])
"""How likely each slot is in a session on each channel; cart and checkout follow from the person's appetite."""
SOCIAL = slice(8, 11)
SOCIABLE_SHARE = 0.9
CART_CHANCE, CHECKOUT_CHANCE, ORDER_CHANCE, MOST_DESIRE = 0.108, 0.56, 0.76, 0.75
GAP_S = 22.0
KEPT_ROOM = 0.94
"""Sessions fill this part of a month's events; page views within them fill the rest exactly."""


@dataclass(frozen=True)
class Acts:
    """Events as numbers, one array element per event; -1 = none. ``session`` numbers are unique in the world."""

    who: Ints
    at_s: Ints
    name: Ints
    channel: Ints
    group: Ints
    content: Ints
    product: Ints
    campaign: Ints
    session: Ints

    def __len__(self) -> int:
        return len(self.who)

    def take(self, index: Ints) -> "Acts":
        return Acts(*(getattr(self, f.name)[index] for f in fields(self)))


@dataclass(frozen=True)
class Baskets:
    """Orders to be: who buys what first, when and where."""

    who: Ints
    at_s: Ints
    channel: Ints
    product: Ints
    campaign: Ints

    def __len__(self) -> int:
        return len(self.who)


def acts(
    who: Ints, at_s: Ints, name: int | Ints, channel: int | Ints, *, session: int | Ints = -1, **places: Ints | int
) -> Acts:
    """Events from what is known of them; the rest is none."""
    given = {
        "group": -1,
        "content": -1,
        "product": -1,
        "campaign": -1,
        **places,
        "name": name,
        "channel": channel,
        "session": session,
    }
    return Acts(
        who=who, at_s=at_s, **{key: np.broadcast_to(np.asarray(value), len(who)) for key, value in given.items()}
    )


def acts_together(parts: Sequence[Acts]) -> Acts:
    return Acts(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Acts)))


def baskets_together(parts: Sequence[Baskets]) -> Baskets:
    return Baskets(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Baskets)))


def arrivals(people: People, span: Span) -> Acts:
    """What new members do first: scan a code in the store, add an employee, follow, register."""
    new = np.flatnonzero(people.joined_s[: people.members] >= span.first_s)
    parts = []
    for name, channel, step in (
        ("qr_scan", STORE, 0),
        ("add_contact", 2, 40),
        ("follow", 1, 75),
        ("register", 0, 120),
        ("register", 5, 120),
    ):
        source = SOURCE_OF[channel]
        mine = new[people.filed_under[source][new] >= 0]
        parts.append(acts(mine, np.minimum(people.joined_s[mine] + step, span.end_s - 1), NAMES.index(name), channel))
    return acts_together(parts)


def quotas(people: People, span: Span, events: int, planted: Ints) -> list[int]:
    """How many events each month has, planted ones included; together ``events``."""
    joined = np.bincount(people.joined_day[: people.members], minlength=span.days)[: span.days].cumsum()
    gone_day = span.day_of(people.silent_s[: people.members])
    gone = np.bincount(np.clip(gone_day, 0, span.days), minlength=span.days + 1)[: span.days].cumsum()
    daily = span.traffic * (joined - 0.8 * gone)
    weights = np.array([daily[first:end].sum() for first, end in span.months])
    room = events - int(planted.sum())
    if room < 0:
        raise ValueError(f"{events} events leave no room for the {planted.sum()} planted ones.")
    edges = np.round(np.cumsum(weights) / weights.sum() * room).astype(np.int64)
    return (np.diff(edges, prepend=0) + planted).tolist()


class Months:
    """Draws the sessions of one month after another."""

    def __init__(self, brand: Brand, people: People, rng: np.random.Generator) -> None:
        self.brand, self.people, self.rng = brand, people, rng
        self._sessions = 0
        self._open = np.stack([people.filed_under[source] >= 0 for source in SOURCE_OF], axis=1)
        self._sociable = np.where(rng.random(len(people)) < SOCIABLE_SHARE, 1 / SOCIABLE_SHARE, 0.0)
        self._favourite = rng.choice(len(brand.products), len(people), p=brand.products["liking"])
        self._live = np.flatnonzero(np.array(brand.contents["format"]) == "live")
        self._running = _running_campaigns(brand)

    def draw(self, first: int, end: int, quota: int, planted: Acts) -> tuple[Acts, Baskets]:
        """Exactly ``quota`` events of the days ``[first, end)``, in the order of time, and the orders that came of them."""
        room = quota - len(planted)
        who, days = self._visits(first, end, room)
        sessions, baskets = self._events(who, days)
        drawn = self._fitted(sessions, room)
        everything = acts_together([drawn, planted])
        return everything.take(np.argsort(everything.at_s, kind="stable")), baskets

    def _visits(self, first: int, end: int, room: int) -> tuple[Ints, Ints]:
        """Who comes on which day: one element per session."""
        people, span, rng = self.people, self.brand.span, self.rng
        gone = np.clip(span.day_of(people.silent_s) + 1, first, end)
        came = np.clip(people.joined_day, first, end)
        alive = np.maximum(gone - came, 0) / (end - first)
        weight = people.liveliness * alive * self._open.any(axis=1)
        new_visitor = (people.joined_day >= first) & (people.joined_day < end)
        new_visitor[: people.members] = False
        weight[people.members :] = 0
        guests = np.flatnonzero(new_visitor)
        wanted = max(KEPT_ROOM * room / self._per_session() - 1.3 * len(guests), 0)
        count = rng.poisson(weight * wanted / max(weight.sum(), 1e-9))
        who = np.concatenate(
            [np.repeat(np.arange(len(people)), count), np.repeat(guests, 1 + rng.poisson(0.3, len(guests)))]
        )
        return who, span.draw_days(rng, came[who], gone[who])

    def _per_session(self) -> float:
        """Mean number of events of a session, over the mix of channels."""
        return float((MIX[:, None] * CHANCES).sum() / MIX.sum()) * 1.05

    def _channels(self, who: Ints) -> Ints:
        weights = np.cumsum(MIX * self._open[who], axis=1)
        return (self.rng.random(len(who))[:, None] * weights[:, -1:] >= weights).sum(axis=1)

    def _events(self, who: Ints, days: Ints) -> tuple[Acts, Baskets]:
        rng, span, people = self.rng, self.brand.span, self.people
        channel = self._channels(who)
        start = np.maximum(span.draw_times(rng, days), people.joined_s[who] + 180)
        start = np.minimum(start, span.end_s - 3600)
        happens = self._happening(who, days, channel)
        gaps = np.cumsum(rng.exponential(GAP_S, happens.shape), axis=1).astype(np.int64)
        product = np.where(
            rng.random(len(who)) < 0.35,
            self._favourite[who],
            rng.choice(len(self.brand.products), len(who), p=self.brand.products["liking"]),
        )
        content = self._contents(days, channel)
        campaign = np.where(rng.random(len(who)) < 0.14, self._running[days], -1)
        keep = start < people.silent_s[who]
        row, slot = np.nonzero(happens & keep[:, None])
        has_content = (slot >= 2) & (slot <= 3) | (slot >= 8) & (slot <= 10)
        has_product = (slot >= 5) & (slot <= 7) | (slot >= 13)
        session = self._sessions + row
        self._sessions += len(who)
        events = Acts(
            who[row], start[row] + gaps[row, slot], slot, channel[row], np.full(len(row), -1),
            np.where(has_content, content[row], -1), np.where(has_product, product[row], -1), campaign[row], session,
        )  # fmt: skip
        bought = np.flatnonzero(happens[:, CHECKOUT] & keep & (rng.random(len(who)) < ORDER_CHANCE))
        paid = start[bought] + gaps[bought, CHECKOUT] + rng.integers(15, 240, len(bought))
        return events, Baskets(who[bought], paid, channel[bought], product[bought], campaign[bought])

    def _happening(self, who: Ints, days: Ints, channel: Ints) -> np.ndarray:
        """Which slots of each session happen."""
        rng, people = self.rng, self.people
        chance = CHANCES[channel]
        chance[:, SOCIAL] = np.minimum(chance[:, SOCIAL] * self._sociable[who][:, None], 0.95)
        happens = rng.random(chance.shape) < chance
        happens[:, 6] &= happens[:, 5]
        is_quiet = (days >= people.quiet_first[who]) & (days < people.quiet_end[who])
        sells = np.isin(channel, (0, 4, 5, 6)) & ~is_quiet & (who < people.members)
        desire = np.minimum(CART_CHANCE * people.appetite[who] * self.brand.span.buying[days], MOST_DESIRE)
        happens[:, CART] = happens[:, 5] & sells & (rng.random(len(who)) < desire)
        happens[:, CHECKOUT] = happens[:, CART] & (rng.random(len(who)) < CHECKOUT_CHANCE)
        empty = ~happens.any(axis=1)
        happens[empty, PAGE_VIEW] = True
        return happens

    def _contents(self, days: Ints, channel: Ints) -> Ints:
        """A recent piece; in the live channel the newest live session."""
        pieces = np.searchsorted(self.brand.contents["day"], days, side="right") - self.rng.geometric(0.3, len(days))
        live = np.searchsorted(self.brand.contents["day"][self._live], days, side="right") - 1
        return np.maximum(np.where(channel == 4, self._live[np.maximum(live, 0)], pieces), 0)

    def _fitted(self, events: Acts, room: int) -> Acts:
        """The events with page views dropped or added, so that there are exactly ``room``."""
        rng = self.rng
        if len(events) > room:
            spare = rng.permutation(np.flatnonzero(events.name == PAGE_VIEW))
            spare = np.concatenate([spare, rng.permutation(np.flatnonzero(events.name == 2))])[: len(events) - room]
            return events.take(np.setdiff1d(np.arange(len(events)), spare))
        if not len(events):
            return events
        more = events.take(np.sort(rng.integers(0, len(events), room - len(events))))
        none = np.full(len(more), -1)
        later = Acts(
            more.who, np.minimum(more.at_s + rng.integers(3, 90, len(more)), self.brand.span.end_s - 1),
            np.full(len(more), PAGE_VIEW), more.channel, none, none, none, more.campaign, more.session,
        )  # fmt: skip
        return acts_together([events, later])


def _running_campaigns(brand: Brand) -> Ints:
    """The newest campaign that runs on each day, but for those with planted results; -1 = none."""
    running = np.full(brand.span.days, -1)
    for index, (one, first, end) in enumerate(
        zip(brand.campaigns.ids, brand.campaigns["first_day"], brand.campaigns["end_day"], strict=True)
    ):
        if one not in (TRIAL, LIFT):
            running[max(first, 0) : end] = index
    return running


def table(brand: Brand, people: People, drawn: Acts, numbers: Ints) -> pa.Table:
    """Rows of ``events``; the source's id of an event is made of its number."""
    filed = np.stack([people.filed_under[source] for source in SOURCE_OF], axis=1)
    rows = columns.rows(
        "events",
        {
            "occurred_at": columns.times(drawn.at_s),
            "identity_key": columns.keys(filed[drawn.who, drawn.channel]),
            "event_id": columns.numbered("ev", numbers),
            "name": columns.codes(NAMES, drawn.name),
            "channel": columns.codes(CHANNELS, drawn.channel),
            "unit_id": columns.codes(brand.units.ids, people.unit[drawn.who]),
            "group_id": columns.codes(brand.groups.ids, drawn.group),
            "content_id": columns.codes(brand.contents.ids, drawn.content),
            "product_id": columns.codes(brand.products.ids, drawn.product),
            "campaign_id": columns.codes(brand.campaigns.ids, drawn.campaign),
            "session_id": columns.numbered("s", drawn.session),
        },
        columns.codes(SOURCE_OF, drawn.channel),
    )
    return rows.append_column("row_number", pa.array(numbers, pa.int64()))


def by_month(span: Span, drawn: Acts) -> list[Acts]:
    """Planted events by the month they lie in."""
    day = span.day_of(drawn.at_s)
    return [drawn.take(np.flatnonzero((day >= first) & (day < end))) for first, end in span.months]
