"""Saving people under a name: as a list, as a snapshot, as a definition. On both databases, over one small lake."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from core.errors import Forbidden, InvalidSegment, Refusal, Unknown
from core.scope import SYSTEM, Filters, Operator, Scope
from core.store import audit, segments, tags
from core.store.segments import NameTaken, SegmentChanged
from core.store.session import Store
from core.store.tables import AuditEntry
from core.work import segments as work
from core.work.questions import references
from core.work.questions.reading import reading
from core.work.segments import InvalidName, SegmentUsed
from tests import lakes
from tests.core.work.people import NORTH, defined, in_city, in_segment, people_of

LIN = Operator(1, "lin", "analyst")
BOSS = Operator(2, "boss", "executive")
MEI = Operator(3, "mei", "manager", Scope(frozenset({NORTH})))
DAY = timedelta(days=1)


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


def live(home, name, tree, operator=LIN, **more):
    return work.save_live(home, home.store, operator, name, tree, **more)


def within(home, segment_id, operator=LIN):
    """Who a reader sees when a page is cut to the segment."""
    with reading(home, Filters(segment=segment_id), operator.scope) as open_lake:
        rows = open_lake.snapshot.arrow(open_lake.allowed.select("member_id"))["member_id"].to_pylist()
    return sorted(rows)


def sizes(home, segment_id):
    with home.store.reading() as session:
        return segments.sizes(session, segment_id)


def told(home):
    with home.store.reading() as session:
        return [(entry.actor, entry.action, entry.object) for entry in session.query(AuditEntry)]


def test_a_live_segment_is_who_fits_its_definition_now(home, now):
    kept = live(home, " 上海  会员 ", in_city("上海"), now=now)
    assert (kept.name, kept.kind, kept.member_count, kept.owner, kept.units) == ("上海 会员", "live", 3, "lin", None)
    assert within(home, kept.id) == [1, 3, 5]
    assert told(home) == [("lin", "segment.saved", f"segment:{kept.id}")]


def test_a_snapshot_stays_as_it_was_and_a_live_one_follows(tmp_path, now):
    home = lakes.home(tmp_path)
    people_of(home, {1: ("上海", NORTH)})
    tree = in_city("上海")
    snapshot, follows = work.save_static(home, home.store, LIN, "a", tree, now=now), live(home, "b", tree, now=now)
    people_of(home, {3: ("上海", NORTH)})
    assert (within(home, snapshot.id), within(home, follows.id)) == ([1], [1, 3])
    size = work.refresh(home, follows.id, now=now + DAY)
    assert (size.member_count, size.added_count, size.left_count) == (2, 1, 0)
    assert work.moved(home, LIN, follows.id, now + DAY) == ((3,), ())
    assert work.refresh(home, snapshot.id, now=now + DAY) is None
    with home.store.reading() as session:
        assert [len(segments.sizes(session, one.id)) for one in (snapshot, follows)] == [1, 2]


def test_sizes_are_taken_anew_when_the_lake_changed_or_a_day_went_by(tmp_path, now):
    home = lakes.home(tmp_path)
    people_of(home, {1: ("上海", NORTH)})
    kept = live(home, "a", in_city("上海"), now=now)
    assert work.refresh_all(home, now=now + DAY / 2).taken == 0
    people_of(home, {3: ("上海", NORTH)})
    assert work.refresh_all(home, now=now + DAY / 2).taken == 1
    assert work.refresh_all(home, now=now + DAY).taken == 0
    assert work.refresh_all(home, now=now + 2 * DAY).taken == 1
    with home.store.reading() as session:
        assert [(s.member_count, s.at) for s in segments.sizes(session, kept.id)] == [(1, now), (2, now + DAY / 2)]
        assert segments.one(session, kept.id).counted_at == now + 2 * DAY


def test_one_segment_that_is_refused_stops_no_other(home, now):
    good = live(home, "good", in_city("上海"), now=now)
    bad = live(home, "bad", in_city("上海"), now=now)
    with home.store.transaction() as session:
        broken = defined({"event": ["nobody_knows"], "measure": "count", "op": "at_least", "values": [1]})
        segments.change(session, bad, name="bad", sentence="", tree=broken, units=None, by="x", now=now)
    done = work.refresh_all(home, now=now + 2 * DAY)
    assert (done.taken, done.refused) == (1, {"bad": "unknown"})
    with home.store.reading() as session:
        assert segments.one(session, good.id).counted_at == now + 2 * DAY


def test_whoever_has_units_keeps_and_sees_members_of_these_alone(home, now):
    kept = live(home, "mine", in_city("北京"), MEI, now=now)
    assert (kept.member_count, kept.units) == (2, [NORTH])
    everybody = live(home, "all", in_city("北京"), now=now)
    assert [within(home, one.id, who) for one in (kept, everybody) for who in (LIN, MEI)] == [
        [4, 6], [4, 6], [2, 4, 6], [4, 6],
    ]  # fmt: skip
    listed = work.save_list(home, home.store, MEI, "list", "", [2, 4, 4, 99], {}, 1, now=now)
    with home.store.reading() as session:
        assert segments.members(session, listed.id) == (4,)


def test_what_was_saved_over_units_that_somebody_may_not_see_is_not_covered(home, now):
    everybody, mine = live(home, "all", in_city("北京"), now=now), live(home, "mine", in_city("北京"), MEI, now=now)
    nobody = Operator(4, "wu", "manager", Scope(frozenset()))
    assert [work.covers(home, who)(one.units) for who in (LIN, MEI, nobody) for one in (everybody, mine)] == [
        True, True, False, True, False, False,
    ]  # fmt: skip


def test_who_has_a_region_is_covered_in_what_its_stores_saved(tmp_path, now):
    home = lakes.home(tmp_path)
    people_of(home, {1: ("上海", NORTH), 2: ("上海", "south")})
    with home.writer.change("import", 9) as change:
        rows = [{"unit_id": NORTH, "name": "北", "parent_unit_id": "coast"}, {"unit_id": "coast", "name": "沿海"}]
        change.merge("units", lakes.rows("units", rows))
    kept = live(home, "mine", in_city("上海"), MEI, now=now)
    region, south = (Operator(5, "yu", "manager", Scope(frozenset({unit}))) for unit in ("coast", "south"))
    assert [work.covers(home, who)(kept.units) for who in (region, south)] == [True, False]
    assert work.change(home, home.store, region, kept.id, revision=1, name="z", now=now).name == "z"


def test_who_has_units_changes_nothing_that_reaches_beyond_them(home, now):
    kept = live(home, "all", in_city("北京"), now=now)
    for act in (
        lambda: work.change(home, home.store, MEI, kept.id, revision=1, name="z", now=now),
        lambda: work.archive(home, home.store, MEI, kept.id, now=now),
    ):
        with pytest.raises(Forbidden):
            act()


@pytest.mark.parametrize("act", ["list", "static", "live", "change", "archive", "restore"])
def test_without_the_permission_nothing_is_written(home, now, act):
    kept = live(home, "all", in_city("北京"), now=now)
    with pytest.raises(Forbidden):
        match act:
            case "list":
                work.save_list(home, home.store, BOSS, "x", "", [1], {}, 1, now=now)
            case "static":
                work.save_static(home, home.store, BOSS, "x", in_city("北京"), now=now)
            case "live":
                live(home, "x", in_city("北京"), BOSS, now=now)
            case "change":
                work.change(home, home.store, BOSS, kept.id, revision=1, name="x", now=now)
            case "archive":
                work.archive(home, home.store, BOSS, kept.id, now=now)
            case "restore":
                work.restore(home, home.store, BOSS, kept.id, now=now)
    assert len(told(home)) == 1


@pytest.mark.parametrize("name", ["", "  ", "长" * 61])
def test_a_name_has_one_to_sixty_letters(home, now, name):
    with pytest.raises(InvalidName):
        live(home, name, in_city("上海"), now=now)
    assert live(home, "长" * 60, in_city("上海"), now=now).member_count == 3


def test_a_definition_that_is_none_is_refused_and_nothing_is_kept(home, now):
    with pytest.raises(InvalidSegment):
        live(home, "x", {"v": 1, "where": {"city": "上海"}}, now=now)
    with pytest.raises(Unknown):
        live(home, "x", in_segment(404), now=now)
    with home.store.reading() as session:
        assert segments.listed(session) == []


def test_another_definition_counts_at_once_and_is_told_with_what_was_before(home, now):
    kept = live(home, "x", in_city("上海"), now=now)
    changed = work.change(home, home.store, LIN, kept.id, revision=1, tree=in_city("北京"), name="y", now=now + DAY)
    assert (changed.name, changed.revision, changed.member_count, changed.changed_by) == ("y", 2, 3, "lin")
    assert within(home, kept.id) == [2, 4, 6]
    assert [(s.revision, s.added_count) for s in sizes(home, kept.id)] == [(1, None), (2, None)]
    with home.store.reading() as session:
        said = session.query(AuditEntry).order_by(AuditEntry.sequence.desc()).first().details
    assert said["before"] == {"name": "x", "tree": in_city("上海"), "revision": 1}
    assert said["after"] == {"name": "y", "tree": in_city("北京"), "revision": 2}


def test_who_changes_an_older_state_is_told_and_changes_nothing(home, now):
    kept = live(home, "x", in_city("上海"), now=now)
    work.change(home, home.store, LIN, kept.id, revision=1, tree=in_city("北京"), now=now)
    with pytest.raises(SegmentChanged):
        work.change(home, home.store, SYSTEM, kept.id, revision=1, tree=in_city("上海"), now=now)
    assert within(home, kept.id) == [2, 4, 6]


def test_a_new_name_and_a_new_definition_of_the_same_moment_are_both_kept(home, now):
    kept = live(home, "x", in_city("上海"), now=now)
    with ThreadPoolExecutor(2) as pool:
        told = [{"tree": in_city("北京")}, {"name": "y"}]
        done = [pool.submit(work.change, home, home.store, LIN, kept.id, revision=1, now=now, **one) for one in told]
        said = [type(one.exception(60)) for one in done]
    with home.store.reading() as session:
        after = segments.one(session, kept.id)
    names, trees = (("x", "y"), (in_city("上海"), in_city("北京")))
    assert said in ([type(None)] * 2, [type(None), SegmentChanged])
    assert (after.name, after.tree) == (names[said[1] is type(None)], trees[1])


def test_of_two_who_rename_it_the_later_is_told(home, now):
    kept = live(home, "x", in_city("上海"), now=now)
    work.change(home, home.store, LIN, kept.id, revision=1, name="y", was="x", now=now)
    with pytest.raises(SegmentChanged):
        work.change(home, home.store, SYSTEM, kept.id, revision=1, name="z", was="x", now=now)
    assert [entry[1] for entry in told(home)] == ["segment.saved", "segment.changed"]


def test_what_was_archived_while_somebody_edited_it_stays_as_it_was_and_they_are_told(home, now):
    kept = live(home, "x", in_city("上海"), now=now)
    work.archive(home, home.store, LIN, kept.id, now=now)
    with pytest.raises(SegmentChanged) as refused:
        work.change(home, home.store, SYSTEM, kept.id, revision=1, tree=in_city("北京"), now=now)
    assert refused.value.details["reason"] == "archived"
    assert within(home, kept.id) == [1, 3, 5]


def test_a_list_has_no_definition_to_change_but_a_name(home, now):
    kept = work.save_list(home, home.store, LIN, "x", "买家", [1, 2], {"kind": "behind"}, 1, now=now)
    with pytest.raises(InvalidSegment):
        work.change(home, home.store, LIN, kept.id, revision=1, tree=in_city("北京"), now=now)
    changed = work.change(home, home.store, LIN, kept.id, revision=1, name="y", now=now)
    assert (changed.name, changed.sentence, changed.revision) == ("y", "买家", 1)


def test_a_segment_in_itself_is_refused_also_by_way_of_others_and_of_tags(home, now):
    a = live(home, "a", in_city("上海"), now=now)
    b = live(home, "b", in_segment(a.id), now=now)
    with home.store.transaction() as session:
        tag = tags.create(
            session, "t", "behavioural", tree=in_segment(b.id), units=None, source="rule", expires_after_days=None,
            by="lin", now=now,
        )  # fmt: skip
    for tree in (in_segment(a.id), in_segment(b.id), defined({"not": {"tag": [tag.id]}})):
        with pytest.raises(InvalidSegment) as refused:
            work.change(home, home.store, LIN, a.id, revision=1, tree=tree, now=now)
        assert refused.value.details["reason"] == "cycle"
    snapshot = work.save_static(home, home.store, LIN, "s", in_segment(a.id), now=now)
    changed = work.change(home, home.store, LIN, a.id, revision=1, tree=in_segment(snapshot.id), now=now)
    assert changed.member_count == 3


def test_two_who_lead_to_each_other_at_once_make_no_circle(home, now):
    a, b = live(home, "a", in_city("上海"), now=now), live(home, "b", in_city("上海"), now=now)

    def lead(one, other):
        try:
            return work.change(home, home.store, LIN, one, revision=1, tree=in_segment(other), now=now + DAY)
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as pool:
        said = [f.result(60) for f in (pool.submit(lead, a.id, b.id), pool.submit(lead, b.id, a.id))]
    assert sum(one == "segment.invalid" for one in said) == 1
    assert [within(home, one.id) for one in (a, b)] == [[1, 3, 5]] * 2


def test_of_two_who_save_one_name_one_has_it_and_both_are_told(home, now):
    def save(_):
        try:
            return live(home, "x", in_city("上海"), now=now).name
        except NameTaken:
            return None

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(save, range(2)), key=str) == [None, "x"]
    assert len(told(home)) == 1


def test_what_others_refer_to_is_not_put_away_and_the_refusal_names_them(home, now):
    a = live(home, "a", in_city("上海"), now=now)
    b = live(home, "b", in_segment(a.id), now=now)
    with pytest.raises(SegmentUsed) as refused:
        work.archive(home, home.store, LIN, a.id, now=now)
    assert refused.value.details["names"] == "b"
    work.archive(home, home.store, LIN, b.id, now=now)
    work.archive(home, home.store, LIN, a.id, now=now)
    assert within(home, a.id) == [1, 3, 5]
    work.restore(home, home.store, LIN, b.id, now=now)
    with home.store.reading() as session:
        assert [one.name for one in segments.listed(session)] == ["b"]
        assert audit.verify(session) == []


def test_what_cannot_be_told_to_the_audit_log_is_not_done(home, now, tmp_path):
    log = Store(f"sqlite:///{tmp_path / 'log.db'}")
    log.migrate()
    with pytest.raises(RuntimeError, match="without the key"):
        work.save_live(home, log, LIN, "x", in_city("上海"), now=now)
    log.close()
    assert live(home, "x", in_city("上海"), now=now).member_count == 3


def test_a_segment_of_an_empty_lake_is_empty(tmp_path, now):
    home = lakes.home(tmp_path)
    assert live(home, "x", in_city("上海"), now=now).member_count == 0
    gone = work.save_list(home, home.store, LIN, "y", "", [7], {}, 1, now=now)
    assert within(home, gone.id) == []
