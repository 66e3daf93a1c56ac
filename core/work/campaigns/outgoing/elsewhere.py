"""What members were sent by others than this house's own campaigns, as the lake knows it: it counts under the same caps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from core.lake.reader import Snapshot
from core.metrics import sends
from core.periods import Period
from core.sequences.arrays import Array
from core.work.questions import population
from core.work.questions.kept import per_version
from core.work.questions.population import Population

OWN = "siyu"
"""Source of touches that this house's campaigns wrote; its messages are counted from the outbox."""
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """Grain: a message that did not fail, by ascending member code. ``day``: days since 1970 of its business day; ``channel``: place in ``channels``, -1 where none is told."""

    who: Array
    day: Array
    channel: Array
    channels: tuple[str, ...]

    def of(self, code: int) -> list[tuple[str, date]]:
        """Channel ("" where none is told) and business day of each message of a member."""
        first, last = np.searchsorted(self.who, [code, code + 1])
        return [
            (self.channels[channel] if channel >= 0 else "", EPOCH + timedelta(days=int(day)))
            for channel, day in zip(self.channel[first:last], self.day[first:last], strict=True)
        ]


@per_version("touches", "identity_map", most=4)
def messages(snapshot: Snapshot, first_on: date, last_on: date) -> Elsewhere:
    """Of the business days ``[first_on, last_on]``."""
    empty = np.empty(0, np.int64)
    if not snapshot.files("touches"):
        return Elsewhere(empty, empty, empty, ())
    rows = snapshot.table("touches")
    others = rows.filter(rows.source != OWN).mutate(member_id=rows.identity_key)
    found = sends.sends(others, Period(first_on, last_on + timedelta(days=1)))
    table = snapshot.arrow(found.filter(~found.is_failed).select("member_id", "channel", "sent_on"))
    table = table.filter(table["member_id"].is_valid())
    who = population.of(snapshot).subjects.codes(table["member_id"].to_numpy())
    order = np.argsort(who, kind="stable")
    order = order[who[order] >= 0]
    encoded = table["channel"].combine_chunks().dictionary_encode()
    channel = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    day = table["sent_on"].cast(pa.int32()).to_numpy()
    return Elsewhere(who[order], day[order], channel[order], tuple(encoded.dictionary.to_pylist()))


def codes(people: Population, member_ids: Sequence[int]) -> Array:
    """Member code now of members of another time; -1 of those who are none any more."""
    if not len(people.ids) or not member_ids:
        return np.full(len(member_ids), -1, np.int64)
    current = people.current(np.asarray(member_ids, np.int64))
    at = np.minimum(np.searchsorted(people.ids, current), len(people.ids) - 1)
    return np.where(people.ids[at] == current, at, -1)
