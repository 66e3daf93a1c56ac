"""What else the rows of a batch say: what their words mean, products behind order lines, names of events."""

import ibis
import ibis.expr.types as ir

from core.lake.reader import Snapshot
from core.metrics import talk


def marked(table: str, rows: ir.Table) -> ir.Table:
    """Rows with the contract's derived columns (``schema.Table.derived``)."""
    if table != "group_messages":
        return rows
    return talk.marked(rows if "text" in rows.columns else rows.mutate(text=ibis.null("string")))


def products(rows: ir.Table, before: Snapshot) -> ir.Table:
    """Products sold on the lines, under the last name a sale gave them, where that says anything new.

    What a catalogue said of a product stays: a line changes no product that has a category or a list price. A line without a
    name takes no name away.
    """
    if "product_name" not in rows.columns:
        rows = rows.mutate(product_name=ibis.null("string"))
    sold = rows.filter(rows.product_id.notnull() & (rows.line_kind == "sale"))
    named = sold.filter(sold.product_name.notnull())
    names = named.group_by("product_id").aggregate(said=named.product_name.argmax(named.row_number))
    every = (
        sold.group_by("product_id", "source").aggregate(row_number=sold.row_number.min()).left_join(names, "product_id")
    )
    known = before.current("products").select(
        known_id="product_id", known="name", category="category", price="price_minor"
    )
    joined = every.left_join(known, every.product_id == known.known_id)
    news = joined.known_id.isnull() | (
        joined.category.isnull()
        & joined.price.isnull()
        & joined.said.notnull()
        & ~joined.said.identical_to(joined.known)
    )
    return joined.filter(news).select("product_id", "source", "row_number", name=joined.said)


def event_names(rows: ir.Table, before: Snapshot, is_approved: bool) -> ir.Table:
    """Names to enter in the list: all that are not approved yet when the mapping vouches for them, else only unknown ones, held."""
    found = rows.group_by("name").aggregate(row_number=rows.row_number.min(), source=rows.source.min())
    known = before.current("event_names")
    known = known.filter(~known.is_held) if is_approved else known
    return found.anti_join(known, "name").mutate(is_held=ibis.literal(not is_approved))
