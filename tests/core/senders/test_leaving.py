"""The way out of a letter: links that prove themselves, and the one POST that takes a permission back."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.senders import leaving
from core.senders.leaving import Leaving

KEY, OLD = b"n" * 32, b"o" * 32
LIN = Leaving("c81723", "email", "marketing")
NAME = st.text("abcXYZ019_.:-", min_size=1, max_size=64)


def test_a_token_is_the_names_and_the_digest_of_the_names():
    mac = hmac.digest(KEY, b"unsubscribe\x00c81723\x00email\x00marketing", hashlib.sha256)
    proof = base64.b64encode(mac, altchars=b"-_").decode().removesuffix("=")
    assert leaving.token(KEY, LIN) == f"c81723~email~marketing~{proof}"


@given(NAME, NAME, NAME)
def test_what_a_token_says_is_what_it_was_made_of(customer, channel, purpose):
    made = Leaving(customer, channel, purpose)
    assert leaving.read([KEY], leaving.token(KEY, made)) == made
    assert leaving.read([b"x" * 32], leaving.token(KEY, made)) is None


@given(st.integers(0, 200), st.characters(codec="utf-8"))
def test_a_token_that_anybody_changed_says_nothing(place, sign):
    good = leaving.token(KEY, LIN)
    changed = good[: place % len(good)] + sign + good[place % len(good) + 1 :]
    assert changed == good or leaving.read([KEY], changed) is None


def test_names_cannot_be_moved_from_one_part_to_another():
    a, b = Leaving("a", "b", "c:d"), Leaving("a", "b:c", "d")
    proof = leaving.token(KEY, a).rpartition("~")[2]
    assert leaving.read([KEY], f"a~b:c~d~{proof}") is None
    assert leaving.token(KEY, a) != leaving.token(KEY, b)


def test_links_written_under_an_old_key_still_lead_out():
    assert leaving.read([KEY, OLD], leaving.token(OLD, LIN)) == LIN
    assert leaving.read([], leaving.token(OLD, LIN)) is None


@pytest.mark.parametrize("text", ["", "~~~", "a~b~c", "a~b~c~", "a~b~c~d~e", "é~b~c~x", "a~b~c~é", "a" * 70 + "~b~c~x"])
def test_what_is_no_token_says_nothing(text):
    assert leaving.read([KEY], text) is None


@pytest.mark.parametrize(
    "wrong", [Leaving("", "e", "m"), Leaving("a~b", "e", "m"), Leaving("a", "e\n", "m"), Leaving("林", "e", "m")]
)
def test_names_that_would_not_fit_a_link_are_refused(wrong):
    with pytest.raises(ValueError, match="short names"):
        leaving.token(KEY, wrong)


def test_a_short_key_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        leaving.token(b"short", LIN)


def test_the_two_lines_are_those_of_the_standard():
    """RFC 8058, section 8.1, prints this pair."""
    assert leaving.headers("https://example.com/unsubscribe/opaquepart") == {
        "List-Unsubscribe": "<https://example.com/unsubscribe/opaquepart>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


@pytest.mark.parametrize(
    "link",
    [
        "http://x.example/",
        "mailto:a@b.example",
        "https://",
        "https://x/>,<http://y/",
        "https://x/\r\nBcc: a",
        "https://x/" + "a" * 900,
    ],
)
def test_a_way_out_that_is_no_link_of_https_is_refused(link):
    with pytest.raises(ValueError, match="https"):
        leaving.headers(link)


MULTI = 'multipart/form-data; boundary="FormBoundaryjWmhtjORrn"'
FORM = b'--FormBoundaryjWmhtjORrn\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--FormBoundaryjWmhtjORrn--\r\n'


@pytest.mark.parametrize(
    ("kind", "body", "leaves"),
    [
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click", True),
        ("Application/X-WWW-Form-URLencoded; charset=utf-8", b"List-Unsubscribe=One-Click", True),
        (MULTI, FORM, True),
        ("application/x-www-form-urlencoded", b"", False),
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=Other", False),
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click&List-Unsubscribe=x", False),
        ("application/json", b'{"List-Unsubscribe":"One-Click"}', False),
        ("text/plain", b"List-Unsubscribe=One-Click", False),
        ("", b"List-Unsubscribe=One-Click", False),
        (MULTI, FORM.replace(b"One-Click", b"Two"), False),
        (MULTI.replace("form-data", "mixed"), FORM, False),
        ("multipart/form-data", FORM, False),
        ("multipart/form-data; boundary=a\r\nX: y", FORM, False),
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click&x=" + b"a" * 4096, False),
    ],
)
def test_only_the_post_of_the_standard_is_one_click(kind, body, leaves):
    assert leaving.is_one_click(kind, body) is leaves
