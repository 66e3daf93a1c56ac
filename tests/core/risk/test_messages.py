"""Messages with places: only known ones are filled, what is missing is seen, and no value does anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.risk import messages
from core.risk.messages import GAP, InvalidMessage

KNOWN = ("what", "who")


def test_places_are_filled_and_what_is_unknown_is_a_gap():
    assert (
        messages.fill("{{what}} by {{ who }} and {{what}}", {"what": "Late tea"}, KNOWN)
        == f"Late tea by {GAP} and Late tea"
    )
    assert messages.fill("{{what}}", {"what": "  "}, KNOWN) == messages.fill("{{what}}", {"what": None}, KNOWN) == GAP


@pytest.mark.parametrize(
    ("template", "reason"),
    [("{{password}}", "place"), ("{{what", "brace"), ("what}}", "brace"), ("{{What}}", "brace"), ("{{what.x}}", "brace"), ("{{{{what}}}}", "brace"), ("x" * 4001, "long")],
)  # fmt: skip
def test_what_is_no_known_place_is_refused(template, reason):
    with pytest.raises(InvalidMessage) as refused:
        messages.fill(template, {}, KNOWN)
    assert refused.value.details["reason"] == reason


@given(st.text(max_size=60))
def test_a_value_stands_as_it_is_and_is_never_filled_again(value):
    told = messages.fill("<{{what}}>", {"what": value, "who": "secret"}, KNOWN)
    assert told == f"<{value.strip() or GAP}>"


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "empty"), (" \n", "empty"), (f"Cause: {GAP}", "gap"), ("Cause: {{cause}}", "gap"), ("x" * 4001, "long")],
)
def test_a_text_with_something_missing_is_told_to_nobody(text, reason):
    with pytest.raises(InvalidMessage) as refused:
        messages.refuse_gaps(text)
    assert refused.value.details["reason"] == reason


def test_a_whole_text_may_be_told():
    messages.refuse_gaps("Cause: a batch of tea {that} was late.")
