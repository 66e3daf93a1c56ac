"""Tags given by hand and by rules. On both databases, over one small lake."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from core.errors import Forbidden, InvalidSegment, Unknown
from core.scope import SYSTEM, Filters, Operator, Scope
from core.store import audit, segments, tags
from core.store.tables import AuditEntry
from core.store.tags import TagChanged, TagTaken
from core.work import segments as named_people
from core.work import tags as work
from core.work.questions import references
from core.work.questions.reading import reading
from core.work.segments import SegmentUsed
from core.work.tags import InvalidTag, TagUsed
from tests import lakes
from tests.core.work.people import NORTH, defined, in_city, people_of

LIN = Operator(1, "lin", "analyst")
BOSS = Operator(2, "boss", "executive")
MEI = Operator(3, "mei", "manager", Scope(frozenset({NORTH})))
DAY = timedelta(days=1)
LIKELY = defined({"score": "chance_30d", "op": "at_least", "values": [0.5]})


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Members 1 to 6: odd in Shanghai, even in Beijing, 4 to 6 of the unit ``north``."""
    made = lakes.home(tmp_path_factory.mktemp("people"))
    people_of(
        made, {number: ("上海" if number % 2 else "北京", NORTH if number > 3 else "south") for number in range(1, 7)}
    )
    return made


@pytest.fixture
def home(lake, store):
    references.forget()
    return replace(lake, store=store)


def create(home, name="t", kind="static", operator=LIN, **more):
    return work.create(home, home.store, operator, name, kind, **more)


def given(home, tag_id, members, operator=LIN, **more):
    return work.give(home, home.store, operator, tag_id, members=members, **more)


def having(home, tag_id, at, operator=LIN):
    return work.members_of(home, operator, tag_id, now=at)


def told(home):
    with home.store.reading() as session:
        return [(e.actor, e.action, e.details.get("members")) for e in session.query(AuditEntry).order_by("sequence")]


def test_a_tag_is_given_to_the_members_of_a_segment_and_told_once(home, now):
    tag = create(home, now=now)
    segment = named_people.save_live(home, home.store, LIN, "s", in_city("上海"), now=now)
    given(home, tag.id, [1], now=now)
    written = work.give(home, home.store, LIN, tag.id, segment_id=segment.id, reason=" 双11  名单 ", now=now)
    assert (written.changed, written.unchanged) == (2, 1)
    assert having(home, tag.id, now) == [1, 3, 5]
    with home.store.reading() as session:
        assert tags.writes(session, tag.id)[0].reason == "双11 名单"
        assert audit.verify(session) == []
    assert told(home) == [
        ("lin", "tag.created", None), ("lin", "segment.saved", 3), ("lin", "tag.given", 1), ("lin", "tag.given", 2),
    ]  # fmt: skip


def test_an_undo_takes_the_tag_from_exactly_those_who_got_it(home, now):
    tag = create(home, now=now)
    given(home, tag.id, [1, 2], now=now)
    second = given(home, tag.id, [2, 3, 4, 5], now=now + DAY)
    work.take(home, home.store, LIN, tag.id, members=[4, 5], now=now + 2 * DAY)
    given(home, tag.id, [5], now=now + 3 * DAY)
    undone = work.undo(home, home.store, LIN, second.write_id, now=now + 4 * DAY)
    assert (undone.changed, undone.unchanged) == (1, 3)
    assert having(home, tag.id, now + 4 * DAY) == [1, 2, 5]
    with pytest.raises(InvalidTag) as refused:
        work.undo(home, home.store, LIN, second.write_id, now=now + 4 * DAY)
    assert refused.value.details["reason"] == "undone"
    with pytest.raises(InvalidTag) as refused:
        work.undo(home, home.store, LIN, undone.write_id, now=now + 4 * DAY)
    assert refused.value.details["reason"] == "undo"
    with pytest.raises(Unknown):
        work.undo(home, home.store, LIN, 404, now=now)


def test_whoever_another_batch_that_stands_gave_it_too_keeps_a_tag_that_is_undone(home, now):
    tag = create(home, now=now)
    first = given(home, tag.id, [1, 2, 3], now=now).write_id
    second = given(home, tag.id, [2, 3, 4], now=now + DAY).write_id
    work.take(home, home.store, LIN, tag.id, members=[3], now=now + 2 * DAY)
    third = given(home, tag.id, [2, 4], now=now + 3 * DAY).write_id
    for number, lost, kept, left in ((first, 1, 1, [2, 4]), (second, 0, 2, [2, 4]), (third, 2, 0, [])):
        assert number in [c.write_id for c in work.changes(home, LIN, tag.id) if c.can_be_undone]
        assert work.undoing(home, LIN, number) == work.Undoing(lost, kept)
        assert work.undo(home, home.store, LIN, number, now=now + 4 * DAY).changed == lost
        assert having(home, tag.id, now + 4 * DAY) == left
    with home.store.reading() as session:
        assert [t.action for t in tags.history_of(session, 2)] == ["taken", "given"]


def test_a_tag_that_ends_is_had_by_nobody_from_that_moment_and_pages_see_it(home, now):
    tag = create(home, expires_after_days=7, now=now)
    given(home, tag.id, [1, 2], now=now)
    segment = named_people.save_live(home, home.store, LIN, "s", defined({"tag": [tag.id]}), now=now)
    for at, who in ((now + 7 * DAY - timedelta(seconds=1), [1, 2]), (now + 7 * DAY, [])):
        assert having(home, tag.id, at) == who
        with reading(home, Filters(segment=segment.id), now=at) as open_lake:
            assert open_lake.of_segment(segment.id).tolist() == who
    assert [work.expire(home, now=now + 7 * DAY) for _ in range(2)] == [2, 0]


def test_a_new_duration_holds_for_those_who_get_the_tag_from_then_on(home, now):
    tag = create(home, expires_after_days=7, now=now)
    given(home, tag.id, [1], now=now)
    work.change(home, home.store, LIN, tag.id, revision=1, name="t", expires_after_days=None, now=now)
    given(home, tag.id, [2], now=now)
    assert having(home, tag.id, now + 7 * DAY) == [2]


def test_whoever_has_units_gives_and_takes_within_them_alone(home, now):
    tag = create(home, now=now)
    assert given(home, tag.id, [1, 4], MEI, now=now).changed == 1
    by_all = given(home, tag.id, [1, 5], now=now)
    assert having(home, tag.id, now, MEI) == [4, 5]
    assert work.take(home, home.store, MEI, tag.id, members=[1, 4, 5], now=now).changed == 2
    assert having(home, tag.id, now) == [1]
    for act in (
        lambda: work.undo(home, home.store, MEI, by_all.write_id, now=now),
        lambda: work.change(home, home.store, MEI, tag.id, revision=1, name="z", now=now),
        lambda: work.archive(home, home.store, MEI, tag.id, now=now),
    ):
        with pytest.raises(Forbidden):
            act()
    mine = create(home, "mine", "behavioural", MEI, tree=in_city("北京"), now=now)
    assert (mine.member_count, having(home, mine.id, now)) == (2, [4, 6])
    seen = [[(t.name, t.member_count, t.may_change) for t in work.listed(home, who, now=now)] for who in (MEI, LIN)]
    assert seen == [[("mine", 2, True), ("t", None, False)], [("mine", 2, True), ("t", 1, True)]]


def test_the_history_of_a_tag_counts_whom_its_reader_may_see(home, now):
    tag = create(home, now=now)
    by_all = given(home, tag.id, [1, 4, 5], now=now).write_id
    mine = given(home, tag.id, [1, 4, 5, 6], MEI, now=now).write_id
    given(home, tag.id, [2], now=now)
    seen = {who: {c.write_id: c for c in work.changes(home, who, tag.id)} for who in (LIN, MEI, BOSS)}
    assert [[c.members for c in told.values()] for told in seen.values()] == [[1, 1, 3, 0], [0, 1, 2, 0], [1, 1, 3, 0]]
    assert [number for number, c in seen[MEI].items() if c.can_be_undone] == [mine]
    assert [c.can_be_undone for c in seen[BOSS].values()] == [False] * 4
    assert seen[LIN][by_all].can_be_undone
    with pytest.raises(Forbidden):
        work.changes(home, Operator(5, "wei", "compliance"), tag.id)


def test_a_rule_is_had_by_who_fits_it_now_and_its_counts_tell_who_got_it_and_lost_it(tmp_path, now):
    home = lakes.home(tmp_path)
    people_of(home, {1: ("上海", NORTH), 2: ("上海", NORTH)})
    tag = create(home, kind="behavioural", tree=in_city("上海"), now=now)
    assert tag.member_count == 2
    assert work.refresh_all(home, now=now + DAY / 2).taken == 0
    people_of(home, {1: ("北京", NORTH), 3: ("上海", NORTH)})
    assert having(home, tag.id, now + DAY / 2) == [2, 3]
    assert work.refresh_all(home, now=now + DAY / 2).taken == 1
    with home.store.reading() as session:
        assert [(t.action, t.by, t.at) for t in tags.history_of(session, 1)] == [
            ("taken", "system", now + DAY / 2), ("given", "system", now),
        ]  # fmt: skip
        assert [(w.action, w.member_count) for w in tags.writes(session, tag.id)] == [
            ("taken", 1), ("given", 1), ("given", 2), ("created", 0),
        ]  # fmt: skip
    with pytest.raises(InvalidTag) as refused:
        work.undo(home, home.store, LIN, 2, now=now + DAY)
    assert refused.value.details["reason"] == "undo"


def test_one_rule_that_is_refused_stops_no_other(home, now):
    create(home, "good", "behavioural", tree=in_city("上海"), now=now)
    bad = create(home, "bad", "behavioural", tree=in_city("上海"), now=now)
    broken = defined({"event": ["nobody_knows"], "measure": "count", "op": "at_least", "values": [1]})
    with home.store.transaction() as session:
        tags.change(session, bad, name="bad", tree=broken, units=None, expires_after_days=None, by="x", now=now)
    done = work.refresh_all(home, now=now + 2 * DAY)
    assert (done.taken, done.refused) == (1, {"bad": "unknown"})


@pytest.mark.parametrize(
    ("reason", "named"),
    [
        ("name", {"name": " "}), ("name", {"name": "长" * 61}), ("kind", {"kind": "sticky"}),
        ("rule", {"tree": in_city("上海")}), ("rule", {"kind": "behavioural"}), ("rule", {"kind": "predicted"}),
        ("score", {"kind": "behavioural", "tree": LIKELY}),
        ("score", {"kind": "behavioural", "tree": defined({"not": {"cluster": ["a"]}})}),
        ("no_score", {"kind": "predicted", "tree": in_city("上海")}), ("days", {"expires_after_days": 0}), ("days", {"expires_after_days": 3661}),
        ("days", {"kind": "behavioural", "tree": in_city("上海"), "expires_after_days": 7}),
    ],
)  # fmt: skip
def test_a_tag_that_cannot_be_is_refused_with_its_reason(home, now, reason, named):
    with pytest.raises(InvalidTag) as refused:
        create(home, now=now, **named)
    assert refused.value.details["reason"] == reason
    assert told(home) == []


def test_a_rule_that_leads_to_a_score_by_a_segment_is_predicted(home, now):
    with home.store.transaction() as session:
        likely = segments.save(
            session, "likely", "", [], definition={}, lake_version=1, by="x", now=now, kind="live", tree=LIKELY
        )
    with pytest.raises(InvalidTag) as refused:
        create(home, kind="behavioural", tree=defined({"segment": [likely.id]}), now=now)
    assert refused.value.details["reason"] == "score"


def test_a_rule_gives_its_tag_and_nobody_else(home, now):
    tag = create(home, kind="behavioural", tree=in_city("上海"), now=now)
    for hand in (work.give, work.take):
        with pytest.raises(InvalidTag) as refused:
            hand(home, home.store, LIN, tag.id, members=[1], now=now)
        assert refused.value.details["reason"] == "given"


def test_an_archived_tag_is_given_no_more(home, now):
    tag = create(home, now=now)
    work.archive(home, home.store, LIN, tag.id, now=now)
    with pytest.raises(InvalidTag) as refused:
        given(home, tag.id, [1], now=now)
    assert refused.value.details["reason"] == "archived"
    with pytest.raises(TagTaken):
        create(home, now=now)
    work.restore(home, home.store, LIN, tag.id, now=now)
    assert given(home, tag.id, [1], now=now).changed == 1


def test_a_reason_has_two_hundred_letters_at_most(home, now):
    tag = create(home, now=now)
    assert given(home, tag.id, [1], reason="长" * 200, now=now).changed == 1
    with pytest.raises(InvalidTag):
        given(home, tag.id, [2], reason="长" * 201, now=now)


@pytest.mark.parametrize("act", ["create", "change", "archive", "give", "take", "undo"])
def test_without_the_permission_nothing_is_written(home, now, act):
    tag = create(home, now=now)
    first = given(home, tag.id, [1], now=now)
    before = told(home)
    with pytest.raises(Forbidden):
        match act:
            case "create":
                create(home, "x", operator=BOSS, now=now)
            case "change":
                work.change(home, home.store, BOSS, tag.id, revision=1, name="x", now=now)
            case "archive":
                work.archive(home, home.store, BOSS, tag.id, now=now)
            case "give":
                given(home, tag.id, [2], BOSS, now=now)
            case "take":
                work.take(home, home.store, BOSS, tag.id, members=[1], now=now)
            case "undo":
                work.undo(home, home.store, BOSS, first.write_id, now=now)
    assert (told(home), having(home, tag.id, now)) == (before, [1])
    with pytest.raises(Forbidden):
        having(home, tag.id, now, BOSS)


def test_a_changed_rule_is_counted_at_once_and_told_with_what_was_before(home, now):
    tag = create(home, kind="behavioural", tree=in_city("上海"), now=now)
    changed = work.change(
        home, home.store, LIN, tag.id, revision=1, name="u", tree=in_city("北京"), now=now + DAY
    )  # fmt: skip
    assert (changed.name, changed.revision, changed.member_count, changed.counted_at) == ("u", 2, 3, now + DAY)
    with home.store.reading() as session:
        said = session.query(AuditEntry).order_by(AuditEntry.sequence.desc()).first().details
    assert (said["before"]["tree"], said["after"]["tree"]) == (in_city("上海"), in_city("北京"))
    with pytest.raises(TagChanged):
        work.change(home, home.store, LIN, tag.id, revision=1, name="v", now=now)
    assert work.change(home, home.store, LIN, tag.id, revision=2, tree=in_city("上海"), now=now).name == "u"
    work.archive(home, home.store, LIN, tag.id, now=now)
    with pytest.raises(TagChanged) as refused:
        work.change(home, home.store, LIN, tag.id, revision=3, name="v", now=now)
    assert refused.value.details["reason"] == "archived"


def test_a_rule_that_leads_back_to_itself_is_refused(home, now):
    tag = create(home, kind="behavioural", tree=in_city("上海"), now=now)
    segment = named_people.save_live(home, home.store, LIN, "s", defined({"tag": [tag.id]}), now=now)
    with pytest.raises(InvalidSegment) as refused:
        tree = defined({"segment": [segment.id]})
        work.change(home, home.store, LIN, tag.id, revision=1, name="t", tree=tree, now=now)
    assert refused.value.details["reason"] == "cycle"


def test_what_definitions_refer_to_is_not_put_away_and_the_refusal_names_them(home, now):
    tag = create(home, now=now)
    segment = named_people.save_live(home, home.store, LIN, "s", defined({"tag": [tag.id]}), now=now)
    create(home, "rule", "behavioural", tree=defined({"segment": [segment.id]}), now=now)
    with pytest.raises(TagUsed) as refused:
        work.archive(home, home.store, LIN, tag.id, now=now)
    assert refused.value.details["names"] == "s"
    with pytest.raises(SegmentUsed) as refused:
        named_people.archive(home, home.store, LIN, segment.id, now=now)
    assert refused.value.details["names"] == "rule"


def test_two_who_give_a_tag_at_once_give_it_once_to_each(home, now):
    tag = create(home, now=now)
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda who: given(home, tag.id, who, now=now), ([1, 2, 3, 4], [3, 4, 5, 6])))
    assert sorted(one.changed for one in done) == [2, 4]
    assert having(home, tag.id, now) == [1, 2, 3, 4, 5, 6]
    with home.store.reading() as session:
        assert sum(len(tags.history_of(session, member)) for member in range(1, 7)) == 6


def test_two_who_undo_one_change_at_once_undo_it_once(home, now):
    tag = create(home, now=now)
    first = given(home, tag.id, [1, 2], now=now)

    def undo(_):
        try:
            return work.undo(home, home.store, LIN, first.write_id, now=now + DAY).changed
        except InvalidTag as refusal:
            return refusal.details["reason"]

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(undo, range(2)), key=str) == [2, "undone"]


def test_nobody_gets_a_tag_when_the_audit_log_cannot_be_told(home, now, tmp_path):
    tag = create(home, now=now)
    log = type(home.store)(f"sqlite:///{tmp_path / 'log.db'}")
    log.migrate()
    with pytest.raises(RuntimeError, match="without the key"):
        work.give(home, log, LIN, tag.id, members=[1, 2], now=now)
    log.close()
    assert having(home, tag.id, now) == []
    assert given(home, tag.id, [1, 2], SYSTEM, now=now).changed == 2


def test_a_tag_and_a_segment_that_do_not_exist_are_refused_by_name(home, now):
    tag = create(home, now=now)
    with pytest.raises(Unknown):
        work.give(home, home.store, LIN, tag.id, segment_id=404, now=now)
    with pytest.raises(Unknown):
        given(home, 404, [1], now=now)
    assert having(home, tag.id, now) == []


def test_who_became_one_with_somebody_older_keeps_tags_and_segments(tmp_path, now):
    home = lakes.home(tmp_path)
    people_of(home, dict.fromkeys((1, 2, 3), ("上海", NORTH)))
    tag, listed = create(home, now=now), named_people.save_list(home, home.store, LIN, "s", "", [2], {}, 1, now=now)
    given(home, tag.id, [2], now=now)
    lakes.members(home, {2: 1})
    assert having(home, tag.id, now) == [1]
    with reading(home, Filters(segment=listed.id)) as open_lake:
        assert open_lake.of_segment(listed.id).tolist() == [1]
    with home.store.reading() as session:
        assert [held.name for held in tags.held_by(session, 1, now, keys=(1, 2))] == ["t"]
        assert [t.action for t in tags.history_of(session, 1, keys=(1, 2))] == ["given"]
    again = given(home, tag.id, [1, 3], now=now)
    assert (again.changed, again.unchanged) == (1, 1)
    taken = work.take(home, home.store, LIN, tag.id, members=[1], now=now)
    assert (taken.changed, having(home, tag.id, now)) == (1, [3])
    lakes.members(home, {2: 2})
    assert having(home, tag.id, now) == [3]
    lakes.members(home, {2: 1, 3: 1})
    assert [c.members for c in work.changes(home, MEI, tag.id)] == [1, 1, 1, 0]
    assert work.undo(home, home.store, MEI, again.write_id, now=now).changed == 1
