"""One group that is sent to far too often on some days, and whose members leave after it; and a quiet one beside it.

Planted on top of the chats as they were drawn, so that all else of the world stays as it is.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
import pyarrow as pa

from core.work.demo import chat
from core.work.demo.brand import Brand
from core.work.demo.chat import Memberships, Messages, Words
from core.work.demo.people import People
from core.work.demo.rhythm import DAY_S, HOUR_S, Bools, Ints

WITHIN_DAYS, LAST_DAYS_BEFORE_END, DAYS, APART_DAYS = 56, 3, 10, 4
"""Ten days of the last eight weeks, four or more days from one to the next, the last of them three or more before the end."""
FEWEST_SENDS, MOST_SENDS = 6, 9
FROM_S, LASTS_S = 9 * HOUR_S, 12 * HOUR_S
LEAVING_SHARE = 0.024
"""Of those who are in the group on such a day; one at least."""
WAITING_S = 3 * HOUR_S
OLD_DAYS = 120
"""How long both groups have been open at least."""


@dataclass(frozen=True)
class Pestered:
    """``group`` and ``quiet`` by position; ``days`` on which the group is pestered; ``at_s`` of every send beyond the ordinary; ``left``:
    the stays that end because of it. ``stays``: all, with their ends."""

    group: int
    quiet: int
    days: Ints
    at_s: Ints
    left: Ints
    stays: Memberships


def plant(brand: Brand, rng: np.random.Generator, stays: Memberships) -> Pestered:
    """Choose the groups and the days, and who leaves. Neither is the sick group; both are large, so that little data shows it."""
    group, quiet = _largest(brand, stays)
    days = _days(brand, rng)
    sends = rng.integers(FEWEST_SENDS, MOST_SENDS + 1, len(days))
    turn = np.concatenate([(np.arange(n) + rng.random(n)) / n for n in sends])
    at = np.repeat(brand.span.starts_s[days], sends) + FROM_S + (turn * LASTS_S).astype(np.int64)
    leave = stays.leave_s.copy()
    left = []
    for place in range(len(days)):
        own = at[np.repeat(np.arange(len(days)), sends) == place]
        gone, when = _leaving(rng, replace(stays, leave_s=leave), group, own)
        leave[gone] = when
        left.append(gone)
    return Pestered(group, quiet, days, at, np.concatenate(left), replace(stays, leave_s=leave))


def _largest(brand: Brand, stays: Memberships) -> tuple[int, int]:
    """The two largest groups that are old enough, by who is in them eight weeks before the end."""
    start = int(brand.span.starts_s[brand.span.days - WITHIN_DAYS])
    there = (stays.join_s < start) & (stays.leave_s > start)
    size = np.bincount(stays.group[there], minlength=len(brand.groups))
    size[brand.groups["created_day"] > brand.span.days - OLD_DAYS] = -1
    size[chat.SICK_GROUP] = -1
    largest = np.argsort(-size, kind="stable")
    return int(largest[0]), int(largest[1])


def _days(brand: Brand, rng: np.random.Generator) -> Ints:
    """Days with room between them: as if each took ``APART_DAYS``, and what is left over were shared out before them."""
    first, end = brand.span.days - WITHIN_DAYS, brand.span.days - LAST_DAYS_BEFORE_END
    room = end - first - 1 - (DAYS - 1) * APART_DAYS
    found: Ints = first + np.sort(rng.integers(0, room + 1, DAYS)) + APART_DAYS * np.arange(DAYS)
    return found


def _leaving(rng: np.random.Generator, stays: Memberships, group: int, sent_s: Ints) -> tuple[Ints, Ints]:
    """Which stays end after the sends of one day, and when: within hours of one of them, the first two excepted."""
    there = np.flatnonzero(
        (stays.group == group)
        & ~stays.is_koc
        & (stays.join_s < sent_s[0] - DAY_S)
        & (stays.leave_s > sent_s[-1] + DAY_S)
    )
    count = min(max(round(len(there) * LEAVING_SHARE), 1), len(there))
    gone = np.sort(rng.permutation(there)[:count])
    after = rng.choice(sent_s[2:], count)
    waits = np.minimum(rng.exponential(WAITING_S, count), DAY_S - HOUR_S).astype(np.int64)
    return gone, after + 60 + waits


# -- what follows from it ----------------------------------------------------------------------------------------------


def messages(brand: Brand, rng: np.random.Generator, found: Pestered, written: Messages, pool: Words) -> Messages:
    """What was written, without what those who left would have written later and the answers to it, and with the further sends."""
    kept = ~_unwritten(found, written)
    kept &= (written.reply_to < 0) | kept[written.reply_to]
    place = np.where(kept, np.cumsum(kept) - 1, -1)
    columns = {f.name: getattr(written, f.name)[kept] for f in fields(Messages)}
    columns["reply_to"] = np.where(columns["reply_to"] >= 0, place[columns["reply_to"]], -1)
    more = _sends(brand, rng, found, pool)
    joined = [np.concatenate([columns[f.name], getattr(more, f.name)]) for f in fields(Messages)]
    order = np.argsort(joined[1], kind="stable")
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    sorted_ = [values[order] for values in joined]
    sorted_[-1] = np.where(sorted_[-1] >= 0, back[sorted_[-1]], -1)
    return Messages(*sorted_)


def _unwritten(found: Pestered, written: Messages) -> Bools:
    """Messages in the group of those who had left it by then."""
    unwritten = np.zeros(len(written.who), bool)
    mine = np.flatnonzero((written.group == found.group) & (written.sender == chat.MEMBER))
    who, until = found.stays.who[found.left], found.stays.leave_s[found.left]
    order = np.argsort(who)
    place = np.minimum(np.searchsorted(who[order], written.who[mine]), len(who) - 1)
    is_one = who[order][place] == written.who[mine]
    unwritten[mine] = is_one & (written.at_s[mine] >= until[order][place])
    return unwritten


def _sends(brand: Brand, rng: np.random.Generator, found: Pestered, pool: Words) -> Messages:
    """Pieces of content, with a picture, a link or a mini-program."""
    size = len(found.at_s)
    none = np.full(size, -1)
    newest = np.searchsorted(brand.contents["day"], brand.span.day_of(found.at_s), side="right") - 1
    return Messages(
        none, found.at_s, np.full(size, found.group), np.full(size, chat.STAFF), np.full(size, brand.groups["staff"][found.group]),
        rng.choice([1, 2, 3], size, p=[0.3, 0.4, 0.3]), pool.draw(rng, ("staff_content",), np.zeros(size, np.int64)),
        np.maximum(newest - rng.integers(0, 4, size), 0), none,
    )  # fmt: skip


def participation(rows: pa.Table, brand: Brand, people: People, found: Pestered) -> pa.Table:
    """Rows of ``activity_participation`` without those of people who had left the group before the activity was over."""
    key, until = people.key("wecom", found.stays.who[found.left]), found.stays.leave_s[found.left]
    activity = np.array([brand.activities.at(one) for one in rows["activity_id"].to_pylist()])
    over = brand.span.starts_s[brand.activities["end_day"]][activity]
    is_mine = brand.activities["group"][activity] == found.group
    gone = dict(zip(key.tolist(), until.tolist(), strict=True))
    left = np.array([gone.get(one, np.iinfo(np.int64).max) for one in rows["identity_key"].to_pylist()], np.int64)
    kept = rows.filter(pa.array(~is_mine | (left > over)))
    return kept.set_column(kept.column_names.index("row_number"), "row_number", pa.array(np.arange(1, len(kept) + 1)))
