"""Moments out of the timeline are those of a scan: same members, same order, same bits, labels and amounts."""

import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.lake.timeline import Timeline
from core.scope import Filters, Scope
from core.sequences.gather import Bounds
from core.work import timeline
from core.work.home import Home
from core.work.questions import moments
from core.work.questions.moments import Condition, Fit, Wanted
from core.work.questions.reading import reading
from tests import lakes
from tests.seeds import examples, seeds

NAMES = ("view", "cart", "pay")
CHANNELS = (None, "web", "app", "store")
DAY = 86_400_000_000


def random_lake(home: Home, rng: random.Random, batches: int) -> None:
    """Three months of events, orders, touches, messages and group joins of nine identities, some of one member."""
    for batch in range(1, batches + 1):
        events = [
            lakes.event(
                rng.choice([None, *range(1, 10)]), _when(rng), rng.choice(NAMES), channel=rng.choice(CHANNELS),
                product_id=rng.choice((None, "p1", "p2")), properties=rng.choice((None, '{"size": "XL"}', '{"price": 3.5}')),
            )
            for _ in range(rng.randrange(1, 60))
        ]  # fmt: skip
        sales = [
            lakes.sale(rng.choice([None, *range(1, 10)]), _when(rng), f"o{rng.randrange(9)}", rng.choice((0, 1.5, 8)),
                       channel=rng.choice(CHANNELS))
            for _ in range(rng.randrange(12))
        ]  # fmt: skip
        touches = [
            {"identity_key": rng.randrange(1, 10), "occurred_at": lakes.at(_when(rng)), "touch_id": f"t{batch}-{i}",
             "state": rng.choice(("sent", "clicked")), "channel": "sms"}
            for i in range(rng.randrange(8))
        ]  # fmt: skip
        messages = [
            {"identity_key": rng.randrange(1, 10), "occurred_at": lakes.at(_when(rng)), "message_id": f"m{batch}-{i}",
             "sender_kind": rng.choice(("member", "staff")), "group_id": "g1"}
            for i in range(rng.randrange(8))
        ]  # fmt: skip
        joins = [{"identity_key": 3, "occurred_at": lakes.at(_when(rng)), "group_id": f"g{batch}", "change": "join"}]
        lakes.add(
            home,
            batch,
            events=events,
            order_lines=sales,
            touches=touches,
            group_messages=messages,
            group_membership=joins,
        )
    lakes.members(home, {1: 1, 2: 1, 3: 3, 4: 3, 5: 5, 6: 1, 9: 9}, anonymous=[9])


def _when(rng: random.Random) -> str:
    return f"2025-0{rng.randrange(1, 4)}-{rng.choice(('01', '15', '28'))} {rng.randrange(24):02}:{rng.choice(('00', '30'))}"


def seen(
    home: Home, wanted: Wanted, filters: Filters = Filters(), scope: Scope | None = None
) -> list[tuple[object, ...]]:
    """Every event as the kernel gets it: member, time, bits, label, amount."""
    found = []
    with reading(home, filters, scope or Scope()) as lake:
        ready = moments.prepared(lake, wanted)
        parts = ready.walk(lambda stream, amounts, threads: (stream, amounts))
    for stream, amounts in parts:
        for g, subject in enumerate(stream.subject):
            for i in range(stream.offset[g], stream.offset[g + 1]):
                label = _label(stream.entry_code, i, ready.labels)
                amount = int(amounts[i]) if amounts.size else None
                found.append((int(ready.ids[subject]), int(stream.at[i]), int(stream.steps[i]), label, amount))
    return found


def _label(codes: np.ndarray, i: int, labels: tuple[str, ...]) -> str | None:
    return labels[codes[i]] if codes.size and codes[i] >= 0 else None


QUESTIONS = {
    "names": (Wanted((Fit(1, frozenset({"view"})), Fit(2, frozenset({"cart", "pay"}))), with_rows=True), Filters()),
    "other facts": (
        Wanted(
            (Fit(1, frozenset({"touch_sent", "touch_clicked"})), Fit(2, frozenset({"group_join", "group_message"})),
             Fit(4, frozenset({"order_placed"})), Fit(8, frozenset({"view"}))), label="name", with_rows=True,
        ), Filters(),
    ),
    "a breakdown": (Wanted((Fit(1, frozenset({"view", "pay"})), Fit(2, frozenset({"order_placed"}))), label="channel", with_rows=True), Filters()),
    "amounts": (
        Wanted((Fit(1, frozenset({"view"})), Fit(2, frozenset({"order_placed"}))), label="product_id", with_rows=True, with_amounts=True),
        Filters(),
    ),
    "conditions on columns": (
        Wanted(
            (Fit(1, frozenset({"view"}), (Condition("channel", "is", ("web", "app")), Condition("product_id", "is_set"))),
             Fit(2, frozenset({"view", "cart"}), (Condition("channel", "is_not", ("web",)),)),
             Fit(4, frozenset({"order_placed"}), (Condition("amount", "more_than", ("1.5",)),)),
             Fit(8, frozenset({"pay"}), (Condition("product_id", "contains", ("2",)),)),
             Fit(16, frozenset({"pay", "touch_sent"}), (Condition("unit_id", "is_not_set"),))), with_rows=True,
        ), Filters(),
    ),
    "channels at the entry": (
        Wanted((Fit(1, frozenset({"view"})), Fit(2, frozenset({"cart"}))), with_rows=True), Filters(channels=("web",)),
    ),
    "names of their own": (
        Wanted(
            (Fit(1, frozenset({"view"})), Fit(2, frozenset({"cart", "pay", "order_placed"}))), label="name", with_rows=True,
            nodes=(("cart", "buying"), ("pay", "buying"), ("view", "")),
        ), Filters(),
    ),
    "times": (
        Wanted(
            (Fit(1, frozenset({"view"})), Fit(2, frozenset({"cart"}))),
            bounds=Bounds(
                since=1_736_899_200_000_000, until=1_740_700_800_000_000,
                enter_since=1_736_899_200_000_000 + DAY, enter_until=1_738_368_000_000_000,
            ), with_rows=True,
        ), Filters(),
    ),
}  # fmt: skip


@pytest.fixture(params=seeds(6))
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    home = lakes.home(tmp_path)
    random_lake(home, random.Random(request.param), batches=1 + request.param % 3)
    yield home


def test_the_timeline_shows_what_a_scan_shows(lake: Home):
    scanned = {question: seen(lake, *asked) for question, asked in QUESTIONS.items()}
    timeline.refresh(lake)
    with reading(lake) as opened:
        assert moments.is_covered(opened)
    for question, asked in QUESTIONS.items():
        assert seen(lake, *asked) == scanned[question], question
        assert scanned[question] or question in ("conditions on columns", "times")


def test_a_batch_that_came_after_adds_runs_and_is_seen_at_once(tmp_path: Path):
    home = lakes.home(tmp_path)
    wanted = QUESTIONS["names"][0]
    lakes.add(home, 1, events=[lakes.event(1, f"2025-01-{day:02}", "view") for day in range(1, 9)])
    assert timeline.refresh(home) == 1
    lakes.add(home, 2, events=[lakes.event(2, "2025-01-05 10:00", "cart"), lakes.event(1, "2025-02-05 10:00", "pay")])
    with reading(home) as opened:
        assert not moments.is_covered(opened)
    before = seen(home, wanted)
    assert timeline.refresh(home) == 1
    assert timeline.refresh(home) == 0
    assert seen(home, wanted) == before
    assert len(before) == 10


def test_an_older_version_is_read_from_the_runs_of_its_own_files(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(1, "2025-01-05 10:00", "view")])
    with home.lake.open() as snapshot:
        version = snapshot.version
    lakes.add(home, 2, events=[lakes.event(1, "2025-01-06 10:00", "view")])
    timeline.refresh(home)
    wanted = QUESTIONS["names"][0]
    with reading(home, version=version) as opened:
        stream = moments.prepared(opened, wanted).of_member(1)
    assert len(stream) == 1
    assert len(seen(home, wanted)) == 2


def test_rows_that_were_rolled_back_are_gone_whether_or_not_the_timeline_knows(tmp_path: Path):
    home = lakes.home(tmp_path)
    wanted = QUESTIONS["names"][0]
    lakes.add(home, 1, events=[lakes.event(1, "2025-01-05 10:00", "view")])
    lakes.add(home, 2, events=[lakes.event(1, "2025-01-06 10:00", "view")])
    timeline.refresh(home)
    with home.writer.change("rollback", 2) as change:
        change.forget(2)
    assert len(seen(home, wanted)) == 1
    timeline.refresh(home)
    assert len(seen(home, wanted)) == 1


def test_small_runs_lie_beside_a_large_one_until_they_are_not_small(tmp_path: Path):
    home = lakes.home(tmp_path)
    sizes = []
    for batch, count in enumerate((100, 1, 1, 8, 25, 4, 16), 1):
        lakes.add(
            home,
            batch,
            events=[lakes.event(n % 7, f"2025-0{1 + n % 3}-05 {batch:02}:{n % 60:02}", "view") for n in range(count)],
        )
        timeline.refresh(home)
        with home.lake.open() as snapshot:
            runs, lacking = Timeline(snapshot.root).cover("events", snapshot.files("events"))
        assert not lacking
        sizes.append([run.about.moments for run in runs])
    assert [sorted(each) for each in sizes] == [[100], [1, 100], [2, 100], [10, 100], [135], [4, 135], [20, 135]]


def test_whoever_somebody_waits_for_joins_only_few_moments(tmp_path: Path):
    home = lakes.home(tmp_path)
    for batch in (1, 2):
        lakes.add(home, batch, events=[lakes.event(n, f"2025-01-{batch:02}", "view") for n in range(1, 5)])
        timeline.refresh(home, most=4)
    assert sorted(run.about.moments for run in Timeline(home.lake.root).runs()) == [4, 4]
    assert timeline.refresh(home) == 1
    with home.lake.open() as snapshot:
        (run,), _ = Timeline(snapshot.root).cover("events", snapshot.files("events"))
    assert run.about.moments == 8
    lakes.add(home, 3, events=[lakes.event(n, "2025-01-03", "view") for n in range(1, 6)])
    assert timeline.refresh(home, most=4) == 0
    with reading(home) as opened:
        assert not moments.is_covered(opened)


def test_batches_of_nobody_are_runs_of_nothing_that_can_be_joined(tmp_path: Path):
    home = lakes.home(tmp_path)
    for batch in (1, 2, 3):
        who = 1 if batch == 3 else None
        lakes.add(home, batch, events=[lakes.event(who, f"2025-01-0{batch}", "view")])
        assert timeline.refresh(home) == 1
    assert timeline.refresh(home) == 0
    assert [member for member, *_ in seen(home, QUESTIONS["names"][0])] == [1]


def test_members_of_a_joined_run_lie_together_whatever_their_identities_are(tmp_path: Path):
    home = lakes.home(tmp_path)
    for batch, keys in enumerate(((9, 2), (5, 1)), 1):
        lakes.add(home, batch, events=[lakes.event(key, f"2025-01-0{batch}", "view") for key in keys])
        lakes.members(home, {9: 1, 5: 2})
        timeline.refresh(home)
    with home.lake.open() as snapshot:
        (run,), _ = Timeline(snapshot.root).cover("events", snapshot.files("events"))
    assert run.key.tolist() == [1, 9, 2, 5]


EVENTS = st.lists(
    st.tuples(
        st.sampled_from([None, *range(1, 7)]), st.integers(1, 3), st.integers(0, 3), st.sampled_from(NAMES),
        st.sampled_from(CHANNELS), st.integers(0, 3),
    ), min_size=1, max_size=50,
)  # fmt: skip


@settings(max_examples=examples(16), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS, st.dictionaries(st.integers(1, 6), st.integers(1, 3)), st.lists(st.booleans(), min_size=4, max_size=4))
def test_however_events_come_and_runs_are_joined_the_timeline_shows_what_a_scan_shows(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, events: list[tuple[int | None, int, int, str, str | None, int]],
    people: dict[int, int], sorts: list[bool],
):  # fmt: skip
    """Few members and times, so that ties and members of several identities are usual; tiny stretches, so that edges are."""
    for constant in ("PORTION", "STRETCH"):
        monkeypatch.setattr(timeline, constant, 4)
    home = lakes.home(tmp_path_factory.mktemp("lake"))
    for batch in range(4):
        part = [
            lakes.event(who, f"2025-0{month}-05 1{hour}:00", name, channel=channel, product_id=f"p{number}")
            for number, (who, month, hour, name, channel, where) in enumerate(events) if where == batch
        ]  # fmt: skip
        if part:
            lakes.add(home, batch + 1, events=part)
        lakes.members(home, people)
        if sorts[batch]:
            timeline.refresh(home, most=None if batch % 2 else 20)
    asked = [QUESTIONS[name] for name in ("names", "a breakdown", "channels at the entry", "conditions on columns")]
    bounds = Bounds(
        lakes_at("2025-02-05 11:00"), lakes_at("2025-03-05 12:00"), lakes_at("2025-02-05 12:00"), lakes_at("2025-03-01")
    )
    asked.append((replace(QUESTIONS["a breakdown"][0], bounds=bounds), Filters()))
    timeline.refresh(home)
    with reading(home) as opened:
        assert moments.is_covered(opened)
    sorted_in = [seen(home, *question) for question in asked]
    shutil.rmtree(Timeline(home.lake.root).folder)
    assert sorted_in == [seen(home, *question) for question in asked]


def lakes_at(text: str) -> int:
    return (lakes.at(text) - datetime(1970, 1, 1)) // timedelta(microseconds=1)


def test_members_who_came_together_later_are_walked_as_one(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(
        home,
        1,
        events=[
            lakes.event(9, "2025-01-01", "view"),
            lakes.event(2, "2025-01-02", "cart"),
            lakes.event(5, "2025-01-03", "pay"),
        ],
    )
    timeline.refresh(home)
    lakes.members(home, {9: 2, 5: 2})
    assert timeline.refresh(home) == 0
    assert [(member, steps) for member, _, steps, *_ in seen(home, QUESTIONS["names"][0])] == [(2, 1), (2, 2), (2, 2)]


def test_the_order_within_a_session_stands_in_for_a_clock(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(
        home, 1,
        events=[lakes.event(1, "2025-01-01", name, sequence=n) for n, name in ((3, "pay"), (1, "view"), (2, "cart"))],
    )  # fmt: skip
    wanted = Wanted(
        tuple(Fit(1 << i, frozenset({name})) for i, name in enumerate(("pay", "cart", "view"))), with_rows=True
    )
    scanned = [steps for _, _, steps, *_ in seen(home, wanted)]
    timeline.refresh(home)
    assert scanned == [4, 2, 1] == [steps for _, _, steps, *_ in seen(home, wanted)]


def test_a_run_half_made_is_not_seen_and_is_swept_when_old(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(1, "2025-01-05 10:00", "view")])
    timeline.refresh(home)
    root = Timeline(home.lake.root)
    run = root.runs()[0]
    shutil.copytree(run.folder, root.folder / ".new-killed")
    (root.folder / ".new-killed" / "at.npy").write_bytes(b"half")
    assert [r.id for r in root.runs()] == [run.id]
    assert timeline.sweep(home) == 0
    with home.lake.open() as snapshot:
        assert root.sweep([run], {Path(f).name for f in snapshot.files("events")}, grace_s=-1) == 1
    assert [path.name for path in root.folder.iterdir()] == [run.id]


def test_runs_over_files_that_were_erased_are_removed_at_once(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(1, "2025-01-05 10:00", "view")])
    timeline.refresh(home)
    for file in (home.lake.root / "events").rglob("*.parquet"):
        file.unlink()
    assert timeline.sweep(home) == 1
    assert not Timeline(home.lake.root).runs()


@pytest.mark.parametrize("damage", ["cut", "gone", "about"])
def test_a_damaged_run_counts_as_missing_and_is_made_anew(tmp_path: Path, damage: str):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(1, "2025-01-05 10:00", "view"), lakes.event(2, "2025-01-05 11:00", "cart")])
    timeline.refresh(home)
    wanted = QUESTIONS["names"][0]
    truth = seen(home, wanted)
    (run,) = Timeline(home.lake.root).runs()
    file = run.folder / ("run.json" if damage == "about" else "at.npy")
    copy = run.folder.with_name(".copy")
    run.folder.rename(copy)  # another folder of the same name, as after a restart of the process
    shutil.copytree(copy, run.folder)
    shutil.rmtree(copy)
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-3])
    assert Timeline(home.lake.root).runs() == []
    assert seen(home, wanted) == truth
    assert timeline.refresh(home) == 1
    assert len(Timeline(home.lake.root).runs()) == 1
    assert seen(home, wanted) == truth


def test_a_run_whose_content_has_changed_goes_at_the_next_sweep_and_is_made_anew(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(1, "2025-01-05 10:00", "view"), lakes.event(2, "2025-01-05 11:00", "cart")])
    timeline.refresh(home)
    truth = seen(home, QUESTIONS["names"][0])
    (run,) = Timeline(home.lake.root).runs()
    assert timeline.sweep(home) == 0
    body = (run.folder / "at.npy").read_bytes()
    (run.folder / "at.npy").write_bytes(body[:-1] + bytes([body[-1] ^ 1]))
    assert timeline.sweep(home) == 1
    assert timeline.refresh(home) == 1
    assert seen(home, QUESTIONS["names"][0]) == truth
