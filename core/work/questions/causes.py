"""Why members leave, as of a day: the cause of each with its evidence, and whom to call back first.

Rules: ``core.metrics.causes``. Facts are those that were known before the cut-off (``core.work.questions.scoring``), of a year back at most; topics of
pieces of content are those of today.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from core.lake.reader import Snapshot
from core.metrics import causes as rules
from core.metrics import facts as f
from core.metrics.causes import Cause, Figure, Floats, Messages, Usual, Windows
from core.metrics.sends import DELIVERED, OLDEST_DAYS
from core.metrics.surveys import LOW
from core.scope import EVERYTHING, Filters
from core.sequences.arrays import Int64s
from core.work.questions import scoring
from core.work.questions.kept import per_version
from core.work.questions.points import day_of
from core.work.questions.reading import Reading

LOOKED_BACK_DAYS = 365
READ = (*scoring.READ, "contents")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A figure of a member beside the usual one. ``strength``: standard deviations above it, 0 where it is not above. ``topic``: what it is about, where one is."""

    figure: Figure
    value: float
    usual: float
    strength: float
    topic: str | None = None


@dataclass(frozen=True, eq=False)
class Causes:
    """Of all members known before ``cutoff_on``, by ascending id. ``cause``: place among ``CAUSES``, ``NONE`` = none known; ``strength``: a column per cause.
    ``figures``: by name, NaN where not defined. ``topic``: what most messages of a member were about, by place in ``topics``, -1 = none."""

    cutoff_on: date
    ids: Int64s
    cause: Int64s
    strength: Floats
    figures: dict[str, Floats]
    usual: dict[str, Usual]
    topic: Int64s
    topics: tuple[str, ...]

    def place(self, member_id: int) -> int | None:
        found = int(np.searchsorted(self.ids, member_id))
        return found if found < len(self.ids) and self.ids[found] == member_id else None

    def evidence(self, place: int, cause: Cause) -> tuple[Evidence, ...]:
        """Of a member, for a cause: the figure that it goes by, and the others that are there and above the usual."""
        found = []
        for one in rules.of_cause(cause):
            if one.name not in self.figures or np.isnan(self.figures[one.name][place]):
                continue
            value, usual = float(self.figures[one.name][place]), self.usual[one.name]
            strength = max((value - usual.mean) / usual.deviation, 0.0)
            if strength > 0 or one.weighs:
                topic = (
                    self.topics[self.topic[place]]
                    if one.name == "same_topic_messages" and self.topic[place] >= 0
                    else None
                )
                found.append(Evidence(one, value, usual.mean, strength, topic))
        return tuple(found)


def causes(reading: Reading, cutoff_on: date) -> Causes:
    """Of everybody, whatever scope and filters say."""
    return _causes(reading.snapshot, reading.zone, reading.currency, cutoff_on)


@per_version(*READ, most=2)
def _causes(snapshot: Snapshot, zone: str, currency: str, cutoff_on: date) -> Causes:
    everybody = Reading(snapshot, zone, currency, EVERYTHING, Filters())
    ids, last = _last_actions(everybody, cutoff_on)
    cutoff = day_of(cutoff_on)
    windows = Windows.of(cutoff - last, cutoff)
    figures: dict[str, Floats] = {}
    topic: Int64s = np.full(len(ids), -1)
    topics: tuple[str, ...] = ()
    if snapshot.files("touches"):
        messages, topics = _messages(everybody, cutoff_on, ids)
        told = rules.sent(messages, windows)
        figures |= told.figures
        topic = told.topic
    for name, rows in _troubles(everybody, cutoff_on):
        member, day = _facts(snapshot, rows, ids)
        figures[name] = rules.counts(member, day, windows)
    figures = rules.added(figures, len(ids))
    judged = rules.judged(figures, len(ids), last <= LOOKED_BACK_DAYS)
    return Causes(cutoff_on, ids, judged.cause, judged.strength, figures, dict(judged.usual), topic, topics)


def _last_actions(everybody: Reading, on: date) -> tuple[Int64s, Floats]:
    """All members, and days since their last own action, NaN without one."""
    found = scoring.features(everybody, on)
    return found.ids, found.column("days_since_last_action")


def _before(everybody: Reading, name: str, on: date) -> ir.Table:
    rows = everybody.visible(name)
    rows = rows.filter(
        (rows.local_date < on) & (rows.local_date >= on - timedelta(days=LOOKED_BACK_DAYS + OLDEST_DAYS))
    )
    return f.known(f.linked(rows, everybody.members))


def _messages(everybody: Reading, on: date, ids: Int64s) -> tuple[Messages, tuple[str, ...]]:
    """Messages sent but those that failed and reached nobody, and the topics of their pieces."""
    snapshot = everybody.snapshot
    rows = _before(everybody, "touches", on)
    found = rows.group_by("source", "touch_id").aggregate(
        member_id=rows.member_id.max(),
        content_id=rows.content_id.max(),
        is_bare=rows.campaign_id.isnull().all() & rows.content_id.isnull().all(),
        is_opened=rows.state.isin(["opened", "clicked", "replied", "converted"]).any(),
        is_lost=(rows.state == "failed").any() & ~rows.state.isin(DELIVERED).any(),
        local_date=rows.local_date.min(),
    )
    found = found.filter(~found.is_lost)
    pieces = snapshot.current("contents").select("content_id", "topic")
    found = found.left_join(pieces, "content_id")
    told = snapshot.arrow(
        found.select("member_id", "local_date", "topic", is_impersonal=found.is_bare & ~found.is_opened).order_by(
            "member_id", "local_date"
        )
    )
    topic = told["topic"].combine_chunks().dictionary_encode()
    names = topic.dictionary.to_pylist()
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.append(np.argsort(order), -1)
    code = topic.indices.fill_null(len(names)).to_numpy(zero_copy_only=False)
    member, day = _placed(told, ids)
    own = member >= 0
    messages = Messages(member, day, place[code].astype(np.int64), told["is_impersonal"].to_numpy())
    return messages.of(own), tuple(names[one] for one in order)


def _troubles(everybody: Reading, on: date) -> Sequence[tuple[str, ir.Table]]:
    """Facts behind each figure that is a count of them."""
    snapshot, found = everybody.snapshot, []
    if snapshot.files("feedback"):
        rows = snapshot.keep(_before(everybody, "feedback", on))
        is_complaint, is_low = rows.feedback_kind.isin(["complaint", "dispute"]), rows.score.cast("float64") <= LOW
        about = rows.category.lower()
        found += [
            ("privacy_complaints", rows.filter(is_complaint & about.isin(rules.PRIVACY))),
            ("low_trust_scores", rows.filter((rows.feedback_kind == "trust") & is_low)),
            ("service_complaints", rows.filter(is_complaint & about.isin(rules.SERVICE))),
            ("low_service_scores", rows.filter((rows.feedback_kind == "service") & is_low)),
        ]
    if snapshot.files("consents"):
        rows = _before(everybody, "consents", on)
        found.append(("profiling_withdrawn", rows.filter((rows.purpose == "profiling") & (rows.state == "withdrawn"))))
    if snapshot.files("service_conversations"):
        rows = snapshot.keep(scoring.conversations(everybody, on, LOOKED_BACK_DAYS))
        found += [
            ("slow_replies", rows.filter(rows.is_slow | rows.is_missed)), ("unsolved", rows.filter(rows.is_unsolved)), ("low_talks", rows.filter(rows.is_low)),
        ]  # fmt: skip
    if snapshot.files("touches"):
        rows = _before(everybody, "touches", on)
        found.append(("unsubscribed", rows.filter(rows.state == "unsubscribed")))
    return found


def _facts(snapshot: Snapshot, rows: ir.Table, ids: Int64s) -> tuple[Int64s, Int64s]:
    member, day = _placed(snapshot.arrow(rows.select("member_id", "local_date")), ids)
    return member[member >= 0], day[member >= 0]


def _placed(rows: pa.Table, ids: Int64s) -> tuple[Int64s, Int64s]:
    """Place of each fact's member among ``ids``, -1 = none of them, and its day since 1970."""
    who = rows["member_id"].to_numpy()
    day = rows["local_date"].cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)
    if not len(ids):
        return np.full(len(who), -1), day
    at = np.minimum(np.searchsorted(ids, who), len(ids) - 1)
    return np.where(ids[at] == who, at, -1).astype(np.int64), day
