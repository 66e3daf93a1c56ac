"""Facts as metrics read them: joined to members, visible, and cut to what was asked."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import ibis
import ibis.expr.types as ir

INTERACTIONS = ("like", "comment", "share", "reply", "group_message")
"""Names of actions that count as interaction; a message in a group is one of them."""
VIEWS = ("product_view",)
CARTS = ("add_to_cart",)
ORDER_PLACED = "order_placed"
MESSAGE_SENT = "group_message"


def linked(facts: ir.Table, member_map: ir.Table) -> ir.Table:
    """Facts with ``member_id``: null where nobody is known, or only an anonymous identity is."""
    found = facts.left_join(member_map, "identity_key").drop("identity_key_right")
    return found.mutate(member_id=ibis.ifelse(found.is_known, found.member_id, None)).drop("is_known")


def visible(events: ir.Table, event_names: ir.Table) -> ir.Table:
    """Events without those whose name is held until somebody approves it."""
    held = event_names.filter(event_names.is_held).select("name")
    return events.anti_join(held, "name")


@dataclass(frozen=True)
class Facts:
    """The tables of one question, after ``linked`` and ``visible``, cut to scope and filters.

    ``births`` has one row per member: ``member_id``, ``local_date`` (first action ever or joining; null when neither has a
    date). It obeys scope, unit and segment, never the channel: a person is new once.
    """

    table: Callable[[str], ir.Table]
    births: ir.Table

    @cached_property
    def orders(self) -> ir.Table:
        """One row per order whose gross is above 0: ``member_id``, ``local_date`` and ``occurred_at`` of its first line,
        ``gross_minor``, ``channel``, ``unit_id``."""
        lines = self.table("order_lines")
        lines = lines.filter(lines.line_kind == "sale")
        grouped = lines.group_by(["source", "order_no"]).aggregate(
            member_id=lines.member_id.max(),
            gross_minor=lines.amount_minor.sum(),
            occurred_at=lines.occurred_at.min(),
            local_date=lines.local_date.min(),
            channel=lines.channel.min(),
            unit_id=lines.unit_id.min(),
            campaign_id=lines.campaign_id.min(),
            row=lines.row_number.min(),
        )
        return grouped.filter(grouped.gross_minor > 0)

    @cached_property
    def actions(self) -> ir.Table:
        return actions(self.table)


def actions(table: Callable[[str], ir.Table]) -> ir.Table:
    """What members did: ``member_id``, ``local_date``, ``name``. Messages received are no actions."""
    events = table("events").select("member_id", "local_date", "name")
    lines = table("order_lines")
    bought = lines.filter(lines.line_kind != "adjustment").select(
        "member_id", "local_date", name=ibis.literal(ORDER_PLACED)
    )
    messages = table("group_messages")
    spoke = messages.filter(messages.sender_kind == "member").select(
        "member_id", "local_date", name=ibis.literal(MESSAGE_SENT)
    )
    return known(ibis.union(events, bought, spoke))


def known(rows: ir.Table) -> ir.Table:
    """Only rows of members."""
    return rows.filter(rows.member_id.notnull())


def births(acts: ir.Table, joins: ir.Table, profiles: ir.Table, every_member: ir.Table) -> ir.Table:
    """When each member was new: first action ever or joining, whichever was first.

    ``acts``, ``joins``: ``member_id``, ``local_date``. ``profiles``: ``member_id``, ``joined_on``. ``every_member``:
    ``member_id`` of all members. Grain: one row per member; ``local_date`` is null when no date is known.
    """
    days = ibis.union(
        acts.group_by("member_id").aggregate(local_date=acts.local_date.min()),
        joins.group_by("member_id").aggregate(local_date=joins.local_date.min()),
        profiles.group_by("member_id").aggregate(local_date=profiles.joined_on.min()),
    )
    first = days.group_by("member_id").aggregate(local_date=days.local_date.min())
    return every_member.left_join(first, "member_id").select("member_id", "local_date")
