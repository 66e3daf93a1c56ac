"""Content and live sessions over lakes: random histories against loops, periods, people behind figures, scopes, the command line."""

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest

from core.errors import Unknown
from core.periods import Period, comparable
from core.scope import EVERYTHING, Filters, Scope
from core.work.home import Home
from core.work.questions import answers, contents, lives
from core.work.questions.reading import reading
from tests import lakes
from tests.oracles import contents as oracle
from tests.seeds import every_third, seeds

AHEAD = timedelta(hours=8)
MARCH = Period(date(2025, 3, 1), date(2025, 4, 1))
START = datetime(2025, 1, 20)
PIECES = {
    "c1": ("茶知识", "article", datetime(2025, 2, 1, 7)), "c2": ("茶知识", "video", datetime(2025, 3, 2, 20)),
    "c3": ("优惠", "live", datetime(2025, 3, 5, 20)), "c4": ("优惠", "live", datetime(2025, 3, 9, 0, 30)),
}  # fmt: skip
CHANNELS = ["wecom", "live", "official_account"]
NAMES = ["content_view", "live_enter", "like", "comment", "share", "follow", "product_view"]
KEYS = {
    "piece": lambda piece, _: piece,
    "topic": lambda piece, _: PIECES[piece][0],
    "format": lambda piece, _: PIECES[piece][1],
    "hour": lambda piece, _: f"{PIECES[piece][2].hour:02d}",
    "channel": lambda _, channel: channel,
    "total": lambda *_: "all",
}


def history(seed: int) -> tuple[list[oracle.Event], list[oracle.Touch], list[oracle.Order]]:
    """Two months and a half of eight members, every time a whole hour so that many coincide."""
    rng = random.Random(seed)

    def at() -> datetime:
        return START + timedelta(hours=rng.randrange(24 * 76))

    events: list[oracle.Event] = []
    for _ in range(260):
        name = rng.choice(NAMES)
        content = None if name == "product_view" else rng.choice(list(PIECES))
        events.append((rng.choice([None, *range(1, 9)]), at(), name, content, rng.choice(CHANNELS)))
    touches: list[oracle.Touch] = []
    for number in range(60):
        who, when, content, channel = (
            rng.randrange(1, 9),
            at(),
            rng.choice([None, *PIECES]),
            rng.choice(["wecom", "sms"]),
        )
        for state in ("sent", "delivered", "opened", "clicked"):
            touches.append((number, who, when, state, content, channel))
            when += timedelta(hours=rng.choice([0, 1, 30]))
            if rng.random() < 0.35:
                break
    orders = [(number, rng.randrange(1, 9), at(), rng.randrange(5, 90)) for number in range(40)]
    return events, touches, orders


def filled(folder: Path, seed: int) -> tuple[Home, list[oracle.Event], list[oracle.Touch], list[oracle.Order]]:
    events, touches, orders = history(seed)
    home = lakes.home(folder)
    lakes.add(
        home, 1,
        events=[
            lakes.event(who, (at - AHEAD).isoformat(), name, content_id=content, channel=channel, event_id=f"e{number}")
            for number, (who, at, name, content, channel) in enumerate(events)
        ],
        touches=[
            {"identity_key": who, "occurred_at": at - AHEAD, "touch_id": f"{number:03d}", "state": state, "content_id": content, "channel": channel}
            for number, who, at, state, content, channel in touches
        ],
        order_lines=[lakes.sale(who, (at - AHEAD).isoformat(), f"o{number:03d}", yuan, channel="store") for number, who, at, yuan in orders],
    )  # fmt: skip
    described(home)
    return home, events, touches, orders


def described(home: Home) -> None:
    with home.writer.change("import", 2) as change:
        rows = [
            {"content_id": key, "title": f"篇 {key}", "topic": topic, "format": kind, "published_at": at - AHEAD}
            for key, (topic, kind, at) in PIECES.items()
        ]
        change.merge("contents", lakes.rows("contents", rows))


def asked(home: Home, by: Any = "piece", period: Period = MARCH, scope: Scope = EVERYTHING, **cut: Any) -> pd.DataFrame:
    with reading(home, Filters(period, **cut), scope) as lake:
        found = contents.contents_by(lake, by)
    assert found is not None
    return found.rows.set_index("key")


@pytest.mark.parametrize("seed", seeds(4))
def test_random_histories_are_counted_as_loops_count_them(tmp_path: Path, seed: int):
    home, events, touches, orders = filled(tmp_path, seed)
    now, before = comparable(MARCH, date(2025, 4, 5))
    for by, key in KEYS.items():
        rows = asked(home, by)
        for suffix, period in (("", now), ("_before", before)):
            expected = oracle.by_key(events, touches, orders, (period.start_on, period.end_on), key)
            for of, figures in expected.items():
                assert {name: rows.loc[of, name + suffix] for name in figures} == figures, (by, of, suffix)
            assert rows[rows[f"reads{suffix}"] > 0].index.isin(list(expected)).all()


@pytest.mark.parametrize("seed", seeds(3))
def test_the_people_behind_a_figure_are_as_many_as_it_says(tmp_path: Path, seed: int):
    home, *_ = filled(tmp_path, seed)
    with reading(home, Filters(MARCH)) as lake:
        for by in ("piece", "topic", "total"):
            for (key, row), figures in every_third(list(asked(home, by).iterrows()), get_args(contents.Which)):
                for which in figures:
                    found = contents.behind(lake, by, str(key), which)  # type: ignore[arg-type]
                    assert len(found) == row[which] == found["member_id"].nunique()
                    assert (found["value"] > 0).all()


@pytest.mark.parametrize("seed", seeds(4))
def test_live_sessions_are_counted_as_loops_count_them(tmp_path: Path, seed: int):
    home, events, _, orders = filled(tmp_path, seed)
    with reading(home, Filters(MARCH)) as lake:
        found = lives.sessions(lake)
        assert found is not None and lake.as_of is not None
        as_of = lake.as_of.replace(tzinfo=None) + AHEAD
        rows = found.rows.set_index("key")
        for suffix, period in (("", found.now), ("_before", found.before)):
            expected = oracle.lives(events, orders, (period.start_on, period.end_on), as_of, lives.RETURN_DAYS)
            if not suffix:
                assert set(rows.index) == {*expected, "all"}, "sessions of the period before alone are no rows"
            for session, figures in expected.items():
                if session not in rows.index:
                    continue
                assert {name: rows.loc[session, name + suffix] for name in figures} == figures, (session, suffix)
        for key, row in rows.iterrows():
            for which, figure in (
                ("viewers", "viewers"),
                ("followers", "followers"),
                ("clickers", "clickers"),
                ("buyers", "buyers"),
                ("returned", "returned"),
            ):
                assert len(lives.behind(lake, str(key), which)) == row[figure]  # type: ignore[arg-type]
            assert len(lives.behind(lake, str(key), "stayed_away")) == row["returnable"] - row["returned"]


@pytest.mark.parametrize("content", ["c3", None])
def test_followers_are_told_only_where_any_follow_says_what_it_came_of(tmp_path: Path, content: str | None):
    """Of one day, the day before has a session of its own, which is no row of it."""
    home = lakes.home(tmp_path)
    events = [
        lakes.event(1, "2025-03-08 12:00", "live_enter", content_id="c3"), lakes.event(1, "2025-03-09 12:00", "live_enter", content_id="c4"),
        lakes.event(1, "2025-03-09 12:30", "follow"), lakes.event(2, "2025-01-05 12:30", "follow", content_id=content),
    ]  # fmt: skip
    lakes.add(home, 1, events=events)
    described(home)
    with reading(home, Filters(Period(date(2025, 3, 9), date(2025, 3, 10)))) as lake:
        found = lives.sessions(lake)
    assert found is not None and found.rows["key"].tolist() == ["c4", "all"]
    assert found.rows["viewers_before"].tolist() == [0, 1]
    if content is None:
        assert not {"follows", "followers", "follow_rate", "follow_rate_before"} & set(found.rows)
    else:
        assert found.rows["follow_rate"].tolist() == [1, 1]


def test_an_order_a_week_after_the_read_counts_and_one_later_does_not(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(
        home, 1,
        events=[lakes.event(who, "2025-03-05 02:00", "content_view", content_id="c1", channel="wecom") for who in (1, 2)]
        + [lakes.event(9, "2025-01-01 02:00")],
        order_lines=[lakes.sale(1, "2025-03-12 02:00", "a", 10), lakes.sale(2, "2025-03-12 02:00:01", "b", 10)],
    )  # fmt: skip
    rows = asked(home)
    assert rows.loc["c1", ["readers", "orders", "buyers", "revenue_minor"]].tolist() == [2, 1, 1, 1000]


def test_a_read_before_the_period_brings_it_no_order_and_one_on_its_first_day_does(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(
        home, 1,
        events=[
            lakes.event(1, "2025-02-28 15:59:59", "content_view", content_id="c1", channel="wecom"),
            lakes.event(2, "2025-02-28 16:00", "content_view", content_id="c1", channel="wecom"),
        ],
        order_lines=[lakes.sale(who, "2025-03-02 02:00", str(who), 10) for who in (1, 2)],
    )  # fmt: skip
    assert asked(home).loc["c1", ["reads", "buyers"]].tolist() == [1, 1]


def test_the_channel_filter_cuts_reads_and_never_orders(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(
        home, 1,
        events=[
            lakes.event(1, "2025-03-05 02:00", "content_view", content_id="c1", channel="wecom"),
            lakes.event(2, "2025-03-05 02:00", "content_view", content_id="c1", channel="live"),
        ],
        order_lines=[lakes.sale(1, "2025-03-06 02:00", "a", 10, channel="store")],
    )  # fmt: skip
    assert asked(home, channels=("wecom",)).loc["c1", ["readers", "buyers"]].tolist() == [1, 1]


def test_a_period_before_that_the_data_does_not_reach_is_not_compared(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(1, "2025-03-05 02:00", "content_view", content_id="c1", channel="wecom")])
    assert not [name for name in asked(home).columns if name.endswith("_before")]


def test_posts_in_groups_are_counted_by_piece(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(
        home, 1,
        group_messages=[
            {"identity_key": None, "occurred_at": lakes.at(f"2025-03-0{day} 02:00"), "group_id": "g", "sender_kind": "staff", "message_id": str(day),
             "content_id": "c1"} for day in (1, 2)
        ],
    )  # fmt: skip
    assert asked(home).loc["c1", "posts"] == 2
    assert asked(home, "channel").loc["group_chat", "posts"] == 2
    with reading(home, Filters(MARCH, channels=("wecom",))) as lake:
        found = contents.contents_by(lake)
    assert found is not None and found.rows.empty


def test_a_scope_of_units_leaves_its_members_readers(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(
        home,
        1,
        events=[
            lakes.event(who, "2025-03-05 02:00", "content_view", content_id="c1", channel="wecom") for who in (1, 2, 3)
        ],
    )
    with home.writer.change("import", 2) as change:
        profiles = [{"identity_key": who, "unit_id": "north" if who < 3 else "south"} for who in (1, 2, 3)]
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))
    assert asked(home, scope=Scope(frozenset({"north"}))).loc["c1", ["reads", "readers"]].tolist() == [2, 2]


def test_an_empty_lake_has_no_answer_and_unknown_figures_are_refused(tmp_path: Path):
    home = lakes.home(tmp_path)
    with reading(home) as lake:
        assert contents.contents_by(lake) is None
        assert lives.sessions(lake) is None
        assert contents.behind(lake, "piece", "c1", "readers").empty
        assert lives.behind(lake, "c1", "viewers").empty
        with pytest.raises(Unknown):
            contents.contents_by(lake, "colour")  # type: ignore[arg-type]
        with pytest.raises(Unknown):
            contents.behind(lake, "piece", "c1", "admirers")  # type: ignore[arg-type]
        with pytest.raises(Unknown):
            lives.behind(lake, "c1", "admirers")  # type: ignore[arg-type]


def test_ask_prints_money_in_major_units_and_undefined_as_null(tmp_path: Path):
    home, *_ = filled(tmp_path, 1)
    rows = {row["key"]: row for row in answers.ask(home, "contents", Filters(MARCH), {"by": "topic"})}
    table = asked(home, "topic")
    assert rows["茶知识"]["revenue"] == table.loc["茶知识", "revenue_minor"] / 100
    assert answers.ask(home, "lives", Filters(MARCH), {})[-1]["key"] == "all"
    with pytest.raises(Unknown):
        answers.ask(home, "contents", Filters(MARCH), {"by": "colour"})
