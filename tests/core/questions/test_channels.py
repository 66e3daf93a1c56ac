"""Channels side by side, best hours, fatigue and overlap over lakes: random histories against loops, money, scopes, the command line."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest

from core.errors import Unknown
from core.metrics.catalog import METRICS
from core.periods import Period, comparable
from core.scope import EVERYTHING, Filters, Scope
from core.work.home import Home
from core.work.questions import answers, channels, figures, responses
from core.work.questions.reading import reading
from tests import lakes
from tests.core.questions.test_contents import AHEAD, MARCH, PIECES, filled, history
from tests.oracles import contents as oracle
from tests.seeds import every_third, seeds

NOW, BEFORE = ((period.start_on, period.end_on) for period in comparable(MARCH, date(2025, 4, 5)))


def asked(home: Home, period: Period = MARCH, scope: Scope = EVERYTHING, **cut: Any) -> pd.DataFrame:
    with reading(home, Filters(period, **cut), scope) as lake:
        found = channels.side_by_side(lake)
    assert found is not None
    return found.rows.set_index("key")


@pytest.mark.parametrize("seed", seeds(4))
def test_random_histories_are_counted_as_loops_count_them(tmp_path: Path, seed: int):
    home, events, touches, orders = filled(tmp_path, seed)
    rows = asked(home)
    for suffix, period, previous in (("", NOW, BEFORE), ("_before", BEFORE, None)):
        sent = oracle.messages(touches, period)
        credited = oracle.credited(oracle.contacts(events, sent, period), orders, period)
        for key in rows.index:

            def of(channel: str | None, key: object = key) -> bool:
                return key in ("all", channel)

            own = [one for one in sent if of(one["channel"])]
            reached = [one for one in own if one["delivered_at"]]
            clicked = [one for one in own if "clicked" in one["times"]]
            mine = [one for one in credited if of(one["channel"])]
            expected = {
                "sent": len(own), "delivered": len(reached), "clicked": len(clicked), "addressed": len({one["who"] for one in own}),
                "reached": len({one["who"] for one in reached}), "clickers": len({one["who"] for one in clicked}), "orders": len(mine),
                "buyers": len({one["who"] for one in mine}), "revenue_minor": sum(100 * one["yuan"] for one in mine),
                "converted": len({one["number"] for one in mine} - {None}),
            }  # fmt: skip
            if previous is not None:
                there = [_active(events, orders, one, of) for one in (period, previous)]
                expected |= {
                    "active": len(there[0]),
                    "was_active": len(there[1]),
                    "came_back": len(there[0] & there[1]),
                }
            assert {name: rows.loc[key, name + suffix] for name in expected} == expected, (key, suffix)


def _active(events, orders, period, of) -> set[int]:
    found = {who for who, at, _, _, channel in events if who and of(channel) and oracle.within(at, period)}
    return found | {who for _, who, at, _ in orders if of("store") and oracle.within(at, period)}


@pytest.mark.parametrize("seed", range(2))
def test_the_people_behind_a_figure_are_as_many_as_it_says(tmp_path: Path, seed: int):
    home, *_ = filled(tmp_path, seed)
    rows = list(asked(home).iterrows())
    with reading(home, Filters(MARCH)) as lake:
        for (key, row), figures in every_third(rows, get_args(channels.Which)):
            for which in figures:
                figure = row["was_active"] - row["came_back"] if which == "gone" else row.get(which, 0)
                assert len(channels.behind(lake, str(key), which)) == figure, (key, which)  # type: ignore[arg-type]


def spending(home: Home) -> None:
    """In March 100 yuan on live, which brings 1 and 2, 30 on sms, which costs 1 a message, none on wecom, which brings 3; 1 buys for 250
    after a live session, 3 for 50 after an sms. 4 has two profiles: the earlier says wecom and February."""
    day = "2025-03-05 02:00"
    lakes.add(
        home, 1,
        events=[lakes.event(1, day, "live_enter", content_id="c3", channel="live"), lakes.event(9, "2025-01-01 02:00"), lakes.event(9, "2025-04-02 02:00")],
        touches=[
            {"identity_key": 3, "occurred_at": lakes.at(day), "touch_id": "t", "state": state, "channel": "sms", "cost_minor": cost}
            for state, cost in (("sent", 100), ("clicked", None))
        ],
        order_lines=[lakes.sale(1, "2025-03-06 02:00", "a", 250), lakes.sale(3, "2025-03-06 02:00", "b", 50)],
        channel_spend=[
            {"occurred_at": lakes.at(day), "channel": channel, "amount_minor": amount, "unit_id": "north"}
            for channel, amount in (("live", 10_000), ("sms", 3_000), ("social", 500))
        ],
    )  # fmt: skip
    lakes.members(home, {1: 1, 2: 2, 3: 3, 4: 4, 40: 4})
    with home.writer.change("import", 2) as change:
        rows = [
            (1, "2025-03-02", "live"),
            (2, "2025-03-31", "live"),
            (3, "2025-03-03", "wecom"),
            (4, "2025-02-03", "wecom"),
            (40, "2025-03-04", "live"),
        ]
        profiles = [
            {
                "identity_key": who,
                "joined_at": lakes.at(f"{on} 10:00"),
                "acquisition_channel": channel,
                "unit_id": "north",
            }
            for who, on, channel in rows
        ]
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))


def test_cost_cac_and_roi_are_those_counted_by_hand(tmp_path: Path):
    home = lakes.home(tmp_path)
    spending(home)
    rows = asked(home)
    columns = ["cost_minor", "acquired", "cac_minor", "roi", "roi_acquired"]
    said = {
        key: [None if pd.isna(value) else round(float(value), 6) for value in rows.loc[key, columns]]
        for key in rows.index
    }
    assert said == {
        "live": [10_000, 2, 5_000, 1.5, 1.5],
        "sms": [3_100, 0, None, round((5_000 - 3_100) / 3_100, 6), None],
        "wecom": [0, 1, None, None, None],
        "social": [500, 0, None, None, None],
        "all": [13_600, 3, 4_500, round((30_000 - 13_600) / 13_600, 6), round((30_000 - 13_500) / 13_500, 6)],
    }


def test_members_acquired_are_the_new_members_of_the_overview(tmp_path: Path):
    home = lakes.home(tmp_path)
    spending(home)
    # 2 was here in January already; 5, whom no profile knows, came in March.
    lakes.add(home, 3, events=[lakes.event(2, "2025-01-09 02:00"), lakes.event(5, "2025-03-09 02:00")])
    lakes.members(home, {1: 1, 2: 2, 3: 3, 4: 4, 40: 4, 5: 5})
    rows = asked(home)
    assert {key: rows.loc[key, "acquired"] for key in ("live", "wecom", "all")} == {"live": 1, "wecom": 1, "all": 3}
    with reading(home, Filters(MARCH)) as lake:
        cac, new = figures.overview(lake, [METRICS["cac"], METRICS["new_members"]])
    assert (rows.loc["all", "acquired"], rows.loc["all", "cac_minor"]) == (new.value, cac.value)


def test_money_spent_on_all_is_unknown_where_only_some_members_are_asked_for(tmp_path: Path):
    home = lakes.home(tmp_path)
    spending(home)
    rows = asked(home, scope=Scope(frozenset({"north"})))
    assert not {"spend_minor", "cost_minor", "cac_minor", "roi", "roi_acquired"} & set(rows.columns)
    assert rows.loc["live", "acquired"] == 2


def test_scores_of_surveys_stand_beside_their_number(tmp_path: Path):
    home = lakes.home(tmp_path)
    marks = [("nps", 10)] * 3 + [("nps", 6), ("nps", 7), ("satisfaction", 4), ("satisfaction", 5)]
    lakes.add(
        home, 1,
        feedback=[
            {"identity_key": who, "occurred_at": lakes.at("2025-03-05 02:00"), "feedback_id": str(who), "feedback_kind": kind, "score": Decimal(score),
             "channel": "wecom"} for who, (kind, score) in enumerate(marks, start=1)
        ],
    )  # fmt: skip
    row = asked(home).loc["wecom"]
    assert row[["nps_answers", "promoters", "detractors", "satisfaction_answers"]].tolist() == [5, 3, 1, 2]
    assert (round(row["nps"], 6), row["satisfaction"]) == (40.0, 4.5)
    assert row["nps_low"] < 40 < row["nps_high"]


@pytest.mark.parametrize("seed", seeds(3))
def test_overlap_is_what_sets_say_and_every_cell_opens_its_people(tmp_path: Path, seed: int):
    home, events, _, orders = filled(tmp_path, seed)
    with reading(home, Filters(MARCH)) as lake:
        found = channels.overlap(lake)
        assert found is not None
        on = {one: _active(events, orders, NOW, lambda channel, one=one: channel == one) for one in found.channels}
        assert found.active == len(set().union(*on.values()))
        for place, one in enumerate(found.channels):
            others = set().union(*(on[other] for other in found.channels if other != one))
            assert found.alone[place] == len(on[one] - others)
            assert set(channels.on_both(lake, one, None)["member_id"]) == on[one] - others
            for column, other in enumerate(found.channels):
                assert found.members[place][column] == len(on[one] & on[other])
                assert set(channels.on_both(lake, one, other)["member_id"]) == on[one] & on[other]
        with pytest.raises(Unknown):
            channels.on_both(lake, "pigeon", None)


def messages(home: Home, sends: list[tuple[int, datetime, str | None, bool]], channel: str = "wecom") -> None:
    """Messages as ``(who, delivered at, content, whether answered an hour later)``, local times; and a last event on April 30."""
    rows = []
    for number, (who, at, content, is_answered) in enumerate(sends):
        states = [("delivered", at), *([("opened", at + timedelta(hours=1))] if is_answered else [])]
        rows += [
            {"identity_key": who, "occurred_at": when - AHEAD, "touch_id": str(number), "state": state, "content_id": content, "channel": channel}
            for state, when in states
        ]  # fmt: skip
    lakes.add(home, 1, touches=rows, events=[lakes.event(1, "2025-04-30 02:00")])
    with home.writer.change("import", 2) as change:
        known = [{"content_id": key, "title": key, "topic": topic} for key, (topic, *_) in PIECES.items()]
        change.merge("contents", lakes.rows("contents", known))


@pytest.mark.parametrize("seed", seeds(3))
def test_fatigue_is_what_loops_count(tmp_path: Path, seed: int):
    rng = random.Random(seed)
    sends = [
        (rng.randrange(1, 5), datetime(2025, 2, 1) + timedelta(hours=rng.randrange(24 * 58), minutes=number), rng.choice([None, *PIECES]), rng.random() < 0.5)
        for number in range(90)
    ]  # fmt: skip
    home = lakes.home(tmp_path)
    messages(home, sends)
    with reading(home, Filters(MARCH)) as lake:
        found = responses.fatigue(lake, 10)
        assert found is not None
        rows = found.rows.set_index("key")
        for topic in ("茶知识", "优惠", "all"):
            for nth in (1, 2, 3, 4):
                own = [
                    one for one in sends
                    if one[2] and topic in (PIECES[one[2]][0], "all") and oracle.within(one[1], NOW) and min(_nth(one, sends), 4) == nth
                ]  # fmt: skip
                expected = [len(own), sum(one[3] for one in own), len({one[0] for one in own})]
                assert rows.loc[topic, [f"sent_{nth}", f"answered_{nth}", f"people_{nth}"]].tolist() == expected
                which = get_args(responses.Exposed)[nth - 1]
                assert set(responses.exposed(lake, topic, which, 10)["member_id"]) == {one[0] for one in own}
            fourth = {
                one[0]
                for one in sends
                if one[2]
                and topic in (PIECES[one[2]][0], "all")
                and oracle.within(one[1], NOW)
                and _nth(one, sends) > 3
            }
            answered = {
                one[0]
                for one in sends
                if one[2]
                and topic in (PIECES[one[2]][0], "all")
                and oracle.within(one[1], NOW)
                and _nth(one, sends) > 3
                and one[3]
            }
            assert set(responses.exposed(lake, topic, "unanswered", 10)["member_id"]) == fourth - answered
            assert rows.loc[topic, "unanswered"] == len(fourth - answered)


def _nth(one, sends) -> int:
    def topic(content):
        return content and PIECES[content][0]

    return sum(
        other[0] == one[0] and topic(other[2]) == topic(one[2]) and timedelta(0) <= one[1] - other[1] <= timedelta(days=10) for other in sends
    )  # fmt: skip


def test_an_answer_after_three_days_is_none_and_what_is_too_new_is_not_judged(tmp_path: Path):
    home = lakes.home(tmp_path)
    messages(
        home,
        [
            (1, datetime(2025, 3, 3), "c1", False),
            (2, datetime(2025, 3, 3), "c1", False),
            (3, datetime(2025, 4, 29), "c1", True),
        ],
    )
    late = [(1, "0", timedelta(days=3)), (2, "1", timedelta(days=3, seconds=1))]
    with home.writer.change("import", 3) as change:
        rows = [
            {"identity_key": who, "occurred_at": datetime(2025, 3, 3) - AHEAD + after, "touch_id": number, "state": "opened", "content_id": "c1", "channel": "wecom"}
            for who, number, after in late
        ]  # fmt: skip
        change.merge("touches", lakes.rows("touches", rows, first=1))
    with reading(home, Filters(Period(date(2025, 3, 1), date(2025, 5, 1)))) as lake:
        found = responses.fatigue(lake)
    assert found is not None
    assert (found.rows.loc[0, "sent_1"], found.rows.loc[0, "answered_1"], found.still_open) == (2, 1, 1)


def test_the_hour_that_is_clearly_better_is_recommended_and_no_other(tmp_path: Path):
    home = lakes.home(tmp_path)
    sends = [
        (who, datetime(2025, 3, 3 + who % 7, hour, 30), "c1", who % 10 < share)
        for hour, share in ((9, 2), (12, 7), (20, 2))
        for who in range(1, 101)
    ]
    messages(home, sends + [(who, datetime(2025, 3, 20, 7), None, True) for who in range(1, 11)])
    with reading(home, Filters(MARCH)) as lake:
        found = responses.best_hours(lake)
    assert found is not None
    rows = found.rows.set_index("hour")
    assert rows["sent"].to_dict() == {7: 10, 9: 100, 12: 100, 20: 100}
    assert rows["answered"].to_dict() == {7: 10, 9: 20, 12: 70, 20: 20}
    assert rows["is_best"].to_dict() == {7: False, 9: False, 12: True, 20: False}


def test_an_empty_lake_has_no_answers_and_unknown_figures_are_refused(tmp_path: Path):
    home = lakes.home(tmp_path)
    with reading(home) as lake:
        found = [
            ask(lake) for ask in (channels.side_by_side, channels.overlap, responses.fatigue, responses.best_hours)
        ]
        assert found == [None] * 4
        assert channels.behind(lake, "all", "active").empty and channels.on_both(lake, "wecom", None).empty
        assert responses.exposed(lake, "all", "first").empty
        with pytest.raises(Unknown):
            channels.behind(lake, "all", "friends")  # type: ignore[arg-type]
        with pytest.raises(Unknown):
            responses.exposed(lake, "all", "fifth")  # type: ignore[arg-type]


def test_ask_answers_all_of_them(tmp_path: Path):
    home = lakes.home(tmp_path)
    spending(home)
    rows = {row["key"]: row for row in answers.ask(home, "channels", Filters(MARCH), {})}
    assert (rows["live"]["cost"], rows["live"]["cac"], rows["live"]["roi"], rows["social"]["roi"]) == (
        100.0,
        50.0,
        1.5,
        None,
    )
    hours = answers.ask(home, "best_hour", Filters(MARCH), {})
    assert [(row["channel"], row["hour"], row["is_best"]) for row in hours] == [("sms", 10, False)]
    pairs = {(row["channel"], row["other"]): row["members"] for row in answers.ask(home, "overlap", Filters(MARCH), {})}
    assert pairs == {("live", "live"): 1, ("live", None): 1}
    assert [row["key"] for row in answers.ask(home, "fatigue", Filters(MARCH), {})] == ["all"]


def test_the_histories_hold_what_they_are_to_test():
    events, touches, orders = history(0)
    assert {name for _, _, name, _, _ in events} >= {"live_enter", "follow", "product_view"} and touches and orders
