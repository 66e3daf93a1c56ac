"""Order lines: quantity, price, amount, and whether a line is a sale, a refund or a stock adjustment."""

from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir

from core.work.ingest import money, parsing
from core.work.ingest.draft import Draft
from core.work.ingest.mapping import Mapping
from core.work.ingest.world import World

LONG = "decimal(24, 6)"


def fill(draft: Draft, mapping: Mapping, world: World) -> None:
    """Add ``quantity, unit_price, amount_minor, line_kind``.

    Given quantity and price, the amount is their product; given an amount, the price is what one piece comes to. A refund is
    below zero whatever sign the source wrote. Without a refund mark, below zero means a stock adjustment at price 0, and else
    a row that nobody can interpret.
    """
    worth = money.add_worth(draft, mapping, world)
    _number(draft, mapping, "quantity", ibis.literal(1, "decimal(18, 6)"))
    if money.said(draft, "amount_minor"):
        money.add_major(draft, mapping, world, "amount_minor")
        each = draft["major:amount_minor"].abs().cast("float64") / draft["number:quantity"].nullif(0).abs().cast(
            "float64"
        )  # type: ignore[attr-defined]
        _number(draft, mapping, "unit_price", each.round(6).try_cast("decimal(18, 6)").fill_null(0))
    else:
        _number(draft, mapping, "unit_price", ibis.null("decimal(18, 6)"))
        # The engine multiplies short decimals within 64 bits, and fails beyond ten million; long ones have room.
        product = draft["number:quantity"].cast(LONG) * draft["number:unit_price"].cast(LONG)  # type: ignore[operator]
        draft.add(**{"major:amount_minor": product})
        money.bound(draft, "major:amount_minor")
    quantity, amount = (draft[n] for n in ("number:quantity", "major:amount_minor"))
    draft.add(is_below=((quantity < 0) | (amount < 0)).fill_null(False))  # type: ignore[operator]
    draft.add(is_refund=_is_refund(draft, mapping))
    _judge(draft)
    _sign(draft, worth, world)


def _judge(draft: Draft) -> None:
    price = draft["number:unit_price"]
    unmarked = draft["is_below"] & ~draft["is_refund"]  # type: ignore[operator]
    draft.refuse(price < 0, "price.negative")  # type: ignore[operator]
    draft.refuse(unmarked & (price > 0), "refund.unmarked")
    kind = ibis.cases((draft["is_refund"], "refund"), (draft["is_below"], "adjustment"), else_="sale")
    draft.add(line_kind=kind)


def _sign(draft: Draft, worth: bool, world: World) -> None:
    quantity, price, amount = (draft[n] for n in ("number:quantity", "number:unit_price", "major:amount_minor"))
    draft.add(
        quantity=ibis.ifelse(draft["is_refund"], -quantity.abs(), quantity).cast("decimal(18, 6)"),
        unit_price=(price.cast("decimal(38, 12)") * draft["worth"]).try_cast("decimal(18, 6)") if worth else price,
        signed=ibis.ifelse(draft["is_refund"], -amount.abs(), amount).cast(parsing.MAJOR),
    )
    draft.add(amount_minor=parsing.minor(draft["signed"], draft["worth"] if worth else None, world.digits))


def _number(draft: Draft, mapping: Mapping, name: str, otherwise: ir.Value) -> None:
    """``number:…``: what the file says, or what else it must be."""
    if f"text:{name}" not in draft:
        draft.add(**{f"number:{name}": otherwise})
        return
    text = draft[f"text:{name}"]
    draft.add(**{f"number:{name}": parsing.decimal(text, mapping.decimal)})
    draft.refuse(draft[f"text:{name}"].notnull() & draft[f"number:{name}"].isnull(), f"value.unreadable:{name}")


def _is_refund(draft: Draft, mapping: Mapping) -> ir.BooleanValue:
    marks = [draft["is_below"]] if mapping.refund.is_negative else []
    if mapping.refund.column:
        text: ir.StringValue = draft["text:refund"]  # type: ignore[assignment]
        marks += [text.startswith(mapping.refund.starts_with)] if mapping.refund.starts_with else []
        marks += [text.isin(mapping.refund.values)] if mapping.refund.values else []
    return reduce(or_, marks).fill_null(False) if marks else ibis.literal(False)
