"""Customers: who they truly are, and the pieces of them that each source knows."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa

from core.privacy import pseudonyms
from core.work.demo import columns
from core.work.demo.brand import LIFT_DAYS_BEFORE_END, TRIAL_DAYS_BEFORE_END, Brand, seeds
from core.work.demo.rhythm import DAY_S, HOUR_S, NEVER, Bools, Floats, Ints, Span

Role = Literal[
    "ordinary", "ltv", "trial", "lift", "samey_content", "poor_service", "impersonal", "too_many_messages", "lost_trust"
]
CAUSES: tuple[Role, ...] = ("samey_content", "poor_service", "impersonal", "too_many_messages", "lost_trust")
"""The five known causes of churn (product.md 5.11)."""
ROLES: tuple[Role, ...] = ("ordinary", "ltv", "trial", "lift", *CAUSES)

UNIONID, PHONE, EMAIL, EXTERNAL, MINI, OFFICIAL, CARD, APP, ANONYMOUS = range(9)
TYPES = [
    ("unionid", "mini_program"), ("phone", "crm"), ("email", "app"), ("external_userid", "wecom"), ("openid", "mini_program"),
    ("openid", "official_account"), ("pos_card", "pos"), ("user_id", "app"), ("anonymous_id", "mini_program"),
]  # fmt: skip
"""Type and source of each kind of identity a person may have."""
KNOWN_BY = {
    "mini_program": (UNIONID, PHONE, MINI, ANONYMOUS),
    "official_account": (UNIONID, OFFICIAL),
    "wecom": (UNIONID, PHONE, EXTERNAL),
    "pos": (PHONE, CARD),
    "app": (PHONE, EMAIL, APP),
}
"""What a source sees in one row, and so links; a fact is filed under the first it has."""
SOURCES = list(KNOWN_BY)
TIERS = ["普通会员", "银卡", "金卡", "黑金卡"]
ACQUISITION = ["store", "wecom", "mini_program", "live", "social", "group_chat", "official_account", "offline_event"]
ACQUISITION_SHARES = np.array([0.30, 0.14, 0.14, 0.12, 0.14, 0.08, 0.05, 0.03])
LTV_JOIN_DAYS = 240
STORE_PHONES, STORE_PHONE_USERS = 6, (24, 64)


@dataclass
class People:
    """True persons, the members first, then visitors whom nobody knows by name. One array element per person.

    ``identity``: position of the person's identity of each type in ``identities``, -1 = has none. ``knows``: which types a
    source sees of the person. ``quiet``: days ``[first, end)`` on which the person buys nothing by chance.
    """

    members: int
    role: Ints
    joined_s: Ints
    joined_day: Ints
    silent_s: Ints
    unit: Ints
    staff: Ints
    city: Ints
    gender: Ints
    birth_year: Ints
    acquisition: Ints
    tier: Ints
    liveliness: Floats
    appetite: Floats
    quiet_first: Ints
    quiet_end: Ints
    is_test: Bools
    identity: Ints
    knows: dict[str, Bools]
    identities: "Identities"
    store_phones: Ints
    family_phones: int
    filed_under: dict[str, Ints] = field(default_factory=dict)
    """Pseudonym that each source files the person's facts under; -1 = the source does not know the person."""

    def __len__(self) -> int:
        return len(self.role)

    def of(self, role: Role) -> Ints:
        """Positions of the people with a role."""
        return np.flatnonzero(self.role == ROLES.index(role))

    def key(self, source: str, who: Ints) -> Ints:
        return self.filed_under[source][who]

    def main_key(self, who: Ints) -> Ints:
        """The pseudonym that the first source that knows the person files it under."""
        main = np.full(len(who), -1, np.int64)
        for source in reversed(SOURCES):
            known = self.filed_under[source][who]
            main = np.where(known >= 0, known, main)
        return main


@dataclass
class Identities:
    """Distinct identities: type, normalised value, time first seen, and once they are computed MAC and pseudonym."""

    kind: Ints
    value: pa.Array
    seen_s: Ints
    mac: pa.Array | None = None
    key: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.kind)


def build(brand: Brand, rng: np.random.Generator, members: int, visitors: int) -> People:
    """The customers, by a seeded generator. Their pseudonyms are still to come: see ``name``."""
    span, count = brand.span, members + visitors
    joined = _join_days(rng, span, members, visitors)
    role = _roles(rng, span, joined, members)
    joined[role == ROLES.index("ltv")] = rng.integers(0, LTV_JOIN_DAYS, int((role == ROLES.index("ltv")).sum()))
    joined_s = span.draw_times(rng, np.maximum(joined, 0)) + np.minimum(joined, 0) * DAY_S
    identity, knows, identities, store_phones, families = _identities(rng, role, joined_s, members)
    unit = _units(rng, brand, count)
    quiet_first, quiet_end = _quiet(span, role)
    appetite = _appetite(rng, role)
    return People(
        members=members, role=role, joined_s=joined_s, joined_day=np.maximum(joined, 0), unit=unit,
        silent_s=_silence(rng, span, role, joined_s, members),
        staff=_staff(rng, brand, unit), city=_cities(rng, brand, unit),
        gender=rng.choice(3, count, p=[0.52, 0.2, 0.28]), birth_year=_birth_years(rng, count),
        acquisition=rng.choice(len(ACQUISITION), count, p=ACQUISITION_SHARES),
        tier=np.searchsorted(np.quantile(appetite[:members], [0.7, 0.9, 0.98]), appetite),
        liveliness=rng.gamma(1.6, 1 / 1.6, count) + 0.06, appetite=appetite,
        quiet_first=quiet_first, quiet_end=quiet_end,
        is_test=np.isin(np.arange(count), np.flatnonzero(role[:members] == 0)[:3]),
        identity=identity, knows=knows, identities=identities, store_phones=store_phones, family_phones=families,
    )  # fmt: skip


def name(people: People, keys: Ints, macs: pa.Array) -> None:
    """Give the identities their pseudonyms, and settle under which one each source files a person."""
    people.identities.key, people.identities.mac = keys, macs
    for source, kinds in KNOWN_BY.items():
        filed = np.full(len(people), -1, np.int64)
        for kind in reversed(kinds):
            known = people.knows[source][:, kind]
            filed[known] = keys[people.identity[known, kind]]
        people.filed_under[source] = filed


def _join_days(rng: np.random.Generator, span: Span, members: int, visitors: int) -> Ints:
    """Two of five members joined before the span, the others at a growing pace, faster in sales. Visitors come any day."""
    before = -1 - (rng.exponential(300, members) % 1500).astype(np.int64)
    pace = span.traffic**0.6 * (1 + 1.4 * np.arange(span.days) / span.days)
    zeros = np.zeros(members + visitors, np.int64)
    within = span.draw_days(rng, zeros, zeros + span.days, pace)
    is_before = rng.random(members) < 0.4
    return np.concatenate([np.where(is_before, before, within[:members]), within[members:]])


def _roles(rng: np.random.Generator, span: Span, joined: Ints, members: int) -> Ints:
    """Planted people are drawn from those who have long been members."""
    role = np.zeros(len(joined), np.int64)
    pool = rng.permutation(np.flatnonzero(joined[:members] < span.days - 270))
    shares = {"ltv": 0.07, "trial": 0.06, "lift": 0.15} | dict.fromkeys(CAUSES, 0.005)
    caps = {"trial": 1200, "lift": 6000, "ltv": 12000} | dict.fromkeys(CAUSES, 400)
    start = 0
    for planted, share in shares.items():
        size = min(round(members * share), caps[planted])
        role[pool[start : start + size]] = ROLES.index(planted)  # type: ignore[arg-type]
        start += size
    return role


def _silence(rng: np.random.Generator, span: Span, role: Ints, joined_s: Ints, members: int) -> Ints:
    """When a person is last seen. A third of the ordinary ones drift away; the planted churners stop on a day of their own."""
    silent = np.full(len(role), NEVER)
    drifts = (role == 0) & (rng.random(len(role)) < 0.32)
    drift_s = np.maximum(joined_s, span.first_s) + (14 * DAY_S + rng.exponential(170 * DAY_S, len(role))).astype(
        np.int64
    )
    silent[drifts] = drift_s[drifts]
    churns = role >= ROLES.index(CAUSES[0])
    silent[churns] = span.starts_s[rng.integers(span.days - 200, span.days - 45, int(churns.sum()))]
    silent[members:] = (joined_s + 2 * DAY_S)[members:]
    return silent


def _quiet(span: Span, role: Ints) -> tuple[Ints, Ints]:
    first, end = np.full(len(role), span.days), np.full(len(role), span.days)
    for planted, before in (("trial", TRIAL_DAYS_BEFORE_END), ("lift", LIFT_DAYS_BEFORE_END)):
        mine = role == ROLES.index(planted)  # type: ignore[arg-type]
        first[mine], end[mine] = span.days - before, span.days - before + 16
    return first, end


def _appetite(rng: np.random.Generator, role: Ints) -> Floats:
    """How readily a person buys: many hardly ever, some again and again. The LTV cohort buys by its own law only."""
    appetite = rng.gamma(0.8, 1 / 0.8, len(role))
    appetite[role == ROLES.index("ltv")] = 0.0
    return appetite


def _units(rng: np.random.Generator, brand: Brand, count: int) -> Ints:
    weights = 1 / (3 + np.arange(len(brand.stores)))
    store = rng.choice(brand.stores, count, p=weights / weights.sum())
    return np.where(rng.random(count) < 0.3, brand.online, store)


def _staff(rng: np.random.Generator, brand: Brand, unit: Ints) -> Ints:
    """A random employee of the person's unit."""
    first = np.array(
        [
            int(np.flatnonzero(brand.staff["unit"] == u)[0]) if (brand.staff["unit"] == u).any() else 0
            for u in range(len(brand.units))
        ]
    )
    size = np.bincount(brand.staff["unit"], minlength=len(brand.units))
    return first[unit] + (rng.random(len(unit)) * size[unit]).astype(np.int64)


def _cities(rng: np.random.Generator, brand: Brand, unit: Ints) -> Ints:
    names = seeds("brand")["cities"]["names"]
    home = np.array([names.index(city) if city else -1 for city in brand.units["city"]])[unit]
    away = rng.integers(0, len(names), len(unit))
    return np.where((home < 0) | (rng.random(len(unit)) < 0.15), away, home)


def _birth_years(rng: np.random.Generator, count: int) -> Ints:
    years = np.clip(rng.normal(1988, 10, count), 1948, 2006).astype(np.int64)
    return np.where(rng.random(count) < 0.35, -1, years)


# -- identities ------------------------------------------------------------------------------------------------------


def _identities(
    rng: np.random.Generator, role: Ints, joined_s: Ints, members: int
) -> tuple[Ints, dict[str, Bools], Identities, Ints, int]:
    """Which identity each person has of each type, who knows it, all identities, the stores' phones, couples with one phone."""
    count = len(role)
    has, mini_phone, wecom_phone = _possessions(rng, role, members)
    phone_of = np.arange(count)
    families = _share_family_phones(rng, role, has, phone_of)
    store_users = _share_store_phones(rng, role, has, phone_of)
    phone_of[has[:, PHONE]] = np.unique(phone_of[has[:, PHONE]], return_inverse=True)[1]
    identity, identities = _numbered(rng, has, phone_of, joined_s)
    knows = {source: np.zeros_like(has) for source in SOURCES}
    for source, kinds in KNOWN_BY.items():
        knows[source][:, kinds] = has[:, kinds]
    knows["mini_program"][:, PHONE] &= mini_phone
    knows["wecom"][:, PHONE] &= wecom_phone
    for source, own in (("mini_program", (MINI, ANONYMOUS)), ("official_account", (OFFICIAL,)), ("wecom", (EXTERNAL,)),
                        ("pos", (CARD,)), ("app", (APP,))):  # fmt: skip
        knows[source][~has[:, own].any(axis=1)] = False
    for source in SOURCES:
        knows[source][store_users, PHONE] = False
    return identity, knows, identities, np.unique(identity[store_users, PHONE]), families


def _possessions(rng: np.random.Generator, role: Ints, members: int) -> tuple[Bools, Bools, Bools]:
    """Which identities people have, and whether mini-program and WeCom know their phone."""
    count, kinds = len(role), len(TYPES)
    shares = np.zeros(kinds)
    shares[[UNIONID, PHONE, EXTERNAL, MINI, OFFICIAL, CARD, APP, ANONYMOUS]] = [
        0.85,
        0.62,
        0.6,
        0.74,
        0.34,
        0.36,
        0.1,
        0.08,
    ]
    has = rng.random((count, kinds)) < shares
    mini_phone, wecom_phone = rng.random(count) < 0.7, rng.random(count) < 0.5
    is_planted = (role > 0) & (role != ROLES.index("ltv"))
    has[is_planted] |= np.isin(np.arange(kinds), (UNIONID, EXTERNAL, MINI))
    mini_phone |= is_planted
    has[role == ROLES.index("ltv"), CARD] = True
    has[:, PHONE] |= has[:, CARD] & (rng.random(count) < 0.6)
    has[is_planted, CARD] &= has[is_planted, PHONE]
    has[is_planted, APP] &= has[is_planted, PHONE]
    has[~has[:, [EXTERNAL, MINI, OFFICIAL, CARD, APP]].any(axis=1), MINI] = True
    has[:, UNIONID] &= has[:, [EXTERNAL, MINI, OFFICIAL]].any(axis=1)
    mini_phone &= has[:, MINI]
    wecom_phone &= has[:, EXTERNAL]
    has[:, PHONE] &= mini_phone | wecom_phone | has[:, CARD] | has[:, APP]
    has[:, EMAIL] = has[:, APP] & (rng.random(count) < 0.5)
    has[:, ANONYMOUS] &= has[:, MINI]
    has[members:] = np.arange(kinds) == ANONYMOUS
    return has, mini_phone, wecom_phone


def _share_family_phones(rng: np.random.Generator, role: Ints, has: Bools, phone_of: Ints) -> int:
    """One phone in two hundred is a couple's."""
    owners = rng.permutation(np.flatnonzero((role == 0) & has[:, PHONE]))
    couples = len(owners) // 200
    phone_of[owners[:couples]] = phone_of[owners[couples : 2 * couples]]
    return couples


def _share_store_phones(rng: np.random.Generator, role: Ints, has: Bools, phone_of: Ints) -> Ints:
    """Shop assistants typed their store's number for dozens of customers who gave none."""
    pool = rng.permutation(np.flatnonzero((role == 0) & has[:, CARD] & ~has[:, PHONE]))
    phones = min(STORE_PHONES, len(pool) // (2 * STORE_PHONE_USERS[0]))
    users, start = [], 0
    for number in range(phones):
        size = min(int(rng.integers(*STORE_PHONE_USERS)), len(pool) // phones)
        users.append(pool[start : start + size])
        phone_of[users[-1]] = len(role) + number
        start += size
    everyone = np.concatenate(users) if users else np.zeros(0, np.int64)
    has[everyone, PHONE] = True
    return everyone


def _numbered(rng: np.random.Generator, has: Bools, phone_of: Ints, joined_s: Ints) -> tuple[Ints, Identities]:
    """A number and a value for every distinct identity, type after type."""
    identity = np.full(has.shape, -1, np.int64)
    kinds, values, seen = [], [], []
    total = 0
    for kind in range(len(TYPES)):
        owners = np.flatnonzero(has[:, kind])
        number = phone_of[owners] if kind == PHONE else np.arange(len(owners))
        size = int(number.max()) + 1 if len(number) else 0
        identity[owners, kind] = total + number
        first = np.full(size, NEVER)
        np.minimum.at(first, number, joined_s[owners])
        kinds.append(np.full(size, kind))
        values.append(_values(kind, size, int(rng.integers(1 << 40))))
        seen.append(first)
        total += size
    return identity, Identities(np.concatenate(kinds), pa.concat_arrays(values), np.concatenate(seen))


def _values(kind: int, size: int, salt: int) -> pa.Array:
    """Distinct values that look like their type. Phones begin with 154, a range that no subscriber has."""
    number = np.arange(size, dtype=np.uint64)
    if kind == PHONE:
        return pa.array(
            np.char.mod("154%08d", (number * np.uint64(48_271) + np.uint64(salt)) % np.uint64(99_999_989)).tolist(),
            pa.string(),
        )
    mixed = (number * np.uint64(0x9E3779B97F4A7C15)) ^ np.uint64(salt)
    if kind == CARD:
        mixed = number * np.uint64(48_271) + np.uint64(salt)
    form = {
        UNIONID: "oQv5w%016x", EMAIL: "cha%x@example.invalid", EXTERNAL: "wmYx%016x", MINI: "o4Mp%016x", OFFICIAL: "o6Gz%016x",
        CARD: "88%018d", APP: "u%x", ANONYMOUS: "anon-%016x",
    }[kind]  # fmt: skip
    return pa.array(np.char.mod(form, mixed).tolist(), pa.string())


def seen(people: People) -> pa.Table:
    """One row per distinct identity, as ``core.work.identities.record`` takes them."""
    identities = people.identities
    namespaces = [pseudonyms.namespace(kind, source) for kind, source in TYPES]
    return columns.with_numbers(
        pa.table(
            {
                "identity_type": columns.codes([kind for kind, _ in TYPES], identities.kind),
                "namespace": columns.codes(namespaces, identities.kind),
                "value": identities.value,
                "mac": identities.mac,
                "identity_key": pa.array(identities.key),
                "seen_at": columns.times(identities.seen_s),
            }
        )
    )


def link_pairs(people: People) -> tuple[Ints, Ints, Ints]:
    """Positions of identities that a source saw in one row, and when; each pair once."""
    left, right, when = [], [], []
    for source, kinds in KNOWN_BY.items():
        known = people.knows[source].copy()
        if source == "pos":
            known[:, PHONE] = (people.identity[:, PHONE] >= 0) & (people.identity[:, CARD] >= 0)
        first = np.argmax(known[:, kinds], axis=1)
        for place, kind in enumerate(kinds):
            who = np.flatnonzero(known[:, kind] & (first != place))
            left.append(people.identity[who, np.array(kinds)[first[who]]])
            right.append(people.identity[who, kind])
            when.append(people.joined_s[who])
    return np.concatenate(left), np.concatenate(right), np.concatenate(when)


def links(people: People) -> pa.Table:
    """The evidence of one-id, as ``core.work.identities.record`` takes it."""
    left, right, when = link_pairs(people)
    keys = people.identities.key
    return columns.with_numbers(
        pa.table(
            {
                "left_key": pa.array(keys[left]),
                "right_key": pa.array(keys[right]),
                "rule": columns.constant("same_row", len(left)),
                "seen_at": columns.times(when + HOUR_S // 60),
            }
        )
    )


def fragments(people: People) -> Ints:
    """Number of the connected piece that each identity belongs to when the stores' phones link nobody."""
    left, right, _ = link_pairs(people)
    is_shared = np.zeros(len(people.identities), bool)
    is_shared[people.store_phones] = True
    sound = ~(is_shared[left] | is_shared[right])
    left, right = left[sound], right[sound]
    label = np.arange(len(people.identities))
    while True:
        lower = label.copy()
        np.minimum.at(lower, left, label[right])
        np.minimum.at(lower, right, label[left])
        lower = lower[lower]
        if (lower == label).all():
            return label
        label = lower


def _filed(people: People) -> tuple[Ints, Ints]:
    """Member and identity of each row of CRM: one for each connected piece of a member, under its foremost identity."""
    piece = fragments(people)
    members = people.identity[: people.members]
    who, kind = np.nonzero((members >= 0) & (np.arange(len(TYPES)) != ANONYMOUS))
    identity = members[who, kind]
    is_own = ~np.isin(identity, people.store_phones)
    who, identity = who[is_own], identity[is_own]
    _, first = np.unique(piece[identity], return_index=True)
    order = np.sort(first)
    return who[order], identity[order]


def profiles(people: People, brand: Brand) -> pa.Table:
    """What CRM says of members."""
    who, identity = _filed(people)
    friend = people.identity[who, EXTERNAL] >= 0
    return columns.rows(
        "member_profiles",
        {
            "identity_key": pa.array(people.identities.key[identity]),
            "joined_at": columns.times(people.joined_s[who]),
            "gender": columns.codes(["f", "m"], np.where(people.gender[who] == 2, -1, people.gender[who])),
            "birth_year": pa.array(people.birth_year[who], pa.int64(), mask=people.birth_year[who] < 0),
            "city": columns.codes(seeds("brand")["cities"]["names"], people.city[who]),
            "unit_id": columns.codes(brand.units.ids, people.unit[who]),
            "staff_id": columns.codes(brand.staff.ids, people.staff[who]),
            "acquisition_channel": columns.codes(ACQUISITION, people.acquisition[who]),
            "tier": columns.codes(TIERS, people.tier[who]),
            "is_test": pa.array(people.is_test[who]),
            "is_friend": pa.array(friend),
        },
        "crm",
    )


def nicknames(people: People, called: pa.Array) -> pa.Table:
    """What CRM calls members, as ``core.work.nicknames.kept`` takes it. ``called``: by member."""
    who, identity = _filed(people)
    return columns.with_numbers(
        pa.table({"identity_key": pa.array(people.identities.key[identity]), "nickname": called.take(pa.array(who))})
    )
