"""The brand itself: units, staff, groups, products, contents, campaigns, offers, activities, calendar."""

import csv
import tomllib
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from core import calendar
from core.settings import PROJECT
from core.work.demo import columns
from core.work.demo.rhythm import DAY_S, HOUR_S, Floats, Ints, Span

SEEDS = PROJECT / "data" / "brand"
SOURCE = "crm"
ONLINE = "ONLINE"
STAFF_PER_STORE, ONLINE_STAFF = 4, 12
TRIAL, LIFT = "K-TRIAL", "K-LIFT"
"""The two campaigns with planted results: a funnel with known counts, and a known lift against a holdout."""
TRIAL_DAYS_BEFORE_END, LIFT_DAYS_BEFORE_END = 75, 50
LOOSE_TEA = ("P035", "P036")
"""Sold by weight at any amount."""


@cache
def seeds(name: str) -> dict[str, Any]:
    """Words of the brand, from ``data/brand``."""
    return tomllib.loads((SEEDS / f"{name}.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Listing:
    """Things of one kind: their ids and further columns, by position."""

    ids: list[str]
    columns: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, name: str) -> Any:
        return self.columns[name]

    def at(self, one: str) -> int:
        """Position of an id."""
        return self.ids.index(one)


@dataclass(frozen=True)
class Brand:
    """All that the brand has, but for its customers."""

    span: Span
    units: Listing
    staff: Listing
    groups: Listing
    products: Listing
    contents: Listing
    campaigns: Listing
    offers: Listing
    activities: Listing

    @property
    def stores(self) -> Ints:
        """Positions of the stores among the units."""
        return np.array([i for i, kind in enumerate(self.units["unit_kind"]) if kind == "store"])

    @property
    def online(self) -> int:
        return self.units.at(ONLINE)


def build(span: Span, rng: np.random.Generator) -> Brand:
    """The brand, by a seeded generator."""
    units = _units()
    staff = _staff(rng, units)
    products = _products()
    groups = _groups(rng, span, units, staff)
    campaigns = _campaigns(span)
    return Brand(
        span,
        units,
        staff,
        groups,
        products,
        _contents(rng, span, products),
        campaigns,
        _offers(campaigns),
        _activities(rng, span, groups),
    )


def person_names(rng: np.random.Generator, count: int) -> list[str]:
    """Random combinations of a family name and a given name."""
    people = seeds("brand")["people"]
    surnames, given = list(people["surnames"]), people["given"]
    left, right = rng.integers(0, len(surnames), count), rng.integers(0, len(given), count)
    return [surnames[a] + given[b] for a, b in zip(left, right, strict=True)]


def _units() -> Listing:
    brand = seeds("brand")
    rows: list[tuple[str, str, str | None, str, str | None]] = []
    number = 0
    for region in brand["regions"]:
        rows.append((region["id"], region["name"], None, "region", None))
        for city, store in region["stores"]:
            number += 1
            rows.append((f"S{number:02d}", f"{city}{store}", region["id"], "store", city))
    rows.append((ONLINE, brand["online_unit"], None, "brand_line", None))
    ids, names, parents, kinds, cities = zip(*rows, strict=True)
    return Listing(list(ids), {"name": names, "parent": parents, "unit_kind": kinds, "city": cities})


def _staff(rng: np.random.Generator, units: Listing) -> Listing:
    stores = [i for i, kind in enumerate(units["unit_kind"]) if kind == "store"]
    unit = [store for store in stores for _ in range(STAFF_PER_STORE)] + [units.at(ONLINE)] * ONLINE_STAFF
    roles = (["owner"] + ["guide"] * (STAFF_PER_STORE - 1)) * len(stores)
    roles += ["owner"] * (ONLINE_STAFF // 2) + ["service"] * (ONLINE_STAFF - ONLINE_STAFF // 2)
    ids = [f"E{n + 1:03d}" for n in range(len(unit))]
    return Listing(ids, {"name": person_names(rng, len(unit)), "unit": np.array(unit), "role": roles})


def _groups(rng: np.random.Generator, span: Span, units: Listing, staff: Listing) -> Listing:
    """Most groups open in the first weeks, some later, three within the last month."""
    themes = seeds("brand")["groups"]
    names, unit = [], []
    for index, kind in enumerate(units["unit_kind"]):
        if kind == "store":
            names += [f"{units['name'][index]}{theme}" for theme in themes["store_themes"]]
            unit += [index] * len(themes["store_themes"])
    names += themes["online_themes"]
    unit += [units.at(ONLINE)] * len(themes["online_themes"])
    owners = [np.flatnonzero((staff["unit"] == u) & (np.array(staff["role"]) == "owner")) for u in unit]
    created = rng.integers(0, 45, len(unit))
    later = rng.choice(np.arange(1, len(unit)), 12, replace=False)
    created[later[:9]] = rng.integers(60, span.days - 60, 9)
    created[later[9:]] = span.days - rng.integers(12, 28, 3)
    return Listing(
        [f"G{n + 1:02d}" for n in range(len(unit))],
        {
            "name": names,
            "unit": np.array(unit),
            "staff": np.array([rng.choice(own) for own in owners]),
            "created_day": created,
            "created_s": span.starts_s[created] + 10 * HOUR_S,
        },
    )


def _products() -> Listing:
    with (SEEDS / "products.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    price = np.array([round(float(row["price"]) * 100) for row in rows])
    loose = np.array([row["product_id"] in LOOSE_TEA for row in rows])
    liking: Floats = np.where(loose, 0.0, 1 / (3 + np.arange(len(rows)) * 7 % 36))
    return Listing(
        [row["product_id"] for row in rows],
        {
            "name": [row["name"] for row in rows],
            "category": [row["category"] for row in rows],
            "price_minor": price,
            "liking": liking / liking.sum(),
        },
    )


_FORMATS = [
    ("article", "official_account"),
    ("article", "official_account"),
    ("video", "social"),
    ("post", "group_chat"),
    ("live", "live"),
]


def _contents(rng: np.random.Generator, span: Span, products: Listing) -> Listing:
    """A piece every other day; every fifth is a live session on a Thursday evening."""
    words = seeds("brand")["topics"]
    days = np.arange(0, span.days, 2)
    topic = rng.integers(0, len(words["names"]), len(days))
    form = np.arange(len(days)) % len(_FORMATS)
    title = rng.integers(0, len(words["titles"]), len(days))
    product = rng.choice(len(products) - len(LOOSE_TEA), len(days))
    titles = [
        words["titles"][t].format(topic=words["names"][k], product=products["name"][p].split()[0])
        for t, k, p in zip(title, topic, product, strict=True)
    ]
    hours = np.array([7, 12, 18, 7, 20])[form]
    return Listing(
        [f"C{n + 1:03d}" for n in range(len(days))],
        {
            "title": titles,
            "topic": np.array(words["names"])[topic],
            "format": [_FORMATS[f][0] for f in form],
            "channel": np.array([_FORMATS[f][1] for f in form]),
            "day": days,
            "published_s": span.starts_s[days] + hours * HOUR_S,
        },
    )


def _campaigns(span: Span) -> Listing:
    """Two a month, one for each festival, and the two with planted results."""
    words = seeds("brand")["campaigns"]
    channels = ["wecom", "sms", "mini_program", "official_account", "email"]
    rows: list[tuple[str, str, str, str, int, int]] = []
    for day in range(span.days - 1):
        if span.on(day).day in (10, 24):
            name, goal = words["regular"][len(rows) % len(words["regular"])]
            rows.append(
                (
                    f"K{len(rows) + 1:02d}",
                    name,
                    goal,
                    channels[len(rows) % len(channels)],
                    day,
                    min(day + 10, span.days),
                )
            )
    for feast in _feasts(span, words["festival"]):
        rows.append((f"F-{feast.on:%Y%m%d}", words["festival"][feast.name], "sale", "wecom",
                     (feast.on - span.start_on).days - 3, min((feast.on - span.start_on).days + 1, span.days)))  # fmt: skip
    trial, lift = span.days - TRIAL_DAYS_BEFORE_END, span.days - LIFT_DAYS_BEFORE_END
    rows.append((TRIAL, "明前茶体验季", "trial", "mini_program", trial, trial + 7))
    rows.append((LIFT, "老客回访礼·对照实验", "win_back", "wecom", lift, lift + 7))
    ids, names, goals, channel, first, end = zip(*rows, strict=True)
    return Listing(
        list(ids),
        {"name": names, "goal": goals, "channel": channel, "first_day": np.array(first), "end_day": np.array(end)},
    )


def _feasts(span: Span, wanted: dict[str, str]) -> list[calendar.Day]:
    """First day of each festival with a campaign, where its four days lie within the span."""
    seen: dict[tuple[str, int], calendar.Day] = {}
    for day in calendar.days(span.start_on + timedelta(days=3), span.end_on):
        if day.name in wanted:
            seen.setdefault((day.name, day.on.year), day)
    return sorted(seen.values())


def _offers(campaigns: Listing) -> Listing:
    """One offer for each ordinary campaign."""
    words = seeds("brand")["offers"]
    ordinary = [i for i, one in enumerate(campaigns.ids) if one not in (TRIAL, LIFT)]
    turn = np.arange(len(ordinary)) % len(words["names"])
    return Listing(
        [f"O{n + 1:02d}" for n in range(len(ordinary))],
        {
            "name": [words["names"][t] for t in turn],
            "face_minor": np.array(words["faces_minor"])[turn],
            "campaign": np.array(ordinary),
        },
    )


def _activities(rng: np.random.Generator, span: Span, groups: Listing) -> Listing:
    """Two a week, in turn of the kinds and in groups that are open."""
    kinds = seeds("brand")["activities"]["kinds"]
    rows: list[tuple[int, int, int]] = []
    for day in range(30, span.days - 5, 7):
        open_groups = np.flatnonzero(groups["created_day"] < day - 5)
        for group in rng.choice(open_groups, min(2, len(open_groups)), replace=False):
            rows.append((len(rows) % len(kinds), int(group), day))
    kinds_held, held_in, days = (np.array(values) for values in zip(*rows, strict=True))
    return Listing(
        [f"A{n + 1:03d}" for n in range(len(rows))],
        {"kind": kinds_held, "group": held_in, "day": days, "end_day": np.minimum(days + 5, span.days)},
    )


def tables(brand: Brand) -> dict[str, pa.Table]:
    """The dimension tables, without row numbers."""
    span, units, staff, groups = brand.span, brand.units, brand.staff, brand.groups
    text, code, when = pa.array, columns.codes, columns.times
    campaigns, activities, kinds = brand.campaigns, brand.activities, seeds("brand")["activities"]["kinds"]
    parts: dict[str, dict[str, columns.Column]] = {
        "units": {"unit_id": text(units.ids), "name": text(units["name"]), "parent_unit_id": text(units["parent"]),
                  "unit_kind": text(units["unit_kind"]), "city": text(units["city"])},
        "staff": {"staff_id": text(staff.ids), "name": text(staff["name"]), "unit_id": code(units.ids, staff["unit"]),
                  "staff_role": text(staff["role"])},
        "groups": {"group_id": text(groups.ids), "name": text(groups["name"]), "unit_id": code(units.ids, groups["unit"]),
                   "staff_id": code(staff.ids, groups["staff"]), "created_at": when(groups["created_s"])},
        "products": {"product_id": text(brand.products.ids), "name": text(brand.products["name"]),
                     "category": text(brand.products["category"]), "price_minor": text(brand.products["price_minor"])},
        "contents": {"content_id": text(brand.contents.ids), "title": text(brand.contents["title"]),
                     "topic": text(brand.contents["topic"]), "format": text(brand.contents["format"]),
                     "channel": text(brand.contents["channel"]), "published_at": when(brand.contents["published_s"])},
        "campaigns": {"campaign_id": text(campaigns.ids), "name": text(campaigns["name"]), "goal": text(campaigns["goal"]),
                      "channel": text(campaigns["channel"]), "starts_at": when(span.starts_s[campaigns["first_day"]]),
                      "ends_at": when(span.starts_s[campaigns["end_day"]])},
        "offers": {"offer_id": text(brand.offers.ids), "name": text(brand.offers["name"]),
                   "face_minor": text(brand.offers["face_minor"]), "campaign_id": code(campaigns.ids, brand.offers["campaign"])},
        "activities": {"activity_id": text(activities.ids), "name": code([k[1] for k in kinds], activities["kind"]),
                       "activity_kind": code([k[0] for k in kinds], activities["kind"]),
                       "group_id": code(groups.ids, activities["group"]),
                       "unit_id": code(units.ids, groups["unit"][activities["group"]]),
                       "starts_at": when(span.starts_s[activities["day"]] + 9 * HOUR_S),
                       "ends_at": when(span.starts_s[activities["end_day"]])},
        "calendar": _calendar(span),
    }  # fmt: skip
    return {name: columns.rows(name, values, SOURCE) for name, values in parts.items()}


def _calendar(span: Span) -> dict[str, columns.Column]:
    days = calendar.days(span.start_on, span.end_on + timedelta(seconds=DAY_S * 366))
    return {
        "on_date": pa.array([day.on for day in days], pa.date32()),
        "name": pa.array([day.name for day in days]),
        "day_kind": pa.array([day.kind for day in days]),
    }
