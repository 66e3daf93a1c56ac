"""Segments and tags as rows, on both databases."""

from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import func, select, text

from core.errors import Unknown
from core.store import segments, tags, topics
from core.store.segments import NameTaken, SegmentChanged
from core.store.session import MIGRATIONS
from core.store.tables import SegmentMember, SegmentMove
from core.store.tags import TagChanged, TagTaken

TREE = {"v": 1, "where": {"profile": "city", "op": "is", "values": ["上海"]}}
OTHER = {"v": 1, "where": {"profile": "city", "op": "is", "values": ["北京"]}}
DAY = timedelta(days=1)


@pytest.fixture
def kept(store, now):
    """A function that saves a segment: ``kept(members, …)``."""

    def save(members, name="s", **more):
        values = {"definition": {}, "lake_version": 1, "by": "lin", "now": now} | more
        with store.transaction() as session:
            return segments.save(session, name, "", members, **values)

    return save


@pytest.fixture
def tagged(store, now):
    """A function that makes a tag: ``tagged(name, kind)``."""

    def create(name="t", kind="static", **more):
        values = {"tree": None, "units": None, "source": "hand", "expires_after_days": None, "by": "lin", "now": now}
        with store.transaction() as session:
            return tags.create(session, name, kind, **(values | more))

    return create


def migrated(store, to):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with store.engine.execution_options(is_write=True).begin() as connection:
        config.attributes["connection"] = connection
        (command.upgrade if to > "0002" else command.downgrade)(config, to)


def test_what_was_saved_before_is_a_list_of_the_same_people(empty_store, now):
    config = Config()
    config.set_main_option("script_location", str(Path(MIGRATIONS)))
    with empty_store.engine.execution_options(is_write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.execute(
            text(
                "INSERT INTO segments (id, name, sentence, definition, lake_version, member_count, created_by, created_at) "
                "VALUES (7, 'buyers', '买家', '{\"kind\": \"behind\"}', 3, 2, 'lin', :now)"
            ),
            {"now": now},
        )
        connection.execute(text("INSERT INTO segment_members (segment_id, member_id) VALUES (7, 1), (7, 5)"))
    empty_store.migrate()
    with empty_store.reading() as session:
        (kept,) = segments.listed(session)
        said = (kept.id, kept.name, kept.kind, kept.tree, kept.owner, kept.units, kept.is_archived, kept.revision)
        assert said == (7, "buyers", "list", None, "lin", None, False, 1)
        assert (kept.member_count, kept.counted_at, kept.definition) == (2, now, {"kind": "behind"})
        assert segments.members(session, 7) == (1, 5)
        assert segments.sizes(session, 7) == []


def test_going_back_keeps_the_lists_and_their_people(store, kept):
    kept([1, 2], "list")
    kept([3], "live", kind="live", tree=TREE)
    migrated(store, "0002")
    migrated(store, "head")
    with store.reading() as session:
        assert [(s.name, segments.members(session, s.id)) for s in segments.listed(session)] == [("list", (1, 2))]


def test_a_segment_begins_with_its_first_size(store, kept, now):
    number = kept([3, 1]).id
    with store.reading() as session:
        (size,) = segments.sizes(session, number)
        assert (size.at, size.member_count, size.added_count, size.left_count) == (now, 2, None, None)
        assert segments.members(session, number) == (1, 3)


def test_an_unknown_segment_is_refused_by_name(store):
    for ask in (segments.one, segments.members):
        with store.reading() as session, pytest.raises(Unknown):
            ask(session, 404)


def test_a_live_segment_tells_who_came_and_who_left_since_the_size_before(store, kept, now):
    number = kept([1, 2, 3], kind="live", tree=TREE).id
    with store.transaction() as session:
        size = segments.measured(session, number, [2, 3, 4, 9], revision=1, lake_version=2, now=now + DAY)
        assert (size.member_count, size.added_count, size.left_count) == (4, 2, 1)
    with store.reading() as session:
        assert segments.moves(session, number, now + DAY) == ((4, 9), (1,))
        assert segments.members(session, number) == (2, 3, 4, 9)
        assert [s.member_count for s in segments.sizes(session, number)] == [3, 4]
        known = segments.one(session, number)
        assert (known.member_count, known.lake_version, known.counted_at) == (4, 2, now + DAY)


def test_a_size_that_comes_too_late_changes_nothing(store, kept, now):
    number = kept([1], kind="live", tree=TREE, lake_version=5).id
    with store.transaction() as session:
        assert segments.measured(session, number, [2], revision=1, lake_version=6, now=now) is None
        assert segments.measured(session, number, [2], revision=1, lake_version=4, now=now + DAY) is None
        assert segments.measured(session, number, [2], revision=2, lake_version=6, now=now + DAY) is None
        assert segments.members(session, number) == (1,)


def test_a_list_is_not_measured(store, kept, now):
    number = kept([1]).id
    with store.transaction() as session:
        assert segments.measured(session, number, [2], revision=1, lake_version=2, now=now + DAY) is None


def test_the_first_size_of_another_definition_says_nothing_of_who_came_and_left(store, kept, now):
    segment = kept([1, 2], kind="live", tree=TREE)
    with store.transaction() as session:
        changed = segments.change(session, segment, name="s", sentence="", tree=OTHER, units=None, by="wu", now=now)
        assert (changed.revision, changed.changed_by) == (2, "wu")
        size = segments.measured(session, segment.id, [8], revision=2, lake_version=1, now=now + DAY)
        assert (size.revision, size.member_count, size.added_count, size.left_count) == (2, 1, None, None)
        assert session.scalar(select(func.count()).select_from(SegmentMove)) == 0
        size = segments.measured(session, segment.id, [8, 9], revision=2, lake_version=1, now=now + 2 * DAY)
        assert (size.added_count, size.left_count) == (1, 0)


def test_who_moved_is_kept_for_ninety_days(store, kept, now):
    number = kept([1], kind="live", tree=TREE).id
    with store.transaction() as session:
        for days in (1, 91, 92):
            segments.measured(session, number, [days], revision=1, lake_version=1, now=now + days * DAY)
        assert segments.moves(session, number, now + DAY) == ((), ())
        assert segments.moves(session, number, now + 91 * DAY) == ((91,), (1,))


def test_another_name_is_no_other_definition(store, kept, now):
    segment = kept([1], kind="live", tree=TREE)
    before = topic(store, "segments")
    with store.transaction() as session:
        changed = segments.change(session, segment, name="z", sentence="", tree=TREE, units=None, by="wu", now=now)
        assert (changed.name, changed.revision) == ("z", 1)
    assert topic(store, "segments") == before + 1


def test_who_changes_what_somebody_else_changed_is_told(store, kept, now):
    segment = kept([1], kind="live", tree=TREE)
    with store.transaction() as session:
        segments.change(session, segment, name="s", sentence="", tree=OTHER, units=None, by="wu", now=now)
    segment.revision = 1
    with store.transaction() as session, pytest.raises(SegmentChanged) as refused:
        segments.change(session, segment, name="s", sentence="", tree=TREE, units=None, by="lin", now=now)
    assert refused.value.details["revision"] == 2


def test_another_definition_is_counted_though_the_one_before_it_was_counted_later(store, kept, tagged, now):
    segment, tag = kept([1], kind="live", tree=TREE), tagged(kind="behavioural", tree=TREE, source="rule")
    with store.transaction() as session:
        segments.measured(session, segment.id, [1, 2], revision=1, lake_version=2, now=now + DAY)
        tags.measured(session, tag.id, [1, 2], revision=1, lake_version=2, now=now + DAY)
        same = {"tree": OTHER, "units": None, "by": "wu", "now": now}
        segments.change(session, segments.one(session, segment.id), name="s", sentence="", **same)
        tags.change(session, tags.one(session, tag.id), name="t", expires_after_days=None, **same)
        size = segments.measured(session, segment.id, [7], revision=2, lake_version=1, now=now)
        assert (size.member_count, size.added_count, segments.members(session, segment.id)) == (1, None, (7,))
        assert [one.revision for one in segments.sizes(session, segment.id)] == [1, 1, 2]
        assert tags.measured(session, tag.id, [7], revision=2, lake_version=1, now=now) == (1, 2)
        assert tags.members(session, tag.id, now) == (7,)


def test_a_name_is_taken_by_what_was_archived_too_and_the_refusal_says_so(store, kept, now):
    number = kept([1]).id
    with store.transaction() as session:
        segments.put_away(session, number, is_archived=True, by="lin", now=now)
        assert segments.listed(session) == []
        assert [s.id for s in segments.listed(session, is_archived=True)] == [number]
    with pytest.raises(NameTaken) as refused:
        kept([2])
    assert refused.value.details["reason"] == "archived"


def test_many_members_come_and_go_in_one_size(store, kept, now):
    many = list(range(25_000))
    number = kept(many, kind="live", tree=TREE).id
    with store.transaction() as session:
        size = segments.measured(session, number, many[20_000:], revision=1, lake_version=1, now=now + DAY)
        assert (size.added_count, size.left_count) == (0, 20_000)
        assert session.scalar(select(func.count()).select_from(SegmentMember)) == 5_000


# -- tags ------------------------------------------------------------------------------------------------------------


def test_giving_a_tag_names_those_who_did_not_have_it(store, tagged, now):
    number = tagged().id
    with store.transaction() as session:
        tags.give(session, number, [1, 2], by="lin", now=now)
        second = tags.give(session, number, [2, 3, 3], by="wu", now=now, reason="活动名单")
        assert (second.member_count, tags.written_to(session, second.id)) == (1, (2, 3))
        assert tags.members(session, number, now) == (1, 2, 3)
        assert [(w.action, w.member_count, w.by) for w in tags.writes(session, number)] == [
            ("given", 1, "wu"), ("given", 2, "lin"), ("created", 0, "lin"),
        ]  # fmt: skip


def test_taking_a_tag_names_those_who_had_it(store, tagged, now):
    number = tagged().id
    with store.transaction() as session:
        tags.give(session, number, [1, 2], by="lin", now=now)
        taken = tags.take(session, number, [2, 9], by="wu", now=now)
        assert (taken.member_count, tags.written_to(session, taken.id)) == (1, (2,))
        assert tags.members(session, number, now) == (1,)


def test_a_tag_holds_to_the_last_moment_before_its_end_without_a_job(store, tagged, now):
    number = tagged().id
    with store.transaction() as session:
        tags.give(session, number, [1], by="lin", now=now, expires_at=now + DAY)
        tags.give(session, number, [2], by="lin", now=now)
        just_before = now + DAY - timedelta(microseconds=1)
        assert tags.members(session, number, just_before) == (1, 2)
        assert tags.members(session, number, now + DAY) == (2,)
        assert [h.name for h in tags.held_by(session, 1, just_before)] == ["t"]
        assert tags.held_by(session, 1, now + DAY) == []
        assert tags.next_end(session, now) == now + DAY
        assert tags.next_end(session, now + DAY) is None
        assert [tags.last_end(session, at) for at in (just_before, now + DAY)] == [None, now + DAY]
        assert [tags.counts(session, at) for at in (just_before, now + DAY)] == [{number: 2}, {number: 1}]


def test_what_ended_is_cleared_away_once_and_stands_in_the_history(store, tagged, now):
    one, other = tagged("a").id, tagged("b").id
    with store.transaction() as session:
        tags.give(session, one, [1, 2], by="lin", now=now, expires_at=now + DAY)
        tags.give(session, other, [1], by="lin", now=now, expires_at=now + 2 * DAY)
    before = topic(store, "tags")
    with store.transaction() as session:
        assert [tags.expire(session, at) for at in (now, now + DAY, now + DAY)] == [0, 2, 0]
        assert [(t.name, t.action, t.by) for t in tags.history_of(session, 1)] == [
            ("a", "expired", "system"), ("b", "given", "lin"), ("a", "given", "lin"),
        ]  # fmt: skip
    assert topic(store, "tags") == before + 1


def test_who_lost_a_tag_by_its_end_gets_it_anew(store, tagged, now):
    number = tagged().id
    with store.transaction() as session:
        tags.give(session, number, [1], by="lin", now=now, expires_at=now + DAY)
        again = tags.give(session, number, [1], by="wu", now=now + DAY)
        assert again.member_count == 1
        assert [(t.action, t.by) for t in tags.history_of(session, 1)] == [
            ("given", "wu"), ("expired", "system"), ("given", "lin"),
        ]  # fmt: skip
        assert tags.held_by(session, 1, now + 9 * DAY)[0].given_by == "wu"


def test_a_rule_tells_who_got_the_tag_and_who_lost_it_since_its_last_count(store, tagged, now):
    number = tagged(kind="behavioural", tree=TREE, source="rule").id
    with store.transaction() as session:
        assert tags.measured(session, number, [1, 2], revision=1, lake_version=1, now=now) == (2, 0)
        assert tags.measured(session, number, [2, 3], revision=1, lake_version=2, now=now + DAY) == (1, 1)
        assert tags.measured(session, number, [9], revision=1, lake_version=2, now=now) is None
        assert tags.measured(session, number, [9], revision=1, lake_version=1, now=now + 2 * DAY) is None
        assert tags.measured(session, number, [5], revision=2, lake_version=2, now=now + 2 * DAY) is None
        assert [(t.action, t.reason) for t in tags.history_of(session, 1)] == [("taken", "rule"), ("given", "rule")]
        assert (tags.one(session, number).member_count, tags.members(session, number, now)) == (2, (2, 3))


def test_who_changes_a_tag_that_somebody_else_changed_is_told(store, tagged, now):
    tag = tagged(kind="behavioural", tree=TREE, source="rule")
    same = {"name": "t", "units": None, "expires_after_days": None, "by": "wu", "now": now}
    with store.transaction() as session:
        assert tags.change(session, tag, tree=OTHER, **same).revision == 2
    tag.revision = 1
    with store.transaction() as session, pytest.raises(TagChanged):
        tags.change(session, tag, tree=TREE, **same)


def test_a_tag_of_a_name_that_is_taken_is_refused(store, tagged, now):
    number = tagged().id
    with pytest.raises(TagTaken) as refused:
        tagged()
    assert "reason" not in refused.value.details
    with store.transaction() as session:
        tags.put_away(session, number, is_archived=True, by="lin", now=now)
        assert tags.listed(session) == []
    with pytest.raises(TagTaken) as refused:
        tagged()
    assert refused.value.details["reason"] == "archived"


def topic(store, name):
    with store.reading() as session:
        return topics.revision(session, name)
