import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.campaigns import links
from core.campaigns.links import Link
from core.senders import leaving
from core.senders.leaving import Leaving

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
messages = st.integers(1, links.MOST_MESSAGE)
numbers = st.integers(0, links.MOST_LINKS - 1)


@pytest.mark.parametrize(
    ("link", "token"),
    [
        (Link(1, 0), "1SyWtDM1WFvqV"),
        (Link(1_000_000, 3), "68mSlECnQcLm4EdE"),
        (Link(links.MOST_MESSAGE, 255), "G5IKZNlbJGEZBrFqxq78npt"),
    ],
)
def test_a_token_stays_what_it_is_for_ever_because_messages_are_read_late(link, token):
    assert links.token(KEY, link) == token
    assert links.read([KEY], token) == link


def test_a_short_link_of_the_millionth_message_has_sixteen_letters_after_its_place():
    assert (
        links.short("https://go.example.com", KEY, 1_000_000, 3).removeprefix("https://go.example.com/c/")
        == "68mSlECnQcLm4EdE"
    )
    assert len("68mSlECnQcLm4EdE") == 16


@given(messages, numbers)
def test_what_was_written_is_read_back_with_any_key_that_was_in_use_and_with_no_other(message, number):
    token = links.token(KEY, Link(message, number))
    assert links.read([OTHER, KEY], token) == Link(message, number)
    assert links.read([OTHER], token) is None
    assert links.read([], token) is None


@given(messages, numbers)
def test_a_token_is_of_letters_and_digits_alone(message, number):
    token = links.token(KEY, Link(message, number))
    assert re.fullmatch("[0-9A-Za-z]+", token)
    assert len(token) <= links.LONGEST


@given(messages, numbers, st.data())
def test_a_token_with_any_letter_changed_added_or_left_out_is_none(message, number, data):
    token = links.token(KEY, Link(message, number))
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("09AZaz-_~é").filter(lambda one: one != token[at]))
    for wrong in (token[:at] + letter + token[at + 1 :], token[:at] + token[at + 1 :], token + letter, "0" + token):
        assert links.read([KEY], wrong) is None


@given(st.text(max_size=40))
def test_whatever_comes_is_read_without_an_error(text):
    assert links.read([KEY], text) is None
    assert links.read_who(text) is None or "." in text


@pytest.mark.parametrize("link", [Link(0, 0), Link(-1, 0), Link(links.MOST_MESSAGE + 1, 0), Link(1, -1), Link(1, 256)])
def test_a_message_or_link_that_cannot_be_gets_no_token(link):
    with pytest.raises(ValueError, match="numbered"):
        links.token(KEY, link)


def test_a_short_key_signs_nothing():
    with pytest.raises(ValueError, match="32 bytes"):
        links.token(KEY[:31], Link(1, 0))


@given(messages, st.integers(0, links.MOST_MESSAGE))
def test_a_way_out_names_message_and_member_and_the_token_of_leaving_proves_it(message, member):
    said = Leaving(links.who(message, member), "email", "marketing")
    token = leaving.token(KEY, said)
    assert links.way_out("https://go.example.com", token) == f"https://go.example.com/u/{token}"
    read = leaving.read([KEY], token)
    assert read == said
    assert links.read_who(read.customer) == (message, member)


@pytest.mark.parametrize("name", ["", "7", "7.", "07.1", "0.1", "7.-1", "7.1.1", "٧.1", "7.1\n"])
def test_a_name_of_another_kind_is_nobody(name):
    assert links.read_who(name) is None


def test_a_place_has_no_way_out():
    with pytest.raises(ValueError, match="member"):
        links.who(7, -1)
