"""Amounts of money: one currency, the smallest unit, rounded once."""

from decimal import Decimal

import ibis
import ibis.expr.types as ir

from core.work.ingest import parsing
from core.work.ingest.draft import Draft
from core.work.ingest.mapping import CURRENCY, Mapping
from core.work.ingest.world import World


def fill(draft: Draft, mapping: Mapping, world: World) -> None:
    """Money columns of tables other than order lines. What is below zero stays so."""
    given = [c.name for c in mapping.target.columns if c.kind == "money" and said(draft, c.name)]
    if given:
        worth = add_worth(draft, mapping, world)
        for name in given:
            add_major(draft, mapping, world, name)
            draft.add(**{name: parsing.minor(draft[f"major:{name}"], draft["worth"] if worth else None, world.digits)})


def said(draft: Draft, name: str) -> str | None:
    """The text column behind a money column: in major units under its short name, else in the smallest unit."""
    texts = [f"text:{name.removesuffix('_minor')}", f"text:{name}"]
    return next((text for text in texts if text in draft), None)


def add_major(draft: Draft, mapping: Mapping, world: World, name: str) -> None:
    """``major:…``: the amount in major units, exactly."""
    text = said(draft, name)
    assert text is not None
    draft.add(**{f"number:{name}": parsing.decimal(draft[text], mapping.decimal)})
    number = draft[f"number:{name}"].cast("decimal(30, 12)")
    if text == f"text:{name}":
        number = (number * ibis.literal(Decimal(1).scaleb(-world.digits), "decimal(6, 4)")).cast("decimal(30, 12)")
    draft.refuse(
        draft[text].notnull() & draft[f"number:{name}"].isnull(), f"value.unreadable:{name.removesuffix('_minor')}"
    )
    draft.add(**{f"major:{name}": number})
    bound(draft, f"major:{name}")


def bound(draft: Draft, name: str) -> None:
    """Refuse amounts beyond a million million, here or in home currency, and make them null so that nothing overflows later."""
    is_small = draft[name].abs() < ibis.literal(parsing.TOO_LARGE, "decimal(18, 0)")
    if "worth" in draft:
        worth = draft[name].abs().cast("float64") * draft["worth"].cast("float64")
        is_small &= (worth < float(parsing.TOO_LARGE)).fill_null(True)
    draft.refuse(~is_small, "amount.too_large")
    draft.add(**{name: ibis.ifelse(is_small, draft[name], ibis.null()).cast(parsing.MAJOR)})


def add_worth(draft: Draft, mapping: Mapping, world: World) -> bool:
    """``worth``: what one unit of the row's currency is worth at home. False, and no column, when all is in home currency."""
    code: ir.StringValue
    if CURRENCY in mapping.columns:
        code = draft[f"text:{CURRENCY}"].upper()  # type: ignore[attr-defined]
        code = code.fill_null(mapping.currency or world.currency)
    elif mapping.currency in ("", world.currency):
        return False
    else:
        code = ibis.literal(mapping.currency)
    draft.add(worth=parsing.rate(code, world.currency, mapping.money.rates))
    draft.refuse(draft["worth"].isnull(), "currency.no_rate")
    return True
