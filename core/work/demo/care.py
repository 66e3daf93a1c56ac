"""What customers say and whom they bring: surveys, complaints, service conversations, referrals."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from core.work.demo import columns
from core.work.demo.brand import Brand, seeds
from core.work.demo.people import ACQUISITION, People
from core.work.demo.rhythm import DAY_S, DUTY_HOURS, HOUR_S, Ints
from core.work.demo.shopping import INCIDENT_ORDER, ORDINARY, Orders

KINDS = ["nps", "satisfaction", "service", "trust", "complaint", "dispute"]
A_MONTH = {"nps": 0.02, "satisfaction": 0.015, "service": 0.008, "trust": 0.006, "complaint": 0.006}
"""Share of the members who are there who answer, or complain, in a month."""
NPS = np.array([0.01, 0.01, 0.02, 0.02, 0.03, 0.03, 0.04, 0.1, 0.16, 0.3, 0.28])
FIVE = np.array([0.03, 0.04, 0.12, 0.31, 0.5])
CATEGORIES = ["quality", "logistics", "service", "price", "privacy"]
CATEGORY_SHARES = np.array([0.3, 0.28, 0.22, 0.14, 0.06])
DISPUTE_SHARE = 0.003
INCIDENT_COMPLAINT_SHARE = 0.6
TALKS_A_MONTH = 0.035
REFERRED_FROM = ("wecom", "mini_program", "group_chat")
REFERRED_SHARE = 0.36


@dataclass(frozen=True)
class Says:
    """Feedback as numbers; score and category -1 = none; ``order`` -1 = about no order; ``text`` by position in ``words``."""

    who: Ints
    at_s: Ints
    kind: Ints
    score: Ints
    category: Ints
    order: Ints


def feedback(brand: Brand, people: People, rng: np.random.Generator, made: Orders, incident_day: int) -> Says:
    """Surveys and complaints of every month, disputes, the complaints of the incident, and those of the planted churners."""
    parts = [_monthly(brand, people, rng, kind, share) for kind, share in A_MONTH.items()]
    parts += [_disputes(rng, made, brand.span.end_s), _about_incident(brand, rng, made, incident_day)]
    parts += _before_leaving(people, rng)
    return _together(parts, brand.span.end_s)


def _together(parts: Sequence[Says], end_s: int) -> Says:
    joined = [np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Says)]
    order = np.argsort(joined[1], kind="stable")
    order = order[joined[1][order] < end_s]
    return Says(*(values[order] for values in joined))


def _says(
    who: Ints, at_s: Ints, kind: str, score: Ints | int = -1, category: Ints | int = -1, order: Ints | int = -1
) -> Says:
    size = len(who)
    full = [np.broadcast_to(np.asarray(value), size) for value in (KINDS.index(kind), score, category, order)]
    return Says(who, at_s, *full)


def present(
    people: People, rng: np.random.Generator, brand: Brand, share: float, hours: np.ndarray
) -> tuple[Ints, Ints]:
    """Random members, ``share`` of those who are there each month, and when in the month."""
    span = brand.span
    joined, silent_day = people.joined_day[: people.members], span.day_of(people.silent_s[: people.members])
    who, days = [], []
    for first, end in span.months:
        there = np.flatnonzero((joined < first) & (silent_day >= end))
        some = there[rng.random(len(there)) < share * (end - first) / 30]
        who.append(some)
        days.append(span.draw_days(rng, np.full(len(some), first), np.full(len(some), end)))
    return np.concatenate(who), span.draw_times(rng, np.concatenate(days), hours)


def _monthly(brand: Brand, people: People, rng: np.random.Generator, kind: str, share: float) -> Says:
    who, at = present(people, rng, brand, share, DUTY_HOURS)
    if kind == "complaint":
        return _says(who, at, kind, category=rng.choice(len(CATEGORIES), len(who), p=CATEGORY_SHARES))
    score = rng.choice(11, len(who), p=NPS) if kind == "nps" else 1 + rng.choice(5, len(who), p=FIVE)
    return _says(who, at, kind, score)


def _disputes(rng: np.random.Generator, made: Orders, end_s: int) -> Says:
    order = np.flatnonzero((made.kind == ORDINARY) & (made.who >= 0) & (rng.random(len(made)) < DISPUTE_SHARE))
    at = np.minimum(made.at_s[order] + rng.integers(2 * DAY_S, 12 * DAY_S, len(order)), end_s)
    return _says(made.who[order], at, "dispute", category=rng.integers(0, 2, len(order)), order=order)


def _about_incident(brand: Brand, rng: np.random.Generator, made: Orders, day: int) -> Says:
    bad = np.flatnonzero(made.kind == INCIDENT_ORDER)
    loud = rng.permutation(bad)[: round(len(bad) * INCIDENT_COMPLAINT_SHARE)]
    at = brand.span.draw_times(rng, np.full(len(loud), day), DUTY_HOURS)
    return _says(made.who[loud], at, "complaint", category=CATEGORIES.index("quality"), order=loud)


def _before_leaving(people: People, rng: np.random.Generator) -> list[Says]:
    """Those who will leave for poor service or lost trust say so first."""
    parts = []
    for cause, category, kind in (("poor_service", "service", "service"), ("lost_trust", "privacy", "trust")):
        who = people.of(cause)  # type: ignore[arg-type]
        before = people.silent_s[who] - rng.integers(2 * DAY_S, 15 * DAY_S, len(who))
        parts.append(_says(who, before, "complaint", category=CATEGORIES.index(category)))
        parts.append(_says(who, before + 5 * HOUR_S, kind, 1 + rng.integers(0, 2, len(who))))
    return parts


def feedback_rows(brand: Brand, people: People, rng: np.random.Generator, said: Says) -> pa.Table:
    """Rows of ``feedback``."""
    words = seeds("phrases")
    pools = [words["feedback_good"], words["feedback_bad"], words["quality"], words["privacy"]]
    offsets = np.cumsum([0, *(len(pool) for pool in pools)])
    top = np.where(said.kind == 0, 8, 3)
    pool = np.where(
        said.category == 0, 2, np.where(said.category == 4, 3, np.where((said.score < 0) | (said.score <= top), 1, 0))
    )
    text = offsets[pool] + (rng.random(len(pool)) * np.diff(offsets)[pool]).astype(np.int64)
    is_silent = (said.score >= 0) & (rng.random(len(pool)) < 0.7)
    staff = np.where(said.kind == KINDS.index("service"), people.staff[said.who], -1)
    rows = columns.rows(
        "feedback",
        {
            "occurred_at": columns.times(said.at_s),
            "identity_key": columns.keys(people.main_key(said.who)),
            "feedback_id": columns.numbered("FB", np.arange(1, len(said.who) + 1)),
            "feedback_kind": columns.codes(KINDS, said.kind),
            "score": columns.decimals(said.score * 100, said.score < 0),
            "category": columns.codes(CATEGORIES, said.category),
            "text": columns.codes([phrase for one in pools for phrase in one], np.where(is_silent, -1, text)),
            "channel": columns.codes(["mini_program", "wecom"], said.kind % 2),
            "unit_id": columns.codes(brand.units.ids, people.unit[said.who]),
            "staff_id": columns.codes(brand.staff.ids, staff),
            "order_no": columns.numbered("YX", np.where(said.order >= 0, said.order + 100_001, -1)),
        },
        "survey",
    )
    return columns.with_numbers(rows)


def conversations(brand: Brand, people: People, rng: np.random.Generator) -> pa.Table:
    """Rows of ``service_conversations``. Answers take minutes; those of the planted ``poor_service`` half a day, unsolved."""
    span = brand.span
    who, at = present(people, rng, brand, TALKS_A_MONTH, DUTY_HOURS)
    able = people.filed_under["wecom"][who] >= 0
    who, at = who[able], at[able]
    sore = np.repeat(people.of("poor_service"), 2)
    who = np.concatenate([who, sore])
    at = np.concatenate([at, people.silent_s[sore] - rng.integers(16 * DAY_S, 30 * DAY_S, len(sore))])
    order = np.argsort(at, kind="stable")
    who, at, is_sore = who[order], at[order], (np.arange(len(who)) >= len(who) - len(sore))[order]
    size = len(who)
    wait = np.where(is_sore, rng.uniform(9, 20, size) * HOUR_S, rng.lognormal(np.log(240), 1.0, size)).astype(np.int64)
    reply = at + np.maximum(wait, 5)
    no_reply = (~is_sore & (rng.random(size) < 0.05)) | (reply >= span.end_s)
    solved = reply + rng.lognormal(np.log(1500), 1.1, size).astype(np.int64)
    unsolved = no_reply | is_sore | (rng.random(size) < 0.11) | (solved >= span.end_s)
    score = np.where(is_sore, 1 + rng.integers(0, 2, size), 1 + rng.choice(5, size, p=FIVE))
    rows = columns.rows(
        "service_conversations",
        {
            "occurred_at": columns.times(at),
            "identity_key": columns.keys(people.key("wecom", who)),
            "conversation_id": columns.numbered("SV", np.arange(1, size + 1)),
            "staff_id": columns.codes(brand.staff.ids, people.staff[who]),
            "channel": columns.constant("wecom", size),
            "first_reply_at": columns.times(reply, no_reply),
            "resolved_at": columns.times(solved, unsolved),
            "score": columns.decimals(score * 100, no_reply | (~is_sore & (rng.random(size) < 0.6))),
        },
        "wecom",
    )
    return columns.with_numbers(rows)


@dataclass(frozen=True)
class Brought:
    """Who brought whom."""

    by: Ints
    who: Ints
    at_s: Ints


def referrals(brand: Brand, people: People, rng: np.random.Generator) -> Brought:
    """A share of those who came through a chat or the mini-program was brought by a member who had joined before."""
    joined = people.joined_s[: people.members]
    came = np.isin(people.acquisition[: people.members], [ACQUISITION.index(one) for one in REFERRED_FROM])
    new = np.flatnonzero(came & (joined >= brand.span.first_s) & (rng.random(people.members) < REFERRED_SHARE))
    new = new[np.argsort(joined[new], kind="stable")]
    by_age = np.argsort(joined, kind="stable")
    older = np.searchsorted(joined[by_age], joined[new], side="left")
    by = by_age[(older * (1 - rng.random(len(new)) ** 2)).astype(np.int64)]
    is_other = people.main_key(by) != people.main_key(new)
    return Brought(by[is_other], new[is_other], joined[new][is_other])


def referral_rows(people: People, brought: Brought) -> pa.Table:
    """Rows of ``referrals``."""
    rows = columns.rows(
        "referrals",
        {
            "occurred_at": columns.times(brought.at_s),
            "identity_key": columns.keys(people.main_key(brought.by)),
            "referred_key": columns.keys(people.main_key(brought.who)),
            "channel": columns.codes(ACQUISITION, people.acquisition[brought.who]),
        },
        "crm",
    )
    return columns.with_numbers(rows)
