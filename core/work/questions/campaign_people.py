"""Who was to be written to and who was held out: every person of a campaign once, with what their messages came to.

A side was decided by the holdout before anything was sent, and stays whatever happened later: who was skipped at sending, cancelled, failed or is unknown counts as written to. Rows that a
gate before the holdout stopped are on neither side. So is a person on both sides, whom data has made one of two since, and who was erased, of whom nothing is known any more.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from core.sequences.arrays import Array, Int64s
from core.sequences.subjects import NOBODY
from core.store.campaign_rows import Columns

AFTER_HOLDOUT = ("gate.budget",)
"""Reasons for which a row is born skipped though the holdout had let it pass; all others are of gates before it. A row that is skipped later (at sending, or because its reader has unsubscribed
meanwhile) has ended, whatever its reason: who is held out stays so in the same case, and leaving out one side's would compare other people."""
ARRIVED = ("delivered",)
"""States of messages that were handed over whether or not a mark says so. One that is accepted and has no mark waits for the employee who is to send it; of an unknown one nobody knows."""
PRICED = ("accepted", "delivered", "unknown")
"""States of messages that a provider asks money for."""
MARKED = ("opened", "clicked", "replied", "unsubscribed", "complained", "left")
NEVER = np.datetime64("NaT", "us")
DAY = np.timedelta64(86_400_000_000, "us")


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """By ascending member id. ``starts``: when a person's own first message was handed over; of who got none, and of who is held out, when it was due. ``sent``: null who got none. ``flags``: by name, what
    they came to. ``channels``, ``variants``: names, and which a person has messages of. ``first_click``, ``marked``: when. ``before``: members whom gates stopped
    before the holdout on every channel, ``both``: who stands on both sides, ``gone``: rows of erased members; ``priced``: messages that cost something, by channel, whoever they went to."""

    ids: Int64s
    is_held: Array
    starts: Array
    sent: Array
    flags: dict[str, Array]
    channels: dict[str, Array]
    variants: dict[str, Array]
    first_click: Array
    marked: dict[str, Array]
    before: int
    both: Int64s
    gone: int
    priced: dict[str, int] = field(default_factory=dict)


def of(rows: Columns, ids: Int64s, marks: Columns, clicks: Columns) -> People:
    """``rows``, ``marks``, ``clicks``: of ``core.store.campaign_rows``, ``ids``: who each row's member is now; a place is itself."""
    state, states = _coded(rows["state"])
    reason, reasons = _coded(rows["reason"])
    is_early = _is(state, states, ("skipped",)) & (rows["has_ended"] == 0) & ~_is(reason, reasons, AFTER_HOLDOUT)
    is_known = (ids != NOBODY) | (rows["member_id"] <= 0)
    handed_over = ~np.isnat(rows["sent"]) | _is(state, states, ARRIVED)
    is_priced = handed_over | _is(state, states, PRICED)
    priced = pd.Series(rows["channel"][is_priced]).value_counts().to_dict()
    counts = is_known & ~is_early
    members, person = np.unique(ids[counts], return_inverse=True)
    kept = {name: column[counts] for name, column in rows.items()}
    state = state[counts]
    held_rows = _is(state, states, ("holdout",))
    size = len(members)
    was_sent = handed_over[counts]
    sent_at = np.where(np.isnat(kept["sent"]) & was_sent, kept["due"], kept["sent"])
    is_held, is_written = _any(person, held_rows, size), _any(person, ~held_rows, size)
    sent, due = _first(person, sent_at, size), _first(person, kept["due"], size)
    messages = np.argsort(kept["id"], kind="stable")
    flags = {
        "sent": _any(person, was_sent, size),
        "delivered": _any(person, _is(state, states, ("delivered",)), size),
        "failed": _any(person, _is(state, states, ("failed", "dead")), size),
        "skipped": _any(person, _is(state, states, ("skipped", "cancelled")), size),
        "unknown": _any(person, _is(state, states, ("unknown",)), size),
    }
    marked = {}
    for name in ("delivered", *MARKED):
        is_it = marks["mark"] == name
        at, who = _placed(kept["id"], messages, person, marks["message_id"][is_it])
        marked[name] = _first(who, marks["at"][is_it][at], size)
        flags[name] = flags.get(name, np.zeros(size, bool)) | ~np.isnat(marked[name])
    at, who = _placed(kept["id"], messages, person, clicks["message_id"])
    by_people, by_machines = clicks["people"][at] > 0, clicks["machines"][at] > 0
    flags["clicked"] |= _any(who, by_people, size)
    flags["clicked_by_machine"] = _any(who, by_machines, size) & ~flags["clicked"]
    only_people = by_people & ~by_machines
    first_click = np.fmin(marked["clicked"], _first(who[only_people], clicks["first"][at][only_people], size))
    both = is_held & is_written
    channel, channels = _coded(kept["channel"])
    variant, variants = _coded(kept["variant"])
    found = People(
        members, is_held, np.where(np.isnat(sent), due, sent), sent, flags,
        {name: _any(person, channel == code, size) for code, name in enumerate(channels)},
        {name: _any(person, variant == code, size) for code, name in enumerate(variants)},
        first_click, marked, len(np.setdiff1d(ids[is_known & is_early], members)), members[both], int((~is_known).sum()),
        {str(name): int(count) for name, count in priced.items()},
    )  # fmt: skip
    return _without(found, both)


def _without(found: People, left_out: Array) -> People:
    if not left_out.any():
        return found
    kept = ~left_out

    def cut(arrays: dict[str, Array]) -> dict[str, Array]:
        return {name: array[kept] for name, array in arrays.items()}

    return People(
        found.ids[kept], found.is_held[kept], found.starts[kept], found.sent[kept], cut(found.flags), cut(found.channels), cut(found.variants),
        found.first_click[kept], cut(found.marked), found.before, found.both, found.gone, found.priced,
    )  # fmt: skip


def _coded(values: Array) -> tuple[Array, list[str]]:
    codes, names = pd.factorize(values)
    return codes, [str(name) for name in names]


def _is(codes: Array, names: list[str], wanted: tuple[str, ...]) -> Array:
    found: Array = np.isin(codes, [place for place, name in enumerate(names) if name in wanted])
    return found


def _any(person: Array, flags: Array, size: int) -> Array:
    found: Array = np.bincount(person[flags], minlength=size) > 0
    return found


def _first(person: Array, at: Array, size: int) -> Array:
    """The earliest time of each; NaT where there is none."""
    known = ~np.isnat(at)
    most = np.iinfo(np.int64).max
    found = np.full(size, most, np.int64)
    np.minimum.at(found, person[known], at[known].astype("datetime64[us]").astype(np.int64))
    return np.where(found == most, NEVER, found.astype("datetime64[us]"))


def _placed(ids: Int64s, order: Array, person: Array, messages: Int64s) -> tuple[Array, Array]:
    """Which of these messages are among the rows that count, by place, and the person of each."""
    if not len(ids):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    at = np.minimum(np.searchsorted(ids, messages, sorter=order), len(ids) - 1)
    is_there = ids[order[at]] == messages
    return np.flatnonzero(is_there), person[order[at[is_there]]]
