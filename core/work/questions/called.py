"""What ids are called: units, groups, products, pieces of content and campaigns by the names of their newest revision."""

from core.work.questions.reading import Reading

NAMED = {
    "unit_id": ("units", "name"),
    "group_id": ("groups", "name"),
    "product_id": ("products", "name"),
    "content_id": ("contents", "title"),
    "campaign_id": ("campaigns", "name"),
}
"""Column of ids: the dimension that names them, and its column."""


def names_of(reading: Reading, column: str) -> dict[str, str]:
    """Name by id; empty for a column of no ids, or where no dimension was imported."""
    if column not in NAMED:
        return {}
    table, name = NAMED[column]
    if not reading.snapshot.files(table):
        return {}
    rows = reading.snapshot.current(table)
    found = reading.snapshot.arrow(rows.filter(rows[name].notnull()).select(id=column, name=name))
    return dict(zip(found["id"].to_pylist(), found["name"].to_pylist(), strict=True))
