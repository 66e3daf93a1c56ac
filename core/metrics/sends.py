"""Messages sent to single people, one row each, from the states they reached. Expressions over ``touches`` linked to members."""

import ibis.expr.types as ir

from core.periods import Period

RESPONSES = ("opened", "clicked", "replied", "converted")
"""States that somebody's own doing brings about; a message that reached one of them was delivered."""
DELIVERED = ("delivered", *RESPONSES)
OLDEST_DAYS = 31
"""A message belongs to the day of its first state. States are looked for so many days before a period, so that one that was sent
before it is not taken for one of it."""


def sends(touches: ir.Table, period: Period) -> ir.Table:
    """One row per message whose first state lies in the period.

    Columns: ``source``, ``touch_id``, ``member_id``, ``channel``, ``content_id``, ``sent_at`` (its first state), ``sent_on``,
    ``clicked_at``, ``responded_at`` (first of opened, clicked, replied, converted), ``delivered_at``; null where not reached;
    ``is_delivered``, ``is_clicked``, ``is_opened``, ``is_failed``; ``cost_minor``. Only states reached within the period are known, so
    that two periods of equal length are alike.
    """
    first = period.start_on.fromordinal(period.start_on.toordinal() - OLDEST_DAYS)
    rows = touches.filter((touches.local_date >= first) & (touches.local_date < period.end_on))
    found = rows.group_by("source", "touch_id").aggregate(
        member_id=rows.member_id.max(),
        channel=rows.channel.max(),
        content_id=rows.content_id.max(),
        sent_at=rows.occurred_at.min(),
        sent_on=rows.local_date.min(),
        delivered_at=rows.occurred_at.min(where=rows.state.isin(DELIVERED)),
        opened_at=rows.occurred_at.min(where=rows.state == "opened"),
        clicked_at=rows.occurred_at.min(where=rows.state == "clicked"),
        responded_at=rows.occurred_at.min(where=rows.state.isin(RESPONSES)),
        failed_at=rows.occurred_at.min(where=rows.state == "failed"),
        cost_minor=rows.cost_minor.sum().fill_null(0),
    )
    own = found.filter(found.sent_on >= period.start_on)
    flags = {f"is_{name}": own[f"{name}_at"].notnull() for name in ("delivered", "opened", "clicked", "failed")}
    return own.mutate(**flags).drop("opened_at", "failed_at")
