"""Words of readings."""

from dashboard import i18n
from dashboard.data.readings import Kind, Limit
from dashboard.i18n import t


def called(kind: Kind) -> str:
    """As the house calls its own; the product's in the reader's language."""
    return kind.name if kind.name is not None else t(f"readings.kind_{kind.key}")


def value(kind: Kind, number: float | None) -> str:
    """With two digits after the point where they say anything."""
    if number is None:
        return i18n.UNDEFINED
    if kind.unit == "share":
        return i18n.share(number, 2)
    return i18n.number(number, 0 if float(number).is_integer() else 2)


def limit(kind: Kind, one: Limit) -> str:
    sign = ("≥" if one.is_inclusive else ">") if one.direction == "above" else ("≤" if one.is_inclusive else "<")
    return f"{sign} {value(kind, one.value)}"
