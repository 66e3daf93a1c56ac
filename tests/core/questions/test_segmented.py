"""Segments on the command line, and definitions that name segments and tags."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core.errors import InvalidSegment, Refusal, Unknown, Unreadable
from core.scope import Filters
from core.segments.language import Node, Not, OneOf
from core.segments.reach import GATES
from core.store import segments as stored
from core.store import tags
from core.work.home import Home
from core.work.questions import answers, segments
from core.work.questions.reading import reading
from tests import lakes
from tests.lakes import NOW

BOUGHT = {"v": 1, "where": {"event": ["buy"], "measure": "count", "op": "at_least", "values": [1]}}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Members 1 to 4, of whom 2 and 3 bought; segments: 1 a list of 1 and 2, 2 live: bought, 3 live: in 2 and not in 1, 4 and 5
    live in a circle; tags: 1 given to 4, and to 1 until yesterday, 2 a rule: in segment 2."""
    home = lakes.home(tmp_path_factory.mktemp("world"))
    events = [lakes.event(n, "2026-01-05 10:00", "view") for n in range(1, 5)]
    events += [lakes.event(n, "2026-01-06 10:00", "buy") for n in (2, 3)]
    phone = {"identity_key": 2, "identity_type": "phone", "namespace": ""}
    agreed = {
        "identity_key": 2,
        "occurred_at": lakes.at("2026-01-01 10:00"),
        "purpose": "marketing",
        "channel": "sms",
        "state": "given",
    }
    lakes.add(home, 1, events=events, identities=[phone], consents=[agreed])
    rest = {"definition": {}, "lake_version": 1, "by": "test", "now": NOW}

    def live(*trees: dict[str, object]) -> None:
        for tree in trees:
            number = len(stored.listed(session)) + 1
            stored.save(session, f"live {number}", "", [], kind="live", tree={"v": 1, "where": tree}, **rest)

    with home.store.transaction() as session:
        stored.save(session, "list", "", [1, 2], **rest)
        live(
            BOUGHT["where"],
            {"all": [{"segment": [2]}, {"not": {"segment": [1]}}]},
            {"segment": [5]},
            {"not": {"segment": [4]}},
        )
        plain = {"units": None, "source": "hand", "expires_after_days": None, "by": "test", "now": NOW}
        tag = tags.create(session, "VIP", "static", tree=None, **plain)
        tags.create(
            session, "buyer", "behavioural", tree={"v": 1, "where": {"segment": [2]}}, **plain | {"source": "rule"}
        )
        now = datetime.now(NOW.tzinfo)
        tags.give(session, tag.id, [4], expires_at=None, by="test", now=NOW)
        tags.give(session, tag.id, [1], expires_at=now - timedelta(days=1), by="test", now=NOW)
    return home


def who(home: Home, node: Node) -> list[int]:
    with reading(home) as lake:
        return segments.member_ids(lake, node).tolist()


def test_lists_are_as_kept_and_live_ones_and_rules_as_their_definition_says_now(home: Home):
    assert who(home, OneOf("segment", (1,))) == [1, 2]
    assert who(home, OneOf("segment", (2,))) == [2, 3]
    assert who(home, OneOf("segment", (3,))) == [3]
    assert who(home, OneOf("segment", (1, 3))) == [1, 2, 3]
    assert who(home, Not(OneOf("segment", (2,)))) == [1, 4]
    assert who(home, OneOf("tag", (2,))) == [2, 3]


def test_a_tag_that_has_ended_is_had_by_nobody(home: Home):
    assert who(home, OneOf("tag", (1,))) == [4]


def test_definitions_that_lead_back_to_themselves_are_refused(home: Home):
    with pytest.raises(InvalidSegment) as caught:
        who(home, OneOf("segment", (4,)))
    assert caught.value.details["reason"] == "cycle"


def test_a_segment_or_tag_that_does_not_exist_is_refused(home: Home):
    for kind in ("segment", "tag"):
        with pytest.raises(Unknown):
            who(home, OneOf(kind, (99,)))


def ask(home: Home, name: str, filters: Filters = Filters(), **options: str) -> list[dict[str, object]]:
    return answers.ask(home, name, filters, options)


def test_ask_counts_a_definition_a_file_of_one_and_a_segment(home: Home, tmp_path: Path):
    file = tmp_path / "bought.json"
    file.write_text(json.dumps(BOUGHT), encoding="utf-8")
    expected = [{"count": 2, "as_of": "2026-01-06T10:00:00Z"}]
    assert ask(home, "segment", tree=json.dumps(BOUGHT)) == expected
    assert ask(home, "segment", tree=str(file)) == expected
    assert ask(home, "segment", Filters(segment=2)) == expected
    assert ask(home, "segment", tree=str(file), of="people") == [{"member_id": 2}, {"member_id": 3}]
    assert ask(home, "segment", Filters(segment=1), tree=str(file), of="people") == [{"member_id": 2}]


def test_ask_refuses_what_says_nobody_or_cannot_be_read(home: Home, tmp_path: Path):
    with pytest.raises(Refusal, match="Say who"):
        ask(home, "segment")
    with pytest.raises(Unreadable):
        ask(home, "segment", tree=str(tmp_path / "no.json"))
    with pytest.raises(InvalidSegment):
        ask(home, "reach", tree='{"v": 1}')
    with pytest.raises(Unknown):
        ask(home, "segment", Filters(segment=2), of="views")
    with pytest.raises(Unknown):
        ask(home, "reach", Filters(segment=2), of="sms:luck")


def test_ask_reach_tells_every_gate_of_every_channel_and_its_people(home: Home):
    rows = ask(home, "reach", Filters(segment=2))
    sms = {row["gate"]: (row["left"], row["lost"]) for row in rows if row["channel"] == "sms"}
    assert list(sms) == ["segment", *GATES, "reachable"]
    assert (sms["segment"], sms["consent"], sms["identity"], sms["reachable"]) == ((2, 0), (1, 1), (1, 0), (1, 1))
    assert ask(home, "reach", Filters(segment=2), of="sms") == [{"member_id": 2}]
    assert ask(home, "reach", Filters(segment=2), of="sms:consent") == [{"member_id": 3}]
