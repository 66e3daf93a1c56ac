"""How many of a segment can be reached on each channel, who is lost at which gate, and who they are.

Everything is told on the newest day with data: age by the year of birth, messages of its calendar month for the platform's quota and
of the rolling days up to it for the cap on frequency. A message counts once, on the day of its first state, unless it failed. What
counts of several profiles is said in ``core.work.questions.traits``: one that says "trial" is enough to be one.

Consent: the newest row of the member about marketing and the channel, or about marketing on all channels; of rows of one moment a
withdrawal counts. Who never said anything has not agreed.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import Unknown
from core.lake.reader import Snapshot
from core.metrics import sends
from core.periods import Period
from core.schema import CHANNELS
from core.segments import reach as rules
from core.segments.language import Node, Profile
from core.segments.reach import GATES, USUAL_CAP, Account, Cap, Gate, Step, Waterfall
from core.sequences.arrays import Array, Int64s
from core.work.questions import accounts, population, segments
from core.work.questions.kept import per_version
from core.work.questions.reading import Reading


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """``channels``: a waterfall per channel, in the order asked for. ``ids``: member id by code. ``on``: the day it is told of.
    ``accounts``: which channel the openids of each source were taken to be of."""

    channels: dict[str, Waterfall]
    ids: Int64s
    on: date | None
    cap: Cap
    accounts: tuple[Account, ...]

    @property
    def anywhere(self) -> Array:
        """Who can be reached on at least one of the channels, by member code."""
        found: Array = np.any([waterfall.reachable for waterfall in self.channels.values()], axis=0)
        return found

    def people(self, flags: Array) -> pd.DataFrame:
        """``member_id``, ascending, and ``value`` 1 of those flagged by member code: of a step's ``left`` or ``lost``."""
        found = self.ids[flags]
        return pd.DataFrame({"member_id": found, "value": np.ones(len(found), np.int64)})


def reach(reading: Reading, node: Node, channels: Sequence[str] = rules.CHANNELS, cap: Cap = USUAL_CAP) -> Reach:
    """The waterfalls of a segment within scope and filters. Raises ``Unknown`` for a channel that does not exist, and as
    ``segments.chosen``."""
    for channel in channels:
        if channel not in CHANNELS:
            raise Unknown("channel", channel, CHANNELS)
    gates = _Gates(reading, cap)
    chosen = segments.chosen(reading, node)
    found = {
        channel: rules.waterfall(chosen, {gate: gates.of(gate, channel) for gate in GATES}) for channel in channels
    }
    return Reach(found, population.of(reading.snapshot).ids, reading.as_of_on, cap, accounts.of(reading.snapshot))


class _Gates:
    """Who passes each gate of a channel, by member code; None where the channel has no such gate."""

    def __init__(self, reading: Reading, cap: Cap) -> None:
        self.reading = reading
        self.cap = cap
        self.snapshot = reading.snapshot
        self.members = len(population.of(reading.snapshot).ids)
        everybody = segments.everybody(reading)
        self._not_trial = ~segments.chosen(everybody, Profile("is_test", "is", (True,)))
        self._not_minor = ~segments.chosen(everybody, Profile("age", "at_most", (rules.CHILD_AGE,)))
        self._in_group = segments.chosen(everybody, Profile("is_in_group", "is", (True,)))
        self._friend = segments.chosen(everybody, Profile("is_friend", "is", (True,)))

    def of(self, gate: Gate, channel: str) -> Array | None:
        match gate:
            case "trial":
                return self._not_trial
            case "minor":
                return self._not_minor
            case "consent":
                return consented(self.snapshot, channel)
            case "identity":
                return self._in_group if channel == "group_chat" else _identified(self.snapshot, channel)
            case "friend":
                return self._friend if channel == "wecom" else None
            case "quota":
                return self._within_quota(channel)
            case "cap":
                return self._sent(self.cap.days, None) < self.cap.messages

    def _within_quota(self, channel: str) -> Array | None:
        on = self.reading.as_of_on
        most = None if on is None else rules.quota_of(channel, monthrange(on.year, on.month)[1])
        return None if most is None or on is None else self._sent(on.day, channel) < most

    def _sent(self, days: int, channel: str | None) -> Int64s:
        """Messages per member code in the last ``days`` business days, on one channel or on all."""
        on = self.reading.as_of_on
        if on is None:
            return np.zeros(self.members, np.int64)
        sent = _messages(self.snapshot, on, max(on.day, self.cap.days))
        inside = sent.age < days
        if channel is not None:
            inside &= sent.channel == (sent.channels.index(channel) if channel in sent.channels else -2)
        return np.bincount(sent.who[inside], minlength=self.members)


@per_version("consents", "identity_map", most=16)
def consented(snapshot: Snapshot, channel: str, purpose: str = rules.PURPOSE) -> Array:
    """Who has agreed to be written to for a purpose on a channel, by member code."""
    people = population.of(snapshot)
    if not snapshot.files("consents"):
        return np.zeros(len(people.ids), bool)
    rows = snapshot.table("consents")
    rows = rows.filter((rows.purpose == purpose) & (rows.channel.isnull() | (rows.channel == channel)))
    found = snapshot.arrow(rows.select("identity_key", at=rows.occurred_at, is_given=rows.state == "given"))
    who = people.subjects.codes(found["identity_key"].to_numpy())
    known = who >= 0
    is_given = found["is_given"].to_numpy()[known]
    at = found["at"].cast(pa.int64()).to_numpy()[known]
    return rules.newest(len(people.ids), who[known], [at, ~is_given], is_given)


@per_version("identities", "identity_map", *accounts.ROWS, most=16)
def _identified(snapshot: Snapshot, channel: str) -> Array:
    """Who has an identity that the channel sends to; one that connects nobody, being shared or blocked, is nobody's."""
    people = population.of(snapshot)
    wanted = rules.IDENTITY_OF.get(channel)
    if wanted is None or not snapshot.files("identities"):
        return np.zeros(len(people.ids), bool)
    rows = snapshot.table("identities")
    rows = rows.filter(rows.identity_type == wanted).select("identity_key", namespace=rows.namespace.fill_null(""))
    table = snapshot.arrow(rows)
    namespaces, told = table["namespace"].unique().to_pylist(), accounts.of(snapshot)
    meant = pa.array([name for name in namespaces if rules.is_of_channel(channel, wanted, name, told)], pa.string())
    keys = table.filter(pc.is_in(table["namespace"], meant))["identity_key"].to_numpy()
    who = people.subjects.codes(keys)
    return population.marked(who[who >= 0], len(people.ids))


@dataclass(frozen=True, slots=True, eq=False)
class _Messages:
    """Grain: a message that did not fail. ``who``: member code; ``age``: business days before the newest; ``channel``: place in
    ``channels``, -1 where none is told."""

    who: Array
    age: Array
    channel: Array
    channels: tuple[str, ...]


@per_version("touches", "identity_map", most=4)
def _messages(snapshot: Snapshot, on: date, days: int) -> _Messages:
    if not snapshot.files("touches"):
        return _Messages(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int32), ())
    rows = snapshot.table("touches")
    period = Period(on - timedelta(days=days - 1), on + timedelta(days=1))
    messages = sends.sends(rows.mutate(member_id=rows.identity_key), period)
    table = snapshot.arrow(messages.filter(~messages.is_failed).select("member_id", "channel", "sent_on"))
    known = table.filter(table["member_id"].is_valid())
    encoded = known["channel"].combine_chunks().dictionary_encode()
    who = population.of(snapshot).subjects.codes(known["member_id"].to_numpy())
    age = (on - date(1970, 1, 1)).days - known["sent_on"].cast(pa.int32()).to_numpy()
    channel = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    inside = who >= 0
    return _Messages(who[inside], age[inside], channel[inside], tuple(encoded.dictionary.to_pylist()))


def step(found: Reach, channel: str, gate: Gate) -> Step:
    """One gate of one channel. Raises ``Unknown``."""
    if channel not in found.channels:
        raise Unknown("channel", channel, found.channels)
    if gate not in GATES:
        raise Unknown("gate", gate, GATES)
    return found.channels[channel].step(gate)
