"""Path and session questions over a lake: an independent reading event by event, the people behind every figure, the funnel
of every path, and the figures that the public data sets are known by."""

import random
import tempfile
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.app import House
from core.errors import HeldStep, InvalidPath, InvalidSession, Unknown
from core.periods import Period
from core.scope import EVERYTHING, Filters, Scope
from core.sequences.paths import ARRIVED, LEFT, OTHER
from core.settings import Settings
from core.work import timeline
from core.work.home import Home
from core.work.questions import funnels, paths, sessions
from core.work.questions.paths import Answer, Asked, Group
from core.work.questions.reading import reading
from tests import lakes
from tests.e2e import published
from tests.oracles import paths as oracle
from tests.seeds import examples

NAMES = ("view", "cart", "pay", "leave")
START = datetime(2025, 1, 6)
WEB = ("web",)
MINUTES = 60_000_000


@pytest.fixture(params=["scanned", "indexed"])
def is_indexed(request: pytest.FixtureRequest) -> bool:
    return request.param == "indexed"


def shop(folder: Path, is_indexed: bool = False) -> Home:
    """Member 1 views, carts, views again, pays; 2 views and leaves; 3 views and carts two hours later; 4 only carts."""
    home = lakes.home(folder)
    lakes.add(
        home, 1,
        events=[
            lakes.event(1, "2025-01-06 01:00", "view", channel="web"), lakes.event(1, "2025-01-06 01:10", "cart"),
            lakes.event(1, "2025-01-06 01:20", "view", channel="app"), lakes.event(1, "2025-01-06 01:30", "pay"),
            lakes.event(2, "2025-01-06 02:00", "view", channel="app"), lakes.event(2, "2025-01-06 02:30", "leave"),
            lakes.event(3, "2025-01-07 03:00", "view", channel="web"), lakes.event(3, "2025-01-07 05:00", "cart"),
            lakes.event(4, "2025-01-08 03:00", "cart"),
        ],
    )  # fmt: skip
    if is_indexed:
        timeline.refresh(home)
    return home


def asked_of(home: Home, asked: Asked, filters: Filters = Filters(), scope: Scope = EVERYTHING) -> Answer:
    with reading(home, filters, scope) as lake:
        return paths.paths(lake, asked)


def columns(answer: Answer) -> list[dict[str, int]]:
    return [{answer.name(node.code): node.members for node in column.nodes} for column in answer.columns]


# Rules


def test_a_path_starts_at_the_first_anchor_and_ends_with_its_session(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    assert columns(asked_of(home, Asked(("view",), depth=2))) == [
        {"view": 3}, {"cart": 1, "leave": 1, "<left>": 1}, {"view": 1, "<left>": 2},
    ]  # fmt: skip
    assert columns(asked_of(home, Asked(("view",), depth=1, gap=timedelta(hours=2))))[1] == {"cart": 2, "leave": 1}
    short = asked_of(home, Asked(("view",), depth=1, gap=timedelta(minutes=29)))
    assert columns(short)[1] == {"cart": 1, "<left>": 2}


def test_what_came_before_is_read_backwards_from_the_first_anchor(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    answer = asked_of(home, Asked(("pay",), "before", depth=4))
    assert columns(answer) == [{"pay": 1}, {"view": 1}, {"cart": 1}, {"view": 1}, {"<left>": 1}]


def test_hidden_events_are_skipped_and_groups_stand_as_one(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    hidden = asked_of(home, Asked(("view",), depth=2, hidden=("cart", "leave")))
    assert columns(hidden)[1] == {"pay": 1, "<left>": 2}
    grouped = asked_of(home, Asked(("view",), depth=2, groups=(Group("shopping", ("view", "cart")),)))
    assert columns(grouped) == [{"shopping": 3}, {"leave": 1, "pay": 1, "<left>": 1}, {"<left>": 3}]
    repeated = asked_of(home, Asked(("view",), depth=1, collapse=False, groups=(Group("shopping", ("view", "cart")),)))
    assert columns(repeated)[1] == {"leave": 1, "shopping": 1, "<left>": 1}


def test_an_end_event_ends_the_path_and_is_never_hidden(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    answer = asked_of(home, Asked(("view",), depth=3, to=("cart",), hidden=("cart",)))
    assert columns(answer) == [
        {"view": 3}, {"cart": 1, "leave": 1, "<left>": 1}, {"<arrived>": 1, "<left>": 2}, {"<arrived>": 1, "<left>": 2},
    ]  # fmt: skip


def test_the_most_visited_are_named_and_the_rest_are_others(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    answer = asked_of(home, Asked(("view",), depth=1, top=1))
    named = columns(answer)[1]
    assert sorted(named.values()) == [1, 1, 1] and {"<other>", "<left>"} < set(named)
    assert len(answer.people({1: OTHER})) == 1


def test_period_and_channels_are_asked_of_the_anchor_alone(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    first_day = Filters(period=Period(date(2025, 1, 6), date(2025, 1, 7)))
    assert columns(asked_of(home, Asked(("view",), depth=1), first_day))[0] == {"view": 2}
    app = asked_of(home, Asked(("view",), depth=1), Filters(channels=("app",)))
    assert columns(app) == [{"view": 2}, {"leave": 1, "pay": 1}]
    late = Filters(period=Period(date(2025, 1, 7), date(2025, 1, 8)))
    assert columns(asked_of(home, Asked(("cart",), "before", gap=None, depth=1), late)) == [{"cart": 1}, {"view": 1}]


def test_a_scope_leaves_its_own_members(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path)
    units = {1: "east", 2: "west", 3: "east", 4: "west"}
    profiles = [{"identity_key": key, "unit_id": unit} for key, unit in units.items()]
    lakes.add(home, 2, member_profiles=profiles)
    if is_indexed:
        timeline.refresh(home)
    east = asked_of(home, Asked(("view",), depth=1), scope=Scope(frozenset({"east"})))
    assert columns(east) == [{"view": 2}, {"cart": 1, "<left>": 1}]
    assert sorted(east.people((east.code("view"),))["member_id"]) == [1, 3]
    nowhere = asked_of(home, Asked(("view",)), scope=Scope(frozenset()))
    assert (nowhere.members, columns(nowhere), nowhere.top_paths()) == (0, [], ())
    with reading(home, scope=Scope(frozenset({"east"}))) as lake:
        assert (answer := sessions.sessions_of(lake)).statistics.subjects == 2
        assert answer.statistics.sessions == 3


def test_people_say_when_they_started_and_how_far_they_went(tmp_path: Path, is_indexed: bool):
    answer = asked_of(shop(tmp_path, is_indexed), Asked(("view",), depth=4))
    told = answer.people((answer.code("view"),))
    assert told["member_id"].tolist() == [3, 2, 1] and told["steps"].tolist() == [1, 2, 4]
    assert told["entry_at"].tolist()[0] == pd.Timestamp("2025-01-07 03:00", tz="UTC")


def test_the_ways_to_a_node_add_up_to_it(tmp_path: Path, is_indexed: bool):
    answer = asked_of(shop(tmp_path, is_indexed), Asked(("view",), depth=2, gap=None))
    ways = answer.ways(1, answer.code("cart"))
    assert [[answer.name(code) for code in way.nodes] for way in ways] == [["view", "cart"]]
    assert [(way.members, way.share) for way in ways] == [(2, 1.0)]


def test_rows_have_a_node_or_a_path_each(tmp_path: Path, is_indexed: bool):
    answer = asked_of(shop(tmp_path, is_indexed), Asked(("view",), depth=1))
    assert paths.rows(answer)[0] == {"column": 0, "node": "view", "members": 3, "share": 1.0}
    assert paths.path_rows(answer, 1) == [{"path": paths.path_rows(answer)[0]["path"], "members": 1, "share": 0.333333}]


def test_what_no_path_can_be_is_refused(tmp_path: Path, is_indexed: bool):
    home = shop(tmp_path, is_indexed)
    for asked in (Asked(()), Asked(("view",), depth=0), Asked(("view",), depth=21), Asked(("view",), top=0),
                  Asked(("view",), top=21), Asked(("view",), groups=(Group("", ("cart",)),)),
                  Asked(("view",), groups=(Group("<left>", ("cart",)),))):  # fmt: skip
        with pytest.raises(InvalidPath):
            asked_of(home, asked)
    with pytest.raises(InvalidSession):
        asked_of(home, Asked(("view",), gap=timedelta(0)))
    with pytest.raises(Unknown) as refused:
        asked_of(home, Asked(("view",), hidden=("cartt",)))
    assert "cart" in refused.value.near
    answer = asked_of(home, Asked(("view",)))
    for nodes in ((answer.code("view"), LEFT), (answer.code("view"),), (answer.code("view"),) * 11):
        with pytest.raises(InvalidPath):
            answer.funnel(nodes)


@pytest.mark.parametrize(
    ("groups", "problem"),
    [
        ((Group("buying", ("cart",)), Group("paying", ("pay", "cart"))), "group_shared"),
        ((Group("buying", ("cart",)), Group("buying", ("pay",))), "group_twice"),
        ((Group("view", ("cart", "pay")),), "group_event"),
    ],
)
def test_an_event_is_one_node_and_a_node_has_one_name(tmp_path: Path, groups, problem):
    with pytest.raises(InvalidPath) as refused:
        asked_of(shop(tmp_path), Asked(("view",), groups=groups))
    assert refused.value.details["problem"] == problem


def test_a_group_may_be_called_like_an_event_that_it_holds(tmp_path: Path):
    grouped = asked_of(shop(tmp_path), Asked(("view",), depth=1, groups=(Group("cart", ("cart", "leave")),)))
    assert columns(grouped)[1]["cart"] == 2


def test_an_event_that_waits_is_told_apart_from_one_that_is_not_there(tmp_path: Path):
    home = shop(tmp_path)
    lakes.add(home, 2, event_names=[{"name": "leave", "is_held": True}])
    assert columns(asked_of(home, Asked(("view",), depth=1)))[1] == {"cart": 1, "<left>": 2}
    with pytest.raises(HeldStep):
        asked_of(home, Asked(("leave",)))


# Against a plain reading

EVERY_NAME = [(9, place, name, False) for place, name in enumerate(NAMES)]
"""One member does everything, so that every name is known. Of facts that are the same twice the lake keeps one."""
facts = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 10), st.sampled_from(NAMES), st.booleans()),
    min_size=1,
    max_size=24,
    unique_by=lambda fact: fact[:3],
).map(lambda told: told + EVERY_NAME)
questions = st.builds(
    Asked,
    anchor=st.sampled_from([("view",), ("cart",), ("view", "cart")]),
    direction=st.sampled_from(["after", "before"]),
    depth=st.integers(1, 4),
    gap=st.sampled_from([None, timedelta(minutes=20), timedelta(minutes=40)]),
    collapse=st.booleans(),
    to=st.sampled_from([(), ("pay",), ("cart", "leave")]),
    hidden=st.sampled_from([(), ("leave",), ("pay", "view")]),
    groups=st.sampled_from(
        [(), (Group("buying", ("cart", "pay")),), (Group("leave", ("leave", "view")), Group("buying", ("pay",)))]
    ),
    top=st.integers(1, 3),
)
channels = st.sampled_from([(), WEB])


def filled(folder: Path, told: list[tuple[int, int, str, bool]], is_indexed: bool) -> Home:
    home = lakes.home(folder)
    events = [
        lakes.event(
            who, f"{START + timedelta(minutes=20 * when):%Y-%m-%d %H:%M}", name, channel="web" if web else "app"
        )
        for who, when, name, web in told
    ]
    lakes.add(home, 1, events=events)
    if is_indexed:
        timeline.refresh(home)
    return home


def plainly(told: list[tuple[int, int, str, bool]], asked: Asked, only: tuple[str, ...]) -> dict[int, list[str]]:
    """The path of each member, by nodes' names, read event by event."""
    grouped = {name: group.node for group in asked.groups for name in group.names}
    spare = {*asked.anchor, *asked.to}
    names = {name: "" if name in asked.hidden and name not in spare else grouped.get(name, name) for name in NAMES}
    codes = {node: code for code, node in enumerate(sorted({node for node in names.values() if node}))}
    words = {LEFT: "<left>", ARRIVED: "<arrived>"} | {code: node for node, code in codes.items()}
    found = {}
    for who in {who for who, *_ in told}:
        mine = [(when, name, web, row) for row, (one, when, name, web) in enumerate(told) if one == who]
        rank = {name: 0 if name in asked.anchor else 1 if name in asked.to else 2 for name in NAMES}
        mine.sort(key=lambda fact: (fact[0], rank[fact[1]], fact[3]))
        history = [
            oracle.Event(when * 20 * MINUTES, codes.get(names[name], -1), name in asked.anchor,
                         bool(only) and not web, name in asked.to)
            for when, name, web, _ in mine
        ]  # fmt: skip
        gap = None if asked.gap is None else asked.gap // timedelta(microseconds=1)
        walked = oracle.path(history, asked.depth, asked.direction, gap, asked.collapse, bool(asked.to))
        if walked:
            found[who] = [words[code] for code in walked.nodes]
    return found


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.too_slow])
@given(told=facts, asked=questions, only=channels, is_indexed=st.booleans())
def test_columns_and_links_add_up_and_paths_equal_a_plain_reading(told, asked, only, is_indexed):
    with tempfile.TemporaryDirectory() as folder:
        answer = asked_of(filled(Path(folder), told, is_indexed), asked, Filters(channels=only))
        expected = plainly(told, asked, only)
        ids = answer.ids[answer.paths.subject].tolist()
        nodes = [[answer.name(code) for code in row] for row in answer.paths.node.tolist()]
        assert dict(zip(ids, nodes, strict=True)) == expected
        for column in answer.columns:
            assert sum(node.members for node in column.nodes) == answer.members
            assert sum(node.share for node in column.nodes) == pytest.approx(1)
            assert sum(node.code >= 0 for node in column.nodes) <= asked.top
            for node in column.nodes:
                assert len(answer.people({column.number: node.code})) == node.members
        for left, right in pairwise(answer.columns):
            flows = [link for link in answer.links if link.column == left.number]
            assert all(sum(f.members for f in flows if f.source == n.code) == n.members for n in left.nodes)
            assert all(sum(f.members for f in flows if f.target == n.code) == n.members for n in right.nodes)
            for f in flows:
                both = answer.people({left.number: f.source, right.number: f.target})
                assert len(both) == f.members
        whole = answer.top_paths(100)
        assert sum(path.members for path in whole) == answer.members
        taken = Counter(tuple(row[: next((i + 1 for i, n in enumerate(row) if n[0] == "<"), None)]) for row in nodes)
        assert {tuple(map(answer.name, path.nodes)): path.members for path in whole} == dict(taken)
        assert all(len(answer.people(path.nodes)) == path.members for path in whole)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.too_slow])
@given(
    told=facts, asked=questions, only=channels,
    is_dated=st.booleans(), is_indexed=st.booleans(),
)  # fmt: skip
def test_the_funnel_of_a_path_shows_its_members_whatever_ends_filters_or_names_it(
    told, asked, only, is_dated, is_indexed
):
    """The events lie around a midnight of the business zone, so that a day cuts some anchors off."""
    with tempfile.TemporaryDirectory() as folder:
        moved = [(who, when + 45, name, web) for who, when, name, web in told]
        home = filled(Path(folder), moved, is_indexed)
        period = Period(date(2025, 1, 6), date(2025, 1, 7)) if is_dated else None
        filters = Filters(period, only)
        with reading(home, filters) as lake:
            answer = paths.paths(lake, asked)
            for path in answer.top_paths(8):
                nodes = tuple(code for code in path.nodes if code >= 0)
                for end in range(2, len(nodes) + 1):
                    funnel = funnels.conversion(lake, answer.funnel(nodes[:end]))
                    figures = [len(answer.people(nodes[:step])) for step in range(1, end + 1)]
                    shown = [step.members for step in funnel.steps]
                    assert shown == figures if asked.direction == "after" else shown[-1] == figures[-1]
                    assert sorted(funnel.reached(end)["member_id"]) == sorted(answer.people(nodes[:end])["member_id"])


def test_one_world_is_told_alike_by_a_scan_and_by_the_timeline(tmp_path: Path):
    rng = random.Random(5)
    told = [(rng.randrange(1, 9), rng.randrange(40), rng.choice(NAMES), rng.random() < 0.5) for _ in range(200)]
    scanned = filled(tmp_path / "a", told, is_indexed=False)
    indexed = filled(tmp_path / "b", told, is_indexed=True)
    for asked in (Asked(("view",)), Asked(("pay",), "before", to=("leave",)), Asked(("cart",), hidden=("view",))):
        one, other = asked_of(scanned, asked), asked_of(indexed, asked)
        assert columns(one) == columns(other)
        assert paths.path_rows(one) == paths.path_rows(other)


# Sessions


def told_of(home: Home, filters: Filters = Filters(), **more: timedelta) -> dict[str, object]:
    with reading(home, filters) as lake:
        return sessions.rows(sessions.sessions_of(lake, **more))[0]


def test_the_people_behind_sessions_have_the_count_of_the_figure(tmp_path: Path, is_indexed: bool):
    with reading(shop(tmp_path, is_indexed)) as lake:
        found = sessions.sessions_of(lake)
    frame = found.people()
    assert frame.to_numpy().tolist() == [[3, 2], [1, 1], [2, 1], [4, 1]]
    assert len(frame) == found.statistics.subjects and frame["sessions"].sum() == found.statistics.sessions


def test_sessions_are_told_in_one_row(tmp_path: Path, is_indexed: bool):
    assert told_of(shop(tmp_path, is_indexed)) == {
        "members": 4, "sessions": 5, "told": 0, "events": 9, "bounces": 3, "bounce_share": 0.6,
        "per_member_mean": 1.25, "per_member_median": 1.0, "per_member_p90": 1.7,
        "length_seconds_mean": 720.0, "length_seconds_median": 0.0, "length_seconds_p90": 1800.0,
        "events_each_mean": 1.8, "events_each_median": 1.0, "events_each_p90": 3.2,
    }  # fmt: skip


def test_a_session_belongs_to_the_day_and_the_channel_that_it_starts_in(tmp_path: Path, is_indexed: bool):
    home = lakes.home(tmp_path)
    events = [
        lakes.event(1, "2025-01-06 15:50", channel="web"), lakes.event(1, "2025-01-06 16:10", channel="app"),
        lakes.event(1, "2025-01-06 16:30", channel="app"),
    ]  # fmt: skip
    lakes.add(home, 1, events=events)
    if is_indexed:
        timeline.refresh(home)
    first, second = (Filters(Period(date(2025, 1, on), date(2025, 1, on + 1))) for on in (6, 7))
    assert (told_of(home, first)["sessions"], told_of(home, first)["events"]) == (1, 3)
    assert told_of(home, second)["sessions"] == 0
    assert told_of(home, Filters(channels=WEB))["events"] == 3
    assert told_of(home, Filters(channels=("app",)))["sessions"] == 0


def test_sessions_of_the_source_are_taken_and_the_rest_is_cut_by_its_pauses(tmp_path: Path, is_indexed: bool):
    home = lakes.home(tmp_path)
    events = [
        lakes.event(1, "2025-01-06 01:00", session_id="a"), lakes.event(1, "2025-01-06 05:00", session_id="a"),
        lakes.event(1, "2025-01-06 05:01"), lakes.event(2, "2025-01-06 05:01", session_id="b"),
        lakes.event(2, "2025-01-06 05:02", session_id="c"), lakes.event(None, "2025-01-06 05:03", session_id="d"),
    ]  # fmt: skip
    lakes.add(home, 1, events=events, order_lines=[lakes.sale(1, "2025-01-06 09:00", "o1", 5)])
    if is_indexed:
        timeline.refresh(home)
    row = told_of(home)
    assert [row[name] for name in ("members", "sessions", "told", "events", "bounces")] == [2, 5, 4, 6, 4]
    assert row["per_member_mean"] == 2.0 and row["length_seconds_mean"] == 4 * 3600 / 5


def test_a_world_without_events_has_no_sessions(tmp_path: Path):
    row = told_of(lakes.home(tmp_path))
    assert row["sessions"] == 0 and row["bounce_share"] is None and row["per_member_mean"] is None
    with pytest.raises(InvalidSession):
        told_of(lakes.home(tmp_path / "b"), gap=timedelta(0))


def test_the_shop_has_its_published_sessions_by_pauses_and_as_it_tells_them(tmp_path: Path):
    told = House(Settings(home=published.ecom(tmp_path / "told"))).live
    row = told_of(told)
    assert (row["members"], row["sessions"], row["told"]) == (600, 3605, 3605)
    silent = lakes.home(tmp_path / "silent")
    with told.lake.open() as snapshot:
        events = snapshot.arrow(snapshot.table("events")).to_pylist()
        known = snapshot.arrow(snapshot.member_map())
    bare = [lakes.event(e["identity_key"], e["occurred_at"].isoformat(), e["name"]) for e in events]
    with silent.writer.change("import", 1) as change:
        change.merge("events", lakes.rows("events", bare))
        change.replace("identity_map", known)
    cut = told_of(silent)
    assert (cut["members"], cut["sessions"], cut["told"]) == (600, 3605, 0)
    assert cut["bounces"] == row["bounces"] and cut["events_each_median"] == row["events_each_median"]


def test_the_clothing_shop_has_its_published_sessions_and_one_click_ones(tmp_path: Path):
    with ZipFile(published.file("uci_eshop_clickstream/clickstream+data+for+online+shopping.zip")) as archive:
        clicks = pd.read_csv(archive.open(archive.namelist()[0]), sep=";")
    at = pd.to_datetime(clicks[["year", "month", "day"]]) - published.EIGHT_HOURS
    table = pa.table(
        {
            "occurred_at": pa.array(at.to_numpy("datetime64[us]")),
            "name": ["page_view"] * len(clicks),
            "session_id": clicks["session ID"].astype(str).to_numpy(dtype=object),
            "sequence": clicks["order"].to_numpy(np.int64),
            "source": ["eshop"] * len(clicks),
            "row_number": range(1, len(clicks) + 1),
        }
    )
    home = lakes.home(tmp_path)
    with home.writer.change("import", 1) as change:
        change.merge("events", ibis.memtable(table))
    row = told_of(home)
    assert [row[name] for name in ("sessions", "told", "events", "bounces")] == [24_026, 24_026, 165_474, 5_042]
    assert row["members"] == 0 and row["length_seconds_mean"] is None
