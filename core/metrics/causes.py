"""Why members leave: the five known causes (product.md 5.11), each by figures of the member against what is usual. Arrays in, arrays out.

Looked at are the ``WINDOW_DAYS`` days that end ``AFTER_DAYS`` after the member's last own action, or with the day before the cut-off where that is
earlier: what somebody got long after they fell silent drove nobody away. A figure's strength is how many standard deviations it lies above the mean
of all members, of whom the hundredth with most of it is left out, because those are the ones looked for; a standard deviation
is taken for ``least`` at least, so that what hardly ever happens does not weigh without end. The cause of a member is the one of greatest strength, of
equals the first; below ``TELLING`` none is known. Windows, limits and weights are rules of thumb, ours: no published study weighs these causes against
each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Cause = Literal["lost_trust", "poor_service", "too_many_messages", "samey_content", "impersonal"]
CAUSES: tuple[Cause, ...] = ("lost_trust", "poor_service", "too_many_messages", "samey_content", "impersonal")
"""What members say themselves first, then what reached them."""
NONE = -1
WINDOW_DAYS, AFTER_DAYS = 180, 90
BURST_DAYS = 30
FEW_MESSAGES = 4
"""Shares of somebody's messages are of so many at least: one of one is no habit."""
TELLING = 3.0
OUTSIDE_SHARE = 0.01

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figure:
    """``weighs``: its strength is that of its cause; the others stand beside it as evidence. ``least``: the smallest standard deviation that it is measured by."""

    name: str
    cause: Cause
    unit: Literal["count", "share"]
    weighs: bool = False
    least: float = 1.0


FIGURES = (
    Figure("trust_troubles", "lost_trust", "count", weighs=True, least=0.3),
    Figure("privacy_complaints", "lost_trust", "count", least=0.3),
    Figure("low_trust_scores", "lost_trust", "count", least=0.3),
    Figure("profiling_withdrawn", "lost_trust", "count", least=0.3),
    Figure("service_troubles", "poor_service", "count", weighs=True, least=0.4),
    Figure("service_complaints", "poor_service", "count", least=0.4),
    Figure("low_service_scores", "poor_service", "count", least=0.4),
    Figure("slow_replies", "poor_service", "count", least=0.4),
    Figure("unsolved", "poor_service", "count", least=0.4),
    Figure("low_talks", "poor_service", "count", least=0.4),
    Figure("most_messages_30d", "too_many_messages", "count", weighs=True),
    Figure("unsubscribed", "too_many_messages", "count", least=0.2),
    Figure("same_topic_messages", "samey_content", "count", weighs=True),
    Figure("same_topic_share", "samey_content", "share", least=0.1),
    Figure("impersonal_share", "impersonal", "share", weighs=True, least=0.1),
    Figure("impersonal_messages", "impersonal", "count"),
)
NAMES = tuple(one.name for one in FIGURES)
SUMS: Mapping[str, tuple[str, ...]] = {
    "trust_troubles": ("privacy_complaints", "low_trust_scores", "profiling_withdrawn"),
    "service_troubles": ("service_complaints", "low_service_scores", "slow_replies", "unsolved", "low_talks"),
}
"""Figures that are sums of others."""
PRIVACY = ("privacy", "data", "隐私", "信息安全", "数据安全")
SERVICE = ("service", "客服", "服务", "服务态度")
"""Categories of complaints about either, as sources call them."""


@dataclass(frozen=True, eq=False)
class Windows:
    """Days looked at of each member, by place: ``[start, end)``, as ordinals."""

    start: Longs
    end: Longs

    @classmethod
    def of(cls, last_day: Floats, cutoff: int) -> "Windows":
        """``last_day``: of the last own action, NaN without one."""
        end = np.minimum(np.nan_to_num(last_day, nan=float(cutoff)) + AFTER_DAYS + 1, cutoff).astype(np.int64)
        return cls(end - WINDOW_DAYS, end)

    def hold(self, member: Longs, day: Longs) -> Flags:
        """Which of these facts lie in their member's window."""
        found: Flags = (day >= self.start[member]) & (day < self.end[member])
        return found

    @property
    def size(self) -> int:
        return len(self.start)


@dataclass(frozen=True, eq=False)
class Messages:
    """Messages sent to members, in any order. ``topic``: code of what it was about, -1 = not told. ``is_impersonal``: of no campaign and without a piece of content,
    and not opened."""

    member: Longs
    day: Longs
    topic: Longs
    is_impersonal: Flags

    def of(self, chosen: Flags) -> "Messages":
        return Messages(self.member[chosen], self.day[chosen], self.topic[chosen], self.is_impersonal[chosen])


@dataclass(frozen=True, eq=False)
class Sent:
    """What messages say of each member: figures by name, and ``topic``: the code that most of them were about, -1 = none told."""

    figures: Mapping[str, Floats]
    topic: Longs


def sent(messages: Messages, windows: Windows) -> Sent:
    """Shares are not a number of who got none."""
    own = messages.of(windows.hold(messages.member, messages.day))
    count = np.bincount(own.member, minlength=windows.size)
    impersonal = np.bincount(own.member, weights=own.is_impersonal, minlength=windows.size)
    of_topic, topic = _most_of_one(own, windows.size)
    told = np.bincount(own.member[own.topic >= 0], minlength=windows.size)
    figures = {
        "most_messages_30d": most_within(own.member, own.day, BURST_DAYS, windows.size).astype(float),
        "same_topic_messages": of_topic.astype(float),
        "same_topic_share": _share(of_topic, told),
        "impersonal_messages": impersonal,
        "impersonal_share": _share(impersonal, count),
    }
    return Sent(figures, topic)


def _share(part: NDArray[np.number], whole: Longs) -> Floats:
    return np.where(whole > 0, part / np.maximum(whole, FEW_MESSAGES), np.nan)


def most_within(member: Longs, day: Longs, days: int, size: int) -> Longs:
    """The most messages that each member got on ``days`` days on end."""
    found = np.zeros(size, np.int64)
    if len(member):
        first = int(day.min())
        reach = int(day.max()) - first + days + 1
        axis = np.sort(member * reach + (day - first))  # members so far apart that no window reaches across
        until = np.searchsorted(axis, axis + days, side="left")
        np.maximum.at(found, axis // reach, until - np.arange(len(axis)))
    return found


def _most_of_one(own: Messages, size: int) -> tuple[Longs, Longs]:
    """How many messages were about the topic that most were about, and which it is: of equals the first."""
    most, which = np.zeros(size, np.int64), np.full(size, -1)
    is_told = own.topic >= 0
    if is_told.any():
        topics = int(own.topic.max()) + 1
        cell, count = np.unique(own.member[is_told] * topics + own.topic[is_told], return_counts=True)
        order = np.lexsort((cell, -count))
        who, first = np.unique(cell[order] // topics, return_index=True)
        most[who], which[who] = count[order][first], (cell[order] % topics)[first]
    return most, which


def counts(member: Longs, day: Longs, windows: Windows) -> Floats:
    """How many facts lie in each member's window."""
    inside = windows.hold(member, day)
    return np.bincount(member[inside], minlength=windows.size).astype(float)


@dataclass(frozen=True, eq=False)
class Usual:
    """Mean and standard deviation of a figure over the members asked about, without the hundredth with most of it; ``deviation`` at least ``least``."""

    mean: float
    deviation: float


def usual(values: Floats, least: float) -> Usual:
    """Of whom it is defined. Of nobody: a mean of 0."""
    known = np.sort(values[~np.isnan(values)])
    kept = known[: len(known) - int(np.ceil(len(known) * OUTSIDE_SHARE))] if len(known) > 1 else known
    if not len(kept):
        return Usual(0.0, least)
    return Usual(float(kept.mean()), max(float(kept.std()), least))


@dataclass(frozen=True, eq=False)
class Judged:
    """``strength``: a row per member and a column per cause (``CAUSES``), in standard deviations, 0 where nothing is above the usual. ``cause``: place among ``CAUSES``,
    ``NONE`` below ``TELLING``."""

    strength: Floats
    cause: Longs
    usual: Mapping[str, Usual]


def judged(figures: Mapping[str, Floats], size: int, among: Flags | None = None) -> Judged:
    """``figures``: by name, one value per member; those that are missing say nothing. ``among``: whose mean is the usual one; None = everybody's."""
    strength = np.zeros((size, len(CAUSES)))
    known: dict[str, Usual] = {}
    for one in FIGURES:
        if one.name not in figures:
            continue
        values = figures[one.name]
        found = known[one.name] = usual(values if among is None else values[among], one.least)
        if one.weighs:
            above = np.nan_to_num((values - found.mean) / found.deviation)
            strength[:, CAUSES.index(one.cause)] = np.maximum(above, 0.0)
    cause = strength.argmax(axis=1) if size else np.empty(0, np.int64)
    is_told = strength.max(axis=1, initial=0.0) >= TELLING
    return Judged(strength, np.where(is_told, cause, NONE).astype(np.int64), known)


def added(figures: Mapping[str, Floats], size: int) -> dict[str, Floats]:
    """The same with the sums of ``SUMS``, of the parts that are there."""
    found = dict(figures)
    for name, parts in SUMS.items():
        own = [figures[part] for part in parts if part in figures]
        if own:
            found[name] = np.sum(own, axis=0) if size else np.empty(0)
    return found


def of_cause(cause: Cause) -> Sequence[Figure]:
    """The figure that weighs first, then its evidence."""
    return sorted((one for one in FIGURES if one.cause == cause), key=lambda one: not one.weighs)
