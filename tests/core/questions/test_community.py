"""Group chats over lakes: figures by hand, random histories against loops, scopes, and a real channel."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest

from core.errors import Unknown
from core.periods import Period, comparable
from core.scope import EVERYTHING, Filters, Scope
from core.work.home import Home
from core.work.questions import answers, community
from core.work.questions.places import TOTAL, By
from core.work.questions.reading import reading
from tests import histories, lakes
from tests.histories import AHEAD, GROUPS, PLACES, Histories, described, move
from tests.oracles import community as oracle
from tests.oracles import spoken
from tests.seeds import every_third, seeds

MARCH = Period(date(2025, 3, 1), date(2025, 4, 1))


def message(
    number: int, who: int | None, group: str, when: datetime, text: str | None = "好喝", sender: str = "member"
) -> dict[str, Any]:
    return histories.message(number, group, when, who, sender, text=text)


def filled(folder: Path, **tables: Sequence[Mapping[str, Any]]) -> Home:
    """A lake with such facts of the groups."""
    home = lakes.home(folder)
    lakes.add(home, 1, **tables)
    described(home)
    return home


def asked(home: Home, by: By = "group", period: Period = MARCH, scope: Scope = EVERYTHING) -> pd.DataFrame:
    with reading(home, Filters(period), scope) as opened:
        found = community.groups(opened, by)
    assert found is not None
    return found.rows.set_index("key")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_speakers_are_told_apart_by_when_they_spoke_before(tmp_path: Path):
    """Of March against the 31 days before: 1 speaks in both, 2 long ago and in March, 3 first in March, 4 in February alone; what 5
    writes is no more than heard, what 6 writes comes from the staff."""
    rows = [
        (1, "2025-02-10 10:00", "好喝"), (1, "2025-03-02 10:00", "好喝"), (1, "2025-03-02 11:00", "求链接"), (2, "2025-01-05 10:00", "好喝"),
        (2, "2025-03-31 23:59", "好喝"), (3, "2025-03-01 00:00", "好喝"), (3, "2025-04-01 00:00", "好喝"), (4, "2025-02-11 10:00", "好喝"),
        (5, "2025-03-05 10:00", "收到"),
    ]  # fmt: skip
    said = [message(number, who, "g1", at(when), text) for number, (who, when, text) in enumerate(rows)]
    said.append(message(77, 6, "g1", at("2025-03-06 10:00"), sender="staff"))
    home = filled(tmp_path, group_messages=said)
    row = asked(home).loc["g1"]
    assert (row.messages, row.said, row.speakers) == (6, 4, 3)
    assert (row.new_speakers, row.kept_speakers, row.reactivated_speakers, row.lost_speakers) == (1, 1, 1, 1)
    assert (row.speaker_days, row.dau, row.wau, row.mau) == (3, 3 / 31, 1, 2)
    assert row.stickiness == pytest.approx(2 / 30 / 2)


def test_means_over_days_leave_out_those_before_the_first_message_of_the_lake(tmp_path: Path):
    """Messages begin on 11 March and data ends on the 20th: of these ten days two have one speaker each, and g4 had none on any of them.
    Moves are older, and the period before is not compared."""
    said = [
        message(1, 1, "g1", at("2025-03-11 10:00")),
        message(2, 2, "g1", at("2025-03-15 10:00")),
        message(3, None, "g2", at("2025-03-20 10:00"), sender="staff"),
    ]
    home = filled(tmp_path, group_messages=said, group_membership=[move(1, "g1", at("2025-01-05 10:00"), "join")])
    rows = asked(home)
    assert rows.loc[["g1", "g4"], "dau"].tolist() == [0.2, 0]
    assert rows.loc["g1", "stickiness"] == 2 / 10 / 2
    assert (rows.loc["g1", "month_known"], rows.loc["g1", "regular_now"]) == (10, 0.2)
    early = asked(home, period=Period(date(2025, 2, 1), date(2025, 3, 1)))
    assert early["dau"].isna().all() and early["stickiness"].isna().all(), "no day of February is known"


@pytest.mark.parametrize(("first", "is_known"), [("2025-02-01 00:00", True), ("2025-02-02 00:00", False)])
def test_groups_are_compared_only_with_days_that_messages_reach_back_to(tmp_path: Path, first: str, is_known: bool):
    """Of 28 days of March those from 1 February on are the ones before; that moves are older says nothing of what was said."""
    home = lakes.home(tmp_path)
    said = [message(1, 1, "g1", at(first)), message(2, 1, "g1", at("2025-03-28 10:00"))]
    lakes.add(home, 1, group_messages=said, group_membership=[move(1, "g1", at("2025-01-05 10:00"), "join")])
    with reading(home, Filters(MARCH)) as opened:
        found = community.groups(opened)
        assert found is not None and found.has_before is is_known
        assert opened.first_on("group_messages") == at(first).date()
        assert opened.first_on("group_membership", "group_messages") == date(2025, 1, 5)
        assert opened.first_on("feedback") is None and not opened.reaches_back(date(2025, 3, 1), "feedback")


@pytest.mark.parametrize(("first", "is_known"), [("2025-02-01 00:00", True), ("2025-02-02 00:00", False)])
def test_speakers_are_told_apart_only_where_messages_reach_back_over_the_period_before(
    tmp_path: Path, first: str, is_known: bool
):
    """Of 28 days of March those from 1 February on are the ones before: 1 speaks in both, 2 first in March, 3 in February alone."""
    said = [
        message(1, 1, "g1", at(first)),
        message(2, 3, "g1", at("2025-02-20 10:00")),
        message(3, 2, "g1", at("2025-03-05 10:00")),
    ]
    home = filled(tmp_path, group_messages=[*said, message(4, 1, "g1", at("2025-03-28 10:00"))])
    figures = ["new_speakers", "kept_speakers", "reactivated_speakers", "lost_speakers"]
    rows = asked(home)
    assert rows.loc["g1", figures].tolist() == [1, 1, 0, 1] if is_known else rows[figures].isna().all(axis=None)
    assert rows.loc["g1", ["speakers", "said"]].tolist() == [2, 2], "who spoke is known all the same"
    with reading(home, Filters(MARCH)) as opened:
        people = {which: community.behind(opened, "group", "g1", which)["member_id"].tolist() for which in community.TOLD_APART}  # fmt: skip
    answer = next(row for row in answers.QUESTIONS["community"](home, Filters(MARCH), {}) if row["key"] == "g1")
    assert people == dict(zip(figures, ([2], [1], [], [3]) if is_known else ([], [], [], []), strict=True))
    assert [answer[name] for name in figures] == ([1, 1, 0, 1] if is_known else [None] * 4)


@pytest.mark.parametrize(("first", "is_known"), [("2025-01-31 00:00", True), ("2025-02-01 00:00", False)])
def test_speakers_are_held_against_thirty_days_only_where_messages_reach_back_over_them(
    tmp_path: Path, monkeypatch, first: str, is_known: bool
):
    """The 30 days up to 31 March follow the 30 from 31 January on."""
    monkeypatch.setattr(community, "SMALL", 1)
    said = [message(1, 1, "g1", at(first)), message(2, 2, "g1", at("2025-03-31 10:00"))]
    row = asked(filled(tmp_path, group_messages=[*said, message(3, 3, "g1", at("2025-03-30 10:00"))])).loc["g1"]
    assert row["renewal_now"] == 1 if is_known else pd.isna(row["renewal_now"])


def test_a_group_without_a_word_has_zeros_and_no_shares(tmp_path: Path):
    home = filled(tmp_path, group_messages=[message(1, 1, "g1", at("2025-03-02 10:00"))])
    row = asked(home).loc["g4"]
    assert (row["name"], row.said, row.speakers, row.dau) == ("群 g4", 0, 0, 0)
    assert pd.isna(row.top_share) and pd.isna(row.gini) and pd.isna(row.stickiness)
    assert "members" not in row, "nothing is known of who joins and leaves"


def test_members_are_those_whose_last_change_was_a_joining(tmp_path: Path):
    moves = [
        move(1, "g1", at("2025-02-01 10:00"), "join"), move(1, "g1", at("2025-03-05 10:00"), "leave"), move(1, "g1", at("2025-03-06 10:00"), "join"),
        move(2, "g1", at("2025-02-01 10:00"), "join"), move(2, "g1", at("2025-03-31 23:59"), "leave"), move(3, "g1", at("2025-03-01 00:00"), "join"),
        move(4, "g1", at("2025-04-01 00:00"), "join"), move(3, "g2", at("2025-03-02 10:00"), "join"), move(3, "g2", at("2025-03-03 10:00"), "leave"),
    ]  # fmt: skip
    home = filled(tmp_path, group_membership=moves)
    rows = asked(home)
    assert rows.loc["g1", ["members", "members_before", "joined", "left", "net"]].tolist() == [2, 2, 2, 2, 0]
    assert rows.loc["g2", ["members", "members_before", "joined", "left"]].tolist() == [0, 0, 1, 1]
    whole = asked(home, "unit").loc["north"]
    assert whole[["members", "joined", "left"]].tolist() == [2, 3, 3], "somebody in two groups is one person"


@pytest.mark.parametrize("by", ["group", "owner", "unit", "total"])
@pytest.mark.parametrize("seed", seeds(6))
@pytest.mark.some(2)
def test_random_histories_have_the_figures_of_plain_loops(tmp_path: Path, by: By, seed: int):
    home, history = random_home(tmp_path, seed)
    period = history.period()
    rows = asked(home, by, period)
    now, before = comparable(period, history.as_of.date())
    talk, moves = history.by_key(by)
    assert set(rows.index) == {PLACES[by](group) for group in GROUPS}
    for key, row in rows.iterrows():
        expected = oracle.figures(talk[str(key)], moves[str(key)], now, before, history.since)
        expected |= oracle.replies(talk[str(key)], now, history.as_of)
        found = {name: None if pd.isna(row[name]) else row[name] for name in expected}
        assert found == {name: value if value is None else pytest.approx(value) for name, value in expected.items()}, (
            key
        )


@pytest.mark.parametrize("by", ["group", "owner", "unit", "total"])
@pytest.mark.parametrize("seed", seeds(3))
@pytest.mark.some(2)
def test_the_people_behind_a_figure_are_as_many_as_it_says(tmp_path: Path, by: By, seed: int):
    home, history = random_home(tmp_path, seed)
    period = history.period()
    now, before = comparable(period, history.as_of.date())
    talk, moves = history.by_key(by)
    with reading(home, Filters(period)) as opened:
        found = community.groups(opened, by)
        assert found is not None
        which_are_told = [name for name in get_args(community.Which) if not name.startswith("buying")]
        for row, asked in every_third(found.rows.to_dict("records"), which_are_told):
            expected = oracle.behind(talk[row["key"]], moves[row["key"]], now, before, history.since)
            numbers = {name: 0 if pd.isna(row.get(name)) else row.get(name) for name in get_args(community.Which)}
            numbers["lurkers"] = numbers["members"] - numbers["ever_spoke"]
            for which in asked:
                people = community.behind(opened, by, row["key"], which)
                assert dict(people.itertuples(index=False, name=None)) == dict(expected[which]), (row["key"], which)
                assert people["value"].is_monotonic_decreasing and people["member_id"].is_unique
                counted = people["value"].sum() if which in ("joined", "left") else len(people)
                assert counted == numbers[which], (row["key"], which)


@pytest.mark.parametrize("by", ["group", "unit", "total"])
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.some(3)
def test_the_days_of_a_row_are_those_of_plain_loops_and_add_up_to_it(tmp_path: Path, by: By, seed: int):
    home, history = random_home(tmp_path, seed)
    period = history.period()
    now, _ = comparable(period, history.as_of.date())
    talk, moves = history.by_key(by)
    with reading(home, Filters(period)) as opened:
        found = community.groups(opened, by)
        assert found is not None
        for row in found.rows.to_dict("records"):
            days = community.course(opened, by, row["key"]).set_index("on")
            assert list(days.index) == [now.start_on + timedelta(days=n) for n in range(now.days)]
            for on, day in days.iterrows():
                said = [
                    m
                    for m in talk[row["key"]]
                    if m["on"] == on and m["sender"] == "member" and m["text"] not in oracle.HEARD
                ]
                said = [m["member"] for m in said if m["member"] is not None]
                changed = [m["change"] for m in oracle.effective(moves[row["key"]]) if m["on"] == on]
                expected = (len(said), len(set(said)), changed.count("join"), changed.count("leave"))
                assert tuple(day[["said", "speakers", "joined", "left"]]) == expected
            assert int(days.said.sum()) == row["said"]


def test_a_lake_without_data_has_no_days(tmp_path: Path):
    with reading(lakes.home(tmp_path)) as opened:
        assert community.course(opened, "total", TOTAL).empty


@pytest.mark.parametrize("seed", seeds(4))
def test_health_rests_on_the_figures_of_thirty_days_by_plain_loops(tmp_path: Path, monkeypatch, seed: int):
    """Small histories: the least that a rate needs is one here."""
    monkeypatch.setattr(community, "SMALL", 1)
    home, history = random_home(tmp_path, seed)
    period = history.period()
    now, _ = comparable(period, history.as_of.date())
    talk, moves = history.by_key("group")
    for key, row in asked(home, "group", period).iterrows():
        expected = oracle.health(talk[str(key)], moves[str(key)], now, history.as_of, history.since)
        for name, value in expected.items():
            assert (None if pd.isna(row[name]) else row[name]) == (None if value is None else pytest.approx(value)), (
                key,
                name,
            )


def test_newcomers_count_as_lost_early_when_they_leave_within_seven_days(tmp_path: Path):
    """Of the joinings from 23 February to 24 March: 1 leaves on the seventh day after, 2 on the eighth, 3 stays, 4 joins too late to be judged."""
    moves = [
        move(1, "g1", at("2025-03-10 10:00"), "join"), move(1, "g1", at("2025-03-17 20:00"), "leave"),
        move(2, "g1", at("2025-03-10 10:00"), "join"), move(2, "g1", at("2025-03-18 10:00"), "leave"),
        move(3, "g1", at("2025-02-23 10:00"), "join"), move(4, "g1", at("2025-03-25 10:00"), "join"), move(4, "g1", at("2025-03-26 10:00"), "leave"),
        move(5, "g1", at("2025-02-22 23:00"), "join"), move(9, "g2", at("2025-04-02 10:00"), "join"),
    ]  # fmt: skip
    home = filled(tmp_path, group_membership=moves)
    row = asked(home).loc["g1"]
    assert (row.early_joined, row.early_left) == (3, 1)


def test_buyers_are_told_apart_by_whether_they_speak(tmp_path: Path):
    """Of five members 1 speaks and buys, 2 reads and buys, 3 spoke long ago and buys, 4 bought before, 5 got all money back."""
    moves = [move(who, "g1", at("2025-01-01 10:00"), "join") for who in range(1, 6)]
    said = [message(1, 1, "g1", at("2025-03-02 10:00")), message(2, 3, "g1", at("2025-01-02 10:00"))]
    sales = [lakes.sale(who, "2025-03-05 02:00", f"o{who}", 10) for who in (1, 2, 3)]
    sales += [lakes.sale(4, "2025-02-05 02:00", "o4", 10), lakes.sale(5, "2025-03-05 02:00", "o5", 0)]
    home = filled(tmp_path, group_membership=moves, group_messages=said, order_lines=sales)
    row = asked(home).loc["g1"]
    assert (row.buying, row.buying_speakers, row.buying_lurkers) == (3, 1, 1)
    with reading(home, Filters(MARCH)) as opened:
        for which, people in (("buying", [1, 2, 3]), ("buying_speakers", [1]), ("buying_lurkers", [2])):
            assert community.behind(opened, "group", "g1", which)["member_id"].tolist() == people


def test_nobody_stands_behind_what_the_lake_does_not_know(tmp_path: Path):
    with reading(lakes.home(tmp_path), Filters(MARCH)) as opened:
        assert community.behind(opened, "group", "g1", "members").empty
    home = filled(tmp_path, group_messages=[message(1, 1, "g1", at("2025-03-02 10:00"))])
    with reading(home, Filters(MARCH)) as opened:
        assert community.behind(opened, "group", "g1", "lurkers").empty
        assert community.behind(opened, "group", "nowhere", "speakers").empty
        assert community.behind(opened, "group", "g1", "speakers").to_dict("list") == {"member_id": [1], "value": [1]}
        with pytest.raises(Unknown, match="Did you mean lurkers"):
            community.behind(opened, "group", "g1", "lurker")  # type: ignore[arg-type]


def test_people_known_from_lists_of_members_stand_behind_their_figures_too(tmp_path: Path):
    """1 joined by a callback and is missing on the list of the 20th; 2 and 3 are on the list of the 10th first, 3 stays silent."""
    lists = [
        {"identity_key": who, "group_id": "g1", "occurred_at": at(when) - AHEAD}
        for when, listed in (("2025-03-10 20:00", (1, 2, 3)), ("2025-03-20 20:00", (2, 3)))
        for who in listed
    ]
    moves = [move(1, "g1", at("2025-03-01 10:00"), "join")]
    said = [message(1, 1, "g1", at("2025-03-02 10:00")), message(2, 2, "g1", at("2025-03-12 10:00"))]
    home = filled(tmp_path, group_membership=moves, group_rosters=lists, group_messages=said)
    row = asked(home).loc["g1"]
    assert (row.members, row.joined, row.left, row.speaking) == (2, 3, 1, 1)
    expected = {
        "members": [2, 3],
        "joined": [1, 2, 3],
        "left": [1],
        "lurkers": [3],
        "speaking": [2],
        "speakers": [1, 2],
    }
    with reading(home, Filters(MARCH)) as opened:
        found = {which: community.behind(opened, "group", "g1", which) for which in get_args(community.Which)}
    assert {which: sorted(found[which]["member_id"]) for which in expected} == expected


def test_who_nobody_is_known_for_is_no_member(tmp_path: Path):
    home = lakes.home(tmp_path)
    moves = [move(who, "g1", at("2025-03-02 10:00"), "join") for who in (1, 2, 3)]
    lakes.add(home, 1, group_membership=moves)
    lakes.members(home, {2: 2, 3: 3}, anonymous=[2, 3])
    described(home)
    assert asked(home).loc["g1", ["members", "joined"]].tolist() == [1, 1]


class Random(Histories):
    """A few months of a few groups; moves one after the other, as chats tell them."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        texts = ["好喝", "求链接", *sorted(oracle.HEARD), *sorted(oracle.ASKED) * 2, None, "https://a.b"]
        senders = ["member", "member", "member", "staff", "bot"]
        self.messages = [
            message(number, self.rng.choice([None, 1, 2, 3, 4, 5, 6]), self.rng.choice(list(GROUPS)), self.moment(),
                    self.rng.choice(texts), self.rng.choice(senders))
            | {"reply_to": self.rng.choice([None, f"m{self.rng.randrange(60)}"]), "content_id": self.rng.choice([None, None, "c"])}
            | ({"is_heard": False} if number % 3 == 0 else {})
            for number in range(self.rng.choice([3, 60, 200]))
        ]  # fmt: skip
        for row in self.messages:
            if "is_heard" in row:
                row |= {"is_heard": row["text"] in oracle.HEARD, "is_question": row["text"] in oracle.ASKED}
        times = sorted({self.moment() for _ in range(60)})
        self.moves = [
            move(
                self.rng.randint(1, 6), self.rng.choice(list(GROUPS)), when, self.rng.choice(["join", "join", "leave"])
            )
            for when in times
        ]

    @property
    def since(self) -> date:
        """The day of the first message."""
        return min(row["occurred_at"] + AHEAD for row in self.messages).date()

    def by_key(self, by: By) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
        """Messages and moves of each key, as the oracle reads them."""
        talk: dict[str, list[Any]] = defaultdict(list)
        moves: dict[str, list[Any]] = defaultdict(list)
        for row in self.messages:
            local = row["occurred_at"] + AHEAD
            told = {
                "member": row["identity_key"],
                "person": row["identity_key"],
                "on": local.date(),
                "at": local,
                "group": row["group_id"],
            }
            told |= {"sender": row["sender_kind"], "text": row["text"], "id": row["message_id"]}
            talk[PLACES[by](row["group_id"])].append(told | {"reply_to": row["reply_to"], "content": row["content_id"]})
        for row in self.moves:
            on = (row["occurred_at"] + AHEAD).date()
            moves[PLACES[by](row["group_id"])].append(
                {"member": row["identity_key"], "group": row["group_id"], "on": on, "change": row["change"]}
            )
        return talk, moves

    def moment(self) -> datetime:
        if self.rng.random() < 0.5:  # a lively day and a half
            return datetime(2025, 3, 10, 6) + timedelta(minutes=self.rng.randrange(60 * 36))
        return datetime(2025, 1, 1) + timedelta(minutes=self.rng.randrange(60 * 24 * 100))


def random_home(folder: Path, seed: int) -> tuple[Home, Random]:
    history = Random(seed)
    return filled(folder, group_messages=history.messages, group_membership=history.moves), history


def test_a_scope_of_units_leaves_its_groups_and_what_its_members_did_there(tmp_path: Path):
    said = [
        message(1, 1, "g1", at("2025-03-02 10:00")),
        message(2, 2, "g1", at("2025-03-02 10:00")),
        message(3, 1, "g3", at("2025-03-02 10:00")),
    ]
    home = filled(tmp_path, group_messages=said)
    with home.writer.change("import", 98) as change:
        profiles = [{"identity_key": 1, "unit_id": "north"}, {"identity_key": 2, "unit_id": "south"}]
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))
    rows = asked(home, scope=Scope(frozenset({"north"})))
    assert rows["speakers"].to_dict() == {"g1": 1, "g2": 0}
    assert asked(home, "total", scope=Scope(frozenset({"north"}))).loc[TOTAL, "said"] == 1
    assert asked(home, scope=Scope(frozenset())).empty


def test_a_question_waits_only_while_somebody_is_on_duty(tmp_path: Path):
    """Of five questions in March: one is answered next morning by a reply, one by the next word of the staff, one only by a post with
    content, one only by the asker; the last one was asked within a day of the newest data."""
    ask = "能开发票吗"
    rows = [
        message(1, 1, "g1", at("2025-03-03 20:30"), ask), message(2, None, "g1", at("2025-03-04 09:10"), "可以", "staff") | {"reply_to": "m1"},
        message(3, 1, "g1", at("2025-03-05 10:00"), ask), message(4, None, "g1", at("2025-03-05 10:05"), "可以", "staff"),
        message(5, 2, "g1", at("2025-03-06 10:00"), ask), message(6, None, "g1", at("2025-03-06 10:05"), "新品", "staff") | {"content_id": "c"},
        message(7, 2, "g1", at("2025-03-07 10:00"), ask), message(8, 2, "g1", at("2025-03-07 10:05"), "知道怎么办了呀") | {"reply_to": "m7"},
        message(9, 3, "g1", at("2025-03-10 10:00"), ask), message(10, 3, "g2", at("2025-03-11 09:00"), "好喝"),
    ]  # fmt: skip
    home = filled(tmp_path, group_messages=rows)
    row = asked(home).loc["g1"]
    assert (row.questions, row.answered, row.open_questions, row.reply_coverage) == (4, 2, 1, 0.5)
    assert row.first_reply_seconds == ((30 + 10) * 60 + 5 * 60) / 2


def test_a_lake_without_data_has_no_groups(tmp_path: Path):
    with reading(lakes.home(tmp_path)) as opened:
        assert community.groups(opened) is None


def test_a_real_channel_has_the_figures_of_plain_loops(irc: Home):
    """104 days of ubuntu_irc in one. Who is a person is read from the lake (tests/core/ingest/test_chat_logs.py checks that); what a
    message is, and all figures, are told again by plain Python."""
    with reading(irc) as opened:
        table = opened.table("group_messages").select(
            "member_id", "local_date", "sender_kind", "message_kind", "text", "is_heard", "is_question", "has_link"
        )
        raw = opened.snapshot.arrow(table).to_pylist()
        found = community.groups(opened)
        assert opened.whole is not None and opened.as_of_on is not None
        now, before = comparable(opened.whole, opened.as_of_on)
    assert found is not None
    rows = [
        {
            "member": row["member_id"],
            "on": row["local_date"],
            "sender": "bot" if row["message_kind"] in ("system", "notice") else row["sender_kind"],
            "text": "" if row["is_heard"] and row["message_kind"] == "text" else "said",
        }
        for row in raw
    ]
    for row in raw:
        assert (row["is_heard"], row["is_question"], row["has_link"]) == spoken.marks(row["text"]), row["text"]
    expected = oracle.figures(rows, [], now, before, min(row["on"] for row in rows))
    one = found.rows.iloc[0]
    assert (len(raw), len(found.rows), one.key) == (143_102, 1, "#ubuntu")
    for name in expected.keys() - oracle.membership([], now).keys() - {"speaking", "ever_spoke"}:
        assert (None if pd.isna(one[name]) else one[name]) == pytest.approx(expected[name]), name
    asked = sum(
        row["is_question"]
        and row["sender_kind"] == "member"
        and row["message_kind"] not in ("system", "rename", "notice")
        for row in raw
    )
    assert (one.questions + one.open_questions, one.answered) == (asked, 0), "nobody of the staff is in this channel"


def test_ask_says_the_same_rows_with_nothing_for_undefined(tmp_path: Path):
    home = filled(tmp_path, group_messages=[message(1, 1, "g1", at("2025-03-02 10:00"))])
    rows = answers.ask(home, "community", Filters(MARCH), {})
    assert [row["key"] for row in rows] == sorted(GROUPS)
    assert (rows[0]["said"], rows[1]["said"], rows[1]["gini"], rows[1]["stickiness"]) == (1, 0, None, None)
    assert [row["name"] for row in answers.ask(home, "community", Filters(MARCH), {"by": "unit"})] == ["北区", "南区"]
    with pytest.raises(Unknown, match="Did you mean owner"):
        answers.ask(home, "community", Filters(MARCH), {"by": "owners"})
