"""Who gets no more messages and why, as it may be seen: customers by number, addresses masked, within the reader's units."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.privacy import pseudonyms
from core.scope import Operator
from core.sequences.subjects import NOBODY
from core.store import identity_values, suppression_entries
from core.store.campaign_tables import Campaign
from core.store.session import Session
from core.store.suppression_entries import EVERY, Asked, Count, Entry
from core.work import disclosures
from core.work import segments as saved
from core.work.home import Home
from core.work.questions import population
from core.work.questions.reading import Reading

__all__ = ["EVERY", "Count", "Entry", "Page", "Seen", "every", "of_member", "one", "page"]

SEE = "people.see"


@dataclass(frozen=True, slots=True)
class Seen:
    """``member_id``: as the member is called now; None of a place, of one who is not known any more, and of an address that nobody has. ``address``: masked, where no member is stopped but an
    address. ``campaign``: number and name, where the reader may see it. ``is_place``: a group chat or a robot."""

    entry: Entry
    member_id: int | None
    address: str | None
    campaign: tuple[int, str] | None
    is_place: bool


@dataclass(frozen=True, slots=True)
class Page:
    """``counts``: of everybody whom the reader sees, whatever ``kind`` and ``channel`` were asked for."""

    rows: tuple[Seen, ...]
    total: int
    counts: tuple[Count, ...]


def page(
    home: Home, lake: Reading, operator: Operator, *, kind: str | None, channel: str | None, member_id: int | None, is_lifted: bool, limit: int, offset: int
) -> Page:  # fmt: skip
    """A part of the entries, the newest first, and how many there are. ``lake``: read in the operator's scope. ``member_id``: of these alone, and of the addresses of theirs; nobody for one outside the
    scope. Raises ``Forbidden``."""
    operator.require(SEE)
    with home.store.reading() as session:
        asked = _asked(session, lake, kind, channel, member_id, is_lifted)
        found = suppression_entries.counts(session, Asked(is_lifted, None, None, asked.members, asked.macs))
        total = sum(one.entries for one in found if _is_asked(one, asked))
        rows = suppression_entries.page(session, asked, limit=limit, offset=offset)
        named = _campaigns(home, session, operator, rows)
    return Page(_shown(home, lake, operator, rows, named), total, tuple(found))


def one(home: Home, lake: Reading, operator: Operator, suppression_id: int) -> Seen | None:
    """One, lifted or not; None where there is none, or the reader may not see it. Raises ``Forbidden``."""
    operator.require(SEE)
    with home.store.reading() as session:
        rows = suppression_entries.page(session, Asked(members=_seen(lake), number=suppression_id), limit=1, offset=0)
        named = _campaigns(home, session, operator, rows)
    return next(iter(_shown(home, lake, operator, rows, named)), None)


def every(
    home: Home, lake: Reading, operator: Operator, *, kind: str | None, channel: str | None, member_id: int | None, is_lifted: bool
) -> Iterator[Seen]:  # fmt: skip
    """All of them, as ``page`` gives them. Raises ``Forbidden``."""
    operator.require(SEE)
    with home.store.reading() as session:
        asked = _asked(session, lake, kind, channel, member_id, is_lifted)
        waiting: list[Entry] = []
        for entry in suppression_entries.every(session, asked):
            waiting.append(entry)
            if len(waiting) == suppression_entries.READ_AT_ONCE:
                yield from _shown(home, lake, operator, waiting, _campaigns(home, session, operator, waiting))
                waiting = []
        yield from _shown(home, lake, operator, waiting, _campaigns(home, session, operator, waiting))


def of_member(session: Session, identity_keys: Sequence[int]) -> tuple[Entry, ...]:
    """What stands for one member, by any of the member's identities, the newest first. Whoever asks may see the member."""
    macs = list(identity_values.macs(session, list(identity_keys)).values())
    return tuple(suppression_entries.every(session, Asked(members=identity_keys, macs=macs)))


def _asked(
    session: Session, lake: Reading, kind: str | None, channel: str | None, member_id: int | None, is_lifted: bool
) -> Asked:
    if member_id is None:
        return Asked(is_lifted, kind, channel, _seen(lake))
    rows = lake.members.filter(lake.members.member_id == member_id)
    rows = rows if lake.allowed is None else rows.semi_join(lake.allowed, "member_id")
    keys: list[int] = lake.snapshot.arrow(rows)["identity_key"].to_pylist()
    return Asked(is_lifted, kind, channel, keys, list(identity_values.macs(session, keys).values()))


def _is_asked(one: Count, asked: Asked) -> bool:
    of_channel = asked.channel in (None, one.channel) or (asked.channel == EVERY and one.channel is None)
    return of_channel and asked.kind in (None, one.kind)


def _seen(lake: Reading) -> list[int] | None:
    """Identities of the members in scope, by any of which a member may have been called when it was stopped; None = everybody's."""
    if lake.allowed is None:
        return None
    rows = lake.members.semi_join(lake.allowed, "member_id").select("identity_key")
    found: list[int] = lake.snapshot.arrow(rows)["identity_key"].to_pylist()
    return found


def _shown(
    home: Home, lake: Reading, operator: Operator, rows: Sequence[Entry], campaigns: dict[int, tuple[int, str]]
) -> tuple[Seen, ...]:
    keys = [_key(one) for one in rows]
    asked = np.array([NOBODY if key is None else key for key in keys], np.int64)
    current = population.of(lake.snapshot).current(asked).tolist() if len(asked) else []
    bare = {key for key, one in zip(keys, rows, strict=True) if key is not None and one.member_id is None}
    masked = disclosures.shown(home, operator, bare) if bare else {}
    return tuple(
        Seen(
            one, None if key is None or member == NOBODY else member, masked.get(key) if key in bare and key is not None else None,
            None if one.campaign_id is None else campaigns.get(one.campaign_id), one.member_id is not None and one.member_id < 0,
        )
        for one, key, member in zip(rows, keys, current, strict=True)
    )  # fmt: skip


def _key(one: Entry) -> int | None:
    """An identity of whom it is about."""
    if one.member_id is not None:
        return one.member_id if one.member_id >= 0 else None
    return None if one.address_mac is None else pseudonyms.key_of(one.address_mac.hex())


def _campaigns(home: Home, session: Session, operator: Operator, rows: Sequence[Entry]) -> dict[int, tuple[int, str]]:
    """By number; those that reach beyond the reader's units are left out, and for who sees no campaigns all."""
    wanted = {one.campaign_id for one in rows if one.campaign_id is not None}
    if not wanted or not operator.can("campaign.see"):
        return {}
    covers = saved.covers(home, operator)
    found = ((number, session.get(Campaign, number)) for number in sorted(wanted))
    return {number: (number, row.name) for number, row in found if row is not None and covers(row.units)}
