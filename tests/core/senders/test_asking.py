"""Questions to platforms: what is added behind an address, and what an answer says of the question before anybody reads it."""

import json
from datetime import UTC, datetime

import pytest

from core.senders.asking import asked
from core.senders.outcomes import Halted
from core.senders.posting import Poster
from core.senders.sender import Temporary, Uncertain
from tests.fakes.serving import HERE, Reply, serving

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)


def ask(reply, address="/", query="", seen=None):
    def answer(request):
        if seen is not None:
            seen.append(request.path)
        return reply

    with serving(answer) as port:
        return asked(Poster({HERE}), f"http://{HERE}:{port}{address}", b"{}", {}, NOW, query=query)


@pytest.mark.parametrize(
    ("address", "query", "path"),
    [
        ("/", "", "/"),
        ("/a", "b=1", "/a?b=1"),
        ("/a?b=1", "c=2", "/a?b=1&c=2"),
        ("", "c=" + "2" * 9000, "/?c=" + "2" * 9000),
    ],
)
def test_what_is_asked_stands_behind_the_address_however_long_it_is(address, query, path):
    seen = []
    assert ask(Reply(200, b"{}"), address, query, seen) == {}
    assert seen == [path]


def test_an_answer_is_read_to_its_end_and_not_further_than_its_limit():
    whole = json.dumps({"x": "y" * 900_000}).encode()
    assert len(ask(Reply(200, whole))["x"]) == 900_000
    with pytest.raises(Uncertain) as error:
        ask(Reply(200, json.dumps({"x": "y" * 1_100_000}).encode()))
    assert error.value.code == "http.unreadable"


@pytest.mark.parametrize(
    ("reply", "kind", "code", "after_s"),
    [
        (Reply(429, b"{}", (("Retry-After", "7"),)), Temporary, "http.429", 7.0),
        (Reply(503, b"{}"), Temporary, "http.503", None),
        (Reply(502, b"{}"), Uncertain, "http.502", None),
        (Reply(404, b"<html>"), Halted, "http.404", None),
        (Reply(404, b"[]"), Halted, "http.404", None),
        (Reply(204, b""), Uncertain, "http.unreadable", None),
        (Reply(200, b"\xff"), Uncertain, "http.unreadable", None),
        (Reply(is_lost=True), Uncertain, "http.lost", None),
    ],
)
def test_an_answer_that_is_none_says_whether_the_question_was_taken(reply, kind, code, after_s):
    with pytest.raises(kind) as error:
        ask(reply)
    assert (type(error.value), str(error.value), getattr(error.value, "after_s", None)) == (kind, code, after_s)


def test_what_is_wrong_may_stand_inside_a_status_of_its_own():
    assert ask(Reply(400, b'{"Code":"x"}')) == {"Code": "x"}


def test_an_address_that_must_not_be_asked_is_the_matter_of_the_house_and_of_no_recipient():
    with pytest.raises(Halted) as error:
        asked(Poster(), "https://10.1.2.3/", b"", {}, NOW)
    assert error.value.code == "address.private"
