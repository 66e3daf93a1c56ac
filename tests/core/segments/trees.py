"""Random trees of the language."""

from datetime import date

from hypothesis import strategies as st

from core.segments import language
from core.segments.language import (
    AllOf,
    AnyOf,
    Condition,
    Dates,
    Event,
    LastDays,
    Node,
    Not,
    OneOf,
    Profile,
    Score,
    Value,
)

TEXTS = st.sampled_from(["a", "金卡", "x' OR 1", "east", "{0}"])
NUMBERS = st.integers(0, 9) | st.sampled_from([0.5, 2.25])
DAYS = st.dates(date(2025, 12, 1), date(2026, 3, 1))
MOST = {
    "rfm": st.sampled_from(language.RFM_CLASSES), "value_tier": st.sampled_from(language.VALUE_TIERS),
    "lifecycle": st.sampled_from(language.LIFECYCLE_STATES), "tier": TEXTS, "cluster": TEXTS, "group": TEXTS,
    "tag": st.integers(1, 9), "segment": st.integers(1, 9),
}  # fmt: skip


@st.composite
def compared(draw, values, ops=language.RANGE_OPS):
    """An operator and its values."""
    op = draw(st.sampled_from(ops))
    found = [draw(values) for _ in range(2 if op == "between" else 1)]
    return op, tuple(sorted(found))


@st.composite
def profiles(draw):
    field = draw(st.sampled_from(language.FIELDS))
    if draw(st.integers(0, 4)) == 0:
        return Profile(field, draw(st.sampled_from(["is_set", "is_not_set"])))
    if field in language.TEXT_FIELDS or field in language.FLAG_FIELDS:
        values = st.booleans() if field in language.FLAG_FIELDS else TEXTS
        return Profile(
            field, draw(st.sampled_from(["is", "is_not"])), tuple(draw(st.lists(values, min_size=1, max_size=2)))
        )
    numbers = (
        DAYS
        if field == "joined_on"
        else st.integers(0, 99)
        if field in ("age", "days_since_joined")
        else st.integers(1950, 2020)
    )
    return Profile(field, *draw(compared(numbers)))


@st.composite
def conditions(draw):
    name, op = draw(st.sampled_from(["channel", "product_id", "size"])), draw(st.sampled_from(language.CONDITION_OPS))
    if op in language.WITHOUT_VALUES:
        return Condition(name, op)
    if op in ("more_than", "less_than"):
        return Condition(name, op, (draw(st.sampled_from(["1", "2.5", "-3"])),))
    return Condition(name, op, tuple(draw(st.lists(TEXTS, min_size=1, max_size=2))))


@st.composite
def windows(draw):
    start, end = sorted([draw(DAYS), draw(DAYS)])
    return draw(st.sampled_from([None, LastDays(draw(st.integers(1, 40))), Dates(start, end)]))


@st.composite
def events(draw):
    measure = draw(st.sampled_from(language.MEASURES))
    names = (language.ORDER_PLACED,) if measure == "amount" else tuple(draw(st.lists(TEXTS, min_size=1, max_size=2)))
    op, values = draw(compared(NUMBERS if measure == "amount" else st.integers(0, 9), language.MEASURE_OPS))
    return Event(names, measure, op, values, draw(windows()), tuple(draw(st.lists(conditions(), max_size=2))))


@st.composite
def numbers(draw):
    name = draw(st.sampled_from((*language.VALUES, *language.SCORES)))
    whole = name in language.WHOLE_VALUES
    values = st.sampled_from([0, 0.25, 1]) if name in language.SHARES else st.integers(0, 9) if whole else NUMBERS
    return (Value if name in language.VALUES else Score)(name, *draw(compared(values)))


@st.composite
def lists(draw):
    kind = draw(st.sampled_from(sorted(MOST)))
    return OneOf(kind, tuple(draw(st.lists(MOST[kind], min_size=1, max_size=3))))


def leaves() -> st.SearchStrategy[Node]:
    return profiles() | events() | numbers() | lists()


def trees(leaf: st.SearchStrategy[Node] | None = None, depth: int = 4) -> st.SearchStrategy[Node]:
    """Trees of up to ``depth`` levels over the leaves given; all kinds of leaves when none are."""
    leaf = leaves() if leaf is None else leaf
    found = leaf
    for _ in range(depth - 1):
        children = st.lists(found, min_size=1, max_size=3).map(tuple)
        found = leaf | children.map(AllOf) | children.map(AnyOf) | found.map(Not)
    return found
