"""What is true of the demo world by construction, with definitions that a test can recompute from the lake."""

import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from core.work.demo import archetypes, chat, festivals, outages, pestered, planted, shopping
from core.work.demo.archetypes import Archetypes
from core.work.demo.brand import TRIAL, Brand
from core.work.demo.care import CATEGORIES, Brought, Says
from core.work.demo.chat import Memberships, Messages
from core.work.demo.festivals import Visits
from core.work.demo.outages import Outages
from core.work.demo.people import ANONYMOUS, CAUSES, PHONE, People, fragments
from core.work.demo.pestered import Pestered
from core.work.demo.planted import Lift, Walk
from core.work.demo.rhythm import DAY_S, Bools, Ints
from core.work.demo.shopping import Coupons, Lines, Orders, Refunds

FILE = "truth.json"


@dataclass(frozen=True)
class World:
    """All that was drawn and that truths are told from."""

    brand: Brand
    people: People
    trial: Walk
    booking: Walk
    lift: Lift
    made: Orders
    sold: Lines
    back: Refunds
    given: Coupons
    said: Says
    brought: Brought
    pestered: Pestered
    written: Messages
    kinds: Archetypes
    outages: Outages
    visits: Visits

    @cached_property
    def bought(self) -> tuple[Orders, Lines]:
        """All orders and their lines, those of planted kinds included."""
        return archetypes.with_orders(self.brand, self.kinds, self.made, self.sold)

    @cached_property
    def coupons(self) -> Coupons:
        """All coupons that are known, those of planted kinds included."""
        given = outages.coupons(self.given, self.gone)
        return archetypes.with_coupons(self.brand, self.kinds, given, len(self.made))

    @cached_property
    def gone(self) -> Bools:
        """Of all orders, those that were never recorded."""
        return self.outages.gone(self.bought[0])

    @property
    def stays(self) -> Memberships:
        """With the ends that came of too many sends."""
        return self.pestered.stays


def told(world: World) -> dict[str, Any]:
    """Every truth. Keys of people are pseudonyms; days are business days; times are UTC."""
    return {
        "funnels": [_trial(world), _booking(world)],
        "churn": _churn(world),
        "sick_group": _sick_group(world),
        "over_messaged_group": _over_messaged_group(world),
        "quiet_group": _quiet_group(world),
        "incident": _incident(world),
        "lift": _lift(world),
        "ltv": _ltv(world),
        "referrals": _referrals(world),
        "coupons": _coupons(world),
        "one_id": _one_id(world),
        "clusters": _clusters(world),
        "outages": _outages(world),
        "double11": _festival(world, "双11"),
        "618": _festival(world, "618"),
    }


def write(folder: Path, truths: dict[str, Any]) -> None:
    """``truth.json``, at once or not at all."""
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as file:
        json.dump(truths, file, ensure_ascii=False, indent=1)
    Path(file.name).replace(folder / FILE)


def read(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / FILE).read_text(encoding="utf-8")))


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).isoformat()


def _keys(people: People, who: Ints) -> list[int]:
    return sorted(people.main_key(who).tolist())


def _funnel(walk: Walk, steps: tuple[str, ...]) -> dict[str, Any]:
    return {
        "steps": list(steps),
        "order": "sequential",
        "members_7d": walk.reached(7 * DAY_S),
        "members_1d": walk.reached(DAY_S),
    }


def _trial(world: World) -> dict[str, Any]:
    return {
        "name": "trial",
        "definition": "sequential funnel of members; the first step carries campaign_id; the window runs from the first step",
        "entry": {"campaign_id": TRIAL},
        **_funnel(world.trial, planted.TRIAL_STEPS),
    }


def _booking(world: World) -> dict[str, Any]:
    definition = "sequential funnel of members over events that nothing else uses; the window runs from the first step"
    return {"name": "booking", "definition": definition, "entry": {}, **_funnel(world.booking, planted.BOOKING_STEPS)}


def _churn(world: World) -> dict[str, Any]:
    people = world.people
    return {
        "definition": "these members did nothing from silent_from_on on: no event, order or message; "
        "the cause's evidence lies before",
        "silent_from_on": world.brand.span.on(world.brand.span.days - 45).isoformat(),
        "causes": {cause: _keys(people, people.of(cause)) for cause in CAUSES},
    }


def _sick_group(world: World) -> dict[str, Any]:
    span, stays, written = world.brand.span, world.stays, world.written
    start = int(span.starts_s[span.days - chat.SICK_DAYS_BEFORE_END])
    there = (stays.group == chat.SICK_GROUP) & (stays.join_s < start) & (stays.leave_s >= start)
    spoken = written.at_s[(written.group == chat.SICK_GROUP) & (written.sender == chat.MEMBER)]
    return {
        "definition": "members: joined before from_on and not left; left: those of them who left from then on; "
        "silent: no member's message",
        "group_id": world.brand.groups.ids[chat.SICK_GROUP],
        "from_on": span.on(span.days - chat.SICK_DAYS_BEFORE_END).isoformat(),
        "members": int(there.sum()),
        "left": int((there & (stays.leave_s < span.end_s)).sum()),
        "silent_from_on": span.on(span.days - chat.SILENT_DAYS_BEFORE_END).isoformat(),
        "last_message_at": _time(spoken.max()) if len(spoken) else None,
    }


def _over_messaged_group(world: World) -> dict[str, Any]:
    span, found = world.brand.span, world.pestered
    left = world.stays.leave_s[found.left]
    return {
        "definition": "on each of the days the staff sends at least fewest_sends more messages with content than usual, and members leave "
        "within 24 hours of them at a rate far above the group's own: over the period that begins on from_on, the interval of "
        "leaves in excess of the baseline lies above 0; left: those who left because of it, at times when a send was less than 24 hours old",
        "group_id": world.brand.groups.ids[found.group],
        "from_on": span.on(span.days - pestered.WITHIN_DAYS).isoformat(),
        "days": [span.on(day).isoformat() for day in found.days],
        "fewest_sends": pestered.FEWEST_SENDS,
        "more_sends": len(found.at_s),
        "left": len(left),
        "left_at": sorted(_time(at) for at in left),
    }


def _quiet_group(world: World) -> dict[str, Any]:
    span = world.brand.span
    return {
        "definition": "an ordinary group whose members leave whether it is sent to or not: over the period that begins on from_on, the "
        "interval of leaves in excess of the baseline holds 0",
        "group_id": world.brand.groups.ids[world.pestered.quiet],
        "from_on": span.on(span.days - pestered.WITHIN_DAYS).isoformat(),
    }


def _incident(world: World) -> dict[str, Any]:
    span, made, said = world.brand.span, world.made, world.said
    day = span.days - planted.INCIDENT_DAYS_BEFORE_END
    start, end = int(span.starts_s[day]), int(span.starts_s[day + 1])
    loud = (said.at_s >= start) & (said.at_s < end) & (said.kind == 4) & (said.category == CATEGORIES.index("quality"))
    product = world.sold.product[world.back.line] == world.brand.products.at(planted.INCIDENT_PRODUCT)
    returned = product & (world.back.at_s >= start) & (world.back.at_s < int(span.starts_s[day + 4]))
    return {
        "definition": "complaints: feedback of kind complaint and category quality on the day; "
        "refunds: refund lines of product_id on the day and the three after",
        "on": span.on(day).isoformat(),
        "product_id": planted.INCIDENT_PRODUCT,
        "complaints": int(loud.sum()),
        "refund_lines": int(returned.sum()),
        "bad_orders": int((made.kind == shopping.INCIDENT_ORDER).sum()),
    }


def _lift(world: World) -> dict[str, Any]:
    lift, span = world.lift, world.brand.span
    return {
        "definition": "treated: sent a touch of campaign_id; converted: an order within [from_on, to_on); "
        "holdout: same audience, no touch",
        "campaign_id": planted.LIFT,
        "from_on": span.on(lift.first_day).isoformat(),
        "to_on": span.on(lift.first_day + 7).isoformat(),
        "true_rates": {"treated": planted.TREATED_RATE, "holdout": planted.HOLDOUT_RATE},
        "treated": len(lift.treated),
        "treated_converted": len(lift.treated_buyers),
        "holdout": len(lift.holdout),
        "holdout_converted": len(lift.holdout_buyers),
        "holdout_members": _keys(world.people, lift.holdout),
    }


def _ltv(world: World) -> dict[str, Any]:
    people, made = world.people, world.made
    cohort = people.of("ltv")
    return {
        "definition": "orders of these members, filed by source pos: days of repeat orders by BG/NBD, "
        "amounts in major units by Gamma-Gamma",
        "purchases": shopping.LTV_LAW,
        "spend": shopping.SPEND_LAW,
        "members": sorted(people.key("pos", cohort).tolist()),
        "orders": int((made.kind == shopping.BY_LAW).sum()),
        "observed_until_on": world.brand.span.end_on.isoformat(),
    }


def _referrals(world: World) -> dict[str, Any]:
    span, people = world.brand.span, world.people
    whole = [
        (first, end)
        for first, end in span.months
        if span.on(first).day == 1 and (span.on(end - 1) + timedelta(days=1)).day == 1
    ]
    first, end = whole[-1]
    low, high = int(span.starts_s[first]), int(span.starts_s[end])
    brought = int(((world.brought.at_s >= low) & (world.brought.at_s < high)).sum())
    before = int((people.joined_s[: people.members] < low).sum())
    return {
        "definition": "K-factor of the last whole month: referrals dated in it / persons who had joined before it",
        "from_on": span.on(first).isoformat(),
        "to_on": span.on(end).isoformat(),
        "referrals": brought,
        "persons_before": before,
        "k_factor": brought / before,
        "referrals_in_all": len(world.brought.who),
    }


def _coupons(world: World) -> dict[str, Any]:
    given, offers = world.coupons, world.brand.offers
    issued = np.bincount(given.offer, minlength=len(offers))
    redeemed = np.bincount(given.offer[given.redeemed_s > 0], minlength=len(offers))
    return {
        "definition": "redemption rate: coupons that reached the state redeemed / coupons issued",
        "issued": int(issued.sum()),
        "redeemed": int(redeemed.sum()),
        "redemption_share": float(redeemed.sum() / issued.sum()),
        "by_offer": {one: [int(i), int(r)] for one, i, r in zip(offers.ids, issued, redeemed, strict=True)},
    }


def _clusters(world: World) -> dict[str, Any]:
    people, kinds = world.people, world.kinds
    is_pure = archetypes.pure(kinds, world.made)
    return {
        "definition": "members of clearly different behaviour in the last 365 days: K-means on standardised features of these members alone, "
        "with one cluster per kind, finds the kinds (adjusted Rand index above 0.8). bargain: many small orders, most with a coupon; large: few "
        "large orders; reader: reads often and never buys; gift: one order long ago and nothing else",
        "kinds": {
            name: _keys(people, kinds.who[is_pure & (kinds.kind == place)])
            for place, name in enumerate(archetypes.KINDS)
        },
    }


def _outages(world: World) -> dict[str, Any]:
    span, found = world.brand.span, world.outages
    day, gone = span.day_of(world.bought[0].at_s), world.gone
    lost = [
        {
            "on": span.on(one).isoformat(),
            "kind": "outage",
            "events_share": found.lost[one] / found.drawn[one],
            "orders_share": float(gone[day == one].mean()) if (day == one).any() else None,
        }
        for one in found.days
    ]
    crawled = {
        "on": span.on(found.crawled).isoformat(),
        "kind": "crawler",
        "events": found.crawler_events,
        "visits": found.crawler_visits,
        "visits_times": 1 + found.crawler_visits / found.visits if found.visits else None,
    }
    return {
        "definition": "outage: what happened from 7:00 to 23:30 was not recorded, orders to 23:50, but for what other truths rest on; the shares are "
        "those of all events and orders of the day that are missing (null: there was no order). crawler: a machine with the names of anonymous visitors opened pages on the "
        "channel web and bought nothing; visits_times: all visits of the day over those of people",
        "days": [*lost, crawled],
    }


def _festival(world: World, name: str) -> dict[str, Any]:
    visits, orders = world.visits, festivals.orders(world.brand.span, world.people, world.bought[0], world.gone)
    return {
        "definition": "visits, and orders of members, of each day of the sales over what was to be expected without them, by the laws they were drawn by: "
        "visits of members are sales times as many, first visits of others sales to the power of 0.6, orders as the law of each kind says",
        "occurrences": festivals.occurrences(world.brand.span, name, visits.counts, orders),
    }


def _one_id(world: World) -> dict[str, Any]:
    people, identities = world.people, world.people.identities
    piece = fragments(people)
    is_shared = np.isin(np.arange(len(identities)), people.store_phones)
    known = np.unique(piece[(identities.kind != ANONYMOUS) & ~is_shared])
    users = np.bincount(people.identity[:, PHONE][people.identity[:, PHONE] >= 0], minlength=len(identities))
    return {
        "definition": "persons: true members; pieces: connected components of identities, without the shared phones, "
        "that have a known identity",
        "persons": people.members,
        "visitors": len(people) - people.members,
        "identities": len(identities),
        "pieces": len(known),
        "couples_with_one_phone": people.family_phones,
        "shared_phones": {str(identities.key[one]): int(users[one]) for one in people.store_phones},
    }
