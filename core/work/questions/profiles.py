"""What profiles of members say: the values that a condition on them can name."""

import ibis.expr.types as ir

from core.metrics import facts as f
from core.work.questions.reading import Reading

COLUMNS = {
    "gender": "gender", "city": "city", "unit": "unit_id", "staff": "staff_id", "acquisition_channel": "acquisition_channel",
}  # fmt: skip
"""Fields of texts, and their columns."""
MOST = 500


def values(reading: Reading, field: str, most: int = MOST) -> list[str]:
    """Values of a field of texts, those of most members within the reading first; ties by value. Nobody's values are none."""
    rows = _newest(reading).select("member_id", value=COLUMNS[field])
    known = rows.filter(rows.value.notnull())
    counted = known.group_by("value").aggregate(members=known.member_id.nunique())
    found = counted.order_by([counted.members.desc(), counted.value]).limit(most)
    return [str(value) for value in reading.snapshot.arrow(found)["value"].to_pylist()]


def staff(reading: Reading) -> dict[str, str]:
    """Names of employees by id; empty where nobody named them."""
    if not reading.snapshot.files("staff"):
        return {}
    rows = reading.snapshot.current("staff")
    found = reading.snapshot.arrow(rows.filter(rows.name.notnull()).select("staff_id", "name"))
    return dict(zip(found["staff_id"].to_pylist(), found["name"].to_pylist(), strict=True))


def groups(reading: Reading) -> list[str]:
    """Groups within the reading, by id."""
    return sorted(reading.snapshot.arrow(reading.chats.select("group_id").distinct())["group_id"].to_pylist())


def _newest(reading: Reading) -> ir.Table:
    rows = f.known(f.linked(reading.snapshot.current("member_profiles"), reading.members))
    return rows if reading.allowed is None else rows.semi_join(reading.allowed, "member_id")
