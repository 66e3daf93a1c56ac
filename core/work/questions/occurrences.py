"""What series are counted of, read once per version of the lake: visits, first acts, arrivals and messages, of everybody, with their hour."""

from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.lake.reader import Snapshot
from core.lake.writer import local_time
from core.metrics import daily, moments
from core.metrics import facts as f
from core.metrics.daily import NOWHERE
from core.metrics.talk import is_activity
from core.scope import EVERYTHING, Filters
from core.sequences import sessions
from core.sequences.arrays import Int64s
from core.sequences.stream import Batch, ordered
from core.sequences.subjects import Subjects
from core.settings import DEFAULT_CURRENCY
from core.work.questions.kept import filed
from core.work.questions.reading import Reading
from core.work.rollups import all_marked

ACTED = ("events", "order_lines", "group_messages")
BORN = (*ACTED, "group_membership", "member_profiles")
HOURS = 24
EPOCH = date(1970, 1, 1)


def since_1970(rows: pa.Table) -> Int64s:
    found: Int64s = rows["local_date"].cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)
    return found


@filed("visits1", "events", "identity_map", "event_names", most=2)
def visits(snapshot: Snapshot, zone: str) -> pa.Table:
    """Visits of everybody (see ``Series``). Grain: one visit. Columns: ``member_id`` (0 where no member is known), ``hour`` (of the business zone's clock, since 1970),
    ``channel``, ``unit_id`` (``NOWHERE`` where none is named). In order of members."""
    everybody = Reading(snapshot, zone, DEFAULT_CURRENCY, EVERYTHING, Filters())
    rows = moments.of_rows(moments.EVENTS, snapshot.table("events"), everybody.held)
    told = daily.visits_told(f.linked(rows, everybody.members))
    hour = local_time(told.occurred_at, zone).hour()
    of_source = snapshot.arrow(told.select("member_id", "local_date", "channel", "unit_id", hour=hour))
    found = [
        _visited(of_source["member_id"].fill_null(0), since_1970(of_source) * HOURS + of_source["hour"].to_numpy(), of_source["channel"], of_source["unit_id"])
    ]  # fmt: skip
    found.append(_by_pauses(snapshot, zone, rows))
    rows = pa.concat_tables(found).unify_dictionaries()
    return rows.take(
        pa.array(np.argsort(rows["member_id"].to_numpy(), kind="stable"))
    )  # so that members are quickly found


def _by_pauses(snapshot: Snapshot, zone: str, rows: ir.Table) -> pa.Table:
    """Visits of those whose source tells none: runs of one's events without a long pause; visitors whom nobody knows have theirs."""
    alone = rows.filter(rows.session.isnull() & rows.identity_key.notnull())
    clock = local_time(alone.occurred_at, zone)
    table = snapshot.arrow(
        alone.select("identity_key", "channel", "unit_id", "row", "local_date", at=alone.occurred_at, step=alone.sequence.fill_null(0), hour=clock.hour())
    )  # fmt: skip
    who = snapshot.stream(snapshot.member_map().select("identity_key", "member_id", "is_known"))
    people = Subjects.of(who["identity_key"], who["member_id"])
    subject = people.codes(table["identity_key"].to_numpy())
    # An identity that no map holds yet is a visitor of its own.
    stray = np.flatnonzero(subject < 0)
    subject[stray] = len(people) + np.unique(table["identity_key"].to_numpy()[stray], return_inverse=True)[1]
    at = table["at"].combine_chunks().cast(pa.int64()).to_numpy() + table["step"].to_numpy()
    count = len(table)
    stream = ordered(
        [Batch(subject, at, np.ones(count, np.uint16), np.arange(count, dtype=np.int32), table["row"].to_numpy())]
    )
    cut = sessions.split(stream)
    first = stream.entry_code[cut.stream.offset[:-1]]
    owner = np.zeros(len(people) + len(stray), np.int64)
    owner[: len(people)] = people.ids
    strangers = np.setdiff1d(who["member_id"], who["member_id"][who["is_known"]])
    owner[np.searchsorted(people.ids, strangers)] = 0
    begun = table.take(pa.array(first))
    hour = since_1970(begun) * HOURS + begun["hour"].to_numpy()
    return _visited(owner[cut.owner], hour, begun["channel"], begun["unit_id"])


def _visited(member: object, hour: Int64s, channel: pa.ChunkedArray, unit: pa.ChunkedArray) -> pa.Table:
    columns = {
        "member_id": pa.chunked_array([member]) if isinstance(member, np.ndarray) else member,
        "hour": hour.astype(np.int32),
    }
    texts = {
        name: pc.fill_null(one.cast(pa.string()), NOWHERE).dictionary_encode()
        for name, one in (("channel", channel), ("unit_id", unit))
    }
    return pa.table(columns | texts)


@filed("acts1", *ACTED, "identity_map", "event_names", most=2)
def acts(snapshot: Snapshot, zone: str) -> pa.Table:
    """When members first acted on a day on a channel, of those whom nobody left out: ``member_id``, ``hour`` (of the business zone's clock, since 1970), ``channel``
    (``NOWHERE`` where none is named). In order of member, time and channel."""
    everybody = Reading(snapshot, zone, DEFAULT_CURRENCY, EVERYTHING, Filters())
    events, lines, messages = (everybody.visible(name) for name in ACTED)
    found = daily.first_acts(events, lines, messages, everybody.members)
    found = found.order_by("member_id", "local_date", "first_at", "channel")
    rows = snapshot.arrow(
        found.select("member_id", "local_date", "channel", hour=local_time(found.first_at, zone).hour())
    )
    hour = (since_1970(rows) * HOURS + rows["hour"].to_numpy()).astype(np.int32)
    return pa.table({"member_id": rows["member_id"], "hour": hour, "channel": rows["channel"].dictionary_encode()})


@filed("came1", *BORN, "identity_map", "event_names", most=2)
def came(snapshot: Snapshot, zone: str) -> pa.Table:
    """Hour of each member's first action or joining, ascending by member: ``member_id``, ``hour`` (of the business zone's clock, since 1970)."""
    everybody = Reading(snapshot, zone, DEFAULT_CURRENCY, EVERYTHING, Filters())
    joins, profiles = snapshot.table("group_membership"), snapshot.current("member_profiles")
    first_at = daily.arrivals(joins, profiles, everybody.members)
    clock = local_time(first_at.first_at, zone)
    joined = snapshot.arrow(first_at.select("member_id", local_date=clock.date(), hour=clock.hour()))
    done = acts(snapshot, zone)
    member = np.concatenate([done["member_id"].to_numpy(), joined["member_id"].to_numpy()])
    hour = np.concatenate([done["hour"].to_numpy(), since_1970(joined) * HOURS + joined["hour"].to_numpy()])
    order = np.lexsort((hour, member))
    member, hour = member[order], hour[order]
    is_first = np.diff(member, prepend=member[:1] - 1) != 0
    return pa.table({"member_id": member[is_first], "hour": hour[is_first].astype(np.int32)})


@filed("said1", "group_messages", "identity_map", most=2)
def said(snapshot: Snapshot, zone: str) -> pa.Table:
    """Messages that count, by known members in groups: ``group_id``, ``member_id``, ``hour`` (of the business zone's clock, since 1970), ``said``. Unordered."""
    everybody = Reading(snapshot, zone, DEFAULT_CURRENCY, EVERYTHING, Filters())
    rows = everybody.snapshot.table("group_messages")
    if all_marked(snapshot):
        rows = rows.drop("text")  # the dearest column of the lake
    rows = f.known(f.linked(rows, everybody.members))
    rows = rows.filter(is_activity(rows) & rows.group_id.notnull())
    rows = rows.mutate(hour=local_time(rows.occurred_at, zone).hour())
    told = snapshot.arrow(rows.group_by("group_id", "member_id", "local_date", "hour").aggregate(said=ibis._.count()))
    hour = (since_1970(told) * HOURS + told["hour"].to_numpy()).astype(np.int32)
    return pa.table(
        {"group_id": told["group_id"].dictionary_encode(), "member_id": told["member_id"], "hour": hour, "said": told["said"]}
    )  # fmt: skip


def told(reading: Reading) -> None:
    """Have all of them made, of whatever the lake has facts of."""
    snapshot, zone = reading.snapshot, reading.zone
    if snapshot.files("events"):
        visits(snapshot, zone)
    if any(snapshot.files(name) for name in BORN):
        came(snapshot, zone)
        acts(snapshot, zone)
    if snapshot.files("group_messages"):
        said(snapshot, zone)
