"""What members agreed to and withdrew, and their accounts of points: kept by the CRM."""

import numpy as np
import pyarrow as pa

from core.work.demo import columns
from core.work.demo.activity import SOURCE_OF
from core.work.demo.brand import Brand
from core.work.demo.people import EMAIL, EXTERNAL, MINI, OFFICIAL, PHONE, People
from core.work.demo.rhythm import DAY_S, Bools, Ints
from core.work.demo.shopping import Lines, Orders, Refunds

NEVER_ASKED = 0.12
MARKETING = (("sms", PHONE, 0.66), ("wecom", EXTERNAL, 0.78), ("mini_program", MINI, 0.72), ("official_account", OFFICIAL, 0.8), ("email", EMAIL, 0.5))  # fmt: skip
"""Channel, identity that it needs, and how many of those asked agree to be written to there."""
PROFILING = 0.46
WITHDRAWS = (0.12, 0.05, 0.03, 0.06, 0.1)
RENEWED_WITHIN = 30
"""Days in which long-standing members were asked when the policy was renewed."""
POLICY = "2025-09"
EXPIRES_DAYS = 365
MINOR_A_POINT = 100
"""Money spent that earns a point."""
SPENDS, SPENT_SHARE = 0.3, (0.3, 1.0)


def consents(brand: Brand, people: People, rng: np.random.Generator) -> pa.Table:
    """Rows of ``consents``: who was asked when joining, or when the policy was renewed, and agreed; and who withdrew later."""
    span, members = brand.span, np.arange(people.members)
    asked = rng.random(people.members) >= NEVER_ASKED
    renewed = (
        span.starts_s[rng.integers(0, RENEWED_WITHIN, people.members)] + rng.integers(9, 21, people.members) * 3600
    )
    at = np.maximum(people.joined_s[: people.members] + 200, renewed)
    at = np.where(people.joined_s[: people.members] < span.first_s, at, people.joined_s[: people.members] + 200)
    parts = [_given(people, members[asked], at[asked], "service", None)]
    profiled = asked & (rng.random(people.members) < PROFILING)
    parts.append(_given(people, members[profiled], at[profiled], "profiling", None))
    distrusts = np.isin(members, people.of("lost_trust"))
    for (channel, kind, share), leaves in zip(MARKETING, WITHDRAWS, strict=True):
        able = asked & (people.identity[: people.members, kind] >= 0)
        agreed = np.flatnonzero(able & (rng.random(people.members) < share))
        parts.append(_given(people, agreed, at[agreed], "marketing", channel))
        later = at[agreed] + DAY_S + (rng.random(len(agreed)) * (span.end_s - 2 * DAY_S - at[agreed])).astype(np.int64)
        gone = (
            ((rng.random(len(agreed)) < leaves) | distrusts[agreed])
            & (later < span.end_s - DAY_S)
            & (later > at[agreed])
        )
        parts.append(_withdrawn(people, agreed[gone], later[gone], channel))
    rows = columns.together(parts)
    inside = rows["occurred_at"].cast(pa.int64()).to_numpy() < span.end_s * 1_000_000
    return columns.with_numbers(columns.ordered(rows.filter(pa.array(inside))))


def _given(people: People, who: Ints, at_s: Ints, purpose: str, channel: str | None) -> pa.Table:
    return _row(people, who, at_s, purpose, channel, "given", "入会页勾选")


def _withdrawn(people: People, who: Ints, at_s: Ints, channel: str) -> pa.Table:
    return _row(people, who, at_s, "marketing", channel, "withdrawn", "退订")


def _row(people: People, who: Ints, at_s: Ints, purpose: str, channel: str | None, state: str, proof: str) -> pa.Table:
    size = len(who)
    return columns.rows(
        "consents",
        {
            "occurred_at": columns.times(at_s), "identity_key": columns.keys(people.main_key(who)),
            "purpose": columns.constant(purpose, size), "channel": columns.constant(channel, size),
            "state": columns.constant(state, size), "policy_version": columns.constant(POLICY, size),
            "proof": columns.constant(proof, size),
        },
        "crm",
    )  # fmt: skip


def points(
    brand: Brand, people: People, rng: np.random.Generator, made: Orders, sold: Lines, back: Refunds, gone: Bools
) -> pa.Table:
    """Rows of ``points``, with none of orders that are ``gone``: an order earns a point for each whole unit of money, what is sent back takes them away again as far as they are
    left, some are spent on the member's next order, and what is left after a year expires."""
    span = brand.span
    paid = np.bincount(sold.order, weights=sold.amount_minor, minlength=len(made)).astype(np.int64)
    order = np.flatnonzero((made.who >= 0) & (paid >= MINOR_A_POINT))
    order = order[np.argsort(made.at_s[order], kind="stable")]
    who, at, earned = made.who[order], made.at_s[order], paid[order] // MINOR_A_POINT
    following = _next_of_same(who)
    spends = (following >= 0) & (rng.random(len(order)) < SPENDS)
    share = rng.uniform(*SPENT_SHARE, len(order))
    spends &= (at[following] < at + EXPIRES_DAYS * DAY_S) & ~gone[order[following]]
    spent = np.where(spends, np.maximum(np.round(earned * share), 1), 0).astype(np.int64)
    lost, lost_s = _sent_back(made, sold, back)
    taken = np.where(lost_s[order] < span.end_s, np.minimum(lost[order] // MINOR_A_POINT, earned - spent), 0)
    expiry = span.day_of(at) + EXPIRES_DAYS
    left = earned - spent - taken
    expires = (expiry < span.days) & (left > 0)
    lapsed_s = span.starts_s[np.minimum(expiry, span.days - 1)]
    filed = np.stack([people.filed_under[source] for source in SOURCE_OF], axis=1)
    key = filed[who, made.channel[order]]
    ends = span.starts_s[0] + (expiry * DAY_S)
    made_known = ~gone[order]
    entries = [
        ("earned", made_known, at, earned, order),
        ("spent", made_known & spends, at[following] + 1, -spent, order[following]),
        ("adjusted", made_known & (taken > 0), np.maximum(lost_s[order], at + 2), -taken, order),
        ("expired", made_known & expires, lapsed_s, -left, np.full(len(order), -1)),
    ]
    parts = [_entry(kind, key, is_so, when, count, number, ends) for kind, is_so, when, count, number in entries]
    rows = columns.ordered(columns.together(parts))
    return columns.with_numbers(rows.append_column("entry_id", columns.numbered("PT", np.arange(len(rows)) + 1)))


def _next_of_same(who: Ints) -> Ints:
    """Position of the same person's next order; -1 = there is none. ``who`` in the order of time."""
    by_person = np.argsort(who, kind="stable")
    following = np.full(len(who), -1)
    same = who[by_person][1:] == who[by_person][:-1]
    following[by_person[:-1][same]] = by_person[1:][same]
    return following


def _sent_back(made: Orders, sold: Lines, back: Refunds) -> tuple[Ints, Ints]:
    """Money sent back of each order, and when the last of it was."""
    order = sold.order[back.line]
    lost = np.bincount(order, weights=sold.amount_minor[back.line], minlength=len(made)).astype(np.int64)
    when = np.zeros(len(made), np.int64)
    np.maximum.at(when, order, back.at_s)
    return lost, when


def _entry(kind: str, key: Ints, is_so: Bools, at_s: Ints, count: Ints, order: Ints, ends_s: Ints) -> pa.Table:
    some = np.flatnonzero(is_so)
    is_earned = kind == "earned"
    return columns.rows(
        "points",
        {
            "occurred_at": columns.times(at_s[some]), "identity_key": columns.keys(key[some]),
            "points": pa.array(count[some], pa.int64()), "kind": columns.constant(kind, len(some)),
            "expires_at": columns.times(ends_s[some], np.full(len(some), not is_earned)),
            "order_no": columns.numbered("YX", np.where(order[some] >= 0, order[some] + 100_001, -1)),
        },
        "crm",
    )  # fmt: skip
