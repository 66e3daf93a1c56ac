"""Which channel the openids of each source belong to: nobody says so, so it is concluded from what the source brought."""

from collections import defaultdict

import ibis
import pyarrow as pa

from core.lake.reader import Snapshot
from core.segments import reach as rules
from core.segments.reach import Account
from core.work.questions.kept import filed
from core.work.questions.reading import Reading

ROWS = ("events", "touches", "order_lines")
"""Tables whose rows say on which channel they happened."""
TOLD = pa.schema([("source", pa.string()), ("channel", pa.string()), ("count", pa.int64())])


def of(snapshot: Snapshot) -> tuple[Account, ...]:
    """The sources that brought openids, by name, each with the channel that its openids are taken to be of."""
    rows: dict[str, dict[str, int]] = defaultdict(dict)
    for row in _told(snapshot).to_pylist():
        rows[row["source"]] |= {row["channel"]: row["count"]} if row["channel"] else {}
    return tuple(rules.account(source, rows[source]) for source in sorted(rows))


def told(reading: Reading) -> tuple[Account, ...]:
    """As ``of``."""
    return of(reading.snapshot)


@filed("accounts1", "identities", *ROWS)
def _told(snapshot: Snapshot) -> pa.Table:
    """``source`` of openids, ``channel`` and ``count`` of its rows; of each source one row without a channel."""
    if not snapshot.files("identities"):
        return TOLD.empty_table()
    seen = snapshot.table("identities")
    seen = seen.filter(seen.identity_type == rules.OPENID).select(source=seen.namespace.fill_null("")).distinct()
    sources = snapshot.arrow(seen)["source"].to_pylist()
    found = pa.Table.from_pylist([{"source": source, "channel": None, "count": 0} for source in sources], TOLD)
    tables = [snapshot.table(name) for name in ROWS if snapshot.files(name)]
    if not (sources and tables):
        return found
    rows = ibis.union(
        *[t.filter(t.source.isin(sources), t.channel.notnull()).select("source", "channel") for t in tables]
    )
    counted = rows.group_by("source", "channel").aggregate(count=rows.count())
    return pa.concat_tables([found, snapshot.arrow(counted).select(TOLD.names).cast(TOLD)])
