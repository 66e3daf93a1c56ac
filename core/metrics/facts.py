"""Facts as metrics read them: joined to members, visible, and cut to what was asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import ibis
import ibis.expr.types as ir

INTERACTIONS = ("like", "comment", "share", "reply")
"""Events that count as interaction; a message in a group does as well."""
VIEWS = ("product_view",)
CARTS = ("add_to_cart",)
ORDER_PLACED = "order_placed"
PLACE = "place"
"""Column of facts that are told apart by where they happened: a fact of two places has two rows."""


def told(rows: ir.Table, *columns: str, **values: ir.Value) -> ir.Table:
    """These columns, and the place where rows are told apart by it."""
    return rows.select(*columns, *(one for one in (PLACE,) if one in rows.columns), **values)


def linked(facts: ir.Table, members: ir.Table) -> ir.Table:
    """Facts with ``member_id``: null where nobody is known, or only an anonymous identity is.

    ``members``: ``identity_key``, ``member_id`` of all members.
    """
    return facts.left_join(members, "identity_key").drop("identity_key_right")


def visible(events: ir.Table, held: Sequence[str]) -> ir.Table:
    """Events without those whose name is held until somebody approves it."""
    return events.filter(events.name.notin(held)) if held else events


@dataclass(frozen=True)
class Facts:
    """The tables of one question, joined to members and cut to scope and filters.

    ``table`` gives a fact table by name. ``births``: one row per member, ``member_id`` and ``local_date`` (first action ever or
    joining; null when neither has a date); it obeys scope, unit and segment, never the channel: a person is new once.
    ``actions``: one row per member and day with an action of the member's own, for the days the question is about, with
    ``has_viewed``, ``has_carted``, ``has_interacted``. ``keep`` holds on to rows that several figures share.
    """

    table: Callable[[str], ir.Table]
    births: ir.Table
    actions: ir.Table
    keep: Callable[[ir.Table], ir.Table]

    @cached_property
    def orders(self) -> ir.Table:
        """One row per order whose gross is above 0: ``member_id``, ``local_date`` and ``occurred_at`` of its first line,
        ``gross_minor``, ``channel``, ``unit_id``, and ``gap_days`` since the member's order before (null for the first one and
        where nobody is known)."""
        found = orders(self.table("order_lines"))
        before = found.local_date.lag().over(group_by="member_id", order_by=["occurred_at", "row"])
        gap = ibis.ifelse(found.member_id.notnull(), found.local_date.delta(before, unit="day"), None)
        return self.keep(found.mutate(gap_days=gap))


def orders(lines: ir.Table, *, with_product: bool = False) -> ir.Table:
    """``order_lines`` linked to members as one row per order whose gross is above 0. Columns: see ``Facts.orders``, but for
    ``gap_days``; ``row`` breaks ties of time. Lines told apart by place make an order in each of its places.
    ``with_product``: also ``main_product_id``, the product of its dearest line, of equally dear ones of the first."""
    lines = lines.filter(lines.line_kind == "sale")
    dearest = ibis.struct({"amount": lines.amount_minor, "row": -lines.row_number})
    more = {"main_product_id": lines.product_id.argmax(dearest)} if with_product else {}
    grouped = lines.group_by(["source", "order_no", *(one for one in (PLACE,) if one in lines.columns)]).aggregate(
        member_id=lines.member_id.max(),
        gross_minor=lines.amount_minor.sum(),
        occurred_at=lines.occurred_at.min(),
        local_date=lines.local_date.min(),
        channel=lines.channel.min(),
        unit_id=lines.unit_id.min(),
        campaign_id=lines.campaign_id.min(),
        row=lines.row_number.min(),
        **more,
    )
    return grouped.filter(grouped.gross_minor > 0)


def actions(table: Callable[[str], ir.Table]) -> ir.Table:
    """What people did.

    ``table`` gives fact tables as they are. Grain: one row per action. Columns: ``identity_key``, ``local_date``,
    ``has_viewed``, ``has_carted``, ``has_interacted``. Messages received and stock adjustments are no actions.
    """
    events, lines, messages = table("events"), table("order_lines"), table("group_messages")
    lines = lines.filter(lines.line_kind != "adjustment")
    messages = messages.filter(messages.sender_kind == "member")
    no, yes = ibis.literal(False), ibis.literal(True)
    return ibis.union(
        _flagged(events, events.name.isin(VIEWS), events.name.isin(CARTS), events.name.isin(INTERACTIONS)),
        _flagged(lines, no, no, no),
        _flagged(messages, no, no, yes),
    )


def _flagged(rows: ir.Table, viewed: ir.Value, carted: ir.Value, interacted: ir.Value) -> ir.Table:
    return told(rows, "identity_key", "local_date", has_viewed=viewed, has_carted=carted, has_interacted=interacted)


def member_days(actions: ir.Table, members: ir.Table) -> ir.Table:
    """Actions as one row per member and day, with what was done on it; of those told apart by place one per place."""
    found = actions.inner_join(members, "identity_key")
    flags = ("has_viewed", "has_carted", "has_interacted")
    return found.group_by(["member_id", "local_date", *(one for one in (PLACE,) if one in found.columns)]).aggregate(
        **{flag: found[flag].any() for flag in flags}
    )


def first_days(table: Callable[[str], ir.Table]) -> ir.Table:
    """First business day with an action or a joining, per identity and table: ``identity_key``, ``local_date``."""
    lines, messages, joins = table("order_lines"), table("group_messages"), table("group_membership")
    rows = (
        table("events"),
        lines.filter(lines.line_kind != "adjustment"),
        messages.filter(messages.sender_kind == "member"),
        joins.filter(joins.change == "join"),
    )
    return ibis.union(*[_identified(t).group_by("identity_key").aggregate(local_date=t.local_date.min()) for t in rows])


def _identified(rows: ir.Table) -> ir.Table:
    return rows.filter(rows.identity_key.notnull())


def known(rows: ir.Table) -> ir.Table:
    """Only rows of members."""
    return rows.filter(rows.member_id.notnull())


def births(days: ir.Table, members: ir.Table) -> ir.Table:
    """When each member was new: first action ever or joining, whichever was first.

    ``days``: ``identity_key``, ``local_date``. ``members``: ``identity_key``, ``member_id``. Grain: one row per member;
    ``local_date`` is null when no date is known.
    """
    own = members.left_join(days, "identity_key")
    return own.group_by("member_id").aggregate(local_date=own.local_date.min())
