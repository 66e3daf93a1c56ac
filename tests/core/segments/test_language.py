"""The language of segments: what it takes, what it refuses and where, and that it says everything in one way."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidSegment
from core.segments import language
from core.segments.language import AllOf, AnyOf, Condition, Dates, Event, LastDays, Not, OneOf, Profile, Score, Value
from tests.core.segments.trees import trees

LEAF = {"rfm": ["high_value"]}


def definition(where):
    return {"v": 1, "where": where}


def refusal(given):
    with pytest.raises(InvalidSegment) as caught:
        language.parse(given)
    return caught.value.details["reason"], caught.value.details["path"]


def test_every_kind_of_condition_is_read():
    where = {
        "all": [
            {"profile": "gender", "op": "is", "values": ["f"]},
            {"profile": "is_friend", "op": "is_not", "values": [True]},
            {"profile": "age", "op": "between", "values": [18, 35]},
            {"profile": "joined_on", "op": "at_least", "values": ["2026-01-31"]},
            {"profile": "city", "op": "is_not_set"},
            {
                "event": ["order_placed"], "measure": "amount", "op": "at_most", "values": [99.5], "window": {"days": 30},
                "where": [{"name": "channel", "op": "is", "values": ["app"]}, {"name": "size", "op": "is_set"}],
            },
            {
                "event": ["a", "b"], "measure": "count", "op": "exactly", "values": [0],
                "window": {"from": "2026-01-01", "to": "2026-01-01"},
            },
            {"any": [{"value": "aov", "op": "between", "values": [-1, 2.5]}, {"score": "chance_90d", "op": "at_least", "values": [0.5]}]},
            {"not": {"tag": [7]}},
            {"value_tier": ["lost"]}, {"tier": ["金卡"]}, {"lifecycle": ["dormant", "lost"]}, {"cluster": ["A"]},
            {"group": ["g1"]}, {"segment": [3, 1]},
        ]
    }  # fmt: skip
    assert language.parse(definition(where)) == AllOf(
        (
            Profile("gender", "is", ("f",)),
            Profile("is_friend", "is_not", (True,)),
            Profile("age", "between", (18, 35)),
            Profile("joined_on", "at_least", (date(2026, 1, 31),)),
            Profile("city", "is_not_set"),
            Event(
                ("order_placed",), "amount", "at_most", (99.5,), LastDays(30),
                (Condition("channel", "is", ("app",)), Condition("size", "is_set")),
            ),
            Event(("a", "b"), "count", "exactly", (0,), Dates(date(2026, 1, 1), date(2026, 1, 1))),
            AnyOf((Value("aov", "between", (-1, 2.5)), Score("chance_90d", "at_least", (0.5,)))),
            Not(OneOf("tag", (7,))),
            OneOf("value_tier", ("lost",)), OneOf("tier", ("金卡",)), OneOf("lifecycle", ("dormant", "lost")),
            OneOf("cluster", ("A",)), OneOf("group", ("g1",)), OneOf("segment", (3, 1)),
        )
    )  # fmt: skip


@given(trees())
@settings(max_examples=60, deadline=None)
def test_a_tree_written_and_read_is_the_same_tree(node):
    assert language.parse(language.to_json(node)) == node
    assert language.read(language.text(node)) == node
    assert language.parse(json.loads(language.text(node))) == node


def test_one_meaning_is_written_in_one_way():
    one = {
        "v": 1,
        "where": {"event": ["a"], "measure": "count", "op": "at_least", "values": [5.0], "window": None, "where": []},
    }
    two = {"where": {"values": [5], "op": "at_least", "measure": "count", "event": ["a"]}, "v": 1}
    assert language.text(language.parse(one)) == language.text(language.parse(two))
    assert language.text(language.parse(two)) == (
        '{"v":1,"where":{"event":["a"],"measure":"count","op":"at_least","values":[5],"window":null,"where":[]}}'
    )
    set_, empty = {"profile": "city", "op": "is_set"}, {"profile": "city", "op": "is_set", "values": []}
    assert language.text(language.parse(definition(set_))) == language.text(language.parse(definition(empty)))


EVENT = {"event": ["a"], "measure": "count", "op": "at_least", "values": [1]}
BAD = [
    # wrong types and shapes
    (None, "object", ""),
    ([], "object", ""),
    ("{}", "object", ""),
    ({}, "missing_key", ""),
    ({"v": 1}, "missing_key", ""),
    ({"v": 2, "where": LEAF}, "version", "v"),
    ({"v": True, "where": LEAF}, "version", "v"),
    ({"v": "1", "where": LEAF}, "version", "v"),
    ({"v": 1.0, "where": LEAF}, "version", "v"),
    ({"v": 1, "where": LEAF, "sql": "drop"}, "unknown_key", "sql"),
    (definition(None), "object", "where"),
    (definition([LEAF]), "object", "where"),
    (definition({}), "unknown_kind", "where"),
    (definition({"sql": "1=1"}), "unknown_kind", "where"),
    (definition({"__class__": ["x"]}), "unknown_kind", "where"),
    (definition({"rfm": ["high_value"], "tag": [1]}), "one_kind", "where"),
    (definition({"all": [LEAF], "any": [LEAF]}), "one_kind", "where"),
    (definition({"all": [LEAF], "op": "x"}), "unknown_key", "where.op"),
    (definition({"all": []}), "empty", "where.all"),
    (definition({"all": {"0": LEAF}}), "list", "where.all"),
    (definition({"all": [LEAF] * 21}), "too_many", "where.all"),
    (definition({"not": [LEAF]}), "object", "where.not"),
    (definition({"all": [LEAF, {"rfm": ["x"]}]}), "choice", "where.all[1].rfm[0]"),
    (definition({"rfm": []}), "empty", "where.rfm"),
    (definition({"rfm": "high_value"}), "list", "where.rfm"),
    (definition({"rfm": [None]}), "text", "where.rfm[0]"),
    (definition({"lifecycle": ["not_yet"]}), "choice", "where.lifecycle[0]"),
    # numbers
    (definition({"tag": [True]}), "number", "where.tag[0]"),
    (definition({"tag": ["1"]}), "number", "where.tag[0]"),
    (definition({"tag": [1.0]}), "number", "where.tag[0]"),
    (definition({"segment": [0]}), "range", "where.segment[0]"),
    (definition({"segment": [2**63]}), "range", "where.segment[0]"),
    (definition(EVENT | {"values": [True]}), "number", "where.values[0]"),
    (definition(EVENT | {"values": ["1"]}), "number", "where.values[0]"),
    (definition(EVENT | {"values": [1.5]}), "whole", "where.values[0]"),
    (definition(EVENT | {"values": [-1]}), "negative", "where.values[0]"),
    (definition(EVENT | {"values": [float("nan")]}), "range", "where.values[0]"),
    (definition(EVENT | {"values": [float("inf")]}), "range", "where.values[0]"),
    (definition(EVENT | {"values": [10**400]}), "range", "where.values[0]"),
    (definition(EVENT | {"values": [1e300]}), "range", "where.values[0]"),
    (definition(EVENT | {"values": [1, 2]}), "one_value", "where.values"),
    (definition(EVENT | {"values": []}), "empty", "where.values"),
    (definition(EVENT | {"op": "between"}), "two_values", "where.values"),
    (definition(EVENT | {"op": "between", "values": [2, 1]}), "reversed", "where.values"),
    (definition(EVENT | {"op": ">="}), "choice", "where.op"),
    (definition(EVENT | {"op": ["at_least"]}), "text", "where.op"),
    (definition(EVENT | {"measure": "sum"}), "choice", "where.measure"),
    (definition(EVENT | {"measure": "amount"}), "amount_of_orders", "where.event"),
    (definition({"event": ["a"]}), "missing_key", "where"),
    (definition({"score": "chance_30d", "op": "at_least", "values": [1.01]}), "chance", "where.values[0]"),
    (definition({"score": "churn", "op": "at_least", "values": [1]}), "choice", "where.score"),
    (definition({"value": "orders", "op": "exactly", "values": [1]}), "choice", "where.op"),
    (definition({"value": "orders", "op": "at_least", "values": [0.5]}), "whole", "where.values[0]"),
    # windows and dates
    (definition(EVENT | {"window": {"days": 0}}), "range", "where.window.days"),
    (definition(EVENT | {"window": {"days": True}}), "number", "where.window.days"),
    (definition(EVENT | {"window": {"days": 1, "from": "2026-01-01"}}), "unknown_key", "where.window.from"),
    (definition(EVENT | {"window": {"from": "2026-01-01"}}), "missing_key", "where.window"),
    (definition(EVENT | {"window": {"from": "2026-01-02", "to": "2026-01-01"}}), "reversed", "where.window"),
    (definition(EVENT | {"window": {"from": "20260102", "to": "2026-01-03"}}), "date", "where.window.from"),
    (definition(EVENT | {"window": {"from": "2026-02-30", "to": "2026-03-03"}}), "date", "where.window.from"),
    (definition(EVENT | {"window": {"from": "0001-01-01", "to": "2026-03-03"}}), "range", "where.window.from"),
    (definition(EVENT | {"window": {"from": "２０２６-01-01", "to": "2026-03-03"}}), "date", "where.window.from"),
    (definition(EVENT | {"window": 30}), "object", "where.window"),
    (definition({"profile": "joined_on", "op": "at_least", "values": ["now()"]}), "date", "where.values[0]"),
    # profiles
    (definition({"profile": "phone", "op": "is", "values": ["1"]}), "choice", "where.profile"),
    (definition({"profile": "gender; DROP TABLE members", "op": "is", "values": ["f"]}), "choice", "where.profile"),
    (definition({"profile": "gender", "op": "at_least", "values": ["f"]}), "choice", "where.op"),
    (definition({"profile": "gender", "op": "is"}), "missing_key", "where"),
    (definition({"profile": "gender", "op": "is", "values": [1]}), "text", "where.values[0]"),
    (definition({"profile": "gender", "op": "is_set", "values": ["f"]}), "no_values", "where.values"),
    (definition({"profile": "is_test", "op": "is", "values": [1]}), "flag", "where.values[0]"),
    (definition({"profile": "is_test", "op": "is", "values": ["true"]}), "flag", "where.values[0]"),
    (definition({"profile": "age", "op": "at_least", "values": [True]}), "number", "where.values[0]"),
    (definition({"profile": "age", "op": "at_least", "values": [151]}), "range", "where.values[0]"),
    (definition({"profile": "birth_year", "op": "at_least", "values": [18]}), "range", "where.values[0]"),
    # texts
    (definition({"group": [""]}), "empty", "where.group[0]"),
    (definition({"group": [" \t"]}), "empty", "where.group[0]"),
    (definition({"group": ["x" * 201]}), "too_long", "where.group[0]"),
    (definition({"group": ["g"] * 501}), "too_many", "where.group"),
    (definition({"group": ["a\x00b"]}), "letters", "where.group[0]"),
    (definition({"group": ["a\x1b[2J"]}), "letters", "where.group[0]"),
    (definition({"group": ["a\ud800"]}), "letters", "where.group[0]"),
    (definition({"group": ["abc\u202edcba"]}), "letters", "where.group[0]"),
    (definition({"group": ["a\u2028b"]}), "letters", "where.group[0]"),
    # conditions of events
    (definition(EVENT | {"where": {}}), "list", "where.where"),
    (definition(EVENT | {"where": [{"name": "x", "op": "matches", "values": [".*"]}]}), "choice", "where.where[0].op"),
    (definition(EVENT | {"where": [{"name": "x", "op": "is"}]}), "missing_key", "where.where[0]"),
    (definition(EVENT | {"where": [{"name": "x", "op": "more_than", "values": [5]}]}), "text", "where.where[0].values[0]"),
    (definition(EVENT | {"where": [{"name": "x", "op": "more_than", "values": ["1e9"]}]}), "number_text", "where.where[0].values[0]"),
    (definition(EVENT | {"where": [{"name": "x", "op": "more_than", "values": ["nan"]}]}), "number_text", "where.where[0].values[0]"),
    (definition(EVENT | {"where": [{"name": "x", "op": "more_than", "values": ["1", "2"]}]}), "one_value", "where.where[0].values"),
    (definition(EVENT | {"where": [{"name": "amount", "op": "is", "values": ["1 OR 1"]}]}), "number_text", "where.where[0].values[0]"),
    (definition(EVENT | {"where": [{"name": "amount", "op": "contains", "values": ["1"]}]}), "choice", "where.where[0].op"),
    (definition(EVENT | {"where": [{"name": "x", "op": "is_set", "values": ["a"]}]}), "no_values", "where.where[0].values"),
    (definition(EVENT | {"where": [{"name": "x", "op": "is_set", "when": 1}]}), "unknown_key", "where.where[0].when"),
]  # fmt: skip


@pytest.mark.parametrize(("given_", "reason", "path"), BAD, ids=range(len(BAD)))
def test_what_breaks_the_language_is_refused_by_reason_and_place(given_, reason, path):
    assert refusal(given_) == (reason, path)


HARMLESS = [
    "'; DROP TABLE members; --", "1 OR 1=1", "${7*7}", "{0.__class__}", "%(x)s %s %n", "{{constructor.constructor('x')()}}",
    "<script>alert(1)</script>", "../../etc/passwd", "C:\\x", "__import__('os').system('x')", "=HYPERLINK(1)", "NaN", "null",
    "ＤＲＯＰ", "a\u200db", "Ω≈ç", "👩‍👩‍👧", "e\u0301", "\\", '"', "$where", "x'||'y",
]  # fmt: skip


@pytest.mark.parametrize("text", HARMLESS)
def test_a_text_that_looks_like_a_command_is_plain_data(text):
    node = language.parse(definition({"all": [{"group": [text]}, {"profile": "city", "op": "is", "values": [text]}]}))
    assert node == AllOf((OneOf("group", (text,)), Profile("city", "is", (text,))))
    assert language.read(language.text(node)) == node


def nested(depth):
    where = LEAF
    for _ in range(depth - 1):
        where = {"not": where}
    return definition(where)


def test_conditions_are_nested_six_deep_at_most():
    assert language.parse(nested(6))
    assert refusal(nested(7)) == ("too_deep", "where" + ".not" * 6)
    assert refusal(nested(500))[0] == "too_deep"


def test_a_segment_has_sixty_leaves_at_most():
    assert language.parse(definition({"any": [{"all": [LEAF] * 20}] * 3}))
    assert refusal(definition({"any": [*[{"all": [LEAF] * 20}] * 3, LEAF]})) == ("too_many_leaves", "where.any[3]")


def test_a_definition_has_64_kb_at_most():
    long = definition({"all": [{"group": ["群" * 200] * 120}]})
    assert refusal(long) == ("too_large", "where")
    with pytest.raises(InvalidSegment, match="64 KB"):
        language.read(json.dumps(long))


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[" * 60_000, '{"v":1,"where":{"tag":[NaN]}}', '{"v":1,"where":{"tag":[Infinity]}}',
        '{"v":1,"v":1,"where":{"tag":[1]}}', b"\xff\xfe", '{"v":1,"where":{"tag":[' + "9" * 5000 + "]}}",
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(text):
    with pytest.raises(InvalidSegment) as caught:
        language.read(text)
    assert caught.value.details["reason"] == "json"


def test_a_number_too_large_for_a_float_is_refused_as_text_too():
    with pytest.raises(InvalidSegment) as caught:
        language.read('{"v":1,"where":{"value":"aov","op":"at_least","values":[1e999]}}')
    assert caught.value.details["reason"] == "range"


def test_a_refusal_shows_no_more_of_a_key_than_a_line_holds():
    with pytest.raises(InvalidSegment) as caught:
        language.parse(definition(LEAF) | {"\x1b[31m" + "x" * 1000: 1})
    assert caught.value.details["path"] == "?[31m" + "x" * 35 + "…"


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["v", "where", "all", "any", "not", "event", "op", "values", "window", "tag", "rfm", "profile"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JUNK)
@settings(max_examples=60, deadline=None)
def test_anything_at_all_is_read_or_refused_by_name(junk):
    for given_ in (junk, definition(junk)):
        try:
            node = language.parse(given_)
        except InvalidSegment as error:
            assert error.details["reason"] and str(error)
        else:
            assert language.parse(language.to_json(node)) == node
