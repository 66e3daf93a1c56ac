"""Chat logs brought in: people through their renames, bots apart, and the same log again."""

import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from core.metrics import talk
from core.work.home import Home
from core.work.ingest import rejects
from core.work.ingest.importing import Imported
from core.work.ingest.mapping import from_json, to_json
from tests.bringing import UBUNTU_IRC, bring, counts, empty_home, facts, mapping, named, shared

LOG = """[08:00] <Ann> is the tea here?
[08:01] <ubottu> I am a bot
[08:02] <bob> thanks
[08:02] <bob> thanks
=== Ann is now known as Ann_away
[08:03] <ann_AWAY> back
[08:04]  * bob leaves
"""


def members(home: Home) -> dict[str, set[int]]:
    """Members behind each text."""
    with home.lake.open() as snapshot:
        rows = snapshot.table("group_messages").join(snapshot.member_map(), "identity_key")
        found: dict[str, set[int]] = {}
        for row in snapshot.arrow(rows.select("text", "member_id")).to_pylist():
            found.setdefault(row["text"], set()).add(row["member_id"])
        return found


def test_a_nick_whatever_its_letters_and_the_one_it_became_are_one_person(home: Home) -> None:
    assert counts(bring(home, LOG, named(home, "irc"), name="2026-03-01.txt")) == (7, 7, 0, 0)
    people = members(home)
    assert people["back"] == people["is the tea here?"] != people["thanks"]


def test_messages_bots_acknowledgements_and_renames_are_told_apart(home: Home) -> None:
    bring(home, LOG, named(home, "irc"), name="2026-03-01.txt")
    rows = facts(home, "group_messages", "sender_kind", "message_kind", "is_heard", "is_question", "group_id")
    assert rows == [
        ("member", "text", False, True, "#ubuntu"),
        ("bot", "text", False, False, "#ubuntu"),
        ("member", "text", True, False, "#ubuntu"),
        ("member", "text", True, False, "#ubuntu"),
        ("member", "system", False, False, "#ubuntu"),
        ("member", "text", False, False, "#ubuntu"),
        ("member", "action", False, False, "#ubuntu"),
    ]
    with home.lake.open() as snapshot:
        messages = snapshot.table("group_messages")
        spoken = snapshot.arrow(messages.filter(talk.is_activity(messages)).select("text"))["text"].to_pylist()
    assert sorted(spoken) == ["back", "is the tea here?", "leaves"]


def test_the_same_log_again_changes_nothing_and_a_longer_one_brings_what_is_new(home: Home) -> None:
    bring(home, LOG, named(home, "irc"), name="2026-03-01.txt")
    assert counts(bring(home, LOG, named(home, "irc"), name="again 2026-03-01.log")) == (7, 0, 7, 0)
    longer = LOG + "[08:05] <bob> thanks\n"
    assert counts(bring(home, longer, named(home, "irc"), name="2026-03-01.txt")) == (8, 1, 7, 0)


def test_the_same_words_in_two_groups_at_the_same_minute_are_two_messages(home: Home) -> None:
    by = named(home, "chat_log")
    assert counts(bring(home, LOG, by, name="茶友会 2026-03-01.txt")) == (7, 7, 0, 0)
    assert counts(bring(home, LOG, by, name="福利群 2026-03-01.txt")) == (7, 7, 0, 0)
    assert counts(bring(home, LOG, by, name="福利群 2026-03-01.txt")) == (7, 0, 7, 0)
    groups = Counter(group for (group,) in facts(home, "group_messages", "group_id"))
    assert groups == {"茶友会": 7, "福利群": 7}


def test_a_chat_log_is_of_the_business_zone_and_of_the_group_that_is_said_where_its_name_says_none(home: Home) -> None:
    by = named(home, "chat_log")
    said = replace(by, constants=by.constants | {"group_id": "茶友会"})
    bring(home, "[21:55] <Ann> tea\n", said, name="2026-03-01.txt")
    bring(home, "[21:55] <Ann> tea\n", said, name="福利群 2026-03-01.txt")
    rows = facts(home, "group_messages", "group_id", "local_date")
    assert rows == [("茶友会", date(2026, 3, 1)), ("福利群", date(2026, 3, 1))]


def test_messages_of_a_log_that_names_no_group_are_refused(home: Home) -> None:
    done = bring(home, LOG, named(home, "chat_log"), name="2026-03-01.txt")
    assert counts(done) == (7, 0, 0, 7)
    assert rejects.read(home, done.batch).decode().count("value.missing:group_id") == 7


def test_a_card_that_replaces_another_one_is_the_same_person(home: Home) -> None:
    by = mapping(also={"user_id": "was"}, optional=["was"])
    bring(home, "time,what,who,was\n2026-03-01 10:00,a,u2,u1\n2026-03-01 10:01,b,u1,\n2026-03-01 10:02,c,u3,\n", by)
    with home.lake.open() as snapshot:
        rows = snapshot.table("events").join(snapshot.member_map(), "identity_key").select("name", "member_id")
        found = {row["name"]: row["member_id"] for row in snapshot.arrow(rows).to_pylist()}
    assert found["a"] == found["b"] != found["c"]
    assert from_json(to_json(by)) == by


# -- 104 real days ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Imported]]:
    with empty_home(tmp_path_factory.mktemp("irc")) as home:
        yield home, bring(home, shared(UBUNTU_IRC), named(home, "irc"))


def test_the_real_channel_is_read_whole(channel: tuple[Home, Imported]) -> None:
    assert counts(channel[1]) == (143_102, 143_102, 0, 0)


def test_raw_messages_nicks_actions_and_renames_of_a_day_are_as_published(channel: tuple[Home, Imported]) -> None:
    """data-contract.md 22."""
    with channel[0].lake.open() as snapshot:
        day = snapshot.table("group_messages").filter(
            lambda rows: rows.occurred_at.strftime("%Y-%m-%d") == "2008-04-27"
        )
        kinds = snapshot.arrow(day.group_by("message_kind").aggregate(n=day.count())).to_pylist()
        nicks = snapshot.value(day.filter(day.message_kind == "text").identity_key.nunique())
    assert {row["message_kind"]: row["n"] for row in kinds} == {"text": 1939, "action": 19, "system": 21}
    assert nicks == 179


def test_persons_are_what_renames_and_letters_join_read_by_plain_means(channel: tuple[Home, Imported]) -> None:
    home, _ = channel
    parent: dict[str, str] = {}

    def root(nick: str) -> str:
        parent.setdefault(nick, nick)
        while parent[nick] != nick:
            nick = parent[nick]
        return nick

    said: Counter[str] = Counter()
    with tarfile.open(UBUNTU_IRC) as tar:
        for entry in tar.getmembers():
            stream = tar.extractfile(entry) if entry.isfile() else None
            for line in stream.read().decode("utf-8", "replace").split("\n") if stream else ():
                if renamed := re.match(r"=== (\S+) is now known as (\S+)", line):
                    parent[root(renamed[1].lower())] = root(renamed[2].lower())
                elif spoke := re.match(r"\[\d\d:\d\d\] (?:<([^>]+)>| \* (\S+)|-([^:]+):)", line):
                    nick = spoke[1] or spoke[2] or spoke[3]
                    parent[root(nick)] = root(nick.lower())
                    said[nick] += 1
    expected: Counter[str] = Counter()
    for nick, count in said.items():
        expected[root(nick)] += count
    with home.lake.open() as snapshot:
        messages = snapshot.table("group_messages")
        spoken = messages.filter((messages.message_kind != "system") & messages.identity_key.notnull())
        joined = spoken.join(snapshot.member_map(), "identity_key").select("member_id")
        by_member = joined.group_by("member_id").aggregate(n=joined.count())
        found = sorted(snapshot.arrow(by_member)["n"].to_pylist())
    assert len(found) == len(expected)
    assert found == sorted(expected.values())
