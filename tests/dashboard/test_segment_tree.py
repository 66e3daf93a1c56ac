"""Boxes on screen say exactly what the definition says, whatever is done with them."""

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from core.segments import language
from core.segments.sentence import simplified
from dashboard.data import definitions
from dashboard.widgets.segments import rows, tree
from dashboard.widgets.segments.tree import Box, Row

WOMEN = {"profile": "gender", "op": "is", "values": ["f"]}
BOUGHT = {"value": "orders", "op": "at_least", "values": [2]}
TAGGED = {"tag": [3]}
EMPTY = {"tag": []}
NODES = some.recursive(
    some.sampled_from([WOMEN, BOUGHT, TAGGED]),
    lambda inner: some.one_of(
        some.lists(inner, min_size=1, max_size=3).map(lambda nodes: {"all": nodes}),
        some.lists(inner, min_size=1, max_size=3).map(lambda nodes: {"any": nodes}),
        inner.map(lambda node: {"not": node}),
    ),
    max_leaves=8,
)


def made(node: object) -> Box:
    numbers = count(1)
    found = tree.of(node, lambda: next(numbers))
    assert found is not None
    return found


@settings(max_examples=60)
@given(NODES)
def test_a_definition_on_screen_means_what_it_meant(node: dict) -> None:
    again = tree.complete(made(node))
    assert again is not None
    depth = language.MOST_DEPTH
    try:
        before = language.parse({"v": 1, "where": node})
        after = language.parse({"v": 1, "where": again})
    except language.InvalidSegment as refusal:
        assert refusal.details["most"] == depth
        return
    assert simplified(after) == simplified(before)


def test_none_of_is_not_any_of() -> None:
    box = made({"not": {"any": [WOMEN, BOUGHT]}})
    assert (box.kind, [row.body for row in box.parts if isinstance(row, Row)]) == ("none", [WOMEN, BOUGHT])
    assert tree.json(box) == {"not": {"any": [WOMEN, BOUGHT]}}


def test_none_of_one_is_not() -> None:
    assert tree.json(made({"not": WOMEN})) == {"not": WOMEN}
    assert tree.json(made({"not": {"all": [WOMEN]}})) == {"not": {"all": [WOMEN]}}
    inside = Box(1, "none", (Box(2, "any", (Row(3, WOMEN), Row(4, BOUGHT))),))
    assert tree.complete(inside) == {"not": {"any": [{"any": [WOMEN, BOUGHT]}]}}


def test_what_is_not_filled_in_is_left_out() -> None:
    box = made({"all": [WOMEN, EMPTY, {"any": [EMPTY]}, {"not": EMPTY}]})
    assert tree.complete(box) == {"all": [WOMEN]}
    assert tree.json(box) == {"all": [WOMEN, EMPTY, {"any": [EMPTY]}, {"not": EMPTY}]}
    assert tree.complete(made({"all": [EMPTY]})) is None


@pytest.mark.parametrize(
    ("body", "is_complete"),
    [
        ({"profile": "gender", "op": "is", "values": []}, False),
        ({"profile": "gender", "op": "is_set"}, True),
        ({"value": "orders", "op": "between", "values": [1]}, False),
        ({"value": "orders", "op": "between", "values": [None, 3]}, False),
        ({"value": "orders", "op": "between", "values": [0, 3]}, True),
        ({"event": [], "measure": "count", "op": "at_least", "values": [1], "window": None, "where": []}, False),
        ({"event": ["a"], "measure": "count", "op": "at_most", "values": [0], "window": None, "where": []}, True),
        (
            {"event": ["a"], "measure": "count", "op": "at_most", "values": [0], "window": None,
             "where": [{"name": "channel", "op": "is", "values": []}]},
            False,
        ),
    ],
)  # fmt: skip
def test_a_condition_is_complete_once_it_can_be_asked(body: dict, is_complete: bool) -> None:
    assert Row(1, body).is_complete is is_complete


def test_what_is_not_filled_in_is_counted_and_so_is_a_box_that_holds_nothing() -> None:
    assert tree.unfilled(made({"all": [WOMEN, {"not": BOUGHT}]})) == 0
    assert tree.unfilled(made({"all": [WOMEN, EMPTY, {"any": []}, {"not": {"any": [{"all": []}, EMPTY]}}]})) == 4
    assert tree.unfilled(Box(1, "all")) == 0


def test_a_fault_is_shown_at_the_condition_that_has_it() -> None:
    wrong = {"value": "orders", "op": "between", "values": [9, 1]}
    box = made({"all": [EMPTY, WOMEN, {"not": {"any": [TAGGED, wrong]}}, {"not": {"all": [wrong]}}]})
    found = tree.complete(box)
    with pytest.raises(language.InvalidSegment) as refused:
        language.parse({"v": 1, "where": found})
    path = str(refused.value.details["path"])
    assert path == "where.all[1].not.any[1].values"
    part = tree.part_of(box, tree.faulty(box, path))
    assert isinstance(part, Row)
    assert part.body == wrong
    inner = tree.part_of(box, tree.faulty(box, "where.all[2].not.all[0].values"))
    assert inner is not part
    assert isinstance(inner, Row)


def test_parts_are_moved_wrapped_opened_doubled_and_removed() -> None:
    box = made({"all": [WOMEN, BOUGHT, TAGGED]})
    first, second, third = (part.number for part in box.parts)
    numbers = count(100)

    def new() -> int:
        return next(numbers)

    assert tree.json(tree.moved(box, third, -1)) == {"all": [WOMEN, TAGGED, BOUGHT]}
    assert tree.json(tree.moved(box, first, -1)) == {"all": [WOMEN, BOUGHT, TAGGED]}
    assert tree.json(tree.moved(box, first, 1)) == {"all": [BOUGHT, WOMEN, TAGGED]}
    assert tree.json(tree.removed(box, second)) == {"all": [WOMEN, TAGGED]}
    assert tree.json(tree.removed(box, box.number)) == {"all": []}
    assert tree.json(tree.doubled(box, first, new)) == {"all": [WOMEN, WOMEN, BOUGHT, TAGGED]}
    wrapped = tree.wrapped(box, second, "none", new)
    assert tree.json(wrapped) == {"all": [WOMEN, {"not": BOUGHT}, TAGGED]}
    assert tree.json(tree.opened(wrapped, wrapped.parts[1].number)) == tree.json(box)
    assert tree.json(tree.wrapped(box, box.number, "none", new)) == {"not": {"all": [WOMEN, BOUGHT, TAGGED]}}


def test_no_two_parts_share_a_number_after_copying() -> None:
    box = made({"all": [WOMEN, {"any": [BOUGHT, TAGGED]}]})
    numbers = count(50)
    again = tree.doubled(box, box.parts[1].number, lambda: next(numbers))
    every = [number for _, number in tree.places(again)]
    assert len(every) == len(set(every)) == 8


@pytest.mark.parametrize("node", [None, 3, [], {}, {"all": 1}, {"all": [1]}, {"not": 3}, {"or": [WOMEN]}])
def test_what_is_no_tree_is_none(node: object) -> None:
    numbers = count(1)
    assert tree.of(node, lambda: next(numbers)) is None


# -- fields ------------------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    some.sampled_from(tree.LEAVES),
    some.dictionaries(
        some.sampled_from([*tree.LEAVES, "op", "values", "measure", "window", "where"]),
        some.one_of(some.none(), some.text(max_size=4), some.integers(), some.lists(some.one_of(some.integers(), some.text(max_size=4), some.none()), max_size=3)),
        max_size=6,
    ),
)  # fmt: skip
def test_whatever_an_address_says_becomes_a_condition_that_fields_can_show(kind: str, body: dict) -> None:
    fit = definitions.tidy(kind, {**body, kind: body.get(kind)})
    assert Row(1, fit).kind == kind
    assert definitions.tidy(kind, fit) == fit
    if Row(1, fit).is_complete:
        try:
            language.parse({"v": 1, "where": fit})
        except language.InvalidSegment as refusal:
            assert refusal.details["reason"] in {"reversed", "letters", "too_large", "range"}


@pytest.mark.parametrize("kind", tree.LEAVES)
def test_a_new_condition_is_one_that_fields_can_show(kind: str) -> None:
    blank = definitions.blank(kind)
    assert definitions.tidy(kind, blank) == blank
    assert not Row(1, blank).is_complete


def test_did_and_did_not_are_at_least_once_and_never() -> None:
    event = definitions.blank("event") | {"event": ["page_view"]}
    assert rows.told(event) == "did"
    never = rows.edited(Row(1, event), "op", "did_not", 1)
    assert (never["op"], never["values"], rows.told(never)) == ("at_most", [0], "did_not")
    often = rows.edited(Row(1, never), "op", "at_least", 1)
    assert (often["op"], often["values"]) == ("at_least", [2])


def test_another_field_forgets_the_values_of_the_one_before() -> None:
    city = {"profile": "city", "op": "is", "values": ["上海"]}
    assert rows.edited(Row(1, city), "name", "gender", 1) == {"profile": "gender", "op": "is", "values": []}
    orders = {"value": "net_amount", "op": "between", "values": [10, 20]}
    assert rows.edited(Row(1, orders), "name", "aov", 1) == {"value": "aov", "op": "between", "values": [10, 20]}


def test_a_chance_is_typed_in_percent() -> None:
    row = Row(1, {"score": "chance_90d", "op": "at_least", "values": []})
    assert rows.edited(row, "end0", 7.0, 1)["values"] == [0.07]


def test_amounts_are_of_orders_alone() -> None:
    event = {
        "event": ["order_placed"],
        "measure": "amount",
        "op": "at_least",
        "values": [5],
        "window": None,
        "where": [],
    }
    again = rows.edited(Row(1, event), "events", ["order_placed", "page_view"], 1)
    assert again["measure"] == "count"
