"""Paths: their rules one by one, then against a plain reading and against the funnel of the same steps."""

from collections import Counter
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core.dispatcher import Dispatcher

from core import sequences
from core.errors import InvalidPath, InvalidSession
from core.sequences import paths, sessions
from core.sequences.arrays import BARRED, PRESENT
from core.sequences.funnel import Funnel, by_step, reach
from core.sequences.paths import ARRIVED, LEFT, OTHER, Column, Link, Node, Path, Paths, walk
from core.sequences.stream import Batch, Stream, ordered
from tests.oracles import paths as oracle
from tests.oracles.paths import Event
from tests.seeds import examples

MINUTE = 60_000_000
ANCHOR, END, BESIDE = 1, 2, int(PRESENT)
A, B, C, X = 0, 1, 2, 23
NAMES = "abcdefghijklmnopqrstuvwxyz"


def stream_of(*histories: list[Event]) -> Stream:
    """Subjects 0, 1 … with these events in this order; those without events are absent."""
    present = [i for i, history in enumerate(histories) if history]
    events = [event for history in histories for event in history]
    offset = np.cumsum([0] + [len(histories[i]) for i in present])
    bits = [e.is_anchor * ANCHOR | e.is_end * END | e.is_barred * int(BARRED) | BESIDE for e in events]
    return Stream(present, offset, [e.at for e in events], bits, [e.node for e in events])


def history(text: str) -> list[Event]:
    """``"a0 b1 .2 A3 a4! z5"``: nodes and their minutes. ``a`` is the anchor, ``A`` one that is barred, ``.`` a hidden
    event, ``*`` a hidden one that fits the anchor, ``z`` the end."""
    events = []
    for word in text.split():
        name, at = word[0], int(word[1:])
        node = NAMES.index(name.lower()) if name.isalpha() else -5
        events.append(Event(at * MINUTE, node, name in "aA*", name == "A", name == "z"))
    return events


def nodes(text: str, depth: int = 3, **how: object) -> str:
    """The path as text, ``_`` where left, ``!`` where arrived; empty without one."""
    got = walk(stream_of(history(text)), depth, **how)  # type: ignore[arg-type]
    return "".join({LEFT: "_", ARRIVED: "!"}.get(code) or NAMES[code] for code in got.node.ravel().tolist())


# Rules


@pytest.mark.parametrize(
    ("rule", "text", "how", "expected"),
    [
        ("after the anchor", "x0 a1 b2 c3", {}, "abc_"),
        ("from the first anchor on", "a0 b1 a2 c3", {}, "abac"),
        ("no further than the depth", "a0 b1 c2 d3 e4", {}, "abcd"),
        ("without an anchor no path", "b0 c1", {}, ""),
        ("a barred event is no anchor, and is a node", "A0 b1 a2 A3", {}, "aa__"),
        ("events of equal time stand as in the stream", "a0 c0 b0", {}, "acb_"),
        ("exactly the gap keeps the session", "a0 b30 c60", {}, "abc_"),
        ("a longer pause ends the path", "a0 b30 c61 d62", {}, "ab__"),
        ("without a gap only the events end", "a0 b90 c999", {"gap": None}, "abc_"),
        ("of the session of the first anchor only", "b0 a50 c51 a90 d91", {}, "ac__"),
        ("a hidden event is skipped", "a0 .1 b2", {}, "ab__"),
        ("a hidden event keeps the session going", "a0 .30 b60", {}, "ab__"),
        ("a hidden event is no anchor", "*0 b1 a2 c3", {}, "ac__"),
        ("repeats stand", "a0 b1 b2 c3", {}, "abbc"),
        ("repeats are one when collapsed", "a0 b1 b2 c3", {"collapse_repeats": True}, "abc_"),
        ("so are those around a hidden event", "a0 b1 .2 b3 c4", {"collapse_repeats": True}, "abc_"),
        ("so are repeats of the anchor", "a0 a1 b2 a3", {"collapse_repeats": True}, "aba_"),
        ("a node may come back when collapsed", "a0 b1 c2 b3", {"collapse_repeats": True}, "abcb"),
        ("a repeat keeps the session going", "a0 b30 b60 c90", {"collapse_repeats": True}, "abc_"),
        ("before the anchor, going back", "b0 c1 a2 d3", {"direction": "before"}, "acb_"),
        ("before the first anchor", "b0 a1 c2 a3", {"direction": "before"}, "ab__"),
        ("before: nothing before", "a0 b1", {"direction": "before"}, "a___"),
        ("before: exactly the gap", "b0 c30 a60", {"direction": "before"}, "acb_"),
        ("before: a longer pause", "b0 c29 a60", {"direction": "before"}, "a___"),
        ("before: hidden events", "b0 .30 a60", {"direction": "before"}, "ab__"),
        ("before: collapsed", "b0 c1 c2 a3", {"direction": "before", "collapse_repeats": True}, "acb_"),
        ("an end event ends the path", "a0 b1 z2 c3 d4", {"to": True, "depth": 4}, "abz!!"),
        ("an end event in the last column", "a0 b1 c2 z3", {"to": True}, "abcz"),
        ("who does not arrive has left", "a0 b1", {"to": True}, "ab__"),
        ("an end event is a node unless asked for", "a0 z1 c2", {}, "azc_"),
        ("before: back to an end event", "b0 z1 c2 a3", {"to": True, "direction": "before"}, "acz!"),
    ],
)
def test_rule(rule: str, text: str, how: dict[str, object], expected: str) -> None:
    assert nodes(text, **how) == expected, rule


def test_the_anchor_is_never_the_end() -> None:
    both = Event(0, A, is_anchor=True, is_end=True)
    got = walk(stream_of([both, Event(1, B)], [both, both]), 2, to=True)
    assert (got.node.tolist(), got.is_arrived.tolist()) == ([[A, B, LEFT], [A, A, ARRIVED]], [False, True])


def test_the_times_of_the_events_are_kept() -> None:
    got = walk(stream_of(history("x0 a1 b2 b3")), 2, collapse_repeats=True)
    assert got.at.tolist() == [[MINUTE, 2 * MINUTE, paths.NOT_REACHED]]
    back = walk(stream_of(history("b0 b1 a2")), 2, direction="before", collapse_repeats=True)
    assert back.at.tolist() == [[2 * MINUTE, MINUTE, paths.NOT_REACHED]]


def test_only_subjects_with_an_anchor_have_a_row() -> None:
    got = walk(stream_of(history("b0"), history("a0 b1"), [], history("a0")), 1)
    assert (got.subject.tolist(), got.node.tolist()) == ([1, 3], [[A, B], [A, LEFT]])


def test_those_who_arrive_can_be_asked_alone() -> None:
    got = walk(stream_of(history("a0 z1"), history("a0 b1"), history("a0 b1 z2")), 2, to=True)
    assert paths.arriving(got).subject.tolist() == [0, 2]
    assert len(paths.columns(paths.arriving(got))[0].nodes) == 1


# Answers


def of_rows(*rows: str) -> Paths:
    """Subjects 10, 11 … with these paths, ``_`` where left, ``!`` where arrived."""
    codes = [[{"_": LEFT, "!": ARRIVED}.get(name, NAMES.find(name)) for name in row] for row in rows]
    node = np.array(codes, np.int32).reshape(len(rows), -1)
    return Paths(
        np.arange(10, 10 + len(rows), dtype=np.int32), node, np.zeros(node.shape, np.int64), np.zeros(len(rows), bool)
    )


def test_a_column_names_its_most_visited_nodes_and_adds_up_to_everybody() -> None:
    got = paths.columns(of_rows("ab", "ac", "ac", "ad", "a_", "a!", "ae", "ab"), top=2)
    assert got == (
        Column(0, (Node(A, 8, 1.0),)),
        Column(
            1, (Node(B, 2, 0.25), Node(C, 2, 0.25), Node(OTHER, 2, 0.25), Node(ARRIVED, 1, 0.125), Node(LEFT, 1, 0.125))
        ),
    )


def test_links_add_up_at_both_ends_and_who_left_stays() -> None:
    got = of_rows("ab_", "abc", "acb", "ad_", "a__")
    told = paths.links(got, paths.columns(got, top=1))
    assert told == (
        Link(0, A, B, 2),
        Link(0, A, OTHER, 2),
        Link(0, A, LEFT, 1),
        Link(1, B, OTHER, 1),
        Link(1, B, LEFT, 1),
        Link(1, OTHER, B, 1),
        Link(1, OTHER, LEFT, 1),
        Link(1, LEFT, LEFT, 1),
    )


@pytest.mark.parametrize("others", [("ab", "a_"), ("ac",), ("ab", "ab")])
def test_columns_of_other_paths_are_refused(others: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="other paths"):
        paths.links(of_rows(*others), paths.columns(of_rows("ab"), top=1))


def test_the_most_frequent_paths_come_first_and_ties_by_their_nodes() -> None:
    got = paths.top_paths(of_rows("abc", "ab_", "ab_", "a__", "a!!"), 3)
    assert got == (Path((A, B, LEFT), 2, 0.4), Path((A, ARRIVED), 1, 0.2), Path((A, LEFT), 1, 0.2))


@pytest.mark.parametrize("most", [2**31 - 4, 2**31 - 1])
@pytest.mark.parametrize("differs", [0, 20])
def test_paths_of_many_nodes_are_told_apart(most: int, differs: int) -> None:
    node = np.full((3, 21), most, np.int32)
    node[1, differs] = most - 1
    got = Paths(np.arange(3, dtype=np.int32), node, np.zeros(node.shape, np.int64), np.zeros(3, bool))
    assert [(path.members, path.nodes[differs]) for path in paths.top_paths(got)] == [(2, most), (1, most - 1)]


def test_the_people_behind_a_node_a_link_and_a_path() -> None:
    got = of_rows("ab_", "abc", "acb", "ad_", "a__")
    shown = paths.columns(got, top=1)
    assert paths.members(got, {1: B}).tolist() == [10, 11]
    assert paths.members(got, {1: OTHER}, shown).tolist() == [12, 13]
    assert paths.members(got, {1: OTHER, 2: LEFT}, shown).tolist() == [13]
    assert paths.members(got, (A, B)).tolist() == [10, 11]
    assert paths.members(got, (A, B, LEFT)).tolist() == [10]
    assert paths.along(got, (A, B, C)).tolist() == [5, 2, 1]


def test_others_are_told_by_columns_alone() -> None:
    with pytest.raises(ValueError, match="depends on the columns"):
        paths.members(of_rows("ab"), {1: OTHER})


def test_no_paths_are_an_empty_answer() -> None:
    for stream in (ordered([]), stream_of(history("b0"))):
        got = walk(stream, 2)
        assert got.node.shape == (0, 3)
        assert (paths.columns(got), paths.links(got, ()), paths.top_paths(got)) == ((), (), ())
        assert (paths.along(got, (A, B)).tolist(), paths.members(got, (A,)).tolist()) == ([0, 0], [])


# Refusals


@pytest.mark.parametrize("depth", [0, 21])
def test_a_path_has_1_to_20_steps(depth: int) -> None:
    with pytest.raises(InvalidPath, match="1 to 20"):
        walk(stream_of(history("a0")), depth)


@pytest.mark.parametrize("depth", [1, 20])
def test_the_fewest_and_the_most_steps_are_allowed(depth: int) -> None:
    assert walk(stream_of(history("a0")), depth).depth == depth


def test_what_a_path_cannot_be_is_refused() -> None:
    stream = stream_of(history("a0"))
    with pytest.raises(InvalidPath, match="after or before"):
        walk(stream, direction="between")  # type: ignore[arg-type]
    with pytest.raises(InvalidSession):
        walk(stream, gap=timedelta(0))
    with pytest.raises(InvalidPath, match="At least one node"):
        paths.columns(walk(stream), top=0)
    with pytest.raises(InvalidPath, match="no step 3"):
        paths.members(walk(stream, 2), {3: A})
    with pytest.raises(InvalidPath, match="no step 3"):
        paths.along(walk(stream, 2), (A, B, C, A))


def test_a_stream_without_codes_is_refused() -> None:
    bare = ordered([Batch(np.zeros(1, np.int32), np.zeros(1, np.int64), np.ones(1, np.uint16))])
    for ask in (walk, paths.seen):
        with pytest.raises(ValueError, match="no codes"):
            ask(bare)


# Against a plain reading

GAPS = st.sampled_from([None, 1, 2, 3])


@st.composite
def one_history(draw: st.DrawFn) -> list[Event]:
    """Few nodes and pauses around the gaps, so that ties, limits, repeats and hidden events are the rule."""
    at, events = 0, []
    for _ in range(draw(st.integers(0, 9))):
        at += draw(st.sampled_from([0, 0, 1, MINUTE, MINUTE + 1, 2 * MINUTE, 2 * MINUTE + 1, 3 * MINUTE]))
        anchors, barred, ends = (draw(st.integers(0, 3)) == 0 for _ in range(3))
        events.append(Event(at, draw(st.sampled_from([-3, -1, 0, 0, 1, 2, 3])), anchors, barred, ends))
    return events


cases = st.lists(one_history(), max_size=8)


@settings(max_examples=examples(300))
@given(
    cases,
    GAPS,
    st.integers(1, 5),
    st.sampled_from(["after", "before"]),
    st.booleans(),
    st.booleans(),
    st.integers(1, 3),
)
def test_paths_equal_a_plain_reading(
    cases: list[list[Event]],
    minutes: int | None,
    depth: int,
    direction: paths.Direction,
    collapse: bool,
    to: bool,
    threads: int,
) -> None:
    gap = minutes and timedelta(minutes=minutes)
    got = walk(
        stream_of(*cases), depth, direction=direction, gap=gap, collapse_repeats=collapse, to=to, threads=threads
    )
    read = [oracle.path(case, depth, direction, minutes and minutes * MINUTE, collapse, to) for case in cases]
    expected = [(i, *told) for i, told in enumerate(read) if told]
    rows = (got.subject, got.node, got.at, got.is_arrived)
    assert list(zip(*(array.tolist() for array in rows), strict=True)) == expected


@settings(max_examples=examples(200))
@given(cases, st.integers(1, 4), st.integers(1, 3), st.booleans())
def test_every_figure_adds_up_and_has_its_people(cases: list[list[Event]], depth: int, top: int, to: bool) -> None:
    got = walk(stream_of(*cases), depth, gap=timedelta(minutes=2), to=to)
    rows = oracle.shown(got.node.tolist(), top)
    columns = paths.columns(got, top)
    links = paths.links(got, columns)

    for column in columns:
        visits = Counter(row[column.number] for row in rows)
        assert {node.code: node.members for node in column.nodes} == visits
        assert sum(node.members for node in column.nodes) == len(got)
        assert sum(node.share for node in column.nodes) == pytest.approx(1)
        for node in column.nodes:
            assert len(paths.members(got, {column.number: node.code}, columns)) == node.members
            out = [link.members for link in links if (link.column, link.source) == (column.number, node.code)]
            into = [link.members for link in links if (link.column + 1, link.target) == (column.number, node.code)]
            assert sum(out) == (node.members if column.number < depth else 0)
            assert sum(into) == (node.members if column.number else 0)
    for link in links:
        behind = paths.members(got, {link.column: link.source, link.column + 1: link.target}, columns)
        assert len(behind) == link.members > 0
    for column in columns[:-1]:
        pairs = Counter((row[column.number], row[column.number + 1]) for row in rows)
        assert {(ln.source, ln.target): ln.members for ln in links if ln.column == column.number} == pairs


@settings(max_examples=examples(200))
@given(cases, st.integers(1, 4), st.integers(1, 9), st.booleans())
def test_top_paths_equal_a_plain_count(cases: list[list[Event]], depth: int, n: int, to: bool) -> None:
    got = walk(stream_of(*cases), depth, gap=timedelta(minutes=2), to=to)
    counts = Counter(tuple(row) for row in got.node.tolist())
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:n]

    told = paths.top_paths(got, n)

    assert [path.members for path in told] == [count for _, count in ranked]
    for path, (row, count) in zip(told, ranked, strict=True):
        assert path.nodes == row[: len(path.nodes)] and set(row[len(path.nodes) :]) <= {path.nodes[-1]}
        assert min(path.nodes[:-1]) >= 0 and path.share == count / len(got)
        assert len(paths.members(got, path.nodes)) == count == paths.along(got, path.nodes)[-1]


@settings(max_examples=100)
@given(cases, st.integers(0, 8), st.booleans())
def test_answers_of_partitions_join_to_the_answer_of_the_whole(
    cases: list[list[Event]], cut: int, is_turned: bool
) -> None:
    whole = walk(stream_of(*cases), 3)
    empty: list[list[Event]] = [[]]
    halves = [
        walk(stream_of(*cases[:cut], *empty * len(cases[cut:])), 3),
        walk(stream_of(*empty * cut, *cases[cut:]), 3),
    ]
    assert_same(paths.joined(halves[::-1] if is_turned else halves), whole)
    if len(whole):
        with pytest.raises(ValueError, match="two partitions"):
            paths.joined([whole, whole])


def assert_same(left: Paths, right: Paths) -> None:
    for name in ("subject", "node", "at", "is_arrived"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)


# A path and the funnel of the same steps


def funnel_members(seen: Stream, prefix: list[int], direction: paths.Direction) -> list[int]:
    """Members by step of the strict funnel of these nodes over the events of paths, in the order of time. Step 1 after
    an anchor, and the last step before one, is the anchor itself."""
    bits = np.full(len(seen), BESIDE)
    for k, node in enumerate(prefix if direction == "after" else prefix[::-1]):
        bits[seen.entry_code == node] |= 1 << k
    anchors = seen.offset[:-1] if direction == "after" else seen.offset[1:] - 1
    bits[np.setdiff1d(np.arange(len(seen)), anchors)] &= ~(1 if direction == "after" else 1 << len(prefix) - 1)
    entries = "first" if direction == "after" else "every"
    names = ("step" + str(k) for k in range(len(prefix)))
    question = Funnel.of(*names, order="strict", within=None, entries=entries)
    return by_step(reach(Stream(seen.subject, seen.offset, seen.at, bits, seen.entry_code), question)).tolist()


asked_paths = st.fixed_dictionaries(
    {
        "to": st.booleans(),
        "gap": GAPS.map(lambda minutes: minutes and timedelta(minutes=minutes)),
        "direction": st.sampled_from(["after", "before"]),
        "collapse_repeats": st.booleans(),
    }
)


@settings(max_examples=examples(300))
@given(cases, asked_paths, st.lists(st.integers(0, 3), min_size=2, max_size=4))
def test_a_path_and_the_strict_funnel_of_its_steps_show_the_same_members(
    cases: list[list[Event]], how: dict[str, Any], wish: list[int]
) -> None:
    stream = stream_of(*cases)
    got, seen = walk(stream, 3, **how), paths.seen(stream, **how)
    assert seen.subject.tolist() == got.subject.tolist()
    for prefix in [wish] + [[code for code in row if code >= 0] for row in got.node.tolist()]:
        if len(prefix) > 1:
            counted = funnel_members(seen, prefix, how["direction"])
            if how["direction"] == "after":
                assert paths.along(got, prefix).tolist() == counted
            else:
                assert paths.along(got, prefix).tolist()[-1] == counted[-1]


@settings(max_examples=examples(200))
@given(cases, st.lists(st.integers(0, 3), min_size=2, max_size=4), st.sampled_from([1, 2]))
def test_a_path_within_sessions_is_the_funnel_of_the_first_session_with_an_anchor(
    cases: list[list[Event]], prefix: list[int], minutes: int
) -> None:
    """Over all events as a funnel reads them: none hidden, first entries of each session, the first of each member."""
    cases = [[event._replace(node=abs(event.node)) for event in case] for case in cases]
    stream, gap = stream_of(*cases), timedelta(minutes=minutes)
    parts = sessions.split(stream, gap)
    bits = BESIDE | stream.steps & (ANCHOR | BARRED)
    for k, node in enumerate(prefix[1:], 1):
        bits[stream.entry_code == node] |= 1 << k
    names = ("step" + str(k) for k in range(len(prefix)))
    question = Funnel.of(*names, order="strict", within=None, entries="first")
    got = reach(Stream(parts.stream.subject, parts.stream.offset, stream.at, bits, stream.entry_code), question)
    entered = got.depth > 0
    first = np.unique(parts.owner[got.subject[entered]], return_index=True)[1]
    depth = got.depth[entered][first][got.entry_code[entered][first] == prefix[0]]
    counted = [int(np.sum(depth >= k)) for k in range(1, len(prefix) + 1)]
    assert paths.along(walk(stream, 3, gap=gap), prefix).tolist() == counted


# Compiled ahead, and safe on threads


def random_stream(subjects: int, events: int) -> Stream:
    random = np.random.default_rng(11)
    return ordered(
        [
            Batch(
                random.integers(0, subjects, events).astype(np.int32),
                random.integers(0, 2_000, events) * MINUTE,
                random.integers(1, 8, events).astype(np.uint16),
                random.integers(-1, 12, events).astype(np.int32),
            )
        ]
    )


@pytest.mark.parametrize("direction", ["after", "before"])
def test_threads_do_not_change_the_answer(direction: paths.Direction) -> None:
    stream = random_stream(2_000, 50_000)
    alone = walk(stream, 5, direction=direction, threads=1)
    assert 1_500 < len(alone) < 2_001
    for threads in (2, 5):
        assert_same(walk(stream, 5, direction=direction, threads=threads), alone)


def test_nothing_is_compiled_after_warming() -> None:
    sequences.warm()
    before = forms()
    for stream in (random_stream(10, 100), stream_of(history("a0 b1")), ordered([])):
        for gap in (None, timedelta(minutes=5)):
            sessions.split(stream, gap)
            walk(stream, 3, gap=gap, direction="before", collapse_repeats=True, to=True, threads=2)
            paths.seen(stream, gap=gap, direction="before", collapse_repeats=True)
    assert forms() == before


def forms() -> dict[str, int]:
    """How many compiled forms each kernel has."""
    kernels = {f"{m.__name__}.{name}": it for m in (paths, sessions) for name, it in vars(m).items()}
    return {name: len(it.signatures) for name, it in kernels.items() if isinstance(it, Dispatcher)}
