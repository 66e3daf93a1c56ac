"""Conditions as text: what each sign says, what is refused, and that nothing is lost on the way there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidFunnel
from core.work.questions import conditions
from core.work.questions.moments import OPS, Condition

WORDS = st.text(alphabet=st.one_of(st.sampled_from("=!~?><,:|\\- 渠a2."), st.characters(exclude_categories=("Cs",))))


@st.composite
def any_condition(draw) -> Condition:
    op = draw(st.sampled_from(OPS))
    name = draw(WORDS.filter(bool))
    if op in conditions.WITHOUT_VALUE:
        return Condition(name, op)
    if op in conditions.OF_A_NUMBER:
        most = conditions.LARGEST
        return Condition(name, op, (str(draw(st.floats(-most, most) | st.integers(-most, most))),))
    return Condition(name, op, tuple(draw(st.lists(WORDS, min_size=1, max_size=4))))


@given(any_condition())
def test_what_is_written_is_read_as_the_same_condition(condition):
    assert conditions.parse(conditions.written(condition)) == condition


@given(st.integers(1, 10), any_condition())
def test_the_number_of_a_step_is_read_with_it(step, condition):
    assert conditions.parse_of_step(f"{step}:{conditions.written(condition)}") == (step, condition)


@pytest.mark.parametrize(
    ("number", "is_one"), [("1e12", True), ("-1e12", True), ("1000000000001", False), ("1e308", False), ("inf", False)]
)
def test_numbers_beyond_measure_are_refused(number, is_one):
    assert conditions.is_number(number) is is_one
    if not is_one:
        with pytest.raises(InvalidFunnel):
            conditions.parse(f"amount>{number}")


@given(st.lists(WORDS, min_size=1), st.sampled_from(",|>"))
def test_what_is_put_together_is_taken_apart_again(parts, sign):
    assert conditions.split(conditions.joined(parts, sign), sign) == parts


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("channel=app,web", Condition("channel", "is", ("app", "web"))),
        ("channel!=app", Condition("channel", "is_not", ("app",))),
        ("page~sale", Condition("page", "contains", ("sale",))),
        ("amount>20", Condition("amount", "more_than", ("20",))),
        ("amount<0.5", Condition("amount", "less_than", ("0.5",))),
        ("size?", Condition("size", "is_set")),
        ("size!?", Condition("size", "is_not_set")),
        ("a\\=b=c\\,d,e", Condition("a=b", "is", ("c,d", "e"))),
        ("url=http://x?a=1", Condition("url", "is", ("http://x?a=1",))),
    ],
)
def test_each_sign_has_one_meaning(text, condition):
    assert conditions.parse(text) == condition


@pytest.mark.parametrize(
    "text", ["", "channel", "=app", "amount>", "amount>much", "amount>nan", "amount>1,2", "size?yes", "size!"]
)
def test_a_text_that_says_nothing_is_refused(text):
    with pytest.raises(InvalidFunnel) as refused:
        conditions.parse(text)
    assert refused.value.details["problem"] == "condition"


@pytest.mark.parametrize("text", ["amount>1", "0:amount>1", "x:amount>1", "²:amount>1"])
def test_a_condition_without_its_step_is_refused(text):
    with pytest.raises(InvalidFunnel):
        conditions.parse_of_step(text)


def test_conditions_stand_with_their_steps_and_only_with_steps_that_exist():
    app, dear = conditions.parse("channel=app"), conditions.parse("amount>20")
    assert conditions.by_step([(3, dear), (1, app), (3, app)], 3) == ((app,), (), (dear, app))
    assert conditions.by_step([], 3) == ()
    with pytest.raises(InvalidFunnel):
        conditions.by_step([(4, app)], 3)
