"""Group chats: who is in them, what is written, and what is played."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
import pyarrow as pa

from core.work.demo import columns
from core.work.demo.activity import NAMES, Acts, acts
from core.work.demo.brand import Brand, seeds
from core.work.demo.people import People
from core.work.demo.rhythm import DAY_S, DUTY_HOURS, HOUR_S, Bools, Floats, Ints

GROUP_CHAT = 3
SICK_GROUP = 5
"""Position of the group that falls ill: people leave it, then nobody speaks."""
SICK_DAYS_BEFORE_END, SILENT_DAYS_BEFORE_END, SICK_LEAVE_SHARE = 35, 14, 0.45
GROUP_MOST = 420
LURKERS = 0.42
KOC_PER_GROUP = 3
SCENES = ["qr_code", "invited", "link"]
LEAVES_A_DAY = 1 / 1100
EARLY_LEAVERS = 0.06

MEMBER_TALK = ("chat", "greeting", "question", "praise", "suggestion", "complaint", "thanks")
TALK_SHARES = np.array([0.42, 0.11, 0.16, 0.11, 0.02, 0.02, 0.16])
KOC_SHARES = np.array([0.36, 0.10, 0.08, 0.34, 0.06, 0.0, 0.06])
STAFF_TALK = ("staff_content", "staff_interact", "staff_people")
STAFF_SHARES = np.array([0.6, 0.3, 0.1])
"""The 3+1 rule: content, interaction, people."""
SLOTS_S = (6 * HOUR_S + 1800, 12 * HOUR_S, 20 * HOUR_S)
KINDS = ["text", "image", "link", "mini_program"]
ANSWERED = 0.72
SLIPS = {"complaint": ("member_slip", 0.08), "staff_answer": ("staff_slip", 0.015)}
"""Of which sort of talk so many messages say what rules forbid or ask to look at, and in which words."""
ADOPTED = 0.2
"""Of suggestions: the owner takes them up, in a reply."""
MEMBER, STAFF, BOT = range(3)


@dataclass(frozen=True)
class Memberships:
    """Stays in groups; ``leave_s`` is far away for those who stay."""

    who: Ints
    group: Ints
    join_s: Ints
    leave_s: Ints
    scene: Ints
    is_koc: Bools


def memberships(brand: Brand, people: People, rng: np.random.Generator) -> Memberships:
    """WeCom contacts join the groups of their store or the brand's; a twentieth leaves within a week, some each month."""
    who, group = _placed(brand, people, rng)
    join = _join_times(brand, people, rng, who, group)
    fits = (join < brand.span.end_s - DAY_S) & (join < people.silent_s[who]) & _has_room(group, join)
    who, group, join = who[fits], group[fits], join[fits]
    leave = join + HOUR_S + (rng.exponential(1 / LEAVES_A_DAY, len(who)) * DAY_S).astype(np.int64)
    early = rng.random(len(who)) < EARLY_LEAVERS
    leave[early] = join[early] + HOUR_S + rng.integers(0, 6 * DAY_S, int(early.sum()))
    leave = _fall_ill(brand, rng, group, join, leave)
    annoyed = np.isin(who, people.of("too_many_messages"))
    leave[annoyed] = np.minimum(leave[annoyed], np.maximum(people.silent_s[who[annoyed]], join[annoyed] + HOUR_S))
    return Memberships(
        who,
        group,
        join,
        leave,
        rng.choice(len(SCENES), len(who), p=[0.55, 0.3, 0.15]),
        _kocs(brand, group, join, leave),
    )


def _placed(brand: Brand, people: People, rng: np.random.Generator) -> tuple[Ints, Ints]:
    able = np.flatnonzero(people.filed_under["wecom"][: people.members] >= 0)
    share = min(0.75, len(brand.groups) * GROUP_MOST / (1.2 * max(len(able), 1)))
    some = able[rng.random(len(able)) < share]
    twice = some[rng.random(len(some)) < 0.2]
    own = [np.flatnonzero(brand.groups["unit"] == unit) for unit in range(len(brand.units))]
    online = own[brand.online]
    home = [groups if len(groups) else online for groups in own]
    sizes = np.array([len(groups) for groups in home])
    padded = np.array([np.resize(groups, sizes.max()) for groups in home])
    unit = people.unit[some]
    first = padded[unit, (rng.random(len(some)) * sizes[unit]).astype(np.int64)]
    return np.concatenate([some, twice]), np.concatenate([first, _second(rng, online, first[np.isin(some, twice)])])


def _second(rng: np.random.Generator, online: Ints, first: Ints) -> Ints:
    """Another group of the brand's, never the first again."""
    place = rng.integers(0, len(online), len(first))
    return np.where(online[place] == first, online[(place + 1) % len(online)], online[place])


def _join_times(brand: Brand, people: People, rng: np.random.Generator, who: Ints, group: Ints) -> Ints:
    opened = brand.groups["created_s"][group]
    ready = np.maximum(opened, people.joined_s[who])
    days = rng.exponential(np.where(people.joined_s[who] < opened, 40.0, 4.0))
    day = np.minimum(brand.span.day_of(ready) + 1 + days.astype(np.int64), brand.span.days)
    late = day >= brand.span.days
    at = brand.span.draw_times(rng, np.minimum(day, brand.span.days - 1))
    return np.where(late, brand.span.end_s, at)


def _has_room(group: Ints, join: Ints) -> Bools:
    """The first who come find a place; WeCom closes a group at 500."""
    order = np.lexsort((join, group))
    _, start = np.unique(group[order], return_index=True)
    rank = np.empty(len(group), np.int64)
    rank[order] = np.arange(len(group)) - np.repeat(start, np.diff(np.append(start, len(group))))
    return rank < GROUP_MOST


def _fall_ill(brand: Brand, rng: np.random.Generator, group: Ints, join: Ints, leave: Ints) -> Ints:
    """Nearly half of those who are in the sick group leave it in its last five weeks."""
    sick_s = int(brand.span.starts_s[brand.span.days - SICK_DAYS_BEFORE_END])
    there = (group == SICK_GROUP) & (join < sick_s) & (leave > sick_s)
    goes = there & (rng.random(len(group)) < SICK_LEAVE_SHARE)
    at = rng.integers(sick_s, brand.span.end_s, len(group))
    return np.where(goes, at, np.where(there, np.maximum(leave, brand.span.end_s), leave))


def _kocs(brand: Brand, group: Ints, join: Ints, leave: Ints) -> Bools:
    """A few early members of each group who stay."""
    chosen = np.zeros(len(group), bool)
    for index in range(len(brand.groups)):
        stayers = np.flatnonzero((group == index) & (leave >= brand.span.end_s))
        chosen[stayers[np.argsort(join[stayers], kind="stable")][:KOC_PER_GROUP]] = True
    return chosen


def membership_rows(brand: Brand, people: People, stays: Memberships) -> pa.Table:
    """Rows of ``group_membership``: joins and the leaves that lie within the span, by time."""
    left = np.flatnonzero(stays.leave_s < brand.span.end_s)
    stay = np.concatenate([np.arange(len(stays.who)), left])
    is_leave = np.arange(len(stay)) >= len(stays.who)
    scene = np.where(is_leave, len(SCENES) + (stay % 9 == 0), stays.scene[stay])
    rows = columns.rows(
        "group_membership",
        {
            "occurred_at": columns.times(np.where(is_leave, stays.leave_s[stay], stays.join_s[stay])),
            "identity_key": columns.keys(people.key("wecom", stays.who[stay])),
            "group_id": columns.codes(brand.groups.ids, stays.group[stay]),
            "change": columns.codes(["join", "leave"], is_leave.astype(np.int64)),
            "scene": columns.codes([*SCENES, "self", "removed"], scene),
            "staff_id": columns.codes(brand.staff.ids, brand.groups["staff"][stays.group[stay]]),
        },
        "wecom",
    )
    return columns.with_numbers(columns.ordered(rows))


def join_events(stays: Memberships) -> Acts:
    """Joining as an event of the person."""
    return acts(stays.who, stays.join_s, NAMES.index("join_group"), GROUP_CHAT, group=stays.group)


# -- messages --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Words:
    """Every text that may be written, and where the texts of each sort of talk begin and end."""

    texts: list[str]
    bounds: dict[str, tuple[int, int]]

    def draw(self, rng: np.random.Generator, sorts: tuple[str, ...], sort: Ints) -> Ints:
        low, high = (np.array([self.bounds[name][side] for name in sorts])[sort] for side in (0, 1))
        return low + (rng.random(len(sort)) * (high - low)).astype(np.int64)


def words(brand: Brand) -> Words:
    """Phrases with every product's short name filled in."""
    phrases = seeds("phrases")
    short = [name.split()[0] for name in brand.products["name"]]
    texts: list[str] = []
    bounds = {}
    for sort in (*MEMBER_TALK, *STAFF_TALK, "staff_answer", "bot", "member_slip", "staff_slip", "staff_adopts"):
        start = len(texts)
        for phrase in phrases[sort]:
            texts += [phrase.replace("{p}", name) for name in short] if "{p}" in phrase else [phrase] * len(short)
        bounds[sort] = (start, len(texts))
    return Words(texts, bounds)


@dataclass(frozen=True)
class Messages:
    """Messages as numbers. ``who`` -1 = staff or bot; ``staff`` -1 = not staff; ``reply_to``: position of a message, -1 = none."""

    who: Ints
    at_s: Ints
    group: Ints
    sender: Ints
    staff: Ints
    kind: Ints
    text: Ints
    content: Ints
    reply_to: Ints


def messages(brand: Brand, people: People, rng: np.random.Generator, stays: Memberships, wanted: int) -> Messages:
    """About ``wanted`` messages of members, the posts and answers of staff, and the bots' notices, by time."""
    pool = words(brand)
    own = rng.spawn(1)[0]  # what came later than the rest leaves the rest as it was
    said = _slipped(_of_members(brand, people, rng, stays, wanted, pool), own, pool)
    answers = _slipped(_answers(brand, rng, said, pool), own, pool)
    parts = [said, _posts(brand, rng, pool), _notices(brand, rng, pool), answers, _adoptions(brand, own, said, pool)]
    joined = [np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Messages)]
    order = np.argsort(joined[1], kind="stable")
    order = order[joined[1][order] < brand.span.end_s]
    place = np.full(len(joined[1]), -1)
    place[order] = np.arange(len(order))
    sorted_ = [values[order] for values in joined]
    sorted_[-1] = np.where(sorted_[-1] >= 0, place[sorted_[-1]], -1)
    return Messages(*sorted_)


def _of_members(
    brand: Brand, people: People, rng: np.random.Generator, stays: Memberships, wanted: int, pool: Words
) -> Messages:
    span = brand.span
    rate: Floats = np.where(rng.random(len(stays.who)) < LURKERS, 0.0, rng.gamma(0.8, 1.0, len(stays.who)))
    rate[stays.is_koc] = 14 * rng.uniform(0.6, 1.4, int(stays.is_koc.sum()))
    ends = np.minimum(np.minimum(stays.leave_s, people.silent_s[stays.who]), span.end_s)
    expected = rate * np.maximum(ends - stays.join_s, 0)
    count = rng.poisson(expected * wanted / max(expected.sum(), 1))
    stay = np.repeat(np.arange(len(stays.who)), count)
    first, last = span.day_of(stays.join_s)[stay], span.day_of(np.maximum(ends - 1, stays.join_s))[stay]
    at = span.draw_times(rng, span.draw_days(rng, first, last + 1))
    quiet_s = int(span.starts_s[span.days - SILENT_DAYS_BEFORE_END])
    heard = (at > stays.join_s[stay]) & (at < ends[stay]) & ~((stays.group[stay] == SICK_GROUP) & (at >= quiet_s))
    stay, at = stay[heard], at[heard]
    draws = rng.random(len(stay))
    shares = np.where(stays.is_koc[stay][:, None], np.cumsum(KOC_SHARES), np.cumsum(TALK_SHARES))
    sort = np.minimum((draws[:, None] >= shares).sum(axis=1), len(MEMBER_TALK) - 1)
    is_praise = sort == MEMBER_TALK.index("praise")
    kind = np.where(rng.random(len(stay)) < np.where(is_praise, 0.5, 0.05), 1, 0)
    none = np.full(len(stay), -1)
    return Messages(
        stays.who[stay], at, stays.group[stay], np.full(len(stay), MEMBER), none, kind, pool.draw(rng, MEMBER_TALK, sort),
        none, none,
    )  # fmt: skip


def _answers(brand: Brand, rng: np.random.Generator, said: Messages, pool: Words) -> Messages:
    """The owner answers most questions, within minutes while on duty, else next morning."""
    low, high = pool.bounds["question"]
    asked = np.flatnonzero((said.text >= low) & (said.text < high) & (rng.random(len(said.text)) < ANSWERED))
    day = brand.span.day_of(said.at_s[asked])
    hour = (said.at_s[asked] - brand.span.starts_s[day]) // HOUR_S
    on_duty = DUTY_HOURS[np.clip(hour, 0, 23)] > 0
    opens = brand.span.starts_s[np.minimum(day + (hour >= 12), brand.span.days)] + 9 * HOUR_S
    wait = 20 + rng.lognormal(np.log(330), 0.9, len(asked)).astype(np.int64)
    at = np.where(on_duty, said.at_s[asked], opens) + wait
    return _from_staff(
        brand, rng, said.group[asked], at, pool, ("staff_answer",), np.zeros(len(asked), np.int64), asked
    )


def _slipped(written: Messages, rng: np.random.Generator, pool: Words) -> Messages:
    """With a few texts that break rules in place of others of their sort."""
    text = written.text.copy()
    for sort, (slip, share) in SLIPS.items():
        low, high = pool.bounds[sort]
        some = np.flatnonzero((text >= low) & (text < high) & (written.kind == 0) & (rng.random(len(text)) < share))
        text[some] = pool.draw(rng, (slip,), np.zeros(len(some), np.int64))
    return replace(written, text=text)


def _adoptions(brand: Brand, rng: np.random.Generator, said: Messages, pool: Words) -> Messages:
    """The owner takes up some suggestions, one to five days later, at noon."""
    low, high = pool.bounds["suggestion"]
    taken = np.flatnonzero((said.text >= low) & (said.text < high) & (rng.random(len(said.text)) < ADOPTED))
    day = np.minimum(brand.span.day_of(said.at_s[taken]) + rng.integers(1, 6, len(taken)), brand.span.days)
    at = brand.span.starts_s[day] + 11 * HOUR_S + rng.integers(0, HOUR_S, len(taken))
    return _from_staff(
        brand, rng, said.group[taken], at, pool, ("staff_adopts",), np.zeros(len(taken), np.int64), taken
    )  # fmt: skip


def _posts(brand: Brand, rng: np.random.Generator, pool: Words) -> Messages:
    """What the owners post in the three slots of each day that a group exists."""
    group, day = np.nonzero(np.arange(brand.span.days) > brand.groups["created_day"][:, None])
    group, day, slot = (np.repeat(group, 3), np.repeat(day, 3), np.tile(np.arange(3), len(group)))
    posted = rng.random(len(group)) < np.array([0.55, 0.7, 0.85])[slot]
    group, day, slot = group[posted], day[posted], slot[posted]
    at = brand.span.starts_s[day] + np.array(SLOTS_S)[slot] + rng.integers(0, 3000, len(day))
    sort = rng.choice(len(STAFF_TALK), len(day), p=STAFF_SHARES)
    posts = _from_staff(brand, rng, group, at, pool, STAFF_TALK, sort, np.full(len(day), -1))
    newest = np.searchsorted(brand.contents["day"], day, side="right") - 1
    content = np.where(sort == 0, np.maximum(newest - rng.integers(0, 4, len(day)), 0), -1)
    kind = np.where(sort == 0, rng.choice([0, 1, 2, 3], len(day), p=[0.3, 0.3, 0.25, 0.15]), 0)
    return Messages(
        posts.who, posts.at_s, posts.group, posts.sender, posts.staff, kind, posts.text, content, posts.reply_to
    )


def _from_staff(
    brand: Brand,
    rng: np.random.Generator,
    group: Ints,
    at: Ints,
    pool: Words,
    sorts: tuple[str, ...],
    sort: Ints,
    reply_to: Ints,
) -> Messages:
    size = len(group)
    none = np.full(size, -1)
    return Messages(
        none, at, group, np.full(size, STAFF), brand.groups["staff"][group], np.zeros(size, np.int64), pool.draw(rng, sorts, sort),
        none, reply_to,
    )  # fmt: skip


def _notices(brand: Brand, rng: np.random.Generator, pool: Words) -> Messages:
    """A bot says good morning on most days."""
    group, day = np.nonzero(np.arange(brand.span.days) > brand.groups["created_day"][:, None])
    some = rng.random(len(group)) < 0.6
    group, day = group[some], day[some]
    none, zeros = np.full(len(group), -1), np.zeros(len(group), np.int64)
    at = brand.span.starts_s[day] + 9 * HOUR_S + rng.integers(0, 120, len(group))
    return Messages(none, at, group, np.full(len(group), BOT), none, zeros, pool.draw(rng, ("bot",), zeros), none, none)


def roster_rows(brand: Brand, people: People, stays: Memberships) -> pa.Table:
    """Rows of ``group_rosters``: who was in each group a day before the end, as callbacks told. Each group has a row of its own."""
    at = brand.span.end_s - DAY_S
    inside = np.flatnonzero((stays.join_s <= at) & (stays.leave_s > at))
    every = len(brand.groups)
    nobody = np.full(every, -1, np.int64)
    joined = np.concatenate([nobody, stays.join_s[inside]])
    rows = columns.rows(
        "group_rosters",
        {
            "occurred_at": columns.times(np.full(len(joined), at)),
            "identity_key": columns.keys(np.concatenate([nobody, people.key("wecom", stays.who[inside])])),
            "group_id": columns.codes(brand.groups.ids, np.concatenate([np.arange(every), stays.group[inside]])),
            "joined_at": columns.times(joined, joined < 0),
        },
        "wecom",
    )
    return columns.with_numbers(rows)


def message_rows(brand: Brand, people: People, written: Messages) -> pa.Table:
    """Rows of ``group_messages``."""
    by_member = written.who >= 0
    rows = columns.rows(
        "group_messages",
        {
            "occurred_at": columns.times(written.at_s),
            "identity_key": columns.keys(np.where(by_member, people.filed_under["wecom"][written.who], -1)),
            "group_id": columns.codes(brand.groups.ids, written.group),
            "message_id": columns.numbered("m", np.arange(1, len(written.who) + 1)),
            "sender_kind": columns.codes(["member", "staff", "bot"], written.sender),
            "staff_id": columns.codes(brand.staff.ids, written.staff),
            "message_kind": columns.codes(KINDS, written.kind),
            "text": columns.codes(words(brand).texts, written.text),
            "reply_to": columns.numbered("m", np.where(written.reply_to >= 0, written.reply_to + 1, -1)),
            "content_id": columns.codes(brand.contents.ids, written.content),
        },
        "wecom",
    )
    return columns.with_numbers(rows)


# -- activities ------------------------------------------------------------------------------------------------------


def participation(brand: Brand, people: People, rng: np.random.Generator, stays: Memberships) -> pa.Table:
    """Rows of ``activity_participation``: a tenth to a quarter of a group takes part, some of them win, pay or come."""
    kinds = seeds("brand")["activities"]["kinds"]
    actions = sorted({action for kind in kinds for action in kind[2:]})
    who, at, activity, action = (
        np.concatenate(parts) for parts in zip(*_parts(brand, people, rng, stays, kinds, actions), strict=True)
    )
    rows = columns.rows(
        "activity_participation",
        {
            "occurred_at": columns.times(at),
            "identity_key": columns.keys(people.key("wecom", who)),
            "activity_id": columns.codes(brand.activities.ids, activity),
            "action": columns.codes(actions, action),
            "group_id": columns.codes(brand.groups.ids, brand.activities["group"][activity]),
        },
        "wecom",
    )
    return columns.with_numbers(columns.ordered(rows))


def _parts(
    brand: Brand,
    people: People,
    rng: np.random.Generator,
    stays: Memberships,
    kinds: list[list[str]],
    actions: list[str],
) -> Iterator[tuple[Ints, Ints, Ints, Ints]]:
    span = brand.span
    for index in range(len(brand.activities)):
        group, first, end = (int(brand.activities[name][index]) for name in ("group", "day", "end_day"))
        start_s, end_s = int(span.starts_s[first]), int(span.starts_s[end])
        until = np.minimum(stays.leave_s, people.silent_s[stays.who])
        there = stays.who[(stays.group == group) & (stays.join_s < start_s) & (until > end_s)]
        some = there[rng.random(len(there)) < rng.uniform(0.1, 0.25)]
        at = span.draw_times(rng, rng.integers(first, end, len(some)), DUTY_HOURS)
        most, few = (actions.index(one) for one in kinds[brand.activities["kind"][index]][2:4])
        yield some, at, np.full(len(some), index), np.full(len(some), most)
        further = rng.random(len(some)) < 0.25
        yield some[further], at[further] + 300, np.full(int(further.sum()), index), np.full(int(further.sum()), few)
