"""Facts told by day and hour so that parts add up: each counts once, in the one place where it began."""

import ibis
import ibis.expr.types as ir

from core.metrics.channels import GROUP_CHAT

NOWHERE = ""
"""Channel or unit of what names none."""


def visits_told(moments: ir.Table) -> ir.Table:
    """Visits that their source tells (a session of its own), each at its first event; of equal times the first row.

    ``moments``: ``core.metrics.moments.of_rows`` of events with ``member_id`` of members. Grain: one row per session. Columns: ``member_id`` (null where no event
    of it is a member's), ``occurred_at``, ``local_date``, ``channel``, ``unit_id`` (``NOWHERE`` where the event names none).
    """
    rows = moments.filter(moments.session.notnull())
    order = ibis.struct({"at": rows.occurred_at, "sequence": rows.sequence.fill_null(0), "row": rows.row})
    return rows.group_by("session").aggregate(
        member_id=rows.member_id.max(),
        occurred_at=rows.occurred_at.min(),
        local_date=rows.local_date.argmin(order),
        channel=rows.channel.fill_null(NOWHERE).argmin(order),
        unit_id=rows.unit_id.fill_null(NOWHERE).argmin(order),
    )  # fmt: skip


def first_acts(events: ir.Table, lines: ir.Table, messages: ir.Table, members: ir.Table) -> ir.Table:
    """When members first acted on a day on a channel. An action is an event, an order or refund, or a message in a group (channel
    ``group_chat``), as ``core.metrics.facts.actions``.

    Grain: one row per member, business day and channel. Columns: ``member_id``, ``local_date``, ``channel`` (``NOWHERE`` where none is named),
    ``first_at``. Unordered.
    """
    columns = ("identity_key", "local_date", "occurred_at", "channel")
    said = messages.filter(messages.sender_kind == "member").mutate(channel=ibis.literal(GROUP_CHAT))
    acted = (events, lines.filter(lines.line_kind != "adjustment"), said)
    rows = ibis.union(*[one.select(*columns) for one in acted]).inner_join(members, "identity_key")
    rows = rows.mutate(channel=rows.channel.fill_null(NOWHERE))
    return rows.group_by("member_id", "local_date", "channel").aggregate(first_at=rows.occurred_at.min())


def arrivals(joins: ir.Table, profiles: ir.Table, members: ir.Table) -> ir.Table:
    """``member_id``, ``first_at`` of members who joined: a group (``group_membership``), or by what a profile says, whichever was first."""
    joined = joins.filter(joins.change == "join").select("identity_key", at=joins.occurred_at)
    told = profiles.filter(profiles.joined_at.notnull()).select("identity_key", at=profiles.joined_at)
    rows = ibis.union(joined, told).inner_join(members, "identity_key")
    return rows.group_by("member_id").aggregate(first_at=rows["at"].min())


def member_units(profiles: ir.Table) -> ir.Table:
    """``member_id``, ``unit_id`` of members whom a profile places: of several units the first by id, so that a member counts in one.

    ``profiles``: ``member_profiles`` linked to members."""
    placed = profiles.filter(profiles.unit_id.notnull())
    return placed.group_by("member_id").aggregate(unit_id=placed.unit_id.min())
