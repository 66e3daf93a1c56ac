"""Orders credited to the read or click that came last before them."""

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from core.metrics import facts, last_touch
from core.metrics.contents import READS, WINDOW_DAYS
from core.periods import Period
from core.work.questions.reading import Reading

DAY_US = 86_400_000_000
COLUMNS = ("member_id", "at", "content_id", "channel")


def orders(reading: Reading, period: Period) -> ir.Table:
    """Orders of members in the period, wherever they bought: ``member_id``, ``local_date``, ``at`` (naive UTC), ``gross_minor``, ``order_no``,
    ``source``."""
    found = facts.known(facts.orders(reading.anywhere("order_lines")))
    kept = found.filter((found.local_date >= period.start_on) & (found.local_date < period.end_on))
    columns = ("member_id", "local_date", "gross_minor", "order_no", "source")
    return reading.snapshot.keep(kept.select(*columns, at=kept.occurred_at))


def contacts(acts: ir.Table | None, sends: ir.Table | None) -> ir.Table | None:
    """Reads of content and clicks on messages of members, one row each: ``member_id``, ``at``, ``content_id``, ``channel``, and
    ``touch_id``, ``source`` of a click; None where the lake knows neither. ``acts``: events, ``sends``: ``core.metrics.sends``."""
    found = []
    if acts is not None:
        reads = acts.filter(acts.name.isin(READS) & acts.member_id.notnull())
        found.append(
            reads.select(*COLUMNS[:1], at=reads.occurred_at, content_id=reads.content_id, channel=reads.channel)
            .mutate(touch_id=ibis.null("string"), source=ibis.null("string"))
        )  # fmt: skip
    if sends is not None:
        clicks = sends.filter(sends.is_clicked & sends.member_id.notnull())
        found.append(
            clicks.select(
                "member_id", at=clicks.clicked_at, content_id=clicks.content_id, channel=clicks.channel,
                touch_id=clicks.touch_id, source=clicks.source,
            )
        )  # fmt: skip
    return ibis.union(*found) if len(found) == 2 else found[0] if found else None


def credited(reading: Reading, contacts: ir.Table, orders: ir.Table) -> ir.Table:
    """Orders that follow a contact within seven days, each once, with what the latest one says: ``member_id``, ``gross_minor``,
    ``content_id``, ``channel``, ``touch_id``, ``touch_source``. Ties of time: the greater content id, then channel."""
    mine = contacts.semi_join(orders, "member_id")
    found = reading.snapshot.arrow(mine.order_by("content_id", "channel", "touch_id"))
    bought = reading.snapshot.arrow(orders.order_by("member_id", "at", "source", "order_no"))
    place = last_touch.latest(
        _numbers(found, "member_id"), _times(found, "at"), _numbers(bought, "member_id"), _times(bought, "at"),
        WINDOW_DAYS * DAY_US,
    )  # fmt: skip
    kept = place != last_touch.NOTHING
    of = found.take(pa.array(place[kept]))
    rows = bought.filter(pa.array(kept))
    return ibis.memtable(
        pa.table(
            {
                "member_id": rows["member_id"],
                "gross_minor": rows["gross_minor"],
                "content_id": of["content_id"],
                "channel": of["channel"],
                "touch_id": of["touch_id"],
                "touch_source": of["source"],
            }
        )
    )


def _numbers(table: pa.Table, name: str) -> np.ndarray:
    return table[name].to_numpy().astype(np.int64)


def _times(table: pa.Table, name: str) -> np.ndarray:
    """Microseconds."""
    return table[name].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
