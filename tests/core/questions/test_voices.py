"""Who carries the conversation: rules by hand, random histories against loops, scopes, planted ones, and a real channel."""

import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Unknown
from core.metrics import talk
from core.metrics import voices as rules
from core.periods import Period, comparable
from core.scope import EVERYTHING, Filters, Scope
from core.work.home import Home
from core.work.questions import answers, voices
from core.work.questions.places import TOTAL, By
from core.work.questions.reading import Reading, reading
from tests import lakes
from tests.core.demo.conftest import own
from tests.core.questions.test_community import AHEAD, GROUPS, MARCH, PLACES, at, described, message, move
from tests.oracles import community as membership
from tests.oracles import voices as oracle
from tests.seeds import every_third, seeds

PLAIN = ("好喝", "今天下雨", "哈哈")


def asked(home: Home, by: By = "group", period: Period = MARCH, scope: Scope = EVERYTHING) -> voices.Voices:
    with reading(home, Filters(period), scope) as opened:
        (found,) = voices.voices_of(opened, by)
    return found


def standing(opened: Reading, by: By, now: Period, before: Period, key: str | None = None) -> pd.DataFrame:
    """What is known of each member who spoke."""
    return voices._standing(opened, by, voices._heard(opened, now), (now, before), key)[1]


def parts(home: Home, who: int, *names: str) -> list[int]:
    """Parts of one member among all who spoke in March."""
    with reading(home, Filters(MARCH)) as opened:
        members = standing(opened, "total", *comparable(MARCH, date(2025, 4, 1)))
    return members.set_index("member_id").loc[who, list(names)].tolist()


def chat(*lines: tuple[int | None, str, str], **more: Any) -> list[dict[str, Any]]:
    return [message(n, who, "g1", at(f"2025-03-10 {clock}"), text) | more for n, (who, clock, text) in enumerate(lines)]


def test_whoever_has_the_next_turn_within_ten_minutes_was_drawn(tmp_path: Path):
    """2 follows 1 at once; 3 follows 2; 1 is followed by 3 ten minutes later, by 4 later than that, and by staff between."""
    home = lakes.home(tmp_path)
    rows = chat((1, "10:00", "好喝"), (2, "10:01", "哈哈"), (3, "10:02", "好喝"), (1, "11:00", "好喝"), (1, "11:05", "好喝"),
                (3, "11:15", "哈哈"), (1, "12:00", "好喝"), (4, "12:11", "哈哈"), (1, "13:00", "好喝"))  # fmt: skip
    rows += [
        message(20, None, "g1", at("2025-03-10 13:01"), "在", "staff"),
        message(21, 4, "g1", at("2025-03-10 13:02")),
    ]
    lakes.add(home, 1, group_messages=rows)
    assert parts(home, 1, "drawn", "said", "days") == [2, 5, 1]
    assert parts(home, 2, "drawn") == [1]
    assert parts(home, 4, "drawn") == [0]


def test_thanks_are_no_turn_and_nobody_draws_themselves(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(
        home,
        1,
        group_messages=chat((1, "10:00", "好喝"), (1, "10:01", "好喝"), (2, "10:02", "谢谢"), (3, "10:03", "好喝")),
    )
    assert parts(home, 1, "drawn") == [1], "3 follows 1; what 2 says is only heard"
    assert parts(home, 3, "drawn") == [0]


def test_a_reply_counts_for_whom_it_replies_to_however_late(tmp_path: Path):
    home = lakes.home(tmp_path)
    rows = chat((1, "10:00", "好喝"), (2, "10:01", "好喝"))
    rows.append(message(9, 3, "g1", at("2025-03-20 10:00"), "哈哈") | {"reply_to": "m0"})
    lakes.add(home, 1, group_messages=rows)
    assert (parts(home, 1, "drawn"), parts(home, 2, "drawn")) == ([2], [0])


def test_a_question_is_answered_once_by_each_who_answers_and_by_nobody_who_asks_back(tmp_path: Path):
    """2 answers by the next turn and by a reply to the same question; 3 replies with a question."""
    home = lakes.home(tmp_path)
    rows = chat((1, "10:00", "能开发票吗"), (2, "10:01", "好喝"))
    rows.append(message(8, 2, "g1", at("2025-03-10 10:30"), "哈哈") | {"reply_to": "m0"})
    rows.append(message(9, 3, "g1", at("2025-03-10 10:40"), "还有货吗？") | {"reply_to": "m0"})
    lakes.add(home, 1, group_messages=rows)
    assert (parts(home, 2, "answers"), parts(home, 3, "answers"), parts(home, 1, "answers", "drawn")) == (
        [1],
        [0],
        [0, 2],
    )


def test_a_suggestion_is_adopted_by_a_reply_of_the_staff_that_says_so_even_after_the_period(tmp_path: Path):
    """Of five suggestions one is adopted in April, one is adopted by a member, one is thanked for, one is refused, one goes unanswered."""
    home = lakes.home(tmp_path)
    rows = chat(*((1, f"1{n}:00", "建议出一个小罐装") for n in range(5)))
    later = at("2025-04-02 10:00")
    rows += [
        message(10, None, "g1", later, "您的建议已采纳", "staff") | {"reply_to": "m0"},
        message(11, 2, "g1", later, "采纳！", "member") | {"reply_to": "m1"},
        message(12, None, "g1", later, "谢谢您的建议", "staff") | {"reply_to": "m2"},
        message(13, None, "g1", later, "抱歉，暂时无法采纳", "staff") | {"reply_to": "m3"},
        message(14, None, "g1", later, "采纳", "staff") | {"reply_to": "m0"},
    ]
    lakes.add(home, 1, group_messages=rows)
    assert parts(home, 1, "suggested", "adopted") == [5, 1]


SUGGESTS = {
    "建议积分可以换茶器": True, "能不能多办几场线下品鉴": True, "要是能预约店里的茶席就好了": True, "希望礼盒可以换配色": True,
    "it would be nice to have a smaller tin": True, "有什么建议吗": False, "谢谢建议": False, "求建议": False, "胃不好能喝吗？": False,
    "希望大家周末愉快": False, "不建议空腹喝": False, "how can I install it": False,
}  # fmt: skip
ADOPTS = {
    "已采纳，谢谢": True, "这就安排": True, "小罐装上线了": True, "会改进的": True, "now available": True, "不会采纳": False,
    "暂时无法安排": False, "谢谢您的想法": False, "还没上线": False,
}  # fmt: skip


@pytest.mark.parametrize(("rule", "sentences"), [(rules.is_suggestion, SUGGESTS), (rules.is_adoption, ADOPTS)])
def test_suggestions_and_adoptions_are_read_from_these_words(rule, sentences):
    texts = ibis.memtable({"text": list(sentences)})
    assert dict(zip(sentences, rule(texts.text).execute(), strict=True)) == sentences


def test_content_of_ones_own_is_a_picture_a_long_text_or_a_link_to_notes(tmp_path: Path):
    home = lakes.home(tmp_path)
    long, short, asks = "茶" * 50, "t" * 149, "茶" * 50 + "吗？"
    rows = chat(
        (1, "10:00", long),
        (1, "10:01", short),
        (1, "10:02", asks),
        (1, "10:03", "https://xhslink.com/a"),
        (1, "10:04", "https://a.b/c"),
    )
    rows += chat((2, "11:00", "图"), message_kind="image")
    rows.append(message(30, 2, "g1", at("2025-03-10 12:00"), None) | {"message_kind": "video"})
    rows[5]["message_id"] = "m29"
    lakes.add(home, 1, group_messages=rows)
    assert (parts(home, 1, "made"), parts(home, 2, "made")) == ([2], [2])


class History:
    """A few weeks of a few groups, with everything an answer depends on."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        texts = [
            *PLAIN * 3,
            *sorted(oracle.HEARD | oracle.ASKED | oracle.SUGGESTED | oracle.ADOPTED | oracle.OWN),
            None,
        ]
        senders = ["member"] * 8 + ["staff", "staff", "bot"]
        kinds = [None, None, "text", "text", "text", "image", "link", "system"]
        size = self.rng.choice([5, 250, 500])
        self.messages = [
            message(number, self.rng.choice([None, *range(1, 9), 1, 1, 2, 2, 3, 3]), self.rng.choice(list(GROUPS)), self.moment(),
                    self.rng.choice(texts), self.rng.choice(senders))
            | {"reply_to": self.rng.choice([None, None, f"m{self.rng.randrange(size)}"]), "message_kind": self.rng.choice(kinds)}
            for number in range(size)
        ]  # fmt: skip
        self.moves = [
            move(self.rng.randint(1, 8), self.rng.choice(list(GROUPS)), self.moment(), self.rng.choice(["join", "join", "leave"]))
            for _ in range(60)
        ]  # fmt: skip
        self.moves.sort(key=lambda row: row["occurred_at"])

    def moment(self) -> datetime:
        if self.rng.random() < 0.4:
            return datetime(2025, 3, 10, 6) + timedelta(minutes=self.rng.randrange(60 * 24))
        return datetime(2025, 2, 1) + timedelta(minutes=5 * self.rng.randrange(12 * 24 * 65))

    def rows(self, by: By) -> list[dict[str, Any]]:
        """Messages as the oracle reads them, in the order of the file."""
        found = []
        for row in self.messages:
            local = row["occurred_at"] + AHEAD
            told = {
                "key": PLACES[by](row["group_id"]), "group": row["group_id"], "member": row["identity_key"], "sender": row["sender_kind"],
                "kind": row["message_kind"], "text": row["text"], "id": row["message_id"], "reply_to": row["reply_to"],
                "on": local.date(), "at": local,
            }  # fmt: skip
            found.append(told | oracle.told(told))
        return found

    def there(self, by: By, now: Period) -> dict[str, set[int]]:
        told: dict[str, list[Any]] = defaultdict(list)
        for row in self.moves:
            on = (row["occurred_at"] + AHEAD).date()
            told[PLACES[by](row["group_id"])].append(
                {"member": row["identity_key"], "group": row["group_id"], "on": on, "change": row["change"]}
            )
        return {key: membership.inside_at(rows, now.end_on) for key, rows in told.items()}


@pytest.mark.parametrize("by", ["group", "owner", "unit", "total"])
@pytest.mark.parametrize("seed", seeds(5))
@pytest.mark.some(2)
def test_random_histories_have_the_voices_of_plain_loops(tmp_path: Path, by: By, seed: int):
    home = lakes.home(tmp_path)
    history = History(seed)
    lakes.add(home, 1, group_messages=history.messages, group_membership=history.moves)
    described(home)
    as_of = max(row["occurred_at"] + AHEAD for row in (*history.messages, *history.moves))
    now, before = comparable(MARCH, as_of.date())
    rows = history.rows(by)
    expected, earlier, there = oracle.parts(rows, now), oracle.said(rows, before), history.there(by, now)
    found = asked(home, by)
    assert (found.now, found.before) == (now, before)
    with reading(home, Filters(MARCH)) as opened:
        for key in {PLACES[by](group) for group in GROUPS}:
            members = expected.get(key, {})
            own = standing(opened, by, now, before, key)
            one = own.set_index("member_id")
            assert one[list(rules.PARTS)].to_dict("index") == members
            assert one["score"].to_dict() == pytest.approx(oracle.scores(members) if members else {})
            assert one.sort_values("place").index.tolist() == oracle.placed(members)
            kocs = oracle.kocs(members)
            successors = oracle.successors(members, earlier.get(key, {}), there.get(key, set()))
            for listed, who in ((found.kocs, kocs), (found.successors, successors)):
                assert listed[listed["key"] == key]["member_id"].tolist() == who, key
            _same_figures(found.rows.set_index("key").loc[key], members, kocs, successors, rows, now)


def _same_figures(
    row: pd.Series, members: dict[int, Any], kocs: list[int], successors: list[int], rows: list[Any], now: Period
) -> None:
    said = [own["said"] for own in members.values()]
    carried = sum(members[who]["said"] for who in kocs)
    own = [
        one
        for one in rows
        if one["key"] == row.name and one["is_said"] and one["sender"] == "member" and one["member"] is not None
    ]
    own = [one for one in own if membership.inside(one["on"], now)]
    assert (row.said, row.speakers, row.kocs, row.koc_said, row.successors) == (
        sum(said),
        len(said),
        len(kocs),
        carried,
        len(successors),
    )
    assert row.days == len({one["on"] for one in own})
    assert row.days_rest == len({one["on"] for one in own if one["member"] not in kocs})
    assert [row.answers, row.made, row.suggested, row.adopted] == [
        sum(m[name] for m in members.values()) for name in ("answers", "made", "suggested", "adopted")
    ]
    assert pd.isna(row.koc_share) if not said else row.koc_share == pytest.approx(carried / sum(said))


@pytest.mark.parametrize("by", ["group", "unit", "total"])
@pytest.mark.some(1)
def test_the_people_behind_a_figure_are_as_many_as_it_says(tmp_path: Path, by: By):
    home = lakes.home(tmp_path)
    history = History(2)
    lakes.add(home, 1, group_messages=history.messages, group_membership=history.moves)
    described(home)
    rows = asked(home, by).rows.to_dict("records")
    names = {which: which for which in get_args(voices.Which)} | {"adopted": "adopted_people"}
    with reading(home, Filters(MARCH)) as opened:
        for row, asked_of in every_third(rows, list(names)):
            for which in asked_of:
                people = voices.behind(opened, by, row["key"], which)
                assert len(people) == row[names[which]], (row["key"], which)
                assert people["member_id"].is_unique and people["value"].is_monotonic_decreasing
                assert which != "making" or people["value"].sum() == row["made"]
        with pytest.raises(Unknown, match="Did you mean kocs"):
            voices.behind(opened, by, TOTAL, "koc")  # type: ignore[arg-type]


def test_a_scope_of_units_leaves_its_groups_and_members_and_whoever_they_drew(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(
        home,
        1,
        group_messages=[
            *chat((1, "10:00", "好喝"), (2, "10:01", "好喝"), (1, "10:02", "好喝")),
            message(9, 1, "g3", at("2025-03-11 10:00")),
        ],
    )
    described(home)
    with home.writer.change("import", 98) as change:
        units = [{"identity_key": 1, "unit_id": "north"}, {"identity_key": 2, "unit_id": "south"}]
        change.merge("member_profiles", lakes.rows("member_profiles", units))
    found = asked(home, scope=Scope(frozenset({"north"}))).rows.set_index("key")
    assert found["speakers"].to_dict() == {"g1": 1, "g2": 0}
    assert found.loc["g1", "drawing"] == 1, "2 may not be seen, and was drawn all the same"
    assert asked(home, scope=Scope(frozenset())).rows.empty


def test_without_moves_nobody_knows_who_could_succeed(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, group_messages=chat((1, "10:00", "好喝")))
    found = asked(home, "total")
    assert pd.isna(found.rows.loc[0, "successors"]) and found.rows.loc[0, "kocs"] == 0


def test_a_lake_without_messages_has_no_voices(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[lakes.event(1, "2025-03-03 10:00")])
    with reading(home, Filters(MARCH)) as opened:
        assert voices.voices_of(opened, "group", "total") == ()
        assert voices.months(opened) == []
        assert voices.behind(opened, "total", TOTAL, "kocs").empty


def test_a_month_is_a_calendar_month_and_the_running_one_is_marked(tmp_path: Path):
    """In February 1 spoke most; in March, of which data ends on the 20th, 2 made one picture more than 1."""
    home = lakes.home(tmp_path)
    rows = [message(n, 1, "g1", at(f"2025-02-{n:02d} 10:00")) for n in range(1, 9)]
    rows += [
        message(20 + n, who, "g1", at(f"2025-03-{n:02d} 10:00"), "图") | {"message_kind": "image"}
        for n, who in enumerate((1, 2, 2), 10)
    ]
    rows.append(message(40, 1, "g1", at("2025-03-20 23:59")))
    lakes.add(home, 1, group_messages=rows)
    with reading(home, Filters(Period(date(2025, 3, 10), date(2025, 3, 25)))) as opened:
        march, february = voices.months(opened)
        boards = [voices.board(opened, "total", TOTAL, month) for month in (march, february)]
    assert (march, february) == (MARCH, Period(date(2025, 2, 1), date(2025, 3, 1)))
    assert [board.is_running for board in boards] == [True, False]
    assert [board.lists["score"]["member_id"].tolist() for board in boards] == [[], [1]]
    assert boards[0].lists["made"].to_dict("list") == {"member_id": [2, 1], "value": [2, 1]}
    assert boards[0].lists["adopted"].empty


numbers = st.integers(0, 4)
groups = st.lists(st.tuples(st.integers(0, 2), *[numbers] * len(rules.PARTS)), max_size=12)


@given(groups)
def test_standing_is_that_of_plain_loops_whatever_the_order_and_the_ties(rows):
    key = np.array([row[0] for row in rows], np.int64)
    member = np.arange(len(rows), dtype=np.int64)[::-1].copy()
    given_parts = {name: np.array([row[1 + n] for row in rows], np.int64) for n, name in enumerate(rules.PARTS)}
    found = rules.standing(key, member, given_parts)
    for one in set(key.tolist()):
        mine = np.flatnonzero(key == one)
        members = {int(member[n]): {name: int(given_parts[name][n]) for name in rules.PARTS} for n in mine}
        if any(any(own.values()) for own in members.values()):
            assert [found.score[n] for n in mine] == pytest.approx(
                [oracle.scores(members)[int(member[n])] for n in mine]
            )
            by_place = [int(member[n]) for n in mine[np.argsort(found.place[mine])]]
            assert by_place == oracle.placed(members)
        is_koc = rules.carriers(key, given_parts["said"], given_parts["days"], found.place)[mine]
        able = [own for own in members.values() if own["said"] >= 5 and own["days"] >= 2]
        assert is_koc.sum() == min(len(able), 3)


def test_the_members_planted_to_carry_the_groups_of_the_demo_brand_are_found(tmp_path_factory: pytest.TempPathFactory):
    """Each group has three early members who say fourteen times what others do."""
    home = own(tmp_path_factory)
    with reading(home) as opened:
        (found,) = voices.voices_of(opened, "group")
        stays = opened.snapshot.frame(opened.table("group_membership").order_by("occurred_at", "row_number"))
    gone = set(stays[stays.change == "leave"][["group_id", "member_id"]].itertuples(index=False, name=None))
    joins = stays[stays.change == "join"]
    hits = total = 0
    for group, rows in joins.groupby("group_id"):
        early = [who for who in rows["member_id"] if (group, who) not in gone][:3]
        hits += len(set(early) & set(found.kocs[found.kocs.key == group]["member_id"]))
        total += len(early)
    assert hits / total > 0.8


@pytest.mark.long
def test_a_real_channel_has_the_voices_of_plain_loops(irc: Home):
    """104 days of ubuntu_irc; who is a person and what words say is read from the lake, who carries the channel by loops."""
    with reading(irc) as opened:
        assert opened.whole is not None and opened.as_of_on is not None
        now, before = comparable(opened.whole, opened.as_of_on)
        table = rules.marked(opened.table("group_messages"))
        raw = opened.snapshot.arrow(
            table.mutate(is_said=talk.is_said(table)).order_by("occurred_at", "batch_id", "row_number")
        ).to_pylist()
        (found,) = voices.voices_of(opened, "total")
        members = standing(opened, "total", now, before)
    rows = [
        {
            "key": TOTAL, "group": row["group_id"], "member": row["member_id"], "sender": row["sender_kind"], "id": row["message_id"],
            "reply_to": row["reply_to"], "on": row["local_date"], "at": row["occurred_at"], "is_said": row["is_said"],
            "asks": row["is_question"], "suggests": row["is_suggestion"], "adopts": row["is_adoption"], "is_own": row["is_own"],
        }
        for row in raw
    ]  # fmt: skip
    expected = oracle.parts(rows, now)[TOTAL]
    one = members.set_index("member_id")
    assert one[list(rules.PARTS)].to_dict("index") == expected
    assert one["score"].to_dict() == pytest.approx(oracle_scores(expected), abs=1e-5)
    assert found.kocs["member_id"].tolist() == one[one.is_koc].sort_values("place").index.tolist()[: voices.MOST]


def oracle_scores(members: dict[int, dict[str, int]]) -> dict[int, float]:
    """As ``oracle.scores``, which is quadratic, by sorting."""
    known = [part for part in oracle.WEIGHTS if any(own[part] for own in members.values())]
    total = sum(oracle.WEIGHTS[part] for part in known)
    less: dict[str, dict[int, int]] = {}
    for part in known:
        first: dict[int, int] = {}
        for place, value in enumerate(sorted(mine[part] for mine in members.values())):
            first.setdefault(value, place)
        less[part] = first
    return {
        who: 100 * sum(oracle.WEIGHTS[part] * less[part][own[part]] / (len(members) - 1) for part in known) / total
        for who, own in members.items()
    }


def test_ask_says_the_same_rows(tmp_path: Path):
    home = lakes.home(tmp_path)
    joined = [move(who, "g1", at("2025-02-01 10:00"), "join") for who in range(1, 9)]
    days = [(who, day) for day in range(1, 11) for who in range(1, 6)]
    said = [message(n, who, "g1", at(f"2025-03-{day:02d} 10:{who:02d}")) for n, (who, day) in enumerate(days)]
    lakes.add(home, 1, group_messages=said, group_membership=joined)
    described(home)
    rows = answers.ask(home, "voices", Filters(MARCH), {"by": "group"})
    assert [(row["key"], row["member_id"], row["place"], row["said"]) for row in rows] == [
        ("g1", 1, 1, 10),
        ("g1", 2, 2, 10),
        ("g1", 3, 3, 10),
    ]
    assert answers.ask(home, "successors", Filters(MARCH), {"by": "group"}) == [], (
        "the other two rise and drew no more than most"
    )
    assert [row["key"] for row in answers.ask(home, "voices", Filters(MARCH), {"by": "total"})] == [TOTAL] * 3
    with pytest.raises(Unknown, match="Did you mean owner"):
        answers.ask(home, "voices", Filters(MARCH), {"by": "owners"})
